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

import dataclasses
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal, cast

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
from jaxsched.dialects.protocol import Dialect, named
from jaxsched.errors import shown
from jaxsched.fields import (
    LONGEST,
    NumberField,
    declared,
    is_concrete,
    is_float,
    is_sequence,
    require,
    require_ordered,
)
from jaxsched.numerics.time import choose, largest, minus, plus
from jaxsched.plain import plain
from jaxsched.schedule import Constant, Schedule, as_schedule


@dataclasses.dataclass(frozen=True)
class _Real(NumberField):
    def coerce(self, where: str, x: Any) -> Any:
        """A number, a traced one in the default float."""
        x = super().coerce(where, x)
        return x.astype(jnp.result_type(float)) if isinstance(x, jax.Array) else x


@dataclasses.dataclass(frozen=True)
class _Steps(NumberField):
    integral: bool = True

    def coerce(self, where: str, x: Any) -> Any:
        """A number of counts: an int where it is whole and small enough, else a float."""
        if self.rank:
            x = plain(x)
            if not is_sequence(x):
                raise TypeError(f"{where} must be a sequence of counts, got {shown(x)}")
            return [dataclasses.replace(self, rank=0).coerce(where, count) for count in x]
        giant = isinstance(x, int | np.integer) and x > LONGEST
        x = super().coerce(where, float(x) if giant else x)
        if isinstance(x, jax.Array):
            return x.astype(jnp.result_type(float if is_float(x) else int))
        return int(x) if isinstance(x, float) and x.is_integer() and abs(x) <= LONGEST else x


Real = Annotated[ArrayLike, _Real()]
NotNegative = Annotated[ArrayLike, _Real(least=0)]
Positive = Annotated[ArrayLike, _Real(above=0)]
Steps = Annotated[ArrayLike, _Steps()]
NotNegativeSteps = Annotated[ArrayLike, _Steps(least=0)]
PositiveSteps = Annotated[ArrayLike, _Steps(above=0)]
Boundaries = Annotated[Sequence[ArrayLike], _Steps(least=0, rank=1)]


@declared
def constant_schedule(value: Real) -> Schedule:
    """`value` at every count."""
    return Constant(value)


@declared
def linear_schedule(
    init_value: Real,
    end_value: Real,
    transition_steps: Steps,
    transition_begin: Steps = 0,
) -> Schedule:
    """A line from `init_value` to `end_value`, which is held.

        v(n) = init + (end - init) x,    x = clip(n - begin, 0, steps) / steps

    Args:
        init_value, end_value: first and last value.
        transition_steps: length of the line; <= 0: `init_value` forever.
        transition_begin: counts before it; a negative one is 0.
    """
    return _transition(init_value, end_value, 1.0, transition_steps, transition_begin)


@declared
def polynomial_schedule(
    init_value: Real,
    end_value: Real,
    power: NotNegative,
    transition_steps: Steps,
    transition_begin: Steps = 0,
) -> Schedule:
    """A decaying power from `init_value` to `end_value`, which is held.

        v(n) = end + (init - end) (1 - x)^power,    x = clip(n - begin, 0, steps) / steps

    Args:
        init_value, end_value: first and last value.
        power: >= 0 (0 keeps 0^0 = 1: `init_value` forever).
        transition_steps: length; <= 0: `init_value` forever.
        transition_begin: counts before it; a negative one is 0.
    """
    return _transition(init_value, end_value, power, transition_steps, transition_begin)


@declared
def cosine_decay_schedule(
    init_value: Real,
    decay_steps: PositiveSteps,
    alpha: Real = 0.0,
    exponent: NotNegative = 1.0,
) -> Schedule:
    """Half a cosine from `init_value` to `alpha` times it, which is held.

        v(n) = init ((1 - alpha) ((1 + cos(pi x)) / 2)^exponent + alpha),   x = min(n / steps, 1)

    Args:
        init_value: first value.
        decay_steps: length, > 0.
        alpha: the last value as a part of the first.
        exponent: >= 0 (0 keeps 0^0 = 1: `init_value` forever).
    """
    init, part = cast(Any, (init_value, alpha))
    return _cosine(init, part * init, decay_steps, exponent)


@declared
def exponential_decay(
    init_value: Real,
    transition_steps: Steps,
    decay_rate: NotNegative,
    transition_begin: Steps = 0,
    staircase: bool = False,
    end_value: Real | None = None,
) -> Schedule:
    """Multiplied by `decay_rate` every `transition_steps` counts, forever.

        v(n) = init rate^x,    x = max(n - begin, 0) / steps, rounded down with `staircase`

    Args:
        init_value: first value.
        transition_steps: counts that one factor takes; <= 0: `init_value` forever.
        decay_rate: factor, >= 0; 0: `init_value` forever.
        transition_begin: counts before it; a negative one is 0.
        staircase: whether the value changes at multiples of `transition_steps` only.
        end_value: the lowest value where `decay_rate` < 1, else the highest one; it limits the
            values before `transition_begin` too. None is no limit.
    """
    init, steps, rate = cast(Any, (init_value, transition_steps, decay_rate))
    works = (steps > 0) & (rate != 0)
    curve = Exponential(init, choose(works, rate, 1.0), choose(steps > 0, steps, 1), staircase)
    decay = _begun(curve, transition_begin)
    if end_value is None:
        return decay
    end: Any = end_value
    falls, grows = works & (rate < 1), works & (rate >= 1)
    if isinstance(works, bool):
        return decay.clip(end if falls else None, end if grows else None) if works else decay
    never = np.finfo(jnp.result_type(float)).max
    return decay.clip(choose(falls, end, -never), choose(grows, end, never))


@declared
def piecewise_constant_schedule(
    init_value: Real, boundaries_and_scales: Mapping[int, float] | None = None
) -> Schedule:
    """`init_value` times the scales of all boundaries reached.

    Args:
        init_value: first value.
        boundaries_and_scales: {count: factor >= 0}; a factor applies from its count on.
    """
    values, counts = _scaled("piecewise_constant_schedule", init_value, boundaries_and_scales)
    return PiecewiseConstant(counts, values) if counts else Constant(values[0])


@declared
def piecewise_interpolate_schedule(
    interpolate_type: Literal["linear", "cosine"],
    init_value: Real,
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
    values, counts = _scaled(call, init_value, boundaries_and_scales)
    return Interpolate([0, *counts], values, interpolate_type) if counts else Constant(values[0])


@declared
def linear_onecycle_schedule(
    transition_steps: PositiveSteps,
    peak_value: Real,
    pct_start: NotNegative = 0.3,
    pct_final: NotNegative = 0.85,
    div_factor: Positive = 25.0,
    final_div_factor: Positive = 1e4,
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
    peak, div, final = cast(Any, (peak_value, div_factor, final_div_factor))
    ends = [_floor(part, transition_steps) for part in (pct_start, pct_final)]
    scales = [div, 1 / div, 1 / final]
    return _through("linear", peak / div, [*ends, transition_steps], scales)


@declared
def cosine_onecycle_schedule(
    transition_steps: PositiveSteps,
    peak_value: Real,
    pct_start: NotNegative = 0.3,
    div_factor: Positive = 25.0,
    final_div_factor: Positive = 1e4,
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
    peak, div, final, steps = cast(
        Any, (peak_value, div_factor, final_div_factor, transition_steps)
    )
    counts = [_floor(pct_start, steps), _floor(1.0, steps) if is_float(steps) else steps]
    return _through("cosine", peak / div, counts, [div, 1 / (div * final)])


@declared
def warmup_constant_schedule(init_value: Real, peak_value: Real, warmup_steps: Steps) -> Schedule:
    """A line from `init_value` to `peak_value`, which is held.

    Args:
        init_value, peak_value: first and last value.
        warmup_steps: length of the line; <= 0: `init_value` forever.
    """
    return linear_schedule(init_value, peak_value, warmup_steps)


@declared
def warmup_cosine_decay_schedule(
    init_value: Real,
    peak_value: Real,
    warmup_steps: NotNegativeSteps,
    decay_steps: Steps,
    end_value: Real = 0.0,
    exponent: NotNegative = 1.0,
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
    if is_concrete(warmup_steps):
        call = "warmup_cosine_decay_schedule"
        rule = f"{call}(decay_steps=...) must be greater than warmup_steps={warmup_steps}"
        require(lambda n: n > np.asarray(warmup_steps), decay_steps, rule)
    end = choose(peak_value == 0, 0.0, end_value)
    fall = _cosine(peak_value, end, minus(decay_steps, warmup_steps), exponent)
    rise = linear_schedule(init_value, peak_value, warmup_steps)
    return join_schedules([rise, fall], [warmup_steps])


@declared
def warmup_exponential_decay_schedule(
    init_value: Real,
    peak_value: Real,
    warmup_steps: NotNegativeSteps,
    transition_steps: Steps,
    decay_rate: Real,
    transition_begin: Steps = 0,
    staircase: bool = False,
    end_value: Real | None = None,
) -> Schedule:
    """A line from `init_value` to `peak_value`, then `exponential_decay` from there.

    Args:
        init_value: first value.
        peak_value: value at count `warmup_steps`.
        warmup_steps: length of the line, >= 0 (0: `peak_value` at once).
        transition_steps, decay_rate, transition_begin, staircase, end_value: of
            `exponential_decay`, whose counts begin at the end of the warmup.
    """
    decay = exponential_decay(
        peak_value, transition_steps, decay_rate, transition_begin, staircase, end_value
    )
    rise = linear_schedule(init_value, peak_value, warmup_steps)
    return join_schedules([rise, decay], [warmup_steps])


@declared
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
        ends.append(plus(ends[-1], _Steps().coerce("decay_steps", kwargs["decay_steps"])))
    if not cycles:
        raise ValueError("sgdr_schedule(cosine_kwargs=...) must hold at least one cycle")
    return join_schedules(cycles, ends[1:-1])


@declared
def join_schedules(
    schedules: Sequence[Schedule | Callable[..., Any] | ArrayLike], boundaries: Boundaries
) -> Schedule:
    """One schedule after another, each counting from 0 at its own boundary.

    Args:
        schedules: the parts: schedules, numbers, or functions of the count.
        boundaries: the counts at which the second, third, ... part starts, in order.
    """
    parts = [as_schedule(schedule) for schedule in schedules]
    counts: list[Any] = list(boundaries)
    if len(parts) != len(counts) + 1:
        raise ValueError(
            "join_schedules needs one boundary between each two schedules, got "
            f"{len(parts)} schedules and {len(counts)} boundaries"
        )
    known = [count for count in counts if is_concrete(count)]
    require_ordered(known, "join_schedules(boundaries=...)")
    for i, count in enumerate(counts):
        # between two counts: an integer boundary keeps the clock of the part exact, and its first
        # count is the rest of the fraction
        if isinstance(count, float) and count < LONGEST:
            counts[i] = math.ceil(count)
            parts[i + 1] = Skip(parts[i + 1], counts[i] - count)
    return Join(tuple(parts), tuple(counts))


def _transition(init: Any, end: Any, power: Any, steps: Any, begin: Any) -> Schedule:
    span = init, choose(steps > 0, end, init), largest(steps, 0)
    straight = isinstance(power, float) and power == 1
    return _begun(Linear(*span) if straight else Polynomial(*span, power), begin)


def _cosine(start: Any, end: Any, steps: Any, exponent: Any) -> Schedule:
    flat_or_plain = isinstance(exponent, float) and exponent in (0, 1)
    end = choose(exponent == 0, start, end)
    return Cosine(start, end, steps, None if flat_or_plain else exponent)


def _begun(schedule: Schedule, begin: Any) -> Schedule:
    """The schedule from `begin` on, its first value before."""
    begin = largest(begin, 0)
    if isinstance(begin, float):
        return join_schedules([schedule.stop(0), schedule], [begin])
    return schedule if isinstance(begin, int) and begin == 0 else schedule.delay(begin)


def _scaled(call: str, init: Any, scales: Any) -> tuple[list[Any], list[Any]]:
    """The first value and its products with the scales, and the counts of these, in order."""
    if not isinstance(scales, Mapping | None):
        raise TypeError(f"{call}(boundaries_and_scales=...) must be a dict, got {shown(scales)}")
    factors = {}
    for key, scale in (scales or {}).items():
        digits = isinstance(key, str) and key.isdecimal()  # as in JSON
        where = f"the keys of {call}(boundaries_and_scales=...)"
        count = _Steps(least=0).coerce(where, int(key) if digits else key)
        scaled = f"{call}(boundaries_and_scales[{key}]=...)"
        factors[count] = _Real(least=0).coerce(scaled, scale)
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
            scales[i] = choose(count == later, 1.0, scales[i])
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


DIALECT = Dialect(
    named(
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
    ),
)
