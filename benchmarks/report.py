"""The results file of a device, and the cells of the tables that are printed."""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jax

from benchmarks.timing import Spread
from jaxsched.configs.files import written

Row = dict[str, Any]
MISSING = "-"


def environment() -> Row:
    """With what, where and when measurements are made."""
    versions = ("jax", "optax", "numpy", "jaxsched")
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {name: importlib.metadata.version(name) for name in versions},
        "platform": jax.default_backend(),
        "cores": os.cpu_count(),
        "x64": bool(jax.numpy.result_type(float) == jax.numpy.float64),
    }


def file_name(device: str, quick: bool) -> str:
    """The name of a device's results file; quick runs have their own.

    >>> file_name("NVIDIA H200", quick=False)
    'nvidia-h200.json'
    """
    slug = re.sub(r"[^a-z0-9]+", "-", device.lower()).strip("-")
    return f"{slug}-quick.json" if quick else f"{slug}.json"


def load(path: Path) -> Row:
    """The document of a results file.

    Raises:
        ValueError: there is no such file, or it is something else.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise ValueError(f"{path}: {problem.strerror or problem}") from None
    except ValueError:
        raise ValueError(f"{path}: not JSON") from None
    if not isinstance(document, dict) or not {"device", "sections"} <= document.keys():
        raise ValueError(f"{path}: not a results file, which has a device and sections")
    return document


def save(path: Path, document: Row) -> None:
    """Write the document, whole or not at all."""
    with written(path) as file:
        json.dump(document, file, indent=1)
        file.write("\n")


def number(x: float | None, style: str = "") -> str:
    """A cell of a number that may be missing: three digits, or all before the point.

    >>> number(0.12345), number(12345.6), number(None)
    ('0.123', '12,346', '-')
    """
    if x is None:
        return MISSING
    return format(x, style or (".3g" if abs(x) < 999.5 else ",.0f"))


def median(spread: Spread | None, scale: float = 1.0) -> str:
    """A cell of a median, times a scale."""
    return number(None if spread is None else scale * spread["median"])


def ratio(spread: Spread | None) -> str:
    """A cell of a median and its quartiles."""
    if spread is None:
        return MISSING
    low, middle, high = map(number, spread.values())
    return f"{middle} [{low} {high}]"


def counts(n: int) -> str:
    """A cell of an array's size.

    >>> counts(2**20), counts(1000)
    ('2^20', '1,000')
    """
    return f"2^{n.bit_length() - 1}" if n > 1 and n & (n - 1) == 0 else f"{n:,}"
