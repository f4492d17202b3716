"""What a file may ask for before it is refused."""

from dataclasses import dataclass

__all__ = ["LoadLimits"]


@dataclass(frozen=True, slots=True)
class LoadLimits:
    """Limits on one opening; the defaults leave room for ten times the largest public models.

    Attributes
    ----------
    header_bytes : int
        JSON header of one safetensors file (the reference reader's own limit), an index or a config.
    pickle_bytes : int
        The pickled object of a PyTorch file, unpacked; also its archive's directory.
    nodes : int
        Modules and tensors of the model.
    json_depth : int
        Nesting of a JSON file.
    module_depth : int
        Nesting of modules, or of containers in a checkpoint.
    seconds : float
        Wall clock of the worker process.
    memory_bytes : int
        Memory of the worker process.
    """

    header_bytes: int = 100_000_000
    pickle_bytes: int = 2**30
    nodes: int = 4_000_000
    json_depth: int = 200
    module_depth: int = 1000
    seconds: float = 120.0
    memory_bytes: int = 2**30
