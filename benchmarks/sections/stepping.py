"""Schedules of PyTorch and Transformers as arrays, against stepping the originals in Python.

Ours are compiled before; their values come back as a NumPy array.
"""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import jaxsched as js
from benchmarks.report import Row, median, number
from benchmarks.timing import seconds, spread
from jaxsched.dialects import torch as torch_dialect, transformers as transformers_dialect

LIBRARIES = ("torch", "transformers")
BASE = 0.1
WITHIN = 3e-6  # of the largest value
ROUNDS = 9  # of ours; stepping once is enough

HEAD = (
    f"{'':40}{'steps':>11}{'ours, ms':>10}{'stepped, s':>12}{'M steps/s':>11}{'times as fast':>15}"
)


def missing() -> list[str]:
    """The libraries that are not installed, without which nothing is stepped."""
    return [name for name in LIBRARIES if importlib.util.find_spec(name) is None]


def rows(quick: bool) -> Iterator[Row]:
    """Each schedule at the counts from 0 on."""
    if lacking := missing():
        print(f"nothing is stepped without {' and '.join(lacking)}: pip install jaxsched[oracles]")
        return
    steps = 1000 if quick else 10**6
    for name, schedule, make in originals(steps):
        yield row(name, schedule, make, np.arange(steps))


def row(name: str, schedule: js.Schedule, make: Callable[[Any], Any], counts: np.ndarray) -> Row:
    """One schedule; `make` makes the original with an optimizer."""
    import torch

    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=BASE, momentum=0.9)
    stepped = np.empty(len(counts))

    def step() -> None:
        scheduler = make(optimizer)
        for i in range(len(counts)):
            stepped[i] = scheduler.get_last_lr()[0]
            scheduler.step()

    def evaluate() -> np.ndarray:
        return np.asarray(schedule(counts))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # no optimizer steps in between, and past its end
        theirs = seconds(step)
    error = float(np.abs(evaluate() - stepped).max() / np.abs(stepped).max())
    if not error <= WITHIN:
        raise ValueError(f"{name} is {error:.2g} off, more than {WITHIN:.0g}")
    ours = spread([seconds(evaluate) for _ in range(ROUNDS)])
    return {
        "name": name,
        "steps": len(counts),
        "error": error,
        "seconds": {"ours": ours, "stepped": theirs},
        "to_stepped": theirs / ours["median"],
    }


def line(row: Row) -> str:
    """A row of the table."""
    ours, stepped = row["seconds"]["ours"], row["seconds"]["stepped"]
    return (
        f"{row['name']:40}{row['steps']:11,}{median(ours, 1e3):>10}{number(stepped):>12}"
        f"{number(row['steps'] / stepped / 1e6):>11}{row['to_stepped']:15.0f}"
    )


def originals(steps: int) -> Iterator[tuple[str, js.Schedule, Callable[[Any], Any]]]:
    """Name, ours, and the original made with an optimizer."""
    import torch.optim.lr_scheduler as original
    from transformers import get_scheduler

    cases: dict[str, dict[str, Any]] = {
        "StepLR": {"step_size": steps // 10, "gamma": 0.5},
        "CosineAnnealingLR": {"T_max": steps},
        "CosineAnnealingWarmRestarts": {"T_0": steps // 10},
        "CyclicLR": {"base_lr": 0.01, "max_lr": BASE, "step_size_up": steps // 20},
        "OneCycleLR": {"max_lr": BASE, "total_steps": steps},
    }
    for name, given in cases.items():
        ours = given if "base_lr" in given else {"base_lr": BASE, **given}
        make = getattr(original, name)
        schedule = getattr(torch_dialect, name)(**ours)
        yield f"torch.{name}", schedule, lambda o, make=make, given=given: make(o, **given)
    for name in ("linear", "cosine", "inverse_sqrt"):
        sizes = {"num_warmup_steps": steps // 10, "num_training_steps": steps}
        schedule = transformers_dialect.get_scheduler(name, BASE, **sizes)
        yield (
            f"transformers, {name}",
            schedule,
            lambda o, name=name, sizes=sizes: get_scheduler(name, o, **sizes),
        )
