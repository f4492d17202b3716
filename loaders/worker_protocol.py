"""What the worker writes and `opening` reads, on the worker's standard output.

First a line `READY`: what comes before it was printed by others. Then one line of JSON a message:
``{"progress": [text, fraction]}`` any number of times, and at last ``{"error": text}``, ``{"lack": text}`` (of a
library), ``{"bug": traceback}``, or ``{"result": n}`` followed by the n bytes of `graph.wire.pack`.
"""

__all__ = ["READY"]

READY = b"archviz3d worker 1\n"
