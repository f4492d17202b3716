"""What the ends of connections mean: "Router.expert_ids" is the port ``expert_ids`` of the module ``Router``."""

import difflib
from collections.abc import Sequence
from typing import Any

from ..files import input_error, plain_text
from ..untyped import is_dict, is_sequence
from .module_entries import Module

__all__ = ["Endpoints"]

_SOURCE, _TARGET = ("source", "from", "src"), ("target", "to", "dst")
_MAX_PORT_DOTS = 16
_MAX_LENGTH = 4000
_MAX_COMPARED, _MAX_WORD = 1000, 80  # names that a misspelt one is compared with: that takes cubic time at worst
_MAX_LISTED = 5

End = tuple[int, str | None]
"""Position of a module, and the port if one is named."""


class Endpoints:
    """Finds the modules and ports that connections name.

    Parameters
    ----------
    modules : sequence of Module
    path : str
        Of the file, for errors.
    """

    def __init__(self, modules: Sequence[Module], path: str) -> None:
        self._modules, self._path = modules, path
        self._index = {module.full_name: k for k, module in enumerate(modules)}
        # A nested module may be called by the name it has in the file, if no other has it.
        short: dict[str, list[int]] = {}
        for k, module in enumerate(modules):
            short.setdefault(module.name, []).append(k)
        self._index = {name: found[0] for name, found in short.items() if len(found) == 1} | self._index
        self._seen: dict[str, End] = {}
        self._undeclared: dict[str, None] = {}

    def of(self, connection: Any) -> tuple[int, str | None, int, str | None]:
        """Return source module, its port, target module and its port.

        Raises
        ------
        InputError
            When an end names no module.
        """
        if is_sequence(connection) and len(connection) == 2:
            ends = connection
        elif is_dict(connection):
            ends = [next((connection[key] for key in keys if key in connection), None) for keys in (_SOURCE, _TARGET)]
        else:
            ends = (None, None)
        source, target = (self._end(end, connection) for end in ends)
        self._note(source, out=True)
        self._note(target, out=False)
        return *source, *target

    def warnings(self) -> list[str]:
        """Return what is odd about the ports that were named, but no error."""
        listed = list(self._undeclared)
        more = f" and {len(listed) - _MAX_LISTED} more" if len(listed) > _MAX_LISTED else ""
        shown = ", ".join(plain_text(port, 120) for port in listed[:_MAX_LISTED])
        return [f"connections use ports that their modules do not list: {shown}{more}"] if listed else []

    def _end(self, end: Any, connection: Any) -> End:
        port = None
        if is_dict(end):  # {"module": "Router", "port": "expert_ids"}
            port = end.get("port")
            end = next((end[key] for key in ("module", "node", "name", "id") if key in end), None)
        if not isinstance(end, str) or not (port is None or isinstance(port, str)):
            problem = f"has the connection {plain_text(repr(connection), 120)}, which leads nowhere"
            raise input_error(self._path, problem, 'a connection is {"source": "Module.port", "target": "Module.port"}')
        if port is not None:
            if end not in self._index:
                raise self._unknown(end)
            return self._index[end], port
        found = self._seen.get(end)
        if found is None:
            found = self._seen[end] = self._split(end)
        return found

    def _split(self, end: str) -> End:
        """Split at the last dot that names a module: both names and ports may have dots in them."""
        if end in self._index:
            return self._index[end], None
        cut = len(end)
        for _ in range(_MAX_PORT_DOTS if len(end) <= _MAX_LENGTH else 0):
            cut = end.rfind(".", 0, cut)
            if cut < 0:
                break
            if end[:cut] in self._index:
                return self._index[end[:cut]], end[cut + 1 :]
        raise self._unknown(end)

    def _unknown(self, end: str) -> Exception:
        names = [name for name in list(self._index)[:_MAX_COMPARED] if len(name) <= _MAX_WORD]
        wanted = end[:_MAX_WORD]
        close = difflib.get_close_matches(wanted, names, 1, 0.6) or difflib.get_close_matches(
            wanted.rpartition(".")[0], names, 1, 0.6
        )
        remedy = f"did you mean {plain_text(close[0], 120)!r}?" if close else 'its modules are those in "modules"'
        return input_error(self._path, f"has a connection to {plain_text(end, 120)!r}, which is no module", remedy)

    def _note(self, end: End, *, out: bool) -> None:
        module, port = self._modules[end[0]], end[1]
        ports = module.outputs if out else module.inputs
        if port is not None and ports and port not in ports:
            self._undeclared[f"{module.name}.{port}"] = None
