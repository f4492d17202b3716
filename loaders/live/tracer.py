"""Follows tensors through one forward pass: hooks see modules begin and end, a dispatch mode sees every operator."""

import inspect
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from ..dtypes import TORCH_DTYPES
from .frames import Edge, Frame, Port
from .module_tree import modules_of
from .places import Place, Storages
from .values import convert, tensors_in

__all__ = ["Trace", "Tracer", "port_of"]

_SUMS = (torch.ops.aten.add.Tensor, torch.ops.aten.add_.Tensor)


class Trace:
    """What one forward pass has told.

    Attributes
    ----------
    edges : dict
        Edges between modules, in order of their first use.
    calls : dict of str to int
        How often each module ran, by path.
    inputs, outputs : list of Port
        Of the whole model.
    arguments : dict of str to tuple
        Arguments of the first call of the modules whose arguments were asked for: args, kwargs.
    """

    def __init__(self) -> None:
        self.edges: dict[Edge, None] = {}
        self.calls: dict[str, int] = {}
        self.inputs: list[Port] = []
        self.outputs: list[Port] = []
        self.arguments: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {}


class Tracer(TorchDispatchMode):
    """Runs a copy of a module (see `copies`) and notes what flows where.

    Parameters
    ----------
    module : torch.nn.Module
        Gets hooks, and is of no other use afterwards.
    keep : collection of str
        Paths of modules whose arguments are wanted.
    """

    def __init__(self, module: torch.nn.Module, keep: frozenset[str] = frozenset()) -> None:
        super().__init__()  # pyright: ignore[reportUnknownMemberType]
        self.trace = Trace()
        self._keep = keep
        self._module = module
        self._paths: dict[int, list[str]] = {}
        self._frames: list[tuple[Frame, int]] = []
        self._names: dict[type, list[str]] = {}  # of what forward takes
        self._storages = Storages()
        self._looks_away = False
        for path, inner in modules_of(module):
            self._paths.setdefault(id(inner), []).append(path)
            self.trace.calls[path] = 0

    def run(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Trace:
        """Run the module once and return what was seen; errors of the module's own code pass through."""
        handles: list[Any] = []
        for inner in self._module.modules():
            handles.append(inner.register_forward_pre_hook(self._begin, with_kwargs=True))
            handles.append(inner.register_forward_hook(self._end, with_kwargs=True))
        try:
            with self:
                self._module(*args, **kwargs)
        finally:
            for handle in handles:
                handle.remove()
        return self.trace

    # ---------------------------------------------------------------- modules
    def _begin(self, module: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        path = self._path_of(module)
        frame = Frame(path, is_root=not self._frames)
        self.trace.calls[path] += 1
        if path in self._keep and path not in self.trace.arguments:
            # A module may change lists and dicts that it is given.
            self.trace.arguments[path] = (convert(args, _same), convert(kwargs, _same))
        outer = self._frames[-1][0] if self._frames else None
        for name, tensor in _arguments(self._names_of(module), args, kwargs):
            place = self._storages.place(tensor)
            if outer is None:
                self.trace.inputs.append(port_of(tensor, name))
            else:
                value = self._find(place)
                if value is not None:
                    outer.use(value, port_of(tensor, name), frame)
            frame.take(place, name)
        self._frames.append((frame, id(module)))

    def _end(self, module: torch.nn.Module, _args: Any, _kwargs: Any, output: Any) -> Any:
        while self._frames[-1][1] != id(module):
            self._frames.pop()  # ended by an exception that somebody caught
        frame = self._frames[-1][0]
        outer = self._frames[-2][0] if len(self._frames) > 1 else None
        found = list(tensors_in(output))
        for name, tensor in found:
            value = self._find(self._storages.place(tensor))
            port = port_of(tensor, name or ("output" if outer is None else ""))
            if outer is None:
                self.trace.outputs.append(port)
            if value is not None:
                frame.returned.append((value, port))
        for edge in frame.settle():
            self.trace.edges.setdefault(edge)
        self._frames.pop()
        if outer is None:
            return None
        passed = None
        if isinstance(output, torch.Tensor) and frame.has_input(self._storages.place(output)):
            # Returned as it came: whoever uses it from now on has it from this module, who kept it has not.
            with self._unseen():
                passed = output = output.clone()
            found = [("", output)]
        for name, tensor in found:
            outer.made(self._storages.place(tensor), frame, name)
        frame.leave_to(outer)
        return passed

    def _names_of(self, module: torch.nn.Module) -> list[str]:
        if "forward" in module.__dict__:  # patched
            return _names_in(module.forward)
        kind = type(module)
        if kind not in self._names:
            self._names[kind] = _names_in(kind.forward)[1:]
        return self._names[kind]

    def _path_of(self, module: torch.nn.Module) -> str:
        """Return the path of a module; of several names of a shared one, that under the module which calls it."""
        paths = self._paths[id(module)]
        if len(paths) > 1 and self._frames:
            here = self._frames[-1][0].path
            return next((path for path in paths if path.startswith(f"{here}.")), paths[0])
        return paths[0]

    # ---------------------------------------------------------------- operators
    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        if self._frames and not self._looks_away:
            self._follow(func, args, kwargs, result)
        return result

    def _follow(self, func: Any, args: Any, kwargs: dict[str, Any], result: Any) -> None:
        frame = self._frames[-1][0]
        given = [tensor for _, tensor in tensors_in((args, list(kwargs.values())))]
        places = [self._storages.place(tensor) for tensor in given]
        values = [self._find(place) for place in places]
        operands = [value for value in values if value is not None]
        if not operands:
            return
        written = self._written(func, args, kwargs)
        made: list[Place] = []
        for _, tensor in tensors_in(result):
            place = self._storages.place(tensor)
            seen = next((v for p, v in zip(places, values, strict=True) if p.storage == place.storage), None)
            if seen is None:
                made.append(place)
            elif place.storage not in written:
                frame.known.see(place, seen)  # a view
        if made or written:
            is_sum = func in _SUMS and len(operands) == 2 and operands[0] != operands[1]
            is_sum = is_sum and given[0].shape == given[1].shape
            frame.computed(made, written, operands, port_of(given[0], "") if is_sum else None)

    def _written(self, func: Any, args: Any, kwargs: dict[str, Any]) -> list[int]:
        """Return the storages that an operator writes into."""
        schema = func._schema
        if not schema.is_mutable:
            return []
        written: list[int] = []
        for k, argument in enumerate(schema.arguments):
            if argument.alias_info is not None and argument.alias_info.is_write:
                value = args[k] if k < len(args) else kwargs.get(argument.name)
                written += [self._storages.place(tensor).storage for _, tensor in tensors_in(value)]
        return written

    @contextmanager
    def _unseen(self) -> Generator[None]:
        self._looks_away = True
        try:
            yield
        finally:
            self._looks_away = False

    def _find(self, place: Place) -> int | None:
        """Return the running call's value at a place, None for what no input and no module had a part in."""
        here = self._frames[-1][0]
        found = here.known.get(place)
        if found is not None:
            return found
        for frame, _ in reversed(self._frames[:-1]):
            value = frame.known.get(place)
            if value is not None:
                return here.find_outside(place, frame.ends_of(value))
        return None


def _same(tensor: torch.Tensor) -> torch.Tensor:
    return tensor


def port_of(tensor: torch.Tensor, name: str) -> Port:
    """Describe a tensor that goes by a name."""
    kind = str(tensor.dtype).removeprefix("torch.")
    return Port(name, tuple(int(d) for d in tensor.shape), TORCH_DTYPES.get(kind, kind))


def _names_in(forward: Any) -> list[str]:
    """Return the names of a function's positional parameters."""
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [p.name for p in inspect.signature(forward).parameters.values() if p.kind in positional]


def _arguments(
    names: list[str], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield the tensors that a module is called with, by the names that its forward gives them."""
    for k, value in enumerate(args):
        yield from tensors_in(value, names[k] if k < len(names) else str(k))
    for name, value in kwargs.items():
        yield from tensors_in(value, name)
