"""The text of a TorchScript archive's classes and functions, parsed and never run.

TorchScript is printed as Python (``torch/csrc/jit/serialization/python_print.cpp``), so Python's own parser reads
it. A file is parsed when something in it is asked for; hostile text costs the worker's memory at worst.
"""

import ast
import re
from dataclasses import dataclass, field
from typing import Any

from ..files import plain_text
from ..zip_directory import ZipDirectory

__all__ = ["Code", "ScriptClass", "UnreadableCodeError", "readable_class"]

# A parsed file takes about a hundred times the memory of its text. DeepSeek-V3 traced would have about 3 MB.
_MAX_BYTES = 6_000_000
_MANGLED = re.compile(r"(?:___torch_mangle_\d+\.)|(?:\A__torch__\.)")


class UnreadableCodeError(Exception):
    """Code that does not say what flows; its text says why."""


@dataclass(slots=True)
class ScriptClass:
    """A class of the archive.

    Attributes
    ----------
    methods : dict of str to FunctionDef
    parameters, buffers : set of str or None
        Names of tensors; None where the class does not list them.
    constants : dict of str to object
        Numbers and short texts that are the same for every module of the class: ``in_features``.
    """

    methods: dict[str, ast.FunctionDef] = field(default_factory=dict[str, ast.FunctionDef])
    parameters: set[str] | None = None
    buffers: set[str] | None = None
    constants: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(slots=True)
class _Source:
    classes: dict[str, ScriptClass] = field(default_factory=dict[str, ScriptClass])
    functions: dict[str, ast.FunctionDef] = field(default_factory=dict[str, ast.FunctionDef])


class Code:
    """Classes and functions by qualified name ("__torch__.torch.nn.modules.linear.Linear").

    Parameters
    ----------
    archive : ZipDirectory
    root : str
        The archive's folder, with its slash.
    """

    def __init__(self, archive: ZipDirectory, root: str) -> None:
        self._archive = archive
        self._root = f"{root}code/"
        self._sources: dict[str, _Source] = {}
        self._unreadable: dict[str, UnreadableCodeError] = {}
        self._left = _MAX_BYTES

    @property
    def is_there(self) -> bool:
        """Whether the archive has any code."""
        return any(name.startswith(self._root) and name.endswith(".py") for name in self._archive.records)

    def script_class(self, qualified: str) -> ScriptClass | None:
        """Return a class, None when there is none of this name.

        Raises
        ------
        UnreadableCodeError
            When its file cannot be parsed.
        """
        module, _, name = qualified.rpartition(".")
        return self._source(module).classes.get(name)

    def function(self, qualified: str) -> ast.FunctionDef | None:
        """Return a function that belongs to no class, None when there is none of this name; raises as the other."""
        module, _, name = qualified.rpartition(".")
        return self._source(module).functions.get(name)

    def _source(self, module: str) -> _Source:
        if module in self._unreadable:
            raise self._unreadable[module]
        found = self._sources.get(module)
        if found is None:
            try:
                found = self._sources[module] = self._parse(module)
            except UnreadableCodeError as error:
                self._unreadable[module] = error
                raise
        return found

    def _parse(self, module: str) -> _Source:
        record = self._archive.records.get(f"{self._root}{module.replace('.', '/')}.py")
        source = _Source()
        if record is not None:
            self._left -= record.size
            if self._left < 0:
                raise UnreadableCodeError(f"the file has more than {_MAX_BYTES:,} bytes of code")
            _fill(source, _parsed(self._archive.read(record), module))
        return source


def readable_class(qualified: str) -> str:
    """Return the name that a class has in Python: "__torch__.a.___torch_mangle_3.B" is "a.B"."""
    return plain_text(_MANGLED.sub("", qualified), 300)


def _parsed(raw: bytes, module: str) -> ast.Module:
    try:
        return ast.parse(raw)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError | MemoryError) else str(error)
        raise UnreadableCodeError(f"the code of {plain_text(module, 100)} cannot be parsed: {reason}") from None


def _fill(source: _Source, tree: ast.Module) -> None:
    for statement in tree.body:
        if isinstance(statement, ast.ClassDef):
            source.classes[statement.name] = _class(statement)
        elif isinstance(statement, ast.FunctionDef):
            source.functions[statement.name] = statement


def _class(definition: ast.ClassDef) -> ScriptClass:
    made = ScriptClass()
    for statement in definition.body:
        match statement:
            case ast.FunctionDef(name=name):
                made.methods[name] = statement
            case ast.Assign(targets=[ast.Name(id="__parameters__")], value=ast.List(elts=items)):
                made.parameters = _texts(items)
            case ast.Assign(targets=[ast.Name(id="__buffers__")], value=ast.List(elts=items)):
                made.buffers = _texts(items)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                _note_constant(made, name, value)
            case _:
                pass
    return made


def _texts(items: list[ast.expr]) -> set[str]:
    return {item.value for item in items if isinstance(item, ast.Constant) and isinstance(item.value, str)}


def _note_constant(made: ScriptClass, name: str, value: ast.expr) -> None:
    items = value.elts if isinstance(value, ast.Tuple | ast.List) else [value]
    plain = [item.value for item in items if isinstance(item, ast.Constant)]
    if len(plain) == len(items):
        made.constants[name] = plain if isinstance(value, ast.Tuple | ast.List) else plain[0]
