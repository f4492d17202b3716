"""Where initialisers stand in the tree, what they are called there, and how many parameters they count."""

import re
from dataclasses import dataclass, field
from math import prod

from ...graph import EdgeKind, GraphBuilder
from ..files import plain_text
from ..operator_graph import Modules
from .data_types import NOT_TRAINED, dtype_name
from .messages import Node
from .parts import Tensor
from .scopes import parts_of
from .stored import Stored

__all__ = ["Weight", "Weights", "common"]

# Inputs that operators learn: what a weight without a name of its own is called.
_WEIGHT, _WEIGHT_BIAS = {1: "weight"}, {1: "weight", 2: "bias"}
_NORM = {**_WEIGHT_BIAS, 3: "running_mean", 4: "running_var"}
_CELL = {1: "weight_ih", 2: "weight_hh", 3: "bias"}
_QUANTIZED = {3: "weight", 8: "bias"}
_PORTS: dict[str, dict[int, str]] = {
    **dict.fromkeys(("Conv", "ConvTranspose", "FusedConv", "Gemm", "FusedGemm"), _WEIGHT_BIAS),
    **dict.fromkeys(("MatMul", "FusedMatMul", "MatMulInteger", "MatMulNBits", "ConvInteger", "PRelu"), _WEIGHT),
    **dict.fromkeys(("RMSNormalization", "SimplifiedLayerNormalization"), _WEIGHT),
    **{f"{name}Normalization": _NORM for name in ("Layer", "Batch", "Instance", "Group")},
    **dict.fromkeys(("QLinearConv", "QLinearMatMul"), _QUANTIZED),
    **dict.fromkeys(("LSTM", "GRU", "RNN"), _CELL),
}
# Inputs that say how others are quantised, or what was averaged in training: no parameters.
_NO_PARAMETERS: dict[str, frozenset[int]] = {
    **dict.fromkeys(("QuantizeLinear", "DequantizeLinear"), frozenset((1, 2))),
    **dict.fromkeys(("QLinearConv", "QLinearMatMul"), frozenset((1, 2, 4, 5, 6, 7))),
    **dict.fromkeys(("MatMulInteger", "ConvInteger", "MatMulNBits"), frozenset((2, 3))),
    "GatherBlockQuantized": frozenset((2, 3)),
    "BatchNormalization": frozenset((3, 4)),
}
_QUANTIZED_BY = ("quantized", "zero_point")
_TRANSPOSED = frozenset(("MatMul", "FusedMatMul", "MatMulInteger"))  # [in, out], where modules keep [out, in]
# Names of tensors in a module that holds nothing else; "3x3_w_0" is one of many in its module.
_BARE = re.compile(r"(weight|bias|kernel|gamma|beta|scale|embeddings?)(_\w+)?|[wb]", re.IGNORECASE)
_CONSTANTS = "constants"  # where those stand that many modules use, and none names: shapes, masks
# Names that exporters number: "val_17", "onnx::MatMul_367", "12". They say nothing of a place.
_NAMELESS = re.compile(r"_?val_\d+|onnx::\w+|\d+|const_fold_opt__\d+|\w+_const_\d+")


@dataclass(slots=True)
class Weight:
    """An initialiser and who uses it.

    Attributes
    ----------
    base : tuple of str
        The container of the graph that it belongs to.
    within : tuple of str
        The modules that this container stands in.
    scope : tuple of str or None
        What the places of all its users have in common; None while nobody uses it.
    port : tuple of (str, int) or None
        Type of the operator that uses it first, and as which input.
    is_shared : bool
        Whether they stand in different modules.
    counts : bool
        Whether one of its users takes it for something that is learned.
    """

    tensor: Tensor
    stored: Stored
    base: tuple[str, ...] = ()
    within: tuple[str, ...] = ()
    scope: tuple[str, ...] | None = None
    port: tuple[str, int] | None = None
    uses: int = 0
    is_shared: bool = False
    counts: bool = False
    packed: int | None = None
    attributes: dict[str, str] = field(default_factory=dict[str, str])

    def used(self, node: Node, port: int, scope: tuple[str, ...]) -> None:
        """Note a use."""
        self.uses += 1
        self.is_shared |= self.scope not in (None, scope)
        self.scope = scope if self.scope is None else common(self.scope, scope)
        self.port = self.port or (node.operator, port)
        self.counts |= port not in _NO_PARAMETERS.get(node.operator, ())
        if node.operator == "MatMulNBits" and port == 1:  # two 4-bit values a byte: it says how many there are
            sizes = {a.name: a.value for a in node.attributes if isinstance(a.value, int)}
            logical = sizes.get("K", 0) * sizes.get("N", 0)
            self.packed = logical if 0 < logical <= 8 * self.stored.nbytes else None


class Weights:
    """The initialisers of a model by the key of their value."""

    def __init__(self) -> None:
        self.by_key: dict[str, Weight] = {}
        self._made: dict[str, tuple[str, ...]] = {}
        self._first: dict[tuple[str | None, int], int] = {}
        self._learners: dict[tuple[str, ...], int] = {}
        self._named: set[tuple[str, ...]] | None = None

    def name_a_module(self, path: tuple[str, ...]) -> bool:
        """Return whether the weights of the main graph, which are known before its operators, lie in such a module."""
        if self._named is None:
            paths = [parts_of(weight.tensor.name)[:-1] for weight in self.by_key.values()]
            self._named = {path[:k] for path in set(paths) for k in range(1, len(path) + 1)}
        return path in self._named

    def note_use(self, key: str, node: Node, port: int, scope: tuple[str, ...]) -> None:
        """Note that a node in the modules `scope` uses a value, in case it is an initialiser."""
        weight = self.by_key.get(key)
        if weight is not None:
            weight.used(node, port, scope)
            if port == 1 and node.operator in _PORTS:
                self._learners[scope] = self._learners.get(scope, 0) + 1

    def module_of_user(self, node: Node, keys: list[str]) -> tuple[str, ...]:
        """Return the modules that the names of a node's weights tell, () when they tell none.

        What an operator learns is surer than what else it reads (the scales of its input, a call's many weights).
        """
        here = [(port, scope) for port, key in enumerate(keys) if (scope := self._module_of(key)) is not None]
        if not here:
            return ()
        if node.operator == "Identity" and node.outputs:  # a second name for a weight
            return parts_of(node.outputs[0])[:-1]
        learned = _PORTS.get(node.operator, {})
        scopes = [scope for port, scope in here if port in learned] or [scope for _, scope in here]
        shared = scopes[0]
        for scope in scopes[1:]:
            shared = common(shared, scope)
        return shared

    def in_own_module(self, node: Node, keys: list[str]) -> bool:
        """Return whether an operator learns something, in a module that is there for this alone."""
        learned = _PORTS.get(node.operator, {})
        names = [
            self.by_key[key].tensor.name for port, key in enumerate(keys) if port in learned and key in self.by_key
        ]
        return any(_BARE.fullmatch(parts_of(name)[-1]) or _NAMELESS.fullmatch(name) for name in names)

    def note_made(self, keys: list[str], outputs: list[str], scope: tuple[str, ...]) -> None:
        """Note what is made of weights alone (dequantised, transposed, filled): it stands for them where it is used."""
        if scope and all(not key or self._module_of(key) is not None for key in keys):
            self._made.update((key, scope) for key in outputs)

    def _module_of(self, key: str) -> tuple[str, ...] | None:
        """Return the modules that a weight, or what is made of weights, is in; None for any other value."""
        weight = self.by_key.get(key)
        return parts_of(weight.tensor.name)[:-1] if weight is not None else self._made.get(key)

    def place(self, weight: Weight) -> tuple[tuple[str, ...], str]:
        """Return the modules that a weight stands in, and its name there."""
        *modules, last = parts_of(weight.tensor.name)
        scope = weight.scope[len(weight.within) :] if weight.scope is not None else ()
        if not modules:
            if weight.is_shared:
                return (_CONSTANTS,), last
            return scope, self._learned_name(weight) or last
        inside = tuple(modules)
        if weight.uses == 1 and weight.port and inside[:-1] == scope and inside[-1].startswith(weight.port[0]):
            return scope, last  # ".../q_proj/MatMul.weight" beside the operator ".../q_proj/MatMul"
        return inside, last

    def add(self, key: str, builder: GraphBuilder, modules: Modules) -> int:
        """Add a weight to the graph and return its handle."""
        weight = self.by_key[key]
        scope, name = self.place(weight)
        parent = modules.handle((*weight.base, *scope))
        tensor, stored = weight.tensor, weight.stored
        shown = modules.unique(parent, name)
        first = self._first.get((stored.file, stored.offset)) if stored.offset >= 0 and stored.nbytes else None
        handle = builder.tensor(
            parent,
            shown,
            stored.shape,
            dtype_name(tensor.data_type),
            nbytes=stored.nbytes if first is None else 0,
            file=stored.file,
            offset=stored.offset,
            elements=stored.elements if first is None else 0,
            parameters=self._parameters(key, weight) if first is None else 0,
        )
        if first is not None:  # the same bytes under a second name count once
            builder.edge(first, handle, EdgeKind.TIED)
        else:
            self._first[stored.file, stored.offset] = handle
        if ".".join((*scope, shown)) != tensor.name:
            builder.annotate(handle, initializer=plain_text(tensor.name))
        is_transposed = weight.port is not None and weight.port[0] in _TRANSPOSED and len(stored.shape) == 2
        builder.annotate(handle, transposed=is_transposed or None, **weight.attributes)
        return handle

    def _learned_name(self, weight: Weight) -> str | None:
        """Return "weight" for the nameless matrix of the only operator of its module that has one."""
        if weight.uses != 1 or weight.port is None or not weight.scope or not _NAMELESS.fullmatch(weight.tensor.name):
            return None
        operator, port = weight.port
        return _PORTS.get(operator, {}).get(port) if self._learners.get(weight.scope) == 1 else None

    def _parameters(self, key: str, weight: Weight) -> int | None:
        """Return the logical parameters, None where the counting table knows."""
        name, dtype = weight.tensor.name, dtype_name(weight.tensor.data_type)
        if dtype in NOT_TRAINED or (weight.uses and not weight.counts) or self._says_how(key):
            return 0
        if _NAMELESS.fullmatch(name) and prod(weight.stored.shape) <= 1:
            return 0  # an epsilon or a factor that the exporter folded
        return weight.packed

    def _says_how(self, key: str) -> bool:
        """Return whether this is the scale or zero point of another tensor, as ONNX Runtime's quantiser names it."""
        name, *graph = key.split("\0")
        base, _, end = name.rpartition("_zero_point" if name.endswith("_zero_point") else "_scale")
        return (
            bool(base) and not end and any("\0".join((f"{base}_{of}", *graph)) in self.by_key for of in _QUANTIZED_BY)
        )


def common(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    """Return the beginning that two paths share."""
    k = next((k for k, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return one[:k]
