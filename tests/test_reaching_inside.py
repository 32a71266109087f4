"""Code that reaches into the interpreter is shown to a person, and what rests on watching waits; honest code is left alone."""

from pathlib import Path

import pytest

from autograder import notebook_judge, reaching_inside

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
        ("np.lib.stride_tricks.as_strided(x, (9,), (8,))", ["np.lib.stride_tricks.as_strided"]),
        ("collections._sys", ["collections._sys"]),
        ("platform.sys", ["platform.sys"]),
        ("mock.patch('sys.set' + 'profile')", ["mock"]),
        ("look_at(sys)", ["sys"]),
        ("import sys as s", ["import sys as s"]),
        ("from sys import *", ["from sys import *"]),
        ("sys.__class__ = View", ["sys.__class__"]),
        ("np.__path__.insert(0, '.')", ["np.__path__"]),
        ("f.__class__ = View", ["f.__class__"]),
        ("f.__setattr__('__co' + 'de__', g)", ["f.__setattr__"]),
        ("class View:\n    __match_args__ = (name,)", ["__match_args__"]),
        ("class A:\n    def __reduce_ex__(self, n):\n        return f", ["def __reduce_ex__(self, n):"]),
        ("functools.update_wrapper(box, f, assigned=names)", ["functools.update_wrapper"]),
        ("functools.wraps(f, names)", ["functools.wraps(f, names)"]),
        ("parser.parse_args([], namespace=f)", ["parser.parse_args([], namespace=f)"]),
        ("class F(string.Formatter):\n    def f(self):\n        return self.format_field", ["self.format_field"]),
        ("text = 'x'\ntimeit.timeit(text)", ["timeit.timeit(text)"]),
        ("timeit.timeit(f, setup='x')", ["timeit.timeit(f, setup='x')"]),
        ("def f():\n    pass\nf = 'x'\ntimeit.timeit(f)", ["timeit.timeit(f)"]),
        ("timeit.repeat('x')", ["timeit.repeat('x')"]),
        ("from timeit import repeat", ["from timeit import repeat"]),
        ("np.load(file, None, True)", ["np.load(file, None, True)"]),
        ("np.load(file, None, 1)", ["np.load(file, None, 1)"]),
        ("np.load(file, None, 0, 1)", ["np.load(file, None, 0, 1)"]),
        ("np.load(*given)", ["np.load(*given)"]),
        ("np.load(file, **given)", ["np.load(file, **given)"]),
        ("torch.load(file, weights_only=no)", ["weights_only=no"]),
        ("np.testing.measure('x')", ["np.testing.measure"]),
        ("multiprocessing.reduction.ForkingPickler.loads(data)", ["multiprocessing.reduction.ForkingPickler", "multiprocessing.reduction"]),
        ("from multiprocessing import Pipe", ["from multiprocessing import Pipe"]),
        ("a, b = torch.multiprocessing.Pipe()\nb.recv()", ["torch.multiprocessing.Pipe", "b.recv", "torch.multiprocessing"]),
        ("import IPython\nIPython.utils.importstring", ["IPython.utils"]),
        ("import IPython as shell", ["import IPython as shell"]),
        ("@functools.singledispatch\ndef f(x):\n    pass", ["functools.singledispatch"]),
        ("import logging\nlogging.config.dictConfig(names)", ["logging.config.dictConfig"]),
        ("import tqdm.cli", ["import tqdm.cli"]),
        ("class A:\n    def __new__(cls):\n        return json", ["def __new__(cls):"]),
        ("class A:\n    __annotations__ = names", ["__annotations__"]),
        ("functools.wraps(A)(json)", ["functools.wraps(A)"]),
        ("Formatter().format('{0.__globals__}', f)", ["'{0.__globals__}'"]),
        ("class F(string.Formatter):\n    def convert_field(self, value, how):\n        pass", ["def convert_field(self, value, how):"]),
        ("torch.jit.script(f)", ["torch.jit.script"]),
        ("np.ndarray = list", ["np.ndarray"]),
        ("import json as j\nj.encoder.JSONEncoder.encode = f", ["j.encoder.JSONEncoder.encode"]),
        ("from torch import Tensor\ndel Tensor.detach", ["Tensor.detach"]),
        ("setattr(np, 'ndarray', list)", ["setattr(np, 'ndarray', list)"]),
        ("setattr(type(f()), '__enter__', g)", ["setattr(type(f()), '__enter__', g)"]),
        ("class W:\n    pass\nw = W()\nw = np.testing\nw._private", ["w._private"]),
        ("class W:\n    def __new__(cls):\n        return np.testing\nw = W()\nw._private", ["def __new__(cls):", "w._private"]),
        ("class W(np.ndarray):\n    pass\nw = W()\nw._private", ["w._private"]),
        ("def f():\n    global vars\n    vars = vars", ["vars"]),
        ("class Norm(Function):\n    pass\nNorm._C", ["Norm._C"]),
        ("class Norm:\n    def _f():\n        pass\nNorm = torch\nNorm._f", ["Norm._f"]),
        ("class Norm:\n    def _f():\n        pass\nimport torch as Norm\nNorm._f", ["Norm._f"]),
        ("class Norm:\n    def _f():\n        pass\nNorm._f = g", ["Norm._f"]),
    ],
)
def test_code_that_reaches_inside_is_shown(source, shown):
    assert reaching_inside.worth_reading([source]) == shown


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
        "def f(x):\n    return x\ntimeit.repeat(f, number=9, repeat=3)",
        "from timeit import default_timer\ndefault_timer()",
        "sys.stdout.write(f'{sys.version_info} {np.__version__} {type(x).__name__}')",
        "class Norm(nn.Module):\n    def __setattr__(self, name, value):\n        super().__setattr__(name, value)",
        "class Norm(Function):\n    def forward(ctx, x):\n        ctx._x = x\n        return self._helper(x)",
        "class Norm(Function):\n    def _hat(x):\n        return x\n    def forward(ctx, x):\n        return Norm._hat(x)",
        "class Norm(nn.Module):\n    def f(self):\n        return self.__class__.__name__ + super()._get_name()",
        "@functools.wraps(f)\ndef g(*a):\n    return f(*a)",
        "np.load(file, 'r')\ntorch.load(file, weights_only=True)\njson.load(file)",
        "tl.load(x + columns, columns < n, 0.0)\ntl.load(x + columns, columns < n, 0)",
        "options = parser.parse_args([])",
        "class Welford:\n    def __init__(self):\n        self._n = 0\nw = Welford()\nw._n += 1\nreturned = w._n",
        "torch.backends.cudnn.deterministic = True\nlayer.weight.data = x\nx.grad = None",
        "import multiprocessing, IPython\nmultiprocessing.cpu_count()\nIPython.display.display(x)",
        "def f(np):\n    np.mean = 3",
        "import os.path, matplotlib.pyplot as plt\nfrom IPython.display import display\nfrom torch.nn import functional as F",
    ],
)
def test_ordinary_code_is_not(source):
    assert reaching_inside.worth_reading([source]) == []


def test_no_right_implementation_is_shown():
    """Nobody is asked to look at honest work, however it is written."""
    shown = {str(path): reaching_inside.worth_reading([path.read_text()]) for path in IMPLEMENTATIONS.glob("*/*/right/*.py")}
    assert len(shown) > 100 and not {path: found for path, found in shown.items() if found}


def test_fragments_are_short_and_few():
    found = reaching_inside.worth_reading([f"sys._getframe({'1 + ' * 2000}1).f_back\n" + "".join(f"gc.a{i}.f_back\n" for i in range(50))])
    assert len(found) == reaching_inside.MAX_FRAGMENTS and max(map(len, found)) <= reaching_inside.MAX_FRAGMENT


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
