"""QK-norm against the learning rate: two blocks, with and without a norm on each head's queries and keys."""

import math

import torch

from experiments.variants import largest_score, race_model, train

SEED = 0
DEPTH, STEPS, SEEDS = 2, 100, 2
RATES = (1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
NAMES = ("pre", "qk")


def run(quick: bool) -> dict:
    torch.set_num_threads(1)
    runs = {}
    for name in ("qk",) if quick else NAMES:
        for rate in RATES[1:2] if quick else RATES:
            found = []
            for seed in range(SEED, SEED + (1 if quick else SEEDS)):
                model = race_model(name, DEPTH, seed)
                final = train(model, rate, STEPS, seed)
                score = largest_score(model, seed + 1000) if math.isfinite(final) else math.nan
                trained = math.isfinite(score)  # JSON has no NaN
                found.append({"final": final if trained else None, "score": round(score, 2) if trained else None})
            runs[f"{name} {rate:g}"] = found
    return {"rates": list(RATES), "runs": runs}


def agrees(stored: dict, quick: dict) -> None:
    new, old = quick["runs"]["qk 0.003"][0], stored["runs"]["qk 0.003"][0]
    assert abs(new["final"] - old["final"]) < 0.08
    assert abs(new["score"] / old["score"] - 1) < 0.3
    for rate in stored["rates"][2:]:  # the point of the experiment: scores stay bounded where they otherwise run away
        for with_norm, without in zip(stored["runs"][f"qk {rate:g}"], stored["runs"][f"pre {rate:g}"]):
            assert without["score"] is None or with_norm["score"] < without["score"]
