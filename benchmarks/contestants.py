"""What is measured: our schedule, optax's equivalent where there is one, a float64 reference."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np
import optax

import jaxsched as js

# Numbers that float32 holds exactly: the reference computes with the same ones.
START, END, RATE, POWER = (float(np.float32(x)) for x in (3e-4, 3e-5, 0.9, 1.7))
# Largest relative error of ours at any count, and of optax's at 99 % of them: optax cancels near
# an end, and rounds counts above 2^24.
OURS_WITHIN, OPTAX_WITHIN = 1e-6, 1e-4
# Optax looks at each of a thousand boundaries at each count: with more counts it takes minutes.
OPTAX_MOST = 2**20


class Contestant(NamedTuple):
    """One schedule in both libraries, and its formula."""

    name: str
    ours: js.Schedule
    optax: Any  # a function of counts, or None
    reference: Callable[[np.ndarray], Any]

    @property
    def schedules(self) -> dict[str, Any]:
        """Those of the libraries that have it."""
        both = {"ours": self.ours, "optax": self.optax}
        return {name: schedule for name, schedule in both.items() if schedule is not None}


def contestants(length: int, end: float = END) -> list[Contestant]:
    """Every piece, and the common compositions that fit into that length.

    Args:
        length: of each; of what has no end, a time in which much happens.
        end: where what may arrive at 0 does.
    """
    found = _curves(length, end)
    if length >= 64:
        found += _compositions(length, end)
    if length >= 4096:
        found += _long(length, end)
    return found


def _curves(n: int, end: float) -> list[Contestant]:
    unit = max(1, n // 64)
    stair = max(1, n // 16)
    fall = START - end
    return [
        Contestant("Constant", js.Constant(START), None, lambda t: np.full(t.shape, START)),
        Contestant(
            "Linear",
            js.Linear(START, end, n),
            optax.linear_schedule(START, end, n),
            lambda t: linear(t, START, end, n),
        ),
        Contestant(
            "Cosine",
            js.Cosine(START, end, n),
            optax.cosine_decay_schedule(START, n, end / START),
            lambda t: cosine(t, START, end, n),
        ),
        Contestant(
            "Cosine, exponent 1.5",
            js.Cosine(START, end, n, exponent=1.5),
            optax.cosine_decay_schedule(START, n, end / START, exponent=1.5),
            lambda t: end + fall * cosine(t, 1, 0, n) ** 1.5,
        ),
        *(_polynomial(n, end, power) for power in (1.0, 2.0, 3.0, 0.5, POWER)),
        Contestant(
            "Power 0.5",
            js.Power(START, end, n, power=0.5),
            None,
            lambda t: end + fall * linear(t, 1, 0, n) / (1 + np.sqrt(linear(t, 0, 1, n))),
        ),
        Contestant(
            "Geometric",
            js.Geometric(START, END, n),
            optax.exponential_decay(START, n, END / START, end_value=END),
            lambda t: START * (END / START) ** linear(t, 0, 1, n),
        ),
        Contestant(
            "Relaxation",
            js.Relaxation(START, end, n, ratio=0.125),
            None,
            lambda t: end + fall * np.expm1(np.log(8) * linear(t, 1, 0, n)) / 7,
        ),
        Contestant(
            "Tanh",
            js.Tanh(START, end, n),
            None,
            lambda t: end + fall / (1 + np.exp(2 * linear(t, -7, 3, n))),
        ),
        Contestant(
            # never to 0: what is exact there is its phase, not its value
            "Wave",
            js.Wave(START, END, n, cycles=3.5),
            None,
            lambda t: END + (START - END) * np.cos(np.pi * 3.5 * t / n) ** 2,
        ),
        Contestant(
            "Exponential",
            js.Exponential(START, RATE, unit),
            optax.exponential_decay(START, unit, RATE),
            lambda t: START * RATE ** (t / unit),
        ),
        Contestant(
            "Exponential, staircase",
            js.Exponential(START, RATE, stair, staircase=True),
            optax.exponential_decay(START, stair, RATE, staircase=True),
            lambda t: START * RATE ** (t // stair),
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
    ]


def _compositions(n: int, end: float) -> list[Contestant]:
    warm, most, last = n // 16, n // 2, n // 4
    unit = n // 64
    quarters = [n // 4, n // 2, 3 * n // 4]
    halved = [START * 0.5**i for i in range(4)]
    knots = [i * n // 8 for i in range(9)]
    zigzag = [START * 0.5 ** (i % 2) for i in range(9)]
    scales = {b: 2.0 if i % 2 else 0.5 for i, b in enumerate(knots[1:])}
    table = np.linspace(START, END, 65536, dtype=np.float32)
    up = round(0.3 * n)
    return [
        Contestant(
            "PiecewiseConstant, 3",
            js.PiecewiseConstant(np.array(quarters), np.array(halved)),
            optax.piecewise_constant_schedule(START, dict.fromkeys(quarters, 0.5)),
            lambda t: np.array(halved)[np.searchsorted(quarters, t, side="right")],
        ),
        Contestant(
            "Interpolate, 9",
            js.Interpolate(np.array(knots), np.array(zigzag)),
            _of_arrays(optax.piecewise_interpolate_schedule("linear", START, scales)),
            lambda t: linear(*_piece(t, np.array(knots), np.array(zigzag))),
        ),
        Contestant(
            "Interpolate, 9, cosine",
            js.Interpolate(np.array(knots), np.array(zigzag), shape="cosine"),
            _of_arrays(optax.piecewise_interpolate_schedule("cosine", START, scales)),
            lambda t: cosine(*_piece(t, np.array(knots), np.array(zigzag))),
        ),
        Contestant(
            "Table, 65536",
            js.Table(table),
            None,
            lambda t: table.astype(np.float64)[np.minimum(t, len(table) - 1)],
        ),
        Contestant(
            "join of three",
            js.Linear(0.0, START, warm)
            .then(js.Cosine(START, END, most))
            .then(js.Linear(END, 0.5 * end, last)),
            optax.join_schedules(
                [
                    optax.linear_schedule(0.0, START, warm),
                    optax.cosine_decay_schedule(START, most, END / START),
                    optax.linear_schedule(END, 0.5 * end, last),
                ],
                [warm, warm + most],
            ),
            lambda t: np.where(
                t < warm,
                linear(t, 0, START, warm),
                np.where(
                    t < warm + most,
                    cosine(t - warm, START, END, most),
                    linear(t - warm - most, END, 0.5 * end, last),
                ),
            ),
        ),
        Contestant(
            "warmup_cosine",
            js.warmup_cosine(START, warm, n, end),
            optax.warmup_cosine_decay_schedule(0.0, START, warm, n, end),
            lambda t: np.where(
                t < warm, linear(t, 0, START, warm), cosine(t - warm, START, end, n - warm)
            ),
        ),
        Contestant(
            "Exponential, warmed up",
            js.Exponential(START, RATE, unit).warmup(warm),
            optax.join_schedules(
                [
                    optax.linear_schedule(0.0, START, warm),
                    optax.exponential_decay(START, unit, RATE),
                ],
                [warm],
            ),
            lambda t: np.where(
                t < warm, linear(t, 0, START, warm), START * RATE ** ((t - warm) / unit)
            ),
        ),
        Contestant(
            "Exponential, cooled down",
            js.Exponential(START, RATE, unit).cooldown(n - last, last, end),
            optax.join_schedules(
                [
                    optax.exponential_decay(START, unit, RATE),
                    optax.linear_schedule(START * RATE ** ((n - last) / unit), end, last),
                ],
                [n - last],
            ),
            lambda t: np.where(
                t < n - last,
                START * RATE ** (t / unit),
                linear(t - (n - last), START * RATE ** ((n - last) / unit), end, last),
            ),
        ),
        Contestant(
            "wsd",
            js.wsd(START, warm, most, last, end),
            optax.join_schedules(
                [
                    optax.linear_schedule(0.0, START, warm),
                    optax.constant_schedule(START),
                    optax.linear_schedule(START, end, last),
                ],
                [warm, warm + most],
            ),
            lambda t: np.where(
                t < warm, linear(t, 0, START, warm), linear(t - warm - most, START, end, last)
            ),
        ),
        Contestant(
            "one_cycle",
            js.one_cycle(START, n, start=END, end=end),
            _of_arrays(
                optax.cosine_onecycle_schedule(
                    n,
                    START,
                    div_factor=START / END,
                    final_div_factor=END / end if end else math.inf,
                )
            ),
            lambda t: np.where(
                t < up, cosine(t, END, START, up), cosine(t - up, START, end, n - up)
            ),
        ),
        Contestant(
            "triangular",
            js.triangular(end, START, n),
            optax.join_schedules(
                [
                    optax.linear_schedule(end, START, n // 2),
                    optax.linear_schedule(START, end, n - n // 2),
                ],
                [n // 2],
            ),
            lambda t: np.where(
                t < n // 2,
                linear(t, end, START, n // 2),
                linear(t - n // 2, START, end, n - n // 2),
            ),
        ),
        Contestant(
            "noam",
            js.noam(START, 4, warm),
            None,
            lambda t: START / 2 * np.minimum((t + 1.0) ** -0.5, (t + 1) * warm**-1.5),
        ),
        restarts(10, n // 10, end),
    ]


def _long(n: int, end: float) -> list[Contestant]:
    boundaries = [(i + 1) * n // 1001 for i in range(1000)]
    zigzag = np.array([START * 0.5 ** (i % 2) for i in range(1001)])
    scales = {b: 2.0 if i % 2 else 0.5 for i, b in enumerate(boundaries)}
    within_reach = n <= OPTAX_MOST
    return [
        Contestant(
            "PiecewiseConstant, 1000",
            js.PiecewiseConstant(np.array(boundaries), zigzag),
            optax.piecewise_constant_schedule(START, scales) if within_reach else None,
            lambda t: zigzag[np.searchsorted(boundaries, t, side="right")],
        ),
        restarts(1000, n // 1000, end)._replace(optax=None),  # takes 8 s to compile
    ]


def _polynomial(n: int, end: float, power: float) -> Contestant:
    return Contestant(
        f"Polynomial, power {power:.3g}",
        js.Polynomial(START, end, n, power=power),
        optax.polynomial_schedule(START, end, power, n),
        lambda t: end + (START - end) * linear(t, 1, 0, n) ** power,
    )


def restarts(cycles: int, steps: int, end: float = END) -> Contestant:
    """A cosine of that many steps, over and over."""
    cycle = {"init_value": START, "peak_value": START, "end_value": end, "warmup_steps": 0}
    return Contestant(
        f"restarts, {cycles}",
        js.Cosine(START, end, steps).restarts(cycles),
        optax.sgdr_schedule([{**cycle, "decay_steps": steps}] * cycles),
        lambda t: cosine(t - steps * np.minimum(t // steps, cycles - 1), START, end, steps),
    )


def linear(t: np.ndarray, start: Any, end: Any, steps: Any) -> Any:
    """A line from start to end, in float64; counted from the lower one, nothing cancels."""
    low, way, share = _from_the_lower(t, start, end, steps)
    return low + way * share


def cosine(t: np.ndarray, start: Any, end: Any, steps: Any) -> Any:
    """Half a cosine from start to end, in float64; from the lower one, nothing cancels."""
    low, way, share = _from_the_lower(t, start, end, steps)
    return low + way * np.sin(np.pi / 2 * share) ** 2


def error(values: Any, reference: Any) -> Any:
    """Relative to the reference, where 0 must be met exactly."""
    return np.abs(np.asarray(values, np.float64) - reference) / np.maximum(np.abs(reference), 1e-30)


def errors(contestant: Contestant, counts: np.ndarray, values: dict[str, Any]) -> dict[str, float]:
    """Errors of ours (the largest) and of optax's (that of 99 %): do not time what is wrong.

    Raises:
        ValueError: one is beyond `OURS_WITHIN` or `OPTAX_WITHIN`.
    """
    expected = contestant.reference(np.asarray(counts, np.int64))
    found = {"ours": float(error(values["ours"], expected).max())}
    if "optax" in values:
        found["optax"] = float(np.quantile(error(values["optax"], expected), 0.99))
    require_agreement(contestant.name, **found)
    return found


def require_agreement(name: str, ours: float, optax: float = 0.0) -> None:
    """Raise where errors are beyond `OURS_WITHIN` and `OPTAX_WITHIN`."""
    if not ours <= OURS_WITHIN:
        raise ValueError(f"{name} is {ours:.2g} off its reference, more than {OURS_WITHIN:.0g}")
    if not optax <= OPTAX_WITHIN:
        raise ValueError(f"optax's {name} is {optax:.2g} off: not the same schedule")


def _from_the_lower(t: np.ndarray, start: Any, end: Any, steps: Any) -> tuple[Any, Any, Any]:
    """The lower of start and end, the way to the other, and the share of it at every count."""
    t = np.clip(t, 0, steps)
    away = np.where(np.less(start, end), t, steps - t)
    return np.minimum(start, end), np.abs(np.subtract(end, start)), away / steps


def _of_arrays(schedule: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Optax's interpolations take one count at a time."""
    return lambda counts: jax.vmap(schedule)(counts) if np.ndim(counts) else schedule(counts)


def _piece(t: np.ndarray, knots: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, ...]:
    """For every count: the time since its last knot, the values around it, the knots' distance."""
    i = np.clip(np.searchsorted(knots, t, side="right") - 1, 0, len(knots) - 2)
    return t - knots[i], values[i], values[i + 1], np.diff(knots)[i]
