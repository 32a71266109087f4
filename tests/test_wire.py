"""The boundary's language: what goes in comes out, and what is no frame is refused, never believed."""

import json
from collections import namedtuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograder.student_side import wire


def through(value):
    frame = wire.pack({"answer": "x"}, value)
    head, body = wire.frame_size(frame[: wire.PREFIX_BYTES])
    assert len(frame) == wire.PREFIX_BYTES + head + body
    rest = frame[wire.PREFIX_BYTES :]
    return wire.unpack(rest[:head], rest[head:])[1]


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63) + 1, 2**63 - 1) | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.tuples(inner, inner) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(PLAIN)
def test_plain_values_survive(value):
    assert repr(through(value)) == repr(value)


@given(hnp.arrays(st.sampled_from([np.float16, np.float32, np.float64, np.int64, np.bool_]), hnp.array_shapes(min_dims=0, max_dims=4, max_side=4)))
def test_arrays_survive(array):
    found = through([array])[0]
    assert found.dtype == array.dtype and found.shape == array.shape and found.tobytes() == array.tobytes()


@pytest.mark.parametrize(
    "value, name",
    [
        (object(), "object"),
        (np.array([object()]), "an array of dtype object"),
        (np.ma.masked_array([1.0]), "MaskedArray"),
        (np.array(["text"]), "an array of dtype str"),
        (lambda: 1, "function"),
        (2**70, "an integer of more than 64 bits"),
        (np.zeros(40 * 2**20 // 8), "an array of 40 MiB"),
    ],
)
def test_what_cannot_travel_arrives_by_name(value, name):
    assert through((value,)) == (wire.Other(name),) or through((value,))[0].type.startswith(name.partition(" of dtype str")[0])


class Endless(tuple):
    def __iter__(self):
        while True:
            yield 1


def test_a_kind_of_tuple_arrives_as_a_tuple():
    Pair = namedtuple("Pair", "y cache")
    assert through([Pair(1.0, Pair(2, 3)), Endless((4, 5))]) == [(1.0, (2, 3)), (4, 5)]


def test_a_structure_without_end_is_cut():
    loop = []
    loop.append(loop)
    assert "other" in json.dumps(repr(through(loop))).lower()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.sampled_from(["t", "items", "dtype", "shape", "value", "id", "type", "values", "answer"]), inner, max_size=5),
    max_leaves=20,
)
TAGS = st.sampled_from(["none", "array", "scalar", "tuple", "list", "dict", "other", "str", "int", "float", "bool", "handle", "stream"])


@settings(max_examples=400)
@given(JSON | st.fixed_dictionaries({"values": st.fixed_dictionaries({"t": TAGS}, optional={"items": JSON, "dtype": st.sampled_from(["<f8", "|O8", "<U1"]), "shape": JSON, "value": JSON, "id": JSON, "type": JSON})}), st.binary(max_size=64))
def test_malformed_frames_are_refused_in_one_way(message, body):
    try:
        wire.unpack(json.dumps(message).encode(), body)
    except wire.WireError:
        pass


REFUSED = {
    "an array of negative length": {"t": "array", "dtype": "<f8", "shape": [-1]},
    "an array longer than its frame": {"t": "array", "dtype": "<f8", "shape": [3]},
    "an array of 33 axes": {"t": "array", "dtype": "<f8", "shape": [1] * 33},
    "an array of objects": {"t": "array", "dtype": "|O8", "shape": [1]},
    "a bool for an integer": {"t": "int", "value": True},
    "an integer of 65 bits": {"t": "int", "value": 2**64},
    "a handle without a number": {"t": "handle", "id": "0"},
    "another kind": {"t": "pickle", "value": "gASVBQ=="},
}


@pytest.mark.parametrize("value", REFUSED.values(), ids=REFUSED)
def test_a_malformed_value_is_refused(value):
    with pytest.raises(wire.WireError):
        wire.unpack(json.dumps({"values": value}).encode(), bytes(16))


def test_a_frame_holds_one_message():
    with pytest.raises(wire.WireError):
        wire.unpack(b'{"answer": "x"} {"answer": "y"}', b"")


@given(st.binary(max_size=200), st.binary(max_size=50))
def test_garbage_is_refused_in_one_way(head, body):
    try:
        wire.unpack(head, body)
    except wire.WireError:
        pass


def test_a_frame_may_not_announce_more_than_the_limit():
    with pytest.raises(wire.WireError):
        wire.frame_size((2**31).to_bytes(4, "big") + (2**40).to_bytes(8, "big"))
