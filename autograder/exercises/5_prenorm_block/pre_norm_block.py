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
    block_case,
    case,
    causal_mean,
    from_input_block,
    gain,
    invoke_block,
    judged_by,
    layer_norm,
    normalised_first_residual,
    normalised_residual_block,
    normalised_second_residual,
    parallel_block,
    post_norm_block,
    pre_norm_block,
    res_post_block,
    stream,
    suspects,
)
from autograder.exercises.misconceptions import common, in_section, named, random_acts
from autograder.exercises.second_call import once_only, second_call

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


def exchanged_block(x, w_a, w_f, g1, b1, g2, b2):
    x = x + bent(layer_norm(x, g1, b1), w_f)
    return x + causal_mean(layer_norm(x, g2, b2), w_a)


def exchanged_block_own_norms(x, w_a, w_f, g1, b1, g2, b2):
    return exchanged_block(x, w_a, w_f, g2, b2, g1, b1)


def without(first_norm=True, second_norm=True, first_residual=True, second_residual=True):
    def forward(x, w_a, w_f, g1, b1, g2, b2):
        x = first_residual * x + causal_mean(layer_norm(x, g1, b1) if first_norm else x, w_a)
        return second_residual * x + bent(layer_norm(x, g2, b2) if second_norm else x, w_f)

    return forward


def branches(first: Callable, second: Callable):
    """The block with other things added to the stream. first, second: (attention, feed-forward, normalised x) → branch."""

    def forward(x, w_a, w_f, g1, b1, g2, b2):
        def attention(t):
            return causal_mean(t, w_a)

        def feed_forward(t):
            return bent(t, w_f)

        x = x + first(attention, feed_forward, layer_norm(x, g1, b1))
        return x + second(attention, feed_forward, layer_norm(x, g2, b2))

    return forward


# Branches, right and wrong: a: attention; f: the feed-forward network; t: the normalised stream.
def attended(a, f, t):
    return a(t)


def fed(a, f, t):
    return f(t)


def nothing(a, f, t):
    return 0.0


def norm_alone(a, f, t):
    return t


def minus(branch: Callable) -> Callable:
    return lambda a, f, t: -branch(a, f, t)


def times(factor: float, branch: Callable) -> Callable:
    return lambda a, f, t: factor * branch(a, f, t)


def first_of(branch: Callable) -> Callable:
    return lambda a, f, t: branch(a, f, t)[0]


def unpacked(branch: Callable) -> Callable:
    """An array unpacks into its rows, if there are two; else it is an error, here as there."""

    def first(a, f, t):
        out, _ = branch(a, f, t)
        return out

    return first


def one_residual(x, w_a, w_f, g1, b1, g2, b2):
    return x + bent(layer_norm(causal_mean(layer_norm(x, g1, b1), w_a), g2, b2), w_f)


def normalised_at_both_ends(x, w_a, w_f, g1, b1, g2, b2):
    x = layer_norm(x, g1, b1)
    x = x + causal_mean(x, w_a)
    return layer_norm(x + bent(x, w_f), g2, b2)


def post_then_pre(x, w_a, w_f, g1, b1, g2, b2):
    x = layer_norm(x + causal_mean(x, w_a), g1, b1)
    return x + bent(layer_norm(x, g2, b2), w_f)


def norms_replaced(x, w_a, w_f, g1, b1, g2, b2):
    return pre_norm_block(x, w_a, w_f, 1.0, 0.0, 1.0, 0.0)


def half_post_norm(x, w_a, w_f, g1, b1, g2, b2):
    x = x + causal_mean(layer_norm(x, g1, b1), w_a)
    return layer_norm(x + bent(x, w_f), g2, b2)


def half_res_post(x, w_a, w_f, g1, b1, g2, b2):
    x = x + causal_mean(layer_norm(x, g1, b1), w_a)
    return x + layer_norm(bent(x, w_f), g2, b2)


def branch_reads_branch(x, w_a, w_f, g1, b1, g2, b2):
    attended = causal_mean(layer_norm(x, g1, b1), w_a)
    return x + attended + bent(layer_norm(attended, g2, b2), w_f)


def both_ends(x, w_a, w_f, g1, b1, g2, b2):
    x = x + layer_norm(causal_mean(layer_norm(x, g1, b1), w_a), g1, b1)
    return x + layer_norm(bent(layer_norm(x, g2, b2), w_f), g2, b2)


def arguments_exchanged(x, w_a, w_f, g1, b1, g2, b2):
    """As if the parts came as (norm1, attention, norm2, feed_forward)."""
    x = x + bent(causal_mean(x, w_a), w_f)
    return x + layer_norm(layer_norm(x, g1, b1), g2, b2)


def scaled(residual: float, both: float = 1.0):
    """The block with factors on its residual path: residual·x + F, or both·(x + F)."""

    def forward(x, w_a, w_f, g1, b1, g2, b2):
        x = both * (residual * x + causal_mean(layer_norm(x, g1, b1), w_a))
        return both * (residual * x + bent(layer_norm(x, g2, b2), w_f))

    return forward


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
    suspects=suspects(
        [
            ("post-norm-for-pre-norm", post_norm_block),
            ("res-post-for-pre-norm", res_post_block),
            ("normalised-residual", normalised_residual_block),
            ("normalised-residual", normalised_second_residual),
            ("normalised-residual", normalised_first_residual),
            ("shared-norm", lambda x, w_a, w_f, g1, b1, g2, b2: pre_norm_block(x, w_a, w_f, g1, b1, g1, b1)),
            ("shared-norm", lambda x, w_a, w_f, g1, b1, g2, b2: pre_norm_block(x, w_a, w_f, g2, b2, g2, b2)),
            ("norms-exchanged", lambda x, w_a, w_f, g1, b1, g2, b2: pre_norm_block(x, w_a, w_f, g2, b2, g1, b1)),
            ("norm-missing", without(second_norm=False)),
            ("norm-missing", without(first_norm=False)),
            ("norm-missing", without(first_norm=False, second_norm=False)),
            ("residual-missing", without(first_residual=False)),
            ("residual-missing", without(second_residual=False)),
            ("residual-missing", without(first_residual=False, second_residual=False)),
            ("branch-subtracted", branches(minus(attended), fed)),
            ("branch-subtracted", branches(attended, minus(fed))),
            ("branch-subtracted", branches(minus(attended), minus(fed))),
            ("sublayer-missing", branches(nothing, fed)),
            ("sublayer-missing", branches(attended, nothing)),
            ("sublayer-missing", branches(norm_alone, fed)),
            ("sublayer-missing", branches(attended, norm_alone)),
            ("sublayer-missing", branches(attended, attended)),
            ("sublayer-missing", branches(fed, fed)),
            *(("residual-disturbed", scaled(factor)) for factor in (0.5, 0.5**0.5, 0.9, 2.0)),
            *(("residual-disturbed", scaled(1.0, factor)) for factor in (0.5, 0.5**0.5)),
            ("parallel-branches", parallel_block),
            ("residual-from-input", from_input_block),
            ("order-exchanged", exchanged_block),
            ("order-exchanged", exchanged_block_own_norms),
            ("final-norm-in-block", lambda *inputs: layer_norm(pre_norm_block(*inputs), *inputs[-2:])),
            ("post-norm-for-pre-norm", half_post_norm),
            ("res-post-for-pre-norm", half_res_post),
            ("residual-twice", lambda x, *parts: x + pre_norm_block(x, *parts)),
            ("branch-reads-branch", branch_reads_branch),
            ("both-ends", both_ends),
            ("arguments-exchanged", arguments_exchanged),
            ("one-residual", one_residual),
            ("norm-replaced", norms_replaced),
            ("normalised-stream", normalised_at_both_ends),
            ("post-norm-for-pre-norm", post_then_pre),
            ("first-of-output", branches(first_of(attended), fed)),
            ("first-of-output", branches(unpacked(attended), fed)),
            ("first-of-output", branches(first_of(attended), first_of(fed))),
            *(("branch-scaled", branches(attended, times(factor, fed))) for factor in (0.5, 0.1, 2.0)),
            *(("branch-scaled", branches(times(factor, attended), times(factor, fed))) for factor in (0.5**0.5, 0.5, 0.1, 2.0)),
        ],
        block_parameters,
    )
    + suspects([("not-registered", pre_norm_block)]),
    misconceptions=BLOCK_MISCONCEPTIONS,
)
