"""LayerNorm by Triton kernels: how many rows and warps a program gets, the launches, and the autograd function.

Runs on a CUDA device, or on a CPU by Triton's interpreter: set ``TRITON_INTERPRET=1`` in the environment before the
first import of Triton. The interpreter checks the arithmetic and the addresses; it says nothing about speed. Its
stores to bfloat16 cut the surplus digits off where a GPU rounds, so they may be off by one in the last place.

This module imports without Triton; using it then raises ImportError.
"""

from contextlib import nullcontext
from dataclasses import dataclass
from math import gcd

import torch
from torch import Tensor

from experiments.layernorm_torch import layernorm_gradients, layernorm_statistics

DTYPES = (torch.float32, torch.float16, torch.bfloat16)
AHEAD = 2  # tiles on their way into shared memory while a program works on one

# The widest row that one program holds in registers. A processor of recent NVIDIA GPUs has 65,536 registers of 32 bits.
# Forward needs about one a feature; backward five: x, dy, gamma and the two sums.
FORWARD_WIDEST = 32768
BACKWARD_WIDEST = 8192
CHUNK = 4096  # features a step of the loops over a row
SLAB = (4, 1024)  # rows and columns of a tile of the backward for wide rows


@dataclass(frozen=True)
class Machine:
    """What the plans ask of a device."""

    processors: int  # streaming multiprocessors
    shared: int  # bytes of shared memory a processor
    cache: int  # bytes of second-level cache


# NVIDIA's white paper on the H100 architecture, SXM5. On a device, its own answers count: see ``machine_of``.
HOPPER = Machine(132, 228 * 1024, 50 * 2**20)
INTERPRETED = Machine(4, 228 * 1024, 2**16)  # a few processors make the interpreter's programs share rows as a GPU's do


@dataclass(frozen=True)
class Plan:
    """How one launch cuts up the table: rows and lanes of a tile, warps and number of programs."""

    rows: int
    block: int
    warps: int
    programs: int
    stages: int = 1  # of the loop over tiles: those on their way, and the one in work
    registers: int | None = None  # the most that a thread may take; None leaves it to the compiler


def power_of_two(n: int) -> int:
    """Return the least power of two that is at least n >= 1."""
    return 1 << (n - 1).bit_length()


def warps_for(elements: int) -> int:
    """Return the warps for a tile: 16 elements a thread, up to 16 warps; beyond 16,384 elements all 32."""
    return 32 if elements > 16384 else max(1, min(16, elements // 512))


def alignment(*sizes: int) -> int:
    """Return the largest power of two up to 16 that divides the features and the strides of all tables of a launch."""
    return gcd(16, *sizes)


def stages(tile_bytes: int, residents: int, machine: Machine) -> int:
    """Return how many tiles a loop holds: the one in work, and up to AHEAD more if shared memory takes them.

    ``residents`` programs share a processor. 4 KB of each one's part are for its sums across warps and the system.
    """
    return 1 + min(AHEAD, (machine.shared // residents - 4096) // tile_bytes)


def forward_plan(m: int, n: int, size: int, machine: Machine) -> Plan:
    """Plan the forward pass of rows of n features, ``size`` bytes each.

    Narrow rows share a program, to feed a warp's 32 threads. Rows wider than FORWARD_WIDEST are read twice: two programs
    a processor if the second-level cache holds the rows of all of them until then, else one.
    """
    if n > FORWARD_WIDEST:
        residents = 2 if 2 * machine.processors * n * size <= machine.cache else 1
        ahead = stages(3 * CHUNK * size, residents, machine)  # x, gamma and beta
        return Plan(1, CHUNK, 16, min(m, residents * machine.processors), ahead)
    block = power_of_two(n)
    rows = max(1, min(32, 2048 // block))
    # two programs of 512 threads fit a processor if a thread takes 64 registers; by itself the compiler takes more
    registers = 64 if block == 16384 else None
    return Plan(rows, block, warps_for(rows * block), -(-m // rows), registers=registers)


def backward_plan(m: int, n: int, size: int, machine: Machine) -> Plan:
    """Plan the backward pass of rows of n features, ``size`` bytes each.

    ``programs`` counts those that have the same columns; all have, unless rows are wider than BACKWARD_WIDEST.

    More programs keep more loads in flight, and each costs 2 n float32 numbers of partial sums, written and read
    again. So: large tiles, one or two programs a processor, and loads that run ahead.
    """
    if n > BACKWARD_WIDEST:
        rows, block = SLAB
        slabs = -(-n // block)
    else:
        block = power_of_two(n)
        rows = max(1, min(32, 4096 // block))
        slabs = 1
    residents = 2 if rows * block <= 4096 else 1
    programs = max(1, min(residents * machine.processors // slabs, -(-m // rows)))
    ahead = stages(2 * rows * block * size, residents, machine)  # dy and x
    return Plan(rows, block, warps_for(rows * block), programs, ahead)


def kernels():
    """Return the module of kernels. Raises ImportError, saying what to install, where there is no Triton."""
    try:
        from experiments import layernorm_kernels
    except ImportError as error:
        raise ImportError("the kernels need Triton: pip install -r requirements-triton.txt") from error
    return layernorm_kernels


def interpreted() -> bool:
    """Return whether the kernels, and Triton's own functions that they call, were made for the interpreter."""
    module = kernels()
    return all(type(function).__name__ == "InterpretedFunction" for function in (module.forward_rows, module.tl.sum))


def check(x: Tensor) -> None:
    """Raise TypeError or RuntimeError where the kernels cannot take x."""
    if x.dtype not in DTYPES:
        raise TypeError(f"the kernels compute in float32; they take {', '.join(map(str, DTYPES))}, not {x.dtype}")
    if not x.is_cuda and not interpreted():
        raise RuntimeError("a CPU tensor needs Triton's interpreter: set TRITON_INTERPRET=1 before Triton is imported")


def as_rows(x: Tensor) -> Tensor:
    """Return x as (m, n) with contiguous rows; without a copy if its rows lie a fixed stride apart."""
    table = x.reshape(-1, x.shape[-1])
    return table if table.stride(1) == 1 or table.shape[1] == 1 and table.stride(0) > 0 else table.contiguous()


def machine_of(device: torch.device) -> Machine:
    """Return what the plans need to know of the device."""
    if device.type != "cuda":
        return INTERPRETED
    found = torch.cuda.get_device_properties(device)
    return Machine(found.multi_processor_count, found.shared_memory_per_multiprocessor, found.L2_cache_size)


def on(device: torch.device):
    """Return a context in which launches go to ``device``."""
    return torch.cuda.device(device) if device.type == "cuda" else nullcontext()


def forward(x: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float) -> tuple[Tensor, Tensor, Tensor]:
    """Return y (..., n) in x's dtype, and mean and rstd (..., 1) in float32.

    Raises TypeError for other than 16- and 32-bit floats, RuntimeError for a CPU tensor without the interpreter.
    """
    check(x)
    table = as_rows(x)
    m, n = table.shape
    y = torch.empty(m, n, dtype=x.dtype, device=x.device)
    mean, rstd = (torch.empty(*x.shape[:-1], 1, dtype=torch.float32, device=x.device) for _ in range(2))
    given = {"WEIGHT": weight is not None, "BIAS": bias is not None, "ALIGN": alignment(n, table.stride(0))}
    arguments = (table, y, weight, bias, mean, rstd, table.stride(0), m, n, eps)
    if m:
        with on(x.device):
            plan = forward_plan(m, n, x.element_size(), machine_of(x.device))
            if n > FORWARD_WIDEST:
                kernels().forward_looped[(plan.programs,)](
                    *arguments, **given, BLOCK=plan.block, STAGES=plan.stages, num_warps=plan.warps
                )
            else:
                kernels().forward_rows[(plan.programs,)](
                    *arguments, **given, ROWS=plan.rows, BLOCK=plan.block, num_warps=plan.warps, maxnreg=plan.registers
                )
    return y.view(x.shape), mean, rstd


def backward(
    dy: Tensor, x: Tensor, weight: Tensor | None, mean: Tensor, rstd: Tensor, wanted: tuple[bool, bool, bool]
) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
    """Return dx in x's dtype, and dweight and dbias in float32; None where ``wanted`` says no.

    Each program adds up its rows' share of dweight and dbias; the shares are added at the end, always in the same
    order, so a second run gives the same bits.
    """
    check(x)
    up, table = as_rows(dy), as_rows(x)
    m, n = table.shape
    device, wide = x.device, n > BACKWARD_WIDEST
    plan = backward_plan(m, n, x.element_size(), machine_of(device))
    dx = torch.empty(m, n, dtype=x.dtype, device=device) if wanted[0] else None
    partial = torch.empty(2, plan.programs, n, dtype=torch.float32, device=device) if any(wanted[1:]) else None
    if not m:
        partial = None if partial is None else partial.zero_()
    else:
        strides = (up.stride(0), table.stride(0))
        given = {"WEIGHT": weight is not None, "DX": wanted[0], "DWEIGHT": wanted[1], "DBIAS": wanted[2], "WHOLE": not wide}
        align = alignment(n, *strides)
        tile = {"ROWS": plan.rows, "BLOCK": plan.block, "ALIGN": align, "STAGES": plan.stages, "num_warps": plan.warps}
        average, along = torch.empty(2, m, dtype=torch.float32, device=device) if wide else (None, None)
        with on(device):
            if wide and wanted[0]:
                kernels().backward_row_means[(m,)](
                    up, table, weight, mean, rstd, average, along, *strides, n,
                    WEIGHT=given["WEIGHT"], BLOCK=CHUNK, ALIGN=align, num_warps=warps_for(CHUNK),
                )  # fmt: skip
            kernels().backward_tiles[(-(-n // plan.block), plan.programs)](
                up, table, weight, mean, rstd, average, along, dx, partial, *strides, m, n, **given, **tile
            )
    sums = (None, None) if partial is None else partial.sum(1)
    return (
        dx.view(x.shape) if wanted[0] else None,
        sums[0] if wanted[1] else None,
        sums[1] if wanted[2] else None,
    )


class TritonLayerNorm(torch.autograd.Function):
    """``TritonLayerNorm.apply(x, weight, bias, eps) -> y``: LayerNorm over the last axis by the kernels.

    Saves what ``LayerNormFunction`` saves. A backward that is itself to be differentiated uses PyTorch's operations.
    """

    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float) -> Tensor:
        y, mean, rstd = forward(x, weight, bias, eps)
        ctx.save_for_backward(x, weight, mean, rstd)
        ctx.eps = eps
        ctx.bias_dtype = None if bias is None else bias.dtype
        return y

    @staticmethod
    def backward(ctx, dy: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, mean, rstd = ctx.saved_tensors
        if torch.is_grad_enabled():
            _, mean, rstd = layernorm_statistics(x, ctx.eps)
            dx, dweight, dbias = layernorm_gradients(dy, x, weight, mean, rstd, ctx.needs_input_grad)
        else:
            dx, dweight, dbias = backward(dy, x, weight, mean, rstd, ctx.needs_input_grad[:3])
        return (
            dx,
            None if dweight is None else dweight.to(weight.dtype),
            None if dbias is None else dbias.to(ctx.bias_dtype),
            None,
        )
