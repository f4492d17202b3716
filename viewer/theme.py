"""Colours of the themes: what a kind looks like, what lies behind it, what is written on it."""

from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..graph.kinds import NodeKind
from ..graph.model_graph import ModelGraph
from ..graph.operators import operator_kind

__all__ = ["DARK", "LIGHT", "PRINT", "THEMES", "Theme", "Tone", "contrast", "node_colors", "node_tones", "plate_colors"]


class Tone(IntEnum):
    """What a reader tells apart by colour; several kinds may share one."""

    CONTAINER = 0  # model, stack, layer: plates that only hold
    PLAIN = 1  # modules and tensors whose role is not known
    ATTENTION = 2
    OUTPUT_PROJECTION = 3
    EXPERT = 4  # MLPs and experts
    ROUTER = 5
    NORM = 6
    EMBEDDING = 7
    OUTPUT = 8
    CONV = 9
    RECURRENT = 10
    OPERATOR = 11  # pooling, activations and other parameterless steps
    VALUE = 12  # inputs and outputs of the whole graph


# A kind without a tone of its own takes that of what it is part of.
_TONE_OF_KIND: dict[NodeKind, Tone | None] = {
    NodeKind.MODULE: Tone.PLAIN,
    NodeKind.MODEL: Tone.CONTAINER,
    NodeKind.STACK: Tone.CONTAINER,
    NodeKind.LAYER: Tone.CONTAINER,
    NodeKind.MTP: Tone.CONTAINER,
    NodeKind.OPTIMIZER: Tone.CONTAINER,
    NodeKind.ATTENTION: Tone.ATTENTION,
    NodeKind.HEADS: Tone.ATTENTION,
    NodeKind.HEAD: Tone.ATTENTION,
    NodeKind.PROJECTION: Tone.ATTENTION,
    NodeKind.OUTPUT_PROJECTION: Tone.OUTPUT_PROJECTION,
    NodeKind.MLP: Tone.EXPERT,
    NodeKind.MOE: Tone.EXPERT,
    NodeKind.EXPERTS: Tone.EXPERT,
    NodeKind.EXPERT: Tone.EXPERT,
    NodeKind.SHARED_EXPERT: Tone.EXPERT,
    NodeKind.ROUTER: Tone.ROUTER,
    NodeKind.NORM: Tone.NORM,
    NodeKind.EMBEDDING: Tone.EMBEDDING,
    NodeKind.OUTPUT: Tone.OUTPUT,
    NodeKind.CONV: Tone.CONV,
    NodeKind.RECURRENT: Tone.RECURRENT,
    NodeKind.POOL: Tone.OPERATOR,
    NodeKind.ACTIVATION: Tone.OPERATOR,
    NodeKind.OPERATOR: Tone.OPERATOR,
    NodeKind.VALUE: Tone.VALUE,
    NodeKind.LINEAR: None,
    NodeKind.TENSOR: None,
}


def rgb(text: str) -> NDArray[np.float64]:
    """Return ``#rrggbb`` as three floats of 0 to 255."""
    return np.array([int(text[k : k + 2], 16) for k in (1, 3, 5)], np.float64)


@dataclass(frozen=True)
class Theme:
    """The colours of everything that is drawn, as ``#rrggbb``.

    Attributes
    ----------
    ground : tuple of str
        Background at the top and at the bottom.
    tones : tuple of str
        One face colour for each `Tone`.
    plates : tuple of str
        Opened containers from the outermost inwards; deeper ones keep the last colour.
    plate_tint : float
        Share of its tone in an opened container's plate.
    text, text_dim, text_dark : str
        Titles, secondary lines, and text on bright faces.
    label_plate : str
        The soft plate behind a label that sits on busy ground.
    residual, flow, routed : str
        Ribbons: the residual stream, data flow, and a router's choice.
    hover, selection : str
        Outlines.
    edge : float
        How much lighter (positive) or darker a face is at its edge, 0 to 1.
    shadow : float
        Brightness of a plate where a box stands on it.
    no_data : str
        What an overlay has no value for.
    gap : float
        Brightness that the gaps of inferred flow tend to: black in the dark, white in the light.
    """

    name: str
    ground: tuple[str, str]
    tones: tuple[str, ...]
    plates: tuple[str, ...]
    plate_tint: float
    text: str
    text_dim: str
    text_dark: str
    label_plate: str
    residual: str
    flow: str
    routed: str
    hover: str
    selection: str
    edge: float
    shadow: float
    no_data: str
    gap: float

    @cached_property
    def tone_table(self) -> NDArray[np.float64]:
        """Tones as rows of 0 to 255, shape (T, 3)."""
        return np.array([rgb(c) for c in self.tones])

    @cached_property
    def plate_table(self) -> NDArray[np.float64]:
        """Plates as rows of 0 to 255, shape (P, 3)."""
        return np.array([rgb(c) for c in self.plates])


DARK = Theme(
    name="dark",
    ground=("#1a2130", "#0d1017"),
    tones=(
        "#2b3446",  # containers
        "#66748f",  # plain
        "#5c92eb",  # attention
        "#4670cd",  # output projection
        "#e0963f",  # experts
        "#5acda5",  # router
        "#a0a8b8",  # norm
        "#60be82",  # embedding
        "#cd69a5",  # output head
        "#8f7fe0",  # convolution
        "#4fb3cf",  # recurrent
        "#7f8aa3",  # operators
        "#d9c98f",  # inputs and outputs
    ),
    plates=("#141924", "#181e2b", "#1e2431", "#252c3c", "#2a3244"),
    plate_tint=0.10,
    text="#eef2f8",
    text_dim="#9aa6ba",
    text_dark="#0d1017",
    label_plate="#10141d",
    residual="#78ebc8",
    flow="#8fa3c4",
    routed="#f0b45f",
    hover="#ffffff",
    selection="#ffe08a",
    edge=0.16,
    shadow=0.46,
    no_data="#414a5a",
    gap=0.0,
)

LIGHT = Theme(
    name="light",
    ground=("#ffffff", "#eceff4"),
    tones=(
        "#d5dbe6",  # containers
        "#73809b",  # plain
        "#4f86e0",  # attention
        "#3a62c0",  # output projection
        "#df8f33",  # experts
        "#35b58a",  # router
        "#a9b0be",  # norm
        "#4bab6f",  # embedding
        "#bf5596",  # output head
        "#7d6bd6",  # convolution
        "#3a9dbb",  # recurrent
        "#8490a8",  # operators
        "#b8a254",  # inputs and outputs
    ),
    plates=("#f4f6f9", "#eaeef4", "#dfe5ee", "#d5dce8", "#cdd6e4"),
    plate_tint=0.10,
    text="#10141d",
    text_dim="#434d63",
    text_dark="#0d1017",
    label_plate="#ffffff",
    residual="#22b98f",
    flow="#7487a8",
    routed="#c97f22",
    hover="#10141d",
    selection="#b3261e",
    edge=-0.14,
    shadow=0.74,
    no_data="#bdc4cf",
    gap=1.0,
)

# For paper: nothing behind the model, plates told apart by their outlines rather than by grey that a laser printer
# turns into dots, and inks dark enough for lines of a point. Parts and data have the colours of the light theme.
PRINT = replace(
    LIGHT,
    name="print",
    ground=("#ffffff", "#ffffff"),
    plates=("#ffffff", "#fafbfc", "#f5f7f9", "#f0f2f6", "#ebeef3"),
    plate_tint=0.06,
    text="#000000",
    text_dim="#3a4356",
    text_dark="#000000",
    residual="#12906d",
    flow="#4c5c7a",
    routed="#a8650f",
    hover="#000000",
    edge=-0.45,
    shadow=0.90,
)

THEMES = {theme.name: theme for theme in (DARK, LIGHT, PRINT)}


def node_tones(graph: ModelGraph) -> NDArray[np.uint8]:
    """Return the `Tone` of every node, shape (N,).

    Tensors and matrices without a role of their own take the tone of the nearest part that has one;
    directly in a plain container they are plain. The matrices of an MLP are an MLP's without such a module, too.
    An operator has the tone of what it does; a matrix product has that of what it is part of.
    """
    inherit = 255
    table = np.full(256, Tone.PLAIN, np.uint8)
    for kind, tone in _TONE_OF_KIND.items():
        table[kind] = inherit if tone is None else tone
    tones = table[graph.kind]
    roles = graph.attributes.get("role")
    if roles is not None:
        of_mlp = roles.ids[[isinstance(role, str) and role.startswith("mlp.") for role in roles.values]]
        tones[of_mlp[graph.kind[of_mlp] == NodeKind.LINEAR]] = Tone.EXPERT
    operators = graph.attributes.get("operator")
    if operators is not None:
        done = np.array([table[operator_kind(str(name))] for name in operators.values], np.uint8)
        is_step = graph.kind[operators.ids] == NodeKind.OPERATOR
        tones[operators.ids[is_step]] = done[is_step]
    waiting = np.flatnonzero(tones == inherit)
    waiting = waiting[np.argsort(graph.depth[waiting], kind="stable")]
    levels, starts = np.unique(graph.depth[waiting], return_index=True)
    for start, stop in zip(starts, [*starts[1:], len(waiting)], strict=True) if len(levels) else ():
        ids = waiting[start:stop]
        above = tones[np.maximum(graph.parent[ids], 0)]
        alone = np.where(graph.kind[ids] == NodeKind.OPERATOR, np.uint8(Tone.OPERATOR), np.uint8(Tone.PLAIN))
        tones[ids] = np.where(above <= Tone.PLAIN, alone, np.where(above == inherit, np.uint8(Tone.PLAIN), above))
    return tones


def node_colors(graph: ModelGraph, theme: Theme) -> NDArray[np.uint8]:
    """Return the face colour of every node as a closed box, shape (N, 3)."""
    return theme.tone_table.astype(np.uint8)[node_tones(graph)]


def plate_colors(graph: ModelGraph, theme: Theme, tones: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the colour of every node's front face when it is opened and its children stand on it, shape (N, 3)."""
    plates = theme.plate_table[np.minimum(graph.depth, len(theme.plates) - 1)]
    # Warm tones turn muddy on slate: they tint less.
    tint = np.where(tones <= Tone.PLAIN, 0.0, np.where(tones == Tone.EXPERT, 0.4, 1.0) * theme.plate_tint)[:, None]
    return np.rint(plates * (1 - tint) + theme.tone_table[tones] * tint).astype(np.uint8)


def contrast(a: ArrayLike, b: ArrayLike) -> float:
    """Return the WCAG contrast ratio (1 to 21) of two colours of 0 to 255."""
    lighter, darker = sorted((_luminance(a), _luminance(b)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: ArrayLike) -> float:
    c = np.asarray(color, np.float64) / 255
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    return float(linear @ np.array([0.2126, 0.7152, 0.0722]))
