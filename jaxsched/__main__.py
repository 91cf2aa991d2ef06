"""`python -m jaxsched`: see `jaxsched.cli`."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
from typing import Any

from jaxsched import cli


def main() -> None:
    """The command as a process: what it prints is never an error, and it ends as shells expect."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # it was closed
            setattr(sys, name, open(os.devnull, "w"))
        if isinstance(stream := getattr(sys, name), io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _terminated)
    try:
        code: Any = cli.main()
        sys.stdout.flush()
    except SystemExit as error:  # of --help, --version and wrong arguments
        code = error.code
    except KeyboardInterrupt:
        code = 130
    except cli.Terminated:
        code = 143
    with contextlib.suppress(OSError):
        if not code:
            sys.exit(0)
    # at once: threads of XLA that still work may crash the interpreter as it is taken down
    os._exit(code)


def _terminated(number: int, frame: Any) -> None:
    raise cli.Terminated


if __name__ == "__main__":
    main()
