"""A live ``torch.nn.Module`` as a graph: its tree, and what flows in it when it runs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ...errors import UsageError
from ...graph import EdgeKind, GraphBuilder, ModelGraph, NodeKind, Provenance
from ...graph.roles import recognise
from ..files import plain_text
from ..operator_graph import Modules, Operator, OperatorGraph, Value
from ..tensor_table import add_described
from .module_tree import ModuleTree, module_tree

if TYPE_CHECKING:
    import torch

    from .flow import Flow
    from .frames import Edge, End
    from .operators import Part

__all__ = ["FLOWS", "from_module"]

FLOWS = ("hooks", "operators", "run", "none")


def from_module(module: "torch.nn.Module", *, inputs: Any = None, flow: str = "hooks") -> ModelGraph:
    """Return a live module's tree, its parameters by shape and dtype, and its data flow.

    Parameters
    ----------
    module : torch.nn.Module
        Neither run nor changed: a copy without weights is.
    inputs : tensor, tuple or dict, optional
        What it is run with; only shapes and dtypes matter, except with ``flow="run"``. By default, small inputs that
        fit its config, signature and first layer.
    flow : {"hooks", "operators", "run", "none"}
        How data flow is found: "hooks" runs it once on the meta device; "operators" also exports it with
        ``torch.export``, layer by layer where it is large; "run" runs it with its weights and the given `inputs`;
        "none" shows its tree only. What fails leaves a warning and the next lesser way: the attribute ``traced_by``
        of the root says which it was.

    Raises
    ------
    UsageError
        When `module` is no ``torch.nn.Module``, or `inputs` or `flow` make no sense.
    """
    if flow not in FLOWS:
        raise UsageError(f"{flow!r} is no way to find data flow; give {', '.join(FLOWS)}")
    if flow == "run" and inputs is None:
        raise UsageError('flow="run" runs the model with its weights: give inputs')
    if flow == "none" and inputs is not None:
        raise UsageError('flow="none" runs nothing: inputs are of no use to it')
    tree = module_tree(module)
    builder = GraphBuilder(tree.name, "torch.nn.Module")
    modules = Modules(builder)
    tensors = add_described(modules, tree.table)
    builder.annotate(0, buffer_elements=tree.buffer_elements)
    for warning in tree.warnings:
        builder.warn(plain_text(warning))
    if flow != "none":
        from .flow import find_flow

        _add_flow(builder, modules, tree, tensors, find_flow(module, inputs, flow))
    return recognise(builder.build(), tree.config)


def _add_flow(builder: GraphBuilder, modules: Modules, tree: ModuleTree, tensors: list[int], flow: "Flow") -> None:
    builder.annotate(0, traced_by=flow.traced_by, traced_with=flow.traced_with)
    builder.annotate(0, not_traced_by=[plain_text(failure, 400) for failure in flow.failures] or None)
    for warning in flow.warnings:
        builder.warn(plain_text(warning, 1000))
    for path, calls in flow.calls.items():
        if calls > 1:
            builder.annotate(modules.handle(_scope(path)), calls=calls)
    if flow.parts:
        handles = dict(zip(tree.table.names, tensors, strict=True))
        _add_operators(modules, handles, flow)
    ends: dict[End, int] = {}
    for edge in flow.edges:
        source, target = (_handle(builder, modules, ends, end, edge) for end in (edge.source, edge.target))
        builder.edge(
            source,
            target,
            EdgeKind.RESIDUAL if edge.residual else EdgeKind.DATA,
            Provenance.TRACED,
            shape=edge.shape,
            dtype=edge.dtype,
            source_port=edge.source_port,
            target_port=edge.target_port,
        )


def _add_operators(modules: Modules, tensors: dict[str, int], flow: "Flow") -> None:
    """Put the operators of each kind of part into every place where it is."""
    operators = OperatorGraph(modules, Provenance.TRACED)
    for part in flow.parts:
        for path in part.paths:
            _add_part(operators, modules, tensors, part, path, flow.outputs)
    operators.connect()


def _add_part(
    operators: OperatorGraph,
    modules: Modules,
    tensors: dict[str, int],
    part: "Part",
    path: str,
    outputs: Sequence[str],
) -> None:
    def named(value: str) -> str:
        return f"{path}/{value}"

    for value, (shape, dtype) in part.values.items():
        operators.values[named(value)] = Value(shape, dtype)
    for value, name in part.weights.items():
        handle = tensors.get(_joined(path, name))
        if handle is not None:
            operators.made_by(named(value), handle)
    for value in part.inputs:
        if path:
            operators.made_by(named(value), modules.handle(_scope(path)))
        else:
            operators.graph_input(named(value), plain_text(value))
    for step in part.steps:
        operators.add(
            Operator(
                step.name,
                step.operator,
                _scope(_joined(path, step.scope)),
                [named(value) for value in step.inputs],
                [named(value) for value in step.outputs],
                step.attributes,
                step.ports,
                [value.rpartition(".")[2] for value in step.outputs],
            )
        )
    for k, value in enumerate(part.outputs):
        if path:
            operators.use(modules.handle(_scope(path)), [named(value)])
        else:
            shown = outputs[k] if len(outputs) == len(part.outputs) else f"output_{k}"
            operators.graph_output(named(value), plain_text(shown))


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path and name else path or name


def _handle(builder: GraphBuilder, modules: Modules, ends: "dict[End, int]", end: "End", edge: "Edge") -> int:
    if end not in ends:
        if end.value:
            direction = "input" if end is edge.source else "output"
            name = modules.unique(0, plain_text(end.value).replace(".", "_"))
            ends[end] = builder.node(0, name, NodeKind.VALUE, Provenance.TRACED, direction=direction)
        else:
            ends[end] = modules.handle(_scope(end.path))
    return ends[end]


def _scope(path: str) -> list[str]:
    return path.split(".") if path else []
