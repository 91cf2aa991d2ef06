"""Noether's configs: the arguments of a schedule class, by keyword, with its defaults and rules."""

from __future__ import annotations

import dataclasses
import inspect
import typing
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Self

from jax.typing import ArrayLike

from jaxsched.dialects._cycles import Known
from jaxsched.errors import about, require_known, shown, suggesting
from jaxsched.fields import NumberField, accepted, declarations, is_sequence
from jaxsched.plain import plain


class _Steps(NumberField):
    def coerce(self, where: str, x: Any) -> Any:
        """A list that is not empty, sorted."""
        steps = super().coerce(where, x) if is_sequence(x := plain(x)) else ()
        if not steps:
            raise ValueError(f"{where} must be a list that is not empty: {shown(x)}")
        return sorted(steps)


NotNegative = Annotated[ArrayLike, NumberField(least=0)]
Values = Annotated[Sequence[ArrayLike] | ArrayLike, NumberField(rank=1)]
Duration = Annotated[int, NumberField(integral=True, least=1, whole=True)]
# these decide the structure
Share = Annotated[float, Known(above=0, below=1)]
Shares = Annotated[list[float], _Steps(rank=1, separate=True, above=0, below=1)]
Percent = Annotated[float, Known(least=0, most=1)]
Step = Annotated[int, Known(integral=True, least=0, whole=True)]


@typing.dataclass_transform()
class Arguments:
    """Arguments by name, checked by their declarations. Anything wrong is a ValueError."""

    def __init_subclass__(cls, kw_only: bool = False) -> None:
        dataclasses.dataclass(cls, kw_only=kw_only)
        setattr(cls, "__init__", suggesting(cls.__init__, cls.__name__))  # noqa: B010

    def __post_init__(self) -> None:
        made: Any = type(self)
        for key, holds in declarations(made).items():
            with about(key):
                where = f"{made.__name__}({key}=...)"
                setattr(self, key, checked(holds, where, getattr(self, key)))
        self.check(self)

    @classmethod
    def check(cls, arguments: Any) -> None:
        """Raise a ValueError where arguments contradict one another."""

    @classmethod
    def of(cls, given: Any, keywords: Mapping[str, Any]) -> Self:
        """From a mapping or an object with attributes, and keywords, which win."""
        if isinstance(given, cls) and not keywords:
            return given
        name, known = cls.__name__, inspect.signature(cls).parameters
        if isinstance(given, str | int | float | Sequence):
            rule = "must be a mapping or an object with attributes"
            raise ValueError(f"{name} {rule}, got {shown(given)}")
        if given is not None and not isinstance(given, Mapping):
            # the kind of a config is that of its own schedule
            lent = known.keys() - {"kind"} if isinstance(given, Arguments) else known
            given = {key: getattr(given, key) for key in lent if hasattr(given, key)}
        given = {**(given or {}), **keywords}
        require_known(given, known, name)
        for key, parameter in known.items():
            if parameter.default is parameter.empty and key not in given:
                raise ValueError(f"{name} needs {key}")
        return cls(**given)


def checked(holds: Any, where: str, x: Any) -> Any:
    """As `accepted`, whose every error is a ValueError, as the reference's are."""
    try:
        return accepted(holds, where, x)
    except TypeError as error:
        raise ValueError(str(error)) from None


def config_of(schedule: Any, name: str | None = None) -> Any:
    """The class of a schedule's configs: its arguments by keyword, its defaults and its rules."""
    hints = typing.get_type_hints(schedule, include_extras=True).items()
    held = {key: hint for key, hint in hints if typing.get_origin(hint) is not ClassVar}
    body = {key: getattr(schedule, key) for key in held if hasattr(schedule, key)} | {
        "__annotations__": held,
        "__doc__": f"The arguments of `{schedule.__name__}`.",
        "__module__": schedule.__module__,
        "check": schedule.check,
    }
    base = getattr(schedule.__base__, "config_type", Arguments)
    name = name or f"{schedule.__name__}Config"
    schedule.config_type = type(name, (base,), body, kw_only=True)
    return schedule.config_type


def filled(name: str, parts: Sequence[Any], unit: str) -> list[tuple[Any, Any]]:
    """Start and end of each part, missing ones from the neighbours; the last end may be None."""
    starts = [getattr(part, f"start_{unit}") for part in parts]
    ends = [getattr(part, f"end_{unit}") for part in parts]
    starts[0] = 0 if starts[0] is None else starts[0]
    for i in range(1, len(parts)):
        starts[i] = ends[i - 1] if starts[i] is None else starts[i]
        ends[i - 1] = starts[i] if ends[i - 1] is None else ends[i - 1]
        if starts[i] is None:
            raise ValueError(f"{name}: no end_{unit} in part {i - 1}, no start_{unit} in {i}")
    bounds = list(zip(starts, ends, strict=True))
    known = [bound for pair in bounds for bound in pair if bound is not None]
    if known != sorted(known):
        raise ValueError(f"{name}: starts and ends out of order, {known}")
    return bounds
