"""Judges one exercise: runs the cases, compares, and recognises what went wrong by evidence."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np

from autograder import python_errors, reaching_inside, reading, source_code
from autograder.exercise import Case, Check, Exercise, Quiz, Suspect, Topic, Verdict
from autograder.student import Kind, Reply, Student

MAX_TOLD_SIZE, MAX_MORE_AXES = 4096, 2
MAX_ANEW_SECONDS = 10.0  # what takes longer is not begun once more for the sake of a hint
MORE_THAN_ROUNDING = 1e-6
MAX_TRIED_AGAIN = 3  # failed cases of a check, to see whether something random acts
SAYS_IT_ALL = {Kind.MISSING, Kind.STOPPED, "NotImplementedError"}  # replies after which other cases would say the same
MAX_SEARCHES = 3  # checks of an exercise in which two mistakes at once are looked for in vain
TELLING = {"value", "shape"}  # the faults by which an imitation can be recognised
BLINDING = {"setprofile", "settrace", "addaudithook"}  # functions that end the noting of functions; the call itself is noted


def judge(item: Exercise | Quiz, topic: Topic, student: Student, secret: bytes) -> list[Verdict]:
    """Return a verdict for every check of an exercise, or for every question of a quiz.

    student: holds the topic's prelude and then the submission's cells.
    """
    verdicts = _judge_quiz(item, student) if isinstance(item, Quiz) else _judge_exercise(item, topic, student, secret)
    return [replace(v, section=_place(v.section, topic), second_section=_place(v.second_section, topic)) for v in verdicts]


def _place(section: str, topic: Topic) -> str:
    """Return a section's label as a place in the book, "page.html#label", if it is not such already."""
    return f"{topic.stem}.html#{section}" if section and "#" not in section else section


def _judge_exercise(item: Exercise, topic: Topic, student: Student, secret: bytes) -> list[Verdict]:
    library = source_code.library_used(item, topic, student.cells)
    if library:
        return _library_verdicts(item, library)
    ends = student.stopwatch.seconds + student.limits.exercise_seconds
    student.look_out_for(item.forbidden_names and item.forbidden_names | BLINDING)
    judged: list[tuple[Verdict, Trial | None]] = []
    past = Past()
    for check in item.checks:
        if student.stopwatch.seconds > ends:
            hint = f"Not tried: the {student.limits.exercise_seconds:g} seconds for this exercise were used up."
            judged.append((_verdict(item, check, False, hint), None))
        else:
            judged.append(_judge_check(item, check, student, secret, past))
    # What the source hides (another name, getattr) shows when it runs.
    if student.used:
        return _library_verdicts(item, min(student.used))
    if not any(verdict.misconception for verdict, _ in judged):
        judged = [_suspected(item, verdict, trial) for verdict, trial in judged]
    verdicts = _pointing(_told(item, judged, student))
    doubts = reaching_inside.worth_reading(student.cells[1:])  # what comes first is the topic's own prelude
    if doubts:
        verdicts = [_held_back(v, item, check, doubts, secret) for v, check in zip(verdicts, item.checks)]
    return verdicts


def _held_back(verdict: Verdict, exercise: Exercise, check: Check, doubts: list[str], secret: bytes) -> Verdict:
    """Hold back what passed only by what the student's process says of itself, when the code could make it lie.

    That no library did the work (where one could) is said by that process too.
    """
    cases = (case for case, _ in _prepared(exercise.name, check, exercise.reference, secret))
    if not verdict.passed or not (exercise.forbidden_names or any(case.rests_on_claims for case in cases)):
        return verdict
    hint = (
        f"Not counted yet. This is observed beside the code, and `{doubts[0]}` could deceive what observes: it reaches "
        "into Python itself, or hides what is called. A person will look at it; without such code it counts at once."
    )
    return replace(verdict, passed=False, points=0.0, hint=hint, held=True)


def draw(secret: bytes, *names: str) -> np.random.Generator:
    """Return the generator of hidden cases: the same for every student and at every regrade."""
    digest = hashlib.sha256(b"\0".join([secret, *(name.encode() for name in names)])).digest()
    return np.random.default_rng(int.from_bytes(digest, "big"))


def prepare(topic: Topic, secret: bytes) -> None:
    """Draw all cases of an assignment, and find what is expected, before the first submission asks for them."""
    for exercise in topic.exercises:
        for check in exercise.checks:
            _prepared(exercise.name, check, exercise.reference, secret)


# one check ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Trial:
    """A case, what the student's function gave, and what it should have given.

    could_tell: whether what it gave could spell out a hidden case, because the process had been sent one.
    """

    case: Case
    reply: Reply  # its value a tuple of arrays
    expected: tuple[np.ndarray, ...]
    fault: str | None  # None, or one of: problem, shape, dtype, value, changed, grown, warned
    message: str
    could_tell: bool


@dataclass
class Past:
    """The cases of an exercise's earlier checks with what was expected, and the suspects that explained failures in them.

    What came back is not kept: it may be as large as a submission likes.
    searches: in how many checks all suspects were tried that are two mistakes at once.
    """

    answers: list[tuple[Case, tuple[np.ndarray, ...]]] = field(default_factory=list)
    recognised: list[Suspect] = field(default_factory=list)
    searches: int = 0


def _judge_check(
    exercise: Exercise, check: Check, student: Student, secret: bytes, past: Past
) -> tuple[Verdict, Trial | None]:
    """Judge one check; return also the failed trial that is to be told, if there is one. Adds to ``past``."""
    trials = []
    for case, expected in _prepared(exercise.name, check, exercise.reference, secret):
        trials.append(_try(exercise, case, expected, student))
        if trials[-1].reply.error_type in SAYS_IT_ALL:
            break
    failed = [trial for trial in trials if trial.fault]
    names = _diagnose(exercise, check, trials, failed, past) if failed else ()
    if not names and "random-acts" in exercise.misconceptions and _varies(exercise, failed, student):
        names = ("random-acts",)
    past.answers += [(trial.case, trial.expected) for trial in trials]
    if not failed:
        return _verdict(exercise, check, True), None
    shown = next((trial for trial in failed if trial.case.public), failed[0])
    verdict = _verdict(exercise, check, False)
    if names:
        verdict = _with_misconceptions(verdict, exercise, names)
    return verdict, shown


def _with_misconceptions(verdict: Verdict, exercise: Exercise, names: tuple[str, ...], before: str = "") -> Verdict:
    """Explain a failure by one misconception or two. before: what the hint says first, ending in a space."""
    first, *others = [exercise.misconceptions[name] for name in names]
    verdict = replace(verdict, misconception=first.name, hint=before + first.hint, section=first.section)
    for second in others:
        hint = f"{before}There are two mistakes. One: {first.hint} The other: {second.hint}"
        verdict = replace(verdict, hint=hint, second=second.name, second_section=second.section)
    return verdict


def _varies(exercise: Exercise, failed: list[Trial], student: Student) -> bool:
    """Whether an input that gave a wrong value gives another one when it is tried again."""
    for trial in [trial for trial in failed if trial.fault == "value"][:MAX_TRIED_AGAIN]:
        again = _try(exercise, trial.case, trial.expected, student).reply.value
        found = _judged(trial.case, trial.reply.value, again or ())
        if any(not _equal(second, first.astype("float64"), trial.case) for first, second in found):
            return True
    return False


def _suspected(exercise: Exercise, verdict: Verdict, trial: Trial | None) -> tuple[Verdict, Trial | None]:
    """Explain a failure by what was suspected when the function was called; for exercises of which nothing was recognised."""
    name = trial.reply.suspicion() if trial and trial.reply.suspicion else None
    if name in exercise.misconceptions:
        verdict = _with_misconceptions(verdict, exercise, (name,))
    return verdict, trial


def _told(exercise: Exercise, judged: list[tuple[Verdict, Trial | None]], student: Student) -> list[Verdict]:
    """Return the verdicts with what is told of the trials that failed.

    Of a public case that is what a process says of it that was sent no hidden one: one is begun for all of them.
    """
    verdicts = []
    meanings: dict[tuple, python_errors.Meaning | None] = {}
    for verdict, trial in judged:
        if trial is None:
            verdicts.append(verdict)
            continue
        message = trial.message
        error = trial.reply.error if trial.case.public or trial.reply.error_type == Kind.MISSING else None
        if trial.case.public and trial.could_tell:
            message = _compare(exercise, replace(trial.case, public=False), trial.reply, trial.expected)[1]
            if trial.reply.error_type not in SAYS_IT_ALL:
                again = _once_more(exercise, trial, student)
                message, error = (again.message, again.reply.error) if again else (message, None)
        if error:
            key = _kind_and_place(error)
            meanings[key] = meanings.get(key) or python_errors.meaning_of(error["type"], error["message"])
        verdicts.append(replace(verdict, hint=f"{message} {verdict.hint}".rstrip(), message=message))
    return _with_meanings(exercise, verdicts, [trial for _, trial in judged], meanings)


def _once_more(exercise: Exercise, trial: Trial, student: Student) -> Trial | None:
    """Try a public case in a process that was sent no hidden one; None if that takes too long or fails in another way."""
    if student.start_seconds > MAX_ANEW_SECONDS:
        return None
    if student.knows_hidden:
        student.begin_anew()
    again = _try(exercise, trial.case, trial.expected, student)
    return again if again.fault == trial.fault else None


def _with_meanings(exercise: Exercise, verdicts: list[Verdict], trials: list[Trial | None], meanings: dict) -> list[Verdict]:
    """Add to the errors what they mean: also where a hidden case raised the same in the same line as a public one.

    Its cause is what was recognised of a check that failed by the same error. Where nothing was recognised in the
    whole exercise, the meaning itself counts as the misconception.
    """
    errors = [trial.reply.error if trial else None for trial in trials]
    recognised = any(verdict.causes for verdict in verdicts)
    causes = {_kind_and_place(e): tuple(v.causes) for v, e in zip(verdicts, errors) if e and v.causes}
    explained = []
    for verdict, error in zip(verdicts, errors):
        key = _kind_and_place(error) if error and not verdict.misconception else None
        if key in causes:
            verdict = _with_misconceptions(verdict, exercise, causes[key], f"{verdict.message} ")
        elif meanings.get(key):
            meaning = meanings[key]
            name = None if recognised else meaning.name
            verdict = replace(verdict, hint=f"{verdict.message} {meaning.hint}", misconception=name, section=meaning.section)
        explained.append(verdict)
    return explained


def _pointing(verdicts: list[Verdict]) -> list[Verdict]:
    """Let those that only say what was found point to the first one of the exercise that has a name."""
    named = next((verdict.title for verdict in verdicts if verdict.causes), None)
    if named is None:
        return verdicts
    pointer = f"Mend first what is named at “{named}”: it may be the reason here, too."
    return [replace(v, hint=f"{v.hint} {pointer}") if v.message and v.hint == v.message and not v.causes else v for v in verdicts]


def _kind_and_place(error: dict) -> tuple:
    return error["type"], error.get("cell"), error.get("line")


def _verdict(exercise: Exercise, check: Check, passed: bool, hint: str = "") -> Verdict:
    points = check.points if passed else 0.0
    return Verdict(exercise.name, check.name, check.title, passed, points, check.points, hint=hint, section=check.section)


@lru_cache(maxsize=128)
def _prepared(name: str, check: Check, reference: Callable, secret: bytes) -> list[tuple[Case, tuple[np.ndarray, ...]]]:
    """Return a check's cases with what is expected; kept, because they are the same for every submission."""
    prepared = []
    for case in check.cases(draw(secret, name, check.name)):
        with np.errstate(all="ignore"):
            expected = tuple(np.asarray(v, dtype="float64") for v in reference(*case.exact_args(), **case.kwargs))
        prepared.append((case, expected))
    return prepared


def _try(exercise: Exercise, case: Case, expected: tuple[np.ndarray, ...], student: Student) -> Trial:
    could_tell = student.knows_hidden
    reply = reading.read(exercise.invoke(student, case), exercise.outputs, len(expected))
    student.knows_hidden |= not case.public
    fault, message = _compare(exercise, case, reply, expected)
    return Trial(case, reply, expected, fault, message, could_tell)


def _compare(exercise: Exercise, case: Case, reply: Reply, expected: tuple[np.ndarray, ...]) -> tuple[str | None, str]:
    """Return the first fault of a reply and a sentence about it."""
    where = f"For {case.words}: "
    if reply.problem:
        # Words that the submission chose could spell out a hidden input.
        return "problem", f"{where}{reply.problem if case.public else reply.brief or reply.problem}."
    for output, found, right in _judged(case, exercise.outputs, reply.value, expected):
        if output.has_shape and found.shape != right.shape:
            # A long shape, or one that holds nothing, could spell out a hidden input as well.
            near = 0 < found.size <= MAX_TOLD_SIZE and found.ndim <= right.ndim + MAX_MORE_AXES
            told = f"shape {found.shape}" if case.public or near else "a shape far from right"
            return "shape", f"{where}{output.name} has {told}; expected {right.shape}."
        if not _equal(found, right, case):
            return "value", where + _figures(output, found, right, case)
    for output, found in _judged(case, exercise.outputs, reply.value):
        if output.has_shape and found.dtype != case.dtype and not case.any_dtype:
            return "dtype", f"{where}{output.name} is {found.dtype}; expected {case.dtype}, the input's own dtype."
    if reply.changed and not case.may_change:
        return "changed", f"{where}the values are right, but the call changed its input."
    if case.may_grow is not None and reply.grown > case.may_grow:
        # How much it was could spell out a hidden input.
        needed = f"{reply.grown / 2**20:.0f}" if case.public else f"more than {case.may_grow / 2**20:.0f}"
        return "grown", f"{where}the values are right, but the call took {needed} MiB of memory for them."
    if case.quiet and reply.warnings:
        said = f" ({reply.warnings[0]})" if case.public else ""
        return "warned", f"{where}the values are right, but the call gave a warning{said}."
    return None, ""


def _judged(case: Case, *columns: tuple, only: int | None = None) -> list[tuple]:
    """Zip what belongs to each output, and leave out the outputs that do not count in this case, or all but one."""
    rows = enumerate(zip(*columns))
    return [row for i, row in rows if (not case.judged or i in case.judged) and only in (None, i)]


def _equal(found: np.ndarray, right: np.ndarray, case: Case, slack: float = 1.0) -> bool:
    if found.shape != right.shape:
        return False
    with np.errstate(all="ignore"):
        close = np.isclose(found.astype("float64"), right, rtol=slack * case.rtol, atol=slack * case.atol, equal_nan=True)
    return bool(close.all())


def _figures(output, found: np.ndarray, right: np.ndarray, case: Case) -> str:
    """Say expected and found of a public case; of a hidden one how far apart they are."""
    if case.public:
        digits = 6 if _numbers(right) != _numbers(found) else 12  # else two figures that look alike would be called different
        return f"expected {output.name} = {_numbers(right, digits)}; found {_numbers(found, digits)}."
    if output.kind == "axes":
        return f"{output.name} is not right."
    if output.kind == "verdict":
        return f"{output.name} is {bool(found)}; expected {bool(right)}."
    found = found.astype("float64")
    if not np.isfinite(found).all():
        return f"{output.name} has values that are NaN or infinite."
    error = float(np.max(np.abs(found - right)))
    return f"{output.name} is off by up to {error:.2g} (largest value expected {float(np.max(np.abs(right))):.2g})."


def _numbers(values: np.ndarray, digits: int = 6) -> str:
    if values.ndim == 0:
        return f"{float(values):.{digits}g}"
    values = values.astype("float64")
    largest = np.abs(values[np.isfinite(values)]).max(initial=0)

    def number(value: float) -> str:
        if not np.isfinite(value) or largest < 1e-3:
            return f"{value:.{digits - 1}g}"
        return np.format_float_positional(round(value, digits - 1) + 0.0, trim="-")

    text = np.array2string(values, threshold=24, separator=", ", formatter={"float_kind": number})
    return " ".join(text.split()).replace("[ ", "[")


# which misconception --------------------------------------------------------------------------


def _diagnose(exercise: Exercise, check: Check, trials: list[Trial], failed: list[Trial], past: Past) -> tuple[str, ...]:
    """Return the misconception that explains the failures best, or two that do together, or none."""
    candidates = _candidates(exercise, check, trials, failed, past)
    return next((names for names in candidates if all(name in exercise.misconceptions for name in names)), ())


def _candidates(
    exercise: Exercise, check: Check, trials: list[Trial], failed: list[Trial], past: Past
) -> Iterator[tuple[str | None, ...]]:
    """Yield the names of misconceptions that the evidence supports, the most telling first."""
    faults = {trial.fault for trial in failed}
    if all(trial.reply.error_type == Kind.NONE or trial.reply.sign == "returns-none" for trial in failed):
        yield ("returns-none",)
    signs = {trial.reply.sign for trial in failed}
    if len(signs) == 1:
        yield (signs.pop(),)
    if faults == {"dtype"}:
        if all(value.dtype.kind in "iu" for trial in failed for value in trial.reply.value):
            yield ("integer-truncated",)
        yield ("float64-result",) if all(_is_wider(trial) for trial in failed) else ("fixed-dtype",)
    if faults == {"changed"} or _writes_where_it_may_not(trials, failed):
        yield ("input-mutated",)
    if all(_only_the_gradient_is_wrong(trial) for trial in failed):
        yield ("graph-cut",)  # no mistake in the values, which a suspect's gradient may resemble
    if faults & TELLING:
        for suspect in _by_likelihood(exercise.suspects, past):
            known = suspect in past.recognised
            # Infinities have many reasons: too little to tell two mistakes by that were not seen before.
            if _explains(suspect, trials, failed, finite=suspect.second is not None and not known):
                if not known:
                    past.recognised.append(suspect)
                yield suspect.names
        yield _one_an_output(exercise, trials, past)
    if all(_is_transposed(trial) for trial in failed):
        yield ("transposed",)
    if all(_keeps_an_axis(trial) for trial in failed):
        yield ("extra-axis",)
    if _repeats_itself(trials, past.answers):
        yield ("cached-answer",)
    controls = [trial for trial in trials if trial.case.control]
    stopped = any(trial.reply.error_type == Kind.STOPPED for trial in failed)  # says nothing of what was computed
    if check.telltale and controls and not stopped and not any(trial.fault for trial in controls):
        yield (check.telltale,)


def _by_likelihood(suspects: tuple[Suspect, ...], past: Past) -> Iterator[Suspect]:
    """Yield first what was recognised before: one mistake in all checks is likelier than another in each; and one than two."""
    yield from past.recognised
    known = {name for suspect in past.recognised for name in suspect.names}

    def new(names: int) -> list[Suspect]:
        others = (suspect for suspect in suspects if len(suspect.names) == names and suspect not in past.recognised)
        return sorted(others, key=lambda suspect: sum(name not in known for name in suspect.names))

    yield from new(1)
    if past.searches < MAX_SEARCHES:
        past.searches += 1
        yield from new(2)


def _one_an_output(exercise: Exercise, trials: list[Trial], past: Past) -> tuple[str | None, ...]:
    """Return the two misconceptions that explain one output each, where one result of several is wrong in its own way."""
    wrong = [i for i in range(len(exercise.outputs)) if not _is_right(i, trials)]
    alone = [suspect for suspect in (*past.recognised, *exercise.suspects) if suspect.second is None]
    names: list[str] = []
    for i in wrong if len(wrong) > 1 else []:  # one that is wrong alone has been tried
        found = next((s.misconception for s in alone if _explains(s, trials, trials, only=i)), None)
        if found is None:
            return (None,)
        if found not in names:
            names.append(found)
    return tuple(names) if len(names) == 2 else (None,)


def _is_right(i: int, trials: list[Trial]) -> bool:
    """Whether output number i is right in every case that has it and in which it counts."""
    given = [t for t in trials if t.reply.value is not None and i < len(t.expected)]
    counted = [t for t in given if not t.case.judged or i in t.case.judged]
    return all(_equal(t.reply.value[i], t.expected[i], t.case) for t in counted)


def _explains(
    suspect: Suspect, trials: list[Trial], failed: list[Trial], only: int | None = None, finite: bool = False
) -> bool:
    """Whether the student's function gave on every failed case what the misconception would give.

    only: the output to look at; all that count, when None. finite: whether infinities and NaN are no evidence.
    """
    telling = False
    for trial in trials if suspect.throughout else failed:
        try:
            with np.errstate(all="ignore"):
                wrong = suspect.imitation(*trial.case.exact_args(suspect.raw), **trial.case.kwargs)
        except (ValueError, IndexError, ZeroDivisionError, OverflowError, TypeError):
            wrong = None
        values = trial.reply.value
        if wrong is None or values is None:
            if wrong is not None or values is not None:
                return False
            continue
        for found, imitated, right in _judged(trial.case, values, wrong, trial.expected, only=only):
            imitated = np.asarray(imitated, dtype="float64")
            if not _equal(found, imitated, trial.case, slack=4.0):
                return False
            if not np.any(found) and np.any(np.abs(imitated) > MORE_THAN_ROUNDING):
                return False  # zeros have reasons of their own, such as an overflow, and are near to anything small
            if finite and not np.isfinite(imitated).all():
                return False
            # An imitation that is right here explains nothing that is nearly right.
            telling |= trial.fault in TELLING and not _equal(imitated, right, trial.case)
    return telling


def _only_the_gradient_is_wrong(trial: Trial) -> bool:
    """Whether a tensor is right whose gradient alone counts, and is not."""
    values, judged = trial.reply.value, trial.case.judged
    if trial.fault != "value" or not judged or 0 in judged:
        return False
    return len(values) > 1 and _equal(values[0], trial.expected[0], trial.case)


def _is_wider(trial: Trial) -> bool:
    return any(v.dtype.itemsize > trial.case.dtype.itemsize for v in trial.reply.value)


def _writes_where_it_may_not(trials: list[Trial], failed: list[Trial]) -> bool:
    """Whether a function that changes its input failed where it can't: integers in NumPy, a leaf in PyTorch."""
    changes = any(trial.reply.changed for trial in trials)
    errors = ("UFuncTypeError", "RuntimeError")
    return changes and all(trial.fault == "changed" or trial.reply.error_type in errors for trial in failed)


def _is_transposed(trial: Trial) -> bool:
    pairs = [(f, r) for f, r in zip(trial.reply.value or (), trial.expected) if f.ndim >= 2]
    turned = [(np.swapaxes(f, -1, -2), f, r) for f, r in pairs] + [(f.T, f, r) for f, r in pairs]
    return any(_equal(t, r, trial.case) and not _equal(f, r, trial.case) for t, f, r in turned)


def _keeps_an_axis(trial: Trial) -> bool:
    pairs = list(zip(trial.reply.value or (), trial.expected))
    return trial.fault == "shape" and any(
        f.ndim == r.ndim + 1 and 1 in f.shape and f.size == r.size and _equal(f.reshape(r.shape), r, trial.case)
        for f, r in pairs
    )


def _repeats_itself(trials: list[Trial], earlier: list[tuple[Case, tuple]]) -> bool:
    """Whether every wrong answer is the right answer to an earlier case, of this check or one before.

    Nothing but zeros is no evidence: many mistakes give them.
    """
    for i, trial in enumerate(trials):
        if trial.fault is None:
            continue
        values = trial.reply.value
        if values is None or not any(np.any(value) for value in values):
            return False
        answers = [*earlier, *((past.case, past.expected) for past in trials[:i])]
        if not any(all(_equal(f, r, case) for f, r in zip(values, expected)) for case, expected in answers):
            return False
    return True


# libraries ------------------------------------------------------------------------------------


def _library_verdicts(exercise: Exercise, library: str) -> list[Verdict]:
    failed = (_verdict(exercise, check, False) for check in exercise.checks)
    return [_with_misconceptions(verdict, exercise, ("library-call",), f"The code uses `{library}`. ") for verdict in failed]


# quizzes --------------------------------------------------------------------------------------


def _judge_quiz(quiz: Quiz, student: Student) -> list[Verdict]:
    reply = student.read(quiz.variable)
    answers = reply.value if isinstance(reply.value, dict) else {}
    verdicts = []
    for question in quiz.questions:
        given = answers.get(question.name)
        letter = given.strip().lower() if isinstance(given, str) else None
        right = letter == question.answer
        if reply.problem:
            hint = f"{reply.problem[0].upper()}{reply.problem[1:]}."
        elif letter is None:
            hint = f"Not answered: give `{quiz.variable}[\"{question.name}\"]` a letter."
        else:
            hint = question.why.get(letter, f"“{letter[:20]}” is none of the choices.")
        verdicts.append(
            Verdict(
                quiz.name, question.name, f"Question {question.name}", right, question.points if right else 0.0,
                question.points, None, hint, question.section,
            )  # fmt: skip
        )
    return verdicts
