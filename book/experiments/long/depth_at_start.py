"""What depth does to an untrained stack, for each place of the norm: gradients, stream, first update (chapter 5).

The gradients are those of Xiong et al. (2020), theorem 1 and figure 3, with d = 256 and 4 heads.
"""

from statistics import mean

import torch

from experiments.block import PLACEMENTS, Shape
from experiments.placement import first_update, gradient_norms, stream_variances
from experiments.stored import short

SEED = 0
SEEDS = 5
FEATURES, HEADS = 256, 4
DEPTHS = (2, 4, 6, 8, 14, 16, 32)
VARIANTS = {name: (name, None) for name in PLACEMENTS} | {"res-post, QK-norm": ("res-post", "head")}
RATE = 1e-4  # of the first update: small, so that changes stay proportional to it


def shape(variant: str, depth: int) -> Shape:
    placement, qk_norm = VARIANTS[variant]
    return Shape(depth, FEATURES, HEADS, placement, qk_norm=qk_norm)


def measure(variant: str, depth: int, seeds: int) -> dict:
    """Mean over seeds by block, and the single values of the last block's gradient and of the update."""
    made = shape(variant, depth)
    draws = range(SEED, SEED + seeds)
    gradients = [gradient_norms(made, seed) for seed in draws]
    streams = [stream_variances(made, seed) for seed in draws]
    return {
        "gradients": [short(mean(values)) for values in zip(*gradients, strict=True)],
        "variances": [short(mean(values)) for values in zip(*streams, strict=True)],
        "first": [short(values[0]) for values in gradients],
        "last": [short(values[-1]) for values in gradients],
        "updates": [short(first_update(made, seed, RATE)) for seed in draws],
    }


def run(quick: bool) -> dict:
    torch.set_num_threads(1)
    depths, seeds = ((2, 6), 1) if quick else (DEPTHS, SEEDS)
    found = {variant: {str(depth): measure(variant, depth, seeds) for depth in depths} for variant in VARIANTS}
    return {"features": FEATURES, "heads": HEADS, "depths": depths, "rate": RATE, "variants": found}


def agrees(stored: dict, quick: dict) -> None:
    for variant, depths in quick["variants"].items():
        for depth, found in depths.items():
            full = stored["variants"][variant][depth]
            for name in ("first", "last"):
                assert abs(found[name][0] / full[name][0] - 1) < 0.02, (variant, depth, name)
            assert abs(found["updates"][0] / full["updates"][0] - 1) < 0.1, (variant, depth)
            assert abs(found["variances"][-1] / full["variances"][-1] - 1) < 0.5, (variant, depth)
