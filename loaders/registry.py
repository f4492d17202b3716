"""Every format that can be opened: one row each, and how its content is known.

A new format is a module with a function ``load(path, limits, report) -> ModelGraph`` and one row in `FORMATS`.
"""

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["FORMATS", "TORCH_LEGACY_MAGIC", "Candidate", "Format"]

_PYTORCH = (".pt", ".pth", ".bin", ".ckpt")
# A pickled 0x1950a86a20f9469cfc6c: what torch.save wrote first before it wrote zip archives (and writes on request).
TORCH_LEGACY_MAGIC = b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19"


@dataclass(frozen=True, slots=True)
class Candidate:
    """What is known of a path before a loader is chosen.

    Attributes
    ----------
    path, name : str
        As given, and its last part in lower case.
    size : int
        Of a file.
    head, tail : bytes
        The first and last bytes of a file.
    entries : tuple of str or None
        Names in a folder; None for a file.
    """

    path: str
    name: str
    size: int = 0
    head: bytes = b""
    tail: bytes = b""
    entries: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Format:
    """One row of the registry.

    Attributes
    ----------
    title : str
        As the error for an unknown file lists it.
    loader : str
        "module.function" of this package, imported when needed: ``load(path, limits, report) -> ModelGraph``.
    content : callable
        Whether a candidate is of this format, from its bytes or entries.
    suffixes : tuple of str
        What its files end with: tried when no content is known, for an error that says what is broken.
    isolated : bool
        Whether it belongs into the worker process whoever opens it: a pickle can crash the interpreter that reads it.
    """

    title: str
    loader: str
    content: Callable[[Candidate], bool]
    suffixes: tuple[str, ...] = ()
    isolated: bool = False


def _is_safetensors(file: Candidate) -> bool:
    length = int.from_bytes(file.head[:8], "little")
    return file.head[8:9] == b"{" and 2 <= length <= file.size - 8


def _is_index(file: Candidate) -> bool:
    return file.head.lstrip()[:1] == b"{" and (b'"weight_map"' in file.head or file.name.endswith(".index.json"))


def _is_safetensors_index(file: Candidate) -> bool:
    return _is_index(file) and b'.safetensors"' in file.head + file.tail


def _is_safetensors_folder(folder: Candidate) -> bool:
    return any(name.endswith((".safetensors", ".safetensors.index.json")) for name in folder.entries or ())


def _is_pytorch_folder(folder: Candidate) -> bool:
    return any(name.endswith((*_PYTORCH, ".bin.index.json")) or name == "config.json" for name in folder.entries or ())


def _is_torch_zip(file: Candidate) -> bool:
    # The archive's directory is at its end; torch puts data.pkl first, other writers may not.
    return file.head[:4] == b"PK\x03\x04" and (b"/data.pkl" in file.head or b"/data.pkl" in file.tail)


def _is_torch_legacy(file: Candidate) -> bool:
    return TORCH_LEGACY_MAGIC in file.head[:32] or file.head[257:262] == b"ustar"


FORMATS: tuple[Format, ...] = (
    Format("safetensors (.safetensors)", "safetensors.load", _is_safetensors, (".safetensors",)),
    Format(
        "shards with their index (.safetensors.index.json)",
        "shards.load_safetensors",
        _is_safetensors_index,
        (".safetensors.index.json",),
    ),
    Format("a folder with .safetensors files", "shards.load_safetensors", _is_safetensors_folder),
    Format("PyTorch (.pt .pth .bin .ckpt)", "pytorch.container.load", _is_torch_zip, _PYTORCH, isolated=True),
    Format("PyTorch before 1.6 (the same suffixes)", "pytorch.container.load", _is_torch_legacy, isolated=True),
    Format("PyTorch shards (.bin.index.json)", "shards.load_pytorch", _is_index, (".bin.index.json",), isolated=True),
    Format("a folder with PyTorch files", "shards.load_pytorch", _is_pytorch_folder, isolated=True),
)
