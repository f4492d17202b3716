"""How much of a panel each kind of part gets, where the kinds are known.

Shares are percent of the width of a mixture-of-experts layer's panel. They are set by hand for what a
reader wants to see (every expert a tile that can be hit with the mouse), not by parameter counts.
"""

from ..graph.kinds import NodeKind as K

__all__ = [
    "MANY_BLOCKS",
    "NORM_BY_SPINE",
    "OPERATOR_BY_SPINE",
    "PHASE",
    "PHASE_OF_REST",
    "PLANNED",
    "REST_BY_SPINE",
    "SHARE",
    "SPINE_SHARE",
]

SHARE: dict[K, float] = {
    K.NORM: 3.4,
    K.ATTENTION: 30.0,
    K.MLP: 60.0,
    K.MOE: 60.0,
    K.ROUTER: 6.0,
    K.EXPERTS: 52.0,
    K.SHARED_EXPERT: 3.5,
    K.RECURRENT: 40.0,
    K.EMBEDDING: 3.6,
    K.OUTPUT: 3.6,
    K.PROJECTION: 5.0,
    K.LINEAR: 5.0,
    K.TENSOR: 3.0,
    K.OPTIMIZER: 7.0,
    K.OPERATOR: 2.6,
    K.VALUE: 2.0,
}
# Several blocks of one kind in a layer (BERT's MLP is two) take this power of their number times one's share.
MANY_BLOCKS = 0.4
# Beside a stack a norm is a line, and what is not known stays small.
NORM_BY_SPINE = 2.0
OPERATOR_BY_SPINE = 0.8
REST_BY_SPINE = 20.0
# The child that holds the stack takes what its siblings leave; a vocabulary there is a plate at its side.
SPINE_SHARE = 160.0

# A container with a child of one of these kinds is laid out by shares.
PLANNED = (K.STACK, K.LAYER, K.ATTENTION, K.MLP, K.MOE, K.EXPERTS, K.MTP)

# Reading order of parts that no edge orders.
PHASE: dict[K, float] = {
    K.EMBEDDING: 0.0,
    K.ATTENTION: 1.0,
    K.MLP: 2.0,
    K.MOE: 2.0,
    K.SHARED_EXPERT: 2.0,
    K.OUTPUT: 3.0,
    K.OPTIMIZER: 9.0,
}
# In a layer, what has no place of its own comes between attention and MLP; in a multi-token-prediction
# layer it prepares the input, and so comes first.
PHASE_OF_REST: dict[K, float] = {K.LAYER: 1.5, K.MTP: 0.5}
