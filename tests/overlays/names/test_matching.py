"""Names of every school meet models of every school."""

import sys
from collections.abc import Callable, Sequence
from math import prod
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import gguf
import numpy as np
import pytest

import archviz3d
from archviz3d.graph import GraphBuilder, ModelGraph
from archviz3d.graph.roles import recognise
from archviz3d.overlays.names.forms import FormIndex
from archviz3d.overlays.names.matching import match_names
from archviz3d.overlays.names.role_keys import RoleIndex

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests" / "graph" / "roles"))  # the tables of small models

from recorded_architectures import graph_of, read_architectures  # noqa: E402 - found by the line above
from school_tensors import llama  # noqa: E402 - found by the line above
from schools import SCHOOLS  # noqa: E402

Shapes = dict[str, tuple[int, ...]]
H, W, E = 32, 64, 8


def built(shapes: Shapes, config: dict[str, int] | None = None) -> ModelGraph:
    builder = GraphBuilder("m", "safetensors", "m.safetensors")
    nbytes = [2 * prod(shape) for shape in shapes.values()]
    offsets = np.cumsum([0, *nbytes[:-1]]).tolist()
    files = [0] * len(shapes)
    dtypes = ["BF16"] * len(shapes)
    builder.tensors(list(shapes), dtypes, list(shapes.values()), nbytes, files, offsets, ["m.safetensors"])
    return recognise(builder.build(), config)


def gguf_file(experts: int = 0) -> ModelGraph:
    """Return a Llama or Mixtral of two layers as llama.cpp names it, written by its own library."""
    shapes: Shapes = {"token_embd.weight": (96, H), "output_norm.weight": (H,), "output.weight": (96, H)}
    for i in range(2):
        p = f"blk.{i}"
        shapes |= {f"{p}.attn_norm.weight": (H,), f"{p}.ffn_norm.weight": (H,), f"{p}.attn_output.weight": (H, H)}
        shapes |= {f"{p}.attn_q.weight": (H, H), f"{p}.attn_k.weight": (16, H), f"{p}.attn_v.weight": (16, H)}
        exps, lead = ("_exps", (experts,)) if experts else ("", ())
        shapes |= {f"{p}.ffn_{name}{exps}.weight": (*lead, W, H) for name in ("gate", "up")}
        shapes[f"{p}.ffn_down{exps}.weight"] = (*lead, H, W)
        if experts:
            shapes |= {f"{p}.ffn_gate_inp.weight": (experts, H), f"{p}.exp_probs_b.bias": (experts,)}
            shapes |= {f"{p}.ffn_{name}_shexp.weight": (W, H) for name in ("gate", "up")}
            shapes[f"{p}.ffn_down_shexp.weight"] = (H, W)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "m.gguf"
        writer = gguf.GGUFWriter(path, "llama")
        writer.add_block_count(2)
        writer.add_head_count(4)
        writer.add_head_count_kv(2)
        writer.add_embedding_length(H)
        if experts:
            writer.add_expert_count(experts)
            writer.add_expert_used_count(2)
        for name, shape in shapes.items():
            writer.add_tensor(name, np.zeros(shape, np.float32))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        return archviz3d.load(path)


def school(name: str) -> Callable[[], ModelGraph]:
    return lambda: built(dict(SCHOOLS[name].shapes), SCHOOLS[name].config)


MODELS: dict[str, Callable[[], ModelGraph]] = {
    "llama": school("llama"),
    "gpt2": school("gpt2"),
    "bert": school("bert"),
    "t5": school("t5"),
    "mixtral": school("mixtral"),
    "deepseek": school("deepseek-v3"),
    "gpt-oss": school("gpt-oss"),
    "fused": school("fused experts"),
    "meta": school("meta's llama"),
    "gemma2": school("gemma2, norms before and after"),
    "gguf": gguf_file,
    "gguf-moe": lambda: gguf_file(experts=E),
}
_MADE: dict[str, ModelGraph] = {}


def model(name: str) -> ModelGraph:
    if name not in _MADE:
        _MADE[name] = MODELS[name]()
    return _MADE[name]


# model, name in the file, path in the model ("" = none, "?" = several)
TABLE = [
    # as it stands, and through containers that are no part of the names in the file
    ("llama", "model.layers.1.self_attn.q_proj.weight", "model.layers.1.self_attn.q_proj.weight"),
    ("gguf", "blk.1.attn_q", "blk.1.attn.attn_q"),
    ("gguf-moe", "blk.1.ffn_gate_inp.weight", "blk.1.moe.ffn_gate_inp.weight"),
    # wrappers and prefixes
    ("llama", "module.model.layers.1.mlp", "model.layers.1.mlp"),
    ("llama", "_orig_mod.model.layers.1.mlp", "model.layers.1.mlp"),
    ("llama", "module._orig_mod.layers.1._checkpoint_wrapped_module.mlp.up_proj", "model.layers.1.mlp.up_proj"),
    ("llama", "model._fsdp_wrapped_module.layers.0._fsdp_wrapped_module.self_attn", "model.layers.0.self_attn"),
    ("llama", "base_model.model.model.layers.0.self_attn.q_proj.base_layer", "model.layers.0.self_attn.q_proj"),
    ("llama", "layers.1.mlp", "model.layers.1.mlp"),
    ("llama", "norm", "model.norm"),
    ("gpt2", "h.1.attn.c_proj", "transformer.h.1.attn.c_proj"),
    ("bert", "encoder.layer.0.attention.self.query", "bert.encoder.layer.0.attention.self.query"),
    # separators and brackets
    ("llama", "model/layers/1/mlp/up_proj", "model.layers.1.mlp.up_proj"),
    ("llama", "/model/layers.1/mlp/up_proj", "model.layers.1.mlp.up_proj"),
    ("llama", "model.layers[1].mlp", "model.layers.1.mlp"),
    ("deepseek", "model.layers.1.mlp.experts[7]", "model.layers.1.mlp.experts.7"),
    # a weight that is no node
    ("fused", "model.layers.1.mlp.experts.3.gate_up_proj.weight", "model.layers.1.mlp.experts.3.gate_up_proj"),
    # slices of fused tensors
    ("fused", "model.layers.1.mlp.experts.gate_up_proj[3]", "model.layers.1.mlp.experts.3.gate_up_proj"),
    ("gpt-oss", "model.layers.1.mlp.experts.down_proj_blocks[3]", "model.layers.1.mlp.experts.3.down_proj_blocks"),
    ("gguf-moe", "blk.1.ffn_gate_exps[7]", "blk.1.moe.experts.7.ffn_gate_exps"),
    ("gguf-moe", "blk.1.ffn_gate_exps.7", "blk.1.moe.experts.7.ffn_gate_exps"),
    ("gguf-moe", "blk.1.ffn_down_exps.weight[7]", "blk.1.moe.experts.7.ffn_down_exps.weight"),
    ("gguf-moe", "blk.1.ffn_gate_exps", ""),
    ("gguf-moe", "blk.1.ffn_gate_exps[8]", ""),
    # Hugging Face's names on llama.cpp's
    ("gguf", "model.layers.1.self_attn.q_proj", "blk.1.attn.attn_q"),
    ("gguf", "model.layers.1.self_attn.o_proj.weight", "blk.1.attn.attn_output.weight"),
    ("gguf", "model.layers.1.self_attn.q_proj.bias", ""),
    ("gguf", "model.layers.1.self_attn", "blk.1.attn"),
    ("gguf", "model.layers.1.self_attn.heads.3", "blk.1.attn.heads.3"),
    ("gguf", "model.layers.1.input_layernorm.weight", "blk.1.attn_norm.weight"),
    ("gguf", "model.layers.1.post_attention_layernorm", "blk.1.ffn_norm"),
    ("gguf", "model.layers.1.mlp.down_proj", "blk.1.ffn.ffn_down"),
    ("gguf", "model.layers.1.mlp", "blk.1.ffn"),
    ("gguf", "model.layers.1", "blk.1"),
    ("gguf", "model.layers.2", ""),
    ("gguf", "model.embed_tokens.weight", "token_embd.weight"),
    ("gguf", "transformer.wte", "token_embd"),
    ("gguf", "model.norm", "output_norm"),
    ("gguf", "lm_head", "output"),
    ("gguf", "lm_head.bias", ""),
    ("gguf-moe", "model.layers.1.mlp.experts.7", "blk.1.moe.experts.7"),
    ("gguf-moe", "model.layers.1.mlp.experts.7.gate_proj", "blk.1.moe.experts.7.ffn_gate_exps"),
    ("gguf-moe", "model.layers.1.block_sparse_moe.experts.7.w2.weight", "blk.1.moe.experts.7.ffn_down_exps.weight"),
    ("gguf-moe", "model.layers.1.mlp.gate", "blk.1.moe.ffn_gate_inp"),
    ("gguf-moe", "model.layers.1.mlp.router", "blk.1.moe.ffn_gate_inp"),
    ("gguf-moe", "model.layers.1.mlp.experts", "blk.1.moe.experts"),
    ("gguf-moe", "model.layers.1.mlp.shared_experts.up_proj", "blk.1.moe.shared_expert.ffn_up_shexp"),
    ("gguf-moe", "model.layers.1.mlp.shared_expert", "blk.1.moe.shared_expert"),
    # llama.cpp's names on Hugging Face's
    ("llama", "blk.1.attn_q.weight", "model.layers.1.self_attn.q_proj.weight"),
    ("llama", "blk.1.attn_norm", "model.layers.1.input_layernorm"),
    ("llama", "blk.1.ffn_norm", "model.layers.1.post_attention_layernorm"),
    ("llama", "blk.1.ffn_up", "model.layers.1.mlp.up_proj"),
    ("llama", "token_embd.weight", "model.embed_tokens.weight"),
    ("llama", "output", "lm_head"),
    ("llama", "output_norm", "model.norm"),
    ("mixtral", "blk.1.ffn_gate_exps[7]", "model.layers.1.block_sparse_moe.experts.7.w1"),
    ("mixtral", "blk.1.ffn_up_exps.weight[7]", "model.layers.1.block_sparse_moe.experts.7.w3.weight"),
    ("mixtral", "model.layers.1.mlp.experts.7.down_proj", "model.layers.1.block_sparse_moe.experts.7.w2"),
    ("mixtral", "model.layers.1.mlp.experts.gate_up_proj[7]", ""),  # two matrices there
    ("deepseek", "blk.1.attn_kv_a_mqa", "model.layers.1.self_attn.kv_a_proj_with_mqa"),
    ("deepseek", "blk.1.attn_q_a_norm", "model.layers.1.self_attn.q_a_layernorm"),
    ("deepseek", "blk.1.ffn_gate_shexp", "model.layers.1.mlp.shared_experts.gate_proj"),
    ("deepseek", "blk.0.ffn_gate", "model.layers.0.mlp.gate_proj"),
    ("deepseek", "blk.1.exp_probs_b.bias", "model.layers.1.mlp.gate.e_score_correction_bias"),
    ("gguf-moe", "model.layers.1.mlp.gate.e_score_correction_bias", "blk.1.moe.ffn_gate_inp.exp_probs_b_bias"),
    ("fused", "blk.1.ffn_down_exps[7]", "model.layers.1.mlp.experts.7.down_proj"),
    # other schools
    ("llama", "layers.1.attention.wq", "model.layers.1.self_attn.q_proj"),
    ("llama", "tok_embeddings", "model.embed_tokens"),
    ("meta", "model.layers.1.self_attn.q_proj", "layers.1.attention.wq"),
    ("meta", "blk.1.attn_norm", "layers.1.attention_norm"),
    ("gguf", "transformer.h.1.attn.c_proj", "blk.1.attn.attn_output"),
    ("gguf", "transformer.h.1.mlp.c_proj", "blk.1.ffn.ffn_down"),
    ("gpt2", "blk.1.attn_qkv", "transformer.h.1.attn.c_attn"),
    ("gpt2", "model.layers.1.self_attn.q_proj", ""),  # one matrix there for q, k and v
    # other blocks and towers
    ("llama", "model.layers.1.linear_attn.q_proj", ""),
    ("llama", "vision_tower.norm", ""),
    ("llama", "vision_tower.layers.1.self_attn.q_proj", ""),
    ("gguf", "vision_tower.encoder.layers.1.self_attn.q_proj", ""),
    ("gguf", "decoder.layers.1.self_attn.q_proj", "blk.1.attn.attn_q"),
    ("bert", "blk.1.attn_q", "bert.encoder.layer.1.attention.self.query"),
    ("bert", "blk.1.attn_output", "bert.encoder.layer.1.attention.output.dense"),
    ("bert", "blk.1.ffn_up", "bert.encoder.layer.1.intermediate.dense"),
    ("bert", "decoder.layers.1.attention", ""),
    # what is unclear, or nothing at all
    ("gguf", "model.layers.1.mlp.experts.7.w3", ""),  # no experts
    ("gguf-moe", "model.layers.1.mlp.experts.7.w3", "?"),  # up or down, as w1 or w12 stand beside it
    ("t5", "block.1.layer.0.SelfAttention.q", ""),  # encoder or decoder
    ("llama", "", ""),
    ("llama", "....", ""),
    ("llama", "[]", ""),
    ("llama", "weight", ""),
    ("llama", "model.layers.1.mlp.3", ""),
    ("llama", "model.layers.1.mlp.up_proj.weight_scale", ""),
    ("llama", "model.layers.#.mlp", ""),
    ("gguf", "model.layers.#.self_attn.heads.1", ""),
    ("llama", "model.layers.1." + "a." * 400 + "q_proj", ""),
    ("llama", "model.layers.99999999999999999999.mlp", ""),
]  # fmt: skip


@pytest.mark.parametrize(("name", "wanted", "path"), TABLE)
def test_a_name(name: str, wanted: str, path: str) -> None:
    graph = model(name)
    found = match_names(graph, [wanted])
    node = int(found.ids[0])
    assert (graph.path(node) if node > 0 else "") == path.strip("?")
    if wanted:
        assert bool(found.ambiguous[0]) == (path == "?")
    else:
        assert node == 0, "the whole model has the empty path"


def test_siblings_in_the_file_tell_what_a_name_means() -> None:
    graph = model("gguf-moe")
    names = [f"model.layers.1.block_sparse_moe.experts.7.w{k}" for k in (1, 2, 3)]
    assert [graph.path(i) for i in match_names(graph, names).ids] == [
        f"blk.1.moe.experts.7.ffn_{part}_exps" for part in ("gate", "down", "up")
    ]


def test_norms_after_the_block_are_told_by_their_siblings() -> None:
    """Gemma 2's post_attention_layernorm stands after attention, Llama's before the MLP."""
    graph = model("gemma2")
    theirs = ["blk.1.attn_norm", "blk.1.post_attention_norm", "blk.1.ffn_norm", "blk.1.post_ffw_norm"]
    ours = [
        "input_layernorm",
        "post_attention_layernorm",
        "pre_feedforward_layernorm",
        "post_feedforward_layernorm",
    ]
    assert [graph.path(i) for i in match_names(graph, theirs).ids] == [f"model.layers.1.{name}" for name in ours]


def test_a_node_has_one_name_and_a_literal_one_wins() -> None:
    graph = model("llama")
    names = ["module.lm_head", "lm_head", "module.model.norm", "_orig_mod.model.norm"]
    found = match_names(graph, names)
    assert [graph.path(i) if i >= 0 else None for i in found.ids] == [None, "lm_head", None, None]
    assert found.ambiguous.tolist() == [True, False, True, True]
    assert found.renamed.tolist() == [False] * 4


def test_two_stacks_are_told_apart_by_what_stands_before_them() -> None:
    graph = model("t5")
    names = ["encoder.block.1.layer.0.SelfAttention.q", "decoder.block.1.layer.0.SelfAttention.q"]
    assert [graph.path(i) for i in match_names(graph, names).ids] == names
    assert (match_names(graph, ["model.layers.1", "blk.1"]).ids == -1).all()


def test_a_stack_before_which_something_stands_is_found_where_it_is_the_only_one() -> None:
    decoder = {name.replace("model.", "model.decoder."): shape for name, shape in llama().items()}
    graph = built(decoder, SCHOOLS["llama"].config)
    found = match_names(graph, ["blk.1.attn_q", "token_embd"]).ids
    assert [graph.path(i) for i in found] == ["model.decoder.layers.1.self_attn.q_proj", "model.decoder.embed_tokens"]


def test_what_a_file_says_of_the_names() -> None:
    graph = model("deepseek")
    names = ["model.layers.1.mlp.experts.7", "module.model.layers.1.mlp.experts.6", "gone", "module.lm_head", "lm_head"]
    report = match_names(graph, names).report(graph, names)
    assert (report.matched, report.renamed, report.unmatched, report.ambiguous) == (3, 1, ("gone", "module.lm_head"), 1)
    assert report.nodes_without == (3 * 8 - 2) + (2 - 1), "experts and outputs, those of the MTP layer included"
    assert report.summary() == (
        "3 names matched (1 by rule), 2 not in the model (1 could be several parts): 'gone' and others, "
        "23 parts of the same kinds without a value"
    )


def test_all_names_of_one_school_find_different_nodes_of_another() -> None:
    graph, source = model("gguf-moe"), model("mixtral")
    names = [source.path(i) for i in range(1, len(source))]
    found = match_names(graph, names)
    nodes = found.ids[found.ids >= 0]
    assert len(np.unique(nodes)) == len(nodes)
    assert not found.ambiguous.any()
    missed = [name for name, node in zip(names, found.ids.tolist(), strict=True) if node < 0]
    assert missed == ["model", "model.layers"], "modules around the layers"


def test_what_a_path_means_is_the_part_itself_or_nothing() -> None:
    """On 571 architectures of transformers: the rule of meaning alone, which is to find no other part than the named.

    The 21 that it does: a container and its only part of the same role, and a MoE beside an MLP in kolibri1.
    """
    parts = themselves = others = 0
    for record in read_architectures().values():
        graph = recognise(graph_of(record["tensors"]), record["config"])
        ids = np.arange(1, len(graph))
        found = RoleIndex(graph).find([graph.path(i) for i in ids.tolist()])
        parts += len(ids)
        themselves += int((found == ids).sum())
        others += int(((found >= 0) & (found != ids)).sum())
    assert parts == 153_836
    assert themselves > 0.44 * parts
    assert others <= 21


@pytest.mark.parametrize(
    ("first", "looked_up"),
    [
        ("nothing of this model", (10, 10)),
        ("model.norm", (99, 99)),  # literally, so the file is of this model
        ("module.model.norm", (10 + 100, 99)),  # by the first rule
    ],
)
def test_many_names_of_another_model_are_not_searched_to_their_end(
    monkeypatch: pytest.MonkeyPatch, first: str, looked_up: tuple[int, int]
) -> None:
    monkeypatch.setattr("archviz3d.overlays.names.matching._SAMPLE", 10)
    counts: dict[str, int] = {}
    for rule in (FormIndex, RoleIndex):

        def counting(self: Any, names: Sequence[str], rule: type = rule, find: Any = rule.find) -> Any:
            counts[rule.__name__] = counts.get(rule.__name__, 0) + len(names)
            return find(self, names)

        monkeypatch.setattr(rule, "find", counting)
    found = match_names(model("llama"), [first, *(f"gone.{k}" for k in range(99))])
    assert found.ids.max() == (-1 if first == "nothing of this model" else model("llama").id_of("model.norm"))
    assert tuple(counts.values()) == looked_up
