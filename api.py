"""The Python interface: `load`, `render`, `show`."""

from collections.abc import Callable, Sequence
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any, Unpack

from .errors import MachineError, UsageError
from .files import check_output
from .graph import ModelGraph
from .options import check_camera, check_seconds, check_size, said

if TYPE_CHECKING:
    import torch

    from .loaders import LoadLimits
    from .viewer.view_options import ViewOptions

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
    size: tuple[int, int] = (1920, 1080),
    transparent: bool = False,
    state: "str | PathLike[str] | None" = None,
    turntable: float | None = None,
    fly: Sequence[str] | None = None,
    fps: int | None = None,
    progress: Callable[[int, int], object] | None = None,
    inputs: Any = None,
    flow: str | None = None,
    **view: "Unpack[ViewOptions]",
) -> None:
    """Draw a model into a picture or, with `turntable` or `fly`, into a film; needs no screen.

    Parameters
    ----------
    model : path, ModelGraph or torch.nn.Module
    path : path
        Where to; the suffix chooses the format: .png, .jpg, .webp, and for a film .mp4, .webm, .gif, or numbered
        pictures: "folder/name-%04d.png".
    size : (int, int)
        Width and height in pixels.
    transparent : bool
        Leave the background out.
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
    focus : str, optional
        Path of the part to frame; the whole model by default.
    level : {"stack", "layer", "expert", "tensor"}, optional
        How deep to look; without `focus`, at the first of the most frequent kind.
    arrangement : {"auto", "wrap", "row", "deck"}, optional
        How the layers of a stack stand: in rows like text ("wrap"), in one row, or as plates one behind another
        ("deck"); "auto", the default, picks "wrap" or "row" by the aspect and the number of layers.
    view : {"front", "oblique", "city", "side"}, optional
        From where: "oblique", the default, is nearly the front, or for a deck its left; "city" looks from above the
        lower edge, so that the model lies like a town.
    camera : (azimuth, elevation[, zoom]), optional
        From where, in numbers: degrees to the right and up from the front; zoom 1 frames the focus.
    projection : {"perspective", "orthographic"}, optional
        With "orthographic", equal things are equally large at any distance.
    theme : {"dark", "light", "print"}, optional
        "print" is for a white page.
    labels : bool, optional
        Whether there is text: names on the parts, the title, the legend.
    plain_words : bool, optional
        Whether labels say what parts are ("attention") rather than what the file calls them ("self_attn").
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
    spotlight : sequence of str, optional
        Paths of parts that keep their colours, with all that is inside them, while all else recedes.
    upstream, downstream : str, optional
        Path of a part: it and what leads to it, or follows it, is put into the spotlight, too.

    Raises
    ------
    UsageError
        When an option is wrong, or `focus` is no part of the model.
    InputError
        When the model or the state cannot be read.
    MachineError
        When nothing can draw here, or make the film.
    """
    size, path = check_size(size), _path(path, "path")
    check_render(path, size, turntable=turntable, fly=fly, fps=fps, transparent=transparent, source=_source(model))
    from .layout import place
    from .overlays.book import OverlayBook
    from .viewer.picture import render_picture
    from .viewer.views import view_state

    _check_view(view)
    graph = _as_graph(model, inputs, flow)
    book = OverlayBook(graph)
    shown = view_state(graph, book=book, saved=None if state is None else _read_state(state), **view)
    if turntable is None and fly is None:
        placement = place(graph, size[0] / size[1], shown.arrangement, shown.compacted)
        render_picture(graph, placement, shown, size, path, transparent=transparent, book=book)
        return
    from .viewer.films.film import render_film
    from .viewer.films.ways import asked_way

    way = asked_way(graph, shown, turntable, fly)  # before the layout: an unknown path is told at once
    placement = place(graph, size[0] / size[1], shown.arrangement, shown.compacted)
    how: dict[str, Any] = {"fps": fps, "transparent": transparent, "book": book, "progress": progress}
    render_film(graph, placement, shown, way, size, path, **how)


def show(
    model: "str | PathLike[str] | ModelGraph | torch.nn.Module | None" = None,
    *,
    state: "str | PathLike[str] | None" = None,
    inputs: Any = None,
    flow: str | None = None,
    **view: "Unpack[ViewOptions]",
) -> int:
    """Open the window on a model and return when it is closed.

    Parameters
    ----------
    model : path, ModelGraph or torch.nn.Module, optional
        Without it, the window shows its start page.
    state : path, optional
        A saved view (JSON); what else is given overrides it.
    inputs, flow
        As in `load`, for a live module.
    focus, level, arrangement, view, camera, projection, theme, labels, plain_words, overlay, height, range, scale, \
colormap, step, keep, hide, compact, spotlight, upstream, downstream
        As in `render`.

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
    _check_view(view)
    saved = None if state is None else _read_state(state)
    if model is None or isinstance(model, str | PathLike):
        _only_for_modules(inputs, flow)
        shown = None if model is None else fspath(model)
    else:
        shown = _as_graph(model, inputs, flow)
    return run(shown, saved=saved, **view)


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
    if not isinstance(transparent, bool):  # pyright: ignore[reportUnnecessaryIsInstance]  - callers give anything
        raise UsageError(f"transparent {said(transparent)!r}: give True or False")
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
    elif isinstance(fly, str) or not isinstance(fly, Sequence) or not all(isinstance(part, str) for part in fly):
        raise UsageError(f"fly {said(fly)!r}: give a list of paths")
    from .viewer.films.formats import check_film

    check_film(path, size, fps, transparent, source)


def _check_view(view: "ViewOptions") -> None:
    """Refuse, before a large model is read, what no model could be shown with."""
    from .viewer.view_options import check_names

    check_names(view)
    camera = view.get("camera")
    if camera is not None:
        check_camera(camera)


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


def _read_state(state: Any) -> tuple[str, bytes]:
    from .loaders.files import read_whole

    path = _path(state, "state")
    return path, read_whole(path, _STATE_BYTES)


def _path(given: Any, option: str) -> str:
    """Return the text of a path that a caller gave."""
    path = fspath(given) if isinstance(given, PathLike) else given
    if not isinstance(path, str):
        raise UsageError(f"{option} {said(given)!r}: give a path as text, or a pathlib.Path")
    return path
