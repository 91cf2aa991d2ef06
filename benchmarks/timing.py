"""Interleaved rounds: contestants take turns, so that whatever disturbs a machine disturbs all."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import Any

import jax
import numpy as np

SAMPLE = 2e-3  # seconds that one turn takes at least: a faster call is repeated within its turn
BUDGET = 1.5  # seconds of all rounds together, beyond which there are fewer of them
FEWEST, MOST = 3, 21  # rounds

Calls = Mapping[str, Callable[[], Any]]
Spread = dict[str, float]


def spread(values: Any) -> Spread:
    """The quartiles of a measurement, in four digits.

    >>> spread([4.0, 1.0, 2.0, 3.0, 5.0])
    {'low': 2.0, 'median': 3.0, 'high': 4.0}
    """
    quartiles = np.quantile(values, (0.25, 0.5, 0.75))
    digits = (float(f"{x:.4g}") for x in quartiles)
    return dict(zip(("low", "median", "high"), digits, strict=True))


def spreads(taken: Mapping[str, Any]) -> dict[str, Spread]:
    """The quartiles of each."""
    return {name: spread(values) for name, values in taken.items()}


def rounds(quick: bool) -> int:
    """How many rounds to make at most."""
    return FEWEST if quick else MOST


def interleaved(calls: Calls, rounds: int) -> dict[str, np.ndarray]:
    """Seconds of each call, one entry a round; they take turns in every round.

    Each result is waited for. Rounds are left out, down to 3, where they would exceed `BUDGET`.
    """
    repeats = {name: _repeats(call) for name, call in calls.items()}
    taken: dict[str, list[float]] = {name: [] for name in calls}
    names = list(calls)
    begin = time.perf_counter()
    for i in range(rounds):
        for name in names[i % len(names) :] + names[: i % len(names)]:  # nobody is always first
            taken[name].append(seconds(calls[name], repeats[name]))
        if i + 1 >= FEWEST and time.perf_counter() - begin > BUDGET:
            break
    return {name: np.array(times) for name, times in taken.items()}


def from_scratch(calls: Calls, rounds: int) -> dict[str, np.ndarray]:
    """Like `interleaved`, for calls that compile: JAX forgets what it has compiled before each."""
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            jax.clear_caches()
            taken[name].append(seconds(call))
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
