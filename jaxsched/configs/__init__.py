"""Schedules as plain data: `from_config(to_config(schedule))` is the same tree, bit for bit.

A config is a mapping with a `kind`, the name of a class or recipe of this package or
`DIALECT.entry` for another system's, and the arguments of that entry; schedules inside are configs
again, or numbers. A length may have a unit: `10%`, `5 epochs`, `2e9 tokens`, `500 steps`.

>>> schedule = from_config({"kind": "Warmup", "steps": "20%", "schedule": {
...     "kind": "Cosine", "start": 1.0, "end": 0.0, "steps": 8}}, total_steps=10)
>>> schedule
Warmup(schedule=Cosine(start=1.0, end=0.0, steps=8), steps=2, start=0.0)
>>> to_config(schedule)["schedule"]
{'kind': 'Cosine', 'start': 1.0, 'end': 0.0, 'steps': 8}
"""

from jaxsched.configs.files import load as load, save as save
from jaxsched.configs.kinds import from_config as from_config, to_config as to_config
