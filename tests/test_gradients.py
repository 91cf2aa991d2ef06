"""Derivatives by every number of every curve, in both modes, against references in 80 digits.

Over the ranges that the numbers may have and to their edges: for whole arrays of counts, for one
count, and for batches of schedules.
"""

from functools import partial

import jax
import mpmath
import numpy as np
import pytest

import jaxsched as js

X64 = jax.config.jax_enable_x64
FLOAT, INT = (np.float64, np.int64) if X64 else (np.float32, np.int32)
TINY, LARGEST = float(np.finfo(FLOAT).tiny), float(np.finfo(FLOAT).max)
NEXT_TO_1 = 1 - float(np.finfo(FLOAT).epsneg)

mp = mpmath.MPContext()
mp.dps = 80  # a derivative may be 1e-50 of its value


def transition(weight):
    """From the weight of `start` at x in [0, 1]."""

    def value(n, start, end, steps, *more):
        w = weight(mp.mpf(n) / steps if n < steps else mp.mpf(1), *more)
        return w * start + (1 - w) * end

    return value


def to(base, power):
    """base^power, with 0^0 = 1 and no derivative at 0."""
    return base**power if base else mp.mpf(power == 0)


def tanh(x, low, high):
    return (1 - mp.tanh(low + (high - low) * x)) / 2


def interpolate(x, a, b, c, u, v, w, bend=lambda x: x):
    if x < a or x >= c:
        return u if x < a else w
    i, j, left, right = (a, b, u, v) if x < b else (b, c, v, w)
    return left + (right - left) * bend((x - i) / (j - i))


def cycle(n, gain, cycles):
    i = min(n // 10, cycles - 1)
    return (2 - (n - 10 * i) / mp.mpf(10) if n < 10 * cycles else 1) * gain**i


def knots(kind):
    return lambda a, b, c, u, v, w: js.Interpolate([a, b, c], [u, v, w], kind)


PAIRS = [(1.3, 0.1), (0.0, 3e-4), (-0.7, 1.3), (1e-30, 0.0), (1e30, 2e29)]
POWERS = [0.0, 1e-30, 1e-3, 0.25, 1.0, 1.7, 2.0, 3.0, 30.0]
LENGTHS = [7, 10**5, 2**31 - 1, 7.0, 1e5]


def of(*more):
    """Transitions of every length, pair of ends, and every one of more numbers."""
    sets = [(1.3, 0.1, n, *m) for n in LENGTHS for m in (more or [()])]
    return sets + [(*p, n, *m) for p in PAIRS for n in (1000, 99.5) for m in (more or [()])[-1:]]


def each_of(numbers):
    return [(x,) for x in numbers]


# name: schedule, reference, hyperparameters: integers are lengths and no arguments of derivatives
CURVES = {
    "linear": (js.Linear, transition(lambda x: 1 - x), of()),
    "cosine": (js.Cosine, transition(lambda x: (1 + mp.cospi(x)) / 2), of()),
    "cosine_power": (
        js.Cosine,
        transition(lambda x, p: to((1 + mp.cospi(x)) / 2, p)),
        of(*each_of(POWERS[1:])),
    ),
    "cosine_warp": (
        js.Cosine,
        transition(lambda x, p, w: to((1 + mp.cospi(to(x, w))) / 2, p)),
        of((1.0, 0.3), (2.0, 1.0), (0.7, 1.7), (1.5, 3.0)),
    ),
    "polynomial": (js.Polynomial, transition(lambda x, p: to(1 - x, p)), of(*each_of(POWERS))),
    "polynomial_warp": (
        js.Polynomial,
        transition(lambda x, p, w: to(1 - to(x, w), p)),
        of((0.0, 2.0), (1.0, 0.3), (2.0, 1.0), (0.7, 1.7), (1.5, 3.0)),
    ),
    "power": (js.Power, transition(lambda x, p: 1 - to(x, p)), of(*each_of(POWERS))),
    "geometric": (
        js.Geometric,
        lambda n, s, e, k: s * (e / s) ** min(mp.mpf(n) / k, 1),
        [(*p, n) for p in [(1.3, 0.1), (1e-30, 1e30), (7.0, 7.0), (1.0, 1.0001)] for n in LENGTHS],
    ),
    "relaxation": (
        js.Relaxation,
        transition(lambda x, q: (q**x - q) / (1 - q)),
        of(*each_of([1e-37, 1e-30, 1e-3, 0.3, 0.5, 0.9, 0.999, 0.999999, NEXT_TO_1])),
    ),
    "tanh": (
        js.Tanh,
        transition(tanh),
        of((-6.5, 2.5), (3.0, -7.0), (-20.0, 20.0), (0.0, 1e-3), (0.0, 0.0), (1.0, 1.0)),
    ),
    "wave": (
        js.Wave,
        lambda n, s, e, k, c: e + (s - e) * (1 + mp.cospi(2 * c * n / k)) / 2,
        [(1.3, 0.1, k, c) for k in (977, 10**5, 99.5) for c in (0.3, 1.0, 7.25)],
    ),
    "exponential": (
        js.Exponential,
        lambda n, s, r, k: s * r ** (mp.mpf(n) / k),
        [
            (s, r, k)
            for s in (1.0, -3e-30, 1e30)
            for r in (1e-37, 1e-3, 0.5, 0.97, NEXT_TO_1, 1.0, 1.0001, 2.0, 1e30)
            for k in (1, 10**5, 2.5)
        ],
    ),
    "staircase": (
        partial(js.Exponential, staircase=True),
        lambda n, s, r, k: s * r ** (n // int(k)),
        [(s, r, k) for s in (1.0, 1e-30) for r in (0.5, 1.0, 1.3, 1e10) for k in (1, 17, 10**5)],
    ),
    "inverse_time": (
        js.InverseTime,
        lambda n, s, r, k: s / (1 + r * mp.mpf(n) / k),
        [
            (s, r, k)
            for s in (1.0, 1e30)
            for r in (0.0, 1e-9, 0.5, 1.0, 1e18, 1e30)
            for k in (1, 10**5, 2.5)
        ],
    ),
    "inverse_sqrt": (
        js.InverseSqrt,
        lambda n, s, t, c: s / mp.sqrt(1 + (n + c) / mp.mpf(t)),
        [(s, t, c) for s in (1.0, 1e20) for t in (1e-6, 1.0, 1e5) for c in (0.0, 5.5, 1e9)],
    ),
    "inverse_power": (
        js.InversePower,
        lambda n, s, t, p, c: s * (1 + (n + c) / mp.mpf(t)) ** -p,
        [
            (s, t, p, c)
            for s in (1.0, 1e20)
            for t in (1e-3, 1.0, 1e5)
            for p in (0.0, 1e-3, 0.51, 1.0, 7.0)
            for c in (0.0, 5.5)
        ],
    ),
    "gain": (
        lambda gain: js.Linear(2.0, 1.0, 10).restarts(5, gain=gain),
        partial(cycle, cycles=5),
        each_of([1e-6, 0.5, 0.9, 1.0, 2.0, 1e6]),
    ),
    "gains": (
        lambda gain: js.Linear(2.0, 1.0, 10).restarts(50, gain=gain),
        partial(cycle, cycles=50),
        each_of([0.5, 0.9, 1.0, 1.1]),
    ),
    "warmup": (
        lambda s, e, k, w, b: js.Cosine(s, e, k).warmup(w, b),
        lambda n, s, e, k, w, b: (
            b + (s - b) * n / mp.mpf(w) if n < w else CURVES["cosine"][1](n - w, s, e, k)
        ),
        [(1.3, 0.1, k, 50, 0.2) for k in LENGTHS],
    ),
    "interpolate": (
        knots("linear"),
        interpolate,
        [(3.0, 10.5, 99.5, 0.1, 1.3, -0.2), (0.0, 7.0, 1e4, 1.0, 1.0, 1e-30)],
    ),
    "interpolate_cosine": (
        knots("cosine"),
        partial(interpolate, bend=lambda x: (1 - mp.cospi(x)) / 2),
        [(3.0, 10.5, 99.5, 0.1, 1.3, -0.2), (0.0, 7.0, 1e4, 1.0, 1.0, 1e-30)],
    ),
}
UNENDING = ("exponential", "staircase", "inverse_time", "inverse_sqrt", "inverse_power")


def counts_of(name, hyper):
    """Next to either end, in the middle and beyond; never on a kink."""
    if name in UNENDING:
        return [1, 2, 7, 100, 130, 1000, 33333, 10**6, 2**31 - 1]
    length = {"gain": 50, "gains": 500, "warmup": 100}.get(name) or hyper[2]
    whole = int(length)
    thirds = [whole // 3, whole // 2, whole // 2 + 1, whole * 2 // 3]
    places = [1, 2, *thirds, whole // 100, whole // 10, whole // 4, whole * 9 // 10, whole - 2]
    kink = hyper[:3] if name.startswith("interpolate") else (length,)
    places = [*places, whole - 1, whole + 3, whole // 5]
    return [min(n + (n in kink), 2**31 - 1) for n in places]


def typed(x):
    return INT(x) if isinstance(x, int) else FLOAT(x)


@partial(jax.jit, static_argnums=0)
def derivatives(make, counts, hyper):
    """By the floats, in both modes, of a schedule at counts: an array of them, or one alone."""

    def value(n, *hyper):
        return make(*hyper)(n)

    floats = tuple(i + 1 for i, h in enumerate(hyper) if h.dtype == FLOAT)
    return [mode(value, floats)(counts, *hyper) for mode in (jax.jacfwd, jax.jacrev)]


def exact_of(reference, n, hyper, i):
    """The derivative, or NaN where it or the value is no float."""

    def value(h):
        return reference(n, *hyper[:i], h, *hyper[i + 1 :])

    slope = mp.diff(value, hyper[i])
    inside = all(8 * TINY < abs(x) < LARGEST / 8 for x in (value(hyper[i]), slope) if x)
    return float(slope) if inside else np.nan


@pytest.mark.parametrize("name", CURVES)
def test_both_modes_by_every_number(name):
    make, reference, sets = CURVES[name]
    kinds = {tuple(map(type, hyper)): [] for hyper in sets}
    for hyper in sets:
        kinds[tuple(map(type, hyper))].append(hyper)
    # where a derivative by a phase, or by a knot far away, is next to 0
    near_0 = 3e-6 if name == "wave" else 1e-7 if "interpolate" in name else 1e-30
    first, *_ = kinds
    for kind, sets in kinds.items():
        counts = [counts_of(name, hyper) for hyper in sets]
        columns = [np.array([typed(x) for x in column]) for column in zip(*sets, strict=True)]
        rounded = [[mp.mpf(x.item()) for x in row] for row in zip(*columns, strict=True)]
        counts = np.array(counts, INT)
        if kind is first:  # of one schedule after the other, and once at a single count
            rows = list(zip(*columns, strict=True))
            each = [derivatives(make, n, row) for n, row in zip(counts, rows, strict=True)]
            both = jax.tree.map(lambda *rows: np.stack(rows), *each)
            one = derivatives(make, counts[0, 3], rows[0])
        else:  # of all in a batch
            both = jax.vmap(partial(derivatives, make))(counts, columns)
        for k, i in enumerate(i for i, number in enumerate(kind) if number is float):
            exact = np.array(
                [
                    [exact_of(reference, n, hyper, i) for n in ns]
                    for hyper, ns in zip(rounded, counts.tolist(), strict=True)
                ]
            )
            largest = np.nanmax(np.abs(exact), axis=1, keepdims=True, initial=0)
            room = 1e-5 * np.abs(exact) + near_0 * largest + 32 * TINY
            for got in (mode[k] for mode in both):
                wrong = ~(np.abs(got - exact) <= room) & ~np.isnan(exact)
                assert not wrong.any(), (i, sets, np.argwhere(wrong), got[wrong], exact[wrong])
            for got in (mode[k] for mode in one if kind is first):
                assert np.isnan(exact[0, 3]) or abs(got - exact[0, 3]) <= room[0, 3], (i, sets[0])
                assert np.isfinite(got), (i, sets[0])
