"""Small damage to real files: what bad disks, cut downloads and hostile authors do to them."""

import io
import random
import re
import zipfile

__all__ = ["Mutator"]

_NUMBERS = (0, 1, 2, 7, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 2**40, 2**62, 2**63 - 1,
            2**63, 2**64 - 1)  # fmt: skip
_TEXTS = (b"-1", b"0", b"1e9", b"99999999999999999999", b"9223372036854775807", b"1073741824", b"null", b"true", b"[]",
          b"{}", b'"x"', b"[[[[]]]]", b"NaN", b"1.5")  # fmt: skip
_STRINGS = (b"../../etc/passwd", b"/dev/zero", b"", b"a" * 3000, b"a." * 1500, b"\\u0000", b"weight", b"\\ud800", b"..",
            b"model.layers.0", b"name", b"kind", b"self", b"__class__")  # fmt: skip
_DIGITS = re.compile(rb"-?\d+")
_QUOTED = re.compile(rb'"[^"\\]{0,60}"')
_EDGE = 4096  # headers stand at the beginning, directories at the end


class Mutator:
    """Makes variants of some files.

    Parameters
    ----------
    seed : int
        The same seed makes the same variants.
    corpus : list of bytes
        Files to take pieces from.
    """

    def __init__(self, seed: int, corpus: list[bytes]) -> None:
        self._random = random.Random(seed)
        self._corpus = corpus
        self._inside = {b"PK\x03\x04": self._repacked}
        self._plain = (
            self._bits, self._number, self._number, self._cut, self._splice, self._repeat, self._drop, self._noise,
            self._digits, self._digits, self._quoted,
        )  # fmt: skip

    def variant(self, data: bytes) -> bytes:
        """Return `data` with one to three faults."""
        if self._random.random() < 0.7:
            inside = self._inside.get(data[:4], self._header if data[8:9] == b"{" else None)
            if inside is not None:
                return inside(data)
        return self._faults(data)

    def choose(self, count: int) -> int:
        """Return a number below `count`."""
        return self._random.randrange(count)

    def _faults(self, data: bytes) -> bytes:
        for _ in range(self._random.choice((1, 1, 1, 2, 3))):
            data = self._random.choice(self._plain)(data)
        return data

    # ---------------------------------------------------------------- what is inside a container
    def _header(self, data: bytes) -> bytes:
        """Change the JSON of a safetensors file, but tell its true length."""
        length = int.from_bytes(data[:8], "little")
        header = self._faults(data[8 : 8 + length])
        return len(header).to_bytes(8, "little") + header + data[8 + length :]

    def _repacked(self, data: bytes) -> bytes:
        """Change one record of a zip archive whose directory and checksums stay right."""
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                records = {name: archive.read(name) for name in archive.namelist()}
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
            return self._faults(data)
        told = [name for name in records if len(records[name]) > 1]
        small = [name for name in told if name.endswith((".pkl", ".json", ".py", ".npy", "version"))]
        if told:
            name = self._random.choice(small if small and self._random.random() < 0.8 else told)
            records[name] = self._faults(records[name])
        if self._random.random() < 0.1:
            records.pop(self._random.choice(list(records)), None)
        out = io.BytesIO()
        packing = self._random.choice((zipfile.ZIP_STORED, zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
        with zipfile.ZipFile(out, "w", packing) as archive:
            for name, content in records.items():
                archive.writestr(name, content)
        return out.getvalue()

    # ---------------------------------------------------------------- faults
    def _place(self, data: bytes) -> int:
        if not data:
            return 0
        where = self._random.random()
        if where < 0.4:
            return self._random.randrange(min(len(data), _EDGE))
        if where < 0.6:
            return self._random.randrange(max(len(data) - _EDGE, 0), len(data))
        return self._random.randrange(len(data))

    def _bits(self, data: bytes) -> bytes:
        changed = bytearray(data)
        for _ in range(self._random.choice((1, 1, 2, 8)) if data else 0):
            changed[self._place(data)] ^= 1 << self._random.randrange(8)
        return bytes(changed)

    def _number(self, data: bytes) -> bytes:
        width = self._random.choice((1, 2, 4, 8))
        value = self._random.choice(_NUMBERS) % (1 << 8 * width)
        at = self._place(data)
        return data[:at] + value.to_bytes(width, self._random.choice(("little", "big"))) + data[at + width :]

    def _cut(self, data: bytes) -> bytes:
        return data[: self._place(data)]

    def _splice(self, data: bytes) -> bytes:
        other = self._random.choice(self._corpus)
        start, at = self._place(other), self._place(data)
        piece = other[start : start + self._random.choice((4, 16, 64, 256))]
        return data[:at] + piece + data[at + self._random.choice((0, len(piece))) :]

    def _repeat(self, data: bytes) -> bytes:
        at, length = self._place(data), self._random.choice((1, 4, 16, 64, 512))
        return data[:at] + data[at : at + length] * self._random.choice((2, 3, 50, 1000)) + data[at + length :]

    def _drop(self, data: bytes) -> bytes:
        at = self._place(data)
        return data[:at] + data[at + self._random.choice((1, 2, 4, 8, 64)) :]

    def _noise(self, data: bytes) -> bytes:
        at = self._place(data)
        return data[:at] + self._random.randbytes(self._random.choice((1, 2, 4, 8, 32))) + data[at:]

    def _digits(self, data: bytes) -> bytes:
        return self._replaced(data, _DIGITS, _TEXTS)

    def _quoted(self, data: bytes) -> bytes:
        text = self._random.choice(_STRINGS)
        others = _QUOTED.findall(data[: 16 * _EDGE])
        value = self._random.choice(others) if others and self._random.random() < 0.4 else b'"' + text + b'"'
        return self._replaced(data, _QUOTED, (value,))

    def _replaced(self, data: bytes, pattern: re.Pattern[bytes], values: tuple[bytes, ...]) -> bytes:
        start = self._place(data)
        found = pattern.search(data, start, start + _EDGE) or pattern.search(data[:_EDGE])
        return data[: found.start()] + self._random.choice(values) + data[found.end() :] if found else self._bits(data)
