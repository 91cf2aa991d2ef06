"""One table of cases: schedules, each with an independent reference, a function of one count.

A file for the core and one for each family of dialects, built from `table`, where references are.
"""

import jaxsched as js
from cases import (
    core as core,
    optax as optax,
    seeds as seeds,
    timm as timm,
    torch as torch,
    transformers as transformers,
)
from cases.table import CASES as CASES, X64 as X64
from jaxsched.configs import kinds
from jaxsched.dialects import kumo, lr_schedule, noether


def of_package():
    """Every public schedule class, recipe and dialect entry."""
    found = {
        value
        for value in vars(js).values()
        if isinstance(value, type) and issubclass(value, js.Schedule) and value is not js.Schedule
    }
    found |= {f for f in vars(js).values() if getattr(f, "__module__", "") == "jaxsched.recipes"}
    found |= {lr_schedule.BaseLRSchedule, *lr_schedule.BaseLRSchedule.__subclasses__()}
    found |= {*noether.schedules().values(), *kumo.SCHEDULERS}
    return found.union(*(kinds.entries(name).values() for name in kinds.dialects()))
