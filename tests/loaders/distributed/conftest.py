"""Reading checkpoints back as their pieces say, to compare them with what their own libraries make of them."""

import re
from pathlib import Path

import numpy as np
import pytest

_TYPES = {"F32": np.dtype("<f4"), "BF16": np.dtype("<u2"), "I64": np.dtype("<i8")}
_PIECE = re.compile(r"\[(.*)\] (.+) @ (\d+)")


@pytest.fixture
def values():
    """Return a function (graph, folder, node) -> the values of a tensor, from where the graph says they are."""

    def read(graph, folder, node):
        dtype, shape = _TYPES[graph.dtype_of(node)], graph.shape_of(node)

        def part(file, offset, count):
            return np.frombuffer((Path(folder) / file).read_bytes(), dtype, count, offset)

        pieces = graph.attribute(node, "pieces")
        if pieces is None:
            return part(graph.file_of(node), int(graph.offset[node]), int(np.prod(shape))).reshape(shape)
        whole = np.zeros(shape, dtype)
        covered = np.zeros(shape, bool)
        for piece in pieces:
            ranges, file, offset = _PIECE.fullmatch(piece).groups()
            where = tuple(slice(*map(int, each.split(":"))) for each in ranges.split(", "))
            flat = len(where) < len(shape)
            target, seen = (whole.reshape(-1), covered.reshape(-1)) if flat else (whole, covered)
            assert not seen[where].any()
            target[where] = part(file, int(offset), target[where].size).reshape(target[where].shape)
            seen[where] = True
        assert covered.all()
        return whole

    return read


@pytest.fixture
def stored():
    """Return a function graph -> {path: node} of its tensors, the optimizer's left out."""

    def read(graph):
        aside = {int(i) for start in graph.of_kind(26) for i in range(start, start + graph.size[start])}
        return {graph.path(int(i)): int(i) for i in (graph.dtype_code >= 0).nonzero()[0] if int(i) not in aside}

    return read
