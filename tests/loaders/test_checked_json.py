"""JSON that came from outside."""

import math

import pytest

from archviz3d.errors import InputError
from archviz3d.loaders import LoadLimits
from archviz3d.loaders.checked_json import decode, read_json


def test_plain_json_comes_back(tmp_path):
    path = tmp_path / "x.json"
    path.write_bytes(b'\xef\xbb\xbf {"a": [1, 2.5, "\\u00e9\\ud83d\\ude00", null, NaN, -Infinity]}')
    value = read_json(str(path), LoadLimits())["a"]
    assert value[:4] == [1, 2.5, "é😀", None]
    assert math.isnan(value[4])
    assert value[5] == -math.inf


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b'{"a": 1, "a": 2}', "the key 'a' twice"),
        (b'[{"x": {"b\\n": 1, "b\\n": 1}}]', r"the key 'b\\\\n' twice"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[" * 300 + b"]" * 300, "nested too deeply"),
        (b"1" * 401, "an integer of 401 digits"),
        (b"1" * 100_000, "an integer of 100,000 digits"),
        (b"{", "no valid JSON"),
        (b"\xff\xfe\x00", "no valid JSON"),
        (b"", "no valid JSON"),
        (b'"\\ud800"', "no valid JSON"),
        (b"{} x", "no valid JSON"),
    ],
)
def test_faults_are_one_line(raw, message):
    with pytest.raises(InputError, match=message) as caught:
        decode(raw, "some.json", LoadLimits(), "its record 'x'")
    assert str(caught.value).startswith("some.json: its record 'x' ")
    assert "\n" not in str(caught.value)


def test_depth_is_counted_in_containers():
    limits = LoadLimits(json_depth=3)
    assert decode(b"[[[1]]]", "x", limits) == [[[1]]]
    with pytest.raises(InputError, match="at most 3 levels"):
        decode(b'[[{"a": []}]]', "x", limits)


def test_a_file_beyond_the_limit_is_not_read(tmp_path):
    path = tmp_path / "x.json"
    path.write_bytes(b" " * 100 + b"1")
    with pytest.raises(InputError, match="at most 100 are read"):
        read_json(str(path), LoadLimits(json_bytes=100))
    assert read_json(str(path), LoadLimits(json_bytes=100), most=101) == 1
