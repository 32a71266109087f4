"""Five variants of pre-norm in one small race: four blocks, one learning rate, two seeds. A sketch, not a ranking."""

import torch

from experiments.characters import unigram_loss
from experiments.variants import race_model, train

SEED = 0
DEPTH, STEPS, SEEDS = 4, 100, 2
RATE = 3e-3
NAMES = ("pre", "rms", "peri", "scaled", "dyt")


def run(quick: bool) -> dict:
    torch.set_num_threads(1)
    seeds = range(SEED, SEED + (1 if quick else SEEDS))
    finals = {
        name: [train(race_model(name, DEPTH, seed), RATE, STEPS, seed) for seed in seeds]
        for name in (("rms",) if quick else NAMES)
    }
    return {"depth": DEPTH, "rate": RATE, "steps": STEPS, "unigram": round(unigram_loss(), 3), "finals": finals}


def agrees(stored: dict, quick: dict) -> None:
    assert abs(quick["finals"]["rms"][0] - stored["finals"]["rms"][0]) < 0.1
    assert abs(quick["unigram"] - stored["unigram"]) < 0.05  # the same text, or nearly
    assert set(stored["finals"]) == set(NAMES)
