"""The incidents of attention."""

import numpy as np

from autograder.exercise import Case
from autograder.exercises.block_parts import GRADIENT, OUTPUT, answer, case, drawn, merge, merge_by_rows, sent, softmax
from autograder.student import Reply, Student

from .parts import incident, wrong


def interleaved(x):
    *lead, heads, m, d_h = x.shape
    return np.moveaxis(x, -3, -1).reshape(*lead, m, heads * d_h)


def merge_by_rows_of(x, shape):
    *lead, heads, m, d_h = shape
    return x.reshape(*lead, m, heads * d_h)


def invoke_merge(student: Student, case: Case) -> Reply:
    x, dy = case.args
    upstream = {} if dy is None else {"upstream": [sent(dy)]}
    return answer(student.torch("merge_heads", [sent(x, dy is not None)], **upstream))


def merge_case(rng, *shape, gradient=False, **more) -> Case:
    *lead, heads, m, d_h = shape
    dy = drawn(rng, *lead, m, heads * d_h) if gradient else None
    return case((drawn(rng, *shape), dy), f"x of shape {shape}", GRADIENT if gradient else OUTPUT, **more)


def several_heads(rng):
    x = np.arange(8.0).reshape(2, 2, 2)
    shown = case((x, None), "two heads of two tokens with two features, numbered 0 to 7", public=True)
    return [shown, merge_case(rng, 3, 4, 2, 5), merge_case(rng, 1, 2, 1, 3), merge_case(rng, 2, 3, 6)]


def single_heads(rng):
    return [merge_case(rng, 2, 1, 4, 5), merge_case(rng, 1, 6, 3), merge_case(rng, 2, 1, 4, 3, gradient=True)]


MERGE_HEADS = incident(
    "merge_heads",
    "clinic-transpose",
    invoke_merge,
    merge,
    ("A row holds one token's heads", several_heads),
    ("One head, gradients", single_heads),
    [
        ("merge-not-transposed", merge_by_rows),
        ("features-interleaved", interleaved),
        *(("axes-from-the-front", lambda x, a=a: merge_by_rows_of(np.swapaxes(x, a, a + 1), x.shape)) for a in (0, 1)),
        ("wrong-axes-exchanged", lambda x: merge_by_rows_of(np.swapaxes(x, -1, -2), x.shape)),
        ("heads-not-merged", lambda x: np.swapaxes(x, -2, -3)),
        ("axes-lost", lambda x: np.squeeze(merge(x))),
    ],
    wrong(
        "clinic-transpose",
        merge_not_transposed="A reshape alone cuts the memory in its old order, (heads, m, d_h): a row then holds several tokens "
        "of one head. Exchange heads and m first.",
        wrong_axes_exchanged="Tokens and features were exchanged. It is heads and tokens that change places: from (…, heads, m, d_h) to "
        "(…, m, heads, d_h), that is `transpose(-2, -3)`.",
        axes_from_the_front="The axes are counted from the front, and with more or fewer of them those are not heads and tokens. Count from "
        "the end, `transpose(-2, -3)`: before the last three axes there may be any number, and none at all.",
        axes_lost="`squeeze` takes away every axis of length 1: a batch of one sequence, or a single token, loses its axis. Name the axis, or "
        "leave the axes alone.",
        extra_axis="The values are right, and an axis of length 1 stands before them: a reshape to (−1, m, …) makes one even where x has none. "
        "`*lead` keeps the axes that there are.",
        heads_not_merged="The heads still stand on an axis of their own. After the exchange a reshape puts them side by side, (…, m, heads · d_h).",
        view_of_scattered="`.view` needs the numbers side by side in memory, and after the exchange they are not. `.reshape` copies where it must.",
        features_interleaved="The right token, but its features are interleaved: feature 1 of every head, then feature 2. "
        "Each head's d_h features stay together.",
    ),
)


def earlier(scores):
    return np.tri(scores.shape[-1], dtype=bool)


def shared_out(weights):
    return weights / weights.sum(-1, keepdims=True)


def rest_to_itself(scores):
    """What the mask took away is given to the token itself, so that the rows add up to 1."""
    left = np.tril(softmax(scores))
    return left + np.eye(scores.shape[-1]) * (1 - left.sum(-1, keepdims=True))


def causal_weights(scores):
    return softmax(np.where(earlier(scores), scores, -np.inf))


def invoke_weights(student: Student, case: Case) -> Reply:
    scores, dy = case.args
    upstream = {} if dy is None else {"upstream": [sent(dy)]}
    return answer(student.torch("attention_weights", [sent(scores, dy is not None)], **upstream))


def weights_case(rng, *shape, scores=None, gradient=False, words="", **more) -> Case:
    scores = drawn(rng, *shape) * 2 if scores is None else scores
    dy = drawn(rng, *shape) if gradient else None
    return case((scores, dy), words or f"scores of shape {shape}", GRADIENT if gradient else OUTPUT, **more)


def whole_rows(rng):
    shown = case((np.array([[0.0, 2.0], [0.0, 0.0]]), None), "scores ((0, 2), (0, 0))", public=True)
    out = [shown, weights_case(rng, 2, 3, 5, 5, control=True), weights_case(rng, 4, 4, control=True)]
    far = drawn(rng, 2, 4, 4) + 2000.0 * np.triu(np.ones((4, 4)), 1)
    low = drawn(rng, 3, 3, 4, 4) * 2 - 2e4
    return out + [
        weights_case(rng, 3, 3, 4, 4, scores=low, atol=0.01, words="scores around −20,000"),
        weights_case(rng, 2, 4, 4, scores=far, words="later scores two thousand higher"),
    ]


def last_rows(rng):
    """Rows that see everything: a single token, and scores whose later entries are −∞ already."""
    masked = np.where(np.tri(4, dtype=bool), drawn(rng, 3, 4, 4) * 2, -1e4)
    return [
        weights_case(rng, 3, 1, 1),
        weights_case(rng, 3, 4, 4, scores=masked + 2000.0, atol=1e-3, words="scores around 2,000, whose later entries are far lower already"),
        weights_case(rng, 3, 4, 4, scores=masked, words="scores whose later entries are −10⁴ already"),
        weights_case(rng, 3, 4, 4, scores=masked * 1.0, gradient=True),
    ]


ATTENTION_WEIGHTS = incident(
    "attention_weights",
    "clinic-mask",
    invoke_weights,
    causal_weights,
    ("Each row's weights add up to 1, and the future has no say", whole_rows),
    ("Rows that were right before", last_rows),
    [
        ("renormalised-after", lambda scores: shared_out(np.tril(softmax(scores)))),
        ("naive-softmax", lambda scores: shared_out(np.exp(np.where(earlier(scores), scores, -np.inf)))),
        ("mask-by-value", lambda scores: softmax(np.where(np.tril(scores) == 0, -np.inf, scores))),
        *(("mask-by-zero", lambda scores, low=low: softmax(np.where(earlier(scores), scores, low))) for low in (0.0, -1.0, -10.0, -1e3, -1e4)),
        ("mask-sign", lambda scores: softmax(np.where(earlier(scores), scores, np.inf))),
        ("mask-sign", lambda scores: np.where(earlier(scores), softmax(scores), -np.inf)),
        *(("mask-sign", lambda scores, high=high: softmax(np.where(earlier(scores), scores, high))) for high in (1e4, 1e9)),
        ("keepdims-missing", lambda scores: np.tril(softmax(scores)) / np.tril(softmax(scores)).sum(-1)),
        *(("mask-by-zero", lambda scores, low=low: softmax(scores + low * ~earlier(scores))) for low in (-1.0, -10.0, -100.0, -1e3)),
        ("mask-after-softmax", lambda scores: np.where(earlier(scores), softmax(scores), 0.0)),
        ("mask-after-softmax", rest_to_itself),
        ("mask-missing", softmax),
        ("mask-one-late", lambda scores: softmax(np.where(np.tri(scores.shape[-1], k=1, dtype=bool), scores, -np.inf))),
        ("mask-reversed", lambda scores: softmax(np.where(earlier(scores).T, scores, -np.inf))),
        ("infinity-times-zero", lambda scores: np.full(scores.shape, np.nan)),
        ("mask-excludes-self", lambda scores: softmax(np.where(np.tri(scores.shape[-1], k=-1, dtype=bool), scores, -np.inf))),
        ("mask-excludes-self", lambda scores: np.nan_to_num(softmax(np.where(np.tri(scores.shape[-1], k=-1, dtype=bool), scores, -np.inf)))),
        ("softmax-axis", lambda scores: softmax(np.where(earlier(scores), scores, -np.inf), axis=-2)),
        ("softmax-axis", lambda scores: softmax(np.where(earlier(scores), scores, -np.inf), axis=0 if scores.ndim in (1, 3) else 1)),
    ],
    wrong(
        "clinic-mask",
        mask_after_softmax="The mask still comes after the softmax, whose denominator has seen the future. Put −∞ into the "
        "scores first.",
        naive_softmax="exp of a large score is infinite, that of a very low one 0, and ∞/∞ or 0/0 is NaN. Put −∞ into the scores and leave the rest to `torch.softmax`, which "
        "subtracts each row's largest score first.",
        mask_by_value="Scores are masked because they are 0, and a score may be 0 by itself. Make the mask from the positions, j > i, as "
        "`future` is.",
        mask_sign="Later scores get +∞ or a large positive number, or −∞ stands among the weights. −∞ goes into the scores, before the softmax.",
        keepdims_missing="A sum over the keys lost its axis, so that it is lined up with the keys. And it comes too late: put −∞ into the scores, "
        "before the softmax.",
        mask_by_zero="A score of 0, or a small negative one, is not “no weight”: exp(0) = 1. Nor is it enough to lower a later score by a fixed "
        "number, when it may be higher than that. Put −∞ there.",
        mask_missing="No mask acts any more, so every token sees those after it. Put −∞ into their scores, before the softmax. `masked_fill` "
        "gives a new tensor, which has to be kept.",
        mask_one_late="The mask begins one column late, so a token sees the one after it. With `torch.triu` the future is "
        "`diagonal=1`.",
        mask_reversed="The mask stands the wrong way round: a token sees itself and what comes after it. Row i keeps the columns j ≤ i.",
        infinity_times_zero="All weights are NaN. Where a mask of 0 and 1 is multiplied by −∞, 0 · ∞ is NaN: set −∞ with "
        "`masked_fill` or `torch.where`.",
        mask_excludes_self="A token no longer sees itself, and the first row is NaN. Keep the diagonal.",
        softmax_axis="The softmax runs over the queries now. Each row adds up to 1: the last axis.",
        renormalised_after="Dividing the masked weights by their sum is right on paper, and fails where the future's scores are "
        "much higher: all that is left underflows to 0, and 0/0 is NaN. Put −∞ into the scores before the softmax.",
    ),
    "renormalised-after",
)
