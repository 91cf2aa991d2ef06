"""How fast jaxsched is, against optax and against the speed of memory: `python -m benchmarks`."""
