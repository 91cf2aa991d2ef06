"""Bytes that a compiled program needs for a value besides its counts: 4 are the value itself.

The temporary and the output memory that the compiler states, over the counts; None where a device's
compiler states nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp

from benchmarks.contestants import contestants
from benchmarks.report import Row, counts, number

COUNTS = 2**20

HEAD = f"{'bytes a value':26}{'counts':>7}{'ours':>8}{'optax':>8}"


def rows(quick: bool) -> Iterator[Row]:
    """Every schedule."""
    t = jnp.arange(COUNTS, dtype=jnp.int32)
    for contestant in contestants(COUNTS)[:: 8 if quick else 1]:
        yield {
            "name": contestant.name,
            "counts": COUNTS,
            "bytes": {name: peak(schedule, t) for name, schedule in contestant.schedules.items()},
        }


def peak(schedule: Any, t: jax.Array) -> float | None:
    """Bytes for a value."""
    stated = jax.jit(schedule).lower(t).compile().memory_analysis()
    if stated is None:
        return None
    return float(stated.temp_size_in_bytes + stated.output_size_in_bytes) / len(t)


def line(row: Row) -> str:
    """A row of the table."""
    ours, optax = row["bytes"]["ours"], row["bytes"].get("optax")
    return f"{row['name']:26}{counts(row['counts']):>7}{number(ours):>8}{number(optax):>8}"
