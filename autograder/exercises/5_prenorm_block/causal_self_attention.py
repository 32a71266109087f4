"""``causal_self_attention``: cases, checks and misconceptions."""

from collections.abc import Callable

import numpy as np

from autograder.exercise import Case, Check, Exercise
from autograder.exercises.block_parts import (
    GRADIENT,
    OUTPUT,
    OUTPUTS,
    answer,
    case,
    drawn,
    judged_by,
    matrix,
    merge,
    merge_by_rows,
    plain_norm,
    sent,
    softmax,
    unchanged,
)
from autograder.exercises.misconceptions import common, in_section, named, random_acts
from autograder.exercises.wrong_parts import alone, together
from autograder.student import Reply, Student
from autograder.student_side import wire

from .parts import GRAPH_CUT, NORM_INSIDE, SAVED_IN_PLACE

ATTENTION_MISCONCEPTIONS = (
    common("causal-attention")
    | named(random_acts("causal-attention"), GRAPH_CUT, SAVED_IN_PLACE, NORM_INSIDE)
    | in_section(
        "split-heads",
        {
            "view-of-scattered": "`.view` needs the numbers side by side in memory, and after the axes were exchanged they are "
            "not. `.reshape` copies where it must.",
            "features-interleaved": "The features were cut as (d_h, heads), so that a head gets every heads-th column. Head h "
            "gets d_h columns side by side, h·d_h to (h + 1)·d_h: `reshape(…, m, heads, d_h)`.",
            "heads-not-transposed": "The heads were split by a reshape alone. `reshape(…, heads, m, d_h)` cuts the rows apart "
            "and mixes tokens; split the features, `reshape(…, m, heads, d_h)`, and then exchange the axes.",
            "merge-not-transposed": "The heads were put together by a reshape alone. From (…, heads, m, d_h) exchange the axes "
            "back to (…, m, heads, d_h) first, then reshape to (…, m, d).",
            "heads-ignored": "There is one attention over all features, whatever `heads` says. Each head has scores and a "
            "softmax of its own.",
            "heads-and-width-exchanged": "There are d_h heads, each `heads` columns wide: the two numbers are exchanged. "
            "`torch.split(t, n, -1)` cuts pieces of n columns, `torch.chunk(t, n, -1)` cuts n pieces; a reshape takes (…, m, "
            "heads, d_h).",
            "split-before-projection": "The features are cut into heads before the weights are applied, so that a head sees its "
            "own part of x alone. Each head reads all d features: x @ w first, then cut what comes out.",
            "heads-not-merged": "The heads still stand on an axis of their own. Bring them side by side again, (…, m, d), and "
            "multiply by w_o.",
            "output-map-missing": "The heads' results are not multiplied by w_o, which mixes what the heads found.",
        },
    )
    | in_section(
        "causal-mask",
        {
            "number-too-large": "The number in the place of −∞ is too large for the dtype: float32 ends at 3.4e38, float16 at "
            "65,504. Write `float(\"-inf\")`, which every dtype has.",
            "mask-sign": "Later tokens get +∞ or a large positive number, and so all the weight (∞ itself ends in NaN). Their "
            "scores get −∞, and before the softmax: −∞ among the weights ends in NaN as well.",
            "mask-by-value": "Scores are masked because they are 0, as in `scores.tril() == 0`. A query and a key at a right "
            "angle have a score of 0 too. Make the mask from the positions, j > i, not from the scores.",
            "maximum-of-others": "Scores that a query must not see get into its softmax before they are struck out: as the "
            "largest score, which is subtracted, or as an exp, which overflows. Where they are far larger, what is left is 0/0 "
            "or ∞ · 0, so NaN. Put −∞ into the scores first, then take each row's maximum.",
            "mask-missing": "Every token sees every other, those after it too. Set the scores of later positions to −∞ before "
            "the softmax. `masked_fill` gives a new tensor, which has to be kept: `scores = scores.masked_fill(…)`.",
            "mask-after-softmax": "The mask comes after the softmax. The weights that are left then add up to less than 1, and "
            "they still depend on the future through the softmax's denominator. Put −∞ into the scores first.",
            "mask-by-zero": "Scores of later tokens are set to 0, or to another number that is not low enough, and not to −∞. "
            "exp(0) is 1, so those tokens keep a share of the weight.",
            "mask-reversed": "The mask stands the wrong way round: a token sees what comes after it and nothing before it. Row i "
            "keeps the columns j ≤ i.",
            "mask-excludes-self": "A token does not see itself, and the first one sees nothing at all: a softmax of nothing but "
            "−∞ is NaN. Row i keeps the columns j ≤ i, with j = i.",
            "mask-one-late": "The mask begins one column late: a token sees the one after it. Row i keeps the columns j ≤ i; "
            "with `torch.triu` the future is `diagonal=1`.",
            "infinity-times-zero": "Everything is NaN. Where a mask of 0 and 1 is multiplied by −∞, 0 · ∞ is NaN: set −∞ with "
            "`masked_fill` or `torch.where`, or begin with a matrix of −∞ and take its `triu`.",
        },
    )
    | in_section(
        "causal-attention",
        {
            "softmax-missing": "The weights are no softmax of the scores. Those of one query are positive and add up to 1: exp "
            "of each score, divided by the sum over the keys.",
            "softmax-axis": "The softmax, or the maximum or the sum in it, runs over the queries, the heads or the batch. The "
            "weights of one query add up to 1, so it runs over the keys: the last axis.",
            "keepdims-missing": "In the softmax a maximum or a sum lost its axis, so it is lined up with the keys: mostly an "
            "error, and silently wrong when the sizes agree. Reduce with `keepdim=True`.",
            "weights-turned": "The weights stand transposed where they meet the values: each token hands its value out, where it "
            "should collect. Output i is the sum over j of weight[i, j] · v[j]: `weights @ v`.",
            "wrong-projection": "Of q, k and v some are x itself, or made with the weights of another. Each has weights of its "
            "own: q = x @ w_q, k = x @ w_k and v = x @ w_v.",
            "scores-transposed": "The scores are keys by queries. Row i belongs to query i: q @ kᵀ.",
            "naive-softmax": "With large scores exp overflows: the result is NaN, or wrong where a clamp or `nan_to_num` hides "
            "that. Subtract the row's largest score first, or use `torch.softmax`.",
        },
    )
    | in_section(
        "attention-scale",
        {
            "scale-missing": "The scores are not divided by √d_h. Their spread then grows with the width of a head, and the "
            "softmax saturates.",
            "scale-multiplied": "The scores are multiplied by √d_h. They are divided by it, or multiplied by d_h ** -0.5, so "
            "that their spread does not depend on the width of a head.",
            "scale-by-width": "The scores are divided by √d. What adds up in one score is a head's d_h = d/heads products, so it "
            "is √d_h; with one head the two agree.",
            "scale-without-root": "The scores are divided by d_h. The spread of a sum of d_h products grows like √d_h: divide by "
            "the root.",
            "scale-by-count": "The scores are divided by the root of another number: of the heads, or of the tokens. What adds "
            "up in one score is a head's d_h = d/heads products, so it is √d_h.",
            "scale-after-softmax": "√d_h divides the weights, or what comes of them, and not the scores. The weights of a query "
            "then add up to less than 1: divide before the softmax.",
            "half-not-root": "The scores are divided by 2·d_h or by d_h/2, as `** 1/2` does: Python takes the power before it "
            "divides. Write `** 0.5`, `** (1/2)` or `math.sqrt`.",
        },
    )
    | in_section(
        "shapes-m-by-d",
        {
            "weights-transposed": "The weights are used transposed. The contract has x @ w; `nn.functional.linear(x, w)` is x @ "
            "w.T.",
            "only-3d": "It works for (batch, m, d) only. Tokens and features are the last two axes; before them there may be any "
            "number, and none at all.",
        },
    )
    | in_section(
        "residual-stream",
        {
            "residual-inside": "x is added to the result. The residual belongs to the block, which decides where the norm goes.",
        },
    )
)


def split(x: np.ndarray, heads: int) -> np.ndarray:
    """(..., m, d) → (..., heads, m, d_h)"""
    *lead, m, d = x.shape
    return np.swapaxes(x.reshape(*lead, m, heads, d // heads), -2, -3)


def split_by_rows(x: np.ndarray, heads: int) -> np.ndarray:
    *lead, m, d = x.shape
    return x.reshape(*lead, heads, m, d // heads)


def earlier(m: int) -> np.ndarray:
    return np.tri(m, dtype=bool)


def hide(allowed: Callable = earlier, value: float = -np.inf):
    """Return what puts a value in place of the scores that are not allowed. allowed: m → (m, m) of booleans."""
    return lambda scores: np.where(allowed(scores.shape[-1]), scores, value)


def turned(values: np.ndarray) -> np.ndarray:
    return np.swapaxes(values, -1, -2)


def attend(
    read=unchanged,
    projections=lambda q, k, v, heads: (q, k, v),
    count=lambda d, heads: heads,
    cut=split,
    scores=lambda q, k: q @ turned(k),
    scale=lambda m, d, heads: (d // heads) ** -0.5,
    mask=hide(),
    weights=softmax,
    after=unchanged,
    collect=lambda w, v: w @ v,
    join=merge,
    out=lambda o, w_o, x: o @ w_o,
):
    """Return causal attention, or what wrong parts make of it. count: how many heads it really has."""

    def forward(x, w_q, w_k, w_v, w_o, heads):
        m, d = x.shape[-2:]
        q, k, v = (cut(read(x) @ w, count(d, heads)) for w in projections(w_q, w_k, w_v, heads))
        found = collect(after(weights(mask(scores(q, k) * scale(m, d, heads)))), v)
        return out(join(found), w_o, x)

    return forward


def prefix_of(forward: Callable) -> Callable:
    """The forward pass, of which only the first ``rows`` tokens count."""

    def shortened(*inputs, heads, rows=None):
        return forward(*inputs, heads)[..., :rows, :]

    return shortened


def invoke_attention(student: Student, case: Case) -> Reply:
    *inputs, dy = case.args
    x, *weights = inputs
    upstream = {} if dy is None else {"upstream": [sent(dy)]}
    args = [sent(x, dy is not None), *(sent(w) for w in weights), case.kwargs["heads"]]
    reply = answer(student.torch("causal_self_attention", args, **upstream))
    rows = case.kwargs.get("rows")
    if reply.problem or rows is None or not isinstance(reply.value[0], wire.Tensor):
        return reply
    output = reply.value[0]
    kept = wire.Tensor(np.ascontiguousarray(output.raw[..., :rows, :]), output.dtype) if output.raw.ndim > 1 else output
    return Reply((kept, *reply.value[1:]), changed=reply.changed, warnings=reply.warnings)


def attention_case(rng, shape, heads, kind="", x=None, gradient=False, rows=None, dtype="float64", **more) -> Case:
    d = shape[-1]
    x = drawn(rng, *shape) if x is None else x
    weights = [1.5 * matrix(rng, d).T for _ in range(2)] + [matrix(rng, d).T for _ in range(2)]
    args = [a.astype(dtype) for a in (x, *weights)] + [drawn(rng, *shape) if gradient else None]
    kwargs = {"heads": heads} | ({} if rows is None else {"rows": rows})
    words = f"x of shape {shape}, {heads} head{'s' * (heads > 1)}{kind}"
    return case(tuple(args), words, GRADIENT if gradient else OUTPUT, kwargs=kwargs, **more)


def one_head(rng):
    x = np.array([[[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]])  # a batch of one: whether a single sequence works too is `any_rank`'s to ask
    eye = np.eye(2)
    shown = case((x, eye, eye, x[0, 1:], eye, None), "the worked example, 1 head", kwargs={"heads": 1}, public=True)
    return [shown, attention_case(rng, (2, 5, 4), 1), attention_case(rng, (1, 3, 7), 1)]


def several_heads(rng):
    x, eye = np.array([[[1.0, 0.0, 1.0, 2.0], [1.0, 2.0, 0.0, 1.0]]]), np.eye(4)
    shown = case((x, eye, eye, eye, eye[::-1], None), "an example, 2 heads", kwargs={"heads": 2}, public=True)
    return [shown] + [attention_case(rng, shape, heads) for shape, heads in (((2, 5, 6), 2), ((1, 4, 6), 3), ((2, 3, 8), 4), ((2, 6, 5), 5))]


def far_future(rng):
    out = [attention_case(rng, (2, 6, 6), 2)]
    for shape, heads, rows in (((2, 6, 6), 2, 3), ((1, 5, 4), 1, 2)):
        x = drawn(rng, *shape)
        x[..., rows:, :] *= 1000.0
        kind = f", the first {rows} tokens before others a thousand times as large"
        out.append(attention_case(rng, shape, heads, kind, x=x, rows=rows))
    return out


def large_scores(rng):
    shapes = ((2, 4, 6), (1, 5, 4))
    out = [attention_case(rng, shape, 2, control=True) for shape in shapes]
    for shape in shapes:
        x = drawn(rng, *shape) * 60
        out.append(attention_case(rng, shape, 2, " and scores of thousands in float32", x=x, dtype="float32", atol=0.3, rtol=1e-2))
    return out


def any_rank(rng):
    shapes = [(5, 6), (1, 6), (2, 3, 4, 6), (2, 1, 2, 3, 6)]
    return [attention_case(rng, (2, 5, 6), 2, control=True)] + [attention_case(rng, shape, 2) for shape in shapes]


def attention_gradient(rng):
    out = [attention_case(rng, (1, 4, 6), 2, control=True)]
    return out + [attention_case(rng, shape, heads, gradient=True) for shape, heads in (((1, 4, 6), 2), ((2, 3, 4), 1))]


def attention_untouched(rng):
    return [attention_case(rng, shape, 2, may_change=False) for shape in ((2, 4, 6), (1, 5, 4))]


def to_exp(scores: np.ndarray) -> np.ndarray:
    """exp of the scores, not divided by its sum."""
    return np.exp(scores - scores.max(-1, keepdims=True))


def losing_an_axis(scores: np.ndarray) -> np.ndarray:
    return to_exp(scores) / to_exp(scores).sum(-1)


def another_maximum(scores: np.ndarray) -> np.ndarray:
    weights = np.exp(scores - scores.max(-2, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)


def over_axis(axis: int) -> Callable:
    return lambda scores: softmax(scores, axis=axis)


def masked_late(scores: np.ndarray) -> np.ndarray:
    """The mask comes after the largest score of each row was subtracted, a later one perhaps."""
    left = np.tril(np.exp(scores - scores.max(-1, keepdims=True)))
    return left / left.sum(-1, keepdims=True)


def maximum_over(axes: tuple | None) -> Callable:
    def weights(scores: np.ndarray) -> np.ndarray:
        left = np.exp(scores - scores.max(axes, keepdims=True))
        return left / left.sum(-1, keepdims=True)

    return weights


def overflowing(scores: np.ndarray) -> np.ndarray:
    return np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)


def cut_before(w_q, w_k, w_v, heads):
    """A head's part of x meets its part of the weights alone."""
    own = np.kron(np.eye(heads), np.ones((len(w_q) // heads,) * 2))
    return w_q * own, w_k * own, w_v * own


def projected(choose: Callable) -> dict[str, Callable]:
    """Other weights for q, k and v. choose: (w_q, w_k, w_v, 1) → the three that are used."""
    return {"projections": lambda q, k, v, heads: choose(q, k, v, np.eye(len(q)))}


def split_interleaved(x: np.ndarray, heads: int) -> np.ndarray:
    *lead, m, d = x.shape
    return np.moveaxis(x.reshape(*lead, m, d // heads, heads), -1, -3)


def merge_interleaved(x: np.ndarray) -> np.ndarray:
    *lead, heads, m, d_h = x.shape
    return np.moveaxis(x, -3, -1).reshape(*lead, m, heads * d_h)


def unscaled(m: int, d: int, heads: int) -> float:
    return 1.0


def no_map(o: np.ndarray, w_o: np.ndarray, x: np.ndarray) -> np.ndarray:
    return o


# (misconception, what stands in place of the right parts)
# Where exp overflows, or leaves nothing but 0, depends on the dtype.
IN_OWN_DTYPE = (
    ("naive-softmax", {"weights": overflowing}),
    ("maximum-of-others", {"mask": unchanged, "weights": masked_late}),
    *(("maximum-of-others", {"weights": maximum_over(axes)}) for axes in ((-2, -1), None)),
)
# With large scores they give NaN, as an overflow does: they must agree where the student's attention is right, too.
SOFTMAXES = (
    ("mask-sign", {"mask": hide(value=np.inf)}),
    ("mask-sign", {"mask": unchanged, "after": hide()}),
    ("softmax-missing", {"weights": unchanged}),
    ("softmax-missing", {"mask": hide(value=0.0), "weights": unchanged}),
    ("softmax-missing", {"weights": to_exp}),
    ("softmax-missing", {"weights": lambda s: to_exp(s) / to_exp(s).mean(-1, keepdims=True)}),
    ("softmax-missing", {"weights": np.exp}),
    ("softmax-axis", {"weights": lambda s: to_exp(s) / to_exp(s).sum(-2, keepdims=True)}),
    ("softmax-axis", {"mask": hide(value=-1e30), "weights": another_maximum}),
    ("keepdims-missing", {"weights": losing_an_axis}),
    ("infinity-times-zero", {"mask": lambda s: np.full(s.shape, np.nan)}),
)
WRONG_PARTS = (
    ("scores-transposed", {"scores": lambda q, k: k @ turned(q)}),
    ("mask-missing", {"mask": unchanged}),
    ("mask-after-softmax", {"mask": unchanged, "after": np.tril}),
    *(("mask-by-zero", {"mask": hide(value=low)}) for low in (0.0, -1.0, -10.0, -1e4)),
    *(("mask-by-zero", {"mask": lambda s, low=low: s + low * ~earlier(s.shape[-1])}) for low in (-1e2, -1e3, -1e4)),
    *(("mask-sign", {"mask": hide(value=high)}) for high in (1e4, 1e9)),
    ("mask-by-value", {"mask": lambda s: np.where(np.tril(s) == 0, -np.inf, s)}),
    ("mask-reversed", {"mask": hide(lambda m: earlier(m).T)}),
    ("mask-reversed", {"mask": hide(lambda m: ~earlier(m))}),
    *(("mask-excludes-self", {"mask": hide(lambda m: np.tri(m, k=-1, dtype=bool), low)}) for low in (-np.inf, -1e30)),
    ("mask-one-late", {"mask": hide(lambda m: np.tri(m, k=1, dtype=bool))}),
    *(("softmax-axis", {"weights": over_axis(axis)}) for axis in (-2, 1, 0)),
    ("softmax-axis", {"weights": lambda s: softmax(s, 0 if s.ndim == 3 else 1)}),  # F.softmax without an axis
    ("scale-after-softmax", {"scale": unscaled, "collect": lambda w, v: w @ v / v.shape[-1] ** 0.5}),
    ("scale-missing", {"scale": unscaled}),
    ("scale-multiplied", {"scale": lambda m, d, heads: (d // heads) ** 0.5}),
    ("scale-by-width", {"scale": lambda m, d, heads: d**-0.5}),
    ("scale-without-root", {"scale": lambda m, d, heads: heads / d}),
    *(("half-not-root", {"scale": lambda m, d, heads, by=by: by * heads / d}) for by in (0.5, 2.0)),
    ("scale-by-count", {"scale": lambda m, d, heads: heads**-0.5}),
    ("scale-by-count", {"scale": lambda m, d, heads: m**-0.5}),
    ("features-interleaved", {"cut": split_interleaved, "join": merge_interleaved}),
    ("features-interleaved", {"cut": split_interleaved}),
    ("heads-not-transposed", {"cut": split_by_rows, "join": merge_by_rows}),
    ("heads-not-transposed", {"cut": split_by_rows}),
    ("merge-not-transposed", {"join": merge_by_rows}),
    # The scores are divided by the root of the heads' true width, or of what `heads` says.
    ("heads-ignored", {"count": lambda d, heads: 1, "scale": lambda m, d, heads: d**-0.5}),
    ("heads-ignored", {"count": lambda d, heads: 1}),
    ("heads-and-width-exchanged", {"count": lambda d, heads: d // heads, "scale": lambda m, d, heads: heads**-0.5}),
    ("heads-and-width-exchanged", {"count": lambda d, heads: d // heads}),
    ("split-before-projection", {"projections": cut_before}),
    ("heads-not-merged", {"join": lambda o: np.swapaxes(o, -2, -3), "out": no_map}),
    ("heads-not-merged", {"join": unchanged, "out": no_map}),
    ("weights-turned", {"collect": lambda w, v: turned(w) @ v}),
    ("norm-inside", {"read": plain_norm}),
    ("wrong-projection", projected(lambda q, k, v, one: (one, k, v))),
    ("wrong-projection", projected(lambda q, k, v, one: (q, one, v))),
    ("wrong-projection", projected(lambda q, k, v, one: (q, k, one))),
    ("wrong-projection", projected(lambda q, k, v, one: (one, one, one))),
    ("wrong-projection", projected(lambda q, k, v, one: (q, q, q))),
    ("wrong-projection", projected(lambda q, k, v, one: (q, q, v))),
    ("wrong-projection", projected(lambda q, k, v, one: (q, k, k))),
    ("wrong-projection", projected(lambda q, k, v, one: (q, k, q))),
    ("wrong-projection", projected(lambda q, k, v, one: (q, v, k))),
    ("output-map-missing", {"out": no_map}),
    ("weights-transposed", projected(lambda q, k, v, one: (q.T, k.T, v.T)) | {"out": lambda o, w_o, x: o @ w_o.T}),
    ("weights-transposed", projected(lambda q, k, v, one: (q.T, k.T, v.T))),
    ("weights-transposed", {"out": lambda o, w_o, x: o @ w_o.T}),
    ("residual-inside", {"out": lambda o, w_o, x: x + o @ w_o}),
)


def imitation(**parts: Callable) -> Callable:
    return judged_by(prefix_of(attend(**parts)))


CAUSAL_SELF_ATTENTION = Exercise(
    name="causal_self_attention",
    functions=("causal_self_attention",),
    outputs=OUTPUTS,
    invoke=invoke_attention,
    reference=judged_by(prefix_of(attend())),
    section="causal-attention",
    checks=(
        Check("one_head", "One head", 2, "causal-attention", one_head),
        Check("heads", "Several heads", 3, "split-heads", several_heads),
        Check("future", "The future never changes the past", 1, "causal-mask", far_future),
        Check("large_scores", "Large scores do not overflow", 1, "causal-attention", large_scores, "naive-softmax"),
        Check("ranks", "Any number of axes before tokens and features", 1, "shapes-m-by-d", any_rank, "only-3d"),
        Check("gradient", "The gradient reaches x", 1, "gradients-by-depth", attention_gradient, "graph-cut"),
        Check("untouched", "x and the weights are left as they were", 1, "causal-attention", attention_untouched),
    ),
    suspects=alone(imitation, IN_OWN_DTYPE, throughout=True, raw=True)
    + alone(imitation, WRONG_PARTS)
    + alone(imitation, SOFTMAXES, throughout=True)
    + together(imitation, WRONG_PARTS + SOFTMAXES),
    misconceptions=ATTENTION_MISCONCEPTIONS,
    forbidden_names=frozenset(
        {"scaled_dot_product_attention", "MultiheadAttention", "multi_head_attention_forward", "flex_attention"}
    ),
)
