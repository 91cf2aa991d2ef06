"""The command line: `python -m jaxsched show | convert | schema | sweep`."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from jaxsched import __version__
from jaxsched.commands import digits
from jaxsched.commands.convert import convert, print_schema
from jaxsched.commands.show import show
from jaxsched.commands.sweep import sweep
from jaxsched.configs.reading import STDIN, printable
from jaxsched.configs.writing import STDOUT
from jaxsched.fields import LONGEST

FILES = (
    "YAML, JSON or TOML, or - for standard input: a config with a kind, an lr_schedule type, "
    "a noether schedule_config, a Kumo lr_scheduler list, or a list of them"
)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


def parser() -> argparse.ArgumentParser:
    """The arguments of `python -m jaxsched`."""
    top = _Parser(prog="jaxsched", description="Schedules that are pytrees.")
    top.add_argument("--version", action="version", version=f"jaxsched {__version__}")
    commands = top.add_subparsers(dest="command", required=True, parser_class=_Parser)

    def command(name: str, run: Callable[[argparse.Namespace], None], **texts: Any) -> Any:
        added = commands.add_parser(
            name, formatter_class=argparse.RawDescriptionHelpFormatter, **texts
        )
        added.set_defaults(run=run)
        return added

    def with_key(command: Any) -> None:
        command.add_argument(
            "--key", metavar="KEY", help="where it stands in a larger file: optimizer.lr, runs[0]"
        )

    def with_base_lr(command: Any) -> None:
        command.add_argument(
            "--base-lr",
            type=_positive_float,
            default=1e-3,
            help="base learning rate of what has none (default %(default)s)",
        )

    def with_sizes(command: Any) -> None:
        with_base_lr(command)
        command.add_argument(
            "--total-steps",
            type=_positive_int,
            default=1000,
            help="length of what has none, and what 10%% is a part of (default %(default)s)",
        )
        command.add_argument(
            "--steps-per-epoch",
            type=_positive_int,
            default=100,
            help="counts in an epoch (default %(default)s)",
        )
        command.add_argument(
            "--tokens-per-step",
            type=_positive_float,
            help="tokens in a count, for lengths in tokens",
        )

    of_show = command(
        "show",
        show,
        help="evaluate schedules and print what they look like",
        description="Evaluate the schedules of config files over all their counts, 0 included,\n"
        "and print their shape, values, peak and duration.",
        epilog="examples:\n"
        "  python -m jaxsched show\n"
        "  python -m jaxsched show schedule.yaml --plot schedule.png\n"
        "  python -m jaxsched show run.yaml --key optimizer.learning_rate\n"
        "  python -m jaxsched show candidates.yaml --total-steps 1e4 --base-lr 3e-4 --csv v.csv\n"
        "  python -m jaxsched show candidates.yaml --json",
    )
    of_show.add_argument(
        "files",
        metavar="FILE",
        nargs="*",
        type=_input,
        help=f"{FILES} (default: the examples of the package)",
    )
    with_key(of_show)
    of_show.add_argument(
        "--plot", metavar="PNG", type=_output, help="draw the schedules; - for standard output"
    )
    of_show.add_argument(
        "--csv",
        metavar="CSV",
        type=_output,
        help="write the value at every count; - for standard output",
    )
    of_show.add_argument("--json", action="store_true", help="print one JSON document instead")
    with_sizes(of_show)
    of_convert = command(
        "convert",
        convert,
        help="write schedules of any system as native configs",
        description="Print the schedules of config files as native configs: one, or a list.",
        epilog="examples:\n"
        "  python -m jaxsched convert scheduler.yaml --total-steps 1e4\n"
        "  python -m jaxsched convert candidates.json --out native.yaml",
    )
    of_convert.add_argument("files", metavar="FILE", nargs="+", type=_input, help=FILES)
    with_key(of_convert)
    of_convert.add_argument("--out", metavar="FILE", type=_output, help="write a YAML or JSON file")
    of_convert.add_argument("--json", action="store_true", help="print JSON instead of YAML")
    with_sizes(of_convert)
    command(
        "schema",
        print_schema,
        help="print the JSON Schema of configs",
        description="Print the JSON Schema of native configs, by which editors complete and check.",
        epilog="examples:\n"
        "  python -m jaxsched schema > jaxsched.schema.json\n"
        "  # and as the first line of a YAML file:\n"
        "  # yaml-language-server: $schema=jaxsched.schema.json",
    )
    of_sweep = command(
        "sweep",
        sweep,
        help="train a small network on handwritten digits once per schedule, all at once",
        description="Train a small network with optax.adamw on scikit-learn's handwritten digits\n"
        "once per schedule, all of them in one program, and print which did best.",
        epilog="examples:\n"
        "  python -m jaxsched sweep\n"
        "  python -m jaxsched sweep candidates.yaml --steps 1000 --out results",
    )
    of_sweep.add_argument(
        "files",
        metavar="FILE",
        nargs="*",
        type=_input,
        help=f"{FILES} (default: the examples of show, and a grid of peaks, warmups and shapes)",
    )
    with_key(of_sweep)
    with_base_lr(of_sweep)
    of_sweep.add_argument(
        "--steps",
        type=_positive_int,
        default=digits.STEPS,
        help="updates of each network, and the length of what has none (default %(default)s)",
    )
    of_sweep.add_argument(
        "--out",
        metavar="DIR",
        type=Path,
        default=Path("sweep"),
        help="where to write schedules.png, losses.png and results.csv (default: %(default)s)",
    )
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code is 2, with one line on stderr, where something is wrong.

    It is 130 after Ctrl-C, and 141, without a line, where what reads the output has gone.
    """
    top = parser()
    options, rest = top.parse_known_args(arguments)
    if rest and not (rest == ["-"] and getattr(options, "json", False)):  # which prints anyway
        top.error(f"unrecognized arguments: {' '.join(rest)}")
    name = f"jaxsched {options.command}"

    def show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
        print(f"{name}: warning: {printable(str(message))}", file=sys.stderr)

    try:
        with warnings.catch_warnings():
            warnings.showwarning = show_warning
            warnings.simplefilter("always")
            options.run(options)
        sys.stdout.flush()
        return 0
    except BrokenPipeError:
        return 141
    except KeyboardInterrupt:
        problem, code = "interrupted", 130
    except OSError as error:
        named = error.filename or not error.strerror
        problem, code = str(error) if named else f"standard output: {error.strerror}", 2
    except ValueError as error:
        problem, code = str(error), 2
    print(f"{name}: {printable(' '.join(problem.split()))}", file=sys.stderr)
    return code


def _input(text: str) -> Path:
    return STDIN if text == "-" else Path(text)


def _output(text: str) -> Path:
    return STDOUT if text == "-" else Path(text)


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
