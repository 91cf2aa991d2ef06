"""What the methods of `Schedule` return: schedules made of schedules."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterable
from fractions import Fraction
from numbers import Real
from typing import Any, ClassVar, Literal

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.typing import ArrayLike

from jaxsched.errors import about, shown
from jaxsched.fields import (
    Held,
    Number,
    NumberField,
    OptionalNumber,
    boundaries,
    is_concrete,
    is_float,
    length,
    number,
    part,
    require,
    require_count,
    require_ordered,
    static,
)
from jaxsched.numerics import weights
from jaxsched.numerics.lookup import UNROLLED, entries, passed, pick
from jaxsched.numerics.time import (
    alike,
    divide,
    known,
    largest,
    minus,
    multiple,
    nearest,
    nearest_multiple,
    plus,
    require_countable,
    smallest,
    times,
)
from jaxsched.schedule import (
    ASchedule,
    Constant,
    Schedule,
    Schedules,
    as_schedule,
    elementwise,
    is_known,
    required_duration,
)

# Joined clocks beat the remainder up to some 16 cycles; beyond, XLA chokes on the chain of selects.
JOINED_CYCLES = 16


def _begun(schedule: Schedule) -> Callable[[jax.Array], jax.Array]:
    """`schedule.at` for a join, which evaluates every part at counts before its beginning, too."""
    return lambda n: schedule.at(jnp.maximum(n, 0))


class Join(Schedule):
    """One schedule after another: `optax.join_schedules` of its parts.

        v(n) = schedules[i](n - boundaries[i - 1]),   i = how many boundaries are <= n

    Args:
        schedules: the parts; each counts from 0 at its own boundary.
        boundaries: the counts at which the second, third, ... part starts, in order.

    More than 32 parts of one structure are evaluated once, with their numbers looked up by count.

    >>> from jaxsched import Linear
    >>> Join((Linear(0.0, 1.0, 2), Constant(0.5)), (2,))(np.arange(4)).tolist()
    [0.0, 0.5, 0.5, 0.5]
    """

    schedules: Schedules = part(as_schedule, several=True)
    boundaries: Held[tuple[Any, ...], Iterable[ArrayLike]] = boundaries(separate=True)
    _selects = ("schedules",)

    def check(self) -> None:
        if len(self.schedules) != len(self.boundaries) + 1:
            raise ValueError(
                "Join(schedules, boundaries) needs one boundary between each two schedules, got "
                f"{len(self.schedules)} schedules and {len(self.boundaries)} boundaries"
            )
        with about("boundaries"):
            require_ordered(list(filter(is_concrete, self.boundaries)), "Join(boundaries=...)")

    @property
    def duration(self) -> Any:
        """Where the last part ends."""
        last = self.schedules[-1].duration
        return plus(self.boundaries[-1], last) if self.boundaries else last

    def at(self, t: jax.Array) -> jax.Array:
        if len(self.schedules) > UNROLLED and self._alike():
            return self._looked_up(t)
        # a float boundary makes the clock of its own part a float, and of no other
        with jax.numpy_dtype_promotion("standard"):
            joined = optax.join_schedules(list(map(_begun, self.schedules)), self.boundaries)
            return jnp.asarray(joined(t))

    def _alike(self) -> bool:
        """Whether all parts are one tree of numbers, so that one evaluation serves them."""
        types = [(jax.tree.structure(s), jax.tree.map(jnp.result_type, s)) for s in self.schedules]
        kinds = {(tree, tuple(jax.tree.leaves(dtypes))) for tree, dtypes in types}
        return len(kinds) == 1 and all(x.ndim == 0 for x in jax.tree.leaves(self.schedules))

    def _looked_up(self, t: jax.Array) -> jax.Array:
        kind = jnp.result_type(float if any(map(is_float, self.boundaries)) else int)
        starts = jnp.stack([jnp.asarray(b).astype(kind) for b in self.boundaries])
        index = passed(t, starts)

        def entry(table: jax.Array) -> jax.Array:
            return entries(table, index)

        begin = entry(jnp.concatenate([jnp.zeros(1, kind), starts]))
        clock = operator.sub(*alike(t, begin))
        part = jax.tree.map(lambda *leaves: entry(jnp.stack(leaves)), *self.schedules)
        return jnp.asarray(elementwise(lambda s, n: s.at(n), t.ndim)(part, clock))


class Warmup(Schedule):
    """A line from `start` to the schedule's own value at 0, then the schedule, counting from 0.

        v(n) = start + (s(0) - start) n / steps  for n < steps,   s(n - steps) after

    A transition of 0 steps is at its `end` at count 0, so the line leads there. Where the decay may
    have no length, `warmup_cosine`, or `Linear(0.0, peak, steps).then(...)`, rises to the peak.

    Args:
        schedule: what to warm up for.
        steps: length of the line; 0 leaves it out.
        start: the first value.
    """

    schedule: ASchedule = part(as_schedule)
    steps: Number = length()
    start: Number = number(default=0.0)

    @property
    def duration(self) -> Any:
        """The line and the schedule."""
        return plus(self.steps, self.schedule.duration)

    def at(self, t: jax.Array) -> jax.Array:
        peak = self.schedule.at(jnp.zeros_like(t, shape=()))

        def line(n: jax.Array) -> jax.Array:
            return weights.line(n, self.start, peak, self.steps)

        with jax.numpy_dtype_promotion("standard"):
            joined = optax.join_schedules([line, _begun(self.schedule)], [self.steps])
            return jnp.asarray(joined(t))


class _Around(Schedule):
    """A schedule around another one, on a clock of its own: s(clock(n)).

    Classes declare inherited parts again: mypy takes an inherited field for what may be given.
    """

    schedule: ASchedule = part(as_schedule)
    _selects: ClassVar[tuple[str, ...]] = ("schedule",)

    @property
    def duration(self) -> Any:
        """The schedule's own."""
        return self.schedule.duration

    def clock(self, t: jax.Array) -> jax.Array:
        """The counts of the schedule inside at the counts `t`."""
        return t

    def at(self, t: jax.Array) -> jax.Array:
        return self.schedule.at(self.clock(t))


# the curves by which a cooldown falls; `curves`, which is built on this module, fills them in
COOLDOWNS: dict[str, Callable[..., Schedule]] = {}


class Cooldown(Schedule):
    """The schedule until `boundary`, and from its value there `steps` counts to `end`, then held.

        v(n) = s(n)  for n < boundary,   end + (s(boundary) - end) w((n - boundary) / steps)  after

    with w(x) = 1 - x (linear), (1 + cos(pi x)) / 2 (cosine) or 1 - sqrt(x) (sqrt); geometric is
    s(boundary) (end / s(boundary))^x.

    Args:
        schedule: what is cooled down; it need not have a duration.
        boundary: count at which the cooldown starts.
        steps: counts of the cooldown.
        end: the last value.
        shape: linear, cosine, sqrt ("1 - sqrt") or geometric (end > 0).

    A ValueError where the schedule is over by then and has that value already.

    Source: Hägele et al. 2024 (arXiv:2405.18392), who branch a cooldown off a constant rate at
    every length of interest; for pre-training that continues, Ibrahim et al. 2024
    (arXiv:2403.08763).

    >>> from jaxsched import Linear
    >>> Linear(0.0, 4.0, 4).cooldown(boundary=2, steps=2)(np.arange(6)).tolist()
    [0.0, 1.0, 2.0, 1.0, 0.0, 0.0]
    """

    schedule: ASchedule = part(as_schedule)
    boundary: Number = length()
    steps: Number = length()
    end: Number = number(default=0.0)
    shape: Literal["linear", "cosine", "sqrt", "geometric"] = static(
        default="linear", one_of=("linear", "cosine", "sqrt", "geometric")
    )

    def check(self) -> None:
        geometric = self.shape == "geometric"
        with about("end"):
            rule = "Cooldown(end=...) must be positive, it is geometric"
            require(lambda x: (x > 0) | (not geometric), self.end, rule)
        over = known(self.schedule.duration) if is_known(self) else None
        late = over is not None and self.boundary >= over
        if not late and not (geometric and is_known(self)):
            return
        with jax.ensure_compile_time_eval():  # within jit and grad, too, but not within shard_map
            value = self.schedule(self.boundary)
        if not is_concrete(value):
            return
        start = np.asarray(value)
        if geometric:
            require(lambda x: x > 0, start, "a geometric cooldown must start from a positive value")
        if late and start == np.asarray(self.end, start.dtype):
            raise ValueError(
                f"a cooldown at {self.boundary} changes nothing: the schedule, whose duration is "
                f"{over}, ends with {start.item():g}"
            )

    @property
    def duration(self) -> Any:
        """Until the end of the cooldown."""
        return plus(self.boundary, self.steps)

    def at(self, t: jax.Array) -> jax.Array:
        start = self.schedule.at(jnp.maximum(jnp.asarray(self.boundary), 0))

        def cooled(n: jax.Array) -> jax.Array:
            return COOLDOWNS[self.shape](start, self.end, self.steps).at(n)

        with jax.numpy_dtype_promotion("standard"):
            joined = optax.join_schedules([self.schedule.at, cooled], [self.boundary])
            return jnp.asarray(joined(t))


class Delay(_Around):
    """The schedule `steps` counts later, its first value before: s(max(n - steps, 0))."""

    schedule: ASchedule = part(as_schedule)
    steps: Number = length()

    @property
    def duration(self) -> Any:
        """The wait and the schedule."""
        return plus(self.steps, self.schedule.duration)

    def clock(self, t: jax.Array) -> jax.Array:
        t, steps = alike(t, self.steps)
        return t - jnp.minimum(t, steps)


class Skip(_Around):
    """The schedule without its first `steps` counts: s(n + steps)."""

    schedule: ASchedule = part(as_schedule)
    steps: Number = length(offset=True)

    @property
    def duration(self) -> Any:
        """What is left of the schedule."""
        return minus(self.schedule.duration, self.steps)

    def clock(self, t: jax.Array) -> jax.Array:
        t, steps = alike(t, self.steps)
        if not is_float(t):
            t = jnp.minimum(t, np.iinfo(t.dtype).max - steps)  # saturate instead of wrapping
        return t + steps


class Stop(_Around):
    """The schedule until `steps`, then held: s(min(n, steps))."""

    schedule: ASchedule = part(as_schedule)
    steps: Number = length()

    @property
    def duration(self) -> Any:
        """`steps`, or less where the schedule is shorter."""
        whole = self.schedule.duration
        return self.steps if whole is None else smallest(whole, self.steps)

    def clock(self, t: jax.Array) -> jax.Array:
        return jnp.minimum(*alike(t, self.steps))


class Hold(_Around):
    """The same values with a duration that is `steps` longer."""

    schedule: ASchedule = part(as_schedule)
    steps: Number = length()

    def check(self) -> None:
        require_countable(self.duration)

    @property
    def duration(self) -> Any:
        """The schedule's own (0 for a `Constant`), and `steps`."""
        whole = 0 if _is_constant(self.schedule) else required_duration(self.schedule, self)
        return plus(whole, self.steps)


class Every(_Around):
    """The same curve, updated every `steps` counts and held between: s(steps (n // steps))."""

    schedule: ASchedule = part(as_schedule)
    steps: Number = length(least=1, stretches=False)

    def check(self) -> None:
        require_countable(self.duration)

    @property
    def duration(self) -> Any:
        """The schedule's own, rounded up to a multiple of `steps`."""
        return multiple(self.schedule.duration, self.steps)

    def clock(self, t: jax.Array) -> jax.Array:
        t, steps = alike(t, self.steps)
        return t - divide(t, steps)[1]


class Per(_Around):
    """The schedule in units of `steps` counts, such as the updates of an epoch: s(n // steps)."""

    schedule: ASchedule = part(as_schedule)
    steps: Number = length(least=1, stretches=False)

    def check(self) -> None:
        require_countable(self.duration)

    @property
    def duration(self) -> Any:
        """The schedule's own, times `steps`."""
        return times(self.schedule.duration, self.steps)

    def clock(self, t: jax.Array) -> jax.Array:
        return divide(*alike(t, self.steps))[0]


class Repeat(_Around):
    """The schedule forever: s(n mod duration)."""

    schedule: ASchedule = part(as_schedule)

    def check(self) -> None:
        required_duration(self.schedule, self)

    @property
    def duration(self) -> Any:
        """None: it goes on."""
        return None

    def clock(self, t: jax.Array) -> jax.Array:
        return divide(*alike(t, self.schedule.duration))[1]


class Restart(Schedule):
    """`cycles` equal cycles of the schedule, then its end: s(n - i duration) gain^i in cycle i.

    Args:
        schedule: one cycle; it has a duration.
        cycles: how many, static.
        gain: what each cycle is multiplied by once more, > 0; None leaves the factor out.

    The clock, not the cycle, is joined: the schedule is evaluated once however many cycles.

    Source: Loshchilov and Hutter 2017 (arXiv:1608.03983), section 3, with T_mult = 1.

    >>> from jaxsched import Linear
    >>> Linear(1.0, 0.0, 2).restarts(2, gain=0.5)(np.arange(5)).tolist()
    [1.0, 0.5, 0.5, 0.25, 0.0]
    """

    schedule: ASchedule = part(as_schedule)
    cycles: int = static()
    gain: OptionalNumber = number(default=None, above=0)

    @property
    def _selects(self) -> tuple[str, ...]:  # type: ignore[override]
        return ("schedule",) if self.gain is None else ()

    def check(self) -> None:
        object.__setattr__(self, "cycles", require_count(self.cycles, "Restart(cycles=...)"))
        require_countable(self.duration)

    @property
    def duration(self) -> Any:
        """`cycles` times the schedule's own."""
        return times(required_duration(self.schedule, self), self.cycles)

    def at(self, t: jax.Array) -> jax.Array:
        t, cycle = alike(t, self.schedule.duration)
        if self.cycles <= JOINED_CYCLES:
            numbers = jnp.arange(self.cycles, dtype=cycle.dtype)
            starts = cycle * numbers
            clock = optax.join_schedules([lambda n: n] * self.cycles, starts[1:])(t)
            index = pick(t, starts[1:], numbers)[0]
        else:
            last = jnp.asarray(self.cycles - 1, cycle.dtype)
            # cycles of length 0 are all over at once
            index = jnp.where(cycle > 0, jnp.minimum(divide(t, cycle)[0], last), last)
            clock = t - index * cycle
        value = self.schedule.at(jnp.asarray(clock))
        if self.gain is None:
            return value
        return weights.exponential(index, value, self.gain, jnp.ones((), cycle.dtype))


def restarts(schedule: Schedule, cycles: int, growth: Any, gain: Any) -> Schedule:
    """What `Schedule.restarts` returns: one clock for equal cycles, a `Join` of growing ones."""
    count = require_count(cycles, "restarts(cycles=...)")
    if growth is None:
        return Restart(schedule, count, gain)
    required_duration(schedule, ".restarts()")
    gain = NumberField(above=0, optional=True).coerce("restarts(gain=...)", gain)
    if not isinstance(growth, Real) or isinstance(growth, bool):
        rule = "must be a known number, which decides how many counts each cycle has"
        raise TypeError(f"restarts(growth=...) {rule}, got {shown(growth)}")
    require(lambda g: np.isfinite(g) & (g >= 1), float(growth), "restarts(growth=...) must be >= 1")
    if growth == 1:
        return Restart(schedule, count, gain)
    factor = growth if isinstance(growth, Fraction | int) else Fraction(float(growth))
    parts = [schedule.stretched(factor**i) for i in range(count)]
    if gain is not None:
        parts = [Product(gain**i, cycle) for i, cycle in enumerate(parts)]
    ends = [parts[0].duration]
    for cycle in parts[1:]:
        ends.append(plus(ends[-1], cycle.duration))
    return Join(tuple(parts), tuple(ends[:-1]))


class WithMomentum(_Around):
    """A learning rate, and beside it the momentum that goes with it.

    It is called for the learning rate; `.momentum` is a schedule of the same counts, as for
    `optax.inject_hyperparams(optax.sgd)(lr, momentum=lr.momentum)`.

    >>> from jaxsched import Linear
    >>> lr = WithMomentum(Linear(0.1, 1.0, 9), momentum=Linear(0.95, 0.85, 9))
    >>> f"{lr(9):.2f} {lr.momentum(9):.2f}"
    '1.00 0.85'
    """

    schedule: ASchedule = part(as_schedule)
    momentum: ASchedule = part(as_schedule)


class Clip(_Around):
    """The values of the schedule, limited to [low, high]; None is no limit."""

    schedule: ASchedule = part(as_schedule)
    low: OptionalNumber = number(default=None)
    high: OptionalNumber = number(default=None)
    _selects = ()

    def check(self) -> None:
        if self.low is not None and self.high is not None and is_concrete(self.low):
            low = np.asarray(self.low)
            with about("high"):
                require(lambda h: h >= low, self.high, f"Clip(high=...) must be at least {low=!s}")

    def at(self, t: jax.Array) -> jax.Array:
        return jnp.clip(_in_floats(self.schedule, t), self.low, self.high)


class Rounded(_Around):
    """The values of the schedule as integers: the nearest multiples of `multiple`, at least one.

    Halfway between two it is the even one. Known values of a `Constant`, a `PiecewiseConstant` and
    a `Table` are rounded exactly, when it is made; what is computed has the digits of a float.
    Schedules that only select from such ones (`.then`, `.every`, `.restarts(n)`, ...) are integers,
    too; arithmetic makes floats again.

    Args:
        schedule: what is rounded.
        multiple: an int >= 1.

    >>> from jaxsched import Linear
    >>> Linear(8.0, 32.0, 4).rounded(8)(np.arange(5)).tolist()
    [8, 16, 16, 24, 32]
    """

    schedule: ASchedule = part(as_schedule)
    _selects = ()
    multiple: Number = length(default=1, least=1, whole=True, stretches=False)

    def check(self) -> None:
        if is_concrete(self.multiple) and np.ndim(self.multiple) == 0:
            object.__setattr__(self, "schedule", self._exact(self.schedule))

    def _exact(self, schedule: Schedule) -> Schedule:
        """The schedule with the known values that it selects rounded, as integers."""
        if schedule._selects:
            return schedule._selecting(self._exact)
        by, exact = int(np.asarray(self.multiple)), {}
        for name, kind in schedule._kinds.items():
            value = getattr(schedule, name)
            if isinstance(kind, NumberField) and kind.selected and not isinstance(value, jax.Array):
                exact[name] = nearest(value, by)
        return schedule._with(**exact)

    @property
    def integral(self) -> bool:
        """True."""
        return True

    def at(self, t: jax.Array) -> jax.Array:
        if self.schedule._selects:  # of each one by itself: an integer among floats stays exact
            return self.schedule._selecting(lambda one: self._with(schedule=one)).at(t)
        return nearest_multiple(self.schedule.at(t), jnp.asarray(self.multiple))


def _is_constant(schedule: Schedule) -> bool:
    inside = schedule.schedule if isinstance(schedule, Rounded) else schedule
    return isinstance(inside, Constant)


def _in_floats(schedule: Schedule, t: jax.Array) -> jax.Array:
    return schedule.at(t).astype(jnp.result_type(float))


class _Pair(Schedule):
    """Two schedules and an operation on their values; the longer one decides the duration."""

    operation: ClassVar[Callable[..., jax.Array]]
    left: ASchedule = part(as_schedule)
    right: ASchedule = part(as_schedule)

    @property
    def duration(self) -> Any:
        """The larger one; a `Constant` counts for nothing."""
        parts = [s for s in (self.left, self.right) if not _is_constant(s)]
        durations = [s.duration for s in parts]
        if not durations or any(d is None for d in durations):
            return None
        return functools.reduce(largest, durations)

    def at(self, t: jax.Array) -> jax.Array:
        return type(self).operation(_in_floats(self.left, t), _in_floats(self.right, t))


class Product(_Pair):
    """The product of two schedules."""

    left: ASchedule = part(as_schedule)
    right: ASchedule = part(as_schedule)
    operation = staticmethod(operator.mul)


class Sum(_Pair):
    """The sum of two schedules."""

    left: ASchedule = part(as_schedule)
    right: ASchedule = part(as_schedule)
    operation = staticmethod(operator.add)


class Difference(_Pair):
    """One schedule less another."""

    left: ASchedule = part(as_schedule)
    right: ASchedule = part(as_schedule)
    operation = staticmethod(operator.sub)


class Quotient(_Pair):
    """One schedule divided by another, which must not reach 0."""

    left: ASchedule = part(as_schedule)
    right: ASchedule = part(as_schedule)
    operation = staticmethod(operator.truediv)
