"""`python -m jaxsched convert` and `schema`: native configs, and what editors check them by."""

from __future__ import annotations

import argparse

from jaxsched.commands.inputs import left_open, load_all
from jaxsched.commands.show import print_written
from jaxsched.configs import files
from jaxsched.configs.kinds import to_config
from jaxsched.configs.schema import schema
from jaxsched.configs.writing import is_stdout, written


def convert(options: argparse.Namespace) -> None:
    """Print or write the native configs of the schedules of the given files."""
    entries = load_all(options.files, left_open(options), options.key)
    configs = []
    for entry in entries:
        try:
            configs.append(to_config(entry.schedule))
        except ValueError as error:
            raise ValueError(f"{entry.name}: {error}") from None
    data = configs[0] if len(configs) == 1 else configs
    if options.out is None or is_stdout(options.out):
        print(files.in_json(data) if options.json else files.in_yaml(data), end="")
        return
    text = files.written_as(options.out, data)
    with written(options.out) as file:
        file.write(text)
    print_written([options.out])


def print_schema(options: argparse.Namespace) -> None:
    """Print the JSON Schema of native configs."""
    print(files.in_json(schema()), end="")
