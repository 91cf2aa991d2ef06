"""Kumo, against the float64 oracle of its rules."""

from oracles import kumo as oracle

from cases.table import CASES, add, loose, phase, r
from jaxsched.dialects import kumo


def add_kumo(entry, schedulers, total=100, epoch=None):
    base = 1e-3
    sizes = {"base_lr": base, "num_training_steps": total, "steps_per_epoch": epoch}
    (schedule,) = kumo.lr_scheduler([schedulers], **sizes)

    def reference(n):
        return oracle.candidate(schedulers, n, **sizes)

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
