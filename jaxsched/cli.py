"""The command line: `python -m jaxsched show [FILE ...]`."""

from __future__ import annotations

import argparse
import contextlib
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import IO, Any, NoReturn

import jax
import jax.numpy as jnp
import numpy as np

from jaxsched import _files, plot
from jaxsched._schedule import Schedule
from jaxsched.fields import LONGEST

CHUNK = 2**22  # counts evaluated at once: long schedules need no more memory than this
TIMED = 2**20  # counts of the array that the rate is measured on, if the schedule is shorter
BARS = " ▁▂▃▄▅▆▇█"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


def parser() -> argparse.ArgumentParser:
    """The arguments of `python -m jaxsched`."""
    top = _Parser(prog="jaxsched", description="Schedules that are pytrees.")
    commands = top.add_subparsers(dest="command", required=True, parser_class=_Parser)
    show = commands.add_parser(
        "show",
        help="evaluate schedules and print what they look like",
        description="Evaluate the schedules of config files over all their counts, 0 included,\n"
        "and print their values, peak, duration, shape and evaluation rate.",
        epilog="examples:\n"
        "  python -m jaxsched show\n"
        "  python -m jaxsched show schedule.yaml --plot schedule.png\n"
        "  python -m jaxsched show candidates.yaml --total-steps 1e4 --base-lr 3e-4 --csv v.csv",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    show.add_argument(
        "files",
        metavar="FILE",
        nargs="*",
        type=Path,
        help="YAML or JSON: a config with a kind, an lr_schedule type, a noether schedule_config, "
        "a Kumo lr_scheduler list, or a list of them (default: the examples of the package)",
    )
    show.add_argument("--plot", metavar="PNG", type=Path, help="draw the schedules")
    show.add_argument("--csv", metavar="CSV", type=Path, help="write the value at every count")
    defaults = _files.Open()
    show.add_argument(
        "--total-steps",
        type=_positive_int,
        default=defaults.total_steps,
        help="length of what has none (default %(default)s)",
    )
    show.add_argument(
        "--base-lr",
        type=_positive_float,
        default=defaults.base_lr,
        help="base learning rate of what has none (default %(default)s)",
    )
    show.add_argument(
        "--steps-per-epoch",
        type=_positive_int,
        default=defaults.steps_per_epoch,
        help="counts in an epoch (default %(default)s)",
    )
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code is 2, with one line on stderr, where something is wrong."""
    options = parser().parse_args(arguments)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning
            warnings.simplefilter("always")
            show(options)
    except (ValueError, OSError, RecursionError) as error:
        if isinstance(error, RecursionError):
            error = ValueError("a config is nested too deep")
        print(f"jaxsched show: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    return 0


def show(options: argparse.Namespace) -> None:
    """Print, draw and write the schedules of the given files."""
    left_open = _files.Open(options.total_steps, options.base_lr, options.steps_per_epoch)
    entries = [
        entry
        for place, data in _sources(options.files)
        for entry in _files.entries(data, place, left_open)
    ]
    if not entries:
        raise ValueError(f"no schedules in {', '.join(map(str, options.files))}")
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
        if picture is not None:
            _require_format(options.plot)
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


def _sources(files: Sequence[Path]) -> Iterator[tuple[str, Any]]:
    if files:
        for path in files:
            yield str(path), _files.read(path)
        return
    for name in ("lr_schedule", "noether", "kumo"):
        with resources.as_file(resources.files("jaxsched") / "examples" / f"{name}.json") as path:
            yield name, _files.read(path)


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


def _require_format(path: Path) -> None:
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
    except ImportError:
        raise ValueError("--plot needs matplotlib: pip install jaxsched[plot]") from None
    known = FigureCanvasAgg.get_supported_filetypes()
    if path.suffix and path.suffix[1:].lower() not in known:
        raise ValueError(f"{path}: cannot draw {path.suffix}, only {', '.join(sorted(known))}")


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    print(f"jaxsched show: warning: {message}", file=sys.stderr)


def _positive_int(text: str) -> int:
    value = _positive_float(text)  # 1e6 is a whole number too
    if not value.is_integer() or value > LONGEST:
        raise argparse.ArgumentTypeError(f"must be a whole number of at most {LONGEST}, got {text}")
    return int(value)


def _positive_float(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a positive number, got {text}")
    return value
