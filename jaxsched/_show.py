"""`python -m jaxsched show`: what the schedules of config files look like."""

from __future__ import annotations

import argparse
import contextlib
import time
from collections.abc import Iterator
from typing import IO, Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxsched import _files, plot
from jaxsched._schedule import Schedule

CHUNK = 2**22  # counts evaluated at once: long schedules need no more memory than this
TIMED = 2**20  # counts of the array that the rate is measured on, if the schedule is shorter
BARS = " ▁▂▃▄▅▆▇█"


def show(options: argparse.Namespace) -> None:
    """Print, draw and write the schedules of the given files."""
    left_open = _files.Open(options.total_steps, options.base_lr, options.steps_per_epoch)
    entries = _files.load_all(options.files, left_open)
    device = jax.devices()[0]
    print(
        f"{len(entries)} schedules on {device.device_kind} with jax {jax.__version__}; where a "
        f"config leaves it open: {left_open.total_steps} steps, base learning rate "
        f"{left_open.base_lr:g}, {left_open.steps_per_epoch} steps per epoch"
    )
    with contextlib.ExitStack() as outputs:
        # opened first: an output that cannot be written is known before the work is done
        picture = (
            outputs.enter_context(_files.written(options.plot, "wb")) if options.plot else None
        )
        if options.plot:
            plot.require_format(options.plot)
        table = outputs.enter_context(_files.written(options.csv)) if options.csv else None
        if table is not None:
            table.write("schedule,count,value\n")
        for entry in entries:
            _print_summary(entry.name, entry.schedule, entry.steps, table)
        if picture is not None:
            plot.figure(entries).savefig(picture, format=options.plot.suffix[1:].lower() or "png")
    for path in (options.plot, options.csv):
        if path is not None:
            print(f"wrote {path}")


def _print_summary(name: str, schedule: Schedule, steps: int, table: IO[str] | None) -> None:
    peak, where = -np.inf, 0
    for first, values in _chunks(schedule, steps):
        if table is not None:
            label = f'"{name}"' if "," in name else name
            rows = enumerate(values.astype(str).tolist(), first)
            table.writelines(f"{label},{count},{value}\n" for count, value in rows)
        highest = int(values.argmax())
        if values[highest] > peak:
            peak, where = values[highest], first + highest
    marks = [steps * quarter // 4 for quarter in range(5)]
    quarters = "  ".join(
        f"{25 * i}% {value:.4g}" for i, value in enumerate(np.asarray(schedule(marks)).tolist())
    )
    duration = "none" if schedule.duration is None else f"{schedule.duration:g}".replace("e+", "e")
    print(f"\n{name}\n  {sparkline(schedule, steps)}")
    print(f"  {quarters}")
    print(
        f"  peak {peak:.4g} at {where}  duration {duration}  shown to {steps}  "
        f"{_rate(schedule, steps) / 1e6:.0f} M counts/s"
    )


def _chunks(schedule: Schedule, steps: int) -> Iterator[tuple[int, np.ndarray[Any, Any]]]:
    """The first count and the values of every chunk of the counts 0 ... steps."""
    size = min(CHUNK, steps + 1)
    for first in range(0, steps + 1, size):
        # the last chunk is as long as the others: past the range counts saturate
        counts = np.minimum(np.arange(first, first + size, dtype=np.int64), steps)
        yield first, np.asarray(schedule(counts))[: steps + 1 - first]


def _rate(schedule: Schedule, steps: int) -> float:
    """Counts evaluated a second, in one array on the default device."""
    counts = jnp.arange(min(CHUNK, max(TIMED, steps + 1)))
    schedule(counts).block_until_ready()
    seconds = []
    for _ in range(5):
        begin = time.perf_counter()
        schedule(counts).block_until_ready()
        seconds.append(time.perf_counter() - begin)
    return len(counts) / sorted(seconds)[2]


def sparkline(schedule: Schedule, steps: int, width: int = 60) -> str:
    """The shape of a schedule in characters, from `width` samples; full height is the peak."""
    values = np.asarray(schedule(np.linspace(0, steps, width).astype(np.int64)), float)
    low, high = min(0.0, values.min()), values.max()
    level = (values - low) / (high - low) if high > low else np.ones_like(values)
    return "".join(BARS[int(x)] for x in np.ceil(level * (len(BARS) - 1)))
