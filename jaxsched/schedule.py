"""`Schedule`: a pytree that can be called. Its numbers are leaves, its structure is the treedef."""

from __future__ import annotations

import abc
import dataclasses
import functools
import typing
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from fractions import Fraction
from types import MappingProxyType
from typing import Any, ClassVar, Literal, Self, final

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from jaxsched import fields, serialization
from jaxsched.errors import about, shortened, shown, suggesting
from jaxsched.fields import Number, NumberField, ScheduleField, is_concrete, is_float
from jaxsched.numerics.time import as_count, require_countable, widened
from jaxsched.plain import Opaque
from jaxsched.programs import Compiled

# jax.jit gives the function that it makes the attributes of the one that it is given
_OF_JITTED = frozenset(("clear_cache", "eval_shape", "lower", "trace"))


@typing.dataclass_transform(
    frozen_default=True,
    eq_default=False,
    field_specifiers=(
        fields.number,
        fields.length,
        fields.numbers,
        fields.boundaries,
        fields.part,
        fields.static,
    ),
)
class Schedule(abc.ABC):
    """A function of the step count whose hyperparameters are the leaves of a pytree.

    `schedule(count)` is the value after `count` optimizer updates (0 at the first), for a number or
    an array of counts of any shape. A subclass is a frozen dataclass without further ado: annotate
    its fields (see `jaxsched.fields`; a plain annotation is a number), write `at`, and, where there
    are rules that the declarations do not state, `check`.

    >>> class Sawtooth(Schedule):
    ...     peak: float
    ...     steps: int = fields.length(least=1)
    ...     def at(self, t: jax.Array) -> jax.Array:
    ...         return self.peak * (t % self.steps) / self.steps
    >>> Sawtooth(1.0, steps=4)(np.arange(6)).tolist()
    [0.0, 0.25, 0.5, 0.75, 0.0, 0.25]
    >>> Sawtooth(1.0, steps=0)
    Traceback (most recent call last):
    ValueError: Sawtooth(steps=...) must be at least 1, got 0
    """

    _kinds: ClassVar[dict[str, NumberField | ScheduleField]] = {}
    _holds: ClassVar[tuple[tuple[str, bool], ...]] = ()  # the parts: their field, whether several
    _options: ClassVar[dict[str, tuple[Any, ...]]] = {}
    _is_function: ClassVar[bool] = False  # it is nothing but a foreign one

    # np.float32(2) * schedule must reach __rmul__ instead of becoming an object array
    __array_ufunc__ = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        made: Any = dataclasses.dataclass(frozen=True, eq=False, repr=False)(cls)
        made.__init__ = suggesting(made.__init__, cls.__name__)
        declared = dataclasses.fields(made)
        for taken in {f.name for f in declared} & _OF_JITTED:
            raise TypeError(
                f"{cls.__name__}: no field may be called {taken}, it would take the place of "
                f"jax.jit(schedule).{taken}"
            )
        for field in declared[:1]:  # the one that is read first
            field.metadata = MappingProxyType(Opaque(field.metadata))
        meta = tuple(f.name for f in declared if f.metadata.get("static"))
        cls._kinds = {
            f.name: f.metadata.get("kind") or NumberField(optional=f.default is None)
            for f in declared
            if f.name not in meta
        }
        parts = [
            (name, kind) for name, kind in cls._kinds.items() if isinstance(kind, ScheduleField)
        ]
        cls._holds = tuple((name, kind.several) for name, kind in parts)
        cls._options = {f.name: f.metadata["one_of"] for f in declared if f.name in meta}
        data = tuple(cls._kinds)
        keys = tuple(jax.tree_util.GetAttrKey(name) for name in data)

        def flatten(self: Schedule) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
            values = self.__dict__
            return tuple(values[name] for name in data), tuple(values[name] for name in meta)

        def flatten_with_keys(self: Schedule) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
            leaves, static = flatten(self)
            return tuple(zip(keys, leaves, strict=True)), static

        def unflatten(static: tuple[Any, ...], leaves: Any) -> Schedule:
            # jax rebuilds with tracers, gradients, None, object(): never validate here
            self = object.__new__(cls)
            self.__dict__.update(zip(data, leaves, strict=True))
            self.__dict__.update(zip(meta, static, strict=True))
            return self

        jax.tree_util.register_pytree_with_keys(cls, flatten_with_keys, unflatten, flatten)
        serialization.register(cls)

    def __post_init__(self) -> None:
        for name, kind in self._kinds.items():
            with about(name):
                value = kind.coerce(self._where(name), getattr(self, name))
            object.__setattr__(self, name, value)
        for name, options in self._options.items():
            with about(name):
                fields.require_one_of(options, getattr(self, name), self._where(name))
        self.check()

    def check(self) -> None:  # noqa: B027  (a hook: most schedules have no such rules)
        """Raise a ValueError where concrete fields contradict one another; the default accepts."""

    @abc.abstractmethod
    def at(self, t: jax.Array) -> jax.Array:
        """The value at the counts `t`, elementwise, while tracing.

        `t` is a default int or a default float, and so are the fields; it is never negative. For
        every `t` >= 0 the value and its gradient must be finite.
        """

    @property
    def duration(self) -> Any:
        """The count from which the value is constant and a following schedule starts, or None."""
        return None

    # the fields with the schedules whose values its own are, one or another, unchanged
    _selects: ClassVar[tuple[str, ...]] = ()

    @property
    def integral(self) -> bool:
        """Whether the values are integers, as those of `.rounded()`; to be overridden where so."""
        chosen = [part for name, part in self._named_parts() if name in self._selects]
        return bool(chosen) and all(part.integral for part in chosen)

    @final
    def __call__(self, count: ArrayLike | Sequence[int] | Sequence[float]) -> jax.Array:
        """The value at `count`: any shape of integers or floats, the same shape in default floats,
        or in default ints where the schedule is `integral`.

        Below 0 it is the value at 0. Python's and NumPy's integers beyond the range of int32 (int64
        with x64) saturate where all lengths are integers, and are floats where some are, or none.
        Infinity acts as the largest float.
        """
        count = as_count(count, lambda: in_floats(self))
        return _evaluate(self, count, foreign=self._foreign())

    # --- the algebra: every method returns a schedule -------------------------------------------

    @suggesting
    def then(self, following: ScheduleLike) -> Schedule:
        """This schedule, and from its duration on `following`, which counts from 0 there."""
        end = required_duration(self, ".then()")
        following = ScheduleField(as_schedule).coerce(".then()", following)
        if isinstance(self, algebra.Join):
            return algebra.Join((*self.schedules, following), (*self.boundaries, end))
        return algebra.Join((self, following), (end,))

    @suggesting
    def warmup(self, steps: ArrayLike, start: ArrayLike = 0.0) -> Schedule:
        """A line from `start` to this schedule's value at 0, `steps` long, then this schedule."""
        return algebra.Warmup(self, steps, start)

    @suggesting
    def delay(self, steps: ArrayLike) -> Schedule:
        """The first value for `steps` counts, then this schedule: s(max(n - steps, 0))."""
        return algebra.Delay(self, steps)

    @suggesting
    def skip(self, steps: ArrayLike) -> Schedule:
        """This schedule without its first `steps` counts: s(n + steps)."""
        return algebra.Skip(
            self, NumberField(integral=True, least=0).coerce("Skip(steps=...)", steps)
        )

    @suggesting
    def stop(self, steps: ArrayLike) -> Schedule:
        """This schedule until `steps`, then held: s(min(n, steps))."""
        return algebra.Stop(self, steps)

    @suggesting
    def hold(self, steps: ArrayLike) -> Schedule:
        """The final value for `steps` counts more: the same values, a longer duration."""
        return algebra.Hold(self, steps)

    @suggesting
    def cooldown(
        self,
        boundary: ArrayLike,
        steps: ArrayLike,
        end: ArrayLike = 0.0,
        shape: Literal["linear", "cosine", "sqrt", "geometric"] = "linear",
    ) -> Schedule:
        """This schedule until `boundary`, then from its value there `steps` counts to `end`, held.

        A run may end at any count this way, and its schedule need not have a duration; the shapes
        are those of `Cooldown`.
        """
        return algebra.Cooldown(self, boundary, steps, end, shape)

    @suggesting
    def restarts(
        self, cycles: int, growth: float | None = None, gain: ArrayLike | None = None
    ) -> Schedule:
        """`cycles` cycles of this schedule, then its end; cycle i is times gain^i.

        With `growth` >= 1 every length inside cycle i is round(length * growth^i).
        """
        return algebra.restarts(self, cycles, growth, gain)

    @functools.partial(suggesting, more="it goes on forever, .restarts(n) makes n cycles")
    def repeat(self) -> Schedule:
        """This schedule forever: s(n mod duration)."""
        return algebra.Repeat(self)

    @suggesting
    def every(self, steps: ArrayLike) -> Schedule:
        """The same curve, updated every `steps` counts only: s(steps (n // steps))."""
        return algebra.Every(self, steps)

    @suggesting
    def per(self, steps: ArrayLike) -> Schedule:
        """This schedule of units of `steps` counts, such as epochs: s(n // steps)."""
        return algebra.Per(self, steps)

    @suggesting
    def clip(self, low: ArrayLike | None = None, high: ArrayLike | None = None) -> Schedule:
        """The values of this schedule, limited to [low, high]."""
        return algebra.Clip(self, low, high)

    def rounded(self, multiple: ArrayLike = 1) -> Schedule:
        """The values as integers: the nearest multiples, at least one; for batch sizes, say."""
        return algebra.Rounded(self, multiple)

    def __mul__(self, other: Any) -> Schedule:
        return algebra.Product(self, other)

    def __rmul__(self, other: Any) -> Schedule:
        return algebra.Product(other, self)

    def __add__(self, other: Any) -> Schedule:
        return algebra.Sum(self, other)

    def __radd__(self, other: Any) -> Schedule:
        return algebra.Sum(other, self)

    def __sub__(self, other: Any) -> Schedule:
        return algebra.Difference(self, other)

    def __rsub__(self, other: Any) -> Schedule:
        return algebra.Difference(other, self)

    def __truediv__(self, other: Any) -> Schedule:
        return algebra.Quotient(self, other)

    def __rtruediv__(self, other: Any) -> Schedule:
        return algebra.Quotient(other, self)

    def __neg__(self) -> Schedule:
        return algebra.Product(Constant(-1.0), self)

    def __pos__(self) -> Schedule:
        return self

    # --- what follows from the declarations -----------------------------------------------------

    def __repr__(self) -> str:
        """A constructor call; `eval` of it gives the same tree where the leaves are numbers."""
        arguments = (
            f"{name}={_show(value, getattr(self._kinds.get(name), 'rank', 0))}"
            for name, value in self.__dict__.items()
            if value is not None
        )
        return f"{type(self).__name__}({', '.join(arguments)})"

    _repr_svg_: ClassVar[Callable[[Any], str | None]]  # for notebooks: `pictures` has it drawn

    def stretched(self, factor: Fraction | int) -> Self:
        """This schedule with every length inside times `factor`, rounded where an integer."""
        this: Any = self
        longer = {
            name: kind.stretched(getattr(self, name), Fraction(factor))
            for name, kind in self._kinds.items()
        }
        stretched: Self = dataclasses.replace(this, **longer)
        return stretched

    def arrays(self) -> Self:
        """This schedule with JAX arrays of the default types as its leaves: the same values.

        For what takes only arrays to be numbers, such as the filters of Equinox.
        """

        def array(leaf: Any) -> jax.Array:
            return jnp.asarray(leaf).astype(
                jnp.result_type(float if fields.is_float(leaf) else int)
            )

        arrays: Self = jax.tree.map(array, self)
        return arrays

    def _parts(self) -> Iterator[Schedule]:
        """The schedules that this one is made of."""
        for _, part in self._named_parts():
            yield part

    def _named_parts(self) -> Iterator[tuple[str, Schedule]]:
        for name, several in self._holds:
            value = getattr(self, name)
            for part in value if several else [value]:
                yield name, part

    def _with(self, **fields: Any) -> Self:
        """This schedule with other values of these fields, unchecked."""
        changed = object.__new__(type(self))
        changed.__dict__.update(self.__dict__, **fields)
        return changed

    def _selecting(self, change: Callable[[Schedule], Schedule]) -> Self:
        """This schedule with `change` of those that it selects from."""
        several = dict(self._holds)
        parts = {name: getattr(self, name) for name in self._selects}
        return self._with(
            **{
                name: tuple(map(change, value)) if several[name] else change(value)
                for name, value in parts.items()
            }
        )

    def _foreign(self) -> bool:
        """Whether there is a foreign function inside."""
        return self._is_function or any(part._foreign() for part in self._parts())

    def traced(self) -> Self:
        """This schedule with leaves of the default dtypes and checked ranks, for use in a trace."""
        ready = {
            name: kind.traced(self._where(name), getattr(self, name))
            for name, kind in self._kinds.items()
        }
        return self._with(**ready)

    def _where(self, name: str) -> str:
        return f"{type(self).__name__}({name}=...)"


def required_duration(schedule: Schedule, by: Any) -> Any:
    """The duration that a method or a schedule around this one needs, or a ValueError."""
    if schedule.duration is None:
        needs = by if isinstance(by, str) else type(by).__name__
        raise ValueError(
            f"{needs} needs a schedule with a duration, and {type(schedule).__name__} has none: "
            "give it one with .stop(steps) (or .hold(steps) for a Constant), or place the parts "
            "yourself with Join(schedules, boundaries)"
        )
    return require_countable(schedule.duration)


def is_known(schedule: Any) -> bool:
    """Whether it is one schedule of known numbers: no tracers, no batch, no other tree."""
    if not isinstance(schedule, Schedule):
        return False
    numbers = []
    for name, kind in schedule._kinds.items():
        given = getattr(schedule, name)
        if isinstance(kind, NumberField) and not (given is None and kind.optional):
            separate = kind.separate and isinstance(given, tuple)
            numbers += [(0, x) for x in given] if separate else [(kind.rank, given)]
    return all(
        is_concrete(x) and np.ndim(x) == rank and np.asarray(x).dtype.kind in "iuf"
        for rank, x in numbers
    ) and all(map(is_known, schedule._parts()))


@Compiled
def _evaluate(schedule: Schedule, count: jax.Array) -> jax.Array:
    t = jnp.maximum(widened(count), 0)
    value = schedule.traced().at(t).astype(jnp.result_type(int if schedule.integral else float))
    # this way a number is sharded as the counts are, by axes of any type; XLA drops the select
    if value.shape != t.shape:
        value = jnp.where(t < 0, jnp.broadcast_to(value, t.shape), value)
    return value


def in_floats(schedule: Schedule) -> bool:
    """Whether a count that no int can hold may be a float: a length is one, or there are none."""
    kinds = {is_float(x) for x in lengths(schedule)}
    return True in kinds or not kinds


def lengths(schedule: Schedule) -> Iterator[Any]:
    """The lengths and boundaries inside, as they are stored."""
    for name, kind in schedule._kinds.items():
        value = getattr(schedule, name)
        if isinstance(kind, NumberField) and kind.integral and value is not None:
            yield from value if isinstance(value, tuple) else [value]
    for part in schedule._parts():
        yield from lengths(part)


def _show(x: Any, rank: int = 0) -> str:
    """A value of `rank` dimensions in full; a batch of them or a tracer by type and shape."""
    if isinstance(x, tuple):
        return f"({', '.join(map(_show, x))}{',' * (len(x) == 1)})"
    if isinstance(x, np.ndarray | jax.Array):
        if x.ndim > rank or not fields.is_concrete(x):
            return f"{x.dtype}[{','.join(map(str, x.shape))}]"
        return repr(np.asarray(x).tolist())
    return repr(x)


ScheduleLike = Schedule | ArrayLike | Callable[[Any], Any]  # what `as_schedule` takes
ASchedule = fields.Held[Schedule, ScheduleLike]
Schedules = fields.Held[tuple[Schedule, ...], Iterable[ScheduleLike]]


class Constant(Schedule):
    """The same value at every count.

    >>> Constant(0.1)(np.arange(3)).tolist() == [np.float32(0.1)] * 3
    True
    """

    value: Number = fields.number(selected=True)

    def at(self, t: jax.Array) -> jax.Array:
        return jnp.asarray(self.value)


@final
class Function(Schedule):
    """Any traceable function of a count, such as an optax schedule; it is static, not a leaf.

    The function sees one count at a time (it is vmapped), so that one which takes no arrays does,
    and standard dtype promotion. The same object again does not recompile; what has been compiled
    is freed with it.

    >>> import optax
    >>> Function(optax.linear_schedule(1.0, 0.0, 4))(np.arange(3)).tolist()
    [1.0, 0.75, 0.5]
    """

    function: Callable[[jax.Array], ArrayLike] = fields.static()
    _is_function = True

    def check(self) -> None:
        if not callable(self.function) or not isinstance(self.function, Hashable):
            raise TypeError(
                f"Function(function=...) must be a hashable callable, got {shown(self.function)}"
            )
        refuse_class(self.function)
        name = getattr(self.function, "__name__", None) or shown(self.function)
        try:
            shape = jax.eval_shape(self._one, jax.ShapeDtypeStruct((), jnp.result_type(int))).shape
        except jax.errors.ConcretizationTypeError as error:
            why = "take jnp.where instead of if, and jnp instead of math"
            raise TypeError(f"{name} is no function that JAX can trace: {why}") from error
        except Exception as error:
            why = shortened(str(error))
            raise TypeError(f"{name} is no function of one count: {why}") from error
        if shape:
            raise TypeError(f"{name} must give one number at one count, not the shape {shape}")

    def _one(self, count: jax.Array) -> jax.Array:
        with jax.numpy_dtype_promotion("standard"):
            value: Any = self.function(count)
            try:
                return jnp.asarray(value, jnp.result_type(float))
            except (TypeError, ValueError):
                raise TypeError(f"it gives no number: {shown(value)}") from None

    def at(self, t: jax.Array) -> jax.Array:
        return jnp.asarray(elementwise(self._one, t.ndim)(t))

    def stretched(self, factor: Any) -> Any:
        """Refused: the lengths inside a foreign function are out of reach."""
        raise ValueError(f"{shown(self)} cannot be stretched: it has no lengths to multiply")


def as_schedule(x: ScheduleLike) -> Schedule:
    """`x` as a schedule: one already, a number (`Constant`) or a callable of a count (`Function`).

    >>> as_schedule(0.1), as_schedule(Constant(2.0))
    (Constant(value=0.1), Constant(value=2.0))
    """
    if isinstance(x, Schedule):
        return x
    refuse_class(x)
    if callable(x):
        return Function(x)
    try:
        return Constant(x)
    except TypeError:
        expected = "a schedule, a number or a function of a count is expected"
        raise TypeError(f"{expected}, got {shown(x)}") from None


def refuse_class(x: Any, where: str = "") -> None:
    """Raise a TypeError for a class where an instance is expected."""
    if isinstance(x, type):
        name = f"js.{x.__name__}" if issubclass(x, Schedule) else x.__name__
        place = f"{where}: " if where else ""
        raise TypeError(f"{place}an instance is expected, {name} is a class")


def elementwise(f: Callable[..., Any], ndim: int) -> Callable[..., Any]:
    """`f` of scalars, vmapped over every axis of its arguments."""
    for _ in range(ndim):
        f = jax.vmap(f)
    return f


# The one circle: the methods of a schedule build what subclasses Schedule. Hence last.
from jaxsched import algebra  # noqa: E402
