import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester

from archviz3d.graph.builder import GraphBuilder
from archviz3d.viewer.theme import DARK
from archviz3d.viewer.window.docks.icons import NodeIcons
from archviz3d.viewer.window.docks.tree_model import NodeRole, TreeModel
from archviz3d.viewer.window.docks.tree_panel import TreePanel


@pytest.fixture
def tree(toy, qapp):
    return TreeModel(toy, NodeIcons(toy, DARK))


def wide_graph(tensors):
    b = GraphBuilder("wide", "made by hand")
    names = [f"block.p{k}" for k in range(tensors)]
    few = [0] * tensors
    b.tensors(names, ["F32"] * tensors, [(4,)] * tensors, [16] * tensors, few, few, ["x"])
    return b.build()


def test_qt_finds_the_model_consistent(tree):
    QAbstractItemModelTester(tree, QAbstractItemModelTester.FailureReportingMode.Fatal)


def test_rows_are_the_graphs_children(tree, toy):
    root = tree.index(0, 0, QModelIndex())
    assert root.data() == "toy-moe"
    assert [tree.index(r, 0, root).data() for r in range(tree.rowCount(root))] == ["model", "lm_head"]
    layers = tree.index_of(toy.id_of("model.layers"))
    assert tree.rowCount(layers) == 6
    assert tree.index(2, 1, layers).data() == "layer"
    assert tree.index(2, 2, layers).data() == "116 k"
    assert tree.parent(tree.index(2, 0, layers)) == layers
    assert tree.rowCount(tree.index(2, 1, layers)) == 0  # only first cells have children


def test_every_node_finds_its_row_and_every_row_its_node(tree, toy):
    for node in range(len(toy)):
        index = tree.index_of(node)
        assert index.data(NodeRole) == node
        assert index.data() == toy.name_of(node)
        if node:
            parent = tree.parent(index)
            assert tree.node(parent) == toy.parent[node]
            assert tree.index(index.row(), 0, parent) == index


def test_a_wide_container_opens_at_once_and_comes_in_portions(qapp, calls):
    graph = wide_graph(100_000)
    panel = TreePanel()

    def open_all():
        panel.show_model(graph, NodeIcons(graph, DARK))
        panel.show()
        qapp.processEvents()
        panel.tree.expand(panel.tree.model().index_of(1))
        qapp.processEvents()

    assert calls(open_all) < 100_000  # not one a tensor
    model = panel.tree.model()
    assert model.rowCount(model.index_of(1)) < 10_000
    panel.follow(90_000)
    assert panel.tree.currentIndex().data(NodeRole) == 90_000
    assert model.rowCount(model.index_of(1)) >= 89_999
    panel.close()


def test_following_a_selection_opens_the_way_to_it(toy, qapp):
    panel = TreePanel()
    panel.show_model(toy, NodeIcons(toy, DARK))
    node = toy.id_of("model.layers.4.mlp.experts.11.down_proj")
    chosen = []
    panel.selected.connect(chosen.append)
    panel.follow(node)
    assert chosen == [node]
    index = panel.tree.currentIndex()
    assert index.data(NodeRole) == node
    while index.parent().isValid():
        index = index.parent()
        assert panel.tree.isExpanded(index)
    panel.follow(None)
    assert not panel.tree.currentIndex().isValid()
    panel.clear()
    assert panel.tree.model() is None


def test_headers_say_what_the_columns_are(tree):
    titles = [tree.headerData(c, Qt.Orientation.Horizontal) for c in range(tree.columnCount())]
    assert titles == ["Name", "Kind", "Parameters"]
