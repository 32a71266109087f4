"""The trusted side's end of the pipe: one ``Student`` holds one process with one submission's code."""

import builtins
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

import numpy as np

from autograder import python_errors, sandbox
from autograder.limits import CONFIGURED, Limits
from autograder.sandbox import Rules
from autograder.stopwatch import TICK_SECONDS, Stopwatch
from autograder.student_side import wire

_PNG = b"\x89PNG\r\n\x1a\n"
MAX_CLAIMS = 20
MAX_GROWN = 2**50
MAX_NAMES = 1000
PART_BYTES = 2**16
MAX_PRINTED = 2 * 2**20
MAX_PICTURES_BYTES = 8 * 2**20


@dataclass(frozen=True)
class CellResult:
    """What executing one cell gave.

    error: None or {type, message, cell, line, text}; of a cell that was stopped {type, message}.
    pictures: PNG files.
    """

    error: dict | None
    printed: str = ""
    pictures: tuple[bytes, ...] = ()


class Kind(Enum):
    """What kind a problem is of that is no exception.

    An exception goes by its name, which is a string: a submission that calls its own ``MISSING`` gains nothing.
    """

    MISSING = auto()  # there is no such function
    STOPPED = auto()  # the call ended the process, or had to be stopped
    UNMET = auto()  # something else that the contract asks for
    NONE = auto()  # it returned None
    OTHER = auto()  # it returned another thing than it should

    @classmethod
    def of(cls, returned: Any) -> "Kind":
        """Return the kind of a problem with what was returned."""
        return cls.NONE if returned is None else cls.OTHER


@dataclass(frozen=True)
class Reply:
    """What one call gave: a value, or ``problem`` in words that a student reads.

    ``brief`` says the problem without words that the submission chose, which could spell out a hidden
    input. ``error`` is the exception behind it, of the call or of the cell that should have defined the function,
    and ``error_type`` the name of the call's exception, or the kind of the problem.

    ``changed`` lists the positions of the arguments that the call modified; ``grown`` counts the bytes
    by which the process's peak memory grew. ``sign`` names the misconception that a problem, or a wrong value,
    is the sign of, where whoever made the call knows it; ``suspicion`` finds one that explains a failure
    if nothing else was recognised, and is asked only then.
    """

    value: Any = None
    problem: str | None = None
    brief: str | None = None
    error_type: str | Kind | None = None
    error: dict | None = None
    changed: tuple[int, ...] = ()
    grown: int = 0
    warnings: tuple[str, ...] = ()
    sign: str | None = None
    suspicion: Callable[[], str | None] | None = None


class _Gone(Exception):
    """The process died or was stopped; the message says why."""


def _stopped(message: str) -> CellResult:
    return CellResult({"type": "Stopped", "message": message})


def _error_of(message: dict) -> dict | None:
    """Return the error that an answer tells; whatever stands there becomes short text."""
    error = message.get("error")
    if not error:
        return None
    found = error if isinstance(error, dict) else {"message": error}
    cell, line = found.get("cell"), found.get("line")
    return {
        "type": str(found.get("type", "Error"))[:100],
        "message": str(found.get("message", ""))[:1000],
        "cell": cell if type(cell) is int else None,
        "line": line if type(line) is int and 0 < line < 10**6 else None,
        "text": str(found.get("text", ""))[:200],
    }


def _list_of(message: dict, name: str, at_most: int = MAX_CLAIMS) -> list:
    found = message.get(name)
    return found[:at_most] if isinstance(found, list) else []


def say_error(error: dict) -> str:
    """Return one sentence for an error as the student side describes it."""
    where = f" (line {error['line']}: `{error['text']}`)" if error.get("line") else ""
    said = python_errors.in_short(error.get("message", ""))
    message = f": {said}" if said else ""
    return f"{error.get('type', 'Error')}{message}{where}"


@dataclass
class Student:
    """Runs cells and calls functions in a process of its own; use as a context manager.

    The process is started again, and the cells executed again, after one that died or had to be
    stopped; a cell that stopped it is not executed a second time.

    cells: the source of each cell, in order.
    used: forbidden names that calls ran since ``look_out_for``, outside the cells, and the operators that were refused.
    as_of: number of the cell, from 1 on, after which the names stand as the calls find them; None for the last.
    knows_hidden: whether the process was sent a hidden case; set by the judge, and false again for a new process.
    start_seconds: how much of its time the process used to start and to execute the cells.
    stopwatch: counts the time that all processes have used.
    """

    cells: list[str]
    rules: Rules = Rules()
    limits: Limits = CONFIGURED
    results: list[CellResult] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    as_of: int | None = None
    knows_hidden: bool = False
    start_seconds: float = 0.0
    stopwatch: Stopwatch = field(default_factory=Stopwatch)

    def __enter__(self) -> "Student":
        self._callbacks: list[Callable] = []
        self._forbidden: list[str] = []
        self._process = None
        self._stopped_at: dict[int, str] = {}
        try:
            self._start()
        except _Gone as gone:
            self.results = [_stopped(f"the notebook {gone}")] * len(self.cells)
        return self

    def __exit__(self, *_: object) -> None:
        self._kill()

    # public -----------------------------------------------------------------------------------

    def begin_anew(self) -> None:
        """Let the next request find a new process, which remembers nothing."""
        self._kill()

    def look_out_for(self, names: frozenset[str]) -> None:
        """From now on note in ``used`` which of these functions run, and forget what was noted."""
        self._forbidden = sorted(names)
        self.used.clear()

    def call(self, name: str, *args: Any, keep: tuple[int, ...] = (), **kwargs: Any) -> Reply:
        """Call the student's function ``name``.

        args, kwargs: plain values, arrays, or what ``wire`` has for them; a Python function among
        ``args`` is called back on this side.
        keep: positions of the returned tuple that stay on the student side as ``wire.Handle``.
        """
        self._callbacks = [arg for arg in args if callable(arg)]
        sent = [wire.Callback(self._callbacks.index(arg)) if callable(arg) else arg for arg in args]
        request = {"request": "call", "name": name, "keep": list(keep), "forbidden": self._forbidden}
        return self._reply(name, request, [sent, kwargs])

    def torch(self, target: str, args: list, *, mode: str = "grad", watched: bool = True, **asked: Any) -> Reply:
        """Run ``target`` under autograd; the reply's value is the dict that ``torch_side.run`` describes.

        target: a name of the submission, or an attribute of one ("LayerNormFunction.apply").
        watched: whether forbidden functions that run are noted, which is slow in Triton's interpreter.
        """
        request = {"request": "torch", "target": target, "mode": mode, "forbidden": self._forbidden if watched else []}
        reply = self._reply(target, request, {"args": list(args), **asked})
        if reply.problem is None and not (isinstance(reply.value, dict) and isinstance(reply.value.get("outputs"), tuple)):
            return Reply(problem=f"`{target}` gave no result", error_type=Kind.OTHER)
        return reply

    def _reply(self, name: str, request: dict, values: Any) -> Reply:
        try:
            message, value = self._ask(request, values, self.limits.call_seconds)
        except _Gone as gone:
            return Reply(problem=f"calling `{name}` {gone}", error_type=Kind.STOPPED)
        if "missing" in message:
            return self._missing(name.partition(".")[0])
        told = {name for name in _list_of(message, "used", MAX_NAMES) if isinstance(name, str)}
        self.used |= told.intersection([*self._forbidden, *self.rules.operators])
        if "problem" in message:
            return Reply(problem=str(message["problem"])[:1000], brief=f"`{name}` does not do what the contract says", error_type=Kind.UNMET)
        error = _error_of(message)
        if error:
            brief = f"`{name}` raised {self._say_briefly(error)}"
            return Reply(problem=f"`{name}` raised {say_error(error)}", brief=brief, error_type=error["type"], error=error)
        changed = tuple(i for i in _list_of(message, "changed") if type(i) is int)
        grown = message.get("grown")
        grown = min(grown, MAX_GROWN) if type(grown) is int else 0
        if isinstance(value, dict) and isinstance(message.get("told"), dict):
            value |= message["told"]
        return Reply(value, changed=changed, grown=grown, warnings=tuple(str(w)[:300] for w in _list_of(message, "warnings")))

    def read(self, name: str) -> Reply:
        """Return the value of the student's variable ``name``."""
        try:
            message, value = self._ask({"request": "read", "name": name}, None, self.limits.call_seconds)
        except _Gone as gone:
            return Reply(problem=f"reading `{name}` {gone}", error_type=Kind.STOPPED)
        if "missing" in message:
            return self._missing(name)
        return Reply(value)

    # the process ------------------------------------------------------------------------------

    def _start(self) -> None:
        begun = self.stopwatch.seconds
        self.knows_hidden = False
        self.stopwatch.follow(None)
        self._process = sandbox.start(self.rules)
        self._received = bytearray()
        setup = {
            "request": "setup",
            "forbidden": list(self.rules.forbidden),
            "limits": self.limits.as_rlimits(),
        }
        self._exchange(setup, None, self.limits.cell_seconds)
        self.stopwatch.follow(self._process.number)
        self.results = []
        for i, source in enumerate(self.cells):
            self.results.append(self._run_cell(i, source))
            if self._process is None:
                # That cell stopped the process: begin again without it.
                return self._start()
        self.start_seconds = self.stopwatch.seconds - begun

    def _run_cell(self, i: int, source: str) -> CellResult:
        if i in self._stopped_at:
            return _stopped(self._stopped_at[i])
        try:
            request = {"request": "cell", "number": i + 1, "source": source}
            message, plots = self._exchange(request, None, self.limits.cell_seconds)
        except _Gone as gone:
            self._stopped_at[i] = f"this cell {gone}"
            return _stopped(self._stopped_at[i])
        plots = plots[:MAX_CLAIMS] if isinstance(plots, list) else []
        pictures = (plot.tobytes() for plot in plots if isinstance(plot, np.ndarray) and plot.dtype == np.uint8)
        room = MAX_PICTURES_BYTES - sum(len(picture) for result in self.results for picture in result.pictures)
        pngs = []
        for picture in pictures:
            if picture.startswith(_PNG) and len(picture) <= room:
                pngs.append(picture)
                room -= len(picture)
        return CellResult(_error_of(message), str(message.get("printed", ""))[:MAX_PRINTED], tuple(pngs))

    def _ask(self, request: dict, values: Any, seconds: float) -> tuple[dict, Any]:
        if self._process is None:
            if self.stopwatch.seconds >= self.limits.notebook_seconds:
                raise _Gone("was not tried: the notebook's time is used up")
            self._start()
        return self._exchange({**request, "as_of": self.as_of}, values, seconds)

    def _exchange(self, request: dict, values: Any, seconds: float) -> tuple[dict, Any]:
        """Send a request, serve the callbacks it causes, return its answer. Raises _Gone."""
        ends = min(self.stopwatch.seconds + seconds, self.limits.notebook_seconds)
        self.stopwatch.begin()
        # The code that runs can write to the socket, too, but it can't know the ticket of what is asked.
        ticket = secrets.token_hex(16)
        try:
            self._send(wire.pack(request, values) + wire.pack({"ticket": ticket}), ends)
            while True:
                message, value = self._receive(ends)
                if message.get("answer") == request["request"] and message.get("ticket") == ticket:
                    return message, value
                if "callback" not in message:
                    raise wire.WireError("an answer to nothing that was asked")
                self._send(self._serve_callback(message, value), ends)
        except TimeoutError:
            self._kill()
            if ends == self.limits.notebook_seconds:
                raise _Gone("did not finish and was stopped: the notebook's time is used up") from None
            raise _Gone(f"did not finish within {seconds:g} seconds and was stopped") from None
        except (EOFError, OSError):
            self._kill()
            raise _Gone("ended the process (out of memory, or an exit)") from None
        except wire.WireError as error:
            self._kill()
            raise _Gone(f"sent {error}") from None
        finally:
            self.stopwatch.look(answered=True)

    def _serve_callback(self, message: dict, args: Any) -> bytes:
        index = message["callback"]
        if type(index) is not int or not 0 <= index < len(self._callbacks) or not isinstance(args, tuple):
            raise wire.WireError("a call of a function that does not exist")
        try:
            return wire.pack({}, self._callbacks[index](*args))
        except Exception as error:  # a submission chose the arguments, so anything may be wrong with them
            return wire.pack({"error": str(error)[:500]})

    def _send(self, frame: bytes, ends: float) -> None:
        left = memoryview(frame)
        while left:
            left = left[self._within(ends, self._process.socket.send, left) :]

    def _receive(self, ends: float) -> tuple[dict, Any]:
        head_size, body_size = wire.frame_size(self._read(wire.PREFIX_BYTES, ends))
        return wire.unpack(self._read(head_size, ends), self._read(body_size, ends))

    def _read(self, size: int, ends: float) -> bytes:
        while len(self._received) < size:
            part = self._within(ends, self._process.receive, max(PART_BYTES, size - len(self._received)))
            if not part:
                raise EOFError
            self._received += part
        taken = bytes(self._received[:size])
        del self._received[:size]
        return taken

    def _within(self, ends: float, operation: Callable, argument: Any) -> Any:
        """Return what an operation of the socket gives. Raises TimeoutError once the stopwatch stands past the end."""
        while True:
            if self.stopwatch.is_due:
                self.stopwatch.look()
            left = ends - self.stopwatch.seconds
            if left <= 0:
                raise TimeoutError
            self._process.socket.settimeout(min(max(left, TICK_SECONDS / 10), TICK_SECONDS))
            try:
                return operation(argument)
            except TimeoutError:
                self.stopwatch.look()

    def _kill(self) -> None:
        if self._process is not None:
            self._process.stop()
            self._process = None

    def _say_briefly(self, error: dict) -> str:
        """Say an error by the name of a built-in exception and a line as it stands in the submission."""
        kind = getattr(builtins, str(error["type"]), None)
        known = isinstance(kind, type) and issubclass(kind, BaseException)
        words = kind.__name__ if known else "an exception"
        cell, line = error.get("cell"), error.get("line")
        if type(cell) is int and type(line) is int and 0 < cell <= len(self.cells):
            lines = self.cells[cell - 1].splitlines()
            if 0 < line <= len(lines):
                words += f" (line {line}: `{lines[line - 1].strip()[:200]}`)"
        return words

    def _missing(self, name: str) -> Reply:
        for source, result in zip(self.cells, self.results):
            if name in source and result.error:
                problem = f"`{name}` is not defined, because its cell raised {say_error(result.error)}"
                return Reply(problem=problem, error_type=Kind.MISSING, error=result.error)
        problem = f"`{name}` is not defined: the cell that should define it is missing or empty, or gives it another name"
        return Reply(problem=problem, error_type=Kind.MISSING)
