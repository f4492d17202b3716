"""What JSON and npz files say of their values: an object of facts, with one for each column that differs."""

from collections.abc import Mapping
from typing import Any

from .facts import FACT_KEYS, Facts, with_facts
from .json_text import is_object
from .reading import input_error, quoted

__all__ = ["About", "facts_of", "read_about"]

About = Mapping[str, Mapping[str, Any]]
"""Facts by column; those under "" are of all."""

_COLUMNS = "columns"


def read_about(path: str, value: object) -> About:
    """Return the facts of an object like ``{"origin": "measured", "columns": {"load": {"unit": "tokens"}}}``.

    Raises
    ------
    InputError
        When it is none, or has other keys.
    """
    if not is_object(value):
        raise input_error(path, "'about' is no object", f"keys are {', '.join(FACT_KEYS)} and {_COLUMNS}")
    columns = value.get(_COLUMNS, {})
    if not is_object(columns) or not all(is_object(each) for each in columns.values()):
        raise input_error(path, f"{_COLUMNS!r} of 'about' is no object of objects", "one for each column is needed")
    about = {"": {key: each for key, each in value.items() if key != _COLUMNS}, **columns}
    for stated in about.values():
        unknown = next((key for key in stated if key not in FACT_KEYS), None)
        if unknown is not None:
            raise input_error(path, f"'about' has the key {quoted(unknown)}", f"keys are {', '.join(FACT_KEYS)}")
    return about


def facts_of(path: str, about: About, column: str) -> Facts:
    """Return what is said of a column.

    Raises
    ------
    InputError
        When a value is none that its key can have.
    """
    try:
        return with_facts(Facts(), {**about.get("", {}), **about.get(column, {})})
    except ValueError as error:
        problem, _, remedy = str(error).partition("; ")
        raise input_error(path, f"{quoted(column)}: {problem}" if column else problem, remedy) from error
