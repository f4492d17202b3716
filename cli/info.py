"""``archviz3d info``: what is in a model, for people and for scripts."""

import argparse

import msgspec
import numpy as np

from ..graph import ModelGraph, NodeKind
from ..graph.summary import ModelSummary, summarize
from ..loaders import load_confined
from ..viewer.words.numbers import grouped, people_bytes, people_count, people_shape, plural
from .main import printable
from .opening import names_code, open_model

__all__ = ["run"]


def run(options: argparse.Namespace) -> int:
    """Print the summary, and the tree where it was asked for."""
    graph = open_model(options) if names_code(options) else load_confined(options.model)
    summary = summarize(graph)
    if options.json:
        print(msgspec.json.format(msgspec.json.encode(summary), indent=2).decode())
    else:
        print("\n".join(printable(line) for line in _describe(summary)))
    if options.tree:
        print("\n".join(printable(line) for line in _tree(graph, options.tree)))
    return 0


def _describe(s: ModelSummary) -> list[str]:
    lines = [f"{s.name}  ({s.format})"]
    extra = s.parameters - s.main_parameters
    count = f"{people_count(s.main_parameters)} parameters ({grouped(s.main_parameters)})"
    lines.append(f"  {count}" + (f" + {people_count(extra)} multi-token prediction" if extra else ""))
    stored = f"{people_bytes(s.bytes)} in " if s.bytes else ""  # a config alone stores nothing
    lines.append(f"  {stored}{grouped(s.tensors)} tensors, {grouped(s.modules)} modules")
    for stack in s.stacks:
        kinds = plural(stack.kinds, "kind")
        lines.append(f"  {plural(stack.layers, 'layer')} of {kinds} at {stack.path}")
    if s.experts:
        used = f", {s.experts_per_token} used per token" if s.experts_per_token else ""
        shared = f", {s.shared_experts} shared" if s.shared_experts else ""
        where = f": {s.experts_per_layer} in each of {plural(s.moe_layers, 'layer')}" if s.moe_layers else ""
        lines.append(f"  {plural(s.experts, 'routed expert')}{where}{used}{shared}")
    if s.attention:
        a = s.attention
        kv = f", {a.kv_heads} key-value heads" if a.kv_heads else ""
        lines.append(f"  attention: {a.heads} heads{kv}" + (f" of {a.head_dim}" if a.head_dim else ""))
    for name, d in s.dtypes.items():
        stored = f", {people_count(d.elements)} elements, {people_bytes(d.bytes)}" if d.elements else ""
        lines.append(f"  {name}: {grouped(d.tensors)} tensors{stored}")
    lines += [f"  warning: {warning}" for warning in s.warnings]
    return lines


def _tree(graph: ModelGraph, depth: int) -> list[str]:
    """Print the tree; neighbours of equal structure fold into one line."""
    lines: list[str] = []
    todo = [(0, 0, "")]
    while todo:
        node, indent, fold = todo.pop()
        if node:
            facts = [graph.kind_of(node).name.lower().replace("_", " ")]
            shape = graph.shape_of(node)
            facts.append(f"{people_shape(shape)} {graph.dtype_of(node)}" if shape is not None else "")
            total = int(graph.total_parameters[node])
            facts.append(f"{people_count(total)} parameters" if total else "")
            lines.append("  " * indent + (fold or graph.name_of(node)) + "  " + ", ".join(f for f in facts if f))
        if indent < depth:
            todo.extend(reversed([(first, indent + 1, text) for first, text in _folded(graph, node)]))
    return lines


def _folded(graph: ModelGraph, node: int) -> list[tuple[int, str]]:
    """Return (first child, text) of each run of numbered children with equal signatures."""
    children = graph.children(node)
    if not len(children):
        return []
    numbered = np.array([graph.name_of(int(c)).isdecimal() for c in children])
    same = (np.diff(graph.signature[children].view(np.int64)) == 0) & numbered[1:] & numbered[:-1]
    same &= graph.kind[children][1:] != NodeKind.TENSOR
    starts = np.flatnonzero(np.concatenate([[True], ~same]))
    runs: list[tuple[int, str]] = []
    for start, end in zip(starts.tolist(), [*starts[1:].tolist(), len(children)], strict=True):
        first, last = int(children[start]), int(children[end - 1])
        text = f"{graph.name_of(first)} … {graph.name_of(last)}  ({end - start} ×)" if end - start > 1 else ""
        runs.append((first, text))
    return runs
