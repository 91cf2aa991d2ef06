"""The configs of `jaxsched.dialects.noether`: the reference's names, fields, defaults and rules.

Source: noether, git 12bbabad8210, core/schemas/schedules.py.
"""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Sequence
from typing import Any, Literal, TypeVar

import jax.numpy as jnp
import numpy as np

from jaxsched.errors import shown, suggesting
from jaxsched.fields import NumberField, is_concrete
from jaxsched.plain import plain

C = TypeVar("C")

FRACTION = NumberField(least=0, most=1, optional=True)
STEPS = NumberField(integral=True, least=0, optional=True, whole=True)


def _field(default: Any = dataclasses.MISSING, **rule: Any) -> Any:
    return dataclasses.field(default=default, metadata={"kind": NumberField(**rule)})


def _nullable(kind: NumberField) -> Any:
    return dataclasses.field(default=None, metadata={"kind": kind})


def named(made: type[C]) -> type[C]:
    """The class, whose error for an argument that it does not have suggests the nearest one."""
    setattr(made, "__init__", suggesting(made.__init__, made.__name__))  # noqa: B010
    return made


@typing.dataclass_transform(kw_only_default=True, field_specifiers=(_field, _nullable))
def config(cls: type[C]) -> type[C]:
    """A class of configs, whose arguments are by keyword only."""
    return named(dataclasses.dataclass(kw_only=True)(cls))


@config
class ScheduleBaseConfig:
    """What every config accepts, used or not. Anything wrong is a ValueError."""

    kind: str | None = None
    overhang_percent: float | None = _nullable(NumberField(optional=True))
    overhang_steps: int | None = _nullable(NumberField(integral=True, optional=True, whole=True))
    start_value: Any = _field(0.0, least=0)
    end_value: Any = _field(1e-6, least=0)
    weight_decay: float | None = _field(0.0, optional=True)
    start_percent: float | None = _nullable(FRACTION)
    end_percent: float | None = _nullable(FRACTION)
    start_step: int | None = _nullable(STEPS)
    end_step: int | None = _nullable(STEPS)
    interval: Literal["update", "epoch"] = "update"

    def __post_init__(self) -> None:
        name = type(self).__name__
        for field in dataclasses.fields(self):
            value, where = plain(getattr(self, field.name)), f"{name}({field.name}=...)"
            if "kind" in field.metadata:
                value = coerce(field.metadata["kind"], where, value)
            elif field.type == "bool" and not isinstance(value, bool | np.bool_):
                raise ValueError(f"{where} must be true or false, got {shown(value)}")
            setattr(self, field.name, value)
        if self.kind is not None and str(self.kind).split(".")[-1] not in self._names(name):
            raise ValueError(f"{name}(kind=...) must name its schedule, got {shown(self.kind)}")
        if self.interval not in ("update", "epoch"):
            rule = "must be update or epoch"
            raise ValueError(f"{name}(interval=...) {rule}, got {shown(self.interval)}")
        self._at_most_one("overhang_percent", "overhang_steps")
        for unit, other in (("percent", "step"), ("step", "percent")):
            start, end = getattr(self, f"start_{unit}"), getattr(self, f"end_{unit}")
            if (start is None) != (end is None):
                raise ValueError(f"{name} needs both start_{unit} and end_{unit}, or neither")
            if start is not None and start >= end:
                raise ValueError(
                    f"{name}(start_{unit}=...) must be less than end_{unit}={end}, got {start}"
                )
            if start is not None:
                self._at_most_one(f"start_{unit}", f"start_{other}")
        self._check(name)

    def _names(self, name: str) -> tuple[str, ...]:
        """The schedules that take this config."""
        return (name.removesuffix("Config"),)

    def _check(self, name: str) -> None:
        """The rules of one class."""

    def _at_most_one(self, *keys: str) -> None:
        given = [key for key in keys if getattr(self, key) is not None]
        if len(given) > 1:
            raise ValueError(f"{type(self).__name__} takes only one of {' and '.join(given)}")


@config
class ProgressScheduleConfig(ScheduleBaseConfig):
    """`exclude_last`: a step more in total; `exclude_first`: one more, and one already made."""

    exclude_first: bool = False
    exclude_last: bool = False


@config
class DecreasingProgressScheduleConfig(ProgressScheduleConfig):
    """From max_value to end_value <= max_value."""

    max_value: Any = _field(least=0)
    end_value: Any = _field(0.0, least=0)

    def _check(self, name: str) -> None:
        _require_order(name, "end_value", self.end_value, self.max_value)


@config
class IncreasingProgressScheduleConfig(ProgressScheduleConfig):
    """From start_value to max_value >= start_value."""

    max_value: Any = _field()
    start_value: Any = _field(0.0)

    def _check(self, name: str) -> None:
        _require_order(name, "start_value", self.start_value, self.max_value)


@config
class LinearDecreasingScheduleConfig(DecreasingProgressScheduleConfig):
    """See `LinearDecreasingSchedule`."""


@config
class LinearIncreasingScheduleConfig(IncreasingProgressScheduleConfig):
    """See `LinearIncreasingSchedule`."""


@config
class CosineDecreasingScheduleConfig(DecreasingProgressScheduleConfig):
    """See `CosineDecreasingSchedule`."""


@config
class CosineIncreasingScheduleConfig(IncreasingProgressScheduleConfig):
    """See `CosineIncreasingSchedule`."""


@config
class PolynomialDecreasingScheduleConfig(DecreasingProgressScheduleConfig):
    """See `PolynomialDecreasingSchedule`."""

    power: Any = _field(1.0, least=0)


@config
class PolynomialIncreasingScheduleConfig(IncreasingProgressScheduleConfig):
    """See `PolynomialIncreasingSchedule`."""

    power: Any = _field(1.0, least=0)


@config
class StepDecreasingScheduleConfig(DecreasingProgressScheduleConfig):
    """See `StepDecreasingSchedule`."""

    factor: Any = _field(least=0)
    decreases_interval: float = _field(above=0, below=1)


@config
class StepFixedScheduleConfig(ScheduleBaseConfig):
    """See `StepFixedSchedule`; `steps` is sorted."""

    factor: Any = _field(least=0)
    steps: list[float]
    start_value: Any = _field(1.0)

    def _check(self, name: str) -> None:
        if isinstance(self.steps, str) or not isinstance(self.steps, Sequence) or not self.steps:
            raise ValueError(
                f"{name}(steps=...) must be a list that is not empty: {shown(self.steps)}"
            )
        kind = NumberField(above=0, below=1)
        self.steps = sorted(coerce(kind, f"{name}(steps=...)", s) for s in self.steps)


@config
class StepIntervalScheduleConfig(ScheduleBaseConfig):
    """See `StepIntervalSchedule`."""

    factor: Any = _field(least=0)
    update_interval: float = _field(above=0, below=1)
    start_value: Any = _field(1.0)


@config
class ConstantScheduleConfig(ScheduleBaseConfig):
    """See `ConstantSchedule`."""

    value: Any = _field()


@config
class CustomScheduleConfig(ScheduleBaseConfig):
    """See `CustomSchedule`."""

    values: Any = _field(rank=1)

    def _check(self, name: str) -> None:
        if not jnp.size(self.values):
            raise ValueError(f"{name}(values=...) must hold at least one value")


@config
class PeriodicBoolScheduleConfig(ScheduleBaseConfig):
    """See `PeriodicBoolSchedule`."""

    initial_state: bool
    off_value: Any = _field(0.0)
    on_value: Any = _field(1.0)
    off_duration: int = _field(1, integral=True, least=1, whole=True)
    on_duration: int = _field(1, integral=True, least=1, whole=True)
    invert: bool = False


@config
class LinearWarmupCosineDecayScheduleConfig(ScheduleBaseConfig):
    """See `LinearWarmupCosineDecaySchedule`."""

    max_value: Any = _field(1.0, least=0)
    warmup_steps: int | None = _nullable(STEPS)
    warmup_percent: float | None = _nullable(FRACTION)

    def _check(self, name: str) -> None:
        if (self.warmup_steps is None) == (self.warmup_percent is None):
            raise ValueError(f"{name} takes exactly one of warmup_steps and warmup_percent")


@config
class SequentialScheduleConfig(ScheduleBaseConfig):
    """See `SequentialPercentSchedule` and `SequentialStepSchedule`."""

    schedule_configs: Any

    def _names(self, name: str) -> tuple[str, ...]:
        return ("SequentialPercentSchedule", "SequentialStepSchedule")


def coerce(kind: NumberField, where: str, x: Any) -> Any:
    """`kind.coerce`, whose every error is a ValueError, as the reference's are."""
    try:
        return kind.coerce(where, x)
    except TypeError as error:
        raise ValueError(str(error)) from None


def _require_order(name: str, key: str, small: Any, large: Any) -> None:
    if is_concrete(small) and is_concrete(large) and np.any(np.asarray(small) > np.asarray(large)):
        raise ValueError(f"{name}({key}=...) must be at most max_value={large}, got {small}")
