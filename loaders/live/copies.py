"""Copies of a live module whose tensors are replaced: the module itself is never run, moved or changed."""

import copy
from collections.abc import Callable
from types import CellType, FunctionType, MethodType
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from ..untyped import is_dict
from .module_tree import modules_of

__all__ = ["copy_with"]

Replace = Callable[[torch.Tensor], torch.Tensor]


def copy_with(module: torch.nn.Module, replace: Replace) -> torch.nn.Module:
    """Return a copy of a module in evaluation mode, without its hooks, with every tensor replaced.

    No weight is read or copied. What the module holds beside tensors is copied deeply, so that a forward pass
    cannot change the original; what cannot be copied (a lock, a file) is shared. A function that a module holds
    (``module.forward = patched(module)``, ``torch.compile``) gets a closure over the copies.
    """
    memo: dict[int, Any] = {}
    originals = {id(inner): inner for _, inner in modules_of(module)}
    for key, inner in originals.items():
        memo[key] = object.__new__(type(inner))
        for tensor in (*inner.parameters(recurse=False), *inner.buffers(recurse=False)):
            if id(tensor) not in memo:
                memo[id(tensor)] = _replaced(tensor, replace)
    with _Replacing(replace):
        for key, inner in originals.items():
            memo[key].__dict__.update({name: _copied(name, value, memo) for name, value in inner.__dict__.items()})
    for key in originals:
        memo[key].__dict__["training"] = False
    return memo[id(module)]


_DEEPCOPY: Any = getattr(torch.Tensor, "__deepcopy__")  # noqa: B009 - torch does not say its type


class _Replacing(TorchFunctionMode):
    """While it is active, copying a tensor replaces it."""

    def __init__(self, replace: Replace) -> None:
        super().__init__()
        self._replace = replace

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is _DEEPCOPY:
            tensor, memo = args
            memo[id(tensor)] = copied = _replaced(tensor, self._replace)
            return copied
        if func is torch.Tensor.clone:  # how a parameter copies itself
            return self._replace(args[0])
        return func(*args, **(kwargs or {}))


def _replaced(tensor: torch.Tensor, replace: Replace) -> torch.Tensor:
    new = replace(tensor)
    if isinstance(tensor, torch.nn.Parameter) and not isinstance(new, torch.nn.Parameter):
        return torch.nn.Parameter(new, requires_grad=False)
    return new


def _copied(name: str, value: Any, memo: dict[int, Any]) -> Any:
    if "hooks" in name and is_dict(value):
        return type(value)()  # a hook of the user's would see, and might keep, our tensors
    if isinstance(value, FunctionType):
        return _rebound(value, memo)
    try:
        return copy.deepcopy(value, memo)
    except Exception:  # noqa: BLE001 - the user's classes may refuse in any way
        return value


def _rebound(function: FunctionType, memo: dict[int, Any]) -> FunctionType:
    """Return a function over copies where its closure is over modules; `copy.deepcopy` returns the function itself."""
    if id(function) in memo or not function.__closure__:
        return memo.get(id(function), function)
    cells = tuple(CellType() for _ in function.__closure__)
    new = FunctionType(function.__code__, function.__globals__, function.__name__, function.__defaults__, cells)
    new.__kwdefaults__ = function.__kwdefaults__
    new.__dict__.update(function.__dict__)
    memo[id(function)] = new  # before its cells are filled, one of which may hold itself
    for cell, old in zip(cells, function.__closure__, strict=True):
        if old == CellType():  # nothing in it yet
            continue
        value = old.cell_contents
        if isinstance(value, FunctionType):
            cell.cell_contents = _rebound(value, memo)
        elif id(value) in memo or (isinstance(value, MethodType) and id(value.__self__) in memo):
            cell.cell_contents = copy.deepcopy(value, memo)
        else:
            cell.cell_contents = value
    return new
