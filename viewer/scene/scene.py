"""The scene: what a view state looks like, in one renderer that any render window can show."""

import math
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import vtkmodules.vtkRenderingOpenGL2  # noqa: F401  VTK finds its OpenGL classes through this import
from numpy.typing import NDArray
from vtkmodules.vtkRenderingCore import vtkRenderer

from ...graph.model_graph import ModelGraph
from ...layout.placement import Placement
from ...overlays.book import OverlayBook
from ..cameras.camera import Camera, Viewport
from ..cameras.framing import Angle, framing, in_the_way
from ..coloring import Coloring
from ..detail.cut import MOVING_BUDGET, STILL_BUDGET, choose_cut
from ..glow import HOVER_PX, SELECTION_PX
from ..pointing.pick import surface_point
from ..pointing.spotlight import Spotlight
from ..state import ViewState
from ..theme import THEMES, Theme, rgb
from .boxes import Boxes, to_world
from .frame import Frame, View, focus_share, painted
from .ground import Ground
from .model import SceneModel
from .outline import Box, Outlines
from .picking import boxes_of, part_at, parts_in
from .ports import Tabs, tabs_of
from .previews import PreviewQuads
from .ribbons import Ribbons
from .surfaces import Surfaces
from .values import Values
from .ways import Ways
from .writing.label_layout import PlacedLabel
from .writing.margins import free_margins
from .writing.occupancy import Rect
from .writing.overlay import Writing
from .writing.page import Page, Subject
from .writing.said import told

__all__ = ["Scene"]

_ROUTE_MIN_PX = 0.7
_MARKS, _MARKS_MOVING = 1500, 24  # outlines of selected parts, at 0.3 ms each
_MAP_BUDGET = 3000  # boxes: 10 ms of QPainter


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
    ways : Ways or None
        The routes and ports that it drew, to point at.
    """

    def __init__(self, theme: Theme, on_ready: Callable[[], None] | None = None) -> None:
        self.renderer = vtkRenderer()
        self.renderer.GetCullers().RemoveAllItems()  # the cut knows better what is in view
        self.renderer.SetAutomaticLightCreation(False)  # faces are lit on the CPU
        self.renderer.SetUseOIT(False)  # the overlay is blended in the order it is drawn
        self.frame: Frame | None = None
        self.ways: Ways | None = None
        self._on_ready = on_ready
        self._model: SceneModel | None = None
        self._step: SceneModel | None = None  # the model on its way to where `_model` is
        self._left: Placement | None = None  # where it was before
        self._values: Values | None = None
        self._dress(theme)

    @property
    def labels(self) -> list[PlacedLabel]:
        """The labels that the last `draw` placed, the most important first."""
        return self._model.labels.placed if self._model is not None else []

    @property
    def margins(self) -> list[Rect]:
        """The rectangles that title and legend of the last `draw` take."""
        return self._page.fixed

    @property
    def writings(self) -> list[Writing]:
        """Every line of text of the last `draw`: title, legend, labels, numbers."""
        return self._page.writings

    def erase_writings(self) -> None:
        """Draw the last frame without its text at the next render, with all that stands behind it."""
        if self.frame is not None:
            self._page.erase(self.frame.view)

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
        self._left, self._step = self._model.placement, None
        self._model = self._model.placed(placement, self._theme)
        self.frame = self.ways = None

    def move(self, step: Placement | None) -> None:
        """Show the model on its way to the placement that it was given last; None shows it there."""
        if self._model is None:
            raise RuntimeError("show a model first")
        self._step = None if step is None else (self._step or self._model).moved(step)
        if step is None:
            self._left = None
        self.frame = None

    def close_model(self) -> None:
        """Let go of the model and end the thread that reads its weights."""
        if self._values is not None:
            self._values.close()
        self._page.forget()
        self.frame = self.ways = self._model = self._step = self._left = self._values = None

    def fit(
        self,
        node: int,
        viewport: Viewport,
        angle: Angle | None = None,
        scale: float = 1.0,
        orthographic: bool = False,
        beside: Iterable[int] = (),
    ) -> Camera:
        """Return the camera that frames a node and others beside it, with the ground of title and legend kept free."""
        if self._model is None:
            raise RuntimeError("show a model first")
        graph, placement = self._model.graph, self._model.placement
        margins = free_margins(viewport, scale)
        return framing(graph, placement, node, angle, viewport, margins, orthographic, beside)

    # ---------------------------------------------------------------- frames
    def draw(
        self,
        state: ViewState,
        viewport: Viewport,
        *,
        scale: float = 1.0,
        moving: bool = False,
        names: float = 1.0,
        detail: float = 1.0,
        taken: Sequence[Rect] = (),
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
            The camera is on its way: less detail.
        names : float
            Opacity of the labels on the model, 0 to 1; title and legend stay.
        detail : float
            A factor on the sizes at which containers open, from `Pacing`: the larger, the coarser.
        taken : sequence of Rect
            What something else lies on, in device pixels: no label is written there.

        Raises
        ------
        UsageError
            When the model has no such overlay, or nothing that it could show.
        """
        if self._theme.name != state.theme:
            self._change(THEMES[state.theme])
        model, values = self._shown, self._values
        if model is None or self._model is None or values is None:
            return
        hidden = state.hidden | in_the_way(model.graph, self._model.placement, state.focus)
        if self._step is not None and self._left is not None:
            hidden |= in_the_way(model.graph, self._left, state.focus)
        if hidden != model.hidden:
            model = model.hiding(hidden)
            if self._step is not None:
                self._step = model
            else:
                self._model = model
        parallel = state.projection == "orthographic"
        camera = state.camera or self.fit(state.focus, viewport, state.angle, scale, parallel)
        view = View(camera, viewport, scale, moving)
        values.choose(state, self._theme)
        budget = MOVING_BUDGET if moving else STILL_BUDGET
        cut = choose_cut(model.tree, view.camera, viewport, budget, scale, values.on_surfaces, detail)
        values.look(model.tree, cut, view, state.focus)
        fade = focus_share(model.placement, state.focus, view.camera, viewport)
        spotlight = model.spotlight(state.spotlight)
        look = (model.faces, model.plates, values.paint, state.focus, fade, spotlight)
        frame = self.frame = Frame.of(model.graph, model.placement, view, cut, *look)
        values.dress(self._boxes, self._surfaces, frame)
        anew = self._boxes.fill(frame, model.placement, model.grids.gaps)
        self._previews.fill(model.tree, frame, model.grids.gaps, look)
        tabs = tabs_of(model.graph, model.placement, frame, model.is_hidden)
        routes = self._fill_ribbons(model, frame, tabs, state.focus, fade, spotlight, anew)
        self._ground.draw(moving)
        self._fill_outlines(model, view, state)
        self._write(model, values, frame, state, routes, tabs, names, taken)
        self._look(view.camera, frame.depths)

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
        """Return centre and size of a node as the last `draw` drew it, flat where a closed box shows it."""
        centers, sizes = self.boxes([node])
        return centers[0], sizes[0]

    def boxes(self, nodes: Sequence[int]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return centres and sizes, shape (K, 3), of nodes as the last `draw` drew them; see `box`."""
        if self._shown is None:
            raise RuntimeError("show a model first")
        return boxes_of(self._shown.tree, self.frame, nodes)

    def pick(self, x: float, y: float) -> int | None:
        """Return the deepest part that one can tell apart at a device pixel, or within a hair's breadth of it.

        The origin is at the top left, and what is there is as the last `draw` drew it.
        """
        if self.frame is None or self._shown is None:
            return None
        return part_at(self._shown.tree, self.frame, self._previews.shown, (x, y))

    def pick_band(self, band: tuple[float, float, float, float]) -> list[int]:
        """Return the largest parts inside a rectangle (left, top, right, bottom in device pixels), ascending."""
        if self.frame is None or self._shown is None:
            return []
        return parts_in(self._shown.tree, self.frame, self._previews.shown, band)

    def pick_route(self, x: float, y: float) -> int | None:
        """Return the route whose ribbon is under a device pixel, or close beside it where no part is meant there."""
        return self.ways.route_at((x, y), self.pick(x, y)) if self.ways is not None else None

    def surface(self, px: Sequence[float], camera: Camera) -> NDArray[np.float64] | None:
        """Return the point of the drawn boxes that a camera sees at a device pixel, None where there is none."""
        if self.frame is None:
            return None
        return surface_point(self.frame.center, self.frame.size, *camera.ray(px, self.frame.view.viewport))

    def overview(self, camera: Camera, viewport: Viewport) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
        """Return the boxes that a map needs, and the colours of their fronts as the last `draw` would show them.

        Returns
        -------
        nodes : ndarray of int64, shape (K,)
            Containers before what is in them.
        colors : ndarray of uint8, shape (K, 3)
        """
        model, values = self._model, self._values
        if model is None or values is None:
            raise RuntimeError("show a model first")
        cut = choose_cut(model.tree, camera, viewport, _MAP_BUDGET, 0.5)  # finer than one would read
        look = (model.faces, model.plates, values.paint, 0, 0.0, model.spotlight(frozenset()))
        colors, behind, datum = painted(model.graph, cut.nodes, cut.opened, *look)
        return cut.nodes, values.paint.shown(datum, colors, behind)

    def value_at(self, x: float, y: float, node: int) -> str | None:
        """Return what the overlay says of a node under a device pixel; None where there is no overlay."""
        if self._values is None or self.frame is None:
            return None
        return told(self._values, x, y, node, self.frame)

    def legend_hit(self, x: float, y: float) -> str | None:
        """Return what of the legend's range is under a device pixel: "low", "high", "between", or None."""
        return self._page.legend.values.hit(x, y, self.frame.view.scale) if self.frame is not None else None

    def legend_value(self, y: float) -> float:
        """Return the value at a height (device pixels) of the legend's bar."""
        return self._page.legend.values.value(y)

    def shift(self, dx: float, dy: float) -> None:
        """Move the model, but no writing, by some pixels (right, down) in the renders until the next `draw`."""
        if self.frame is not None:
            width, height = self.frame.view.viewport
            self.renderer.GetActiveCamera().SetWindowCenter(-2 * dx / width, 2 * dy / height)

    def set_ground_visible(self, visible: bool) -> None:
        """Show or hide the background; without it a picture is transparent around the model."""
        self._ground.actor.SetVisibility(visible)

    # ---------------------------------------------------------------- parts of draw
    @property
    def _shown(self) -> SceneModel | None:
        return self._step or self._model

    def _dress(self, theme: Theme) -> None:
        self._theme = theme
        self._boxes, self._surfaces, self._ribbons = Boxes(theme), Surfaces(theme), Ribbons(theme)
        self._previews, self._outlines, self._ground = PreviewQuads(theme), Outlines(), Ground(theme)
        self._page = Page(theme)
        # Previews come before the fronts that they cover, and the ground last of the opaque: nothing is shaded twice.
        parts = (self._previews, self._boxes, self._surfaces, self._ribbons, self._outlines, self._ground, self._page)
        self._actors = [part.actor for part in parts]
        for actor in self._actors:
            self.renderer.AddActor(actor)

    def _change(self, theme: Theme) -> None:
        """Go on in another theme, with the ground as visible as it was, and a model on its way where it is."""
        for actor in self._actors:
            self.renderer.RemoveActor(actor)
        visible = bool(self._ground.actor.GetVisibility())
        self._dress(theme)
        self.set_ground_visible(visible)
        self._model = self._model and self._model.dressed(theme)
        self._step = self._step and self._step.dressed(theme)

    def _fill_ribbons(
        self, model: SceneModel, frame: Frame, tabs: Tabs, focus: int, fade: float, spotlight: Spotlight, anew: bool
    ) -> NDArray[np.int64]:
        """Draw the routes on opened plates that are wide enough to be seen, and return them."""
        routes, cut, view = model.placement.routes, frame.cut, frame.view
        row_of = np.full(len(model.graph), -1)
        row_of[cut.nodes[cut.opened]] = np.flatnonzero(cut.opened)
        rows = row_of[routes.owner]
        least = _ROUTE_MIN_PX * view.scale * (2 if view.moving else 1)
        shown = np.flatnonzero((rows >= 0) & model.routes_shown)
        shown = shown[routes.width[shown] * (cut.unit_px * cut.rise)[rows[shown]] >= least]
        owner, rows = routes.owner[shown], rows[shown]
        inside = (owner >= focus) & (owner < focus + model.graph.size[focus])
        share = np.where(inside, 0.0, fade)
        if spotlight:
            share = spotlight.of_routes(routes.source[shown], routes.target[shown], owner)
        ribbons = self._ribbons
        ribbons.fill(routes, shown, frame, rows, model.plates[owner], share, tabs, frame.shown(tabs.rows), anew)
        self.ways = Ways(model.graph, frame, routes, shown, ribbons.lines, ribbons.width, tabs)
        return shown

    def _fill_outlines(self, model: SceneModel, view: View, state: ViewState) -> None:
        selected = state.selected[: _MARKS_MOVING if view.moving else _MARKS]
        marks = [(node, self._theme.selection, SELECTION_PX) for node in selected]
        if state.hover is not None:
            marks.append((state.hover, self._theme.hover, HOVER_PX))
        marks = [mark for mark in marks if not model.is_hidden[mark[0]]]
        boxes = zip(*self.boxes([node for node, _, _ in marks]), strict=True)
        framed = [(box, rgb(color), width) for box, (_, color, width) in zip(boxes, marks, strict=True)]
        self._outlines.fill(framed, view)

    def _write(
        self,
        model: SceneModel,
        values: Values,
        frame: Frame,
        state: ViewState,
        routes: NDArray[np.int64],
        tabs: Tabs,
        names: float,
        taken: Sequence[Rect],
    ) -> None:
        marked = [node for node in (state.selection, state.hover) if node is not None and not model.is_hidden[node]]
        boxes = list(zip(*self.boxes(marked), strict=True))
        on_way = self._step is not None
        subject = Subject(model, values, frame, routes, tabs, self._previews, boxes, on_way)
        self._page.write(subject, state, names, taken)

    def _look(self, camera: Camera, depths: tuple[float, float]) -> None:
        view = self.renderer.GetActiveCamera()
        view.SetFocalPoint(*to_world(np.asarray(camera.target)))
        view.SetPosition(*to_world(camera.eye))
        view.SetViewUp(*to_world(camera.axes[1]))
        view.SetViewAngle(camera.fov)
        view.SetParallelProjection(camera.orthographic)
        view.SetParallelScale(camera.distance * math.tan(math.radians(camera.fov) / 2))
        view.SetClippingRange(*depths)
        view.SetWindowCenter(0.0, 0.0)
