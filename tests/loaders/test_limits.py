"""What a file may ask for, and how a user asks for more."""

import time

import pytest

from archviz3d import load
from archviz3d.cli.main import run
from archviz3d.errors import InputError, UsageError
from archviz3d.loaders import LoadLimits, load_confined
from archviz3d.loaders.limits import default_limits, parse_limits


def names_header(names):
    return {name: {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for name in names}


def test_limits_are_read_from_text():
    assert parse_limits("") == LoadLimits()
    assert parse_limits(" nodes = 4e6, seconds=0.5,") == LoadLimits(nodes=4_000_000, seconds=0.5)


@pytest.mark.parametrize(
    "text", ["node=3", "nodes", "nodes=", "nodes=0", "nodes=-1", "nodes=many", "seconds=inf", "=", "nodes=nan"]
)
def test_what_is_no_limit_is_wrong_usage(text):
    with pytest.raises(UsageError) as caught:
        parse_limits(text)
    assert "\n" not in str(caught.value)


def test_the_environment_sets_the_limits_of_all_openings(monkeypatch, write_safetensors, two_tensors):
    path = write_safetensors(two_tensors, 24)
    assert len(load(path)) == 4
    monkeypatch.setenv("ARCHVIZ3D_LIMITS", "nodes=1")
    assert default_limits().nodes == 1
    with pytest.raises(InputError, match="too many"):
        load(path)
    assert len(load(path, limits=LoadLimits())) == 4
    monkeypatch.setenv("ARCHVIZ3D_LIMITS", "knots=1")
    with pytest.raises(UsageError, match="ARCHVIZ3D_LIMITS: 'knots' is no limit"):
        load(path)


def test_the_command_line_sets_them_too(monkeypatch, capsys, write_safetensors, two_tensors):
    monkeypatch.setenv("ARCHVIZ3D_LIMITS", "")  # so that what the option sets is undone
    path = str(write_safetensors(two_tensors, 24))
    assert run(["info", "--limits", "nodes=1", path]) == 3
    assert "too many" in capsys.readouterr().err
    assert run(["info", "--limits", "nodes=many", path]) == 2
    assert run(["info", "--limits", "nodes=10", path]) == 0


def test_names_without_repetition_are_refused_soon(write_safetensors):
    path = write_safetensors(names_header(f"t{i}" for i in range(3000)))
    assert len(load_confined(str(path))) == 3001
    with pytest.raises(InputError, match="more than 2,000 different names"):
        load_confined(str(path), LoadLimits(names=2000))
    # 3000 tensors, but few names: what repeats is cheap.
    path = write_safetensors(names_header(f"layers.{i // 10}.w{i % 10}" for i in range(3000)))
    assert len(load_confined(str(path), LoadLimits(names=400))) == 3000 + 300 + 2
    # Modules count as well, where there are fewer tensors than names are allowed.
    path = write_safetensors(names_header(f"a{i}.b{i}.c" for i in range(300)))
    with pytest.raises(InputError, match="more than 400 different names"):
        load_confined(str(path), LoadLimits(names=400))


def test_reading_in_this_process_ends_when_its_time_is_over(write_safetensors):
    with pytest.raises(InputError, match="takes more than 1e-09 seconds"):
        load_confined(str(write_safetensors(names_header("ab"))), LoadLimits(seconds=1e-9))


def test_headers_count_together(write_safetensors):
    for k in range(5):
        raw = b'{"t%d": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}}' % k
        write_safetensors(raw.ljust(1000), name=f"m/model-{k + 1:05}-of-00005.safetensors")
        path = write_safetensors(raw, name="n/model.safetensors").parent.parent / "m"
    assert len(load(path)) == 6
    with pytest.raises(InputError, match="headers of more than 3,000 bytes"):
        load(path, limits=LoadLimits(header_bytes=1000))


def test_many_hostile_names_take_seconds_not_minutes(write_safetensors):
    path = write_safetensors(names_header(f"x{i}" for i in range(250_000)))
    start = time.process_time()
    with pytest.raises(InputError, match="different names"):
        load_confined(str(path))
    assert time.process_time() - start < 5
