"""What the three models share: where a norm stands, and attention."""

from torch import Tensor


def sublayer(x: Tensor, norm, f, placement: str) -> Tensor:
    """Return one residual sub-layer f (attention or feed-forward) of the stream x (..., d), with its norm placed so.

    "pre": x + f(N(x)) (Xiong et al. 2020). "post": N(x + f(x)) (Vaswani et al. 2017). "res-post": x + N(f(x)).
    "normalised stream": N(x) + f(N(x)), a mistake. Raises KeyError for any other.
    """
    return {
        "pre": lambda: x + f(norm(x)),
        "post": lambda: norm(x + f(x)),
        "res-post": lambda: x + norm(f(x)),
        "normalised stream": lambda: (lambda n: n + f(n))(norm(x)),
    }[placement]()


def split_heads(x: Tensor, size: int) -> Tensor:
    """Return (B, T, h · size) as (B, h, T, size)."""
    return x.unflatten(-1, (-1, size)).transpose(1, 2)


def attend(q: Tensor, k: Tensor, v: Tensor, hidden: Tensor) -> Tensor:
    """Return softmax(q kᵀ/√size) v as (B, T, h · size); q, k, v: (B, h, T, size); hidden: True where none may look."""
    scores = (q @ k.mT) / q.shape[-1] ** 0.5
    weights = scores.masked_fill(hidden, float("-inf")).softmax(-1)
    return (weights @ v).transpose(1, 2).flatten(-2)
