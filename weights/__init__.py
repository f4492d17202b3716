"""Values of tensors, read only when they are asked for, and only those.

`open_values` finds where a tensor's values are and how they are stored; what it returns reads windows of them as single
precision, dequantised as the reference library of each format does. One module a family of data types (`plain`,
`packed`, `ggml`, `scaled`); `stored` reads windows, `files` the bytes. It knows :mod:`archviz3d.graph` and nothing else
of this package.
"""

from .opening import open_values
from .unreadable import UnreadableValuesError
from .values import TensorValues

__all__ = ["TensorValues", "UnreadableValuesError", "open_values"]
