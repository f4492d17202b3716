"""Experts that a file stores in one tensor ``[E, ...]``: each becomes a node with its slices."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..kinds import NodeKind
from ..model_graph import ModelGraph
from .classify import fused_role, fused_tensors
from .insertion import Branch
from .notes import Notes
from .parts import Part

__all__ = ["Fused", "count_slices", "find_fused"]


@dataclass(frozen=True, slots=True)
class Fused:
    """Fused experts and what takes their place.

    Attributes
    ----------
    part : Part
        The ``experts`` module.
    tensors : list of Part
        Its fused tensors.
    experts : int
    branch : Branch
        One node an expert, in it one slice of each tensor.
    """

    part: Part
    tensors: list[Part]
    experts: int
    branch: Branch

    def stand_in(self, new_ids: NDArray[np.int32]) -> None:
        """Put parts for the experts in the place of the fused tensors; `new_ids` are those of the branch."""
        tree = new_ids.reshape(len(self.part.ids), self.experts, 1 + len(self.tensors))
        numbers = tuple(range(self.experts))
        expert = Part(self.part.node, "#", self.part, numbers, len(numbers), kind=NodeKind.EXPERT, role="expert")
        expert.new_ids = tree[:, :, 0].ravel()
        for k, tensor in enumerate(self.tensors):
            role = fused_role(tensor.name) or ""
            part = Part(tensor.node, tensor.name, expert, shape=tensor.shape, form="tensor", kind=NodeKind.TENSOR)
            part.role, part.new_ids = role, tree[:, :, k + 1].ravel()
            expert.children.append(part)
        self.part.children = [expert]

    def annotate(self, graph: ModelGraph, notes: Notes, container: NDArray[np.int32]) -> None:
        """Note what each slice is a slice of; call after `stand_in`.

        Parameters
        ----------
        graph : ModelGraph
            Before the rewriting.
        notes : Notes
        container : ndarray of int32
            New ids of the experts modules.
        """
        notes.add("fused_tensors", container, len(self.tensors))
        index = list(range(self.experts)) * len(container)
        for tensor, part in zip(self.tensors, self.part.children[0].children, strict=True):
            slices = part.new_ids
            assert slices is not None
            notes.add("slice_of", slices, graph.name_of(tensor.node))
            notes.add_each("slice_index", slices, index)
            for key, column in graph.attributes.items():
                if len(column.ids):
                    for ids, node in zip(slices.reshape(-1, self.experts), tensor.ids.tolist(), strict=True):
                        notes.add(key, ids, column.get(node))


def count_slices(part: Part) -> int:
    """Return how many nodes take the place of an ``experts`` module's fused tensors, in all its nodes."""
    tensors = fused_tensors(part)
    experts = tensors[0].shape[0] if tensors and tensors[0].shape else 0
    return len(part.ids) * experts * (1 + len(tensors))


def find_fused(graph: ModelGraph, part: Part) -> Fused | None:
    """Return what becomes of an ``experts`` module's fused tensors; None if it has none.

    Tensors whose bytes do not divide by the number of experts stay as they are.
    """
    tensors = fused_tensors(part)
    if not tensors or not tensors[0].shape:
        return None
    experts, width = tensors[0].shape[0], 1 + len(tensors)
    stored = np.stack([tensor.ids for tensor in tensors], axis=1)  # (K, T)
    own = {key: getattr(graph, key)[stored] for key in ("parameters", "elements", "bytes")}
    if any((column % experts).any() for column in own.values()):
        return None
    k = len(stored)
    values: dict[str, NDArray[np.int64]] = {}

    def spread(key: str, slices: NDArray[np.int64], nothing: int) -> None:
        column = np.full((k, experts, width), nothing, np.int64)
        column[:, :, 1:] = slices
        values[key] = column.reshape(k, -1)

    for key, column in own.items():
        spread(key, (column // experts)[:, None, :], 0)
    for key in ("dtype_code", "file_code"):
        spread(key, getattr(graph, key)[stored][:, None, :], -1)
    offset = graph.offset[stored][:, None, :]
    step = np.arange(experts)[None, :, None] * (own["bytes"] // experts)[:, None, :]
    spread("offset", np.where(offset < 0, -1, offset + step), -1)

    kinds = np.tile(np.array([NodeKind.EXPERT] + [NodeKind.TENSOR] * len(tensors), np.uint8), experts)
    position = np.arange(experts * width).reshape(experts, width)
    parent = np.repeat(position[:, :1], width, axis=1)
    parent[:, 0] = -1
    names: list[str] = []
    shapes: list[tuple[int, ...] | None] = []
    slice_names = [graph.name_of(tensor.node) for tensor in tensors]
    slice_shapes = [tensor.shape[1:] if tensor.shape else () for tensor in tensors]
    for index in range(experts):
        names += [str(index), *slice_names]
        shapes += [None, *slice_shapes]
    return Fused(part, tensors, experts, Branch(part.ids, stored[:, 0], names, kinds, shapes, parent.ravel(), values))
