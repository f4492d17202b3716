"""Files to read: safetensors by hand, so that every lie can be told."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SafetensorsWriter = Callable[..., Path]


@pytest.fixture
def write_safetensors(tmp_path: Path) -> SafetensorsWriter:
    """Return a function that writes a header (a dict, or JSON text) and so many bytes of data."""

    def write(
        header: dict[str, Any] | str | bytes,
        data: int = 0,
        name: str = "model.safetensors",
        length: int | None = None,
    ) -> Path:
        raw = json.dumps(header) if isinstance(header, dict) else header
        raw = raw.encode() if isinstance(raw, str) else raw
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((len(raw) if length is None else length).to_bytes(8, "little") + raw + bytes(data))
        return path

    return write


@pytest.fixture
def two_tensors() -> dict[str, Any]:
    """Return a header of 24 bytes of data."""
    return {
        "__metadata__": {"format": "pt"},
        "a.weight": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]},
        "a.bias": {"dtype": "BF16", "shape": [4], "data_offsets": [16, 24]},
    }
