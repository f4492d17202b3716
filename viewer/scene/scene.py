"""The scene: what a view state looks like, in one renderer that any render window can show."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import vtkmodules.vtkRenderingOpenGL2  # noqa: F401  VTK finds its OpenGL classes through this import
from numpy.typing import NDArray
from vtkmodules.vtkRenderingCore import vtkRenderer

from ...graph.kinds import EdgeKind, Provenance
from ...graph.model_graph import ModelGraph
from ...layout.placement import Placement
from ..camera import DEFAULT_AZIMUTH, DEFAULT_ELEVATION, Camera, Viewport
from ..captions import facts_of, title_of
from ..cut import MOVING_BUDGET, STILL_BUDGET, Cut, CutTree, choose_cut
from ..pick import nearest_box
from ..state import ViewState
from ..theme import THEMES, Theme, Tone, node_colors, node_tones, plate_colors, rgb
from .boxes import Boxes, sibling_gaps, to_world
from .ground import Ground
from .heading import Heading, Legend, free_margins
from .labels import LabelBook
from .outline import Outlines
from .overlay import Overlay
from .ribbons import Ribbons

__all__ = ["Scene"]

_MULTISAMPLES = 8
_ROUTE_MIN_PX = 0.7
_FADE = 0.62  # share of the plate's colour in what is not in focus


@dataclass(frozen=True, eq=False)
class _Model:
    """What is computed once for a model, its placement and a theme."""

    tree: CutTree
    tones: NDArray[np.uint8]
    faces: NDArray[np.uint8]
    plates: NDArray[np.uint8]
    gaps: NDArray[np.float32]
    labels: LabelBook
    heading: Callable[[int], tuple[str, str]]  # a focus's title and line of facts


@dataclass(frozen=True, eq=False)
class Frame:
    """What the last `draw` drew."""

    camera: Camera
    viewport: Viewport
    cut: Cut


class Scene:
    """Draws a model as a view state asks for.

    Put `renderer` into a render window; after each `draw`, render the window.

    Parameters
    ----------
    theme : Theme
        The theme to start with; `draw` follows the state's.

    Attributes
    ----------
    renderer : vtkRenderer
    frame : Frame or None
        What the last `draw` drew.
    """

    def __init__(self, theme: Theme) -> None:
        self.renderer = vtkRenderer()
        self.renderer.GetCullers().RemoveAllItems()  # the cut knows better what is in view
        self.renderer.SetAutomaticLightCreation(False)  # faces are lit on the CPU
        self.renderer.SetUseOIT(False)  # the overlay is blended in the order it is drawn
        self._graph: ModelGraph | None = None
        self._placement: Placement | None = None
        self._model: _Model | None = None
        self.frame: Frame | None = None
        self._dress(theme)

    def show(self, graph: ModelGraph, placement: Placement) -> None:
        """Take a model to draw."""
        self._graph, self._placement, self.frame = graph, placement, None
        tree = CutTree(graph, placement)
        tones = node_tones(graph)
        self._model = _Model(
            tree,
            tones,
            node_colors(graph, self._theme),
            plate_colors(graph, self._theme, tones),
            sibling_gaps(placement, graph.parent),
            LabelBook(graph, placement, self._theme),
            lru_cache(maxsize=64)(lambda node: (title_of(graph, node), facts_of(graph, node))),
        )

    def fit(
        self,
        node: int,
        viewport: Viewport,
        azimuth: float = DEFAULT_AZIMUTH,
        elevation: float = DEFAULT_ELEVATION,
        scale: float = 1.0,
    ) -> Camera:
        """Return the camera that frames a node, with the ground of title and legend kept free."""
        if self._placement is None:
            raise RuntimeError("show a model first")
        camera = Camera((0.0, 0.0, 0.0), azimuth, elevation, 1.0)
        center, size = self._placement.center[node], self._placement.size[node]
        return camera.fitted(center, size, viewport, free_margins(viewport, scale))

    def draw(self, state: ViewState, viewport: Viewport, *, scale: float = 1.0, moving: bool = False) -> None:
        """Prepare everything for the window's next render.

        Parameters
        ----------
        state : ViewState
        viewport : tuple of int
            Width and height in device pixels.
        scale : float
            Device pixels of a text pixel.
        moving : bool
            The camera is on its way: less detail, no multisampling.
        """
        if self._theme.name != state.theme:
            self._undress()
            self._dress(THEMES[state.theme])
        graph, placement, model = self._graph, self._placement, self._model
        if graph is None or placement is None or model is None:
            return
        camera = state.camera or self._framing(state, viewport, scale)
        cut = choose_cut(model.tree, camera, viewport, MOVING_BUDGET if moving else STILL_BUDGET, scale)
        self.frame = Frame(camera, viewport, cut)
        anchor = np.asarray(camera.target)
        above = np.maximum(graph.parent[cut.nodes], 0)
        colors = np.where(cut.opened[:, None], model.plates[cut.nodes], model.faces[cut.nodes])
        behind = model.plates[above]
        fade = _fade(placement, state.focus, camera, viewport)
        outside = ~_in_focus(graph, state.focus, cut.nodes)
        colors = _faded(colors, behind, np.where(outside, fade, 0.0))
        depths = self._boxes.fill(cut, placement, camera, anchor, colors, behind, above, model.gaps[above], scale)
        routes, unit_px = self._routes(cut, scale, _ROUTE_MIN_PX * (2 if moving else 1))
        owners = placement.routes.owner[routes]
        dimmed = np.where(_in_focus(graph, state.focus, owners, with_ancestors=False), 0.0, fade)
        self._ribbons.fill(placement.routes, routes, anchor, unit_px, scale, model.plates[owners], dimmed)
        marks = [(state.selection, rgb(self._theme.selection), 2.5), (state.hover, rgb(self._theme.hover), 1.5)]
        framed = [(node, color, px * scale) for node, color, px in marks if node is not None]
        self._outlines.fill(framed, placement, camera, anchor, viewport)
        quiet = outside if fade > 0.3 else np.zeros(len(cut), bool)
        self._write(state, cut, colors, behind, quiet, camera, viewport, scale, routes, moving)
        self._look(camera, depths)
        window = self.renderer.GetRenderWindow()
        if window is not None:
            window.SetMultiSamples(0 if moving else _MULTISAMPLES)

    def pick(self, x: float, y: float) -> int | None:
        """Return the deepest drawn node at a device pixel (origin at the top left), as of the last `draw`."""
        if self.frame is None or self._placement is None:
            return None
        nodes = self.frame.cut.nodes
        origin, direction = self.frame.camera.ray((x, y), self.frame.viewport)
        hit = nearest_box(self._placement.center[nodes], self._placement.size[nodes], origin, direction)
        return None if hit is None else int(nodes[hit])

    @property
    def labels(self) -> LabelBook | None:
        """The labels of the last `draw`."""
        return None if self._model is None else self._model.labels

    def set_ground_visible(self, visible: bool) -> None:
        """Show or hide the background; without it a picture is transparent around the model."""
        self._ground.actor.SetVisibility(visible)

    # ---------------------------------------------------------------- parts of draw
    def _dress(self, theme: Theme) -> None:
        self._theme = theme
        self._boxes, self._ribbons, self._outlines = Boxes(theme), Ribbons(theme), Outlines()
        self._ground, self._overlay, self._heading = Ground(theme), Overlay(), Heading(theme)
        # The ground comes last of the opaque: it is shaded only where nothing stands before it.
        self._actors = [
            part.actor for part in (self._boxes, self._ribbons, self._outlines, self._ground, self._overlay)
        ]
        for actor in self._actors:
            self.renderer.AddActor(actor)
        if self._graph is not None and self._placement is not None:
            self.show(self._graph, self._placement)

    def _framing(self, state: ViewState, viewport: Viewport, scale: float) -> Camera:
        """Return the camera for a state that has none of its own."""
        azimuth, elevation, zoom = state.angle
        middle = (viewport[0] / 2, viewport[1] / 2)
        return self.fit(state.focus, viewport, azimuth, elevation, scale).zoomed(zoom, middle, viewport)

    def _undress(self) -> None:
        for actor in self._actors:
            self.renderer.RemoveActor(actor)

    def _routes(self, cut: Cut, scale: float, least_px: float) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the routes on opened plates that are wide enough to be seen, and text pixels of a unit there."""
        assert self._placement is not None
        routes = self._placement.routes
        unit_px = np.zeros(len(self._placement.center))
        unit_px[cut.nodes[cut.opened]] = cut.unit_px[cut.opened] / scale
        shown = np.flatnonzero(routes.width * unit_px[routes.owner] >= least_px)
        return shown, unit_px[routes.owner[shown]]

    def _write(
        self,
        state: ViewState,
        cut: Cut,
        colors: NDArray[np.uint8],
        behind: NDArray[np.uint8],
        quiet: NDArray[np.bool_],
        camera: Camera,
        viewport: Viewport,
        scale: float,
        routes: NDArray[np.int64],
        moving: bool,
    ) -> None:
        graph, placement, model = self._graph, self._placement, self._model
        assert graph is not None
        assert placement is not None
        assert model is not None
        self._overlay.clear()
        if state.labels:
            ground, of_route = _route_rects(placement, routes, camera, viewport)
            seen = routes[np.unique(of_route[_on_screen(ground, viewport)])]
            legend = Legend(
                tuple(Tone(int(t)) for t in np.unique(model.tones[cut.nodes[~cut.opened]]) if t != Tone.CONTAINER),
                tuple(EdgeKind(int(k)) for k in np.unique(placement.routes.kind[seen])),
                bool((placement.routes.provenance[seen] == Provenance.INFERRED).any()),
            )
            title, facts = model.heading(state.focus)
            taken = self._heading.draw(self._overlay, viewport, scale, title, facts, legend)
            model.labels.draw(
                self._overlay, cut, colors, behind, quiet, camera, viewport, scale, state.focus, taken, ground, moving
            )
        self._overlay.finish(viewport, scale)

    def _look(self, camera: Camera, depths: tuple[float, float]) -> None:
        view = self.renderer.GetActiveCamera()
        view.SetFocalPoint(*to_world(np.asarray(camera.target)))
        view.SetPosition(*to_world(camera.eye))
        view.SetViewUp(*to_world(camera.axes[1]))
        view.SetViewAngle(camera.fov)
        view.SetClippingRange(*depths)


def _route_rects(
    placement: Placement, routes: NDArray[np.int64], camera: Camera, viewport: Viewport
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the screen rectangles of the routes' stretches, and the position in `routes` of each."""
    start = placement.routes.start
    counts = np.diff(start)[routes]
    line = np.repeat(np.arange(len(routes)), counts)
    within = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
    px, depth = camera.project(placement.routes.points[start[routes][line] + within], viewport)
    half = placement.routes.width[routes][line] / 2 * camera.focal_px(viewport) / np.maximum(depth, 1e-300)
    joined = np.flatnonzero((line[1:] == line[:-1]) & (depth[1:] > 0) & (depth[:-1] > 0))
    a, b, wide = px[joined], px[joined + 1], half[joined][:, None]
    return np.concatenate([np.minimum(a, b) - wide, np.maximum(a, b) + wide], 1), line[joined]


def _on_screen(rects: NDArray[np.float64], viewport: Viewport) -> NDArray[np.bool_]:
    return (rects[:, 0] < viewport[0]) & (rects[:, 2] > 0) & (rects[:, 1] < viewport[1]) & (rects[:, 3] > 0)


def _in_focus(
    graph: ModelGraph, focus: int, nodes: NDArray[np.integer], with_ancestors: bool = True
) -> NDArray[np.bool_]:
    """Return which nodes are the focus, in it, or plates that it stands on."""
    stop = focus + graph.size[focus]
    inside = (nodes >= focus) & (nodes < stop)
    return inside | ((nodes < focus) & (nodes + graph.size[nodes] >= stop)) if with_ancestors else inside


def _fade(placement: Placement, focus: int, camera: Camera, viewport: Viewport) -> float:
    """Return how much the rest recedes: not at all unless the focus fills a good part of the view."""
    if focus == 0:
        return 0.0
    half = np.maximum(placement.size[focus][:2] / 2, 1e-300)
    share = float((2 * half * camera.unit_px(viewport) / np.asarray(viewport)).max())
    away = float((np.abs(np.asarray(camera.target)[:2] - placement.center[focus][:2]) / half).max())
    return _FADE * _smooth((share - 0.35) / 0.25) * (1 - _smooth((away - 1.0) / 0.5))


def _smooth(t: float) -> float:
    t = min(max(t, 0.0), 1.0)
    return t * t * (3 - 2 * t)


def _faded(colors: NDArray[np.uint8], towards: NDArray[np.uint8], share: NDArray[np.float64]) -> NDArray[np.uint8]:
    mixed = colors + (towards.astype(np.float64) - colors) * share[:, None]
    return np.rint(mixed).astype(np.uint8)
