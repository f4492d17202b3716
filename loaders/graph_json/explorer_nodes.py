"""One of Model Explorer's graphs put under a node: namespaces as modules, nodes as operators, edges with shapes."""

import re
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from ...graph import GraphBuilder, NodeKind
from ...graph.roles import RESERVED
from ..checkpoint import short_attributes
from ..files import input_error, plain_text
from ..limits import LoadLimits
from ..operator_graph import Modules
from .described_tensor import Described, described
from .explorer_schema import Graph, Node

__all__ = ["add_graph"]

# How the PyTorch adapter calls a module: qualified class, "_" and the module's own name; the outermost has none.
_PYTORCH_MODULE = re.compile(r"((?:[A-Za-z_]\w*\.)+_*[A-Z][A-Za-z0-9]*)(?:_(\w+))?")
_INPUTS = frozenset(("graphinputs", "inputs", "input", "placeholder"))
_OUTPUTS = frozenset(("graphoutputs", "outputs", "output"))
_SHAPES = ("tensor_shape", "shape")
_TAG = "__tensor_tag"
_T = TypeVar("_T")


def add_graph(
    builder: GraphBuilder, modules: Modules, graph: Graph, under: int, path: str, limits: LoadLimits
) -> list[int]:
    """Add a graph's nodes and edges under a node, and return the handles of its nodes.

    Parameters
    ----------
    modules : Modules
        Keeps names unique.

    Raises
    ------
    InputError
        When two nodes have one id, or an edge comes from a node that is not there.
    """
    spaces = _Namespaces(builder, modules, under, path, limits)
    handles = [_add_node(builder, modules, node, spaces.handle(node.namespace or "")) for node in graph.nodes]
    position: dict[str, int] = {}
    for k, node in enumerate(graph.nodes):
        if position.setdefault(str(node.id), k) != k:
            problem = f"has two nodes {plain_text(str(node.id), 120)!r} in one graph"
            raise input_error(path, problem, "each node needs an id of its own")
    outputs, tags = _Said(graph.nodes, _output_of), _Said(graph.nodes, _tag_of)
    for k, node in enumerate(graph.nodes):
        incoming = node.incoming_edges or ()
        for edge in incoming:
            source = position.get(str(edge.source_node_id))
            if source is None:
                ends = [plain_text(str(name), 80) for name in (node.id, edge.source_node_id)]
                problem = f"node {ends[0]!r} has an edge from {ends[1]!r}, which is no node"
                raise input_error(path, problem, "sourceNodeId must be the id of a node")
            output, entry = str(edge.source_node_output_id or "0"), str(edge.target_node_input_id or "0")
            shape, dtype = outputs.of(source)[output]
            several = len(graph.nodes[source].outputs_metadata or ()) > 1
            builder.edge(
                handles[source],
                handles[k],
                shape=shape,
                dtype=dtype,
                source_port=plain_text(output, 80) if several else None,
                target_port=tags.of(k).get(entry) or (plain_text(entry, 80) if len(incoming) > 1 else None),
            )
    for namespace, attributes in (graph.group_node_attributes or {}).items():
        group = spaces.known(namespace)
        if group is not None:
            builder.annotate(group, **_apart(short_attributes(attributes or {})))
    return handles


class _Namespaces:
    """Modules by namespace, made when first asked for."""

    def __init__(self, builder: GraphBuilder, modules: Modules, under: int, path: str, limits: LoadLimits) -> None:
        self._builder, self._modules, self._path, self._limits = builder, modules, path, limits
        self._inner: dict[tuple[int, str], int] = {}
        self._known = {"": under}

    def handle(self, namespace: str) -> int:
        found = self._known.get(namespace)
        if found is not None:
            return found
        if namespace.count("/") >= self._limits.module_depth:
            problem = f"has a namespace of {namespace.count('/') + 1:,} levels"
            raise input_error(self._path, problem, f"at most {self._limits.module_depth} are shown")
        here = self._known[""]
        for part in filter(None, namespace.split("/")):
            inner = self._inner.get((here, part))
            if inner is None:
                if len(self._inner) >= self._limits.nodes:
                    raise input_error(
                        self._path, "has too many namespaces", f"at most {self._limits.nodes:,} are shown"
                    )
                inner = self._inner[here, part] = self._add(here, part)
            here = inner
        self._known[namespace] = here
        return here

    def known(self, namespace: str) -> int | None:
        """Return the module of a namespace that nodes are in."""
        here: int | None = self._known[""]
        for part in filter(None, namespace.split("/")):
            here = self._inner.get((here, part)) if here is not None else None
        return here

    def _add(self, parent: int, part: str) -> int:
        of_pytorch = _PYTORCH_MODULE.fullmatch(part)
        shown = (of_pytorch[2] or of_pytorch[1].rpartition(".")[2]) if of_pytorch else part
        name = plain_text(shown, 200).replace(".", "_")
        handle = self._builder.node(parent, self._modules.unique(parent, name))
        self._builder.annotate(handle, **{"class": of_pytorch[1] if of_pytorch else None})
        return handle


def _add_node(builder: GraphBuilder, modules: Modules, node: Node, parent: int) -> int:
    label = node.label or str(node.id)
    known = {a.key: a.value for a in node.attrs or ()}
    name = modules.unique(parent, _name(node, label))
    shape, dtype = _output_of(node)["0"]
    if _is_weight(node, known) and shape is not None and dtype is not None and min(shape, default=0) >= 0:
        # Described, not stored: it counts as parameters, not as bytes.
        handle = builder.tensor(parent, name, shape, dtype, nbytes=0, elements=0)
        builder.annotate(handle, **_apart(short_attributes(known)))
    else:
        kind, direction = _kind(node, label)
        handle = builder.node(parent, name, kind)
        builder.annotate(handle, **_apart(short_attributes(known)))
        builder.annotate(handle, operator=plain_text(label, 200), direction=direction)
    builder.annotate(handle, id=plain_text(str(node.id), 200))
    if node.subgraph_ids:
        builder.annotate(handle, subgraphs=[plain_text(str(name), 80) for name in node.subgraph_ids[:16]])
    return handle


def _name(node: Node, label: str) -> str:
    """Return the id where it is a name, without the namespace that it may begin with; else the label."""
    text = str(node.id)
    if text.isdecimal() or not text:
        text = label
    text = text.removeprefix(f"{node.namespace}/") if node.namespace else text
    return plain_text(text, 200).replace(".", "_") or "(unnamed)"


def _kind(node: Node, label: str) -> tuple[NodeKind, str | None]:
    word = label.lower()
    if not node.incoming_edges and (word in _INPUTS or (node.namespace or "").lower() in _INPUTS):
        return NodeKind.VALUE, "input"
    if node.incoming_edges and not node.outputs_metadata and word in _OUTPUTS:
        return NodeKind.VALUE, "output"
    return NodeKind.OPERATOR, None


def _is_weight(node: Node, known: dict[str, Any]) -> bool:
    """Return whether the PyTorch adapter says that an input is a parameter or buffer of the model."""
    return node.namespace == "inputs" and not node.incoming_edges and known.get("target") not in (None, "None")


class _Said(Generic[_T]):
    """What nodes say of their inputs or outputs by id: read once for all edges at one of them."""

    def __init__(self, nodes: Sequence[Node], read: Callable[[Node], dict[str, _T]]) -> None:
        self._nodes, self._read = nodes, read
        self._known: dict[int, dict[str, _T]] = {}

    def of(self, node: int) -> dict[str, _T]:
        known = self._known.get(node)
        if known is None:
            known = self._known[node] = self._read(self._nodes[node])
        return known


class _Outputs(dict[str, Described]):
    """Outputs by id; one alone answers to any: the PyTorch adapter counts users where it should count outputs."""

    def __missing__(self, name: str) -> Described:
        return next(iter(self.values())) if len(self) == 1 else (None, None)


def _output_of(node: Node) -> dict[str, Described]:
    found = _Outputs()
    for item in node.outputs_metadata or ():
        facts = {attribute.key: attribute.value for attribute in item.attrs or ()}
        shape = next((facts[key] for key in _SHAPES if key in facts), None)
        found[str(item.id)] = described({"shape": shape, "dtype": facts.get("dtype")})
    return found


def _tag_of(node: Node) -> dict[str, str]:
    found: dict[str, str] = {}
    for item in node.inputs_metadata or ():
        for attribute in item.attrs or ():
            if attribute.key == _TAG and isinstance(attribute.value, str):
                found[str(item.id)] = plain_text(attribute.value, 80)
    return found


def _apart(values: dict[str, Any]) -> dict[str, Any]:
    """Keep attributes apart from those that the viewer takes at their word."""
    return {f"module.{key}" if key in RESERVED else key: value for key, value in values.items()}
