"""At a glance: whatever the gallery draws, with its arguments and the first sentence about it."""

import functools
import inspect

import jaxsched as js
from docs.gallery import GALLERY


def table() -> str:
    """A table for each section of the gallery, every name linked to its place in the reference."""
    return "\n\n".join(
        "\n".join([f"### {title}", "", "| | |", "|---|---|", *map(_row, section)])
        for title, section in GALLERY.items()
    )


def _row(name: str) -> str:
    named = functools.reduce(getattr, name.split("."), js)
    signature = inspect.signature(named)
    plain = [
        given.replace(annotation=given.empty)
        for given in signature.parameters.values()
        if given.name != "self"
    ]
    call = f"{name.removeprefix('Schedule')}{inspect.Signature(plain)}"
    summary = " ".join((inspect.getdoc(named) or "").partition("\n\n")[0].split())
    return f"| [`{call}`][jaxsched.{name}] | {summary} |"
