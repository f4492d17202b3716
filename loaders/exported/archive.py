"""``.pt2`` archives: a program as JSON, its weights as records beside it.

Three layouts are known, by the torch that wrote them: up to 2.7 ``serialized_exported_program.json`` beside pickled
state dicts; 2.8 ``models/NAME.json`` beside pickled state dicts; since 2.9 ``models/NAME.json`` beside raw weights.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path

from ...graph import GraphBuilder, ModelGraph
from ...graph.roles import recognise
from ..checkpoint import Report
from ..files import input_error, open_regular, plain_text
from ..huggingface import display_name
from ..limits import LoadLimits
from ..operator_graph import Modules
from ..tensor_table import add_described
from ..zip_directory import ZipDirectory
from .program import ProgramReader
from .schema import Program, program_of
from .state_dicts import read_state_dicts
from .weights import Weights, read_weights

__all__ = ["load"]

_OLD = "serialized_exported_program.json"
_REMEDY = "a file that torch.export.save wrote is needed"
_LISTED = 5


@dataclass(slots=True)
class _Layout:
    """Where one program's parts are: names of records.

    Attributes
    ----------
    program : str
    configs : dict of str to str
        Record that lists raw weights -> the folder that has them.
    pickled : list of str
        Records that are pickled state dicts.
    """

    program: str
    configs: dict[str, str] = field(default_factory=dict[str, str])
    pickled: list[str] = field(default_factory=list[str])


def load(path: str, limits: LoadLimits, report: Report) -> ModelGraph:
    """Read an exported program: its modules, operators and data flow, and where its weights are."""
    report(Path(path).name, None)
    warnings: list[str] = []
    fd = open_regular(path)
    try:
        archive = ZipDirectory(fd, path, os.fstat(fd).st_size, limits.pickle_bytes)
        layouts = _layouts(archive, path, warnings)
        parts = [(name, *_read(archive, fd, layout, path, limits, warnings)) for name, layout in layouts.items()]
    finally:
        os.close(fd)
    builder = GraphBuilder(plain_text(display_name(path)), "torch.export", path)
    for name, program, weights in parts:
        shown = plain_text(name, 200).replace(".", "_")
        under = builder.node(0, shown) if len(parts) > 1 else 0
        _add(builder, under, program, weights, path, limits, warnings)
    for warning in warnings:
        builder.warn(plain_text(warning, 4000))
    return recognise(builder.build())


def _add(
    builder: GraphBuilder,
    under: int,
    program: Program,
    weights: Weights,
    path: str,
    limits: LoadLimits,
    warnings: list[str],
) -> None:
    modules = Modules(builder, under)
    reader = ProgramReader(modules, program.graph_module, path, limits)
    reader.add_modules()
    handles = add_described(modules, weights.table)
    unmade = reader.add_operators(dict(zip(weights.names, handles, strict=True)), weights.tied())
    if unmade:
        listed = ", ".join(plain_text(name, 100) for name in unmade[:_LISTED])
        warnings.append(f"{len(unmade)} values are used, but nothing makes them: {listed}")
    version = program.schema_version
    builder.annotate(
        under,
        torch_version=plain_text(program.torch_version, 40) or None,
        schema_version=f"{version.major}.{version.minor}",
    )


def _read(
    archive: ZipDirectory, fd: int, layout: _Layout, path: str, limits: LoadLimits, warnings: list[str]
) -> tuple[Program, Weights]:
    record = archive.records[layout.program]
    if record.size > limits.json_bytes:
        problem = f"its record {plain_text(layout.program, 200)!r} has {record.size:,} bytes"
        raise input_error(path, problem, f"at most {limits.json_bytes:,} are read")
    program = program_of(archive.read(record), layout.program, path, limits)
    if layout.pickled:
        signature = program.graph_module.signature
        held = [(spec.parameter is None, spec.held()) for spec in signature.input_specs]
        others = {weight[1] for is_other, weight in held if is_other and weight is not None}
        return program, read_state_dicts(archive, fd, layout.pickled, others, path, limits, warnings)
    return program, read_weights(archive, layout.configs, path, limits, warnings)


def _layouts(archive: ZipDirectory, path: str, warnings: list[str]) -> dict[str, _Layout]:
    """Return the programs of an archive by name."""
    records = archive.records
    if _OLD in records:
        pickled = [name for name in ("serialized_state_dict.pt", "serialized_constants.pt") if name in records]
        return {"model": _Layout(_OLD, pickled=pickled)}
    root = next((name.removesuffix("archive_format") for name in records if name.endswith("/archive_format")), None)
    if root is None or root.count("/") != 1:
        raise input_error(path, "is a zip archive without an exported program", _REMEDY)
    _warn_of_compiled(archive, root, warnings)
    found: dict[str, _Layout] = {}
    for record in records:
        name = record.removeprefix(f"{root}models/").removesuffix(".json")
        if record != f"{root}models/{name}.json":
            continue
        layout = found[name] = _Layout(record)
        for kind in ("weights", "constants"):
            folder = f"{root}data/{kind}/"
            if f"{folder}{name}_{kind}_config.json" in records:
                layout.configs[f"{folder}{name}_{kind}_config.json"] = folder
            elif f"{folder}{name}.pt" in records:
                layout.pickled.append(f"{folder}{name}.pt")
    if not found:
        what = warnings[0] if warnings else "is a PT2 archive without an exported program"
        raise input_error(path, what, _REMEDY)
    return found


def _warn_of_compiled(archive: ZipDirectory, root: str, warnings: list[str]) -> None:
    """Note code that is in the archive and says nothing of modules."""
    for folder, by in (("data/aotinductor/", "AOTInductor"), ("data/executorch/", "ExecuTorch")):
        sizes = [record.size for name, record in archive.records.items() if name.startswith(root + folder)]
        if sizes:
            files = f"{len(sizes)} file{'s' if len(sizes) > 1 else ''}, {sum(sizes):,} bytes"
            warnings.append(f"holds code that {by} compiled ({files}), which has no modules to show")
