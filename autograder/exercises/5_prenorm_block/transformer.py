"""``Transformer``: cases, checks and misconceptions."""

import numpy as np

from autograder.exercise import Case, Check, Exercise
from autograder.exercises.block_parts import (
    COUNT,
    GRADIENT,
    OUTPUT,
    OUTPUTS,
    InTraining,
    answer,
    bent,
    case,
    drawn,
    gain,
    judged_by,
    layer_norm,
    matrix,
    sent,
    stock_map,
    stock_norm,
    stream,
    suspects,
)
from autograder.exercises.misconceptions import common, in_section, named, random_acts
from autograder.exercises.second_call import SecondCall, once_only, run, second_call
from autograder.exercises.wrong_parts import alone, together
from autograder.student import Reply, Student

from .parts import GRAPH_CUT, NORM_REPLACED, NOT_REGISTERED, SAVED_IN_PLACE

TRANSFORMER_MISCONCEPTIONS = (
    common("final-norm")
    | named(random_acts("final-norm"), once_only("final-norm"), GRAPH_CUT, SAVED_IN_PLACE, NOT_REGISTERED, NORM_REPLACED)
    | in_section(
        "final-norm",
        {
            "module-list-called": "`nn.ModuleList` only keeps the blocks; it can't be called. Go through it, `for block in "
            "self.blocks: x = block(x)`, or use `nn.Sequential(*blocks)`.",
            "final-norm-twice": "The final norm is applied twice at the end, perhaps once in the stack and once after it. With γ "
            "and β of its own, a second time changes the result.",
            "blocks-side-by-side": "Every block reads the input, and what they give is summed. They run one after another: x = "
            "block(x).",
            "final-norm-missing": "The stream leaves without the final norm. In pre-norm nothing inside the blocks normalises "
            "the stream itself, so its scale at the end depends on the depth.",
            "norm-first": "The norm stands before the blocks. It is a final norm: after the last one.",
            "norm-after-every-block": "The final norm is applied after every block, which puts it on the residual stream at each "
            "step. Apply it once, after the last block.",
            "return-in-loop": "`return` stands inside the loop, which therefore ends after the first block. Indent it no further "
            "than the `for`.",
            "norm-before-every-block": "The final norm is applied before every block, which erases what the stream has gathered. "
            "Each block has norms of its own; this one comes once, after the last.",
            "same-block-repeated": "The same block runs every time. Run each of `blocks` once, in order.",
            "blocks-reversed": "The blocks run from the last to the first.",
            "blocks-not-chained": "Every block reads the input anew, or what it gives is dropped. Each reads what the one before "
            "it gave: x = block(x).",
            "block-skipped": "A block at one end of the list does not run.",
            "needs-blocks": "It fails where the list of blocks is empty or has one entry. With none the result is the norm of x.",
        },
    )
    | in_section(
        "residual-stream",
        {
            "residual-around-blocks": "x is added around each block, or around all of them, or after the norm. A block already "
            "adds to the stream inside.",
        },
    )
)


def all_blocks(x, weights, norm):
    for weight in weights:
        x = bent(x, weight)
    return x


def stack(
    read=lambda x, norm: x,
    blocks=all_blocks,
    norm=layer_norm,
    end=lambda y, norm, x: norm(y),
):
    """Return the stack of blocks with its final norm, or what wrong parts make of it."""

    def forward(x, weights, gamma, beta):
        def final(t):
            return norm(t, gamma, beta)

        return end(blocks(read(x, final), weights, final), final, x)

    return forward


transformer = stack()


def norm_after_each(x, weights, norm):
    for weight in weights:
        x = norm(bent(x, weight))
    return x


def norm_before_each(x, weights, norm):
    for weight in weights:
        x = bent(norm(x), weight)
    return x


def residual_around(x, weights, norm):
    for weight in weights:
        x = x + bent(x, weight)
    return x


def no_norm(y, norm, x):
    return y


# (misconception, what stands in place of the right parts)
WRONG_PARTS = (
    ("final-norm-missing", {"end": no_norm}),
    ("norm-first", {"read": lambda x, norm: norm(x), "end": no_norm}),
    ("norm-first", {"read": lambda x, norm: norm(x)}),
    ("norm-after-every-block", {"blocks": norm_after_each, "end": no_norm}),
    ("norm-after-every-block", {"blocks": norm_after_each}),
    ("norm-before-every-block", {"blocks": norm_before_each}),
    ("residual-around-blocks", {"blocks": residual_around}),
    ("residual-around-blocks", {"end": lambda y, norm, x: norm(x + y)}),
    ("residual-around-blocks", {"end": lambda y, norm, x: x + norm(y)}),
    ("norm-replaced", {"norm": lambda t, gamma, beta: layer_norm(t, 1.0, 0.0)}),
    ("final-norm-twice", {"end": lambda y, norm, x: norm(norm(y))}),
    ("blocks-side-by-side", {"blocks": lambda x, ws, norm: np.asarray(sum(bent(x, w) for w in ws))}),
    ("blocks-side-by-side", {"blocks": lambda x, ws, norm: x + sum(bent(x, w) for w in ws)}),
    ("return-in-loop", {"blocks": lambda x, ws, norm: bent(x, ws[0])}),  # without blocks the loop gives None
    *(("same-block-repeated", {"blocks": lambda x, ws, norm, i=i: all_blocks(x, [ws[i]] * len(ws), norm)}) for i in (0, -1)),
    ("blocks-not-chained", {"blocks": lambda x, ws, norm: x}),
    ("blocks-not-chained", {"blocks": lambda x, ws, norm: all_blocks(x, ws[-1:], norm)}),
    ("blocks-reversed", {"blocks": lambda x, ws, norm: all_blocks(x, ws[::-1], norm)}),
    ("block-skipped", {"blocks": lambda x, ws, norm: all_blocks(x, ws[:-1], norm)}),
    ("block-skipped", {"blocks": lambda x, ws, norm: all_blocks(x, ws[1:], norm)}),
)


def transformer_parameters(x, weights, gamma, beta) -> int:
    return weights.size + gamma.size + beta.size


def imitation(**parts):
    return judged_by(stack(**parts), transformer_parameters)


def invoke_transformer(student: Student, case: Case) -> Reply:
    x, weights, gamma, beta, dy = case.args
    parts = [[stock_map("bent", weight) for weight in weights], stock_norm(gamma, beta)]
    upstream = {} if dy is None else {"upstream": [sent(dy)]}
    asked = {"build": [parts, {}], "to": "float64", "count": True, "training": isinstance(case, InTraining)}
    return answer(run(student, isinstance(case, SecondCall), "Transformer", sent(x, dy is not None), **asked, **upstream))


def transformer_case(rng, shape, depth, judged=OUTPUT, kind="", **more) -> Case:
    d = shape[-1]
    weights = np.array([matrix(rng, d) * 2 for _ in range(depth)]).reshape(depth, d, d)
    dy = drawn(rng, *shape) if judged == GRADIENT else None
    words = f"x of shape {shape}, {depth} block{'s' * (depth != 1)}{kind}"
    return case((stream(rng, *shape), weights, *gain(rng, d), dy), words, judged, **more)


def transformer_values(rng):
    weights = np.array([np.eye(2), [[0.0, 1.0], [1.0, 0.0]], [[1.0, 1.0], [0.0, 1.0]]])
    shown = case((np.array([[1.0, 0.5]]), weights, np.array([1.0, 2.0]), np.zeros(2), None), "the worked example", public=True)
    out = [shown] + [transformer_case(rng, shape, depth) for shape, depth in (((2, 3, 5), 3), ((4, 6), 2), ((2, 3, 4), 4))]
    return [*out, second_call(transformer_case(rng, (2, 3, 5), 2))]


def transformer_depths(rng):
    return [transformer_case(rng, (3, 5), 3, control=True)] + [transformer_case(rng, (3, 5), depth) for depth in (1, 0, 6)]


def transformer_gradient(rng):
    out = [transformer_case(rng, (3, 5), 3, control=True)]
    return out + [transformer_case(rng, shape, depth, GRADIENT) for shape, depth in (((2, 3, 4), 3), ((3, 5), 2))]


def transformer_registered(rng):
    kind = " and the number of parameters"
    return [transformer_case(rng, (3, 5), depth, OUTPUT + COUNT, kind) for depth in (3, 2)]


TRANSFORMER = Exercise(
    name="Transformer",
    functions=("Transformer",),
    outputs=OUTPUTS,
    invoke=invoke_transformer,
    reference=judged_by(transformer, transformer_parameters),
    section="final-norm",
    checks=(
        Check("values", "All blocks in order, then the final norm", 2, "final-norm", transformer_values),
        Check("depths", "Any depth, none too", 1, "final-norm", transformer_depths, "needs-blocks"),
        Check("gradient", "The gradient reaches x", 1, "gradients-by-depth", transformer_gradient, "graph-cut"),
        Check("registered", "All parts are registered", 1, "block-spec", transformer_registered),
    ),
    suspects=alone(imitation, WRONG_PARTS)
    + suspects([("not-registered", transformer)], lambda x, weights, gamma, beta: gamma.size + beta.size)
    + suspects([("not-registered", transformer)], lambda x, weights, gamma, beta: weights.size)
    + suspects([("not-registered", transformer)])
    + together(imitation, WRONG_PARTS),
    misconceptions=TRANSFORMER_MISCONCEPTIONS,
)
