"""The patients of the block clinic: small models that run, each with one fault, and what a measurement shows of it.

All tensors are float64 unless a function says otherwise. ``faulty`` chooses the code as it came in; without it
the same measurement is taken on sound code.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    """Standard normal numbers, the same for the same seed."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def rms(x: torch.Tensor) -> float:
    """Root mean square over all entries."""
    return x.detach().double().pow(2).mean().sqrt().item()


def unit(x: torch.Tensor, eps: float = 1e-5) -> torch.Tensor:
    """LayerNorm over the last axis without γ and β. x: (..., d)."""
    centred = x - x.mean(-1, keepdim=True)
    return centred * torch.rsqrt(centred.pow(2).mean(-1, keepdim=True) + eps)


class Branch(nn.Module):
    """tanh of a linear map, (..., d) to (..., d): keeps neither the mean nor the scale of what it reads."""

    def __init__(self, d: int, seed: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(drawn(d, d, seed=seed) / math.sqrt(d))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.tanh(x @ self.weight.T)


# the wiring of blocks -------------------------------------------------------------------------


def loss_at_start(depth: int, faulty: bool, d: int = 32, vocabulary: int = 64) -> float:
    """Cross-entropy (nats) of an untrained pre-norm model; a guess costs ln(vocabulary)."""
    x, targets = drawn(256, d), torch.arange(256) % vocabulary
    for seed in range(depth):
        x = x + Branch(d, seed)(unit(x))
    logits = (x if faulty else unit(x)) @ (drawn(d, vocabulary, seed=9999) / math.sqrt(d))
    return F.cross_entropy(logits, targets).item()


def through_a_block(scale: float, faulty: bool, d: int = 32) -> tuple[float, float]:
    """Send tokens of RMS ``scale`` through a block; return (RMS out, cosine of what comes out and what went in)."""
    x = scale * drawn(64, d)
    attention, feed_forward = Branch(d, 1), Branch(d, 2)
    if faulty:
        h = unit(x)
        h = h + attention(h)
        h = unit(h)
        out = h + feed_forward(h)
    else:
        h = x + attention(unit(x))
        out = h + feed_forward(unit(h))
    return rms(out), F.cosine_similarity(out, x, dim=-1).mean().item()


def memory_of_the_input(blocks: int, faulty: bool, d: int = 32) -> list[float]:
    """Cosine of the stream with the embedding it began as, after each of so many blocks."""
    start = x = 4 * drawn(64, d)
    found = []
    for seed in range(blocks):
        base = unit(x) if faulty else x
        x = base + Branch(d, seed)(unit(x))
        found.append(F.cosine_similarity(x, start, dim=-1).mean().item())
    return found


def train_norms(steps: int, faulty: bool, d: int = 16) -> tuple[list[float], list[float]]:
    """Train only the gains of a block's two norms; return how far each gain has moved from 1, step by step."""
    first, second = (nn.Parameter(torch.ones(d, dtype=torch.float64)) for _ in range(2))
    attention, feed_forward = Branch(d, 1), Branch(d, 2)
    optimiser = torch.optim.SGD([first, second], lr=0.05)
    x, wanted = drawn(128, d), drawn(128, d, seed=9)
    moved: tuple[list[float], list[float]] = ([], [])
    for _ in range(steps):
        for gain, history in zip((first, second), moved):
            history.append((gain - 1).abs().max().item())
        h = x + attention(unit(x) * first)
        out = h + feed_forward(unit(h) * (first if faulty else second))
        optimiser.zero_grad()
        (out - wanted).pow(2).mean().backward()
        optimiser.step()
    return moved


def what_a_branch_adds(scale: float, faulty: bool, d: int = 32) -> torch.Tensor:
    """RMS of what one sub-layer adds to each of 64 tokens of this scale. Shape (64,)."""
    x = scale * drawn(64, d)
    branch = Branch(d, 1)
    added = unit(branch(x)) if faulty else branch(unit(x))
    return added.detach().pow(2).mean(-1).sqrt()


# attention ------------------------------------------------------------------------------------


def rows_that_move(heads: int, faulty: bool, tokens: int = 8, d_h: int = 4) -> list[int]:
    """Change the last of ``tokens`` tokens in every head; return which rows of the merged result move (1 is the first)."""
    x = drawn(heads, tokens, d_h)
    other = x.clone()
    other[:, -1] += 10

    def merge(t: torch.Tensor) -> torch.Tensor:
        return t.reshape(tokens, -1) if faulty else t.transpose(0, 1).reshape(tokens, -1)

    moved = (merge(x) - merge(other)).abs().amax(-1) > 1
    return [i + 1 for i in moved.nonzero().flatten().tolist()]


def weights_of(scores: torch.Tensor, faulty: bool) -> torch.Tensor:
    """Causal attention weights. scores: (m, m)."""
    later = torch.ones_like(scores, dtype=torch.bool).triu(1)
    if faulty:
        return torch.softmax(scores, -1).masked_fill(later, 0.0)
    return torch.softmax(scores.masked_fill(later, -math.inf), -1)


# numbers --------------------------------------------------------------------------------------


def one_pass_variance(offset: float, tokens: int = 256, d: int = 64) -> torch.Tensor:
    """mean(x²) − mean(x)² in float32 of tokens with variance about 1 around an offset. Shape (tokens,)."""
    x = (drawn(tokens, d) + offset).float()
    return (x * x).mean(-1) - x.mean(-1) ** 2


def error_in(dtype: torch.dtype, offset: float, d: int = 64) -> float:
    """Largest error of a norm that computes in ``dtype`` throughout, on tokens that are given in bfloat16."""
    x = (2 * drawn(64, d) + offset).to(torch.bfloat16)
    given = x.to(dtype)
    centred = given - given.mean(-1, keepdim=True)
    found = centred * torch.rsqrt(centred.square().mean(-1, keepdim=True) + 1e-5)
    return (found.double() - unit(x.double())).abs().max().item()


def fused_error(d: int, mean: float) -> float:
    """Largest error of a norm whose row is padded with zeros to a power of two, the padding's deviations left in."""
    x = drawn(16, d) + mean
    block = 1 << (d - 1).bit_length()
    lanes = F.pad(x, (0, block - d))
    centred = lanes - lanes.sum(-1, keepdim=True) / d
    found = centred * torch.rsqrt(centred.pow(2).sum(-1, keepdim=True) / d + 1e-5)
    return (found[..., :d] - unit(x)).abs().max().item()


# state ----------------------------------------------------------------------------------------


def evaluation_rms(batches: int) -> float:
    """RMS of a norm in evaluation that uses statistics remembered from ``batches`` training batches (RMS 1 is right)."""
    mean, variance = 0.0, 1.0
    for step in range(batches):
        x = 3 * drawn(16, 32, seed=step) + 2
        mean += 0.1 * (x.mean(-1).mean().item() - mean)
        variance += 0.1 * (x.var(-1, correction=0).mean().item() - variance)
    x = 3 * drawn(16, 32, seed=10_000) + 2
    return rms((x - mean) / math.sqrt(variance + 1e-5))


def gain_under_decay(steps: int, decay: float, every: int) -> list[float]:
    """γ of a norm whose loss does not depend on γ's size, trained by AdamW with this weight decay; every so many steps."""
    gain = nn.Parameter(torch.ones(16, dtype=torch.float64))
    optimiser = torch.optim.AdamW([gain], lr=0.01, weight_decay=decay)
    x = unit(drawn(128, 16))
    history = []
    for step in range(steps + 1):
        if step % every == 0:
            history.append(gain.mean().item())
        optimiser.zero_grad()
        (1 - F.cosine_similarity(x * gain, x, dim=-1)).mean().backward()
        optimiser.step()
    return history
