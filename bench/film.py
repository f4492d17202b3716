"""What encoding costs a film: its frames a second against those of rendering alone, in the same run.

    python bench/film.py [MODEL]        the sample by default

For .mp4, .webm, .gif and numbered pictures, rendering alone and rendering into a file take turns, so that a machine
that changes its speed does so to both. CPU seconds (rendering's are its processes' and, without a graphics card, the
software renderer's; the encoder's are counted with the film's) and wall time must both be at least 0.8 of rendering
alone. Then the same film is made twice: its frames must be equal.
"""

import hashlib
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from archviz3d.layout import place
from archviz3d.loaders import load
from archviz3d.viewer.films.course import Shot
from archviz3d.viewer.films.encode import film_file
from archviz3d.viewer.films.ffmpeg import find_ffmpeg
from archviz3d.viewer.films.film import render_film
from archviz3d.viewer.films.frames import FrameSource, frame_source
from archviz3d.viewer.films.sequence import picture_sequence
from archviz3d.viewer.films.turntable import turntable
from archviz3d.viewer.films.ways import Way
from archviz3d.viewer.scene.writing.margins import free_margins
from archviz3d.viewer.state import ViewState

SIZE = (1920, 1080)
FRAMES, ROUNDS, FPS = 24, 3, 30
_LEAST = 0.8


@dataclass(frozen=True)
class Rate:
    """Frames a second of CPU time and of wall time."""

    cpu: float
    wall: float


def main() -> None:
    path = sys.argv[1] if len(sys.argv) > 1 else str(Path(__file__).resolve().parent.parent / "resources" / "sample.pt")
    graph = load(path)
    state = ViewState()
    placement = place(graph, SIZE[0] / SIZE[1])
    course = turntable(graph, placement, state, 8.0, SIZE, free_margins(SIZE, 1.0))
    shots = [course.shot(k / FPS) for k in range(FRAMES)]
    print(f"{graph.name}, {SIZE[0]}x{SIZE[1]}, {FRAMES} frames, {ROUNDS} rounds, {os.cpu_count()} processors")
    missed = False
    with frame_source(graph, placement, state, SIZE) as source, tempfile.TemporaryDirectory() as folder:
        _alone(source, shots[:2])  # shaders are compiled, fonts are read
        for name in ("a.mp4", "a.webm", "a.gif", "f%04d.png"):
            pairs = [(_alone(source, shots), _into(source, shots, str(Path(folder) / name))) for _ in range(ROUNDS)]
            alone = Rate(*(statistics.median(getattr(a, key) for a, _ in pairs) for key in ("cpu", "wall")))
            ratio = Rate(
                *(statistics.median(getattr(b, key) / getattr(a, key) for a, b in pairs) for key in ("cpu", "wall"))
            )
            missed |= min(ratio.cpu, ratio.wall) < _LEAST
            print(
                f"{name:10} rendering alone {alone.wall:5.2f} frames/s ({1 / alone.cpu:.2f} CPU s a frame);"
                f" with encoding {ratio.wall:.2f} of that, by CPU {ratio.cpu:.2f} (at least {_LEAST})"
            )
        hashes = []
        for name in ("one.mp4", "two.mp4"):
            film = str(Path(folder) / name)
            render_film(graph, placement, state, Way(0.4), SIZE, film, fps=FPS)
            command = [find_ffmpeg(), "-v", "error", "-i", film, "-f", "framehash", "-hash", "sha256", "-"]
            told = subprocess.run(command, check=True, capture_output=True).stdout
            hashes.append((hashlib.sha256(told).hexdigest(), hashlib.sha256(Path(film).read_bytes()).hexdigest()))
    same = [a == b for a, b in zip(*hashes, strict=True)]
    print(f"the same film twice: frames {'equal' if same[0] else 'DIFFER'}, files {'equal' if same[1] else 'differ'}")
    sys.exit(missed or not same[0])


def _alone(source: FrameSource, shots: list[Shot]) -> Rate:
    cpu, wall = _cpu(), time.monotonic()
    for shot in shots:
        source.take(shot)
    return Rate(len(shots) / (_cpu() - cpu), len(shots) / (time.monotonic() - wall))


def _into(source: FrameSource, shots: list[Shot], path: str) -> Rate:
    cpu, wall = _cpu(), time.monotonic()
    with picture_sequence(path) if path.endswith(".png") else film_file(path, SIZE, FPS) as film:
        for shot in shots:
            film.put(source.take(shot))
        film.finish()
    return Rate(len(shots) / (_cpu() - cpu), len(shots) / (time.monotonic() - wall))


def _cpu() -> float:
    """Return CPU seconds of this process and of its children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


if __name__ == "__main__":
    main()
