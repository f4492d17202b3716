"""Narrowing of values that came from a file: what they hold is not known until it is looked at."""

from typing import Any, TypeGuard

__all__ = ["is_dict", "is_list", "is_sequence", "is_tuple"]


def is_dict(value: object) -> TypeGuard[dict[Any, Any]]:
    """Return whether `value` is a dict."""
    return isinstance(value, dict)


def is_tuple(value: object) -> TypeGuard[tuple[Any, ...]]:
    """Return whether `value` is a tuple."""
    return isinstance(value, tuple)


def is_list(value: object) -> TypeGuard[list[Any]]:
    """Return whether `value` is a list."""
    return isinstance(value, list)


def is_sequence(value: object) -> TypeGuard[list[Any] | tuple[Any, ...]]:
    """Return whether `value` is a list or tuple."""
    return isinstance(value, list | tuple)
