"""archviz3d: see a large neural network as a place in 3D.

`load` reads a model file's headers into a `ModelGraph`, `render` draws a picture without a screen,
`show` opens the window. Importing this package imports none of numpy, torch, VTK or Qt.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .api import load, render, show
    from .graph import ModelGraph

    __version__: str

__all__ = ["ModelGraph", "__version__", "load", "render", "show"]


def __getattr__(name: str) -> Any:
    # Lazy, so that `import archviz3d` costs a millisecond in a training script.
    if name in ("load", "render", "show"):
        from . import api

        return getattr(api, name)
    if name == "ModelGraph":
        from .graph import ModelGraph

        return ModelGraph
    if name == "__version__":
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("archviz3d")
        except PackageNotFoundError:  # run from a source tree that is not installed
            return "0+unknown"
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
