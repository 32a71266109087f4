"""``PreNormBlock``: cases, checks and misconceptions."""

from collections.abc import Callable

import numpy as np

from autograder.exercise import Case, Check, Exercise
from autograder.exercises.block_parts import (
    COUNT,
    GRADIENT,
    OUTPUT,
    OUTPUTS,
    InTraining,
    bent,
    block,
    block_case,
    case,
    causal_mean,
    from_input,
    gain,
    invoke_block,
    judged_by,
    layer_norm,
    normalised_residual,
    parallel,
    plain_norm,
    post_norm,
    pre_norm_block,
    res_post,
    stream,
    suspects,
)
from autograder.exercises.misconceptions import common, in_section, named, random_acts
from autograder.exercises.second_call import once_only, second_call
from autograder.exercises.wrong_parts import alone, together

from .parts import GRAPH_CUT, NORM_REPLACED, NOT_REGISTERED, SAVED_IN_PLACE

BLOCK_MISCONCEPTIONS = (
    common("pre-norm")
    | named(random_acts("pre-norm"), once_only("pre-norm"), GRAPH_CUT, SAVED_IN_PLACE, NOT_REGISTERED, NORM_REPLACED)
    | in_section(
        "residual-stream",
        {
            "one-residual": "There is one addition for both sub-layers, x + F(LN(attention(LN(x)))). Each has its own: first h = "
            "x + attention(norm1(x)), then h + feed_forward(norm2(h)).",
            "branch-scaled": "What a sub-layer computes is multiplied by a number before it is added. It is added as it is: x + "
            "F(LN(x)).",
            "normalised-stream": "The stream itself is normalised on its way, here by both norms. A norm stands on a branch, x + "
            "F(LN(x)), and the stream is only added to.",
            "normalised-residual": "The residual is taken from the normalised stream, LN(x) + F(LN(x)). Add to x itself, or "
            "every block erases the scale of the stream.",
            "residual-missing": "A sub-layer's result replaces the stream where it should be added to it.",
            "residual-twice": "The block's input is added once more to a stream that holds it already: y = h + F(LN(h)), where h "
            "= x + attention(…).",
            "branch-reads-branch": "The feed-forward network reads what attention computed, not the stream that it was added to: "
            "F(LN(h)) with h = x + attention(…).",
            "branch-subtracted": "What a sub-layer computes is subtracted from the stream. It is added: x + F(LN(x)).",
            "residual-disturbed": "The residual path is scaled, or dropout acts on it. Dropout may act on what a branch adds; "
            "the stream itself passes through as it is, in training too.",
            "residual-from-input": "The second residual starts again from the block's input, so that what attention added is "
            "lost from the stream.",
        },
    )
    | in_section(
        "shapes-m-by-d",
        {
            "first-of-output": "`[0]`, or `out, _ = …`, takes the first sequence of the batch. Some libraries' attention returns "
            "a tuple; the parts here return the tensor itself.",
        },
    )
    | in_section(
        "pre-norm",
        {
            "post-norm-for-pre-norm": "This is post-norm, LN(x + F(x)): the norm stands on the stream, after the addition. In "
            "pre-norm it stands at the entry of the branch, x + F(LN(x)), and nothing touches the stream.",
            "shared-norm": "One norm serves both sub-layers. Each has a γ and a β of its own: norm1 before attention, norm2 "
            "before the feed-forward network.",
            "norms-exchanged": "norm1 and norm2 are exchanged: norm1 stands before attention.",
            "norm-missing": "One of the two sub-layers reads the stream without its norm.",
            "both-ends": "Each branch is normalised at its entry and at its exit. In pre-norm there is one norm, at the entry: x "
            "+ F(LN(x)).",
            "sublayer-missing": "Attention or the feed-forward network has no part in the result. The block has both, each on a "
            "branch of its own.",
            "parallel-branches": "Both sub-layers read the same x. The feed-forward network reads the stream after attention has "
            "been added to it.",
            "order-exchanged": "The feed-forward network comes before attention. Attention is first.",
        },
    )
    | in_section(
        "res-post",
        {
            "res-post-for-pre-norm": "This is res-post, x + LN(F(x)): the norm stands at the exit of the branch. In pre-norm it "
            "stands at its entry. Some texts call this one pre-norm; the course does not.",
        },
    )
    | in_section(
        "block-spec",
        {
            "arguments-exchanged": "The parts are taken in another order than they are given: (attention, feed_forward, norm1, "
            "norm2).",
        },
    )
    | in_section(
        "final-norm",
        {
            "final-norm-in-block": "The block normalises the stream once more at its end. That norm belongs after the last block "
            "only.",
        },
    )
)


def arguments_exchanged(x, w_a, w_f, g1, b1, g2, b2):
    """As if the parts came as (norm1, attention, norm2, feed_forward)."""
    x = x + bent(causal_mean(x, w_a), w_f)
    return x + layer_norm(layer_norm(x, g1, b1), g2, b2)


def unpacked(s, f, n, x):
    """An array unpacks into its rows, if there are two; else it is an error, here as there."""
    out, _ = f(n(s))
    return s + out


def scaled(residual: float = 1.0, branch: float = 1.0, both: float = 1.0) -> Callable:
    return lambda s, f, n, x: both * (residual * s + branch * f(n(s)))


def bare_branch(s, f, n, x):
    return f(n(s))


HALVES = (0.5, 0.5**0.5)
# (misconception, what a sub-layer is wrongly), for the first, the second or both
SUBLAYERS = (
    ("post-norm-for-pre-norm", post_norm),
    ("res-post-for-pre-norm", res_post),
    ("normalised-residual", normalised_residual),
    ("norm-missing", lambda s, f, n, x: s + f(s)),
    ("residual-missing", bare_branch),
    ("branch-subtracted", scaled(branch=-1.0)),
    ("sublayer-missing", lambda s, f, n, x: s),
    ("sublayer-missing", lambda s, f, n, x: s + n(s)),
    ("both-ends", lambda s, f, n, x: s + n(f(n(s)))),
    *(("branch-scaled", scaled(branch=factor)) for factor in HALVES),
    ("residual-disturbed", scaled(residual=0.5)),
)
# What no second mistake is looked for with
RARE_SUBLAYERS = (
    ("first-of-output", lambda s, f, n, x: s + f(n(s))[0]),
    ("first-of-output", unpacked),
    *(("residual-disturbed", scaled(residual=factor)) for factor in (0.5**0.5, 0.9, 2.0)),
    *(("residual-disturbed", scaled(both=factor)) for factor in HALVES),
    *(("branch-scaled", scaled(branch=factor)) for factor in (0.1, 2.0)),
)


def placed(sublayers: tuple[tuple[str, Callable], ...]) -> tuple[tuple[str, dict[str, Callable]], ...]:
    places = (("first",), ("second",), ("first", "second"))
    return tuple((name, dict.fromkeys(where, wrong)) for where in places for name, wrong in sublayers)


# (misconception, what stands in place of the right parts)
WRONG_PARTS = (
    *placed(SUBLAYERS),
    ("norms-exchanged", {"norms": lambda one, two: (two, one)}),
    *(("shared-norm", {"norms": norms}) for norms in (lambda one, two: (one, one), lambda one, two: (two, two))),
    ("norm-replaced", {"norms": lambda one, two: (plain_norm, plain_norm)}),
    ("sublayer-missing", {"branches": lambda a, f: (a, a)}),
    ("sublayer-missing", {"branches": lambda a, f: (f, f)}),
    ("parallel-branches", {"second": parallel}),
    ("residual-from-input", {"second": from_input}),
    ("order-exchanged", {"branches": lambda a, f: (f, a)}),
    ("order-exchanged", {"branches": lambda a, f: (f, a), "norms": lambda one, two: (two, one)}),
    ("final-norm-in-block", {"end": lambda y, n, x: n(y)}),
    ("residual-twice", {"end": lambda y, n, x: x + y}),
    *(("residual-disturbed", {"end": lambda y, n, x, factor=factor: factor * y}) for factor in HALVES),
    ("branch-reads-branch", {"second": lambda s, f, n, x: s + f(n(s - x))}),
    ("one-residual", {"first": bare_branch, "second": from_input}),
    ("normalised-stream", {"first": normalised_residual, "second": post_norm}),
)


def imitation(**parts: Callable) -> Callable:
    return judged_by(block(**parts), block_parameters)


def block_parameters(x, w_a, w_f, g1, b1, g2, b2) -> int:
    return sum(a.size for a in (w_a, w_f, g1, b1, g2, b2))


def one_norm(rng, shape, judged=OUTPUT, **more) -> Case:
    """A case whose two norms are alike: exchanged norms have a check of their own."""
    return block_case(rng, shape, judged, norms=2 * gain(rng, shape[-1]), **more)


def block_values(rng):
    eye = np.eye(2)
    x = np.array([[4.0, 2.0], [0.0, 6.0]])
    ones = (np.ones(2), np.zeros(2))
    shown = case((x, eye, eye, *ones, *ones, None), "the worked example", public=True)
    out = [shown] + [one_norm(rng, shape) for shape in ((2, 4, 5), (3, 6), (2, 2, 3, 4))]
    return [*out, second_call(one_norm(rng, (2, 4, 5)))]


def two_norms(rng):
    return [block_case(rng, shape, kind=", the two norms unlike") for shape in ((2, 4, 5), (3, 7))]


def block_gradient(rng):
    out = [one_norm(rng, (3, 5), control=True)]
    return out + [one_norm(rng, shape, GRADIENT) for shape in ((2, 3, 4), (4, 5))]


def block_registered(rng):
    return [one_norm(rng, shape, OUTPUT + COUNT, kind=" and the number of parameters") for shape in ((2, 3, 4), (4, 5))]


def undisturbed(rng):
    """Branches that add nothing, in training mode: what comes out is what went in, whatever is dropped on a branch."""
    out = [one_norm(rng, (3, 5), control=True)]
    for shape in ((2, 8, 5), (9, 6)):
        d = shape[-1]
        norm = (np.ones(d), np.zeros(d))
        args = (stream(rng, *shape), np.zeros((d, d)), np.zeros((d, d)), *norm, *norm, None)
        words = f"x of shape {shape}, branches that add nothing, in training mode"
        out.append(InTraining(args, words, judged=OUTPUT, atol=1e-6, rtol=1e-6, any_dtype=True, may_change=True))
    return out


def block_untouched(rng):
    return [one_norm(rng, shape, may_change=False) for shape in ((2, 3, 4), (4, 5))]


PRE_NORM_BLOCK = Exercise(
    name="PreNormBlock",
    functions=("PreNormBlock",),
    outputs=OUTPUTS,
    invoke=invoke_block("PreNormBlock", count=True),
    reference=judged_by(pre_norm_block, block_parameters),
    section="pre-norm",
    checks=(
        Check("values", "Two sub-layers, each x + F(LN(x))", 3, "pre-norm", block_values),
        Check("two_norms", "Each sub-layer has a norm of its own", 1, "pre-norm", two_norms),
        Check("stream", "Nothing scales or drops the stream", 1, "residual-stream", undisturbed, "residual-disturbed"),
        Check("gradient", "The gradient reaches x", 1, "gradients-by-depth", block_gradient, "graph-cut"),
        Check("registered", "All parts are registered", 1, "block-spec", block_registered),
        Check("untouched", "x is left as it was", 1, "residual-stream", block_untouched),
    ),
    suspects=alone(imitation, WRONG_PARTS + placed(RARE_SUBLAYERS))
    + suspects([("arguments-exchanged", arguments_exchanged)], block_parameters)
    + suspects([("not-registered", pre_norm_block)])
    + together(imitation, WRONG_PARTS),
    misconceptions=BLOCK_MISCONCEPTIONS,
)
