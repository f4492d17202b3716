"""Pieces of tensors against each other."""

import time

import pytest

from archviz3d.errors import InputError
from archviz3d.loaders.distributed.pieces import Piece, check_pieces


def pieces(*places):
    return [Piece("f", 0, start, shape) for start, shape in places]


def test_a_grid_that_covers():
    grid = pieces(*(((r, c), (2, 3)) for r in (0, 2, 4) for c in (0, 3)))
    assert check_pieces("x", "t", (6, 6), grid) == 0
    assert check_pieces("x", "t", (6, 6), grid[1:]) == 6


def test_what_overlaps_although_the_sizes_add_up():
    with pytest.raises(InputError, match="overlap"):
        check_pieces("x", "t", (4, 4), pieces(((0, 0), (2, 4)), ((1, 0), (2, 4))))


def test_two_scalars():
    with pytest.raises(InputError, match="overlap"):
        check_pieces("x", "t", (), pieces(((), ()), ((), ())))


def test_many_slices_are_fast_and_many_odd_pieces_refused_fast():
    start = time.process_time()
    assert check_pieces("x", "t", (50_000, 8), pieces(*(((k, 0), (1, 8)) for k in range(50_000)))) == 0
    stairs = pieces(*(((k, k), (5000 - k, 1)) for k in range(5000)))  # each beside all others in both dimensions
    with pytest.raises(InputError, match="5,000 pieces in an unusual way"):
        check_pieces("x", "t", (5000, 5000), stairs)
    assert time.process_time() - start < 5


def test_a_piece_says_where_it_is():
    assert str(Piece("a.pt", 64, (0, 8), (4, 8))) == "[0:4, 8:16] a.pt @ 64"
    assert str(Piece("", -1, (0,), (4,))) == "[0:4] missing"
