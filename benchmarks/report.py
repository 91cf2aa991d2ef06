"""The tables that are printed, and the JSON file that is kept."""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jax

from benchmarks.timing import Spread

Row = dict[str, Any]
MISSING = "-"


def environment() -> Row:
    """Where and with what the measurements were made."""
    versions = {name: importlib.metadata.version(name) for name in ("jax", "optax", "jaxsched")}
    return {
        "device": jax.devices()[0].device_kind,
        "platform": jax.default_backend(),
        "cores": os.cpu_count(),
        "x64": jax.numpy.result_type(float) == "float64",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": versions,
    }


def slug(device: str) -> str:
    """A device's name as a file name.

    >>> slug("NVIDIA H200")
    'nvidia-h200'
    """
    return re.sub(r"[^a-z0-9]+", "-", device.lower()).strip("-")


def save(folder: Path, document: Row) -> Path:
    """Write DEVICE.json into the folder, whole or not at all."""
    path = folder / f"{slug(document['device'])}.json"
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=".", suffix=".json")
    try:
        with os.fdopen(handle, "w") as file:
            json.dump(document, file, indent=1)
            file.write("\n")
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    return path


def summary(document: Row) -> str:
    """The line with device, versions and sizes."""
    versions = ", ".join(f"{name} {version}" for name, version in document["versions"].items())
    counts = " and ".join(f"{n:,}" for n in document["counts"])
    return (
        f"{document['device']} ({document['cores']} cores), {versions}; {counts} counts, "
        f"at most {document['rounds']} rounds\n"
        "Speed of ours over the other's, above 1 ours is faster: median [quartiles] over rounds"
    )


def schedules_head(counts: int) -> str:
    """Title and columns of the table of schedules."""
    title = f"{counts:,} counts"
    return (
        f"\n{title:26}{'of a cast-copy':>19}{'of optax':>22}{'G counts/s':>12}"
        f"{'compile s':>11}{'optax':>7}"
    )


def schedules_line(row: Row) -> str:
    """One row of the table of schedules."""
    compiled = row["compile_s"]
    return (
        f"{row['name']:26}{_ratio(row['to_copy']):>19}{_ratio(row['to_optax']):>22}"
        f"{row['counts'] / row['seconds']['ours'].median / 1e9:12.3f}"
        f"{_number(compiled['ours'], '.2f'):>11}{_number(compiled['optax'], '.2f'):>7}"
    )


def grid_lines(row: Row) -> list[str]:
    """The table of the grid."""
    seconds, compiled, ratios = row["seconds"], row["compile_s"], row["ratios"]
    millis = {name: spread.median * 1e3 for name, spread in seconds.items()}
    return [
        f"\n{row['points']} Cosines x {row['counts']:,} counts",
        f"{'one program':44}{millis['ours']:10.2f} ms   compiled in {compiled['ours']:.2f} s",
        f"{'loop of jitted optax closures':44}{millis['optax']:10.2f} ms   "
        f"compiled in {compiled['optax']:.2f} s",
        f"{'plain fill':44}{millis['fill']:10.2f} ms",
        f"{'of the loop, compiled before':44}{_ratio(ratios['to_optax'])}",
        f"{'of the loop with its compilation (once)':44}{ratios['to_optax_compiling']:.3g}",
        f"{'of the fill':44}{_ratio(ratios['to_fill'])}",
    ]


def build_lines(row: Row) -> list[str]:
    """The table of building grids."""
    millis = {name: spread.median * 1e3 for name, spread in row["seconds"].items()}
    return [
        "",
        *(
            f"{f'{points} warmed-up Cosines':44}{millis[f'build_{name}']:10.1f} ms to build, "
            f"{millis[f'compile_{name}']:.0f} ms to compile and run"
            for name, points in row["points"].items()
        ),
    ]


def sweep_lines(row: Row) -> list[str]:
    """The table of the sweep."""
    times = {name: spread.median for name, spread in row["seconds"].items()}
    return [
        f"\n{row['points']} networks of {row['updates']} updates, compilation included",
        f"{'one sweep':44}{times['sweep']:10.2f} s",
        f"{'one jitted optax closure each':44}{times['closures']:10.2f} s   "
        f"of it {_ratio(row['to_closures'])}",
        f"{'one compiled function in turn':44}{times['in turn']:10.2f} s   "
        f"of it {_ratio(row['to_in_turn'])}",
    ]


def eager_head() -> str:
    """Title and columns of the table of eager calls."""
    columns = f"{'ours':>8}{'identity':>10}{'optax':>10}{'of optax':>22}"
    return f"\n{'eager call, microseconds':30}{columns}"


def eager_line(row: Row) -> str:
    """One row of the table of eager calls."""
    micros = {name: spread.median * 1e6 for name, spread in row["seconds"].items()}
    return (
        f"{row['name']:30}{micros['ours']:8.1f}{micros['identity']:10.1f}{micros['optax']:10.1f}"
        f"{_ratio(row['to_optax']):>22}"
    )


def stepping_head(steps: int) -> str:
    """Title and columns of the table of stepped schedules."""
    return f"\n{f'{steps:,} steps, seconds':40}{'ours':>10}{'stepped':>10}{'times as fast':>15}"


def stepping_line(row: Row) -> str:
    """One row of the table of stepped schedules."""
    taken = row["seconds"]
    return f"{row['name']:40}{taken['ours']:10.4f}{taken['stepped']:10.2f}{row['to_stepped']:15.0f}"


def plain(value: Any) -> Any:
    """`value` with every spread as a mapping, for JSON."""
    if isinstance(value, Spread):
        return value._asdict()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def _number(x: float | None, style: str) -> str:
    return MISSING if x is None else format(x, style)


def _ratio(spread: Spread | None) -> str:
    if spread is None:
        return MISSING
    return f"{spread.median:.3g} [{spread.low:.3g} {spread.high:.3g}]"
