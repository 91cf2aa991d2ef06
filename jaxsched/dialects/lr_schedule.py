"""`lr_schedule`: schedules of the remaining progress, as in reinforcement learning.

They are called with `progress_remaining`, 1.0 at the start and 0.0 at the end, clamped to [0, 1]
since trainers overshoot. `.schedule(total_steps)` is the same curve as a schedule of the count:
its value at count n is the value at progress 1 - n / total_steps.

>>> schedule = BaseLRSchedule.create({"type": "linear", "initial_value": 1.0})
>>> schedule(0.25).item()
0.25
>>> schedule.schedule(total_steps=4)(np.arange(5)).tolist()
[1.0, 0.75, 0.5, 0.25, 0.0]
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from jaxsched.algebra import Join
from jaxsched.curves import Cosine, Exponential, Linear, Polynomial, Power
from jaxsched.dialects._cycles import begun
from jaxsched.dialects._rules import optional
from jaxsched.dialects.protocol import BASE_LR, TOTAL_STEPS, Dialect, Entry, Stated, constructor
from jaxsched.errors import require_known, shown, suggesting, suggestion
from jaxsched.fields import NumberField, is_concrete, require
from jaxsched.plain import plain
from jaxsched.schedule import Constant, Schedule

_WHOLE = 2.0**53  # counts of a progress of 1: of any part of it there is at least one


class BaseLRSchedule:
    """A constant `initial_value`, and the base of the others.

    Args:
        cfg: `type`, `initial_value` (0.001), `final_value` (0.0) and the class's own keys as a
            mapping, or a number: the initial value, with the defaults for the rest.
    """

    type: ClassVar[str] = "constant"
    own: ClassVar[Mapping[str, float]] = {}

    def __init__(self, cfg: Mapping[str, Any] | ArrayLike) -> None:
        name, cfg = self.__class__.__name__, plain(cfg)
        if not isinstance(cfg, Mapping):
            cfg = {"initial_value": _number(f"{name}(cfg)", cfg, "a dict or a number")}
        if cfg.get("type", self.type) != self.type:
            raise ValueError(f"{name} is of type {self.type!r}, got type {shown(cfg['type'])}")
        values = {"initial_value": 0.001, "final_value": 0.0, **self.own}
        require_known(cfg, ["type", *values], f"the cfg of {name}")
        for key, default in values.items():
            setattr(self, key, _number(f"{name}: {key}", cfg.get(key, default), "a number"))
        self._check(name)

    @classmethod
    def create(cls, cfg: Mapping[str, Any] | ArrayLike) -> BaseLRSchedule:
        """The schedule of the class that `cfg["type"]` names; a number is a constant."""
        kinds, cfg = {kind.type: kind for kind in entries().values()}, plain(cfg)
        kind = cfg.get("type", "constant") if isinstance(cfg, Mapping) else "constant"
        if not isinstance(kind, str) or kind not in kinds:
            raise ValueError(f"unknown schedule type {shown(kind)}{suggestion(kind, kinds)}")
        return kinds[kind](cfg)

    def __call__(self, progress_remaining: ArrayLike) -> jax.Array:
        """The value at `progress_remaining`, a number or an array of any shape."""
        p = jnp.asarray(progress_remaining).astype(jnp.result_type(float))
        return self._of_progress()(jnp.clip(p, 0.0, 1.0) * _WHOLE)

    def func(self, progress_remaining: ArrayLike) -> jax.Array:
        """The same as calling the schedule."""
        return self(progress_remaining)

    @suggesting
    def schedule(self, total_steps: int) -> Schedule:
        """The same curve as a schedule of the count, `total_steps` long."""
        require(lambda n: n >= 1, total_steps, "total_steps must be at least 1")
        return self._of_count(total_steps)

    def __repr__(self) -> str:
        values = ["initial_value", "final_value", *self.own]
        parts = ", ".join(f"{key!r}: {getattr(self, key)!r}" for key in values)
        return f"{self.__class__.__name__}({{'type': {self.type!r}, {parts}}})"

    initial_value: Any
    final_value: Any

    def _check(self, name: str) -> None:
        """Refuse what the class does not allow."""

    def _of_progress(self) -> Schedule:
        """The curve over the remaining progress: evaluated from its end, it is exact there."""
        return Constant(self.initial_value)

    def _of_count(self, total: int) -> Schedule:
        return Constant(self.initial_value)


class LinearLRSchedule(BaseLRSchedule):
    """p initial_value + (1 - p) final_value, at remaining progress p."""

    type = "linear"

    def _of_progress(self) -> Schedule:
        return Linear(self.final_value, self.initial_value, _WHOLE)

    def _of_count(self, total: int) -> Schedule:
        return Linear(self.initial_value, self.final_value, total)


class CosineAnnealingLRSchedule(BaseLRSchedule):
    """final + (initial - final) (1 + cos(pi (1 - p))) / 2, at remaining progress p."""

    type = "cosine"

    def _of_progress(self) -> Schedule:
        return Cosine(self.final_value, self.initial_value, _WHOLE)

    def _of_count(self, total: int) -> Schedule:
        return Cosine(self.initial_value, self.final_value, total)


class ExponentialLRSchedule(BaseLRSchedule):
    """initial decay_rate^(1 - p), at remaining progress p; `decay_rate` (0.1) is in (0, 1]."""

    type = "exponential"
    own = {"decay_rate": 0.1}
    decay_rate: Any

    def _check(self, name: str) -> None:
        require(lambda r: (r > 0) & (r <= 1), self.decay_rate, f"{name}: decay_rate not in (0, 1]")

    def _of_progress(self) -> Schedule:
        # from the end: initial decay_rate grows by 1 / decay_rate
        return Exponential(self.initial_value * self.decay_rate, 1 / self.decay_rate, _WHOLE)

    def _of_count(self, total: int) -> Schedule:
        return Exponential(self.initial_value, self.decay_rate, total).stop(total)


class CosineWarmupLRSchedule(BaseLRSchedule):
    """A line from 0 to initial_value over `warmup_fraction` (0.1, in (0, 1)), then the cosine."""

    type = "cosine_warmup"
    own = {"warmup_fraction": 0.1}
    warmup_fraction: Any

    def _check(self, name: str) -> None:
        rule = f"{name}: warmup_fraction not in (0, 1)"
        require(lambda w: (w > 0) & (w < 1), self.warmup_fraction, rule)

    def _of_progress(self) -> Schedule:
        # rounded as in the call, where the line has to end at 1 exactly
        decay = jnp.asarray(1 - self.warmup_fraction).astype(jnp.result_type(float))
        end, rest = decay * _WHOLE, (1 - decay) * _WHOLE
        fall = Cosine(self.final_value, self.initial_value, end)
        return Join((fall, Linear(self.initial_value, 0.0, rest)), (end,))

    def _of_count(self, total: int) -> Schedule:
        warmup = self.warmup_fraction * total
        if not is_concrete(warmup):
            fall = Cosine(self.initial_value, self.final_value, total - warmup)
            return Join((Linear(0.0, self.initial_value, warmup), fall), (warmup,))
        # the warmup ends between two counts: an integer boundary keeps the clock of the cosine
        # exact, and its first count is the rest of the fraction
        first = math.ceil(warmup)
        line = begun(Linear, 0.0, self.initial_value, warmup, 0)
        rest, over = total - warmup, first - warmup
        return Join(
            (line, begun(Cosine, self.initial_value, self.final_value, rest, over)), (first,)
        )


class PolynomialLRSchedule(BaseLRSchedule):
    """(initial - final) p^power + final, at remaining progress p; `power` (2.0) is >= 0."""

    type = "polynomial"
    own = {"power": 2.0}
    power: Any

    def _check(self, name: str) -> None:
        require(lambda n: n >= 0, self.power, f"{name}: power must not be negative")

    def _of_progress(self) -> Schedule:
        return Power(self.final_value, self.initial_value, _WHOLE, self.power)

    def _of_count(self, total: int) -> Schedule:
        return Polynomial(self.initial_value, self.final_value, total, self.power)


def entries() -> dict[str, type[BaseLRSchedule]]:
    """The classes by name."""
    kinds: list[type[BaseLRSchedule]] = [BaseLRSchedule, *BaseLRSchedule.__subclasses__()]
    return {kind.__name__: kind for kind in kinds}


def _number(where: str, x: Any, rule: str) -> Any:
    """A real scalar: NumPy's, JAX's and traced ones too."""
    if isinstance(x, str | list | tuple) or np.ndim(x):
        raise TypeError(f"{where} must be {rule}, got {shown(x)}")
    try:
        return NumberField().coerce(where, x)
    except TypeError:
        raise TypeError(f"{where} must be {rule}, got {shown(x)}") from None


# --- configs and files --------------------------------------------------------------------------


def _constructor(name: str, kind: type[BaseLRSchedule]) -> Entry:
    def make(given: dict[str, Any]) -> Schedule:
        total = given.pop("total_steps", None)
        if total is None:
            raise ValueError(f"lr_schedule.{name} needs total_steps")
        return kind(given).schedule(total)

    keys = dict.fromkeys(("final_value", *kind.own), ArrayLike)
    sizes = {"initial_value": BASE_LR, "total_steps": TOTAL_STEPS}
    return constructor(name, optional(type=Literal[kind.type], **sizes, **keys), make)


def _stated(data: Any, place: str) -> list[Stated] | None:
    """A mapping with a `type`."""
    if not isinstance(data, Mapping) or "type" not in data or "kind" in data:
        return None
    config: Any = copy.copy(data)  # it may know its lines
    config["kind"] = f"lr_schedule.{data['type']}"
    return [Stated(place, str(data["type"]), config)]


DIALECT = Dialect(
    {
        name: _constructor(name, kind)
        for kind in entries().values()
        for name in (kind.__name__, kind.type)
    },
    form=_stated,
)
