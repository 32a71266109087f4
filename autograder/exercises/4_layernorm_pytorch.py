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
- Kernels compute in float32: 1e-4, as above. Of 16-bit rows dx is rounded, and the partial sums are not: 1e-3.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from autograder import reading, second_call
from autograder.exercise import Case, Check, Exercise, Output, Question, Quiz, Suspect, Topic
from autograder.kernel_parts import (
    BACKWARD_COUNTS,
    BY_PROGRAM,
    COUNTS,
    PARAMETERS_BY_ROW,
    PARTIALS_MISPLACED,
    PROGRAM_FOR_ROW,
    SENTINEL,
    STRIDE_MISSING,
    backward_lanes,
    blank,
    blank_sums,
    every_row,
    first_row_only,
    forward_lanes,
    guarded,
    in_tables,
    lanes_of,
    no_place,
    one_place,
    own_row,
    parameters_alike,
    read_alike,
    room,
    rows_behind,
    some_of,
    table,
    the_program,
    the_row,
    vector,
)
from autograder.misconceptions import common, half_not_root, in_section, named
from autograder.norm_names import LIBRARIES, NORMS, OPERATORS
from autograder.norm_parts import (
    by_array,
    by_feature,
    centred_by,
    dbeta_of,
    deviation,
    dgamma_of,
    divided_by_gamma,
    layernorm_dx,
    mean,
    not_centred,
    over_tokens,
    smaller_sample,
    tokens,
    variance,
    with_ddof,
)
from autograder.student import Kind, Reply, Rules, Student
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
OTHER_EPS = 1.0  # of a call between the forward and a backward that is differentiated
ROW_BYTES, FEW_BYTES = 16, 64  # two numbers a row, in float64 at most; and a few besides, such as ε

# misconceptions -------------------------------------------------------------------------------

BOTH_WAYS = in_section(
    "autograd-function",
    {
        "multiplied": "Something is multiplied by the root of variance + ε that is to be divided by it, or divided by "
        "rstd. Divide by the root, or multiply by its reciprocal, rstd.",
        "sum-for-mean": "A sum over the features stands where a mean belongs: divide by d, the true number of features.",
        "missing-parentheses": "Python multiplies and divides before it subtracts, so rstd reached only what stands next "
        "to it, not the whole difference. Put the subtraction in parentheses.",
        "sign-reversed": "A sign is reversed, of x̂ or of a gradient: it is x − mean, not mean − x, and dx is g less its "
        "two corrections.",
    },
)

FORMULAS = (
    BOTH_WAYS
    | named(half_not_root("autograd-function", "variance + ε", "torch.sqrt"))
    | in_section(
        "autograd-function",
        {
            "keepdims-missing": "A mean or a variance lost its axis, so it is lined up with the features: mostly an error, and "
            "silently wrong when there are as many tokens as features. Reduce with `keepdim=True`.",
            "eps-as-floor": "ε was taken as a least value, as `clamp` does. It is added, for every token: the root of "
            "(variance + ε).",
            "affine-wrong": "weight or bias is used in another way than it should be: weight as 1 + weight or added, or bias "
            "subtracted or added to weight. weight multiplies x̂, and bias is added.",
            "affine-first": "weight and bias were applied to x before it was normalised, so that the mean and the spread that "
            "they give were taken away again. Normalise first: y = weight · x̂ + bias.",
            "len-for-features": "A sum over the features was divided by the number of tokens (`len(x)` and `x.shape[0]` count "
            "those) or of all values. The number of features is `x.shape[-1]`.",
            "no-root": "x − mean is divided by variance + ε itself, or multiplied by its reciprocal. Take the root first: rstd "
            "= 1/√(variance + ε).",
            "root-twice": "A root was taken of the standard deviation, which is a root already. ε is added to the variance, "
            "and one root is taken of both.",
            "not-squared": "The deviations were averaged without being squared. Those above the mean cancel those below, and "
            "little but ε is left under the root. Square each deviation first, then average.",
            "var-mean-order": "Mean and variance have changed places: `torch.var_mean` gives the variance first, and the mean "
            "second.",
            "absolute-deviation": "The absolute deviations were averaged. The variance is the mean of the squared deviations.",
            "not-averaged": "Every deviation was divided by the root of its own square, so only its sign is left. Average the "
            "squares over the features: one variance a token.",
            "sum-subtracted": "The sum of the features was subtracted where their mean belongs: divide it by d first.",
            "only-centred": "The features were centred but not divided: x̂ = (x − mean) · rstd.",
            "beta-scaled": "bias was added before weight multiplied, and so was multiplied as well: y = weight · x̂ + bias.",
            "gamma-beta-swapped": "weight and bias are exchanged: weight multiplies x̂, and bias is added.",
            "ddof-1": "This is what dividing by d − 1 gives. LayerNorm's variance divides by d: `correction=0` in `torch.var` "
            "and `torch.std`, whose default is 1.",
            "wrong-axis": "A statistic runs over the tokens, as batch norm's do. Each token is normalised by its own features: "
            "reduce over the last axis alone.",
            "whole-array": "A statistic was taken once for the whole tensor. Every token needs its own: `dim=-1` and "
            "`keepdim=True`.",
            "rms-for-layernorm": "The mean is not subtracted, above the fraction or under the root. LayerNorm centres in both "
            "places, RMSNorm in none.",
            "affine-ignored": "weight or bias does not appear in the output: y = weight · x̂ + bias.",
            "eps-missing": "ε is missing. It is added to the variance under the root, in the forward and so in everything that "
            "the backward divides by.",
            "eps-fixed": "The result does not depend on the argument `eps`: a fixed number stands in its place, in the forward "
            "or in the backward.",
            "eps-outside-root": "ε was added to the root. It belongs inside: rstd = 1/√(variance + ε).",
            "eps-altered": "ε was squared, or divided by d, before it was added: that is what adding it to the sum of the "
            "squares does. It is added to the variance as it is: variance + ε.",
        },
    )
    | in_section(
        "low-precision",
        {
            "half-precision-statistics": "The statistics were computed in 16 bits. float16 ends at 65,504, and 256² is past "
            "it; bfloat16 keeps 8 bits, so a mean of 100 is rounded to a multiple of 0.5. Convert to float32 first, and back "
            "at the end.",
            "one-pass-variance": "At a large offset the digits cancel: mean(x²) − mean(x)² subtracts two huge, nearly equal "
            "numbers, in float32 down to multiples of 8 at 1e4. Subtract the mean first, then square.",
        },
    )
)

GRADIENTS = (
    BOTH_WAYS
    | in_section(
        "autograd-function",
        {
            "statistics-constant": "This is dy ⊙ γ/σ: mean and standard deviation were taken for constants. Both move with x, "
            "and each adds a term.",
            "upstream-unchanged": "dx is dy, or dy ⊙ weight, as it came in. It has to pass through the normalisation as well: "
            "subtract the mean and the component along x̂, and multiply by rstd.",
            "no-mean-term": "One of the two corrections is missing: the mean of g = dy ⊙ weight is not subtracted.",
            "no-variance-term": "One of the two corrections is missing: x̂ · mean(g ⊙ x̂) is not subtracted.",
            "correction-sign": "A correction was added where it is subtracted: dx is what is left of g when a component is "
            "taken away.",
            "corrections-exchanged": "The two means in dx are exchanged. The mean of g is subtracted as it is; the mean of g ⊙ "
            "x̂ is multiplied by x̂ first.",
            "divided-by-variance": "Something in dx, or all of it, is divided by variance + ε, not by its root: rstd is a "
            "factor once, not twice.",
            "xhat-wrong": "The backward works with an x̂ from which the mean was not subtracted. It is what weight multiplied "
            "in the forward: x̂ = (x − mean) · rstd.",
            "xhat-missing": "The correction along x̂ is x̂ · mean(g ⊙ x̂), and one of its factors is missing. The mean says "
            "how much of g lies along x̂, the x̂ before it which direction is taken away.",
            "not-averaged": "A mean over the features is missing. Where the statistics and the corrections of dx have a mean, "
            "it is one number a token, not one a feature.",
            "dx-uses-x": "x or x − mean stands in dx where x̂ belongs. The correction along x̂ is made of the normalised "
            "values, both in the mean and before it.",
            "dy-for-g": "dy stands in one part of dx where g belongs. Form g = dy ⊙ weight once, and use it in every term.",
            "gamma-twice": "weight was multiplied on twice. g = dy ⊙ weight holds it already.",
            "factor-of-two": "The correction along x̂ is twice or half of what it should be. On the path through the variance "
            "the square gives a factor 2 and the root a factor ½, which cancel: one of them got lost.",
            "dgamma-without-xhat": "weight's gradient is the sum of dy alone. weight multiplies x̂, so x̂ is a factor of its "
            "gradient: Σ dy ⊙ x̂.",
            "dbeta-uses-xhat": "bias's gradient was formed with x̂. bias is added and multiplies nothing: Σ dy.",
            "sigma-missing": "The factor rstd is missing in dx: an input with twice the spread has half the gradient.",
            "gamma-outside-means": "weight was multiplied on at the end. It differs from feature to feature, so it can't be "
            "taken out of the means: form g = dy ⊙ weight first.",
            "gamma-ignored": "weight does not appear in dx. The gradient that reaches x̂ is g = dy ⊙ weight.",
            "dgamma-uses-x": "The gradient of weight was formed with x or with the deviations. What weight multiplies is x̂: Σ "
            "dy ⊙ x̂.",
            "dgamma-uses-g": "weight has got into its own or bias's gradient. There it is dy that is summed, not g = dy ⊙ "
            "weight.",
            "dy-missing": "dy does not appear in a gradient. By the chain rule it is a factor of each: g = dy ⊙ weight for x, "
            "Σ dy ⊙ x̂ for weight, Σ dy for bias.",
            "dgamma-uses-dx": "The gradient of weight or bias was formed with dx. What is summed is dy, the gradient by y: Σ "
            "dy ⊙ x̂ and Σ dy.",
            "dgamma-scaled": "weight's gradient was multiplied by rstd once more. x̂ holds it already: Σ dy ⊙ x̂.",
            "dgamma-dbeta-swapped": "The gradients of weight and bias are exchanged. They stand in the order of the forward's "
            "arguments.",
        },
    )
    | in_section(
        "what-to-save",
        {
            "statistics-exchanged": "mean and rstd stand in each other's place: `ctx.saved_tensors` gives the tensors back in "
            "the order in which they were saved.",
        },
    )
)

TORCH = (
    common("autograd-function")
    | in_section(
        "low-precision",
        {
            "float64-result": "The result is wider than x. y keeps x's dtype: bfloat16 in, bfloat16 out, also when the "
            "statistics or the weight are float32. Finish with `.to(x.dtype)`.",
            "dtypes-differ": "Two dtypes meet where PyTorch wants one, as on both sides of a matrix product. Make a constant "
            "in the dtype of what it meets, `dtype=x.dtype`, and convert the inputs before you compute.",
        },
    )
    | in_section(
        "autograd-function",
        {
            "input-mutated": "An operation in place (`x.sub_(…)`, `x -= …`, `out=x`) wrote into the caller's tensor. Make a "
            "new one.",
            "only-2d": "It works for some numbers of axes only. The features are the last axis, `-1`; before it there may be "
            "any number of axes, and none at all for a single token.",
            "contiguous-only": "It is right only for tensors without gaps in memory. `view` needs that and `reshape` does not; "
            "what walks through the storage sees the gaps.",
        },
    )
    | in_section(
        "module-parameters",
        {
            "shape-lost": "y does not have x's shape. weight and bias, of shape (d,), line up with the last axis by "
            "themselves, without `[:, None]` or `view`.",
        },
    )
    | in_section(
        "padding-trap",
        {
            "power-of-two-only": "It is right for widths that are powers of two and wrong for others. 768 and 1,000 are "
            "ordinary widths.",
        },
    )
)

FUNCTION = (
    TORCH
    | FORMULAS
    | GRADIENTS
    | in_section(
        "autograd-function",
        {
            "library-call": "The exercise is to write both passes yourself: PyTorch's own norms earn nothing, and neither does "
            "its automatic gradient (`torch.autograd.grad`, `vjp`, `.grad`) inside of the backward.",
            "returns-none": "A gradient is None where one is wanted. `backward` returns one gradient for each argument of "
            "`forward`, and None only for eps.",
            "divided-by-batch": "There is a division by the number of tokens. The gradients of weight and bias are sums over "
            "the tokens; a mean, if the loss has one, is in dy already.",
            "dx-wrong-axis": "A mean in dx runs over the tokens. The statistics belong to one token, so its gradient mixes "
            "only its own features: `dim=-1`.",
            "outputs-swapped": "What `backward` returns first does not fit x. The gradients stand in the order of the "
            "forward's arguments: those of x, weight and bias, each of the shape of its argument, and None for eps.",
            "dgamma-wrong-axis": "The gradient of weight or bias is summed over the wrong axes: weight serves every token, so "
            "it is summed over every axis but the last, and has shape (d,). (For a single token that is no axis at all, and "
            "PyTorch's `sum(())` adds up everything.)",
            "wrong-number-of-gradients": "`backward` returns one value for each argument of `forward`, separated by commas and "
            "in no list: the gradients of x, weight and bias, and None for eps.",
            "gradient-for-eps": "eps is a number, so it gets no gradient: `backward` returns None for it. The values stand in "
            "the order of the forward's arguments, so this None comes last.",
            "wrong-signature": "PyTorch calls `forward(ctx, x, weight, bias, eps)` and `backward(ctx, dy)`: both begin with "
            "ctx, and the backward gets one gradient for each output.",
            "returns-more": "`forward` returns y and nothing else. What the backward needs goes through "
            "`ctx.save_for_backward`.",
            "needs-input-grad": "Any of the inputs may want a gradient, or only some of them. `ctx.needs_input_grad` says "
            "which, with one entry for each argument of `forward`, eps too; where it is False, return None, and still one "
            "value for each argument.",
            "autograd-graph": "No backward of yours gives this gradient: it comes from PyTorch's record of the single "
            "operations, which keeps every one of their results. Derive the class from `torch.autograd.Function`.",
            "nan-on-constant": "A token whose features are all equal has x̂ = 0, and so has every token at d = 1. Divide by "
            "the root of variance + ε alone, never by the spread or by d − 1.",
        },
    )
    | in_section(
        "what-to-save",
        {
            "saved-tensors-misused": "`ctx.save_for_backward(a, b)` is called once, with tensors alone and in no list; `a, b = "
            "ctx.saved_tensors`, without parentheses behind it, gives them back in the same order. A number such as eps "
            "becomes an attribute: `ctx.eps = eps`.",
            "not-kept": "The backward reads an attribute of `ctx` that the forward did not set. A number such as eps is kept "
            "with `ctx.eps = eps`.",
            "saved-xhat": "Besides what came in, more is kept than two numbers a row: x̂, the deviations, or a wider copy of x "
            "or of weight. x is there already, so nothing has to be written for it; with mean and rstd x̂ is one subtraction "
            "and one product away.",
            "tensors-on-context": "Tensors stand as attributes on `ctx`. PyTorch does not see them there: they can leak "
            "memory, escape the check for changes in place, and lose their history. Hand them to `ctx.save_for_backward`.",
            "cache-mutated": "The first backward is right, a second one over the same graph is not: the first wrote into a "
            "saved tensor or into dy. Look for `*=`, `-=`, `mul_`, `pop`.",
            "divided-by-gamma": "Something was divided by weight, to win back x̂ from y or dy from g. A weight may be 0, and "
            "0/0 is NaN: x, mean and rstd give x̂ without it.",
            "global-state": "With another call between forward and backward, the backward uses the other call's values: they "
            "are kept outside of `ctx`.",
        },
    )
    | in_section(
        "gradcheck-double-backward",
        {
            "not-differentiable-twice": "The backward can't be differentiated: `once_differentiable`, `detach`, `.data`, NumPy "
            "or `no_grad` cut its graph. Second derivatives then fail or come out as zero.",
            "statistics-without-history": "First derivatives are right and second ones are not: a saved mean, rstd or x̂ is a "
            "number without a history, and the backward is differentiated as if it did not depend on x. When "
            "`torch.is_grad_enabled()` in the backward, compute them again, from x as it came in, without `detach` or `.data`.",
            "float64-narrowed": "float64 input was computed in float32, which leaves 7 digits: `gradcheck` can't pass. Convert "
            "what is narrower than float32 and leave float64 as it is: `torch.promote_types(x.dtype, torch.float32)`.",
        },
    )
)

MODULE = (
    TORCH
    | FORMULAS
    | named(second_call.once_only("module-parameters"))
    | in_section(
        "module-parameters",
        {
            "library-call": "The exercise is to write this layer yourself, so PyTorch's own norms earn nothing, inherited or "
            "called.",
            "returns-none": "`forward` ends without `return`, or a parameter gets no gradient: it is not used, detached on its "
            "way, or made with `requires_grad=False`.",
            "statistics-detached": "The gradient does not flow through the mean, or not through the variance: `no_grad`, "
            "`detach`, `.data` or `.item()` makes a constant of it. Both move with x, and each adds a term to the gradient.",
            "state-has-more": "`state_dict()` holds more than `weight` and `bias`, so files of weights of another LayerNorm "
            "would not fit. eps is a plain attribute: `self.eps = eps`, no parameter and no buffer.",
            "parameter-shape": "`weight` and `bias` have one number a feature: their shape is (d,).",
            "wrong-signature": "The layer is made as `LayerNorm(d, eps=1e-5)` and called with x alone. The `apply` of a "
            "Function gets every argument of its `forward` but ctx.",
            "no-tensor": "`forward` returns something that is no tensor. A Function is not called as a class is, but by its "
            "`apply`: `LayerNormFunction.apply(x, self.weight, self.bias, self.eps)`.",
            "super-init-missing": "`super().__init__()` comes first in `__init__`: it makes the places where a module keeps "
            "its parameters.",
            "parameters-not-registered": "`weight` and `bias` must be `nn.Parameter` attributes under these names. Plain "
            "tensors, buffers and lists are not in `parameters()`: no optimiser updates them.",
            "parameters-initialised-wrong": "A new layer has weight 1 and bias 0, so that it begins as plain normalisation.",
            "eps-default": "`eps` is 1e-5 when it is not given.",
        },
    )
    | in_section(
        "low-precision",
        {
            "autocast-reaches-in": "Under autocast every matrix product (`@`, `einsum`, `matmul`, `F.linear`) runs in "
            "bfloat16, and one of them computes statistics. Use `mean` and `sum`, or switch autocast off around them.",
        },
    )
)

LANES = (
    in_section(
        "padding-trap",
        {
            "padded-lanes": "The lanes that pad a row to BLOCK were counted: divide by n, not by BLOCK, and set the deviations "
            "of surplus lanes to 0, where each would count as (0 − mean)². ε is added once, after the sum, and not in every "
            "lane.",
            "mask-missing": "Something past the end of a row, or of weight or bias, was read. `tl.load(pointers, mask=columns "
            "< n, other=0.0)`: without the mask the surplus lanes hold whatever stands behind, or the address is nobody's "
            "memory. `tl.where` after the load comes too late.",
            "undefined-lanes": "A load that has a mask and no `other` says nothing of the lanes that it leaves out. Triton "
            "promises nothing of them, either, and here they hold NaN, which came into a sum. Write `tl.load(pointers, "
            "mask=columns < n, other=0.0)`, or set such lanes to 0 by `tl.where` before you add.",
            "writes-outside": "Something past the end of a row was overwritten: `tl.store` needs the mask, too.",
            "surplus-lanes": "It is right where BLOCK = n, and wrong where BLOCK is larger. Nothing may be read, written or "
            "counted for a lane past n: mask every load and store, let such lanes be 0 in every sum, and divide by n.",
        },
    )
    | in_section(
        "triton-forward",
        {
            "stride-ignored": "Rows were not looked for where they begin: row i at pointer + i·stride, and each tensor has a "
            "stride of its own. n or BLOCK in its place is right only when rows follow each other without a gap.",
            "row-ignored": "All rows of a tensor were read from the same place, or written to it. Row i begins at pointer + "
            "i·stride, and its statistics stand at mean + i and rstd + i.",
            "mask-wrong": "The mask leaves out a feature of the row, or takes in the lane behind it. The columns go from 0 to "
            "n − 1: `columns < n`.",
            "columns-strided": "The stride was multiplied with the columns. A row's features lie side by side: row i, column j "
            "stands at pointer + i·stride + j.",
            "parameters-by-row": "weight and bias were not read as what they are: one number a feature, the same for every "
            "row. `tl.load(weight + columns, mask=columns < n, other=0.0)`, with no row or program in the address.",
            "statistics-misplaced": "mean and rstd hold one number a row, side by side: those of row i stand at `mean + i` and "
            "`rstd + i`, without a stride and without columns.",
            "statistics-exchanged": "mean and rstd stand in each other's place. Each has a pointer of its own: `mean` and "
            "`rstd`.",
            "rows-not-stored": "The row that the kernel is to give, y or dx, was not written at all: `tl.store(pointer + "
            "row·stride + columns, …, mask=columns < n)`.",
            "not-triton": "Inside of a kernel there is only what Triton has: `tl.load`, `tl.store`, `tl.sum`, `tl.sqrt`, "
            "`tl.where`, … and the operators + − * /. Neither NumPy nor PyTorch nor `math` can compute with a block, and there "
            "is no `**`. No number stands in brackets behind a pointer or a block: one adds to a pointer, and `tl.where` "
            "chooses lanes. A pointer has no shape, and a block no length that `len` tells: the features are n.",
            "jit-missing": "Keep the line `@triton.jit` above the kernel: without it it is a plain function, which can't be "
            "launched. Nothing of your own launches it in the kernel's place.",
            "wrong-signature": "Keep the kernel's arguments as they were given, all of them and in their order: it is launched "
            "with them.",
            "address-outside": "The kernel read or wrote far outside of its tables, and that ended the process. Every address "
            "is pointer + row·stride + columns, with a mask.",
            "library-call": "The exercise is to write this kernel yourself, so PyTorch's own norms earn nothing.",
            "input-mutated": "A kernel writes only what it is to give. Look at the pointer in each `tl.store`.",
        },
    )
    | in_section(
        "without-a-gpu",
        {
            "block-in-condition": "A block was asked for one yes or no: by `if`, `and`, `or`, `not`, `… if … else …`, or "
            "Python's `max` and `min`. It has one for each lane, and Triton's interpreter takes any block for True. Join masks "
            "by `&` and `|`, turn one round by `~`, choose with `tl.where(mask, a, b)` and `tl.maximum(a, b)`.",
            "race": "The programs meet in memory: one reads or writes what another one writes. Triton's interpreter runs them "
            "one after the other, and a GPU at the same time, in no order: a race. So no program prepares, reads or corrects "
            "what another one writes: each stores its own rows and what belongs to them, zeros included.",
        },
    )
    | in_section(
        "low-precision",
        {
            "half-precision-statistics": "Something was computed in 16 bits. Convert when you load, "
            "`tl.load(…).to(tl.float32)`, and let sums that go over several rows, and what is stored as mean and rstd, be "
            "float32 too; the store converts y and dx by itself.",
        },
    )
)

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

BACKWARD_KERNEL = (
    common("triton-backward")
    | GRADIENTS
    | LANES
    | in_section(
        "triton-backward",
        {
            "program-id-ignored": "Only program 0 did rows of its own. `tl.program_id(0)` says which program this one is: its "
            "rows begin with the one of its number, and its sums have a row of their own in the tables. The mask compares the "
            "columns alone with n, `columns < n`.",
            "rows-skipped": "A program did one row and stopped. There may be fewer programs than rows: program p takes the "
            "rows p, p + programs, p + 2·programs, …",
            "rows-shared-wrongly": "It is right with as many programs as rows, and wrong with fewer or more. Program p takes "
            "the rows p, p + programs, p + 2·programs, … as long as they are less than m, each of them once.",
            "program-for-row": "The program's number stands where the row's belongs. They are the same in a program's first "
            "row only: what belongs to a row is found by the loop's `row`, and only the tables of sums by the program.",
            "idle-program": "A program without rows stored nothing. It has a row in both tables as well, which the caller adds "
            "up: it stores zeros there. So the stores stand behind the loop, and under no condition.",
            "rows-repeated": "Several programs did the same row, so that the sums have it more than once. Program p takes the "
            "rows p, p + programs, p + 2·programs, …: the step is `tl.num_programs(0)`.",
            "rows-not-shared": "One program did all the rows, and the others waited for it: right, and on a GPU as slow as one "
            "program is. Program p takes the rows p, p + programs, p + 2·programs, …",
            "partials-overwritten": "Of a program's rows only the last one is in the sums: add each row to an accumulator, and "
            "store it once, after the loop.",
            "partials-not-stored": "The sums for weight or bias were not written. Each program stores both, once, after its "
            "loop: `tl.store(dweight + program·n + columns, …)`.",
            "partials-in-one-row": "All programs stored their sums in the same place, where the last one wins. Program p has "
            "row p of the table of partial sums.",
            "partials-misplaced": "The sums for weight or bias were not stored where they belong: `dweight + p·n + columns`. p "
            "is the program's number, not a row's, and the tables have no gaps: neither BLOCK nor a stride stands in their "
            "address.",
            "partials-not-zeroed": "The sums were added to what stood in the tables before, and nobody has put zeros there. "
            "Add up in registers, beginning with `tl.zeros([BLOCK], tl.float32)`, and store once after the loop.",
            "dgamma-wrong-axis": "The gradient of weight or bias was summed over the features of a row, to a single number. It "
            "has one number a feature: add up the rows lane by lane, without `tl.sum`.",
            "divided-by-batch": "The sums for weight or bias were divided, by the number of rows, of programs or of features. "
            "They are sums.",
            "m-for-n": "m and n are exchanged somewhere. m counts rows: the loop ends there. n counts features: the mask "
            "compares with it, and the means in dx divide by it.",
            "statistics-recomputed": "mean and rstd were computed again from x, without the forward's ε. Load what the forward "
            "has stored: `tl.load(mean + row)` and `tl.load(rstd + row)`.",
            "rstd-taken-for-variance": "What stands at rstd was taken for a variance, and a root was taken of it. It is "
            "1/√(variance + ε) already: x̂ = (x − mean) · rstd.",
        },
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
    eps: float = 0.0


def rms_by(x, eps):
    s = np.sqrt(mean(x**2) + eps)
    return x / s, s


def y_of(p: Pass) -> np.ndarray:
    return p.xhat * p.weight + p.bias


def layernorm(
    forward=centred_by,
    backward=None,
    y=y_of,
    dx=layernorm_dx,
    dweight=dgamma_of,
    dbias=dbeta_of,
    frozen=None,
    x_of=None,
):
    """Return LayerNorm with its gradients, or one in which some parts are others.

    x_of: (x, weight, bias) -> what is taken for x, forward and backward.
    backward: the statistics of the backward pass, those of the forward unless given.
    frozen: (x, eps, x of the forward) -> (x̂, σ_ε), as the backward computes them when it is differentiated.

    The function takes (x, weight, bias, ε, dy) and gives (y, dx, dweight, dbias). With vectors u_x, u_w, u_b besides it
    gives the derivatives of Σ u_x·dx + Σ u_w·dweight + Σ u_b·dbias by x, weight and dy, too.
    """
    backward = backward or forward

    def gradients(x, weight, bias, eps, dy, xhat, s):
        p = Pass(x, weight, bias, dy, dy * weight, xhat, s, eps)
        return dx(p), dweight(p), dbias(p)

    def run(x, weight, bias, eps, dy, *vectors) -> tuple:
        x = x_of(x, weight, bias) if x_of else x
        ahead = Pass(x, weight, bias, dy, dy * weight, *forward(x, eps), eps)
        results = y(ahead), *gradients(x, weight, bias, eps, dy, *backward(x, eps))
        if not vectors:
            return results

        def loss(at_x, at_weight, at_dy):
            xhat, s = frozen(at_x, eps, x) if frozen else backward(at_x, eps)
            found = gradients(at_x, at_weight, bias, eps, at_dy, xhat, s)
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
    second_call: the module was called with another x before.
    """

    mode: str = "grad"
    again: bool = False
    between: tuple = ()
    watches: str = ""
    fresh: bool = False
    to: str = "float64"
    training: bool = False
    second_call: bool = False


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
    controls = [case(rng, (4, 7), control=True, name="float32", eps=0.1, spread=1.0)]
    return controls + [case(rng, shape, " in float64, to 10 digits", eps=0.1, **exact) for shape in ((3, 5), (4, 7))]


def second_ones(rng):
    more = {"second": True, "judged": SECOND, "atol": 1e-6, "rtol": 1e-6}
    first = [case(rng, (3, 5), control=True, spread=1.0, eps=0.1)]
    out = first + [case(rng, s, ", second derivatives", spread=1.0, eps=0.1, **more) for s in ((3, 5), (4, 3), (2, 4))]
    other = case(rng, (3, 4), eps=OTHER_EPS).args[:4]
    kind = ", second derivatives with another call before the backward"
    return [*out, case(rng, (3, 4), kind, spread=1.0, eps=0.1, between=other, **more)]


ROUGH = {"atol": 0.06, "rtol": 0.03}  # bfloat16
FAIR = {"atol": 0.01, "rtol": 0.01}  # float16


def halves(rng):
    return [
        case(rng, (4, 7), control=True),
        case(rng, (4, 24), " in float16, several hundred", location=600.0, spread=300.0, name="float16", **FAIR),
        case(rng, (6, 24), " in bfloat16, around 100", location=100.0, spread=1.0, name="bfloat16", **ROUGH),
        case(rng, (3, 7), " in bfloat16, around 100", location=100.0, spread=1.0, name="bfloat16", **ROUGH),
    ]


def halves_and_many_rows(rng):
    """… and so many rows of one sign that a sum in bfloat16 would stop at 256."""
    rows = 1200
    x = np.array([-4.0, 1.0, 5.0]) + 0.25 * rng.normal(size=(rows, 3))
    many = case(rng, (rows, 3), " in bfloat16", x=x, name="bfloat16", judged=PARAMETERS, **ROUGH)
    dy = 1 + 0.25 * rng.normal(size=(rows, 3))
    return [*halves(rng), replace(many, args=(*many.args[:4], tensor(dy, "bfloat16", False)))]


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


def without_some_weights(drawn: Run) -> Run:
    """The case with every other weight 0."""
    x, weight, *others = drawn.args
    kept = tensor(weight.raw * (np.arange(weight.raw.size) % 2), "float64")
    return replace(drawn, args=(x, kept, *others), words=f"{drawn.words} and weight = 0 in places")


def corners(rng):
    flat = tokens(rng, (5, 7))
    # Levels whose squares add up without rounding: one pass is right here, and judged elsewhere.
    flat[1], flat[3] = rng.choice([-3.5, -2.0, 1.5, 4.0], size=(2, 1))
    return [
        case(rng, (4, 7), control=True),
        case(rng, (5, 7), " in which two tokens are constant", x=flat, atol=0.03),
        case(rng, (6, 1), atol=1e-3),
        case(rng, (3, 5), " with a spread of 0.001", spread=1e-3, atol=0.03, control=True),
        without_some_weights(case(rng, (4, 6))),
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
    (r"values to unpack.*needs_input_grad", "needs-input-grad"),
    (r"values to unpack.*= \w+\.(shape|size\(\))", "only-2d"),
    (r"have (the )?same dtype|expected scalar type|expected m1 and m2", "dtypes-differ"),
    (r"does not have the shape of its upstream gradient", "shape-lost"),
    (r"gradient different than None at position 4", "gradient-for-eps"),
    (r"__init__\(\) missing 1 required positional argument: 'eps'", "eps-default"),
    (r"(forward|backward|__init__)\(\) (got|takes|missing)", "wrong-signature"),
    (
        r"save_for_backward can only save|values to unpack.*saved_tensors|saved_tensors'.*not writable",
        "saved-tensors-misused",
    ),
    (r"'tuple' object is not callable.*saved_tensors\(", "saved-tensors-misused"),
    (r"Backward' object has no attribute", "not-kept"),
    (r"invalid gradient at index 0", "outputs-swapped"),
    (r"invalid gradient at index [12]", "dgamma-wrong-axis"),
    (r"once_differentiable|carry no graph|numpy\(\) on Tensor that requires grad", "not-differentiable-twice"),
    (r"modified by an inplace operation", "cache-mutated"),
    (r"leaf Variable that requires grad is being used in an in-place", "input-mutated"),
    (r"view size is not compatible", "contiguous-only"),
    (r"has no `apply`|Module.apply\(\) takes|must implement either the backward", "autograd-graph"),
    (r"returned None", "returns-none"),
    (r"no parameter called `(weight|bias)`|makes no nn.Module", "parameters-not-registered"),
    (r"the parameter `(weight|bias)` of .* has shape", "parameter-shape"),
    (r"returned no tensor", "no-tensor"),
    (r"before Module.__init__\(\) call", "super-init-missing"),
    (r"Tensors does not require grad", "returns-none"),
)

KERNEL_SIGNS = (
    (r"'to_tensor'|must be Tensor, not tensor|must be real number, not tensor|for \*\* or pow", "not-triton"),
    (r"operand type\(?s?\)? for (@|abs|divmod)|converted to Python scalars|IndexError.*\.shape", "not-triton"),
    (r"unsupported tensor index|(module 'triton.language'|'tensor' object) has no attribute", "not-triton"),
    (r"of type 'tensor' has no len|does not support item assignment|unexpected type (fp|bf)|is not iterable", "not-triton"),
    (r"is no kernel of Triton's", "jit-missing"),
    (r"layernorm_\w+_kernel\(\) (got|missing|takes)", "wrong-signature"),
    (r"ended the process", "address-outside"),
)


def listed(value: dict, name: str) -> list:
    """Return a list of a reply, whatever the student side has put in its place."""
    found = value.get(name)
    return list(found) if isinstance(found, (list, tuple)) else []


def unmet(problem: str, sign: str) -> Reply:
    return Reply(problem=problem, brief=problem, error_type=Kind.UNMET, sign=sign)


def single_output(reply: Reply) -> object:
    outputs = listed(reply.value, "outputs")
    return outputs[0] if len(outputs) == 1 and not reading.gave_tuple(reply.value) else tuple(outputs)


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
    reply = reading.with_sign(student.torch("LayerNormFunction.apply", [*inputs, eps], mode=item.mode, **asked), SIGNS)
    if reply.problem:
        # A gradient too few because of what nobody wants is another mistake than one too few in any case.
        all_wanted = all(t.requires_grad for t in inputs)
        return reply if all_wanted or reply.sign != "wrong-number-of-gradients" else replace(reply, sign=None)
    y = single_output(reply)
    if isinstance(y, tuple):
        what = "a tuple of one" if len(y) == 1 else f"{len(y)} values"
        return unmet(f"`forward` returned {what}; expected y alone", "returns-more")
    nodes = listed(reply.value, "nodes")
    if differentiated and not any(map(is_own, nodes)):
        return unmet("the graph holds no backward of yours", "autograd-graph")
    if differentiated and not all(is_own(kind) or kind == "AccumulateGrad" for kind in nodes):
        # A Function that does nothing would be enough, and PyTorch would find the gradient of the rest.
        return unmet("the graph holds single operations beside a backward of yours", "autograd-graph")
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
    sign = "input-mutated" if {0, 1, 2} & set(reply.changed) else None
    return Reply(only_judged(item, values), changed=reply.changed, warnings=reply.warnings, sign=sign)


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
    if extra <= ROW_BYTES * tokens_of + FEW_BYTES:
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


def std_plus_eps(x, eps):
    """ε added to what ``x.std()`` gives."""
    s = np.sqrt((deviation(x) ** 2).sum(**SUM) / (x.shape[-1] - 1)) + eps
    return deviation(x) / s, s


def beside_root(less: int) -> Callable:
    """dx where ε was added to the root of Σ deviation²/(d − less), as autograd finds it."""

    def dx(p):
        along = (p.g * p.xhat).sum(**SUM) / (p.x.shape[-1] - less)
        return (p.g - of_g(p) - p.xhat * along * p.s / (p.s - p.eps)) / p.s

    return dx


def outside_reciprocal(x, eps):
    s = 1 / (1 / np.sqrt(variance(x)) + eps)
    return deviation(x) / s, s


FIXED = (0.1, 1e-5, 1e-6, 1e-8, 1e-12)
STATISTICS = [
    ("ddof-1", with_ddof),
    ("wrong-axis", by_feature),
    ("whole-array", by_array),
    ("eps-missing", without_eps),
    ("eps-outside-root", outside_root),
    ("eps-outside-root", std_plus_eps),
    ("eps-outside-root", outside_reciprocal),
    ("eps-altered", lambda x, eps: centred_by(x, eps**2)),
    ("eps-altered", lambda x, eps: centred_by(x, eps / x.shape[-1])),
    *(("eps-fixed", fixed_eps(value)) for value in FIXED),
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


def by_count(count: Callable) -> Callable:
    """Means over the features that are sums divided by another number."""
    return lambda x: x.sum(**SUM) / count(x)


def less(average: Callable) -> Callable:
    return lambda x: x - average(x)


def counted_tokens(x):
    return x.shape[0]


def counted_all(x):
    return x.size


def by_other_counts() -> list:
    """What comes of dividing by the number of tokens or of all values, in the mean, in the variance or in both."""
    found = []
    for count in (counted_tokens, counted_all):
        average = by_count(count)
        off = less(average)
        found += [
            divided(off, lambda x, average=average, off=off: average(off(x) ** 2)),
            divided(deviation, lambda x, average=average: average(deviation(x) ** 2)),
            divided(off, lambda x, off=off: mean(off(x) ** 2)),
        ]
    return [("len-for-features", by) for by in found]


def absolute(x):
    return mean(np.abs(deviation(x)))


def by_absolute(x, eps):
    s = absolute(x) + eps
    return deviation(x) / s, s


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
    ("var-mean-order", divided(lambda x: x - variance(x), mean)),
    ("absolute-deviation", divided(deviation, absolute)),
    ("absolute-deviation", by_absolute),
    *by_other_counts(),
    ("sum-subtracted", divided(less_the_sum, lambda x: mean(less_the_sum(x) ** 2))),
    ("sum-subtracted", divided(less_the_sum, variance)),
    ("only-centred", lambda x, eps: (deviation(x), np.ones_like(x))),
    ("sign-reversed", divided(lambda x: -deviation(x), variance)),
    ("rms-for-layernorm", not_centred),
    ("rms-for-layernorm", divided(deviation, lambda x: mean(x**2))),
    ("keepdims-missing", divided(deviation, lambda x: (deviation(x) ** 2).mean(axis=-1))),
    ("keepdims-missing", divided(without_an_axis, lambda x: mean(without_an_axis(x) ** 2))),
    ("keepdims-missing", divided(without_an_axis, lambda x: (deviation(x) ** 2).mean(axis=-1))),
    ("keepdims-missing", divided(without_an_axis, lambda x: (without_an_axis(x) ** 2).mean(axis=-1))),
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
    ("affine-wrong", {"y": lambda p: p.xhat * (p.weight + p.bias)}),
    ("missing-parentheses", {"forward": mean_alone, "backward": centred_by}),
    ("missing-parentheses", {"y": lambda p: p.x - mean(p.x) / p.s * p.weight + p.bias}),
]


def bias_scaled(p):
    return (p.xhat + p.bias) * p.weight


def exchanged(p):
    return p.xhat * p.bias + p.weight


def affine_first(x, weight, bias):
    return x * weight + bias


def scaled_first(x, weight, bias):
    return x * weight


FORWARD_PARTS = [
    *((name, {"forward": statistics, "backward": centred_by}) for name, statistics in STATISTICS + FORWARD_STATISTICS),
    ("beta-scaled", {"y": bias_scaled}),
    ("gamma-beta-swapped", {"y": exchanged}),
    ("rms-for-layernorm", {"forward": rms_by, "backward": centred_by}),
    ("affine-ignored", {"y": lambda p: p.xhat}),
    ("affine-ignored", {"y": lambda p: p.xhat * p.weight}),
    ("affine-ignored", {"y": lambda p: p.xhat + p.bias}),
    ("affine-first", {"y": lambda p: centred_by(affine_first(p.x, p.weight, p.bias), p.eps)[0]}),
    ("affine-first", {"y": lambda p: centred_by(scaled_first(p.x, p.weight, p.bias), p.eps)[0] + p.bias}),
    ("affine-first", {"y": lambda p: p.xhat, "x_of": affine_first}),
    ("affine-first", {"y": lambda p: p.xhat + p.bias, "x_of": scaled_first}),
]

DX_PARTS = [
    ("statistics-constant", {"dx": lambda p: p.g / p.s}),
    ("no-mean-term", {"dx": lambda p: (p.g - p.xhat * of_gx(p)) / p.s}),
    ("no-variance-term", {"dx": lambda p: (p.g - of_g(p)) / p.s}),
    ("gamma-outside-means", {"dx": lambda p: p.weight * layernorm_dx(p._replace(g=p.dy))}),
    ("gamma-ignored", {"dx": lambda p: layernorm_dx(p._replace(g=p.dy))}),
    ("gamma-ignored", {"dx": lambda p: p.dy / p.s}),
    ("dy-missing", {"dx": lambda p: layernorm_dx(p._replace(g=p.weight * np.ones_like(p.dy)))}),
    ("upstream-unchanged", {"dx": lambda p: p.g}),
    ("upstream-unchanged", {"dx": lambda p: p.dy}),
    ("corrections-exchanged", {"dx": lambda p: (p.g - of_gx(p) - p.xhat * of_g(p)) / p.s}),
    ("sign-reversed", {"dx": lambda p: -layernorm_dx(p)}),
    ("missing-parentheses", {"dx": lambda p: p.g - of_g(p) - p.xhat * of_gx(p) / p.s}),
    ("missing-parentheses", {"dx": lambda p: p.g / p.s - of_g(p) - p.xhat * of_gx(p)}),
    ("sum-for-mean", {"dx": written(lambda p: p.g.sum(**SUM), lambda p: (p.g * p.xhat).sum(**SUM))}),
    ("sum-for-mean", {"dx": written(of_g, lambda p: (p.g * p.xhat).sum(**SUM))}),
    ("correction-sign", {"dx": written(of_g, lambda p: -of_gx(p))}),
    ("correction-sign", {"dx": written(lambda p: -of_g(p), lambda p: -of_gx(p))}),
    ("correction-sign", {"dx": written(lambda p: -of_g(p), of_gx)}),
    ("sigma-missing", {"dx": lambda p: layernorm_dx(p) * p.s}),
    ("sum-for-mean", {"dx": written(lambda p: p.g.sum(**SUM), of_gx)}),
    ("multiplied", {"dx": lambda p: layernorm_dx(p) * p.s**2}),
    ("divided-by-variance", {"dx": lambda p: layernorm_dx(p) / p.s}),
    ("divided-by-variance", {"dx": lambda p: (p.g - (of_g(p) + p.xhat * of_gx(p)) / p.s) / p.s}),
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


def dgamma_of_dx(p):
    return over_tokens(layernorm_dx(p) * p.xhat)


def dbeta_of_dx(p):
    return over_tokens(layernorm_dx(p))


PARAMETER_PARTS = [
    ("dgamma-uses-x", {"dweight": lambda p: over_tokens(p.dy * p.x)}),
    ("dgamma-uses-x", {"dweight": lambda p: over_tokens(p.dy * (p.x - mean(p.x)))}),
    ("dgamma-uses-g", {"dweight": lambda p: over_tokens(p.g * p.xhat), "dbias": lambda p: over_tokens(p.g)}),
    ("dgamma-uses-g", {"dweight": lambda p: over_tokens(p.g * p.xhat)}),
    ("dgamma-uses-g", {"dbias": lambda p: over_tokens(p.g)}),
    ("dy-missing", {"dweight": lambda p: over_tokens(p.xhat)}),
    ("dy-missing", {"dbias": lambda p: np.ones(p.dy.shape[-1])}),
    ("dy-missing", {"dbias": lambda p: over_tokens(np.ones_like(p.dy))}),
    ("dy-missing", {"dweight": lambda p: over_tokens(p.xhat), "dbias": lambda p: np.ones(p.dy.shape[-1])}),
    ("dy-missing", {"dweight": lambda p: over_tokens(p.xhat), "dbias": lambda p: over_tokens(np.ones_like(p.dy))}),
    ("dgamma-uses-dx", {"dweight": dgamma_of_dx, "dbias": dbeta_of_dx}),
    ("dgamma-uses-dx", {"dweight": dgamma_of_dx}),
    ("dgamma-uses-dx", {"dbias": dbeta_of_dx}),
    ("dgamma-scaled", {"dweight": lambda p: over_tokens(p.dy * p.xhat / p.s)}),
    ("dgamma-dbeta-swapped", {"dweight": dbeta_of, "dbias": dgamma_of}),
    ("dgamma-without-xhat", {"dweight": dbeta_of}),
    ("dbeta-uses-xhat", {"dbias": dgamma_of}),
]


def exchanged_statistics(x, eps):
    """x̂ and σ_ε, where mean and rstd have changed places."""
    rstd = 1 / centred_by(x, eps)[1]
    return (x - rstd) * mean(x), 1 / mean(x)


def dx_by(average: Callable) -> list[Callable]:
    """dx with other means over the features: both, the first, the second."""
    first, second = (lambda p: average(p.g)), (lambda p: average(p.g * p.xhat))
    return [written(first, second), written(first, of_gx), written(of_g, second)]


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
    ("sign-reversed", {"backward": divided(lambda x: -deviation(x), variance)}),
    ("statistics-exchanged", {"backward": exchanged_statistics}),
    *(("len-for-features", {"dx": dx}) for count in (counted_tokens, counted_all) for dx in dx_by(by_count(count))),
    *(("len-for-features", {"forward": by, "dx": dx_by(by_count(counted_tokens))[0]}) for _, by in by_other_counts()[:3]),
    ("dx-wrong-axis", {"dx": written(lambda p: mean(p.g, 0), lambda p: mean(p.g * p.xhat, 0))}),
    ("dx-wrong-axis", {"dx": written(lambda p: mean(p.g, 0), of_gx)}),
    ("dx-wrong-axis", {"dx": written(of_g, lambda p: mean(p.g * p.xhat, 0))}),
    ("dx-wrong-axis", {"dx": written(lambda p: p.g.mean(), lambda p: (p.g * p.xhat).mean())}),
    ("dx-wrong-axis", {"dx": written(lambda p: p.g.mean(), of_gx)}),
    ("dx-wrong-axis", {"dx": written(of_g, lambda p: (p.g * p.xhat).mean())}),
    ("keepdims-missing", {"dx": written(lambda p: p.g.mean(-1), lambda p: (p.g * p.xhat).mean(-1))}),
    ("keepdims-missing", {"dx": written(lambda p: p.g.mean(-1), of_gx)}),
    ("keepdims-missing", {"dx": written(of_g, lambda p: (p.g * p.xhat).mean(-1))}),
    ("eps-outside-root", {"forward": outside_root, "dx": beside_root(0)}),
    ("eps-outside-root", {"forward": std_plus_eps, "dx": beside_root(1)}),
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
    ("statistics-without-history", {"frozen": still}),
    ("eps-missing", {"frozen": lambda x, eps, was: centred_by(x, 0.0)}),
    *(("eps-fixed", {"frozen": lambda x, eps, was, v=v: centred_by(x, v)}) for v in FIXED),
]


def suspects_of(parts: list) -> tuple[Suspect, ...]:
    return tuple(Suspect(name, layernorm(**changed), throughout=True) for name, changed in parts)


def arguments_exchanged(x, weight, bias, eps, dy) -> tuple:
    """LayerNorm whose second argument is bias and whose third is weight."""
    y, dx, second, third = layernorm()(x, bias, weight, eps, dy)
    return y, dx, second, third


DIFFERENTIATORS = frozenset(
    {"grad", "vjp", "jvp", "jacobian", "jacrev", "jacfwd", "grad_and_value", "linearize", "run_backward", "make_dual"}
)

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
            halves_and_many_rows,
            "half-precision-statistics",
        ),
        Check("dtype", "y has x's dtype", 1, "low-precision", dtypes),
        Check("offset", "float32 tokens at a large offset", 1, "low-precision", offsets, "one-pass-variance"),
        Check(
            "corners",
            "One feature, constant tokens and quiet ones, and a weight of 0",
            1,
            "autograd-function",
            corners,
            "nan-on-constant",
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
    suspects=suspects_of(FORWARD_PARTS + BACKWARD_PARTS + SECOND_PARTS + OF_TENSORS)
    + (
        Suspect("gamma-beta-swapped", arguments_exchanged, throughout=True),
        *(Suspect("divided-by-gamma", divided_by_gamma(layernorm(), dx_too, 1), throughout=True) for dx_too in (True, False)),
        Suspect("global-state", layernorm(frozen=lambda x, eps, was: centred_by(x, OTHER_EPS))),
    ),
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
    asked |= {"upstream": [dy], "parameters": names, "names": item.fresh}
    reply = reading.with_sign(second_call.run(student, item.second_call, "LayerNorm", x, mode=item.mode, **asked), SIGNS)
    if reply.problem:
        return reply
    if reading.gave_tuple(reply.value):
        return reading.SEVERAL
    places = set(map(str, listed(reply.value, "names")))
    if item.fresh and not places >= {"weight", "bias"}:
        return unmet("`state_dict()` lacks `weight` or `bias`", "parameters-not-registered")
    if item.fresh and len(places) > 2:
        return unmet("`state_dict()` has other names than `weight` and `bias`", "state-has-more")
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
    out = [shown(judged=Y)] + [case(rng, s, judged=Y, training=i == 1) for i, s in enumerate(shapes)]
    return [*out, case(rng, (4, 7), ", after another x of that shape", judged=Y, second_call=True)]


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


# What autograd makes of a forward in which a statistic is cut off from x.
DETACHED = [
    {"dx": lambda p: p.g / p.s},
    {"dx": lambda p: (p.g - of_g(p)) / p.s},
    {"dx": lambda p: (p.g - p.xhat * of_gx(p)) / p.s},
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
        Suspect("eps-default", as_module(layernorm(), v), throughout=True) for v in (0.0, 1e-2, 1e-3, 1e-4, 1e-6, 1e-7, 1e-8, 1e-12)
    )
    + tuple(
        Suspect(name, as_module(layernorm(**changed)), throughout=True)
        for name, changed in FORWARD_PARTS
        + [(name, parts) for name, parts in BACKWARD_PARTS if name in FORMULAS]
        + OF_TENSORS
        + [("statistics-detached", parts) for parts in DETACHED]
    ),
    misconceptions=MODULE,
    forbidden_names=NORMS,
)


# the kernels ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Launch(Case):
    """A case of a kernel. Its args are what the reference needs: tables with their gaps, sizes and strides.

    compiled: whether a GPU's compiler is to take the kernel, too.
    races: whether its programs are to keep out of each other's way, and none to be left with all the rows.
    undefined: whether lanes that a mask keeps from memory hold NaN, unless the load says what they hold.
    """

    compiled: bool = False
    races: bool = False
    undefined: bool = False


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
    reply = launched(student, FORWARD_KERNEL_EXERCISE.name, item, args, m, block, [1, 4, 5], parts)
    buffers = filled(reply, [y, average, average])
    if isinstance(buffers, Reply):
        return buffers
    rows, outside = guarded(buffers[0], m, n)
    (averages, beyond), (reciprocals, further) = (guarded(b[:, None], m, 1) for b in buffers[1:])
    values = rows, averages[:, 0], reciprocals[:, 0], np.int64(outside + beyond + further)
    return Reply((*values, strayed(reply), met(reply)), sign=reply.sign)


def launched(
    student: Student, kernel: str, item: Launch, args: list, programs: int, block: int, returns: list[int], parts: list
) -> Reply:
    """Launch a kernel.

    returns: positions of what it is to write, where alone it may. parts: (rows, columns) of each table that it may read.
    """
    readable = [[i, *part] for i, part in enumerate(parts)]
    asked = {"grid": [programs], "kwargs": {"BLOCK": block}, "returns": returns, "readable": readable}
    asked |= {"compiled": item.compiled, "races": item.races, "undefined": item.undefined}
    asked |= {"shared": returns[0]} if item.races else {}
    reply = student.torch(kernel, args, watched=False, **asked)
    if reply.problem is None and reply.changed:
        return unmet("the kernel wrote into a table that it is only to read", "input-mutated")
    if reply.problem is None and reply.value.get("block_in_condition") is True:
        return replace(reply, sign="block-in-condition")
    return reading.with_sign(reply, KERNEL_SIGNS)


def strayed(reply: Reply) -> np.int64:
    """Return 1 if the kernel read something outside of what it may read, else 0."""
    return np.int64(reply.value.get("strayed") is True)


def left_to_one(reply: Reply, rows: int, programs: int) -> np.int64:
    """Return 1 if one of several programs wrote all the rows, else 0; where there are few rows a tile may hold all of them."""
    return np.int64(reply.value.get("busy") == 1 and 1 < programs < rows)


def met(reply: Reply) -> np.int64:
    """Return 1 if two programs met in memory, else 0."""
    return np.int64(reply.value.get("race") is True)


def filled(reply: Reply, sent: list[wire.Tensor]) -> list[np.ndarray] | Reply:
    """Return the buffers that a kernel filled, in float64, or the problem."""
    if reply.problem:
        return reply
    found = listed(reply.value, "outputs")
    for got, was in zip(found, sent):
        if not isinstance(got, wire.Tensor) or (got.dtype, got.raw.shape) != (was.dtype, was.raw.shape):
            return Reply(problem="the launch gave no tables back", error_type=Kind.OTHER)
    if len(found) != len(sent):
        return Reply(problem="the launch gave no tables back", error_type=Kind.OTHER)
    with np.errstate(invalid="ignore"):
        return [array(got).astype("float64") for got in found]


def row_mean(p: Pass) -> np.ndarray:
    return p.x.mean(axis=-1)


def rstd_of(p: Pass) -> np.ndarray:
    return 1 / p.s[..., 0]


def forward_tables(statistics=centred_by, y=y_of, rstd=rstd_of, average=row_mean) -> Callable:
    """Return what the forward kernel writes, or one in which some parts are others."""

    def run(x, weight, bias, eps, m, n, block, y_stride) -> tuple:
        x = x[:m, :n]
        xhat, s = statistics(x, eps)
        p = Pass(x, weight[:n], bias[:n], x, x, xhat, s, eps)
        return y(p), average(p), rstd(p) * np.ones(m), 0, 0

    return run


ROWS, STORED, OUTSIDE_ALONE = (0, 3), (1, 2), (3,)
NARROWER = (3, 5, 8), (2, 100, 128)
NOT_ZERO = ", with NaN in the lanes that a load without `other` leaves out"


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


KERNEL_STATISTICS = [(name, s) for name, s in STATISTICS if name not in ("wrong-axis", "whole-array")] + [
    ("rms-for-layernorm", rms_by)
]
# A kernel has one row, in float32: no axis to lose, and what cancels there is rounding.
NOT_IN_KERNELS = {
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


def of_kernel(name: str, statistics: Callable) -> Callable:
    if name == "sum-subtracted":
        return forward_tables(statistics, average=lambda p: p.x.sum(axis=-1))
    if name == "only-centred":
        return forward_tables(y=lambda p: p.xhat * p.s * p.weight + p.bias)
    return forward_tables(statistics)


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


def narrowed(of: Callable, name: str) -> Callable:
    """What is rounded to a type of 16 bits before it is stored."""
    return lambda p: array(tensor(of(p), name)).astype("float64")


def with_whole_variance(x, eps):
    """``math.sqrt`` makes a whole number of a number of Triton's."""
    s = np.sqrt(np.trunc(variance(x) + eps))
    return deviation(x) / s, s


def squares_of(p: Pass) -> np.ndarray:
    return (deviation(p.x) ** 2).sum(axis=-1)


FORWARD_MISTAKES = [
    *((name, of_kernel(name, s)) for name, s in FORWARD_STATISTICS if name not in NOT_IN_KERNELS),
    ("eps-as-floor", forward_tables(floored)),
    ("missing-parentheses", forward_tables(y=lambda p: (p.x - mean(p.x) / p.s) * p.weight + p.bias)),
    ("beta-scaled", forward_tables(y=bias_scaled)),
    ("gamma-beta-swapped", forward_tables(y=exchanged)),
    *((name, forward_tables(y=parts["y"])) for name, parts in OF_TENSORS if name == "affine-wrong"),
    ("affine-first", of_affine(affine_first, lambda p: p.xhat)),
    ("affine-first", of_affine(scaled_first, lambda p: p.xhat + p.bias)),
    ("rstd-is-std", forward_tables(y=with_root, rstd=lambda p: p.s[..., 0])),
    ("rstd-is-std", forward_tables(y=with_root)),
]

# What is stored for the backward, where y is right.
STORED_WRONG = [
    ("statistics-exchanged", {"average": rstd_of, "rstd": row_mean}),
    ("statistics-exchanged", {"average": lambda p: p.s[..., 0], "rstd": row_mean}),
    ("sum-for-mean", {"average": lambda p: p.x.sum(axis=-1)}),
    ("sum-for-mean", {"rstd": lambda p: 1 / np.sqrt(squares_of(p) + p.eps)}),
    ("eps-missing", {"rstd": lambda p: 1 / np.sqrt(variance(p.x)[..., 0])}),
    ("mean-of-another", {"average": lambda p: 0 * row_mean(p)}),
    ("mean-of-another", {"average": lambda p: variance(p.x)[..., 0]}),
    ("sign-reversed", {"average": lambda p: -row_mean(p)}),
    *(("rstd-is-std", {"rstd": lambda p, power=power: p.s[..., 0] ** power}) for power in (1, 2, -2)),
]

OUTSIDE = (
    Output("the number of values changed outside of the rows", "number"),
    Output("whether anything outside of the rows was read", "verdict"),
    Output("whether one program reads or writes what another one writes", "verdict"),
)


def with_verdicts(right: Callable, *verdicts: bool) -> Callable:
    """Return what is right, with the verdicts on its programs; other imitations leave these open."""
    return lambda *args: (*right(*args), *verdicts)


FORWARD_KERNEL_EXERCISE = Exercise(
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
    suspects=tuple(Suspect(name, forward_tables(statistics=s)) for name, s in KERNEL_STATISTICS)
    + tuple(
        Suspect("affine-ignored", forward_tables(y=parts["y"]))
        for name, parts in FORWARD_PARTS
        if name == "affine-ignored"
    )
    + tuple(Suspect(name, forward_tables(**parts)) for name, parts in STORED_WRONG)
    + (
        Suspect("eps-missing", forward_tables(y=lambda p: without_eps(p.x, 0)[0] * p.weight + p.bias)),
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
        Suspect("not-triton", forward_tables(with_whole_variance)),
        Suspect("program-times-block", forward_lanes(scaled=True)),
        Suspect("row-compared-with-n", first_n_rows),
        *(Suspect("half-precision-statistics", forward_tables(y=narrowed(y_of, name))) for name in ("float16", "bfloat16")),
    )
    # Some give next to nothing, as an overflow does: they must agree where the student's is right, too.
    + tuple(Suspect(name, imitation, throughout=True) for name, imitation in FORWARD_MISTAKES)
    + tuple(
        Suspect(name, imitation) for name, imitation in lanes_of(parameters_alike, COUNTS, ("x", "weight", "bias"))
    ),
    misconceptions=FORWARD_KERNEL,
    forbidden_names=NORMS,
)


def backward_case(
    rng,
    m,
    n,
    block,
    programs,
    kind="",
    *,
    gap=(0, 0, 0),
    location=None,
    spread=None,
    eps=EPS,
    name="float32",
    **more,
) -> Launch:
    """args: (dy, x, weight, mean, rstd, rows, n, block, programs, dx's stride). gap: of the strides of dy, x and dx."""
    values = array(tensor(tokens(rng, (m, n), location, spread), name)).astype("float64")
    weight, _ = parameters(rng, n)
    _, s = centred_by(values, eps)
    width = max(n + max(gap), block)
    args = (
        table(upstream(rng, (m, n)), n + gap[0], block, name),
        table(values, n + gap[1], block, name),
        vector(weight, m, width, name, block),
        vector(values.mean(axis=-1), m, width),
        vector(1 / s[:, 0], m, width),
        m,
        n,
        block,
        programs,
        n + gap[2],
    )
    more = {"atol": 1e-4, "rtol": 1e-4, "any_dtype": True} | more
    return Launch(args, f"{m} rows of {n} features, BLOCK = {block}, {programs} programs{kind}", **more)


def shown_backward(judged: tuple, name="float32", **more) -> Launch:
    statistics = vector(np.array([4.0, 2.0]), 2, 4), vector(np.array([0.2, 0.5]), 2, 4)
    tables = table(DY, 4, 4, name), table(TOKENS, 4, 4, name)
    words = "the worked example (mean = (4, 2), rstd = (0.2, 0.5), 2 programs)"
    words += "" if name == "float32" else f" in {name}"
    args = (*tables, vector(GAMMA, 2, 4, name), *statistics, 2, 4, 4, 2, 4)
    return Launch(args, words, public=True, judged=judged, atol=1e-4, rtol=1e-4, any_dtype=True, **more)


def invoke_backward(student: Student, item: Launch) -> Reply:
    dy, x, weight, averages, reciprocals, m, n, block, programs, dx_stride = item.args
    strides = dy.raw.shape[1], x.raw.shape[1], dx_stride
    dx = blank(m + rows_behind(m, block, dx_stride), dx_stride, name=x.dtype)
    partial = blank_sums(m, n, block, programs, strides)
    args = [dy, x, weight, averages, reciprocals, dx, partial, partial, *strides, m, n]
    parts = [(m, n), (m, n), (n, 1), (m, 1), (m, 1), (m, n), (programs, n), (programs, n)]
    reply = launched(student, BACKWARD_KERNEL_EXERCISE.name, item, args, programs, block, [5, 6, 7], parts)
    buffers = filled(reply, [dx, partial, partial])
    if isinstance(buffers, Reply):
        return buffers
    rows, outside = guarded(buffers[0], m, n)
    (weights, beyond), (biases, further) = (guarded(b, programs, n) for b in buffers[1:])
    changed = np.int64(outside + beyond + further)
    verdicts = strayed(reply), met(reply), left_to_one(reply, m, programs)
    return Reply((rows, weights.sum(axis=0), biases.sum(axis=0), changed, *verdicts), sign=reply.sign)


def normalised(x, average, s):
    return (x - average) / s


def as_given(x, averages, reciprocals) -> tuple:
    """mean and σ_ε, as the backward kernel reads them."""
    return averages, 1 / reciprocals


def backward_tables(
    dx=layernorm_dx, dweight=dgamma_of, dbias=dbeta_of, hat=normalised, statistics=as_given
) -> Callable:
    """Return what the backward kernel writes, its partial sums added up; or one in which some parts are others."""

    def run(dy, x, weight, averages, reciprocals, m, n, block, programs, dx_stride) -> tuple:
        x, dy, weight = x[:m, :n], dy[:m, :n], weight[:n]
        average, s = statistics(x, averages[:m, None], reciprocals[:m, None])
        p = Pass(x, weight, np.zeros(n), dy, dy * weight, hat(x, average, s), s)
        return dx(p), dweight(p), dbias(p), 0, 0

    return run


def recomputed(eps: float) -> Callable:
    return lambda x, averages, reciprocals: (mean(x), centred_by(x, eps)[1])


# What mean and rstd are taken for.
STATISTICS_READ = [
    ("statistics-exchanged", lambda x, averages, reciprocals: (reciprocals, 1 / averages)),
    ("multiplied", lambda x, averages, reciprocals: (averages, reciprocals)),
    ("rstd-taken-for-variance", lambda x, averages, reciprocals: (averages, np.sqrt(reciprocals))),
    ("rstd-taken-for-variance", lambda x, averages, reciprocals: (averages, np.sqrt(reciprocals + EPS))),
    ("rstd-taken-for-variance", lambda x, averages, reciprocals: (averages, 1 / np.sqrt(reciprocals))),
    *(("statistics-recomputed", recomputed(eps)) for eps in (0.0, 1e-5, 1e-6, 1e-8, 1e-12)),
]


SLOPES, SUMS = (0, 3), (1, 2)


def backward_rows(rng):
    out = [shown_backward(SLOPES)]
    out += [backward_case(rng, m, n, n, m, judged=SLOPES) for m, n in ((3, 8), (1, 16), (4, 32))]
    return out + [backward_case(rng, 3, 8, 8, 3, " of a forward with ε = 1", spread=1.0, eps=1.0, judged=SLOPES)]


def backward_compiled(rng):
    return [
        shown_backward(SLOPES, compiled=True),
        shown_backward(OUTSIDE_ALONE, "bfloat16", compiled=True),
        backward_case(rng, 3, 8, 8, 3, judged=SLOPES, compiled=True),
    ]


def backward_sums(rng):
    out = [shown_backward(SUMS)] + [backward_case(rng, m, n, n, m, judged=SUMS) for m, n in ((3, 8), (5, 4))]
    return out + [backward_case(rng, 3, 8, 8, 3, " of a forward with ε = 1", spread=1.0, eps=1.0, judged=SUMS)]


def backward_programs(rng):
    out = [backward_case(rng, 3, 8, 8, 3, control=True)]
    return out + [backward_case(rng, m, 8, 8, p, races=True) for m, p in ((6, 3), (7, 3), (5, 1), (2, 4))]


def backward_padding(rng):
    out = [backward_case(rng, 3, 16, 16, 3, control=True)]
    shapes = ((3, 5, 8, 1), (4, 3, 4, 1), (3, 768, 1024, 300), (2, 100, 128, 3), (3, 7, 16, 20))
    return out + [backward_case(rng, m, n, block, m, gap=(gap,) * 3) for m, n, block, gap in shapes]


def backward_undefined(rng):
    return [
        backward_case(rng, m, n, block, m, NOT_ZERO, undefined=True, judged=(*SLOPES, 4)) for m, n, block in NARROWER
    ]


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
        # The tables of sums are in float32, so they are exact where every program adds up in float32.
        backward_case(rng, 40, 8, 8, 2, control=True, judged=SUMS),
        *(
            backward_case(rng, 40, 8, 8, 2, f" in {name}", name=name, judged=SUMS, atol=1e-3, rtol=1e-4)
            for name in ("float16", "bfloat16")
        ),
    ]


def by_features(values: np.ndarray) -> np.ndarray:
    """Sum over everything, to one number which stands in every lane."""
    return np.full(values.shape[-1], values.sum())


SUMMED_OVER_FEATURES = [
    {"dweight": lambda p: by_features(p.dy * p.xhat), "dbias": lambda p: by_features(p.dy)},
    {"dweight": lambda p: by_features(p.dy * p.xhat)},
    {"dbias": lambda p: by_features(p.dy)},
]


def divided_sums(place: int, weight: bool, bias: bool) -> Callable:
    """The sums for weight, bias or both divided by the argument at ``place``: the number of rows (5), features or programs."""
    right = backward_tables()

    def run(*args) -> tuple:
        dx, dweight, dbias, *outside = right(*args)
        count = args[place]
        return dx, dweight / count if weight else dweight, dbias / count if bias else dbias, *outside

    return run


BACKWARD_KERNEL_EXERCISE = Exercise(
    name="layernorm_backward_kernel",
    functions=("layernorm_backward_kernel",),
    outputs=(
        Output("dx"),
        Output("the sum of the partial sums for weight"),
        Output("the sum of the partial sums for bias"),
        *OUTSIDE,
        Output("whether one program does all the rows", "verdict"),
    ),
    invoke=invoke_backward,
    reference=with_verdicts(backward_tables(), False, False),
    section="triton-backward",
    checks=(
        Check("dx", "dx, where BLOCK is the number of features", 1, "triton-backward", backward_rows),
        Check("compiles", "A GPU's compiler takes it, and dx is right", 1, "without-a-gpu", backward_compiled),
        Check("sums", "Partial sums for weight and bias", 2, "triton-backward", backward_sums),
        Check(
            "programs",
            "More rows than programs, and fewer",
            2,
            "triton-backward",
            backward_programs,
            "rows-shared-wrongly",
        ),
        Check(
            "padding",
            "Rows narrower than BLOCK, in memory full of NaN",
            1,
            "padding-trap",
            backward_padding,
            "surplus-lanes",
        ),
        Check("undefined", "Nothing is taken for granted of surplus lanes", 1, "padding-trap", backward_undefined),
        Check("strides", "Rows a stride apart", 1, "triton-forward", backward_strides, "stride-ignored"),
        Check(
            "half", "16-bit rows, computed in float32", 1, "low-precision", backward_halves, "half-precision-statistics"
        ),
    ),
    suspects=tuple(Suspect(name, backward_tables(**parts)) for name, parts in DX_PARTS + PARAMETER_PARTS)
    + tuple(
        Suspect("divided-by-batch", divided_sums(place, weight, bias))
        for place in (5, 6, 8)
        for weight, bias in ((True, True), (True, False), (False, True))
    )
    + tuple(Suspect("dgamma-wrong-axis", backward_tables(**parts)) for parts in SUMMED_OVER_FEATURES)
    + (
        Suspect("race", with_verdicts(backward_tables(), True)),
        Suspect("rows-not-shared", with_verdicts(backward_tables(), False, True)),
        *(Suspect("half-precision-statistics", backward_tables(dx=narrowed(layernorm_dx, name))) for name in ("float16", "bfloat16")),
        *(Suspect("m-for-n", backward_tables(dx=dx)) for dx in dx_by(by_count(counted_tokens))),
        Suspect("m-for-n", backward_lanes(mask=lambda a: a.lanes < a.m)),
        Suspect("m-for-n", backward_lanes(rows="up to n")),
        Suspect("multiplied", backward_tables(hat=lambda x, average, s: (x - average) * s), throughout=True),
        Suspect("xhat-wrong", backward_tables(hat=lambda x, average, s: x / s), throughout=True),
        Suspect("sign-reversed", backward_tables(hat=lambda x, average, s: (average - x) / s), throughout=True),
        *(Suspect(name, backward_tables(statistics=taken), throughout=True) for name, taken in STATISTICS_READ),
        Suspect("rows-not-stored", backward_lanes(y=no_place)),
        Suspect("program-id-ignored", backward_lanes(numbered=False)),
        Suspect("program-id-ignored", backward_lanes(rows="from zero")),
        Suspect("rows-skipped", backward_lanes(rows="first")),
        Suspect("rows-repeated", backward_lanes(rows="from here")),
        Suspect("rows-repeated", backward_lanes(rows="every")),
        Suspect("rows-repeated", backward_lanes(rows="by two")),
        *(
            Suspect("program-for-row", backward_lanes(**{name: BY_PROGRAM[name] for name in names}))
            for names in PROGRAM_FOR_ROW
        ),
        Suspect("idle-program", backward_lanes(sums="busy")),
        *(Suspect("partials-overwritten", backward_lanes(last=names)) for names in some_of(("dweight", "dbias"))),
        Suspect("partials-overwritten", backward_lanes(sums="row")),
        Suspect("partials-not-zeroed", backward_lanes(sums="memory")),
        Suspect("partials-not-zeroed", backward_lanes(sums="memory", places=(every_row, every_row))),
        Suspect("partials-misplaced", backward_lanes(sums="row", places=(own_row, own_row))),
        *(
            Suspect(name, backward_lanes(**options))
            for name, places in (
                ("partials-in-one-row", [every_row]),
                ("partials-misplaced", PARTIALS_MISPLACED),
                ("partials-not-stored", [no_place]),
            )
            for place in places
            for options in in_tables(place)
        ),
        *(Suspect("writes-outside", backward_lanes(store=names)) for names in some_of(("dx", "dweight", "dbias"))),
        Suspect("row-ignored", backward_lanes(mean=one_place)),
        Suspect("row-ignored", backward_lanes(rstd=one_place)),
        Suspect("row-ignored", backward_lanes(mean=one_place, rstd=one_place)),
        *(Suspect("row-ignored", backward_lanes(**{name: every_row})) for name in ("x", "dy")),
        *(Suspect("stride-ignored", backward_lanes(**{name: STRIDE_MISSING})) for name in ("x", "dy")),
        Suspect("parameters-by-row", backward_lanes(weight=the_program)),
    )
    + tuple(
        Suspect(name, imitation) for name, imitation in lanes_of(read_alike, BACKWARD_COUNTS, ("x", "dy", "weight"))
    ),
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
                "a": "bfloat16 has the range of float32. It is float16 that ends at 65,504.",
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
