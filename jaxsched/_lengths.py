"""Lengths and counts in one type: known or traced, integers or floats, a number or a batch."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxsched.fields import LONGEST, is_float, require


def same_time(t: Any, steps: Any) -> tuple[jax.Array, jax.Array]:
    """Counts and a length in one type: ints if both are, else floats."""
    t, steps = jnp.asarray(t), jnp.asarray(steps)
    kind = jnp.result_type(float if is_float(t) or is_float(steps) else int)
    return t.astype(kind), steps.astype(kind)


def plus(a: Any, b: Any) -> Any:
    """The sum of two lengths; None where one is; a ValueError where it cannot be counted."""
    if a is None or b is None:
        return None
    a, b = _matched(a, b)
    return _countable(a + b)


def minus(a: Any, b: Any) -> Any:
    """What is left of the length a, at least 0; None where there is none."""
    if a is None:
        return None
    a, b = _matched(a, b)
    return largest(a - b, 0)


def times(a: Any, n: Any) -> Any:
    """n lengths; None where there is none; a ValueError where they cannot be counted."""
    if a is None:
        return None
    a, n = _matched(a, n)
    return _countable(a * n)


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


def _matched(a: Any, b: Any) -> tuple[Any, Any]:
    return same_time(a, b) if isinstance(a, jax.Array) or isinstance(b, jax.Array) else (a, b)


def _countable(steps: Any) -> Any:
    if isinstance(steps, int):
        require(lambda n: n <= LONGEST, steps, f"lengths must add up to at most {LONGEST}")
    return steps
