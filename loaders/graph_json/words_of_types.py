"""What a module is by the type that a file declares for it: "TopKRouter", "grouped-query attention", "SwiGLU MLP"."""

import re

from ...graph import NodeKind

__all__ = ["kind_of_type"]

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_OPERATORS = frozenset(
    """add addition sum mul multiply matmul bmm concat concatenate cat split slice reshape permute transpose view
    flatten residual dropout topk argmax gather scatter dispatch combine mask scale cast rope rotary op operator
    operation function""".split()  # noqa: SIM905
)
# (words, kind): the first row of which all words occur in a type, from the most special to the most general.
_KINDS: tuple[tuple[tuple[str, ...], NodeKind], ...] = (
    (("shared", "expert"), NodeKind.SHARED_EXPERT),
    (("shared", "experts"), NodeKind.SHARED_EXPERT),
    (("mixture", "experts"), NodeKind.MOE),
    (("mo", "e"), NodeKind.MOE),  # "MoE" as camel case
    (("moe", "layer"), NodeKind.MOE),
    (("router",), NodeKind.ROUTER),
    (("gating",), NodeKind.ROUTER),
    (("experts",), NodeKind.EXPERTS),
    (("expert",), NodeKind.EXPERT),
    (("moe",), NodeKind.MOE),
    (("output", "projection"), NodeKind.OUTPUT_PROJECTION),
    (("lm", "head"), NodeKind.OUTPUT),
    (("output", "head"), NodeKind.OUTPUT),
    (("classifier",), NodeKind.OUTPUT),
    (("layer", "norm"), NodeKind.NORM),
    (("norm",), NodeKind.NORM),
    (("normalization",), NodeKind.NORM),
    (("embedding",), NodeKind.EMBEDDING),
    (("embeddings",), NodeKind.EMBEDDING),
    (("decoder", "layer"), NodeKind.LAYER),
    (("encoder", "layer"), NodeKind.LAYER),
    (("transformer", "layer"), NodeKind.LAYER),
    (("transformer", "block"), NodeKind.LAYER),
    (("attention",), NodeKind.ATTENTION),
    (("attn",), NodeKind.ATTENTION),
    (("mlp",), NodeKind.MLP),
    (("ffn",), NodeKind.MLP),
    (("feed", "forward"), NodeKind.MLP),
    (("feedforward",), NodeKind.MLP),
    (("linear",), NodeKind.LINEAR),
    (("dense",), NodeKind.LINEAR),
    (("projection",), NodeKind.LINEAR),
    (("conv",), NodeKind.CONV),
    (("convolution",), NodeKind.CONV),
    (("pool",), NodeKind.POOL),
    (("pooling",), NodeKind.POOL),
    (("lstm",), NodeKind.RECURRENT),
    (("gru",), NodeKind.RECURRENT),
    (("rnn",), NodeKind.RECURRENT),
    (("mamba",), NodeKind.RECURRENT),
    (("activation",), NodeKind.ACTIVATION),
    (("softmax",), NodeKind.ACTIVATION),
    (("sigmoid",), NodeKind.ACTIVATION),
    (("tanh",), NodeKind.ACTIVATION),
)
_ACTIVATION = re.compile(r"(re|ge|si|e|se|ce|leaky ?re)lu6?|swish|mish|softplus", re.IGNORECASE)
_RUN_TOGETHER = {
    "layernorm": ("layer", "norm"),
    "rmsnorm": ("norm",),
    "batchnorm": ("norm",),
    "groupnorm": ("norm",),
    "selfattention": ("attention",),
    "multiheadattention": ("attention",),
    "lmhead": ("lm", "head"),
    "mha": ("attention",),
    "mqa": ("attention",),
    "gqa": ("attention",),
    "mla": ("attention",),
    "gate": ("gating",),
}


def kind_of_type(declared: str) -> tuple[NodeKind, str | None]:
    """Return a module's kind by its declared type, MODULE when the type says nothing.

    Returns
    -------
    kind : NodeKind
    direction : str or None
        "input" or "output" of a VALUE: what goes into and comes out of the whole graph.
    """
    words = [word.lower() for word in _WORD.findall(declared[-200:])]
    joined = "".join(words)
    if joined in ("input", "inputs", "placeholder", "graphinput"):
        return NodeKind.VALUE, "input"
    if joined in ("output", "outputs", "result", "graphoutput"):
        return NodeKind.VALUE, "output"
    if _ACTIVATION.fullmatch(joined):
        return NodeKind.ACTIVATION, None
    # Only a type that is a gate and nothing else routes: a "gated MLP" is an MLP.
    spread = {part for word in [*words, joined] for part in _RUN_TOGETHER.get(word, (word,)) if word != "gate"}
    if joined == "gate":
        spread = {"gating"}
    for needed, kind in _KINDS:
        if spread.issuperset(needed):
            return kind, None
    return (NodeKind.OPERATOR if words and set(words) <= _OPERATORS else NodeKind.MODULE), None
