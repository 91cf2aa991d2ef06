"""The schedules that a command is given."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from jaxsched.configs.files import Entry, in_file
from jaxsched.sizes import Sizes


def left_open(options: argparse.Namespace) -> Sizes:
    """What a command fills in where a config leaves it open."""
    return Sizes(
        options.total_steps, options.base_lr, options.steps_per_epoch, options.tokens_per_step
    )


def load_all(files: Sequence[Path], run: Sizes, key: str | None = None) -> list[Entry]:
    """The schedules of the files, or, if there are none, of the package's examples."""
    found = [entry for path in files for entry in in_file(path, run, key=key)]
    if key and not files:
        raise ValueError(f"--key {key} needs a file")
    if not files:
        examples = resources.files("jaxsched") / "examples"
        for name in ("lr_schedule", "noether", "kumo"):
            with resources.as_file(examples / f"{name}.json") as path:
                found += in_file(path, run, name)
    if not found:
        raise ValueError(f"no schedules in {', '.join(map(str, files))}")
    return found
