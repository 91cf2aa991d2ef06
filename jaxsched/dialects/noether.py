"""`noether.core.schedules`: schedules of (step, total_steps), each built from a config.

The classes, their configs and their conventions are those of noether, git 12bbabad8210: a progress
schedule reaches its end at step total_steps - 1. Deliberate deviations: at step == total_steps,
where noether extrapolates, progress stays at 1; a CustomSchedule holds its last value; a part of a
sequence that is left without steps shows its first value; unknown config keys are refused.

>>> schedule = StepFixedSchedule(factor=0.1, start_value=1.0, steps=[0.5])
>>> schedule.get_value(np.array([49, 50]), total_steps=100).round(3).tolist() == [
...     1.0, np.float32(0.1)]
True
>>> schedule.schedule(total_steps=100)
PiecewiseConstant(boundaries=[50], values=[1.0, 0.1])
"""

from __future__ import annotations

import bisect
import copy
import dataclasses
import typing
from collections.abc import Callable, Mapping, Sequence
from inspect import Parameter
from typing import Any, ClassVar

import jax
import numpy as np
from jax.typing import ArrayLike

from jaxsched.algebra import Join
from jaxsched.curves import Cosine, Linear, PiecewiseConstant, Polynomial, Table
from jaxsched.dialects._noether_configs import (
    FRACTION,
    STEPS,
    ConstantScheduleConfig as ConstantScheduleConfig,
    CosineDecreasingScheduleConfig as CosineDecreasingScheduleConfig,
    CosineIncreasingScheduleConfig as CosineIncreasingScheduleConfig,
    CustomScheduleConfig as CustomScheduleConfig,
    DecreasingProgressScheduleConfig as DecreasingProgressScheduleConfig,
    IncreasingProgressScheduleConfig as IncreasingProgressScheduleConfig,
    LinearDecreasingScheduleConfig as LinearDecreasingScheduleConfig,
    LinearIncreasingScheduleConfig as LinearIncreasingScheduleConfig,
    LinearWarmupCosineDecayScheduleConfig as LinearWarmupCosineDecayScheduleConfig,
    PeriodicBoolScheduleConfig as PeriodicBoolScheduleConfig,
    PolynomialDecreasingScheduleConfig as PolynomialDecreasingScheduleConfig,
    PolynomialIncreasingScheduleConfig as PolynomialIncreasingScheduleConfig,
    ProgressScheduleConfig as ProgressScheduleConfig,
    ScheduleBaseConfig as ScheduleBaseConfig,
    SequentialScheduleConfig as SequentialScheduleConfig,
    StepDecreasingScheduleConfig as StepDecreasingScheduleConfig,
    StepFixedScheduleConfig as StepFixedScheduleConfig,
    StepIntervalScheduleConfig as StepIntervalScheduleConfig,
    coerce,
    named,
)
from jaxsched.dialects._rules import optional
from jaxsched.dialects.protocol import (
    STEPS_PER_EPOCH,
    TOTAL_STEPS,
    Dialect,
    Entry,
    Stated,
    constructor,
)
from jaxsched.errors import require_known, shown, suggesting, suggestion
from jaxsched.fields import LONGEST, NumberField, is_concrete
from jaxsched.plain import plain
from jaxsched.schedule import Constant, Schedule

MOST_LEVELS = 2**20  # of a stepwise schedule: its boundaries are a list


@named
@dataclasses.dataclass
class SequentialPercentScheduleConfig:
    """One part of a `SequentialPercentSchedule`; None is filled in from the neighbours."""

    schedule: Any
    start_percent: float | None = None
    end_percent: float | None = None

    def __post_init__(self) -> None:
        _check_part(self, FRACTION)


@named
@dataclasses.dataclass
class SequentialStepScheduleConfig:
    """One part of a `SequentialStepSchedule`; None is filled in from the neighbours."""

    schedule: Any
    start_step: int | None = None
    end_step: int | None = None

    def __post_init__(self) -> None:
        _check_part(self, STEPS)


# --- schedules ----------------------------------------------------------------------------------


class ScheduleBase:
    """The base of all: takes a config, which is a mapping, keywords, or an object with attributes.

    The fields of the config are attributes of the schedule.
    """

    config_type: ClassVar[Any] = ScheduleBaseConfig

    def __init__(self, config: Any = None, /, **keywords: Any) -> None:
        self.config = _as_config(self.config_type, plain(config), plain(keywords))

    def __getattr__(self, name: str) -> Any:
        if name == "config":  # not yet there: while unpickling
            raise AttributeError(name)
        return getattr(self.config, name)

    def __repr__(self) -> str:
        fields = dataclasses.fields(self.config)
        changed = {f.name: getattr(self.config, f.name) for f in fields}
        parts = [f"{f.name}={changed[f.name]!r}" for f in fields if changed[f.name] != f.default]
        return f"{type(self).__name__}({', '.join(parts)})"

    @suggesting
    def get_value(self, step: ArrayLike, total_steps: int) -> jax.Array:
        """The value at `step`, an int or an array of them, of `total_steps`.

        A known step outside 0 ... total_steps is a ValueError, a traced one is clamped.
        """
        total = _total(total_steps)
        if is_concrete(step):
            steps = np.asarray(step)
            if steps.size and not (0 <= steps.min() and steps.max() <= total):
                raise ValueError(
                    f"step must be in 0 ... total_steps, got step={step} total_steps={total}"
                )
        return self._prolonged(total).stop(total)(step)

    @suggesting
    def schedule(self, total_steps: int, steps_per_epoch: int | None = None) -> Schedule:
        """The same values as a schedule of the count.

        With `interval: epoch` it is updated every `steps_per_epoch` counts, over the total
        rounded down to whole epochs.
        """
        total = _total(total_steps)
        if self.config.interval == "update":
            return self._prolonged(total)
        if steps_per_epoch is None:
            raise ValueError(f"{type(self).__name__}: interval epoch needs steps_per_epoch")
        epoch = coerce(NumberField(True, least=1, whole=True), "steps_per_epoch", steps_per_epoch)
        if total < epoch:
            raise ValueError(f"total_steps must be at least steps_per_epoch={epoch}, got {total}")
        return self._prolonged(total // epoch * epoch).every(epoch)

    def _prolonged(self, total: int) -> Schedule:
        percent, steps = self.config.overhang_percent, self.config.overhang_steps
        return self._over(total + int(total * (percent or 0.0)) + (steps or 0))

    def _over(self, total: int) -> Schedule:
        raise NotImplementedError(f"{type(self).__name__} is a base class, it has no values")


class ProgressSchedule(ScheduleBase):
    """start + progress (end - start), where progress reaches 1 at step total - 1."""

    config_type: ClassVar[Any] = ProgressScheduleConfig

    def _over(self, total: int) -> Schedule:
        first, last = self.config.exclude_first, self.config.exclude_last
        curve = self._curve(*self._ends(), total + first + last)
        return curve.skip(1) if first else curve

    def _ends(self) -> tuple[Any, Any]:
        raise NotImplementedError(f"{type(self).__name__} is a base class, it has no values")

    def _curve(self, start: Any, end: Any, total: int) -> Schedule:
        raise NotImplementedError(f"{type(self).__name__} is a base class, it has no values")


class DecreasingProgressSchedule(ProgressSchedule):
    """From `max_value` to `end_value` (0)."""

    config_type: ClassVar[Any] = DecreasingProgressScheduleConfig

    def _ends(self) -> tuple[Any, Any]:
        return self.config.max_value, self.config.end_value


class IncreasingProgressSchedule(ProgressSchedule):
    """From `start_value` (0) to `max_value`."""

    config_type: ClassVar[Any] = IncreasingProgressScheduleConfig

    def _ends(self) -> tuple[Any, Any]:
        return self.config.start_value, self.config.max_value


class _LinearProgress(ProgressSchedule):
    def _curve(self, start: Any, end: Any, total: int) -> Schedule:
        return Linear(start, end, _last(total))


class _CosineProgress(ProgressSchedule):
    def _curve(self, start: Any, end: Any, total: int) -> Schedule:
        return Cosine(start, end, _last(total))


class _PolynomialProgress(ProgressSchedule):
    def _curve(self, start: Any, end: Any, total: int) -> Schedule:
        return Polynomial(start, end, _last(total), self.config.power)


class LinearDecreasingSchedule(_LinearProgress, DecreasingProgressSchedule):
    """progress = x, x = step / (total - 1)."""

    config_type = LinearDecreasingScheduleConfig


class LinearIncreasingSchedule(_LinearProgress, IncreasingProgressSchedule):
    """progress = x, x = step / (total - 1)."""

    config_type = LinearIncreasingScheduleConfig


class CosineDecreasingSchedule(_CosineProgress, DecreasingProgressSchedule):
    """progress = 1 - (1 + cos(pi x)) / 2, x = step / (total - 1)."""

    config_type = CosineDecreasingScheduleConfig


class CosineIncreasingSchedule(_CosineProgress, IncreasingProgressSchedule):
    """progress = 1 - (1 + cos(pi x)) / 2, x = step / (total - 1)."""

    config_type = CosineIncreasingScheduleConfig


class PolynomialDecreasingSchedule(_PolynomialProgress, DecreasingProgressSchedule):
    """progress = 1 - (1 - x)^power, x = step / (total - 1)."""

    config_type = PolynomialDecreasingScheduleConfig


class PolynomialIncreasingSchedule(_PolynomialProgress, IncreasingProgressSchedule):
    """progress = 1 - (1 - x)^power, x = step / (total - 1); the rise, too, slows down."""

    config_type = PolynomialIncreasingScheduleConfig


class StepDecreasingSchedule(DecreasingProgressSchedule):
    """progress = 1 - factor^k, k = the number of whole `decreases_interval` in step / total."""

    config_type = StepDecreasingScheduleConfig

    def _over(self, total: int) -> Schedule:
        (start, end), first = self._ends(), self.config.exclude_first
        total += first + self.config.exclude_last
        begins, powers = _intervals(self, total, self.config.decreases_interval)
        levels = [end + (start - end) * power for power in powers]
        return _stairs([begin - first for begin in begins], levels)


class StepFixedSchedule(ScheduleBase):
    """start_value factor^k, k = how many of `steps`, fractions of the total, are reached."""

    config_type = StepFixedScheduleConfig

    def _over(self, total: int) -> Schedule:
        begins = [_first(total, s * total, lambda n: n / total, s) for s in self.config.steps]
        powers = [_power(self, k) for k in range(len(begins) + 1)]
        return _stairs(begins, [self.config.start_value * power for power in powers])


class StepIntervalSchedule(ScheduleBase):
    """start_value factor^k, k = the number of whole `update_interval` in step / total."""

    config_type = StepIntervalScheduleConfig

    def _over(self, total: int) -> Schedule:
        begins, powers = _intervals(self, total, self.config.update_interval)
        return _stairs(begins, [self.config.start_value * power for power in powers])


class ConstantSchedule(ScheduleBase):
    """Always `value`."""

    config_type = ConstantScheduleConfig

    def _over(self, total: int) -> Schedule:
        return Constant(self.config.value)


class CustomSchedule(ScheduleBase):
    """`values`, one per step, the last one held."""

    config_type = CustomScheduleConfig

    def _over(self, total: int) -> Schedule:
        return Table(self.config.values)


class PeriodicBoolSchedule(ScheduleBase):
    """On and off in turn; only the config is published, the meaning is that of its fields.

    The initial state lasts for its own duration, then the states alternate; `on_value` in the on
    state, `off_value` in the off state, exchanged with `invert`.
    """

    config_type = PeriodicBoolScheduleConfig

    def _over(self, total: int) -> Schedule:
        c = self.config
        values = {True: c.on_value, False: c.off_value}
        durations = {True: c.on_duration, False: c.off_duration}
        states = (bool(c.initial_state), not c.initial_state)
        first, second = (durations[state] for state in states)
        levels = [values[state != bool(c.invert)] for state in states]
        return PiecewiseConstant([first], levels).stop(first + second).repeat()


class SequentialPercentSchedule(ScheduleBase):
    """One schedule after another, each over its own part of the total, with its own steps.

    Args:
        schedule_configs: a list of `SequentialPercentScheduleConfig` or mappings; a schedule in
            them is one of this module or a config with its `kind`. Before the first part its
            first value holds, in a gap and after the end a part's last value.
    """

    config_type = SequentialScheduleConfig
    part_type: ClassVar[Any] = SequentialPercentScheduleConfig
    unit: ClassVar[str] = "percent"

    def __init__(self, config: Any = None, /, **keywords: Any) -> None:
        config = plain(config)
        if isinstance(config, list | tuple):
            config = {"schedule_configs": config}
        super().__init__(config, **keywords)
        given = self.config.schedule_configs
        if isinstance(given, str | Mapping) or not isinstance(given, Sequence) or not given:
            raise ValueError(f"{type(self).__name__}(schedule_configs=...) must be a list of parts")
        parts = [_as_config(self.part_type, part, {}) for part in given]
        self.parts = [part.schedule for part in parts]
        self.bounds = _filled(self, parts, self.unit)

    def _steps(self, total: int) -> list[tuple[int, int]]:
        """Where each part starts and ends."""
        return [
            # an end of 1 is the total, where int(1 * (total - 1)) would be a step short
            (int(start * (total - 1)), total if end in (None, 1) else int(end * (total - 1)))
            for start, end in self.bounds
        ]

    def _over(self, total: int) -> Schedule:
        # an overhang can put the later parts past all counts
        bounds = [b for i, b in enumerate(self._steps(total)) if i == 0 or b[0] <= LONGEST]
        schedules: list[Schedule] = []
        for part, (start, end) in zip(self.parts, bounds, strict=False):
            steps = max(1, end - start)
            schedules.append(part._prolonged(steps).stop(min(steps - 1, LONGEST)))
        first = min(bounds[0][0], LONGEST)
        if first:
            schedules[0] = schedules[0].delay(first)
        if len(schedules) == 1:
            return schedules[0]
        return Join(tuple(schedules), tuple(start for start, _ in bounds[1:]))


class SequentialStepSchedule(SequentialPercentSchedule):
    """As `SequentialPercentSchedule`, with starts and ends in steps."""

    part_type = SequentialStepScheduleConfig
    unit = "step"

    def _steps(self, total: int) -> list[tuple[int, int]]:
        return [(start, end or total) for start, end in self.bounds]


class LinearWarmupCosineDecaySchedule(ScheduleBase):
    """A line from `start_value` (0) to `max_value` (1), then a cosine to `end_value` (1e-6).

    The line leaves out its last value, and where it starts at 0 its first: then the first update
    is max_value / (warmup_steps + 1).
    """

    config_type = LinearWarmupCosineDecayScheduleConfig

    def _over(self, total: int) -> Schedule:
        c = self.config
        if not is_concrete(c.start_value):
            raise ValueError(
                f"{type(self).__name__}(start_value=...) must be a known number: at 0 the first "
                "value is left out"
            )
        rise = LinearIncreasingSchedule(
            start_value=c.start_value,
            max_value=c.max_value,
            exclude_first=float(c.start_value) == 0,
            exclude_last=True,
        )
        fall = CosineDecreasingSchedule(max_value=c.max_value, end_value=c.end_value)
        if c.warmup_percent is None:
            # without the line where it has no steps: an end_step of 0 would mean the total
            line = [{"schedule": rise, "end_step": c.warmup_steps}] if c.warmup_steps else []
            return SequentialStepSchedule([*line, {"schedule": fall}])._over(total)
        parts = [{"schedule": rise, "end_percent": c.warmup_percent}, {"schedule": fall}]
        return SequentialPercentSchedule(parts)._over(total)


def create(config: Any) -> ScheduleBase:
    """The schedule that `config.kind` (or `config["kind"]`) names by its class, dotted or not."""
    config = plain(config)
    if isinstance(config, ScheduleBase):
        return config
    kind = config.get("kind") if isinstance(config, Mapping) else getattr(config, "kind", None)
    if kind is None and isinstance(config, ScheduleBaseConfig):
        kind = type(config).__name__.removesuffix("Config")
    if kind is None:
        raise ValueError(f"a noether config needs a kind, the name of its class: {shown(config)}")
    known = schedules()
    name = str(kind).split(".")[-1]
    if name not in known:
        raise ValueError(f"unknown kind {shown(kind)}{suggestion(name, known)}")
    return known[name](config)


def schedules() -> dict[str, type[ScheduleBase]]:
    """The schedule classes by name, without the bases."""
    return {
        name: entry
        for name, entry in globals().items()
        if isinstance(entry, type)
        and issubclass(entry, ScheduleBase)
        and name.endswith("Schedule")
        and entry not in (ProgressSchedule, DecreasingProgressSchedule, IncreasingProgressSchedule)
    }


# --- steps and counts ---------------------------------------------------------------------------


def _last(total: int) -> int | float:
    """The step where progress is 1; a float where an overhang leaves the range of int32."""
    last = max(1, total - 1)
    return last if last <= LONGEST else float(last)


def _first(total: int, near: float, level: Callable[[int], float], target: float) -> int:
    """The first step whose level, a rising function in float64, reaches the target."""
    guess = int(near)
    low, high = max(0, guess - 2), min(total, guess + 3)
    if (low > 0 and level(low - 1) >= target) or level(high) < target:
        low, high = 0, total  # the estimate was no good
    return low + bisect.bisect_left(range(low, high), target, key=level)


def _intervals(schedule: ScheduleBase, total: int, interval: float) -> tuple[list[int], list[Any]]:
    """The first step of every k = int(round((step / total) / interval, 10)), and factor^k."""

    def index(step: int) -> int:
        return int(round((step / total) / interval, 10))

    def still_changes(k: int) -> bool:
        power = _power(schedule, k)
        return not is_concrete(power) or bool(np.any(power != _power(schedule, k - 1)))

    levels = index(total)
    if levels > MOST_LEVELS and still_changes(MOST_LEVELS):
        raise ValueError(f"{shown(schedule)} has more than {MOST_LEVELS} levels")
    begins: list[int] = []
    powers = [_power(schedule, 0)]
    for k in range(1, levels + 1):
        if not still_changes(k):
            break  # 0 or 1 from here on
        powers.append(_power(schedule, k))
        begins.append(_first(total, k * interval * total, index, k))
    return begins, powers


def _stairs(begins: Sequence[int], levels: Sequence[Any]) -> Schedule:
    """The levels from their first steps on, without those that an overhang puts past all counts."""
    reached = sum(begin <= LONGEST for begin in begins)
    return PiecewiseConstant(begins[:reached], levels[: reached + 1])


def _power(schedule: ScheduleBase, k: int) -> Any:
    try:
        return schedule.config.factor**k
    except OverflowError:
        raise ValueError(f"{shown(schedule)}: factor^{k} is not a finite number") from None


def _total(total_steps: Any) -> int:
    if not is_concrete(total_steps):
        raise ValueError("total_steps must be a known int, it decides the structure")
    return int(
        coerce(NumberField(True, least=1, whole=True), "total_steps", np.asarray(total_steps))
    )


# --- configs from anything ----------------------------------------------------------------------


def _as_config(kind: Any, config: Any, keywords: Mapping[str, Any]) -> Any:
    """A config of the class `kind` from a mapping, keywords, or an object with its attributes."""
    if isinstance(config, kind) and not keywords:
        return config
    name = kind.__name__
    fields = {f.name: f for f in dataclasses.fields(kind)}
    if config is None:
        given = dict(keywords)
    elif isinstance(config, Mapping):
        given = {**config, **keywords}
    elif isinstance(config, str | int | float | Sequence):
        raise ValueError(
            f"{name} must be a mapping or an object with attributes, got {shown(config)}"
        )
    else:
        given = {key: plain(getattr(config, key)) for key in fields if hasattr(config, key)}
        given |= keywords
        if isinstance(config, ScheduleBaseConfig):
            given.pop("kind")
    require_known(given, fields, name)
    for key, field in fields.items():
        required = field.default is dataclasses.MISSING
        if required and key not in given:
            raise ValueError(f"{name} needs {key}")
    return kind(**given)


def _check_part(part: Any, kind: NumberField) -> None:
    name = type(part).__name__
    part.schedule = create(part.schedule)
    for field in dataclasses.fields(part)[1:]:
        where = f"{name}({field.name}=...)"
        setattr(part, field.name, coerce(kind, where, getattr(part, field.name)))


def _filled(sequence: ScheduleBase, parts: Sequence[Any], unit: str) -> list[tuple[Any, Any]]:
    """Start and end of each part, missing ones from the neighbours; the last end may be None."""
    starts = [getattr(part, f"start_{unit}") for part in parts]
    ends = [getattr(part, f"end_{unit}") for part in parts]
    starts[0] = 0 if starts[0] is None else starts[0]
    for i in range(1, len(parts)):
        starts[i] = ends[i - 1] if starts[i] is None else starts[i]
        ends[i - 1] = starts[i] if ends[i - 1] is None else ends[i - 1]
        if starts[i] is None:
            raise ValueError(
                f"{type(sequence).__name__}: no end_{unit} in part {i - 1}, no start_{unit} in {i}"
            )
    bounds = list(zip(starts, ends, strict=True))
    known = [bound for pair in bounds for bound in pair if bound is not None]
    if known != sorted(known):
        raise ValueError(f"{type(sequence).__name__}: starts and ends out of order, {known}")
    return bounds


# --- configs and files --------------------------------------------------------------------------


def _constructor(name: str, kind: type[ScheduleBase]) -> Entry:
    def make(given: dict[str, Any]) -> Schedule:
        total, epoch = given.pop("total_steps", None), given.pop("steps_per_epoch", None)
        if total is None:
            raise ValueError(f"noether.{name} needs total_steps")
        return kind(given).schedule(total, epoch)

    types = typing.get_type_hints(kind.config_type)
    own = {
        field.name: Parameter(
            field.name,
            Parameter.KEYWORD_ONLY,
            default=Parameter.empty if field.default is dataclasses.MISSING else field.default,
            annotation=field.metadata.get("kind", types[field.name]),
        )
        for field in dataclasses.fields(kind.config_type)
        if field.name != "kind"
    }
    sizes = optional(total_steps=TOTAL_STEPS, steps_per_epoch=STEPS_PER_EPOCH)
    return constructor(name, sizes | own, make)


def _stated(data: Any, place: str) -> list[Stated] | None:
    """A mapping with a `schedule_config`, or with the `kind` of a class, dotted or not."""
    if not isinstance(data, Mapping):
        return None
    kind = str(data.get("kind"))
    if "schedule_config" in data:
        place, data = f"{place}.schedule_config", data["schedule_config"]
        if not isinstance(data, Mapping) or "kind" not in data:
            return [Stated(place, "", data)]
    elif kind.split(".")[-1] not in schedules() or kind.startswith("noether."):
        return None
    config, name = copy.copy(data), str(data["kind"]).split(".")[-1]  # it may know its lines
    config["kind"] = f"noether.{name}"  # type: ignore[index]
    return [Stated(place, name, config)]


_MADE = {name: _constructor(name, kind) for name, kind in schedules().items()}
DIALECT = Dialect(_MADE, form=_stated)
