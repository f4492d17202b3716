"""The tree of modules and tensors in an unpickled object, found without recursion and in bounded time."""

from collections.abc import Iterator
from typing import Any

from ..checkpoint import module_attributes
from ..files import DAMAGED, input_error, plain_text
from ..limits import LoadLimits
from ..untyped import is_dict, is_sequence, is_tuple
from .inert_pickle import Inert
from .torch_globals import TensorRecord
from .torch_tensors import Found

__all__ = ["entries", "find_tensors", "has_key", "holds_tensors", "is_module"]

_MAX_KEY = 1000
# Visits to containers that were visited before. A few modules that share their blocks need thousands; ten lists
# that each hold the one before ten times need 10^10.
_MAX_REPEATED = 200_000
_MAX_LOOK = 100_000
_WANTED = (TensorRecord, dict, list, tuple, Inert)


def is_module(value: Any) -> bool:
    """Return whether an object is an ``nn.Module``: its pickled state says so, whatever its class."""
    return isinstance(value, Inert) and is_dict(value.state) and is_dict(value.state.get("_modules"))


def entries(value: Any) -> dict[Any, Any]:
    """Return what a container holds by key: of a dict or an object its entries, of a list its items by position."""
    if is_dict(value):
        return value
    if isinstance(value, Inert):
        return value.attributes() | dict(enumerate(value.items))
    return dict(enumerate(value)) if is_sequence(value) else {}


def has_key(value: Any, key: str) -> bool:
    """Return whether `entries` of a dict or an object has a key, without making a copy of them."""
    return any(key in part for part in ([value] if is_dict(value) else _sources(value)))


def _sources(value: Any) -> list[dict[Any, Any]]:
    """Return the dicts that an object's entries come from: several objects of a pickle may have the same."""
    if not isinstance(value, Inert):
        return []
    state = value.state
    parts: list[Any] = [*state, value.mapping] if is_tuple(state) and len(state) == 2 else [state, value.mapping]
    return [part for part in parts if is_dict(part)]


def _repeated(value: Any, seen: set[int]) -> int:
    """Return how many entries an object has from dicts that another object had, too; note those that it has."""
    repeated = 0
    sources = _sources(value)
    inner = [part.get(key) for part in sources for key in ("_parameters", "_buffers", "_modules")]
    for part in [*sources, *filter(is_dict, inner)]:
        if id(part) in seen:
            repeated += len(part)
        seen.add(id(part))
    return repeated


def holds_tensors(value: Any, barren: set[int] | None = None) -> bool:
    """Return whether there is a tensor or a module in `value`, looking at a bounded number of its parts.

    Parameters
    ----------
    barren : set of int, optional
        Ids of what was looked at before without finding any; gets those that are found to be so.
    """
    seen: set[int] = set()
    known: set[int] = set() if barren is None else barren
    sources: set[int] = set()
    todo: list[Any] = [value]
    looked = 0
    while todo and looked < _MAX_LOOK:
        here = todo.pop()
        if isinstance(here, TensorRecord) or is_module(here):
            return True
        if id(here) not in seen and id(here) not in known:
            seen.add(id(here))
            looked += _repeated(here, sources)
            inner: list[Any] = [part for part in entries(here).values() if isinstance(part, _WANTED)]
            looked += 1 + len(inner)
            todo += inner
    known |= seen
    return False


def find_tensors(value: Any, path: str, limits: LoadLimits) -> Found:
    """Return the tensors and modules in `value` by dotted path, in the order of the file.

    Parameters
    ----------
    value : object
        What the unpickler made.
    path : str
        Of the file, for errors.

    Raises
    ------
    InputError
        When it nests too deeply, or shares its parts so often that the tree has no bound.
    """
    found = Found()
    if isinstance(value, TensorRecord):
        found.tensors.append(("tensor", value))
        return found
    stack: list[tuple[str, int, Iterator[tuple[str, Any]]]] = [("", id(value), _open("", value, found))]
    inside = {id(value)}
    seen = {id(value)}
    sources: set[int] = set()
    repeated = _repeated(value, sources)
    while stack:
        prefix, identity, children = stack[-1]
        for name, child in children:
            place = f"{prefix}.{name}" if prefix else name
            if isinstance(child, TensorRecord):
                found.tensors.append((place, child))
                continue
            if id(child) in inside:
                continue  # an object that refers back to what holds it
            if id(child) in seen:
                repeated += 1 + len(entries(child))
            else:
                repeated += _repeated(child, sources)
            if repeated > _MAX_REPEATED:
                raise input_error(path, "repeats its parts without end", DAMAGED)
            if len(stack) >= limits.module_depth:
                raise input_error(path, "nests its parts too deeply", f"at most {limits.module_depth} levels are shown")
            seen.add(id(child))
            inside.add(id(child))
            stack.append((place, id(child), _open(place, child, found)))
            break
        else:
            stack.pop()
            inside.discard(identity)
        if len(found.tensors) + len(found.modules) > limits.nodes:
            raise input_error(path, "has too many modules and tensors", f"at most {limits.nodes:,} are shown")
    return found


def _open(place: str, value: Any, found: Found) -> Iterator[tuple[str, Any]]:
    """Note a module, and return an iterator of the named children that may hold tensors."""
    parts = entries(value)
    if is_module(value):
        found.modules.append((len(found.tensors), place, module_attributes(value.qualified, parts)))
        kinds = (parts.get("_parameters"), parts.get("_buffers"), parts.get("_modules"))
        parts = {key: part for kind in kinds if is_dict(kind) for key, part in kind.items()}
    elif isinstance(value, Inert) and value.qualified.startswith("__torch__."):  # a TorchScript module
        found.modules.append((len(found.tensors), place, module_attributes(value.qualified, parts)))
    wanted: list[tuple[str, Any]] = [(_name(key), part) for key, part in parts.items() if isinstance(part, _WANTED)]
    return iter(wanted)


def _name(key: Any) -> str:
    if isinstance(key, str):
        return key if len(key) <= _MAX_KEY else plain_text(key, _MAX_KEY)
    if isinstance(key, int) and -(2**63) <= key < 2**63:
        return str(key)
    return f"({type(key).__name__})"
