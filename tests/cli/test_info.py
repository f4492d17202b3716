import json
from pathlib import Path

from archviz3d.cli.main import run

SAMPLE = str(Path(__file__).resolve().parents[2] / "resources" / "sample.pt")
# DESIGN 8, schema 1: scripts rely on these names.
KEYS = [
    "schema",
    "path",
    "format",
    "name",
    "parameters",
    "main_parameters",
    "stored_elements",
    "bytes",
    "tensors",
    "modules",
    "operators",
    "edges",
    "layers",
    "stacks",
    "experts",
    "experts_per_layer",
    "experts_per_token",
    "shared_experts",
    "moe_layers",
    "attention",
    "dtypes",
    "warnings",
]


def test_json_has_the_keys_of_schema_1(capsys):
    assert run(["info", SAMPLE, "--json"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert list(summary) == KEYS
    assert summary["schema"] == 1
    assert summary["path"] == SAMPLE
    assert set(summary["attention"]) == {"heads", "kv_heads", "head_dim"}
    assert all(set(stack) == {"path", "layers", "kinds"} for stack in summary["stacks"])
    assert all(set(dtype) == {"tensors", "elements", "bytes"} for dtype in summary["dtypes"].values())
    for key, total in {"tensors": "tensors", "elements": "stored_elements", "bytes": "bytes"}.items():
        assert sum(dtype[key] for dtype in summary["dtypes"].values()) == summary[total]


def test_text_names_the_model_and_what_is_in_it(capsys):
    assert run(["info", SAMPLE, "--json"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert run(["info", SAMPLE]) == 0
    text = capsys.readouterr().out
    assert text.startswith(f"{summary['name']}  ({summary['format']})\n")
    assert f"{summary['experts']} routed experts: {summary['experts_per_layer']} in each" in text
    assert f"attention: {summary['attention']['heads']} heads" in text


def test_the_tree_folds_equal_neighbours_and_stops_at_its_depth(capsys):
    assert run(["info", SAMPLE]) == 0
    summary = capsys.readouterr().out
    assert run(["info", SAMPLE, "--tree", "1"]) == 0
    shallow = capsys.readouterr().out.removeprefix(summary).splitlines()
    assert run(["info", SAMPLE, "--tree", "9"]) == 0
    deep = capsys.readouterr().out.removeprefix(summary).splitlines()
    assert all(line.startswith("  ") and line[2] != " " for line in shallow)
    assert [line for line in deep if line[2] != " "] == shallow
    assert any(" ×)  expert" in line for line in deep)
