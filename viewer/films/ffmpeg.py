"""The ffmpeg program: where it is, and how it encodes each format.

It runs as a process of its own: encoding goes beside rendering, and its licence (the usual builds are GPL) is its own.
"""

import importlib
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache

from ...errors import MachineError

__all__ = ["EncoderChoice", "find_encoder", "find_ffmpeg"]

_PROBE_SECONDS = 30
_INSTALL = "`pip install 'archviz3d[film]'` or your system's ffmpeg (Debian, Ubuntu: `apt install ffmpeg`)"
# Colours as screens show them; without this, players guess from the size.
_MATRIX = "scale=out_color_matrix=bt709:out_range=tv:flags=accurate_rnd+full_chroma_int,format=yuv420p"
_SAID = "setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv"
_BT709 = ("-vf", f"{_MATRIX},{_SAID}")
# A palette of each frame alone: one for all of them would hold every frame in memory.
_PALETTES = "[0:v]split[a][b];[a]palettegen=stats_mode=single[p];[b][p]paletteuse=new=1:dither=bayer:bayer_scale=4"


@dataclass(frozen=True)
class EncoderChoice:
    """One way to encode a format.

    Attributes
    ----------
    codec : str
        ffmpeg's name of the encoder.
    muxer : str
        ffmpeg's name of the container.
    options : tuple of str
        What it is told.
    """

    codec: str
    muxer: str
    options: tuple[str, ...]


# The first that an ffmpeg has is taken. Constant quality where lines and small letters stay sharp, at speeds that leave
# the processors to rendering: 50 ms of CPU time a frame at Full HD. x264's "fast" takes twice that for files no
# smaller, VP9's "good" seven times for files a quarter smaller.
_ENCODERS = {
    ".mp4": (
        EncoderChoice("libx264", "mp4", ("-preset", "veryfast", "-crf", "17", "-movflags", "+faststart", *_BT709)),
        EncoderChoice("libopenh264", "mp4", ("-rc_mode", "quality", "-b:v", "20M", "-movflags", "+faststart", *_BT709)),
    ),
    ".webm": (
        EncoderChoice(
            "libvpx-vp9",
            "webm",
            ("-crf", "22", "-b:v", "0", "-deadline", "realtime", "-cpu-used", "8", "-row-mt", "1", *_BT709),
        ),
    ),
    ".gif": (EncoderChoice("gif", "gif", ("-filter_complex", _PALETTES, "-loop", "0")),),
}


def find_encoder(suffix: str) -> EncoderChoice:
    """Return how a format is encoded on this machine.

    Raises
    ------
    MachineError
        When there is no ffmpeg, or it cannot encode the format; says what to install.
    """
    known = _known_encoders(find_ffmpeg())
    for choice in _ENCODERS[suffix]:
        if choice.codec in known:
            return choice
    wanted = " or ".join(choice.codec for choice in _ENCODERS[suffix])
    raise MachineError(f"the ffmpeg here, {find_ffmpeg()}, lacks {wanted} for {suffix} films; install {_INSTALL}")


def find_ffmpeg() -> str:
    """Return the ffmpeg program: imageio-ffmpeg's (or what IMAGEIO_FFMPEG_EXE names), else the system's.

    Raises
    ------
    MachineError
        When there is none.
    """
    try:
        return importlib.import_module("imageio_ffmpeg").get_ffmpeg_exe()
    except (ImportError, RuntimeError):  # RuntimeError: the package came without a program
        found = shutil.which("ffmpeg")
    if found is None:
        raise MachineError(f"films need ffmpeg, which is not here; install {_INSTALL}")
    return found


@cache
def _known_encoders(program: str) -> frozenset[str]:
    command = [program, "-hide_banner", "-loglevel", "error", "-encoders"]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_PROBE_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise MachineError(f"{program}: does not run ({error}); install {_INSTALL}") from error
    rows = (line.split() for line in done.stdout.splitlines())
    return frozenset(row[1] for row in rows if len(row) > 1)
