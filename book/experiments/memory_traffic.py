"""Counts the bytes that PyTorch's operations read and write, without a clock.

Every operation that reaches the backend is taken to read each tensor that it is given once, and to write each tensor
that it returns once. That is what an unfused operation does with arrays too large for a cache. Views cost nothing:
they share their input's memory. An argument that is broadcast counts with the memory that it has, not with the shape
that it is stretched to.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


@dataclass(frozen=True)
class Sweep:
    """One operation and the bytes that it reads and writes."""

    name: str
    read: int
    written: int

    @property
    def bytes(self) -> int:
        return self.read + self.written


def memory_of(tensor: torch.Tensor) -> int:
    """Return the bytes that a tensor's elements occupy, each place in memory once."""
    places = 1
    for size, stride in zip(tensor.shape, tensor.stride()):
        if size == 0:
            return 0
        places *= size if stride else 1
    return places * tensor.element_size()


class Counter(TorchDispatchMode):
    """Records a Sweep for each operation that runs inside it and moves data."""

    def __init__(self) -> None:
        super().__init__()
        self.sweeps: list[Sweep] = []

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        result = operation(*args, **(kwargs or {}))
        given = {id(t): t for t in tree_leaves((args, kwargs)) if isinstance(t, torch.Tensor)}
        returned = [t for t in tree_leaves(result) if isinstance(t, torch.Tensor)]
        shared = {t.untyped_storage().data_ptr() for t in given.values() if t.numel()}
        fresh = [t for t in returned if t.numel() and t.untyped_storage().data_ptr() not in shared]
        if fresh or not operation.is_view and operation._schema.is_mutable:
            self.sweeps.append(
                Sweep(
                    operation.overloadpacket.__name__,
                    sum(memory_of(t) for t in given.values()),
                    sum(memory_of(t) for t in fresh or returned),
                )
            )
        return result


def sweeps(call: Callable[[], object]) -> list[Sweep]:
    """Return the operations that ``call`` runs, forward and backward, in order; each with its bytes."""
    with Counter() as counter:
        call()
    return counter.sweeps
