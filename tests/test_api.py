import os
import shutil
from pathlib import Path

import numpy as np
import pytest

import archviz3d
from archviz3d.errors import InputError, UsageError

SAMPLE = Path(__file__).resolve().parent.parent / "resources" / "sample.pt"


def test_load_takes_text_and_paths():
    by_path, by_text = archviz3d.load(SAMPLE), archviz3d.load(str(SAMPLE))
    assert by_path.total(by_path.parameters) == by_text.total(by_text.parameters) > 0
    with pytest.raises(InputError, match="no such file"):
        archviz3d.load("nothing.pt")
    with pytest.raises(UsageError, match=r"int is no model"):
        archviz3d.load(7)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"path": "x.bmp"}, r"pictures are \.png"),
        ({"path": "missing/x.png"}, "no folder 'missing'"),
        ({"size": (0, 0)}, "0x0 is no size"),
        ({"size": (1920, 99999)}, "to 16384x16384"),
        ({"size": (640.5, 480)}, "no size"),
        ({"size": "640x480"}, "640x480 is no size"),
        ({"size": 640}, "640 is no size"),
        ({"size": (640, "480")}, "640x480 is no size"),
        ({"size": None}, "None is no size"),
        ({"camera": (1,)}, "azimuth, elevation"),
        ({"camera": "1,2"}, "is no camera"),
        ({"camera": 30}, "is no camera"),
        ({"camera": ("1", "2")}, "is no camera"),
        ({"camera": (0, 90)}, "elevation -89 to 89"),
        ({"camera": (float("nan"), 0)}, "out of range"),
        ({"path": "x.mp4"}, "is a film; say which"),
        ({"fps": 30}, "is for a film"),
        ({"path": "x.mp4", "turntable": 8, "fly": ["model"]}, "give one of them"),
        ({"path": "x.mp4", "turntable": 0}, "0.1 to 600"),
        ({"path": "x.mp4", "turntable": float("nan")}, "0.1 to 600"),
        ({"path": "x.mp4", "turntable": "long"}, "0.1 to 600"),
        ({"path": "x.mp4", "turntable": 8, "fps": 0}, "1 to 120"),
        ({"path": "x.mp4", "turntable": 8, "size": (1919, 1080)}, "1920x1080 would be right"),
        ({"turntable": 8}, r"name-%04d\.png"),
        ({"size": (16384, 64)}, "16384x64 is too long"),
        ({"camera": (10**400, 0)}, "out of range"),
        ({"path": 3}, "path '3': give a path"),
        ({"path": b"x.png"}, "give a path as text"),
        ({"transparent": "x"}, "transparent 'x': give True or False"),
        ({"path": "x.mp4", "fly": 3}, "fly '3': give a list of paths"),
        ({"path": "x.mp4", "fly": [3]}, "give a list of paths"),
        ({"path": "x.mp4", "fly": "model"}, "give a list of paths"),
    ],
)
def test_wrong_options_are_refused_before_the_model_is_read(options, says, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=says):
        archviz3d.render("nothing.pt", **{"path": "x.png", **options})
    assert not list(tmp_path.iterdir())


def test_an_option_that_there_is_not_is_refused_before_the_model_is_read(tmp_path):
    for call in (archviz3d.show, lambda model, **options: archviz3d.render(model, tmp_path / "x.png", **options)):
        with pytest.raises(TypeError, match="no option 'them'; did you mean 'theme'"):
            call("nothing.pt", them="dark")


@pytest.mark.parametrize(
    "options",
    [
        *({"level": "neuron"}, {"arrangement": "spiral"}, {"theme": "blue"}, {"focus": "nope"}, {"focus": 3}),
        *({"focus": ["model"]}, {"upstream": 3}, {"view": np.array(["front", "side"])}, {"labels": np.array([1, 0])}),
        *({"compact": np.array([1, 0])}, {"plain_words": np.array([1, 0])}, {"level": ["layer"]}, {"hide": [3]}),
        *({"state": 3}, {"state": object()}, {"state": b"/nope"}),
    ],
)
def test_options_that_the_model_decides_are_usage_errors_too(options, tmp_path):
    with pytest.raises(UsageError):
        archviz3d.render(SAMPLE, tmp_path / "x.png", **options)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a FIFO")
def test_a_state_that_is_no_small_file_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    with (tmp_path / "large").open("wb") as file:
        file.truncate(2**40)
    for name, says in (("fifo", "no regular file"), ("large", "at most 1,000,000"), ("nothing", "no such file")):
        with pytest.raises(InputError, match=says):
            archviz3d.render(SAMPLE, tmp_path / "x.png", state=tmp_path / name)
    assert not (tmp_path / "x.png").exists()


def test_the_model_is_not_overwritten_by_its_picture(tmp_path):
    model = tmp_path / "model.png"
    shutil.copy(SAMPLE, model)
    graph = archviz3d.load(model)
    for source in (model, graph):
        with pytest.raises(UsageError, match="is the model itself"):
            archviz3d.render(source, model)
    assert model.read_bytes() == SAMPLE.read_bytes()
