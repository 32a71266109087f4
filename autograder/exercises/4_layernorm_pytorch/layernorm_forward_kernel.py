"""``layernorm_forward_kernel``: cases, checks and misconceptions."""

from collections.abc import Callable

import numpy as np

from autograder.exercise import Check, Exercise, Output, Suspect
from autograder.exercises.misconceptions import common, in_section
from autograder.exercises.norm_names import NORMS
from autograder.exercises.norm_parts import deviation, tokens, variance
from autograder.exercises.wrong_parts import alone, together
from autograder.student import Reply, Student

from .forward_parts import (
    AFFINE,
    BETA,
    COMMON_STATISTICS,
    EXAMPLE,
    FORMULAS,
    STATISTICS,
    affine_first,
    fixed_eps,
    scaled_and_shifted,
    scaled_first,
    statistics,
    y_by,
)
from .kernel_parts import (
    COUNTS,
    PARAMETERS_BY_ROW,
    SENTINEL,
    WRONG_ROWS,
    blank,
    first_row_only,
    forward_lanes,
    guarded,
    lane_parts,
    no_place,
    one_place,
    parameters_alike,
    room,
    rows_behind,
    table,
    the_row,
    vector,
)
from .launches import (
    LANES,
    NARROWER,
    NOT_ZERO,
    OUTSIDE,
    OUTSIDE_ALONE,
    ROWS,
    STORED,
    Launch,
    filled,
    launched,
    met,
    narrowed,
    strayed,
    with_verdicts,
)
from .parts import EPS, FAIR, GAMMA, ROUGH, TOKENS, Pass, parameters

FORWARD_KERNEL = (
    common("triton-forward")
    | FORMULAS
    | LANES
    | in_section(
        "triton-forward",
        {
            "statistics-not-stored": "mean or rstd was not written for every row. The backward needs both: `tl.store(mean + "
            "row, …)`.",
            "program-times-block": "The program's number was multiplied by BLOCK, as it is where programs share one long "
            "vector. Here a program has a row: `tl.program_id(0)` is the row's number, and row i begins at pointer + i·stride.",
            "row-compared-with-n": "The row's number was compared with n, which counts the features, so rows from n on were "
            "left out. There is a program for every row and for no other: none has to look whether its row is there.",
            "mean-of-another": "What was stored as mean is not the mean of the row that was loaded. That of the deviations is "
            "0, and the mean of their squares is the variance: store the number that you subtracted.",
            "rstd-is-std": "In rstd's place stands something else that is made of the variance, in y or in what is stored: the "
            "standard deviation, the variance, or its reciprocal. rstd is 1/√(variance + ε).",
            "program-id-ignored": "Only the first row was written. `tl.program_id(0)` says which row a program works on; and "
            "the mask compares the columns alone with n, `columns < n`, in every row.",
        },
    )
    | in_section(
        "padding-trap",
        {
            "where-exchanged": "`tl.where(condition, a, b)` is a where the condition holds, and b elsewhere. Here the features "
            "became 0, and the surplus lanes kept their deviations.",
        },
    )
)


def forward_case(
    rng, m, n, block, kind="", *, gap=(0, 0), location=None, spread=None, eps=EPS, name="float32", **more
) -> Launch:
    """args: (x, weight, bias, ε, rows, n, block, y's stride). gap: the strides of x and y are so much more than n."""
    weight, bias = parameters(rng, n)
    x = table(tokens(rng, (m, n), location, spread), n + gap[0], block, name)
    width = max(n + gap[0], n + gap[1], block)
    vectors = (vector(values, m, width, name, block) for values in (weight, bias))
    args = (x, *vectors, eps, m, n, block, n + gap[1])
    more = {"atol": 1e-4, "rtol": 1e-4, "any_dtype": True} | more
    return Launch(args, f"{m} rows of {n} features, BLOCK = {block}{kind}", **more)


def shown_forward(judged: tuple, name="float32", **more) -> Launch:
    args = (table(TOKENS, 4, 4, name), vector(GAMMA, 2, 4, name), vector(BETA, 2, 4, name), EPS, 2, 4, 4, 4)
    words = EXAMPLE if name == "float32" else f"{EXAMPLE} in {name}"
    return Launch(args, words, public=True, judged=judged, atol=1e-4, rtol=1e-4, any_dtype=True, **more)


def invoke_forward(student: Student, item: Launch) -> Reply:
    x, weight, bias, eps, m, n, block, y_stride = item.args
    x_stride = x.raw.shape[1]
    y = blank(m + rows_behind(m, block, y_stride), y_stride, name=x.dtype)
    average = blank(room(m, x_stride, y_stride, block))
    args = [x, y, weight, bias, average, average, x_stride, y_stride, n, eps]
    parts = [(m, n), (m, n), (n, 1), (n, 1), (m, 1), (m, 1)]
    reply = launched(student, LAYERNORM_FORWARD_KERNEL.name, item, args, m, block, [1, 4, 5], parts)
    buffers = filled(reply, [y, average, average])
    if isinstance(buffers, Reply):
        return buffers
    rows, outside = guarded(buffers[0], m, n)
    (averages, beyond), (reciprocals, further) = (guarded(b[:, None], m, 1) for b in buffers[1:])
    values = rows, averages[:, 0], reciprocals[:, 0], np.int64(outside + beyond + further)
    return Reply((*values, strayed(reply), met(reply)), sign=reply.sign)


def row_mean(p: Pass) -> np.ndarray:
    return p.x.mean(axis=-1)


def rstd_of(p: Pass) -> np.ndarray:
    return 1 / p.s[..., 0]


def forward_tables(y=None, affine=scaled_and_shifted, rstd=rstd_of, stored=row_mean, **steps) -> Callable:
    """Return what the forward kernel writes, or one in which some parts are others; steps: of the statistics."""
    normalised, y = statistics(**steps), y or y_by(affine)

    def run(x, weight, bias, eps, m, n, block, y_stride) -> tuple:
        x = x[:m, :n]
        xhat, s = normalised(x, eps)
        p = Pass(x, weight[:n], bias[:n], x, x, xhat, s, eps)
        return y(p), stored(p), rstd(p) * np.ones(m), 0, 0

    return run


def forward_rows(rng):
    return [shown_forward(ROWS)] + [forward_case(rng, m, n, n, judged=ROWS) for m, n in ((3, 8), (1, 16), (5, 64))]


def forward_compiled(rng):
    return [
        shown_forward(ROWS, compiled=True),
        # Another type of the rows is another kernel to the compiler. How exact it is has a check of its own.
        shown_forward(OUTSIDE_ALONE, "bfloat16", compiled=True),
        forward_case(rng, 3, 8, 8, judged=ROWS, compiled=True),
    ]


def forward_statistics(rng):
    return [shown_forward(STORED)] + [forward_case(rng, m, n, n, judged=STORED) for m, n in ((3, 8), (5, 16))]


def forward_padding(rng):
    out = [forward_case(rng, 3, 16, 16, control=True)]
    return out + [
        forward_case(rng, m, n, block, gap=(gap, gap))
        for m, n, block, gap in ((3, 5, 8, 1), (4, 3, 4, 1), (3, 768, 1024, 300), (2, 100, 128, 3), (3, 7, 16, 20))
    ]


def forward_undefined(rng):
    return [forward_case(rng, m, n, block, NOT_ZERO, undefined=True) for m, n, block in NARROWER]


def forward_strides(rng):
    out = [forward_case(rng, 3, 16, 16, control=True)]
    return out + [
        forward_case(rng, m, n, n, f", strides {n + a} and {n + b}", gap=(a, b), races=True)
        for m, n, a, b in ((3, 8, 3, 0), (3, 8, 0, 5), (4, 16, 7, 2))
    ]


def forward_halves(rng):
    return [
        forward_case(rng, 3, 8, 8, control=True),
        forward_case(
            rng,
            3,
            32,
            32,
            " in float16, several hundred",
            location=600.0,
            spread=300.0,
            name="float16",
            judged=ROWS,
            **FAIR,
        ),
        forward_case(
            rng,
            4,
            32,
            32,
            " in bfloat16, around 100",
            location=100.0,
            spread=1.0,
            name="bfloat16",
            judged=ROWS,
            **ROUGH,
        ),
        forward_case(rng, 4, 8, 8, " in bfloat16", name="bfloat16", judged=ROWS, **ROUGH),
        # What is stored is in float32, so it is as exact as that.
        *(
            forward_case(rng, 4, 16, 16, f" in {name}", location=60.0, name=name, judged=STORED, atol=1e-3)
            for name in ("float16", "bfloat16")
        ),
    ]


def forward_epsilons(rng):
    return [
        forward_case(rng, 3, 5, 8, " with ε = 0.1", spread=1.0, eps=0.1, gap=(1, 1)),
        forward_case(rng, 3, 8, 8, " with ε = 0.1", spread=0.4, eps=0.1),
        forward_case(rng, 4, 4, 4, " with ε = 0.1", spread=1.0, eps=0.1),
        forward_case(rng, 3, 16, 16, " with a spread of 0.001", spread=1e-3, location=0.01, eps=4 * EPS, atol=0.01),
    ]


def forward_offsets(rng):
    out = [forward_case(rng, 4, 8, 8, control=True)]
    return out + [
        forward_case(rng, 4, 32, 32, f" around {c:.0f}", location=c, spread=1.0, atol=a, judged=ROWS)
        for c, a in ((1e3, 0.02), (1e4, 0.1))
    ]


# A kernel has one row, in float32: no axis to lose, and what cancels there is rounding.
NOT_IN_KERNELS = {
    "half-not-root",
    "multiplied",
    "not-averaged",
    "keepdims-missing",
    "wrong-axis",
    "whole-array",
    "len-for-features",
    "var-mean-order",
}


def with_root(p):
    """y with the root in rstd's place."""
    return p.xhat * p.s**2 * p.weight + p.bias


def in_kernels(found: list) -> list:
    """Those mistakes in the statistics that a kernel may have, with what they make of the numbers that are stored."""
    told = {"sum-subtracted": {"stored": lambda p: p.x.sum(axis=-1)}}
    return [(name, steps | told.get(name, {})) for name, steps in found if name not in NOT_IN_KERNELS]


def of_affine(change: Callable, y: Callable) -> Callable:
    """The kernel that applies weight, or weight and bias, to x before it normalises."""
    right = forward_tables(y=y)

    def run(x, weight, bias, eps, m, n, *sizes) -> tuple:
        changed = change(x[:m, :n], weight[:n], bias[:n])
        return right(changed, weight, bias, eps, m, n, *sizes)

    return run


def eps_in_each_lane(x, weight, bias, eps, m, n, block, y_stride) -> tuple:
    """The kernel that adds ε to the square in each lane, and so in the surplus lanes, too."""
    return forward_tables()(x, weight, bias, eps * block / n, m, n, block, y_stride)


def first_n_rows(*args) -> tuple:
    """The kernel that returns at once where the row's number is n or more."""
    *written, outside, strayed = forward_tables()(*args)
    for values in written:
        values[args[5] :] = SENTINEL
    return *written, outside, strayed


def whole_root(v, eps, d):
    """``math.sqrt`` makes a whole number of a number of Triton's."""
    return np.sqrt(np.trunc(v + eps))


def squares_of(p: Pass) -> np.ndarray:
    return (deviation(p.x) ** 2).sum(axis=-1)


FORWARD_MISTAKES = [
    ("rstd-is-std", {"y": with_root, "rstd": lambda p: p.s[..., 0]}),
    ("rstd-is-std", {"y": with_root}),
]

# What is stored for the backward, where y is right.
STORED_WRONG = [
    ("statistics-exchanged", {"stored": rstd_of, "rstd": row_mean}),
    ("statistics-exchanged", {"stored": lambda p: p.s[..., 0], "rstd": row_mean}),
    ("sum-for-mean", {"stored": lambda p: p.x.sum(axis=-1)}),
    ("sum-for-mean", {"rstd": lambda p: 1 / np.sqrt(squares_of(p) + p.eps)}),
    ("eps-missing", {"rstd": lambda p: 1 / np.sqrt(variance(p.x)[..., 0])}),
    ("mean-of-another", {"stored": lambda p: 0 * row_mean(p)}),
    ("mean-of-another", {"stored": lambda p: variance(p.x)[..., 0]}),
    ("sign-reversed", {"stored": lambda p: -row_mean(p)}),
    *(("rstd-is-std", {"rstd": lambda p, power=power: p.s[..., 0] ** power}) for power in (1, 2, -2)),
]

FORWARD_LANES = lane_parts(COUNTS, ("x", "weight", "bias"))
COMMON_LANES = [
    *(part for part in FORWARD_LANES if part[0] in ("padded-lanes", "writes-outside")),
    *(("stride-ignored", {name: WRONG_ROWS[0]}) for name in ("x", "y")),
    ("ddof-1", {"variance_over": "less"}),
    ("sum-for-mean", {"variance_over": "one"}),
    *(part for part in in_kernels(COMMON_STATISTICS) if part[1].keys() == {"root"}),
]

LAYERNORM_FORWARD_KERNEL = Exercise(
    name="layernorm_forward_kernel",
    functions=("layernorm_forward_kernel",),
    outputs=(
        Output("y"),
        Output("mean"),
        Output("rstd"),
        *OUTSIDE,
    ),
    invoke=invoke_forward,
    reference=with_verdicts(forward_tables(), False),
    section="triton-forward",
    checks=(
        Check("rows", "y, where BLOCK is the number of features", 1, "triton-forward", forward_rows),
        Check("compiles", "A GPU's compiler takes it, and y is right", 1, "without-a-gpu", forward_compiled),
        Check("statistics", "mean and rstd of each row are stored", 1, "triton-forward", forward_statistics),
        Check(
            "padding",
            "Rows narrower than BLOCK, in memory full of NaN",
            1,
            "padding-trap",
            forward_padding,
            "surplus-lanes",
        ),
        Check("undefined", "Nothing is taken for granted of surplus lanes", 1, "padding-trap", forward_undefined),
        Check("strides", "Rows a stride apart", 1, "triton-forward", forward_strides, "stride-ignored"),
        Check("epsilon", "ε is the argument, under the root", 1, "triton-forward", forward_epsilons),
        Check(
            "half",
            "16-bit rows with statistics in float32",
            1,
            "low-precision",
            forward_halves,
            "half-precision-statistics",
        ),
        Check("offset", "Rows at a large offset", 1, "welford-kernel", forward_offsets, "one-pass-variance"),
    ),
    suspects=alone(forward_tables, STORED_WRONG)
    + (
        Suspect("eps-missing", forward_tables(y=lambda p: statistics(root=fixed_eps(0.0))(p.x, 0)[0] * p.weight + p.bias)),
        *(
            Suspect("statistics-not-stored", forward_lanes(mean=first, rstd=second))
            for first in (no_place, one_place, first_row_only, the_row)
            for second in (no_place, one_place, first_row_only, the_row)
            if (first, second) != (the_row, the_row)
        ),
        Suspect("program-id-ignored", forward_lanes(one_row=True)),
        Suspect("race", with_verdicts(forward_tables(), True)),
        *(Suspect("parameters-by-row", forward_lanes(weight=place)) for place in PARAMETERS_BY_ROW),
        *(Suspect("parameters-by-row", forward_lanes(bias=place)) for place in PARAMETERS_BY_ROW),
        Suspect("rows-not-stored", forward_lanes(y=no_place)),
        Suspect("where-exchanged", forward_lanes(centre="reversed")),
        Suspect("padded-lanes", eps_in_each_lane),
        Suspect("not-triton", forward_tables(root=whole_root)),
        Suspect("program-times-block", forward_lanes(scaled=True)),
        Suspect("row-compared-with-n", first_n_rows),
        *(Suspect("half-precision-statistics", forward_tables(y=narrowed(y_by(), name))) for name in ("float16", "bfloat16")),
    )
    # Some give next to nothing, as an overflow does: they must agree where the student's is right, too.
    + alone(forward_tables, in_kernels(STATISTICS) + AFFINE + FORWARD_MISTAKES, throughout=True)
    + tuple(
        Suspect("affine-first", of_affine(change, y), throughout=True)
        for change, y in ((affine_first, lambda p: p.xhat), (scaled_first, lambda p: p.xhat + p.bias))
    )
    + alone(parameters_alike, FORWARD_LANES)
    + together(forward_tables, in_kernels(COMMON_STATISTICS) + AFFINE)
    + together(parameters_alike, COMMON_LANES + AFFINE),
    misconceptions=FORWARD_KERNEL,
    forbidden_names=NORMS,
)
