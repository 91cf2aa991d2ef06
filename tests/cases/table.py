"""What a case is, and references in 40 digits to build the table from.

References are evaluated in 40 digits, or by the float64 oracles of other systems, on the numbers
that the schedule computes with: rounded to float32 unless x64 is on.
"""

import bisect
import dataclasses
from collections.abc import Callable

import jax
import mpmath
import numpy as np

import jaxsched as js

X64 = jax.config.jax_enable_x64
LONG = 2**31 - 1

mp = mpmath.MPContext()
mp.dps = 40


@dataclasses.dataclass(eq=False)
class Case:
    """A schedule and its reference.

    ulps: the error allowed; 4 for one piece, more where errors of several multiply.
    scale: the largest summand, where the schedule adds or crosses 0: its ULP counts.
    relative, absolute: more error, of the value and as a function of the counts.
    entry: the recipe or dialect entry that made the schedule.
    points: counts to be looked at closely.
    """

    name: str
    schedule: js.Schedule
    reference: Callable[[int], float]
    ulps: float = 4.0
    scale: float = 0.0
    relative: float = 0.0
    absolute: Callable | None = None
    entry: object = None
    points: tuple[int, ...] = ()


CASES: list[Case] = []


def add(name, schedule, reference, **more):
    CASES.append(Case(name, schedule, reference, **more))


def r(x):
    """A number as the schedule computes with it."""
    return float(x) if X64 else float(np.float32(x))


def length(n):
    return n if isinstance(n, int) else r(n)


def loose(largest):
    """The bound of other systems' schedules, whose lengths are no integers."""
    relative, absolute = (1e-9, 1e-8) if X64 else (2e-6, 2e-7)
    return {"relative": relative, "absolute": lambda counts: absolute * largest}


def phase(largest, turns):
    """The bound of a wave: its phase is within 4 (2^-33 p + 2^-26) turns at p < 2^23 turns.

    With x64 the phase is one float64, in the oracles too.
    """
    digits = 2.0**-20 if X64 else 1.0
    error = lambda counts: 4 * (2.0**-33 * turns * counts + 2.0**-26) * digits  # noqa: E731
    known = lambda counts: np.where(turns * counts < 2**23, error(counts), 1.0)  # noqa: E731
    return {"absolute": lambda counts: np.pi * largest * np.minimum(known(counts), 1.0)}


# --- references: closures of numbers, in 40 digits ----------------------------------------------


def transition(weight):
    """From the weight of `start` at x in (0, 1)."""

    def make(start, end, steps, *more):
        start, end, steps, more = r(start), r(end), length(steps), [r(x) for x in more]

        def value(n):
            x = mp.mpf(n) / steps if n < steps else mp.mpf(1)
            w = weight(x, *more)
            return float(w * start + (1 - w) * end)

        return value

    return make


linear = transition(lambda x: 1 - x)
cosine = transition(lambda x, e=1: ((1 + mp.cospi(x)) / 2) ** e)
polynomial = transition(lambda x, p: (1 - x) ** p)
power = transition(lambda x, p: 1 - x**p)


def geometric(start, end, steps):
    start, end, steps = r(start), r(end), length(steps)
    return lambda n: float(start * (mp.mpf(end) / start) ** (mp.mpf(min(n, steps)) / steps))


def wave(start, end, steps, cycles=1.0):
    start, end, steps, cycles = r(start), r(end), length(steps), r(cycles)

    def value(n):
        w = (1 + mp.cospi(2 * mp.mpf(cycles) * n / steps)) / 2
        return float(end + (start - mp.mpf(end)) * w)

    return value


def exponential(start, rate, steps=1, staircase=False):
    start, rate, steps = r(start), mp.mpf(r(rate)), length(steps)
    return lambda n: float(start * rate ** (n // steps if staircase else mp.mpf(n) / steps))


def inverse_time(start, rate, steps=1, staircase=False):
    start, rate, steps = r(start), r(rate), length(steps)
    return lambda n: float(start / (1 + rate * mp.mpf(n // steps if staircase else n / steps)))


def inverse_sqrt(start, timescale, shift=0):
    start, timescale, shift = r(start), length(timescale), length(shift)
    return lambda n: float(start / mp.sqrt(1 + (n + mp.mpf(shift)) / timescale))


def constant(value):
    return lambda n: r(value)


def stairs(boundaries, values):
    boundaries = [length(b) for b in boundaries]
    return lambda n: r(values[bisect.bisect_right(boundaries, n)])


def interpolate(boundaries, values, piece=linear):
    boundaries = [length(b) for b in boundaries]

    def value(n):
        i = bisect.bisect_right(boundaries, n)
        if i in (0, len(boundaries)):
            return r(values[max(0, i - 1)])
        left, right = boundaries[i - 1], boundaries[i]
        return piece(values[i - 1], values[i], right - left)(n - left)

    return value


def table(values):
    return lambda n: r(values[min(n, len(values) - 1)])


def join(parts, boundaries):
    """The parts, each from its boundary on."""
    starts = [0, *boundaries]

    def value(n):
        i = bisect.bisect_right(starts, n) - 1
        return parts[i](n - starts[i])

    return value


def warmup(part, steps, start=0.0):
    return join([linear(start, part(0), steps), part], [steps])


def restarts(part, duration, cycles, gain=1.0):
    gain = mp.mpf(r(gain))

    def value(n):
        i = min(n // duration, cycles - 1)
        return float(part(n - i * duration) * gain**i)

    return value


def growing(piece, steps, cycles, growth, gain=1.0):
    """piece(steps) is the reference of a cycle of that length."""
    lengths = [round(steps * growth**i) for i in range(cycles)]

    def cycle(i):
        part = piece(lengths[i])
        return lambda n: part(n) * r(gain**i)

    return join([cycle(i) for i in range(cycles)], np.cumsum(lengths)[:-1].tolist())
