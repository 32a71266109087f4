"""The memory that a kernel of LayerNorm's is launched on, and imitations of such kernels, lane by lane.

What goes wrong with addresses and masks shows in what a kernel reads and writes where it must not. So the imitations
read the same tables as the kernel, NaN behind the rows included, and write into tables of the same size.
"""

from collections.abc import Callable
from itertools import combinations
from typing import NamedTuple

import numpy as np

from autograder.student_side import wire
from autograder.tensors import tensor

from .forward_parts import scaled_and_shifted

SENTINEL = -7.0  # what stands in memory that a kernel is to write, and in memory that it must not touch
SMALL = 2**15  # numbers in a table that has room for lanes a stride apart, and more

# memory ---------------------------------------------------------------------------------------


def table(values: np.ndarray, stride: int, block: int, name: str) -> wire.Tensor:
    """Rows of a larger table: NaN stands behind each row, and behind the last one as far as a wrong address may reach."""
    rows, n = values.shape
    roomy = np.full((rows + rows_behind(rows, block, stride), stride), np.nan)
    roomy[:rows, :n] = values
    return tensor(roomy, name, False)


def vector(values: np.ndarray, rows: int, width: int, name: str = "float32", block: int = 0) -> wire.Tensor:
    """Values with others behind them, as far as they would reach if each of the rows had ``width`` of its own.

    block: up to so many it is NaN that stands behind them.
    """
    roomy = 2 + np.sin(1 + np.arange((rows + 1) * width))
    roomy[len(values) : block] = np.nan
    roomy[: len(values)] = values
    return tensor(roomy, name, False)


def blank(*shape: int, name: str = "float32") -> wire.Tensor:
    return tensor(np.full(shape, SENTINEL), name, False)


def rows_behind(rows: int, block: int, stride: int) -> int:
    """How many rows of a table stand behind its own, so that an address which is wrong in a usual way stays inside.

    Rows twice as far apart; a block behind the last of them; in small tables lanes that are a stride apart, and rows that
    are a block of rows apart.
    """
    small = rows * block * stride <= SMALL
    return rows + (rows * block if small else -(-2 * block // stride)) + 1


def guarded(values: np.ndarray, rows: int, n: int) -> tuple[np.ndarray, int]:
    """Return (the rows, how many values outside of them are no longer what stood there)."""
    outside = np.ones(values.shape, dtype=bool)
    outside[:rows, :n] = False
    return values[:rows, :n], int((values[outside] != SENTINEL).sum())


def room(m: int, *widths: int) -> int:
    """How long a vector of one number a row is with all that a wrong address may reach."""
    return (m + 1) * max(widths)


def blank_sums(m: int, n: int, block: int, programs: int, strides: tuple[int, ...]) -> wire.Tensor:
    """A table of partial sums, with room behind it for rows of x's number and distance."""
    return blank(-(-room(max(m, programs), *strides, block) // n), n)


# addresses ------------------------------------------------------------------------------------


class Lane(NamedTuple):
    """What the address of lanes is made of.

    row, program: their numbers. stride: that of the table itself. strides: those of all the tables of the launch.
    m, n: how many rows x has, and how many numbers a row. block: how many lanes a program has.
    """

    row: int
    program: int
    lanes: np.ndarray
    stride: int
    m: int
    n: int
    block: int
    strides: tuple[int, ...]


def own_row(a: Lane) -> np.ndarray:
    return a.row * a.stride + a.lanes


def by(step: Callable) -> Callable:
    """The address of lanes where rows are ``step`` apart."""
    return lambda a: a.row * step(a) + a.lanes


def programs_row(a: Lane) -> np.ndarray:
    return a.program * a.stride + a.lanes


def every_row(a: Lane) -> np.ndarray:
    """The address where all rows, or programs, are in one place."""
    return a.lanes


def strided_columns(a: Lane) -> np.ndarray:
    return a.row + a.lanes * a.stride


def the_row(a: Lane) -> int:
    """The address of a row's number."""
    return a.row


def the_program(a: Lane) -> int:
    return a.program


def one_place(a: Lane) -> int:
    return 0


def no_place(a: Lane) -> None:
    """Nothing is stored."""


def first_row_only(a: Lane) -> int | None:
    return a.row if a.row == 0 else None


def columns_inside(a: Lane) -> np.ndarray:
    return a.lanes < a.n


# The distance of rows, where it is wrong: n, BLOCK, or another table's stride.
WRONG_STEPS = [lambda a: a.n, lambda a: a.block, *(lambda a, i=i: a.strides[i % len(a.strides)] for i in range(3))]
WRONG_ROWS = [by(step) for step in WRONG_STEPS]
STRIDE_MISSING = by(lambda a: 1)
# Where mean and rstd are looked for, or put, though each row has one number.
STATISTICS_MISPLACED = [
    *(lambda a, step=step: a.row * step(a) for step in WRONG_STEPS),
    *WRONG_ROWS,
    every_row,
]
# Where weight and bias are looked for, though every row has the same.
PARAMETERS_BY_ROW = [*WRONG_ROWS, the_row, one_place]
MASK_WRONG = [lambda a: a.lanes < a.n - 1, lambda a: a.lanes <= a.n]
MASK_WITH_ROW = [lambda a, step=step: a.row * step(a) + a.lanes < a.n for step in WRONG_STEPS]


# imitations -----------------------------------------------------------------------------------


def inside_of(name: str, flag: bool | tuple[str, ...], inside: np.ndarray) -> np.ndarray | None:
    """The mask of a load or store. flag: whether they have one, or the names of those that have none."""
    return inside if flag is True or (flag and name not in flag) else None


class Reads:
    """What an imitated kernel reads; ``strayed`` is 1 as soon as something was not in the part that it may read."""

    def __init__(self) -> None:
        self.strayed = 0

    def __call__(
        self, table: np.ndarray, part: tuple[int, int], address, inside: np.ndarray | None = None, other=0.0
    ) -> np.ndarray:
        """Return what stands at an address; with a mask, ``other`` outside of it.

        part: the rows and columns that may be read.
        """
        address = np.asarray(address)
        masked = inside is not None and address.ndim > 0
        touched = address[inside] if masked else address
        row, column = np.divmod(touched, table.shape[-1] if table.ndim == 2 else 1)
        if np.any((row >= part[0]) | (column >= part[1])):
            self.strayed = 1
        return np.where(inside, table.ravel()[np.where(inside, address, 0)], other) if masked else table.ravel()[address]


def write(flat: np.ndarray, address, values, inside: np.ndarray | None = None) -> None:
    if address is None:
        return
    if np.ndim(address) == 0:
        flat[address] = values
        return
    kept = np.ones(len(address), dtype=bool) if inside is None else inside
    flat[address[kept]] = np.broadcast_to(values, address.shape)[kept]


def forward_lanes(
    *,
    load=True,
    other=0.0,
    store=True,
    centre=True,
    mean_over="n",
    variance_over="n",
    x=own_row,
    y=own_row,
    mean=the_row,
    rstd=the_row,
    weight=every_row,
    bias=every_row,
    mask=columns_inside,
    root=lambda v, eps, d: np.sqrt(v + eps),
    affine=scaled_and_shifted,
    one_row=False,
    scaled=False,
) -> Callable:
    """Imitate the kernel lane by lane.

    load: whether loads are masked, or the names of those that are not. other: what x has in the lanes under the mask.
    store: whether stores are masked. centre: whether the deviations are; "reversed" with 0 inside.
    mean_over, variance_over: what the sums are divided by. x, y, mean, rstd, weight, bias: where each is read or stored.
    mask: which lanes count as the row's. root, affine: as in ``statistics`` and ``layernorm``.
    one_row: every program does the first row. scaled: program p does row p·BLOCK.

    Returns a function that gives y (m, n), mean (m,), rstd (m,), how many numbers were written outside, 1 if it read outside.
    """

    def run(table_x, weights, biases, eps, m, n, block, y_stride) -> tuple:
        out = np.full((m + rows_behind(m, block, y_stride), y_stride), SENTINEL)
        x_stride = table_x.shape[1]
        stored = np.full((2, room(m, x_stride, y_stride, block)), SENTINEL)
        over = {"n": n, "block": block, "less": n - 1, "one": 1}
        read = Reads()
        for program in [0] * m if one_row else range(m):
            row = program * block if scaled else program
            a = Lane(row, program, np.arange(block), x_stride, m, n, block, (x_stride, y_stride))
            inside = mask(a)
            to_store = inside if store else None
            value = read(table_x, (m, n), x(a), inside_of("x", load, inside), other)
            average = value.sum() / over[mean_over]
            centred = value - average
            if centre:
                centred = np.where(inside != (centre == "reversed"), centred, 0.0)
            reciprocal = 1 / root((centred**2).sum() / over[variance_over], eps, n)
            gain, shift = (
                read(v, (n, 1), place(a), inside_of(name, load, inside))
                for name, v, place in (("weight", weights, weight), ("bias", biases, bias))
            )
            write(out.ravel(), y(a._replace(stride=y_stride)), affine(centred * reciprocal, gain, shift), to_store)
            write(stored[0], mean(a), average, to_store)
            write(stored[1], rstd(a), reciprocal, to_store)
        rows, outside = guarded(out, m, n)
        (averages, beyond), (reciprocals, further) = (guarded(v[:, None], m, 1) for v in stored)
        return rows, averages[:, 0], reciprocals[:, 0], outside + beyond + further, read.strayed

    return run


def parameters_alike(*, parameters=every_row, **options) -> Callable:
    """``forward_lanes`` in which weight and bias are read alike."""
    return forward_lanes(weight=parameters, bias=parameters, **options)


ROWS_OF = {
    "all": lambda program, m, n, programs: range(program, m, programs),
    "first": lambda program, m, n, programs: range(program, m, programs)[:1],
    "from here": lambda program, m, n, programs: range(program, m),
    "every": lambda program, m, n, programs: range(m),
    "from zero": lambda program, m, n, programs: range(0, m, programs),
    "by two": lambda program, m, n, programs: range(program, m, 2),
    "up to n": lambda program, m, n, programs: range(program, n, programs),
}


def backward_lanes(
    *,
    load=True,
    other=0.0,
    store=True,
    centre=True,
    over=("n", "n"),
    x=own_row,
    dy=own_row,
    y=own_row,
    mean=the_row,
    rstd=the_row,
    weight=every_row,
    mask=columns_inside,
    rows="all",
    sums="program",
    last=(),
    places=(programs_row, programs_row),
    numbered=True,
) -> Callable:
    """Imitate the kernel lane by lane, as ``forward_lanes`` does; ``y`` is where dx is stored.

    load, store: whether loads and stores are masked, or the names of those that are not.
    other: what x has in the lanes under the mask.
    over: what a row's two sums are divided by. rows: which rows a program does, by ``ROWS_OF``.
    sums: what is stored of a program's sums: those of all its rows ("program"), of each row at once ("row"), those of all
    rows added to what stands there ("memory"), or nothing by a program without rows ("busy").
    last: the names of the tables that get a program's last row alone.
    places: where those for weight and for bias are stored. numbered: a program works by its number, not as program 0.

    Returns a function that gives dx (m, n), dweight (n,), dbias (n,), how many numbers were written outside, 1 if it read outside.
    """

    def run(table_dy, table_x, weights, averages, reciprocals, m, n, block, programs, dx_stride) -> tuple:
        strides = table_dy.shape[1], table_x.shape[1], dx_stride
        out = np.full((m + rows_behind(m, block, dx_stride), dx_stride), SENTINEL)
        tables = np.full((2, *blank_sums(m, n, block, programs, strides).raw.shape), SENTINEL)
        counts = {"n": n, "block": block}
        read = Reads()
        for program in range(programs) if numbered else [0] * programs:
            kept = np.zeros((2, block))
            a = Lane(program, program, np.arange(block), n, m, n, block, strides)
            done = ROWS_OF[rows](program, m, n, programs)

            def keep(a: Lane, values, inside) -> None:
                for name, table_of, new, place in zip(("dweight", "dbias"), tables, values, places):
                    address = place(a)
                    if sums == "memory":
                        new = new + read(table_of, (programs, n), address, inside)
                    write(table_of.ravel(), address, new, inside_of(name, store, inside))

            for row in done:
                a = a._replace(row=row)
                inside = mask(a)
                up = read(table_dy, (m, n), dy(a._replace(stride=strides[0])), inside_of("dy", load, inside))
                value = read(table_x, (m, n), x(a._replace(stride=strides[1])), inside_of("x", load, inside), other)
                gain = read(weights, (n, 1), weight(a), inside_of("weight", load, inside))
                average, reciprocal = (
                    read(v, (m, 1), place(a), inside) for v, place in ((averages, mean), (reciprocals, rstd))
                )
                xhat = (value - average) * reciprocal
                xhat = np.where(inside, xhat, 0.0) if centre else xhat
                g = up * gain
                first, second = g.sum() / counts[over[0]], (g * xhat).sum() / counts[over[1]]
                result = (g - first - xhat * second) * reciprocal
                write(out.ravel(), y(a._replace(stride=dx_stride)), result, inside_of("dx", store, inside))
                alone = [sums in ("row", "memory") or name in last for name in ("dweight", "dbias")]
                kept = np.where(np.array(alone)[:, None], 0.0, kept) + np.stack([up * xhat, up])
                if sums in ("row", "memory"):
                    keep(a, kept, inside)
            if sums not in ("row", "memory", "busy") or (sums == "busy" and done):
                keep(a, kept, mask(a))
        result, outside = guarded(out, m, n)
        (weights, beyond), (biases, further) = (guarded(t, programs, n) for t in tables)
        return result, weights.sum(axis=0), biases.sum(axis=0), outside + beyond + further, read.strayed

    return run


def read_alike(*, x=own_row, parameters=every_row, **options) -> Callable:
    """``backward_lanes`` in which dy is read as x is."""
    return backward_lanes(x=x, dy=x, weight=parameters, **options)


# mistakes with lanes --------------------------------------------------------------------------


def some_of(names: tuple[str, ...]) -> list[tuple[str, ...]]:
    return [chosen for size in range(1, len(names) + 1) for chosen in combinations(names, size)]


def lane_parts(counts: list[dict], loaded: tuple[str, ...]) -> list[tuple[str, dict]]:
    """What goes wrong with lanes and strides in either kernel, as options of an imitation.

    loaded: the names of what it loads with a mask.
    """
    found = [("padded-lanes", options) for options in counts]
    found += [("mask-missing", {"load": False, "store": False, "centre": c}) for c in (True, False)]
    found += [("writes-outside", {"store": False})]
    found += [("undefined-lanes", {"other": np.nan, "centre": c}) for c in (True, False)]
    found += [
        ("mask-missing", {"load": names, "centre": c, "other": other})
        for other in (0.0, np.nan)
        for names in some_of(loaded)
        for c in (True, False)
    ]
    for name, masks in (("mask-wrong", MASK_WRONG), ("program-id-ignored", MASK_WITH_ROW)):
        found += [(name, {"mask": mask}) for mask in masks]
    for name, address in (
        *(("stride-ignored", place) for place in [*WRONG_ROWS, STRIDE_MISSING]),
        ("row-ignored", every_row),
        ("columns-strided", strided_columns),
    ):
        found += [(name, {"x": address, "y": address}), (name, {"x": address}), (name, {"y": address})]
    found += [
        ("statistics-misplaced", where)
        for address in STATISTICS_MISPLACED
        for where in ({"mean": address, "rstd": address}, {"mean": address}, {"rstd": address})
    ]
    return found + [("parameters-by-row", {"parameters": address}) for address in PARAMETERS_BY_ROW]


COUNTS = [
    {"centre": centre, "mean_over": over, "variance_over": spread_over}
    for centre in (True, False)
    for over in ("n", "block")
    for spread_over in ("n", "block")
    if (centre, over, spread_over) != (True, "n", "n")
]
BACKWARD_COUNTS = [
    {"over": over, "centre": centre}
    for over in (("block", "block"), ("block", "n"), ("n", "block"))
    for centre in (True, False)
]
# The program's number where the row's belongs: in one place, in several that belong together, or everywhere.
BY_PROGRAM = {"x": programs_row, "dy": programs_row, "y": programs_row, "mean": the_program, "rstd": the_program}
PROGRAM_FOR_ROW = [
    *((name,) for name in BY_PROGRAM),
    ("mean", "rstd"),
    ("x", "dy"),
    ("x", "dy", "y"),
    tuple(BY_PROGRAM),
]
# Where a program's sums are put, though row p of a table is its place: at another distance, or by the row.
PARTIALS_MISPLACED = [
    *(lambda a, step=step: a.program * step(a) + a.lanes for step in WRONG_STEPS),
    lambda a: a.program + a.lanes,
    own_row,
]


def in_tables(place: Callable) -> list[dict]:
    """One place for the sums for weight and bias, or for those of one of them."""
    return [{"places": p} for p in ((place, place), (place, programs_row), (programs_row, place))]
