"""What Python's errors are said to mean: each is provoked for real, as a student would."""

import re
import sys

import pytest
import torch

from autograder import notebook_judge, python_errors
from tests.conftest import ROOT

sys.path.insert(0, str(ROOT / "book"))
from experiments import error_examples  # noqa: E402


def again(n):
    return again(n)


class TooMany(torch.autograd.Function):
    @staticmethod
    def forward(ctx, t, number):
        return t * number

    @staticmethod
    def backward(ctx, dy):
        return dy, dy


class Once(error_examples.Scale):
    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, dy):
        return error_examples.Scale.backward(ctx, dy)


SAID = {
    "shapes-clash": ("x - x.mean(axis=1)", "t - t.mean(1)", "t.expand(2, 5)", "t.expand(4)", "x += np.ones((2, 3, 4))", "t += torch.ones(2, 3, 4)"),
    "einsum-letters": (
        "np.einsum('ij,j->i', x, x)", "np.einsum('ijk->i', x)", "np.einsum('i->i', x)", "np.einsum('ij->ik', x)", "torch.einsum('ij,j->i', t, t)",
        "torch.einsum('ijk->i', t)", "torch.einsum('ij,jk->ik', t, t)", "torch.einsum('ij->ik', t)",
    ),
    "joined-shapes": (
        "np.concatenate((x, x[0]))", "np.concatenate((x, x.T))", "np.stack((x, x[0]))", "torch.cat((t, t[0]))", "torch.cat((t, t.T))", "torch.stack((t, t[0]))",
    ),
    "arrays-in-one-tuple": ("np.concatenate(x, w)", "torch.cat(t, t)", "torch.stack(t, t)", "range(x[0])", "[1, 2][np.array([0, 1])]"),
    "normalized-shape": ("torch.nn.LayerNorm(3)(t)", "torch.nn.functional.layer_norm(t, (3,))", "torch.nn.functional.layer_norm(t, 4)"),
    "product-shapes": ("x @ x", "t @ t", "torch.bmm(t, t)", "torch.bmm(t[None], t)", "np.dot(x, x)", "torch.bmm(t.reshape(2, 2, 3), t.reshape(3, 2, 2))"),
    "row-for-number": ("x[0, 0] = x[1]", "np.array([[1, 2], [3]])", "torch.tensor([[1, 2], [3]])"),
    "forward-missing": ("torch.nn.ModuleList()(t)",),
    "list-of-modules": ("torch.nn.Sequential([torch.nn.Identity()])", "torch.nn.ModuleList([torch.sqrt])"),
    "no-such-axis": ("x.mean(axis=2)", "t.mean(2)", "x[:, :, 0]", "t[:, :, 0]", "x.transpose(0, 1, 2)", "t.permute(0, 1, 2)", "torch.tril(t[0])"),
    "no-such-position": ("x[3]", "t[3]", "[1][1]", "x.shape[2]"),
    "array-in-condition": ("1 if x > 0 else 2", "x > 0 and x < 1", "1 if t > 0 else 2"),
    "number-from-array": ("math.sqrt(x)", "math.sqrt(t)", "float(x)", "x.item()", "t.item()"),
    "pythons-own-function": ("sum(x, axis=0)", "max(x, axis=0)", "min(x[0], axis=0)"),
    "numpy-or-torch": (
        "x.mean(dim=1)", "x.mean(axis=1, keepdim=True)", "x.std(-1, correction=0, unbiased=False)", "np.mean(t, keepdims=True)",
        "t.std(-1, ddof=0)", "torch.mean(t, keepdims=True)", "torch.sqrt(x)", "torch.mean(x, -1)", "t.astype('float32')", "t.copy()",
        "x.unsqueeze(0)", "x.view(-1, 2)", "np.rsqrt(x)", "t.to(np.float32)", "t.to(x.dtype)", "x.to(torch.float32)", "np.zeros(3, dtype=torch.float32)", "torch.zeros(3, dtype=np.float32)",
    ),
    "tensor-from-number": ("torch.sqrt(2.0)", "torch.rsqrt(2)"),
    "function-not-method": ("x.sqrt()", "x.square()"),
    "module-not-begun": ("BareModule()", "super.__init__()"),
    "not-kept-for-backward": ("gradient(Forgetful)",),
    "none-for-value": ("None * x", "t * None", "None.shape", "None(1)", "a, b = None"),
    "function-not-called": ("t.size / 2", "x.mean * 2"),
    "list-for-array": ("[1, 2].mean()", "(1, 2).shape", "[1, 2] - 1", "(1, 2) ** 2"),
    "stream-is-no-list": ("len(stream())", "stream()[0]", "np.sqrt(stream())"),
    "number-for-array": ("(0.5)[0]", "len(0.5)", "list(5)", "(0.5).shape", "a, b = 0.5", "x.mean()[0]", "np.array(1.0)[0]", "t.mean()[0]"),
    "not-a-function": ("x.shape(0)", "2.0(3)", "x(0)"),
    "wrong-unpacking": ("a, b = 1, 2, 3", "a, b, c = 1, 2"),
    "function-not-applied": ("Scale()(t, torch.ones(4))",),
    "no-such-key": ("{}['mu']",),
    "library-not-here": ("import nunpy", "from numpi import mean"),
    "no-gpu-here": ("t.to('xpu')",),
    "only-tensors-saved": ("gradient(Careless)",),
    "gradient-no-tensor": ("gradient(Plain)",),
    "gradient-of-many": ("parameter.exp().backward()", "parameter.sum().backward(t)"),
    "tensor-for-parameter": ("torch.nn.Linear(4, 1).bias = torch.zeros(1)",),
    "gradient-count": ("gradient(TooFew)", "torch.autograd.grad(TooMany.apply(parameter, 1.0).sum(), parameter)"),
    "gradient-shape": ("gradient(WrongShape)",),
    "leaf-in-place": ("parameter -= 1",),
    "saved-in-place": ("b = parameter.exp(); c = b * b; b -= 1; c.sum().backward()",),
    "graph-cut": ("t.sum().backward()", "torch.autograd.grad(parameter.sum(), t)", "np.sqrt(parameter)", "parameter.numpy()", "torch.autograd.grad(parameter.sum(), t.clone().requires_grad_())"),
    "differentiable-once": ("y = Once.apply(parameter, torch.ones(4)).pow(2).sum(); g, = torch.autograd.grad(y, parameter, create_graph=True); g.sum().backward()",),
    "graph-used-up": ("y = (parameter * parameter).sum(); y.backward(); y.backward()",),
    "integers-for-fractions": ("a = np.arange(4); a -= a.mean()", "a = torch.arange(4); a -= 0.5 * a", "torch.arange(4).mean()", "torch.arange(4).var()", "torch.arange(4.0).long().softmax(0)", "torch.arange(4).norm()", "torch.arange(4).requires_grad_()", "torch.nn.Parameter(torch.arange(4))"),
    "dtypes-differ": (
        "t @ t.T.double()", "t @ t.T.half()", "t[0] @ t[0].double()", "torch.nn.Linear(4, 2)(t.double())", "torch.bmm(t[None], t.T[None].double())",
        "torch.addmm(t.double(), t, torch.eye(4))", "torch.nn.functional.linear(t, t, t[:, 0].double())", "torch.lerp(t, t.double(), 0.5)",
        "torch.nn.LayerNorm(4)(t.double())", "torch.nn.functional.layer_norm(t, (4,), t[0].double())", "torch.baddbmm(torch.ones(1, 4, 4), *[torch.eye(4)[None].double()] * 2)", "t[t > 5] = t[t > 5].double()",
    ),
    "view-of-scattered": ("t.T.view(12)",),
    "reshape-count": ("x.reshape(5, 2)", "t.reshape(5, 2)", "x.reshape(-1, -1)", "t.view(-1, -1)", "t.unflatten(1, (3, 2))"),
    "mask-not-boolean": (
        "t.masked_fill(t, 0.0)", "torch.where(t, t, 0.0)", "~t", "t & t", "~x", "x & x", "t > 0 & t < 1",
        "torch.nn.functional.scaled_dot_product_attention(t, t, t, attn_mask=torch.ones(3, 3).double())",
    ),
    "caret-for-power": ("x ^ 2", "0.5 ^ 2", "t ^ 2", "t ^ t", "x ^ x"),
    "fractions-in-brackets": ("x[x]", "t[t]", "x[x[0]]"),
    "booleans-subtracted": ("1 - (t > 5)", "-(t > 5)", "(t > 5) - (t > 6)", "(x > 5) - (x > 6)", "-(x > 5)"),
    "fractions-for-positions": (
        "torch.nn.Embedding(12, 4)(t)", "t.gather(1, t)", "t.scatter(1, t, 0.0)", "torch.nn.functional.cross_entropy(t, torch.ones(3))",
    ),
    "taken-for-dtype": ("np.zeros(3, 4)", "x.mean(-1, True)"),
    "fraction-for-integer": ("range(4 / 2)", "np.zeros(4 / 2)", "x[1.0]", "torch.zeros(4 / 2)", "t.view(12 / 2, 2)", "t.reshape((6.0, 2))"),
    "unknown-name": ("sd", "float32(1)"),
    "no-value-yet": ("branch(x, False)",),
    "wrong-arguments": ("again()", "again(1, 2)", "again(m=1)", "again(1, n=1)", "sum(x, 0, 1)", "abs(x, axis=0)", "t.masked_fill(True, 0.0)"),
    "divided-by-zero": ("1.0 / 0", "math.sqrt(-1.0)"),
    "endless-recursion": ("again(1)",),
    "too-much-memory": ("np.zeros((2**40, 2**10))", "torch.zeros(2**40, 2**10)"),
    "wrong-indentation": ("def f():\nreturn 1", "def f():\n  a = 1\n\tb = 2"),
    "braces-in-text": ("f'{}'", "f'{1 + }'"),
    "assigned-for-compared": ("if a = 1: pass", "np.sqrt(x) = 2", "if x.mean() = 0: pass", "np.where(x[0] = 1, 2, 3)"),
    "does-not-parse": ("def f()\n  return 1", "(1 + 2"),
    "no-such-attribute": ("np.averag(x)", "t.sqare()"),
}  # fmt: skip


KERNEL = """import torch, triton
import triton.language as tl
from triton.language import load
from triton.language.extra import libdevice
from triton.language.extra.cuda import libdevice as libdevice_of_cuda
@triton.jit
def layernorm_forward_kernel(x, y, weight, bias, mean, rstd, x_stride, y_stride, n, eps, BLOCK: tl.constexpr):
    {}
"""
IN_KERNELS = {
    "shapes-clash": ("tl.arange(0, 2 * BLOCK) + tl.arange(0, BLOCK)",),
    "block-of-one-axis": ("tl.sum(tl.load(x + tl.arange(0, BLOCK)), axis=1)",),
    "numpy-or-torch": ("tl.sum(tl.load(x + tl.arange(0, BLOCK)), dim=0)",),
    "block-of-unknown-length": ("tl.arange(0, n)", "tl.arange(0, 5)"),
    "address-for-value": (
        "tl.load(n)", "x + x", "x + 0.5", "tl.store(x, tl.arange(0, BLOCK))", "tl.store(x + tl.arange(0, BLOCK), tl.zeros([1, BLOCK], tl.float32))",
    ),
    "integers-in-kernel": ("tl.sqrt(n)", "tl.rsqrt(tl.load(x).to(tl.int32))"),
    "torch-in-kernel": (
        "tl.load(x).to(torch.float32)", "tl.load(x).to('float32')", "tl.load(x).to(float)", "tl.float32(tl.load(x))", "tl.full([BLOCK], 0.0, torch.float32)",
    ),
    "number-for-block": ("(0.5).to(tl.float32)", "tl.broadcast_to(0.0, [BLOCK])"),
    "none-in-kernel": ("tl.load(x) + None", "libdevice.rsqrt(eps) * tl.load(x)", "bias == None"),
    "without-tl": ("load(x)", "libdevice_of_cuda.rsqrt(tl.load(x))"),
    "text-in-kernel": ("tl.device_print(n)",),
    "tuned-without-gpu": ("triton.runtime.driver.active",),
    "two-names-at-once": ("a = b = tl.load(x)",),
    "wrong-arguments": ("tl.program_id()",),
}  # fmt: skip
# The interpreter runs these; each is somebody's whole kernel in ``implementations``.
IN_THE_COMPILER = {
    "global-in-kernel",
    "type-changes-in-kernel",
    "loop-left-early",
    "comparisons-in-a-chain",
    "plain-function-in-kernel",
    "without-tl",
    "text-in-kernel",
    "block-in-condition",
    "number-in-condition",
    "name-of-a-branch",
    "known-only-at-run-time",
    "fraction-in-range",
    "python-in-kernel",
}


@pytest.mark.parametrize(("name", "code"), [(name, code) for name, codes in IN_KERNELS.items() for code in codes])
def test_an_error_in_a_kernel_is_told_by_what_it_means(name, code):
    """Through the judge, in Triton's interpreter: nbgrader's grader has no GPU."""
    pytest.importorskip("triton")
    verdicts = notebook_judge.judge_source(KERNEL.format(code), "layernorm_forward_kernel", b"one course")
    assert {v.misconception for v in verdicts if not v.passed} == {name}, [v.hint for v in verdicts]


@pytest.mark.parametrize(("name", "code"), [(name, code) for name, codes in SAID.items() for code in codes])
def test_an_error_is_told_by_what_it_means(name, code):
    space = error_examples.names() | {"again": again, "Once": Once, "TooMany": TooMany}
    with pytest.raises(Exception) as raised:
        exec(code, space)
    problem, hint = python_errors.told(raised.value)
    meaning = python_errors.meaning_of(raised.type.__name__, str(raised.value))
    assert meaning and meaning.name == name, problem
    assert hint == meaning.hint


def test_every_meaning_is_tried():
    assert {meaning.name for meaning in python_errors.MEANINGS} == SAID.keys() | IN_KERNELS.keys() | IN_THE_COMPILER
    kernels = (ROOT / "tests" / "implementations" / "4_layernorm_pytorch").glob("*_kernel/wrong/*.py")
    assert IN_THE_COMPILER <= {path.stem.partition("__")[0] for path in kernels}


def test_a_card_tells_of_a_kernel_what_it_raised_as_the_judge_does():
    errors = pytest.importorskip("triton.runtime.errors")
    with pytest.raises(errors.InterpreterError) as raised:
        try:
            exec("tl.load(x + colz)", {})
        except NameError as error:
            raise errors.InterpreterError(repr(error)) from error
    problem, hint = python_errors.told(raised.value)
    assert problem == "NameError: name 'tl' is not defined"
    assert hint == python_errors.meaning_of("NameError", "name 'tl' is not defined").hint


def test_every_meaning_has_its_section_in_the_book():
    for meaning in python_errors.MEANINGS:
        page, _, label = meaning.section.partition("#")
        assert f"({label})=" in (ROOT / "book" / page).with_suffix(".md").read_text(), meaning.name


def test_the_page_on_errors_tells_a_meaning_once():
    for section in dict.fromkeys(meaning.section for meaning in python_errors.MEANINGS if meaning.section.startswith("python_errors")):
        page = error_examples.as_markdown(section)
        hints = [meaning.hint for meaning in python_errors.MEANINGS if meaning.hint in page]
        assert hints and all(page.count(hint) == 1 for hint in hints)
        assert len(hints) == page.count("\nMended: ") <= page.count("\nFrom `")


def test_an_unknown_error_is_shown_as_it_is():
    problem, hint = python_errors.told(LookupError("a thing\nand more"))
    assert problem == "LookupError: a thing\nand more"
    assert "cell of your own" in hint


LAYERNORM = """import numpy as np
def layernorm_forward(x, gamma, beta, eps=1e-5):
    mean = x.mean(axis=-1, keepdims=True)
    {}
    return gamma * (x - mean) / np.sqrt(variance + eps) + beta, None
"""


def failed(source: str):
    return [v for v in notebook_judge.judge_source(source, "layernorm_forward", b"one course") if not v.passed]


def test_an_error_that_is_the_only_mistake_is_named_in_every_check():
    verdicts = failed(LAYERNORM.format("variance = x.var(dim=-1)"))
    assert {v.misconception for v in verdicts} == {"numpy-or-torch"}
    assert all("line 4" in v.hint and "NumPy's words and PyTorch's" in v.hint for v in verdicts)


def test_a_cell_that_does_not_parse_is_named():
    verdicts = failed(LAYERNORM.format("variance = x.var(axis=-1"))
    assert {v.misconception for v in verdicts} == {"does-not-parse"}


def test_the_same_quotation_mark_within_an_f_string_is_named():
    """Newer Pythons than the judge's may read it; this is what older ones say."""
    for said in ("f-string: unmatched '['", "f-string expression part cannot include a backslash", "f-string: expecting '}'"):
        assert python_errors.meaning_of("SyntaxError", said).name == "braces-in-text"


def test_the_cause_of_an_error_is_told_wherever_it_strikes():
    """As many tokens as features give wrong values, which tell the mistake; other shapes only an error in the same line."""
    verdicts = failed(LAYERNORM.format("variance = x.var(axis=-1)"))
    assert len(verdicts) > 5 and {v.misconception for v in verdicts} == {"keepdims-missing"}


def test_what_an_error_on_a_hidden_case_means_is_told_only_where_a_public_one_raised_the_same():
    """Else the choice of a message could spell out a hidden input."""
    ways = ("math.sqrt('a')", "None + 1", "[][1]", "1 / 0", "sd", "(1)(2)", "{}['a']", "x[:, :, :, :, :, 0]")
    spelling = "\n".join(f"    if int(x.astype(float).sum()) % {len(ways)} == {i}:\n        {way}" for i, way in enumerate(ways))
    source = f"import math\ndef layernorm_forward(x, gamma, beta, eps=1e-5):\n{spelling}\n"
    told = {False: set(), True: set()}
    for verdict in failed(source):
        kind, words, line = re.search(r"raised (\w+)(: .*)? \(line (\d+)", verdict.message).groups()
        explained = verdict.hint.partition(" Mend first what is named")[0] != verdict.message
        told[bool(words)].add((kind, line, explained))
    meant = {(kind, line) for kind, line, explained in told[True] if explained}
    assert told[False] and meant
    assert {(kind, line) for kind, line, explained in told[False] if explained} <= meant
