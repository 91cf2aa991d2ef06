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

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import jax
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
from jaxsched.dialects._cycles import begun
from jaxsched.dialects._rates import exponential
from jaxsched.dialects._rules import Rule, checked, learning_rate, lookup
from jaxsched.dialects.protocol import Dialect, named
from jaxsched.errors import shown, suggestion
from jaxsched.fields import (
    LONGEST,
    Length,
    NumberField,
    is_concrete,
    is_float,
    require,
    require_one_of,
    require_ordered,
)
from jaxsched.numerics.time import largest, minus, times
from jaxsched.schedule import Constant, Schedule

ABSENT = {"PlateauLRScheduler": "follows a metric: it is no function of the count"}
MOST_CYCLES = 4096  # each of another length, or of none that is whole, is a part of its own
MOST_STAIRS = 100  # in a period of a fractional `decay_t`


def _known(where: str, x: Any, **rule: Any) -> Any:
    """`x`, which keeps the rule (see `NumberField`) and is no tracer."""
    if not is_concrete(x):
        raise ValueError(f"{where} must be a known number, it decides the structure")
    return NumberField(**rule).coerce(where, x.item() if isinstance(x, jax.Array) else x)


def _time(where: str, x: Any, **rule: Any) -> Any:
    """A length: an int where it is whole, so that its clock is exact."""
    x = NumberField(integral=True, **rule).coerce(where, x)
    return int(x) if isinstance(x, float) and x.is_integer() and x <= LONGEST else x


def _flag(where: str, x: Any) -> Any:
    require_one_of((False, True), x, where)
    return x


def _silent(where: str, x: Any) -> None:
    if x is not None:
        raise ValueError(
            f"{where} must be None: PyTorch draws the noise, it is no function of the count alone, "
            f"got {shown(x)}"
        )


_RULES: Mapping[str, Rule] = {
    "base_lr": learning_rate(least=0),
    **dict.fromkeys(("lr_min", "min_lr"), NumberField(least=0).coerce),
    **dict.fromkeys(("warmup_lr_init", "warmup_lr", "power"), NumberField(least=0).coerce),
    **dict.fromkeys(("k_decay", "cycle_decay", "decay_rate"), NumberField(above=0).coerce),
    **dict.fromkeys(("decay_power", "stable_power"), NumberField(above=0).coerce),
    **dict.fromkeys(("t_initial", "decay_t"), functools.partial(_time, above=0)),
    "warmup_t": functools.partial(_time, least=0),
    "stable_timescale": functools.partial(_time, optional=True),
    # parts of an epoch, which may be many counts
    "num_epochs": functools.partial(_time, above=0, offset=True),
    "warmup_epochs": functools.partial(_time, least=0, offset=True),
    "decay_epochs": functools.partial(_time, offset=True, optional=True),
    **dict.fromkeys(("noise_range_t", "noise"), _silent),
    **dict.fromkeys(("t_in_epochs", "warmup_prefix", "step_on_epochs"), _flag),
    **dict.fromkeys(("lb", "ub"), NumberField().coerce),
    "decay_milestones": NumberField(integral=True, offset=True, rank=1).coerce,
    "decay_ratio": NumberField(above=0, below=1).coerce,
    "cycle_mul": functools.partial(_known, above=0),
    "cycle_limit": functools.partial(_known, integral=True, whole=True, least=0),
    "updates_per_epoch": functools.partial(_time, least=0),
}


# --- cycles -------------------------------------------------------------------------------------


@checked(_RULES)
def CosineLRScheduler(
    base_lr: ArrayLike,
    t_initial: Length,
    lr_min: ArrayLike = 0.0,
    cycle_mul: float = 1.0,
    cycle_decay: ArrayLike = 1.0,
    cycle_limit: int = 1,
    warmup_t: Length = 0,
    warmup_lr_init: ArrayLike = 0.0,
    warmup_prefix: bool = False,
    t_in_epochs: bool = True,
    noise_range_t: None = None,
    noise_pct: float = 0.67,
    noise_std: float = 1.0,
    noise_seed: int = 42,
    k_decay: ArrayLike = 1.0,
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
    body = _cycles(curve, base_lr, t_initial, lr_min, cycle_mul, cycle_decay, cycle_limit)
    return _warmed(body, base_lr, warmup_t, warmup_lr_init, warmup_prefix)


@checked(_RULES)
def TanhLRScheduler(
    base_lr: ArrayLike,
    t_initial: Length,
    lb: ArrayLike = -7.0,
    ub: ArrayLike = 3.0,
    lr_min: ArrayLike = 0.0,
    cycle_mul: float = 1.0,
    cycle_decay: ArrayLike = 1.0,
    cycle_limit: int = 1,
    warmup_t: Length = 0,
    warmup_lr_init: ArrayLike = 0.0,
    warmup_prefix: bool = False,
    t_in_epochs: bool = True,
    noise_range_t: None = None,
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
    body = _cycles(curve, base_lr, t_initial, lr_min, cycle_mul, cycle_decay, cycle_limit, True)
    if warmup_prefix or _is(warmup_t, 0):
        return _warmed(body, base_lr, warmup_t, warmup_lr_init, True)
    return Skip(body, warmup_t).warmup(warmup_t, warmup_lr_init)


@checked(_RULES)
def PolyLRScheduler(
    base_lr: ArrayLike,
    t_initial: Length,
    power: ArrayLike = 0.5,
    lr_min: ArrayLike = 0.0,
    cycle_mul: float = 1.0,
    cycle_decay: ArrayLike = 1.0,
    cycle_limit: int = 1,
    warmup_t: Length = 0,
    warmup_lr_init: ArrayLike = 0.0,
    warmup_prefix: bool = False,
    t_in_epochs: bool = True,
    noise_range_t: None = None,
    noise_pct: float = 0.67,
    noise_std: float = 1.0,
    noise_seed: int = 42,
    k_decay: ArrayLike = 1.0,
) -> Schedule:
    """In each cycle lr_min + (peak - lr_min) (1 - x^k_decay)^power, x = t / length.

    Args:
        power: >= 0.

    The others are those of `CosineLRScheduler`.
    """
    curve = functools.partial(Polynomial, power=power, warp=_warp(k_decay))
    cycles = (cycle_mul, cycle_decay, cycle_limit, _is(power, 0))
    body = _cycles(curve, base_lr, t_initial, lr_min, *cycles)
    return _warmed(body, base_lr, warmup_t, warmup_lr_init, warmup_prefix)


def _warp(k_decay: Any) -> Any:
    return None if _is(k_decay, 1) else k_decay


def _cycles(
    curve: Callable[..., Schedule],
    base: Any,
    t_initial: Any,
    lr_min: Any,
    mul: float,
    decay: Any,
    limit: int,
    falls: bool = False,
) -> Schedule:
    """`limit` cycles curve(peak, lr_min, length), then `lr_min`, to which the last one may fall."""
    end = Constant(lr_min).hold(0)
    if limit == 0:
        return end
    if limit == 1 or mul == 1 and not is_float(t_initial):
        body = _equal(curve, base, t_initial, lr_min, decay, limit)
        last = _multiple(t_initial, limit)
    else:
        body, last = _unequal(curve, base, t_initial, lr_min, mul, decay, limit)
    last, _ = _first(last)
    reached = not is_concrete(last) or last <= LONGEST
    return Join((body, end), (last,)) if falls and reached else body


def _equal(
    curve: Callable[..., Schedule], base: Any, steps: Any, lr_min: Any, decay: Any, limit: int
) -> Schedule:
    """Cycles of one length, a whole one if there are several: on one clock."""

    def repeated(cycle: Schedule, gain: Any = None) -> Schedule:
        if is_concrete(steps) and steps * limit > LONGEST:  # more than can be counted
            endless = cycle.repeat()
            return endless if gain is None else endless * Exponential(1.0, gain, steps, True)
        return cycle.restarts(limit, gain=gain)

    if limit == 1:
        return curve(base, lr_min, steps)
    if _is(decay, 1):
        return repeated(curve(base, lr_min, steps))
    peaks = repeated(curve(base, 0.0, steps), decay)  # they decay, `lr_min` does not
    return peaks if _is(lr_min, 0) else peaks + repeated(curve(0.0, lr_min, steps))


def _unequal(
    curve: Callable[..., Schedule],
    base: Any,
    t_initial: Any,
    lr_min: Any,
    mul: float,
    decay: Any,
    limit: int,
) -> tuple[Schedule, Any]:
    """Cycles of any lengths, a part each, and where they end.

    A cycle that begins between two counts has the rest of a fraction behind it at its first.
    """
    factor: Any = int(mul) if mul.is_integer() else mul
    parts: list[Schedule] = []
    starts: list[Any] = []
    begin: Any = 0  # of a cycle, in units of t_initial, as its length
    length: Any = 1
    for i in range(limit):
        steps = _multiple(t_initial, length)
        start, rest = _first(_multiple(t_initial, begin))
        # what begins too late to be counted, or where cycles have shrunk to nothing
        if begin > LONGEST or is_concrete(steps) and (start > LONGEST or steps < 1e-6):
            break
        if rest is None or not is_concrete(rest) or rest < steps:  # else it has no count
            over = 0 if rest is None else rest
            parts.append(begun(curve, base * decay**i, lr_min, steps, over))
            starts.append(start)
        begin, length = begin + length, length * factor
        if len(parts) > MOST_CYCLES:
            raise ValueError(
                f"cycle_limit={limit} with cycle_mul={mul} and t_initial={t_initial} is more than "
                f"{MOST_CYCLES} cycles, each of its own length"
            )
    return Join(tuple(parts), tuple(starts[1:])), _multiple(t_initial, begin)


def _multiple(steps: Any, factor: Any) -> Any:
    """A length times a known number; as an int it saturates where it cannot be counted."""
    if is_concrete(steps):
        product = steps * factor
        return float(product) if isinstance(product, int) and product > LONGEST else product
    if is_float(steps) or is_float(factor):
        return times(steps, factor)
    most = LONGEST // max(1, factor)
    return jnp.where(steps > most, LONGEST, jnp.minimum(steps, most) * min(factor, LONGEST))


def _first(begin: Any) -> tuple[Any, Any]:
    """The first count at or after `begin`, and how much later it is: None for an int."""
    if not is_float(begin):
        return begin, None
    if is_concrete(begin):
        whole = round(float(begin))
        first = whole if math.isclose(begin, whole, rel_tol=1e-12) else math.ceil(begin)
        return first, max(0.0, float(first - begin))
    exact = jnp.asarray(begin, float)
    near = jnp.round(exact)
    close = jnp.abs(exact - near) <= 2 * np.finfo(exact.dtype).eps * near
    later = jnp.minimum(jnp.where(close, near, jnp.ceil(exact)), LONGEST - 127)
    return later.astype(jnp.result_type(int)), jnp.maximum(later - exact, 0)


# --- steps --------------------------------------------------------------------------------------


@checked(_RULES)
def StepLRScheduler(
    base_lr: ArrayLike,
    decay_t: Length,
    decay_rate: ArrayLike = 1.0,
    warmup_t: Length = 0,
    warmup_lr_init: ArrayLike = 0.0,
    warmup_prefix: bool = True,
    t_in_epochs: bool = True,
    noise_range_t: None = None,
    noise_pct: float = 0.67,
    noise_std: float = 1.0,
    noise_seed: int = 42,
) -> Schedule:
    """base_lr decay_rate^(t // decay_t), for ever.

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


def _milestones(where: str, x: Any) -> Any:
    x = NumberField(integral=True, rank=1).coerce(where, x)
    require_ordered(x, where)
    return x


@checked({**_RULES, "decay_t": _milestones})
def MultiStepLRScheduler(
    base_lr: ArrayLike,
    decay_t: Sequence[Length] | Length,
    decay_rate: ArrayLike = 1.0,
    warmup_t: Length = 0,
    warmup_lr_init: ArrayLike = 0.0,
    warmup_prefix: bool = True,
    t_in_epochs: bool = True,
    noise_range_t: None = None,
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

_STABLE = ("constant", "rsqrt", "power")
_DECAYS = ("linear", "1-sqrt", "cosine", "power", "exp")


def _decay_name(where: str, x: Any) -> Any:
    if not callable(x) and x not in _DECAYS:
        raise ValueError(f"{where} must be {', '.join(_DECAYS)} or a callable, got {shown(x)}")
    return x


def _stable_name(where: str, x: Any) -> Any:
    require_one_of(_STABLE, x, where)
    return x


@checked({**_RULES, "decay_fn": _decay_name, "stable_fn": _stable_name})
def WSDLRScheduler(
    base_lr: ArrayLike,
    t_initial: Length,
    decay_t: Length,
    lr_min: ArrayLike = 0.0,
    stable_fn: str = "constant",
    stable_timescale: Length | None = None,
    stable_power: ArrayLike = 0.5,
    decay_fn: str | Callable[[float], float] = "1-sqrt",
    decay_power: ArrayLike = 0.5,
    decay_ratio: ArrayLike = 0.1,
    warmup_t: Length = 0,
    warmup_lr_init: ArrayLike = 0.0,
    t_in_epochs: bool = True,
    noise_range_t: None = None,
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
        total = _known("WSDLRScheduler(decay_t=...)", decay_t, integral=True, whole=True)
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
    if _is(lr_min, 0):
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


def _scheduler_name(where: str, x: Any) -> Any:
    known = ("cosine", "tanh", "step", "multistep", "poly", "wsd", "rsqrt", "constant", "none")
    if x == "plateau":
        raise ValueError(f"{where} must be a function of the count: 'plateau' follows a metric")
    if x not in known:
        raise ValueError(f"{where} must be a known name, got {shown(x)}{suggestion(x, known)}")
    return x


@checked({**_RULES, "sched": _scheduler_name})
def create_scheduler_v2(
    base_lr: ArrayLike,
    sched: str = "cosine",
    num_epochs: ArrayLike = 300,
    decay_epochs: ArrayLike | None = None,
    decay_milestones: Sequence[ArrayLike] | ArrayLike = (90, 180, 270),
    cooldown_epochs: ArrayLike = 0,
    patience_epochs: int = 10,
    decay_rate: ArrayLike = 0.1,
    min_lr: ArrayLike = 0.0,
    warmup_lr: ArrayLike = 1e-5,
    warmup_epochs: ArrayLike = 0,
    warmup_prefix: bool = False,
    noise: None = None,
    noise_pct: float = 0.67,
    noise_std: float = 1.0,
    noise_seed: int = 42,
    cycle_mul: float = 1.0,
    cycle_decay: ArrayLike = 0.1,
    cycle_limit: int = 1,
    k_decay: ArrayLike = 1.0,
    decay_fn: str | Callable[[float], float] | None = None,
    stable_timescale: ArrayLike | None = None,
    plateau_mode: str = "max",
    step_on_epochs: bool = True,
    updates_per_epoch: ArrayLike = 0,
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
        milestones = _RULES["decay_milestones"]("decay_milestones", decay_milestones)
        return MultiStepLRScheduler(base_lr, times(milestones, unit), decay_rate, **ramp)
    stable = total if warmup_prefix else minus(total, warmup)
    part: Any = 0.2 if decay_epochs is None else decay_epochs
    decay = _rounded(_where((0 < part) & (part < 1), times(stable, part), times(part, unit)))
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


def _is(x: Any, value: float) -> bool:
    """Whether x is known to be the value."""
    return is_concrete(x) and bool(np.all(np.asarray(x) == value))


def _where(condition: Any, yes: Any, no: Any) -> Any:
    if is_concrete(condition):
        return yes if condition else no
    return jnp.where(condition, *(jnp.asarray(x, float) for x in (yes, no)))


def _rounded(x: Any) -> Any:
    return round(x) if is_concrete(x) else jnp.round(x).astype(jnp.result_type(int))


def _warmed(body: Schedule, base: Any, steps: Any, start: Any, prefix: bool) -> Schedule:
    """A line from `start` to `base`, then the body: from its beginning if a prefix, else at t."""
    if _is(steps, 0):
        return body
    first, rest = _first(steps)
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
