"""Kumo's lr_scheduler in Python floats.

Source: torch_geometric 2.8.1, `nn/lr_scheduler.py` (the five warmup schedules); torch 2.13.0,
ExponentialLR in closed form.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

Kwargs = Mapping[str, Any]


def value(
    name: str, kwargs: Kwargs, step: int, *, base_lr: float, num_training_steps: int
) -> float:
    """The learning rate, base_lr f(step), of one scheduler by its canonical name."""
    return base_lr * factor(
        name, kwargs, step, base_lr=base_lr, num_training_steps=num_training_steps
    )


def candidate(
    schedulers: Sequence[Kwargs] | Kwargs | None,
    step: int,
    *,
    base_lr: float,
    num_training_steps: int,
    steps_per_epoch: int | None = None,
) -> float:
    """base_lr times the factors of all `{name, interval, kwargs}`; none of them: base_lr."""
    if isinstance(schedulers, Mapping):
        schedulers = [schedulers] if schedulers else []
    lr = base_lr
    for scheduler in schedulers or []:
        t, total = step, num_training_steps
        if scheduler.get("interval", "step") == "epoch":
            assert steps_per_epoch is not None
            t, total = step // steps_per_epoch, -(-num_training_steps // steps_per_epoch)
        kwargs = scheduler.get("kwargs") or {}
        lr *= factor(scheduler["name"], kwargs, t, base_lr=base_lr, num_training_steps=total)
    return lr


def factor(
    name: str, kwargs: Kwargs, step: int, *, base_lr: float, num_training_steps: int
) -> float:
    """f(step); with w warmup steps, t/max(1, w) before w."""
    t, total = step, num_training_steps
    if name == "exponential":
        if not kwargs["gamma"] > 0:
            raise ValueError(f"gamma must be positive, got {kwargs['gamma']}")
        return kwargs["gamma"] ** t
    w = warmup_steps(kwargs.get("warmup_ratio_or_steps", 0.1), total)
    lr_end = kwargs.get("lr_end", 1e-7)
    if name == "polynomial_with_warmup" and not lr_end < base_lr:
        raise ValueError(f"lr_end ({lr_end}) must be smaller than base_lr ({base_lr})")
    if t < w:
        return t / max(1, w)
    x = (t - w) / max(1, total - w)
    if name == "constant_with_warmup":
        return 1.0
    if name == "linear_with_warmup":
        return max(0.0, (total - t) / max(1, total - w))
    if name == "cosine_with_warmup":
        num_cycles = float(kwargs.get("num_cycles", 0.5))
        return max(0.0, 0.5 * (1.0 + math.cos(math.pi * num_cycles * 2.0 * x)))
    if name == "cosine_with_warmup_restarts":
        num_cycles = float(kwargs.get("num_cycles", 3))
        return 0.0 if x >= 1 else 0.5 * (1.0 + math.cos(math.pi * (num_cycles * x % 1.0)))
    if name == "polynomial_with_warmup":
        # torch_geometric divides by zero at t == w == total; there the decay is over.
        if t > total or total <= w:
            return lr_end / base_lr
        return ((base_lr - lr_end) * (1 - x) ** kwargs.get("power", 1.0) + lr_end) / base_lr
    raise ValueError(f"unknown scheduler {name!r}")


def warmup_steps(ratio_or_steps: float, num_training_steps: int) -> int:
    """A float is a ratio in [0, 1], rounded half to even; an int a number of steps."""
    # type(), not isinstance(): a bool is an int, and neither here.
    if type(ratio_or_steps) is float and 0 <= ratio_or_steps <= 1:
        return round(ratio_or_steps * num_training_steps)
    if type(ratio_or_steps) is int and ratio_or_steps >= 0:
        return ratio_or_steps
    raise ValueError(f"neither a ratio in [0, 1] nor a number of steps: {ratio_or_steps!r}")
