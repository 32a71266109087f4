"""What the source of a submission says: code that a person should look at, and that honest code is left alone."""

import time
from pathlib import Path

import pytest

from autograder import exercises, notebook_judge, source_code

IMPLEMENTATIONS = Path(__file__).parent / "implementations"


@pytest.mark.parametrize(
    "source, shown",
    [
        ("import sys\nsys.setprofile(None)", ["sys.setprofile"]),
        ("from sys import settrace as quiet", ["from sys import settrace as quiet"]),
        ("frame = sys._getframe(1).f_back", ["sys._getframe(1).f_back", "sys._getframe"]),
        ("type(sys.stdout).write.__globals__", ["type(sys.stdout).write.__globals__"]),
        ("vars(system)['mod' + 'ules']", ["vars(system)"]),
        ("system.modules['runner']", ["system.modules"]),
        ("getattr(np, 's' + 'td')(x)", ["getattr(np, 's' + 'td')"]),
        ("find = getattr\nfind(np, 's' + 'td')", ["getattr"]),
        ("getattr(f, '__globals__')", ["'__globals__'"]),
        ("operator.methodcaller('s' + 'td')(x)", ["operator.methodcaller('s' + 'td')"]),
        ("match f:\n    case object(__globals__=found):\n        pass", ["object(__globals__=found)"]),
        ("exec(text)", ["exec(text)"]),
        ("__import__('__main__')", ["__import__('__main__')"]),
        ("import gc, ctypes", ["import gc, ctypes"]),
        ("print.__self__.exec(text)", ["print.__self__"]),
        ("object.__getattribute__(np, 's' + 'td')", ["object.__getattribute__"]),
        ("find = operator.attrgetter\nfind('s' + 'td')(np)", ["operator.attrgetter"]),
        ("np.load(file, allow_pickle=True)", ["allow_pickle=True"]),
        ("timeit.timeit('f(x)')", ["timeit.timeit('f(x)')"]),
        ("import sympy", ["import sympy"]),
        ("import logging.config", ["import logging.config"]),
        ("%matplotlib inline\nsys._getframe", ["sys._getframe"]),
        ("if ready:\n    %time f(x)\nsys._getframe", ["sys._getframe"]),
        ("def f():\n    vars = 1\n    def g():\n        return vars", ["vars"]),
        ("def f(x):\n    y = [0 for vars in x]\n    return vars", ["vars"]),
        ("def f():\n    global vars\n    vars = vars", ["vars"]),
    ],
)
def test_code_that_reaches_inside_is_shown(source, shown):
    assert source_code.worth_reading([source]) == shown


@pytest.mark.parametrize(
    "source",
    [
        "for layer in model.modules():\n    layer.eval()",
        "pattern = re.compile(r'\\d+')",
        "modules = [nn.Linear(3, 3)]\nmodules[0]",
        "getattr(self, f'block{i}')(x)",
        "getattr(np, 'std')",
        "self.__dict__.update(names)",
        "'''Inspect the modules, then exec.'''",
        "import numpy as np, sys\nprint(np.mean([1]), file=sys.stderr)",
        'if __name__ == "__main__":\n    print(1)',
        "def f(:",
        "%matplotlib inline\nx = np.mean([1])",
        "timeit.timeit(lambda: f(x), number=3)",
        "def f(x):\n    vars = x.var(-1)\n    return vars + 1",
        "def f(gc):\n    return gc + 1",
        "import os.path, matplotlib.pyplot as plt\nfrom IPython.display import display\nfrom torch.nn import functional as F",
    ],
)
def test_ordinary_code_is_not(source):
    assert source_code.worth_reading([source]) == []


def test_no_right_implementation_is_shown():
    """Nobody is asked to look at honest work, however it is written."""
    shown = {str(path): source_code.worth_reading([path.read_text()]) for path in IMPLEMENTATIONS.glob("*/*/right/*.py")}
    assert len(shown) > 100 and not {path: found for path, found in shown.items() if found}


def test_fragments_are_short_and_few():
    found = source_code.worth_reading([f"sys._getframe({'1 + ' * 2000}1).f_back\n" + "".join(f"gc.a{i}.f_back\n" for i in range(50))])
    assert len(found) == source_code.MAX_FRAGMENTS and max(map(len, found)) <= source_code.MAX_FRAGMENT


@pytest.mark.parametrize("before, held", [("", set()), ("import inspect\n", {"untouched", "constant"})])
def test_what_rests_on_watching_is_held_back_where_the_code_could_deceive(before, held):
    """Values are compared where no submission reaches, so they count at once."""
    source = before + (IMPLEMENTATIONS / "1_z_scores" / "z_scores" / "right" / "uses_np_std.py").read_text()
    verdicts = notebook_judge.judge_source(source, "z_scores", b"a course")
    assert {v.check for v in verdicts if v.held} == held
    for v in verdicts:
        assert v.passed != v.held and bool(v.points) != v.held
        assert not v.held or "Not counted yet" in v.hint and "`import inspect`" in v.hint


def test_where_a_library_could_do_the_work_all_is_held_back():
    source = (IMPLEMENTATIONS / "1_z_scores" / "standard_deviation" / "right" / "dot_product.py").read_text()
    verdicts = notebook_judge.judge_source("import gc\n" + source, "standard_deviation", b"a course")
    assert all(v.held and v.points == 0 for v in verdicts)


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


HELPERS = 16_000
LONG = {
    "many helpers": "def standard_deviation(x):\n " + "".join(f"a{i};" for i in range(HELPERS))
    + "\n" + "".join(f"def a{i}():0\n" for i in range(HELPERS)),
    "a function in a function": "".join(" " * i + "def standard_deviation():\n" for i in range(95)) + " " * 95 + "0;" * 80_000,
    "texts in texts": "exec(" * 90 + "[" + "0," * 90_000 + "]" + ")" * 90,
}  # fmt: skip


@pytest.mark.parametrize("source", LONG.values(), ids=LONG)
def test_long_code_is_read_in_time(source):
    """It is read on the trusted side, where no limit would stop it."""
    topic, exercise = exercises.find("standard_deviation")
    begun = time.monotonic()
    source_code.worth_reading([source])
    source_code.library_used(exercise, topic, [source])
    assert time.monotonic() - begun < 6.0
