"""The sizes and switches that a family's template needs, read from a config and checked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..files import plain_text
from ..untyped import is_sequence

__all__ = ["ConfigError", "Sizes", "evaluate", "read_sizes"]

_MAX_INDEX = 2**20  # of a layer; also, larger numbers can be chosen to have one hash
_LARGEST = 2**40  # of a single size; no matrix of a model has a side as long


class ConfigError(Exception):
    """What a config says cannot be; the message is half a sentence, to be put behind the path."""


@dataclass(slots=True)
class Sizes:
    """What a config says.

    Attributes
    ----------
    numbers : dict of str to int
        By the symbol that templates use.
    flags : dict of str to bool
    config : mapping
        Where they are from: for the few things that are neither.
    known : dict of str to int
        The numbers by their keys, with what the config leaves to its class.
    """

    numbers: dict[str, int] = field(default_factory=dict[str, int])
    flags: dict[str, bool] = field(default_factory=dict[str, bool])
    config: Mapping[str, Any] = field(default_factory=dict[str, Any])
    known: dict[str, int] = field(default_factory=dict[str, int])

    def indices(self, key: str) -> frozenset[int]:
        """Return a list of layer numbers, none when the config has no such list."""
        value = self.config.get(key)
        listed = value if is_sequence(value) else ()
        return frozenset(i for i in listed if type(i) is int and 0 <= i < _MAX_INDEX)


def read_sizes(table: str, config: Mapping[str, Any]) -> Sizes:
    """Read what a family's table asks for.

    Parameters
    ----------
    table : str
        Lines ``SYMBOL KEY[|KEY] DEFAULT``. A default of "true" or "false" makes it a switch; another is a number or an
        expression of the symbols above it. A key of "-" is in no config.
    config : mapping

    Raises
    ------
    ConfigError
        When a value is missing, of the wrong type or out of all proportion.
    """
    sizes = Sizes(config=config)
    for line in table.split("\n"):
        if not line.strip():
            continue
        symbol, keys, default = line.split()
        key, value = next(
            ((k, config[k]) for k in keys.split("|") if k != "-" and config.get(k) is not None), (keys, None)
        )
        if default in ("true", "false"):
            sizes.flags[symbol] = _flag(key, value, default == "true")
        elif value is not None:
            sizes.numbers[symbol] = _number(key, value)
        else:
            sizes.numbers[symbol] = evaluate(default, sizes.numbers)
        if symbol in sizes.numbers and key != "-":
            sizes.known[key.split("|")[0]] = sizes.numbers[symbol]
    return sizes


def _flag(key: str, value: Any, default: bool) -> bool:
    if value is None:
        return default
    if not isinstance(value, bool):
        raise ConfigError(f"has {key} = {plain_text(repr(value), 60)}, which is neither true nor false")
    return value


def _number(key: str, value: Any) -> int:
    if type(value) is not int or not 0 <= value <= _LARGEST:
        raise ConfigError(f"has {key} = {plain_text(repr(value), 60)}, which is no size")
    return value


def evaluate(expression: str, numbers: Mapping[str, int]) -> int:
    """Return the value of sums of products and whole quotients: "A*D+2*K*D", "H/A".

    Raises
    ------
    ConfigError
        When it divides by zero or is negative.
    """
    total = 0
    for term in expression.split("+"):
        product = 1
        for factor in term.split("*"):
            above, *below = (int(part) if part.isdecimal() else numbers[part] for part in factor.split("/"))
            for divisor in below:
                if not divisor:
                    raise ConfigError(f"divides by zero: a size of {factor}")
                above //= divisor
            product *= above
        total += product
    return total
