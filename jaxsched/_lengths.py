"""Lengths and counts in one type: known or traced, integers or floats, a number or a batch."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxsched.fields import is_concrete, is_float, longest, require, too_long


def same_time(t: Any, steps: Any) -> tuple[jax.Array, jax.Array]:
    """Counts and a length in one type: ints if both are, else floats."""
    t, steps = jnp.asarray(t), jnp.asarray(steps)
    kind = jnp.result_type(float if is_float(t) or is_float(steps) else int)
    return t.astype(kind), steps.astype(kind)


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
    return same_time(*(min(x, longest()) if isinstance(x, int) else x for x in (a, b)))
