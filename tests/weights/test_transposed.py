"""Matrices that stand column by column."""

import numpy as np
import pytest
import torch

from archviz3d.weights import UnreadableValuesError
from archviz3d.weights.transposed import TransposedValues


@pytest.mark.parametrize("shape", [(7, 5), (1, 9), (9, 1), (300, 700), (1, 1, 6, 4)])
def test_fortran_order(shape, tmp_path, opened, check):
    array = np.asfortranarray(np.random.default_rng(0).normal(size=shape).astype(np.float32))
    np.savez(tmp_path / "arrays.npz", array=array)
    check(opened(tmp_path / "arrays.npz", "array"), array.reshape(shape[-2:]))


def test_a_transposed_view_of_torch(tmp_path, opened, check):
    weight = torch.randn(40, 30)
    torch.save({"weight": weight.t(), "plain": weight}, tmp_path / "model.pt")
    values = opened(tmp_path / "model.pt", "weight")
    assert values.dtype == "F32, column by column"
    check(values, weight.t().numpy())
    check(values.transpose, weight.numpy())


def test_rows_that_lie_far_apart_are_not_read_with_all_between(tmp_path, opened):
    array = np.asfortranarray(np.arange(2 * 600_000, dtype=np.float32).reshape(600_000, 2))
    np.save(tmp_path / "array.npy", array)
    values = opened(tmp_path / "array.npy", "array")
    rows = np.array([0, 1, 5, 599_999])
    assert np.array_equal(values.read(rows, slice(0, 2)), array[rows])
    assert values.stored_bytes(rows, slice(0, 2)) == 2 * (6 + 1) * 4
    assert np.array_equal(values.read(slice(None), slice(1, 2)), array[:, 1:])


def test_other_orders_are_refused(tmp_path, opened):
    np.save(tmp_path / "array.npy", np.asfortranarray(np.zeros((2, 3, 4), np.float32)))
    with pytest.raises(UnreadableValuesError, match="Fortran order, which is not read; save it contiguously"):
        opened(tmp_path / "array.npy", "array")
    torch.save(
        {"view": torch.zeros(6, 8)[::2, ::2], "turned": torch.zeros(2, 3, 4).permute(2, 0, 1)}, tmp_path / "a.pt"
    )
    for name in ("view", "turned"):
        with pytest.raises(UnreadableValuesError, match="with the strides"):
            opened(tmp_path / "a.pt", name)
    torch.save({"repeated": torch.zeros(4, 1).expand(4, 5)}, tmp_path / "b.pt")
    with pytest.raises(UnreadableValuesError, match="sparse or repeats some"):
        opened(tmp_path / "b.pt", "repeated")


class Counting:
    """A matrix that only says what its windows take."""

    shape = (2, 2**40)

    def __init__(self):
        self.asked = 0

    def stored_bytes(self, rows, columns):
        self.asked += 1
        return (rows.stop - rows.start) * (columns.stop - columns.start)


def test_bytes_of_giant_windows_are_known_at_once():
    stored = Counting()
    assert TransposedValues(stored).stored_bytes(slice(3, 2**40), slice(0, 2)) == 2 * (2**40 - 3)
    assert stored.asked == 2
