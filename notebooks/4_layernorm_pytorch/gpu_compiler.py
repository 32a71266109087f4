"""What a GPU's compiler says to a kernel that Triton's interpreter runs. No GPU is needed.

Triton decides when it is imported whether it interprets kernels or compiles them. So a second Triton, which
compiles, is imported beside the first, and a kernel's function made anew with the second one's words in place of the
first one's. It is then compiled as far as Triton's intermediate code. Python constructs and types are judged on that
way; what comes after it is the compiler's business.

Students have this file, too: their check of a kernel uses it.
"""

import ast
import contextlib
import importlib
import linecache
import os
import re
import sys
import types
import warnings
from collections.abc import Iterator, Sequence

_HOPPER = ("cuda", 90, 32)  # an NVIDIA GPU of compute capability 9.0, with 32 threads a warp
_compiling: dict[str, types.ModuleType] = {}  # the modules of the second Triton, by name


class CompilationError(SyntaxError):
    """What the compiler refuses: its sentence, and the line of the kernel."""


class Unknown(Exception):
    """Whether a GPU's compiler would take a kernel can't be told here; the message says why."""


def compile_for_gpu(kernel: object, *args, **kwargs) -> str:
    """Return the intermediate code (Triton's MLIR dialect) of a kernel, compiled as a launch with these arguments would.

    kernel: a function under ``@triton.jit`` that the interpreter runs; ``@triton.heuristics`` and ``@triton.autotune``, of
        whose configurations the first is taken, may stand above that.
    args, kwargs: what it is launched with; tensors may lie on the CPU.

    What it will no longer allow some day, it does not say here. Raises CompilationError if the compiler refuses it, Unknown
    if that can't be told.
    """
    kernel, kwargs = alone(kernel, args, kwargs)
    if type(kernel).__name__ != "InterpretedFunction":
        raise Unknown(f"a kernel of Triton's interpreter is needed, and this is a {type(kernel).__name__}")
    with _second_triton(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            from triton.compiler.errors import CompilationError as Refused

            function = _twin(kernel, {})
            _look_at_names(function)
            make = _prepared(function, args, kwargs)
        except (ImportError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise Unknown(f"Triton {_version()} is not prepared for it ({type(error).__name__}: {error})") from error
        try:
            code = str(make())
        except Refused as refused:
            raise _at_line(_sentence(refused), function, refused.node) from None
        except RuntimeError as error:  # the library in C++
            raise _at_line(f"it can't be compiled: {error}", function) from None
        if re.search(r"tt\.func public @.*\) -> ", code):  # its next step does not take that
            returns = (node for node in ast.walk(function.parse()) if isinstance(node, ast.Return) and node.value)
            raise _at_line("a kernel hands nothing back: `return` stands alone", function, next(returns, None))
        return code


def alone(kernel: object, args: Sequence, kwargs: dict) -> tuple[object, dict]:
    """Return the kernel without what chooses some of its arguments, and the keyword arguments with these.

    Of several configurations that ``@triton.autotune`` would time on a GPU the first is taken.
    """
    while type(kernel).__name__ in ("Heuristics", "Autotuner"):
        if type(kernel).__name__ == "Autotuner":
            kwargs = kwargs | kernel.configs[0].all_kwargs()
        else:
            for name, choose in kernel.values.items():
                kwargs = kwargs | {name: choose({**dict(zip(kernel.arg_names, args)), **kwargs})}
        kernel = kernel.fn
    return kernel, kwargs


def mend_interpreter() -> None:
    """Let Triton's interpreter do as the compiler does where it does otherwise: begin a kernel at its own ``def`` (not at that
    of a function inside), know ``constexpr`` by whatever way it is reached (not by ``tl.constexpr`` alone), and make scalars of
    Triton's of a loop's variable and of the floats that a kernel is given (not numbers of Python's, which have no ``to``).
    Kernels that have run before run as they did.
    """
    from triton.runtime import interpreter

    if not hasattr(interpreter, "FunctionRewriter") or hasattr(interpreter.FunctionRewriter, "mended"):
        return
    convert = interpreter._implicit_cvt

    class Transformer(interpreter.ASTTransformer):
        def visit_For(self, node: ast.For) -> ast.AST:
            if isinstance(node.target, ast.Name) and re.fullmatch(r"(\w+\.)*range\(.*\)", ast.unparse(node.iter), re.DOTALL):
                node.body.insert(0, ast.Assign([node.target], ast.Name(node.target.id, ast.Load())))  # assigning converts
            return self.generic_visit(node)

        def visit_arg(self, node: ast.arg) -> ast.AST:
            if node.annotation and "constexpr" in ast.unparse(node.annotation):
                node.annotation = ast.Name("constexpr", ast.Load())  # it is read as a text
            return node

    interpreter.FunctionRewriter.mended = True
    interpreter.FunctionRewriter.ast_transformer = Transformer()
    interpreter.FunctionRewriter._find_def = lambda self, lines: _first_def(lines) + 1
    interpreter._implicit_cvt = lambda arg: interpreter.interpreter_semantic.to_tensor(arg) if type(arg) is float else convert(arg)


def _first_def(lines: Sequence[str]) -> int:
    return next(i for i, line in enumerate(lines) if re.match(r"\s*def\s", line))


def _look_at_names(function) -> None:
    """Do what a launch does first: look at everything that the kernel names, whether or not it is reached."""
    try:
        function.cache_key
    except (RuntimeError, TypeError) as error:
        said = _without_address(error)
        if said.endswith("InterpretedFunction object>"):
            raise Unknown("it calls a kernel of another module") from error
        raise _at_line(said, function, _naming(said, function)) from None


def _naming(said: str, function, depth: int = 3) -> ast.AST | None:
    """Return where a kernel names what an error ends with, or a function in which that is named."""
    for node in ast.walk(function.parse()):
        value = _value_of(node, function.__globals__)
        if callable(value) and said.endswith(_without_address(value)):
            return node
        if depth and hasattr(value, "parse") and _naming(said, value, depth - 1):
            return node
    return None


def _value_of(node: ast.AST, words: dict) -> object:
    """Return what a name, or an attribute of one, stands for outside of the kernel; None if for nothing."""
    if isinstance(node, ast.Attribute):
        return getattr(_value_of(node.value, words), node.attr, None)
    return words.get(node.id) if isinstance(node, ast.Name) else None


def _without_address(thing: object) -> str:
    return re.sub(r" at 0x\w+", "", str(thing))


def _prepared(function, args: tuple, kwargs: dict):
    """Return a function that compiles: with the types, constants and hints that Triton's own launcher would find."""
    from triton._C.libtriton import ir
    from triton.backends.compiler import GPUTarget
    from triton.compiler.compiler import ASTSource, make_backend
    from triton.runtime.jit import create_function_from_signature

    target = GPUTarget(*_HOPPER)
    backend = make_backend(target)
    bind = create_function_from_signature(function.signature, function.params, backend)
    bound, specialization, options = bind(*args, **kwargs)
    options, signature, constants, attributes = function._pack_args(backend, options, bound, specialization, options)
    source = ASTSource(function, signature, constants, attributes)
    context = ir.context()
    ir.load_dialects(context)
    backend.load_dialects(context)
    return lambda: source.make_ir(
        target, options, backend.get_codegen_implementation(options), backend.get_module_map(), context
    )


def _at_line(sentence: str, function, node: ast.AST | None = None) -> CompilationError:
    """Return the error as one of a line of the kernel; what a function that it calls does wrong is told at the call."""
    line = function.starting_line_number + _first_def(function.raw_src) + getattr(node, "lineno", 1) - 1
    file = function.fn.__code__.co_filename
    return CompilationError(sentence, (file, line, None, linecache.getline(file, line)))


def _sentence(refused) -> str:
    """Return the first sentence of what was said deepest inside: in a function that the kernel calls, or by Python."""
    while refused.error_message is None and hasattr(refused.__cause__, "error_message"):
        refused = refused.__cause__
    said = refused.error_message or str(refused.__cause__ or "it can't be compiled")
    wrapped = re.fullmatch(r"\w+\((?:['\"](.*)['\"],?)?\)", said, re.DOTALL)  # the repr of an exception
    said = (wrapped[1] or "this is not in Triton's language") if wrapped else said
    part = re.match(r"'(\w+)' object has no attribute '(?:__name__|func)'", said)  # of Python's syntax
    said = f"unsupported AST node type: {part[1]}" if part and hasattr(ast, part[1]) else said
    return said.strip().partition("\n")[0].partition(". ")[0].rstrip(".")


# the second Triton ----------------------------------------------------------------------------


@contextlib.contextmanager
def _second_triton() -> Iterator[None]:
    """Let ``import triton`` find the Triton that compiles. What both share is the library in C++, which is loaded once."""
    first = _taken_out()
    sys.modules.update(_compiling)
    interpreting = os.environ.pop("TRITON_INTERPRET", None)
    try:
        yield
    finally:
        _compiling.update(_taken_out())
        sys.modules.update(first)
        if interpreting is not None:
            os.environ["TRITON_INTERPRET"] = interpreting


def _taken_out() -> dict[str, types.ModuleType]:
    return {name: sys.modules.pop(name) for name in list(sys.modules) if _is_twofold(name)}


def _is_twofold(name: str) -> bool:
    return name == "triton" or name.startswith("triton.") and not name.startswith("triton._C")


def _version() -> str:
    return getattr(sys.modules.get("triton"), "__version__", "?")


def _twin(value: object, known: dict[int, object]) -> object:
    """Return what stands in the second Triton for a value of the first; any other value as it is.

    known: the functions that were made anew, by the identity of the first one's; a kernel may use its own name.
    """
    if isinstance(value, types.ModuleType):
        return importlib.import_module(value.__name__) if _is_twofold(value.__name__) else value
    home = getattr(type(value), "__module__", "")
    if type(value).__name__ in ("InterpretedFunction", "ConstexprFunction"):
        function = value.fn
        if _is_twofold(str(function.__module__)):
            return getattr(importlib.import_module(function.__module__), function.__name__)
        return known.get(id(function)) or _made_anew(value, known)
    if _is_twofold(home):
        kind = getattr(importlib.import_module(home), type(value).__name__)
        if type(value).__name__ == "constexpr":
            return kind(_twin(value.value, known))
        if type(value).__name__ == "dtype":
            return kind(value.name)
    if isinstance(value, (type, types.FunctionType)) and _is_twofold(str(value.__module__)):
        return getattr(importlib.import_module(value.__module__), value.__name__)
    return value


def _made_anew(kernel: object, known: dict[int, object]) -> object:
    from triton.runtime import jit

    function, words = kernel.fn, {}
    cells = tuple(types.CellType(_twin(cell.cell_contents, known)) for cell in function.__closure__ or ())
    defaults = tuple(_twin(value, known) for value in function.__defaults__ or ())
    anew = types.FunctionType(function.__code__, words, function.__name__, defaults or None, cells or None)
    anew.__annotations__ = {name: _twin(kind, known) for name, kind in function.__annotations__.items()}
    anew.__kwdefaults__ = {name: _twin(value, known) for name, value in (function.__kwdefaults__ or {}).items()} or None
    anew.__module__, anew.__qualname__ = function.__module__, function.__qualname__
    of_compiler = type(kernel).__name__ == "ConstexprFunction"
    compiled = jit.ConstexprFunction(anew) if of_compiler else jit.JITFunction(anew, **kernel.kwargs)
    known[id(function)] = compiled
    names = {node.id for node in ast.walk(compiled.parse()) if isinstance(node, ast.Name)}  # in its first line, too
    given = function.__globals__
    words |= {name: _twin(given[name], known) for name in names if name in given}
    return compiled
