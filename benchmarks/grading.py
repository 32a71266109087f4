"""Times stock nbgrader and this grader side by side on the same submissions.

``make bench`` runs it. Both grade copies of one class: nine of ten right, one of ten wrong. Stock
nbgrader gets a notebook whose hidden tests hold the same cases and expected values that our judge
draws, so that both must come to the same scores. On a shared machine only the ratio means anything.
"""

import argparse
import base64
import io
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from datetime import date
from importlib import metadata
from pathlib import Path

import nbformat
import numpy as np
from nbformat.v4 import new_code_cell
from nbgrader.api import Gradebook
from tqdm import tqdm

from autograder import exercises, judging
from autograder.exercise import Case
from tests import sample_class
from tests.conftest import Course

STEM = "1_z_scores"
EXERCISES = ("standard_deviation", "z_scores", "z_scores_by_row")
RESULT = Path(__file__).parent / "results" / "grading.json"
TEST = """### BEGIN HIDDEN TESTS
import base64, io
import numpy as np
cases = np.load(io.BytesIO(base64.b64decode({data!r})))
for i in range({count}):
    x, right, allowed = cases[f"x{{i}}"], cases[f"y{{i}}"], cases[f"t{{i}}"]
    before = x.copy()
    found = {name}(x)
    assert np.shape(found) == right.shape
    assert np.allclose(found, right, rtol=allowed[0], atol=allowed[1])
    assert np.array_equal(x, before)
### END HIDDEN TESTS
"""


def stock_course(root: Path, secret: bytes) -> None:
    """Write a course for nbgrader without our configuration."""
    source = root / "source" / STEM
    source.mkdir(parents=True)
    (root / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.course_id = 'stock'\n")
    cells = [new_code_cell("import numpy as np")]
    for name in EXERCISES:
        _, exercise = exercises.find(name)
        cells.append(new_code_cell("### BEGIN SOLUTION\npass\n### END SOLUTION", metadata=marks(f"{name}_code", solution=True)))
        for check in exercise.checks:
            cases = check.cases(judging.draw(secret, name, check.name))
            code = TEST.format(data=packed(exercise, cases), count=len(cases), name=name)
            cells.append(new_code_cell(code, metadata=marks(f"{name}-{check.name}", points=check.points)))
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), source / f"{STEM}.ipynb")


def marks(grade_id: str, solution: bool = False, points: float | None = None) -> dict:
    own = {"grade_id": grade_id, "solution": solution, "grade": not solution, "locked": not solution, "task": False}
    own |= {"schema_version": 3, "cell_type": "code"} | ({} if points is None else {"points": points})
    return {"nbgrader": own}


def packed(exercise, cases: list[Case]) -> str:
    """Return inputs, expected values and tolerances as the base64 of an npz file."""
    arrays = {}
    for i, case in enumerate(cases):
        value = getattr(case.args[0], "values", case.args[0])
        arrays |= {f"x{i}": value, f"y{i}": np.asarray(exercise.reference(*case.exact_args())[0], "float64")}
        arrays[f"t{i}"] = np.array([case.rtol, case.atol])
    file = io.BytesIO()
    np.savez(file, **arrays)
    return base64.b64encode(file.getvalue()).decode()


def hand_in(root: Path, room: str, released: Path, count: int) -> None:
    """Write ``count`` submissions, every tenth of them wrong in every exercise."""
    shutil.rmtree(root / room, ignore_errors=True)
    for i in range(count):
        notebook = nbformat.read(released, as_version=4)
        for name in EXERCISES:
            folder = sample_class.IMPLEMENTATIONS / STEM / name
            right = sorted(folder.glob("right/*.py"))
            chosen = folder / "wrong" / "ddof-1.py" if i % 10 == 9 else right[i % len(right)]
            first = next(c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id", "").startswith(name))
            at = notebook.cells.index(first)
            if first.metadata.nbgrader.solution:
                notebook.cells[at].source = chosen.read_text()
            else:
                sample_class.answer(notebook, name, chosen.read_text())
        path = root / room / f"student{i:03}" / STEM / f"{STEM}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(nbformat.writes(notebook))


def timed(command: list[str], root: Path) -> dict:
    """Run a command; return its seconds and the peak memory of its largest process in MiB."""
    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    code = (
        "import json, resource, subprocess, sys, time\n"
        "begun = time.perf_counter()\n"
        "done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)\n"
        "taken = time.perf_counter() - begun\n"
        "peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024\n"
        "print(json.dumps({'seconds': taken, 'peak_mib': peak, 'code': done.returncode, 'said': done.stderr[-2000:]}))\n"
    )
    found = json.loads(subprocess.run([sys.executable, "-c", code, *command], cwd=root, env=env, capture_output=True, text=True).stdout)
    if found.pop("code"):
        raise SystemExit(f"{' '.join(command)} failed:\n{found['said']}")
    del found["said"]
    return found


def scores(root: Path, database: str) -> dict[str, float]:
    """Return the points of the timed exercises by student."""
    names = tuple(EXERCISES)
    with Gradebook(f"sqlite:///{root / database}") as gradebook:
        return {
            s.student.id: sum(g.score for n in s.notebooks for g in n.grades if g.cell.name.split("-")[0] in names)
            for s in gradebook.assignment_submissions(STEM)
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--counts", type=int, nargs="+", default=[10, 30, 100])
    counts = parser.parse_args().counts
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        ours = Course(Path(folder) / "ours")
        ours.run("python", "-m", "autograder", "release")
        ours.run("python", "-c", "from autograder import course; course.secret()")
        secret = (ours.root / "grading" / "course_secret").read_bytes().strip()
        stock = Path(folder) / "stock"
        stock_course(stock, secret)
        program = str(Path(sys.executable).with_name("nbgrader"))
        timed([program, "generate_assignment", STEM], stock)
        bar = tqdm(total=3 * len(counts), desc="grading", unit="run")
        for count in counts:
            hand_in(ours.root, "grading/submitted", ours.root / "notebooks" / STEM / f"{STEM}.ipynb", count)
            hand_in(stock, "submitted", stock / "release" / STEM / f"{STEM}.ipynb", count)
            for workers in (1, 2):
                shutil.rmtree(ours.root / "grading" / "autograded", ignore_errors=True)
                command = [sys.executable, "-m", "autograder", "grade", STEM, "--workers", str(workers)]
                rows.append({"grader": "ours", "submissions": count, "workers": workers, **timed(command, ours.root)})
                bar.update()
            rows.append({"grader": "stock", "submissions": count, "workers": 1, **timed([program, "autograde", STEM, "--force"], stock)})
            bar.update()
            assert scores(ours.root, "grading/gradebook.db") == scores(stock, "gradebook.db"), "the scores differ"
        bar.close()
    show(rows)
    save(rows)


def show(rows: list[dict]) -> None:
    stock = {row["submissions"]: row["seconds"] for row in rows if row["grader"] == "stock"}
    print(f"{'grader':8}{'submissions':>12}{'workers':>9}{'s each':>9}{'× stock':>9}{'peak MiB':>10}")
    for row in rows:
        each, ratio = row["seconds"] / row["submissions"], stock[row["submissions"]] / row["seconds"]
        print(f"{row['grader']:8}{row['submissions']:>12}{row['workers']:>9}{each:>9.3f}{ratio:>9.1f}{row['peak_mib']:>10.0f}")


def save(rows: list[dict]) -> None:
    about = {
        "command": "make bench",
        "date": date.today().isoformat(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Linux {platform.release().split('-')[0]}",
        "versions": {"python": platform.python_version(), **{n: metadata.version(n) for n in ("nbgrader", "numpy")}},
    }
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps({**about, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
