"""Metadata in plain words, and as a config."""

from pathlib import Path

import pytest

from archviz3d.loaders.gguf.header import Header
from archviz3d.loaders.gguf.metadata import attributes_of, config_of


def header(**values: object) -> Header:
    said = {key.replace("__", "."): value for key, value in values.items()}
    return Header(str(Path("m.gguf")), 3, 100, False, said, {k: len(v) for k, v in said.items() if isinstance(v, list)})


@pytest.mark.parametrize(
    ("code", "name"), [(15, "Q4_K_M"), (0, "F32"), (1024 + 18, "Q6_K (guessed)"), (999, "type 999"), ("15", None)]
)
def test_file_types_have_names(code, name):
    assert attributes_of(header(general__file_type=code)).get("file_type") == name


def test_what_cannot_be_shown_is_left_out():
    values = {
        "c": "x" * 1000,
        "d": 2**64 - 1,
        "split__no": 3,
        "e": 1.5,
    }
    found = attributes_of(header(**values))
    assert found == {"gguf_version": 3, "metadata.e": 1.5}


def test_what_json_cannot_write_is_a_text():
    found = attributes_of(header(a=float("nan"), b=float("-inf"), f=[1.0, float("inf")]))
    assert found == {"gguf_version": 3, "metadata.a": "nan", "metadata.b": "-inf", "metadata.f": [1.0, "inf"]}


def test_long_lists_are_counted():
    found = attributes_of(header(general__architecture="x", x__heads=list(range(100)), x__few=[1, 2]))
    assert found["metadata.x.heads.count"] == 100
    assert found["metadata.x.few"] == [1, 2]
    assert "metadata.x.few.count" not in found


@pytest.mark.parametrize(
    ("value", "heads"),
    [(8, 8), ([8, 8, 0, 8], 8), ([8, 4], None), ("8", None), (True, None), ([], None), ([0, 0], None)],
)
def test_a_list_is_a_figure_where_all_layers_agree(value, heads):
    config = config_of({"general.architecture": "x", "x.attention.head_count": value}, {})
    assert config.get("num_attention_heads") == heads


def test_layers_are_counted_without_those_of_multi_token_prediction():
    values = {"general.architecture": "x", "x.block_count": 47, "x.nextn_predict_layers": 1}
    config = config_of(values, {"tokenizer.ggml.tokens": 1000})
    assert (config["num_hidden_layers"], config["num_nextn_predict_layers"], config["vocab_size"]) == (46, 1, 1000)


@pytest.mark.parametrize(
    "values", [{}, {"general.architecture": 7}, {"general.architecture": "x", "x.block_count": "y"}]
)
def test_metadata_of_the_wrong_type_says_nothing(values):
    config = config_of(values, {})
    assert config.keys() <= {"architectures", "model_type"}
