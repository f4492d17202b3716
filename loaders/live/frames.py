"""One module call while it runs: which value came from where, and the edges that follow from it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from .places import Place, Places

__all__ = ["Edge", "End", "Frame", "Port"]

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Port:
    """What flows through one input or output of a module: its name there, shape and dtype."""

    name: str
    shape: Shape
    dtype: str


@dataclass(frozen=True, slots=True)
class End:
    """One end of an edge.

    Attributes
    ----------
    path : str
        Of a module.
    value : str
        Name of an input or output of the whole model, "" for a module.
    """

    path: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Edge:
    """What one module passes to another.

    A container and a module in it are joined where the module uses what the container was given, or makes what
    the container returns.
    """

    source: End
    target: End
    shape: Shape
    dtype: str
    source_port: str | None
    target_port: str | None
    residual: bool


@dataclass(slots=True)
class _Value:
    """A tensor inside a call: an input of it, made by a call inside it, or computed from other values."""

    operands: tuple[int, ...] = ()
    uses: int = 0
    made_by: "Frame | None" = None  # a call inside
    outer: End | None = None  # made before the call, and not passed to it
    port: str = ""  # name of the input, or of the maker's output
    is_input: bool = False
    flow: Port | None = None  # of a sum


@dataclass(frozen=True, slots=True)
class _Use:
    value: int
    port: Port
    user: "Frame"


_Source = tuple[End, str, "Frame | None"]


@dataclass(slots=True, eq=False)
class Frame:
    """One call of a module.

    Attributes
    ----------
    path : str
        The module's.
    values : list
        Every value that this call handled, operands before results.
    known : Places
        Where they lie.
    found : set of int
        Values that were found elsewhere.
    streams_in : set of str
        Inputs that a residual stream of this module, or of one inside it, starts from.
    streams_out : bool
        Whether what it returns is such a stream.
    """

    path: str
    is_root: bool = False
    values: list[_Value] = field(default_factory=list[_Value])
    known: Places = field(default_factory=Places)
    found: set[int] = field(default_factory=set[int])
    uses: list[_Use] = field(default_factory=list[_Use])
    returned: list[tuple[int, Port]] = field(default_factory=list[tuple[int, Port]])
    streams_in: set[str] = field(default_factory=set[str])
    streams_out: bool = False

    # ---------------------------------------------------------------- while the call runs
    def take(self, place: Place, port: str) -> None:
        """Note an input of the call."""
        if place not in self.known:
            self.known.see(place, self._add(_Value(port=port, is_input=True)))

    def made(self, place: Place, frame: "Frame", port: str) -> None:
        """Note what a call inside this one returned."""
        self.known.put(place, self._add(_Value(made_by=frame, port=port)))

    def computed(
        self, made: Sequence[Place], written: Sequence[int], operands: Sequence[int], sum_as: Port | None
    ) -> None:
        """Note what an operator made of some values, in new places and in storages that it wrote into."""
        operands = list(dict.fromkeys((*operands, *(v for s in written for v in sorted(self.known.within(s))))))
        for operand in operands:
            self.values[operand].uses += 1
        value = self._add(_Value(operands=tuple(operands), flow=sum_as if len(operands) == 2 else None))
        for place in made:
            self.known.put(place, value)
        for storage in written:
            self.known.overwrite(storage, value)

    def use(self, value: int, port: Port, user: "Frame") -> None:
        """Note that a call inside this one takes a value."""
        self.values[value].uses += 1
        self.uses.append(_Use(value, port, user))

    def _add(self, value: _Value) -> int:
        self.values.append(value)
        return len(self.values) - 1

    def find_outside(self, place: Place, ends: Sequence[End]) -> int:
        """Note a value that the call finds elsewhere than in its inputs: kept by a module, say."""
        parts = [self._add(_Value(outer=end)) for end in ends]
        index = self._add(_Value(operands=tuple(parts)))
        self.known.see(place, index)
        self.found.add(index)
        return index

    def ends_of(self, value: int) -> list[End]:
        """Return where a value comes from, for a call inside this one that was not given it."""
        return list(dict.fromkeys(end for end, _, _ in self._sources({}, {})(value)))

    def has_input(self, place: Place) -> bool:
        """Whether a place holds an input as it came."""
        value = self.known.get(place)
        return value is not None and self.values[value].is_input

    def leave_to(self, outer: "Frame") -> None:
        """Hand to the calling module what this call kept or changed without returning it."""
        kept: int | None = None
        for storage, index in self.known.whole.items():
            if self.values[index].is_input or index in self.found:
                continue
            before = outer.known.whole.get(storage)
            if before is not None and outer.values[before].made_by is self:
                continue
            if kept is None:
                kept = outer._add(_Value(made_by=self))
            if before is None:
                outer.known.whole[storage] = kept
            else:
                outer.computed([], [storage], [kept], None)

    # ---------------------------------------------------------------- when it has ended
    def settle(self) -> list[Edge]:
        """Return the edges inside this call, and find its residual streams.

        A stream starts at an input, and goes on through every sum of it and something that a module made, when
        that sum is used again or returned.
        """
        passed = self._passed_on()
        stream: dict[int, str] = {}
        added: list[int] = []
        skipped: set[str] = set()
        find = self._sources(stream, {})
        for i, value in enumerate(self.values):
            if value.is_input:
                stream[i] = value.port
            elif value.flow is not None and not self.is_root:
                base, other = value.operands if value.operands[0] in stream else value.operands[::-1]
                if base in stream and other not in stream and any(maker for _, _, maker in find(other)):
                    skipped.add(stream[base])
                    if value.uses > 1 or i in passed:
                        stream[i] = stream[base]
                        added.append(i)
        edges: dict[Edge, None] = {}
        for i in added:
            base, other = self.values[i].operands
            for source in find(other if base in stream else base):
                if source[2] is not None:
                    self._edge(edges, source, End(self.path), self.values[i].flow, residual=True)
        for use in self.uses:
            self._settle_use(edges, use, find, skipped)
        for i, port in self.returned:
            self._settle_return(edges, i, port, find, skipped, i in stream)
        self.streams_in |= skipped
        return list(edges)

    def _settle_use(
        self, edges: dict[Edge, None], use: _Use, find: "Callable[[int], list[_Source]]", skipped: set[str]
    ) -> None:
        target = End(use.user.path)
        value = self.values[use.value]
        for source in find(use.value):
            end, name, maker = source
            if maker is None and end.path == self.path and not end.value:
                residual = name in skipped
                if value.is_input and use.port.name in use.user.streams_in:
                    self.streams_in.add(name)
            else:
                direct = value.made_by is not None and value.made_by is maker
                residual = maker is not None and direct and maker.streams_out and use.port.name in use.user.streams_in
            self._edge(edges, source, target, use.port, residual)

    def _settle_return(
        self,
        edges: dict[Edge, None],
        i: int,
        port: Port,
        find: "Callable[[int], list[_Source]]",
        skipped: set[str],
        is_stream: bool,
    ) -> None:
        if is_stream and not self.values[i].is_input:
            self.streams_out = True
            return  # what was added to it is there already
        maker = self.values[i].made_by
        self.streams_out |= bool(skipped) or (maker is not None and maker.streams_out)
        target = End(value=port.name) if self.is_root else End(self.path)
        for source in find(i):
            if source[0] != target and not (source[2] is None and source[0].path == self.path and not self.is_root):
                self._edge(edges, source, target, port, residual=bool(skipped))

    def _edge(self, edges: dict[Edge, None], source: _Source, target: End, port: Port | None, residual: bool) -> None:
        end, name, _ = source
        if end != target and port is not None:
            target_port = None if target.value else port.name or None
            edges.setdefault(Edge(end, target, port.shape, port.dtype, name or None, target_port, residual))

    def _passed_on(self) -> set[int]:
        """Return values that are returned, as they are or through operators that take nothing else."""
        passed = {i for i, _ in self.returned}
        for i in range(len(self.values) - 1, -1, -1):
            if i in passed and len(self.values[i].operands) == 1:
                passed.add(self.values[i].operands[0])
        return passed

    def _sources(self, stream: dict[int, str], found: dict[int, list[_Source]]) -> "Callable[[int], list[_Source]]":
        """Return a function that tells which modules and inputs a value was computed from."""

        def own(port: str) -> _Source:
            return (End(value=port) if self.is_root else End(self.path), port if not self.is_root else "", None)

        def find(value: int) -> list[_Source]:
            todo = [value]
            while todo:
                i = todo[-1]
                v = self.values[i]
                unknown = [operand for operand in v.operands if operand not in found] if i not in stream else []
                if i not in found and unknown:
                    todo.extend(unknown)
                    continue
                todo.pop()
                if i in found:
                    continue
                if i in stream or v.is_input:
                    found[i] = [own(stream.get(i, v.port))]
                elif v.made_by is not None:
                    found[i] = [(End(v.made_by.path), v.port, v.made_by)]
                elif v.outer is not None:
                    found[i] = [(v.outer, "", None)]
                else:
                    found[i] = list(dict.fromkeys(s for operand in v.operands for s in found[operand]))
            return found[value]

        return find
