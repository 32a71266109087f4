"""What kernels do to memory, noted in the interpreter: counts, and races that no order of the programs shows."""

import pytest
import torch

from autograder.student_side.kernel_accesses import (
    LOADS,
    STORES,
    UPDATES,
    Race,
    counted,
    first_race,
    noted,
    undefined_lanes,
    who_stores,
)

triton = pytest.importorskip("triton", reason="needs Triton: pip install -r requirements-triton.txt")
tl = pytest.importorskip("triton.language")

pytestmark = pytest.mark.skipif(torch.cuda.is_available(), reason="where there is a GPU the kernels run on it")


@triton.jit
def doubled(x, y, n, BLOCK: tl.constexpr):
    lanes = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(y + lanes, 2 * tl.load(x + lanes, mask=lanes < n, other=0.0), mask=lanes < n)


@triton.jit
def shifted(x, y, n, BLOCK: tl.constexpr):
    lanes = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(y + lanes, tl.load(x + lanes + 1, mask=lanes + 1 < n, other=0.0), mask=lanes < n)


@triton.jit
def last_wins(x, y, n, BLOCK: tl.constexpr):
    tl.store(y, tl.load(x + tl.program_id(0)))


@triton.jit
def total(x, y, n, BLOCK: tl.constexpr, ATOMIC: tl.constexpr = True, FIRST: tl.constexpr = False):
    if FIRST and tl.program_id(0) == 0:
        tl.store(y, 0.0)
    value = tl.load(x + tl.program_id(0))
    if ATOMIC:
        tl.atomic_add(y, value)
    else:
        tl.store(y, tl.load(y) + value)


@triton.jit
def looks_at_the_total(x, y, n, BLOCK: tl.constexpr):
    tl.atomic_add(y, 1.0)
    tl.store(x + tl.program_id(0), tl.load(y))


def launched(kernel, x, y, **more) -> list:
    with noted() as accesses:
        kernel[(4,)](x, y, len(x), BLOCK=2, **more)
    return accesses


def met(kernel, in_place=False, **more) -> tuple | None:
    x = torch.arange(7.0)
    race = first_race(launched(kernel, x, x if in_place else torch.zeros(8), **more))
    return race and (race.writer, race.does, race.other)


def test_lanes_under_the_mask_are_counted_table_by_table():
    x, y = torch.arange(7.0), torch.zeros(8)
    accesses = launched(doubled, x, y)
    loaded, stored = counted(accesses, {"x": x, "y": y})
    assert (loaded["x"], loaded["y"], stored["x"], stored["y"]) == (7, 0, 0, 7)
    assert counted(accesses, {"x": x})[1]["elsewhere"] == 7
    assert (who_stores(accesses, y), who_stores(accesses, x)) == ({0, 1, 2, 3}, set())
    assert torch.equal(y[:7], 2 * x)
    assert who_stores(launched(total, x, y), y) == {0, 1, 2, 3}  # an update, too, puts something there


def test_programs_that_keep_apart_make_no_race():
    assert met(doubled) is None
    assert met(doubled, in_place=True) is None
    assert met(shifted) is None
    assert met(total) is None  # atomically


@pytest.mark.parametrize(
    ("kernel", "more", "race"),
    [
        (shifted, {"in_place": True}, (1, LOADS, 0)),
        (last_wins, {}, (0, STORES, 1)),
        (total, {"ATOMIC": False}, (0, STORES, 1)),
        (total, {"FIRST": True}, (0, UPDATES, 1)),
        (looks_at_the_total, {}, (0, LOADS, 1)),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_programs_that_meet_are_found(kernel, more, race):
    assert met(kernel, **more) == race


def test_two_launches_are_no_race():
    x, y = torch.arange(7.0), torch.zeros(1)
    with noted() as accesses:
        for _ in range(2):
            last_wins[(1,)](x, y, 7, BLOCK=2)
    assert [access.launch for access in accesses] == [1, 1, 2, 2] and first_race(accesses) is None


def test_programs_are_counted_through_all_axes():
    x, y = torch.arange(7.0), torch.zeros(1)
    with noted() as accesses:
        last_wins[(1, 2, 2)](x, y, 7, BLOCK=2)
    assert sorted({access.program for access in accesses}) == [0, 1, 2, 3]
    assert first_race(accesses) == Race(0, 2, STORES, y.data_ptr())  # the last axis runs first


def test_nothing_is_noted_afterwards():
    x, y = torch.arange(7.0), torch.zeros(8)
    accesses = launched(doubled, x, y)
    before = len(accesses)
    doubled[(4,)](x, y, 7, BLOCK=2)
    assert len(accesses) == before


@triton.jit
def copied(x, y, n, OTHER: tl.constexpr, BLOCK: tl.constexpr):
    lanes = tl.arange(0, BLOCK)
    if OTHER:
        values = tl.load(x + lanes, mask=lanes < n, other=0.0)
    else:
        values = tl.load(x + lanes, mask=lanes < n)
    tl.store(y + lanes, values)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.int32], ids=str)
def test_lanes_that_a_load_says_nothing_of_hold_nan(dtype):
    x = torch.arange(8).to(dtype)

    def lanes(other: bool) -> list:
        y = torch.full((8,), 9).to(dtype)
        copied[(1,)](x, y, 5, OTHER=other, BLOCK=8)
        return y.double().tolist()

    with undefined_lanes():
        promised, silent = lanes(True), lanes(False)
    assert promised == lanes(False) == [0, 1, 2, 3, 4, 0, 0, 0]  # afterwards all is as before
    assert silent[:5] == promised[:5]
    assert all(value != value for value in silent[5:]) == dtype.is_floating_point
