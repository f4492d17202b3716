"""The one way to make a ModelGraph: nodes one by one, or tensors in bulk by dotted name."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .columns import CodedSequence, Edges, SparseColumn
from .counting import logical_parameters
from .dotted import Fragment, NameTable, numeric_key, tree_of_names
from .grouping import group_equal
from .kinds import EdgeKind, NodeKind, Provenance
from .model_graph import ModelGraph
from .signatures import signatures

__all__ = ["GraphBuilder"]


class _Codes(dict[tuple[int, ...], int]):
    """Shape -> code; a new shape gets the next one, so that a C-level map can look up 92k in 6 ms."""

    def __missing__(self, shape: tuple[int, ...]) -> int:
        code = self[shape] = len(self)
        return code


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

    def append(self, *values: int) -> int:
        for name, value in zip(self.__slots__, values, strict=True):
            getattr(self, name).append(value)
        return len(self.parent) - 1


@dataclass(slots=True)
class _Bulk:
    """Tensors added by dotted names: a fragment and one value a name; `row` stands for all of them."""

    row: int
    fragment: Fragment
    shape_code: NDArray[np.int32]
    dtype_code: NDArray[np.int32]
    file_code: NDArray[np.int32]
    offset: NDArray[np.int64]
    nbytes: NDArray[np.int64]

    def columns(self, start: int, under: int, depth: int) -> dict[str, NDArray[Any]]:
        """Return the columns of the fragment's nodes, placed from `start` on under node `under`."""
        tree = self.fragment
        is_leaf = tree.leaf >= 0
        leaf = tree.leaf[is_leaf]

        def spread(values: NDArray[Any], nothing: int) -> NDArray[Any]:
            column = np.full(len(is_leaf), nothing, values.dtype)
            column[is_leaf] = values[leaf]
            return column

        return {
            "parent": np.where(tree.parent < 0, under, tree.parent + start),
            "size": tree.size,
            "depth": tree.depth + depth,
            "name_code": tree.name_code,
            "kind": np.where(is_leaf, NodeKind.TENSOR, NodeKind.MODULE),
            "provenance": np.full(len(is_leaf), Provenance.DECLARED),
            "shape_code": spread(self.shape_code, -1),
            "dtype_code": spread(self.dtype_code, -1),
            "file_code": spread(self.file_code, -1),
            "offset": spread(self.offset, -1),
            "bytes": spread(self.nbytes, 0),
            "elements": np.where(is_leaf, -1, 0),
            "parameters": np.where(is_leaf, -1, 0),
        }


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
    """

    def __init__(self, name: str, format: str, source: str = "") -> None:
        self._name, self._format, self._source = name, format, source
        self._names = NameTable()
        self._shapes = _Codes()
        self._dtypes = NameTable()
        self._files = NameTable()
        self._rows = _Rows()
        self._bulks: list[_Bulk] = []
        self._edges: list[tuple[int, int, int, int, int, int, int, int]] = []
        self._attributes: dict[str, dict[int, Any]] = {}
        self._warnings: list[str] = []
        self._rows.append(-1, self._names.code(""), NodeKind.MODEL, Provenance.DECLARED, -1, -1, -1, -1, 0, 0, 0)

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
            Provenance.DECLARED,
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
    ) -> None:
        """Add many tensors at once; the dots in their names make the modules.

        Parameters
        ----------
        names, dtypes, shapes, nbytes, files, offsets : sequence, length T
            One entry a tensor; ``files`` are positions in `file_names`. A `CodedSequence` of dtypes or shapes
            costs nothing a tensor.
        under : int
            Handle of the node that they hang on.

        Raises
        ------
        ValueError
            When a name occurs twice.
        """
        file_codes = np.array([self._files.code(name) for name in file_names] or [-1], np.int32)
        row = self._rows.append(under, -1, NodeKind.MODULE, Provenance.DECLARED, -1, -1, -1, -1, 0, 0, 0)
        self._bulks.append(
            _Bulk(
                row,
                tree_of_names(names, self._names),
                _encoded(shapes, self._shapes.__getitem__),
                _encoded(dtypes, self._dtypes.code),
                file_codes[np.asarray(files, np.int64)],
                np.asarray(offsets, np.int64),
                np.asarray(nbytes, np.int64),
            )
        )

    def annotate(self, handle: int, /, **attributes: Any) -> None:
        """Set attributes of a node made by `node` or `tensor`; None values are left out."""
        for key, value in attributes.items():
            if value is not None:
                self._attributes.setdefault(key, {})[handle] = value

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
        position, size, depth = _preorder(self._rows, self._weights(), names)
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
        # 2**63 - 1 stands for any product beyond it: loaders refuse shapes that exceed their file.
        sizes = np.array([max(min(prod(s), 2**63 - 1), 0) for s in shapes] + [0], np.int64)
        elements = np.where(elements < 0, sizes[code], elements)
        asked = np.flatnonzero((parameters < 0) & (code >= 0))
        key = (columns["name_code"][asked] * np.int64(len(dtypes) + 1) + columns["dtype_code"][asked]) * np.int64(
            len(shapes) + 1
        ) + code[asked]
        first, group = group_equal(key)
        counted = [
            min(
                logical_parameters(names[columns["name_code"][i]], dtypes[columns["dtype_code"][i]], shapes[code[i]]),
                2**63 - 1,
            )
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
        columns: dict[str, SparseColumn] = {}
        for key, values in self._attributes.items():
            handles = np.fromiter(values, np.int64, len(values))
            rank = np.argsort(position[handles])
            listed = list(values.values())
            columns[key] = SparseColumn(position[handles][rank], [listed[k] for k in rank.tolist()])
        return columns


def _encoded(values: Sequence[Any], code: Callable[[Any], int]) -> NDArray[np.int32]:
    """Return the code of each value."""
    if isinstance(values, CodedSequence):
        return np.array([code(value) for value in values.table], np.int32)[values.codes]
    return np.fromiter(map(code, values), np.int32, len(values))


def _preorder(
    rows: _Rows, weights: list[int], names: tuple[str, ...]
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """Return the pre-order position, subtree size and depth of each row; parents come before children.

    Siblings keep their order, except that siblings whose names are all plain numbers sort by number.
    """
    n = len(weights)
    parent, code = rows.parent, rows.name_code
    size, depth, offset, used = list(weights), [0] * n, [0] * n, [1] * n
    for i in range(n - 1, 0, -1):
        size[parent[i]] += size[i]
    decimal = [name.isdecimal() for name in names]
    numbered: dict[int, list[int]] = {}
    plain: set[int] = set()
    for i in range(1, n):
        p = parent[i]
        depth[i] = depth[p] + 1
        offset[i] = used[p]
        used[p] += size[i]
        if code[i] < 0 or not decimal[code[i]]:
            plain.add(p)
        else:
            numbered.setdefault(p, []).append(i)
    for p, children in numbered.items():
        if p not in plain and len(children) > 1:
            at = 1
            for i in sorted(children, key=lambda i: numeric_key(names[code[i]])):
                offset[i] = at
                at += size[i]
    position = [0] * n
    for i in range(1, n):
        position[i] = position[parent[i]] + offset[i]
    return np.array(position, np.int32), np.array(size, np.int32), np.array(depth, np.int32)
