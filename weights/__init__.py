"""Values of tensors, read only when they are asked for.

Moves in: a reader from ``(file, offset, dtype, shape)`` to blocks of values through memory maps, one module a family of
data types (plain floats, 8-bit floats with scales, packed 4-bit blocks, GGUF quantisations), and the block-wise passes
that statistics and heat maps are made of. It knows :mod:`archviz3d.graph` and nothing else of this package.
"""
