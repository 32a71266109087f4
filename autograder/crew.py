"""Who does the work: local processes, or a Dask cluster, behind one ``concurrent.futures`` executor."""

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

Job = tuple[str, tuple]
TRIES_ALONE = 2
LISTEN_SECONDS = 0.2
PR_SET_PDEATHSIG = 1


@dataclass
class Crew:
    """Runs jobs on an executor, a few at a time, so that memory does not grow with their number.

    An interrupt (Ctrl + C) is noted, and raised as KeyboardInterrupt where the next result would come: anywhere else it
    could leave a lock of the executor locked for good. A second one is raised at once.

    hire: makes an executor; called again when one broke, because a worker was killed.
    ahead: how many jobs wait or run at once.
    """

    hire: Callable[[], Executor]
    ahead: int

    def __enter__(self) -> "Crew":
        self._interrupted = False
        # Where interrupts are ignored, or somebody else's, they stay so.
        plain = signal.getsignal(signal.SIGINT) is signal.default_int_handler
        if plain and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, self._note_interrupt)
        self._executor = self.hire()
        return self

    def __exit__(self, *_: object) -> None:
        self._dismiss(wait=True)
        if signal.getsignal(signal.SIGINT) == self._note_interrupt:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def _listen(self) -> None:
        if self._interrupted:
            raise KeyboardInterrupt

    def _note_interrupt(self, *_: object) -> None:
        self._interrupted = True
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def run(self, jobs: Iterable[Job]) -> Iterator[tuple[str, Any]]:
        """Start the first jobs ``(name, (function, *arguments))``; return (name, result or exception) of each.

        When a worker is killed, nobody knows whose fault it was: each job that was under way is then run with no other
        beside it, ``TRIES_ALONE`` times at most.
        """
        jobs, waiting, suspects = iter(jobs), {}, deque()
        self._fill(jobs, waiting, suspects)
        return self._results(jobs, waiting, suspects)

    def _results(self, jobs: Iterator[Job], waiting: dict, suspects: deque) -> Iterator[tuple[str, Any]]:
        while waiting:
            done, _ = wait(waiting, timeout=LISTEN_SECONDS, return_when=FIRST_COMPLETED)
            self._listen()
            for future in done:
                self._listen()
                name, call, tries = waiting.pop(future)
                error = future.exception()
                if isinstance(error, BrokenExecutor) and tries < TRIES_ALONE:
                    suspects.append((name, call, tries))
                    continue
                yield name, error or future.result()
                self._fill(jobs, waiting, suspects)
            self._fill(jobs, waiting, suspects)

    def _fill(self, jobs: Iterator[Job], waiting: dict, suspects: deque) -> None:
        """Submit as many jobs as may wait: one suspect and nothing else, or fresh ones."""
        if suspects:
            if not waiting:
                name, call, tries = suspects.popleft()
                waiting[self._submit(call)] = (name, call, tries + 1)
            return
        for name, call in islice(jobs, self.ahead - len(waiting)):
            waiting[self._submit(call)] = (name, call, 0)

    def _dismiss(self, wait: bool) -> None:
        try:
            self._executor.shutdown(wait=wait, cancel_futures=True)
        except TypeError:  # Dask's executor knows no such argument
            self._executor.shutdown(wait=wait)

    def _submit(self, call: tuple) -> Any:
        try:
            return self._executor.submit(*call)
        except BrokenExecutor:
            self._dismiss(wait=False)
            self._executor = self.hire()
            return self._executor.submit(*call)


def local(workers: int | None) -> Crew:
    """Return a crew of processes on this machine; as many as it has cores if ``workers`` is None."""
    count = workers or os.cpu_count() or 1
    # Python 3.14 no longer forks of itself, and its other ways know nothing of what the command's own module defines.
    # Elsewhere than on Linux, where students are graded, Python's way stays: Windows has no fork.
    way = multiprocessing.get_context("fork" if sys.platform == "linux" else None)
    return Crew(lambda: ProcessPoolExecutor(count, mp_context=way, initializer=_begin_work), 4 * count)


def _begin_work() -> None:
    """Let a worker stop at once at an interrupt, and end with who hired it: killed, that one can't dismiss it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


@contextmanager
def cluster(address: str) -> Iterator[Crew]:
    """Yield a crew on a Dask cluster; its workers need this course installed. Raises OSError if none answers."""
    from distributed import Client

    with Client(address, timeout=10) as client:
        count = max(1, sum(client.nthreads().values()))
        with Crew(lambda: client.get_executor(pure=False), 4 * count) as crew:
            yield crew
