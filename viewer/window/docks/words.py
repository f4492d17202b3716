"""Translated words for what the graph stores as codes."""

from PySide6.QtCore import QCoreApplication

from ....graph.kinds import NodeKind, Provenance
from ....graph.model_graph import ModelGraph

__all__ = ["attribute_word", "capital", "kind_word", "kind_words", "node_title", "provenance_words"]

translate = QCoreApplication.translate  # under this name Qt's lupdate finds the texts


def kind_word(kind: NodeKind) -> str:
    """Return what people call a kind of node."""
    return {
        NodeKind.MODULE: translate("Kind", "module"),
        NodeKind.MODEL: translate("Kind", "model"),
        NodeKind.STACK: translate("Kind", "stack of layers"),
        NodeKind.LAYER: translate("Kind", "layer"),
        NodeKind.ATTENTION: translate("Kind", "attention"),
        NodeKind.HEADS: translate("Kind", "attention heads"),
        NodeKind.HEAD: translate("Kind", "attention head"),
        NodeKind.PROJECTION: translate("Kind", "projection"),
        NodeKind.OUTPUT_PROJECTION: translate("Kind", "output projection"),
        NodeKind.MLP: translate("Kind", "MLP"),
        NodeKind.MOE: translate("Kind", "mixture of experts"),
        NodeKind.ROUTER: translate("Kind", "router"),
        NodeKind.EXPERTS: translate("Kind", "experts"),
        NodeKind.EXPERT: translate("Kind", "expert"),
        NodeKind.SHARED_EXPERT: translate("Kind", "shared expert"),
        NodeKind.LINEAR: translate("Kind", "linear"),
        NodeKind.NORM: translate("Kind", "norm"),
        NodeKind.EMBEDDING: translate("Kind", "embedding"),
        NodeKind.OUTPUT: translate("Kind", "output head"),
        NodeKind.CONV: translate("Kind", "convolution"),
        NodeKind.POOL: translate("Kind", "pooling"),
        NodeKind.RECURRENT: translate("Kind", "recurrent"),
        NodeKind.ACTIVATION: translate("Kind", "activation"),
        NodeKind.OPERATOR: translate("Kind", "operator"),
        NodeKind.TENSOR: translate("Kind", "tensor"),
        NodeKind.VALUE: translate("Kind", "input or output of the graph"),
        NodeKind.MTP: translate("Kind", "multi-token prediction"),
        NodeKind.OPTIMIZER: translate("Kind", "optimizer state"),
    }[kind]


def kind_words(kind: NodeKind) -> str:
    """Return what people call several nodes of a kind."""
    return {
        NodeKind.MODULE: translate("Kind", "modules"),
        NodeKind.MODEL: translate("Kind", "models"),
        NodeKind.STACK: translate("Kind", "stacks of layers"),
        NodeKind.LAYER: translate("Kind", "layers"),
        NodeKind.ATTENTION: translate("Kind", "attention blocks"),
        NodeKind.HEADS: translate("Kind", "groups of attention heads"),
        NodeKind.HEAD: translate("Kind", "attention heads"),
        NodeKind.PROJECTION: translate("Kind", "projections"),
        NodeKind.OUTPUT_PROJECTION: translate("Kind", "output projections"),
        NodeKind.MLP: translate("Kind", "MLPs"),
        NodeKind.MOE: translate("Kind", "mixtures of experts"),
        NodeKind.ROUTER: translate("Kind", "routers"),
        NodeKind.EXPERTS: translate("Kind", "groups of experts"),
        NodeKind.EXPERT: translate("Kind", "experts"),
        NodeKind.SHARED_EXPERT: translate("Kind", "shared experts"),
        NodeKind.LINEAR: translate("Kind", "linear layers"),
        NodeKind.NORM: translate("Kind", "norms"),
        NodeKind.EMBEDDING: translate("Kind", "embeddings"),
        NodeKind.OUTPUT: translate("Kind", "output heads"),
        NodeKind.CONV: translate("Kind", "convolutions"),
        NodeKind.POOL: translate("Kind", "poolings"),
        NodeKind.RECURRENT: translate("Kind", "recurrent layers"),
        NodeKind.ACTIVATION: translate("Kind", "activations"),
        NodeKind.OPERATOR: translate("Kind", "operators"),
        NodeKind.TENSOR: translate("Kind", "tensors"),
        NodeKind.VALUE: translate("Kind", "inputs and outputs of the graph"),
        NodeKind.MTP: translate("Kind", "multi-token predictions"),
        NodeKind.OPTIMIZER: translate("Kind", "optimizer states"),
    }[kind]


def provenance_words(provenance: Provenance, *, live: bool = False) -> str:
    """Return, as a sentence part, how a fact is known of a model in a file, or of a live one."""
    return {
        Provenance.DECLARED: translate("Provenance", "declared by the module")
        if live
        else translate("Provenance", "declared in the file"),
        Provenance.TRACED: translate("Provenance", "seen while the model ran"),
        Provenance.DERIVED: translate("Provenance", "derived from what the module declares")
        if live
        else translate("Provenance", "derived from what the file declares"),
        Provenance.INFERRED: translate("Provenance", "inferred from names and shapes"),
    }[provenance]


def attribute_word(key: str) -> str:
    """Return a readable name for an attribute; the key itself, spaced, where there is none."""
    known = {
        "heads": translate("Attribute", "attention heads"),
        "kv_heads": translate("Attribute", "key-value heads"),
        "head_dim": translate("Attribute", "head dimension"),
        "top_k": translate("Attribute", "experts per token"),
        "experts": translate("Attribute", "routed experts"),
        "shared_experts": translate("Attribute", "shared experts"),
        "hidden_size": translate("Attribute", "hidden size"),
        "slice_of": translate("Attribute", "slice of"),
        "class": translate("Attribute", "class"),
    }
    return known.get(key) or key.replace("_", " ")


def node_title(graph: ModelGraph, node: int) -> str:
    """Return what people call a node: its name, and before a mere number its kind (``layer 17``)."""
    name = graph.name_of(node)
    return f"{kind_word(graph.kind_of(node))} {name}" if node and name.isdecimal() else name


def capital(text: str) -> str:
    """Return a text with a capital first letter."""
    return text[:1].upper() + text[1:]
