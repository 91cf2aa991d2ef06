"""Other systems' schedules under their own names, arguments and conventions, one file a system.

Each returns schedules of this package, and none imports the library whose names it speaks.
A module lists what it has in `ENTRIES`, or reads its own configs with `from_config`.
"""

from jaxsched.dialects import (
    kumo as kumo,
    lr_schedule as lr_schedule,
    noether as noether,
    optax as optax,
    timm as timm,
    torch as torch,
    transformers as transformers,
)
