"""`python -m jaxsched show`: what the schedules of config files look like."""

from __future__ import annotations

import argparse
import contextlib
import json
import time
from collections.abc import Iterator, Mapping
from typing import IO, Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxsched import _files, _plot
from jaxsched._files import Entry
from jaxsched._samples import samples
from jaxsched._schedule import Schedule

CHUNK = 2**22  # counts evaluated at once: long schedules need no more memory than this
TIMED = 2**20  # counts of the array that the rate is measured on, if the schedule is shorter
BARS = " ▁▂▃▄▅▆▇█"


def show(options: argparse.Namespace) -> None:
    """Print, draw and write the schedules of the given files."""
    run = _files.left_open(options)
    entries = _files.load_all(options.files, run)
    device = jax.devices()[0]
    if not options.json:
        print(
            f"{len(entries)} schedules on {device.device_kind} with jax {jax.__version__}; where a "
            f"config leaves it open: {run.total_steps} steps, base learning rate "
            f"{run.base_lr:g}, {run.steps_per_epoch} steps per epoch"
        )
    summaries = []
    with contextlib.ExitStack() as outputs:
        # opened first: an output that cannot be written is known before the work is done
        picture = (
            outputs.enter_context(_files.written(options.plot, "wb")) if options.plot else None
        )
        if options.plot:
            _plot.require_format(options.plot)
        table = outputs.enter_context(_files.written(options.csv)) if options.csv else None
        if table is not None:
            table.write("schedule,count,value\n")
        for entry in entries:
            summaries.append(_summary(entry, table))
            if not options.json:
                _print(summaries[-1], entry)
        if picture is not None:
            _plot.figure(entries).savefig(picture, format=options.plot.suffix[1:].lower() or "png")
    if options.json:
        print(json.dumps(summaries, indent=2))
        return
    for path in (options.plot, options.csv):
        if path is not None:
            print(f"wrote {path}")


def _summary(entry: Entry, table: IO[str] | None) -> dict[str, Any]:
    """What is to be known of a schedule, as plain data; its values are written to the table."""
    schedule, steps = entry.schedule, entry.steps
    peak, where = -np.inf, 0
    for first, values in _chunks(schedule, steps):
        if table is not None:
            label = f'"{entry.name}"' if "," in entry.name else entry.name
            rows = enumerate(values.astype(str).tolist(), first)
            table.writelines(f"{label},{count},{value}\n" for count, value in rows)
        highest = int(values.argmax())
        if values[highest] > peak:
            peak, where = values[highest], first + highest
    marks = [steps * quarter // 4 for quarter in range(5)]
    return {
        "name": entry.name,
        "source": entry.source,
        "place": entry.place,
        "duration": schedule.duration,
        "steps": steps,
        "quarters": np.asarray(schedule(marks)).tolist(),
        "peak": {"value": float(peak), "count": where},
        "rate": _rate(schedule, steps),
    }


def _print(summary: Mapping[str, Any], entry: Entry) -> None:
    quarters = "  ".join(f"{25 * i}% {value:.4g}" for i, value in enumerate(summary["quarters"]))
    peak, duration = summary["peak"], summary["duration"]
    length = "none" if duration is None else f"{duration:g}".replace("e+", "e")
    print(f"\n{entry.name}\n  {sparkline(entry.schedule, entry.steps)}")
    print(f"  {quarters}")
    print(
        f"  peak {peak['value']:.4g} at {peak['count']}  duration {length}  "
        f"shown to {entry.steps}  {summary['rate'] / 1e6:.0f} M counts/s"
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
    """The shape of a schedule in `width` characters, each as high as the highest value in it."""
    counts, values, _ = samples(schedule, steps, width)
    highest = np.full(width, -np.inf)
    np.maximum.at(highest, counts * width // (steps + 1), values)
    # of fewer counts than characters each has several
    highest = highest[np.maximum.accumulate(np.where(highest > -np.inf, np.arange(width), 0))]
    low, high = min(0.0, values.min()), highest.max()
    level = (highest - low) / (high - low) if high > low else np.ones_like(highest)
    return "".join(BARS[int(x)] for x in np.ceil(level * (len(BARS) - 1)))
