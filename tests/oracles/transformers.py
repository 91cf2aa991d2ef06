"""The learning rates of Transformers' schedulers in Python floats.

Source: transformers 5.23.0, `optimization.py`.
"""

import math


def value(
    name: str,
    n: int,
    base_lr: float,
    warmup: int = 0,
    total: int | None = None,
    **kwargs: float | str | None,
) -> float:
    """After n updates; `kwargs` are those of the scheduler, as its `scheduler_specific_kwargs`.

    Without a decay of any step, a polynomial is at lr_end: theirs divides by zero there.
    """
    return base_lr * RULES[name](n, base_lr, warmup, total, **kwargs)


def ramp(n, w):
    return n / max(1, w)


def half(x):
    """Half a cosine: from 1 at 0 to 0 at 1, and on."""
    return (1 + math.cos(math.pi * x)) / 2


def over(n, w, total):
    """The part of the decay that is over."""
    return (n - w) / max(1, total - w)


def constant(n, b, w, total):
    return 1.0


def constant_with_warmup(n, b, w, total):
    return ramp(n, w) if n < w else 1.0


def linear(n, b, w, total):
    return ramp(n, w) if n < w else max(0.0, (total - n) / max(1, total - w))


def cosine(n, b, w, total, num_cycles=0.5):
    return ramp(n, w) if n < w else half(2 * num_cycles * over(n, w, total))


def cosine_with_restarts(n, b, w, total, num_cycles=1):
    if n < w:
        return ramp(n, w)
    x = over(n, w, total)
    return 0.0 if x >= 1 else half(num_cycles * x % 1.0)


def polynomial(n, b, w, total, lr_end=1e-7, power=1.0):
    if n < w:
        return ramp(n, w)
    if n > total or total <= w:
        return lr_end / b
    left = 1 - (n - w) / (total - w)
    return ((b - lr_end) * left**power + lr_end) / b


def inverse_sqrt(n, b, w, total, timescale=None):
    if n < w:
        return ramp(n, w)
    timescale = timescale or w or 10_000
    return 1 / math.sqrt((n - w + timescale) / timescale)


def floor_of(b, min_lr, min_lr_rate):
    return min_lr / b if min_lr is not None else min_lr_rate


def cosine_with_min_lr(n, b, w, total, num_cycles=0.5, min_lr=None, min_lr_rate=None):
    if n < w:
        return ramp(n, w)
    low = floor_of(b, min_lr, min_lr_rate)
    return max(0.0, low + (1 - low) * half(2 * num_cycles * over(n, w, total)))


def cosine_warmup_with_min_lr(
    n, b, w, total, num_cycles=0.5, min_lr=None, min_lr_rate=None, warmup_lr_rate=None
):
    low = floor_of(b, min_lr, min_lr_rate)
    if n >= w:
        return max(0.0, low + (1 - low) * half(2 * num_cycles * over(n + 1, w, total)))
    if warmup_lr_rate is None:
        return ramp(n + 1, w)
    return warmup_lr_rate + (1 - warmup_lr_rate) * n / max(1, w - 1)


def warmup_stable_decay(
    n,
    b,
    w,
    total,
    num_decay_steps,
    num_stable_steps=None,
    warmup_type="linear",
    decay_type="cosine",
    min_lr_ratio=0.0,
    num_cycles=0.5,
):
    stable = total - w - num_decay_steps if num_stable_steps is None else num_stable_steps
    if n < w:
        x = ramp(n, w)
        up = {"linear": x, "cosine": half(1 - x), "1-sqrt": 1 - math.sqrt(1 - x)}[warmup_type]
        return max(0.0, min_lr_ratio + (1 - min_lr_ratio) * up)
    if n < w + stable:
        return 1.0
    if n >= w + stable + num_decay_steps:
        return min_lr_ratio
    x = ramp(n - w - stable, num_decay_steps)
    down = {"linear": 1 - x, "cosine": half(2 * num_cycles * x), "1-sqrt": 1 - math.sqrt(x)}
    return max(0.0, min_lr_ratio + (1 - min_lr_ratio) * down[decay_type])


RULES = {
    rule.__name__: rule
    for rule in (
        constant,
        constant_with_warmup,
        linear,
        cosine,
        cosine_with_restarts,
        polynomial,
        inverse_sqrt,
        cosine_with_min_lr,
        cosine_warmup_with_min_lr,
        warmup_stable_decay,
    )
}
