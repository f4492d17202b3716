"""Translated words for what the graph stores as codes."""

from PySide6.QtCore import QCoreApplication

from ...graph.kinds import NodeKind, Provenance
from ...graph.model_graph import ModelGraph

__all__ = ["attribute_word", "capital", "kind_word", "node_title", "provenance_words"]


def kind_word(kind: NodeKind) -> str:
    """Return what people call a kind of node."""
    tr = QCoreApplication.translate
    return {
        NodeKind.MODULE: tr("Kind", "module"),
        NodeKind.MODEL: tr("Kind", "model"),
        NodeKind.STACK: tr("Kind", "stack of layers"),
        NodeKind.LAYER: tr("Kind", "layer"),
        NodeKind.ATTENTION: tr("Kind", "attention"),
        NodeKind.HEADS: tr("Kind", "attention heads"),
        NodeKind.HEAD: tr("Kind", "attention head"),
        NodeKind.PROJECTION: tr("Kind", "projection"),
        NodeKind.OUTPUT_PROJECTION: tr("Kind", "output projection"),
        NodeKind.MLP: tr("Kind", "MLP"),
        NodeKind.MOE: tr("Kind", "mixture of experts"),
        NodeKind.ROUTER: tr("Kind", "router"),
        NodeKind.EXPERTS: tr("Kind", "experts"),
        NodeKind.EXPERT: tr("Kind", "expert"),
        NodeKind.SHARED_EXPERT: tr("Kind", "shared expert"),
        NodeKind.LINEAR: tr("Kind", "linear"),
        NodeKind.NORM: tr("Kind", "norm"),
        NodeKind.EMBEDDING: tr("Kind", "embedding"),
        NodeKind.OUTPUT: tr("Kind", "output head"),
        NodeKind.CONV: tr("Kind", "convolution"),
        NodeKind.POOL: tr("Kind", "pooling"),
        NodeKind.RECURRENT: tr("Kind", "recurrent"),
        NodeKind.ACTIVATION: tr("Kind", "activation"),
        NodeKind.OPERATOR: tr("Kind", "operator"),
        NodeKind.TENSOR: tr("Kind", "tensor"),
        NodeKind.MTP: tr("Kind", "multi-token prediction"),
        NodeKind.OPTIMIZER: tr("Kind", "optimizer state"),
    }[kind]


def provenance_words(provenance: Provenance) -> str:
    """Return, as a sentence part, how a fact is known."""
    tr = QCoreApplication.translate
    return {
        Provenance.DECLARED: tr("Provenance", "declared in the file"),
        Provenance.TRACED: tr("Provenance", "seen while the model ran"),
        Provenance.DERIVED: tr("Provenance", "derived from what the file declares"),
        Provenance.INFERRED: tr("Provenance", "inferred from names and shapes"),
    }[provenance]


def attribute_word(key: str) -> str:
    """Return a readable name for an attribute; the key itself, spaced, where there is none."""
    tr = QCoreApplication.translate
    known = {
        "heads": tr("Attribute", "attention heads"),
        "kv_heads": tr("Attribute", "key-value heads"),
        "head_dim": tr("Attribute", "head dimension"),
        "top_k": tr("Attribute", "experts per token"),
        "experts": tr("Attribute", "routed experts"),
        "shared_experts": tr("Attribute", "shared experts"),
        "hidden_size": tr("Attribute", "hidden size"),
        "slice_of": tr("Attribute", "slice of"),
        "class": tr("Attribute", "class"),
    }
    return known.get(key) or key.replace("_", " ")


def node_title(graph: ModelGraph, node: int) -> str:
    """Return what people call a node: its name, and before a mere number its kind (``layer 17``)."""
    name = graph.name_of(node)
    return f"{kind_word(graph.kind_of(node))} {name}" if node and name.isdecimal() else name


def capital(text: str) -> str:
    """Return a text with a capital first letter."""
    return text[:1].upper() + text[1:]
