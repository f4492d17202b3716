import json
import shutil
import subprocess

import pytest

from archviz3d.layout import place
from archviz3d.viewer.films.ffmpeg import find_ffmpeg


@pytest.fixture(scope="session")
def placement(toy):
    return place(toy)


@pytest.fixture(scope="session")
def deck(toy):
    return place(toy, arrangement="deck")


@pytest.fixture
def decoded():
    """Return all frames of a film as bytes of RGB, as the encoder's own ffmpeg reads them."""

    def frames(path, size):
        command = [find_ffmpeg(), "-v", "error", "-i", str(path), "-pix_fmt", "rgb24", "-f", "rawvideo", "-"]
        data = subprocess.run(command, check=True, capture_output=True).stdout
        length = size[0] * size[1] * 3
        return [data[at : at + length] for at in range(0, len(data), length)]

    return frames


@pytest.fixture
def probed():
    """Return what ffprobe counts and reads of a film's only stream."""
    if shutil.which("ffprobe") is None:
        pytest.skip("ffprobe is missing, so no second program has read the films (Debian: apt install ffmpeg)")

    def stream(path):
        command = ["ffprobe", "-v", "error", "-count_frames", "-show_streams", "-show_format", "-of", "json", str(path)]
        told = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        (only,) = told["streams"]
        return only | {"seconds": float(told["format"]["duration"])}

    return stream
