"""PyTorch's `torch.optim.lr_scheduler` 2.13: the learning rate after so many calls of `step()`.

The first argument is `base_lr` where PyTorch takes the optimizer: the initial learning rate of one
parameter group. Count 0 is the first update. Ends are hit at count N = total_iters, T_max, ...;
OneCycleLR's at N - 1. Past it the factors of LinearLR, ConstantLR and PolynomialLR are held,
CosineAnnealingLR rises again, CyclicLR and CosineAnnealingWarmRestarts go on forever.

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
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from jaxsched.algebra import Join, Product, Sum, WithMomentum
from jaxsched.curves import Cosine, Exponential, Linear, PiecewiseConstant, Wave
from jaxsched.dialects._cycles import phases_through
from jaxsched.dialects._rates import exponential
from jaxsched.dialects._rules import LearningRate, Rate, lookup
from jaxsched.dialects._torch_chains import (
    annealing,
    at_zero,
    boundary_of,
    chain,
    multiple_of,
    polynomial,
    sequence,
    started,
)
from jaxsched.dialects.protocol import Dialect, named
from jaxsched.errors import require_known, shown, suggesting, suggestion
from jaxsched.fields import (
    LONGEST,
    Count,
    Length,
    NumberField,
    Value,
    declared,
    is_concrete,
    is_sequence,
    require,
    require_one_of,
    require_ordered,
)
from jaxsched.numerics.time import choose
from jaxsched.plain import plain
from jaxsched.schedule import Constant, Schedule, as_schedule

ABSENT = {
    "ReduceLROnPlateau": "follows a metric: it is no function of the count",
    "MultiplicativeLR": (
        "multiplies by a Python function at every count: it is no function of the count alone; "
        "LambdaLR takes their product as one"
    ),
}
Positive = Annotated[ArrayLike, NumberField(above=0)]
NotNegative = Annotated[ArrayLike, NumberField(least=0)]
StartFactor = Annotated[ArrayLike, NumberField(above=0, most=1)]
Whole = Annotated[ArrayLike, NumberField(True, least=0, whole=True)]
WholeFrom1 = Annotated[ArrayLike, NumberField(True, least=1, whole=True)]


@dataclasses.dataclass(frozen=True)
class _Fraction(NumberField):
    def coerce(self, where: str, x: Any) -> Any:
        """A number in [0, 1]."""
        x = super().coerce(where, x)
        require(lambda v: (v >= 0) & (v <= 1), x, f"{where} must be in [0, 1]")
        return x


@dataclasses.dataclass(frozen=True)
class _Wholes(NumberField):
    integral: bool = True
    rank: int = 1

    def coerce(self, where: str, x: Any) -> Any:
        """Counts, one by one: they may be traced."""
        x = plain(x)
        if not is_sequence(x):
            raise TypeError(f"{where} must be a sequence of counts, got {shown(x)}")
        return [NumberField(True, least=0, whole=True).coerce(where, count) for count in x]


Fraction = Annotated[ArrayLike, _Fraction()]
Wholes = Annotated[Sequence[ArrayLike], _Wholes()]


@declared
def StepLR(base_lr: Rate, step_size: WholeFrom1, gamma: Positive = 0.1) -> Schedule:
    """base_lr gamma^(n // step_size).

    Args:
        base_lr: the initial learning rate.
        step_size: counts between two decays, >= 1.
        gamma: factor of each, > 0.
    """
    return exponential(base_lr, gamma).per(step_size)


@declared
def MultiStepLR(base_lr: Rate, milestones: Wholes, gamma: Value = 0.1) -> Schedule:
    """base_lr gamma^i, where i is how many of the milestones are <= n.

    Args:
        base_lr: the initial learning rate.
        milestones: counts in any order; one that is given twice counts twice.
        gamma: factor at each.
    """
    counts, rate = cast(Any, (milestones, gamma))
    ordered = sorted(counts) if all(map(is_concrete, counts)) else jnp.sort(jnp.stack(counts))
    return Product(
        Constant(base_lr), PiecewiseConstant(ordered, [rate**i for i in range(len(counts) + 1)])
    )


@declared
def ConstantLR(base_lr: Rate, factor: Fraction = 1.0 / 3, total_iters: Whole = 5) -> Schedule:
    """base_lr factor for n < total_iters, then base_lr; with total_iters=0 forever base_lr factor.

    Args:
        base_lr: the initial learning rate.
        factor: in [0, 1].
        total_iters: counts that it lasts.
    """
    total: Any = total_iters
    after = choose(total > 0, 1.0, factor)
    end: Any = [total] if is_concrete(total) else total[None]  # a list of tracers becomes floats
    return Product(Constant(base_lr), PiecewiseConstant(end, [factor, after]))


@declared
def LinearLR(
    base_lr: Rate,
    start_factor: StartFactor = 1.0 / 3,
    end_factor: Fraction = 1.0,
    total_iters: Whole = 5,
) -> Schedule:
    """A line from base_lr start_factor to base_lr end_factor, then held.

    Args:
        base_lr: the initial learning rate.
        start_factor: in (0, 1].
        end_factor: in [0, 1].
        total_iters: counts of the line; 0 keeps start_factor forever.
    """
    total: Any = total_iters
    end = choose(total > 0, end_factor, start_factor)
    return Product(Constant(base_lr), Linear(start_factor, end, total))


@declared
def ExponentialLR(base_lr: Rate, gamma: Positive) -> Schedule:
    """base_lr gamma^n.

    Args:
        base_lr: the initial learning rate.
        gamma: factor of each count, > 0.
    """
    return exponential(base_lr, gamma)


@declared
def PolynomialLR(base_lr: Rate, total_iters: Whole = 5, power: NotNegative = 1.0) -> Schedule:
    """base_lr (1 - n / total_iters)^power, and 0 from total_iters on.

    Args:
        base_lr: the initial learning rate.
        total_iters: counts of the decay; 0 keeps base_lr forever.
        power: >= 0; 0 keeps base_lr forever.
    """
    return polynomial(base_lr, total_iters, power)


@declared
def CosineAnnealingLR(base_lr: Rate, T_max: Count, eta_min: Value = 0.0) -> Schedule:
    """eta_min + (base_lr - eta_min) (1 + cos(pi n / T_max)) / 2, forever.

    Args:
        base_lr: the initial learning rate.
        T_max: counts from base_lr to eta_min, >= 1; as many later it is base_lr again.
        eta_min: the smallest value.
    """
    return annealing(base_lr, eta_min, _whole(T_max))


@declared
def CosineAnnealingWarmRestarts(
    base_lr: Rate, T_0: WholeFrom1, T_mult: int = 1, eta_min: Value = 0.0
) -> Schedule:
    """Half cosines from base_lr to eta_min, each T_mult times as long as the one before, forever.

    At the restart itself, count T_0 of the first, the value is base_lr again.

    Args:
        base_lr: the initial learning rate.
        T_0: counts of the first, >= 1.
        T_mult: an int >= 1, static.
        eta_min: what each one falls towards.
    """
    first: Any = T_0
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
    cycles = [Cosine(base_lr, eta_min, multiple_of(first, n)) for n in lengths[:-1]]
    last = Wave(base_lr, eta_min, multiple_of(first, lengths[-1]), 0.5)
    return Join((*cycles, last), tuple(boundary_of(first, n) for n in begins[1:]))


@declared
def CyclicLR(
    base_lr: Rate,
    max_lr: Value,
    step_size_up: Annotated[ArrayLike, NumberField(True, above=0)] = 2000,
    step_size_down: Length | None = None,
    mode: str = "triangular",
    gamma: Positive = 1.0,
    scale_fn: Any = None,
    scale_mode: Literal["cycle", "iterations"] = "cycle",
    cycle_momentum: bool = True,
    base_momentum: Value = 0.8,
    max_momentum: Value = 0.9,
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
    up = _whole(step_size_up)
    down = up if step_size_down is None else _whole(step_size_down)
    if scale_fn is None:
        modes = ("triangular", "triangular2", "exp_range")
        require_one_of(modes, mode, "CyclicLR(mode=...)")
    else:
        scale_fn, mode = _traceable("CyclicLR(scale_fn=...)", scale_fn), ""

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
    return WithMomentum(lr, cycles(max_momentum, base_momentum))


@declared
def OneCycleLR(
    base_lr: Rate | None = None,
    max_lr: Value | None = None,
    total_steps: WholeFrom1 | None = None,
    epochs: WholeFrom1 | None = None,
    steps_per_epoch: WholeFrom1 | None = None,
    pct_start: Fraction = 0.3,
    anneal_strategy: Literal["cos", "linear"] = "cos",
    cycle_momentum: bool = True,
    base_momentum: Value = 0.85,
    max_momentum: Value = 0.95,
    div_factor: Positive = 25.0,
    final_div_factor: Positive = 1e4,
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
    peak, part, div, final = cast(Any, (max_lr, pct_start, div_factor, final_div_factor))
    total: Any = total_steps
    if total is None and epochs is not None and steps_per_epoch is not None:
        total = cast(Any, epochs) * cast(Any, steps_per_epoch)
    if total is None:
        raise ValueError("OneCycleLR needs total_steps, or epochs and steps_per_epoch")
    start = peak / div
    end = start / final

    n = total if isinstance(total, int) else jnp.asarray(total, float)
    ends = [part * n - 1, 2 * (part * n) - 2] if three_phase else [part * n - 1]
    ends = [_whole(end) for end in (*ends, n - 1)]

    def phases(*levels: Any) -> Schedule:
        return phases_through(levels, ends, anneal_strategy == "cos").stop(total)

    lr = phases(start, peak, start, end) if three_phase else phases(start, peak, end)
    if not cycle_momentum:
        return lr
    low, high = base_momentum, max_momentum
    return WithMomentum(lr, phases(*(high, low, high, high)[: len(ends) + 1]))


@declared
def LambdaLR(base_lr: Rate, lr_lambda: Any) -> Schedule:
    """base_lr lr_lambda(n).

    Args:
        base_lr: the initial learning rate.
        lr_lambda: a schedule, a number, or a function that JAX can trace: jnp.where instead of if.
    """
    # in this order: `_link` takes base_lr * factor for one that multiplies what it finds
    return Product(_traceable("LambdaLR(lr_lambda=...)", lr_lambda), Constant(base_lr))


@declared
def SequentialLR(
    base_lr: Rate | None = None,
    schedulers: Sequence[Schedule | Mapping[str, Any]] = (),
    milestones: Wholes = (),
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
    milestones = list(milestones)
    if len(milestones) != len(parts) - 1:
        rule = "one milestone between each two schedulers"
        got = f"{len(parts)} schedulers and {len(milestones)} milestones"
        raise ValueError(f"SequentialLR needs {rule}, got {got}")
    require_ordered([m for m in milestones if is_concrete(m)], "SequentialLR(milestones=...)")
    first = at_zero(milestones)
    if isinstance(schedulers[first], Mapping):
        parts[first] = started(parts[first], initial)
    return sequence(parts, milestones)


@declared
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
        base_lr = LearningRate().coerce("ChainedScheduler(base_lr=...)", base_lr)
    parts, _ = _built("ChainedScheduler", base_lr, schedulers)
    return chain(parts)


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
            return chain(parts)
        # the one that starts at 0 starts from what the last one constructed has left there
        first = at_zero(scheduler._milestones)
        parts[first] = started(parts[first], _plain(groups[group]["initial_lr"]))
        return sequence(parts, list(scheduler._milestones))
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
    return DIALECT.entries[name](**{"base_lr": _plain(scheduler.base_lrs[group]), **given})


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
        if kind in ABSENT:
            raise ValueError(f"{place}: {kind} {ABSENT[kind]}")
        if kind not in (known := list(DIALECT.entries)):
            raise ValueError(f"{place}: unknown schedule {shown(kind)}{suggestion(kind, known)}")
        kwargs = dict(scheduler.get("kwargs") or {})
        if initial is None and "base_lr" not in kwargs:
            raise ValueError(f"{place} is a description: {name} needs base_lr")
        try:
            parts.append(DIALECT.entries[kind](**{"base_lr": initial, **kwargs}))
        except (TypeError, ValueError) as error:
            raise ValueError(f"{place}: {error}") from error
        if kind == "OneCycleLR":
            initial = kwargs["max_lr"] / kwargs.get("div_factor", 25.0)
        elif kind == "CyclicLR" and i == 0:
            initial = kwargs["base_lr"]
    return parts, initial


# --- curves and arguments -----------------------------------------------------------------------


def _plain(x: Any) -> Any:
    """A number that may be a tensor of one."""
    return x.item() if hasattr(x, "item") else x


def _whole(x: Any) -> Any:
    """A known float that is a whole number as an int: its clock is then exact."""
    return int(x) if isinstance(x, float) and x.is_integer() else x


def _traceable(where: str, function: Any) -> Schedule:
    """A schedule, a number, or a function: one of a count that JAX can trace."""
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
