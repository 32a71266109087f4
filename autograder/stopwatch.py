"""How much of its time a submission has used: what its process computes, and what it waits by its own choice.

On a busy machine a process waits for a processor, and a virtual machine may stand still for a while. Neither is the
submission's doing, so the clock on the wall would take points from honest code.
"""

import os
import time

TICK_SECONDS = 0.25  # how often the trusted side looks
PATIENCE = 8  # at most so many times its seconds does a process get on the wall that is ready to run and does not
_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


class Stopwatch:
    """Adds up seconds of one process after another, as ``look`` finds them.

    seconds: what was used since the stopwatch was made, by all processes.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self._process: int | None = None
        self._seen = time.monotonic()
        self._computed = 0.0

    def follow(self, process: int | None) -> None:
        """From now on look at this process; without one, the clock on the wall counts."""
        self._process = process
        self._computed = 0.0

    def begin(self) -> None:
        """Count from here: what passed since the last look is nobody's."""
        self._seen = time.monotonic()

    @property
    def is_due(self) -> bool:
        return time.monotonic() - self._seen >= TICK_SECONDS

    def look(self, answered: bool = False) -> None:
        """Count what passed since the last look, or the beginning.

        answered: whether the process has done what it was asked, so that its waiting now says nothing.
        """
        now = time.monotonic()
        # This side looks every tick. If a look comes late, the machine stood still.
        passed = min(now - self._seen, TICK_SECONDS)
        self._seen = now
        computed, waits = self._state()
        if waits and not answered:
            self.seconds += passed
        else:
            self.seconds += min(passed, max(computed - self._computed, passed / PATIENCE))
        self._computed = computed

    def _state(self) -> tuple[float, bool]:
        """Return the processor seconds that the process has had, and whether it waits by its own choice."""
        try:
            with open(f"/proc/{self._process}/stat") as file:
                # The name before the last parenthesis may hold anything. Then: state, …, user's and system's ticks.
                fields = file.read().rpartition(")")[2].split()
        except OSError:  # no process yet, or no more, or a system that hides it
            return self._computed, True
        # R is running or ready to, D waits for a disk or for memory; sleeping, stopped and ended are its own choice.
        return (int(fields[11]) + int(fields[12])) / _TICKS_A_SECOND, fields[0] not in "RD"
