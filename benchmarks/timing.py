"""Interleaved rounds: contestants take turns, so that whatever disturbs a machine disturbs all."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import numpy as np

SAMPLE = 2e-3  # seconds that one turn takes at least: a faster call is repeated within its turn
BUDGET = 3.0  # seconds of all rounds together, beyond which there are fewer of them
FEWEST = 3


class Spread(NamedTuple):
    """The quartiles of a measurement."""

    low: float
    median: float
    high: float


def spread(values: np.ndarray) -> Spread:
    """The quartiles of the values.

    >>> spread(np.array([4.0, 1.0, 2.0, 3.0, 5.0]))
    Spread(low=2.0, median=3.0, high=4.0)
    """
    return Spread(*map(float, np.quantile(values, (0.25, 0.5, 0.75))))


def interleaved(contestants: Mapping[str, Callable[[], Any]], rounds: int) -> dict[str, np.ndarray]:
    """Seconds a call of each contestant, one entry a round; they take turns in every round.

    Each result is waited for. Rounds are left out, down to 3, where they would exceed `BUDGET`.
    """
    repeats = {name: _repeats(call) for name, call in contestants.items()}
    taken: dict[str, list[float]] = {name: [] for name in contestants}
    names = list(contestants)
    begin = time.perf_counter()
    for i in range(rounds):
        for name in names[i % len(names) :] + names[: i % len(names)]:  # nobody is always first
            taken[name].append(seconds(contestants[name], repeats[name]))
        if i + 1 >= FEWEST and time.perf_counter() - begin > BUDGET:
            break
    return {name: np.array(times) for name, times in taken.items()}


def seconds(call: Callable[[], Any], repeats: int = 1) -> float:
    """Seconds that one call takes, its result waited for."""
    begin = time.perf_counter()
    for _ in range(repeats):
        jax.block_until_ready(call())
    return (time.perf_counter() - begin) / repeats


def compile_seconds(program: Any, *arguments: Any) -> float:
    """Seconds to compile a jitted program; a later call of it finds what is compiled here."""
    return seconds(lambda: program.lower(*arguments).compile() and None)


def _repeats(call: Callable[[], Any]) -> int:
    first = seconds(call)  # warms up, too
    return 1 if first > 50 * SAMPLE else math.ceil(SAMPLE / seconds(call))
