"""Routes of all containers from templates."""

import numpy as np

from archviz3d.graph import EdgeKind, GraphBuilder, NodeKind, Provenance
from archviz3d.layout import place


def test_bundles_of_equal_containers_are_numbered_apart(tree):
    # Four containers of one template, each with a fan of three.
    parents, edges = [0] * 4, []
    for box in range(1, 5):
        first = len(parents) + 1
        parents += [box] * 4
        edges += [(first, first + k, EdgeKind.DATA) for k in (1, 2, 3)]
    routes = place(tree(parents, edges=edges)).routes
    owners = [set(routes.owner[routes.bundle == number].tolist()) for number in range(int(routes.bundle.max()) + 1)]
    assert [len(some) for some in owners] == [1] * 4
    assert len(set.union(*owners)) == 4
    assert (np.bincount(routes.bundle[routes.bundle >= 0]) == 3).all()


def test_a_lane_claims_no_more_than_is_known_of_all_of_it():
    builder = GraphBuilder("m", "test")
    layer = builder.node(0, "layer", NodeKind.LAYER)
    builder.node(0, "other")
    parts = [builder.node(layer, name, NodeKind.LINEAR) for name in "abc"]
    tags = (Provenance.DECLARED, Provenance.INFERRED, Provenance.INFERRED)
    for part, tag in zip(parts, tags, strict=True):
        builder.edge(layer, part, EdgeKind.RESIDUAL, tag)
    routes = place(builder.build()).routes
    through = (routes.source == layer) & (routes.target == layer)
    assert routes.provenance[through].tolist() == [Provenance.INFERRED]
