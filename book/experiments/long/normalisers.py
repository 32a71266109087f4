"""What is it about a normaliser that helps? Constant statistics, noise after batch norm, four rates.

Two questions of the literature on one small network: Xu et al. (2019), section 3.2, stop the gradient through mean
and standard deviation; Santurkar et al. (2018), figure 2, add noise after batch norm that makes the layers' inputs
less stable.
"""

import torch

from experiments.normalisers import NORMALISERS, train

SEED = 0
SEEDS = 3
LAYERS, BATCH, EXAMPLES = 8, 64, 40_000
RATES = (3e-4, 1e-3, 3e-3, 1e-2)


def run(quick: bool) -> dict:
    torch.set_num_threads(1)
    rates, seeds, examples = ((1e-3,), 1, 12_800) if quick else (RATES, SEEDS, EXAMPLES)
    common = {"layers": LAYERS, "batch": BATCH, "examples": examples}
    runs = {
        kind: {
            f"{rate:g}": [train(kind, rate=rate, seed=SEED + seed, **common) for seed in range(seeds)] for rate in rates
        }
        for kind in NORMALISERS
    }
    return {"rates": rates, "layers": LAYERS, "batch": BATCH, "examples": examples, "runs": runs}


def agrees(stored: dict, quick: dict) -> None:
    for record in (stored, quick):
        at = {kind: rates["0.001"][0] for kind, rates in record["runs"].items()}
        assert at["layer, constants"]["final"] > at["layer"]["final"] + 0.1
        assert at["batch"]["drift"] < 0.02 < at["none"]["drift"] < at["batch + noise"]["drift"]
