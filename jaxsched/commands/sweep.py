"""`python -m jaxsched sweep`: which schedule trains a small network on handwritten digits best?"""

from __future__ import annotations

import argparse
import csv
import functools
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from jaxsched.commands import digits
from jaxsched.commands.inputs import load_all
from jaxsched.commands.show import print_written
from jaxsched.configs.files import Entry
from jaxsched.configs.writing import written
from jaxsched.errors import shown
from jaxsched.pictures import plots
from jaxsched.sizes import Sizes
from jaxsched.sweeps.program import sweep as run_sweep
from jaxsched.sweeps.results import Sweep

CHUNK = 16  # networks at a time: what an interrupt loses
SHOWN = 15  # rows of the leaderboard


def candidates(options: argparse.Namespace) -> list[Entry]:
    """The schedules of the given files, or the package's examples and a grid of its own."""
    epoch = max(1, options.steps // 10)
    entries = load_all(
        options.files,
        Sizes(options.steps, options.base_lr, steps_per_epoch=epoch),
        options.key,
    )
    if options.files:
        return entries
    own = digits.native(options.steps)
    for record, schedule in zip(own.records(), own, strict=True):
        label = f"{record['shape']}, peak {record['peak']:g}, warmup {record['warmup']}"
        entries.append(Entry("jaxsched", "", label, schedule, options.steps))
    return entries


def sweep(options: argparse.Namespace) -> None:
    """Train once per schedule, print the leaderboard, write pictures and results."""
    data, entries = digits.load(), candidates(options)
    plots.require_format(Path("losses.png"))
    options.out.mkdir(parents=True, exist_ok=True)
    named = {entry.name: entry.schedule for entry in entries}
    print(f"training {len(named)} networks, {options.steps} updates each, in one program")
    task = functools.partial(digits.train, data=data, steps=options.steps)
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
    each = len(named) / seconds
    print(
        f"\n{len(named)} networks in {seconds:.1f} s, compilation included: {each:.0f} a second\n"
    )
    _write(options.out, result, entries, board)


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
        "schedules.png": ("wb", lambda file: plots.figure(entries).savefig(file, format="png")),
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
