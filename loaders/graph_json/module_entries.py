"""The modules of a module graph as their file lists them: flat or nested, short or in full."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..files import input_error, plain_text
from ..limits import LoadLimits
from ..untyped import is_dict, is_sequence
from .described_tensor import Described, described

__all__ = ["Module", "module_entries"]

_READ = frozenset(("name", "id", "type", "class", "inputs", "outputs", "parameters", "children"))
_MAX_NAME = 2000
_REMEDY = 'a module is {"name": .., "type": .., "inputs": [..], "outputs": [..]}'
_UNKNOWN: Described = (None, None)


@dataclass(slots=True)
class Module:
    """One entry of "modules".

    Attributes
    ----------
    name, full_name : str
        As written; and with the names of the modules that list it among their children.
    type : str
    inputs, outputs : mapping of str to Described
        Ports in order, with what is said of the tensors at them.
    parameters : int or None
        How many, where the file says a number.
    extra : mapping
        All other fields.
    """

    name: str
    full_name: str
    type: str
    inputs: Mapping[str, Described]
    outputs: Mapping[str, Described]
    parameters: int | None
    extra: Mapping[str, Any]
    children: list[str] = field(default_factory=list[str])

    def flowing(self, port: str | None, *, out: bool) -> Described:
        """Return what is said of the tensor at a port; of the only one when none is named."""
        ports = self.outputs if out else self.inputs
        if port is None and len(ports) == 1:
            return next(iter(ports.values()))
        return ports.get(port or "", _UNKNOWN)


def module_entries(value: Any, path: str, limits: LoadLimits) -> list[Module]:
    """Return the modules of a list, or of a mapping by name; children after their parents.

    Raises
    ------
    InputError
        When an entry is no module, has no name, or is its own child.
    """
    if is_dict(value):
        value = [{**entry, "name": name} if is_dict(entry) else {"name": name} for name, entry in value.items()]
    if not is_sequence(value) or not value:
        raise input_error(path, 'has no list of "modules"', _REMEDY)
    most = min(limits.nodes, limits.names)
    modules: list[Module] = []
    todo: list[tuple[Any, str]] = [(entry, "") for entry in reversed(value)]
    while todo:
        entry, outer = todo.pop()
        module = _module({"name": entry} if isinstance(entry, str) else entry, outer, path)
        modules.append(module)
        if len(modules) > most:
            raise input_error(path, "has too many modules", f"at most {most:,} are shown")
        children = entry.get("children") if is_dict(entry) else None
        if is_sequence(children):
            module.children = [child for child in children if isinstance(child, str)]
            todo.extend((child, module.full_name) for child in reversed(children) if not isinstance(child, str))
    if any(module.children for module in modules):
        _adopt(modules, path)
    return modules


def _module(entry: Any, outer: str, path: str) -> Module:
    if not is_dict(entry):
        raise input_error(path, f"has the module {plain_text(repr(entry), 80)}, which is none", _REMEDY)
    name = entry.get("name", entry.get("id"))
    if type(name) is int:
        name = str(name)
    if not isinstance(name, str) or not name.strip():
        raise input_error(path, f"has a module without a name: {plain_text(repr(entry), 120)}", _REMEDY)
    declared = entry.get("type", entry.get("class"))
    parameters = entry.get("parameters")
    counted = type(parameters) is int and 0 <= parameters < 2**63
    extra = {key: value for key, value in entry.items() if key not in _READ}
    if parameters is not None and not counted:
        extra["parameters"] = parameters
    return Module(
        name,
        _inside(outer, name, path),
        declared if isinstance(declared, str) else "",
        _ports(entry.get("inputs")),
        _ports(entry.get("outputs")),
        parameters if counted else None,
        extra,
    )


def _ports(value: Any) -> dict[str, Described]:
    """Return ports by name: of a list of names or of objects with "name", or of a mapping of names to tensors."""
    ports: dict[str, Described] = {}
    if isinstance(value, str):
        value = [value]
    if is_dict(value):
        return {name: described(tensor) for name, tensor in value.items()}
    for k, port in enumerate(value if is_sequence(value) else ()):
        if is_dict(port):
            name = port.get("name", port.get("id", k))
            ports[str(name)] = described(port)
        elif isinstance(port, str):
            ports[port] = _UNKNOWN
    return ports


def _inside(outer: str, name: str, path: str) -> str:
    full = name if not outer or name.startswith((f"{outer}.", f"{outer}/")) else f"{outer}.{name}"
    if len(full) > _MAX_NAME:
        raise input_error(path, f"has a module name of {len(full):,} characters", f"at most {_MAX_NAME:,} are read")
    return full


def _adopt(modules: list[Module], path: str) -> None:
    """Put modules that others name as their children into them."""
    index = {module.full_name: k for k, module in enumerate(modules)}
    outer: dict[int, int] = {}
    for k, module in enumerate(modules):
        for child in module.children:
            inner = index.get(child, index.get(f"{module.full_name}.{child}"))
            if inner is None:
                problem = f"module {plain_text(module.name, 120)!r} has the child {plain_text(child, 120)!r}"
                raise input_error(path, f"{problem}, which is no module", "children must be among the modules")
            if outer.setdefault(inner, k) != k:
                problem = f"module {plain_text(child, 120)!r} is the child of two others"
                raise input_error(path, problem, "a module stands in one other")
    done: set[int] = set()
    for k in range(len(modules)):
        chain: dict[int, None] = {}  # k, what it stands in, and so on
        here: int | None = k
        while here is not None and here not in done:
            if here in chain:
                problem = f"module {plain_text(modules[here].name, 120)!r} is a child of itself"
                raise input_error(path, problem, "a module stands in another one")
            chain[here] = None
            here = outer.get(here)
        for inner in reversed(chain):
            if inner in outer:
                module = modules[inner]
                module.full_name = _inside(modules[outer[inner]].full_name, module.name, path)
            done.add(inner)
