"""What the student side does with Triton: before any student code, import it, and run and compile one kernel; with each
kernel, note what it reads and whether it takes a block for a condition, ask what a GPU's compiler says to it, and see whether the order of its programs matters.

The first kernel imports the compiler, which takes longer than all the kernels of a submission.
"""

import contextlib
import sys
import warnings
from collections.abc import Iterator

import gpu_compiler
import numpy as np
import program_order
import torch
import triton
import triton.language as tl
from triton.runtime import interpreter
from triton.runtime.autotuner import Autotuner, Heuristics

_Builder = interpreter.InterpreterBuilder
_load = _Builder.create_masked_load  # every load ends here, without a mask too
_patch_tensor = interpreter._patch_lang_tensor


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
    return type(value) is interpreter.InterpretedFunction


def alone(kernel: object, args: list, kwargs: dict) -> tuple[object, dict]:
    """Return the kernel without what chooses some of its arguments, and ``kwargs`` with these. No GPU times them, and what
    chooses sees copies of the tables.
    """
    return gpu_compiler.alone(kernel, [arg.clone() if isinstance(arg, torch.Tensor) else arg for arg in args], kwargs)


def compile_for_gpu(kernel: object, args: list, kwargs: dict) -> None:
    """Compile a kernel as far as that needs no GPU. Raises what the compiler refuses; where it can't be asked, nothing."""
    with contextlib.suppress(gpu_compiler.Unknown), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what the compiler will no longer allow some day
        gpu_compiler.compile_for_gpu(kernel, *args, **kwargs)


def depends_on_order(kernel: object, grid: tuple, args: list, kwargs: dict, returns: list[int]) -> bool:
    """Whether a kernel fills its tables with other numbers when its last program runs first.

    returns: positions of the tables. All args are left as they are, so what a first launch wrote stands in the tables.
    """
    filled = []
    for order in (contextlib.nullcontext, program_order.last_program_first):
        tables = [arg.clone() if isinstance(arg, torch.Tensor) else arg for arg in args]
        with order():
            kernel[grid](*tables, **kwargs)
        filled.append([tables[i].nan_to_num() for i in returns])
    return not all(map(torch.equal, *filled))


@contextlib.contextmanager
def noting_reads(readable: list[tuple[torch.Tensor, int, int]]) -> Iterator[list]:
    """Yield a list that is empty as long as the kernels that run read only what they may.

    readable: tables, each with the number of its first rows and columns that may be read; a vector has one column. Where
    there are none, nothing is noted.
    """
    strayed: list = []

    def load(builder, pointers, mask, *others):
        addresses = pointers.data[np.broadcast_to(mask.data, pointers.data.shape).astype(bool)].astype(np.int64)
        if not strayed and not _are_inside(addresses, readable):
            strayed.append(True)
        return _load(builder, pointers, mask, *others)

    if readable:
        _Builder.create_masked_load = load
    try:
        yield strayed
    finally:
        _Builder.create_masked_load = _load


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
