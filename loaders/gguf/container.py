"""Loading GGUF: one file, all parts of a split one, or the folder that has them."""

import os
import re
from pathlib import Path

from ...graph import ModelGraph
from ..checkpoint import Checkpoint, Report, build_graph
from ..files import plain_text
from ..limits import LoadLimits
from .grouping import group_names, mark_derived
from .header import Header
from .metadata import attributes_of, config_of
from .splits import SERIES, files_of_folder, read_headers
from .tensors import tensor_table

__all__ = ["load"]

# Stored beside the parameters, but learned by nobody: rotary tables, scales of quantised matrices.
_MAX_TAIL = 200  # of a name, which decides: the pattern takes quadratic time
_NOT_PARAMETERS = re.compile(r".*(rope_(freqs|factors_\w+)\.weight|(ffn|attn|ssm)_\w+\.(input_)?scale)")


def load(path: str, limits: LoadLimits, report: Report) -> ModelGraph:
    """Read a GGUF model.

    Raises
    ------
    InputError
        When it cannot be read; the message is one line.
    """
    file = files_of_folder(path) if os.path.isdir(path) else path  # noqa: PTH112
    warnings: list[str] = []
    headers = read_headers(file, limits, warnings, report)
    first = _with_metadata(headers)
    table = tensor_table(headers, limits, warnings)
    names = list(table.names)
    table.parameters = {i: 0 for i, name in enumerate(names) if _NOT_PARAMETERS.fullmatch(name[-_MAX_TAIL:])}
    table.names = group_names(names)
    checkpoint = Checkpoint(
        table,
        attributes=attributes_of(first),
        config=config_of(first.values, first.lengths),
        warnings=warnings,
        refine=lambda graph: mark_derived(graph, names),
    )
    return build_graph(path, "gguf", checkpoint, limits, _display_name(file))


def _with_metadata(headers: list[Header]) -> Header:
    """Return the part that describes the model: the first, where it is there."""
    return next((header for header in headers if "general.architecture" in header.values), headers[0])


def _display_name(path: str) -> str:
    name = Path(path).name
    match = SERIES.fullmatch(name)
    return plain_text(match[1] if match else re.sub(r"\.gguf$", "", name, flags=re.IGNORECASE) or name)
