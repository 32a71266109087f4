"""The grader needs no root: everything that an instructor does, by a user who has no rights."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import pytest

from autograder import exercises
from tests import sample_class
from tests.conftest import QUICK, ROOT

NOBODY = 65534
STEM = exercises.stems()[0]
# setpriv itself still starts a program with root's rights to read it; what `env` starts is read by the user.
AS_NOBODY = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--no-new-privs", "env"]


def runs(python: Path) -> bool:
    """Whether the user without rights can run this Python with what the grader needs."""
    command = [*AS_NOBODY, str(python), "-c", "import numpy, nbgrader"]
    return subprocess.run(command, cwd="/", capture_output=True, env={"PATH": os.environ["PATH"]}).returncode == 0


def environment(folder: Path) -> Path | None:
    """Return a Python that the user can run: this one, or the system's with links to this one's packages."""
    if runs(Path(sys.executable)):
        return Path(sys.executable)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    system = Path("/usr/bin") / version
    if not system.exists():
        return None
    packages = folder / "env" / "lib" / version / "site-packages"
    packages.parent.mkdir(parents=True)
    linked = subprocess.run(["cp", "-al", sysconfig.get_path("purelib"), str(packages)], capture_output=True)
    if linked.returncode:  # on another disk; a copy would take minutes
        return None
    python = folder / "env" / "bin" / "python"
    python.parent.mkdir()
    python.symlink_to(system)
    (folder / "env" / "pyvenv.cfg").write_text("home = /usr/bin\ninclude-system-site-packages = false\n")
    program = python.with_name("alembic")  # nbgrader starts it when it makes a gradebook
    program.write_text(f"#!{python}\nfrom alembic.config import main\n\nmain()\n")
    program.chmod(0o755)
    return python if runs(python) else None


@pytest.fixture(scope="module")
def user():
    """A folder and a Python of a user without rights."""
    if os.geteuid() != 0:
        pytest.skip("the tests are run by an ordinary user already: all the others show it")
    if shutil.which("setpriv") is None:
        pytest.skip("no setpriv to become another user")
    # pytest's own folders can't be entered by others.
    folder = Path(tempfile.mkdtemp(prefix="ordinary-", dir=os.environ.get("TMPDIR", "/tmp")))
    folder.chmod(0o755)
    try:
        python = environment(folder)
        if python is None:
            pytest.skip(f"{sys.base_prefix} is closed to other users, and the system has no Python of the same version")
        yield folder, python
    finally:
        shutil.rmtree(folder)


def as_user(root: Path, python: Path, *command: str) -> subprocess.CompletedProcess:
    home = {"HOME": str(root), "PATH": f"{python.parent}:/usr/bin:/bin", "LANG": "C.UTF-8", "COURSE_LIMITS": QUICK}
    return subprocess.run([*AS_NOBODY, str(python), *command], cwd=root, env=home, capture_output=True, text=True)


def test_a_class_is_graded_by_an_ordinary_user(course, user):
    folder, python = user
    mine = course.copy(folder / "course", "gradebook.db", "autograded", "feedback", "reports", "__pycache__")
    course.run("python", "-m", "autograder", "grade", STEM, "--student", "sample_*", "--json", str(folder / "root.json"))
    shutil.copy(course.root / "grading" / "course_secret", mine.root / "grading")
    for path in (mine.root, *mine.root.rglob("*")):
        os.chown(path, NOBODY, NOBODY)
    done = as_user(mine.root, python, "-m", "autograder", "release")
    assert done.returncode == 0, done.stderr[-3000:]
    done = as_user(mine.root, python, "-m", "autograder", "grade", STEM, "--student", "sample_*", "--json", "mine.json")
    if "bubblewrap does not work here" in done.stderr:
        pytest.skip("this kernel gives ordinary users no namespaces")
    assert done.returncode == 0, done.stderr[-3000:]
    results = json.loads((mine.root / "mine.json").read_text())
    theirs = json.loads((folder / "root.json").read_text())
    assert [row["verdicts"] for row in results] == [row["verdicts"] for row in theirs]
    assert len(results) == len(sample_class.STUDENTS) and any(row["score"] for row in results)
    assert (mine.root / "grading" / "gradebook.db").stat().st_uid == NOBODY


LOOKS = """
import os, socket
def tries(what):
    try:
        return what()
    except OSError as error:
        return type(error).__name__
print(os.getuid(), tries(lambda: os.listdir({root!r})), tries(lambda: open("/usr/x", "w")), os.listdir("/proc"))
print(tries(lambda: socket.create_connection(("127.0.0.1", 22), timeout=1)), tries(os.fork))
"""


def test_the_sandbox_is_as_closed_to_it(course, user):
    folder, python = user
    shutil.copytree(ROOT / "autograder", folder / "autograder", ignore=shutil.ignore_patterns("__pycache__"))
    looks = LOOKS.format(root=str(folder / "autograder"))
    code = (
        "from autograder.student import Student\n"
        f"with Student([{looks!r}]) as student:\n"
        "    print(student.results[0].error, student.results[0].printed)\n"
    )
    done = as_user(folder, python, "-c", code)
    if "bubblewrap does not work here" in done.stderr:
        pytest.skip("this kernel gives ordinary users no namespaces")
    assert done.returncode == 0, done.stderr[-3000:]
    first, second = done.stdout.split("\n")[:2]
    assert first == f"None {NOBODY} FileNotFoundError OSError []", done.stdout
    assert second == "OSError PermissionError", done.stdout  # no network is reached, not even this machine's own
