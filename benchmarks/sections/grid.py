"""K Cosines at N counts: one program against a jitted optax closure for each, and a fill.

With compilation (once) and without; what a value costs as K and N grow; and what it takes to build
the grid.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

import jaxsched as js
from benchmarks.contestants import END, START, cosine, error, require_agreement
from benchmarks.report import Row, counts, median, number, ratio
from benchmarks.timing import compile_seconds, interleaved, rounds, seconds, spread, spreads

OPTAX_MOST = 256  # closures: they take 10 s to compile

HEAD = (
    f"{'K':>5}{'N':>7}{'built in':>10} s{'compiled in':>13}{'optax':>7} s{'ns a value':>12}"
    f"{'optax':>8}{'of optax':>20}{'compiling':>11}{'of a fill':>11}"
)


def rows(quick: bool) -> Iterator[Row]:
    """Square grids of ever more schedules, at few and at many counts."""
    for size in (2**12,) if quick else (2**10, 2**16):
        for side in (3,) if quick else (2, 4, 8, 16):
            yield row(side, size, rounds(quick))
    if not quick:
        yield row(64, 2**10, rounds(quick))


def row(side: int, size: int, rounds: int) -> Row:
    """One grid of side x side schedules."""
    t = jnp.arange(size, dtype=jnp.int32)
    built: list[js.Grid] = []
    build_s = seconds(lambda: built.append(cosines(side, size)))
    (ours,) = built
    records = ours.records()
    fill = jax.jit(lambda x: jnp.broadcast_to(x, (*ours.shape, size)))
    jax.clear_caches()  # the structure is that of smaller grids
    compiled = {"ours": seconds(lambda: ours(t))}
    few = slice(None, None, max(1, size >> 10))
    expected = np.stack(
        [cosine(np.asarray(t[few], float), r["start"], END, r["steps"]) for r in records]
    )
    calls: dict[str, Any] = {
        "ours": functools.partial(ours, t),
        "fill": functools.partial(fill, START),
    }
    off = {"ours": float(error(ours(t).reshape(len(ours), -1)[:, few], expected).max())}
    if len(ours) <= OPTAX_MOST:
        loop = [
            jax.jit(optax.cosine_decay_schedule(r["start"], r["steps"], END / r["start"]))
            for r in records
        ]
        compiled["optax"] = sum(compile_seconds(schedule, t) for schedule in loop)
        calls["optax"] = lambda: [schedule(t) for schedule in loop]
        off["optax"] = float(np.quantile(error([f(t)[few] for f in loop], expected), 0.99))
    require_agreement("grid", **off)

    taken = interleaved(calls, rounds)
    once = {name: float(np.median(taken[name])) + s for name, s in compiled.items()}
    both = "optax" in taken
    return {
        "points": len(ours),
        "counts": size,
        "rounds": len(taken["ours"]),
        "error": off,
        "build_s": build_s,
        "compile_s": compiled,
        "seconds": spreads(taken),
        "to_optax": spread(taken["optax"] / taken["ours"]) if both else None,
        "to_optax_compiling": once["optax"] / once["ours"] if both else None,
        "to_fill": spread(taken["fill"] / taken["ours"]),
    }


def line(row: Row) -> str:
    """A row of the table."""
    compiled, times = row["compile_s"], row["seconds"]
    nanoseconds = 1e9 / row["points"] / row["counts"]
    return (
        f"{row['points']:5}{counts(row['counts']):>7}{number(row['build_s'], '.4f'):>10}  "
        f"{number(compiled['ours'], '.2f'):>13}{number(compiled.get('optax'), '.2f'):>7}  "
        f"{median(times['ours'], nanoseconds):>12}{median(times.get('optax'), nanoseconds):>8}"
        f"{ratio(row['to_optax']):>20}{number(row['to_optax_compiling']):>11}"
        f"{median(row['to_fill']):>11}"
    )


def cosines(side: int, size: int) -> js.Grid:
    """side x side Cosines."""
    return js.grid(
        lambda start, steps: js.Cosine(start, END, steps),
        start=np.linspace(END, START, side, dtype=np.float32),
        steps=np.linspace(size // 2, size, side, dtype=np.int32),
    )
