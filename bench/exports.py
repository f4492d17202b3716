"""Ten transformers models as .pt2 and ONNX: is what archviz3d shows of them what PyTorch and onnx say?

    python bench/exports.py [NAME ...]      exit 1 when anything differs

For each model and format: operators, the exact set of (from, to) pairs of the data flow, the module that every
operator stands in, and the parameters, counted by brute force from the live ExportedProgram and with the onnx
library. Needs torch, transformers, onnx and onnxscript.
"""

import ast
import logging
import operator
import re
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

import onnx
import torch
import transformers
from torch.export.graph_signature import InputKind
from transformers.utils import logging as transformers_logging

import archviz3d
from archviz3d.graph import EdgeKind, ModelGraph, NodeKind, Provenance
from archviz3d.graph.counting import logical_parameters

TOKENS = {"input_ids": torch.arange(6).view(1, 6)}
PIXELS = {"pixel_values": torch.zeros(1, 3, 32, 32)}
SMALL = {
    "vocab_size": 64,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "use_cache": False,
}
DEEPSEEK = SMALL | {
    "experts_implementation": "batched_mm",
    "num_key_value_heads": 4,
    "moe_intermediate_size": 24,
    "n_routed_experts": 4,
    "num_experts_per_tok": 2,
    "n_shared_experts": 1,
    "n_group": 1,
    "topk_group": 1,
    "first_k_dense_replace": 1,
    "q_lora_rank": 16,
    "kv_lora_rank": 16,
    "qk_rope_head_dim": 8,
    "qk_nope_head_dim": 8,
    "v_head_dim": 8,
}
# name -> (class of the model, its config's sizes, inputs)
MODELS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "llama": ("LlamaForCausalLM", SMALL, TOKENS),
    "gpt2": (
        "GPT2LMHeadModel",
        {"vocab_size": 64, "n_embd": 32, "n_layer": 2, "n_head": 4, "use_cache": False},
        TOKENS,
    ),
    "bert": ("BertForMaskedLM", {k: v for k, v in SMALL.items() if k != "num_key_value_heads"}, TOKENS),
    "t5": (
        "T5ForConditionalGeneration",
        {"vocab_size": 64, "d_model": 32, "d_ff": 48, "num_layers": 2, "num_heads": 4, "d_kv": 8, "use_cache": False}
        | {"attn_implementation": "eager"},  # torch 2.13 cannot decompose the other for ONNX
        TOKENS | {"decoder_input_ids": TOKENS["input_ids"]},
    ),
    "vit": (
        "ViTForImageClassification",
        {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4}
        | {"image_size": 32, "patch_size": 8},
        PIXELS,
    ),
    "whisper": (
        "WhisperForConditionalGeneration",
        {"vocab_size": 64, "d_model": 32, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 4}
        | {"decoder_attention_heads": 4, "encoder_ffn_dim": 48, "decoder_ffn_dim": 48, "num_mel_bins": 16}
        | {"max_source_positions": 20, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "use_cache": False}
        | {"decoder_start_token_id": 1},
        {"input_features": torch.zeros(1, 16, 40), "decoder_input_ids": TOKENS["input_ids"]},
    ),
    "mixtral": (
        "MixtralForCausalLM",
        SMALL | {"num_local_experts": 4, "num_experts_per_tok": 2, "experts_implementation": "batched_mm"},
        TOKENS,
    ),
    "deepseek_v3": ("DeepseekV3ForCausalLM", DEEPSEEK, TOKENS),
    "mamba": (
        "MambaForCausalLM",
        {"vocab_size": 64, "hidden_size": 32, "num_hidden_layers": 2, "state_size": 4, "use_cache": False},
        TOKENS,
    ),
    "resnet": (
        "ResNetForImageClassification",
        {"embedding_size": 8, "hidden_sizes": [8, 16, 16, 32], "depths": [1, 2, 1, 1], "layer_type": "basic"},
        PIXELS,
    ),
}


@dataclass
class Told:
    """What is known of a program: operators by name with the module that each is in, and who feeds whom.

    Ends of edges are names of operators, or "input:NAME", "output:NAME", "weight:NAME".
    """

    operators: dict[str, str] = field(default_factory=dict)
    edges: set[tuple[str, str]] = field(default_factory=set)
    parameters: int = 0


# ---------------------------------------------------------------- what PyTorch says
def of_program(program: Any) -> Told:
    """Count by brute force from the live program."""
    told = Told(parameters=sum({p.data_ptr(): p.numel() for p in program.parameters()}.values()))  # tied ones once
    storages = {name: tensor.data_ptr() for name, tensor in program.state_dict.items() if tensor.numel()}
    first = {pointer: name for name, pointer in reversed(storages.items())}
    specs = {spec.arg.name: spec for spec in program.graph_signature.input_specs}
    made: dict[Any, Any] = {}  # node -> who made it; a list for one that makes several
    for node in program.graph.nodes:
        if node.op == "placeholder":
            spec = specs[node.name]
            is_input = spec.kind == InputKind.USER_INPUT
            weight = first.get(storages.get(spec.target), spec.target)  # of tied weights the first
            made[node] = f"input:{spec.arg.name}" if is_input else f"weight:{weight}"
    outputs = _walk(program.graph_module, made, told)
    for spec, maker in zip(program.graph_signature.output_specs, outputs, strict=True):
        told.edges.add((maker, f"output:{spec.arg.name}" if spec.target is None else f"weight:{spec.target}"))
    return told


def _walk(module: Any, made: dict[Any, Any], told: Told) -> list[Any]:
    """Note a graph's operators; return who made its outputs. What runs under no_grad runs where it stands."""
    for node in module.graph.nodes:
        if node.op == "get_attr":
            made[node] = getattr(module, node.target)
        elif node.op == "output":
            return [made[value] for value in node.args[0]]
        elif node.target is operator.getitem:
            several = made[node.args[0]]
            made[node] = several[node.args[1]] if isinstance(several, list) else several
        elif node.op == "call_function" and "wrap_with_set_grad_enabled" in str(node.target):
            inner = made[node.args[1]]
            taken = [each for each in inner.graph.nodes if each.op == "placeholder"]
            made |= {each: made[given] for each, given in zip(taken, node.args[2:], strict=True)}
            made[node] = _walk(inner, made, told)
        elif node.op == "call_function":
            stack = list((node.meta.get("nn_module_stack") or {"": ("", None)}).values())
            told.operators[node.name] = stack[-1][0].split("@")[0]
            told.edges |= {(made[source], node.name) for source in node.all_input_nodes}
            made[node] = node.name
    return []


# ---------------------------------------------------------------- what the onnx library says
def of_onnx(path: Path) -> Told:
    """Count by brute force from the message; modules are known where torch noted them on the node."""
    model = onnx.load(str(path), load_external_data=False)
    if model.functions or any(a.type in (onnx.AttributeProto.GRAPH, onnx.AttributeProto.GRAPHS)
                              for node in model.graph.node for a in node.attribute):  # fmt: skip
        sys.exit(f"{path}: has functions or subgraphs, which this script does not count")
    told = Told(parameters=sum(map(_parameters, model.graph.initializer)))
    maker = {value.name: f"input:{value.name}" for value in model.graph.input}
    maker |= {tensor.name: f"weight:{tensor.name}" for tensor in model.graph.initializer}
    for node in model.graph.node:
        notes = {entry.key: entry.value for entry in node.metadata_props}
        scopes = notes.get("pkg.torch.onnx.name_scopes")
        # The last entry is the operator itself, the one before it the innermost module.
        told.operators[node.name] = ast.literal_eval(scopes)[-2].split("@")[0] if scopes else "?"
        maker |= dict.fromkeys(node.output, node.name)
    for node in model.graph.node:
        told.edges |= {(maker[name], node.name) for name in node.input if name}
    told.edges |= {(maker[value.name], f"output:{value.name}") for value in model.graph.output}
    return told


def _parameters(tensor: Any) -> int:
    """Return how many parameters an initialiser has by the table of what counts; a number that was folded is none."""
    kind = onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type).kind
    folded = re.fullmatch(r"val_\d+.*", tensor.name) and prod(tensor.dims) <= 1
    name = tensor.name.rpartition(".")[2]
    return logical_parameters(name, "F32", tuple(tensor.dims)) if kind == "f" and not folded else 0


# ---------------------------------------------------------------- what archviz3d shows
def of_graph(graph: ModelGraph) -> Told:
    """Read the same from a graph."""
    told = Told(parameters=int(graph.total_parameters[0]))
    nodes, named = graph.attributes.get("node"), graph.attributes.get("name_in_file")
    tied = graph.attributes.get("tied_to")
    initializers, directions = graph.attributes.get("initializer"), graph.attributes["direction"]
    ends: dict[int, str] = {}
    for i in range(len(graph.parent)):
        name = graph.names[graph.name_code[i]]
        kind = graph.kind[i]
        if kind == NodeKind.OPERATOR:
            ends[i] = nodes.get(i) if nodes is not None else name
            told.operators[ends[i]] = graph.path(int(graph.parent[i]))
        elif kind == NodeKind.VALUE:
            ends[i] = f"{directions.get(i)}:{name}"
        elif kind == NodeKind.TENSOR:
            own = (
                (tied and tied.get(i))
                or (initializers and initializers.get(i))
                or (named and named.get(i))
                or graph.path(i)
            )
            ends[i] = f"weight:{own}"
    edges = graph.edges
    for k in range(len(edges)):
        if edges.kind[k] == EdgeKind.DATA and edges.provenance[k] != Provenance.INFERRED:
            source, port = int(edges.source[k]), int(edges.source_port[k])
            if graph.kind[source] == NodeKind.EXPERTS:  # a fused tensor, which its slices stand for, is a port
                ends[source] = f"weight:{graph.path(source)}.{graph.names[port]}"
            target = int(edges.target[k])
            told.edges.add((ends.get(source, f"node {source}"), ends.get(target, f"node {target}")))
    return told


# ---------------------------------------------------------------- the comparison
def exported(name: str, folder: Path) -> Any:
    """Make a model, export it twice, and return its program."""
    class_name, sizes, inputs = MODELS[name]
    made = getattr(transformers, class_name)
    torch.manual_seed(0)
    model = made(made.config_class(**sizes)).eval()
    program = torch.export.export(model, (), dict(inputs), strict=False)
    torch.export.save(program, str(folder / f"{name}.pt2"))
    torch.onnx.export(program, (), dynamo=True, verbose=False).save(str(folder / f"{name}.onnx"))
    return program


def differences(mine: Told, theirs: Told) -> Iterator[str]:
    """Say what differs."""
    for what, a, b in (
        ("operators", set(mine.operators), set(theirs.operators)),
        ("edges", mine.edges, theirs.edges),
    ):
        for side, extra in (("only archviz3d has", a - b), ("archviz3d lacks", b - a)):
            if extra:
                yield f"{side} {len(extra)} {what}: {sorted(extra)[:4]}"
    wrong = [
        (name, mine.operators[name], module)
        for name, module in theirs.operators.items()
        if name in mine.operators and module not in ("?", mine.operators[name])
    ]
    if wrong:
        yield f"{len(wrong)} operators in another module (operator, shown, true): {wrong[:4]}"
    if theirs.parameters and mine.parameters != theirs.parameters:
        yield f"{mine.parameters:,} parameters, {theirs.parameters:,} are true"


def compare(name: str, folder: Path) -> bool:
    """Compare one model in both formats; print a line for each and what differs."""
    program = exported(name, folder)
    true: dict[str, Callable[[], Told]] = {
        "pt2": lambda: of_program(program),
        "onnx": lambda: of_onnx(folder / f"{name}.onnx"),
    }
    fine = True
    for suffix, tell in true.items():
        theirs = tell()
        start = time.perf_counter()
        graph = archviz3d.load(str(folder / f"{name}.{suffix}"))
        seconds = time.perf_counter() - start
        mine = of_graph(graph)
        found = list(differences(mine, theirs))
        fine &= not found
        placed = sum(module != "?" for module in theirs.operators.values())
        print(
            f"{name:12} {suffix:5} {len(mine.operators):5} of {len(theirs.operators):5} operators "
            f"{len(mine.edges & theirs.edges):5} of {len(theirs.edges):5} edges {placed:5} in their modules "
            f"{mine.parameters:8,} of {theirs.parameters:8,} parameters {seconds:6.2f} s  {'' if found else 'same'}"
        )
        for line in found:
            print(f"{'':12} {line}")
    return fine


def main() -> int:
    """Compare all models, or those that are named."""
    warnings.simplefilter("ignore")
    transformers_logging.set_verbosity_error()
    logging.disable(logging.WARNING)
    names = sys.argv[1:] or list(MODELS)
    with tempfile.TemporaryDirectory() as folder:
        results = [compare(name, Path(folder)) for name in names]
    print(f"{sum(results)} of {len(results)} models are the same in both formats")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
