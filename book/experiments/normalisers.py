"""A small network without attention, for questions that a transformer would only make slower.

It guesses the next character of ``experiments.characters`` from the twelve before it (Bengio et al. 2003): embeddings,
hidden layers "linear, normalise, ReLU", logits. What stands for "normalise" is the experiment.
"""

import torch
from torch import nn
from torch.nn import functional

from experiments.characters import corpus, windows

WINDOW, EMBEDDING, HIDDEN = 12, 16, 128


class DetachedLayerNorm(nn.LayerNorm):
    """LayerNorm forward; in the backward, mean and standard deviation are taken for constants (Xu et al. 2019, 3.2)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        mean = x.mean(-1, keepdim=True).detach()
        rstd = (x.var(-1, unbiased=False, keepdim=True) + self.eps).rsqrt().detach()
        return self.weight * (x - mean) * rstd + self.bias


class NoisyBatchNorm(nn.BatchNorm1d):
    """BatchNorm whose output is then shifted and scaled at random, anew at each step and for each feature.

    The noise has a mean and a spread that change from step to step, so the distribution that the next layer sees is
    less stable than without any normalisation (Santurkar et al. 2018, section 2.1 and figure 2).
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = super().forward(x)
        shift = torch.empty(y.shape[-1]).uniform_(-0.5, 0.5)
        scale = torch.empty(y.shape[-1]).uniform_(0.75, 1.25)
        return y * scale + shift


NORMALISERS = {
    "none": lambda size: nn.Identity(),
    "layer": nn.LayerNorm,
    "layer, constants": DetachedLayerNorm,
    "batch": nn.BatchNorm1d,
    "batch + noise": NoisyBatchNorm,
}


def network(normaliser: str, layers: int, alphabet: int, gain: float = 1.0) -> nn.Sequential:
    """(B, 12) characters to (B, alphabet) logits; hidden weights start at ``gain`` times those of He et al. (2015)."""
    sizes = [WINDOW * EMBEDDING] + [HIDDEN] * layers
    modules: list[nn.Module] = [nn.Embedding(alphabet, EMBEDDING), nn.Flatten()]
    for inputs, outputs in zip(sizes, sizes[1:]):
        linear = nn.Linear(inputs, outputs)
        nn.init.kaiming_normal_(linear.weight)
        linear.weight.data *= gain
        nn.init.zeros_(linear.bias)
        modules += [linear, NORMALISERS[normaliser](outputs), nn.ReLU()]
    return nn.Sequential(*modules, nn.Linear(HIDDEN, alphabet))


def train(
    normaliser: str, *, layers: int, rate: float, batch: int, examples: int, seed: int, gain: float = 1.0
) -> dict:
    """Train by Adam for one pass over ``examples`` random windows, each batch scored before it is learnt from.

    Returns ``final``: mean loss of the last tenth of the examples, in nats; ``evaluation``: the trained network's
    loss in eval mode on 4,000 windows drawn anew; ``drift``: how much the mean input of the last hidden layer's ReLU
    changes from one step to the next, RMS over features and steps, in units of that input's standard deviation.
    """
    text, alphabet = corpus()
    torch.manual_seed(seed)
    model = network(normaliser, layers, len(alphabet), gain)
    draw = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.Adam(model.parameters(), lr=rate)
    means, spreads = [], []

    def watch(module: nn.Module, inputs: tuple[torch.Tensor]) -> None:
        means.append(inputs[0].detach().mean(0))
        spreads.append(inputs[0].detach().std())

    watching = model[-2].register_forward_pre_hook(watch)
    losses = []
    for _ in range(examples // batch):
        loss = score(model, *windows(text, batch, WINDOW, draw))
        losses.append(loss.detach())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    steps = torch.stack(means)
    drift = (steps[1:] - steps[:-1]).square().mean().sqrt() / torch.stack(spreads).mean()
    watching.remove()
    model.eval()
    with torch.no_grad():
        evaluation = score(model, *windows(text, 4000, WINDOW, torch.Generator().manual_seed(seed + 1000)))
    last = torch.stack(losses[-max(1, len(losses) // 10) :]).mean()
    return {"final": round(float(last), 3), "evaluation": round(float(evaluation), 3), "drift": round(float(drift), 3)}


def score(model: nn.Module, inputs: torch.Tensor, following: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of the character after each window, mean over the batch."""
    return functional.cross_entropy(model(inputs), following[:, -1])
