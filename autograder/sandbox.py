"""Where student code runs: inside bubblewrap, without network, without sight of the course.

Inside, the system and the Python environment are read-only, ``/tmp`` is private and small, the
network and every other process are gone, and the user has no rights. When the process is killed,
its whole tree dies with it.
"""

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

TRUST = "COURSE_TRUST_SUBMISSIONS"
SCRATCH_BYTES = 256 * 2**20
_RUNNER_FOLDER = Path(__file__).parent / "student_side"
_INSIDE = "/student_side"
_ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "HOME": "/tmp",
    "TMPDIR": "/tmp",
    "LANG": "C.UTF-8",
    "MPLBACKEND": "Agg",
    "MPLCONFIGDIR": "/tmp",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
}


class NoSandbox(Exception):
    """Student code can't be run safely here; the message says what to do."""


def check() -> None:
    """Raise NoSandbox unless student code can be run."""
    if os.environ.get(TRUST) != "1":
        _bubblewrap()


def start() -> subprocess.Popen:
    """Start a student side with pipes on its standard input and output. Raises NoSandbox."""
    if os.environ.get(TRUST) == "1":
        folder, command = "/tmp", [sys.executable, "-I", "-B", str(_RUNNER_FOLDER / "runner.py")]
    else:
        folder, command = "/", [*_bubblewrap(), sys.executable, "-I", "-B", f"{_INSIDE}/runner.py"]
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env=_ENVIRONMENT,
        start_new_session=True,
    )


@cache
def _bubblewrap() -> tuple[str, ...]:
    """Return the command up to the program to run; tried once, so that a refusal says why."""
    program = shutil.which("bwrap")
    if program is None:
        raise NoSandbox(_advice("bubblewrap is not installed"))
    command = (
        program,
        *("--unshare-all", "--unshare-user", "--uid", "65534", "--gid", "65534", "--cap-drop", "ALL"),
        *("--die-with-parent", "--new-session", "--hostname", "sandbox"),
        *_system(),
        *("--ro-bind", str(_RUNNER_FOLDER), _INSIDE),
        *("--proc", "/proc", "--dev", "/dev", "--size", str(SCRATCH_BYTES), "--tmpfs", "/tmp", "--chdir", "/tmp"),
        *("--remount-ro", "/"),
    )
    trial = subprocess.run([*command, sys.executable, "-I", "-c", "import numpy"], capture_output=True, text=True)
    if trial.returncode != 0:
        raise NoSandbox(_advice(f"bubblewrap does not work here ({trial.stderr.strip()[-300:]})"))
    return command


def _system() -> list[str]:
    """Read-only binds of what Python needs: the system's libraries, the interpreter, the environment."""
    binds = []
    for path in ("/usr", "/bin", "/lib", "/lib64"):
        if os.path.islink(path):
            binds += ["--symlink", os.readlink(path), path]
        elif os.path.isdir(path):
            binds += ["--ro-bind", path, path]
    for path in ("/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts", "/etc/localtime"):
        binds += ["--ro-bind-try", path, path]
    for path in dict.fromkeys((sys.base_prefix, sys.prefix)):
        if not path.startswith("/usr/") or path.startswith("/usr/local/"):
            binds += ["--ro-bind", path, path]
    return binds


def _advice(reason: str) -> str:
    return (
        f"Student code is not run: {reason}. On Debian or Ubuntu: sudo apt-get install bubblewrap. "
        "If you trust every submission as you trust your own code, add --trust-submissions "
        f"(or set {TRUST}=1 for nbgrader's own commands)."
    )
