from importlib import resources
from io import BytesIO

import numpy as np
import pytest
from PIL import ImageFont

from archviz3d.resources import fonts
from archviz3d.viewer.scene.writing.text import line_height, mask, shortened, text_width

FONT = (13, "Regular")


def test_a_mask_has_the_measured_size_and_holds_all_ink():
    for text in ("q_a_proj", "DeepSeek-V3 › layer 17", "2048 × 7168 → 1536", "a|b $x$", "14\u00a0848", "…"):
        drawn = mask(text, FONT)
        assert drawn.shape == (line_height(FONT), text_width(text, FONT))
        assert drawn.max() > 200


def test_special_characters_are_themselves():
    # VTK's own text would read these as mathematics or as columns.
    plain, dollars = mask("x", FONT), mask("$x$", FONT)
    assert dollars.shape[1] > plain.shape[1] * 2
    assert not np.array_equal(mask("a|b", FONT), mask("ab", FONT)[:, : mask("a|b", FONT).shape[1]])


def test_the_font_has_every_character_that_we_write():
    missing = mask("\ue123", FONT)
    for character in "›×→·…│ÄéßжλΩ0123456789":
        drawn = mask(character, FONT)
        assert drawn.shape != missing.shape or not np.array_equal(drawn, missing), character


def test_empty_text_is_nothing():
    assert mask("", FONT).size == 0


def test_chinese_and_kana_are_drawn_as_themselves():
    missing = mask("\ue123", FONT)
    characters = "通义千问注意力層專家漢字カナかな，。（）"
    drawn = [mask(character, FONT) for character in characters]
    assert all(one.shape != missing.shape or not np.array_equal(one, missing) for one in drawn)
    assert len({one.tobytes() for one in drawn}) == len(characters)


@pytest.mark.parametrize(
    "text", ["注意力 self_attn", "a注b意c力", "通义千问 › layer 3", "नमस्ते", "한국어 x", "\ud800x", "😀ok", "a\nb"]
)
def test_a_line_of_several_scripts_has_the_measured_width(text):
    drawn = mask(text, FONT)
    assert drawn.shape == (line_height(FONT), text_width(text, FONT))
    assert drawn.max() > 200


def test_each_part_of_a_mixed_line_stands_where_its_width_says():
    drawn, first = mask("力ab", FONT), mask("力", FONT)
    han = first.shape[1]
    assert han == FONT[0]  # a Han character is as wide as the em
    assert np.array_equal(drawn[:, : han - 1], first[:, : han - 1])
    assert np.array_equal(drawn[:, han:], mask("ab", FONT)[:, : drawn.shape[1] - han])


@pytest.mark.parametrize("size", [11, 13, 26, 52])
def test_han_characters_are_not_cut_at_their_top_or_foot(size):
    file = resources.files(fonts).joinpath("Archviz3dHan-Regular.otf")
    font = ImageFont.truetype(BytesIO(file.read_bytes()), size, layout_engine=ImageFont.Layout.BASIC)
    whole = np.array(font.getmask("鑫藏籲注"))
    assert mask("鑫藏籲注", (size, "Regular")).sum() == whole.sum()


@pytest.mark.parametrize("character", ["क", "한", "😀", "\ud800", "\n"])
def test_what_no_font_has_is_a_visible_box(character):
    assert np.array_equal(mask(character, FONT), mask("\uffff", FONT))
    assert mask(character, FONT).max() > 200


def test_names_are_shortened_in_the_middle():
    def width(text):
        return 8 * len(text)

    assert shortened("kv_a_proj_with_mqa", 1000, width) == "kv_a_proj_with_mqa"
    short = shortened("kv_a_proj_with_mqa", 100, width)
    assert short is not None
    assert width(short) <= 100
    assert short.startswith("kv_a")
    assert short.endswith("mqa")
    assert shortened("kv_a_proj_with_mqa", 40, width, least=10) is None
