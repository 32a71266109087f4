"""Where the rooms of the house are, and the course's secret."""

import os
import secrets
import sys
from pathlib import Path

ROOT = Path(os.environ.get("COURSE_ROOT", Path(__file__).resolve().parent.parent))
SOLUTIONS = ROOT / "solutions"
NOTEBOOKS = ROOT / "notebooks"
SITE = ROOT / "_build" / "html"
DIST = ROOT / "dist"
GRADING = ROOT / "grading"
SUBMITTED = GRADING / "submitted"
AUTOGRADED = GRADING / "autograded"
JUDGED = GRADING / "judged"  # digests of the answers as they were judged last: a person's marks are for these
FEEDBACK = GRADING / "feedback"
REPORTS = GRADING / "reports"
# Where the built book is on the web, if it is: pages that leave this folder then link to it.
BOOK_ADDRESS = os.environ.get("COURSE_BOOK", "")
_SECRET = GRADING / "course_secret"


def secret() -> bytes:
    """Return what the hidden cases are drawn from; made at the first call and kept with the grades.

    Whoever keeps the file gets the same cases, and so the same scores, at a regrade.
    """
    if not _SECRET.exists():
        GRADING.mkdir(parents=True, exist_ok=True)
        # Written aside and linked into place, so that two processes agree on one secret.
        draft = _SECRET.with_name(f"{_SECRET.name}.{os.getpid()}")
        try:
            with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                file.write(secrets.token_hex(32) + "\n")
            os.link(draft, _SECRET)
        except FileExistsError:
            pass
        finally:
            draft.unlink(missing_ok=True)
    return _SECRET.read_bytes().strip()


def source_notebook(stem: str) -> Path:
    return SOLUTIONS / stem / f"{stem}.ipynb"


def released_notebook(stem: str) -> Path:
    return NOTEBOOKS / stem / f"{stem}.ipynb"


def autograded_notebook(student: str, stem: str) -> Path:
    return AUTOGRADED / student / stem / f"{stem}.ipynb"


def nbgrader_config():
    """Return the configuration in ``nbgrader_config.py``, as nbgrader's own commands read it."""
    from traitlets.config import PyFileConfigLoader

    # nbgrader starts `alembic` by name; it stands beside the interpreter, activated or not.
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return PyFileConfigLoader("nbgrader_config.py", path=str(ROOT)).load_config()
