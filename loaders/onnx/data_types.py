"""ONNX's element types by number: what they are called here, and how many bits one element takes.

See TensorProto.DataType in https://github.com/onnx/onnx/blob/main/onnx/onnx.proto. Names are those of safetensors
where it has the type. The packed integers have ONNX's own: "I4" is PyTorch's, a byte each.
"""

__all__ = ["DATA_TYPES", "NOT_TRAINED", "dtype_name"]

# number -> (name, bits); a string has no fixed size.
DATA_TYPES: dict[int, tuple[str, int]] = {
    1: ("F32", 32),
    2: ("U8", 8),
    3: ("I8", 8),
    4: ("U16", 16),
    5: ("I16", 16),
    6: ("I32", 32),
    7: ("I64", 64),
    8: ("STRING", 0),
    9: ("BOOL", 8),
    10: ("F16", 16),
    11: ("F64", 64),
    12: ("U32", 32),
    13: ("U64", 64),
    14: ("C64", 64),
    15: ("C128", 128),
    16: ("BF16", 16),
    17: ("F8_E4M3", 8),
    18: ("F8_E4M3FNUZ", 8),
    19: ("F8_E5M2", 8),
    20: ("F8_E5M2FNUZ", 8),
    21: ("UINT4", 4),
    22: ("INT4", 4),
    23: ("F4", 4),
    24: ("F8_E8M0", 8),
    25: ("UINT2", 2),
    26: ("INT2", 2),
    27: ("F6_E2M3", 6),
    28: ("F6_E3M2", 6),
}

# What holds shapes, axes, indices and words: nobody counts it as parameters. (Quantised biases are I32.)
NOT_TRAINED = frozenset(("I64", "U64", "BOOL", "STRING"))


def dtype_name(number: int) -> str:
    """Return the name of an element type; unknown ones are named by their number."""
    known = DATA_TYPES.get(number)
    return known[0] if known else f"ONNX_{number}"
