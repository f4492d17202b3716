import numpy as np

from archviz3d.viewer.scene.text import line_height, mask, text_width

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
