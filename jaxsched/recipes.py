"""Well-known schedules as compositions of pieces: plain functions, no formulas of their own."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from jaxsched.algebra import COOLDOWNS
from jaxsched.curves import Cosine, InverseSqrt, Linear
from jaxsched.fields import (
    Count,
    Length,
    NumberField,
    Value,
    declared,
    is_concrete,
    require,
)
from jaxsched.numerics.time import minus
from jaxsched.schedule import Constant, Schedule


@declared
def warmup_cosine(peak: Value, warmup: Length, steps: Length, end: Value = 0.0) -> Schedule:
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
    if is_concrete(steps) and is_concrete(warmup):
        rule = f"warmup_cosine(steps=...) must be at least warmup={warmup}"
        require(lambda n: n >= np.asarray(warmup), steps, rule)
    # not .warmup(), which rises to the cosine's first value: that is `end` where it has no length
    return Linear(0.0, peak, warmup).then(Cosine(peak, end, minus(steps, warmup)))


@declared
def wsd(
    peak: Value,
    warmup: Length,
    stable: Length,
    decay: Length,
    end: Value = 0.0,
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
    held = Constant(peak).hold(stable)
    return Linear(0.0, peak, warmup).then(held).then(COOLDOWNS[shape](peak, end, decay))


@declared
def one_cycle(
    peak: Value,
    steps: Length,
    warmup_fraction: Annotated[ArrayLike, NumberField(least=0, most=1)] = 0.3,
    start: Value | None = None,
    end: Value | None = None,
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
    if isinstance(steps, int | float) and isinstance(warmup_fraction, float):
        up: Any = round(warmup_fraction * steps)
    else:
        up = jnp.asarray(jnp.round(jnp.asarray(steps, float) * warmup_fraction), int)
    start = peak / 25 if start is None else start
    end = peak / 250_000 if end is None else end
    return Cosine(start, peak, up).then(Cosine(peak, end, minus(steps, up)))


@declared
def triangular(low: Value, high: Value, steps: Length) -> Schedule:
    """A line up and a line down, `steps` counts together; `.repeat()` it for a cyclic schedule.

    Args:
        low: first and last value.
        high: value at count steps // 2.
        steps: counts of both lines.

    Source: Smith 2017 (arXiv:1506.01186).

    >>> triangular(0.0, 1.0, 4).repeat()(range(6)).tolist()
    [0.0, 0.5, 1.0, 0.5, 0.0, 0.5]
    """
    whole: Any = steps
    up = whole // 2
    return Linear(low, high, up).then(Linear(high, low, minus(whole, up)))


@declared
def noam(
    scale: Value, width: Annotated[ArrayLike, NumberField(above=0)], warmup: Count
) -> Schedule:
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
    peak = scale * (width * warmup) ** -0.5
    return Linear(peak / warmup, peak, minus(warmup, 1)).then(InverseSqrt(peak, warmup))


RECIPES = (warmup_cosine, wsd, one_cycle, triangular, noam)
