"""How labels are written: what they stand on, whether a plate is behind them, and the ink that stands out from it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...theme import Theme
from ..frame import Frame
from .inks import best_contrast, inks
from .label_layout import PlacedLabel
from .overlay import Overlay

__all__ = ["Written", "grounded", "write"]

_READABLE, _SHADE = 6.0, 0.62  # thin letters lose contrast to smoothing: less than this gets a darker plate
_SAID_LESS = "Regular"  # weight of details, which are dimmer than names


@dataclass(frozen=True, eq=False)
class Written:
    """A label as it is written: the colour of what it stands on, and the opacity of the plate behind it."""

    label: PlacedLabel
    ground: NDArray[np.float64]
    plate: float


def grounded(
    theme: Theme,
    frame: Frame,
    placed: Sequence[PlacedLabel],
    outlines: NDArray[np.float64],
    pictured: frozenset[int],
) -> list[Written]:
    """Return labels with what each is written on; the parameters are those of `LabelBook.draw`."""
    found: list[Written] = []
    shown = frame.shown(np.array([label.candidate.row for label in placed], np.int64))
    for label, face in zip(placed, shown, strict=True):
        row, is_tab = label.candidate.row, label.way == "tab"
        inside = label.spot.on == "face" or is_tab or (label.spot.within is not None and frame.cut.opened[row])
        on_picture = inside and label.candidate.node in pictured
        ground = face if inside and not on_picture else frame.behind[row]
        left, top, right, bottom = label.rect
        struck = (outlines[:, :2] < (right, bottom)).all(1) & (outlines[:, 2:] > (left, top)).all(1)
        backed = label.crosses or on_picture or label.spot.on in ("cover", "across") or bool(struck.any())
        ground = ground.astype(np.float64)
        if inside and not backed and best_contrast(theme, tuple(ground.tolist())) < _READABLE:
            # Colours of middling lightness, as maps have them: no ink stands out from them enough.
            ground, backed = ground * _SHADE, True
        plate = 1.0 if is_tab else 0.86 if backed else 0.0
        found.append(Written(label, ground, plate))
    return found


def write(theme: Theme, overlay: Overlay, frame: Frame, written: Sequence[Written]) -> None:
    """Add labels to the overlay."""
    busy = bool(frame.rising.any())  # edges of plates behind a deck's
    for one in written:
        strong, weak = inks(theme, tuple(one.ground.tolist()), one.label.spot.on == "face" or busy)
        _write(overlay, one, strong, weak, frame.view.scale)


def _write(
    overlay: Overlay, written: Written, strong: NDArray[np.float64], weak: NDArray[np.float64], scale: float
) -> None:
    label = written.label
    left, top, right, bottom = label.rect
    if written.plate > 0:
        pad = 3 * scale
        x, y = (0, pad) if label.block.vertical else (pad, 0)
        overlay.shape((left - x, top - y, right + x, bottom + y), written.ground, written.plate)
    x, y = left, top
    for k, line in enumerate(label.block.lines):
        ink = strong if k == 0 or line.font[1] != _SAID_LESS else weak
        if label.block.vertical:
            overlay.text(x, top + (bottom - top - line.width) / 2, line.text, line.font, ink, vertical=True)
            x += line.height
        else:
            free = right - left - line.width
            overlay.text(left + free * label.spot.align[0], y, line.text, line.font, ink)
            y += line.height
