"""Hidden side of ``4_layernorm_pytorch``: references, cases, tolerances, checks and misconceptions.

Partial credit. Output, dx and the parameters' gradients are judged in checks of their own. Tokens have a spread of 3
to 6 and ε = 1e-5, so that whether ε is there, and where, changes a result by less than 2e-5: the plain cases allow
1e-4 and leave ε to its own check, and float64 computed in float32 to the check of exact float64. Dtypes, strides and
untouched inputs have checks of their own too. What PyTorch mends by itself is no mistake: autograd casts a gradient to
its input's dtype, and sums one of shape (..., d) to (d,).

Tolerances. A computation in float32 is right wherever the input is no float64.

- Plain cases: |dx| ≤ |dy·γ|/σ is of order 1, float32 over 20,000 features is off by about 1e-5. Allowed: 1e-4. The
  smallest error that they must see, d − 1 for d at d = 1000, is 5e-4 of x̂.
- Exact float64: rounding leaves 1e-14, float32 1e-7. Allowed: 1e-10.
- ε on a quiet token, σ = 1e-3, σ_ε = 3e-3 or 6e-3: gradients of a few hundred. Allowed: 1e-4 of them, and 0.03.
- Second derivatives, in float64 with ε = 0.1: allowed 1e-6 of values of order 1; the statistics' share is of order 0.1.
- Offset c in float32, spread 1: a mean of 24 features that is added up one by one is off by up to ulp(24·c)/2, which
  is 1e-3 at c = 1e3 and 8e-3 at 1e4, and results by a few times that. Allowed: 0.02 and 0.1. In one pass 1e4 leaves
  multiples of 8 for a variance of 1.
- float16 and bfloat16, which keep 11 and 8 bits: x̂, γ·x̂ and the sum may each be rounded. Allowed: 0.01 + 1 % and
  0.06 + 3 %. Statistics in bfloat16 at 100 ± 1 are off by up to 0.25.
- Autocast: a matrix product in bfloat16 over features around 5 is off by 0.01 and more. Allowed: 1e-3.
- Kernels compute in float32: 1e-4, as above.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from autograder.exercise import Case, Check, Exercise, Misconception, Output, Question, Quiz, Suspect, Topic
from autograder.misconceptions import common, half_not_root, named
from autograder.norm_parts import (
    LIBRARIES,
    NORMS,
    OPERATORS,
    by_array,
    by_feature,
    centred_by,
    dbeta_of,
    deviation,
    dgamma_of,
    layernorm_dx,
    mean,
    not_centred,
    over_tokens,
    smaller_sample,
    tokens,
    variance,
    with_ddof,
)
from autograder.student import Reply, Rules, Student
from autograder.student_side import wire
from autograder.tensors import array, tensor

EPS = 1e-5
POWERS_OF_TWO = (2, 64)
SIZES = (3, 5, 7, 768, 1000)
TOKENS = np.array([[-3.0, 3.0, 5.0, 11.0], [0.0, 0.0, 4.0, 4.0]])
GAMMA = np.array([2.0, 1.0, 0.5, 1.5])
BETA = np.array([1.0, 0.0, -1.0, 2.0])
DY = np.array([[0.0, 2.0, -2.0, 2.0], [1.0, 0.0, 2.0, 0.0]])
EXAMPLE = "the worked example (weight = (2, 1, 0.5, 1.5), bias = (1, 0, -1, 2))"
Y, DX, PARAMETERS, SECOND = (0,), (1,), (2, 3), (4, 5, 6)  # positions among the outputs
SENTINEL = -7.0  # what stands in memory that a kernel is to write, and in memory that it must not touch
ROW_BYTES = 16  # two numbers a row, in float64 at most

# misconceptions -------------------------------------------------------------------------------

MULTIPLIED = Misconception(
    "multiplied",
    "Something is multiplied by the root of variance + ε that is to be divided by it, or divided by rstd. Divide by "
    "the root, or multiply by its reciprocal, rstd.",
    "autograd-function",
)
SUM_FOR_MEAN = Misconception(
    "sum-for-mean",
    "A sum over the features stands where a mean belongs: divide by d, the true number of features.",
    "autograd-function",
)
KEEPDIMS_MISSING = Misconception(
    "keepdims-missing",
    "A mean or a variance lost its axis, so it is lined up with the features: mostly an error, and silently wrong "
    "when there are as many tokens as features. Reduce with `keepdim=True`.",
    "autograd-function",
)

FORMULAS = named(
    MULTIPLIED,
    SUM_FOR_MEAN,
    KEEPDIMS_MISSING,
    half_not_root("autograd-function", "variance + ε", "torch.sqrt"),
    Misconception(
        "eps-as-floor",
        "ε was taken as a least value, as `clamp` does. It is added, for every token: the root of (variance + ε).",
        "autograd-function",
    ),
    Misconception(
        "affine-wrong",
        "weight or bias is used in another way than it should be: weight as 1 + weight or added, or bias subtracted. weight "
        "multiplies x̂, and bias is added.",
        "autograd-function",
    ),
    Misconception(
        "missing-parentheses",
        "Python multiplies and divides before it subtracts, so only what stands after the last minus was multiplied by rstd. "
        "Put the subtraction in parentheses.",
        "autograd-function",
    ),
    Misconception(
        "no-root",
        "x − mean is divided by variance + ε itself, or multiplied by its reciprocal. Take the root first: "
        "rstd = 1/√(variance + ε).",
        "autograd-function",
    ),
    Misconception(
        "root-twice",
        "A root was taken of the standard deviation, which is a root already. ε is added to the variance, and one "
        "root is taken of both.",
        "autograd-function",
    ),
    Misconception(
        "not-squared",
        "The deviations were averaged without being squared. Those above the mean cancel those below, and little but "
        "ε is left under the root. Square each deviation first, then average.",
        "autograd-function",
    ),
    Misconception(
        "not-averaged",
        "Every deviation was divided by the root of its own square, so only its sign is left. Average the squares "
        "over the features: one variance a token.",
        "autograd-function",
    ),
    Misconception(
        "sum-subtracted",
        "The sum of the features was subtracted where their mean belongs: divide it by d first.",
        "autograd-function",
    ),
    Misconception(
        "only-centred",
        "The features were centred but not divided: x̂ = (x − mean) · rstd.",
        "autograd-function",
    ),
    Misconception(
        "sign-reversed",
        "The signs of x̂ are exchanged: the features were subtracted from the mean. It is x − mean.",
        "autograd-function",
    ),
    Misconception(
        "beta-scaled",
        "bias was added before weight multiplied, and so was multiplied as well: y = weight · x̂ + bias.",
        "autograd-function",
    ),
    Misconception(
        "gamma-beta-swapped",
        "weight and bias are exchanged: weight multiplies x̂, and bias is added.",
        "autograd-function",
    ),
    Misconception(
        "ddof-1",
        "This is what dividing by d − 1 gives. LayerNorm's variance divides by d: `correction=0` in `torch.var` and "
        "`torch.std`, whose default is 1.",
        "autograd-function",
    ),
    Misconception(
        "wrong-axis",
        "A statistic runs over the tokens, as batch norm's do. Each token is normalised by its own features: reduce "
        "over the last axis alone.",
        "autograd-function",
    ),
    Misconception(
        "whole-array",
        "A statistic was taken once for the whole tensor. Every token needs its own: `dim=-1` and `keepdim=True`.",
        "autograd-function",
    ),
    Misconception(
        "rms-for-layernorm",
        "The mean is not subtracted, above the fraction or under the root. LayerNorm centres in both places, RMSNorm "
        "in none.",
        "autograd-function",
    ),
    Misconception(
        "affine-ignored",
        "weight or bias does not appear in the output: y = weight · x̂ + bias.",
        "autograd-function",
    ),
    Misconception(
        "eps-missing",
        "ε is missing. It is added to the variance under the root, in the forward and so in everything that the "
        "backward divides by.",
        "autograd-function",
    ),
    Misconception(
        "eps-fixed",
        "The result does not depend on the argument `eps`: a fixed number stands in its place, in "
        "the forward or in the "
        "backward.",
        "autograd-function",
    ),
    Misconception(
        "eps-outside-root",
        "ε was added to the root. It belongs inside: rstd = 1/√(variance + ε).",
        "autograd-function",
    ),
    Misconception(
        "half-precision-statistics",
        "The statistics were computed in 16 bits. float16 ends at 65504, and 256² is past it; "
        "bfloat16 keeps 8 bits, so "
        "a mean of 100 is rounded to a multiple of 0.5. Convert to float32 first, and back at the end.",
        "low-precision",
    ),
    Misconception(
        "one-pass-variance",
        "At a large offset the digits cancel: mean(x²) − mean(x)² subtracts two huge, nearly equal numbers, in float32 "
        "down to multiples of 8 at 1e4. Subtract the mean first, then square.",
        "low-precision",
    ),
)

GRADIENTS = named(
    Misconception(
        "statistics-constant",
        "This is dy ⊙ γ/σ: mean and standard deviation were taken for constants. Both move with x, and each adds a "
        "term.",
        "autograd-function",
    ),
    Misconception(
        "no-mean-term",
        "One of the two corrections is missing: the mean of g = dy ⊙ weight is not subtracted.",
        "autograd-function",
    ),
    Misconception(
        "no-variance-term",
        "One of the two corrections is missing: x̂ · mean(g ⊙ x̂) is not subtracted.",
        "autograd-function",
    ),
    Misconception(
        "correction-sign",
        "A correction was added where it is subtracted: dx is what is left of g when a component is taken away.",
        "autograd-function",
    ),
    SUM_FOR_MEAN,
    MULTIPLIED,
    Misconception(
        "divided-by-variance",
        "dx is divided by variance + ε, not by its root: rstd is a factor once, not twice.",
        "autograd-function",
    ),
    Misconception(
        "xhat-wrong",
        "The backward works with an x̂ from which the mean was not subtracted. It is what weight multiplied in the "
        "forward: x̂ = (x − mean) · rstd.",
        "autograd-function",
    ),
    Misconception(
        "xhat-missing",
        "The correction along x̂ is x̂ · mean(g ⊙ x̂), and one of its factors is missing. The mean says how much of g "
        "lies along x̂, the x̂ before it which direction is taken away.",
        "autograd-function",
    ),
    Misconception(
        "not-averaged",
        "A mean over the features is missing. Where the statistics and the corrections of dx have a mean, it is one "
        "number a token, not one a feature.",
        "autograd-function",
    ),
    Misconception(
        "dx-uses-x",
        "x or x − mean stands in dx where x̂ belongs. The correction along x̂ is made of the normalised values, both "
        "in the mean and before it.",
        "autograd-function",
    ),
    Misconception(
        "dy-for-g",
        "dy stands in one part of dx where g belongs. Form g = dy ⊙ weight once, and use it in every term.",
        "autograd-function",
    ),
    Misconception(
        "gamma-twice",
        "weight was multiplied on twice. g = dy ⊙ weight holds it already.",
        "autograd-function",
    ),
    Misconception(
        "factor-of-two",
        "The correction along x̂ is twice or half of what it should be. On the path through the variance the square "
        "gives a factor 2 and the root a factor ½, which cancel: one of them got lost.",
        "autograd-function",
    ),
    Misconception(
        "dgamma-without-xhat",
        "weight's gradient is the sum of dy alone. weight multiplies x̂, so x̂ is a factor of its gradient: Σ dy ⊙ x̂.",
        "autograd-function",
    ),
    Misconception(
        "dbeta-uses-xhat",
        "bias's gradient was formed with x̂. bias is added and multiplies nothing: Σ dy.",
        "autograd-function",
    ),
    Misconception(
        "sigma-missing",
        "The factor rstd is missing in dx: an input with twice the spread has half the gradient.",
        "autograd-function",
    ),
    Misconception(
        "gamma-outside-means",
        "weight was multiplied on at the end. It differs from feature to feature, so it can't be taken out of the "
        "means: form g = dy ⊙ weight first.",
        "autograd-function",
    ),
    Misconception(
        "gamma-ignored",
        "weight does not appear in dx. The gradient that reaches x̂ is g = dy ⊙ weight.",
        "autograd-function",
    ),
    Misconception(
        "dgamma-uses-x",
        "The gradient of weight was formed with x or with the deviations. What weight multiplies is x̂: Σ dy ⊙ x̂.",
        "autograd-function",
    ),
    Misconception(
        "dgamma-uses-g",
        "weight has got into its own or bias's gradient. There it is dy that is summed, not g = dy ⊙ weight.",
        "autograd-function",
    ),
    Misconception(
        "dgamma-dbeta-swapped",
        "The gradients of weight and bias are exchanged. They stand in the order of the forward's arguments.",
        "autograd-function",
    ),
)

TORCH = common("autograd-function") | named(
    Misconception(
        "float64-result",
        "The result is wider than x. y keeps x's dtype: bfloat16 in, bfloat16 out, also when the statistics or the "
        "weight are float32. Finish with `.to(x.dtype)`.",
        "low-precision",
    ),
    Misconception(
        "input-mutated",
        "An operation in place (`x.sub_(…)`, `x -= …`, `out=x`) wrote into the caller's tensor. Make a new one.",
        "autograd-function",
    ),
    Misconception(
        "only-2d",
        "It works for x with two axes only. The features are the last axis; before it there may be any number of axes, "
        "and none at all for a single token.",
        "autograd-function",
    ),
    Misconception(
        "contiguous-only",
        "It is right only for tensors without gaps in memory. `view` needs that and `reshape` does not; what walks "
        "through the storage sees the gaps.",
        "autograd-function",
    ),
    Misconception(
        "power-of-two-only",
        "It is right for widths that are powers of two and wrong for others. 768 and 1000 are ordinary widths.",
        "padding-trap",
    ),
)

FUNCTION = (
    TORCH
    | FORMULAS
    | GRADIENTS
    | named(
        Misconception(
            "library-call",
            "The exercise is to write both passes yourself: PyTorch's own norms earn nothing, and neither does its "
            "automatic gradient (`torch.autograd.grad`, `vjp`, `.grad`) inside of the backward.",
            "autograd-function",
        ),
        Misconception(
            "returns-none",
            "A gradient is None where one is wanted. `backward` returns one gradient for each "
            "argument of `forward`, and "
            "None only for eps.",
            "autograd-function",
        ),
        Misconception(
            "divided-by-batch",
            "There is a division by the number of tokens. The gradients of weight and bias are sums over the tokens; a "
            "mean, if the loss has one, is in dy already.",
            "autograd-function",
        ),
        Misconception(
            "dx-wrong-axis",
            "A mean in dx runs over the tokens. The statistics belong to one token, so its gradient mixes only its own "
            "features: `dim=-1`.",
            "autograd-function",
        ),
        Misconception(
            "outputs-swapped",
            "What `backward` returns first does not fit x. The gradients stand in the order of the forward's "
            "arguments: those of x, weight and bias, each of the shape of its argument, and None for eps.",
            "autograd-function",
        ),
        Misconception(
            "dgamma-wrong-axis",
            "The gradient of weight or bias is summed over the wrong axes: weight serves every "
            "token, so it is summed over "
            "every axis but the last, and has shape (d,).",
            "autograd-function",
        ),
        Misconception(
            "wrong-number-of-gradients",
            "`backward` returns one value for each argument of `forward`: the gradients of x, weight and "
            "bias, and None for "
            "eps.",
            "autograd-function",
        ),
        Misconception(
            "needs-input-grad",
            "It fails when only some of the inputs want a gradient. `ctx.needs_input_grad` says "
            "which; where it is False, "
            "return None, and still one value for each argument.",
            "autograd-function",
        ),
        Misconception(
            "autograd-graph",
            "No backward of yours is in the graph: the gradient comes from PyTorch's record of the "
            "single operations, which "
            "keeps every one of their results. Derive the class from `torch.autograd.Function`.",
            "autograd-function",
        ),
        Misconception(
            "saved-xhat",
            "Besides what came in, something of x's size is kept: x̂, the deviations or a wider copy. x "
            "is there already, so nothing has to be written for it; with mean and rstd, two numbers "
            "a row, x̂ is one subtraction and one product away.",
            "what-to-save",
        ),
        Misconception(
            "tensors-on-context",
            "Tensors stand as attributes on `ctx`. PyTorch does not see them there: they can leak "
            "memory, escape the check "
            "for changes in place, and lose their history. Hand them to `ctx.save_for_backward`.",
            "what-to-save",
        ),
        Misconception(
            "cache-mutated",
            "The first backward is right, a second one over the same graph is not: the first wrote "
            "into a saved tensor or "
            "into dy. Look for `*=`, `-=`, `mul_`, `pop`.",
            "what-to-save",
        ),
        Misconception(
            "global-state",
            "With another call between forward and backward, the backward uses the other call's values: they are kept "
            "outside of `ctx`.",
            "what-to-save",
        ),
        Misconception(
            "not-differentiable-twice",
            "The backward can't be differentiated: `once_differentiable`, `detach`, `.data`, NumPy "
            "or `no_grad` cut its "
            "graph. Second derivatives then fail or come out as zero.",
            "gradcheck-double-backward",
        ),
        Misconception(
            "statistics-without-history",
            "First derivatives are right and second ones are not: the saved mean and rstd are "
            "numbers without a history, "
            "and the backward differentiates as if they did not depend on x. When "
            "`torch.is_grad_enabled()` in the backward, "
            "compute them again from x.",
            "gradcheck-double-backward",
        ),
        Misconception(
            "float64-narrowed",
            "float64 input was computed in float32, which leaves 7 digits: `gradcheck` can't pass. "
            "Convert what is narrower "
            "than float32 and leave float64 as it is: `torch.promote_types(x.dtype, torch.float32)`.",
            "gradcheck-double-backward",
        ),
        Misconception(
            "nan-on-constant",
            "A token whose features are all equal has x̂ = 0, and so has every token at d = 1. Divide by the root of "
            "variance + ε alone, never by the spread or by d − 1.",
            "autograd-function",
        ),
    )
)

MODULE = (
    TORCH
    | FORMULAS
    | named(
        Misconception(
            "library-call",
            "The exercise is to write this layer yourself, so PyTorch's own norms earn nothing, inherited or called.",
            "module-parameters",
        ),
        Misconception(
            "returns-none",
            "`forward` ends without `return`, or a parameter gets no gradient: it is not used, or detached on its way.",
            "module-parameters",
        ),
        Misconception(
            "parameters-not-registered",
            "`weight` and `bias` must be `nn.Parameter` attributes under these names. Plain tensors, "
            "buffers and lists are "
            "not in `parameters()`: no optimiser updates them.",
            "module-parameters",
        ),
        Misconception(
            "parameters-initialised-wrong",
            "A new layer has weight 1 and bias 0, so that it begins as plain normalisation.",
            "module-parameters",
        ),
        Misconception(
            "eps-default",
            "`eps` is 1e-5 when it is not given.",
            "module-parameters",
        ),
        Misconception(
            "autocast-reaches-in",
            "Under autocast every matrix product (`@`, `einsum`, `matmul`, `F.linear`) runs in "
            "bfloat16, and one of them "
            "computes statistics. Use `mean` and `sum`, or switch autocast off around them.",
            "low-precision",
        ),
    )
)

LANES = named(
    Misconception(
        "padded-lanes",
        "The lanes that pad a row to BLOCK were counted: divide by n, not by BLOCK, and set the deviations of surplus "
        "lanes to 0, where each would count as (0 − mean)².",
        "padding-trap",
    ),
    Misconception(
        "mask-missing",
        "Something past the end of a row was read. `tl.load(pointers, mask=columns < n, other=0.0)`: without the mask "
        "the surplus lanes hold whatever stands behind the row.",
        "padding-trap",
    ),
    Misconception(
        "writes-outside",
        "Something past the end of a row was overwritten: `tl.store` needs the mask, too.",
        "padding-trap",
    ),
    Misconception(
        "stride-ignored",
        "Rows were not looked for where they begin: row i at pointer + i·stride, and each tensor has a stride of its "
        "own. n or BLOCK in its place is right only when rows follow each other without a gap.",
        "triton-forward",
    ),
    Misconception(
        "row-ignored",
        "All rows of a tensor were read from the same place, or written to it. Row i begins at pointer + i·stride, "
        "and its statistics stand at mean + i and rstd + i.",
        "triton-forward",
    ),
    Misconception(
        "half-precision-statistics",
        "16-bit inputs were not converted when they were loaded. `tl.load(…).to(tl.float32)`; the store converts back "
        "by itself.",
        "low-precision",
    ),
    Misconception(
        "library-call",
        "The exercise is to write this kernel yourself, so PyTorch's own norms earn nothing.",
        "triton-forward",
    ),
    Misconception(
        "input-mutated",
        "The kernel wrote into one of its inputs.",
        "triton-forward",
    ),
)

FORWARD_KERNEL = (
    common("triton-forward")
    | FORMULAS
    | LANES
    | named(
        Misconception(
            "statistics-not-stored",
            "mean or rstd was not written for every row. The backward needs both: `tl.store(mean + row, …)`.",
            "triton-forward",
        ),
        Misconception(
            "rstd-is-std",
            "In rstd's place stands the standard deviation or the variance, in y or in what is stored. rstd is the "
            "reciprocal, 1/√(variance + ε).",
            "triton-forward",
        ),
        Misconception(
            "program-id-ignored",
            "Only one row was written. `tl.program_id(0)` says which row a program works on.",
            "triton-forward",
        ),
    )
)

BACKWARD_KERNEL = (
    common("triton-backward")
    | GRADIENTS
    | LANES
    | named(
        Misconception(
            "program-id-ignored",
            "All programs did the same rows, and stored their sums in the same place. `tl.program_id(0)` says which "
            "program this one is.",
            "triton-backward",
        ),
        Misconception(
            "rows-skipped",
            "A program did one row and stopped. There may be fewer programs than rows: program p takes the rows p, "
            "p + programs, p + 2·programs, …",
            "triton-backward",
        ),
        Misconception(
            "rows-repeated",
            "Several programs did the same row, so that the sums have it more than once. Program p takes the rows p, "
            "p + programs, p + 2·programs, …: the step is `tl.num_programs(0)`.",
            "triton-backward",
        ),
        Misconception(
            "partials-overwritten",
            "Of a program's rows only the last one is in the sums: add each row to an accumulator, and store it once, "
            "after the loop.",
            "triton-backward",
        ),
        Misconception(
            "partials-not-stored",
            "The sums for weight or bias were not written. Each program stores both, once, after its loop: "
            "`tl.store(dweight + program·n + columns, …)`.",
            "triton-backward",
        ),
        Misconception(
            "partials-in-one-row",
            "All programs stored their sums in the same place, where the last one wins. Program p "
            "has row p of the table "
            "of partial sums.",
            "triton-backward",
        ),
        Misconception(
            "divided-by-batch",
            "The sums for weight or bias were divided by the number of rows. They are sums.",
            "triton-backward",
        ),
    )
)


# references -----------------------------------------------------------------------------------


class Pass(NamedTuple):
    """What the formulas are written in; ``s`` is what x̂ was divided by."""

    x: np.ndarray
    weight: np.ndarray
    bias: np.ndarray
    dy: np.ndarray
    g: np.ndarray
    xhat: np.ndarray
    s: np.ndarray


def rms_by(x, eps):
    s = np.sqrt(mean(x**2) + eps)
    return x / s, s


def y_of(p: Pass) -> np.ndarray:
    return p.xhat * p.weight + p.bias


def layernorm(forward=centred_by, backward=None, y=y_of, dx=layernorm_dx, dweight=dgamma_of, dbias=dbeta_of, frozen=None):
    """Return LayerNorm with its gradients, or one in which some parts are others.

    backward: the statistics of the backward pass, those of the forward unless given.
    frozen: (x, eps, x of the forward) -> (x̂, σ_ε), as the backward computes them when it is differentiated.

    The function takes (x, weight, bias, ε, dy) and gives (y, dx, dweight, dbias). With vectors u_x, u_w, u_b besides it
    gives the derivatives of Σ u_x·dx + Σ u_w·dweight + Σ u_b·dbias by x, weight and dy, too.
    """
    backward = backward or forward

    def gradients(x, weight, bias, dy, xhat, s):
        p = Pass(x, weight, bias, dy, dy * weight, xhat, s)
        return dx(p), dweight(p), dbias(p)

    def run(x, weight, bias, eps, dy, *vectors) -> tuple:
        ahead = Pass(x, weight, bias, dy, dy * weight, *forward(x, eps))
        results = y(ahead), *gradients(x, weight, bias, dy, *backward(x, eps))
        if not vectors:
            return results

        def loss(at_x, at_weight, at_dy):
            xhat, s = frozen(at_x, eps, x) if frozen else backward(at_x, eps)
            found = gradients(at_x, at_weight, bias, at_dy, xhat, s)
            return sum((u * value).sum() for u, value in zip(vectors, found))

        return *results, *by_complex_steps(loss, x, weight, dy)

    return run


def by_complex_steps(loss: Callable, *arrays: np.ndarray) -> tuple:
    """Return the gradients of an analytic function by its arguments, exact up to rounding."""
    gradients = []
    for i, values in enumerate(arrays):
        gradient = np.zeros(values.shape)
        for place in np.ndindex(values.shape):
            moved = [a.astype(complex) for a in arrays]
            moved[i][place] += 1e-30j
            gradient[place] = loss(*moved).imag * 1e30
        gradients.append(gradient)
    return tuple(gradients)


# cases of the function and the module ---------------------------------------------------------


@dataclass(frozen=True)
class Run(Case):
    """A case whose args are (x, weight, bias, ε, dy) and, for second derivatives, u_x, u_w, u_b.

    mode: "grad", "no_grad" or "autocast".
    again: the gradients of a second backward count.
    between: args of another call between forward and backward.
    watches: "saved" or "context", where what is kept for the backward counts.
    fresh: the module keeps the weight and bias that it was made with.
    to: the dtype that the module is converted to; none if empty.
    training: the module is in training mode.
    """

    mode: str = "grad"
    again: bool = False
    between: tuple = ()
    watches: str = ""
    fresh: bool = False
    to: str = "float64"
    training: bool = False


def parameters(rng, d: int) -> tuple[np.ndarray, np.ndarray]:
    """Weight of mixed signs with 0.5 ≤ |weight| ≤ 2, and bias."""
    weight = rng.uniform(0.5, 2.0, size=d) * rng.choice([-1, 1], size=d)
    return weight, rng.uniform(0.5, 1.5, size=d) * rng.choice([-1, 1], size=d)


def upstream(rng, shape) -> np.ndarray:
    """A random dy; a common part keeps its mean from vanishing by chance."""
    return rng.normal(size=shape) + rng.choice([-0.5, 0.5])


def case(
    rng,
    shape,
    kind="",
    *,
    x=None,
    location=None,
    spread=None,
    eps=EPS,
    name="float64",
    of_weight="",
    wanted=(True, True, True),
    layout="contiguous",
    second=False,
    **more,
) -> Run:
    """A case with random values.

    name, of_weight: the dtype of x and dy, and that of weight and bias (x's unless given).
    wanted: which of x, weight and bias require a gradient. layout: how x and dy lie in memory.
    second: whether second derivatives are asked for.
    """
    x = tokens(rng, shape, location, spread) if x is None else x
    weight, bias = parameters(rng, shape[-1])
    narrow = of_weight or name
    args = (
        tensor(x, name, wanted[0], layout),
        tensor(weight, narrow, wanted[1]),
        tensor(bias, narrow, wanted[2]),
        eps,
        tensor(upstream(rng, shape), name, False, layout),
    )
    if second:
        args += tuple(tensor(rng.normal(size=s), name, False) for s in (shape, shape[-1:], shape[-1:]))
    more = {"atol": 1e-4, "rtol": 1e-4, "any_dtype": True, "may_change": True, "to": narrow} | more
    return Run(args, f"x of shape {shape}{kind}", **more)


def shown(rows=2, eps=EPS, words=EXAMPLE, **more) -> Run:
    """The worked example of the notebook."""
    args = (
        tensor(TOKENS[:rows], "float64"),
        tensor(GAMMA, "float64"),
        tensor(BETA, "float64"),
        eps,
        tensor(DY[:rows], "float64", False),
    )
    more = {"atol": 1e-4, "rtol": 1e-4, "any_dtype": True, "may_change": True} | more
    return Run(args, words, public=True, **more)


# In a check with a telltale the controls have two axes and a width that is no power of two, so that "two axes only"
# and "powers of two only" fail them, and are not taken for what it says.


def plain(judged: tuple, *shapes: tuple):
    def cases(rng):
        return [shown(judged=judged)] + [case(rng, shape, judged=judged) for shape in shapes]

    return cases


def leading_axes(rng):
    shapes = [(9,), (1000,), (2, 3, 5), (3, 3, 3), (2, 1, 768), (2, 3, 2, 7), (2, 2, 1, 64), (2, 1, 3, 2, 5), (1, 1, 6)]
    return [case(rng, (4, 6), control=True)] + [case(rng, shape) for shape in shapes]


def sizes(rng):
    others = [case(rng, (4, d)) for d in SIZES] + [case(rng, (1, 11)), case(rng, (2, 20_001)), case(rng, (301, 3))]
    return [case(rng, (3, d), control=True) for d in POWERS_OF_TWO] + others


def epsilons(rng):
    words = "the first token of the worked example (weight = (2, 1, 0.5, 1.5), bias = (1, 0, -1, 2)) with ε = 11"
    return [
        shown(1, 11.0, words),
        case(rng, (4, 5), " with ε = 0.1", spread=0.4, eps=0.1),
        case(rng, (3, 6), " with ε = 0.1", spread=1.0, eps=0.1),
        case(rng, (3, 7), " with a spread of 0.001", eps=4 * EPS, spread=1e-3, atol=0.03),
    ]


def exact_ones(rng):
    exact = {"atol": 1e-10, "rtol": 1e-10}
    controls = [case(rng, (4, 7), control=True, name="float32")]
    return controls + [case(rng, shape, " in float64, to 10 digits", eps=0.1, **exact) for shape in ((3, 5), (4, 7))]


def second_ones(rng):
    more = {"second": True, "judged": SECOND, "atol": 1e-6, "rtol": 1e-6}
    first = [case(rng, (3, 5), control=True)]
    return first + [case(rng, s, ", second derivatives", spread=1.0, eps=0.1, **more) for s in ((3, 5), (4, 3), (2, 4))]


ROUGH = {"atol": 0.06, "rtol": 0.03}  # bfloat16
FAIR = {"atol": 0.01, "rtol": 0.01}  # float16


def halves(rng):
    return [
        case(rng, (4, 7), control=True),
        case(rng, (4, 24), " in float16, several hundred", location=600.0, spread=300.0, name="float16", **FAIR),
        case(rng, (6, 24), " in bfloat16, around 100", location=100.0, spread=1.0, name="bfloat16", **ROUGH),
        case(rng, (3, 7), " in bfloat16, around 100", location=100.0, spread=1.0, name="bfloat16", **ROUGH),
    ]


def dtypes(rng):
    more = {"any_dtype": False, "judged": Y}
    return [
        case(rng, (4, 7), control=True),
        case(rng, (3, 5), " in float32", name="float32", **more),
        case(rng, (3, 5), " in float16", name="float16", **FAIR, **more),
        case(rng, (6, 9), " in bfloat16", name="bfloat16", **ROUGH, **more),
        case(
            rng, (6, 9), " in bfloat16 with float32 parameters", name="bfloat16", of_weight="float32", **ROUGH, **more
        ),
    ]


def offsets(rng):
    out = [case(rng, (4, 7), control=True)]
    for c, allowed in ((1e3, 0.02), (1e4, 0.1)):
        kind = f" in float32 around {c:.0f}"
        out.append(case(rng, (5, 24), kind, location=c, spread=1.0, name="float32", atol=allowed))
    return out


def corners(rng):
    flat = tokens(rng, (5, 7))
    # Levels whose squares add up without rounding: one pass is right here, and judged elsewhere.
    flat[1], flat[3] = rng.choice([-3.5, -2.0, 1.5, 4.0], size=(2, 1))
    return [
        case(rng, (4, 7), control=True),
        case(rng, (5, 7), " in which two tokens are constant", x=flat, atol=0.03),
        case(rng, (6, 1), atol=1e-3),
        case(rng, (3, 5), " with a spread of 0.001", spread=1e-3, atol=0.03),
    ]


def kept(watches: str):
    def cases(rng):
        return [
            case(rng, (4, 7), control=True),
            case(rng, (16, 48), " in float32", name="float32", watches=watches),
            case(rng, (15, 64), " in float64", watches=watches),
            case(rng, (16, 56), " in bfloat16", name="bfloat16", watches=watches, **ROUGH),
        ]

    return cases


def subsets(rng):
    out = [case(rng, (4, 7), control=True)]
    names = ("x", "weight", "bias")
    for wanted in (
        (True, False, False),
        (False, True, False),
        (False, False, True),
        (True, False, True),
        (False, True, True),
    ):
        which = " and ".join(name for name, want in zip(names, wanted) if want)
        judged = (0, *(i + 1 for i, want in enumerate(wanted) if want))
        out.append(case(rng, (3, 5), f" when only {which} wants a gradient", wanted=wanted, judged=judged))
    out.append(case(rng, (3, 5), " when nothing wants a gradient", wanted=(False,) * 3, judged=Y))
    return out + [case(rng, (3, 5), " under no_grad", mode="no_grad", judged=Y)]


def layouts(rng):
    out = [case(rng, shape, control=True) for shape in ((4, 7), (2, 3, 5))]
    for layout, kind in (("strided", "with gaps in memory"), ("misaligned", "that begins inside of its storage")):
        out += [case(rng, shape, f" {kind}", layout=layout) for shape in ((5, 9), (2, 3, 5))]
    return out


def twice(rng):
    kind = ", a second backward over the same graph"
    return [case(rng, (3, 11), control=True)] + [case(rng, shape, kind, again=True) for shape in ((3, 11), (5, 6))]


def interleaved(rng):
    out = [case(rng, (4, 13), control=True)]
    for shape, eps in (((4, 13), EPS), ((3, 14), 0.1)):
        other = case(rng, shape, eps=eps).args[:4]
        out.append(case(rng, (4, 13), " with another call before its backward", spread=0.5, between=other))
    return out


def untouched(rng):
    return [case(rng, shape, may_change=False) for shape in ((4, 7), (3, 5), (6, 2))]


# runs of the function -------------------------------------------------------------------------

BLANK = tensor(0.0, "float64")  # stands in for an output that does not count
SIGNS = (
    (r"incorrect number of gradients", "wrong-number-of-gradients"),
    (r"invalid gradient at index 0", "outputs-swapped"),
    (r"invalid gradient at index [12]", "dgamma-wrong-axis"),
    (r"once_differentiable|carry no graph|numpy\(\) on Tensor that requires grad", "not-differentiable-twice"),
    (r"modified by an inplace operation", "cache-mutated"),
    (r"view size is not compatible", "contiguous-only"),
    (r"returned None", "returns-none"),
    (r"no parameter called `(weight|bias)`|makes no nn.Module", "parameters-not-registered"),
)


def listed(value: dict, name: str) -> list:
    """Return a list of a reply, whatever the student side has put in its place."""
    found = value.get(name)
    return list(found) if isinstance(found, (list, tuple)) else []


def told(reply: Reply) -> Reply:
    """Add the misconception that an error message is the sign of."""
    for pattern, name in SIGNS:
        if reply.problem and re.search(pattern, reply.problem):
            return replace(reply, sign=name)
    return reply


def unmet(problem: str, sign: str) -> Reply:
    return Reply(problem=problem, brief=problem, error_type="Unmet", sign=sign)


def single_output(reply: Reply) -> object:
    outputs = listed(reply.value, "outputs")
    return outputs[0] if len(outputs) == 1 else outputs


def only_judged(item: Case, values: list) -> tuple:
    """Blank what does not count, so that an output which is missing there is no failure here."""
    return tuple(value if not item.judged or i in item.judged else BLANK for i, value in enumerate(values))


def invoke_function(student: Student, item: Run) -> Reply:
    x, weight, bias, eps, dy, *vectors = item.args
    inputs = (x, weight, bias)
    asked: dict = {"measure": True}
    differentiated = item.mode == "grad" and any(t.requires_grad for t in inputs)
    if differentiated:
        asked["upstream"] = [dy]
        if vectors:
            asked["second"] = vectors
        if item.again:
            asked["again"] = True
        if item.between:
            asked["between"] = list(item.between)
    reply = told(student.torch("LayerNormFunction.apply", [*inputs, eps], mode=item.mode, **asked))
    if reply.problem:
        # A gradient too few because of what nobody wants is another mistake than one too few in any case.
        all_wanted = all(t.requires_grad for t in inputs)
        return reply if all_wanted or reply.sign != "wrong-number-of-gradients" else replace(reply, sign=None)
    y = single_output(reply)
    if differentiated and not any(is_own(kind) for kind in listed(reply.value, "nodes")):
        return unmet("the graph holds no backward of yours", "autograd-graph")
    if not differentiated and isinstance(y, wire.Tensor) and y.requires_grad:
        return unmet("y requires a gradient where nobody wants one", "needs-input-grad")
    kept = kept_too_much(item, reply.value)
    if kept:
        return kept
    gradients = iter(listed(reply.value, "again" if item.again else "gradients"))
    found = [next(gradients, None) if differentiated and t.requires_grad else BLANK for t in inputs]
    values = [y, *found]
    if vectors:
        by_x, by_weight, _, by_dy = (listed(reply.value, "second") + [None] * 4)[:4]
        # No path at all is a derivative of zero.
        values += [
            tensor(np.zeros(t.raw.shape), "float64") if v is None else v
            for v, t in ((by_x, x), (by_weight, weight), (by_dy, dy))
        ]
    return Reply(only_judged(item, values), changed=reply.changed, warnings=reply.warnings)


def is_own(kind: object) -> bool:
    """Whether a node of the graph is a Function; the names of PyTorch's own end in a digit."""
    return isinstance(kind, str) and kind != "AccumulateGrad" and not kind[-1:].isdigit()


def kept_too_much(item: Run, value: dict) -> Reply | None:
    if item.watches == "context" and listed(value, "on_context"):
        return unmet("tensors stand as attributes on `ctx`", "tensors-on-context")
    if item.watches != "saved":
        return None
    rows = [row for row in listed(value, "saved") if isinstance(row, list) and len(row) == 4 and type(row[3]) is int]
    came_in = [row[0] for row in listed(value, "arguments") if isinstance(row, list) and row]
    # What shares its memory with an input, or is saved a second time, costs nothing.
    extra = sum({str(row[0]): row[3] for row in rows if row[0] not in came_in}.values())
    tokens_of = int(np.prod(item.args[0].raw.shape[:-1]))
    if extra <= ROW_BYTES * tokens_of:
        return None
    return unmet(f"more is kept for the backward than x, weight, bias and {ROW_BYTES} bytes a row", "saved-xhat")


# what goes wrong in the function --------------------------------------------------------------

SUM = dict(axis=-1, keepdims=True)


def without_eps(x, eps):
    return centred_by(x, 0.0)


def outside_root(x, eps):
    deviation = x - mean(x)
    s = np.sqrt(mean(deviation**2)) + eps
    return deviation / s, s


def fixed_eps(value: float):
    return lambda x, eps: centred_by(x, value)


def written(first, second):
    """dx with other corrections: ``first`` in place of mean(g), ``second`` of mean(g ⊙ x̂)."""
    return lambda p: (p.g - first(p) - p.xhat * second(p)) / p.s


def with_second(term):
    """dx with another correction along x̂."""
    return lambda p: (p.g - of_g(p) - term(p)) / p.s


def of_g(p):
    return mean(p.g)


def of_gx(p):
    return mean(p.g * p.xhat)


STATISTICS = [
    ("ddof-1", with_ddof),
    ("wrong-axis", by_feature),
    ("whole-array", by_array),
    ("eps-missing", without_eps),
    ("eps-outside-root", outside_root),
    *(("eps-fixed", fixed_eps(value)) for value in (1e-5, 1e-6, 1e-8, 1e-12)),
]


def divided(numerator: Callable, under_root: Callable) -> Callable:
    """x̂ and σ_ε from other parts. numerator: x → what is divided; under_root: x → what stands beside ε."""

    def by(x, eps):
        s = np.sqrt(under_root(x) + eps)
        return numerator(x) / s, s

    return by


def without_root(x, eps):
    s = variance(x) + eps
    return deviation(x) / s, s


def multiplied(x, eps):
    """The root stands where its reciprocal belongs."""
    root = np.sqrt(variance(x) + eps)
    return deviation(x) * root, 1 / root


def less_the_sum(x):
    return x - x.sum(**SUM)


def less_another(axis):
    return lambda x: x - mean(x, axis)


def without_an_axis(x):
    return x - x.mean(axis=-1)


# What a forward may get wrong; its backward works with the same numbers, or with the right ones.
FORWARD_STATISTICS = [
    ("sum-for-mean", divided(deviation, lambda x: (deviation(x) ** 2).sum(**SUM))),
    ("no-root", without_root),
    ("multiplied", multiplied),
    ("root-twice", divided(deviation, lambda x: np.sqrt(variance(x)))),
    ("not-squared", divided(deviation, lambda x: mean(deviation(x)))),
    ("not-averaged", divided(deviation, lambda x: deviation(x) ** 2)),
    ("sum-subtracted", divided(less_the_sum, lambda x: mean(less_the_sum(x) ** 2))),
    ("sum-subtracted", divided(less_the_sum, variance)),
    ("only-centred", lambda x, eps: (deviation(x), np.ones_like(x))),
    ("sign-reversed", divided(lambda x: -deviation(x), variance)),
    ("rms-for-layernorm", not_centred),
    ("rms-for-layernorm", divided(deviation, lambda x: mean(x**2))),
    ("keepdims-missing", divided(deviation, lambda x: (deviation(x) ** 2).mean(axis=-1))),
    ("keepdims-missing", divided(without_an_axis, lambda x: mean(without_an_axis(x) ** 2))),
    ("keepdims-missing", divided(without_an_axis, lambda x: (deviation(x) ** 2).mean(axis=-1))),
    *(
        (name, divided(less_another(axis), lambda x, axis=axis: mean(less_another(axis)(x) ** 2)))
        for name, axis in (("wrong-axis", 0), ("whole-array", None))
    ),
    *((name, divided(less_another(axis), variance)) for name, axis in (("wrong-axis", 0), ("whole-array", None))),
    ("wrong-axis", divided(deviation, lambda x: mean(deviation(x) ** 2, 0))),
    ("whole-array", divided(deviation, lambda x: mean(deviation(x) ** 2, None))),
]


def halved(factor: float):
    """x̂ divided by half of variance + ε, or by twice that: of the reciprocal, too, `** 1/2` makes a half."""

    def by(x, eps):
        s = factor * (variance(x) + eps)
        return deviation(x) / s, s

    return by


def mean_alone(x, eps):
    """Only the mean is divided."""
    s = np.sqrt(variance(x) + eps)
    return x - mean(x) / s, s


def floored(x, eps):
    s = np.sqrt(np.maximum(variance(x), eps))
    return deviation(x) / s, s


# What is tried of functions of tensors, not of kernels.
OF_TENSORS = [
    *(("half-not-root", {"forward": halved(factor)}) for factor in (0.5, 2.0)),
    *(("half-not-root", {"forward": halved(factor), "backward": centred_by}) for factor in (0.5, 2.0)),
    ("eps-as-floor", {"forward": floored}),
    ("eps-as-floor", {"forward": floored, "backward": centred_by}),
    ("affine-wrong", {"y": lambda p: p.xhat * (1 + p.weight) + p.bias}),
    ("affine-wrong", {"y": lambda p: p.xhat + p.weight + p.bias}),
    ("affine-wrong", {"y": lambda p: p.xhat * p.weight - p.bias}),
    ("missing-parentheses", {"forward": mean_alone, "backward": centred_by}),
    ("missing-parentheses", {"y": lambda p: p.x - mean(p.x) / p.s * p.weight + p.bias}),
    ("missing-parentheses", {"dx": lambda p: p.g - of_g(p) - p.xhat * of_gx(p) / p.s}),
]


def bias_scaled(p):
    return (p.xhat + p.bias) * p.weight


def exchanged(p):
    return p.xhat * p.bias + p.weight


FORWARD_PARTS = [
    *((name, {"forward": statistics, "backward": centred_by}) for name, statistics in STATISTICS + FORWARD_STATISTICS),
    ("beta-scaled", {"y": bias_scaled}),
    ("gamma-beta-swapped", {"y": exchanged}),
    ("rms-for-layernorm", {"forward": rms_by, "backward": centred_by}),
    ("affine-ignored", {"y": lambda p: p.xhat}),
    ("affine-ignored", {"y": lambda p: p.xhat * p.weight}),
    ("affine-ignored", {"y": lambda p: p.xhat + p.bias}),
]

DX_PARTS = [
    ("statistics-constant", {"dx": lambda p: p.g / p.s}),
    ("no-mean-term", {"dx": lambda p: (p.g - p.xhat * of_gx(p)) / p.s}),
    ("no-variance-term", {"dx": lambda p: (p.g - of_g(p)) / p.s}),
    ("gamma-outside-means", {"dx": lambda p: p.weight * layernorm_dx(p._replace(g=p.dy))}),
    ("gamma-ignored", {"dx": lambda p: layernorm_dx(p._replace(g=p.dy))}),
    ("sum-for-mean", {"dx": written(lambda p: p.g.sum(**SUM), lambda p: (p.g * p.xhat).sum(**SUM))}),
    ("sum-for-mean", {"dx": written(of_g, lambda p: (p.g * p.xhat).sum(**SUM))}),
    ("correction-sign", {"dx": written(of_g, lambda p: -of_gx(p))}),
    ("correction-sign", {"dx": written(lambda p: -of_g(p), lambda p: -of_gx(p))}),
    ("correction-sign", {"dx": written(lambda p: -of_g(p), of_gx)}),
    ("sigma-missing", {"dx": lambda p: layernorm_dx(p) * p.s}),
    ("sum-for-mean", {"dx": written(lambda p: p.g.sum(**SUM), of_gx)}),
    ("multiplied", {"dx": lambda p: layernorm_dx(p) * p.s**2}),
    ("divided-by-variance", {"dx": lambda p: layernorm_dx(p) / p.s}),
    ("xhat-missing", {"dx": with_second(of_gx)}),
    ("xhat-missing", {"dx": with_second(lambda p: p.xhat * of_g(p))}),
    ("xhat-missing", {"dx": with_second(lambda p: p.xhat)}),
    ("not-averaged", {"dx": with_second(lambda p: p.xhat * p.g * p.xhat)}),
    ("not-averaged", {"dx": written(lambda p: p.g, of_gx)}),
    ("dx-uses-x", {"dx": with_second(lambda p: p.x * mean(p.g * p.x))}),
    ("dx-uses-x", {"dx": with_second(lambda p: p.x * of_gx(p))}),
    ("dx-uses-x", {"dx": with_second(lambda p: p.xhat * mean(p.g * p.x))}),
    ("dx-uses-x", {"dx": with_second(lambda p: p.xhat * p.s**2 * of_gx(p))}),
    ("dx-uses-x", {"dx": with_second(lambda p: p.xhat * p.s * of_gx(p))}),
    ("dy-for-g", {"dx": written(lambda p: mean(p.dy), of_gx)}),
    ("dy-for-g", {"dx": written(of_g, lambda p: mean(p.dy * p.xhat))}),
    ("dy-for-g", {"dx": written(lambda p: mean(p.dy), lambda p: mean(p.dy * p.xhat))}),
    ("dy-for-g", {"dx": lambda p: layernorm_dx(p) + (p.dy - p.g) / p.s}),
    ("gamma-twice", {"dx": lambda p: p.weight * layernorm_dx(p)}),
    ("gamma-twice", {"dx": lambda p: layernorm_dx(p._replace(g=p.weight * p.g))}),
    ("factor-of-two", {"dx": written(of_g, lambda p: 2 * of_gx(p))}),
    ("factor-of-two", {"dx": written(of_g, lambda p: of_gx(p) / 2)}),
]

PARAMETER_PARTS = [
    ("dgamma-uses-x", {"dweight": lambda p: over_tokens(p.dy * p.x)}),
    ("dgamma-uses-x", {"dweight": lambda p: over_tokens(p.dy * (p.x - mean(p.x)))}),
    ("dgamma-uses-g", {"dweight": lambda p: over_tokens(p.g * p.xhat), "dbias": lambda p: over_tokens(p.g)}),
    ("dgamma-uses-g", {"dweight": lambda p: over_tokens(p.g * p.xhat)}),
    ("dgamma-uses-g", {"dbias": lambda p: over_tokens(p.g)}),
    ("dgamma-dbeta-swapped", {"dweight": dbeta_of, "dbias": dgamma_of}),
    ("dgamma-without-xhat", {"dweight": dbeta_of}),
    ("dbeta-uses-xhat", {"dbias": dgamma_of}),
]


def tokens_of(p: Pass) -> int:
    return p.x.size // p.x.shape[-1]


BACKWARD_PARTS = [
    *DX_PARTS,
    *PARAMETER_PARTS,
    (
        "divided-by-batch",
        {"dweight": lambda p: dgamma_of(p) / tokens_of(p), "dbias": lambda p: dbeta_of(p) / tokens_of(p)},
    ),
    ("divided-by-batch", {"dweight": lambda p: dgamma_of(p) / tokens_of(p)}),
    ("divided-by-batch", {"dbias": lambda p: dbeta_of(p) / tokens_of(p)}),
    ("divided-by-batch", {"dx": lambda p: layernorm_dx(p) / tokens_of(p)}),
    ("multiplied", {"backward": lambda x, eps: (deviation(x) * centred_by(x, eps)[1], centred_by(x, eps)[1])}),
    ("xhat-wrong", {"backward": not_centred}),
    ("dx-wrong-axis", {"dx": written(lambda p: mean(p.g, 0), lambda p: mean(p.g * p.xhat, 0))}),
    ("dx-wrong-axis", {"dx": written(lambda p: mean(p.g, 0), of_gx)}),
    ("dx-wrong-axis", {"dx": written(of_g, lambda p: mean(p.g * p.xhat, 0))}),
    ("dx-wrong-axis", {"dx": written(lambda p: p.g.mean(), lambda p: (p.g * p.xhat).mean())}),
    ("dx-wrong-axis", {"dx": written(lambda p: p.g.mean(), of_gx)}),
    ("dx-wrong-axis", {"dx": written(of_g, lambda p: (p.g * p.xhat).mean())}),
    ("keepdims-missing", {"dx": written(lambda p: p.g.mean(-1), lambda p: (p.g * p.xhat).mean(-1))}),
    ("keepdims-missing", {"dx": written(lambda p: p.g.mean(-1), of_gx)}),
    ("keepdims-missing", {"dx": written(of_g, lambda p: (p.g * p.xhat).mean(-1))}),
    ("ddof-1", {"dx": smaller_sample}),
    ("ddof-1", {"forward": with_ddof, "dx": smaller_sample}),
    ("rms-for-layernorm", {"forward": rms_by, "dx": lambda p: (p.g - p.xhat * of_gx(p)) / p.s}),
    ("wrong-axis", {"forward": by_feature, "dx": written(lambda p: mean(p.g, 0), lambda p: mean(p.g * p.xhat, 0))}),
    ("whole-array", {"forward": by_array, "dx": written(lambda p: p.g.mean(), lambda p: (p.g * p.xhat).mean())}),
    *((name, {"forward": statistics}) for name, statistics in STATISTICS + FORWARD_STATISTICS),
    *((name, {"forward": centred_by, "backward": statistics}) for name, statistics in STATISTICS),
    # x̂ as it was, and another ε in the final division
    *(
        (
            "eps-missing" if value == 0 else "eps-fixed",
            {"dx": lambda p, v=value: layernorm_dx(p) * p.s / centred_by(p.x, v)[1]},
        )
        for value in (0.0, 1e-5)
    ),
]


def still(x, eps, was):
    """x̂ and σ that don't move with x at all."""
    return centred_by(was, eps)


def still_statistics(x, eps, was):
    """x̂ from a mean and a σ that are numbers."""
    s = centred_by(was, eps)[1]
    return (x - mean(was)) / s, s


def still_spread(x, eps, was):
    s = centred_by(was, eps)[1]
    return (x - mean(x)) / s, s


def still_mean(x, eps, was):
    s = centred_by(x, eps)[1]
    return (x - mean(was)) / s, s


SECOND_PARTS = [
    ("statistics-without-history", {"frozen": still_statistics}),
    ("statistics-without-history", {"frozen": still_spread}),
    ("statistics-without-history", {"frozen": still_mean}),
    ("not-differentiable-twice", {"frozen": still}),
]


def suspects_of(parts: list) -> tuple[Suspect, ...]:
    return tuple(Suspect(name, layernorm(**changed), throughout=True) for name, changed in parts)


DIFFERENTIATORS = frozenset({"grad", "vjp", "jvp", "jacobian", "jacrev", "jacfwd", "grad_and_value", "linearize", "run_backward"})

OUTPUTS = tuple(Output(name, "tensor") for name in ("y", "x's gradient", "weight's gradient", "bias's gradient"))
SECOND_OUTPUTS = tuple(Output(f"the second derivative by {name}", "tensor") for name in ("x", "weight", "dy"))

LAYERNORM_FUNCTION = Exercise(
    name="LayerNormFunction",
    functions=("LayerNormFunction",),
    outputs=OUTPUTS + SECOND_OUTPUTS,
    invoke=invoke_function,
    reference=layernorm(),
    section="autograd-function",
    checks=(
        Check("values", "The output", 2, "autograd-function", plain(Y, (4, 7), (5, 5), (6, 3))),
        Check("dx", "The gradient of x", 3, "autograd-function", plain(DX, (4, 7), (5, 5), (6, 3))),
        Check(
            "parameters",
            "The gradients of weight and bias",
            2,
            "autograd-function",
            plain(PARAMETERS, (3, 7), (6, 6), (7, 3)),
        ),
        Check("axes", "Any number of axes before the last, and none", 1, "autograd-function", leading_axes, "only-2d"),
        Check("sizes", "Any number of features and rows", 1, "padding-trap", sizes, "power-of-two-only"),
        Check("epsilon", "ε is the argument, forward and backward", 2, "autograd-function", epsilons),
        Check(
            "exact", "float64 is computed in float64", 1, "gradcheck-double-backward", exact_ones, "float64-narrowed"
        ),
        Check("second", "Second derivatives", 2, "gradcheck-double-backward", second_ones, "not-differentiable-twice"),
        Check(
            "half",
            "float16 and bfloat16 with statistics in float32",
            2,
            "low-precision",
            halves,
            "half-precision-statistics",
        ),
        Check("dtype", "y has x's dtype", 1, "low-precision", dtypes),
        Check("offset", "float32 tokens at a large offset", 1, "low-precision", offsets, "one-pass-variance"),
        Check(
            "corners", "One feature, constant tokens and quiet ones", 1, "autograd-function", corners, "nan-on-constant"
        ),
        Check("saved", "No more is saved than x, weight, bias and two numbers a row", 2, "what-to-save", kept("saved")),
        Check("context", "Tensors are kept by save_for_backward only", 1, "what-to-save", kept("context")),
        Check(
            "subsets",
            "Any of the inputs may want a gradient, or none",
            1,
            "autograd-function",
            subsets,
            "needs-input-grad",
        ),
        Check(
            "layout", "Tensors that are not contiguous in memory", 1, "autograd-function", layouts, "contiguous-only"
        ),
        Check("twice", "A second backward over the same graph", 1, "what-to-save", twice, "cache-mutated"),
        Check(
            "interleaved", "Another call between forward and backward", 1, "what-to-save", interleaved, "global-state"
        ),
        Check("untouched", "The arguments are left as they were", 1, "autograd-function", untouched),
    ),
    suspects=suspects_of(FORWARD_PARTS + BACKWARD_PARTS + SECOND_PARTS + OF_TENSORS),
    misconceptions=FUNCTION,
    forbidden_names=NORMS | DIFFERENTIATORS,
)


# the module -----------------------------------------------------------------------------------


def invoke_module(student: Student, item: Run) -> Reply:
    x, weight, bias, eps, dy = item.args
    options = {} if eps is None else {"eps": eps}
    asked: dict = {"build": [[x.raw.shape[-1]], options], "training": item.training}
    if item.to:
        asked["to"] = item.to
    if not item.fresh:
        asked["state"] = {"weight": weight, "bias": bias}
    names = [name for name, position in (("weight", 2), ("bias", 3)) if not item.judged or position in item.judged]
    asked |= {"upstream": [dy], "parameters": names}
    reply = told(student.torch("LayerNorm", [x], mode=item.mode, **asked))
    if reply.problem:
        return reply
    gradients = listed(reply.value, "gradients") + [None]
    of_parameters = reply.value.get("of_parameters")
    of_parameters = of_parameters if isinstance(of_parameters, dict) else {}
    values = [single_output(reply), gradients[0], of_parameters.get("weight"), of_parameters.get("bias")]
    return Reply(only_judged(item, values), changed=reply.changed, warnings=reply.warnings)


def module_reference(x, weight, bias, eps, dy) -> tuple:
    return layernorm()(x, weight, bias, EPS if eps is None else eps, dy)


def as_module(imitation: Callable, default: float = EPS) -> Callable:
    return lambda x, weight, bias, eps, dy: imitation(x, weight, bias, default if eps is None else eps, dy)


def as_made(rng):
    """A new layer: its parameters, and its eps when none is given."""

    def new(shape, kind, **more):
        drawn = case(rng, shape, kind, eps=None, fresh=True, **more)
        x, weight, bias, eps, dy = drawn.args
        start = tensor(np.ones(shape[-1]), "float64"), tensor(np.zeros(shape[-1]), "float64")
        return replace(drawn, args=(x, *start, eps, dy))

    return [
        case(rng, (4, 7), spread=0.4, eps=0.1, control=True, judged=Y),
        case(rng, (4, 7), control=True, judged=Y),  # with tokens of unlike spreads
        new((3, 5), " in a new layer", judged=Y),
        new((4, 6), " in a new layer", judged=(0, 1, 2, 3)),
        new((3, 7), " with a spread of 0.001 in a new layer", spread=1e-3, judged=Y),
    ]


def module_values(rng):
    shapes = ((4, 7), (5, 5), (6, 3))
    return [shown(judged=Y)] + [case(rng, s, judged=Y, training=i == 1) for i, s in enumerate(shapes)]


def module_gradients(rng):
    judged = DX + PARAMETERS
    return [shown(judged=judged)] + [case(rng, s, judged=judged) for s in ((3, 7), (6, 6), (7, 3))]


def module_epsilons(rng):
    return [
        case(rng, (4, 5), " with eps=0.1", spread=0.4, eps=0.1),
        case(rng, (3, 6), " with eps=0.1", spread=1.0, eps=0.1),
        case(rng, (3, 7), " with a spread of 0.001", eps=4 * EPS, spread=1e-3, atol=0.03),
    ]


def autocasts(rng):
    more = {"name": "float32", "mode": "autocast", "any_dtype": False, "judged": (0, 1), "atol": 1e-3, "rtol": 1e-3}
    return [
        case(rng, (4, 7), control=True),
        case(rng, (3, 7), " in float32 under autocast", **more),
        case(rng, (8, 24), " in float32 under autocast", **more),
    ]


LAYERNORM_MODULE = Exercise(
    name="LayerNorm",
    functions=("LayerNorm",),
    outputs=OUTPUTS,
    invoke=invoke_module,
    reference=module_reference,
    section="module-parameters",
    checks=(
        Check("values", "The output, with the weight and bias that it holds", 2, "module-parameters", module_values),
        Check("gradients", "Gradients reach x, weight and bias", 2, "module-parameters", module_gradients),
        Check(
            "as_made",
            "A new layer: weight 1, bias 0, eps 1e-5",
            2,
            "module-parameters",
            as_made,
            "parameters-initialised-wrong",
        ),
        Check("epsilon", "eps is what the layer was made with", 1, "module-parameters", module_epsilons),
        Check("axes", "Any number of axes before the last, and none", 1, "module-parameters", leading_axes, "only-2d"),
        Check(
            "half",
            "A layer in float16 or bfloat16, statistics in float32",
            1,
            "low-precision",
            halves,
            "half-precision-statistics",
        ),
        Check("dtype", "The output has the input's dtype", 1, "low-precision", dtypes),
        Check(
            "autocast",
            "Under autocast: float32 in, float32 out, to float32's precision",
            1,
            "low-precision",
            autocasts,
            "autocast-reaches-in",
        ),
        Check("offset", "float32 tokens at a large offset", 1, "low-precision", offsets, "one-pass-variance"),
        Check(
            "layout", "Tensors that are not contiguous in memory", 1, "module-parameters", layouts, "contiguous-only"
        ),
        Check("untouched", "The input is left as it was", 1, "module-parameters", untouched),
    ),
    suspects=tuple(
        Suspect("eps-default", as_module(layernorm(), v), throughout=True) for v in (0.0, 1e-3, 1e-6, 1e-8, 1e-12)
    )
    + tuple(
        Suspect(name, as_module(layernorm(**changed)), throughout=True)
        for name, changed in FORWARD_PARTS + [(name, parts) for name, parts in BACKWARD_PARTS if name in FORMULAS] + OF_TENSORS
    ),
    misconceptions=MODULE,
    forbidden_names=NORMS,
)


# the kernels ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Launch(Case):
    """A case of a kernel. Its args are what the reference needs: tables with their gaps, sizes and strides."""


def table(rng, values: np.ndarray, stride: int, block: int, name: str) -> wire.Tensor:
    """Rows of a larger table: NaN stands behind each row and behind the last one, as far as a block reaches."""
    rows, n = values.shape
    roomy = np.full((rows + -(-block // stride) + 1, stride), np.nan)
    roomy[:rows, :n] = values
    return tensor(roomy, name, False)


def vector(values: np.ndarray, length: int, name: str) -> wire.Tensor:
    """Values with NaN behind them."""
    roomy = np.full(length, np.nan)
    roomy[: len(values)] = values
    return tensor(roomy, name, False)


def blank(*shape: int, name: str = "float32") -> wire.Tensor:
    return tensor(np.full(shape, SENTINEL), name, False)


def rows_behind(block: int, stride: int) -> int:
    """How many rows of a table a block can reach into from the one that it stands in, and one more."""
    return -(-block // stride) + 1


def guarded(values: np.ndarray, rows: int, n: int) -> tuple[np.ndarray, int]:
    """Return (the rows, how many values outside of them are no longer what stood there)."""
    outside = np.ones(values.shape, dtype=bool)
    outside[:rows, :n] = False
    return values[:rows, :n], int((values[outside] != SENTINEL).sum())


def forward_case(
    rng, m, n, block, kind="", *, gap=(0, 0), location=None, spread=None, eps=EPS, name="float32", **more
) -> Launch:
    """args: (x, weight, bias, ε, rows, n, block, y's stride). gap: the strides of x and y are so much more than n."""
    weight, bias = parameters(rng, n)
    x = table(rng, tokens(rng, (m, n), location, spread), n + gap[0], block, name)
    args = (x, vector(weight, n + block, name), vector(bias, n + block, name), eps, m, n, block, n + gap[1])
    more = {"atol": 1e-4, "rtol": 1e-4, "any_dtype": True} | more
    return Launch(args, f"{m} rows of {n} features, BLOCK = {block}{kind}", **more)


def shown_forward(judged: tuple) -> Launch:
    args = (
        tensor(np.vstack([TOKENS, np.full((3, 4), np.nan)]), "float32", False),
        tensor(GAMMA, "float32", False),
        tensor(BETA, "float32", False),
        EPS,
        2,
        4,
        4,
        4,
    )
    return Launch(args, EXAMPLE, public=True, judged=judged, atol=1e-4, rtol=1e-4, any_dtype=True)


def invoke_forward(student: Student, item: Launch) -> Reply:
    x, weight, bias, eps, m, n, block, y_stride = item.args
    y = blank(m + rows_behind(block, y_stride), y_stride, name=x.dtype)
    args = [x, y, weight, bias, blank(m + 4), blank(m + 4), x.raw.shape[1], y_stride, n, eps]
    reply = student.torch(
        "layernorm_forward_kernel", args, grid=[m], kwargs={"BLOCK": block}, returns=[1, 4, 5], watched=False
    )
    buffers = filled(reply, [y, args[4], args[5]])
    if isinstance(buffers, Reply):
        return buffers
    rows, outside = guarded(buffers[0], m, n)
    (averages, beyond), (reciprocals, further) = (guarded(b[:, None], m, 1) for b in buffers[1:])
    values = rows, averages[:, 0], reciprocals[:, 0], np.int64(outside + beyond + further)
    return Reply(values, changed=reply.changed)


def filled(reply: Reply, sent: list[wire.Tensor]) -> list[np.ndarray] | Reply:
    """Return the buffers that a kernel filled, in float64, or the problem."""
    if reply.problem:
        return reply
    found = listed(reply.value, "outputs")
    for got, was in zip(found, sent):
        if not isinstance(got, wire.Tensor) or (got.dtype, got.raw.shape) != (was.dtype, was.raw.shape):
            return Reply(problem="the launch gave no tables back", error_type="Return")
    if len(found) != len(sent):
        return Reply(problem="the launch gave no tables back", error_type="Return")
    return [array(got).astype("float64") for got in found]


def row_mean(x):
    return x.mean(axis=-1)


def forward_tables(statistics=centred_by, y=y_of, rstd=lambda s: 1 / s, average=row_mean) -> Callable:
    """Return what the forward kernel writes, or one in which some parts are others."""

    def run(x, weight, bias, eps, m, n, block, y_stride) -> tuple:
        x = x[:m, :n]
        xhat, s = statistics(x, eps)
        p = Pass(x, weight[:n], bias[:n], x, x, xhat, s)
        return y(p), average(x), rstd(s)[..., 0] * np.ones(m), 0

    return run


def forward_lanes(
    *,
    load=True,
    store=True,
    centre=True,
    mean_over="n",
    variance_over="n",
    x_step=None,
    y_step=None,
    one_row=False,
    means="each",
    reciprocals="each",
) -> Callable:
    """Imitate the kernel lane by lane.

    load, store, centre: whether loads, stores and the deviations are masked. mean_over, variance_over: what the sums
    are divided by. x_step, y_step: the distance of rows, as a function of (n, block), if not the stride. means,
    reciprocals: "each" row's is stored, "none", or all in "one place".
    """

    def put(table, row, value, which):
        if which != "none":
            table[row if which == "each" else 0] = value

    def run(x, weight, bias, eps, m, n, block, y_stride) -> tuple:
        lanes = np.arange(block)
        mask = lanes < n
        flat, padded_weight, padded_bias = x.ravel(), weight[:block], bias[:block]
        out = np.full((m + rows_behind(block, y_stride), y_stride), SENTINEL)
        stored = np.full(m, SENTINEL), np.full(m, SENTINEL)
        step = x_step(n, block) if x_step else x.shape[1]
        for row in range(m):
            source = 0 if one_row else row
            value = flat[source * step + lanes]
            value = np.where(mask, value, 0.0) if load else value
            centred = value - value.sum() / (n if mean_over == "n" else block)
            if centre:
                centred = np.where(mask, centred, 0.0)
            rstd = 1 / np.sqrt((centred**2).sum() / (n if variance_over == "n" else block) + eps)
            result = centred * rstd * (np.where(mask, padded_weight, 0.0) if load else padded_weight)
            result = result + (np.where(mask, padded_bias, 0.0) if load else padded_bias)
            width = block if not store else n
            place = source * (y_step(n, block) if y_step else y_stride)
            out.ravel()[place : place + width] = result[:width]
            put(stored[0], source, value.sum() / (n if mean_over == "n" else block), means)
            put(stored[1], source, rstd, reciprocals)
        rows, outside = guarded(out, m, n)
        return rows, *stored, outside

    return run


def width_n(n, block):
    return n


def width_block(n, block):
    return block


def width_one(n, block):
    return 1


def nowhere(n, block):
    return 0


def lanes_of(simulate: Callable, counts: list[dict]) -> list[tuple[str, Callable]]:
    """What goes wrong with lanes and strides in either kernel."""
    found = [("padded-lanes", simulate(**options)) for options in counts]
    found += [
        ("mask-missing", simulate(load=False, **o))
        for o in ({}, {"centre": False}, {"store": False}, {"store": False, "centre": False})
    ]
    found += [("writes-outside", simulate(store=False))]
    for name, step in (
        ("stride-ignored", width_n),
        ("stride-ignored", width_block),
        ("stride-ignored", width_one),
        ("row-ignored", nowhere),
    ):
        found += [
            (name, simulate(x_step=step, y_step=step)),
            (name, simulate(x_step=step)),
            (name, simulate(y_step=step)),
        ]
    return found


COUNTS = [
    {"centre": centre, "mean_over": over, "variance_over": spread_over}
    for centre in (True, False)
    for over in ("n", "block")
    for spread_over in ("n", "block")
    if (centre, over, spread_over) != (True, "n", "n")
]

ROWS, STORED = (0, 3), (1, 2)


def forward_rows(rng):
    return [shown_forward(ROWS)] + [forward_case(rng, m, n, n, judged=ROWS) for m, n in ((3, 8), (1, 16), (5, 64))]


def forward_statistics(rng):
    return [shown_forward(STORED)] + [forward_case(rng, m, n, n, judged=STORED) for m, n in ((3, 8), (5, 16))]


def forward_padding(rng):
    out = [forward_case(rng, 3, 16, 16, control=True)]
    return out + [
        forward_case(rng, m, n, block, gap=(gap, gap))
        for m, n, block, gap in ((3, 5, 8, 1), (4, 3, 4, 1), (3, 768, 1024, 300), (2, 100, 128, 3), (3, 7, 16, 20))
    ]


def forward_strides(rng):
    out = [forward_case(rng, 3, 16, 16, control=True)]
    return out + [
        forward_case(rng, m, n, n, f", strides {n + a} and {n + b}", gap=(a, b))
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
    ]


def forward_epsilons(rng):
    return [
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


KERNEL_STATISTICS = [(name, s) for name, s in STATISTICS if name not in ("wrong-axis", "whole-array")] + [
    ("rms-for-layernorm", rms_by)
]
# A kernel has one row, in float32: no axis to lose, and what cancels there is rounding.
NOT_IN_KERNELS = {"multiplied", "not-squared", "not-averaged", "keepdims-missing", "wrong-axis", "whole-array"}


def with_root(p):
    """y with the root in rstd's place."""
    return p.xhat * p.s**2 * p.weight + p.bias


def of_kernel(name: str, statistics: Callable) -> Callable:
    if name == "sum-subtracted":
        return forward_tables(statistics, average=lambda x: x.sum(axis=-1))
    if name == "only-centred":
        return forward_tables(y=lambda p: p.xhat * p.s * p.weight + p.bias)
    return forward_tables(statistics)


FORWARD_MISTAKES = [
    *((name, of_kernel(name, s)) for name, s in FORWARD_STATISTICS if name not in NOT_IN_KERNELS),
    ("beta-scaled", forward_tables(y=bias_scaled)),
    ("gamma-beta-swapped", forward_tables(y=exchanged)),
    ("rstd-is-std", forward_tables(y=with_root, rstd=lambda s: s)),
    ("rstd-is-std", forward_tables(y=with_root)),
]

FORWARD_KERNEL_EXERCISE = Exercise(
    name="layernorm_forward_kernel",
    functions=("layernorm_forward_kernel",),
    outputs=(
        Output("y"),
        Output("mean"),
        Output("rstd"),
        Output("the number of values changed outside of the rows", "number"),
    ),
    invoke=invoke_forward,
    reference=forward_tables(),
    section="triton-forward",
    checks=(
        Check("rows", "y, where BLOCK is the number of features", 2, "triton-forward", forward_rows),
        Check("statistics", "mean and rstd of each row are stored", 1, "triton-forward", forward_statistics),
        Check(
            "padding",
            "Rows narrower than BLOCK, in memory full of NaN",
            2,
            "padding-trap",
            forward_padding,
            "mask-missing",
        ),
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
    suspects=tuple(Suspect(name, forward_tables(statistics=s)) for name, s in KERNEL_STATISTICS)
    + tuple(
        Suspect("affine-ignored", forward_tables(y=parts["y"]))
        for name, parts in FORWARD_PARTS
        if name == "affine-ignored"
    )
    + (
        Suspect("rstd-is-std", forward_tables(rstd=lambda s: s)),
        Suspect("rstd-is-std", forward_tables(rstd=lambda s: s**2)),
        *(
            Suspect("statistics-not-stored", forward_lanes(means=first, reciprocals=second))
            for first in ("none", "one place", "each")
            for second in ("none", "one place", "each")
            if (first, second) != ("each", "each")
        ),
        Suspect("program-id-ignored", forward_lanes(one_row=True)),
    )
    # Some give next to nothing, as an overflow does: they must agree where the student's is right, too.
    + tuple(Suspect(name, imitation, throughout=True) for name, imitation in FORWARD_MISTAKES)
    + tuple(Suspect(name, imitation) for name, imitation in lanes_of(forward_lanes, COUNTS)),
    misconceptions=FORWARD_KERNEL,
    forbidden_names=NORMS,
)


def backward_case(
    rng, m, n, block, programs, kind="", *, gap=(0, 0, 0), location=None, spread=None, name="float32", **more
) -> Launch:
    """args: (dy, x, weight, mean, rstd, rows, n, block, programs, dx's stride). gap: of the strides of dy, x and dx."""
    values = array(tensor(tokens(rng, (m, n), location, spread), name)).astype("float64")
    weight, _ = parameters(rng, n)
    _, s = centred_by(values, EPS)
    args = (
        table(rng, upstream(rng, (m, n)), n + gap[0], block, name),
        table(rng, values, n + gap[1], block, name),
        vector(weight, n + block, name),
        vector(values.mean(axis=-1), m + 4, "float32"),
        vector(1 / s[:, 0], m + 4, "float32"),
        m,
        n,
        block,
        programs,
        n + gap[2],
    )
    more = {"atol": 1e-4, "rtol": 1e-4, "any_dtype": True} | more
    return Launch(args, f"{m} rows of {n} features, BLOCK = {block}, {programs} programs{kind}", **more)


def shown_backward(judged: tuple) -> Launch:
    behind = np.full((3, 4), np.nan)
    args = (
        tensor(np.vstack([DY, behind]), "float32", False),
        tensor(np.vstack([TOKENS, behind]), "float32", False),
        tensor(GAMMA, "float32", False),
        tensor(np.array([4.0, 2.0]), "float32", False),
        tensor(np.array([0.2, 0.5]), "float32", False),
        2,
        4,
        4,
        2,
        4,
    )
    words = "the worked example (mean = (4, 2), rstd = (0.2, 0.5), 2 programs)"
    return Launch(args, words, public=True, judged=judged, atol=1e-4, rtol=1e-4, any_dtype=True)


def invoke_backward(student: Student, item: Launch) -> Reply:
    dy, x, weight, averages, reciprocals, m, n, block, programs, dx_stride = item.args
    dx = blank(m + rows_behind(block, dx_stride), dx_stride, name=x.dtype)
    partial = blank(programs + rows_behind(block, n), n)
    args = [
        dy,
        x,
        weight,
        averages,
        reciprocals,
        dx,
        partial,
        partial,
        dy.raw.shape[1],
        x.raw.shape[1],
        dx_stride,
        m,
        n,
    ]
    reply = student.torch(
        "layernorm_backward_kernel", args, grid=[programs], kwargs={"BLOCK": block}, returns=[5, 6, 7], watched=False
    )
    buffers = filled(reply, [dx, partial, partial])
    if isinstance(buffers, Reply):
        return buffers
    rows, outside = guarded(buffers[0], m, n)
    (weights, beyond), (biases, further) = (guarded(b, programs, n) for b in buffers[1:])
    return Reply(
        (rows, weights.sum(axis=0), biases.sum(axis=0), np.int64(outside + beyond + further)), changed=reply.changed
    )


def normalised(x, average, s):
    return (x - average) / s


def backward_tables(dx=layernorm_dx, dweight=dgamma_of, dbias=dbeta_of, hat=normalised) -> Callable:
    """Return what the backward kernel writes, its partial sums added up; or one in which some parts are others."""

    def run(dy, x, weight, averages, reciprocals, m, n, block, programs, dx_stride) -> tuple:
        x, dy, weight = x[:m, :n], dy[:m, :n], weight[:n]
        s = 1 / reciprocals[:m, None]
        p = Pass(x, weight, np.zeros(n), dy, dy * weight, hat(x, averages[:m, None], s), s)
        return dx(p), dweight(p), dbias(p), 0

    return run


def backward_lanes(
    *,
    load=True,
    store=True,
    centre=True,
    over="n",
    x_step=None,
    dy_step=None,
    y_step=None,
    rows="all",
    last_alone=False,
    places=("each", "each"),
    first_mean=False,
    first_rstd=False,
    numbered=True,
) -> Callable:
    """Imitate the kernel lane by lane, as ``forward_lanes`` does.

    over: what the row's sums are divided by. rows: "all", "first" where each program does one, "from here" or "every"
    where each does all that follow or all there are. last_alone: a program keeps its last row's sums only. places: of
    the sums for weight and bias, "each" program's has a row, all go to "one", or "none" is stored. first_mean,
    first_rstd: that of the first row is used for all. numbered: a program works by its own number, not as program 0.
    """
    shares = {
        "all": lambda program, m, programs: range(program, m, programs),
        "first": lambda program, m, programs: range(program, m, programs)[:1],
        "from here": lambda program, m, programs: range(program, m),
        "every": lambda program, m, programs: range(m),
    }

    def run(dy, x, weight, averages, reciprocals, m, n, block, programs, dx_stride) -> tuple:
        lanes = np.arange(block)
        mask = lanes < n
        out = np.full((m + rows_behind(block, dx_stride), dx_stride), SENTINEL)
        sums = np.full((2, programs + rows_behind(block, n), n), SENTINEL)
        up_step = dy_step(n, block) if dy_step else dy.shape[1]
        step = x_step(n, block) if x_step else x.shape[1]
        width = n if store else block

        def loaded(flat, place):
            return np.where(mask, flat[place + lanes], 0.0) if load else flat[place + lanes]

        gain = loaded(weight, 0)
        for program in range(programs) if numbered else [0] * programs:
            kept = np.zeros((2, block))
            for row in shares[rows](program, m, programs):
                up, value = loaded(dy.ravel(), row * up_step), loaded(x.ravel(), row * step)
                rstd = reciprocals[0 if first_rstd else row]
                xhat = (value - averages[0 if first_mean else row]) * rstd
                xhat = np.where(mask, xhat, 0.0) if centre else xhat
                g = up * gain
                d = n if over == "n" else block
                result = (g - g.sum() / d - xhat * (g * xhat).sum() / d) * rstd
                place = row * (y_step(n, block) if y_step else dx_stride)
                out.ravel()[place : place + width] = result[:width]
                kept = np.stack([up * xhat, up]) + (0.0 if last_alone else kept)
            for table_of, values, place in zip(sums, kept, places):
                start = program * n if place == "each" else 0
                if place != "none":
                    table_of.ravel()[start : start + width] = values[:width]
        result, outside = guarded(out, m, n)
        (weights, beyond), (biases, further) = (guarded(s, programs, n) for s in sums)
        return result, weights.sum(axis=0), biases.sum(axis=0), outside + beyond + further

    return run


def read_alike(**options) -> Callable:
    """``backward_lanes`` in which dy is read as x is."""
    return backward_lanes(dy_step=options.get("x_step"), **options)


SLOPES, SUMS = (0, 3), (1, 2)


def backward_rows(rng):
    return [shown_backward(SLOPES)] + [
        backward_case(rng, m, n, n, m, judged=SLOPES) for m, n in ((3, 8), (1, 16), (4, 32))
    ]


def backward_sums(rng):
    return [shown_backward(SUMS)] + [backward_case(rng, m, n, n, m, judged=SUMS) for m, n in ((3, 8), (5, 4))]


def backward_programs(rng):
    out = [backward_case(rng, 3, 8, 8, 3, control=True)]
    return out + [backward_case(rng, m, 8, 8, p) for m, p in ((6, 3), (7, 3), (5, 1), (2, 4))]


def backward_padding(rng):
    out = [backward_case(rng, 3, 16, 16, 3, control=True)]
    shapes = ((3, 5, 8, 1), (4, 3, 4, 1), (3, 768, 1024, 300), (2, 100, 128, 3), (3, 7, 16, 20))
    return out + [backward_case(rng, m, n, block, m, gap=(gap,) * 3) for m, n, block, gap in shapes]


def backward_strides(rng):
    out = [backward_case(rng, 3, 16, 16, 3, control=True)]
    gaps = ((3, 0, 0), (0, 5, 0), (0, 0, 2), (1, 4, 7))
    return out + [
        backward_case(rng, 3, 8, 8, 3, f", strides {8 + a}, {8 + b} and {8 + c}", gap=(a, b, c)) for a, b, c in gaps
    ]


def backward_halves(rng):
    return [
        backward_case(rng, 3, 8, 8, 3, control=True),
        backward_case(
            rng, 3, 32, 32, 3, " in float16, several hundred", location=600.0, spread=300.0, name="float16", **FAIR
        ),
        backward_case(
            rng, 4, 32, 32, 4, " in bfloat16, around 100", location=100.0, spread=1.0, name="bfloat16", **ROUGH
        ),
    ]


BACKWARD_COUNTS = [{"over": "block"}, {"over": "block", "centre": False}]

BACKWARD_KERNEL_EXERCISE = Exercise(
    name="layernorm_backward_kernel",
    functions=("layernorm_backward_kernel",),
    outputs=(
        Output("dx"),
        Output("the sum of the partial sums for weight"),
        Output("the sum of the partial sums for bias"),
        Output("the number of values changed outside of the rows", "number"),
    ),
    invoke=invoke_backward,
    reference=backward_tables(),
    section="triton-backward",
    checks=(
        Check("dx", "dx, where BLOCK is the number of features", 2, "triton-backward", backward_rows),
        Check("sums", "Partial sums for weight and bias", 2, "triton-backward", backward_sums),
        Check(
            "programs", "More rows than programs, and fewer", 2, "triton-backward", backward_programs, "rows-skipped"
        ),
        Check(
            "padding",
            "Rows narrower than BLOCK, in memory full of NaN",
            2,
            "padding-trap",
            backward_padding,
            "mask-missing",
        ),
        Check("strides", "Rows a stride apart", 1, "triton-forward", backward_strides, "stride-ignored"),
        Check(
            "half", "16-bit rows, computed in float32", 1, "low-precision", backward_halves, "half-precision-statistics"
        ),
    ),
    suspects=tuple(Suspect(name, backward_tables(**parts)) for name, parts in DX_PARTS + PARAMETER_PARTS)
    + (
        Suspect(
            "divided-by-batch",
            backward_tables(dweight=lambda p: dgamma_of(p) / len(p.x), dbias=lambda p: dbeta_of(p) / len(p.x)),
        ),
        Suspect("divided-by-batch", backward_tables(dweight=lambda p: dgamma_of(p) / len(p.x))),
        Suspect("divided-by-batch", backward_tables(dbias=lambda p: dbeta_of(p) / len(p.x))),
        Suspect("multiplied", backward_tables(hat=lambda x, average, s: (x - average) * s), throughout=True),
        Suspect("xhat-wrong", backward_tables(hat=lambda x, average, s: x / s), throughout=True),
        Suspect("program-id-ignored", backward_lanes(numbered=False)),
        Suspect("rows-skipped", backward_lanes(rows="first")),
        Suspect("rows-repeated", backward_lanes(rows="from here")),
        Suspect("rows-repeated", backward_lanes(rows="every")),
        Suspect("partials-overwritten", backward_lanes(last_alone=True)),
        *(
            Suspect(name, backward_lanes(places=places))
            for name, other in (("partials-in-one-row", "one"), ("partials-not-stored", "none"))
            for places in ((other, other), (other, "each"), ("each", other))
        ),
        Suspect("row-ignored", backward_lanes(first_mean=True)),
        Suspect("row-ignored", backward_lanes(first_rstd=True)),
        Suspect("row-ignored", backward_lanes(first_mean=True, first_rstd=True)),
        Suspect("row-ignored", backward_lanes(x_step=nowhere)),
        Suspect("row-ignored", backward_lanes(dy_step=nowhere)),
        Suspect("stride-ignored", backward_lanes(x_step=width_one)),
        Suspect("stride-ignored", backward_lanes(dy_step=width_one)),
    )
    + tuple(Suspect(name, imitation) for name, imitation in lanes_of(read_alike, BACKWARD_COUNTS)),
    misconceptions=BACKWARD_KERNEL,
    forbidden_names=NORMS,
)

# the quiz -------------------------------------------------------------------------------------

QUIZ = Quiz(
    name="quiz_4_layernorm_pytorch",
    variable="answers",
    questions=(
        Question(
            "q1",
            "b",
            {
                "a": "The backward then has a subtraction and a product a feature less to do, which is next to nothing "
                "beside reading dy and writing dx.",
                "c": "Both give the same gradients to the last few digits; x̂ can be made again from x, mean and rstd.",
                "d": "mean and rstd are two numbers a row: 8 bytes a row in float32, against 4 bytes a feature for x̂.",
            },
            "what-to-save",
        ),
        Question(
            "q2",
            "d",
            {
                "a": "The zeros add nothing to the sum of features. But a surplus lane has the deviation 0 − mean, and "
                "its square is counted.",
                "b": "The mean is right: the zeros add nothing to the sum, and it is divided by n.",
                "c": "Dividing by BLOCK would count the surplus lanes as features, and make the mean wrong as well.",
            },
            "padding-trap",
        ),
        Question(
            "q3",
            "a",
            {
                "b": "A first derivative that was wrong would be found at any sensible tolerance; it is right.",
                "c": "The gradient of weight comes from the same saved numbers, and as a first derivative it is right.",
                "d": "Nothing is raised: to the second backward a saved tensor is a plain number: the trap.",
            },
            "gradcheck-double-backward",
        ),
        Question(
            "q4",
            "c",
            {
                "a": "There are about as many operations as before. They never were the limit: reading a number takes a GPU "
                "the time of dozens of them.",
                "b": "Both compute in float32; fusing changes hardly a digit.",
                "d": "weight and bias are read by both, and are small beside x.",
            },
            "bytes-not-operations",
        ),
        Question(
            "q5",
            "b",
            {
                "a": "bfloat16 has the range of float32. It is float16 that ends at 65504.",
                "c": "The rounding error has nothing to do with ε: it is relative to the mean itself.",
                "d": "2⁻⁸ = 0.004 is relative precision. Of a mean of 100 it is a few tenths, beside a spread of 1.",
            },
            "low-precision",
        ),
    ),
)

TOPIC = Topic(
    stem="4_layernorm_pytorch",
    exercises=(LAYERNORM_FUNCTION, LAYERNORM_MODULE, FORWARD_KERNEL_EXERCISE, BACKWARD_KERNEL_EXERCISE),
    quiz=QUIZ,
    rules=Rules(
        forbidden=("autograd", "apex", "flash_attn", *LIBRARIES),
        libraries=("torch", "triton"),
        operators=OPERATORS,
    ),
    prelude="import numpy as np\nimport torch\nimport triton\nimport triton.language as tl\nfrom torch import nn\n",
)
