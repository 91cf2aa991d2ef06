"""`optax.schedules` 0.2.8: the same functions and signatures, returning trees.

    from jaxsched.dialects import optax as schedules

The count is that of the updates already made: 0 at the first. A transition ends at the count
`transition_begin + transition_steps`, one past its last update, and its value is held from there
on; `decay_steps` of a warmup schedule includes the warmup. Counts may be arrays, and every number
may be traced. The fallbacks are Optax's own, for known and traced numbers alike: without
`transition_steps` (<= 0) a schedule stays at its initial value, a negative `transition_begin` is 0.

Deliberate deviations:

- Before count 0 the value is that at 0. Optax's cosine mirrors there, its interpolation is 0.
- What gives Optax inf or nan is refused: a negative `decay_rate`, `power` or `exponent`.
  Exponential growth ends at the largest float.
- `join_schedules` wants one boundary between each two schedules, in order. Optax drops the
  schedules or the boundaries that are left over. Boundaries are not negative, nor warmups.
- Traced steps or fractions of a one-cycle put its knots at their product in the default float,
  rounded down: in float32 some knot may be one count off where the product is next to an integer.

>>> warmup_cosine_decay_schedule(0.0, 1.0, warmup_steps=2, decay_steps=6)([0, 1, 2, 4, 6]).tolist()
[0.0, 0.5, 1.0, 0.5, 0.0]
>>> linear_schedule(1.0, 0.0, transition_steps=0)
Linear(start=1.0, end=1.0, steps=0)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from jaxsched.algebra import Join, Skip
from jaxsched.curves import (
    Cosine,
    Exponential,
    Interpolate,
    Linear,
    PiecewiseConstant,
    Polynomial,
)
from jaxsched.dialects._rules import checked
from jaxsched.dialects.protocol import Dialect, named
from jaxsched.errors import shown
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
from jaxsched.numerics.time import largest, minus, plus
from jaxsched.schedule import Constant, Schedule, as_schedule


@checked({})
def constant_schedule(value: ArrayLike) -> Schedule:
    """`value` at every count."""
    (value,) = _numbers("constant_schedule", value=value)
    return Constant(value)


@checked({})
def linear_schedule(
    init_value: ArrayLike,
    end_value: ArrayLike,
    transition_steps: Length,
    transition_begin: Length = 0,
) -> Schedule:
    """A line from `init_value` to `end_value`, which is held.

        v(n) = init + (end - init) x,    x = clip(n - begin, 0, steps) / steps

    Args:
        init_value, end_value: first and last value.
        transition_steps: length of the line; <= 0: `init_value` for ever.
        transition_begin: counts before it; a negative one is 0.
    """
    return _transition(
        "linear_schedule", init_value, end_value, 1.0, transition_steps, transition_begin
    )


@checked({})
def polynomial_schedule(
    init_value: ArrayLike,
    end_value: ArrayLike,
    power: ArrayLike,
    transition_steps: Length,
    transition_begin: Length = 0,
) -> Schedule:
    """A decaying power from `init_value` to `end_value`, which is held.

        v(n) = end + (init - end) (1 - x)^power,    x = clip(n - begin, 0, steps) / steps

    Args:
        init_value, end_value: first and last value.
        power: >= 0 (0 keeps 0^0 = 1: `init_value` for ever).
        transition_steps: length; <= 0: `init_value` for ever.
        transition_begin: counts before it; a negative one is 0.
    """
    return _transition(
        "polynomial_schedule", init_value, end_value, power, transition_steps, transition_begin
    )


@checked({})
def cosine_decay_schedule(
    init_value: ArrayLike,
    decay_steps: Length,
    alpha: ArrayLike = 0.0,
    exponent: ArrayLike = 1.0,
) -> Schedule:
    """Half a cosine from `init_value` to `alpha` times it, which is held.

        v(n) = init ((1 - alpha) ((1 + cos(pi x)) / 2)^exponent + alpha),   x = min(n / steps, 1)

    Args:
        init_value: first value.
        decay_steps: length, > 0.
        alpha: the last value as a part of the first.
        exponent: >= 0 (0 keeps 0^0 = 1: `init_value` for ever).
    """
    init, alpha = _numbers("cosine_decay_schedule", init_value=init_value, alpha=alpha)
    (exponent,) = _numbers("cosine_decay_schedule", least=0, exponent=exponent)
    (steps,) = _counts("cosine_decay_schedule", above=0, decay_steps=decay_steps)
    return _cosine(init, alpha * init, steps, exponent)


@checked({})
def exponential_decay(
    init_value: ArrayLike,
    transition_steps: Length,
    decay_rate: ArrayLike,
    transition_begin: Length = 0,
    staircase: bool = False,
    end_value: ArrayLike | None = None,
) -> Schedule:
    """Multiplied by `decay_rate` every `transition_steps` counts, for ever.

        v(n) = init rate^x,    x = max(n - begin, 0) / steps, rounded down with `staircase`

    Args:
        init_value: first value.
        transition_steps: counts that one factor takes; <= 0: `init_value` for ever.
        decay_rate: factor, >= 0; 0: `init_value` for ever.
        transition_begin: counts before it; a negative one is 0.
        staircase: whether the value changes at multiples of `transition_steps` only.
        end_value: the lowest value where `decay_rate` < 1, else the highest one; it limits the
            values before `transition_begin` too. None is no limit.
    """
    call = "exponential_decay"
    (init,) = _numbers(call, init_value=init_value)
    (rate,) = _numbers(call, least=0, decay_rate=decay_rate)
    steps, begin = _counts(
        call, transition_steps=transition_steps, transition_begin=transition_begin
    )
    require_one_of((False, True), staircase, f"{call}(staircase=...)")
    works = (steps > 0) & (rate != 0)
    curve = Exponential(init, _where(works, rate, 1.0), _where(steps > 0, steps, 1), staircase)
    decay = _begun(curve, begin)
    if end_value is None:
        return decay
    (end,) = _numbers(call, end_value=end_value)
    falls, grows = works & (rate < 1), works & (rate >= 1)
    if isinstance(works, bool):
        return decay.clip(end if falls else None, end if grows else None) if works else decay
    never = np.finfo(jnp.result_type(float)).max
    return decay.clip(_where(falls, end, -never), _where(grows, end, never))


@checked({})
def piecewise_constant_schedule(
    init_value: ArrayLike, boundaries_and_scales: Mapping[int, float] | None = None
) -> Schedule:
    """`init_value` times the scales of all boundaries reached.

    Args:
        init_value: first value.
        boundaries_and_scales: {count: factor >= 0}; a factor applies from its count on.
    """
    values, counts = _scaled("piecewise_constant_schedule", init_value, boundaries_and_scales)
    return PiecewiseConstant(counts, values) if counts else Constant(values[0])


@checked({})
def piecewise_interpolate_schedule(
    interpolate_type: Literal["linear", "cosine"],
    init_value: ArrayLike,
    boundaries_and_scales: Mapping[int, float] | None = None,
) -> Schedule:
    """From `init_value` at 0 through its products with the scales, the last one held.

    Args:
        interpolate_type: "linear", or "cosine": half a cosine between each two.
        init_value: value at count 0, unless there is a boundary at 0.
        boundaries_and_scales: {count: factor >= 0}; the value at a count is the one at the count
            before it times the factor.
    """
    call = "piecewise_interpolate_schedule"
    require_one_of(("linear", "cosine"), interpolate_type, f"{call}(interpolate_type=...)")
    values, counts = _scaled(call, init_value, boundaries_and_scales)
    return Interpolate([0, *counts], values, interpolate_type) if counts else Constant(values[0])


@checked({})
def linear_onecycle_schedule(
    transition_steps: Length,
    peak_value: ArrayLike,
    pct_start: ArrayLike = 0.3,
    pct_final: ArrayLike = 0.85,
    div_factor: ArrayLike = 25.0,
    final_div_factor: ArrayLike = 1e4,
) -> Schedule:
    """Three lines: up to `peak_value`, as far down, and further down to the end, which is held.

    The knots are at int(pct_start steps), int(pct_final steps) and `transition_steps`. Where knots
    fall together the last one alone changes the value, as in Optax.

    Args:
        transition_steps: length of the three, > 0.
        peak_value: highest value.
        pct_start, pct_final: fractions of the steps at which the first two lines end.
        div_factor: the first value is peak / div_factor, > 0.
        final_div_factor: the last value is peak / (div_factor final_div_factor), > 0.
    """
    call = "linear_onecycle_schedule"
    (peak,) = _numbers(call, peak_value=peak_value)
    up, down = _numbers(call, least=0, pct_start=pct_start, pct_final=pct_final)
    div, final = _numbers(call, above=0, div_factor=div_factor, final_div_factor=final_div_factor)
    (steps,) = _counts(call, above=0, transition_steps=transition_steps)
    counts = [_floor(up, steps), _floor(down, steps), steps]
    return _through("linear", peak / div, counts, [div, 1 / div, 1 / final])


@checked({})
def cosine_onecycle_schedule(
    transition_steps: Length,
    peak_value: ArrayLike,
    pct_start: ArrayLike = 0.3,
    div_factor: ArrayLike = 25.0,
    final_div_factor: ArrayLike = 1e4,
) -> Schedule:
    """Half a cosine up to `peak_value`, and one far down to the end, which is held.

    The knots are at int(pct_start steps) and int(transition_steps). Where they fall together the
    second alone changes the value, as in Optax.

    Args:
        transition_steps: length of both, > 0.
        peak_value: highest value.
        pct_start: fraction of the steps at which the first one ends.
        div_factor: the first value is peak / div_factor, > 0.
        final_div_factor: the last value is peak / (div_factor final_div_factor), > 0.
    """
    call = "cosine_onecycle_schedule"
    (peak,) = _numbers(call, peak_value=peak_value)
    (up,) = _numbers(call, least=0, pct_start=pct_start)
    div, final = _numbers(call, above=0, div_factor=div_factor, final_div_factor=final_div_factor)
    (steps,) = _counts(call, above=0, transition_steps=transition_steps)
    counts = [_floor(up, steps), _floor(1.0, steps) if is_float(steps) else steps]
    return _through("cosine", peak / div, counts, [div, 1 / (div * final)])


@checked({})
def warmup_constant_schedule(
    init_value: ArrayLike, peak_value: ArrayLike, warmup_steps: Length
) -> Schedule:
    """A line from `init_value` to `peak_value`, which is held.

    Args:
        init_value, peak_value: first and last value.
        warmup_steps: length of the line; <= 0: `init_value` for ever.
    """
    call = "warmup_constant_schedule"
    init, peak = _numbers(call, init_value=init_value, peak_value=peak_value)
    (warmup,) = _counts(call, warmup_steps=warmup_steps)
    return linear_schedule(init, peak, warmup)


@checked({})
def warmup_cosine_decay_schedule(
    init_value: ArrayLike,
    peak_value: ArrayLike,
    warmup_steps: Length,
    decay_steps: Length,
    end_value: ArrayLike = 0.0,
    exponent: ArrayLike = 1.0,
) -> Schedule:
    """A line from `init_value` to `peak_value`, then half a cosine to `end_value`, which is held.

    Args:
        init_value: first value.
        peak_value: value at count `warmup_steps`; if it is 0, so are all that follow.
        warmup_steps: length of the line, >= 0 (0: `peak_value` at once).
        decay_steps: length of both, greater than `warmup_steps`.
        end_value: last value.
        exponent: of the cosine, >= 0 (0 keeps 0^0 = 1: no decay).
    """
    call = "warmup_cosine_decay_schedule"
    init, peak, end = _numbers(
        call, init_value=init_value, peak_value=peak_value, end_value=end_value
    )
    (exponent,) = _numbers(call, least=0, exponent=exponent)
    (warmup,) = _counts(call, least=0, warmup_steps=warmup_steps)
    (steps,) = _counts(call, decay_steps=decay_steps)
    if is_concrete(warmup):
        rule = f"{call}(decay_steps=...) must be greater than warmup_steps={warmup}"
        require(lambda n: n > np.asarray(warmup), steps, rule)
    fall = _cosine(peak, _where(peak == 0, 0.0, end), minus(steps, warmup), exponent)
    return join_schedules([linear_schedule(init, peak, warmup), fall], [warmup])


@checked({})
def warmup_exponential_decay_schedule(
    init_value: ArrayLike,
    peak_value: ArrayLike,
    warmup_steps: Length,
    transition_steps: Length,
    decay_rate: ArrayLike,
    transition_begin: Length = 0,
    staircase: bool = False,
    end_value: ArrayLike | None = None,
) -> Schedule:
    """A line from `init_value` to `peak_value`, then `exponential_decay` from there.

    Args:
        init_value: first value.
        peak_value: value at count `warmup_steps`.
        warmup_steps: length of the line, >= 0 (0: `peak_value` at once).
        transition_steps, decay_rate, transition_begin, staircase, end_value: of
            `exponential_decay`, whose counts begin at the end of the warmup.
    """
    call = "warmup_exponential_decay_schedule"
    init, peak = _numbers(call, init_value=init_value, peak_value=peak_value)
    (warmup,) = _counts(call, least=0, warmup_steps=warmup_steps)
    decay = exponential_decay(
        peak, transition_steps, decay_rate, transition_begin, staircase, end_value
    )
    return join_schedules([linear_schedule(init, peak, warmup), decay], [warmup])


@checked({})
def sgdr_schedule(cosine_kwargs: Iterable[Mapping[str, Any]]) -> Schedule:
    """Cycles of `warmup_cosine_decay_schedule`, one after another; the last one's end is held.

    Args:
        cosine_kwargs: the arguments of each cycle, at least one. A cycle is `decay_steps` long.
    """
    cycles: list[Schedule] = []
    ends: list[Any] = [0]
    for i, kwargs in enumerate(cosine_kwargs):
        try:
            cycles.append(warmup_cosine_decay_schedule(**kwargs))
        except (TypeError, ValueError) as error:
            raise ValueError(f"sgdr_schedule(cosine_kwargs[{i}]): {error}") from error
        ends.append(plus(ends[-1], _count("decay_steps", kwargs["decay_steps"])))
    if not cycles:
        raise ValueError("sgdr_schedule(cosine_kwargs=...) must hold at least one cycle")
    return join_schedules(cycles, ends[1:-1])


@checked({})
def join_schedules(
    schedules: Sequence[Schedule | Callable[..., Any] | ArrayLike], boundaries: Sequence[Length]
) -> Schedule:
    """One schedule after another, each counting from 0 at its own boundary.

    Args:
        schedules: the parts: schedules, numbers, or functions of the count.
        boundaries: the counts at which the second, third, ... part starts, in order.
    """
    parts = [as_schedule(schedule) for schedule in schedules]
    where = "join_schedules(boundaries=...)"
    counts = [_count(where, boundary, least=0) for boundary in boundaries]
    if len(parts) != len(counts) + 1:
        raise ValueError(
            "join_schedules needs one boundary between each two schedules, got "
            f"{len(parts)} schedules and {len(counts)} boundaries"
        )
    require_ordered([count for count in counts if is_concrete(count)], where)
    for i, count in enumerate(counts):
        # between two counts: an integer boundary keeps the clock of the part exact, and its first
        # count is the rest of the fraction
        if isinstance(count, float) and count < LONGEST:
            counts[i] = math.ceil(count)
            parts[i + 1] = Skip(parts[i + 1], counts[i] - count)
    return Join(tuple(parts), tuple(counts))


def _transition(call: str, init: Any, end: Any, power: Any, steps: Any, begin: Any) -> Schedule:
    init, end = _numbers(call, init_value=init, end_value=end)
    (power,) = _numbers(call, least=0, power=power)
    steps, begin = _counts(call, transition_steps=steps, transition_begin=begin)
    span = init, _where(steps > 0, end, init), largest(steps, 0)
    straight = isinstance(power, float) and power == 1
    return _begun(Linear(*span) if straight else Polynomial(*span, power), begin)


def _cosine(start: Any, end: Any, steps: Any, exponent: Any) -> Schedule:
    flat_or_plain = isinstance(exponent, float) and exponent in (0, 1)
    end = _where(exponent == 0, start, end)
    return Cosine(start, end, steps, None if flat_or_plain else exponent)


def _begun(schedule: Schedule, begin: Any) -> Schedule:
    """The schedule from `begin` on, its first value before."""
    begin = largest(begin, 0)
    if isinstance(begin, float):
        return join_schedules([schedule.stop(0), schedule], [begin])
    return schedule if isinstance(begin, int) and begin == 0 else schedule.delay(begin)


def _scaled(call: str, init: Any, scales: Any) -> tuple[list[Any], list[Any]]:
    """The first value and its products with the scales, and the counts of these, in order."""
    (init,) = _numbers(call, init_value=init)
    if not isinstance(scales, Mapping | None):
        raise TypeError(f"{call}(boundaries_and_scales=...) must be a dict, got {shown(scales)}")
    factors = {}
    for key, scale in (scales or {}).items():
        digits = isinstance(key, str) and key.isdecimal()  # as in JSON
        where = f"the keys of {call}(boundaries_and_scales=...)"
        count = _count(where, int(key) if digits else key, least=0)
        (factors[count],) = _numbers(call, least=0, **{f"boundaries_and_scales[{key}]": scale})
    counts, values = sorted(factors), [init]
    for count in counts:
        values.append(values[-1] * factors[count])
    return values, counts


def _through(
    kind: Literal["linear", "cosine"], value: Any, counts: list[Any], scales: list[Any]
) -> Schedule:
    """Knots at 0 and at counts in any order, as in a dict: the last of equal ones alone scales."""
    if not any(isinstance(count, jax.Array) for count in counts):
        return piecewise_interpolate_schedule(kind, value, dict(zip(counts, scales, strict=True)))
    for i, count in enumerate(counts):
        for later in counts[i + 1 :]:
            scales[i] = _where(count == later, 1.0, scales[i])
    # from the last to the first: where counts are equal, the one that scales has to be reached
    knots = _stack(counts[::-1])
    order = jnp.argsort(knots)
    knots = jnp.concatenate([jnp.zeros(1, knots.dtype), knots[order]])
    products = value * jnp.cumprod(_stack(scales[::-1])[order])
    return Interpolate(knots, [value, *products], kind)


def _stack(numbers: list[Any]) -> jax.Array:
    kind = jnp.result_type(float if any(map(is_float, numbers)) else int)
    return jnp.stack([jnp.asarray(x, kind) for x in numbers])


def _floor(fraction: Any, steps: Any) -> Any:
    """fraction steps, rounded down, of the type of `steps` where it is traced."""
    if isinstance(fraction, float) and isinstance(steps, int | float):
        return int(fraction * steps)
    return jnp.floor(fraction * jnp.asarray(steps, float)).astype(jnp.result_type(steps))


def _where(rule: Any, yes: Any, no: Any) -> Any:
    """One of two numbers, now where the rule is known."""
    if isinstance(rule, bool):
        return yes if rule else no
    return jnp.where(rule, yes, no)


def _numbers(
    call: str, least: int | None = None, above: int | None = None, **given: Any
) -> list[Any]:
    kind = NumberField(least=least, above=above)
    numbers = [kind.coerce(f"{call}({name}=...)", x) for name, x in given.items()]
    return [x.astype(jnp.result_type(float)) if isinstance(x, jax.Array) else x for x in numbers]


def _counts(
    call: str, least: int | None = None, above: int | None = None, **given: Any
) -> list[Any]:
    return [_count(f"{call}({name}=...)", x, least, above) for name, x in given.items()]


def _count(where: str, x: Any, least: int | None = None, above: int | None = None) -> Any:
    """A number of counts: an int where it is whole and small enough, else a float."""
    giant = isinstance(x, int | np.integer) and x > LONGEST
    x = NumberField(integral=not giant, least=least, above=above).coerce(where, x)
    if isinstance(x, jax.Array):
        return x.astype(jnp.result_type(float if is_float(x) else int))
    return int(x) if isinstance(x, float) and x.is_integer() and abs(x) <= LONGEST else x


ENTRIES = named(
    constant_schedule,
    linear_schedule,
    polynomial_schedule,
    cosine_decay_schedule,
    exponential_decay,
    piecewise_constant_schedule,
    piecewise_interpolate_schedule,
    linear_onecycle_schedule,
    cosine_onecycle_schedule,
    warmup_constant_schedule,
    warmup_cosine_decay_schedule,
    warmup_exponential_decay_schedule,
    sgdr_schedule,
    join_schedules,
)
DIALECT = Dialect(ENTRIES)
