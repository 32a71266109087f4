"""A course of its own for tests that grade: the real one's rooms, with a gradebook that starts empty."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
if not os.path.exists("/dev/nvidia0"):
    os.environ.setdefault("TRITON_INTERPRET", "1")  # before anything imports Triton
# As many tests run at once as there are cores: PyTorch's threads would wait for one another, and compute while they wait.
os.environ.setdefault("OMP_NUM_THREADS", "1")
MEMORY = Path("/dev/shm")
if MEMORY.is_dir() and os.access(MEMORY, os.W_OK):
    there = os.statvfs(MEMORY)
    if there.f_bavail * there.f_frsize > 2**31 and not there.f_flag & os.ST_NOEXEC:
        # a gradebook waits for the disk at every commit: the tests' folders lie in memory, where there is room
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))
ALONE = ("test_visible_checks.py",)
QUICK = '{"call_seconds": 2, "exercise_seconds": 2}'  # an endless loop must not make the tests endless


@dataclass
class Course:
    """A course in a folder of its own."""

    root: Path

    @classmethod
    def new(cls, root: Path) -> "Course":
        """Make a course that nobody has released yet, with a site of one page."""
        for name in ("solutions", "autograder", "tests"):
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("nbgrader_config.py", "lab_config.py", "requirements-student.txt", "LICENSE", "LICENSE-TEXT.md"):
            shutil.copy(ROOT / name, root)
        site = root / "_build" / "html" / "book"
        site.mkdir(parents=True)
        (site.parent / "index.html").write_text("<title>site</title>")
        return cls(root)

    def copy(self, root: Path, *left_out: str) -> "Course":
        """Return a copy in another folder, without what has one of the names (or patterns)."""
        return Course(shutil.copytree(self.root, root, ignore=shutil.ignore_patterns(*left_out)))

    def run(self, *command: str, good: bool = True, **env: str) -> subprocess.CompletedProcess:
        """Run a command in the course's folder; ``python`` and ``nbgrader`` are this environment's."""
        program = Path(sys.executable).with_name(command[0])
        path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            [str(program), *command[1:]],
            cwd=self.root,
            env={**os.environ, "PATH": path, "COURSE_LIMITS": QUICK, **env},
            capture_output=True,
            text=True,
        )
        if good:
            assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done

    def submitted(self, student: str, stem: str) -> Path:
        folder = self.root / "grading" / "submitted" / student / stem
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{stem}.ipynb"

    def feedback(self, student: str, stem: str) -> str:
        return (self.root / "grading" / "feedback" / student / stem / f"{stem}.html").read_text()

    def scores(self) -> dict[tuple[str, str], float]:
        """Return {(student, assignment): score} from the gradebook."""
        from nbgrader.api import Gradebook

        with Gradebook(f"sqlite:///{self.root / 'grading' / 'gradebook.db'}") as gradebook:
            return {
                (s.student.id, a.name): s.score for a in gradebook.assignments for s in gradebook.assignment_submissions(a.name)
            }


@pytest.fixture(scope="session")
def course(tmp_path_factory) -> Course:
    """A course that is released and has a sample class's submissions."""
    made = Course.new(tmp_path_factory.mktemp("course"))
    made.run("python", "-m", "autograder", "release")
    made.run("python", "-m", "tests.sample_class")
    return made


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Give the tests of one folder, or of one file beside the folders, to one process: they share what is slow to make.

    The cases of some files share nothing and take long: each goes to the process that is free.
    """
    from xdist.scheduler import LoadScopeScheduling

    class ByRoom(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            room = nodeid.partition("::")[0].split("/")[1]
            return nodeid if room in ALONE else room

    return ByRoom(config, log)
