"""PyTorch on the student side: what is sent arrives, gradients come back, the library's own operators do not run."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from autograder import reading, tensors
from autograder.exercise import Case
from autograder.limits import Limits
from autograder.student import Rules, Student
from autograder.student_side import wire

PRELUDE = "import torch\nfrom torch import nn\n"
RULES = Rules(libraries=("torch",), operators=("native_layer_norm", "layer_norm", "rms_norm", "_fused_rms_norm"))
SQUARE = """
def square(x, w):
    return x * x * w
class Scale(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(d))
    def forward(self, x):
        return x * self.weight
class Keeps(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        ctx.copy = x * 2
        return x * x
    @staticmethod
    def backward(ctx, dy):
        return 2 * ctx.saved_tensors[0] * dy
def changes(x):
    x.add_(1)
    return x * 1
class Forgets(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.copies = [x * 2, {"more": x * 3}]
        Forgets.kept = x
        return x * x
    @staticmethod
    def backward(ctx, dy):
        return 2 * Forgets.kept * dy
def differentiates(x):
    return getattr(torch.autograd, "gr" + "ad")((x * x).sum(), x)[0]
def silent(x):
    pass
def its_shape(x):
    return x.shape
def in_a_tuple(x):
    return x * 2,
def its_type(x):
    return str(x.dtype)
"""


@pytest.fixture(scope="module")
def student():
    with Student([PRELUDE, SQUARE], RULES) as student:
        assert [result.error for result in student.results] == [None, None]
        yield student


def drawn(*shape, name="float64", requires_grad=True, layout="contiguous"):
    return tensors.tensor(np.random.default_rng(len(shape)).normal(size=shape), name, requires_grad, layout)


@pytest.mark.parametrize("name", tensors.FLOATING)
@pytest.mark.parametrize("layout", wire.LAYOUTS)
@pytest.mark.parametrize("shape", [(), (0, 3), (1,), (2, 3, 5)])
def test_a_tensor_comes_back_as_it_was(student, name, layout, shape):
    sent = tensors.tensor(np.random.default_rng(0).normal(size=shape), name, False, layout)
    reply = student.call("square", sent, tensors.tensor(1.0, name, False))
    assert reply.problem is None and reply.changed == ()
    found = tensors.array(reply.value)
    exact = Case((sent,), "").exact_args()[0]
    assert (found.shape, found.dtype) == (shape, tensors.dtype(name))
    assert np.allclose(found.astype(float), exact**2, rtol=0.01)


def test_bfloat16_is_the_same_number_on_both_sides():
    values = np.random.default_rng(1).normal(size=100) * 10.0 ** np.arange(-20, 30, 0.5)
    ours = tensors.array(tensors.tensor(values, "bfloat16")).astype(float)
    assert np.array_equal(ours, torch.tensor(values).to(torch.bfloat16).double().numpy())


def test_gradients_and_second_derivatives(student):
    x, w, v, u = (drawn(2, 3), drawn(3), drawn(2, 3, requires_grad=False), drawn(2, 3, requires_grad=False))
    reply = student.torch("square", [x, w], upstream=[v], second=[u, tensors.tensor(np.zeros(3), "float64", False)], again=True)
    exact = {name: tensors.array(t) for name, t in dict(x=x, w=w, v=v, u=u).items()}
    gradients = [tensors.array(t) for t in reply.value["gradients"]]
    assert np.allclose(gradients[0], 2 * exact["x"] * exact["w"] * exact["v"])
    assert np.allclose(gradients[1], (exact["x"] ** 2 * exact["v"]).sum(0))
    assert np.array_equal(gradients[0], tensors.array(reply.value["again"][0]))
    by_x, by_w, by_upstream = (tensors.array(t) for t in reply.value["second"])
    assert np.allclose(by_x, 2 * exact["w"] * exact["v"] * exact["u"])
    assert np.allclose(by_w, (2 * exact["x"] * exact["v"] * exact["u"]).sum(0))
    assert np.allclose(by_upstream, 2 * exact["x"] * exact["w"] * exact["u"])


def test_a_module_gets_the_weights_that_it_is_given(student):
    weight = tensors.tensor([1.0, 2.0, 4.0], "bfloat16", False)
    asked = dict(build=[[3], {}], to="bfloat16", state={"weight": weight}, parameters=["weight"])
    reply = student.torch("Scale", [drawn(2, 3, name="bfloat16")], upstream=[tensors.tensor(np.ones((2, 3)), "bfloat16")], **asked)
    assert tensors.array(reply.value["of_parameters"]["weight"]).dtype == tensors.dtype("bfloat16")
    assert np.array_equal(tensors.array(reply.value["gradients"][0]).astype(float), [[1, 2, 4]] * 2)
    for state, words in (({"gain": weight}, "no parameter called `gain`"), ({"weight": drawn(4)}, "has shape (3,); expected (4,)")):
        assert words in student.torch("Scale", [drawn(2, 3)], build=[[3], {}], state=state).problem


def test_what_is_kept_for_the_backward_is_listed(student):
    reply = student.torch("Keeps.apply", [drawn(2, 3)], measure=True)
    assert [row[1:] for row in reply.value["saved"]] == [[[2, 3], "float64", 48]]
    assert [row[1:] for row in reply.value["on_context"]] == [[[2, 3], "float64", 48]]


def test_the_graph_and_the_arguments_are_listed_too(student):
    x = drawn(2, 3)
    value = student.torch("Keeps.apply", [x], measure=True).value
    assert value["nodes"] == ["KeepsBackward", "AccumulateGrad"]
    assert [row[0] for row in value["arguments"]] == [row[0] for row in value["saved"]]
    value = student.torch("square", [x, drawn(3)], measure=True).value
    assert value["nodes"][0] == "MulBackward0" and value["on_context"] == []


def test_another_call_comes_between_forward_and_backward(student):
    """What is kept outside of the context is the other call's."""
    x, other, v = drawn(2, 3), tensors.tensor(np.ones((2, 3)), "float64"), drawn(2, 3, requires_grad=False)
    plain = student.torch("Forgets.apply", [x], upstream=[v]).value["gradients"][0]
    assert np.allclose(tensors.array(plain), 2 * tensors.array(x) * tensors.array(v))
    late = student.torch("Forgets.apply", [x], upstream=[v], between=[other]).value["gradients"][0]
    assert np.allclose(tensors.array(late), 2 * tensors.array(v))


def test_a_tensor_in_a_container_on_the_context_is_found(student):
    assert len(student.torch("Forgets.apply", [drawn(2, 3)], measure=True).value["on_context"]) == 2


def test_only_a_submission_is_noted_for_using_the_gradient(student):
    student.look_out_for(frozenset({"grad"}))
    v = drawn(2, 3, requires_grad=False)
    student.torch("Keeps.apply", [drawn(2, 3)], upstream=[v], second=[v])
    assert "grad" not in student.used
    student.torch("differentiates", [drawn(2, 3)])
    assert "grad" in student.used


def test_none_in_place_of_an_output_is_said(student):
    reply = student.torch("silent", [drawn(2, 3)], upstream=[drawn(2, 3, requires_grad=False)])
    assert "it returned None" in reply.problem


def test_a_kind_of_tuple_in_place_of_outputs_is_a_tuple(student):
    assert student.torch("its_shape", [drawn(2, 3)]).value["outputs"] == (2, 3)


def test_no_grad_and_autocast(student):
    reply = student.torch("square", [drawn(2, 3), drawn(3)], mode="no_grad", upstream=[drawn(2, 3, requires_grad=False)])
    assert "no gradient flows" in reply.problem
    assert student.torch("square", [drawn(2, 3), drawn(3)], mode="no_grad").value["outputs"][0].requires_grad is False


def test_a_changed_input_is_noticed(student):
    assert student.torch("changes", [drawn(2, 3, requires_grad=False)]).changed == (0,)
    assert student.call("changes", drawn(2, 3, requires_grad=False)).changed == (0,)


def test_what_is_missing_is_said(student):
    assert "`nothing` is not defined" in student.torch("nothing.apply", []).problem
    assert "`Keeps` has no `use`" in student.torch("Keeps.use", []).problem


ROUTES = {
    "functional": "torch.nn.functional.layer_norm(x, (3,))",
    "module": "nn.LayerNorm(3, dtype=x.dtype)(x)",
    "subclass": "type('Own', (nn.LayerNorm,), {})(3, dtype=x.dtype)(x)",
    "operator": "torch.ops.aten.native_layer_norm.default(x, [3], None, None, 1e-5)[0]",
    "by a name in pieces": "getattr(torch, 'native_' + 'layer' + '_norm')(x, [3], None, None, 1e-5)[0]",
    "without gradients": "torch.no_grad()(lambda: torch.layer_norm(x, [3]))()",
    "in inference mode": "torch.inference_mode()(lambda: torch.layer_norm(x.clone(), [3]))()",
    "as a batched function": "torch.vmap(lambda row: torch.nn.functional.layer_norm(row, (3,)))(x)",
    "traced": "torch.jit.trace(lambda t: torch.layer_norm(t, [3]), x)(x)",
    "on another device": "torch.layer_norm(x.to('meta'), [3]).to('cpu')",
    "of a wrapped tensor": "torch.nn.functional.layer_norm(torch.nn.Parameter(x), (3,))",
    "rms": "torch.nn.functional.rms_norm(x, (3,))",
    "rms module": "nn.RMSNorm(3, dtype=x.dtype)(x)",
    "compiled": "torch.compile(lambda t: torch.layer_norm(t, [3]), backend='eager')(x)",
}


@pytest.mark.parametrize("route", ROUTES)
def test_the_librarys_own_norm_does_not_run(route):
    patient = Limits(call_seconds=60.0)  # some routes import much of PyTorch first
    with Student([PRELUDE, f"def norm(x):\n    return {ROUTES[route]}\n"], RULES, patient) as student:
        assert student.results[1].error is None
        reply = student.torch("norm", [drawn(2, 3)])
        if route == "on another device":  # the operator runs there, on no numbers; they can't come back
            assert "NotImplementedError" in reply.problem
        else:
            assert "may not be used here" in reply.problem and student.used & set(RULES.operators)


def test_the_same_operators_run_where_they_are_allowed():
    with Student([PRELUDE, "def norm(x):\n    return nn.LayerNorm(3, dtype=x.dtype)(x)\n"], Rules(libraries=("torch",))) as student:
        assert student.torch("norm", [drawn(2, 3)]).problem is None


KERNELS = """
import triton
import triton.language as tl
@triton.jit
def copies(x, y, stride, n, many, BLOCK: tl.constexpr):
    lanes = tl.arange(0, BLOCK)
    row = tl.program_id(0)
    values = tl.load(x + row * stride + lanes, mask=lanes < many, other=0.0)
    tl.store(y + row * n + lanes, values, mask=lanes < n)
@triton.jit
def reads_all(x, y, stride, n, many, BLOCK: tl.constexpr):
    lanes = tl.arange(0, BLOCK)
    values = tl.load(x + tl.program_id(0) * stride + lanes)
    tl.store(y + tl.program_id(0) * n + lanes, values, mask=lanes < n)
"""


def test_a_kernel_that_reads_outside_of_the_rows_is_noticed():
    x, y = drawn(6, 7, name="float16", requires_grad=False), drawn(6, 5, name="float16", requires_grad=False)

    def strayed(kernel: str, *, rows=4, many=5, readable=((0, 4, 5),)) -> bool:
        asked = {"grid": [rows], "kwargs": {"BLOCK": 8}, "returns": [1], "readable": [list(part) for part in readable]}
        reply = student.torch(kernel, [x, y, 7, 5, many], watched=False, **asked)
        assert np.array_equal(tensors.array(reply.value["outputs"][0])[:rows], tensors.array(x)[:rows, :5])
        return reply.value["strayed"]

    with Student([PRELUDE, KERNELS], Rules(libraries=("torch", "triton"))) as student:
        assert [result.error for result in student.results] == [None, None]
        assert not strayed("copies")
        assert strayed("copies", many=6) and strayed("copies", rows=5) and strayed("reads_all")
        assert not strayed("reads_all", readable=()) and not strayed("copies")


def test_a_kernel_that_takes_a_block_for_a_condition_is_noticed():
    """And not that Triton asks a mask whether it is there."""
    asking = {
        "asks_nothing": "values = tl.where(inside & (lanes >= 0), values, 0.0)",
        "asks_one_number": "values = values * 1.0 if n > 2 and not n < 0 else values",
        "asks_by_if": "if inside:\n        values = values + 1.0",
        "asks_by_and": "values = tl.where(inside and lanes >= 0, values, 0.0)",
        "asks_by_not": "values = tl.where(not inside, 0.0, values)",
    }
    kernels = "".join(
        f"@triton.jit\ndef {name}(x, y, n, BLOCK: tl.constexpr):\n    lanes = tl.arange(0, BLOCK)\n    inside = lanes < n\n"
        f"    values = tl.load(x + lanes, mask=inside, other=0.0)\n    {line}\n    tl.store(y + lanes, values, mask=inside)\n"
        for name, line in asking.items()
    )
    asked = {"grid": [1], "kwargs": {"BLOCK": 8}, "returns": [1], "watched": False}
    x, y = drawn(5, requires_grad=False), drawn(5, requires_grad=False)
    with Student([PRELUDE, f"import triton\nimport triton.language as tl\n{kernels}"], Rules(libraries=("torch", "triton"))) as student:
        noticed = [name for name in asking if student.torch(name, [x, y, 5], **asked).value["block_in_condition"]]
    assert noticed == ["asks_by_if", "asks_by_and", "asks_by_not"]


def test_a_tuple_of_one_is_told_from_what_is_in_it(student):
    x = tensors.tensor(np.ones(3))
    for name, in_tuple in (("in_a_tuple", True), ("square", False)):
        value = student.torch(name, [x, x][: 2 - in_tuple]).value
        assert len(value["outputs"]) == 1 and value["in_tuple"] is in_tuple and reading.gave_tuple(value) is in_tuple


def test_what_a_modules_state_holds_is_told(student):
    assert student.torch("Scale", [drawn(2, 3)], build=[[3], {}], names=True).value["names"] == ["weight"]


def test_what_is_no_tensor_in_place_of_an_output_is_said(student):
    assert "it returned no tensor" in student.torch("its_type", [drawn(2, 3)], upstream=[drawn(2, 3, requires_grad=False)]).problem


def test_pytorch_may_ask_where_a_refused_library_is():
    """To repeat a run exactly is good practice; PyTorch then looks for libraries that it does not import."""
    cells = ["import torch\ntorch.use_deterministic_algorithms(True)\ndef f():\n    return 7", "import onnx"]
    with Student(cells, replace(RULES, forbidden=("onnx",))) as student:
        assert student.results[0].error is None and student.call("f").value == 7
        assert "onnx may not be used" in student.results[1].error["message"]
