"""Files with values for a small mixture of experts."""

import sys
from pathlib import Path

import pytest

from archviz3d.graph import ModelGraph
from archviz3d.overlays.readers import ReadOverlays, read_overlays

_HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(_HERE), str(_HERE.parents[1] / "graph" / "roles")]  # helpers, and tables of small models

from small_tables import Write, built  # noqa: E402 - found by the line above


@pytest.fixture(scope="session")
def moe() -> ModelGraph:
    """Return a DeepSeek-V3 in small: layers 1 and 2 have 8 experts each, as has the MTP layer 3."""
    from schools import SCHOOLS

    school = SCHOOLS["deepseek-v3"]
    return built(school.shapes, school.config)


@pytest.fixture
def read(moe: ModelGraph, tmp_path: Path) -> Write:
    """Return a function that writes a file and reads it for the small model."""

    def write(name: str, content: str | bytes, graph: ModelGraph = moe) -> ReadOverlays:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_overlays(path, graph)

    return write


@pytest.fixture
def few_places(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let files name no more than three different parts."""
    monkeypatch.setattr("archviz3d.overlays.readers.places._MANY_PLACES", 3)
    monkeypatch.setattr("archviz3d.overlays.readers.places._PLACES_A_NODE", 0)


@pytest.fixture
def few_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read CSV and JSONL two rows at once."""
    for name in ("csv_table", "records"):
        monkeypatch.setattr(f"archviz3d.overlays.readers.{name}._CHUNK", 2)
