"""How fast and how exact jaxsched is, beside optax and the speed of memory: `python -m benchmarks`.

`sections` holds what is measured, `contestants` the schedules, `timing` the rounds, `report` the
results file, and `chart` its picture.
"""
