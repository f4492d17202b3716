import numpy as np
import pytest

from archviz3d.viewer.cameras.camera import Camera
from archviz3d.viewer.cameras.framing import framing
from archviz3d.viewer.films.course import Shot
from archviz3d.viewer.films.frames import frame_source
from archviz3d.viewer.films.turntable import turntable
from archviz3d.viewer.scene.writing.margins import free_margins
from archviz3d.viewer.state import ViewState

SIZE = (800, 450)


@pytest.fixture
def camera(toy, placement) -> Camera:
    return framing(toy, placement, toy.id_of("model.layers.2"), None, SIZE, free_margins(SIZE, 1.0))


def test_names_fade_while_title_and_legend_stay(toy, placement, camera):
    with frame_source(toy, placement, ViewState(), SIZE) as source:
        full, half, none = (source.take(Shot(camera, 0, 0, names=names)).astype(int) for names in (1.0, 0.5, 0.0))
        nameless = source.take(Shot(camera, 0, 0, names=0.0))
    with frame_source(toy, placement, ViewState(labels=False), SIZE) as source:
        bare = source.take(Shot(camera, 0, 0))
    shown = np.abs(full - none).max(2) > 60
    assert shown.sum() > 200
    between = np.abs(half - (full + none) / 2).max(2)[shown]
    assert np.median(between) < 2  # where a plate is behind letters, both fade
    assert (nameless[:60] != bare[:60]).any()  # the title


def test_a_dissolve_is_a_mixture_of_both_pictures(toy, placement, camera):
    layer = toy.id_of("model.layers.2")
    with frame_source(toy, placement, ViewState(), SIZE) as source:
        one, other = (source.take(Shot(camera, node, node)).astype(int) for node in (0, layer))
        mixed = source.take(Shot(camera, 0, layer, 0.25))
    assert (one != other).any()
    assert np.abs(mixed - (0.75 * one + 0.25 * other)).max() <= 1


def test_a_still_is_drawn_once(toy, placement, camera):
    with frame_source(toy, placement, ViewState(), SIZE) as source:
        assert source.take(Shot(camera, 0, 0)) is source.take(Shot(camera, 0, 0))


def test_what_the_cursor_was_on_is_not_marked(toy, placement, camera):
    shot = Shot(camera, 0, 0)
    with frame_source(toy, placement, ViewState(hover=toy.id_of("model.layers.2.mlp")), SIZE) as source:
        hovered = source.take(shot)
    with frame_source(toy, placement, ViewState(), SIZE) as source:
        assert np.array_equal(source.take(shot), hovered)


def test_a_turntable_comes_back_to_the_picture_that_it_began_with(toy, placement):
    state = ViewState(focus=toy.id_of("model.layers.2"))
    course = turntable(toy, placement, state, 2.0, SIZE, free_margins(SIZE, 1.0))
    shots = [course.shot(k / 6) for k in range(12)]
    assert course.is_loop
    with frame_source(toy, placement, state, SIZE) as source:
        alone = source.take(shots[0])
        for shot in shots:
            source.lead_in(shot)
        source.take(shots[-1])
        first = source.take(shots[0])
        for shot in shots[1:-1]:
            source.lead_in(shot)
        source.take(shots[-1])
        assert np.array_equal(source.take(shots[0]), first)
    assert (first != alone).any()  # labels do remember the frame before
