import threading
import time
from unittest import mock

import numpy as np
import pytest

from archviz3d.errors import InputError
from archviz3d.loaders import load
from archviz3d.overlays.tiles import pieces as tile_pieces
from archviz3d.overlays.tiles import store as tile_store
from archviz3d.overlays.tiles.pyramid import Statistic, TileGrid
from archviz3d.overlays.tiles.store import TileStore
from archviz3d.overlays.tiles.values import exact_tile

from .conftest import PATIENCE, THREAD, TILE_BYTES, Matrix, done, exactly, key, noise


# ---------------------------------------------------------------- grids and problems
def test_a_grid_is_known_at_once(model):
    store, _, [matrix] = model(noise(1000, 300))
    assert store.grid(1) == TileGrid(1000, 300)
    assert store.problem(1) is None
    assert matrix.reads == []


def test_what_cannot_be_opened_is_said_in_one_line(model):
    store, _, _ = model(InputError("x.pt: is compressed; unpack it"), noise(4, 4))
    store.want([key(1), key(2)])
    assert store.grid(1) is None
    assert store.problem(1) == "x.pt: is compressed; unpack it"
    assert store.grid(2) == TileGrid(4, 4)
    assert list(store.fetch([key(1), key(2)])) == [key(2)]


def test_a_tensor_of_nothing_has_no_grid(model):
    store, _, _ = model(np.empty((0, 5), np.float32))
    assert store.grid(1) is None
    assert store.problem(1) == "0: has no values"


def test_notes_are_those_of_the_reader_and_it_is_asked_once(model):
    plain = Matrix(noise(4, 4))
    store, _, _ = model(Matrix(noise(4, 4), ("no scales",)), plain, InputError("x: cannot; do"), np.empty((0, 5)))
    assert [store.notes(node) for node in (1, 2, 3, 4)] == [("no scales",), (), (), ()]
    plain.notes = ("later",)
    assert store.notes(2) == ()


def test_a_tensor_that_turned_out_to_be_unreadable_has_no_notes(model):
    matrix = Matrix(noise(4, 4), ("no scales",))
    store, _, _ = model(matrix)
    assert store.notes(1) == ("no scales",)

    def fail():
        raise InputError("x: was cut short; open it again")

    matrix.before = fail
    assert store.fetch([key(1)]) == {}
    assert store.notes(1) == ()


def test_a_tile_that_is_not_there_is_a_mistake_of_the_caller(model):
    store, _, _ = model(noise(10, 10))
    for ask in (store.want, store.fetch):
        with pytest.raises(ValueError, match="has no TileKey"):
            ask([key(level=1)])


def test_a_file_that_changes_is_a_problem_of_its_tensor_alone(model):
    store, ready, [first, second] = model(noise(600, 600), noise(300, 300))
    store.want([key(1)])
    ready.until(lambda: store.get(key(1)) is not None)

    def fail():
        raise InputError("x.safetensors: was cut short; open it again")

    first.before = fail
    store.want([key(1), key(1, row=1), key(1, row=2), key(2)])
    ready.until(done(store))
    assert store.problem(1) == "x.safetensors: was cut short; open it again"
    assert store.get(key(1)) is None, "tiles that were read before may be of another file"
    assert store.grid(1) is None
    assert len(first.reads) == 2, "nothing more is tried"
    exactly(store.get(key(2)), second, key(2))


def test_a_problem_that_turns_up_while_tiles_are_asked_for_ends_them(model):
    store, ready, [first, second] = model(noise(600, 600), noise(3, 3))

    def fail():
        raise InputError("x: was cut short; open it again")

    first.before = fail

    def cost(grid, one):
        assert store.fetch([key(1)]) == {}
        return 100

    with mock.patch.object(TileGrid, "tile_bytes", cost):
        store.want([key(1), key(2)])
    ready.until(done(store))
    exactly(store.get(key(2)), second, key(2))
    assert len(first.reads) == 1


def test_a_problem_while_fetching_leaves_out_all_tiles_of_the_tensor(model):
    store, _, [matrix, _] = model(noise(600, 600), noise(3, 3))
    outcomes = iter([None, InputError("x: was cut short; open it again")])

    def second_fails():
        if error := next(outcomes):
            raise error

    matrix.before = second_fails
    assert list(store.fetch([key(1), key(1, row=1), key(1, row=2), key(2)])) == [key(2)]
    assert store.problem(1) == "x: was cut short; open it again"
    assert len(matrix.reads) == 2


# ---------------------------------------------------------------- errors that nobody foresaw
@pytest.mark.parametrize("error", [MemoryError(), ValueError("cannot reshape"), RuntimeError("a bug")])
def test_any_error_of_a_reader_is_a_problem_of_its_tensor_alone(model, caplog, error):
    store, ready, [first, second] = model(noise(600, 600), noise(300, 300))

    def fail():
        raise error

    first.before = fail
    store.want([key(1), key(1, row=1), key(2)])
    ready.until(done(store))
    assert store.problem(1) == f"0: cannot be read ({type(error).__name__})"
    assert len(first.reads) == 1
    exactly(store.get(key(2)), second, key(2))
    assert [(record.name, record.exc_info[1]) for record in caplog.records] == [("archviz3d", error)]
    store.want([key(2, level=1)])
    ready.until(lambda: store.get(key(2, level=1)) is not None)  # the worker goes on


def test_any_error_while_fetching_opening_or_asking_for_costs_is_a_problem_too(model, caplog):
    costly = Matrix(noise(4, 4))
    costly.stored_bytes = mock.Mock(side_effect=OverflowError)
    store, _, [first, *_] = model(noise(4, 4), MemoryError(), costly, noise(4, 4))
    first.before = mock.Mock(side_effect=MemoryError)
    assert list(store.fetch([key(node) for node in (1, 2, 3, 4)])) == [key(4)]
    assert [store.problem(node) for node in (1, 2, 3, 4)] == [
        "0: cannot be read (MemoryError)",
        "1: cannot be read (MemoryError)",
        "2: cannot be read (OverflowError)",
        None,
    ]
    assert len(caplog.records) == 3


# ---------------------------------------------------------------- what is wanted
def test_small_tiles_are_exact_at_once(model):
    store, ready, [matrix] = model(noise(700, 500))
    keys = [key(level=level, statistic=statistic) for level in range(3) for statistic in Statistic]
    assert store.pending == 0
    store.want(keys)
    ready.until(done(store))
    for one in keys:
        exactly(store.get(one), matrix, one)
    assert set(matrix.reads) == {"exact"}


def test_all_samples_come_before_the_first_exact_tile(model):
    store, ready, [matrix] = model(noise(2048, 2048), sample_above=1 << 20)
    keys = [key(level=2, row=row, column=column) for row in range(2) for column in range(2)]
    shares = []
    matrix.before = lambda: shares.append([tile.share for one in keys if (tile := store.get(one)) is not None])
    store.want(keys)
    ready.until(done(store))
    assert matrix.reads == ["sample"] * 4 + ["exact"] * 4
    assert shares[4:] == [[0.25] * 4, [1, 0.25, 0.25, 0.25], [1, 1, 0.25, 0.25], [1, 1, 1, 0.25]]
    matrix.before = lambda: None
    for one in keys:
        exactly(store.get(one), matrix, one)


def test_what_costs_too_much_stays_a_sample(model):
    store, ready, [matrix] = model(noise(2048, 2048), sample_above=1 << 20, exact_bytes=3 << 20)
    one = key(level=2)
    store.want([one])
    ready.until(done(store))
    assert store.get(one).share == 0.25
    store.want([one])
    assert store.pending == 0, "as good as it gets"
    assert matrix.reads == ["sample"]


def test_single_values_are_never_a_sample(model):
    values = noise(300, 300)
    values[0, 0] = np.inf
    store, ready, [matrix] = model(values, sample_above=0, exact_bytes=0)
    store.want([key()])
    ready.until(done(store))
    assert store.get(key()).cells[0, 0] == np.inf
    exactly(store.get(key()), matrix, key())
    assert matrix.reads == ["exact"] * 2  # the second for the comparison


def test_new_wants_drop_queued_tiles_and_stop_a_long_one(model):
    store, ready, [first, second] = model(noise(1000, 1000), noise(200, 200))
    reading, go_on = threading.Event(), threading.Event()

    def hold():
        reading.set()
        assert go_on.wait(PATIENCE)

    first.before = hold
    with mock.patch.object(tile_pieces, "PIECE", 10_000):
        store.want([key(1, level=1), key(1, level=2)])
        assert reading.wait(PATIENCE)
        store.want([key(2)])
        assert store.pending == 2  # the running one has not noticed
        go_on.set()
        ready.until(done(store))
    assert len(first.reads) == 1
    assert store.get(key(1, level=1)) is None
    assert store.get(key(1, level=2)) is None
    exactly(store.get(key(2)), second, key(2))


def test_a_tile_that_is_wanted_again_goes_on(model):
    store, ready, [matrix] = model(noise(1000, 1000))
    reading, go_on = threading.Event(), threading.Event()

    def hold():
        reading.set()
        assert go_on.wait(PATIENCE)

    matrix.before = hold
    with mock.patch.object(tile_pieces, "PIECE", 1 << 17):
        store.want([key(level=1)])
        assert reading.wait(PATIENCE)
        store.want([])
        store.want([key(level=1), key(level=2)])
        go_on.set()
        ready.until(done(store))
    exactly(store.get(key(level=1)), matrix, key(level=1))
    exactly(store.get(key(level=2)), matrix, key(level=2))


def test_a_tile_that_is_wanted_again_just_after_it_stopped_is_made(model, monkeypatch):
    store, ready, [matrix] = model(noise(1000, 1000))
    tries = []

    def stopped_once(values, one, keep_going):
        tries.append(one)
        if len(tries) > 1:
            return exact_tile(values, one, keep_going)
        store.want([])
        assert not keep_going()
        store.want([one])
        return None

    monkeypatch.setattr(tile_store, "exact_tile", stopped_once)
    store.want([key(level=1)])
    ready.until(lambda: store.get(key(level=1)) is not None)
    exactly(store.get(key(level=1)), matrix, key(level=1))


def test_what_is_wanted_most_comes_first_also_among_exact_tiles(model):
    store, ready, [matrix] = model(noise(2048, 2048), sample_above=1 << 20)
    keys = [key(level=2, row=row, column=column) for row in range(2) for column in range(2)]
    order = []
    with mock.patch.object(
        tile_store, "exact_tile", lambda values, one, go: order.append(one) or exact_tile(values, one, go)
    ):
        matrix.before = lambda: order or store.want(keys)  # while samples are made, they are asked for again
        store.want(keys[3:])
        ready.until(lambda: len(order) == 4 and store.pending == 0)
    assert order == keys


def test_on_ready_is_called_at_most_twenty_times_a_second(model):
    store, ready, _ = model(noise(256 * 16, 256 * 16))
    started = time.monotonic()
    store.want([key(row=row, column=column) for row in range(16) for column in range(16)])
    ready.until(done(store))
    store.close()
    assert 1 <= ready.calls <= (time.monotonic() - started) / 0.05 + 1


# ---------------------------------------------------------------- threads
def test_close_ends_a_long_tile_and_the_thread(model):
    store, _, [matrix] = model(noise(4000, 1000))
    reading = threading.Event()
    matrix.before = reading.set
    with mock.patch.object(tile_pieces, "PIECE", 1000):
        store.want([key(level=3)])
        assert reading.wait(PATIENCE)
        store.close()
    assert THREAD not in [thread.name for thread in threading.enumerate()]
    assert len(matrix.reads) < 4000
    store.want([key(level=1)])
    assert store.pending == 0
    assert store.get(key(level=3)) is None
    store.close()


def test_nothing_runs_before_something_is_wanted(model):
    store, _, _ = model(noise(10, 10))
    store.fetch([key()])
    store.want([key()])  # is there already
    assert THREAD not in [thread.name for thread in threading.enumerate()]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_after_a_bug_of_the_one_who_is_told_nobody_waits_for_ever(model):
    store, _, _ = model(noise(10, 10))
    failed = threading.Event()

    def fail():
        failed.set()
        raise RuntimeError("a bug")

    store._on_ready = fail  # as if given to it
    store.want([key()])
    assert failed.wait(PATIENCE)
    store.close()
    assert store.pending == 0


def test_many_threads_at_once(model):
    store, ready, matrices = model(noise(900, 900), noise(2048, 2048), sample_above=1 << 20, memory=40 * TILE_BYTES)
    keys = [key(1, row=row, column=column) for row in range(4) for column in range(4)]
    keys += [key(2, level=2, row=row, column=column) for row in range(2) for column in range(2)]
    errors = []

    def use(seed):
        rng = np.random.default_rng(seed)
        try:
            for _ in range(30):
                some = [keys[index] for index in rng.permutation(len(keys))[:6]]
                store.want(some)
                for one in some:
                    store.get(one)
                assert set(store.fetch(some[:2])) == set(some[:2])
        except Exception as error:  # noqa: BLE001 - of a thread: shown below
            errors.append(error)

    threads = [threading.Thread(target=use, args=(seed,)) for seed in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    store.want(keys)
    ready.until(done(store))
    for one in keys:
        exactly(store.get(one), matrices[one.node - 1], one)


# ---------------------------------------------------------------- from a file
def test_the_whole_way_from_a_file(tmp_path):
    torch = pytest.importorskip("torch")
    save_file = pytest.importorskip("safetensors.torch").save_file
    weight = torch.randn(1500, 700, generator=torch.Generator().manual_seed(1)).to(torch.bfloat16)
    path = tmp_path / "model.safetensors"
    save_file({"layer.weight": weight}, path)
    graph = load(str(path))
    node = graph.id_of("layer.weight")
    store = TileStore(graph)
    try:
        assert store.grid(node) == TileGrid(1500, 700)
        one = key(node, level=2, row=1)
        tile = store.fetch([one])[one]
        blocks = weight.float().numpy().astype(np.float64)[1024:].reshape(-1, 4, 175, 4)
        np.testing.assert_allclose(tile.cells, np.sqrt((blocks**2).mean((1, 3))), rtol=2e-7)
        with path.open("r+b") as file:
            file.truncate(path.stat().st_size - 1000)
        last = key(node, level=1, row=2, column=1)
        assert store.fetch([last]) == {}
        assert "model.safetensors" in store.problem(node)
    finally:
        store.close()
