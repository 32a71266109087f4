"""The ward of chapter 6: small pre-norm models with one fault each, measured under one knob at a time.

A patient is measured as it came in and sound, with the same weights and tokens. At rest every knob stands where tests
usually have it, and there nobody is far from the sound model. One knob is then turned, the others stay.
"""

import math
from collections.abc import Callable
from functools import partial

import torch
from torch.nn import functional as F

from experiments.clinic import Branch, RememberingUnit, drawn, merged, one_pass_unit, padded_unit, unit, unit_in, weights_of
from experiments.stored import short

SEED = 0
TOKENS = VOCABULARY = 64
KNOBS = {  # mode: None is training, a number is evaluation after so many training batches
    "depth": [2, 4, 8, 16, 32, 64],
    "scale": [0.1, 0.3, 1, 3, 10, 30],
    "heads": [1, 2, 4, 8],
    "offset": [0, 1, 10, 100, 1000, 10_000],
    "width": [32, 40, 64, 72, 128, 136],
    "mode": [None, 0, 1, 10, 100],
}
REST = {"depth": 2, "scale": 1, "heads": 1, "offset": 0, "width": 64, "mode": None}
PATIENTS = {  # what is measured, the lower and upper edge of its panel and the distance of its rules, what differs at rest
    "final-norm": ("loss", [4, 20, 4], {}),
    "padding": ("error", [0, 2, 0.5], {"offset": 2}),
    "residual": ("memory", [0, 1, 0.25], {}),
    "bfloat16": ("error", [0, 0.5, 0.1], {}),
    "merge": ("leak", [0, 64, 16], {}),
    "remembered": ("error", [0, 4, 1], {}),
    "one-pass": ("error", [0, 0.2, 0.05], {}),
}
Norm = Callable[[torch.Tensor], torch.Tensor]


def in_bfloat16(norm: Norm, x: torch.Tensor) -> torch.Tensor:
    """A norm of tokens that are given in bfloat16."""
    return norm(x.to(torch.bfloat16))


def norms_of(fault: str, faulty: bool, count: int) -> list[Norm]:
    """The norms of a model: two a block, and the last one."""
    if fault == "remembered" and faulty:
        return [RememberingUnit() for _ in range(count)]
    in_float32 = partial(unit_in, torch.float32)
    ill, sound = {
        "padding": (padded_unit, unit),
        "one-pass": (one_pass_unit, in_float32),
        "bfloat16": (partial(in_bfloat16, partial(unit_in, torch.bfloat16)), partial(in_bfloat16, in_float32)),
    }.get(fault, (unit, unit))
    return [ill if faulty else sound] * count


def attention(x: torch.Tensor, heads: int, seed: int, faulty: bool) -> torch.Tensor:
    """Causal attention without an output matrix; ``faulty`` is how its heads are merged. x: (m, d)."""
    d = x.shape[-1]
    maps = (drawn(d, d, seed=1000 + 3 * seed + i) / math.sqrt(d) for i in range(3))
    q, k, v = ((x @ w.T).reshape(-1, heads, d // heads).transpose(0, 1) for w in maps)
    weights = weights_of(q @ k.transpose(-1, -2) / math.sqrt(d // heads), faulty=False)
    return merged(weights @ v, faulty)


def stream(x: torch.Tensor, norms: list[Norm], heads: int, fault: str | None) -> torch.Tensor:
    """The residual stream after the last block."""
    for i, norm in enumerate(norms[:-1]):
        read, seed = norm(x), i // 2
        added = Branch(x.shape[-1], seed)(read) if i % 2 else attention(read, heads, seed, fault == "merge")
        x = (read if fault == "residual" else x) + added
    return x


def measure(fault: str, faulty: bool, *, depth: int, scale: float, heads: int, offset: float, width: int, mode: int | None) -> float:
    """The patient's figure: of the model as it came in, or of the sound one."""
    norms = norms_of(fault, faulty, 2 * depth + 1)
    run = partial(stream, norms=norms, heads=heads, fault=fault if faulty else None)

    def tokens(seed: int) -> torch.Tensor:
        return scale * drawn(TOKENS, width, seed=SEED + seed) + offset

    if mode is not None and isinstance(norms[-1], RememberingUnit):
        for batch in range(mode):
            norms[-1](run(tokens(50_000 + batch)))
        for norm in norms:
            norm.training = False
    given = tokens(77)
    x = run(given)
    match PATIENTS[fault][0]:
        case "loss":  # cross-entropy in nats
            logits = (x if faulty else norms[-1](x)) @ (drawn(width, VOCABULARY, seed=9999) / math.sqrt(width))
            return F.cross_entropy(logits, torch.arange(TOKENS) % VOCABULARY).item()
        case "memory":  # cosine with the tokens that came in, each token's mean taken off
            off = (given - given.mean(-1, keepdim=True), x - x.mean(-1, keepdim=True))
            return F.cosine_similarity(*off, dim=-1).mean().item()
        case "leak":  # earlier tokens that move when the last one is replaced
            other = torch.cat([given[:-1], tokens(78)[:1]])
            return ((run(other) - x).abs().amax(-1)[:-1] > 1e-6).sum().item()
        case "error":  # largest error of what the last norm puts out, for the tokens that it is given
            right = unit(x.to(torch.bfloat16).double() if fault == "bfloat16" else x)
            return (norms[-1](x) - right).abs().max().item()


def shows(panel: list[float], rest: int, faulty: list, sound: list) -> bool:
    """Whether the distance between the two moves away from that at rest by more than a tenth of the panel."""
    low, high, _ = panel
    apart = [math.inf if f is None else abs(f - s) for f, s in zip(faulty, sound, strict=True)]
    return max(abs(distance - apart[rest]) for distance in apart) > 0.1 * (high - low)


@torch.no_grad()
def run(quick: bool) -> dict:
    """All of it takes seconds, so a quick run is a full one."""
    torch.set_num_threads(1)
    patients = {}
    for fault, (figure, panel, other) in PATIENTS.items():
        curves = {
            name: {k: [short(measure(fault, faulty, **REST | other | {k: v})) for v in values] for k, values in KNOBS.items()}
            for name, faulty in (("faulty", True), ("sound", False))
        }
        ill = [k for k, values in KNOBS.items() if shows(panel, values.index(REST[k]), curves["faulty"][k], curves["sound"][k])]
        patients[fault] = {"figure": figure, "panel": panel, "rest": other, "shows": ill} | curves
    return {"tokens": TOKENS, "knobs": KNOBS, "rest": REST, "patients": patients}


def agrees(stored: dict, quick: dict) -> None:
    assert all(stored[name] == quick[name] for name in ("tokens", "knobs", "rest"))
    for fault, found in quick["patients"].items():
        kept = stored["patients"][fault]
        assert all(kept[name] == found[name] for name in ("figure", "panel", "rest", "shows")), fault
        loose = fault in ("one-pass", "bfloat16")  # rounding: the order of a sum is the machine's own
        for name, knob in ((name, knob) for name in ("faulty", "sound") for knob in KNOBS):
            for i, (old, new) in enumerate(zip(kept[name][knob], found[name][knob], strict=True)):
                where = (fault, name, knob, KNOBS[knob][i], old, new)
                assert (old is None) == (new is None), where
                assert old is None or abs(new - old) <= (0.75 if loose else 0.005) * max(abs(old), abs(new)) + 0.002, where
