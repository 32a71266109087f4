"""What the notebook says and what the grade says agree: who passes all visible checks has done it right, and the reverse.

A student who sees every line hold and loses points has learnt nothing from the notebook. So a mistake that the visible
checks let pass stands here by name. One implementation of each is tried here; ``python -m tests.visible_checks … --all``
tries all of them.
"""

import json
import subprocess
import sys

import pytest

from autograder import exercises
from tests.visible_checks import IMPLEMENTATIONS, ROOT

# Recognised in the source, or from what is called meanwhile; the notebook shows no result that would be wrong.
UNSEEN = "library-call"

ONLY_THE_GRADE_FINDS = {
    "LayerNorm": {"input-mutated", "state-has-more"},
    # The tests that a student writes are tried on norms that the notebook does not show.
    "fails": {"accuses-nobody", "no-offset", "one-dtype", "one-shape"},
}

# Kernels are left out: in Triton's interpreter their checks take minutes, and of lanes that go nowhere no value tells.
def exercises_of(stem: str) -> list[str]:
    return [exercise.name for exercise in exercises.topic(stem).exercises if not exercise.name.endswith("_kernel")]


@pytest.mark.parametrize("stem", exercises.stems())
def test_they_agree_with_the_grade(stem):
    command = [sys.executable, "-m", "tests.visible_checks", stem, *exercises_of(stem)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for exercise, passed in json.loads(done.stdout.splitlines()[-1]).items():
        right = {path.stem for path in (IMPLEMENTATIONS / stem / exercise / "right").glob("*.py")}
        assert set(passed["right"]) == right
        seen = {name for name in passed["wrong"] if not name.startswith(UNSEEN)}
        assert seen == ONLY_THE_GRADE_FINDS.get(exercise, set()), exercise
