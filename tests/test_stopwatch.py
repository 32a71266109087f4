"""A submission's seconds are its own: neither a busy processor nor a machine that stands still takes any."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace

import pytest

from autograder import stopwatch
from autograder.limits import Limits
from autograder.student import Student

LIMITS = Limits(call_seconds=1.0, cell_seconds=10.0, notebook_seconds=60.0)
COMPUTES = """
import time
def f():
    begun = time.process_time()
    while time.process_time() - begun < 0.7:
        pass
    return 7
def endless():
    while True:
        pass
def sleeps():
    time.sleep(600)
def stops_itself():
    import os, signal
    os.kill(os.getpid(), signal.SIGSTOP)
def calls_for_ever(g):
    while True:
        g()
"""


@contextmanager
def busy_processor(student: Student, rivals: int):
    """Let a submission's process share one processor with others that compute all the time."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"], start_new_session=True) for _ in range(rivals)]
    for process in (student._process.number, *(loop.pid for loop in loops)):
        os.sched_setaffinity(process, {min(os.sched_getaffinity(0))})
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def test_a_busy_processor_takes_nobodys_time():
    with Student([COMPUTES], limits=LIMITS) as student:
        with busy_processor(student, rivals=4):
            reply = student.call("f")
        assert reply.value == 7, reply.problem


def test_an_endless_loop_ends_on_a_busy_processor_too():
    with Student([COMPUTES], limits=LIMITS) as student:
        with busy_processor(student, rivals=4):
            assert "did not finish within 1 seconds" in student.call("endless").problem


JUDGE = f"""
from autograder.limits import Limits
from autograder.student import Student
with Student([{COMPUTES!r}], limits={LIMITS!r}) as student:
    print("begun", flush=True)
    print(student.call("f").value)
"""


def test_a_machine_that_stands_still_takes_nobodys_time():
    judge = subprocess.Popen([sys.executable, "-c", JUDGE], stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert judge.stdout.readline() == "begun\n"
    everyone = [judge.pid, *descendants(judge.pid)]
    assert len(everyone) > 2
    time.sleep(0.1)
    for process in everyone:
        os.kill(process, signal.SIGSTOP)
    time.sleep(3 * LIMITS.call_seconds)
    for process in reversed(everyone):
        os.kill(process, signal.SIGCONT)
    assert judge.communicate()[0] == "7\n"


def descendants(process: int) -> list[int]:
    with open(f"/proc/{process}/task/{process}/children") as file:
        children = [int(number) for number in file.read().split()]
    return [number for child in children for number in (child, *descendants(child))]


@pytest.mark.parametrize("way", ["sleeps", "stops_itself", "endless"])
def test_whoever_waits_by_choice_is_stopped(way):
    with Student([COMPUTES], limits=LIMITS) as student:
        assert "did not finish within 1 seconds" in student.call(way).problem
        assert student.call("f").value == 7


def test_whoever_calls_back_for_ever_is_stopped():
    with Student([COMPUTES], limits=LIMITS) as student:
        assert "did not finish within 1 seconds" in student.call("calls_for_ever", lambda: 1).problem


def test_naps_add_up_to_the_notebooks_time():
    napping = "import time\ndef f():\n    time.sleep(0.2)\n"
    with Student([napping], limits=replace(LIMITS, notebook_seconds=0.5)) as student:
        problems = [student.call("f").problem for _ in range(60)]
    assert "the notebook's time is used up" in problems[-1]


def test_waiting_counts_for_whoever_owes_an_answer(monkeypatch):
    """A process that has answered waits for the next question, by no choice of its own."""
    now = iter([0.0, 0.0, 0.2, 0.4])
    monkeypatch.setattr(stopwatch, "time", SimpleNamespace(monotonic=lambda: next(now)))
    monkeypatch.setattr(stopwatch.Stopwatch, "_state", lambda self: (0.0, True))
    watch = stopwatch.Stopwatch()
    watch.begin()
    watch.look(answered=True)
    assert watch.seconds == pytest.approx(0.2 / stopwatch.PATIENCE)
    watch.look()
    assert watch.seconds == pytest.approx(0.2 / stopwatch.PATIENCE + 0.2)
