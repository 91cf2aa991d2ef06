"""Schedules that are pytrees: call, jit, vmap and differentiate them, hand them to Optax.

>>> import jax, optax, jaxsched as js
>>> lr = js.Linear(0.0, 3e-4, steps=500).then(js.Cosine(3e-4, 3e-5, steps=9_500))
>>> lr(range(3)).shape  # the values after 0, 1 and 2 updates
(3,)
>>> tx = optax.adamw(lr)  # any place that takes an Optax schedule

The pieces: `Constant`, `Linear`, `Cosine`, `Polynomial`, `Power`, `Geometric`, `Relaxation`,
`Tanh`, `Wave`, `Exponential`, `InverseSqrt`, `InversePower`, `InverseTime`, `PiecewiseConstant`,
`Interpolate`, `Table`.
The algebra: the methods of `Schedule`, `Join` and `Switch`. The recipes: `warmup_cosine`, `wsd`,
`one_cycle`, `triangular`, `noam`. Many at once: `grid`, `stack`; a model for each: `sweep`. Other
systems' names: `jaxsched.dialects`. Plain data: `from_config`, `to_config`; files: `load`, `save`.
Pictures: `plot`. Own schedules: `Schedule`, `jaxsched.fields`, `jaxsched.testing`.
"""

from jaxsched import signals as signals  # first of all, since JAX takes a while

# isort: split
from jaxsched import fields as fields
from jaxsched.algebra import (
    Clip as Clip,
    Cooldown as Cooldown,
    Delay as Delay,
    Difference as Difference,
    Every as Every,
    Hold as Hold,
    Join as Join,
    Per as Per,
    Product as Product,
    Quotient as Quotient,
    Repeat as Repeat,
    Restart as Restart,
    Rounded as Rounded,
    Skip as Skip,
    Stop as Stop,
    Sum as Sum,
    Warmup as Warmup,
    WithMomentum as WithMomentum,
)
from jaxsched.configs import (
    from_config as from_config,
    load as load,
    save as save,
    to_config as to_config,
)
from jaxsched.curves import (
    Cosine as Cosine,
    Exponential as Exponential,
    Geometric as Geometric,
    Interpolate as Interpolate,
    InversePower as InversePower,
    InverseSqrt as InverseSqrt,
    InverseTime as InverseTime,
    Linear as Linear,
    PiecewiseConstant as PiecewiseConstant,
    Polynomial as Polynomial,
    Power as Power,
    Relaxation as Relaxation,
    Table as Table,
    Tanh as Tanh,
    Wave as Wave,
)
from jaxsched.grids import (
    Grid as Grid,
    Switch as Switch,
    grid as grid,
    stack as stack,
)
from jaxsched.pictures.plots import plot as plot
from jaxsched.recipes import (
    noam as noam,
    one_cycle as one_cycle,
    triangular as triangular,
    warmup_cosine as warmup_cosine,
    wsd as wsd,
)
from jaxsched.schedule import (
    Constant as Constant,
    Function as Function,
    Schedule as Schedule,
    as_schedule as as_schedule,
)
from jaxsched.sweeps.program import sweep as sweep
from jaxsched.sweeps.results import Sweep as Sweep

__version__ = "0.5.0"
