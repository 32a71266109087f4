"""Small transformers trained for real on the characters of ``experiments.characters``, on one core.

Adam as in Vaswani et al. (2017), section 5.3 (β = 0.9 and 0.98, ε = 1e-9), learning rate constant after a linear
warm-up, no weight decay, no dropout and no clipping of gradients: nothing that would hide what a placement does.
"""

import math

import torch
from torch.nn import functional

from experiments.block import Shape, Transformer
from experiments.characters import corpus, windows

BATCH, CONTEXT = 8, 48


def train(shape: Shape, rate: float, *, warm_up: int, steps: int, seed: int, every: int) -> tuple[list[float], float]:
    """Train one transformer and return (curve, final loss), both in nats a character.

    The curve holds the mean loss of each ``every`` steps, the final loss is the mean of the last 50 steps. Where the
    loss is no longer finite both are NaN from there on.
    """
    torch.manual_seed(seed)
    model = Transformer(shape, len(corpus()[1]), CONTEXT)
    losses = losses_of(model, rate, warm_up=warm_up, steps=steps, seed=seed)
    found = torch.tensor(losses + [math.nan] * (steps - len(losses)))
    curve = found.unflatten(0, (-1, every)).mean(-1)
    return [round(float(value), 3) for value in curve], round(float(found[-50:].mean()), 3)


def losses_of(model: Transformer, rate: float, *, warm_up: int, steps: int, seed: int) -> list[float]:
    """Train a model and return its loss at each step, in nats a character; a loss that is not finite is the last.

    Every batch is scored before the model learns from it, and a run sees less than the whole text once. Runs with the
    same seed see the same batches.
    """
    text, _ = corpus()
    draw = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.Adam(model.parameters(), lr=rate, betas=(0.9, 0.98), eps=1e-9)
    losses: list[float] = []
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = rate * min(1.0, (step + 1) / warm_up) if warm_up else rate
        inputs, targets = windows(text, BATCH, CONTEXT, draw)
        loss = functional.cross_entropy(model(inputs).flatten(0, 1), targets.flatten())
        losses.append(float(loss.detach()))
        if not math.isfinite(losses[-1]):
            break
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return losses
