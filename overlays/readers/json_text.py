"""JSON that came from outside: no key twice, bounded nesting and size; and the few types that values may have."""

import json
from typing import Any, TypeGuard

from ...errors import InputError
from .reading import MAX_NAME, counted, input_error, line_error, plain_text, quoted

__all__ = ["check_name", "decode", "is_list", "is_object", "is_value", "step_name"]

_MAX_TEXT = 2**26  # bytes: as Python objects they take up to 12 times as many
_MAX_CONTAINERS = 2_000_000  # objects and lists: 64 bytes each, at least
_MAX_KEYS = 2_000_000  # by their colons: 200 bytes each with a short name and a number
_MAX_DIGITS = 400  # of an integer; the largest float has 309
_MAX_DEPTH = 8  # of nesting: our own form has 5 levels


def decode(text: str, path: str, line: int | None = None) -> Any:
    """Return the value of JSON text; ``NaN`` and ``Infinity``, which Python writes, are taken.

    Parameters
    ----------
    line : int, optional
        The line of the file that the text is; by default it is the whole file.

    Raises
    ------
    InputError
        When a key occurs twice in an object, it is nested too deeply, too large, or no JSON.
    """
    containers = text.count("{") + text.count("[")
    if len(text) > _MAX_TEXT or containers > _MAX_CONTAINERS or text.count(":") > _MAX_KEYS:
        most = f"at most {_MAX_TEXT:,} characters, {_MAX_CONTAINERS:,} objects and {_MAX_KEYS:,} keys are read"
        raise _error(path, line, "is too much JSON", f"{most}: JSONL or npz takes more")
    try:
        value = _DECODER.decode(text)
    except RecursionError:
        raise _error(path, line, "is nested too deeply", f"at most {_MAX_DEPTH} levels are read") from None
    except _KeyTwiceError as error:
        problem = f"has the key {quoted(str(error))} twice in one object"
        raise _error(path, line, problem, "give each its own name") from None
    except json.JSONDecodeError as error:
        at = error.lineno if line is None else line
        raise line_error(path, at, f"is no JSON ({plain_text(error.msg)})", "the file is damaged or no JSON") from error
    except ValueError as error:
        raise _error(path, line, f"is no JSON ({plain_text(str(error))})", "a smaller number is needed") from error
    if _is_deeper(value, _MAX_DEPTH):
        raise _error(path, line, "is nested too deeply", f"at most {_MAX_DEPTH} levels are read")
    return value


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Return whether a decoded value is a JSON object."""
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[list[Any]]:
    """Return whether a decoded value is a JSON array."""
    return isinstance(value, list)


def is_value(value: object) -> bool:
    """Return whether a decoded value may be that of a place: a number, a text, or null for no data."""
    return value is None or isinstance(value, int | float | str)


def step_name(step: object) -> str:
    """Return a step as text: 1000.0 is "1000".

    Raises
    ------
    ValueError
        When it is no number and no text.
    """
    if isinstance(step, str) and 0 < len(step.strip()) <= MAX_NAME:
        return step.strip()
    if isinstance(step, bool) or not isinstance(step, int | float) or step != step:
        raise ValueError(f"a step is {plain_text(repr(step), 40)}; a number or a text is needed")
    return str(int(step)) if isinstance(step, float) and step.is_integer() else str(step)


def check_name(name: str, path: str) -> None:
    """Refuse a name that is none.

    Raises
    ------
    InputError
        When it is empty or has more than 1,000 characters.
    """
    if not 0 < len(name) <= MAX_NAME:
        problem = f"has a name of {counted(len(name), 'character')} ({quoted(name, 40)})"
        raise input_error(path, problem, f"1 to {MAX_NAME:,} are needed")


class _KeyTwiceError(Exception):
    """A key that occurs twice in an object."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        raise _KeyTwiceError(next(key for key, _ in pairs if key in seen or seen.add(key)))
    return found


def _integer(digits: str) -> int:
    if len(digits) > _MAX_DIGITS:
        raise ValueError(f"an integer of {len(digits):,} digits")
    return int(digits)


# Made once: a line of JSONL takes half as long as with `json.loads`.
_DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_int=_integer)


def _is_deeper(value: Any, limit: int) -> bool:
    """Return whether containers nest deeper than `limit`; level by level, as recursion would end the interpreter."""
    level = [value]
    for _ in range(limit + 1):
        level = [item for item in level if is_object(item) or is_list(item)]
        if not level:
            return False
        level = [inner for item in level for inner in (item.values() if is_object(item) else item)]
    return True


def _error(path: str, line: int | None, problem: str, remedy: str) -> InputError:
    return input_error(path, problem, remedy) if line is None else line_error(path, line, problem, remedy)
