"""Where labels could stand."""

import numpy as np
import pytest

from archviz3d.viewer.scene.writing.faces import Face
from archviz3d.viewer.scene.writing.label_layout import Candidate, place_labels
from archviz3d.viewer.scene.writing.label_spots import (
    axis_options,
    block_of,
    box_options,
    font_of,
    number_options,
    plainly,
    plate_options,
    tile_options,
)
from archviz3d.viewer.scene.writing.occupancy import Occupancy
from archviz3d.viewer.words.captions import Caption

VIEWPORT = (800, 600)
NOTHING = Occupancy(VIEWPORT, np.empty((0, 4)))
PANEL = (200.0, 200.0, 420.0, 330.0)
CORNERS = np.array([(200, 200), (420, 200), (420, 330), (200, 330.0)])


def face(rect):
    left, top, right, bottom = rect
    return Face(rect, rect, ((left, top), (right, top), (right, bottom), (left, bottom)))


def placed(options, boxes=(), ribbons=()):
    taken = [Occupancy(VIEWPORT, np.array(rects, float).reshape(-1, 4)) for rects in (boxes, ribbons)]
    labels = place_labels([Candidate(0, 0, 1.0, tuple(options))], VIEWPORT, [], taken[0], taken[1], 3, 9)
    return labels[0] if labels else None


def ink(label):
    top = label.rect[1] + label.block.lines[0].free[0]
    return top, label.rect[3] - label.block.lines[-1].free[1]


@pytest.mark.parametrize("text", ["17", "q_proj", "Å", "注意力"])
def test_a_block_knows_which_rows_have_ink(text):
    (line,) = block_of((text, font_of(13, "Medium", 1.0))).lines
    assert 0 <= line.free[0] < line.height / 2
    assert 0 <= line.free[1] < line.height / 2
    assert font_of(5, "Medium", 1.0)[0] == 11


def test_a_layers_number_stands_in_the_rim_of_its_panel_where_that_is_free():
    label = placed(number_options("7", face(PANEL), CORNERS, 1.0, None))
    assert label.way == "rim"
    assert label.rect[0] >= 200
    assert label.rect[1] >= 200


def test_a_layers_number_covers_no_box_while_there_is_room_above_them():
    boxes = [(206, 206, 226, 324), (230, 206, 300, 260)]  # a rim of 6 pixels
    label = placed(number_options("17", face(PANEL), CORNERS, 1.0, None), boxes)
    assert label.way != "tab"
    top, foot = ink(label)
    assert foot <= 206
    assert foot > 190
    ribbon = [(150, 180, 450, 194)]  # the stream of the row above: only the strip from 194 to 206 is free
    label = placed(number_options("17", face(PANEL), CORNERS, 1.0, None), boxes, ribbon)
    top, foot = ink(label)
    assert top >= 194
    assert foot <= 206


def test_a_layers_number_is_a_tab_on_its_panel_where_no_strip_is_free():
    boxes = [(200, 150, 420, 330)]
    label = placed(number_options("17", face(PANEL), CORNERS, 1.0, None), boxes)
    assert label.way == "tab"
    assert 200 <= label.rect[0] < 210
    assert 200 <= label.rect[1] < 206


def test_a_plates_name_does_not_run_into_the_plates_on_it():
    options = plate_options("attention", face(PANEL), 200, (40.0, 4.0), 150.0, 1.0)
    assert placed(options).way == "strip left"
    options = plate_options("attention", face(PANEL), 200, (4.0, 4.0), 150.0, 1.0)
    assert placed(options).way == "above left"
    assert placed(options).rect[3] <= 200


def test_a_number_is_never_written_outside_of_its_plate():
    options = plate_options("3", face(PANEL), 200, (np.inf, np.inf), 150.0, 1.0)
    for block, spot in options:
        assert spot.within == PANEL, block


def test_a_long_name_is_shortened_in_its_middle_for_the_room_of_its_group():
    small = face((200.0, 200.0, 300.0, 216.0))
    names = {
        spot.way: block.lines[0].text
        for block, spot in box_options(Caption("kv_a_proj_with_mqa"), small, None, (100.0, 16.0), 1.0, False)
    }
    assert "…" in names["face, short"]
    assert names["face, short"].startswith("kv_a")
    wider = box_options(
        Caption("kv_a_proj_with_mqa"), face((200.0, 200.0, 900.0, 216.0)), None, (100.0, 16.0), 1.0, False
    )
    assert {spot.way: block.lines[0].text for block, spot in wider}["face, short"] == names["face, short"]


def test_words_take_lines_but_are_not_broken():
    square = face((200.0, 200.0, 290.0, 290.0))
    options = box_options(Caption("Query projection"), square, None, (90.0, 90.0), 1.0, False)
    (lines,) = [block.lines for block, spot in options if spot.way == "face, in lines"]
    assert [line.text for line in lines] == ["Query", "projection"]
    options = box_options(Caption("kv_a_proj_with_mqa"), square, None, (90.0, 90.0), 1.0, False)
    assert not any(spot.way == "face, in lines" for _, spot in options)


def test_a_detail_beside_a_box_does_not_cross_the_edge_of_its_plate():
    box, plate = face((300.0, 300.0, 310.0, 310.0)), (200.0, 280.0, 420.0, 330.0)
    for block, spot in box_options(Caption("norm", "64"), box, face(plate), (10.0, 10.0), 1.0, False):
        if len(block.lines) == 2 and spot.on == "plate":
            assert spot.within == plate


def test_dimensions_stand_on_their_matrix_at_the_middle_of_the_edges_that_they_measure():
    spots = dict(axis_options("out 64", "in 32", face((200.0, 200.0, 500.0, 400.0)), 1.0))
    boxes = [(150, 150, 550, 196), (150, 404, 550, 450)]  # neighbours do not matter
    across, up = placed(spots["across"], boxes), placed(spots["up"], boxes)
    assert sum(across.rect[::2]) / 2 == pytest.approx(350, abs=1)
    assert 380 < across.rect[3] < 400
    assert up.block.vertical
    assert sum(up.rect[1::2]) / 2 == pytest.approx(300, abs=1)
    assert 200 < up.rect[0] < 220


def test_a_tile_seen_from_the_side_has_no_number():
    assert tile_options("3", face((10.0, 10.0, 40.0, 40.0)), 1.0)
    assert not tile_options("3", face((10.0, 10.0, 40.0, 10.5)), 1.0)


def leaning(left, top, width, height, by):
    """Return a tall face whose lower end is some pixels to the right of its upper one."""
    corners = ((left, top), (left + width, top), (left + width + by, top + height), (left + by, top + height))
    inner = (left + by, top, left + width, top + height)
    return Face(inner, (left, top, left + width + by, top + height), corners)


def test_a_name_stands_upright_on_a_slender_face_that_leans_as_long_as_the_name_itself_fits():
    caption = Caption("norm", "64")
    steep = leaning(300.0, 100.0, 24.0, 400.0, 60.0)  # no upright rectangle of its height lies in it
    assert placed(box_options(caption, steep, None, (1.0, 200.0), 1.0, False)).way == "upright"
    steeper = leaning(300.0, 100.0, 17.0, 400.0, 60.0)
    assert placed(box_options(caption, steeper, None, (1.0, 200.0), 1.0, False)).way == "upright, bare"
    none = leaning(300.0, 100.0, 4.0, 400.0, 60.0)
    assert placed(box_options(caption, none, None, (1.0, 200.0), 1.0, False)).spot.on == "plate"


def test_what_fits_around_the_heart_of_a_face_lies_in_it():
    square = face((100.0, 100.0, 200.0, 160.0))
    assert square.times(50, 30, (0, 0)) == pytest.approx(2)
    assert square.times(50, 30, (25, 0)) == pytest.approx(1)
    tilted = Face((0, 0, 1, 1), (0, 0, 100, 100), ((50, 0), (100, 50), (50, 100), (0, 50)))
    assert tilted.times(50, 50, (0, 0)) == pytest.approx(1)
    assert tilted.over(0, 25) == 0  # its upper edge falls from its first corner on
    assert tilted.over(75, 100) == 25


def test_a_detail_takes_small_print_and_lines_before_it_goes():
    caption = Caption("o_proj", "16 384 → 7168".replace("6 3", "6\u00a03"))
    ways = [
        placed(box_options(caption, face((200.0, 200.0, 200.0 + w, 200.0 + h)), None, (w, h), 1.0, False))
        for w, h in ((110.0, 80.0), (86.0, 80.0), (70.0, 80.0), (70.0, 40.0))
    ]
    assert [one.way for one in ways] == ["face", "face, small", "face, in three", "face, bare"]
    assert [line.text for line in ways[2].block.lines] == ["o_proj", "16\u00a0384", "→\u00a07168"]
    tall = placed(box_options(caption, face((200.0, 200.0, 270.0, 400.0)), None, (70.0, 200.0), 1.0, False))
    assert tall.way == "upright"


def test_a_scales_name_stays_off_the_edge_of_its_plate():
    scale, plate = face((300.0, 300.0, 316.0, 330.0)), face((200.0, 280.0, 360.0, 350.0))
    options = box_options(Caption("weight_scale_inv", "16 × 56"), scale, plate, (10.0, 10.0), 1.0, True)
    nothing = ([], NOTHING, NOTHING, 3, 9)

    def edge(rect):
        return rect[0] < 360 < rect[2]

    (label,) = place_labels([Candidate(0, 0, 1.0, tuple(options))], VIEWPORT, *nothing, rims=edge)
    assert label.way == "beyond"
    assert label.rect[0] >= 360


def test_plain_options_have_no_small_print():
    options = box_options(Caption("kv_a_proj_with_mqa"), face(PANEL), None, (100.0, 100.0), 1.0, False)
    small = [spot.way for _, spot in options if "small" in spot.way]
    assert small
    assert {spot.way for _, spot in plainly(options)} == {
        spot.way for _, spot in options if "small" not in spot.way and "short" not in spot.way
    }
