"""What the viewer shows, as plain observable data: it knows no view, and views subscribe to it."""

from codecs import BOM_UTF8
from dataclasses import asdict, dataclass, fields
from math import inf, isfinite
from typing import Annotated, Any, ClassVar, Literal, cast

import msgspec
from psygnal import SignalGroupDescriptor

from ..errors import InputError, UsageError
from ..graph.model_graph import ModelGraph
from ..options import check_camera, check_keep, check_range
from .cameras.camera import Camera
from .colormaps import check_colormap
from .levels import LONGEST_NAMED
from .pointing.hiding import outermost

__all__ = ["ViewState"]


@dataclass
class ViewState:
    """Where one looks, at what, and how it is drawn.

    Each field has a signal of its own name in ``state.events``, emitted when its value changes:
    ``state.events.focus.connect(lambda node: ...)``.

    Attributes
    ----------
    focus : int
        The container in view: the title names it, and it is what the camera frames when `camera` is None.
    selection : int or None
        The selected node.
    marked : frozenset of int
        What is selected beside `selection`, of a rubber band or with Ctrl. Not part of a saved state.
    hover : int or None
        The node under the cursor. Not part of a saved state.
    spotlight : frozenset of int
        What keeps its colours, with all that is inside, while all else recedes; empty where nothing does.
    camera : Camera or None
        None frames the focus, whatever the size of the view.
    angle : tuple of float or None
        Azimuth, elevation (degrees) and zoom of the camera that frames the focus when `camera` is None; None for those
        that suit the focus.
    arrangement : str
        The arrangement of the placement that is shown: one of `layout.ARRANGEMENTS`.
    projection : str
        "perspective" or "orthographic": of the camera that frames the focus when `camera` is None.
    theme : str
        "dark", "light", or "print": a white page.
    labels : bool
        Whether labels are drawn.
    plain_words : bool
        Whether labels say what parts are ("attention") rather than what the file calls them ("self_attn").
    overlay, height : str or None
        Names of the overlays that colour the parts and that make them tall; None for kinds, and for the layout's own.
    step : int
        The step that they show, counted from 0.
    range : tuple of float or None
        Values at the ends of the colour map; None for a robust range.
    scale : str or None
        "linear", "log" or "quantile"; None for the overlay's own.
    colormap : str or None
        None for one that fits the overlay and the theme.
    keep : tuple of float or None
        What has a value between these stays in colour, all else recedes; either may be infinite.
    hidden : frozenset of int
        Nodes that are not drawn, with all that is inside them; none of them is inside another one.
    compacted : frozenset of int
        Those of them that the layout leaves out, so that what stays beside them takes their room.
    """

    focus: int = 0
    selection: int | None = None
    marked: frozenset[int] = frozenset()
    hover: int | None = None
    spotlight: frozenset[int] = frozenset()
    camera: Camera | None = None
    angle: tuple[float, float, float] | None = None
    arrangement: str = "auto"
    projection: str = "perspective"
    theme: str = "dark"
    labels: bool = True
    plain_words: bool = False
    overlay: str | None = None
    height: str | None = None
    step: int = 0
    range: tuple[float, float] | None = None
    scale: str | None = None
    colormap: str | None = None
    keep: tuple[float, float] | None = None
    hidden: frozenset[int] = frozenset()
    compacted: frozenset[int] = frozenset()

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    @property
    def selected(self) -> tuple[int, ...]:
        """All selected nodes, the one that was selected by itself first."""
        return () if self.selection is None else (self.selection, *sorted(self.marked - {self.selection}))

    def assign(self, other: "ViewState") -> None:
        """Take over all values of another state."""
        for field in fields(self):
            setattr(self, field.name, getattr(other, field.name))

    def to_json(self, graph: ModelGraph) -> str:
        """Return the state as JSON that names nodes by their paths, so that it outlives a change of ids.

        A camera on its way from one projection to the other is saved as one of `projection`.
        """
        camera = _projected(self.camera, self.projection)
        return msgspec.json.encode(
            _SavedState(
                focus=graph.path(self.focus),
                selection=None if self.selection is None else graph.path(self.selection),
                camera=None if camera is None else asdict(camera),
                angle=self.angle,
                arrangement=cast('Literal["auto", "wrap", "row", "deck"]', self.arrangement),
                projection=cast('Literal["perspective", "orthographic"]', self.projection),
                theme=cast('Literal["dark", "light", "print"]', self.theme),
                labels=self.labels,
                plain_words=self.plain_words,
                spotlight=[graph.path(node) for node in sorted(self.spotlight)],
                overlay=self.overlay,
                height=self.height,
                step=self.step,
                range=self.range,
                scale=cast('Literal["linear", "log", "quantile"] | None', self.scale),
                colormap=self.colormap,
                keep=None if self.keep is None else (_end(self.keep[0]), _end(self.keep[1])),
                hidden=[graph.path(node) for node in sorted(self.hidden)],
                compacted=[graph.path(node) for node in sorted(self.compacted)],
            )
        ).decode()

    @classmethod
    def from_json(cls, text: str | bytes, graph: ModelGraph, source: str = "") -> "ViewState":
        """Make a state from what `to_json` wrote.

        Parameters
        ----------
        source : str, optional
            The file that it was read from, for errors.

        Raises
        ------
        InputError
            When the text is no saved state, or names a node that `graph` does not have.
        """
        # Some editors begin a file of UTF-8 with a byte-order mark.
        plain = text.removeprefix("\ufeff") if isinstance(text, str) else text.removeprefix(BOM_UTF8)
        try:
            saved = msgspec.json.decode(plain, type=_SavedState)
            camera = None if saved.camera is None else msgspec.convert(saved.camera, Camera)
            _check(saved, camera)
            camera = _projected(camera, saved.projection)
        except (msgspec.MsgspecError, UsageError, UnicodeDecodeError, RecursionError) as error:
            remedy = "what `ViewState.to_json` writes would be right"
            raise InputError(f"{_start(source)}is no view state ({error}); {remedy}") from None
        compacted = _parts(graph, saved.compacted, source)
        return cls(
            focus=_node(graph, saved.focus, source),
            selection=None if saved.selection is None else _node(graph, saved.selection, source),
            camera=camera,
            angle=saved.angle,
            arrangement=saved.arrangement,
            projection=saved.projection,
            theme=saved.theme,
            labels=saved.labels,
            plain_words=saved.plain_words,
            spotlight=outermost(graph, (_node(graph, path, source) for path in saved.spotlight)),
            overlay=saved.overlay,
            height=saved.height,
            step=saved.step,
            range=saved.range,
            scale=saved.scale,
            colormap=saved.colormap,
            keep=None if saved.keep is None else (_bound(saved.keep[0], -inf), _bound(saved.keep[1], inf)),
            hidden=outermost(graph, _parts(graph, saved.hidden, source) | compacted),
            compacted=compacted,
        )


class _SavedState(msgspec.Struct, forbid_unknown_fields=True):
    schema: Literal[1] = 1
    focus: str = ""
    selection: str | None = None
    camera: dict[str, Any] | None = None
    angle: tuple[float, float, float] | None = None
    arrangement: Literal["auto", "wrap", "row", "deck"] = "auto"
    projection: Literal["perspective", "orthographic"] = "perspective"
    theme: Literal["dark", "light", "print"] = "dark"
    labels: bool = True
    plain_words: bool = False
    spotlight: list[str] = []
    overlay: str | None = None
    height: str | None = None
    step: Annotated[int, msgspec.Meta(ge=0)] = 0
    range: tuple[float, float] | None = None
    scale: Literal["linear", "log", "quantile"] | None = None
    colormap: str | None = None
    keep: tuple[float | None, float | None] | None = None  # None: no bound, since JSON has no infinity
    hidden: list[str] = []
    compacted: list[str] = []


def _check(saved: _SavedState, camera: Camera | None) -> None:
    """Refuse what nothing can be seen with: a zoom or an angle of view of nothing, a point at infinity."""
    if saved.angle is not None:
        check_camera(saved.angle)
    if saved.range is not None:
        check_range(saved.range)
    if saved.keep is not None:
        check_keep((_bound(saved.keep[0], -inf), _bound(saved.keep[1], inf)))
    if saved.colormap is not None:
        check_colormap(saved.colormap)
    if camera is not None:
        finite = all(abs(x) < 1e12 for x in (*camera.target, camera.azimuth, camera.elevation))
        if not (finite and 1e-12 < camera.distance < 1e12 and 1 <= camera.fov <= 120):
            raise UsageError("its camera is out of range")


def _projected(camera: Camera | None, projection: str) -> Camera | None:
    """Return a camera with a state's projection: where the two differ, the state's counts."""
    parallel = projection == "orthographic"
    return camera if camera is None or camera.orthographic == parallel else camera.projected(parallel)


def _end(bound: float) -> float | None:
    return bound if isfinite(bound) else None


def _bound(bound: float | None, endless: float) -> float:
    return endless if bound is None else bound


def _start(source: str) -> str:
    return f"{source}: " if source else ""


def _parts(graph: ModelGraph, paths: list[str], source: str) -> frozenset[int]:
    nodes = outermost(graph, (_node(graph, path, source) for path in paths))
    if 0 in nodes:
        raise InputError(f"{_start(source)}the view state hides the whole model; paths of parts in it would be right")
    return nodes


def _node(graph: ModelGraph, path: str, source: str) -> int:
    try:
        return graph.id_of(path)
    except KeyError:
        raise InputError(
            f"{_start(source)}the view state names {path[:LONGEST_NAMED]!r}, but no part of {graph.name!r} has this"
            " path; a path in it would be right"
        ) from None
