"""What counts as a parameter: the committed table of DESIGN 13."""

import re
from math import prod

__all__ = ["logical_parameters"]

# Tensors that are stored beside the parameters but are none, by the last part of their names.
_NOT_PARAMETERS = re.compile(
    "|".join(
        (
            r"(.*_)?scales?(_inv)?|.*weight_scale_2",  # of quantised values
            r"(.*_)?(qzeros|zero_point|zeros|g_idx|absmax|quant_map|SCB)|bitsandbytes__.*",  # more of quantisation
            r"running_(mean|var)|num_batches_tracked",
            r"(rotary_)?inv_freq|(cos|sin)_cached|freqs_cis",
            r"position_ids|token_type_ids|relative_position_index",
            r"masked_bias|(attn_|attention_|causal_)?mask",
        )
    )
)
# A layer scale (CaiT, ConvNeXt) or a norm's "scale" (flax) is learned; quantised files name a matrix "scale"
# (DeepSeek's own), or any shape "scales" or "weight_scale".
_LEARNED = frozenset(("scale", "layer_scale", "logit_scale"))


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
    MXFP4 blocks hold two 4-bit values a byte (OCP Microscaling Formats 1.0; gpt-oss model card).
    """
    elements = prod(shape)
    if dtype == "BOOL" or (name == "bias" and len(shape) == 4 and shape[:2] == (1, 1)):
        return 0  # a mask; GPT-2 stores its causal mask as attn.bias [1, 1, n, n]
    if dtype == "U8" and (name == "blocks" or name.endswith("_blocks")):
        return 2 * elements
    is_learned = name in _LEARNED and len(shape) != 2 and dtype != "F8_E8M0"
    return 0 if not is_learned and _NOT_PARAMETERS.fullmatch(name) else elements
