"""GLSL sources, one file a shader, loaded with ``importlib.resources.files("archviz3d.shaders")``.

Moves in: what VTK's own shaders do not do, such as dithered transitions between levels of detail and surfaces that
sample a tile atlas. A shader is data of the package: its file name must match a pattern in ``pyproject.toml``.
"""
