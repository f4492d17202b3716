"""Configs as published, and small ones that any machine can make."""

import json
from pathlib import Path
from typing import Any

import pytest

PUBLISHED: dict[str, dict[str, Any]] = json.loads((Path(__file__).parents[2] / "data" / "configs.json").read_text())


@pytest.fixture
def without_transformers(monkeypatch: pytest.MonkeyPatch) -> None:
    from archviz3d.loaders.config_tree import reader

    monkeypatch.setattr(reader, "is_installed", lambda: False)
