"""Errors in ULP, the spacing of float32 at the reference, for every schedule and length.

What may falls to 0, where differences cancel. Looked at are counts drawn over the whole length and,
densely, those around both ends, the middle and some fractions; the reference is in float64. Where
no digit is right, of a reference of 0 too, the error is 2^24 ULP.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.contestants import contestants
from benchmarks.report import Row, number

LONGEST = 2**31 - 1
LENGTHS = (1, 2, 3, 7, 1000, 10**5, 10**7, 2**24 + 1, 10**8, LONGEST)
DRAWN, AROUND = 4000, 200
WRONG = 2.0**24

HEAD = f"{'':26}{'length':>14}{'ours, max':>12}{'median':>8}{'optax, max':>12}{'median':>8}   ULP"


def rows(quick: bool) -> Iterator[Row]:
    """Every schedule at every length."""
    for length in (7, LONGEST) if quick else LENGTHS:
        looked_at = _counts(length)
        t = jnp.asarray(looked_at, jnp.int32)
        for contestant in contestants(length, end=0.0)[:: 6 if quick else 1]:
            expected = contestant.reference(looked_at)
            yield {
                "name": contestant.name,
                "length": length,
                "counts": len(looked_at),
                "ulp": {
                    name: _summary(ulps(jax.jit(schedule)(t), expected))
                    for name, schedule in contestant.schedules.items()
                },
            }


def line(row: Row) -> str:
    """A row of the table."""
    ours, optax = row["ulp"]["ours"], row["ulp"].get("optax", {})
    return (
        f"{row['name']:26}{row['length']:14,}{number(ours['max']):>12}{number(ours['median']):>8}"
        f"{number(optax.get('max')):>12}{number(optax.get('median')):>8}"
    )


def ulps(values: Any, reference: Any) -> np.ndarray:
    """Errors in units of the last place of float32, at most `WRONG`.

    >>> ulps([1.0, 1.5, 1e-30], [1.0, 1.5 + 2**-23, 0.0]).tolist()
    [0.0, 1.0, 16777216.0]
    """
    off = np.abs(np.asarray(values, np.float64) - reference)
    return np.minimum(off / np.spacing(np.abs(np.asarray(reference, np.float32))), WRONG)


def _summary(ulp: np.ndarray) -> dict[str, float]:
    return {"max": float(ulp.max()), "median": float(np.median(ulp))}


def _counts(length: int) -> np.ndarray:
    near = np.arange(-AROUND, AROUND)
    dense = [near + length * i // 12 for i in (0, 3, 4, 6, 12)]
    drawn = np.random.default_rng(length).integers(0, length + 1, DRAWN)
    return np.clip(np.concatenate([*dense, drawn]), 0, min(length + AROUND, LONGEST))
