"""The files that a film can be written to, and what each cannot hold."""

import re
from pathlib import Path

from ...errors import UsageError
from ...files import check_output
from ...options import LONGEST_FILM, check_fps
from .course import frame_count
from .ffmpeg import find_encoder

__all__ = ["FILM_SUFFIXES", "check_film", "check_frames", "frame_path", "frame_rate", "is_sequence"]

FILM_SUFFIXES = (".mp4", ".webm", ".gif")
_HALVED = (".mp4", ".webm")  # yuv420p: one colour sample for two by two pixels
_GIF_FPS = 50  # a GIF counts hundredths of a second, and viewers show what is faster than two of them at a tenth
_MOST_PIXELS = 8192 * 4320
_NUMBER = re.compile(r"%(0[1-9])?d")

_USUAL_FPS = {".mp4": 30, ".webm": 30, ".gif": 25, ".png": 30}


def is_sequence(path: str) -> bool:
    """Return whether a path names numbered pictures: "folder/frame-%04d.png"."""
    return path.lower().endswith(".png") and "%" in Path(path).name


def frame_rate(path: str, fps: int | None) -> int:
    """Return the frames a second of a film: 30, or 25 in a GIF, which counts hundredths of a second.

    Raises
    ------
    UsageError
        When the format has no such rate.
    """
    suffix = Path(path).suffix.lower()
    if fps is None:
        return _USUAL_FPS[suffix]
    rate = check_fps(fps)
    if suffix == ".gif" and rate > _GIF_FPS:
        raise UsageError(f"{path}: a GIF has at most {_GIF_FPS} frames a second; give that, or .mp4 or .webm")
    return rate


def check_film(path: str, size: tuple[int, int], fps: int | None, transparent: bool = False, source: str = "") -> int:
    """Refuse a film that cannot be written, before any work is done, and return its frames a second.

    Parameters
    ----------
    path : str
        Its suffix chooses the format; "%04d" in the name of a .png stands for the number of each frame, from 0.
    source : str, optional
        What the model is read from, which no film may overwrite.

    Raises
    ------
    UsageError
        When the format is unknown or has no such size, rate or transparency, or the path cannot be written.
    MachineError
        When this machine has no encoder for the format; says what to install.
    """
    name, suffix = Path(path).name, Path(path).suffix.lower()
    if suffix not in _USUAL_FPS or (suffix == ".png" and not is_sequence(path)):
        named = "name-%04d.png for numbered pictures"
        raise UsageError(f"{path}: films are {', '.join(FILM_SUFFIXES)}, or {named}")
    rate = frame_rate(path, fps)
    if transparent and suffix != ".png":
        raise UsageError(f"{path}: this format is not transparent here; numbered pictures are: name-%04d.png")
    if suffix in _HALVED and (size[0] % 2 or size[1] % 2):
        even = f"{size[0] + size[0] % 2}x{size[1] + size[1] % 2}"
        raise UsageError(
            f"{path}: {size[0]}x{size[1]} has an odd side, which {suffix} (yuv420p) cannot have; {even} would be right"
        )
    if size[0] * size[1] > _MOST_PIXELS:
        raise UsageError(f"{path}: {size[0]}x{size[1]} is too large for a film; up to 8192x4320 would be right")
    if suffix == ".png":
        if name.count("%") != 1 or not _NUMBER.search(name):
            raise UsageError(f"{path}: one number would be right, like frame-%04d.png")
        check_output(str(frame_path(path, 0)), source)
    else:
        check_output(path, source)
        find_encoder(suffix)
    return rate


def check_frames(path: str, seconds: float, fps: int) -> int:
    """Return how many frames a film has.

    Raises
    ------
    UsageError
        When these are too many, or a longer film's pictures lie where these are to be numbered.
    """
    count = frame_count(seconds, fps)
    if seconds > LONGEST_FILM:
        raise UsageError(
            f"{path}: {seconds:.1f} seconds are {count} frames; up to {LONGEST_FILM:g} seconds would be right: "
            "fewer paths, or several films"
        )
    if is_sequence(path) and frame_path(path, count).exists():
        raise UsageError(
            f"{frame_path(path, count)}: is left from a longer film, and this one has {count} frames; "
            "remove those pictures, or give another folder"
        )
    return count


def frame_path(path: str, number: int) -> Path:
    """Return where one picture of a sequence is written."""
    return Path(path).parent / _NUMBER.sub(lambda found: found[0] % number, Path(path).name)
