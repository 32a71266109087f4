"""Learning rate × warm-up × placement × depth: 180 small transformers trained for real.

Chapter 5, "The placement lab", and chapter "Why it stabilises", with its interactive figure.
About a quarter of an hour on one core.
"""

import math

import torch

from experiments.block import PLACEMENTS, Shape
from experiments.characters import unigram_loss
from experiments.training import train

SEED = 0
STEPS, EVERY = 300, 15
DEPTHS = (2, 6, 10)
RATES = (3e-4, 1e-3, 3e-3, 1e-2, 3e-2)
WARM_UPS = (0, 100)


def key(depth: int, placement: str, rate: float, warm_up: int) -> str:
    """The name of one run in the stored result."""
    return f"{depth} {placement} {rate:g} {warm_up}"


def one(depth: int, placement: str, rate: float, warm_up: int, steps: int = STEPS) -> dict:
    """Train one transformer: its curve, and its final loss (None where it is not finite)."""
    curve, final = train(Shape(depth, 48, 4, placement), rate, warm_up=warm_up, steps=steps, seed=SEED, every=EVERY)
    return {"curve": [known(value) for value in curve], "final": known(final)}


def known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def run(quick: bool) -> dict:
    torch.set_num_threads(1)
    if quick:
        runs = {key(*cell): one(*cell) for cell in [(2, "pre", 3e-3, 0), (2, "none", 3e-4, 0)]}
        return {"unigram": round(unigram_loss(), 3), "runs": runs}
    cells = [(d, p, r, w) for d in DEPTHS for p in PLACEMENTS for r in RATES for w in WARM_UPS]
    return {
        "every": EVERY,
        "unigram": round(unigram_loss(), 3),
        "depths": DEPTHS,
        "placements": list(PLACEMENTS),
        "rates": RATES,
        "warm_ups": WARM_UPS,
        "runs": {key(*cell): one(*cell) for cell in cells},
    }


def agrees(stored: dict, quick: dict) -> None:
    assert abs(quick["unigram"] - stored["unigram"]) < 0.05  # the same text, or nearly
    same = quick["unigram"] == stored["unigram"]  # with another alphabet it begins elsewhere, and the first steps are steep
    for name, found in quick["runs"].items():
        assert abs(found["final"] - stored["runs"][name]["final"]) < 0.08, name
        assert abs(found["curve"][0] - stored["runs"][name]["curve"][0]) < (0.3 if same else 1.5), name
