"""Curves in a row: swinging on forever, starting again, or through given levels."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from jaxsched.algebra import Join, Skip
from jaxsched.curves import Cosine, Exponential, Linear, Wave
from jaxsched.fields import LONGEST, NumberField, is_concrete, is_float
from jaxsched.numerics.time import choose, times
from jaxsched.schedule import Constant, Schedule

MOST_CYCLES = 4096  # of `restarts`: each may be a part of its own


@dataclasses.dataclass(frozen=True)
class Known(NumberField):
    """A number that decides a structure."""

    def coerce(self, where: str, x: Any) -> Any:
        """`x` as it is stored, or an error where it is traced."""
        if not is_concrete(x):
            raise ValueError(f"{where} must be a known number, it decides the structure")
        return super().coerce(where, x.item() if isinstance(x, jax.Array) else x)


def swing(start: ArrayLike, end: ArrayLike, steps: Any, cycles: float) -> Schedule:
    """From `start` to `end` and back, `cycles` times in `steps` >= 1, forever."""
    if isinstance(steps, int):
        half = steps / (2 * cycles)
        if half.is_integer() and 1 <= half <= LONGEST // 2:  # on an integer clock
            fall, rise = Cosine(start, end, int(half)), Cosine(end, start, int(half))
            return fall.then(rise).repeat()
    if float(np.float32(cycles)) != cycles:  # but a ratio of integers is as good as exact
        known, rest = (steps, 1) if isinstance(steps, int) else (1, jnp.asarray(steps, float))
        most = min(LONGEST, 2**24 * known / cycles)
        pace = (Fraction(cycles) / known).limit_denominator(max(1, int(most)))
        if math.isclose(pace, cycles / known, rel_tol=1e-11):
            return Wave(start, end, pace.denominator * rest, pace.numerator)
    return Wave(start, end, steps, cycles)


def begun(
    curve: Callable[[Any, Any, Any], Schedule], start: Any, end: Any, steps: Any, over: Any
) -> Schedule:
    """curve(start, end, steps) of which so much is over, for whole counts.

    No length is a fraction of a count: in one that would be, count 0 alone can lie.
    """
    if is_concrete(steps) and is_concrete(over) and 0 < steps < 1:
        steps, over = 1, over and over / steps
    schedule = curve(start, end, steps)
    return schedule if isinstance(over, int) and over == 0 else Skip(schedule, over)


def restarts(start: ArrayLike, steps: int, cycles: float) -> Schedule:
    """`cycles` falls from `start` to 0 in `steps` >= 1, the last one cut short by a fraction."""
    begins = _begins(steps, cycles)
    whole = steps // math.ceil(cycles)
    if cycles.is_integer() and begins == [i * whole for i in range(int(cycles))]:
        return Cosine(start, 0.0, whole).restarts(int(cycles))
    # a cycle that begins between two counts: its first count is the rest of the fraction
    length = steps / cycles
    rests = [max(0.0, begin - i * length) for i, begin in enumerate(begins)]
    # the end apart: many parts of one structure are quicker to compile
    falls = [begun(Cosine, start, 0.0, length, rest) for rest in rests]
    body = Join(tuple(falls), tuple(begins[1:]))
    return Join((body, Constant(0.0).hold(0)), (steps,))


def _begins(steps: int, cycles: float) -> list[int]:
    """The first count of every cycle, where cycles * (count / steps) in float64 reaches i."""

    def first(i: int) -> int:
        near = round(i * steps / cycles)
        counts = range(max(0, near - 2), near + 3)
        return next(n for n in counts if cycles * (n / steps) >= i)

    return [first(i) for i in range(math.ceil(cycles))]


def phases_through(levels: Sequence[Any], ends: Sequence[Any], cosine: bool) -> Schedule:
    """Curves through the levels at 0 and at the ends; the last one goes on beyond its own.

    An end may lie between two counts; a count at an end belongs to the phase before.
    """
    piece: Any = Cosine if cosine else Linear
    parts = [begun(piece, levels[0], levels[1], choose(ends[0] > 0, ends[0], 0), 0)]
    firsts: list[Any] = []
    for i, begin in enumerate(ends[:-1]):
        first, rest = _beginning(begin)
        length = ends[i + 1] - begin
        # one of no length is over at once, at its first level; one that ends before it begins, as
        # three phases do with pct_start > 1/2, goes on from there backwards
        last = i + 2 == len(ends)
        runs = length != 0 if last else length > 0
        start, end = levels[i + 1], choose(runs, levels[i + 2], levels[i + 1])
        length = choose(runs, length, 1)
        size = abs(length)
        if not last:
            parts.append(begun(piece, start, end, size, rest))
        elif cosine:
            steps = choose(size < 1, 1, size)  # of a wave, at least 1
            parts.append(Skip(Wave(start, end, steps, steps / size / 2), rest))
        else:
            change = (end - start) / length
            parts.append(Skip(Linear(start, start + change * (size + 1), size + 1), rest))
        firsts.append(first)
    return Join(tuple(parts), tuple(firsts))


def _beginning(end: Any) -> tuple[Any, Any]:
    """The first count after the end of a phase, and how far after it that is."""
    if is_concrete(end):
        first: Any = max(math.floor(end) + 1, 0)
        return first, first - end
    first = jnp.maximum(jnp.floor(end).astype(jnp.result_type(int)) + 1, 0)
    return first, first.astype(end.dtype) - end


# --- cycles that change ---------------------------------------------------------------------------


def is_known_as(x: Any, value: float) -> bool:
    """Whether x is known to be the value."""
    return is_concrete(x) and bool(np.all(np.asarray(x) == value))


def cycles_of(
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
        last = multiple_of(t_initial, limit)
    else:
        body, last = _unequal(curve, base, t_initial, lr_min, mul, decay, limit)
    last, _ = first_count(last)
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
    if is_known_as(decay, 1):
        return repeated(curve(base, lr_min, steps))
    peaks = repeated(curve(base, 0.0, steps), decay)  # they decay, `lr_min` does not
    return peaks if is_known_as(lr_min, 0) else peaks + repeated(curve(0.0, lr_min, steps))


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
        steps = multiple_of(t_initial, length)
        start, rest = first_count(multiple_of(t_initial, begin))
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
    return Join(tuple(parts), tuple(starts[1:])), multiple_of(t_initial, begin)


def multiple_of(steps: Any, factor: Any) -> Any:
    """A length times a known number; as an int it saturates where it cannot be counted."""
    if is_concrete(steps):
        product = steps * factor
        return float(product) if isinstance(product, int) and product > LONGEST else product
    if is_float(steps) or is_float(factor):
        return times(steps, factor)
    most = LONGEST // max(1, factor)
    return jnp.where(steps > most, LONGEST, jnp.minimum(steps, most) * min(factor, LONGEST))


def first_count(begin: Any) -> tuple[Any, Any]:
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


def warmed(peak: ArrayLike, warmup: ArrayLike, decay: Schedule) -> Schedule:
    """A line from 0 to `peak`, whatever the first value of the decay, and then the decay."""
    return Linear(0.0, peak, warmup).then(decay)
