"""Labels of the drawn boxes: what each would say and which are decided on together; `label_layout` decides."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import lru_cache, partial

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
from .faces import SPINE, Face, bounds, faces, front_corners, number_spot, plate_faces, plate_strips
from .following import Following
from .label_groups import Groups
from .label_ink import grounded, write
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
    plainly,
    plate_options,
    tile_options,
)
from .occupancy import Occupancy
from .overlay import Overlay
from .rims import Rims

__all__ = ["LabelBook"]

_LIMIT = 420  # labels at most: 256 experts and 128 heads are numbered, moving or not, so that none come and go
_LARGE = 40  # text pixels from which a tile's ground is looked at by itself
_MODULE_MIN = 80  # a tensor is named once its module is so large
_PORT_PRIORITY = 36.0  # after the names of parts, before those of small tensors
# Parts are named once what they are part of is so large (the side of a square of its area, and its smaller side);
# layers always.
_PARENT_MIN, _PARENT_LEAST = 150, 64
_IN_FOCUS = 40.0  # more important are the parts of what is in focus
_NAME_LENGTH = 150  # text pixels that a plate's name may take
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
        self._following: Following | None = None
        self._is_hidden: NDArray[np.bool_] | None = None  # what the captions are told for
        self._caption: Callable[[int, bool], Caption] = partial(caption_of, graph)
        self._plates: dict[int, Face] = {}  # of one frame, by node
        # Tests and the window's accessibility layer read what is on the screen from here.
        self.placed: list[PlacedLabel] = []

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
        is_hidden: NDArray[np.bool_],
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
        is_hidden : ndarray of bool, shape (N,)
            Nodes that are not drawn: names that count parts tell how many of them are shown.
        plain : bool
            Well-known parts are called what they are rather than what the file calls them.
        """
        if self._is_hidden is not is_hidden:
            graph, self._is_hidden = self._graph, is_hidden
            self._caption = lru_cache(maxsize=20_000)(lambda node, plain: caption_of(graph, node, plain, is_hidden))
        scale, moving, viewport = frame.view.scale, frame.view.moving, frame.view.viewport
        cell = round((4 if moving else 2) * scale)
        boxes = Occupancy(viewport, self._closed_rects(frame), cell)
        covers = Covers(frame) if frame.rising.any() else None
        candidates = [*self._candidates(frame, focus, covers, plain), *self._port_candidates(frame, tabs, plain)]
        lanes = Occupancy(viewport, ribbons, cell)
        hides = None if covers is None else lambda candidate, rect: covers.hides(candidate.row, rect)
        rims = Rims(frame).meet
        before = {(label.candidate.node, label.candidate.role): label.way for label in self.placed}
        self.placed = place_labels(candidates, viewport, taken, boxes, lanes, 3 * scale, _LIMIT, hides, before, rims)
        written = grounded(self._theme, frame, self.placed, outlines, pictured)
        write(self._theme, overlay, frame, written)
        self._following = Following(frame, focus, plain, written) if moving else None

    def clear(self) -> None:
        """Forget the labels of the last frame."""
        self.placed, self._following = [], None

    def follows(self, frame: Frame, focus: int, is_hidden: NDArray[np.bool_], plain: bool) -> bool:
        """Return whether the labels of the last frame may stay on their boxes in this one: `follow` moves them."""
        following = self._following if is_hidden is self._is_hidden else None
        return following is not None and following.serves(frame, focus, plain)

    def follow(self, overlay: Overlay, frame: Frame, taken: list[Rect]) -> None:
        """Add the labels of the last frame that was drawn, where their boxes are now."""
        if self._following is None:
            raise RuntimeError("draw the labels first")
        written = self._following.moved(frame, taken)
        self.placed = [one.label for one in written]
        write(self._theme, overlay, frame, written)

    # ---------------------------------------------------------------- what is there
    def _closed_rects(self, frame: Frame) -> NDArray[np.float64]:
        """Return the screen rectangles of what labels must not cover."""
        cut, view, grids = frame.cut, frame.view, self._grids
        large = cut.long_px > _LARGE * view.scale
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
        self._plates = plate_faces(frame)
        beside_of: defaultdict[int, list[tuple[int, Rect]]] = defaultdict(list)
        for plate, on_screen in self._plates.items():
            beside_of[int(graph.parent[plate])].append((plate, on_screen.inner))
        width, height = self._placement.size[focus, :2].tolist()
        spine = graph.kind_of(focus) == NodeKind.LAYER and height > SPINE * width
        # What stands behind a tall box; a plate's own parts stand before it, its name beside them.
        asked = groups.chosen[~cut.opened[rows[groups.chosen]]]
        behind = set(asked[frame.hidden(rows[asked])].tolist())
        for k in groups.chosen.tolist():
            if k in behind:
                continue
            row, face = int(rows[k]), seen[k]
            node, opened = int(cut.nodes[row]), bool(cut.opened[row])
            kind, group = graph.kind_of(node), int(groups.group[k])
            is_tensor, is_layer = graph.shape_of(node) is not None, kind in (NodeKind.LAYER, NodeKind.MTP)
            apart = number_spot(frame, row, face) if is_layer else None
            if (node in said and not is_tensor and apart is None) or (opened and self._goes_without_saying(node)):
                continue
            caption = self._caption(node, plain)
            if is_tensor and int(graph.parent[node]) in said:
                caption = Caption(graph.name_of(node), people_shape(graph.shape_of(node) or ()))
            priority = _RANK.get(kind, 35) + float(np.log2(max(cut.px[row].prod(), 1)))
            if focus > 0 and int(graph.parent[node]) == focus and kind not in _TILES:
                priority += _IN_FOCUS
            if is_layer and (opened or frame.rising[row] or caption.name.isdigit()):
                yield self._number(row, node, caption, face, frame, priority, group, apart)
                continue
            if covers is not None and covers.hides(row, face.middle):
                continue  # it could be named beside its box only, where nobody sees what is meant
            options = self._options(node, caption, face, groups, k, strips[row] if opened else None, scale)
            if spine and int(graph.parent[node]) == focus:
                options.append(beside(caption.name, face, scale))
            if options:
                above = int(graph.parent[node])
                near = beside_of[above] + (beside_of[int(graph.parent[above])] if above > 0 else [])
                others = tuple(rect for other, rect in near if other not in (node, above))
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
        scale = frame.view.scale
        if frame.cut.opened[row] or apart is not None:
            options = number_options(caption.name, face, np.array(face.corners), scale, apart)
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
        plate = self._plates.get(int(graph.parent[node]))
        if strips is not None:
            left = face.inner[0]
            over = face.outer[1] if plate is None else plate.over(left, left + _NAME_LENGTH * scale)
            options = plate_options(caption.name, face, groups.width(k), tuple(strips.tolist()), over, scale)
            return plainly(options) if groups.is_repeated(k) else options
        if kind in _TILES and caption.name.isdigit():
            longest = len(str(int(graph.child_count[graph.parent[node]]) - 1))
            return tile_options(caption.name, face, scale) if fits_tile(longest, groups.typical(k), scale) else []
        is_small = kind == NodeKind.TENSOR and matrix_of(graph, int(graph.parent[node])) != node
        room = groups.width(k), groups.height(k)
        if groups.is_repeated(k):
            return plainly(box_options(Caption(caption.name), face, plate, room, scale, is_small))
        return box_options(caption, face, plate, room, scale, is_small)

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
            on = "rim" if frame.cut.opened[row] else "face"  # tabs stand at the edges of plates
            after, before = (x + gap, (0.0, 0.5)), (x - length - gap, (1.0, 0.5))
            inside, outside = (before, after) if outgoing[k] else (after, before)
            room = (0.8 * float(frame.cut.px[row, 0]), float(frame.cut.px[row, 1]))
            yield Candidate(
                int(frame.cut.nodes[row]), row, _PORT_PRIORITY,
                (
                    (block, Spot(inside[0], y, inside[1], room, on, None, "inside")),
                    (block, Spot(outside[0], y, outside[1], anywhere, "rim", None, "outside")),
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
            holding = [int(part) for part in graph.children(int(graph.parent[node])) if self._holds_stack(int(part))]
            return only or holding == [node]  # an encoder is told from a decoder
        return kind in (NodeKind.MODEL, NodeKind.STACK)

    def _holds_stack(self, node: int) -> bool:
        return bool((self._graph.kind[self._graph.subtree(node)] == NodeKind.STACK).any())

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
