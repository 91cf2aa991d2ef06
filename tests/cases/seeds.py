"""lr_schedule, noether and Kumo, against the float64 oracles of their rules."""

from oracles import kumo as kumo_oracle, lr_schedule as lr_oracle, noether as noether_oracle

from cases.table import CASES, LONG, add, loose, phase, r
from jaxsched.dialects import kumo, lr_schedule, noether

for total in (100, 1001):
    for cls, cfg in (
        (lr_schedule.BaseLRSchedule, {"initial_value": 0.1}),
        (lr_schedule.LinearLRSchedule, {"initial_value": 0.1, "final_value": 0.01}),
        (lr_schedule.CosineAnnealingLRSchedule, {"initial_value": 0.1, "final_value": 0.01}),
        (lr_schedule.ExponentialLRSchedule, {"initial_value": 0.1, "decay_rate": 0.2}),
        (lr_schedule.CosineWarmupLRSchedule, {"initial_value": 0.1, "warmup_fraction": 0.123}),
        (lr_schedule.PolynomialLRSchedule, {"initial_value": 0.1, "power": 1.5}),
    ):
        cfg = {"type": cls.type, **cfg}

        def reference(n, cfg=cfg, total=total):
            rounded = {key: x if key == "type" else r(x) for key, x in cfg.items()}
            return lr_oracle.value(rounded, 1 - n / total)

        name = f"lr_schedule.{cls.__name__}({total})"
        add(name, cls(cfg).schedule(total), reference, **loose(0.1), entry=cls)


def add_noether(name, total=100, epoch=None, given=None, **config):
    """`given` is what the schedule takes where the oracle's config has another form."""
    entry = noether.schedules()[name]
    given = {**(given or config), "interval": "epoch" if epoch else "update"}

    def reference(n):
        if name == "PeriodicBoolSchedule":
            return noether_oracle.value(name, config, n, LONG)
        if epoch:
            return noether_oracle.epoch_value(name, config, min(n, total), total, epoch)
        return noether_oracle.value(name, config, min(n, total), total)

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


def add_kumo(entry, schedulers, total=100, epoch=None):
    base = 1e-3
    sizes = {"base_lr": base, "num_training_steps": total, "steps_per_epoch": epoch}
    (schedule,) = kumo.lr_scheduler([schedulers], **sizes)

    def reference(n):
        return kumo_oracle.candidate(schedulers, n, **sizes)

    label = f"kumo.{entry}({total}{f', {epoch}' if epoch else ''}, {len(CASES)})"
    bound = phase(base, 0.01) if "num_cycles" in str(schedulers) else loose(base)
    add(label, schedule, reference, **bound, entry=entry)


KUMO = {
    "constant_with_warmup": {"warmup_ratio_or_steps": 7},
    "linear_with_warmup": {"warmup_ratio_or_steps": 0.2},
    "cosine_with_warmup": {"num_cycles": r(0.7)},
    "cosine_with_warmup_restarts": {"num_cycles": 3.5, "warmup_ratio_or_steps": 5},
    "polynomial_with_warmup": {"lr_end": 1e-5, "power": 2.0},
    "exponential": {"gamma": r(0.97)},
}
for entry, kwargs in KUMO.items():
    add_kumo(entry, {"name": entry, "kwargs": kwargs}, 103)
add_kumo("cosine_with_warmup", {"name": "cosine_with_warmup"})
add_kumo("cosine_with_warmup_restarts", {"name": "cosine_with_warmup_restarts"}, 10**6)
several = [
    {"name": "linear_with_warmup"},
    {"name": "exponential", "interval": "epoch", "kwargs": {"gamma": r(0.8)}},
]
add_kumo("exponential", several, 103, 10)
add_kumo("exponential", None)
