"""Variants of the norm and of its place, each as small as its equation: the machinery of the chapter on variants.

Shapes: m tokens of d features, (…, m, d). Stacks come from ``experiments.block``; functions that change one do
so in place and return it, so that a variant can be made of any placement.
"""

import math

import torch
from torch import nn
from torch.nn import functional

from experiments.block import Shape, Stack, Transformer
from experiments.characters import corpus, windows
from experiments.placement import SEQUENCES, TOKENS, fresh, update_by_adam
from experiments.training import BATCH, CONTEXT, losses_of

FEATURES, TRAINED_FEATURES = 64, 48  # of a stack that is only looked at, and of one that is trained
HEADS = 4


class DyT(nn.Module):
    """γ ⊙ tanh(αx) + β with one learned α for all features, (…, d) to (…, d) (Zhu et al. 2025, section 4)."""

    def __init__(self, features: int, alpha: float = 0.5) -> None:
        super().__init__()
        self.alpha = nn.Parameter(torch.tensor(alpha))
        self.weight, self.bias = nn.Parameter(torch.ones(features)), nn.Parameter(torch.zeros(features))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.weight * torch.tanh(self.alpha * x) + self.bias


class ScaledNorm(nn.Module):
    """A norm whose output is multiplied by a constant, (…, d) to (…, d)."""

    def __init__(self, norm: nn.Module, factor: float) -> None:
        super().__init__()
        self.norm, self.factor = norm, factor

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.factor * self.norm(x)


def sublayers(stack: Stack) -> list[nn.Module]:
    """Return the 2 · depth sub-layers in the order in which the stream meets them."""
    return [sub for block in stack.blocks for sub in (block.attention, block.feed_forward)]


def with_layernorm_scaling(stack: Stack) -> Stack:
    """Multiply the output of both norms of block l = 1 … L by 1/√l; the final norm stays (Sun et al. 2025)."""
    for l, block in enumerate(stack.blocks, start=1):
        for sub in (block.attention, block.feed_forward):
            sub.norm = ScaledNorm(sub.norm, l**-0.5)
    return stack


def with_dyt(stack: Stack, features: int) -> Stack:
    """Put a DyT in the place of every norm of a pre-norm stack, the final one included."""
    for sub in sublayers(stack):
        sub.norm = DyT(features)
    stack.final_norm = DyT(features)
    return stack


@torch.no_grad()
def with_admin(stack: Stack, x: torch.Tensor) -> Stack:
    """Weight the stream of a post-norm stack in front of each sum by ω, from one profiling pass (Liu et al. 2020).

    ω_i is the root of the variance that a plain sum would have reached in front of sub-layer i: that of the entry,
    taken for 1, plus those of the branches before it. It starts as a constant over the features; here it is not learned.
    """
    gathered = 1.0
    for sub in sublayers(stack):
        branch = sub.f(x)
        x = sub.norm(x + branch)
        sub.alpha = math.sqrt(gathered)
        gathered += float(branch.var(-1, unbiased=False).mean())
    return stack


@torch.no_grad()
def centred(stack: Stack) -> Stack:
    """Take the mean out of all that a pre-norm stack writes to its stream, by changing the last maps of its branches.

    If what enters the stack has mean 0 too, the stream then has mean 0 everywhere (Jiang et al. 2023, section 3).
    """
    for sub in sublayers(stack):
        last = sub.f.out if hasattr(sub.f, "out") else sub.f.narrow
        last.weight -= last.weight.mean(0)  # (d, inputs): row i makes feature i
        last.bias -= last.bias.mean()
    return stack


@torch.no_grad()
def with_rmsnorm(stack: Stack) -> Stack:
    """Replace each LayerNorm of a pre-norm stack by an RMSNorm with the same γ and ε; β must be 0."""

    def other(norm: nn.LayerNorm) -> nn.RMSNorm:
        assert not norm.bias.any()
        made = nn.RMSNorm(norm.normalized_shape, eps=norm.eps)
        made.weight.copy_(norm.weight)
        return made

    for sub in sublayers(stack):
        sub.norm = other(sub.norm)
    stack.final_norm = other(stack.final_norm)
    return stack


def variant(name: str, depth: int) -> Stack:
    """Return an untrained stack by name: a placement, "admin" or "scaled" (pre-norm with LayerNorm scaling)."""
    stack = Stack(Shape(depth, FEATURES, HEADS, {"admin": "post", "scaled": "pre"}.get(name, name)))
    if name == "admin":
        return with_admin(stack, tokens())
    return with_layernorm_scaling(stack) if name == "scaled" else stack


def tokens() -> torch.Tensor:
    """Draw tokens of N(0, 1) for an untrained stack, (B, m, d)."""
    return torch.randn(SEQUENCES, TOKENS, FEATURES)


@torch.no_grad()
def output_change(name: str, depth: int, seed: int, size: float = 0.02) -> float:
    """How far the output moves when every weight matrix is moved at random: mean squared change, over size².

    Each matrix gets noise with ``size`` times its own RMS. This is the quantity of Liu et al. (2020), theorem 2, up to
    a constant.
    """
    torch.manual_seed(seed)
    stack, x = variant(name, depth), tokens()
    before = stack(x)
    for parameter in stack.parameters():
        if parameter.ndim == 2:
            parameter += size * parameter.square().mean().sqrt() * torch.randn_like(parameter)
    return float((stack(x) - before).square().mean()) / size**2


def first_update(name: str, depth: int, seed: int) -> float:
    """How far Adam's first step moves the output, at a rate of 1e-3: ``placement.first_update`` of a variant."""
    torch.manual_seed(seed)
    stack = variant(name, depth)
    _, *task = fresh(Shape(1, FEATURES, HEADS), seed)
    return update_by_adam(stack, *task, rate=1e-3)


@torch.no_grad()
def turns(name: str, depth: int, seed: int) -> tuple[list[float], list[float]]:
    """Return, block by block, the variance of the stream behind it and the angle (degrees) by which it turned."""
    torch.manual_seed(seed)
    streams = variant(name, depth).streams(tokens())
    variances = [float(s.var(-1, unbiased=False).mean()) for s in streams[1:]]
    cosines = [functional.cosine_similarity(a, b, dim=-1) for a, b in zip(streams, streams[1:])]
    return variances, [float(torch.rad2deg(torch.arccos(c.clamp(-1, 1))).mean()) for c in cosines]


@torch.no_grad()
def likeness(name: str, depth: int, seed: int) -> float:
    """Mean cosine between the outputs of two different tokens of one sequence; 1 where nothing tells them apart."""
    torch.manual_seed(seed)
    out = functional.normalize(variant(name, depth)(tokens()), dim=-1)
    pairs = ~torch.eye(TOKENS, dtype=torch.bool)
    return float((out @ out.mT)[:, pairs].mean())


@torch.no_grad()
def loud_block(name: str, factor: float, depth: int = 12, seed: int = 0) -> tuple[float, float]:
    """Multiply the last matrix of block 4's FFN; return (largest RMS of a stream behind it, RMS of the output)."""
    torch.manual_seed(seed)
    stack, x = variant(name, depth), tokens()
    stack.blocks[3].feed_forward.f.narrow.weight *= factor
    streams = stack.streams(x)[4:]
    return max(float(s.square().mean().sqrt()) for s in streams), float(stack(x).square().mean().sqrt())


# training ---------------------------------------------------------------------------------------


def race_model(name: str, depth: int, seed: int) -> Transformer:
    """A transformer over the characters of ``experiments.characters`` with one of the chapter's variants."""
    placement = {"peri": "sandwich"}.get(name, "pre")
    norm, qk_norm = "rms" if name == "rms" else "layer", "head" if name == "qk" else None
    shape = Shape(depth, TRAINED_FEATURES, HEADS, placement, norm=norm, qk_norm=qk_norm)
    torch.manual_seed(seed)
    model = Transformer(shape, len(corpus()[1]), CONTEXT)
    if name == "scaled":
        with_layernorm_scaling(model.stack)
    if name == "dyt":
        with_dyt(model.stack, TRAINED_FEATURES)
    return model


def train(model: Transformer, rate: float, steps: int, seed: int) -> float:
    """Train as ``experiments.training`` does, without warm-up; mean loss of the last quarter in nats, or NaN."""
    losses = losses_of(model, rate, warm_up=0, steps=steps, seed=seed)
    last = losses[-max(1, steps // 4) :]
    return round(sum(last) / len(last), 3) if math.isfinite(last[-1]) else math.nan


@torch.no_grad()
def largest_score(model: Transformer, seed: int) -> float:
    """Largest |attention score| over all blocks, heads and visible pairs, on 8 windows drawn with the seed."""
    inputs, _ = windows(corpus()[0], BATCH, CONTEXT, torch.Generator().manual_seed(seed))
    places = torch.arange(CONTEXT)
    x = (model.tokens(inputs) + model.positions(places)) * math.sqrt(model.tokens.embedding_dim)
    largest = 0.0
    for block in model.stack.blocks:
        attention, normed = block.attention.f, block.attention.norm(x)
        q = attention.prepared(attention.query(normed), attention.query_norm)
        k = attention.prepared(attention.key(normed), attention.key_norm)
        scores = (q @ k.mT / math.sqrt(q.shape[-1])).tril().abs()
        largest = max(largest, float(scores.max()))
        x = block(x)
    return largest
