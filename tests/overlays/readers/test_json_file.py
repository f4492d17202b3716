"""JSON files of our own forms, against values that can be checked by eye; what is refused."""

import json
from typing import Any

import numpy as np
import pytest
from small_tables import Write, values

from archviz3d.errors import InputError
from archviz3d.graph import ModelGraph
from archviz3d.overlays.overlay import Aggregate, Figure, Origin, Scale

GATE, UP = "model.layers.1.mlp.experts.7.gate_proj", "model.layers.1.mlp.experts.7.up_proj"


def test_a_value_a_path(read: Write, moe: ModelGraph) -> None:
    found = read(
        "sparsity of it.json", f'\ufeff{{"{GATE}": 0.25, "{UP}": null, "lm_head": NaN, "module.model.norm": 1}}'
    )
    (overlay,) = found.overlays
    assert overlay.name == "sparsity-of-it"
    assert overlay.origin is Origin.TABLE
    got = values(moe, overlay)
    assert (got[GATE], got["model.norm"]) == (0.25, 1.0)
    assert np.isnan([got[UP], got["lm_head"]]).all()
    assert found.report.renamed == 1


def test_metrics_a_path(read: Write, moe: ModelGraph) -> None:
    content = {GATE: {"norm": 2, "state": "dead"}, UP: {"norm": 3}, "lm_head": {"state": "alive"}}
    norm, state = read("a.json", json.dumps(content)).overlays
    assert values(moe, norm) == {GATE: 2.0, UP: 3.0}
    assert values(moe, state) == {GATE: 0.0, "lm_head": 1.0}
    assert state.categories == ("dead", "alive")


def test_the_full_form(read: Write, moe: ModelGraph) -> None:
    content = {
        "schema": 1,
        "overlays": [
            {
                "name": "grad",
                "title": "Gradient",
                "unit": "1",
                "definition": "norm of the gradient",
                "source": "run 3",
                "origin": "measured",
                "aggregate": "norm",
                "scale": "log",
                "figure": "plain",
                "diverging": True,
                "steps": [20, 3.0, "x"],
                "values": {GATE: [1, None, 3], "lm_head": [4, 5, 6], "gone": [7, 8, 9]},
            },
            {"name": "kind", "values": {UP: "a", "lm_head": "b"}},
        ],
    }
    found = read("a.json", json.dumps(content))
    grad, kind = found.overlays
    assert (grad.name, grad.title, grad.unit, grad.definition) == ("grad", "Gradient", "1", "norm of the gradient")
    assert (grad.source, grad.origin, grad.aggregate, grad.scale) == (
        "run 3", Origin.MEASURED, Aggregate.NORM, Scale.LOG,
    )  # fmt: skip
    assert (grad.figure, grad.diverging, grad.steps) == (Figure.PLAIN, True, ("20", "3", "x"))
    np.testing.assert_array_equal([values(moe, grad, step)[GATE] for step in range(3)], [1, np.nan, 3])
    assert [values(moe, grad, step)["lm_head"] for step in range(3)] == [4, 5, 6]
    assert (kind.name, kind.figure, kind.aggregate, kind.steps) == ("kind", Figure.CATEGORY, Aggregate.MOST, ())
    assert values(moe, kind) == {UP: 0.0, "lm_head": 1.0}
    assert (found.report.matched, found.report.unmatched) == (3, ("gone",))


def test_steps_in_order_of_their_numbers(read: Write, moe: ModelGraph) -> None:
    entry = {"name": "x", "steps": [20, 3], "values": {"lm_head": [1, 2]}}
    (x,) = read("a.json", json.dumps({"schema": 1, "overlays": [entry]})).overlays
    assert x.steps == ("3", "20")
    assert [values(moe, x, step)["lm_head"] for step in (0, 1)] == [2, 1]


def test_an_array_of_records(read: Write, moe: ModelGraph) -> None:
    content = [{"layer": 1, "expert": 7, "step": 1, "load": 5}, {"layer": 1, "expert": 7, "step": 2, "load": 6}]
    (load,) = read("a.json", json.dumps(content)).overlays
    assert [values(moe, load, step) for step in (0, 1)] == [
        {"model.layers.1.mlp.experts.7": 5.0},
        {"model.layers.1.mlp.experts.7": 6.0},
    ]


def full(**changed: Any) -> str:
    entry = {"name": "x", "values": {"lm_head": 1}} | changed
    return json.dumps({"schema": 1, "overlays": [{key: value for key, value in entry.items() if value != "DROP"}]})


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "line 1: is no JSON (Expecting value)"),
        ('{\n"lm_head": 1,\n}', "line 3: is no JSON"),
        ("{}", "with something in it"),
        ("[]", "no records"),
        ("3", "is no JSON object"),
        ("[1]", "other things than objects"),
        ('[{"x": 1}]', "line 1: has no path, nor layer and expert"),
        ('{"lm_head": 1, "lm_head": 2}', "has the key 'lm_head' twice in one object"),
        ('{"lm_head": {"x": 1, "x": 2}}', "has the key 'x' twice in one object"),
        ('{"lm_head": [1, 2]}', "'lm_head' has [1, 2]; a number"),
        ('{"lm_head": 1, "model.norm": {"x": 1}}', "'model.norm' has {'x': 1}; a number"),
        ('{"lm_head": {"x": 1}, "model.norm": 1}', "'model.norm' has 1, other keys have objects"),
        ('{"lm_head": {"x": {"y": 1}}}', "'lm_head' has {'y': 1}"),
        ('{"lm_head": {}}', "has no values"),
        ('{"": 1}', "a name of 0 characters"),
        ('{"lm_head": {"": 1}}', "a name of 0 characters"),
        (json.dumps({"a" * 2000: 1}), "a name of 2,000 characters"),
        ('{"lm_head": 1, "model.norm": "one"}', "'one' is no number"),
        ('{"lm_head": ' + "[" * 100_000, "nested too deeply"),
        ('{"lm_head": ' + "[" * 20 + "]" * 20 + "}", "nested too deeply"),
        ('{"lm_head": ' + "1" * 5000 + "}", "an integer of 5,000 digits"),
        ("[" + "[]," * 2_000_001 + "[]]", "is too much JSON"),
        ('{"a": 1' + ',"":1' * 2_000_000 + "}", "is too much JSON; at most 67,108,864 characters, 2,000,000 objects"),
        ('{"\\ud800": 1}', "nothing in it matches the model: it names '\\ud800'; the model has"),
        (json.dumps({"lm_head": {f"metric {k}": 1 for k in range(300)}}), "too many metrics"),
        ('{"schema": 2, "overlays": []}', "has schema 2; 1 is read"),
        ('{"schema": true, "overlays": []}', "has schema True; 1 is read"),
        ('{"schema": 1, "overlays": []}', "has no values"),
        ('{"schema": 1, "overlays": [3]}', "overlay 1 has no values"),
        (full(values="DROP"), "overlay 1 has no values"),
        (full(values={}), "has no values"),
        (full(values=[1]), "overlay 1 has no values"),
        (full(colour="red"), "overlay 1 has the key 'colour'; keys are aggregate"),
        (full(name=3), "overlay 1: name is no text"),
        (full(title=3), "overlay 1: title is no text"),
        (full(title="a" * 2000), "overlay 1: title has 2,000 characters"),
        (full(origin="dreamt"), "overlay 1: origin 'dreamt' is none; it may be declared, derived, measured, synthetic"),
        (full(aggregate=["sum"]), "overlay 1: aggregate \"['sum']\" is none"),
        (full(steps=[]), "overlay 1: steps is no array of 1 to 10,000 names"),
        (full(steps=[1, 1], values={"lm_head": [1, 2]}), "overlay 1: steps has a step twice"),
        (full(steps=[True], values={"lm_head": [1]}), "overlay 1: a step is True"),
        (full(steps=[1, 2]), "overlay 1: 'lm_head' has 1; an array of 2 values, one a step, is needed"),
        (full(steps=[1, 2], values={"lm_head": [1]}), "overlay 1: 'lm_head' has [1]; an array of 2 values"),
        (full(values={"lm_head": [1]}), "overlay 1: 'lm_head' has [1]; a number, a text or null is needed"),
        (json.dumps({"schema": 1, "overlays": [{"values": {"lm_head": 1}}] * 300}), "has 300 overlays"),
    ],
)  # fmt: skip
def test_what_is_refused(read: Write, text: str, problem: str) -> None:
    with pytest.raises(InputError) as error:
        read("a.json", text)
    message = str(error.value)
    assert "a.json: " in message
    assert problem in message
    assert "; " in message
    assert message.isprintable()
    assert len(message) < 500


METRICS = [{"kind": "node", "target": str(k), "name": "x", "value": 1} for k in range(4)]


@pytest.mark.parametrize(
    "content",
    [
        {"a": 1, "b": 1, "c": 1, "d": [1]},
        {"schema": 1, "overlays": [{"values": {"a": 1, "b": 1, "c": 1, "d": [1]}}]},
        {"results": {name: {"value": [1]} for name in "abcd"}},
        {"signature": "netron:attachment", "metrics": [*METRICS, METRICS[0] | {"value": [1]}]},
    ],
)  # fmt: skip
def test_a_file_that_names_too_many_parts_is_not_read_to_its_end(read: Write, few_places: None, content: Any) -> None:
    with pytest.raises(InputError, match="names 4 different parts; at most 3 are read"):
        read("a.json", json.dumps(content))
