"""Module paths written with underscores, as kohya's and LyCORIS' LoRA files have them.

``lora_unet_down_blocks_0_attentions_1_proj_in.lora_down.weight`` is on ``down_blocks.0.attentions.1.proj_in``, but
where an underscore was a dot is not written down. The words below are the modules of the families that such files
are made for (Stable Diffusion 1, 2, XL and 3, Flux, CLIP and T5 text encoders); what has other words stays as it is.
"""

import re

__all__ = ["component_paths"]

_FLAT = re.compile(r"((?:lora|lycoris|oft|hada)_(?:unet|transformer|prior|te[123]?|t5|clip))_([^.]+)(\..*)?")
_FLAT_PLAIN = re.compile(r"(lycoris)_([^.]+)(\..*)?")
_NUMBER = re.compile(r"(?:^|_)(\d+)(?=_|$)")
# Modules whose own names have underscores.
_WORDS = frozenset(
    """down_blocks up_blocks mid_block input_blocks output_blocks middle_block transformer_blocks double_blocks
    single_blocks joint_blocks single_transformer_blocks proj_in proj_out to_q to_k to_v to_out to_add_out add_q_proj
    add_k_proj add_v_proj q_proj k_proj v_proj out_proj o_proj self_attn cross_attn text_model time_emb_proj
    time_embed time_embedding emb_layers in_layers out_layers skip_connection conv_in conv_out conv_shortcut
    conv1 conv2 linear_1 linear_2 add_embedding label_emb ff_context img_attn txt_attn img_mlp txt_mlp img_mod txt_mod
    img_in txt_in time_in vector_in guidance_in final_layer context_embedder x_embedder t_embedder y_embedder
    context_block x_block text_projection token_embedding gate_proj up_proj down_proj wi_0 wi_1 proj_mlp
    norm1_context norm_out adaLN_modulation""".split()  # noqa: SIM905
)
_SINGLE = frozenset(
    """attentions resnets downsamplers upsamplers attn attn1 attn2 ff net proj norm norm1 norm2 conv op linear linear1
    linear2 modulation lin qkv mlp fc1 fc2 encoder decoder layers layer block blocks SelfAttention DenseReluDense q k v
    o wi wo in out emb transformer time context""".split()  # noqa: SIM905
)
_LONGEST = max(word.count("_") for word in _WORDS) + 1


def component_paths(names: list[str]) -> list[str]:
    """Return the names with dots where their modules' paths have dots; names of another kind as they are."""
    known: dict[str, str] = {}
    paths: list[str] = []
    for name in names:
        match = _FLAT.fullmatch(name) or _FLAT_PLAIN.fullmatch(name)
        if match is None:
            paths.append(name)
            continue
        flat = match[2]
        if flat not in known:
            known[flat] = _dotted(flat)
        paths.append(f"{match[1]}.{known[flat]}{match[3] or ''}")
    return paths


def _dotted(flat: str) -> str:
    """Return a path from its parts: numbers stand alone, what is between them is split where all words are known."""
    parts: list[str] = []
    at = 0
    for match in _NUMBER.finditer(flat):
        if match.start() > at:
            parts += _words(flat[at : match.start()].strip("_"))
        parts.append(match[1])
        at = match.end() + 1
    if at < len(flat):
        parts += _words(flat[at:].strip("_"))
    return ".".join(filter(None, parts))


def _words(text: str) -> list[str]:
    """Split at the longest known words; all of it stays one part when a word is not known."""
    tokens = text.split("_")
    found: list[str] = []
    at = 0
    while at < len(tokens):
        for length in range(min(_LONGEST, len(tokens) - at), 0, -1):
            word = "_".join(tokens[at : at + length])
            if word in _WORDS or (length == 1 and word in _SINGLE):
                found.append(word)
                at += length
                break
        else:
            return [text]
    return found
