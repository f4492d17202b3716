"""JSON that came from outside, checked: no key twice, bounded nesting and size, numbers that fit.

For every reader of JSON in this room (configs, indices, graphs, the JSON inside archives): `read_json` for a file,
`decode` for bytes. msgspec is three times as fast, but keeps the last of two equal keys without a word: where a typed
msgspec decoder is used for speed, notice lost keys as `safetensors._decode` and `graph_json.own_export` do.
"""

import re
from collections.abc import Iterable
from typing import Any

from ..errors import InputError
from .files import input_error, plain_text, read_whole
from .limits import LoadLimits
from .untyped import is_dict

__all__ = ["decode", "read_json"]

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_MAX_DIGITS = 400  # of an integer; the largest float has 309


def read_json(path: str, limits: LoadLimits, most: int | None = None) -> Any:
    """Return the value of a JSON file.

    Parameters
    ----------
    most : int, optional
        Bytes that it may have; ``limits.json_bytes`` by default.

    Raises
    ------
    InputError
        When it is no regular file, too large, or no JSON that `decode` takes.
    """
    return decode(read_whole(path, limits.json_bytes if most is None else most), path, limits)


def decode(raw: bytes | bytearray | memoryview, path: str, limits: LoadLimits, what: str = "") -> Any:
    """Return the value of JSON text in UTF-8, with or without a byte order mark.

    ``NaN`` and ``Infinity``, which Python and so many a config writes, are taken.

    Parameters
    ----------
    path : str
        Of the file that errors name.
    what : str, optional
        Which part of the file it is, for errors: "its record 'models/model.json'".

    Raises
    ------
    InputError
        When a key occurs twice in an object, it is nested too deeply, or it is no JSON.
    """
    import json  # only here: 3 ms that an index of shards does without

    label = f"{what} " if what else ""
    try:
        text = str(raw, "utf-8").removeprefix("\ufeff")
        value = json.loads(text, object_pairs_hook=_once, parse_int=_integer)
        if _SURROGATE.search(text):
            json.dumps(value, ensure_ascii=False).encode()  # half of a pair is no text: nothing could print it
    except RecursionError:
        raise _too_deep(path, label, limits) from None
    except _KeyTwiceError as error:
        problem = f"{label}has the key {plain_text(str(error), 120)!r} twice in one object"
        raise input_error(path, problem, "each key must occur once") from None
    except ValueError as error:
        problem = f"{label}is no valid JSON ({plain_text(str(error), 200)})"
        raise input_error(path, problem, "the file is damaged or is no JSON") from None
    if _is_deeper(value, limits.json_depth):
        raise _too_deep(path, label, limits)
    return value


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


def _too_deep(path: str, label: str, limits: LoadLimits) -> InputError:
    return input_error(path, f"{label}is nested too deeply", f"at most {limits.json_depth} levels are read")


def _is_deeper(value: Any, limit: int) -> bool:
    """Return whether containers nest deeper than `limit`; level by level, as recursion would end the interpreter."""
    level = _containers([value])
    for _ in range(limit):
        if not level:
            return False
        inner: list[Any] = []
        for item in level:
            inner += _containers(item.values() if is_dict(item) else item)
        level = inner
    return bool(level)


def _containers(values: Iterable[Any]) -> list[Any]:
    return [value for value in values if isinstance(value, dict | list)]
