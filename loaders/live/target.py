"""Python code that makes a model, named as ``package.module:callable`` or ``file.py:callable``. Opening it runs it."""

import importlib
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ...errors import InputError, MachineError, UsageError
from ..files import input_error, plain_text
from ..untyped import is_tuple

if TYPE_CHECKING:
    from types import ModuleType

    from ...graph import ModelGraph
    from ..checkpoint import Report

__all__ = ["Target", "load_target", "named_code"]

_TARGET = re.compile(r"(?P<module>.+\.py|[^\W\d]\w*(?:\.[^\W\d]\w*)*):(?P<attribute>[^\W\d]\w*(?:\.[^\W\d]\w*)*)")
_FLAG = "--allow-code"


class Target(NamedTuple):
    """Where a callable is: a module by dotted name or the path of a .py file, and a dotted name in it."""

    module: str
    attribute: str


def named_code(text: str, allowed: bool) -> Target | None:
    """Return the code that a command's MODEL names, None for a file or folder; what exists as a path is one.

    Raises
    ------
    UsageError
        When it names code, and running code is not allowed.
    """
    match = _TARGET.fullmatch(text)
    if match is None or os.path.lexists(text):
        return None
    if not allowed:
        raise UsageError(f"{text}: no such file, but it reads like Python code; {_FLAG} imports and runs it")
    return Target(match["module"], match["attribute"])


def load_target(text: str, flow: str, report: "Report") -> "ModelGraph":
    """Import a module, call what the target names, and return the model that it makes as a graph.

    To be called in a process that may be lost. Everything runs on the meta device: weights are not allocated.

    Raises
    ------
    InputError
        When the code fails or makes no ``torch.nn.Module``; one line with the exception and the place of its cause.
    MachineError
        When PyTorch is not installed.
    """
    target = named_code(text, allowed=True)
    if target is None:
        raise input_error(text, "names no Python code", "give package.module:callable")
    try:
        import torch
    except ImportError as error:
        raise MachineError(f'{text}: needs PyTorch; pip install "archviz3d[torch]"') from error
    from .model import from_module

    sys.path.insert(0, "")
    report(f"running {text}", None)
    with torch.device("meta"):
        made: Any = _called(text, _looked_up(text, _imported(text, target), target), torch.nn.Module)
    module, inputs = made, None
    if is_tuple(made) and len(made) == 2:
        module, inputs = made
    if not isinstance(module, torch.nn.Module):
        raise input_error(text, f"makes an object of type {type(module).__name__}", "it must make a torch.nn.Module")
    report(f"tracing {text}", None)
    try:
        graph = from_module(module, inputs=inputs, flow=flow)
    except UsageError as error:
        raise input_error(text, str(error)) from error
    return _said(graph, text)


def _said(graph: "ModelGraph", text: str) -> "ModelGraph":
    from dataclasses import replace

    warning = f"made by running Python code: {plain_text(text)} ({_FLAG})"
    return replace(graph, warnings=(warning, *graph.warnings))


def _imported(text: str, target: Target) -> "ModuleType":
    try:
        if not target.module.endswith(".py"):
            return importlib.import_module(target.module)
        from importlib.util import module_from_spec, spec_from_file_location

        file = Path(target.module).absolute()
        sys.path.insert(0, str(file.parent))
        spec = spec_from_file_location(file.stem, file)
        assert spec is not None
        assert spec.loader is not None
        module = sys.modules[file.stem] = module_from_spec(spec)
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise _failure(text, error) from error
    return module


def _looked_up(text: str, module: "ModuleType", target: Target) -> Any:
    found: Any = module
    for name in target.attribute.split("."):
        try:
            found = getattr(found, name)
        except AttributeError as error:
            from difflib import get_close_matches  # only wrong usage pays for it

            close = get_close_matches(name, [n for n in dir(found) if n[:1] != "_"], 1)
            remedy = f"did you mean {close[0]}" if close else ""
            raise input_error(text, f"{target.module} has no {name}", remedy) from error
        except Exception as error:
            raise _failure(text, error) from error
    return found


def _called(text: str, found: Any, module_class: type) -> Any:
    if isinstance(found, module_class):
        return found
    if not callable(found):
        raise input_error(text, f"names a {type(found).__name__} object", "a torch.nn.Module or its maker is needed")
    try:
        return found()
    except (Exception, SystemExit) as error:
        raise _failure(text, error) from error


def _failure(text: str, error: BaseException) -> InputError:
    """Return the error of the user's code on one line: type, message, and the last line of it that is theirs."""
    import traceback  # only a failure pays for it

    if isinstance(error, SyntaxError) and error.filename:
        place = f"{error.filename}:{error.lineno}"
    else:
        frames = traceback.extract_tb(error.__traceback__)
        theirs = [f for f in frames if "importlib" not in f.filename and Path(f.filename) != Path(__file__)]
        theirs = [f for f in theirs if not f.filename.startswith("<")]
        place = f"{theirs[-1].filename}:{theirs[-1].lineno}" if theirs else ""
    message = str(error.msg if isinstance(error, SyntaxError) else error).strip()
    said = f"{type(error).__name__}: {message}" if message else type(error).__name__
    return input_error(text, plain_text(f"{said} ({place})" if place else said, 600))
