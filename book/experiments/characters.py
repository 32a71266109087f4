"""A real text that comes with Python: the language reference as ``help()`` prints it, character by character.

``pydoc_data.topics`` holds about 460,000 characters of English prose and code. The text differs a little from one
version of Python to the next; results that use it say which version they come from.
"""

import functools

import torch
from pydoc_data.topics import topics


@functools.cache
def corpus() -> tuple[torch.Tensor, str]:
    """Return (text, alphabet); the text is int64 indices into the alphabet, shape (n,)."""
    text = "\n".join(topics[name] for name in sorted(topics))
    alphabet = "".join(sorted(set(text)))
    index = {character: i for i, character in enumerate(alphabet)}
    return torch.tensor([index[character] for character in text]), alphabet


def windows(
    text: torch.Tensor, count: int, length: int, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw ``count`` random windows: (inputs, next characters), both (count, length)."""
    starts = torch.randint(len(text) - length, (count, 1), generator=generator)
    places = starts + torch.arange(length)
    return text[places], text[places + 1]


def unigram_loss() -> float:
    """Cross-entropy in nats of a model that knows how often each character occurs, and nothing else."""
    text, _ = corpus()
    shares = torch.bincount(text) / len(text)
    return float(-(shares * shares.log()).sum())
