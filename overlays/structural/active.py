"""Which share of a part's parameters one token uses."""

import numpy as np

from ...graph.kinds import NodeKind
from ...graph.model_graph import ModelGraph
from ..overlay import Aggregate, Figure
from .formula import Formula, Found
from .regions import inside
from .routing import chosen_share
from .totals import subtree_totals

__all__ = ["ACTIVE"]


def _missing(graph: ModelGraph) -> str | None:
    experts = inside(graph, NodeKind.EXPERT) & (graph.parameters > 0)
    if not experts.any():
        return "this model has no routed experts: every token uses all of it"
    if np.isnan(chosen_share(graph)[experts]).all():
        return "nothing says how many experts a token takes"
    return None


def _find(graph: ModelGraph) -> Found:
    parameters = np.where(inside(graph, NodeKind.MTP, NodeKind.OPTIMIZER), 0, graph.parameters)
    share = chosen_share(graph)
    unknown = np.isnan(share) & (parameters > 0)
    used = subtree_totals(graph, np.where(unknown, 0, np.nan_to_num(share) * parameters))
    total = subtree_totals(graph, parameters)
    values = np.full(len(graph), np.nan)
    known = (total > 0) & (subtree_totals(graph, unknown) == 0)
    values[known] = used[known] / total[known]
    return Found(values, Aggregate.NONE)


ACTIVE = Formula(
    name="active",
    title="Active parameters",
    definition=(
        "Parameters that one token uses / all parameters of the part. A routed expert counts top_k / experts (expected "
        "value if all experts are chosen equally often), everything else 1, embeddings too. Multi-token-prediction "
        "layers and optimizer state are left out; no value where top_k is not known."
    ),
    source="config: num_experts_per_tok, n_routed_experts; shapes in the model's files",
    missing=_missing,
    find=_find,
    figure=Figure.SHARE,
)
