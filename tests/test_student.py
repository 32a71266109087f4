"""The student side: what it can see, and that nothing it does stops or fools the trusted side."""

import contextlib
import os
import signal
import socket
from dataclasses import replace

import numpy as np
import pytest

from autograder import course, sandbox
from autograder.limits import Limits
from autograder.student import Rules, Student
from benchmarks.grading import family

QUICK = Limits(call_seconds=1.0, cell_seconds=1.5, notebook_seconds=10.0, memory_bytes=2**30)


def run(source: str, limits: Limits = QUICK) -> Student:
    return Student([source], Rules(forbidden=("torch",)), limits)


def printed(source: str) -> str:
    with run(source) as student:
        assert student.results[0].error is None, student.results[0].error
        return student.results[0].printed


def test_no_sight_of_the_course():
    course.secret()
    seen = printed(
        "import os, sys\n"
        "for folder, folders, names in os.walk('/'):\n"
        "    if folder in ('/proc', '/usr', '/dev', sys.prefix, sys.base_prefix):\n"
        "        folders.clear()\n"
        "    else:\n"
        "        print(folder, *names, sep='\\n')\n"
    )
    assert "runner.py" in seen
    for hidden in ("course_secret", "gradebook", "judging.py", "1_z_scores", ".ipynb", "notebooks"):
        assert hidden not in seen


def test_no_environment(monkeypatch):
    monkeypatch.setenv("PASSWORD_OF_THE_COURSE", "x")
    assert "PASSWORD" not in printed("import os\nprint(dict(os.environ))")
    with run("import os\ntry:\n    text = open('/proc/1/environ').read()\nexcept OSError:\n    text = ''\nprint(text)") as student:
        assert "PASSWORD" not in student.results[0].printed


def test_no_network():
    server = socket.create_server(("127.0.0.1", 0))
    port = server.getsockname()[1]
    with run(f"import socket\nsocket.create_connection(('127.0.0.1', {port}), timeout=1)") as student:
        assert student.results[0].error["type"] in ("ConnectionRefusedError", "OSError", "TimeoutError")
    server.close()


@pytest.mark.parametrize(
    ("family", "address"),
    [("AF_UNIX", "\0left"), ("AF_INET", ("127.0.0.1", 4242))],
    ids=["abstract", "loopback"],
)
def test_two_that_run_at_once_can_not_meet(family, address):
    meet = f"import socket\nend = socket.socket(socket.{family})\n"
    with run(f"{meet}end.bind({address!r})\nend.listen()"), run(f"{meet}end.settimeout(1)\nend.connect({address!r})") as second:
        assert second.results[0].error is not None


@pytest.mark.parametrize("path", ["/student_side/x", "/usr/x", "/etc/x", "/x"])
def test_the_system_is_read_only(path):
    with run(f"open({path!r}, 'w')") as student:
        assert student.results[0].error["type"] in ("PermissionError", "OSError", "FileNotFoundError")


def test_nothing_stays_for_the_next():
    assert "left" in printed("import os\nopen('left', 'w').write('x')\nprint(os.listdir())")
    assert "left" not in printed("import os\nprint(os.listdir())")


@pytest.mark.parametrize(
    "body, words",
    [
        ("while True: pass", "did not finish within 1 seconds"),
        ("import time; time.sleep(60)", "did not finish"),
        ("import os; os._exit(0)", "ended the process"),
        ("import os; os.kill(os.getpid(), 9)", "ended the process"),
        ("import signal\n    for s in (2, 14, 15): signal.signal(s, signal.SIG_IGN)\n    while True: pass", "did not finish"),
        ("import os\n    for fd in range(3, 20):\n        try: os.write(fd, b'x' * 1000)\n        except OSError: pass", ""),
        ("import os\n    for fd in range(3, 20):\n        try: os.close(fd)\n        except OSError: pass", "ended the process"),
    ],
)
def test_a_call_that_ends_badly_is_a_problem_in_words(body, words):
    with run(f"def f():\n    {body}\ndef g():\n    return 7") as student:
        reply = student.call("f")
        assert reply.problem and words in reply.problem
        assert student.call("g").value == 7


@pytest.mark.parametrize(
    "body",
    [
        "raise SyntaxError('m', ('<cell zz>', 'x', 1, 5))",
        "raise SyntaxError(object())",
        "exec(compile('1/0', '<cell zz>', 'exec'))",
    ],
)
def test_an_error_may_say_anything_of_its_place(body):
    with run(f"def f():\n    {body}\n") as student:
        assert student.call("f").error_type in ("SyntaxError", "ZeroDivisionError")


def test_memory_is_limited():
    with run("import numpy as np\ndef f():\n    return float(np.ones(2**28).sum())") as student:
        reply = student.call("f")
        assert "MemoryError" in reply.problem


def test_a_returned_giant_is_refused_by_name():
    with run("import numpy as np\ndef f():\n    return np.zeros(50 * 2**20 // 8)") as student:
        assert "50 MiB" in student.call("f").value.type


def test_a_cell_that_hangs_leaves_the_others():
    cells = ["def f():\n    return 1", "while True: pass", "def g():\n    return 2"]
    with Student(cells, Rules(), QUICK) as student:
        assert student.call("f").value == 1
        assert student.call("g").value == 2
        assert "did not finish" in student.results[1].error["message"]


def test_the_whole_notebook_is_limited():
    cells = ["import time; time.sleep(0.9)"] * 20
    with Student(cells, Rules(), replace(QUICK, notebook_seconds=3.0)) as student:
        assert "the notebook's time is used up" in student.call("f").problem
        told = {result.error["message"] for result in student.results if result.error}
    assert told and all("the notebook's time is used up" in message for message in told), told


def test_changed_arguments_are_reported():
    with run("def f(a, b):\n    b[0] = 5\n    return a") as student:
        assert student.call("f", np.zeros(2), np.zeros(2)).changed == (1,)


def test_what_is_printed_is_kept_up_to_a_limit():
    with run("print('x' * 5_000_000)") as student:
        assert len(student.results[0].printed) < 1_100_000
        assert "characters more" in student.results[0].printed


def test_a_function_of_the_trusted_side_can_be_called_back():
    calls = []

    def f(x):
        calls.append(x)
        return 2 * x

    with run("def g(f, x):\n    return f(x) + f(x + 1)") as student:
        assert student.call("g", f, np.ones(2)).value.tolist() == [6.0, 6.0]
    assert len(calls) == 2


def test_magics_are_passed_over():
    with run("%matplotlib inline\n!pip install numpy\nx = 3\nx") as student:
        assert student.results[0].error is None and student.results[0].printed == "3\n"


@pytest.mark.parametrize("name", ["Mine", "print"])
def test_an_exception_of_ones_own_has_no_name_in_brief(name):
    """The submission chose it."""
    with run(f"kind = type({name!r}, (Exception,), {{}})\ndef f():\n    raise kind\n") as student:
        assert student.call("f").brief == "`f` raised an exception (line 3: `raise kind`)"


def test_a_function_finds_the_names_as_its_cell_left_them():
    """Two cells may have helpers of one name, and a later one may hold what an earlier one needs."""
    cells = ["def h():\n    return 1\ndef f():\n    return h() + k()\n", "def h():\n    return 2\ndef k():\n    return 10\n"]
    with Student(cells) as student:
        for cell, found in ((1, 11), (2, 12), (1, 11), (None, 11)):
            student.as_of = cell
            assert student.call("f").value == found
        student.as_of = 1
        student.begin_anew()
        assert student.call("f").value == 11


def test_what_a_call_changes_stays_for_the_next_one():
    with Student(["n = 0\ndef f():\n    global n\n    n += 1\n    return n\n", "n = 5"]) as student:
        student.as_of = 1
        assert [student.call("f").value for _ in range(3)] == [1, 2, 3]


def test_after_a_cell_that_ended_the_process_lines_and_names_are_of_the_right_cell():
    cells = ["x = 1", "import os\nos._exit(0)", "x = 2\ndef f():\n    raise ValueError('x')"]
    with Student(cells) as student:
        student.as_of = 2
        assert student.read("x").value == 1
        assert student.call("f").brief == "`f` raised ValueError (line 3: `raise ValueError('x')`)"


def test_a_comparison_that_goes_on_in_the_next_line_is_no_command():
    with run("%matplotlib inline\n(3\n!= 4)") as student:
        assert student.results[0].error is None and student.results[0].printed == "True\n"


def test_a_command_may_go_on_in_the_next_line():
    with run("if True:\n    !pip install \\\n  numpy \\\n  torch\n    x = 3\nx") as student:
        assert student.results[0].error is None and student.results[0].printed == "3\n"


def test_a_notebook_saved_as_a_script_asks_a_shell_that_does_nothing():
    with run("get_ipython().run_line_magic('matplotlib', 'inline')\n'google.colab' in str(get_ipython())") as student:
        assert student.results[0].error is None and student.results[0].printed == "False\n"


def test_plots_arrive_as_pictures():
    with run("import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()\nplt.figure()\nplt.plot([2, 1])\nNone") as student:
        assert student.results[0].error is None and student.results[0].printed == ""
        assert [picture[1:4] for picture in student.results[0].pictures] == [b"PNG", b"PNG"]


PLOT = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.title('größer')\nNone"


def test_a_broken_list_of_fonts_keeps_nobody_from_plotting(tmp_path, monkeypatch):
    from matplotlib.font_manager import FontManager

    (tmp_path / f"fontlist-v{FontManager.__version__}.json").write_text("{")
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path))
    monkeypatch.setattr(sandbox, "_lines", {})
    sandbox._bubblewrap.cache_clear()
    try:
        with Student([PLOT]) as student:
            assert student.results[0].error is None and len(student.results[0].pictures) == 1
        assert [path.read_text() for path in tmp_path.iterdir()] == ["{"], "the sandbox wrote to it"
    finally:
        sandbox._bubblewrap.cache_clear()


def test_a_sandbox_that_does_not_start_says_why(tmp_path, monkeypatch):
    (tmp_path / "parent.py").write_text("raise SystemExit('no room here')")
    monkeypatch.setattr(sandbox, "_RUNNER_FOLDER", tmp_path)
    monkeypatch.setattr(sandbox, "_lines", {})
    sandbox._bubblewrap.cache_clear()
    try:
        with pytest.raises(sandbox.NoSandbox, match="no room here.*apt-get install bubblewrap"):
            sandbox.start()
    finally:
        sandbox._bubblewrap.cache_clear()


def test_what_a_kernel_raised_is_told_as_it_was_raised():
    source = "import triton\n@triton.jit\ndef kernel(x):\n    raise KeyError('as written')\ndef run():\n    kernel[(1,)](1)"
    with Student([source], Rules(libraries=("torch", "triton"))) as student:
        assert student.call("run").problem == "`run` raised KeyError: 'as written' (line 4: `raise KeyError('as written')`)"


def test_pictures_are_few():
    """However many cells plot noise, what is kept of it has an end."""
    noise = (
        "import numpy as np\nimport matplotlib.pyplot as plt\nfor i in range(10):\n"
        "    plt.figure(figsize=(5, 5))\n    plt.axes([0, 0, 1, 1]).imshow(np.random.rand(500, 500, 3))\n"
    )
    with Student([noise, noise, noise], Rules(), replace(QUICK, cell_seconds=10.0, notebook_seconds=30.0)) as student:
        sizes = [sum(map(len, result.pictures)) for result in student.results]
    assert sizes[0] > 2**20 and sum(sizes) <= 8 * 2**20


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_a_warm_parent_that_answers_no_more_is_replaced(monkeypatch, how):
    """The kernel may kill it for memory; what is judged after that finds another."""
    monkeypatch.setattr(sandbox, "_lines", {})
    before = set(family(os.getpid()))
    with run("x = 1") as student:
        assert student.read("x").value == 1
    [line] = sandbox._lines.values()
    line._control.settimeout(0.5)  # not a minute
    for pid in set(family(os.getpid())) - before:
        with contextlib.suppress(ProcessLookupError):  # the student side may just have ended
            os.kill(pid, how)
    for number in (2, 3):
        with run(f"x = {number}") as student:
            assert student.read("x").value == number
