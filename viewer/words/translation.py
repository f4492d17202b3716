"""Text that people read in the scene, where Qt is not: the window lends its translator."""

import re
from collections.abc import Callable

__all__ = ["QT_TRANSLATE_NOOP", "counted", "filled", "set_translator", "translate"]


def _as_it_is(_context: str, text: str) -> str:
    return text


_translator: Callable[[str, str], str] = _as_it_is


def set_translator(translator: Callable[[str, str], str]) -> None:
    """Use a translator for all text from now on: a process speaks one language, as with Qt's own.

    Parameters
    ----------
    translator : callable
        (context, text) -> text, such as ``QCoreApplication.translate``.
    """
    global _translator
    _translator = translator


def translate(context: str, text: str) -> str:
    """Return a text in the user's language; under this name Qt's lupdate finds the texts."""
    return _translator(context, text)


def QT_TRANSLATE_NOOP(_context: str, text: str) -> str:  # noqa: N802  the name that lupdate knows
    """Mark a text that is translated where it is used."""
    return text


def filled(text: str, *values: str) -> str:
    """Return a text with %1, %2 ... replaced, as Qt's ``arg`` does."""
    # In one pass: a value may have a %1 in it.
    return re.sub(r"%([1-9])", lambda mark: values[int(mark[1]) - 1] if int(mark[1]) <= len(values) else mark[0], text)


def counted(number: int, written: str, one: str, many: str) -> str:
    """Return `one` or `many`, which are translated, with the number in place of %1."""
    return filled(one if number == 1 else many, written)
