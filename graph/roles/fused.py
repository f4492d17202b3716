"""Experts that a file stores in one tensor ``[E, ...]``: each becomes a node with its slices."""

from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from ..kinds import NodeKind
from ..model_graph import ModelGraph
from .classify import fused_role, fused_tensors, loose_experts
from .insertion import Branch
from .notes import Notes
from .parts import Part

__all__ = ["Fused", "count_slices", "find_fused"]


@dataclass(frozen=True, slots=True)
class _Slot:
    """One node that each expert gets.

    Attributes
    ----------
    part : Part
        The fused tensor that it is a slice of, or the module that such tensors lie in.
    parent : int
        Position of its parent among the expert's nodes; 0 is the expert itself.
    """

    part: Part
    parent: int

    @property
    def is_slice(self) -> bool:
        """Whether it stands for a tensor."""
        return self.part.form == "tensor"


def _slots(part: Part, tensors: list[Part]) -> list[_Slot]:
    """Return an expert's nodes in pre-order, without the expert: tensors, or modules with tensors in them."""
    slots: list[_Slot] = []
    for module, inside in groupby(tensors, lambda tensor: tensor.parent):
        parent = 0
        if module is not None and module is not part:
            slots.append(_Slot(module, 0))
            parent = len(slots)
        slots += [_Slot(tensor, parent) for tensor in inside]
    return slots


def _tensors(part: Part) -> list[Part]:
    return fused_tensors(part) if part.kind == NodeKind.EXPERTS else loose_experts(part)


@dataclass(frozen=True, slots=True)
class Fused:
    """Fused experts and what takes their place.

    Attributes
    ----------
    part : Part
        The ``experts`` module; the mixture itself where it has none, which then gets one.
    slots : list of _Slot
        The nodes of one expert.
    experts : int
    branch : Branch
        One node an expert, in it one slice of each tensor; around them the ``experts`` that a mixture lacks.
    """

    part: Part
    slots: list[_Slot]
    experts: int
    branch: Branch

    @property
    def is_loose(self) -> bool:
        """Whether there is no ``experts`` module in the file."""
        return self.part.kind != NodeKind.EXPERTS

    @property
    def removed(self) -> list[NDArray[np.int32]]:
        """Ids of what the slices take the place of, before the rewriting."""
        return [slot.part.ids for slot in self.slots]

    def stand_in(self, new_ids: NDArray[np.int32]) -> Part:
        """Put parts for the experts in the place of the fused tensors, and return that of their container.

        `new_ids` are those of the branch.
        """
        gone = {id(slot.part) for slot in self.slots}
        kept = [child for child in self.part.children if id(child) not in gone]
        container = self.part
        if self.is_loose:
            container = Part(self.part.node, "experts", self.part, kind=NodeKind.EXPERTS, role="moe.experts")
            container.new_ids = new_ids[:, 0]
            self.part.children = [*kept, container]
        expert = self._expert(container, new_ids[:, int(self.is_loose) :])
        container.children = [expert] if self.is_loose else [expert, *kept]
        return container

    def _expert(self, container: Part, new_ids: NDArray[np.int32]) -> Part:
        tree = new_ids.reshape(len(self.part.ids), self.experts, 1 + len(self.slots))
        numbers = tuple(range(self.experts))
        expert = Part(self.part.node, "#", container, numbers, len(numbers), kind=NodeKind.EXPERT, role="expert")
        expert.new_ids = tree[:, :, 0].ravel()
        made = [expert]
        for k, slot in enumerate(self.slots, 1):
            old, parent = slot.part, made[slot.parent]
            part = Part(old.node, old.name, parent, shape=old.shape, form=old.form, kind=NodeKind.TENSOR)
            if not slot.is_slice:
                part.kind = NodeKind.LINEAR
            if parent is expert:
                part.role = fused_role(old.name) or ""
            part.new_ids = tree[:, :, k].ravel()
            parent.children.append(part)
            made.append(part)
        return expert

    def annotate(self, graph: ModelGraph, notes: Notes, container: Part) -> None:
        """Note what each slice is a slice of; `graph` is that before the rewriting, `container` from `stand_in`."""
        assert container.new_ids is not None
        slices = [part for part in container.children[0].walk() if part.form == "tensor"]
        notes.add("fused_tensors", container.new_ids, len(slices))
        index = list(range(self.experts)) * len(container.new_ids)
        for tensor, part in zip((slot.part for slot in self.slots if slot.is_slice), slices, strict=True):
            ids = part.new_ids
            assert ids is not None
            inside = tensor.parent
            above = "" if inside is None or inside is self.part else f"{graph.name_of(inside.node)}."
            notes.add("slice_of", ids, above + graph.name_of(tensor.node))
            notes.add_each("slice_index", ids, index)
            for key, column in graph.attributes.items():
                if len(column.ids):
                    for of_tensor, node in zip(ids.reshape(-1, self.experts), tensor.ids.tolist(), strict=True):
                        value = column.get(node)
                        # What the shape was before packing: a slice's is without the experts' side, as its own is.
                        notes.add(key, of_tensor, value[1:] if key == "logical_shape" and value else value)


def count_slices(part: Part) -> int:
    """Return how many nodes take the place of a part's fused tensors, in all its nodes."""
    tensors = _tensors(part)
    experts = tensors[0].shape[0] if tensors and tensors[0].shape else 0
    return len(part.ids) * experts * (1 + len(_slots(part, tensors)))


def find_fused(graph: ModelGraph, part: Part) -> Fused | None:
    """Return what becomes of the fused tensors of an ``experts`` module or a mixture; None if it has none.

    Tensors whose bytes do not divide by the number of experts stay as they are.
    """
    tensors = _tensors(part)
    if not tensors or not tensors[0].shape:
        return None
    slots = _slots(part, tensors)
    experts = tensors[0].shape[0]
    stored = np.stack([tensor.ids for tensor in tensors], axis=1)  # (K, T)
    if any((getattr(graph, key)[stored] % experts).any() for key in ("parameters", "elements", "bytes")):
        return None
    is_loose = part.kind != NodeKind.EXPERTS
    return Fused(part, slots, experts, _branch(graph, part, slots, experts, stored, is_loose))


def _branch(
    graph: ModelGraph, part: Part, slots: list[_Slot], experts: int, stored: NDArray[np.int32], is_loose: bool
) -> Branch:
    width = 1 + len(slots)
    kinds = [NodeKind.EXPERT, *(NodeKind.TENSOR if slot.is_slice else NodeKind.LINEAR for slot in slots)]
    inner = np.array([-1, *(slot.parent for slot in slots)])
    first = int(is_loose) + np.arange(experts)[:, None] * width
    parent = np.where(inner < 0, -1 + int(is_loose), first + inner).ravel()
    slot_names = [graph.name_of(slot.part.node) for slot in slots]
    slot_shapes = [slot.part.shape[1:] if slot.part.shape else None for slot in slots]
    names = [name for index in range(experts) for name in (str(index), *slot_names)]
    all_kinds = np.tile(np.array(kinds, np.uint8), experts)
    shapes = [None, *slot_shapes] * experts
    if is_loose:
        taken = part.by_name
        names = ["experts" if "experts" not in taken else "routed_experts", *names]
        all_kinds = np.concatenate([np.array([NodeKind.EXPERTS], np.uint8), all_kinds])
        shapes = [None, *shapes]
        parent = np.concatenate([[-1], parent])
    values = _values(graph, slots, experts, stored, int(is_loose))
    return Branch(part.ids, slots[0].part.ids, names, all_kinds, shapes, parent, values)


def _values(
    graph: ModelGraph, slots: list[_Slot], experts: int, stored: NDArray[np.int32], before: int
) -> dict[str, NDArray[np.int64]]:
    """Return the slices' own values, with `before` nodes in front of the experts of each host."""
    width, k = 1 + len(slots), len(stored)
    at = [position for position, slot in enumerate(slots, 1) if slot.is_slice]
    values: dict[str, NDArray[np.int64]] = {}

    def spread(key: str, slices: NDArray[np.int64], nothing: int) -> None:
        column = np.full((k, before + experts * width), nothing, np.int64)
        column[:, before:].reshape(k, experts, width)[:, :, at] = slices
        values[key] = column

    for key in ("parameters", "elements", "bytes"):
        spread(key, (getattr(graph, key)[stored] // experts)[:, None, :], 0)
    for key in ("dtype_code", "file_code"):
        spread(key, getattr(graph, key)[stored][:, None, :], -1)
    offset = graph.offset[stored][:, None, :]
    step = np.arange(experts)[None, :, None] * (graph.bytes[stored] // experts)[:, None, :]
    spread("offset", np.where(offset < 0, -1, offset + step), -1)
    return values
