"""Schedules as plain data: `from_config(to_config(schedule))` is the same tree, bit for bit.

A config is a mapping with a `kind`, the name of a class or recipe of this package or
`DIALECT.entry` for another system's, and the arguments of that entry; schedules inside are configs
again, or numbers.

>>> schedule = from_config({"kind": "Warmup", "steps": 2, "schedule": {
...     "kind": "Cosine", "start": 1.0, "end": 0.0, "steps": 8}})
>>> schedule
Warmup(schedule=Cosine(start=1.0, end=0.0, steps=8), steps=2, start=0.0)
>>> to_config(schedule)["schedule"]
{'kind': 'Cosine', 'start': 1.0, 'end': 0.0, 'steps': 8}
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jax
import numpy as np

from jaxsched import _algebra, _curves, _grid, _recipes
from jaxsched._algebra import Constant, Function
from jaxsched._names import require_known, suggestion
from jaxsched._schedule import Schedule
from jaxsched.fields import Part, is_concrete

# `kind` names the entry, so the one field of that name has another key
_KEY_OF_FIELD = {"kind": "interpolation"}


def _native() -> dict[str, Callable[..., Schedule]]:
    entries: dict[str, Callable[..., Schedule]] = {}
    for module in (_algebra, _curves, _grid, _recipes):
        for name, entry in vars(module).items():
            if getattr(entry, "__module__", None) != module.__name__ or name.startswith("_"):
                continue
            schedule = isinstance(entry, type) and issubclass(entry, Schedule)
            if (schedule and entry is not Function) or module is _recipes:
                entries[name] = entry
    return entries


KINDS = _native()


def from_config(config: Mapping[str, Any] | float) -> Schedule:
    """The schedule of a config; a number is a `Constant`.

    Raises:
        ValueError: with the place in the config, for an unknown kind or key (naming the nearest
            right one), a missing key, and whatever the entry itself refuses.
    """
    return load(config, "config")


def to_config(schedule: Schedule) -> dict[str, Any]:
    """The config of a schedule, of mappings, lists, strings and numbers only.

    Raises:
        ValueError: for what is not plain data: a foreign callable, an own subclass, a tracer.
    """
    if isinstance(schedule, Function):
        raise ValueError(f"a foreign callable cannot be written as a config: {schedule.function!r}")
    name = type(schedule).__name__
    if KINDS.get(name) is not type(schedule):
        raise ValueError(f"{name} is not a class of jaxsched, it cannot be written as a config")
    config: dict[str, Any] = {"kind": name}
    for field in dataclasses.fields(schedule):
        value = getattr(schedule, field.name)
        if value is not None:
            key = _KEY_OF_FIELD.get(field.name, field.name)
            config[key] = _plain(value, f"{name}({field.name}=...)")
    return config


def _plain(value: Any, where: str) -> Any:
    if isinstance(value, Schedule):
        return to_config(value)
    if isinstance(value, tuple):
        return [_plain(item, where) for item in value]
    if isinstance(value, np.ndarray | jax.Array):
        if not is_concrete(value) or value.ndim > 1:
            raise ValueError(f"{where} is a tracer or a batch, it cannot be written as a config")
        return np.asarray(value).tolist()
    return value


def load(config: Any, place: str) -> Schedule:
    """`from_config` for a config that stands at the given place, which errors name."""
    if isinstance(config, int | float) and not isinstance(config, bool):
        with _at(place):
            return Constant(config)
    if not isinstance(config, Mapping):
        raise ValueError(f"{place} must be a mapping with a kind, or a number, got {config!r}")
    if "kind" not in config:
        raise ValueError(f"{place} has no kind; known are {', '.join(sorted(KINDS))}")
    kind, arguments = config["kind"], {k: v for k, v in config.items() if k != "kind"}
    dialect, _, entry = str(kind).partition(".")
    known: Mapping[str, Callable[..., Schedule]] = KINDS
    if entry and dialect in dialects():
        module = importlib.import_module(f"jaxsched.dialects.{dialect}")
        if hasattr(module, "from_config"):  # it brings the sizes of the run in, beside its own keys
            with _at(place):
                loaded: Schedule = module.from_config(entry.split(".")[-1], arguments)
                return loaded
        known = {f"{dialect}.{name}": made for name, made in entries(dialect).items()}
    elif entry:
        known_systems = suggestion(dialect, dialects())
        raise ValueError(f"{place}: unknown system {dialect!r} in kind {kind!r}{known_systems}")
    if not isinstance(kind, str) or kind not in known:
        raise ValueError(f"{place}: unknown kind {kind!r}{suggestion(kind, known)}")
    return _build(kind, known[kind], arguments, place)


def _build(
    kind: str, entry: Callable[..., Schedule], arguments: dict[str, Any], place: str
) -> Schedule:
    declared: Any = dataclasses.fields(entry) if dataclasses.is_dataclass(entry) else ()
    kinds = {field.name: field.metadata.get("kind") for field in declared}
    parts = {name: kind for name, kind in kinds.items() if isinstance(kind, Part)}
    parameters = inspect.signature(entry).parameters
    field_of_key = {_KEY_OF_FIELD.get(name, name): name for name in parameters}
    with _at(place):
        require_known(arguments, field_of_key, kind)
        for key, name in field_of_key.items():
            if key not in arguments and parameters[name].default is inspect.Parameter.empty:
                raise ValueError(f"{kind} needs {key}")
    given = {field_of_key[key]: value for key, value in arguments.items()}
    for name in parts.keys() & given.keys():
        below = f"{place}.{name}"
        if not parts[name].several:
            given[name] = load(given[name], below)
        elif isinstance(given[name], list | tuple):
            given[name] = [load(x, f"{below}[{i}]") for i, x in enumerate(given[name])]
        else:
            raise ValueError(f"{below} must be a list of configs, got {given[name]!r}")
    if not declared:
        given = {name: _schedules_in(x, f"{place}.{name}") for name, x in given.items()}
    with _at(place):
        return entry(**given)


def _schedules_in(value: Any, place: str) -> Any:
    """An argument of a function: a config as the schedule that it stands for, in a list too."""
    if isinstance(value, Mapping) and "kind" in value:
        return load(value, place)
    if isinstance(value, list | tuple):
        return [_schedules_in(item, f"{place}[{i}]") for i, item in enumerate(value)]
    return value


def entries(dialect: str) -> dict[str, Callable[..., Schedule]]:
    """What a dialect calls its schedules, and what makes them; none where it has a `from_config`.

    A dialect lists them in `ENTRIES`.
    """
    module = importlib.import_module(f"jaxsched.dialects.{dialect}")
    return {entry.__name__: entry for entry in getattr(module, "ENTRIES", ())}


def dialects() -> list[str]:
    """The names of the public modules in `jaxsched.dialects`."""
    package = importlib.import_module("jaxsched.dialects")
    names = [module.name for module in pkgutil.iter_modules(package.__path__)]
    return [name for name in names if not name.startswith("_")]


@contextlib.contextmanager
def _at(place: str) -> Iterator[None]:
    """Put the place in front of the message of an error."""
    try:
        yield
    except (TypeError, ValueError) as error:
        raise ValueError(f"{place}: {error}") from error
