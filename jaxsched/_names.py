"""Errors for names that do not exist: they suggest the nearest one that does."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


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
            raise ValueError(f"{what} has no key {name!r}{suggestion(name, known)}")
