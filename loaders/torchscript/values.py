"""What a name stands for while TorchScript code is followed: where a value comes from, never the value itself."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ..pytorch.inert_pickle import Inert

__all__ = ["Bundle", "Constant", "Dotted", "Flowing", "Known", "ModuleAt", "flowing", "joined", "origins"]


@dataclass(slots=True, eq=False)
class Flowing:
    """What an operator, an input or a weight makes.

    Attributes
    ----------
    origins : list of str or Flowing
        Names of the values that it may be; where branches meet or a loop begins again, more than one.
    may_be_none : bool
    """

    origins: "list[str | Flowing]" = field(default_factory=list[Any])
    may_be_none: bool = False


@dataclass(slots=True, eq=False)
class Constant:
    """A number, a text, None: nothing flows from it."""

    value: Any = None


@dataclass(slots=True, eq=False)
class Bundle:
    """A tuple, list or dict (with its `keys`) of what is in it."""

    items: "list[Known]"
    keys: list[Any] | None = None

    def at(self, place: Any) -> "Known | None":
        """Return the item at a place, or at a key; None where that is not known."""
        if self.keys is not None:
            place = self.keys.index(place) if place in self.keys and len(self.keys) == len(self.items) else None
        return self.items[place] if isinstance(place, int) and place < len(self.items) else None


@dataclass(slots=True, eq=False)
class ModuleAt:
    """A module of the model."""

    path: tuple[str, ...]
    module: Inert


@dataclass(slots=True, eq=False)
class Dotted:
    """A name that is no variable: "torch.add", "__torch__.Block"."""

    name: str


Known = Flowing | Constant | Bundle | ModuleAt | Dotted


def flowing(value: Known) -> Iterator[Flowing]:
    """Yield what flows in a value, also from inside of lists and tuples; each list once."""
    todo: list[Known] = [value]
    seen: set[int] = set()
    while todo:
        here = todo.pop()
        if isinstance(here, Flowing):
            yield here
        elif isinstance(here, Bundle) and id(here) not in seen:
            seen.add(id(here))
            todo += reversed(here.items)


def origins(value: Flowing, most: int) -> tuple[list[str], int]:
    """Return the names of the values that `value` may be, and how many steps that took, which end at `most`."""
    found: dict[str, None] = {}
    seen: set[int] = {id(value)}
    todo: list[str | Flowing] = list(reversed(value.origins))
    steps = 0
    while todo and steps < most:
        steps += 1
        here = todo.pop()
        if isinstance(here, str):
            found[here] = None
        elif id(here) not in seen:
            seen.add(id(here))
            todo += reversed(here.origins)
    return list(found), steps


def joined(values: Iterable[Known], apart: bool = True) -> Known:
    """Return what is one of several values, as after a branch; of tuples (`apart`) item by item."""
    given: list[Known] = []
    for value in values:
        if not any(value is other or _same_constant(value, other) for other in given):
            given.append(value)
    if len(given) == 1:
        return given[0]
    bundles = [value for value in given if isinstance(value, Bundle)]
    if apart and len(bundles) == len(given) and len({len(bundle.items) for bundle in bundles}) == 1:
        return Bundle([joined(items, apart=False) for items in zip(*(bundle.items for bundle in bundles), strict=True)])
    parts = [part for value in given for part in flowing(value)]
    may_be_none = any(isinstance(value, Constant) and value.value is None for value in given)
    return Flowing(list(dict.fromkeys(parts)), may_be_none) if parts else Constant(...)


def _same_constant(a: Known, b: Known) -> bool:
    return isinstance(a, Constant) and isinstance(b, Constant) and type(a.value) is type(b.value) and a.value == b.value
