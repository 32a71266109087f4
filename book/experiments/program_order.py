"""Let Triton's interpreter run a kernel's programs from the last to the first.

A GPU runs them at the same time, in no order. The interpreter has one: 0, 1, 2, … A kernel whose results change when that
is turned round has programs that meddle with each other; not every such kernel shows it.
"""

import contextlib
from collections.abc import Iterator

from experiments.kernel_accesses import in_the_interpreter


@contextlib.contextmanager
def last_program_first() -> Iterator[None]:
    """Within it, kernels that are launched run their programs in reverse order along the grid's first axis."""
    from triton.runtime.interpreter import InterpreterBuilder

    set_index = InterpreterBuilder.set_grid_idx

    def from_the_end(builder, x: int, y: int, z: int) -> None:
        set_index(builder, builder.grid_dim[0] - 1 - x, y, z)

    with in_the_interpreter({"set_grid_idx": from_the_end}):
        yield
