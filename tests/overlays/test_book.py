import threading

import numpy as np
import pytest

from archviz3d.errors import UsageError
from archviz3d.graph import GraphBuilder
from archviz3d.overlays import book as book_module
from archviz3d.overlays.book import OverlayBook
from archviz3d.overlays.overlay import Aggregate, Origin, Overlay
from archviz3d.overlays.recipe import NothingToShowError, Recipe


@pytest.fixture
def graph():
    builder = GraphBuilder("m", "made")
    for name in ("a", "b"):
        builder.tensor(0, name, (2, 3), "F32", nbytes=24)
    return builder.build()


def load(*steps, name="load"):
    return Overlay(
        name, "Load", "tokens", "test", Origin.SYNTHETIC, Aggregate.SUM,
        np.array([1], np.int32), np.array(steps, np.float32).reshape(-1, 1),
    )  # fmt: skip


def test_what_follows_from_the_file_comes_first_and_files_last(graph):
    book = OverlayBook(graph)
    assert book.recipes[0].group == "structure"
    assert book.add(load(1), "load.csv") == "load"
    assert (book.recipes[-1].name, book.recipes[-1].group) == ("load", "load.csv")
    names = [recipe.name for recipe in book.recipes]
    assert len(set(names)) == len(names)
    assert {recipe.group for recipe in book.recipes} == {"structure", "weights", "load.csv"}


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        ("parameter", "no overlay 'parameter'; did you mean .*parameters"),
        ("weight", "did you mean .*weights"),
        ("xyzzy", "there are parameters, bytes, .*pagerank, weights"),
        ("", "there are parameters"),
        ("Parameters\n\x1b[31m", r"no overlay 'Parameters\\n\\x1b"),
    ],
)
def test_an_unknown_name_is_said_with_near_misses_by_every_way_to_ask(graph, wanted, says):
    book = OverlayBook(graph)
    for ask in (book.recipe, book.get, book.values, book.spread):
        with pytest.raises(UsageError, match=says) as caught:
            ask(wanted)
        assert "\n" not in str(caught.value)
    assert not book.is_made(wanted)


def test_what_was_added_is_a_near_miss_too(graph):
    book = OverlayBook(graph)
    book.add(load(1, name="expert-load"), "x.csv")
    with pytest.raises(UsageError, match=r"did you mean .*expert-load"):
        book.get("expertload")


def test_an_overlay_is_made_once_when_it_is_asked_for(graph):
    book = OverlayBook(graph)
    assert not book.is_made("parameters")
    first = book.get("parameters")
    assert book.is_made("parameters")
    assert book.get("parameters") is first
    np.testing.assert_array_equal(book.values("parameters").values, [12, 6, 6])
    np.testing.assert_array_equal(book.spread("parameters"), [6, 6])


def test_same_names_get_numbers_and_keep_their_values(graph):
    book = OverlayBook(graph)
    names = [book.add(load(k), f"{k}.csv") for k in (1, 2, 3)]
    assert names == ["load", "load-2", "load-3"]
    assert [book.values(name).values[1] for name in names] == [1, 2, 3]
    assert book.add(load(9, name="bytes"), "x.csv") == "bytes-2"
    assert book.values("bytes").values[1] == 24
    assert book.recipe("load-2").group == "2.csv"


def test_a_name_that_looks_numbered_is_not_taken_from_another(graph):
    book = OverlayBook(graph)
    assert book.add(load(1, name="load-2"), "a.csv") == "load-2"
    assert book.add(load(2), "b.csv") == "load"
    third = book.add(load(3), "c.csv")
    assert third not in {"load", "load-2"}
    assert [book.values(name).values[1] for name in ("load-2", "load", third)] == [1, 2, 3]


@pytest.mark.parametrize(("step", "value"), [(-5, 10), (0, 10), (1, 20), (2, 30), (99, 30)])
def test_a_step_beyond_the_ends_is_moved_into_range(graph, step, value):
    book = OverlayBook(graph)
    name = book.add(load(10, 20, 30), "x.csv")
    assert book.values(name, step).values[1] == value


def test_values_of_a_step_are_kept(graph):
    book = OverlayBook(graph)
    name = book.add(load(1, 2), "x.csv")
    assert book.values(name, 1) is book.values(name, 1)
    assert book.values(name, 0) is not book.values(name, 1)
    assert book.spread(name) is book.spread(name)


def test_what_a_model_lacks_is_a_usage_error_each_time(graph):
    book = OverlayBook(graph)  # its tensors are in no file
    for _ in range(2):
        with pytest.raises(NothingToShowError, match="overlay 'weights': no weights"):
            book.get("weights")
    assert not book.is_made("weights")


def test_eight_threads_that_ask_at_once_make_it_once(graph, monkeypatch):
    together, made = threading.Barrier(8), []
    inside = threading.Semaphore(1)

    def make(_graph):
        assert inside.acquire(blocking=False), "another thread is making it"
        made.append(threading.get_ident())
        threading.Event().wait(0.05)  # long enough for the others to arrive
        inside.release()
        return load(1)

    monkeypatch.setattr(book_module, "STRUCTURAL", (Recipe("slow", "Slow", "", "", "", "structure", make),))
    book = OverlayBook(graph)
    found = []

    def ask():
        together.wait()
        found.append(book.get("slow"))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert len(found) == 8
    assert all(one is found[0] for one in found)


def test_after_a_failure_another_overlay_can_be_made(graph, monkeypatch):
    def fail(_graph):
        raise NothingToShowError("overlay 'x': nothing")

    monkeypatch.setattr(book_module, "SURFACES", (Recipe("x", "X", "", "", "", "weights", fail),))
    book = OverlayBook(graph)
    with pytest.raises(NothingToShowError):
        book.get("x")
    assert book.get("bytes").unit == "B"  # the lock was given back


def test_while_one_is_made_another_can_be(graph, monkeypatch):
    started, go_on = threading.Event(), threading.Event()

    def slow(_graph):
        started.set()
        assert go_on.wait(30)
        return load(1)

    monkeypatch.setattr(book_module, "SURFACES", (Recipe("slow", "Slow", "", "", "", "structure", slow),))
    book = OverlayBook(graph)
    thread = threading.Thread(target=book.get, args=("slow",))
    thread.start()
    try:
        assert started.wait(30)
        assert book.get("bytes").unit == "B"
        assert not book.is_made("slow")
    finally:
        go_on.set()
        thread.join()
    assert book.is_made("slow")


# ---------------------------------------------------------------- files
def test_a_file_that_is_read_again_takes_the_place_of_what_it_brought(graph):
    book = OverlayBook(graph)
    assert book.add_file([load(1), load(2, name="entropy")], "x.csv") == ["load", "entropy"]
    assert book.values("load").values[1] == 1
    np.testing.assert_array_equal(book.spread("load"), [1])
    assert book.add_file([load(5)], "x.csv") == ["load"]
    assert book.values("load").values[1] == 5
    np.testing.assert_array_equal(book.spread("load"), [5])
    assert [recipe.name for recipe in book.recipes if recipe.group == "x.csv"] == ["load"]
    for ask in (book.get, book.values, book.spread, book.recipe):
        with pytest.raises(UsageError, match="no overlay 'entropy'"):
            ask("entropy")


def test_what_another_file_brought_stays(graph):
    book = OverlayBook(graph)
    assert book.add_file([load(1)], "a.csv") == ["load"]
    assert book.add_file([load(2), load(3)], "b.csv") == ["load-2", "load-3"]
    assert book.add_file([load(4)], "a.csv") == ["load"]
    assert [book.values(name).values[1] for name in ("load", "load-2", "load-3")] == [4, 2, 3]
