"""The command line: `python -m jaxsched show | sweep [FILE ...]`."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from jaxsched import _digits, _files, _show
from jaxsched.fields import LONGEST

FILES = (
    "YAML or JSON: a config with a kind, an lr_schedule type, a noether schedule_config, "
    "a Kumo lr_scheduler list, or a list of them"
)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


def parser() -> argparse.ArgumentParser:
    """The arguments of `python -m jaxsched`."""
    top = _Parser(prog="jaxsched", description="Schedules that are pytrees.")
    commands = top.add_subparsers(dest="command", required=True, parser_class=_Parser)
    defaults = _files.Open()

    def command(name: str, run: Callable[[argparse.Namespace], None], **texts: Any) -> Any:
        added = commands.add_parser(
            name, formatter_class=argparse.RawDescriptionHelpFormatter, **texts
        )
        added.set_defaults(run=run)
        added.add_argument(
            "--base-lr",
            type=_positive_float,
            default=defaults.base_lr,
            help="base learning rate of what has none (default %(default)s)",
        )
        return added

    show = command(
        "show",
        _show.show,
        help="evaluate schedules and print what they look like",
        description="Evaluate the schedules of config files over all their counts, 0 included,\n"
        "and print their values, peak, duration, shape and evaluation rate.",
        epilog="examples:\n"
        "  python -m jaxsched show\n"
        "  python -m jaxsched show schedule.yaml --plot schedule.png\n"
        "  python -m jaxsched show candidates.yaml --total-steps 1e4 --base-lr 3e-4 --csv v.csv",
    )
    show.add_argument(
        "files",
        metavar="FILE",
        nargs="*",
        type=Path,
        help=f"{FILES} (default: the examples of the package)",
    )
    show.add_argument("--plot", metavar="PNG", type=Path, help="draw the schedules")
    show.add_argument("--csv", metavar="CSV", type=Path, help="write the value at every count")
    show.add_argument(
        "--total-steps",
        type=_positive_int,
        default=defaults.total_steps,
        help="length of what has none (default %(default)s)",
    )
    show.add_argument(
        "--steps-per-epoch",
        type=_positive_int,
        default=defaults.steps_per_epoch,
        help="counts in an epoch (default %(default)s)",
    )
    sweep = command(
        "sweep",
        _digits.sweep,
        help="train a small network on handwritten digits once per schedule, all at once",
        description="Train a small network with optax.adamw on scikit-learn's handwritten digits\n"
        "once per schedule, all of them in one program, and print which did best.",
        epilog="examples:\n"
        "  python -m jaxsched sweep\n"
        "  python -m jaxsched sweep candidates.yaml --steps 1000 --out results",
    )
    sweep.add_argument(
        "files",
        metavar="FILE",
        nargs="*",
        type=Path,
        help=f"{FILES} (default: the examples of show, and a grid of peaks, warmups and shapes)",
    )
    sweep.add_argument(
        "--steps",
        type=_positive_int,
        default=_digits.STEPS,
        help="updates of each network, and the length of what has none (default %(default)s)",
    )
    sweep.add_argument(
        "--out",
        metavar="DIR",
        type=Path,
        default=Path("sweep"),
        help="where to write schedules.png, losses.png and results.csv (default: %(default)s)",
    )
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code is 2, with one line on stderr, where something is wrong."""
    options = parser().parse_args(arguments)
    name = f"jaxsched {options.command}"

    def show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
        print(f"{name}: warning: {message}", file=sys.stderr)

    try:
        with warnings.catch_warnings():
            warnings.showwarning = show_warning
            warnings.simplefilter("always")
            options.run(options)
    except (ValueError, OSError, RecursionError) as error:
        if isinstance(error, RecursionError):
            error = ValueError("a config is nested too deep")
        print(f"{name}: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    return 0


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
