"""Functions of a library that would do the exercise are found, however they are reached; long code is read in time."""

import sys

import pytest

from autograder import exercises, notebook_judge, reaching_inside, source_code


def test_onnx_does_no_layer_norm():
    source = """
import numpy as np
from onnx.reference.ops.op_layer_normalization import _layer_normalization as ready_made
def layernorm_forward(x, gamma, beta, eps=1e-5):
    rows = x.reshape(-1, x.shape[-1]).astype("float64")
    return ready_made(rows, gamma, beta, axis=-1, epsilon=eps)[0].reshape(x.shape).astype(x.dtype), None
"""
    verdicts = notebook_judge.judge_source(source, "layernorm_forward", b"a course")
    assert not any(v.points for v in verdicts) and "onnx" in verdicts[0].hint


def test_onnx_gives_no_z_scores():
    source = """
import numpy as np
from onnx.reference.ops.op_layer_normalization import _layer_normalization as ready_made
def z_scores_by_row(table):
    rows = np.asarray(table, float)
    return ready_made(rows, np.ones(rows.shape[1]), np.zeros(rows.shape[1]), axis=-1, epsilon=1e-30)[0]
"""
    verdicts = notebook_judge.judge_source(source, "z_scores_by_row", b"a course")
    assert not any(v.points for v in verdicts) and "onnx" in verdicts[0].hint


BUILT = """
import torch
from torch.nn import functional as F
def build_layernorm(weight, bias, eps):
    d = weight.shape[0]
    def norm(x):
        return {}
    return norm
"""
ROWS = "torch.nested.nested_tensor([row for row in x.reshape(1, -1, d)])"
NORMS_OF_PYTORCH = {
    "a decomposition": "torch._decomp.decomposition_table[torch.ops.aten.native_layer_norm.default](x, [d], weight, bias, eps)[0]",
    "nested tensors": f"torch.nested.to_padded_tensor(F.layer_norm({ROWS}, (d,), weight, bias, eps), 0.0).reshape(x.shape)",
    "batch norm by its operator": "torch.ops.aten._batch_norm_with_update(x.reshape(1, -1, d), None, None, torch.zeros(x.numel() // d), "
    "torch.ones(x.numel() // d), 0.0, eps)[0].reshape(x.shape) * weight + bias",
}


@pytest.mark.parametrize("norm", NORMS_OF_PYTORCH.values(), ids=NORMS_OF_PYTORCH)
def test_no_norm_of_pytorchs_earns_anything(norm):
    verdicts = notebook_judge.judge_source(BUILT.format(norm), "build_layernorm", b"a course")
    assert not any(v.points for v in verdicts) and verdicts[0].misconception == "library-call"


def test_the_engine_of_autograd_is_no_backward():
    source = """
import torch
engine = torch.autograd.Variable._execution_engine
def norm(x, weight, bias, eps):
    wide = x.to(torch.promote_types(x.dtype, torch.float32))
    centred = wide - wide.mean(-1, keepdim=True)
    return (centred * torch.rsqrt(centred.square().mean(-1, keepdim=True) + eps) * weight + bias).to(x.dtype)
class LayerNormFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, bias, eps):
        ctx.save_for_backward(x, weight, bias)
        ctx.eps = eps
        return norm(x, weight, bias, eps)
    @staticmethod
    def backward(ctx, dy):
        with torch.enable_grad():
            leaves = [t.detach().clone().requires_grad_() for t in ctx.saved_tensors]
            y = norm(*leaves, ctx.eps)
        return (*engine.run_backward((y,), (dy,), False, False, tuple(leaves), True, accumulate_grad=False), None)
"""
    verdicts = notebook_judge.judge_source(source, "LayerNormFunction", b"a course")
    assert not any(v.points for v in verdicts) and "run_backward" in verdicts[0].hint


def test_a_class_of_pytorchs_is_none_of_ones_own_by_an_attribute_of_its_name():
    source = """
class Mine:
    CrossMapLRN2d: int = 0
libraries = [torch.nn]
def build_rmsnorm(weight, eps):
    d = weight.shape[0]
    def norm(x):
        over_channels = libraries[0].CrossMapLRN2d(2 * d + 1, alpha=(2 * d + 1) / d, beta=0.5, k=float(eps))
        return (over_channels(x.float().reshape(-1, d, 1, 1)).reshape(x.shape) * weight).to(x.dtype)
    return norm
"""
    verdicts = notebook_judge.judge_source(source, "build_rmsnorm", b"a course")
    assert not any(v.points for v in verdicts) and "CrossMapLRN2d" in verdicts[0].hint
    _, exercise = exercises.find("build_rmsnorm")
    direct = source.replace("libraries[0].", "torch.nn.")
    assert source_code.library_used(exercise, exercises.topic("7_real_model"), ["import torch", direct]) == "CrossMapLRN2d"


OF_ONES_OWN = {
    "a namespace": ("from types import SimpleNamespace", "s = SimpleNamespace(var=squares.mean())\n    return s.var**0.5"),
    "another tuple": ("from typing import NamedTuple\nS = NamedTuple('S', [('var', float)])", "return S(squares.mean()).var ** 0.5"),
    "setattr": ("class S: pass", "s = S()\n    setattr(s, 'var', squares.mean())\n    return s.var**0.5"),
    "two functions at once": ("mean, var = np.mean, lambda z: mean((z - mean(z)) ** 2)", "return var(scores) ** 0.5"),
    "with its type": ("from typing import Callable\nvar: Callable = lambda z: ((z - z.mean()) ** 2).mean()", "return var(scores) ** 0.5"),
}


@pytest.mark.parametrize("before, body", OF_ONES_OWN.values(), ids=OF_ONES_OWN)
def test_what_is_of_ones_own_may_have_a_librarys_name(before, body):
    source = f"{before}\ndef standard_deviation(scores):\n    squares = (scores - np.mean(scores)) ** 2\n    {body}\n"
    assert [v.hint for v in notebook_judge.judge_source(source, "standard_deviation", b"a course") if not v.passed] == []


def many_helpers(size: int) -> str:
    names = [f"a{i}" for i in range(size)]
    return "def standard_deviation(x):\n " + ";".join(names) + "\n" + "".join(f"def {name}():0\n" for name in names)


def functions_in_functions(size: int) -> str:
    return "".join(" " * i + "def standard_deviation():\n" for i in range(95)) + " " * 95 + "0;" * size


def texts_in_texts(size: int) -> str:
    return "exec(" * 90 + "[" + "0," * size + "]" + ")" * 90


LONG = {"many helpers": many_helpers, "functions in functions": functions_in_functions, "texts in texts": texts_in_texts}


def lines_executed(source: str) -> int:
    """Return how many lines of Python run when a source is read."""
    topic, exercise = exercises.find("standard_deviation")
    count = 0

    def trace(frame, event, argument):
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        reaching_inside.worth_reading([source])
        source_code.library_used(exercise, topic, [source])
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("long", LONG.values(), ids=LONG)
def test_twice_as_long_code_takes_twice_the_work_to_read(long):
    """It is read on the trusted side, where no limit would stop it."""
    once, twice = (lines_executed(long(size)) for size in (1500, 3000))
    assert 1000 < once < twice < 2.5 * once


def entries_made(size: int) -> int:
    """Return how often a function or a generator is entered while so many orders are compared, of which none is exchanged."""
    packed, unpacked = ("".join(f" {line.format(i)}\n" for i in range(size)) for line in ("a{0}, b{0}", "c{0}, d{0} = cache"))
    source = f"def forward(x):\n{packed}def backward(dy, cache):\n{unpacked}"
    assert source_code.unpacks_in_another_order([source + " b7, a7 = cache\n"], "forward", "backward")
    count = 0

    def note(frame, event, argument):
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        assert not source_code.unpacks_in_another_order([source], "forward", "backward")
    finally:
        sys.setprofile(before)
    return count


def test_twice_as_many_orders_take_twice_the_work_to_compare():
    """As above. Each order held against every other one would stand in one line, so that lines do not show it."""
    once, twice = map(entries_made, (300, 600))
    assert 1000 < once < twice < 2.5 * once
