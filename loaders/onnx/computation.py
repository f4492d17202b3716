"""The operators of an ONNX file put into a graph: calls of functions expanded, subgraphs inside their operators."""

from collections.abc import Callable
from math import prod
from typing import Any

from ...errors import InputError
from ...graph import GraphBuilder, NodeKind
from ..files import input_error, plain_text
from ..limits import LoadLimits
from ..operator_graph import Modules, Operator, OperatorGraph, Value
from .attributes import SHOWN_VALUES, shown_attributes, shown_values
from .data_types import NOT_TRAINED, dtype_name
from .frames import Frame
from .functions import Definition, Functions, subgraph
from .messages import Graph, Node, nodes_of
from .parts import Typed
from .scopes import Place, noted_place
from .stored import Storage
from .weights import Weight, Weights, common

__all__ = ["Computation"]


class Computation:
    """Operators, calls, subgraphs and initialisers on their way into a graph.

    Parameters
    ----------
    data : bytes or mmap
        The file.
    path : str
        For errors.
    builder : GraphBuilder
    functions : Functions
    limits : LoadLimits
    tell : callable
        Told how many nodes have been added.
    """

    def __init__(
        self,
        data: Any,
        path: str,
        builder: GraphBuilder,
        functions: Functions,
        limits: LoadLimits,
        tell: Callable[[int], None],
    ) -> None:
        self._data, self._path, self._builder = data, path, builder
        self._functions, self._limits, self._tell = functions, limits, tell
        self._modules = Modules(builder)
        self._flow = OperatorGraph(self._modules)
        self._storage = Storage(path)
        self._weights = Weights()
        self._frames = 0
        self._added = 0
        self._edges = 0
        self._parts = 0
        self._bodies: dict[tuple[int, int], Graph] = {}
        self._classes: set[tuple[str, ...]] = set()
        # Which operator makes a value, and where it stands: those that do not say where they stand are near it.
        self._near: dict[str, tuple[int, tuple[str, ...]]] = {}
        self._twice: list[str] = []
        self._main = Frame(iter(()))
        self.placed_by: dict[str, int] = {}

    # ---------------------------------------------------------------- graphs
    def add_main(self, graph: Graph) -> None:
        """Add the model's graph."""
        self._types(self._main, graph.inputs + graph.outputs + graph.values)
        self._initializers(self._main, graph)
        for value in graph.inputs:
            if value.name and value.name not in self._weights.by_key:  # up to IR 3 initialisers are listed, too
                self._flow.graph_input(value.name, plain_text(value.name, 200))
                self._near[value.name] = (0, ())
        self._main.nodes = nodes_of(self._data, graph.nodes)
        self._main.outputs = [value.name for value in graph.outputs if value.name]
        self._run(self._main)

    def add_beside(self, graph: Graph, scope: tuple[str, ...]) -> None:
        """Add a graph that trains the model: it stands beside it and sees its values."""
        if scope[:1] not in self._modules:
            handle = self._builder.node(0, self._modules.unique(0, scope[0]), NodeKind.OPTIMIZER)
            self._modules.hold(scope[:1], handle)
        self._run(self._body(self._main, graph, scope, ()))

    def finish(self) -> None:
        """Add initialisers and edges, and say what is odd."""
        for key in self._weights.by_key:
            handle = self._weights.add(key, self._builder, self._modules)
            self._flow.made_by(key, handle)
            self._check(handle, ())
        unknown = [key.split("\0")[0] for key in self._flow.connect()]
        for text, names in (("are used but made by nothing", unknown), ("are made more than once", self._twice)):
            if names:
                listed = ", ".join(plain_text(name, 80) for name in names[:5])
                self._builder.warn(f"{len(names):,} values {text}: {listed}{', ...' if len(names) > 5 else ''}")
        for warning in self._storage.warnings():
            self._builder.warn(plain_text(warning, 4000))

    def _run(self, first: Frame) -> None:
        """Add the nodes of a graph and of all that they call and contain, in order, without recursion."""
        frames = [first]
        while frames:
            node = next(frames[-1].nodes, None)
            if node is None:
                self._end(frames.pop())
                continue
            frames += reversed(self._add(frames[-1], node))
            if self._added % 5000 == 0:
                self._tell(self._added)

    def _end(self, frame: Frame) -> None:
        """Add what a graph puts out: values of its own, or of the graph around it."""
        for name in frame.outputs:
            self._flow.graph_output(frame.key(name), plain_text(name, 200), frame.base)

    def _body(
        self, outer: Frame, graph: Graph, base: tuple[str, ...], within: tuple[str, ...], subgraphs: int = 1
    ) -> Frame:
        """Return the frame of a graph inside another, its inputs and initialisers added."""
        self._frames += 1
        frame = Frame(
            nodes_of(self._data, graph.nodes),
            base,
            within,
            self._frames,
            outer=outer,
            arguments=outer.arguments,
            outputs=[value.name for value in graph.outputs if value.name],
            subgraphs=subgraphs,
        )
        self._spend(len(graph.inputs) + len(graph.outputs) + len(graph.values) + len(graph.initializers))
        for value in graph.inputs:
            self._flow.graph_input(frame.own(value.name), plain_text(value.name, 200), base)
        self._initializers(frame, graph)
        self._types(frame, graph.inputs + graph.outputs + graph.values)
        return frame

    def _body_at(self, span: tuple[int, int], depth: int) -> Graph:
        """Return a subgraph, read once: one in a function is there in each call."""
        graph = self._bodies.get(span)
        if graph is None:
            graph = subgraph(self._data, span, depth, self._limits.operators)
            if self._functions.written:
                self._bodies[span] = graph
        return graph

    def _spend(self, parts: int) -> None:
        """Count what nodes, calls and subgraphs are made of: a function has all of its own again in each call."""
        self._parts += parts
        if self._parts > self._limits.edges:
            raise self._too_many("has too many values and attributes", f"{self._limits.edges:,}")

    def _types(self, frame: Frame, values: list[Typed]) -> None:
        """Note the types of values; a call's own inputs and outputs are known better where it is called."""
        for value in values:
            if value.shape is not None or value.dtype is not None:
                self._flow.values.setdefault(frame.own(value.name), Value(value.shape, value.dtype))

    def _initializers(self, frame: Frame, graph: Graph) -> None:
        for tensor in graph.initializers:
            key = frame.own(tensor.name)
            if key in self._weights.by_key:
                problem = f"tensor {plain_text(tensor.name, 120)!r} occurs twice"
                raise input_error(self._path, problem, "each tensor must be there once")
            weight = Weight(tensor, self._storage.look(tensor), frame.base, frame.within)
            for role, other in graph.quantized.get(tensor.name, {}).items():
                weight.attributes[plain_text(role.lower(), 40)] = plain_text(other, 200)
            self._weights.by_key[key] = weight
            self._flow.values[key] = Value(weight.stored.shape, dtype_name(tensor.data_type))

    # ---------------------------------------------------------------- nodes
    def _add(self, frame: Frame, node: Node) -> list[Frame]:
        """Add a node, and return the frames of what it calls or contains."""
        self._added += 1
        self._edges += len(node.inputs)
        if self._edges > self._limits.edges:
            raise self._too_many("has too many connections", f"{self._limits.edges:,}")
        self._spend(len(node.outputs) + len(node.attributes))
        keys = [frame.key(name) if name else "" for name in node.inputs]
        place, how = self._place(frame, node, keys)
        self.placed_by[how] = self.placed_by.get(how, 0) + 1
        scope = (*frame.base, *place.scope)
        for path, name in place.classes:
            self._describe((*frame.base, *path), name)
        outputs = [frame.own(name) for name in node.outputs]
        near = place.scope[:-1] if self._weights.in_own_module(node, keys) else place.scope
        for key in outputs:
            if key:
                if key in self._near or key in self._weights.by_key:
                    self._twice.append(key.split("\0")[0])
                self._near[key] = (self._added, near)
        definition = self._functions.called_by(node)
        if definition is not None:
            return [self._call(frame, node, definition, keys, outputs, scope, place)]
        for port, key in enumerate(keys):
            self._weights.note_use(key, node, port, (*frame.within, *place.scope))
        self._weights.note_made(keys, outputs, place.scope)
        return self._operator(frame, node, keys, outputs, scope, place, how)

    def _operator(
        self,
        frame: Frame,
        node: Node,
        keys: list[str],
        outputs: list[str],
        scope: tuple[str, ...],
        place: Place,
        how: str,
    ) -> list[Frame]:
        attributes = shown_attributes(node, frame.arguments)
        attributes["domain"] = plain_text(node.domain, 80) or None
        attributes["node"] = plain_text(node.name, 200) or None
        attributes["placed_by"] = how if how in ("weights", "neighbours") else None
        kind = plain_text(node.operator, 80) or "(unnamed)"
        ports = [plain_text(name, 200) for name in node.outputs]
        self._reserve(1)
        name = place.name or kind
        if not name.startswith(kind) and self._weights.name_a_module((*scope, name)):
            self._modules.handle((*scope, name))  # the module keeps its name, the operator is numbered
        handle = self._flow.add(Operator(name, kind, scope, keys, outputs, attributes, output_ports=ports))
        self._check(handle, scope)
        if node.operator == "Constant":
            self._constant(handle, node, outputs)
        bodies = [(attribute, span) for attribute in node.attributes for span in attribute.graphs]
        if not bodies:
            return []
        inside = (*scope, f"{place.name}\0{handle}")
        self._modules.hold(inside, handle)
        frames: list[Frame] = []
        for k, (attribute, span) in enumerate(bodies):
            graph = self._body_at(span, frame.subgraphs)
            name = plain_text(attribute.name, 80).replace(".", "_") or "body"
            base = (*inside, name if len(attribute.graphs) == 1 else f"{name}_{k}")
            frames.append(self._body(frame, graph, base, (*frame.within, *place.scope), frame.subgraphs + 1))
        return frames

    def _call(
        self,
        frame: Frame,
        node: Node,
        definition: Definition,
        keys: list[str],
        outputs: list[str],
        scope: tuple[str, ...],
        place: Place,
    ) -> Frame:
        """Add the container of a call, and return its frame: the body's inputs and outputs are the call's own."""
        function = definition.function
        parent = self._modules.handle(scope)
        label = f"{function.domain}.{function.name}".strip(".")
        name = self._modules.unique(parent, place.name.replace(".", "_") or plain_text(function.name, 80))
        handle = self._builder.node(parent, name, NodeKind.MODULE, function=plain_text(label, 200))
        self._builder.annotate(handle, **shown_attributes(node, frame.arguments))
        self._check(handle, scope)
        self._reserve(definition.size)
        inside = (*scope, f"{name}\0{handle}")
        self._modules.hold(inside, handle)
        self._frames += 1
        given = {attribute.name: attribute for attribute in node.attributes}
        self._spend(len(function.inputs) + len(function.defaults) + len(function.values))
        body = Frame(iter(definition.nodes), inside, (*frame.within, *place.scope), self._frames)
        body.arguments = {**function.defaults, **given}
        for k, formal in enumerate(function.inputs):
            body.keys[formal] = keys[k] if k < len(keys) else ""
        for formal, key in zip(function.outputs, outputs, strict=False):
            if formal in body.keys:
                self._flow.same_as(key, body.keys[formal])
            elif key:
                body.keys[formal] = key
                self._near.pop(key, None)  # what makes it inside says so again
        self._types(body, function.values)
        return body

    def _place(self, frame: Frame, node: Node, keys: list[str]) -> tuple[Place, str]:
        """Return where a node stands in its frame, and how that is known."""
        place = noted_place(node)
        if place is not None:
            scope = place.scope
            if frame.within and scope[: len(frame.within)] == frame.within:
                scope = scope[len(frame.within) :]
            return (place if scope is place.scope else Place(scope, place.name)), "notes" if node.notes else "names"
        name = plain_text(node.name or node.operator, 200)
        scope = self._weights.module_of_user(node, keys)
        if scope:
            return Place(scope, _counted_by_type(node, name)), "weights"
        scope = self._beside(keys)
        return Place(scope, _counted_by_type(node, name) if scope else name), "neighbours" if scope else "nothing"

    def _beside(self, keys: list[str]) -> tuple[str, ...]:
        """Return where an operator stands that does not say: in what those before it stand in together.

        Where a branch meets what it branched from, that is the numbered block of the latest of them: the sum at the
        end of layer 7 adds to what came out of layer 6.
        """
        before = [self._near[key] for key in keys if key in self._near]
        if not before:
            return ()
        _, shared = before[0]
        for _, scope in before[1:]:
            shared = common(shared, scope)
        _, latest = max(before)
        numbered = next((k + 1 for k in reversed(range(len(latest))) if latest[k].isdecimal()), 0)
        return max(shared, latest[:numbered], key=len)

    def _describe(self, path: tuple[str, ...], name: str) -> None:
        if name and path and path not in self._classes:
            self._classes.add(path)
            self._builder.annotate(self._modules.handle(path), **{"class": plain_text(name, 200)})

    def _constant(self, handle: int, node: Node, outputs: list[str]) -> None:
        """Show what a Constant holds: a short one as an attribute, a long one as the tensor that it is."""
        tensor = next((attribute.tensor for attribute in node.attributes if attribute.tensor is not None), None)
        if tensor is None or not outputs:
            return
        tensor.name = tensor.name or node.name or outputs[0]
        stored = self._storage.look(tensor)
        dtype = dtype_name(tensor.data_type)
        self._flow.values[outputs[0]] = Value(stored.shape, dtype)
        if prod(stored.shape) > SHOWN_VALUES:
            inner = self._builder.tensor(
                handle,
                "value",
                stored.shape,
                dtype,
                nbytes=stored.nbytes,
                file=stored.file,
                offset=stored.offset,
                elements=stored.elements,
                parameters=0 if dtype in NOT_TRAINED else None,
            )
            self._check(inner, ())
        elif tensor.external is None:
            self._builder.annotate(handle, value=shown_values(self._data, stored, dtype))

    # ---------------------------------------------------------------- limits
    def _check(self, handle: int, scope: tuple[str, ...]) -> None:
        """Refuse too many nodes (handles are counted), and modules too deep in one another."""
        if handle > self._limits.nodes:
            raise self._too_many("has too many operators, modules and tensors", f"{self._limits.nodes:,}")
        if len(scope) > self._limits.module_depth:
            raise self._too_many(f"is nested {len(scope):,} deep", f"{self._limits.module_depth} levels")

    def _reserve(self, operators: int) -> None:
        """Refuse too many operators before they are made; those of a call were counted when it was."""
        if self._added + operators > self._limits.operators:
            raise self._too_many(f"stands for more than {self._limits.operators:,} operators", "so many")

    def _too_many(self, problem: str, most: str) -> InputError:
        return input_error(self._path, problem, f"at most {most} are shown")


def _counted_by_type(node: Node, name: str) -> str:
    """Return the name of an operator; older exporters of torch count "Conv_0" to "Conv_52" through the whole model."""
    prefix, _, number = name.rpartition("_")
    return prefix if prefix == node.operator and number.isdecimal() else name
