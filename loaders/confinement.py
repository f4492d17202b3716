"""What a process does to itself before it reads a file that came from outside."""

import os
import signal
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["confine", "hand_over", "limit_time", "limited_memory", "resident_bytes", "time_unpickling"]

# Reading headers needs none of these: whatever asks for one was not meant to run. (See `sys.audit` events.)
_FORBIDDEN = ("socket.", "subprocess.", "os.system", "os.exec", "os.spawn", "os.posix_spawn", "os.fork", "os.startfile")

# Processor time that unpickling may take, at first and for each byte: 92k tensors have 30 MB and take 2 s (6 s where
# nothing of them is known). A pickle can make the interpreter's own dicts quadratic (60,000 whole numbers with one
# hash: minutes, inside one opcode), and no exception could end that: the system ends the process.
_UNPICKLING_SECONDS = 2.0
_UNPICKLING_SECONDS_A_BYTE = 1 / 2e6
_confined = False
_allowed = 0.0  # processor time at which the process ends; 0 while nothing is unpickled


def confine(memory_bytes: int, seconds: float) -> None:
    """Limit this process for good: memory, time, no network, no other programs, no core file.

    On Windows, and for memory on macOS, the system has no such limits; there the parent watches (`resident_bytes`).
    """
    global _confined
    _confined = True
    limit_time(seconds)
    if sys.platform != "win32":
        _set_memory_limit(memory_bytes)
    sys.addaudithook(_refuse)


def limit_time(seconds: float) -> None:
    """End this process after some time, without a core file; an interrupt is the parent's to handle."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.signal(signal.SIGVTALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, seconds)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _refuse(event: str, _arguments: tuple[Any, ...]) -> None:
    if event.startswith(_FORBIDDEN):
        raise PermissionError(f"{event} is not allowed while a file is read")


@contextmanager
def time_unpickling() -> Generator[None]:
    """End a confined process whose unpickler takes more time than what it is given (`hand_over`) can need."""
    global _allowed
    if not _confined or sys.platform == "win32":
        yield
        return
    _allowed = time.process_time() + _UNPICKLING_SECONDS
    hand_over(0)
    try:
        yield
    finally:
        _allowed = 0.0
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def hand_over(nbytes: int) -> None:
    """Note that an unpickler gets so many bytes, which may take their time."""
    global _allowed
    if _allowed and sys.platform != "win32":
        _allowed += nbytes * _UNPICKLING_SECONDS_A_BYTE
        signal.setitimer(signal.ITIMER_VIRTUAL, max(_allowed - time.process_time(), 0.01))


@contextmanager
def limited_memory(memory_bytes: int) -> Generator[None]:
    """Let this process take at most so much more memory, where the system can limit it."""
    if sys.platform == "win32":
        yield
        return
    import resource

    before = resource.getrlimit(resource.RLIMIT_DATA)
    _set_memory_limit(memory_bytes)
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


def _set_memory_limit(more: int) -> None:
    """Set the limit of private writable memory (not of mapped files: a checkpoint may be larger than memory)."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = _data_bytes() + more
    lowest = min(limit for limit in (wanted, soft, hard) if limit != resource.RLIM_INFINITY)
    resource.setrlimit(resource.RLIMIT_DATA, (lowest, hard))


def _data_bytes() -> int:
    """Return this process's private writable memory, 0 where the system does not say."""
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[5]) * os.sysconf("SC_PAGE_SIZE") if statm.exists() else 0


def resident_bytes(pid: int) -> int | None:
    """Return the memory that a process occupies, None when it is gone or the system does not say."""
    if sys.platform == "win32":
        return _resident_windows(pid)
    if sys.platform == "darwin":
        return _resident_macos(pid)
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return None


if sys.platform == "darwin":

    def _resident_macos(pid: int) -> int | None:
        import ctypes

        # proc_pidinfo(pid, PROC_PIDTASKINFO, ...): struct proc_taskinfo starts with virtual and resident size.
        buffer = (ctypes.c_uint64 * 12)()
        size = ctypes.CDLL("libproc.dylib").proc_pidinfo(pid, 4, ctypes.c_uint64(0), buffer, ctypes.sizeof(buffer))
        return int(buffer[1]) if size > 0 else None


if sys.platform == "win32":

    def _resident_windows(pid: int) -> int | None:
        import ctypes
        from ctypes import wintypes

        class Counters(ctypes.Structure):  # PROCESS_MEMORY_COUNTERS
            _fields_ = (
                ("cb", wintypes.DWORD),
                ("PageFaultCount", wintypes.DWORD),
                ("PeakWorkingSetSize", ctypes.c_size_t),
                ("WorkingSetSize", ctypes.c_size_t),
                ("quota_and_pagefile", ctypes.c_size_t * 6),
            )

        kernel = ctypes.WinDLL("kernel32")
        kernel.OpenProcess.restype = wintypes.HANDLE
        handle = kernel.OpenProcess(0x1000 | 0x0010, False, pid)  # QUERY_LIMITED_INFORMATION | VM_READ
        if not handle:
            return None
        counters = Counters(cb=ctypes.sizeof(Counters))
        known = kernel.K32GetProcessMemoryInfo(wintypes.HANDLE(handle), ctypes.byref(counters), counters.cb)
        kernel.CloseHandle(wintypes.HANDLE(handle))
        return int(counters.WorkingSetSize) if known else None
