"""What a part is by its class or its shapes alone, whatever it is called."""

import re

from ..kinds import NodeKind
from .parts import Part

__all__ = ["KIND_OF_FORM", "columns_of", "form_of_class", "form_of_shapes", "rows_of"]

# (pattern on the last part of the class's qualified name, form). transformers' Conv1D is a linear layer.
_CLASSES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), form)
    for pattern, form in [
        (r"Conv1D|\w*Linear(4bit|8bitLt|FP8)?", "linear"),
        (r"Lazy\w*Conv\w*\dd|Conv(Transpose)?\dd", "conv"),
        (r"\w*Norm(\dd)?", "norm"),
        (r"Embedding|EmbeddingBag|\w*(Parallel|Positional|Word)Embedding", "embedding"),
        (r"(Adaptive)?(Max|Avg|LP|FractionalMax)(Unp|P)ool\dd|\w*Pool", "pool"),
        (r"MultiheadAttention", "attention"),
        (r"(LSTM|GRU|RNN)(Cell)?", "recurrent"),
        (
            r"ReLU6?|LeakyReLU|PReLU|RReLU|ELU|SELU|CELU|GELU|\w*GELU\w*|SiLU|SiLUActivation|Mish|Tanh|Sigmoid|LogSigmoid"
            r"|Softmax|LogSoftmax|Softplus|Softsign|Hard(swish|sigmoid|tanh|shrink)|GLU|Threshold",
            "activation",
        ),
    ]
)

# What a form says where no rule knows the name.
KIND_OF_FORM: dict[str, NodeKind] = {
    "linear": NodeKind.LINEAR,
    "conv": NodeKind.CONV,
    "norm": NodeKind.NORM,
    "embedding": NodeKind.EMBEDDING,
    "pool": NodeKind.POOL,
    "attention": NodeKind.ATTENTION,
    "recurrent": NodeKind.RECURRENT,
    "activation": NodeKind.ACTIVATION,
}

_WEIGHTS = ("weight", "qweight", "weight_packed", "gamma", "scale")
_PACKED = frozenset(("qweight", "weight_packed"))
# By these a module is known that an adapter changes: LoRA (PEFT's and kohya's names), LoHa, LoKr, VeRA, (IA)3, OFT.
_ADAPTER_FACTORS = frozenset(
    "lora_a lora_embedding_a lora_down hada_w1_a lokr_w1 lokr_w1_a vera_lambda_b ia3_l oft_r oft_blocks".split()  # noqa: SIM905
)


def form_of_class(name: str) -> str | None:
    """Return the form of a module class given by its qualified name, None when it says nothing."""
    last = name.rsplit(".", 1)[-1]
    return next((form for pattern, form in _CLASSES if pattern.fullmatch(last)), None)


def form_of_shapes(part: Part) -> str:
    """Return the form of a part that is no tensor by the shapes of its own tensors.

    Returns
    -------
    str
        "matrix" (a linear layer or a lookup table), "linear", "vector" (a norm's weight, or a
        scale), "norm", "conv", "kernel" (3-D: a 1-D convolution or fused experts), "adapter" (LoRA),
        "empty" (no tensors), "other" or "container".
    """
    if not part.children:
        return "empty"
    names = part.by_name
    weight = next((names[name] for name in _WEIGHTS if name in names), None)
    has_modules = any(child.shape is None for child in part.children)
    if _ADAPTER_FACTORS & names.keys() or (has_modules and "base_layer" in names):
        return "adapter"
    if weight is None or weight.shape is None:
        return "container" if has_modules or any(len(child.shape or ()) > 1 for child in part.children) else "other"
    if "running_mean" in names and len(weight.shape) == 1:
        return "norm"
    bias = names.get("bias")
    match len(weight.shape):
        case 1:
            return "vector"
        case 2:
            # A lookup table has no bias, a linear layer's has one value for each output.
            return "linear" if bias is not None and bias.shape and bias.shape[0] in weight.shape else "matrix"
        case 3:
            return "kernel"
        case 4 | 5:
            return "conv"
        case _:
            return "other"


def rows_of(part: Part | None) -> int | None:
    """Return how many values a linear part puts out, None when it cannot be told (packed weights)."""
    if part is None:
        return None
    if part.shape is not None:  # a bare tensor, as torch.nn.MultiheadAttention.in_proj_weight
        return part.shape[0] if len(part.shape) == 2 else None
    names = part.by_name
    bias = names.get("bias")
    if bias is not None and bias.shape is not None and len(bias.shape) == 1:
        return bias.shape[0]  # tells even where the weight is stored transposed, as GPT-2's
    weight = names.get("weight")
    if weight is None or weight.shape is None or _PACKED & names.keys():
        return None
    if len(weight.shape) == 3 and weight.shape[2] == 1:  # a convolution that looks at one position (SqueezeBERT)
        return weight.shape[0]
    if len(weight.shape) != 2:
        return None
    return weight.shape[0] if weight.shape[1] > 1 or weight.shape[0] == 1 else None  # [n, 1]: bitsandbytes' 4 bit


def columns_of(part: Part) -> int | None:
    """Return how many values a linear part takes in, None when it cannot be told."""
    rows = rows_of(part)
    weight = part if part.shape is not None else part.by_name.get("weight")
    shape = weight.shape if weight is not None else None
    if rows is None or shape is None or len(shape) != 2 or _PACKED & part.by_name.keys():
        return None
    return shape[1] if shape[0] == rows else shape[0] if shape[1] == rows else None
