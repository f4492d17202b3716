"""Operators of a live module, by ``torch.export``: parts of equal structure are exported once and repeated."""

import operator
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import torch
from torch._ops import OpOverload

from ...graph.roles import RESERVED
from ..checkpoint import short_attributes
from ..dtypes import TORCH_DTYPES
from ..exported.scopes import NOWHERE
from ..untyped import is_sequence
from .forward import as_export
from .module_tree import modules_of
from .tracer import Trace
from .values import convert, tensors_in

__all__ = ["Part", "Step", "exported_parts", "parts_of"]

# A part is exported whole: 5 ms an operator, so a part of 250 modules takes 5 to 10 seconds.
_MOST_MODULES = 250
_MOST_SECONDS = 90.0
_ABANDONED = ("_assert", "sym_constrain")  # checks that export adds


@dataclass(frozen=True, slots=True)
class Step:
    """One operator of a part: as `Operator`, with values named within the part.

    Attributes
    ----------
    name, operator : str
        "linear", "aten.linear.default".
    scope : str
        Path of the module within the part.
    inputs, ports, outputs : sequence of str
    attributes : mapping
        Arguments that are plain values.
    """

    name: str
    operator: str
    scope: str
    inputs: Sequence[str]
    ports: Sequence[str]
    outputs: Sequence[str]
    attributes: Mapping[str, Any]


@dataclass(slots=True)
class Part:
    """The operators of modules that are alike.

    Attributes
    ----------
    paths : list of str
        Where such a module is.
    steps : list of Step
        In order.
    values : dict of str to (shape, dtype)
        What flows.
    weights : dict of str to str
        Value -> name of the tensor within the part.
    inputs, outputs : list of str
        Values that the part is given, and returns.
    """

    paths: list[str]
    steps: list[Step] = field(default_factory=list[Step])
    values: dict[str, tuple[tuple[int, ...], str]] = field(default_factory=dict[str, tuple[tuple[int, ...], str]])
    weights: dict[str, str] = field(default_factory=dict[str, str])
    inputs: list[str] = field(default_factory=list[str])
    outputs: list[str] = field(default_factory=list[str])


def parts_of(module: torch.nn.Module) -> frozenset[str]:
    """Return the paths of the largest modules that are small enough to be exported whole."""
    listed = list(modules_of(module))
    paths: list[str] = []
    skip = 0
    for i, (path, inner) in enumerate(listed):
        if i < skip:
            continue
        end = i + 1
        while end < len(listed) and (not path or listed[end][0].startswith(f"{path}.")):
            end += 1
        if end - i <= _MOST_MODULES and type(inner).forward is not torch.nn.Module.forward:
            paths.append(path)
            skip = end
    return frozenset(paths)


def exported_parts(module: torch.nn.Module, trace: Trace, failed: dict[str, list[str]]) -> list[Part]:
    """Export one of each kind of part.

    Parameters
    ----------
    trace : Trace
        Of a run that kept the arguments of `parts_of` the module.
    failed : dict
        Gets why parts could not be exported -> their paths.
    """
    modules = dict(modules_of(module))
    groups: dict[Any, Part] = {}
    for path, (args, kwargs) in trace.arguments.items():
        groups.setdefault(_kind_of(modules[path], args, kwargs), Part([])).paths.append(path)
    done: list[Part] = []
    late = time.monotonic() + _MOST_SECONDS
    for part in groups.values():
        first = part.paths[0]
        if time.monotonic() > late:
            failed.setdefault(f"exporting takes more than {_MOST_SECONDS:g} seconds", []).extend(part.paths)
            continue
        try:
            program = _exported(modules[first], *trace.arguments[first])
        except Exception as error:  # noqa: BLE001 - the model's own code, or what torch makes of it, may raise anything
            from .flow import reason

            failed.setdefault(reason(error), []).extend(part.paths)
            continue
        _read(program, part)
        done.append(part)
    return done


def _kind_of(module: torch.nn.Module, args: Any, kwargs: Any) -> Any:
    """Return what is equal for modules whose operators are the same: classes, tensors, settings and arguments."""
    tensors = tuple((name, tuple(t.shape), str(t.dtype)) for name, t in module.state_dict(keep_vars=True).items())
    settings = tuple(
        (path, type(inner), tuple((k, v) for k, v in vars(inner).items() if isinstance(v, str) and k[:1] != "_"))
        for path, inner in modules_of(module)
    )
    given = tuple((name, tuple(t.shape), str(t.dtype)) for name, t in tensors_in((args, kwargs)))
    return tensors, settings, given


def _exported(module: torch.nn.Module, args: Any, kwargs: Any) -> torch.export.ExportedProgram:
    with as_export(module) as (copied, make):
        return torch.export.export(copied, convert(args, make), convert(kwargs, make), strict=False)


# ---------------------------------------------------------------- from an exported program
def _read(program: torch.export.ExportedProgram, part: Part) -> None:
    signature: Any = program.graph_signature
    given: set[Any] = set(signature.user_inputs)
    part.weights |= {**signature.inputs_to_parameters, **signature.inputs_to_buffers}
    names: dict[str, str] = {}  # a node that only picks from another's outputs -> the value it stands for
    for node in list(program.graph.nodes):
        if node.op == "placeholder":
            if node.name in given:
                part.inputs.append(node.name)
            _note(part, node.name, node.meta.get("val"))
        elif node.op == "call_function" and node.target is operator.getitem:
            whole = node.args[0]
            names[node.name] = f"{names.get(whole.name, whole.name)}.{node.args[1]}"
        elif node.op == "call_function":
            _add(part, node, names)
        elif node.op == "output":
            returned: list[str] = [used.name for used in _nodes_in(node.args)]
            part.outputs += [names.get(name, name) for name in returned]


def _add(part: Part, node: Any, names: Mapping[str, str]) -> None:
    target = str(node.target) if isinstance(node.target, cast("type[Any]", OpOverload)) else _name_of(node.target)
    words = target.split(".")
    short = words[1] if len(words) > 2 else words[-1]
    if short.startswith(_ABANDONED):
        return
    result = node.meta.get("val")
    outputs = [node.name]
    if isinstance(result, list | tuple):
        items = cast("Sequence[Any]", result)
        outputs = [f"{node.name}.{k}" for k in range(len(items))]
        for name, item in zip(outputs, items, strict=True):
            _note(part, name, item)
    _note(part, node.name, result)
    schema = getattr(node.target, "_schema", None)
    declared = [argument.name for argument in schema.arguments] if schema is not None else []
    inputs: list[str] = []
    ports: list[str] = []
    plain: dict[str, Any] = {}
    named = [(declared[k] if k < len(declared) else f"input{k}", value) for k, value in enumerate(node.args)]
    for name, value in (*named, *node.kwargs.items()):
        used = _nodes_in(value)
        inputs += [names.get(n.name, n.name) for n in used]
        ports += [name] * len(used)
        if not used:
            plain[f"arg.{name}" if name in RESERVED or name == "operator" else name] = value
    part.steps.append(Step(short, target, _scope(node), inputs, ports, outputs, short_attributes(plain)))


def _name_of(target: Any) -> str:
    name = getattr(target, "__name__", None) or str(target)
    return f"{getattr(target, '__module__', '') or 'operator'}.{name}".rpartition("torch.")[2]


def _nodes_in(value: Any) -> list[Any]:
    """Return the nodes in an argument, which may be a list or hold some."""
    found: list[Any] = []
    todo = [value]
    while todo:
        item = todo.pop()
        if isinstance(item, torch.fx.Node):
            found.append(item)
        elif is_sequence(item):
            todo.extend(reversed(item))
    return found


def _scope(node: Any) -> str:
    stack: dict[str, tuple[str, Any]] = node.meta.get("nn_module_stack") or {}
    # torch's passes note a module that there is none of, for the sizes that depend on values.
    path = next((path for path, _ in reversed(stack.values()) if path != NOWHERE), "")
    return ".".join(word.partition("@")[0] for word in path.split(".")) if path else ""


def _note(part: Part, name: str, value: Any) -> None:
    if isinstance(value, torch.Tensor):
        kind = str(value.dtype).removeprefix("torch.")
        sizes: list[Any] = list(value.shape)  # a symbol where the size depends on values
        shape = tuple(d if isinstance(d, int) else -1 for d in sizes)
        part.values[name] = (shape, TORCH_DTYPES.get(kind, kind))
