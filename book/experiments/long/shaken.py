"""Does it harm to shake what batch norm has stilled? Four hidden layers, one learning rate, five seeds.

A smaller copy of figure 2 of Santurkar et al. (2018); ``normalisers`` has more layers, rates and kinds.
"""

import torch

from experiments.normalisers import train

SEED = 0
SEEDS = 5
LAYERS, RATE, BATCH, EXAMPLES = 4, 3e-3, 50, 8000
KINDS = ("none", "batch", "batch + noise")


def run(quick: bool) -> dict:
    torch.set_num_threads(1)
    seeds, examples = (1, 4000) if quick else (SEEDS, EXAMPLES)
    runs = {
        kind: [
            train(kind, layers=LAYERS, rate=RATE, batch=BATCH, examples=examples, seed=SEED + seed)
            for seed in range(seeds)
        ]
        for kind in KINDS
    }
    return {"layers": LAYERS, "rate": RATE, "examples": examples, "runs": runs}


def agrees(stored: dict, quick: dict) -> None:
    for record in (stored, quick):
        drift = {kind: record["runs"][kind][0]["drift"] for kind in KINDS}
        assert drift["batch"] < 0.02 < drift["none"] < drift["batch + noise"]
