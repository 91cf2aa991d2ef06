"""A cosine restarted 1 to 1000 times, against `optax.sgdr_schedule`: speed and compile time."""

from __future__ import annotations

import functools
from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks import contestants
from benchmarks.report import Row, counts, median, number, ratio
from benchmarks.sections.throughput import IN_CACHE, large
from benchmarks.timing import compile_seconds, interleaved, rounds, spread, spreads

CYCLES = (1, 3, 10, 30, 100, 300, 1000)
# Optax evaluates every cycle at every count: beyond as many evaluations a call takes seconds.
OPTAX_MOST = 100 * 2**23

HEAD = (
    f"{'cycles':>6}{'counts':>8}{'ours, ms':>10}{'optax, ms':>11}{'of optax':>22}"
    f"{'compiled in':>13}{'optax':>7} s"
)


def rows(quick: bool) -> Iterator[Row]:
    """Every number of cycles, in cache and beyond."""
    for size in (2**12,) if quick else (IN_CACHE, large()):
        t = jnp.arange(size, dtype=jnp.int32)
        for cycles in (3, 30) if quick else CYCLES:
            yield row(cycles, t, rounds(quick))


def row(cycles: int, t: jax.Array, rounds: int) -> Row:
    """One number of cycles at one size."""
    contestant = contestants.restarts(cycles, len(t) // cycles)
    if cycles * len(t) > OPTAX_MOST:
        contestant = contestant._replace(optax=None)
    programs = {name: jax.jit(schedule) for name, schedule in contestant.schedules.items()}
    compiled = {name: compile_seconds(program, t) for name, program in programs.items()}
    few = slice(None, None, max(1, len(t) >> 16))
    values = {name: program(t)[few] for name, program in programs.items()}
    error = contestants.errors(contestant, np.asarray(t[few]), values)
    calls = {name: functools.partial(program, t) for name, program in programs.items()}
    taken = interleaved(calls, rounds)
    return {
        "cycles": cycles,
        "counts": len(t),
        "rounds": len(taken["ours"]),
        "error": error,
        "compile_s": compiled,
        "seconds": spreads(taken),
        "to_optax": spread(taken["optax"] / taken["ours"]) if "optax" in taken else None,
    }


def line(row: Row) -> str:
    """A row of the table."""
    times, compiled = row["seconds"], row["compile_s"]
    return (
        f"{row['cycles']:6}{counts(row['counts']):>8}{median(times['ours'], 1e3):>10}"
        f"{median(times.get('optax'), 1e3):>11}{ratio(row['to_optax']):>22}"
        f"{number(compiled['ours'], '.2f'):>13}{number(compiled.get('optax'), '.2f'):>7}"
    )
