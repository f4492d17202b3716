"""Labels of moving frames: between two placings they go with their boxes, and never over what is not theirs."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archviz3d.layout import place
from archviz3d.viewer.cameras.camera import Camera
from archviz3d.viewer.scene import Scene
from archviz3d.viewer.scene.writing import labels as labels_module
from archviz3d.viewer.scene.writing.following import _met
from archviz3d.viewer.state import ViewState
from archviz3d.viewer.theme import DARK

VIEWPORT = (1280, 720)


class Moving:
    """A scene of a model that counts how often labels are placed."""

    def __init__(self, graph, monkeypatch):
        self.scene, self.placed = Scene(DARK), 0
        self.scene.show(graph, place(graph))
        self.camera = self.scene.fit(0, VIEWPORT)
        place_labels = labels_module.place_labels

        def counted(*args):
            self.placed += 1
            return place_labels(*args)

        monkeypatch.setattr(labels_module, "place_labels", counted)

    def labels(self, camera, moving=True, **state):
        self.scene.draw(ViewState(camera=camera, **state), VIEWPORT, moving=moving)
        return {(label.candidate.node, label.candidate.role): label for label in self.scene.labels}

    def panned(self, px):
        u, v, w = self.camera.target
        return replace(self.camera, target=(u - px / self.camera.unit_px(VIEWPORT), v, w))


@pytest.fixture
def moving(toy, monkeypatch):
    return Moving(toy, monkeypatch)


def test_what_does_not_move_stays_where_it_was_placed(moving):
    first = moving.labels(moving.camera)
    again = moving.labels(moving.camera)
    assert moving.placed == 1
    assert len(first) > 5
    assert {key: label.rect for key, label in first.items()} == {key: label.rect for key, label in again.items()}


def test_labels_go_with_their_boxes(moving):
    scene = moving.scene

    def corners(nodes):
        boxes = [scene.box(node) for node in nodes]
        at = np.array([center + size / 2 * (-1, 1, 1) for center, size in boxes])
        return scene.frame.view.camera.project(at, VIEWPORT)[0]

    first = moving.labels(moving.camera)
    nodes = [node for node, _ in first]
    before = corners(nodes)
    after = moving.labels(moving.panned(-40))
    assert moving.placed == 1
    ways = dict(zip(nodes, corners(nodes) - before, strict=True))
    both = [(key, np.subtract(after[key].rect[:2], first[key].rect[:2])) for key in first if key in after]
    assert len(both) > 5
    assert all(way[0] < -30 for _, way in both)
    np.testing.assert_allclose([way for _, way in both], [ways[key[0]] for key, _ in both], atol=3)


def test_turned_a_little_they_are_near_to_where_they_would_be_placed(moving):
    moving.labels(moving.camera)
    turned = moving.camera.orbited(1.5, 1.0)
    went = moving.labels(turned)
    assert moving.placed == 1
    placed = Moving(moving.scene._model.graph, pytest.MonkeyPatch()).labels(turned)
    both = [key for key in went if key in placed and went[key].way == placed[key].way]
    assert len(both) > 5
    apart = [np.abs(np.subtract(went[key].rect, placed[key].rect)).max() for key in both]
    assert np.median(apart) <= 2


def test_rows_are_those_of_the_frame(moving):
    moving.labels(moving.camera)
    after = moving.labels(moving.camera.orbited(1.0, 1.0))
    nodes = moving.scene.frame.cut.nodes
    assert all(nodes[label.candidate.row] == node for (node, _), label in after.items())


@pytest.mark.parametrize("px", [-150, 150])
def test_nothing_is_cut_off_or_goes_over_title_and_legend(moving, px):
    before = len(moving.labels(moving.camera))
    scene = moving.scene
    after = moving.labels(moving.panned(px))
    if moving.placed == 1:
        assert len(after) <= before
    names = {line.rect for line in scene.writings}
    own = [label.rect for label in after.values()]
    assert all(min(x0, y0) >= 0 and x1 <= VIEWPORT[0] and y1 <= VIEWPORT[1] for x0, y0, x1, y1 in own)
    others = [rect for rect in names if not any(_inside(rect, mine) for mine in own)]
    assert others
    assert not any(_meet(mine, rect) for mine in own for rect in others)


def _inside(rect, outer):
    return rect[0] >= outer[0] - 1 and rect[1] >= outer[1] - 1 and rect[2] <= outer[2] + 1 and rect[3] <= outer[3] + 1


def _meet(a, b):
    return a[0] < b[2] and a[2] > b[0] and a[1] < b[3] and a[3] > b[1]


@pytest.mark.parametrize("zoom", [0.6, 0.8, 1.5])
def test_what_comes_close_to_another_label_goes(moving, zoom):
    first = moving.labels(moving.camera)
    after = moving.labels(replace(moving.camera, distance=moving.camera.distance / zoom))
    assert moving.placed == 1
    rects = [label.rect for label in after.values()]
    assert len(rects) > 5
    assert len(rects) < len(first)
    assert not any(_meet(a, b) for k, a in enumerate(rects) for b in rects[:k])


def test_with_nothing_in_view_there_are_none(moving):
    moving.labels(moving.camera)
    following, away = moving.scene._model.labels._following, -3 * moving.camera.distance
    moving.labels(replace(moving.camera, target=(*moving.camera.target[:2], away)))  # the model is behind the eye
    assert not len(moving.scene.frame.cut)
    assert following.written
    assert following.moved(moving.scene.frame, []) == []


def test_they_are_placed_anew_every_few_frames_and_at_rest(moving):
    for k in range(12):
        moving.labels(moving.camera.orbited(0.01 * k, 0.0))
    assert moving.placed == 2
    moving.labels(moving.camera, moving=False)
    moving.labels(moving.camera, moving=False)
    assert moving.placed == 4


@pytest.mark.parametrize(
    "change",
    [lambda c: c.orbited(21.0, 0.0), lambda c: replace(c, distance=0.4 * c.distance), lambda c: c.projected(True)],
)
def test_seen_from_elsewhere_they_are_placed_anew(moving, change):
    moving.labels(moving.camera)
    moving.labels(change(moving.camera))
    assert moving.placed == 2


def test_what_is_said_anew_is_placed_anew(moving, toy):
    moving.labels(moving.camera)
    moving.labels(moving.camera, plain_words=True)
    moving.labels(moving.camera, plain_words=True, focus=toy.id_of("model.layers.2"))
    moving.labels(moving.camera, plain_words=True, focus=toy.id_of("model.layers.2"), overlay="parameters")
    assert moving.placed == 4


@given(
    st.floats(-89, 89), st.floats(-80, 80), st.floats(0.1, 50), st.booleans(),
    st.tuples(st.floats(0, 1280), st.floats(0, 720)),
)  # fmt: skip
def test_a_place_on_a_front_is_under_its_pixel(azimuth, elevation, distance, orthographic, px):
    camera = Camera((1.0, 2.0, 0.5), azimuth, elevation, distance, orthographic=orthographic)
    front = np.array([[1.1, 1.9, 0.45]])
    met = _met(camera, np.array([px]), VIEWPORT, front)
    back, _ = camera.project(met, VIEWPORT)
    np.testing.assert_allclose(back[0], px, atol=1e-3)
