"""Seconds that `import jaxsched` adds to `import jax, optax`, in fresh processes.

From bytecode, as after the first import. Garbage is collected between the two: what is due after
JAX's import takes longer than ours, and happens to whatever is imported next.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator

from benchmarks.report import Row, median, ratio
from benchmarks.timing import spread, spreads

ROUNDS = 15

PROGRAM = """
import gc, json, time
first = time.perf_counter()
import jax, optax
before = time.perf_counter() - first
gc.collect()
then = time.perf_counter()
import jaxsched
print(json.dumps([before, time.perf_counter() - then]))
"""

HEAD = f"{'jax, optax':>10} s{'jaxsched':>10} s{'of them':>22}"


def rows(quick: bool) -> Iterator[Row]:
    """One row: each process imports both, one after the other."""
    with tempfile.TemporaryDirectory() as cache:
        taken = [_imported(cache) for _ in range(1 + (1 if quick else ROUNDS))]
    before, added = zip(*taken[1:], strict=True)  # the first one writes bytecode
    yield {
        "rounds": len(added),
        "seconds": spreads({"jax, optax": before, "jaxsched": added}),
        "to_jax_optax": spread([y / x for x, y in zip(before, added, strict=True)]),
    }


def line(row: Row) -> str:
    """A row of the table."""
    times = row["seconds"]
    return (
        f"{median(times['jax, optax']):>10}  {median(times['jaxsched']):>10}  "
        f"{ratio(row['to_jax_optax']):>22}"
    )


def _imported(cache: str) -> tuple[float, float]:
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": cache, "PYTHONDONTWRITEBYTECODE": ""}
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    before, added = json.loads(run.stdout)
    return before, added
