"""``FeedForward``: cases, checks and misconceptions."""

import re
from dataclasses import replace

import numpy as np

from autograder.exercise import Case, Check, Exercise
from autograder.exercises.block_parts import (
    GRADIENT,
    OUTPUT,
    OUTPUTS,
    answer,
    case,
    drawn,
    gelu,
    judged_by,
    matrix,
    plain_norm,
    sent,
    unchanged,
)
from autograder.exercises.misconceptions import common, in_section, named, random_acts
from autograder.exercises.second_call import SecondCall, once_only, run, second_call
from autograder.exercises.wrong_parts import alone, together
from autograder.student import Reply, Student

from .parts import GRAPH_CUT, NORM_INSIDE, SAVED_IN_PLACE

FEED_FORWARD_MISCONCEPTIONS = (
    common("feed-forward")
    | named(random_acts("feed-forward"), once_only("feed-forward"), GRAPH_CUT, SAVED_IN_PLACE, NORM_INSIDE)
    | in_section(
        "feed-forward",
        {
            "parts-renamed": "The two maps are called `up` and `down`, and are attributes of the module itself, so that their "
            "weights can be set from outside: `self.up = nn.Linear(d, hidden)`, `self.down = nn.Linear(hidden, d)`.",
            "activation-missing": "There is no GELU between the two linear maps, so together they are one linear map and the "
            "hidden width buys nothing.",
            "activation-last": "GELU comes after the second map. It belongs between the two; what the network adds to the stream "
            "has no bound below.",
            "activation-first": "GELU comes before the first map. It belongs between the two.",
            "relu-for-gelu": "This is ReLU. The contract has GELU, which lets small negative values through.",
            "gelu-wrong": "Between the two maps stands a function that is not GELU. GELU is h · Φ(h) = h · (1 + erf(h/√2)) / 2; "
            "`F.gelu` has it.",
            "down-missing": "The second map is missing: what comes back has the hidden width. `down` brings it back to d, the "
            "stream's width.",
            "bias-missing": "A map has no bias, or was applied without it: h @ weight.T + bias, or call the `nn.Linear` itself.",
            "hidden-fixed": "The hidden width is always 4·d. It is an argument: `nn.Linear(d, hidden)`.",
        },
    )
    | in_section(
        "shapes-m-by-d",
        {
            "shape-lost": "The result keeps the shape (tokens, d) that x was reshaped to. Bring it back to x's: "
            "`.reshape(x.shape)`. A linear map takes any number of axes before the last, so no reshape is needed.",
        },
    )
    | in_section(
        "residual-stream",
        {
            "residual-inside": "x is added to the result. The residual belongs to the block, which decides where the norm goes.",
        },
    )
)


def linear(h, weight, bias):
    return h @ weight.T + bias


def without_bias(h, weight, bias):
    return h @ weight.T


def network(read=unchanged, up=linear, activation=gelu, down=linear, end=lambda y, x: y):
    """Return the feed-forward network, or what wrong parts make of it."""

    def forward(x, w_up, b_up, w_down, b_down):
        return end(down(activation(up(read(x), w_up, b_up)), w_down, b_down), x)

    return forward


# (misconception, what stands in place of the right parts)
WRONG_PARTS = (
    ("activation-missing", {"activation": unchanged}),
    ("activation-last", {"activation": unchanged, "end": lambda y, x: gelu(y)}),
    ("activation-last", {"end": lambda y, x: gelu(y)}),
    ("activation-first", {"read": gelu, "activation": unchanged}),
    ("activation-first", {"read": gelu}),
    ("gelu-wrong", {"activation": lambda h: 1 / (1 + np.exp(-h))}),
    ("gelu-wrong", {"activation": np.tanh}),
    ("gelu-wrong", {"activation": lambda h: h / (1 + np.exp(-1.702 * h))}),  # an approximation, too coarse
    ("gelu-wrong", {"activation": lambda h: h / 2 * (1 + np.tanh((2 / np.pi) ** 0.5 * (h + 0.44715 * h**3)))}),  # for 0.044715
    ("gelu-wrong", {"activation": lambda h: np.where(h < 0, np.expm1(np.minimum(h, 0)), h)}),  # ELU
    ("gelu-wrong", {"activation": lambda h: np.log1p(np.exp(h))}),  # softplus
    ("gelu-wrong", {"activation": lambda h: gelu(gelu(h))}),
    ("gelu-wrong", {"activation": lambda h: np.where(h < 0, 0.01 * h, h)}),  # leaky ReLU
    ("relu-for-gelu", {"activation": lambda h: np.maximum(h, 0)}),
    ("gelu-wrong", {"activation": lambda h: 2 * gelu(h)}),
    ("gelu-wrong", {"activation": lambda h: gelu(h * 2**0.5) / 2**0.5}),  # √2 is missing
    ("gelu-wrong", {"activation": lambda h: gelu(h) / h}),  # Φ(h) alone
    ("gelu-wrong", {"activation": lambda h: gelu(h) - h / 2}),  # 1 + is missing
    ("gelu-wrong", {"activation": lambda h: h / (1 + np.exp(-h))}),  # SiLU
    ("gelu-wrong", {"activation": lambda h: np.minimum(gelu(h), 6)}),  # a bound above, as ReLU6 has it
    ("down-missing", {"down": lambda h, weight, bias: h}),
    ("shape-lost", {"end": lambda y, x: y.reshape(-1, y.shape[-1])}),
    ("bias-missing", {"up": without_bias}),
    ("bias-missing", {"down": without_bias}),
    ("bias-missing", {"up": without_bias, "down": without_bias}),
    ("residual-inside", {"end": lambda y, x: x + y}),
    ("norm-inside", {"read": plain_norm}),
    ("norm-inside", {"activation": lambda h: gelu(plain_norm(h))}),
    ("norm-inside", {"end": lambda y, x: plain_norm(x + y)}),
    ("norm-inside", {"end": lambda y, x: plain_norm(y)}),
)


def imitation(**parts):
    return judged_by(network(**parts))


def invoke_feed_forward(student: Student, case: Case) -> Reply:
    x, w_up, b_up, w_down, b_down, dy = case.args
    upstream = {} if dy is None else {"upstream": [sent(dy)]}
    state = {"up.weight": sent(w_up), "up.bias": sent(b_up), "down.weight": sent(w_down), "down.bias": sent(b_down)}
    build = [[x.shape[-1], w_up.shape[0]], {}]
    asked = {"build": build, "to": "float64", "state": state}
    reply = answer(run(student, isinstance(case, SecondCall), "FeedForward", sent(x, dy is not None), **asked, **upstream))
    missing = re.search(r"no parameter called `(\w+)\.(\w+)`; it has (.*)", reply.problem or "")
    if not missing:
        return reply
    _, kind, others = missing.groups()
    return replace(reply, sign="bias-missing" if kind == "bias" and "up.weight" in others else "parts-renamed")


def feed_forward_case(rng, shape, hidden, gradient=False, **more) -> Case:
    d = shape[-1]
    # Large enough that GELU, ReLU and no activation are far apart, and GELU's two forms are not.
    weights = (matrix(rng, d, hidden), drawn(rng, hidden), matrix(rng, hidden, d), drawn(rng, d))
    args = (drawn(rng, *shape, spread=1.5), *weights, drawn(rng, *shape) if gradient else None)
    words = f"x of shape {shape}, hidden width {hidden}"
    return case(args, words, GRADIENT if gradient else OUTPUT, **({"atol": 5e-3, "rtol": 1e-3} | more))


def feed_forward_values(rng):
    x = np.array([[1.0, -1.0]])
    up = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [2.0, -1.0]] + 4 * [[0.0, 0.0]])  # 8 = 4·2: another width is `width`'s to ask
    down = np.array([[1.0, 1.0, 0.0, 0.0] + 4 * [0.0], [0.0, 0.0, 1.0, 1.0] + 4 * [0.0]])
    weights = (up, np.array([0.0, 0.0, 1.0] + 5 * [0.0]), down, np.array([0.5, -0.5]))
    shown = case((x, *weights, None), "the worked example", public=True, atol=5e-3)
    out = [shown] + [feed_forward_case(rng, (*lead, d), 4 * d) for lead, d in (((2, 3), 5), ((4,), 6), ((2, 1, 3), 3))]
    loud = feed_forward_case(rng, (3, 5), 20)
    loud = replace(loud, args=(20 * loud.args[0], *loud.args[1:]), words=f"{loud.words}, large x")
    return [*out, loud, second_call(feed_forward_case(rng, (2, 3, 5), 20))]


def feed_forward_widths(rng):
    return [feed_forward_case(rng, (3, 5), 20, control=True)] + [
        feed_forward_case(rng, (3, d), hidden) for d, hidden in ((5, 7), (6, 11), (4, 1))
    ]


def feed_forward_gradient(rng):
    out = [feed_forward_case(rng, (3, 5), 20, control=True)]
    return out + [feed_forward_case(rng, shape, 4 * shape[-1], gradient=True) for shape in ((2, 3, 4), (3, 5))]


FEED_FORWARD = Exercise(
    name="FeedForward",
    functions=("FeedForward",),
    outputs=OUTPUTS,
    invoke=invoke_feed_forward,
    reference=imitation(),
    section="feed-forward",
    checks=(
        Check("values", "Up, GELU, down", 2, "feed-forward", feed_forward_values),
        Check("width", "The hidden width is an argument", 1, "feed-forward", feed_forward_widths, "hidden-fixed"),
        Check("gradient", "The gradient reaches x", 1, "gradients-by-depth", feed_forward_gradient, "graph-cut"),
    ),
    suspects=alone(imitation, WRONG_PARTS) + together(imitation, WRONG_PARTS),
    misconceptions=FEED_FORWARD_MISCONCEPTIONS,
)
