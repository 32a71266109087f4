"""What visible checks of assignments in NumPy share: figures to print and a comparison."""

import numpy as np


def figures(values) -> str:
    """Print a few numbers, rounded."""
    values = np.asarray(values)
    if values.shape == ():
        return f"{float(values):.6g}"
    if values.size > 24:
        return f"{values.size} numbers, the first {figures(values.ravel()[:4])}"
    tiny = bool(np.abs(values).max(initial=0) <= 1e-3)  # without an exponent they would be shown as 0
    with np.printoptions(precision=4, suppress=not tiny, floatmode="maxprec"):
        return " ".join(str(values + 0).split()).replace("[ ", "[")


def close(found, expected, atol: float = 1e-4) -> bool:
    found, expected = np.asarray(found, dtype=float), np.asarray(expected, dtype=float)
    return found.shape == expected.shape and bool(np.allclose(found, expected, rtol=1e-4, atol=atol))
