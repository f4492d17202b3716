"""The audit finds bad text, and good views have none."""

import numpy as np
import pytest

from archviz3d.layout import place
from archviz3d.viewer.label_audit import label_report, written_report
from archviz3d.viewer.scene.writing import label_ink
from archviz3d.viewer.scene.writing.overlay import Writing
from archviz3d.viewer.scene.writing.text import line_height, mask, text_width
from archviz3d.viewer.state import ViewState

FONT = (13, "Medium")
SIZE = (300, 120)


def writing(text, x, y, ink=(255, 255, 255)):
    return Writing(text, (x, y, x + text_width(text, FONT), y + line_height(FONT)), FONT, ink, False)


def drawn(writings, ground):
    picture = np.full((SIZE[1], SIZE[0], 3), ground, np.uint8)
    bare = picture.copy()
    for one in writings:
        x, y = int(one.rect[0]), int(one.rect[1])
        coverage = mask(one.text, FONT)[: SIZE[1] - y, : SIZE[0] - x, None] / 255
        part = picture[y : y + coverage.shape[0], x : x + coverage.shape[1]]
        part[:] = np.rint(coverage * np.array(one.ink) + (1 - coverage) * part)
    return written_report(writings, picture, bare)


def test_good_text_has_no_faults_and_its_contrast_is_that_of_its_pixels():
    report = drawn([writing("attention", 10, 10), writing("experts", 10, 40)], 0)
    assert report.problems() == []
    assert report.contrasts == pytest.approx((21.0, 21.0))


def test_each_fault_is_found():
    overlapping = drawn([writing("attention", 10, 10), writing("experts", 20, 12)], 0)
    assert overlapping.overlaps == ((0, 1),)
    clipped = drawn([writing("attention", 270, 10)], 0)
    assert clipped.clipped == (0,)
    faint = drawn([writing("attention", 10, 10, (120, 120, 120))], 90)
    assert faint.contrasts[0] < 2
    assert len(overlapping.problems()) + len(clipped.problems()) + len(faint.problems()) >= 3


@pytest.mark.parametrize(("x", "y"), [(-200, 10), (-1000, 10), (310, 10), (10, -40), (10, 121), (10, 400), (310, 400)])
def test_text_beyond_any_side_is_cut_off_and_cannot_be_read(x, y):
    nothing = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    report = written_report([writing("attention", x, y)], nothing, nothing)
    assert report.clipped == (0,)
    assert report.contrasts == (1.0,)


@pytest.mark.parametrize(("x", "y"), [(-20, 10), (280, 10), (10, -8), (10, 112)])
def test_of_text_across_a_side_what_is_seen_has_its_contrast(x, y):
    one, bare = writing("attention", x, y), np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    picture = np.full_like(bare, 255)
    report = written_report([one], picture, bare)
    assert report.clipped == (0,)
    assert report.contrasts == pytest.approx((21.0,))


def test_text_that_is_not_drawn_has_no_contrast():
    nothing = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    assert written_report([writing("attention", 10, 10)], nothing, nothing).contrasts == (1.0,)


@pytest.mark.parametrize(
    ("theme", "focus", "plain"), [("dark", "", False), ("light", "model.layers.2", True)], ids=lambda v: str(v)
)
def test_views_of_the_toy_model_are_legible(toy, theme, focus, plain):
    state = ViewState(theme=theme, focus=toy.id_of(focus), plain_words=plain)
    report = label_report(toy, place(toy), state, (1280, 720))
    assert len(report.texts) > 10
    assert report.problems() == []
    if plain:
        said = " ".join(writing.text for writing in report.texts)
        assert "Normalisation before attention" in said
        assert "q_proj" not in said


def test_a_deliberately_bad_label_is_found_in_a_drawn_scene(toy, monkeypatch):
    grey = np.array([70.0, 120.0, 200.0])
    monkeypatch.setattr(label_ink, "inks", lambda theme, ground, on_face: (grey, grey))
    monkeypatch.setattr(label_ink, "_READABLE", 0.0)
    report = label_report(toy, place(toy), ViewState(focus=toy.id_of("model.layers.2")), (960, 600))
    assert any("contrast" in problem for problem in report.problems())
