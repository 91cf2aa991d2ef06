"""Well-known schedules as compositions of pieces: plain functions, no formulas of their own."""

from __future__ import annotations

from typing import Any, Literal

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from jaxsched.algebra import COOLDOWNS, Constant
from jaxsched.curves import Cosine, InverseSqrt, Linear
from jaxsched.errors import suggesting
from jaxsched.fields import Length, NumberField, is_concrete, require, require_one_of
from jaxsched.numerics.time import minus
from jaxsched.schedule import Schedule


@suggesting
def warmup_cosine(peak: ArrayLike, warmup: Length, steps: Length, end: ArrayLike = 0.0) -> Schedule:
    """A line from 0 to `peak`, then half a cosine to `end`.

    Args:
        peak: value at count `warmup`.
        warmup: counts of the line.
        steps: counts of both, at least `warmup`.
        end: value from count `steps` on.

    Source: optax's `warmup_cosine_decay_schedule`, whose decay_steps include the warmup too.

    >>> warmup_cosine(1.0, 2, 6)([0, 1, 2, 4, 6]).tolist()
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    peak, end = _numbers("warmup_cosine", peak=peak, end=end)
    warmup, steps = _lengths("warmup_cosine", warmup=warmup, steps=steps)
    if is_concrete(steps) and is_concrete(warmup):
        rule = f"warmup_cosine(steps=...) must be at least warmup={warmup}"
        require(lambda n: n >= np.asarray(warmup), steps, rule)
    # not .warmup(), which rises to the cosine's first value: that is `end` where it has no length
    return Linear(0.0, peak, warmup).then(Cosine(peak, end, minus(steps, warmup)))


@suggesting
def wsd(
    peak: ArrayLike,
    warmup: Length,
    stable: Length,
    decay: Length,
    end: ArrayLike = 0.0,
    shape: Literal["linear", "cosine", "sqrt", "geometric"] = "linear",
) -> Schedule:
    """Warmup, stable, decay: a line from 0 to `peak`, `peak` held, a cooldown to `end`.

    Args:
        peak: the stable value.
        warmup, stable, decay: counts of each phase.
        end: the last value.
        shape: of the decay: linear, cosine, sqrt ("1 - sqrt") or geometric (end > 0).

    Source: Hu et al. 2024 (arXiv:2404.06395); the cooldowns of Hägele et al. 2024
    (arXiv:2405.18392).

    >>> wsd(1.0, 2, 2, 2)(range(7)).tolist()
    [0.0, 0.5, 1.0, 1.0, 1.0, 0.5, 0.0]
    """
    peak, end = _numbers("wsd", peak=peak, end=end)
    warmup, stable, decay = _lengths("wsd", warmup=warmup, stable=stable, decay=decay)
    require_one_of(tuple(COOLDOWNS), shape, "wsd(shape=...)")
    held = Constant(peak).hold(stable)
    return Linear(0.0, peak, warmup).then(held).then(COOLDOWNS[shape](peak, end, decay))


@suggesting
def one_cycle(
    peak: ArrayLike,
    steps: Length,
    warmup_fraction: float = 0.3,
    start: ArrayLike | None = None,
    end: ArrayLike | None = None,
) -> Schedule:
    """One rise to `peak` and one longer fall far below, both half cosines.

    Args:
        peak: value at count round(warmup_fraction * steps).
        steps: counts of both.
        warmup_fraction: what part of them rises, in [0, 1].
        start: first value; peak / 25 by default.
        end: last value; peak / 250 000 by default.

    Source: Smith and Topin 2018 (arXiv:1708.07120); the defaults are PyTorch's and optax's.

    >>> one_cycle(1.0, 10)([0, 3, 10]).tolist() == one_cycle(1.0, 10, 0.3, 0.04, 4e-6)(
    ...     [0, 3, 10]).tolist()
    True
    """
    (peak,) = _numbers("one_cycle", peak=peak)
    (steps,) = _lengths("one_cycle", steps=steps)
    part = NumberField(least=0, most=1).coerce("one_cycle(warmup_fraction=...)", warmup_fraction)
    if isinstance(steps, int) and isinstance(part, float):
        up: Any = round(part * steps)
    else:
        up = jnp.asarray(jnp.round(jnp.asarray(steps, float) * part), int)
    start = peak / 25 if start is None else start
    end = peak / 250_000 if end is None else end
    return Cosine(start, peak, up).then(Cosine(peak, end, minus(steps, up)))


@suggesting
def triangular(low: ArrayLike, high: ArrayLike, steps: Length) -> Schedule:
    """A line up and a line down, `steps` counts together; `.repeat()` it for a cyclic schedule.

    Args:
        low: first and last value.
        high: value at count steps // 2.
        steps: counts of both lines.

    Source: Smith 2017 (arXiv:1506.01186).

    >>> triangular(0.0, 1.0, 4).repeat()(range(6)).tolist()
    [0.0, 0.5, 1.0, 0.5, 0.0, 0.5]
    """
    (whole,) = _lengths("triangular", steps=steps)
    up = whole // 2
    return Linear(low, high, up).then(Linear(high, low, minus(whole, up)))


@suggesting
def noam(scale: ArrayLike, width: ArrayLike, warmup: Length) -> Schedule:
    """The schedule of the Transformer: a line up, then the inverse square root.

        v(n) = scale width^(-1/2) min((n + 1)^(-1/2), (n + 1) warmup^(-3/2))

    Args:
        scale: factor, 1 in the paper.
        width: the model's dimension, > 0.
        warmup: the update, counted from 1, with the highest value; >= 1.

    Source: Vaswani et al. 2017 (arXiv:1706.03762), section 5.3, whose steps count from 1.

    >>> noam(1.0, 4, 4)([0, 1, 3, 15]).tolist()
    [0.0625, 0.125, 0.25, 0.125]
    """
    (scale,) = _numbers("noam", scale=scale)
    width = NumberField(above=0).coerce("noam(width=...)", width)
    (warmup,) = _lengths("noam", least=1, warmup=warmup)
    peak = scale * (width * warmup) ** -0.5
    return Linear(peak / warmup, peak, minus(warmup, 1)).then(InverseSqrt(peak, warmup))


def _numbers(recipe: str, **given: Any) -> list[Any]:
    return [NumberField().coerce(f"{recipe}({name}=...)", x) for name, x in given.items()]


def _lengths(recipe: str, least: int = 0, **given: Any) -> list[Any]:
    kind = NumberField(integral=True, least=least)
    return [kind.coerce(f"{recipe}({name}=...)", x) for name, x in given.items()]
