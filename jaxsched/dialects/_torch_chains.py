"""PyTorch's schedulers in a row, or stepping together, on one learning rate."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from jaxsched.algebra import Join, Per, Product, Quotient, Repeat, Skip, Sum, WithMomentum
from jaxsched.curves import Cosine, Exponential, Linear, PiecewiseConstant, Polynomial, Wave
from jaxsched.errors import shown
from jaxsched.fields import LONGEST, is_concrete, is_float
from jaxsched.numerics.time import choose, minus
from jaxsched.schedule import Constant, Schedule


def annealing(base_lr: Any, eta_min: Any, half: Any) -> Schedule:
    """Half cosines down and up again, forever."""
    if is_float(half) or (is_concrete(half) and half > LONGEST // 2):
        return Wave(base_lr, eta_min, half, 0.5)
    # whole half periods, on an integer clock
    return Cosine(base_lr, eta_min, half).then(Cosine(eta_min, base_lr, half)).repeat()


def polynomial(base_lr: Any, steps: Any, power: Any) -> Schedule:
    """A power down to 0, or none without steps."""
    return Polynomial(base_lr, choose(steps > 0, 0.0, base_lr), steps, power)


def multiple_of(count: Any, n: Any) -> Any:
    """n counts: an int, or a float where they are too many or the count is traced."""
    if not is_concrete(count):
        return jnp.asarray(count).astype(jnp.result_type(float)) * float(n)
    return count * n if count * n <= LONGEST else float(count * n)


def boundary_of(count: Any, n: int) -> Any:
    """n counts, where a traced one is in the range of counts or beyond all of them."""
    if is_concrete(count) or is_float(count):
        return count * n
    return jnp.where(count <= LONGEST // n, count * n, LONGEST)


def at_zero(milestones: Sequence[Any]) -> int:
    """Which scheduler of a sequence starts at count 0."""
    return sum(is_concrete(m) and bool(m == 0) for m in milestones)


def started(part: Schedule, initial: Any) -> Schedule:
    """The part as the first of a sequence: what multiplies does so from the optimizer's value."""
    match part:
        case Exponential() | Wave():
            return dataclasses.replace(part, start=initial)
        case Per(schedule=Exponential() as decay, steps=steps):
            return dataclasses.replace(decay, start=initial).per(steps)
        case Polynomial(steps=steps, power=power):
            return polynomial(initial, steps, power)
        case Product(left=Constant(), right=factor):
            return Product(initial, factor)
        case Repeat(schedule=Join(schedules=(Cosine(start=base_lr) as fall, _))):
            if not _same(base_lr, initial):  # it recovers by its own base_lr
                return dataclasses.replace(fall, start=initial).then(Skip(part, fall.steps))
    return part


def _following(part: Schedule) -> Schedule:
    """The part after a milestone: there ConstantLR is over at once if it has no length."""
    match part:
        case Product(left=base_lr, right=PiecewiseConstant() as factor):
            ends: Any = factor.boundaries
            levels: Any = factor.values
            if jnp.shape(ends) == (1,):  # it may be MultiStepLR, too, whose first level is 1
                over = (ends[0] == 0) & (levels[0] == levels[1])
                if not is_concrete(over) or over:
                    levels = [levels[0], choose(over, 1.0, levels[1])]
                    return Product(base_lr, PiecewiseConstant(ends, levels))
    return part


def sequence(parts: list[Schedule], milestones: Sequence[Any]) -> Schedule:
    first = at_zero(milestones)
    parts = [*parts[: first + 1], *map(_following, parts[first + 1 :])]
    joined = Join(tuple(parts), tuple(milestones))
    cycling = [part.momentum for part in parts if isinstance(part, WithMomentum)]
    if not cycling:
        return joined
    starts = [0, *milestones]
    held = cycling[-1].stop(0)  # constructed last, its first value is there from the beginning
    momenta = []
    for i, part in enumerate(parts):
        if isinstance(part, WithMomentum):
            momenta.append(part.momentum)
            if i < len(milestones) and not _same(starts[i], starts[i + 1]):
                last = minus(minus(starts[i + 1], starts[i]), 1)
                held = part.momentum.skip(last).stop(0)
        else:
            momenta.append(held)
    return WithMomentum(joined, Join(tuple(momenta), tuple(milestones)))


# the smallest factor that a later one is measured by
_LEAST = 1e-18


def chain(parts: list[Schedule]) -> Schedule:
    if len(parts) == 1:
        return parts[0]
    cycling = [part.momentum for part in parts if isinstance(part, WithMomentum)]
    parts = [part.schedule if isinstance(part, WithMomentum) else part for part in parts]
    links = [_link(part) for part in parts]
    overwriting = [i for i, link in enumerate(links) if link is None]
    lr: Schedule
    if overwriting:
        last = overwriting[-1]
        lr = parts[last]
        if last and _is_cyclic(lr):  # PyTorch begins with the optimizer's value
            lr = Join((links[0][0] if links[0] else parts[0].stop(0), lr.skip(1)), (1,))
        for link in links[last + 1 :]:
            assert link is not None
            lr = Product(lr, _changes(link[1]))
    else:
        lr = _product([link for link in links if link is not None])
    return WithMomentum(lr, cycling[-1]) if cycling else lr


def _link(part: Schedule) -> tuple[Any, Schedule] | None:
    """(base_lr, factor) of what multiplies the value that it finds, None of what overwrites it."""
    match part:
        case Exponential(start=base_lr):
            return base_lr, dataclasses.replace(part, start=1.0)
        case Per(schedule=Exponential(start=base_lr) as decay, steps=steps):
            return base_lr, dataclasses.replace(decay, start=1.0).per(steps)
        case Polynomial(start=base_lr, steps=steps, power=power):
            return base_lr, polynomial(1.0, steps, power)
        case Product(left=Constant(value=base_lr)):
            return base_lr, part.right
        case Wave(start=base_lr, end=eta_min, steps=half):
            return base_lr, _annealing(eta_min, half)
        case Repeat(schedule=Join(schedules=(Cosine(start=base_lr, end=eta_min, steps=half), _))):
            return base_lr, _annealing(eta_min, half)
        case Join(schedules=(first, *_)) if not isinstance(first, Cosine):
            raise ValueError(
                "ChainedScheduler cannot hold a SequentialLR, nor a chain with a CosineAnnealingLR"
            )
    return None


def _annealing(eta_min: Any, half: Any) -> Schedule:
    if not is_concrete(eta_min) or np.any(np.asarray(eta_min) != 0):
        raise ValueError(
            "ChainedScheduler cannot hold a CosineAnnealingLR with eta_min, whose recursion has no "
            f"closed form in a chain: it must be 0, got {shown(eta_min)}"
        )
    return annealing(1.0, 0.0, half)


def _same(a: Any, b: Any) -> bool:
    return a is b or (is_concrete(a) and is_concrete(b) and bool(np.all(a == b)))


def _is_cyclic(part: Schedule) -> bool:
    match part:
        case Sum() | Repeat(schedule=Join(schedules=(Linear(), Linear()))):
            return True
    return False


def _product(links: list[tuple[Any, Schedule]]) -> Schedule:
    """The product of the factors; after each zero of a cosine only of what they change since."""
    (base_lr, _), factors = links[0], [factor for _, factor in links]
    for other, _ in links:
        if is_concrete(other) and is_concrete(base_lr) and not _same(other, base_lr):
            rule = "ChainedScheduler: all schedulers must have the same base_lr"
            raise ValueError(f"{rule}, got {base_lr} and {other}")
    lr = Product(base_lr, functools.reduce(Product, factors))
    cosines = [i for i, factor in enumerate(factors) if isinstance(factor, Repeat)]
    if not cosines:
        return lr
    if len(cosines) > 1:
        raise ValueError("ChainedScheduler can hold one CosineAnnealingLR only")
    (place,) = cosines
    cosine: Any = factors[place]
    half = cosine.schedule.boundaries[0]
    leaving = half + 1  # the first count after the first zero; the next one is a period later

    def since(factor: Schedule, after: bool) -> Schedule:
        """Its change since it acted on the last zero, or first on what left it."""
        zero = half if after else leaving

        def now_to_then(f: Schedule) -> Schedule:
            return Quotient(f.skip(leaving), f.skip(zero).every(2 * half))

        def afresh(f: Schedule) -> Schedule:
            return f.skip(leaving - zero).stop(2 * half).repeat()

        match factor:
            case Exponential():
                return afresh(factor)
            case Per(schedule=Exponential() as decay, steps=steps):
                # gamma^(n / steps) by so much higher as a step is not over
                slope = dataclasses.replace(decay, steps=multiple_of(steps, decay.steps))
                return afresh(slope) / now_to_then(slope.stop(steps).repeat())
        return now_to_then(factor.clip(low=_LEAST))

    changes = [since(factor, i > place) for i, factor in enumerate(factors) if i != place]
    later = functools.reduce(Product, changes, Product(base_lr, cosine.skip(leaving)))
    return Join((lr, later), (leaving,))


def _changes(factor: Schedule) -> Schedule:
    """The factor at 0, and then what each single step changes: f(n) / f(n - 1)."""
    one = Constant(1.0)
    match factor:
        case Exponential():
            return Join((one, factor.skip(1).stop(0)), (1,))
        case Per(schedule=decay, steps=steps):
            change = Join((one, decay.skip(1).stop(0).hold(1)), (steps - 1,))
            return Join((one, change.repeat()), (1,))
        case Product():
            return Product(_changes(factor.left), _changes(factor.right))
        case Repeat() | Wave():
            raise ValueError(
                "ChainedScheduler cannot hold a CosineAnnealingLR after a scheduler that "
                "overwrites the learning rate"
            )
    bounded = factor.clip(low=_LEAST)
    return Join((factor, bounded.skip(1) / bounded), (1,))
