import pytest

from archviz3d.errors import MachineError, UsageError
from archviz3d.viewer.films import ffmpeg
from archviz3d.viewer.films.formats import check_film, check_frames, frame_rate

FULL_HD = (1920, 1080)


@pytest.mark.parametrize(
    ("name", "size", "fps", "transparent", "says"),
    [
        ("a.avi", FULL_HD, None, False, r"films are \.mp4, \.webm, \.gif"),
        ("a.png", FULL_HD, None, False, "name-%04d.png for numbered pictures"),
        ("a.mp4", (1919, 1080), None, False, "1919x1080 has an odd side.*1920x1080 would be right"),
        ("a.mp4", (1920, 1081), None, False, "1920x1082 would be right"),
        ("a.webm", (1919, 1079), None, False, "1920x1080 would be right"),
        ("a.gif", (16384, 16384), None, False, "too large for a film"),
        ("a.mp4", FULL_HD, None, True, "not transparent"),
        ("a.gif", FULL_HD, 60, False, "at most 50"),
        ("a.mp4", FULL_HD, 0, False, "1 to 120"),
        ("a.mp4", FULL_HD, 121, False, "1 to 120"),
        ("a.mp4", FULL_HD, 29.97, False, "whole number"),
        ("a.mp4", FULL_HD, True, False, "whole number"),
        ("a%s.png", FULL_HD, None, False, "one number would be right"),
        ("a%d-%d.png", FULL_HD, None, False, "one number would be right"),
        ("a%0999999999d.png", FULL_HD, None, False, "one number would be right"),
        ("no/a.mp4", FULL_HD, None, False, "there is no folder"),
        ("no/a%d.png", FULL_HD, None, False, "there is no folder"),
    ],
)
def test_what_cannot_be_is_refused_before_the_work(tmp_path, name, size, fps, transparent, says):
    with pytest.raises(UsageError, match=says):
        check_film(str(tmp_path / name), size, fps, transparent)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["a.gif", "f%05d.png", "f%d.PNG"])
def test_formats_without_halved_colours_may_have_odd_sides(tmp_path, name):
    assert check_film(str(tmp_path / name), (1919, 1079), None) > 0


def test_a_film_does_not_overwrite_its_model(tmp_path):
    model = tmp_path / "a.mp4"
    model.touch()
    with pytest.raises(UsageError, match="is the model itself"):
        check_film(str(model), FULL_HD, None, source=str(model))


def test_frames_a_second():
    assert (frame_rate("a.mp4", None), frame_rate("a.gif", None), frame_rate("a.mp4", 120)) == (30, 25, 120)


def test_frames_are_limited():
    assert check_frames("a.mp4", 600.0, 120) == 72_000
    assert check_frames("a.mp4", 0.1, 1) == 1
    with pytest.raises(UsageError, match="fewer paths, or several films"):
        check_frames("a.mp4", 601.0, 1)


def test_a_machine_without_ffmpeg_is_told_what_to_install(tmp_path, monkeypatch):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(ffmpeg.importlib, "import_module", missing)
    monkeypatch.setattr(ffmpeg.shutil, "which", lambda _: None)
    with pytest.raises(MachineError, match=r"pip install 'archviz3d\[film\]'.*apt install ffmpeg") as caught:
        check_film(str(tmp_path / "a.mp4"), FULL_HD, None)
    assert caught.value.exit_code == 4
    check_film(str(tmp_path / "f%d.png"), FULL_HD, None)  # needs none


def test_an_ffmpeg_that_lacks_an_encoder_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(ffmpeg, "_known_encoders", lambda _: frozenset({"gif", "libopenh264"}))
    assert ffmpeg.find_encoder(".mp4").codec == "libopenh264"
    with pytest.raises(MachineError, match=r"lacks libvpx-vp9 for \.webm"):
        ffmpeg.find_encoder(".webm")


def test_an_ffmpeg_that_does_not_run_is_an_error_in_words(tmp_path, monkeypatch):
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(tmp_path / "nothing"))
    with pytest.raises(MachineError, match="does not run"):
        ffmpeg.find_encoder(".mp4")
