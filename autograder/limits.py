"""How much a submission may use. Everything past a limit ends in a zero with a reason.

A course sets its own by the environment: ``COURSE_LIMITS='{"call_seconds": 10}'``.
"""

import json
import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Seconds are a submission's own, as ``stopwatch`` counts them; memory is address space."""

    call_seconds: float = 5.0
    cell_seconds: float = 30.0
    exercise_seconds: float = 10.0
    notebook_seconds: float = 120.0
    memory_bytes: int = 2 * 2**30
    written_file_bytes: int = 64 * 2**20
    scratch_bytes: int = 256 * 2**20
    notebook_bytes: int = 8 * 2**20

    def as_rlimits(self) -> dict[str, int]:
        """Return {name of a resource limit: value} for the student's process."""
        return {
            "RLIMIT_AS": self.memory_bytes,
            "RLIMIT_FSIZE": self.written_file_bytes,
            "RLIMIT_CORE": 0,
            "RLIMIT_NOFILE": 512,  # the kernel keeps what waits in each socket, and that counts for nobody
        }


def _configured() -> Limits:
    try:
        limits = Limits(**json.loads(os.environ.get("COURSE_LIMITS", "{}")))
        for name, value in vars(limits).items():
            wanted = (int,) if name.endswith("_bytes") else (int, float)
            if type(value) not in wanted or not 0 < value < 2**63:
                raise ValueError(f"{name} is {value!r}")
    except (ValueError, TypeError) as error:
        raise SystemExit(f"COURSE_LIMITS can't be used: {error}") from None
    return limits


CONFIGURED = _configured()
