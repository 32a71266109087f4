"""The visible checks of ``2_layernorm_forward``: published examples and properties.

They tell you what to look at next. The grade is given by other cases of the same kinds.
"""

from collections.abc import Callable

import numpy as np

from arrays import close, figures
from card import Answer, Card, attempt, describe, letters, predicted

CHAPTER = "2_layernorm_forward"
EQUATION = "layernorm-equation: The equation and its symbols"
AFFINE = "gamma-beta: What γ and β give back"
AXES = "which-axes: Which numbers share a mean?"
RMS = "rmsnorm: RMSNorm: leave the mean alone"
EPSILON = "epsilon: ε and the nearly constant token"
SHAPE = "any-shape: Any shape, one rule"
NUMERICS = "forward-numerics: Four ways to lose the digits"

TOKENS = np.array([[-3.0, 0.0, 2.0, 5.0, 8.0, 12.0], [1.0, 1.0, 1.0, 5.0, 5.0, 5.0]])
NORMALISED = np.array([[-1.4, -0.8, -0.4, 0.2, 0.8, 1.6], [-1.0, -1.0, -1.0, 1.0, 1.0, 1.0]])


# calling --------------------------------------------------------------------------------------


def call(function: Callable, *args: np.ndarray, **kwargs) -> Answer:
    """Call a norm on copies of the arrays, so that no check spoils the next one's."""
    return call_on(function, *(arg.copy() for arg in args), **kwargs)


def call_on(function: Callable, *args: np.ndarray, **kwargs) -> Answer:
    """Call a norm on these very arrays; the answer's value is its y."""
    answer = attempt(function, *args, **kwargs)
    if answer.problem:
        return answer
    result = answer.value
    if result is None:
        return Answer(problem="None", hint="The function ends without `return`. Finish with `return y, cache`.")
    two_things = "Return two things: `return y, cache`. The cache may be anything, even None."
    if not isinstance(result, tuple) or len(result) != 2:
        return Answer(problem=describe(result), hint=two_things)
    if isinstance(result[0], list):
        return Answer(problem="a pair whose first part is a list", hint="y is an array: `np.array(rows)` makes one of a list of rows.")
    if not isinstance(result[0], (np.ndarray, np.generic)):
        return Answer(problem=f"a pair whose first part is {describe(result[0])}", hint=two_things)
    return Answer(np.asarray(result[0]))


def compare(card: Card, text: str, answer: Answer, expected, hint="", section=EQUATION, atol=1e-3, signs=None) -> bool:
    """Note whether a call gave the expected figures. signs: {first figure of a known mistake: its hint}."""
    expected = np.asarray(expected, dtype=float)
    if answer.problem:
        return card.check(False, text, figures(expected), answer.problem, answer.hint or hint, section)
    found = answer.value
    if found.shape != expected.shape:
        turned = found.ndim == 2 and found.shape == expected.shape[::-1]
        hint = "The result stands transposed: rows and columns are exchanged." if turned else "y has the shape of x."
        return card.check(False, text, f"shape {expected.shape}", f"shape {found.shape}", hint, SHAPE)
    for figure, (known, where) in (signs or {}).items():
        if not close(found, expected, atol) and np.isclose(float(found.flat[0]), figure, rtol=1e-3, atol=1e-4):
            hint, section = known, where
    return card.check(close(found, expected, atol), text, figures(expected), figures(found), hint, section)


def begins(card: Card, function: object, names: str, *args) -> bool:
    """Note whether there is a function that returns (y, cache). Without that no other check makes sense."""
    if not callable(function):
        return card.check(
            False, "is a function", "a function", describe(function), f"Define it as `def {names}:`.", SHAPE
        )
    answer = call(function, *args)
    hint = answer.hint
    if "broadcast" in answer.problem and f"({args[0].shape[-1]},1)" in answer.problem:
        hint = "γ and β have shape (d,), which lines up with the last axis by itself: no `[:, None]`, no reshape."
    return card.check(
        not answer.problem, "returns the pair (y, cache)", "(y, cache), y an array", answer.problem, hint, SHAPE
    )


# what both norms promise ----------------------------------------------------------------------


def company(card: Card, function: Callable, parameters: tuple) -> None:
    """Three tokens of three features, where a misplaced axis raises no error."""
    x = np.array([[0.0, 1.0, 5.0], [10.0, 12.0, 11.0], [30.0, 20.0, 25.0]])
    args = tuple(np.array([1.0, 10.0, -2.0]) * scale for scale in parameters)
    together = call(function, x, *args)
    alone = [call(function, x[i : i + 1], *args) for i in range(3)]
    problem = next((a.problem for a in alone if a.problem), "") or next(
        (f"shape {a.value.shape}" for a in alone if a.value.shape != (1, 3)), ""
    )
    text = "as many tokens as features: each token comes out as it does alone"
    hint = (
        "With three tokens of three features a wrong axis raises no error. Take the statistics over the last axis with "
        "`keepdims=True`, and use γ and β as they come, in shape (d,)."
    )
    if problem:
        hint = "Each token here is an array of shape (1, 3), and 3 is a width like any other."
        card.check(False, text, "three outputs of shape (1, 3)", problem, hint, SHAPE)
    else:
        compare(card, text, together, np.concatenate([a.value for a in alone]), hint, SHAPE)


def leading_axes(card: Card, function: Callable, parameters: tuple) -> None:
    rng = np.random.default_rng(2)
    x = 4 + 3 * rng.normal(size=(6, 5))
    args = tuple(rng.normal(size=5) * scale for scale in parameters)
    flat = call(function, x, *args)
    for shape in ((2, 3, 5), (1, 2, 1, 3, 5), (5,)):
        part = x if len(shape) > 1 else x[0]
        expected = (
            flat.value.reshape(-1)[: part.size].reshape(shape) if flat.value is not None and flat.value.shape == x.shape else None
        )
        answer = call(function, part.reshape(shape), *args)
        text = f"the same tokens in shape {shape} come out the same"
        hint = "The features are the last axis, `axis=-1`, whatever stands before it; a single token has nothing before it."
        if expected is None:
            card.check(False, text, "an answer in shape (6, 5)", flat.problem or f"shape {flat.value.shape}", hint, SHAPE)
        elif not compare(card, text, answer, expected, hint, SHAPE):
            return


def keeps_dtype(card: Card, function: Callable, parameters: tuple) -> None:
    for name, of_gamma in (("float32", "float64"), ("float16", "float32")):
        args = tuple((np.ones(6) * scale).astype(of_gamma) for scale in parameters)
        answer = call(function, TOKENS.astype(name), *args)
        found = answer.problem or str(answer.value.dtype)
        hint = "y has the dtype of x, also when γ is wider: NumPy widens a product without asking. Convert back at the end."
        card.check(found == name, f"{name} in, {name} out, with γ in {of_gamma}", name, found, hint, NUMERICS)


def keeps_hands_off(card: Card, function: Callable, parameters: tuple) -> None:
    for name in ("float64", "float32"):
        args = [TOKENS.astype(name), *((np.full(6, 2.0) * scale).astype(name) for scale in parameters)]
        before = [arg.copy() for arg in args]
        answer = call_on(function, *args)
        touched = [n for n, old, new in zip(("x", "γ", "β"), before, args) if not np.array_equal(old, new)]
        hint = (
            "Something like `x -= …` writes into the caller's array, and so does working in place on an array that was "
            "converted without a copy. In a transformer the residual stream still needs x."
        )
        text = f"the arguments are left as they were ({name})"
        card.check(
            not touched and not answer.problem,
            text,
            "no change",
            answer.problem or f"changed: {', '.join(touched)}",
            answer.hint or hint,
            SHAPE,
        )


def layout(card: Card, function: Callable, parameters: tuple) -> None:
    stored = np.array([[-3.0, 1.0], [0.0, 1.0], [2.0, 1.0], [5.0, 5.0], [8.0, 5.0], [12.0, 5.0]])
    args = tuple(np.array([1.0, 2.0, 1.0, 1.0, 0.5, 1.0]) * scale for scale in parameters)
    plain, view = call(function, stored.T, *args), call_on(function, stored.T, *args)
    text = "a transposed view gives the same as its copy"
    hint = "The same tokens lie in another order in memory. Go by axes, never by memory order."
    if plain.problem:
        card.check(False, text, "an answer", plain.problem, plain.hint or hint, SHAPE)
    else:
        compare(card, text, view, plain.value, hint, SHAPE)


def opposite(card: Card, function: Callable, parameters: tuple) -> None:
    """Two calls of the same shape: with γ = 1 and without β, the norm of −x is minus the norm of x."""
    args = tuple(np.ones(6) * scale for scale in parameters)
    first = call(function, TOKENS, *args)
    second = call(function, -TOKENS, *args)
    text = "the next call, with −x, gives −y"
    hint = "Each call computes from its own arguments. Keep nothing between calls."
    if first.problem:
        card.check(False, text, "an answer", first.problem, first.hint or hint, SHAPE)
    else:
        compare(card, text, second, -first.value, hint, SHAPE)


# layernorm_forward ----------------------------------------------------------------------------


def layernorm_forward(function: Callable) -> None:
    card = Card("layernorm_forward", CHAPTER)
    one, zero = np.ones(6), np.zeros(6)
    if begins(card, function, "layernorm_forward(x, gamma, beta, eps=1e-5)", TOKENS, one, zero):
        if _layernorm_example(card, function, one, zero):
            opposite(card, function, (1.0, 0.0))
            _layernorm_affine(card, function)
            company(card, function, (1.0, 0.5))
            leading_axes(card, function, (1.0, 1.0))
            _layernorm_widths(card, function)
            _layernorm_epsilon(card, function)
            _layernorm_constant(card, function)
            _layernorm_digits(card, function)
            keeps_dtype(card, function, (1.0, 0.0))
            layout(card, function, (1.0, 0.0))
            keeps_hands_off(card, function, (1.0, 1.0))
    card.show()


def _layernorm_example(card: Card, function: Callable, one: np.ndarray, zero: np.ndarray) -> bool:
    signs = {
        -1.27802: ("−1.278 is what dividing by d − 1 gives. The variance of a token divides by d.", EQUATION),
        -0.46852: ("−0.4685 is what RMSNorm gives: the mean was not subtracted.", RMS),
        -0.28: ("−0.28 is 7/25: divided by the variance. Its square root is missing.", EQUATION),
        -0.57155: ("−0.5715 is 7/√150: the squares were added, but not averaged.", EQUATION),
        -1.0: (
            "−1 is what the statistics of each column give. A token is a row: its features stand on the last axis.",
            AXES,
        ),
        -1.69249: ("−1.692 is what one mean and one spread for the whole array give. Each token has its own.", SHAPE),
        -1.27098: (
            "Zeros that pad the row to eight features were counted in the variance, as deviations 0 − 4.",
            NUMERICS,
        ),
        -1.28651: ("The row was padded to eight features and averaged over eight. There are six.", NUMERICS),
        -7.0: ("The deviations are right. They still have to be divided by the root.", EQUATION),
    }
    text = "the tokens (−3, 0, 2, 5, 8, 12) and (1, 1, 1, 5, 5, 5), with γ = 1 and β = 0"
    hint = "Go through one token by hand: its mean is 4, its variance 25."
    return compare(card, text, call(function, TOKENS, one, zero), NORMALISED, hint, EQUATION, signs=signs)


def _layernorm_affine(card: Card, function: Callable) -> None:
    gamma, beta = np.array([1.0, 2.0, 1.0, 1.0, 0.5, 1.0]), np.array([0.0, 0.0, 1.0, 0.0, 0.0, -0.5])
    answer = call(function, TOKENS, gamma, beta)
    expected = [[-1.4, -1.6, 0.6, 0.2, 0.4, 1.1], [-1.0, -2.0, 0.0, 1.0, 0.5, 0.5]]
    hint = "After normalising, feature i is multiplied by γ[i], then β[i] is added."
    if answer.value is not None and answer.value.shape == TOKENS.shape:
        row = answer.value[0].astype(float)
        if np.allclose(row, NORMALISED[0], atol=1e-3):
            hint = "This is the result without γ and β."
        elif np.allclose(row, [-1.4, -1.6, -0.4, 0.2, 0.4, 1.6], atol=1e-3):
            hint = "γ is there, β is not."
        elif np.allclose(row, [-1.4, -0.8, 0.6, 0.2, 0.8, 1.1], atol=1e-3):
            hint = "β is there, γ is not."
        elif np.isclose(row[0], -1.42764, atol=1e-3):
            hint = "γ and β were applied first, and the normalisation took most of their effect away. Normalise first."
    if "broadcast" in answer.problem:
        hint = "γ and β have shape (d,), and so they line up with the last axis by themselves."
    compare(card, "γ = (1, 2, 1, 1, 0.5, 1), β = (0, 0, 1, 0, 0, −0.5)", answer, expected, hint, AFFINE)


def _layernorm_widths(card: Card, function: Callable) -> None:
    """With γ = 1 and β = 0 every token has mean 0 and mean square 1 afterwards."""
    rng = np.random.default_rng(3)
    for d in (3, 7, 64, 100):
        x = 8 + 4 * rng.normal(size=(4, d))
        answer = call(function, x, np.ones(d), np.zeros(d))
        text = f"{d} features with a mean of about 8: afterwards mean 0 and mean square 1"
        hint = (
            "With γ = 1 and β = 0 that holds for any token and any width. If it fails only where the width is no power of "
            "two, padding was counted, or a feature was left out."
        )
        if answer.problem or answer.value.shape != x.shape:
            card.check(False, text, f"shape {x.shape}", answer.problem or f"shape {answer.value.shape}", hint, NUMERICS)
            return
        mean, square = answer.value.mean(axis=-1), (answer.value**2).mean(axis=-1)
        good = np.allclose(mean, 0, atol=1e-3) and np.allclose(square, 1, atol=1e-3)
        found = f"means {figures(mean)}, mean squares {figures(square)}"
        if not card.check(good, text, "means 0, mean squares 1", found, hint, NUMERICS):
            return


def _layernorm_epsilon(card: Card, function: Callable) -> None:
    x = np.array([[1.0, -1.0, 1.0, -1.0], [3.0, 1.0, 3.0, 1.0]])
    one, zero = np.ones(4), np.zeros(4)
    signs = {
        0.5: ("0.5 is 1/(1 + 1): ε was added to the root. It belongs inside.", EPSILON),
        1.0: ("1 is the result without ε, or with a fixed small one. Use the argument `eps`.", EPSILON),
    }
    expected = np.array([[1.0, -1.0, 1.0, -1.0]] * 2) / np.sqrt(2)
    text = "ε = 1 on the tokens (1, −1, 1, −1) and (3, 1, 3, 1), which have variance 1: half the variance is left"
    compare(
        card, text, call(function, x, one, zero, eps=1.0), expected, "ε stands under the root.", EPSILON, signs=signs
    )
    answer = call(function, 1e-3 * x[1:], one, zero)
    signs = {
        0.990099: ("0.99 is what ε outside the root gives.", EPSILON),
        1.0: ("1 is what a missing or a much smaller ε gives. The default is 1e-5.", EPSILON),
    }
    text = "the quiet token (0.003, 0.001, 0.003, 0.001) with the default ε: a variance of 0.0909 is left"
    compare(
        card, text, answer, 0.301511 * x[:1], "ε decides what a token with little spread becomes.", EPSILON, signs=signs
    )


def _layernorm_constant(card: Card, function: Callable) -> None:
    beta = np.array([0.5, -0.5, 2.0])
    hint = "No spread: 0 divided by √ε is 0, and β is left. NaN comes from dividing by the spread itself, or by d − 1 at d = 1."
    answer = call(function, np.array([[7.0, 7.0, 7.0]]), np.array([1.0, 2.0, -1.0]), beta)
    compare(card, "the constant token (7, 7, 7) gives β", answer, [beta], hint, EPSILON)
    answer = call(function, np.array([[42.0], [-1.0]]), np.array([3.0]), np.array([0.25]))
    compare(card, "tokens of a single feature give β", answer, [[0.25], [0.25]], hint, EPSILON)


def _layernorm_digits(card: Card, function: Callable) -> None:
    x = (1e4 + np.random.default_rng(4).normal(size=(8, 64))).astype("float32")
    answer = call(function, x, np.ones(64, "float32"), np.zeros(64, "float32"))
    hint = (
        "Near 10,000 the squares are near 1e8, where float32 numbers are 8 apart: mean(x²) − mean(x)² has no digit left. "
        "Subtract the mean first, then square."
    )
    text = "float32 features around 10,000: the mean square is still about 1 afterwards"
    if answer.problem or answer.value.shape != x.shape:
        card.check(False, text, "1 ± 0.05", answer.problem or f"shape {answer.value.shape}", hint, NUMERICS)
    else:
        square = (answer.value.astype(float) ** 2).mean(axis=-1)
        good = bool(np.isfinite(square).all() and np.all(np.abs(square - 1) < 0.05))
        card.check(good, text, "1 ± 0.05", figures(square), hint, NUMERICS)
    half = np.array([[1.0, -2.0, 0.5, 300.0, -1.0, 2.0]], dtype="float16")
    answer = call(function, half, np.ones(6, "float16"), np.zeros(6, "float16"))
    text = "the float16 token (1, −2, 0.5, 300, −1, 2) is not erased: its largest output is 2.236"
    hint = (
        "300² is beyond float16's range, which ends at 65,504. Convert before you square, and convert back at the end."
    )
    found = answer.problem or float(np.max(answer.value.astype(float)))
    good = not answer.problem and abs(found - 2.236) < 0.02
    if not card.check(good, text, "2.236", found if answer.problem else f"{found:.4g}", hint, NUMERICS):
        return
    far = np.array([1990.0, 2010.0] * 20, dtype="float16")
    answer = call(function, far, np.ones(40, "float16"), np.zeros(40, "float16"))
    text = "the float16 token (1990, 2010, 1990, …) of 40 features, whose sum is 80,000: −1 and 1 in turn"
    hint = "Already the sum is beyond float16's range, which ends at 65,504. Convert before you add, and convert back at the end."
    compare(card, text, answer, [-1.0, 1.0] * 20, hint, NUMERICS, atol=0.02)


def reveal_outlier(prediction: float | None, function: Callable) -> None:
    """Show what becomes of a token whose last feature grows, beside the prediction."""
    card = Card("Prediction: one huge feature", CHAPTER)
    if not predicted(card, prediction, "prediction_outlier"):
        return card.show()
    for last in (12.0, 120.0, 12_000.0):
        answer = call(function, np.array([-3.0, 0.0, 2.0, 5.0, 8.0, last]), np.ones(6), np.zeros(6))
        if answer.problem:
            card.note(f"Your layernorm_forward does not get through: {answer.problem}. Mend it first.")
            return card.show()
        card.note(f"(−3, 0, 2, 5, 8, {last:g}) → {figures(answer.value)}")
    card.note(
        "The largest output goes to √5 = 2.236 and no further. Its huge feature raises the spread by which it is itself "
        "divided: the squares of d normalised features add up to d, and the others have to balance it to a mean of 0, so "
        "none can exceed √(d − 1). What gets lost is the rest: the other five end up nearly equal."
    )
    card.show()


# rmsnorm_forward ------------------------------------------------------------------------------


def rmsnorm_forward(function: Callable) -> None:
    card = Card("rmsnorm_forward", CHAPTER)
    x = np.array([[1.0, 1.0, 7.0, 7.0], [2.0, -2.0, 2.0, -2.0]])
    if begins(card, function, "rmsnorm_forward(x, gamma, eps=1e-5)", x, np.ones(4)):
        if _rmsnorm_example(card, function, x):
            opposite(card, function, (1.0,))
            _rmsnorm_gamma(card, function, x)
            company(card, function, (1.0,))
            leading_axes(card, function, (1.0,))
            _rmsnorm_widths(card, function)
            _rmsnorm_epsilon(card, function)
            _rmsnorm_half(card, function)
            keeps_dtype(card, function, (1.0,))
            layout(card, function, (1.0,))
            keeps_hands_off(card, function, (1.0,))
    card.show()


def _rmsnorm_example(card: Card, function: Callable, x: np.ndarray) -> bool:
    signs = {
        -1.0: ("−1 is what LayerNorm gives. RMSNorm does not subtract the mean, neither above nor below the bar.", RMS),
        0.333333: ("1/3 divides by the standard deviation, 3. RMSNorm divides by the root of the mean square, 5.", RMS),
        -0.6: ("The mean was subtracted above the bar. RMSNorm leaves the features where they are.", RMS),
        0.04: ("1/25 divides by the mean square. Its root is missing.", RMS),
        0.1: ("1/10 divides by the root of the sum. The squares are averaged first.", RMS),
        0.632455: ("0.632 is what a statistic of each column gives. A token is a row: use the last axis.", AXES),
        0.262613: ("0.263 is what one statistic for the whole array gives. Each token has its own.", SHAPE),
    }
    hint = "Go through one token by hand: the squares 1, 1, 49, 49 have mean 25."
    text = "the tokens (1, 1, 7, 7) and (2, −2, 2, −2), with γ = 1"
    expected = [[0.2, 0.2, 1.4, 1.4], [1.0, -1.0, 1.0, -1.0]]
    return compare(card, text, call(function, x, np.ones(4)), expected, hint, RMS, signs=signs)


def _rmsnorm_gamma(card: Card, function: Callable, x: np.ndarray) -> None:
    answer = call(function, x, np.array([1.0, 2.0, 0.5, -1.0]))
    hint = "After normalising, feature i is multiplied by γ[i]."
    if answer.value is not None and answer.value.shape == x.shape:
        if np.isclose(float(answer.value.flat[1]), 0.2, atol=1e-3):
            hint = "This is the result without γ."
        elif np.isclose(float(answer.value.flat[0]), 0.245718, atol=1e-3):
            hint = "γ was applied first, so that it entered the root mean square. Normalise first."
    expected = [[0.2, 0.4, 0.7, -1.4], [1.0, -2.0, 0.5, 1.0]]
    compare(card, "the same tokens with γ = (1, 2, 0.5, −1)", answer, expected, hint, AFFINE)


def _rmsnorm_widths(card: Card, function: Callable) -> None:
    rng = np.random.default_rng(3)
    for d in (1, 3, 7, 64, 100):
        x = 8 + 4 * rng.normal(size=(4, d))
        answer = call(function, x, np.ones(d))
        text = f"{d} feature{'s' if d > 1 else ''}: the mean square is 1 afterwards"
        hint = (
            "With γ = 1 that holds for any token and any width. If it fails only where the width is no power of two, "
            "padding was counted, or a feature was left out."
        )
        if answer.problem or answer.value.shape != x.shape:
            card.check(False, text, f"shape {x.shape}", answer.problem or f"shape {answer.value.shape}", hint, NUMERICS)
            return
        square = (answer.value**2).mean(axis=-1)
        if not card.check(np.allclose(square, 1, atol=1e-3), text, "1 1 1 1", figures(square), hint, NUMERICS):
            return


def _rmsnorm_epsilon(card: Card, function: Callable) -> None:
    x = np.array([[1.0, 1.0, -1.0, 1.0]])
    signs = {
        0.5: ("0.5 is 1/(1 + 1): ε was added to the root. It belongs inside.", EPSILON),
        1.0: ("1 is the result without ε, or with a fixed small one. Use the argument `eps`.", EPSILON),
    }
    text = "ε = 1 on the token (1, 1, −1, 1), whose mean square is 1: half of it is left"
    answer = call(function, x, np.ones(4), eps=1.0)
    compare(card, text, answer, x / np.sqrt(2), "ε stands under the root.", EPSILON, signs=signs)
    signs = {
        0.990099: ("0.99 is what ε outside the root gives.", EPSILON),
        1.0: ("1 is what a missing or a much smaller ε gives. The default is 1e-5.", EPSILON),
    }
    text = "a quiet token of ± 0.001 with the default ε: a mean square of 0.0909 is left"
    answer = call(function, 1e-3 * x, np.ones(4))
    compare(card, text, answer, 0.301511 * x, "ε decides what a quiet token becomes.", EPSILON, signs=signs)
    answer = call(function, np.zeros((1, 3)), np.ones(3))
    hint = "0 divided by √ε is 0. NaN comes from dividing by the root mean square itself."
    compare(card, "a token of zeros gives zeros", answer, np.zeros((1, 3)), hint, EPSILON)


def _rmsnorm_half(card: Card, function: Callable) -> None:
    half = np.array([[300.0, 400.0, 300.0, -400.0]], dtype="float16")
    answer = call(function, half, np.ones(4, "float16"))
    hint = (
        "300² is beyond float16's range, which ends at 65,504. Convert before you square, and convert back at the end."
    )
    text = "the float16 token (300, 400, 300, −400), whose root mean square is 353.6"
    compare(card, text, answer, [[0.848528, 1.131371, 0.848528, -1.131371]], hint, NUMERICS, atol=5e-3)


def reveal_constant(prediction: float | None, function: Callable) -> None:
    """Show what RMSNorm makes of a constant token, beside the prediction."""
    card = Card("Prediction: a constant token", CHAPTER)
    if not predicted(card, prediction, "prediction_constant"):
        return card.show()
    for level in (7.0, -7.0, 0.01, 0.0):
        answer = call(function, np.full(4, level), np.ones(4))
        if answer.problem:
            card.note(f"Your rmsnorm_forward does not get through: {answer.problem}. Mend it first.")
            return card.show()
        card.note(f"four features of {level:g} → {figures(answer.value)}")
    card.note(
        "The root mean square of a constant token is its own size, so RMSNorm returns 1 or −1, damped by ε when the level "
        "is low. LayerNorm would subtract the mean and return 0: it can't see a common level, RMSNorm sees its sign."
    )
    card.show()


# normalization_axes ---------------------------------------------------------------------------

LAYOUTS = {
    2: "(N, C) = (2, 6)",
    3: "(B, T, d) = (2, 3, 8)",
    4: "(N, C, H, W) = (2, 6, 4, 5)",
    5: "(N, C, D, H, W) = (2, 6, 3, 4, 5)",
}
SHAPES = {2: (2, 6), 3: (2, 3, 8), 4: (2, 6, 4, 5), 5: (2, 6, 3, 4, 5)}
SPLIT = {2: (2, 3, 2), 3: (2, 3, 4, 2), 4: (2, 3, 2, 4, 5), 5: (2, 3, 2, 3, 4, 5)}
LEFT = {  # the shape of the statistics, which says what has one of its own
    "batch": ("one mean a channel or feature", {4: (6,), 3: (8,), 2: (6,), 5: (6,)}),
    "layer": ("one mean a sample, for tokens one a token", {4: (2,), 3: (2, 3), 2: (2,), 5: (2,)}),
    "instance": ("one mean a channel of a sample", {4: (2, 6), 3: (2, 8), 2: (2, 6), 5: (2, 6)}),
    "group": (
        "one mean a group of a sample, for tokens one a group of a token",
        {4: (2, 3), 3: (2, 3, 4), 2: (2, 3), 5: (2, 3)},
    ),
}


def normalization_axes(function: Callable) -> None:
    """Average an array over the axes and look at what is left."""
    card = Card("normalization_axes", CHAPTER)
    if not callable(function):
        hint = "Define `def normalization_axes(kind, ndim):`."
        card.check(False, "is a function", "a function", describe(function), hint, AXES)
        return card.show()
    answer = _axes(function, "batch", 4)
    text = "the example: batch norm on (N, C, H, W) averages over (0, 2, 3)"
    good = not answer.problem and sorted(a % 4 for a in answer.value) == [0, 2, 3]
    hint = answer.hint or "Only the channels, axis 1, are left; everything else is averaged."
    if card.check(good, text, "(0, 2, 3)", answer.problem or answer.value, hint, AXES) or not answer.problem:
        for kind, (words, left) in LEFT.items():
            _one_kind(card, function, kind, words, left)
        _unknown_kind(card, function)
    card.show()


def _one_kind(card: Card, function: Callable, kind: str, words: str, left: dict) -> None:
    text = f"'{kind}': {words}"
    for ndim, expected in left.items():
        shape = (SPLIT if kind == "group" else SHAPES)[ndim]
        where = LAYOUTS[ndim] + (f", split into {shape}" if kind == "group" else "")
        wanted = f"{where}: means of shape {expected}"
        answer = _axes(function, kind, ndim)
        if answer.problem:
            card.check(False, text, wanted, answer.problem, answer.hint, AXES)
            return
        axes = answer.value
        try:
            means = np.zeros(shape).mean(axis=axes).shape
        except (ValueError, np.exceptions.AxisError) as error:
            card.check(
                False,
                text,
                wanted,
                f"axes {axes}: {error}",
                "Each of the array's axes has a number, from 0 on, and stands in the tuple once at most: build it from `ndim`.",
                AXES,
            )
            return
        if means != expected:
            count = "many" if len(means) > len(expected) else "few" if len(means) < len(expected) else ""
            hint = "The axes that you give are averaged away, the others keep statistics of their own"
            hint += f": here too {count} are left." if count else "."
            if expected == tuple(shape[i] for i in sorted(a % len(shape) for a in axes)):
                hint = "These are the axes that keep their own statistics. Asked for are the others."
            elif ndim == 3:
                hint = "Three axes are tokens (B, T, d): the features stand last, not second."
            elif kind == "group":
                hint += " Count in the array after splitting, where the channels have become two axes."
            card.check(False, text, wanted, f"axes {axes}: means of shape {means}", hint, AXES)
            return
    card.check(True, text)


def _axes(function: Callable, kind: str, ndim: int) -> Answer:
    """Ask for axes; the answer's value is a tuple of them."""
    asked = f"({kind!r}, {ndim})"
    answer = attempt(function, kind, ndim)
    if answer.problem:
        return Answer(problem=f"{asked}: {answer.problem}", hint=answer.hint)
    axes = answer.value
    if isinstance(axes, (int, np.integer)) and not isinstance(axes, bool):
        axes = (axes,)
    if not isinstance(axes, (tuple, list)) or not all(isinstance(a, (int, np.integer)) for a in axes):
        hint = "Return a tuple of axis numbers; () means that no axis is averaged."
        if axes is None:
            hint = "On this way through the function there is no `return`."
        return Answer(problem=f"{asked} gives {describe(axes)}", hint=hint)
    return Answer(tuple(int(a) for a in axes))


def _unknown_kind(card: Card, function: Callable) -> None:
    text = "an unknown kind, 'bacth', raises ValueError"
    hint = (
        "A misspelt kind should be found where it was written: `raise ValueError(…)` when the kind is none of the four."
    )
    try:
        found = f"returns {function('bacth', 4)!r}"[:80]
    except ValueError:
        found = ""
    except Exception as error:
        found = f"raises {type(error).__name__}"
    card.check(not found, text, "ValueError", found, hint, AXES)


# quiz -----------------------------------------------------------------------------------------


def quiz(answers: object) -> None:
    letters(answers, CHAPTER, 5)
