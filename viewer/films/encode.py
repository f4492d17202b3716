"""Frames into an ffmpeg process, beside their rendering."""

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import MachineError
from ...files import whole_file
from .ffmpeg import find_encoder, find_ffmpeg

__all__ = ["FilmFile", "film_file"]

_AHEAD = 4  # frames that wait for the encoder: 25 MB at Full HD


class FilmFile:
    """An ffmpeg that is fed frames, in a thread.

    Parameters
    ----------
    command : list of str
        Reads raw RGB from its standard input.
    path : str
        The film, for messages.
    """

    def __init__(self, command: list[str], path: str) -> None:
        self._path = path
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - `close` closes it
        # Ctrl-C in a terminal goes to every process of its group: in one of its own, the encoder is ended by us.
        apart: dict[str, Any] = (
            {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
            if os.name == "nt"
            else {"start_new_session": True}
        )
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=self._said, **apart
        )
        self._frames: Queue[NDArray[np.uint8] | None] = Queue(_AHEAD)
        self._broken = False
        self._thread = Thread(target=self._feed, name="archviz3d film encoder", daemon=True)
        self._thread.start()

    def put(self, frame: NDArray[np.uint8]) -> None:
        """Hand over the next frame, shape (height, width, 3), which must not change any more.

        Waits while the encoder is several frames behind.

        Raises
        ------
        MachineError
            When the encoder has given up, as when the disk is full.
        """
        self._frames.put(frame)
        if self._broken:
            raise self._problem()

    def finish(self) -> None:
        """Wait until all frames are encoded.

        Raises
        ------
        MachineError
            When they could not be.
        """
        self._frames.put(None)
        self._thread.join()
        if self._process.wait() or self._broken:
            raise self._problem()

    def close(self) -> None:
        """End the encoder, wherever it is."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._broken = True  # the thread throws away what still waits
        if self._thread.is_alive():
            self._frames.put(None)
            self._thread.join()
        self._said.close()

    def _feed(self) -> None:
        pipe = self._process.stdin
        assert pipe is not None
        while (frame := self._frames.get()) is not None:
            if not self._broken:
                try:
                    pipe.write(frame.data.cast("B"))
                except (OSError, ValueError):
                    self._broken = True  # whoever puts frames is told why, and must not wait for ever meanwhile
        with contextlib.suppress(OSError):  # what it did not take any more is told by its exit code
            pipe.close()

    def _problem(self) -> MachineError:
        self._process.wait()
        self._said.seek(0)
        lines = self._said.read().decode(errors="replace").strip().splitlines()
        reason = lines[-1] if lines else f"exit code {self._process.returncode}"
        return MachineError(f"{self._path}: ffmpeg gave up ({reason}); free space or another format is needed")


@contextmanager
def film_file(path: str, size: tuple[int, int], fps: int) -> Iterator[FilmFile]:
    """Yield what takes the frames of a film, which is there once it was `finish`-ed, and not at all otherwise.

    Raises
    ------
    MachineError
        When there is no encoder, or the file cannot be written.
    """
    choice = find_encoder(Path(path).suffix.lower())
    with whole_file(path) as temporary:
        source = ["-f", "rawvideo", "-pixel_format", "rgb24", "-video_size", f"{size[0]}x{size[1]}"]
        command = [
            *(find_ffmpeg(), "-hide_banner", "-loglevel", "error", "-y"),
            *(*source, "-framerate", str(fps), "-i", "pipe:0"),
            *(
                *choice.options,
                "-c:v",
                choice.codec,
                "-fflags",
                "+bitexact",
                "-flags:v",
                "+bitexact",
                "-map_metadata",
                "-1",
            ),
            *("-f", choice.muxer, f"file:{temporary.absolute()}"),
        ]
        film = FilmFile(command, path)
        try:
            yield film
        finally:
            film.close()
