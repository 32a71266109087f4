"""Of a module's second call: what the first one used up or kept must not change what it gives."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from autograder import tensors
from autograder.exercise import Case, Misconception
from autograder.student import Kind, Reply, Student
from autograder.student_side import wire

SAID = "its second call gives another result than its first would"


def once_only(section: str) -> Misconception:
    hint = (
        "A call uses something up, as `iter`, `zip`, `map` or `pop` do, or keeps something for the next one. A model calls its "
        "modules again and again: what `forward` needs is made from x, or stays as `__init__` left it."
    )
    return Misconception("once-only", hint, section)


@dataclass(frozen=True)
class SecondCall(Case):
    """A case that is tried in a fresh module and in one that was called with another x before."""


def second_call(case: Case) -> SecondCall:
    """Return the case as one of a second call."""
    return case.of_kind(SecondCall, words=f"{case.words}, after another x of that shape")


def run(student: Student, twice: bool, target: str, x: wire.Tensor, **asked: Any) -> Reply:
    """Run a module on x; where ``twice``, also one that was called before. The reply tells if the two differ."""
    reply = student.torch(target, [x], **asked)
    if not twice or reply.problem:
        return reply
    other = tensors.tensor(2 * x.raw + 1, x.dtype, False)
    again = student.torch(target, [x], earlier=[other], **asked)
    if again.problem or not _alike(reply.value["outputs"], again.value["outputs"]):
        return Reply(problem=SAID, brief=SAID, error_type=Kind.OTHER, sign="once-only")
    return replace(again, changed=reply.changed)


def _alike(first: tuple, second: tuple) -> bool:
    pairs = list(zip(first, second))
    if len(first) != len(second) or not all(isinstance(t, wire.Tensor) for pair in pairs for t in pair):
        return len(first) == len(second)
    arrays = [(tensors.array(a), tensors.array(b)) for a, b in pairs]
    return all(a.shape == b.shape and np.allclose(a, b, rtol=1e-6, atol=1e-9, equal_nan=True) for a, b in arrays)
