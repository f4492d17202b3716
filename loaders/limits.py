"""What a file may ask for before it is refused."""

import os
from dataclasses import dataclass, fields, replace

from ..errors import UsageError

__all__ = ["LIMITS_VARIABLE", "LoadLimits", "default_limits", "parse_limits"]

LIMITS_VARIABLE = "ARCHVIZ3D_LIMITS"


@dataclass(frozen=True, slots=True)
class LoadLimits:
    """Limits on one opening; the defaults leave room for several times the largest public models.

    DeepSeek-V3 has 92,000 tensors, 61,000 modules and 340 different names; Kimi-K2 has half as much again. Whoever has
    more sets ``ARCHVIZ3D_LIMITS=nodes=4000000,memory_bytes=4e9`` (`default_limits`) or gives ``--limits``.

    Attributes
    ----------
    header_bytes : int
        JSON header of one safetensors file (the reference reader's own limit), an index or a config.
    json_bytes : int
        A JSON file that is a whole model graph; our own export of DeepSeek-V3 has 76 MB.
    pickle_bytes : int
        The pickled object of a PyTorch file, unpacked; also its archive's directory.
    nodes : int
        Modules and tensors of the model.
    names : int
        Different names among those of a checkpoint: what repeats costs little, what does not 25 microseconds each.
    edges : int
        Connections between them.
    operators : int
        Operators of a computation, calls of its functions expanded; also its tensors, and its described values. The
        largest exported graphs have some 100,000.
    json_depth : int
        Nesting of a JSON file.
    module_depth : int
        Nesting of modules, or of containers in a checkpoint.
    seconds : float
        Wall clock of one opening.
    memory_bytes : int
        Memory that it may take.
    """

    header_bytes: int = 100_000_000
    json_bytes: int = 2**28
    pickle_bytes: int = 2**30
    nodes: int = 1_000_000
    names: int = 200_000
    edges: int = 1_000_000
    operators: int = 200_000
    json_depth: int = 200
    module_depth: int = 1000
    seconds: float = 60.0
    memory_bytes: int = 2**30


def parse_limits(text: str) -> LoadLimits:
    """Return the limits of a text like ``nodes=4000000,seconds=600``; what it does not name keeps its default.

    Raises
    ------
    UsageError
        When a name is none of the limits, or a value no positive number.
    """
    known = [field.name for field in fields(LoadLimits)]
    changed: dict[str, float] = {}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        name, _, value = (part.strip() for part in entry.partition("="))
        if name not in known:
            raise UsageError(f"{name[:40]!r} is no limit; limits are {', '.join(known)}")
        try:
            number = float(value)
        except ValueError:
            number = 0.0
        if not 0 < number < 2**63:
            raise UsageError(f"the limit {name} must be a positive number, not {value[:40]!r}")
        changed[name] = number if name == "seconds" else int(number)
    return replace(LoadLimits(), **changed)


def default_limits() -> LoadLimits:
    """Return the limits that the environment variable ``ARCHVIZ3D_LIMITS`` sets.

    Raises
    ------
    UsageError
        When it cannot be understood.
    """
    try:
        return parse_limits(os.environ.get(LIMITS_VARIABLE, ""))
    except UsageError as error:
        raise UsageError(f"{LIMITS_VARIABLE}: {error}") from None
