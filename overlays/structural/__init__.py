"""Overlays that follow from the model's own files alone: one `Formula` a module, listed here as recipes."""

from ..recipe import Recipe
from .active import ACTIVE
from .centrality import BETWEENNESS, PAGERANK
from .flops import FLOPS
from .kv_cache import KV_CACHE
from .router_bias import ROUTER_BIAS
from .sizes import BYTES, DTYPE, PARAMETERS

__all__ = ["STRUCTURAL"]

STRUCTURAL: tuple[Recipe, ...] = tuple(
    formula.recipe()
    for formula in (PARAMETERS, BYTES, DTYPE, FLOPS, KV_CACHE, ACTIVE, ROUTER_BIAS, BETWEENNESS, PAGERANK)
)
