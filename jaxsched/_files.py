"""Schedules in files: native configs, and those of other systems in their own forms."""

from __future__ import annotations

import argparse
import contextlib
import copy
import dataclasses
import errno
import json
import math
import os
import re
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import IO, Any

from jaxsched._names import suggesting
from jaxsched._read import ConfigError, read, require_shallow
from jaxsched._schedule import Schedule
from jaxsched._units import Open as Open
from jaxsched.config import build, located, to_config
from jaxsched.fields import LONGEST

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
        return f"{self.source}{self.place} {self.label}"


@suggesting
def load(
    path: str | os.PathLike[str],
    *,
    total_steps: int | None = None,
    steps_per_epoch: float | None = None,
    tokens_per_step: float | None = None,
) -> Schedule:
    """The schedule of a YAML, JSON or TOML file: a config as of `from_config`; no code is run.

    The config may also be in the form of another system's file, whatever `python -m jaxsched show`
    reads.

    Args:
        path: its suffix decides the format: .yaml or .yml, .json, .toml.
        total_steps, steps_per_epoch, tokens_per_step: the sizes of the run, see `from_config`.

    Raises:
        ValueError: with the file, the line and the place in the config, for what `from_config`
            refuses, what cannot be read, and a file of several schedules.
    """
    run = Open(total_steps, None, steps_per_epoch, tokens_per_step)
    found = in_file(Path(path), run)
    if len(found) != 1:
        raise ValueError(
            f"{path}: one schedule is meant, the file has {len(found)}: python -m jaxsched show "
            "shows them"
        )
    return found[0].schedule


@suggesting
def save(schedule: Schedule, path: str | os.PathLike[str]) -> None:
    """Write the config of a schedule to a YAML or JSON file; `load` gives the same tree.

    The file appears under its name once it is whole.

    Raises:
        ValueError: for what `to_config` refuses, and for another suffix.
    """
    path = Path(path)
    text = written_as(path, to_config(schedule))
    with written(path) as file:
        file.write(text)


def written_as(path: Path, configs: Any) -> str:
    """The text of a file of this name with these configs."""
    if path.suffix.lower() not in (".yaml", ".yml", ".json"):
        raise ValueError(f"{path}: .yaml (or .yml) and .json can be written, got {path.suffix!r}")
    with _in(path):
        require_shallow(configs)
        return in_json(configs) if path.suffix.lower() == ".json" else in_yaml(configs)


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


def left_open(options: argparse.Namespace) -> Open:
    """What a command fills in where a config leaves it open."""
    return Open(
        options.total_steps, options.base_lr, options.steps_per_epoch, options.tokens_per_step
    )


# --- the schedules in a file --------------------------------------------------------------------


def load_all(files: Sequence[Path], run: Open) -> list[Entry]:
    """The schedules of the files, or, if there are none, of the package's examples."""
    found = [entry for path in files for entry in in_file(path, run)]
    if not files:
        examples = resources.files("jaxsched") / "examples"
        for name in ("lr_schedule", "noether", "kumo"):
            with resources.as_file(examples / f"{name}.json") as path:
                found += in_file(path, run, name)
    if not found:
        raise ValueError(f"no schedules in {', '.join(map(str, files))}")
    return found


def in_file(path: Path, run: Open, source: str | None = None) -> list[Entry]:
    """The schedules of a file, which is called by its path or as the source."""
    with _in(path):
        data = read(path)
        return list(_entries(data, "", run, source or str(path)))


@contextlib.contextmanager
def _in(path: Path) -> Iterator[None]:
    """Put the file and the line in front of errors."""
    try:
        yield
    except ConfigError as error:
        line = "" if error.line is None else f"{error.line}:"
        raise ValueError(f"{path}:{line} {error}") from error.__cause__


def _entries(data: Any, place: str, run: Open, source: str) -> Iterator[Entry]:
    """Every schedule in the data of a source.

    A list holds several; `schedule_config` and `lr_scheduler` are noether's and Kumo's keys, a
    `type` is lr_schedule's, a `kind` noether's or ours; other mappings name their schedules.
    """
    if isinstance(data, list) and data and all(map(_is_kumo, data)):
        data = {"lr_scheduler": data}
    if isinstance(data, Mapping) and "lr_scheduler" in data:
        yield from _kumo(data, place, run, source)
        return
    if isinstance(data, Mapping) and "schedule_config" in data:
        yield from _entries(data["schedule_config"], f"{place}.schedule_config", run, source)
        return
    inside: dict[str, Any] = {}
    if isinstance(data, list):
        inside = {f"[{i}]": item for i, item in enumerate(data)}
    elif isinstance(data, Mapping) and not data.keys() & {"type", "kind"}:
        inside = {f".{name}": item for name, item in data.items()}
        if not all(isinstance(item, Mapping | list) for item in inside.values()):
            rule = "no kind, type, schedule_config or lr_scheduler among the keys"
            keys = ", ".join(map(str, data))
            raise ConfigError(f"config{place}: {rule} {keys}", getattr(data, "line", None))
    for name, item in inside.items():
        yield from _entries(item, place + name, run, source)
    if inside:
        return
    with _at(data, place, source):
        number = isinstance(data, int | float) and not isinstance(data, bool)
        if not number and (not isinstance(data, Mapping) or not data):
            raise ValueError(f"a schedule config is a mapping, a list or a number, got {data!r}")
        if number:
            found = "constant", build(data, f"config{place}", run), run.total_steps or 1
        elif "kind" not in data:
            found = _lr_schedule(data, run)
        else:
            found = _by_kind(data, place, run)
    yield Entry(source, place, *found)


def _is_kumo(element: Any) -> bool:
    return not element and element != 0 or isinstance(element, Mapping) and "name" in element


def _lr_schedule(cfg: Mapping[str, Any], run: Open) -> tuple[str, Schedule, int]:
    from jaxsched.dialects import lr_schedule

    default = {} if run.base_lr is None else {"initial_value": run.base_lr}
    schedule = lr_schedule.BaseLRSchedule.create({**default, **cfg})
    total = run.required("total_steps", f"a schedule of type {schedule.type}")
    return schedule.type, schedule.schedule(total), total


def _kumo(data: Mapping[str, Any], place: str, run: Open, source: str) -> Iterator[Entry]:
    from jaxsched.dialects import kumo

    config = data["lr_scheduler"]
    with _at(data, place, source):
        total, epoch = run.required("total_steps", "lr_scheduler"), run.steps_per_epoch
        candidates = kumo.lr_scheduler(
            config,
            base_lr=run.required("base_lr", "lr_scheduler"),
            num_training_steps=total,
            steps_per_epoch=epoch,
        )
    elements = [config] if config is None or isinstance(config, Mapping) else config
    for i, (element, schedule) in enumerate(zip(elements, candidates, strict=True)):
        several = element if isinstance(element, list) else [element]
        label = " * ".join(part["name"] for part in several if part) or "no scheduling"
        yield Entry(source, f"{place}.lr_scheduler[{i}]", label, schedule, total)


def _by_kind(data: dict[str, Any], place: str, run: Open) -> tuple[str, Schedule, int]:
    from jaxsched.dialects import noether

    system, _, label = str(data["kind"]).rpartition(".")
    if not system and label in noether.schedules():
        data = copy.copy(data)  # a copy that knows its lines
        system, data["kind"] = "noether", f"noether.{label}"
    schedule = build(data, f"config{place}", run)
    try:
        duration = schedule.duration
    except ValueError:  # a `Join` may be longer than can be counted
        duration = LONGEST
    if duration is not None and system.split(".")[0] not in _SIZED:
        return label, schedule, min(max(1, math.ceil(duration)), LONGEST)
    total = data.get("total_steps", data.get("num_training_steps", run.total_steps))
    return label, schedule, int(run.counts(total, "total_steps") or 1)


@contextlib.contextmanager
def _at(data: Any, place: str, source: str) -> Iterator[None]:
    """Put the place in front of errors and warnings, which become one line each."""
    with warnings.catch_warnings(record=True) as caught, located(f"config{place}", data):
        warnings.simplefilter("always")
        yield
    for warning in caught:
        warnings.warn(f"{source}{place}: {warning.message}", stacklevel=2)


@contextlib.contextmanager
def written(path: Path, mode: str = "w") -> Iterator[IO[Any]]:
    """A file to write that appears under its name only once it is whole."""
    if path.is_dir():
        raise ValueError(f"{path}: cannot be written: {os.strerror(errno.EISDIR)}")
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise ValueError(f"{path}: cannot be written: {error.strerror}") from None
    try:
        with os.fdopen(handle, mode, encoding=None if "b" in mode else "utf-8") as file:
            yield file
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
