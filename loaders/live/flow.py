"""The data flow of a live module, by the best way that works; what failed is said."""

import traceback
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import torch

from .forward import TITLES, Way, run_once
from .frames import Edge
from .inputs import default_inputs, given_inputs
from .operators import Part, exported_parts, parts_of
from .tracer import Trace

__all__ = ["Flow", "find_flow", "reason"]

_MOST_GUESSES = 12
_HERE, _TORCH = str(Path(__file__).parent), str(Path(torch.__file__).parent)


@dataclass(slots=True)
class Flow:
    """What is known of a module's data flow.

    Attributes
    ----------
    traced_by, traced_with : str or None
        How it was found, and the inputs' names, dtypes and shapes; None where nothing worked.
    failures : list of str
        What was tried before, and why it did not work.
    edges : iterable of Edge
    parts : sequence of Part
        Operators, where they were asked for.
    outputs : sequence of str
        Names of the model's outputs.
    calls : dict of str to int
        How often each module ran.
    warnings : list of str
    """

    traced_by: str | None = None
    traced_with: str | None = None
    failures: list[str] = field(default_factory=list[str])
    edges: Iterable[Edge] = ()
    parts: Sequence[Part] = ()
    outputs: Sequence[str] = ()
    calls: dict[str, int] = field(default_factory=dict[str, int])
    warnings: list[str] = field(default_factory=list[str])


def find_flow(module: torch.nn.Module, inputs: Any, flow: str) -> Flow:
    """Run a copy of a module and return what flowed in it."""
    guesses = [given_inputs(inputs)] if inputs is not None else list(islice(default_inputs(module), _MOST_GUESSES))
    ways: tuple[Way, ...] = ("real",) if flow == "run" else ("meta", "fake")
    keep = parts_of(module) if flow == "operators" else frozenset[str]()
    failures: dict[str, str] = {}
    for guess in guesses:
        for way in ways:
            try:
                trace = run_once(module, guess, way, keep)
            except (Exception, SystemExit) as error:  # noqa: BLE001 - the model's own code may raise anything
                failures.setdefault(TITLES[way], reason(error))
                continue
            found = Flow(TITLES[way], str(guess), _listed(failures), trace.edges, calls=trace.calls)
            if flow == "operators":
                _add_operators(module, trace, found)
            return found
    tried = "; ".join(_listed(failures))
    warning = f"its data flow is not known ({tried}); give inputs that it can run with"
    return Flow(failures=_listed(failures), warnings=[warning])


def _add_operators(module: torch.nn.Module, trace: Trace, found: Flow) -> None:
    """Export the module's parts, and leave to the hooks what lies between them."""
    failed: dict[str, list[str]] = {}
    found.parts = exported_parts(module, trace, failed)
    for why, paths in failed.items():
        named = ", ".join(path or "the model" for path in paths[:3]) + (" ..." if len(paths) > 3 else "")
        found.failures.append(f"torch.export: {why}")
        found.warnings.append(f"operators of {named} are not known (torch.export: {why}): modules only, by hooks")
    if not found.parts:
        return
    title = "operators by torch.export on the meta device"
    kinds, places = len(found.parts), sum(len(part.paths) for part in found.parts)
    repeated = f", {kinds} kinds of part for {places} places, and {found.traced_by}" if places > 1 else ""
    found.traced_by = title + repeated
    found.outputs = [port.name for port in trace.outputs]
    inside = {path for part in found.parts for path in part.paths}
    found.edges = [edge for edge in trace.edges if not _within(edge, inside)]


def _within(edge: Edge, parts: set[str]) -> bool:
    """Whether an edge leads from a part, or something in it, to something in the same part."""
    if edge.source.value or edge.target.value:
        return "" in parts
    return _part_of(edge.source.path, parts) is not None and (
        _part_of(edge.source.path, parts) == _part_of(edge.target.path, parts)
    )


def _part_of(path: str, parts: set[str]) -> str | None:
    while path not in parts:
        if not path:
            return None
        path = path.rpartition(".")[0]
    return path


def _listed(failures: dict[str, str]) -> list[str]:
    return [f"{title}: {why}" for title, why in failures.items()]


def reason(error: BaseException) -> str:
    """Return why something failed, on one line: type, message, and the last line of the model's own code."""
    lines = [line for line in str(error).strip().splitlines() if line.strip()]
    text = f"{type(error).__name__}: {lines[0].strip()}" if lines else type(error).__name__
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_foreign(frame.filename)]
    return f"{text} ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else text


def _is_foreign(file: str) -> bool:
    """Whether code is neither ours nor torch's."""
    return not file.startswith((_HERE, _TORCH, "<"))
