"""Translated words of the overlays' panel that the scene does not have."""

from PySide6.QtCore import QCoreApplication

from ....overlays.overlay import Aggregate, Scale

__all__ = ["aggregate_of", "group_title", "scale_word"]

translate = QCoreApplication.translate  # under this name Qt's lupdate finds the texts


def aggregate_of(aggregate: Aggregate, parts: str) -> str:
    """Return how a container has its value: "mean of 256 experts"."""
    return {
        Aggregate.SUM: translate("Aggregate", "sum of {parts}"),
        Aggregate.MEAN: translate("Aggregate", "mean of {parts}"),
        Aggregate.MAX: translate("Aggregate", "largest of {parts}"),
        Aggregate.MIN: translate("Aggregate", "smallest of {parts}"),
        Aggregate.NORM: translate("Aggregate", "root of the sum of squares of {parts}"),
        Aggregate.MOST: translate("Aggregate", "most frequent of {parts}"),
        Aggregate.NONE: "{parts}",
    }[aggregate].format(parts=parts)


def scale_word(scale: Scale) -> str:
    """Return the name of a scale."""
    return {
        Scale.LINEAR: translate("Scale", "linear"),
        Scale.LOG: translate("Scale", "logarithmic"),
        Scale.QUANTILE: translate("Scale", "by rank (quantiles)"),
    }[scale]


def group_title(group: str) -> str:
    """Return the heading of a group of overlays; a file's name is its own."""
    known = {"structure": translate("Overlays", "Structure"), "weights": translate("Overlays", "Weights")}
    known["given"] = translate("Overlays", "Given")
    return known.get(group, group)
