"""What a config leaves open, and lengths with a unit: `10%`, `5 epochs`, `2e9 tokens`."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from jaxsched._names import suggestion
from jaxsched.fields import Kind

UNITS = ("%", "step", "steps", "epoch", "epochs", "token", "tokens")
# few digits: Fraction would write a power of ten with a long exponent out
NUMBER = r"[0-9]{1,30}(?:\.[0-9]{0,30})?(?:[eE][-+]?[0-9]{1,2})?"
_WITH_UNIT = re.compile(rf"\s*(-?)({NUMBER})\s*(%|[A-Za-z]+)\s*")

_SIZES = {
    "total_steps": Kind(integral=True, least=1, whole=True),
    "base_lr": Kind(above=0),
    "steps_per_epoch": Kind(integral=True, above=0),
    "tokens_per_step": Kind(above=0),
}


@dataclasses.dataclass(frozen=True)
class Open:
    """The sizes of a run, which a config may leave open; None is not known.

    Args:
        total_steps: what `10%` is a part of, an int >= 1.
        base_lr: the learning rate of systems whose schedules multiply one, > 0.
        steps_per_epoch: how long `1 epoch` is, > 0.
        tokens_per_step: how many tokens take a step, > 0.
    """

    total_steps: int | None = None
    base_lr: float | None = None
    steps_per_epoch: Any = None  # an int for some systems, else any number
    tokens_per_step: float | None = None

    def __post_init__(self) -> None:
        for name, kind in _SIZES.items():
            if getattr(self, name) is not None:
                object.__setattr__(self, name, kind.coerce(name, getattr(self, name)))

    def required(self, name: str, what: str) -> Any:
        """The size of this name, or a ValueError: what needs it."""
        size = getattr(self, name)
        if size is None:
            raise ValueError(f"{what} needs {name}")
        return size

    def filled_in(self) -> dict[str, Any]:
        """The known sizes under every name that the configs of other systems have for them."""
        names = {
            "base_lr": self.base_lr,
            "total_steps": self.total_steps,
            "num_training_steps": self.total_steps,
            "steps_per_epoch": self.steps_per_epoch,
        }
        return {name: size for name, size in names.items() if size is not None}

    def counts(self, x: Any, where: str) -> Any:
        """A length, or a list of them: with a unit the nearest whole count, else as it is.

        The arithmetic is exact; halfway between two counts it is the even one.

        >>> Open(total_steps=2000, steps_per_epoch=30).counts(["10%", "1.5 epochs", 7], "steps")
        [200, 45, 7]
        """
        if isinstance(x, Sequence) and not isinstance(x, str | bytes):
            return [self.counts(item, where) for item in x]
        found = _WITH_UNIT.fullmatch(x) if isinstance(x, str) else None
        if not found:
            return x
        sign, number, unit = found.groups()
        if unit not in UNITS:
            raise ValueError(f"{where}: unknown unit {unit!r} in {x!r}{suggestion(unit, UNITS)}")
        if sign:
            raise ValueError(f"{where} must not be negative, got {x!r}")
        return round(Fraction(number) * self._steps(unit.rstrip("s"), f"{where}: {x!r}"))

    def _steps(self, unit: str, what: str) -> Fraction:
        if unit == "step":
            return Fraction(1)
        if unit == "%":
            return Fraction(self.required("total_steps", what)) / 100
        if unit == "epoch":
            return Fraction(self.required("steps_per_epoch", what))
        return 1 / Fraction(self.required("tokens_per_step", what))
