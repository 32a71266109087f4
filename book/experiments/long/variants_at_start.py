"""How far an untrained stack's output moves when its weights do, by depth: post-norm, pre-norm, Admin and DeepNorm."""

from statistics import mean

import torch

from experiments.variants import first_update, output_change

SEED = 0
DEPTHS, SEEDS = (2, 4, 8, 16, 32), 5
NAMES = ("post", "pre", "admin", "deepnorm")


def run(quick: bool) -> dict:
    torch.set_num_threads(1)
    depths = (2, 4) if quick else DEPTHS
    seeds = range(SEED, SEED + (2 if quick else SEEDS))
    measures = {"noise": output_change, "update": first_update}
    return {
        "depths": list(depths),
        **{
            key: {
                name: [[round(measure(name, depth, seed), 4) for seed in seeds] for depth in depths] for name in NAMES
            }
            for key, measure in measures.items()
        },
    }


def agrees(stored: dict, quick: dict) -> None:
    for key in ("noise", "update"):
        for name in NAMES:
            for new, depth in zip(quick[key][name], quick["depths"]):
                old = stored[key][name][stored["depths"].index(depth)]
                assert 0.6 < mean(new) / mean(old) < 1.6, (key, name, depth)
    growth = {name: mean(values[-1]) / mean(values[0]) for name, values in stored["noise"].items()}
    assert growth["post"] > 2 * growth["pre"] and growth["deepnorm"] < 1
