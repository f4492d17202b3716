"""A render window without a screen."""

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkLogger, vtkUnsignedCharArray
from vtkmodules.vtkRenderingCore import vtkRenderWindow

from ..errors import MachineError

__all__ = ["offscreen_window", "read_pixels"]

_EGL = ("libEGL.so.1", "libEGL.so")
_OSMESA = ("libOSMesa.so.8", "libOSMesa.so.6", "libOSMesa.so")


@contextmanager
def offscreen_window(size: tuple[int, int], transparent: bool = False) -> Iterator[vtkRenderWindow]:
    """Yield a window of a size that renders without a display, and give its memory back afterwards.

    Raises
    ------
    MachineError
        When neither EGL nor OSMesa works here.
    """
    with _quiet():
        window = _window()
        window.SetOffScreenRendering(True)
        window.SetMultiSamples(0)  # `Accumulation` smooths better, and in less memory
        window.SetAlphaBitPlanes(transparent)
        window.SetSize(*size)
        try:
            yield window
        finally:
            window.Finalize()


def read_pixels(window: vtkRenderWindow, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Return what was rendered, shape (height, width, 4), from the top row down."""
    data = vtkUnsignedCharArray()
    window.GetRGBACharPixelData(0, 0, size[0] - 1, size[1] - 1, 0, data)  # pyright: ignore[reportArgumentType]
    return vtk_to_numpy(data).reshape(size[1], size[0], 4)[::-1]


def _window() -> vtkRenderWindow:
    if not sys.platform.startswith("linux"):
        return vtkRenderWindow()
    # These classes exist in VTK's Linux builds only.
    from vtkmodules.vtkRenderingOpenGL2 import vtkEGLRenderWindow, vtkOSOpenGLRenderWindow

    # VTK calls into a missing libEGL and crashes, so the library is tried first.
    if _loads(_EGL):
        window = vtkEGLRenderWindow()
        window.SetOffScreenRendering(True)
        if window.SupportsOpenGL():
            return window
    if _loads(_OSMESA):
        return vtkOSOpenGLRenderWindow()
    raise MachineError(
        "cannot render without a screen: neither EGL nor OSMesa works here; `apt install libegl1 libgl1-mesa-dri` "
        "(Debian, Ubuntu) or `dnf install mesa-libEGL mesa-dri-drivers` (Fedora) would be right"
    )


def _loads(names: tuple[str, ...]) -> bool:
    for name in names:
        try:
            ctypes.CDLL(name)
        except OSError:
            continue
        return True
    return False


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep VTK's notes about displays that it tried off stderr; what matters is raised."""
    before = vtkLogger.GetCurrentVerbosityCutoff()
    vtkLogger.SetStderrVerbosity(vtkLogger.VERBOSITY_OFF)
    try:
        yield
    finally:
        vtkLogger.SetStderrVerbosity(before)
