"""A JSON Schema of configs, for editors, from the table of kinds that `from_config` checks with."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from inspect import Parameter, getdoc
from typing import Any, Literal

from jax.typing import ArrayLike

from jaxsched.configs import kinds
from jaxsched.fields import Length, NumberField, ScheduleField
from jaxsched.schedule import Schedule
from jaxsched.sizes import NUMBER, UNITS

_SCHEDULE = {"$ref": "#/$defs/schedule"}
_LENGTH: dict[str, Any] = {
    "type": ["number", "string"],
    "pattern": rf"^\s*{NUMBER}\s*({'|'.join(UNITS)})\s*$",
}
_PLAIN = {bool: "boolean", int: "integer", float: "number", str: "string", type(None): "null"}


def schema() -> dict[str, Any]:
    """The schema (draft 2020-12) of a config: what is right with its kinds, keys and types.

    What keys have to do with one another, such as one boundary between each two schedules, is
    left to `from_config`.
    """
    table = {kind: kinds.parameters(entry) for kind, entry in kinds.makers().items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "a schedule of jaxsched",
        **_SCHEDULE,
        "$defs": {
            # by if and then, not oneOf: what is wrong with one kind is not said of all
            "schedule": {
                "type": ["object", "number"],
                "required": ["kind"],
                "properties": {"kind": {"enum": list(table)}},
                "allOf": [
                    {"if": _is_of(kind), "then": {"$ref": f"#/$defs/{kind}"}} for kind in table
                ],
            },
            **{kind: _kind(kind, parameters) for kind, parameters in table.items()},
        },
    }


def _is_of(kind: str) -> dict[str, Any]:
    return {"type": "object", "required": ["kind"], "properties": {"kind": {"const": kind}}}


def _kind(kind: str, parameters: Mapping[str, Parameter]) -> dict[str, Any]:
    """The configs of one kind."""
    doc = getdoc(kinds.makers()[kind]) or ""
    texts = _arguments(doc)
    properties: dict[str, Any] = {"kind": {"const": kind}}
    for key, parameter in parameters.items():
        text = texts.get(parameter.name)
        properties[key] = _held(parameter.annotation) | ({"description": text} if text else {})
    required = [key for key, p in parameters.items() if p.default is Parameter.empty]
    return {
        "title": doc.split("\n")[0] or kind,
        "type": "object",
        "properties": properties,
        "required": ["kind", *required],
        "additionalProperties": False,
    }


def _held(holds: Any) -> dict[str, Any]:
    """What a key may hold, of its declaration or type."""
    if isinstance(holds, ScheduleField):
        return {"type": "array", "items": _SCHEDULE} if holds.several else _SCHEDULE
    if isinstance(holds, NumberField):
        return _number(holds)
    if holds == Length:
        return _LENGTH
    origin, inside = typing.get_origin(holds), typing.get_args(holds)
    if origin is Literal:
        return {"enum": list(inside)}
    if origin in (typing.Union, types.UnionType):
        return _any_of(inside)
    if origin in (Sequence, Iterable, list):
        return {"type": "array", "items": _held(inside[0])}
    if origin is Mapping:
        return {"type": "object"}
    if isinstance(holds, type) and issubclass(holds, Schedule):
        return _SCHEDULE
    return {"type": _PLAIN[holds]} if holds in _PLAIN else {}


def _number(kind: NumberField) -> dict[str, Any]:
    """A number, a length or a list of them, in its bounds."""
    bounds = {
        "minimum": kind.least,
        "exclusiveMinimum": kind.above,
        "maximum": kind.most,
        "exclusiveMaximum": kind.below,
    }
    held = (_LENGTH if kind.integral else {"type": "number"}) | {
        name: x for name, x in bounds.items() if x is not None
    }
    if kind.rank:
        return {"type": "array", "items": held}
    return {"anyOf": [held, {"type": "null"}]} if kind.optional else held


def _any_of(members: Sequence[Any]) -> dict[str, Any]:
    """One of several types; a function is nothing for a config."""
    array_like = set(typing.get_args(ArrayLike))
    if array_like <= set(members):
        members = [float, *(member for member in members if member not in array_like)]
    branches = [_held(x) for x in members if typing.get_origin(x) is not Callable]
    return branches[0] if len(branches) == 1 else {"anyOf": branches}


def _arguments(doc: str) -> dict[str, str]:
    """The texts of the section Args of a docstring, by name."""
    section = re.search(r"^Args:\n((?: .*\n?|\n)*)", doc, re.MULTILINE)
    texts = {}
    for names, text in re.findall(
        r"^    (\w[\w, ]*): (.*(?:\n     .*)*)", section[1] if section else "", re.MULTILINE
    ):
        for name in names.split(", "):
            texts[name] = " ".join(text.split())
    return texts
