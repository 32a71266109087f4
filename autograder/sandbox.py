"""Where student code runs: inside bubblewrap, without network, without sight of the course.

Inside, the system and the Python environment are read-only, the scratch folder is private and small, the
network and every other process are gone, and the user has no rights. When the process is killed,
its whole tree dies with it.
"""

import atexit
import importlib.util
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import BinaryIO

from autograder.limits import CONFIGURED

TRUST = "COURSE_TRUST_SUBMISSIONS"
_PARENT_SECONDS = 60.0
_CREDENTIALS = struct.Struct("3i")  # struct ucred: process, user, group
_RUNNER_FOLDER = Path(__file__).parent / "student_side"
_INSIDE = "/student_side"
_PYTHON = os.path.abspath(sys.executable)  # without "..", whose folders the sandbox lacks
_SCRATCH = "/scratch"
_ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "MPLBACKEND": "Agg",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "TRITON_INTERPRET": "1",
    "CUDA_VISIBLE_DEVICES": "",  # with a device in sight PyTorch's autograd starts threads, which no fork survives
}
_SCRATCH_NAMES = ("HOME", "TMPDIR", "MPLCONFIGDIR", "TRITON_HOME")  # variables that name the scratch folder


class NoSandbox(Exception):
    """Student code can't be run safely here; the message says what to do."""


def check() -> None:
    """Raise NoSandbox unless student code can be run."""
    if os.environ.get(TRUST) != "1":
        _bubblewrap()


class Process:
    """One student side: a socket to talk to it, and a sure way to end it.

    number: the process's number out here, known from its first answer on.
    """

    def __init__(self, line: "_Line", hidden: tuple[str, ...]) -> None:
        self._line = line
        self.number: int | None = None
        self.socket, theirs = socket.socketpair()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        with theirs:
            self._number_inside = line.start(theirs, hidden)

    def receive(self, size: int) -> bytes:
        """Return what has come, at most so many bytes; none if the process has ended. Raises OSError."""
        if self.number is not None:
            return self.socket.recv(size)
        # The kernel says who sent it, and by what number we know that process.
        part, notes, _, _ = self.socket.recvmsg(size, socket.CMSG_SPACE(_CREDENTIALS.size))
        for level, kind, data in notes:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
                self.number = _CREDENTIALS.unpack(data)[0]
        return part

    def stop(self) -> None:
        """End the process and everything that it started."""
        self._line.stop(self._number_inside)
        self.socket.close()


class _Line:
    """A socket to the warm parent: the process that has imported what is slow to import, and forks student sides."""

    def __init__(self, control: socket.socket, complaints: BinaryIO) -> None:
        self.owner = os.getpid()
        self._control = control
        self._control.settimeout(_PARENT_SECONDS)
        self._complaints = complaints  # what the warm parent wrote to stderr
        self._greeted = False

    def join(self) -> "_Line":
        """Return a line of its own for a process that was forked from this line's owner. Raises OSError."""
        ours, theirs = _pair()
        with theirs:
            # It has no answer on this line, so several processes may ask at once.
            socket.send_fds(self._control, [b"join"], [theirs.fileno()])
        return _Line(ours, self._complaints)

    def start(self, connection: socket.socket, hidden: tuple[str, ...]) -> int:
        """Return the number of a new student side. Raises NoSandbox, and OSError if the warm parent answers no more."""
        if not self._greeted and self._hear() != "ready":
            self._complaints.seek(0)
            why = self._complaints.read().decode(errors="replace").strip()[-300:]
            raise NoSandbox(_advice(f"the sandbox did not start ({why})"))
        self._greeted = True
        socket.send_fds(self._control, [" ".join(("start", *hidden)).encode()], [connection.fileno()])
        answer = self._hear()
        if not answer:
            raise ConnectionResetError("the warm parent has ended")
        number = int(answer)
        if number == 0:
            raise NoSandbox(_advice("namespaces can't be nested in the sandbox"))
        return number

    def stop(self, number: int) -> None:
        self._control.send(f"stop {number}".encode())
        self._hear()

    def _hear(self) -> str:
        try:
            return self._control.recv(64).decode()
        except TimeoutError:
            self._control.close()  # what came late would be taken for the answer to the next order
            raise


@dataclass(frozen=True)
class Rules:
    """What a submission has and has not.

    forbidden: libraries that may not be imported; it finds their folders empty.
    libraries: what is imported before its code runs, besides NumPy and Matplotlib: "torch", "triton".
    operators: PyTorch's operators that raise an error, however they are reached ("native_layer_norm").
    """

    forbidden: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    operators: tuple[str, ...] = ()

    @property
    def of_parent(self) -> tuple:
        """What holds in the warm parent already; the same for submissions that differ in what is forbidden only."""
        return self.libraries, self.operators


_lines: dict[tuple, _Line] = {}  # by what holds in their parents


def warm(rules: Rules) -> None:
    """Let a warm parent begin, for this process and those that will be forked from it. Raises NoSandbox."""
    if rules.of_parent not in _lines:
        missing = [name for name in rules.libraries if importlib.util.find_spec(name) is None]
        if missing:
            raise NoSandbox(f"This assignment is graded with {' and '.join(missing)}: pip install -r requirements.txt")
        _lines[rules.of_parent] = _begin(rules)


def start(rules: Rules = Rules()) -> Process:
    """Start a student side. Raises NoSandbox."""
    warm(rules)
    kind = rules.of_parent
    if _lines[kind].owner != os.getpid():
        try:
            _lines[kind] = _lines[kind].join()
        except OSError:  # that parent has ended
            _lines[kind] = _begin(rules)
    try:
        return Process(_lines[kind], rules.forbidden)
    except OSError:  # so has this one, since it answered last: one submission may be lost by that, and no other
        _lines[kind] = _begin(rules)
        return Process(_lines[kind], rules.forbidden)


def _begin(rules: Rules) -> _Line:
    """Start a warm parent; it ends with this process."""
    trusted = os.environ.get(TRUST) == "1"
    if trusted:
        command = [_PYTHON, "-I", "-B", str(_RUNNER_FOLDER / "parent.py")]
    else:
        command = [*_bubblewrap(), _PYTHON, "-I", "-B", f"{_INSIDE}/parent.py"]
    orders = [CONFIGURED.scratch_bytes, not trusted, rules.libraries, rules.operators]
    ours, theirs = _pair()
    complaints = tempfile.TemporaryFile()
    with theirs:
        process = subprocess.Popen(
            [*command, json.dumps(orders)],
            stdin=theirs,
            stdout=subprocess.DEVNULL,
            stderr=complaints,
            cwd="/",
            env=_ENVIRONMENT | dict.fromkeys(_SCRATCH_NAMES, "/tmp" if trusted else _SCRATCH),
            start_new_session=True,
        )
    atexit.register(_end, process, os.getpid())
    return _Line(ours, complaints)


def _end(process: subprocess.Popen, owner: int) -> None:
    if owner == os.getpid():
        process.kill()
        process.wait()


def _pair() -> tuple[socket.socket, socket.socket]:
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


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
        *("--proc", "/proc", "--dev", "/dev", "--size", str(CONFIGURED.scratch_bytes), "--tmpfs", _SCRATCH, "--chdir", _SCRATCH),
        *_list_of_fonts(),
        *("--remount-ro", "/", "--remount-ro", "/dev"),  # or what one submission leaves in /dev the next one finds
    )
    trial = subprocess.run([*command, _PYTHON, "-I", "-S", "-c", ""], capture_output=True, text=True)
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


def _list_of_fonts() -> list[str]:
    """Read-only binds of the lists of fonts that Matplotlib has made: making one takes longer than all its imports."""
    caches = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    lists = Path(os.environ.get("MPLCONFIGDIR") or f"{caches}/matplotlib").glob("fontlist-*.json")
    return [word for path in lists for word in ("--ro-bind-try", str(path), f"{_SCRATCH}/{path.name}")]


def _advice(reason: str) -> str:
    return (
        f"Student code is not run: {reason}. On Debian or Ubuntu: sudo apt-get install bubblewrap. "
        "If you trust every submission as you trust your own code, add --trust-submissions "
        f"(or set {TRUST}=1 for nbgrader's own commands)."
    )
