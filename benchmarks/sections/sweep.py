"""A small network for each of many schedules: one sweep, or one training after the other.

Compilation included everywhere. A jitted optax closure each compiles each (a few are measured);
one function of a table of rates compiles once and runs in turn.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import jax
import numpy as np
import optax

import jaxsched as js
from benchmarks.report import Row, median, ratio
from benchmarks.timing import FEWEST, from_scratch, spread, spreads
from jaxsched.commands import digits

CLOSURES = 3

HEAD = (
    f"{'networks':>8}{'updates':>9}{'sweep':>8} s{'closures':>10} s{'of them':>22}"
    f"{'in turn':>9} s{'of it':>22}"
)


def rows(quick: bool) -> Iterator[Row]:
    """All schedules of the digits that `python -m jaxsched sweep` trains."""
    updates, rounds, compiled = (5, 1, 1) if quick else (500, FEWEST, CLOSURES)
    data = digits.load()
    grid = digits.native(updates)[: 1 if quick else None]  # their shapes compile one by one
    found: dict[str, Any] = {}

    def train(schedule: Any, data: Any) -> Any:
        return digits.train(schedule, data, updates)

    def sweep() -> Any:
        task = functools.partial(train, data=data)
        found["sweep"] = js.sweep(task, grid, steps=updates, progress=False).metrics["losses"]
        return found["sweep"]

    def closures() -> Any:
        peaks = np.geomspace(1e-3, 3e-2, compiled).tolist()
        schedules = [
            optax.warmup_cosine_decay_schedule(0.0, p, updates // 10, updates) for p in peaks
        ]
        return [jax.jit(functools.partial(train, s))(data) for s in schedules]

    def in_turn() -> Any:
        tables = [
            js.Table(row) for row in np.asarray(grid(np.arange(updates))).reshape(-1, updates)
        ]
        run = jax.jit(train)
        found["in turn"] = [run(table, data)["losses"] for table in tables]
        return found["in turn"]

    if not quick:
        sweep()  # what JAX sets up at first is nobody's to pay
    taken = from_scratch({"sweep": sweep, "closures": closures, "in turn": in_turn}, rounds)
    taken["closures"] *= len(grid) / compiled
    one = np.stack(found["in turn"]).reshape(found["sweep"].shape)[..., :20]
    error = float(np.max(np.abs(found["sweep"][..., :20] / one - 1)))
    if not error <= 1e-5:
        raise ValueError(f"a sweep differs from training alone by {error:.2g}")
    yield {
        "points": len(grid),
        "updates": updates,
        "rounds": rounds,
        "error": error,
        "seconds": spreads(taken),
        "to_closures": spread(taken["closures"] / taken["sweep"]),
        "to_in_turn": spread(taken["in turn"] / taken["sweep"]),
    }


def line(row: Row) -> str:
    """A row of the table."""
    times = row["seconds"]
    return (
        f"{row['points']:8}{row['updates']:9}{median(times['sweep']):>8}  "
        f"{median(times['closures']):>10}  {ratio(row['to_closures']):>22}"
        f"{median(times['in turn']):>9}  {ratio(row['to_in_turn']):>22}"
    )
