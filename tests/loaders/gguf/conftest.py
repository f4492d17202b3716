"""GGUF files by hand: every version, every byte order, every lie."""

import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

# One type a Python type is enough; what else there is comes as (type, value).
U8, I8, U16, I16, U32, I32, F32, BOOL, STRING, ARRAY, U64, I64, F64 = range(13)
_LETTERS = {U8: "B", I8: "b", U16: "H", I16: "h", U32: "I", I32: "i", F32: "f", BOOL: "?", U64: "Q", I64: "q", F64: "d"}

Tensor = tuple[str | bytes, Sequence[int], int, int]  # name, shape (outermost first), ggml type, offset
MakeGguf = Callable[..., bytes]


def gguf_bytes(
    tensors: Sequence[Tensor] = (),
    metadata: dict[str, tuple[int, Any]] | Sequence[tuple[str, tuple[int, Any]]] = (),
    *,
    data: int = 0,
    version: int = 3,
    order: str = "<",
    counts: tuple[int, int] | None = None,
    alignment: int = 32,
) -> bytes:
    """Return a file's bytes.

    Parameters
    ----------
    data : int
        Bytes after the header and its padding.
    counts : (int, int), optional
        Numbers of tensors and of metadata entries to announce; by default the true ones.
    """
    word = "I" if version == 1 else "Q"

    def pack(letters: str, *values: Any) -> bytes:
        return struct.pack(order + letters, *values)

    def text(value: str | bytes) -> bytes:
        raw = value.encode() if isinstance(value, str) else value
        return pack(word, len(raw)) + raw

    def value_of(kind: int, value: Any) -> bytes:
        if kind == STRING:
            return text(value)
        if kind == ARRAY:
            inner, items = value
            return pack("I", inner) + pack(word, len(items)) + b"".join(value_of(inner, item) for item in items)
        return pack(_LETTERS[kind], value)

    pairs = list(metadata.items()) if isinstance(metadata, dict) else list(metadata)
    raw = b"GGUF" + pack("I", version) + pack(f"2{word}", *(counts or (len(tensors), len(pairs))))
    for key, (kind, value) in pairs:
        raw += text(key) + pack("I", kind) + value_of(kind, value)
    for name, shape, kind, offset in tensors:
        raw += text(name) + pack(f"I{len(shape)}{word}IQ", len(shape), *reversed(shape), kind, offset)
    return raw + bytes(-len(raw) % alignment) + bytes(data)


@pytest.fixture
def write_gguf(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes `gguf_bytes` of its arguments into a file."""

    def write(*arguments: Any, name: str = "model.gguf", **options: Any) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gguf_bytes(*arguments, **options))
        return path

    return write
