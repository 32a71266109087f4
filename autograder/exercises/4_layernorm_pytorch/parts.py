"""What several exercises of this topic share."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from autograder.exercises.misconceptions import in_section
from autograder.student import Kind, Reply

EPS = 1e-5

TOKENS = np.array([[-3.0, 3.0, 5.0, 11.0], [0.0, 0.0, 4.0, 4.0]])
GAMMA = np.array([2.0, 1.0, 0.5, 1.5])

BOTH_WAYS = in_section(
    "autograd-function",
    {
        "multiplied": "Something is multiplied by the root of variance + ε that is to be divided by it, or divided by "
        "rstd. Divide by the root, or multiply by its reciprocal, rstd.",
        "sum-for-mean": "A sum over the features stands where a mean belongs: divide by d, the true number of features.",
        "missing-parentheses": "Python multiplies and divides before it subtracts, so rstd reached only what stands next "
        "to it, not the whole difference. Put the subtraction in parentheses.",
        "sign-reversed": "A sign is reversed, of x̂ or of a gradient: it is x − mean, not mean − x, and dx is g less its "
        "two corrections.",
    },
)


class Pass(NamedTuple):
    """What the formulas are written in; ``s`` is what x̂ was divided by."""

    x: np.ndarray
    weight: np.ndarray
    bias: np.ndarray
    dy: np.ndarray
    g: np.ndarray
    xhat: np.ndarray
    s: np.ndarray
    eps: float = 0.0


def parameters(rng, d: int) -> tuple[np.ndarray, np.ndarray]:
    """Weight of mixed signs with 0.5 ≤ |weight| ≤ 2, and bias."""
    weight = rng.uniform(0.5, 2.0, size=d) * rng.choice([-1, 1], size=d)
    return weight, rng.uniform(0.5, 1.5, size=d) * rng.choice([-1, 1], size=d)


ROUGH = {"atol": 0.06, "rtol": 0.03}  # bfloat16
FAIR = {"atol": 0.01, "rtol": 0.01}  # float16


def listed(value: dict, name: str) -> list:
    """Return a list of a reply, whatever the student side has put in its place."""
    found = value.get(name)
    return list(found) if isinstance(found, (list, tuple)) else []


def unmet(problem: str, sign: str) -> Reply:
    return Reply(problem=problem, brief=problem, error_type=Kind.UNMET, sign=sign)


SUM = dict(axis=-1, keepdims=True)


def by_count(count: Callable) -> Callable:
    """Means over the features that are sums divided by another number."""
    return lambda x: x.sum(**SUM) / count(x)


def counted_tokens(x):
    return x.shape[0]
