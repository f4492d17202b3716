"""The one error of this room: why the values of a tensor cannot be shown."""

from ..errors import InputError

__all__ = ["UnreadableValuesError", "unreadable"]

_LONGEST = 400


class UnreadableValuesError(InputError):
    """A tensor's values cannot be read. The message reads ``PATH: why; what would be right``."""


def unreadable(path: str, problem: str, remedy: str) -> UnreadableValuesError:
    """Return the error for the file or model at `path`, on one line and safe to print."""
    return UnreadableValuesError(f"{_plain(path)}: {_plain(problem)}; {_plain(remedy)}")


def _plain(text: str) -> str:
    """Return a text, which a file may have brought, without control characters and with its middle left out if long."""
    if not text.isprintable():
        text = "".join(c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in text)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST // 2]}...{text[-_LONGEST // 2 :]}"
