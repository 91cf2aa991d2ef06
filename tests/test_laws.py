"""Every law over the whole table of cases."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from cases import CASES, X64, of_package

import jaxsched as js
from jaxsched import testing


def parametrized(cases):
    # the scope orders the tests by case: its laws share what is compiled
    names = [case.name for case in cases]
    return pytest.mark.parametrize("case", cases, ids=names, scope="module")


def structure(schedule):
    leaves, tree = jax.tree.flatten(schedule)
    return tree, tuple((np.shape(leaf), np.result_type(leaf).kind) for leaf in leaves)


def first(key, cases):
    """The first case of each key."""
    return list({key(case): case for case in reversed(cases)}.values())


# Other systems' schedules are compositions of the core: their values are checked in every case, all
# else in the deepest of each system. What numbers do not change is checked once a structure.
CORE = [case for case in CASES if "." not in case.name.split("(")[0].split("[")[0]]
OTHERS = sorted(
    (case for case in CASES if case not in CORE),
    key=lambda case: -len(list(testing.parts(case.schedule))),
)
DEEPEST = first(lambda case: case.name.split(".")[0], OTHERS)
each = parametrized(CASES)
STRUCTURES = first(lambda case: structure(case.schedule), CORE)
each_structure = parametrized([*STRUCTURES, *DEEPEST])
TRANSITIONS = (js.Linear, js.Cosine, js.Polynomial, js.Power, js.Geometric, js.Relaxation)
# with x64 the functions have 7 to 24 ULP, and the oracles of other systems are in float64 too
X64_ULPS, X64_ORACLES = 2.0**5, 2.0**12


def counts_of(case):
    size = 2048 if len(jax.tree.leaves(case.schedule, is_leaf=np.iterable)) < 100 else 8192
    return testing.counts_of(case.schedule, case.points, size)


def test_every_public_schedule_is_a_case():
    kinds = {type(part) for case in CASES for part in testing.parts(case.schedule)}
    covered = kinds | {case.entry for case in CASES}
    assert not of_package() - covered


def test_cases_have_names_of_their_own():
    names = [case.name for case in CASES]
    assert len(names) == len(set(names))


@each_structure
def test_tree_holds_anything(case):
    testing.check_tree(case.schedule)


@each_structure
def test_1_jit_and_vmap_change_nothing(case):
    testing.check_compiled(case.schedule, counts_of(case), scale=case.scale)


@each_structure
def test_2_shape_and_dtype(case):
    testing.check_shapes(case.schedule)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32", "int8", "int16", "int32"])
def test_2_traced_counts_saturate(dtype):
    schedule = js.Linear(0.0, 1.0, 2**31 - 1)
    for count in (np.iinfo(dtype).min, 0, np.iinfo(dtype).max):
        expected = schedule(int(count))
        assert jax.jit(schedule)(jnp.asarray(count, dtype)) == expected, count


@parametrized(first(lambda case: type(case.schedule), CORE))
def test_2_whole_floats_count_like_integers(case):
    counts = np.arange(-3, 2045)  # as many as elsewhere here, and no programs more
    floats = case.schedule(counts.astype(float))
    np.testing.assert_allclose(floats, case.schedule(counts), rtol=1e-6, atol=1e-7 * case.scale)


@each
def test_3_any_count_is_legal(case):
    testing.check_any_count(case.schedule, counts_of(case))


@each_structure
def test_3_infinite_counts_are_legal(case):
    testing.check_infinite_counts(case.schedule, counts_of(case))


@parametrized([*CORE, *DEEPEST])
def test_3_gradients_are_finite(case):
    testing.check_gradients(case.schedule, counts_of(case))


@each_structure
def test_4_vmap_is_the_loop_and_nothing_retraces(case):
    testing.check_batches(case.schedule, counts_of(case), scale=case.scale)


@each
def test_5_values(case):
    testing.check_values(
        case.schedule,
        case.reference,
        counts_of(case),
        ulps=case.ulps if not X64 else X64_ULPS if case in CORE else X64_ORACLES,
        scale=case.scale,
        relative=case.relative,
        absolute=case.absolute,
    )


@parametrized([case for case in CASES if isinstance(case.schedule, TRANSITIONS)])
def test_6_transitions_stay_in_their_range(case):
    s, default = case.schedule, jax.dtypes.canonicalize_dtype(float)
    start, end = default.type(s.start), default.type(s.end)
    if getattr(s, "power", 1) != 0:
        assert s(0) == (start if s.steps > 0 else end)
        assert s(int(np.ceil(s.steps))) == end
    values = np.asarray(s(counts_of(case)))
    assert values.min() >= min(start, end)
    assert values.max() <= max(start, end)
    size = np.maximum(np.abs(values[1:]), case.scale).astype(default)
    change = np.diff(values.astype(np.float64))  # 4e38 is no float32
    assert (change * (-1 if end < start else 1) >= -2 * np.spacing(size)).all()


@each
def test_7_plain_data(case):
    testing.check_data(case.schedule)


@parametrized(STRUCTURES)
def test_8_optax(case):
    testing.check_optax(case.schedule)
