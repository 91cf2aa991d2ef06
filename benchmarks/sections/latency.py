"""A schedule at one count: a call outside jit, and the time to trace and to compile it.

The call is given a JAX count or a Python int, and compared with optax's closure and with an empty
jitted function. Traced and compiled are jitted functions of a count that is an argument; JAX
forgets what it has traced before each time.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.contestants import Contestant, contestants, errors
from benchmarks.report import Row, median, ratio
from benchmarks.timing import FEWEST, from_scratch, interleaved, rounds, spread, spreads

LENGTH = 2**14
COUNT = 4321

HEAD = (
    f"{'microseconds, milliseconds':28}{'call':>8}{'optax':>8}{'empty':>8}{'of optax':>24}"
    f"{'int':>8}{'optax':>8}{'trace':>8}{'optax':>8}{'compile':>9}{'optax':>8}"
)


def rows(quick: bool) -> Iterator[Row]:
    """Every schedule."""
    for contestant in contestants(LENGTH)[:: 8 if quick else 1]:
        yield row(contestant, rounds(quick), 1 if quick else FEWEST)


def row(contestant: Contestant, rounds: int, compiled_rounds: int) -> Row:
    """One schedule."""
    schedules = contestant.schedules
    array = jnp.asarray(COUNT)
    at = np.array(COUNT)
    error = errors(contestant, at, {name: s(array) for name, s in schedules.items()})
    calls: dict[str, Any] = {"empty": functools.partial(jax.jit(lambda n: n), array)}
    for name, schedule in schedules.items():
        calls[name] = functools.partial(schedule, array)
        calls[f"{name}, int"] = functools.partial(schedule, COUNT)
    called = interleaved(calls, rounds)

    programs: dict[str, Any] = {}

    def trace(name: str) -> None:
        programs[name] = jax.jit(schedules[name]).trace(array)

    traced = from_scratch({n: functools.partial(trace, n) for n in schedules}, compiled_rounds)
    compiled = from_scratch(
        {
            n: lambda traced=traced: traced.lower().compile() and None
            for n, traced in programs.items()
        },
        compiled_rounds,
    )
    return {
        "name": contestant.name,
        "rounds": len(called["ours"]),
        "error": error,
        "call_s": spreads(called),
        "trace_s": spreads(traced),
        "compile_s": spreads(compiled),
        "to_optax": spread(called["optax"] / called["ours"]) if "optax" in called else None,
    }


def line(row: Row) -> str:
    """A row of the table."""
    called, traced, compiled = row["call_s"], row["trace_s"], row["compile_s"]
    return (
        f"{row['name']:28}{median(called['ours'], 1e6):>8}{median(called.get('optax'), 1e6):>8}"
        f"{median(called['empty'], 1e6):>8}{ratio(row['to_optax']):>24}"
        f"{median(called['ours, int'], 1e6):>8}{median(called.get('optax, int'), 1e6):>8}"
        f"{median(traced['ours'], 1e3):>8}{median(traced.get('optax'), 1e3):>8}"
        f"{median(compiled['ours'], 1e3):>9}{median(compiled.get('optax'), 1e3):>8}"
    )
