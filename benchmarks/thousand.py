"""Grades a thousand submissions, one of twenty hostile or broken, in one command, and watches the memory.

``python -m benchmarks.thousand`` runs it. The honest ones are made of ``tests/implementations``, one
of five with a mistake; the others are rows of ``tests/attacks``. Afterwards the table must be
complete, every honest score right, and no other one too high.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat

from benchmarks.grading import provenance, resident
from tests import sample_class
from tests.attacks import rows
from tests.attacks.batches import ROWS
from tests.attacks.rows import STEM, TOPIC, Row
from tests.conftest import QUICK, Course

RESULT = Path(__file__).parent / "results" / "thousand.json"
SAMPLE_SECONDS = 0.25
JUDGED = sum(exercise.max_points for exercise in TOPIC.exercises) + TOPIC.quiz.max_points


@dataclass(frozen=True)
class Sample:
    """How much memory the trusted side held when so many submissions were graded, in MiB."""

    graded: int
    recorder: float
    worker: float  # the largest


@dataclass(frozen=True)
class Honest:
    """A student of the class; ``mistake`` is (exercise, misconceptions) or None."""

    name: str
    mistake: tuple[str, list[str]] | None


def hostile(count: int) -> list[Row]:
    """Return so many rows of the attack tables, spread over all of them."""
    usable = [row for row in ROWS if not (row.slow or row.absent)]
    return usable[:: max(1, len(usable) // count)][:count] if count else []


def hand_in(course: Course, count: int, attacks: list[Row], padding: int = 0) -> list[Honest]:
    """Write the submissions; return the honest students. ``padding``: bytes of output in each honest notebook."""
    released = course.root / "notebooks" / STEM / f"{STEM}.ipynb"
    students = []
    for i in range(count - len(attacks)):
        notebook = nbformat.read(released, as_version=4)
        sample_class.solve(notebook, STEM, i)
        mistake = None
        if i % 5 == 4:
            exercise = TOPIC.exercises[i // 5 % len(TOPIC.exercises)]
            wrong = sorted((sample_class.IMPLEMENTATIONS / STEM / exercise.name / "wrong").glob("*.py"))
            wrong = [path for path in wrong if not path.stem.startswith("library-call")]  # one import costs every exercise
            chosen = wrong[i // 25 % len(wrong)]
            sample_class.answer(notebook, exercise.name, chosen.read_text())
            mistake = exercise.name, chosen.stem.partition("__")[0].split("+")
        if padding:
            first = next(cell for cell in notebook.cells if cell.cell_type == "code")
            first.outputs = [nbformat.v4.new_output("stream", name="stdout", text="x" * padding)]
        name = f"student{i:04}"
        course.submitted(name, STEM).write_text(nbformat.writes(notebook))
        students.append(Honest(name, mistake))
    for row in attacks:
        row.make(rows.place(course.root, row.student))
    return students


def watched(course: Course, command: list[str]) -> tuple[list[Sample], float]:
    """Run a grading command to its end; return samples of its memory, and its seconds."""
    autograded = course.root / "grading" / "autograded"
    env = {**os.environ, "COURSE_LIMITS": QUICK}
    samples = []
    begun = time.monotonic()
    with subprocess.Popen(command, cwd=course.root, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
        while run.poll() is None:
            graded = sum(1 for _ in autograded.glob(f"*/{STEM}/{STEM}.ipynb"))
            workers = [resident(pid) for pid in workers_of(run.pid)]
            if workers and graded:
                samples.append(Sample(graded, resident(run.pid), max(workers)))
            time.sleep(SAMPLE_SECONDS)
    return samples, time.monotonic() - begun


def workers_of(pid: int) -> list[int]:
    """Return the children of a grading command that are its own program, not the sandbox."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        program = Path(f"/proc/{pid}/cmdline").read_bytes()
        return [int(child) for child in children if Path(f"/proc/{child}/cmdline").read_bytes() == program]
    except OSError:
        return []  # it has just ended


def growth(samples: list[Sample], of: Callable[[Sample], float]) -> float:
    """Return by how many MiB the peak of the last third of the submissions is above that of the second third."""
    last = samples[-1].graded
    parts = [[of(s) for s in samples if low * last / 3 < s.graded <= (low + 1) * last / 3] for low in (1, 2)]
    return max(parts[1]) - max(parts[0])


def faults(results: list[dict], students: list[Honest], attacks: list[Row]) -> list[str]:
    """Return what is wrong in the results of a run, "student: what"; nothing, if all is as it must be."""
    found = {row["student"]: row for row in results}
    expected = {student.name for student in students} | {row.named for row in attacks}
    wrong = [f"{name}: not in the table" for name in expected - set(found)]
    wrong += [f"{name}: nobody's" for name in set(found) - expected]
    for student in students:
        row = found.get(student.name)
        if row is None:
            continue
        lost = {v["exercise"] for v in row["verdicts"] if not v["passed"]}
        told = {v[which] for v in row["verdicts"] if not v["passed"] for which in ("misconception", "second")}
        if student.mistake is None and row["score"] != JUDGED:
            wrong.append(f"{student.name}: {row['score']:g} of {JUDGED:g}")
        if student.mistake and (lost != {student.mistake[0]} or not told.issuperset(student.mistake[1])):
            wrong.append(f"{student.name}: {student.mistake} became {lost} {told}")
    for attack in attacks:
        row = found.get(attack.named)
        most = sum(item.max_points for item in (*TOPIC.exercises, TOPIC.quiz) if item.name in attack.earns)
        if row and row["score"] > most:
            wrong.append(f"{attack.student}: {row['score']:g}, deserves {most:g}")
    return wrong


def run(folder: Path, count: int, attacks: list[Row], workers: int, padding: int = 0) -> tuple[list[Sample], float, list[str]]:
    """Make a course with ``count`` submissions, grade it by one command; return (samples, seconds, faults)."""
    course = Course.new(folder)
    course.run("python", "-m", "autograder", "release")
    students = hand_in(course, count, attacks, padding)
    out = folder / "verdicts.json"
    command = [sys.executable, "-m", "autograder", "grade", STEM, "--workers", str(workers), "--json", str(out)]
    samples, seconds = watched(course, command)
    return samples, seconds, faults(json.loads(out.read_text()), students, attacks)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    attacks = hostile(options.count // 20)
    with tempfile.TemporaryDirectory() as folder:
        samples, seconds, wrong = run(Path(folder) / "course", options.count, attacks, options.workers)
    steps = [next(s for s in samples if s.graded >= n) for n in range(0, samples[-1].graded, max(1, options.count // 20))]
    result = {
        **provenance("python -m benchmarks.thousand"),
        "submissions": options.count,
        "hostile": len(attacks),
        "workers": options.workers,
        "seconds": round(seconds, 1),
        "faults": wrong,
        "peak_mib": {"recorder": max(s.recorder for s in samples), "worker": max(s.worker for s in samples)},
        "growth_mib": {"recorder": growth(samples, lambda s: s.recorder), "worker": growth(samples, lambda s: s.worker)},
        "samples": [vars(s) for s in steps],
    }
    print(json.dumps({k: v for k, v in result.items() if k != "samples"}, indent=1))
    if wrong:
        raise SystemExit("not as it must be; nothing is saved")
    RESULT.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
