"""Which of several counts has been reached: for lists of values, of parts and of cycles."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from jaxsched.fields import LONGEST, is_float

# A chain of selects fuses into the caller's kernel and needs no index array; a longer one takes
# XLA ever longer to compile, so beyond this number the index is found by bisection.
UNROLLED = 32


def reached(t: jax.Array, boundary: jax.Array) -> jax.Array:
    """t >= boundary, exact where a float boundary meets integer counts."""
    if is_float(t):
        return t >= boundary.astype(t.dtype)
    if is_float(boundary):
        # an integer reaches b where it reaches the next integer: large counts are never rounded
        inside = boundary <= LONGEST - 127
        whole = jnp.ceil(jnp.where(inside, boundary, 0)).astype(t.dtype)
        return inside & (t >= whole)
    return t >= boundary


def passed(t: jax.Array, boundaries: jax.Array) -> jax.Array:
    """How many of the ordered boundaries each count has reached, by an unrolled bisection.

    One gather a halving: 4 temporary bytes a count, where jnp.searchsorted takes 16 to 416.
    """
    total = len(boundaries)
    index = jnp.zeros((), jnp.int32)  # of t's shape, XLA would fold a whole gather at compile time
    for bit in reversed(range(total.bit_length())):
        further = index + (1 << bit)
        boundary = boundaries.at[jnp.minimum(further, total) - 1].get(mode="promise_in_bounds")
        index = jnp.where((further <= total) & reached(t, boundary), further, index)
    return jnp.broadcast_to(index, t.shape)


def pick(t: jax.Array, boundaries: jax.Array, *tables: jax.Array) -> list[jax.Array]:
    """For each table its entry i, where i is how many of the ordered boundaries t has reached.

    A table has one entry more than there are boundaries.
    """
    if len(boundaries) > UNROLLED:
        index = passed(t, boundaries)
        return [table.at[index].get(mode="promise_in_bounds") for table in tables]
    chosen = [jnp.broadcast_to(table[0], t.shape) for table in tables]
    for i in range(len(boundaries)):
        here = reached(t, boundaries[i])
        chosen = [
            jnp.where(here, table[i + 1], before)
            for table, before in zip(tables, chosen, strict=True)
        ]
    return chosen
