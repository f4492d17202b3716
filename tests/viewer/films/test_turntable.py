import itertools
import math

import numpy as np
import pytest

from archviz3d.viewer.cameras.camera import Camera
from archviz3d.viewer.cameras.framing import framed_boxes
from archviz3d.viewer.films.turntable import turntable
from archviz3d.viewer.scene.writing.margins import free_margins
from archviz3d.viewer.state import ViewState

SIZE = (1280, 720)
MARGINS = free_margins(SIZE, 1.0)


def cameras(course, count=97):
    return [course.shot(course.seconds * k / count).camera for k in range(count)]


@pytest.mark.parametrize("arrangement", ["wrap", "deck"])
@pytest.mark.parametrize("focus", ["", "model.layers.2", "model.layers.0.mlp.experts.3"])
@pytest.mark.parametrize(
    ("angle", "projection"),
    [
        (None, "perspective"),
        ((30.0, 80.0, 1.0), "perspective"),
        ((120.0, -20.0, 1.0), "perspective"),
        (None, "orthographic"),
    ],
)
def test_everything_stays_between_title_and_legend(toy, placement, deck, arrangement, focus, angle, projection):
    where = deck if arrangement == "deck" else placement
    state = ViewState(focus=toy.id_of(focus) if focus else 0, angle=angle, projection=projection)
    course = turntable(toy, where, state, 8.0, SIZE, MARGINS)
    boxes = framed_boxes(toy, where, state.focus)
    signs = np.array(list(itertools.product((-0.5, 0.5), repeat=3)))
    corners = (where.center[boxes][:, None] + where.size[boxes][:, None] * signs).reshape(-1, 3)
    closest = math.inf
    for camera in cameras(course):
        px, depth = camera.project(corners, SIZE)
        assert (depth > 0).all()
        low, high = px.min(0), px.max(0)
        free = (
            low[0] - MARGINS[0],
            low[1] - MARGINS[1],
            SIZE[0] - MARGINS[2] - high[0],
            SIZE[1] - MARGINS[3] - high[1],
        )
        assert min(free) > -0.5
        closest = min(closest, *free)
    assert closest < 3  # and no farther away than it must be


def test_it_begins_where_the_picture_looks_and_comes_back(toy, placement):
    course = turntable(toy, placement, ViewState(), 8.0, SIZE, MARGINS)
    first, last = course.shot(0.0).camera, course.shot(course.seconds).camera
    assert first == last
    assert (first.azimuth, first.elevation) == pytest.approx((-6.0, 10.0))
    steps = np.diff([camera.azimuth for camera in [*cameras(course), first]])
    assert np.abs(steps).max() < 1.1 * math.tau * 36 / 97
    assert np.abs(np.diff(steps)).max() < 0.3  # degrees: neither stops nor turns back at once


def test_it_never_looks_at_the_back(toy, placement, deck):
    for where in (placement, deck):
        course = turntable(toy, where, ViewState(), 8.0, SIZE, MARGINS)
        assert max(abs(camera.azimuth) for camera in cameras(course)) <= 66


def test_what_the_user_looks_at_is_what_it_turns_around(toy, placement):
    own = Camera((1.0, 2.0, 0.1), 20.0, 30.0, 5.0)
    course = turntable(toy, placement, ViewState(camera=own), 8.0, SIZE, MARGINS)
    for camera in cameras(course):
        assert camera.target == pytest.approx(own.target)
        assert camera.distance == own.distance
    assert course.shot(0.0).camera.azimuth == pytest.approx(20.0)
    assert course.shot(0.0).camera.elevation == pytest.approx(30.0)


def test_a_zoom_comes_closer(toy, placement):
    usual = turntable(toy, placement, ViewState(angle=(-6.0, 10.0, 1.0)), 8.0, SIZE, MARGINS)
    closer = turntable(toy, placement, ViewState(angle=(-6.0, 10.0, 2.0)), 8.0, SIZE, MARGINS)
    assert closer.camera.distance == pytest.approx(usual.camera.distance / 2)
