"""The ground that title and legend keep free of the model."""

from ...cameras.camera import Margins, Viewport

__all__ = ["EDGE", "LEGEND_WIDTH", "free_margins", "has_legend"]

EDGE = 28  # free pixels around everything
LEGEND_WIDTH = 148
_TITLE_STRIP = 88
_LEGEND_FROM = 720  # narrower viewports have no legend


def has_legend(viewport: Viewport, scale: float) -> bool:
    """Return whether a viewport has room for a legend."""
    return viewport[0] >= _LEGEND_FROM * scale


def free_margins(viewport: Viewport, scale: float) -> Margins:
    """Return the pixels that the title and the legend need at the left, top, right and bottom."""
    top = min(_TITLE_STRIP * scale, viewport[1] * 0.3)
    edge = min(EDGE * scale, viewport[1] * 0.1, viewport[0] * 0.1)
    right = max((LEGEND_WIDTH + EDGE + 16) * scale, edge) if has_legend(viewport, scale) else edge
    return edge, top, right, edge
