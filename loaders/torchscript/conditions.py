"""What can be told of a piece of TorchScript code without following it."""

import ast
import operator
from collections.abc import Callable, Sequence
from typing import Any

from .values import Bundle, Constant, Flowing, Known, ModuleAt

__all__ = ["assigned", "calls_something", "decided", "only_raises", "plain_value"]

_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "torch.__is__": operator.is_,
    "torch.__isnot__": operator.is_not,
    "torch.eq": operator.eq,
    "torch.ne": operator.ne,
    "torch.lt": operator.lt,
    "torch.le": operator.le,
    "torch.gt": operator.gt,
    "torch.ge": operator.ge,
}


def decided(name: str, given: Sequence[Known]) -> Constant | None:
    """Return the result of a comparison that is known beforehand, None for everything else."""
    compared = _COMPARED.get(name)
    if compared is None or len(given) != 2:
        return None
    a, b = given
    if isinstance(a, Constant) and isinstance(b, Constant) and a.value is not ... and b.value is not ...:
        numbers = isinstance(a.value, int | float) and isinstance(b.value, int | float)
        return Constant(compared(a.value, b.value)) if numbers or name.startswith("torch.__is") else None
    is_something = isinstance(a, Bundle | ModuleAt) or (isinstance(a, Flowing) and not a.may_be_none)
    if is_something and name.startswith("torch.__is") and isinstance(b, Constant) and b.value is None:
        return Constant(name == "torch.__isnot__")
    return None


def plain_value(value: Known) -> Any:
    """Return a constant or a list of constants as it is, None for what flows."""
    if isinstance(value, Bundle):
        items = [item.value for item in value.items if isinstance(item, Constant)]
        return items if len(items) == len(value.items) else None
    return value.value if isinstance(value, Constant) else None


def only_raises(body: Sequence[ast.stmt]) -> bool:
    """Return whether a branch only ends the run."""
    last = body[-1] if body else None
    match last:
        case ast.Raise() | ast.Expr(value=ast.Call(func=ast.Attribute(attr="RaiseException"))):
            return True
        case _:
            return False


def calls_something(statement: ast.If) -> bool:
    """Return whether a branch may have operators in it."""
    return any(
        isinstance(node, ast.Call)
        and not (isinstance(node.func, ast.Name) and node.func.id in ("annotate", "unchecked_cast", "uninitialized"))
        for body in (statement.body, statement.orelse)
        for inner in body
        for node in ast.walk(inner)
    )


def assigned(statement: ast.For | ast.While) -> list[str]:
    """Return the names that a loop's body gives a value, in order."""
    names = [
        node.id
        for inner in statement.body
        for node in ast.walk(inner)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]
    return list(dict.fromkeys(names))
