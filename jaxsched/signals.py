"""How `python -m jaxsched` ends where it is told to, also while it still imports JAX."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

half_written: set[Path] = set()  # files that are to be removed


def is_command() -> bool:
    """Whether this process is being started as `python -m jaxsched` or `jaxsched`."""
    first = sys.argv[0] if sys.argv else ""
    by_module = first == "-m" and ("-m", "jaxsched") in pairwise(sys.orig_argv)
    return by_module or Path(first).stem == "jaxsched"


def end_quietly() -> None:
    """End with one line and the status that shells have for it: 130 by Ctrl-C, 143 by SIGTERM."""
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)


def _end(number: int, frame: Any) -> None:
    # at once: an exception could be swallowed on its way, and threads of XLA that still work may
    # crash the interpreter as it is taken down
    for path in list(half_written):
        with contextlib.suppress(OSError):
            path.unlink()
    name = " ".join(["jaxsched", *(x for x in sys.argv[1:2] if x.isalpha())])
    how = "interrupted" if number == signal.SIGINT else "terminated"
    begin = "\n" if os.isatty(2) else ""  # after ^C
    os.write(2, f"{begin}{name}: {how}\n".encode())
    os._exit(128 + number)


if is_command():
    end_quietly()
