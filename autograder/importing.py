"""Imports of many modules, in less time."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def many_modules() -> Iterator[None]:
    """Keep the garbage collector away while modules are imported inside, and from what they made, for good.

    Else it would search all of it again and again: a fifth of the time of the imports, and most of the time
    that the process takes to end.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
