"""Operators and what flows between them, as ONNX, torch.export and traces have them, put into a graph.

Every operator stands in the module that it ran in; a weight stands where its name says; an edge leads from what
made a value to everything that uses it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..graph import EdgeKind, GraphBuilder, NodeKind, Provenance

__all__ = ["Modules", "Operator", "OperatorGraph", "Value"]


@dataclass(slots=True)
class Value:
    """What flows: a tensor between operators.

    Attributes
    ----------
    shape : tuple of int or None
        -1 for a dimension that is left open; None when nothing is known.
    dtype : str or None
        As safetensors names it.
    """

    shape: tuple[int, ...] | None = None
    dtype: str | None = None


@dataclass(slots=True)
class Operator:
    """One step of a computation.

    Attributes
    ----------
    name : str
        As the file has it; made unique among its siblings when it is added.
    operator : str
        Its type: "Conv", "aten.linear".
    scope : sequence of str
        Names of the modules that it ran in, from the outermost.
    inputs, outputs : sequence of str
        Names of values; "" for an input that is left out. ``input_ports`` and ``output_ports``, where given, say
        what each of them is.
    attributes : mapping
        Plain and short values.
    """

    name: str
    operator: str
    scope: Sequence[str] = ()
    inputs: Sequence[str] = ()
    outputs: Sequence[str] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict[str, Any])
    input_ports: Sequence[str] | None = None
    output_ports: Sequence[str] | None = None


class Modules:
    """Handles of the modules of a graph by their path, made when first asked for.

    Parameters
    ----------
    builder : GraphBuilder
    under : int
        Handle of the node that outermost modules hang on.
    """

    def __init__(self, builder: GraphBuilder, under: int = 0) -> None:
        self.builder = builder
        self._under = under
        self._inner: dict[tuple[int, str], int] = {}
        self._taken: dict[int, dict[str, int]] = {}

    def handle(self, scope: Sequence[str], provenance: Provenance = Provenance.DECLARED) -> int:
        """Return the handle of the module at `scope`."""
        here = self._under
        for name in scope:
            inner = self._inner.get((here, name))
            if inner is None:
                inner = self.builder.node(here, self.unique(here, name), NodeKind.MODULE, provenance)
                self._inner[here, name] = inner
            here = inner
        return here

    def hold(self, scope: Sequence[str], handle: int) -> None:
        """Make a node that is there already (an operator with a body) the container at `scope`."""
        self._inner[self.handle(scope[:-1]), scope[-1]] = handle

    def __contains__(self, scope: Sequence[str]) -> bool:
        here: int | None = self._under
        for name in scope:
            here = self._inner.get((here, name)) if here is not None else None
        return here is not None

    def unique(self, parent: int, name: str) -> str:
        """Return `name`, numbered when a sibling has it already, and note it as taken."""
        taken = self._taken.setdefault(parent, {})
        wanted = name
        while name in taken:
            taken[wanted] += 1
            name = f"{wanted}_{taken[wanted]}"
        taken[name] = 0
        return name


class OperatorGraph:
    """A computation under construction: who makes a value is noted before who uses it, or after.

    Parameters
    ----------
    modules : Modules
    provenance : Provenance
        How operators and edges are known: DECLARED in a file, TRACED from a run.
    """

    def __init__(self, modules: Modules, provenance: Provenance = Provenance.DECLARED) -> None:
        self._modules = modules
        self._builder = modules.builder
        self._provenance = provenance
        self._maker: dict[str, tuple[int, str | None]] = {}
        self._uses: list[tuple[str, int, str | None]] = []
        self._same: dict[str, str] = {}
        self.values: dict[str, Value] = {}

    def graph_input(self, name: str, shown: str | None = None, scope: Sequence[str] = ()) -> int:
        """Add an input of the graph (with a scope: of the body that stands there), which makes the value `name`."""
        handle = self._endpoint(shown or name, "input", scope)
        self._maker[name] = (handle, None)
        return handle

    def graph_output(self, name: str, shown: str | None = None, scope: Sequence[str] = ()) -> int:
        """Add an output of the graph (with a scope: of the body that stands there), which uses the value `name`."""
        handle = self._endpoint(shown or name, "output", scope)
        self.use(handle, [name])
        return handle

    def made_by(self, value: str, handle: int) -> None:
        """Note that a node that is there already (a weight) makes a value."""
        self._maker[value] = (handle, None)

    def add(self, operator: Operator) -> int:
        """Add an operator to its module and return its handle."""
        parent = self._modules.handle(operator.scope, self._provenance)
        handle = self._builder.node(
            parent,
            self._modules.unique(parent, operator.name.replace(".", "_") or operator.operator),
            NodeKind.OPERATOR,
            self._provenance,
        )
        self._builder.annotate(handle, **{**operator.attributes, "operator": operator.operator})
        self.use(handle, operator.inputs, operator.input_ports)
        self.make(handle, operator.outputs, operator.output_ports)
        return handle

    def use(self, handle: int, values: Sequence[str], ports: Sequence[str] | None = None) -> None:
        """Note that a node uses values."""
        for k, value in enumerate(values):
            if value:
                self._uses.append((value, handle, (ports[k] or None) if ports is not None and k < len(ports) else None))

    def make(self, handle: int, values: Sequence[str], ports: Sequence[str] | None = None) -> None:
        """Note that a node makes values; where it makes more than one, edges say which."""
        for k, value in enumerate(values):
            if value:
                self._maker[value] = (handle, (ports or values)[k] if len(values) > 1 else None)

    def same_as(self, value: str, other: str) -> None:
        """Note that a value is another one under a second name."""
        self._same[value] = other

    def connect(self) -> list[str]:
        """Add the edges, and return the names of values that are used but made by nobody."""
        unknown: dict[str, None] = {}
        for value, handle, target_port in self._uses:
            value = self._first_name(value) if self._same else value
            maker = self._maker.get(value)
            if maker is None:
                unknown[value] = None
                continue
            known = self.values.get(value)
            self._builder.edge(
                maker[0],
                handle,
                EdgeKind.DATA,
                self._provenance,
                shape=known.shape if known else None,
                dtype=known.dtype if known else None,
                source_port=maker[1],
                target_port=target_port,
            )
        self._uses.clear()
        return list(unknown)

    def _first_name(self, value: str) -> str:
        """Return the value that this is a second name of, and remember it: names of names may be many, or go round."""
        passed: list[str] = []
        while (other := self._same.get(value, value)) != value and len(passed) <= len(self._same):
            passed.append(value)
            value = other
        self._same.update(dict.fromkeys(passed, value))
        return value

    def _endpoint(self, name: str, direction: str, scope: Sequence[str]) -> int:
        parent = self._modules.handle(scope, self._provenance)
        shown = self._modules.unique(parent, name.replace(".", "_"))
        return self._builder.node(parent, shown, NodeKind.VALUE, self._provenance, direction=direction)
