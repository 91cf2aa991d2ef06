"""A sweep over virtual CPU devices, alone or as one of several processes; prints what it found.

python sweep.py DEVICES [COORDINATOR PROCESSES PROCESS]
"""

import json
import sys

import jax
import jax.numpy as jnp
import numpy as np

import jaxsched as js

devices, *cluster = sys.argv[1:]
jax.config.update("jax_platforms", "cpu")
jax.config.update("jax_num_cpu_devices", int(devices))
if cluster:
    coordinator, processes, process = cluster
    jax.distributed.initialize(coordinator, int(processes), int(process))


def train(schedule):
    def update(w, count):
        gradient = jnp.sin(3 * w) + w
        return w - schedule(count) * gradient, jnp.sum(gradient**2)

    w, losses = jax.lax.scan(update, jnp.linspace(-2.0, 2.0, 5), jnp.arange(30))
    return {"loss": losses[-1], "losses": losses, "w": w, "device": jnp.zeros((), int)}


SHAPES = {"line": js.Linear, "cosine": js.Cosine}
grid = js.grid(
    lambda peak, shape: SHAPES[shape](peak, 0.0, 30),
    peak=[0.01 * k for k in range(1, 8)],
    shape=list(SHAPES),
)
mesh = jax.sharding.Mesh(np.array(jax.devices()), ("points",))
found = {}
for name, options in {"whole": {}, "chunks": {"chunk": 3}, "table": {"steps": 30}}.items():
    result = js.sweep(train, grid, mesh=mesh, progress=False, **options)
    found[name] = {key: leaf.tolist() for key, leaf in result.named_metrics().items()}
    found[name]["best"] = result.leaderboard("loss", 1)
square = jax.sharding.Mesh(np.array(jax.devices()).reshape(2, -1), ("a", "b"))
found["square"] = js.sweep(train, grid, mesh=square, progress=False).metrics["losses"].tolist()
print(json.dumps({"devices": len(jax.devices()), "processes": jax.process_count(), **found}))
