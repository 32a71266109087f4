"""Post-norm needs its warm-up, pre-norm does not: five seeds at one depth and one learning rate."""

import torch

from experiments.block import Shape
from experiments.characters import unigram_loss
from experiments.training import train

SEED = 0
DEPTH, RATE, STEPS = 6, 3e-3, 300
WARM_UPS = (0, 30, 100)
SEEDS = 5


def run(quick: bool) -> dict:
    torch.set_num_threads(1)
    cells = [("pre", 0)] if quick else [(p, w) for p in ("pre", "post") for w in WARM_UPS]
    finals = {
        f"{placement} {warm_up}": [
            train(Shape(DEPTH, 48, 4, placement), RATE, warm_up=warm_up, steps=STEPS, seed=SEED + seed)[1]
            for seed in range(1 if quick else SEEDS)
        ]
        for placement, warm_up in cells
    }
    return {"depth": DEPTH, "rate": RATE, "unigram": round(unigram_loss(), 3), "finals": finals}


def agrees(stored: dict, quick: dict) -> None:
    assert abs(quick["finals"]["pre 0"][0] - stored["finals"]["pre 0"][0]) < 0.08
    assert abs(quick["unigram"] - stored["unigram"]) < 0.05  # the same text, or nearly
    assert max(stored["finals"]["pre 0"]) < min(stored["finals"]["post 0"])
