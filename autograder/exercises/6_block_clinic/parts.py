"""What several exercises of this topic share."""

from collections.abc import Callable
from dataclasses import replace

from autograder.exercise import Case, Check, Exercise, Misconception
from autograder.exercises.block_parts import OUTPUTS, judged_by, suspects
from autograder.exercises.misconceptions import common, in_section, named
from autograder.exercises.second_call import once_only

GRAPH_CUT = (
    "The values are right, the gradient is not: `.detach()`, `.data`, `torch.no_grad()` or a way through NumPy cuts the graph. The "
    "statistics of a norm, too, belong to what is differentiated."
)
SAVED_IN_PLACE = "An operation in place (`+=`, `[…] = `) overwrites numbers that the gradient still needs. Make a new tensor."


def incident(
    name: str,
    section: str,
    invoke: Callable,
    forward: Callable,
    mended: tuple[str, Callable],
    intact: tuple[str, Callable],
    imitations: list[tuple[str, Callable]],
    misconceptions: dict[str, Misconception],
    telltale: str | None = None,
) -> Exercise:
    """Return the exercise of an incident. mended, intact: (title, cases); 2 points and 1."""

    def repaired_and_intact(rng) -> list[Case]:
        kept, tried = intact[1](rng), mended[1](rng)
        return [replace(case, control=True) for case in kept] + [case for case in tried[:-1] if case.control] + tried[-1:]

    checks = (
        Check("mended", mended[0], 2, section, mended[1], telltale),
        Check("intact", intact[0], 1, section, repaired_and_intact, telltale),
    )
    known = common(section) | wrong(section, graph_cut=GRAPH_CUT, saved_in_place=SAVED_IN_PLACE) | named(once_only(section)) | misconceptions
    return Exercise(name, (name,), OUTPUTS, invoke, judged_by(forward), checks, suspects(imitations), known, section)


def wrong(section: str, **hints: str) -> dict[str, Misconception]:
    return in_section(section, {name.replace("_", "-"): hint for name, hint in hints.items()})
