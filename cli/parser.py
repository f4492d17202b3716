"""The options of every command, and the checks that need no model."""

import argparse
import os
import re
import sys
from typing import Any, NoReturn

from ..errors import UsageError
from ..loaders.limits import LIMITS_VARIABLE, parse_limits
from ..options import PROJECTIONS, SCALES, VIEWS
from . import values

__all__ = ["parse"]

_DESCRIPTION = "See a large neural network as a place in 3D: the whole stack, one layer, one expert, one matrix."
_EPILOG = (
    "commands: info (what is in it), render (a picture or a film, headless), export (nodes, boxes and edges as JSON), "
    "doctor (what works on this machine). 'archviz3d COMMAND --help' tells more."
)

_MODEL_HELP = "a model file or folder; or, with --allow-code, package.module:callable that makes a torch.nn.Module"


_ARRANGEMENTS = ("auto", "wrap", "row", "deck")
_THEMES = ("dark", "light", "print")
_PAIRS = ("--camera", "--range", "--keep")  # their values may begin with a minus


class _Parser(argparse.ArgumentParser):
    """argparse with one-line errors, and near misses named."""

    def error(self, message: str) -> NoReturn:
        unknown = re.match(r"unrecognized arguments: (-\S+)", message)
        if unknown:
            import difflib  # only wrong usage pays for it

            given = unknown[1].split("=")[0]
            known = [o for action in self._actions for o in action.option_strings]
            close = difflib.get_close_matches(given, known, 1, 0.7)
            message = f"unknown option {given}" + (f"; did you mean {close[0]}" if close else "")
        raise UsageError(f"{message}; see '{self.prog} --help'")


def parse(arguments: list[str]) -> argparse.Namespace:
    """Parse a command line into a namespace whose ``command`` is the function to call.

    Raises
    ------
    UsageError
        When it is wrong.
    """
    arguments = _join_negative(arguments)
    commands = {"info": _info, "render": _render, "export": _export, "doctor": _doctor}
    if arguments and arguments[0] in commands:
        return commands[arguments[0]]().parse_args(arguments[1:])
    options, more = _window().parse_known_args(arguments)
    if more and not more[0].startswith("-"):
        import difflib  # only wrong usage pays for it

        close = difflib.get_close_matches(arguments[0], commands, 1)
        meant = f"{arguments[0]!r} is no command; did you mean {close[0]}" if close else "the window shows one MODEL"
        raise UsageError(f"{meant}; see 'archviz3d --help'")
    if more:
        _window().error(f"unrecognized arguments: {' '.join(more)}")
    return options


def _join_negative(arguments: list[str]) -> list[str]:
    # argparse takes "-10,15" for an option: join it to the option that it belongs to.
    joined: list[str] = []
    for argument in arguments:
        if joined and joined[-1] in _PAIRS:
            joined[-1] = f"{joined[-1]}={argument}"
        else:
            joined.append(argument)
    return joined


# ---------------------------------------------------------------- the commands
def _window() -> argparse.ArgumentParser:
    parser = _Parser("archviz3d", description=_DESCRIPTION, epilog=_EPILOG, allow_abbrev=False)
    parser.add_argument("model", metavar="MODEL", nargs="?", help=f"{_MODEL_HELP}; without it: a start page")
    _code_options(parser)
    _view_options(parser)
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--install-desktop", action="store_true", help="add archviz3d to the desktop's menu and exit")
    group.add_argument("--uninstall-desktop", action="store_true", help="take it out of the menu again and exit")
    parser.set_defaults(command=_run_window)
    return parser


def _info() -> argparse.ArgumentParser:
    parser = _Parser("archviz3d info", description="Tell what is in a model.", allow_abbrev=False)
    _model_option(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="as JSON (schema 1)")
    form.add_argument("--tree", metavar="DEPTH", type=values.positive, help="also print the tree down to this depth")
    parser.set_defaults(command=_run_info)
    return parser


def _render() -> argparse.ArgumentParser:
    parser = _Parser(
        "archviz3d render", description="Draw a model into a picture or a film, without a screen.", allow_abbrev=False
    )
    _model_option(parser)
    where = (
        "the picture: .png .jpg .webp; or the film: .mp4 .webm .gif, or numbered pictures in a folder that is there: "
    )
    parser.add_argument(
        "-o", "--output", metavar="FILE", required=True, help=f"{where}folder/frame-%%04d.png (0000, 0001, ...)"
    )
    _film_options(parser)
    parser.add_argument(
        "--size", metavar="WxH", type=values.size, default=(1920, 1080), help="pixels (default 1920x1080)"
    )
    parser.add_argument("--transparent", action="store_true", help="no background; --theme print for a white page")
    _view_options(parser)
    parser.set_defaults(command=_run_render)
    return parser


def _export() -> argparse.ArgumentParser:
    parser = _Parser("archviz3d export", description="Write nodes, boxes and edges to a file.", allow_abbrev=False)
    _model_option(parser)
    parser.add_argument("-o", "--output", metavar="FILE", required=True, help="the file: .json")
    parser.add_argument("--arrangement", choices=_ARRANGEMENTS, default="auto", help="how the stack is arranged")
    parser.set_defaults(command=_run_export)
    return parser


def _doctor() -> argparse.ArgumentParser:
    parser = _Parser("archviz3d doctor", description="Tell what works on this machine.", allow_abbrev=False)
    parser.set_defaults(command=_run_doctor)
    return parser


# ---------------------------------------------------------------- shared options
def _model_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help=_MODEL_HELP)
    _code_options(parser)


def _code_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--limits",
        metavar="NAME=NUMBER,..",
        action=_Limits,
        help="what a file may ask for, e.g. nodes=4000000,memory_bytes=4e9 (docs/formats.md lists them)",
    )
    parser.add_argument(
        "--allow-code",
        action="store_true",
        help="import and run MODEL where it names Python code; without this nothing of a model is ever executed",
    )
    parser.add_argument(
        "--flow",
        choices=["hooks", "operators", "none"],
        help="how its data flow is found: one forward pass on the meta device (default), torch.export, or not at all",
    )


def _view_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--focus", metavar="PATH", help="the part to look at, e.g. model.layers.17")
    parser.add_argument(
        "--level",
        choices=["stack", "layer", "expert", "tensor"],
        help="how deep to look; without --focus, at the first of the most frequent kind",
    )
    parser.add_argument(
        "--arrangement",
        choices=_ARRANGEMENTS,
        help="how layers stand: in rows like text, in one row, or one behind another (default auto: wrap or row)",
    )
    eye = parser.add_mutually_exclusive_group()
    eye.add_argument(
        "--view",
        choices=VIEWS,
        help="from where: the front, a little aside (the default), from above the lower edge like a town, the left",
    )
    eye.add_argument(
        "--camera",
        metavar="AZIMUTH,ELEVATION[,ZOOM]",
        type=values.camera,
        help="from where: degrees to the right and up from the front, and a zoom factor",
    )
    parser.add_argument(
        "--projection", choices=PROJECTIONS, help="whether what is far is small (default), or as large as what is near"
    )
    parser.add_argument(
        "--hide",
        metavar="PATH,..",
        type=values.paths,
        action="extend",
        help="parts to leave out, e.g. lm_head,model.norm",
    )
    parser.add_argument(
        "--compact", action="store_const", const=True, help="what stays beside hidden parts takes their room"
    )
    _spotlight_options(parser)
    _overlay_options(parser)
    parser.add_argument("--theme", choices=_THEMES, help="default dark; a window keeps the last one")
    parser.add_argument("--no-labels", action="store_true", help="no text at all: no names, no title, no legend")
    parser.add_argument(
        "--plain-words",
        action="store_const",
        const=True,
        help="labels say what parts are (attention) rather than what the file calls them (self_attn)",
    )
    parser.add_argument("--state", metavar="FILE", help="a view saved as JSON; other options override it")


def _spotlight_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--spotlight",
        metavar="PATH,..",
        type=values.paths,
        action="extend",
        help="parts that keep their colours while all else recedes; in a name, a comma is \\, and a backslash \\\\",
    )
    parser.add_argument("--upstream", metavar="PATH", help="a spotlight on a part and all that leads to it")
    parser.add_argument("--downstream", metavar="PATH", help="a spotlight on a part and all that follows it")


def _film_options(parser: argparse.ArgumentParser) -> None:
    film = parser.add_mutually_exclusive_group()
    film.add_argument(
        "--turntable",
        metavar="SECONDS",
        type=values.seconds,
        help="a film: the eye circles before the model in so many seconds (0.1 to 600), a loop without a jump",
    )
    film.add_argument(
        "--fly",
        metavar="PATH,..",
        type=values.paths,
        action="extend",
        help="a film: a flight from the view that other options ask for to each of these parts; an empty PATH is the "
        "whole model",
    )
    parser.add_argument(
        "--fps", metavar="N", type=values.fps, help="frames a second of a film, 1 to 120 (default 30, GIF 25)"
    )


def _overlay_options(parser: argparse.ArgumentParser) -> None:
    files = "a file of values (.csv .json .jsonl .npz; FILE#NAME picks one of several: docs/overlays.md)"
    parser.add_argument(
        "--overlay", metavar="NAME|FILE", help=f"what colours the parts: parameters, flops, ... or {files}"
    )
    parser.add_argument("--height", metavar="NAME|FILE", help="what makes the parts tall: the same")
    parser.add_argument("--range", metavar="LO,HI", type=values.range_of, help="values at the ends of the colour map")
    parser.add_argument("--scale", choices=SCALES, help="how values become colours (default: the overlay's own)")
    parser.add_argument("--colormap", metavar="NAME", help="any map of the cmap package, e.g. viridis, crameri:vik")
    parser.add_argument("--step", metavar="STEP", help="which step of an overlay with several: its name, or N from 0")
    parser.add_argument(
        "--keep",
        metavar="LO,HI",
        type=values.keep,
        help="only what has a value between these stays in colour; -inf,0 too",
    )


class _Limits(argparse.Action):
    """Sets the limits of everything that this process opens, and that its workers do."""

    def __call__(self, _parser: Any, _options: Any, values: Any, _option: Any = None) -> None:
        parse_limits(values)
        os.environ[LIMITS_VARIABLE] = values


class _Version(argparse.Action):
    def __call__(self, *_: Any) -> None:
        from .. import __version__

        print(f"archviz3d {__version__}")
        sys.exit(0)


# ---------------------------------------------------------------- lazily imported commands
def _run_window(options: argparse.Namespace) -> int:
    if options.install_desktop or options.uninstall_desktop:
        from . import desktop

        for path in desktop.install_desktop() if options.install_desktop else desktop.uninstall_desktop():
            print(path)
        return 0
    from .window import run

    return run(options)


def _run_info(options: argparse.Namespace) -> int:
    from .info import run

    return run(options)


def _run_render(options: argparse.Namespace) -> int:
    from .render import run

    return run(options)


def _run_export(options: argparse.Namespace) -> int:
    from .export import run

    return run(options)


def _run_doctor(options: argparse.Namespace) -> int:
    from .doctor import run

    return run(options)
