"""Hugging Face Transformers 5.23.0, `transformers.optimization`: `get_scheduler` and its functions.

The first argument is `base_lr` where theirs is the optimizer; `last_epoch` is left out (a schedule
is given its count), and what theirs take after it is by keyword only. A warmup is a line from 0 at
count 0 to `base_lr` at `num_warmup_steps`. The decay starts there and ends at `num_training_steps`
(`get_cosine_with_min_lr_schedule_with_warmup_lr_rate`: one count before). Past its end a cosine
swings back, forever. A warmup longer than the training is not cut short.

`num_cycles` decides the structure and must be known; every other number may be traced.

Deliberate deviations: a polynomial decay of no steps is at `lr_end` from the end of its warmup on,
where theirs divides by zero; `min_lr` may be given with a `base_lr` of 0, where theirs divides by
zero too; a `num_cycles` that is not positive, and negative steps and powers, are refused. As there,
`num_stable_steps` prevails over `num_training_steps`, but without a warning.

>>> lr = get_scheduler("linear", 1.0, num_warmup_steps=2, num_training_steps=6)
>>> lr([0, 1, 2, 4, 6]).tolist()
[0.0, 0.5, 1.0, 0.5, 0.0]
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from jaxsched.algebra import Join, Skip
from jaxsched.curves import Cosine, InverseSqrt, Linear, Polynomial, Power
from jaxsched.dialects._cycles import MOST_CYCLES, Known, restarts, swing, warmed
from jaxsched.dialects._rules import LearningRate, lookup
from jaxsched.dialects.protocol import Dialect, named
from jaxsched.errors import require_known, shown, suggestion
from jaxsched.fields import LONGEST, NumberField, Value, declared, is_concrete, require
from jaxsched.numerics.time import largest, minus, plus, smallest
from jaxsched.schedule import Constant, Schedule

_FOLLOWING = "depends on the loss, it is no function of the count alone"
ABSENT = dict.fromkeys(
    ("get_reduce_on_plateau_schedule", "get_greedy_schedule", "GreedyLR"), _FOLLOWING
) | dict.fromkeys(
    ("get_adafactor_schedule", "AdafactorSchedule"),
    "shows the rate that the optimizer chooses, it is no function of the count alone",
)
Rate0 = Annotated[ArrayLike, LearningRate(least=0)]
Whole = Annotated[ArrayLike, NumberField(integral=True, whole=True, least=0)]
Timescale = Annotated[ArrayLike, NumberField(integral=True, above=0)]
NotNegative = Annotated[ArrayLike, NumberField(least=0)]
Cycles = Annotated[float, Known(above=0)]


@declared
def get_constant_schedule(base_lr: Rate0) -> Schedule:
    """`base_lr` at every count."""
    return Constant(base_lr)


@declared
def get_constant_schedule_with_warmup(base_lr: Rate0, num_warmup_steps: Whole) -> Schedule:
    """A warmup, then `base_lr`."""
    return warmed(base_lr, num_warmup_steps, Constant(base_lr))


@declared
def get_linear_schedule_with_warmup(
    base_lr: Rate0, num_warmup_steps: Whole, num_training_steps: Whole
) -> Schedule:
    """A warmup, then a line that is at 0 from `num_training_steps` on."""
    steps = minus(num_training_steps, num_warmup_steps)
    return warmed(base_lr, num_warmup_steps, Linear(base_lr, 0.0, steps))


@declared
def get_cosine_schedule_with_warmup(
    base_lr: Rate0,
    num_warmup_steps: Whole,
    num_training_steps: Whole,
    num_cycles: Cycles = 0.5,
) -> Schedule:
    """A warmup, then a cosine from `base_lr` to 0 and back, `num_cycles` times in the steps left.

    It swings on past `num_training_steps`; with none left, at every count.
    """
    decay = _swinging(base_lr, num_warmup_steps, num_training_steps, num_cycles, 0.0)
    return warmed(base_lr, num_warmup_steps, decay)


@declared
def get_cosine_with_hard_restarts_schedule_with_warmup(
    base_lr: Rate0,
    num_warmup_steps: Whole,
    num_training_steps: Whole,
    num_cycles: Cycles = 1,
) -> Schedule:
    """A warmup, then `num_cycles` half cosines from `base_lr` to 0 in the steps left, then 0.

    A fraction of a cycle comes last and is cut short. With another number of cycles than 1, the
    numbers of steps decide where the cycles begin, and must be known.
    """
    call = get_cosine_with_hard_restarts_schedule_with_warmup.__name__
    NumberField(most=MOST_CYCLES).coerce(f"{call}(num_cycles=...)", num_cycles)
    steps = largest(minus(num_training_steps, num_warmup_steps), 1)
    if num_cycles == 1:
        return warmed(base_lr, num_warmup_steps, Cosine(base_lr, 0.0, steps))
    if not is_concrete(steps):
        raise ValueError(
            f"{call}: num_warmup_steps and num_training_steps must be known numbers unless "
            f"num_cycles is 1, they decide the structure; got num_cycles={num_cycles:g}"
        )
    return warmed(base_lr, num_warmup_steps, restarts(base_lr, int(steps), num_cycles))


@declared
def get_polynomial_decay_schedule_with_warmup(
    base_lr: Rate0,
    num_warmup_steps: Whole,
    num_training_steps: Whole,
    lr_end: Value = 1e-7,
    power: NotNegative = 1.0,
) -> Schedule:
    """A warmup, then lr_end + (base_lr - lr_end) (1 - x)^power, then `lr_end`.

    x is the part of the steps left that is over; `lr_end` must be less than `base_lr`. A power of 0
    is `base_lr` up to `num_training_steps`, that count included.
    """
    if is_concrete(lr_end):
        call, end = get_polynomial_decay_schedule_with_warmup.__name__, np.asarray(lr_end)
        require(lambda lr: lr > end, base_lr, f"{call}: lr_end={end} must be less than base_lr")
    steps = minus(num_training_steps, num_warmup_steps)
    decay: Schedule = Polynomial(base_lr, lr_end, steps, power)
    if not is_concrete(power) or np.any(np.asarray(power) == 0):
        # 0^0 is 1 at the last step, no more after it
        last = smallest(steps, LONGEST - 1)
        decay = Join((decay, Constant(lr_end).hold(0)), (plus(last, 1),))
    return warmed(base_lr, num_warmup_steps, decay)


@declared
def get_inverse_sqrt_schedule(
    base_lr: Rate0, num_warmup_steps: Whole, timescale: Timescale | None = None
) -> Schedule:
    """A warmup, then base_lr (1 + n / timescale)^(-1/2), n counts after it.

    `timescale` is `num_warmup_steps` by default, or 10 000 without a warmup.
    """
    if timescale is None and is_concrete(num_warmup_steps):
        timescale = num_warmup_steps or 10_000
    elif timescale is None:
        timescale = jnp.where(jnp.asarray(num_warmup_steps) > 0, num_warmup_steps, 10_000)
    return warmed(base_lr, num_warmup_steps, InverseSqrt(base_lr, timescale))


@declared
def get_cosine_with_min_lr_schedule_with_warmup(
    base_lr: Rate0,
    num_warmup_steps: Whole,
    num_training_steps: Whole,
    num_cycles: Cycles = 0.5,
    *,
    min_lr: Value | None = None,
    min_lr_rate: Value | None = None,
) -> Schedule:
    """The cosine schedule, between `base_lr` and `min_lr`; the warmup starts at 0 nevertheless.

    Either `min_lr` is given, or `min_lr_rate`, its ratio to `base_lr`. What would be below 0 is 0.
    """
    end = _end(get_cosine_with_min_lr_schedule_with_warmup, base_lr, min_lr, min_lr_rate)
    decay = _swinging(base_lr, num_warmup_steps, num_training_steps, num_cycles, end)
    return warmed(base_lr, num_warmup_steps, decay)


@declared
def get_cosine_with_min_lr_schedule_with_warmup_lr_rate(
    base_lr: Rate0,
    num_warmup_steps: Whole,
    num_training_steps: Whole,
    num_cycles: Cycles = 0.5,
    *,
    min_lr: Value | None = None,
    min_lr_rate: Value | None = None,
    warmup_lr_rate: Value | None = None,
) -> Schedule:
    """The cosine schedule with `min_lr` or `min_lr_rate`, one count earlier.

    The first value is the one after one step of the warmup, or of the decay where there is none.
    With `warmup_lr_rate` the warmup is a line from that ratio of `base_lr`, at count 0, to
    `base_lr` at its last count, `num_warmup_steps` - 1.
    """
    end = _end(get_cosine_with_min_lr_schedule_with_warmup_lr_rate, base_lr, min_lr, min_lr_rate)
    decay = _swinging(base_lr, num_warmup_steps, num_training_steps, num_cycles, end)
    if warmup_lr_rate is None:
        return warmed(base_lr, num_warmup_steps, decay).skip(1)
    line = Linear(base_lr * warmup_lr_rate, base_lr, largest(minus(num_warmup_steps, 1), 1))
    return Join((line, decay.skip(1)), (num_warmup_steps,))


@declared
def get_wsd_schedule(
    base_lr: Rate0,
    num_warmup_steps: Whole,
    num_decay_steps: Whole,
    num_training_steps: Whole | None = None,
    num_stable_steps: Whole | None = None,
    warmup_type: Literal["linear", "cosine", "1-sqrt"] = "linear",
    decay_type: Literal["linear", "cosine", "1-sqrt"] = "cosine",
    min_lr_ratio: Value = 0,
    num_cycles: Cycles = 0.5,
) -> Schedule:
    """Warmup, stable, decay: up from min_lr_ratio base_lr, `base_lr` held, back down and held.

    The types are linear, cosine (in a decay of `num_cycles` cycles, 0.5 falls) and 1-sqrt. The
    stable phase takes `num_stable_steps`, or without them what the others leave of
    `num_training_steps`; if they leave less than nothing, the decay is already in progress at the
    end of the warmup. With a negative `min_lr_ratio`, warmup and decay stay at 0 where they would
    be below it; the last value does not.
    """
    if num_stable_steps is None and num_training_steps is None:
        raise ValueError("get_wsd_schedule needs num_training_steps or num_stable_steps")
    end = base_lr * min_lr_ratio

    warmup: Schedule = {
        "linear": Linear(end, base_lr, num_warmup_steps),
        "cosine": Cosine(end, base_lr, num_warmup_steps),
        "1-sqrt": Polynomial(end, base_lr, num_warmup_steps, 0.5),
    }[warmup_type]
    decay: Schedule = {
        "linear": Linear(base_lr, end, num_decay_steps),
        "cosine": Cosine(base_lr, end, num_decay_steps),
        "1-sqrt": Power(base_lr, end, num_decay_steps, 0.5),
    }[decay_type]
    swings = decay_type == "cosine" and num_cycles != 0.5
    if swings:
        decay = swing(base_lr, end, largest(num_decay_steps, 1), num_cycles)
    if swings or not _positive(end):
        decay = Join((_floored(decay, end), Constant(end).hold(0)), (num_decay_steps,))

    stable: Any = num_stable_steps
    if stable is None:
        others = plus(num_warmup_steps, num_decay_steps)
        stable, over = minus(num_training_steps, others), minus(others, num_training_steps)
        if not is_concrete(over) or over > 0:
            decay = Skip(decay, over)
    parts = (_floored(warmup, end), Constant(base_lr), decay)
    return Join(parts, (num_warmup_steps, plus(num_warmup_steps, stable)))


_SCHEDULERS: Mapping[str, Callable[..., Schedule]] = {
    "constant": get_constant_schedule,
    "constant_with_warmup": get_constant_schedule_with_warmup,
    "linear": get_linear_schedule_with_warmup,
    "cosine": get_cosine_schedule_with_warmup,
    "cosine_with_restarts": get_cosine_with_hard_restarts_schedule_with_warmup,
    "polynomial": get_polynomial_decay_schedule_with_warmup,
    "inverse_sqrt": get_inverse_sqrt_schedule,
    "cosine_with_min_lr": get_cosine_with_min_lr_schedule_with_warmup,
    "cosine_warmup_with_min_lr": get_cosine_with_min_lr_schedule_with_warmup_lr_rate,
    "warmup_stable_decay": get_wsd_schedule,
}


@declared
def get_scheduler(
    name: str,
    base_lr: Rate0,
    num_warmup_steps: Whole | None = None,
    num_training_steps: Whole | None = None,
    scheduler_specific_kwargs: Mapping[str, Any] | None = None,
) -> Schedule:
    """The schedule of a name (a `SchedulerType` will do too), such as "cosine".

    Args:
        name: constant, constant_with_warmup, linear, cosine, cosine_with_restarts, polynomial,
            inverse_sqrt, cosine_with_min_lr, cosine_warmup_with_min_lr or warmup_stable_decay.
        base_lr: the learning rate that the schedule multiplies.
        num_warmup_steps: needed by all but constant.
        num_training_steps: needed by those that end.
        scheduler_specific_kwargs: the other arguments of the function that the name stands for;
            the two constant ones ignore them.

    reduce_lr_on_plateau and greedy follow the loss and are a ValueError.
    """
    name = getattr(name, "value", name)
    call = f"get_scheduler({shown(name)})"
    if name in ("reduce_lr_on_plateau", "greedy"):
        raise ValueError(f"{call} {_FOLLOWING}")
    if not isinstance(name, str) or name not in _SCHEDULERS:
        raise ValueError(
            f"get_scheduler: unknown name {shown(name)}{suggestion(name, _SCHEDULERS)}"
        )
    own = {} if name.startswith("constant") else scheduler_specific_kwargs or {}
    if not isinstance(own, Mapping):
        raise ValueError(f"{call}: scheduler_specific_kwargs must be a mapping, got {shown(own)}")
    make = _SCHEDULERS[name]
    parameters = inspect.signature(make).parameters
    given = {"base_lr": base_lr}
    for key, steps in (
        ("num_warmup_steps", num_warmup_steps),
        ("num_training_steps", num_training_steps),
    ):
        if key in parameters and steps is not None:
            given[key] = steps
    shared = ("base_lr", "num_warmup_steps", "num_training_steps")
    require_known(own, [key for key in parameters if key not in shared], call)
    for key, parameter in parameters.items():
        if parameter.default is parameter.empty and key not in {**given, **own}:
            raise ValueError(f"{call} needs {key}")
    return make(**given, **own)


def _swinging(
    peak: ArrayLike, warmup: ArrayLike, total: ArrayLike, cycles: float, end: ArrayLike
) -> Schedule:
    """The cosine after the warmup."""
    return _floored(swing(peak, end, largest(minus(total, warmup), 1), cycles), end)


def _end(make: Callable[..., Any], base_lr: Any, min_lr: Any, min_lr_rate: Any) -> Any:
    if (min_lr is None) == (min_lr_rate is None):
        got = "neither" if min_lr is None else "both"
        raise ValueError(f"{make.__name__} needs one of min_lr and min_lr_rate, got {got}")
    return base_lr * min_lr_rate if min_lr is None else min_lr


def _positive(end: Any) -> bool:
    """Whether `end` is known to be no less than 0."""
    return is_concrete(end) and bool(np.all(np.asarray(end) >= 0))


def _floored(schedule: Schedule, end: Any) -> Schedule:
    """max(0, .) of a schedule down to `end`."""
    return schedule if _positive(end) else schedule.clip(0.0)


DIALECT = Dialect(named(get_scheduler, *_SCHEDULERS.values()), ABSENT)

if not TYPE_CHECKING:  # a type checker knows which names there are
    __getattr__ = lookup(__name__, DIALECT.entries, ABSENT)
