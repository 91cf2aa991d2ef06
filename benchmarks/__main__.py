"""Measure every schedule against optax and against a copy: `python -m benchmarks --help`."""

from __future__ import annotations

import argparse
import functools
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import jax
import jax.numpy as jnp
import numpy as np
import optax

import jaxsched as js
from benchmarks import contestants, grids, report, stepping
from benchmarks.contestants import END, START, Contestant, cosine
from benchmarks.report import Row
from benchmarks.timing import FEWEST, compile_seconds, interleaved, spread

IN_CACHE = 2**18
MOST_COUNTS = 2**30
OUT = Path(__file__).parent / "results"


def schedule_row(contestant: Contestant, t: jax.Array, rounds: int) -> Row:
    """One schedule, its numbers constants of the program, against a cast-copy and optax."""
    programs: dict[str, Any] = {"ours": jax.jit(contestant.ours)}
    if contestant.optax is not None:
        programs["optax"] = jax.jit(contestant.optax)
    compiled = {name: compile_seconds(program, t) for name, program in programs.items()}
    # multiples of a power of two: exact in float32 however many counts there are
    few = slice(None, None, max(1, len(t) >> 16))
    expected = contestant.reference(np.asarray(t[few], np.int64))
    errors = {
        name: contestants.error(program(t)[few], expected) for name, program in programs.items()
    }
    error: dict[str, Any] = {"ours": float(errors["ours"].max()), "optax": None}
    if "optax" in errors:
        error["optax"] = float(np.quantile(errors["optax"], 0.99))
    contestants.require_agreement(contestant.name, error["ours"], error["optax"])

    programs["copy"] = jax.jit(lambda n: n.astype(jnp.result_type(float)))
    turns = {name: functools.partial(program, t) for name, program in programs.items()}
    taken = interleaved(turns, rounds)
    return {
        "name": contestant.name,
        "counts": len(t),
        "rounds": len(taken["ours"]),
        "error": error,
        "compile_s": {"optax": None, **compiled},
        "seconds": {"optax": None, **{name: spread(times) for name, times in taken.items()}},
        "to_copy": spread(taken["copy"] / taken["ours"]),
        "to_optax": spread(taken["optax"] / taken["ours"]) if "optax" in taken else None,
    }


def eager_rows(rounds: int) -> Iterator[Row]:
    """A call outside jit against optax's, and against an empty jitted function."""
    steps = 10_000
    pairs = {
        "Cosine": (
            js.Cosine(START, END, steps),
            optax.cosine_decay_schedule(START, steps, END / START),
        ),
        "restarts, 10": (
            js.Cosine(START, END, steps).restarts(10),
            contestants.optax_restarts(10, steps),
        ),
    }
    identity = jax.jit(lambda n: n)
    array = jax.device_put(np.int32(4321))
    for name, (ours, theirs) in pairs.items():
        for kind, count in (("a JAX count", array), ("an int", 4321)):
            expected = cosine(np.array(4321), START, END, steps)
            error = {
                "ours": float(contestants.error(ours(count), expected)),
                "optax": float(contestants.error(theirs(count), expected)),
            }
            contestants.require_agreement(name, error["ours"], error["optax"])
            calls: dict[str, Any] = {"ours": ours, "optax": theirs, "identity": identity}
            turns = {key: functools.partial(call, count) for key, call in calls.items()}
            taken = interleaved(turns, rounds)
            yield {
                "name": f"{name}, {kind}",
                "rounds": len(taken["ours"]),
                "error": error,
                "seconds": {key: spread(times) for key, times in taken.items()},
                "to_optax": spread(taken["optax"] / taken["ours"]),
            }


def measure(
    counts: list[int],
    side: int,
    grid_counts: int,
    updates: int,
    turns: int,
    steps: int,
    rounds: int,
) -> Row:
    """Everything, printed as it is measured."""
    document: Row = {**report.environment(), "counts": counts, "rounds": rounds}
    print(report.summary(document), flush=True)
    document["schedules"] = []
    for size in counts:
        print(report.schedules_head(size), flush=True)
        t = jnp.arange(size, dtype=jnp.int32)
        for contestant in contestants.contestants(size):
            row = schedule_row(contestant, t, rounds)
            document["schedules"].append(row)
            print(report.schedules_line(row), flush=True)
    document["grid"] = grids.grid_row(side, grid_counts, rounds)
    print(*report.grid_lines(document["grid"]), sep="\n", flush=True)
    document["build"] = grids.build_row(4, side * side * 16, turns)
    print(*report.build_lines(document["build"]), sep="\n", flush=True)
    document["sweep"] = grids.sweep_row(updates, turns)
    print(*report.sweep_lines(document["sweep"]), sep="\n", flush=True)
    print(report.eager_head(), flush=True)
    document["eager"] = []
    for row in eager_rows(rounds):
        document["eager"].append(row)
        print(report.eager_line(row), flush=True)
    document["stepping"] = []
    if lacking := stepping.missing():
        print(
            f"\nnothing is stepped without {' and '.join(lacking)}: pip install jaxsched[oracles]"
        )
        return document
    print(report.stepping_head(steps), flush=True)
    for row in stepping.rows(steps):
        document["stepping"].append(row)
        print(report.stepping_line(row), flush=True)
    return document


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")  # one line, without the usage


def main(arguments: list[str] | None = None) -> int:
    """Parse, measure, print and save; the exit status."""
    parser = _Parser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes and few rounds")
    parser.add_argument(
        "--counts", type=int, help="counts of the large size (default 2^23; 2^28 off the CPU)"
    )
    parser.add_argument("--rounds", type=int, help="rounds of each row at most (default 21)")
    parser.add_argument(
        "--out", type=Path, default=OUT, help="folder for DEVICE.json (default benchmarks/results)"
    )
    options = parser.parse_args(arguments)
    large = 2**14 if options.quick else 2**23 if jax.default_backend() == "cpu" else 2**28
    large = large if options.counts is None else options.counts
    rounds = options.rounds if options.rounds is not None else FEWEST if options.quick else 21
    if not contestants.FEWEST_COUNTS <= large <= MOST_COUNTS:
        parser.error(f"--counts must be in {contestants.FEWEST_COUNTS}..{MOST_COUNTS}, got {large}")
    if rounds < FEWEST:
        parser.error(f"--rounds must be at least {FEWEST}, got {rounds}")
    try:
        options.out.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=options.out).close()  # before minutes of work
        counts = [large] if options.quick else sorted({large, IN_CACHE}, reverse=True)
        sizes = (3, 4096, 5, 1, 1000) if options.quick else (16, 65536, 500, FEWEST, 10**6)
        document = measure(counts, *sizes, rounds)
        print(f"\n{report.save(options.out, report.plain(document))}")
    except OSError as problem:
        parser.error(f"cannot write to --out {options.out}: {problem.strerror or problem}")
    except ValueError as problem:
        print(f"{parser.prog}: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
