"""What is shown of an operator's attributes: plain and short values."""

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np

from ...graph.roles import RESERVED
from ..checkpoint import shown_value
from ..files import plain_text
from .data_types import dtype_name
from .messages import Node
from .parts import Attribute
from .stored import Stored
from .wire import Buffer

__all__ = ["SHOWN_VALUES", "shown_attributes", "shown_values"]

SHOWN_VALUES = 16
_MAX_ATTRIBUTES = 200
_OURS = RESERVED | {"class", "domain", "dtype", "function", "initializer", "node", "operator", "placed_by", "shape"}
_NUMPY = {
    "F16": "<f2",
    "F32": "<f4",
    "F64": "<f8",
    "I8": "i1",
    "I16": "<i2",
    "I32": "<i4",
    "I64": "<i8",
    "U8": "u1",
    "U16": "<u2",
    "U32": "<u4",
    "U64": "<u8",
    "BOOL": "?",
}


def shown_attributes(node: Node, arguments: Mapping[str, Attribute]) -> dict[str, Any]:
    """Return the attributes of a node by name; those that refer to an argument of the call it is in have its value."""
    found: dict[str, Any] = {}
    for attribute in node.attributes[:_MAX_ATTRIBUTES]:
        meant = arguments.get(attribute.refers_to) if attribute.refers_to else attribute
        if meant is None:
            continue
        name = plain_text(attribute.name, 80)
        name = f"attribute.{name}" if name in _OURS else name
        if meant.value is not None:
            found[name] = shown_value(meant.value)
        elif meant.tensor is not None:
            found[name] = f"{dtype_name(meant.tensor.data_type)} {meant.tensor.dims}"
    return found


def shown_values(data: Buffer, stored: Stored, dtype: str) -> Any:
    """Return the few values of a tensor that is in the file itself; None where they do not stand in a row."""
    if stored.offset < 0 or dtype not in _NUMPY or not prod(stored.shape):
        return None
    values = shown_value(np.frombuffer(data[stored.offset : stored.offset + stored.nbytes], _NUMPY[dtype]).tolist())
    return values if stored.shape else values[0]
