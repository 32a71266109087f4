"""The words that the hidden modules are written in: exercise, check, case, misconception, verdict."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from autograder import tensors
from autograder.student import Reply, Rules, Student
from autograder.student_side import wire


@dataclass(frozen=True)
class Misconception:
    """A known wrong way.

    name: its short name, the same in every exercise.
    hint: what a student reads who has it.
    section: label of the section of the book that explains it.
    """

    name: str
    hint: str
    section: str


@dataclass(frozen=True)
class Suspect:
    """What a misconception would return: ``imitation`` has the reference's signature.

    It may raise where the misconception would. With ``raw`` it gets the arrays in their own dtype,
    else in float64. It must agree with the student's output on every failed case, and with
    ``throughout`` on those that passed, too. ``second``: a misconception that acts together with the first.
    """

    misconception: str
    imitation: Callable[..., tuple]
    raw: bool = False
    throughout: bool = False
    second: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The one misconception, or the two."""
        return (self.misconception,) if self.second is None else (self.misconception, self.second)


@dataclass(frozen=True)
class Case:
    """One input.

    args, kwargs: what the student's function receives (see ``wire`` for streams, strided arrays and tensors).
    words: how a message calls it; of a hidden case it says no more than shape and kind.
    atol, rtol: |found − expected| ≤ atol + rtol·|expected| passes.
    control: a plain case; when the controls of a check pass and another case fails, the check's
        ``telltale`` is what the student got wrong.
    public: its figures may be shown to the student.
    quiet: a warning during the call is a failure.
    any_dtype, may_change: another dtype of the result, or a changed input, is no failure here; a check
        of its own judges it.
    may_grow: bytes by which the call may raise the process's peak memory; None for any number.
    judged: positions of the outputs that count here; all of them when empty.
    """

    args: tuple
    words: str
    kwargs: dict[str, Any] = field(default_factory=dict)
    atol: float = 1e-9
    rtol: float = 1e-9
    control: bool = False
    public: bool = False
    quiet: bool = False
    any_dtype: bool = False
    may_change: bool = False
    may_grow: int | None = None
    judged: tuple[int, ...] = ()

    @property
    def rests_on_claims(self) -> bool:
        """Whether it can be passed only by what the student's process says of itself: changes, warnings, memory."""
        return not self.may_change or self.quiet or self.may_grow is not None

    def exact_args(self, raw: bool = False) -> list:
        """Return the arguments as a reference gets them: plain arrays, in float64 unless ``raw``."""
        return [_exact(arg, raw) for arg in self.args]

    @property
    def dtype(self) -> np.dtype:
        """The dtype of the first array argument; float64 for integers."""
        for arg in self.args:
            values = _values(arg)
            if isinstance(values, np.ndarray):
                return values.dtype if tensors.is_floating(values.dtype) else np.dtype("float64")
        return np.dtype("float64")

    def of_kind(self, kind: type["Case"], **changed: Any) -> "Case":
        """Return it as a case of a kind of its own, which tells the call how it is made; with some fields changed."""
        return kind(**{field.name: getattr(self, field.name) for field in fields(Case)} | changed)


def _values(arg: Any) -> Any:
    if isinstance(arg, wire.Tensor):
        return tensors.array(arg)
    return arg.values if isinstance(arg, (wire.Stream, wire.Strided)) else arg


def _exact(arg: Any, raw: bool) -> Any:
    values = _values(arg)
    if isinstance(values, np.ndarray):
        return values.copy() if raw else values.astype("float64")
    return values


@dataclass(frozen=True)
class Check:
    """One judged property.

    cases: draws the check's cases; public ones first. Every check has a hidden case with general
        values, so that a constant or a remembered answer earns nothing.
    telltale: the misconception that is shown when only the cases that are no controls fail.
    """

    name: str
    title: str
    points: float
    section: str
    cases: Callable[[np.random.Generator], list[Case]]
    telltale: str | None = None


@dataclass(frozen=True)
class Output:
    """One thing that the function returns.

    ``kind`` is array, tensor, number, axes (a tuple of integers) or verdict (1 for True, 0 for False).
    """

    name: str
    kind: str = "array"

    @property
    def has_shape(self) -> bool:
        return self.kind in ("array", "tensor")


@dataclass(frozen=True)
class Exercise:
    """One function that a student writes, and all that judges it.

    invoke: runs a case on the student side and replies with the tuple of raw outputs, or a problem.
    reference: the right answer in float64, as a tuple in the order of ``outputs``.
    forbidden_names: functions that would do the exercise (names and attributes in the source).
    """

    name: str
    functions: tuple[str, ...]
    outputs: tuple[Output, ...]
    invoke: Callable[[Student, Case], Reply]
    reference: Callable[..., tuple]
    checks: tuple[Check, ...]
    suspects: tuple[Suspect, ...]
    misconceptions: dict[str, Misconception]
    section: str
    forbidden_names: frozenset[str] = frozenset()

    @property
    def max_points(self) -> float:
        return sum(check.points for check in self.checks)


@dataclass(frozen=True)
class Question:
    """One question of a quiz.

    answer: the letter of the right choice.
    why: for each choice, what to say to a student who took it.
    """

    name: str
    answer: str
    why: dict[str, str]
    section: str
    points: float = 1.0


@dataclass(frozen=True)
class Quiz:
    """A quiz; the student's answers are a dict in ``variable``, from question to letter."""

    name: str
    variable: str
    questions: tuple[Question, ...]

    @property
    def max_points(self) -> float:
        return sum(question.points for question in self.questions)


@dataclass(frozen=True)
class Topic:
    """All that is hidden of one assignment.

    rules: what a submission may use.
    prelude: what the notebook's set-up cell gives to the cells after it.
    """

    stem: str
    exercises: tuple[Exercise, ...]
    quiz: Quiz
    rules: Rules = Rules()
    prelude: str = "import numpy as np"

    @property
    def items(self) -> tuple[Exercise | Quiz, ...]:
        """All that is judged, in the notebook's order."""
        return (*self.exercises, self.quiz)


@dataclass(frozen=True)
class Verdict:
    """What a check found.

    hint: all that the student is told; message: its part about this check's own case.
    held: whether it would have passed, and counts nothing until a person has looked at the code.
    second, second_section: a misconception that acts together with the first, and what explains it.
    """

    exercise: str
    check: str
    title: str
    passed: bool
    points: float
    max_points: float
    misconception: str | None = None
    hint: str = ""
    section: str = ""
    message: str = ""
    held: bool = False
    second: str | None = None
    second_section: str = ""

    @property
    def causes(self) -> dict[str, str]:
        """The misconceptions that were recognised, with the section that explains each."""
        found = {self.misconception: self.section, self.second: self.second_section}
        return {name: section for name, section in found.items() if name}

    def as_json(self) -> dict:
        keys = ("exercise", "check", "passed", "points", "max_points", "misconception", "second", "hint", "section")
        return {key: getattr(self, key) for key in keys}
