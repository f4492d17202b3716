"""A model's own functions: how many nodes a call stands for, known before a call is built."""

from collections.abc import Iterator
from dataclasses import dataclass

from ..files import plain_text
from .messages import Function, Graph, Node, nodes_of, read_function, read_graph
from .wire import Buffer, WireError

__all__ = ["Definition", "Functions", "subgraph"]

_Key = tuple[str, str, str]
_MAX_SUBGRAPHS = 32  # in one another: messages nested 97 deep, and protobuf's own readers stop at 100


@dataclass(slots=True)
class Definition:
    """A function, its nodes read once, and how many nodes a call of it makes: operators and containers of calls."""

    function: Function
    nodes: list[Node]
    size: int = 0


class Functions:
    """The functions of a model by domain, name and overload.

    Parameters
    ----------
    data : bytes or mmap
        The file.
    spans : list of (int, int)
        Where they are in it.
    room : int
        Most nodes of all functions together, and of one call.

    Attributes
    ----------
    written : int
        Nodes of all functions, as they stand in the file.

    Raises
    ------
    WireError
        When a function calls itself, however indirectly, or one call stands for too much.
    """

    def __init__(self, data: Buffer, spans: list[tuple[int, int]], room: int) -> None:
        self._data = data
        self._room = room
        self.written = 0
        self._known: dict[_Key, Definition] = {}
        for span in spans:
            function = read_function(data, *span, room)
            key = (_domain(function.domain), function.name, function.overload)
            if key in self._known:
                raise WireError(f"defines the function {plain_text(function.name, 120)!r} twice")
            room -= len(function.nodes) // 2
            self.written += len(function.nodes) // 2
            self._known[key] = Definition(function, list(nodes_of(data, function.nodes)))
        self._count()

    def called_by(self, node: Node) -> Definition | None:
        """Return the function that a node calls, None when it is an operator."""
        return self._known.get((_domain(node.domain), node.operator, node.overload)) if self._known else None

    def _count(self) -> None:
        """Note on each function how many nodes a call of it stands for; doubling is seen before it is built."""
        done: set[int] = set()
        for start in self._known.values():
            open_ones: set[int] = set()
            todo: list[Definition] = [start]
            while todo:
                here = todo[-1]
                if id(here) in done:
                    todo.pop()
                elif id(here) in open_ones:  # all that it calls has been counted
                    todo.pop()
                    here.size = sum(1 if callee is None else 1 + callee.size for callee in self._steps(here))
                    if here.size > self._room:
                        name = plain_text(here.function.name, 120)
                        raise WireError(f"has a function {name!r} that stands for {here.size:,} operators a call")
                    done.add(id(here))
                else:
                    open_ones.add(id(here))
                    for callee in self._steps(here):
                        if callee is not None and id(callee) not in done:
                            if id(callee) in open_ones:
                                name = plain_text(callee.function.name, 120)
                                raise WireError(f"has a function {name!r} that calls itself")
                            todo.append(callee)

    def _steps(self, definition: Definition) -> Iterator[Definition | None]:
        """Yield for every node of a function, subgraphs included, what it calls; None for an operator."""
        for node in _with_subgraphs(self._data, definition.nodes, self._room):
            yield self.called_by(node)


def _with_subgraphs(data: Buffer, nodes: list[Node], room: int) -> Iterator[Node]:
    todo = [(node, 0) for node in reversed(nodes)]
    while todo:
        node, depth = todo.pop()
        yield node
        for attribute in node.attributes:
            for span in attribute.graphs:
                graph = subgraph(data, span, depth, room)
                room -= len(graph.nodes) // 2
                todo += [(inner, depth + 1) for inner in nodes_of(data, graph.nodes)]


def subgraph(data: Buffer, span: tuple[int, int], depth: int, room: int) -> Graph:
    """Read a subgraph that lies in `depth` others."""
    if depth >= _MAX_SUBGRAPHS:
        raise WireError(f"has more than {_MAX_SUBGRAPHS} graphs in one another")
    return read_graph(data, *span, room)


def _domain(domain: str) -> str:
    return "" if domain == "ai.onnx" else domain
