"""What the scene says of its overlays: in the line under the title, in the legend, and beside the cursor."""

from collections import Counter

import numpy as np

from ....overlays.overlay import Origin
from ...coloring import Coloring
from ...detail.surface_plan import Face
from ...words.figures import value_text, value_with_unit
from ...words.numbers import grouped
from ...words.translation import filled, translate
from ...words.value_words import (
    aggregate_word,
    cell_text,
    filter_text,
    origin_word,
    overlay_facts,
    overlay_line,
    step_text,
    surface_facts,
)
from ..frame import Frame
from ..values import Values
from .value_legend import HeightKey, ValueKey

__all__ = ["headline", "height_key", "told", "value_key"]

_MOST_NOTES = 3


def headline(values: Values) -> str:
    """Return what the line under the title says of the overlays; "" where there is none."""
    said: list[str] = []
    if values.coloring is not None:
        said.append(filled(translate("Scene", "colour: %1"), _titled(values.coloring)))
        said.append(step_text(values.coloring.overlay, values.step))
    if values.height is not None and (values.coloring is None or values.height.overlay is not values.coloring.overlay):
        said.append(filled(translate("Scene", "height: %1"), _titled(values.height)))
        if values.coloring is None or values.coloring.overlay.step_count < 2:
            said.append(step_text(values.height.overlay, values.height_step or 0))
    return " · ".join(filter(None, said))


def _titled(coloring: Coloring) -> str:
    """Return an overlay's title; that it is made up is never left out."""
    overlay = coloring.overlay
    return f"{overlay.title} ({origin_word(overlay.origin)})" if overlay.origin is Origin.SYNTHETIC else overlay.title


def value_key(values: Values, frame: Frame) -> ValueKey | None:
    """Return what the legend says of the colours, None where they show kinds."""
    coloring = values.coloring
    if coloring is None:
        return None
    facts = overlay_facts(coloring, values.step)
    missing = bool((np.isnan(frame.datum[:, 0]) & (frame.datum[:, 1] > 0.5)).any())
    no_data = translate("Scene", "no data")
    if values.picture is not None:
        facts += _picture_facts(values)
        no_data = translate("Scene", "cannot be read") if missing else translate("Scene", "not a number")
        missing = missing or bool(np.isnan(values.picture.cells()).any())
    else:
        nodes = frame.cut.nodes[~frame.cut.opened]
        if (~np.isnan(coloring.values[nodes]) & ~coloring.own[nodes]).any():
            facts.append(filled(translate("Scene", "containers: %1"), aggregate_word(coloring.overlay.aggregate)))
    return ValueKey(coloring, tuple(facts), filter_text(coloring), missing, no_data)


def height_key(values: Values) -> HeightKey | None:
    """Return what the legend says of the heights, None where they are the layout's."""
    tall = values.height
    if tall is None:
        return None
    overlay = tall.overlay
    facts = [overlay_line(overlay)]
    if values.height_step is None:
        facts.append(translate("Scene", "has no step of this name: all parts are flat"))
    else:
        facts.append(step_text(overlay, values.height_step))
        facts.append(
            filled(
                translate("Scene", "tallest: %1, lowest: %2"),
                value_with_unit(overlay, tall.high),
                value_text(overlay, tall.low),
            )
        )
        if np.isnan(tall.values).any():
            facts.append(translate("Scene", "flat: no data"))
    return HeightKey(filled(translate("Scene", "Height: %1"), overlay.title), tuple(filter(None, facts)))


def _picture_facts(values: Values) -> list[str]:
    picture, coloring, weights = values.picture, values.coloring, values.weights
    if picture is None or coloring is None or weights is None:
        return []
    facts = surface_facts(str(coloring.overlay.surface), picture.levels, picture.share, picture.loading)
    beyond = values.tensors_in_view - len(picture.faces) - int(values.unreadable.sum())
    if beyond > 0:
        counts = (grouped(len(picture.faces)), grouped(values.tensors_in_view))
        facts.append(filled(translate("Scene", "shown on %1 of %2 tensors in view; the others are too small"), *counts))
    notes = Counter(note for node in picture.faces for note in weights.notes(node))
    for note, count in notes.most_common(_MOST_NOTES):
        facts.append(f"{note} ({grouped(count)})" if len(picture.faces) > 1 else note)
    return facts


def told(values: Values, x: float, y: float, node: int, frame: Frame) -> str | None:
    """Return what the overlays say of a node under a pixel, None where they have nothing to say."""
    coloring, tall = values.coloring, values.height
    said: list[str] = []
    if coloring is not None and values.picture is not None:
        said += filter(None, [_weights_told(values, x, y, node, frame)])
    elif coloring is not None:
        said.append(f"{coloring.overlay.title}: {value_with_unit(coloring.overlay, float(coloring.values[node]))}")
        if not coloring.own[node] and not np.isnan(coloring.values[node]):
            said[-1] += f" ({aggregate_word(coloring.overlay.aggregate)})"
    if tall is not None and (coloring is None or tall.overlay is not coloring.overlay):
        value = np.nan if values.height_step is None else float(tall.values[node])
        said.append(f"{tall.overlay.title}: {value_with_unit(tall.overlay, value)}")
    return " · ".join(said) or None


def _weights_told(values: Values, x: float, y: float, node: int, frame: Frame) -> str | None:
    if values.picture is None or values.weights is None:
        return None
    face = values.picture.faces.get(node)
    if face is None:
        return values.weights.problem(node)
    cell = _cell_told(values, x, y, face, frame)
    return " · ".join(filter(None, [cell, *values.weights.notes(node)]))


def _cell_told(values: Values, x: float, y: float, face: Face, frame: Frame) -> str | None:
    origin, direction = frame.view.camera.ray((x, y), frame.view.viewport)
    w = face.center[2] + face.size[2] / 2
    if values.picture is None or values.coloring is None or direction[2] >= 0:
        return None
    row, column = face.place_of(origin + direction * ((w - origin[2]) / direction[2]))
    for patch, tile in reversed(values.picture.patches):
        inside = patch.rows[0] <= row < patch.rows[1] and patch.columns[0] <= column < patch.columns[1]
        if patch.face is face and inside:
            level = patch.key.level
            cell = tile.cells[int(row - patch.rows[0]) >> level, int(column - patch.columns[0]) >> level]
            return cell_text(values.coloring.overlay, face, (row, column), level, float(cell))
    return translate("Scene", "reading …") if values.picture.loading else None
