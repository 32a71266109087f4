"""What a GPU's compiler says to kernels that the interpreter runs, asked without a GPU."""

import os
import sys

import pytest
import torch

from autograder import exercises, notebook_judge, python_errors
from autograder.student_side import gpu_compiler

triton = pytest.importorskip("triton", reason="needs Triton: pip install -r requirements-triton.txt")
tl = pytest.importorskip("triton.language")

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


def tables(dtype=torch.float32):
    return torch.arange(6).to(dtype), torch.zeros(8, dtype=dtype)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16], ids=str)
def test_helpers_constants_defaults_and_loops_compile(dtype):
    assert "tt.func" in gpu_compiler.compile_for_gpu(by_a_helper, *tables(dtype), 6, BLOCK=8)


def test_a_kernel_that_was_made_inside_of_a_function_compiles():
    assert "tt.func" in gpu_compiler.compile_for_gpu(made_inside(tl.constexpr(3.0)), *tables(), 6, BLOCK=8)


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
def writes_a_text(x, y, n, BLOCK: tl.constexpr):
    tl.store(y + len(f"{n}"), tl.load(x))


@pytest.mark.parametrize(
    ("kernel", "name"),
    [
        (multiplies_by_a_global, "global-in-kernel"),
        (leaves_its_loop, "loop-left-early"),
        (begins_with_a_number, "type-changes-in-kernel"),
        (compares_in_a_chain, "comparisons-in-a-chain"),
        (writes_a_text, "python-in-kernel"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_a_refusal_means_the_same_here_and_on_a_gpu(kernel, name):
    """There Triton's own error arrives, with the kernel's lines in it."""
    with pytest.raises(gpu_compiler.CompilationError) as refused:
        gpu_compiler.compile_for_gpu(kernel, *tables(), 6, BLOCK=8)
    of_triton = refused.value.__context__
    assert type(of_triton).__module__ == "triton.compiler.errors"
    for kind, said in (("CompilationError", refused.value.msg), (type(of_triton).__name__, str(of_triton))):
        assert python_errors.meaning_of(kind, said).name == name, said


def test_what_is_no_kernel_of_the_interpreter_can_not_be_told():
    for other in (lambda x: x, triton.heuristics({"BLOCK": lambda args: 8})(by_a_helper)):
        with pytest.raises(gpu_compiler.Unknown, match="kernel of Triton's interpreter"):
            gpu_compiler.compile_for_gpu(other, *tables(), 6, BLOCK=8)


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
