import itertools

import numpy as np
import pytest

from archviz3d.errors import UsageError
from archviz3d.viewer.colormaps import (
    LUT_SIZE,
    SUGGESTED,
    category_table,
    check_colormap,
    color_table,
    default_colormap,
)
from archviz3d.viewer.theme import THEMES, contrast, rgb

THEME_NAMES = list(THEMES)


def lab(color):
    """CIELAB (L*, a*, b*) under D65 of sRGB colours of 0 to 255."""
    c = np.asarray(color, np.float64) / 255
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    to_xyz = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
    t = linear @ np.transpose(to_xyz) / [0.95047, 1.0, 1.08883]
    x, y, z = np.moveaxis(np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29), -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], -1)


def difference(a, b):
    return float(np.linalg.norm(lab(a) - lab(b)))


def test_our_lab_is_right():
    np.testing.assert_allclose(lab([255, 255, 255]), [100, 0, 0], atol=0.02)
    np.testing.assert_allclose(lab([255, 0, 0]), [53.24, 80.09, 67.2], atol=0.02)


# ---------------------------------------------------------------- the defaults
@pytest.mark.parametrize("theme", THEME_NAMES)
def test_lightness_of_a_default_map_goes_one_way_in_even_steps(theme):
    lightness = lab(color_table(default_colormap(False, theme)))[:, 0]
    steps = np.diff(lightness)
    assert (steps > 0).all() or (steps < 0).all()
    assert abs(lightness[-1] - lightness[0]) > 70
    assert np.abs(steps).max() < 3 * np.abs(steps).mean()


def test_more_is_brighter_on_a_dark_ground_and_darker_on_a_light_one():
    for theme, sign in (("dark", 1), ("light", -1)):
        table = lab(color_table(default_colormap(False, theme)))
        assert sign * (table[-1, 0] - table[0, 0]) > 0


@pytest.mark.parametrize("theme", THEME_NAMES)
def test_both_arms_of_a_diverging_default_are_equally_light_and_differ_in_hue(theme):
    table = lab(color_table(default_colormap(True, theme)))
    # berlin's reds are up to 10.7 lighter than its blues; a sequential map differs by 79
    assert np.abs(table[:, 0] - table[::-1, 0]).max() < 12
    for arm in (table[:128, 0], table[128:, 0][::-1]):
        steps = np.diff(arm)
        backward = steps < 0 if arm[-1] > arm[0] else steps > 0
        assert np.abs(steps[backward]).sum() < 0.05 * abs(arm[-1] - arm[0])
    assert np.linalg.norm(table[0, 1:] - table[-1, 1:]) > 40


@pytest.mark.parametrize("theme", THEME_NAMES)
def test_zero_has_the_lightness_of_the_ground(theme):
    middle = lab(color_table(default_colormap(True, theme))[LUT_SIZE // 2])[0]
    grounds = [lab(rgb(color))[0] for color in THEMES[theme].ground]
    assert min(abs(middle - ground) for ground in grounds) < 12


@pytest.mark.parametrize("theme", THEME_NAMES)
@pytest.mark.parametrize("diverging", [False, True])
def test_no_end_of_a_default_map_is_taken_for_a_plate_or_for_no_data(theme, diverging):
    table, look = color_table(default_colormap(diverging, theme)), THEMES[theme]
    for end in (table[0], table[-1]):
        for background in (*look.plate_table, *map(rgb, (*look.ground, look.no_data))):
            assert difference(end, background) > 25
    # The end of much data stands out by lightness alone, too.
    assert min(contrast(table[-1], plate) for plate in look.plate_table) > 3


# ---------------------------------------------------------------- names
@pytest.mark.parametrize("name", SUGGESTED)
def test_each_suggested_map_is_there(name):
    table = color_table(name)
    assert table.shape == (LUT_SIZE, 3)
    assert table.dtype == np.uint8
    assert len(np.unique(table, axis=0)) > 100
    assert check_colormap(name) == name


def test_a_map_goes_from_its_low_to_its_high_end():
    np.testing.assert_array_equal(color_table("viridis")[[0, -1]], [[68, 1, 84], [253, 231, 37]])
    np.testing.assert_array_equal(color_table("viridis_r"), color_table("viridis")[::-1])


@pytest.mark.parametrize(
    ("name", "meant"),
    [("virdis", "viridis"), ("Viridis_x", "viridis"), ("crameri:batlo", "crameri:batlow"), ("batlo", "batlow")],
)
def test_near_misses_of_an_unknown_name_are_named_once(name, meant):
    with pytest.raises(UsageError, match=f"no colour map '{name}'; did you mean ") as caught:
        color_table(name)
    offered = str(caught.value).partition("did you mean ")[2].split(" or ")
    assert meant in offered
    assert len(set(offered)) == len(offered)
    for one in offered:
        check_colormap(one)


@pytest.mark.parametrize("name", ["", " ", "xyzzy123", "../x", "https://x", "['red', 'blue']", "\0\n", "q" * 100_000])
def test_what_is_like_no_name_gets_examples_in_a_short_line(name):
    with pytest.raises(UsageError, match=r"no colour map .*e\.g\. plasma") as caught:
        check_colormap(name)
    assert len(str(caught.value)) < 200
    assert "\n" not in str(caught.value)


# ---------------------------------------------------------------- categories
@pytest.mark.parametrize("count", [1, 2, 3, 7, 8, 14])
def test_categories_are_told_apart(count):
    table = category_table(count)
    assert table.shape == (LUT_SIZE, 3)
    colors = [table[int((k + 0.5) * LUT_SIZE / count)] for k in range(count)]
    assert len(np.unique(table, axis=0)) == count
    for a, b in itertools.combinations(colors, 2):
        assert difference(a, b) > 10


@pytest.mark.parametrize("count", [0, 15, 256, 1000])
def test_any_number_of_categories_has_a_table(count):
    assert category_table(count).shape == (LUT_SIZE, 3)
