"""Each stored result of the book can be made again: a quick run of the same code agrees with it."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "book"))
from experiments import stored  # noqa: E402
from experiments.real_models.packages import missing  # noqa: E402


@pytest.mark.parametrize("name", stored.names())
def test_a_quick_run_agrees_with_the_stored_result(name):
    record = stored.load(name)
    module = stored.experiment(name)
    absent = missing(getattr(module, "NEEDS", ()))  # optional packages that the experiment runs
    if absent:
        pytest.skip(f"not installed: {', '.join(absent)} (requirements-models.txt)")
    assert record["seed"] == module.SEED
    assert record["command"] == f"python -m experiments.stored {name}"
    module.agrees(record["result"], module.run(quick=True))
