"""A module graph: a list of modules, and connections between their ports.

``{"modules": [{"name", "type", "inputs", "outputs"}], "connections": [{"source": "Router.expert_ids", "target":
"Expert1.inputs"}]}``, as people write it by hand and programs for diagrams do.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ...graph import EdgeKind, GraphBuilder, ModelGraph, NodeKind
from ...graph.roles import RESERVED
from ..checkpoint import short_attributes
from ..files import input_error, plain_text
from ..huggingface import display_name
from ..limits import LoadLimits
from ..untyped import is_dict, is_sequence
from .endpoints import Endpoints
from .module_entries import Module, module_entries
from .names_as_tree import places_of
from .words_of_types import kind_of_type

__all__ = ["load_modules"]

_MAX_PARAMETERS = 2**63


def load_modules(document: Mapping[str, Any], path: str, limits: LoadLimits) -> ModelGraph:
    """Return the graph of a document with "modules" and "connections".

    Raises
    ------
    InputError
        When a module has no name or the name of another, or a connection leads to an unknown one.
    """
    modules = module_entries(document["modules"], path, limits)
    connections: Any = document.get("connections", ())
    if not is_sequence(connections):
        raise input_error(path, 'has "connections" that are no list', '"connections": [{"source", "target"}] is needed')
    if len(connections) > limits.edges:
        raise input_error(path, "has too many connections", f"at most {limits.edges:,} are shown")
    name = document.get("name") or document.get("label")
    shown = name if isinstance(name, str) and name else display_name(path).removesuffix(".json")
    builder = GraphBuilder(plain_text(shown), "module graph", path)
    about = {key: value for key, value in document.items() if key not in ("modules", "connections", "name", "label")}
    builder.annotate(0, **_attributes(about))
    handles, kinds = _add(builder, modules, path, limits)
    _connect(builder, modules, handles, kinds, connections, path)
    return builder.build()


def _add(
    builder: GraphBuilder, modules: Sequence[Module], path: str, limits: LoadLimits
) -> tuple[list[int], list[NodeKind]]:
    """Add the modules and the containers that their names imply; return the modules' handles and kinds."""
    places = places_of([module.full_name for module in modules], path, limits)
    said = [kind_of_type(module.type) for module in modules]
    kinds = [said[place.name][0] if place.name >= 0 else NodeKind.MODULE for place in places]
    inner: list[set[NodeKind]] = [set() for _ in places]
    for k in range(len(places) - 1, -1, -1):
        if kinds[k] == NodeKind.MODULE:
            kinds[k] = _container_of(inner[k])
        if places[k].parent >= 0:
            inner[places[k].parent].add(kinds[k])
    at: list[int] = []
    handles = [0] * len(modules)
    total = 0
    for k, place in enumerate(places):
        text = plain_text(place.text.strip(), 200).replace(".", "_") or "(unnamed)"
        handle = builder.node(0 if place.parent < 0 else at[place.parent], text, kinds[k])
        at.append(handle)
        if place.name < 0:
            continue
        module, direction = modules[place.name], said[place.name][1]
        handles[place.name] = handle
        builder.annotate(handle, **_attributes(module.extra), direction=direction)
        if module.type:
            key = "operator" if kinds[k] == NodeKind.OPERATOR else "class"
            builder.annotate(handle, **{key: plain_text(module.type, 200)})
        if module.name != text:
            builder.annotate(handle, label=plain_text(module.name))
        for key, ports in (("inputs", module.inputs), ("outputs", module.outputs)):
            builder.annotate(handle, **{key: [plain_text(port, 80) for port in ports][:16] or None})
        if module.parameters is not None:
            total += module.parameters
            if inner[k]:  # of a container it may be the sum of what is in it
                builder.annotate(handle, declared_parameters=module.parameters)
            else:
                builder.own_parameters(handle, module.parameters)
    if total >= _MAX_PARAMETERS:
        raise input_error(path, "declares more parameters than any model has", "fewer than 2**63 are shown")
    by_module = {place.name: kinds[k] for k, place in enumerate(places) if place.name >= 0}
    return handles, [by_module[k] for k in range(len(modules))]


def _container_of(inner: set[NodeKind]) -> NodeKind:
    """Return what a container without a telling type is by what stands in it."""
    if inner in ({NodeKind.LAYER}, {NodeKind.EXPERT}):
        return NodeKind.STACK if NodeKind.LAYER in inner else NodeKind.EXPERTS
    has_experts = not inner.isdisjoint((NodeKind.EXPERT, NodeKind.EXPERTS))
    if NodeKind.ATTENTION in inner:
        feeds = has_experts or not inner.isdisjoint((NodeKind.MLP, NodeKind.MOE))
        return NodeKind.LAYER if feeds else NodeKind.MODULE
    return NodeKind.MOE if has_experts and NodeKind.ROUTER in inner else NodeKind.MODULE


def _connect(
    builder: GraphBuilder,
    modules: Sequence[Module],
    handles: Sequence[int],
    kinds: Sequence[NodeKind],
    connections: Sequence[Any],
    path: str,
) -> None:
    """Add the connections; what a router sends to experts is routed."""
    endpoints = Endpoints(modules, path)
    for connection in connections:
        source, source_port, target, target_port = endpoints.of(connection)
        shape, dtype = modules[source].flowing(source_port, out=True)
        if shape is None and dtype is None:
            shape, dtype = modules[target].flowing(target_port, out=False)
        routed = kinds[source] == NodeKind.ROUTER and kinds[target] in (NodeKind.EXPERT, NodeKind.EXPERTS)
        builder.edge(
            handles[source],
            handles[target],
            EdgeKind.ROUTED if routed else EdgeKind.DATA,
            shape=shape,
            dtype=dtype,
            source_port=None if source_port is None else plain_text(source_port, 80),
            target_port=None if target_port is None else plain_text(target_port, 80),
        )
    for warning in endpoints.warnings():
        builder.warn(warning)


def _attributes(values: Mapping[Any, Any]) -> dict[str, Any]:
    """Return plain values as attributes; a name that the viewer takes at its word is kept for numbers only."""
    found = short_attributes({key: value for key, value in values.items() if not is_dict(value)})
    for key, value in values.items():
        if is_dict(value):
            found |= short_attributes(value, "" if key in ("attributes", "parameters") else plain_text(str(key), 80))
    return {
        f"module.{key}" if key in RESERVED and (type(value) is not int or value < 0) else key: value
        for key, value in found.items()
    }
