import numpy as np
import pytest

from archviz3d.overlays.overlay import Aggregate, Figure, Origin, Overlay
from archviz3d.viewer.state import ViewState
from archviz3d.viewer.window.overlays.filter_box import OverlayFilter
from archviz3d.viewer.window.overlays.filters import filters_of


@pytest.mark.parametrize("text", ["<img src=x>", "a<b>c"])
def test_what_a_file_says_is_shown_letter_by_letter(qtbot, shown_as, text):
    box = OverlayFilter(ViewState())
    qtbot.addWidget(box)
    ids, facts = np.arange(2, dtype=np.int32), {"figure": Figure.CATEGORY, "categories": (text, "other")}
    overlay = Overlay("x", "X", "", "", Origin.TABLE, Aggregate.MOST, ids, np.zeros((1, 2), np.float32), **facts)
    box.show_overlay(overlay, tuple(filters_of(overlay)))
    (chip,) = box.chips
    assert chip.text() == text
    assert shown_as(chip.toolTip()) == f"Only {text}"
