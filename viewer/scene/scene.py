"""The scene: what a view state looks like, in one renderer that any render window can show."""

from collections.abc import Callable

import numpy as np
import vtkmodules.vtkRenderingOpenGL2  # noqa: F401  VTK finds its OpenGL classes through this import
from numpy.typing import NDArray
from vtkmodules.vtkRenderingCore import vtkRenderer

from ...graph.kinds import EdgeKind, Provenance
from ...graph.model_graph import ModelGraph
from ...layout.placement import Placement
from ...overlays.book import OverlayBook
from ..camera import Camera, Viewport
from ..captions import hidden_words
from ..coloring import Coloring
from ..cut import MOVING_BUDGET, STILL_BUDGET, choose_cut
from ..framing import Angle, framing, in_the_way
from ..label_layout import PlacedLabel
from ..pick import nearest_box
from ..state import ViewState
from ..theme import THEMES, Theme, Tone, rgb
from .boxes import Boxes, to_world
from .cell_numbers import CellNumbers
from .frame import Frame, View, focus_share
from .ground import Ground
from .heading import Heading
from .legend import Legend, LegendPanel
from .margins import free_margins, has_legend
from .model import SceneModel
from .outline import Box, Outlines, outline_rects
from .overlay import Overlay
from .ports import Tabs, tabs_of
from .ribbons import Ribbons, route_rects
from .said import headline, height_key, told, value_key
from .surfaces import Surfaces
from .values import Values

__all__ = ["Scene"]

_MULTISAMPLES = 8
_ROUTE_MIN_PX = 0.7
_NO_RECTS = np.empty((0, 4))


class Scene:
    """Draws a model as a view state asks for.

    Put `renderer` into a render window; after each `draw`, render the window.

    Parameters
    ----------
    theme : Theme
        The theme to start with; `draw` follows the state's.
    on_ready : callable, optional
        Called from a worker thread when more weights have been read: draw again then. Without it, `draw` reads all that
        it shows before it returns.

    Attributes
    ----------
    renderer : vtkRenderer
    frame : Frame or None
        What the last `draw` drew.
    """

    def __init__(self, theme: Theme, on_ready: Callable[[], None] | None = None) -> None:
        self.renderer = vtkRenderer()
        self.renderer.GetCullers().RemoveAllItems()  # the cut knows better what is in view
        self.renderer.SetAutomaticLightCreation(False)  # faces are lit on the CPU
        self.renderer.SetUseOIT(False)  # the overlay is blended in the order it is drawn
        self.frame: Frame | None = None
        self._on_ready = on_ready
        self._model: SceneModel | None = None
        self._values: Values | None = None
        self._dress(theme)

    @property
    def labels(self) -> list[PlacedLabel]:
        """The labels that the last `draw` placed, the most important first."""
        return self._model.labels.placed if self._model is not None else []

    # ---------------------------------------------------------------- models
    def show(self, graph: ModelGraph, placement: Placement, book: OverlayBook | None = None) -> None:
        """Take a model to draw, with its overlays; without them, it has the built-in ones."""
        self.close_model()
        book = book or OverlayBook(graph)
        self._model = SceneModel.of(graph, placement, book, self._theme)
        self._values = Values(book, self._on_ready)

    def place(self, placement: Placement) -> None:
        """Go on with another placement of the same model."""
        if self._model is None:
            raise RuntimeError("show a model first")
        self._model = SceneModel.of(self._model.graph, placement, self._model.book, self._theme)
        self.frame = None

    def close_model(self) -> None:
        """Let go of the model and end the thread that reads its weights."""
        if self._values is not None:
            self._values.close()
        self.frame = self._model = self._values = None

    def fit(self, node: int, viewport: Viewport, angle: Angle | None = None, scale: float = 1.0) -> Camera:
        """Return the camera that frames a node, with the ground of title and legend kept free."""
        if self._model is None:
            raise RuntimeError("show a model first")
        graph, placement = self._model.graph, self._model.placement
        return framing(graph, placement, node, angle, viewport, free_margins(viewport, scale))

    # ---------------------------------------------------------------- frames
    def draw(
        self, state: ViewState, viewport: Viewport, *, scale: float = 1.0, moving: bool = False, names: float = 1.0
    ) -> None:
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
        names : float
            Opacity of the labels on the model, 0 to 1; title and legend stay.

        Raises
        ------
        UsageError
            When the model has no such overlay, or nothing that it could show.
        """
        if self._theme.name != state.theme:
            self._undress()
            self._dress(THEMES[state.theme])
        window = self.renderer.GetRenderWindow()
        if window is not None:
            window.SetMultiSamples(0 if moving else _MULTISAMPLES)
        model, values = self._model, self._values
        if model is None or values is None:
            return
        hidden = state.hidden | in_the_way(model.graph, model.placement, state.focus)
        if hidden != model.hidden:
            model = self._model = model.hiding(hidden)
        view = View(state.camera or self.fit(state.focus, viewport, state.angle, scale), viewport, scale, moving)
        values.choose(state, self._theme)
        budget = MOVING_BUDGET if moving else STILL_BUDGET
        cut = choose_cut(model.tree, view.camera, viewport, budget, scale, values.on_surfaces)
        values.look(model.placement, cut, view, state.focus)
        fade = focus_share(model.placement, state.focus, view.camera, viewport)
        args = (model.graph, model.placement, view, cut, model.faces, model.plates, values.paint, state.focus, fade)
        frame = self.frame = Frame.of(*args)
        values.dress(self._boxes, self._surfaces, frame)
        depths = self._boxes.fill(frame, model.placement, model.grids.gaps)
        tabs = tabs_of(model.graph, model.placement, frame, model.is_hidden)
        routes = self._fill_ribbons(model, frame, tabs, state.focus, fade)
        self._fill_outlines(model, view, state)
        self._fill_overlay(model, values, frame, state, routes, tabs, names)
        self._look(view.camera, depths)

    @property
    def coloring(self) -> Coloring | None:
        """How the overlay of the last `draw` is coloured, None where there is none."""
        return self._values.coloring if self._values is not None else None

    @property
    def pending(self) -> bool:
        """Whether weights that the last `draw` wanted are still being read."""
        return self._values is not None and self._values.pending

    @property
    def problems(self) -> list[str]:
        """Why the weights of some tensors that the last `draw` wanted cannot be shown, one line a tensor."""
        return self._values.problems if self._values is not None else []

    def box(self, node: int) -> Box:
        """Return centre and size of a node as the last `draw` drew it."""
        if self._model is None:
            raise RuntimeError("show a model first")
        if self.frame is not None:
            row = np.flatnonzero(self.frame.cut.nodes == node)
            if len(row):
                return self.frame.center[row[0]], self.frame.size[row[0]]
        return self._model.placement.center[node], self._model.placement.size[node]

    def pick(self, x: float, y: float) -> int | None:
        """Return the deepest drawn node at a device pixel (origin at the top left), as of the last `draw`."""
        if self.frame is None:
            return None
        frame = self.frame
        hit = nearest_box(frame.center, frame.size, *frame.view.camera.ray((x, y), frame.view.viewport))
        return None if hit is None else int(frame.cut.nodes[hit])

    def value_at(self, x: float, y: float, node: int) -> str | None:
        """Return what the overlay says of a node under a device pixel; None where there is no overlay."""
        if self._values is None or self.frame is None:
            return None
        return told(self._values, x, y, node, self.frame)

    def legend_hit(self, x: float, y: float) -> str | None:
        """Return what of the legend's range is under a device pixel: "low", "high", "between", or None."""
        return self._legend.values.hit(x, y, self.frame.view.scale) if self.frame is not None else None

    def legend_value(self, y: float) -> float:
        """Return the value at a height (device pixels) of the legend's bar."""
        return self._legend.values.value(y)

    def set_ground_visible(self, visible: bool) -> None:
        """Show or hide the background; without it a picture is transparent around the model."""
        self._ground.actor.SetVisibility(visible)

    # ---------------------------------------------------------------- parts of draw
    def _dress(self, theme: Theme) -> None:
        self._theme = theme
        self._boxes, self._surfaces, self._ribbons = Boxes(theme), Surfaces(theme), Ribbons(theme)
        self._outlines, self._ground = Outlines(), Ground(theme)
        self._overlay, self._heading, self._legend = Overlay(), Heading(theme), LegendPanel(theme)
        self._numbers = CellNumbers(theme)
        # The ground comes last of the opaque: it is shaded only where nothing stands before it.
        parts = (self._boxes, self._surfaces, self._ribbons, self._outlines, self._ground, self._overlay)
        self._actors = [part.actor for part in parts]
        for actor in self._actors:
            self.renderer.AddActor(actor)
        if self._model is not None:
            model = self._model
            self._model = SceneModel.of(model.graph, model.placement, model.book, theme)

    def _undress(self) -> None:
        for actor in self._actors:
            self.renderer.RemoveActor(actor)

    def _fill_ribbons(self, model: SceneModel, frame: Frame, tabs: Tabs, focus: int, fade: float) -> NDArray[np.int64]:
        """Draw the routes on opened plates that are wide enough to be seen, and return them."""
        routes, cut, view = model.placement.routes, frame.cut, frame.view
        unit_px = np.zeros(len(model.graph))
        unit_px[cut.nodes[cut.opened]] = cut.unit_px[cut.opened]
        least = _ROUTE_MIN_PX * view.scale * (2 if view.moving else 1)
        shown = np.flatnonzero((routes.width * unit_px[routes.owner] >= least) & model.routes_shown)
        owner = routes.owner[shown]
        inside = (owner >= focus) & (owner < focus + model.graph.size[focus])
        share = np.where(inside, 0.0, fade)
        self._ribbons.fill(
            routes, shown, view, unit_px[owner], model.plates[owner], share, tabs, frame.shown(tabs.rows)
        )
        return shown

    def _fill_outlines(self, model: SceneModel, view: View, state: ViewState) -> None:
        marks = [(state.selection, self._theme.selection, 2.5), (state.hover, self._theme.hover, 1.5)]
        shown = [mark for mark in marks if mark[0] is not None and not model.is_hidden[mark[0]]]
        framed = [(self.box(node), rgb(color), px * view.scale) for node, color, px in shown if node is not None]
        self._outlines.fill(framed, view)

    def _fill_overlay(
        self,
        model: SceneModel,
        values: Values,
        frame: Frame,
        state: ViewState,
        routes: NDArray[np.int64],
        tabs: Tabs,
        names: float,
    ) -> None:
        view = frame.view
        self._overlay.clear()
        self._legend.values.clear()
        model.labels.placed = []
        if state.labels:
            lanes, lane_of = route_rects(model.placement.routes, routes, view)
            title, facts = model.heading(state.focus)
            if state.hidden:
                facts = " · ".join(filter(None, [facts, hidden_words(len(state.hidden))]))
            covered = self._reaches_title(model, view)
            taken = self._heading.draw(self._overlay, view, title, facts, headline(values), covered)
            if has_legend(view.viewport, view.scale):
                legend = _legend(model, values, frame, lane_of[_on_screen(lanes, view.viewport)], tabs)
                taken.append(self._legend.draw(self._overlay, view, legend))
            marked = [node for node in (state.selection, state.hover) if node is not None and not model.is_hidden[node]]
            marks = np.concatenate([_NO_RECTS, *(outline_rects(self.box(node), view) for node in marked)])
            self._overlay.opacity = names
            if names > 0:
                taken += values.write_cells(self._numbers, self._overlay, frame, taken)
                model.labels.draw(self._overlay, frame, state.focus, taken, lanes, marks, values.pictured, tabs)
        self._overlay.finish(view.viewport, view.scale)

    def _reaches_title(self, model: SceneModel, view: View) -> bool:
        """Return whether the model reaches into the strip of the title, so that it must fade there."""
        center, size = model.placement.bounds(0)
        corners = center + size / 2 * np.array([[i, j, k] for i in (-1, 1) for j in (-1, 1) for k in (-1, 1)])
        px, depth = view.camera.project(corners, view.viewport)
        return bool((depth <= 0).any() or px[:, 1].min() < 0.95 * free_margins(view.viewport, view.scale)[1])

    def _look(self, camera: Camera, depths: tuple[float, float]) -> None:
        view = self.renderer.GetActiveCamera()
        view.SetFocalPoint(*to_world(np.asarray(camera.target)))
        view.SetPosition(*to_world(camera.eye))
        view.SetViewUp(*to_world(camera.axes[1]))
        view.SetViewAngle(camera.fov)
        view.SetClippingRange(*depths)


def _legend(model: SceneModel, values: Values, frame: Frame, routes: NDArray[np.int64], tabs: Tabs) -> Legend:
    """Return what a frame's legend must name: the tones of closed boxes, the routes on the screen, the overlay."""
    tones = np.unique(model.tones[frame.cut.nodes[~frame.cut.opened]])
    columns = model.placement.routes
    inferred = columns.provenance[routes] == Provenance.INFERRED
    return Legend(
        tuple(Tone(int(tone)) for tone in tones if tone != Tone.CONTAINER),
        tuple(EdgeKind(int(kind)) for kind in np.unique(columns.kind[routes])),
        bool(inferred.any()),
        bool((~inferred).any()),
        bool(len(tabs.ports)),
        value_key(values, frame),
        height_key(values),
    )


def _on_screen(rects: NDArray[np.float64], viewport: Viewport) -> NDArray[np.bool_]:
    return (rects[:, 0] < viewport[0]) & (rects[:, 2] > 0) & (rects[:, 1] < viewport[1]) & (rects[:, 3] > 0)
