"""What TorchScript code changes while it is followed: attributes of modules, and lists."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

from .values import Bundle, Flowing, Known, flowing, joined

__all__ = ["State"]

Path = tuple[str, ...]
_Side = TypeVar("_Side")


class State:
    """The values that attributes of modules were given, by path; those that nothing was given are not here."""

    def __init__(self) -> None:
        self._now: dict[Path, Known] = {}
        self._first: dict[Path, Known] = {}

    def get(self, path: Path) -> Known | None:
        """Return what an attribute was given, None when it is what the file says."""
        return self._now.get(path)

    @property
    def size(self) -> int:
        """How many attributes were given a value."""
        return len(self._now)

    def give(self, path: Path, before: Known, value: Known) -> Known:
        """Note the value that an attribute is given; return what it was at first."""
        self._now[path] = value
        return self._first.setdefault(path, before)

    def back_to(self, values: dict[Path, Known]) -> None:
        """Forget what was given since `values` was `copied`."""
        self._now = dict(values)

    def copied(self) -> dict[Path, Known]:
        """Return the values as they are now, to go `back_to`."""
        return dict(self._now)

    def apart(self, sides: Iterable[_Side], known: Iterable[Known]) -> Iterator[_Side]:
        """Yield sides of which only one runs: none sees what another has changed, what comes after sees both.

        Parameters
        ----------
        sides : iterable
            To be followed one by one.
        known : iterable of Known
            What names stand for; lists among it may be changed.
        """
        lists = list(dict.fromkeys(value for value in known if isinstance(value, Bundle)))
        attributes, items = self._now, [each.items for each in lists]
        ends: list[dict[Path, Known]] = []
        left: list[list[list[Known]]] = [[] for _ in lists]
        for side in sides:
            self._now = dict(attributes)
            for each, before in zip(lists, items, strict=True):
                each.items = before
            yield side
            ends.append(self._now)
            for after, each in zip(left, lists, strict=True):
                after.append(each.items)
        paths = dict.fromkeys(path for end in ends for path in end)
        self._now = {path: joined(end.get(path, self._first[path]) for end in ends) for path in paths}
        for each, before, after in zip(lists, items, left, strict=True):
            if any(one is not before for one in after):
                parts = dict.fromkeys(part for one in after for part in flowing(Bundle(one)))
                each.items = [Flowing([*parts])]
