"""Tiles of weights in bounded memory: computed in a thread of their own, what is wanted most first."""

import logging
import math
import threading
import time
from bisect import insort
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np

from ...errors import InputError
from ...graph.model_graph import ModelGraph
from ...weights import open_values
from .pyramid import MOST_TILES, TILE, Tile, TileGrid, TileKey
from .values import exact_tile, sampled_tile, tile_cost

__all__ = ["TileStore"]

_OPEN = 512  # tensors that are kept open
_SECONDS = 0.05  # between two calls of on_ready
_OVERHEAD = 500  # bytes that a tile takes beside its cells
_MEMORY = 2 * MOST_TILES * (4 * TILE**2 + _OVERHEAD)  # 126 MB: a picture, and the one before to go back to
_log = logging.getLogger("archviz3d")


@dataclass(frozen=True, eq=False, slots=True)
class _Held:
    tile: Tile
    exact: bool
    final: bool  # no better one will be made

    @property
    def size(self) -> int:
        return self.tile.cells.nbytes + _OVERHEAD


class TileStore:
    """Tiles of one model's weights. `close` it when the model is closed.

    Parameters
    ----------
    memory : int
        Bytes that all tiles together may take; those used least recently go first. By default, twice what `MOST_TILES`
        full tiles take.
    sample_above : int
        A tile that takes more file bytes than this is shown as a sample first. A read of less than 4 KB counts as 4 KB.
    exact_bytes : int
        A tile that takes more file bytes than this stays a sample; and what one `fetch` may read for exact tiles.
    on_ready : callable, optional
        Called from the worker thread after new tiles or problems, at most 20 times a second and at the end.

    Notes
    -----
    A worker thread, started by the first `want`, reads and sums. One lock guards all attributes whose names begin with
    an underscore; it is never held while a file is read, a tile is computed or `on_ready` runs. All methods may be
    called from any thread, except `close` from `on_ready`.
    """

    def __init__(
        self,
        graph: ModelGraph,
        *,
        memory: int = _MEMORY,
        sample_above: int = 4 << 20,
        exact_bytes: int = 256 << 20,
        on_ready: Callable[[], None] | None = None,
    ) -> None:
        self._graph = graph
        self._memory, self._sample_above, self._exact_bytes = memory, sample_above, exact_bytes
        self._on_ready = on_ready
        self._values = lru_cache(maxsize=_OPEN)(partial(open_values, graph))
        self._changed = threading.Condition()
        self._worker: threading.Thread | None = None
        self._closed = False
        self._grids: dict[int, TileGrid] = {}
        self._notes: dict[int, tuple[str, ...]] = {}
        self._problems: dict[int, str] = {}
        self._held: OrderedDict[TileKey, _Held] = OrderedDict()  # used least recently first
        self._bytes = 0
        self._wanted: dict[TileKey, int] = {}  # and how many are wanted more
        self._first: deque[TileKey] = deque()  # nothing of them is there yet
        self._second: list[TileKey] = []  # a sample of them is there; what is wanted most first
        self._running: TileKey | None = None

    def grid(self, node: int) -> TileGrid | None:
        """Return how a tensor is cut into tiles, None where it cannot be read (see `problem`); reads headers only."""
        with self._changed:
            if node in self._problems:
                return None
            if node in self._grids:
                return self._grids[node]
        try:
            values = self._values(node)
        except Exception as error:  # noqa: BLE001 - the reader's; see `_refuse`
            self._refuse(node, error)
            return None
        rows, columns = values.shape
        with self._changed:
            if not rows or not columns:
                self._problems[node] = f"{self._graph.path(node)}: has no values"
                return None
            self._notes[node] = values.notes
            return self._grids.setdefault(node, TileGrid(rows, columns))

    def notes(self, node: int) -> tuple[str, ...]:
        """Return what a reader of a tensor's values must know, () where it cannot be read; reads headers only."""
        if self.grid(node) is None:
            return ()
        with self._changed:
            return self._notes[node]

    def problem(self, node: int) -> str | None:
        """Return in one line why a tensor cannot be shown, None where nothing is known against it."""
        with self._changed:
            return self._problems.get(node)

    def get(self, key: TileKey) -> Tile | None:
        """Return the tile that is in memory now, a sample or exact, and count it as used."""
        with self._changed:
            held = self._held.get(key)
            if held is None:
                return None
            self._held.move_to_end(key)
            return held.tile

    def want(self, keys: Sequence[TileKey]) -> None:
        """Say which tiles are on the screen, what is wanted most first; replaces what was wanted before.

        Samples of all large tiles come before the first of them is exact. What is in memory already is kept there, so
        name it, too; what would not fit into memory together with what is wanted more is not computed.

        Raises
        ------
        ValueError
            When a tensor has no such tile.
        """
        keys = list(dict.fromkeys(keys))
        grids = {node: self.grid(node) for node in {key.node for key in keys}}
        known = [(key, grid.tile_bytes(key) + _OVERHEAD) for key in keys if (grid := grids[key.node]) is not None]
        ends = np.cumsum([size for _, size in known])
        fitting = [key for (key, _), end in zip(known, ends, strict=True) if end <= self._memory]
        with self._changed:
            if self._closed:
                return
            fitting = [key for key in fitting if key.node not in self._problems]
            for key in reversed(fitting):
                if key in self._held:
                    self._held.move_to_end(key)
            self._wanted = {key: rank for rank, key in enumerate(fitting)}
            waiting = [key for key in fitting if key != self._running]
            self._first = deque(key for key in waiting if key not in self._held)
            self._second = [key for key in waiting if key in self._held and not self._held[key].final]
            if self._worker is None and (self._first or self._second):
                # A daemon, so that a program that ends without `close` does not wait for the rest of a tile.
                self._worker = threading.Thread(target=self._work, name="tiles of weights", daemon=True)
                self._worker.start()
            self._changed.notify_all()

    def fetch(self, keys: Sequence[TileKey]) -> dict[TileKey, Tile]:
        """Return tiles, computing here what is not in memory; those of tensors that cannot be read are left out.

        As many are exact as `exact_bytes` allows, the smallest first and equally large ones together; the others are
        samples. The same keys always give the same tiles, whatever is in memory.

        Raises
        ------
        ValueError
            When a tensor has no such tile.
        """
        keys = [key for key in dict.fromkeys(keys) if self.grid(key.node) is not None]
        sizes = {key: size for key in keys if (size := self._cost(key)) is not None}
        ordered = np.sort(list(sizes.values()))
        # The sum up to and with the last one of each size.
        sums = np.cumsum(ordered)[np.searchsorted(ordered, ordered, side="right") - 1]
        largest = max(ordered[sums <= self._exact_bytes], default=0)
        tiles: dict[TileKey, Tile] = {}
        for key, size in sizes.items():
            exact = key.level == 0 or size <= largest
            with self._changed:
                held = self._held.get(key)
            tile = held.tile if held is not None and held.exact is exact else self._made(key, size, exact, lambda: True)
            if tile is not None:
                tiles[key] = tile
        return {key: tile for key, tile in tiles.items() if self.problem(key.node) is None}

    @property
    def pending(self) -> int:
        """How many wanted tiles are not yet as good as they will be."""
        with self._changed:
            return len(self._first) + len(self._second) + (self._running is not None)

    def close(self) -> None:
        """End the worker, wait for it (for the piece that it is reading at most) and let go of all tiles."""
        with self._changed:
            self._closed = True
            self._wanted = {}
            self._changed.notify_all()
        if self._worker is not None:
            self._worker.join()
        with self._changed:
            self._held.clear()
            self._bytes = 0
        self._values.cache_clear()

    # ---------------------------------------------------------------- the worker thread
    def _work(self) -> None:
        told, due = -math.inf, math.inf  # when on_ready was called, and when it is to be called
        try:
            while True:
                with self._changed:
                    while not (self._closed or self._first or self._second or time.monotonic() >= due):
                        self._changed.wait(None if due == math.inf else due - time.monotonic())
                    if self._closed:
                        return
                    fresh = bool(self._first)
                    if time.monotonic() < due:
                        self._running = self._first.popleft() if fresh else self._second.pop(0)
                    key = self._running
                if key is None:
                    told, due = time.monotonic(), math.inf
                    if self._on_ready is not None:
                        self._on_ready()
                elif self._improve(key, fresh):
                    due = min(due, told + _SECONDS)
        finally:  # closed, or a bug in on_ready that the thread's traceback tells of: nothing more will be made
            with self._changed:
                self._closed, self._running = True, None
                self._first.clear()
                self._second.clear()

    def _improve(self, key: TileKey, fresh: bool) -> bool:
        """Make the first tile of a key, or the better one; return whether there is news."""
        size, tile = self._cost(key), None
        if size is not None:
            large = key.level > 0 and size > min(self._sample_above, self._exact_bytes)
            tile = self._made(key, size, not (large and fresh), lambda: self._is_wanted(key))
        with self._changed:
            self._running = None
            held = self._held.get(key)
            wanted = key in self._wanted
            if wanted and held is None:  # cancelled, and wanted again just after
                self._first.appendleft(key)
            elif wanted and held is not None and not held.final:
                insort(self._second, key, key=self._wanted.__getitem__)
            return tile is not None or key.node in self._problems

    def _is_wanted(self, key: TileKey) -> bool:
        with self._changed:
            return key in self._wanted

    # ---------------------------------------------------------------- any thread
    def _cost(self, key: TileKey) -> int | None:
        """Return what an exact tile costs in file bytes, None where they cannot be read."""
        grid = self.grid(key.node)
        if grid is None:
            return None
        region = grid.region(key)
        try:
            return tile_cost(self._values(key.node), *region)
        except Exception as error:  # noqa: BLE001 - the reader's; see `_refuse`
            self._refuse(key.node, error)
            return None

    def _made(self, key: TileKey, cost: int, exact: bool, keep_going: Callable[[], bool]) -> Tile | None:
        """Compute a tile and keep it; None where it was cancelled or cannot be read."""
        if self.problem(key.node) is not None:
            return None
        try:
            tile = (exact_tile if exact else sampled_tile)(self._values(key.node), key, keep_going)
        except Exception as error:  # noqa: BLE001 - the reader's; see `_refuse`
            self._refuse(key.node, error)
            return None
        if tile is not None:
            tile.cells.flags.writeable = False
            self._keep(key, _Held(tile, exact, exact or cost > self._exact_bytes))
        return tile

    def _keep(self, key: TileKey, new: _Held) -> None:
        with self._changed:
            old = self._held.get(key)
            if self._closed or key.node in self._problems or (old is not None and old.exact):
                return
            self._held[key] = new
            self._held.move_to_end(key)
            self._bytes += new.size - (old.size if old is not None else 0)
            while self._bytes > self._memory:
                self._bytes -= self._held.popitem(last=False)[1].size

    def _refuse(self, node: int, error: Exception) -> None:
        """Remember why a tensor cannot be read, and forget its tiles: some of them may be of another file by now.

        What was not foreseen (no memory left, a decoder that trips over a damaged file) is logged, and must not end the
        worker: all other tensors can still be shown.
        """
        problem = str(error)
        if not isinstance(error, InputError):
            problem = f"{self._graph.path(node)}: cannot be read ({type(error).__name__})"
            _log.error(problem, exc_info=error)
        with self._changed:
            self._problems.setdefault(node, problem)
            for key in [key for key in self._held if key.node == node]:
                self._bytes -= self._held.pop(key).size
            self._wanted = {key: rank for key, rank in self._wanted.items() if key.node != node}
            self._first = deque(key for key in self._first if key.node != node)
            self._second = [key for key in self._second if key.node != node]
