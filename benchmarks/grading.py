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
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from importlib import metadata
from pathlib import Path

import nbformat
import numpy as np
from nbformat.v4 import new_code_cell
from nbgrader.api import Gradebook
from tqdm import tqdm

from autograder import exercises, judging
from autograder.exercise import Case, Exercise
from tests import sample_class
from tests.conftest import Course

RESULT = Path(__file__).parent / "results" / "grading.json"
SAMPLE_SECONDS = 0.2

NUMPY_TEST = """### BEGIN HIDDEN TESTS
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

TORCH_TEST = """### BEGIN HIDDEN TESTS
import base64, io
import numpy as np
import torch
cases = np.load(io.BytesIO(base64.b64decode({data!r})))
for i in range({count}):
    x, weight, bias = (torch.tensor(cases[f"{{name}}{{i}}"], requires_grad=True) for name in ("x", "weight", "bias"))
    eps, dy, allowed = float(cases[f"eps{{i}}"]), torch.tensor(cases[f"dy{{i}}"]), cases[f"t{{i}}"]
    if {is_module}:
        layer = {name}(x.shape[-1], eps=eps).double()
        with torch.no_grad():
            layer.weight.copy_(weight)
            layer.bias.copy_(bias)
        y, weight, bias = layer(x), layer.weight, layer.bias
    else:
        y = {name}.apply(x, weight, bias, eps)
    y.backward(dy)
    for found, name in ((y.detach(), "y"), (x.grad, "dx"), (weight.grad, "dweight"), (bias.grad, "dbias")):
        right = torch.tensor(cases[f"{{name}}{{i}}"])
        assert found.shape == right.shape
        assert torch.allclose(found, right, rtol=allowed[0], atol=allowed[1])
### END HIDDEN TESTS
"""


def numpy_test(exercise: Exercise, cases: list[Case]) -> str:
    """Return a cell of code that tests a function of one array on our judge's cases."""
    arrays = {}
    for i, case in enumerate(cases):
        value = getattr(case.args[0], "values", case.args[0])
        arrays |= {f"x{i}": value, f"y{i}": np.asarray(exercise.reference(*case.exact_args())[0], "float64")}
        arrays[f"t{i}"] = np.array([case.rtol, case.atol])
    return NUMPY_TEST.format(data=packed(arrays), count=len(cases), name=exercise.name)


def torch_test(exercise: Exercise, cases: list[Case]) -> str | None:
    """Return a cell that tests a layer on those cases that ask for an output and its gradients, or None.

    What is kept for the backward pass, second derivatives and narrow types are tested by our judge only.
    """
    plain = (c for c in cases if c.mode == "grad" and not (c.again or c.between or c.watches or c.fresh))
    chosen = [c for c in plain if len(c.args) == 5 and c.args[3] is not None]
    arrays = {}
    for i, case in enumerate(chosen):
        x, weight, bias, eps, dy = case.exact_args()
        y, dx, dweight, dbias = exercise.reference(x, weight, bias, eps, dy)[:4]
        named = {"x": x, "weight": weight, "bias": bias, "eps": eps, "dy": dy}
        named |= {"y": y, "dx": dx, "dweight": dweight, "dbias": dbias}
        arrays |= {f"{name}{i}": np.asarray(value, "float64") for name, value in named.items()}
        arrays[f"t{i}"] = np.array([case.rtol, case.atol])
    is_module = exercise.name == "LayerNorm"
    if not chosen:
        return None
    return TORCH_TEST.format(data=packed(arrays), count=len(chosen), name=exercise.name, is_module=is_module)


@dataclass(frozen=True)
class Plan:
    """What is timed of one assignment.

    test: makes the hidden test of one check for stock nbgrader; None where stock does without.
    imports: the first cell of stock nbgrader's notebook.
    same_scores: whether both graders give the same points; else only who has all of them is compared.
    """

    stem: str
    exercises: tuple[str, ...]
    test: Callable[[Exercise, list[Case]], str | None]
    imports: str
    same_scores: bool


PLANS = (
    Plan("1_z_scores", ("standard_deviation", "z_scores", "z_scores_by_row"), numpy_test, "import numpy as np", True),
    Plan("4_layernorm_pytorch", ("LayerNormFunction", "LayerNorm"), torch_test, "import torch\nfrom torch import nn", False),
)


def stock_course(root: Path, plan: Plan, secret: bytes) -> None:
    """Write a course for nbgrader without our configuration."""
    source = root / "source" / plan.stem
    source.mkdir(parents=True)
    (root / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.course_id = 'stock'\n")
    cells = [new_code_cell(plan.imports)]
    for name in plan.exercises:
        _, exercise = exercises.find(name)
        cells.append(new_code_cell("### BEGIN SOLUTION\npass\n### END SOLUTION", metadata=marks(f"{name}_code", solution=True)))
        for check in exercise.checks:
            code = plan.test(exercise, check.cases(judging.draw(secret, name, check.name)))
            if code:
                cells.append(new_code_cell(code, metadata=marks(f"{name}-{check.name}", points=check.points)))
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), source / f"{plan.stem}.ipynb")


def marks(grade_id: str, solution: bool = False, points: float | None = None) -> dict:
    own = {"grade_id": grade_id, "solution": solution, "grade": not solution, "locked": not solution, "task": False}
    own |= {"schema_version": 3, "cell_type": "code"} | ({} if points is None else {"points": points})
    return {"nbgrader": own}


def packed(arrays: dict[str, np.ndarray]) -> str:
    """Return arrays as the base64 of an npz file."""
    file = io.BytesIO()
    np.savez(file, **arrays)
    return base64.b64encode(file.getvalue()).decode()


def hand_in(root: Path, room: str, released: Path, plan: Plan, count: int) -> None:
    """Write ``count`` submissions, every tenth of them wrong in every exercise."""
    shutil.rmtree(root / room, ignore_errors=True)
    for i in range(count):
        notebook = nbformat.read(released, as_version=4)
        for name in plan.exercises:
            folder = sample_class.IMPLEMENTATIONS / plan.stem / name
            right = sorted(folder.glob("right/*.py"))
            chosen = folder / "wrong" / "ddof-1.py" if i % 10 == 9 else right[i % len(right)]
            # Two exercises may have names of which one begins with the other.
            known = (f"{name}_code", name)
            first = next(c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") in known)
            if first.metadata.nbgrader.solution:
                first.source = chosen.read_text()
            else:
                sample_class.answer(notebook, name, chosen.read_text())
        path = root / room / f"student{i:03}" / plan.stem / f"{plan.stem}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(nbformat.writes(notebook))


def timed(command: list[str], root: Path) -> dict:
    """Run a command; return its seconds and the peak memory of the largest of its processes in MiB."""
    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    peak = 0.0
    with tempfile.TemporaryFile("w+") as said:
        begun = time.perf_counter()
        with subprocess.Popen(command, cwd=root, env=env, stdout=subprocess.DEVNULL, stderr=said) as run:
            while True:
                try:
                    run.wait(SAMPLE_SECONDS)
                    break
                except subprocess.TimeoutExpired:
                    peak = max(peak, *map(resident, family(run.pid)))
        taken = time.perf_counter() - begun
        if run.returncode:
            said.seek(0)
            raise SystemExit(f"{' '.join(command)} failed:\n{said.read()[-2000:]}")
    return {"seconds": taken, "peak_mib": peak}


def family(pid: int) -> list[int]:
    """Return a process and all that descend from it."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return [pid]  # it has just ended
    return [pid, *(member for child in children for member in family(int(child)))]


def resident(pid: int) -> float:
    """Return a process's resident memory in MiB; 0 if it has just ended."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    except (OSError, IndexError):
        return 0.0


def scores(root: Path, database: str, plan: Plan) -> dict[str, float]:
    """Return the points of the timed exercises by student."""
    with Gradebook(f"sqlite:///{root / database}") as gradebook:
        return {
            s.student.id: sum(g.score for n in s.notebooks for g in n.grades if g.name.split("-")[0] in plan.exercises)
            for s in gradebook.assignment_submissions(plan.stem)
        }


def agree(ours: dict[str, float], stocks: dict[str, float], plan: Plan) -> bool:
    """Whether both graders say the same of every student; see ``Plan.same_scores``."""
    if plan.same_scores:
        return ours == stocks
    best, stocks_best = max(ours.values()), max(stocks.values())
    return all((ours[name] == best) == (stocks[name] == stocks_best) for name in ours | stocks)


def compare(plan: Plan, counts: list[int], folder: Path, bar: tqdm) -> list[dict]:
    """Return the rows of one assignment. Raises AssertionError if the graders do not agree."""
    ours = Course.new(folder / "ours")
    ours.run("python", "-m", "autograder", "release")
    ours.run("python", "-c", "from autograder import course; course.secret()")
    secret = (ours.root / "grading" / "course_secret").read_bytes().strip()
    stock = folder / "stock"
    stock_course(stock, plan, secret)
    program = str(Path(sys.executable).with_name("nbgrader"))
    timed([program, "generate_assignment", plan.stem], stock)
    rows = []
    for count in counts:
        about = {"assignment": plan.stem, "submissions": count}
        for root, room, release in ((ours.root, "grading/submitted", "notebooks"), (stock, "submitted", "release")):
            hand_in(root, room, root / release / plan.stem / f"{plan.stem}.ipynb", plan, count)
        for workers in (1, 2):
            shutil.rmtree(ours.root / "grading" / "autograded", ignore_errors=True)
            command = [sys.executable, "-m", "autograder", "grade", plan.stem, "--workers", str(workers)]
            rows.append({**about, "grader": "ours", "workers": workers, **timed(command, ours.root)})
            bar.update()
        command = [program, "autograde", plan.stem, "--force"]
        rows.append({**about, "grader": "stock", "workers": 1, **timed(command, stock)})
        bar.update()
        found = scores(ours.root, "grading/gradebook.db", plan), scores(stock, "gradebook.db", plan)
        assert agree(*found, plan), "the scores differ"
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--counts", type=int, nargs="+", default=[10, 30, 100])
    parser.add_argument("--assignments", nargs="+", default=[plan.stem for plan in PLANS], metavar="STEM")
    options = parser.parse_args()
    begun_at = os.getloadavg()[0]
    plans = [plan for plan in PLANS if plan.stem in options.assignments and plan.stem in exercises.stems()]
    rows = []
    with tqdm(total=3 * len(options.counts) * len(plans), desc="grading", unit="run") as bar:
        for plan in plans:
            with tempfile.TemporaryDirectory() as folder:
                rows += compare(plan, options.counts, Path(folder), bar)
    show(rows)
    command = " ".join(["python -m benchmarks.grading", *sys.argv[1:]])
    RESULT.parent.mkdir(exist_ok=True)
    # Above the number of cores, others were at work beside it.
    load = {"load_average": {"before": begun_at, "after": os.getloadavg()[0]}}
    RESULT.write_text(json.dumps({**provenance(command), **load, "rows": rows}, indent=1) + "\n")


def show(rows: list[dict]) -> None:
    stock = {(row["assignment"], row["submissions"]): row["seconds"] for row in rows if row["grader"] == "stock"}
    line = "{:22}{:8}{:>12}{:>9}{:>9}{:>9}{:>10}"
    print(line.format("assignment", "grader", "submissions", "workers", "s each", "× stock", "peak MiB"))
    for row in rows:
        each = row["seconds"] / row["submissions"]
        ratio = stock[row["assignment"], row["submissions"]] / row["seconds"]
        about = (row["assignment"], row["grader"], row["submissions"], row["workers"])
        print(line.format(*about, f"{each:.3f}", f"{ratio:.1f}", f"{row['peak_mib']:.0f}"))


def provenance(command: str) -> dict:
    """Return what a stored result says of where it came from."""
    return {
        "command": command,
        "date": date.today().isoformat(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Linux {platform.release().split('-')[0]}",
        "versions": {"python": platform.python_version(), **{n: metadata.version(n) for n in ("nbgrader", "numpy", "torch")}},
    }


if __name__ == "__main__":
    main()
