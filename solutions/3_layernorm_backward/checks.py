"""The visible checks of ``3_layernorm_backward``: published examples and properties.

They tell you what to look at next. The grade is given by other cases of the same kinds.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from arrays import close, figures
from card import Answer, Card, attempt, describe, letters, predicted

CHAPTER = "3_layernorm_backward"
CONSTANTS = "why-not-constants: Why can't the mean and the spread be constants?"
GRAPH = "gradient-by-graph: First way: which paths lead from x to the output?"
JACOBIAN = "gradient-by-jacobian: Second way: how does each output answer to each input?"
TWO = "two-components: What follows from the two missing components?"
EPSILON = "backward-epsilon: With ε the formula stays exact, if every σ is the stabilised one"
PARAMETERS = "gradient-of-gamma-beta: How do γ and β get their gradients?"
CACHE = "what-to-cache: What should the forward pass keep?"
RMS = "rmsnorm-gradient: What is left when the mean is not subtracted?"
CHECKING = "gradient-checking: How do you know that your gradient is right?"
VACUOUS = "vacuous-tests: Which tests can never fail?"

LIBRARIES = {"torch", "tensorflow", "jax", "scipy", "autograd", "layer_norm", "rms_norm", "approx_fprime", "grad"}
GAMMA = np.array([2.0, 1.0, 0.5, 1.5])
DY = np.array([[0.0, 2.0, -2.0, 2.0], [1.0, 0.0, 2.0, 0.0]])


# comparing ------------------------------------------------------------------------------------


def is_array(value: object) -> bool:
    return isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind in "fiu"


def compare(card: Card, text: str, found, expected, hint: str, section: str, signs=(), atol: float = 1e-4) -> bool:
    """Note whether an array is the expected one. signs: (what a known mistake gives, its hint, its section)."""
    expected = np.asarray(expected, dtype=float)
    for known, what, where in signs:
        if not close(found, expected, atol) and close(found, known, 2e-3):
            hint, section = what, where
    if np.shape(found) != expected.shape:
        return card.check(False, text, f"shape {expected.shape}", f"shape {np.shape(found)}", hint, section)
    return card.check(close(found, expected, atol), text, figures(expected), figures(found), hint, section)


def own_work(card: Card, *functions: Callable) -> None:
    """Note whether the functions leave their work to a library."""
    used = {name for f in functions for name in getattr(getattr(f, "__code__", None), "co_names", ()) if name in LIBRARIES}
    hint = "The exercise is to write this yourself, with NumPy. A library's own version, or its automatic gradient, earns nothing."
    card.check(not used, "is your own work", "NumPy", ", ".join(sorted(used)), hint, CHECKING)


# numerical_gradient ---------------------------------------------------------------------------


def numerical_gradient(function: Callable) -> None:
    card = Card("numerical_gradient", CHAPTER)
    if _cubes(card, function) and _step(card, function) and _product(card, function) and _running_sums(card, function):
        _one_at_a_time(card, function)
        _any_shape(card, function)
        _narrow(card, function)
        _step_left_out(card, function)
        _strided(card, function)
        _left_alone(card, function)
        own_work(card, function)
    card.show()


def measure(function: Callable, f: Callable, x: np.ndarray, dy, *h: float) -> Answer:
    """Call the student's function; the value must be an array."""
    answer = attempt(function, f, x, np.asarray(dy, dtype=x.dtype), *h)
    if answer.problem or is_array(answer.value):
        return answer
    hint = "The function ends without `return`." if answer.value is None else "Return a NumPy array of x's shape."
    return Answer(problem=describe(answer.value), hint=hint)


def cube(x: np.ndarray) -> np.ndarray:
    return x**3


def _cubes(card: Card, function: object) -> bool:
    text = "f(x) = x³ at (1, 2, 3) with dy = (1, 2, −1) gives (3, 24, −27)"
    if not callable(function):
        hint = "Define it as `def numerical_gradient(f, x, dy, h=1e-5):`."
        return card.check(False, text, "a function", describe(function), hint, CHECKING)
    answer = measure(function, cube, np.array([1.0, 2.0, 3.0]), [1.0, 2.0, -1.0])
    if answer.problem:
        hint = f"{answer.hint} Here x has one axis and shape (3,); it may have any number." if ":" in answer.problem else answer.hint
        return card.check(False, text, "[3 24 -27]", answer.problem, hint, CHECKING)
    if answer.value.size == 3 and answer.value.ndim != 1:
        return card.check(False, text, "shape (3,)", f"shape {answer.value.shape}", "The gradient has exactly x's shape.", CHECKING)
    signs = [
        ([3, 12, 27], "These are the slopes of sum(f(x)). The loss is sum(f(x) * dy): weight the outputs with dy.", VACUOUS),
        ([6, 48, -54], "Twice too large. From x − h to x + h it is 2h.", CHECKING),
        ([1.5, 12, -13.5], "Half of what is right: divide by 2h once.", CHECKING),
        ([0, 0, -27], "Only the last slope is left. Make the array of slopes once, before the loop.", CHECKING),
        ([3, 0, 0], "Only the first slope is there: `return` stands inside the loop.", CHECKING),
        ([0, 0, 0], "Zero is 3 + 24 − 27: every entry was moved at once. Or both values of f come from one point: `+=` twice, or no copy.", CHECKING),
        ([-3, -24, 27], "The sign is turned: L(x + h) − L(x − h), in this order.", CHECKING),
        (0, "Zero is 3 + 24 − 27, a single slope for all entries moved at once. Move one, leave the others, then the next.", CHECKING),
    ]
    hint = "For each entry of x: raise it by h, compute sum(f(x) * dy), lower it by h, compute again, divide the difference by 2h."
    return compare(card, text, answer.value, [3, 24, -27], hint, CHECKING, signs, atol=1e-3)


def _step(card: Card, function: Callable) -> bool:
    text = "x³ at x = 2 with the large step h = 0.1 gives 12.01"
    answer = measure(function, cube, np.array([2.0]), [1.0], 0.1)
    if answer.problem:
        return card.check(False, text, "[12.01]", answer.problem, answer.hint, CHECKING)
    forward = "is what a forward or a backward difference gives. Step to both sides of x: the error then falls with h²."
    signs = [
        ([12.61], f"12.61 {forward}", CHECKING),
        ([11.41], f"11.41 {forward}", CHECKING),
        ([12.0], "12.00 is what a tiny step gives. Use the argument `h`, not a number of your own.", CHECKING),
        ([12.0025], "12.0025 is what steps of h/2 give. The points are x + h and x − h, and their distance is 2h.", CHECKING),
    ]
    found, hint = answer.value, "(2.1³ − 1.9³)/0.2 = (9.261 − 6.859)/0.2 = 12.01."
    for known, what, where in signs:
        if np.shape(found) == (1,) and np.isclose(found[0], known[0], rtol=0, atol=1e-3):
            hint = what
    return card.check(close(found, [12.01], 1e-6) and abs(found[0] - 12.01) < 1e-6, text, "[12.01]", figures(found), hint, CHECKING)


def _product(card: Card, function: Callable) -> bool:
    text = "f(x) = x₁·x₂ at (3, 5) with dy = 2: slopes 10 and 6"
    answer = measure(function, lambda x: np.array([x[0] * x[1]]), np.array([3.0, 5.0]), [2.0])
    if answer.problem:
        hint = "Here f turns an array of shape (2,) into one of shape (1,). The gradient has x's shape, dy has f(x)'s."
        return card.check(False, text, "[10 6]", answer.problem, hint, CHECKING)
    signs = [([16, 16], "16 is 10 + 6: both entries were moved at once. Move one, leave the other.", CHECKING)]
    hint = (
        "Every output may depend on every entry of x. Move one entry at a time, and sum f(x) * dy over all outputs each time. "
        "The gradient has x's shape."
    )
    if not compare(card, text, answer.value, [10, 6], hint, CHECKING, signs, atol=1e-3):
        return False
    again = measure(function, lambda x: np.array([x[0] * x[1]]), np.array([1.0, 4.0]), [2.0])
    text = "… and at (1, 4), the next call: 8 and 2"
    if again.problem:
        return card.check(False, text, "[8 2]", again.problem, again.hint, CHECKING)
    hint = "Each call computes from its own arguments. Keep nothing between calls."
    return compare(card, text, again.value, [8, 2], hint, CHECKING, atol=1e-3)


def _running_sums(card: Card, function: Callable) -> bool:
    text = "f(x) = (x₁, x₁ + x₂, x₁ + x₂ + x₃) with dy = (1, 2, 4): slopes 7, 6 and 4"
    answer = measure(function, np.cumsum, np.array([0.5, 1.0, -2.0]), [1.0, 2.0, 4.0])
    if answer.problem:
        return card.check(False, text, "[7 6 4]", answer.problem, answer.hint, CHECKING)
    signs = [
        ([3, 4, 4], "dy was multiplied on at the end. It belongs to f's outputs: sum f(x) * dy first, and measure the slope of that.", CHECKING),
        ([1, 2, 4], "Only the output at the same place was looked at. x₁ moves all three.", CHECKING),
        ([3, 2, 1], "These are the slopes of sum(f(x)), without dy.", VACUOUS),
    ]
    hint = "x₁ moves all three outputs: 1 + 2 + 4. Sum f(x) * dy over all of them each time."
    return compare(card, text, answer.value, [7, 6, 4], hint, CHECKING, signs, atol=1e-3)


def _one_at_a_time(card: Card, function: Callable) -> None:
    x = np.array([[0.3, -1.2, 2.0], [1.5, 0.7, -0.4]])
    visited = []

    def spy(at):
        visited.append(np.array(at, dtype=float))
        return np.asarray(at) ** 2

    answer = measure(function, spy, x.copy(), np.ones((2, 3)))
    most = max((int((np.abs(at - x) > 1e-9).sum()) for at in visited if at.shape == x.shape), default=0)
    text = "f is called at points that differ from x in one entry"
    hint = "An entry is still moved when the next one is measured. Put its old value back first: the stored one."
    found = answer.problem or f"a point that differs in {most}"
    card.check(not answer.problem and most == 1, text, "one entry", found, answer.hint or hint, CHECKING)


def _any_shape(card: Card, function: Callable) -> None:
    rng = np.random.default_rng(3)
    for shape in ((4,), (2, 3), (2, 1, 3), (1, 2, 1, 2)):
        x = rng.normal(size=shape)
        answer = measure(function, lambda v: (v**2).sum(), x.copy(), 1.5)
        text = f"x of shape {shape}, f(x) the sum of its squares, a single number: slopes 3x"
        hint = "x may have any number of axes; `np.ndindex(x.shape)` walks over its entries. The gradient has x's shape."
        if answer.problem:
            card.check(False, text, figures(3 * x), answer.problem, hint, CHECKING)
            return
        signs = [(3 * x.T, "The gradient stands transposed.", CHECKING)] if x.ndim == 2 else []
        if not compare(card, text, answer.value, 3 * x, hint, CHECKING, signs, atol=1e-3):
            return


def _narrow(card: Card, function: Callable) -> None:
    x = np.array([50.0, 60.0, 47.0], dtype="float32")
    text = "x² at a float32 x = (50, 60, 47): slopes 100, 120, 94"
    answer = measure(function, lambda v: v**2, x, [1.0, 1.0, 1.0])
    if answer.problem:
        card.check(False, text, "[100 120 94]", answer.problem, answer.hint, CHECKING)
        return
    hint = "Near 50, float32 numbers are 4e-6 apart, so a step of 1e-5 is mostly rounding. Convert x to float64 before you move it."
    if compare(card, text, answer.value, [100, 120, 94], hint, CHECKING, atol=0.01):
        found = answer.value.dtype.name
        hint = "Convert the finished gradient back: `.astype(x.dtype)`."
        card.check(found == "float32", "… and the result is float32", "float32", found, hint, CHECKING)
        found = measure(function, lambda v: v**2, x.astype("float64"), [1.0, 1.0, 1.0]).value
        found = getattr(found, "dtype", type(found).__name__)
        card.check(found == "float64", "… and float64 for a float64 x", "float64", found, hint, CHECKING)


def _step_left_out(card: Card, function: Callable) -> None:
    text = "1e10 · x³ at x = 0, h not given: the slope is 1e10 · h² = 1"
    answer = measure(function, lambda v: 1e10 * v**3, np.array([0.0]), [1.0])
    if answer.problem:
        card.check(False, text, "[1]", answer.problem, answer.hint, CHECKING)
        return
    hint = "When it is not given, h is 1e-5: `def numerical_gradient(f, x, dy, h=1e-5):`."
    compare(card, text, answer.value, [1.0], hint, CHECKING, atol=1e-6)


def _strided(card: Card, function: Callable) -> None:
    x = np.arange(1.0, 7.0).reshape(2, 3).T  # a view: shape (3, 2), columns one after another in memory
    text = "an x that is not contiguous in memory (a transposed array)"
    dy = np.array([[1.0, -2.0, 3.0], [2.0, 1.0, -1.0]]).T
    answer = attempt(function, cube, x, dy)
    if answer.problem or not is_array(answer.value):
        card.check(False, text, figures(3 * x**2 * dy), answer.problem or describe(answer.value), answer.hint, CHECKING)
        return
    hint = (
        "`reshape(-1)` and `ravel()` of such an array are copies: what is written there never reaches the array that f sees. "
        "Index with `np.ndindex(x.shape)` instead."
    )
    compare(card, text, answer.value, 3 * x**2 * dy, hint, CHECKING, atol=1e-3)


def _left_alone(card: Card, function: Callable) -> None:
    x = np.random.default_rng(4).normal(size=40)
    given = x.copy()
    answer = measure(function, cube, given, np.ones(40))
    off = int((given != x).sum())
    found = answer.problem or f"{off} of 40 entries differ, by up to {np.abs(given - x).max():.1g}"
    hint = "(x + h) − 2h + h is often not x. Store the old value and put that back, or move entries of a copy."
    card.check(not answer.problem and not off, "x is the same after the call as before, to the last bit", "no change", found, hint, CHECKING)


# the two norms --------------------------------------------------------------------------------


@dataclass
class Norm:
    """A pair of functions, what is published about them, and what known mistakes give."""

    name: str
    forward: Callable
    backward: Callable
    outputs: tuple[str, ...]
    tokens: np.ndarray
    y: np.ndarray
    gradients: tuple
    with_eps: list
    section: str
    signs: dict = field(default_factory=dict)

    @property
    def returned(self) -> str:
        return f"({', '.join(self.outputs)})"

    def parameters(self, gamma: np.ndarray, beta: np.ndarray | None = None) -> tuple:
        beta = np.zeros_like(gamma) if beta is None else beta
        return (gamma, beta) if "dbeta" in self.outputs else (gamma,)

    def ahead(self, x, parameters, eps) -> Answer:
        """(y, cache), or what is wrong with it."""
        answer = attempt(self.forward, x, *parameters, eps)
        name = f"{self.name}_forward"
        if answer.problem:
            return Answer(problem=f"{name}: {answer.problem}", hint=answer.hint)
        result = answer.value
        if isinstance(result, tuple) and len(result) == 2 and is_array(result[0]):
            return Answer(result)
        return Answer(problem=f"{name} returned {describe(result)}", hint=f"`{name}` returns the pair (y, cache).")

    def back(self, dy, cache) -> Answer:
        """The gradients, or what is wrong with them."""
        answer = attempt(self.backward, dy, cache)
        name = f"{self.name}_backward"
        if answer.problem:
            return Answer(problem=f"{name}: {answer.problem}", hint=answer.hint)
        result = answer.value
        if not isinstance(result, tuple) or len(result) != len(self.outputs):
            hint = f"`{name}` returns {self.returned}."
            if result is None:
                hint = f"`{name}` ends without `return`. It returns {self.returned}."
            return Answer(problem=f"{name} returned {describe(result)}", hint=hint)
        for output, value in zip(self.outputs, result):
            if not is_array(value):
                return Answer(problem=f"{output} is {describe(value)}", hint=f"`{name}` returns {self.returned}, all NumPy arrays.")
        return Answer(result)

    def run(self, x, gamma, dy, eps=1e-5, beta=None) -> Answer:
        """Forward and backward on copies."""
        ahead = self.ahead(x.copy(), [p.copy() for p in self.parameters(gamma, beta)], eps)
        return ahead if ahead.problem else self.back(dy.copy(), ahead.value[1])


def layernorm_backward(forward: Callable, backward: Callable) -> None:
    tokens = np.array([[-3.0, 3.0, 5.0, 11.0], [0.0, 0.0, 4.0, 4.0]])
    norm = Norm(
        "layernorm", forward, backward, ("dx", "dgamma", "dbeta"), tokens,
        np.array([[-2.8, -0.2, 0.1, 2.1], [-2.0, -1.0, 0.5, 1.5]]),
        ([[0.052, 0.236, -0.436, 0.148], [0.5, -0.5, 0.25, -0.25]], [-1, -0.4, 1.6, 2.8], [1, 2, 0, 2]),
        [-1 / 48, 9 / 48, -17 / 48, 9 / 48], TWO, LAYERNORM_SIGNS,
    )  # fmt: skip
    card = Card("layernorm_backward", CHAPTER)
    if _begins(card, norm) and _example(card, norm):
        _perpendicular(card, norm)
        _far_apart(card, norm)
        _with_epsilon(card, norm)
        _slopes(card, norm)
        _leading_axes(card, norm)
        _corners(card, norm)
        _same_cache(card, norm)
        _shifted(card, norm)
        _half_precision(card, norm)
        _keeps_dtype(card, norm, "float32", "float64", "float16")
        _layout(card, norm)
        _hands_off(card, norm)
        own_work(card, forward, backward)
    card.show()


def rmsnorm_backward(forward: Callable, backward: Callable) -> None:
    tokens = np.array([[1.0, -1.0, 7.0, 7.0], [2.0, 2.0, 2.0, -2.0]])
    norm = Norm(
        "rmsnorm", forward, backward, ("dx", "dgamma"), tokens,
        np.array([[0.4, -0.2, 0.7, 2.1], [2.0, 1.0, 0.5, -1.5]]),
        ([[-0.024, 0.424, -0.368, 0.432], [0.625, -0.375, 0.125, 0.375]], [1, -0.4, -0.8, 2.8]),
        [-1 / 72, 25 / 72, -19 / 72, 29 / 72], RMS, RMSNORM_SIGNS,
    )  # fmt: skip
    card = Card("rmsnorm_backward", CHAPTER)
    if _begins(card, norm) and _example(card, norm):
        _perpendicular(card, norm)
        _far_apart(card, norm)
        _with_epsilon(card, norm)
        _slopes(card, norm)
        _leading_axes(card, norm)
        _corners(card, norm)
        _same_cache(card, norm)
        _keeps_dtype(card, norm, "float32", "float64")
        _layout(card, norm)
        _hands_off(card, norm)
        own_work(card, forward, backward)
    card.show()


SHARED_HINTS = {
    "constants": ("0, 0.4, −0.2, 0.6 is dy · γ/{s}: the statistics were taken for constants. They move with x, and add terms.", CONSTANTS),
    "outside": ("γ was taken out of the means. It differs from feature to feature: form g = dy · γ first, use g throughout.", JACOBIAN),
    "no_gamma": ("γ has no part in dx. What arrives at x̂ is g = dy · γ.", GRAPH),
    "sums": ("A correction uses the sum over the features. It takes the mean: divide by d = 4.", JACOBIAN),
    "batch": ("There is a division by the number of tokens, 2 here. The means in dx run over the features: d = 4.", PARAMETERS),
    "axis": ("The means run over the tokens. A token's gradient mixes its own features only: `axis=-1`.", PARAMETERS),
    "sign": ("A correction has the wrong sign: both are subtracted.", TWO),
    "scale": ("The final division by {s} is missing: it is 5 for the first token.", TWO),
}


def _signs(root: str, **rows) -> list:
    return [(known, SHARED_HINTS[key.rstrip("_")][0].format(s=root), SHARED_HINTS[key.rstrip("_")][1]) for key, known in rows.items()]


# For each output what a mistake gives in the published example; for dx its first token.
LAYERNORM_SIGNS = {
    "y": [
        ([-2.4249, -0.1732, 0.0866, 1.8187], "The variance divides by d − 1. It divides by d: 25 for the first token, not 33.3."),
        ([-0.937, 0.4685, 0.3904, 2.5769], "The mean is not subtracted: this is RMSNorm."),
        ([-2.0, 1.0, 0.5, 1.5], "The statistics run over the tokens. Each token has its own: the last axis."),
        ([-3.048, 0.0, 0.254, 3.048], "One mean and one variance for the whole array. Each token has its own: the last axis."),
    ],
    "dx": _signs(
        "σ", constants=[0, 0.4, -0.2, 0.6], outside=[0.08, 0.32, -0.26, 0.24], no_gamma=[0.04, 0.32, -0.52, 0.16],
        sums=[0.208, -0.256, -1.144, -1.208], sums_=[0.808, 0.344, -0.544, -0.608], batch=[0.104, 0.072, -0.672, -0.304],
        batch_=[0.304, 0.272, -0.472, -0.104], batch__=[0.026, 0.118, -0.218, 0.074], axis=[-0.48, 0.192, -0.216, -0.288],
        axis_=[-0.48, 0.192, -0.416, -0.188], sign=[-0.452, 0.164, -0.364, 0.652], sign_=[-0.052, 0.564, 0.036, 1.052],
        scale=[0.26, 1.18, -2.18, 0.74],
    ) + [
        ([0.252, 0.436, -0.236, 0.348], "One of two corrections is missing: these add up to 0.8, and dx has to add up to 0.", TWO),
        ([-0.2, 0.2, -0.4, 0.4], "One of two corrections is missing: the part along x̂. dx has to be perpendicular to it.", TWO),
        ([0.136, 0.248, -0.448, 0.064], "A mean in dx divides by d − 1 = 3. It divides by d = 4.", GRAPH),
        ([0.045, 0.2044, -0.3776, 0.1282], "This is what d − 1 gives in place of d. The variance and the means divide by d.", GRAPH),
    ],
    "dgamma": [
        ([-0.5, -0.2, 0.8, 1.4], "Half of what is right: dγ is a sum over the two tokens, not a mean.", PARAMETERS),
        ([0, 6, -2, 22], "This is Σ dy · x. γ multiplies the normalised value: Σ dy · x̂.", PARAMETERS),
        ([-2, -2, 2, 14], "This is Σ dy · (x − μ). γ multiplies the normalised value: Σ dy · x̂.", PARAMETERS),
        ([-2, -0.4, 0.8, 4.2], "γ has got into its own gradient: sum dy · x̂, not g · x̂.", PARAMETERS),
        ([1, 2, 0, 2], "This is dβ. The order is (dx, dgamma, dbeta).", PARAMETERS),
    ],
    "dbeta": [
        ([0.5, 1, 0, 1], "Half of what is right: dβ is a sum over the two tokens, not a mean.", PARAMETERS),
        ([2, 2, 0, 3], "γ has got into β's gradient: sum dy, not g.", PARAMETERS),
        ([0, 0, 0, 0], "β is added to the output of every token, so its gradient is the sum of dy over the tokens, not 0.", PARAMETERS),
    ],
    "eps": [
        ([0.052, 0.236, -0.436, 0.148], "This is dx without ε, or with a fixed small one. The backward needs the root of σ² + ε that the forward divided by.", EPSILON),
        ([-0.025, 0.225, -0.425, 0.225], "Divided by σ = 5 at the end, where the forward divided by the root of σ² + ε = 6. Cache that one.", EPSILON),
        ([0.0433, 0.1967, -0.3633, 0.1233], "The whole part along x̂ was removed. The mean divides by d, not by Σx̂²; only for ε = 0 are they equal.", EPSILON),
        ([-0.0548, 0.0636, -0.1261, 0.1173], "ε was added to the root, 5 + 11. It belongs inside: the root of 25 + 11.", EPSILON),
    ],
}  # fmt: skip

RMSNORM_SIGNS = {
    "y": [
        ([-1.4003, -1.2603, 0.4901, 1.4703], "A mean is subtracted: this is LayerNorm."),
        ([1.2649, -0.6325, 0.6799, 2.0396], "The mean squares run over the tokens. Each token has its own: the last axis."),
        ([0.5252, -0.2626, 0.9191, 2.7574], "One mean square for the whole array. Each token has its own: the last axis."),
    ],
    "dx": _signs(
        "r", constants=[0, 0.4, -0.2, 0.6], outside=[0.008, 0.396, -0.186, 0.642], no_gamma=[0.004, 0.396, -0.372, 0.428],
        sums=[-0.096, 0.496, -0.872, -0.072], batch=[-0.048, 0.448, -0.536, 0.264], batch_=[-0.012, 0.212, -0.184, 0.216],
        axis=[-0.04, 0.392, -0.144, 0.012], sign=[0.024, 0.376, -0.032, 0.768], scale=[-0.12, 2.12, -1.84, 2.16],
    ) + [
        ([-0.224, 0.224, -0.568, 0.232], "This is LayerNorm's formula. RMSNorm does not centre, so the mean of g is not subtracted.", RMS),
    ],
    "dgamma": [
        ([0.5, -0.2, -0.4, 1.4], "Half of what is right: dγ is a sum over the two tokens, not a mean.", PARAMETERS),
        ([2, -2, -10, 14], "This is Σ dy · x. γ multiplies the normalised value: Σ dy · x̂.", PARAMETERS),
        ([2, -0.4, -0.4, 4.2], "γ has got into its own gradient: sum dy · x̂, not g · x̂.", PARAMETERS),
    ],
    "eps": [
        ([-0.024, 0.424, -0.368, 0.432], "This is dx without ε, or with a fixed small one. The backward needs the root that the forward divided by.", EPSILON),
        ([-1 / 60, 25 / 60, -19 / 60, 29 / 60], "Divided by 5 at the end, where the forward divided by the root of 25 + ε = 6. Cache that one.", EPSILON),
        ([-0.0007, 0.1257, -0.0676, 0.1824], "ε was added to the root, 5 + 11. It belongs inside: the root of 25 + 11.", EPSILON),
        ([-0.02, 0.3533, -0.3067, 0.36], "The whole part along x̂ was removed. The mean divides by d, not by Σx̂²; only for ε = 0 are they equal.", EPSILON),
    ],
}  # fmt: skip


def _begins(card: Card, norm: Norm) -> bool:
    """Note whether both functions are there and the forward's y is right."""
    for name, function in (("forward", norm.forward), ("backward", norm.backward)):
        if not callable(function):
            return card.check(False, f"`{norm.name}_{name}` is a function", "a function", describe(function), "Define it in the cell above.", norm.section)
    text = "the forward pass gives the y of the example (β = 0)"
    ahead = norm.ahead(norm.tokens.copy(), norm.parameters(GAMMA.copy()), 1e-5)
    if ahead.problem:
        return card.check(False, text, figures(norm.y), ahead.problem, ahead.hint, CACHE)
    hint = "The forward pass is that of assignment 2: statistics over the last axis, divided by d, ε inside the root, then γ (and β)."
    for known, what in norm.signs["y"]:
        if ahead.value[0].shape == norm.y.shape and close(ahead.value[0][0], known, 1e-3):
            hint = what
    return compare(card, text, ahead.value[0], norm.y, hint, CACHE)


def _example(card: Card, norm: Norm) -> bool:
    answer = norm.run(norm.tokens, GAMMA, DY)
    if answer.problem:
        return card.check(False, f"the backward pass returns {norm.returned}", norm.returned, answer.problem, answer.hint, norm.section)
    dx, *parameters = answer.value
    hint = "For the first token g = dy · γ = (0, 2, −1, 3). Work it out by hand as the section does, and print each of your terms."
    section = norm.section
    expected = np.asarray(norm.gradients[0])
    if dx.shape != expected.shape:
        turned = " It stands transposed." if dx.shape == expected.shape[::-1] else ""
        card.check(False, "dx of the example", f"shape {expected.shape}", f"shape {dx.shape}", f"dx has the shape of x.{turned}", section)
    else:
        for known, what, where in norm.signs["dx"]:
            if close(dx[0], known, 1e-3) and not close(dx, expected):
                hint, section = what, where
        card.check(close(dx, expected), "dx of the example", figures(expected), figures(dx), hint, section)
    for name, found, right in zip(norm.outputs[1:], parameters, norm.gradients[1:]):
        hint = "Every token uses the same parameter: sum over every axis but the last. Which axes did you sum over?"
        if found.size == 4 and found.ndim > 1 and close(found.ravel(), right):
            hint = "The values are right. The gradient of a vector of shape (4,) has shape (4,): drop `keepdims=True` here."
        compare(card, f"{name} of the example", found, right, hint, PARAMETERS, norm.signs[name])
    return not card.failed


def some_tokens(shape: tuple, spread: float = 2.0, seed: int = 7) -> tuple:
    """(x, γ, dy) with random values."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=shape) * spread + spread
    return x, rng.uniform(0.5, 2.0, size=shape[-1]) * rng.choice([-1, 1], size=shape[-1]), rng.normal(size=shape) + 0.5


def _perpendicular(card: Card, norm: Norm) -> None:
    x, gamma, dy = some_tokens((6, 5))
    answer = norm.run(x, gamma, dy, 1e-12)
    if answer.problem:
        card.check(False, "six tokens of five features", norm.returned, answer.problem, answer.hint, norm.section)
        return
    dx = answer.value[0]
    if norm.name == "layernorm":
        sums = dx.sum(axis=-1)
        hint = "Adding one number to all features does not change y, so the slopes of a token add up to 0. Is the mean of g subtracted?"
        card.check(close(sums, np.zeros(6)), "dx of every token adds up to 0 (six random tokens, d = 5)", "0 for each", figures(sums), hint, TWO)
        x = x - x.mean(axis=-1, keepdims=True)
    along = (dx * x).sum(axis=-1)
    hint = "Stretching a token does not change y (ε aside), so dx is perpendicular to x̂. Is the part along x̂ subtracted, with a mean over d?"
    card.check(close(along, np.zeros(6)), "dx of every token is perpendicular to x̂ (d = 5)", "dx · x̂ = 0 for each", figures(along), hint, norm.section)


def _far_apart(card: Card, norm: Norm) -> None:
    x, gamma, dy = some_tokens((6, 5))
    large = np.array([[1e12], [1.0]] * 3)
    x, dy = large * x, large * dy
    x[1, 0] = 1e12
    answer = norm.run(x, gamma, dy, 1e-12, np.full(5, 1e10))
    if answer.problem:
        return
    dx = np.asarray(answer.value[0], dtype=float)
    x = x - x.mean(axis=-1, keepdims=True) if norm.name == "layernorm" else x
    with np.errstate(all="ignore"):
        cosines = (dx * x).sum(axis=-1) / np.sqrt((dx**2).sum(axis=-1) * (x**2).sum(axis=-1))
    hint = "Small steps of the forward pass are lost beside such numbers. They are for checking a backward; write the formula."
    text = "the same for tokens, and for features, that are 10¹² apart" + (", with β = 10¹⁰" if norm.name == "layernorm" else "")
    card.check(bool(np.abs(cosines).max() < 1e-3), text, "cosines of 0", figures(cosines), hint, norm.section)


def _with_epsilon(card: Card, norm: Norm) -> None:
    text = "the first token of the example with ε = 11, so that the root is 6"
    answer = norm.run(norm.tokens[:1], GAMMA, DY[:1], 11.0)
    if answer.problem:
        card.check(False, text, figures(norm.with_eps), answer.problem, answer.hint, EPSILON)
        return
    hint = "Every root in the backward is the one that the forward divided by, with its ε. Put it into the cache."
    compare(card, text, answer.value[0].reshape(-1), norm.with_eps, hint, EPSILON, norm.signs["eps"])


def _slopes(card: Card, norm: Norm) -> None:
    """One difference quotient in one random direction for each of x, γ, β, against the gradients."""
    x, gamma, dy = some_tokens((3, 2, 5), spread=0.5)
    beta = np.linspace(-1.0, 1.0, 5)
    eps, small = 0.1, 1e-3  # a step that float32 functions can feel too
    answer = norm.run(x, gamma, dy, eps, beta)
    if answer.problem:
        hint = "The features are the last axis, `axis=-1`; the tokens are all axes before it, `tuple(range(x.ndim - 1))`."
        card.check(False, "tokens of shape (3, 2, 5) go through", norm.returned, answer.problem, hint, PARAMETERS)
        return
    rng = np.random.default_rng(8)
    values = [x, *norm.parameters(gamma, beta)]
    sections = [norm.section, PARAMETERS, PARAMETERS]
    for i, (name, gradient) in enumerate(zip(norm.outputs, answer.value)):
        text = f"{name} predicts how your forward answers a small step in a random direction (shape (3, 2, 5), ε = 0.1)"
        if gradient.shape != values[i].shape:
            hint = "Sum over every axis but the last, however many there are." if i else "dx has the shape of x."
            card.check(False, text, f"shape {values[i].shape}", f"shape {gradient.shape}", hint, sections[i])
            continue
        direction = rng.normal(size=values[i].shape)
        losses = []
        for sign in (1, -1):
            moved = [v + sign * small * direction if j == i else v.copy() for j, v in enumerate(values)]
            ahead = norm.ahead(moved[0], moved[1:], eps)
            losses.append(float("nan") if ahead.problem else float((ahead.value[0] * dy).sum()))
        measured = (losses[0] - losses[1]) / (2 * small)
        said = float((gradient * direction).sum())
        hint = "The forward is right, so the backward is not its derivative. It held without ε, or for two axes, above: look at what is new here."
        good = abs(measured - said) <= 5e-3 * (1 + abs(measured))
        card.check(good, text, f"{measured:.3f}, measured", f"{said:.3f}, from {name}", hint, sections[i])


def _leading_axes(card: Card, norm: Norm) -> None:
    x, gamma, dy = some_tokens((12, 5))
    flat = norm.run(x, gamma, dy)
    if flat.problem:
        return
    for shape in ((2, 6, 5), (2, 3, 2, 5), (1, 3, 1, 4, 5)):
        answer = norm.run(x.reshape(shape), gamma, dy.reshape(shape))
        text = f"twelve tokens in shape {shape} have the gradients that they have in (12, 5)"
        hint = "The features are the last axis, `axis=-1`; the tokens are all axes before it, `tuple(range(x.ndim - 1))`."
        if answer.problem:
            card.check(False, text, norm.returned, answer.problem, hint, PARAMETERS)
            return
        dx, *parameters = answer.value
        good = compare(card, text, dx, flat.value[0].reshape(shape), hint, PARAMETERS)
        for name, found, right in zip(norm.outputs[1:], parameters, flat.value[1:]):
            good = good and (close(found, right) or compare(card, f"{name} in shape {shape}", found, right, hint, PARAMETERS))
        if not good:
            return
    one, row = norm.run(x[0], gamma, dy[0]), norm.run(x[:1], gamma, dy[:1])
    text = "a single token of shape (5,)"
    if one.problem or row.problem:
        card.check(False, text, norm.returned, one.problem or row.problem, "There may be no axis before the last at all.", PARAMETERS)
        return
    hint = "One token of shape (5,) has the gradients that it has as (1, 5), dx in its own shape."
    compare(card, text, np.concatenate([v.reshape(-1) for v in one.value]), np.concatenate([v.reshape(-1) for v in row.value]), hint, PARAMETERS)


def _corners(card: Card, norm: Norm) -> None:
    x, gamma, dy = some_tokens((3, 4))
    x[1] = 2.0 if norm.name == "layernorm" else 0.0
    text = "a constant token gives finite gradients" if norm.name == "layernorm" else "a token of zeros gives finite gradients"
    answer = norm.run(x, gamma, dy)
    finite = not answer.problem and all(np.isfinite(v).all() for v in answer.value)
    found = answer.problem or figures(answer.value[0])
    hint = "There x̂ is 0 and so is the spread. Divide by nothing but the root that contains ε."
    card.check(finite, text, "no NaN, no infinity", found, answer.hint or hint, EPSILON)
    x, gamma, dy = some_tokens((3, 4))
    gamma[1] = 0.0
    answer = norm.run(x, gamma, dy)
    finite = not answer.problem and all(np.isfinite(v).all() for v in answer.value)
    found = answer.problem or figures(answer.value[1])
    hint = "y says nothing of x̂ where γ is 0, so x̂ can't be won back by dividing by γ. Keep what you need in the cache."
    card.check(finite, "with a γ of 0 the gradients are finite", "no NaN, no infinity", found, answer.hint or hint, CACHE)
    if norm.name == "layernorm":
        answer = norm.run(np.array([[3.0], [-8.0]]), np.array([1.5]), np.array([[1.0], [2.0]]))
        good = not answer.problem and close(answer.value[0], [[0.0], [0.0]])
        hint = "With a single feature y is β, whatever x is: the slope is 0. NaN comes from dividing by d − 1 or by the spread."
        found = answer.problem or figures(answer.value[0])
        card.check(good, "d = 1 gives dx = 0", "[[0.] [0.]]", found, answer.hint or hint, EPSILON)


def _same_cache(card: Card, norm: Norm) -> None:
    x, gamma, dy = some_tokens((4, 5))
    other_x, other_gamma, _ = some_tokens((4, 5), seed=9)
    ahead = norm.ahead(x.copy(), norm.parameters(gamma.copy()), 1e-5)
    if ahead.problem:
        return
    first = norm.back(dy.copy(), ahead.value[1])
    second = norm.back(dy.copy(), ahead.value[1])
    doubled = norm.back(2 * dy, ahead.value[1])
    hint = "The first backward wrote into the cache. Look for `*=`, `-=`, `pop` on what came out of it."
    for text, answer, factor in (
        ("a second backward with the same cache gives the same", second, 1),
        ("twice the dy, with the same cache, gives twice the gradients", doubled, 2),
    ):
        problem = first.problem or answer.problem
        good = not problem and all(close(v, factor * w) for v, w in zip(answer.value, first.value))
        found = problem or figures(answer.value[0])
        hint = hint if factor == 1 else "Compute from dy each time; keep nothing from an earlier call."
        if not card.check(good, text, figures(factor * first.value[0]) if not first.problem else "", found, hint, CACHE):
            return
    ahead = norm.ahead(x.copy(), norm.parameters(gamma.copy()), 1e-5)
    norm.ahead(other_x, norm.parameters(other_gamma), 0.1)
    late = ahead if ahead.problem else norm.back(dy.copy(), ahead.value[1])
    good = not late.problem and all(close(v, w) for v, w in zip(late.value, first.value))
    hint = "The backward used the values of the other forward pass. All that it needs travels in `cache`, nothing in a variable outside."
    card.check(good, "another forward pass in between does not matter", figures(first.value[0]), late.problem or figures(late.value[0]), hint, CACHE)


def _shifted(card: Card, norm: Norm) -> None:
    x, gamma, dy = some_tokens((4, 8))
    x = np.round(x * 64) / 64  # so that x + 8192 is exact in float32
    near = norm.run(x, gamma, dy)
    far = norm.run((x + 8192).astype("float32"), gamma.astype("float32"), dy.astype("float32"))
    text = "float32 tokens around 8192 have the gradient that they have around 0"
    if near.problem or far.problem:
        card.check(False, text, norm.returned, near.problem or far.problem, near.hint or far.hint, CACHE)
        return
    hint = "mean(x²) − mean(x)² has no digit left at this offset. Subtract the mean first, then square."
    compare(card, text, far.value[0], near.value[0], hint, CACHE, atol=0.02)


def _half_precision(card: Card, norm: Norm) -> None:
    x, gamma, dy = norm.tokens, GAMMA, DY
    answer = norm.run((64 * x).astype("float16"), gamma.astype("float16"), dy.astype("float16"))
    text = "float16 tokens 64 times as large as the example's: a 64th of its dx, the same dgamma"
    if answer.problem:
        card.check(False, text, norm.returned, answer.problem, answer.hint, CACHE)
        return
    hint = "In float16 everything above 65,504 is infinite, and 448² is. Convert to float32 or float64 first, and back at the end."
    if compare(card, text, 64 * answer.value[0].astype(float), norm.gradients[0], hint, CACHE, atol=0.01):
        compare(card, "… dgamma", answer.value[1], norm.gradients[1], hint, CACHE, atol=0.01)


def _keeps_dtype(card: Card, norm: Norm, *names: str) -> None:
    """Note whether all gradients have the dtype of the arrays. names: the dtypes to try."""
    for name in names:
        x, gamma, dy = (a.astype(name) for a in some_tokens((3, 5)))
        answer = norm.run(x, gamma, dy)
        found = answer.problem or ", ".join(v.dtype.name for v in answer.value)
        good = not answer.problem and all(v.dtype == name for v in answer.value)
        hint = "An array or a number of another dtype joined in. Convert the finished gradients back with `.astype`."
        if not card.check(good, f"{name} in, {name} out, for all gradients", name, found, hint, CACHE):
            return


def _layout(card: Card, norm: Norm) -> None:
    x, gamma, dy = some_tokens((6, 5))
    plain = norm.run(x, gamma, dy)
    ahead = norm.ahead(np.asfortranarray(x), norm.parameters(gamma), 1e-5)
    answer = ahead if ahead.problem else norm.back(np.asfortranarray(dy), ahead.value[1])
    text = "arrays that are not contiguous in memory give the same"
    hint = "Keep to axes and to the default order of `reshape`; `ravel('K')`, a new `.shape` and buffers follow the memory."
    if plain.problem or answer.problem:
        card.check(False, text, norm.returned, plain.problem or answer.problem, hint, CACHE)
        return
    join = [np.concatenate([np.asarray(v).ravel() for v in a.value]) for a in (answer, plain)]
    compare(card, text, join[0], join[1], hint, CACHE)


def _hands_off(card: Card, norm: Norm) -> None:
    x, gamma, dy = some_tokens((4, 5))
    given = [x.copy(), *(p.copy() for p in norm.parameters(gamma)), dy.copy()]
    before = [v.copy() for v in given]
    ahead = norm.ahead(given[0], given[1:-1], 1e-5)
    answer = ahead if ahead.problem else norm.back(given[-1], ahead.value[1])
    names = ["x", "gamma", "beta"][: len(given) - 1] + ["dy"]
    changed = [name for name, v, w in zip(names, given, before) if not np.array_equal(v, w)]
    found = answer.problem or f"changed: {', '.join(changed)}"
    hint = "Something like `dy *= gamma` writes into the caller's array. `g = dy * gamma` makes a new one."
    card.check(not answer.problem and not changed, "the arguments are the same after the calls as before", "no change", found, hint, CACHE)


# predictions and quiz -------------------------------------------------------------------------


def reveal_step(prediction: float | None, function: Callable) -> None:
    """Show the error of the student's numerical gradient for three steps."""
    card = Card("Prediction: which step is best?", CHAPTER)
    if predicted(card, prediction, "prediction_step"):
        errors = {}
        for h in (1e-2, 1e-5, 1e-12):
            answer = measure(function, np.exp, np.array([1.0]), [1.0], h)
            if answer.problem or np.shape(answer.value) != (1,):
                card.note(f"Your numerical_gradient does not get through: {answer.problem or 'another shape'}. Mend it first.")
                break
            errors[h] = abs(float(answer.value[0]) - np.e)
            card.note(f"h = {h:.0e}: the slope of exp at 1 is off by {errors[h]:.1g}")
        else:
            card.note(
                f"The best of the three is h = {min(errors, key=errors.get):.0e}. A large step misses the curvature, an error of "
                "about h². A tiny one subtracts two numbers that agree in nearly all digits, and divides the rounding error by h."
            )
    card.show()


def reveal_scale(prediction: float | None, forward: Callable, backward: Callable) -> None:
    """Show what ten times the token does to the length of dx."""
    card = Card("Prediction: ten times the token", CHAPTER)
    if predicted(card, prediction, "prediction_scale"):
        norm = Norm("layernorm", forward, backward, ("dx", "dgamma", "dbeta"), DY, DY, (), [], TWO)
        x = np.array([[-3.0, 3.0, 5.0, 11.0]])
        answers = [norm.run(factor * x, GAMMA, DY[:1]) for factor in (1, 10)]
        problem = answers[0].problem or answers[1].problem
        if problem:
            card.note(f"Your functions do not get through: {problem}. Mend them first.")
        else:
            once, tenfold = (a.value[0] for a in answers)
            card.note(f"dx of the token: {figures(once)}")
            card.note(f"dx of ten times the token: {figures(tenfold)}")
            card.note(f"The length is multiplied by {np.linalg.norm(tenfold) / np.linalg.norm(once):.4g}.")
            card.note(
                "y is the same for both, ε aside, so x̂ and g are. But a step that is small beside a spread of 5 is ten times "
                "smaller beside a spread of 50: dx is divided by σ. Weights below a norm that grow get smaller gradients."
            )
    card.show()


def quiz(answers: object) -> None:
    letters(answers, CHAPTER, 5)
