from PySide6.QtWidgets import QDockWidget

WAIT = 20_000


def dock(window, name):
    return window.findChild(QDockWidget, name)


def titled(window, name):
    return dock(window, name).titleBarWidget() is None


def test_docks_in_tabs_need_no_titles(toy_window):
    panels = toy_window.panels
    assert dock(toy_window, "overlaysDock") in toy_window.tabifiedDockWidgets(dock(toy_window, "treeDock"))
    assert not titled(toy_window, "treeDock")
    panels.toggle_overlays()  # it is behind the tree: brought to the front
    panels.toggle_overlays()
    assert dock(toy_window, "overlaysDock").isHidden()
    assert titled(toy_window, "treeDock")
    panels.toggle_overlays()
    assert not titled(toy_window, "treeDock")


def test_there_are_none_beside_the_start_page(toy_window):
    toy_window.close_model()
    assert not any(dock(toy_window, name).isVisible() for name in ("treeDock", "overlaysDock", "inspectorDock"))


def test_room_is_kept_for_what_is_wanted(window):
    panels = window.panels
    left, right = panels._widths()
    assert panels.width() == left + right
    panels.toggle_tree()
    assert panels.width() == left + right  # the overlays are still there
    panels.toggle_overlays()
    assert panels.width() == right
