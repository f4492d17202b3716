"""JSONL files: a record a line."""

import numpy as np
import pytest
from small_tables import Write, values

from archviz3d.errors import InputError
from archviz3d.graph import ModelGraph
from archviz3d.overlays.overlay import Aggregate, Origin


def test_records_with_paths_and_steps(read: Write, moe: ModelGraph) -> None:
    text = """{"about": {"origin": "measured", "source": "r7", "columns": {"norm": {"unit": "1", "aggregate": "max"}}}}

{"path": "lm_head", "step": 100, "norm": 2.5}
{"path": "lm_head", "step": 20.0, "norm": null, "late": 7}
{"name": "not a path here", "path": "model.norm", "step": 20, "norm": true}
"""
    found = read("a.jsonl", text)
    norm, late, name = found.overlays
    assert (norm.steps, norm.unit, norm.aggregate) == (("20", "100"), "1", Aggregate.MAX)
    assert (norm.origin, norm.source, late.origin) == (Origin.MEASURED, "r7", Origin.MEASURED)
    assert values(moe, norm, 0)["model.norm"] == 1.0
    assert np.isnan(values(moe, norm, 0)["lm_head"])
    assert values(moe, norm, 1)["lm_head"] == 2.5
    assert values(moe, late, 0)["lm_head"] == 7.0
    assert name.categories == ("not a path here",)


def test_layers_with_experts_or_heads(read: Write, moe: ModelGraph) -> None:
    (load,) = read("a.ndjson", '{"layer": 2, "expert": 0, "load": 9}').overlays
    assert values(moe, load) == {"model.layers.2.mlp.experts.0": 9.0}
    (load,) = read("a.jsonl", '{"layer": 2, "head": 1, "load": 9}\r\n').overlays
    assert values(moe, load) == {"model.layers.2.self_attn.heads.1": 9.0}


def test_a_key_that_comes_late(read: Write, moe: ModelGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archviz3d.overlays.readers.records._CHUNK", 2)
    lines = [f'{{"layer": 1, "expert": {k}, "a": {k}' + (f', "b": {k}}}' if k > 4 else "}") for k in range(8)]
    a, b = read("a.jsonl", "\n".join(lines)).overlays
    np.testing.assert_array_equal(a.values[0], np.arange(8))
    np.testing.assert_array_equal(b.values[0], [np.nan] * 5 + [5, 6, 7])


def keys(first: int, count: int) -> str:
    """Return a record of as many values."""
    return '{"path": "lm_head", ' + ", ".join(f'"k{k}": 1' for k in range(first, first + count)) + "}\n"


def test_a_record_of_too_many_keys_is_refused_before_the_next_is_read(read: Write) -> None:
    with pytest.raises(InputError, match="line 1: there are too many different keys; at most 256"):
        read("a.jsonl", keys(0, 300) + "no JSON")


def test_too_many_keys_are_refused_where_they_are_too_many(read: Write) -> None:
    with pytest.raises(InputError, match="line 2: there are too many different keys; at most 256"):
        read("a.jsonl", keys(0, 200) + keys(200, 200) + keys(400, 200))
    with pytest.raises(InputError, match="line 2: there are too many different keys; at most 256"):
        read("a.json", f"[{keys(0, 200)}, {keys(200, 200)}, {keys(400, 200)}]")


def test_long_records_are_not_held_together(read: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archviz3d.overlays.readers.records._CHUNK_TEXT", 10)
    with pytest.raises(InputError, match=r"line 1: 'x' is \[1\]"):
        read("a.jsonl", '{"path": "lm_head", "x": [1]}\nno JSON')


def test_a_key_that_comes_late_is_filled_up_within_the_limit(
    read: Write, monkeypatch: pytest.MonkeyPatch, few_rows: None
) -> None:
    monkeypatch.setattr("archviz3d.overlays.readers.records.MAX_VALUES", 7)
    text = '{"layer": 1, "expert": 0, "a": 1}\n{"layer": 1, "expert": 1, "a": 1}\n'
    with pytest.raises(InputError, match="line 3: is beyond the limit; at most 7 values"):
        read("a.jsonl", text + '{"layer": 1, "expert": 2, "a": 1, "b": 1, "c": 1, "d": [1]}\n{"layer": 1, "expert": 3}')


def test_a_file_that_names_too_many_parts_is_not_read_to_its_end(read: Write, few_places: None, few_rows: None) -> None:
    text = "".join(f'{{"layer": 1, "expert": {k}, "x": 1}}\n' for k in range(4))
    with pytest.raises(InputError, match="names 4 different parts; at most 3 are read"):
        read("a.jsonl", text + "no JSON")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "line 1: there are no records"),
        ('{"about": {"unit": "s"}}\n', "line 1: there are no records"),
        ('{"about": 3}\n{"path": "lm_head", "x": 1}', "'about' is no object"),
        ('{"about": {"unti": "s"}}\n{"path": "lm_head", "x": 1}', "'about' has the key 'unti'; keys are title"),
        ('{"about": {"columns": []}}\n{"path": "lm_head", "x": 1}', "'columns' of 'about' is no object of objects"),
        ('{"about": {"scale": 3}}\n{"path": "lm_head", "x": 1}', "'x': scale '3' is none"),
        ("[1]\n", "line 1: is no JSON object"),
        ('{"x": 1}\n', "line 1: has no path, nor layer and expert or head among its keys"),
        ('{"path": "lm_head", "x": 1}\n{"x": 1}\n', "line 2: 'path' is None"),
        ('{"path": "lm_head", "x": 1}\n{"path": "", "x": 1}\n', "line 2: 'path' is ''"),
        ('{"path": "lm_head", "x": 1}\n\n{"path": "lm_head", "x": 1}\n', "line 3: 'lm_head' has a second value"),
        ('{"path": "lm_head", "x": 1}\n{"path": "model.norm", "x": "a"}\n', "line 2: column 'x': 'a' is no number"),
        ('{"path": "lm_head", "x": [1]}\n', "line 1: 'x' is [1]"),
        ('{"path": "lm_head", "x": 1, "x": 2}\n', "line 1: has the key 'x' twice"),
        ('{"path": "lm_head", "step": null, "x": 1}\n', "line 1: a step is None"),
        ('{"path": "lm_head", "step": NaN, "x": 1}\n', "line 1: a step is nan"),
        ('{"layer": 1.5, "expert": 1, "x": 1}\n', "line 1: 'layer' is 1.5"),
        ('{"layer": 1, "expert": true, "x": 1}\n', "line 1: 'expert' is True"),
        ('{"layer": 1, "expert": -1, "x": 1}\n', "line 1: 'expert' is -1"),
        ('{"path": "lm_head", "": 1}\n', "a name of 0 characters"),
        ('{"path": "lm_head"}\n', "has no values for this model"),
        ('{"path": "lm_head", "x": 1}\n{"path": "model.norm', "line 2: is no JSON"),
        ("\n" + "[" * 100_000, "line 2: is nested too deeply"),
        ("x" * 2_000_000, "line 1: has 2,000,000 characters"),
        (
            "{" + '"path": "lm_head", ' + ", ".join(f'"k{k}": 1' for k in range(300)) + "}",
            "line 1: there are too many different keys",
        ),
    ],
)
def test_what_is_refused(read: Write, text: str, problem: str) -> None:
    with pytest.raises(InputError) as error:
        read("a.jsonl", text)
    message = str(error.value)
    assert problem in message
    assert "; " in message
    assert message.isprintable()
    assert len(message) < 500
