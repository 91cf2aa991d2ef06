"""timm's schedulers, against their rules in 40 digits."""

from oracles import timm as oracle

from cases.table import LONG, add, loose, r
from jaxsched.dialects import timm

B = 1e-3
RAMP = {"warmup_t": 7, "warmup_lr_init": r(1e-5)}


def rounded(given):
    """As the schedule computes with them, but for what decides where it steps."""
    return {k: r(x) if type(x) is float and k != "decay_t" else x for k, x in given.items()}


def add_case(entry, note, points=(), rule=None, bound=None, **own):
    """`rule` is (class, arguments) of the scheduler that `create_scheduler_v2` is to make."""
    name, kwargs = rule or (entry.__name__, own)
    add(
        f"timm.{entry.__name__}({note})",
        entry(B, **rounded(own)),
        lambda n: oracle.value(name, n, r(B), **rounded(kwargs)),
        entry=entry,
        points=points,
        **(bound or {}),
    )


DECAY = {"lr_min": 1e-5, "cycle_decay": 0.5}
for entry in (timm.CosineLRScheduler, timm.PolyLRScheduler, timm.TanhLRScheduler):
    add_case(entry, "long", t_initial=LONG, lr_min=1e-5)
    add_case(entry, "jumps", t_initial=57, lr_min=1e-5, **RAMP)
    add_case(entry, "cycles", t_initial=20, cycle_limit=3, **DECAY)
    add_case(entry, "tripling", t_initial=1, cycle_mul=3.0, cycle_limit=7, points=(121,))
    add_case(entry, "1.5", t_initial=11, cycle_mul=1.5, cycle_limit=4, **RAMP)

entry = timm.CosineLRScheduler
add_case(entry, "prefix", t_initial=57, lr_min=1e-5, warmup_prefix=True, **RAMP)
add_case(entry, "equal", t_initial=20, cycle_limit=10**9)
add_case(entry, "doubling", t_initial=1000, cycle_mul=2.0, cycle_limit=20, **DECAY)
# in a cycle of less than a count the phase is one float32: pi / 2 B 2^-25
phase = {"absolute": lambda counts: 5e-8 * B}
add_case(entry, "shrinking", t_initial=20, cycle_mul=0.75, cycle_limit=50, **RAMP, bound=phase)
add_case(entry, "fraction", t_initial=20.5, cycle_limit=40, cycle_decay=0.9)
add_case(entry, "no cycle", t_initial=20, cycle_limit=0, lr_min=1e-5, **RAMP)
add_case(entry, "warmup 2.5", t_initial=30, warmup_t=2.5)
add_case(entry, "k-decay", t_initial=1000, k_decay=1.5)
add_case(entry, "k-decay cycles", t_initial=90, k_decay=0.7, cycle_limit=3, **DECAY)

entry = timm.PolyLRScheduler
add_case(entry, "k-decay", t_initial=1000, k_decay=1.5, power=2.0, lr_min=1e-5)
add_case(entry, "power 0", t_initial=30, power=0.0, cycle_limit=2, lr_min=1e-5)

add_case(timm.TanhLRScheduler, "bounds", t_initial=50, lb=-6.0, ub=4.0)

entry = timm.StepLRScheduler
# its rate is taken 23 at a time: 3e-8 for each, after hundreds of stairs
add_case(entry, "7", decay_t=7, decay_rate=0.97, **RAMP, bound=loose(1e-3))
add_case(entry, "jumps", decay_t=7, decay_rate=0.5, warmup_prefix=False, **RAMP)
for steps in (7.5, 2.4, 1.1):
    add_case(entry, steps, decay_t=steps, decay_rate=0.75, **RAMP)

entry = timm.MultiStepLRScheduler
add_case(entry, "prefix", decay_t=[5, 9, 9, 20], decay_rate=0.5, **RAMP)
add_case(entry, "jumps", decay_t=[5, 9, 20], decay_rate=0.5, warmup_prefix=False, **RAMP)
add_case(entry, "early", decay_t=[0, 1, 2], decay_rate=0.5)
add_case(entry, "none", decay_t=[], decay_rate=0.5)

entry = timm.WSDLRScheduler
ends = {"t_initial": 90, "decay_t": 30, "lr_min": 1e-5, **RAMP}
for decay_fn in ("linear", "1-sqrt", "cosine", "power", "exp"):
    more = {"decay_power": 2.0, "decay_ratio": 0.2, "decay_fn": decay_fn}
    add_case(entry, decay_fn, **ends, **more)
add_case(entry, "rsqrt", **ends, stable_fn="rsqrt")
power = {"stable_fn": "power", "stable_power": 1.5, "stable_timescale": 9.5}
add_case(entry, "stable power", t_initial=90, decay_t=30, **power)
add_case(entry, "floor", t_initial=900, decay_t=30, lr_min=5e-4, **power)
add_case(entry, "callable", **ends, decay_fn=lambda q: 1 - q * q)
add_case(entry, "long", t_initial=LONG - 7, decay_t=10**9 + 1, **RAMP)
add_case(entry, "short", t_initial=40, decay_t=1, decay_fn="exp", decay_ratio=0.01)

entry = timm.create_scheduler_v2
epochs = {"num_epochs": 30, "warmup_epochs": 3, "min_lr": 1e-5}
start = {"warmup_t": 3, "warmup_lr_init": 1e-5}
plain = {"t_initial": 30, "lr_min": 1e-5, **start}
for name, rule in {
    "cosine": ("CosineLRScheduler", plain),
    "tanh": ("TanhLRScheduler", plain),
    "poly": ("PolyLRScheduler", {**plain, "power": 0.1}),
    "step": (
        "StepLRScheduler",
        {"decay_t": 90, "decay_rate": 0.1, "warmup_prefix": False, **start},
    ),
    "multistep": (
        "MultiStepLRScheduler",
        {"decay_t": [90, 180, 270], "decay_rate": 0.1, "warmup_prefix": False, **start},
    ),
    "constant": ("StepLRScheduler", {"decay_t": 1, "warmup_prefix": False, **start}),
    "none": ("StepLRScheduler", {"decay_t": 1}),
    "wsd": ("WSDLRScheduler", {**plain, "t_initial": 27, "decay_t": 5}),
    "rsqrt": (
        "WSDLRScheduler",
        {**plain, "t_initial": 27, "decay_t": 5, "stable_fn": "rsqrt", "decay_fn": "linear"},
    ),
}.items():
    add_case(entry, name, sched=name, rule=rule, **epochs)
prefixed = {"warmup_prefix": True, "cycle_limit": 2}
updates = {"t_initial": 300, "warmup_t": 30, "warmup_lr_init": 1e-5, "cycle_decay": 0.1}
rule = ("CosineLRScheduler", {**updates, **prefixed})
by_update = {"step_on_epochs": False, "updates_per_epoch": 10, **prefixed}
add_case(entry, "updates", rule=rule, num_epochs=30, warmup_epochs=3, **by_update)
