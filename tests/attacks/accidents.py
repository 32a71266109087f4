"""Submissions of honest students who were unlucky: each is right, and must get all of its points."""

import json
from pathlib import Path

from tests.attacks.rows import ALL, FIRST, Make, Place, Row, answered, around, cell_of, changed, marks, new_cell, solutions, written


def each_source(change):
    def change_all(notebook: dict) -> None:
        for cell in notebook["cells"]:
            cell["source"] = change("".join(cell["source"]))

    return changed(change_all)


def saved_as(change) -> Make:
    """The bytes of a solved notebook, changed."""
    return lambda place: place.path.write_bytes(change(json.dumps(place.solved(), indent=1))) and None


def from_colab(notebook: dict) -> None:
    """As Google Colab saves: no cell ids, metadata of its own, an old minor version."""
    notebook["metadata"] = {"colab": {"provenance": [], "toc_visible": True}, "kernelspec": {"name": "python3", "display_name": "Python 3"}}
    notebook["nbformat_minor"] = 0
    for i, cell in enumerate(notebook["cells"]):
        cell.pop("id", None)
        cell["metadata"] |= {"id": f"aB{i}", "colab": {"base_uri": "https://localhost:8080/"}, "outputId": "x"}
        if cell["cell_type"] == "code":
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["x\n"]}]


def from_vs_code(notebook: dict) -> None:
    """As Visual Studio Code saves: no cell ids, minor version 2, its own language marks."""
    notebook["nbformat_minor"] = 2
    notebook["metadata"]["language_info"] = {"name": "python", "version": "3.9.1", "codemirror_mode": {"name": "ipython", "version": 3}}
    notebook["metadata"]["orig_nbformat"] = 4
    for cell in notebook["cells"]:
        cell.pop("id", None)
        cell["metadata"]["vscode"] = {"languageId": "python"}


def from_old_nbgrader(notebook: dict) -> None:
    """Marks as version 0.5 wrote them."""
    for cell in notebook["cells"]:
        if marks(cell):
            cell["metadata"]["nbgrader"] = {k: marks(cell)[k] for k in ("grade_id", "grade", "solution", "locked")} | {"schema_version": 1}


def copied_cells(notebook: dict) -> None:
    """Copies of the student's own cells, with marks and ids, after the originals."""
    for cell in solutions(notebook):
        notebook["cells"].insert(notebook["cells"].index(cell) + 1, {**cell, "source": "# a copy to try things\nx = 1\n"})


def split(text: str):
    """The first answer's cell, split by JupyterLab before ``text``: both halves have its marks and no lines at their seam."""

    def change(notebook: dict) -> None:
        cell = cell_of(notebook, FIRST)
        cell["source"] = f"import math\n\n{''.join(cell['source'])}"
        place = cell["source"].index(text)
        halves = [cell["source"][:place].strip("\n"), cell["source"][place:].strip("\n")]
        at = notebook["cells"].index(cell)
        notebook["cells"][at : at + 1] = [{**cell, "source": half} for half in halves]

    return change


def pasted_below(place: Place) -> None:
    """Each answer in code stands in a cell of the student's own, right below the one it belongs to."""
    notebook, right = place.empty(), solutions(place.solved())
    for cell, solved in zip(solutions(notebook), right, strict=True):
        notebook["cells"].insert(notebook["cells"].index(cell) + 1, new_cell(solved["source"]))
    place.write(notebook)


def stub_before_answer(notebook: dict) -> None:
    """The student kept the empty cell and wrote into a copy of it."""
    cell = cell_of(notebook, FIRST)
    notebook["cells"].insert(notebook["cells"].index(cell), {**cell, "source": ""})


def own_cells(notebook: dict) -> None:
    for text in ("input('name? ')", "1 / 0", "!ls", "import torch", "while True: pass", "def broken(", "raise KeyboardInterrupt"):
        notebook["cells"].insert(2, new_cell(text))
    notebook["cells"].insert(2, new_cell("my notes", "markdown"))
    notebook["cells"].append(new_cell("x", "raw"))


def other_order(notebook: dict) -> None:
    notebook["cells"].reverse()


def merged(notebook: dict) -> None:
    """All answers in code stand in the first cell."""
    first, *rest = solutions(notebook)
    first["source"] = "\n\n".join("".join(cell["source"]) for cell in (first, *rest))
    notebook["cells"] = [cell for cell in notebook["cells"] if cell not in rest]


def helpers_of_one_name(notebook: dict) -> None:
    """Two answers have helpers of one name that do not do the same; run from top to bottom, each is right."""
    first, other = cell_of(notebook, FIRST), cell_of(notebook, "z_scores_by_row")
    first["source"] = "import numpy as np\ndef mean(x):\n    return sum(x) / len(x)\n" + (
        "def standard_deviation(scores):\n    m = mean(scores)\n    return float(mean([(s - m) ** 2 for s in scores]) ** 0.5)\n"
    )
    other["source"] = "def mean(table):\n    return table.mean(axis=1, keepdims=True)\n" + "".join(other["source"])


def answered_one_cell_late(place: Place) -> None:
    """The first answer stands in the second one's cell, and its own cell was left as released."""
    notebook, stub = place.solved(), cell_of(place.empty(), FIRST)["source"]
    first, second = solutions(notebook)[:2]
    second["source"] = "".join(first["source"]) + "\n\n" + "".join(second["source"])
    first["source"] = stub
    place.write(notebook)


def with_file(name: str, text: str) -> Make:
    def make(place: Place) -> None:
        place.write(place.solved())
        Path(place.folder / name).write_text(text)

    return make


BEFORE = {
    "warning_in_a_cell": "import warnings\nwarnings.warn('careful')\n",
    "words_on_stderr": "import sys\nprint('careful', file=sys.stderr)\nsys.stderr.write('x')\nsys.stderr.flush()\n",
    "a_lot_printed": "for i in range(200_000):\n    print(i, 'value')\n",
    "magic_lines": "%matplotlib inline\n%load_ext autoreload\n%autoreload 2\n",
    "pip": "%pip install numpy\n!pip install --upgrade numpy\n! cd ..; ls\n",
    "command_of_two_lines": "!pip install \\\n    numpy\nfiles = !ls \\\n  .\n",
    "saved_as_a_script": "get_ipython().run_line_magic('matplotlib', 'inline')\nget_ipython().system('pip install numpy')\n",
    "timed_cell": "%%time\n",
    "timed_cell_with_blank_line": "\n%%timeit -n 3\n",
    "question_about_a_function": "np.mean?\n?np.sum\nnp.sqrt??\n",
    "magic_in_a_block": "for i in range(2):\n    %time np.sqrt(i)\n",
    "magic_with_a_result": "files = !ls\ntimes = %timeit -o -q np.sqrt(2)\n",
    "magic_and_a_comment_that_asks": "%matplotlib inline\nhalf = 1 / 2  # a half?\nprint(half)\n",
    "half_a_character_printed": "print('\\ud800')\n",
    "help": "help(len)\n",
    "plots": "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()\nplt.show(block=True)\nplt.pause(0.01)\n",
    "window_for_plots": "import matplotlib\nmatplotlib.use('TkAgg')\n",
    "stars": "from numpy import *\n",
    "other_print_options": "np.set_printoptions(precision=2, suppress=True)\n",
    "errors_for_warnings": "np.seterr(divide='warn', invalid='warn')\n",
    "seeds": "import random\nrandom.seed(0)\nnp.random.seed(0)\n",
    "future": "from __future__ import annotations\n",
    "logging": "import logging\nlogging.basicConfig(level=logging.DEBUG)\nlogging.error('x')\n",
    "display": "from IPython.display import display, Markdown\ndisplay(Markdown('# x'))\n",
    "folders": "import os\nprint(os.getcwd(), os.listdir('.'))\nopen('notes.txt', 'w').write('x')\n",
}
AFTER = {
    "input": "name = input('your name? ')\n",
    "failing_check": "assert standard_deviation([1, 2, 3]) == 0\n",
    "missing_file": "open('scores.csv').read()\n",
    "missing_module": "import seaborn\n",
    "leaves_python": "exit()\n",
    "last_value": "standard_deviation(np.array([1.0, 2.0]))",
    "figure_as_last_value": "import matplotlib.pyplot as plt\nplt.hist([1, 2, 2])\n",
    "main": "if __name__ == '__main__':\n    print(standard_deviation(np.array([1.0, 2.0])))\n",
    "thread": "import threading\nthreading.Thread(target=print, args=('x',)).start()\n",
    "short_wait": "import time\ntime.sleep(0.5)\n",
    "half_a_character_raised": "raise ValueError('\\udc80')\n",
    "timed_by_hand": "import time, timeit\nprint(timeit.timeit(lambda: standard_deviation([1.0, 2.0]), number=3), time.time())\n",
    "own_tests": "import unittest\nassert np.isclose(standard_deviation(np.arange(3.0)), np.std(np.arange(3.0)))\n",
    "greek_names": "μ, σ = 0.0, 1.0\nprint(f'{μ} ± {σ} é 日本 🎓')\n",
    "many_figures": "import matplotlib.pyplot as plt\nfor i in range(12):\n    plt.figure()\n    plt.plot([i])\n",
}

# Right answers whose names a library has too.
OWN_NAMES = {
    "lambda_called_std": "std = lambda x: float(np.sqrt(np.mean((x - np.mean(x)) ** 2)))\ndef standard_deviation(scores):\n    return std(scores)\n",
    "variable_called_vars": "def standard_deviation(scores):\n    vars = np.mean((scores - np.mean(scores)) ** 2)\n    return float(np.sqrt(vars))\n",
    "field_called_std": """
from dataclasses import dataclass
@dataclass
class Spread:
    var: float
    std: float
def standard_deviation(scores):
    var = np.mean((scores - np.mean(scores)) ** 2)
    return float(Spread(var, np.sqrt(var)).std)
""",
    "field_of_a_tuple_called_var": """
from collections import namedtuple
Spread = namedtuple("Spread", "mean, var")
def standard_deviation(scores):
    spread = Spread(np.mean(scores), np.mean((scores - np.mean(scores)) ** 2))
    return float(np.sqrt(spread.var))
""",
}

ROWS = (
    *(Row(name, answered(FIRST, "import numpy as np\n" + text), ALL, exact=True) for name, text in OWN_NAMES.items()),
    *(Row(name, around(FIRST, before=text), ALL, exact=True) for name, text in BEFORE.items()),
    *(Row(f"{name}_at_the_end", around(FIRST, after=text), ALL, exact=True) for name, text in AFTER.items()),
    Row("colab", changed(from_colab), ALL, exact=True),
    Row("vs_code", changed(from_vs_code), ALL, exact=True),
    Row("old_nbgrader", changed(from_old_nbgrader), ALL, exact=True),
    Row("copied_cells", changed(copied_cells), ALL, exact=True),
    Row("split_after_its_imports", changed(split("def ")), ALL, exact=True),
    Row("split_within_its_function", changed(split("    return")), ALL, exact=True),
    Row("pasted_below", pasted_below, ALL, exact=True),
    Row("stub_before_answer", changed(stub_before_answer), ALL, exact=True),
    Row("own_cells", changed(own_cells), ALL, exact=True),
    Row("other_order", changed(other_order), ALL, exact=True),
    Row("one_cell_for_all", changed(merged), ALL, exact=True),
    Row("answered_one_cell_late", answered_one_cell_late, ALL, exact=True),
    Row("helpers_of_one_name", changed(helpers_of_one_name), ALL, exact=True),
    Row("source_as_lines", changed(lambda n: [c.update(source="".join(c["source"]).splitlines(True)) for c in n["cells"]] and None), ALL, exact=True),
    Row("lines_of_windows", each_source(lambda text: text.replace("\n", "\r\n")), ALL, exact=True),
    Row("lines_of_an_old_mac", each_source(lambda text: text.replace("\n", "\r")), ALL, exact=True),
    Row("tabs", each_source(lambda text: text.replace("    ", "\t")), ALL, exact=True),
    Row("spaces_at_the_ends", each_source(lambda text: text.replace("\n", "  \n") + "\n\n   "), ALL, exact=True),
    Row("byte_order_mark", saved_as(lambda text: b"\xef\xbb\xbf" + text.encode()), ALL, exact=True),
    Row("file_with_lines_of_windows", saved_as(lambda text: text.replace("\n", "\r\n").encode()), ALL, exact=True),
    Row("no_minor_version", changed(lambda n: n.pop("nbformat_minor") and None), ALL, exact=True),
    Row("outputs_of_six_megabytes", changed(lambda n: n["cells"].append(
        new_cell("") | {"outputs": [{"output_type": "stream", "name": "stdout", "text": "x" * 6_000_000}]})), ALL, exact=True),
    Row("numpy_beside", with_file("numpy.py", "raise SystemExit('not the real one')"), ALL, exact=True),
    Row("random_beside", with_file("random.py", "x = 1"), ALL, exact=True),
    Row("older_version_beside", with_file("1_z_scores (1).ipynb", "{}"), ALL, exact=True),
    Row("no_words", changed(lambda n: written(n).update(source="")), ALL, exact=True),
)  # fmt: skip
