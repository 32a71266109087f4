"""Finds the hidden topics: one topic, one package, with the stem that it has everywhere, and a module an exercise.

What topics share stands in the modules beside them.
"""

import importlib
from functools import cache
from pathlib import Path

from autograder.exercise import Exercise, Quiz, Topic


@cache
def topic(stem: str) -> Topic:
    """Return the topic of an assignment. Raises KeyError, naming the known ones."""
    if stem not in stems():
        raise KeyError(f"no assignment called {stem!r}; there are {', '.join(stems())}")
    return importlib.import_module(f"autograder.exercises.{stem}").TOPIC


@cache
def stems() -> tuple[str, ...]:
    """Return the stems of all topics, in order."""
    return tuple(sorted(path.parent.name for path in Path(__file__).parent.glob("[0-9]*_*/__init__.py")))


def find(name: str) -> tuple[Topic, Exercise | Quiz]:
    """Return the exercise (or quiz) called ``name`` and its topic. Raises KeyError, naming the known ones."""
    known = {item.name: (topic(stem), item) for stem in stems() for item in topic(stem).items}
    if name not in known:
        raise KeyError(f"no exercise called {name!r}; there are {', '.join(known)}")
    return known[name]
