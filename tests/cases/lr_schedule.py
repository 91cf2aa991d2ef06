"""lr_schedule, against the float64 oracle of its rules."""

from oracles import lr_schedule as oracle

from cases.table import add, loose, r
from jaxsched.dialects import lr_schedule

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
            return oracle.value(rounded, 1 - n / total)

        name = f"lr_schedule.{cls.__name__}({total})"
        add(name, cls(cfg).schedule(total), reference, **loose(0.1), entry=cls)
