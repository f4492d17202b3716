"""ModelGraph -> Placement: where every part of a model is, and how the flow between parts runs."""

from .place import ARRANGEMENTS, place
from .placement import Placement, Routes

__all__ = ["ARRANGEMENTS", "Placement", "Routes", "place"]
