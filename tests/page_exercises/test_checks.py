"""The checks of the exercises, run as JupyterLab runs them: a stub, right answers, and every typical mistake."""

import textwrap

import pytest

from .answers import ANSWERS
from .chapters import BOOK, exercises

CASES = [(name, body, says) for name, bodies in ANSWERS.items() for body, says in bodies.items()]


@pytest.fixture
def verdict(monkeypatch, capsys):
    """Return a function from an exercise and its code to what the check prints."""
    monkeypatch.syspath_prepend(str(BOOK))

    def run(exercise, code: str) -> str:
        namespace: dict = {"__name__": "__main__"}
        exec(compile(code, "your code", "exec"), namespace)
        capsys.readouterr()
        exec(compile(exercise.check, "check", "exec"), namespace)
        return capsys.readouterr().out

    return run


def with_body(code: str, body: str) -> str:
    """The stub with a body: what stands below its docstring goes."""
    head = code[: code.rindex('"""') + 3]
    return f"{head}\n{textwrap.indent(body, '    ')}\n"


def test_every_exercise_has_answers_here():
    assert list(exercises()) == list(ANSWERS)
    assert {"1_z_scores", "2_layernorm_forward", "3_layernorm_backward"} <= {e.stem for e in exercises().values()}


@pytest.mark.parametrize("name", exercises())
def test_a_stub_is_not_written_yet(verdict, name):
    assert verdict(exercises()[name], exercises()[name].code).startswith("Not written yet. ")


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("name", "body", "says"), CASES)
def test_answer(verdict, name, body, says):
    exercise = exercises()[name]
    said = verdict(exercise, with_body(exercise.code, body))
    if says in ("passed", "unwritten"):
        assert said.startswith({"passed": "Passed. ", "unwritten": "Not written yet. "}[says]), said
    else:
        assert said.startswith("Not yet. ") and says in said, said


@pytest.mark.parametrize("name", exercises())
def test_without_the_function_it_says_so(verdict, name):
    assert "is not defined" in verdict(exercises()[name], "import numpy as np")
