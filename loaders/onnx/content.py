"""Whether the first bytes of a file are those of an ONNX model: protocol buffers have no magic number."""

from .wire import BYTES, VARINT, WireError, fields

__all__ = ["is_onnx"]

_ORT = b"ORTM"  # at byte 4: ONNX Runtime's own format, which the reader names in its error
_IR_VERSION, _GRAPH, _OPSET = 1, 7, 8
_WIRES = {_IR_VERSION: VARINT, 5: VARINT} | dict.fromkeys((2, 3, 4, 6, _GRAPH, _OPSET, 14, 20, 25, 26), BYTES)
_TEXTS = (2, 3, 4)
_MAX_IR_VERSION = 1000  # 14 in 2026
_GRAPH_FIELDS = frozenset((1, 2, 5, 10, 11, 12, 13, 14, 15, 16))


def is_onnx(head: bytes, size: int) -> bool:
    """Return whether `head` begins an ONNX model of `size` bytes.

    All of its first fields must be ModelProto's, with texts where texts belong: a TensorFlow SavedModel begins with
    the same version number, but has a message where ONNX has the name of its producer.
    """
    if head[4:8] == _ORT:
        return True
    seen: set[int] = set()
    try:
        for number, wire, a, b in fields(head, 0, size):
            if _WIRES.get(number) != wire or (number == _IR_VERSION and not 0 < a <= _MAX_IR_VERSION):
                return False
            if number in _TEXTS and not _is_text(head[a:b]):
                return False
            if number == _GRAPH and a < b and a < len(head) and head[a] >> 3 not in _GRAPH_FIELDS:
                return False
            seen.add(number)
            if wire == BYTES and b >= len(head):
                break
    except WireError:
        return False
    return _IR_VERSION in seen and bool(seen & {_GRAPH, _OPSET, 6})


def _is_text(data: bytes) -> bool:
    return data.decode(errors="replace").isprintable()
