"""What is read of a serialised exported program, as typed JSON: everything else in it is skipped unparsed.

The names are those of ``torch/_export/serde/schema.py`` (schema 5 of torch 2.2 to 8.20 of torch 2.13). Typed
decoding needs a fifth of the memory of plain dicts, since most of such a file is stack traces.
"""

from typing import Any

import msgspec

from ..checked_json import decode
from ..files import input_error
from ..limits import LoadLimits

__all__ = [
    "SCALAR_TYPES",
    "Argument",
    "Graph",
    "GraphModule",
    "InputSpec",
    "NamedArgument",
    "Node",
    "OutputSpec",
    "Program",
    "SymInt",
    "TensorMeta",
    "program_of",
]

# Numbers of c10::ScalarType as ``schema.ScalarType`` has them -> torch.<name>.
SCALAR_TYPES: dict[int, str] = {
    1: "uint8",
    2: "int8",
    3: "int16",
    4: "int32",
    5: "int64",
    6: "float16",
    7: "float32",
    8: "float64",
    9: "complex32",
    10: "complex64",
    11: "complex128",
    12: "bool",
    13: "bfloat16",
    28: "uint16",
    29: "float8_e4m3fn",
    30: "float8_e5m2",
    31: "float8_e4m3fnuz",
    32: "float8_e5m2fnuz",
    33: "float8_e8m0fnu",
    34: "uint32",
    35: "uint64",
}


class SymInt(msgspec.Struct):
    """A dimension: a number, or an expression that is left open."""

    as_int: int | None = None


class TensorMeta(msgspec.Struct):
    """Shape and element type of a tensor."""

    dtype: int = 0
    sizes: list[SymInt] = []
    strides: list[SymInt] = []
    storage_offset: SymInt | None = None


class Named(msgspec.Struct):
    """A reference to a value; a list of sizes mixes names with numbers, which are no references."""

    name: str = ""
    as_name: str = ""


class OptionalNamed(msgspec.Struct):
    """A reference to a tensor that may be left out."""

    as_tensor: Named | None = None


class Argument(msgspec.Struct):
    """What an operator is given or makes; one of these is set."""

    as_tensor: Named | None = None
    as_tensors: list[Named] | None = None
    as_nested_tensors: list[list[Named]] | None = None
    as_optional_tensor: OptionalNamed | None = None
    as_optional_tensors: list[OptionalNamed] | None = None
    as_sym_int: Named | None = None
    as_sym_ints: list[Named] | None = None
    as_sym_float: Named | None = None
    as_sym_floats: list[Named] | None = None
    as_sym_bool: Named | None = None
    as_sym_bools: list[Named] | None = None
    as_custom_obj: Named | None = None
    as_graph: "GraphArgument | None" = None
    as_string_to_argument: "dict[str, Argument] | None" = None
    as_int: int | None = None
    as_ints: list[int] | None = None
    as_float: float | str | None = None
    as_floats: list[float | str] | None = None
    as_bool: bool | None = None
    as_string: str | None = None
    as_scalar_type: int | None = None

    def names(self) -> list[str]:
        """Return the values that it refers to."""
        found: list[str] = []
        todo: list[Argument] = [self]
        while todo:
            here = todo.pop()
            many = (here.as_tensors, here.as_sym_ints, here.as_sym_floats, here.as_sym_bools)
            one = (here.as_tensor, here.as_sym_int, here.as_sym_float, here.as_sym_bool, here.as_custom_obj)
            found += [each.name or each.as_name for each in one if each is not None]
            found += [each.name or each.as_name for some in many if some for each in some]
            found += [each.name for some in here.as_nested_tensors or () for each in some]
            optional = [here.as_optional_tensor, *(here.as_optional_tensors or ())]
            found += [each.as_tensor.name for each in optional if each is not None and each.as_tensor is not None]
            todo += (here.as_string_to_argument or {}).values()
        return [name for name in found if name]

    def plain(self) -> Any:
        """Return the number, text or list of those that it is, None when it is none."""
        if self.as_scalar_type is not None:
            return SCALAR_TYPES.get(self.as_scalar_type)
        plain = (self.as_int, self.as_ints, self.as_float, self.as_floats, self.as_bool, self.as_string)
        return next((value for value in plain if value is not None), None)


class NamedArgument(msgspec.Struct):
    """An argument under the name that the operator's schema gives it."""

    arg: Argument
    name: str = ""


class Node(msgspec.Struct):
    """One call of an operator."""

    target: str
    inputs: list[NamedArgument] = []
    outputs: list[Argument] = []
    metadata: "Metadata | None" = None
    name: str | None = None

    def bodies(self) -> "list[GraphArgument]":
        """Return the graphs that it runs: branches, the body of a loop."""
        return [named.arg.as_graph for named in self.inputs if named.arg.as_graph is not None]


class Metadata(msgspec.Struct):
    """Where a call comes from."""

    nn_module_stack: str = ""


class Graph(msgspec.Struct):
    """Operators in order of execution."""

    nodes: list[Node]
    inputs: list[Argument] = []
    outputs: list[Argument] = []
    tensor_values: dict[str, TensorMeta] = {}


class GraphArgument(msgspec.Struct):
    """A graph that an operator runs: a branch, the body of a loop."""

    graph: Graph
    name: str = ""


class InputSpec(msgspec.Struct):
    """What an input of the graph is; one of these is set."""

    user_input: "_Input | None" = None
    parameter: "_Input | None" = None
    buffer: "_Input | None" = None
    tensor_constant: "_Input | None" = None

    def held(self) -> tuple[str, str] | None:
        """Return name of value and qualified name of the weight that an input is, None when it is none."""
        spec = self.parameter or self.buffer or self.tensor_constant
        if spec is None:
            return None
        return spec.arg.name, spec.parameter_name or spec.buffer_name or spec.tensor_constant_name


class _Input(msgspec.Struct):
    arg: "_Arg"
    parameter_name: str = ""
    buffer_name: str = ""
    tensor_constant_name: str = ""


class _Arg(Argument):
    """A reference by name (weights), or an argument (what the user gives)."""

    name: str = ""


class OutputSpec(msgspec.Struct):
    """What an output of the graph is; one of these is set."""

    user_output: "_Output | None" = None
    loss_output: "_Output | None" = None
    buffer_mutation: "_Output | None" = None
    parameter_mutation: "_Output | None" = None


class _Output(msgspec.Struct):
    arg: _Arg
    buffer_name: str = ""
    parameter_name: str = ""


class Signature(msgspec.Struct):
    """What the inputs and outputs of the graph are."""

    input_specs: list[InputSpec] = []
    output_specs: list[OutputSpec] = []


class CallEntry(msgspec.Struct):
    """A module of the model that was exported."""

    fqn: str = ""


class GraphModule(msgspec.Struct):
    """The graph with its signature and the modules of the model that it was made of."""

    graph: Graph
    signature: Signature = msgspec.field(default_factory=Signature)
    module_call_graph: list[CallEntry] = []


class SchemaVersion(msgspec.Struct):
    """Version of the serialisation."""

    major: int = 0
    minor: int = 0


class Program(msgspec.Struct):
    """A serialised exported program."""

    graph_module: GraphModule
    schema_version: SchemaVersion = msgspec.field(default_factory=SchemaVersion)
    torch_version: str = ""


def program_of(raw: bytes, record: str, path: str, limits: LoadLimits) -> Program:
    """Return the program that a record of an archive holds.

    Raises
    ------
    InputError
        When it is none.
    """
    try:
        return msgspec.json.decode(raw, type=Program)
    except RecursionError as error:
        problem = f"its record {record!r} is nested too deeply"
        raise input_error(path, problem, f"at most {limits.json_depth} levels are read") from error
    except msgspec.ValidationError as error:
        raise input_error(path, f"its record {record!r} is no exported program ({error})", _REMEDY) from error
    except (msgspec.DecodeError, UnicodeDecodeError):
        # Before 2.6 an infinity is written as Python's json does, which is no JSON.
        plain = decode(raw, path, limits, f"its record {record!r}")
    try:
        return msgspec.convert(plain, Program)
    except msgspec.ValidationError as error:
        raise input_error(path, f"its record {record!r} is no exported program ({error})", _REMEDY) from error


_REMEDY = "a file that torch.export.save wrote is needed"
