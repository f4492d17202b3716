"""Translated words for what makes an overlay trustworthy: where it comes from, and what containers show."""

from PySide6.QtCore import QCoreApplication

from ....overlays.overlay import Aggregate, Origin, Scale

__all__ = ["aggregate_of", "aggregate_words", "group_title", "origin_words", "scale_word"]

translate = QCoreApplication.translate  # under this name Qt's lupdate finds the texts


def origin_words(origin: Origin) -> str:
    """Return, as a sentence part, where an overlay's values come from."""
    return {
        Origin.DECLARED: translate("Origin", "declared in the model's files"),
        Origin.DERIVED: translate("Origin", "derived from what the files declare"),
        Origin.MEASURED: translate("Origin", "measured on a run, as the file says"),
        Origin.SYNTHETIC: translate("Origin", "synthetic: made up, not measured"),
        Origin.TABLE: translate("Origin", "from a file that does not say how it has them"),
    }[origin]


def aggregate_words(aggregate: Aggregate) -> str:
    """Return what a container without a value of its own shows."""
    return {
        Aggregate.SUM: translate("Aggregate", "the sum of what is in them"),
        Aggregate.MEAN: translate("Aggregate", "the mean of what is in them"),
        Aggregate.MAX: translate("Aggregate", "the largest in them"),
        Aggregate.MIN: translate("Aggregate", "the smallest in them"),
        Aggregate.NORM: translate("Aggregate", "the root of the sum of squares of what is in them"),
        Aggregate.MOST: translate("Aggregate", "what most in them have"),
        Aggregate.NONE: translate("Aggregate", "nothing"),
    }[aggregate]


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
    return known.get(group, group)
