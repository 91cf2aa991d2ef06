"""Cosines in cycles: swinging on for ever, or starting again, so many times in so many steps."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from jaxsched.algebra import Join, Skip
from jaxsched.curves import Cosine, Wave
from jaxsched.fields import LONGEST, NumberField, is_concrete
from jaxsched.schedule import Constant, Schedule

MOST_CYCLES = 4096  # of `restarts`: each may be a part of its own


def known(where: str, x: Any, **rule: Any) -> float:
    """`x` as a float that keeps the rule (see `NumberField`); a traced one decides no structure."""
    if not is_concrete(x):
        raise ValueError(f"{where} must be a known number, it decides the structure")
    if isinstance(x, jax.Array):
        x = x.item()
    return float(NumberField(**rule).coerce(where, x))


def swing(start: ArrayLike, end: ArrayLike, steps: Any, cycles: float) -> Schedule:
    """From `start` to `end` and back, `cycles` times in `steps` >= 1, for ever."""
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
