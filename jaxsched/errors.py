"""What errors say: the nearest right name, and values that fit into a line."""

from __future__ import annotations

import contextlib
import difflib
import functools
import inspect
from collections.abc import Callable, Iterable, Iterator
from typing import Any, ParamSpec, TypeVar

SHOWN = 80  # characters of a value in a message

P = ParamSpec("P")
R = TypeVar("R")


def shown(value: Any, width: int = SHOWN) -> str:
    """The repr of a value on one line, and no longer than this.

    >>> shown(list(range(1000)), 20)
    '[0, 1, 2, 3, 4, ...'
    """
    return shortened(repr(value), width)


def shortened(text: str, width: int = SHOWN) -> str:
    """The text on one line, and no longer than this."""
    # a text of any size: what will not be seen need not be joined
    line = " ".join(text[: 4 * width].split())
    return (
        line
        if len(line) <= width and len(text) <= 4 * width
        else f"{line[: width - 4].rstrip()} ..."
    )


def suggestion(name: object, known: Iterable[str]) -> str:
    """'; did you mean X?' for the nearest known name, or the list of all when none is near."""
    options = sorted(known)
    lowered = {option.lower(): option for option in options}
    near = difflib.get_close_matches(str(name).lower(), lowered, n=1, cutoff=0.6)
    if near:
        return f"; did you mean {lowered[near[0]]!r}?"
    return f"; known are {', '.join(options)}" if options else ""


def require_known(given: Iterable[object], known: Iterable[str], what: str) -> None:
    """Raise a ValueError for the first given name that is not known: '{what} has no key ...'."""
    known = list(known)
    for name in given:
        if name not in known:
            with about(name):
                raise ValueError(f"{what} has no key {shown(name)}{suggestion(name, known)}")


@contextlib.contextmanager
def about(argument: object) -> Iterator[None]:
    """Let errors know which argument they are about, for who knows where that stands in a file."""
    try:
        yield
    except (TypeError, ValueError) as error:
        vars(error).setdefault("argument", argument)
        raise


def suggesting(function: Callable[P, R], name: str | None = None, more: str = "") -> Callable[P, R]:
    """The function, whose error for an argument that it does not have suggests the nearest one.

    With `more` it says that where there is an argument too many.

    >>> @suggesting
    ... def area(width: float, height: float) -> float: return width * height
    >>> area(2, heigth=3)  # type: ignore[call-arg]
    Traceback (most recent call last):
    TypeError: area() has no argument 'heigth'; did you mean 'height'?
    """
    called = name or function.__name__
    parameters = inspect.signature(function).parameters.values()
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return function
    known = {p.name for p in parameters if p.kind is not p.POSITIONAL_ONLY and p.name != "self"}

    @functools.wraps(function)
    def call(*arguments: P.args, **named: P.kwargs) -> R:
        for argument in named.keys() - known:
            hint = suggestion(argument, known)
            raise TypeError(f"{called}() has no argument {argument!r}{hint}")
        if more and len(arguments) > len(parameters):
            raise TypeError(f"{called}() takes no argument: {more}, got {shown(arguments[-1])}")
        try:
            return function(*arguments, **named)
        except TypeError as error:
            if not str(error).startswith(f"{called}.__init__() "):
                raise
            raise TypeError(str(error).replace(".__init__()", "()", 1)) from None

    return call
