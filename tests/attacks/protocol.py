"""Submissions that speak the runner's own language, badly: malformed, oversized, early and repeated replies."""

from tests.attacks.lying import FORGE
from tests.attacks.rows import Row, code

HEADS = {
    "error_is_text": {"answer": "call", "error": "boo"},
    "error_is_a_list": {"answer": "call", "error": [1]},
    "error_is_nested": {"answer": "call", "error": {"type": ["x"], "message": {"a": 1}, "line": {"x": 2}, "text": None}},
    "changed_is_a_number": {"answer": "call", "changed": 5},
    "warnings_are_a_number": {"answer": "call", "warnings": 5},
    "used_is_a_number": {"answer": "call", "used": 7},
    "float_of_400_digits": {"answer": "call", "values": {"t": "float", "value": 10**400}},
    "float_is_text": {"answer": "call", "values": {"t": "float", "value": "nan"}},
    "int_is_true": {"answer": "call", "values": {"t": "int", "value": True}},
    "dtype_is_a_list": {"answer": "call", "values": {"t": "array", "dtype": ["f8"], "shape": [1]}},
    "dtype_is_an_object": {"answer": "call", "values": {"t": "array", "dtype": "|O", "shape": [1]}},
    "shape_is_negative": {"answer": "call", "values": {"t": "array", "dtype": "<f8", "shape": [-1]}},
    "shape_is_too_big": {"answer": "call", "values": {"t": "array", "dtype": "<f8", "shape": [0] + [2**39] * 31}},
    "shape_without_bytes": {"answer": "call", "values": {"t": "array", "dtype": "<f8", "shape": [10**9]}},
    "handle_of_nothing": {"answer": "call", "values": {"t": "handle", "id": 10**9}},
    "callback_comes_back": {"answer": "call", "values": {"t": "callback", "id": 0}},
    "unknown_kind": {"answer": "call", "values": {"t": "pickle", "value": "gASVBQ=="}},
    "values_are_deep": {"answer": "call", "values": {"t": "tuple", "items": [{"t": "tuple", "items": [{"t": "list", "items": []}]}]}},
    "missing_is_a_list": {"answer": "call", "missing": []},
    "answer_to_setup": {"answer": "setup"},
    "no_answer": {"passed": True},
    "not_a_message": [1, 2],
    "callback_to_nothing": {"callback": 0},
    "callback_is_text": {"callback": "reference"},
}

RAW = {
    "empty_frame": 'frame(b"")',
    "not_json": 'frame(b"\\xff" * 1000)',
    "deep_json": 'frame(b"[" * 1_000_000)',
    "long_json": 'frame(b"[" + b"0," * 7_000_000 + b"0]")',
    "huge_error": 'frame({"answer": "call", "error": {"type": "x" * 10**6, "message": "y" * 10**6, "line": 10**30, "text": "z" * 10**6}})',
    "million_changes": 'frame({"answer": "call", "changed": [0] * 10**6})',
    "digits": 'frame(b"9" * 5_000_000)',
    "giant_announced": 'b"\\xff" * 12',
    "half_a_prefix": 'b"\\0\\0\\0"',
    "head_never_sent": 'struct.pack(">IQ", 1000, 0)',
    "body_longer_than_its_arrays": 'frame({"answer": "call"}, bytes(10**6))',
    "ten_thousand_frames": '10_000 * frame({"answer": "call", "values": {"t": "none"}})',
    "pickle": 'frame({"answer": "call", "values": {"t": "array", "dtype": "|O", "shape": [1]}}, b"cos\\nsystem\\n(S\'true\'\\ntR.")',
}

SEND = """
def standard_deviation(scores):
    everywhere({})
    os._exit(0)
"""
# One of each way in which a frame once went past the trusted side's own checks; the others are slow for their number.
QUICK = {"error_is_text", "changed_is_a_number", "float_of_400_digits", "dtype_is_a_list", "shape_is_too_big", "huge_error", "deep_json"}

PICTURE = """
def array(data):
    return {{"t": "array", "dtype": "|u1", "shape": [len(data)]}}
pictures = [{}]
everywhere(frame({{"answer": "cell", "error": None, "printed": {}, "values": {{"t": "list", "items": [array(p) for p in pictures]}}}}, b"".join(pictures)))
os._exit(0)
"""

ROWS = (
    *(Row(f"head_{name}", code(FORGE + SEND.format(f"frame({head!r})")), slow=name not in QUICK) for name, head in HEADS.items()),
    *(Row(f"frame_{name}", code(FORGE + SEND.format(text)), slow=name not in QUICK, seconds=30) for name, text in RAW.items()),
    Row("cell_picture_is_html", code(FORGE + PICTURE.format("b'<script>owned=1</script>'", "''"))),
    Row("cell_picture_is_huge", code(FORGE + PICTURE.format("b'\\x89PNG\\r\\n\\x1a\\n' + bytes(3 * 10**7)", "''")), slow=True),
    Row("cell_printed_is_a_number", code(FORGE + PICTURE.format("", "7"))),
    Row("cell_printed_is_huge", code(FORGE + PICTURE.format("", "'x' * 15_000_000"))),
    Row("cell_error_is_text", code(FORGE + "everywhere(frame({'answer': 'cell', 'error': 'x', 'printed': None}))\nos._exit(0)\n")),
    Row("cell_answered_twice", code(FORGE + "everywhere(2 * answer('cell'))\n")),
    Row("cell_answered_as_call", code(FORGE + "everywhere(answer('call'))\n")),
    Row("cell_that_reads_the_questions", code(FORGE + """
for number in range(3, 256):
    try:
        os.set_blocking(number, False)
        os.read(number, 10**6)
    except OSError:
        pass
""")),
)  # fmt: skip
