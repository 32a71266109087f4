"""Counts the numbers that a kernel asks memory for and gives to it, in Triton's interpreter, without a clock.

Every lane under the mask of a load or a store counts as one number of the table that its address lies in. What a GPU
finds in a cache does not reach its memory, and atomic operations are not counted. Students have this file, too.
"""

import contextlib
from collections import Counter
from collections.abc import Iterator

import numpy as np
import torch


@contextlib.contextmanager
def counting(tables: dict[str, torch.Tensor]) -> Iterator[tuple[Counter, Counter]]:
    """Yield (how many numbers of each table were loaded, how many were stored) by the kernels that run within.

    What lies in none of the tables is counted as "elsewhere".
    """
    from triton.runtime.interpreter import InterpreterBuilder

    load, store = InterpreterBuilder.create_masked_load, InterpreterBuilder.create_masked_store
    loaded, stored = Counter(), Counter()
    places = {name: (t.data_ptr(), t.untyped_storage().nbytes()) for name, t in tables.items()}

    def count(counter: Counter, pointers, mask) -> None:
        addresses = pointers.data[np.broadcast_to(mask.data, pointers.data.shape).astype(bool)].astype(np.int64)
        counter["elsewhere"] += addresses.size
        for name, (start, size) in places.items():
            inside = int(((addresses >= start) & (addresses < start + size)).sum())
            counter[name] += inside
            counter["elsewhere"] -= inside

    def counting_load(builder, pointers, mask, *others):
        count(loaded, pointers, mask)
        return load(builder, pointers, mask, *others)

    def counting_store(builder, pointers, value, mask, *others):
        count(stored, pointers, mask)
        return store(builder, pointers, value, mask, *others)

    InterpreterBuilder.create_masked_load, InterpreterBuilder.create_masked_store = counting_load, counting_store
    try:
        yield loaded, stored
    finally:
        InterpreterBuilder.create_masked_load, InterpreterBuilder.create_masked_store = load, store
