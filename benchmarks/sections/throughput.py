"""Counts a second of every schedule, against a copy, a fill, optax and NumPy.

All but NumPy are jitted, their numbers constants of the program, and read the same array of counts.
The copy turns it into floats and the fill only writes: what the memory allows. NumPy evaluates the
reference formula in float64, vectorised.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.contestants import START, Contestant, contestants, errors
from benchmarks.report import Row, counts, median, number, ratio
from benchmarks.timing import interleaved, rounds, spread, spreads

IN_CACHE = 2**18
NUMPY_MOST = 2**23  # with more counts its turns take seconds
FEW = ("Linear", "Cosine", "Exponential", "Polynomial, power 1.7", "restarts, 1000")
LOOKED_AT = 2**16  # counts whose values are checked
BYTES = 8  # read and written for a count

HEAD = (
    f"{'':26}{'counts':>7}{'of a copy':>23}{'of a fill':>10}{'of optax':>23}{'of NumPy':>9}"
    f"{'G counts/s':>11}{'GB/s':>7}"
)


def large() -> int:
    """Counts that fit in no cache, and keep a device busy."""
    return 2**23 if jax.default_backend() == "cpu" else 2**27


def rows(quick: bool) -> Iterator[Row]:
    """Every schedule at some sizes, and a few of them from 2^10 to 2^27 counts."""
    of_all = {2**11} if quick else {2**10, 2**14, IN_CACHE, large()}
    of_few = {2**10} if quick else {2**12, 2**16, 2**20, 2**23, 2**25, 2**27}
    for size in sorted(of_all | of_few):
        t = jnp.arange(size, dtype=jnp.int32)
        for contestant in contestants(size):
            if size in of_all or contestant.name in FEW:
                yield row(contestant, t, rounds(quick))


def row(contestant: Contestant, t: jax.Array, rounds: int) -> Row:
    """One schedule at one size."""
    programs = {name: jax.jit(schedule) for name, schedule in contestant.schedules.items()}
    few = slice(None, None, max(1, len(t) // LOOKED_AT))
    values = {name: program(t)[few] for name, program in programs.items()}
    error = errors(contestant, np.asarray(t[few]), values)

    calls: dict[str, Any] = {
        name: functools.partial(program, t) for name, program in programs.items()
    }
    calls["copy"] = functools.partial(_copy, t)
    calls["fill"] = functools.partial(_fill, START, len(t))
    if len(t) <= NUMPY_MOST:
        calls["numpy"] = functools.partial(contestant.reference, np.arange(len(t)))
    taken = interleaved(calls, rounds)
    ours = taken["ours"]
    return {
        "name": contestant.name,
        "counts": len(t),
        "rounds": len(ours),
        "error": error,
        "seconds": spreads(taken),
        "gigabytes_per_s": BYTES * len(t) / float(np.median(ours)) / 1e9,
        **{f"to_{name}": spread(taken[name] / ours) for name in taken if name != "ours"},
    }


def line(row: Row) -> str:
    """A row of the table."""
    rate = row["gigabytes_per_s"]
    return (
        f"{row['name']:26}{counts(row['counts']):>7}{ratio(row['to_copy']):>23}"
        f"{median(row['to_fill']):>10}{ratio(row.get('to_optax')):>23}"
        f"{median(row.get('to_numpy')):>9}{number(rate / BYTES):>11}{number(rate):>7}"
    )


@jax.jit
def _copy(t: jax.Array) -> jax.Array:
    return t.astype(jnp.result_type(float))


@functools.partial(jax.jit, static_argnums=1)
def _fill(value: float, size: int) -> jax.Array:
    return jnp.broadcast_to(value, (size,))
