"""Labels of the drawn boxes: what each would say and where it could stand; `label_layout` decides."""

from collections.abc import Iterator
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from ...graph.kinds import NodeKind
from ...graph.model_graph import ModelGraph
from ...layout.placement import Placement
from ..camera import Camera, Viewport
from ..captions import Caption, caption_of
from ..cut import Cut
from ..label_layout import Block, Candidate, Line, Occupancy, PlacedLabel, Rect, Spot, place_labels, shortened
from ..numbers import grouped
from ..theme import Theme, contrast, rgb
from .overlay import Overlay
from .text import FontSpec, line_height, text_width

__all__ = ["LabelBook"]

_NAME, _DETAIL, _TILE = 13, 12, 11
_STILL_LIMIT, _MOVING_LIMIT = 420, 110
_MANY = 900  # candidates looked at, the largest first

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
    theme : Theme
    """

    def __init__(self, graph: ModelGraph, placement: Placement, theme: Theme) -> None:
        self._graph, self._placement, self._theme = graph, placement, theme
        self._caption = lru_cache(maxsize=20_000)(lambda node: caption_of(graph, node))
        # Tests and the window's accessibility layer read what is on the screen from here.
        self.placed: list[PlacedLabel] = []

    def draw(
        self,
        overlay: Overlay,
        cut: Cut,
        colors: NDArray[np.uint8],
        behind: NDArray[np.uint8],
        camera: Camera,
        viewport: Viewport,
        scale: float,
        focus: int,
        taken: list[Rect],
        ribbons: NDArray[np.float64],
        moving: bool,
    ) -> None:
        """Choose the labels of a cut and add them to the overlay.

        Parameters
        ----------
        colors, behind : ndarray of uint8, shape (K, 3)
            Each box's front, and the plate that it stands on.
        taken : list of Rect
            Ground of the title and the legend.
        ribbons : ndarray, shape (R, 4)
            Rectangles on the screen that ribbons cover.
        """
        boxes = Occupancy(viewport, self._closed_rects(cut, camera, viewport))
        candidates = list(self._candidates(cut, camera, viewport, scale, focus))
        self.placed = place_labels(
            candidates, viewport, taken, boxes, Occupancy(viewport, ribbons), 3 * scale, _MOVING_LIMIT if moving else _STILL_LIMIT
        )
        row_of = {int(node): row for row, node in enumerate(cut.nodes)}
        for label in self.placed:
            row = row_of[label.candidate.node]
            inside = label.spot.on == "face" or (label.spot.within is not None and cut.opened[row])
            ground = colors[row] if inside else behind[row]
            self._write(overlay, label, ground.astype(np.float64), scale)

    # ---------------------------------------------------------------- what is there
    def _closed_rects(self, cut: Cut, camera: Camera, viewport: Viewport) -> NDArray[np.float64]:
        closed = np.flatnonzero(~cut.opened)
        nodes = cut.nodes[closed]
        front = self._placement.center[nodes].copy()
        front[:, 2] += self._placement.size[nodes][:, 2] / 2
        px, depth = camera.project(front, viewport)
        half = cut.px[closed] / 2 + 1
        return np.concatenate([px - half, px + half], 1)[depth > 0]

    def _candidates(
        self, cut: Cut, camera: Camera, viewport: Viewport, scale: float, focus: int
    ) -> Iterator[Candidate]:
        graph = self._graph
        said = {focus, *graph.ancestors(focus)}  # the title says these
        least = np.where(cut.opened, 34, 16) * scale
        large = np.flatnonzero((cut.px.max(1) >= least) & (cut.px.min(1) >= 9 * scale))
        area = cut.px[large].prod(1)
        large = large[np.argsort(-area, kind="stable")][:_MANY]
        faces = self._faces(cut.nodes[large], camera, viewport)
        for row, face in zip(large.tolist(), faces, strict=True):
            node = int(cut.nodes[row])
            kind = graph.kind_of(node)
            if face is None or (node in said and graph.shape_of(node) is None):
                continue
            if kind in (NodeKind.MODEL, NodeKind.STACK) or (kind == NodeKind.MODULE and cut.opened[row] and graph.depth[node] < 2):
                continue
            size = float(np.log2(max(cut.px[row].prod(), 1)))
            priority = _RANK.get(kind, 35) + size
            if cut.opened[row]:
                options = self._plate_options(node, kind, face, scale)
            else:
                options = self._box_options(node, kind, face, scale)
            if options:
                yield Candidate(node, priority, tuple(options))
            if not cut.opened[row] and min(cut.px[row]) > 150 * scale:
                yield from self._axes(node, face, priority - 5, scale)

    def _faces(self, nodes: NDArray[np.int64], camera: Camera, viewport: Viewport) -> list[Rect | None]:
        """Return the upright rectangle inside each front face on the screen, None behind the eye."""
        center, half = self._placement.center[nodes], self._placement.size[nodes] / 2
        corners = center[:, None, :] + half[:, None, :] * np.array([[-1, 1, 1], [1, 1, 1], [1, -1, 1], [-1, -1, 1]])
        px, depth = camera.project(corners.reshape(-1, 3), viewport)
        px, depth = px.reshape(-1, 4, 2), depth.reshape(-1, 4)
        left, right = px[:, [0, 3], 0].max(1), px[:, [1, 2], 0].min(1)
        top, bottom = px[:, [0, 1], 1].max(1), px[:, [2, 3], 1].min(1)
        ok = (depth > 0).all(1) & (right > left) & (bottom > top)
        rects = np.stack([left, top, right, bottom], 1)
        return [tuple(rect) if good else None for rect, good in zip(rects.tolist(), ok.tolist(), strict=True)]

    # ---------------------------------------------------------------- where labels could stand
    def _plate_options(self, node: int, kind: NodeKind, face: Rect, scale: float) -> list[tuple[Block, Spot]]:
        """A name in the free strip along a plate's upper edge, else above it."""
        left, top, right, bottom = face
        caption = self._caption(node)
        big = kind in (NodeKind.LAYER, NodeKind.MTP)
        grow = min(max((right - left) / (300 * scale), 1.0), 1.5) if big else 1.0
        font = _font(_NAME * grow, "SemiBold" if big else "Medium", scale)
        pad = 4 * scale
        room = (right - left - 2 * pad, bottom - top)
        options: list[tuple[Block, Spot]] = []
        for text in _texts(caption, room[0], font):
            block = _block((text, font))
            options.append((block, Spot(left + pad, top + pad / 2, (0, 0), room, "plate", face)))
            options.append((block, Spot(left + pad, bottom - pad / 2, (0, 1), room, "plate", face)))
        for text in _texts(caption, room[0], font):
            options.append((_block((text, font)), Spot(left + pad, top - pad / 2, (0, 1), room, "plate")))
        if big:
            options.append((_block((caption.name, font)), Spot(left + pad, top + pad / 2, (0, 0), room, "cover", face)))
        return options

    def _box_options(self, node: int, kind: NodeKind, face: Rect, scale: float) -> list[tuple[Block, Spot]]:
        """A name on a box's face, upright if it must be; else beside the box on its plate; else shortened on the face."""
        left, top, right, bottom = face
        width, height = right - left, bottom - top
        caption = self._caption(node)
        middle = ((left + right) / 2, (top + bottom) / 2)
        if kind in (NodeKind.EXPERT, NodeKind.HEAD):
            block = _block((caption.name, _font(_TILE, "Regular", scale)))
            return [(block, Spot(*middle, (0.5, 0.5), (width - 8 * scale, height - 6 * scale)))]
        name, detail = _font(_NAME, "Medium", scale), _font(_DETAIL, "Regular", scale)
        blocks = [_block((caption.name, name))]
        if caption.detail:
            blocks.insert(0, _block((caption.name, name), (caption.detail, detail)))
        one_line = _block((f"{caption.name}  {caption.detail}".rstrip(), name))
        room, beside = (width - 10 * scale, height - 4 * scale), (max(2.2 * width, 130 * scale), height + 99 * scale)
        options = [(block, Spot(*middle, (0.5, 0.5), room)) for block in blocks]
        upright = Block(one_line.lines, vertical=True), Block(blocks[-1].lines, vertical=True)
        options += [(block, Spot(*middle, (0.5, 0.5), (width - 4 * scale, height - 10 * scale))) for block in upright]
        gap = 3 * scale
        for block in (*blocks,):
            options.append((block, Spot(middle[0], top - gap, (0.5, 1), beside, "plate")))
            options.append((block, Spot(middle[0], bottom + gap, (0.5, 0), beside, "plate")))
        short = shortened(caption.name, room[0], lambda text: text_width(text, name))
        if short is not None and short != caption.name:
            options.append((_block((short, name)), Spot(*middle, (0.5, 0.5), room)))
        return options

    def _axes(self, node: int, face: Rect, priority: float, scale: float) -> Iterator[Candidate]:
        """Dimensions along the edges of a large matrix: outputs below, inputs at the left, as it is laid out."""
        shape = self._graph.shape_of(node)
        if shape is None or len(shape) != 2:
            return
        left, top, right, bottom = face
        across, down = shape  # a matrix stands with its output rows side by side, as in the layout
        size = self._placement.size[node]
        if (across > down) != (size[0] > size[1]) and across != down:
            across, down = down, across
        words = {shape[0]: f"out {grouped(shape[0])}", shape[1]: f"in {grouped(shape[1])}"}
        font = _font(_DETAIL, "Regular", scale)
        gap, room = 4 * scale, (right - left, bottom - top)
        below = _block((words[across], font))
        beside = Block(_block((words[down] if across != down else f"in {grouped(down)}", font)).lines, vertical=True)
        yield Candidate(node, priority, ((below, Spot((left + right) / 2, bottom + gap, (0.5, 0), room, "plate")),))
        yield Candidate(node, priority, ((beside, Spot(left - gap, (top + bottom) / 2, (1, 0.5), room, "plate")),))

    # ---------------------------------------------------------------- ink
    def _write(self, overlay: Overlay, label: PlacedLabel, ground: NDArray[np.float64], scale: float) -> None:
        left, top, right, bottom = label.rect
        if label.crosses or label.spot.on == "cover":
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


def _texts(caption: Caption, room: float, font: FontSpec) -> list[str]:
    texts = [f"{caption.name}  {caption.detail}"] if caption.detail else []
    short = shortened(caption.name, room, lambda text: text_width(text, font))
    return [*texts, *([short] if short else [])]
