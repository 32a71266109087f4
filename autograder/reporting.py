"""What a class misunderstood: a page and a table made from the verdicts and the gradebook."""

import csv
import functools
import io
import math
import re
import statistics
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbgrader.api import Grade, MissingEntry
from traitlets.config import Config

from autograder import course, exercises, feedback, naming, pages, python_errors
from autograder.exercise import Quiz, Topic, Verdict
from autograder.recording import open_gradebook

BARS = 10
COLUMNS = ("table", "exercise", "name", "title", "points", "students", "of", "share", "hint", "section", "who")
TO_TEACH = 3  # sections at most

Asked = dict[str, tuple[str, dict[str, str]]]  # {question: (its text, {letter: choice})}


def percent(part: int, whole: int) -> int:
    """Return what part of a whole this is, in percent; a half is rounded up, as readers expect (``round`` takes the even one)."""
    return (200 * part + whole) // (2 * whole)


class CannotReport(Exception):
    """There is nothing to report on; the message says what to do."""


@dataclass(frozen=True)
class Graded:
    """A graded submission.

    score, max_score: as the gradebook has them, a late penalty taken off.
    problem: why the submission could not be read, or None.
    worth_reading: pieces of its code that an instructor should look at.
    nothing: whether nothing was handed in.
    as_released: whether it is the notebook as it was given out.
    """

    student: str
    score: float
    max_score: float
    problem: str | None
    verdicts: tuple[Verdict, ...]
    worth_reading: tuple[str, ...] = ()
    nothing: bool = False
    as_released: bool = False

    @property
    def counts(self) -> bool:
        """Whether there is work in it that tells what its author understood."""
        return not self.problem and not self.as_released


@dataclass(frozen=True)
class Written:
    """One answer of an assignment that a person reads, over the whole class: in words, or held back.

    waiting: the students whose answer nobody has read yet.
    scores: the scores of those that were read.
    """

    name: str
    max_score: float
    waiting: tuple[str, ...]
    scores: tuple[float, ...]


@dataclass(frozen=True)
class Row:
    """One line of a table: for how many of those whose work counts something holds.

    name: of the check, the misconception or the question.
    students: those for whom it holds.
    section: "page.html#label", where the book explains it.
    reasons: why a check failed: a misconception or "not recognised", and how often.
    others: those for whom it does not hold, where it is they whom one looks for.
    """

    exercise: str
    name: str
    title: str
    students: tuple[str, ...]
    of: int
    points: float | None = None
    hint: str = ""
    section: str = ""
    reasons: tuple[tuple[str, int], ...] = ()
    others: tuple[str, ...] | None = None

    @property
    def who(self) -> tuple[str, ...]:
        return self.students if self.others is None else self.others

    @property
    def share(self) -> float:
        return len(self.students) / self.of

    @property
    def percent(self) -> int:
        return percent(len(self.students), self.of)

    @property
    def label(self) -> str:
        """The section's heading, or its label in words where the book's sources are not at hand."""
        page, _, label = self.section.partition("#")
        return _headings(page.removesuffix(".html")).get(label, label.replace("-", " "))


@functools.cache
def _headings(chapter: str) -> dict[str, str]:
    """Return {label: heading} of a chapter's source; nothing where there is none."""
    try:
        text = (course.ROOT / "book" / f"{chapter}.md").read_text(encoding="utf-8")
    except OSError:
        return {}
    found = re.findall(r"^\(([a-z0-9-]+)\)=\n#+ (.*)$", text, re.MULTILINE)
    return {label: re.sub(r"[`*$]", "", heading) for label, heading in found}


@dataclass(frozen=True)
class Report:
    """All that the page says of an assignment.

    graded: of every student, those too who handed in nothing.
    absent: students of the gradebook who have no folder of their own.
    to_teach: a row a section of the book, with those who showed that they need it; the most needed first.
    checks: those of the exercises, and the questions of the quiz.
    hardest: the check of an exercise that fewest passed; None if everybody passed all.
    missing: "student: reason" of those who are left out.
    """

    assignment: str
    graded: tuple[Graded, ...]
    absent: tuple[str, ...]
    to_teach: tuple[Row, ...]
    checks: tuple[Row, ...]
    hardest: Row | None
    misconceptions: tuple[Row, ...]
    choices: tuple[Row, ...]
    written: tuple[Written, ...]
    missing: tuple[str, ...]

    @property
    def counted(self) -> list[Graded]:
        """The submissions that shares and scores are about."""
        return [g for g in self.graded if g.counts]

    @property
    def scores(self) -> list[float]:
        return [g.score for g in self.counted]

    @property
    def max_score(self) -> float:
        return max(g.max_score for g in self.graded)

    @property
    def median(self) -> float:
        return statistics.median(self.scores)

    @property
    def nothing(self) -> list[str]:
        """Who handed in nothing."""
        return sorted([*(g.student for g in self.graded if g.nothing), *self.absent])

    @property
    def as_released(self) -> list[str]:
        return [g.student for g in self.graded if g.as_released]

    @property
    def unreadable(self) -> list[Graded]:
        return [g for g in self.graded if g.problem and not g.nothing]

    @property
    def worth_reading(self) -> list[Graded]:
        return [g for g in self.graded if g.worth_reading]

    @property
    def students(self) -> int:
        return len(self.graded) + len(self.absent)

    @property
    def waiting(self) -> int:
        """How many answers wait to be read."""
        return sum(len(w.waiting) for w in self.written)


def make(stem: str, config: Config) -> Report:
    """Gather what the grading left of an assignment. Raises KeyError, CannotReport."""
    topic = exercises.topic(stem)
    graded, written, absent, missing = _gather(topic, config)
    counted = [g for g in graded if g.counts]
    quiz = topic.quiz.name
    asked = questions(stem)
    passed = checks(counted, quiz, asked)
    return Report(
        assignment=stem,
        graded=tuple(graded),
        absent=tuple(absent),
        to_teach=tuple(to_teach(counted, quiz)),
        checks=tuple(passed),
        hardest=next((row for row in passed if row.exercise != quiz and row.share < 1), None),
        misconceptions=tuple(misconceptions(counted, topic)),
        choices=tuple(wrong_answers(counted, topic.quiz, asked)),
        written=tuple(written),
        missing=tuple(missing),
    )


def write(report: Report) -> tuple[Path, Path]:
    """Write the page and the table; return their paths."""
    page, table = (course.REPORTS / f"{report.assignment}.{kind}" for kind in ("html", "csv"))
    pages.write(page, as_html(report))
    pages.write(table, as_csv(report))
    return page, table


def as_html(report: Report) -> str:
    bars = histogram(report.scores, report.max_score) if report.scores else []
    return pages.render("report.html", report=report, bars=bars, book=pages.book_address(course.REPORTS))


def as_csv(report: Report) -> str:
    """Return the page's tables as one: its first column says which."""
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(COLUMNS)
    tables = {"check passed": report.checks, "misconception": report.misconceptions, "wrong answer": report.choices}
    for table, rows in tables.items():
        for row in rows:
            points = "" if row.points is None else f"{row.points:g}"
            share = f"{row.share:.3f}"
            numbers = (points, len(row.students), row.of, share)
            out.writerow((table, row.exercise, row.name, row.title, *numbers, row.hint, row.section, "; ".join(row.who)))
    return text.getvalue()


def in_words(report: Report) -> str:
    """Return a few lines for the terminal."""
    n = len(report.counted)
    lines = [f"{n} of {report.students} students handed in work that can be read"]
    if n:
        lines[0] += f": median {report.median:g} of {report.max_score:g} points"
    lines += [f"  {row.percent:3d} %  {row.name}" for row in report.misconceptions[:5]]
    if report.to_teach:
        lines.append(f"Teach again: {'; '.join(row.label for row in report.to_teach)}")
    for what, names in (
        ("Nothing handed in", report.nothing),
        ("Handed in as it was given out", report.as_released),
        ("Could not be read", [g.student for g in report.unreadable]),
    ):
        if names:
            lines.append(f"{what}: {', '.join(names)}")
    if report.worth_reading:
        lines.append(f"Code to be looked at: {', '.join(g.student for g in report.worth_reading)}")
    if report.waiting:
        lines.append(f"{report.waiting} {'answer waits' if report.waiting == 1 else 'answers wait'} to be read")
    lines += [f"Left out: {line}" for line in report.missing]
    return "\n".join(lines)


# tables ---------------------------------------------------------------------------------------


def questions(stem: str) -> Asked:
    """Return the questions of the quiz, from the notebook that students got."""
    try:
        cells = nbformat.read(course.released_notebook(stem), as_version=4).cells
    except (OSError, ValueError):
        return {}
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown").replace("$", "")
    asked = re.findall(r"^\*\*(\w+)\.\*\* (.*)$((?:\n+- \w\) .*)*)", text, re.MULTILINE)
    return {name: (question, dict(re.findall(r"^- (\w)\) (.*)$", choices, re.MULTILINE))) for name, question, choices in asked}


def to_teach(graded: list[Graded], quiz: str) -> list[Row]:
    """Return a row a section that recognised misconceptions and wrong answers to the quiz lead to: the most needed ones.

    Its name tells which these were. One student alone makes no section of the class.
    """
    found: dict[str, dict[str, list[str]]] = {}
    for g in graded:
        for v in g.verdicts:
            causes = {f"question {v.check}": v.section} if v.exercise == quiz else v.causes
            for why, section in causes.items():
                if not v.passed and section:
                    found.setdefault(section, {}).setdefault(why, []).append(g.student)
    rows = []
    for section, reasons in found.items():
        students = tuple(dict.fromkeys(student for names in reasons.values() for student in names))
        seen = sorted(reasons, key=lambda why: -len(set(reasons[why])))
        rows.append(Row("", ", ".join(seen), section, students, len(graded), section=section))
    return sorted((row for row in rows if len(row.students) > 1), key=lambda row: (-row.share, row.section))[:TO_TEACH]


def _by(keys: Callable[[Verdict], Iterable[Hashable]], graded: list[Graded]) -> dict[Hashable, list[tuple[str, Verdict]]]:
    """Return {key: (student, verdict) of every verdict that has it}."""
    found: dict[Hashable, list[tuple[str, Verdict]]] = {}
    for g in graded:
        for v in g.verdicts:
            for key in keys(v):
                found.setdefault(key, []).append((g.student, v))
    return found


def checks(graded: list[Graded], quiz: str, asked: Asked) -> list[Row]:
    """Return a row a check, or question of the quiz, with the students who got it, the hardest first."""
    rows = []
    for (exercise, check), pairs in _by(lambda v: [(v.exercise, v.check)], graded).items():
        first = pairs[0][1]
        failed = [v for _, v in pairs if not v.passed and v.exercise != quiz]
        reasons = Counter("held back" if v.held else " and ".join(v.causes) or "not recognised" for v in failed)
        rows.append(
            Row(
                exercise, check, _asked(check, asked) if exercise == quiz else first.title,
                students=tuple(student for student, v in pairs if v.passed),
                of=len(pairs),
                points=first.max_points,
                # A recognised misconception brings a section of its own.
                section=next((v.section for _, v in pairs if not v.misconception), ""),
                reasons=tuple(reasons.most_common()),
                others=tuple(student for student, v in pairs if not v.passed),
            )  # fmt: skip
        )
    return sorted(rows, key=lambda row: (row.share, -row.points))


def misconceptions(graded: list[Graded], topic: Topic) -> list[Row]:
    """Return a row a recognised misconception with the students who have it, the most frequent first.

    Of equally frequent ones the one that cost more points comes first. Hint and section are those of
    the exercise where it was seen most.
    """
    rows, lost = [], {}
    for name, pairs in _by(lambda v: () if v.passed else v.causes, graded).items():
        seen = Counter(v.exercise for _, v in pairs)
        most = seen.most_common(1)[0][0]
        lost[name] = sum(v.max_points for _, v in pairs)
        rows.append(
            Row(
                exercise=", ".join(seen),
                name=name,
                title=name,
                students=tuple(dict.fromkeys(student for student, _ in pairs)),
                of=len(graded),
                hint=_hint(topic, most, name),
                section=next(v.causes[name] for _, v in pairs if v.exercise == most),
            )
        )
    return sorted(rows, key=lambda row: (-row.share, -lost[row.name], row.name))


def wrong_answers(graded: list[Graded], quiz: Quiz, asked: Asked) -> list[Row]:
    """Return a row a wrong answer to a question of the quiz, the most frequent first."""
    wrong = _by(lambda v: [(v.check, v.hint)] if v.exercise == quiz.name and not v.passed else (), graded)
    rows = []
    for (name, hint), pairs in wrong.items():
        choices = asked[name][1] if name in asked else {}
        taken = next((f" – {letter}) {choices.get(letter, '')}" for letter, why in _why(quiz, name) if why == hint), "")
        students = tuple(student for student, _ in pairs)
        section = pairs[0][1].section
        rows.append(Row(quiz.name, name, f"{_asked(name, asked)}{taken}", students, len(graded), hint=hint, section=section))
    return sorted(rows, key=lambda row: (-row.share, row.name))


def _why(quiz: Quiz, name: str) -> Iterator[tuple[str, str]]:
    """Yield (letter, what a student is told who took it) of a question."""
    for question in quiz.questions:
        if question.name == name:
            yield from question.why.items()


def _asked(name: str, asked: Asked) -> str:
    """Return a question with its number, or that alone where the notebook is not at hand."""
    return f"Question {name}: {asked[name][0]}" if name in asked else f"Question {name}"


def _hint(topic: Topic, exercise: str, name: str) -> str:
    """Return the hint of a misconception in an exercise, or of an error; "" if there no longer is such a one."""
    for item in topic.exercises:
        if item.name == exercise and name in item.misconceptions:
            return item.misconceptions[name].hint
    return next((meaning.hint for meaning in python_errors.MEANINGS if meaning.name == name), "")


def histogram(scores: list[float], max_score: float) -> list[dict]:
    """Return the bars of the distribution of scores: from, to (points), count.

    Bars are a whole number of points wide. A score on an edge counts in the bar above it, the
    highest score in the last bar.
    """
    width = max(1, math.ceil(max_score / BARS))
    bars = [{"from": i * width, "to": (i + 1) * width, "count": 0} for i in range(max(1, math.ceil(max_score / width)))]
    for score in scores:
        place = min(max(int(score // width), 0), len(bars) - 1)
        bars[place]["count"] += 1
    return bars


# what grading left ----------------------------------------------------------------------------


def _gather(topic: Topic, config: Config) -> tuple[list[Graded], list[Written], list[str], list[str]]:
    stem = topic.stem
    paths = {path.parent.parent.name: path for path in sorted(course.AUTOGRADED.glob(f"*/{stem}/{stem}.ipynb"))}
    again = f"python -m autograder grade {stem}"
    if not paths:
        raise CannotReport(f"No submission of {stem} is graded yet. Grade first: {again}")
    graded, missing, grades = [], [], []
    with open_gradebook(config.CourseDirectory) as gradebook:
        for student, path in paths.items():
            try:
                left = _left_by_the_judge(path)
                entry = gradebook.find_submission_notebook(stem, stem, student)
            except MissingEntry:
                missing.append(f"{student}: graded once, but not in the gradebook")
            except (OSError, ValueError, KeyError, TypeError, nbformat.ValidationError):
                missing.append(f"{student}: the graded notebook holds no verdicts of this judge")
            else:
                score = entry.score - (entry.late_submission_penalty or 0)
                graded.append(Graded(student, score, entry.max_score, **left))
                grades += entry.grades if graded[-1].counts else []
        written = _written(grades, {item.name for item in topic.items})
        enrolled = {student.id for student in gradebook.students}
    if not graded:
        raise CannotReport(f"No submission of {stem} can be reported on. Grade again: {again}\n  " + "\n  ".join(missing))
    handed_in = {p.parent.name for p in course.SUBMITTED.glob(f"*/{stem}") if p.is_dir()}
    later = {g.student for g in graded if g.nothing and (course.SUBMITTED / g.student / stem / f"{stem}.ipynb").exists()}
    graded = [g for g in graded if g.student not in later]
    for student in sorted(handed_in - set(paths) | later):
        why = "handed in, not graded yet" if naming.is_plain(student) else naming.REFUSED
        missing.append(f"{naming.shown(student)}: {why}")
    return graded, written, sorted(enrolled - handed_in - set(paths)), missing


def _left_by_the_judge(path: Path) -> dict:
    """Return what the judge left in a graded notebook: the problem with the file, the verdicts, the code to look at."""
    notebook = nbformat.read(path, as_version=4)
    found = notebook.metadata["course"]
    return {
        "problem": found.get("problem"),
        "verdicts": tuple(feedback.verdicts_of(notebook)),
        "worth_reading": tuple(found.get("worth_reading", ())),
        "nothing": found.get("nothing", False),
        "as_released": found.get("as_released", False),
    }


def _written(grades: Iterable[Grade], judged: set[str]) -> list[Written]:
    """Return the written answers, and judged cells that wait for a person, with who waits."""
    found: dict[str, list[Grade]] = {}
    for grade in grades:
        if grade.name not in judged or grade.needs_manual_grade:
            found.setdefault(grade.name, []).append(grade)
    return [
        Written(
            name,
            rows[0].max_score,
            waiting=tuple(g.student.id for g in rows if g.needs_manual_grade),
            scores=tuple(g.score for g in rows if not g.needs_manual_grade),
        )
        for name, rows in found.items()
    ]
