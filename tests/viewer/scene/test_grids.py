import numpy as np

from archviz3d.graph.kinds import NodeKind
from archviz3d.layout import place
from archviz3d.viewer.scene.grids import Grids


def test_experts_are_a_grid_and_parts_of_different_size_are_none(toy):
    placement = place(toy)
    grids = Grids.of(placement, toy.parent)
    experts = toy.of_kind(NodeKind.EXPERTS)
    assert set(experts.tolist()) <= set(grids.owners.tolist())
    assert (grids.gaps[experts] > 0).all()
    assert not grids.gaps[toy.of_kind(NodeKind.ATTENTION)].any()
    assert (np.diff(grids.owners) > 0).all()


def test_a_grid_covers_its_children_and_no_more(toy):
    placement = place(toy)
    grids = Grids.of(placement, toy.parent)
    for k, owner in enumerate(grids.owners.tolist()):
        children = toy.children(owner)
        low = (placement.center[children] - placement.size[children] / 2).min(0)
        high = (placement.center[children] + placement.size[children] / 2).max(0)
        assert np.allclose(grids.center[k], (low + high) / 2)
        assert np.allclose(grids.size[k], high - low)
