"""The pieces, the algebra and the recipes."""

from fractions import Fraction

import numpy as np
import optax

import jaxsched as js
from cases.table import (
    LONG,
    X64,
    add,
    constant,
    cosine,
    exponential,
    geometric,
    growing,
    interpolate,
    inverse_sqrt,
    inverse_time,
    join,
    linear,
    loose,
    mp,
    phase,
    polynomial,
    power,
    r,
    restarts,
    stairs,
    table,
    transition,
    warmup,
    wave,
)

# --- pieces -------------------------------------------------------------------------------------


def crosses(start, end):
    return max(abs(start), abs(end)) if start * end < 0 else 0.0


FALL, RISE, ACROSS, SMALL = (3e-4, 1e-5), (1e-3, 0.3), (-0.7, 1.3), (1e-30, 0.0)
RANGES = [
    (1.0, 0.0, 10),
    (*FALL, 1000),
    (*RISE, 1001),
    (*ACROSS, 777),
    (*SMALL, 10**7),
    (0.0, 3e-4, 2**24 + 1),
    (*FALL, LONG),
    (1.0, 0.1, 0),
    (1.0, 0.1, 1),
    (1.0, 0.1, 100.5),
    (2e38, -2e38, 77),
]
for start, end, steps in RANGES:
    scale = crosses(start, end)
    numbers = (start, end, steps)
    name = f"({start}, {end}, {steps})"
    add(f"Linear{name}", js.Linear(*numbers), linear(*numbers), scale=scale)
    add(f"Cosine{name}", js.Cosine(*numbers), cosine(*numbers), scale=scale)
    for p in {10: (2.0,), 1000: (0.9,), LONG: (3.0,), 0: (2.0,), 100.5: (1.5,)}.get(steps, ()):
        one = f"({start}, {end}, {steps}, {p})"
        add(f"Polynomial{one}", js.Polynomial(*numbers, p), polynomial(*numbers, p), scale=scale)
        add(f"Power{one}", js.Power(*numbers, p), power(*numbers, p), scale=scale)
        add(f"Cosine{one}", js.Cosine(*numbers, p), cosine(*numbers, p), scale=scale)

add("Power(sqrt)", js.Power(1.0, 0.0, 10**7, 0.5), power(1.0, 0.0, 10**7, 0.5))
add("Power(0)", js.Power(1.0, 0.1, 100, 0.0), constant(0.1))
add("Polynomial(0)", js.Polynomial(1.0, 0.1, 100, 0.0), polynomial(1.0, 0.1, 100, 0.0))
add(
    "Polynomial(across)",
    js.Polynomial(-0.7, 1.3, 777, 2.0),
    polynomial(-0.7, 1.3, 777, 2.0),
    scale=1.3,
)
for start, end, steps in [(1.0, 1e-3, 1000), (1e-5, 0.3, LONG), (3e-4, 3e-5, 1), (0.5, 1e-8, 99.5)]:
    name = f"Geometric({start}, {end}, {steps})"
    add(name, js.Geometric(start, end, steps), geometric(start, end, steps))
add("Geometric(0 steps)", js.Geometric(1.0, 0.1, 0), constant(0.1))
relaxation = transition(lambda x, q: (mp.mpf(q) ** x - q) / (1 - mp.mpf(q)))
tanh = transition(lambda x, lower, upper: (1 - mp.tanh(lower * (1 - x) + upper * x)) / 2)
warped_cosine = transition(lambda x, k, e=1: ((1 + mp.cospi(x**k)) / 2) ** e)
warped_polynomial = transition(lambda x, k, p: (1 - x**k) ** p)
for start, end, steps, k in [(*FALL, 1000, 2.0), (*RISE, LONG, 0.4), (1.0, 0.1, 99.5, 1.5)]:
    numbers = (start, end, steps)
    name = f"({start}, {end}, {steps}, {k})"
    add(f"Cosine(warp){name}", js.Cosine(*numbers, warp=k), warped_cosine(*numbers, k))
    schedule = js.Polynomial(*numbers, 0.9, warp=k)
    add(f"Polynomial(warp){name}", schedule, warped_polynomial(*numbers, k, 0.9))
both = warped_cosine(1.0, 0.0, 10**5, 1.5, 2.0)
add("Cosine(both)", js.Cosine(1.0, 0.0, 10**5, 2.0, 1.5), both, ulps=5.0)
for *numbers, q in [(*FALL, 1000, 0.1), (*RISE, LONG, 0.5), (1.0, 0.0, 99.5, 1e-6)]:
    add(f"Relaxation{(*numbers, q)}", js.Relaxation(*numbers, q), relaxation(*numbers, q))
add("Relaxation(0 steps)", js.Relaxation(1.0, 0.1, 0, 0.5), constant(0.1))
across = relaxation(*ACROSS, 777, 0.2)
add("Relaxation(across)", js.Relaxation(*ACROSS, 777, 0.2), across, scale=crosses(*ACROSS))
for *numbers, low, high in [
    (*FALL, 1000, -7.0, 3.0),
    (*RISE, LONG, -6.0, 4.0),
    (1.0, 0.0, 9.5, 0.0, 9.0),
]:
    name = f"Tanh{(*numbers, low, high)}"
    add(name, js.Tanh(*numbers, low, high), tanh(*numbers, low, high))
add("Tanh(0 steps)", js.Tanh(1.0, 0.1, 0), lambda n: tanh(1.0, 0.1, 1, -7.0, 3.0)(1))
add("Wave", js.Wave(1.0, 0.0, 1000), wave(1.0, 0.0, 1000), **phase(1.0, 1e-3))
add("Wave(cycles)", js.Wave(0.1, 0.3, LONG, 2.5), wave(0.1, 0.3, LONG, 2.5))

add("Exponential", js.Exponential(1.0, 0.97), exponential(1.0, 0.97))
add("Exponential(slow)", js.Exponential(3e-4, 0.5, 10**8), exponential(3e-4, 0.5, 10**8))
add("Exponential(grows)", js.Exponential(1e-6, 1.001, 10**6), exponential(1e-6, 1.001, 10**6))
largest = float(np.finfo(float if X64 else np.float32).max)
grows = exponential(1.0, 1.5, 7)
add("Exponential(overflow)", js.Exponential(1.0, 1.5, 7), lambda n: min(grows(n), largest))
rising = exponential(1e-30, 2.0)
add("Exponential(far)", js.Exponential(1e-30, 2.0), lambda n: min(rising(n), largest))
add("Exponential(small)", js.Exponential(1e6, 0.5), exponential(1e6, 0.5))
add("Exponential(float)", js.Exponential(1.0, 0.1, 333.3), exponential(1.0, 0.1, 333.3))
add("Exponential(stairs)", js.Exponential(1.0, 0.9, 17, True), exponential(1.0, 0.9, 17, True))
add("InverseTime", js.InverseTime(0.1, 0.5), inverse_time(0.1, 0.5))
add("InverseTime(long)", js.InverseTime(0.1, 0.5, 10**7), inverse_time(0.1, 0.5, 10**7))
add("InverseTime(stairs)", js.InverseTime(1.0, 0.3, 7, True), inverse_time(1.0, 0.3, 7, True))
add("InverseTime(fast)", js.InverseTime(1e30, 1e30), inverse_time(1e30, 1e30))
add("InverseSqrt", js.InverseSqrt(1e-3, 1000), inverse_sqrt(1e-3, 1000))
add("InverseSqrt(shift)", js.InverseSqrt(1.0, 10**6, 12345), inverse_sqrt(1.0, 10**6, 12345))
add("InverseSqrt(float)", js.InverseSqrt(1.0, 33.3, 0.5), inverse_sqrt(1.0, 33.3, 0.5))


def inverse_power(start, timescale, power, shift=0):
    start, power = r(start), r(power)
    timescale, shift = (n if isinstance(n, int) else r(n) for n in (timescale, shift))
    return lambda n: float(start * (1 + (mp.mpf(n) + shift) / timescale) ** -mp.mpf(power))


for given in [
    *[(1e-3, 1000, 0.51), (1.0, 10**6, 3.0, 12345), (1.0, 9.5, 0.7, 0.5)],
    (1e20, 1, 7.0),
]:
    add(f"InversePower{given}", js.InversePower(*given), inverse_power(*given))
add("InversePower(0)", js.InversePower(0.1, 7, 0.0), constant(0.1))
add("Constant", js.Constant(0.1), constant(0.1))

random = np.random.default_rng(0)
for count in (1, 3, 32, 33, 1000):
    boundaries = sorted(random.choice(10**6 if count > 3 else 20, count, replace=False).tolist())
    values = random.uniform(0.1, 1.0, count + 1).tolist()
    schedule = js.PiecewiseConstant(boundaries, values)
    add(f"PiecewiseConstant({count})", schedule, stairs(boundaries, values))
    schedule = js.Interpolate(boundaries, values[1:])
    add(f"Interpolate({count})", schedule, interpolate(boundaries, values[1:]))
add(
    "PiecewiseConstant(float)",
    js.PiecewiseConstant([1.5, 4.0], [3.0, 2.0, 1.0]),
    stairs([1.5, 4.0], [3.0, 2.0, 1.0]),
)
add(
    "PiecewiseConstant(far)",
    js.PiecewiseConstant([2**24 + 1, LONG], [3.0, 2.0, 1.0]),
    stairs([2**24 + 1, LONG], [3.0, 2.0, 1.0]),
)
knots, levels = [5, 10, 10**6, 2**24 + 1, LONG], [0.1, 1.0, 0.5, 0.7, 0.1]
add("Interpolate(far)", js.Interpolate(knots, levels), interpolate(knots, levels))
add(
    "Interpolate(cosine)",
    js.Interpolate(knots, levels, "cosine"),
    interpolate(knots, levels, cosine),
)
add(
    "Interpolate(equal)",
    js.Interpolate([0, 7, 7, 20], [0.1, 0.9, 0.2, 0.4]),
    interpolate([0, 7, 7, 20], [0.1, 0.9, 0.2, 0.4]),
)
for knots in ([2, 2, 4], [3, 3], [2, 2, 2, 5.5, 5.5, 9, 9, 9]):
    levels = [0.0, 1.0, 0.25, 0.5, 0.125, 0.75, 0.3, 0.9][: len(knots)]
    add(f"Interpolate{knots}", js.Interpolate(knots, levels), interpolate(knots, levels))
values = random.uniform(0.1, 1.0, 500).tolist()
add("Table", js.Table(values), table(values))
add("Table(1)", js.Table([0.5]), constant(0.5))


def optax_linear(n):  # optax.linear_schedule restated: it computes in float32 whatever the mode
    return 1.0 - 0.9 * min(n, 100) / 100


closure = optax.linear_schedule(1.0, 0.1, 100)
add("Function", js.Function(closure), optax_linear, **loose(1.0))
add("as_schedule", js.as_schedule(closure).warmup(8), warmup(optax_linear, 8), **loose(1.0))

# --- algebra ------------------------------------------------------------------------------------

fall, fall_ref = js.Cosine(3e-4, 3e-5, 1000), cosine(3e-4, 3e-5, 1000)
line, line_ref = js.Linear(1.0, 0.1, 60), linear(1.0, 0.1, 60)

add("then", line.then(fall).then(0.5), join([line_ref, fall_ref, constant(0.5)], [60, 1060]))
add(
    "then(float)",
    js.Linear(1.0, 0.5, 10.5).then(line),
    join([linear(1.0, 0.5, 10.5), line_ref], [10.5]),
)
far = js.Cosine(1.0, 0.1, 2**30).then(js.Linear(0.1, 0.0, 2**30 - 1))
add("then(far)", far, join([cosine(1.0, 0.1, 2**30), linear(0.1, 0.0, 2**30 - 1)], [2**30]))
add(
    "Join(mixed)",
    js.Join([0.1, fall, js.Exponential(1.0, 0.9)], [5, 500]),
    join([constant(0.1), fall_ref, exponential(1.0, 0.9)], [5, 500]),
)
ends = np.cumsum(np.arange(5, 44)).tolist()
pairs = [(1.0 + i / 7, 0.1 * i, 5 + i) for i in range(40)]
add(
    "Join(40)",
    js.Join([js.Cosine(*p) for p in pairs], ends),
    join([cosine(*p) for p in pairs], ends),
)
add("warmup", fall.warmup(100), warmup(fall_ref, 100))
add("warmup(0)", fall.warmup(0), fall_ref)
add("warmup(start)", line.warmup(10**7, 0.01), warmup(line_ref, 10**7, 0.01))
add("delay", fall.delay(50), lambda n: fall_ref(max(n - 50, 0)))
add("delay(float)", line.delay(2.5), lambda n: line_ref(max(n - 2.5, 0)))
add("skip", fall.skip(300), lambda n: fall_ref(n + 300))
add(
    "skip(far)",
    js.InverseSqrt(1.0, 99).skip(LONG - 5),
    lambda n: inverse_sqrt(1.0, 99)(min(n + LONG - 5, n + LONG - 5 if X64 else LONG)),
)
add("stop", fall.stop(300), lambda n: fall_ref(min(n, 300)))
add("hold", fall.hold(50).then(0.1), join([fall_ref, constant(0.1)], [1050]))
add("hold(Constant)", js.Constant(0.2).hold(7).then(line), join([constant(0.2), line_ref], [7]))
add(
    "cooldown",
    fall.cooldown(400, 300, 1e-5, "sqrt"),
    join([fall_ref, power(fall_ref(400), 1e-5, 300, 0.5)], [400]),
)
add(
    "cooldown(far)",
    js.Constant(0.1).cooldown(2**30, 2**30 - 1),
    join([constant(0.1), linear(0.1, 0.0, 2**30 - 1)], [2**30]),
)
add("every", fall.every(7), lambda n: fall_ref(n // 7 * 7))
add("per", fall.per(7), lambda n: fall_ref(n // 7))
add(
    "per(far)",
    js.Linear(1.0, 0.0, 1000).per(10**6 + 3),
    lambda n: linear(1.0, 0.0, 1000)(n // (10**6 + 3)),
)
add("repeat", line.repeat(), lambda n: line_ref(n % 60))
add("repeat(warm)", line.warmup(11).repeat(), lambda n: warmup(line_ref, 11)(n % 71))
for n, gain in ((1, None), (3, 0.9), (16, 0.9), (17, 0.9), (1000, 0.999)):
    reference = restarts(line_ref, 60, n, 1.0 if gain is None else gain)
    points = tuple(60 * i for i in range(n + 1))[-40:]
    # the gain's power and the product add their errors to the line's
    add(f"restarts({n})", line.restarts(n, gain=gain), reference, ulps=8.0, points=points)
for n, gain in ((16, 1e4), (20, 1e3)):
    faint = js.Linear(1e-30, 1e-34, 7)
    reference = restarts(linear(1e-30, 1e-34, 7), 7, n, gain)
    add(f"restarts({n}, grows)", faint.restarts(n, gain=gain), reference, ulps=8.0)
for n in (3, 20):
    empty = js.Linear(1.0, 0.5, 0).restarts(n, gain=0.5)
    add(f"restarts(0 steps, {n})", empty, constant(0.5**n))
add("restarts(inner)", line.warmup(9).restarts(5), restarts(warmup(line_ref, 9), 69, 5))
add(
    "restarts(far)",
    js.Cosine(1.0, 0.1, 2**27 + 1).restarts(15),
    restarts(cosine(1.0, 0.1, 2**27 + 1), 2**27 + 1, 15),
)
for n, growth, gain in ((4, 2, 0.5), (40, 1.25, None), (4, 1.5, 0.9)):
    reference = growing(lambda k: cosine(1.0, 0.1, k), 10, n, growth, gain or 1.0)
    points = np.cumsum([round(10 * growth**i) for i in range(n)]).tolist()
    schedule = js.Cosine(1.0, 0.1, 10).restarts(n, growth=growth, gain=gain)
    add(f"restarts({n}, {growth})", schedule, reference, ulps=5.0, points=points)

add("product", fall * line, lambda n: fall_ref(n) * line_ref(n), ulps=8.0)
add("number * s", 2 * line, lambda n: 2 * line_ref(n))
add("sum", fall + line, lambda n: fall_ref(n) + line_ref(n))
add("difference", fall - line, lambda n: fall_ref(n) - line_ref(n), scale=1.0)
add("1 - s", 1 - line, lambda n: 1 - line_ref(n), scale=1.0)
add("-s", -line, lambda n: -line_ref(n))
add("quotient", fall / line, lambda n: fall_ref(n) / line_ref(n), ulps=8.0)
add("1 / s", 1 / line, lambda n: 1 / line_ref(n), ulps=6.0)
chosen = (fall, line, js.Constant(0.3))
for i, reference in enumerate((fall_ref, line_ref, constant(0.3))):
    add(f"Switch({i})", js.Switch(chosen, i), reference)
add("WithMomentum", js.WithMomentum(fall, 1 - line), fall_ref)
add("clip", line.clip(0.2, 0.8), lambda n: min(max(line_ref(n), r(0.2)), r(0.8)))
add("clip(low)", fall.clip(low=1e-4), lambda n: max(fall_ref(n), r(1e-4)))


def rounded(reference, multiple=1):
    """To the even one of two, at least one."""
    return lambda n: max(round(Fraction(reference(n)) / multiple), 1) * multiple


ramp, ramp_ref = js.Linear(3.0, 515.0, 997), linear(3.0, 515.0, 997)
large = 2.0**24 + 1, 2.0**30 - 1, 0.25  # none of the float32, and at least 1
add("rounded", ramp.rounded(), rounded(ramp_ref))
add("rounded(8)", ramp.rounded(8), rounded(ramp_ref, 8))
add("rounded(Constant)", js.Constant(2**24 + 1).rounded(), lambda n: 2**24 + 1)
add("rounded(Table)", js.Table(large).rounded(3), rounded(lambda n: large[min(n, 2)], 3))
add(
    "rounded(then)",
    js.PiecewiseConstant([50, 90], large).stop(99).then(ramp).every(3).rounded(2),
    rounded(
        lambda n: (
            large[(n // 3 * 3 >= 50) + (n // 3 * 3 >= 90)]
            if n // 3 * 3 < 99
            else ramp_ref(n // 3 * 3 - 99)
        ),
        2,
    ),
)
add("rounded().then", ramp.rounded(4).restarts(3), rounded(restarts(ramp_ref, 997, 3), 4))
deep = fall.warmup(20).every(3).restarts(3).delay(11) * 0.5 + 1e-4
deep_ref = restarts(lambda n: warmup(fall_ref, 20)(n // 3 * 3), 1020, 3)
add("deep", deep, lambda n: 0.5 * deep_ref(max(n - 11, 0)) + r(1e-4), ulps=6.0)

# --- recipes ------------------------------------------------------------------------------------


def recipe(entry, reference, *numbers, **more):
    name = f"{entry.__name__}{numbers}"
    add(name, entry(*numbers), reference, entry=entry, **more)


for peak, warm, steps, end in (
    (1e-3, 100, 1000, 1e-5),
    (1.0, 0, 10, 0.0),
    (3e-4, 10**7, LONG, 0.0),
):
    reference = warmup(cosine(peak, end, steps - warm), warm)
    recipe(js.warmup_cosine, reference, peak, warm, steps, end)
for shape, piece in {
    "linear": linear,
    "cosine": cosine,
    "sqrt": lambda a, b, n: power(a, b, n, 0.5),
    "geometric": geometric,
}.items():
    fall_back = piece(1e-3, 1e-5, 300)
    reference = warmup(lambda n, f=fall_back: f(max(n - 200, 0)), 50)
    recipe(js.wsd, reference, 1e-3, 50, 200, 300, 1e-5, shape)
recipe(
    js.one_cycle, join([cosine(0.1 / 25, 0.1, 30), cosine(0.1, 0.1 / 250_000, 70)], [30]), 0.1, 100
)
recipe(
    js.one_cycle,
    join([cosine(0.01, 1.0, 25), cosine(1.0, 0.0, 76)], [25]),
    1.0,
    101,
    0.25,
    0.01,
    0.0,
)
recipe(js.triangular, join([linear(0.1, 1.0, 20), linear(1.0, 0.1, 21)], [20]), 0.1, 1.0, 41)


def noam(width, warm):
    def value(n):
        rise, fall = (n + 1) * mp.mpf(warm) ** -1.5, mp.mpf(n + 1) ** -0.5
        return float(mp.mpf(width) ** -0.5 * min(rise, fall))

    return value


for warm in (1, 4000):
    # the peak is a number of the schedule, rounded once
    recipe(js.noam, noam(512, warm), 1.0, 512, warm, ulps=5.0)
