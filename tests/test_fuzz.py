"""Whatever a submission or its process says, the judge ends in time, with a verdict in words for every check."""

import json
import socket
import threading
import time

import nbformat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder import exercises, grading, judging, sandbox, submission
from autograder.limits import Limits
from autograder.student import Student
from autograder.student_side import wire
from tests.sample_class import IMPLEMENTATIONS

STEM = exercises.stems()[0]
TOPIC = exercises.topic(STEM)
SECRET = b"fuzz"
SHORT = Limits(call_seconds=0.1, cell_seconds=0.1, exercise_seconds=0.3, notebook_seconds=1.0)
CHECKS = sum(len(e.checks) for e in TOPIC.exercises) + len(TOPIC.quiz.questions)

# what a process may answer -----------------------------------------------------------------------

KEYS = tuple(
    "answer callback missing error printed changed warnings used grown values problem line cell type message text".split()
)
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)
ARRAYS = st.fixed_dictionaries(
    {
        "t": st.just("array"),
        "dtype": st.sampled_from(["<f8", "<i8", "|b1", "|O", "<f4"]),
        "shape": st.lists(st.integers(-1, 3), max_size=4),
    }
)
ITEMS = st.fixed_dictionaries({"t": st.sampled_from(["none", "handle", "float", "str"]), "value": ANY, "id": ANY}) | ARRAYS
VALUES = st.fixed_dictionaries({"t": st.just("tuple"), "items": st.lists(ITEMS, max_size=3)}) | ITEMS | ANY
# Heads that are nearly right go furthest.
HEADS = st.dictionaries(st.sampled_from(KEYS), ANY, max_size=6) | st.fixed_dictionaries(
    {"answer": st.sampled_from(["call", "cell", "read", "setup"])},
    optional={**{key: ANY for key in KEYS if key not in ("answer", "values")}, "values": VALUES},
)


def frame(head: object, body: bytes, ticket: str = "") -> bytes:
    """Return a frame; what looks like an answer has the ticket of what was asked, as a runner's own would."""
    text = json.dumps(head | {"ticket": ticket} if isinstance(head, dict) else head).encode()
    return len(text).to_bytes(4, "big") + len(body).to_bytes(8, "big") + text + body


FRAMES = st.tuples(HEADS, st.binary(max_size=72)) | st.binary(max_size=40)
# A process that is well behaved until it is asked for something.
HONEST = {"setup": {}, "cell": {"error": None, "printed": ""}}


class Liar:
    """In place of a sandboxed process: answers requests by the frames, one after another, then hangs up."""

    number = None  # it is none, so the clock on the wall counts

    def __init__(self, frames: list[tuple | bytes], polite: bool) -> None:
        self.socket, self._theirs = socket.socketpair()
        self._frames, self._polite = iter(frames), polite
        threading.Thread(target=self._answer, daemon=True).start()

    def _answer(self) -> None:
        with self._theirs, self._theirs.makefile("rb") as requests:
            try:
                while True:
                    request, _ = wire.read_frame(requests)
                    kind = request["request"] if "request" in request else None
                    ticket = wire.read_frame(requests)[0]["ticket"] if kind else ""
                    if self._polite and kind in HONEST:
                        self._theirs.sendall(wire.pack({"answer": kind, "ticket": ticket, **HONEST[kind]}))
                    else:
                        said = next(self._frames)
                        self._theirs.sendall(frame(*said, ticket) if isinstance(said, tuple) else said)
            except (StopIteration, EOFError, OSError):
                pass

    def receive(self, size: int) -> bytes:
        return self.socket.recv(size)

    def stop(self) -> None:
        self.socket.close()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(FRAMES, min_size=1, max_size=12), st.booleans())
def test_no_answer_of_a_process_stops_the_judge(frames, polite):
    begun = time.monotonic()
    start, sandbox.start = sandbox.start, lambda *_, **__: Liar(frames, polite)
    try:
        with Student(["x = 1"], TOPIC.rules, SHORT) as student:
            verdicts = [v for item in TOPIC.items for v in judging.judge(item, TOPIC, student, SECRET)]
    finally:
        sandbox.start = start
    assert len(verdicts) == CHECKS
    assert all(v.points == 0 and v.hint for v in verdicts if not v.passed)
    assert json.dumps([v.as_json() for v in verdicts])
    assert time.monotonic() - begun < 60, "it hangs: the limits of the notebook and its exercises come to some 3 s"


# what a file may hold ----------------------------------------------------------------------------

TEMPLATE = grading._template(STEM, b"")
RELEASED = json.loads(nbformat.writes(TEMPLATE.source))
SOURCES = st.sampled_from([path.read_text() for path in sorted((IMPLEMENTATIONS / STEM).glob("*/*/*.py"))[::8]])
TEXTS = SOURCES | st.text(max_size=40) | st.lists(SOURCES | ANY, max_size=3) | ANY


@st.composite
def notebooks(draw) -> bytes:
    """Return a file near to a submission: cells lost, doubled, of another kind, with other text and metadata."""
    cells = []
    for cell in RELEASED["cells"]:
        if draw(st.integers(0, 9)) == 0:
            continue
        copy = json.loads(json.dumps(cell))
        if "nbgrader" in copy["metadata"]:
            copy["source"] = draw(TEXTS)
            if draw(st.integers(0, 4)) == 0:
                copy[draw(st.sampled_from(["cell_type", "metadata", "outputs", "source", "id"]))] = draw(ANY)
        cells += [copy] * draw(st.sampled_from([1, 1, 1, 2]))
    document = {**RELEASED, "cells": draw(st.permutations(cells)) if draw(st.booleans()) else cells}
    if draw(st.integers(0, 9)) == 0:
        document[draw(st.sampled_from(["metadata", "nbformat", "cells"]))] = draw(ANY)
    text = json.dumps(document).encode()
    return text[: draw(st.integers(0, len(text)))] if draw(st.integers(0, 19)) == 0 else text


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(notebooks() | st.binary(max_size=200))
def test_every_file_becomes_a_judged_notebook(data):
    limits = Limits(call_seconds=1.0, exercise_seconds=2.0, notebook_seconds=8.0)
    judged = nbformat.reads(grading.judge_submission(submission.Handed(data), STEM, SECRET, b"", limits), as_version=4)
    found = judged.metadata["course"]
    assert len(found["verdicts"]) == CHECKS
    assert all(v["passed"] or v["hint"] for v in found["verdicts"])
    assert ids(judged) == ids(TEMPLATE.source)


def ids(notebook) -> list[str | None]:
    return [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in notebook.cells]
