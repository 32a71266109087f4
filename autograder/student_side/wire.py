"""The language spoken over the boundary: plain values and arrays, never objects.

A frame is ``length of the head (4 bytes, big-endian) · length of the body (8 bytes) · head · body``.
The head is JSON; the body holds the raw bytes of the arrays that the head mentions, one after
another. Nothing is ever unpickled.

Values are tagged, so that what arrives says what it was: ``{"t": "array", "dtype": "<f8", "shape":
[2, 3]}``, ``{"t": "scalar", …}``, ``{"t": "tuple", "items": […]}``, ``{"t": "none"}``; what cannot
travel arrives as ``{"t": "other", "type": "…"}``.

On the student side a submission can put others in the place of what modules and their classes hold, ``json.dumps`` or
``np.ndarray``. So all that is needed there is taken here, before any of its code, and is written in C or stands in this file.
"""

import json
import math
import struct
from dataclasses import dataclass
from json.encoder import encode_basestring_ascii as _quoted
from typing import Any, BinaryIO

import numpy as np

MAX_FRAME_BYTES = 64 * 2**20
MAX_HEAD_BYTES = 4 * 2**20  # JSON takes many times its size when it is read
MAX_DEPTH = 8
MAX_ITEMS = 10_000
MAX_TEXT = 10_000
ITEM_BYTES = {
    np.dtype(code).str: np.dtype(code).itemsize
    for code in ("?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8")
}
TENSOR_DTYPES = {
    "float16": "<f2", "bfloat16": "<u2", "float32": "<f4", "float64": "<f8", "int64": "<i8", "bool": "|b1",
}  # fmt: skip
LAYOUTS = ("contiguous", "strided", "misaligned")
_PREFIX = struct.Struct(">IQ")
PREFIX_BYTES = _PREFIX.size
# NumPy's own numbers: what is derived from one computes when it is looked at.
_SCALARS = frozenset(kind for kind in np.sctypeDict.values() if np.dtype(kind).str in ITEM_BYTES)
_ARRAY, _contiguous, _as_array, _from_bytes = np.ndarray, np.ascontiguousarray, np.asarray, np.frombuffer
_read_json = json.JSONDecoder().scan_once
_NO_NUMBERS = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
_product = math.prod


class WireError(Exception):
    """What came over the pipe is not a frame of this protocol."""


@dataclass(frozen=True)
class Other:
    """Stands for a value that cannot travel. ``type`` is its type's name, for messages only."""

    type: str


@dataclass(frozen=True)
class Handle:
    """Names a value that stays on the student side."""

    id: int


@dataclass(frozen=True)
class Callback:
    """Names a function of the trusted side that the student side may call."""

    id: int


@dataclass(frozen=True)
class Stream:
    """A 1-D array that arrives as an iterator of floats which can be read once."""

    values: np.ndarray


@dataclass(frozen=True)
class Tensor:
    """Stands for a ``torch.Tensor``.

    raw: its numbers, contiguous; those of bfloat16 as the two bytes of each (``<u2``).
    dtype: PyTorch's name of the dtype, a key of ``TENSOR_DTYPES``.
    requires_grad: whether it arrives as a leaf that collects a gradient; of a tensor that was sent, its flag.
    layout: how it arrives: "contiguous", "strided" (a view with gaps along every axis) or
        "misaligned" (contiguous, beginning one element into its storage).
    """

    raw: np.ndarray
    dtype: str
    requires_grad: bool = False
    layout: str = "contiguous"


@dataclass(frozen=True)
class Stock:
    """Names a module of the course that is made on the student side (see ``torch_side.STOCK``)."""

    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True)
class Strided:
    """An array that arrives as a view with gaps, in Fortran order: the same values, not contiguous."""

    values: np.ndarray


def plain_kind(value: object) -> type | None:
    """Return tuple or list for whatever is a kind of one: a namedtuple arrives as a tuple."""
    return next((plain for plain in (tuple, list) if issubclass(type(value), plain)), None)


class _Encoder:
    def __init__(self) -> None:
        self.body: list[bytes] = []
        self.items = 0

    def array(self, values: np.ndarray) -> dict:
        self.body.append(_contiguous(values).tobytes())
        return {"dtype": values.dtype.str, "shape": list(values.shape)}

    def value(self, value: Any, depth: int = 0) -> dict:
        self.items += 1
        if depth > MAX_DEPTH or self.items > MAX_ITEMS:
            return {"t": "other", "type": "a structure nested too deep or too long"}
        if value is None:
            return {"t": "none"}
        if isinstance(value, Handle):
            return {"t": "handle", "id": value.id}
        if isinstance(value, Callback):
            return {"t": "callback", "id": value.id}
        if isinstance(value, Stream):
            return {"t": "stream", **self.array(value.values)}
        if isinstance(value, Strided):
            return {"t": "strided", **self.array(value.values)}
        if isinstance(value, Tensor):
            about = {"as": value.dtype, "layout": value.layout, "requires_grad": value.requires_grad}
            return {"t": "tensor", **about, **self.array(value.raw)}
        if isinstance(value, Stock):
            return {"t": "stock", "name": value.name, "arguments": self.value(value.arguments, depth + 1)}
        kind = type(value)
        if kind is _ARRAY:
            if value.dtype.str not in ITEM_BYTES:
                return {"t": "other", "type": f"an array of dtype {value.dtype.name}"}
            if value.nbytes > MAX_FRAME_BYTES // 2:
                return {"t": "other", "type": f"an array of {value.nbytes / 2**20:.0f} MiB"}
            return {"t": "array", **self.array(value)}
        if kind in _SCALARS:
            return {"t": "scalar", **self.array(_as_array(value))}
        if kind in (bool, int, float):
            if kind is int and abs(value) >= 2**63:
                return {"t": "other", "type": "an integer of more than 64 bits"}
            return {"t": kind.__name__, "value": value}
        if kind is str:
            return {"t": "str", "value": value[:MAX_TEXT]}
        plain = plain_kind(value)
        if plain:
            return {"t": plain.__name__, "items": [self.value(item, depth + 1) for item in plain.__iter__(value)]}
        if kind is dict and all(type(key) is str for key in value):
            pairs = [[key[:MAX_TEXT], self.value(item, depth + 1)] for key, item in value.items()]
            return {"t": "dict", "items": pairs}
        return {"t": "other", "type": kind.__name__[:100]}


class _Decoder:
    def __init__(self, body: memoryview) -> None:
        self.body = body
        self.at = 0
        self.items = 0

    def array(self, node: dict) -> np.ndarray:
        dtype, shape = node.get("dtype"), node.get("shape")
        if dtype not in ITEM_BYTES or not isinstance(shape, list) or len(shape) > 32:
            raise WireError("an array with an unknown dtype or shape")
        if not all(type(n) is int and 0 <= n < 2**40 for n in shape):
            raise WireError("an array with an impossible shape")
        size = _product(shape) * ITEM_BYTES[dtype]
        if size > len(self.body) - self.at:
            raise WireError("an array longer than its frame")
        raw = self.body[self.at : self.at + size]
        self.at += size
        return _from_bytes(raw, dtype=dtype).reshape(shape).copy()

    def value(self, node: Any, depth: int = 0) -> Any:
        self.items += 1
        if depth > MAX_DEPTH + 1 or self.items > MAX_ITEMS + 10 or not isinstance(node, dict):
            raise WireError("a malformed value")
        tag = node.get("t")
        if tag == "none":
            return None
        if tag in ("handle", "callback") and type(node.get("id")) is int:
            return Handle(node["id"]) if tag == "handle" else Callback(node["id"])
        if tag == "array":
            return self.array(node)
        if tag == "stream":
            return Stream(self.array(node))
        if tag == "strided":
            return Strided(self.array(node))
        if tag == "tensor":
            dtype, layout, flag = node.get("as"), node.get("layout"), node.get("requires_grad")
            raw = self.array(node)
            known = isinstance(dtype, str) and isinstance(layout, str) and layout in LAYOUTS and type(flag) is bool
            if not known or TENSOR_DTYPES.get(dtype) != raw.dtype.str:
                raise WireError("a tensor of an unknown kind")
            return Tensor(raw, dtype, flag, layout)
        if tag == "stock" and isinstance(node.get("name"), str):
            arguments = self.value(node.get("arguments"), depth + 1)
            if not isinstance(arguments, dict):
                raise WireError("a module without arguments")
            return Stock(node["name"], arguments)
        if tag == "scalar":
            return self.array(node)[()]
        if tag == "bool" and type(node.get("value")) is bool:
            return node["value"]
        if tag == "int" and type(node.get("value")) is int and abs(node["value"]) < 2**63:
            return node["value"]
        if tag == "float" and type(node.get("value")) in (int, float):
            return float(node["value"])
        if tag == "str" and isinstance(node.get("value"), str):
            return node["value"][:MAX_TEXT]
        if tag in ("tuple", "list") and isinstance(node.get("items"), list):
            items = [self.value(item, depth + 1) for item in node["items"]]
            return tuple(items) if tag == "tuple" else items
        if tag == "dict" and isinstance(node.get("items"), list):
            pairs = {}
            for pair in node["items"]:
                if not (isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str)):
                    raise WireError("a malformed mapping")
                pairs[pair[0]] = self.value(pair[1], depth + 1)
            return pairs
        if tag == "other" and isinstance(node.get("type"), str):
            return Other(node["type"][:200])
        raise WireError("a value of an unknown kind")


def pack(message: dict, values: Any = None) -> bytes:
    """Return the frame of ``message`` (JSON-able) with ``values`` (see the module) under ``values``."""
    return frame(message, *encode(values))


def encode(values: Any) -> tuple[dict, bytes]:
    """Return what ``frame`` makes a frame of: nothing that happens to the values afterwards changes it."""
    encoder = _Encoder()
    node = encoder.value(values)
    return node, b"".join(encoder.body)


def frame(message: dict, node: dict, body: bytes) -> bytes:
    """Return the frame of ``message`` with values that are encoded."""
    head = _as_json({**message, "values": node}).encode()
    return _PREFIX.pack(len(head), len(body)) + head + body


def frame_size(prefix: bytes) -> tuple[int, int]:
    """Return (bytes of head, bytes of body) that a prefix announces. Raises WireError if too many."""
    head, body = _PREFIX.unpack(prefix)
    if head > MAX_HEAD_BYTES or body > MAX_FRAME_BYTES:
        raise WireError(f"a frame of {(head + body) / 2**20:.0f} MiB; the limit is {MAX_FRAME_BYTES // 2**20}")
    return head, body


def unpack(head: bytes, body: bytes) -> tuple[dict, Any]:
    """Return (message, values) of a frame. Raises WireError on anything that is not one."""
    try:
        message = _loads(str(head, "utf-8"))
    except (ValueError, RecursionError) as error:
        raise WireError("a frame that is not JSON") from error
    if not isinstance(message, dict):
        raise WireError("a frame that is not a message")
    try:
        return message, _Decoder(memoryview(body)).value(message.pop("values", {"t": "none"}))
    except (ValueError, TypeError, OverflowError) as error:
        raise WireError("a malformed value") from error


def _as_json(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, float):
        text = float.__repr__(value)
        return _NO_NUMBERS.get(text, text)
    if isinstance(value, (list, tuple)):
        return f"[{', '.join([_as_json(item) for item in value])}]"
    if isinstance(value, dict):
        return "{%s}" % ", ".join([f"{_quoted(name)}: {_as_json(item)}" for name, item in value.items()])
    raise TypeError(f"a {type(value).__name__} is no JSON")


def _loads(text: str) -> Any:
    """Read JSON; half a character (a lone surrogate), which can't be written to a file, becomes "?"."""
    try:
        found, end = _read_json(text, 0)
    except StopIteration:
        raise ValueError("no JSON") from None
    if end != len(text):
        raise ValueError("more than one value")
    return _whole(found) if "\\u" in text else found


def _whole(found: Any) -> Any:
    if isinstance(found, str):
        return found.encode("utf-8", "replace").decode("utf-8")
    if isinstance(found, list):
        return [_whole(item) for item in found]
    if isinstance(found, dict):
        return {_whole(name): _whole(item) for name, item in found.items()}
    return found


def read_frame(stream: BinaryIO) -> tuple[dict, Any]:
    """Read one frame from a blocking stream. Raises EOFError at its end."""
    prefix = stream.read(PREFIX_BYTES)
    if len(prefix) < PREFIX_BYTES:
        raise EOFError
    head_size, body_size = frame_size(prefix)
    return unpack(stream.read(head_size), stream.read(body_size))
