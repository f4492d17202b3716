"""What a node is, what an edge carries, and how we know it."""

from enum import IntEnum

__all__ = ["EdgeKind", "NodeKind", "Provenance"]


class NodeKind(IntEnum):
    """The role of a node; the integer is what the ``kind`` column stores."""

    MODULE = 0  # a container or module whose role is not known: wrong is worse than plain
    MODEL = 1
    STACK = 2
    LAYER = 3
    ATTENTION = 4
    HEADS = 5  # the derived container of an attention block's heads
    HEAD = 6
    PROJECTION = 7  # a matrix inside attention (q, k, v, low-rank factors)
    OUTPUT_PROJECTION = 8  # the matrix that leads from the heads back to the residual stream
    MLP = 9
    MOE = 10
    ROUTER = 11
    EXPERTS = 12
    EXPERT = 13
    SHARED_EXPERT = 14
    LINEAR = 15  # a matrix inside an MLP or expert, or one whose block is not recognised
    NORM = 16
    EMBEDDING = 17
    OUTPUT = 18  # the output head (lm head, classifier)
    CONV = 19
    POOL = 20
    RECURRENT = 21
    ACTIVATION = 22
    OPERATOR = 23
    TENSOR = 24
    MTP = 25  # a multi-token-prediction layer: a stack of its own beside the main one
    OPTIMIZER = 26  # optimizer state: outside all model totals
    VALUE = 27  # an input or output of the whole graph ("input_ids"); attribute `direction` is "input" or "output"


class EdgeKind(IntEnum):
    """What flows along an edge."""

    DATA = 0
    RESIDUAL = 1  # reads from, or adds to, the residual stream
    ROUTED = 2  # a router's choice among experts
    TIED = 3  # the same storage under two names


class Provenance(IntEnum):
    """How a fact is known, from strongest to weakest."""

    DECLARED = 0  # in the file
    TRACED = 1  # from running the model
    DERIVED = 2  # computed from declared facts, e.g. heads from a config
    INFERRED = 3  # from names and shapes
