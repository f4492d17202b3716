"""In which module an operator ran, from what its file says of it: torch.onnx's notes, or names that are paths."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from ..files import plain_text
from .messages import Node

__all__ = ["Place", "noted_place", "parts_of"]

_SCOPES, _CLASSES = "pkg.torch.onnx.name_scopes", "pkg.torch.onnx.class_hierarchy"
_LISTED = re.compile(r"""\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\s*(?:,|$)""")
_ESCAPED = re.compile(r"\\(.)")
_CALL = re.compile(r"@\d+$")  # the second call of a shared module
_NUMBERED = re.compile(r"(?:node_)?(.+?)_\d+")


@dataclass(frozen=True, slots=True)
class Place:
    """Where an operator stands.

    Attributes
    ----------
    scope : tuple of str
        Modules from the outermost.
    name : str
        Of the operator in the innermost one.
    classes : tuple of (tuple of str, str)
        Classes of modules on the way that are known, by their path.
    """

    scope: tuple[str, ...]
    name: str
    classes: tuple[tuple[tuple[str, ...], str], ...] = ()


def noted_place(node: Node) -> Place | None:
    """Return where a node says that it stands, None when it does not say."""
    return _by_torch(node) or _by_name(node)


def parts_of(name: str) -> tuple[str, ...]:
    """Return the parts of a name that is a path: "/model/layers.0/MatMul", "layers.0.weight"."""
    if "/" not in name:
        return _dotted(name)
    *modules, last = [part for part in name.split("/") if part] or [name]
    return (*(inner for module in modules for inner in _dotted(module)), *(_dotted(last) if modules else (last,)))


def _dotted(text: str) -> tuple[str, ...]:
    parts = tuple(plain_text(part, 200) for part in text.split(".") if part)
    return parts or (plain_text(text, 200) or "(unnamed)",)


@lru_cache(maxsize=4096)
def _modules(path: str) -> tuple[str, ...]:
    """Return "/model/layers.0" as its modules; a module has many operators, one after the other."""
    return tuple(inner for module in path.split("/") if module for inner in _dotted(module))


def _by_torch(node: Node) -> Place | None:
    """Read "['', 'layers.0', 'layers.0.attn', 'linear_3']": paths of the modules, then the name of the operator."""
    scopes, classes = node.notes.get(_SCOPES), node.notes.get(_CLASSES, "")
    if not scopes:
        return None
    noted = _noted(scopes.rpartition(",")[0] or "[", classes.rpartition(",")[0])
    if noted is None:
        return None
    return Place(noted[0], plain_text(_unnumbered(node.name) or node.operator, 200), noted[1])


@lru_cache(maxsize=4096)
def _noted(scopes: str, classes: str) -> tuple[tuple[str, ...], tuple[tuple[tuple[str, ...], str], ...]] | None:
    """Return the innermost module and the classes of all; the last entry, the operator's own, is cut off."""
    found, named = _listed(f"{scopes}]"), _listed(f"{classes}]")
    if not found:
        return ((), ()) if scopes == "[" else None
    paths = [_dotted(_CALL.sub("", path)) if path else () for path in found]
    known = dict(zip(paths, named, strict=False)) if len(named) == len(found) else {}
    return max(paths, key=len), tuple(known.items())


def _by_name(node: Node) -> Place | None:
    """Read "/model/layers.0/mlp/MatMul"; a node without a name is known by what it makes."""
    name = node.name or next((output for output in node.outputs if output), "")
    if "/" not in name.strip("/") and name[:1] != "/":
        return None
    modules, _, last = name.rstrip("/").rpartition("/")
    scope = _modules(modules)
    last = last or node.operator
    return Place(scope, plain_text(last.replace(".", "_") if node.name else node.operator, 200))


def _listed(text: str) -> Sequence[str]:
    """Return the strings of a Python list of strings; nothing where it is anything else. Nothing is evaluated."""
    text = text.strip()
    if text[:1] != "[" or text[-1:] != "]":
        return ()
    inner, at, found = text[1:-1].rstrip(), 0, list[str]()
    while at < len(inner):
        match = _LISTED.match(inner, at)
        if match is None:
            return ()
        found.append(_ESCAPED.sub(r"\1", match[1] if match[1] is not None else match[2]))
        at = match.end()
    return found


def _unnumbered(name: str) -> str:
    """Return the name of an operator without the number that the exporter counts all operators with.

    The tenth layer's "node_linear_63" is the first layer's "node_linear_7": the same place in equal layers.
    """
    match = _NUMBERED.fullmatch(name)
    return match[1] if match else name.removeprefix("node_")
