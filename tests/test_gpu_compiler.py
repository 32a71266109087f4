"""What a GPU's compiler says to kernels that the interpreter runs, asked without a GPU."""

import os
import sys
import time
import types

import numpy as np
import pytest
import torch

from autograder import exercises, notebook_judge, python_errors
from autograder.student_side import gpu_compiler

triton = pytest.importorskip("triton", reason="needs Triton: pip install -r requirements-triton.txt")
tl = pytest.importorskip("triton.language")
constexpr = tl.constexpr

pytestmark = pytest.mark.skipif(torch.cuda.is_available(), reason="where there is a GPU the kernels run on it")

SCALE = tl.constexpr(2.0)
PLAIN = 2.0


@triton.jit
def twice(values):
    return values * SCALE


@triton.jit
def by_a_helper(x, y, n, BLOCK: tl.constexpr, times: tl.constexpr = 3, add=1.5):
    lanes = tl.arange(0, BLOCK)
    values = twice(tl.load(x + lanes, mask=lanes < n, other=0.0).to(tl.float32))
    for _ in tl.static_range(times):
        values = tl.maximum(values, 0.0) + add
    tl.store(y + lanes, values.to(y.dtype.element_ty), mask=lanes < n)


@triton.jit
def by_a_bad_helper(x, y, n, BLOCK: tl.constexpr):
    lanes = tl.arange(0, BLOCK)
    values = tl.load(x + lanes, mask=lanes < n, other=0.0)
    tl.store(y + lanes, helper_of_a_global(values), mask=lanes < n)


@triton.jit
def helper_of_a_global(values):
    return values * PLAIN


def made_inside(factor: tl.constexpr):
    @triton.jit
    def scaled(x, y, n, BLOCK: tl.constexpr):
        lanes = tl.arange(0, BLOCK)
        tl.store(y + lanes, tl.load(x + lanes, mask=lanes < n, other=0.0) * factor, mask=lanes < n)

    return scaled


@triton.constexpr_function
def half_of(length):
    return triton.next_power_of_2(length) // 2


@triton.jit
def applied(function: tl.constexpr, values):  # knows `tl` in its first line only
    return function(values)


@triton.jit
def by_functions(x, y, n, BLOCK: constexpr):
    HALF: tl.constexpr = half_of(BLOCK)
    lanes = tl.arange(0, 2 * HALF)
    tl.store(y + lanes, applied(twice, tl.load(x + lanes, mask=lanes < n, other=0.0)), mask=lanes < n)


def tables(dtype=torch.float32):
    return torch.arange(6).to(dtype), torch.zeros(8, dtype=dtype)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16], ids=str)
def test_helpers_constants_defaults_and_loops_compile(dtype):
    assert "tt.func" in gpu_compiler.compile_for_gpu(by_a_helper, *tables(dtype), 6, BLOCK=8)


def test_a_kernel_that_was_made_inside_of_a_function_compiles():
    assert "tt.func" in gpu_compiler.compile_for_gpu(made_inside(tl.constexpr(3.0)), *tables(), 6, BLOCK=8)


def test_functions_of_the_compiler_and_names_in_a_first_line_compile():
    assert "tt.func" in gpu_compiler.compile_for_gpu(by_functions, *tables(), 6, BLOCK=8)


def test_what_chooses_arguments_of_a_kernel_is_asked():
    chosen = triton.heuristics({"BLOCK": lambda given: 2 * given["n"]})(by_a_helper)
    tuned = triton.autotune([triton.Config({"times": 2}, num_warps=2)], key=["n"])(chosen)
    for kernel in (chosen, tuned):
        assert "tensor<16xf32>" in gpu_compiler.compile_for_gpu(kernel, *tables(), 8)
    with pytest.raises(gpu_compiler.CompilationError, match="PLAIN"):
        gpu_compiler.compile_for_gpu(triton.heuristics({"BLOCK": lambda given: 8})(by_a_bad_helper), *tables(), 6)


@triton.jit
def with_a_function_inside(x, y, n, BLOCK: tl.constexpr):
    lanes = tl.arange(0, BLOCK)

    def doubled(values):
        return values * 2.0

    tl.store(y + lanes, doubled(tl.load(x + lanes, mask=lanes < n, other=0.0)), mask=lanes < n)


def test_a_function_inside_of_a_kernel_runs_in_the_interpreter_and_is_refused_by_its_line():
    gpu_compiler.mend_interpreter()
    x, y = tables()
    with_a_function_inside[(1,)](x, y, 6, BLOCK=8)
    assert torch.equal(y[:6], 2 * x)
    with pytest.raises(gpu_compiler.CompilationError) as refused:
        gpu_compiler.compile_for_gpu(with_a_function_inside, x, y, 6, BLOCK=8)
    assert refused.value.text.strip() == "def doubled(values):"


@triton.jit
def with_scalars(x, y, n, eps, BLOCK: tl.constexpr):
    lanes = tl.arange(0, BLOCK)
    values = tl.zeros([BLOCK], tl.float32)
    for row in range(1, n):
        row = row.to(tl.int64)
        for again in tl.range(row):
            values += tl.load(x + row + 0 * lanes) + 0.0 * again.to(tl.float32)
        for _ in tl.static_range(2):
            values += eps.to(tl.float32)
    tl.store(y + lanes, values)


def test_loop_variables_and_floats_are_scalars_of_triton_in_the_interpreter_too():
    gpu_compiler.mend_interpreter()
    x, y = tables()
    with_scalars[(1,)](x, y, 3, 0.25, BLOCK=8)
    assert torch.equal(y, torch.full((8,), float(x[1] + 2 * x[2] + 4 * 0.25)))
    assert "tt.func" in gpu_compiler.compile_for_gpu(with_scalars, x, y, 3, 0.25, BLOCK=8)


@triton.jit
def with_a_length_by_another_way(x, y, n, BLOCK: triton.language.constexpr):
    lanes = tl.arange(0, BLOCK)
    tl.store(y + lanes, tl.load(x + lanes, mask=lanes < n, other=0.0), mask=lanes < n)


def test_a_constexpr_is_known_by_whatever_way_it_is_reached():
    gpu_compiler.mend_interpreter()
    x, y = tables()
    with_a_length_by_another_way[(1,)](x, y, 6, BLOCK=8)
    assert torch.equal(y[:6], x)
    assert "tt.func" in gpu_compiler.compile_for_gpu(with_a_length_by_another_way, x, y, 6, BLOCK=8)


def test_the_interpreter_runs_on_as_before():
    modules = {name: module for name, module in sys.modules.items() if name.startswith("triton")}
    gpu_compiler.compile_for_gpu(by_a_helper, *tables(), 6, BLOCK=8)
    with pytest.raises(gpu_compiler.CompilationError):
        gpu_compiler.compile_for_gpu(by_a_bad_helper, *tables(), 6, BLOCK=8)
    assert {name: module for name, module in sys.modules.items() if name.startswith("triton")} == modules
    assert os.environ["TRITON_INTERPRET"] == "1"
    x, y = tables()
    by_a_helper[(1,)](x, y, 6, BLOCK=8)
    assert torch.equal(y[:6], 2 * x + 4.5) and not y[6:].any()


def test_what_is_refused_is_told_with_the_line_of_the_kernel():
    with pytest.raises(gpu_compiler.CompilationError) as refused:
        gpu_compiler.compile_for_gpu(by_a_bad_helper, *tables(), 6, BLOCK=8)
    error = refused.value
    assert error.msg == "Cannot access global variable PLAIN from within @jit'ed function"
    assert error.filename == __file__ and "helper_of_a_global(values), mask" in error.text


@triton.jit
def multiplies_by_a_global(x, y, n, BLOCK: tl.constexpr):
    tl.store(y, tl.load(x) * PLAIN)


@triton.jit
def leaves_its_loop(x, y, n, BLOCK: tl.constexpr):
    for i in range(n):
        if i > 2:
            break
        tl.store(y + i, tl.load(x + i))


@triton.jit
def begins_with_a_number(x, y, n, BLOCK: tl.constexpr):
    total = 0.0
    for i in range(n):
        total += tl.load(x + tl.arange(0, BLOCK))
    tl.store(y + tl.arange(0, BLOCK), total)


@triton.jit
def compares_in_a_chain(x, y, n, BLOCK: tl.constexpr):
    lanes = tl.arange(0, BLOCK)
    tl.store(y + lanes, 1.0, mask=0 <= lanes < n)


@triton.jit
def loops_over_a_pair(x, y, n, BLOCK: tl.constexpr):
    for table in (x, y):
        tl.store(y, tl.load(table))


@triton.jit
def writes_a_text(x, y, n, BLOCK: tl.constexpr):
    tl.store(y + len(f"{n}"), tl.load(x))


def plain(values):
    return values * 2.0


@triton.jit
def calls_a_plain_function(x, y, n, BLOCK: tl.constexpr):
    tl.store(y, plain(tl.load(x)))


@triton.jit
def loops_over_an_array(x, y, n, BLOCK: tl.constexpr):
    lanes = tl.arange(0, BLOCK)
    for i in np.arange(n):
        tl.store(y + lanes, tl.load(x + lanes))


@triton.jit
def calls_the_clock(x, y, n, BLOCK: tl.constexpr):
    begun = time.perf_counter()
    tl.store(y, tl.load(x))


@triton.jit
def calls_what_is_for_outside(x, y, n, BLOCK: tl.constexpr):
    for i in range(triton.cdiv(n, BLOCK)):
        tl.store(y + i, tl.load(x + i))


@triton.jit
def begins_a_name_in_a_branch(x, y, n, BLOCK: tl.constexpr):
    if n > 2:
        value = tl.load(x)
    tl.store(y, value)


@triton.jit
def asks_a_block(x, y, n, BLOCK: tl.constexpr):
    lanes = tl.arange(0, BLOCK)
    if lanes < n:
        tl.store(y + lanes, 1.0, mask=lanes < n)


@triton.jit
def divides_a_range(x, y, n, BLOCK: tl.constexpr):
    for i in range(n / 2):
        tl.store(y + i, tl.load(x + i))


@triton.jit
def wants_a_plain_number(x, y, n, BLOCK: tl.constexpr):
    tl.store(y, tl.load(x) / float(n))


@triton.jit
def hands_something_back(x, y, n, BLOCK: tl.constexpr):
    tl.store(y, tl.load(x))
    return n


@triton.jit
def turns_for_each_lane(x, y, n, BLOCK: tl.constexpr):
    lanes = tl.arange(0, BLOCK)
    while lanes < n:
        lanes += 1


@triton.jit
def begins_with_none(x, y, n, BLOCK: tl.constexpr):
    value = None
    if n > 2:
        value = tl.load(x)
    tl.store(y, value * 2)


@triton.jit
def takes_a_type_of_pytorch(x, y, n, BLOCK: tl.constexpr):
    tl.store(y, tl.load(x).to(torch.float32))


@triton.jit
def redefines_in_a_branch(x, y, n, BLOCK: tl.constexpr):
    value = tl.load(x + tl.arange(0, BLOCK))
    if n > 2:
        value = tl.sum(value, axis=0)
    tl.store(y, value)


@triton.jit
def says_not_to_a_number(x, y, n, BLOCK: tl.constexpr):
    if not n:
        tl.store(y, 1.0)


@triton.jit
def by_a_helper_of_a_plain_function(x, y, n, BLOCK: tl.constexpr):
    lanes = tl.arange(0, BLOCK)
    tl.store(y + lanes, helper_of_a_plain_function(tl.load(x + lanes)))


@triton.jit
def helper_of_a_plain_function(values):
    return plain(values)


@pytest.mark.parametrize(
    ("kernel", "name"),
    [
        (redefines_in_a_branch, "type-changes-in-kernel"),
        (says_not_to_a_number, "number-in-condition"),
        (calls_a_plain_function, "plain-function-in-kernel"),
        (calls_the_clock, "plain-function-in-kernel"),
        (calls_what_is_for_outside, "without-tl"),
        (begins_a_name_in_a_branch, "name-of-a-branch"),
        (asks_a_block, "block-in-condition"),
        (divides_a_range, "fraction-in-range"),
        (wants_a_plain_number, "known-only-at-run-time"),
        (begins_with_none, "none-in-kernel"),
        (takes_a_type_of_pytorch, "torch-in-kernel"),
        (multiplies_by_a_global, "global-in-kernel"),
        (leaves_its_loop, "loop-left-early"),
        (begins_with_a_number, "type-changes-in-kernel"),
        (compares_in_a_chain, "comparisons-in-a-chain"),
        (writes_a_text, "text-in-kernel"),
        (loops_over_a_pair, "python-in-kernel"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_a_refusal_means_the_same_here_and_on_a_gpu(kernel, name):
    """There Triton's own error arrives, with the kernel's lines in it."""
    with pytest.raises(gpu_compiler.CompilationError) as refused:
        gpu_compiler.compile_for_gpu(kernel, *tables(), 6, BLOCK=8)
    of_triton = refused.value.__context__
    if name != "plain-function-in-kernel":  # found before the compiler begins
        assert type(of_triton).__module__ == "triton.compiler.errors"
    for kind, said in (("CompilationError", refused.value.msg), (type(of_triton).__name__, str(of_triton))):
        assert python_errors.meaning_of(kind, said).name == name, said


@pytest.mark.parametrize(
    ("kernel", "sentence", "line"),
    [
        (calls_a_plain_function, "Unsupported function referenced: <function plain>", "plain(tl.load(x))"),
        (loops_over_an_array, "Unsupported function referenced: <built-in function arange>", "np.arange(n)"),
        (calls_the_clock, "Unsupported function referenced: <built-in function perf_counter>", "time.perf_counter()"),
        (by_a_helper_of_a_plain_function, "Unsupported function referenced: <function plain>", "helper_of_a_plain_function(tl"),
        (hands_something_back, "a kernel hands nothing back: `return` stands alone", "return n"),
        (loops_over_a_pair, "unsupported AST node type: Tuple", "for table in (x, y)"),
        (turns_for_each_lane, "it can't be compiled: error encountered during parsing", "def turns_for_each_lane"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_a_launch_would_refuse_before_or_after_is_refused_with_its_line(kernel, sentence, line):
    with pytest.raises(gpu_compiler.CompilationError) as refused:
        gpu_compiler.compile_for_gpu(kernel, *tables(), 6, BLOCK=8)
    assert refused.value.msg == sentence and line in refused.value.text


elsewhere = types.ModuleType("elsewhere")
elsewhere.twice = twice


@triton.jit
def calls_a_kernel_of_a_module(x, y, n, BLOCK: tl.constexpr):
    tl.store(y, elsewhere.twice(tl.load(x)))


def test_what_a_kernel_of_another_module_would_be_can_not_be_told():
    with pytest.raises(gpu_compiler.Unknown, match="another module"):
        gpu_compiler.compile_for_gpu(calls_a_kernel_of_a_module, *tables(), 6, BLOCK=8)


def test_what_is_no_kernel_of_the_interpreter_can_not_be_told():
    with pytest.raises(gpu_compiler.Unknown, match="kernel of Triton's interpreter"):
        gpu_compiler.compile_for_gpu(lambda x: x, *tables(), 6, BLOCK=8)


def test_a_kernel_that_only_the_interpreter_runs_loses_the_point_for_the_compiler_alone():
    """It gives the right values, so everything else is earned."""
    for name in ("layernorm_forward_kernel", "layernorm_backward_kernel"):
        exercise = exercises.find(name)[1]
        source = KERNELS[name]
        verdicts = notebook_judge.judge_source(source, name, b"one course")
        assert [v.check for v in verdicts if not v.passed] == ["compiles"], [v.hint for v in verdicts]
        assert sum(v.points for v in verdicts) == exercise.max_points - 1
        (hint,) = (v.hint for v in verdicts if not v.passed)
        assert "CompilationError" in hint and "(line " in hint


KERNELS = {
    "layernorm_forward_kernel": """
import triton
import triton.language as tl
NOTHING = 0.0
@triton.jit
def layernorm_forward_kernel(x, y, weight, bias, mean, rstd, x_stride, y_stride, n, eps, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    columns = tl.arange(0, BLOCK)
    inside = columns < n
    features = tl.load(x + row * x_stride + columns, mask=inside, other=NOTHING).to(tl.float32)
    average = tl.sum(features, axis=0) / n
    deviation = tl.where(inside, features - average, 0.0)
    r = 1 / tl.sqrt(tl.sum(deviation * deviation, axis=0) / n + eps)
    w = tl.load(weight + columns, mask=inside, other=0.0).to(tl.float32)
    b = tl.load(bias + columns, mask=inside, other=0.0).to(tl.float32)
    tl.store(y + row * y_stride + columns, deviation * r * w + b, mask=inside)
    tl.store(mean + row, average)
    tl.store(rstd + row, r)
""",
    "layernorm_backward_kernel": """
import triton
import triton.language as tl
@triton.jit
def layernorm_backward_kernel(
    dy, x, weight, mean, rstd, dx, dweight, dbias, dy_stride, x_stride, dx_stride, m, n, BLOCK: tl.constexpr
):
    p = tl.program_id(0)
    columns = tl.arange(0, BLOCK)
    inside = columns < n
    w = tl.load(weight + columns, mask=inside, other=0.0).to(tl.float32)
    of_weight, of_bias = 0.0, 0.0
    for row in range(p, m, tl.num_programs(0)):
        up = tl.load(dy + row * dy_stride + columns, mask=inside, other=0.0).to(tl.float32)
        r = tl.load(rstd + row)
        hat = (tl.load(x + row * x_stride + columns, mask=inside, other=0.0).to(tl.float32) - tl.load(mean + row)) * r
        g = up * w
        values = (g - tl.sum(g, axis=0) / n - hat * (tl.sum(g * hat, axis=0) / n)) * r
        tl.store(dx + row * dx_stride + columns, values, mask=inside)
        of_weight += up * hat
        of_bias += up
    tl.store(dweight + p * n + columns, of_weight, mask=inside)
    tl.store(dbias + p * n + columns, of_bias, mask=inside)
""",
}
