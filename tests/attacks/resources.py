"""Submissions that use up time, memory, processes, output or disk, by malice or by accident."""

from tests.attacks.rows import ALL, EXERCISES, FIRST, QUIZ, Row, answered, changed, code, solutions

OTHERS = tuple(name for name in (*EXERCISES, QUIZ) if name != FIRST)
CALLS = "standard_deviation = z_scores = z_scores_by_row = running_mean_variance = lambda *a: {}\n"


def loop(body: str) -> str:
    return f"import os, signal, sys, threading, time\ndef {FIRST}(scores):\n" + "".join(f"    {line}\n" for line in body.splitlines())


def first_is(body: str, name: str, **more) -> Row:
    """A solved notebook whose first function does this; it may cost no other exercise's points."""
    return Row(name, answered(FIRST, loop(body)), OTHERS, exact=True, **more)


def in_every_cell(text: str):
    def change(notebook: dict) -> None:
        for cell in solutions(notebook):
            cell["source"] = text

    return changed(change)


DEEP = {
    "deep_parentheses": "x = " + "(" * 90_000 + "1" + ")" * 90_000,
    "deep_lists": "x = " + "[" * 90_000 + "]" * 90_000,
    "deep_signs": "x = " + "-" * 190_000 + "1",
    "deep_sum": "x = 1" + "+1" * 90_000,
    "deep_attributes": "x = a" + ".a" * 90_000,
    "deep_calls": "x = f" + "()" * 90_000,
    "deep_lambdas": "x = " + "lambda:" * 25_000 + "1",
    "deep_braces": "x = " + "{" * 28 + " a b",
    "deep_blocks": "\n".join(" " * i + "if 1:" for i in range(600)),
    "many_branches": "if 1:\n pass\n" + "elif 1:\n pass\n" * 12_000,
    "long_number": "x = " + "9" * 190_000,
    "many_strings": "x = (" + "'a'\n" * 45_000 + ")",
    "endless_line": "x = 1;" * 33_000,
}

QUICK = {"deep_parentheses", "deep_sum", "deep_blocks"}

ROWS = (
    *(Row(name, answered(FIRST, text), OTHERS, exact=True, slow=name not in QUICK) for name, text in DEEP.items()),
    first_is("import numpy as np\nreturn float(np.ones(2**33).sum())", "memory_at_once", tells="MemoryError"),
    first_is("rows = []\nwhile True:\n    rows.append(bytearray(2**24))", "memory_bit_by_bit", slow=True, tells="MemoryError|did not finish"),
    first_is("import numpy as np\nreturn np.broadcast_to(np.zeros(1), (2**20, 2**20))", "array_of_a_terabyte"),
    first_is("import numpy as np\nreturn np.zeros(2**27)", "array_of_a_gigabyte"),
    first_is("return [[0.0] * 1000] * 10_000", "list_of_ten_million"),
    first_is("value = []\nfor i in range(100_000):\n    value = [value]\nreturn value", "list_in_lists"),
    first_is("value = {}\nvalue['me'] = value\nreturn value", "mapping_in_itself"),
    first_is("return 'x' * 10**8", "text_of_a_hundred_megabytes"),
    first_is("return 10 ** 5000", "number_of_five_thousand_digits"),
    first_is("return standard_deviation(scores)", "recursion", tells="RecursionError"),
    first_is("class Deep:\n    def __getattr__(self, name): return getattr(self, name)\nreturn Deep().x", "recursion_in_an_object"),
    first_is("class Loud(Exception):\n    def __str__(self): raise self\nraise Loud", "error_that_raises"),
    first_is("raise ValueError('x' * 10**8)", "error_of_a_hundred_megabytes", tells="ValueError"),
    first_is("for i in range(3000): print('x' * 100_000)\nraise SystemExit", "output_in_a_call"),
    Row("output_in_a_cell", answered(FIRST, "for i in range(3000):\n    print('x' * 100_000)\n"), OTHERS),
    Row("output_past_python", answered(FIRST, "import os\nfor n in (0, 1, 2):\n    for i in range(1000):\n        os.write(n, b'x' * 65536)\n"), OTHERS),
    first_is("while True:\n    if os.fork() == 0:\n        continue", "fork_bomb", tells="PermissionError"),
    first_is("import subprocess\nwhile True: subprocess.Popen(['/bin/sleep', '60'])", "process_bomb", tells="PermissionError"),
    first_is("import multiprocessing\nreturn multiprocessing.Pool(64).map(abs, range(9))", "pool_of_processes"),
    first_is("os.system('sleep 60 &'); os.execv('/bin/true', ['true'])", "another_program", tells="ended the process"),
    first_is("while True: threading.Thread(target=time.sleep, args=(60,), daemon=True).start()", "thread_bomb"),
    first_is("threading.Thread(target=time.sleep, args=(60,)).start()\nraise SystemExit", "thread_that_stays", tells="start new thread"),
    first_is("for i in range(10**6):\n    with open(f'/tmp/{i}', 'wb') as file: file.write(bytes(2**25))", "full_disk", tells="OSError"),
    first_is("with open('/tmp/x', 'wb') as file:\n    while True: file.write(bytes(2**24))", "huge_file_written", tells="ended the process|OSError"),
    first_is("files = []\nwhile True: files.append(open('/dev/zero'))", "every_descriptor", tells="OSError"),
    first_is("os._exit(0)", "exit_of_the_process", tells="ended the process"),
    first_is("os.kill(os.getpid(), 9)", "kill_of_itself", tells="ended the process"),
    first_is("os.abort()", "abort", tells="ended the process"),
    first_is("os.kill(os.getpid(), signal.SIGSEGV)", "segmentation_fault", tells="ended the process"),
    first_is("os.closerange(3, 4096)", "closed_descriptors", tells="ended the process"),
    first_is("sys.exit(0)", "exit_of_python", tells="SystemExit"),
    Row("exit_in_a_cell", answered(FIRST, f"import os\nos._exit(0)\ndef {FIRST}(scores): pass\n"), OTHERS, exact=True, tells="ended the process"),
    Row("thousand_figures", answered(FIRST, "import matplotlib.pyplot as plt\nfor i in range(60): plt.figure()\n"), OTHERS),
    # What only a limit in seconds stops.
    first_is("while True: pass", "loop", slow=True, seconds=20, tells="did not finish"),
    first_is(
        "for number in set(signal.Signals) - {9, 19}: signal.signal(number, signal.SIG_IGN)\n"
        "while True:\n    try: time.sleep(1)\n    except BaseException: pass",
        "loop_that_ignores_signals", slow=True, seconds=20, tells="did not finish",
    ),
    first_is("time.sleep(10**6)", "sleep", slow=True, seconds=20, tells="did not finish"),
    first_is("os.kill(os.getpid(), signal.SIGSTOP)", "stops_itself", slow=True, seconds=20, tells="did not finish"),
    first_is("return float(len(str(3 ** 10**9)))", "endless_power", slow=True, seconds=20, tells="did not finish|MemoryError"),
    first_is("import re\nreturn float(bool(re.match('(a*)*b', 'a' * 40)))", "endless_pattern", slow=True, seconds=20, tells="did not finish"),
    first_is("return sum(iter(int, 1))", "endless_sum", slow=True, seconds=20, tells="did not finish"),
    first_is("while True: print('x' * 10_000)", "endless_output", slow=True, seconds=20, tells="did not finish"),
    first_is("open('/dev/zero', 'rb').read()", "endless_file", slow=True, seconds=20),
    first_is(
        "for fd in range(3, 256):\n    try:\n        os.write(fd, b'\\0')\n        known = fd\n    except OSError: pass\n"
        "while True:\n    time.sleep(0.5)\n    os.write(known, b'\\0')",
        "reply_byte_by_byte", slow=True, seconds=20, tells="did not finish|sent",
    ),
    Row("loops_in_every_function", code(CALLS.format("iter(int, 1).__next__() or [0 for _ in iter(int, 1)]")), slow=True, seconds=60, tells="did not finish"),
    Row("loop_in_a_cell", answered(FIRST, f"while True:\n    pass\ndef {FIRST}(scores): pass\n"), OTHERS, exact=True, slow=True, seconds=60, tells="did not finish"),
    Row("loops_in_every_cell", in_every_cell("while True:\n    pass\n"), slow=True, seconds=150, tells="did not finish|time is used up"),
    Row("slow_cells", in_every_cell("import time\ntime.sleep(29)\n"), slow=True, seconds=150),
    Row("slow_but_right", changed(lambda n: solutions(n)[0].update(
        source="import time\ntime.sleep(3)\n" + solutions(n)[0]["source"])), ALL, slow=True, exact=True, seconds=20),
)  # fmt: skip
