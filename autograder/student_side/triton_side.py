"""What the student side does with Triton: before any student code, import it, and run and compile one kernel; of each
kernel, see whether it reads where it may not, and ask what a GPU's compiler says to it.

The first kernel imports the compiler, which takes longer than all the kernels of a submission.
"""

import contextlib
import warnings

import gpu_compiler
import numpy as np
import torch
import triton
import triton.language as tl
from kernel_accesses import LOADS, Access


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


def compile_for_gpu(kernel: object, args: list, kwargs: dict) -> None:
    """Compile a kernel as far as that needs no GPU. Raises what the compiler refuses; where it can't be asked, nothing."""
    with contextlib.suppress(gpu_compiler.Unknown), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what the compiler will no longer allow some day
        gpu_compiler.compile_for_gpu(kernel, *args, **kwargs)


def reads_outside(accesses: list[Access], readable: list[tuple[torch.Tensor, int, int]]) -> bool:
    """Whether something was read that may not be.

    readable: tables, each with the number of its first rows and columns that may be read; a vector has one column. Where
    there are none, everything may.
    """
    loads = [access.addresses for access in accesses if access.kind == LOADS]
    return bool(readable) and not all(_are_inside(addresses, readable) for addresses in loads)


def _are_inside(addresses: np.ndarray, readable: list[tuple[torch.Tensor, int, int]]) -> bool:
    inside = np.zeros(addresses.shape, dtype=bool)
    for table, rows, columns in readable:
        size = table.element_size()
        row, column = np.divmod(addresses - table.data_ptr(), size * (table.shape[-1] if table.dim() == 2 else 1))
        inside |= (row >= 0) & (row < rows) & (column < columns * size)
    return bool(inside.all())
