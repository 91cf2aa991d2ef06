"""`python -m jaxsched show`: what the schedules of config files look like."""

from __future__ import annotations

import argparse
import contextlib
import csv
import json
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import jax
import numpy as np

from jaxsched.commands.inputs import left_open, load_all
from jaxsched.configs.files import Entry
from jaxsched.configs.reading import printable
from jaxsched.configs.writing import is_stdout, written
from jaxsched.errors import shortened
from jaxsched.pictures import plots
from jaxsched.pictures.turns import samples
from jaxsched.schedule import Schedule
from jaxsched.sizes import Sizes

CHUNK = 2**22  # counts evaluated at once: long schedules need no more memory than this
BARS = " ▁▂▃▄▅▆▇█"
ASCII = " .:-=+*#@"
WIDTH = 100  # the most characters of a line, where a terminal is wider


def show(options: argparse.Namespace) -> None:
    """Print, draw and write the schedules of the given files."""
    paths = [path for path in (options.plot, options.csv) if path is not None]
    printed = [path for path in paths if is_stdout(path)]
    if len(printed) + options.json > 1:
        raise ValueError("only one of --plot, --csv and --json can have the standard output")
    run = left_open(options)
    entries = load_all(options.files, run, options.key)
    speaks = not printed and not options.json
    if speaks:
        _print_head(len(entries), run)
    summaries = []
    with contextlib.ExitStack() as outputs:
        # opened first: an output that cannot be written is known before the work is done
        picture = outputs.enter_context(written(options.plot, "wb")) if options.plot else None
        if options.plot:
            plots.require_format(options.plot)
        table = outputs.enter_context(written(options.csv)) if options.csv else None
        if table is not None:
            csv.writer(table, lineterminator="\n").writerow(["schedule", "count", "value"])
        for entry in entries:
            summaries.append(_summary(entry, table))
            if speaks:
                _print(summaries[-1], entry)
        if picture is not None:
            plots.figure(entries).savefig(picture, format=options.plot.suffix[1:].lower() or "png")
    if options.json:
        print(json.dumps(summaries, indent=2))
    elif speaks:
        print_written(paths)


def print_written(paths: Iterable[Path]) -> None:
    """Say where something was written."""
    for path in paths:
        print(f"wrote {printable(str(path))}")


def _summary(entry: Entry, table: IO[str] | None) -> dict[str, Any]:
    """What is to be known of a schedule, as plain data; its values are written to the table."""
    schedule, steps = entry.schedule, entry.steps
    peak, where = -np.inf, 0
    for first, values in _chunks(schedule, steps):
        if not (finite := np.isfinite(values)).all():
            count = int(finite.argmin())
            raise ValueError(f"{entry.name}: the value at {first + count} is {values[count]}")
        if table is not None:
            rows = enumerate(values.astype(str).tolist(), first)
            csv.writer(table, lineterminator="\n").writerows((entry.name, *row) for row in rows)
        highest = int(values.argmax())
        if values[highest] > peak:
            peak, where = values[highest], first + highest
    marks = [steps * quarter // 4 for quarter in range(5)]
    return {
        "name": entry.name,
        "source": entry.source,
        "place": entry.place,
        "schedule": repr(schedule),
        "duration": schedule.duration,
        "steps": steps,
        "quarters": np.asarray(schedule(marks)).tolist(),
        "peak": {"value": float(peak), "count": where},
    }


def _print_head(schedules: int, run: Sizes) -> None:
    """How many schedules there are, and the sizes that they asked for."""
    device, several = jax.devices()[0].device_kind, "" if schedules == 1 else "s"
    print(f"{schedules} schedule{several} on {device} with jax {jax.__version__}")
    texts = {
        "total_steps": f"{run.total_steps} steps",
        "base_lr": f"base learning rate {run.base_lr:g}",
        "steps_per_epoch": f"{run.steps_per_epoch} steps per epoch",
        "tokens_per_step": f"{run.tokens_per_step or 0:g} tokens per step",
    }
    if sizes := [text for name, text in texts.items() if name in run.used]:
        _print_items([f"where left open: {sizes[0]}", *sizes[1:]], ", ")


def _print(summary: Mapping[str, Any], entry: Entry) -> None:
    peak, duration = summary["peak"], summary["duration"]
    length = "none" if duration is None else f"{duration:g}".replace("e+", "e")
    width = _columns() - 2
    print(f"\n{entry.name}")
    print(f"  {shortened(summary['schedule'], width)}")
    print(f"  {sparkline(entry.schedule, entry.steps, min(60, width), _bars())}")
    _print_items(f"{25 * i}% {value:.4g}" for i, value in enumerate(summary["quarters"]))
    at = f"peak {peak['value']:.4g} at {peak['count']}"
    _print_items([at, f"duration {length}", f"shown to {entry.steps}"])


def _columns() -> int:
    """The characters of a line: those of the terminal, or of what a page has."""
    return max(20, min(WIDTH, shutil.get_terminal_size().columns))


def _bars() -> str:
    """The characters of a sparkline that the output can carry."""
    try:
        BARS.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return ASCII
    return BARS


def _print_items(items: Iterable[str], between: str = "  ") -> None:
    """The items on as few lines as they fit on."""
    line = ""
    for item in items:
        longer = f"{line}{between}{item}" if line else item
        if line and len(longer) > _columns() - 2:
            print(f"  {line}{between}".rstrip())
            longer = item
        line = longer
    print(f"  {line}")


def _chunks(schedule: Schedule, steps: int) -> Iterator[tuple[int, np.ndarray[Any, Any]]]:
    """The first count and the values of every chunk of the counts 0 ... steps."""
    size = min(CHUNK, steps + 1)
    for first in range(0, steps + 1, size):
        # the last chunk is as long as the others: past the range counts saturate
        counts = np.minimum(np.arange(first, first + size, dtype=np.int64), steps)
        yield first, np.asarray(schedule(counts))[: steps + 1 - first]


def sparkline(schedule: Schedule, steps: int, width: int = 60, bars: str = BARS) -> str:
    """The shape of a schedule in `width` characters, each as high as the highest value in it."""
    counts, values, *_ = samples(schedule, steps, width)
    highest = np.full(width, -np.inf)
    np.maximum.at(highest, counts * width // (steps + 1), values)
    # of fewer counts than characters each has several
    highest = highest[np.maximum.accumulate(np.where(highest > -np.inf, np.arange(width), 0))]
    low, high = min(0.0, values.min()), highest.max()
    level = (highest - low) / (high - low) if high > low else np.ones_like(highest)
    return "".join(bars[int(x)] for x in np.ceil(level * (len(bars) - 1)))
