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
        As the error for an unknown file lists it; rows of one family share it.
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


def _is_adapter_folder(folder: Candidate) -> bool:
    return "adapter_config.json" in (folder.entries or ())


def _is_distributed_folder(folder: Candidate) -> bool:
    # HuggingFaceStorageWriter puts an index called .metadata beside .safetensors files: those are read as such.
    entries = folder.entries or ()
    return (".metadata" in entries and not _is_safetensors_folder(folder)) or "pytorch_model_fsdp_0" in entries


def _names_a_step(folder: Candidate, file: str, steps: str) -> bool:
    # Beside weights as safetensors it is only left over, where the folder of the step that it names was not uploaded.
    entries = folder.entries or ()
    has_steps = any(name.startswith(steps) for name in entries)
    return file in entries and (has_steps or not _is_safetensors_folder(folder))


def _is_deepspeed_folder(folder: Candidate) -> bool:
    is_step = any(name.endswith("_model_states.pt") for name in folder.entries or ())
    return is_step or _names_a_step(folder, "latest", "global_step")


def _is_megatron_folder(folder: Candidate) -> bool:
    is_step = any(name.startswith("mp_rank_00") for name in folder.entries or ())
    return is_step or _names_a_step(folder, "latest_checkpointed_iteration.txt", "iter_")


def _is_pytorch_folder(folder: Candidate) -> bool:
    names = folder.entries or ()
    # Beside an ONNX file, another .bin is more likely its external data.
    sure = (".pt", ".pth", ".ckpt", ".bin.index.json", "pytorch_model.bin")
    return any(name.endswith(sure if _is_onnx_folder(folder) else (*_PYTORCH, ".bin.index.json")) for name in names)


def _is_pipeline_folder(folder: Candidate) -> bool:
    return "model_index.json" in (folder.entries or ())


def _is_pipeline(file: Candidate) -> bool:
    return file.name == "model_index.json" and file.head.lstrip()[:1] == b"{"


def _is_config_folder(folder: Candidate) -> bool:
    return "config.json" in (folder.entries or ())


def _is_config(file: Candidate) -> bool:
    about = (b'"model_type"', b'"architectures"')
    return file.head.lstrip()[:1] == b"{" and any(key in file.head + file.tail for key in about)


def _is_exported(file: Candidate) -> bool:
    # torch.export.save: written last, or (up to torch 2.7) beside nothing else.
    return file.head[:4] == b"PK\x03\x04" and (
        b"/archive_format" in file.tail or b"serialized_exported_program.json" in file.head + file.tail
    )


def _is_gguf(file: Candidate) -> bool:
    return file.head[:4] == b"GGUF"


def _is_gguf_folder(folder: Candidate) -> bool:
    return any(name.endswith(".gguf") for name in folder.entries or ())


def _is_torchscript(file: Candidate) -> bool:
    # Its constants are written after its code, near the directory's end; torch.save writes none.
    return (file.head[:4] == b"PK\x03\x04" and b"/constants.pkl" in file.tail) or file.head[4:8] == b"PTMF"


def _is_npy(file: Candidate) -> bool:
    return file.head[:6] == b"\x93NUMPY"


def _is_npz(file: Candidate) -> bool:
    # numpy writes nothing but arrays; torch.save puts an archive's name before each record.
    first = file.head[30 : 30 + int.from_bytes(file.head[26:28], "little")]
    return file.head[:4] == b"PK\x03\x04" and first.endswith(b".npy")


def _is_npz_folder(folder: Candidate) -> bool:
    names = folder.entries or ()
    return any(name.endswith(".npz") for name in names) and not any(name.endswith(_PYTORCH) for name in names)


def _is_torch_zip(file: Candidate) -> bool:
    # The archive's directory is at its end; torch puts data.pkl first, other writers may not.
    return file.head[:4] == b"PK\x03\x04" and (b"/data.pkl" in file.head or b"/data.pkl" in file.tail)


def _is_torch_legacy(file: Candidate) -> bool:
    return TORCH_LEGACY_MAGIC in file.head[:32] or file.head[257:262] == b"ustar"


def _is_onnx(file: Candidate) -> bool:
    from .onnx.content import is_onnx  # only files of no format above pay for it

    return is_onnx(file.head, file.size)


def _is_onnx_folder(folder: Candidate) -> bool:
    return any(name.endswith(".onnx") for name in folder.entries or ())


def _is_graph_json(file: Candidate) -> bool:
    # Keys may stand anywhere: what the head does not show, the suffix suggests and the reader finds out.
    keys = (b'"schema"', b'"modules"', b'"connections"', b'"nodes"', b'"edges"', b'"graphs"', b'"graphCollections"')
    is_json = file.head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")
    return is_json and any(key in file.head for key in keys)


def _is_plain_pickle(file: Candidate) -> bool:
    return file.head[:1] == b"\x80" and file.head[1:2] in (b"\2", b"\3", b"\4", b"\5") and file.tail[-1:] == b"."


FORMATS: tuple[Format, ...] = (
    Format("diffusers folders", "pipeline.load", _is_pipeline_folder, isolated=True),
    Format("diffusers folders", "pipeline.load", _is_pipeline, isolated=True),
    Format("PEFT adapters", "adapter_folder.load", _is_adapter_folder, isolated=True),
    Format("folders of torch.distributed", "distributed.dcp.load", _is_distributed_folder, isolated=True),
    Format("DeepSpeed", "distributed.deepspeed.load", _is_deepspeed_folder, isolated=True),
    Format("Megatron", "distributed.megatron.load", _is_megatron_folder, isolated=True),
    Format("safetensors", "safetensors.load", _is_safetensors, (".safetensors",)),
    Format(
        "safetensors",
        "shards.load_safetensors",
        _is_safetensors_index,
        (".safetensors.index.json",),
    ),
    Format("safetensors", "shards.load_safetensors", _is_safetensors_folder),
    Format("torch.export (.pt2)", "exported.archive.load", _is_exported, (".pt2",), isolated=True),
    Format("GGUF", "gguf.container.load", _is_gguf, (".gguf",)),
    Format("GGUF", "gguf.container.load", _is_gguf_folder),
    Format("numpy (.npz .npy)", "numpy_arrays.load", _is_npz, (".npz",)),
    Format("numpy (.npz .npy)", "numpy_arrays.load", _is_npy, (".npy",)),
    Format("numpy (.npz .npy)", "numpy_arrays.load", _is_npz_folder),
    Format("ONNX", "onnx.reader.load", _is_onnx, (".onnx", ".ort")),
    Format("TorchScript", "torchscript.archive.load", _is_torchscript, (".jit", ".ptl"), isolated=True),
    Format("PyTorch (.pt .pth .bin .ckpt .pkl)", "pytorch.container.load", _is_torch_zip, _PYTORCH, isolated=True),
    Format("PyTorch (.pt .pth .bin .ckpt .pkl)", "pytorch.container.load", _is_torch_legacy, isolated=True),
    Format(
        "PyTorch (.pt .pth .bin .ckpt .pkl)",
        "pytorch.container.load",
        _is_plain_pickle,
        (".pkl", ".pickle"),
        isolated=True,
    ),
    Format("PyTorch (.pt .pth .bin .ckpt .pkl)", "shards.load_pytorch", _is_index, (".bin.index.json",), isolated=True),
    Format("PyTorch (.pt .pth .bin .ckpt .pkl)", "shards.load_pytorch", _is_pytorch_folder, isolated=True),
    Format("ONNX", "onnx.reader.load_folder", _is_onnx_folder),
    Format("graphs as JSON", "graph_json.reader.load", _is_graph_json, (".json",)),
    Format("config.json", "config_tree.reader.load", _is_config, isolated=True),
    Format("config.json", "config_tree.reader.load", _is_config_folder, isolated=True),
)
