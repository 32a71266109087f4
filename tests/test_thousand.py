"""A class in one command, some of it hostile: the table is complete, and memory does not grow with the class.

``python -m benchmarks.thousand`` does the same with a thousand.
"""

from benchmarks import thousand

COUNT = 60
PADDING = 2**20  # what is kept of a submission would show


def test_a_class_with_hostile_submissions(tmp_path):
    attacks = thousand.hostile(COUNT // 20)
    assert len(attacks) == 3
    samples, _, faults = thousand.run(tmp_path / "course", COUNT, attacks, workers=2, padding=PADDING)
    assert not faults, "\n".join(faults)
    assert samples[-1].graded > COUNT * 2 / 3, "too quick to be watched"
    limit = COUNT / 3 * PADDING / 2**20 / 2
    assert thousand.growth(samples, lambda s: s.recorder) < limit
    assert thousand.growth(samples, lambda s: s.worker) < limit


def test_what_is_wrong_is_found():
    student, attack = thousand.Honest("a", None), thousand.hostile(1)[0]
    mistaken = thousand.Honest("b", ("z_scores", ["ddof-1"]))
    row = {"student": "a", "score": 1.0, "verdicts": []}
    verdict = {"exercise": "z_scores", "passed": False, "misconception": "transposed", "second": None}
    lost = {"student": "b", "score": 1.0, "verdicts": [verdict]}
    rich = {"student": attack.named, "score": 1000.0, "verdicts": []}
    found = thousand.faults([row, lost, rich], [student, mistaken], [attack])
    assert [fault.partition(":")[0] for fault in found] == ["a", "b", attack.student]
    assert thousand.faults([], [student], []) == ["a: not in the table"]
