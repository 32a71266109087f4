"""The incidents of a whole block or model."""

from collections.abc import Callable

import numpy as np

from autograder import reading
from autograder.exercise import Case, Exercise
from autograder.exercises.block_parts import (
    GRADIENT,
    OUTPUT,
    InTraining,
    answer,
    bent,
    block_case,
    case,
    causal_mean,
    drawn,
    from_input_block,
    gain,
    invoke_block,
    layer_norm,
    matrix,
    normalised_first_residual,
    normalised_residual_block,
    normalised_second_residual,
    parallel_block,
    post_norm_block,
    pre_norm_block,
    res_post_block,
    sent,
    stock_map,
    stock_norm,
    stream,
)
from autograder.exercises.second_call import SecondCall, run, second_call
from autograder.student import Reply, Student
from autograder.student_side import wire

from .parts import incident, wrong


def in_training_mode(case: Case) -> Case:
    """Return the case as one in training mode, which changes nothing here: there is no dropout."""
    return case.of_kind(InTraining, words=f"{case.words}, in training mode")


# 1 · MigratedModel ------------------------------------------------------------------------------


def model(x, weights, gamma, beta, head):
    return layer_norm(layers(x, weights), gamma, beta) @ head.T


def layers(x, weights):
    for weight in weights:
        x = x + bent(x, weight)
    return x


def norm_everywhere(x, weights, gamma, beta, head):
    for weight in weights:
        x = layer_norm(x + bent(x, weight), gamma, beta)
    return x @ head.T


def norm_before_every_block(x, weights, gamma, beta, head):
    for weight in weights:
        x = layer_norm(x, gamma, beta)
        x = x + bent(x, weight)
    return x @ head.T


def norm_before_every_block_and_last(x, weights, gamma, beta, head):
    width = x.shape[-1]
    return layer_norm(norm_before_every_block(x, weights, gamma, beta, np.eye(width)), gamma, beta) @ head.T


def by_rms(x):
    return x / np.sqrt((x**2).mean(-1, keepdims=True))


def rescaled(power: float, more: int) -> Callable:
    """Divided by a power of the depth, or of one more."""
    return lambda x, weights, gamma, beta, head: layers(x, weights) / max(len(weights) + more, 1) ** power @ head.T


def norm_at_both_ends(x, weights, gamma, beta, head):
    return model(layer_norm(x, gamma, beta), weights, gamma, beta, head)


def invoke_model(student: Student, case: Case) -> Reply:
    x, weights, gamma, beta, head, dy = case.args
    blocks = [wire.Stock("residual", {"weight": sent(weight)}) for weight in weights]
    upstream = {} if dy is None else {"upstream": [sent(dy)]}
    build = [[blocks, stock_norm(gamma, beta), stock_map("linear", head)], {}]
    asked = {"build": build, "to": "float64", "training": isinstance(case, InTraining)}
    reply = answer(run(student, isinstance(case, SecondCall), "MigratedModel", sent(x, dy is not None), **asked, **upstream))
    return reading.with_sign(reply, ((r"Given normalized_shape", "norm-after-head"),))


def model_case(rng, shape, depth, judged=OUTPUT, **more) -> Case:
    d, vocabulary = shape[-1], 7
    weights = np.array([matrix(rng, d) for _ in range(depth)]).reshape(depth, d, d)
    head = matrix(rng, d, vocabulary)
    dy = drawn(rng, *shape[:-1], vocabulary) if judged == GRADIENT else None
    return case((stream(rng, *shape), weights, *gain(rng, d), head, dy), f"{depth} blocks, x of shape {shape}", judged, **more)


def deep_models(rng):
    shown = case((np.array([[3.0, 1.0]]), np.zeros((1, 2, 2)), np.array([1.0, 2.0]), np.zeros(2), np.eye(2), None),
                 "a block that adds nothing, γ = (1, 2), a head that is the identity, x = (3, 1)", public=True)  # fmt: skip
    calls = [second_call(model_case(rng, (2, 3, 5), 2)), in_training_mode(model_case(rng, (2, 3, 5), 2))]
    return [shown, model_case(rng, (2, 3, 5), 2), *calls, model_case(rng, (2, 3, 5), 5)]


def shallow_models(rng):
    return [model_case(rng, shape, depth) for shape, depth in (((3, 5), 0), ((2, 2, 3, 4), 1))] + [
        model_case(rng, (2, 3, 4), 2, GRADIENT)
    ]


MIGRATED_MODEL = incident(
    "MigratedModel",
    "clinic-final-norm",
    invoke_model,
    model,
    ("The head reads a normalised stream", deep_models),
    ("Any depth and shape, gradients", shallow_models),
    [
        ("final-norm-missing", lambda x, weights, gamma, beta, head: layers(x, weights) @ head.T),
        ("norm-first", lambda x, weights, gamma, beta, head: layers(layer_norm(x, gamma, beta), weights) @ head.T),
        ("norm-after-every-block", norm_everywhere),
        ("norm-before-every-block", norm_before_every_block),
        ("norm-before-every-block", norm_before_every_block_and_last),
        ("norm-first", norm_at_both_ends),
        ("another-norm", lambda x, weights, gamma, beta, head: model(x, weights, np.ones_like(gamma), np.zeros_like(beta), head)),
        ("another-norm", lambda x, weights, gamma, beta, head: by_rms(layers(x, weights)) @ head.T),
        ("another-norm", lambda x, weights, gamma, beta, head: by_rms(layers(x, weights)) / x.shape[-1] ** 0.5 @ head.T),  # F.normalize
        *(("rescaled-by-depth", rescaled(power, more)) for power in (0.5, 1.0) for more in (0, 1)),
        ("final-norm-twice", lambda x, weights, gamma, beta, head: layer_norm(model(x, weights, gamma, beta, np.eye(x.shape[-1])), gamma, beta) @ head.T),
        ("return-in-loop", lambda x, weights, gamma, beta, head: model(x, weights[:1], gamma, beta, head) if len(weights) else None),
    ],
    wrong(
        "clinic-final-norm",
        final_norm_missing="The head still reads the raw stream, whose size grows with every block. In post-norm each block "
        "ended with a norm; in pre-norm one is needed after the last.",
        norm_first="A norm stands before the blocks. It does not help, since the blocks add to the stream after it. One norm, after "
        "the last block.",
        norm_before_every_block="The norm before every block erases what the stream has gathered so far. Each block has a norm at the "
        "entry of its branch already; what is missing is one, after the last block.",
        rescaled_by_depth="The stream is divided by a number that goes with the depth. How large it has become nobody knows beforehand, after "
        "training least of all: the norm measures it. Use `self.norm`.",
        final_norm_twice="The norm is applied twice. With γ and β of its own, a second time changes the result.",
        return_in_loop="`return` stands inside the loop, which therefore ends after the first block. Indent it no further than the `for`.",
        another_norm="The stream is normalised, but without the γ and β of the norm that was handed over. Use `self.norm`.",
        norm_after_head="The norm stands after the head, on the logits. It belongs before it: the head reads a normalised stream, "
        "`self.head(self.norm(x))`.",
        norm_after_every_block="The norm after every block puts it back on the stream, and the model is post-norm again. "
        "Once, after the last block.",
    ),
)  # fmt: skip


# 2, 3, 4 · three blocks -------------------------------------------------------------------------


def half_res_post(x, w_a, w_f, g1, b1, g2, b2):
    x = x + causal_mean(layer_norm(x, g1, b1), w_a)
    return x + layer_norm(bent(x, w_f), g2, b2)


def both_ends(x, w_a, w_f, g1, b1, g2, b2):
    x = x + layer_norm(causal_mean(layer_norm(x, g1, b1), w_a), g1, b1)
    return x + layer_norm(bent(layer_norm(x, g2, b2), w_f), g2, b2)


def no_norms(x, w_a, w_f, g1, b1, g2, b2):
    x = x + causal_mean(x, w_a)
    return x + bent(x, w_f)


def no_second_norm(x, w_a, w_f, g1, b1, g2, b2):
    x = x + causal_mean(layer_norm(x, g1, b1), w_a)
    return x + bent(x, w_f)


def half_pre_norm(x, w_a, w_f, g1, b1, g2, b2):
    x = x + layer_norm(causal_mean(x, w_a), g1, b1)
    return x + bent(layer_norm(x, g2, b2), w_f)


def norm_of_the_norm(x, w_a, w_f, g1, b1, g2, b2):
    """The second branch reads norm2 of what norm1 gave, not of the stream."""
    normed = layer_norm(x, g1, b1)
    return x + causal_mean(normed, w_a) + bent(layer_norm(normed, g2, b2), w_f)


def norms_in_a_row(first: Callable, second: Callable):
    """Both norms before each branch: second(first(x))."""

    def forward(x, w_a, w_f, g1, b1, g2, b2):
        def both(t):
            norms = ((g1, b1), (g2, b2))
            return layer_norm(layer_norm(t, *first(norms)), *second(norms))

        x = x + causal_mean(both(x), w_a)
        return x + bent(both(x), w_f)

    return forward


def norms_added(factor: float) -> Callable:
    """Each branch reads the sum of both norms, or their mean: now either γ moves."""

    def forward(x, w_a, w_f, g1, b1, g2, b2):
        def both(t):
            return factor * (layer_norm(t, g1, b1) + layer_norm(t, g2, b2))

        x = x + causal_mean(both(x), w_a)
        return x + bent(both(x), w_f)

    return forward


def one_residual(x, w_a, w_f, g1, b1, g2, b2):
    return x + bent(layer_norm(causal_mean(layer_norm(x, g1, b1), w_a), g2, b2), w_f)


def reading_attention(x, w_a, w_f, g1, b1, g2, b2):
    attended = causal_mean(layer_norm(x, g1, b1), w_a)
    return x + attended + bent(layer_norm(attended, g2, b2), w_f)


def residuals(first: float, second: float, both: float = 1.0) -> Callable:
    """The block with factors on its residual path."""

    def forward(x, w_a, w_f, g1, b1, g2, b2):
        x = first * x + causal_mean(layer_norm(x, g1, b1), w_a)
        return both * (second * x + bent(layer_norm(x, g2, b2), w_f))

    return forward


def no_first_norm(x, w_a, w_f, g1, b1, g2, b2):
    x = x + causal_mean(x, w_a)
    return x + bent(layer_norm(x, g2, b2), w_f)


def every_pair(x, w_a, w_f, g1, b1, g2, b2):
    """One loop inside the other: each branch with each norm."""
    for branch, weight in ((causal_mean, w_a), (bent, w_f)):
        for gamma, beta in ((g1, b1), (g2, b2)):
            x = x + branch(layer_norm(x, gamma, beta), weight)
    return x


def attention_last(x, w_a, w_f, g1, b1, g2, b2):
    x = x + bent(layer_norm(x, g2, b2), w_f)
    return x + causal_mean(layer_norm(x, g1, b1), w_a)


def first_branch_alone(x, w_a, w_f, g1, b1, g2, b2):
    return x + causal_mean(layer_norm(x, g1, b1), w_a)


def with_norms(first: Callable, second: Callable):
    """The block in which the two norms are chosen from ((γ1, β1), (γ2, β2))."""
    return lambda x, w_a, w_f, g1, b1, g2, b2: pre_norm_block(
        x, w_a, w_f, *first((g1, b1), (g2, b2)), *second((g1, b1), (g2, b2))
    )


def plain_blocks(rng):
    """Weights as they are at the start of training: γ = 1, β = 0."""
    ones = (np.ones(2), np.zeros(2))
    quiet = case((np.array([[4.0, 2.0]]), np.zeros((2, 2)), np.zeros((2, 2)), *ones, *ones, None),
                 "branches that add nothing, x = (4, 2)", public=True)  # fmt: skip
    calls = [second_call(block_case(rng, (2, 4, 5))), in_training_mode(block_case(rng, (2, 4, 5)))]
    return [quiet, block_case(rng, (2, 4, 5)), *calls, block_case(rng, (3, 6))]


def trained_blocks(rng):
    eye, ones = np.eye(2), np.ones(2)
    shown = case((np.array([[4.0, 2.0]]), 0 * eye, eye, ones, 0 * ones, 2 * ones, 0 * ones, None),
                 "attention that adds nothing, tanh for the feed-forward network, γ1 = 1 and γ2 = 2, x = (4, 2)", public=True)  # fmt: skip
    calls = [second_call(block_case(rng, (2, 4, 5))), in_training_mode(block_case(rng, (2, 4, 5)))]
    return [shown, block_case(rng, (2, 4, 5)), *calls, block_case(rng, (3, 6))]


def block_stays(rng):
    """What the bug of the shared norm does not touch: equal norms, other shapes, gradients."""
    out = []
    for shape, judged in (((2, 2, 3, 4), OUTPUT), ((1, 5), OUTPUT), ((2, 3, 4), GRADIENT)):
        norm = gain(rng, shape[-1])
        out.append(block_case(rng, shape, judged, norms=(*norm, *norm)))
    return out


def untouched_blocks(rng):
    """Values, too, or a block that does nothing would pass."""
    return [block_case(rng, (2, 3, 4), may_change=False), block_case(rng, (4, 5), GRADIENT)]


BLOCK_HINTS = dict(
    normalised_residual="The stream is still replaced by its norm somewhere, so the residual is LN(x), not x. Only the branch "
    "reads the norm: x + F(LN(x)).",
    norms_missing="The norms are gone. They belong at the entry of each branch: x + F(LN(x)).",
    post_norm_for_pre_norm="Now the norm comes after the addition. That is post-norm, and again on the stream.",
    res_post_for_pre_norm="The norm stands at the exit of a branch, x + LN(F(x)). At its entry: x + F(LN(x)).",
    both_ends="Each branch is normalised at both ends now. One norm, at the entry.",
    shared_norm="Both branches still use one norm: γ and β of the other have no effect, and are never trained.",
    norms_exchanged="The two norms are exchanged: norm1 belongs to attention.",
    norm_missing="A branch reads the stream without its norm. Each has one of its own: norm1 before attention, norm2 before the "
    "feed-forward network.",
    norms_in_a_row="Each branch reads through both norms. One norm for each: norm1 before attention, norm2 before the feed-forward "
    "network.",
    norms_added="Each branch reads both norms, added up. That moves either γ, and neither belongs to one branch alone: norm1 stands before "
    "attention, norm2 before the feed-forward network.",
    norm_of_the_norm="norm2 reads what norm1 gave. It reads the stream, after attention has been added to it.",
    parallel_branches="Both branches read the same x now. The feed-forward network reads the stream after attention has been added.",
    residual_from_input="The second residual starts again from the block's input, so that what attention added is lost.",
    one_residual="There is one addition for both branches now. Each has its own: first x + attention(norm1(x)), then that plus the "
    "feed-forward network's branch.",
    residual_missing="A branch's result replaces the stream. It is added to it.",
    residual_twice="The block's input is added once more to a stream that holds it already.",
    residual_disturbed="The stream is scaled on its way. Only what the branches compute is added to it.",
    branch_reads_branch="The feed-forward network reads what attention computed, and not the stream that it was added to.",
    final_norm_in_block="The stream is normalised once more at the end of the block. No norm stands on the stream.",
    nested_loops="Each branch runs twice, once with each norm: one loop stands inside the other. Go through both together, with `zip`.",
    order_exchanged="The feed-forward network comes before attention now. Attention is first.",
    return_in_loop="`return` stands inside the loop, which therefore ends after attention. Indent it no further than the `for`.",
)
# What the wiring may become in any of the three repairs.
REWIRED = [
    ("parallel-branches", parallel_block),
    ("residual-from-input", from_input_block),
    ("norm-of-the-norm", norm_of_the_norm),
    ("norm-missing", no_second_norm),
    ("norm-missing", no_first_norm),
    ("order-exchanged", attention_last),
    ("one-residual", one_residual),
    ("branch-reads-branch", reading_attention),
    *(("residual-missing", residuals(*factors)) for factors in ((0.0, 1.0), (1.0, 0.0), (0.0, 0.0))),
    ("residual-twice", lambda x, *parts: x + pre_norm_block(x, *parts)),
    *(("residual-disturbed", residuals(1.0, 1.0, both)) for both in (0.5, 0.5**0.5)),
    ("final-norm-in-block", lambda *inputs: layer_norm(pre_norm_block(*inputs), *inputs[-2:])),
]
ONE_NORM = [
    ("shared-norm", with_norms(lambda one, two: one, lambda one, two: one)),
    ("shared-norm", with_norms(lambda one, two: two, lambda one, two: two)),
    ("norms-exchanged", with_norms(lambda one, two: two, lambda one, two: one)),
]


def block_incident(name, section, titles, cases, imitations) -> Exercise:
    known = {key: BLOCK_HINTS[key.replace("-", "_")] for key, _ in imitations}
    hints = wrong(section, **{key.replace("-", "_"): hint for key, hint in known.items()})
    first, second = zip(titles, cases)
    return incident(name, section, invoke_block(name), pre_norm_block, first, second, imitations, hints)


REFACTORED_BLOCK = block_incident(
    "RefactoredBlock",
    "clinic-norm-on-residual",
    ("The residual path is free of norms", "Gradients, and x left as it was"),
    (plain_blocks, untouched_blocks),
    [
        ("normalised-residual", normalised_residual_block),
        ("normalised-residual", normalised_second_residual),
        ("normalised-residual", normalised_first_residual),
        ("norms-missing", no_norms),
        ("post-norm-for-pre-norm", post_norm_block),
        ("res-post-for-pre-norm", res_post_block),
        ("both-ends", both_ends),
        *ONE_NORM,
        *REWIRED,
    ],
)
COMPACT_BLOCK = block_incident(
    "CompactBlock",
    "clinic-shared-norm",
    ("Each sub-layer has its own norm", "Other shapes and gradients"),
    (trained_blocks, block_stays),
    [
        *ONE_NORM,
        ("norms-in-a-row", norms_in_a_row(lambda norms: norms[0], lambda norms: norms[1])),
        ("norms-in-a-row", norms_in_a_row(lambda norms: norms[1], lambda norms: norms[0])),
        *(("norms-added", norms_added(factor)) for factor in (0.5, 1.0)),
        ("return-in-loop", first_branch_alone),
        ("nested-loops", every_pair),
        ("both-ends", both_ends),
        ("norms-missing", no_norms),
        ("normalised-residual", normalised_residual_block),
        ("post-norm-for-pre-norm", post_norm_block),
        ("res-post-for-pre-norm", res_post_block),
        *REWIRED,
    ],
)
SPECIFIED_BLOCK = block_incident(
    "SpecifiedBlock",
    "clinic-res-post",
    ("Each norm stands at the entry of its branch", "Gradients, and x left as it was"),
    (plain_blocks, untouched_blocks),
    [
        ("res-post-for-pre-norm", res_post_block),
        ("res-post-for-pre-norm", half_res_post),
        ("res-post-for-pre-norm", half_pre_norm),
        ("post-norm-for-pre-norm", post_norm_block),
        ("both-ends", both_ends),
        ("norms-missing", no_norms),
        ("normalised-residual", normalised_residual_block),
        *ONE_NORM,
        *REWIRED,
    ],
)
