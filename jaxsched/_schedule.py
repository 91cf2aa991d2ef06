"""`Schedule`: a pytree that can be called. Its numbers are leaves, its structure is the treedef."""

from __future__ import annotations

import abc
import dataclasses
import functools
import typing
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from types import MappingProxyType
from typing import Any, ClassVar, Literal, Self, final

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from jaxsched import _serialization, fields
from jaxsched._names import shown, suggesting
from jaxsched._plain import Opaque
from jaxsched._programs import Compiled
from jaxsched.fields import Kind, Part, is_concrete, is_float

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

    _kinds: ClassVar[dict[str, Kind | Part]] = {}
    _holds: ClassVar[tuple[tuple[str, bool], ...]] = ()  # the parts: their field, whether several
    _options: ClassVar[dict[str, tuple[Any, ...]]] = {}

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
            f.name: f.metadata.get("kind") or Kind(optional=f.default is None)
            for f in declared
            if f.name not in meta
        }
        parts = [(name, kind) for name, kind in cls._kinds.items() if isinstance(kind, Part)]
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
        _serialization.register(cls)

    def __post_init__(self) -> None:
        for name, kind in self._kinds.items():
            value = kind.coerce(self._where(name), getattr(self, name))
            object.__setattr__(self, name, value)
        for name, options in self._options.items():
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
        end = _algebra.required_duration(self, ".then()")
        following = Part(_algebra.as_schedule).coerce(".then()", following)
        if isinstance(self, _algebra.Join):
            return _algebra.Join((*self.schedules, following), (*self.boundaries, end))
        return _algebra.Join((self, following), (end,))

    @suggesting
    def warmup(self, steps: ArrayLike, start: ArrayLike = 0.0) -> Schedule:
        """A line from `start` to this schedule's value at 0, `steps` long, then this schedule."""
        return _algebra.Warmup(self, steps, start)

    @suggesting
    def delay(self, steps: ArrayLike) -> Schedule:
        """The first value for `steps` counts, then this schedule: s(max(n - steps, 0))."""
        return _algebra.Delay(self, steps)

    @suggesting
    def skip(self, steps: ArrayLike) -> Schedule:
        """This schedule without its first `steps` counts: s(n + steps)."""
        return _algebra.Skip(self, Kind(integral=True, least=0).coerce("Skip(steps=...)", steps))

    @suggesting
    def stop(self, steps: ArrayLike) -> Schedule:
        """This schedule until `steps`, then held: s(min(n, steps))."""
        return _algebra.Stop(self, steps)

    @suggesting
    def hold(self, steps: ArrayLike) -> Schedule:
        """The final value for `steps` counts more: the same values, a longer duration."""
        return _algebra.Hold(self, steps)

    @suggesting
    def cooldown(
        self,
        at: ArrayLike,
        steps: ArrayLike,
        end: ArrayLike = 0.0,
        shape: Literal["linear", "cosine", "sqrt", "geometric"] = "linear",
    ) -> Schedule:
        """This schedule until `at`, and from its value there `steps` counts to `end`, then held.

        A run may end at any count this way, and its schedule need not have a duration; the shapes
        are those of `Cooldown`.
        """
        from jaxsched._curves import Cooldown  # which is made of what subclasses Schedule

        at = Kind(integral=True, least=0).coerce("cooldown(at=...)", at)
        return Cooldown(self, at, steps, end, shape)

    @suggesting
    def restarts(
        self, n: int, growth: float | None = None, gain: ArrayLike | None = None
    ) -> Schedule:
        """`n` cycles of this schedule, then its end; cycle i is times gain^i.

        With `growth` >= 1 every length inside cycle i is round(length * growth^i).
        """
        return _algebra.restarts(self, n, growth, gain)

    @functools.partial(suggesting, more="it goes on for ever, .restarts(n) makes n cycles")
    def repeat(self) -> Schedule:
        """This schedule for ever: s(n mod duration)."""
        return _algebra.Repeat(self)

    @suggesting
    def every(self, k: ArrayLike) -> Schedule:
        """The same curve, updated every `k` counts only: s(k (n // k))."""
        return _algebra.Every(self, k)

    @suggesting
    def per(self, k: ArrayLike) -> Schedule:
        """This schedule of units of `k` counts, such as epochs: s(n // k)."""
        return _algebra.Per(self, k)

    @suggesting
    def clip(self, low: ArrayLike | None = None, high: ArrayLike | None = None) -> Schedule:
        """The values of this schedule, limited to [low, high]."""
        return _algebra.Clip(self, low, high)

    def rounded(self, multiple: ArrayLike = 1) -> Schedule:
        """The values as integers: the nearest multiples, at least one; for batch sizes, say."""
        return _algebra.Rounded(self, multiple)

    def __mul__(self, other: Any) -> Schedule:
        return _algebra.Product(self, other)

    def __rmul__(self, other: Any) -> Schedule:
        return _algebra.Product(other, self)

    def __add__(self, other: Any) -> Schedule:
        return _algebra.Sum(self, other)

    def __radd__(self, other: Any) -> Schedule:
        return _algebra.Sum(other, self)

    def __sub__(self, other: Any) -> Schedule:
        return _algebra.Difference(self, other)

    def __rsub__(self, other: Any) -> Schedule:
        return _algebra.Difference(other, self)

    def __truediv__(self, other: Any) -> Schedule:
        return _algebra.Quotient(self, other)

    def __rtruediv__(self, other: Any) -> Schedule:
        return _algebra.Quotient(other, self)

    def __neg__(self) -> Schedule:
        return _algebra.Product(_algebra.Constant(-1.0), self)

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

    def _repr_svg_(self) -> str | None:
        """How a notebook shows the schedule: its curve; None where its numbers are not known."""
        from jaxsched._svg import of_schedule

        return of_schedule(self)

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
        return any(part._foreign() for part in self._parts())

    def traced(self) -> Self:
        """This schedule with leaves of the default dtypes and checked ranks, for use in a trace."""
        ready = {
            name: kind.traced(self._where(name), getattr(self, name))
            for name, kind in self._kinds.items()
        }
        return self._with(**ready)

    def _where(self, name: str) -> str:
        return f"{type(self).__name__}({name}=...)"


def is_known(schedule: Any) -> bool:
    """Whether it is one schedule of known numbers: no tracers, no batch, no other tree."""
    if not isinstance(schedule, Schedule):
        return False
    numbers = []
    for name, kind in schedule._kinds.items():
        given = getattr(schedule, name)
        if isinstance(kind, Kind) and not (given is None and kind.optional):
            apart = kind.apart and isinstance(given, tuple)
            numbers += [(0, x) for x in given] if apart else [(kind.rank, given)]
    return all(
        is_concrete(x) and np.ndim(x) == rank and np.asarray(x).dtype.kind in "iuf"
        for rank, x in numbers
    ) and all(map(is_known, schedule._parts()))


@Compiled
def _evaluate(schedule: Schedule, count: jax.Array) -> jax.Array:
    t = jnp.maximum(_widened(count), 0)
    value = schedule.traced().at(t).astype(jnp.result_type(int if schedule.integral else float))
    # this way a number is sharded as the counts are, by axes of any type; XLA drops the select
    if value.shape != t.shape:
        value = jnp.where(t < 0, jnp.broadcast_to(value, t.shape), value)
    return value


_CONFIG: Any = jax.config
# of the default int, by jax_enable_x64: asking JAX takes a fifth of an eager call
_LIMITS: dict[bool, Any] = {False: np.iinfo(np.int32), True: np.iinfo(np.int64)}
_READY = frozenset(np.dtype(name) for name in ("int32", "int64", "float32", "float64"))


def in_floats(schedule: Schedule) -> bool:
    """Whether a count that no int can hold may be a float: a length is one, or there are none."""
    kinds = {is_float(x) for x in _lengths(schedule)}
    return True in kinds or not kinds


def _lengths(schedule: Schedule) -> Iterator[Any]:
    """The lengths and boundaries inside, as they are stored."""
    for name, kind in schedule._kinds.items():
        value = getattr(schedule, name)
        if isinstance(kind, Kind) and kind.integral and value is not None:
            yield from value if isinstance(value, tuple) else [value]
    for part in schedule._parts():
        yield from _lengths(part)


def as_count(count: Any, floats: Callable[[], bool]) -> Any:
    """`count` as an array that jit takes as it is; what JAX would wrap silently saturates.

    Integers beyond the default int are floats where `floats` says so.
    """
    if isinstance(count, jax.Array) and count.dtype in _READY:
        return count
    limits = _LIMITS[_CONFIG.jax_enable_x64]
    if type(count) is int:
        if count > limits.max and floats():
            return _as_floats(count)
        return limits.dtype.type(min(max(count, limits.min), limits.max))
    count = fields.unwrapped(count)
    array: Any = count if isinstance(count, jax.Array) else np.asarray(count)
    if jnp.issubdtype(array.dtype, np.integer):
        if isinstance(array, jax.Array):
            return array
        own = np.iinfo(array.dtype)
        if own.max > limits.max and array.max(initial=0) > limits.max and floats():
            return _as_floats(array)
        low, high = max(own.min, limits.min), min(own.max, limits.max)
        return np.clip(array, low, high).astype(limits.dtype)
    if jnp.issubdtype(array.dtype, np.floating):
        return array if isinstance(array, jax.Array) else array.astype(np.result_type(float))
    if array.dtype == object and all(type(item) is int for item in array.flat):
        if max(array.flat, default=0) > limits.max and floats():
            return _as_floats(array)
        return np.clip(array, limits.min, limits.max).astype(limits.dtype)
    raise TypeError(f"a count must be an integer or a float, got {shown(count)}")


def _as_floats(count: Any) -> Any:
    """Python's and NumPy's integers of any size as floats that float32 holds."""
    return np.asarray(np.clip(np.asarray(count, object), -(2**127), 2**127), np.float64)


def _widened(count: jax.Array) -> jax.Array:
    """Any integers as the default int, any floats as the default float, saturated."""
    if jnp.issubdtype(count.dtype, np.floating):
        count = count.astype(jnp.result_type(float))
        return jnp.minimum(count, np.finfo(count.dtype).max)
    limit = np.iinfo(jnp.result_type(int))
    if np.iinfo(count.dtype).max > limit.max:
        count = jnp.minimum(count, limit.max)
    return count.astype(limit.dtype)


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

# the methods above build these, and these subclass Schedule: hence last
from jaxsched import _algebra  # noqa: E402
