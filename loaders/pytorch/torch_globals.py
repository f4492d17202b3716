"""The globals by which PyTorch pickles tensors, as functions that only collect: none of torch is imported.

The argument lists are those of ``torch/_utils.py`` (0.1 to 2.13).
"""

from typing import Any

from ..dtypes import TORCH_DTYPES, TORCH_STORAGES
from ..files import plain_text
from ..untyped import is_dict, is_tuple
from .inert_pickle import Inert, InertDict

__all__ = ["TensorRecord", "known_globals"]

_MAX_INNER = 3  # levels of plain objects between a wrapper and its tensors
_MAX_LOOK = 1000
_CONSTANTS = tuple(
    """strided sparse_coo sparse_csr sparse_csc sparse_bsr sparse_bsc jagged _mkldnn per_tensor_affine
    per_channel_affine per_tensor_symmetric per_channel_symmetric per_channel_affine_float_qparams
    contiguous_format channels_last channels_last_3d preserve_format""".split()  # noqa: SIM905
)


class TensorRecord:
    """What a pickle says of one tensor; not checked yet.

    Attributes
    ----------
    storage : object
        Persistent id: ("storage", type, key, location, numel[, view]); None for a tensor without one.
    offset : object
        First element in its storage.
    shape, stride : object
        In elements.
    dtype : object
        "torch.float32" and the like, where the storage has no type; else None.
    layout : str
        "sparse_coo", "quantized" and so on; "" for a plain tensor.
    parts : tuple of TensorRecord
        Tensors that it is stored as (a sparse tensor's indices and values); the last one has its values.
    """

    __slots__ = ("dtype", "layout", "offset", "parts", "shape", "storage", "stride")

    def __init__(
        self,
        storage: Any,
        offset: Any,
        shape: Any,
        stride: Any,
        dtype: Any = None,
        layout: str = "",
        parts: tuple[Any, ...] = (),
    ) -> None:
        self.storage = storage
        self.offset = offset
        self.shape = shape
        self.stride = stride
        self.dtype = dtype
        self.layout = layout
        self.parts = parts

    def __setstate__(self, state: object) -> None:
        """Leave out the attributes that were set on a tensor."""


def _inner_tensors(state: Any) -> tuple[TensorRecord, ...]:
    """Return the tensors in a wrapper's state: of the first level that has some (a DTensor's mesh lies deeper)."""
    level: list[Any] = list(state) if is_tuple(state) else [state]
    for _ in range(_MAX_INNER):
        level = [value for part in level for value in _values(part)][:_MAX_LOOK]
        found = [value for value in level if isinstance(value, TensorRecord)]
        if found:
            return tuple(dict.fromkeys(part for record in found for part in record.parts or (record,)))
    return ()


def _values(part: Any) -> list[Any]:
    inside = part.attributes() if isinstance(part, Inert) else part
    return list(inside.values()) if is_dict(inside) else []


def known_globals() -> dict[str, Any]:
    """Return "module.name" -> collector or plain value, made anew: a pickle may set attributes on them."""

    def rebuild_tensor(storage: Any, offset: Any, size: Any, stride: Any, *_rest: Any) -> TensorRecord:
        return TensorRecord(storage, offset, size, stride)

    def rebuild_tensor_v3(
        storage: Any, offset: Any, size: Any, stride: Any, _grad: Any, _hooks: Any, dtype: Any, *_rest: Any
    ) -> TensorRecord:
        return TensorRecord(storage, offset, size, stride, dtype)

    def rebuild_parameter(data: Any, *_rest: Any) -> Any:
        return data

    def rebuild_quantized(storage: Any, offset: Any, size: Any, stride: Any, *_rest: Any) -> TensorRecord:
        return TensorRecord(storage, offset, size, stride, layout="quantized")

    def rebuild_sparse(layout: Any, data: Any) -> TensorRecord:
        # COO: (indices, values, size[, is_coalesced]); compressed: (indices, indices, values, size).
        size = next((part for part in reversed(data) if is_tuple(part)), None)
        parts = tuple(part for part in data if isinstance(part, TensorRecord))
        name = plain_text(layout.removeprefix("torch."), 60) if isinstance(layout, str) else "sparse"
        return TensorRecord(None, 0, size, None, layout=name, parts=parts)

    def rebuild_nested(buffer: Any, *rest: Any) -> TensorRecord:
        shape = buffer.shape if isinstance(buffer, TensorRecord) else None
        parts = tuple(part for part in (*rest, buffer) if isinstance(part, TensorRecord))
        return TensorRecord(None, 0, shape, None, layout="nested", parts=parts)

    def rebuild_meta(dtype: Any, size: Any, stride: Any, *_rest: Any) -> TensorRecord:
        return TensorRecord(None, 0, size, stride, dtype, layout="meta")

    def rebuild_wrapper(kind: Any, dtype: Any, size: Any, stride: Any, *_rest: Any) -> TensorRecord:
        # DTensor, torchao's quantised tensors: what is inside comes with the state.
        name = str(getattr(kind, "qualified", "")).rpartition(".")[2]
        return TensorRecord(None, 0, size, stride, dtype, layout=plain_text(name, 60) or "wrapper")

    def rebuild_from_type(function: Any, _type: Any, args: Any, state: Any = None, *_rest: Any) -> Any:
        record = function(*args) if callable(function) else None
        if isinstance(record, TensorRecord) and record.storage is None and not record.parts:
            record.parts = _inner_tensors(state)
        return record

    def reconstruct(cls: Any, *_rest: Any) -> Any:
        return cls.__new__(cls) if isinstance(cls, type) and issubclass(cls, Inert) else None

    def ordered_dict(*items: Any) -> InertDict:
        return InertDict(*items)

    def default_dict(_factory: Any = None, *items: Any) -> InertDict:
        return InertDict(*items)

    def text(*parts: Any) -> str:
        return ":".join(str(part) for part in parts if isinstance(part, str | int))

    def listed(items: Any, *_rest: Any) -> Any:  # TorchScript's typed lists and tagged values
        return items

    def size_of(dimensions: Any = ()) -> tuple[Any, ...]:
        return tuple(dimensions)

    known: dict[str, Any] = {
        "collections.OrderedDict": ordered_dict,
        "collections.defaultdict": default_dict,
        "copyreg._reconstructor": reconstruct,
        "torch.Size": size_of,
        "torch.device": text,
        "torch.serialization._get_layout": text,
        "torch.storage.UntypedStorage": "torch.UntypedStorage",
        "torch._tensor._rebuild_from_type": rebuild_from_type,
        "torch._tensor._rebuild_from_type_v2": rebuild_from_type,
        "torch.tensor._rebuild_from_type": rebuild_from_type,
    }
    for name, function in {
        "_rebuild_tensor": rebuild_tensor,
        "_rebuild_tensor_v2": rebuild_tensor,
        "_rebuild_tensor_v3": rebuild_tensor_v3,
        "_rebuild_parameter": rebuild_parameter,
        "_rebuild_parameter_with_state": rebuild_parameter,
        "_rebuild_qtensor": rebuild_quantized,
        "_rebuild_sparse_tensor": rebuild_sparse,
        "_rebuild_sparse_csr_tensor": rebuild_sparse,
        "_rebuild_nested_tensor": rebuild_nested,
        "_rebuild_meta_tensor_no_storage": rebuild_meta,
        "_rebuild_wrapper_subclass": rebuild_wrapper,
    }.items():
        known[f"torch._utils.{name}"] = function
    for name in ("build_boollist", "build_doublelist", "build_intlist", "build_tensorlist", "restore_type_tag"):
        known[f"torch.jit._pickle.{name}"] = listed
    for name in (*TORCH_DTYPES, *_CONSTANTS):
        known[f"torch.{name}"] = f"torch.{name}"
    for name in TORCH_STORAGES:
        for module in ("torch", "torch.cuda"):
            known[f"{module}.{name}Storage"] = f"torch.{name}Storage"
    return known
