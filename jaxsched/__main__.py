"""`python -m jaxsched`: see `jaxsched.commands.parser`."""

from __future__ import annotations

import io
import os
import sys
from typing import Any

from jaxsched.commands import parser


def main() -> None:
    """The command as a process: no text is an error to print, and a pipe may close at any time."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # it was closed
            setattr(sys, name, open(os.devnull, "w"))
        if isinstance(stream := getattr(sys, name), io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code: Any = parser.main()
    except SystemExit as error:  # of --help, --version and wrong arguments
        code = error.code
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        code = 141
    if code:
        os._exit(code)  # what could not be printed is not tried again


if __name__ == "__main__":
    main()
