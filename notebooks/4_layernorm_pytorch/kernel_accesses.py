"""What a kernel's programs do to memory: how often each number is read and written, where two programs meet, and what they
take for granted of lanes that were not loaded.

In Triton's interpreter every load and every store passes by, so they can be noted, without a GPU and without a clock.

Students have this file, too: their check of a kernel uses it.
"""

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

LOADS, STORES, UPDATES = "loads", "stores", "updates"  # the last one is atomic
# by Triton's names of the types; the interpreter holds a bfloat16 as the upper half of a float32
NANS = {"fp16": np.float16("nan"), "bf16": np.uint16(0x7FC0), "fp32": np.float32("nan"), "fp64": np.float64("nan")}


@dataclass(frozen=True)
class Access:
    """What one program did at once.

    kind: LOADS, STORES or UPDATES. launch: which one, from 1. program: its number, counted through all axes of the grid.
    addresses: of the lanes under the mask, int64, in bytes.
    """

    kind: str
    launch: int
    program: int
    addresses: np.ndarray


@contextlib.contextmanager
def noted() -> Iterator[list[Access]]:
    """Yield a list to which everything is added that the kernels which run within do to memory."""
    from triton.runtime.interpreter import InterpreterBuilder

    accesses: list[Access] = []
    launches = 0
    names = "set_grid_dim", "create_masked_load", "create_masked_store", "create_atomic_rmw"
    usual = {name: getattr(InterpreterBuilder, name) for name in names}

    def begin(builder, *size) -> None:
        nonlocal launches
        launches += 1
        usual["set_grid_dim"](builder, *size)

    def note(builder, kind: str, pointers, mask) -> None:
        (x, y, z), (across, down, _) = builder.grid_idx, builder.grid_dim
        inside = np.broadcast_to(mask.data, pointers.data.shape).astype(bool)
        addresses = pointers.data[inside].astype(np.int64)
        accesses.append(Access(kind, launches, int(x + across * (y + down * z)), addresses))

    def load(builder, pointers, mask, *others):
        note(builder, LOADS, pointers, mask)
        return usual["create_masked_load"](builder, pointers, mask, *others)

    def store(builder, pointers, value, mask, *others):
        note(builder, STORES, pointers, mask)
        return usual["create_masked_store"](builder, pointers, value, mask, *others)

    def update(builder, operation, pointers, value, mask, *others):
        note(builder, UPDATES, pointers, mask)
        return usual["create_atomic_rmw"](builder, operation, pointers, value, mask, *others)

    with in_the_interpreter(dict(zip(names, (begin, load, store, update)))):
        yield accesses


@contextlib.contextmanager
def undefined_lanes() -> Iterator[None]:
    """Within, a load without ``other`` gives NaN in the lanes that its mask keeps from memory, where the numbers are floats.

    Triton promises nothing of such lanes. Its interpreter has zeros there; who relies on them relies on luck.
    """
    from triton.runtime.interpreter import InterpreterBuilder, TensorHandle

    usual = InterpreterBuilder.create_masked_load

    def load(builder, pointers, mask, other, *options):
        kind = pointers.get_element_ty()
        if other is None and kind.name in NANS:
            other = TensorHandle(np.full(pointers.data.shape, NANS[kind.name]), kind)
        return usual(builder, pointers, mask, other, *options)

    with in_the_interpreter({"create_masked_load": load}):
        yield


@contextlib.contextmanager
def in_the_interpreter(methods: dict[str, Callable]) -> Iterator[None]:
    """Let these stand in the place of the interpreter's own methods."""
    from triton.runtime.interpreter import InterpreterBuilder

    usual = {name: getattr(InterpreterBuilder, name) for name in methods}
    for name, method in methods.items():
        setattr(InterpreterBuilder, name, method)
    try:
        yield
    finally:
        for name, method in usual.items():
            setattr(InterpreterBuilder, name, method)


# how often ------------------------------------------------------------------------------------


def counted(accesses: list[Access], tables: dict) -> tuple[Counter, Counter]:
    """Return how many numbers of each table were loaded, and how many stored; "elsewhere" are those of no table.

    tables: {name: tensor}. What a GPU finds in a cache does not reach its memory; here it counts.
    """
    loaded, stored = Counter(), Counter()
    for access in accesses:
        if access.kind == UPDATES:
            continue
        counter = loaded if access.kind == LOADS else stored
        counter["elsewhere"] += access.addresses.size
        for name, table in tables.items():
            inside = _count_inside(access, table)
            counter[name] += inside
            counter["elsewhere"] -= inside
    return loaded, stored


def who_stores(accesses: list[Access], table) -> set[int]:
    """Return the programs that store something in a table, atomically or not."""
    return {access.program for access in accesses if access.kind != LOADS and _count_inside(access, table)}


def _count_inside(access: Access, table) -> int:
    start = table.data_ptr()
    return int(((access.addresses >= start) & (access.addresses < start + table.untyped_storage().nbytes())).sum())


# races ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Race:
    """One program writes to an address, and another one of the same launch does something there.

    does: what the other one does; two that update atomically are no race.
    """

    writer: int
    other: int
    does: str
    address: int


def first_race(accesses: list[Access]) -> Race | None:
    """Return a race, if the programs of a launch meet anywhere: on a GPU nobody knows which of them comes first."""
    for launch in sorted({access.launch for access in accesses}):
        places = {kind: _places(accesses, launch, kind) for kind in (LOADS, STORES, UPDATES)}
        for writes, others in ((STORES, (STORES, LOADS, UPDATES)), (UPDATES, (LOADS,))):
            for does in others:
                race = _meeting(places[writes], places[does], does)
                if race:
                    return race
    return None


def _places(accesses: list[Access], launch: int, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Return (addresses in rising order, the program of each)."""
    chosen = [access for access in accesses if access.launch == launch and access.kind == kind]
    addresses = np.concatenate([np.empty(0, np.int64), *(access.addresses.ravel() for access in chosen)])
    programs = np.concatenate([np.empty(0, np.int64), *(np.full(a.addresses.size, a.program) for a in chosen)])
    order = np.argsort(addresses, kind="stable")
    return addresses[order], programs[order]


def _meeting(written: tuple, touched: tuple, does: str) -> Race | None:
    """Return where one program wrote and another one touched, the lowest such address."""
    (addresses, writers), (places, programs) = written, touched
    if not addresses.size:
        return None
    # The first and the last writer of an address; if they differ from whoever touches it, or from each other, they meet.
    for side, step in (("left", 0), ("right", -1)):
        at = np.searchsorted(addresses, places, side) + step
        at = np.clip(at, 0, addresses.size - 1)
        met = np.flatnonzero((addresses[at] == places) & (writers[at] != programs))
        if met.size:
            i = met[0]
            return Race(int(writers[at[i]]), int(programs[i]), does, int(places[i]))
    return None
