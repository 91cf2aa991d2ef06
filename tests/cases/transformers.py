"""Transformers' schedules, against their rules in 40 digits."""

from cases.table import (
    LONG,
    X64,
    add,
    constant,
    cosine,
    inverse_sqrt,
    join,
    linear,
    loose,
    mp,
    phase,
    polynomial,
    power,
    r,
    wave,
)
from jaxsched.dialects import transformers as hf

B = 3e-4


def add_case(entry, schedule, reference, note="", **bound):
    add(f"transformers.{entry.__name__}({note})", schedule, reference, entry=entry, **bound)


def warmed(steps, decay, peak=B):
    return join([linear(0.0, peak, steps), decay], [steps])


def ahead(part, steps):
    """The clock saturates at the largest int."""
    last = 2**63 - 1 if X64 else LONG
    return lambda n: part(min(n + steps, last))


def cut(part, boundary, end):
    """The part, and from the boundary on the end: half open."""
    return lambda n: part(n) if n < boundary else r(end)


def falls(start, steps, cycles):
    """Hard restarts, where count times cycles, a multiple of steps, has reached the next."""

    def value(n):
        x = mp.mpf(cycles) * n / steps
        return 0.0 if n >= steps else float(r(start) * (1 + mp.cospi(x - mp.floor(x))) / 2)

    return value


add_case(hf.get_constant_schedule, hf.get_constant_schedule(B), constant(B))

entry = hf.get_constant_schedule_with_warmup
for steps in (0, 33, LONG):
    add_case(entry, entry(B, steps), warmed(steps, constant(B)), steps)

entry = hf.get_linear_schedule_with_warmup
for steps, total in ((10, 100), (0, 10**8 + 7), (100, 50), (0, 0)):
    reference = warmed(steps, linear(B, 0.0, max(0, total - steps)))
    add_case(entry, entry(B, steps, total), reference, f"{steps}, {total}")

entry = hf.get_cosine_schedule_with_warmup
for steps, total, cycles_in, runs in (
    *((10, 100, 1, 2), (100, 1097, 1, 4), (1, 10**6, 3, 1), (10, 10, 1, 2)),  # whole half cycles
    *((7, 90, 7, 10), (100, 10**6, 73, 10), (0, LONG, 1, 2)),
):
    left, cycles = max(1, total - steps), cycles_in / runs
    reference = warmed(steps, wave(B, 0.0, left * runs, cycles_in))
    whole = left * runs % (2 * cycles_in) == 0 and left < LONG
    bound = {} if whole else phase(B, cycles / left)
    name = f"{steps}, {total}, {cycles}"
    add_case(entry, entry(B, steps, total, cycles), reference, name, **bound)

entry = hf.get_cosine_with_hard_restarts_schedule_with_warmup
for steps, total, cycles in (
    *((10, 100, 1), (5, 95, 3), (100, 1_000_100, 20)),
    *((5, 101, 4), (0, 57, 2.5), (10, 10, 2), (10007, 1_000_003, 5)),  # begins between two counts
):
    left = max(1, total - steps)
    bound = {} if left % cycles == 0 else loose(B)
    reference = warmed(steps, falls(B, left, cycles))
    schedule = entry(B, steps, total, cycles)
    add_case(entry, schedule, reference, f"{steps}, {total}, {cycles}", **bound)

entry = hf.get_polynomial_decay_schedule_with_warmup
for steps, total, end, p in (
    *((10, 100, 1e-7, 1.0), (7, 10**6, 1e-5, 0.5), (0, 33, 0.0, 1.7), (50, 20, 1e-5, 2.0)),
):
    reference = warmed(steps, polynomial(B, end, max(0, total - steps), p))
    add_case(entry, entry(B, steps, total, end, p), reference, f"{steps}, {total}, {end}, {p}")
reference = warmed(10, cut(constant(B), 91, 1e-5))
add_case(entry, entry(B, 10, 100, 1e-5, 0.0), reference, "power 0")

entry = hf.get_inverse_sqrt_schedule
for steps, timescale in ((10, None), (33, 7), (0, None), (10007, 10**6)):
    reference = warmed(steps, inverse_sqrt(B, timescale or steps or 10_000))
    add_case(entry, entry(B, steps, timescale), reference, f"{steps}, {timescale}")

entry = hf.get_cosine_with_min_lr_schedule_with_warmup
schedule = entry(B, 10, 100, min_lr=1e-5)
add_case(entry, schedule, warmed(10, wave(B, 1e-5, 90, 0.5)), "min_lr")
schedule = entry(B, 0, 57, 1.5, min_lr_rate=0.1)
add_case(entry, schedule, wave(B, 0.1 * B, 57, 1.5), "min_lr_rate")
schedule = entry(B, 3, 1003, min_lr=-1e-5)
swing = wave(B, -1e-5, 1000, 0.5)
add_case(entry, schedule, warmed(3, lambda n: max(0.0, swing(n))), "below 0", scale=B)

entry = hf.get_cosine_with_min_lr_schedule_with_warmup_lr_rate
schedule = entry(B, 10, 1000, min_lr=1e-5)
add_case(entry, schedule, ahead(warmed(10, wave(B, 1e-5, 990, 0.5)), 1), "min_lr")
schedule = entry(B, 0, 1000, min_lr_rate=0.1)
add_case(entry, schedule, ahead(wave(B, 0.1 * B, 1000, 0.5), 1), "no warmup")
for steps in (7, 1):
    schedule = entry(B, steps, 101, 1.5, min_lr_rate=0.05, warmup_lr_rate=0.2)
    line = linear(0.2 * B, B, max(1, steps - 1))
    reference = join([line, ahead(wave(B, 0.05 * B, 101 - steps, 1.5), 1)], [steps])
    bound = {} if (101 - steps) % 3 == 0 else phase(B, 1.5 / (101 - steps))
    add_case(entry, schedule, reference, f"warmup_lr_rate, {steps}", **bound)

entry = hf.get_wsd_schedule
UPS = {"linear": linear, "cosine": cosine, "1-sqrt": lambda *x: polynomial(*x, 0.5)}
DOWNS = {"linear": linear, "cosine": cosine, "1-sqrt": lambda *x: power(*x, 0.5)}
for kind in UPS:
    for ratio, steps, stable, decay in ((0.05, 7, 83, 11), (0.0, 100, 10**6, 10**5)):
        low = ratio * B
        reference = join(
            [UPS[kind](low, B, steps), constant(B), DOWNS[kind](B, low, decay)],
            [steps, steps + stable],
        )
        total = steps + stable + decay
        schedule = entry(B, steps, decay, total, None, kind, kind, ratio)
        add_case(entry, schedule, reference, f"{kind}, {ratio}")
late = join([linear(0.0, B, 50), ahead(linear(B, 0.0, 70), 20)], [50])
add_case(entry, entry(B, 50, 70, 100, decay_type="linear"), late, "no time to be stable")
sudden = join([linear(0.0, B, 5), constant(B), constant(0.0)], [5, 20])
add_case(entry, entry(B, 5, 0, 20), sudden, "no decay")
swings = cut(wave(B, 0.05 * B, 90, 1.5), 90, 0.05 * B)
reference = join([linear(0.05 * B, B, 7), constant(B), swings], [7, 20])
schedule = entry(B, 7, 90, None, 13, min_lr_ratio=0.05, num_cycles=1.5)
add_case(entry, schedule, reference, "cycles")
down = linear(B, -0.1 * B, 90)
up = linear(-0.1 * B, B, 7)
reference = join(
    [lambda n: max(0.0, up(n)), constant(B), cut(lambda n: max(0.0, down(n)), 90, -0.1 * B)],
    [7, 20],
)
schedule = entry(B, 7, 90, 110, decay_type="linear", min_lr_ratio=-0.1)
add_case(entry, schedule, reference, "below 0", scale=B)

own = {"num_decay_steps": 30, "decay_type": "1-sqrt"}
reference = join([linear(0.0, B, 10), constant(B), power(B, 0.0, 30, 0.5)], [10, 70])
schedule = hf.get_scheduler("warmup_stable_decay", B, 10, 100, own)
add_case(hf.get_scheduler, schedule, reference)
