"""The colours of writing: those that stand out best from a ground."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ...theme import Theme, contrast, rgb

__all__ = ["best_contrast", "inks"]

_ENOUGH, _ENOUGH_BESIDE = 4.6, 5.6  # WCAG asks for 4.5; beside a box the ground is not known so well
_GROUNDS = 4096  # that are kept: an overlay's colours are as many as its values


@lru_cache(maxsize=_GROUNDS)
def best_contrast(theme: Theme, ground: tuple[float, ...]) -> float:
    """Return the contrast that a name has on a ground."""
    return contrast(inks(theme, ground, True)[0], ground)


@lru_cache(maxsize=_GROUNDS)
def inks(theme: Theme, ground: tuple[float, ...], on_face: bool) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the colours for a name and its detail that read best on a ground; on a face, both are the same."""
    darkened = np.array(ground) * 0.95  # faces are a little darker at their lower edge
    options = [rgb(theme.text), rgb(theme.text_dark), np.full(3, 255.0), np.zeros(3)]
    worst = [min(contrast(ink, ground), contrast(ink, darkened)) for ink in options]
    strong = options[next((k for k, c in enumerate(worst) if c >= _ENOUGH), int(np.argmax(worst)))]
    dim = rgb(theme.text_dim)
    weak = dim if not on_face and contrast(dim, ground) >= _ENOUGH_BESIDE else strong
    return strong, weak
