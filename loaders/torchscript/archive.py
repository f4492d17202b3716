"""TorchScript archives: a pickle of the module tree, one of the code's constants, and the code."""

import os
from pathlib import Path
from typing import Any

from ...graph import GraphBuilder, ModelGraph
from ...graph.roles import recognise
from ..checkpoint import Report, module_attributes
from ..files import input_error, open_regular, plain_text, read_at
from ..huggingface import display_name
from ..limits import LoadLimits
from ..operator_graph import Modules
from ..pytorch.archive import ZipStorages, read_pickle
from ..pytorch.inert_pickle import Inert
from ..pytorch.pickled_tree import find_tensors
from ..pytorch.torch_globals import TensorRecord
from ..pytorch.torch_tensors import Found, tensor_table
from ..tensor_table import TensorTable, add_described, check_names, printable_names
from ..untyped import is_sequence
from ..zip_directory import ZipDirectory
from .code import Code, UnreadableCodeError, readable_class
from .flow import follow
from .recorder import Recorder
from .values import ModuleAt

__all__ = ["load"]

_REMEDY = "a file that torch.jit.save wrote is needed"
_MAX_WARNINGS = 20


def load(path: str, limits: LoadLimits, report: Report) -> ModelGraph:
    """Read a scripted or traced module: its submodules and weights, and the operators of its ``forward``."""
    report(Path(path).name, None)
    warnings: list[str] = []
    fd = open_regular(path)
    try:
        if read_at(fd, 4, 4) == b"PTMF":
            problem = "is a mobile module in flatbuffer form"
            raise input_error(path, problem, "save it with _save_for_lite_interpreter(_use_flatbuffer=False)")
        archive = ZipDirectory(fd, path, os.fstat(fd).st_size, limits.pickle_bytes)
        return _Archive(archive, path, limits, warnings).graph()
    finally:
        os.close(fd)


class _Archive:
    def __init__(self, archive: ZipDirectory, path: str, limits: LoadLimits, warnings: list[str]) -> None:
        pickles = [name for name in archive.records if name.endswith("/data.pkl") and name.count("/") == 1]
        if len(pickles) != 1:
            raise input_error(path, "is a zip archive without the data.pkl of TorchScript", _REMEDY)
        self._archive, self._path, self._limits, self._warnings = archive, path, limits, warnings
        self._root = pickles[0].removesuffix("data.pkl")
        self._code = Code(archive, self._root)
        self._readable: dict[str, dict[str, Any]] = {}

    def graph(self) -> ModelGraph:
        """Return the model's graph."""
        model = read_pickle(self._archive, f"{self._root}data.pkl", self._path, self._warnings)
        if not isinstance(model, Inert):
            raise input_error(self._path, "holds no TorchScript module", _REMEDY)
        builder = GraphBuilder(plain_text(display_name(self._path)), "TorchScript", self._path)
        modules = Modules(builder)
        table, names = self._table(find_tensors(model, self._path, self._limits), "data")
        self._describe(table)
        weights = dict(zip(names, add_described(modules, table), strict=True))
        constants = self._constants(modules, is_frozen=not self._has_parameters(table))
        if self._code.is_there:
            self._add_flow(model, modules, weights, constants)
        else:
            self._warnings.append("data flow not read: the file has no code")
        for warning in self._warnings[:_MAX_WARNINGS]:
            builder.warn(plain_text(warning, 4000))
        return recognise(builder.build())

    def _table(self, found: Found, folder: str) -> tuple[TensorTable, list[str]]:
        """Return tensors as a table, and their names before they were made safe to show."""
        storages = ZipStorages(self._archive, f"{self._root}{folder}/", self._path)
        table = tensor_table(found, storages, Path(self._path).name, self._warnings)
        names = list(table.names)
        shown = printable_names(names, self._warnings)
        table.names = check_names(shown, table.files, [self._path], self._limits)
        return table, names

    def _describe(self, table: TensorTable) -> None:
        """Add what the code says of modules (sizes) and of their tensors (which are buffers)."""
        buffers: dict[str, set[str]] = {}
        described: list[tuple[int, str, dict[str, Any]]] = []
        for at, place, attributes in table.modules:
            qualified = attributes["class"]
            try:
                found = self._code.script_class(qualified)
            except UnreadableCodeError:
                found = None  # said when its flow is asked for
            if found is not None:
                buffers[place] = found.buffers or set()
                attributes = {**module_attributes(qualified, found.constants), **attributes}
            described.append((at, place, {**attributes, "class": readable_class(qualified)}))
        table.modules = described
        counted, noted = dict(table.parameters), dict(table.attributes)
        for i, name in enumerate(table.names):
            place, _, last = name.rpartition(".")
            if last in buffers.get(place, ()):
                counted[i] = 0
                noted[i] = {**noted.get(i, {}), "variable": "buffer"}
        table.parameters, table.attributes = counted, noted

    def _has_parameters(self, table: TensorTable) -> bool:
        return any(table.parameters.get(i, 1) for i in range(len(table.names)))

    def _constants(self, modules: Modules, is_frozen: bool) -> dict[str, int]:
        """Add the constants of the code; return their handles by name. In a frozen model its weights are among them."""
        record = f"{self._root}constants.pkl"
        if record not in self._archive.records:
            return {}
        values: Any = read_pickle(self._archive, record, self._path, self._warnings)
        found = Found()
        if is_sequence(values):
            found.tensors = [
                (f"CONSTANTS.c{k}", value) for k, value in enumerate(values) if isinstance(value, TensorRecord)
            ]
        table, names = self._table(found, "constants")
        if not is_frozen:
            table.parameters = dict.fromkeys(range(len(names)), 0)
        handles = add_described(modules, table)
        return {name.rpartition(".")[2]: handle for name, handle in zip(names, handles, strict=True)}

    def _add_flow(self, model: Inert, modules: Modules, weights: dict[str, int], constants: dict[str, int]) -> None:
        recorder = Recorder(self._limits)
        if follow(ModuleAt((), model), self._code, recorder, self._warnings):
            try:
                recorder.put_into(modules, lambda path: weights.get(".".join(path)), constants.get)
            except UnreadableCodeError as error:
                self._warnings.append(f"data flow of forward not read: {error}")
