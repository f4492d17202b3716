"""The GL widget: pyvistaqt's VTK-in-a-QOpenGLWidget, without VTK's input handling and without needless renders."""

import importlib.util
import os
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QTimer
from PySide6.QtGui import QEnterEvent, QKeyEvent, QSurfaceFormat
from PySide6.QtWidgets import QWidget
from vtkmodules.vtkInteractionStyle import vtkInteractorStyleUser

from ...errors import MachineError
from ..accumulation import SAMPLES, Accumulation

__all__ = ["GlWidget", "set_default_gl_format"]

# Renders after which their mean is shown: Qt takes as long to bring a window to the screen as a render takes, without a
# graphics card, and after the fourth one the picture changes little.
_SHOWN = {2, 4, 8, SAMPLES}

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
    Subclasses prepare their actors in `before_render`, and say whether a frame is worth refining. Such a frame gets
    better while nothing else is to be done: render by render, with Qt's events handed out between them, until the
    mean of all is there or the next `redraw` comes.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stale = True
        self._closed = False
        self._accumulation = Accumulation()
        self._mean_waits = False  # to be shown by the next paint
        self._idle = QTimer(self, singleShot=True, interval=0)  # fires once no event waits
        self._idle.timeout.connect(self._refine)
        self.GetRenderWindow().SetMultiSamples(0)
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

    @property
    def refining(self) -> bool:
        """Whether the frame that is shown is still getting better."""
        return self._accumulation.count > 0 and not self._accumulation.done

    def stop_refining(self) -> None:
        """Leave the frame as it is, and give the memory of its mean back."""
        self._idle.stop()
        self._mean_waits = False
        self._accumulation.restart()
        self._accumulation.release()

    def before_render(self) -> bool:
        """Bring the actors up to date, once before each frame; return whether to refine it."""
        return False

    def shift(self, dx: float, dy: float) -> None:
        """Let the next render show everything by some device pixels (right, down) aside."""

    # ---------------------------------------------------------------- painting
    def paintGL(self) -> None:
        # The base class renders at every paint, since pyvista may have changed the scene behind its back.
        # Ours changes only through `redraw`: a paint for any other reason (a tip moved over us) only blits.
        if self._closed:
            super().paintGL()
        elif self._stale:
            self._stale = self._mean_waits = False
            self._accumulation.restart()
            refined = self.before_render()
            self._Iren.EnableRenderOn()
            super().paintGL()
            self._Iren.EnableRenderOff()
            if refined:
                self._accumulation.add(self.GetRenderWindow())
                self._idle.start()
        else:
            if self._mean_waits:
                self._mean_waits = False
                self._accumulation.show(self.GetRenderWindow())
            super().paintGL()
            if self._accumulation.done:
                self._accumulation.release()
            elif self.refining:
                self._idle.start()

    def _refine(self) -> None:
        """Add a render to the mean, and show that from time to time."""
        if self._stale or not self.refining:
            return
        window = self.GetRenderWindow()
        self.shift(*self._accumulation.shift)
        self._in_paint = True  # or else the base class asks for a paint after each render
        window.Render()
        self._in_paint = False
        self._accumulation.add(window)
        self._mean_waits = True
        if self._accumulation.count in _SHOWN:
            self.update()
        else:
            self._idle.start()

    def initializeGL(self) -> None:
        super().initializeGL()
        self._stale = True

    def resizeGL(self, w: int, h: int) -> None:
        super().resizeGL(w, h)
        self._stale = True

    def close(self) -> bool:
        """Release VTK's GL resources; the widget shows nothing from now on."""
        self._closed = True
        self._idle.stop()
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
