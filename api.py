"""The Python interface: `load`, `render`, `show`."""

from collections.abc import Callable, Sequence
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any

from .errors import MachineError, UsageError
from .files import check_output
from .graph import ModelGraph
from .options import check_camera, check_seconds, check_size

if TYPE_CHECKING:
    import torch

    from .loaders import LoadLimits
    from .viewer.views import Wanted

__all__ = ["check_render", "load", "render", "show"]

PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
FILM_SUFFIXES = (".mp4", ".webm", ".gif")
_STATE_BYTES = 1_000_000


def load(
    model: "str | PathLike[str] | torch.nn.Module",
    *,
    inputs: Any = None,
    flow: str | None = None,
    limits: "LoadLimits | None" = None,
) -> ModelGraph:
    """Read a model's structure.

    Parameters
    ----------
    model : path or torch.nn.Module
        A file or folder, of which only headers are read, and nothing is executed; or a live module, of which
        a copy without weights runs; with ``flow="run"`` the copy shares the weights, which its code could write to.
    inputs : tensor, tuple of arguments or dict of keyword arguments, optional
        What a live module is run with; by default, small inputs that fit its config, signature and first layer.
    flow : {"hooks", "operators", "run", "none"}, optional
        How the data flow of a live module is found. "hooks" (the default): one forward pass on the meta device, for
        edges between modules. "operators": ``torch.export`` as well, where it works, for every operator. "run": one
        forward pass with its weights and `inputs`, for models that look at values. "none": its tree only. What fails
        leaves a warning; the attribute ``traced_by`` of the root says what worked.
    limits : loaders.LoadLimits, optional
        What a file may ask for before it is refused; by default those of the environment variable ARCHVIZ3D_LIMITS.

    Returns
    -------
    ModelGraph

    Raises
    ------
    UsageError
        When `model` is nothing of the kind, or `inputs` or `flow` make no sense for it.
    InputError
        When the file cannot be read.
    """
    if isinstance(model, str | PathLike):
        _only_for_modules(inputs, flow)
        from .loaders import load_confined

        return load_confined(fspath(model), limits)
    from .loaders.live.model import from_module

    return from_module(model, inputs=inputs, flow=flow or "hooks")


def render(
    model: "str | PathLike[str] | ModelGraph | torch.nn.Module",
    path: "str | PathLike[str]",
    *,
    focus: str | None = None,
    level: str | None = None,
    arrangement: str | None = None,
    camera: Sequence[float] | None = None,
    size: tuple[int, int] = (1920, 1080),
    theme: str | None = None,
    transparent: bool = False,
    labels: bool | None = None,
    overlay: "Wanted | None" = None,
    height: "Wanted | None" = None,
    range: tuple[float, float] | None = None,
    scale: str | None = None,
    colormap: str | None = None,
    step: int | str | None = None,
    keep: tuple[float, float] | None = None,
    hide: Sequence[str] | None = None,
    compact: bool | None = None,
    state: "str | PathLike[str] | None" = None,
    turntable: float | None = None,
    fly: Sequence[str] | None = None,
    fps: int | None = None,
    progress: Callable[[int, int], object] | None = None,
    inputs: Any = None,
    flow: str | None = None,
) -> None:
    """Draw a model into a picture or, with `turntable` or `fly`, into a film; needs no screen.

    Parameters
    ----------
    model : path, ModelGraph or torch.nn.Module
    path : path
        Where to; the suffix chooses the format: .png, .jpg, .webp, and for a film .mp4, .webm, .gif, or numbered
        pictures: "folder/name-%04d.png".
    focus : str, optional
        Path of the part to frame; the whole model by default.
    level : {"stack", "layer", "expert", "tensor"}, optional
        How deep to look; without `focus`, at the first of the most frequent kind.
    arrangement : {"auto", "wrap", "row", "deck"}, optional
        How the layers of a stack stand: in rows like text ("wrap"), in one row, or as plates one behind another
        ("deck"); "auto", the default, picks "wrap" or "row" by the aspect and the number of layers.
    camera : (azimuth, elevation[, zoom]), optional
        Degrees to the right and up from the front; zoom 1 frames the focus.
    size : (int, int)
        Width and height in pixels.
    theme : {"dark", "light"}, optional
    transparent : bool
        Leave the background out.
    labels : bool, optional
        Whether names are drawn on the parts.
    overlay, height : str, Overlay or dict, optional
        What colours the parts, and what makes them tall: a built-in overlay by name ("parameters", "weights" ...), a
        file of values (docs/overlays.md), an `Overlay`, or numbers by name: ``{"model.layers.0.mlp": 1.5}``; where they
        are sequences, each has a number a step.
    range : (float, float), optional
        Values at the ends of the colour map; by default robust percentiles.
    scale : {"linear", "log", "quantile"}, optional
    colormap : str, optional
        Any name of the cmap package.
    step : int or str, optional
        Which step of an overlay that has several: its name, or its number from 0.
    keep : (float, float), optional
        What has a value between these stays in colour, all else recedes; either may be infinite.
    hide : sequence of str, optional
        Paths of parts that are left out.
    compact : bool, optional
        Whether what stays beside hidden parts takes their room; without it, nothing else moves.
    state : path, optional
        A saved view (JSON); what else is given overrides it.
    turntable : float, optional
        A film of so many seconds, in which the eye circles before the model; it can be repeated without a jump.
    fly : sequence of str, optional
        A film: a flight from the view that the other options ask for to each of these parts ("" is the whole model).
    fps : int, optional
        Frames a second of a film: 30 by default, in a GIF 25.
    progress : callable, optional
        Is called with the number of frames that are drawn, and that of all.
    inputs, flow
        As in `load`, for a live module.

    Raises
    ------
    UsageError
        When an option is wrong, or `focus` is no part of the model.
    InputError
        When the model or the state cannot be read.
    MachineError
        When nothing can draw here, or make the film.
    """
    size = check_size(size)
    check_render(
        fspath(path), size, turntable=turntable, fly=fly, fps=fps, transparent=transparent, source=_source(model)
    )
    angle = None if camera is None else check_camera(camera)
    from .layout import place
    from .overlays.book import OverlayBook
    from .viewer.picture import render_picture
    from .viewer.views import view_state

    graph = _as_graph(model, inputs, flow)
    book = OverlayBook(graph)
    view = view_state(
        graph,
        book=book,
        saved=None if state is None else _read_state(fspath(state)),
        focus=focus,
        level=level,
        arrangement=arrangement,
        camera=angle,
        theme=theme,
        labels=labels,
        overlay=overlay,
        height=height,
        range=range,
        scale=scale,
        colormap=colormap,
        step=step,
        keep=keep,
        hide=hide,
        compact=compact,
    )
    if turntable is None and fly is None:
        placement = place(graph, size[0] / size[1], view.arrangement, view.compacted)
        render_picture(graph, placement, view, size, fspath(path), transparent=transparent, book=book)
        return
    from .viewer.films.film import render_film
    from .viewer.films.ways import asked_way

    way = asked_way(graph, view, turntable, fly)  # before the layout: an unknown path is told at once
    placement = place(graph, size[0] / size[1], view.arrangement, view.compacted)
    how: dict[str, Any] = {"fps": fps, "transparent": transparent, "book": book, "progress": progress}
    render_film(graph, placement, view, way, size, fspath(path), **how)


def show(
    model: "str | PathLike[str] | ModelGraph | torch.nn.Module | None" = None,
    *,
    focus: str | None = None,
    level: str | None = None,
    arrangement: str | None = None,
    camera: Sequence[float] | None = None,
    theme: str | None = None,
    labels: bool | None = None,
    overlay: "Wanted | None" = None,
    height: "Wanted | None" = None,
    range: tuple[float, float] | None = None,
    scale: str | None = None,
    colormap: str | None = None,
    step: int | str | None = None,
    keep: tuple[float, float] | None = None,
    hide: Sequence[str] | None = None,
    compact: bool | None = None,
    state: "str | PathLike[str] | None" = None,
    inputs: Any = None,
    flow: str | None = None,
) -> int:
    """Open the window on a model and return when it is closed.

    Parameters
    ----------
    model : path, ModelGraph or torch.nn.Module, optional
        Without it, the window shows its start page.
    focus, level, arrangement, camera, theme, labels, overlay, height, range, scale, colormap, step, keep, state
        As in `render`.
    hide, compact
        As in `render`.
    inputs, flow
        As in `load`, for a live module.

    Returns
    -------
    int
        The exit code of the application.

    Raises
    ------
    UsageError
        When an option is wrong.
    MachineError
        When no window can be shown here.
    """
    try:
        from .viewer.window.application import run
    except ImportError as error:
        raise MachineError(f"the window cannot start: {error}; 'archviz3d doctor' tells what is missing") from error
    options: dict[str, Any] = {
        "focus": focus,
        "level": level,
        "arrangement": arrangement,
        "camera": None if camera is None else check_camera(camera),
        "labels": labels,
        "overlay": overlay,
        "height": height,
        "range": range,
        "scale": scale,
        "colormap": colormap,
        "step": step,
        "keep": keep,
        "hide": hide,
        "compact": compact,
        "saved": None if state is None else _read_state(fspath(state)),
    }
    if model is None or isinstance(model, str | PathLike):
        _only_for_modules(inputs, flow)
        shown = None if model is None else fspath(model)
    else:
        shown = _as_graph(model, inputs, flow)
    return run(shown, theme=theme, **options)


def check_render(
    path: str,
    size: tuple[int, int],
    *,
    turntable: float | None = None,
    fly: Sequence[str] | None = None,
    fps: int | None = None,
    transparent: bool = False,
    source: str = "",
) -> None:
    """Refuse what `render` cannot write, before any work: a path or format, or its source's own file.

    Raises
    ------
    UsageError
        When the path, or what is asked of a film, is wrong.
    MachineError
        When this machine cannot encode such a film; says what to install.
    """
    if turntable is not None and fly is not None:
        raise UsageError("turntable and fly are two films; give one of them")
    if turntable is None and fly is None:
        if path.lower().endswith(FILM_SUFFIXES):
            raise UsageError(f"{path}: is a film; say which: --turntable SECONDS or --fly PATH,PATH,...")
        if fps is not None:
            raise UsageError(f"fps {fps}: is for a film; say which: --turntable SECONDS or --fly PATH,PATH,...")
        if not path.lower().endswith(PICTURE_SUFFIXES):
            films = f"{', '.join(FILM_SUFFIXES)} with --turntable or --fly"
            raise UsageError(f"{path}: pictures are {', '.join(PICTURE_SUFFIXES)}, films {films}")
        check_output(path, source)
        return
    if turntable is not None:
        check_seconds(turntable)
    from .viewer.films.formats import check_film

    check_film(path, size, fps, transparent, source)


def _as_graph(model: Any, inputs: Any, flow: str | None) -> ModelGraph:
    if isinstance(model, ModelGraph):
        _only_for_modules(inputs, flow)
        return model
    return load(model, inputs=inputs, flow=flow)


def _only_for_modules(inputs: Any, flow: str | None) -> None:
    if inputs is not None or flow is not None:
        raise UsageError("inputs and flow are for a live torch.nn.Module: a file or graph has the flow that it has")


def _source(model: Any) -> str:
    if isinstance(model, ModelGraph):
        return model.source
    return fspath(model) if isinstance(model, str | PathLike) else ""


def _read_state(path: str) -> tuple[str, bytes]:
    from .loaders.files import read_whole

    return path, read_whole(path, _STATE_BYTES)
