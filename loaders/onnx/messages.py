"""The messages of an ONNX file, as far as they tell what a model is made of.

Field numbers after https://github.com/onnx/onnx/blob/main/onnx/onnx.proto. Nodes and subgraphs stay spans of the
file until they are asked for: a graph of 10^6 operators is never there as objects.
"""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from .parts import Attribute, Tensor, Typed, read_attribute, read_entry, read_sparse, read_tensor, read_typed, span
from .wire import Buffer, WireError, fields, signed, text

__all__ = ["Function", "Graph", "Model", "Node", "nodes_of", "read_function", "read_graph", "read_model"]

_MAX_FIELDS = 2**16  # of a node; a Concat of all experts has some hundred inputs
# What torch.onnx's exporter notes on a node; the rest (stack traces, fx nodes) is not read.
_NOTED = frozenset(("pkg.torch.onnx.name_scopes", "pkg.torch.onnx.class_hierarchy"))


@dataclass(slots=True)
class Node:
    """A NodeProto."""

    name: str = ""
    operator: str = ""
    domain: str = ""
    overload: str = ""
    inputs: list[str] = field(default_factory=list[str])
    outputs: list[str] = field(default_factory=list[str])
    attributes: list[Attribute] = field(default_factory=list[Attribute])
    notes: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(slots=True)
class Graph:
    """A GraphProto; ``nodes`` holds start and end of each node, one after the other."""

    nodes: "array[int]" = field(default_factory=lambda: array("q"))
    initializers: list[Tensor] = field(default_factory=list[Tensor])
    inputs: list[Typed] = field(default_factory=list[Typed])
    outputs: list[Typed] = field(default_factory=list[Typed])
    values: list[Typed] = field(default_factory=list[Typed])
    quantized: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])


@dataclass(slots=True)
class Function:
    """A FunctionProto."""

    name: str = ""
    domain: str = ""
    overload: str = ""
    inputs: list[str] = field(default_factory=list[str])
    outputs: list[str] = field(default_factory=list[str])
    defaults: dict[str, Attribute] = field(default_factory=dict[str, Attribute])
    nodes: "array[int]" = field(default_factory=lambda: array("q"))
    values: list[Typed] = field(default_factory=list[Typed])


@dataclass(slots=True)
class Model:
    """A ModelProto; graphs and functions are spans."""

    ir_version: int = 0
    facts: dict[str, Any] = field(default_factory=dict[str, Any])
    opsets: list[str] = field(default_factory=list[str])
    metadata: dict[str, str] = field(default_factory=dict[str, str])
    graph: tuple[int, int] | None = None
    functions: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    training: list[tuple[str, int, int]] = field(default_factory=list[tuple[str, int, int]])


def read_model(data: Buffer, end: int) -> Model:
    """Read the outermost message."""
    model = Model()
    texts = {2: "producer", 3: "producer_version", 4: "domain"}
    for number, wire, a, b in fields(data, 0, end):
        if number == 1:
            model.ir_version = a
        elif number in texts:
            model.facts[texts[number]] = text(data, wire, a, b)
        elif number == 5:
            model.facts["model_version"] = signed(a)
        elif number == 7:
            if model.graph is not None:
                raise WireError("has two graphs")
            model.graph = span(wire, a, b)
        elif number == 8:
            model.opsets.append(_opset(data, *span(wire, a, b)))
        elif number == 14:
            read_entry(data, *span(wire, a, b), model.metadata, None)
        elif number == 20:
            names = {1: "initialization", 2: "algorithm"}
            model.training += [
                (names[n], *span(w, x, y)) for n, w, x, y in fields(data, *span(wire, a, b)) if n in names
            ]
        elif number == 25:
            model.functions.append(span(wire, a, b))
    return model


def read_graph(data: Buffer, at: int, end: int, room: int) -> Graph:
    """Read a graph, its nodes as spans.

    Raises
    ------
    WireError
        When it has more than `room` nodes, or twice as many tensors and values.
    """
    graph = Graph()
    most = 3 * room
    for number, wire, a, b in fields(data, at, end):
        most -= 1
        if most < 0 or len(graph.nodes) > 2 * room:
            raise WireError(f"has more than {room:,} operators, tensors and values")
        if number == 1:
            graph.nodes.extend(span(wire, a, b))
        elif number == 5:
            graph.initializers.append(read_tensor(data, *span(wire, a, b)))
        elif number == 15:
            graph.initializers.append(read_sparse(data, *span(wire, a, b)))
        elif number == 11:
            graph.inputs.append(read_typed(data, *span(wire, a, b)))
        elif number == 12:
            graph.outputs.append(read_typed(data, *span(wire, a, b)))
        elif number == 13:
            graph.values.append(read_typed(data, *span(wire, a, b)))
        elif number == 14:
            _annotation(data, *span(wire, a, b), graph.quantized)
    return graph


def read_function(data: Buffer, at: int, end: int, room: int) -> Function:
    """Read a function, its nodes as spans."""
    function = Function()
    texts = {1: "name", 10: "domain", 13: "overload"}
    for number, wire, a, b in fields(data, at, end):
        room -= 1
        if room < 0:
            raise WireError("has too many operators in a function")
        if number in texts:
            setattr(function, texts[number], text(data, wire, a, b))
        elif number == 4:
            function.inputs.append(text(data, wire, a, b))
        elif number == 5:
            function.outputs.append(text(data, wire, a, b))
        elif number == 7:
            function.nodes.extend(span(wire, a, b))
        elif number == 11:
            attribute = read_attribute(data, *span(wire, a, b))
            function.defaults[attribute.name] = attribute
        elif number == 12:
            function.values.append(read_typed(data, *span(wire, a, b)))
    return function


def nodes_of(data: Buffer, spans: "array[int]") -> Iterator[Node]:
    """Yield the nodes at the starts and ends in `spans`, read one by one."""
    for k in range(0, len(spans), 2):
        yield _node(data, spans[k], spans[k + 1])


def _node(data: Buffer, at: int, end: int) -> Node:
    node = Node()
    room = _MAX_FIELDS
    for number, wire, a, b in fields(data, at, end):
        room -= 1
        if room < 0:
            raise WireError(f"has an operator of more than {_MAX_FIELDS:,} inputs, outputs and attributes")
        if number == 1:
            node.inputs.append(text(data, wire, a, b))
        elif number == 2:
            node.outputs.append(text(data, wire, a, b))
        elif number == 3:
            node.name = text(data, wire, a, b)
        elif number == 4:
            node.operator = text(data, wire, a, b)
        elif number == 5:
            node.attributes.append(read_attribute(data, *span(wire, a, b)))
        elif number == 7:
            node.domain = text(data, wire, a, b)
        elif number == 8:
            node.overload = text(data, wire, a, b)
        elif number == 9:
            read_entry(data, *span(wire, a, b), node.notes, _NOTED)
    return node


def _opset(data: Buffer, at: int, end: int) -> str:
    domain, version = "", 0
    for number, wire, a, b in fields(data, at, end):
        if number == 1:
            domain = text(data, wire, a, b)
        elif number == 2:
            version = signed(a)
    return f"{domain or 'ai.onnx'} {version}"


def _annotation(data: Buffer, at: int, end: int, into: dict[str, dict[str, str]]) -> None:
    name, parameters = "", dict[str, str]()
    for number, wire, a, b in fields(data, at, end):
        if number == 1:
            name = text(data, wire, a, b)
        elif number == 2:
            read_entry(data, *span(wire, a, b), parameters, None)
    into[name] = parameters
