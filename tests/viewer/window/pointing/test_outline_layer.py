import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QWidget

from archviz3d.viewer.glow import HALO, REACH_PX, halo
from archviz3d.viewer.window.pointing.outline_layer import OutlineLayer

SQUARE = [QPointF(40, 40), QPointF(160, 40), QPointF(160, 120), QPointF(40, 120)]


@pytest.fixture
def layer(qapp):
    parent = QWidget()
    layer = OutlineLayer(parent)
    layer.resize(200, 160)
    yield layer
    parent.deleteLater()


def opacity(layer):
    """How much of what is below each pixel is covered, 0 to 1, and with what."""
    image = QImage(layer.size(), QImage.Format.Format_ARGB32)
    image.fill(QColor(0, 0, 0, 0))
    layer.render(image, renderFlags=QWidget.RenderFlag.DrawChildren)
    bgra = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4).astype(float)
    return bgra[..., 3] / 255, bgra[..., 2::-1]


def test_a_line_stands_on_the_polygon_with_a_halo_outside(layer):
    layer.mark("selection", [SQUARE], "#ffe08a", 2.0)
    alpha, color = opacity(layer)
    np.testing.assert_array_equal(alpha[39:41, 80:120], 1.0)
    assert np.abs(color[39:41, 80:120] - (255, 224, 138)).max() <= 1
    away = np.arange(3.5, REACH_PX)
    rows = (40 - away).astype(int)
    np.testing.assert_allclose(alpha[rows, 100], halo(away), atol=0.04)
    assert alpha[39 - int(REACH_PX) - 1, 100] == 0
    assert not alpha[44:116, 44:156].any()  # inside, only the rim beside the line


def test_the_halo_is_round_at_corners_and_without_seams(layer):
    layer.mark("hover", [SQUARE], "#ffffff")
    alpha, _ = opacity(layer)
    y, x = np.mgrid[:160, :200] + 0.5
    away = np.hypot(np.maximum(np.abs(x - 100) - 60, 0), np.maximum(np.abs(y - 80) - 40, 0))
    outside = away > 3
    np.testing.assert_allclose(alpha[outside], halo(away[outside]), atol=0.05)
    assert alpha.max() <= 1
    assert HALO > 0.1


def test_what_is_spared_is_not_covered(layer):
    layer.spare([QRectF(90, 25, 30, 30)])
    layer.mark("hover", [SQUARE], "#ffffff")
    alpha, _ = opacity(layer)
    assert not alpha[25:55, 90:120].any()
    assert alpha[40, 80] > 0.8
    layer.spare([])
    assert opacity(layer)[0][40, 100] > 0.8


def test_a_filled_band_has_no_halo_and_many_parts_have_lines_alone(layer):
    layer.mark("band", [SQUARE], "#ffe08a", filled=True)
    alpha, _ = opacity(layer)
    assert 0.1 < alpha[80, 100] < 0.2
    assert alpha[34, 100] == 0
    layer.unmark("band")
    assert not opacity(layer)[0].any()
    tiles = [[QPointF(x, y), QPointF(x + 8, y), QPointF(x + 8, y + 8), QPointF(x, y + 8)]
             for x in range(20, 170, 30) for y in range(20, 130, 20)]  # fmt: skip
    layer.mark("selection", tiles, "#ffe08a")
    alpha, _ = opacity(layer)
    assert alpha[24, 20] > 0.4
    assert alpha[24, 14] == 0
