"""Every curve against extended-precision references of its rounded hyperparameters, in ULP.

Over all lengths to 2^31 - 1, starts and ends: values, ends, order, and that derivatives are finite.
"""

import itertools
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxsched as js

X64 = jax.config.jax_enable_x64
FLOAT, INT = (np.float64, np.int64) if X64 else (np.float32, np.int32)
LONG = np.longdouble
PI = 4 * np.arctan(LONG(1))
EPS = 2.0**-50 if X64 else 2.0**-26
AGREE = 16 if X64 else 2  # ULP between programs, as in jaxsched.testing
LENGTHS = [1, 2, 3, 7, 1000, 10**5, 10**7, 10**8, 2**24 + 1, 2**31 - 1]
PAIRS = [
    pair
    for start in (1.0, 3e-4, 1e-30)
    for pair in [(start, 0.0), (start, 0.1 * start), (start, 1.5 * start), (0.0, start)]
]
POWERS = [0.25, 0.5, 0.9, 1.0, 1.5, 1.7, 2.0, 3.0, 5.0, 10.0]


def counts_of(steps, past=3):
    """As many for every length: dense at both ends and the middle, random between."""
    near = np.arange(-100, 100)
    places = [near, near + steps // 2, near + steps, near + steps // 4, near + steps // 3]
    drawn = np.random.default_rng(steps).integers(0, steps + 1, 1000)
    return np.clip(np.concatenate([*places, drawn]), -past, min(steps + past, 2**31 - 1))


def clip(n, steps):
    return np.clip(n, 0, steps).astype(LONG)


def sin2(part, steps):
    return np.sin(PI / 2 * part / steps) ** 2


def mix(start, end, first, second):
    return start * first + end * second


def log(base, rest):
    """log(base) where base + rest = 1."""
    with np.errstate(divide="ignore"):
        return np.where(rest < 0.5, np.log1p(-rest), np.log(base))


def powers(base, rest, power):
    exponent = power * log(base, rest)
    return np.exp(exponent), -np.expm1(exponent)


def linear_reference(n, start, end, steps):
    n = clip(n, steps)
    return mix(start, end, (steps - n) / steps, n / steps)


def cosine_reference(n, start, end, steps):
    n = clip(n, steps)
    return mix(start, end, sin2(steps - n, steps), sin2(n, steps))


def cosine_power_reference(n, start, end, steps, exponent):
    n = clip(n, steps)
    return mix(start, end, *powers(sin2(steps - n, steps), sin2(n, steps), exponent))


def polynomial_reference(n, start, end, steps, power):
    n = clip(n, steps)
    return mix(start, end, *powers((steps - n) / steps, n / steps, power))


def power_reference(n, start, end, steps, power):
    n = clip(n, steps)
    return mix(end, start, *powers(n / steps, (steps - n) / steps, power))


def warped(n, steps, warp):
    """x^warp and 1 - x^warp."""
    n = clip(n, steps)
    return powers(n / steps, (steps - n) / steps, warp)


def cosine_warp_reference(n, start, end, steps, warp):
    far, near = warped(n, steps, warp)
    return mix(start, end, sin2(near, 1), sin2(far, 1))


def cosine_both_reference(n, start, end, steps, exponent, warp):
    far, near = warped(n, steps, warp)
    return mix(start, end, *powers(sin2(near, 1), sin2(far, 1), exponent))


def polynomial_warp_reference(n, start, end, steps, power, warp):
    far, near = warped(n, steps, warp)
    return mix(start, end, *powers(near, far, power))


def relaxation_reference(n, start, end, steps, ratio):
    n = clip(n, steps)
    left = ratio * np.expm1(-np.log(ratio) * (steps - n) / steps)
    return mix(start, end, left / (1 - ratio), -np.expm1(np.log(ratio) * n / steps) / (1 - ratio))


def tanh_reference(n, start, end, steps, lower, upper):
    n = clip(n, steps)
    z = (lower * (steps - n) + upper * n) / steps
    return mix(start, end, 1 / (1 + np.exp(2 * z)), 1 / (1 + np.exp(-2 * z)))


def exponential_reference(n, rate, steps):
    return np.exp(np.maximum(n, 0).astype(LONG) * log(rate, 1 - rate) / steps)


def staircase_reference(n, rate, steps):
    return exponential_reference(np.maximum(n, 0) // steps, rate, 1)


def warmup_cosine_reference(n, start, end, steps):
    warm = linear_reference(n, LONG(0.25), start, steps)
    return np.where(n < steps, warm, cosine_reference(n - steps, start, end, steps))


def geometric_reference(n, start, end, steps):
    n = clip(n, steps)
    return np.exp((np.log(start) * (steps - n) + np.log(end) * n) / steps)


def inverse_sqrt_reference(n, shift, timescale):
    return 1 / np.sqrt(1 + (np.maximum(n, 0).astype(LONG) + shift) / timescale)


def inverse_power_reference(n, shift, timescale, power):
    return np.exp(-power * np.log1p((np.maximum(n, 0).astype(LONG) + shift) / timescale))


def inverse_time_reference(n, rate, steps):
    return 1 / (1 + rate * np.maximum(n, 0).astype(LONG) / steps)


def transitions(*more):
    """Hyperparameters (start, end, steps, ...) and the length over which to look."""
    return [((*p, n, *m), n) for p in PAIRS for n in LENGTHS for m in itertools.product(*more)]


RATES = [0.1, 0.5, 0.9, 0.97, 0.999, 0.999999, 1.0, 1.0001, 1.3, 2.0, 1e-20]
RATE_CASES = [((r, n), m) for r in RATES for n in LENGTHS for m in (10 * n, 300 * n) if m < 2**31]
GEOMETRIC_CASES = [
    ((*p, n), n)
    for p in [(1.0, 1e-30), (1e-30, 1e30), (3e-4, 3e-5), (1.0, 1.5), (1.0, 1.000001), (7.0, 7.0)]
    for n in LENGTHS
]
SQRT_CASES = [((s, n), 2**31 - 1) for n in LENGTHS for s in (0, 5, 10**6, 2**31 - 1)]
POWER_CASES = [
    ((s, n, p), 2**31 - 1)
    for n in [*LENGTHS, 9.5]
    for s in (0, 5.5, 2**31 - 1)
    for p in (0.1, 0.51, 1.0, 3.0, 7.0)
]
BOUNDS = [(-7.0, 3.0), (-6.3, 4.1), (0.0, 10.0), (-20.0, 20.0), (3.0, -7.0)]
TANH_CASES = [((*hyper, *b), n) for hyper, n in transitions() for b in BOUNDS]
# weights below 2^-102 lose digits: x^3 only where they are not all there is
WARP_CASES = transitions([0.3, 0.7, 1.5]) + [c for c in transitions([3.0]) if c[0][0]]
RATIOS = [1e-30, 1e-3, 0.1, 0.9, 0.999999]
TIME_CASES = [
    ((r, n), m) for r in (0.0, 0.1, 0.7, 1.0, 33.3) for n in LENGTHS for m in (n, 2**31 - 1)
]


def evaluated(make):
    """A function of counts and hyperparameters."""
    return lambda n, *hyper: make(*hyper)(n)


# name: schedule, reference, hyperparameters, bound in ULP
TABLE = {
    "linear": (js.Linear, linear_reference, transitions(), 2.1),
    "cosine": (js.Cosine, cosine_reference, transitions(), 3.5),
    "cosine_power": (js.Cosine, cosine_power_reference, transitions([0.5, 1.0, 2.0, 3.0, 10.0]), 4),
    "polynomial": (js.Polynomial, polynomial_reference, transitions(POWERS), 3),
    "power": (js.Power, power_reference, transitions(POWERS), 3),
    "exponential": (partial(js.Exponential, 1.0), exponential_reference, RATE_CASES, 1.5),
    "staircase": (
        partial(js.Exponential, 1.0, staircase=True),
        staircase_reference,
        RATE_CASES,
        1.5,
    ),
    "geometric": (js.Geometric, geometric_reference, GEOMETRIC_CASES, 2),
    "cosine_warp": (
        lambda s, e, n, warp: js.Cosine(s, e, n, warp=warp),
        cosine_warp_reference,
        WARP_CASES,
        3.5,
    ),
    "cosine_both": (js.Cosine, cosine_both_reference, transitions([0.5, 1.7], [0.3, 1.5]), 5),
    "polynomial_warp": (
        js.Polynomial,
        polynomial_warp_reference,
        transitions([0.5, 2.0, 5.0], [0.5, 3.0]),
        4,
    ),
    "relaxation": (js.Relaxation, relaxation_reference, transitions(RATIOS), 4),
    "tanh": (js.Tanh, tanh_reference, TANH_CASES, 3),
    "inverse_power": (
        lambda shift, n, power: js.InversePower(1.0, n, power, shift),
        inverse_power_reference,
        POWER_CASES,
        2,
    ),
    "inverse_sqrt": (
        lambda shift, n: js.InverseSqrt(1.0, n, shift),
        inverse_sqrt_reference,
        SQRT_CASES,
        2.5,
    ),
    "inverse_time": (partial(js.InverseTime, 1.0), inverse_time_reference, TIME_CASES, 2.5),
    "warmup_cosine": (
        lambda s, e, n: js.Cosine(s, e, n).warmup(n, start=0.25),
        warmup_cosine_reference,
        [(hyper, min(2 * n, 2**31 - 1)) for hyper, n in transitions()],
        4,
    ),
}
TABLE = {name: (evaluated(make), *rest) for name, (make, *rest) in TABLE.items()}
each = pytest.mark.parametrize("name", TABLE)


def typed(hyper):
    return tuple(INT(h) if isinstance(h, int) else FLOAT(h) for h in hyper)


def ulps(value, reference):
    value, reference = np.asarray(value).astype(LONG), np.asarray(reference)
    with np.errstate(over="ignore", invalid="ignore"):
        unit = np.spacing(np.abs(reference).astype(FLOAT))
        error = np.abs(value - reference) / unit
        # growth ends at the largest float
        beyond = (np.abs(reference) >= np.finfo(FLOAT).max) & (np.abs(value) == np.finfo(FLOAT).max)
    tiny = np.finfo(FLOAT).tiny
    flushed = (np.abs(reference) < tiny) & (np.abs(value) <= tiny)
    return np.where(beyond | flushed, 0, error)


def bound_of(name, hyper):
    if X64:  # what _numerics states of float64
        return 24 if name in ("cosine_warp", "cosine_both", "polynomial_warp") else 7
    square = name in ("polynomial", "power") and hyper[-1] == 2  # a product of rounded fractions
    return 4 if square else TABLE[name][3]


@each
def test_error_of_traced_hyperparameters(name):
    function, reference, cases, _ = TABLE[name]
    program = jax.jit(function)
    for hyper, length in cases:
        n, numbers = counts_of(length).astype(INT), typed(hyper)
        value = program(n, *numbers)
        assert value.dtype == FLOAT and value.shape == n.shape
        error = ulps(value, reference(n, *map(LONG, numbers))).max()
        assert error <= bound_of(name, hyper), (*hyper, error)


@each
def test_error_of_constant_hyperparameters(name):
    function, reference, cases, _ = TABLE[name]
    drawn = [cases[i] for i in np.random.default_rng(0).choice(len(cases), 10, replace=False)]
    counts = [counts_of(length).astype(INT) for _, length in drawn]
    numbers = [typed(hyper) for hyper, _ in drawn]

    @jax.jit
    def constants(counts):
        return [function(n, *hyper) for n, hyper in zip(counts, numbers, strict=True)]

    for (hyper, _), n, rounded, value in zip(
        drawn, counts, numbers, constants(counts), strict=True
    ):
        error = ulps(value, reference(n, *map(LONG, rounded))).max()
        assert error <= bound_of(name, hyper), (*hyper, error)


MORE = {
    "cosine_power": (1.7,),
    "cosine_warp": (1.7,),
    "cosine_both": (1.7, 0.7),
    "polynomial": (0.5,),
    "polynomial_warp": (1.7, 0.7),
    "power": (1.7,),
    "relaxation": (0.2,),
    "tanh": (-6.5, 2.5),
    "inverse_power": (0.7,),
}
EXTREMES = {
    **dict.fromkeys(MORE, [(0.25,), (1.0,), (10.0,)]),
    **dict.fromkeys(["cosine_both", "polynomial_warp"], [(0.25, 0.5), (1.0, 1.0), (10.0, 3.0)]),
    "relaxation": [(1e-3,), (0.99,)],
    "tanh": [(-20.0, 20.0), (0.0, 1.0)],
}
TRANSITIONS = [
    *("linear", "cosine", "cosine_power", "cosine_warp", "cosine_both"),
    *("polynomial", "polynomial_warp", "power", "geometric", "relaxation", "tanh"),
]
exact = pytest.mark.parametrize("name", [name for name in TRANSITIONS if name != "tanh"])


def pairs_of(name):
    if name == "geometric":
        return [(1.0, 0.1), (3e-4, 3e-3), (1e-30, 1.0), (0.3, 0.3)]
    far = [(1e30, 0.0), (1e-30, 1e30), (-1e30, 1e30), (3e38, -3e38)]
    return [*PAIRS, (-1.0, 0.7), (0.1, 0.1), *far]


@exact
@pytest.mark.parametrize("kind", [INT, FLOAT])
def test_endpoints_are_exact(name, kind):
    function = jax.jit(TABLE[name][0])
    more = typed(MORE.get(name, ()))
    for (start, end), steps in itertools.product(pairs_of(name), [-1, 0, *LENGTHS]):
        start, end, steps = FLOAT(start), FLOAT(end), kind(steps)
        if steps > 0:
            assert function(kind(0), start, end, steps, *more) == start
            assert function(kind(-5), start, end, steps, *more) == start
        assert function(steps, start, end, steps, *more) == end
        assert function(kind(2**31 - 1), start, end, steps, *more) == end


@pytest.mark.parametrize("name", TRANSITIONS)
def test_stays_inside_and_monotone(name):
    function = jax.jit(TABLE[name][0])
    more = typed(MORE.get(name, ()))
    for (start, end), steps in itertools.product(pairs_of(name), LENGTHS):
        n = np.unique(counts_of(steps)).astype(INT)
        n = np.pad(n, (0, 4096 - n.size), mode="edge")
        value = np.asarray(function(n, FLOAT(start), FLOAT(end), INT(steps), *more))
        low, high = sorted(map(FLOAT, (start, end)))
        assert low <= value.min() and value.max() <= high
        back = np.diff(value.astype(np.float64)) * np.sign(start - end)  # 6e38 is no float32
        unit = np.maximum(np.abs(value[1:]), np.abs(value[:-1]))
        unit = np.full_like(unit, max(abs(low), abs(high))) if low < 0 < high else unit
        assert (back <= 2 * np.spacing(unit)).all()


GRADIENT_HYPER = {
    **{name: [(1.0, 0.0), (0.0, 0.3), (3e-4, 3e-5)] for name in TRANSITIONS},
    "geometric": [(1.0, 0.1), (3e-4, 3e-3)],
    **dict.fromkeys(["exponential", "staircase"], [(0.97,), (1.0001,), (0.1,)]),
    "warmup_cosine": [(1.0, 0.0), (0.0, 0.3), (3e-4, 3e-5)],
    "inverse_sqrt": [(0.0,), (3.0,)],
    "inverse_power": [(0.0,), (3.0,)],
    "inverse_time": [(0.5,), (1.0,)],
}


@each
@pytest.mark.parametrize("kind", [INT, FLOAT])
def test_derivatives_are_finite(name, kind):
    function = TABLE[name][0]
    n = np.array([-(2**31), -1, 0, 1, 5, 9, 10, 11, 2**30, 2**31 - 2, 2**31 - 1], INT).astype(kind)

    @jax.jit
    def all_of(hyper):
        """By every number; with integers in both modes, and the second ones along all numbers."""

        def at(hyper, n=n):
            return function(n, *hyper)

        def reverse(hyper):
            return jax.vmap(jax.grad(at), (None, 0))(hyper, n)

        if kind is FLOAT:
            return reverse(hyper), ()
        gradients, second = jax.jvp(reverse, (hyper,), (tuple(map(jnp.ones_like, hyper)),))
        return (jax.jacfwd(at)(hyper), gradients), second

    for steps, more in itertools.product([0.0, 1.0, 10.0, 2.0**31], EXTREMES.get(name, [()])):
        for head in GRADIENT_HYPER[name][::2]:  # not a rate > 1, whose power is infinite
            for value in jax.tree.leaves(all_of(typed((*head, steps, *more)))[0]):
                assert np.isfinite(value).all(), (head, steps, more)
    within = (n > 0) & (n < 9)
    for value in all_of(typed((*GRADIENT_HYPER[name][0], 10.0, *MORE.get(name, ()))))[1]:
        assert np.isfinite(value[within]).all()


@each
def test_vmap_is_a_loop(name):
    function = jax.jit(TABLE[name][0])
    cases = [typed(hyper) for hyper, _ in TABLE[name][2][:: len(TABLE[name][2]) // 7]]
    n = np.array([0, 1, 2, 5, 500, 10**6], INT)
    stacked = [np.stack(column) for column in zip(*cases, strict=True)]
    together = jax.vmap(function, (None, *[0] * len(stacked)))(n, *stacked)
    for row, hyper in zip(together, cases, strict=True):
        assert (ulps(row, np.asarray(function(n, *hyper)).astype(LONG)) <= AGREE).all()


@pytest.mark.parametrize("cycles", [0.5, 1.0, 3.0, 7.25, 1000.3])
def test_wave(cycles):
    @jax.jit
    def function(*a):
        return js.Wave(1.0, 0.0, *a[1:])(a[0])

    slope = jax.jit(lambda n, k, c: jax.jvp(lambda c: function(n, k, c), (c,), (FLOAT(1),))[1])
    for steps in LENGTHS:
        n = np.concatenate([counts_of(steps), counts_of(2**31 - 1)]).astype(INT)
        turns = np.maximum(n, 0).astype(LONG) * LONG(FLOAT(cycles)) / steps
        turn = np.fmod(np.maximum(n, 0).astype(LONG) * LONG(FLOAT(cycles)), steps) / steps
        exact = np.where(
            np.abs(turn - 0.5) < 0.25, np.sin(PI * (0.5 - turn)) ** 2, 1 - np.sin(PI * turn) ** 2
        )
        phase = 8 * PI * (turns * EPS / 128 + EPS)
        phase = np.where(turns < 2**23, phase, 1)  # beyond, only finite and inside
        room = 3 * np.spacing(exact.astype(FLOAT)) + phase * np.sqrt(exact * (1 - exact)) + phase**2
        value = np.asarray(function(n, INT(steps), FLOAT(cycles)))
        assert (np.abs(value - exact) <= room).all()
        assert (np.abs(function(n.astype(FLOAT), FLOAT(steps), FLOAT(cycles)) <= 1)).all()
        exact = -PI * np.sin(2 * PI * turn) * turns / cycles
        room = 1e-5 * np.abs(exact) + 2 * PI * phase * turns / cycles
        value = np.asarray(slope(n, INT(steps), FLOAT(cycles)))
        assert (np.abs(value - exact) <= room).all()


@pytest.mark.parametrize("steps, cycles", [(1000, 1.0), (93, 0.7), (146, 3.5), (7, 0.5)])
def test_wave_next_to_its_trough(steps, cycles):
    n = np.arange(3 * steps, dtype=INT)
    value = js.Wave(1.0, 0.0, steps, cycles)(n)
    turn = np.fmod(n.astype(LONG) * LONG(FLOAT(cycles)), steps) / steps
    exact = np.where(turn == 0.5, 0, np.sin(PI * (LONG(0.5) - turn)) ** 2)
    assert ulps(np.asarray(value), exact).max() <= (8 if X64 else 4)
    assert (np.asarray(value)[turn == 0.5] == 0).all()
