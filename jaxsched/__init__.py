"""Schedules that are pytrees: call, jit, vmap and differentiate them, hand them to Optax.

>>> import jax, optax, jaxsched as js
>>> lr = js.Linear(0.0, 3e-4, steps=500).then(js.Cosine(3e-4, 3e-5, steps=9_500))
>>> lr(range(3)).shape  # the values after 0, 1 and 2 updates
(3,)
>>> tx = optax.adamw(lr)  # any place that takes an Optax schedule

The pieces: `Constant`, `Linear`, `Cosine`, `Polynomial`, `Power`, `Geometric`, `Relaxation`,
`Tanh`, `Wave`, `Exponential`, `InverseSqrt`, `InversePower`, `InverseTime`, `PiecewiseConstant`,
`Interpolate`, `Table`.
The algebra: the methods of `Schedule`, `Join` and `Choose`. The recipes: `warmup_cosine`, `wsd`,
`one_cycle`, `triangular`, `noam`. Many at once: `grid`, `stack`; a model for each: `sweep`. Other
systems' names: `jaxsched.dialects`. Plain data: `from_config`, `to_config`; files: `load`, `save`.
Pictures: `plot`. Own schedules: `Schedule`, `jaxsched.fields`, `jaxsched.testing`.
"""

from jaxsched import (
    _signals as _signals,  # first of all, since JAX takes a while
    fields as fields,
)
from jaxsched._algebra import (
    Clip as Clip,
    Constant as Constant,
    Delay as Delay,
    Difference as Difference,
    Every as Every,
    Function as Function,
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
    as_schedule as as_schedule,
)
from jaxsched._curves import (
    Cooldown as Cooldown,
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
from jaxsched._files import load as load, save as save
from jaxsched._grid import (
    Choose as Choose,
    Grid as Grid,
    grid as grid,
    stack as stack,
)
from jaxsched._plot import plot as plot
from jaxsched._recipes import (
    noam as noam,
    one_cycle as one_cycle,
    triangular as triangular,
    warmup_cosine as warmup_cosine,
    wsd as wsd,
)
from jaxsched._schedule import Schedule as Schedule
from jaxsched._sweep import (
    Sweep as Sweep,
    sweep as sweep,
)
from jaxsched.config import from_config as from_config, to_config as to_config

__version__ = "0.4.0"
