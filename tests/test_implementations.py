"""Judges the judge: right implementations get full marks, wrong ones fail by their own name.

``implementations/<stem>/<exercise>/right/*.py`` and ``…/wrong/<misconception>[+<another>…][__variant].py``.
"""

import re
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import nbformat
import numpy as np
import pytest

from autograder import course, exercises, judging, notebook_judge
from autograder.exercise import Quiz

FOLDER = Path(__file__).parent / "implementations"
SECRETS = (b"one course", b"another course")


def files(kind: str) -> list:
    return [
        pytest.param(path, id=str(path.relative_to(FOLDER).with_suffix("")))
        for path in sorted(FOLDER.glob(f"*/*/{kind}/*.py"))
    ]


def verdicts_of(source: str, name: str, secret: bytes = SECRETS[0]):
    return notebook_judge.judge_source(source, name, secret)


def exercise_of(path: Path) -> str:
    return path.parent.parent.name


@pytest.fixture(scope="module")
def judged(request):
    """Return a function from a file and a secret to its verdicts. The files of all chosen tests are judged side by side."""
    chosen = {item.callspec.params["path"] for item in request.session.items if "judged" in getattr(item, "fixturenames", ())}
    pool = ProcessPoolExecutor()
    try:
        found = {
            (path, secret): pool.submit(verdicts_of, path.read_text(), exercise_of(path), secret)
            for path in sorted(chosen)
            for secret in SECRETS[: 2 if path.parent.name == "right" else 1]
        }
        yield lambda path, secret=SECRETS[0]: found[path, secret].result()
    finally:
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("path", files("right"))
def test_right_gets_full_marks(path, judged):
    for secret in SECRETS:
        assert [(v.check, v.hint) for v in judged(path, secret) if not v.passed] == []


@pytest.mark.parametrize("path", files("wrong"))
def test_wrong_fails_by_name(path, judged):
    failed = [v for v in judged(path) if not v.passed]
    assert failed, "this wrong implementation survives"
    named = [name for v in failed for name in v.causes]
    assert set(named) == set(path.stem.partition("__")[0].split("+")), [(v.check, v.misconception, v.hint) for v in failed]


def names():
    return [item.name for stem in exercises.stems() for item in exercises.topic(stem).exercises]


@pytest.mark.parametrize("path", ["causal_self_attention/wrong/only-3d", "FeedForward/wrong/hidden-fixed"])
def test_what_has_a_check_of_its_own_costs_that_alone(path):
    """Most people write attention for (batch, m, d), and a hidden width of 4·d."""
    file = FOLDER / "5_prenorm_block" / f"{path}.py"
    assert len([v for v in verdicts_of(file.read_text(), exercise_of(file)) if not v.passed]) == 1


@pytest.mark.parametrize("name", names())
def test_every_misconception_is_tried(name):
    """A misconception that an exercise can name has a wrong implementation, and there are five right ones."""
    topic, exercise = exercises.find(name)
    folder = FOLDER / topic.stem / name
    tried = {path.stem.partition("__")[0] for path in folder.glob("wrong/*.py")}
    nameable = {name for suspect in exercise.suspects for name in suspect.names}
    nameable |= {check.telltale for check in exercise.checks if check.telltale}
    assert nameable <= set(exercise.misconceptions)
    assert nameable - tried == set()
    assert len(list(folder.glob("right/*.py"))) >= 5


def test_what_has_no_name_points_to_what_has_one():
    """With a small step the slopes that were not divided are zeros, which have many reasons."""
    file = FOLDER / "3_layernorm_backward" / "numerical_gradient" / "wrong" / "not-divided.py"
    failed = [v for v in verdicts_of(file.read_text(), exercise_of(file)) if not v.passed]
    [named] = [v for v in failed if v.causes]
    bare = [v for v in failed if not v.causes]
    assert bare and all(f"named at “{named.title}”" in v.hint for v in bare) and "named at" not in named.hint


LAZY = {
    "returns its first argument": "def {name}(*args, **kwargs):\n    return args[0]\n",
    "returns zeros": "import numpy as np\ndef {name}(*args, **kwargs):\n    return np.zeros_like(args[0])\n",
    "returns zero": "def {name}(*args, **kwargs):\n    return 0.0\n",
    "returns nothing": "def {name}(*args, **kwargs):\n    pass\n",
    "returns a pair": "def {name}(*args, **kwargs):\n    return args[0], args\n",
    "returns three": "def {name}(*args, **kwargs):\n    return args[0], args[0], args[0]\n",
    "raises": "def {name}(*args, **kwargs):\n    raise NotImplementedError\n",
    "does not parse": "def {name}(:\n",
    "is missing": "x = 1\n",
}


@pytest.mark.parametrize("lazy", LAZY)
@pytest.mark.parametrize("name", names())
def test_lazy_earns_nothing(name, lazy):
    _, exercise = exercises.find(name)
    source = "\n".join(LAZY[lazy].format(name=function) for function in exercise.functions)
    verdicts = verdicts_of(source, name)
    assert sum(v.points for v in verdicts) == 0
    assert all(v.hint for v in verdicts)


def test_every_section_exists():
    book = Path(__file__).parent.parent / "book"
    for stem in exercises.stems():
        topic = exercises.topic(stem)
        labels = (book / f"{stem}.md").read_text()
        sections = {q.section for q in topic.quiz.questions}
        for exercise in topic.exercises:
            sections |= {exercise.section} | {check.section for check in exercise.checks}
            sections |= {m.section for m in exercise.misconceptions.values()}
        missing = [section for section in sections if f"({section})=" not in labels]
        assert missing == [], f"{stem}.md lacks these labels"


def test_figures_that_are_called_different_look_different():
    """In float32 a spread agrees to seven digits, which is not enough."""
    source = "import numpy as np\ndef standard_deviation(scores):\n    x = scores.astype('f4')\n    return float(np.sqrt(np.mean((x - x.mean()) ** 2)))\n"
    shown = [re.search(r"expected .* = (.*); found (.*?)\.( |$)", v.hint) for v in verdicts_of(source, "standard_deviation") if not v.passed]
    assert any(shown) and all(match[1] != match[2] for match in shown if match)


def test_quiz_answers_earn_their_points():
    for stem in exercises.stems():
        quiz = exercises.topic(stem).quiz
        assert isinstance(quiz, Quiz) and 3 <= len(quiz.questions) <= 11
        right = {q.name: q.answer for q in quiz.questions}
        verdicts = verdicts_of(f"{quiz.variable} = {right}", quiz.name)
        assert sum(v.points for v in verdicts) == quiz.max_points
        for question in quiz.questions:
            for letter in set("abcd") - {question.answer}:
                wrong = verdicts_of(f"{quiz.variable} = {right | {question.name: letter}}", quiz.name)
                assert [v.hint for v in wrong if not v.passed] == [question.why[letter]]


def test_a_submission_cannot_spell_out_a_hidden_input():
    """Of an error on a hidden case only a built-in type and a line of the submission are told."""
    source = (
        "class Told(Exception):\n    pass\n"
        "def z_scores(scores):\n"
        "    spelt = 'input ' + ' '.join(chr(97 + int(d)) if d.isdigit() else 'z' for d in str(list(scores)))\n"
        "    raise (Told if len(scores) % 2 else type(spelt, (Exception,), {}))(spelt)\n"
    )
    hidden = [v.hint for v in verdicts_of(source, "z_scores") if v.check == "dtype"]
    assert hidden and all("input" not in hint and "raised an exception (line 5" in hint for hint in hidden)


def test_an_exception_named_like_a_kind_of_problem_tells_no_meaning_of_a_hidden_case():
    """That a function is missing says nothing of an input; an exception that takes the name could."""
    source = (
        "class Missing(Exception):\n    pass\n"
        "Missing.__name__ = {name!r}\n"
        "def z_scores(scores):\n"
        "    if len(scores) == 6:\n"
        "        raise Missing('RecursionError')\n"
        "    return 0 * scores + 1\n"
    )
    for name in ("Missing", "MISSING", "Kind.MISSING"):
        hidden = [v.hint for v in verdicts_of(source.format(name=name), "z_scores") if v.check == "dtype"]
        assert hidden and not any("calls itself" in hint for hint in hidden)


MEMORY = """
import nbformat
import numpy as np
TABLE = {table!r}
def key(args):
    return repr([(a.shape, a.astype(float).tolist()) if isinstance(a, np.ndarray) else a for a in args if not callable(a)])
def look(*args):
    args = [np.array(list(a)) if hasattr(a, "__next__") else a for a in args]
    found = TABLE.get(key(args))
    return [np.array(v, dtype=d) for v, d in found] if found else [np.zeros(3), np.zeros(3), np.zeros(3)]
"""
ANSWERS = {
    "one": "def {name}(*args, **kw):\n    out = look(*args, *kw.values())[0]\n    return out if out.ndim else float(out)\n",
    "pair": "def {name}(*args, **kw):\n    mean, variance = look(*args)[:2]\n    return float(mean.flat[0]), float(variance.flat[0])\n",
    "cache": "def {name}(*args, **kw):\n    return look(*args, *kw.values())[0], None\n",
    "backward": "def {norm}_forward(*args):\n    return args[0], args\ndef {norm}_backward(dy, cache):\n    return tuple(look(*cache, dy)[:{count}])\n",
}


def answer_kind(exercise) -> str:
    if exercise.name.endswith("_backward"):
        return "backward"
    return "cache" if exercise.name.endswith("_forward") else "pair" if len(exercise.outputs) == 2 else "one"


def remembered() -> list[str]:
    """Exercises whose published examples are arrays that a table can hold. (Which axes there are is no secret.)"""
    numpy_only = [name for name in names() if not exercises.find(name)[0].rules.libraries]
    return [name for name in numpy_only if name != "normalization_axes"]


@pytest.mark.parametrize("name", remembered())
def test_the_published_examples_by_heart_earn_nothing(name):
    """Every public case answered right, and nothing else."""
    _, exercise = exercises.find(name)
    space: dict = {}
    exec(MEMORY.format(table={}), space)
    table = {}
    for check in exercise.checks:
        for case in check.cases(judging.draw(b"any", name, check.name)):
            if case.public:
                args = [a for a in case.exact_args() if not callable(a)] + list(case.kwargs.values())
                right = exercise.reference(*case.exact_args(), **case.kwargs)
                table[space["key"](args)] = [(np.asarray(v, float).tolist(), case.dtype.name) for v in right]
    assert table
    kind = ANSWERS[answer_kind(exercise)].format(name=name, norm=name.partition("_")[0], count=len(exercise.outputs))
    verdicts = verdicts_of(MEMORY.format(table=table).replace("nan", "float('nan')") + kind, name)
    assert [v.check for v in verdicts if v.passed] == []
    assert not any("; found" in v.hint for v in verdicts), "a published example was answered wrong, so this tests nothing"


def test_the_clinic_handed_back_as_it_came_in_earns_nothing():
    notebook = nbformat.read(course.released_notebook("6_block_clinic"), as_version=4)
    cells = {cell.metadata.nbgrader.grade_id.removesuffix("_solution"): cell.source for cell in notebook.cells}
    for exercise in exercises.topic("6_block_clinic").exercises:
        (source,) = (source for name, source in cells.items() if name == exercise.name.lower())
        verdicts = verdicts_of(source, exercise.name)
        assert sum(v.points for v in verdicts) == 0, exercise.name
