"""Models in many files, NAME-00001-of-00009.gguf: any of them, or their folder, is the whole model."""

import os
import re
from pathlib import Path

from ...errors import InputError
from ..checkpoint import Report
from ..files import input_error, plain_text, unreadable
from ..limits import LoadLimits
from .header import Header, read_header

__all__ = ["SERIES", "files_of_folder", "read_headers"]

SERIES = re.compile(r"(.+)-(\d{5})-of-(\d{5})(\.gguf)", re.IGNORECASE)
_SUFFIX = ".gguf"
_MAX_LISTED = 10
_REMEDY = "parts of one model are made and renamed together (llama-gguf-split)"


def files_of_folder(folder: str) -> str:
    """Return the path of the model in a folder: of its only GGUF file, or of one of its only series.

    Vision towers ("mmproj-...") lie beside the model that they belong to.

    Raises
    ------
    InputError
        When the folder has more than one model.
    """
    names = [name for name in _entries(Path(folder)) if name.lower().endswith(_SUFFIX)]
    models = [name for name in names if not name.lower().startswith("mmproj")] or names
    series = {_series_of(name) for name in models}
    if len(series) > 1:
        listed = ", ".join(plain_text(name, 120) for name in models[:_MAX_LISTED])
        more = f" and {len(models) - _MAX_LISTED} more" if len(models) > _MAX_LISTED else ""
        raise input_error(folder, f"holds {len(series)} GGUF models ({listed}{more})", "name one of them")
    if not models:
        raise input_error(folder, "holds no GGUF file", "a folder needs .gguf files")
    return str(Path(folder) / models[0])


def read_headers(path: str, limits: LoadLimits, warnings: list[str], report: Report) -> list[Header]:
    """Read the header of a file and of all parts that belong to it, in their order.

    Parameters
    ----------
    path : str
        Any part.
    warnings : list of str
        Gets a line for parts that are missing: a download in progress.
    report : callable
        Told what is being read, and how far it is (0 to 1).

    Raises
    ------
    InputError
        When parts contradict each other.
    """
    name = os.path.basename(path)  # noqa: PTH119 - as given: "x/" is no file
    report(name, 0.0)
    header = read_header(path, limits)
    number, count = _place(header)
    match = SERIES.fullmatch(name)
    if count == 1 and match is None:
        return [header]
    if match is None:
        warnings.append(f"this is part {number + 1} of {count}: its name does not tell where the others are")
        return [header]
    _check(header, match)
    folder = Path(path).parent
    here = set(_entries(folder))
    parts = [f"{match[1]}-{k:05}-of-{match[3]}{match[4]}" for k in range(1, count + 1)]
    present = [part for part in parts if part in here or part == name]
    headers: list[Header] = []
    for k, part in enumerate(present):
        report(part, k / len(present))
        other = header if part == name else read_header(str(folder / part), limits)
        found = SERIES.fullmatch(part)
        assert found is not None
        _check(other, found)
        headers.append(other)
    _compare_counts(headers, parts, present, warnings)
    return headers


def _place(header: Header) -> tuple[int, int]:
    """Return which part of how many a file says it is, from 0."""
    number, count = header.values.get("split.no", 0), header.values.get("split.count", 1)
    if type(number) is not int or type(count) is not int:
        raise _wrong(header, "has a part number that is no number")
    count = max(count, 1)  # llama.cpp writes 0 where a model was merged again
    if not 0 <= number < count:
        raise _wrong(header, f"says it is part {number + 1:,} of {count:,}")
    return number, count


def _check(header: Header, name: re.Match[str]) -> None:
    number, count = _place(header)
    if (number + 1, count) != (int(name[2]), int(name[3])):
        raise _wrong(header, f"is named part {int(name[2])} of {int(name[3])} but says part {number + 1} of {count}")


def _compare_counts(headers: list[Header], parts: list[str], present: list[str], warnings: list[str]) -> None:
    """Warn of parts that are missing; where none is, all tensors must be there."""
    promised = {total for header in headers if (total := header.values.get("split.tensors.count")) is not None}
    found = sum(len(header.names) for header in headers)
    if len(promised) > 1:
        raise _wrong(headers[0], "and its other parts disagree on how many tensors the model has")
    total = next(iter(promised), None)
    if len(present) < len(parts):
        missing = [part for part in parts if part not in set(present)]
        listed = ", ".join(missing[:_MAX_LISTED]) + (
            f" and {len(missing) - _MAX_LISTED} more" if len(missing) > _MAX_LISTED else ""
        )
        lost = f", so {total - found:,} tensors are not shown" if isinstance(total, int) and total > found else ""
        warnings.append(f"{len(missing)} of {len(parts)} parts are missing{lost}: {plain_text(listed, 1000)}")
    elif isinstance(total, int) and total != found:
        raise _wrong(headers[0], f"promises {total:,} tensors in {len(parts)} parts, which have {found:,}")


def _series_of(name: str) -> str:
    match = SERIES.fullmatch(name)
    return name if match is None else f"{match[1]}-of-{match[3]}"


def _entries(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as listed:
            # A link to nothing is not there: hub caches have some while a download runs.
            return sorted(entry.name for entry in listed if not entry.is_symlink() or os.path.exists(entry.path))  # noqa: PTH110
    except OSError as error:
        raise unreadable(str(folder), error) from error


def _wrong(header: Header, problem: str) -> InputError:
    return input_error(header.path, problem, _REMEDY)
