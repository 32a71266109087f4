"""Many submissions at a time: local workers, a real Dask cluster, and what happens when one is killed."""

import json
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import BrokenExecutor
from pathlib import Path

import pytest

from autograder import crew, exercises
from autograder.student import Student
from benchmarks.grading import family, resident
from tests import sample_class
from tests.conftest import QUICK

STEM = exercises.stems()[0]


def double(x: int) -> int:
    return 2 * x


def die_once(marker: str) -> str:
    """Kill the worker at the first call, return at the second."""
    if not os.path.exists(marker):
        open(marker, "w").close()
        os.kill(os.getpid(), signal.SIGKILL)
    return "done"


def linger(x: int) -> int:
    time.sleep(0.1)
    return x


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fail() -> None:
    raise ValueError("as asked")


def kind_of_process() -> str:
    return type(multiprocessing.current_process()).__name__


def test_every_job_is_answered_by_name():
    with crew.local(2) as hands:
        results = dict(hands.run((str(i), (double, i)) for i in range(50)))
    assert results == {str(i): 2 * i for i in range(50)}


def test_workers_are_forked_whatever_is_pythons_way():
    """They know what the command's own module defines, and share the warm parents that are there already."""
    usual = multiprocessing.get_start_method(allow_none=True)
    multiprocessing.set_start_method("forkserver", force=True)  # as Python 3.14 has it
    try:
        with crew.local(1) as hands:
            assert list(hands.run([("one", (kind_of_process,))])) == [("one", "ForkProcess")]
    finally:
        multiprocessing.set_start_method(usual, force=True)


def test_jobs_are_taken_as_they_are_needed():
    taken = []

    def jobs():
        for i in range(100):
            taken.append(i)
            yield str(i), (double, i)

    with crew.local(1) as hands:
        next(iter(hands.run(jobs())))
    assert len(taken) < 20


def test_a_killed_worker_loses_nothing(tmp_path):
    jobs = [("dies once", (die_once, str(tmp_path / "marker")))] + [(str(i), (double, i)) for i in range(20)]
    with crew.local(2) as hands:
        results = dict(hands.run(jobs))
    assert results["dies once"] == "done" and all(results[str(i)] == 2 * i for i in range(20))


def test_jobs_that_always_kill_their_worker_cost_nobody_else_a_result():
    """Four killers stand in one window of eight jobs, so that each of their neighbours is under way at every death."""
    kinds = [(f"bad {i}", (die,)) for i in range(4)], [(f"slow {i}", (linger, i)) for i in range(4)]
    jobs = [job for pair in zip(*kinds) for job in pair] + [(str(i), (double, i)) for i in range(20)]
    with crew.local(2) as hands:
        results = dict(hands.run(jobs))
    assert all(isinstance(results[f"bad {i}"], BrokenExecutor) and results[f"slow {i}"] == i for i in range(4))
    assert all(results[str(i)] == 2 * i for i in range(20))


def test_what_a_killed_worker_leaves_is_ended():
    """The warm parent is shared; it ends the student sides of a process that is gone."""
    with Student(["x = 1"]) as student:
        assert student.read("x").value == 1
    before = set(family(os.getpid()))
    reading, writing = os.pipe()
    worker = os.fork()
    if worker == 0:
        try:
            with Student(["x = 1"]):
                os.write(writing, b"x")
                time.sleep(600)
        finally:
            os._exit(1)
    assert os.read(reading, 1) == b"x"
    started = set(family(os.getpid())) - before - {worker}
    assert any(resident(pid) for pid in started)
    os.kill(worker, signal.SIGKILL)
    os.waitpid(worker, 0)
    for _ in range(3000):
        if not any(resident(pid) for pid in started):  # an ended one that nobody has waited for yet holds nothing
            break
        time.sleep(0.01)
    assert not any(resident(pid) for pid in started)
    with Student(["x = 2"]) as student:
        assert student.read("x").value == 2


def test_a_job_that_always_kills_its_worker_is_given_up_alone():
    with crew.local(1) as hands:
        hands.ahead = 1
        results = dict(hands.run([("bad", (die,)), ("worse", (fail,)), ("good", (double, 4))]))
    assert isinstance(results["bad"], Exception) and isinstance(results["worse"], ValueError) and results["good"] == 8


@pytest.fixture
def interrupts_as_in_a_terminal():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore them
    yield
    signal.signal(signal.SIGINT, before)


def test_an_interrupt_is_raised_between_results_and_leaves_no_lock_behind(interrupts_as_in_a_terminal):
    seen = []
    with pytest.raises(KeyboardInterrupt), crew.local(2) as hands:
        for name, _ in hands.run((str(i), (double, i)) for i in range(100)):
            seen.append(name)
            if len(seen) == 3:
                os.kill(os.getpid(), signal.SIGINT)
                seen.append("after the interrupt")
    assert seen[3:] == ["after the interrupt"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def rows(course, *options: str) -> list:
    out = course.root / "crew.json"
    course.run("python", "-m", "autograder", "grade", STEM, "--student", "sample_*", "--json", str(out), *options)
    return json.loads(out.read_text())


def forget(course) -> None:
    """Take away the judged notebooks, so that the next run judges again."""
    for path in (course.root / "grading" / "autograded").glob(f"sample_*/{STEM}/{STEM}.ipynb"):
        path.unlink()


@pytest.fixture
def cluster(course):
    """A Dask scheduler and two worker processes on loopback, started in the course's folder."""
    program = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
    env = {**os.environ, "PYTHONPATH": str(course.root)}
    scheduler = subprocess.Popen(program, stderr=subprocess.PIPE, text=True, env=env, cwd=course.root)
    address = None
    for line in scheduler.stderr:
        found = re.search(r"tcp://127\.0\.0\.1:\d+", line)
        if found:
            address = found.group()
            break
    worker = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--nthreads", "1", "--no-dashboard", "--no-nanny"]
    workers = [
        subprocess.Popen(worker, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env, cwd=course.root) for _ in range(2)
    ]
    yield address
    for process in (*workers, scheduler):
        process.kill()
        process.wait()


def test_a_dask_cluster_gives_the_same(course, cluster):
    forget(course)
    here = rows(course)
    forget(course)
    assert rows(course, "--scheduler", cluster) == here


def test_no_scheduler_is_said_in_one_line(course):
    done = course.run("python", "-m", "autograder", "grade", STEM, "--scheduler", "tcp://127.0.0.1:1", good=False)
    assert done.returncode == 2 and "127.0.0.1:1" in done.stderr and "Traceback" not in done.stderr


def test_other_limits_are_another_judge(course):
    rows(course)
    [kept] = [path for path in graded(course) if "sample_ada" in path.parts]
    judged = kept.stat().st_mtime_ns
    one = ["python", "-m", "autograder", "grade", STEM, "--student", "sample_ada"]
    course.run(*one)
    assert kept.stat().st_mtime_ns == judged
    course.run(*one, COURSE_LIMITS=QUICK.replace("2", "3"))
    assert kept.stat().st_mtime_ns > judged


def start_grading(course) -> subprocess.Popen:
    command = [sys.executable, "-m", "autograder", "grade", STEM, "--student", "sample_*", "--workers", "1"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "start_new_session": True}
    return subprocess.Popen(command, cwd=course.root, env={**os.environ, "COURSE_LIMITS": QUICK}, **quiet)


def graded(course) -> set[Path]:
    return set((course.root / "grading" / "autograded").glob(f"sample_*/{STEM}/{STEM}.ipynb"))


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_stopped_run_goes_on_where_it_was(course, how):
    whole = rows(course)
    forget(course)
    run = start_grading(course)
    while len(graded(course)) < 2 and run.poll() is None:
        time.sleep(0.01)
    os.killpg(run.pid, how)
    run.wait()
    before = {path: path.stat().st_mtime_ns for path in graded(course)}
    assert before
    assert rows(course) == whole
    assert {path: path.stat().st_mtime_ns for path in before} == before, "judged again though it was graded"
    assert len(graded(course)) == len(sample_class.STUDENTS)


def test_a_killed_run_leaves_no_worker_behind(course):
    forget(course)
    run = start_grading(course)
    while not graded(course) and run.poll() is None:
        time.sleep(0.01)
    mine = family(run.pid)
    assert mine
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    for _ in range(1000):
        if not any(resident(pid) for pid in mine):
            break
        time.sleep(0.01)
    assert not any(resident(pid) for pid in mine)
