"""What the source of a submission says: code that a person should look at, and that honest code is left alone."""

from pathlib import Path

import pytest

from autograder import notebook_judge, source_code

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
