"""Schedule configs in files: YAML or JSON, native or in the form of a dialect."""

from __future__ import annotations

import contextlib
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

from jaxsched._schedule import Schedule
from jaxsched.config import load
from jaxsched.dialects import kumo, lr_schedule, noether
from jaxsched.fields import LONGEST


@dataclasses.dataclass(frozen=True)
class Open:
    """What a config may leave open."""

    total_steps: int = 1000
    base_lr: float = 1e-3
    steps_per_epoch: int = 100


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


def read(path: Path) -> Any:
    """The plain data of a YAML or JSON file; nothing in it is executed."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{path}: not a text file") from None
    if not text.strip():
        raise ValueError(f"{path}: the file is empty")
    if path.suffix.lower() == ".json":
        try:
            return json.loads(text)
        except ValueError as error:
            raise ValueError(f"{path}: not JSON: {error}") from None
    return _yaml(text, path)


def _yaml(text: str, path: Path) -> Any:
    try:
        import yaml
    except ImportError:
        raise ValueError(f"{path}: reading YAML needs pyyaml: pip install jaxsched[yaml]") from None

    class Loader(yaml.SafeLoader):
        pass

    # YAML 1.1, which PyYAML reads, takes 1e-3 for a string
    Loader.add_implicit_resolver(
        "tag:yaml.org,2002:float",
        re.compile(r"^[-+]?\d+(\.\d*)?[eE][-+]?\d+$"),
        list("-+0123456789"),
    )
    try:
        return yaml.load(text, Loader)
    except (yaml.YAMLError, ValueError) as error:  # a ValueError: a date that is none
        mark = getattr(error, "problem_mark", None)
        line = f" line {mark.line + 1}:" if mark else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise ValueError(f"{path}:{line} not YAML: {problem}") from None


def entries(data: Any, source: str, left_open: Open, place: str = "") -> Iterator[Entry]:
    """Every schedule in the data of a source.

    A list holds several; `schedule_config` and `lr_scheduler` are noether's and Kumo's keys, a
    `type` is lr_schedule's, a `kind` noether's or ours; other mappings name their schedules.
    """
    if isinstance(data, list) and data and all(map(_is_kumo, data)):
        data = {"lr_scheduler": data}
    if isinstance(data, Mapping) and "lr_scheduler" in data:
        yield from _kumo(data["lr_scheduler"], source, left_open, place)
        return
    if isinstance(data, Mapping) and "schedule_config" in data:
        yield from entries(data["schedule_config"], source, left_open, f"{place}.schedule_config")
        return
    inside = data if isinstance(data, Mapping) and not data.keys() & {"type", "kind"} else {}
    if isinstance(data, list):
        inside = {f"[{i}]": item for i, item in enumerate(data)}
    elif not all(isinstance(item, Mapping | list) for item in inside.values()):
        raise ValueError(
            f"{source}{place}: no kind, type, schedule_config or lr_scheduler among the keys "
            f"{', '.join(map(str, inside))}"
        )
    else:
        inside = {f".{name}": item for name, item in inside.items()}
    for name, item in inside.items():
        yield from entries(item, source, left_open, place + name)
    if inside:
        return
    with at(source + place):
        if isinstance(data, int | float) and not isinstance(data, bool):
            found = _lr_schedule(data, left_open)
        elif not isinstance(data, Mapping) or not data:
            raise ValueError(f"a schedule config is a mapping, a list or a number, got {data!r}")
        else:
            found = (
                _lr_schedule(data, left_open)
                if "type" in data
                else _by_kind(data, source + place, left_open)
            )
    yield Entry(source, place, *found)


def load_all(files: Sequence[Path], left_open: Open) -> list[Entry]:
    """The schedules of the files, or, if there are none, of the package's examples."""
    sources = [(str(path), read(path)) for path in files]
    if not files:
        examples = resources.files("jaxsched") / "examples"
        for name in ("lr_schedule", "noether", "kumo"):
            with resources.as_file(examples / f"{name}.json") as path:
                sources.append((name, read(path)))
    found = [entry for place, data in sources for entry in entries(data, place, left_open)]
    if not found:
        raise ValueError(f"no schedules in {', '.join(map(str, files))}")
    return found


def _is_kumo(element: Any) -> bool:
    return not element and element != 0 or isinstance(element, Mapping) and "name" in element


def _lr_schedule(cfg: Any, left_open: Open) -> tuple[str, Schedule, int]:
    if isinstance(cfg, Mapping):
        cfg = {"initial_value": left_open.base_lr, **cfg}
    schedule = lr_schedule.BaseLRSchedule.create(cfg)
    return schedule.type, schedule.schedule(left_open.total_steps), left_open.total_steps


def _kumo(config: Any, source: str, left_open: Open, place: str) -> Iterator[Entry]:
    with at(source + place):
        candidates = kumo.lr_scheduler(
            config,
            base_lr=left_open.base_lr,
            num_training_steps=left_open.total_steps,
            steps_per_epoch=left_open.steps_per_epoch,
        )
    elements = [config] if config is None or isinstance(config, Mapping) else config
    for i, (element, schedule) in enumerate(zip(elements, candidates, strict=True)):
        several = element if isinstance(element, list) else [element]
        label = " * ".join(part["name"] for part in several if part) or "no scheduling"
        place_i = f"{place}.lr_scheduler[{i}]"
        yield Entry(source, place_i, label, schedule, left_open.total_steps)


def _by_kind(data: Mapping[str, Any], place: str, left_open: Open) -> tuple[str, Schedule, int]:
    kind, total, epoch = str(data["kind"]), left_open.total_steps, left_open.steps_per_epoch
    label = kind.split(".")[-1]
    if kind.startswith("noether.core.") or kind in noether.schedules():
        return label, noether.create(data).schedule(total, epoch), total
    rest: dict[str, Any] = {}
    if kind.startswith("lr_schedule."):
        rest = {"total_steps": total}
    elif kind.startswith("noether."):
        rest = {"total_steps": total, "steps_per_epoch": epoch}
    elif kind.startswith("kumo."):
        rest = {"base_lr": left_open.base_lr, "num_training_steps": total, "steps_per_epoch": epoch}
    schedule = load({**rest, **data}, place)
    if not rest and schedule.duration is not None:
        return label, schedule, min(max(1, math.ceil(schedule.duration)), LONGEST)
    return label, schedule, int(data.get("total_steps", data.get("num_training_steps", total)))


@contextlib.contextmanager
def at(place: str) -> Iterator[None]:
    """Put the place in front of errors and warnings, which become one line each."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            yield
        except (TypeError, ValueError) as error:
            text = str(error)
            if "${" in text:
                text += " (an interpolation is its config loader's: put a number in its place)"
            raise ValueError(text if text.startswith(place) else f"{place}: {text}") from None
    for warning in caught:
        warnings.warn(f"{place}: {warning.message}", stacklevel=2)


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
