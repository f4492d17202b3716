from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPersistentModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester

from archviz3d.graph.builder import GraphBuilder
from archviz3d.graph.kinds import NodeKind
from archviz3d.overlays.overlay import Aggregate, Origin, Overlay
from archviz3d.viewer.window.docks.tree_model import NodeRole
from archviz3d.viewer.window.overlays.extremes_model import PART, VALUE, ExtremesModel
from archviz3d.viewer.window.overlays.own_values import OwnValues

UP, DOWN = Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder


@pytest.fixture
def model(toy, loads, qapp):
    model = ExtremesModel()
    model.fill(toy, loads, OwnValues.of(loads, 0))
    return model


def column(model, column, rows=4):
    return [model.index(row, column).data() for row in range(rows)]


def test_qt_finds_the_model_consistent(model, toy, loads):
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model.sort(VALUE, UP)
    model.sort(PART, DOWN)
    model.fill(toy, loads, OwnValues.of(loads, 2))
    model.clear()
    assert tester.model() is model
    assert model.rowCount() == 0


def test_the_highest_come_first_in_plain_words(model):
    assert model.rowCount() == 96
    assert column(model, VALUE) == ["950", "940", "930", "920"]
    assert column(model, PART, 2) == ["layer 5 › expert 15", "layer 5 › expert 14"]


def test_equal_values_keep_the_order_of_the_parts(model):
    model.sort(VALUE, UP)
    assert column(model, VALUE, 7) == ["0"] * 6 + ["10"]
    assert column(model, PART, 3) == ["layer 0 › expert 0", "layer 1 › expert 0", "layer 2 › expert 0"]
    model.sort(VALUE, DOWN)
    model.sort(VALUE, UP)
    assert column(model, PART, 1) == ["layer 0 › expert 0"]


def test_parts_sort_in_the_order_of_the_model(model):
    model.sort(PART, DOWN)
    assert column(model, PART, 2) == ["layer 5 › expert 15", "layer 5 › expert 14"]
    model.sort(PART, UP)
    assert column(model, PART, 11)[-1] == "layer 0 › expert 10"  # not after expert 1


def test_what_was_chosen_stays_chosen_when_the_order_changes(model, toy):
    chosen = QPersistentModelIndex(model.index(5, PART))
    node = chosen.data(NodeRole)
    model.sort(VALUE, UP)
    assert chosen.data(NodeRole) == node
    assert chosen.row() == 90 == model.row_of(node)


def test_a_filter_leaves_only_what_it_keeps(model, toy, loads):
    model.fill(toy, loads, OwnValues.of(loads, 0).within((0.0, 0.0)))
    assert model.rowCount() == 6
    assert model.row_of(toy.id_of("model.layers.2.mlp.experts.7")) == -1
    assert model.row_of(None) == -1
    assert model.row_of(toy.id_of("model.layers.2.mlp.experts.0")) == 2


def test_a_row_says_its_path_and_its_value_with_the_unit(model):
    tip = model.index(0, PART).data(Qt.ItemDataRole.ToolTipRole)
    assert tip == "model.layers.5.mlp.experts.15\n950 tokens"
    assert model.headerData(VALUE, Qt.Orientation.Horizontal) == "tokens"


def test_without_a_unit_the_column_is_called_value(model, toy, loads):
    model.fill(toy, replace(loads, unit=""), OwnValues.of(loads, 0))
    assert model.headerData(VALUE, Qt.Orientation.Horizontal) == "Value"


def test_no_row_of_a_hundred_thousand_is_worked_on_by_itself(qapp, calls):
    b = GraphBuilder("wide", "made by hand")
    experts = b.node(0, "experts", NodeKind.EXPERTS)
    for k in range(100_000):
        b.node(experts, str(k), NodeKind.EXPERT)
    graph = b.build()
    ids = graph.of_kind(NodeKind.EXPERT).astype(np.int32)
    values = np.random.default_rng(0).random((1, len(ids)), np.float32)
    overlay = Overlay("x", "X", "", "", Origin.TABLE, Aggregate.MEAN, ids, values)
    model = ExtremesModel()

    def fill():
        model.fill(graph, overlay, OwnValues.of(overlay, 0))
        model.sort(VALUE, UP)

    assert calls(fill) < 1000
    first = ids[int(values.argmin())]
    assert model.node(0) == first
    assert model.row_of(int(first)) == 0
