"""The tensors that a config asks for, by this package's own tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...graph import CodedSequence
from ..files import plain_text
from ..tensor_table import TensorTable
from ..untyped import is_dict, is_sequence
from .decoders import DECODERS
from .encoders import ENCODERS
from .family import Family
from .mixtures import MIXTURES
from .older_decoders import OLDER_DECODERS
from .sizes import ConfigError, read_sizes
from .template import count, expand, parse

__all__ = ["OwnTree", "architecture_of", "classes", "own_tree", "tensor_table"]

_FAMILIES = (*DECODERS, *OLDER_DECODERS, *MIXTURES, *ENCODERS)
_BY_CLASS = {name: family for family in _FAMILIES for name in family.heads}
_BY_TYPE = {name: family for family in _FAMILIES for name in family.types.split()}


@dataclass(frozen=True, slots=True)
class OwnTree:
    """What a config asks for.

    Attributes
    ----------
    architecture : str
        The class that was taken.
    names : list of str
    codes : list of int
        For each name the position of its shape in `shapes`.
    shapes : list of tuple of int
    prediction : range
        Numbers of the multi-token-prediction layers, which stand behind the last layer.
    known : mapping of str to int
        Sizes by the config's keys, with what the config leaves to its class.
    """

    architecture: str
    names: list[str]
    codes: list[int]
    shapes: list[tuple[int, ...]]
    prediction: range
    known: Mapping[str, int]


def architecture_of(config: Mapping[str, Any]) -> str | None:
    """Return the class that a config names, None when it names none."""
    listed = config.get("architectures")
    first = listed[0] if is_sequence(listed) and listed else None
    return first if isinstance(first, str) else None


def classes() -> list[str]:
    """Return the classes that the tables know, as configs name them."""
    return list(_BY_CLASS)


def _find_family(config: Mapping[str, Any]) -> tuple[Family, str] | None:
    """Return the family and class of a config, None where the tables have none.

    The class comes first: Kimi-K2 has a ``model_type`` of its own but is a DeepseekV3ForCausalLM.
    """
    architecture, kind = architecture_of(config), config.get("model_type")
    if architecture is not None:
        family = _BY_CLASS.get(architecture)
    else:
        family = _BY_TYPE.get(kind) if isinstance(kind, str) else None
    if family is None or any(config.get(key) for key in family.without.split()):
        return None
    return family, architecture or next(iter(family.heads))


def own_tree(config: Mapping[str, Any], most: int) -> OwnTree | None:
    """Return what a config asks for, None where its family is not known.

    Parameters
    ----------
    most : int
        Tensors that are made; counted before one is.

    Raises
    ------
    ConfigError
        When a size cannot be, or there would be more tensors.
    """
    found = _find_family(config)
    if found is None:
        return None
    family, architecture = found
    labels = config.get("id2label")
    if is_dict(labels) and "num_labels" not in config:
        config = {**config, "num_labels": len(labels)}
    sizes = read_sizes(family.sizes, config)
    head, n = family.heads[architecture], sizes.numbers
    for key in ("L", "M", "P", "E"):  # before anything is as long as they say
        if n.get(key, 0) > most:
            raise ConfigError(f"asks for {n[key]:,} layers or experts, at most {most:,} tensors are shown")
    sizes.flags |= head.switches
    ranges = family.ranges(sizes)
    rows = parse(family.body, sizes, head.prefix) + parse(head.template, sizes)
    total = count(rows, ranges)
    if total > most:
        raise ConfigError(f"asks for {total:,} tensors, at most {most:,} are shown")
    expansion = expand(rows, ranges)
    prediction = ranges.get("P", range(0))
    return OwnTree(
        architecture,
        expansion.names,
        expansion.codes,
        expansion.shapes,
        prediction if isinstance(prediction, range) else range(0),
        sizes.known,
    )


def tensor_table(
    names: Sequence[str], codes: Sequence[int], shapes: Sequence[tuple[int, ...]], dtype: str
) -> TensorTable:
    """Return tensors that are in no file as a table."""
    nothing = [0] * len(names)
    return TensorTable(
        names=names,
        dtypes=CodedSequence(np.zeros(len(names), np.int32), [plain_text(dtype, 40)]),
        shapes=CodedSequence(np.array(codes, np.int32), shapes),
        nbytes=nothing,
        files=nothing,
        offsets=[-1] * len(names),
        file_names=[],
        derived=True,
    )
