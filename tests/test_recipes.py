"""Recipes are what they are composed of, at known numbers and at traced ones."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from hypothesis import given, strategies as st

import jaxsched as js

COUNTS = np.arange(-2, 130)


def traced(recipe, *numbers):
    """The values at COUNTS of a recipe whose numbers are all traced."""
    return jax.jit(lambda numbers: recipe(*numbers)(COUNTS))(numbers)


def close(a, b):
    """Traced numbers are rounded before they are combined, known ones after."""
    np.testing.assert_allclose(a, b, rtol=2e-6, atol=1e-7)


@given(st.integers(0, 50), st.integers(0, 50), st.sampled_from([0.0, 0.1, 2.0]))
def test_warmup_cosine(warmup, decay, end):
    schedule = js.warmup_cosine(1.0, warmup, warmup + decay, end)
    assert schedule.duration == warmup + decay
    assert schedule(warmup) == jnp.asarray(1.0 if decay else end)
    assert schedule(warmup + decay) == jnp.asarray(end)
    assert schedule(0) == (0.0 if warmup else schedule(warmup))
    close(traced(js.warmup_cosine, 1.0, warmup, warmup + decay, end), schedule(COUNTS))


def test_warmup_cosine_is_that_of_optax():
    expected = optax.warmup_cosine_decay_schedule(0.0, 1e-3, 20, 100, 1e-5)
    with jax.numpy_dtype_promotion("standard"):
        values = expected(jnp.asarray(np.maximum(COUNTS, 0)))
    # optax's own cosine is off by some 1e-7 of the peak
    np.testing.assert_allclose(js.warmup_cosine(1e-3, 20, 100, 1e-5)(COUNTS), values, atol=1e-9)


@pytest.mark.parametrize("shape", ["linear", "cosine", "sqrt", "geometric"])
def test_wsd_warms_up_holds_and_cools_down(shape):
    schedule = js.wsd(1.0, 10, 40, 50, 0.01, shape)
    assert schedule.duration == 100
    values = np.asarray(schedule(np.arange(131)))
    np.testing.assert_allclose(values[:11], np.linspace(0, 1, 11), rtol=1e-6)
    assert (values[10:51] == 1).all()
    assert (np.diff(values[50:101]) < 0).all()
    assert (values[100:] == jnp.asarray(0.01)).all()
    close(traced(lambda *n: js.wsd(*n, shape=shape), 1.0, 10, 40, 50, 0.01), schedule(COUNTS))


@pytest.mark.parametrize("lengths", [(2, 3, 0), (2, 0, 0), (0, 3, 0), (0, 0, 4), (2, 0, 3)])
def test_wsd_of_phases_without_counts(lengths):
    warmup, stable, decay = lengths
    up = [i / warmup for i in range(warmup)]
    down = [1 - i / decay for i in range(decay)]
    expected = [*up, *[1.0] * stable, *down, 0.0, 0.0]
    close(js.wsd(1.0, *lengths)(np.arange(len(expected))), np.array(expected))
    close(traced(lambda *n: js.wsd(1.0, *n), *lengths), js.wsd(1.0, *lengths)(COUNTS))


def test_wsd_cooldowns_are_the_pieces():
    cooldowns = {
        "linear": js.Linear(1.0, 0.01, 50),
        "cosine": js.Cosine(1.0, 0.01, 50),
        "sqrt": js.Power(1.0, 0.01, 50, 0.5),
        "geometric": js.Geometric(1.0, 0.01, 50),
    }
    for name, piece in cooldowns.items():
        tail = js.wsd(1.0, 10, 40, 50, 0.01, name).skip(50)
        np.testing.assert_allclose(tail(COUNTS), piece(COUNTS), rtol=3e-7)


@given(st.integers(0, 120), st.sampled_from([0.0, 0.25, 0.3, 0.5, 1.0]))
def test_one_cycle(steps, fraction):
    schedule = js.one_cycle(0.5, steps, fraction)
    up = round(fraction * steps)
    assert schedule.duration == steps
    assert schedule(steps) == jnp.asarray(0.5 / 250_000)
    if up:
        assert schedule(0) == jnp.asarray(0.5 / 25)
    if 0 < up < steps:
        assert schedule(up) == 0.5
    close(traced(lambda peak: js.one_cycle(peak, steps, fraction), 0.5), schedule(COUNTS))


def test_one_cycle_of_traced_steps():
    steps = jnp.arange(10, 100, 10)
    values = jax.vmap(lambda n: js.one_cycle(1.0, n)(COUNTS))(steps)
    for n, value in zip(steps.tolist(), values, strict=True):
        close(value, js.one_cycle(1.0, n)(COUNTS))


def test_one_cycle_is_that_of_optax():
    expected = optax.cosine_onecycle_schedule(100, 0.5)
    with jax.numpy_dtype_promotion("standard"):
        values = jax.vmap(expected)(jnp.asarray(np.clip(COUNTS, 0, 99)))
    mine = js.one_cycle(0.5, 100)(np.clip(COUNTS, 0, 99))
    np.testing.assert_allclose(mine, values, atol=2e-7)


@given(st.integers(0, 60))
def test_triangular(steps):
    schedule = js.triangular(0.1, 1.0, steps)
    assert schedule.duration == steps
    if steps > 1:
        assert schedule(0) == jnp.asarray(0.1)
        assert schedule(steps // 2) == 1.0
        assert schedule.repeat()(steps) == jnp.asarray(0.1)
    assert schedule(steps) == jnp.asarray(0.1)
    close(traced(js.triangular, 0.1, 1.0, steps), schedule(COUNTS))


@given(st.integers(1, 100), st.integers(1, 1024))
def test_noam_is_the_formula_of_the_paper(warmup, width):
    schedule = js.noam(2.0, width, warmup)
    n = np.maximum(COUNTS, 0) + 1.0
    expected = 2.0 * width**-0.5 * np.minimum(n**-0.5, n * warmup**-1.5)
    np.testing.assert_allclose(schedule(COUNTS), expected, rtol=1e-6)
    assert np.argmax(schedule(np.arange(200))) == warmup - 1
    close(traced(js.noam, 2.0, width, warmup), schedule(COUNTS))


@pytest.mark.parametrize(
    "recipe, numbers",
    [
        (js.warmup_cosine, (1.0, 5, 20)),
        (js.wsd, (1.0, 5, 5, 10)),
        (js.one_cycle, (1.0, 20)),
        (js.triangular, (0.1, 1.0, 20)),
        (js.noam, (1.0, 512, 20)),
    ],
    ids=lambda x: getattr(x, "__name__", ""),
)
def test_gradients_and_batches_of_the_numbers(recipe, numbers):
    first, *others = numbers
    gradient = jax.vmap(jax.grad(lambda x, n: recipe(x, *others)(n)), (None, 0))(first, COUNTS)
    unit = recipe(jnp.asarray(1.0) if recipe is js.triangular else 1.0, *others)(COUNTS)
    assert np.isfinite(gradient).all()
    if recipe is not js.triangular:  # all others are proportional to their first number
        np.testing.assert_allclose(gradient, unit, rtol=1e-5, atol=1e-7)
    batch = jnp.array([0.25, 0.5])
    values = jax.vmap(lambda x: recipe(x, *others)(COUNTS))(batch)
    for x, value in zip(batch.tolist(), values, strict=True):
        close(value, recipe(x, *others)(COUNTS))
