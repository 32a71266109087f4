"""Experiments of chapter 2: LayerNorm's forward pass and its neighbours.

Machinery that chapter 2 runs and that would hide the argument there. Everything is NumPy and takes
at most a second or two. Shapes: m or T tokens, d features, B sequences; images are N, C, H, W.
"""

import time
from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Polygon


def standardise(x: np.ndarray, axis: int | tuple[int, ...], eps: float = 1e-5) -> np.ndarray:
    """Z-scores of ``x`` over ``axis``, biased variance, ε inside the root; same shape as ``x``."""
    mean = x.mean(axis=axis, keepdims=True)
    variance = np.square(x - mean).mean(axis=axis, keepdims=True)
    return (x - mean) / np.sqrt(variance + eps)


def divide_by_rms(x: np.ndarray, axis: int | tuple[int, ...], eps: float = 1e-5) -> np.ndarray:
    """``x`` over its root mean square along ``axis``; same shape as ``x``."""
    return x / np.sqrt(np.square(x).mean(axis=axis, keepdims=True) + eps)


def spread_by_depth(
    gain: float, normalised: bool, depth: int = 60, width: int = 256, tokens: int = 64, seed: int = 0
) -> np.ndarray:
    """Standard deviation of what each layer of an untrained ReLU net receives, shape (depth + 1,).

    The weights have standard deviation gain·√(2/width), so gain 1 is the initialisation that keeps
    the second moment (He et al. 2015). With ``normalised`` each token is standardised before it
    enters a layer. Unit: that of the first input, whose standard deviation is 1.
    """
    rng = np.random.default_rng(seed)
    h = rng.standard_normal((tokens, width))
    spread = []
    for _ in range(depth):
        if normalised:
            h = standardise(h, -1)
        spread.append(h.std())
        weights = rng.standard_normal((width, width)) * gain * np.sqrt(2 / width)
        h = np.maximum(h, 0) @ weights
    if normalised:
        h = standardise(h, -1)
    return np.array([*spread, h.std()])


def draw_cube(
    ax: Axes,
    shared: Callable[[int, int, int], bool],
    names: tuple[str, str, str],
    colour: str,
    sizes: tuple[int, int, int] = (3, 4, 4),
) -> None:
    """Draw an activation tensor as a cube of cells and colour those that share one statistic.

    ``shared(n, c, p)`` tells of the cell at sample n, feature c, position p whether it is coloured;
    ``names`` are the labels of the three axes, ``sizes`` their lengths. Cell (0, 0, 0) is in
    front, at the left, at the top. The idea of the picture is Figure 2 of Wu & He (2018).
    """
    samples, features, positions = sizes
    lean = np.array([0.45, 0.38])  # one step back along the samples

    def face(corner: np.ndarray, u: np.ndarray, v: np.ndarray, cell: tuple[int, int, int], shade: float) -> None:
        fill = colour if shared(*cell) else "white"
        points = [corner, corner + u, corner + u + v, corner + v]
        ax.add_patch(Polygon(points, facecolor=fill, edgecolor="#444444", linewidth=0.6, joinstyle="round"))
        if shade and shared(*cell):
            ax.add_patch(Polygon(points, facecolor="black", alpha=shade, edgecolor="none"))

    right, down = np.array([1.0, 0.0]), np.array([0.0, -1.0])
    for c in range(features):  # the front: sample 0
        for p in range(positions):
            face(c * right + p * down, right, down, (0, c, p), 0.0)
    for n in range(samples):
        for c in range(features):  # the top: position 0
            face(c * right + n * lean, right, lean, (n, c, 0), 0.12)
        for p in range(positions):  # the right side: last feature
            face(features * right + p * down + n * lean, lean, down, (n, features - 1, p), 0.24)

    sample, feature, position = names
    ax.text(features / 2, -positions - 0.25, f"{feature} →", ha="center", va="top", fontsize=8)
    ax.text(-0.3, -positions / 2, f"{position} ↓", ha="right", va="center", fontsize=8, rotation=0)
    middle = features * right + samples * lean / 2 - positions * np.array([0, 1])
    ax.text(middle[0] + 0.25, middle[1] - 0.2, f"{sample} ↗", ha="left", va="top", fontsize=8)
    ax.set_xlim(-1.9, features + samples * lean[0] + 0.5)
    ax.set_ylim(-positions - 1.2, samples * lean[1] + 0.2)
    ax.set_aspect("equal")
    ax.axis("off")


TRANSFORMATIONS = ("W × 3", "W + 1vᵀ", "one row\nof W × 3", "X × 3", "X + v", "one case\n× 3")
METHODS = ("BatchNorm", "LayerNorm", "RMSNorm")


def invariance_changes(seed: int = 0, cases: int = 32, inputs: int = 12, neurons: int = 8) -> np.ndarray:
    """Largest change of a normalised output under each of Ba et al.'s six transformations.

    The summed inputs are a = X Wᵀ, with X (cases, inputs) and W (neurons, inputs); BatchNorm takes
    its statistics over the cases, the other two over the neurons; ε = 0. Returns shape (3, 6), rows
    as in ``METHODS``, columns as in ``TRANSFORMATIONS``, in units of the output. Source: Ba et al.
    (2016), section 5.1 and table 1.
    """
    rng = np.random.default_rng(seed)
    x, w = rng.standard_normal((cases, inputs)), rng.standard_normal((neurons, inputs))
    v = rng.standard_normal(inputs)
    one_row = np.ones((neurons, 1))
    one_row[0] = 3
    one_case = np.ones((cases, 1))
    one_case[0] = 3
    changed = [(x, 3 * w), (x, w + v), (x, one_row * w), (3 * x, w), (x + v, w), (one_case * x, w)]
    norms = (
        lambda a: standardise(a, 0, eps=0),
        lambda a: standardise(a, 1, eps=0),
        lambda a: divide_by_rms(a, 1, eps=0),
    )
    return np.array([[np.abs(norm(xs @ ws.T) - norm(x @ w.T)).max() for xs, ws in changed] for norm in norms])


def one_pass_variance(x: np.ndarray) -> np.ndarray:
    """E[x²] − E[x]² over the last axis in the dtype of ``x``: the formula that loses digits."""
    return (x * x).mean(axis=-1, keepdims=True) - x.mean(axis=-1, keepdims=True) ** 2


def normalisation_errors(offsets: Sequence[float], tokens: int = 16, d: int = 768, seed: int = 0) -> dict[str, np.ndarray]:
    """Worst error of LayerNorm's output in float32, by the way the statistics are computed.

    For each offset, ``tokens`` rows of N(offset, 1), rounded to float32; the truth is the same
    rows in float64. Returns one array of len(offsets) a key: 'one-pass' (worst over the tokens
    whose output is finite; NaN if none), 'nan' (share of tokens whose one-pass output is NaN),
    'two-pass' and 'float64 statistics'. Unit: output standard deviations.
    """
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((tokens, d))
    found: dict[str, list[float]] = {"one-pass": [], "nan": [], "two-pass": [], "float64 statistics": []}
    for offset in offsets:
        x = (noise + offset).astype(np.float32)
        truth = standardise(x.astype(np.float64), -1)
        with np.errstate(invalid="ignore"):
            one = (x - x.mean(axis=-1, keepdims=True)) / np.sqrt(one_pass_variance(x) + np.float32(1e-5))
        errors = np.abs(one - truth).max(axis=-1)
        finite = errors[np.isfinite(errors)]
        found["one-pass"].append(finite.max() if finite.size else np.nan)
        found["nan"].append(np.isnan(errors).mean())
        found["two-pass"].append(np.abs(standardise(x, -1) - truth).max())
        found["float64 statistics"].append(np.abs(truth.astype(np.float32) - truth).max())
    return {name: np.array(values) for name, values in found.items()}


def padding_curve(paddings: Sequence[int], tokens: int = 32, d: int = 16, seed: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """First feature of one real token, normalised beside more and more padding.

    The batch has ``tokens`` real tokens of N(2, 1) features and p rows of zeros for each p of
    ``paddings``. Returns (by batch statistics, by the token's own statistics), each of shape
    (len(paddings),). Unit: standard deviations.
    """
    x = np.random.default_rng(seed).standard_normal((tokens, d)) + 2
    padded = [np.concatenate([x, np.zeros((p, d))]) for p in paddings]
    return np.array([standardise(b, 0)[0, 0] for b in padded]), np.array([standardise(b, -1)[0, 0] for b in padded])


def nonnegative_least_squares(a: np.ndarray, b: np.ndarray, tolerance: float = 1e-10) -> np.ndarray:
    """Solve min ‖a z − b‖ with z ≥ 0 by the active-set method of Lawson & Hanson (1974, ch. 23).

    ``a`` is (rows, columns), ``b`` (rows,); returns z, shape (columns,).
    Raises RuntimeError where no solution is found within 10 · columns steps.
    """
    z = np.zeros(a.shape[1])
    free = np.zeros(a.shape[1], dtype=bool)
    for _ in range(10 * a.shape[1]):
        gradient = a.T @ (b - a @ z)
        gradient[free] = -np.inf
        if gradient.max() <= tolerance:
            return z
        free[gradient.argmax()] = True
        while True:
            trial = np.zeros_like(z)
            trial[free] = np.linalg.lstsq(a[:, free], b, rcond=None)[0]
            if trial[free].min() > tolerance:
                z = trial
                break
            blocked = free & (trial <= tolerance)
            step = (z[blocked] / (z[blocked] - trial[blocked])).min()
            z = z + step * (trial - z)
            free &= z > tolerance
            z[~free] = 0
    raise RuntimeError("non-negative least squares did not converge")


def selectable(keys: np.ndarray) -> np.ndarray:
    """Which keys can win attention: True where some query scores key i above every other key.

    ``keys`` is (n, d); returns (n,) booleans. A key can't win exactly if it is a weighted average
    of the others (weights ≥ 0 that sum to 1). We look for such weights by non-negative least
    squares; where there are none, the residual is a query that selects the key (Farkas' lemma).
    Source of the question: Brody et al. (2023).
    """
    lifted = np.concatenate([keys, np.ones((len(keys), 1))], axis=1)  # the last row forces sum 1
    result = []
    for i, target in enumerate(lifted):
        others = np.delete(lifted, i, axis=0).T
        residual = target - others @ nonnegative_least_squares(others, target)
        result.append(np.linalg.norm(residual) > 1e-7)
    return np.array(result)


def best_seconds(*functions: Callable[[], object], repeats: int = 7) -> list[float]:
    """Shortest wall time of each function in seconds, taken in turn so that a busy machine hits all alike."""
    best = [np.inf] * len(functions)
    for _ in range(repeats):
        for i, function in enumerate(functions):
            start = time.perf_counter()
            function()
            best[i] = min(best[i], time.perf_counter() - start)
    return best
