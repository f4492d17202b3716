"""Traces of many edges, which the window does not wait for."""

import pytest

from archviz3d.graph.builder import GraphBuilder
from archviz3d.viewer.state import ViewState
from archviz3d.viewer.window.pointing import lighting
from archviz3d.viewer.window.pointing.lighting import Lighting


@pytest.fixture
def chain():
    b = GraphBuilder("chain", "made by hand")
    parts = [b.node(0, name) for name in ("first", "second", "third")]
    for source, target in ((0, 1), (1, 2)):
        b.edge(parts[source], parts[target])
    return b.build()


@pytest.fixture
def tracing(chain, qapp, monkeypatch):
    """Something that traces a chain as if it had many edges, and what it has told."""
    monkeypatch.setattr(lighting, "_MANY", 1)
    state, told = ViewState(selection=chain.id_of("second")), []
    tracer = Lighting(state)
    tracer.told.connect(told.append)
    tracer.show_model(chain)
    return tracer, state, told


def test_a_long_trace_is_told_and_lit_once_it_is_there(tracing, chain, qtbot):
    tracer, state, told = tracing
    tracer.trace(up=True, down=False)
    assert told == ["Tracing …"]
    assert not state.spotlight
    qtbot.waitUntil(lambda: len(told) == 2)
    assert told[1].startswith("1 part leads to second")
    assert state.spotlight == {chain.id_of("first"), chain.id_of("second")}


def test_a_long_trace_ends_with_escape_and_with_the_model(tracing, chain, qtbot):
    tracer, state, told = tracing
    for end in (tracer.leave, lambda: tracer.show_model(chain), lambda: tracer.show_model(None)):
        tracer.trace(up=True, down=True)
        end()
        qtbot.wait(60)
        assert not state.spotlight
    assert told == ["Tracing …", "", "Tracing …", "Tracing …"]
    assert not tracer.leave()
