"""Rates that are known in float64 and computed with in float32."""

from __future__ import annotations

import math
from typing import Any

from jaxsched.curves import Exponential
from jaxsched.fields import LONGEST
from jaxsched.schedule import Schedule


def exponential(start: Any, rate: Any) -> Schedule:
    """start rate^n; of a known rate the power next to 1/2 or 2, which float32 holds more exactly.

    A rate of 0.999999, rounded, would be off by some 3e-8 a count.
    """
    n = 1
    if isinstance(rate, float) and rate != 1:
        n = max(1, min(round(math.log(2) / abs(math.log(rate))), LONGEST))
    return Exponential(start, rate**n, n)
