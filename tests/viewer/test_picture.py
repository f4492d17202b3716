"""Pictures as files: exact size, the same bytes twice, whole or not there."""

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from archviz3d.errors import MachineError, UsageError
from archviz3d.layout import place
from archviz3d.viewer import offscreen
from archviz3d.viewer.picture import render_picture
from archviz3d.viewer.scene import Scene
from archviz3d.viewer.state import ViewState


@pytest.fixture(scope="module")
def placement(toy):
    return place(toy)


@pytest.mark.parametrize(
    ("name", "kind"), [("a.png", "PNG"), ("a.jpg", "JPEG"), ("a.webp", "WEBP"), ("A.JPEG", "JPEG")]
)
def test_formats_and_sizes(toy, placement, tmp_path, name, kind):
    render_picture(toy, placement, ViewState(), (333, 217), tmp_path / name)
    with Image.open(tmp_path / name) as image:
        assert image.format == kind
        assert image.size == (333, 217)
        assert image.mode == "RGB"
        assert np.asarray(image).std() > 10
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_more_pixels_are_the_same_picture_sharper(toy, placement, tmp_path):
    for name, size in (("a.png", (1920, 1080)), ("b.png", (3840, 2160))):
        render_picture(toy, placement, ViewState(), size, tmp_path / name)
    usual, sharp = (
        Image.open(tmp_path / name).convert("L").resize((480, 270), Image.Resampling.BOX) for name in ("a.png", "b.png")
    )
    difference = np.abs(np.asarray(usual).astype(int) - np.asarray(sharp))
    assert np.percentile(difference, 95) < 25


def test_the_same_bytes_twice(toy, placement, tmp_path):
    for name in ("a.png", "b.png"):
        render_picture(toy, placement, ViewState(), (480, 270), tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_transparent_ground(toy, placement, tmp_path):
    render_picture(toy, placement, ViewState(labels=False), (480, 270), tmp_path / "a.png", transparent=True)
    pixels = np.asarray(Image.open(tmp_path / "a.png"))
    assert pixels.shape == (270, 480, 4)
    assert pixels[0, 0, 3] == 0
    assert pixels[135, 240, 3] == 255
    opaque = tmp_path / "b.png"
    render_picture(toy, placement, ViewState(labels=False), (480, 270), opaque)
    difference = np.abs(np.asarray(Image.open(opaque)).astype(int) - pixels[..., :3])[pixels[..., 3] == 255]
    assert difference.max() <= 1


def test_what_cannot_be_is_refused_and_leaves_no_file(toy, placement, tmp_path):
    for name, size, transparent, why in (
        ("a.bmp", (64, 64), False, "unknown picture format"),
        ("a.jpg", (64, 64), True, "cannot be transparent"),
        ("a.png", (0, 64), False, "pixels"),
        ("a.png", (64, 100_000), False, "pixels"),
        ("no/such/folder/a.png", (64, 64), False, "there is no folder"),
    ):
        with pytest.raises(UsageError, match=why):
            render_picture(toy, placement, ViewState(), size, tmp_path / name, transparent)
    assert not list(tmp_path.iterdir())


def test_small_pictures_are_drawn_too(toy, placement, tmp_path):
    render_picture(toy, placement, ViewState(), (16, 16), tmp_path / "a.png")
    assert Image.open(tmp_path / "a.png").size == (16, 16)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="EGL and OSMesa are Linux's")
def test_a_machine_that_cannot_render_is_told_what_to_install(toy, placement, tmp_path, monkeypatch):
    monkeypatch.setattr(offscreen, "_EGL", ("libNoSuchEGL.so",))
    monkeypatch.setattr(offscreen, "_OSMESA", ("libNoSuchOSMesa.so",))
    with pytest.raises(MachineError, match="apt install"):
        render_picture(toy, placement, ViewState(), (64, 64), tmp_path / "a.png")
    assert not list(tmp_path.iterdir())


def test_the_scene_imports_neither_qt_nor_pyvista():
    code = (
        "import sys; import archviz3d.viewer.scene, archviz3d.viewer.picture; "
        "bad = {'PySide6', 'pyvista', 'pyvistaqt', 'matplotlib', 'torch', 'vtk'} & set(sys.modules); "
        "assert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="warnings of VTK's Linux windows")
def test_nothing_is_printed(toy, placement, tmp_path, capfd):
    render_picture(toy, placement, ViewState(), (64, 64), tmp_path / "a.png")
    out = capfd.readouterr()
    assert out.out == ""
    assert out.err == ""


def test_a_picture_that_there_is_no_memory_for_is_refused(toy, placement, tmp_path, monkeypatch):
    def render(*_):
        raise MemoryError

    monkeypatch.setattr("archviz3d.viewer.picture._render", render)
    with pytest.raises(MachineError, match="no memory to draw 16384x9000 pixels; a smaller size, like 8192x4500"):
        render_picture(toy, placement, ViewState(), (16384, 9000), tmp_path / "a.png")
    assert not list(tmp_path.iterdir())


def test_no_thread_is_left_where_this_machine_cannot_render(toy, placement, tmp_path, monkeypatch):
    def nothing(*_):
        raise MachineError("no OpenGL here")

    closed = []
    monkeypatch.setattr(offscreen, "offscreen_window", nothing)
    close = Scene.close_model
    monkeypatch.setattr(Scene, "close_model", lambda scene: (closed.append(scene._model is not None), close(scene)))
    with pytest.raises(MachineError, match="no OpenGL here"):
        render_picture(toy, placement, ViewState(overlay="parameters"), (64, 48), tmp_path / "a.png")
    assert closed[-1]
    assert not list(tmp_path.iterdir())
