"""Many schedules at once, one program for each structure: `grid`, `stack` and `Switch`."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Self

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from jaxsched.errors import about, require_known, shown, suggesting
from jaxsched.fields import (
    LONGEST,
    Number,
    is_concrete,
    is_float,
    is_sequence,
    length,
    part,
    require,
)
from jaxsched.numerics.time import as_count
from jaxsched.programs import Compiled
from jaxsched.schedule import Schedule, Schedules, as_schedule, in_floats


def grid(make: Callable[..., Schedule], /, **axes: Iterable[Any]) -> Grid:
    """The schedules `make(name=value, ...)` for every combination of the axes' values.

    `make` is called once per point with plain values, so it may branch, compute a length with
    `int()` or take strings, classes and whole schedules; what a schedule refuses is an error that
    names the point. From some 10^4 points on, `jax.vmap` of a constructor is quicker to build.

    Args:
        make: a function of one keyword argument per axis that returns a schedule.
        axes: the values of each argument; the last axis varies fastest.

    >>> from jaxsched import Cosine
    >>> peaks = grid(lambda peak, warmup: Cosine(peak, 0.0, 10 - warmup).warmup(warmup),
    ...              peak=[0.5, 1.0], warmup=[0, 2, 4])
    >>> peaks
    Grid(peak=[0.5, 1.0], warmup=[0, 2, 4])
    >>> peaks(np.arange(100)).shape
    (2, 3, 100)
    >>> peaks[1, 2]
    Warmup(schedule=Cosine(start=1.0, end=0.0, steps=6), steps=4, start=0.0)
    >>> (2 * peaks).shape, peaks[{"warmup": 4}].shape, peaks.records()[5]
    ((2, 3), (2,), {'peak': 1.0, 'warmup': 4})
    """
    if not axes:
        raise ValueError("grid(make, ...) needs at least one axis, such as peak=[1e-4, 1e-3]")
    known = {name: _values(name, values) for name, values in axes.items()}
    points = []
    for values in itertools.product(*known.values()):
        record = dict(zip(known, values, strict=True))
        place = ", ".join(f"{name}={shown(value)}" for name, value in record.items())
        try:
            point = make(**record)
        except Exception as error:
            raise ValueError(f"grid: make failed at {place}: {error}") from error
        points.append(_required(point, f"grid: make at {place}"))
    return Grid(points, known)


@suggesting
def stack(schedules: Iterable[Schedule] | Mapping[str, Schedule]) -> Grid:
    """Any schedules, side by side along one axis, `name`: their keys, or 0, 1, 2, ... for a list.

    >>> from jaxsched import Constant, Linear
    >>> stack({"flat": Constant(0.5), "falls": Linear(1.0, 0.0, 2)})(np.arange(3)).tolist()
    [[0.5, 0.5, 0.5], [1.0, 0.5, 0.0]]
    """
    named = schedules if isinstance(schedules, Mapping) else dict(enumerate(schedules))
    if not named:
        raise ValueError("stack(schedules) needs at least one schedule")
    points = [_required(point, f"stack: schedule {name!r}") for name, point in named.items()]
    return Grid(points, {"name": tuple(named)})


def _everywhere(name: str) -> Callable[..., Grid]:
    """A method of `Schedule` for all points; grids among its arguments go point by point."""

    def method(self: Grid, *arguments: Any, **named: Any) -> Grid:
        for other in arguments:
            if isinstance(other, Grid) and other.axes != self.axes:
                raise ValueError(
                    f"grids of the same axes are expected, got {shown(self)} and {shown(other)}"
                )

        def made(i: int, point: Schedule) -> Schedule:
            here = [x._points[i] if isinstance(x, Grid) else x for x in arguments]
            schedule: Schedule = getattr(point, name)(*here, **named)
            return schedule

        return Grid([made(i, point) for i, point in enumerate(self)], self.axes)

    method.__name__ = name
    method.__doc__ = f"`Schedule.{name}` of every point."
    return method


class Grid:
    """Schedules along named axes, called all at once; the methods of a schedule work on them all.

    `grid(counts)` has the shape `grid.shape + counts.shape`. `grid[i, j]`, with slices too, and
    `grid[{"peak": 1e-3}]`, by value, give a schedule, or a smaller grid where axes are left. `len`
    and iteration go over the schedules, the last axis first, as `records()` does.

    Made by `grid` and `stack`.
    """

    # np.float32(2) * grid must reach __rmul__ instead of becoming an object array
    __array_ufunc__ = None

    def __init__(self, points: Sequence[Schedule], axes: Mapping[str, tuple[Any, ...]]) -> None:
        self.axes = dict(axes)
        self._points = tuple(points)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the axes."""
        return tuple(self.axes)

    @property
    def shape(self) -> tuple[int, ...]:
        """How many values each axis has."""
        return tuple(map(len, self.axes.values()))

    @functools.cached_property
    def groups(self) -> list[tuple[np.ndarray[Any, Any], Any]]:
        """For each structure: which points have it, in the order of iteration, and their stack."""
        found: dict[Any, tuple[list[int], list[list[Any]]]] = {}
        for i, point in enumerate(self._points):
            leaves, tree = jax.tree.flatten(point)
            kinds = tuple((np.shape(leaf), is_float(leaf)) for leaf in leaves)
            members, rows = found.setdefault((tree, kinds), ([], []))
            members.append(i)
            rows.append(leaves)
        return [
            (np.array(members), jax.tree.unflatten(tree, list(map(_stacked, *rows))))
            for (tree, _), (members, rows) in found.items()
        ]

    @property
    def flat(self) -> Any:
        """All points as one stacked schedule, for `jax.vmap(train)(grid.flat)`.

        A ValueError names the axes along which the structure changes, if there are several: for
        those there is `jaxsched.sweep`, or a `Switch`.
        """
        if len(self.groups) == 1:
            return self.groups[0][1]
        labels = np.empty(len(self), int)
        for label, (members, _) in enumerate(self.groups):
            labels[members] = label
        labels = labels.reshape(self.shape)
        mixed = [name for i, name in enumerate(self.axes) if np.diff(labels, axis=i).any()]
        raise ValueError(
            f"grid.flat needs schedules of one structure, and {len(self.groups)} differ along "
            f"{' and '.join(mixed)}: take grid.groups, or js.sweep, which trains them all at once"
        )

    def records(self) -> list[dict[str, Any]]:
        """The axes' values at every point."""
        values = itertools.product(*self.axes.values())
        return [dict(zip(self.axes, point, strict=True)) for point in values]

    def __call__(self, count: ArrayLike | Sequence[int] | Sequence[float]) -> jax.Array:
        """The values of all points: an array of the shape `grid.shape + count.shape`."""
        order = None
        if len(self.groups) > 1:
            order = np.argsort(np.concatenate([members for members, _ in self.groups]))
        sizes = tuple(len(members) for members, _ in self.groups)
        stacks = tuple(stacked for _, stacked in self.groups)
        clocks = {kind: as_count(count, [kind].pop) for kind in set(self._in_floats)}
        counts = [clocks[kind] for kind in self._in_floats]
        if len(clocks) == 1:  # once for all
            counts = counts[0]
        foreign = any(stacked._foreign() for stacked in stacks)
        return _evaluate(stacks, order, counts, sizes, self.shape, foreign=foreign)

    @functools.cached_property
    def _in_floats(self) -> list[bool]:
        """For each structure whether counts that no int can hold are floats."""
        return [in_floats(self._points[members[0]]) for members, _ in self.groups]

    def __len__(self) -> int:
        return len(self._points)

    def __iter__(self) -> Iterator[Schedule]:
        return iter(self._points)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, Mapping):
            index = self._by_value(index)
        chosen = np.arange(len(self)).reshape(self.shape)[index]
        if np.ndim(chosen) == 0:
            return self._points[chosen]
        index = index if isinstance(index, tuple) else (index,)
        if Ellipsis in index:
            at = index.index(Ellipsis)
            whole = (slice(None),) * (len(self.axes) + 1 - len(index))
            index = (*index[:at], *whole, *index[at + 1 :])
        left = {}
        for (name, values), i in itertools.zip_longest(self.axes.items(), index):
            if isinstance(i, slice | None):
                left[name] = values[i or slice(None)]
            elif not isinstance(i, int | np.integer):
                raise TypeError(f"grid[...] takes ints, slices and values by name, got {shown(i)}")
        return Grid([self._points[i] for i in chosen.ravel()], left)

    def _by_value(self, wanted: Mapping[str, Any]) -> tuple[Any, ...]:
        require_known(wanted, self.axes, "grid[...]")
        index: list[Any] = [slice(None)] * len(self.axes)
        for i, (name, values) in enumerate(self.axes.items()):
            if name in wanted:
                same = [k for k, value in enumerate(values) if value == wanted[name]]
                if not same:
                    raise KeyError(
                        f"grid: no {name}={shown(wanted[name])} among {shown(list(values))}"
                    )
                index[i] = same[0]
        return tuple(index)

    then = _everywhere("then")
    warmup = _everywhere("warmup")
    delay = _everywhere("delay")
    skip = _everywhere("skip")
    stop = _everywhere("stop")
    hold = _everywhere("hold")
    cooldown = _everywhere("cooldown")
    restarts = _everywhere("restarts")
    repeat = _everywhere("repeat")
    every = _everywhere("every")
    per = _everywhere("per")
    clip = _everywhere("clip")
    arrays = _everywhere("arrays")
    rounded = _everywhere("rounded")
    __mul__ = _everywhere("__mul__")
    __rmul__ = _everywhere("__rmul__")
    __add__ = _everywhere("__add__")
    __radd__ = _everywhere("__radd__")
    __sub__ = _everywhere("__sub__")
    __rsub__ = _everywhere("__rsub__")
    __truediv__ = _everywhere("__truediv__")
    __rtruediv__ = _everywhere("__rtruediv__")
    __neg__ = _everywhere("__neg__")
    __pos__ = _everywhere("__pos__")

    def __repr__(self) -> str:
        axes = ", ".join(f"{name}={shown(list(values))}" for name, values in self.axes.items())
        return f"Grid({axes})"

    _repr_svg_: ClassVar[Callable[[Any], str | None]]  # for notebooks: `pictures` has it drawn


class Switch(Schedule):
    """One of several schedules, by number: a mixed lot of them has one structure this way.

        v(n) = schedules[index](n)

    All are evaluated and one is selected, so that `index` may be traced, or a whole batch under
    `jax.vmap`; one out of range is the nearest.

    Args:
        schedules: at least one.
        index: 0 for the first.

    >>> from jaxsched import Constant, Linear
    >>> Switch([Constant(0.5), Linear(1.0, 0.0, 2)], 1)(np.arange(3)).tolist()
    [1.0, 0.5, 0.0]
    """

    schedules: Schedules = part(as_schedule, several=True)
    index: Number = length(stretches=False, offset=True, whole=True)
    _selects = ("schedules",)

    # whether its duration is only needed for an evaluation, after what holds it was checked
    _evaluated: ClassVar[bool] = False

    def check(self) -> None:
        if not self.schedules:
            raise ValueError("Switch(schedules=...) must hold at least one schedule")
        last = len(self.schedules) - 1
        rule = f"Switch(index=...) must be an int from 0 to {last}"
        with about("index"):
            require(lambda i: (i <= last) & (i == np.floor(i)), self.index, rule)

    @property
    def duration(self) -> Any:
        """The chosen one's; None where the choice is traced and one has none."""
        if is_concrete(self.index) and np.ndim(self.index) == 0:
            return self.schedules[int(np.asarray(self.index))].duration
        durations = [s.duration for s in self.schedules]
        if None in durations and self._evaluated:
            # the chosen one has a duration: what needs it was refused otherwise
            durations = [LONGEST if duration is None else duration for duration in durations]
        elif None in durations:
            return None
        return self._chosen([jnp.asarray(duration) for duration in durations])

    def traced(self) -> Self:
        """As of every schedule."""
        ready = super().traced()
        ready.__dict__["_evaluated"] = True
        return ready

    def at(self, t: jax.Array) -> jax.Array:
        values = [s.at(t) for s in self.schedules]
        if not self.integral:
            values = [value.astype(jnp.result_type(float)) for value in values]
        return self._chosen(values)

    def _chosen(self, values: list[jax.Array]) -> jax.Array:
        index, chosen = jnp.asarray(self.index), values[0]
        for i, value in enumerate(values[1:], 1):
            chosen = jnp.where(index >= i, value, chosen)
        return chosen


def as_one(points: Grid) -> Any:
    """All points as one stack with leaves: if need be, a `Switch` among the structures."""
    if len(points.groups) == 1 and jax.tree.leaves(points.flat):
        return points.flat
    index = np.empty(len(points), np.int32)
    branches = []
    for i, (members, stacked) in enumerate(points.groups):
        index[members] = i
        # the other points carry the numbers of the first member, which nobody looks at
        row = np.zeros(len(points), int)
        row[members] = np.arange(len(members))
        branches.append(jax.tree.map(lambda leaf, row=row: leaf[row], stacked))
    one = Switch(tuple(points._points[members[0]] for members, _ in points.groups), 0)
    return jax.tree.unflatten(jax.tree.structure(one), jax.tree.leaves((branches, index)))


@functools.partial(Compiled, static=(3, 4))
def _evaluate(
    stacks: tuple[Any, ...], order: Any, counts: Any, sizes: tuple[int, ...], shape: tuple[int, ...]
) -> jax.Array:
    """`counts` are one array for all stacks, or a list of one for each."""
    each = counts if isinstance(counts, list) else [counts] * len(stacks)
    values = [
        # the size is in the leaves too, where there are any
        jax.vmap(lambda s, count=count: s(count), axis_size=size)(stacked)
        for size, stacked, count in zip(sizes, stacks, each, strict=True)
    ]
    if len({value.dtype for value in values}) > 1:  # integers among floats
        values = [value.astype(jnp.result_type(float)) for value in values]
    whole = values[0] if order is None else jnp.concatenate(values)[order]
    return whole.reshape(*shape, *jnp.shape(each[0]))


def _values(name: str, values: Any) -> tuple[Any, ...]:
    """The plain values of an axis."""
    if not is_sequence(values):
        raise TypeError(f"grid({name}=...) must be a sequence of values, got {shown(values)}")
    if isinstance(values, np.ndarray | jax.Array):
        values = np.asarray(values).tolist() if np.ndim(values) == 1 else list(values)
    known = tuple(v.item() if isinstance(v, np.generic) else v for v in values)
    if not known:
        raise ValueError(f"grid({name}=...) must hold at least one value")
    return known


def _required(point: Any, where: str) -> Schedule:
    if not isinstance(point, Schedule):
        raise TypeError(
            f"{where} must be a schedule (js.as_schedule makes one), got {shown(point)}"
        )
    return point


def _stacked(*leaves: Any) -> Any:
    if all(map(is_concrete, leaves)):
        return np.stack([np.asarray(leaf) for leaf in leaves])
    return jnp.stack(leaves)
