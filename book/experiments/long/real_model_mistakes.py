"""What breaks what: two pretrained models, each run with one mistake in its norms (and one in its rotary positions).

SmolLM2 reads six passages; the measure is the surprise a token, -ln(probability), whose exponential is the perplexity.
It also continues "The capital of France is". MiniLM looks for the sentence that means the same, for 16 questions among
32 sentences; the measures are how often it is first, and how far any of the 512 similarities moved.
"""

import torch

from experiments.mistaken_norms import mistaken
from experiments.real_models import minilm, smollm2, texts
from experiments.real_models.norms import library_norm
from experiments.real_models.packages import ALL as NEEDS  # noqa: F401  (the tests skip where one of these is missing)

SEED = 0  # nothing is drawn

RIGHT = "none"
OVER_TOKENS, OVER_ALL = (-2,), (-2, -1)

# Mistakes within a norm: what changes in ``normalise``.
IN_BOTH = {
    RIGHT: {},
    "ε left out": {"eps": 0.0},
    "ε outside the root": {"eps_outside": True},
    "ε = 0.01": {"eps": 1e-2},
    "ddof = 1": {"ddof": 1},
    "weight ignored": {"use_weight": False},
    "1 + weight": {"one_plus": True},
    "over the tokens": {"axes": OVER_TOKENS},
    "over the whole array": {"axes": OVER_ALL},
    "float16 statistics": {"statistics": torch.float16},
    "bfloat16 statistics": {"statistics": torch.bfloat16},
}
IN_SMOLLM2 = IN_BOTH | {"ε = 1e-6": {"eps": 1e-6}, "mean subtracted": {"centre": True}}
IN_MINILM = IN_BOTH | {
    "ε = 1e-5": {"eps": 1e-5},
    "RMSNorm": {"centre": False},
    "bias ignored": {"use_bias": False},
    "one-pass variance": {"one_pass": True},
}
QUICK = (RIGHT, "ddof = 1", "float16 statistics", "res-post")


def identity(x):
    return x


def share(norms: dict, places: list[str]) -> dict:
    """Return the norms with the first of each pair of places used in both. places: first, second, first, second, …"""
    return norms | {second: norms[first] for first, second in zip(places[0::2], places[1::2])}


def smollm2_settings(model, chosen=None) -> dict:
    """Return {mistake: (norms, keywords of ``logits``)}, for all mistakes or the chosen ones."""
    places, right = smollm2.norm_places(model), smollm2.norms(model, library_norm)
    found = {name: (smollm2.norms(model, mistaken(**changes)), {}) for name, changes in IN_SMOLLM2.items()}
    found |= {p: (right, {"placement": p}) for p in ("post", "res-post", "normalised stream")}
    found["one norm for two sub-layers"] = (share(right, places[:-1]), {})
    found["the last norm everywhere"] = (dict.fromkeys(places, right[places[-1]]), {})
    found["no final norm"] = (right | {places[-1]: identity}, {})
    found["wrong rotary pairs"] = (right, {"interleaved": False})
    return {name: found[name] for name in chosen or found}


def minilm_settings(model, chosen=None) -> dict:
    """Return {mistake: (norms, keywords of ``embed``)}, for all mistakes or the chosen ones."""
    places, right = minilm.norm_places(model), minilm.norms(model, library_norm)
    found = {name: (minilm.norms(model, mistaken(**changes)), {}) for name, changes in IN_MINILM.items()}
    found |= {p: (right, {"placement": p}) for p in ("pre", "res-post", "normalised stream")}
    found["one norm for two sub-layers"] = (share(right, places[1:]), {})
    found["the last norm everywhere"] = (dict.fromkeys(places, right[places[-1]]), {})
    found["no final norm"] = (right | {places[-1]: identity}, {})
    found["no norm on the embeddings"] = (right | {places[0]: identity}, {})
    return {name: found[name] for name in chosen or found}


def run_smollm2(passages: tuple[str, ...], chosen=None) -> dict:
    """Return, for each mistake, the surprise of each passage in nats a token, the paired difference from the
    unmodified model with its standard error over tokens, the largest difference of one token, and a continuation."""
    model = smollm2.load()
    library = smollm2.norms(model, library_norm)
    base = [smollm2.surprise(model, library, text) for text in passages]
    results = {"library": {"passages": [float(s.mean()) for s in base], "tokens": sum(s.numel() for s in base)}}
    for name, (norms, keywords) in smollm2_settings(model, chosen).items():
        found = [smollm2.surprise(model, norms, text, **keywords) for text in passages]
        difference = torch.cat(found) - torch.cat(base)
        results[name] = {
            "passages": [float(s.mean()) for s in found],
            "surprise": float(torch.cat(found).mean()),
            "difference": float(difference.mean()),
            "standard_error": float(difference.std() / difference.numel() ** 0.5),
            "largest": float(difference.abs().max()),
            "continuation": smollm2.continuation(model, norms, "The capital of France is", 6, **keywords),
        }
    results["library"]["surprise"] = float(torch.cat(base).mean())
    return results


def run_minilm(chosen=None) -> dict:
    """Return, for each mistake, how many of the 16 answers come first, the largest change of a similarity, and the
    smallest cosine between a sentence's vector and that of the unmodified model."""
    model = minilm.load()
    questions = len(texts.QUESTIONS)
    sentences = texts.QUESTIONS + texts.COLLECTION

    def measure(norms, **keywords):
        vectors = minilm.embed(model, norms, sentences, **keywords)
        return vectors, vectors[:questions] @ vectors[questions:].T

    base_vectors, base = measure(minilm.norms(model, library_norm))
    results = {}
    for name, (norms, keywords) in minilm_settings(model, chosen).items():
        vectors, similar = measure(norms, **keywords)
        results[name] = {
            "first": int((similar.argmax(1) == torch.arange(questions)).sum()),
            "largest": float((similar - base).abs().max()),
            "cosine": float((vectors * base_vectors).sum(1).min()),
        }
    return results


def run(quick: bool) -> dict:
    if quick:
        return {"smollm2": run_smollm2(texts.PASSAGES[-1:], QUICK), "minilm": run_minilm(QUICK)}
    return {"smollm2": run_smollm2(texts.PASSAGES), "minilm": run_minilm()}


def agrees(stored: dict, quick: dict) -> None:
    """The quick run reads the last passage only; what it found there stands in the stored run too.

    A ruined model, far more surprised than the right one, amplifies rounding: an Intel and an AMD processor differ by 0.7 %.
    """
    right = stored["smollm2"][RIGHT]["passages"][-1]
    for name, found in quick["smollm2"].items():
        known = stored["smollm2"][name]["passages"][-1]
        allowed = 2e-3 if known < 2 * right else 2e-2
        assert abs(found["passages"][0] - known) < allowed * known, (name, found["passages"][0], known)
        assert found.get("continuation") == stored["smollm2"][name].get("continuation"), name
    for name, found in quick["minilm"].items():
        known = stored["minilm"][name]
        assert found["first"] == known["first"], name
        assert abs(found["largest"] - known["largest"]) < 1e-5 + 0.1 * known["largest"], name
