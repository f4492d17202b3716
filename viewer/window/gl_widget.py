"""The GL widget: pyvistaqt's VTK-in-a-QOpenGLWidget, without VTK's input handling and without needless renders."""

import importlib.util
import os
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent
from PySide6.QtGui import QEnterEvent, QKeyEvent, QSurfaceFormat
from PySide6.QtWidgets import QWidget
from vtkmodules.vtkInteractionStyle import vtkInteractorStyleUser

from ...errors import MachineError

__all__ = ["GlWidget", "set_default_gl_format"]

# pyvistaqt reaches Qt through qtpy, which would take PyQt where both are installed.
os.environ["QT_API"] = "pyside6"


def _load_rwi() -> ModuleType:
    """Import ``pyvistaqt.rwi`` alone.

    The package's ``__init__`` imports all of pyvista's plotting and matplotlib (1.2 s of CPU time), of which
    the widget needs nothing. So while the module loads, a bare package stands in for it; a later
    ``import pyvistaqt`` elsewhere gets the real one.
    """
    if "pyvistaqt" not in sys.modules:
        spec = importlib.util.find_spec("pyvistaqt")
        if spec is None or spec.submodule_search_locations is None:
            raise MachineError(
                "pyvistaqt is missing, which shows 3D in a window; `pip install pyvistaqt>=0.13` installs it"
            )
        bare = ModuleType("pyvistaqt")
        bare.__path__ = list(spec.submodule_search_locations)
        sys.modules["pyvistaqt"] = bare
        try:
            return importlib.import_module("pyvistaqt.rwi")
        finally:
            del sys.modules["pyvistaqt"]
    return importlib.import_module("pyvistaqt.rwi")


if TYPE_CHECKING:
    from pyvistaqt.rwi import QVTKRenderWindowInteractor, _default_format
else:
    _rwi = _load_rwi()
    QVTKRenderWindowInteractor = _rwi.QVTKRenderWindowInteractor
    _default_format = _rwi._default_format


def set_default_gl_format() -> None:
    """Ask for the GL that VTK needs; takes effect for windows made after it."""
    QSurfaceFormat.setDefaultFormat(_default_format())


class GlWidget(QVTKRenderWindowInteractor):
    """A VTK render window that renders when `redraw` asked for it, and otherwise shows its last frame.

    Requests are coalesced by Qt: any number of them in one turn of the event loop make one render.
    Subclasses prepare their actors in `before_render`.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stale = True
        self._closed = False
        # No style: VTK's own keys would toggle stereo (3), fly (f), show wireframe (w) and exit (q).
        self._Iren.SetInteractorStyle(vtkInteractorStyleUser())
        self._Iren.Enable()
        self._Iren.EnableRenderOff()

    def viewport(self) -> tuple[int, int]:
        """Return width and height in device pixels, at least 1."""
        scale = self.devicePixelRatioF()
        return max(1, round(self.width() * scale)), max(1, round(self.height() * scale))

    def redraw(self) -> None:
        """Render once, at the next paint."""
        self._stale = True
        self.update()

    @property
    def stale(self) -> bool:
        """Whether a render was asked for and is still to come."""
        return self._stale

    def before_render(self) -> None:
        """Bring the actors up to date; runs once before each render."""

    # ---------------------------------------------------------------- painting
    def paintGL(self) -> None:
        # The base class renders at every paint, since pyvista may have changed the scene behind its back.
        # Ours changes only through `redraw`: a paint for any other reason (a tip moved over us) only blits.
        if self._stale and not self._closed:
            self._stale = False
            self.before_render()
            self._Iren.EnableRenderOn()
            super().paintGL()
            self._Iren.EnableRenderOff()
        else:
            super().paintGL()

    def initializeGL(self) -> None:
        super().initializeGL()
        self._stale = True

    def resizeGL(self, w: int, h: int) -> None:
        super().resizeGL(w, h)
        self._stale = True

    def close(self) -> bool:
        """Release VTK's GL resources; the widget shows nothing from now on."""
        self._closed = True
        return bool(super().close())

    # ---------------------------------------------------------------- input stays with Qt
    def keyPressEvent(self, ev: QKeyEvent) -> None:
        ev.ignore()

    def keyReleaseEvent(self, ev: QKeyEvent) -> None:
        ev.ignore()

    def enterEvent(self, ev: QEnterEvent) -> None:
        ev.ignore()

    def leaveEvent(self, ev: QEvent) -> None:
        ev.ignore()

    # The base class answers unknown attributes with those of VTK's interactor, which hides typos.
    def __getattr__(self, attr: str) -> Any:
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {attr!r}")
