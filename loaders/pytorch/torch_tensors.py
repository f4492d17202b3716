"""From what a pickle says of tensors to checked columns: sizes, offsets, shared storages."""

from math import prod
from typing import Any, Protocol

from ...errors import InputError
from ..dtypes import BITS, TORCH_DTYPES, TORCH_STORAGES
from ..files import DAMAGED, input_error, plain_text
from ..tensor_table import TensorTable
from ..untyped import is_sequence, is_tuple
from .pickled_arrays import ArrayRecord
from .torch_globals import TensorRecord

__all__ = ["Found", "Storages", "tensor_table"]

_MAX_RANK = 64
_MAX_PARTS = 500_000  # of all tensors that are stored as several; a file may name the same ones again and again
_MAX_STRIDES = 256  # that are remembered: Python's hash of a tuple of numbers can be chosen, many would be slow
_SPARSE = ("coo", "csr", "csc", "bsr", "bsc")
_MAX_EXPANDED = 2**40  # logical elements of a tensor that repeats a few stored ones
# What no class but a function of torch's rebuilds; any other layout is the name of a class.
_LAYOUTS = frozenset(("sparse", "nested", "meta", "quantized", *(f"sparse_{kind}" for kind in _SPARSE)))
_STORAGE_DTYPES = {f"torch.{name}Storage": dtype for name, dtype in TORCH_STORAGES.items()}
_DTYPES = {f"torch.{name}": dtype for name, dtype in TORCH_DTYPES.items()}


class Storages(Protocol):
    """Where a file keeps its storages."""

    @property
    def path(self) -> str:
        """The file, for errors."""
        ...

    def locate(self, key: str) -> tuple[int, int]:
        """Return a storage's offset in the file (-1 when its bytes cannot be mapped) and its bytes."""
        ...


class Found:
    """Tensors of one subtree in the order of the pickle, and what it says of modules.

    Attributes
    ----------
    tensors : list of (str, TensorRecord)
        By dotted path.
    modules : list of (int, str, dict)
        Number of tensors before it, dotted path, attributes.
    """

    __slots__ = ("modules", "tensors")

    def __init__(self) -> None:
        self.tensors: list[tuple[str, TensorRecord]] = []
        self.modules: list[tuple[int, str, dict[str, Any]]] = []


def tensor_table(found: Found, storages: Storages, file_name: str, warnings: list[str]) -> TensorTable:
    """Check what was found and return it as a table.

    Raises
    ------
    InputError
        When a tensor contradicts itself, its storage or the file.
    """
    reader = _Reader(storages)
    skipped: list[str] = []
    before = [0]  # tensors kept of the first k found: what `modules` counts
    for name, record in found.tensors:
        if not reader.add(name, record):
            skipped.append(name)
        before.append(len(reader.names))
    if skipped:
        listed = ", ".join(plain_text(name, 100) for name in skipped[:5])
        warnings.append(f"{len(skipped)} tensors have no shape that can be read, so they are not shown: {listed}")
    if reader.odd_dtypes:
        listed = ", ".join(sorted(reader.odd_dtypes)[:5])
        warnings.append(f"some tensors have a dtype that is not known here ({listed}): sizes are of their storages")
    if reader.wrappers:
        listed = ", ".join(sorted(reader.wrappers)[:5])
        warnings.append(f"some tensors wrap others ({listed}): shapes are the whole's, sizes those of what is inside")
    return TensorTable(
        names=reader.names,
        dtypes=reader.dtypes,
        shapes=reader.shapes,
        nbytes=reader.nbytes,
        files=[0] * len(reader.names),
        offsets=reader.offsets,
        file_names=[file_name],
        tied=reader.tied(),
        parameters=reader.parameters,
        elements=reader.elements,
        attributes=reader.attributes,
        modules=[(before[at], path, attributes) for at, path, attributes in found.modules],
    )


class _Reader:
    """Columns under construction, and the byte ranges by storage that tell what is shared."""

    def __init__(self, storages: Storages) -> None:
        self._storages = storages
        self._strides: dict[tuple[tuple[int, ...], tuple[int, ...]], tuple[int, int, bool]] = {}
        self._ranges: dict[str, list[tuple[int, int, int]]] = {}
        self._parts_seen = 0
        self.names: list[str] = []
        self.dtypes: list[str] = []
        self.shapes: list[tuple[int, ...]] = []
        self.nbytes: list[int] = []
        self.offsets: list[int] = []
        self.parameters: dict[int, int] = {}
        self.elements: dict[int, int] = {}
        self.attributes: dict[int, dict[str, Any]] = {}
        self.odd_dtypes: set[str] = set()
        self.wrappers: set[str] = set()

    def add(self, name: str, record: TensorRecord) -> bool:
        """Add a tensor; False when nothing is known of its shape."""
        shape = record.shape
        if record.storage is None and not _is_sizes(shape):
            return False
        shape = self._sizes(name, shape)
        i = len(self.names)
        if isinstance(record, ArrayRecord):
            if record.nbytes < 0 or prod(shape) >= 2**63:
                raise self._bad(name, f"has the shape {list(shape)}, which its values do not fill")
            dtype, nbytes, offset = str(record.dtype), record.nbytes, -1
        elif record.storage is None:
            dtype, nbytes, offset, stored = self._parts(name, record)
            self.elements[i] = stored
            elements = prod(shape)
            if elements >= 2**63 or (elements > _MAX_EXPANDED and not stored):
                raise self._bad(name, f"has the shape {list(shape)}")
            if elements > _MAX_EXPANDED:
                self.parameters[i] = stored
            self.attributes[i] = {"layout": record.layout}
        else:
            stride = self._sizes(name, record.stride)
            dtype, nbytes, offset, start, key = self._stored(name, record, shape, stride)
            elements, span, contiguous = self._extent(shape, stride)
            if span:
                self._ranges.setdefault(key, []).append((start, -(start + nbytes), i))
            if not contiguous:
                self.attributes[i] = {"strides": list(stride)}
                if span < elements:
                    self.elements[i] = span
                    if dtype != "BOOL":
                        self.parameters[i] = span
            if record.layout:
                self.attributes.setdefault(i, {})["layout"] = record.layout
        self.names.append(name)
        self.dtypes.append(dtype)
        self.shapes.append(shape)
        self.nbytes.append(nbytes)
        self.offsets.append(offset)
        return True

    def tied(self) -> dict[int, int]:
        """Return tensor -> the tensor that has its bytes: the first of those that cover them."""
        tied: dict[int, int] = {}
        for ranges in self._ranges.values():
            if len(ranges) < 2:
                continue
            ranges.sort()
            covering = ranges[0]
            for this in ranges[1:]:
                if this[1] >= covering[1]:  # its end (negative) is not beyond the covering one's
                    tied[this[2]] = covering[2]
                else:
                    covering = this
        return tied

    def _parts(self, name: str, record: TensorRecord) -> tuple[str, int, int, int]:
        """Return dtype, bytes, no offset and stored elements of a tensor that is stored as several, or not at all."""
        dtype, nbytes, elements = "?", 0, 0
        self._parts_seen += len(record.parts)
        if self._parts_seen > _MAX_PARTS:
            raise input_error(self._storages.path, f"has tensors of more than {_MAX_PARTS:,} parts", DAMAGED)
        for part in record.parts:
            if part.storage is not None:
                shape, stride = self._sizes(name, part.shape), self._sizes(name, part.stride)
                dtype, size, *_ = self._stored(name, part, shape, stride)
                nbytes += size
                elements += self._extent(shape, stride)[1]
        if record.layout not in _LAYOUTS:
            self.wrappers.add(record.layout)
        return dtype if record.dtype is None else _dtype(record.dtype), nbytes, -1, elements

    def _stored(
        self, name: str, record: TensorRecord, shape: tuple[int, ...], stride: tuple[int, ...]
    ) -> tuple[str, int, int, int, str]:
        """Return dtype, bytes, offset in the file, offset in the storage (bytes), and the storage's key."""
        kind, key, numel, view = self._storage(name, record.storage)
        dtype = _STORAGE_DTYPES.get(kind) or _dtype(record.dtype)
        untyped = kind == "torch.UntypedStorage"
        bits = BITS.get(dtype)
        _, span, _ = self._extent(shape, stride)
        file_offset, available = self._storages.locate(key)
        if bits is None:
            dtype = plain_text(dtype if dtype != "?" else kind, 60)
            self.odd_dtypes.add(dtype)
            if span > 8 * available:  # less than a bit an element has no dtype
                raise self._bad(name, f"has the shape {list(shape)}, but {available:,} bytes")
            return dtype, available, file_offset, 0, key
        item = bits // 8
        capacity = numel if untyped else numel * item
        first = self._integer(name, record.offset, "offset") * item
        if len(shape) != len(stride) or first + span * item > capacity:
            problem = f"tensor {plain_text(name, 120)!r} reaches beyond its storage ({list(shape)} at {record.offset})"
            raise input_error(self._storages.path, problem, DAMAGED)
        start = view * item
        if start + capacity > available:
            problem = f"tensor {plain_text(name, 120)!r} needs {start + capacity:,} bytes, but {available:,} are stored"
            raise input_error(self._storages.path, problem, "the file is cut short or damaged")
        start += first
        return dtype, span * item, -1 if file_offset < 0 else file_offset + start, start, key

    def _storage(self, name: str, pid: Any) -> tuple[str, str, int, int]:
        """Return type, key, elements and view offset of ("storage", type, key, location, numel[, view])."""
        if is_tuple(pid) and len(pid) >= 5 and pid[0] == "storage":
            kind = pid[1] if isinstance(pid[1], str) else str(getattr(pid[1], "qualified", "?"))
            key = pid[2] if isinstance(pid[2], str) else str(self._integer(name, pid[2], "storage key"))
            numel = self._integer(name, pid[4], "storage size")
            view = pid[5] if len(pid) > 5 else None
            if is_tuple(view) and len(view) == 3:
                start, size = self._integer(name, view[1], "view offset"), self._integer(name, view[2], "view size")
                return kind, key, size, start
            return kind, key, numel, 0
        raise self._bad(name, "names no storage")

    def _extent(self, shape: tuple[int, ...], stride: tuple[int, ...]) -> tuple[int, int, bool]:
        """Return elements, stored elements from the first to the last, and whether they are stored in order."""
        known = self._strides.get((shape, stride))
        if known is None:
            elements = prod(shape)
            span = 1 + sum((d - 1) * s for d, s in zip(shape, stride, strict=False)) if elements else 0
            in_order, step = True, 1
            for d, s in zip(reversed(shape), reversed(stride), strict=False):
                in_order &= d == 1 or s == step
                step *= d
            known = elements, span, in_order or not elements
            if len(self._strides) < _MAX_STRIDES:
                self._strides[shape, stride] = known
        elements, span, _ = known
        if elements >= 2**63 or (span < elements and elements > _MAX_EXPANDED):
            raise input_error(self._storages.path, f"a tensor has the shape {list(shape)}", DAMAGED)
        return known

    def _sizes(self, name: str, sizes: Any) -> tuple[int, ...]:
        if not _is_sizes(sizes):
            raise self._bad(name, "has no valid shape and stride")
        return tuple(sizes)

    def _integer(self, name: str, value: Any, what: str) -> int:
        if type(value) is not int or not 0 <= value < 2**63:
            raise self._bad(name, f"has no valid {what}")
        return value

    def _bad(self, name: str, problem: str) -> InputError:
        return input_error(self._storages.path, f"tensor {plain_text(name, 120)!r} {problem}", DAMAGED)


def _dtype(name: Any) -> str:
    return _DTYPES.get(name, plain_text(name.removeprefix("torch."), 60) or "?") if isinstance(name, str) else "?"


def _is_sizes(sizes: Any) -> bool:
    return is_sequence(sizes) and len(sizes) <= _MAX_RANK and all(type(d) is int and 0 <= d < 2**63 for d in sizes)
