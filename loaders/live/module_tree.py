"""The modules and tensors of a live ``torch.nn.Module``, which brings torch with it: nothing here imports that."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...errors import UsageError
from ..checkpoint import module_attributes
from ..dtypes import TORCH_DTYPES
from ..files import plain_text
from ..huggingface import display_name
from ..limits import LoadLimits
from ..tensor_table import TensorTable
from ..untyped import is_dict

if TYPE_CHECKING:
    import torch

__all__ = ["ModuleTree", "module_tree", "modules_of"]


@dataclass(frozen=True, slots=True)
class ModuleTree:
    """A module's tensors by name, its modules, and what is said of the whole.

    Attributes
    ----------
    table : TensorTable
        Parameters count as what ``named_parameters()`` yields: each once, buffers not at all.
    buffer_elements : int
        What a file of the same model would store beside parameters.
    config : mapping or None
        Of a Hugging Face model.
    name : str
        What people call it.
    warnings : list of str
    """

    table: TensorTable
    buffer_elements: int
    config: dict[str, Any] | None
    name: str
    warnings: list[str]


def module_tree(module: "torch.nn.Module") -> ModuleTree:
    """Describe a live module with its parameters and buffers, by shape and dtype.

    Raises
    ------
    UsageError
        When `module` is no ``torch.nn.Module``.
    """
    if isinstance(module, type) or not all(hasattr(module, name) for name in ("named_buffers", "_modules")):
        kind = module.__name__ if isinstance(module, type) else type(module).__name__
        raise UsageError(f"{kind} is no model; give a path, a ModelGraph or a torch.nn.Module")
    config: Any = getattr(module, "config", None)
    if hasattr(config, "to_dict"):
        config = config.to_dict()
    if not is_dict(config):
        config = None
    table = _Table()
    for path, inner in modules_of(module):
        table.describe(path, inner)
    name = plain_text(display_name(type(module).__name__, config))
    return ModuleTree(table.table, table.buffer_elements, config, name, table.warnings)


def modules_of(module: "torch.nn.Module") -> Iterator[tuple[str, "torch.nn.Module"]]:
    """Yield every module with its path, in order; a shared one under each of its names.

    Raises
    ------
    UsageError
        When shared modules in each other make more paths than are shown: 30 pairs make 2^30.
    """
    most = LoadLimits().nodes
    todo: list[tuple[str, Any, frozenset[int]]] = [("", module, frozenset())]
    while todo:
        path, here, above = todo.pop()
        if not most:
            raise UsageError(f"the model has more than {LoadLimits().nodes:,} modules by path; give a part of it")
        most -= 1
        yield path, here
        above |= {id(here)}
        for name, child in reversed(list(here._modules.items())):  # named_children() leaves shared ones out
            if child is not None and id(child) not in above:
                todo.append((f"{path}.{name}" if path else name, child, above))


class _Table:
    """A table under construction."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.dtypes: list[str] = []
        self.shapes: list[tuple[int, ...]] = []
        self.nbytes: list[int] = []
        self.tied: dict[int, int] = {}
        self.parameters: dict[int, int] = {}
        self.modules: list[tuple[int, str, dict[str, Any]]] = []
        self.warnings: list[str] = []
        self.buffer_elements = 0
        self._first: dict[int, int] = {}

    @property
    def table(self) -> TensorTable:
        """What was collected."""
        count = len(self.names)
        return TensorTable(
            names=self.names,
            dtypes=self.dtypes,
            shapes=self.shapes,
            nbytes=self.nbytes,
            files=[0] * count,
            offsets=[-1] * count,
            file_names=[],
            tied=self.tied,
            parameters=self.parameters,
            modules=self.modules,
        )

    def describe(self, path: str, module: Any) -> None:
        """Add a module and the tensors of its own."""
        kind: type = module.__class__
        described = module_attributes(f"{kind.__module__}.{kind.__qualname__}", dict(module.__dict__))
        self.modules.append((len(self.names), path, described))
        for name, tensor in module.named_parameters(recurse=False, remove_duplicate=False):
            self._add(f"{path}.{name}" if path else name, tensor, is_parameter=True)
        for name, tensor in module.named_buffers(recurse=False, remove_duplicate=False):
            self._add(f"{path}.{name}" if path else name, tensor, is_parameter=False)

    def _add(self, name: str, tensor: Any, is_parameter: bool) -> None:
        if "Uninitialized" in type(tensor).__name__:
            self.warnings.append(f"{plain_text(name)} has no shape before the first run, so it is not shown")
            return
        i = len(self.names)
        elements = int(tensor.numel())
        first = self._first.setdefault(id(tensor), i)
        self.parameters[i] = elements if is_parameter else 0
        if first != i:
            self.tied[i] = first
        elif not is_parameter:
            self.buffer_elements += elements
        self.names.append(name)
        kind = str(tensor.dtype).removeprefix("torch.")
        self.dtypes.append(TORCH_DTYPES.get(kind, kind))
        self.shapes.append(tuple(int(d) for d in tensor.shape))
        self.nbytes.append(elements * int(tensor.element_size()))
