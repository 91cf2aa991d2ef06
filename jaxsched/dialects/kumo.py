"""Kumo's `lr_scheduler`: a list of candidate strategies, each made of name, interval and kwargs.

The values are those of the public reference of the five warmup schedules,
`torch_geometric.nn.lr_scheduler` 2.8.1, and of PyTorch's ExponentialLR. Deliberate deviation:
a polynomial whose warmup takes all the steps is at `lr_end` from there on, where the reference
divides by zero.

>>> candidates = lr_scheduler(
...     [None, {"name": "exponential", "interval": "epoch", "kwargs": {"gamma": 0.5}}],
...     base_lr=1.0, num_training_steps=30, steps_per_epoch=10)
>>> [schedule([0, 10, 29]).tolist() for schedule in candidates]
[[1.0, 1.0, 1.0], [1.0, 0.5, 0.25]]
"""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
from jax.typing import ArrayLike

from jaxsched.curves import Exponential, Linear, PiecewiseConstant, Polynomial
from jaxsched.dialects._cycles import MOST_CYCLES, Known, restarts, swing, warmed
from jaxsched.dialects._rules import optional
from jaxsched.dialects.protocol import (
    BASE_LR,
    STEPS_PER_EPOCH,
    TOTAL_STEPS,
    Dialect,
    Entry,
    Stated,
    constructor,
)
from jaxsched.errors import require_known, shown, suggestion
from jaxsched.fields import LONGEST, NumberField, declarations, declared, is_concrete, require
from jaxsched.schedule import Constant, Schedule

_SHARED = ("peak", "base_lr", "total")  # what every scheduler is given
# the spelling of the API page's own example
_MISSPELT = {"cosinewithwarumuprestarts": "cosine_with_warmup_restarts"}


@declared
def lr_scheduler(
    config: Sequence[Any] | Mapping[str, Any] | None,
    *,
    base_lr: ArrayLike,
    num_training_steps: int,
    steps_per_epoch: int | None = None,
) -> list[Schedule]:
    """The candidate schedules of an `lr_scheduler` list, in its order.

    Args:
        config: the list. An element is empty or None (the constant `base_lr`), one scheduler
            `{name, interval, kwargs}`, or a list of schedulers, whose factors multiply.
        base_lr: the learning rate that every factor multiplies.
        num_training_steps: the number of updates.
        steps_per_epoch: updates in an epoch, for `interval: epoch`: the scheduler is then
            evaluated once an epoch over ceil(num_training_steps / steps_per_epoch) of them.
    """
    sizes = base_lr, num_training_steps, steps_per_epoch
    return _candidates(config, "lr_scheduler[{}]", *sizes)


def _candidates(config: Any, place: str, base_lr: Any, total: Any, epoch: Any) -> list[Schedule]:
    if config is None:
        config = [None]
    if isinstance(config, Mapping):
        config = [config]
    if isinstance(config, str) or not isinstance(config, Sequence):
        raise ValueError(f"lr_scheduler must be a list of schedulers, got {shown(config)}")
    base_lr = NumberField(least=0).coerce("base_lr", base_lr)
    _require_steps("num_training_steps", total)
    if epoch is not None:
        _require_steps("steps_per_epoch", epoch)
    candidates = []
    # a loop: a comprehension is a frame of its own before Python 3.12, which warnings would count
    for i, element in enumerate(config):
        candidates.append(_candidate(element, place.format(i), base_lr, total, epoch))
    return candidates


def _candidate(element: Any, place: str, base_lr: Any, total: int, epoch: int | None) -> Schedule:
    if not element:
        return Constant(base_lr)
    if isinstance(element, Mapping):
        return _scheduler(element, place, base_lr, base_lr, total, epoch)
    if isinstance(element, str) or not isinstance(element, Sequence):
        raise ValueError(
            f"{place} must be empty, a scheduler or a list of them, got {shown(element)}"
        )
    product: Schedule = Constant(base_lr)
    for i, scheduler in enumerate(element):
        if scheduler:
            product *= _scheduler(scheduler, f"{place}[{i}]", 1.0, base_lr, total, epoch)
    return product


def _scheduler(
    scheduler: Any, place: str, peak: Any, base_lr: Any, total: int, epoch: int | None
) -> Schedule:
    """One scheduler with its factor 1 at the value `peak`."""
    if not isinstance(scheduler, Mapping):
        raise ValueError(f"{place} must be a mapping with a name, got {shown(scheduler)}")
    require_known(scheduler, ["name", "interval", "kwargs"], place)
    if "name" not in scheduler:
        raise ValueError(f"{place} has no name; known are {', '.join(SCHEDULERS)}")
    name = _canonical(scheduler["name"], place)
    interval = scheduler.get("interval", "step")
    if interval not in ("step", "epoch"):
        raise ValueError(f"{place}: interval must be step or epoch, got {shown(interval)}")
    kwargs = scheduler.get("kwargs") or {}
    if not isinstance(kwargs, Mapping):
        raise ValueError(f"{place}: kwargs must be a mapping, got {shown(kwargs)}")
    kwargs = dict(kwargs)
    if name == "exponential" and kwargs.pop("warmup_ratio_or_steps", None) is not None:
        warnings.warn(f"{place}: exponential has no warmup_ratio_or_steps; ignored", stacklevel=6)
    make = SCHEDULERS[name]
    parameters = inspect.signature(make).parameters
    known = [p for p in parameters if p not in _SHARED]
    require_known(kwargs, known, f"{place}: {name}")
    missing = [p for p in known if parameters[p].default is inspect.Parameter.empty]
    if absent := [p for p in missing if p not in kwargs]:
        raise ValueError(f"{place}: {name} needs {absent[0]}")
    try:
        if interval == "step":
            return make(peak, base_lr, total, **kwargs)
        if epoch is None:
            raise ValueError("interval epoch needs steps_per_epoch")
        return make(peak, base_lr, -(-total // epoch), **kwargs).per(epoch)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{place}: {name}: {error}") from None


def _canonical(name: Any, place: str) -> str:
    """The scheduler's name, whatever its case, `_`, `-` and spaces."""
    plain = "".join(c for c in str(name).lower() if c not in "_- ")
    if plain in _MISSPELT:
        right = _MISSPELT[plain]
        warnings.warn(f"{place}: {shown(name)} is read as {right!r}", stacklevel=8)
        return right
    known = {key.replace("_", ""): key for key in SCHEDULERS}
    if plain not in known:
        raise ValueError(f"{place}: unknown name {shown(name)}{suggestion(name, SCHEDULERS)}")
    return known[plain]


def _constant(peak: Any, base_lr: Any, total: int, warmup_ratio_or_steps: float = 0.1) -> Schedule:
    return Constant(peak).warmup(_warmup(warmup_ratio_or_steps, total))


def _linear(peak: Any, base_lr: Any, total: int, warmup_ratio_or_steps: float = 0.1) -> Schedule:
    warmup = _warmup(warmup_ratio_or_steps, total)
    return warmed(peak, warmup, Linear(peak, 0.0, max(0, total - warmup)))


def _cosine(
    peak: Any,
    base_lr: Any,
    total: int,
    warmup_ratio_or_steps: float = 0.1,
    num_cycles: float = 0.5,
) -> Schedule:
    """It swings on after its end, as in the reference."""
    warmup = _warmup(warmup_ratio_or_steps, total)
    steps = max(1, total - warmup)
    cycles = Known(above=0).coerce("num_cycles", num_cycles)
    return warmed(peak, warmup, swing(peak, 0.0, steps, cycles))


def _restarts(
    peak: Any,
    base_lr: Any,
    total: int,
    warmup_ratio_or_steps: float = 0.1,
    num_cycles: float = 3,
) -> Schedule:
    warmup = _warmup(warmup_ratio_or_steps, total)
    steps = max(1, total - warmup)
    cycles = Known(above=0, most=MOST_CYCLES).coerce("num_cycles", num_cycles)
    return warmed(peak, warmup, restarts(peak, steps, cycles))


def _polynomial(
    peak: Any,
    base_lr: Any,
    total: int,
    warmup_ratio_or_steps: float = 0.1,
    lr_end: float = 1e-7,
    power: float = 1.0,
) -> Schedule:
    warmup = _warmup(warmup_ratio_or_steps, total)
    end = Known(least=0).coerce("lr_end", lr_end)
    require(lambda lr: lr > end, base_lr, f"lr_end={lr_end} must be less than base_lr")
    steps, end = max(0, total - warmup), peak * (end / base_lr)
    decay = Polynomial(peak, end, steps, power)
    if steps and is_concrete(power) and power == 0:  # 0^0 is 1 at the last step, no more after it
        return warmed(peak, warmup, PiecewiseConstant([min(steps + 1, LONGEST)], [peak, end]))
    return warmed(peak, warmup, decay)


def _exponential(peak: Any, base_lr: Any, total: int, gamma: float) -> Schedule:
    return Exponential(peak, gamma)


SCHEDULERS: Mapping[str, Callable[..., Schedule]] = {
    "constant_with_warmup": _constant,
    "linear_with_warmup": _linear,
    "cosine_with_warmup": _cosine,
    "cosine_with_warmup_restarts": _restarts,
    "polynomial_with_warmup": _polynomial,
    "exponential": _exponential,
}


def _warmup(ratio_or_steps: Any, total: int) -> int:
    """A float is a ratio of the steps, an int a number of them."""
    if isinstance(ratio_or_steps, float | np.floating) and 0 <= ratio_or_steps <= 1:
        return round(float(ratio_or_steps) * total)
    whole = isinstance(ratio_or_steps, int | np.integer) and not isinstance(ratio_or_steps, bool)
    if whole and ratio_or_steps >= 0:
        return int(ratio_or_steps)
    raise ValueError(
        "warmup_ratio_or_steps must be a float in [0, 1] (a ratio) or an int >= 0 (steps), "
        f"got {shown(ratio_or_steps)}"
    )


def _require_steps(name: str, n: Any) -> None:
    if not isinstance(n, int | np.integer) or isinstance(n, bool):
        raise ValueError(f"{name} must be an int, got {shown(n)}")
    require(lambda v: (v >= 1) & (v <= LONGEST), n, f"{name} must be in 1 ... {LONGEST}")


# --- configs and files --------------------------------------------------------------------------

_SIZES = optional(
    base_lr=BASE_LR,
    num_training_steps=TOTAL_STEPS,
    steps_per_epoch=STEPS_PER_EPOCH,
)
_ELEMENT = re.compile(r"(.*\.)?lr_scheduler\[\d+\]|\[\d+\]")  # the place of one of a list


def _constructor(name: str, make: Callable[..., Schedule]) -> Entry:
    """One scheduler, its kwargs beside the arguments of `lr_scheduler`."""

    def made(given: dict[str, Any]) -> Schedule:
        shared = {key: given.pop(key) for key in [*given] if key in _SIZES}
        interval = given.pop("interval", "step")
        return _only([{"name": name, "interval": interval, "kwargs": given}], name, shared)

    types = declarations(make)
    own = {
        key: parameter.replace(annotation=types[key])
        for key, parameter in inspect.signature(make).parameters.items()
        if key not in _SHARED
    }
    interval = optional(interval=Literal["step", "epoch"])
    return constructor(name, {**own, **interval, **_SIZES}, made)


def _of_list(given: dict[str, Any]) -> Schedule:
    return _only(given.pop("config", None), "lr_scheduler", given)


def _only(config: Any, entry: str, shared: dict[str, Any]) -> Schedule:
    for size in ("base_lr", "num_training_steps"):
        if shared.get(size) is None:
            raise ValueError(f"kumo.{entry} needs {size}")
    sizes = (shared.get(size) for size in _SIZES)
    candidates = _candidates(config, "lr_scheduler", *sizes)
    if len(candidates) != 1:
        raise ValueError(f"kumo.lr_scheduler holds {len(candidates)} schedules, not one")
    return candidates[0]


def _stated(data: Any, place: str) -> list[Stated] | None:
    """A mapping with an `lr_scheduler`, its list alone, or one of that list, by its place."""
    if isinstance(data, Mapping) and "lr_scheduler" in data:
        place, data = f"{place}.lr_scheduler", data["lr_scheduler"]
        if isinstance(data, Mapping) and data.keys() & {"type", "kind"}:
            return None
    elif _ELEMENT.fullmatch(place) and _is_candidate(data):
        return [_one(data, place)]
    elif not (isinstance(data, list) and data and all(map(_is_scheduler, data))):
        return None
    if not isinstance(data, list):
        return [_one(data, place)]
    return [_one(candidate, f"{place}[{i}]") for i, candidate in enumerate(data)]


def _one(candidate: Any, place: str) -> Stated:
    several = candidate if isinstance(candidate, list) else [candidate]
    names = [str(part["name"]) for part in several if _is_scheduler(part) and part]
    label = " * ".join(names) or "no scheduling"
    sure = bool(names) and set(names) <= set(SCHEDULERS)
    kwargs: Any = candidate.get("kwargs", {}) if isinstance(candidate, Mapping) else None
    plainly = isinstance(kwargs, Mapping) and candidate.keys() <= {"name", "interval", "kwargs"}
    if plainly and label in SCHEDULERS:
        interval = {"interval": candidate["interval"]} if "interval" in candidate else {}
        return Stated(place, label, {"kind": f"kumo.{label}", **interval, **kwargs}, sure)
    held = [candidate] if isinstance(candidate, list | Mapping) else candidate
    return Stated(place, label, {"kind": "kumo.lr_scheduler", "config": held}, sure)


def _is_candidate(x: Any) -> bool:
    return all(map(_is_scheduler, x)) if isinstance(x, list) else _is_scheduler(x)


def _is_scheduler(x: Any) -> bool:
    return not x and x != 0 or isinstance(x, Mapping) and "name" in x


DIALECT = Dialect(
    {
        **{name: _constructor(name, make) for name, make in SCHEDULERS.items()},
        "lr_scheduler": constructor("lr_scheduler", optional(config=list) | _SIZES, _of_list),
    },
    form=_stated,
)
