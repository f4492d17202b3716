"""Reading a pickle without running it.

The C unpickler asks `find_class` for every global that the pickle names. Here it gets a plain collector for
the few that rebuild tensors and dicts, and an inert stand-in for everything else: nothing is imported, and a
"call" only writes down its arguments. Stand-ins are made anew for each pickle, since a pickle may set
attributes on what it is given.
"""

import io
import pickle
from collections.abc import Mapping
from typing import Any, BinaryIO, ClassVar

from ..confinement import hand_over, time_unpickling
from ..files import DAMAGED, input_error, plain_text
from ..untyped import is_dict, is_tuple

__all__ = ["Inert", "InertDict", "InertUnpickler", "foreign_warning", "pickle_file"]

_MAX_GLOBALS = 20_000
_MAX_LISTED = 8
_BUFFER = 2**16

# Globals that build plain values: calling them is what any pickle of settings does.
_HARMLESS = frozenset(
    f"{module}.{name}"
    for module, names in {
        "builtins": "object set frozenset dict list tuple bytearray bytes str int float bool complex slice range",
        "_codecs": "encode",
        "argparse": "Namespace",
        "collections": "deque Counter ChainMap UserDict",
        "copyreg": "_reconstructor __newobj__ __newobj_ex__",
        "datetime": "date datetime time timedelta timezone",
        "decimal": "Decimal",
        "fractions": "Fraction",
        "functools": "partial",
        "pathlib": "Path PosixPath WindowsPath PurePosixPath PureWindowsPath",
        "pathlib._local": "Path PosixPath WindowsPath PurePosixPath PureWindowsPath",
        "types": "SimpleNamespace",
        "uuid": "UUID",
        "numpy": "dtype ndarray",
        "numpy.core.multiarray": "_reconstruct scalar",
        "numpy._core.multiarray": "_reconstruct scalar",
        "numpy.core.numeric": "_frombuffer",
        "numpy._core.numeric": "_frombuffer",
        "numpy.random._pickle": "__randomstate_ctor __generator_ctor __bit_generator_ctor",
        "deepspeed.runtime.zero.config": "ZeroStageEnum",
        "torch": "Generator",
        "torch.nn.backends.thnn": "_get_thnn_function_backend",
    }.items()
    for name in names.split()
)
# Naming one of these is remarkable even when the pickle does not call it in a way that we can see.
_REMARKABLE = frozenset(
    """os subprocess sys socket shutil runpy importlib pty ctypes webbrowser pickle marshal code codeop bdb pdb asyncio
    timeit cProfile profile builtins multiprocessing threading tempfile pip ensurepip""".split()  # noqa: SIM905
)
# Python 2's names, and what a pickle of os.system has in it.
_ALIASES = {"__builtin__": "builtins", "copy_reg": "copyreg", "exceptions": "builtins", "posix": "os", "nt": "os"}


class InertDict(dict[Any, Any]):
    """A dict that a pickle may BUILD on (an OrderedDict's ``_metadata``) without gaining attributes."""

    __slots__ = ()

    def __setstate__(self, state: object) -> None:
        """Leave the state out: nothing of it is a tensor."""


class _InertType(type):
    """Class of stand-ins: REDUCE calls them, NEWOBJ does not, which tells calls from plain objects."""

    qualified: str
    calls: dict[str, None]

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        cls.calls[cls.qualified] = None
        return Inert.__new__(cls, *args, **kwargs)  # pyright: ignore[reportArgumentType] - only made with base Inert


class Inert(metaclass=_InertType):
    """An object of a class that was not imported.

    Attributes
    ----------
    qualified : str
        "module.name" of the global it is made of.
    args : tuple
        What it was called with.
    state : object
        What BUILD gave it: for most objects the dict of their attributes.
    items : list
        What was appended to it.
    mapping : dict or None
        What was stored in it by key.
    """

    __slots__ = ("args", "items", "mapping", "state")
    qualified: ClassVar[str] = ""
    calls: ClassVar[dict[str, None]] = {}

    args: tuple[Any, ...]
    state: Any
    items: list[Any]
    mapping: InertDict | None

    def __new__(cls, *args: Any, **kwargs: Any) -> "Inert":
        """Write down what it was made with."""
        self = object.__new__(cls)
        self.args = args
        self.state = kwargs or None
        self.items = []
        self.mapping = None
        return self

    def __call__(self, *args: Any, **kwargs: Any) -> "Inert":
        """Write the call of a call's result down as one more call."""
        return type(self)(*args, **kwargs)

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def __setitem__(self, key: Any, value: Any) -> None:
        if self.mapping is None:
            self.mapping = InertDict()
        self.mapping[key] = value

    def append(self, item: Any) -> None:
        """Keep an item of a list's subclass."""
        self.items.append(item)

    def extend(self, items: Any) -> None:
        """Keep the items of a list's subclass."""
        self.items.extend(items)

    add = append

    def attributes(self) -> dict[Any, Any]:
        """Return the object's attributes: of its ``__dict__``, its slots, and what was stored by key."""
        state = self.state
        parts: list[Any] = list(state) if is_tuple(state) and len(state) == 2 else [state]
        found: dict[Any, Any] = {}
        for part in [*parts, self.mapping]:
            if is_dict(part):
                found.update(part)
        return found


class _Handed(io.RawIOBase):
    """Bytes in memory, handed to the unpickler in parts."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        part = self._data[self._at : self._at + len(buffer)]
        buffer[: len(part)] = part
        self._at += len(part)
        hand_over(len(part))
        return len(part)


def pickle_file(data: bytes) -> BinaryIO:
    """Return a pickle's bytes as the file that an `InertUnpickler` reads fast and under its limit of time."""
    # Buffered: without a peek the C unpickler asks for every opcode by itself.
    return io.BufferedReader(_Handed(data), _BUFFER)


class InertUnpickler(pickle.Unpickler):
    """Unpickles plain data; every global that is not in `known` becomes an `Inert` class.

    Parameters
    ----------
    file : binary file
        Where the pickle is read from, up to its end.
    known : mapping of str to object
        "module.name" -> what stands for that global: a function that collects its arguments, or a plain value.
    """

    def __init__(self, file: BinaryIO, known: Mapping[str, Any]) -> None:
        # Text of Python 2 is bytes; what is not UTF-8 is shown escaped.
        super().__init__(file, encoding="utf-8", errors="backslashreplace")
        self._known = known
        self._stand_ins: dict[str, Any] = {}
        self.calls: dict[str, None] = {}

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        """Return what stands for a global; nothing is imported."""
        module = _ALIASES.get(module_name, module_name)
        qualified = f"{module}.{global_name}"
        if qualified in self._known:
            return self._known[qualified]
        found = self._stand_ins.get(qualified)
        if found is None:
            if len(self._stand_ins) >= _MAX_GLOBALS:
                raise pickle.UnpicklingError(f"it names more than {_MAX_GLOBALS:,} classes and functions")
            inner = {"__slots__": (), "qualified": qualified, "calls": self.calls}
            found = self._stand_ins[qualified] = _InertType("Inert", (Inert,), inner)
        return found

    def persistent_load(self, pid: Any, /) -> Any:
        """Return the description of a storage as it stands; of a class with its source (old files) the class."""
        return pid[1] if is_tuple(pid) and len(pid) > 1 and pid[0] == "module" else pid

    def read(self, path: str) -> Any:
        """Return the pickled object.

        Raises
        ------
        InputError
            When the pickle is damaged.
        """
        try:
            with time_unpickling():
                return self.load()
        except MemoryError:
            raise
        except RecursionError as error:
            raise input_error(path, "its pickle is nested too deeply", DAMAGED) from error
        except Exception as error:  # a damaged pickle raises nearly every type of error
            reason = str(error) or type(error).__name__
            raise input_error(path, f"its pickle is damaged ({reason})", "save or download it again") from error

    def foreign(self) -> list[str]:
        """Return the functions that the pickle asks to call, or names from modules that act on the system."""
        called = [name for name in self.calls if name not in _HARMLESS]
        named = [
            name
            for name in self._stand_ins
            if name.partition(".")[0] in _REMARKABLE and name not in _HARMLESS and name not in self.calls
        ]
        return called + named


def foreign_warning(names: list[str]) -> str:
    """Return the warning for functions that a pickle asks to call."""
    shown = ", ".join(plain_text(name, 100) for name in names[:_MAX_LISTED])
    more = f" and {len(names) - _MAX_LISTED} more" if len(names) > _MAX_LISTED else ""
    return f"this file asks to call: {shown}{more} (nothing was run)"
