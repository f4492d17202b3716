"""What interrupts a flight between two projections leaves the view in one of them."""

import pytest
from PySide6.QtWidgets import QApplication

from archviz3d.graph.model_graph import ModelGraph
from archviz3d.layout import place
from archviz3d.viewer.cameras.camera import Camera
from archviz3d.viewer.state import ViewState
from archviz3d.viewer.window.moving.motion import set_reduced
from archviz3d.viewer.window.moving.navigator import Navigator

VIEWPORT = (800, 600)


@pytest.fixture
def navigator(qapp: QApplication, toy: ModelGraph) -> Navigator:
    """One whose flights are where a test moves them: no event loop runs."""
    set_reduced(False)
    state = ViewState(camera=Camera((3.0, 2.0, 0.0), 10.0, 5.0, 20.0))

    def frame(node, beside=()):
        return Camera((0.0, 0.0, 0.0), 0.0, 0.0, 50.0, orthographic=state.projection == "orthographic")

    navigator = Navigator(state, frame, lambda: state.camera or frame(state.focus))
    navigator.show(toy, place(toy))
    return navigator


def half_way(navigator: Navigator, parallel: bool) -> Camera:
    """Let it fly from the other projection to this one, and return the camera amid the way."""
    state = navigator._state
    if not parallel:
        state.projection, state.camera = "orthographic", state.camera.projected(True)
    start = state.camera
    navigator.toggle_projection()
    camera = Camera.between(start, navigator.flight.end, 0.5)
    assert not camera.orthographic
    assert camera.fov < 25
    navigator.move(camera)
    return camera


@pytest.mark.parametrize("parallel", [True, False])
def test_an_interrupt_ends_in_a_whole_projection(navigator, parallel):
    camera = half_way(navigator, parallel)
    navigator.interrupt()
    now = navigator._state.camera
    assert (now.orthographic, now.fov) == (parallel, 30.0)
    assert now.unit_px(VIEWPORT) == pytest.approx(camera.unit_px(VIEWPORT))
    assert not navigator.flight.flying


@pytest.mark.parametrize("parallel", [True, False])
def test_a_look_from_a_side_amid_the_way_leads_to_a_whole_projection(navigator, parallel):
    camera = half_way(navigator, parallel)
    navigator.look_from("city")
    end = navigator.flight.end
    assert (end.orthographic, end.fov) == (parallel, 30.0)
    assert end.unit_px(VIEWPORT) == pytest.approx(camera.unit_px(VIEWPORT))
    assert navigator.flight._start == camera  # without a jump


@pytest.mark.parametrize("parallel", [True, False])
def test_what_another_flight_starts_from_has_a_whole_projection(navigator, parallel):
    half_way(navigator, parallel)
    settled = navigator.settled()
    assert (settled.orthographic, settled.fov) == (parallel, 30.0)
    navigator.flight.interrupt()
    assert navigator.settled() == navigator._state.camera


def test_a_flight_with_a_wide_angle_keeps_it_when_it_is_interrupted(navigator):
    wide = Camera((3.0, 2.0, 0.0), 10.0, 5.0, 20.0, 60.0)
    navigator.move(wide)
    navigator.fly_to(Camera((9.0, 2.0, 0.0), 10.0, 5.0, 20.0, 60.0))
    navigator.interrupt()
    assert navigator._state.camera == wide
