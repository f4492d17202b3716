"""Tensors inside whatever modules take and return: tuples, dicts, dataclasses."""

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, cast

import torch

__all__ = ["convert", "tensors_in"]

_DEEPEST = 8


def tensors_in(value: Any, name: str = "", depth: int = 0) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield every tensor in a value, with what leads to it: "hidden_states", "past.0"."""
    if isinstance(value, torch.Tensor):
        yield name, value
        return
    if depth == _DEEPEST:
        return
    for key, item in _items(value):
        yield from tensors_in(item, f"{name}.{key}" if name else str(key), depth + 1)


def _items(value: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, Mapping):
        yield from cast("Mapping[Any, Any]", value).items()
    elif isinstance(value, list | tuple):
        names = getattr(cast("Any", value), "_fields", None)
        items = cast("list[Any]", value)
        yield from zip(names, items, strict=True) if names else enumerate(items)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield field.name, getattr(value, field.name, None)


def convert(value: Any, make: Callable[[torch.Tensor], torch.Tensor], depth: int = 0) -> Any:
    """Return a value with every tensor in it replaced; containers are made anew."""
    if isinstance(value, torch.Tensor):
        return make(value)
    if depth == _DEEPEST:
        return value
    if isinstance(value, dict):
        new = copy.copy(cast("dict[Any, Any]", value))  # of its own class: transformers' outputs are dicts with more
        for key, item in list(new.items()):
            new[key] = convert(item, make, depth + 1)
        return new
    if isinstance(value, list | tuple):
        done = [convert(item, make, depth + 1) for item in cast("list[Any]", value)]
        kind = cast("type[Any]", type(cast("Any", value)))
        return kind(*done) if hasattr(kind, "_fields") else kind(done)
    if is_dataclass(value) and not isinstance(value, type):
        changed = {f.name: convert(getattr(value, f.name), make, depth + 1) for f in fields(value) if f.init}
        return replace(value, **changed)
    return value
