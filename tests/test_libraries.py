"""Schedules with what else is used: shardings, export, Flax, Equinox, variables, Optax's counts."""

import gc
import json
import os
import subprocess
import sys
import weakref
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxsched as js

PROGRAMS = Path(__file__).parent / "programs"
LR = js.Cosine(3e-4, 3e-5, 1000, exponent=1.5).warmup(100).then(js.Table([1.0, 2.0]))


def run(*command):
    """What a Python process of its own prints."""
    environment = {k: v for k, v in os.environ.items() if k != "XLA_FLAGS"}
    command = [sys.executable, *map(str, command)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


# --- shardings ----------------------------------------------------------------------------------


def test_values_are_sharded_as_their_counts_are():
    found = json.loads(run(PROGRAMS / "sharding.py").splitlines()[-1])
    assert len(found["types"]) > 90 and len(found["Explicit"]) == len(found["Auto"]) > 30
    assert found["cooldown"][0] == pytest.approx(found["cooldown"][1], rel=1e-6)


# --- export and Flax ----------------------------------------------------------------------------

OWN = """
import jaxsched as js

class Own(js.Schedule):
    peak: float
    inside: js.Schedule = js.fields.part(js.as_schedule)
    mode: tuple = js.fields.static(default=("a", 1))

    def at(self, t):
        return self.peak * self.inside.at(t)

lr = Own(2.0, js.Interpolate([0, 4], [0.0, 1.0], shape="cosine").warmup(2).rounded(3).restarts(2))
"""
EXPORT = """
import sys
from pathlib import Path
import jax, jax.numpy as jnp
from own import lr
path = Path(sys.argv[1])
if path.exists():
    values, again = jax.export.deserialize(path.read_bytes()).call(lr, jnp.arange(8))
    assert repr(again.arrays()) == repr(lr.arrays()) and (values == lr(jnp.arange(8))).all()
    print("the same")
else:
    exported = jax.export.export(jax.jit(lambda s, n: (s(n), s)))(lr, jnp.arange(8))
    path.write_bytes(exported.serialize())
"""


@pytest.fixture
def own(tmp_path):
    """Where a module is that defines a class."""
    (tmp_path / "own.py").write_text(OWN)
    return tmp_path


def test_a_function_of_a_schedule_is_exported_to_another_process(own):
    pytest.importorskip("flatbuffers", reason="jax.export writes with it")
    (own / "export.py").write_text(EXPORT)
    run(own / "export.py", own / "function")
    assert run(own / "export.py", own / "function") == "the same\n"


def exported(schedule):
    pytest.importorskip("flatbuffers", reason="jax.export writes with it")
    function = jax.jit(lambda s, n: (s(n), s))
    text = jax.export.export(function)(schedule, jnp.arange(3)).serialize()
    return jax.export.deserialize(text).call(schedule, jnp.arange(3))


@pytest.mark.parametrize(
    "schedule",
    [
        LR,
        js.Exponential(1.0, 0.5, 3, staircase=True),
        js.Constant(8).rounded().hold(3).restarts(2),
        js.one_cycle(1.0, 10).cooldown(5, 5, shape="sqrt"),
    ],
    ids=lambda s: type(s).__name__,
)
def test_an_exported_function_takes_and_gives_schedules(schedule):
    values, again = exported(schedule)
    np.testing.assert_array_equal(values, schedule(range(3)))
    assert jax.tree.structure(again) == jax.tree.structure(schedule)


def test_a_class_is_defined_again_as_in_a_notebook():
    for peak in (1.0, 2.0):

        class Cell(js.Schedule):
            peak: float

            def at(self, t):
                return self.peak

        values, again = exported(Cell(peak))
        assert values[0] == peak and type(again) is Cell


def test_what_is_no_plain_data_is_not_exported():
    with pytest.raises(ValueError, match=r"Function holds .* \(<function .*close over the sched"):
        exported(js.as_schedule(lambda n: n * 1.0))


FLAX = """
import jaxsched as js
import sys
assert "flax" not in sys.modules
import {first}, {second}
from flax import serialization
import jax

class Later(own.Own):
    pass

state = {{"later": Later(0.5, own.lr), "lr": js.Cosine(3e-4, 0.0, 9, warp=2.0), "own": own.lr}}
text = serialization.to_bytes(state)
template = jax.tree.map(lambda x: 0 * x, state)
assert repr(serialization.from_bytes(template, text)) == repr(state)
print(serialization.to_state_dict(state)["lr"])
"""


@pytest.mark.parametrize("names", [("flax", "own"), ("own", "flax")])
def test_flax_knows_every_class_whichever_is_imported_first(own, names):
    pytest.importorskip("flax", reason="it is Flax's serialization")
    (own / "state.py").write_text(FLAX.format(first=names[0], second=names[1]))
    expected = {"start": 3e-4, "end": 0.0, "steps": 9, "exponent": None, "warp": 2.0}
    assert run(own / "state.py") == f"{expected}\n"


def test_a_state_of_flax_that_does_not_fit_is_refused():
    flax = pytest.importorskip("flax.serialization", reason="it is Flax's serialization")
    state = flax.to_state_dict(LR)
    restored = flax.from_state_dict(jax.tree.map(lambda x: 0 * x, LR), state)
    assert repr(restored) == repr(LR)
    with pytest.raises(ValueError, match="Join has no key 'boundary'; did you mean 'boundaries'?"):
        flax.from_state_dict(LR, {"boundary": {}, "schedules": {}})
    with pytest.raises(ValueError, match="Join: the state has no boundaries"):
        flax.from_state_dict(LR, {"schedules": state["schedules"]})


# --- arrays, and what stands for one ------------------------------------------------------------


def test_arrays_are_the_same_schedule():
    arrays = LR.arrays()
    assert jax.tree.structure(arrays) == jax.tree.structure(LR)
    for array, leaf in zip(jax.tree.leaves(arrays), jax.tree.leaves(LR), strict=True):
        assert isinstance(array, jax.Array) and not array.weak_type
        assert array.dtype == jnp.result_type(float if js.fields.is_float(leaf) else int)
    counts = np.arange(-3, 1200)
    np.testing.assert_array_equal(arrays(counts), LR(counts))
    assert jax.jit(lambda p: js.Constant(p).arrays()(0))(0.5) == 0.5


def test_the_filters_of_equinox_see_arrays():
    eqx = pytest.importorskip("equinox", reason="they are Equinox's filters")
    traces = []

    @eqx.filter_jit
    def value(schedule, count):
        traces.append(count)
        return schedule(count)

    for peak in (1.0, 2.0, 3.0):
        schedule = js.Cosine(peak, 0.0, 100)
        assert value(schedule.arrays(), jnp.int32(30)) == schedule(30)
    assert len(traces) == 1
    slope = eqx.filter_grad(lambda s: s(50))(js.Linear(1.0, 0.0, 100).arrays())
    assert (slope.start, slope.end, slope.steps) == (0.5, 0.5, None)


class Variable:
    def __init__(self, value):
        self.value = value

    def __jax_array__(self):
        return jnp.asarray(self.value)


def test_variables_are_counts_and_numbers():
    for count in (30, np.int8(30), [20, 30], 30.0):
        np.testing.assert_array_equal(LR(Variable(count)), LR(count))
        values = jax.jit(lambda n: LR(Variable(n)))(jnp.asarray(count))
        np.testing.assert_array_equal(values, LR(count))
    assert js.Linear(Variable(0.0), 1.0, Variable(4))(1) == 0.25
    assert js.Table(Variable([1.0, 2.0]))(1) == js.Table([1.0, Variable(2.0)])(1) == 2
    assert js.grid(lambda peak: js.Constant(peak), peak=[1.0, 2.0])(Variable(3))[1] == 2
    with pytest.raises(TypeError, match="a count must be an integer or a float"):
        LR(Variable(True))


def test_a_variable_of_flax_is_a_count():
    nnx = pytest.importorskip("flax.nnx", reason="it is Flax's variable")
    with jax.numpy_dtype_promotion("standard"):
        model = nnx.Linear(2, 2, rngs=nnx.Rngs(0))
        optimizer = nnx.Optimizer(model, optax.adam(LR), wrt=nnx.Param)

        @nnx.jit
        def rate(optimizer):
            optimizer.step[...] += 50
            return LR(optimizer.step)

        assert rate(optimizer) == LR(50) == LR(optimizer.step)


# --- foreign functions --------------------------------------------------------------------------


def uses(function):
    """Calls of schedules that hold the function."""
    schedule = js.as_schedule(function)
    first = schedule(3) + js.Join([schedule, 0.5], [10])(2)
    return first + jnp.sum(js.stack([schedule, js.Constant(0.5)])([2, 4]))


def test_a_function_may_close_over_tracers():
    def value(x):
        return uses(lambda n: n * x)

    expected = 3 + 2 + 6
    with jax.checking_leaks():
        assert jax.jit(value)(2.0) == value(2.0) == 2 * expected + 1
        assert jax.grad(value)(2.0) == jax.jit(jax.grad(value))(2.0) == expected
        np.testing.assert_array_equal(jax.vmap(value)(jnp.arange(2.0)), [1.0, expected + 1])
        doubled = jax.lax.scan(lambda total, x: (total + value(x), x), 0.0, jnp.arange(3.0))[0]
        assert doubled == 3 * expected + 3


class Model:
    def __init__(self):
        self.calls = 0

    def rate(self, n):
        self.calls += 1
        return n * 0.5

    __call__ = rate


def test_a_function_is_freed_with_what_was_compiled():
    model, other = Model(), Model()

    closures = [lambda n, i=i: n * float(i) for i in range(2)]
    alive = [weakref.ref(x) for x in (model, other, *closures)]
    for function in (model.rate, other, *closures, lambda n, inner=closures[0]: inner(n)):
        uses(function)
    js.Join([closures[0], model.rate, other], [3, 6])(range(9))
    del model, other, closures, function
    gc.collect()
    assert [ref() for ref in alive] == [None] * 4


def test_the_same_function_does_not_recompile():
    model = Model()
    called = js.as_schedule(model.rate)(3)
    before = model.calls
    schedules = [js.as_schedule(model.rate) for _ in range(3)]  # each is looked at when it is made
    made = model.calls
    assert all(schedule(4) == 2 for schedule in schedules) and called == 1.5
    assert model.calls == made and before < made


def test_a_callable_without_weak_references_is_called():
    class Slotted:
        __slots__ = ()

        def __call__(self, n):
            return n * 0.25

    assert uses(Slotted()) == 0.75 + 0.5 + (0.5 + 1.0) + 1.0


MEMORY = """
import jaxsched as js

def used():
    return int(open("/proc/self/statm").read().split()[1]) * 4 // 1024

def call(i):
    js.as_schedule(lambda n: n * float(i))(3)

for i in range(20):
    call(i)
before = used()
for i in range(100):
    call(i)
print(used() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="Linux says what is used")
def test_closures_do_not_fill_the_memory():
    assert int(run("-c", MEMORY)) < 40  # megabytes; 150 where each one stays


# --- integers -----------------------------------------------------------------------------------


def test_every_k_schedule_of_multi_steps():
    often = js.PiecewiseConstant([2], [1, 2]).rounded()
    with jax.numpy_dtype_promotion("standard"):
        tx = optax.MultiSteps(optax.sgd(1.0), every_k_schedule=often)
        state, seen = tx.init(jnp.ones(())), []
        for _ in range(6):
            update, state = tx.update(jnp.ones(()), state, jnp.ones(()))
            seen.append(update.item())
    assert seen == [-1.0, -1.0, 0.0, -1.0, 0.0, -1.0]


@pytest.mark.parametrize("multiple", [1, 2, 3, 8, 2**20 + 1, 2**31 - 1])
def test_the_nearest_multiple(multiple):
    random = np.random.default_rng(0).uniform(0, 200, 200)
    halves = np.r_[np.arange(0, 50, 0.5), multiple * np.arange(1, 9) / 2, 2.0 ** np.arange(40)]
    values = np.r_[random, halves, 2.0**31 - np.arange(9), 1e30, -5.0, 2.4999999999, 2.50000001]
    values = np.minimum(values, 2.0**31 - 1)
    whole = np.maximum(np.rint(values / multiple), 1)  # float64 halves are halves
    expected = np.minimum(whole, (2**31 - 1) // multiple).astype(int) * multiple
    known = js.Table(values).rounded(multiple)
    assert known.schedule.values.tolist() == expected.tolist()
    np.testing.assert_array_equal(known(range(len(values))), expected)

    def rounded(value, by):
        return js.Rounded(js.Constant(value), by)(0)

    few = values[np.float32(values) == values]  # a traced value is a float
    few = few[few <= 2**31 - 2**8]
    np.testing.assert_array_equal(
        jax.jit(jax.vmap(rounded, (0, None)))(few, multiple),
        expected[np.isin(values, few)],
    )
    integers = np.r_[0:50, 2**31 - 1 - np.arange(50)].astype(np.int32)
    whole = np.maximum(np.rint(integers / multiple), 1)
    np.testing.assert_array_equal(
        jax.jit(jax.vmap(rounded, (0, None)))(integers, multiple),
        np.minimum(whole, (2**31 - 1) // multiple).astype(int) * multiple,
    )


RAMP = js.Linear(3.0, 515.0, 100).rounded(4)


@pytest.mark.parametrize(
    "schedule",
    [
        RAMP,
        RAMP.delay(3),
        RAMP.skip(3),
        RAMP.stop(30).hold(4),
        RAMP.every(4),
        RAMP.per(2),
        RAMP.repeat(),
        RAMP.restarts(3),
        RAMP.restarts(20),
        RAMP.restarts(3, growth=2),
        js.Constant(3).rounded().hold(2).then(RAMP),
        js.Join([RAMP] * 40, range(1, 40)),
        js.Switch([RAMP, RAMP.per(2)], 1),
        js.WithMomentum(RAMP, 0.9),
    ],
    ids=lambda s: type(s).__name__,
)
def test_a_selection_of_integers_is_integers(schedule):
    assert schedule.integral
    values = schedule(np.arange(200))
    assert values.dtype == schedule(3).dtype == jnp.result_type(int)
    assert ((values % 4 == 0) | (values == 3)).all()


@pytest.mark.parametrize(
    "schedule",
    [
        RAMP * 1,
        RAMP + RAMP,
        -RAMP,
        RAMP.clip(3),
        RAMP.warmup(3),
        RAMP.cooldown(50, 5),
        RAMP.then(0.5),
        RAMP.restarts(3, gain=0.5),
        RAMP.restarts(20, gain=0.5),
        js.Switch([RAMP, 0.5], 0),
    ],
    ids=lambda s: type(s).__name__,
)
def test_arithmetic_with_integers_is_floats(schedule):
    assert not schedule.integral
    assert schedule(range(9)).dtype == schedule(3).dtype == jnp.result_type(float)


def test_integers_in_a_grid():
    ramps = js.grid(lambda by: js.Linear(3.0, 515.0, 100).rounded(by), by=[1, 8])
    assert ramps([0, 100]).tolist() == [[3, 515], [8, 512]]
    assert js.stack([RAMP, js.Constant(0.5)])([0]).tolist() == [[4.0], [0.5]]
    assert js.Constant(2**24 + 1).rounded()(0) == 2**24 + 1
    mixed = js.Join([js.Constant(2**24 + 1), js.Cosine(3.0, 9.0, 10)], [3]).rounded()
    assert mixed([0, 3, 13]).tolist() == [2**24 + 1, 3, 9]


@pytest.mark.parametrize(
    ("multiple", "message"),
    [
        (0, r"Rounded\(multiple=...\) must be at least 1, got 0"),
        (2.5, r"Rounded\(multiple=...\) must be a whole number, got 2.5"),
        ("8", r"Rounded\(multiple=...\) must be a number of counts, got '8'"),
    ],
)
def test_bad_multiples(multiple, message):
    with pytest.raises((ValueError, TypeError), match=message):
        RAMP.rounded(multiple)
