"""Misconceptions that can appear in any exercise; a topic adds its own."""

from autograder.exercise import Misconception


def common(section: str) -> dict[str, Misconception]:
    """Return the misconceptions about what a function returns and touches, by name.

    section: label of the section of the topic's chapter that says what the functions promise.
    """
    hints = {
        "returns-none": "The function ends without `return`, so Python returns None.",
        "returns-tuple": "What comes back is a tuple: several things, or one with a comma behind it, `return y,`. The contract asks for "
        "one tensor: return that alone.",
        "float64-result": "The result keeps the input's dtype: float32 in, float32 out. Somewhere a float64 array or "
        "scalar joins in and widens the result; convert back with `.astype(x.dtype)` at the end.",
        "fixed-dtype": "The result has a dtype of its own. It keeps the input's: float64 in, float64 out, and float32 in, "
        "float32 out. Compute in whichever is safe, and convert the result to the input's dtype at the end.",
        "input-mutated": "An operator such as `x -= …` or `x[...] = …` writes into the caller's array. Make a new array "
        "(`x = x - …`) or copy first.",
        "transposed": "The values are right but stand transposed: rows and columns are exchanged.",
        "extra-axis": "The values are right but the shape keeps an axis of length 1. Drop `keepdims=True` on the last "
        "step, or give `sum` all the axes at once.",
        "cached-answer": "The function hands back the answer to an earlier call. Compute from the arguments each time; "
        "keep nothing between calls.",
        "library-call": "The exercise is to write this operation yourself, so a library's own version earns nothing.",
    }
    return in_section(section, hints)


def random_acts(section: str) -> Misconception:
    """Return the misconception whose evidence is that a second call with the same input gives something else."""
    hint = (
        "The same input gave something else the second time. Something random acts, as dropout does (`F.dropout` acts always, unless it is "
        "told `training=self.training`), or a layer of your own begins with random weights, or something is kept from call to call."
    )
    return Misconception("random-acts", hint, section)


def half_not_root(section: str, halved: str = "the number", root: str = "np.sqrt", written: str = "`** 1/2`") -> Misconception:
    """Return the misconception that ``** 1/2`` takes a root.

    halved: what was halved. root: the function that would have taken the root. written: the powers that were written.
    """
    hint = (
        f"This is what {written} gives. Python takes the power before it divides, so {halved} was halved and no root was taken. "
        f"Write `** 0.5`, `** (1/2)` or `{root}`."
    )
    return Misconception("half-not-root", hint, section)


def in_section(section: str, hints: dict[str, str]) -> dict[str, Misconception]:
    """Return the misconceptions with these names and hints, which one section explains."""
    return {name: Misconception(name, hint, section) for name, hint in hints.items()}


def named(*items: Misconception) -> dict[str, Misconception]:
    """Return misconceptions by name."""
    return {item.name: item for item in items}
