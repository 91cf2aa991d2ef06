"""Logarithms and powers: the whole number and the fraction apart, each with all its digits."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.typing import ArrayLike

from jaxsched.numerics.pairs import Triple, cut, fast_two_sum, head_of, two_product, two_sum
from jaxsched.numerics.time import Pair, as_float

# Minimax polynomials, as in `weights`.
# (2^g - 1) / g for |g| <= 0.505, without its first term log(2): 2^-28.2 of the power.
_EXP2 = (0.24022648, 0.05550358, 0.009618504, 0.0013391892, 0.00015328881)
# (log(1 + z) - z + z^2 / 2) / z^3 for 1 + z in [sqrt(1/2), sqrt(2)]: 2^-29.5 of the logarithm.
_LOG = (
    *(0.33333328, -0.25001052, 0.20001605, -0.16616723),
    *(0.14190328, -0.13206558, 0.12852438, -0.07631338),
)
LN2 = 0.6931471805599453
LOG2E = 1.4426950408889634
LOG2E_LOW = 2.0355273740931033e-17  # log2(e) less that float64
_SQRT_HALF = 0x3F3504F3  # the bits of float32(sqrt(1/2))


def log2_ratio(start: ArrayLike, end: ArrayLike) -> Pair:
    """log2(end / start) in two floats."""
    (first, first_low), (last, last_low) = log2(as_float(start)), log2(as_float(end))
    high, low = two_sum(last, -first)
    return high, low + (last_low - first_low)


def horner(coefficients: tuple[float, ...], x: jax.Array) -> jax.Array:
    total = jnp.full_like(x, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        total = total * x + coefficient
    return total


def scaled(x: jax.Array, whole: jax.Array, factor: ArrayLike = 1.0) -> jax.Array:
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


def exp2m1(g: jax.Array) -> jax.Array:
    """2^g - 1 for a fraction of a turn."""
    if g.dtype != jnp.float32:
        return jnp.expm1(g * LN2)
    return g * LN2 + (g * g) * horner(_EXP2, g)


def exp2m1_pair(g: jax.Array, low: jax.Array) -> Pair:
    """2^(g + low) - 1 in two floats."""
    if g.dtype != jnp.float32:
        return jnp.expm1((g + low) * LN2), jnp.zeros_like(g)
    ln2 = 0.69314718246459961  # float32(log(2))
    product, error = two_product(g, jnp.full_like(g, ln2))
    total, rest = fast_two_sum(product, (g * g) * horner(_EXP2, g))
    return total, rest + (error + (low * LN2 + g * (LN2 - ln2)))


def exp2(fraction: jax.Array) -> jax.Array:
    """2^fraction, for a fraction of a turn."""
    return 1 + exp2m1(lax.clamp(-1.0, fraction, 1.0))


def in_turns(high: jax.Array, low: jax.Array) -> Pair:
    """2 log2(e) (high + low) in two floats."""
    scale = high.dtype.type(2 * LOG2E)
    rest = (2 * LOG2E - float(scale)) + 2 * LOG2E_LOW
    product, error = two_product(high, jnp.full_like(high, scale))
    return product, error + (scale * low + rest * high)


@jax.custom_jvp
def log2(x: jax.Array) -> Pair:
    """log2(x) in two floats, x = (1 + z) 2^whole > 0; log(1 + z) = 2 atanh(z / (2 + z))."""
    info = np.finfo(x.dtype)
    integer = np.dtype(f"int{info.bits}")
    least = np.sqrt(0.5).astype(x.dtype).view(integer)  # 1 + z is in [sqrt(1/2), sqrt(2))
    bits = lax.bitcast_convert_type(x, integer) - least
    z = lax.bitcast_convert_type((bits & ((1 << info.nmant) - 1)) + least, x.dtype) - 1
    below, below_low = fast_two_sum(jnp.full_like(z, 2), z)
    r = z / below
    product, error = two_product(r, below)
    r_low = (((z - product) - error) - r * below_low) / below
    high, low = in_turns(r, r_low)
    terms = 5 if info.bits == 32 else 13
    series = 2 * LOG2E * r * horner((0, *(1 / (2 * k + 1) for k in range(1, terms))), r * r)
    high, low = fast_two_sum(high, low + series)
    whole, rest = fast_two_sum(as_float(bits >> info.nmant), high)
    return whole, rest + low


@log2.defjvp
def _log2_jvp(primals: tuple[jax.Array], tangents: tuple[jax.Array]) -> tuple[Pair, Pair]:
    (x,), (dx,) = primals, tangents
    high, low = log2(x)
    return (high, low), (dx / (x * LN2), jnp.zeros_like(low))


def power_turns(high: jax.Array, low: jax.Array, near: jax.Array, power: jax.Array) -> Triple:
    """power log2(a) as a whole number, a fraction and its rest.

    a = 1 - (high + low) if near, else high + low.
    """
    if high.dtype != jnp.float32:
        a, error = fast_two_sum(jnp.where(near, 1, high), jnp.where(near, -high, low))
        log, log_low = log2(a)
        turns, rest = two_product(jnp.broadcast_to(power, log.shape), log)
        whole = jnp.round(turns)
        return whole, turns - whole, rest + power * (log_low + error / (a * LN2))
    # a = (1 + z) 2^exponent, where 1 + z in [sqrt(1/2), sqrt(2)] and z is exact in two floats
    half = high > 0.29289323
    binade = (lax.bitcast_convert_type(high, jnp.int32) - _SQRT_HALF) >> 23
    exponent = jnp.where(near, -half.astype(jnp.int32), binade)
    unit = lax.bitcast_convert_type((127 - exponent) << 23, jnp.float32)
    unit = jnp.where(near, -unit, unit)
    z = unit * high + jnp.where(near, half.astype(jnp.float32), -1.0)
    z_high = cut(z, 16)
    z_low = (z - z_high) + unit * low
    # log(1 + z) = (z_high - z_high^2 / 2) + tail; slope = power log2(e) = slope_high + slope_low
    bend = -0.5 * (z_high * z_high)
    tail = z_low * (1 - 0.5 * (z + z_high)) + z * z * z * horner(_LOG, z)
    power_high = head_of(power, 16)
    slope = power * LOG2E
    slope_high = head_of(slope, 8)
    slope_low = (power_high * 1.4375 - slope_high) + (power - power_high) * 1.4375
    slope_low = slope_low + power * (LOG2E - 1.4375)
    exponent = exponent.astype(jnp.float32)
    first, second, third = power_high * exponent, slope_high * z_high, slope_high * bend
    rest = (power - power_high) * exponent + (slope_low * (z_high + bend) + slope * tail)
    whole = jnp.round(first + second + third + rest)
    fraction, error = fast_two_sum((first - whole) + second, third)
    return whole, *fast_two_sum(fraction, error + rest)


def power_fold(high: jax.Array, low: jax.Array, near: jax.Array, power: jax.Array) -> Triple:
    """The smaller of a^power and 1 - a^power in two floats, and whether it is the first."""
    zero = (high <= 0) & ~near
    whole, g, g_low = power_turns(jnp.where(zero, 0.5, high), low, near, power)
    part, part_low = exp2m1_pair(lax.clamp(-1.0, g, 1.0), g_low)
    # a^power = (1 + part) 2^whole; 1 - a^power is -part if whole = 0, (1 - part) / 2 if it is -1
    late = (whole < -1) | ((whole == -1) & (part <= 0))
    sign = jnp.where(late, 1.0, -1.0)
    share, error = fast_two_sum(jnp.where(whole == 0, 0.0, 1.0), sign * part)
    some = (power >= 0) & ~zero
    share, rest = (jnp.where(some, scaled(x, whole), 0) for x in (share, error + sign * part_low))
    return share, rest, (power > 0) & (late | zero)


@jax.custom_jvp
def quick_power_fold(
    high: jax.Array, low: jax.Array, near: jax.Array, power: jax.Array, apart: Pair
) -> Triple:
    """`power_fold`, for powers 1 and 2 by products of a and 1 - a, which are given.

    Where the power is a constant of the program, XLA keeps nothing else, as of optax's x^power. (A
    square root would split the kernel, a cube would lose more than 4 ULP.)
    """
    share, rest, first = power_fold(high, low, near, power)
    a, left = apart
    for known, raised, lost in ((1, a, left), (2, a * a, left * (1 + a))):
        here, smaller = power == known, raised < lost
        share = jnp.where(here, jnp.where(smaller, raised, lost), share)
        rest, first = jnp.where(here, 0, rest), jnp.where(here, smaller, first)
    return share, rest, first


@quick_power_fold.defjvp
def _quick_power_fold_jvp(primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> Any:
    """By logarithms: a product is no function of the power. Near 1/2 they may choose the other."""
    value = quick_power_fold(*primals)
    (_, _, first), (share, rest, none) = jax.jvp(power_fold, primals[:4], tangents[:4])
    sign = jnp.where(first == value[2], 1, -1).astype(share.dtype)
    return value, (sign * share, sign * rest, none)
