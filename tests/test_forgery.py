"""Results that were forged, or not there at all: each of these once earned points, or broke the judge off."""

import json
import time
import tracemalloc

import numpy as np
import pytest

from autograder import notebook_judge, reading
from autograder.__main__ import main
from autograder.exercise import Output
from autograder.limits import Limits
from autograder.sandbox import Rules
from autograder.student import Reply, Student
from autograder.student_side import wire
from autograder.student_side.magics import without_magics
from tests.sample_class import IMPLEMENTATIONS as FOLDER

SECRET = b"a course"


def points(source: str, exercise: str = "standard_deviation") -> dict[str, float]:
    verdicts = notebook_judge.judge_source(source, exercise, SECRET)
    assert all(v.passed or v.hint for v in verdicts)
    return {v.check: v.points for v in verdicts}


def right(exercise: str, name: str) -> str:
    [path] = FOLDER.glob(f"*/{exercise}/right/{name}.py")
    return path.read_text()


# what a call ran and changed ----------------------------------------------------------------------

# NumPy's function, by a name that the source does not show, and room for what it gives.
BEFORE = """
import contextlib, json, os, struct, warnings
import numpy as np
spread, kept, room = np.std, [], np.zeros(())
"""
BY_LIBRARY = "def standard_deviation(scores):\n    return float(spread(scores))\n"
FORGET = """
def forget(told):
    if isinstance(told, dict):
        for name in {"used", "forbidden", "changed"} & told.keys():
            told[name] = []
    return told
"""
LATER = """
def standard_deviation(scores):
    kept[:] = [scores]
    Late.looked_at = 0
    warnings.warn(Late("x"))
    return room
"""
UNSEEN = {
    "json writes another answer": FORGET + "write = json.dumps\njson.dumps = lambda told, **how: write(forget(told), **how)\n" + BY_LIBRARY,
    "json's class writes another answer": FORGET + """
write = json.JSONEncoder.iterencode
json.JSONEncoder.iterencode = lambda self, told, **how: write(self, forget(told), **how)
""" + BY_LIBRARY,
    "json reads another request": FORGET + """
read = json.JSONDecoder.decode
json.JSONDecoder.decode = lambda self, text, *how: forget(read(self, text, *how))
""" + BY_LIBRARY,
    "a warning that computes when it is told": """
class Late(UserWarning):
    looked_at = 0
    def __str__(self):
        Late.looked_at += 1
        if Late.looked_at > 1:
            room[...] = spread(kept[0])
        return "late"
""" + LATER,
    "an object that computes at its end": "class Late(UserWarning):\n    def __del__(self):\n        room[...] = spread(kept[0])\n" + LATER,
    "what watches does not begin": """
@contextlib.contextmanager
def context():
    yield
setattr(type(context()), "__enter__", lambda self: None)
setattr(type(context()), "__exit__", lambda self, *how: None)
""" + BY_LIBRARY,
    "the function answers by itself": """
def exactly(size):
    data = b""
    while len(data) < size:
        data += os.read(socket, size - len(data))
    return data
def standard_deviation(scores):
    global socket
    socket = next(n for n in range(3, 64) if is_socket(n))
    value = float(spread(scores))
    while True:
        answer = {"answer": "call", "changed": [], "warnings": [], "used": [], "grown": 0, "values": {"t": "float", "value": value}}
        head = json.dumps(answer).encode()
        os.write(socket, struct.pack(">IQ", len(head), 0) + head)
        head, body = struct.unpack(">IQ", exactly(12))
        array = json.loads(exactly(head))["values"]["items"][0]["items"][0]
        value = float(spread(np.frombuffer(exactly(body), array["dtype"])))
def is_socket(number):
    try:
        return os.fstat(number).st_mode & 0o170000 == 0o140000
    except OSError:
        return False
""",
}  # fmt: skip


@pytest.mark.parametrize("source", UNSEEN.values(), ids=UNSEEN)
def test_a_library_that_does_the_work_is_seen(source):
    assert not any(points(BEFORE + source).values())


BLIND = {
    "NumPy's array": "np.ndarray = list\n",
    "by a setting of a name": "setattr(np, 'ndarray', list)\n",
}


@pytest.mark.parametrize("source", BLIND.values(), ids=BLIND)
def test_a_changed_input_is_seen(source):
    """Whatever stands in the place of NumPy's own."""
    changes = "def standard_deviation(scores):\n    scores[...] = scores - scores.mean()\n    return float(np.sqrt((scores**2).mean()))\n"
    assert points("import numpy as np\n" + source + changes)["untouched"] == 0
    with Student(["import numpy as np\n" + source + changes]) as student:
        assert student.call("standard_deviation", np.array([1.0, 2.0])).changed == (0,)


def test_a_changed_tensor_is_seen():
    source = "import torch\ntorch.Tensor.detach = lambda self: torch.zeros(1)\ndef f(x):\n    x += 1\n"
    with Student([source], notebook_judge.exercises.topic("4_layernorm_pytorch").rules) as student:
        assert student.call("f", wire.Tensor(np.zeros(3, "f4"), "float32")).changed == (0,)


def test_a_cell_is_read_as_python_reads_it_at_first():
    """Else a cell that the trusted side can't read, and so passes over, would run: `<>` is another Python's `!=`."""
    cells = ["import matplotlib.rcsetup\nmatplotlib.rcsetup.ast.PyCF_ONLY_AST |= 0x400000", "x = 1 <> 2"]
    with Student(cells) as student:
        assert [result.error and result.error["type"] for result in student.results] == [None, "SyntaxError"]


def test_nothing_of_a_submission_runs_between_two_calls():
    """A signal's handler could read the next request in the runner's place, and answer it."""
    source = """
import signal
seen = []
signal.signal(signal.SIGALRM, lambda *_: seen.append(1))
def begin():
    signal.signal(signal.SIGALRM, lambda *_: seen.append(1))
    signal.setitimer(signal.ITIMER_REAL, 0.1, 0.1)
def count():
    return len(seen)
"""
    with Student([source]) as student:
        student.call("begin")
        time.sleep(0.5)
        assert student.call("count").value == 0


RUN = """
import torch
@triton.jit
def layernorm_forward_kernel(x, y, weight, bias, mean, rstd, x_stride, y_stride, n, eps, BLOCK: tl.constexpr):
    row = tl.program_id(0)
def by_hand(x, y, weight, bias, mean, rstd, x_stride, y_stride, n, eps, *, grid, warmup=False, **more):
    rows = grid[0]
    centred = x[:rows, :n].float()
    mean[:rows] = average = centred.mean(-1)
    centred = centred - average[:, None]
    rstd[:rows] = r = torch.rsqrt(centred.square().mean(-1) + eps)
    y[:rows, :n] = (centred * r[:, None] * weight.reshape(-1)[:n].float() + bias.reshape(-1)[:n].float()).to(y.dtype)
"""
RUNS = {
    "of the kernel": "layernorm_forward_kernel.run = by_hand\n",
    "of all kernels": "type(layernorm_forward_kernel).run = lambda self, *args, **more: by_hand(*args, **more)\n",
    "of its executor": "tool = type(layernorm_forward_kernel.rewriter)\ntool.rewrite_ast = by_hand\n",
}


@pytest.mark.parametrize("change", RUNS.values(), ids=RUNS)
def test_a_kernel_is_run_as_triton_runs_it(change):
    """A kernel that does nothing, and another function in the place of what runs it."""
    assert not any(points(RUN + change, "layernorm_forward_kernel").values())


def test_a_helper_of_a_kernel_is_run_as_triton_runs_it():
    source = """
@triton.jit
def twice(v):
    return v
@triton.jit
def kernel(x, y, BLOCK: tl.constexpr):
    lanes = tl.arange(0, BLOCK)
    tl.store(y + lanes, twice(tl.load(x + lanes)))
twice.rewrite = lambda: lambda v: v + v
"""
    topic = notebook_judge.exercises.topic("4_layernorm_pytorch")
    x, y = (wire.Tensor(np.full(4, value, "f4"), "float32") for value in (3.0, 0.0))
    with Student([topic.prelude, source], topic.rules) as student:
        reply = student.torch("kernel", [x, y], grid=[1], kwargs={"BLOCK": 4}, returns=[1])
        assert reply.value["outputs"][0].raw.tolist() == [3.0] * 4


def test_parameters_are_counted_where_they_are_registered():
    source = """
import torch
from torch import nn
class PreNormBlock(nn.Module):
    def __init__(self, *parts):
        super().__init__()
        self.parts = list(parts)
    def parameters(self, recurse=True):
        for part in self.parts:
            yield from part.parameters()
    def forward(self, x):
        attention, network, first, second = self.parts
        x = x + attention(first(x))
        return x + network(second(x))
"""
    found = points(source, "PreNormBlock")
    assert found["registered"] == 0 < found["values"]


@pytest.mark.parametrize("name", ["runner", "wire", "torch_side", "kernel_accesses", "parent"])
def test_what_watches_is_found_by_no_name(name):
    with Student([f"import {name}"], Rules(libraries=("torch",))) as student:
        assert student.results[0].error["type"] == "ModuleNotFoundError"


def test_a_submissions_own_module_is_the_main_one():
    cells = ["import unittest\nclass Test(unittest.TestCase):\n    def test(self):\n        self.fail()\n", "unittest.main(argv=['x'])"]
    with Student([*cells, "import __main__\nsorted(set(vars(__main__)) & {'runner', 'Test'})"]) as student:
        assert student.results[1].error["message"] in ("True", "1") and student.results[2].printed == "['Test']\n"


# what is not there --------------------------------------------------------------------------------

EMPTY = {
    "build_layernorm": "def build_layernorm(weight, bias, eps):\n    return lambda x: ()\n",
    "build_rmsnorm": "def build_rmsnorm(weight, eps):\n    return lambda x: ()\n",
    "in the course's own helper": "def course_norms(*given):\n    return ()\ndef build_layernorm(weight, bias, eps):\n    return lambda x: ()\n",
}


@pytest.mark.parametrize("source", EMPTY.values(), ids=EMPTY)
def test_an_empty_tuple_is_no_result(source):
    """It would be compared with nothing, and nothing of it be wrong."""
    assert not any(points(source, "build_rmsnorm" if "rms" in source else "build_layernorm").values())


def test_a_result_that_is_not_there_is_a_problem():
    reply = reading.read(Reply((np.zeros(2),)), (Output("a"), Output("b")), 2)
    assert reply.value is None and reply.problem == "1 results came back; expected 2"


def test_the_order_of_the_answers_is_not_to_be_learnt():
    """A norm is right or wrong: there are but two answers, and who remembers them in order has tested nothing."""
    _, exercise = notebook_judge.exercises.find("fails")
    orders = set()
    for seed in range(20):
        rng = np.random.default_rng(seed)
        orders.add(tuple(case.args[0].wrong for check in exercise.checks for case in check.cases(rng)))
    assert len(orders) > 15


# what the judge must be able to read ----------------------------------------------------------------

ODD = {
    "a place that is a list": {"error": {"type": "ValueError", "message": "x", "cell": [], "line": 1}},
    "memory without end": {"grown": 10**400},
    "memory below zero": {"grown": -(10**400)},
}


@pytest.mark.parametrize("claims", ODD.values(), ids=ODD)
@pytest.mark.parametrize("exercise", ["standard_deviation", "running_mean_variance"])
def test_the_judge_takes_any_claim(monkeypatch, claims, exercise):
    unpack = wire.unpack

    def lying(head: bytes, body: bytes):
        message, value = unpack(head, body)
        return (message | claims if message.get("answer") == "call" else message), value

    monkeypatch.setattr(wire, "unpack", lying)
    assert set(points(right(exercise, "welford" if exercise.startswith("running") else "dot_product"), exercise))


def test_a_text_that_can_not_be_written_again_is_read():
    assert not any(points("exec(f\"{'\x07'}\")\n").values())


def test_how_much_memory_a_hidden_stream_took_is_not_told():
    """A number is room for another one."""
    source = """
def running_mean_variance(stream):
    values = list(stream)
    room = bytearray(int(abs(values[0]) * 2**20)) if len(values) > 1000 else None
    mean = sum(values) / len(values)
    return mean, sum((v - mean) ** 2 for v in values) / len(values)
"""
    [hint] = [v.hint for v in notebook_judge.judge_source(source, "running_mean_variance", SECRET) if v.check == "memory"]
    assert "took more than 1 MiB of memory" in hint


def test_a_function_of_the_judge_may_fail_in_any_way():
    """A submission chose what it is called with."""
    with Student(["def g(f):\n    return f(0)"]) as student:
        assert "ValueError" in student.call("g", lambda x: 1 // x).problem


def test_a_shape_spells_out_nothing():
    source = "import numpy as np\ndef z_scores(x):\n    return np.zeros([1 + (int(abs(v) * 2**i) & 1) for i, v in enumerate(np.resize(x, 12))])\n"
    hints = [v.hint for v in notebook_judge.judge_source(source, "z_scores", SECRET) if v.check == "dtype"]
    assert hints and "a shape far from right" in hints[0]


def test_the_terminal_gets_no_orders(tmp_path, capsys):
    file = tmp_path / "orders.py"
    file.write_text("def standard_deviation(scores):\n    raise ValueError('\\x1b[2J\\x07 \\u202e\\nnext')\n")
    main(["judge", "standard_deviation", str(file)])
    said = capsys.readouterr().out
    assert "raised ValueError" in said and all(c.isprintable() or c == "\n" for c in said)


def test_what_came_back_is_not_kept():
    """A submission may give 32 MB in every call."""
    source = "import numpy as np\ndef z_scores(x):\n    return np.zeros(2**22)\n"
    tracemalloc.start()
    try:
        points(source, "z_scores")
        assert tracemalloc.get_traced_memory()[1] < 16 * 2**25
    finally:
        tracemalloc.stop()


def test_a_long_line_is_read_in_time():
    """Before a cell is judged it is read where no limit would stop that."""
    begun = time.monotonic()
    without_magics(" " * 200_000 + "(")
    assert time.monotonic() - begun < 1


# memory that no limit of a process counts -------------------------------------------------------------


@pytest.mark.parametrize(
    "ask",
    ["os.memfd_create('x')", "1 / (ctypes.CDLL(None).shmget(0, 4096, 0o1600) + 1)", "[open('/dev/null') for _ in range(600)]"],
    ids=["files without a place", "segments", "many files"],
)
def test_memory_that_is_not_counted_is_refused(ask):
    with Student([f"import ctypes, os\nkept = {ask}"], limits=Limits()) as student:
        assert student.results[0].error["type"] in ("PermissionError", "ZeroDivisionError", "OSError")


# honest ones --------------------------------------------------------------------------------------

HONEST = {
    "a helper made of another one": "from functools import partial\ndef moment(k, x):\n    return np.mean((x - np.mean(x)) ** k)\n"
    "var = partial(moment, 2)\ndef standard_deviation(scores):\n    return float(var(scores) ** 0.5)\n",
    "a function that is handed over": "def root(x, var):\n    return float(var(x) ** 0.5)\n"
    "def standard_deviation(scores):\n    return root(scores, lambda x: np.mean((x - np.mean(x)) ** 2))\n",
    "display without an import": "display(np.zeros(3), 'x')\ndef standard_deviation(scores):\n"
    "    return float(np.sqrt(np.mean((scores - np.mean(scores)) ** 2)))\n",
}


@pytest.mark.parametrize("source", HONEST.values(), ids=HONEST)
def test_honest_ways_earn_all(source):
    assert sum(points("import numpy as np\n" + source).values()) == 6


def test_private_names_of_an_object_of_ones_own_are_no_reach_inside():
    source = """
class Welford:
    def __init__(self):
        self._n, self._mean, self._m2 = 0, 0.0, 0.0
    def push(self, value):
        self._n += 1
        off = value - self._mean
        self._mean += off / self._n
        self._m2 += off * (value - self._mean)
def running_mean_variance(stream):
    w = Welford()
    for value in stream:
        w.push(value)
    return w._mean, w._m2 / w._n
"""
    assert sum(points(source, "running_mean_variance").values()) == 7


def test_a_comparison_with_pytorchs_own_in_a_cell_costs_nothing():
    compared = "\nx = torch.ones(2, 4)\ntorch.nn.functional.layer_norm(x, (4,))\n"
    found = points(right("LayerNormFunction", "var_mean") + compared, "LayerNormFunction")
    assert all(found.values())


def test_json_is_written_as_json_writes_it():
    told = {"a": [1, -2.5, True, None, "é\u2028\U0001f600\ud800", (), {}], "b": {"x": [float("inf")]}, "c": 2**70}
    assert json.loads(wire._as_json(told)) == json.loads(json.dumps(told))
