"""Schedules in files: native configs, and those of other systems in their own forms."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import math
import os
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jaxsched.configs.kinds import dialects, is_kind, is_sized, located, to_config, whole
from jaxsched.configs.reading import ConfigError, printable, read, require_shallow, require_small
from jaxsched.configs.writing import as_one_line, written
from jaxsched.errors import shortened, shown, suggesting, suggestion
from jaxsched.fields import LONGEST
from jaxsched.schedule import Schedule, is_known
from jaxsched.sizes import Sizes as Sizes

if TYPE_CHECKING:
    from jaxsched.dialects.protocol import Stated


@dataclasses.dataclass(frozen=True)
class Entry:
    """A schedule that was found: in which source, where there, what it calls itself, how long."""

    source: str
    place: str
    label: str
    schedule: Schedule
    steps: int

    @property
    def name(self) -> str:
        """Where it is and what it is."""
        return printable(f"{self.source}{self.place} {self.label}")


@suggesting
def load(
    path: str | os.PathLike[str],
    *,
    key: str | None = None,
    total_steps: int | None = None,
    steps_per_epoch: float | None = None,
    tokens_per_step: float | None = None,
) -> Schedule:
    """The schedule of a YAML, JSON or TOML file: a config as of `from_config`; no code is run.

    The config may also be in the form of another system's file, whatever `python -m jaxsched show`
    reads.

    Args:
        path: its suffix decides the format: .yaml or .yml, .json, .toml.
        key: where the schedule stands in a file that holds more, such as "optimizer.learning_rate"
            or "runs[0].lr".
        total_steps, steps_per_epoch, tokens_per_step: the sizes of the run, see `from_config`.

    Raises:
        OSError: for a file that cannot be opened: FileNotFoundError, PermissionError and the like.
        ValueError: with the file, the line and the place in the config, for what `from_config`
            refuses, what cannot be read, and a file of several schedules, whose keys it names.
    """
    if key is not None and not isinstance(key, str):
        raise TypeError(f"load(key=...) must be a text such as 'optimizer.lr', got {shown(key)}")
    run = Sizes(total_steps, None, steps_per_epoch, tokens_per_step)
    (entry,) = in_file(_path(path, "load(path)"), run, key=key, single=True)
    return entry.schedule


@suggesting
def save(schedule: Schedule, path: str | os.PathLike[str]) -> None:
    """Write the config of a schedule to a YAML or JSON file; `load` gives the same tree.

    The file appears under its name once it is whole.

    Raises:
        OSError: for a file that cannot be written.
        TypeError: for what is no schedule.
        ValueError: for what `to_config` refuses, a batch, and another suffix.
    """
    if not isinstance(schedule, Schedule):
        raise TypeError(f"save(schedule, path): the schedule comes first, got {shown(schedule)}")
    path = _path(path, "save(path)")
    config = to_config(schedule)
    if not is_known(schedule):
        raise ValueError(f"save(schedule) writes one schedule, got a batch: {shown(schedule)}")
    text = written_as(path, config)
    with written(path) as file:
        file.write(text)


def _path(path: Any, where: str) -> Path:
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"{where} must be the path of a file, got {shown(path)}")
    return Path(path)


def written_as(path: Path, configs: Any) -> str:
    """The text of a file of this name with these configs."""
    if path.suffix.lower() not in (".yaml", ".yml", ".json"):
        raise ValueError(f"{path}: .yaml (or .yml) and .json can be written, got {path.suffix!r}")
    with _in(path):
        require_shallow(configs)
        text = in_json(configs) if path.suffix.lower() == ".json" else in_yaml(configs)
        require_small(len(text))
        return text


def in_json(data: Any) -> str:
    """JSON with a key a line, and lists of numbers on one."""
    text = json.dumps(data, indent=2)
    return re.sub(r"\[\s+([^][{}\"]*)\s+\]", lambda m: f"[{' '.join(m[1].split())}]", text) + "\n"


def in_yaml(data: Any) -> str:
    """YAML with what is not nested on one line."""
    try:
        import yaml
    except ImportError:
        raise ValueError("writing YAML needs pyyaml: pip install jaxsched[yaml]") from None
    return str(yaml.safe_dump(data, default_flow_style=None, sort_keys=False, width=100))


# --- the schedules in a file --------------------------------------------------------------------


def in_file(
    path: Path,
    run: Sizes,
    source: str | None = None,
    key: str | None = None,
    single: bool = False,
) -> list[Entry]:
    """The schedules of a file, or of one key in it; it is called by its path or as the source."""
    run = dataclasses.replace(run, batches=False)
    with _in(path):
        data = read(path)
        try:
            stated = list(_stated(*_at_key(data, key or "")))
            if single and len(stated) != 1:
                problem = f"one schedule is expected, {key or 'the file'} has {len(stated)}"
                raise ConfigError(f"{problem}{_keys([one.place for one in stated])}")
            return [_entry(one, run, source or str(path)) for one in stated]
        except ConfigError as error:
            keys = list(_candidates(data))
            elsewhere = str(error).startswith("config") and not any(
                str(error).startswith(f"config{place}") for place in keys
            )
            if keys and elsewhere:
                raise ConfigError(f"{error}{_keys(keys)}", error.line) from error.__cause__
            raise


@contextlib.contextmanager
def _in(path: Path) -> Iterator[None]:
    """Put the file and the line in front of errors."""
    try:
        yield
    except OSError as error:
        raise as_one_line(error, f"{path}: {error.strerror or error}") from None
    except ConfigError as error:
        line = "" if error.line is None else f"{error.line}:"
        raise ValueError(f"{path}:{line} {error}") from error.__cause__


def _at_key(data: Any, key: str) -> tuple[Any, str]:
    """What stands at a key, `a.b` in a mapping and `[0]` in a list; and its place."""
    place, rest = "", f".{key}" if key[:1] not in ("", "[") else key
    while rest:
        inside = _inside(data)
        found = [x for x in inside if rest == x or rest.startswith((f"{x}.", f"{x}["))]
        if not found:
            others = [place + x for x, item in inside.items() if not isinstance(item, str | None)]
            known = {x.removeprefix(".") for x in (*_candidates(data, place), *others)}
            near = suggestion(key, known)
            raise ConfigError(f"no key {shown(key)} in the file{near}", getattr(data, "line", None))
        name = max(found, key=len)
        data, place, rest = inside[name], place + name, rest.removeprefix(name)
    return data, place


def _keys(places: Sequence[str]) -> str:
    """'; give the key of one: ...' with some of them, or nothing."""
    some = ", ".join(repr(place.removeprefix(".")) for place in places[:5])
    return f"; give the key of one: {some}" + (", ..." if len(places) > 5 else "") if places else ""


def _candidates(data: Any, place: str = "") -> Iterator[str]:
    """Where something stands in a larger file that says it is a schedule."""
    found = _in_a_form(data, place)
    if found is None and isinstance(data, Mapping) and is_kind(data.get("kind")):
        yield place
    elif found and any(one.sure and is_kind(one.config["kind"]) for one in found):
        yield place
    else:
        for name, item in _inside(data).items():
            yield from _candidates(item, place + name)


def _in_a_form(data: Any, place: str) -> list[Stated] | None:
    """The schedules in data of another system's form, or None."""
    forms = (dialect.form(data, place) for dialect in dialects().values() if dialect.form)
    return next((found for found in forms if found is not None), None)


def _inside(data: Any) -> dict[str, Any]:
    """What a mapping or a list holds, by what it adds to the place."""
    if isinstance(data, list):
        return {f"[{i}]": item for i, item in enumerate(data)}
    if isinstance(data, Mapping):
        return {f".{name}": item for name, item in data.items()}
    return {}


def _stated(data: Any, place: str) -> Iterator[Stated]:
    """Every schedule that the data of a source states.

    They are in the form of a system, or have a kind, or are numbers; a list holds several, and
    other mappings name theirs.
    """
    from jaxsched.dialects.protocol import Stated

    found = _in_a_form(data, place)
    inside = {} if isinstance(data, Mapping) and "kind" in data else _inside(data)
    if found is not None:
        yield from found
        return
    if isinstance(data, Mapping) and not all(
        isinstance(item, Mapping | list) for item in inside.values()
    ):
        rule = "no kind, type, schedule_config or lr_scheduler among the keys"
        keys = shortened(", ".join(map(str, data)))
        raise ConfigError(f"config{place}: {rule} {keys}", getattr(data, "line", None))
    for name, item in inside.items():
        yield from _stated(item, place + name)
    if not inside:
        kind = data.get("kind") if isinstance(data, Mapping) else "constant"
        yield Stated(place, str(kind).rpartition(".")[2], data)


def _entry(stated: Stated, run: Sizes, source: str) -> Entry:
    """The schedule of a config, and how many counts show it: its duration, or that of the run."""
    place, label, config, _ = stated
    with _at(config, place, source):
        number = isinstance(config, int | float) and not isinstance(config, bool)
        if not number and (not isinstance(config, Mapping) or not config):
            raise ValueError(
                f"a schedule config is a mapping, a list or a number, got {shown(config)}"
            )
        schedule = whole(config, f"config{place}", run)
        duration = schedule.duration
        if not number and duration is not None and not is_sized(config["kind"]):
            steps = min(max(1, math.ceil(duration)), LONGEST)
        else:
            given = {} if number else config
            total = given.get("total_steps", given.get("num_training_steps"))
            total = run.known("total_steps") if total is None else total
            steps = int(run.counts(total, "total_steps") or 1)
    return Entry(source, place, label, schedule, steps)


@contextlib.contextmanager
def _at(data: Any, place: str, source: str) -> Iterator[None]:
    """Put the place in front of errors and warnings, which become one line each."""
    with warnings.catch_warnings(record=True) as caught, located(f"config{place}", data):
        warnings.simplefilter("always")
        yield
    for warning in caught:
        warnings.warn(f"{source}{place}: {warning.message}", stacklevel=2)
