"""Architectures of transformers as `bench/architectures.py` wrote them down: read, made into graphs, judged."""

import json
import lzma
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

from archviz3d.graph import GraphBuilder, ModelGraph, NodeKind
from archviz3d.graph.summary import summarize

K = NodeKind
FIXTURE = Path(__file__).resolve().parents[2] / "data" / "architectures.json.xz"
FIGURES = ("layers", "heads", "kv_heads", "head_dim", "experts", "top_k")
Record = dict[str, Any]
Tower = dict[str, Any]
Tensors = Mapping[str, Sequence[Any]]
_BYTES = {"F64": 8, "I64": 8, "C64": 8, "F32": 4, "I32": 4, "BF16": 2, "F16": 2, "BOOL": 1, "U8": 1, "I8": 1}

# What the class of a module must be called for a kind to be true of it. Containers whose classes have names of any
# kind (stacks, layers, experts, output heads) are not judged by their class.
_CLASSES: dict[NodeKind, str] = {
    K.NORM: r"norm|identity",
    K.CONV: r"conv",
    K.EMBEDDING: r"embed|position|rotary",
    K.LINEAR: r"linear|conv1d|dense|projection",
    K.PROJECTION: r"linear|conv1d",
    K.OUTPUT_PROJECTION: r"linear|conv1d|output|sequential|modulelist",
    K.ATTENTION: r"attention|attn|mla$",
    K.MLP: r"mlp|ffn|feed_?forward|ff$|intermediate|output|dense|merger|projector|sequential|module(list|dict)|conv",
    K.ROUTER: r"router|gate|gating|linear",
    K.MOE: r"moe|sparse|mlp|ffn",
    K.EXPERTS: r"expert|module(list|dict)",
    K.RECURRENT: r"mamba|mixer|delta|ssm|rwkv|recurrent|linearattention|attention|lstm|gru",
    K.POOL: r"pool",
}


@dataclass(frozen=True)
class Verdict:
    """How a graph compares with what is true of its architecture.

    Attributes
    ----------
    differs : dict of str to (true, found)
        Figures of the model that ``info`` gives wrongly; empty where the architecture is recognised.
    missing : list of str
        Towers with layers for which no stack has the right figures.
    parameters : (true, found)
    false_kinds : list of (kind, class, path)
        Kinds that the class of the module contradicts.
    claims : int
        How many kinds were compared with classes.
    """

    differs: dict[str, tuple[Any, Any]]
    missing: list[str]
    parameters: tuple[int, int]
    false_kinds: list[tuple[str, str, str]] = field(default_factory=list)
    claims: int = 0


def read_architectures() -> dict[str, Record]:
    """Return the records of the fixture by model type."""
    return {record["type"]: record for record in read_fixture()["architectures"]}


def read_fixture() -> dict[str, Any]:
    """Return the fixture: ``architectures`` (records), ``failures`` (reasons by type) and ``versions``."""
    return json.loads(lzma.decompress(FIXTURE.read_bytes()))


def write_fixture(records: Sequence[Record], failures: Mapping[str, str], versions: Mapping[str, str]) -> int:
    """Write the fixture and return its size."""
    content = {"versions": dict(versions), "failures": dict(failures), "architectures": list(records)}
    return FIXTURE.write_bytes(lzma.compress(json.dumps(content, separators=(",", ":")).encode(), preset=9))


def graph_of(tensors: Tensors) -> ModelGraph:
    """Return the graph of a checkpoint without roles; `tensors` are (dtype, shape) by name."""
    builder = GraphBuilder("m", "safetensors", "m")
    dtypes = [dtype for dtype, _ in tensors.values()]
    shapes = [tuple(shape) for _, shape in tensors.values()]
    sizes = [prod(shape) * _BYTES[dtype] for dtype, shape in zip(dtypes, shapes, strict=True)]
    builder.tensors(list(tensors), dtypes, shapes, sizes, [0] * len(sizes), [0] * len(sizes), ["model.safetensors"])
    return builder.build()


def folded(path: str) -> str:
    """Return a path with ``#`` for its numbers."""
    return re.sub(r"(?<![^.])\d+(?![^.])", "#", path)


def judge(record: Record, graph: ModelGraph) -> Verdict:
    """Compare a graph with roles with what is true of its architecture."""
    summary = summarize(graph)
    attention = summary.attention
    found = {
        "layers": summary.layers or None,
        "heads": attention and attention.heads,
        "kv_heads": attention and attention.kv_heads,
        "head_dim": attention and attention.head_dim,
        "experts": summary.experts_per_layer or None,
        "top_k": summary.experts_per_token,
    }
    towers: list[Tower] = record["towers"]
    mains = [tower for tower in towers if tower["main"]]
    differs = min((differences(tower, found) for tower in mains), key=len)
    stacks = stacks_in(graph)
    missing = [t["tower"] for t in towers if t["layers"] and all(differences(t, stack) for stack in stacks)]
    false_kinds, claims = _false_kinds(record, graph)
    return Verdict(differs, missing, (record["parameters"], summary.parameters), false_kinds, claims)


def differences(truth: Tower, found: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return figures (true, found) that differ; what a config with attention does not tell is no difference."""
    untold = {key for key in ("layers", "head_dim") if truth[key] is None} if truth["heads"] else set[str]()
    return {key: (truth[key], found[key]) for key in FIGURES if key not in untold and truth[key] != found[key]}


def stacks_in(graph: ModelGraph) -> list[dict[str, Any]]:
    """Return the figures of each stack, without what lies in stacks inside it."""
    stacks: list[int] = graph.of_kind(K.STACK).tolist()
    inside: dict[int, list[int]] = {stack: [] for stack in stacks}
    for node in graph.of_kind(K.ATTENTION, K.EXPERTS, K.MOE).tolist():
        owner = next((above for above in graph.ancestors(node) if above in inside), None)
        if owner is not None:
            inside[owner].append(node)
    return [_stack_figures(graph, stack, nodes) for stack, nodes in inside.items()]


def _stack_figures(graph: ModelGraph, stack: int, inside: list[int]) -> dict[str, Any]:
    heads: Counter[Any] = Counter()
    experts: Counter[Any] = Counter()
    top_k: Counter[Any] = Counter()
    for node in inside:
        match graph.kind_of(node):
            case K.ATTENTION if graph.attribute(node, "heads"):
                heads[tuple(graph.attribute(node, key) for key in ("heads", "kv_heads", "head_dim"))] += 1
            case K.EXPERTS:
                experts[int((graph.kind[graph.children(node)] == K.EXPERT).sum())] += 1
            case K.MOE:
                top_k[graph.attribute(node, "top_k")] += 1
            case _:
                pass
    figures = dict(zip(("heads", "kv_heads", "head_dim"), _most(heads) or (None,) * 3, strict=True))
    layers = int((graph.kind[graph.children(stack)] == K.LAYER).sum())
    return {"layers": layers, **figures, "experts": _most(experts), "top_k": _most(top_k)}


def _most(counted: Counter[Any]) -> Any:
    return counted.most_common(1)[0][0] if counted else None


def _false_kinds(record: Record, graph: ModelGraph) -> tuple[list[tuple[str, str, str]], int]:
    modules: dict[str, list[str]] = record["modules"]
    paths = [""] * len(graph)  # with "#" for numbers
    names = ["#" if name.isdecimal() else name for name in graph.names]
    found: dict[tuple[str, NodeKind], tuple[str, str, str] | None] = {}
    above = graph.parent.tolist()
    for node, (code, kind) in enumerate(zip(graph.name_code.tolist(), graph.kind.tolist(), strict=True)):
        if node == 0 or kind == K.TENSOR:
            continue
        path = paths[node] = f"{paths[above[node]]}.{names[code]}" if above[node] else names[code]
        classes = modules.get(path)
        if kind not in _CLASSES or (path, kind) in found or not classes:  # a file may split what is one module live
            continue
        fits = any(re.search(_CLASSES[K(kind)], name, re.IGNORECASE) for name in classes)
        found[path, K(kind)] = None if fits else (K(kind).name.lower(), "/".join(classes), path)
    return [entry for entry in found.values() if entry is not None], len(found)
