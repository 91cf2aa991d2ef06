"""The kinds of a config, their keys, and schedules from and to them; see `jaxsched.configs`."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import inspect
import typing
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import jax
import numpy as np

import jaxsched.schedule
from jaxsched import algebra, curves, grids, recipes
from jaxsched.configs.reading import ConfigError
from jaxsched.errors import about, require_known, shown, suggesting, suggestion
from jaxsched.fields import Length, NumberField, ScheduleField, declarations, is_concrete
from jaxsched.plain import plain
from jaxsched.schedule import Constant, Function, Schedule
from jaxsched.sizes import Sizes

if TYPE_CHECKING:
    from jaxsched.dialects.protocol import Dialect

Parameters = dict[str, inspect.Parameter]

_MANY = 10**7  # counts, of which any percentage is a whole number or nearly so


def _native() -> dict[str, Callable[..., Schedule]]:
    classes = {
        name: entry
        for module in (jaxsched.schedule, algebra, curves, grids)
        for name, entry in vars(module).items()
        if isinstance(entry, type)
        and issubclass(entry, Schedule)
        and entry.__module__ == module.__name__
        and name[0] != "_"
        and entry not in (Schedule, Function)
    }
    return {**classes, **{recipe.__name__: recipe for recipe in recipes.RECIPES}}


KINDS = _native()


@suggesting
def from_config(
    config: Mapping[str, Any] | float,
    *,
    total_steps: int | None = None,
    steps_per_epoch: float | None = None,
    tokens_per_step: float | None = None,
) -> Schedule:
    """The schedule of a config; a number is a `Constant`.

    Args:
        config: see `jaxsched.configs`; a `DictConfig` or `ConfigDict` is a mapping as any other.
        total_steps, steps_per_epoch, tokens_per_step: the sizes of the run, needed where a length
            has a unit (it becomes the nearest whole count) or where another system's config leaves
            them open.

    Raises:
        ValueError: with the place in the config, for an unknown kind or key (naming the nearest
            right one), a missing key or size, and whatever the entry itself refuses.
    """
    run = Sizes(total_steps, None, steps_per_epoch, tokens_per_step)
    try:
        with located("config", None):
            config = plain(config)
        return whole(config, "config", run)
    except RecursionError:
        raise ValueError("config: nested too deep") from None
    except ConfigError as error:
        raise ValueError(str(error)) from error.__cause__


@suggesting
def to_config(schedule: Schedule) -> dict[str, Any]:
    """The config of a schedule, of mappings, lists, strings and numbers only.

    Raises:
        ValueError: for what is not plain data: a foreign callable, an own subclass, a tracer.
    """
    try:
        return _written(schedule)
    except RecursionError:
        raise ValueError("the schedule is nested too deep to be written as a config") from None


def _written(schedule: Any) -> dict[str, Any]:
    if isinstance(schedule, Function):
        rule = "a foreign callable cannot be written as a config"
        raise ValueError(f"{rule}: {shown(schedule.function)}")
    name = type(schedule).__name__
    if KINDS.get(name) is not type(schedule):
        raise ValueError(f"{name} is not a class of jaxsched, it cannot be written as a config")
    config: dict[str, Any] = {"kind": name}
    for field in dataclasses.fields(schedule):
        value = getattr(schedule, field.name)
        if value is not None:
            config[field.name] = _plain(value, f"{name}({field.name}=...)")
    return config


def _plain(value: Any, where: str) -> Any:
    if isinstance(value, Schedule):
        return _written(value)
    if isinstance(value, tuple):
        return [_plain(item, where) for item in value]
    if isinstance(value, np.ndarray | jax.Array):
        if not is_concrete(value) or value.ndim > 1:
            raise ValueError(f"{where} is a tracer or a batch, it cannot be written as a config")
        return np.asarray(value).tolist()
    return value


def whole(config: Any, place: str, run: Sizes) -> Schedule:
    """`from_config` for a config that stands at the given place, which errors name."""
    schedule = build(config, place, run)
    if "total_steps" in run.used:
        _require_within(config, place, run)
    return schedule


def _require_within(config: Any, place: str, run: Sizes) -> None:
    """Raise where percentages that follow one another add up to more than the run."""
    part = _part(config, run)
    if part <= 1 + 1e-5:  # of two rounded lengths
        return
    for key, inside in config.items() if isinstance(config, Mapping) else ():
        if isinstance(inside, Mapping):
            _require_within(inside, f"{place}.{key}", run)
        elif isinstance(inside, Sequence) and not isinstance(inside, str | bytes):
            for i, item in enumerate(inside):
                _require_within(item, f"{place}.{key}[{i}]", run)
    rule = f"lengths that follow one another add up to {100 * part:.5g}% of the run"
    raise ConfigError(f"{place}: {rule}", getattr(config, "line", None))


def _part(config: Any, run: Sizes) -> float:
    """What part of any run a config lasts: how much longer it is in a run that is longer by 1."""
    with contextlib.suppress(TypeError, ValueError), warnings.catch_warnings(action="ignore"):
        short, long = (
            build(config, "", dataclasses.replace(run, total_steps=steps)).duration
            for steps in (_MANY, 2 * _MANY)
        )
        return float(long - short) / _MANY
    return 0.0


def build(config: Any, place: str, run: Sizes) -> Schedule:
    """The schedule of a config, or of a part of one, at the given place."""
    try:
        with located(place, config):
            if isinstance(config, int | float) and not isinstance(config, bool):
                return Constant(config)
            return _build(config, place, run)
    except RecursionError:
        raise ConfigError(f"{place}: nested too deep") from None


def _build(config: Any, place: str, run: Sizes) -> Schedule:
    if not isinstance(config, Mapping):
        rule = "must be a mapping with a kind, or a number"
        raise ConfigError(f"{place} {rule}, got {shown(config)}")
    if "kind" not in config:
        raise ConfigError(f"{place} has no kind{_misnamed(config)}")
    kind, given = config["kind"], {key: x for key, x in config.items() if key != "kind"}
    entry = _maker(kind)
    if entry is None:
        raise ValueError(_unknown(kind))
    declared = parameters(entry)
    require_known(given, declared, kind)
    for key, parameter in declared.items():
        if key in given:
            with about(key):
                given[key] = _argument(kind, parameter, given[key], f"{place}.{key}", run)
        elif (size := run.filling(parameter.annotation, given)) is not None:
            given[key] = size
        elif parameter.default is inspect.Parameter.empty:
            raise ValueError(f"{kind} needs {key}")
    return entry(**given)


def _maker(kind: Any) -> Callable[..., Schedule] | None:
    """What makes the schedules of a kind; another system's may stand in modules of it."""
    if not isinstance(kind, str):
        return None
    system, _, name = kind.partition(".")
    return makers().get(kind) or makers().get(f"{system}.{name.rpartition('.')[2]}")


def is_kind(kind: Any) -> bool:
    """Whether that is the name of a kind."""
    return _maker(kind) is not None


def is_sized(kind: Any) -> bool:
    """Whether the schedules of a kind are those of a whole run."""
    maker = _maker(kind)
    held = parameters(maker).values() if maker else ()
    return any(getattr(p.annotation, "size", None) == "total_steps" for p in held)


def _unknown(kind: Any) -> str:
    """What is wrong with a kind that is none."""
    system, _, name = kind.partition(".") if isinstance(kind, str) else ("", "", "")
    if not name:
        return f"unknown kind {shown(kind)}{suggestion(kind, KINDS)}"
    if system in dialects():
        if name in (absent := dialects()[system].absent):
            return f"{kind} {absent[name]}"
        known = (f"{system}.{entry}" for entry in dialects()[system].entries)
        near = suggestion(f"{system}.{name.rpartition('.')[2]}", known)
        return f"unknown kind {shown(kind)}{near}"
    if meant := _meant(kind):
        return f"unknown kind {shown(kind)}; did you mean {meant!r}?"
    return f"unknown system {shown(system)} in kind {shown(kind)}{suggestion(system, dialects())}"


def _misnamed(config: Mapping[str, Any]) -> str:
    """That the kind stands under another key, or else what kinds there are."""
    for key, x in config.items():
        if meant := _meant(x):
            return f": its key is 'kind', not {shown(key)}, as in kind: {meant}"
    other = next((key for key in ("_target_", "name") if key in config), None)
    hint = f": its key is 'kind', not {other!r}" if other else ""
    return f"{hint}; known are {', '.join(sorted(KINDS))}"


def _meant(name: Any) -> str | None:
    """The kind that is called by a name such as Cosine or jaxsched.Cosine."""
    if not isinstance(name, str):
        return None
    for prefix in ("jaxsched.", "js.", "dialects."):
        name = name.removeprefix(prefix)
    return name if name in makers() else None


def _argument(kind: str, parameter: inspect.Parameter, x: Any, place: str, run: Sizes) -> Any:
    """What a key holds, with the configs inside as schedules, and lengths without their units."""
    holds = parameter.annotation
    if isinstance(holds, ScheduleField) and not holds.several:
        return build(x, place, run)
    if isinstance(holds, ScheduleField):
        if isinstance(x, str | bytes) or not isinstance(x, Sequence):
            raise ConfigError(f"{place} must be a list of configs, got {shown(x)}")
        return [build(item, f"{place}[{i}]", run) for i, item in enumerate(x)]
    if holds in (list, dict):  # data of another system's
        return x
    rank = holds.rank if isinstance(holds, NumberField) else _rank(holds)
    if _depth(x) > max(rank, run.batches):
        meant = "a list of numbers" if rank else "one number"
        raise ValueError(f"{kind}({parameter.name}=...) must be {meant}, got {shown(x)}")
    if holds_counts(parameter):
        return run.counts(x, f"{kind}({parameter.name}=...)")
    return x if isinstance(holds, NumberField) else _schedules_in(x, place, run)


def _depth(x: Any) -> int:
    """How many lists are inside one another."""
    if isinstance(x, Sequence) and not isinstance(x, str | bytes):
        return 1 + max(map(_depth, x), default=0)
    return x.ndim if isinstance(x, np.ndarray | jax.Array) else 0


def _rank(hint: Any) -> int:
    """How many lists inside one another an argument of this type may be."""
    if hint is Any or typing.get_origin(hint) in (Sequence, Iterable, Mapping, list, tuple):
        return 1
    return max(map(_rank, typing.get_args(hint)), default=0)


def _schedules_in(x: Any, place: str, run: Sizes) -> Any:
    """An argument of a function: a config as the schedule that it stands for, in a list too."""
    if isinstance(x, Mapping) and "kind" in x:
        return build(x, place, run)
    if isinstance(x, Sequence) and not isinstance(x, str | bytes):
        return [_schedules_in(item, f"{place}[{i}]", run) for i, item in enumerate(x)]
    return x


# --- the table of kinds -------------------------------------------------------------------------


@functools.cache
def parameters(entry: Any) -> Parameters:
    """The keys of an entry's config; each is annotated with the declaration or type it has."""
    signature = inspect.signature(entry)
    if isinstance(entry, type) and issubclass(entry, Schedule):
        holds = typing.get_type_hints(entry) | entry._kinds
        holds |= {name: Literal[options] for name, options in entry._options.items() if options}
    else:
        holds = declarations(entry)
    return {
        name: parameter.replace(annotation=holds[name])
        for name, parameter in signature.parameters.items()
    }


def holds_counts(parameter: inspect.Parameter) -> bool:
    """Whether a key holds a length, or a list of them."""
    holds = parameter.annotation
    return holds.integral if isinstance(holds, NumberField) else _mentions_length(holds)


def _mentions_length(hint: Any) -> bool:
    return hint == Length or any(map(_mentions_length, typing.get_args(hint)))


@functools.cache
def makers() -> dict[str, Callable[..., Schedule]]:
    """What makes the schedules of every kind: a class or a function."""
    others = {
        f"{system}.{name}": entry
        for system, dialect in dialects().items()
        for name, entry in dialect.entries.items()
    }
    return {**KINDS, **others}


def dialects() -> Mapping[str, Dialect]:
    """The other systems by name, which are imported when they are asked for."""
    from jaxsched.dialects import DIALECTS

    return DIALECTS


@contextlib.contextmanager
def located(place: str, config: Any) -> Iterator[None]:
    """Put the place in front of the message of an error, and note the line."""
    try:
        yield
    except (TypeError, ValueError) as error:
        argument = getattr(error, "argument", None)
        if isinstance(error, ConfigError):
            located, cause = error, error.__cause__
        else:
            located, cause = ConfigError(f"{place}: {error}"), error
        if located.line is None:
            known = getattr(config, "lines", {})
            located.line = known.get(argument, getattr(config, "line", None))
        raise located from cause
