"""The example that writes a table of expert loads, read back."""

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from small_tables import Write, built

from archviz3d.graph import ModelGraph
from archviz3d.overlays.overlay import Aggregate, Figure, Origin

SCRIPT = Path(__file__).resolve().parents[3] / "examples" / "expert_load.py"


@pytest.fixture(scope="module")
def example() -> ModuleType:
    spec = importlib.util.spec_from_file_location("expert_load", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_table_is_read_back_as_synthetic(example: ModuleType, read: Write, moe: ModelGraph) -> None:
    text = example.table(moe, 3)
    assert text == example.table(moe, 3), "it is the same every time"
    found = read("load.csv", text)
    (load,) = found.overlays
    assert (load.name, load.unit, load.origin) == ("expert-load", "tokens", Origin.SYNTHETIC)
    assert (load.aggregate, load.figure, load.steps) == (Aggregate.SUM, Figure.COUNT, ("1000", "2000", "3000"))
    assert (found.report.matched, found.report.unmatched_count, found.warnings) == (2 * 8, 0, ())
    top_k = moe.attribute(moe.id_of("model.layers.1.mlp"), "top_k")
    np.testing.assert_allclose(load.values.sum(axis=1), 2 * example.TOKENS * top_k, atol=2 * 8)


def test_loads_are_skewed_and_some_experts_are_dead(example: ModuleType) -> None:
    tokens = example.loads(10_000, 5, 8, np.random.default_rng(0))
    dead = (tokens == 0).all(axis=0)
    assert 0.005 < dead.mean() < 0.015
    assert ((tokens == 0).any(axis=0) == dead).all(), "what is dead is so at every step"
    assert tokens.max() > 10 * np.median(tokens)


def test_a_model_without_experts_has_no_loads(example: ModuleType) -> None:
    assert example.experts_of_layers(built({"layers.0.weight": (2, 2)})) == {}
