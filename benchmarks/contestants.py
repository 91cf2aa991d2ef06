"""What is measured: our schedule, optax's equivalent where there is one, a float64 reference."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np
import optax

import jaxsched as js

# Numbers that float32 holds exactly: the reference computes with the same ones.
START, END, RATE = (float(np.float32(x)) for x in (3e-4, 3e-5, 0.9))
# Largest relative error of ours at any count, and of optax's at 99 % of them: optax cancels near
# an end, and rounds counts above 2^24.
OURS_WITHIN, OPTAX_WITHIN = 1e-6, 1e-4
FEWEST_COUNTS = 4096

Reference = Callable[[np.ndarray], Any]


class Contestant(NamedTuple):
    """One schedule in both libraries, and its formula."""

    name: str
    ours: js.Schedule
    optax: Callable[[Any], Any] | None
    reference: Reference


def contestants(counts: int) -> list[Contestant]:
    """Every piece and the common compositions, with lengths that suit that many counts."""
    n = counts
    warm, most, unit = n // 16, n // 2, n // 64
    quarters = [n // 4, n // 2, 3 * n // 4]
    thousand = [(i + 1) * n // 1001 for i in range(1000)]
    halved = [START * 0.5**i for i in range(4)]
    zigzag = [START * 0.5 ** (i % 2) for i in range(1001)]
    knots = [i * n // 8 for i in range(9)]
    table = np.linspace(START, END, 65536, dtype=np.float32)
    return [
        Contestant("Constant", js.Constant(START), None, lambda t: np.full(t.shape, START)),
        Contestant(
            "Linear",
            js.Linear(START, END, n),
            optax.linear_schedule(START, END, n),
            lambda t: linear(t, START, END, n),
        ),
        Contestant(
            "Cosine",
            js.Cosine(START, END, n),
            optax.cosine_decay_schedule(START, n, END / START),
            lambda t: cosine(t, START, END, n),
        ),
        Contestant(
            "Cosine, exponent 1.5",
            js.Cosine(START, END, n, exponent=1.5),
            optax.cosine_decay_schedule(START, n, END / START, exponent=1.5),
            lambda t: END + (START - END) * cosine(t, 1, 0, n) ** 1.5,
        ),
        Contestant(
            "Polynomial, power 1.7",
            js.Polynomial(START, END, n, power=1.7),
            optax.polynomial_schedule(START, END, 1.7, n),
            lambda t: END + (START - END) * linear(t, 1, 0, n) ** 1.7,
        ),
        Contestant(
            "Polynomial, power 2",
            js.Polynomial(START, END, n, power=2.0),
            optax.polynomial_schedule(START, END, 2.0, n),
            lambda t: END + (START - END) * linear(t, 1, 0, n) ** 2,
        ),
        Contestant(
            "Power 0.5",
            js.Power(START, END, n, power=0.5),
            None,
            lambda t: START + (END - START) * linear(t, 0, 1, n) ** 0.5,
        ),
        Contestant(
            "Geometric",
            js.Geometric(START, END, n),
            optax.exponential_decay(START, n, END / START, end_value=END),
            lambda t: START * (END / START) ** linear(t, 0, 1, n),
        ),
        Contestant(
            "Relaxation",
            js.Relaxation(START, END, n, ratio=0.125),
            None,
            lambda t: END + (START - END) * (0.125 ** linear(t, 0, 1, n) - 0.125) / 0.875,
        ),
        Contestant(
            "Tanh",
            js.Tanh(START, END, n),
            None,
            lambda t: END + (START - END) / (1 + np.exp(2 * linear(t, -7, 3, n))),
        ),
        Contestant(
            "Wave",
            js.Wave(START, END, n, cycles=3.5),
            None,
            lambda t: END + (START - END) * (1 + np.cos(2 * np.pi * 3.5 * t / n)) / 2,
        ),
        Contestant(
            "Exponential",
            js.Exponential(START, RATE, unit),
            optax.exponential_decay(START, unit, RATE),
            lambda t: START * RATE ** (t / unit),
        ),
        Contestant(
            "Exponential, staircase",
            js.Exponential(START, RATE, warm, staircase=True),
            optax.exponential_decay(START, warm, RATE, staircase=True),
            lambda t: START * RATE ** (t // warm),
        ),
        Contestant(
            "InversePower, 0.75",
            js.InversePower(START, unit, power=0.75),
            None,
            lambda t: START * (1 + t / unit) ** -0.75,
        ),
        Contestant(
            "InverseSqrt",
            js.InverseSqrt(START, timescale=unit),
            None,
            lambda t: START / np.sqrt(1 + t / unit),
        ),
        Contestant(
            "InverseTime",
            js.InverseTime(START, RATE, unit),
            None,
            lambda t: START / (1 + RATE * t / unit),
        ),
        Contestant(
            "PiecewiseConstant, 3",
            js.PiecewiseConstant(np.array(quarters), np.array(halved)),
            optax.piecewise_constant_schedule(START, dict.fromkeys(quarters, 0.5)),
            lambda t: np.array(halved)[np.searchsorted(quarters, t, side="right")],
        ),
        Contestant(
            "PiecewiseConstant, 1000",
            js.PiecewiseConstant(np.array(thousand), np.array(zigzag)),
            optax.piecewise_constant_schedule(
                START, {b: 2.0 if i % 2 else 0.5 for i, b in enumerate(thousand)}
            ),
            lambda t: np.array(zigzag)[np.searchsorted(thousand, t, side="right")],
        ),
        Contestant(
            "Interpolate, 9",
            js.Interpolate(np.array(knots), np.array(zigzag[:9])),
            _optax_interpolate("linear", knots),
            lambda t: np.interp(t, knots, zigzag[:9]),
        ),
        Contestant(
            "Interpolate, 9, cosine",
            js.Interpolate(np.array(knots), np.array(zigzag[:9]), kind="cosine"),
            _optax_interpolate("cosine", knots),
            lambda t: cosine(*_piece(t, np.array(knots), np.array(zigzag[:9]))),
        ),
        Contestant(
            "Table, 65536",
            js.Table(table),
            None,
            lambda t: table.astype(np.float64)[np.minimum(t, len(table) - 1)],
        ),
        Contestant(
            "warmup, Cosine",
            js.Cosine(START, END, n - warm).warmup(warm),
            optax.warmup_cosine_decay_schedule(0.0, START, warm, n, END),
            lambda t: np.where(
                t < warm, linear(t, 0, START, warm), cosine(t - warm, START, END, n - warm)
            ),
        ),
        Contestant(
            "join of three",
            js.Linear(0.0, START, warm)
            .then(js.Cosine(START, END, most))
            .then(js.Linear(END, 0.5 * END, n // 4)),
            optax.join_schedules(
                [
                    optax.linear_schedule(0.0, START, warm),
                    optax.cosine_decay_schedule(START, most, END / START),
                    optax.linear_schedule(END, 0.5 * END, n // 4),
                ],
                [warm, warm + most],
            ),
            lambda t: np.where(
                t < warm,
                linear(t, 0, START, warm),
                np.where(
                    t < warm + most,
                    cosine(t - warm, START, END, most),
                    linear(t - warm - most, END, 0.5 * END, n // 4),
                ),
            ),
        ),
        Contestant(
            "wsd",
            js.wsd(START, warm, most, n // 4, END),
            optax.join_schedules(
                [
                    optax.linear_schedule(0.0, START, warm),
                    optax.constant_schedule(START),
                    optax.linear_schedule(START, END, n // 4),
                ],
                [warm, warm + most],
            ),
            lambda t: np.where(
                t < warm,
                linear(t, 0, START, warm),
                linear(t - warm - most, START, END, n // 4),
            ),
        ),
        *(_restarts(cycles, n // cycles) for cycles in (3, 10, 30, 100, 1000)),
    ]


def linear(t: np.ndarray, start: Any, end: Any, steps: Any) -> Any:
    """A line from start to end, in float64."""
    return start + (end - start) * (np.clip(t, 0, steps) / steps)


def cosine(t: np.ndarray, start: Any, end: Any, steps: Any) -> Any:
    """Half a cosine from start to end, in float64 and without cancellation."""
    return end + (start - end) * np.cos(np.pi / 2 * np.clip(t, 0, steps) / steps) ** 2


def optax_restarts(cycles: int, steps: int) -> Any:
    """Optax's equivalent of `Cosine(START, END, steps).restarts(cycles)`."""
    cycle = {"init_value": START, "peak_value": START, "end_value": END, "warmup_steps": 0}
    return optax.sgdr_schedule([{**cycle, "decay_steps": steps}] * cycles)


def error(values: Any, reference: Any) -> Any:
    """Relative to the reference, where 0 must be met exactly."""
    return np.abs(np.asarray(values, np.float64) - reference) / np.maximum(np.abs(reference), 1e-30)


def require_agreement(name: str, ours: float, optax_: float | None) -> None:
    """Raise where errors are beyond `OURS_WITHIN` and `OPTAX_WITHIN`: do not time what is wrong."""
    if not ours <= OURS_WITHIN:
        raise ValueError(f"{name} is {ours:.2g} off its reference, more than {OURS_WITHIN:.0g}")
    if optax_ is not None and not optax_ <= OPTAX_WITHIN:
        raise ValueError(f"optax's {name} is {optax_:.2g} off: not the same schedule")


def _restarts(cycles: int, steps: int) -> Contestant:
    # optax evaluates every cycle at every count: 1000 of them are out of its reach
    return Contestant(
        f"restarts, {cycles}",
        js.Cosine(START, END, steps).restarts(cycles),
        optax_restarts(cycles, steps) if cycles <= 100 else None,
        lambda t: cosine(t - steps * np.minimum(t // steps, cycles - 1), START, END, steps),
    )


def _optax_interpolate(kind: str, knots: list[int]) -> Any:
    # it takes one count at a time
    scales = {b: 2.0 if i % 2 else 0.5 for i, b in enumerate(knots[1:])}
    return jax.vmap(optax.piecewise_interpolate_schedule(kind, START, scales))


def _piece(t: np.ndarray, knots: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, ...]:
    """For every count: the time since its last knot, the values around it, the knots' distance."""
    i = np.clip(np.searchsorted(knots, t, side="right") - 1, 0, len(knots) - 2)
    return t - knots[i], values[i], values[i + 1], np.diff(knots)[i]
