"""Rows as runs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archviz3d.weights.windows import columns_of, indices_of, rows_of, strips


@given(st.lists(st.integers(0, 50)), st.integers(1, 9))
def test_runs_are_the_rows_in_order(rows, most):
    rows = np.sort(np.array(rows, np.int64))
    runs = rows_of(rows, 51)
    assert all(start < end for start, end in runs)
    found = [indices_of(batch) for batch in strips(runs, most)]
    assert np.array_equal(np.concatenate([np.empty(0, np.int64), *found]), rows)
    assert all(len(batch) <= most for batch in found)


def test_slices():
    assert rows_of(slice(None), 7) == [(0, 7)]
    assert rows_of(slice(-2, 100), 7) == [(5, 7)]
    assert rows_of(slice(5, 2), 7) == []
    assert columns_of(slice(5, 2), 7) == (5, 5)


@pytest.mark.parametrize("rows", [[3, 2], [-1, 2], [0, 7], [[1, 2]]])
def test_rows_that_are_none(rows):
    with pytest.raises(IndexError, match="rows must ascend"):
        rows_of(np.array(rows), 7)


def test_steps_are_none():
    with pytest.raises(IndexError, match="no step"):
        columns_of(slice(0, 7, 2), 7)
