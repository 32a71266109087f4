"""The student side: executes cells and calls what they define, as told over a pipe.

Forked by ``parent.py``; it sees this folder, the libraries of the assignment and the standard library, and
nothing of the rest of the judge. It answers five requests: ``setup``, ``cell``, ``call``, ``read`` and
``torch`` (see ``serve``). Whatever the student's code prints or raises becomes part of
an answer; it never ends the process.
"""

import _signal
import ast
import builtins
import functools
import io
import linecache
import os
import re
import resource
import sys
import traceback
import warnings
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import one_process  # noqa: E402
import wire  # noqa: E402
from magics import without_magics  # noqa: E402

sys.path.pop(0)

# Taken before any student code, which can put others in their places.
set_profile, set_trace, set_depth, depth_now = sys.setprofile, sys.settrace, sys.setrecursionlimit, sys.getrecursionlimit
build, execute, evaluate, TREE_ONLY = compile, exec, eval, ast.PyCF_ONLY_AST
ARRAY, zeros, usage, of_this_process = np.ndarray, np.zeros, resource.getrusage, resource.RUSAGE_SELF

Encoded = tuple[dict, bytes]  # see wire.encode
NOTHING = wire.encode(None)

set_handler, handler_of, stop_alarm = _signal.signal, _signal.getsignal, _signal.alarm
USUAL_HANDLERS = {number: handler_of(number) for number in map(int, _signal.valid_signals())}

torch_side = None  # the module of that name, where PyTorch is among the assignment's libraries

PARSING_DEPTH = 700
MAX_TEXT = 2**18
MAX_WARNINGS = 20
MAX_FIGURES = 10
MAX_FIGURE_BYTES = 2**20
# What ends the noting of functions, or hides some from it, as Python reports it from within; by the function's name.
BLINDING = {"sys.setprofile": "setprofile", "sys.settrace": "settrace", "sys.addaudithook": "addaudithook"}


def rest() -> None:
    """Let nothing of the submission run until the next request: one of its handlers could read that in our place, and answer."""
    stop_alarm(0)
    for number, handler in USUAL_HANDLERS.items():
        if handler_of(number) is not handler:
            set_handler(number, handler or _signal.SIG_DFL)


class KeptText(io.TextIOBase):
    """A text stream that keeps the first MAX_TEXT characters and counts what it drops."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.kept = 0
        self.dropped = 0

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        room = MAX_TEXT - self.kept
        if room > 0:
            self.parts.append(text[:room])
            self.kept += min(room, len(text))
        self.dropped += max(0, len(text) - room)
        return len(text)

    def text(self) -> str:
        tail = f"\n… and {self.dropped} characters more" if self.dropped else ""
        return "".join(self.parts) + tail


class Forbidden:
    """An import finder that refuses the libraries which would do the exercise, and whatever is not installed.

    A module that the code has written itself would run unread, in the place of any library.
    """

    def __init__(self, names: list[str]) -> None:
        self.names = set(names)
        self.installed = tuple({f"{way}/" for folder in sys.path for way in (folder, os.path.abspath(folder))})

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.names:
            return ModuleSpec(name, self)
        found = PathFinder.find_spec(name, path, target)
        if found and found.origin and not self.is_installed(str(found.origin)):
            raise ImportError(f"{name} is a file of your own: put its code into a cell")
        return None

    def create_module(self, spec):
        """Refuse only what is imported: PyTorch asks of many a library where it is, and imports it never."""
        raise ImportError(f"{spec.name} may not be used in this assignment: write it yourself")

    def exec_module(self, module):
        raise ImportError("there is no such module")

    def is_installed(self, file: str) -> bool:
        """Whether a module's file stands in one of the folders; a way with ".." in it may lead out again."""
        return any(file.startswith(folder) and ".." not in file[len(folder) :].split("/") for folder in self.installed)


def display(*things: object, **_: object) -> None:
    """Show things as a notebook's own ``display`` does, which nobody has to import."""
    for thing in things:
        print(repr(thing))


class NoShell:
    """Stands for IPython's shell, which nobody has to import either: in a notebook saved as a script it runs the magics."""

    def __getattr__(self, name: str):
        return lambda *args, **kwargs: None


def cell_of(filename: str) -> int | None:
    """Return the number of the cell that was given this name when it was executed."""
    found = re.fullmatch(r"<cell (\d{1,6})>", filename)
    return int(found[1]) if found else None


def describe(error: BaseException) -> dict:
    """Return what a student needs of an exception: type, message, and the line of their cell."""
    if type(error).__name__ == "InterpreterError" and error.__cause__:
        error = error.__cause__  # Triton's interpreter wraps what a kernel raised
    cell, line, text = None, None, ""
    if isinstance(error, SyntaxError):
        cell, text = cell_of(str(error.filename)), str(error.text or "").strip()
        line = error.lineno if isinstance(error.lineno, int) else None
        message = str(error.msg)
    else:
        message = str(error)
        for frame in traceback.extract_tb(error.__traceback__):
            if cell_of(frame.filename):
                cell = cell_of(frame.filename)
                line, text = frame.lineno, (frame.line or "").strip()
    return {
        "type": type(error).__name__[:100],
        "message": message[:1000],
        "cell": cell,
        "line": line,
        "text": text[:200],
    }


def fingerprint(value: object) -> object:
    """Return what is the same as long as an array or tensor is not changed; None for anything else."""
    if isinstance(value, ARRAY):
        return value.shape, value.tobytes()
    return torch_side.fingerprint(value) if torch_side else None


def peak_memory() -> int:
    """Return the most memory that this process has held so far, in bytes."""
    return 1024 * usage(of_this_process).ru_maxrss


def parse(source: str, name: str) -> ast.Module:
    """Return a cell's syntax tree. What is nested so deep that the trusted side can't read it raises here as well."""
    depth = depth_now()
    set_depth(PARSING_DEPTH)
    try:
        return build(source, name, "exec", TREE_ONLY)
    finally:
        set_depth(depth)


def figures() -> list[np.ndarray]:
    """Return what the cell plotted, each picture as the bytes of a PNG file, and close it."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    pictures = []
    try:
        for number in pyplot.get_fignums()[:MAX_FIGURES]:
            file = io.BytesIO()
            pyplot.figure(number).savefig(file, format="png", dpi=80)
            if file.tell() <= MAX_FIGURE_BYTES:
                pictures.append(np.frombuffer(file.getvalue(), "u1"))
        pyplot.close("all")
    except Exception:
        pass  # whatever the student did to the library, the cell has run
    return pictures


def in_words(warned: list) -> list[str]:
    """Return what the first of these warnings say."""
    return [f"{w.category.__name__}: {w.message}"[:300] for w in warned[:MAX_WARNINGS]]


def with_refused(used: set[str]) -> list[str]:
    """Return these names and those of the operators that were refused since the last answer."""
    return sorted(used | (torch_side.take_refused() if torch_side else set()))


@functools.cache
def spellings(names: tuple[str, ...]) -> dict[str, str]:
    """Return {what a library may call a function inside: its name}; ``numpy.std`` calls ``_std``, a layer its ``forward``."""
    return {form.format(name): name for name in names for form in ("{}", "_{}", "__{}", "{}.forward")}


# Functions of these have the names of others: they look up versions and shorten numbers as PyTorch loads a part of itself.
OTHERS = (f"{os.sep}importlib{os.sep}", f"{os.sep}mpmath{os.sep}")


def watcher(names: list[str], found: set[str]):
    """Return a function for ``sys.setprofile``: those of the names that run, and do not stand in the cells, it puts in ``found``."""
    known = spellings(tuple(names))
    ours = {__file__, getattr(torch_side, "__file__", None)}

    def watch(frame, event: str, argument: object) -> None:
        if event == "c_call":
            if argument.__name__ in known and frame.f_code.co_filename not in ours:
                found.add(known[argument.__name__])
        elif event == "call":
            code = frame.f_code
            name = known.get(code.co_name) or known.get(code.co_qualname)
            if name and not code.co_filename.startswith("<cell") and not any(part in code.co_filename for part in OTHERS):
                found.add(name)

    return watch


def blinded() -> set[str]:
    """Return a set in which from now on stands what could end the noting of functions, or hide some from it.

    No code takes this hook away again, and unlike the watcher it sees what is called from C.
    """
    found: set[str] = set()

    def hook(event: str, arguments: tuple) -> None:
        if event in BLINDING:
            found.add(BLINDING[event])

    sys.addaudithook(hook)
    return found


class Watching:
    """While its block runs, note in ``used`` which of these functions run, and what could have hidden one.

    What a call gave is put into bytes before the block ends: an object may compute only when it is looked at, and a
    warning's text, or the end of an object, may fill an array that was returned. It is no generator, for what Python makes
    a context of could be changed by a submission that has one, too.

    blinded: see there.
    """

    def __init__(self, names: list[str], used: set[str], blinded: set[str]) -> None:
        self.watch = watcher(names, used) if names else None
        self.used, self.blinded = used, blinded

    def __enter__(self) -> None:
        set_trace(None)  # while such a function runs nothing is noted
        set_profile(self.watch)
        self.blinded -= {"settrace", "setprofile"}  # these were ours

    def __exit__(self, error: type | None, *_: object) -> None:
        if error and issubclass(error, RecursionError):
            # Where no frame is left for the watcher, Python takes it away by itself. Such a call gives no result.
            self.blinded -= {"setprofile"}
        self.used |= self.blinded
        set_profile(None)


class StudentCode:
    """The namespace that the cells fill, and the objects that stay on this side.

    mapped: bytes of address space that the process had before any student code.
    stood: what the names stood for when a cell had been executed, by its number; stands: the number for which they do now.
    """

    def __init__(self, requests, replies, mapped: int) -> None:
        self.requests = requests
        self.replies = replies
        self.mapped = mapped
        own = sys.modules["__main__"] = ModuleType("__main__")  # and not the warm parent, as whom it began
        self.namespace = vars(own)
        self.namespace |= {"__builtins__": builtins, "display": display, "get_ipython": NoShell}
        self.kept: dict[int, object] = {}
        self.stood: dict[int, dict[str, object]] = {}
        self.stands: int | None = None

    # requests ---------------------------------------------------------------------------------

    def setup(self, message: dict) -> tuple[dict, Encoded]:
        """Apply limits, refuse forbidden libraries. Done once, before any student code."""
        sys.meta_path.insert(0, Forbidden(message["forbidden"]))
        for name, value in message["limits"].items():
            if name == "RLIMIT_AS":
                value += self.mapped
            resource.setrlimit(getattr(resource, name), (value, value))
        one_process.stay_one_process()
        self.blinded = blinded()
        return {}, NOTHING

    def cell(self, message: dict) -> tuple[dict, Encoded]:
        """Execute one cell; answer with what it printed and the error it raised, if any."""
        name = f"<cell {message['number']}>"
        source = message["source"]
        out = KeptText()
        stdout, stderr = sys.stdout, sys.stderr
        error = None
        try:
            sys.stdout = sys.stderr = out
            try:
                tree = parse(source, name)
            except SyntaxError:
                source = without_magics(source)
                tree = parse(source, name)
            linecache.cache[name] = (len(source), None, source.splitlines(True), name)
            last = None
            if tree.body and isinstance(tree.body[-1], ast.Expr):
                last = ast.Expression(tree.body.pop().value)
            execute(build(tree, name, "exec"), self.namespace)
            if last is not None:
                value = evaluate(build(last, name, "eval"), self.namespace)
                if value is not None:
                    out.write(repr(value) + "\n")
        except BaseException as raised:  # a cell may raise SystemExit or worse
            error = describe(raised)
        finally:
            sys.stdout, sys.stderr = stdout, stderr
            self.stood[message["number"]] = self.namespace.copy()
            with_refused(set())  # whoever compares with PyTorch's own norm in a cell has not used it in the exercise
        return {"error": error, "printed": out.text()}, wire.encode(figures())

    def call(self, message: dict, values: list) -> tuple[dict, Encoded]:
        """Call a function that the cells defined; answer with what it returned and what it touched."""
        function = self.namespace.get(message["name"])
        if not callable(function):
            return {"missing": message["name"]}, NOTHING
        args = [self.arrive(value) for value in values[0]]
        kwargs = {name: self.arrive(value) for name, value in values[1].items()}
        before = [fingerprint(arg) for arg in args]
        stdout, stderr = sys.stdout, sys.stderr
        used: set[str] = set()
        memory = peak_memory()
        try:
            sys.stdout = sys.stderr = KeptText()
            with warnings.catch_warnings(record=True) as warned:
                warnings.simplefilter("always")
                with Watching(message["forbidden"], used, self.blinded):
                    result = function(*args, **kwargs)
                    grown = peak_memory() - memory
                    said = in_words(warned)
                    encoded = wire.encode(self.leave(result, message["keep"]))
        except BaseException as raised:
            return {"error": describe(raised), "used": with_refused(used)}, NOTHING
        finally:
            sys.stdout, sys.stderr = stdout, stderr
        changed = [i for i, (old, new) in enumerate(zip(before, args)) if old != fingerprint(new)]
        return {"changed": changed, "warnings": said, "used": with_refused(used), "grown": grown}, encoded

    def read(self, message: dict) -> tuple[dict, Encoded]:
        """Answer with the value of a variable."""
        if message["name"] not in self.namespace:
            return {"missing": message["name"]}, NOTHING
        return {}, wire.encode(self.namespace[message["name"]])

    def torch(self, message: dict, values: dict) -> tuple[dict, Encoded]:
        """Run a function or module with autograd, as ``torch_side.run`` describes."""
        if message["target"].partition(".")[0] not in self.namespace:
            return {"missing": message["target"]}, NOTHING
        asked = {name: self.arrive(value) for name, value in values.items()}
        stdout, stderr = sys.stdout, sys.stderr
        used: set[str] = set()
        try:
            sys.stdout = sys.stderr = KeptText()
            with warnings.catch_warnings(record=True) as warned:
                warnings.simplefilter("always")
                with Watching(message["forbidden"], used, self.blinded):
                    found, told, changed = torch_side.run(self.namespace, message["target"], message["mode"], asked)
                    said = in_words(warned)
                    encoded = wire.encode(torch_side.sendable(found))
        except torch_side.Unmet as problem:
            return {"problem": str(problem), "used": with_refused(used)}, NOTHING
        except BaseException as raised:
            return {"error": describe(raised), "used": with_refused(used)}, NOTHING
        finally:
            sys.stdout, sys.stderr = stdout, stderr
        return {"changed": changed, "warnings": said, "used": with_refused(used), "told": told}, encoded

    def stand(self, cell: int | None) -> None:
        """Let the names stand for what they did when this cell had been executed; those that came later stay as they are.

        Two cells may have helpers of one name, and whoever runs the notebook from top to bottom sees each work.
        """
        if cell not in (None, self.stands):
            self.stands = cell
            while cell and cell not in self.stood:  # it stopped an earlier process, and was left out of this one
                cell -= 1
            self.namespace |= self.stood.get(cell, {})

    # what crosses -----------------------------------------------------------------------------

    def arrive(self, value: object) -> object:
        """Make what the trusted side described into what the student's function receives."""
        if isinstance(value, wire.Handle):
            return self.kept[value.id]
        if isinstance(value, wire.Stream):
            return (item for item in map(float, value.values))
        if isinstance(value, wire.Strided):
            roomy = zeros([2 * n for n in value.values.shape], value.values.dtype, order="F")
            view = roomy[tuple(slice(None, None, 2) for _ in value.values.shape)]
            view[...] = value.values
            return view
        if isinstance(value, wire.Callback):
            return lambda *args: self.ask(value.id, args)
        if isinstance(value, (list, tuple)):
            return type(value)(self.arrive(item) for item in value)
        if isinstance(value, dict):
            return {name: self.arrive(item) for name, item in value.items()}
        if isinstance(value, (wire.Tensor, wire.Stock)):
            return torch_side.arrive(value, self.arrive)
        return value

    def leave(self, result: object, keep: list[int]) -> object:
        """Replace the results at the positions ``keep`` by handles; the objects stay here."""
        if torch_side:
            result = torch_side.sendable(result, keep)
        if not keep or not isinstance(result, tuple):
            return result
        items = list(result)
        for i in keep:
            if i < len(items):
                self.kept[len(self.kept)] = items[i]
                items[i] = wire.Handle(len(self.kept) - 1)
        return tuple(items)

    def ask(self, callback: int, args: tuple) -> object:
        """Call a function of the trusted side."""
        self.replies.write(wire.pack({"callback": callback}, args))
        self.replies.flush()
        message, values = wire.read_frame(self.requests)
        if "error" in message:
            raise ValueError(message["error"])
        return values

    def serve(self) -> None:
        """Answer requests until the other side closes the pipe."""
        while True:
            try:
                message, values = wire.read_frame(self.requests)
                # Apart, because memory that was a long request may be found again in an array that nobody has filled.
                ticket = wire.read_frame(self.requests)[0]["ticket"]
            except EOFError:
                return
            request = message.pop("request")
            self.stand(message.get("as_of"))
            if request in ("call", "torch"):
                answer, encoded = {"call": self.call, "torch": self.torch}[request](message, values)
            else:
                answer, encoded = {"setup": self.setup, "cell": self.cell, "read": self.read}[request](message)
            rest()
            self.replies.write(wire.frame({"answer": request, "ticket": ticket, **answer}, *encoded))
            self.replies.flush()


def serve_on(connection: int, mapped: int) -> None:
    """Serve the socket with this descriptor. Nothing else stays open; the usual three lead nowhere."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    os.closerange(3, connection)
    os.closerange(connection + 1, os.sysconf("SC_OPEN_MAX"))
    sys.stdin = open(os.devnull)
    StudentCode(os.fdopen(connection, "rb"), os.fdopen(os.dup(connection), "wb"), mapped).serve()
