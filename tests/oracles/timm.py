"""timm's schedulers in 40 digits, the cycle found by exact fractions instead of a logarithm.

Source: timm 1.0.31, `timm/scheduler/`: `_get_lr(t)` of each.
"""

import bisect
import functools
import math
from fractions import Fraction

import mpmath

mp = mpmath.MPContext()
mp.dps = 40

PREFIXED = ("StepLRScheduler", "MultiStepLRScheduler", "WSDLRScheduler")


def value(name, t, base_lr, warmup_t=0, warmup_lr_init=0.0, warmup_prefix=None, **own):
    """The learning rate of the class of that name; `t_in_epochs` changes nothing."""
    own.pop("t_in_epochs", None)
    prefix = name in PREFIXED if warmup_prefix is None else warmup_prefix
    if name == "WSDLRScheduler":
        timescale = own.pop("stable_timescale", None)
        own["stable_timescale"] = warmup_t if timescale is None else timescale
    body = functools.partial(BODIES[name], b=mp.mpf(base_lr), **own)
    if t >= warmup_t:
        return float(body(t - warmup_t if prefix else t))
    top = body(warmup_t) if name == "TanhLRScheduler" and not prefix else base_lr
    start = mp.mpf(warmup_lr_init)
    return float(start + t * (mp.mpf(top) - start) / warmup_t)


def exact(x):
    """The decimal fraction that was written."""
    return Fraction(repr(x)) if isinstance(x, float) else Fraction(x)


def cycle(t, t_initial, cycle_mul=1.0, cycle_limit=1):
    """(i, time in it, its length) of the cycle, or i = cycle_limit after the last one."""
    t, length, mul = exact(t), exact(t_initial), exact(cycle_mul)
    if mul == 1:
        i = int(t // length)
        return min(i, cycle_limit), t - i * length, length
    begin = Fraction(0)
    for i in range(cycle_limit):
        if t < begin + length:
            return i, t - begin, length
        begin, length = begin + length, length * mul
        if length < Fraction(1, 10**6):
            break
    return cycle_limit, None, None


def cycles(t, b, weight, t_initial, lr_min=0.0, cycle_decay=1.0, cycle_limit=1, cycle_mul=1.0):
    i, now, length = cycle(t, t_initial, cycle_mul, cycle_limit)
    if i == cycle_limit:
        return lr_min
    x = now / length
    peak = b * mp.mpf(cycle_decay) ** i
    return lr_min + (peak - lr_min) * weight(mp.mpf(x.numerator) / x.denominator)


def cosine(t, b, k_decay=1.0, **own):
    return cycles(t, b, lambda x: (1 + mp.cospi(x**k_decay)) / 2, **own)


def tanh(t, b, lb=-7.0, ub=3.0, **own):
    return cycles(t, b, lambda x: (1 - mp.tanh(lb * (1 - x) + ub * x)) / 2, **own)


def poly(t, b, power=0.5, k_decay=1.0, **own):
    return cycles(t, b, lambda x: (1 - x**k_decay) ** power, **own)


def step(t, b, decay_t, decay_rate=1.0):
    return b * mp.mpf(decay_rate) ** int(t // decay_t)


def multistep(t, b, decay_t, decay_rate=1.0):
    return b * mp.mpf(decay_rate) ** bisect.bisect_right(decay_t, t + 1)


def wsd(
    t,
    b,
    t_initial,
    decay_t,
    stable_timescale,
    lr_min=0.0,
    stable_fn="constant",
    stable_power=0.5,
    decay_fn="1-sqrt",
    decay_power=0.5,
    decay_ratio=0.1,
):
    power = {"constant": 0, "rsqrt": 0.5, "power": stable_power}[stable_fn]
    stable = b if power == 0 else b * (1 + mp.mpf(t) / stable_timescale) ** -mp.mpf(power)
    stable = max(stable, lr_min)
    now = t - (t_initial - decay_t)
    if now <= 0:
        return stable
    q, ratio = min(mp.mpf(now) / decay_t, mp.mpf(1)), mp.mpf(decay_ratio)
    if callable(decay_fn):
        factor = decay_fn(float(q))
    else:
        factor = {
            "linear": lambda: 1 - q,
            "1-sqrt": lambda: 1 - mp.sqrt(q),
            "cosine": lambda: (1 + mp.cospi(q)) / 2,
            "power": lambda: 1 - q**decay_power,
            "exp": lambda: (ratio**q - ratio) / (1 - ratio),
        }[decay_fn]()
    return lr_min + (stable - lr_min) * factor


BODIES = {
    "CosineLRScheduler": cosine,
    "TanhLRScheduler": tanh,
    "PolyLRScheduler": poly,
    "StepLRScheduler": step,
    "MultiStepLRScheduler": multistep,
    "WSDLRScheduler": wsd,
}


def logarithm_is_wrong(t, t_initial, cycle_mul, cycle_limit):
    """Whether the library, by its float logarithm, takes t for another cycle, or for none."""
    if cycle_mul == 1:
        return False
    i, _, _ = cycle(t, t_initial, cycle_mul, 10**6)
    try:
        theirs = math.floor(math.log(1 - t / t_initial * (1 - cycle_mul), cycle_mul))
    except ValueError:
        return True
    return theirs != i and min(theirs, i) < cycle_limit
