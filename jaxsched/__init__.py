"""Schedules that are pytrees: call them, jit them, vmap them, differentiate them, hand them to Optax.

>>> import jax, optax, jaxsched as js
>>> lr = js.Linear(0.0, 3e-4, steps=500).then(js.Cosine(3e-4, 3e-5, steps=9_500))
>>> lr(range(3)).shape  # the values after 0, 1 and 2 updates
(3,)
>>> tx = optax.adamw(lr)  # any place that takes an Optax schedule

The pieces: `Constant`, `Linear`, `Cosine`, `Polynomial`, `Power`, `Geometric`, `Wave`,
`Exponential`, `InverseSqrt`, `InverseTime`, `PiecewiseConstant`, `Interpolate`, `Table`.
The algebra: the methods of `Schedule`, and `Join`. The recipes: `warmup_cosine`, `wsd`,
`one_cycle`, `triangular`, `noam`. Other systems' names: `jaxsched.dialects`. Plain data:
`from_config`, `to_config`. Own schedules: `Schedule`, `jaxsched.fields`, `jaxsched.testing`.
"""

from jaxsched._algebra import Clip as Clip
from jaxsched._algebra import Constant as Constant
from jaxsched._algebra import Delay as Delay
from jaxsched._algebra import Difference as Difference
from jaxsched._algebra import Every as Every
from jaxsched._algebra import Function as Function
from jaxsched._algebra import Hold as Hold
from jaxsched._algebra import Join as Join
from jaxsched._algebra import Per as Per
from jaxsched._algebra import Product as Product
from jaxsched._algebra import Quotient as Quotient
from jaxsched._algebra import Repeat as Repeat
from jaxsched._algebra import Restart as Restart
from jaxsched._algebra import Skip as Skip
from jaxsched._algebra import Stop as Stop
from jaxsched._algebra import Sum as Sum
from jaxsched._algebra import Warmup as Warmup
from jaxsched._algebra import as_schedule as as_schedule
from jaxsched._curves import Cosine as Cosine
from jaxsched._curves import Exponential as Exponential
from jaxsched._curves import Geometric as Geometric
from jaxsched._curves import Interpolate as Interpolate
from jaxsched._curves import InverseSqrt as InverseSqrt
from jaxsched._curves import InverseTime as InverseTime
from jaxsched._curves import Linear as Linear
from jaxsched._curves import PiecewiseConstant as PiecewiseConstant
from jaxsched._curves import Polynomial as Polynomial
from jaxsched._curves import Power as Power
from jaxsched._curves import Table as Table
from jaxsched._curves import Wave as Wave
from jaxsched._recipes import noam as noam
from jaxsched._recipes import one_cycle as one_cycle
from jaxsched._recipes import triangular as triangular
from jaxsched._recipes import warmup_cosine as warmup_cosine
from jaxsched._recipes import wsd as wsd
from jaxsched._schedule import Schedule as Schedule
from jaxsched.config import from_config as from_config
from jaxsched.config import to_config as to_config
