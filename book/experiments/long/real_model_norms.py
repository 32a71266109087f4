"""What the norms of two pretrained models see and hold, place by place; and what one broken norm of 61 does."""

import torch

from experiments.mistaken_norms import mistaken
from experiments.real_models import minilm, smollm2, texts
from experiments.real_models.norms import library_norm, listening
from experiments.real_models.packages import ALL as NEEDS  # noqa: F401  (the tests skip where one of these is missing)

SEED = 0  # nothing is drawn


def describe(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None, eps: float, centre: bool) -> dict:
    """Return what stands at one place: numbers about the tokens x (n, d) that came in, and about the weights (d,).

    square: variance (LayerNorm) or mean square (RMSNorm), what ε is added to.
    """
    x = x.double()
    mean = x.mean(-1)
    square = x.var(-1, correction=0) if centre else x.square().mean(-1)
    top = x.abs().max(0).values
    numbers = {
        "scale_median": square.sqrt().median(),
        "scale_min": square.sqrt().min(),
        "scale_max": square.sqrt().max(),
        "scale_first_token": square[0].sqrt(),
        "eps_share_max": (eps / square).max(),
        "mean_over_scale_max": (mean.abs() / square.sqrt()).max(),
        "largest_input": top.max(),
        "loudest_median": (x.abs().max(-1).values / square.sqrt()).median(),
        "weight_mean": weight.abs().mean(),
        "weight_min": weight.min(),
        "weight_max": weight.max(),
    }
    found = {name: float(value) for name, value in numbers.items()}
    found["loudest_feature"] = int(x.abs().argmax(-1).mode().values)
    found["largest_input_token"] = int(x.abs().max(-1).values.argmax())
    if bias is not None:
        found["bias_largest"] = float(bias.abs().max())
    return found


def smollm2_places(passage: str) -> dict:
    """Return {place: description} for the tokens of one passage."""
    model, heard = smollm2.load(), {}
    smollm2.surprise(model, listening(smollm2.norms(model, library_norm), heard.__setitem__), passage)
    w = model.weights
    return {place: describe(x[0], w[f"{place}.weight"], None, model.eps, False) for place, x in heard.items()}


def minilm_places(sentences: list[str]) -> dict:
    """Return {place: description} for the tokens of the sentences, padding left out."""
    model, heard = minilm.load(), {}
    ids, mask = minilm.tokens(model, sentences)
    minilm.hidden_states(model, listening(minilm.norms(model, library_norm), heard.__setitem__), ids, mask)
    w = model.weights
    return {p: describe(x[mask], w[f"{p}.weight"], w[f"{p}.bias"], model.eps, True) for p, x in heard.items()}


def one_broken(passage: str, chosen: list[str]) -> dict:
    """Return {place: increase of the mean surprise in nats} if only the norm at that place ignores its weight."""
    model = smollm2.load()
    right, broken = (smollm2.norms(model, build) for build in (library_norm, mistaken(use_weight=False)))
    base = smollm2.surprise(model, right, passage).mean()
    return {p: float(smollm2.surprise(model, right | {p: broken[p]}, passage).mean() - base) for p in chosen}


def run(quick: bool) -> dict:
    passage = texts.PASSAGES[0]
    places = smollm2.norm_places(smollm2.load())
    return {
        "smollm2": smollm2_places(passage),
        "minilm": minilm_places(texts.QUESTIONS + texts.COLLECTION),
        "one_broken": one_broken(passage, places[::30] if quick else places),
    }


def agrees(stored: dict, quick: dict) -> None:
    for model in ("smollm2", "minilm"):
        assert quick[model].keys() == stored[model].keys()
        for place, found in quick[model].items():
            for name, value in found.items():
                known = stored[model][place][name]
                assert abs(value - known) <= 1e-2 * abs(known) + 1e-6, (model, place, name, value, known)
    for place, value in quick["one_broken"].items():
        assert abs(value - stored["one_broken"][place]) <= 1e-2 * abs(value) + 1e-3, place
