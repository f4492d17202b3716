"""Collections of Model Explorer's graphs into one tree: a graph stands in the node that goes into it."""

from collections.abc import Sequence

from ...graph import GraphBuilder, ModelGraph
from ..files import input_error, plain_text
from ..huggingface import display_name
from ..limits import LoadLimits
from ..operator_graph import Modules
from .explorer_nodes import add_graph
from .explorer_schema import Collection, Graph

__all__ = ["load_collections"]

_MAX_LISTED = 5


def load_collections(collections: Sequence[Collection], path: str, limits: LoadLimits) -> ModelGraph:
    """Return the graph of one or more collections.

    One graph hangs on the root, several hang on nodes of their own. A graph that exactly one node refers to stands in
    that node; of others, nodes say the name. Nothing is repeated, so nothing can grow beyond the file.

    Raises
    ------
    InputError
        When an edge comes from an unknown node, ids occur twice, or graphs contain each other.
    """
    graphs = [graph for collection in collections for graph in collection.graphs]
    nodes = sum(len(graph.nodes) for graph in graphs)
    if not nodes:
        raise input_error(path, "holds no node", "a Model Explorer graph with nodes is needed")
    if nodes + len(graphs) > min(limits.nodes, limits.operators):
        raise input_error(path, "has too many nodes", f"at most {min(limits.nodes, limits.operators):,} are shown")
    if sum(len(node.incoming_edges or ()) for graph in graphs for node in graph.nodes) > limits.edges:
        raise input_error(path, "has too many edges", f"at most {limits.edges:,} are shown")
    label = collections[0].label if len(collections) == 1 else ""
    builder = GraphBuilder(plain_text(label or display_name(path).removesuffix(".json")), "Model Explorer graph", path)
    modules = Modules(builder)
    for collection in collections:
        under = 0
        if len(collections) > 1:
            under = builder.node(0, modules.unique(0, _name(collection.label or "graphs")))
        _Collection(builder, modules, collection.graphs, path, limits).add(under)
    return builder.build()


class _Collection:
    """The graphs of one collection, and which node goes into which of them."""

    def __init__(
        self, builder: GraphBuilder, modules: Modules, graphs: Sequence[Graph], path: str, limits: LoadLimits
    ) -> None:
        self._builder, self._modules, self._path, self._limits = builder, modules, path, limits
        self._graphs = graphs
        self._index: dict[str, int] = {}
        for k, graph in enumerate(graphs):
            if self._index.setdefault(str(graph.id), k) != k:
                problem = f"has two graphs {plain_text(str(graph.id), 120)!r}"
                raise input_error(path, problem, "each graph needs an id of its own")
        self._callers: dict[int, list[tuple[int, int]]] = {}  # graph -> (graph, node) that go into it
        missing: dict[str, None] = {}
        for k, graph in enumerate(graphs):
            for i, node in enumerate(graph.nodes):
                for name in dict.fromkeys(map(str, node.subgraph_ids or ())):
                    if name in self._index:
                        self._callers.setdefault(self._index[name], []).append((k, i))
                    else:
                        missing[name] = None
        if missing:
            listed = ", ".join(plain_text(name, 60) for name in list(missing)[:_MAX_LISTED])
            builder.warn(f"{len(missing)} graphs that nodes go into are not in the file: {listed}")
        self._refuse_cycles()

    def add(self, under: int) -> None:
        """Add all graphs: those that stand in no node first, then those in their nodes."""
        inner: dict[int, list[tuple[int, int]]] = {}  # graph -> its nodes, and the graphs that stand in them
        tops: list[int] = []
        for k in range(len(self._graphs)):
            callers = self._callers.get(k, [])
            if len(callers) == 1:
                inner.setdefault(callers[0][0], []).append((callers[0][1], k))
            else:
                tops.append(k)
        todo = [(k, under if len(tops) == 1 else self._node(under, k)) for k in tops]
        while todo:
            k, place = todo.pop()
            handles = add_graph(self._builder, self._modules, self._graphs[k], place, self._path, self._limits)
            todo.extend((j, self._node(handles[i], j)) for i, j in inner.get(k, ()))

    def _node(self, parent: int, graph: int) -> int:
        return self._builder.node(parent, self._modules.unique(parent, _name(str(self._graphs[graph].id) or "graph")))

    def _refuse_cycles(self) -> None:
        """Take away graphs that no graph left goes into; what stays goes round in a circle."""
        into: dict[int, set[int]] = {k: set() for k in range(len(self._graphs))}
        for k, callers in self._callers.items():
            for caller, _ in callers:
                into[caller].add(k)
        waiting = {k: len({caller for caller, _ in self._callers.get(k, ())}) for k in into}
        free = [k for k, count in waiting.items() if not count]
        while free:
            k = free.pop()
            del waiting[k]
            for inner in into[k]:
                waiting[inner] -= 1
                if not waiting[inner]:
                    free.append(inner)
        if waiting:
            name = plain_text(str(self._graphs[next(iter(waiting))].id), 120)
            raise input_error(self._path, f"has a graph {name!r} that contains itself", "graphs must not go in circles")


def _name(text: str) -> str:
    return plain_text(text, 200).replace(".", "_") or "(unnamed)"
