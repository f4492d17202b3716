"""Equal parts of about one size on the screen: they are labelled alike."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ....graph.kinds import NodeKind
from ....graph.model_graph import ModelGraph
from ..frame import Frame
from .faces import Face

__all__ = ["Groups"]

_RATIO = 1.6  # from the largest of a group to the smallest
_STILL, _MOVING = 900, 400  # candidates looked at, the largest groups first
_FEW = 4  # so many equal parts are named with their details though they are not in focus
_KEPT = 0.92  # of the size that is asked for, where a member was labelled in the last frame
_ODD = np.uint64(0x9E3779B97F4A7C15)


class Groups:
    """The candidates of a frame by what they are.

    Two belong together when they have one kind and one name, or both have a number for it, so do those that they are
    part of, and these are about as large.
    Of the plates of a deck the foremost speaks for all: the same names on each would only hide it.

    Parameters
    ----------
    rows : ndarray of int64, shape (K,)
        Boxes in the cut that could be labelled.
    faces : sequence of Face
        Where they are on the screen.
    enough : ndarray of float64, shape (K,)
        How large each is, as a part of the size from which it is labelled: the median of its group decides.
    kept : set of int
        The nodes that were labelled in the last frame.
    focus : int

    Attributes
    ----------
    group : ndarray of int64, shape (K,)
    chosen : ndarray of int64
        The candidates to look at: whole groups, those with the largest members first, and in them these.
    """

    def __init__(
        self,
        graph: ModelGraph,
        frame: Frame,
        rows: NDArray[np.int64],
        faces: Sequence[Face],
        enough: NDArray[np.float64],
        kept: set[int],
        focus: int,
    ) -> None:
        cut = frame.cut
        nodes = cut.nodes[rows]
        parents = np.maximum(graph.parent[nodes], 0)
        whole = np.zeros(len(graph))
        whole[cut.nodes] = np.sqrt(cut.px.prod(1))
        # What is in focus speaks for itself.
        self._inside = inside = (nodes > focus) & (nodes < focus + graph.size[focus]) & (focus > 0)
        alike = _alike(graph, nodes, parents, cut.opened[rows]) * np.uint64(2) + inside.astype(np.uint64)
        _, kind = np.unique(alike, return_inverse=True)
        largest = np.zeros(len(rows))
        np.maximum.at(largest, kind, whole[parents])
        steps = np.log(np.maximum(largest[kind], 1e-9) / np.maximum(whole[parents], 1e-9)) / np.log(_RATIO)
        _, self.group = np.unique(kind * 64 + np.clip(steps, 0, 63).astype(np.int64), return_inverse=True)
        self._faces = faces
        self._by_width: dict[int, list[int]] = {}
        self._height: dict[int, float] = {}
        self._typical: dict[int, Face] = {}
        is_layer = np.isin(graph.kind[nodes], (NodeKind.LAYER, NodeKind.MTP))
        speaks = is_layer | _foremost(graph, frame, nodes, kind) & self._large(enough, nodes, kept)
        self.chosen = self._largest(cut.px[rows].prod(1), speaks, is_layer, _MOVING if frame.view.moving else _STILL)

    def _large(self, enough: NDArray[np.float64], nodes: NDArray[np.integer], kept: set[int]) -> NDArray[np.bool_]:
        """Return which candidates are in groups that are large enough."""
        order = np.lexsort((enough, self.group))
        count = np.bincount(self.group, minlength=1)
        first = np.concatenate([[0], count.cumsum()[:-1]])
        median = enough[order][first + count // 2] if len(order) else np.zeros(1)
        stays = np.zeros(len(count), bool)
        stays[self.group[[node in kept for node in nodes.tolist()]]] = True
        return (median >= np.where(stays, _KEPT, 1.0))[self.group]

    def _largest(
        self, area: NDArray[np.float64], speaks: NDArray[np.bool_], always: NDArray[np.bool_], most: int
    ) -> NDArray[np.int64]:
        count = np.bincount(self.group[speaks], minlength=int(self.group.max(initial=-1)) + 1)
        top = np.zeros(len(count))
        np.maximum.at(top, self.group, area)
        order = np.argsort(-top, kind="stable")
        fits = np.zeros(len(count), bool)
        room = most
        for group in order.tolist():
            if count[group] <= room:
                fits[group] = True
                room -= int(count[group])
        kept = np.flatnonzero(speaks & (fits[self.group] | always))
        return kept[np.argsort(-area[kept], kind="stable")]

    def _ordered(self, k: int) -> list[int]:
        """Return the members of a candidate's group, the narrowest first."""
        group = int(self.group[k])
        if group not in self._by_width:
            members = np.flatnonzero(self.group == group).tolist()
            self._by_width[group] = sorted(members, key=self._width)
        return self._by_width[group]

    def _width(self, k: int) -> float:
        left, _, right, _ = self._faces[k].inner
        return right - left

    def is_repeated(self, k: int) -> bool:
        """Return whether a candidate is one of many and not in focus: then its name, where that fits well, is enough.

        Details and small print would fill the view with the same words again and again.
        """
        return not self._inside[k] and len(self._ordered(k)) > _FEW

    def width(self, k: int) -> float:
        """Return the pixels that four fifths of a candidate's group are wide at least."""
        members = self._ordered(k)
        return self._width(members[len(members) // 5])

    def height(self, k: int) -> float:
        """Return the pixels that four fifths of a candidate's group are high at least."""
        group = int(self.group[k])
        if group not in self._height:
            heights = sorted(self._faces[i].inner[3] - self._faces[i].inner[1] for i in self._ordered(k))
            self._height[group] = heights[len(heights) // 5]
        return self._height[group]

    def typical(self, k: int) -> Face:
        """Return a face of a candidate's group than which a quarter of them have more room."""
        group = int(self.group[k])
        if group not in self._typical:
            faces = sorted((self._faces[i] for i in self._ordered(k)), key=_room)
            self._typical[group] = faces[3 * len(faces) // 4]
        return self._typical[group]


def _room(face: Face) -> float:
    """Return the smaller side of what is free of a face that may lean."""
    left, top, right, bottom = face.inner
    return min(right - left, bottom - top)


def _alike(
    graph: ModelGraph, nodes: NDArray[np.integer], parents: NDArray[np.integer], opened: NDArray[np.bool_]
) -> NDArray[np.uint64]:
    """Return a number for each node that others of its sort have, too."""
    # A layer that holds one matrix more than the others is named as they are; but operators, whose names have
    # numbers, are told apart by their signature.
    codes = np.unique(graph.name_code[np.concatenate([nodes, parents])])
    plain = {int(code): not graph.names[code].isdigit() for code in codes.tolist()}
    named = np.array([plain[code] for code in graph.name_code[nodes].tolist()], bool)
    above = np.array([plain[code] for code in graph.name_code[parents].tolist()], bool)
    is_operator = graph.kind[nodes] == NodeKind.OPERATOR
    own = np.where(is_operator, graph.signature[nodes], np.where(named, graph.name_code[nodes], -1).astype(np.uint64))
    whole = np.where(above, graph.name_code[parents], -1).astype(np.uint64)
    kinds = (graph.kind[nodes].astype(np.uint64) << np.uint64(8)) + graph.kind[parents].astype(np.uint64)
    return ((own * _ODD + whole) * _ODD + kinds) * np.uint64(2) + opened.astype(np.uint64)


def _foremost(
    graph: ModelGraph, frame: Frame, nodes: NDArray[np.integer], kind: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return which nodes stand on the foremost plate of a deck that has their kind, or on none."""
    plates = np.flatnonzero(frame.rising)
    if not len(plates):
        return np.ones(len(nodes), bool)
    starts = frame.cut.nodes[plates]
    order = np.argsort(starts)
    plates, starts = plates[order], starts[order]
    at = np.searchsorted(starts, nodes, side="right") - 1
    on = (at >= 0) & (nodes < starts[at] + graph.size[starts[at]]) & (nodes != starts[at])
    height = np.where(on, frame.center[plates[at], 2], -np.inf)
    top = np.full(int(kind.max(initial=-1)) + 1, -np.inf)
    np.maximum.at(top, kind, height)
    return ~on | (height >= top[kind])
