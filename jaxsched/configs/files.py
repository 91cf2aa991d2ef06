"""Schedules in files: native configs, and those of other systems in their own forms."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import json
import math
import os
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from jaxsched.configs.kinds import located, table, to_config, whole
from jaxsched.configs.reading import ConfigError, printable, read, require_shallow, require_small
from jaxsched.configs.writing import as_one_line, written
from jaxsched.errors import shortened, shown, suggesting, suggestion
from jaxsched.fields import LONGEST
from jaxsched.schedule import Schedule, is_known
from jaxsched.sizes import Sizes as Sizes

_ELEMENT = re.compile(r"(.*\.)?lr_scheduler\[\d+\]")  # the place of one of Kumo's
_SIZED = ("kumo", "lr_schedule", "noether")  # a schedule of theirs is that of a whole run


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
        data = _of_kumo(read(path))
        try:
            configs = list(_configs(*_at_key(data, key or "")))
            places = [place for config in configs for place in _places(*config)]
            if single and len(places) != 1:
                problem = f"one schedule is expected, {key or 'the file'} has {len(places)}"
                raise ConfigError(f"{problem}{_keys(places)}")
            return [e for config in configs for e in _entries(*config, run, source or str(path))]
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
    if _is_marked(data):
        yield place
    else:
        for name, item in _inside(data).items():
            yield from _candidates(item, place + name)


def _is_marked(data: Any) -> bool:
    """Whether it has the keys of a schedule, and names one that is known."""
    from jaxsched.dialects import kumo, lr_schedule, noether

    if isinstance(data, list):
        return any(x and _is_kumo(x) and x["name"] in [*kumo.SCHEDULERS] for x in data)
    if not isinstance(data, Mapping):
        return False
    kind, types = data.get("kind"), [entry.type for entry in lr_schedule.entries().values()]
    native = isinstance(kind, str) and (
        kind in table() or kind.split(".")[-1] in noether.schedules()
    )
    return native or data.get("type") in types or "schedule_config" in data or _is_of_kumo(data)


def _inside(data: Any) -> dict[str, Any]:
    """What a mapping or a list holds, by what it adds to the place."""
    if isinstance(data, list):
        return {f"[{i}]": item for i, item in enumerate(data)}
    if isinstance(data, Mapping):
        return {f".{name}": item for name, item in data.items()}
    return {}


def _configs(data: Any, place: str) -> Iterator[tuple[Any, str]]:
    """Every config in the data of a source, and where it stands.

    A list holds several; `schedule_config` and `lr_scheduler` are noether's and Kumo's keys, a
    `type` is lr_schedule's, a `kind` noether's or ours; other mappings name their schedules.
    """
    data = _of_kumo([data] if _ELEMENT.fullmatch(place) else data)
    if _is_of_kumo(data):
        yield data, place.removesuffix(".lr_scheduler")
        return
    if isinstance(data, Mapping) and "schedule_config" in data:
        yield from _configs(data["schedule_config"], f"{place}.schedule_config")
        return
    inside = {} if isinstance(data, Mapping) and data.keys() & {"type", "kind"} else _inside(data)
    if isinstance(data, Mapping) and not all(
        isinstance(item, Mapping | list) for item in inside.values()
    ):
        rule = "no kind, type, schedule_config or lr_scheduler among the keys"
        keys = shortened(", ".join(map(str, data)))
        raise ConfigError(f"config{place}: {rule} {keys}", getattr(data, "line", None))
    for name, item in inside.items():
        yield from _configs(item, place + name)
    if not inside:
        yield data, place


def _entries(data: Any, place: str, run: Sizes, source: str) -> Iterator[Entry]:
    """The schedules of a config: one, or as many as Kumo's list has."""
    if _is_of_kumo(data):
        yield from _kumo(data, place, run, source)
        return
    with _at(data, place, source):
        number = isinstance(data, int | float) and not isinstance(data, bool)
        if not number and (not isinstance(data, Mapping) or not data):
            raise ValueError(
                f"a schedule config is a mapping, a list or a number, got {shown(data)}"
            )
        if number:
            found = "constant", whole(data, f"config{place}", run), run.known("total_steps") or 1
        elif "kind" not in data:
            found = _lr_schedule(data, run)
        else:
            found = _by_kind(data, place, run)
    yield Entry(source, place, *found)


def _places(data: Any, place: str) -> list[str]:
    """Where the schedules of a config stand."""
    if not _is_of_kumo(data) or _ELEMENT.fullmatch(place):
        return [place]
    held = data["lr_scheduler"]
    return [f"{place}.lr_scheduler[{i}]" for i in range(len(held) if isinstance(held, list) else 1)]


def _of_kumo(data: Any) -> Any:
    """Kumo's list under its key."""
    bare = isinstance(data, list) and data and all(map(_is_kumo, data))
    return {"lr_scheduler": data} if bare else data


def _is_of_kumo(data: Any) -> bool:
    if not isinstance(data, Mapping) or "lr_scheduler" not in data:
        return False
    held = data["lr_scheduler"]
    return not (isinstance(held, Mapping) and held.keys() & {"type", "kind"})


def _is_kumo(element: Any) -> bool:
    return not element and element != 0 or isinstance(element, Mapping) and "name" in element


def _lr_schedule(cfg: Mapping[str, Any], run: Sizes) -> tuple[str, Schedule, int]:
    from jaxsched.dialects import lr_schedule

    if "initial_value" not in cfg and run.known("base_lr") is not None:
        cfg = {"initial_value": run.base_lr, **cfg}
    schedule = lr_schedule.BaseLRSchedule.create(cfg)
    total = run.required("total_steps", f"a schedule of type {schedule.type}")
    return schedule.type, schedule.schedule(total), total


def _kumo(data: Mapping[str, Any], place: str, run: Sizes, source: str) -> Iterator[Entry]:
    from jaxsched.dialects import kumo

    config = data["lr_scheduler"]
    with _at(data, place, source):
        total, epoch = run.required("total_steps", "lr_scheduler"), run.steps_per_epoch
        if "epoch" in _intervals(config):
            run.known("steps_per_epoch")
        candidates = kumo.lr_scheduler(
            config,
            base_lr=run.required("base_lr", "lr_scheduler"),
            num_training_steps=total,
            steps_per_epoch=epoch,
        )
    elements = [config] if config is None or isinstance(config, Mapping) else config
    places = _places(data, place)
    for element, schedule, at in zip(elements, candidates, places, strict=True):
        several = element if isinstance(element, list) else [element]
        label = " * ".join(part["name"] for part in several if part) or "no scheduling"
        yield Entry(source, at, label, schedule, total)


def _intervals(element: Any) -> Iterator[Any]:
    """What the schedulers inside count in."""
    if isinstance(element, Mapping):
        yield element.get("interval")
    elif isinstance(element, list):
        for item in element:
            yield from _intervals(item)


def _by_kind(data: dict[str, Any], place: str, run: Sizes) -> tuple[str, Schedule, int]:
    from jaxsched.dialects import noether

    system, _, label = str(data["kind"]).rpartition(".")
    if not system and label in noether.schedules():
        data = copy.copy(data)  # a copy that knows its lines
        system, data["kind"] = "noether", f"noether.{label}"
    schedule = whole(data, f"config{place}", run)
    try:
        duration = schedule.duration
    except ValueError:  # a `Join` may be longer than can be counted
        duration = LONGEST
    if duration is not None and system.split(".")[0] not in _SIZED:
        return label, schedule, min(max(1, math.ceil(duration)), LONGEST)
    total = data.get("total_steps", data.get("num_training_steps"))
    if total is None:
        total = run.known("total_steps")
    return label, schedule, int(run.counts(total, "total_steps") or 1)


@contextlib.contextmanager
def _at(data: Any, place: str, source: str) -> Iterator[None]:
    """Put the place in front of errors and warnings, which become one line each."""
    with warnings.catch_warnings(record=True) as caught, located(f"config{place}", data):
        warnings.simplefilter("always")
        yield
    for warning in caught:
        warnings.warn(f"{source}{place}: {warning.message}", stacklevel=2)
