"""`optax.schedules`: its rules restated, in 40 digits."""

from cases.table import (
    LONG,
    add,
    constant,
    cosine,
    exponential,
    interpolate,
    join,
    linear,
    loose,
    polynomial,
    r,
    stairs,
)
from jaxsched.dialects import optax


def add_optax(entry, args, reference, label="", **more):
    add(f"optax.{entry.__name__}({label})", entry(*args), reference, entry=entry, **more)


def delayed(reference, begin):
    return lambda n: reference(max(n - begin, 0))


def at_least(reference, low):
    return lambda n: max(reference(n), r(low))


def warm(init, peak, warmup, reference):
    return join([linear(init, peak, warmup), reference], [warmup])


def knots(init, scales, piece=None):
    """Cumulative products, constant from one to the next, or interpolated."""
    counts, values = sorted(scales), [init]
    for count in counts:
        values.append(values[-1] * scales[count])
    return interpolate([0, *counts], values, piece) if piece else stairs(counts, values)


add_optax(optax.constant_schedule, (0.1,), constant(0.1))

LINEAR = optax.linear_schedule
add_optax(LINEAR, (1.0, 0.01, 100), linear(1.0, 0.01, 100))
add_optax(LINEAR, (0.0, 0.5, LONG - 7, 7), delayed(linear(0.0, 0.5, LONG - 7), 7), "begin")
add_optax(LINEAR, (0.5, 1.0, 0, 9), constant(0.5), "0")
add_optax(LINEAR, (0.5, 1.0, -3), constant(0.5), "-3")
add_optax(LINEAR, (1.0, 0.1, 50, 7.25), delayed(linear(1.0, 0.1, 50), 7.25), "7.25", **loose(1.0))

POLYNOMIAL = optax.polynomial_schedule
add_optax(POLYNOMIAL, (1.0, 0.1, 1.7, 777), polynomial(1.0, 0.1, 777, 1.7))
add_optax(POLYNOMIAL, (0.9, 0.1, 0, 777), constant(0.9), "power 0")
add_optax(POLYNOMIAL, (0.9, 0.1, 2.0, 0), constant(0.9), "0")
add_optax(POLYNOMIAL, (0.0, 1.0, 3, 11, -5), polynomial(0.0, 1.0, 11, 3), "-5")

COSINE = optax.cosine_decay_schedule
add_optax(COSINE, (0.1, 1000), cosine(0.1, 0.0, 1000))
add_optax(COSINE, (0.1, 57, 0.05, 2.0), cosine(0.1, 0.005, 57, 2.0), "exponent")
add_optax(COSINE, (0.1, 1000, 0.5, 0), constant(0.1), "exponent 0")

EXPONENTIAL = optax.exponential_decay
stepped, smooth = exponential(0.1, 0.5, 7, True), exponential(1.0, 0.5, 7)
add_optax(EXPONENTIAL, (0.1, 10, 0.9), exponential(0.1, 0.9, 10))
add_optax(
    EXPONENTIAL, (0.1, 7, 0.5, 5, True, 0.01), at_least(delayed(stepped, 5), 0.01), "staircase"
)
add_optax(
    EXPONENTIAL,
    (0.1, 7, 1.5, 0, False, 0.5),
    lambda n: min(exponential(0.1, 1.5, 7)(min(n, 100)), r(0.5)),
    "grows",
)
add_optax(EXPONENTIAL, (1.0, 7, 0.5, 20, False, 3.0), at_least(delayed(smooth, 20), 3.0), "3.0")
add_optax(EXPONENTIAL, (0.3, 0, 0.5, 0, False, 1.0), constant(0.3), "0")
add_optax(EXPONENTIAL, (0.3, 10, 0, 0, False, 1.0), constant(0.3), "rate 0")

scales = {30: 0.1, 7: 2.0, 100: 0.5}
early = {0: 0.5, 33: 3.0, LONG: 0.0}
add_optax(optax.piecewise_constant_schedule, (0.3, scales), knots(0.3, scales))
add_optax(optax.piecewise_constant_schedule, (0.3, early), knots(0.3, early), "0")
add_optax(optax.piecewise_constant_schedule, (0.3,), constant(0.3), "none")
INTERPOLATE = optax.piecewise_interpolate_schedule
add_optax(INTERPOLATE, ("linear", 0.2, scales), knots(0.2, scales, linear), "linear")
add_optax(INTERPOLATE, ("cosine", 0.2, early), knots(0.2, early, cosine), "cosine")
add_optax(INTERPOLATE, ("linear", 0.2, {0: 0.5}), constant(0.1), "0")
add_optax(INTERPOLATE, ("linear", 0.2, {}), constant(0.2), "none")


def linear_onecycle(steps, peak, up=0.3, down=0.85, div=25.0, final=1e4):
    """The knots are the keys of a dict: a later one of the same count takes its place."""
    scales = {int(up * steps): div, int(down * steps): 1 / div, steps: 1 / final}
    return knots(peak / div, scales, linear)


def cosine_onecycle(steps, peak, up=0.3, div=25.0, final=1e4):
    return knots(peak / div, {int(up * steps): div, steps: 1 / (div * final)}, cosine)


for args in ((100, 0.1), (10, 0.3, 0.5, 1.0), (7, 0.3, 0.0, 0.1, 10.0), (50, 0.3, 0.8, 0.2, 10, 9)):
    add_optax(optax.linear_onecycle_schedule, args, linear_onecycle(*args), str(args))
for args in ((1001, 0.1), (10, 0.3, 1.0), (100, 0.3, 0.29, 10.0, 100.0)):
    add_optax(optax.cosine_onecycle_schedule, args, cosine_onecycle(*args), str(args))

add_optax(optax.warmup_constant_schedule, (0.01, 0.1, 33), linear(0.01, 0.1, 33))
add_optax(optax.warmup_constant_schedule, (0.01, 0.1, 0), constant(0.01), "0")

WARM_COSINE = optax.warmup_cosine_decay_schedule
add_optax(WARM_COSINE, (0.0, 0.1, 10, 100), warm(0.0, 0.1, 10, cosine(0.1, 0.0, 90)))
add_optax(
    WARM_COSINE,
    (0.01, 0.3, 33, 101, 0.02, 1.5),
    warm(0.01, 0.3, 33, cosine(0.3, 0.02, 68, 1.5)),
    "exponent",
)
add_optax(WARM_COSINE, (0.1, 0.3, 0, 60), cosine(0.3, 0.0, 60), "0")
add_optax(WARM_COSINE, (0.2, 0, 50, 100, -3.0, 2), warm(0.2, 0.0, 50, constant(0.0)), "peak 0")

WARM_EXPONENTIAL = optax.warmup_exponential_decay_schedule
add_optax(WARM_EXPONENTIAL, (0.0, 0.1, 7, 9, 0.7), warm(0.0, 0.1, 7, exponential(0.1, 0.7, 9)))
add_optax(
    WARM_EXPONENTIAL,
    (0.05, 0.1, 3, 7, 0.5, 5, True, 0.02),
    warm(0.05, 0.1, 3, at_least(delayed(stepped, 5), 0.02)),
    "staircase",
)

CYCLES = [
    {"init_value": 0.0, "peak_value": 0.1, "warmup_steps": 5, "decay_steps": 20},
    {"init_value": 0.01, "peak_value": 0.05, "warmup_steps": 3, "decay_steps": 33, "exponent": 2},
    {"init_value": 0.2, "peak_value": 0.1, "warmup_steps": 0, "decay_steps": 17, "end_value": 0.01},
]
cycles = [
    warm(0.0, 0.1, 5, cosine(0.1, 0.0, 15)),
    warm(0.01, 0.05, 3, cosine(0.05, 0.0, 30, 2)),
    cosine(0.1, 0.01, 17),
]
add_optax(optax.sgdr_schedule, (CYCLES,), join(cycles, [20, 53]))

parts = [0.5, LINEAR(1.0, 0.1, 7), EXPONENTIAL(0.5, 3, 0.5)]
references = [constant(0.5), linear(1.0, 0.1, 7), exponential(0.5, 0.5, 3)]
for boundaries, more in (([5, 9], {}), ([5.5, 9.25], loose(1.0))):
    schedule = (parts, boundaries)
    add_optax(optax.join_schedules, schedule, join(references, boundaries), str(boundaries), **more)
