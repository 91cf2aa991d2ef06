"""PyTorch's `torch.optim.lr_scheduler` 2.13: the learning rate after so many calls of `step()`.

The first argument is `base_lr` where PyTorch takes the optimizer: the initial learning rate of one
parameter group. Count 0 is the first update. Ends are hit at count N = total_iters, T_max, ...;
OneCycleLR's at N - 1. Past it the factors of LinearLR, ConstantLR and PolynomialLR are held,
CosineAnnealingLR rises again, CyclicLR and CosineAnnealingWarmRestarts go on for ever.

>>> warmup = LinearLR(1.0, start_factor=0.5, total_iters=2)
>>> lr = SequentialLR(1.0, [warmup, CosineAnnealingLR(1.0, T_max=4)], milestones=[2])
>>> lr([0, 1, 2, 4, 6]).tolist()
[0.5, 0.75, 1.0, 0.5, 0.0]

Where PyTorch contradicts itself, values are those of `step()`, not of the closed form: with
total_iters=0 ConstantLR (unless it follows a milestone) and LinearLR keep their first factor, and
PolynomialLR its `base_lr`.

Deliberate deviations:

- OneCycleLR holds its value from count total_steps on, where PyTorch stops with an error, and a
  phase of no length is skipped, where it divides by zero.
- ConstantLR with factor=0 reaches `base_lr` too, where `step()` divides by zero. With total_iters=0
  LinearLR and PolynomialLR do after a milestone what they do alone, where PyTorch divides by zero.
- The float logarithm of CosineAnnealingWarmRestarts.step(epoch) is not reproduced.
- Counts (step_size, total_iters, milestones, ...) are whole numbers, gamma is positive.
- Arguments are of one parameter group; `last_epoch` is left out: `.skip(n)` resumes.

MultiplicativeLR (a cumulative product of a Python function) and ReduceLROnPlateau (driven by a
metric) are no functions of the count that could be evaluated anywhere, and are absent. A live
scheduler of the other classes is what `from_scheduler` takes.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from jaxsched.algebra import Join, Per, Product, Quotient, Repeat, Skip, Sum, WithMomentum
from jaxsched.curves import Cosine, Exponential, Linear, PiecewiseConstant, Polynomial, Wave
from jaxsched.dialects._cycles import begun
from jaxsched.dialects._rates import exponential
from jaxsched.dialects._rules import Rule, checked, learning_rate, lookup
from jaxsched.dialects.protocol import Dialect, named
from jaxsched.errors import require_known, shown, suggesting, suggestion
from jaxsched.fields import (
    LONGEST,
    Length,
    NumberField,
    is_concrete,
    is_float,
    is_sequence,
    require,
    require_one_of,
    require_ordered,
)
from jaxsched.numerics.time import minus
from jaxsched.schedule import Constant, Schedule, as_schedule

ABSENT = {
    "ReduceLROnPlateau": "follows a metric: it is no function of the count",
    "MultiplicativeLR": (
        "multiplies by a Python function at every count: it is no function of the count alone; "
        "LambdaLR takes their product as one"
    ),
}
_RULES: Mapping[str, Rule] = {"base_lr": learning_rate()}


@checked(_RULES)
def StepLR(base_lr: ArrayLike, step_size: Length, gamma: ArrayLike = 0.1) -> Schedule:
    """base_lr gamma^(n // step_size).

    Args:
        base_lr: the initial learning rate.
        step_size: counts between two decays, >= 1.
        gamma: factor of each, > 0.
    """
    gamma = _number("StepLR(gamma=...)", gamma, above=0)
    return exponential(base_lr, gamma).per(_counts("StepLR(step_size=...)", step_size, least=1))


@checked(_RULES)
def MultiStepLR(
    base_lr: ArrayLike, milestones: Sequence[Length], gamma: ArrayLike = 0.1
) -> Schedule:
    """base_lr gamma^i, where i is how many of the milestones are <= n.

    Args:
        base_lr: the initial learning rate.
        milestones: counts in any order; one that is given twice counts twice.
        gamma: factor at each.
    """
    counts = _each_count("MultiStepLR(milestones=...)", milestones)
    rate = _number("MultiStepLR(gamma=...)", gamma)
    ordered = sorted(counts) if all(map(is_concrete, counts)) else jnp.sort(jnp.stack(counts))
    return Product(
        Constant(base_lr), PiecewiseConstant(ordered, [rate**i for i in range(len(counts) + 1)])
    )


@checked(_RULES)
def ConstantLR(
    base_lr: ArrayLike, factor: ArrayLike = 1.0 / 3, total_iters: Length = 5
) -> Schedule:
    """base_lr factor for n < total_iters, then base_lr; with total_iters=0 for ever base_lr factor.

    Args:
        base_lr: the initial learning rate.
        factor: in [0, 1].
        total_iters: counts that it lasts.
    """
    factor = _fraction("ConstantLR(factor=...)", factor)
    total = _counts("ConstantLR(total_iters=...)", total_iters)
    after = _where(total > 0, 1.0, factor)
    end: Any = [total] if is_concrete(total) else total[None]  # a list of tracers becomes floats
    return Product(Constant(base_lr), PiecewiseConstant(end, [factor, after]))


@checked(_RULES)
def LinearLR(
    base_lr: ArrayLike,
    start_factor: ArrayLike = 1.0 / 3,
    end_factor: ArrayLike = 1.0,
    total_iters: Length = 5,
) -> Schedule:
    """A line from base_lr start_factor to base_lr end_factor, then held.

    Args:
        base_lr: the initial learning rate.
        start_factor: in (0, 1].
        end_factor: in [0, 1].
        total_iters: counts of the line; 0 keeps start_factor for ever.
    """
    start = _number("LinearLR(start_factor=...)", start_factor, above=0, most=1)
    end = _fraction("LinearLR(end_factor=...)", end_factor)
    total = _counts("LinearLR(total_iters=...)", total_iters)
    return Product(Constant(base_lr), Linear(start, _where(total > 0, end, start), total))


@checked(_RULES)
def ExponentialLR(base_lr: ArrayLike, gamma: ArrayLike) -> Schedule:
    """base_lr gamma^n.

    Args:
        base_lr: the initial learning rate.
        gamma: factor of each count, > 0.
    """
    return exponential(base_lr, _number("ExponentialLR(gamma=...)", gamma, above=0))


@checked(_RULES)
def PolynomialLR(base_lr: ArrayLike, total_iters: Length = 5, power: ArrayLike = 1.0) -> Schedule:
    """base_lr (1 - n / total_iters)^power, and 0 from total_iters on.

    Args:
        base_lr: the initial learning rate.
        total_iters: counts of the decay; 0 keeps base_lr for ever.
        power: >= 0; 0 keeps base_lr for ever.
    """
    total = _counts("PolynomialLR(total_iters=...)", total_iters)
    power = _number("PolynomialLR(power=...)", power, least=0)
    return Polynomial(base_lr, _where(total > 0, 0.0, base_lr), total, power)


@checked(_RULES)
def CosineAnnealingLR(base_lr: ArrayLike, T_max: Length, eta_min: ArrayLike = 0.0) -> Schedule:
    """eta_min + (base_lr - eta_min) (1 + cos(pi n / T_max)) / 2, for ever.

    Args:
        base_lr: the initial learning rate.
        T_max: counts from base_lr to eta_min, >= 1; as many later it is base_lr again.
        eta_min: the smallest value.
    """
    eta_min = _number("CosineAnnealingLR(eta_min=...)", eta_min)
    half = _whole(NumberField(True, least=1).coerce("CosineAnnealingLR(T_max=...)", T_max))
    if is_float(half) or (is_concrete(half) and half > LONGEST // 2):
        return Wave(base_lr, eta_min, half, 0.5)
    # whole half periods, on an integer clock
    return Cosine(base_lr, eta_min, half).then(Cosine(eta_min, base_lr, half)).repeat()


@checked(_RULES)
def CosineAnnealingWarmRestarts(
    base_lr: ArrayLike, T_0: Length, T_mult: int = 1, eta_min: ArrayLike = 0.0
) -> Schedule:
    """Half cosines from base_lr to eta_min, each T_mult times as long as the one before, for ever.

    At the restart itself, count T_0 of the first, the value is base_lr again.

    Args:
        base_lr: the initial learning rate.
        T_0: counts of the first, >= 1.
        T_mult: an int >= 1, static.
        eta_min: what each one falls towards.
    """
    first = _counts("CosineAnnealingWarmRestarts(T_0=...)", T_0, least=1)
    eta_min = _number("CosineAnnealingWarmRestarts(eta_min=...)", eta_min)
    if not isinstance(T_mult, int | np.integer) or isinstance(T_mult, bool) or T_mult < 1:
        rule = "CosineAnnealingWarmRestarts(T_mult=...) must be a known int of at least 1"
        raise ValueError(f"{rule}, got {shown(T_mult)}")
    if T_mult == 1:
        return Cosine(base_lr, eta_min, first).repeat()
    # as many as begin at a count that there is; the last one, longer than that, has no end
    most = LONGEST // first if is_concrete(first) else LONGEST
    begins = [0]
    while (following := begins[-1] * int(T_mult) + 1) <= most:
        begins.append(following)
    lengths = [int(T_mult) ** i for i in range(len(begins))]
    cycles = [Cosine(base_lr, eta_min, _multiple(first, n)) for n in lengths[:-1]]
    last = Wave(base_lr, eta_min, _multiple(first, lengths[-1]), 0.5)
    return Join((*cycles, last), tuple(_boundary(first, n) for n in begins[1:]))


@checked(_RULES)
def CyclicLR(
    base_lr: ArrayLike,
    max_lr: ArrayLike,
    step_size_up: Length = 2000,
    step_size_down: Length | None = None,
    mode: str = "triangular",
    gamma: ArrayLike = 1.0,
    scale_fn: Any = None,
    scale_mode: str = "cycle",
    cycle_momentum: bool = True,
    base_momentum: ArrayLike = 0.8,
    max_momentum: ArrayLike = 0.9,
) -> Schedule:
    """base_lr + (max_lr - base_lr) h s, where h is a line up from 0 to 1 and a line down, repeated.

    The momentum, max_momentum - (max_momentum - base_momentum) h s, is its `.momentum`.

    Args:
        base_lr: the lower end, in PyTorch too: it takes the place of the optimizer's.
        max_lr: the upper end.
        step_size_up: counts of the line up, > 0.
        step_size_down: counts of the line down, >= 0; as many as up by default.
        mode: what s is: triangular, 1; triangular2, 1/2^cycle; exp_range, gamma^n.
        gamma: of exp_range, > 0.
        scale_fn: s itself instead of a mode: a schedule, a number or a function that JAX can trace.
        scale_mode: what scale_fn counts: cycle, from 1 on; iterations, from 0 on.
        cycle_momentum: whether there is a momentum.
        base_momentum: the momentum at the upper end.
        max_momentum: the momentum at the lower end.
    """
    max_lr = _number("CyclicLR(max_lr=...)", max_lr)
    up = _whole(NumberField(True, above=0).coerce("CyclicLR(step_size_up=...)", step_size_up))
    down = up
    if step_size_down is not None:
        down = _whole(
            NumberField(True, least=0).coerce("CyclicLR(step_size_down=...)", step_size_down)
        )
    if scale_fn is None:
        modes = ("triangular", "triangular2", "exp_range")
        require_one_of(modes, mode, "CyclicLR(mode=...)")
        gamma = _number("CyclicLR(gamma=...)", gamma, above=0)
    else:
        scale_fn, mode = _traceable("CyclicLR(scale_fn=...)", scale_fn), ""
    require_one_of(("cycle", "iterations"), scale_mode, "CyclicLR(scale_mode=...)")

    def cycles(low: Any, high: Any) -> Schedule:
        if mode == "triangular":
            return Linear(low, high, up).then(Linear(high, low, down)).repeat()
        lines = Linear(0.0, 1.0, up).then(Linear(1.0, 0.0, down))
        if mode == "triangular2":
            return Sum(low, lines.repeat() * Exponential(high - low, 0.5, lines.duration, True))
        if mode == "exp_range":
            return Sum(low, lines.repeat() * exponential(high - low, gamma))
        scale = scale_fn if scale_mode == "iterations" else scale_fn.skip(1).per(lines.duration)
        return Sum(low, lines.repeat() * (high - low) * scale)

    lr = cycles(base_lr, max_lr)
    if not cycle_momentum:
        return lr
    base_momentum = _number("CyclicLR(base_momentum=...)", base_momentum)
    return WithMomentum(
        lr, cycles(_number("CyclicLR(max_momentum=...)", max_momentum), base_momentum)
    )


@checked(_RULES)
def OneCycleLR(
    base_lr: ArrayLike | None = None,
    max_lr: ArrayLike | None = None,
    total_steps: Length | None = None,
    epochs: ArrayLike | None = None,
    steps_per_epoch: ArrayLike | None = None,
    pct_start: ArrayLike = 0.3,
    anneal_strategy: str = "cos",
    cycle_momentum: bool = True,
    base_momentum: ArrayLike = 0.85,
    max_momentum: ArrayLike = 0.95,
    div_factor: ArrayLike = 25.0,
    final_div_factor: ArrayLike = 1e4,
    three_phase: bool = False,
) -> Schedule:
    """From max_lr / div_factor up to max_lr, then down to max_lr / div_factor / final_div_factor.

    The peak is at pct_start N - 1, between two counts where that is no integer, and the end at
    N - 1; at count N each phase goes on beyond its end, as in PyTorch, and there it is held. The
    momentum, from max_momentum down to base_momentum and back, is its `.momentum`.

    Args:
        base_lr: not used, in PyTorch neither.
        max_lr: the peak.
        total_steps: N, >= 1; or epochs * steps_per_epoch.
        epochs, steps_per_epoch: see total_steps, which prevails.
        pct_start: the part of N that rises, in [0, 1].
        anneal_strategy: cos or linear.
        cycle_momentum: whether there is a momentum.
        base_momentum: the momentum at the peak.
        max_momentum: the momentum at both ends.
        div_factor: > 0.
        final_div_factor: > 0.
        three_phase: down to max_lr / div_factor at 2 pct_start N - 2, as fast as it rose, and then
            to the end.
    """
    if max_lr is None:
        raise ValueError("OneCycleLR needs max_lr")
    peak = _number("OneCycleLR(max_lr=...)", max_lr)
    if total_steps is not None:
        total = _counts("OneCycleLR(total_steps=...)", total_steps, least=1)
    elif epochs is not None and steps_per_epoch is not None:
        total = _counts("OneCycleLR(epochs=...)", epochs, least=1)
        total *= _counts("OneCycleLR(steps_per_epoch=...)", steps_per_epoch, least=1)
    else:
        raise ValueError("OneCycleLR needs total_steps, or epochs and steps_per_epoch")
    part = _fraction("OneCycleLR(pct_start=...)", pct_start)
    require_one_of(("cos", "linear"), anneal_strategy, "OneCycleLR(anneal_strategy=...)")
    start = peak / _number("OneCycleLR(div_factor=...)", div_factor, above=0)
    end = start / _number("OneCycleLR(final_div_factor=...)", final_div_factor, above=0)

    n = total if isinstance(total, int) else jnp.asarray(total).astype(jnp.result_type(float))
    ends = [part * n - 1, 2 * (part * n) - 2] if three_phase else [part * n - 1]
    ends = [_whole(end) for end in (*ends, n - 1)]

    def phases(*levels: Any) -> Schedule:
        return _phases(levels, ends, anneal_strategy == "cos").stop(total)

    lr = phases(start, peak, start, end) if three_phase else phases(start, peak, end)
    if not cycle_momentum:
        return lr
    low = _number("OneCycleLR(base_momentum=...)", base_momentum)
    high = _number("OneCycleLR(max_momentum=...)", max_momentum)
    return WithMomentum(lr, phases(*(high, low, high, high)[: len(ends) + 1]))


@checked(_RULES)
def LambdaLR(base_lr: ArrayLike, lr_lambda: Any) -> Schedule:
    """base_lr lr_lambda(n).

    Args:
        base_lr: the initial learning rate.
        lr_lambda: a schedule, a number, or a function that JAX can trace: jnp.where instead of if.
    """
    # in this order: `_link` takes base_lr * factor for one that multiplies what it finds
    return Product(_traceable("LambdaLR(lr_lambda=...)", lr_lambda), Constant(base_lr))


@checked(_RULES)
def SequentialLR(
    base_lr: ArrayLike | None = None,
    schedulers: Sequence[Schedule | Mapping[str, Any]] = (),
    milestones: Sequence[Length] = (),
) -> Schedule:
    """One scheduler after another, each from its own first value on; a milestone of 0 skips one.

    Schedules are taken as they are, whatever their `base_lr`. Descriptions are built one after
    another on one optimizer, whose initial learning rate OneCycleLR, and CyclicLR where it is the
    first, put in the place of `base_lr`: for later ones and for the one that starts at count 0.
    The momentum, where a part has one, is its `.momentum`, held before and after that part.

    Args:
        base_lr: the optimizer's learning rate; needed for descriptions only.
        schedulers: schedules of this dialect, or descriptions {"schedule": "StepLR", "kwargs":
            {"step_size": 30}}, without base_lr.
        milestones: counts in order at which the second, third, ... starts.
    """
    parts, initial = _built("SequentialLR", base_lr, schedulers)
    milestones = _each_count("SequentialLR(milestones=...)", milestones)
    if len(milestones) != len(parts) - 1:
        rule = "one milestone between each two schedulers"
        got = f"{len(parts)} schedulers and {len(milestones)} milestones"
        raise ValueError(f"SequentialLR needs {rule}, got {got}")
    require_ordered([m for m in milestones if is_concrete(m)], "SequentialLR(milestones=...)")
    first = _first(milestones)
    if isinstance(schedulers[first], Mapping):
        parts[first] = _started(parts[first], initial)
    return _sequence(parts, milestones)


@checked({})
def ChainedScheduler(base_lr: Any = None, schedulers: Any = None) -> Schedule:
    """Schedulers that step together on one learning rate: the product of their factors.

    ChainedScheduler(schedulers), PyTorch's own order, is understood too. As in PyTorch:

    - LambdaLR, CyclicLR, OneCycleLR and CosineAnnealingWarmRestarts overwrite what comes before
      them, at every count. What comes after multiplies by one step's change only, f(n) / f(n - 1).
    - CosineAnnealingLR leaves 0, at T_max, 3 T_max, ..., from base_lr: it forgets there what the
      others have done until then.

    There, changes of ConstantLR, LinearLR, MultiStepLR and PolynomialLR are those of factors above
    1e-18.

    Args:
        base_lr: the optimizer's learning rate; needed for descriptions only.
        schedulers: schedules of this dialect with one base_lr, or descriptions as of SequentialLR.

    Raises:
        ValueError: for CosineAnnealingLR with eta_min (a recursion without a closed form), after
            one that overwrites, or twice; for SequentialLR.
    """
    if isinstance(base_lr, list | tuple):
        base_lr, schedulers = schedulers, base_lr
    if base_lr is not None:
        base_lr = _RULES["base_lr"]("ChainedScheduler(base_lr=...)", base_lr)
    parts, _ = _built("ChainedScheduler", base_lr, schedulers)
    return _chain(parts)


# what is read from a live object as it stands
_ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "StepLR": ("step_size", "gamma"),
    "MultiStepLR": ("gamma",),
    "ConstantLR": ("factor", "total_iters"),
    "LinearLR": ("start_factor", "end_factor", "total_iters"),
    "ExponentialLR": ("gamma",),
    "PolynomialLR": ("total_iters", "power"),
    "CosineAnnealingLR": ("T_max", "eta_min"),
    "CosineAnnealingWarmRestarts": ("T_0", "T_mult", "eta_min"),
    "CyclicLR": ("mode", "gamma", "scale_mode", "cycle_momentum"),
    "OneCycleLR": ("total_steps", "cycle_momentum"),
    "LambdaLR": (),
    "SequentialLR": (),
    "ChainedScheduler": (),
}


@suggesting
def from_scheduler(scheduler: Any, group: int = 0) -> Schedule:
    """The schedule of a live PyTorch scheduler, for one parameter group of its optimizer.

    Count 0 is its construction: after n calls of `step()`, `.skip(n)` is what is to come.

    Args:
        scheduler: an object of `torch.optim.lr_scheduler`; functions that it holds must be such
            that JAX can trace them.
        group: the index of the parameter group.

    Raises:
        ValueError: for what is no function of the count, for unknown classes, and for a
            SequentialLR inside another scheduler or a ChainedScheduler inside a SequentialLR,
            which PyTorch itself steps off by one or not at all.
    """
    name = type(scheduler).__name__
    if name in ABSENT:
        raise ValueError(f"{name} {ABSENT[name]}")
    if name not in _ATTRIBUTES:
        raise ValueError(f"from_scheduler cannot convert {name}; it knows {', '.join(_ATTRIBUTES)}")
    groups = scheduler.optimizer.param_groups
    if not 0 <= group < len(groups):
        raise ValueError(f"from_scheduler(group=...) must be less than {len(groups)}, got {group}")
    if name in ("SequentialLR", "ChainedScheduler"):
        kinds = [type(child).__name__ for child in scheduler._schedulers]
        if "SequentialLR" in kinds or (name == "SequentialLR" and "ChainedScheduler" in kinds):
            raise ValueError(f"PyTorch does not step a {name} of {', '.join(kinds)} as it should")
        parts = [from_scheduler(child, group) for child in scheduler._schedulers]
        if name == "ChainedScheduler":
            return _chain(parts)
        # the one that starts at 0 starts from what the last one constructed has left there
        first = _first(scheduler._milestones)
        parts[first] = _started(parts[first], _plain(groups[group]["initial_lr"]))
        return _sequence(parts, list(scheduler._milestones))
    given = {key: _plain(getattr(scheduler, key)) for key in _ATTRIBUTES[name]}
    if name == "MultiStepLR":
        given["milestones"] = list(scheduler.milestones.elements())
    elif name == "LambdaLR":
        given["lr_lambda"] = scheduler.lr_lambdas[group]
    elif name == "CyclicLR":
        up = scheduler.total_size * scheduler.step_ratio
        up = round(up) if abs(up - round(up)) < 1e-6 else up  # the ratio is rounded
        given |= {"max_lr": _plain(scheduler.max_lrs[group]), "step_size_up": up}
        given |= {"step_size_down": scheduler.total_size - up}
        given |= {"scale_fn": scheduler._scale_fn_custom}
        if scheduler.cycle_momentum:
            given |= {"base_momentum": _plain(scheduler.base_momentums[group])}
            given |= {"max_momentum": _plain(scheduler.max_momentums[group])}
    elif name == "OneCycleLR":
        phases, live = scheduler._schedule_phases, groups[group]
        given |= {"max_lr": _plain(live["max_lr"]), "anneal_strategy": scheduler._anneal_func_type}
        given |= {"div_factor": _plain(live["max_lr"] / live["initial_lr"])}
        given |= {"final_div_factor": _plain(live["initial_lr"] / live["min_lr"])}
        given |= {"pct_start": (phases[0]["end_step"] + 1) / scheduler.total_steps}
        given |= {"three_phase": len(phases) == 3}
        if scheduler.cycle_momentum:
            given |= {key: _plain(live[key]) for key in ("base_momentum", "max_momentum")}
    return _entry(name)(**{"base_lr": _plain(scheduler.base_lrs[group]), **given})


# --- several schedulers -------------------------------------------------------------------------


def _built(name: str, base_lr: Any, schedulers: Any) -> tuple[list[Schedule], Any]:
    """The schedules, and the optimizer's initial learning rate after their construction."""
    if not isinstance(schedulers, list | tuple) or not schedulers:
        raise ValueError(f"{name} needs a list of at least one scheduler, got {shown(schedulers)}")
    parts: list[Schedule] = []
    initial = base_lr
    for i, scheduler in enumerate(schedulers):
        place = f"{name}: schedulers[{i}]"
        if isinstance(scheduler, Schedule):
            parts.append(scheduler)
            continue
        if hasattr(scheduler, "optimizer"):
            way = "must be a schedule; torch.from_scheduler takes a live scheduler"
            raise TypeError(f"{place} {way}, got an object of the class {type(scheduler).__name__}")
        if not isinstance(scheduler, Mapping):
            raise TypeError(
                f'{place} must be a schedule or {{"schedule": ..., "kwargs": ...}}, '
                f"got {shown(scheduler)}"
            )
        require_known(scheduler, ["schedule", "kwargs"], place)
        kind = scheduler.get("schedule")
        known = list(DIALECT.entries)
        if kind in ABSENT:
            raise ValueError(f"{place}: {kind} {ABSENT[kind]}")
        if kind not in known:
            raise ValueError(f"{place}: unknown schedule {shown(kind)}{suggestion(kind, known)}")
        kwargs = dict(scheduler.get("kwargs") or {})
        if initial is None and "base_lr" not in kwargs:
            raise ValueError(f"{place} is a description: {name} needs base_lr")
        try:
            parts.append(_entry(kind)(**{"base_lr": initial, **kwargs}))
        except (TypeError, ValueError) as error:
            raise ValueError(f"{place}: {error}") from error
        if kind == "OneCycleLR":
            initial = kwargs["max_lr"] / kwargs.get("div_factor", 25.0)
        elif kind == "CyclicLR" and i == 0:
            initial = kwargs["base_lr"]
    return parts, initial


def _entry(name: str) -> Callable[..., Schedule]:
    return DIALECT.entries[name]


def _first(milestones: Sequence[Any]) -> int:
    """Which scheduler of a sequence starts at count 0."""
    return sum(is_concrete(m) and bool(m == 0) for m in milestones)


def _started(part: Schedule, initial: Any) -> Schedule:
    """The part as the first of a sequence: what multiplies does so from the optimizer's value."""
    match part:
        case Exponential() | Wave():
            return dataclasses.replace(part, start=initial)
        case Per(schedule=Exponential() as decay, steps=steps):
            return dataclasses.replace(decay, start=initial).per(steps)
        case Polynomial(steps=steps, power=power):
            return PolynomialLR(initial, steps, power)
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
                    levels = [levels[0], _where(over, 1.0, levels[1])]
                    return Product(base_lr, PiecewiseConstant(ends, levels))
    return part


def _sequence(parts: list[Schedule], milestones: Sequence[Any]) -> Schedule:
    first = _first(milestones)
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


def _chain(parts: list[Schedule]) -> Schedule:
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
            return base_lr, PolynomialLR(1.0, steps, power)
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
    return CosineAnnealingLR(1.0, half)


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
                slope = dataclasses.replace(decay, steps=_multiple(steps, decay.steps))
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


# --- curves and arguments -----------------------------------------------------------------------


def _phases(levels: Sequence[Any], ends: Sequence[Any], cosine: bool) -> Schedule:
    """Curves through the levels at 0 and at the ends; the last one goes on beyond its own.

    An end may lie between two counts; a count at an end belongs to the phase before.
    """
    piece: Any = Cosine if cosine else Linear
    parts = [begun(piece, levels[0], levels[1], _where(ends[0] > 0, ends[0], 0), 0)]
    firsts: list[Any] = []
    for i, begin in enumerate(ends[:-1]):
        first, rest = _beginning(begin)
        length = ends[i + 1] - begin
        # one of no length is over at once, at its first level; one that ends before it begins, as
        # three phases do with pct_start > 1/2, goes on from there backwards
        last = i + 2 == len(ends)
        runs = length != 0 if last else length > 0
        start, end = levels[i + 1], _where(runs, levels[i + 2], levels[i + 1])
        length = _where(runs, length, 1)
        size = abs(length)
        if not last:
            parts.append(begun(piece, start, end, size, rest))
        elif cosine:
            steps = _where(size < 1, 1, size)  # of a wave, at least 1
            parts.append(Skip(Wave(start, end, steps, steps / size / 2), rest))
        else:
            change = (end - start) / length
            parts.append(Skip(Linear(start, start + change * (size + 1), size + 1), rest))
        firsts.append(first)
    return Join(tuple(parts), tuple(firsts))


def _beginning(end: Any) -> tuple[Any, Any]:
    """The first count after the end of a phase, and how far after it that is."""
    if is_concrete(end):
        first: Any = max(math.floor(end) + 1, 0)
        return first, first - end
    first = jnp.maximum(jnp.floor(end).astype(jnp.result_type(int)) + 1, 0)
    return first, first.astype(end.dtype) - end


def _plain(x: Any) -> Any:
    """A number that may be a tensor of one."""
    return x.item() if hasattr(x, "item") else x


def _number(where: str, x: Any, **rule: Any) -> Any:
    return NumberField(**rule).coerce(where, x)


def _fraction(where: str, x: Any) -> Any:
    x = _number(where, x)
    require(lambda v: (v >= 0) & (v <= 1), x, f"{where} must be in [0, 1]")
    return x


def _counts(where: str, x: Any, least: int = 0) -> Any:
    return NumberField(True, least=least, whole=True).coerce(where, x)


def _each_count(where: str, counts: Any) -> list[Any]:
    if not is_sequence(counts):
        raise TypeError(f"{where} must be a sequence of counts, got {shown(counts)}")
    return [_counts(where, count) for count in counts]


def _whole(x: Any) -> Any:
    """A known float that is a whole number as an int: its clock is then exact."""
    return int(x) if isinstance(x, float) and x.is_integer() else x


def _multiple(count: Any, n: Any) -> Any:
    """n counts: an int, or a float where they are too many or the count is traced."""
    if not is_concrete(count):
        return jnp.asarray(count).astype(jnp.result_type(float)) * float(n)
    return count * n if count * n <= LONGEST else float(count * n)


def _boundary(count: Any, n: int) -> Any:
    """n counts, where a traced one is in the range of counts or beyond all of them."""
    if is_concrete(count) or is_float(count):
        return count * n
    return jnp.where(count <= LONGEST // n, count * n, LONGEST)


def _where(condition: Any, x: Any, other: Any) -> Any:
    """`jnp.where`, and the Python number itself where the condition is known."""
    if isinstance(condition, bool | np.bool_):
        return x if condition else other
    return jnp.where(condition, x, other)


def _traceable(where: str, function: Any) -> Schedule:
    """A schedule, a number, or a function: one of a count that JAX can trace."""
    if callable(function) and not isinstance(function, Schedule):
        count = jax.ShapeDtypeStruct((), jnp.result_type(int))
        try:
            with jax.numpy_dtype_promotion("standard"):
                jax.eval_shape(function, count)
        except TypeError as error:
            rule = "must be a function that JAX can trace (jnp.where, not if; jnp, not math)"
            raise TypeError(f"{where} {rule}, got {shown(function)}") from error
    try:
        return as_schedule(function)
    except TypeError as error:
        raise TypeError(f"{where}: {error}") from None


DIALECT = Dialect(
    named(
        StepLR,
        MultiStepLR,
        ConstantLR,
        LinearLR,
        ExponentialLR,
        PolynomialLR,
        CosineAnnealingLR,
        CosineAnnealingWarmRestarts,
        CyclicLR,
        OneCycleLR,
        LambdaLR,
        SequentialLR,
        ChainedScheduler,
    ),
    ABSENT,
)

if not TYPE_CHECKING:  # a type checker knows which names there are
    __getattr__ = lookup(__name__, DIALECT.entries, ABSENT)
