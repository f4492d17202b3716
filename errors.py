"""Errors that a user meets: one line each, with the exit code of the command line."""

__all__ = ["ArchvizError", "InputError", "MachineError", "UsageError"]


class ArchvizError(Exception):
    """Base of every error with a message meant for people; anything else is a bug."""

    exit_code = 1


class UsageError(ArchvizError):
    """The command or call is wrong: unknown option value, path or overlay."""

    exit_code = 2


class InputError(ArchvizError):
    """The input cannot be read. The message reads ``PATH: what is wrong; what would be right``."""

    exit_code = 3


class MachineError(ArchvizError):
    """The machine lacks something that the job needs; the message says what and how to get it."""

    exit_code = 4
