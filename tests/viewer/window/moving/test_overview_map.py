"""The overview map: what it covers, labels know."""

from PySide6.QtCore import QRectF

from archviz3d.viewer.window.moving.motion import set_reduced

WAIT = 20_000


def test_labels_keep_off_the_map(toy_window, qtbot, at_rest):
    set_reduced(True)
    view = toy_window.view
    assert view.map.covered() == []
    view.steering.zoom(1.9)
    qtbot.waitUntil(view.map.isVisible, timeout=WAIT)
    at_rest(toy_window)
    ((left, top, right, bottom),) = view.map.covered()
    taken = QRectF(left, top, right - left, bottom - top)
    assert taken.contains(QRectF(view.map.geometry()))

    def beneath():
        rects = [QRectF(x, y, to_x - x, to_y - y) for x, y, to_x, to_y in (label.rect for label in view.scene.labels)]
        assert rects
        return [rect for rect in rects if taken.intersects(rect)]

    assert not beneath()
    view.scene.draw(view.state, view.viewport())
    assert beneath()  # it is not by chance
