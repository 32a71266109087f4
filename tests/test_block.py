"""The book's blocks against PyTorch's own layer and against the published equations, written out once more."""

import math
import sys
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).parent.parent / "book"))
from experiments.block import PLACEMENTS, Block, CausalSelfAttention, Shape, Stack, Transformer  # noqa: E402

TOKENS, FEATURES, HEADS, HIDDEN = 7, 12, 3, 20
torch.set_num_threads(1)  # on matrices this small more threads only wait for each other


def block_with_random_norms(placement: str, seed: int = 0, **options) -> Block:
    """A float64 block whose every parameter, γ and β included, is random: no term can hide behind a 1 or a 0."""
    torch.manual_seed(seed)
    block = Block(Shape(2, FEATURES, HEADS, placement, hidden=HIDDEN, **options)).double()
    for parameter in block.parameters():
        nn.init.normal_(parameter, std=0.5)
    return block


def tokens(seed: int = 1, *leading: int) -> torch.Tensor:
    return torch.randn(*leading, TOKENS, FEATURES, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


# PyTorch's layer


def copied_to_torch(block: Block, norm_first: bool) -> nn.TransformerEncoderLayer:
    theirs = nn.TransformerEncoderLayer(
        FEATURES, HEADS, HIDDEN, dropout=0, batch_first=True, norm_first=norm_first, dtype=torch.float64
    )
    attention = block.attention.f
    joined = (attention.query, attention.key, attention.value)
    with torch.no_grad():
        theirs.self_attn.in_proj_weight.copy_(torch.cat([linear.weight for linear in joined]))
        theirs.self_attn.in_proj_bias.copy_(torch.cat([linear.bias for linear in joined]))
    for their, our in counterparts(theirs, block):
        their.load_state_dict(our.state_dict())
    return theirs


def counterparts(theirs: nn.TransformerEncoderLayer, block: Block) -> list[tuple[nn.Module, nn.Module]]:
    attention, ffn = block.attention, block.feed_forward
    return [
        (theirs.self_attn.out_proj, attention.f.out),
        (theirs.linear1, ffn.f.wide),
        (theirs.linear2, ffn.f.narrow),
        (theirs.norm1, attention.norm),
        (theirs.norm2, ffn.norm),
    ]


@pytest.mark.parametrize(("placement", "norm_first"), [("pre", True), ("post", False)])
def test_values_and_gradients_are_those_of_torch(placement, norm_first):
    block = block_with_random_norms(placement)
    theirs = copied_to_torch(block, norm_first)
    x, y = tokens(1, 4).requires_grad_(), tokens(1, 4).requires_grad_()
    upstream = tokens(2, 4)
    mask = nn.Transformer.generate_square_subsequent_mask(TOKENS, dtype=torch.float64)
    out, their_out = block(x), theirs(y, src_mask=mask, is_causal=True)
    torch.testing.assert_close(out, their_out, rtol=1e-10, atol=1e-10)
    out.backward(upstream)
    their_out.backward(upstream)
    torch.testing.assert_close(x.grad, y.grad, rtol=1e-9, atol=1e-9)
    attention = block.attention.f
    ours = torch.cat([m.weight.grad for m in (attention.query, attention.key, attention.value)])
    torch.testing.assert_close(ours, theirs.self_attn.in_proj_weight.grad, rtol=1e-9, atol=1e-9)
    for their, our in counterparts(theirs, block):
        for name, parameter in our.named_parameters():
            torch.testing.assert_close(parameter.grad, dict(their.named_parameters())[name].grad, rtol=1e-9, atol=1e-9)


def test_torch_layer_of_the_other_order_differs():
    block = block_with_random_norms("pre")
    mask = nn.Transformer.generate_square_subsequent_mask(TOKENS, dtype=torch.float64)
    other = copied_to_torch(block, norm_first=False)(tokens(1, 4), src_mask=mask)
    assert (block(tokens(1, 4)) - other).abs().max() > 0.1


# The published equations, token by token and head by head


def layer_norm(x, norm):
    centred = x - x.mean(-1, keepdim=True)
    return centred / (centred.square().mean(-1, keepdim=True) + 1e-5).sqrt() * norm.weight + norm.bias


def rms_norm(x, norm):
    return x / (x.square().mean(-1, keepdim=True) + 1e-5).sqrt() * norm.weight


def attention_by_loops(x, attention, on_queries=lambda q: q, on_keys=lambda k: k, inside=lambda vector, norm: vector):
    """Attention of one sequence (m, d), with one Python loop over heads and one over tokens.

    ``on_queries`` and ``on_keys`` act on whole tokens before they are split, ``inside`` on the vectors of one head.
    """
    size = FEATURES // HEADS
    q = on_queries(x @ attention.query.weight.T + attention.query.bias)
    k = on_keys(x @ attention.key.weight.T + attention.key.bias)
    v = x @ attention.value.weight.T + attention.value.bias
    rows = []
    for i in range(len(x)):
        parts = []
        for h in range(HEADS):
            part = slice(h * size, (h + 1) * size)
            query = inside(q[i, part], attention.query_norm)
            past = [inside(k[j, part], attention.key_norm) for j in range(i + 1)]
            scores = torch.stack([query @ key / math.sqrt(size) for key in past])
            weights = scores.exp() / scores.exp().sum()
            parts.append(sum(w * v[j, part] for j, w in enumerate(weights)))
        rows.append(torch.cat(parts) @ attention.out.weight.T + attention.out.bias)
    return torch.stack(rows)


def ffn(x, f, activation=functional.relu):
    return activation(x @ f.wide.weight.T + f.wide.bias) @ f.narrow.weight.T + f.narrow.bias


def gpt2(x, block):  # Radford et al. 2019, section 2.3: the norm moved to the input of each sub-block
    x = x + attention_by_loops(layer_norm(x, block.attention.norm), block.attention.f)
    return x + ffn(layer_norm(x, block.feed_forward.norm), block.feed_forward.f, functional.gelu)


def bert(x, block):  # Vaswani et al. 2017, section 3.1: LayerNorm(x + Sublayer(x)); causal here
    x = layer_norm(x + attention_by_loops(x, block.attention.f), block.attention.norm)
    return layer_norm(x + ffn(x, block.feed_forward.f, functional.gelu), block.feed_forward.norm)


def swin_v2(x, block):  # Liu et al. 2022, figure 1: the norm on the branch's end; dot-product attention here
    x = x + layer_norm(attention_by_loops(x, block.attention.f), block.attention.norm)
    return x + layer_norm(ffn(x, block.feed_forward.f, functional.gelu), block.feed_forward.norm)


def olmo2(x, block):  # OLMo 2, section 2.1: h = x + RMSNorm(Attention(x)), with RMSNorm on whole queries and keys
    f = block.attention.f
    mixed = attention_by_loops(x, f, lambda q: rms_norm(q, f.query_norm), lambda k: rms_norm(k, f.key_norm))
    x = x + rms_norm(mixed, block.attention.norm)
    return x + rms_norm(ffn(x, block.feed_forward.f, functional.silu), block.feed_forward.norm)


def gemma2(x, block):  # Gemma 2, section 2: RMSNorm on input and output of each sub-layer
    a, f = block.attention, block.feed_forward
    x = x + rms_norm(attention_by_loops(rms_norm(x, a.norm), a.f), a.second_norm)
    return x + rms_norm(ffn(rms_norm(x, f.norm), f.f, functional.gelu), f.second_norm)


def deepnet(x, block):  # Wang et al. 2022, figure 2: LN(αx + F(x)), α = (2M)^¼, and M = 2 here
    alpha = 4**0.25
    x = layer_norm(alpha * x + attention_by_loops(x, block.attention.f), block.attention.norm)
    return layer_norm(alpha * x + ffn(x, block.feed_forward.f), block.feed_forward.norm)


def no_norm(x, block):
    x = x + attention_by_loops(x, block.attention.f)
    return x + ffn(x, block.feed_forward.f)


def norm_in_each_head(x, block):  # Henry et al. 2020: queries and keys of each head normalised (with γ and β here)
    x = x + attention_by_loops(layer_norm(x, block.attention.norm), block.attention.f, inside=layer_norm)
    return x + ffn(layer_norm(x, block.feed_forward.norm), block.feed_forward.f)


GELU, SILU = {"activation": functional.gelu}, {"activation": functional.silu}
PUBLISHED = {
    "GPT-2": (gpt2, "pre", GELU),
    "BERT": (bert, "post", GELU),
    "Swin V2": (swin_v2, "res-post", GELU),
    "OLMo 2": (olmo2, "res-post", SILU | {"norm": "rms", "qk_norm": "all"}),
    "Gemma 2": (gemma2, "sandwich", GELU | {"norm": "rms"}),
    "DeepNet": (deepnet, "deepnorm", {}),
    "no norm": (no_norm, "none", {}),
    "QK-norm in each head": (norm_in_each_head, "pre", {"qk_norm": "head"}),
}


@pytest.mark.parametrize("model", PUBLISHED)
def test_block_computes_the_published_equation(model):
    equation, placement, options = PUBLISHED[model]
    block = block_with_random_norms(placement, **options)
    x = tokens(3)
    torch.testing.assert_close(block(x), equation(x, block), rtol=1e-9, atol=1e-9)


def test_every_placement_is_held_against_an_equation():
    assert {placement for _, placement, _ in PUBLISHED.values()} == set(PLACEMENTS)


# The stack


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_final_norm_stands_where_blocks_do_not_end_in_one(placement):
    torch.manual_seed(0)
    stack = Stack(Shape(3, FEATURES, HEADS, placement))
    x = tokens(1, 2).float() * 3 + 1
    out, last = stack(x), stack.streams(x)[-1]
    if placement == "none":
        torch.testing.assert_close(out, last)
    else:
        torch.testing.assert_close(out.mean(-1), torch.zeros(2, TOKENS), atol=1e-5, rtol=0)
        torch.testing.assert_close(out.var(-1, unbiased=False), torch.ones(2, TOKENS), atol=1e-3, rtol=0)
        assert torch.equal(out, last) == (placement in ("post", "deepnorm"))


@pytest.mark.parametrize("placement", PLACEMENTS)
@pytest.mark.parametrize("qk_norm", [None, "head", "all"])
def test_a_token_does_not_see_later_ones(placement, qk_norm):
    torch.manual_seed(0)
    stack = Stack(Shape(2, FEATURES, HEADS, placement, qk_norm=qk_norm)).double()
    x = tokens(1, 2)
    changed = x.clone()
    changed[:, 4:] += tokens(5, 2)[:, 4:]
    before, after = stack(x), stack(changed)
    torch.testing.assert_close(before[:, :4], after[:, :4], rtol=0, atol=1e-12)
    assert (before[:, 4:] - after[:, 4:]).abs().amax(-1).min() > 1e-3


@pytest.mark.parametrize("leading", [(), (5,), (2, 3)])
def test_any_leading_axes(leading):
    torch.manual_seed(0)
    stack = Stack(Shape(2, FEATURES, HEADS)).double()
    x = tokens(1, *leading)
    out = stack(x)
    assert out.shape == x.shape
    for flat, each in zip(out.reshape(-1, TOKENS, FEATURES), x.reshape(-1, TOKENS, FEATURES), strict=True):
        torch.testing.assert_close(flat, stack(each), rtol=1e-9, atol=1e-9)


def test_weights_are_shares_of_the_past():
    torch.manual_seed(0)
    weights = CausalSelfAttention(Shape(1, FEATURES, HEADS)).weights(tokens(1, 2).float())
    assert weights.shape == (2, HEADS, TOKENS, TOKENS)
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, HEADS, TOKENS))
    assert torch.equal(weights.triu(1), torch.zeros_like(weights)) and weights.min() >= 0


def test_deepnorm_starts_with_smaller_branches():
    torch.manual_seed(0)
    deep, plain = (Stack(Shape(8, 64, 4, placement)).blocks[3] for placement in ("deepnorm", "post"))
    assert deep.attention.alpha == pytest.approx(2) and plain.attention.alpha == 1
    for part, share in [("value", 64**-0.25), ("out", 64**-0.25), ("query", 1), ("key", 1)]:
        ratio = getattr(deep.attention.f, part).weight.std() / getattr(plain.attention.f, part).weight.std()
        assert float(ratio.detach()) == pytest.approx(share, rel=0.05), part


@pytest.mark.parametrize("tied", [False, True])
def test_logits_and_tied_head(tied):
    torch.manual_seed(0)
    model = Transformer(Shape(2, 64, 4), vocabulary=50, context=16, tied=tied)
    logits = model(torch.randint(50, (3, 16)))
    assert logits.shape == (3, 16, 50)
    assert 0.5 < float(logits.detach().var()) < 2
    assert (model.head.weight is model.tokens.weight) == tied


@pytest.mark.parametrize(
    ("wrong", "says"), [({"placement": "before"}, "no placement"), ({"heads": 5}, "can't be split")]
)
def test_a_shape_that_cannot_be(wrong, says):
    with pytest.raises(ValueError, match=says):
        Shape(**{"depth": 1, "features": 12, "heads": 3} | wrong)
