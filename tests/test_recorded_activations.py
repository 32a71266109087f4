"""What the hidden module of ``7_real_model`` keeps of the two models is what the models give."""

import numpy as np
import pytest

from autograder import exercises


def test_the_recorded_activations_are_those_of_the_models():
    from tests import recorded_activations  # which puts the book's modules on the path

    from experiments.real_models import packages

    if packages.missing():
        pytest.skip(f"not installed: {', '.join(packages.missing())} (requirements-models.txt)")
    made, kept = recorded_activations.record(), np.load(recorded_activations.FILE)
    assert set(made) == set(kept.files)
    for name in made:
        largest = np.abs(kept[name].astype(float)).max()
        assert made[name].shape == kept[name].shape
        assert np.abs(made[name].astype(float) - kept[name].astype(float)).max() <= 1e-3 * largest


def test_every_norm_of_a_model_stands_in_a_case():
    topic = exercises.topic("7_real_model")
    for exercise, count in zip(topic.exercises, (13, 61)):
        (check,) = (check for check in exercise.checks if check.name == "places")
        shapes = [case.args[0].shape for case in check.cases(np.random.default_rng(0))]
        assert count in [shape[0] for shape in shapes]
