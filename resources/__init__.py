"""Files that ship with the program: the sample model, the icon, the desktop entry, the MIME types and the fonts.

Moves in: further data that is read with ``importlib.resources.files("archviz3d.resources")``, such as themes and
translations. A file ships only if its name matches a pattern in ``pyproject.toml``.
"""
