"""From names of modules to a tree: which dots and slashes in them mean "inside"."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..files import input_error, plain_text
from ..limits import LoadLimits
from ..tensor_table import LEVELS_A_NODE

__all__ = ["Place", "places_of"]

# Between two parts: "layers.0", "model/layers"; not in "Q / K" or at an end.
_SEPARATOR = re.compile(r"(?<=[^\s./])[./](?=[^\s./])")


@dataclass(slots=True)
class Place:
    """Where a name stands.

    Attributes
    ----------
    parent : int
        Place that it stands in; -1 at the top.
    text : str
        The part of the name that is its own.
    name : int
        Which of the names it is; -1 for a container that the names imply.
    """

    parent: int
    text: str
    name: int = -1


@dataclass(slots=True)
class _Branch:
    """A part of names under construction."""

    text: str
    separator: str = ""
    name: int = -1
    names: int = 0  # that go through here
    inner: dict[str, "_Branch"] = field(default_factory=dict[str, "_Branch"])


def places_of(names: Sequence[str], path: str, limits: LoadLimits) -> list[Place]:
    """Return the places of names, containers before what is in them.

    A dot or slash makes a level where what stands before it is itself one of the names, or is shared by at least two:
    "layers.0.attention" and "layers.0.mlp" stand in ``0``, which stands in ``layers``; a lone "Qwen2.5 block" stays
    whole.

    Raises
    ------
    InputError
        When two names lead to one place, or they nest too deeply or make too many places.
    """
    top = _Branch("")
    count = levels = 0
    for k, name in enumerate(names):
        bare = name.strip().strip("./")
        here, start = top, 0
        ends = [found.start() for found in _SEPARATOR.finditer(bare)]
        if len(ends) >= limits.module_depth:
            problem = f"nests module {plain_text(name, 60)!r} {len(ends) + 1} deep"
            raise input_error(path, problem, f"at most {limits.module_depth} levels are shown")
        levels += len(ends) + 1
        if levels > LEVELS_A_NODE * limits.nodes:
            raise input_error(path, f"has names of more than {levels - 1:,} parts together", "fewer are read")
        for end in [*ends, len(bare)]:
            part = bare[start:end]
            inner = here.inner.get(part)
            if inner is None:
                count += 1
                if count > limits.nodes:
                    raise input_error(path, "has too many modules", f"at most {limits.nodes:,} are shown")
                inner = here.inner[part] = _Branch(part, bare[start - 1] if start else "")
            inner.names += 1
            here, start = inner, end + 1
        if here.name >= 0:
            first = names[here.name]
            if first == name:
                raise input_error(path, f"has two modules {plain_text(name, 120)!r}", "each name must be there once")
            problem = f"has modules {plain_text(first, 120)!r} and {plain_text(name, 120)!r}, which mean one place"
            raise input_error(path, problem, "dots and slashes both separate levels")
        here.name = k
    return _listed(top)


def _listed(top: _Branch) -> list[Place]:
    """Return places in depth-first order; a part that is no level of its own joins the one after it."""
    places: list[Place] = []
    todo = [(branch, -1, "") for branch in reversed(top.inner.values())]
    while todo:
        branch, parent, before = todo.pop()
        text = before + branch.separator + branch.text if before else branch.text
        here = parent
        is_level = branch.name >= 0 or branch.names > 1
        if is_level:
            places.append(Place(parent, text, branch.name))
            here, text = len(places) - 1, ""
        todo.extend((inner, here, text) for inner in reversed(branch.inner.values()))
    return places
