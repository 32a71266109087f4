"""Where student code runs: inside bubblewrap, without network, without sight of the course.

Inside, the system and the Python environment are read-only, the scratch folder is private and small, the
network and every other process are gone, and the user has no rights. When the process is killed,
its whole tree dies with it.
"""

import atexit
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
from functools import cache
from pathlib import Path

TRUST = "COURSE_TRUST_SUBMISSIONS"
SCRATCH_BYTES = 256 * 2**20
_PARENT_SECONDS = 60.0
_RUNNER_FOLDER = Path(__file__).parent / "student_side"
_INSIDE = "/student_side"
_SCRATCH = "/scratch"
_ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "MPLBACKEND": "Agg",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "TRITON_INTERPRET": "1",
    "TRITON_HOME": "/scratch",
}


class NoSandbox(Exception):
    """Student code can't be run safely here; the message says what to do."""


def check() -> None:
    """Raise NoSandbox unless student code can be run."""
    if os.environ.get(TRUST) != "1":
        _bubblewrap()


class Process:
    """One student side: a socket to talk to it, and a sure way to end it."""

    def __init__(self, parent: "_WarmParent", hidden: tuple[str, ...]) -> None:
        self._parent = parent
        self.socket, theirs = socket.socketpair()
        with theirs:
            self._number = parent.start(theirs, hidden)

    def stop(self) -> None:
        """End the process and everything that it started."""
        self._parent.stop(self._number)
        self.socket.close()


class _WarmParent:
    """The process that has imported what is slow to import and forks a student side on request."""

    def __init__(self, libraries: tuple[str, ...]) -> None:
        self.owner = os.getpid()
        trusted = os.environ.get(TRUST) == "1"
        if trusted:
            command = [sys.executable, "-I", "-B", str(_RUNNER_FOLDER / "parent.py")]
        else:
            command = [*_bubblewrap(), sys.executable, "-I", "-B", f"{_INSIDE}/parent.py"]
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [*command, str(SCRATCH_BYTES), "open" if trusted else "isolated", *libraries],
                stdin=theirs,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env=_ENVIRONMENT | dict.fromkeys(("HOME", "TMPDIR", "MPLCONFIGDIR"), "/tmp" if trusted else _SCRATCH),
                start_new_session=True,
            )
        self._control.settimeout(_PARENT_SECONDS)
        if self._hear() != "ready":
            raise NoSandbox(_advice("the sandbox did not start"))

    def start(self, connection: socket.socket, hidden: tuple[str, ...]) -> int:
        socket.send_fds(self._control, [" ".join(("start", *hidden)).encode()], [connection.fileno()])
        number = int(self._hear())
        if number == 0:
            raise NoSandbox(_advice("namespaces can't be nested in the sandbox"))
        return number

    def stop(self, number: int) -> None:
        self._control.send(f"stop {number}".encode())
        self._hear()

    def _hear(self) -> str:
        return self._control.recv(64).decode()

    def close(self) -> None:
        self._control.close()
        self._process.kill()
        self._process.wait()


_parents: dict[tuple[str, ...], _WarmParent] = {}


def start(hidden: tuple[str, ...] = (), libraries: tuple[str, ...] = ()) -> Process:
    """Start a student side that finds the folders of the libraries ``hidden`` empty.

    libraries: what is imported there beforehand, besides NumPy and Matplotlib: "torch", "triton".
    Raises NoSandbox.
    """
    # A forked process must not share its parent's; each has one of its own.
    if libraries not in _parents or _parents[libraries].owner != os.getpid():
        missing = [name for name in libraries if importlib.util.find_spec(name) is None]
        if missing:
            raise NoSandbox(f"This assignment is graded with {' and '.join(missing)}: pip install -r requirements.txt")
        _parents[libraries] = _WarmParent(libraries)
        atexit.register(_parents[libraries].close)
    return Process(_parents[libraries], hidden)


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
        *("--proc", "/proc", "--dev", "/dev", "--size", str(SCRATCH_BYTES), "--tmpfs", _SCRATCH, "--chdir", _SCRATCH),
        *("--remount-ro", "/", "--remount-ro", "/dev"),  # or what one submission leaves in /dev the next one finds
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
    # Code that names /tmp outright finds the scratch folder there, unless Python itself lives in /tmp.
    if not any(path.startswith("/tmp/") for path in binds):
        binds += ["--symlink", _SCRATCH, "/tmp"]
    return binds


def _advice(reason: str) -> str:
    return (
        f"Student code is not run: {reason}. On Debian or Ubuntu: sudo apt-get install bubblewrap. "
        "If you trust every submission as you trust your own code, add --trust-submissions "
        f"(or set {TRUST}=1 for nbgrader's own commands)."
    )
