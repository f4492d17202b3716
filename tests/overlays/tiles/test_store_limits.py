"""What a `TileStore` holds in memory, and what it reads at once."""

import numpy as np
import pytest

from archviz3d.overlays.tiles.pyramid import MOST_TILES, TILE, Statistic
from archviz3d.overlays.tiles.values import sampled_tile

from .conftest import TILE_BYTES, done, exactly, key, noise

# ---------------------------------------------------------------- memory


def test_memory_is_bounded_and_what_was_used_last_stays(model):
    store, ready, _ = model(noise(256 * 8, 256), memory=3 * TILE_BYTES)
    for row in range(8):
        store.want([key(row=row)])
        ready.until(lambda row=row: store.get(key(row=row)) is not None)
        store.get(key(row=0))
    assert [row for row in range(8) if store.get(key(row=row)) is not None] == [0, 6, 7]


def test_by_default_a_full_picture_and_the_one_before_fit(model):
    most = MOST_TILES
    values = np.broadcast_to(np.float32(1), ((2 * most + 1) * TILE, TILE))  # of which all tiles are views
    store, ready, _ = model(values)
    keys = [key(row=row, statistic=Statistic.SIGNED) for row in range(2 * most + 1)]
    for some in (keys[:most], keys[most : 2 * most]):
        store.want(some)
        ready.until(done(store))
    assert all(store.get(one) is not None for one in keys[: 2 * most])
    store.want(keys[2 * most :])
    ready.until(done(store))
    assert [one for one in keys if store.get(one) is None] == keys[:1]


def test_what_does_not_fit_is_not_computed(model):
    store, ready, [matrix] = model(noise(256 * 8, 256), memory=3 * TILE_BYTES)
    keys = [key(row=row) for row in range(8)]
    store.want(keys)
    ready.until(done(store))
    store.want(keys)
    assert store.pending == 0
    assert [one in keys[:3] for one in keys] == [store.get(one) is not None for one in keys]
    assert len(matrix.reads) == 3


def test_what_is_wanted_stays_while_the_rest_of_it_is_computed(model):
    store, ready, _ = model(noise(256 * 4, 256), memory=3 * TILE_BYTES)
    keys = [key(row=row) for row in range(4)]
    store.want(keys[:3])
    ready.until(done(store))
    for one in keys[:3]:
        store.get(one)
    store.want([keys[3], keys[0]])
    ready.until(done(store))
    assert [store.get(one) is not None for one in keys] == [True, False, True, True]


def test_an_exact_tile_takes_the_place_of_its_sample(model):
    store, ready, [matrix] = model(noise(1024, 2048), sample_above=0, memory=2 * TILE_BYTES)
    keys = [key(level=2, column=0), key(level=2, column=1)]
    store.want(keys)
    ready.until(done(store))
    for one in keys:
        exactly(store.get(one), matrix, one)


# ---------------------------------------------------------------- at once
def test_fetch_is_exact_where_all_of_it_is_affordable(model):
    store, _, [matrix] = model(noise(2048, 2048))
    keys = [key(level=2, row=1), key(level=3), key(level=0, row=7)]
    tiles = store.fetch([*keys, keys[0]])
    assert list(tiles) == keys
    for one in keys:
        exactly(tiles[one], matrix, one)
        assert store.get(one) is tiles[one]
    with pytest.raises(ValueError, match="read-only"):
        tiles[keys[0]].cells[0, 0] = 1


def test_fetch_samples_the_largest_tiles_and_treats_equal_ones_alike(model):
    large, small = noise(2048, 2048), noise(600, 600)
    store, _, [first, _] = model(large, small, exact_bytes=10 << 20)
    keys = [key(1, level=2, row=row) for row in range(2)] + [key(1, level=3), key(2, level=1)]
    sampled = store.fetch(keys)
    # 512 rows of 2 KB, each as dear as 4 KB: 2 MiB; twice 4 MiB: exact; 16 MiB more: not.
    assert [tile.share for tile in sampled.values()] == [1, 1, 0.125, 1]
    np.testing.assert_array_equal(sampled[keys[2]].cells, sampled_tile(first, keys[2], lambda: True).cells)
    store, _, _ = model(large, small, exact_bytes=8 << 20)
    assert [tile.share for tile in store.fetch(keys).values()] == [0.25, 0.25, 0.125, 1]


def test_fetch_does_not_depend_on_what_is_in_memory(model):
    values = noise(2048, 2048)
    keys = [key(level=3), key(level=2), key(level=2, row=1, column=1)]
    store, _, _ = model(values, exact_bytes=9 << 20)
    alone = store.fetch(keys)
    store, ready, [matrix] = model(values, sample_above=1 << 20, exact_bytes=20 << 20)
    store.want(keys)
    ready.until(done(store))
    assert store.get(keys[0]).share == 1.0
    store._exact_bytes = 9 << 20  # as the first one
    again = store.fetch(keys)
    assert [tile.share for tile in again.values()] == [0.125, 1, 1]
    for one in keys:
        np.testing.assert_array_equal(alone[one].cells, again[one].cells)
    exactly(store.get(keys[0]), matrix, keys[0])  # the better one stays
