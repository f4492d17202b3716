"""The one way to make a ModelGraph: nodes one by one, or tensors in bulk by dotted name."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .bulk import Bulk
from .columns import CodedSequence, Edges, ShapeCodes, SparseColumn
from .counting import element_count, is_quantised, logical_parameters
from .dotted import NameTable, tree_of_names
from .grouping import group_equal
from .kinds import EdgeKind, NodeKind, Provenance
from .model_graph import ModelGraph
from .preorder import preorder
from .signatures import signatures

__all__ = ["GraphBuilder"]


@dataclass(slots=True)
class _Rows:
    """Columns of nodes in order of creation: parents before children."""

    parent: list[int] = field(default_factory=list[int])
    name_code: list[int] = field(default_factory=list[int])
    kind: list[int] = field(default_factory=list[int])
    provenance: list[int] = field(default_factory=list[int])
    shape: list[int] = field(default_factory=list[int])
    dtype: list[int] = field(default_factory=list[int])
    file: list[int] = field(default_factory=list[int])
    offset: list[int] = field(default_factory=list[int])
    nbytes: list[int] = field(default_factory=list[int])
    elements: list[int] = field(default_factory=list[int])  # -1: by the shape
    parameters: list[int] = field(default_factory=list[int])  # -1: by the counting table

    def append(
        self,
        parent: int,
        name_code: int,
        kind: int,
        provenance: int,
        shape: int,
        dtype: int,
        file: int,
        offset: int,
        nbytes: int,
        elements: int,
        parameters: int,
    ) -> int:
        self.parent.append(parent)
        self.name_code.append(name_code)
        self.kind.append(kind)
        self.provenance.append(provenance)
        self.shape.append(shape)
        self.dtype.append(dtype)
        self.file.append(file)
        self.offset.append(offset)
        self.nbytes.append(nbytes)
        self.elements.append(elements)
        self.parameters.append(parameters)
        return len(self.parent) - 1


class GraphBuilder:
    """Collects nodes, tensors and edges; `build` makes the immutable graph.

    Parameters
    ----------
    name : str
        The model's display name.
    format : str
        The format's name, as people say it ("safetensors").
    source : str
        The path that it was read from, "" for a live model.
    provenance : Provenance
        How the model itself is known: DERIVED where all of it follows from a config.
    most_names : int
        How many different names its parts may have; one more raises `TooManyNamesError`.
    """

    def __init__(
        self,
        name: str,
        format: str,
        source: str = "",
        provenance: Provenance = Provenance.DECLARED,
        most_names: int = 2**31,
    ) -> None:
        self._name, self._format, self._source = name, format, source
        self._names = NameTable(most_names)
        self._shapes = ShapeCodes()
        self._dtypes = NameTable()
        self._files = NameTable()
        self._rows = _Rows()
        self._bulks: list[Bulk] = []
        self._edges: list[tuple[int, int, int, int, int, int, int, int]] = []
        self._attributes: dict[str, dict[int, Any]] = {}
        self._warnings: list[str] = []
        self._rows.append(-1, self._names.code(""), NodeKind.MODEL, provenance, -1, -1, -1, -1, 0, 0, 0)

    def node(
        self,
        parent: int,
        name: str,
        kind: NodeKind = NodeKind.MODULE,
        provenance: Provenance = Provenance.DECLARED,
        **attributes: Any,
    ) -> int:
        """Add a node under `parent` and return its handle; the root's handle is 0."""
        handle = self._rows.append(parent, self._names.code(name), kind, provenance, -1, -1, -1, -1, 0, 0, 0)
        self.annotate(handle, **attributes)
        return handle

    def tensor(
        self,
        parent: int,
        name: str,
        shape: tuple[int, ...],
        dtype: str,
        *,
        nbytes: int,
        file: str | None = None,
        offset: int = -1,
        elements: int | None = None,
        parameters: int | None = None,
        provenance: Provenance = Provenance.DECLARED,
        **attributes: Any,
    ) -> int:
        """Add a tensor under `parent` and return its handle.

        Parameters
        ----------
        nbytes : int
            Stored bytes.
        elements : int, optional
            Stored elements, where the shape does not tell (a second name of a stored tensor: 0).
        parameters : int, optional
            Logical parameters, where the counting table does not apply (a live model's buffer: 0).
        """
        handle = self._rows.append(
            parent,
            self._names.code(name),
            NodeKind.TENSOR,
            provenance,
            self._shapes[shape],
            self._dtypes.code(dtype),
            -1 if file is None else self._files.code(file),
            offset,
            nbytes,
            -1 if elements is None else elements,
            -1 if parameters is None else parameters,
        )
        self.annotate(handle, **attributes)
        return handle

    def tensors(
        self,
        names: Sequence[str],
        dtypes: Sequence[str],
        shapes: Sequence[tuple[int, ...]],
        nbytes: Sequence[int] | NDArray[np.int64],
        files: Sequence[int] | NDArray[np.int32],
        offsets: Sequence[int] | NDArray[np.int64],
        file_names: Sequence[str],
        under: int = 0,
        *,
        parameters: Mapping[int, int] | None = None,
        attributes: Mapping[int, Mapping[str, Any]] | None = None,
        derived: bool = False,
    ) -> None:
        """Add many tensors at once; the dots in their names make the modules.

        Parameters
        ----------
        names, dtypes, shapes, nbytes, files, offsets : sequence, length T
            One entry a tensor; ``files`` are positions in `file_names`, -1 for no file. A `CodedSequence` of dtypes or
            shapes costs nothing a tensor.
        under : int
            Handle of the node that they hang on.
        parameters : mapping of int to int, optional
            Logical parameters of single tensors, by position, where the counting table does not apply.
        attributes : mapping of int to mapping, optional
            What else is known of single tensors, by position.
        derived : bool
            They are in no file but follow from a config: nothing of them is stored.

        Raises
        ------
        ValueError
            When a name occurs twice.
        """
        file_codes = np.array([*(self._files.code(name) for name in file_names), -1], np.int32)
        row = self._rows.append(under, -1, NodeKind.MODULE, Provenance.DECLARED, -1, -1, -1, -1, 0, 0, 0)
        counted = np.full(len(names), -1, np.int64)
        if parameters:
            counted[list(parameters)] = list(parameters.values())
        self._bulks.append(
            Bulk(
                row,
                tree_of_names(names, self._names),
                _encoded(shapes, self._shapes.__getitem__),
                _encoded(dtypes, self._dtypes.code),
                file_codes[np.asarray(files, np.int64)],
                np.asarray(offsets, np.int64),
                np.asarray(nbytes, np.int64),
                counted,
                attributes or {},
                derived,
            )
        )

    def annotate(self, handle: int, /, **attributes: Any) -> None:
        """Set attributes of a node made by `node` or `tensor`; None values are left out."""
        for key, value in attributes.items():
            if value is not None:
                self._attributes.setdefault(key, {})[handle] = value

    def own_parameters(self, handle: int, parameters: int) -> None:
        """Set the logical parameters of a node that has none as tensors, where a file says no more than a number."""
        self._rows.parameters[handle] = parameters

    def edge(
        self,
        source: int,
        target: int,
        kind: EdgeKind = EdgeKind.DATA,
        provenance: Provenance = Provenance.DECLARED,
        *,
        shape: tuple[int, ...] | None = None,
        dtype: str | None = None,
        source_port: str | None = None,
        target_port: str | None = None,
    ) -> None:
        """Add an edge between two nodes made by `node` or `tensor`.

        Parameters
        ----------
        shape : tuple of int, optional
            Of what flows; -1 for a dimension that is left open.
        dtype : str, optional
            Of what flows.
        source_port, target_port : str, optional
            Which output of the source, which input of the target.
        """
        self._edges.append(
            (
                source,
                target,
                kind,
                provenance,
                -1 if shape is None else self._shapes[shape],
                -1 if dtype is None else self._dtypes.code(dtype),
                -1 if source_port is None else self._names.code(source_port),
                -1 if target_port is None else self._names.code(target_port),
            )
        )

    def warn(self, text: str) -> None:
        """Note one line that a user should know about how the model was read."""
        self._warnings.append(text)

    def build(self) -> ModelGraph:
        """Return the graph in pre-order, with logical parameters and signatures, without roles."""
        names, shapes, dtypes = self._names.names, tuple(self._shapes), self._dtypes.names
        position, size, depth = preorder(self._rows.parent, self._rows.name_code, self._weights(), names)
        columns = self._columns(position, size, depth)
        elements, parameters = self._counts(columns, names, columns.pop("elements"), columns.pop("parameters"))
        for start in np.flatnonzero(columns["kind"] == NodeKind.OPTIMIZER):
            parameters[start : start + columns["size"][start]] = 0  # optimizer state is no parameter of the model
        c = columns
        return ModelGraph(
            **columns,
            elements=elements,
            parameters=parameters,
            signature=signatures(c["parent"], c["size"], c["kind"], c["name_code"], names, c["shape_code"], shapes),
            names=names,
            shapes=shapes,
            dtypes=dtypes,
            files=self._files.names,
            edges=self._edge_columns(position),
            attributes=self._attribute_columns(position),
            warnings=tuple(self._warnings),
            name=self._name,
            format=self._format,
            source=self._source,
        )

    # ---------------------------------------------------------------- parts of build
    def _weights(self) -> list[int]:
        """Nodes that each row stands for: one, or all of a bulk."""
        weights = [1] * len(self._rows.parent)
        for bulk in self._bulks:
            weights[bulk.row] = len(bulk.fragment.parent)
        return weights

    def _columns(
        self, position: NDArray[np.int32], size: NDArray[np.int32], depth: NDArray[np.int32]
    ) -> dict[str, NDArray[Any]]:
        """Scatter rows and bulks to their places in pre-order."""
        rows, n = self._rows, int(size[0])
        single = np.ones(len(position), bool)
        single[[bulk.row for bulk in self._bulks]] = False
        at = position[single]
        parent = np.array(rows.parent, np.int64)
        values: dict[str, tuple[Any, NDArray[Any]]] = {
            "parent": (np.int32, np.where(parent < 0, -1, position[parent])),
            "size": (np.int32, size),
            "depth": (np.int32, depth),
            "name_code": (np.int32, np.array(rows.name_code)),
            "kind": (np.uint8, np.array(rows.kind)),
            "provenance": (np.uint8, np.array(rows.provenance)),
            "shape_code": (np.int32, np.array(rows.shape)),
            "dtype_code": (np.int32, np.array(rows.dtype)),
            "file_code": (np.int32, np.array(rows.file)),
            "offset": (np.int64, np.array(rows.offset)),
            "bytes": (np.int64, np.array(rows.nbytes)),
            "elements": (np.int64, np.array(rows.elements)),
            "parameters": (np.int64, np.array(rows.parameters)),
        }
        columns: dict[str, NDArray[Any]] = {}
        for key, (dtype, column) in values.items():
            columns[key] = np.empty(n, dtype)
            columns[key][at] = column[single]
        for bulk in self._bulks:
            start, under = int(position[bulk.row]), int(position[rows.parent[bulk.row]])
            for key, column in bulk.columns(start, under, int(depth[bulk.row])).items():
                columns[key][start : start + len(column)] = column
        return columns

    def _counts(
        self,
        columns: dict[str, NDArray[Any]],
        names: tuple[str, ...],
        elements: NDArray[np.int64],
        parameters: NDArray[np.int64],
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return stored elements and logical parameters; the counting table runs once per (name, dtype, shape)."""
        shapes, dtypes = tuple(self._shapes), self._dtypes.names
        code = columns["shape_code"].astype(np.int64)
        sizes = np.array([element_count(s) for s in shapes] + [0], np.int64)
        elements = np.where(elements < 0, sizes[code], elements)
        asked = np.flatnonzero((parameters < 0) & (code >= 0))
        key = (columns["name_code"][asked] * np.int64(len(dtypes) + 1) + columns["dtype_code"][asked]) * np.int64(
            len(shapes) + 1
        ) + code[asked]
        first, group = group_equal(key)
        name, dtype, quantised = columns["name_code"], columns["dtype_code"], is_quantised(dtypes)
        counted = [
            min(logical_parameters(names[name[i]], dtypes[dtype[i]], shapes[code[i]], quantised), 2**63 - 1)
            for i in asked[first].tolist()
        ]
        parameters = np.maximum(parameters, 0)
        parameters[asked] = np.array(counted, np.int64)[group] if counted else 0
        return elements, parameters

    def _edge_columns(self, position: NDArray[np.int32]) -> Edges:
        if not self._edges:
            return Edges()
        source, target, kind, provenance, *codes = np.array(self._edges, np.int32).T.copy()
        return Edges(position[source], position[target], kind.astype(np.uint8), provenance.astype(np.uint8), *codes)

    def _attribute_columns(self, position: NDArray[np.int32]) -> dict[str, SparseColumn]:
        values: dict[str, dict[int, Any]] = {}  # key -> node -> value
        for key, of_handles in self._attributes.items():
            handles = np.fromiter(of_handles, np.int64, len(of_handles))
            values[key] = dict(zip(position[handles].tolist(), of_handles.values(), strict=True))
        for bulk in self._bulks:
            places = bulk.places(int(position[bulk.row])) if bulk.attributes else np.empty(0, np.int64)
            for i, given in bulk.attributes.items():
                for key, value in given.items():
                    values.setdefault(key, {})[int(places[i])] = value
        columns: dict[str, SparseColumn] = {}
        for key, of_nodes in values.items():
            ids = sorted(of_nodes)
            columns[key] = SparseColumn(np.array(ids, np.int32), [of_nodes[i] for i in ids])
        return columns


def _encoded(values: Sequence[Any], code: Callable[[Any], int]) -> NDArray[np.int32]:
    """Return the code of each value."""
    if isinstance(values, CodedSequence):
        return np.array([code(value) for value in values.table], np.int32)[values.codes]
    return np.fromiter(map(code, values), np.int32, len(values))
