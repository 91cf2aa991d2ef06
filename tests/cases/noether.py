"""noether, against the float64 oracle of its rules."""

from oracles import noether as oracle

from cases.table import CASES, LONG, add, loose
from jaxsched.dialects import noether


def add_noether(name, total=100, epoch=None, given=None, **config):
    """`given` is what the schedule takes where the oracle's config has another form."""
    entry = noether.schedules()[name]
    given = {**(given or config), "interval": "epoch" if epoch else "update"}

    def reference(n):
        if name == "PeriodicBoolSchedule":
            return oracle.value(name, config, n, LONG)
        if epoch:
            return oracle.epoch_value(name, config, min(n, total), total, epoch)
        return oracle.value(name, config, min(n, total), total)

    label = f"noether.{name}({total}{f', {epoch}' if epoch else ''}, {len(CASES)})"
    add(label, entry(given).schedule(total, epoch), reference, **loose(1.0), entry=entry)


def add_sequence(name, total, *parts):
    """Parts as (schedule, kwargs, bounds)."""
    config = [{"schedule": s, "kwargs": kwargs, **bounds} for s, kwargs, bounds in parts]
    given = [{"schedule": {"kind": s, **kwargs}, **bounds} for s, kwargs, bounds in parts]
    add_noether(name, total, given={"schedule_configs": given}, schedule_configs=config)


for kind in ("Linear", "Cosine", "Polynomial"):
    own = {"power": 2.0} if kind == "Polynomial" else {}
    add_noether(f"{kind}DecreasingSchedule", max_value=0.9, end_value=0.1, **own)
    add_noether(
        f"{kind}IncreasingSchedule",
        max_value=0.9,
        start_value=0.1,
        exclude_first=True,
        exclude_last=True,
        **own,
    )
add_noether("CosineDecreasingSchedule", 103, 10, max_value=0.9, end_value=0.1)
add_noether("LinearDecreasingSchedule", 120, max_value=0.9)
prolonged = noether.LinearDecreasingSchedule(max_value=0.9, overhang_steps=20).schedule(100)
add("noether.overhang", prolonged, CASES[-1].reference, **loose(1.0))
add_noether(
    "StepDecreasingSchedule", 97, max_value=0.9, end_value=0.1, factor=0.5, decreases_interval=0.15
)
add_noether("StepFixedSchedule", 97, factor=0.3, steps=[0.2, 0.5, 0.9])
add_noether("StepIntervalSchedule", 97, factor=0.7, update_interval=0.11)
add_noether("ConstantSchedule", value=0.3)
add_noether("CustomSchedule", 40, values=[1.0, 0.5, 0.25, 0.3])
add_noether("PeriodicBoolSchedule", initial_state=True, on_duration=3, off_duration=5, on_value=0.7)
add_noether("LinearWarmupCosineDecaySchedule", 101, warmup_steps=13, max_value=0.9)
add_noether("LinearWarmupCosineDecaySchedule", 101, warmup_percent=0.29, start_value=0.1)
up = ("LinearIncreasingSchedule", {"max_value": 0.9, "exclude_first": True, "exclude_last": True})
down = ("CosineDecreasingSchedule", {"max_value": 0.9, "end_value": 0.01})
flat = ("ConstantSchedule", {"value": 0.9})
add_sequence(
    "SequentialPercentSchedule",
    101,
    (*up, {"end_percent": 0.29}),
    (*flat, {"end_percent": 0.6}),
    (*down, {}),
)
add_sequence(
    "SequentialStepSchedule",
    100,
    (*up, {"start_step": 5, "end_step": 10}),
    (*down, {"start_step": 15, "end_step": 25}),
)
