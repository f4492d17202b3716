"""The model as data: an immutable, columnar tree with edges, and questions about it."""

from .builder import GraphBuilder
from .columns import CodedSequence, Edges, SameHashes, ShapeCodes, SparseColumn
from .kinds import EdgeKind, NodeKind, Provenance
from .model_graph import ModelGraph

__all__ = [
    "CodedSequence",
    "EdgeKind",
    "Edges",
    "GraphBuilder",
    "ModelGraph",
    "NodeKind",
    "Provenance",
    "SameHashes",
    "ShapeCodes",
    "SparseColumn",
]
