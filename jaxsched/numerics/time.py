"""Counts and lengths: known or traced, integers or floats, one number or a batch."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.typing import ArrayLike

from jaxsched.errors import shown
from jaxsched.fields import is_concrete, is_float, longest, require, too_long, unwrapped


def known(x: Any) -> Any:
    """A length or count whose value is known as Python's number, which cannot wrap; else `x`."""
    if isinstance(x, jax.Array) and is_concrete(x):
        wide = np.asarray(x, np.float64 if is_float(x) else np.int64)
        return wide.item() if wide.ndim == 0 else wide
    return x


def plus(a: Any, b: Any) -> Any:
    """The sum of two lengths; None where one is."""
    if a is None or b is None:
        return None
    a, b = _matched(a, b)
    return a + b


def minus(a: Any, b: Any) -> Any:
    """What is left of the length a, at least 0; None where there is none."""
    if a is None:
        return None
    a, b = _matched(a, b)
    return largest(a - b, 0)


def times(a: Any, n: Any) -> Any:
    """n lengths; None where there is none."""
    if a is None:
        return None
    a, n = _matched(a, n)
    return a * n


def multiple(a: Any, n: Any) -> Any:
    """The length a rounded up to a multiple of n; None where there is none."""
    if a is None:
        return None
    a, n = _matched(a, n)
    return -(-a // n) * n


def largest(a: Any, b: Any) -> Any:
    """The larger of two lengths."""
    a, b = _matched(a, b)
    if isinstance(a, jax.Array):
        return jnp.maximum(a, b)
    return np.maximum(a, b) if np.ndim(a) or np.ndim(b) else max(a, b)


def smallest(a: Any, b: Any) -> Any:
    """The smaller of two lengths."""
    return -largest(-a, -b)


def nearest(x: Any, by: int) -> Any:
    """Of a known number the nearest multiple, an even one of two, at least one and countable."""
    if isinstance(x, np.ndarray):
        return np.array([nearest(v, by) for v in x.ravel().tolist()], np.int64).reshape(x.shape)
    return min(max(round(Fraction(x) / by), 1), longest() // by) * by


def choose(condition: Any, yes: Any, no: Any) -> Any:
    """One of two numbers, now where the condition is known."""
    if is_concrete(condition) and np.ndim(condition) == 0:
        return yes if condition else no
    return jnp.where(condition, yes, no)


def require_countable(steps: Any) -> Any:
    """The length itself; a ValueError where it is an int that no count could reach."""
    if steps is not None and not is_float(steps):
        require(lambda n: n <= longest(), steps, too_long("lengths must add up to"))
    return steps


def _matched(a: Any, b: Any) -> tuple[Any, Any]:
    a, b = known(a), known(b)
    if not isinstance(a, jax.Array) and not isinstance(b, jax.Array):
        return a, b
    # beside a traced length, one that is too long to be counted saturates
    return alike(*(min(x, longest()) if isinstance(x, int) else x for x in (a, b)))


# --- counts as they are given ---------------------------------------------------------------------

_CONFIG: Any = jax.config
# of the default int, by jax_enable_x64: asking JAX takes a fifth of an eager call
_LIMITS: dict[bool, Any] = {False: np.iinfo(np.int32), True: np.iinfo(np.int64)}
_READY = frozenset(np.dtype(name) for name in ("int32", "int64", "float32", "float64"))


def as_count(count: Any, floats: Callable[[], bool]) -> Any:
    """`count` as an array that jit takes as it is; what JAX would wrap silently saturates.

    Integers beyond the default int are floats where `floats` says so.
    """
    if isinstance(count, jax.Array) and count.dtype in _READY:
        return count
    limits = _LIMITS[_CONFIG.jax_enable_x64]
    if type(count) is int:
        if count > limits.max and floats():
            return _as_floats(count)
        return limits.dtype.type(min(max(count, limits.min), limits.max))
    count = unwrapped(count)
    array: Any = count if isinstance(count, jax.Array) else np.asarray(count)
    if jnp.issubdtype(array.dtype, np.integer):
        if isinstance(array, jax.Array):
            return array
        own = np.iinfo(array.dtype)
        if own.max > limits.max and array.max(initial=0) > limits.max and floats():
            return _as_floats(array)
        low, high = max(own.min, limits.min), min(own.max, limits.max)
        return np.clip(array, low, high).astype(limits.dtype)
    if jnp.issubdtype(array.dtype, np.floating):
        return array if isinstance(array, jax.Array) else array.astype(np.result_type(float))
    if array.dtype == object and all(type(item) is int for item in array.flat):
        if max(array.flat, default=0) > limits.max and floats():
            return _as_floats(array)
        return np.clip(array, limits.min, limits.max).astype(limits.dtype)
    raise TypeError(f"a count must be an integer or a float, got {shown(count)}")


def _as_floats(count: Any) -> Any:
    """Python's and NumPy's integers of any size as floats that float32 holds."""
    return np.asarray(np.clip(np.asarray(count, object), -(2**127), 2**127), np.float64)


def widened(count: jax.Array) -> jax.Array:
    """Any integers as the default int, any floats as the default float, saturated."""
    if jnp.issubdtype(count.dtype, np.floating):
        count = count.astype(jnp.result_type(float))
        return jnp.minimum(count, np.finfo(count.dtype).max)
    limit = np.iinfo(jnp.result_type(int))
    if np.iinfo(count.dtype).max > limit.max:
        count = jnp.minimum(count, limit.max)
    return count.astype(limit.dtype)


# --- in a trace -----------------------------------------------------------------------------------

Pair = tuple[jax.Array, jax.Array]


def elapsed(count: ArrayLike, steps: ArrayLike) -> jax.Array:
    """clip(count, 0, steps), exact (in integers) if both are integers; 0 if steps <= 0."""
    count, steps = alike(count, steps)
    return jnp.minimum(at_least_0(count), at_least_0(steps))


def divide(count: ArrayLike, divisor: ArrayLike) -> Pair:
    """Quotient and remainder of count >= 0 by divisor (<= 0 acts as 1), exact."""
    count, divisor = alike(count, divisor)
    count, divisor = jnp.broadcast_arrays(at_least_0(count), positive(divisor))
    if count.dtype != jnp.int32:
        rest = lax.rem(count, divisor)
        quotient = lax.div(count, divisor)
        return (jnp.round(quotient - rest / divisor) if is_float(count) else quotient), rest
    # The inverse is a little too small, hence both quotients too: one correction, upwards, is left.
    inverse = (1 - 2.0**-21) / divisor.astype(jnp.float32)
    first = (count.astype(jnp.float32) * inverse).astype(jnp.int32)
    rest = count - first * divisor
    second = (rest.astype(jnp.float32) * inverse).astype(jnp.int32)
    rest = rest - second * divisor
    over = rest >= divisor
    return first + second + over.astype(jnp.int32), jnp.where(over, rest - divisor, rest)


def as_float(x: ArrayLike) -> jax.Array:
    return jnp.asarray(x).astype(jnp.result_type(float))


def as_number(x: ArrayLike) -> jax.Array:
    x = jnp.asarray(x)
    return x.astype(jnp.result_type(float if is_float(x) else int))


def alike(a: ArrayLike, b: ArrayLike) -> Pair:
    """Both as integers if both are, else as floats."""
    a, b = as_number(a), as_number(b)
    return (a, b) if a.dtype == b.dtype else (as_float(a), as_float(b))


def at_least_0(x: ArrayLike) -> jax.Array:
    x = as_number(x)
    return jnp.maximum(x, jnp.zeros((), x.dtype))


def positive(x: ArrayLike) -> jax.Array:
    x = as_number(x)
    return jnp.where(x > 0, x, jnp.ones((), x.dtype))


def unit_length(steps: ArrayLike) -> jax.Array:
    """A length that is positive, and no float so small that a count would overflow in it."""
    steps = positive(steps)
    return jnp.maximum(steps, jnp.full((), 2.0**-60, steps.dtype)) if is_float(steps) else steps


def fold(count: ArrayLike, steps: ArrayLike) -> Pair:
    """The smaller of elapsed and remaining, and whether it is what remains."""
    count, steps = alike(count, steps)
    done = elapsed(count, steps)
    left = at_least_0(steps) - done
    late = done >= left
    return jnp.where(late, left, done), late  # a minimum would halve the gradient at a tie


def nearest_multiple(value: jax.Array, multiple: jax.Array) -> jax.Array:
    """The multiple that is nearest to a value, an int and at least one; halfway the even one."""
    integer = np.iinfo(jnp.result_type(int))
    by = jnp.maximum(multiple.astype(integer.dtype), 1)
    if is_float(value):
        value = value.astype(jnp.result_type(float))
        top = np.nextafter(value.dtype.type(integer.max), value.dtype.type(0))
        value = jnp.clip(value, 0, top)
        whole, rest = jnp.floor(value).astype(integer.dtype), value - jnp.floor(value)
    else:
        whole, rest = jnp.maximum(value, 0), jnp.zeros((), jnp.result_type(float))
    quotient, left = divide(whole, by)
    # twice the distance from the middle between two multiples
    above = jnp.clip(left - (by - left), -2, 2).astype(rest.dtype) + 2 * rest
    up = (above > 0) | ((above == 0) & (quotient % 2 == 1))
    return jnp.clip(quotient + up.astype(integer.dtype), 1, integer.max // by) * by
