"""Weights that start too small or too large, with and without a norm."""

import math

import torch

from experiments.normalisers import train

SEED = 0
SEEDS = 3
GAINS = (0.25, 0.5, 1.0, 2.0, 4.0)
LAYERS, BATCH, EXAMPLES, RATE = 8, 64, 20_000, 1e-3


def run(quick: bool) -> dict:
    torch.set_num_threads(1)
    gains, seeds, examples = ((1.0, 4.0), 1, 6_400) if quick else (GAINS, SEEDS, EXAMPLES)
    common = {"layers": LAYERS, "batch": BATCH, "rate": RATE, "examples": examples}
    finals = {
        kind: {
            f"{gain:g}": [train(kind, gain=gain, seed=SEED + seed, **common)["final"] for seed in range(seeds)]
            for gain in gains
        }
        for kind in ("none", "layer")
    }
    return {"gains": gains, "rate": RATE, "layers": LAYERS, "finals": finals}


def agrees(stored: dict, quick: dict) -> None:
    for record in (stored, quick):
        layer, none = record["finals"]["layer"], record["finals"]["none"]
        assert abs(layer["4"][0] - layer["1"][0]) < 0.4
        assert not math.isfinite(none["4"][0]) or none["4"][0] > none["1"][0] + 1
