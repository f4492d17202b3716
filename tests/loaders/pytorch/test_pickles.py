"""Pickles that torch.save did not write, and what tensors wrap: read without running anything."""

import os
import pickle
import time
import zipfile

import numpy as np
import pytest

from archviz3d.errors import InputError
from archviz3d.graph import NodeKind
from archviz3d.loaders import LoadLimits, load, load_confined

torch = pytest.importorskip("torch")


def shapes(graph):
    nodes = map(int, graph.of_kind(NodeKind.TENSOR))
    return {graph.path(node): (graph.dtype_of(node), graph.shape_of(node)) for node in nodes}


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_arrays_in_a_plain_pickle(tmp_path, protocol):
    state = {
        "conv.weight": np.zeros((8, 3, 3, 3), np.float32),
        "conv.bias": np.ones(8, np.float16),
        "steps": np.arange(5),
        "big": np.zeros((2, 3), ">f4", order="F"),
        "flag": np.array(True),
    }
    (tmp_path / "x.pkl").write_bytes(pickle.dumps({"model": state, "names": np.array(["a"], object)}, protocol))
    graph = load(str(tmp_path / "x.pkl"))
    assert shapes(graph) == {
        "conv.weight": ("F32", (8, 3, 3, 3)),
        "conv.bias": ("F16", (8,)),
        "steps": ("I64", (5,)),
        "big": ("F32", (2, 3)),
        "flag": ("BOOL", ()),
    }
    assert graph.total_bytes[0] == sum(array.nbytes for array in state.values())
    assert not any("asks to call" in warning for warning in graph.warnings)


def test_tensors_in_a_plain_pickle(tmp_path):
    shared = torch.ones(4, 6)
    state = {"a.weight": torch.ones(2, 3, dtype=torch.bfloat16), "a.bias": shared.t(), "p": torch.nn.Parameter(shared)}
    (tmp_path / "x.pkl").write_bytes(pickle.dumps(state))
    graph = load(str(tmp_path / "x.pkl"))
    assert shapes(graph) == {"a.weight": ("BF16", (2, 3)), "a.bias": ("F32", (6, 4)), "p": ("F32", (4, 6))}
    assert graph.warnings == ()


def test_arrays_beside_tensors_are_no_parameters(tmp_path):
    torch.save({"model": {"w": torch.ones(3, 3)}, "history": {"loss": np.zeros(1000)}}, tmp_path / "x.pt")
    assert load(str(tmp_path / "x.pt")).total_parameters[0] == 9
    torch.save({"w": np.zeros((3, 4))}, tmp_path / "y.pt")
    assert shapes(load(str(tmp_path / "y.pt"))) == {"w": ("F64", (3, 4))}


@pytest.mark.parametrize(
    "damage",
    [
        lambda raw: raw[:-40],
        lambda raw: raw.replace(b"K\x08", b"K\x09"),
        lambda raw: raw.replace(b"K\x08", b"J\0\0\0\x80"),
    ],
)
def test_arrays_that_contradict_their_values(tmp_path, damage):
    raw = pickle.dumps({"w": np.zeros((8, 8), np.float32)}, 4)
    (tmp_path / "x.pkl").write_bytes(damage(raw))
    with pytest.raises(InputError):
        load(str(tmp_path / "x.pkl"))


def test_storages_inside_that_lie(tmp_path):
    raw = pickle.dumps({"w": torch.ones(8, 8)}, 4)
    at = raw.index(b"\x80\x02\x8a\nl\xfc\x9cF")
    (tmp_path / "x.pkl").write_bytes(raw[:at] + b"\x80\x02}." + raw[at + 4 :])
    with pytest.raises(InputError, match="damaged storage"):
        load(str(tmp_path / "x.pkl"))


def test_a_plain_pickle_is_not_run(tmp_path):
    class Evil:
        def __reduce__(self):
            return os.system, (f"touch {tmp_path}/ran",)

    (tmp_path / "x.pkl").write_bytes(pickle.dumps({"w": np.zeros(3), "evil": Evil()}))
    graph = load(str(tmp_path / "x.pkl"))
    assert any("os.system" in warning for warning in graph.warnings)
    assert not (tmp_path / "ran").exists()


def test_a_plain_pickle_larger_than_the_limit(tmp_path):
    (tmp_path / "x.pkl").write_bytes(pickle.dumps({"w": np.zeros(10_000)}))
    with pytest.raises(InputError, match="whose values must be read"):
        load(str(tmp_path / "x.pkl"), LoadLimits(pickle_bytes=1000))


def test_keys_with_one_hash_end_soon(tmp_path):
    """60,000 whole numbers with one hash keep a dict busy for minutes inside one opcode of the unpickler."""
    prime = 2**61 - 1
    items = b"".join(b"\x8a\x0a" + (k * prime).to_bytes(10, "little") + b"K\x01" for k in range(1, 60_001))
    with zipfile.ZipFile(tmp_path / "x.pt", "w") as archive:
        archive.writestr("x/data.pkl", b"\x80\x02}(" + items + b"u.")
    start = time.monotonic()
    with pytest.raises(InputError, match="far longer to read than its size explains"):
        load_confined(str(tmp_path / "x.pt"))
    assert time.monotonic() - start < 30  # of which 2 s are processor time


def test_wrapped_tensors_are_listed(tmp_path):
    class Wrapper(torch.Tensor):
        @staticmethod
        def __new__(cls, inner):
            return torch.Tensor._make_wrapper_subclass(cls, inner.shape, dtype=inner.dtype)

        def __init__(self, inner):
            self.inner = inner

        @classmethod
        def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
            raise NotImplementedError(function)

        def __reduce_ex__(self, protocol):
            rebuild = (type(self), self.dtype, tuple(self.shape), self.stride(), 0, self.layout, self.device, False)
            state = {"inner": self.inner}
            arguments = (torch._utils._rebuild_wrapper_subclass, type(self), rebuild, state)
            return torch._tensor._rebuild_from_type_v2, arguments

    globals()["Wrapper"] = Wrapper
    Wrapper.__qualname__ = "Wrapper"
    torch.save({"w": Wrapper(torch.ones(4, 6)), "v": torch.ones(2)}, tmp_path / "x.pt")
    graph = load(str(tmp_path / "x.pt"))
    assert shapes(graph)["w"] == ("F32", (4, 6))
    assert graph.bytes[graph.id_of("w")] == 96
    assert graph.attribute(graph.id_of("w"), "layout") == "Wrapper"
    assert any("wrap others (Wrapper)" in warning for warning in graph.warnings)


def test_sparse_quantised_and_nested_tensors(tmp_path):
    dense = torch.tensor([[0.0, 1.0], [2.0, 0.0]])
    state = {
        "coo": dense.to_sparse(),
        "csr": dense.to_sparse_csr(),
        "q": torch.quantize_per_tensor(dense, 0.1, 0, torch.qint8),
        "nested": torch.nested.nested_tensor([torch.ones(2, 3), torch.ones(4, 3)]),
    }
    torch.save(state, tmp_path / "x.pt")
    graph = load(str(tmp_path / "x.pt"))
    found = shapes(graph)
    assert [found[name] for name in ("coo", "csr", "q")] == [("F32", (2, 2)), ("F32", (2, 2)), ("QI8", (2, 2))]
    assert {graph.attribute(graph.id_of(name), "layout") for name in found} == {
        "sparse_coo",
        "sparse_csr",
        "quantized",
        "nested",
    }
