"""A graph or a call while its nodes are added: which value a name means there."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from .messages import Node
from .parts import Attribute

__all__ = ["Frame"]


@dataclass(slots=True)
class Frame:
    """A graph or a call while its nodes are added.

    Attributes
    ----------
    base : tuple of str
        Container that its nodes stand in.
    within : tuple of str
        Modules that its nodes are in by standing there, which they may name once more.
    number : int
        0 for the main graph: tells apart values of the same name.
    keys : dict of str to str
        Its own values by name. The main graph's keys are the names themselves.
    outer : Frame or None
        Of a subgraph: where else its nodes find values.
    arguments : dict of str to Attribute
        Of a call: what its body's attributes may refer to.
    outputs : list of str
        Names of what a graph puts out; a call's outputs are those of its body.
    subgraphs : int
        How many graphs it lies in.
    """

    nodes: Iterator[Node]
    base: tuple[str, ...] = ()
    within: tuple[str, ...] = ()
    number: int = 0
    keys: dict[str, str] = field(default_factory=dict[str, str])
    outer: "Frame | None" = None
    arguments: dict[str, Attribute] = field(default_factory=dict[str, Attribute])
    outputs: list[str] = field(default_factory=list[str])
    subgraphs: int = 0

    def own(self, name: str) -> str:
        """Return the key of a value that is made here."""
        if not self.number or not name:
            return name
        return self.keys.setdefault(name, f"{name}\0{self.number}")

    def key(self, name: str) -> str:
        """Return the key of a value that is used here."""
        frame: Frame | None = self
        while frame is not None:
            if not frame.number:
                return name
            found = frame.keys.get(name)
            if found is not None:
                return found
            frame = frame.outer
        return self.own(name)
