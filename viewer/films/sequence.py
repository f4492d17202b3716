"""A film as numbered pictures."""

import os
import tempfile
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...errors import MachineError
from .formats import frame_path

__all__ = ["PictureSequence", "picture_sequence"]

_AHEAD = 4  # pictures that wait to be written
_COMPRESSION = 1  # of zlib: the quickest


class PictureSequence:
    """Writes frames as PNG files into a folder, in threads.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pool = ThreadPoolExecutor(min(4, os.cpu_count() or 1), thread_name_prefix="archviz3d film picture")
        self._waiting: deque[Future[None]] = deque()
        self.count = 0

    def put(self, frame: NDArray[np.uint8]) -> None:
        """Hand over the next frame, shape (height, width, 3 or 4), which must not change any more."""
        while len(self._waiting) >= _AHEAD:
            self._waiting.popleft().result()
        self._waiting.append(self._pool.submit(_write, self._folder / f"{self.count}.png", frame))
        self.count += 1

    def finish(self) -> None:
        """Wait until all are written."""
        while self._waiting:
            self._waiting.popleft().result()

    def close(self) -> None:
        """Write no more."""
        self._pool.shutdown(cancel_futures=True)


@contextmanager
def picture_sequence(path: str) -> Iterator[PictureSequence]:
    """Yield what takes the frames of numbered pictures, which are there once it was `finish`-ed, and not otherwise.

    Parameters
    ----------
    path : str
        With "%04d" or the like for the number, from 0.

    Raises
    ------
    MachineError
        When they cannot be written.
    """
    folder = Path(path).parent
    try:
        with tempfile.TemporaryDirectory(prefix=".archviz3d-", dir=folder) as temporary:
            pictures = PictureSequence(Path(temporary))
            try:
                yield pictures
            finally:
                pictures.close()
            for number in range(pictures.count):
                (Path(temporary) / f"{number}.png").replace(frame_path(path, number))
    except OSError as error:
        problem = f"{path}: cannot be written ({error.strerror or error})"
        raise MachineError(f"{problem}; another folder or free space is needed") from error


def _write(path: Path, frame: NDArray[np.uint8]) -> None:
    Image.fromarray(frame).save(path, "PNG", compress_level=_COMPRESSION)
