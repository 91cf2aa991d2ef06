"""Counts sharded over eight virtual CPU devices; prints the names of the cases that were right."""

import json
import os
import sys

os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=8"
sys.path.insert(0, os.path.dirname(os.path.dirname(__file__)))  # where the cases are

import jax
import jax.numpy as jnp
import numpy as np
from cases import CASES
from jax.sharding import AxisType, NamedSharding, PartitionSpec as P

import jaxsched as js
from jaxsched import testing

jax.config.update("jax_platforms", "cpu")
jax.config.update("jax_numpy_dtype_promotion", "strict")
SPEC = P("a", "b")
COUNTS = np.arange(-8, 56).reshape(8, 8)


def structure(schedule):
    leaves, tree = jax.tree.flatten(schedule)
    return tree, tuple((np.shape(leaf), np.result_type(leaf).kind) for leaf in leaves)


def first(key, cases):
    return {key(case.schedule): case for case in reversed(cases)}.values()


def mesh_of(kind):
    return jax.make_mesh((4, 2), ("a", "b"), axis_types=(kind, kind))


def of_counts(schedule, counts):
    return schedule(counts)


def gradient(schedule, counts):
    numbers, rest = testing._split(schedule)

    def total(numbers):
        return jnp.sum(testing._joined(numbers, rest)(counts).astype(float))

    return jax.grad(total)(numbers)


def check(name, what):
    try:
        what()
    except Exception as error:
        raise AssertionError(f"{name}: {error}") from error


def check_types(schedule):
    """What the types say: of explicit axes, and inside a shard_map, where the counts vary."""
    assert jax.eval_shape(of_counts, schedule, counts).sharding.spec == SPEC
    mapped = jax.shard_map(gradient, mesh=mesh, in_specs=(P(), SPEC), out_specs=P())
    jax.eval_shape(mapped, schedule, counts)


def check_values(schedule):
    values = schedule(counts)
    assert values.sharding.is_equivalent_to(sharding, 2), values.sharding
    np.testing.assert_array_almost_equal_nulp(np.asarray(values), schedule(COUNTS), 4)


def cooled(peak, counts):
    """A cooldown of a traced schedule, and one of known numbers."""
    one, other = js.Cosine(peak, 0.0, 40), js.Cosine(1.0, 0.5, 40)
    return jnp.sum(one.cooldown(20, 5)(counts) + other.cooldown(50, 5, 0.1, "geometric")(counts))


found = {}
native = [case for case in CASES if "." not in case.name.split("(")[0]]
for kind in (AxisType.Explicit, AxisType.Auto):
    mesh = mesh_of(kind)
    sharding = NamedSharding(mesh, SPEC)
    counts = jax.device_put(COUNTS, sharding)
    few = list(first(type, native))
    for case in few:
        check(case.name, lambda case=case: check_values(case.schedule))
    found[kind.name] = [case.name for case in few]
    with jax.set_mesh(mesh):
        check("wsd", lambda: check_values(js.wsd(1.0, 2, 4, 4)))
mesh = mesh_of(AxisType.Explicit)
counts = jax.device_put(COUNTS, NamedSharding(mesh, SPEC))
types = list(first(structure, CASES if "--all" in sys.argv else native))
for case in types:
    check(case.name, lambda case=case: check_types(case.schedule))
found["types"] = [case.name for case in types]
slope = jax.shard_map(jax.grad(cooled), mesh=mesh, in_specs=(P(), SPEC), out_specs=P())
found["cooldown"] = [float(slope(1.0, counts)), float(jax.grad(cooled)(1.0, COUNTS))]
print(json.dumps(found))
