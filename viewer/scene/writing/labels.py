"""Labels of the drawn boxes: what each would say and which are decided on together; `label_layout` decides."""

from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ....graph.kinds import NodeKind
from ....graph.model_graph import ModelGraph
from ....layout.placement import Placement
from ...theme import Theme
from ...words.captions import Caption, caption_of, in_and_out, matrix_of
from ...words.numbers import grouped, people_shape
from ...words.translation import filled, translate
from ..frame import Frame
from ..grids import Grids
from ..ports import Tabs, port_words
from .covers import Covers
from .faces import SPINE, Face, bounds, faces, front_corners, number_spot, plate_rects, plate_strips
from .inks import best_contrast, inks
from .label_groups import Groups
from .label_layout import Candidate, PlacedLabel, Rect, Spot, place_labels
from .label_spots import (
    TILE,
    Options,
    axis_options,
    beside,
    block_of,
    box_options,
    fits_tile,
    font_of,
    number_options,
    plate_options,
    tile_options,
)
from .occupancy import Occupancy
from .overlay import Overlay

__all__ = ["LabelBook"]

_STILL_LIMIT, _MOVING_LIMIT = 420, 110
_LARGE = 40  # pixels from which a tile's ground is looked at by itself
_MODULE_MIN = 80  # a tensor is named once its module is so large
_READABLE, _SHADE = 6.0, 0.62  # thin letters lose contrast to smoothing: less than this gets a darker plate
_SAID_LESS = "Regular"  # weight of details, which are dimmer than names
_PORT_PRIORITY = 36.0  # after the names of parts, before those of small tensors
# Parts are named once what they are part of is so large (the side of a square of its area, and its smaller side);
# layers always.
_PARENT_MIN, _PARENT_LEAST = 150, 64
_NEARLY = 0.6  # of these sizes: the others of its group may be larger
_TELLING = 4  # a number alone is told of a part with so many parts of its own
_TILES = (NodeKind.EXPERT, NodeKind.HEAD)

# What is named first where there is not room for all.
_RANK = {
    NodeKind.LAYER: 90, NodeKind.MTP: 90, NodeKind.EXPERTS: 60, NodeKind.HEADS: 58, NodeKind.ATTENTION: 56,
    NodeKind.MOE: 50, NodeKind.MLP: 56, NodeKind.ROUTER: 54, NodeKind.SHARED_EXPERT: 52, NodeKind.EMBEDDING: 55,
    NodeKind.OUTPUT: 55, NodeKind.OUTPUT_PROJECTION: 48, NodeKind.PROJECTION: 47, NodeKind.LINEAR: 46,
    NodeKind.NORM: 40, NodeKind.TENSOR: 30, NodeKind.EXPERT: 20, NodeKind.HEAD: 18,
}  # fmt: skip


class LabelBook:
    """Makes and draws the labels of one model, and remembers which stood where: they stay there if they can.

    Parameters
    ----------
    graph, placement
        What is shown.
    grids : Grids
        The placement's grids.
    theme : Theme
    """

    def __init__(self, graph: ModelGraph, placement: Placement, grids: Grids, theme: Theme) -> None:
        self._graph, self._placement, self._grids, self._theme = graph, placement, grids, theme
        self.hide(None)
        self._plates: dict[int, Rect] = {}  # of one frame, by node
        # Tests and the window's accessibility layer read what is on the screen from here.
        self.placed: list[PlacedLabel] = []

    def hide(self, is_hidden: NDArray[np.bool_] | None) -> None:
        """Let names that count parts tell how many of them are shown."""
        graph = self._graph
        self._caption = lru_cache(maxsize=20_000)(lambda node, plain: caption_of(graph, node, plain, is_hidden))

    def draw(
        self,
        overlay: Overlay,
        frame: Frame,
        focus: int,
        taken: list[Rect],
        ribbons: NDArray[np.float64],
        outlines: NDArray[np.float64],
        pictured: frozenset[int],
        tabs: Tabs,
        plain: bool = False,
    ) -> None:
        """Choose the labels of a frame and add them to the overlay.

        Parameters
        ----------
        focus : int
            The node that the title names.
        taken : list of Rect
            Ground of the title and the legend.
        ribbons : ndarray, shape (R, 4)
            Rectangles on the screen that ribbons cover.
        outlines : ndarray, shape (K, 4)
            Rectangles on the screen that outlines cover; no label moves for them, but they do not strike one through.
        pictured : frozenset of int
            Nodes whose faces are pictures: what is written on one has a plate behind it.
        tabs : Tabs
            Ports, which say what is at their other end.
        plain : bool
            Well-known parts are called what they are rather than what the file calls them.
        """
        cut, scale, moving, viewport = frame.cut, frame.view.scale, frame.view.moving, frame.view.viewport
        cell = round((4 if moving else 2) * scale)
        boxes = Occupancy(viewport, self._closed_rects(frame), cell)
        covers = Covers(frame) if frame.rising.any() else None
        candidates = [*self._candidates(frame, focus, covers, plain), *self._port_candidates(frame, tabs, plain)]
        limit = _MOVING_LIMIT if moving else _STILL_LIMIT
        lanes = Occupancy(viewport, ribbons, cell)
        hides = None if covers is None else lambda candidate, rect: covers.hides(candidate.row, rect)
        before = {(label.candidate.node, label.candidate.role): label.way for label in self.placed}
        self.placed = place_labels(candidates, viewport, taken, boxes, lanes, 3 * scale, limit, hides, before)
        shown = frame.shown(np.array([label.candidate.row for label in self.placed], np.int64))
        for label, face in zip(self.placed, shown, strict=True):
            row, is_tab = label.candidate.row, label.way == "tab"
            inside = label.spot.on == "face" or is_tab or (label.spot.within is not None and cut.opened[row])
            on_picture = inside and label.candidate.node in pictured
            ground = face if inside and not on_picture else frame.behind[row]
            left, top, right, bottom = label.rect
            struck = (outlines[:, :2] < (right, bottom)).all(1) & (outlines[:, 2:] > (left, top)).all(1)
            backed = label.crosses or on_picture or label.spot.on == "cover" or bool(struck.any())
            ground = ground.astype(np.float64)
            if inside and not backed and best_contrast(self._theme, tuple(ground.tolist())) < _READABLE:
                # Colours of middling lightness, as maps have them: no ink stands out from them enough.
                ground, backed = ground * _SHADE, True
            plate = 1.0 if is_tab else 0.86 if backed else 0.0
            self._write(overlay, label, ground, scale, plate, covers is not None)  # edges of plates behind a deck's

    # ---------------------------------------------------------------- what is there
    def _closed_rects(self, frame: Frame) -> NDArray[np.float64]:
        """Return the screen rectangles of what labels must not cover."""
        cut, view, grids = frame.cut, frame.view, self._grids
        large = cut.long_px > _LARGE
        alone = ~cut.opened & (large | ~grids.is_grid[frame.above])
        rects = [bounds(front_corners(frame.center, frame.size, np.flatnonzero(alone)), view)]
        # Tiles of a grid are many: the ground of the whole grid stands for them.
        tiled = np.unique(frame.above[~cut.opened & ~alone])
        rects.append(bounds(front_corners(grids.center, grids.size, np.searchsorted(grids.owners, tiled)), view))
        return np.concatenate(rects)

    def _wanted(self, frame: Frame, focus: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the rows that may be large enough to be named, and how large they are, as a part of that size."""
        graph, cut, scale = self._graph, frame.cut, frame.view.scale
        kinds, parents = graph.kind[cut.nodes], graph.parent[cut.nodes]
        is_layer = (kinds == NodeKind.LAYER) | (kinds == NodeKind.MTP)
        size, least = (np.zeros(len(graph) + 1) for _ in range(2))  # the last one stands for the root's parent
        size[cut.nodes], least[cut.nodes] = np.sqrt(cut.px.prod(1)), cut.short_px
        is_tensor = kinds == NodeKind.TENSOR
        own = np.minimum(cut.long_px / np.where(cut.opened, 34, 16), np.where(is_layer, np.inf, cut.short_px / 9))
        whole = np.minimum(
            size[parents] / np.where(is_tensor, _MODULE_MIN, _PARENT_MIN),
            least[parents] / np.where(is_tensor, _MODULE_MIN / 2, _PARENT_LEAST),
        )
        # The parts of what is in focus are named whatever its size.
        enough = np.minimum(own, np.where(is_layer | (parents == focus) & (focus > 0), np.inf, whole)) / scale
        wanted = enough >= np.where(is_layer, 1.0, _NEARLY)
        wanted &= ~frame.quiet | is_layer | (parents == graph.parent[focus])
        wanted &= ~frame.dimmed
        closed = np.flatnonzero(wanted & ~cut.opened)  # a plate's own parts stand before it, its name beside them
        wanted[closed[frame.hidden(closed)]] = False
        return np.flatnonzero(wanted), enough[wanted]

    def _candidates(self, frame: Frame, focus: int, covers: Covers | None, plain: bool) -> Iterator[Candidate]:
        graph, cut, scale = self._graph, frame.cut, frame.view.scale
        said = {focus, *graph.ancestors(focus)}  # the title says these
        rows, enough = self._wanted(frame, focus)
        found = faces(frame, rows)
        ahead = np.array([face is not None for face in found], bool)
        rows, enough, seen = rows[ahead], enough[ahead], [face for face in found if face is not None]
        kept = {label.candidate.node for label in self.placed}
        groups, strips = Groups(graph, frame, rows, seen, enough, kept, focus), plate_strips(frame)
        self._plates = plate_rects(frame)
        beside_of: defaultdict[int, list[tuple[int, Rect]]] = defaultdict(list)
        for plate, rect in self._plates.items():
            beside_of[int(graph.parent[plate])].append((plate, rect))
        width, height = self._placement.size[focus, :2].tolist()
        spine = graph.kind_of(focus) == NodeKind.LAYER and height > SPINE * width
        for k in groups.chosen.tolist():
            row, face = int(rows[k]), seen[k]
            node, opened = int(cut.nodes[row]), bool(cut.opened[row])
            kind, group = graph.kind_of(node), int(groups.group[k])
            is_tensor, is_layer = graph.shape_of(node) is not None, kind in (NodeKind.LAYER, NodeKind.MTP)
            apart = number_spot(frame, row) if is_layer else None
            if (node in said and not is_tensor and apart is None) or (opened and self._goes_without_saying(node)):
                continue
            caption = self._caption(node, plain)
            if is_tensor and int(graph.parent[node]) in said:
                caption = Caption(graph.name_of(node), people_shape(graph.shape_of(node) or ()))
            priority = _RANK.get(kind, 35) + float(np.log2(max(cut.px[row].prod(), 1)))
            if is_layer and (opened or frame.rising[row] or caption.name.isdigit()):
                yield self._number(row, node, caption, face, frame, priority, group, apart)
                continue
            if covers is not None and covers.hides(row, face.middle):
                continue  # it could be named beside its box only, where nobody sees what is meant
            options = self._options(node, caption, face, groups, k, strips[row] if opened else None, scale)
            if spine and int(graph.parent[node]) == focus:
                options.append(beside(caption.name, face, scale))
            if options:
                others = tuple(rect for other, rect in beside_of[int(graph.parent[node])] if other != node)
                yield Candidate(node, row, priority, tuple(options), group=("name", group), beside=others)
            if not opened and min(cut.px[row]) > 150 * scale:
                for role, choices in self._axes(node, face, scale):
                    yield Candidate(node, row, priority - 5, tuple(choices), role, (role, group))

    def _number(
        self,
        row: int,
        node: int,
        caption: Caption,
        face: Face,
        frame: Frame,
        priority: float,
        group: int,
        apart: Spot | None,
    ) -> Candidate:
        corners, _ = frame.view.camera.project(
            front_corners(frame.center, frame.size, np.array([row]))[0], frame.view.viewport
        )
        scale = frame.view.scale
        if frame.cut.opened[row] or apart is not None:
            options = number_options(caption.name, face, corners, scale, apart)
        else:
            options = tile_options(caption.name, face, scale, roomy=False)
        if not caption.name.isdigit():
            return Candidate(node, row, priority, tuple(options), group=("name", group))
        series = ("series", int(self._graph.parent[node]))
        return Candidate(node, row, priority, tuple(options), group=series, number=int(caption.name))

    def _options(
        self,
        node: int,
        caption: Caption,
        face: Face,
        groups: Groups,
        k: int,
        strips: NDArray[np.float64] | None,
        scale: float,
    ) -> Options:
        graph, kind = self._graph, self._graph.kind_of(node)
        if strips is not None:
            return plate_options(caption.name, face, groups.width(k), tuple(strips.tolist()), scale)
        if kind in _TILES and caption.name.isdigit():
            longest = len(str(int(graph.child_count[graph.parent[node]]) - 1))
            return tile_options(caption.name, face, scale) if fits_tile(longest, groups.typical(k), scale) else []
        is_small = kind == NodeKind.TENSOR and matrix_of(graph, int(graph.parent[node])) != node
        plate = self._plates.get(int(graph.parent[node]))
        return box_options(caption, face, plate, groups.width(k), scale, is_small)

    def _port_candidates(self, frame: Frame, tabs: Tabs, plain: bool) -> Iterator[Candidate]:
        """What ports say, beside their tabs: on the box, or outside of it."""
        view, scale = frame.view, frame.view.scale
        if view.moving or not len(tabs.ports):
            return
        px, depth = view.camera.project(tabs.tips, view.viewport)
        outgoing = self._placement.ports.outgoing[tabs.ports]
        font, gap, anywhere = font_of(TILE, "Regular", scale), 3 * scale, (np.inf, np.inf)
        for k, (port, row) in enumerate(zip(tabs.ports.tolist(), tabs.rows.tolist(), strict=True)):
            if depth[k] <= 0:
                continue
            block = block_of((port_words(self._graph, self._placement, port, plain), font))
            x, y = px[k].tolist()
            length = float(tabs.px[k])
            on = "plate" if frame.cut.opened[row] else "face"
            after, before = (x + gap, (0.0, 0.5)), (x - length - gap, (1.0, 0.5))
            inside, outside = (before, after) if outgoing[k] else (after, before)
            room = (0.8 * float(frame.cut.px[row, 0]), float(frame.cut.px[row, 1]))
            yield Candidate(
                int(frame.cut.nodes[row]), row, _PORT_PRIORITY,
                (
                    (block, Spot(inside[0], y, inside[1], room, on, None, "inside")),
                    (block, Spot(outside[0], y, outside[1], anywhere, "plate", None, "outside")),
                ),
                f"port {port}",
            )  # fmt: skip

    def _goes_without_saying(self, node: int) -> bool:
        """Return whether a plate needs no name: it wraps a stack or a single part, or its matrix bears its name."""
        graph, kind = self._graph, self._graph.kind_of(node)
        only = int(graph.child_count[graph.parent[node]]) == 1
        if matrix_of(graph, node) is not None or (only and graph.name_of(node).isdigit()):
            return True
        if kind == NodeKind.MODULE:
            if graph.name_of(node).isdigit() and int(graph.child_count[node]) < _TELLING:
                return True
            return only or bool((graph.kind[graph.subtree(node)] == NodeKind.STACK).any())
        return kind in (NodeKind.MODEL, NodeKind.STACK)

    def _axes(self, node: int, face: Face, scale: float) -> Iterator[tuple[str, Options]]:
        """Dimensions along the edges of a large matrix, as the layout has turned it."""
        shape = self._graph.shape_of(node)
        if shape is None or len(shape) != 2:
            return
        sides = in_and_out(self._graph, node)
        sizes = [grouped(n) for n in shape]
        if sides is not None:
            words = [translate("Scene", "out %1"), translate("Scene", "in %1")]
            words = words if shape[0] == sides[1] else words[::-1]
            sizes = [filled(word, n) for word, n in zip(words, sizes, strict=True)]
        size = self._placement.size[node]
        if (shape[0] > shape[1]) != (size[0] > size[1]):
            sizes.reverse()
        yield from axis_options(sizes[0], sizes[1], face, scale)

    # ---------------------------------------------------------------- ink
    def _write(
        self, overlay: Overlay, label: PlacedLabel, ground: NDArray[np.float64], scale: float, plate: float, busy: bool
    ) -> None:
        left, top, right, bottom = label.rect
        if plate > 0:
            pad = 3 * scale
            overlay.shape((left - pad, top, right + pad, bottom), ground, plate)
        strong, weak = inks(self._theme, tuple(ground.tolist()), label.spot.on == "face" or busy)
        x, y = left, top
        for k, line in enumerate(label.block.lines):
            ink = strong if k == 0 or line.font[1] != _SAID_LESS else weak
            if label.block.vertical:
                overlay.text(x, top + (bottom - top - line.width) / 2, line.text, line.font, ink, vertical=True)
                x += line.height
            else:
                free = right - left - line.width
                overlay.text(left + free / 2 if label.spot.align[0] == 0.5 else left, y, line.text, line.font, ink)
                y += line.height
