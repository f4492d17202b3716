"""The docks beside the scene: which are shown, how wide they are, and that this is remembered."""

from PySide6.QtCore import QByteArray, QCoreApplication, Qt
from PySide6.QtWidgets import QApplication, QDockWidget, QMainWindow, QTabWidget, QWidget

from ..recent import settings

__all__ = ["Panels"]

_LEFT_WIDTH, _INSPECTOR_WIDTH, _LEAST = 380, 300, 240
_TREE, _OVERLAYS, _INSPECTOR = "panels/tree", "panels/overlays", "panels/inspector"
_VERSION = 2  # of the remembered places: those of other docks are of no use
translate = QCoreApplication.translate  # under this name Qt's lupdate finds the texts


class Panels:
    """Tree and overlays in one dock area at the left, the inspector at the right; there only beside a model."""

    def __init__(
        self, window: QMainWindow, scene: QWidget, tree: QWidget, overlays: QWidget, inspector: QWidget
    ) -> None:
        self._window, self._scene = window, scene
        left, right = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
        window.setTabPosition(left | right, QTabWidget.TabPosition.North)
        window.setDocumentMode(True)
        self._tree = _dock(window, translate("Panels", "Model"), "treeDock", tree, left)
        self._overlays = _dock(window, translate("Panels", "Overlays"), "overlaysDock", overlays, left)
        self._inspector = _dock(window, translate("Panels", "Inspector"), "inspectorDock", inspector, right)
        window.tabifyDockWidget(self._tree, self._overlays)
        self._sized = False

    def show_beside_model(self, there: bool) -> None:
        """Show the docks that the user wants, or none where there is no model."""
        self._tree.setVisible(there and self.has_tree())
        self._overlays.setVisible(there and self.has_overlays())
        self._inspector.setVisible(there and self.has_inspector())
        self._title()
        if there and not self._sized:
            # Not in the constructor: Qt forgets the widths of docks that are hidden when they are set.
            left = self._tree if self.has_tree() else self._overlays
            self._window.resizeDocks([left, self._inspector], self._widths(), Qt.Orientation.Horizontal)
            self._tree.raise_()
            self._sized = True

    def width(self) -> int:
        """Return the pixels that the docks take, or will take once they are shown."""
        left, inspector = self._widths()
        return left * (self.has_tree() or self.has_overlays()) + inspector * self.has_inspector()

    def _widths(self) -> list[int]:
        """Return the docks' widths: less in a small window, which is there for the scene."""
        share = min(1.0, self._window.width() / 1600)
        return [max(_LEAST, round(width * share)) for width in (_LEFT_WIDTH, _INSPECTOR_WIDTH)]

    def show_tree(self) -> None:
        """Show the tree, whether it is wanted otherwise or not."""
        self._show(self._tree)

    def show_overlays(self) -> None:
        """Show the overlays, whether they are wanted otherwise or not."""
        self._show(self._overlays)

    def has_tree(self) -> bool:
        """Whether the tree is shown beside a model."""
        return bool(settings().value(_TREE, True, bool))

    def toggle_tree(self) -> None:
        """Show the tree, or hide it where it is in sight."""
        self._toggle(self._tree, _TREE, self.has_tree())

    def has_overlays(self) -> bool:
        """Whether the overlays are shown beside a model."""
        return bool(settings().value(_OVERLAYS, True, bool))

    def toggle_overlays(self) -> None:
        """Show the overlays, or hide them where they are in sight."""
        self._toggle(self._overlays, _OVERLAYS, self.has_overlays())

    def has_inspector(self) -> bool:
        """Whether the inspector is shown beside a model."""
        return bool(settings().value(_INSPECTOR, True, bool))

    def toggle_inspector(self) -> None:
        """Show or hide the inspector."""
        self._toggle(self._inspector, _INSPECTOR, self.has_inspector())

    def _toggle(self, dock: QDockWidget, key: str, wanted: bool) -> None:
        # Behind another tab it is asked for because it cannot be seen.
        if wanted and dock.isVisible() and dock.visibleRegion().isEmpty():
            dock.raise_()
            return
        settings().setValue(key, not wanted)
        if wanted:
            dock.hide()
            self._title()
        else:
            self._show(dock)

    def focus_next(self) -> None:
        """Give the keyboard to the next of the scene and the docks that are in view."""
        docks = [dock.widget() for dock in (self._tree, self._overlays, self._inspector)]
        shown = [self._scene, *(widget for widget in docks if not widget.visibleRegion().isEmpty())]
        focused = QApplication.focusWidget()
        here = next((k for k, widget in enumerate(shown) if _holds(widget, focused)), -1)
        following = shown[(here + 1) % len(shown)]
        inside = [widget for widget in (following, *following.findChildren(QWidget)) if _takes_keys(widget)]
        if inside:
            inside[0].setFocus(Qt.FocusReason.TabFocusReason)

    def _show(self, dock: QDockWidget) -> None:
        dock.show()
        dock.raise_()
        self._title()

    def _title(self) -> None:
        """Leave out the titles of docks that have tabs, which say the same."""
        docks = (self._tree, self._overlays)
        tabbed = not any(dock.isHidden() for dock in docks) and bool(self._window.tabifiedDockWidgets(docks[0]))
        for dock in docks:
            if tabbed != isinstance(dock.titleBarWidget(), _NoTitle):
                dock.setTitleBarWidget(_NoTitle() if tabbed else None)  # pyright: ignore[reportArgumentType]

    def save(self) -> None:
        """Remember the window's size and place, and the docks' widths where they were shown."""
        settings().setValue("geometry", self._window.saveGeometry())
        if self._sized:
            settings().setValue("docks", self._window.saveState(_VERSION))

    def restore(self) -> None:
        """Bring back what `save` remembered."""
        geometry, docks = settings().value("geometry"), settings().value("docks")
        if isinstance(geometry, QByteArray):
            self._window.restoreGeometry(geometry)
        if isinstance(docks, QByteArray):
            self._sized = self._window.restoreState(docks, _VERSION)


def _holds(widget: QWidget, other: QWidget | None) -> bool:
    return other is not None and (widget is other or widget.isAncestorOf(other))


def _takes_keys(widget: QWidget) -> bool:
    return widget.isVisible() and widget.isEnabled() and bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)


class _NoTitle(QWidget):
    """Takes the place of a title."""


def _dock(window: QMainWindow, title: str, name: str, widget: QWidget, area: Qt.DockWidgetArea) -> QDockWidget:
    dock = QDockWidget(title, window)
    dock.setObjectName(name)  # saveState finds it by this
    dock.setWidget(widget)
    widget.setMinimumWidth(_LEAST)
    dock.setFeatures(QDockWidget.DockWidgetFeature.DockWidgetMovable)
    window.addDockWidget(area, dock)
    return dock
