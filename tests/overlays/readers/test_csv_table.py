"""CSV files, against values that can be checked by eye."""

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_tables import Write, built, values

from archviz3d.errors import InputError
from archviz3d.graph import ModelGraph
from archviz3d.overlays.overlay import Aggregate, Figure, Origin, Scale
from archviz3d.overlays.readers import read_overlays

GATE, UP = "model.layers.1.mlp.experts.7.gate_proj", "model.layers.1.mlp.experts.7.up_proj"
KEYS = {"path", "node", "module", "name", "step", "layer", "expert", "head"}  # columns that have no values


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_paths_and_numbers(read: Write, moe: ModelGraph, delimiter: str, bom: str, end: str) -> None:
    rows = [("path", "norm", "rank"), (GATE, "1.5", "-3"), (UP, "", "4e-2")]
    found = read("a.csv", bom + end.join(delimiter.join(row) for row in rows) + end)
    norm, rank = found.overlays
    assert values(moe, norm)[GATE] == 1.5
    assert np.isnan(values(moe, norm)[UP])
    assert values(moe, rank) == {GATE: -3.0, UP: np.float32(0.04)}
    assert (norm.name, norm.title, norm.unit, norm.origin, norm.source) == ("norm", "norm", "", Origin.TABLE, "a.csv")
    assert (norm.aggregate, norm.diverging, rank.diverging) == (Aggregate.MEAN, False, True)
    assert (found.report.matched, found.report.renamed, found.report.unmatched_count) == (2, 0, 0)


def test_layers_and_experts_over_steps(read: Write, moe: ModelGraph) -> None:
    found = read("a.csv", "layer,expert,step,load\n1,7,200,5\n1,7,30,4\n2,0,200,3\n3,1,30,2\n9,0,30,1\n")
    (load,) = found.overlays
    assert load.steps == ("30", "200")
    first, second = values(moe, load, 0), values(moe, load, 1)
    assert first["model.layers.1.mlp.experts.7"] == 4
    assert np.isnan(first["model.layers.2.mlp.experts.0"])
    assert first["model.layers.3.mlp.experts.1"] == 2, "layers count as in the model's paths; layer 3 is the MTP layer"
    assert second["model.layers.1.mlp.experts.7"] == 5
    assert second["model.layers.2.mlp.experts.0"] == 3
    assert found.report.unmatched == ("layer 9, expert 0",)
    assert (found.report.matched, found.report.nodes_without) == (3, 3 * 8 - 3)


def test_heads_and_whole_layers(read: Write, moe: ModelGraph) -> None:
    (entropy,) = read("a.csv", "Layer, Head ,entropy\n2,3,0.5\n").overlays
    assert values(moe, entropy) == {"model.layers.2.self_attn.heads.3": 0.5}
    (depth,) = read("a.csv", "layer,score\n2.0,7\n").overlays
    assert values(moe, depth) == {"model.layers.2": 7.0}


def test_comments_give_the_facts(read: Write) -> None:
    text = """# title: Routing
# a note, with no key
# load.unit: tokens
# load.title: Expert load
# definition: tokens sent to the expert; counted: by hand
# source: run 7
# Origin: measured
# load.aggregate: sum
# load.figure: count
# scale: log
# share.diverging: yes
layer,expert,load,share
1,0,5,0.5
"""
    load, share = read("a.csv", text).overlays
    assert (load.name, load.title, load.unit) == ("expert-load", "Expert load", "tokens")
    assert load.definition == share.definition == "tokens sent to the expert; counted: by hand"
    assert (load.source, load.origin, load.aggregate) == ("run 7", Origin.MEASURED, Aggregate.SUM)
    assert (load.figure, load.scale, load.diverging) == (Figure.COUNT, Scale.LOG, False)
    assert (share.name, share.unit, share.aggregate, share.diverging) == ("routing", "", Aggregate.MEAN, True)


def test_one_title_for_two_columns(read: Write) -> None:
    found = read("a.csv", "# title: Load\nlayer,expert,train,test\n1,0,5,6\n")
    assert [overlay.title for overlay in found.overlays] == ["Load: train", "Load: test"]


def test_texts_are_categories(read: Write, moe: ModelGraph) -> None:
    (state,) = read("a.csv", f"path,state\n{GATE},good\n{UP},\nmodel.norm,bad\nlm_head,good\n").overlays
    assert (state.figure, state.categories, state.aggregate) == (Figure.CATEGORY, ("good", "bad"), Aggregate.MOST)
    found = values(moe, state)
    assert (found[GATE], found["model.norm"], found["lm_head"]) == (0, 1, 0)
    assert np.isnan(found[UP])


def test_many_texts_are_no_categories(read: Write) -> None:
    rows = "".join(f"{layer},{expert},1,text {layer} {expert}\n" for layer in (1, 2, 3) for expert in range(8))
    many = "".join(f"{k},0,,other {k}\n" for k in range(10, 60))
    found = read("a.csv", "layer,expert,x,note\n" + rows + many)
    assert [overlay.name for overlay in found.overlays] == ["x"]
    assert found.warnings == ("'note' has more than 64 different texts: not shown",)


def test_what_is_infinite_is_no_data_and_said(read: Write, moe: ModelGraph) -> None:
    found = read("a.csv", "layer,expert,x\n1,0,inf\n1,1,1e39\n1,2,-Infinity\n1,3,NaN\n1,4,2\n")
    (x,) = found.overlays
    assert np.isnan(x.values[0]).sum() == 4
    assert found.warnings == ("'x': 3 values are infinite or over 3.4e38, shown as no data",)


def test_odd_but_right(read: Write, moe: ModelGraph) -> None:
    text = f'# load.unti: tokens\n\n"path","load","an ""odd"", name",\n"{GATE}", 5 ,NA,0\n\n{UP},6,7,1\n'
    found = read("a.tsv", text)
    assert [overlay.name for overlay in found.overlays] == ["load", "an-odd-name"]
    assert values(moe, found.overlays[0]) == {GATE: 5.0, UP: 6.0}
    assert found.warnings == (
        "line 1: 'unti' says nothing; did you mean 'unit'?",
        "a column without a name is not shown",
    )


def test_a_column_with_nothing_on_the_model(read: Write) -> None:
    found = read("a.csv", "layer,expert,x,y\n1,0,1,\n9,9,1,2\n")
    assert [overlay.name for overlay in found.overlays] == ["x"]
    assert found.warnings == ("'y' has no value on any part of the model: not shown",)


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("", 1, "no table"),
        ("# title: x\n", 1, "no table"),
        ("\n\n\n", 1, "no table"),
        ("layer,expert,x\n", 1, "no rows"),
        ('""\n', 1, "no path, nor layer and expert or head among its columns"),
        ('"\n', 1, "is no CSV"),
        ("path," + "x" * 200_000 + "\nlm_head,1\n", 1, "is no CSV"),
        ("x,y\n1,2\n", 1, "no path, nor layer and expert or head among its columns"),
        ("layer,expert,head,x\n1,2,3,4\n", 1, "both expert and head"),
        ("expert,x\n1,2\n", 1, "no path, nor"),
        ("path,x,x\nlm_head,1,2\n", 1, "the column 'x' twice"),
        ("path\nlm_head\n", 1, "no column of values"),
        ("path,x\nlm_head,1\nmodel.norm\n", 3, "has 1 cell"),
        ("path,x\nlm_head,1,2\n", 2, "has 3 cells"),
        ("path,x\nlm_head,1\nmodel.norm,one\n", 3, "'one' is no number"),
        ("path,x\nlm_head,1\nmodel.norm,1_000\n", 3, "'1_000' is no number"),
        ("path;x\nlm_head;0,5\n", 2, "'0,5' has a comma in it"),
        ('path,x\nlm_head,"1,000"\n', 2, "'1,000' has a comma in it"),
        ("path,x\n,1\n", 2, "'path' is empty"),
        ("path,step,x\nlm_head,,1\n", 2, "'step' is empty"),
        ("layer,expert,x\n1,-1,5\n", 2, "'-1' is no number of a part"),
        ("layer,expert,x\n1,0,5\n1,1.5,5\n", 3, "'1.5' is no number of a part"),
        ("layer,expert,x\n1,1_0,5\n", 2, "'1_0' is no number of a part"),
        ("layer,expert,x\n1,99999999999999999999,5\n", 2, "is no number of a part"),
        (
            "layer,expert,step,x\n1,0,10,5\n1,1,10,5\n1,0,10,6\n",
            4,
            "'layer 1, expert 0' has a second value at step '10'",
        ),
        ("path,x\nlm_head,1\n\nlm_head,2\n", 4, "'lm_head' has a second value (the first is in line 2)"),
        ("# origin: invented\npath,x\nlm_head,1\n", 1, "origin 'invented' is none"),
        ("# origin: table\npath,x\nlm_head,1\n", 1, "origin 'table' is none"),
        ("# x.scale: cubic\npath,x\nlm_head,1\n", 1, "scale 'cubic' is none"),
        ('path,x\n"lm_head,1\n', 2, "is no CSV"),
        ('path,x\nlm_head,"1"2\n', 2, "is no CSV"),
        ("path,x\nlm_head," + "1" * 200_000 + "\n", 2, "is no CSV"),
        (f"path,x\n{'a' * 2000},1\n", 2, "'path' is too long"),
        (f"path,{'x' * 2000}\nlm_head,1\n", 1, "a name that is too long"),
        ("path," + ",".join(f"c{k}" for k in range(300)) + "\n", 1, "has 301 columns"),
        ("#\n" * 2000, 1001, "does not begin"),
        ("x" * 2_000_000, 1, "has 2,000,000 characters"),
        ("path,x\nlm_head" + ",1" * 1_000_000 + "\n", 2, "has 2,000,008 characters; at most 1,048,576"),
        ('path,x\nlm_head,1\n"' + 'a\n","' * 300_000, 3, "begins a row of over 1,048,576 characters"),
        ("path,x\n\0\0,1\n", 2, "has a NUL character"),
        ("path,x\nlm_head,1\0", 2, "has a NUL character"),
    ],
)
def test_what_is_refused(read: Write, text: str, line: int, problem: str) -> None:
    with pytest.raises(InputError) as error:
        read("a.csv", text)
    message = str(error.value)
    assert f"a.csv: line {line:,}: " in message
    assert problem in message
    assert "; " in message
    assert message.isprintable()
    assert len(message) < 500


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "path,x\nno.such,1\nnor.this,2\n\x1b[31m,3\nd,4\n",
            "names 'no.such', 'nor.this', '\\x1b[31m'; the model has 'model.",
        ),
        ("layer,expert,x\n50,1,1\n", "names 'layer 50, expert 1'; the model has 'model.layers.1.mlp.experts.0'"),
        ("path,x\nlm_head,nan\n", "has no values for this model"),
        ("# figure: category\npath,x\nlm_head,1\n", "is said to be a category"),
        ("# aggregate: most\npath,x\nlm_head,1\n", "is to show what most parts have"),
        ("layer,expert,step,x\n" + "".join(f"1,0,{k},1\n" for k in range(10_001)), "10,001 steps"),
    ],
)
def test_what_is_refused_as_a_whole(read: Write, text: str, problem: str) -> None:
    with pytest.raises(InputError) as error:
        read("a.csv", text)
    assert problem in str(error.value)
    assert str(error.value).isprintable()


def test_steps_and_places_that_would_fill_the_memory(read: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archviz3d.overlays.readers.table.MAX_DENSE", 99)
    text = "path,step,x\n" + "".join(f"part {k},{k},1\n" for k in range(10))
    with pytest.raises(InputError, match="has 10 steps of 10 places and 1 column; at most 99 values"):
        read("a.csv", text)


def test_a_file_that_names_too_many_parts_is_not_read_to_its_end(read: Write, few_places: None, few_rows: None) -> None:
    with pytest.raises(InputError, match="names 4 different parts; at most 3 are read"):
        read("a.csv", "layer,expert,x\n1,0,1\n1,1,1\n1,2,1\n1,3,1\n1,4,no number\n")


def test_a_file_with_too_many_steps_is_not_read_to_its_end(
    read: Write, monkeypatch: pytest.MonkeyPatch, few_rows: None
) -> None:
    monkeypatch.setattr("archviz3d.overlays.readers.reading.MAX_STEPS", 3)
    with pytest.raises(InputError, match="has 4 steps; at most 3 are read"):
        read("a.csv", "path,step,x\nlm_head,1,1\nlm_head,2,1\nlm_head,3,1\nlm_head,4,1\nlm_head,5,no number\n")


def test_a_row_of_too_many_cells_is_refused_before_the_next_is_read(read: Write) -> None:
    with pytest.raises(InputError, match="line 2: has 3 cells; 2 as in the header"):
        read("a.csv", 'path,x\nlm_head,1,2\n"no end\n')


def test_long_comments_are_free_text(read: Write) -> None:
    text = f"#{'#' * 200_000}\n# {'a' * 5000}.unit: s\n#{' ' * 200_000}!\n# x.unit: tokens\npath,x\nlm_head,1\n"
    found = read("a.csv", text)
    assert (found.overlays[0].unit, found.warnings) == ("tokens", ())


def test_columns_and_facts_with_colons(read: Write) -> None:
    text = "# a:b.unit: s\n# definition: a.scale: log\n# url: http://x.unit\npath,a:b\nlm_head,1\n"
    (overlay,) = read("a.csv", text).overlays
    assert (overlay.unit, overlay.definition, overlay.scale) == ("s", "a.scale: log", Scale.LINEAR)


def test_a_file_with_too_many_cells(read: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archviz3d.overlays.readers.csv_table.MAX_VALUES", 8)
    with pytest.raises(InputError, match="line 4: is beyond the limit; at most 8 cells"):
        read("a.csv", "layer,expert,x\n1,0,1\n1,1,1\n1,2,1\n")


def test_bytes_that_are_no_text(read: Write) -> None:
    with pytest.raises(InputError, match=r"line 2: is no UTF-8 text; save"):
        read("a.csv", b"path,x\nl\xffm,1\n")


def test_a_model_without_experts(read: Write) -> None:
    plain = built({"layers.0.weight": (2, 2), "layers.1.weight": (2, 2)})
    with pytest.raises(InputError, match="the model has no experts"):
        read("a.csv", "layer,expert,x\n0,0,1\n", plain)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    title=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20).filter(
        lambda text: text.strip() and text.strip().casefold() not in KEYS
    ),
    numbers=st.lists(st.floats(width=32, allow_infinity=False), min_size=2, max_size=2).filter(
        lambda pair: not all(np.isnan(pair))
    ),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    delimiter=st.sampled_from(",;\t"),
)
def test_every_float_and_every_title_comes_back(
    moe: ModelGraph, tmp_path: Path, title: str, numbers: list[float], quoting: int, delimiter: str
) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, quoting=quoting)  # pyright: ignore[reportArgumentType]
    writer.writerows([["path", title], ["model.norm", repr(numbers[0])], ["lm_head", repr(numbers[1])]])
    path = tmp_path / "a.csv"
    path.write_text(text.getvalue(), encoding="utf-8", newline="")
    (overlay,) = read_overlays(path, moe).overlays
    expected = dict(zip(("model.norm", "lm_head"), numbers, strict=True))
    np.testing.assert_array_equal([values(moe, overlay)[key] for key in expected], np.float32(list(expected.values())))
