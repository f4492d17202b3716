"""The index beside shards: which tensor is in which file."""

import msgspec

from .checked_json import decode
from .files import input_error, plain_text, read_whole
from .limits import LoadLimits

__all__ = ["ShardIndex"]

_REMEDY = 'an index has "weight_map": {tensor: file}'
_MAX_SHARDS = 100_000  # no model has as many


class _Document(msgspec.Struct):
    weight_map: dict[str, str]


class ShardIndex:
    """An index file, parsed when needed.

    Parameters
    ----------
    path : str
        The ``*.index.json``.
    suffixes : tuple of str
        What all its shards must end with.

    Raises
    ------
    InputError
        When it cannot be read or is too large.
    """

    def __init__(self, path: str, suffixes: tuple[str, ...], limits: LoadLimits) -> None:
        self.path = path
        self._suffixes = suffixes
        self._limits = limits
        self._raw = read_whole(path, limits.header_bytes)

    def agrees(self, tensors: int) -> bool:
        """Return whether the index surely says nothing that a complete series of shards with so many tensors does not.

        Parsing 10^5 names costs as much as reading all headers. Without a slash or an escape no name can lead out of
        the folder; with as many shard names as there are tensors, none is promised beyond those.
        """
        raw = self._raw.strip()
        return (
            b"/" not in raw
            and b"\\" not in raw
            and raw.count(b'.safetensors"') == tensors
            and raw[:1] == b"{"
            and raw[-1:] == b"}"
            and raw.count(b"{") == raw.count(b"}") <= 3
            and raw.count(b'"weight_map"') == 1
        )

    def weight_map(self) -> dict[str, str]:
        """Return tensor -> shard.

        Raises
        ------
        InputError
            When it is no index, names a tensor twice, or a shard is not a file of its folder.
        """
        try:
            weight_map = msgspec.json.decode(self._raw, type=_Document).weight_map
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            reason = "nested too deeply" if isinstance(error, RecursionError) else error
            raise input_error(self.path, f"is no index of shards ({reason})", _REMEDY) from error
        if not weight_map:
            raise input_error(self.path, "names no tensor", _REMEDY)
        # Each pair ends with a suffix and a quote: as many of them as there are names prove that none is there twice.
        if sum(self._raw.count(f'{suffix}"'.encode()) for suffix in self._suffixes) != len(weight_map):
            decode(self._raw, self.path, self._limits)
        names = set(weight_map.values())
        if len(names) > _MAX_SHARDS:
            raise input_error(self.path, f"names {len(names):,} shards", f"at most {_MAX_SHARDS:,} are read")
        for name in names:
            # Separators and drives of every system: what is refused must not depend on where it is opened.
            if not name or name in (".", "..") or any(c in name for c in "/\\:\0"):
                problem = f"names the shard {plain_text(name, 200)!r}, which is not a file of the model's folder"
                raise input_error(self.path, problem, "shards must lie beside the index")
            if not name.lower().endswith(self._suffixes):
                problem = f"names {plain_text(name, 200)!r}, which is no {' or '.join(self._suffixes)} file"
                raise input_error(self.path, problem, "all shards must be of one format")
        return weight_map
