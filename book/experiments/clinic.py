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


def merged(results: torch.Tensor, faulty: bool) -> torch.Tensor:
    """What the heads found, side by side. results: (heads, m, d_h); returns (m, heads · d_h)."""
    tokens = results.shape[1]
    return results.reshape(tokens, -1) if faulty else results.transpose(0, 1).reshape(tokens, -1)


def rows_that_move(heads: int, faulty: bool, tokens: int = 8, d_h: int = 4) -> list[int]:
    """Change the last of ``tokens`` tokens in every head; return which rows of the merged result move (1 is the first)."""
    x = drawn(heads, tokens, d_h)
    other = x.clone()
    other[:, -1] += 10
    moved = (merged(x, faulty) - merged(other, faulty)).abs().amax(-1) > 1
    return [i + 1 for i in moved.nonzero().flatten().tolist()]


def weights_of(scores: torch.Tensor, faulty: bool) -> torch.Tensor:
    """Causal attention weights. scores: (…, m, m)."""
    later = torch.ones_like(scores, dtype=torch.bool).triu(1)
    if faulty:
        return torch.softmax(scores, -1).masked_fill(later, 0.0)
    return torch.softmax(scores.masked_fill(later, -math.inf), -1)


# numbers --------------------------------------------------------------------------------------


def one_pass(x: torch.Tensor) -> torch.Tensor:
    """mean(x²) − mean(x)² over the last axis."""
    return (x * x).mean(-1) - x.mean(-1) ** 2


def one_pass_variance(offset: float, tokens: int = 256, d: int = 64) -> torch.Tensor:
    """One-pass variances in float32 of tokens with variance about 1 around an offset. Shape (tokens,)."""
    return one_pass((drawn(tokens, d) + offset).float())


def one_pass_unit(x: torch.Tensor) -> torch.Tensor:
    """``unit`` in float32 with the one-pass variance: NaN where that is negative."""
    given = x.float()
    return ((given - given.mean(-1, keepdim=True)) * torch.rsqrt(one_pass(given)[..., None] + 1e-5)).double()


def unit_in(dtype: torch.dtype, x: torch.Tensor) -> torch.Tensor:
    """``unit``, computed in ``dtype`` throughout."""
    return unit(x.to(dtype)).double()


def error_in(dtype: torch.dtype, offset: float, d: int = 64) -> float:
    """Largest error of a norm that computes in ``dtype`` throughout, on tokens that are given in bfloat16."""
    x = (2 * drawn(64, d) + offset).to(torch.bfloat16)
    return (unit_in(dtype, x) - unit(x.double())).abs().max().item()


def padded_unit(x: torch.Tensor) -> torch.Tensor:
    """``unit`` of rows that are padded with zeros to a power of two, the padding's deviations left in."""
    d = x.shape[-1]
    block = 1 << (d - 1).bit_length()
    lanes = F.pad(x, (0, block - d))
    centred = lanes - lanes.sum(-1, keepdim=True) / d
    return (centred * torch.rsqrt(centred.pow(2).sum(-1, keepdim=True) / d + 1e-5))[..., :d]


def fused_error(d: int, mean: float) -> float:
    """Largest error of a norm with padded rows, on tokens with this mean."""
    x = drawn(16, d) + mean
    return (padded_unit(x) - unit(x)).abs().max().item()


# state ----------------------------------------------------------------------------------------


class RememberingUnit:
    """``unit`` while training; in evaluation it uses running averages of the tokens' statistics."""

    def __init__(self) -> None:
        self.training, self.mean, self.variance = True, 0.0, 1.0

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training:
            return (x - self.mean) / math.sqrt(self.variance + 1e-5)
        self.mean += 0.1 * (x.mean(-1).mean().item() - self.mean)
        self.variance += 0.1 * (x.var(-1, correction=0).mean().item() - self.variance)
        return unit(x)


def evaluation_rms(batches: int) -> float:
    """RMS of a norm in evaluation that uses statistics remembered from ``batches`` training batches (RMS 1 is right)."""
    norm = RememberingUnit()
    for step in range(batches):
        norm(3 * drawn(16, 32, seed=step) + 2)
    norm.training = False
    return rms(norm(3 * drawn(16, 32, seed=10_000) + 2))


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
