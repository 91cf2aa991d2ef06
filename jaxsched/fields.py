"""What a field of a schedule may hold: declared once, checked early, converted in the call.

A field without a specifier is a number. The others are declared with `number`, `length`, `numbers`,
`boundaries`, `part` and `static`; a schedule's checks, its integers and what a restart stretches
follow from these declarations.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import numbers as abstract_numbers
import types
import typing
from collections import abc
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Generic,
    Literal,
    ParamSpec,
    Self,
    TypeVar,
    overload,
)

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from numpy.typing import NDArray

from jaxsched.errors import about, shown, suggesting
from jaxsched.plain import plain

Stored = TypeVar("Stored")
Given = TypeVar("Given")


class Held(Generic[Stored, Given]):
    """The annotation of a field that converts: what it holds, and what its class may be given."""

    if TYPE_CHECKING:  # as a descriptor, which no field is, it says so to type checkers (PEP 681)

        @overload
        def __get__(self, instance: None, owner: Any) -> Self: ...
        @overload
        def __get__(self, instance: object, owner: Any) -> Stored: ...
        def __get__(self, instance: Any, owner: Any) -> Any: ...
        def __set__(self, instance: Any, value: Given) -> None: ...


Sequence = ArrayLike | abc.Sequence[Any]  # what a sequence field takes
Number = Held[float | NDArray[Any] | jax.Array, ArrayLike]
OptionalNumber = Held[float | NDArray[Any] | jax.Array | None, ArrayLike | None]
Numbers = Held[NDArray[Any] | jax.Array, Sequence]

LONGEST = 2**31 - 1  # the largest int32: a longer schedule could not be counted without x64


_CONFIG: Any = jax.config


def longest() -> int:
    """The largest int length: the largest int32, with x64 what float64 counts without a gap."""
    return 2**53 if _CONFIG.jax_enable_x64 else LONGEST


def too_long(subject: str) -> str:
    """The rule for an int length beyond the `longest`, with the ways out."""
    ways = "a float such as 2e12, jax_enable_x64 or a coarser unit of counts goes further"
    return f"{subject} at most {longest()} as an int ({ways})"


def is_concrete(x: Any) -> bool:
    """Whether the value of `x` is known now: True except for a JAX tracer."""
    return not isinstance(x, jax.core.Tracer)


def is_sequence(x: Any) -> bool:
    """Whether `x` has items in an order: no text, no set, and no mapping, whose keys are names."""
    return isinstance(x, Iterable) and not isinstance(x, str | bytes | abc.Mapping | abc.Set)


def unwrapped(x: Any) -> Any:
    """The array that `x` stands for, a variable of Flax or Keras, say; all else as it is."""
    wrapped = not isinstance(x, jax.Array) and hasattr(type(x), "__jax_array__")
    return x.__jax_array__() if wrapped else x


def require(rule: Callable[[Any], Any], x: Any, message: str) -> None:
    """Raise `ValueError(message, got x)` where a known `x` breaks the rule; traced ones pass."""
    if is_concrete(x) and not np.all(rule(np.asarray(x))):
        raise ValueError(f"{message}, got {shown(np.asarray(x).tolist())}")


def is_float(x: Any) -> bool:
    """Whether `x`, a number or an array, is of a floating-point type."""
    return bool(jnp.issubdtype(jnp.result_type(x), np.floating))


@dataclasses.dataclass(frozen=True)
class NumberField:
    """One declaration: how a field's value is brought in, checked, traced and stretched."""

    integral: bool = False  # integers stay integers, as for a length
    rank: int = 0
    separate: bool = False  # a sequence kept as a tuple of leaves
    least: float | None = None
    above: float | None = None
    most: float | None = None
    below: float | None = None
    offset: bool = False  # how far a clock is moved, which may be a part of a count
    whole: bool = False  # a float is refused unless it is a whole number, which becomes an int
    stretches: bool = False
    optional: bool = False
    selected: bool = False  # it is a value itself: as an integer, which `Rounded` makes it, exact
    size: str | None = None  # that size of the run, where a config leaves it open

    def coerce(self, where: str, x: Any) -> Any:
        """`x` as it is stored: Python numbers, NumPy arrays, or the JAX arrays that were given."""
        if x is None and self.optional:
            return None
        x = plain(unwrapped(x))
        if self.rank == 0:
            return self._checked(where, _number(where, x, self.integral))
        if isinstance(x, jax.Array) and not self.separate:
            return self._checked(where, x)
        if not is_sequence(x):
            raise TypeError(f"{where} must be a sequence of numbers, got {shown(x)}")
        items = [_number(where, unwrapped(item), self.integral) for item in x]
        if self.separate:
            return tuple(self._checked(where, item) for item in items)
        if any(isinstance(item, jax.Array) for item in items):
            return jnp.stack([jnp.asarray(item, jnp.result_type(float)) for item in items])
        exact = self.integral and all(isinstance(item, int) for item in items)
        return self._checked(where, np.array(items, np.int64 if exact else np.float64))

    def _checked(self, where: str, x: Any) -> Any:
        require(np.isfinite, x, f"{where} must be finite")
        require(_fits, x, f"{where} must be finite in {jnp.result_type(float)}")
        if self.integral and not self.offset:
            fix = "take round(fraction * total), or '10%' in a file"
            rule = f"{where} must be in counts, not a fraction of the run ({fix})"
            require(lambda v: (v <= 0) | (v >= 1), x, rule)
        if self.least is not None:
            rule = "not be negative" if self.least == 0 else f"be at least {self.least}"
            require(lambda v: v >= self.least, x, f"{where} must {rule}")
        if self.above is not None:
            rule = "positive" if self.above == 0 else f"greater than {self.above}"
            require(lambda v: v > self.above, x, f"{where} must be {rule}")
        if self.most is not None:
            require(lambda v: v <= self.most, x, f"{where} must be at most {self.most}")
        if self.below is not None:
            require(lambda v: v < self.below, x, f"{where} must be less than {self.below}")
        if self.whole and isinstance(x, float):
            require(lambda v: v == np.floor(v), x, f"{where} must be a whole number")
            x = int(x)
        if self.integral and not is_float(x):
            require(lambda v: v <= longest(), x, too_long(f"{where} must be"))
        return x

    def traced(self, where: str, x: Any) -> Any:
        """`x` as JAX arrays of the default dtypes, its rank checked; called while tracing."""
        if x is None:
            return None
        if self.separate:
            return tuple(
                dataclasses.replace(self, separate=False, rank=0).traced(where, v) for v in x
            )
        if jnp.ndim(x) != self.rank:
            meant = "a scalar" if self.rank == 0 else "one sequence"
            raise ValueError(
                f"{where} has shape {jnp.shape(x)} where {meant} is expected; js.grid and "
                "js.stack evaluate many schedules, as jax.vmap(lambda s: s(counts))(schedules) does"
            )
        exact = (self.integral or self.selected) and not is_float(x)
        return jnp.asarray(x).astype(jnp.result_type(int if exact else float))

    def stretched(self, x: Any, factor: Fraction) -> Any:
        """`x`, if it is a length, times `factor`: rounded where it is an integer."""
        if not self.stretches or x is None:
            return x
        if isinstance(x, tuple):
            return tuple(stretch(v, factor) for v in x)
        return stretch(x, factor)


@dataclasses.dataclass(frozen=True)
class ScheduleField:
    """A field that holds a schedule, or with `several` a sequence of them; as a `NumberField`."""

    convert: Callable[[Any], Any]
    several: bool = False

    def coerce(self, where: str, x: Any) -> Any:
        """`x` as a schedule, or a tuple of them."""
        if not self.several:
            return self._converted(where, x)
        x = plain(x)
        if not is_sequence(x):
            raise TypeError(f"{where} must be a sequence of schedules, got {shown(x)}")
        return tuple(self._converted(f"{where}[{i}]", item) for i, item in enumerate(x))

    def _converted(self, where: str, x: Any) -> Any:
        try:
            return self.convert(x)
        except TypeError as error:
            raise TypeError(f"{where}: {error}") from None

    def traced(self, where: str, x: Any) -> Any:
        """The parts, ready for use in a trace."""
        return tuple(s.traced() for s in x) if self.several else x.traced()

    def stretched(self, x: Any, factor: Fraction) -> Any:
        """The parts with all their lengths times `factor`."""
        return tuple(s.stretched(factor) for s in x) if self.several else x.stretched(factor)


def stretch(x: Any, factor: Fraction) -> Any:
    """The length `x` times `factor`, rounded to an integer where `x` is one.

    Exact for known lengths and for whole factors; a traced integer times a fraction is rounded
    in the default float.
    """
    if isinstance(x, int):
        return round(x * factor)
    if isinstance(x, float):
        return float(Fraction(x) * factor)
    if isinstance(x, np.ndarray):
        return np.array([stretch(v, factor) for v in x.ravel().tolist()]).reshape(x.shape)
    if is_float(x):
        return x * jnp.asarray(float(factor), x.dtype)
    if factor.denominator == 1 and factor <= LONGEST:
        return x * jnp.asarray(int(factor), x.dtype)
    return jnp.round(x.astype(jnp.result_type(float)) * float(factor)).astype(x.dtype)


def _number(where: str, x: Any, integral: bool) -> Any:
    """A real number as a Python float (or int), a batch as a NumPy array, a JAX array as it is."""
    if isinstance(x, jax.Array):
        if jnp.issubdtype(x.dtype, np.integer) or jnp.issubdtype(x.dtype, np.floating):
            return x
    elif isinstance(x, abstract_numbers.Real) and not isinstance(x, bool):
        if integral and isinstance(x, abstract_numbers.Integral):
            count = int(x)
            if not -(2**63) <= count < 2**63:  # NumPy has no integers for the checks to come
                raise ValueError(f"{too_long(f'{where} must be')}, got {shown(count)}")
            return count
        try:
            return float(x)
        except OverflowError:
            raise ValueError(f"{where} must be finite, got {shown(x)}") from None
    elif isinstance(x, np.ndarray | list | tuple):
        try:
            batch = np.asarray(x)
        except ValueError:
            batch = np.asarray(None)
        if batch.ndim == 0 and batch.dtype.kind in "iuf":
            return _number(where, batch.item(), integral)
        if integral and batch.dtype.kind in "iu":
            return batch
        if batch.dtype.kind in "iuf":
            return batch.astype(np.float64)
    kind = "number of counts" if integral else "real number"
    raise TypeError(f"{where} must be a {kind}, got {shown(x)}")


def _fits(x: Any) -> Any:
    """Whether numbers are finite in the type in which a schedule computes."""
    with np.errstate(over="ignore"):
        return np.isfinite(x.astype(jnp.result_type(float)))


def _field(kind: NumberField, default: Any) -> Any:
    return dataclasses.field(default=default, metadata={"kind": kind})


def number(
    *,
    default: Any = dataclasses.MISSING,
    least: float | None = None,
    above: float | None = None,
    selected: bool = False,
) -> Any:
    """A real number, a leaf. With `default=None` it is optional and absent from the tree.

    With `selected` it is a value of the schedule, not computed with: `Rounded` makes it an integer.
    """
    kind = NumberField(least=least, above=above, optional=default is None, selected=selected)
    return _field(kind, default)


def length(
    *,
    default: Any = dataclasses.MISSING,
    least: int | None = 0,
    above: int | None = None,
    stretches: bool = True,
    offset: bool = False,
    whole: bool = False,
) -> Any:
    """A number of counts, a leaf: an int (exact to 2^31 - 1) or a float, by default not negative.

    A known one between 0 and 1 is refused, as it is likely to be a fraction of a run; an `offset`,
    by which a clock is moved, may be a part of a count.

    A growing restart multiplies it, unless `stretches` is False (a unit such as an epoch). With
    `whole` a float must be a whole number, which becomes an int.
    """
    least = least if above is None else None
    kind = NumberField(
        integral=True,
        least=least,
        above=above,
        whole=whole,
        stretches=stretches,
        offset=offset,
        optional=default is None,
    )
    return _field(kind, default)


def numbers(*, selected: bool = False) -> Any:
    """A sequence of real numbers, one array leaf; `selected` as of `number`."""
    return _field(NumberField(rank=1, selected=selected), dataclasses.MISSING)


def boundaries(*, separate: bool = False) -> Any:
    """A sequence of counts, not negative, one array leaf, or with `separate` a tuple of leaves."""
    kind = NumberField(integral=True, rank=1, separate=separate, least=0, stretches=True)
    return _field(kind, dataclasses.MISSING)


def part(convert: Callable[[Any], Any], *, several: bool = False) -> Any:
    """A schedule, or with `several` a tuple of them; `convert` is `jaxsched.as_schedule`."""
    return dataclasses.field(metadata={"kind": ScheduleField(convert, several)})


def static(*, default: Any = dataclasses.MISSING, one_of: tuple[Any, ...] = ()) -> Any:
    """What decides the structure: hashable, part of the tree definition, not a leaf.

    With `one_of`, anything else is a ValueError.
    """
    return dataclasses.field(default=default, metadata={"static": True, "one_of": one_of})


def require_one_of(options: tuple[Any, ...], x: Any, where: str) -> None:
    """Raise a ValueError unless x is one of the options, of the same type; no options: anything."""
    if options and not any(type(x) is type(option) and x == option for option in options):
        known = " or ".join(map(str, options))
        raise ValueError(f"{where} must be {known}, got {shown(x)}")


def require_count(n: Any, where: str) -> int:
    """`n` as an int, or an error where it is none, less than 1, or more than can be counted."""
    if not isinstance(n, abstract_numbers.Integral) or isinstance(n, bool):
        raise TypeError(f"{where} must be a known int, got {shown(n)}")
    if n < 1:
        raise ValueError(f"{where} must be at least 1, got {n}")
    if int(n) > longest():
        raise ValueError(f"{where} must be at most {longest()}, got {n}")
    return int(n)


def require_ordered(counts: Any, where: str) -> None:
    """Raise where known counts are out of order."""
    if is_concrete(counts) and np.any(np.diff(np.asarray(counts)) < 0):
        raise ValueError(f"{where} must be in order, got {shown(np.asarray(counts).tolist())}")


# --- arguments of functions, which are declared as fields are ------------------------------------

Value = Annotated[ArrayLike, NumberField()]
Length = Annotated[ArrayLike, NumberField(integral=True, least=0)]  # a config may give it a unit
Count = Annotated[ArrayLike, NumberField(integral=True, least=1)]

P = ParamSpec("P")
R = TypeVar("R")


def declared(function: Callable[P, R]) -> Callable[P, R]:
    """The function, whose arguments are checked and converted by their annotations.

    `Annotated[ArrayLike, NumberField(above=0)]` is a number as a field may hold one, a `Literal`
    one of its options, a `bool` True or False; what has another type comes as plain data. Defaults
    are not checked. Config keys, their units and the bounds in the schema follow from the same.

    >>> @declared
    ... def wave(peak: Value, period: Count, phase: Length = 0) -> Any: return peak, period, phase
    >>> wave(1, period=10)
    (1.0, 10, 0)
    >>> wave(1, period=0)
    Traceback (most recent call last):
    ValueError: wave(period=...) must be at least 1, got 0
    """
    signature, name = inspect.signature(function), function.__name__

    @functools.wraps(function)
    def call(*arguments: P.args, **named: P.kwargs) -> R:
        try:
            given = signature.bind(*arguments, **named)
        except TypeError as error:
            raise TypeError(f"{name}: {error}") from None
        holds = declarations(function)
        for key, x in given.arguments.items():
            if x is not signature.parameters[key].default:
                with about(key):
                    given.arguments[key] = accepted(holds[key], f"{name}({key}=...)", x)
        return function(*given.args, **given.kwargs)

    return suggesting(call)


@functools.cache
def declarations(function: Any) -> dict[str, Any]:
    """What each argument of a function is declared to be: the declaration, or the type."""
    parameters = inspect.signature(function).parameters
    if hasattr(function, "__signature__"):
        return {name: parameter.annotation for name, parameter in parameters.items()}
    hints = typing.get_type_hints(function, include_extras=True)
    return {name: _declaration(hints.get(name, Any)) for name in parameters}


def _declaration(hint: Any) -> Any:
    for said in getattr(hint, "__metadata__", ()):
        if hasattr(said, "coerce"):
            return said
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        found = [_declaration(x) for x in typing.get_args(hint) if x is not type(None)]
        if len(found) == 1 and isinstance(found[0], NumberField):
            return dataclasses.replace(found[0], optional=True)
    return hint


def accepted(holds: Any, where: str, x: Any) -> Any:
    """An argument as its declaration or type wants it, or an error that says where it is wrong."""
    if hasattr(holds, "coerce"):
        return holds.coerce(where, x)
    if typing.get_origin(holds) is Literal:
        require_one_of(typing.get_args(holds), x, where)
    if holds is bool:
        require_one_of((False, True), x, where)
    return plain(x)
