"""Files that appear whole or not at all; what is no regular file is only ever written to."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import secrets
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from jaxsched.signals import half_written

STDOUT = Path("/dev/stdout")  # on systems without one, too


@contextlib.contextmanager
def written(path: Path, mode: str = "w") -> Iterator[IO[Any]]:
    """A file to write that appears under its name only once it is whole.

    A link is followed, and a file that is replaced leaves its mode to the new one. Devices, pipes
    and the standard output are written to.

    Raises:
        OSError: naming the file, for what cannot be written.
    """
    if is_stdout(path):
        yield sys.stdout.buffer if "b" in mode else sys.stdout
        return
    with _explained(path):
        try:
            known = path.stat()
        except FileNotFoundError:
            known = None
        if known is not None and not os.access(path, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    regular = known is None or stat.S_ISREG(known.st_mode)
    with _new(path, known, mode) if regular else _open(path, path, "w", mode) as file:
        yield file


@contextlib.contextmanager
def _new(path: Path, known: os.stat_result | None, mode: str) -> Iterator[IO[Any]]:
    """A file beside the one of this name that takes its place at the end, for the same users."""
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{secrets.token_hex(8)}")
    half_written.add(temporary)
    try:
        with _open(temporary, path, "x", mode) as file:
            if known is not None:
                with contextlib.suppress(OSError, AttributeError):
                    os.chown(temporary, known.st_uid, known.st_gid)
                temporary.chmod(stat.S_IMODE(known.st_mode))
            yield file
        with _explained(path):
            temporary.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    finally:
        half_written.discard(temporary)


def is_stdout(path: Path) -> bool:
    """Whether that is where the process prints to, under whatever name."""
    try:
        return path == STDOUT or os.path.samestat(path.stat(), os.fstat(sys.stdout.fileno()))
    except (OSError, ValueError):  # there is no such file, or nothing that could be one
        return False


def as_one_line(error: OSError, message: str) -> OSError:
    """An error of the same kind with this message."""
    found = type(error)(message)
    found.errno = error.errno
    return found


class _File(io.FileIO):
    """A file whose errors name it."""

    shown: Path

    def write(self, data: Any) -> int:
        with _explained(self.shown):
            return super().write(data)


def _open(path: Path, shown: Path, how: str, mode: str) -> IO[Any]:
    with _explained(shown):
        raw = _File(path, how)  # the system applies the umask
    raw.shown = shown
    buffered = io.BufferedWriter(raw)
    if "b" in mode:
        return buffered
    return io.TextIOWrapper(buffered, encoding="utf-8", errors="backslashreplace", newline="")


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        message = f"{path}: cannot be written: {error.strerror or error}"
        raise as_one_line(error, message) from None
