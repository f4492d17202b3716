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
from ..cut import MOVING_BUDGET, STILL_BUDGET, CutTree, choose_cut
from ..label_layout import PlacedLabel
from ..pick import nearest_box
from ..state import ViewState
from ..theme import THEMES, Theme, Tone, node_colors, node_tones, plate_colors, rgb
from .boxes import Boxes, to_world
from .frame import Frame, View, focus_share
from .grids import Grids
from .ground import Ground
from .heading import Heading, Legend, free_margins
from .labels import LabelBook
from .outline import Outlines, outline_rects
from .overlay import Overlay
from .ribbons import Ribbons, route_rects

__all__ = ["Scene"]

_MULTISAMPLES = 8
_ROUTE_MIN_PX = 0.7
_NO_RECTS = np.empty((0, 4))


@dataclass(frozen=True, eq=False)
class _Model:
    """A model with what is computed once for it and a theme."""

    graph: ModelGraph
    placement: Placement
    tree: CutTree
    tones: NDArray[np.uint8]
    faces: NDArray[np.uint8]
    plates: NDArray[np.uint8]
    grids: Grids
    labels: LabelBook
    heading: Callable[[int], tuple[str, str]]  # a focus's title and line of facts

    @classmethod
    def of(cls, graph: ModelGraph, placement: Placement, theme: Theme) -> "_Model":
        tones, grids = node_tones(graph), Grids.of(placement, graph.parent)
        return cls(
            graph,
            placement,
            CutTree(graph, placement),
            tones,
            node_colors(graph, theme),
            plate_colors(graph, theme, tones),
            grids,
            LabelBook(graph, placement, grids, theme),
            lru_cache(maxsize=64)(lambda node: (title_of(graph, node), facts_of(graph, node))),
        )


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
        self.frame: Frame | None = None
        self._model: _Model | None = None
        self._dress(theme)

    @property
    def labels(self) -> list[PlacedLabel]:
        """The labels that the last `draw` placed, the most important first."""
        return self._model.labels.placed if self._model is not None else []

    def show(self, graph: ModelGraph, placement: Placement) -> None:
        """Take a model to draw."""
        self.frame = None
        self._model = _Model.of(graph, placement, self._theme)

    def fit(
        self,
        node: int,
        viewport: Viewport,
        azimuth: float = DEFAULT_AZIMUTH,
        elevation: float = DEFAULT_ELEVATION,
        scale: float = 1.0,
    ) -> Camera:
        """Return the camera that frames a node, with the ground of title and legend kept free."""
        if self._model is None:
            raise RuntimeError("show a model first")
        placement = self._model.placement
        camera = Camera((0.0, 0.0, 0.0), azimuth, elevation, 1.0)
        return camera.fitted(placement.center[node], placement.size[node], viewport, free_margins(viewport, scale))

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
        window = self.renderer.GetRenderWindow()
        if window is not None:
            window.SetMultiSamples(0 if moving else _MULTISAMPLES)
        model = self._model
        if model is None:
            return
        view = View(state.camera or self._framing(state, viewport, scale), viewport, scale, moving)
        cut = choose_cut(model.tree, view.camera, viewport, MOVING_BUDGET if moving else STILL_BUDGET, scale)
        fade = focus_share(model.placement, state.focus, view.camera, viewport)
        frame = Frame.of(model.graph, view, cut, model.faces, model.plates, state.focus, fade)
        self.frame = frame
        depths = self._boxes.fill(frame, model.placement, model.grids.gaps)
        routes = self._fill_ribbons(model, frame, state.focus, fade)
        self._fill_outlines(model, view, state)
        self._fill_overlay(model, frame, state, routes)
        self._look(view.camera, depths)

    def pick(self, x: float, y: float) -> int | None:
        """Return the deepest drawn node at a device pixel (origin at the top left), as of the last `draw`."""
        if self.frame is None or self._model is None:
            return None
        view, nodes, placement = self.frame.view, self.frame.cut.nodes, self._model.placement
        origin, direction = view.camera.ray((x, y), view.viewport)
        hit = nearest_box(placement.center[nodes], placement.size[nodes], origin, direction)
        return None if hit is None else int(nodes[hit])

    def set_ground_visible(self, visible: bool) -> None:
        """Show or hide the background; without it a picture is transparent around the model."""
        self._ground.actor.SetVisibility(visible)

    # ---------------------------------------------------------------- parts of draw
    def _dress(self, theme: Theme) -> None:
        self._theme = theme
        self._boxes, self._ribbons, self._outlines = Boxes(theme), Ribbons(theme), Outlines()
        self._ground, self._overlay, self._heading = Ground(theme), Overlay(), Heading(theme)
        # The ground comes last of the opaque: it is shaded only where nothing stands before it.
        parts = (self._boxes, self._ribbons, self._outlines, self._ground, self._overlay)
        self._actors = [part.actor for part in parts]
        for actor in self._actors:
            self.renderer.AddActor(actor)
        if self._model is not None:
            self.show(self._model.graph, self._model.placement)

    def _undress(self) -> None:
        for actor in self._actors:
            self.renderer.RemoveActor(actor)

    def _framing(self, state: ViewState, viewport: Viewport, scale: float) -> Camera:
        """Return the camera for a state that has none of its own."""
        azimuth, elevation, zoom = state.angle
        middle = (viewport[0] / 2, viewport[1] / 2)
        return self.fit(state.focus, viewport, azimuth, elevation, scale).zoomed(zoom, middle, viewport)

    def _fill_ribbons(self, model: _Model, frame: Frame, focus: int, fade: float) -> NDArray[np.int64]:
        """Draw the routes on opened plates that are wide enough to be seen, and return them."""
        routes, cut, view = model.placement.routes, frame.cut, frame.view
        unit_px = np.zeros(len(model.graph))
        unit_px[cut.nodes[cut.opened]] = cut.unit_px[cut.opened]
        least = _ROUTE_MIN_PX * view.scale * (2 if view.moving else 1)
        shown = np.flatnonzero(routes.width * unit_px[routes.owner] >= least)
        owner = routes.owner[shown]
        inside = (owner >= focus) & (owner < focus + model.graph.size[focus])
        self._ribbons.fill(routes, shown, view, unit_px[owner], model.plates[owner], np.where(inside, 0.0, fade))
        return shown

    def _fill_outlines(self, model: _Model, view: View, state: ViewState) -> None:
        marks = [(state.selection, self._theme.selection, 2.5), (state.hover, self._theme.hover, 1.5)]
        framed = [(node, rgb(color), px * view.scale) for node, color, px in marks if node is not None]
        self._outlines.fill(framed, model.placement, view)

    def _fill_overlay(self, model: _Model, frame: Frame, state: ViewState, routes: NDArray[np.int64]) -> None:
        view = frame.view
        self._overlay.clear()
        model.labels.placed = []
        if state.labels:
            lanes, lane_of = route_rects(model.placement.routes, routes, view)
            legend = _legend(model, frame, lane_of[_on_screen(lanes, view.viewport)])
            title, facts = model.heading(state.focus)
            taken = self._heading.draw(self._overlay, view, title, facts, legend, self._reaches_title(model, view))
            marks = [outline_rects(n, model.placement, view) for n in (state.selection, state.hover) if n is not None]
            model.labels.draw(self._overlay, frame, state.focus, taken, lanes, np.concatenate([_NO_RECTS, *marks]))
        self._overlay.finish(view.viewport, view.scale)

    def _reaches_title(self, model: _Model, view: View) -> bool:
        """Return whether the model reaches into the strip of the title, so that it must fade there."""
        center, half = model.placement.center[0], model.placement.size[0] / 2
        corners = center + half * np.array([[i, j, k] for i in (-1, 1) for j in (-1, 1) for k in (-1, 1)])
        px, depth = view.camera.project(corners, view.viewport)
        return bool((depth <= 0).any() or px[:, 1].min() < 0.95 * free_margins(view.viewport, view.scale)[1])

    def _look(self, camera: Camera, depths: tuple[float, float]) -> None:
        view = self.renderer.GetActiveCamera()
        view.SetFocalPoint(*to_world(np.asarray(camera.target)))
        view.SetPosition(*to_world(camera.eye))
        view.SetViewUp(*to_world(camera.axes[1]))
        view.SetViewAngle(camera.fov)
        view.SetClippingRange(*depths)


def _legend(model: _Model, frame: Frame, routes: NDArray[np.int64]) -> Legend:
    """Return what a frame's legend must name: the tones of closed boxes, and the routes on the screen."""
    tones = np.unique(model.tones[frame.cut.nodes[~frame.cut.opened]])
    columns = model.placement.routes
    inferred = columns.provenance[routes] == Provenance.INFERRED
    return Legend(
        tuple(Tone(int(tone)) for tone in tones if tone != Tone.CONTAINER),
        tuple(EdgeKind(int(kind)) for kind in np.unique(columns.kind[routes])),
        bool(inferred.any()),
        bool((~inferred).any()),
    )


def _on_screen(rects: NDArray[np.float64], viewport: Viewport) -> NDArray[np.bool_]:
    return (rects[:, 0] < viewport[0]) & (rects[:, 2] > 0) & (rects[:, 1] < viewport[1]) & (rects[:, 3] > 0)
