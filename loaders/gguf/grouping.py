"""A module tree from GGUF's flat names: "blk.3.attn_q.weight" lies in the attention block of layer 3.

The parts keep their names; only containers are put between a layer and them ("blk.3.attn.attn_q.weight"). They
are in no file, so they are marked as derived.
"""

import re
from dataclasses import replace

import numpy as np

from ...graph import ModelGraph, NodeKind, Provenance

__all__ = ["GROUPS", "group_names", "mark_derived"]

# Container -> what lies in it, by the part of a name after its layer. The first that fits holds.
GROUPS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (container, re.compile(pattern))
    for container, pattern in [
        ("moe.experts", r"ffn_(gate|up|down|gate_up)_exps"),
        ("moe.shared_expert", r"ffn_(gate|up|down)_shexp"),
        ("moe", r"ffn_gate_inp|ffn_gate_inp_shexp|ffn_(gate|up|down)_chexps|ffn_latent_(up|down)"),
        ("ffn", r"ffn_(gate|up|down|sub_norm)"),
        ("cross_attn", r"cross_attn_(q|k|v|o|out|rel_b)"),
        ("self_attn", r"self_attn_(q|k|v|out)"),
        (
            "attn",
            r"attn_(q|k|v|qkv|o|out|output|gate|rot_embd|sinks|rel_b|k_rel|rel_pos_emb|q_norm|k_norm|sub_norm"
            r"|q_a|q_b|kv_a_mqa|kv_b|k_b|v_b|q_a_norm|kv_a_norm|out_norm)|indexer",
        ),
        ("vis_attn", r"vis_attn_(qkv|output)"),
        ("vis_ffn", r"vis_(gate|up|down)"),
        ("ssm", r"ssm_\w+"),
        ("time_mix", r"time_mix_\w+"),
        ("channel_mix", r"channel_mix_\w+"),
    ]
)
# A bias of the router, as in other formats; what would be a module of its own is part of the tensor's name.
_ROUTER_BIAS = {"exp_probs_b.bias": "moe.ffn_gate_inp.exp_probs_b_bias"}
# Mixtral files from before April 2024 have a tensor an expert: blk.3.ffn_gate.7.weight
_OLD_EXPERT = re.compile(r"(ffn_(?:gate|up|down))\.(\d+)\.(.+)")
_LAYER = re.compile(r"(?:\w+\.)*?blk\.\d+\.")


def group_names(names: list[str]) -> list[str]:
    """Return the names with containers in them; as they are where two would become equal."""
    moved: dict[str, str] = {}  # part behind the layer -> the same in its container: some dozens
    grouped: list[str] = []
    for name in names:
        layer = _LAYER.match(name)
        if layer is None:
            grouped.append(name)
            continue
        rest = name[layer.end() :]
        inside = moved.get(rest)
        if inside is None:
            inside = moved[rest] = _place(rest)
        grouped.append(layer[0] + inside)
    return grouped if len(set(grouped)) == len(names) else names


def _place(rest: str) -> str:
    if rest in _ROUTER_BIAS:
        return _ROUTER_BIAS[rest]
    old = _OLD_EXPERT.fullmatch(rest)
    if old is not None:
        return f"moe.experts.{old[2]}.{old[1]}.{old[3]}"
    part = rest.partition(".")[0]
    container = next((container for container, pattern in GROUPS if pattern.fullmatch(part)), None)
    return rest if container is None else f"{container}.{rest}"


def mark_derived(graph: ModelGraph, names: list[str]) -> ModelGraph:
    """Return the graph with the containers marked that `group_names` made of `names`, the names in the file."""
    declared = {rest for name in names if (layer := _LAYER.match(name)) for rest in [name[layer.end() :]]}
    own = {rest.partition(".")[0] for rest in declared}
    containers = {container.partition(".")[0] for container, _ in GROUPS} - own
    tops = [code for code, name in enumerate(graph.names) if name in containers]
    inner = [code for code, name in enumerate(graph.names) if name in ("experts", "shared_expert")]
    numbered = np.array([name.isdecimal() for name in graph.names])
    module, above = graph.kind == NodeKind.MODULE, np.maximum(graph.parent, 0)
    derived = module & np.isin(graph.name_code, tops) & numbered[graph.name_code[above]]
    derived |= module & np.isin(graph.name_code, inner) & derived[above]
    # An expert of an old file is a module without a name of its own, too: only its matrices have one.
    experts = derived & np.isin(graph.name_code, inner)
    derived |= module & numbered[graph.name_code] & experts[above]
    provenance = graph.provenance.copy()
    provenance[derived] = Provenance.DERIVED
    return replace(graph, provenance=provenance)
