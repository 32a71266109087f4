"""Hidden side of ``6_block_clinic``: eleven blocks that run and are wrong, and what each should do.

Every incident is one exercise with two checks: *mended* tries what the report complains of, *intact* what worked
before and must go on working, with one case of the symptom: a block handed back as it came in earns nothing.

Tolerances. float64: 1e-6, as in ``5_prenorm_block``. float32 at an offset c: as in ``3_layernorm_backward``, the mean
of 64 features is off by up to ulp(64·c)/2 when added one after another: 0.05 at 1e4. bfloat16 keeps 8 bits: the
output may be rounded twice, 1 %. Statistics in bfloat16 round a mean of about 100 to multiples of 0.5, which is
a quarter of the spread drawn here.
"""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from autograder import reading, tensors
from autograder.block_parts import (
    GRADIENT,
    OUTPUT,
    OUTPUTS,
    InTraining,
    answer,
    bent,
    case,
    causal_mean,
    drawn,
    gain,
    judged_by,
    layer_norm,
    matrix,
    merge,
    merge_by_rows,
    normalised_first_residual,
    normalised_residual_block,
    normalised_second_residual,
    post_norm_block,
    pre_norm_block,
    res_post_block,
    sent,
    softmax,
    stock_map,
    stock_norm,
    stream,
    suspects,
)
from autograder.exercise import Case, Check, Exercise, Misconception, Question, Quiz, Topic
from autograder.misconceptions import common, in_section, named
from autograder.second_call import SecondCall, once_only, run, second_call
from autograder.student import Kind, Reply, Rules, Student
from autograder.student_side import wire

EPS = 1e-5
GRAPH_CUT = (
    "The values are right, the gradient is not: `.detach()`, `.data`, `torch.no_grad()` or a way through NumPy cuts the graph. The "
    "statistics of a norm, too, belong to what is differentiated."
)
SAVED_IN_PLACE = "An operation in place (`+=`, `[…] = `) overwrites numbers that the gradient still needs. Make a new tensor."


def incident(
    name: str,
    section: str,
    invoke: Callable,
    forward: Callable,
    mended: tuple[str, Callable],
    intact: tuple[str, Callable],
    imitations: list[tuple[str, Callable]],
    misconceptions: dict[str, Misconception],
    telltale: str | None = None,
) -> Exercise:
    """Return the exercise of an incident. mended, intact: (title, cases); 2 points and 1."""

    def repaired_and_intact(rng) -> list[Case]:
        kept, tried = intact[1](rng), mended[1](rng)
        return [replace(case, control=True) for case in kept] + [case for case in tried[:-1] if case.control] + tried[-1:]

    checks = (
        Check("mended", mended[0], 2, section, mended[1], telltale),
        Check("intact", intact[0], 1, section, repaired_and_intact, telltale),
    )
    known = common(section) | wrong(section, graph_cut=GRAPH_CUT, saved_in_place=SAVED_IN_PLACE) | named(once_only(section)) | misconceptions
    return Exercise(name, (name,), OUTPUTS, invoke, judged_by(forward), checks, suspects(imitations), known, section)


def wrong(section: str, **hints: str) -> dict[str, Misconception]:
    return in_section(section, {name.replace("_", "-"): hint for name, hint in hints.items()})


def in_training_mode(case: Case) -> Case:
    """Return the case as one in training mode, which changes nothing here: there is no dropout."""
    return case.of_kind(InTraining, words=f"{case.words}, in training mode")


# 1 · MigratedModel ----------------------------------------------------------------------------


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

# 2, 3, 4 · three blocks -----------------------------------------------------------------------


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


def parallel(x, w_a, w_f, g1, b1, g2, b2):
    return x + causal_mean(layer_norm(x, g1, b1), w_a) + bent(layer_norm(x, g2, b2), w_f)


def from_input(x, w_a, w_f, g1, b1, g2, b2):
    stream = x + causal_mean(layer_norm(x, g1, b1), w_a)
    return x + bent(layer_norm(stream, g2, b2), w_f)


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


def invoke_block(name: str):
    def invoke(student: Student, case: Case) -> Reply:
        x, w_a, w_f, g1, b1, g2, b2, dy = case.args
        parts = [stock_map("causal_mean", w_a), stock_map("bent", w_f), stock_norm(g1, b1), stock_norm(g2, b2)]
        upstream = {} if dy is None else {"upstream": [sent(dy)]}
        asked = {"build": [parts, {}], "to": "float64", "training": isinstance(case, InTraining)}
        return answer(run(student, isinstance(case, SecondCall), name, sent(x, dy is not None), **asked, **upstream))

    return invoke


def block_case(rng, shape, judged=OUTPUT, norms=None, **more) -> Case:
    d = shape[-1]
    x = stream(rng, *shape)
    norms = (*gain(rng, d), *gain(rng, d)) if norms is None else norms
    dy = drawn(rng, *shape) if judged == GRADIENT else None
    return case((x, matrix(rng, d), matrix(rng, d), *norms, dy), f"x of shape {shape}", judged, **more)


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
    ("parallel-branches", parallel),
    ("residual-from-input", from_input),
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

# 5 · merge_heads ------------------------------------------------------------------------------


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

# 6 · attention_weights ------------------------------------------------------------------------


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

# 7, 10, 11 · norms ----------------------------------------------------------------------------


def norm(x, gamma, beta, eps):
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(-1, keepdims=True) + eps) * gamma + beta


def invoke_norm(name: str):
    def invoke(student: Student, case: Case) -> Reply:
        x, gamma, beta, eps, dy = case.args
        dtype = case.args[0].dtype if isinstance(x, wire.Tensor) else x.dtype.name
        x = x if isinstance(x, wire.Tensor) else tensors.tensor(x, dtype, dy is not None)
        upstream = {} if dy is None else {"upstream": [sent(dy)]}
        parameters = [p if isinstance(p, wire.Tensor) else sent(p) for p in (gamma, beta)]
        given = [] if eps == EPS else [eps]  # a repair leaves its default as it was
        return answer(student.torch(name, [x, *parameters, *given], **upstream))

    return invoke


def norm_case(rng, shape, eps=EPS, offset=0.0, spread=2.0, dtype="float64", gradient=False, kind="", **more) -> Case:
    d = shape[-1]
    x = drawn(rng, *shape, spread=spread) + offset
    parts = [tensors.tensor(a, dtype, False) for a in (x, *gain(rng, d))]
    if dtype == "float64":
        parts = [x, *gain(rng, d)]
    dy = drawn(rng, *shape) if gradient else None
    words = f"x of shape {shape}{kind}"
    return case((*parts, eps, dy), words, GRADIENT if gradient else OUTPUT, **more)


def far_tokens(rng):
    out = [norm_case(rng, (3, 64), control=True)]
    either_side = np.array([[1.0], [-1.0], [-1.0], [1.0]])  # the mean of all tokens is of no help
    for c, allowed in ((1e3, 0.02), (1e4, 0.1)):
        kind = f" in float32 around {c:.0f} and {-c:.0f}"
        out.append(norm_case(rng, (4, 64), offset=c * either_side, spread=1.0, dtype="float32", kind=kind, atol=allowed, rtol=0.01))
    return out


def near_tokens(rng):
    return [
        norm_case(rng, (2, 3, 5), spread=0.1, any_dtype=False),  # so small that another default of ε shows
        norm_case(rng, (7,), eps=0.1, spread=0.5, kind=" with ε = 0.1"),
        norm_case(rng, (2, 3, 4), gradient=True),
        norm_case(rng, (2, 3, 6), dtype="float32", kind=" in float32", atol=1e-3, rtol=1e-3, any_dtype=False),
    ]


def sample_norm(x, gamma, beta, eps):
    """With d − 1 for d, as ``torch.var`` has it unless told otherwise."""
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt((centred**2).sum(-1, keepdims=True) / np.float64(x.shape[-1] - 1) + eps) * gamma + beta


def eps_outside(x, gamma, beta, eps):
    centred = x - x.mean(-1, keepdims=True)
    return centred / (np.sqrt((centred**2).mean(-1, keepdims=True)) + eps) * gamma + beta


def no_root(x, gamma, beta, eps):
    centred = x - x.mean(-1, keepdims=True)
    return centred / ((centred**2).mean(-1, keepdims=True) + eps) * gamma + beta


def over_everything(own_mean: bool) -> Callable:
    """One variance for the whole array, and perhaps one mean."""
    return lambda x, gamma, beta, eps: (x - (x.mean(-1, keepdims=True) if own_mean else x.mean())) / np.sqrt(x.var() + eps) * gamma + beta


# What the rest of a norm may become while its variance is mended.
SLIPS = [
    ("eps-outside-root", eps_outside),
    ("eps-ignored", lambda x, gamma, beta, eps: norm(x, gamma, beta, EPS)),
    ("eps-ignored", lambda x, gamma, beta, eps: norm(x, gamma, beta, 0.0)),
    *(("eps-ignored", lambda x, gamma, beta, eps, other=other: norm(x, gamma, beta, other)) for other in (1e-6, 1e-8, 1e-12)),
    ("root-missing", no_root),
    *(("over-everything", over_everything(own_mean)) for own_mean in (True, False)),
    ("parameters-ignored", lambda x, gamma, beta, eps: norm(x, 1.0, 0.0, eps)),
]
SLIP_HINTS = dict(
    eps_outside_root="ε is added to the spread, after the root. It belongs to the variance: the root of (variance + ε).",
    eps_ignored="ε is an argument, 1e-5 if it is not given; a fixed one stands in its place, or none.",
    root_missing="It is divided by the variance, and not by its root.",
    over_everything="The variance, or the mean too, runs over the whole array. Each token has its own: the last axis, `dim=-1, keepdim=True`.",
    parameters_ignored="γ and β have no effect any more.",
)
DDOF = (
    "The variance divides by d − 1. That is `torch.var`'s default; a token's features are all there is: `correction=0`, or "
    "`unbiased=False`."
)
FAST_LAYER_NORM = incident(
    "fast_layer_norm",
    "clinic-one-pass",
    invoke_norm("fast_layer_norm"),
    norm,
    ("Tokens far from zero keep their variance", far_tokens),
    ("Ordinary tokens, ε, gradients", near_tokens),
    [("ddof-1", sample_norm), *SLIPS],
    wrong(
        "clinic-one-pass",
        one_pass_variance="Around a large offset the digits cancel: mean(x²) − mean(x)² is a difference of two huge, nearly equal "
        "numbers. A `clamp` hides the negative ones and leaves the wrong ones. Subtract the mean first, then square.",
        ddof_1=DDOF,
        float64_result="The result came out wider than the input. Compute as wide as you like, and return `.to(x.dtype)`.",
        **SLIP_HINTS,
    ),
    "one-pass-variance",
)


def narrow_tokens(rng):
    out = [norm_case(rng, (3, 64), dtype="float32", control=True, atol=1e-4, rtol=1e-4)]
    for offset in (90.0, -110.0):
        kind = f" in bfloat16 around {offset:.0f}"
        out.append(
            norm_case(rng, (4, 64), offset=offset, dtype="bfloat16", kind=kind, atol=0.03, rtol=0.012, any_dtype=True)
        )
    return out


def wide_tokens(rng):
    return [
        norm_case(rng, (2, 3, 5), spread=0.1, dtype="float32", atol=1e-4, rtol=1e-4, any_dtype=False),
        norm_case(rng, (3, 16), dtype="bfloat16", atol=0.05, rtol=0.02, any_dtype=False, kind=" in bfloat16"),
        norm_case(rng, (4, 6), eps=0.1, spread=0.5, kind=" with ε = 0.1", any_dtype=False),
        norm_case(rng, (2, 3, 4), gradient=True),
        far_and_exact(rng),
    ]


def far_and_exact(rng) -> Case:
    """float32 tokens of 10,000 ± 1, of which one pass finds a variance of 0, in whatever order it adds."""
    x = np.array([[9999.0, 10001.0, 9999.0, 10001.0], [10001.0, 10001.0, 9999.0, 9999.0]])
    parts = [tensors.tensor(values, "float32", False) for values in (x, *gain(rng, 4))]
    return case((*parts, EPS, None), "float32 tokens of 10,000 ± 1", atol=1e-3, rtol=1e-3)


def variance_of_zero(x, gamma, beta, eps):
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(eps) * gamma + beta


def always_narrow(x, gamma, beta, eps):
    """Rounded to bfloat16, whatever came in."""
    mantissa, exponent = np.frexp(norm(x, gamma, beta, eps))
    return np.ldexp(np.round(mantissa * 2**8) / 2**8, exponent)


NARROW_LAYER_NORM = incident(
    "narrow_layer_norm",
    "clinic-bf16",
    invoke_norm("narrow_layer_norm"),
    norm,
    ("Statistics do not suffer from bfloat16", narrow_tokens),
    ("The result keeps the input's dtype", wide_tokens),
    [("one-pass-variance", variance_of_zero), ("fixed-dtype", always_narrow), ("ddof-1", sample_norm), *SLIPS],
    wrong(
        "clinic-bf16",
        low_precision_statistics="The statistics are still computed in bfloat16, which keeps 8 bits: a mean near 100 is rounded to "
        "multiples of 0.5. Convert x to float32 first, and only the result back.",
        float64_result="The result came out wider than the input. Compute in float32, and return `.to(x.dtype)`.",
        one_pass_variance="Far from zero the variance is lost, for float32 tokens that were right before: mean(x²) − mean(x)² is a "
        "difference of two huge, nearly equal numbers. Subtract the mean first, then square.",
        ddof_1=DDOF,
        **SLIP_HINTS,
    ),
    "low-precision-statistics",
)


def block_size(d: int) -> int:
    return 1 << (d - 1).bit_length()


def padded(count_mean: bool, count_deviation: bool, divisor: Callable):
    """A norm over a row that is padded with zeros to a power of two."""

    def forward(x, gamma, beta, eps):
        d = x.shape[-1]
        lanes = np.pad(x, [(0, 0)] * (x.ndim - 1) + [(0, block_size(d) - d)])
        mean = lanes.sum(-1, keepdims=True) / (block_size(d) if count_mean else d)
        centred = lanes - mean
        if not count_deviation:
            centred[..., d:] = 0.0
        variance = (centred**2).sum(-1, keepdims=True) / divisor(d)
        return (centred / np.sqrt(variance + eps))[..., :d] * gamma + beta

    return forward


def one_lane_too_many(x, gamma, beta, eps):
    """A mask that lets the first lane of the padding through."""
    d = x.shape[-1]
    mean = x.mean(-1, keepdims=True)
    variance = (((x - mean) ** 2).sum(-1, keepdims=True) + (mean**2 if block_size(d) > d else 0.0)) / d
    return (x - mean) / np.sqrt(variance + eps) * gamma + beta


def one_feature_too_few(everywhere: bool) -> Callable:
    """The mask ends before the last feature, in the variance or in the result, too."""

    def forward(x, gamma, beta, eps):
        centred = x - x.mean(-1, keepdims=True)
        masked = np.where(np.arange(x.shape[-1]) < x.shape[-1] - 1, centred, 0.0)
        return (masked if everywhere else centred) / np.sqrt((masked**2).mean(-1, keepdims=True) + eps) * gamma + beta

    return forward


def zeros_left_out(x, gamma, beta, eps):
    """A mask of what is not 0."""
    mean = x.mean(-1, keepdims=True)
    centred = np.where(x != 0, x - mean, 0.0)
    return centred / np.sqrt((centred**2).mean(-1, keepdims=True) + eps) * gamma + beta


def odd_widths(rng):
    out = [norm_case(rng, (3, d), offset=3.0) for d in (3, 5, 48, 100)]
    x = drawn(rng, 4, 7, spread=2.0) + 3.0
    x[:, 2] = x[:2, 5] = 0.0
    out.append(case((x, *gain(rng, 7), EPS, None), "x of shape (4, 7), in which some features are 0"))
    return [*out, norm_case(rng, (2, 3, 6), offset=-2.0, gradient=True)]


def even_widths(rng):
    return [
        norm_case(rng, (3, 8), offset=3.0, spread=0.1),
        norm_case(rng, (2, 2, 64), eps=0.1, spread=0.5, kind=" with ε = 0.1", any_dtype=False),
        norm_case(rng, (2, 3, 4), offset=1.0, gradient=True),
        far_and_exact(rng),
    ]


FUSED_LAYER_NORM = incident(
    "fused_layer_norm",
    "clinic-fusing",
    invoke_norm("fused_layer_norm"),
    norm,
    ("Any width", odd_widths),
    ("Widths that are powers of two, ε, gradients", even_widths),
    [
        ("padded-lanes", padded(False, True, lambda d: d)),
        ("padded-lanes", padded(False, True, block_size)),
        ("divided-by-block", padded(True, False, block_size)),
        ("divided-by-block", padded(False, False, block_size)),
        ("divided-by-block", padded(True, False, lambda d: d)),
        ("divided-by-block", padded(True, True, block_size)),
        ("padded-lanes", one_lane_too_many),
        ("one-pass-variance", variance_of_zero),
        ("zeros-for-padding", zeros_left_out),
        *(("feature-left-out", one_feature_too_few(everywhere)) for everywhere in (True, False)),
        ("ddof-1", sample_norm),
        *SLIPS,
    ],
    wrong(
        "clinic-fusing",
        padded_lanes="The padding still counts in the variance: a lane of 0 lies at −mean from the mean. Set the deviations of "
        "the padding to 0 before they are squared.",
        zeros_for_padding="A feature that is 0 was taken for padding. What is padding is told by the place: the lanes from d on.",
        one_pass_variance="The padding is out of the sums, but so are the digits: far from zero mean(x²) − mean(x)² is a difference of two "
        "huge, nearly equal numbers. Subtract the mean first, set the padding's deviations to 0, then square.",
        ddof_1=DDOF,
        feature_left_out="The last feature is taken for padding. The lanes from 0 to d − 1 hold features: `torch.arange(block) < d`.",
        **SLIP_HINTS,
        divided_by_block="A sum is divided by the block's size, or taken around the block's mean. There are d features, however "
        "many lanes the kernel has.",
    ),
)

# 8 · TokenNorm --------------------------------------------------------------------------------


def over_batch(x, gamma, beta, eps):
    axes = tuple(range(x.ndim - 1))
    centred = x - x.mean(axes)
    return centred / np.sqrt((centred**2).mean(axes) + eps) * gamma + beta


def invoke_token_norm(student: Student, case: Case) -> Reply:
    x, gamma, beta, dy = case.args
    upstream = {} if dy is None else {"upstream": [sent(dy)]}
    state = {"weight": sent(gamma), "bias": sent(beta)}
    given = [] if case.kwargs["eps"] == EPS else [case.kwargs["eps"]]  # a repair leaves its default as it was
    asked = {"build": [[x.shape[-1], *given], {}], "to": "float64", "state": state, "training": case.kwargs["training"]}
    reply = answer(student.torch("TokenNorm", [sent(x, dy is not None)], **asked, **upstream))
    return reading.with_sign(reply, ((r"no parameter called", "parameters-renamed"), (r"2 positional arguments but 3", "eps-ignored")))


def token_norm_case(rng, shape, training, gradient=False, eps=EPS, kind="", **more) -> Case:
    dy = drawn(rng, *shape) if gradient else None
    words = f"x of shape {shape} in {'training' if training else 'evaluation'}{kind}"
    judged = GRADIENT if gradient else OUTPUT
    kwargs = {"training": training, "eps": eps}
    return case((stream(rng, *shape), *gain(rng, shape[-1]), dy), words, judged, kwargs=kwargs, **more)


def in_evaluation(rng):
    shown = case((np.array([[4.0, 2.0]]), np.array([1.0, 2.0]), np.zeros(2), None), "x = (4, 2), γ = (1, 2), in evaluation",
                 kwargs={"training": False, "eps": EPS}, public=True)  # fmt: skip
    return [shown] + [token_norm_case(rng, shape, False) for shape in ((2, 3, 5), (4, 6))]


def in_training(rng):
    return [token_norm_case(rng, shape, True) for shape in ((2, 3, 5), (1, 4))] + [
        token_norm_case(rng, (3, 4), True, gradient=True),
        token_norm_case(rng, (2, 6), True, eps=0.1, kind=" with ε = 0.1"),
    ]


def whatever_mode(forward: Callable) -> Callable:
    return lambda *inputs, training, eps: forward(*inputs, eps)


TOKEN_NORM = incident(
    "TokenNorm",
    "clinic-eval-statistics",
    invoke_token_norm,
    whatever_mode(norm),
    ("Evaluation normalises each token too", in_evaluation),
    ("Training, ε, gradients", in_training),
    [
        ("running-statistics", whatever_mode(lambda x, gamma, beta, eps: x / np.sqrt(1 + eps) * gamma + beta)),
        ("running-statistics", whatever_mode(lambda x, gamma, beta, eps: (x - x.mean(-1, keepdims=True)) / np.sqrt(1 + eps) * gamma + beta)),
        ("batch-statistics", whatever_mode(over_batch)),
        *((name, whatever_mode(slip)) for name, slip in SLIPS),
        ("ddof-1", whatever_mode(sample_norm)),
    ],
    wrong(
        "clinic-eval-statistics",
        running_statistics="In evaluation the module still uses its running averages. LayerNorm keeps none: every token is "
        "normalised by itself, in training and after.",
        batch_statistics="The statistics run over the tokens of the batch, feature by feature. Over the last axis.",
        ddof_1=DDOF,
        parameters_renamed="The module's γ and β are called `weight` and `bias`, and are its own: the checkpoint finds them by these names.",
        **SLIP_HINTS | {"parameters_ignored": "γ and β have no effect any more. They belong to both modes."},
    ),
)

# 9 · weight_decays ----------------------------------------------------------------------------


SHOWN_NAMES = ("w", "norm.weight", "norm.bias")
LONG = 16  # a vector of so many entries has more of them than a matrix of three by three


ROW = "value_head.weight"  # a matrix of one row, as a head with one output has it


def shape_of(name: str, axes: int, public: bool) -> list[int]:
    if name == ROW:
        return [1, LONG]
    return [3] * axes if public or axes > 1 else [LONG]


def decays(axes, decay):
    return np.where(axes > 1, decay, 0.0)


def _is_number(value: object) -> bool:
    return type(value) in (int, float) or isinstance(value, np.number | np.ndarray) and value.ndim == 0 and value.dtype.kind in "fi"


def invoke_decays(student: Student, case: Case) -> Reply:
    axes, decay = case.args[:2]
    names = case.kwargs["names"]
    shapes = {name: shape_of(name, int(n), case.public) for name, n in zip(names, axes)}
    reply = student.call("weight_decays", shapes, decay)
    if reply.problem:
        return reply
    given = reply.value if isinstance(reply.value, dict) else None
    if given is None or set(given) != set(names) or not all(_is_number(v) for v in given.values()):
        said = "the result is not a dict with one number for each name"
        sign = "names-left-out" if given is not None else None
        return Reply(problem=said, brief=said, error_type=Kind.of(reply.value), sign=sign)
    found = tensors.tensor(np.array([float(given[name]) for name in names]), "float64")
    return Reply((found, tensors.tensor(np.zeros(0)), 0), changed=reply.changed)


def decays_case(rng, names: dict[str, int], **more) -> Case:
    axes = np.array(list(names.values()), dtype="float64")
    return case((axes, float(rng.uniform(0.01, 0.2)), None), f"{len(names)} parameters", kwargs={"names": tuple(names)}, **more)


def named_parameters(rng) -> dict[str, int]:
    names = {"embedding.weight": 2, "final_norm.weight": 1, "final_norm.bias": 1}
    for i in rng.choice(20, size=3, replace=False):
        names |= {f"blocks.{i}.norm1.weight": 1, f"blocks.{i}.norm1.bias": 1, f"blocks.{i}.attention.w_q": 2, f"blocks.{i}.up.bias": 1}
    return names


def all_parameters(rng):
    shown = Case((np.array([2.0, 1.0, 1.0]), 0.1, None), "w (3, 3), norm.weight (3,) and norm.bias (3,), decay 0.1", public=True, judged=OUTPUT,
                 kwargs={"names": SHOWN_NAMES}, any_dtype=True, may_change=True)  # fmt: skip
    odd = {"gain": 1, "normaliser.projection": 2, "position_bias": 2, "scale": 1, "ln_f.weight": 1, "head.weight": 2}
    return [shown, decays_case(rng, named_parameters(rng), control=True), decays_case(rng, odd)]


def matrices_alone(rng):
    names = {f"blocks.{i}.{part}": 2 for i in rng.choice(20, size=3, replace=False) for part in ("w_q", "w_k", "up.weight")}
    return [decays_case(rng, names), decays_case(rng, {"kernel": 4, ROW: 2, "head.weight": 2})]


def by_name(names_with: tuple[str, ...]):
    return lambda axes, decay, names: np.array([0.0 if any(part in name for part in names_with) else decay for name in names])


def by_size(most: int) -> Callable:
    """More entries than that, and it decays."""

    def forward(axes, decay, names):
        sizes = [math.prod(shape_of(name, int(n), names == SHOWN_NAMES)) for name, n in zip(names, axes)]
        return np.where(np.array(sizes) > most, decay, 0.0)

    return forward


def plain(forward: Callable) -> Callable:
    """Without names: these look at the number of axes only."""
    return lambda axes, decay, names: forward(axes, decay)


WEIGHT_DECAYS = incident(
    "weight_decays",
    "clinic-weight-decay",
    invoke_decays,
    plain(decays),
    ("Gains and biases do not decay", all_parameters),
    ("Matrices decay", matrices_alone),
    [
        *(("size-for-axes", by_size(most)) for most in (3, 8)),
        ("decay-on-norms", plain(lambda axes, decay: np.full(axes.shape, decay))),
        ("biases-forgotten", by_name(("norm",))),
        ("biases-forgotten", by_name(("norm1", "norm2", "final_norm"))),
        ("biases-forgotten", by_name(("norm.weight", "norm1.weight", "norm2.weight"))),
        ("gains-forgotten", by_name(("bias",))),
        ("nothing-decays", plain(lambda axes, decay: np.zeros(axes.shape))),
        ("decay-exchanged", plain(lambda axes, decay: np.where(axes > 1, 0.0, decay))),
        ("two-axes-only", plain(lambda axes, decay: np.where(axes == 2, decay, 0.0))),
        ("row-forgotten", lambda axes, decay, names: np.where((axes > 1) & [name != ROW for name in names], decay, 0.0)),
    ],
    wrong(
        "clinic-weight-decay",
        decay_on_norms="Every parameter still decays. Decay pulls γ towards 0, and the norm after it cannot take that back.",
        biases_forgotten="The norms' own parameters are spared, other vectors are not. All vectors: gains and biases.",
        gains_forgotten="Biases are spared, gains are not. It is the γ of the norms that the report is about.",
        nothing_decays="Now nothing decays. Matrices should.",
        decay_exchanged="The two are exchanged: vectors decay and matrices do not. Vectors should not, matrices should.",
        two_axes_only="A weight with more than two axes, such as that of a convolution, does not decay. What is spared is a vector: one "
        "axis.",
        row_forgotten="A matrix of one row, such as the weight of a head with one output, does not decay. It has two axes, as every matrix has: "
        "`len(shape)`.",
        names_left_out="The dict lacks a name, or holds something that is no number. Every name has its decay; where nothing decays it is "
        "0.0.",
        size_for_axes="The choice goes by the number of entries. A long vector has more of them than a small matrix; what tells them apart is "
        "the number of axes, `len(shape)`.",
        names_for_shapes="The choice goes by parts of the names, which fails where a gain is called `gain` or a matrix belongs to a "
        "`normaliser`. What tells them apart is the shape: vectors do not decay, matrices do.",
    ),
    "names-for-shapes",
)

QUIZ = Quiz(
    name="quiz_6_block_clinic",
    variable="causes",
    questions=(
        Question(
            "q1", "c",
            {
                "a": "A head that starts too large gives a loss that is wrong for every depth alike. Here it grows with depth.",
                "b": "Dropout in evaluation makes the loss noisy, not larger with depth.",
                "d": "Without norms in the blocks the branches would grow as well, and the loss explode, not grow like a root.",
            },
            "clinic-final-norm",
        ),
        Question(
            "q2", "a",
            {
                "b": "Sharing would leave one γ without a gradient. Here both have one.",
                "c": "At the start γ = 1: a decay has had no time to act.",
                "d": "The scale of attention's scores changes what a branch adds, not the size of the stream that passes it by.",
            },
            "clinic-norm-on-residual",
        ),
        Question(
            "q3", "d",
            {
                "a": "A frozen parameter has requires_grad = False; the log shows True.",
                "b": "A dead activation would silence the feed-forward network's weights as well.",
                "c": "A learning rate of zero for a group would still leave a gradient.",
            },
            "clinic-shared-norm",
        ),
        Question(
            "q4", "b",
            {
                "a": "Post-norm would pin the stream itself to a root mean square of 1, not what is added to it.",
                "c": "A missing residual would leave nothing of the input.",
                "d": "A large ε would give less than 1, and not the same figure for every token.",
            },
            "clinic-res-post",
        ),
        Question(
            "q5", "b",
            {
                "a": "Then the model would see the future at every length; here a single head is right.",
                "c": "Rotary positions act on queries and keys, before the heads are put together.",
                "d": "A wrong output map would be wrong with one head, too.",
            },
            "clinic-transpose",
        ),
        Question(
            "q6", "a",
            {
                "b": "Without a mask the last row would not be the only one that is right: no row would be.",
                "c": "A missing scale makes the weights sharper; they still add up to 1.",
                "d": "Over the wrong axis the columns would add up to 1, and here they do not either.",
            },
            "clinic-mask",
        ),
        Question(
            "q7", "d",
            {
                "a": "ε is 1e-5; a variance of −8 is no matter of ε.",
                "b": "An overflow gives inf. Squares of 1e4 are far from float32's end.",
                "c": "Dividing by d − 1 is off by the same small factor everywhere, at any offset.",
            },
            "clinic-one-pass",
        ),
        Question(
            "q8", "c",
            {
                "a": "Dropout is off in evaluation, and would not make the output depend on what was seen before.",
                "b": "Gradients are not needed for an output; no_grad changes no value.",
                "d": "The weights in the checkpoint are those of training: in training mode the same weights give the right loss.",
            },
            "clinic-eval-statistics",
        ),
        Question(
            "q9", "a",
            {
                "b": "A warm-up ends; here γ falls all the way, at a steady rate.",
                "c": "Gradients of γ are not zero: the fall is faster than what they explain.",
                "d": "Rounding in bfloat16 would stop small updates, not push γ down.",
            },
            "clinic-weight-decay",
        ),
        Question(
            "q10", "d",
            {
                "a": "bfloat16 has float32's range: nothing overflows at 100.",
                "b": "Beside a variance of 4 an ε of 1e-5 changes the output by a millionth, whether it is lost or not.",
                "c": "γ multiplies after the statistics; its rounding is below 1 % of each output.",
            },
            "clinic-bf16",
        ),
        Question(
            "q11", "b",
            {
                "a": "A wrong stride would read other tokens' features, with any width.",
                "c": "A race between threads gives other numbers at each run.",
                "d": "In float64 the figure is the same, so it is not rounding.",
            },
            "clinic-fusing",
        ),
    ),
)  # fmt: skip

TOPIC = Topic(
    stem="6_block_clinic",
    exercises=(
        MIGRATED_MODEL,
        REFACTORED_BLOCK,
        COMPACT_BLOCK,
        SPECIFIED_BLOCK,
        MERGE_HEADS,
        ATTENTION_WEIGHTS,
        FAST_LAYER_NORM,
        TOKEN_NORM,
        WEIGHT_DECAYS,
        NARROW_LAYER_NORM,
        FUSED_LAYER_NORM,
    ),
    quiz=QUIZ,
    rules=Rules(
        forbidden=("tensorflow", "keras", "jax", "flax", "transformers"),
        libraries=("torch",),
        operators=("scaled_dot_product_attention", "_native_multi_head_attention", "_transformer_encoder_layer_fwd"),
    ),
    prelude="import torch\nfrom torch import nn\nfrom torch.nn import functional as F",
)
