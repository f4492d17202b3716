"""The background: the same while the camera moves, but for half a step of noise."""

import numpy as np
import pytest

from archviz3d.layout import place
from archviz3d.viewer.offscreen import offscreen_window, read_pixels
from archviz3d.viewer.scene import Scene
from archviz3d.viewer.state import ViewState
from archviz3d.viewer.theme import THEMES

SIZE = (320, 180)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_ground_of_moving_frames_differs_by_its_noise_alone(toy, theme):
    with offscreen_window(SIZE) as window:
        scene = Scene(THEMES[theme])
        scene.show(toy, place(toy))
        window.AddRenderer(scene.renderer)
        seen = {}
        for moving in (False, True, False):
            scene.draw(ViewState(theme=theme, labels=False, angle=(0.0, 0.0, 0.001)), SIZE, moving=moving)
            window.Render()
            seen[moving] = read_pixels(window, SIZE)[:40, :, :3].astype(int)  # above the model
    apart = np.abs(seen[True] - seen[False])
    assert apart.max() == 1
    assert (np.ptp(seen[True], axis=1) == 0).all()  # without noise, rows are even
