"""The scene: a model drawn with VTK. It knows no window and no Qt."""

from .scene import Scene

__all__ = ["Scene"]
