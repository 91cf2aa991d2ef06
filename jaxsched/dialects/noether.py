"""`noether.core.schedules`: schedules of (step, total_steps), each built from a config.

The classes, their configs and their conventions are those of noether, git 12bbabad8210: a progress
schedule reaches its end at step total_steps - 1. Deliberate deviations: at step == total_steps,
where noether extrapolates, progress stays at 1; a CustomSchedule holds its last value; a part of a
sequence that is left without steps shows its first value; unknown config keys are refused.

A schedule class declares its arguments, and its config class is made from it by `config_of`.

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
import functools
import inspect
import itertools
import operator
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from jaxsched.algebra import Join
from jaxsched.curves import Cosine, Linear, PiecewiseConstant, Polynomial, Table
from jaxsched.dialects._cycles import Known
from jaxsched.dialects._noether_configs import (
    Arguments,
    Duration,
    NotNegative,
    Percent,
    Share,
    Shares,
    Step,
    Values,
    checked,
    config_of,
    filled,
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
from jaxsched.errors import shown, suggesting, suggestion
from jaxsched.fields import (
    LONGEST,
    NumberField,
    ScheduleField,
    Value,
    declarations,
    is_concrete,
    require,
)
from jaxsched.plain import plain
from jaxsched.schedule import Constant, Schedule

MOST_LEVELS = 2**20  # of a stepwise schedule: its boundaries are a list

# --- schedules ----------------------------------------------------------------------------------


class ScheduleBase:
    """The base of all: takes a config, which is a mapping, keywords, or an object with attributes.

    Its arguments, used or not, are attributes of the schedule.
    """

    config_type: ClassVar[Any]

    kind: str | None = None
    overhang_percent: Annotated[float, Known()] | None = None
    overhang_steps: Annotated[int, Known(integral=True, whole=True)] | None = None
    start_value: NotNegative = 0.0
    end_value: NotNegative = 1e-6
    weight_decay: Value | None = 0.0
    start_percent: Percent | None = None
    end_percent: Percent | None = None
    start_step: Step | None = None
    end_step: Step | None = None
    interval: Literal["update", "epoch"] = "update"

    def __init__(self, config: Any = None, /, **keywords: Any) -> None:
        self.config = self.config_type.of(plain(config), keywords)
        vars(self).update(vars(self.config))

    @classmethod
    def check(cls, config: Any) -> None:
        """Raise a ValueError where arguments contradict one another."""
        name = type(config).__name__
        takers = [c for c in (cls, *cls.__subclasses__()) if c.config_type is cls.config_type]
        kinds = [None, *(taker.__name__ for taker in takers)]
        if (config.kind and str(config.kind).split(".")[-1]) not in kinds:
            raise ValueError(f"{name}(kind=...) must name its schedule, got {shown(config.kind)}")
        for unit in ("percent", "step"):
            start, end = getattr(config, f"start_{unit}"), getattr(config, f"end_{unit}")
            if (start is None) != (end is None):
                raise ValueError(f"{name} needs both start_{unit} and end_{unit}, or neither")
            if start is not None and start >= end:
                raise ValueError(
                    f"{name}(start_{unit}=...) must be less than end_{unit}={end}, got {start}"
                )
        for keys in (("overhang_percent", "overhang_steps"), ("start_percent", "start_step")):
            if all(getattr(config, key) is not None for key in keys):
                raise ValueError(f"{name} takes only one of {' and '.join(keys)}")

    def __repr__(self) -> str:
        fields = dataclasses.fields(self.config)
        texts = {f.name: repr(getattr(self, f.name)) for f in fields}
        given = [f"{f.name}={texts[f.name]}" for f in fields if texts[f.name] != repr(f.default)]
        return f"{type(self).__name__}({', '.join(given)})"

    @suggesting
    def get_value(self, step: ArrayLike, total_steps: int) -> jax.Array:
        """The value at `step`, an int or an array of them, of `total_steps`.

        A known step outside 0 ... total_steps is a ValueError, a traced one is clamped.
        """
        total = _count("total_steps", total_steps)
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
        total = _count("total_steps", total_steps)
        if self.interval == "update":
            return self._prolonged(total)
        if steps_per_epoch is None:
            raise ValueError(f"{type(self).__name__}: interval epoch needs steps_per_epoch")
        epoch = _count("steps_per_epoch", steps_per_epoch)
        if total < epoch:
            raise ValueError(f"total_steps must be at least steps_per_epoch={epoch}, got {total}")
        return self._prolonged(total // epoch * epoch).every(epoch)

    def _prolonged(self, total: int) -> Schedule:
        percent, steps = self.overhang_percent, self.overhang_steps
        return self._over(total + int(total * (percent or 0.0)) + (steps or 0))

    def _over(self, total: int) -> Schedule:
        raise NotImplementedError(f"{type(self).__name__} is a base class, it has no values")


class ProgressSchedule(ScheduleBase):
    """start + progress (end - start), where progress reaches 1 at step total - 1.

    `exclude_last`: a step more in total; `exclude_first`: one more, and one already made.
    """

    ends: ClassVar[tuple[str, ...]] = ()  # the arguments that progress leads from and to
    curve: ClassVar[Any] = None
    shape: ClassVar[tuple[str, ...]] = ()  # the arguments of the curve besides

    exclude_first: bool = False
    exclude_last: bool = False

    @classmethod
    def check(cls, config: Any) -> None:
        """No end is beyond `max_value`."""
        super().check(config)
        for end in cls.ends:
            value, most = getattr(config, end), config.max_value
            if is_concrete(most):
                rule = f"{type(config).__name__}({end}=...) must be at most max_value={most}"
                require(functools.partial(operator.ge, np.asarray(most)), value, rule)

    def _ends(self) -> Any:
        return (getattr(self, end) for end in self.ends)

    def _over(self, total: int) -> Schedule:
        if self.curve is None:
            return super()._over(total)
        last = _last(total + self.exclude_first + self.exclude_last)
        line: Schedule = self.curve(
            *self._ends(), last, *(getattr(self, key) for key in self.shape)
        )
        return line.skip(1) if self.exclude_first else line


class DecreasingProgressSchedule(ProgressSchedule):
    """From `max_value` to `end_value` (0)."""

    ends = ("max_value", "end_value")

    max_value: NotNegative
    end_value: NotNegative = 0.0


class IncreasingProgressSchedule(ProgressSchedule):
    """From `start_value` (0) to `max_value`."""

    ends = ("start_value", "max_value")

    max_value: Value
    start_value: Value = 0.0


class LinearDecreasingSchedule(DecreasingProgressSchedule):
    """progress = x, x = step / (total - 1)."""

    curve = Linear


class LinearIncreasingSchedule(IncreasingProgressSchedule):
    """progress = x, x = step / (total - 1)."""

    curve = Linear


class CosineDecreasingSchedule(DecreasingProgressSchedule):
    """progress = 1 - (1 + cos(pi x)) / 2, x = step / (total - 1)."""

    curve = Cosine


class CosineIncreasingSchedule(IncreasingProgressSchedule):
    """progress = 1 - (1 + cos(pi x)) / 2, x = step / (total - 1)."""

    curve = Cosine


class PolynomialDecreasingSchedule(DecreasingProgressSchedule):
    """progress = 1 - (1 - x)^power, x = step / (total - 1)."""

    curve, shape = Polynomial, ("power",)

    power: NotNegative = 1.0


class PolynomialIncreasingSchedule(IncreasingProgressSchedule):
    """progress = 1 - (1 - x)^power, x = step / (total - 1); the rise, too, slows down."""

    curve, shape = Polynomial, ("power",)

    power: NotNegative = 1.0


class StepDecreasingSchedule(DecreasingProgressSchedule):
    """progress = 1 - factor^k, k = the number of whole `decreases_interval` in step / total."""

    factor: NotNegative
    decreases_interval: Share

    def _over(self, total: int) -> Schedule:
        (start, end), first = self._ends(), self.exclude_first
        total += first + self.exclude_last
        begins, powers = _intervals(self, total, self.decreases_interval)
        levels = [end + (start - end) * power for power in powers]
        return _stairs([begin - first for begin in begins], levels)


class StepFixedSchedule(ScheduleBase):
    """start_value factor^k, k = how many of `steps`, fractions of the total, are reached."""

    factor: NotNegative
    steps: Shares
    start_value: Value = 1.0

    def _over(self, total: int) -> Schedule:
        begins = [bisect.bisect_left(range(total), s, key=lambda n: n / total) for s in self.steps]
        powers = [_power(self, k) for k in range(len(begins) + 1)]
        return _stairs(begins, [self.start_value * power for power in powers])


class StepIntervalSchedule(ScheduleBase):
    """start_value factor^k, k = the number of whole `update_interval` in step / total."""

    factor: NotNegative
    update_interval: Share
    start_value: Value = 1.0

    def _over(self, total: int) -> Schedule:
        begins, powers = _intervals(self, total, self.update_interval)
        return _stairs(begins, [self.start_value * power for power in powers])


class ConstantSchedule(ScheduleBase):
    """Always `value`."""

    value: Value

    def _over(self, total: int) -> Schedule:
        return Constant(self.value)


class CustomSchedule(ScheduleBase):
    """`values`, one per step, the last one held."""

    values: Values

    @classmethod
    def check(cls, config: Any) -> None:
        """There is a value."""
        super().check(config)
        if not jnp.size(config.values):
            raise ValueError(f"{type(config).__name__}(values=...) must hold at least one value")

    def _over(self, total: int) -> Schedule:
        return Table(self.values)


class PeriodicBoolSchedule(ScheduleBase):
    """On and off in turn; only the config is published, the meaning is that of its fields.

    The initial state lasts for its own duration, then the states alternate; `on_value` in the on
    state, `off_value` in the off state, exchanged with `invert`.
    """

    initial_state: bool
    off_value: Value = 0.0
    on_value: Value = 1.0
    off_duration: Duration = 1
    on_duration: Duration = 1
    invert: bool = False

    def _over(self, total: int) -> Schedule:
        values = {True: self.on_value, False: self.off_value}
        durations = {True: self.on_duration, False: self.off_duration}
        states = (self.initial_state, not self.initial_state)
        first, second = (durations[state] for state in states)
        levels = [values[state != self.invert] for state in states]
        return PiecewiseConstant([first], levels).stop(first + second).repeat()


class SequentialPercentScheduleConfig(Arguments):
    """One part of a `SequentialPercentSchedule`; None is filled in from the neighbours."""

    schedule: Annotated[Any, ScheduleField(create)]
    start_percent: Percent | None = None
    end_percent: Percent | None = None


class SequentialStepScheduleConfig(Arguments):
    """One part of a `SequentialStepSchedule`; None is filled in from the neighbours."""

    schedule: Annotated[Any, ScheduleField(create)]
    start_step: Step | None = None
    end_step: Step | None = None


class SequentialPercentSchedule(ScheduleBase):
    """One schedule after another, each over its own part of the total, with its own steps.

    Args:
        schedule_configs: a list of `SequentialPercentScheduleConfig` or mappings; a schedule in
            them is one of this module or a config with its `kind`. Before the first part its
            first value holds, in a gap and after the end a part's last value.
    """

    part_type: ClassVar[type[Arguments]] = SequentialPercentScheduleConfig
    unit: ClassVar[str] = "percent"

    schedule_configs: Any

    def __init__(self, config: Any = None, /, **keywords: Any) -> None:
        config = plain(config)
        if isinstance(config, list | tuple):
            config = {"schedule_configs": config}
        super().__init__(config, **keywords)
        given = self.schedule_configs
        if isinstance(given, str | Mapping) or not isinstance(given, Sequence) or not given:
            raise ValueError(f"{type(self).__name__}(schedule_configs=...) must be a list of parts")
        parts: list[Any] = [self.part_type.of(part, {}) for part in given]
        self.parts = [part.schedule for part in parts]
        self.bounds = filled(type(self).__name__, parts, self.unit)

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

    max_value: NotNegative = 1.0
    warmup_steps: Step | None = None
    warmup_percent: Percent | None = None

    @classmethod
    def check(cls, config: Any) -> None:
        """The warmup has one length."""
        super().check(config)
        if (config.warmup_steps is None) == (config.warmup_percent is None):
            rule = "takes exactly one of warmup_steps and warmup_percent"
            raise ValueError(f"{type(config).__name__} {rule}")

    def _over(self, total: int) -> Schedule:
        if not is_concrete(self.start_value):
            raise ValueError(
                f"{type(self).__name__}(start_value=...) must be a known number: at 0 the first "
                "value is left out"
            )
        rise = LinearIncreasingSchedule(
            start_value=self.start_value,
            max_value=self.max_value,
            exclude_first=not np.any(np.asarray(self.start_value)),
            exclude_last=True,
        )
        fall = CosineDecreasingSchedule(max_value=self.max_value, end_value=self.end_value)
        if self.warmup_percent is None:
            # without the line where it has no steps: an end_step of 0 would mean the total
            line = [{"schedule": rise, "end_step": self.warmup_steps}] if self.warmup_steps else []
            return SequentialStepSchedule([*line, {"schedule": fall}])._over(total)
        parts = [{"schedule": rise, "end_percent": self.warmup_percent}, {"schedule": fall}]
        return SequentialPercentSchedule(parts)._over(total)


ScheduleBaseConfig: Any = config_of(ScheduleBase)
ProgressScheduleConfig: Any = config_of(ProgressSchedule)
DecreasingProgressScheduleConfig: Any = config_of(DecreasingProgressSchedule)
IncreasingProgressScheduleConfig: Any = config_of(IncreasingProgressSchedule)
LinearDecreasingScheduleConfig: Any = config_of(LinearDecreasingSchedule)
LinearIncreasingScheduleConfig: Any = config_of(LinearIncreasingSchedule)
CosineDecreasingScheduleConfig: Any = config_of(CosineDecreasingSchedule)
CosineIncreasingScheduleConfig: Any = config_of(CosineIncreasingSchedule)
PolynomialDecreasingScheduleConfig: Any = config_of(PolynomialDecreasingSchedule)
PolynomialIncreasingScheduleConfig: Any = config_of(PolynomialIncreasingSchedule)
StepDecreasingScheduleConfig: Any = config_of(StepDecreasingSchedule)
StepFixedScheduleConfig: Any = config_of(StepFixedSchedule)
StepIntervalScheduleConfig: Any = config_of(StepIntervalSchedule)
ConstantScheduleConfig: Any = config_of(ConstantSchedule)
CustomScheduleConfig: Any = config_of(CustomSchedule)
PeriodicBoolScheduleConfig: Any = config_of(PeriodicBoolSchedule)
LinearWarmupCosineDecayScheduleConfig: Any = config_of(LinearWarmupCosineDecaySchedule)
# of both sequences
SequentialScheduleConfig: Any = config_of(SequentialPercentSchedule, "SequentialScheduleConfig")


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
        and entry._over is not ScheduleBase._over
        and entry.__subclasses__() in ([], [SequentialStepSchedule])
    }


# --- steps and counts ---------------------------------------------------------------------------


def _last(total: int) -> int | float:
    """The step where progress is 1; a float where an overhang leaves the range of int32."""
    last = max(1, total - 1)
    return last if last <= LONGEST else float(last)


def _intervals(schedule: ScheduleBase, total: int, interval: float) -> tuple[list[int], list[Any]]:
    """The first step of every k = int(round((step / total) / interval, 10)), and factor^k."""

    def index(step: int) -> int:
        return int(round((step / total) / interval, 10))

    def changes(k: int) -> bool:  # or it is 0 or 1 from there on
        power = _power(schedule, k)
        return not is_concrete(power) or bool(np.any(power != _power(schedule, k - 1)))

    levels = index(total)
    if levels > MOST_LEVELS and changes(MOST_LEVELS):
        raise ValueError(f"{shown(schedule)} has more than {MOST_LEVELS} levels")
    ks = list(itertools.takewhile(changes, range(1, levels + 1)))
    begins = [bisect.bisect_left(range(total), k, key=index) for k in ks]
    return begins, [_power(schedule, k) for k in (0, *ks)]


def _stairs(begins: Sequence[int], levels: Sequence[Any]) -> Schedule:
    """The levels from their first steps on, without those that an overhang puts past all counts."""
    reached = sum(begin <= LONGEST for begin in begins)
    return PiecewiseConstant(begins[:reached], levels[: reached + 1])


def _power(schedule: ScheduleBase, k: int) -> Any:
    try:
        return schedule.config.factor**k
    except OverflowError:
        raise ValueError(f"{shown(schedule)}: factor^{k} is not a finite number") from None


def _count(name: str, n: Any) -> int:
    if not is_concrete(n):
        raise ValueError(f"{name} must be a known int, it decides the structure")
    return int(checked(NumberField(True, least=1, whole=True), name, np.asarray(n)))


# --- configs and files --------------------------------------------------------------------------


def _constructor(name: str, kind: type[ScheduleBase]) -> Entry:
    def make(given: dict[str, Any]) -> Schedule:
        total, epoch = given.pop("total_steps", None), given.pop("steps_per_epoch", None)
        if total is None:
            raise ValueError(f"noether.{name} needs total_steps")
        return kind(given).schedule(total, epoch)

    held = declarations(kind.config_type)
    own = {
        key: parameter.replace(annotation=held[key])
        for key, parameter in inspect.signature(kind.config_type).parameters.items()
        if key != "kind"
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
