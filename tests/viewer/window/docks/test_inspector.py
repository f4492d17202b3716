"""The inspector as a widget: nothing in it is wider than itself."""

from PySide6.QtWidgets import QLabel

from archviz3d.graph.builder import GraphBuilder
from archviz3d.graph.kinds import NodeKind
from archviz3d.viewer.theme import DARK
from archviz3d.viewer.window.docks.icons import NodeIcons
from archviz3d.viewer.window.docks.inspector import Inspector


def test_long_paths_of_what_flows_break_into_lines(qtbot):
    b = GraphBuilder("flow", "test")
    far = b.node(b.node(b.node(0, "model_of_many_layers"), "input_layernorm_of_the_layer"), "to", NodeKind.OPERATOR)
    near = b.node(0, "add", NodeKind.OPERATOR)
    b.edge(far, near, shape=(1, 12, 64), dtype="F32")
    graph = b.build()
    inspector = Inspector()
    qtbot.addWidget(inspector)
    inspector.show_node(graph, graph.id_of("add"), NodeIcons(graph, DARK))
    (detail,) = (
        label
        for label in inspector.findChildren(QLabel, "factDetail")
        if "input_layernorm" in label.text().replace("\u200b", "")
    )
    words = detail.text().replace("\u200b", " ").split()
    widest = max(detail.fontMetrics().horizontalAdvance(word) for word in words)
    assert widest < detail.fontMetrics().horizontalAdvance("model_of_many_layers.")
