"""ONNX models (.onnx): hierarchy, operators, what flows between them, and where each weight is."""

import mmap
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...graph import GraphBuilder, ModelGraph
from ...graph.roles import recognise
from ..checkpoint import Report, short_attributes
from ..files import DAMAGED, input_error, not_the_file, open_regular, plain_text
from ..huggingface import config_beside, display_name
from ..limits import LoadLimits
from .computation import Computation
from .functions import Functions
from .messages import Model, read_graph, read_model
from .wire import WireError

__all__ = ["load", "load_folder"]

_USUAL = "model.onnx"
_LEAST_EXPANDED, _MOST_REPEATED = 50_000, 50  # operators of calls; 80 equal layers of 200 operators are 16,000


def load(path: str, limits: LoadLimits, report: Report) -> ModelGraph:
    """Read a file, with the config.json beside it if there is one. External data are found, not opened."""
    fd = open_regular(path)
    try:
        if not os.fstat(fd).st_size:  # in a folder: alone, it has no content to be known by
            raise input_error(path, "is an empty file", "a whole ONNX model is needed")
        with mmap.mmap(fd, 0, access=mmap.ACCESS_READ) as data:
            head = data[:64]
            not_the_file(path, head)
            if head[4:8] == b"ORTM":
                remedy = "open the .onnx file that it was made from"
                raise input_error(path, "is a model in ONNX Runtime's own format (.ort), which is unsupported", remedy)
            return _read(path, data, limits, report)
    except WireError as error:
        raise input_error(path, str(error), DAMAGED) from error
    finally:
        os.close(fd)


def load_folder(path: str, limits: LoadLimits, report: Report) -> ModelGraph:
    """Read the only .onnx file of a folder, or the one that is called as usual."""
    found = sorted(entry for entry in os.listdir(path) if entry.lower().endswith(".onnx"))  # noqa: PTH208
    chosen = _USUAL if _USUAL in found else found[0]
    if len(found) > 1 and chosen != _USUAL:
        listed = ", ".join(plain_text(name, 80) for name in found[:6])
        raise input_error(path, f"holds {len(found)} ONNX files ({listed})", "name one of them")
    return load(str(Path(path) / chosen), limits, report)


def _read(path: str, data: mmap.mmap, limits: LoadLimits, report: Report) -> ModelGraph:
    model = read_model(data, len(data))
    if model.graph is None:
        raise input_error(path, "has no graph", "a whole ONNX model is needed")
    warnings: list[str] = []
    config = config_beside(path, limits, warnings)
    builder = GraphBuilder(plain_text(display_name(path, config)), "onnx", path)
    graph = read_graph(data, *model.graph, limits.operators)
    functions = Functions(data, model.functions, limits.operators)
    total = len(graph.nodes) // 2
    if model.functions:  # few bytes may call for much: what is built stays in proportion to what is written
        most = max(_LEAST_EXPANDED, _MOST_REPEATED * (total + functions.written))
        limits = replace(limits, operators=min(limits.operators, most))

    def tell(added: int) -> None:
        report("reading operators", min(added / max(total, 1), 1.0))

    computation = Computation(data, path, builder, functions, limits, tell)
    computation.add_main(graph)
    for k, (name, start, end) in enumerate(model.training):
        computation.add_beside(read_graph(data, start, end, limits.operators), ("training", f"{name}_{k // 2}"))
    computation.finish()
    if not (graph.nodes or graph.initializers):
        raise input_error(path, "has neither operators nor tensors", "a model is needed")
    builder.annotate(0, **_facts(model, computation))
    for warning in warnings:
        builder.warn(plain_text(warning, 4000))
    return recognise(builder.build(), config)


def _facts(model: Model, computation: Computation) -> dict[str, Any]:
    how = max(computation.placed_by, key=lambda key: computation.placed_by[key], default="nothing")
    said = {"ir_version": model.ir_version, **model.facts, "opsets": ", ".join(model.opsets[:20])}
    words = {
        "notes": "notes of torch.onnx on its operators",
        "names": "names of operators",
        "weights": "names of weights",
        "neighbours": "names of weights",
        "nothing": None,
    }
    named = {key: value for key, value in said.items() if value}
    return {**short_attributes(named), **short_attributes(model.metadata, "metadata"), "hierarchy": words[how]}
