from PIL import Image

from archviz3d.viewer.window import save_picture
from archviz3d.viewer.window.save_picture import picture_size


def test_the_picture_has_the_proportions_of_the_view_and_even_sides():
    assert picture_size((1600, 900)) == (1920, 1080)
    assert picture_size((3001, 1500)) == (3000, 1500)
    width, height = picture_size((917, 1001))
    assert width % 2 == height % 2 == 0
    assert abs(width / height - 917 / 1001) < 0.01


def test_the_view_is_saved_as_a_picture(toy_window, tmp_path, monkeypatch):
    target = tmp_path / "toy.png"
    monkeypatch.setattr(save_picture, "_LEAST_WIDTH", 640)
    monkeypatch.setattr(save_picture.QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    toy_window.save_picture()
    with Image.open(target) as picture:
        width, height = picture_size(toy_window.view.viewport())
        assert picture.size == (width, height)
        assert len(picture.convert("RGB").resize((64, 48)).getcolors(4000)) > 50
    assert not toy_window.message.isVisible()


def test_what_cannot_be_written_is_told_calmly(toy_window, tmp_path, monkeypatch):
    target = tmp_path / "no such folder" / "toy.png"
    monkeypatch.setattr(save_picture.QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    toy_window.save_picture()
    assert toy_window.message.isVisible()
    assert "\n" not in toy_window.message.text()


def test_leaving_the_dialog_saves_nothing(toy_window, monkeypatch):
    monkeypatch.setattr(save_picture.QFileDialog, "getSaveFileName", lambda *_: ("", ""))
    toy_window.save_picture()
    assert not toy_window.message.isVisible()
