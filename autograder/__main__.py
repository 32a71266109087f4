"""``python -m autograder``: grade an assignment, report on it, judge files, release the notebooks."""

import argparse
import errno
import json
import os
import sys
from pathlib import Path

from autograder import importing, sandbox


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m autograder", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    grade = commands.add_parser("grade", help="grade grading/submitted/<student>/<assignment>/ into gradebook and feedback")
    grade.add_argument("assignment", type=_stem)
    grade.add_argument("--student", default="*", metavar="GLOB", help="only the students whose folder matches")
    grade.add_argument("--json", type=Path, metavar="FILE", help="write every verdict to FILE")
    grade.add_argument("--scheduler", metavar="ADDRESS", help="judge on the Dask cluster with this scheduler")
    grade.set_defaults(run=_grade)

    judge = commands.add_parser("judge", help="judge Python files that define an exercise's function")
    judge.add_argument("exercise")
    judge.add_argument("files", nargs="+", type=Path, metavar="FILE")
    judge.add_argument("--json", type=Path, metavar="FILE", help="write every verdict to FILE")
    judge.set_defaults(run=_judge)

    release = commands.add_parser("release", help="make notebooks/ and the student bundle from solutions/")
    release.set_defaults(run=_release)

    report = commands.add_parser("report", help="say what the class misunderstood, from what was graded")
    report.add_argument("assignment", type=_stem)
    report.set_defaults(run=_report)

    for command in (grade, judge):
        command.add_argument("--workers", type=int, metavar="N", help="processes on this machine (default: one a core)")
        command.add_argument(
            "--trust-submissions", action="store_true", help="run student code without a sandbox, with your own rights"
        )

    options = parser.parse_args(arguments)
    try:
        if options.command in ("grade", "judge"):
            if options.trust_submissions:
                os.environ[sandbox.TRUST] = "1"
            sandbox.check()
        return options.run(options)
    except sandbox.NoSandbox as error:
        return _stop(error)


def _stem(text: str) -> str:
    """Return the name of an assignment, which may be given as its folder or its file: a shell completes these."""
    return text.rstrip("/").rpartition("/")[2].removesuffix(".ipynb")


def _grade(options: argparse.Namespace) -> int:
    with importing.many_modules():
        from autograder import exercises

        try:
            topic = exercises.topic(options.assignment)
        except KeyError as error:
            return _stop(error)
        if not options.scheduler:
            sandbox.warm(topic.rules)
        # The warm parent takes longest to begin; meanwhile this process imports the rest.
        from tqdm import tqdm

        from autograder import course, crew, grading

    names: list[str] = []
    with grading.Tally() as tally:
        try:
            if options.json:
                options.json.parent.mkdir(parents=True, exist_ok=True)
            names = grading.students(options.assignment, options.student)
            with crew.cluster(options.scheduler) if options.scheduler else crew.local(options.workers) as hands:
                graded = grading.grade(options.assignment, names, hands)
                for result in tqdm(graded, total=len(names), desc=options.assignment, unit="submission"):
                    tally.add(result)
        except (OSError, grading.CannotGrade) as error:
            if len(tally):
                print(f"\nStopped. {_so_far(tally, names)}.", file=sys.stderr)
            return _stop(error)
        except KeyboardInterrupt:
            print(f"\nStopped. {_so_far(tally, names)}; the same command goes on.", file=sys.stderr)
            return 130
        print(tally.table())
        print(f"Feedback: {course.FEEDBACK}/<student>/{options.assignment}/{options.assignment}.html")
        if options.json:
            try:
                with open(options.json, "w", encoding="utf-8") as out:
                    tally.write_json(out)
            except OSError as error:
                return _stop(error)
        for student, error in tally.errors.items():
            print(f"{student} was not graded: {error}", file=sys.stderr)
        if passed_over := grading.passed_over(options.student):
            print(f"Passed over in {course.SUBMITTED}, no ordinary folders: {', '.join(passed_over)}", file=sys.stderr)
        return 1 if tally.errors else 0


def _so_far(tally, names: list[str]) -> str:
    return f"{len(tally) - len(tally.errors)} of {len(names)} are graded and stay so"


def _judge(options: argparse.Namespace) -> int:
    from tqdm import tqdm

    from autograder import course, crew, exercises, naming, pages

    try:
        topic, item = exercises.find(options.exercise)
        sandbox.warm(topic.rules)
        secret = course.secret()
    except (KeyError, OSError) as error:
        return _stop(error)
    rows = {}
    jobs = ((str(i), (_judge_file, path, options.exercise, secret)) for i, path in enumerate(options.files))
    with crew.local(options.workers) as hands:
        counted = tqdm(hands.run(jobs), total=len(options.files), desc=item.name, unit="file", disable=len(options.files) == 1)
        for i, outcome in counted:
            if isinstance(outcome, Exception):
                outcome = _unjudged(options.files[int(i)], item, f"The judge failed: {outcome}")
            rows[int(i)] = outcome
    ordered = [rows[i] for i in sorted(rows)]
    for row in ordered:
        print(f"{naming.printable(row['file'])}: {row['score']:g} of {row['max_score']:g}")
        for verdict in row["verdicts"]:
            if not verdict["passed"]:
                # A hint holds words of the file's own, and a terminal takes some for orders.
                print(f"  {verdict['check']}: {' '.join(map(naming.printable, verdict['hint'].split()))}")
    if options.json:
        try:
            pages.write(options.json, json.dumps(ordered, indent=1, ensure_ascii=False) + "\n")
        except OSError as error:
            return _stop(error)
    return 0


def _judge_file(path: Path, name: str, secret: bytes) -> dict:
    from autograder import exercises, notebook_judge, submission
    from autograder.limits import CONFIGURED

    _, item = exercises.find(name)
    try:
        source = submission.read_file(path, CONFIGURED.notebook_bytes).decode("utf-8-sig")
    except submission.BadSubmission as bad:
        return _unjudged(path, item, str(bad))
    except UnicodeDecodeError:
        return _unjudged(path, item, f"{path.name} is not text in UTF-8.")
    return _row(path, item, notebook_judge.judge_source(source, name, secret))


def _unjudged(path: Path, item, reason: str) -> dict:
    from autograder import notebook_judge

    return _row(path, item, notebook_judge.all_failed(item, reason))


def _row(path: Path, item, verdicts: list) -> dict:
    return {
        "file": str(path),
        "score": sum(v.points for v in verdicts),
        "max_score": item.max_points,
        "verdicts": [v.as_json() for v in verdicts],
    }


def _release(options: argparse.Namespace) -> int:
    from autograder import course, grading, releasing

    try:
        for folder in releasing.release(course.nbgrader_config()):
            print(f"released {folder.relative_to(course.ROOT)}")
        print(f"bundle for students: {releasing.bundle().relative_to(course.ROOT)}")
    except (OSError, grading.CannotGrade, releasing.ReleaseFailed) as error:
        return _stop(error)
    return 0


def _report(options: argparse.Namespace) -> int:
    from autograder import course, grading, reporting

    try:
        report = reporting.make(options.assignment, course.nbgrader_config())
        written = reporting.write(report)
    except (KeyError, OSError, grading.CannotGrade, reporting.CannotReport) as error:
        return _stop(error)
    print(reporting.in_words(report))
    for path in written:
        print(path.relative_to(course.ROOT))
    return 0


def _stop(error: Exception) -> int:
    """Say why a command ends, and return its exit status."""
    said = error.args[0] if isinstance(error, KeyError) else str(error)
    if isinstance(error, OSError) and error.strerror:
        said = f"{error.strerror}: {error.filename}" if error.filename else error.strerror
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            said += ". Make room, then run the same command again."
    print(said, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
