"""In which module of the model an operator ran, by the ``nn_module_stack`` that torch.export noted."""

import re
from dataclasses import dataclass

from ..files import plain_text

__all__ = ["NOWHERE", "Scope", "module_path", "plain_path", "scope_of"]

# A module that is called again has "norm@1" for a key or a path.
_CALL = re.compile(r"@(\d+)")
# Up to 2.5, where `forward` calls its first argument something else than "self": L['x'].layers[0].mlp
_LOCAL = re.compile(r"\AL\['\w+'\]\.?")
_INDEX = re.compile(r"\[(?:(\d+)|'(\w+)')\]")
# What torch's passes note on operators that they add and that no module ran (sizes of open dimensions).
NOWHERE = "_empty_nn_module_stack_from_metadata_hook"
_LONGEST = 200
_DEEPEST = 100  # modules in each other; the deepest of transformers have about 20


@dataclass(frozen=True, slots=True)
class Scope:
    """A module on the way to an operator.

    Attributes
    ----------
    path : tuple of str
        Names of modules from the outermost; empty for the whole model.
    class_name : str
        Qualified.
    call : int
        1 for the first call of this module, 2 for the second.
    """

    path: tuple[str, ...]
    class_name: str
    call: int


def scope_of(stack: str) -> list[Scope]:
    """Return the innermost modules of a stack ("key,path,class;key,path,class"), outermost first."""
    items = stack.split(";")[-_DEEPEST:]
    return [_scope(*parts) for item in items if (parts := _three(item)) is not None and parts[0] != NOWHERE]


def plain_path(name: str) -> str:
    """Return a path in the form that torch has since 2.6: "layers.0.mlp"."""
    plain = _LOCAL.sub("", name)
    return name if plain is name else _INDEX.sub(lambda found: f".{found[1] or found[2]}", plain)


def module_path(name: str) -> tuple[str, ...]:
    """Return the names of the modules on a path, safe to show."""
    name = _CALL.sub("", plain_path(name))
    return tuple(plain_text(part, _LONGEST) for part in name.split(".") if part)


def _three(item: str) -> tuple[str, str, str] | None:
    """Split at the first two commas: neither keys nor paths have any, a generic class may."""
    parts = item.split(",", 2)
    return (parts[0], parts[1], parts[2]) if len(parts) == 3 else None


def _scope(key: str, path: str, class_name: str) -> Scope:
    again = _CALL.search(path) or _CALL.search(key)
    return Scope(module_path(path), plain_text(class_name, _LONGEST), int(again[1][:9]) + 1 if again else 1)
