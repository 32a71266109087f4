"""Post-norm needs its warm-up, pre-norm does not: five seeds at one depth and one learning rate."""

import torch

from experiments.block import Shape
from experiments.characters import unigram_loss
from experiments.training import train

SEED = 0
DEPTH, RATE, STEPS, EVERY = 6, 3e-3, 300, 15
WARM_UPS = (0, 30, 100)
SEEDS = 5


def one(placement: str, warm_up: int, seed: int, steps: int = STEPS) -> tuple[list[float], float]:
    return train(Shape(DEPTH, 48, 4, placement), RATE, warm_up=warm_up, steps=steps, seed=SEED + seed, every=EVERY)


def run(quick: bool) -> dict:
    torch.set_num_threads(1)
    unigram = round(unigram_loss(), 3)
    if quick:
        return {"unigram": unigram, "curve": one("pre", 0, 0, steps=120)[0]}
    runs = {f"{p} {w}": [one(p, w, seed) for seed in range(SEEDS)] for p in ("pre", "post") for w in WARM_UPS}
    return {
        "depth": DEPTH,
        "rate": RATE,
        "unigram": unigram,
        "curve": runs["pre 0"][0][0],  # of one run, for the quick version to follow
        "finals": {name: [final for _, final in found] for name, found in runs.items()},
    }


def agrees(stored: dict, quick: dict) -> None:
    assert abs(quick["unigram"] - stored["unigram"]) < 0.05  # the same text, or nearly
    same = quick["unigram"] == stored["unigram"]  # with another alphabet it begins elsewhere, and the first steps are steep
    for found, value in zip(quick["curve"], stored["curve"]):  # the quick one is shorter
        assert abs(found - value) < (0.15 if same else 0.6)
    assert abs(found - value) < 0.15  # where the quick one ends
    assert max(stored["finals"]["pre 0"]) < min(stored["finals"]["post 0"])
