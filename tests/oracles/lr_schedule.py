"""`lr_schedule`, schedules of the remaining progress, in Python floats.

Source: the module's API page (Stable-Baselines style; its classes state their formulas).
"""

import math
from collections.abc import Callable, Mapping
from typing import Any


def value(cfg: float | Mapping[str, Any], progress_remaining: float) -> float:
    """`BaseLRSchedule.create(cfg)(progress_remaining)`; a number is a constant."""
    if not isinstance(cfg, Mapping):
        return cfg
    # Trainers overshoot the end, so what is outside [0, 1] is clamped.
    p = min(1.0, max(0.0, progress_remaining))
    q = 1.0 - p
    kind = cfg.get("type", "constant")
    initial, final = cfg.get("initial_value", 0.001), cfg.get("final_value", 0.0)
    if kind == "constant":
        return initial
    if kind == "linear":
        return p * initial + q * final
    if kind == "cosine":
        return _cosine(initial, final, q)
    if kind == "exponential":
        return initial * _checked("decay_rate", cfg, 0.1, lambda r: 0 < r <= 1) ** q
    if kind == "cosine_warmup":
        w = _checked("warmup_fraction", cfg, 0.1, lambda w: 0 < w < 1)
        return initial * q / w if q < w else _cosine(initial, final, (q - w) / (1 - w))
    if kind == "polynomial":
        return (initial - final) * p ** _checked("power", cfg, 2.0, lambda n: n >= 0) + final
    raise ValueError(f"unknown type {kind!r}")


def _cosine(initial: float, final: float, x: float) -> float:
    return final + 0.5 * (initial - final) * (1 + math.cos(math.pi * x))


def _checked(
    key: str, cfg: Mapping[str, Any], default: float, ok: Callable[[float], bool]
) -> float:
    number = cfg.get(key, default)
    if not ok(number):
        raise ValueError(f"{key} is out of range, got {number}")
    return number
