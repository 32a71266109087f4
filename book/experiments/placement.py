"""The placement lab: what a stack does at initialisation, for each place of the norm.

Functions take a ``Shape`` of ``experiments.block`` and a seed; a stack of depth L has blocks 0 … L − 1.
"""

import torch
from torch.nn import functional

from experiments.block import CausalSelfAttention, Shape, Stack

SEQUENCES, TOKENS, CLASSES = 2, 32, 64


def fresh(shape: Shape, seed: int) -> tuple[Stack, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return (stack, input (B, m, d) of N(0, 1), readout (d, classes) of N(0, 1/d), targets (B, m))."""
    torch.manual_seed(seed)
    x = torch.randn(SEQUENCES, TOKENS, shape.features)
    readout = torch.randn(shape.features, CLASSES) / shape.features**0.5
    targets = torch.randint(CLASSES, (SEQUENCES, TOKENS))
    return Stack(shape), x, readout, targets


def loss_of(stack: Stack, x: torch.Tensor, readout: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Cross-entropy, mean over all tokens, in nats."""
    return functional.cross_entropy((stack(x) @ readout).flatten(0, 1), targets.flatten())


def gradient_norms(shape: Shape, seed: int) -> list[float]:
    """Length of the gradient of each block's last weight matrix W2, at initialisation: ``depth`` numbers.

    The quantity of Xiong et al. (2020), theorem 1 and figure 3.
    """
    stack, *task = fresh(shape, seed)
    loss_of(stack, *task).backward()
    return [float(block.feed_forward.f.narrow.weight.grad.norm()) for block in stack.blocks]


@torch.no_grad()
def stream_variances(shape: Shape, seed: int) -> list[float]:
    """Variance over the features, mean over tokens, of the stream before each block and at the end: depth + 1."""
    stack, x, _, _ = fresh(shape, seed)
    return [float(stream.var(-1, unbiased=False).mean()) for stream in stack.streams(x)]


def first_update(shape: Shape, seed: int, rate: float) -> float:
    """How far Adam's first step moves the output of an untrained stack; see ``update_by_adam``."""
    return update_by_adam(*fresh(shape, seed), rate)


def update_by_adam(stack: Stack, x: torch.Tensor, readout: torch.Tensor, targets: torch.Tensor, rate: float) -> float:
    """How far one step of Adam moves the stack's output: RMS of the change, over the RMS of the output before.

    Adam's first step changes every parameter by the rate, whatever the size of its gradient: what differs between
    placements is how the changes add up on the way to the output (Liu et al. 2020, section 4).
    """
    optimiser = torch.optim.Adam(stack.parameters(), lr=rate)
    loss_of(stack, x, readout, targets).backward()
    with torch.no_grad():
        before = stack(x)
    optimiser.step()
    with torch.no_grad():
        return float((stack(x) - before).square().mean().sqrt() / before.square().mean().sqrt())


@torch.no_grad()
def attention_entropy(shape: Shape, scale: float, seed: int) -> float:
    """Mean entropy in nats of the attention weights of one sub-layer whose stream is multiplied by ``scale``.

    What attention receives depends on the placement: the normalised stream in "pre" and "sandwich", the stream itself
    in the others. 0 means that every token looks at one token only.
    """
    torch.manual_seed(seed)
    x = torch.randn(8, TOKENS, shape.features) * scale
    attention = CausalSelfAttention(shape)
    for linear in (attention.query, attention.key):
        torch.nn.init.xavier_normal_(linear.weight)
    seen = shape.make_norm()(x) if shape.placement in ("pre", "sandwich") else x
    weights = attention.weights(seen)
    return float(-(weights * weights.clamp_min(1e-30).log()).sum(-1).mean())
