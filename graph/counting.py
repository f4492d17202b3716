"""What counts as a parameter: the committed table of DESIGN 13."""

import re
from math import prod

__all__ = ["logical_parameters"]

# Tensors that are stored beside the parameters but are none: (pattern on the last part of the name, why).
_NOT_PARAMETERS = tuple(
    (re.compile(pattern), why)
    for pattern, why in [
        (r"(.*_)?scales?(_inv)?|.*\.?weight_scale(_2|_inv)?|input_scale|[kv]_scale", "quantisation scale"),
        (
            r"(.*_)?(qzeros|zero_point|zeros|g_idx|absmax|quant_map|nested_absmax|quant_state.*|SCB)",
            "quantisation data",
        ),
        (r"running_(mean|var)|num_batches_tracked", "running statistics"),
        (r"(rotary_)?inv_freq|(cos|sin)_cached|freqs_cis", "rotary table"),
        (r"position_ids|token_type_ids|relative_position_index", "index table"),
        (r"masked_bias|(attn_|attention_|causal_)?mask", "mask"),
    ]
)
# A layer scale (CaiT, ConvNeXt: gamma, layer_scale) or a norm's "scale" (flax) is learned, so a bare float
# vector named "scale" counts; only block-quantised files name a table "scales" or "weight_scale".
_LEARNED = re.compile(r"scale|layer_scale|logit_scale")


def logical_parameters(name: str, dtype: str, shape: tuple[int, ...]) -> int:
    """Return how many parameters a model's authors count in a stored tensor.

    Parameters
    ----------
    name : str
        The last part of the tensor's name.
    dtype : str
        As its file names it ("BF16", "U8", ...).
    shape : tuple of int
        As stored.

    Notes
    -----
    MXFP4 ``*_blocks`` hold two 4-bit values a byte (OCP Microscaling Formats 1.0; gpt-oss model card).
    """
    elements = prod(shape)
    if dtype == "BOOL" or (name == "bias" and len(shape) == 4 and shape[:2] == (1, 1)):
        return 0  # a mask; GPT-2 stores its causal mask as attn.bias [1, 1, n, n]
    if name.endswith("_blocks") and dtype == "U8":
        return 2 * elements
    if not _LEARNED.fullmatch(name) and any(pattern.fullmatch(name) for pattern, _ in _NOT_PARAMETERS):
        return 0
    return elements
