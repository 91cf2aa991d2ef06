"""One table of cases: schedules, each with an independent reference, a function of one count.

A file for the core and one for each dialect, built from `table`, where references are.
"""

import jaxsched as js
from cases import (
    core as core,
    kumo as kumo,
    lr_schedule as lr_schedule,
    noether as noether,
    optax as optax,
    timm as timm,
    torch as torch,
    transformers as transformers,
)
from cases.table import CASES as CASES, X64 as X64
from jaxsched import dialects


def of_package():
    """Every public schedule class, recipe and dialect entry."""
    found = {
        value
        for value in vars(js).values()
        if isinstance(value, type) and issubclass(value, js.Schedule) and value is not js.Schedule
    }
    found |= {f for f in vars(js).values() if getattr(f, "__module__", "") == "jaxsched.recipes"}
    base = dialects.lr_schedule.BaseLRSchedule
    found |= {base, *base.__subclasses__()}
    found |= {*dialects.noether.schedules().values(), *dialects.kumo.SCHEDULERS}
    functions = (dialects.optax, dialects.torch, dialects.transformers, dialects.timm)
    return found.union(*(module.DIALECT.entries.values() for module in functions))
