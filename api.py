"""The Python interface: `load`, `render`, `show`."""

from collections.abc import Sequence
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any

from .errors import MachineError, UsageError
from .files import check_output
from .graph import ModelGraph
from .options import check_camera, check_size

if TYPE_CHECKING:
    import torch

    from .loaders import LoadLimits
    from .viewer.views import Wanted

__all__ = ["check_picture_path", "load", "render", "show"]

PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
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
    inputs: Any = None,
    flow: str | None = None,
) -> None:
    """Draw a model into a picture; needs no screen.

    Parameters
    ----------
    model : path, ModelGraph or torch.nn.Module
    path : path
        Where to; the suffix chooses the format: .png, .jpg, .webp.
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
    inputs, flow
        As in `load`, for a live module.

    Raises
    ------
    UsageError
        When an option is wrong, or `focus` is no part of the model.
    InputError
        When the model or the state cannot be read.
    MachineError
        When nothing can draw here.
    """
    check_picture_path(fspath(path), _source(model))
    size = check_size(size)
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
    placement = place(graph, size[0] / size[1], view.arrangement, view.compacted)
    render_picture(graph, placement, view, size, fspath(path), transparent=transparent, book=book)


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


def check_picture_path(path: str, source: str = "") -> None:
    """Refuse a picture path that cannot be written, whose format is not known, or which is the source's own."""
    if not path.lower().endswith(PICTURE_SUFFIXES):
        raise UsageError(f"{path}: pictures are {', '.join(PICTURE_SUFFIXES)}")
    check_output(path, source)


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
