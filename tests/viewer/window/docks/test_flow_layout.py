import pytest
from PySide6.QtCore import QRect
from PySide6.QtWidgets import QLabel, QWidget

from archviz3d.viewer.window.docks.flow_layout import FlowLayout


@pytest.fixture
def row(qtbot):
    row = QWidget()
    qtbot.addWidget(row)
    layout = FlowLayout(5, row)
    for _ in range(6):
        chip = QLabel()
        chip.setFixedSize(50, 20)
        layout.addWidget(chip)
    return row


@pytest.mark.parametrize(("width", "lines"), [(400, 1), (325, 1), (324, 2), (160, 2), (100, 6), (10, 6)])
def test_lines_break_where_the_width_ends(row, width, lines):
    layout = row.layout()
    assert layout.heightForWidth(width) == lines * 20 + (lines - 1) * 5
    layout.setGeometry(QRect(0, 0, width, 500))
    boxes = [layout.itemAt(k).geometry() for k in range(layout.count())]
    assert len({box.y() for box in boxes}) == lines
    assert not any(a.intersects(b) for k, a in enumerate(boxes) for b in boxes[k + 1 :])
    assert all(box.right() < max(width, 50) for box in boxes)


def test_items_can_be_taken_out_again(row):
    layout = row.layout()
    assert layout.takeAt(9) is None
    while layout.count():
        assert layout.takeAt(0).widget() is not None
    assert layout.heightForWidth(100) == 0
