"""What the notebook says and what the grade says agree: who passes all visible checks has done it right, and the reverse.

A student who sees every line hold and loses points has learnt nothing from the notebook. So a wrong implementation that
the visible checks let pass stands here by name, with the reason.
"""

import json
import subprocess
import sys

import pytest

from autograder import exercises
from tests.visible_checks import IMPLEMENTATIONS, ROOT

# Recognised in the source, or from what is called meanwhile; the notebook shows no result that would be wrong.
UNSEEN = ("library-call", "measured-gradient")

ONLY_THE_GRADE_FINDS = {
    "FeedForward": {"gelu-wrong__bounded"},  # right up to an activation of 6
    "LayerNormFunction": {
        "contiguous-only__storage",
        "eps-fixed__second",  # second derivatives are checked with one ε
        "eps-missing__second",
        "global-state__eps",
    },
    "LayerNorm": {"input-mutated", "state-has-more"},
    # The tests that a student writes are tried on norms that the notebook does not show.
    "fails": {"accuses-nobody", "no-offset", "one-dtype", "one-shape"},
}

# Kernels are left out: in Triton's interpreter their checks take minutes, and of lanes that go nowhere no value tells.
EXERCISES = [
    (stem, exercise.name)
    for stem in exercises.stems()
    for exercise in exercises.topic(stem).exercises
    if not exercise.name.endswith("_kernel")
]


@pytest.mark.parametrize("stem, exercise", EXERCISES)
def test_they_agree_with_the_grade(stem, exercise):
    command = [sys.executable, "-m", "tests.visible_checks", stem, exercise]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    passed = json.loads(done.stdout.splitlines()[-1])
    right = {path.stem for path in (IMPLEMENTATIONS / stem / exercise / "right").glob("*.py")}
    assert set(passed["right"]) == right
    seen = {name for name in passed["wrong"] if not name.startswith(UNSEEN)}
    assert seen == ONLY_THE_GRADE_FINDS.get(exercise, set())
