"""The docks beside the scene: which are shown, how wide they are, and that this is remembered."""

from PySide6.QtCore import QByteArray, QCoreApplication, Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget

from .recent import settings

__all__ = ["Panels"]

_TREE_WIDTH, _INSPECTOR_WIDTH, _LEAST = 380, 300, 240
_TREE, _INSPECTOR = "panels/tree", "panels/inspector"
translate = QCoreApplication.translate  # under this name Qt's lupdate finds the texts


class Panels:
    """The tree's dock at the left and the inspector's at the right, both there only beside a model."""

    def __init__(self, window: QMainWindow, tree: QWidget, inspector: QWidget) -> None:
        self._window = window
        area = Qt.DockWidgetArea
        self._tree = _dock(window, translate("Panels", "Model"), "treeDock", tree, area.LeftDockWidgetArea)
        self._inspector = _dock(
            window, translate("Panels", "Inspector"), "inspectorDock", inspector, area.RightDockWidgetArea
        )
        self._sized = False

    def show_beside_model(self, there: bool) -> None:
        """Show the docks that the user wants, or none where there is no model."""
        self._tree.setVisible(there and self.has_tree())
        self._inspector.setVisible(there and self.has_inspector())
        if there and not self._sized:
            # Not in the constructor: Qt forgets the widths of docks that are hidden when they are set.
            self._window.resizeDocks([self._tree, self._inspector], self._widths(), Qt.Orientation.Horizontal)
            self._sized = True

    def width(self) -> int:
        """Return the pixels that the docks take, or will take once they are shown."""
        tree, inspector = self._widths()
        return tree * self.has_tree() + inspector * self.has_inspector()

    def _widths(self) -> list[int]:
        """Return the docks' widths: less in a small window, which is there for the scene."""
        share = min(1.0, self._window.width() / 1600)
        return [max(_LEAST, round(width * share)) for width in (_TREE_WIDTH, _INSPECTOR_WIDTH)]

    def show_tree(self) -> None:
        """Show the tree, whether it is wanted otherwise or not."""
        self._tree.show()

    def has_tree(self) -> bool:
        """Whether the tree is shown beside a model."""
        return bool(settings().value(_TREE, True, bool))

    def toggle_tree(self) -> None:
        """Show or hide the tree."""
        settings().setValue(_TREE, not self.has_tree())
        self._tree.setVisible(self.has_tree())

    def has_inspector(self) -> bool:
        """Whether the inspector is shown beside a model."""
        return bool(settings().value(_INSPECTOR, True, bool))

    def toggle_inspector(self) -> None:
        """Show or hide the inspector."""
        settings().setValue(_INSPECTOR, not self.has_inspector())
        self._inspector.setVisible(self.has_inspector())

    def save(self) -> None:
        """Remember the window's size and place, and the docks' widths where they were shown."""
        settings().setValue("geometry", self._window.saveGeometry())
        if self._sized:
            settings().setValue("docks", self._window.saveState())

    def restore(self) -> None:
        """Bring back what `save` remembered."""
        geometry, docks = settings().value("geometry"), settings().value("docks")
        if isinstance(geometry, QByteArray):
            self._window.restoreGeometry(geometry)
        if isinstance(docks, QByteArray):
            self._sized = self._window.restoreState(docks)


def _dock(window: QMainWindow, title: str, name: str, widget: QWidget, area: Qt.DockWidgetArea) -> QDockWidget:
    dock = QDockWidget(title, window)
    dock.setObjectName(name)  # saveState finds it by this
    dock.setWidget(widget)
    widget.setMinimumWidth(_LEAST)
    dock.setFeatures(QDockWidget.DockWidgetFeature.DockWidgetMovable)
    window.addDockWidget(area, dock)
    return dock
