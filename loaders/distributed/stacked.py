"""Tensors that hold all layers or experts: Megatron's ``decoder.layers.mlp.linear_fc1.weight [layers, ...]``."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .pieces import Piece

__all__ = ["unstacked"]

# A name without the numbers of its layers, or of its experts: [layers, ...], [layers, experts, ...].
_STACKS = (
    (re.compile(r"(?:^|.*\.)layers(?=\.[^.\d])"), "num_layers"),
    (re.compile(r".*\.experts\.experts(?=\.[^.\d])"), "num_experts"),
)


def unstacked(
    name: str, shape: tuple[int, ...], pieces: Sequence[Piece], config: Mapping[str, Any] | None
) -> Iterator[tuple[str, tuple[int, ...], Sequence[Piece], dict[str, Any]]]:
    """Yield (name, shape, pieces, attributes): of each layer and expert where a tensor holds all, else of itself.

    It holds all of them when its first dimension is as many as the checkpoint declares, and each piece is of one, as
    Megatron writes them.
    """
    parts: list[tuple[str, tuple[int, ...], Sequence[Piece]]] = [(name, shape, pieces)]
    for pattern, key in _STACKS:
        count = config.get(key) if config else None
        parts = [part for whole in parts for part in _split(*whole, pattern, count)]
    for index, (part, part_shape, own) in enumerate(parts):
        yield part, part_shape, own, {"slice_of": name, "slice_index": index} if len(parts) > 1 else {}


def _split(
    name: str, shape: tuple[int, ...], pieces: Sequence[Piece], pattern: re.Pattern[str], count: int | None
) -> list[tuple[str, tuple[int, ...], Sequence[Piece]]]:
    stack = pattern.match(name)
    if stack is None or count is None or shape[:1] != (count,) or len(pieces) < count:
        return [(name, shape, pieces)]
    if any(piece.shape[:1] != (1,) for piece in pieces):
        return [(name, shape, pieces)]
    by_index: dict[int, list[Piece]] = {}
    for piece in pieces:
        inside = piece._replace(start=piece.start[1:], shape=piece.shape[1:])
        by_index.setdefault(piece.start[0], []).append(inside)
    head, tail = name[: stack.end()], name[stack.end() :]
    return [(f"{head}.{index}{tail}", shape[1:], by_index.get(index, [])) for index in range(count)]
