"""What following TorchScript code found, kept back until all of it is known, then put into a graph."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..files import plain_text
from ..limits import LoadLimits
from ..operator_graph import Modules, Operator, OperatorGraph
from .code import UnreadableCodeError
from .values import Flowing, origins

__all__ = ["Recorder"]

_MAX_RESOLVING = 5_000_000  # steps from uses back to what made them: branches on branches


@dataclass(slots=True)
class _Event:
    """An operator, or what is used and made by a module as a whole (`operator` is "")."""

    operator: str
    scope: tuple[str, ...]
    uses: list[tuple[Flowing, str]]
    makes: str
    name: str = ""
    holds: str = ""  # key of the container that the operator is
    attributes: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def has_effect(self) -> bool:
        """Whether it does something beside making a value: changes what it is given, or cannot be looked into."""
        return not self.operator or (self.operator.endswith("_") and not self.operator.endswith("__"))


class Recorder:
    """Operators in order of execution.

    Parameters
    ----------
    limits : LoadLimits
    """

    def __init__(self, limits: LoadLimits) -> None:
        self._limits = limits
        self._events: list[_Event] = []
        self._made = 0
        self._inputs: list[tuple[str, str]] = []
        self._outputs: list[tuple[str, list[Flowing]]] = []
        self._weights: dict[str, tuple[str, ...]] = {}
        self._constants: dict[str, str] = {}
        self._changes: list[tuple[str, list[Flowing]]] = []
        self._left = _MAX_RESOLVING
        self._has_checks = False

    @property
    def is_full(self) -> bool:
        """Whether there are as many operators as a model may have."""
        return len(self._events) >= self._limits.nodes // 4

    # ---------------------------------------------------------------- while the code is followed
    def operator(
        self,
        operator: str,
        scope: tuple[str, ...],
        uses: list[tuple[Flowing, str]],
        attributes: Mapping[str, Any],
        arguments: str,
    ) -> str:
        """Note an operator; return the name of what it makes."""
        words = operator.split(".")
        event = _Event(plain_text(operator, 200), scope, uses, self._new(), plain_text(words[-1], 200) or "operator")
        event.attributes = {**attributes, **({"arguments": plain_text(arguments, 200)} if arguments else {})}
        self._add(event)
        return event.makes

    def body(self, name: str, operator: str, scope: tuple[str, ...], uses: Iterable[Flowing]) -> tuple[str, ...]:
        """Note an operator that other operators run in (a branch, a loop); return their scope."""
        event = _Event(operator, scope, [(flow, "") for flow in uses], self._new(), name)
        event.holds = f"\0{event.makes}"
        self._add(event)
        return (*scope, event.holds)

    def opaque(self, scope: tuple[str, ...], uses: Iterable[Flowing]) -> str:
        """Note a module whose code is not followed; return the name of what it makes."""
        event = _Event("", scope, [(flow, "") for flow in uses], self._new())
        self._add(event)
        return event.makes

    def weight(self, path: tuple[str, ...]) -> str:
        """Return the name of what a weight makes."""
        name = "\0".join(("weight", *path))
        self._weights[name] = path
        return name

    def constant(self, name: str) -> str:
        """Return the name of what a constant of the code makes."""
        key = f"constant\0{name}"
        self._constants[key] = name
        return key

    def changed(self, before: Iterable[str | Flowing], made: list[Flowing]) -> None:
        """Note that something is written into a value; where that is a weight, an edge leads there."""
        self._changes += [(origin, made) for origin in before if isinstance(origin, str) and origin in self._weights]

    def check(self) -> None:
        """Note that a check of the inputs is left out: what only it uses is left out with it."""
        self._has_checks = True

    def graph_input(self, name: str) -> str:
        """Note an input of the model; return the name of what it makes."""
        key = f"input\0{len(self._inputs)}"
        self._inputs.append((key, name))
        return key

    def graph_output(self, name: str, uses: Iterable[Flowing]) -> None:
        """Note an output of the model."""
        self._outputs.append((name, list(uses)))

    def mark(self) -> int:
        """Return the place to go `back_to`."""
        return len(self._events)

    def back_to(self, mark: int) -> None:
        """Forget what was noted since."""
        del self._events[mark:]

    def _new(self) -> str:
        self._made += 1
        return f"made\0{self._made}"

    def _add(self, event: _Event) -> None:
        if self.is_full:
            raise UnreadableCodeError(f"it has more than {len(self._events):,} operators")
        self._events.append(event)

    # ---------------------------------------------------------------- when it is known
    def put_into(
        self, modules: Modules, weight: Callable[[tuple[str, ...]], int | None], constant: Callable[[str], int | None]
    ) -> None:
        """Put all of it into a graph.

        Parameters
        ----------
        modules : Modules
        weight, constant : callable
            Return the handle of a weight by its path, of a constant by its name ("c0"), None for one that is not there.

        Raises
        ------
        UnreadableCodeError
            When there are more edges than a model may have; nothing was put into the graph then.
        """
        uses = [self._resolved(event.uses) for event in self._events]
        outputs = [self._resolved([(flow, "") for flow in flows]) for _, flows in self._outputs]
        changes = [self._resolved([(flow, "") for flow in flows]) for _, flows in self._changes]
        if sum(len(names) for names, _ in (*uses, *outputs, *changes)) > self._limits.edges:
            raise UnreadableCodeError(f"it has more than {self._limits.edges:,} connections")
        live = self._live([names for names, _ in uses], [names for names, _ in (*outputs, *changes)])
        graph = OperatorGraph(modules)
        for key, name in self._inputs:
            graph.graph_input(key, name)
        found = {key: weight(path) for key, path in self._weights.items()}
        found |= {key: constant(name) for key, name in self._constants.items()}
        for key, handle in found.items():
            if handle is not None:
                graph.made_by(key, handle)
        for event, (names, ports), is_live in zip(self._events, uses, live, strict=True):
            if not is_live:
                continue
            if not event.operator:
                handle = modules.handle(event.scope)
                graph.use(handle, names)
                graph.make(handle, [event.makes])
                continue
            handle = graph.add(
                Operator(event.name, event.operator, event.scope, names, [event.makes], event.attributes, ports)
            )
            if event.holds:
                modules.hold((*event.scope, event.holds), handle)
        for (name, _), (names, _) in zip(self._outputs, outputs, strict=True):
            handle = graph.graph_output(names[0] if names else "", name)
            graph.use(handle, names[1:])
        for (key, _), (names, _) in zip(self._changes, changes, strict=True):
            handle = found[key]
            if handle is not None:
                graph.use(handle, names)
        graph.connect()

    def _live(self, uses: list[list[str]], ends: list[list[str]]) -> list[bool]:
        """Return which operators something comes of; all of them where the code checks nothing."""
        if not self._has_checks:
            return [True] * len(self._events)
        maker = {event.makes: k for k, event in enumerate(self._events)}
        holder = {event.holds: k for k, event in enumerate(self._events) if event.holds}
        todo = [maker[name] for names in ends for name in names if name in maker]
        todo += [k for k, event in enumerate(self._events) if event.has_effect]
        live = [False] * len(self._events)
        while todo:
            k = todo.pop()
            if live[k]:
                continue
            live[k] = True
            todo += [maker[name] for name in uses[k] if name in maker]
            todo += [holder[part] for part in self._events[k].scope if part in holder]
        return live

    def _resolved(self, uses: Iterable[tuple[Flowing, str]]) -> tuple[list[str], list[str]]:
        """Return names of values and which input of the operator each is."""
        names: list[str] = []
        ports: list[str] = []
        for flow, port in uses:
            made, steps = origins(flow, self._left)
            self._left -= steps
            if self._left <= 0:
                raise UnreadableCodeError("its branches cannot be followed in bounded time")
            names += made
            ports += [port] * len(made)
        return names, ports
