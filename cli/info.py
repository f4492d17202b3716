"""``archviz3d info``: what is in a model, for people and for scripts."""

import argparse

import msgspec
import numpy as np

from ..graph import ModelGraph, NodeKind
from ..graph.summary import ModelSummary, summarize
from ..loaders import load_confined
from ..viewer.numbers import bytes_text, count_text, shape_text, short_count
from .main import printable

__all__ = ["run"]


def run(options: argparse.Namespace) -> int:
    """Print the summary, and the tree where it was asked for."""
    graph = load_confined(options.model)
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
    count = f"{short_count(s.main_parameters)} parameters ({count_text(s.main_parameters)})"
    lines.append(f"  {count}" + (f" + {short_count(extra)} multi-token prediction" if extra else ""))
    lines.append(f"  {bytes_text(s.bytes)} in {count_text(s.tensors)} tensors, {count_text(s.modules)} modules")
    for stack in s.stacks:
        kinds = f"{stack.kinds} kinds" if stack.kinds > 1 else "1 kind"
        lines.append(f"  {stack.layers} {'layers' if stack.layers > 1 else 'layer'} of {kinds} at {stack.path}")
    if s.experts:
        used = f", {s.experts_per_token} used per token" if s.experts_per_token else ""
        shared = f", {s.shared_experts} shared" if s.shared_experts else ""
        where = f"{s.experts_per_layer} in each of {s.moe_layers} layers"
        lines.append(f"  {count_text(s.experts)} routed experts: {where}{used}{shared}")
    if s.attention:
        a = s.attention
        kv = f", {a.kv_heads} key-value heads" if a.kv_heads else ""
        lines.append(f"  attention: {a.heads} heads{kv}" + (f" of {a.head_dim}" if a.head_dim else ""))
    for name, d in s.dtypes.items():
        lines.append(
            f"  {name}: {count_text(d.tensors)} tensors, {short_count(d.elements)} elements, {bytes_text(d.bytes)}"
        )
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
            facts.append(f"{shape_text(shape)} {graph.dtype_of(node)}" if shape is not None else "")
            total = int(graph.total_parameters[node])
            facts.append(f"{short_count(total)} parameters" if total else "")
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
