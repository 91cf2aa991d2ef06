"""Other systems' schedules under their own names, arguments and conventions, one file a system.

Each returns schedules of this package, and none imports the library whose names it speaks. What a
module offers is its `DIALECT`.
"""

from collections.abc import Mapping

from jaxsched.dialects import (
    kumo as kumo,
    lr_schedule as lr_schedule,
    noether as noether,
    optax as optax,
    timm as timm,
    torch as torch,
    transformers as transformers,
)
from jaxsched.dialects.protocol import Dialect

DIALECTS: Mapping[str, Dialect] = {
    "optax": optax.DIALECT,
    "torch": torch.DIALECT,
    "transformers": transformers.DIALECT,
    "timm": timm.DIALECT,
    "lr_schedule": lr_schedule.DIALECT,
    "noether": noether.DIALECT,
    "kumo": kumo.DIALECT,
}
