"""Batch norm against layer norm as the batch gets small (compare Wu & He 2018, figure 1)."""

import torch

from experiments.normalisers import train

SEED = 0
SEEDS = 3
BATCHES = (2, 4, 8, 16, 64, 256)
LAYERS, RATE, EXAMPLES = 2, 1e-3, 40_000


def run(quick: bool) -> dict:
    torch.set_num_threads(1)
    batches, seeds, examples = ((4, 64), 1, 8000) if quick else (BATCHES, SEEDS, EXAMPLES)
    common = {"layers": LAYERS, "rate": RATE, "examples": examples}
    runs = {
        kind: {
            str(batch): [train(kind, batch=batch, seed=SEED + seed, **common) for seed in range(seeds)]
            for batch in batches
        }
        for kind in ("layer", "batch")
    }
    return {"batches": batches, "rate": RATE, "layers": LAYERS, "examples": examples, "runs": runs}


def agrees(stored: dict, quick: dict) -> None:
    for record in (stored, quick):
        excess = {
            batch: record["runs"]["batch"][batch][0]["evaluation"] - record["runs"]["layer"][batch][0]["evaluation"]
            for batch in ("4", "64")
        }
        assert excess["4"] > 0.1 > excess["64"], excess
