"""Labels of the drawn boxes: what each would say and where it could stand; `label_layout` decides."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from ...graph.kinds import NodeKind
from ...graph.model_graph import ModelGraph
from ...layout.placement import Placement
from ..captions import Caption, caption_of, in_and_out, matrix_of
from ..label_layout import Block, Candidate, Line, Occupancy, PlacedLabel, Rect, Spot, place_labels, shortened
from ..numbers import grouped, people_shape
from ..theme import Theme, contrast, rgb
from ..translation import filled, translate
from .covers import Covers
from .faces import Face, bounds, faces, front_corners, number_spot
from .frame import Frame
from .grids import Grids
from .overlay import Overlay
from .ports import Tabs, port_words
from .text import FontSpec, line_height, text_width

__all__ = ["LabelBook"]

_NAME, _DETAIL, _TILE = 13, 12, 11
_STILL_LIMIT, _MOVING_LIMIT = 420, 110
_MANY = 900  # candidates looked at, the largest first
_LARGE = 40  # pixels from which a tile's ground is looked at by itself
_MODULE_MIN = 100  # a tensor is named once its module is so large
_READABLE, _SHADE = 6.0, 0.62  # thin letters lose contrast to smoothing: less than this gets a darker plate
_PORT_PRIORITY = 36.0  # after the names of parts, before those of small tensors
_PARENT_MIN = 200  # parts are named once what they are part of is so large; layers always

# What is named first where there is not room for all.
_RANK = {
    NodeKind.LAYER: 90, NodeKind.MTP: 90, NodeKind.EXPERTS: 60, NodeKind.HEADS: 58, NodeKind.ATTENTION: 56,
    NodeKind.MOE: 50, NodeKind.MLP: 56, NodeKind.ROUTER: 54, NodeKind.SHARED_EXPERT: 52, NodeKind.EMBEDDING: 55,
    NodeKind.OUTPUT: 55, NodeKind.OUTPUT_PROJECTION: 48, NodeKind.PROJECTION: 47, NodeKind.LINEAR: 46,
    NodeKind.NORM: 40, NodeKind.TENSOR: 30, NodeKind.EXPERT: 20, NodeKind.HEAD: 18,
}  # fmt: skip


class LabelBook:
    """Makes and draws the labels of one model.

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
        self._caption = lru_cache(maxsize=20_000)(lambda node: caption_of(graph, node))
        self._numbered: dict[int, bool] = {}  # by container, for one frame
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
        """
        cut, scale, moving, viewport = frame.cut, frame.view.scale, frame.view.moving, frame.view.viewport
        cell = round((4 if moving else 2) * scale)
        boxes = Occupancy(viewport, self._closed_rects(frame), cell)
        covers = Covers(frame) if frame.rising.any() else None
        candidates = [*self._candidates(frame, focus, covers), *self._port_candidates(frame, tabs)]
        limit = _MOVING_LIMIT if moving else _STILL_LIMIT
        lanes = Occupancy(viewport, ribbons, cell)
        hides = None if covers is None else lambda candidate, rect: covers.hides(candidate.row, rect)
        self.placed = place_labels(candidates, viewport, taken, boxes, lanes, 3 * scale, limit, hides)
        shown = frame.shown(np.array([label.candidate.row for label in self.placed], np.int64))
        for label, face in zip(self.placed, shown, strict=True):
            row = label.candidate.row
            inside = label.spot.on == "face" or (label.spot.within is not None and cut.opened[row])
            on_picture = inside and label.candidate.node in pictured
            ground = face if inside and not on_picture else frame.behind[row]
            left, top, right, bottom = label.rect
            struck = (outlines[:, :2] < (right, bottom)).all(1) & (outlines[:, 2:] > (left, top)).all(1)
            backed = label.crosses or on_picture or label.spot.on == "cover" or bool(struck.any())
            ground = ground.astype(np.float64)
            if inside and not backed and _best_contrast(self._theme, tuple(ground.tolist())) < _READABLE:
                # Colours of middling lightness, as maps have them: no ink stands out from them enough.
                ground, backed = ground * _SHADE, True
            self._write(overlay, label, ground, scale, backed)

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

    def _candidates(self, frame: Frame, focus: int, covers: Covers | None) -> Iterator[Candidate]:
        graph, cut, scale = self._graph, frame.cut, frame.view.scale
        self._numbered.clear()
        said = {focus, *graph.ancestors(focus)}  # the title says these
        kinds, parents = graph.kind[cut.nodes], graph.parent[cut.nodes]
        side = np.zeros(len(graph) + 1)  # the last one stands for the root's parent
        side[cut.nodes] = cut.short_px
        is_layer = (kinds == NodeKind.LAYER) | (kinds == NodeKind.MTP)
        wanted = (cut.long_px >= np.where(cut.opened, 34, 16) * scale) & (cut.short_px >= 9 * scale)
        least = np.where(kinds == NodeKind.TENSOR, _MODULE_MIN, _PARENT_MIN)
        wanted &= is_layer | (side[parents] >= least * scale)
        wanted &= ~frame.quiet | is_layer | (parents == graph.parent[focus])
        large = np.flatnonzero(wanted)
        area = cut.px[large].prod(1)
        large = large[np.argsort(-area, kind="stable")][:_MANY]
        closed = large[~cut.opened[large]]  # a plate's own parts stand before it, its name beside them
        large = np.setdiff1d(large, closed[frame.hidden(closed)], assume_unique=True) if len(closed) else large
        large = large[np.argsort(-cut.px[large].prod(1), kind="stable")]
        for row, face in zip(large.tolist(), faces(frame, large), strict=True):
            node, opened = int(cut.nodes[row]), bool(cut.opened[row])
            kind = graph.kind_of(node)
            is_tensor = graph.shape_of(node) is not None
            if face is None or (node in said and not is_tensor) or (opened and self._only_wraps(node)):
                continue
            if opened and matrix_of(graph, node) is not None:
                continue  # its matrix bears its name
            caption = self._caption(node)
            if is_tensor and int(graph.parent[node]) in said:
                caption = Caption(graph.name_of(node), people_shape(graph.shape_of(node) or ()))
            priority = _RANK.get(kind, 35) + float(np.log2(max(cut.px[row].prod(), 1)))
            if (opened or frame.rising[row]) and is_layer[row] and caption.name.isdigit():
                choices = self._number_options(caption, face, scale, number_spot(frame, row))
            elif covers is not None and covers.hides(row, face.middle):
                continue  # it could be named beside its box only, where nobody sees what is meant
            else:
                choices = (
                    self._plate_options(caption, face, scale)
                    if opened
                    else self._box_options(node, caption, face, scale)
                )
            if choices:
                yield Candidate(node, row, priority, tuple(choices))
            if not opened and min(cut.px[row]) > 150 * scale:
                yield from self._axes(node, row, face, priority - 5, scale)

    def _port_candidates(self, frame: Frame, tabs: Tabs) -> Iterator[Candidate]:
        """What ports say, beside their tabs: on the box, or outside of it."""
        view, scale = frame.view, frame.view.scale
        if view.moving or not len(tabs.ports):
            return
        px, depth = view.camera.project(tabs.tips, view.viewport)
        outgoing = self._placement.ports.outgoing[tabs.ports]
        font, gap, anywhere = _font(_TILE, "Regular", scale), 3 * scale, (np.inf, np.inf)
        for k, (port, row) in enumerate(zip(tabs.ports.tolist(), tabs.rows.tolist(), strict=True)):
            if depth[k] <= 0:
                continue
            block = _block((port_words(self._graph, self._placement, port), font))
            x, y = px[k].tolist()
            length = float(tabs.px[k])
            on = "plate" if frame.cut.opened[row] else "face"
            after, before = (x + gap, (0.0, 0.5)), (x - length - gap, (1.0, 0.5))
            inside, outside = (before, after) if outgoing[k] else (after, before)
            room = (0.8 * float(frame.cut.px[row, 0]), float(frame.cut.px[row, 1]))
            yield Candidate(
                int(frame.cut.nodes[row]), row, _PORT_PRIORITY,
                (
                    (block, Spot(inside[0], y, inside[1], room, on)),
                    (block, Spot(outside[0], y, outside[1], anywhere, "plate")),
                ),
            )  # fmt: skip

    def _only_wraps(self, node: int) -> bool:
        """Return whether a plate only holds a stack: the model, the stack itself, and modules between them."""
        kind = self._graph.kind_of(node)
        if kind == NodeKind.MODULE:
            return bool((self._graph.kind[self._graph.subtree(node)] == NodeKind.STACK).any())
        return kind in (NodeKind.MODEL, NodeKind.STACK)

    # ---------------------------------------------------------------- where labels could stand
    def _number_options(self, caption: Caption, face: Face, scale: float, outside: Spot | None) -> "_Options":
        """A layer's number in its upper left corner, or outside where it has no room."""
        left, top, right, bottom = face.inner
        pad = 4 * scale
        grow = min(max((right - left) / (300 * scale), 1.0), 1.5) if outside is None else 1.0
        block = _block((caption.name, _font(_NAME * grow, "SemiBold", scale)))
        if outside is not None:
            return [(block, outside), (block, replace(outside, on="cover"))]
        room = (right - left - 2 * pad, bottom - top)
        return [(block, Spot(left + pad, top + pad / 2, (0, 0), room, on, face.outer)) for on in ("plate", "cover")]

    def _plate_options(self, caption: Caption, face: Face, scale: float) -> "_Options":
        """A name in the free strip along a plate's upper edge, else above it."""
        left, top, right, bottom = face.inner
        pad = 4 * scale
        room = (right - left - 2 * pad, bottom - top)
        font = _font(_NAME, "Medium", scale)
        block = _block((caption.name, font))
        options = [(block, Spot(left + pad, top + pad / 2, (0, 0), room, "plate", face.outer))]
        if caption.name.isdigit():
            # A number outside of its plate would be read as the neighbour's.
            options.append((block, Spot(right - pad, top + pad / 2, (1, 0), room, "plate", face.outer)))
            return options
        options += [
            (block, Spot(left, face.outer[1] - pad / 2, (0, 1), (2 * room[0] + 60 * scale, room[1]), "plate")),
            (block, Spot(right, face.outer[1] - pad / 2, (1, 1), (2 * room[0] + 60 * scale, room[1]), "plate")),
            (block, Spot(left + pad, bottom - pad / 2, (0, 1), room, "plate", face.outer)),
        ]
        short = shortened(caption.name, room[0], lambda text: text_width(text, font), _least(caption.name))
        if short is not None and short != caption.name:
            options.append((_block((short, font)), options[0][1]))
        return options

    def _box_options(self, node: int, caption: Caption, face: Face, scale: float) -> "_Options":
        """A name on a box's face, upright if it must be; else beside it on its plate; else shortened on the face."""
        left, top, right, bottom = face.inner
        width, height = right - left, bottom - top
        middle = ((left + right) / 2, (top + bottom) / 2)
        kind = self._graph.kind_of(node)
        if kind in (NodeKind.EXPERT, NodeKind.HEAD) and caption.name.isdigit():
            font = _font(_TILE, "Regular", scale)
            # All tiles of a grid are numbered, or none: the room of the longest number in the nearest tile decides.
            parent = int(self._graph.parent[node])
            if parent not in self._numbered:
                longest = text_width("8" * len(str(int(self._graph.child_count[parent]) - 1)), font)
                self._numbered[parent] = longest <= 0.88 * width - 4 * scale and line_height(font) <= 0.9 * height
            anywhere = Spot(*middle, (0.5, 0.5), (np.inf, np.inf))
            return [(_block((caption.name, font)), anywhere)] if self._numbered[parent] else []
        name, detail = _font(_NAME, "Medium", scale), _font(_DETAIL, "Regular", scale)
        blocks = [_block((caption.name, name))]
        if caption.detail:
            blocks.insert(0, _block((caption.name, name), (caption.detail, detail)))
        one_line = f"{caption.name}  {caption.detail}" if caption.detail else caption.name
        upright = (Block(_block((one_line, name)).lines, vertical=True), Block(blocks[-1].lines, vertical=True))
        room, tall_room = (width - 10 * scale, height - 4 * scale), (width - scale, height - 10 * scale)
        options: _Options = [(block, Spot(*middle, (0.5, 0.5), room)) for block in blocks]
        options += [(block, Spot(*middle, (0.5, 0.5), tall_room)) for block in upright]
        gap = 4 * scale
        if kind == NodeKind.TENSOR and matrix_of(self._graph, int(self._graph.parent[node])) != node:
            block = _block((one_line, detail))  # scales and biases: small beside their matrix
            options.append((block, Spot(face.outer[2] + gap, middle[1], (0, 0.5), block.size, "plate")))
        else:
            beside = (max(2.2 * width, 130 * scale), height + 99 * scale)
            for block in blocks:
                options.append((block, Spot(middle[0], face.outer[1] - gap, (0.5, 1), beside, "plate")))
                options.append((block, Spot(middle[0], face.outer[3] + gap, (0.5, 0), beside, "plate")))
        short = shortened(caption.name, room[0], lambda text: text_width(text, name), _least(caption.name))
        if short is not None and short != caption.name:
            options.append((_block((short, name)), Spot(*middle, (0.5, 0.5), room)))
        return options

    def _axes(self, node: int, row: int, face: Face, priority: float, scale: float) -> Iterator[Candidate]:
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
        across, up = sizes
        font = _font(_DETAIL, "Regular", scale)
        left, top, right, bottom = face.inner
        gap, room = 5 * scale, (right - left, bottom - top)
        below, beside = _block((across, font)), Block(_block((up, font)).lines, vertical=True)
        middle = ((left + right) / 2, (top + bottom) / 2)
        under, before = face.outer[3] + gap, face.outer[0] - gap
        spots = [Spot(middle[0], under, (0.5, 0), room, "plate"), Spot(left, under, (0, 0), room, "plate")]
        yield Candidate(node, row, priority, tuple((below, spot) for spot in spots))
        spots = [Spot(before, middle[1], (1, 0.5), room, "plate"), Spot(before, top, (1, 0), room, "plate")]
        yield Candidate(node, row, priority, tuple((beside, spot) for spot in spots))

    # ---------------------------------------------------------------- ink
    def _write(
        self, overlay: Overlay, label: PlacedLabel, ground: NDArray[np.float64], scale: float, backed: bool
    ) -> None:
        left, top, right, bottom = label.rect
        if backed:
            pad = 3 * scale
            overlay.shape((left - pad, top, right + pad, bottom), ground, 0.86)
        strong, weak = _inks(self._theme, tuple(ground.tolist()), label.spot.on == "face")
        x, y = left, top
        for k, line in enumerate(label.block.lines):
            ink = strong if k == 0 else weak
            if label.block.vertical:
                overlay.text(x, top + (bottom - top - line.width) / 2, line.text, line.font, ink, vertical=True)
                x += line.height
            else:
                free = right - left - line.width
                overlay.text(left + free / 2 if label.spot.align[0] == 0.5 else left, y, line.text, line.font, ink)
                y += line.height


_Options = list[tuple[Block, Spot]]


def _least(name: str) -> int:
    """Return how many characters of a name must be left for it to still say something."""
    return max(6, round(0.6 * len(name)))


@cache
def _best_contrast(theme: Theme, ground: tuple[float, ...]) -> float:
    strong, _ = _inks(theme, ground, True)
    return contrast(strong, ground)


@cache
def _inks(theme: Theme, ground: tuple[float, ...], on_face: bool) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the colours for a name and its detail that read best on a ground."""
    darkened = np.array(ground) * 0.95  # faces are a little darker at their lower edge
    options = [rgb(theme.text), rgb(theme.text_dark), np.full(3, 255.0), np.zeros(3)]
    worst = [min(contrast(ink, ground), contrast(ink, darkened)) for ink in options]
    strong = options[next((k for k, c in enumerate(worst) if c >= 4.6), int(np.argmax(worst)))]
    dim = rgb(theme.text_dim)
    weak = dim if not on_face and contrast(dim, ground) >= 4.6 else strong
    return strong, weak


def _font(size: float, weight: str, scale: float) -> FontSpec:
    return max(round(size * scale), round(11 * scale), 11), weight


def _block(*lines: tuple[str, FontSpec]) -> Block:
    return Block(tuple(Line(text, font, text_width(text, font), line_height(font)) for text, font in lines))
