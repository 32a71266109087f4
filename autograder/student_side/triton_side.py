"""What the student side does with Triton: before any student code, import it, and run and compile one kernel; of each
kernel, see whether it reads where it may not, whether it takes a block for a condition, and ask what a GPU's compiler
says to it.

The first kernel imports the compiler, which takes longer than all the kernels of a submission.
"""

import ast
import contextlib
import inspect
import sys
import types
from collections.abc import Iterator

import gpu_compiler
import numpy as np
import torch
import triton
import triton.language as tl
from kernel_accesses import LOADS, Access
from triton.runtime import interpreter
from triton.runtime.autotuner import Autotuner, Heuristics

_patch_tensor = interpreter._patch_lang_tensor
_patch_any, _look_up, _transform = interpreter._patch_builtin, interpreter._get_np_dtype, interpreter.FunctionRewriter._transform_ast
# What Triton replaces before each launch, and each call of a function of its own: it would look through all of its language.
_BUILTINS = {
    package: [name for name, member in inspect.getmembers(package) if tl.core.is_builtin(member)]
    for package in (tl, tl.core, tl.math, tl.tensor, tl.core.tensor_descriptor_base)
}


def _patch_builtin(package: object, builder: object, scope: object) -> None:
    """Do as Triton's own does, by the names that were found once."""
    if package not in _BUILTINS:
        return _patch_any(package, builder, scope)
    for name in _BUILTINS[package]:
        member = getattr(package, name)
        if tl.core.is_builtin(member):
            interpreter._patch_attr(package, name, member, builder, scope)


_dtypes: dict[str, np.dtype] = {}  # NumPy's, by Triton's name for it


def _get_np_dtype(kind: object) -> np.dtype:
    """Do as Triton's own does, which makes a table of all of them each time."""
    element = kind.element_ty if isinstance(kind, tl.block_type) else kind
    if isinstance(element, tl.pointer_type):
        return _look_up(kind)
    if element.name not in _dtypes:
        _dtypes[element.name] = _look_up(kind)
    return _dtypes[element.name]


_trees: dict[tuple[str, int], ast.Module] = {}  # by a function's source and its line


def _transform_ast(rewriter: object, source: str) -> ast.Module:
    """Do as Triton's own does, once for all launches of a kernel."""
    key = source, rewriter.def_file_lineno
    if key not in _trees:
        _trees[key] = _transform(rewriter, source)
    return _trees[key]


interpreter._patch_builtin, interpreter._get_np_dtype = _patch_builtin, _get_np_dtype
interpreter.FunctionRewriter._transform_ast = _transform_ast
gpu_compiler.mend_interpreter()
# What runs a kernel, as it was before any student code.
_PARTS = {name: part for name, part in vars(interpreter).items() if isinstance(part, (type, types.FunctionType))}
_CLASSES = {part: dict(vars(part)) for part in _PARTS.values() if isinstance(part, type) and part.__module__ == interpreter.__name__}
# Functions of Triton's own that kernels call, as the interpreter runs them.
_REWRITTEN = {function.fn: function.rewrite() for function in (tl.sum, tl.max, tl.zeros, tl.zeros_like, tl.cdiv)}


@triton.jit
def _sums(x, y, n, BLOCK: tl.constexpr):
    lanes = tl.arange(0, BLOCK)
    inside = lanes < n
    values = tl.load(x + tl.program_id(0) * n + lanes, mask=inside, other=0.0).to(tl.float32)
    tl.store(y + tl.program_id(0), tl.sqrt(tl.sum(values * values, axis=0)))


def warm_up() -> None:
    """Use what is slow at its first use."""
    args = [torch.ones(2, 3), torch.empty(2), 3]
    _sums[(2,)](*args, BLOCK=4)
    compile_for_gpu(_sums, args, {"BLOCK": 4})


def is_kernel(value: object) -> bool:
    """Whether it is a function under ``@triton.jit``; what chooses some of its arguments may stand above that."""
    while type(value) in (Autotuner, Heuristics):
        value = value.fn
    return type(value) is _PARTS["InterpretedFunction"] and type(value.fn) is types.FunctionType


def is_as_it_was() -> bool:
    """Whether nothing else stands in the place of what runs a kernel."""
    return all(vars(interpreter).get(name) is part for name, part in _PARTS.items()) and all(
        dict(vars(part)) == was for part, was in _CLASSES.items()
    )


def forget_changes(kernel: object) -> None:
    """Let a kernel, and each that it can call, be nothing but its function: another way to run it would need no kernel."""
    rewritten = _CLASSES[type(kernel)]["rewritten_fn"]
    rewritten.clear()
    rewritten |= _REWRITTEN
    for one in [kernel, *kernel.fn.__globals__.values()]:
        if type(one) is type(kernel):
            function, options = one.fn, one.kwargs
            vars(one).clear()
            _CLASSES[type(kernel)]["__init__"](one, function, **options)


def alone(kernel: object, args: list, kwargs: dict) -> tuple[object, dict]:
    """Return the kernel without what chooses some of its arguments, and ``kwargs`` with these. No GPU times them, and what
    chooses sees copies of the tables.
    """
    return gpu_compiler.alone(kernel, [arg.clone() if isinstance(arg, torch.Tensor) else arg for arg in args], kwargs)


def compile_for_gpu(kernel: object, args: list, kwargs: dict) -> None:
    """Compile a kernel as far as that needs no GPU. Raises what the compiler refuses; where it can't be asked, nothing."""
    with contextlib.suppress(gpu_compiler.Unknown):
        gpu_compiler.compile_for_gpu(kernel, *args, **kwargs)


def reads_outside(accesses: list[Access], readable: list[tuple[torch.Tensor, int, int]]) -> bool:
    """Whether something was read that may not be.

    readable: tables, each with the number of its first rows and columns that may be read; a vector has one column. Where
    there are none, everything may.
    """
    loads = [access.addresses for access in accesses if access.kind == LOADS]
    return bool(readable) and not all(_are_inside(addresses, readable) for addresses in loads)


@contextlib.contextmanager
def noting_conditions() -> Iterator[list]:
    """Yield a list that is empty as long as the kernels that run ask no block of several lanes for one yes or no.

    ``if``, ``and``, ``or`` and ``not`` do; the interpreter takes such a block for True, whatever is in it.
    """
    asked: list = []

    def patch(tensor: type, scope: object) -> None:
        _patch_tensor(tensor, scope)
        answer = tensor.__bool__

        def noted(block: tl.tensor) -> bool:
            by_triton = str(sys._getframe(1).f_globals.get("__name__")).startswith("triton.")
            if block.handle.data.size > 1 and not asked and not by_triton:
                asked.append(True)
            return answer(block)

        scope.set_attr(tensor, "__bool__", noted)

    interpreter._patch_lang_tensor = patch
    try:
        yield asked
    finally:
        interpreter._patch_lang_tensor = _patch_tensor


def _are_inside(addresses: np.ndarray, readable: list[tuple[torch.Tensor, int, int]]) -> bool:
    inside = np.zeros(addresses.shape, dtype=bool)
    for table, rows, columns in readable:
        size = table.element_size()
        row, column = np.divmod(addresses - table.data_ptr(), size * (table.shape[-1] if table.dim() == 2 else 1))
        inside |= (row >= 0) & (row < rows) & (column < columns * size)
    return bool(inside.all())
