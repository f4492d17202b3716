"""Our own export (schema 1, `layout.export`) back into the graph that it was made of.

Boxes, lines, ports and paths are not read: they follow from the graph. Typed decoding skips them, which takes a fourth
of the time and a third of the memory of a plain parse (DeepSeek-V3, 75 MB: 0.6 s and 180 MB).
"""

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from msgspec import UNSET, UnsetType
from numpy.typing import NDArray

from ...graph import Edges, ModelGraph, ShapeCodes, SparseColumn
from ...graph.counting import element_count
from ...graph.kinds import EdgeKind, NodeKind, Provenance
from ...graph.signatures import signatures
from ..checked_json import decode
from ..files import input_error, plain_text
from ..limits import LoadLimits
from ..untyped import is_sequence

__all__ = ["load_export"]

_REMEDY = "what 'archviz3d export -o x.json' writes (schema 1) would be right"
_MAX_RANK = 64
_MAX_INT = 2**63
_MAX_NESTING = 4  # of lists in an attribute
_KEYS = (9, 4, 2)  # that every node, every edge and the document must have
_SKIPPED = (b'"path":', b'"box":', b'"points":', b'"drawn":', b'"ports":', b'"backward":', b'"arrangement":')
# What summary and viewer take at their word.
_COUNTS = frozenset(
    """experts head_dim heads hidden_size kv_heads layers qk_head_dim shared_experts slice_index top_k
    vocab_size""".split()  # noqa: SIM905
)
_TEXTS = frozenset(("architecture", "class", "direction", "model_type", "operator", "role", "slice_of", "tied_to"))


class _Node(msgspec.Struct, gc=False):
    id: int
    parent: int
    kind: str
    name: str
    parameters: int
    bytes: int
    shape: tuple[int, ...] | None
    dtype: str | None
    provenance: str
    attributes: dict[str, Any] | UnsetType = UNSET
    elements: int | UnsetType = UNSET
    file: int | UnsetType = UNSET
    offset: int | UnsetType = UNSET


class _Edge(msgspec.Struct, gc=False):
    source: int
    target: int
    kind: str
    provenance: str
    shape: tuple[int, ...] | UnsetType = UNSET
    dtype: str | UnsetType = UNSET
    source_port: str | UnsetType = UNSET
    target_port: str | UnsetType = UNSET


class _Document(msgspec.Struct):
    schema: int
    nodes: list[_Node]
    name: str | UnsetType = UNSET
    format: str | UnsetType = UNSET
    files: list[str] | UnsetType = UNSET
    warnings: list[str] | UnsetType = UNSET
    edges: list[_Edge] | UnsetType = UNSET


_DECODER = msgspec.json.Decoder(_Document)


def load_export(raw: bytes, path: str, limits: LoadLimits) -> ModelGraph:
    """Return the graph of an export.

    JSON has no infinite numbers: attributes that are none come back as NaN.

    Parameters
    ----------
    raw : bytes
        UTF-8 without a byte order mark.

    Raises
    ------
    InputError
        When it is no export of schema 1, or contradicts itself.
    """
    if raw.count(b'"parent"') > limits.nodes:
        raise input_error(path, "has too many nodes", f"at most {limits.nodes:,} are shown")
    try:
        document = _DECODER.decode(raw)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise input_error(path, f"is no export of a model ({reason})", _REMEDY) from error
    if document.schema != 1:
        raise input_error(path, f"is an export of schema {document.schema}", "this version of archviz3d reads schema 1")
    if not document.nodes:
        raise input_error(path, "holds no node", _REMEDY)
    edges = document.edges or []
    if len(edges) > limits.edges:
        raise input_error(path, "has too many edges", f"at most {limits.edges:,} are shown")
    _check_keys(raw, document, path, limits)
    return _Export(path, limits).graph(document, edges)


def _check_keys(raw: bytes, document: _Document, path: str, limits: LoadLimits) -> None:
    """Refuse a key that occurs twice in an object, which typed decoding does not notice.

    As many keys as the decoded document has prove that none was lost. What cannot be counted this way (keys that are
    not read, a colon after white space, an escaped quote) goes through the slow decoder, which sees every pair.
    """
    nodes, edges = document.nodes, document.edges or []
    known = _present(nodes) + _present(edges) + _present([document]) + sum(map(raw.count, _SKIPPED))
    known += sum(len(node.attributes) for node in nodes if node.attributes)
    spaced = any(raw.find(space + b":") >= 0 for space in (b" ", b"\t", b"\r", b"\n"))
    if spaced or raw.count(b'":') != known:
        decode(raw, path, limits)


def _present(structs: Sequence[msgspec.Struct]) -> int:
    """Return how many fields were in the JSON."""
    if not structs:
        return 0
    names = structs[0].__struct_fields__
    return sum(value is not UNSET for struct in structs for value in (getattr(struct, name) for name in names))


class _Codes(dict[Any, int]):
    """Value -> code; a new value gets the next one."""

    def __missing__(self, value: Any) -> int:
        code = self[value] = len(self)
        return code


class _Export:
    """An export's tables under construction.

    Parameters
    ----------
    path : str
        Of the file, for errors.
    limits : LoadLimits
    """

    def __init__(self, path: str, limits: LoadLimits) -> None:
        self._path, self._limits = path, limits
        self._names, self._shapes, self._dtypes = _Codes(), ShapeCodes(), _Codes()

    def graph(self, document: _Document, edges: list[_Edge]) -> ModelGraph:
        """Return the graph, whose ids are the document's."""
        nodes, files = document.nodes, document.files or []
        parent, size, depth = self._tree(nodes)
        self._names[""] = 0  # the root's name is the model's
        name_code = self._coded([node.name for node in nodes], self._names)
        name_code[0] = 0
        kind = self._enumerated([node.kind for node in nodes], NodeKind, "kind")
        provenance = self._enumerated([node.provenance for node in nodes], Provenance, "provenance")
        shape_code = self._coded([node.shape for node in nodes], self._shapes)
        dtype_code = self._coded([node.dtype for node in nodes], self._dtypes)
        edge_columns = self._edges(edges, len(nodes))
        shapes, names = tuple(self._shapes), self._plain_names()
        self._check_shapes(shapes)
        usual = np.array([element_count(shape) for shape in shapes] + [0], np.int64)[shape_code].tolist()
        elements = [usual[i] if node.elements is UNSET else node.elements for i, node in enumerate(nodes)]
        file = [-1 if node.file is UNSET else node.file for node in nodes]
        offset = [-1 if node.offset is UNSET else node.offset for node in nodes]
        return ModelGraph(
            parent=parent,
            size=size,
            depth=depth,
            kind=kind,
            provenance=provenance,
            name_code=name_code,
            parameters=self._summable([node.parameters for node in nodes], "parameters"),
            elements=self._summable(elements, "elements"),
            bytes=self._summable([node.bytes for node in nodes], "bytes"),
            shape_code=shape_code,
            dtype_code=dtype_code,
            file_code=self._within(file, -1, len(files), "file").astype(np.int32),
            offset=self._within(offset, -1, _MAX_INT, "offset"),
            signature=signatures(parent, size, kind, name_code, names, shape_code, shapes),
            names=names,
            shapes=shapes,
            dtypes=tuple(plain_text(dtype, 80) for dtype in self._dtypes),
            files=tuple(files),
            edges=edge_columns,
            attributes=self._attributes(nodes),
            name=plain_text(document.name or nodes[0].name),
            format=plain_text(document.format or "archviz3d export"),
            source=self._path,
            warnings=tuple(plain_text(warning, 4000) for warning in document.warnings or ()),
        )

    # ---------------------------------------------------------------- columns
    def _tree(self, nodes: list[_Node]) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
        """Return parent, size and depth of nodes that must be in depth-first pre-order."""
        parents = [node.parent for node in nodes]
        ids = [node.id for node in nodes]
        if ids != list(range(len(ids))) or parents[0] != -1:
            raise input_error(self._path, "numbers its nodes in another way than 0, 1, 2 ... from the root", _REMEDY)
        size, depth = [1] * len(parents), [0] * len(parents)
        above = [0]  # the nodes from the root to the one before
        for i in range(1, len(parents)):
            while above and above[-1] != parents[i]:
                above.pop()
            if not above:
                problem = f"has node {i} under node {parents[i]}, which is not open there"
                raise input_error(self._path, problem, "nodes must follow each other in depth-first order")
            depth[i] = len(above)
            above.append(i)
        if max(depth) > self._limits.module_depth:
            problem = f"nests nodes {max(depth)} deep"
            raise input_error(self._path, problem, f"at most {self._limits.module_depth} levels are shown")
        for i in range(len(parents) - 1, 0, -1):
            size[parents[i]] += size[i]
        return np.array(parents, np.int32), np.array(size, np.int32), np.array(depth, np.int32)

    def _edges(self, edges: list[_Edge], nodes: int) -> Edges:
        return Edges(
            self._within([edge.source for edge in edges], 0, nodes, "edge from").astype(np.int32),
            self._within([edge.target for edge in edges], 0, nodes, "edge to").astype(np.int32),
            self._enumerated([edge.kind for edge in edges], EdgeKind, "kind"),
            self._enumerated([edge.provenance for edge in edges], Provenance, "provenance"),
            self._coded([edge.shape for edge in edges], self._shapes),
            self._coded([edge.dtype for edge in edges], self._dtypes),
            self._coded([edge.source_port for edge in edges], self._names),
            self._coded([edge.target_port for edge in edges], self._names),
        )

    def _attributes(self, nodes: list[_Node]) -> dict[str, SparseColumn]:
        found: dict[str, tuple[list[int], list[Any]]] = {}
        for i, node in enumerate(nodes):
            for key, value in (node.attributes or {}).items():
                column = found.get(key)
                if column is None:
                    column = found[key] = ([], [])
                column[0].append(i)
                column[1].append(value)
        return {
            plain_text(key): SparseColumn(np.array(ids, np.int32), [self._attribute(key, value) for value in values])
            for key, (ids, values) in found.items()
        }

    def _attribute(self, key: str, value: Any, depth: int = 0) -> Any:
        if is_sequence(value) and depth < _MAX_NESTING and key not in _COUNTS | _TEXTS:
            return [self._attribute("", item, depth + 1) for item in value]
        if key in _COUNTS:
            fits = type(value) is int and 0 <= value < _MAX_INT
        elif key in _TEXTS:
            fits = isinstance(value, str)
        else:
            fits = isinstance(value, str | float | None) or (isinstance(value, int) and -_MAX_INT <= value < _MAX_INT)
        if not fits:
            problem = f"has an attribute {plain_text(key, 80)!r} of an unknown kind: {plain_text(repr(value), 80)}"
            raise input_error(self._path, problem, _REMEDY)
        return float("nan") if value is None else value

    # ---------------------------------------------------------------- checks of one column
    def _coded(self, values: list[Any], codes: dict[Any, int]) -> NDArray[np.int32]:
        return np.fromiter(
            (-1 if value is None or value is UNSET else codes[value] for value in values), np.int32, len(values)
        )

    def _enumerated(
        self, values: list[str], known: type[NodeKind] | type[EdgeKind] | type[Provenance], what: str
    ) -> NDArray[np.uint8]:
        numbers = {member.name.lower(): member.value for member in known}
        try:
            return np.fromiter(map(numbers.__getitem__, values), np.uint8, len(values))
        except KeyError as error:
            problem = f"has the {what} {plain_text(str(error.args[0]), 80)!r}, which is not known here"
            raise input_error(self._path, problem, f"one of {', '.join(numbers)}") from None

    def _within(self, values: list[int], least: int, end: int, what: str) -> NDArray[np.int64]:
        if values and not least <= min(values) <= max(values) < end:
            wrong = next(value for value in values if not least <= value < end)
            raise input_error(self._path, f"has the {what} {wrong}, which is none", _REMEDY)
        return np.array(values, np.int64)

    def _summable(self, values: list[int], what: str) -> NDArray[np.int64]:
        """Return numbers whose sum over the whole model is one, too."""
        if min(values) < 0 or sum(values) >= _MAX_INT:
            raise input_error(self._path, f"has {what} that no model has", _REMEDY)
        return np.array(values, np.int64)

    def _check_shapes(self, shapes: tuple[tuple[int, ...], ...]) -> None:
        for shape in shapes:
            if len(shape) > _MAX_RANK or not all(-1 <= dimension < _MAX_INT for dimension in shape):
                problem = f"has the shape {plain_text(str(list(shape)), 120)}"
                raise input_error(self._path, problem, f"at most {_MAX_RANK} dimensions are read")

    def _plain_names(self) -> tuple[str, ...]:
        """Return the names as a tree can show them; where there are dots, paths would lead elsewhere."""
        return tuple(plain_text(name, 12 * len(name)).replace(".", "_") for name in self._names)
