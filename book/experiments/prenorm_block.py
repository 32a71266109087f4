"""Machinery of chapter 5: the picture of the placements, a stack without its road, probes for a black box.

Shapes: m tokens of d features, (m, d) or (B, m, d). The blocks themselves are in ``experiments.block``.
"""

from collections.abc import Callable

import torch
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch
from torch import nn
from torch.nn import functional

from experiments.block import FeedForward, Shape, xavier
from experiments.style import BLUE, GREY, INK, ORANGE

# norms on the branch before F, on the branch after F, on the road after the sum; the weight of the road
WIRING = {
    "none": (False, False, False, ""),
    "post": (False, False, True, ""),
    "pre": (True, False, False, ""),
    "res-post": (False, True, False, ""),
    "sandwich": (True, True, False, ""),
    "deepnorm": (False, False, True, "×α"),
}


def written(placement: str) -> str:
    """Return a placement's name as the text writes it."""
    return placement.replace("deepnorm", "DeepNorm")


def draw_placement(ax: Axes, placement: str, equation: str) -> None:
    """Draw one sub-layer, read from below: the road is the thick line on the left, the branch stands on the right."""
    before, after, on_road, weight = WIRING[placement]
    road, branch = 0.0, 1.15

    def box(x: float, y: float, text: str, colour: str) -> None:
        look = {"boxstyle": "round,pad=0.02", "fc": "white", "ec": colour, "lw": 1.8}
        ax.add_patch(FancyBboxPatch((x - 0.42, y - 0.3), 0.84, 0.6, zorder=3, **look))
        ax.text(x, y, text, ha="center", va="center", fontsize=9, zorder=4)

    ax.plot([road, road], [0, 6.2], color=BLUE, lw=5, solid_capstyle="butt", zorder=1)
    ax.plot([road, branch, branch, road], [0.6, 0.6, 4.6, 4.6], color=GREY, lw=1.5, zorder=1)
    box(branch, 2.6, "F", INK)
    if before:
        box(branch, 1.5, "LN", ORANGE)
    if after:
        box(branch, 3.7, "LN", ORANGE)
    if on_road:
        box(road, 5.55, "LN", ORANGE)
    if weight:
        box(road, 2.6, weight, INK)
    ax.plot(road, 4.6, "o", ms=14, mfc="white", mec=INK, zorder=3)
    ax.text(road, 4.57, "+", ha="center", va="center", fontsize=11, zorder=4)
    ax.text(road - 0.25, 0.12, "x", fontsize=9, ha="right")
    ax.set_title(f"{written(placement)}\n{equation}", fontsize=8.5, loc="center", fontweight="normal")
    ax.set(xlim=(-0.75, 1.85), ylim=(-0.1, 6.3))
    ax.axis("off")


@torch.no_grad()
def likeness_by_depth(depth: int, road: bool, features: int = 64, tokens: int = 32, seed: int = 0) -> list[float]:
    """How alike different tokens become in ``depth`` untrained, normalised FFNs, with or without the residual add.

    Sub-layer: x + F(LN(x)) or F(LN(x)). Returns depth + 1 mean cosines between the streams of two different
    tokens, each with its own mean removed: 0 for unrelated tokens, 1 where nothing tells them apart any more.
    """
    torch.manual_seed(seed)
    shape = Shape(depth, features, 1)
    stream = torch.randn(tokens, features)
    pairs = ~torch.eye(tokens, dtype=torch.bool)
    found = []
    for _ in range(depth + 1):
        normal = functional.layer_norm(stream, (features,))
        found.append(float((normal @ normal.T)[pairs].mean() / features))
        branch = FeedForward(shape).apply(xavier)(normal)
        stream = stream + branch if road else branch
    return found


class Linear(nn.Module):
    """A linear F without bias, x W with W of N(0, spread²): the simplest map that does not keep a token's scale."""

    def __init__(self, features: int, spread: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(features, features) * spread)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x @ self.weight


@torch.no_grad()
def probe(sublayer: Callable, x: torch.Tensor) -> dict[str, float]:
    """Four numbers that tell placements apart, of a sub-layer with γ = 1 and β = 0, from its outputs alone.

    ``branch rms`` and ``branch mean``: of sublayer(x) − x, RMS over everything and largest mean of a token;
    ``output rms``: of the output; ``branch moves``: largest change of sublayer(x) − x when x is scaled from
    1 to 16, in units of its RMS.
    """
    branch, loud = sublayer(x) - x, sublayer(16 * x) - 16 * x
    return {
        "branch rms": float(branch.square().mean().sqrt()),
        "branch mean": float(branch.mean(-1).abs().max()),
        "output rms": float(sublayer(x).square().mean().sqrt()),
        "branch moves": float((loud - branch).abs().max() / branch.square().mean().sqrt()),
    }
