"""What can be shown on a model, before it is computed."""

from collections.abc import Callable
from dataclasses import dataclass

from ..errors import UsageError
from ..graph.model_graph import ModelGraph
from .overlay import Overlay

__all__ = ["Group", "NothingToShowError", "Recipe"]

Group = str
"""Where an overlay is listed: "structure", "weights" or the name of the file that it comes from."""


class NothingToShowError(UsageError):
    """The model has nothing that an overlay could show; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """An overlay that can be made of a graph.

    Attributes
    ----------
    name, title, unit, definition, source : str
        As those of the `Overlay`.
    group : str
        "structure", "weights", or the name of the file that it comes from.
    make : callable
        Returns the overlay of a graph. Raises `NothingToShowError` where the graph has nothing for it.
    missing : callable
        Returns, at once, why a graph has nothing for it; None where it has, as far as that is known without `make`.
    """

    name: str
    title: str
    unit: str
    definition: str
    source: str
    group: Group
    make: Callable[[ModelGraph], Overlay]
    missing: Callable[[ModelGraph], str | None] = lambda _graph: None
