"""A training step of `optax.adamw` on a small network, at a constant rate, ours and optax's.

Kernels: the instructions of the compiled program's entry computation that do work (fusions, dots,
reductions, calls ...), each of which is launched for itself; not its parameters, constants, tuples
and bitcasts. A schedule needs one more than a constant: it counts the updates.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from benchmarks.contestants import START, Contestant, contestants, errors
from benchmarks.report import Row, median, number, ratio
from benchmarks.timing import interleaved, rounds, spread, spreads

LENGTH = 2**14
COUNT = 4321  # the update that is timed
WIDTHS, BATCH = (64, 128, 10), 64
IDLE = {"parameter", "constant", "tuple", "get-tuple-element", "bitcast"}
NAMES = (
    "Constant",
    "Linear",
    "Cosine",
    "Polynomial, power 1.7",
    "Exponential",
    "PiecewiseConstant, 3",
    "warmup_cosine",
    "wsd",
    "restarts, 10",
    "restarts, 1000",
)

HEAD = (
    f"{'kernels, microseconds a step':30}{'constant':>10}{'ours':>6}{'optax':>7}"
    f"{'constant':>12}{'ours':>7}{'optax':>7}{'of constant':>22}{'of optax':>22}"
)


def rows(quick: bool) -> Iterator[Row]:
    """Some schedules."""
    params = initial()
    constant = compiled_step(START, params)
    chosen = [c for c in contestants(LENGTH) if c.name in NAMES]
    for contestant in chosen[:: 5 if quick else 1]:
        yield row(contestant, params, constant, rounds(quick))


def row(contestant: Contestant, params: Any, constant: Any, rounds: int) -> Row:
    """One schedule, against a constant that is compiled."""
    schedules = contestant.schedules
    at = np.array([COUNT])
    error = errors(contestant, at, {name: s(jnp.asarray(at)) for name, s in schedules.items()})
    steps = {name: compiled_step(schedule, params) for name, schedule in schedules.items()}
    steps["constant"] = constant
    calls = {
        name: functools.partial(step, params, state_at(COUNT, schedules.get(name, START), params))
        for name, step in steps.items()
    }
    taken = interleaved(calls, rounds)
    return {
        "name": contestant.name,
        "rounds": len(taken["ours"]),
        "error": error,
        "kernels": {name: kernels(step.as_text()) for name, step in steps.items()},
        "seconds": spreads(taken),
        "to_constant": spread(taken["constant"] / taken["ours"]),
        "to_optax": spread(taken["optax"] / taken["ours"]) if "optax" in taken else None,
    }


def line(row: Row) -> str:
    """A row of the table."""
    launched, times = row["kernels"], row["seconds"]
    return (
        f"{row['name']:30}{launched['constant']:10}{launched['ours']:6}"
        f"{number(launched.get('optax'), 'd'):>7}{median(times['constant'], 1e6):>12}"
        f"{median(times['ours'], 1e6):>7}{median(times.get('optax'), 1e6):>7}"
        f"{ratio(row['to_constant']):>22}{ratio(row['to_optax']):>22}"
    )


def kernels(program: str) -> int:
    """How many instructions of an optimized program's entry computation do work.

    >>> kernels('''
    ... ENTRY %main (x: f32[8]) -> f32[8] {
    ...   %x = f32[8]{0} parameter(0)
    ...   ROOT %fusion = f32[8]{0} fusion(%x), kind=kLoop, calls=%inner
    ... }''')
    1
    """
    entry = program.split("\nENTRY ", 1)[1].split("\n}", 1)[0]
    instructions = (text.split(" = ", 1)[1] for text in entry.splitlines() if " = " in text)
    found = (re.search(r" ([a-z][a-z0-9-]*)\(", text) for text in instructions)
    return sum(match is not None and match[1] not in IDLE for match in found)


def initial() -> list[Any]:
    """The parameters of a network of one hidden layer."""
    return [
        {"weights": jnp.asarray(_normal(n, m) / n**0.5), "bias": jnp.zeros(m)}
        for n, m in itertools.pairwise(WIDTHS)
    ]


def state_at(count: int, rate: Any, params: Any) -> Any:
    """The state of the optimizer after that many updates."""
    state = optax.adamw(rate).init(params)
    counted = lambda x: jnp.full_like(x, count) if x.dtype == jnp.int32 else x  # noqa: E731
    return jax.tree.map(counted, state)


def compiled_step(rate: Any, params: Any) -> Any:
    """One update as a program of the parameters and the optimizer's state."""
    tx = optax.adamw(rate)
    x, y = _normal(BATCH, WIDTHS[0]), np.arange(BATCH, dtype=np.int32) % WIDTHS[-1]

    def loss(params: Any) -> jax.Array:
        hidden, out = params
        between = jax.nn.relu(x @ hidden["weights"] + hidden["bias"])
        logits = between @ out["weights"] + out["bias"]
        return jnp.mean(optax.softmax_cross_entropy_with_integer_labels(logits, y))

    def step(params: Any, state: Any) -> Any:
        updates, state = tx.update(jax.grad(loss)(params), state, params)
        return optax.apply_updates(params, updates), state

    return jax.jit(step).lower(params, tx.init(params)).compile()


def _normal(n: int, m: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal((n, m), np.float32)
