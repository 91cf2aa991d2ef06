"""timm's `timm.scheduler` 1.0.31: the learning rate that a scheduler sets at its time t.

The first argument is `base_lr` where timm takes the optimizer; `initialize`, which is about that
optimizer, is left out. The count is timm's t: the number of updates with `t_in_epochs=False`. With
True, timm's default, t is the epoch, and `.per(updates_per_epoch)` makes updates of it. An end is
hit at t = t_initial, or at t_initial + warmup_t where the warmup is a prefix, and held.

A warmup is a line from `warmup_lr_init` to `base_lr` at t = warmup_t. With `warmup_prefix` the body
starts there; without, its time has been running since 0, so that the value jumps at warmup_t (a
tanh's line ends where the body is by then). Cycle i of the three cyclic schedules is
t_initial cycle_mul^i long, not rounded, from base_lr cycle_decay^i to `lr_min`; `lr_min` follows
the last of `cycle_limit` cycles.

>>> lr = CosineLRScheduler(1.0, t_initial=8, warmup_t=4, warmup_prefix=True, t_in_epochs=False)
>>> lr([0, 2, 4, 8, 12]).tolist()
[0.0, 0.5, 1.0, 0.5, 0.0]

Deliberate deviations:

- The cycle is not found by a float logarithm, with which timm takes the first t of some cycles
  (t = 121 t_initial for cycle_mul=3) for the last of the cycle before.
- Where cycle_mul < 1, timm raises from t = t_initial / (1 - cycle_mul) on: `lr_min` is held.
- The noise is drawn by PyTorch and is no function of the count alone: `noise_range_t` and `noise`
  must be None, their companions have no effect.
- `decay_rate` and `cycle_decay` are positive, `power` is not negative, milestones are in order.
- `PlateauLRScheduler` follows a metric and is absent.

What decides the structure (cycle_mul, cycle_limit, strings, flags) must be known; every other
number may be traced.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any, Literal

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from jaxsched.algebra import Join, Skip
from jaxsched.curves import (
    Cosine,
    Exponential,
    InversePower,
    InverseSqrt,
    Linear,
    PiecewiseConstant,
    Polynomial,
    Power,
    Relaxation,
    Table,
    Tanh,
)
from jaxsched.dialects._cycles import Known, cycles_of, first_count, is_known_as
from jaxsched.dialects._rates import exponential
from jaxsched.dialects._rules import LearningRate, lookup
from jaxsched.dialects.protocol import Dialect, named
from jaxsched.errors import shown, suggestion
from jaxsched.fields import (
    LONGEST,
    NumberField,
    Value,
    declared,
    is_concrete,
    is_float,
    require,
    require_ordered,
)
from jaxsched.numerics.time import choose, largest, minus, times
from jaxsched.schedule import Constant, Schedule

ABSENT = {"PlateauLRScheduler": "follows a metric: it is no function of the count"}
MOST_STAIRS = 100  # in a period of a fractional `decay_t`


@dataclasses.dataclass(frozen=True)
class _Time(NumberField):
    integral: bool = True

    def coerce(self, where: str, x: Any) -> Any:
        """A length: an int where it is whole, so that its clock is exact."""
        x = super().coerce(where, x)
        return int(x) if isinstance(x, float) and x.is_integer() and x <= LONGEST else x


@dataclasses.dataclass(frozen=True)
class _Milestones(NumberField):
    def coerce(self, where: str, x: Any) -> Any:
        """Counts in order."""
        x = super().coerce(where, x)
        require_ordered(x, where)
        return x


class _Silent:
    def coerce(self, where: str, x: Any) -> None:
        """None only."""
        if x is not None:
            raise ValueError(
                f"{where} must be None: PyTorch draws the noise, it is no function of the count "
                f"alone, got {shown(x)}"
            )


_STABLE = ("constant", "rsqrt", "power")
_DECAYS = ("linear", "1-sqrt", "cosine", "power", "exp")
_NAMES = ("cosine", "tanh", "step", "multistep", "poly", "wsd", "rsqrt", "constant", "none")


class _Decay:
    def coerce(self, where: str, x: Any) -> Any:
        """The name of a decay, or a function."""
        if not callable(x) and x not in _DECAYS:
            raise ValueError(f"{where} must be {', '.join(_DECAYS)} or a callable, got {shown(x)}")
        return x


class _Name:
    def coerce(self, where: str, x: Any) -> Any:
        """The name of a scheduler."""
        if x == "plateau":
            raise ValueError(f"{where} must be a function of the count: 'plateau' follows a metric")
        if x not in _NAMES:
            raise ValueError(f"{where} must be a known name, got {shown(x)}{suggestion(x, _NAMES)}")
        return x


Rate0 = Annotated[ArrayLike, LearningRate(least=0)]
NotNegative = Annotated[ArrayLike, NumberField(least=0)]
Positive = Annotated[ArrayLike, NumberField(above=0)]
Share = Annotated[ArrayLike, NumberField(above=0, below=1)]
Time = Annotated[ArrayLike, _Time(above=0)]
Time0 = Annotated[ArrayLike, _Time(least=0)]
Timescale = Annotated[ArrayLike, _Time()]
# parts of an epoch, which may be many counts
Epochs = Annotated[ArrayLike, _Time(above=0, offset=True)]
Epochs0 = Annotated[ArrayLike, _Time(least=0, offset=True)]
AnyEpochs = Annotated[ArrayLike, _Time(offset=True)]
Counts = Annotated[Sequence[ArrayLike] | ArrayLike, NumberField(True, offset=True, rank=1)]
Milestones = Annotated[Sequence[ArrayLike] | ArrayLike, _Milestones(True, rank=1)]
KnownFactor = Annotated[float, Known(above=0)]
KnownCount = Annotated[int, Known(integral=True, whole=True, least=0)]
Silent = Annotated[None, _Silent()]
StableName = Literal["constant", "rsqrt", "power"]
DecayName = Annotated[str | Callable[[float], float], _Decay()]
Name = Annotated[str, _Name()]


# --- cycles -------------------------------------------------------------------------------------


@declared
def CosineLRScheduler(
    base_lr: Rate0,
    t_initial: Time,
    lr_min: NotNegative = 0.0,
    cycle_mul: KnownFactor = 1.0,
    cycle_decay: Positive = 1.0,
    cycle_limit: KnownCount = 1,
    warmup_t: Time0 = 0,
    warmup_lr_init: NotNegative = 0.0,
    warmup_prefix: bool = False,
    t_in_epochs: bool = True,
    noise_range_t: Silent = None,
    noise_pct: float = 0.67,
    noise_std: float = 1.0,
    noise_seed: int = 42,
    k_decay: Positive = 1.0,
) -> Schedule:
    """In each cycle lr_min + (peak - lr_min) (1 + cos(pi x^k_decay)) / 2, x = t / length.

    Args:
        base_lr: the first cycle's peak, and the warmup's end.
        t_initial: length of the first cycle, > 0.
        lr_min: each cycle's end, >= 0.
        cycle_mul: factor of the lengths, > 0.
        cycle_decay: factor of the peaks, > 0.
        cycle_limit: number of cycles; from its end on, `lr_min`.
        warmup_t, warmup_lr_init: length and start of the warmup.
        warmup_prefix: whether the first cycle starts after the warmup, and not at 0.
        t_in_epochs: whether t counts epochs; the values are the same.
        k_decay: > 0.
    """
    curve = functools.partial(Cosine, warp=_warp(k_decay))
    body = cycles_of(curve, base_lr, t_initial, lr_min, cycle_mul, cycle_decay, cycle_limit)
    return _warmed(body, base_lr, warmup_t, warmup_lr_init, warmup_prefix)


@declared
def TanhLRScheduler(
    base_lr: Rate0,
    t_initial: Time,
    lb: Value = -7.0,
    ub: Value = 3.0,
    lr_min: NotNegative = 0.0,
    cycle_mul: KnownFactor = 1.0,
    cycle_decay: Positive = 1.0,
    cycle_limit: KnownCount = 1,
    warmup_t: Time0 = 0,
    warmup_lr_init: NotNegative = 0.0,
    warmup_prefix: bool = False,
    t_in_epochs: bool = True,
    noise_range_t: Silent = None,
    noise_pct: float = 0.67,
    noise_std: float = 1.0,
    noise_seed: int = 42,
) -> Schedule:
    """In each cycle lr_min + (peak - lr_min) (1 - tanh(lb (1 - x) + ub x)) / 2, x = t / length.

    So a cycle is never quite at its peak nor at `lr_min`, to which the last one falls at its end.

    Args:
        lb, ub: the arguments of the tangent at both ends of a cycle, lb < ub.

    The others are those of `CosineLRScheduler`; without `warmup_prefix` the warmup ends at the
    value of the body at t = warmup_t.
    """
    if is_concrete(lb):
        low = np.asarray(lb)
        require(lambda x: x > low, ub, f"TanhLRScheduler(ub=...) must be greater than lb={low}")
    curve = functools.partial(Tanh, low=lb, high=ub)
    body = cycles_of(curve, base_lr, t_initial, lr_min, cycle_mul, cycle_decay, cycle_limit, True)
    if warmup_prefix or is_known_as(warmup_t, 0):
        return _warmed(body, base_lr, warmup_t, warmup_lr_init, True)
    return Skip(body, warmup_t).warmup(warmup_t, warmup_lr_init)


@declared
def PolyLRScheduler(
    base_lr: Rate0,
    t_initial: Time,
    power: NotNegative = 0.5,
    lr_min: NotNegative = 0.0,
    cycle_mul: KnownFactor = 1.0,
    cycle_decay: Positive = 1.0,
    cycle_limit: KnownCount = 1,
    warmup_t: Time0 = 0,
    warmup_lr_init: NotNegative = 0.0,
    warmup_prefix: bool = False,
    t_in_epochs: bool = True,
    noise_range_t: Silent = None,
    noise_pct: float = 0.67,
    noise_std: float = 1.0,
    noise_seed: int = 42,
    k_decay: Positive = 1.0,
) -> Schedule:
    """In each cycle lr_min + (peak - lr_min) (1 - x^k_decay)^power, x = t / length.

    Args:
        power: >= 0.

    The others are those of `CosineLRScheduler`.
    """
    curve = functools.partial(Polynomial, power=power, warp=_warp(k_decay))
    cycles = (cycle_mul, cycle_decay, cycle_limit, is_known_as(power, 0))
    body = cycles_of(curve, base_lr, t_initial, lr_min, *cycles)
    return _warmed(body, base_lr, warmup_t, warmup_lr_init, warmup_prefix)


def _warp(k_decay: Any) -> Any:
    return None if is_known_as(k_decay, 1) else k_decay


# --- steps --------------------------------------------------------------------------------------


@declared
def StepLRScheduler(
    base_lr: Rate0,
    decay_t: Time,
    decay_rate: Positive = 1.0,
    warmup_t: Time0 = 0,
    warmup_lr_init: NotNegative = 0.0,
    warmup_prefix: bool = True,
    t_in_epochs: bool = True,
    noise_range_t: Silent = None,
    noise_pct: float = 0.67,
    noise_std: float = 1.0,
    noise_seed: int = 42,
) -> Schedule:
    """base_lr decay_rate^(t // decay_t), forever.

    Args:
        base_lr: the first value, and the warmup's end.
        decay_t: time between two decays, at least 1, not always whole.
        decay_rate: factor of each, > 0.
        warmup_t, warmup_lr_init: length and start of the warmup.
        warmup_prefix: whether t is 0 at the end of the warmup, and not before it.
        t_in_epochs: whether t counts epochs; the values are the same.
    """
    body = _stairs(base_lr, decay_rate, decay_t)
    return _warmed(body, base_lr, warmup_t, warmup_lr_init, warmup_prefix)


def _stairs(base: Any, rate: Any, steps: Any) -> Schedule:
    """base rate^(n // steps), a fractional `steps` by Python's arithmetic: 12 // 2.4 = 5.

    float32 has no 2.4, hence a pattern of whole counts: 5 stairs in 12. Fractions of more than
    `MOST_STAIRS` in a period, and traced ones, are divided as they are.
    """
    if not is_float(steps):
        return exponential(base, rate).per(steps)
    plain = Exponential(base, rate, steps, staircase=True)
    if not is_concrete(steps):
        return plain
    exact = Fraction(steps)
    ratio = exact.limit_denominator(MOST_STAIRS)
    period, stairs = ratio.numerator, ratio.denominator
    fall = rate**stairs
    extreme = is_concrete(fall) and not 1e-30 < fall < 1e30
    if extreme or not math.isclose(ratio, exact, rel_tol=1e-12):
        return plain
    # a float above its fraction makes every last stair of a period one count late
    late = int(exact > ratio)
    begins = [math.ceil(ratio * i) - late for i in range(1, stairs)]
    levels = PiecewiseConstant(begins, [base * rate**i for i in range(stairs)])
    body = levels.stop(period).repeat() * exponential(1.0, fall).per(period)
    return Constant(base).hold(1).then(body) if late else body


@declared
def MultiStepLRScheduler(
    base_lr: Rate0,
    decay_t: Milestones,
    decay_rate: Positive = 1.0,
    warmup_t: Time0 = 0,
    warmup_lr_init: NotNegative = 0.0,
    warmup_prefix: bool = True,
    t_in_epochs: bool = True,
    noise_range_t: Silent = None,
    noise_pct: float = 0.67,
    noise_std: float = 1.0,
    noise_seed: int = 42,
) -> Schedule:
    """base_lr decay_rate^i, where i is how many milestones are <= t + 1: each applies one t early.

    Args:
        base_lr: the first value, and the warmup's end.
        decay_t: the milestones, in order.
        decay_rate: factor at each, > 0.
        warmup_t, warmup_lr_init: length and start of the warmup.
        warmup_prefix: whether t is 0 at the end of the warmup, and not before it.
        t_in_epochs: whether t counts epochs; the values are the same.
    """
    early = minus(decay_t, 1)
    levels = [base_lr * decay_rate**i for i in range(len(early) + 1)]
    body = PiecewiseConstant(early, levels) if len(early) else Constant(base_lr)
    return _warmed(body, base_lr, warmup_t, warmup_lr_init, warmup_prefix)


# --- warmup, stable, decay ----------------------------------------------------------------------


@declared
def WSDLRScheduler(
    base_lr: Rate0,
    t_initial: Time,
    decay_t: Time,
    lr_min: NotNegative = 0.0,
    stable_fn: StableName = "constant",
    stable_timescale: Timescale | None = None,
    stable_power: Positive = 0.5,
    decay_fn: DecayName = "1-sqrt",
    decay_power: Positive = 0.5,
    decay_ratio: Share = 0.1,
    warmup_t: Time0 = 0,
    warmup_lr_init: NotNegative = 0.0,
    t_in_epochs: bool = True,
    noise_range_t: Silent = None,
    noise_pct: float = 0.67,
    noise_std: float = 1.0,
    noise_seed: int = 42,
) -> Schedule:
    """Warmup, a stable value s, and lr_min + (s - lr_min) f(q) over the last decay_t of t_initial.

    s = max(base_lr (1 + t / stable_timescale)^-power, lr_min), which goes on to fall in the decay.

    Args:
        base_lr: s at t = 0, and the warmup's end.
        t_initial: length without the warmup, which is always a prefix.
        decay_t: length of the decay, in (0, t_initial].
        lr_min: the last value, >= 0.
        stable_fn: constant (a power of 0), rsqrt (0.5) or power (`stable_power`).
        stable_timescale: > 0; by default `warmup_t`.
        decay_fn: f. linear: 1 - q. 1-sqrt: 1 - sqrt(q). cosine: (1 + cos(pi q)) / 2.
            power: 1 - q^decay_power. exp: (r^q - r) / (1 - r), r = `decay_ratio` in (0, 1).
            A Python function of q is called once for each of the decay_t counts, a known number.
        warmup_t, warmup_lr_init: length and start of the warmup.
        t_in_epochs: whether t counts epochs; the values are the same.
    """
    if is_concrete(t_initial):
        rule = f"WSDLRScheduler(decay_t=...) must be in (0, t_initial={t_initial}]"
        require(lambda n: n <= np.asarray(t_initial), decay_t, rule)
    if callable(decay_fn):
        known = Known(integral=True, whole=True)
        total = known.coerce("WSDLRScheduler(decay_t=...)", decay_t)
        decay: Callable[..., Schedule] = functools.partial(_tabulated, decay_fn, total)
    else:
        named: dict[str, Callable[..., Schedule]] = {
            "linear": Linear,
            "cosine": Cosine,
            "1-sqrt": functools.partial(Power, power=0.5),
            "power": functools.partial(Power, power=decay_power),
            "exp": functools.partial(Relaxation, ratio=decay_ratio),
        }
        decay = named[decay_fn]

    def cooldown(start: Any, end: Any) -> Schedule:
        return decay(start, end, decay_t).delay(minus(t_initial, decay_t))

    if stable_fn == "constant":
        body = cooldown(largest(base_lr, lr_min), lr_min)
        return _warmed(body, base_lr, warmup_t, warmup_lr_init, True)
    where = "WSDLRScheduler(stable_timescale=...)"
    timescale = warmup_t if stable_timescale is None else stable_timescale
    require(lambda n: n > 0, timescale, f"{where}, by default warmup_t, must be positive")
    stable: Schedule = InverseSqrt(base_lr, timescale)
    if stable_fn == "power":
        stable = InversePower(base_lr, timescale, stable_power)
    stable = stable.stop(t_initial)
    if is_known_as(lr_min, 0):
        body = stable * cooldown(1.0, 0.0)
    else:
        body = (stable.clip(low=lr_min) - lr_min) * cooldown(1.0, 0.0) + lr_min
    return _warmed(body, base_lr, warmup_t, warmup_lr_init, True)


def _tabulated(
    f: Callable[[float], float], total: int, start: Any, end: Any, steps: Any
) -> Schedule:
    """end + (start - end) f(n / total), f known by its values: Python's floats, as in timm."""
    factors = [1.0, *(float(f(i / total)) for i in range(1, total + 1))]
    return Table([end + (start - end) * factor for factor in factors])


# --- by name ------------------------------------------------------------------------------------


@declared
def create_scheduler_v2(
    base_lr: Rate0,
    sched: Name = "cosine",
    num_epochs: Epochs = 300,
    decay_epochs: AnyEpochs | None = None,
    decay_milestones: Counts = (90, 180, 270),
    cooldown_epochs: ArrayLike = 0,
    patience_epochs: int = 10,
    decay_rate: Positive = 0.1,
    min_lr: NotNegative = 0.0,
    warmup_lr: NotNegative = 1e-5,
    warmup_epochs: Epochs0 = 0,
    warmup_prefix: bool = False,
    noise: Silent = None,
    noise_pct: float = 0.67,
    noise_std: float = 1.0,
    noise_seed: int = 42,
    cycle_mul: KnownFactor = 1.0,
    cycle_decay: Positive = 0.1,
    cycle_limit: KnownCount = 1,
    k_decay: Positive = 1.0,
    decay_fn: DecayName | None = None,
    stable_timescale: Timescale | None = None,
    plateau_mode: str = "max",
    step_on_epochs: bool = True,
    updates_per_epoch: Time0 = 0,
) -> Schedule:
    """The schedule of a name; only it, where timm returns a number of epochs beside it.

    Args:
        sched: cosine, tanh, poly, step, multistep, constant (after the warmup), wsd, rsqrt, or
            none: `base_lr` without a warmup. plateau is refused.
        num_epochs: t_initial; of wsd and rsqrt it includes the warmup unless `warmup_prefix`.
        decay_epochs: of step (90 by default), wsd and rsqrt (0.2): there, a number in (0, 1) is a
            fraction of t_initial, and the decay is rounded.
        decay_rate: also the power of poly.
        decay_fn: of wsd (1-sqrt by default) and rsqrt (linear).
        step_on_epochs: whether the count is the epoch; if not, all lengths are times
            `updates_per_epoch`, > 0, and it is the update.

    `cooldown_epochs`, `patience_epochs` and `plateau_mode` change no value.
    """
    where = "create_scheduler_v2"
    unit: Any = 1
    if not step_on_epochs:
        unit = updates_per_epoch
        require(lambda n: n > 0, unit, f"{where}(updates_per_epoch=...) must be positive")
    total, warmup = times(num_epochs, unit), times(warmup_epochs, unit)
    start: dict[str, Any] = {"warmup_t": warmup, "warmup_lr_init": warmup_lr}
    ramp = {**start, "warmup_prefix": warmup_prefix}
    cycles: dict[str, Any] = {"lr_min": min_lr, "cycle_mul": cycle_mul}
    cycles |= {"cycle_decay": cycle_decay, "cycle_limit": cycle_limit, **ramp}
    if sched == "none":
        return Constant(base_lr)
    if sched == "cosine":
        return CosineLRScheduler(base_lr, total, k_decay=k_decay, **cycles)
    if sched == "tanh":
        return TanhLRScheduler(base_lr, total, **cycles)
    if sched == "poly":
        return PolyLRScheduler(base_lr, total, power=decay_rate, k_decay=k_decay, **cycles)
    if sched == "step":
        decay: Any = 90 if decay_epochs is None else decay_epochs
        return StepLRScheduler(base_lr, times(decay, unit), decay_rate, **ramp)
    if sched == "constant":
        return StepLRScheduler(base_lr, 1, **ramp)
    if sched == "multistep":
        # the default too becomes an array, which a number multiplies
        counts = NumberField(True, offset=True, rank=1)
        milestones = counts.coerce("decay_milestones", decay_milestones)
        return MultiStepLRScheduler(base_lr, times(milestones, unit), decay_rate, **ramp)
    stable = total if warmup_prefix else minus(total, warmup)
    part: Any = 0.2 if decay_epochs is None else decay_epochs
    decay = _rounded(choose((0 < part) & (part < 1), times(stable, part), times(part, unit)))
    if is_concrete(decay) and is_concrete(stable):
        rest = "" if warmup_prefix else " - warmup_epochs"
        rule = f"{where}(decay_epochs=...) must make a decay in (0, num_epochs{rest} = {stable}]"
        require(lambda n: (n > 0) & (n <= stable), decay, rule)
    shape: Any = ("constant", "1-sqrt") if sched == "wsd" else ("rsqrt", "linear")
    return WSDLRScheduler(
        base_lr,
        stable,
        decay,
        min_lr,
        shape[0],
        times(stable_timescale, unit),
        decay_fn=decay_fn or shape[1],
        **start,
    )


# --- numbers, known or traced -------------------------------------------------------------------


def _rounded(x: Any) -> Any:
    return round(x) if is_concrete(x) else jnp.round(x).astype(jnp.result_type(int))


def _warmed(body: Schedule, base: Any, steps: Any, start: Any, prefix: bool) -> Schedule:
    """A line from `start` to `base`, then the body: from its beginning if a prefix, else at t."""
    if is_known_as(steps, 0):
        return body
    first, rest = first_count(steps)
    clock = rest if prefix else first
    after = body if clock is None else Skip(body, clock)
    return Join((Linear(start, base, steps), after), (first,))


DIALECT = Dialect(
    named(
        CosineLRScheduler,
        TanhLRScheduler,
        PolyLRScheduler,
        StepLRScheduler,
        MultiStepLRScheduler,
        WSDLRScheduler,
        create_scheduler_v2,
    ),
    ABSENT,
)

if not TYPE_CHECKING:  # a type checker knows which names there are
    __getattr__ = lookup(__name__, DIALECT.entries, ABSENT)
