"""A view at rest gets finer, render by render, and stops at once for whatever is to be done."""

import numpy as np
import pytest
from PySide6.QtGui import QImage

from archviz3d.viewer.accumulation import SAMPLES

WAIT = 20_000


def seen(view):
    """The pixels of the view as they are on the screen."""
    image = view.grabFramebuffer().convertToFormat(QImage.Format.Format_RGBA8888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 4 * image.width()].reshape(image.height(), image.width(), 4)[..., :3].astype(int)


@pytest.fixture
def view(toy_window, qtbot):
    """The view of a window at rest, with the best frame on the screen."""
    qtbot.waitUntil(lambda: not toy_window.view.moving and not toy_window.view.stale, timeout=WAIT)
    qtbot.waitUntil(lambda: not toy_window.view.refining, timeout=WAIT)
    return toy_window.view


def renders(view):
    """Count the renders of a view from now on."""
    count = []
    view.GetRenderWindow().AddObserver("EndEvent", lambda *_: count.append(1))
    return count


def test_the_best_frame_comes_in_as_many_renders_and_is_grabbed(view, qtbot):
    count = renders(view)
    best = seen(view)
    assert not count  # looking at it renders nothing
    view.redraw()
    first = seen(view)
    assert len(count) == 1
    assert view.refining
    off = np.abs(first - best).mean()
    while view.refining:
        qtbot.wait(1)
        # A render that is shifted by half a pixel is twice as far off: what is seen is always a mean.
        assert np.abs(seen(view) - best).mean() < 1.25 * off
    qtbot.waitUntil(lambda: np.array_equal(seen(view), best), timeout=WAIT)
    assert len(count) == SAMPLES
    steps = [np.abs(np.diff(picture, axis=1)).max(-1) > 100 for picture in (first, best)]
    assert steps[1].sum() < 0.9 * steps[0].sum()  # fewer hard edges; the letters keep theirs
    title = np.s_[10:60, 10:200]
    np.testing.assert_array_equal(first[title], best[title])


def test_a_change_begins_anew_and_a_hover_does_not(view, qtbot):
    view.redraw()
    seen(view)
    assert view.refining
    view.state.camera = view.camera().orbited(2.0, 0.0)
    assert view.stale
    seen(view)
    assert view.moving
    assert not view.refining  # a moving view has better things to do
    qtbot.waitUntil(lambda: view.refining, timeout=WAIT)
    count = renders(view)
    view.state.hover = view.graph.id_of("model.layers.2")
    qtbot.waitUntil(lambda: not view.refining, timeout=WAIT)
    assert 0 < len(count) < SAMPLES
