"""The best quality: the mean of plain renders, each seen through a window that is shifted by part of a pixel.

Each render is cheap and takes no more memory than a frame of a moving view, where multisampling multiplies both: on a
software renderer, a frame of the 14,848 experts of DeepSeek-V3 with 4 samples a pixel takes five times as long as one
without.
"""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkUnsignedCharArray
from vtkmodules.vtkRenderingCore import vtkRenderWindow

__all__ = ["SAMPLES", "Accumulation", "accumulated", "shifts"]

SAMPLES = 16  # renders of a picture and of a view at rest
_MOST = 256  # sums of more do not fit 16 bits
_STRIP = 1 << 20  # pixels that are converted at once: temporary arrays stay small in pictures of 16,384 a side


def shifts(count: int) -> NDArray[np.float64]:
    """Return shifts (right, down) in pixels, each from -0.5 to 0.5 and the first 0, shape (count, 2).

    They are Sobol's sequence in two dimensions (1967), moved so that it begins in the middle of the pixel. Of the first
    2, 4, 8, 16, ..., no two are in the same of so many equal rows or columns of the pixel: edges that follow the
    pixels, as most of ours do, get as many shades as there are renders.
    """
    index = np.arange(count, dtype=np.uint32)
    places = np.zeros((count, 2), np.uint32)
    across, down = 1 << 31, 1 << 31
    for bit in range(max(count - 1, 0).bit_length()):
        places ^= ((index >> bit) & 1)[:, None] * np.array([across, down], np.uint32)
        across, down = across >> 1, down ^ (down >> 1)
    return (places / 2.0**32 + 0.5) % 1 - 0.5


class Accumulation:
    """The running mean of a window's renders.

    It is the mean of the colours' 8-bit numbers, not of the light that they stand for. Shaders mix colours so where
    they smooth outlines themselves, so that a far grid of tiles keeps its tone when the view comes to rest, and thin
    bright lines on the dark ground do not get broader.

    Parameters
    ----------
    samples : int
        Renders in all, 1 to 256.

    Attributes
    ----------
    count : int
        Renders so far.
    """

    def __init__(self, samples: int = SAMPLES) -> None:
        if not 1 <= samples <= _MOST:
            raise ValueError(f"{samples} renders; 1 to {_MOST} would be right")
        self._shifts = shifts(samples)
        self._sums = np.zeros((0, 0, 4), np.uint16)
        self.count = 0

    @property
    def done(self) -> bool:
        """Whether all renders are in."""
        return self.count == len(self._shifts)

    @property
    def shift(self) -> tuple[float, float]:
        """By how many pixels (right, down) the next render is to be shifted."""
        dx, dy = self._shifts[self.count]
        return float(dx), float(dy)

    def restart(self) -> None:
        """Forget all renders."""
        self.count = 0

    def add(self, window: vtkRenderWindow) -> None:
        """Take in what a window has rendered.

        Raises
        ------
        ValueError
            When all renders are in, or when the window has another size than before.
        """
        if self.done:
            raise ValueError(f"all {self.count} renders are in")
        width, height = window.GetSize()
        if not self.count:
            self._sums = np.zeros((height, width, 4), np.uint16)
        elif self._sums.shape[:2] != (height, width):
            raise ValueError(f"a render of {width}x{height} among others of {self._sums.shape[1]}x{len(self._sums)}")
        data = vtkUnsignedCharArray()
        for rows in self._strips():
            area = 0, rows.start, width - 1, rows.stop - 1
            window.GetRGBACharPixelData(*area, 0, data)  # pyright: ignore[reportArgumentType]
            self._sums[rows] += vtk_to_numpy(data).reshape(-1, width, 4)
        self.count += 1

    def release(self) -> None:
        """Give the memory of the sums back, once the mean is where it is wanted."""
        self._sums = np.zeros((0, 0, 4), np.uint16)

    def show(self, window: vtkRenderWindow) -> None:
        """Let a window show the mean in place of its last render."""
        width = self._sums.shape[1]
        for rows in self._strips():
            mean = numpy_to_vtk(_mean(self._sums[rows], self.count).reshape(-1, 4))
            area = 0, rows.start, width - 1, rows.stop - 1
            # 1: into the buffer that is shown; 0: not blended with what is there
            window.SetRGBACharPixelData(*area, mean, 1, 0)  # pyright: ignore[reportArgumentType, reportCallIssue]

    def picture(self, transparent: bool = False) -> NDArray[np.uint8]:
        """Return the mean from the top row down, shape (height, width, 3), or (height, width, 4) if transparent."""
        height, width = self._sums.shape[:2]
        picture = np.empty((height, width, 4 if transparent else 3), np.uint8)
        for rows in self._strips():
            sums = self._sums[rows]
            out = picture[height - rows.stop : height - rows.start][::-1]
            out[...] = _plain(sums, self.count) if transparent else _mean(sums, self.count)[..., :3]
        return picture

    def _strips(self) -> Iterator[slice]:
        """Yield slices of rows, from the bottom up as VTK has them."""
        height, width = self._sums.shape[:2]
        step = max(1, _STRIP // max(width, 1))
        for start in range(0, height, step):
            yield slice(start, min(start + step, height))


def accumulated(window: vtkRenderWindow, shift: Callable[[float, float], None], samples: int = SAMPLES) -> Accumulation:
    """Render a window some times and return the mean.

    Parameters
    ----------
    shift : callable
        Called before each render with the pixels (right, down) by which it is to be shifted, as `Scene.shift` does.
    """
    mean = Accumulation(samples)
    while not mean.done:
        shift(*mean.shift)
        window.Render()
        mean.add(window)
    return mean


def _mean(sums: NDArray[np.uint16], count: int) -> NDArray[np.uint8]:
    return ((sums + np.uint16(count // 2)) // np.uint16(count)).astype(np.uint8)


def _plain(sums: NDArray[np.uint16], count: int) -> NDArray[np.uint8]:
    """Return the mean with plain colours, as files want them: renders have theirs multiplied by the opacity."""
    mean = _mean(sums, count)
    opacity = np.maximum(sums[..., 3:], 1).astype(np.uint32)
    mean[..., :3] = np.minimum((sums[..., :3] * np.uint32(255) + opacity // 2) // opacity, 255)
    return mean
