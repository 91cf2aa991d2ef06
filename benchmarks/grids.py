"""Many schedules, and many models, in one program against one at a time."""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

import jaxsched as js
from benchmarks import contestants
from benchmarks.contestants import END, START, cosine
from benchmarks.report import Row
from benchmarks.timing import compile_seconds, interleaved, seconds, spread
from jaxsched import _digits

CLOSURES = 3  # models trained with an Optax closure of their own, of which each is compiled


def cosines(side: int, counts: int) -> js.Grid:
    """side x side Cosines."""
    return js.grid(
        lambda start, steps: js.Cosine(start, END, steps),
        start=np.linspace(END, START, side, dtype=np.float32),
        steps=np.linspace(counts // 2, counts, side, dtype=np.int32),
    )


def grid_row(side: int, counts: int, rounds: int) -> Row:
    """Many Cosines in one program against a Python loop of jitted optax closures, and a fill."""
    t = jnp.arange(counts, dtype=jnp.int32)
    ours = cosines(side, counts)
    records = ours.records()
    loop = [
        jax.jit(optax.cosine_decay_schedule(r["start"], r["steps"], END / r["start"]))
        for r in records
    ]
    fill = jax.jit(lambda x: jnp.broadcast_to(x, (*ours.shape, counts)))
    compiled = {
        "ours": seconds(lambda: ours(t)),
        "optax": sum(compile_seconds(schedule, t) for schedule in loop),
    }
    few = slice(None, None, 64)
    expected = np.stack(
        [cosine(np.asarray(t[few], float), r["start"], END, r["steps"]) for r in records]
    )
    values = ours(t).reshape(len(ours), -1)
    error = {
        "ours": float(contestants.error(values[:, few], expected).max()),
        "optax": float(np.quantile(contestants.error([f(t)[few] for f in loop], expected), 0.99)),
    }
    contestants.require_agreement("grid", error["ours"], error["optax"])

    taken = interleaved(
        {
            "ours": functools.partial(ours, t),
            "optax": lambda: [schedule(t) for schedule in loop],
            "fill": functools.partial(fill, START),
        },
        rounds,
    )
    median = {name: spread(times).median for name, times in taken.items()}
    return {
        "points": len(ours),
        "counts": counts,
        "rounds": len(taken["ours"]),
        "error": error,
        "compile_s": compiled,
        "seconds": {name: spread(times) for name, times in taken.items()},
        "ratios": {
            "to_optax": spread(taken["optax"] / taken["ours"]),
            "to_optax_compiling": (compiled["optax"] + median["optax"])
            / (compiled["ours"] + median["ours"]),
            "to_fill": spread(taken["fill"] / taken["ours"]),
        },
    }


def build_row(few: int, many: int, rounds: int) -> Row:
    """Seconds to build a grid of warmed-up Cosines and to compile it, with few and many points."""
    t = np.arange(100)

    def build(points: int) -> js.Grid:
        side = int(points**0.5)
        return js.grid(
            lambda peak, warmup: js.Cosine(peak, 0.0, 10_000 - warmup).warmup(warmup),
            peak=np.linspace(END, START, side),
            warmup=range(side),
        )

    taken: dict[str, list[float]] = {}
    for _ in range(rounds):
        for name, points in (("few", few), ("many", many)):
            made: list[js.Grid] = []
            taken.setdefault(f"build_{name}", []).append(
                seconds(lambda made=made, points=points: made.append(build(points)))
            )
            jax.clear_caches()
            taken.setdefault(f"compile_{name}", []).append(seconds(lambda made=made: made[0](t)))
    return {
        "points": {"few": few, "many": many},
        "seconds": {name: spread(np.array(times)) for name, times in taken.items()},
    }


def sweep_row(updates: int, rounds: int) -> Row:
    """A small network per schedule: a sweep, one jitted optax closure each, one function in turn.

    Compilation included everywhere; of the closures, a few are measured.
    """
    data = _digits.load()
    grid = _digits.native(updates)
    found: dict[str, Any] = {}

    def train(schedule: Any, data: Any) -> Any:  # a new function compiles anew
        return _digits.train(schedule, data, updates)

    def sweep() -> Any:
        task = functools.partial(train, data=data)
        found["sweep"] = js.sweep(task, grid, steps=updates, progress=False).metrics["losses"]
        return found["sweep"]

    def closures() -> Any:
        peaks = np.geomspace(1e-3, 3e-2, CLOSURES).tolist()
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

    calls = {"sweep": sweep, "closures": closures, "in turn": in_turn}
    taken: dict[str, list[float]] = {name: [] for name in calls}
    sweep()  # what JAX sets up at first is nobody's to pay
    for _ in range(rounds):
        for name, call in calls.items():
            jax.clear_caches()
            taken[name].append(seconds(call))
    one = np.stack(found["in turn"]).reshape(found["sweep"].shape)[..., :20]
    error = float(np.max(np.abs(found["sweep"][..., :20] / one - 1)))
    if not error <= 1e-5:
        raise ValueError(f"a sweep differs from training alone by {error:.2g}")
    times = {name: np.array(values) for name, values in taken.items()}
    times["closures"] *= len(grid) / CLOSURES
    return {
        "points": len(grid),
        "updates": updates,
        "rounds": rounds,
        "error": error,
        "seconds": {name: spread(values) for name, values in times.items()},
        "to_closures": spread(times["closures"] / times["sweep"]),
        "to_in_turn": spread(times["in turn"] / times["sweep"]),
    }
