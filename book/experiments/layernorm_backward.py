"""Machinery of chapter 3: training runs, wrong backwards, step sizes, the drawn graph.

Everything here works on one token (a vector of d features) or on one Jacobian a token, because
the general, any-shape backward is what the reader writes in the assignment.
The formulas are those of the chapter; Ba, Kiros & Hinton (2016), arXiv:1607.06450, define the layer.
"""

from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes

from experiments.style import BLUE, GREY, INK, RED


def jacobians(x_hat: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    """Jacobian of the normalised values with respect to the input, one a token.

    Parameters
    ----------
    x_hat : (m, d) normalised values, already divided by the stabilised ``sigma``.
    sigma : (m,) stabilised standard deviations, sqrt(variance + eps).

    Returns
    -------
    (m, d, d): entry [t, i, j] is the derivative of x_hat[t, i] with respect to x[t, j].
    """
    d = x_hat.shape[1]
    outer = x_hat[:, :, None] * x_hat[:, None, :]
    return (np.eye(d) - 1.0 / d - outer / d) / sigma[:, None, None]


def train_below_layernorm(
    task: str,
    constants: bool,
    seed: int,
    *,
    steps: int = 1000,
    learning_rate: float = 0.1,
    tokens: int = 32,
    inputs: int = 6,
    features: int = 8,
    eps: float = 1e-5,
) -> dict[str, np.ndarray]:
    """Train the weights below a LayerNorm by plain gradient descent, with the right or a wrong gradient.

    The net is token u -> x = u W -> x_hat = LN(x) -> loss. Only W (inputs x features) is trained.

    Parameters
    ----------
    task : ``"readout"``: predict a linear function of u from a fixed linear readout of x_hat;
        ``"reachable"``: make x_hat equal to a teacher's x_hat (a loss of zero exists);
        ``"half size"``: make x_hat equal to half of the teacher's (no loss below d/8 exists).
    constants : True takes mean and standard deviation for constants in the backward pass.
    seed : draws the tokens, the first W and the teacher.

    Returns
    -------
    ``loss`` (steps,): mean over tokens, before each step; ``cosine`` (steps,): between the wrong and
    the right gradient of W at the weights that this run visits; ``sigma`` (steps,): median over tokens.

    Raises
    ------
    ValueError : unknown task.
    """
    if task not in ("readout", "reachable", "half size"):
        raise ValueError(f"unknown task {task!r}")
    rng = np.random.default_rng(seed)
    u = rng.normal(size=(tokens, inputs))
    weights = rng.normal(size=(inputs, features)) / np.sqrt(inputs)
    if task == "readout":
        wanted = u @ rng.normal(size=inputs)
        readout = rng.normal(size=features) / np.sqrt(features)
    else:
        teacher = u @ (rng.normal(size=(inputs, features)) / np.sqrt(inputs))
        teacher -= teacher.mean(axis=1, keepdims=True)
        teacher /= teacher.std(axis=1, keepdims=True)
        wanted = teacher * (0.5 if task == "half size" else 1.0)

    losses, cosines, sigmas = [], [], []
    for _ in range(steps):
        x = u @ weights
        centred = x - x.mean(axis=1, keepdims=True)
        sigma = np.sqrt((centred**2).mean(axis=1) + eps)
        x_hat = centred / sigma[:, None]
        if task == "readout":
            error = x_hat @ readout - wanted
            losses.append(0.5 * (error**2).mean())
            g = error[:, None] * readout / tokens
        else:
            losses.append(0.5 * ((x_hat - wanted) ** 2).sum(axis=1).mean())
            g = (x_hat - wanted) / tokens
        wrong = u.T @ (g / sigma[:, None])
        right = u.T @ np.einsum("tij,ti->tj", jacobians(x_hat, sigma), g)
        lengths = np.linalg.norm(wrong) * np.linalg.norm(right)
        cosines.append((wrong * right).sum() / max(lengths, np.finfo(float).tiny))
        sigmas.append(np.median(sigma))
        weights = weights - learning_rate * (wrong if constants else right)
    return {"loss": np.array(losses), "cosine": np.array(cosines), "sigma": np.array(sigmas)}


def difference_errors(
    loss: Callable[[np.ndarray], np.floating],
    x: np.ndarray,
    exact: np.ndarray,
    step_sizes: np.ndarray,
    *,
    central: bool = True,
) -> np.ndarray:
    """Relative error of a finite-difference gradient at one vector, for each step size.

    Parameters
    ----------
    loss : maps a (d,) vector to a number, in the vector's own precision.
    x : (d,) point; its dtype (float32 or float64) is the precision of the whole computation.
    exact : (d,) the gradient to compare with, float64.
    step_sizes : (k,) values of h.
    central : central differences if True, forward differences if False.

    Returns
    -------
    (k,) largest absolute deviation divided by the largest absolute entry of ``exact``.
    """
    errors = []
    for h in step_sizes:
        slopes = np.empty(x.size)
        for i in range(x.size):
            up, down = x.copy(), x.copy()
            up[i] += x.dtype.type(h)
            if central:
                down[i] -= x.dtype.type(h)
            # divide by the distance that the rounded points really have
            slopes[i] = (float(loss(up)) - float(loss(down))) / (float(up[i]) - float(down[i]))
        errors.append(np.abs(slopes - exact).max() / np.abs(exact).max())
    return np.array(errors)


def one_token_backwards() -> dict[str, Callable[..., np.ndarray]]:
    """Right and wrong input gradients of one token, by name.

    Each function takes (dy, gamma, x_hat, variance, eps), the first three of shape (d,), and returns dx (d,).
    All but the first have one mistake that learners make.
    """

    def parts(dy, gamma, variance, eps):
        return dy * gamma, np.sqrt(variance + eps)

    def right(dy, gamma, x_hat, variance, eps):
        g, s = parts(dy, gamma, variance, eps)
        return (g - g.mean() - x_hat * (g * x_hat).mean()) / s

    def constants(dy, gamma, x_hat, variance, eps):
        g, s = parts(dy, gamma, variance, eps)
        return g / s

    def no_mean_term(dy, gamma, x_hat, variance, eps):
        g, s = parts(dy, gamma, variance, eps)
        return (g - x_hat * (g * x_hat).mean()) / s

    def no_x_hat_term(dy, gamma, x_hat, variance, eps):
        g, s = parts(dy, gamma, variance, eps)
        return (g - g.mean()) / s

    def divided_by_variance(dy, gamma, x_hat, variance, eps):
        return right(dy, gamma, x_hat, variance, eps) / np.sqrt(variance + eps)

    def no_eps(dy, gamma, x_hat, variance, eps):
        g, _ = parts(dy, gamma, variance, eps)
        return (g - g.mean() - x_hat * (g * x_hat).mean()) / np.sqrt(variance)

    def gamma_last(dy, gamma, x_hat, variance, eps):
        return gamma * (dy - dy.mean() - x_hat * (dy * x_hat).mean()) / np.sqrt(variance + eps)

    def zeros(dy, gamma, x_hat, variance, eps):
        return np.zeros_like(dy)

    return {
        "right": right,
        "dy·γ/σ only": constants,
        "mean(g) missing": no_mean_term,
        "x̂ term missing": no_x_hat_term,
        "÷ σ² for ÷ σ": divided_by_variance,
        "ε left out": no_eps,
        "γ outside the sums": gamma_last,
        "dx = 0": zeros,
    }


def draw_graph(ax: Axes, rows: list[tuple[str, str, str]]) -> None:
    """Draw the computation graph of one token, forward values on the left, gradients on the right.

    Parameters
    ----------
    ax : an empty axes.
    rows : seven rows in the order x, mu, c, v, sigma, x_hat, y; each (symbol and rule, value, gradient), as text.
    """
    names = ["x", "mu", "c", "v", "sigma", "x_hat", "y"]
    ys = dict(zip(names, [6.6, 5.5, 4.4, 3.3, 2.2, 1.1, 0.0]))
    xs = {"x": 0.0, "mu": 0.62, "c": 0.0, "v": 0.62, "sigma": 0.62, "x_hat": 0.0, "y": 0.0}
    edges = [
        ("x", "mu"), ("x", "c"), ("mu", "c"), ("c", "v"), ("v", "sigma"),
        ("c", "x_hat"), ("sigma", "x_hat"), ("x_hat", "y"),
    ]  # fmt: skip
    for start, end in edges:
        ax.annotate(
            "",
            xy=(xs[end], ys[end] + 0.3),
            xytext=(xs[start], ys[start] - 0.3),
            arrowprops={"arrowstyle": "-|>", "color": GREY, "lw": 1.1, "shrinkA": 0, "shrinkB": 0},
        )
    for name, (rule, value, gradient) in zip(names, rows):
        ax.text(
            xs[name], ys[name], rule, ha="center", va="center", fontsize=8, color=INK,
            bbox={"boxstyle": "round,pad=0.35", "fc": "white", "ec": INK, "lw": 0.9},
        )  # fmt: skip
        ax.text(1.08, ys[name] + 0.2, f"▼ {value}", color=BLUE, fontsize=8, va="center")
        ax.text(1.08, ys[name] - 0.22, f"▲ {gradient}", color=RED, fontsize=8, va="center")
    ax.set(xlim=(-0.3, 2.1), ylim=(-0.55, 7.2))
    ax.axis("off")
