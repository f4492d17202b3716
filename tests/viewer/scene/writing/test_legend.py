"""The legend stays on the picture and apart in itself, however little room there is."""

import itertools

import numpy as np
import pytest

from archviz3d.layout import place
from archviz3d.viewer.label_audit import written_report
from archviz3d.viewer.scene import Scene
from archviz3d.viewer.scene.writing.margins import EDGE, LEGEND_WIDTH
from archviz3d.viewer.state import ViewState
from archviz3d.viewer.theme import DARK

SIZES = [(1600, 900), (1280, 720), (1100, 500), (960, 540), (800, 450), (1920, 300)]


class Written:
    def __init__(self, graph):
        self.scene = Scene(DARK)
        self.scene.show(graph, place(graph))

    def __call__(self, size, **state):
        """Return the texts of a frame's legend, and how many pairs overlap and lines are cut off in the frame."""
        self.scene.draw(ViewState(**state), size)
        picture = np.zeros((size[1], size[0], 3), np.uint8)
        report = written_report(self.scene.writings, picture, picture)
        left = size[0] - LEGEND_WIDTH - EDGE
        texts = [writing.text for writing in self.scene.writings if writing.rect[0] >= left]
        return texts, len(report.overlaps), len(report.clipped)


@pytest.fixture(scope="module")
def written(toy):
    found = Written(toy)
    yield found
    found.scene.close_model()


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_nothing_overlaps_or_is_cut_off(written, toy, size):
    for overlay, height in itertools.product((None, "parameters", "dtype"), (None, "bytes")):
        texts, overlaps, clipped = written(size, overlay=overlay, height=height, focus=toy.id_of("model.layers.2"))
        assert len(texts) > 3
        assert (overlaps, clipped) == (0, 0), (overlay, height)


def test_what_sizes_mean_is_said_with_an_overlay_too_where_there_is_room(written):
    for overlay in (None, "parameters"):
        texts, *_ = written((1600, 900), overlay=overlay)
        assert "square roots" in " ".join(texts)
        assert "thickness has no meaning" in texts
    texts, *_ = written((960, 540), overlay="parameters")
    assert "square roots" not in " ".join(texts)
    assert "Parameters" in " ".join(texts)
