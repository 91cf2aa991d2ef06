"""What a config leaves open, and lengths with a unit: `10%`, `5 epochs`, `2e9 tokens`."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from jaxsched.errors import shown, suggestion
from jaxsched.fields import NumberField

UNITS = ("%", "step", "steps", "epoch", "epochs", "token", "tokens")
# few digits: Fraction would write a power of ten with a long exponent out
NUMBER = r"[0-9]{1,30}(?:\.[0-9]{0,30})?(?:[eE][-+]?[0-9]{1,2})?"
_WITH_UNIT = re.compile(rf"\s*(-?)({NUMBER})\s*(%|[A-Za-z]+)\s*")

_SIZES = {
    "total_steps": NumberField(integral=True, least=1, whole=True),
    "base_lr": NumberField(above=0),
    "steps_per_epoch": NumberField(integral=True, above=0),
    "tokens_per_step": NumberField(above=0),
}


@dataclasses.dataclass(frozen=True)
class Sizes:
    """The sizes of a run, which a config may leave open; None is not known.

    Args:
        total_steps: what `10%` is a part of, an int >= 1.
        base_lr: the learning rate of systems whose schedules multiply one, > 0.
        steps_per_epoch: how long `1 epoch` is, > 0.
        tokens_per_step: how many tokens take a step, > 0.
        batches: whether a list may stand where a number does, for as many schedules.

    `used` are the names of those that a config has asked for.
    """

    total_steps: int | None = None
    base_lr: float | None = None
    steps_per_epoch: Any = None  # an int for some systems, else any number
    tokens_per_step: float | None = None
    batches: bool = True
    used: set[str] = dataclasses.field(default_factory=set, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name, kind in _SIZES.items():
            if getattr(self, name) is not None:
                object.__setattr__(self, name, kind.coerce(name, getattr(self, name)))

    def required(self, name: str, what: str) -> Any:
        """The size of this name, or a ValueError: what needs it."""
        size = self.known(name)
        if size is None:
            raise ValueError(f"{what} needs {name}")
        return size

    def known(self, name: str) -> Any:
        """The size of this name or None, and a note that it was asked for."""
        self.used.add(name)
        return getattr(self, name)

    def filling(self, declared: Any, given: Mapping[str, Any]) -> Any:
        """The size that a declaration leaves to the run, if it is known; None else.

        An epoch counts where something in there is one.
        """
        name = getattr(declared, "size", None)
        size = getattr(self, name) if name else None
        if name and size is not None and (name != "steps_per_epoch" or _mentions(given, "epoch")):
            self.used.add(name)
        return size

    def counts(self, x: Any, where: str) -> Any:
        """A length, or a list of them: with a unit the nearest whole count, else as it is.

        The arithmetic is exact; halfway between two counts it is the even one.

        >>> Sizes(total_steps=2000, steps_per_epoch=30).counts(["10%", "1.5 epochs", 7], "steps")
        [200, 45, 7]
        """
        if isinstance(x, Sequence) and not isinstance(x, str | bytes):
            return [self.counts(item, where) for item in x]
        found = _WITH_UNIT.fullmatch(x) if isinstance(x, str) else None
        if not found:
            return x
        sign, number, unit = found.groups()
        if unit not in UNITS:
            raise ValueError(
                f"{where}: unknown unit {unit!r} in {shown(x)}{suggestion(unit, UNITS)}"
            )
        if sign:
            raise ValueError(f"{where} must not be negative, got {shown(x)}")
        if unit == "%" and Fraction(number) > 100:
            raise ValueError(f"{where} must be at most 100%, got {shown(x)}")
        return round(Fraction(number) * self._steps(unit.rstrip("s"), f"{where}: {shown(x)}"))

    def _steps(self, unit: str, what: str) -> Fraction:
        if unit == "step":
            return Fraction(1)
        if unit == "%":
            return Fraction(self.required("total_steps", what)) / 100
        if unit == "epoch":
            return Fraction(self.required("steps_per_epoch", what))
        return 1 / Fraction(self.required("tokens_per_step", what))


def _mentions(data: Any, word: str) -> bool:
    """Whether plain data holds that text somewhere."""
    inside = data.values() if isinstance(data, Mapping) else data if isinstance(data, list) else ()
    return data == word or any(_mentions(item, word) for item in inside)
