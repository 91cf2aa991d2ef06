"""The pieces: each a formula of the count, and each a whole schedule by itself.

The numerics are those of `_numerics`: time is an integer, and a transition is its nearer endpoint
plus or minus a share of the distance, so that values are right to a few ULP at every count.
"""

from __future__ import annotations

import functools
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np

from jaxsched.algebra import COOLDOWNS
from jaxsched.errors import about
from jaxsched.fields import (
    Number,
    Numbers,
    OptionalNumber,
    boundaries,
    length,
    number,
    numbers,
    require,
    require_ordered,
    static,
)
from jaxsched.numerics import weights
from jaxsched.numerics.lookup import entries, pick, reached
from jaxsched.numerics.time import alike, divide
from jaxsched.schedule import Schedule


class _Transition(Schedule):
    """From `start` at count 0 to `end` at `steps`, then held."""

    start: Number
    end: Number
    steps: Number = length()

    def check(self) -> None:
        at_once = isinstance(self.steps, float) and self.steps == 0
        if at_once and isinstance(self.start, float) and self.start > 1 and self.start.is_integer():
            raise ValueError(
                f"{type(self).__name__}(start, end, steps): start={self.start:g} looks like the "
                "length, and steps, got 0.0, like a value"
            )

    @property
    def duration(self) -> Any:
        """`steps`."""
        return self.steps


class Linear(_Transition):
    """A straight line from `start` to `end`, then constant.

        v(n) = start + (end - start) x,    x = clip(n, 0, steps) / steps

    Args:
        start: value at count 0 and before.
        end: value at count `steps` and after.
        steps: length in counts, >= 0 (0: `end` at once).

    >>> Linear(0.0, 1.0, steps=4)(np.arange(6)).tolist()
    [0.0, 0.25, 0.5, 0.75, 1.0, 1.0]
    """

    def at(self, t: jax.Array) -> jax.Array:
        return weights.line(t, self.start, self.end, self.steps)


class Cosine(_Transition):
    """Half a cosine from `start` to `end`, then constant.

        v(n) = end + (start - end) ((1 + cos(pi x)) / 2)^exponent,    x = clip(n, 0, steps) / steps

    Args:
        start: value at count 0 and before.
        end: value at count `steps` and after.
        steps: length in counts, >= 0 (0: `end` at once).
        exponent: > 0; None is 1 without its cost.
        warp: x^warp takes the place of x, > 0; None is 1 without its cost.

    Source: Loshchilov and Hutter 2017 (arXiv:1608.03983); the exponent is optax's, the warp the
    k-decay of Zhang and Li 2020 (arXiv:2004.05909).

    >>> Cosine(1.0, 0.0, steps=4)(np.arange(0, 6, 2)).tolist()
    [1.0, 0.5, 0.0]
    """

    exponent: OptionalNumber = number(default=None, above=0)
    warp: OptionalNumber = number(default=None, above=0)

    def at(self, t: jax.Array) -> jax.Array:
        weight = weights.cosine_weight(t, self.steps, self.exponent, self.warp)
        return weights.between(self.start, self.end, weight)


class Polynomial(_Transition):
    """A decaying power, slow at its end for power > 1, then constant.

        v(n) = end + (start - end) (1 - x)^power,    x = clip(n, 0, steps) / steps

    Args:
        start: value at count 0 and before.
        end: value at count `steps` and after.
        steps: length in counts, >= 0 (0: `end` at once).
        power: >= 0 (0 keeps 0^0 = 1: `start` forever).
        warp: x^warp takes the place of x, > 0; None is 1 without its cost.

    Source: the polynomial decay of optax, PyTorch and Transformers; the warp is the k-decay of
    Zhang and Li 2020 (arXiv:2004.05909).

    >>> Polynomial(1.0, 0.0, steps=4, power=2.0)(np.arange(5)).tolist()
    [1.0, 0.5625, 0.25, 0.0625, 0.0]
    """

    power: Number = number(least=0)
    warp: OptionalNumber = number(default=None, above=0)

    def at(self, t: jax.Array) -> jax.Array:
        weight = weights.power_weight(t, self.steps, self.power, True, self.warp)
        return weights.between(self.start, self.end, weight)


class Power(_Transition):
    """A rising power, slow at its start for power > 1, then constant.

        v(n) = start + (end - start) x^power,    x = clip(n, 0, steps) / steps

    A power of 0.5 is the "1 - sqrt" cooldown.

    Args:
        start: value at count 0 and before.
        end: value at count `steps` and after.
        steps: length in counts, >= 0 (0: `end` at once).
        power: >= 0 (0 keeps 0^0 = 1: `end` from the start).

    Source: Hägele et al. 2024 (arXiv:2405.18392) for the "1 - sqrt" cooldown.

    >>> Power(1.0, 0.0, steps=4, power=0.5)(np.array([0, 1, 4])).tolist()
    [1.0, 0.5, 0.0]
    """

    power: Number = number(least=0)

    def at(self, t: jax.Array) -> jax.Array:
        weight = weights.power_weight(t, self.steps, self.power)
        return weights.between(self.end, self.start, weight)


class Geometric(_Transition):
    """A straight line on a logarithmic axis from `start` to `end`, then constant.

        v(n) = start (end / start)^x,    x = clip(n, 0, steps) / steps

    Args:
        start: value at count 0 and before, > 0.
        end: value at count `steps` and after, > 0.
        steps: length in counts, >= 0 (0: `end` at once).

    >>> Geometric(1.0, 0.25, steps=2)(np.arange(4)).tolist()
    [1.0, 0.5, 0.25, 0.25]
    """

    start: Number = number(above=0)
    end: Number = number(above=0)
    steps: Number = length()

    def at(self, t: jax.Array) -> jax.Array:
        return weights.geometric(t, self.start, self.end, self.steps)


class Relaxation(_Transition):
    """An exponential approach that arrives: fast at its start for a small ratio, then constant.

        v(n) = end + (start - end) (ratio^x - ratio) / (1 - ratio),    x = clip(n, 0, steps) / steps

    Args:
        start: value at count 0 and before.
        end: value at count `steps` and after.
        steps: length in counts, >= 0 (0: `end` at once).
        ratio: what ratio^x would leave of the way at its end, in (0, 1); next to 1 it is a line.

    Source: the exponential cooldowns of Megatron-LM (ratio 1/2) and timm (any).

    >>> Relaxation(1.0, 0.0, steps=2, ratio=0.25)(np.arange(4)).round(3).tolist() == [
    ...     1.0, np.float32(0.333), 0.0, 0.0]
    True
    """

    ratio: Number = number(above=0)

    def check(self) -> None:
        super().check()
        with about("ratio"):
            require(lambda r: r < 1, self.ratio, "Relaxation(ratio=...) must be less than 1")

    def at(self, t: jax.Array) -> jax.Array:
        weight = weights.relaxation_weight(t, self.steps, self.ratio)
        return weights.between(self.start, self.end, weight)


class Tanh(_Transition):
    """A piece of a hyperbolic tangent that runs from next to `start` to next to `end`, then held.

        v(n) = end + (start - end) (1 - tanh(z)) / 2
        z = low + (high - low) x,    x = clip(n, 0, steps) / steps

    The first and the last value are inside: 8e-7 and 0.25 % of the way for the default bounds.

    Args:
        start: value at z = -infinity.
        end: value at z = infinity.
        steps: length in counts, >= 0 (0: the last value at once).
        low: z at count 0 and before.
        high: z at count `steps` and after.

    Source: Hsueh, Li and Wu 2018 (arXiv:1806.01593).

    >>> Tanh(1.0, 0.0, steps=10)(np.array([0, 7, 10])).round(4).tolist() == [
    ...     1.0, 0.5, np.float32(0.0025)]
    True
    """

    low: Number = number(default=-7.0)
    high: Number = number(default=3.0)

    def at(self, t: jax.Array) -> jax.Array:
        weight = weights.tanh_weight(t, self.steps, self.low, self.high)
        return weights.between(self.start, self.end, weight)


class Wave(Schedule):
    """A cosine that swings from `start` to `end` and back, `cycles` times in `steps`, forever.

        v(n) = end + (start - end) (1 + cos(2 pi cycles n / steps)) / 2

    Args:
        start: value at count 0, and after every whole cycle.
        end: value after every half cycle.
        steps: counts of the given number of cycles, >= 1.
        cycles: > 0, fractions allowed.

    Source: Transformers' cosine schedule with `num_cycles`, which swings back after its end.

    >>> Wave(1.0, 0.0, steps=4)(np.arange(6)).tolist()
    [1.0, 0.5, 0.0, 0.5, 1.0, 0.5]
    """

    start: Number
    end: Number
    steps: Number = length(least=1)
    cycles: Number = number(default=1.0, above=0)

    def at(self, t: jax.Array) -> jax.Array:
        weight = weights.wave_weight(t, self.steps, self.cycles)
        return weights.between(self.start, self.end, weight)


class Exponential(Schedule):
    """Multiplied by `rate` every `steps` counts, forever.

        v(n) = start rate^(n / steps),    the quotient rounded down with `staircase`

    Growth (rate > 1) ends at the largest float, not at infinity.

    Args:
        start: value at count 0 and before.
        rate: factor, > 0.
        steps: counts that one factor takes, > 0.
        staircase: whether the value changes at multiples of `steps` only.

    >>> Exponential(1.0, 0.25, steps=2)(np.arange(4)).tolist()
    [1.0, 0.5, 0.25, 0.125]
    >>> Exponential(1.0, 0.25, steps=2, staircase=True)(np.arange(4)).tolist()
    [1.0, 1.0, 0.25, 0.25]
    """

    start: Number
    rate: Number = number(above=0)
    steps: Number = length(default=1, above=0)
    staircase: bool = static(default=False, one_of=(False, True))

    def at(self, t: jax.Array) -> jax.Array:
        t, steps = _stairs(t, self.steps, self.staircase)
        return weights.exponential(t, self.start, self.rate, steps)


class InverseTime(Schedule):
    """Divided by a number that grows linearly, forever.

        v(n) = start / (1 + rate n / steps),    the quotient rounded down with `staircase`

    Args:
        start: value at count 0 and before.
        rate: >= 0.
        steps: counts that one `rate` takes, > 0.
        staircase: whether the value changes at multiples of `steps` only.

    Source: Keras' InverseTimeDecay.

    >>> InverseTime(1.0, 1.0)(np.array([0, 1, 3])).tolist()
    [1.0, 0.5, 0.25]
    """

    start: Number
    rate: Number = number(least=0)
    steps: Number = length(default=1, above=0)
    staircase: bool = static(default=False, one_of=(False, True))

    def at(self, t: jax.Array) -> jax.Array:
        t, steps = _stairs(t, self.steps, self.staircase)
        return weights.inverse_time(t, self.start, self.rate, steps)


class InverseSqrt(Schedule):
    """The inverse square root of time, forever.

        v(n) = start (1 + (n + shift) / timescale)^(-1/2)

    Args:
        start: value at count -shift.
        timescale: counts, > 0; after three of them the value is halved.
        shift: counts already behind, >= 0.

    Source: Zhai et al. 2022 (arXiv:2106.04560), as in big_vision's "rsqrt".

    >>> InverseSqrt(1.0, timescale=1)(np.array([0, 3, 8])).round(3).tolist() == [
    ...     1.0, 0.5, np.float32(0.333)]
    True
    """

    start: Number
    timescale: Number = length(above=0)
    shift: Number = length(default=0, offset=True)

    def at(self, t: jax.Array) -> jax.Array:
        return weights.inverse_sqrt(t, self.shift, self.timescale) * self.start


class InversePower(Schedule):
    """An inverse power of time, forever.

        v(n) = start (1 + (n + shift) / timescale)^(-power)

    A power of 0.5 is `InverseSqrt`, which is quicker.

    Args:
        start: value at count -shift.
        timescale: counts, > 0.
        power: >= 0.
        shift: counts already behind, >= 0.

    Source: Shen et al. 2024 (arXiv:2408.13359), whose power is 0.51.

    >>> InversePower(1.0, timescale=1, power=2.0)(np.array([0, 1, 3])).tolist()
    [1.0, 0.25, 0.0625]
    """

    start: Number
    timescale: Number = length(above=0)
    power: Number = number(least=0)
    shift: Number = length(default=0, offset=True)

    def at(self, t: jax.Array) -> jax.Array:
        return weights.inverse_power(t, self.start, self.shift, self.timescale, self.power)


COOLDOWNS.update(
    linear=Linear, cosine=Cosine, sqrt=functools.partial(Power, power=0.5), geometric=Geometric
)


class PiecewiseConstant(Schedule):
    """One value after another.

        v(n) = values[i],    i = how many boundaries are <= n

    Args:
        boundaries: counts in order; values[i] holds from boundaries[i - 1] on.
        values: one more than there are boundaries.

    >>> PiecewiseConstant([2, 3], [1.0, 0.5, 0.25])(np.arange(5)).tolist()
    [1.0, 1.0, 0.5, 0.25, 0.25]
    """

    boundaries: Numbers = boundaries()
    values: Numbers = numbers(selected=True)

    def check(self) -> None:
        with about("boundaries"):
            require_ordered(self.boundaries, "PiecewiseConstant(boundaries=...)")
        _require_lengths(self, self.boundaries, self.values, 1)

    def at(self, t: jax.Array) -> jax.Array:
        return pick(t, jnp.asarray(self.boundaries), jnp.asarray(self.values))[0]


class Interpolate(Schedule):
    """Through given values at given counts, held before the first and after the last.

    Args:
        boundaries: counts in order.
        values: the value at each.
        shape: "linear", or "cosine": half a cosine between each two.

    >>> Interpolate([0, 2, 4], [0.0, 1.0, 0.0])(np.arange(6)).tolist()
    [0.0, 0.5, 1.0, 0.5, 0.0, 0.0]
    """

    boundaries: Numbers = boundaries()
    values: Numbers = numbers()
    shape: Literal["linear", "cosine"] = static(default="linear", one_of=("linear", "cosine"))

    def check(self) -> None:
        with about("boundaries"):
            require_ordered(self.boundaries, "Interpolate(boundaries=...)")
        _require_lengths(self, self.boundaries, self.values, 0)

    @property
    def duration(self) -> Any:
        """The last boundary."""
        last: Any = self.boundaries
        return last[..., -1].item() if isinstance(last, np.ndarray) else last[..., -1]

    def at(self, t: jax.Array) -> jax.Array:
        knots, values = jnp.asarray(self.boundaries), jnp.asarray(self.values)
        if len(knots) == 1:
            return values[0]
        begun = reached(t, knots[0])  # the first knots may be one
        left, steps, start, end = pick(
            t, knots[1:-1], knots[:-1], jnp.diff(knots), values[:-1], values[1:]
        )
        t, left = alike(t, left)
        t = t - jnp.minimum(t, left)
        if self.shape == "linear":
            value = weights.line(t, start, end, steps)
        else:
            value = weights.between(start, end, weights.cosine_weight(t, steps))
        return jnp.where(begun, value, values[0])


class Table(Schedule):
    """A value for every count, the last one held: values[n].

    Args:
        values: at least one.

    >>> Table([1.0, 0.5])(np.arange(3)).tolist()
    [1.0, 0.5, 0.5]
    """

    values: Numbers = numbers(selected=True)

    def check(self) -> None:
        _require_lengths(self, None, self.values, 0)

    @property
    def duration(self) -> Any:
        """How many values there are."""
        return np.shape(self.values)[-1]

    def at(self, t: jax.Array) -> jax.Array:
        values = jnp.asarray(self.values)
        index = jnp.clip(t, 0, len(values) - 1).astype(jnp.int32)
        return entries(values, index)

    def stretched(self, factor: Any) -> Any:
        """Refused: there are no lengths to multiply."""
        raise ValueError("Table has no lengths to stretch: restart an Interpolate instead")


def _stairs(t: jax.Array, steps: Any, staircase: bool) -> tuple[jax.Array, jax.Array]:
    """The time and its unit: with a staircase the number of whole units, and 1."""
    if not staircase:
        return t, jnp.asarray(steps)
    whole = divide(*alike(t, steps))[0]
    return whole, jnp.ones((), whole.dtype)


def _require_lengths(schedule: Schedule, counts: Any, values: Any, more: int) -> None:
    name = type(schedule).__name__
    shape = jnp.shape(values)
    if not shape or not shape[-1]:
        with about("values"):
            raise ValueError(f"{name}(values=...) must hold at least one value")
    if counts is not None and shape[-1] != jnp.shape(counts)[-1] + more:
        rule = "one value more than boundaries" if more else "as many values as boundaries"
        raise ValueError(
            f"{name} needs {rule}, got {jnp.shape(counts)[-1]} boundaries and {shape[-1]} values"
        )
