"""Where to look at a schedule that is drawn: at every turn it takes, however long it is."""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import jax
import numpy as np
from numpy.typing import NDArray

from jaxsched.algebra import (
    Cooldown,
    Delay,
    Every,
    Join,
    Per,
    Repeat,
    Restart,
    Rounded,
    Skip,
    Stop,
    Warmup,
    WithMomentum,
)
from jaxsched.curves import Interpolate, PiecewiseConstant, Table, Wave
from jaxsched.fields import LONGEST
from jaxsched.grids import Switch
from jaxsched.schedule import Constant, Schedule, lengths

WITHIN = 16  # evenly spaced looks into a column, for what a foreign callable does there
MOST = 2**16  # turns that are looked for, beyond one for each of these looks
UNKNOWN = 1000  # the least that is shown of a schedule without an end

Array = NDArray[Any]


class Samples(NamedTuple):
    """A polyline that looks like the schedule: counts in order, values, and the turns among them.

    There are no `turns` where there are more than columns.
    """

    counts: Array
    values: Array
    turns: Array


def samples(schedule: Schedule, steps: int, columns: int) -> Samples:
    """The schedule over the counts 0 ... `steps`, for a picture that is `columns` pixels wide.

    Of each column the first, the last, the lowest and the highest value remain, which draw the same
    pixels as all of them (Jugel et al. 2014, "M4", doi:10.14778/2732951.2732953). Up to 16 counts
    of a column are looked at, and both sides of every turn in it, so that no part of a schedule is
    missed between them. Of more than 2^16 turns some are left out, where a sixteenth of a column
    has several.
    """
    looks = np.linspace(0, steps, min(steps, WITHIN * columns) + 1).astype(np.int64)
    turns = _turns(schedule, looks)
    counts = np.unique(np.concatenate([looks, turns - 1, turns]))
    values = _values(schedule, counts)
    column = counts * columns // (steps + 1)
    first = np.flatnonzero(np.diff(column, prepend=-1))
    last = np.append(first[1:], len(counts)) - 1
    by_value = np.lexsort((values, column))
    if len(turns) > columns:
        turns = turns[:0]
    sides = np.searchsorted(counts, [turns - 1, turns])
    kept = np.unique(np.concatenate([first, last, by_value[first], by_value[last], *sides]))
    return Samples(counts[kept], values[kept], turns)


def line(schedule: Schedule, curve: Samples) -> tuple[Array, Array]:
    """The counts and values of the polyline to draw: stairs have a corner where a value ends."""
    counts, values, _ = curve
    ends = 1 + np.flatnonzero(_held(schedule, counts[:-1].astype(float)) & (np.diff(values) != 0))
    return np.insert(counts, ends, counts[ends]), np.insert(values, ends, values[ends - 1])


def extent(schedule: Schedule) -> int:
    """How many counts show what the schedule is like: its duration, or some if it has none."""
    steps = schedule.duration
    if steps is None:
        known = [4.0 * np.max(np.asarray(length)) for length in lengths(schedule)]
        steps = max([UNKNOWN, *known])
    return int(np.clip(np.ceil(steps), 1, LONGEST))


@functools.singledispatch
def following(schedule: Schedule, n: Array) -> Array:
    """For each count the next turn, where a part begins or ends or swings back; infinity: none.

    What has no rule of its own below consists of parts on its own clock, and ends at its duration.
    Counts and turns are floats, as lengths may be.
    """
    turns = [following(part, n) for part in schedule._parts()]
    if schedule.duration is not None:
        turns.append(_after(n, schedule.duration))
    return functools.reduce(np.minimum, turns, np.full_like(n, np.inf))


@following.register
def _(schedule: Join, n: Array) -> Array:
    starts = np.array([0, *schedule.boundaries], float)
    index = np.searchsorted(starts[1:], n, side="right")
    turns = np.append(starts[1:], np.inf)[index]
    for i in np.unique(index):
        here = index == i
        inside = starts[i] + following(schedule.schedules[i], n[here] - starts[i])
        turns[here] = np.minimum(turns[here], inside)
    return turns


@following.register(Warmup)
@following.register(Delay)
def _(schedule: Warmup | Delay, n: Array) -> Array:
    begin = np.asarray(schedule.steps, float)
    after = begin + following(schedule.schedule, np.maximum(n - begin, 0))
    return np.where(n < begin, begin, after)


@following.register
def _(schedule: Cooldown, n: Array) -> Array:
    boundary = np.asarray(schedule.boundary, float)
    ends = _after(n, [boundary, float(schedule.duration)])
    return np.where(n < boundary, np.minimum(following(schedule.schedule, n), ends), ends)


@following.register
def _(schedule: Skip, n: Array) -> Array:
    steps = np.asarray(schedule.steps, float)
    turns: Array = following(schedule.schedule, n + steps) - steps
    return turns


@following.register
def _(schedule: Stop, n: Array) -> Array:
    turns = np.minimum(following(schedule.schedule, n), np.asarray(schedule.duration, float))
    return np.where(turns > n, turns, np.inf)


@following.register
def _(schedule: Every, n: Array) -> Array:
    steps = np.asarray(schedule.steps, float)
    turns: Array = np.ceil(following(schedule.schedule, n // steps * steps) / steps) * steps
    return turns


@following.register
def _(schedule: Per, n: Array) -> Array:
    steps = np.asarray(schedule.steps, float)
    turns: Array = np.ceil(following(schedule.schedule, n // steps)) * steps
    return turns


@following.register(Repeat)
@following.register(Restart)
def _(schedule: Repeat | Restart, n: Array) -> Array:
    cycle = float(schedule.schedule.duration)
    last = schedule.cycles - 1 if isinstance(schedule, Restart) else np.inf
    if cycle == 0:  # they are all over at once
        cycle, last = 1.0, 0
    index = np.minimum(n // cycle, last)
    begin = index * cycle
    end = np.where(index < last, begin + cycle, np.inf)
    return np.minimum(begin + following(schedule.schedule, n - begin), end)


@following.register
def _(schedule: WithMomentum, n: Array) -> Array:
    return following(schedule.schedule, n)


@following.register
def _(schedule: Switch, n: Array) -> Array:
    return following(schedule.schedules[int(np.asarray(schedule.index))], n)


@following.register(PiecewiseConstant)
@following.register(Interpolate)
def _(schedule: PiecewiseConstant | Interpolate, n: Array) -> Array:
    return _after(n, schedule.boundaries)


@following.register
def _(schedule: Table, n: Array) -> Array:
    direction = np.sign(np.diff(np.asarray(schedule.values)))
    return _after(n, 1 + np.flatnonzero(np.diff(direction, append=0)))


@following.register
def _(schedule: Wave, n: Array) -> Array:
    swing = np.asarray(schedule.steps, float) / np.asarray(schedule.cycles, float) / 2
    turns: Array = (n // swing + 1) * swing
    return turns


@functools.singledispatch
def _held(schedule: Schedule, n: Array) -> Array:
    """For each count whether the value stays as it is until the next count.

    What has no rule of its own below does so where all its parts do.
    """
    stairs = isinstance(schedule, Constant | PiecewiseConstant | Table)
    parts = [_held(part, n) for part in schedule._parts()]
    alone = np.full(n.shape, stairs or getattr(schedule, "staircase", False))
    return np.logical_and.reduce(parts) if parts else alone


@_held.register
def _(schedule: Join, n: Array) -> Array:
    starts = np.array([0, *schedule.boundaries], float)
    index = np.searchsorted(starts[1:], n, side="right")
    stairs = np.zeros(n.shape, bool)
    for i in np.unique(index):
        stairs[index == i] = _held(schedule.schedules[i], n[index == i] - starts[i])
    return stairs


@_held.register(Warmup)
@_held.register(Delay)
def _(schedule: Warmup | Delay, n: Array) -> Array:
    begin = np.asarray(schedule.steps, float)
    after = _held(schedule.schedule, np.maximum(n - begin, 0))
    return np.where(n < begin, isinstance(schedule, Delay), after)


@_held.register
def _(schedule: Cooldown, n: Array) -> Array:
    return _held(schedule.schedule, n) & (n < np.asarray(schedule.boundary))


@_held.register
def _(schedule: Skip, n: Array) -> Array:
    return _held(schedule.schedule, n + np.asarray(schedule.steps, float))


@_held.register
def _(schedule: Rounded, n: Array) -> Array:
    return np.full(n.shape, True)


@_held.register(Every)
@_held.register(Per)
def _(schedule: Every | Per, n: Array) -> Array:
    steps = np.asarray(schedule.steps, float)
    return _held(schedule.schedule, n) if steps == 1 else np.full(n.shape, True)


@_held.register(Repeat)
@_held.register(Restart)
def _(schedule: Repeat | Restart, n: Array) -> Array:
    cycle = max(float(schedule.schedule.duration), 1.0)
    last = schedule.cycles - 1 if isinstance(schedule, Restart) else np.inf
    return _held(schedule.schedule, n - np.minimum(n // cycle, last) * cycle)


@_held.register
def _(schedule: WithMomentum, n: Array) -> Array:
    return _held(schedule.schedule, n)


@_held.register
def _(schedule: Switch, n: Array) -> Array:
    return _held(schedule.schedules[int(np.asarray(schedule.index))], n)


def _after(n: Array, places: Any) -> Array:
    """The first of the ordered places after each count, or infinity."""
    known = np.append(np.asarray(places, float), np.inf)
    return known[np.searchsorted(known, n, side="right")]


def _turns(schedule: Schedule, looks: Array) -> Array:
    """The turns from 1 to the last look: all of them, or at least one between each two looks."""
    n, ends, found = looks[:-1].astype(float), looks[1:].astype(float), [looks[:0]]
    while len(n) and sum(map(len, found)) < MOST + len(looks):
        # floats that are rounded must not keep it where it is
        n = np.maximum(np.ceil(following(schedule, n)), n + 1)
        found.append(n[n <= ends].astype(np.int64))
        n, ends = n[n < ends], ends[n < ends]
        middle = (n + ends) // 2  # from one turn to the next, a thousand of them take a while
        n, ends = np.concatenate([n, middle]), np.concatenate([middle, ends])
    return np.unique(np.concatenate(found))


def _values(schedule: Schedule, counts: Array) -> Array:
    """The values as float64; evaluated at a power of two counts, so that XLA compiles few sizes."""
    padded = np.pad(counts, (0, (1 << (len(counts) - 1).bit_length()) - len(counts)), "edge")
    with jax.ensure_compile_time_eval():  # a picture may be made while something else is traced
        return np.asarray(schedule(padded), np.float64)[: len(counts)]
