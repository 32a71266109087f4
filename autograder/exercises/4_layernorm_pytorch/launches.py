"""Launching a student's kernel, and what both kernels may get wrong."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from autograder import reading
from autograder.exercise import Case, Output
from autograder.exercises.misconceptions import in_section
from autograder.student import Kind, Reply, Student
from autograder.student_side import wire
from autograder.tensors import array, tensor

from .parts import listed, unmet

# misconceptions ---------------------------------------------------------------------------------

LANES = (
    in_section(
        "padding-trap",
        {
            "padded-lanes": "The lanes that pad a row to BLOCK were counted: divide by n, not by BLOCK, and set the deviations "
            "of surplus lanes to 0, where each would count as (0 − mean)². ε is added once, after the sum, and not in every "
            "lane.",
            "mask-missing": "Something past the end of a row, or of weight or bias, was read. `tl.load(pointers, mask=columns "
            "< n, other=0.0)`: without the mask the surplus lanes hold whatever stands behind, or the address is nobody's "
            "memory. `tl.where` after the load comes too late.",
            "undefined-lanes": "A load that has a mask and no `other` says nothing of the lanes that it leaves out. Triton "
            "promises nothing of them, either, and here they hold NaN, which came into a sum. Write `tl.load(pointers, "
            "mask=columns < n, other=0.0)`, or set such lanes to 0 by `tl.where` before you add.",
            "writes-outside": "Something past the end of a row was overwritten: `tl.store` needs the mask, too.",
            "surplus-lanes": "It is right where BLOCK = n, and wrong where BLOCK is larger. Nothing may be read, written or "
            "counted for a lane past n: mask every load and store, let such lanes be 0 in every sum, and divide by n.",
        },
    )
    | in_section(
        "triton-forward",
        {
            "stride-ignored": "Rows were not looked for where they begin: row i at pointer + i·stride, and each tensor has a "
            "stride of its own. n or BLOCK in its place is right only when rows follow each other without a gap.",
            "row-ignored": "All rows of a tensor were read from the same place, or written to it. Row i begins at pointer + "
            "i·stride, and its statistics stand at mean + i and rstd + i.",
            "mask-wrong": "The mask leaves out a feature of the row, or takes in the lane behind it. The columns go from 0 to "
            "n − 1: `columns < n`.",
            "columns-strided": "The stride was multiplied with the columns. A row's features lie side by side: row i, column j "
            "stands at pointer + i·stride + j.",
            "parameters-by-row": "weight and bias were not read as what they are: one number a feature, the same for every "
            "row. `tl.load(weight + columns, mask=columns < n, other=0.0)`, with no row or program in the address.",
            "statistics-misplaced": "mean and rstd hold one number a row, side by side: those of row i stand at `mean + i` and "
            "`rstd + i`, without a stride and without columns.",
            "statistics-exchanged": "mean and rstd stand in each other's place. Each has a pointer of its own: `mean` and "
            "`rstd`.",
            "rows-not-stored": "The row that the kernel is to give, y or dx, was not written at all: `tl.store(pointer + "
            "row·stride + columns, …, mask=columns < n)`.",
            "not-triton": "Inside of a kernel there is only what Triton has: `tl.load`, `tl.store`, `tl.sum`, `tl.sqrt`, "
            "`tl.where`, … and the operators + − * /. Neither NumPy nor PyTorch nor `math` can compute with a block, and there "
            "is no `**`. No number stands in brackets behind a pointer or a block: one adds to a pointer, and `tl.where` "
            "chooses lanes. A pointer has no shape, and a block no length that `len` tells: the features are n.",
            "jit-missing": "Keep the line `@triton.jit` above the kernel: without it it is a plain function, which can't be "
            "launched. Nothing of your own launches it in the kernel's place.",
            "wrong-signature": "Keep the kernel's arguments as they were given, all of them and in their order: it is launched "
            "with them.",
            "address-outside": "The kernel read or wrote far outside of its tables, and that ended the process. Every address "
            "is pointer + row·stride + columns, with a mask.",
            "library-call": "The exercise is to write this kernel yourself, so PyTorch's own norms earn nothing.",
            "input-mutated": "A kernel writes only what it is to give. Look at the pointer in each `tl.store`.",
        },
    )
    | in_section(
        "without-a-gpu",
        {
            "block-in-condition": "A block was asked for one yes or no: by `if`, `and`, `or`, `not`, `… if … else …`, or "
            "Python's `max` and `min`. It has one for each lane, and Triton's interpreter takes any block for True. Join masks "
            "by `&` and `|`, turn one round by `~`, choose with `tl.where(mask, a, b)` and `tl.maximum(a, b)`.",
            "race": "The programs meet in memory: one reads or writes what another one writes. Triton's interpreter runs them "
            "one after the other, and a GPU at the same time, in no order: a race. So no program prepares, reads or corrects "
            "what another one writes: each stores its own rows and what belongs to them, zeros included.",
        },
    )
    | in_section(
        "low-precision",
        {
            "half-precision-statistics": "Something was computed in 16 bits. Convert when you load, "
            "`tl.load(…).to(tl.float32)`, and let sums that go over several rows, and what is stored as mean and rstd, be "
            "float32 too; the store converts y and dx by itself.",
        },
    )
)


# runs -------------------------------------------------------------------------------------------

KERNEL_SIGNS = (
    (r"'to_tensor'|must be Tensor, not tensor|must be real number, not tensor|for \*\* or pow", "not-triton"),
    (r"operand type\(?s?\)? for (@|abs|divmod)|converted to Python scalars|IndexError.*\.shape", "not-triton"),
    (r"unsupported tensor index|(module 'triton.language'|'tensor' object) has no attribute", "not-triton"),
    (r"of type 'tensor' has no len|does not support item assignment|unexpected type (fp|bf)|is not iterable", "not-triton"),
    (r"is no kernel of Triton's", "jit-missing"),
    (r"layernorm_\w+_kernel\(\) (got|missing|takes)", "wrong-signature"),
    (r"ended the process", "address-outside"),
)


@dataclass(frozen=True)
class Launch(Case):
    """A case of a kernel. Its args are what the reference needs: tables with their gaps, sizes and strides.

    compiled: whether a GPU's compiler is to take the kernel, too.
    races: whether its programs are to keep out of each other's way, and none to be left with all the rows.
    undefined: whether lanes that a mask keeps from memory hold NaN, unless the load says what they hold.
    """

    compiled: bool = False
    races: bool = False
    undefined: bool = False


def launched(
    student: Student, kernel: str, item: Launch, args: list, programs: int, block: int, returns: list[int], parts: list
) -> Reply:
    """Launch a kernel.

    returns: positions of what it is to write, where alone it may. parts: (rows, columns) of each table that it may read.
    """
    readable = [[i, *part] for i, part in enumerate(parts)]
    asked = {"grid": [programs], "kwargs": {"BLOCK": block}, "returns": returns, "readable": readable}
    asked |= {"compiled": item.compiled, "races": item.races, "undefined": item.undefined}
    asked |= {"shared": returns[0]} if item.races else {}
    reply = student.torch(kernel, args, watched=False, **asked)
    if reply.problem is None and reply.changed:
        return unmet("the kernel wrote into a table that it is only to read", "input-mutated")
    if reply.problem is None and reply.value.get("block_in_condition") is True:
        return replace(reply, sign="block-in-condition")
    return reading.with_sign(reply, KERNEL_SIGNS)


def strayed(reply: Reply) -> np.int64:
    """Return 1 if the kernel read something outside of what it may read, else 0."""
    return np.int64(reply.value.get("strayed") is True)


def met(reply: Reply) -> np.int64:
    """Return 1 if two programs met in memory, else 0."""
    return np.int64(reply.value.get("race") is True)


def filled(reply: Reply, sent: list[wire.Tensor]) -> list[np.ndarray] | Reply:
    """Return the buffers that a kernel filled, in float64, or the problem."""
    if reply.problem:
        return reply
    found = listed(reply.value, "outputs")
    for got, was in zip(found, sent):
        if not isinstance(got, wire.Tensor) or (got.dtype, got.raw.shape) != (was.dtype, was.raw.shape):
            return Reply(problem="the launch gave no tables back", error_type=Kind.OTHER)
    if len(found) != len(sent):
        return Reply(problem="the launch gave no tables back", error_type=Kind.OTHER)
    with np.errstate(invalid="ignore"):
        return [array(got).astype("float64") for got in found]


ROWS, STORED, OUTSIDE_ALONE = (0, 3), (1, 2), (3,)
NARROWER = (3, 5, 8), (2, 100, 128)
NOT_ZERO = ", with NaN in the lanes that a load without `other` leaves out"


def narrowed(of: Callable, name: str) -> Callable:
    """What is rounded to a type of 16 bits before it is stored."""
    return lambda p: array(tensor(of(p), name)).astype("float64")


OUTSIDE = (
    Output("the number of values changed outside of the rows", "number"),
    Output("whether anything outside of the rows was read", "verdict"),
    Output("whether one program reads or writes what another one writes", "verdict"),
)


def with_verdicts(right: Callable, *verdicts: bool) -> Callable:
    """Return what is right, with the verdicts on its programs; other imitations leave these open."""
    return lambda *args: (*right(*args), *verdicts)
