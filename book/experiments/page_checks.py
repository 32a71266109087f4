"""Checks of the small exercises in the chapters: the same in JupyterLab and in the page, where Pyodide runs them.

A check is a function with the decorator `run_check`. It calls the reader's function on small inputs and compares; the
first thing that is wrong ends it with a hint. What it returns is said on success. Needs NumPy only.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

LABELS = {"passed": "Passed.", "hint": "Not yet.", "unwritten": "Not written yet."}


@dataclass(frozen=True)
class Verdict:
    """What a check found; ``kind`` is a key of LABELS."""

    kind: str
    text: str


class Stop(Exception):
    """Ends a check early."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.verdict = Verdict(kind, text)


class Check:
    """What a check can ask."""

    def call(self, function: Callable, *arguments):
        """Return what the reader's function returns; stop if that is None, or if it raises or changes its arguments."""
        given = [argument.copy() if isinstance(argument, np.ndarray) else argument for argument in arguments]
        try:
            answer = function(*given)
        except Exception as error:
            what = f"{type(error).__name__}: {error}{_place(error)}"
            raise Stop("hint", f"{function.__name__} stopped with {what}") from error
        if answer is None:
            raise Stop("unwritten", f"{function.__name__} returns nothing so far.")
        for before, after in zip(arguments, given):
            if isinstance(before, np.ndarray) and not np.array_equal(before, after, equal_nan=True):
                raise Stop("hint", f"{function.__name__} changed the array that it was given. Make a new one.")
        return answer

    def compare(self, answer, right, mistakes: dict | None = None) -> None:
        """Stop unless the answer is right; {hint: value} tells which mistake gives which value."""
        if same(answer, right):
            return
        for text, wrong in (mistakes or {}).items():
            if same(answer, wrong):
                raise Stop("hint", text)
        right, found = np.asarray(right), np.asarray(answer)
        if found.shape != right.shape:
            raise Stop("hint", f"Expected the shape {right.shape}, found {found.shape}.")
        raise Stop("hint", f"Expected {show(right)}, found {show(found)}.")

    def stop_if(self, wrong: bool, text: str) -> None:
        if wrong:
            raise Stop("hint", text)

    def unwritten_if(self, untouched: bool, text: str) -> None:
        if untouched:
            raise Stop("unwritten", text)


def same(one, two) -> bool:
    """Whether two answers have the same shape and, up to rounding, the same numbers."""
    try:
        one, two = np.asarray(one, dtype=float), np.asarray(two, dtype=float)
    except (TypeError, ValueError):
        return False
    return one.shape == two.shape and np.allclose(one, two, rtol=1e-6, atol=1e-9, equal_nan=True)


def show(value: np.ndarray) -> str:
    return np.array2string(value, precision=4, separator=", ", suppress_small=True).replace("\n", "")


def _place(error: Exception) -> str:
    """The line of the reader's own code that an error came from, as far as it is known."""
    step, line = error.__traceback__, None
    while step is not None:
        if step.tb_frame.f_code.co_filename == "your code":
            line = step.tb_lineno
        step = step.tb_next
    return "" if line is None else f" (line {line} of your code)"


def judge(check: Callable[[Check], str]) -> Verdict:
    """Run a check; no error of the reader's code gets out of it."""
    try:
        return Verdict("passed", check(Check()))
    except Stop as stop:
        return stop.verdict
    except NameError as error:
        return Verdict("hint", f"Something is missing: {error}. Has it been renamed?")
    except Exception as error:
        return Verdict("hint", f"What your function returned can't be checked ({type(error).__name__}: {error}).")


def report(verdict: Verdict) -> None:
    """Say it; the page puts a function of its own in this one's place."""
    print(LABELS[verdict.kind], verdict.text)


def run_check(check: Callable[[Check], str]) -> Callable[[Check], str]:
    """Decorator: run the check at once and report what it found."""
    report(judge(check))
    return check
