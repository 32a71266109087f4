"""From what a call returned to outputs that can be compared, or to words that say what is wrong."""

import re
from dataclasses import replace

import numpy as np

from autograder import tensors
from autograder.exercise import Output
from autograder.student import Kind, Reply
from autograder.student_side import wire


def name_of(value: object) -> str:
    """Return how a message calls a returned value."""
    if value is None:
        return "None"
    if isinstance(value, wire.Other):
        return f"{'an' if value.type[:1].lower() in {*'aeiou'} else 'a'} {value.type}"
    if isinstance(value, wire.Handle):
        return "an object"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if isinstance(value, wire.Tensor):
        return f"a tensor of shape {value.raw.shape}"
    if isinstance(value, (tuple, list)):
        return f"a {type(value).__name__} of {len(value)}"
    return "an int" if type(value) is int else f"a {type(value).__name__}"


def as_tuple(reply: Reply, expected: str, length: int) -> Reply:
    """Check that a function returned a tuple of ``length``; ``expected`` names it for the message."""
    value = reply.value
    if reply.problem or (isinstance(value, tuple) and len(value) == length):
        return reply
    brief = f"returned {'None' if value is None else 'something else'}; expected {expected}"
    return Reply(problem=f"returned {name_of(value)}; expected {expected}", brief=brief, error_type=Kind.of(value))


# What is said of a run that gave a tuple where one tensor is asked for.
_SEVERAL = "it returned a tuple; expected one tensor"
SEVERAL = Reply(problem=_SEVERAL, brief=_SEVERAL, error_type=Kind.OTHER, sign="returns-tuple")


def gave_tuple(value: dict) -> bool:
    """Whether a run returned a tuple, be it of one thing, ``return y,``, or of nothing."""
    outputs = value.get("outputs")
    return isinstance(outputs, tuple) and (len(outputs) != 1 or value.get("in_tuple") is True)


def with_sign(reply: Reply, signs: tuple[tuple[str, str], ...]) -> Reply:
    """Add the misconception that a problem is the sign of; the first pattern that is found in its words decides."""
    for pattern, name in signs:
        if reply.problem and re.search(pattern, reply.problem):
            return replace(reply, sign=name)
    return reply


def single(reply: Reply) -> Reply:
    """Wrap the value of a function with one output into a tuple."""
    return reply if reply.problem else replace(reply, value=(reply.value,))


def read(reply: Reply, outputs: tuple[Output, ...], count: int) -> Reply:
    """Return the reply with the outputs as a tuple of arrays of numbers, or say which one is not what it should be.

    count: how many there must be; a run may lack the last ones. What is not there would be compared with nothing, and pass.
    """
    if reply.problem:
        return reply
    values = []
    for output, value in zip(outputs, reply.value):
        array = _READERS[output.kind](value)
        if array is None:
            wanted = _WANTED[output.kind]
            what = "None" if value is None else "something else"
            problem = f"{output.name} is {name_of(value)}; expected {wanted}"
            return Reply(problem=problem, brief=f"{output.name} is {what}; expected {wanted}", error_type=Kind.of(value))
        values.append(array)
    if len(values) != count:
        said = f"{len(values) or 'no'} results came back; expected {count}"
        return Reply(problem=said, brief=said, error_type=Kind.OTHER)
    return replace(reply, value=tuple(values))


def _array(value: object) -> np.ndarray | None:
    if isinstance(value, np.generic):  # NumPy turns a 0-d result into a scalar
        value = np.asarray(value)
    return value if isinstance(value, np.ndarray) and value.dtype.kind in "fiu" else None


def _tensor(value: object) -> np.ndarray | None:
    return tensors.array(value) if isinstance(value, wire.Tensor) and value.dtype in tensors.FLOATING else None


def _number(value: object) -> np.ndarray | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number, np.ndarray)):
        return None
    array = np.asarray(value)
    return array.astype("float64") if array.ndim == 0 and array.dtype.kind in "fiu" else None


def _axes(value: object) -> np.ndarray | None:
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        value = (value,)
    if not isinstance(value, (tuple, list)):
        return None
    if not all(isinstance(i, (int, np.integer)) and not isinstance(i, bool) for i in value):
        return None
    return np.array(sorted(int(i) for i in value), dtype="float64")


_READERS = {"array": _array, "tensor": _tensor, "number": _number, "axes": _axes, "verdict": _number}
_WANTED = {
    "array": "a NumPy array",
    "tensor": "a tensor of floating-point numbers",
    "number": "a number",
    "axes": "a tuple of integers",
    "verdict": "True or False",
}
