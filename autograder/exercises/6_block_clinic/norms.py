"""The incidents of a norm."""

from collections.abc import Callable

import numpy as np

from autograder import reading, tensors
from autograder.exercise import Case
from autograder.exercises.block_parts import GRADIENT, OUTPUT, answer, case, drawn, gain, sent, stream
from autograder.student import Reply, Student
from autograder.student_side import wire

from .parts import incident, wrong

EPS = 1e-5


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
