"""A weight or a value for each curve: its formula, at every count."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.typing import ArrayLike

from jaxsched.fields import is_float
from jaxsched.numerics.pairs import (
    Triple,
    bounded,
    cut,
    fast_two_sum,
    finite,
    fraction_of,
    halves,
    head_of,
    opaque,
    quotient,
    ratio_of,
    square_of,
    tangent_of,
    turns_of,
    two_sum,
)
from jaxsched.numerics.powers import (
    LN2,
    exp2,
    exp2m1,
    horner,
    in_turns,
    log2,
    log2_ratio,
    power_fold,
    power_turns,
    quick_power_fold,
    scaled,
)
from jaxsched.numerics.time import (
    Pair,
    alike,
    as_float,
    as_number,
    at_least_0,
    elapsed,
    fold,
    positive,
    unit_length,
)

# Minimax polynomials (Lawson), the coefficients rounded to float32 one by one, the rest refitted.
# sin^2(pi f / 2) / f^2 - 9/4 in powers of f^2 - 1/8, for f in [0, 1/2]: 2^-29.2 of the square.
_SIN2 = (-0.026063362, -1.8678641, 0.6246981, -0.11137542, 0.012306009)
# The same for float64: 2^-64.
_SIN2_64 = (
    *(-0.02606336130485293, -1.8678641387770831, 0.6246979359964155, -0.11136231487855909),
    *(0.012312570102711376, -0.0009262463020831239, 5.046652597494495e-05),
    *(-2.0832065862440164e-06, 6.739527418179059e-08),
)


class Weight(NamedTuple):
    """The weight (<= 1/2) of the farther endpoint; `late` where the nearer one is the second."""

    share: jax.Array
    late: jax.Array


def between(start: ArrayLike, end: ArrayLike, weight: Weight) -> jax.Array:
    """start + (end - start) share, or end - (end - start) share where late: never outside."""
    start, end = as_float(start), as_float(end)
    half = 0.5 * end - 0.5 * start  # the whole way may overflow
    half = jnp.where(weight.late, -half, half)
    return jnp.where(weight.late, end, start) + half * (2 * weight.share)


def line(count: ArrayLike, start: ArrayLike, end: ArrayLike, steps: ArrayLike) -> jax.Array:
    """start + (end - start) x, x = elapsed / steps, folded with the sign in the time. <= 2.1 ULP.

    A line has so little arithmetic that the steps of `between` would cost a measurable part of it.
    """
    count, steps = alike(count, steps)
    done, whole = elapsed(count, steps), at_least_0(steps)
    late = done >= whole - (whole / 2 if is_float(whole) else whole >> 1)
    time = as_float(done - jnp.where(late, whole, 0))  # from the nearer end
    start, end = as_float(start), as_float(end)
    half = 0.5 * end - 0.5 * start  # the whole way may overflow
    share = opaque(time * (2 / as_float(positive(steps))))  # or the way / steps underflows
    return jnp.where(late, end, start) + half * share


def cosine_weight(
    count: ArrayLike,
    steps: ArrayLike,
    exponent: ArrayLike | None = None,
    warp: ArrayLike | None = None,
) -> Weight:
    """The weight of start: ((1 + cos(pi x^warp)) / 2)^exponent, x = elapsed / steps. <= 3.5 ULP.

    With an exponent it is <= 4 ULP, with both <= 5; a warped weight below 2^-102 loses digits.

    The cosine never appears: (1 + cos(pi x)) / 2 = sin^2(pi (1 - x) / 2), a short polynomial.
    Source: Loshchilov and Hutter 2017 (arXiv:1608.03983); the exponent is optax's.
    """
    small, late = fold(count, steps)
    if exponent is None and warp is None and jnp.result_type(float) == jnp.float32:
        y = square_of(small, steps)  # in one float: the last ULP would cost a fifth of the speed
        return Weight(2.25 * y + y * horner(_SIN2, y - 0.125), late)
    high, low, late = _warped(*fraction_of(small, steps), late, warp)
    high, low = _sin2(high, low)
    if exponent is None:
        return Weight(high + low, late)
    apart = (jnp.where(late, high, 1 - high), jnp.where(late, 1 - high, high))
    return _power(high, low, ~late, exponent, None if warp is not None else apart)


def power_weight(
    count: ArrayLike,
    steps: ArrayLike,
    power: ArrayLike,
    falling: bool = False,
    warp: ArrayLike | None = None,
) -> Weight:
    """The weight of the first endpoint: x^power, or (1 - x)^power if falling; 0^0 = 1. <= 4 ULP.

    Other powers than 2 are within 3 ULP. With `warp`, x^warp takes the place of x, <= 4 ULP to
    power 5. Where steps <= 0 the weight is 0 if falling, else 1.
    """
    count, steps = alike(count, steps)
    small, late = fold(count, steps)
    high, low, near = _warped(*fraction_of(small, steps), late, warp)
    done = elapsed(count, steps)
    apart = (ratio_of(done, steps), ratio_of(steps - done, steps))
    near, apart = (~near, apart[::-1]) if falling else (near, apart)
    share, first = _power(high, low, near, power, None if warp is not None else apart)
    return Weight(jnp.where(steps > 0, share, 0), jnp.where(steps > 0, first, falling))


def tanh_weight(count: ArrayLike, steps: ArrayLike, lower: ArrayLike, upper: ArrayLike) -> Weight:
    """The weight of start: (1 - tanh(z)) / 2, z = lower + (upper - lower) x. <= 3 ULP.

    x = elapsed / steps. That is 1 / (1 + e^(2 z)); z is counted from the nearer end.
    """
    small, late = fold(count, steps)
    lower, upper = as_float(lower), as_float(upper)
    pace = quotient(*in_turns(*two_sum(upper, -lower)), steps)
    whole, part = turns_of(jnp.where(late, -small, small), *pace)
    high, low = in_turns(jnp.where(late, upper, lower), jnp.zeros(()))
    whole, part = whole + jnp.round(high), part + ((high - jnp.round(high)) + low)
    whole, part = whole + jnp.round(part), part - jnp.round(part)
    beyond = (whole > 0) | ((whole == 0) & (part > 0))
    power = exp2(jnp.where(beyond, -part, part))
    power = scaled(power, jnp.where(beyond, -whole, whole))
    return Weight(power / (1 + power), beyond)


def relaxation_weight(count: ArrayLike, steps: ArrayLike, ratio: ArrayLike) -> Weight:
    """The weight of start: (ratio^x - ratio) / (1 - ratio), 0 < ratio < 1. <= 4 ULP.

    x = elapsed / steps. From the end the numerator is ratio (ratio^-(1 - x) - 1); neither end
    loses a digit.
    """
    _, late = _relaxation(*map(lax.stop_gradient, (count, steps, ratio)))
    return Weight(_relaxation_share(count, steps, ratio), late)


@jax.custom_jvp
def _relaxation_share(count: ArrayLike, steps: ArrayLike, ratio: ArrayLike) -> jax.Array:
    change, late = _relaxation(count, steps, ratio)
    return change * (jnp.where(late, ratio, 1) / (1 - as_float(ratio)))


def _relaxation(count: ArrayLike, steps: ArrayLike, ratio: ArrayLike) -> Pair:
    """1 - ratio^x, or if late ratio^-(1 - x) - 1."""
    count, steps = alike(count, steps)
    ratio = as_float(ratio)
    done = elapsed(count, steps)
    left = at_least_0(steps) - done
    log = log2(ratio)
    # the weight is 1/2 where ratio^x = (1 + ratio) / 2
    half = jnp.log1p((ratio - 1) / 2) / (log[0] * LN2)
    late = as_float(done) >= half * as_float(steps)
    whole, part = turns_of(jnp.where(late, -left, done), *quotient(*log, steps))
    # 2^(whole + part) - 1, in an order in which nothing cancels
    change = (scaled(jnp.ones_like(part), whole) - 1) + scaled(exp2m1(part), whole)
    return jnp.where(late, change, -change), late


@_relaxation_share.defjvp
def _relaxation_share_jvp(primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> Pair:
    """In closed form: next to ratio 1 the derivatives of the steps above cancel.

    With r = -log(ratio), the logarithm of the weight of what is p steps after the start, or before
    the end, changes with r by k(r) - p k(p r), less x = 1 - p at the end, and
    k(r) = 1 / r - 1 / (e^r - 1).
    """
    share, ratio = _relaxation_share(*primals), as_float(primals[2])
    (change, late), less = _relaxation(*primals), 1 - ratio

    def place(count: ArrayLike, steps: ArrayLike) -> jax.Array:
        count, steps = alike(count, steps)
        done = elapsed(count, steps)
        small = jnp.where(late, at_least_0(steps) - done, done)
        return as_float(small) * (1 / as_float(positive(steps)))

    part, move = jax.jvp(place, primals[:2], tangents[:2])
    rate = -LN2 * log2(ratio)[0]
    slope = _debye(rate) - part * _debye(part * rate) - jnp.where(late, 1 - part, 0)
    by_ratio = -(change / less) * jnp.where(late, 1, 1 / ratio) * slope
    by_place = (rate / less) * jnp.where(late, ratio * (1 + change), 1 - change)
    return share, tangent_of(share, (by_place, by_ratio), (move, tangents[2]))


def _debye(r: jax.Array) -> jax.Array:
    """1 / r - 1 / (e^r - 1), r >= 0: 1/2 at 0. The terms are Bernoulli numbers."""
    near = r < 1
    y = jnp.where(near, r, 1)
    series = 1 / 12 - y * y * (1 / 720 - y * y * (1 / 30240 - y * y * (1 / 1209600)))
    far = jnp.where(near, 1, r)
    return jnp.where(near, 0.5 - y * series, 1 / far - 1 / jnp.expm1(far))


@jax.custom_jvp
def exponential(count: ArrayLike, start: ArrayLike, rate: ArrayLike, steps: ArrayLike) -> jax.Array:
    """start rate^(count / steps), rate > 0, at any count >= 0; steps <= 0 acts as 1. <= 2 ULP.

    It grows to the largest float and not to infinity, and so do its derivatives.
    """
    whole, part = turns_of(at_least_0(count), *quotient(*log2(as_float(rate)), steps))
    return finite(scaled(as_float(start), whole, exp2(part)))


@exponential.defjvp
def _exponential_jvp(primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> Pair:
    """In closed form: next to overflow, a derivative of the steps above is inf * 0."""
    value = exponential(*primals)
    count, rate, steps = map(as_float, (at_least_0(primals[0]), primals[2], positive(primals[3])))
    time, log = finite(count / steps), jnp.log(rate)
    moves = (value != 0) & (jnp.abs(value) < np.finfo(value.dtype).max)
    by_start = exponential(primals[0], jnp.ones_like(rate), *primals[2:])
    slopes = (jnp.where(moves, s, 0) for s in (log / steps, time / rate, -time * log / steps))
    by_count, by_rate, by_steps = (value * slope for slope in slopes)
    return value, tangent_of(value, (by_count, by_start, by_rate, by_steps), tangents)


@jax.custom_jvp
def geometric(count: ArrayLike, start: ArrayLike, end: ArrayLike, steps: ArrayLike) -> jax.Array:
    """start (end / start)^x = end (start / end)^(1 - x), x = elapsed / steps. <= 2 ULP."""
    small, late = fold(count, steps)
    whole, part = turns_of(
        jnp.where(late, -small, small), *quotient(*log2_ratio(start, end), steps)
    )
    return scaled(jnp.where(late, as_float(end), as_float(start)), whole, exp2(part))


@geometric.defjvp
def _geometric_jvp(primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> Pair:
    """In closed form: a factor of the steps above may overflow where the derivative does not."""
    value, (_, start, end, _) = geometric(*primals), primals
    count, steps = alike(primals[0], primals[3])
    inverse = 1 / as_float(positive(steps))
    done = elapsed(count, steps)
    x, left = (as_float(n) * inverse for n in (done, at_least_0(steps) - done))
    x = jnp.where(steps > 0, x, 1)
    log = LN2 * log2_ratio(start, end)[0] * inverse
    by_count = jnp.where((count >= 0) & (count < steps), value * log, 0)
    slopes = (by_count, value * left / start, value * x / end, -by_count * x)
    return value, tangent_of(value, slopes, tangents)


def wave_weight(count: ArrayLike, steps: ArrayLike, cycles: ArrayLike) -> Weight:
    """The weight of start: (1 + cos(2 pi p)) / 2, p = cycles count / steps, at any count >= 0.

    The error of p is within 4 (2^-33 p + 2^-26) to p = 2^23; steps <= 0 acts as 1.
    """
    pace = 2 * as_float(cycles)  # in half turns: an even one is at start, an odd one at end
    half, part = turns_of(at_least_0(count), *quotient(pace, jnp.zeros_like(pace), steps))
    half, part = half + jnp.round(part), jnp.abs(part - jnp.round(part))
    # a distance within its error is none: whole half turns give start and end exactly
    part = jnp.where(part <= half * (np.finfo(part.dtype).eps / 256), 0, part)
    high, low = _sin2(part, jnp.zeros_like(part))
    return Weight(high + low, half - 2 * jnp.floor(half / 2) > 0.5)


def inverse_sqrt(count: ArrayLike, shift: ArrayLike, timescale: ArrayLike) -> jax.Array:
    """(1 + (count + shift) / timescale)^(-1/2); timescale <= 0 acts as 1. <= 2.5 ULP."""
    pace = 1 / as_float(unit_length(timescale))
    later = bounded(as_float(at_least_0(count)) + as_float(shift), pace)  # integers might overflow
    total = 1 + later * pace
    return jnp.sqrt(1 / jnp.where(total > 0, total, 1))


@jax.custom_jvp
def inverse_power(
    count: ArrayLike, start: ArrayLike, shift: ArrayLike, timescale: ArrayLike, power: ArrayLike
) -> jax.Array:
    """start (1 + (count + shift) / timescale)^-power; timescale <= 0 acts as 1.

    <= 2.5 ULP to power 7.
    """
    leading, rest = quotient(jnp.ones(()), jnp.zeros(()), unit_length(timescale))
    high, low = jnp.ones(()), jnp.zeros(())
    for n in (as_number(shift), at_least_0(count)):
        upper, lower = halves(bounded(n, leading))
        for term in (leading * upper, leading * lower):
            high, error = two_sum(high, term)
            low = low + error
        low = low + rest * (upper + lower)
    whole, part, rest = power_turns(*fast_two_sum(high, low), jnp.zeros((), bool), -as_float(power))
    return scaled(as_float(start), whole, exp2(part + rest))


@inverse_power.defjvp
def _inverse_power_jvp(primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> Pair:
    """In closed form: the logarithm of what is next to 1 keeps its digits."""
    value, (count, _, shift, timescale, power) = inverse_power(*primals), primals
    pace, power = 1 / as_float(unit_length(timescale)), as_float(power)
    later = as_float(at_least_0(count)) + as_float(shift)
    later = bounded(later, pace) * pace
    slope = -power * value * pace
    by_count = slope / (1 + later)
    by_start = inverse_power(count, jnp.ones_like(power), *primals[2:])
    by_timescale = -slope * (later / (1 + later))
    slopes = (by_count, by_start, by_count, by_timescale, -value * jnp.log1p(later))
    return value, tangent_of(value, slopes, tangents)


@jax.custom_jvp
def inverse_time(
    count: ArrayLike, start: ArrayLike, rate: ArrayLike, steps: ArrayLike
) -> jax.Array:
    """start / (1 + rate count / steps), rate >= 0; steps <= 0 acts as 1. <= 2.5 ULP."""
    unit, _, past = _inverse_time(count, rate, steps)
    return unit * as_float(start) / (unit + past)


def _inverse_time(count: ArrayLike, rate: ArrayLike, steps: ArrayLike) -> Triple:
    """A power of two, and in its units rate / steps and rate count / steps, which stay finite."""
    rate = as_float(rate)
    unit = jnp.where(rate > 2.0**60, 2.0**-60, jnp.ones_like(rate))
    leading, rest = quotient(unit * rate, jnp.zeros_like(rate), unit_length(steps))
    upper, lower = halves(bounded(at_least_0(count), leading))
    return unit, leading + rest, leading * upper + (leading * lower + rest * (upper + lower))


@inverse_time.defjvp
def _inverse_time_jvp(primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> Pair:
    """In closed form: the divisor's square may overflow where the derivative does not."""
    count, _, rate, steps = primals
    value, (unit, pace, past) = inverse_time(*primals), _inverse_time(count, rate, steps)
    inverse, part = 1 / as_float(unit_length(steps)), 1 / (unit + past)
    by_rate = -value * (as_float(at_least_0(count)) * inverse * (unit * part))
    slopes = (-value * (pace * part), unit * part, by_rate, value * (past * part) * inverse)
    return value, tangent_of(value, slopes, tangents)


def _sin2(high: jax.Array, low: jax.Array) -> Pair:
    """sin^2(pi f / 2) in two floats, f = high + low in [0, 1/2]."""
    single = high.dtype == jnp.float32
    head = cut(high, 14) if single else head_of(high, 24)
    square = head * head
    rest = ((high - head) + low) * (head + high)
    y = square + rest
    series = horner(_SIN2 if single else _SIN2_64, y - 0.125)
    return fast_two_sum(2.25 * square, 2.25 * rest + y * series)


def _warped(high: jax.Array, low: jax.Array, near: jax.Array, warp: ArrayLike | None) -> Triple:
    """x^warp in the form of x, which is 1 - (high + low) if near, else high + low."""
    if warp is None:
        return high, low, near
    share, rest, far = power_fold(high, low, near, as_float(warp))
    return share, rest, ~far


def _power(
    high: jax.Array, low: jax.Array, near: jax.Array, power: ArrayLike, apart: Pair | None = None
) -> Weight:
    """The weight of the first endpoint: a^power, 0^0 = 1.

    a = 1 - (high + low) if near, else high + low.
    `apart` is a and 1 - a in one float each, of which some powers are products.
    """
    given = high, low, near, as_float(power)
    share, _, late = quick_power_fold(*given, apart) if apart else power_fold(*given)
    return Weight(share, late)
