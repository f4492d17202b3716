"""What every loader collects before it builds: tensors as columns, and what is said of modules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..graph import EdgeKind, GraphBuilder, Provenance
from .files import DAMAGED, input_error, plain_text
from .limits import LoadLimits
from .operator_graph import Modules

__all__ = [
    "LEVELS_A_NODE",
    "TensorTable",
    "add_described",
    "add_tensors",
    "check_names",
    "joined_tables",
    "printable_names",
]

LEVELS_A_NODE = 4  # parts of all names together, for each node that there may be: one costs half a microsecond


@dataclass(slots=True)
class TensorTable:
    """Tensors of one subtree by dotted name, in file order.

    Attributes
    ----------
    names, dtypes, shapes, nbytes, files, offsets : sequences of length T
        As `GraphBuilder.tensors` takes them; ``files`` are positions in `file_names`, -1 for no file.
    file_names : list of str
        Relative to the model's folder.
    tied : mapping of int to int
        Tensor -> the tensor whose storage it shares: it owns neither parameters nor bytes.
    parameters : mapping of int to int
        Logical parameters where the counting table does not apply.
    elements : mapping of int to int
        Stored elements where the shape does not tell: of a view that repeats some, of a sparse tensor.
    attributes : mapping of int to dict
        What else is known of single tensors.
    modules : list of (int, str, dict)
        Modules that the file describes: number of tensors before it, dotted path, attributes.
    derived : bool
        The tensors are in no file: they follow from a config.
    """

    names: Sequence[str]
    dtypes: Sequence[str]
    shapes: Sequence[tuple[int, ...]]
    nbytes: Sequence[int] | NDArray[np.int64]
    files: Sequence[int] | NDArray[np.int32]
    offsets: Sequence[int] | NDArray[np.int64]
    file_names: list[str]
    tied: Mapping[int, int] = field(default_factory=dict[int, int])
    parameters: Mapping[int, int] = field(default_factory=dict[int, int])
    elements: Mapping[int, int] = field(default_factory=dict[int, int])
    attributes: Mapping[int, dict[str, Any]] = field(default_factory=dict[int, dict[str, Any]])
    modules: list[tuple[int, str, dict[str, Any]]] = field(default_factory=list[tuple[int, str, dict[str, Any]]])
    derived: bool = False


def add_tensors(builder: GraphBuilder, table: TensorTable, under: int = 0) -> None:
    """Put a table's modules and tensors under a node.

    Plain tables (every safetensors file, most state dicts) go in bulk. Where there are ties or modules with
    something of their own (a class), nodes are made one by one.
    """
    if not (table.tied or table.elements or table.modules):
        t = table
        builder.tensors(
            t.names,
            t.dtypes,
            t.shapes,
            t.nbytes,
            t.files,
            t.offsets,
            t.file_names,
            under,
            parameters=t.parameters,
            attributes=t.attributes,
            derived=t.derived,
        )
        return
    add_described(Modules(builder, under), table)


def add_described(modules: Modules, table: TensorTable) -> list[int]:
    """Put a table's modules and tensors where their names say, one by one; return the tensors' handles."""
    builder = modules.builder
    handles: list[int] = []
    provenance = Provenance.DERIVED if table.derived else Provenance.DECLARED
    described = iter(table.modules)
    next_module = next(described, None)
    for i, name in enumerate(table.names):
        while next_module is not None and next_module[0] <= i:
            builder.annotate(modules.handle(_scope(next_module[1]), provenance), **next_module[2])
            next_module = next(described, None)
        *scope, last = name.split(".")
        parent = modules.handle(scope, provenance)
        first = table.tied.get(i)
        handle = builder.tensor(
            parent,
            modules.unique(parent, last),
            table.shapes[i],
            table.dtypes[i],
            nbytes=0 if first is not None else int(table.nbytes[i]),
            file=table.file_names[table.files[i]] if table.file_names and table.files[i] >= 0 else None,
            offset=int(table.offsets[i]),
            elements=0 if first is not None or table.derived else table.elements.get(i),
            parameters=0 if first is not None else table.parameters.get(i),
            provenance=provenance,
        )
        builder.annotate(handle, **table.attributes.get(i, {}))
        handles.append(handle)
    while next_module is not None:
        builder.annotate(modules.handle(_scope(next_module[1]), provenance), **next_module[2])
        next_module = next(described, None)
    for i, first in table.tied.items():
        builder.annotate(handles[i], tied_to=table.names[first])
        builder.edge(handles[first], handles[i], EdgeKind.TIED)
    return handles


def _scope(path: str) -> list[str]:
    return path.split(".") if path else []


def joined_tables(tables: Sequence[TensorTable]) -> TensorTable:
    """Return the tables of several files as one; names are not checked."""
    whole = TensorTable(
        names=[name for table in tables for name in table.names],
        dtypes=[dtype for table in tables for dtype in table.dtypes],
        shapes=[shape for table in tables for shape in table.shapes],
        nbytes=np.concatenate([np.asarray(table.nbytes, np.int64) for table in tables]),
        files=[],
        offsets=np.concatenate([np.asarray(table.offsets, np.int64) for table in tables]),
        file_names=[name for table in tables for name in table.file_names],
    )
    files: list[int] = []
    tied, parameters, elements = dict[int, int](), dict[int, int](), dict[int, int]()
    attributes: dict[int, dict[str, Any]] = {}
    base = first_file = 0
    for t in tables:
        files += [-1 if file < 0 else first_file + int(file) for file in t.files]
        tied |= {base + i: base + j for i, j in t.tied.items()}
        parameters |= {base + i: n for i, n in t.parameters.items()}
        elements |= {base + i: n for i, n in t.elements.items()}
        attributes |= {base + i: known for i, known in t.attributes.items()}
        whole.modules += [(base + at, path, known) for at, path, known in t.modules]
        base, first_file = base + len(t.names), first_file + len(t.file_names)
    whole.files, whole.tied, whole.parameters, whole.elements = files, tied, parameters, elements
    whole.attributes = attributes
    return whole


def printable_names(names: list[str], warnings: list[str]) -> list[str]:
    """Return names without control characters: escaped where they have some, with a warning."""
    odd = [i for i, name in enumerate(names) if not name or not name.isprintable()]
    if not odd:
        return names
    names = list(names)
    for i in odd:
        names[i] = plain_text(names[i], 12 * len(names[i])) or "(unnamed)"
    listed = ", ".join(plain_text(names[i], 80) for i in odd[:3])
    warnings.append(f"{len(odd)} names are empty or have control characters, which are shown escaped: {listed}")
    return names


def check_names(
    names: list[str], files: Sequence[int] | NDArray[np.int32], paths: list[str], limits: LoadLimits
) -> list[str]:
    """Return `names`, which a tree can be made of.

    Parameters
    ----------
    files : sequence of int
        Which of `paths` each name is from.

    Raises
    ------
    InputError
        When a name occurs twice, nests too deeply, or the names make too many modules.
    """
    if len(set(names)) != len(names):
        first: dict[str, int] = {}
        twice = next(i for i, name in enumerate(names) if first.setdefault(name, i) != i)
        path, other = paths[int(files[twice])], paths[int(files[first[names[twice]]])]
        where = "occurs twice" if path == other else f"is also in {Path(other).name}"
        problem = f"tensor {plain_text(names[twice], 120)!r} {where}"
        raise input_error(path, problem, "each tensor must be there once")
    lengths = list(map(len, names))
    if max(lengths, default=0) > limits.module_depth:  # a name needs a character for each level
        for name in names:
            if name.count(".") >= limits.module_depth:
                problem = f"tensor {plain_text(name, 60)!r} is nested {name.count('.') + 1} deep"
                raise input_error(paths[0], problem, f"at most {limits.module_depth} levels are shown")
    if len(names) > limits.names and len(set(".".join(names).split("."))) > limits.names:
        problem = f"has more than {limits.names:,} different names of modules and tensors"
        raise input_error(paths[0], problem, DAMAGED)
    # A module takes two characters of a name; where that bound is too coarse, the dots are counted, then the modules.
    levels = "".join(names).count(".") + len(names) if sum(lengths) // 2 + len(names) > limits.nodes else 0
    if levels > LEVELS_A_NODE * limits.nodes:
        raise input_error(paths[0], f"has names of {levels:,} parts together", "fewer are read")
    if levels > limits.nodes:
        _count_nodes(names, paths[0], limits)
    return names


def _count_nodes(names: list[str], path: str, limits: LoadLimits) -> None:
    """Count modules as what each name has that the one before it in the order of the tree does not."""
    nodes, before = len(names), list[str]()
    for name in sorted(name.replace(".", "\0") for name in names):
        parts = name.split("\0")[:-1]
        shared = next(
            (k for k, (a, b) in enumerate(zip(before, parts, strict=False)) if a != b), min(len(before), len(parts))
        )
        nodes += len(parts) - shared
        before = parts
        if nodes > limits.nodes:
            raise input_error(path, "has too many modules and tensors", f"at most {limits.nodes:,} are shown")
