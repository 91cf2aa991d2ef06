"""The arithmetic of schedules: exact at every count, in float32 and int32, at the speed of memory.

1. Time is an integer. What has elapsed and what remains are differences of integers; only a
   difference that has been taken becomes a float, so nothing is lost next to either end.
2. The fold. A transition is its nearer endpoint plus a weight <= 1/2 of the way to the farther one;
   the weight is a function of the smaller of elapsed and remaining. Nothing cancels, both endpoints
   are exact, and a rise is as accurate as a fall.
3. Two floats. A phase or a logarithm has more digits than one float. The factors of its leading
   product are cut to so few bits (8 of a hyperparameter, 16 of a count) that the product is exact,
   even where a compiler fuses it with an addition; the rest is a second float.

Bounds are in ULP of float32, measured for integer counts and lengths up to 2^31 - 1 (values through
`between` from or to 0 included). With x64 the same functions serve float64, within 7 ULP, 24 with a
warp.
`steps` <= 0 means: already at the end. Every function is finite, gradients too, at every count.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.typing import ArrayLike

# Minimax polynomials (Lawson), the coefficients rounded to float32 one by one, the rest refitted.
# sin^2(pi f / 2) / f^2 - 9/4 in powers of f^2 - 1/8, for f in [0, 1/2]: 2^-29.2 of the square.
_SIN2 = (-0.026063362, -1.8678641, 0.6246981, -0.11137542, 0.012306009)
# The same for float64: 2^-64.
_SIN2_64 = (
    *(-0.02606336130485293, -1.8678641387770831, 0.6246979359964155, -0.11136231487855909),
    *(0.012312570102711376, -0.0009262463020831239, 5.046652597494495e-05),
    *(-2.0832065862440164e-06, 6.739527418179059e-08),
)
# (2^g - 1) / g for |g| <= 0.505, without its first term log(2): 2^-28.2 of the power.
_EXP2 = (0.24022648, 0.05550358, 0.009618504, 0.0013391892, 0.00015328881)
# (log(1 + z) - z + z^2 / 2) / z^3 for 1 + z in [sqrt(1/2), sqrt(2)]: 2^-29.5 of the logarithm.
_LOG = (
    *(0.33333328, -0.25001052, 0.20001605, -0.16616723),
    *(0.14190328, -0.13206558, 0.12852438, -0.07631338),
)
_LN2 = 0.6931471805599453
_LOG2E = 1.4426950408889634
_LOG2E_LOW = 2.0355273740931033e-17  # log2(e) less that float64
_SQRT_HALF = 0x3F3504F3  # the bits of float32(sqrt(1/2))

Pair = tuple[jax.Array, jax.Array]
Triple = tuple[jax.Array, jax.Array, jax.Array]


class Weight(NamedTuple):
    """The weight (<= 1/2) of the farther endpoint; `late` where the nearer one is the second."""

    share: jax.Array
    late: jax.Array


def between(start: ArrayLike, end: ArrayLike, weight: Weight) -> jax.Array:
    """start + (end - start) share, or end - (end - start) share where late: never outside."""
    start, end = _float(start), _float(end)
    half = 0.5 * end - 0.5 * start  # the whole way may overflow
    half = jnp.where(weight.late, -half, half)
    return jnp.where(weight.late, end, start) + half * (2 * weight.share)


def elapsed(count: ArrayLike, steps: ArrayLike) -> jax.Array:
    """clip(count, 0, steps), exact (in integers) if both are integers; 0 if steps <= 0."""
    count, steps = _alike(count, steps)
    return jnp.minimum(_at_least_0(count), _at_least_0(steps))


def line(count: ArrayLike, start: ArrayLike, end: ArrayLike, steps: ArrayLike) -> jax.Array:
    """start + (end - start) x, x = elapsed / steps, folded with the sign in the time. <= 2.1 ULP.

    A line has so little arithmetic that a weight, and a way with a sign, would be felt.
    """
    count, steps = _alike(count, steps)
    done, whole = elapsed(count, steps), _at_least_0(steps)
    late = done >= whole - (whole >> 1 if _is_int(whole) else whole / 2)
    time = _float(done - jnp.where(late, whole, 0))  # from the nearer end
    start, end = _float(start), _float(end)
    half = 0.5 * end - 0.5 * start  # the whole way may overflow
    share = _opaque(time * (2 / _float(_positive(steps))))  # or the way / steps underflows
    return jnp.where(late, end, start) + half * share


def cosine_weight(
    count: ArrayLike,
    steps: ArrayLike,
    exponent: ArrayLike | None = None,
    warp: ArrayLike | None = None,
) -> Weight:
    """Of start: ((1 + cos(pi x^warp)) / 2)^exponent, x = elapsed / steps. <= 3.5 ULP.

    With an exponent it is <= 4 ULP, with both <= 5; a warped weight below 2^-102 loses digits.

    The cosine never appears: (1 + cos(pi x)) / 2 = sin^2(pi (1 - x) / 2), a short polynomial.
    Source: Loshchilov and Hutter 2017 (arXiv:1608.03983); the exponent is optax's.
    """
    small, late = _fold(count, steps)
    if exponent is None and warp is None and jnp.result_type(float) == jnp.float32:
        y = _square(small, steps)  # in one float: the last ULP would cost a fifth of the speed
        return Weight(2.25 * y + y * _horner(_SIN2, y - 0.125), late)
    high, low, late = _warped(*_fraction(small, steps), late, warp)
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
    """Of the first endpoint: x^power, or (1 - x)^power if falling; 0^0 = 1. <= 4 ULP.

    Other powers than 2 are within 3 ULP. With `warp`, x^warp takes the place of x, <= 4 ULP to
    power 5. Where steps <= 0 the weight is 0 if falling, else 1.
    """
    count, steps = _alike(count, steps)
    small, late = _fold(count, steps)
    high, low, near = _warped(*_fraction(small, steps), late, warp)
    done = elapsed(count, steps)
    apart = (_ratio(done, steps), _ratio(steps - done, steps))
    near, apart = (~near, apart[::-1]) if falling else (near, apart)
    share, first = _power(high, low, near, power, None if warp is not None else apart)
    return Weight(jnp.where(steps > 0, share, 0), jnp.where(steps > 0, first, falling))


def tanh_weight(count: ArrayLike, steps: ArrayLike, lower: ArrayLike, upper: ArrayLike) -> Weight:
    """Of start: (1 - tanh(z)) / 2, z = lower + (upper - lower) x, x = elapsed / steps. <= 3 ULP.

    That is 1 / (1 + e^(2 z)); z is counted from the nearer end.
    """
    small, late = _fold(count, steps)
    lower, upper = _float(lower), _float(upper)
    pace = _quotient(*_in_turns(*_two_sum(upper, -lower)), steps)
    whole, part = _turns(jnp.where(late, -small, small), *pace)
    high, low = _in_turns(jnp.where(late, upper, lower), jnp.zeros(()))
    whole, part = whole + jnp.round(high), part + ((high - jnp.round(high)) + low)
    whole, part = whole + jnp.round(part), part - jnp.round(part)
    beyond = (whole > 0) | ((whole == 0) & (part > 0))
    power = _exp2(jnp.where(beyond, -part, part))
    power = _scale(power, jnp.where(beyond, -whole, whole))
    return Weight(power / (1 + power), beyond)


def relaxation_weight(count: ArrayLike, steps: ArrayLike, ratio: ArrayLike) -> Weight:
    """Of start: (ratio^x - ratio) / (1 - ratio), x = elapsed / steps, 0 < ratio < 1. <= 4 ULP.

    From the end the numerator is ratio (ratio^-(1 - x) - 1); neither end loses a digit.
    """
    _, late = _relaxation(*map(lax.stop_gradient, (count, steps, ratio)))
    return Weight(_relaxation_share(count, steps, ratio), late)


@jax.custom_jvp
def _relaxation_share(count: ArrayLike, steps: ArrayLike, ratio: ArrayLike) -> jax.Array:
    change, late = _relaxation(count, steps, ratio)
    return change * (jnp.where(late, ratio, 1) / (1 - _float(ratio)))


def _relaxation(count: ArrayLike, steps: ArrayLike, ratio: ArrayLike) -> Pair:
    """1 - ratio^x, or if late ratio^-(1 - x) - 1."""
    count, steps = _alike(count, steps)
    ratio = _float(ratio)
    done = elapsed(count, steps)
    left = _at_least_0(steps) - done
    log = _log2(ratio)
    # the weight is 1/2 where ratio^x = (1 + ratio) / 2
    half = jnp.log1p((ratio - 1) / 2) / (log[0] * _LN2)
    late = _float(done) >= half * _float(steps)
    whole, part = _turns(jnp.where(late, -left, done), *_quotient(*log, steps))
    # 2^(whole + part) - 1, in an order in which nothing cancels
    change = (_scale(jnp.ones_like(part), whole) - 1) + _scale(_exp2m1(part), whole)
    return jnp.where(late, change, -change), late


@_relaxation_share.defjvp
def _relaxation_share_jvp(primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> Pair:
    """In closed form: next to ratio 1 the derivatives of the steps above cancel.

    With r = -log(ratio), the logarithm of the weight of what is p steps after the start, or before
    the end, changes with r by k(r) - p k(p r), less x = 1 - p at the end, and
    k(r) = 1 / r - 1 / (e^r - 1).
    """
    share, ratio = _relaxation_share(*primals), _float(primals[2])
    (change, late), less = _relaxation(*primals), 1 - ratio

    def place(count: ArrayLike, steps: ArrayLike) -> jax.Array:
        count, steps = _alike(count, steps)
        done = elapsed(count, steps)
        small = jnp.where(late, _at_least_0(steps) - done, done)
        return _float(small) * (1 / _float(_positive(steps)))

    part, move = jax.jvp(place, primals[:2], tangents[:2])
    rate = -_LN2 * _log2(ratio)[0]
    slope = _debye(rate) - part * _debye(part * rate) - jnp.where(late, 1 - part, 0)
    by_ratio = -(change / less) * jnp.where(late, 1, 1 / ratio) * slope
    by_place = (rate / less) * jnp.where(late, ratio * (1 + change), 1 - change)
    return share, _change(share, (by_place, by_ratio), (move, tangents[2]))


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
    whole, part = _turns(_at_least_0(count), *_quotient(*_log2(_float(rate)), steps))
    return _finite(_scale(_float(start), whole, _exp2(part)))


@exponential.defjvp
def _exponential_jvp(primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> Pair:
    """In closed form: next to overflow, a derivative of the steps above is inf * 0."""
    value = exponential(*primals)
    count, rate, steps = map(_float, (_at_least_0(primals[0]), primals[2], _positive(primals[3])))
    time, log = _finite(count / steps), jnp.log(rate)
    moves = (value != 0) & (jnp.abs(value) < np.finfo(value.dtype).max)
    by_start = exponential(primals[0], jnp.ones_like(rate), *primals[2:])
    slopes = (jnp.where(moves, s, 0) for s in (log / steps, time / rate, -time * log / steps))
    by_count, by_rate, by_steps = (value * slope for slope in slopes)
    return value, _change(value, (by_count, by_start, by_rate, by_steps), tangents)


@jax.custom_jvp
def geometric(count: ArrayLike, start: ArrayLike, end: ArrayLike, steps: ArrayLike) -> jax.Array:
    """start (end / start)^x = end (start / end)^(1 - x), x = elapsed / steps. <= 2 ULP."""
    small, late = _fold(count, steps)
    whole, part = _turns(
        jnp.where(late, -small, small), *_quotient(*_log2_ratio(start, end), steps)
    )
    return _scale(jnp.where(late, _float(end), _float(start)), whole, _exp2(part))


@geometric.defjvp
def _geometric_jvp(primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> Pair:
    """In closed form: a factor of the steps above may overflow where the derivative does not."""
    value, (_, start, end, _) = geometric(*primals), primals
    count, steps = _alike(primals[0], primals[3])
    inverse = 1 / _float(_positive(steps))
    done = elapsed(count, steps)
    x, left = (_float(n) * inverse for n in (done, _at_least_0(steps) - done))
    x = jnp.where(steps > 0, x, 1)
    log = _LN2 * _log2_ratio(start, end)[0] * inverse
    by_count = jnp.where((count >= 0) & (count < steps), value * log, 0)
    slopes = (by_count, value * left / start, value * x / end, -by_count * x)
    return value, _change(value, slopes, tangents)


def _log2_ratio(start: ArrayLike, end: ArrayLike) -> Pair:
    """log2(end / start) in two floats."""
    (first, first_low), (last, last_low) = _log2(_float(start)), _log2(_float(end))
    high, low = _two_sum(last, -first)
    return high, low + (last_low - first_low)


def wave_weight(count: ArrayLike, steps: ArrayLike, cycles: ArrayLike) -> Weight:
    """Of start: (1 + cos(2 pi p)) / 2, p = cycles count / steps, at any count >= 0.

    The error of p is within 4 (2^-33 p + 2^-26) to p = 2^23; steps <= 0 acts as 1.
    """
    pace = 2 * _float(cycles)  # in half turns: an even one is at start, an odd one at end
    half, part = _turns(_at_least_0(count), *_quotient(pace, jnp.zeros_like(pace), steps))
    half, part = half + jnp.round(part), jnp.abs(part - jnp.round(part))
    # a distance within its error is none: whole half turns give start and end exactly
    part = jnp.where(part <= half * (np.finfo(part.dtype).eps / 256), 0, part)
    high, low = _sin2(part, jnp.zeros_like(part))
    return Weight(high + low, half - 2 * jnp.floor(half / 2) > 0.5)


def inverse_sqrt(count: ArrayLike, shift: ArrayLike, timescale: ArrayLike) -> jax.Array:
    """(1 + (count + shift) / timescale)^(-1/2); timescale <= 0 acts as 1. <= 2.5 ULP."""
    pace = 1 / _float(_unit(timescale))
    later = _bounded(_float(_at_least_0(count)) + _float(shift), pace)  # integers might overflow
    total = 1 + later * pace
    return jnp.sqrt(1 / jnp.where(total > 0, total, 1))


@jax.custom_jvp
def inverse_power(
    count: ArrayLike, start: ArrayLike, shift: ArrayLike, timescale: ArrayLike, power: ArrayLike
) -> jax.Array:
    """start (1 + (count + shift) / timescale)^-power; timescale <= 0 acts as 1.

    <= 2.5 ULP to power 7.
    """
    leading, rest = _quotient(jnp.ones(()), jnp.zeros(()), _unit(timescale))
    high, low = jnp.ones(()), jnp.zeros(())
    for n in (_number(shift), _at_least_0(count)):
        upper, lower = _halves(_bounded(n, leading))
        for term in (leading * upper, leading * lower):
            high, error = _two_sum(high, term)
            low = low + error
        low = low + rest * (upper + lower)
    whole, part, rest = _power_turns(*_fast_two_sum(high, low), jnp.zeros((), bool), -_float(power))
    return _scale(_float(start), whole, _exp2(part + rest))


@inverse_power.defjvp
def _inverse_power_jvp(primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> Pair:
    """In closed form: the logarithm of what is next to 1 keeps its digits."""
    value, (count, _, shift, timescale, power) = inverse_power(*primals), primals
    pace, power = 1 / _float(_unit(timescale)), _float(power)
    later = _float(_at_least_0(count)) + _float(shift)
    later = _bounded(later, pace) * pace
    slope = -power * value * pace
    by_count = slope / (1 + later)
    by_start = inverse_power(count, jnp.ones_like(power), *primals[2:])
    by_timescale = -slope * (later / (1 + later))
    slopes = (by_count, by_start, by_count, by_timescale, -value * jnp.log1p(later))
    return value, _change(value, slopes, tangents)


@jax.custom_jvp
def inverse_time(
    count: ArrayLike, start: ArrayLike, rate: ArrayLike, steps: ArrayLike
) -> jax.Array:
    """start / (1 + rate count / steps), rate >= 0; steps <= 0 acts as 1. <= 2.5 ULP."""
    unit, _, past = _inverse_time(count, rate, steps)
    return unit * _float(start) / (unit + past)


def _inverse_time(count: ArrayLike, rate: ArrayLike, steps: ArrayLike) -> Triple:
    """A power of two, and in its units rate / steps and rate count / steps, which stay finite."""
    rate = _float(rate)
    unit = jnp.where(rate > 2.0**60, 2.0**-60, jnp.ones_like(rate))
    leading, rest = _quotient(unit * rate, jnp.zeros_like(rate), _unit(steps))
    upper, lower = _halves(_bounded(_at_least_0(count), leading))
    return unit, leading + rest, leading * upper + (leading * lower + rest * (upper + lower))


@inverse_time.defjvp
def _inverse_time_jvp(primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> Pair:
    """In closed form: the divisor's square may overflow where the derivative does not."""
    count, _, rate, steps = primals
    value, (unit, pace, past) = inverse_time(*primals), _inverse_time(count, rate, steps)
    inverse, part = 1 / _float(_unit(steps)), 1 / (unit + past)
    by_rate = -value * (_float(_at_least_0(count)) * inverse * (unit * part))
    slopes = (-value * (pace * part), unit * part, by_rate, value * (past * part) * inverse)
    return value, _change(value, slopes, tangents)


def divide(count: ArrayLike, divisor: ArrayLike) -> Pair:
    """Quotient and remainder of count >= 0 by divisor (<= 0 acts as 1), exact."""
    count, divisor = _alike(count, divisor)
    count, divisor = jnp.broadcast_arrays(_at_least_0(count), _positive(divisor))
    if count.dtype != jnp.int32:
        rest = lax.rem(count, divisor)
        quotient = lax.div(count, divisor)
        return (quotient if _is_int(count) else jnp.round(quotient - rest / divisor)), rest
    # The inverse is a little too small, hence both quotients too: one correction, upwards, is left.
    inverse = (1 - 2.0**-21) / divisor.astype(jnp.float32)
    first = (count.astype(jnp.float32) * inverse).astype(jnp.int32)
    rest = count - first * divisor
    second = (rest.astype(jnp.float32) * inverse).astype(jnp.int32)
    rest = rest - second * divisor
    over = rest >= divisor
    return first + second + over.astype(jnp.int32), jnp.where(over, rest - divisor, rest)


def _is_int(x: jax.Array) -> bool:
    return bool(jnp.issubdtype(x.dtype, jnp.integer))


def _float(x: ArrayLike) -> jax.Array:
    return jnp.asarray(x).astype(jnp.result_type(float))


def _number(x: ArrayLike) -> jax.Array:
    x = jnp.asarray(x)
    return x.astype(jnp.result_type(int if _is_int(x) else float))


def _alike(a: ArrayLike, b: ArrayLike) -> Pair:
    """Both as integers if both are, else as floats."""
    a, b = _number(a), _number(b)
    return (a, b) if a.dtype == b.dtype else (_float(a), _float(b))


def _at_least_0(x: ArrayLike) -> jax.Array:
    x = _number(x)
    return jnp.maximum(x, jnp.zeros((), x.dtype))


def _positive(x: ArrayLike) -> jax.Array:
    x = _number(x)
    return jnp.where(x > 0, x, jnp.ones((), x.dtype))


def _unit(steps: ArrayLike) -> jax.Array:
    """A length that is positive, and no float so small that a count would overflow in it."""
    steps = _positive(steps)
    return steps if _is_int(steps) else jnp.maximum(steps, jnp.full((), 2.0**-60, steps.dtype))


def _bounded(count: jax.Array, pace: jax.Array) -> jax.Array:
    """A float count, at most so large that count * pace does not overflow."""
    if _is_int(count):
        return count
    return jnp.minimum(count, lax.stop_gradient(2.0**120 / jnp.maximum(jnp.abs(pace), 1)))


def _finite(x: jax.Array) -> jax.Array:
    """x, at most the largest float in magnitude."""
    limit = np.finfo(x.dtype).max
    return lax.clamp(-limit, x, limit)


def _change(value: jax.Array, slopes: Iterable[jax.Array], tangents: Iterable[Any]) -> jax.Array:
    """The tangent of a value, from its derivatives by each argument; those of integers are void."""
    change = jnp.zeros_like(value)
    for slope, tangent in zip(slopes, tangents, strict=True):
        if tangent.dtype != jax.dtypes.float0:
            change = change + _finite(slope) * tangent.astype(value.dtype)
    return change


def _fold(count: ArrayLike, steps: ArrayLike) -> Pair:
    """The smaller of elapsed and remaining, and whether it is what remains."""
    count, steps = _alike(count, steps)
    done = elapsed(count, steps)
    left = _at_least_0(steps) - done
    late = done >= left
    return jnp.where(late, left, done), late  # a minimum would halve the gradient at a tie


@partial(jax.custom_jvp, nondiff_argnums=(1,))
def _head(x: jax.Array, bits: int) -> jax.Array:
    """x rounded to so many significant bits; its derivative is 1, and is not rounded."""
    return lax.reduce_precision(x, np.finfo(x.dtype).nexp, bits - 1)


@_head.defjvp
def _head_jvp(bits: int, primals: tuple[jax.Array], tangents: tuple[jax.Array]) -> Pair:
    return _head(*primals, bits), tangents[0]


def _cut(x: jax.Array, bits: int) -> jax.Array:
    """x, a float32, without its last bits: cheaper than `_head`, and not above |x|."""
    integer = lax.bitcast_convert_type(x, jnp.int32) & (-1 << bits)
    return lax.bitcast_convert_type(integer, jnp.float32)


def _opaque(x: jax.Array) -> jax.Array:
    """x itself. XLA would fold (x + c) - c to x, and with it the error that a sum is to reveal."""
    return _head(x, np.finfo(x.dtype).nmant + 1)


def _fast_two_sum(a: jax.Array, b: jax.Array) -> Pair:
    """a + b and its rounding error, exactly, if |a| >= |b| or a = 0 (Dekker 1971)."""
    total = _opaque(a + b)
    return total, b - (total - a)


def _two_sum(a: jax.Array, b: jax.Array) -> Pair:
    """a + b and its rounding error, exactly (Knuth)."""
    swap = jnp.abs(a) < jnp.abs(b)
    return _fast_two_sum(jnp.where(swap, b, a), jnp.where(swap, a, b))


def _two_product(a: jax.Array, b: jax.Array) -> Pair:
    """a b and its rounding error, exactly (Dekker 1971)."""
    product = _opaque(a * b)
    half = (np.finfo(a.dtype).nmant + 1) // 2
    a_high, b_high = _head(a, half), _head(b, half)
    a_low, b_low = a - a_high, b - b_high
    return product, ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low


def _halves(n: ArrayLike) -> Pair:
    """Two floats of at most 16 bits (of 12 for floats) whose sum is n exactly."""
    n = _number(n)
    if _is_int(n):
        return _float((n >> 16) << 16), _float(n & 0xFFFF)
    n = jnp.minimum(n, 2.0 ** (np.finfo(n.dtype).maxexp - 1))  # or its head may overflow
    high = _head(n, 12)
    return high, n - high


def _quotient(high: jax.Array, low: jax.Array, steps: ArrayLike) -> Pair:
    """(high + low) / steps in two floats, the first of 8 bits."""
    upper, lower = _halves(_positive(steps))
    inverse = 1 / (upper + lower)
    leading = _head(high * inverse, 8)
    return leading, (((high - leading * upper) - leading * lower) + low) * inverse


def _fraction(small: jax.Array, steps: ArrayLike) -> Pair:
    """small / steps in two floats, for small <= 2^30 if it is an integer."""
    value = _float(small)
    leading, rest = _quotient(jnp.ones(()), jnp.zeros(()), steps)
    upper = _cut(value, 8) if value.dtype == jnp.float32 else value
    lower = _float(small - upper.astype(small.dtype))
    return _fast_two_sum(leading * upper, leading * lower + rest * value)


def _ratio(part: jax.Array, steps: ArrayLike) -> jax.Array:
    """part / steps, to 2^-23 whether or not the compiler fuses."""
    leading, rest = _quotient(jnp.ones(()), jnp.zeros(()), steps)
    value = _float(part)
    return value * leading + value * rest


def _square(small: jax.Array, steps: ArrayLike) -> jax.Array:
    """(small / steps)^2 for float32, to 2^-22.6; both are scaled so that no square overflows."""
    power = _cut(_float(_positive(steps)), 23)  # of 2, next below steps
    leading, rest = _quotient(power, jnp.zeros_like(power), steps)
    value = _float(small)
    left = _float(small - value.astype(small.dtype)) * (2 / power)
    value = value * (1 / power)
    return (value * value + value * left) * (leading * leading + rest * (2 * leading + rest))


@jax.custom_jvp
def _turns(count: jax.Array, leading: jax.Array, rest: jax.Array) -> Pair:
    """count (leading + rest) as a whole number and a fraction in [-1/2, 1/2], to 2^24 turns."""
    upper, lower = _halves(_bounded(count, leading))
    first, second, third = leading * upper, leading * lower, rest * (upper + lower)
    whole = jnp.round(first + second + third)
    return whole, ((first - whole) + second) + third


@_turns.defjvp
def _turns_jvp(primals: Triple, tangents: tuple[Any, ...]) -> tuple[Pair, Pair]:
    """As of a product: the halves of a negative count cancel, exactly in values only."""
    whole, part = _turns(*primals)
    count, leading, rest = primals
    change = _float(_bounded(count, leading)) * (tangents[1] + tangents[2])
    if tangents[0].dtype != jax.dtypes.float0:
        change = change + tangents[0] * (leading + rest)
    return (whole, part), (jnp.zeros_like(whole), change)


def _horner(coefficients: tuple[float, ...], x: jax.Array) -> jax.Array:
    total = jnp.full_like(x, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        total = total * x + coefficient
    return total


def _sin2(high: jax.Array, low: jax.Array) -> Pair:
    """sin^2(pi f / 2) in two floats, f = high + low in [0, 1/2]."""
    single = high.dtype == jnp.float32
    head = _cut(high, 14) if single else _head(high, 24)
    square = head * head
    rest = ((high - head) + low) * (head + high)
    y = square + rest
    series = _horner(_SIN2 if single else _SIN2_64, y - 0.125)
    return _fast_two_sum(2.25 * square, 2.25 * rest + y * series)


def _scale(x: jax.Array, whole: jax.Array, factor: ArrayLike = 1.0) -> jax.Array:
    """x factor 2^whole, factor next to 1, in an order in which only the result may overflow."""
    info = np.finfo(x.dtype)
    integer = jnp.int32 if info.bits == 32 else jnp.int64
    bias = info.maxexp - 1
    total = lax.clamp(-2.0 * bias, whole, 2.0 * bias).astype(integer)
    first, second = (
        lax.bitcast_convert_type((part + bias) << info.nmant, x.dtype)  # 2^-bias: 0
        for part in (total >> 1, total - (total >> 1))
    )
    return x * first * factor * second


def _exp2m1(g: jax.Array) -> jax.Array:
    """2^g - 1 for a fraction of a turn."""
    if g.dtype != jnp.float32:
        return jnp.expm1(g * _LN2)
    return g * _LN2 + (g * g) * _horner(_EXP2, g)


def _exp2m1_pair(g: jax.Array, low: jax.Array) -> Pair:
    """2^(g + low) - 1 in two floats."""
    if g.dtype != jnp.float32:
        return jnp.expm1((g + low) * _LN2), jnp.zeros_like(g)
    ln2 = 0.69314718246459961  # float32(log(2))
    product, error = _two_product(g, jnp.full_like(g, ln2))
    total, rest = _fast_two_sum(product, (g * g) * _horner(_EXP2, g))
    return total, rest + (error + (low * _LN2 + g * (_LN2 - ln2)))


def _exp2(fraction: jax.Array) -> jax.Array:
    """2^fraction, for a fraction of a turn."""
    return 1 + _exp2m1(lax.clamp(-1.0, fraction, 1.0))


def _in_turns(high: jax.Array, low: jax.Array) -> Pair:
    """2 log2(e) (high + low) in two floats."""
    scale = high.dtype.type(2 * _LOG2E)
    rest = (2 * _LOG2E - float(scale)) + 2 * _LOG2E_LOW
    product, error = _two_product(high, jnp.full_like(high, scale))
    return product, error + (scale * low + rest * high)


@jax.custom_jvp
def _log2(x: jax.Array) -> Pair:
    """log2(x) in two floats, x = (1 + z) 2^whole > 0; log(1 + z) = 2 atanh(z / (2 + z))."""
    info = np.finfo(x.dtype)
    integer = np.dtype(f"int{info.bits}")
    least = np.sqrt(0.5).astype(x.dtype).view(integer)  # 1 + z is in [sqrt(1/2), sqrt(2))
    bits = lax.bitcast_convert_type(x, integer) - least
    z = lax.bitcast_convert_type((bits & ((1 << info.nmant) - 1)) + least, x.dtype) - 1
    below, below_low = _fast_two_sum(jnp.full_like(z, 2), z)
    r = z / below
    product, error = _two_product(r, below)
    r_low = (((z - product) - error) - r * below_low) / below
    high, low = _in_turns(r, r_low)
    terms = 5 if info.bits == 32 else 13
    series = 2 * _LOG2E * r * _horner((0, *(1 / (2 * k + 1) for k in range(1, terms))), r * r)
    high, low = _fast_two_sum(high, low + series)
    whole, rest = _fast_two_sum(_float(bits >> info.nmant), high)
    return whole, rest + low


@_log2.defjvp
def _log2_jvp(primals: tuple[jax.Array], tangents: tuple[jax.Array]) -> tuple[Pair, Pair]:
    (x,), (dx,) = primals, tangents
    high, low = _log2(x)
    return (high, low), (dx / (x * _LN2), jnp.zeros_like(low))


def _power_turns(high: jax.Array, low: jax.Array, near: jax.Array, power: jax.Array) -> Triple:
    """power log2(a) as a whole number, a fraction and its rest.

    a = 1 - (high + low) if near, else high + low.
    """
    if high.dtype != jnp.float32:
        a, error = _fast_two_sum(jnp.where(near, 1, high), jnp.where(near, -high, low))
        log, log_low = _log2(a)
        turns, rest = _two_product(jnp.broadcast_to(power, log.shape), log)
        whole = jnp.round(turns)
        return whole, turns - whole, rest + power * (log_low + error / (a * _LN2))
    # a = (1 + z) 2^exponent, where 1 + z in [sqrt(1/2), sqrt(2)] and z is exact in two floats
    half = high > 0.29289323
    binade = (lax.bitcast_convert_type(high, jnp.int32) - _SQRT_HALF) >> 23
    exponent = jnp.where(near, -half.astype(jnp.int32), binade)
    unit = lax.bitcast_convert_type((127 - exponent) << 23, jnp.float32)
    unit = jnp.where(near, -unit, unit)
    z = unit * high + jnp.where(near, half.astype(jnp.float32), -1.0)
    z_high = _cut(z, 16)
    z_low = (z - z_high) + unit * low
    # log(1 + z) = (z_high - z_high^2 / 2) + tail; slope = power log2(e) = slope_high + slope_low
    bend = -0.5 * (z_high * z_high)
    tail = z_low * (1 - 0.5 * (z + z_high)) + z * z * z * _horner(_LOG, z)
    power_high = _head(power, 16)
    slope = power * _LOG2E
    slope_high = _head(slope, 8)
    slope_low = (power_high * 1.4375 - slope_high) + (power - power_high) * 1.4375
    slope_low = slope_low + power * (_LOG2E - 1.4375)
    exponent = exponent.astype(jnp.float32)
    first, second, third = power_high * exponent, slope_high * z_high, slope_high * bend
    rest = (power - power_high) * exponent + (slope_low * (z_high + bend) + slope * tail)
    whole = jnp.round(first + second + third + rest)
    fraction, error = _fast_two_sum((first - whole) + second, third)
    return whole, *_fast_two_sum(fraction, error + rest)


def _warped(high: jax.Array, low: jax.Array, near: jax.Array, warp: ArrayLike | None) -> Triple:
    """x^warp in the form of x, which is 1 - (high + low) if near, else high + low."""
    if warp is None:
        return high, low, near
    share, rest, far = _power_fold(high, low, near, _float(warp))
    return share, rest, ~far


def _power(
    high: jax.Array, low: jax.Array, near: jax.Array, power: ArrayLike, apart: Pair | None = None
) -> Weight:
    """Of the first endpoint: a^power, a = 1 - (high + low) if near, else high + low; 0^0 = 1.

    `apart` is a and 1 - a in one float each, of which some powers are products.
    """
    given = high, low, near, _float(power)
    share, _, late = _quick_power_fold(*given, apart) if apart else _power_fold(*given)
    return Weight(share, late)


def _power_fold(high: jax.Array, low: jax.Array, near: jax.Array, power: jax.Array) -> Triple:
    """The smaller of a^power and 1 - a^power in two floats, and whether it is the first."""
    zero = (high <= 0) & ~near
    whole, g, g_low = _power_turns(jnp.where(zero, 0.5, high), low, near, power)
    part, part_low = _exp2m1_pair(lax.clamp(-1.0, g, 1.0), g_low)
    # a^power = (1 + part) 2^whole; 1 - a^power is -part if whole = 0, (1 - part) / 2 if it is -1
    late = (whole < -1) | ((whole == -1) & (part <= 0))
    sign = jnp.where(late, 1.0, -1.0)
    share, error = _fast_two_sum(jnp.where(whole == 0, 0.0, 1.0), sign * part)
    some = (power >= 0) & ~zero
    share, rest = (jnp.where(some, _scale(x, whole), 0) for x in (share, error + sign * part_low))
    return share, rest, (power > 0) & (late | zero)


@jax.custom_jvp
def _quick_power_fold(
    high: jax.Array, low: jax.Array, near: jax.Array, power: jax.Array, apart: Pair
) -> Triple:
    """`_power_fold`, for powers 1 and 2 by products of a and 1 - a, which are given.

    Where the power is a constant of the program, XLA keeps nothing else, as of optax's x^power. (A
    square root would split the kernel, a cube would lose more than 4 ULP.)
    """
    share, rest, first = _power_fold(high, low, near, power)
    a, left = apart
    for known, raised, lost in ((1, a, left), (2, a * a, left * (1 + a))):
        here, smaller = power == known, raised < lost
        share = jnp.where(here, jnp.where(smaller, raised, lost), share)
        rest, first = jnp.where(here, 0, rest), jnp.where(here, smaller, first)
    return share, rest, first


@_quick_power_fold.defjvp
def _quick_power_fold_jvp(primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> Any:
    """By logarithms: a product is no function of the power. Near 1/2 they may choose the other."""
    value = _quick_power_fold(*primals)
    (_, _, first), (share, rest, none) = jax.jvp(_power_fold, primals[:4], tangents[:4])
    sign = jnp.where(first == value[2], 1, -1).astype(share.dtype)
    return value, (sign * share, sign * rest, none)
