"""Numbers in two floats: their sum is exact, or nearly so, where one float would be rounded."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.typing import ArrayLike

from jaxsched.fields import is_float
from jaxsched.numerics.time import Pair, as_float, as_number, positive

Triple = tuple[jax.Array, jax.Array, jax.Array]


def bounded(count: jax.Array, pace: jax.Array) -> jax.Array:
    """A float count, at most so large that count * pace does not overflow."""
    if not is_float(count):
        return count
    return jnp.minimum(count, lax.stop_gradient(2.0**120 / jnp.maximum(jnp.abs(pace), 1)))


def finite(x: jax.Array) -> jax.Array:
    """x, at most the largest float in magnitude."""
    limit = np.finfo(x.dtype).max
    return lax.clamp(-limit, x, limit)


def tangent_of(value: jax.Array, slopes: Iterable[jax.Array], tangents: Iterable[Any]) -> jax.Array:
    """The tangent of a value, from its derivatives by each argument; those of integers are void."""
    change = jnp.zeros_like(value)
    for slope, tangent in zip(slopes, tangents, strict=True):
        if tangent.dtype != jax.dtypes.float0:
            change = change + finite(slope) * tangent.astype(value.dtype)
    return change


@partial(jax.custom_jvp, nondiff_argnums=(1,))
def head_of(x: jax.Array, bits: int) -> jax.Array:
    """x rounded to so many significant bits; its derivative is 1, and is not rounded."""
    return lax.reduce_precision(x, np.finfo(x.dtype).nexp, bits - 1)


@head_of.defjvp
def _head_jvp(bits: int, primals: tuple[jax.Array], tangents: tuple[jax.Array]) -> Pair:
    return head_of(*primals, bits), tangents[0]


def cut(x: jax.Array, bits: int) -> jax.Array:
    """x, a float32, without its last bits: cheaper than `head_of`, and not above |x|."""
    integer = lax.bitcast_convert_type(x, jnp.int32) & (-1 << bits)
    return lax.bitcast_convert_type(integer, jnp.float32)


def opaque(x: jax.Array) -> jax.Array:
    """x itself. XLA would fold (x + c) - c to x, and with it the error that a sum is to reveal."""
    return head_of(x, np.finfo(x.dtype).nmant + 1)


def fast_two_sum(a: jax.Array, b: jax.Array) -> Pair:
    """a + b and its rounding error, exactly, if |a| >= |b| or a = 0 (Dekker 1971)."""
    total = opaque(a + b)
    return total, b - (total - a)


def two_sum(a: jax.Array, b: jax.Array) -> Pair:
    """a + b and its rounding error, exactly (Knuth)."""
    swap = jnp.abs(a) < jnp.abs(b)
    return fast_two_sum(jnp.where(swap, b, a), jnp.where(swap, a, b))


def two_product(a: jax.Array, b: jax.Array) -> Pair:
    """a b and its rounding error, exactly (Dekker 1971)."""
    product = opaque(a * b)
    half = (np.finfo(a.dtype).nmant + 1) // 2
    a_high, b_high = head_of(a, half), head_of(b, half)
    a_low, b_low = a - a_high, b - b_high
    return product, ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low


def halves(n: ArrayLike) -> Pair:
    """Two floats of at most 16 bits (of 12 for floats) whose sum is n exactly."""
    n = as_number(n)
    if not is_float(n):
        return as_float((n >> 16) << 16), as_float(n & 0xFFFF)
    n = jnp.minimum(n, 2.0 ** (np.finfo(n.dtype).maxexp - 1))  # or its head may overflow
    high = head_of(n, 12)
    return high, n - high


def quotient(high: jax.Array, low: jax.Array, steps: ArrayLike) -> Pair:
    """(high + low) / steps in two floats, the first of 8 bits."""
    upper, lower = halves(positive(steps))
    inverse = 1 / (upper + lower)
    leading = head_of(high * inverse, 8)
    return leading, (((high - leading * upper) - leading * lower) + low) * inverse


def fraction_of(small: jax.Array, steps: ArrayLike) -> Pair:
    """small / steps in two floats, for small <= 2^30 if it is an integer."""
    value = as_float(small)
    leading, rest = quotient(jnp.ones(()), jnp.zeros(()), steps)
    upper = cut(value, 8) if value.dtype == jnp.float32 else value
    lower = as_float(small - upper.astype(small.dtype))
    return fast_two_sum(leading * upper, leading * lower + rest * value)


def ratio_of(part: jax.Array, steps: ArrayLike) -> jax.Array:
    """part / steps, to 2^-23 whether or not the compiler fuses."""
    leading, rest = quotient(jnp.ones(()), jnp.zeros(()), steps)
    value = as_float(part)
    return value * leading + value * rest


def square_of(small: jax.Array, steps: ArrayLike) -> jax.Array:
    """(small / steps)^2 for float32, to 2^-22.6; both are scaled so that no square overflows."""
    power = cut(as_float(positive(steps)), 23)  # of 2, next below steps
    leading, rest = quotient(power, jnp.zeros_like(power), steps)
    value = as_float(small)
    left = as_float(small - value.astype(small.dtype)) * (2 / power)
    value = value * (1 / power)
    return (value * value + value * left) * (leading * leading + rest * (2 * leading + rest))


@jax.custom_jvp
def turns_of(count: jax.Array, leading: jax.Array, rest: jax.Array) -> Pair:
    """count (leading + rest) as a whole number and a fraction in [-1/2, 1/2], to 2^24 turns."""
    upper, lower = halves(bounded(count, leading))
    first, second, third = leading * upper, leading * lower, rest * (upper + lower)
    whole = jnp.round(first + second + third)
    return whole, ((first - whole) + second) + third


@turns_of.defjvp
def _turns_jvp(primals: Triple, tangents: tuple[Any, ...]) -> tuple[Pair, Pair]:
    """As of a product: the halves of a negative count cancel, exactly in values only."""
    whole, part = turns_of(*primals)
    count, leading, rest = primals
    change = as_float(bounded(count, leading)) * (tangents[1] + tangents[2])
    if tangents[0].dtype != jax.dtypes.float0:
        change = change + tangents[0] * (leading + rest)
    return (whole, part), (jnp.zeros_like(whole), change)
