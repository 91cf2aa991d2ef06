"""Which of several counts has been reached: for lists of values, of parts and of cycles."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from jaxsched.fields import is_float

# A chain of selects fuses into the caller's kernel and needs no index array; a longer one takes
# XLA ever longer to compile, so beyond this number the index is found by bisection.
UNROLLED = 32


def reached(t: jax.Array, boundary: jax.Array) -> jax.Array:
    """t >= boundary, exact where a float boundary meets integer counts."""
    if is_float(t):
        return t >= boundary.astype(t.dtype)
    if is_float(boundary):
        # an integer reaches b where it reaches the next integer: large counts are never rounded
        inside = boundary < np.asarray(np.iinfo(t.dtype).max, boundary.dtype)
        whole = jnp.ceil(jnp.where(inside, boundary, 0)).astype(t.dtype)
        return inside & (t >= whole)
    return t >= boundary


def passed(t: jax.Array, boundaries: jax.Array) -> jax.Array:
    """How many of the ordered boundaries each count has reached, by an unrolled bisection.

    4 temporary bytes a count and no loop, where jnp.searchsorted takes 16 to 416.
    """
    total = len(boundaries)
    halvings = total.bit_length()
    # filled up to 2^halvings - 1 entries, no halving needs a check of the range
    never = jnp.inf if is_float(boundaries) else np.iinfo(boundaries.dtype).max
    table = jnp.pad(boundaries, (0, 2**halvings - 1 - total), constant_values=never)
    index = jnp.zeros((), jnp.int32)  # of t's shape, XLA would fold a whole gather as it compiles
    for bit in reversed(range(halvings)):
        half = 1 << bit
        here = reached(t, entries(table, index + (half - 1)))
        index = index + half * here.astype(jnp.int32)
    return jnp.minimum(index, total)


def entries(table: jax.Array, index: jax.Array) -> jax.Array:
    """The entry of the table for each index, sharded as the indices are."""
    where = jax.typeof(index).sharding
    return table.at[index].get(mode="promise_in_bounds", out_sharding=where)


def pick(t: jax.Array, boundaries: jax.Array, *tables: jax.Array) -> list[jax.Array]:
    """For each table its entry i, where i is how many of the ordered boundaries t has reached.

    A table has one entry more than there are boundaries.
    """
    if len(boundaries) > UNROLLED:
        index = passed(t, boundaries)
        return [entries(table, index) for table in tables]
    chosen = [jnp.broadcast_to(table[0], t.shape) for table in tables]  # sharded as t is
    for i in range(len(boundaries)):
        here = reached(t, boundaries[i])
        chosen = [
            jnp.where(here, table[i + 1], before)
            for table, before in zip(tables, chosen, strict=True)
        ]
    return chosen
