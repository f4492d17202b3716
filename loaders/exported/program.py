"""From a serialised exported program to operators, values and edges."""

from collections.abc import Mapping, Sequence
from typing import Any

from ...errors import InputError
from ...graph.roles import RESERVED
from ..checkpoint import short_attributes
from ..dtypes import TORCH_DTYPES
from ..files import input_error, plain_text
from ..limits import LoadLimits
from ..operator_graph import Modules, Operator, OperatorGraph, Value
from .schema import SCALAR_TYPES, Argument, Graph, GraphArgument, GraphModule, Node, TensorMeta
from .scopes import Scope, module_path, scope_of

__all__ = ["ProgramReader"]

_MAX_RANK = 64
# Operators that only run a graph once under some setting (torch.no_grad(), autocast, checkpointing): what is in it
# runs where it stands, so it is shown there.
_WRAPPERS = ("torch.ops.higher_order.wrap", "torch.ops.higher_order.tag_activation", "torch.ops.higher_order.invoke")


class ProgramReader:
    """Puts one program under a node.

    Parameters
    ----------
    modules : Modules
        Of the graph under construction.
    program : GraphModule
    path : str
        Of the file, for errors.
    """

    def __init__(self, modules: Modules, program: GraphModule, path: str, limits: LoadLimits) -> None:
        self._modules = modules
        self._program = program
        self._path = path
        self._limits = limits
        self._left = limits.nodes
        self._graph = OperatorGraph(modules)
        self._scopes: dict[str, list[Scope]] = {}
        self._classes: dict[tuple[str, ...], str] = {}
        self._same: dict[str, str] = {}  # value -> the one that it is another name of
        self._tied: Mapping[str, Sequence[str]] = {}
        self._shared: dict[str, dict[tuple[str, ...], str]] = {}
        self._bodies = 0

    def add_modules(self) -> None:
        """Add the modules of the model that was exported, in its order."""
        for entry in self._program.module_call_graph:
            self._module(module_path(entry.fqn))

    def add_operators(self, weights: Mapping[str, int], tied: Mapping[str, Sequence[str]]) -> list[str]:
        """Add operators and edges; return the names of values that nothing makes.

        Parameters
        ----------
        weights : mapping of str to int
            Qualified name of a weight -> its handle.
        tied : mapping of str to sequence of str
            Name of a weight -> all names of the same one, where there are several.
        """
        self._tied = tied
        signature = self._program.signature
        held: set[str] = set()
        for spec in signature.input_specs:
            weight = spec.held()
            if weight is not None:
                held.add(weight[0])
                self._hold(*weight, weights)
        graph = self._program.graph
        for argument in graph.inputs:
            for name in argument.names():
                if name not in held:
                    self._take(1)
                    self._graph.graph_input(name, plain_text(name))
        self._check_count(graph)
        self._operators(graph, "", (), ())
        changed = [
            (spec.arg.name or next(iter(spec.arg.names()), ""), spec.buffer_name or spec.parameter_name)
            for each in signature.output_specs
            if (spec := each.buffer_mutation or each.parameter_mutation) is not None
        ]
        for name, weight in changed:
            if weight in weights:
                self._graph.use(weights[weight], [self._key("", name)])
        internal = {name for name, _ in changed}
        for argument in graph.outputs:
            for name in argument.names():
                if name not in internal:
                    self._take(1)
                    self._graph.graph_output(self._key("", name), plain_text(name))
        for path, class_name in self._classes.items():
            if path in self._modules:
                self._modules.builder.annotate(self._modules.handle(path), **{"class": class_name})
        return [name.rpartition("\0")[2] for name in self._graph.connect()]

    def _check_count(self, graph: Graph) -> None:
        """Refuse too many operators before the first is added."""
        count, todo = 0, [graph]
        while todo:
            here = todo.pop()
            count += len(here.nodes)
            if count > self._left:
                raise self._too_many()
            todo += [body.graph for node in here.nodes for body in node.bodies()]

    # ---------------------------------------------------------------- one graph
    def _operators(self, graph: Graph, prefix: str, container: tuple[str, ...], within: tuple[str, ...]) -> None:
        """Add a graph's operators.

        Parameters
        ----------
        prefix : str
            What tells its values from those of other graphs.
        container : tuple of str
            Where operators of module `within` go; others relative to that.
        """
        for name, meta in graph.tensor_values.items():
            self._graph.values[prefix + name] = _value(meta)
        for node in graph.nodes:
            scopes = self._stack(node)
            path = scopes[-1].path if scopes else within
            inner = path[len(within) :] if path[: len(within)] == within else ()
            bodies = node.bodies()
            if (
                len(bodies) == 1
                and node.target.startswith(_WRAPPERS)
                and self._inline(node, bodies[0], prefix, container, within)
            ):
                continue
            place = self._module((*container, *inner))
            handle = self._add(node, prefix, place, scopes[-1].call if scopes else 1)
            if bodies:
                self._add_bodies(bodies, handle, place, path)

    def _add(self, node: Node, prefix: str, place: Sequence[str], call: int) -> int:
        self._take(1)
        inputs: list[str] = []
        ports: list[str] = []
        plain: dict[str, Any] = {}
        for named in node.inputs:
            names = named.arg.names()
            inputs += [self._near(self._key(prefix, name), place) for name in names]
            ports += [plain_text(named.name, 80)] * len(names)
            value = named.arg.plain()
            if named.name and value is not None:
                plain[f"arg.{named.name}" if named.name in RESERVED or named.name == "operator" else named.name] = value
        made = [name for argument in node.outputs for name in argument.names()]
        operator = node.target.removeprefix("torch.ops.")
        words = [word for word in operator.split(".") if word]
        attributes = short_attributes(plain)
        if node.name or made:  # old schemas name what is made only
            attributes["node"] = plain_text(node.name or made[0], 200)
        if call > 1:
            attributes["call"] = call
        return self._graph.add(
            Operator(
                name=plain_text(words[1] if len(words) > 2 else (words or ["operator"])[-1], 200),
                operator=plain_text(operator, 200),
                scope=place,
                inputs=inputs,
                outputs=[prefix + name for name in made],
                attributes=attributes,
                input_ports=[*ports],
                output_ports=[plain_text(name, 200) for name in made],
            )
        )

    def _add_bodies(
        self, bodies: Sequence[GraphArgument], handle: int, place: tuple[str, ...], within: tuple[str, ...]
    ) -> None:
        """Add the graphs that an operator runs (branches, the body of a loop) as containers in it."""
        for body in bodies:
            self._bodies += 1
            prefix = f"{self._bodies}\0"
            self._modules.hold((*place, prefix), handle)
            container = self._module((*place, prefix, plain_text(body.name, 200).replace(".", "_") or "body"))
            for argument in body.graph.inputs:
                for name in argument.names():
                    self._take(1)
                    self._graph.graph_input(prefix + name, plain_text(name), container)
            self._operators(body.graph, prefix, container, within)
            for argument in body.graph.outputs:
                for name in argument.names():
                    self._take(1)
                    self._graph.graph_output(self._key(prefix, name), plain_text(name), container)

    def _inline(
        self, node: Node, body: GraphArgument, prefix: str, container: tuple[str, ...], within: tuple[str, ...]
    ) -> bool:
        """Add the graph of a wrapper in its place; False when its inputs do not say what they stand for."""
        at = next(k for k, named in enumerate(node.inputs) if named.arg.as_graph is not None)
        given = _flat([named.arg for named in node.inputs[at + 1 :]])
        taken, made, returned = _flat(body.graph.inputs), _flat(node.outputs), _flat(body.graph.outputs)
        if len(given) != len(taken) or len(made) != len(returned):
            return False
        self._bodies += 1
        inner = f"{self._bodies}\0"
        for outside, inside in zip(given, taken, strict=True):
            self._same[inner + inside] = self._key(prefix, outside)
        self._operators(body.graph, inner, container, within)
        for outside, inside in zip(made, returned, strict=True):
            self._same[prefix + outside] = self._key(inner, inside)
        return True

    # ---------------------------------------------------------------- names and places
    def _key(self, prefix: str, name: str) -> str:
        """Return the value that a name stands for; what a wrapper was given is known by then."""
        return self._same.get(prefix + name, prefix + name)

    def _hold(self, value: str, weight: str, weights: Mapping[str, int]) -> None:
        """Note which weight makes a value: torch names one of several tied ones, each module uses its own."""
        names = [name for name in (weight, *self._tied.get(weight, ())) if name in weights]
        if not names:
            return
        self._graph.made_by(value, weights[names[0]])
        meta = self._program.graph.tensor_values.get(value)
        for name in names[1:]:
            key = f"{value}\0{name}"
            self._graph.made_by(key, weights[name])
            if meta is not None:
                self._graph.values[key] = _value(meta)
            self._shared.setdefault(value, {})[module_path(name)[:-1]] = key

    def _near(self, key: str, place: Sequence[str]) -> str:
        shared = self._shared.get(key)
        return shared.get(tuple(place), key) if shared is not None else key

    def _stack(self, node: Node) -> list[Scope]:
        text = node.metadata.nn_module_stack if node.metadata is not None else ""
        scopes = self._scopes.get(text)
        if scopes is None:
            scopes = self._scopes[text] = scope_of(text)
            for scope in scopes:
                self._classes.setdefault(scope.path, scope.class_name)
        return scopes

    def _module(self, place: tuple[str, ...]) -> tuple[str, ...]:
        """Return `place`, where there is a module then."""
        if place not in self._modules:
            self._take(len(place))
            if len(place) > self._limits.module_depth:
                problem = f"nests a module {len(place)} deep"
                raise input_error(self._path, problem, f"at most {self._limits.module_depth} levels are shown")
            self._modules.handle(place)
        return place

    def _take(self, nodes: int) -> None:
        self._left -= nodes
        if self._left < 0:
            raise self._too_many()

    def _too_many(self) -> InputError:
        problem = "has too many modules and operators"
        return input_error(self._path, problem, f"at most {self._limits.nodes:,} are shown")


def _flat(arguments: Sequence[Argument]) -> list[str]:
    return [name for argument in arguments for name in argument.names()]


def _value(meta: TensorMeta) -> Value:
    dtype = TORCH_DTYPES.get(SCALAR_TYPES.get(meta.dtype, ""))
    if len(meta.sizes) > _MAX_RANK:
        return Value(None, dtype)
    sizes = (size.as_int for size in meta.sizes)
    return Value(tuple(-1 if d is None or not 0 <= d < 2**63 else d for d in sizes), dtype)
