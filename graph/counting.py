"""What counts as a parameter: the committed table of DESIGN 13."""

import re
from collections.abc import Iterable
from math import prod

__all__ = ["element_count", "is_quantised", "logical_parameters"]

# Tensors that are stored beside the parameters but are none, by the last part of their names.
_NOT_PARAMETERS = re.compile(
    "|".join(
        (
            r"scale|(.*_)?(scales|scale_inv)|(weight|input|output|act|[qkv]|kv)_scale(_2)?",  # of quantised values
            r".*(weight|proj|w[123])(_input|_weight)?_scale(_2)?",
            r"(act|fc|weight)_scaling_factor|(weight|bias)_integer|(x|input|output)_(min|max)",  # of simulated ones
            r"(.*_)?(qzeros|zero_point|zeros|g_idx|absmax|quant_map|SCB)|bitsandbytes__.*",  # more of quantisation
            r"weight_(format|shape)",  # of bitsandbytes, of compressed-tensors: a code, and two sides
            r"running_(mean|var)|num_batches_tracked",
            r"cluster_size|embed_avg|inited",  # of codebooks that are running means (EnCodec)
            r"(rotary_)?inv_freq|(cos|sin)_cached|freqs_cis",
            r"(query|key|diagonal)_decay|slope_rate",  # MiniMax's linear attention: what follows from a head's number
            r"position_ids|token_type_ids|relative_position_index|n(um)?_points_scale|eps",
            r"masked_bias|(attn_|attention_|causal_)?mask",
        )
    )
)
# A norm's "scale" (flax) is learned; quantised files name a matrix so (DeepSeek's own), or any shape "scales".
_SCALE = "scale"
_QUANTISED = re.compile(r"[FIU][2-8](_|$)|I32$")  # I32: eight 4-bit values (GPTQ, AWQ)


def element_count(shape: tuple[int, ...]) -> int:
    """Return how many elements a tensor of this shape has.

    2**63 - 1 stands for any number beyond it (loaders refuse shapes that exceed their file), 0 for a shape with a
    dimension that is left open.
    """
    return 0 if min(shape, default=0) < 0 else min(prod(shape), 2**63 - 1)


def is_quantised(dtypes: Iterable[str]) -> bool:
    """Return whether a file with tensors of these dtypes may hold quantised values, and so scales beside them."""
    return any(_QUANTISED.match(dtype) for dtype in dtypes)


def logical_parameters(name: str, dtype: str, shape: tuple[int, ...], quantised: bool = True) -> int:
    """Return how many parameters a model's authors count in a stored tensor.

    Parameters
    ----------
    name : str
        The last part of the tensor's name.
    dtype : str
        As its file names it ("BF16", "U8", ...).
    shape : tuple of int
        As stored.
    quantised : bool
        Whether its file holds quantised values: where not, what is called a scale is learned.

    Notes
    -----
    MXFP4 blocks hold two 4-bit values a byte (OCP Microscaling Formats 1.0; gpt-oss model card).
    """
    elements = prod(shape)
    is_causal_mask = name == "bias" and len(shape) == 4 and shape[:2] == (1, 1) and shape[2] == shape[3]
    # GPT-2 stores its mask as attn.bias [1, 1, n, n]; 64-bit integers are positions and counters, never packed values.
    if dtype in ("BOOL", "I64") or is_causal_mask:
        return 0
    if dtype == "U8" and (name == "blocks" or name.endswith("_blocks")):
        return 2 * elements
    is_learned = name == _SCALE and dtype != "F8_E8M0" and (len(shape) != 2 or not quantised)
    return 0 if not is_learned and _NOT_PARAMETERS.fullmatch(name) else elements
