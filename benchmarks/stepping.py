"""Schedules of PyTorch and Transformers as arrays against stepping the originals in Python."""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import jaxsched as js
from benchmarks.report import Row
from benchmarks.timing import seconds
from jaxsched.dialects import torch as torch_dialect, transformers as transformers_dialect

LIBRARIES = ("torch", "transformers")
BASE = 0.1
WITHIN = 3e-6  # of the largest value


def missing() -> list[str]:
    """The libraries that are not installed, without which nothing is stepped."""
    return [name for name in LIBRARIES if importlib.util.find_spec(name) is None]


def contestants(steps: int) -> Iterator[tuple[str, js.Schedule, Callable[[Any], Any]]]:
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


def rows(steps: int) -> Iterator[Row]:
    """Each schedule at counts 0 ... steps - 1, ours compiled before; stepping once is enough."""
    import torch

    counts = np.arange(steps)
    for name, schedule, make in contestants(steps):
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=BASE, momentum=0.9)
        stepped = np.empty(steps)

        def step(make: Any = make, optimizer: Any = optimizer, stepped: Any = stepped) -> None:
            scheduler = make(optimizer)
            for i in range(len(stepped)):
                stepped[i] = scheduler.get_last_lr()[0]
                scheduler.step()

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # no optimizer steps in between, and past its end
            theirs = seconds(step)
        evaluate = lambda schedule=schedule: np.asarray(schedule(counts))  # noqa: E731
        error = float(np.abs(evaluate() - stepped).max() / np.abs(stepped).max())
        if not error <= WITHIN:
            raise ValueError(f"{name} is {error:.2g} off, more than {WITHIN:.0g}")
        ours = float(np.median([seconds(evaluate) for _ in range(9)]))
        times = {"ours": ours, "stepped": theirs}
        yield {
            "name": name,
            "steps": steps,
            "error": error,
            "seconds": times,
            "to_stepped": theirs / ours,
        }
