"""Chapter 4's LayerNorm and RMSNorm, and its kernels, against PyTorch's and ONNX's own test cases.

Without a GPU the kernels run by Triton's interpreter, and are compiled for one that is not here. With one they run
on it.
"""

import importlib.util
import os
import subprocess
import sys
import warnings
from functools import cache, partial
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "book"))
from experiments import layernorm_torch as ours  # noqa: E402
from experiments import layernorm_triton as kernels  # noqa: E402

CUDA = torch.cuda.is_available()
DEVICE = "cuda" if CUDA else "cpu"
TRITON = importlib.util.find_spec("triton") is not None

needs_triton = pytest.mark.skipif(not TRITON, reason="needs Triton: pip install -r requirements-triton.txt")
needs_cuda = pytest.mark.skipif(not CUDA, reason="needs a CUDA device")


@pytest.fixture(autouse=True)
def interpreter(monkeypatch):
    """Without a GPU the kernels are interpreted. The variable is read when Triton is imported, and at launches."""
    if TRITON and not CUDA:
        monkeypatch.setenv("TRITON_INTERPRET", "1")


# A rounding of the result to the dtype, and some of float32's on the way. Truncating instead of rounding, as the
# interpreter does with bfloat16, is one unit in the last place: twice as much.
ULP = {torch.float64: 1e-15, torch.float32: 1.2e-7, torch.float16: 9.8e-4, torch.bfloat16: 7.9e-3}


def layer_norm_by_kernels(x, shape, weight=None, bias=None, eps=1e-5):
    return ours.over_trailing_axes(lambda *a: kernels.TritonLayerNorm.apply(*a, eps), x, shape, weight, bias)


def close(found, wanted, roundings: float = 16, terms: float = 1e-3) -> None:
    """Compare tensors: some roundings of float32's size (float64's for float64), and one of the result's dtype.

    They are measured by the largest entry, or by ``terms`` where the entries are what larger terms leave over.
    """
    assert found.shape == wanted.shape
    if found.numel() == 0:
        return
    size = wanted.double().nan_to_num().abs().max().item()
    slack = max(size, terms) * roundings * ULP[torch.promote_types(found.dtype, torch.float32)]
    slack += 1.01 * size * ULP[found.dtype]
    torch.testing.assert_close(found.double(), wanted.double(), rtol=0, atol=slack, equal_nan=True)


def samples(name: str, dtype: torch.dtype):
    """PyTorch's own sample inputs of an operator."""
    pytest.importorskip("expecttest", reason="PyTorch's operator samples need expecttest")
    from torch.testing._internal.common_methods_invocations import op_db

    (operator,) = [o for o in op_db if o.name == name]
    return list(operator.sample_inputs(DEVICE, dtype, requires_grad=True))


def held_against_the_library(function, library, sample) -> None:
    """Values and gradients for a random upstream gradient; the library computes in float64."""
    tensors = [a for a in (sample.input, *sample.args[1:]) if isinstance(a, torch.Tensor)]
    others = [sample.args[0]]
    exact = [t.detach().double().requires_grad_() for t in tensors]
    y = function(tensors[0], *others, *tensors[1:], **sample.kwargs)
    wanted = library(exact[0], *others, *exact[1:], **sample.kwargs)
    assert y.dtype == sample.input.dtype
    close(y, wanted)
    if y.numel() == 0 or not wanted.isfinite().all():
        return
    torch.manual_seed(0)
    dy = torch.randn_like(y)
    # at d = 1 and d = 2 dx is 0 or nearly so: the difference of terms of the size dy * gamma / sqrt(eps)
    terms = (dy.abs().max() * max(t.abs().max() for t in tensors) / abs(sample.kwargs.get("eps", 1e-5)) ** 0.5).item()
    slopes = torch.autograd.grad(y, tensors, dy)
    for found, right, t in zip(slopes, torch.autograd.grad(wanted, exact, dy.double()), tensors):
        assert found.dtype == t.dtype
        close(found, right, 64, terms)


@pytest.mark.parametrize("dtype", ULP, ids=str)
def test_pytorchs_samples_of_layer_norm(dtype):
    found = samples("nn.functional.layer_norm", dtype)
    assert len(found) >= 6
    for sample in found:
        held_against_the_library(ours.layer_norm, F.layer_norm, sample)


@needs_triton
@pytest.mark.parametrize("dtype", kernels.DTYPES, ids=str)
def test_pytorchs_samples_of_layer_norm_by_the_kernels(dtype):
    for sample in samples("nn.functional.layer_norm", dtype):
        held_against_the_library(layer_norm_by_kernels, F.layer_norm, sample)


@pytest.mark.parametrize("dtype", ULP, ids=str)
def test_pytorchs_samples_of_rms_norm(dtype):
    for sample in samples("nn.functional.rms_norm", dtype):
        if "eps" not in sample.kwargs:  # the default depends on the dtype, and the library's value here is float64's
            sample.kwargs["eps"] = torch.finfo(torch.promote_types(dtype, torch.float32)).eps
        held_against_the_library(ours.rms_norm, F.rms_norm, sample)


@pytest.mark.parametrize("dtype", ULP, ids=str)
def test_the_default_eps_of_rms_norm_is_the_librarys(dtype):
    x = torch.tensor([[1e-4, -2e-4, 3e-4]], dtype=dtype)  # so small that eps decides
    close(ours.rms_norm(x, (3,)), F.rms_norm(x, (3,)))


@cache
def onnx_cases(kind: str) -> list:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # collecting makes the cases of every operator, some with overflows on purpose
        from onnx.backend.test.case.node import collect_testcases

        every = collect_testcases("")
    return [case for case in every if len(case.model.graph.node) == 1 and case.model.graph.node[0].op_type == kind]


def onnx_arguments(case) -> tuple[list[torch.Tensor], list[torch.Tensor], tuple[int, ...], float]:
    """Inputs, expected outputs, normalised shape and eps of one of ONNX's cases."""
    ((inputs, outputs),) = case.data_sets
    given = {a.name: a.f if a.name == "epsilon" else a.i for a in case.model.graph.node[0].attribute}
    x = torch.from_numpy(np.array(inputs[0]))
    axis = given.get("axis", -1) % x.ndim
    return (
        [torch.from_numpy(np.array(i)).to(DEVICE) for i in inputs],
        [torch.from_numpy(np.array(o)).to(DEVICE) for o in outputs],
        tuple(x.shape[axis:]),
        given.get("epsilon", 1e-5),
    )


def test_onnx_cases_of_layer_normalization():
    cases = onnx_cases("LayerNormalization")
    assert len(cases) >= 19
    for case in cases:
        inputs, (y, mean, rstd), shape, eps = onnx_arguments(case)
        close(ours.layer_norm(inputs[0], shape, *inputs[1:], eps), y)
        found = ours.layernorm_statistics(inputs[0].reshape(*mean.shape[: mean.ndim - len(shape)], -1), eps)[1:]
        for part, wanted in zip(found, (mean, rstd)):
            close(part.reshape(wanted.shape), wanted)


@needs_triton
def test_onnx_cases_of_layer_normalization_by_the_kernels():
    for case in onnx_cases("LayerNormalization"):
        inputs, (y, mean, rstd), shape, eps = onnx_arguments(case)
        close(layer_norm_by_kernels(inputs[0], shape, *inputs[1:], eps), y)
        found = kernels.forward(inputs[0].reshape(*mean.shape[: mean.ndim - len(shape)], -1), None, None, eps)[1:]
        for part, wanted in zip(found, (mean, rstd)):
            close(part.reshape(wanted.shape), wanted)


def test_onnx_cases_of_rms_normalization():
    cases = onnx_cases("RMSNormalization")
    assert len(cases) >= 19
    for case in cases:
        inputs, (y,), shape, eps = onnx_arguments(case)
        close(ours.rms_norm(inputs[0], shape, inputs[1], eps), y)


def doubles(*shape, count: int, seed: int = 0) -> list[torch.Tensor]:
    torch.manual_seed(seed)
    return [torch.randn(*shape, dtype=torch.float64, requires_grad=True)] + [
        torch.randn(shape[-1], dtype=torch.float64, requires_grad=True) for _ in range(count)
    ]


@pytest.mark.parametrize("shape", [(1, 1), (3, 2), (5,), (2, 3, 4)], ids=str)
@pytest.mark.parametrize("eps", [0.1, 1e-5])
def test_first_and_second_derivatives_are_those_of_the_function(shape, eps):
    x, weight, bias = doubles(*shape, count=2)
    for function, inputs in (
        (lambda *a: ours.LayerNormFunction.apply(*a, eps), (x, weight, bias)),
        (lambda *a: ours.LayerNormFunction.apply(*a, None, None, eps), (x,)),
        (lambda *a: ours.RMSNormFunction.apply(*a, eps), (x, weight)),
    ):
        assert torch.autograd.gradcheck(function, inputs)
        assert torch.autograd.gradgradcheck(function, inputs)


@pytest.mark.parametrize("wanted", [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 0, 1), (0, 1, 1)], ids=str)
def test_only_what_needs_a_gradient_gets_one(wanted):
    inputs = [t.detach().requires_grad_(bool(w)) for t, w in zip(doubles(3, 5, count=2), wanted)]
    assert torch.autograd.gradcheck(lambda *a: ours.LayerNormFunction.apply(*a, 0.1), inputs)
    assert torch.autograd.gradgradcheck(lambda *a: ours.LayerNormFunction.apply(*a, 0.1), inputs)


def test_without_grad_nothing_is_recorded_and_nothing_is_saved():
    x, weight, bias = doubles(4, 6, count=2)
    with torch.no_grad():
        assert ours.LayerNormFunction.apply(x, weight, bias, 1e-5).grad_fn is None
        assert ours.saved_bytes(lambda: ours.LayerNormFunction.apply(x, weight, bias, 1e-5)) == (0, 0)


def test_a_second_backward_on_the_same_graph_gives_the_same():
    x, weight, bias = doubles(4, 6, count=2)
    y, dy = ours.LayerNormFunction.apply(x, weight, bias, 1e-5), torch.randn(4, 6, dtype=torch.float64)
    once = torch.autograd.grad(y, (x, weight, bias), dy, retain_graph=True)
    again = torch.autograd.grad(y, (x, weight, bias), dy)
    assert all(torch.equal(a, b) for a, b in zip(once, again))


@pytest.mark.parametrize("dtype,parameter", [
    (torch.float32, torch.float32), (torch.float64, torch.float64),
    (torch.bfloat16, torch.float32), (torch.float16, torch.float32),
])  # fmt: skip
def test_saves_no_more_bytes_than_the_library(dtype, parameter):
    x = torch.randn(64, 96).to(dtype).requires_grad_()
    weight, bias = (torch.randn(96, dtype=parameter, requires_grad=True) for _ in range(2))
    alive = (x, weight, bias)
    mine = ours.saved_bytes(lambda: ours.LayerNormFunction.apply(x, weight, bias, 1e-5), alive)
    library = ours.saved_bytes(lambda: F.layer_norm(x, (96,), weight, bias), alive)
    eager = ours.saved_bytes(lambda: ours.layernorm_eager(x, weight, bias, 1e-5), alive)
    assert mine[0] <= library[0] and mine[1] <= library[1]
    assert mine[1] == 2 * 64 * torch.promote_types(dtype, torch.float32).itemsize  # mean and rstd
    assert eager[1] > x.nbytes


def test_the_module_is_the_function_and_keeps_the_inputs_dtype():
    module = ours.LayerNorm(12)
    assert {n: tuple(p.shape) for n, p in module.named_parameters()} == {"weight": (12,), "bias": (12,)}
    assert ours.LayerNorm(12, bias=False).bias is None
    torch.manual_seed(0)
    for dtype in (torch.bfloat16, torch.float16):
        x = torch.randn(3, 4, 12).to(dtype)
        y = module(x)
        assert y.dtype == dtype
        close(y, F.layer_norm(x.double(), (12,)))
    with pytest.raises(ValueError, match="ends in"):
        module(torch.randn(3, 11))


def test_statistics_of_16_bit_inputs_are_in_float32():
    x = (torch.randn(8, 512, generator=torch.Generator().manual_seed(0)) + 300).to(torch.float16)
    assert (x * x).isinf().any()  # 256 squared is already too large for float16
    close(ours.layer_norm(x, (512,)), F.layer_norm(x.double(), (512,)))


SHAPES = [(1, 1), (5, 1), (3, 2), (0, 8), (7, 33), (300, 257), (2, 3, 768), (2, 1024), (5, 8192), (6, 8193), (3, 40000)]


@needs_triton
@pytest.mark.parametrize("dtype", kernels.DTYPES, ids=str)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_kernels_on_any_width(shape, dtype):
    """One row to many, one feature to more than a block holds, a last tile that is not full, gamma of mixed signs."""
    torch.manual_seed(1)
    n = shape[-1]
    x = (2 * torch.randn(*shape, device=DEVICE) + 3).to(dtype).requires_grad_()
    weight, bias = (torch.randn(n, device=DEVICE, requires_grad=True) for _ in range(2))
    dy = torch.randn(*shape, device=DEVICE).to(dtype)
    y = kernels.TritonLayerNorm.apply(x, weight, bias, 0.1)
    exact = [t.detach().double().requires_grad_() for t in (x, weight, bias)]
    wanted = F.layer_norm(exact[0], (n,), exact[1], exact[2], 0.1)
    close(y, wanted)
    found = torch.autograd.grad(y, (x, weight, bias), dy)
    for part, right, t in zip(found, torch.autograd.grad(wanted, exact, dy.double()), (x, weight, bias)):
        assert part.dtype == t.dtype
        close(part, right, roundings=64)


@needs_triton
def test_the_kernels_leave_the_neighbours_alone():
    """Rows that lie apart and start at odd addresses are read and written as they lie, and nothing beside them."""
    store = torch.full((6, 41), torch.nan, device=DEVICE)
    torch.manual_seed(0)
    store[:, 3:38] = torch.randn(6, 35, device=DEVICE)
    x = store[:, 3:38]
    assert kernels.as_rows(x).data_ptr() == x.data_ptr()  # no copy
    y = kernels.TritonLayerNorm.apply(x, None, None, 1e-5)
    close(y, F.layer_norm(x.double(), (35,)))
    turned = torch.randn(35, 6, device=DEVICE).t()  # rows that are not contiguous
    close(kernels.TritonLayerNorm.apply(turned, None, None, 1e-5), F.layer_norm(turned.double(), (35,)))
    # an upstream gradient without memory of its own, as that of y.sum()
    x = x.clone().requires_grad_()
    kernels.TritonLayerNorm.apply(x, torch.arange(35.0, device=DEVICE), None, 1e-5).sum().backward()
    exact = x.detach().double().requires_grad_()
    F.layer_norm(exact, (35,), torch.arange(35.0, device=DEVICE).double()).sum().backward()
    close(x.grad, exact.grad, roundings=64)


@needs_triton
@pytest.mark.parametrize("offset", [1e3, 1e4])
@pytest.mark.parametrize("n", [257, 33000])
def test_the_kernels_far_from_zero(n, offset):
    """No one-pass variance: at such offsets its float32 has no correct digit."""
    x = torch.randn(2, n, generator=torch.Generator().manual_seed(0)).to(DEVICE) + offset
    _, mean, rstd = kernels.forward(x, None, None, 1e-5)
    exact = x.double()
    close(rstd, (exact.var(-1, correction=0, keepdim=True) + 1e-5).rsqrt(), roundings=64)
    close(mean, exact.mean(-1, keepdim=True))


@needs_triton
@pytest.mark.parametrize("wanted", [(True, False, False), (False, True, False), (False, False, True)], ids=str)
@pytest.mark.parametrize("n", [40, 8200])
def test_the_backward_kernels_do_only_what_is_asked(n, wanted):
    torch.manual_seed(0)
    x, dy, weight = torch.randn(5, n, device=DEVICE), torch.randn(5, n, device=DEVICE), torch.randn(n, device=DEVICE)
    _, mean, rstd = kernels.forward(x, weight, None, 1e-5)
    found = kernels.backward(dy, x, weight, mean, rstd, wanted)
    right = ours.layernorm_gradients(dy, x, weight, mean, rstd, wanted)
    assert [f is None for f in found] == [not w for w in wanted]
    for part, whole in zip(found, right):
        if part is not None:
            close(part, whole, roundings=64)


@needs_triton
def test_second_derivatives_through_the_kernels():
    torch.manual_seed(0)
    x, weight, bias = (torch.randn(*s, device=DEVICE, requires_grad=True) for s in ((3, 5), (5,), (5,)))
    dy = torch.randn(3, 5, device=DEVICE, requires_grad=True)

    def slopes_of_slopes(function):
        first = torch.autograd.grad(function(x, weight, bias, 0.1), (x, weight), dy, create_graph=True)
        return torch.autograd.grad(sum((f**2).sum() for f in first), (x, weight, dy))

    by_operations = slopes_of_slopes(ours.LayerNormFunction.apply)
    for found, wanted in zip(slopes_of_slopes(kernels.TritonLayerNorm.apply), by_operations):
        close(found, wanted, roundings=64)


@needs_triton
def test_the_kernels_refuse_float64():
    with pytest.raises(TypeError, match="float32"):
        kernels.forward(torch.randn(2, 3, dtype=torch.float64, device=DEVICE), None, None, 1e-5)


COMPILE = """
import sys
sys.path.insert(0, "book")
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource, compile
from experiments import layernorm_kernels as kernels

table = dict.fromkeys(("dy", "x", "y", "dx", "weight", "bias"), "*bf16")
numbers = dict.fromkeys(("mean", "rstd", "average", "along", "partial"), "*fp32")
sizes = dict.fromkeys(("x_stride", "dy_stride", "m", "n"), "i32") | {"eps": "fp32"}
flags = dict.fromkeys(("WEIGHT", "BIAS", "DX", "DWEIGHT", "DBIAS"), True) | {"ROWS": 2, "BLOCK": 1024, "ALIGN": 8}
types = table | numbers | sizes
for name in ("forward_rows", "forward_looped", "backward_row_means", "backward_tiles of whole rows", "backward_tiles"):
    name, _, whole = name.partition(" ")
    flags["WHOLE"] = bool(whole)
    kernel = getattr(kernels, name)
    source = ASTSource(
        fn=kernel,
        signature={a: types.get(a, "constexpr") for a in kernel.arg_names},
        constexprs={(i,): flags[a] for i, a in enumerate(kernel.arg_names) if a in flags},
    )
    assert f".entry {name}" in compile(source, target=GPUTarget("cuda", 90, 32), options={"num_warps": 4}).asm["ptx"]
    print(name)
"""


@needs_triton
def test_the_kernels_compile_for_a_gpu_that_is_not_here(tmp_path):
    """The interpreter accepts more than the compiler does. Compiling for a Hopper GPU needs none."""
    env = {k: v for k, v in os.environ.items() if k != "TRITON_INTERPRET"} | {"TRITON_CACHE_DIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", COMPILE], cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert len(done.stdout.split()) == 5


@needs_triton
@pytest.mark.skipif(CUDA, reason="a GPU runs the programs in no order, and has in its lanes what it likes")
@pytest.mark.parametrize("shape", [(7, 33), (300, 257), (6, 8193)], ids=str)
def test_the_kernels_take_nothing_for_granted(shape):
    """No race, and the same bits in another order, and with NaN in lanes of which a load says nothing."""
    from experiments.kernel_accesses import first_race, noted, undefined_lanes
    from experiments.program_order import last_program_first

    torch.manual_seed(0)
    x, weight, bias = (torch.randn(*s, requires_grad=True) for s in (shape, shape[-1:], shape[-1:]))
    dy = torch.randn(shape)

    def step():
        y = kernels.TritonLayerNorm.apply(x, weight, bias, 1e-5)
        return y, *torch.autograd.grad(y, (x, weight, bias), dy)

    with noted() as accesses:
        usual = step()
    assert len(accesses) > 10 and first_race(accesses) is None
    with last_program_first():
        turned = step()
    with undefined_lanes():
        unpromised = step()
    assert all(torch.equal(a, b) and torch.equal(a, c) for a, b, c in zip(usual, turned, unpromised))


@needs_triton
@pytest.mark.skipif(CUDA, reason="only the interpreter's loads and stores can be counted")
@pytest.mark.parametrize(("shape", "forward", "backward"), [((9, 768), 1, 1), ((300, 257), 1, 1), ((5, 8192), 1, 1), ((4, 40000), 2, 2)])
def test_how_often_each_number_is_read_and_written(shape, forward, backward):
    """Once, as long as a row fits into a program: the floor of 2 arrays forward and 3 backward."""
    from experiments.kernel_accesses import counted, noted

    m, n = shape
    x, dy, weight, bias = torch.randn(shape), torch.randn(shape), torch.randn(n), torch.randn(n)
    with noted() as accesses:
        _, mean, rstd = kernels.forward(x, weight, bias, 1e-5)
    loaded, stored = counted(accesses, {"x": x, "dy": dy})
    assert (loaded["x"], loaded["dy"]) == (forward * m * n, 0)
    assert (stored["x"], stored["elsewhere"]) == (0, m * n + 2 * m)  # y, mean and rstd
    with noted() as accesses:
        kernels.backward(dy, x, weight, mean, rstd, (True, False, False))
    loaded, stored = counted(accesses, {"x": x, "dy": dy})
    assert (loaded["x"], loaded["dy"]) == (backward * m * n, backward * m * n)
    assert stored["elsewhere"] == m * n + (2 * m if backward > 1 else 0)  # dx, and the means of wide rows


@needs_triton
@pytest.mark.skipif(CUDA, reason="where there is a GPU, what is launched has been compiled for it")
@pytest.mark.parametrize("dtype", kernels.DTYPES, ids=str)
@pytest.mark.parametrize("shape", [(5, 1), (7, 33), (300, 257), (6, 1000), (2, 8192), (6, 8193), (3, 40000)], ids=str)
def test_what_is_launched_compiles_for_a_gpu(shape, dtype, monkeypatch):
    """Not only the kernels: the very arguments, types and options of each launch, forward and backward."""
    from triton.runtime.interpreter import InterpretedFunction

    from experiments.gpu_compiler import compile_for_gpu

    compiled = []

    def compile_in_place_of_running(kernel, *args, grid, warmup, **kwargs):
        assert "tt.func" in compile_for_gpu(kernel, *args, **kwargs)
        compiled.append(kernel.__name__)

    monkeypatch.setattr(InterpretedFunction, "run", compile_in_place_of_running)
    x, dy = torch.ones(shape, dtype=dtype), torch.ones(shape, dtype=dtype)
    weight, bias, row = torch.ones(shape[-1]), torch.ones(shape[-1]), torch.ones(shape[0], 1)
    kernels.forward(x, weight, bias, 1e-5)
    kernels.forward(x, None, None, 1e-5)
    kernels.backward(dy, x, weight, row, row, (True, True, True))
    kernels.backward(dy, x, None, row, row, (True, False, False))
    assert len(compiled) >= 4


def test_without_triton_the_module_imports_and_says_what_is_missing(tmp_path):
    """A Triton that cannot be imported stands for one that is not there."""
    (tmp_path / "triton.py").write_text("raise ImportError('no Triton')")
    code = "from experiments import layernorm_triton as t; import torch; t.forward(torch.ones(2, 3), None, None, 1e-5)"
    env = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT / 'book'}"}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    assert done.returncode != 0 and "pip install -r requirements-triton.txt" in done.stderr


def benchmark(*arguments: str) -> subprocess.CompletedProcess:
    """Run the GPU benchmark; nothing that it is asked for here may write a result."""
    result = ROOT / "benchmarks" / "results" / "gpu.json"
    before = result.read_bytes() if result.exists() else None
    command = [sys.executable, "-m", "benchmarks.gpu", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (result.read_bytes() if result.exists() else None) == before
    return done


@pytest.mark.skipif(CUDA, reason="there is a CUDA device here")
def test_the_gpu_benchmark_says_that_there_is_no_gpu():
    done = benchmark()
    assert done.returncode == 2 and "no CUDA device" in done.stderr


@needs_triton
def test_the_gpu_benchmark_runs_dry_on_a_cpu():
    """Every contender is checked against float64 before it is timed; a wrong or failing one ends the dry run with 1."""
    done = benchmark("--device", "cpu", "--quick", "--dtypes", "bfloat16")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


def test_the_gpu_benchmark_runs_a_compiled_backward_more_than_once(monkeypatch):
    """It times the backward pass alone; left to itself, PyTorch's compiler makes one that runs once."""
    from functorch.compile import make_boxed_func
    from torch._dynamo.backends.common import aot_autograd

    from benchmarks import gpu

    without_inductor = aot_autograd(fw_compiler=lambda graph, _: make_boxed_func(graph))
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend=without_inductor))
    rows = gpu.measure_width(8, "float32", "cpu", 4, {"compiled": gpu.contenders("cuda")["torch.compile"]})
    assert not any("failed" in row for row in rows), rows


@needs_cuda
def test_rows_beyond_two_thousand_million_elements():
    """Offsets of 32 bits would wrap round here."""
    m, n = 70_000, 32_768
    x = torch.zeros(m, n, dtype=torch.float16, device=DEVICE)
    x[-1] = torch.randn(n, device=DEVICE, generator=torch.Generator(DEVICE).manual_seed(0))
    y, _, _ = kernels.forward(x, None, None, 1e-5)
    close(y[-1], F.layer_norm(x[-1].double(), (n,)))
