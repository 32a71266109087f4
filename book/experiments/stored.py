"""Experiments that take minutes: their results are stored, with all that is needed to make them again.

An experiment is a module in ``long/`` with a ``SEED``, ``run(quick) -> dict`` and
``agrees(stored, quick)``, which raises AssertionError where a quick run contradicts the stored one.
Its result stands in ``results/<name>.json``. From the folder ``book``:

    python -m experiments.stored            makes all of them again
    python -m experiments.stored NAME …     makes these

A stored result stays as it is until its experiment has ended. Another processor rounds otherwise, and a training run then
ends a little differently: what a chapter says of it must not depend on that.
"""

import importlib
import json
import math
import os
import platform
import sys
import time
from importlib import metadata
from pathlib import Path

FOLDER = Path(__file__).parent


def names() -> list[str]:
    """Return the names of all stored experiments, in alphabetical order."""
    return sorted(path.stem for path in (FOLDER / "long").glob("[a-z]*.py"))


def experiment(name: str):
    """Return the module of an experiment. Raises KeyError, naming the known ones."""
    if name not in names():
        raise KeyError(f"no experiment called {name!r}; there are {', '.join(names())}")
    return importlib.import_module(f"experiments.long.{name}")


def short(value: float) -> float | None:
    """Return a number to four significant digits, as it is stored; None for NaN, which JSON does not have."""
    return None if math.isnan(value) else float(f"{value:.4g}")


def load(name: str) -> dict:
    """Return the stored record: result, seed, seconds, machine, versions, date and the command that made it.

    Raises FileNotFoundError, naming the command that makes it.
    """
    path = FOLDER / "results" / f"{name}.json"
    if not path.exists():
        raise FileNotFoundError(f"{path} is not there. In the folder book: python -m experiments.stored {name}")
    return json.loads(path.read_text())


def provenance(name: str) -> str:
    """Return one sentence for a figure's caption: machine, versions and date of the stored result."""
    record = load(name)
    versions = ", ".join(f"{package} {version}" for package, version in record["versions"].items())
    return f"{record['machine']}; {versions}; {record['date']}; seed {record['seed']}."


def make(name: str) -> None:
    """Run an experiment in full and store its result."""
    module = experiment(name)
    begins = time.perf_counter()
    result = module.run(quick=False)
    record = {
        "command": f"python -m experiments.stored {name}",
        "date": time.strftime("%Y-%m-%d"),
        "seconds": round(time.perf_counter() - begins),
        "machine": machine(),
        "versions": {"Python": platform.python_version()} | {p: metadata.version(p) for p in ("numpy", "torch")},
        "seed": module.SEED,
        "result": result,
    }
    write(FOLDER / "results" / f"{name}.json", record)


def write(path: Path, record: dict) -> None:
    """Write a record as JSON: whole, or not at all."""
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(record, indent=1) + "\n")
    fresh.replace(path)


def machine() -> str:
    """Return the processor's name and how many cores this process may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    model = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), model)
    return f"{model}, {cores} cores"


if __name__ == "__main__":
    chosen = sys.argv[1:] or names()
    for name in chosen:
        experiment(name)  # one that does not exist is told before hours of work
    for place, name in enumerate(chosen, start=1):
        print(f"{place} of {len(chosen)}: {name} …", flush=True)
        make(name)
        print(f"{name}: {load(name)['seconds']} s, results/{name}.json", flush=True)
