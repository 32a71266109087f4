"""Suspects that have the right parts of a computation but for one, or for two: each mistake alone, and two at once."""

from collections.abc import Callable, Iterable
from itertools import combinations

from autograder.exercise import Suspect

Build = Callable[..., Callable[..., tuple]]  # from parts by name to an imitation; a part that is not given is right
WrongParts = Iterable[tuple[str, dict[str, Callable]]]  # (misconception, what stands in place of the right parts)


def alone(build: Build, wrong: WrongParts, **more) -> tuple[Suspect, ...]:
    """Return a suspect for each. more: what else the suspects have."""
    return tuple(Suspect(name, build(**parts), **more) for name, parts in wrong)


def together(build: Build, wrong: WrongParts, **more) -> tuple[Suspect, ...]:
    """Return a suspect for every two that leave each other's parts alone.

    So much can be explained by two mistakes that they have to explain the cases that passed, too. The same mistake in two
    places is one.
    """
    return tuple(
        Suspect(name, build(**parts, **others), throughout=True, second=None if other == name else other, **more)
        for (name, parts), (other, others) in combinations(wrong, 2)
        if not parts.keys() & others.keys()
    )
