"""Panning over the weights of a 129,280 x 7,168 matrix: bytes read, memory, and the time to a first picture of it all.

python bench/surfaces.py      (Linux: bytes and memory are read from /proc/self; writes 1.85 GB into build/bench once)
"""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from measure import CACHE

ROWS, COLUMNS = 129_280, 7_168  # DeepSeek-V3's embedding
WIDTH, HEIGHT = 1920, 1080
STEP = 100  # pixels between two views
# level, pixels of a cell, first row, rows (of cells) that the view moves down while it crosses the width
PANS = [(0, 2, 1000, 3000), (2, 2, 0, 31_000), (4, 2, 0, 7_540), (0, 40, 1000, 500)]
_READ, _MEMORY = 4.0, 200  # bytes read for each byte seen; MB over what the process had before


def main() -> None:
    path = CACHE / "surface.safetensors"
    if not path.exists():
        _write(path)
    missed = False
    print(f"{ROWS:,} x {COLUMNS:,} values of BF16, {path.stat().st_size / 1e9:.2f} GB; a view of {WIDTH} x {HEIGHT}")
    for pan in PANS:
        figures = _child("pan", path, *pan)
        cells, tiles = _seen(*pan)
        read, memory = figures["read"], figures["memory"]
        # At 40 pixels a cell the view is smaller than a tile, and what is read besides is little: only reported.
        judged = pan[1] == 2
        missed |= judged and (read / cells > _READ or memory > _MEMORY)
        print(f"panning at level {pan[0]}, {pan[1]:2} px a cell, {figures['views']} views, {figures['wall']:.1f} s")
        print(f"  read {read / 1e6:8,.1f} MB   {read / cells:5.2f} x the values seen" + " (budget 4)" * judged
              + f", {read / tiles:.2f} x those of the tiles seen; peak {memory:+.0f} MB (budget +200)")  # fmt: skip
    first = _child("first", path)
    print("RMS of the whole matrix, with the file in the cache")
    share = f"{first['share']:.1%} of the values"
    print(f"  first picture        {first['cpu']:.2f} CPU s   {first['wall']:.2f} s   {share}")
    print(f"  np.memmap reduction  {first['peer_cpu']:.2f} CPU s   {first['peer_wall']:.2f} s")
    print(f"  ratio                {first['cpu'] / first['peer_cpu']:.3f}")
    sys.exit(missed)


def _write(path: Path) -> None:
    """Write normal values, cut to BF16."""
    header = {"embed.weight": {"dtype": "BF16", "shape": [ROWS, COLUMNS], "data_offsets": [0, ROWS * COLUMNS * 2]}}
    text = json.dumps(header).encode()
    random = np.random.default_rng(0)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".part")
    with temporary.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for start in range(0, ROWS, 1024):
            values = random.standard_normal((min(1024, ROWS - start), COLUMNS), np.float32)
            file.write((values.view(np.uint32) >> 16).astype(np.uint16).tobytes())
    temporary.rename(path)


def _views(level: int, pixels: int, first: int, down: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield the cells (top, bottom, left, right) in the view, on its way across the matrix."""
    rows, columns = -(-ROWS >> level), -(-COLUMNS >> level)
    high, wide = HEIGHT // pixels, min(WIDTH // pixels, columns)
    across = columns - wide
    count = max(across, down) * pixels // STEP
    for view in range(count + 1):
        top, left = first + down * view // count, across * view // count
        yield top, min(top + high, rows), left, left + wide


def _seen(level: int, pixels: int, first: int, down: int) -> tuple[int, int]:
    """Return the file bytes of all cells that are in a view once or more, and of all tiles that have one."""
    views = list(_views(level, pixels, first, down))
    cells = np.zeros((-(-max(view[1] for view in views) // 256) * 256, -(-(COLUMNS >> level) // 256) * 256), bool)
    for top, bottom, left, right in views:
        cells[top:bottom, left:right] = True
    tiles = cells.reshape(len(cells) // 256, 256, -1, 256).any((1, 3)).repeat(256, 0).repeat(256, 1)
    inside = tiles[: ROWS >> level, : COLUMNS >> level]
    return int(cells.sum()) * 2 << 2 * level, int(inside.sum()) * 2 << 2 * level


def _child(*arguments: object) -> dict[str, float]:
    """Run this file in a process of its own and return what it prints."""
    command = [sys.executable, __file__, *map(str, arguments)]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


# ---------------------------------------------------------------- in the child
def _pan(path: str, *pan: str) -> dict[str, float]:
    from archviz3d.loaders import load
    from archviz3d.overlays.tiles.pyramid import Statistic, TileKey
    from archviz3d.overlays.tiles.store import TileStore

    graph = load(path)
    node = graph.id_of("embed.weight")
    ready = threading.Event()
    store = TileStore(graph, on_ready=ready.set)
    store.grid(node)
    views = list(_views(*map(int, pan)))
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    before, read, started = _status("VmRSS"), _bytes_read(), time.monotonic()
    for top, bottom, left, right in views:
        tiles = [
            (row, column)
            for row in range(top // 256, -(-bottom // 256))
            for column in range(left // 256, -(-right // 256))
        ]
        store.want([TileKey(node, Statistic.RMS, int(pan[0]), row, column) for row, column in tiles])
        while store.pending:
            ready.wait(0.1)
            ready.clear()
    figures = {"views": len(views), "read": _bytes_read() - read, "wall": time.monotonic() - started}
    store.close()
    return figures | {"memory": (_status("VmHWM") - before) / 1e6}


def _first(path: str) -> dict[str, float]:
    from archviz3d.loaders import load
    from archviz3d.overlays.tiles.pyramid import Statistic, TileKey
    from archviz3d.overlays.tiles.store import TileStore

    graph = load(path)
    node = graph.id_of("embed.weight")
    peer_cpu, peer_wall = time.process_time(), time.monotonic()
    stored = np.memmap(path, np.uint16, "r", Path(path).stat().st_size - ROWS * COLUMNS * 2, (ROWS, COLUMNS))
    for start in range(0, ROWS, 512):  # blocks of 512 x 512, as level 9
        values = (stored[start : start + 512].astype(np.uint32) << 16).view(np.float32)
        np.sqrt(np.square(values).reshape(len(values), -1, 512).mean((0, 2)))
    peer_cpu, peer_wall = time.process_time() - peer_cpu, time.monotonic() - peer_wall
    cpu, wall = time.process_time(), time.monotonic()
    ready = threading.Event()
    store = TileStore(graph, on_ready=ready.set)
    grid = store.grid(node)
    assert grid is not None
    key = TileKey(node, Statistic.RMS, grid.levels - 1, 0, 0)
    store.want([key])
    while (tile := store.get(key)) is None:
        ready.wait(0.1)
    cpu, wall = time.process_time() - cpu, time.monotonic() - wall
    store.close()
    return {"cpu": cpu, "wall": wall, "peer_cpu": peer_cpu, "peer_wall": peer_wall, "share": tile.share}


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))


def _bytes_read() -> int:
    return int(Path("/proc/self/io").read_text().split()[1])


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps({"pan": _pan, "first": _first}[sys.argv[1]](*sys.argv[2:])))
    else:
        main()
