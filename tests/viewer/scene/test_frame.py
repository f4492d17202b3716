"""What is kept from one moving frame to the next: meshes, as long as the eye stays near."""

from dataclasses import replace

import pytest

from archviz3d.layout import place
from archviz3d.viewer.cameras.camera import Camera
from archviz3d.viewer.scene import Scene, ribbons
from archviz3d.viewer.scene.frame import View
from archviz3d.viewer.state import ViewState
from archviz3d.viewer.theme import DARK

SIZE = (640, 360)
CAMERA = Camera((0.0, 0.0, 0.0), 10.0, 20.0, 4.0)
NEAR = [CAMERA, CAMERA.orbited(2.0, -2.0), replace(CAMERA, distance=4.1), replace(CAMERA, target=(0.2, 0.0, 0.0))]
FAR = [
    CAMERA.orbited(5.0, 0.0), CAMERA.orbited(0.0, 5.0), replace(CAMERA, distance=4.4),
    replace(CAMERA, target=(0.5, 0.0, 0.0)), CAMERA.projected(True),
]  # fmt: skip


def view(camera, moving=True):
    return View(camera, SIZE, 1.0, moving)


@pytest.mark.parametrize("camera", NEAR)
def test_moving_views_may_be_near(camera):
    assert view(camera).is_near(view(CAMERA))
    assert view(camera, moving=False).is_near(view(CAMERA, moving=False)) == (camera == CAMERA)
    assert not view(camera, moving=False).is_near(view(CAMERA))
    assert not view(camera).is_near(view(CAMERA, moving=False))


@pytest.mark.parametrize("camera", FAR)
def test_views_from_elsewhere_are_not(camera):
    assert not view(camera).is_near(view(CAMERA))


def test_ribbons_are_made_anew_only_where_they_would_look_different(toy, monkeypatch):
    made = []
    ribbon_quads = ribbons.ribbon_quads
    monkeypatch.setattr(ribbons, "ribbon_quads", lambda *args: made.append(1) or ribbon_quads(*args))
    scene = Scene(DARK)
    scene.show(toy, place(toy))
    camera = scene.fit(0, SIZE)

    def count(moving, **state):
        made.clear()
        scene.draw(ViewState(labels=False, **state), SIZE, moving=moving)
        return len(made)

    assert count(True, camera=camera) == 1
    assert count(True, camera=camera.orbited(1.0, 1.0)) == 0
    assert count(True, camera=camera.orbited(6.0, 1.0)) == 1
    assert count(True, camera=camera.orbited(6.0, 1.0), spotlight=frozenset({toy.id_of("model.layers.2")})) == 1
    assert count(False, camera=camera) == 1
    assert count(False, camera=camera.orbited(0.1, 0.0)) == 1
