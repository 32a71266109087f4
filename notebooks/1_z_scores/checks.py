"""The visible checks of ``1_z_scores``: published examples and properties.

They tell you what to look at next. The grade is given by other cases of the same kinds.
"""

import math
import tracemalloc
from collections.abc import Callable, Iterator

import numpy as np

from arrays import close, figures
from card import Answer, Card, attempt, describe, letters, predicted

CHAPTER = "1_z_scores"
STEPS = "four-steps: Spread in four steps, by hand"
DIVISOR = "n-or-n-minus-1: Divide by n, or by n − 1?"
KEPT = "what-z-keeps: What z keeps, and what it throws away"
CONSTANT = "constant-scores: When all scores are the same"
ROWS = "rows-of-a-table: Rows of a table"
ONE_PASS = "one-pass-loses-digits: The one-pass formula loses every digit"
WELFORD = "welford: Welford: one pass, and safe"

SPREADS = {"std", "var", "nanstd", "nanvar", "pstdev", "pvariance", "stdev", "cov", "from_samples"}
EXAM = np.array([20.0, 50.0, 60.0, 80.0, 90.0])
EXAM_Z = np.array([-1.63299316, -0.40824829, 0.0, 0.81649658, 1.22474487])
TABLE = np.array([[20.0, 50.0, 60.0, 80.0, 90.0], [3.0, 5.0, 6.0, 7.0, 9.0]])
TABLE_Z = np.array([EXAM_Z, [-1.5, -0.5, 0.0, 0.5, 1.5]])
THREE_Z = np.array([-1.22474487, 0.0, 1.22474487])  # of any three evenly spaced scores
UNEVEN_Z = np.array([-1.06904497, -0.26726124, 1.33630621])  # of 1, 2, 4


# calling --------------------------------------------------------------------------------------


def call(function: Callable, *args) -> Answer:
    """Call a function on copies of the arrays, so that no check spoils the next one's."""
    return attempt(function, *(arg.copy() if isinstance(arg, np.ndarray) else arg for arg in args))


def call_for_array(function: Callable, *args) -> Answer:
    answer = call(function, *args)
    if not answer.problem and not isinstance(answer.value, np.ndarray):
        return Answer(problem=describe(answer.value))
    return answer


def is_number(value: object) -> bool:
    if isinstance(value, (bool, np.bool_)):
        return False
    if isinstance(value, np.ndarray):
        return value.shape == () and value.dtype.kind in "fiu"
    return isinstance(value, (int, float, np.number))


def is_array(value: object) -> bool:
    return isinstance(value, np.ndarray)


# comparing ------------------------------------------------------------------------------------


def compare_number(card: Card, text: str, answer: Answer, expected: float, hint="", section=STEPS, signs=None) -> bool:
    """Note whether a call gave the expected number. signs: {what a known mistake gives: (its hint, section)}."""
    if answer.problem or not is_number(answer.value):
        return card.check(False, text, figures(expected), answer.problem or describe(answer.value), answer.hint or hint, section)
    for figure, (known, where) in (signs or {}).items():
        if np.isclose(answer.value, figure, rtol=1e-4):
            hint, section = known, where
    return card.check(close(answer.value, expected), text, figures(expected), figures(answer.value), hint, section)


def compare(card: Card, text: str, answer: Answer, expected, hint="", section=KEPT, signs=None) -> bool:
    """As above for arrays; the signs are what a known mistake gives as the first figure."""
    expected = np.asarray(expected)
    if answer.problem:
        section = ROWS if "broadcast" in answer.problem else section
        return card.check(False, text, figures(expected), answer.problem, answer.hint or hint, section)
    found = answer.value
    if found.shape != expected.shape:
        turned = found.ndim == 2 and found.shape == expected.shape[::-1]
        hint = "The result stands transposed: rows and columns are exchanged." if turned else "z has the shape of its argument."
        return card.check(False, text, f"shape {expected.shape}", f"shape {found.shape}", hint, section)
    if found.dtype.kind not in "fiu":
        return card.check(False, text, figures(expected), f"an array of dtype {found.dtype}", hint, section)
    if not close(found, expected) and found.size:
        for figure, (known, where) in (signs or {}).items():
            if np.isclose(float(found.flat[0]), figure, rtol=1e-3, atol=1e-5):
                hint, section = known, where
    return card.check(close(found, expected), text, figures(expected), figures(found), hint, section)


def begins(card: Card, function: object, signature: str, right_kind: Callable, wanted: str, *args) -> bool:
    """Note whether there is a function that returns the right kind of thing. Else no other check makes sense."""
    if not callable(function):
        return card.check(False, "is a function", "a function", describe(function), f"Define it as `def {signature}:`.", STEPS)
    answer = call(function, *args)
    good = not answer.problem and right_kind(answer.value)
    found = answer.problem or describe(answer.value)
    hint = answer.hint or f"The function has to return {wanted}."
    if found == "None":
        hint = "The function ends without `return`. To print the result is not enough."
    section = ROWS if "broadcast" in answer.problem else WELFORD if "stream" in signature else STEPS
    return card.check(good, f"returns {wanted}", wanted, found, hint, section)


# what several functions promise ---------------------------------------------------------------


def hands_off(card: Card, function: Callable, given: np.ndarray) -> None:
    for name in ("float64", "float32"):
        argument = given.astype(name)
        answer = attempt(function, argument)
        text = f"the argument is the same after the call as before ({name})"
        hint = (
            "Something like `x -= …` writes into the caller's array, also through another name for it. `x = x - …` makes a "
            "new array."
        )
        same = np.array_equal(argument, given.astype(name))
        found = answer.problem or f"changed to {figures(argument)}"
        if not card.check(same and not answer.problem, text, "no change", found, answer.hint or hint, STEPS):
            return


def next_call(card: Card, function: Callable, given: np.ndarray) -> bool:
    """Two calls of the same shape: the z-scores of −x are minus those of x."""
    first, second = call_for_array(function, given), call_for_array(function, -given)
    text = "the next call, with the scores' signs turned, turns the signs of z"
    hint = "Each call computes from its own argument. Keep nothing between calls."
    if first.problem:
        return card.check(False, text, "an answer", first.problem, first.hint or hint, KEPT)
    return compare(card, text, second, -first.value, hint, KEPT)


def whole_numbers(card: Card, function: Callable, given: list, expected) -> None:
    answer = call_for_array(function, np.array(given))
    hint = (
        "An array of whole numbers can't hold a fraction: `zeros_like` and `copy` of it, or `astype` back to its dtype, cut "
        "fractions off, and `-=` can't write them. For integer scores z is float64."
    )
    compare(card, f"whole numbers, {given}, give fractions", answer, expected, hint, STEPS)
    equal = call_for_array(function, np.full(np.shape(given), 7))
    found = equal.problem or str(equal.value.dtype)
    hint = "`zeros_like` of an array of integers holds integers. For integer scores z is float64, where all are equal, too."
    card.check(found == "float64", "equal whole numbers give float64 as well", "float64", found, hint, STEPS)


def keeps_float32(card: Card, function: Callable, given: np.ndarray) -> None:
    answer = call_for_array(function, given.astype("float32"))
    found = answer.problem or str(answer.value.dtype)
    hint = "z keeps the dtype of float scores. A float64 array joined in somewhere; `np.zeros(n)` makes one, for instance."
    card.check(found == "float32", "float32 in, float32 out", "float32", found, hint, STEPS)
    equal = call_for_array(function, np.full(given.shape, 7, "float32"))
    found = equal.problem or str(equal.value.dtype)
    card.check(found == "float32", "… where all scores are equal, too", "float32", found, hint, STEPS)


def zeros(card: Card, function: Callable, text: str, given: np.ndarray, expected: np.ndarray) -> bool:
    """Note whether constant scores give zeros without a warning."""
    answer = call_for_array(function, given)
    if answer.problem or answer.value.shape != expected.shape:
        hint = "Here the standard deviation is 0. Find out that the scores are equal before you divide."
        return compare(card, text, answer, expected, hint, CONSTANT)
    hint = "Equal scores have no spread, and 0/0 is no number. Find out that they are equal before you divide."
    dust = answer.value[expected == 0]
    if np.isfinite(dust).all() and np.abs(dust).max() > 0.5:
        hint = (
            "The computed mean of 0.1, 0.1, 0.1 is one rounding step above 0.1. So neither the deviations nor their spread "
            "are exactly 0, and a test like `std == 0` lets them pass. Compare the scores themselves."
        )
    if not compare(card, text, answer, expected, hint, CONSTANT):
        return False
    hint = (
        "The result is right, but a division by zero took place on the way. `np.where` computes both of its branches: mend "
        "the divisor before you divide."
    )
    return card.check(not answer.warned, f"{text}, without a warning", "no warning", answer.warned, hint, CONSTANT)


def own_work(card: Card, function: Callable) -> None:
    """Note whether the function leaves its work to a library."""
    used = SPREADS.intersection(getattr(getattr(function, "__code__", None), "co_names", ()))
    hint = "The exercise is to write the steps yourself. A library's own version earns nothing here."
    text = "is your own work: no library's standard deviation or variance"
    card.check(not used, text, "sums, means and roots", ", ".join(f"`{name}`" for name in sorted(used)), hint, STEPS)


# standard_deviation ---------------------------------------------------------------------------


def standard_deviation(function: Callable) -> None:
    card = Card("standard_deviation", CHAPTER)
    if begins(card, function, "standard_deviation(scores)", is_number, "a number", EXAM) and _exam_spread(card, function):
        _spread_properties(card, function)
        own_work(card, function)
    card.show()


def _exam_spread(card: Card, function: Callable) -> bool:
    signs = {
        27.3861: ("27.386 is what dividing by n − 1 gives. These five scores are the whole population: divide by n.", DIVISOR),
        600: ("600 is the variance. The last of the four steps is missing, the root.", STEPS),
        20: ("20 is the mean of the absolute deviations. Square them first, then average, then take the root.", STEPS),
        54.7723: ("54.77 is the root of 3000, the sum of the squares. Average them first.", STEPS),
        64.8074: ("64.81 is what the scores themselves give when they are squared. First take their deviations from 60.", STEPS),
        3000: ("3000 is the sum of the squares. Average them, then take the root.", STEPS),
        13.4164: ("13.42 is what the last score alone gives. The line that adds up belongs inside the loop, and it adds: `+=`.", STEPS),
        0: ("0 is the average of the deviations. Square each of them first, then average.", STEPS),
    }
    hint = "Do the four steps by hand: the mean is 60, the squares of the deviations are 1600, 100, 0, 400, 900."
    answer = call(function, EXAM)
    if is_number(answer.value) and np.isnan(answer.value):
        hint = (
            "NaN is the root of a negative number, and an average of squares is never negative. `scores - mean ** 2` squares the "
            "mean alone: write `(scores - mean) ** 2`."
        )
    return compare_number(card, "20, 50, 60, 80, 90 give 24.495", answer, 24.494897, hint, STEPS, signs)


def _spread_properties(card: Card, function: Callable) -> None:
    hint = "The next call has other scores, with fractions. Compute from the argument each time; keep nothing between calls, and cut nothing off."
    compare_number(card, "two scores, 3.5 and 11.25: half of their difference", call(function, np.array([3.5, 11.25])), 3.875, hint)
    hint = "The mean is 5, and the squares of the deviations are 9, 1, 1, 25."
    signs = {3.399346: ("Two scores may be equal, and both count. A `set`, and `np.unique`, keep one of them.", STEPS)}
    compare_number(card, "2, 4, 4, 10 give 3", call(function, np.array([2.0, 4, 4, 10])), 3, hint, STEPS, signs)
    hands_off(card, function, EXAM)
    hint = "One score is at its own mean, so its deviation is 0. NaN, or a division by zero, comes from dividing by n − 1."
    compare_number(card, "a single score has no spread", call(function, np.array([42.0])), 0, hint, DIVISOR)
    moved = call(function, 10 * EXAM + 1000)
    compare_number(card, "ten times the scores, and 1,000 more: ten times the spread", moved, 244.94897,
                   "A shift leaves the deviations as they are; a factor multiplies each of them.", KEPT)  # fmt: skip
    hint = (
        "An array of whole numbers can't hold a fraction: `zeros_like` and `copy` of it cut fractions off, `-=` can't write "
        "them, and `//` rounds down. Work in float."
    )
    compare_number(card, "whole numbers, [1, 2, 4], have a mean with a fraction", call(function, np.array([1, 2, 4])), 1.247219, hint)
    hint = (
        "The squares of these scores are near 1e16, where float64 numbers are 2 apart, so the mean of the squares has "
        "lost what you need. Subtract the mean first, then square."
    )
    far = call(function, np.array([1e8, 1e8 + 1, 1e8 + 2]))
    compare_number(card, "100000000, 100000001, 100000002 give 0.8165", far, 0.816497, hint, ONE_PASS)


# z_scores -------------------------------------------------------------------------------------


def z_scores(function: Callable) -> None:
    card = Card("z_scores", CHAPTER)
    if begins(card, function, "z_scores(scores)", is_array, "a NumPy array", EXAM) and _exam_z(card, function):
        next_call(card, function, EXAM)
        hands_off(card, function, EXAM)
        _constant_scores(card, function)
        _any_unit(card, function)
        whole_numbers(card, function, [1, 2, 4], UNEVEN_Z)
        _far_away(card, function)
        keeps_float32(card, function, EXAM)
    card.show()


def _exam_z(card: Card, function: Callable) -> bool:
    signs = {
        -1.46059: ("−1.461 is what a standard deviation with n − 1 gives. Divide by n.", DIVISOR),
        -0.0666667: ("−0.0667 is −40/600: divided by the variance. Its root is missing.", KEPT),
        -40.0: ("The deviations are right. They still have to be divided by the standard deviation, 24.49.", KEPT),
        0.816497: ("0.8165 is 20/24.49: the mean has to be subtracted from the scores first.", KEPT),
        0.308607: ("The mean is nowhere subtracted, neither from the scores nor in their spread.", STEPS),
        -0.617213: ("The spread is measured from 0. Square the deviations, not the scores.", STEPS),
        -2.0: ("−2 is −40/20: divided by the mean of the absolute deviations.", STEPS),
        -0.730297: ("−0.7303 is −40/54.77: the squares were added, but not averaged.", STEPS),
        17.5505: ("17.55 is 20 − 60/24.49. Python divides before it subtracts: set parentheses.", KEPT),
        1.63299: ("The signs are gone: a score below the mean has a negative z. Divide the deviations as they are.", KEPT),
        2.66667: ("The signs are gone: 2.667 is 1600/600. Divide the deviations, not their squares.", KEPT),
        -1.0: ("The z-scores come out as whole numbers. An array of integers can't hold a fraction.", STEPS),
    }
    hint = "Each deviation, divided by the standard deviation: the first is −40/24.49."
    return compare(card, "20, 50, 60, 80, 90", call_for_array(function, EXAM), EXAM_Z, hint, KEPT, signs)


def _constant_scores(card: Card, function: Callable) -> None:
    for words, given in (
        ("7, 7, 7 give zeros", np.full(3, 7.0)),
        ("0.1, 0.1, 0.1 give zeros", np.full(3, 0.1)),
        ("a single score gives a zero", np.array([42.0])),
    ):
        if not zeros(card, function, words, given, np.zeros(given.shape)):
            return
    hint = "Two of them may be equal while a third is not. Compare the largest with the smallest."
    uneven = call_for_array(function, np.array([5.0, 5.0, 1.0, 5.0]))
    compare(card, "5, 5, 1, 5 are not all equal", uneven, np.array([1, 1, -3, 1]) / math.sqrt(3), hint, CONSTANT)


def _any_unit(card: Card, function: Callable) -> None:
    hint = (
        "These scores differ as much from one another as 1, 2 and 4 do. A small number added to the divisor, or a tolerance "
        "in the test for equal scores, takes them for dust. Ask whether the scores are equal, exactly."
    )
    answer = call_for_array(function, np.array([1e-13, 2e-13, 4e-13]))
    compare(card, "a z-score has no unit: 1e-13, 2e-13, 4e-13 give what 1, 2, 4 give", answer, UNEVEN_Z, hint, CONSTANT)


def _far_away(card: Card, function: Callable) -> None:
    answer = call_for_array(function, np.array([1e8, 1e8 + 1, 1e8 + 2]))
    hint = "At this offset the mean of the squares minus the square of the mean has no digit left. Subtract the mean first."
    section = ONE_PASS
    if not answer.problem and answer.value.shape == (3,) and not answer.value.any():
        hint = "They were taken for equal scores. A tolerance, as `np.isclose` and `np.allclose` have one, depends on the unit."
        section = CONSTANT
    compare(card, "100000000, 100000001, 100000002 give what 0, 1, 2 give", answer, THREE_Z, hint, section)


# z_scores_by_row ------------------------------------------------------------------------------


def z_scores_by_row(function: Callable) -> None:
    card = Card("z_scores_by_row", CHAPTER)
    if begins(card, function, "z_scores_by_row(table)", is_array, "a NumPy array", TABLE) and _example_rows(card, function):
        next_call(card, function, TABLE)
        hands_off(card, function, TABLE)
        _company(card, function)
        _leading_axes(card, function)
        _constant_rows(card, function)
        _tiny_row(card, function)
        whole_numbers(card, function, [[1, 2, 4], [10, 30, 20]], [UNEVEN_Z, THREE_Z[[0, 2, 1]]])
        far = call_for_array(function, np.array([[0.0, 1.0, 2.0], [1e8, 1e8 + 1, 1e8 + 2]]))
        hint = "At this offset the mean of the squares minus the square of the mean has no digit left. Subtract the mean first."
        compare(card, "a row at 100,000,000 is as good as one at 0", far, [THREE_Z, THREE_Z], hint, ONE_PASS)
        keeps_float32(card, function, TABLE)
    card.show()


def _example_rows(card: Card, function: Callable) -> bool:
    signs = {
        1.0: ("1 is what the statistics of each column give: 20 against 3. A row is standardised by its own: use the last axis.", ROWS),
        -0.404872: ("−0.4049 is what one mean and one spread for the whole table give. Give `mean` an axis.", ROWS),
        -1.46059: ("−1.461 is what a standard deviation with n − 1 gives. Divide by n.", DIVISOR),
        -0.0666667: ("−0.0667 is −40/600: divided by the variance. Its root is missing.", KEPT),
        -40.0: ("The deviations are right. They still have to be divided by the standard deviation of their row.", KEPT),
        0.816497: ("0.8165 is 20/24.49: the mean of the row has to be subtracted first.", KEPT),
        0.308607: ("The row's mean is nowhere subtracted, neither from the scores nor in their spread.", STEPS),
        -2.0: ("−2 is −40/20: divided by the mean of the absolute deviations.", STEPS),
        -0.730297: ("−0.7303 is −40/54.77: the squares were added, but not averaged.", STEPS),
        1.63299: ("The signs are gone: a score below the mean has a negative z. Divide the deviations as they are.", KEPT),
        2.66667: ("The signs are gone: 2.667 is 1600/600. Divide the deviations, not their squares.", KEPT),
        17.5505: ("17.55 is 20 − 60/24.49. Python divides before it subtracts: set parentheses.", KEPT),
    }
    hint = "The first row has mean 60 and standard deviation 24.49, the second 6 and 2."
    text = "the rows 20, 50, 60, 80, 90 and 3, 5, 6, 7, 9"
    return compare(card, text, call_for_array(function, TABLE), TABLE_Z, hint, ROWS, signs)


def _company(card: Card, function: Callable) -> None:
    """A square table, where a misplaced axis raises no error."""
    table = np.array([[0.0, 1.0, 5.0], [10.0, 12.0, 11.0], [30.0, 20.0, 25.0]])
    alone = [call_for_array(function, row[None]) for row in table]
    text = "three rows of three: each comes out as it does alone"
    hint = (
        "In a square table the means of the rows fit the columns too, and nothing complains. Keep the axis with "
        "`keepdims=True`, for the mean and for the standard deviation."
    )
    problem = next((a.problem or f"shape {a.value.shape}" for a in alone if a.problem or a.value.shape != (1, 3)), "")
    if problem:
        card.check(False, text, "three answers of shape (1, 3)", problem, "A table may have one row only.", ROWS)
    else:
        compare(card, text, call_for_array(function, table), np.concatenate([a.value for a in alone]), hint, ROWS)


def _leading_axes(card: Card, function: Callable) -> None:
    rows = np.random.default_rng(1).normal(size=(6, 5)) * 3 + 4
    flat = call_for_array(function, rows)
    if flat.problem or flat.value.shape != rows.shape:
        return
    hint = "The scores of a row stand on the last axis, `axis=-1`, however many axes stand before it; 1-D is a single row."
    for shape in ((2, 3, 5), (1, 2, 1, 3, 5), (5,)):
        count = rows.size if len(shape) > 1 else 5
        answer = call_for_array(function, rows.ravel()[:count].reshape(shape))
        expected = flat.value.ravel()[:count].reshape(shape)
        if not compare(card, f"the same rows in shape {shape} come out the same", answer, expected, hint, ROWS):
            return


def _constant_rows(card: Card, function: Callable) -> None:
    table = np.array([[1.0, 2.0, 3.0], [7.0, 7.0, 7.0], [0.1, 0.1, 0.1]])
    expected = np.array([THREE_Z, np.zeros(3), np.zeros(3)])
    text = "rows of 7s and of 0.1s give zeros, beside a row that is not constant"
    if zeros(card, function, text, table, expected):
        zeros(card, function, "a table with a single column gives zeros", np.array([[3.0], [8.0]]), np.zeros((2, 1)))
    hint = "Two scores of a row may be equal while a third is not. Compare the row's largest with its smallest."
    uneven = call_for_array(function, np.array([[5.0, 5.0, 1.0, 5.0]]))
    compare(card, "the row 5, 5, 1, 5 is not constant", uneven, np.array([[1, 1, -3, 1]]) / math.sqrt(3), hint, CONSTANT)


def _tiny_row(card: Card, function: Callable) -> None:
    answer = call_for_array(function, np.array([[1.0, 2.0, 4.0], [1e-13, 2e-13, 4e-13]]))
    hint = (
        "Both rows have the same z-scores. A small number added to the divisor, or a tolerance in the test for a constant "
        "row, takes the second one for dust."
    )
    compare(card, "a z-score has no unit: a row of 1e-13, 2e-13, 4e-13", answer, [UNEVEN_Z, UNEVEN_Z], hint, CONSTANT)


# running_mean_variance ------------------------------------------------------------------------


def stream_of(*values: float) -> Iterator[float]:
    """The values as a stream: one at a time, once."""
    yield from map(float, values)


def running_mean_variance(function: Callable) -> None:
    card = Card("running_mean_variance", CHAPTER)
    begun = begins(card, function, "running_mean_variance(stream)", _is_pair, "the pair (mean, variance)", stream_of(*EXAM))
    if begun and _exam_stream(card, function):
        hint = "One value is its own mean, and its deviation is 0. NaN, or a division by zero, comes from dividing by n − 1."
        _compare_pair(card, "a stream of one value, 42", function, [42], (42, 0), hint, DIVISOR)
        hint = (
            "The next stream starts anew, and its values have fractions. Keep nothing between calls: set count, mean and sum to 0 inside "
            "the function. Cut nothing off."
        )
        _compare_pair(card, "the next stream: 2.5, 10.5", function, [2.5, 10.5], (6.5, 16), hint, WELFORD)
        hint = (
            "The squares of these values are near 1e16, where float64 numbers are 2 apart. Never add up squares of the "
            "values: update with deviations only."
        )
        _compare_pair(card, "100000000, 100000001, 100000002", function, [1e8, 1e8 + 1, 1e8 + 2], (1e8 + 1, 2 / 3), hint, ONE_PASS)
        _keeps_nothing(card, function)
        own_work(card, function)
    card.show()


def _is_pair(value: object) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and all(is_number(part) for part in value)


def _exam_stream(card: Card, function: Callable) -> bool:
    signs = {
        750: ("750 is what dividing by n − 1 gives. Divide by n.", DIVISOR),
        3000: ("3000 is the sum of the squared deviations. Divide it by n.", WELFORD),
        24.4949: ("24.49 is the standard deviation. The variance is asked for.", WELFORD),
        4200: ("4200 is the mean of the squares. The variance averages squared deviations from the mean.", WELFORD),
        0: ("0 is what a second loop over the stream gives: there is nothing left in it. One loop has to do everything.", WELFORD),
        935.139: ("935.1 is what the deviation from the old mean gives, squared. One of the two factors is the new one.", WELFORD),
        855.139: ("855.1 is what the deviation from the old mean gives, squared. One of the two factors is the new one.", WELFORD),
        431.806: ("431.8 is what the deviation from the new mean gives, squared. One of the two factors is the old one.", WELFORD),
        225: ("225 is what the last value alone adds. The line that adds up belongs inside the loop, and it adds: `+=`.", WELFORD),
        60: ("The two are exchanged: return (mean, variance), in this order.", WELFORD),
    }
    hint = "Follow the table in the chapter: after 20, 50, 60, 80 the mean is 52.5 and the sum of squares 1,875."
    return _compare_pair(card, "the stream 20, 50, 60, 80, 90", function, EXAM, (60, 600), hint, WELFORD, signs)


def _compare_pair(card, text, function, values, expected, hint, section, signs=None) -> bool:
    answer = call(function, stream_of(*values))
    shown = f"mean {expected[0]:.9g}, variance {expected[1]:.6g}"
    if answer.problem or not _is_pair(answer.value):
        return card.check(False, text, shown, answer.problem or describe(answer.value), answer.hint or hint, section)
    mean, variance = map(float, answer.value)
    for figure, (known, where) in (signs or {}).items():
        if np.isclose(variance, figure, rtol=1e-4, atol=1e-9):
            hint, section = known, where
    good = close(mean, expected[0]) and close(variance, expected[1])
    return card.check(good, text, shown, f"mean {mean:.9g}, variance {variance:.6g}", hint, section)


def _keeps_nothing(card: Card, function: Callable) -> None:
    """Python counts the memory that a call uses; a list of the values would be far above the limit."""
    already = tracemalloc.is_tracing()
    if not already:
        tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    answer = call(function, (0.5 * i for i in range(20_000)))
    peak = tracemalloc.get_traced_memory()[1] - before
    if not already:
        tracemalloc.stop()
    hint = "A count, a mean and a sum are enough. A real stream may be longer than the memory: do not collect it in a list or array."
    text = "keeps none of the values: 20 000 of them go through in less than 64 kB"
    found = answer.problem or f"{peak / 1000:.0f} kB"
    card.check(not answer.problem and peak < 64_000, text, "less than 64 kB", found, answer.hint or hint, WELFORD)


# predictions and quiz -------------------------------------------------------------------------


def reveal_twice(prediction: float | None, function: Callable) -> None:
    """Show the z-scores of z-scores beside the prediction."""
    card = Card("Prediction: z-scores of z-scores", CHAPTER)
    if predicted(card, prediction, "prediction_twice"):
        once = call_for_array(function, EXAM)
        again = once if once.problem else call_for_array(function, once.value)
        if once.problem or again.problem:
            card.note(f"Your z_scores does not get through: {once.problem or again.problem}. Mend it first.")
        else:
            change = float(np.abs(again.value - once.value).max())
            card.note(f"once: {figures(once.value)}")
            card.note(f"twice: {figures(again.value)}")
            card.note(f"largest change: {0 if change < 1e-12 else change:.3g}, up to rounding")
            card.note(
                "z-scores have mean 0 and standard deviation 1 already. Subtracting 0 and dividing by 1 changes nothing: "
                "what was thrown away the first time, location and scale, can't be thrown away again."
            )
    card.show()


def reveal_digits(prediction: float | None) -> None:
    """Show what E[x²] − E[x]² makes of ten numbers at growing offsets, beside the prediction."""
    card = Card("Prediction: how far away is too far?", CHAPTER)
    if predicted(card, prediction, "prediction_digits"):
        first = None
        for k in range(10):
            x = 10.0**k + np.arange(10.0) / 3
            one_pass = float(np.mean(x * x) - np.mean(x) ** 2)
            card.note(f"offset 10^{k}: {one_pass:.10g}")
            if first is None and abs(one_pass - 11 / 12) > 0.5 * 11 / 12:
                first = k
        card.note(
            f"The first that is wrong by more than half of 0.9167 is k = {first}. Each factor 10 of offset makes the squares "
            "100 times as large, and float64 has 16 digits for them: two digits fewer are left for the variance."
        )
    card.show()


def quiz(answers: object) -> None:
    letters(answers, CHAPTER, 4)
