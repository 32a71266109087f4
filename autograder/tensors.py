"""The trusted side's view of tensors: NumPy arrays, also in bfloat16. PyTorch itself is not needed here."""

import ml_dtypes
import numpy as np

from autograder.student_side import wire

_BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
FLOATING = ("float16", "bfloat16", "float32", "float64")


def dtype(name: str) -> np.dtype:
    """Return NumPy's dtype for a name that PyTorch uses ("bfloat16", "float32", …)."""
    return _BFLOAT16 if name == "bfloat16" else np.dtype(name)


def tensor(values, name: str = "float32", requires_grad: bool = True, layout: str = "contiguous") -> wire.Tensor:
    """Describe a tensor with these values, rounded to the dtype ``name``; ``layout`` as in ``wire.Tensor``."""
    exact = np.ascontiguousarray(np.asarray(values).astype(dtype(name)))
    exact = exact.reshape(np.shape(values))  # ascontiguousarray makes 1-D of 0-D
    return wire.Tensor(exact.view(wire.TENSOR_DTYPES[name]), name, requires_grad, layout)


def array(described: wire.Tensor) -> np.ndarray:
    """Return the values of a tensor as an array of its own dtype."""
    return described.raw.view(dtype(described.dtype))


def is_floating(kind: np.dtype) -> bool:
    return kind.kind == "f" or kind == _BFLOAT16
