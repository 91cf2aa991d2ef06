"""Going on: a cooldown from any count, and a run restored from an Orbax checkpoint."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxsched as js

COSINE = js.Cosine(3e-4, 3e-5, 1000).warmup(100)
SHAPES = {
    "linear": lambda start, end, x: end + (start - end) * (1 - x),
    "cosine": lambda start, end, x: end + (start - end) * (1 + np.cos(np.pi * x)) / 2,
    "sqrt": lambda start, end, x: end + (start - end) * (1 - np.sqrt(x)),
    "geometric": lambda start, end, x: start * (end / start) ** x,
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_cooldown_goes_on_from_the_value_there(shape):
    cooled, end = COSINE.cooldown(400, 50, 1e-5, shape), 1e-5
    before = np.arange(401)
    np.testing.assert_array_equal(cooled(before), COSINE(before))  # at 400 too, bit for bit
    expected = SHAPES[shape](float(COSINE(400)), end, np.arange(51) / 50)
    np.testing.assert_allclose(cooled(np.arange(400, 451)), expected, rtol=1e-6)
    assert cooled(450) == cooled(10**9) == jnp.asarray(end)
    assert cooled.duration == 450


def test_what_has_no_end_cools_down():
    for schedule in (js.InverseSqrt(1e-3, 50), js.Constant(0.1), COSINE.repeat()):
        cooled = schedule.cooldown(boundary=70, steps=30)
        assert cooled.duration == 100
        assert (cooled(70), cooled(100)) == (schedule(70), 0.0)


def test_a_cooldown_is_plain_data_and_freezes_nothing():
    cooled = COSINE.cooldown(1234, 10)
    assert js.to_config(cooled) == {
        "kind": "Cooldown",
        "schedule": js.to_config(COSINE),
        "boundary": 1234,
        "steps": 10,
        "end": 0.0,
        "shape": "linear",
    }
    config = {"kind": "Cooldown", "schedule": 0.0003, "boundary": "80%", "steps": "20%"}
    branched = js.from_config(config, total_steps=1000)
    assert repr(branched) == repr(js.Constant(0.0003).cooldown(800, 200))
    twice = jax.tree.map(lambda x: 2 * x if isinstance(x, float) else x, branched)
    np.testing.assert_array_equal(twice([800, 900, 1000]), np.float32([6e-4, 3e-4, 0.0]))
    assert jax.jit(lambda count: COSINE.cooldown(1234, 10)(count))(1234) == COSINE(1234)


@pytest.mark.parametrize("at", [1100, 1101, 5000])
def test_a_cooldown_past_the_end_must_change_something(at):
    rule = (
        f"a cooldown at {at} changes nothing: the schedule, whose duration is 1100, ends with 3e-05"
    )
    for composed in (
        lambda: COSINE.cooldown(at, 10, end=3e-5),
        lambda: js.Cooldown(COSINE, at, 10, 3e-5),
    ):
        with pytest.raises(ValueError, match=rule):
            composed()
    assert COSINE.cooldown(at, 10, end=1e-5)(at + 10) == np.float32(1e-5)
    assert COSINE.cooldown(1099, 10, end=3e-5).duration == 1109


def test_a_traced_schedule_cools_down():
    def value(peak, at, count):
        return js.Constant(peak).cooldown(at, 10)(count)

    values = jax.jit(jax.vmap(value, (None, None, 0)))(0.5, 5, np.arange(0, 16, 5))
    np.testing.assert_allclose(values, [0.5, 0.5, 0.25, 0.0])
    assert jax.grad(value)(0.5, 5, 10) == 0.5


def test_a_grid_cools_down_point_by_point():
    peaks = js.grid(lambda peak: js.Cosine(peak, 0.0, 100), peak=[1.0, 2.0])
    cooled = peaks.cooldown(50, 10, end=0.25)
    np.testing.assert_array_equal(cooled([50, 60]), [[0.5, 0.25], [1.0, 0.25]])


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((-1, 5), ValueError, r"Cooldown\(boundary=\.\.\.\) must not be negative, got -1"),
        ((1, -5), ValueError, r"Cooldown\(steps=\.\.\.\) must not be negative, got -5"),
        ((1, 2**31), ValueError, r"Cooldown\(steps=\.\.\.\) must be at most 2147483647"),
        (
            ("end", 5),
            TypeError,
            r"Cooldown\(boundary=\.\.\.\) must be a number of counts, got 'end'",
        ),
        ((1, 5, np.nan), ValueError, r"Cooldown\(end=\.\.\.\) must be finite, got nan"),
        ((1, 5, None), TypeError, r"Cooldown\(end=\.\.\.\) must be a real number, got None"),
        (
            (1, 5, 0.0, "cos"),
            ValueError,
            r"Cooldown\(shape=\.\.\.\) must be linear or cosine .*'cos",
        ),
        (
            (1, 5, 0.0, "geometric"),
            ValueError,
            r"Cooldown\(end=\.\.\.\) must be positive, it is geometric, got 0",
        ),
    ],
)
def test_bad_cooldowns(arguments, error, message):
    with pytest.raises(error, match=message):
        COSINE.cooldown(*arguments)


def test_a_batch_does_not_cool_down():
    batch = jax.tree.map(lambda *leaves: np.stack(leaves), js.Constant(0.1), js.Constant(0.2))
    with pytest.raises(ValueError, match="has shape .* where a scalar is expected; js.grid"):
        batch.cooldown(5, 5)(3)


# --- Orbax --------------------------------------------------------------------------------------

FIRST, ALL = 7, 20


@pytest.fixture
def ocp():
    return pytest.importorskip("orbax.checkpoint", reason="the checkpoints are Orbax's")


def begin(schedule):
    params = {"w": jnp.asarray([1.0, -2.0, 3.0])}
    return {"params": params, "opt": optax.adamw(schedule).init(params), "schedule": schedule}


@jax.jit
def update(state):
    """One update by the schedule that is in the state; the loss, and the rate that was used."""
    schedule, params = state["schedule"], state["params"]
    loss, gradient = jax.value_and_grad(lambda p: jnp.sum((p["w"] - 1) ** 2))(params)
    with jax.numpy_dtype_promotion("standard"):  # Adam itself mixes ints and floats
        updates, opt = optax.adamw(schedule).update(gradient, state["opt"], params)
    params = optax.apply_updates(params, updates)
    return state | {"params": params, "opt": opt}, (loss, schedule(opt[2].count))


def train(state, steps):
    seen = []
    for _ in range(steps):
        state, values = update(state)
        seen.append(values)
    return state, np.asarray(seen)


def checkpointed(ocp, state, template, path):
    with ocp.StandardCheckpointer() as checkpointer:
        checkpointer.save(path, state)
    with ocp.StandardCheckpointer() as checkpointer:
        return checkpointer.restore(path, template)


SCHEDULES = {
    "chain": js.Linear(0.0, 0.1, 5).then(js.Cosine(0.1, 1e-3, 12, exponent=1.5)),
    "restarts": js.PiecewiseConstant([3, 6], [0.1, 0.2, 0.05]).stop(8).warmup(2).restarts(3),
}


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("template", ["itself", "shapes"])
def test_a_restored_run_is_the_run_that_never_stopped(ocp, tmp_path, name, template):
    schedule = SCHEDULES[name]
    start = begin(schedule)
    whole, expected = train(start, ALL)
    half, before = train(start, FIRST)
    empty = begin(schedule) if template == "itself" else jax.eval_shape(lambda: begin(schedule))
    restored = checkpointed(ocp, half, empty, tmp_path / "state")
    assert jax.tree.structure(restored) == jax.tree.structure(half)
    adam, _, rate = restored["opt"]
    assert adam.count == rate.count == FIRST
    end, after = train(restored, ALL - FIRST)
    np.testing.assert_array_equal(np.concatenate([before, after]), expected)
    jax.tree.map(np.testing.assert_array_equal, end["params"], whole["params"])


def test_numbers_come_back_as_they_were(ocp, tmp_path):
    """Python numbers too: what a config holds, and what float32 does not."""
    long = js.Cosine(0.1, 1 / 3, 2**24 + 1).warmup(2**30 + 1).then(js.Table([1e-40, 0.7]))
    count = jnp.asarray(2**30 + 2**24 + 1)
    state = {"schedule": long, "count": count}
    restored = checkpointed(ocp, state, state, tmp_path / "state")
    assert repr(restored["schedule"]) == repr(long)
    assert restored["count"] == 2**30 + 2**24 + 1
    assert restored["schedule"](restored["count"]) == long(2**30 + 2**24 + 1)
