"""noether.core.schedules in Python floats.

Source: noether, git 12bbabad8210, `core/schedules`; PeriodicBoolSchedule from its published config.
Two deviations are on purpose, and marked below: progress stops at 1, Custom holds its last value.
"""

import bisect
import math
from collections.abc import Mapping, Sequence
from typing import Any

Kwargs = Mapping[str, Any]


def value(name: str, kwargs: Kwargs, step: int, total_steps: int) -> float:
    """`NAME(**kwargs).get_value(step, total_steps)`; a key total_steps or interval is unused."""
    if not 0 <= step <= total_steps:
        raise ValueError(f"0 <= step <= total_steps (step={step} total_steps={total_steps})")
    total = total_steps + _overhang(kwargs, total_steps)
    if name == "ConstantSchedule":
        return kwargs["value"]
    if name == "CustomSchedule":
        # Deviation: noether raises an IndexError past the list.
        return kwargs["values"][min(step, len(kwargs["values"]) - 1)]
    if name == "PeriodicBoolSchedule":
        return _periodic_bool(kwargs, step)
    if name == "StepFixedSchedule":
        k = bisect.bisect_right(sorted(kwargs["steps"]), step / total)
        return kwargs.get("start_value", 1.0) * kwargs["factor"] ** k
    if name == "StepIntervalSchedule":
        k = _interval_index(step / total, kwargs["update_interval"])
        return kwargs.get("start_value", 1.0) * kwargs["factor"] ** k
    if name == "SequentialPercentSchedule":
        return _sequential_percent(kwargs["schedule_configs"], step, total)
    if name == "SequentialStepSchedule":
        return _sequential_step(kwargs["schedule_configs"], step, total)
    if name == "LinearWarmupCosineDecaySchedule":
        return _linear_warmup_cosine_decay(kwargs, step, total)
    return _progress_schedule(name, kwargs, step, total)


def epoch_value(
    name: str, kwargs: Kwargs, step: int, total_steps: int, steps_per_epoch: int
) -> float:
    """`value` under `interval: epoch`: a stair, over the total rounded down to whole epochs.

    Source: noether, git 12bbabad8210, ScheduleWrapper.
    """
    if not 0 <= step <= total_steps:
        raise ValueError(f"0 <= step <= total_steps (step={step} total_steps={total_steps})")
    epoch, epochs = step // steps_per_epoch, total_steps // steps_per_epoch
    return value(name, kwargs, epoch * steps_per_epoch, epochs * steps_per_epoch)


def extrapolates(name: str, kwargs: Kwargs, step: int, total_steps: int) -> bool:
    """Whether noether leaves [start, end] here (progress > 1): `value` differs on purpose."""
    total = total_steps + _overhang(kwargs, total_steps)
    return name in CURVES and _ramp(*_exclude(kwargs, step, total)) > 1


def _overhang(kwargs: Kwargs, total_steps: int) -> int:
    percent, steps = kwargs.get("overhang_percent"), kwargs.get("overhang_steps")
    if percent is not None and steps is not None:
        raise ValueError("only one of overhang_percent and overhang_steps must be set")
    if percent is not None:
        return int(total_steps * percent)
    return steps or 0


CURVES = {
    "LinearDecreasingSchedule": lambda x, kwargs: x,
    "LinearIncreasingSchedule": lambda x, kwargs: x,
    "CosineDecreasingSchedule": lambda x, kwargs: 1 - (1 + math.cos(math.pi * x)) / 2,
    "CosineIncreasingSchedule": lambda x, kwargs: 1 - (1 + math.cos(math.pi * x)) / 2,
    "PolynomialDecreasingSchedule": lambda x, kwargs: 1 - (1 - x) ** kwargs.get("power", 1.0),
    "PolynomialIncreasingSchedule": lambda x, kwargs: 1 - (1 - x) ** kwargs.get("power", 1.0),
}


def _progress_schedule(name: str, kwargs: Kwargs, step: int, total: int) -> float:
    """start + progress (end - start)."""
    if name.endswith("IncreasingSchedule"):
        start, end = kwargs.get("start_value", 0.0), kwargs["max_value"]
    else:
        start, end = kwargs["max_value"], kwargs.get("end_value", 0.0)
    step, total = _exclude(kwargs, step, total)
    if name == "StepDecreasingSchedule":
        progress = 1 - kwargs["factor"] ** _interval_index(
            step / total, kwargs["decreases_interval"]
        )
    else:
        # Deviation: noether lets progress exceed 1 at step == total.
        progress = CURVES[name](min(1.0, _ramp(step, total)), kwargs)
    return start + progress * (end - start)


def _exclude(kwargs: Kwargs, step: int, total: int) -> tuple[int, int]:
    if kwargs.get("exclude_last", False):
        total += 1
    if kwargs.get("exclude_first", False):
        step, total = step + 1, total + 1
    return step, total


def _ramp(step: int, total: int) -> float:
    return step / max(1, total - 1)


def _interval_index(progress: float, interval: float) -> int:
    return int(round(progress / interval, 10))


def _periodic_bool(kwargs: Kwargs, step: int) -> float:
    durations = {False: kwargs.get("off_duration", 1), True: kwargs.get("on_duration", 1)}
    initial = kwargs["initial_state"]
    in_initial = step % (durations[False] + durations[True]) < durations[initial]
    state = initial if in_initial else not initial
    if kwargs.get("invert", False):
        state = not state
    return kwargs.get("on_value", 1.0) if state else kwargs.get("off_value", 0.0)


def _fill(parts: Sequence[Kwargs], unit: str) -> list[tuple[Any, Any]]:
    """(start, end) of every part, missing ones from the neighbours; the last end may be None."""
    if not parts:
        raise ValueError("at least one schedule config must be provided")
    starts = [part.get(f"start_{unit}") for part in parts]
    ends = [part.get(f"end_{unit}") for part in parts]
    starts[0] = 0 if starts[0] is None else starts[0]
    for i in range(1, len(parts)):
        if starts[i] is None:
            starts[i] = ends[i - 1]
        if ends[i - 1] is None:
            ends[i - 1] = starts[i]
        if starts[i] is None:
            raise ValueError(f"parts {i - 1} and {i}: no end_{unit} and no start_{unit}")
    pairs = list(zip(starts, ends, strict=True))
    bounds = [bound for pair in pairs for bound in pair if bound is not None]
    if bounds[0] < 0 or bounds != sorted(bounds):
        raise ValueError(f"starts and ends must be in order, got {bounds}")
    return pairs


def _sequential_percent(parts: Sequence[Kwargs], step: int, total: int) -> float:
    bounds = []
    for start, end in _fill(parts, "percent"):
        end = 1.0 if end is None else end
        if end > 1:
            raise ValueError(f"end_percent must be at most 1, got {end}")
        # An end of 1 means total, where int(end (total - 1)) would be one step short.
        bounds.append((int(start * (total - 1)), total if end == 1 else int(end * (total - 1))))
    return _sequential(parts, bounds, step, empty=(0, 1))


def _sequential_step(parts: Sequence[Kwargs], step: int, total: int) -> float:
    # `or`, not `is None`: noether reads an end_step of 0 as missing.
    bounds = [(start, end or total) for start, end in _fill(parts, "step")]
    return _sequential(parts, bounds, step, empty=None)


def _sequential(
    parts: Sequence[Kwargs],
    bounds: Sequence[tuple[int, int]],
    step: int,
    empty: tuple[int, int] | None,
) -> float:
    """The last part with start <= step, at its own step and total (`empty`: an empty part's)."""
    begun = [i for i, (start, _) in enumerate(bounds) if start <= step]
    i = begun[-1] if begun else 0
    start, end = bounds[i]
    if not begun:
        local, length = 0, end - start
    elif empty is not None and end == start:
        local, length = empty
    else:
        local, length = min(step - start, end - start - 1), end - start
    return value(parts[i]["schedule"], parts[i].get("kwargs", {}), local, length)


def _linear_warmup_cosine_decay(kwargs: Kwargs, step: int, total: int) -> float:
    steps, percent = kwargs.get("warmup_steps"), kwargs.get("warmup_percent")
    if (steps is None) == (percent is None):
        raise ValueError("define exactly one of warmup_steps or warmup_percent")
    start, peak = kwargs.get("start_value", 0.0), kwargs.get("max_value", 1.0)
    up = {"start_value": start, "max_value": peak}
    up |= {"exclude_first": start == 0, "exclude_last": True}
    down = {"max_value": peak, "end_value": kwargs.get("end_value", 1e-6)}
    unit = "step" if percent is None else "percent"
    warmup = steps if percent is None else percent
    parts = [
        {"schedule": "LinearIncreasingSchedule", "kwargs": up, f"end_{unit}": warmup},
        {"schedule": "CosineDecreasingSchedule", "kwargs": down, f"start_{unit}": warmup},
    ]
    return (_sequential_step if percent is None else _sequential_percent)(parts, step, total)
