"""`python -m jaxsched sweep`: which schedule trains a small network on handwritten digits best?"""

from __future__ import annotations

import argparse
import csv
import functools
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from jaxsched import _files, _plot
from jaxsched._curves import Cosine, Geometric, Linear, Power, Table
from jaxsched._files import Entry
from jaxsched._grid import Grid, grid
from jaxsched._names import shown
from jaxsched._schedule import Schedule
from jaxsched._show import print_written
from jaxsched._sweep import Sweep, sweep as run_sweep
from jaxsched._write import written

STEPS = 500
BATCH = 64
HIDDEN = 64
CHUNK = 16  # networks at a time: what an interrupt loses
SHOWN = 15  # rows of the leaderboard
MEASURED = 3  # candidates that the other ways of training are timed on


class Digits(NamedTuple):
    """Images of 64 pixels in [0, 1] and their digits, to learn from and to be judged by."""

    images: jax.Array
    digits: jax.Array
    held_out_images: jax.Array
    held_out_digits: jax.Array


def load() -> Digits:
    """scikit-learn's 1797 digits, a fifth of them held out."""
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise ValueError("sweep needs scikit-learn: pip install jaxsched[sweep]") from None
    images, digits = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(digits))
    images, digits = jnp.asarray(images[order] / 16, float), jnp.asarray(digits[order], int)
    held_out = len(digits) // 5
    return Digits(images[held_out:], digits[held_out:], images[:held_out], digits[:held_out])


def train(schedule: Any, data: Digits, steps: int) -> dict[str, jax.Array]:
    """Loss and accuracy of a network of one hidden layer after `steps` updates at those rates."""
    first, second, order = jax.random.split(jax.random.key(0), 3)
    params = {
        "hidden": jax.random.normal(first, (64, HIDDEN)) / 8,
        "bias": jnp.zeros(HIDDEN),
        "out": jax.random.normal(second, (HIDDEN, 10)) / HIDDEN**0.5,
    }
    tx = optax.adamw(schedule)

    def logits(params: Any, images: jax.Array) -> jax.Array:
        hidden = jax.nn.relu(images @ params["hidden"] + params["bias"])
        return jnp.asarray(hidden @ params["out"])

    def loss(params: Any, images: jax.Array, digits: jax.Array) -> jax.Array:
        errors = optax.softmax_cross_entropy_with_integer_labels(logits(params, images), digits)
        return jnp.mean(errors)

    def update(carry: Any, chosen: jax.Array) -> tuple[Any, jax.Array]:
        params, state = carry
        batch = data.images[chosen], data.digits[chosen]
        value, gradient = jax.value_and_grad(loss)(params, *batch)
        updates, state = tx.update(gradient, state, params)
        return (optax.apply_updates(params, updates), state), value

    batches = jax.random.randint(order, (steps, BATCH), 0, len(data.digits))
    (params, _), losses = jax.lax.scan(update, (params, tx.init(params)), batches)
    guesses = jnp.argmax(logits(params, data.held_out_images), axis=-1)
    return {
        "accuracy": jnp.mean(guesses == data.held_out_digits),
        "loss": loss(params, data.held_out_images, data.held_out_digits),
        "losses": losses,
    }


def native(steps: int) -> Grid:
    """Peaks, warmups and shapes: 64 schedules of this package."""
    shapes: dict[str, Callable[[float, int], Schedule]] = {
        "linear": lambda peak, n: Linear(peak, 0.0, n),
        "cosine": lambda peak, n: Cosine(peak, 0.0, n),
        "1 - sqrt": lambda peak, n: Power(peak, 0.0, n, 0.5),
        "geometric": lambda peak, n: Geometric(peak, peak / 100, n),
    }

    def make(shape: str, peak: float, warmup: int) -> Schedule:
        return shapes[shape](peak, steps - warmup).warmup(warmup)

    warmups = sorted({0, steps // 20, steps // 10, steps // 5})
    return grid(make, shape=list(shapes), peak=[1e-3, 3e-3, 1e-2, 3e-2], warmup=warmups)


def candidates(options: argparse.Namespace) -> list[Entry]:
    """The schedules of the given files, or the package's examples and a grid of its own."""
    epoch = max(1, options.steps // 10)
    entries = _files.load_all(
        options.files,
        _files.Open(options.steps, options.base_lr, steps_per_epoch=epoch),
        options.key,
    )
    if options.files:
        return entries
    own = native(options.steps)
    for record, schedule in zip(own.records(), own, strict=True):
        label = f"{record['shape']}, peak {record['peak']:g}, warmup {record['warmup']}"
        entries.append(Entry("jaxsched", "", label, schedule, options.steps))
    return entries


def sweep(options: argparse.Namespace) -> None:
    """Train once per schedule, print the leaderboard, write pictures and results."""
    data, entries = load(), candidates(options)
    _plot.require_format(Path("losses.png"))
    options.out.mkdir(parents=True, exist_ok=True)
    named = {entry.name: entry.schedule for entry in entries}
    closure = _closure(data, options.steps)  # first: what JAX sets up is not the sweep's to pay
    print(f"training {len(named)} networks, {options.steps} updates each, in one program")
    task = functools.partial(train, data=data, steps=options.steps)
    begin = time.perf_counter()
    result = run_sweep(task, named, steps=options.steps, chunk=CHUNK, progress=sys.stderr.isatty())
    seconds = time.perf_counter() - begin
    board = result.leaderboard("accuracy", mode="max")
    losses = _losses(result)
    print("\nrank  accuracy    loss  schedule")
    for row in board[:SHOWN]:
        name = row["name"]
        print(f"{row['rank']:4}  {row['accuracy']:8.1%}  {losses[name]:6.3f}  {name}{_marks(row)}")
        print(f"{'':24}{shown(named[name], 96)}")
    if result.missing.any():
        raise KeyboardInterrupt  # what was finished is shown, no file is written
    n = len(named)
    compiling, each = _in_turn(result.grid, data, options.steps)
    print(
        f"\n{n} networks in {seconds:.1f} s, compilation included: {n / seconds:.0f} a second\n"
        f"  {n * closure / seconds:.0f} times as fast as one jitted Optax closure per schedule "
        f"({closure:.2f} s each, measured on {MEASURED})\n"
        f"  {(compiling + n * each) / seconds:.1f} times as fast as one compiled function "
        f"called in turn ({compiling:.2f} s, then {each:.3f} s each, on {2 * MEASURED})\n"
    )
    _write(options.out, result, entries, board)


def _closure(data: Digits, steps: int) -> float:
    """Seconds of a training with an Optax schedule: a new function, as for every new closure."""
    peaks = np.geomspace(1e-3, 1e-2, MEASURED).tolist()
    closures = [optax.warmup_cosine_decay_schedule(0.0, p, steps // 10, steps) for p in peaks]
    runs = [jax.jit(functools.partial(train, s, steps=steps)) for s in closures]
    return min(_timed(run, data) for run in runs)


def _in_turn(points: Grid, data: Digits, steps: int) -> tuple[float, float]:
    """Seconds of one compiled function: until it is compiled, and then for each schedule."""
    jax.clear_caches()  # it pays for the values of the schedules as the sweep did
    compiling = _timed(points, np.arange(steps))
    tables = [Table(row) for row in np.asarray(points(np.arange(steps)))[: 1 + 2 * MEASURED]]
    run = jax.jit(functools.partial(train, steps=steps))
    compiling += _timed(run, tables[0], data)
    each = float(np.mean([_timed(run, table, data) for table in tables[1:]]))
    return compiling - each, each


def _timed(run: Callable[..., Any], *arguments: Any) -> float:
    begin = time.perf_counter()
    jax.block_until_ready(run(*arguments))
    return time.perf_counter() - begin


def _losses(result: Sweep) -> dict[str, float]:
    return dict(zip(result.grid.axes["name"], result.metrics["loss"].tolist(), strict=True))


def _marks(row: dict[str, Any]) -> str:
    return "".join(f"  {mark}" for mark in ("diverged", "missing") if mark in row)


def _write(out: Path, result: Sweep, entries: list[Entry], board: list[dict[str, Any]]) -> None:
    schedules = {entry.name: entry.schedule for entry in entries}

    def table(file: IO[Any]) -> None:
        rows = csv.writer(file)
        rows.writerow(["rank", "accuracy", "loss", "status", "name", "schedule"])
        losses = _losses(result)
        for row in board:
            name = row["name"]
            status = _marks(row).strip() or "finished"
            values = [row["rank"], row["accuracy"], losses[name], status, name]
            rows.writerow([*values, repr(schedules[name])])

    outputs: dict[str, tuple[str, Callable[[IO[Any]], Any]]] = {
        "schedules.png": ("wb", lambda file: _plot.figure(entries).savefig(file, format="png")),
        "losses.png": (
            "wb",
            lambda file: result.plot("accuracy", "max").savefig(file, format="png"),
        ),
        "results.csv": ("w", table),
    }
    for name, (mode, write) in outputs.items():
        with written(out / name, mode) as file:
            write(file)
        print_written([out / name])
