"""The integers and the edges of `_numerics`; test_accuracy has what the curves make of the rest."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxsched as js
from jaxsched.numerics import weights as nu
from jaxsched.numerics.time import divide

X64 = jax.config.jax_enable_x64
FLOAT, INT = (np.float64, np.int64) if X64 else (np.float32, np.int32)
LONG = np.longdouble
EPS = 2.0**-50 if X64 else 2.0**-26


def test_elapsed_and_powers_at_the_edges():
    n, steps = np.array([-(2**31), 0, 3, 2**31 - 1], INT), INT(2**31 - 2)
    elapsed = jax.jit(nu.elapsed)
    assert elapsed(n, steps).tolist() == [0, 0, 3, 2**31 - 2]
    assert elapsed(n, FLOAT(2.5)).tolist() == [0, 0, 2.5, 2.5]
    assert elapsed(n, INT(-1)).tolist() == [0, 0, 0, 0]
    value = jax.jit(lambda p: nu.between(1.0, 0.0, nu.power_weight(jnp.array([0, 1, 10]), 10, p)))
    assert value(FLOAT(0)).tolist() == [1, 1, 1]
    assert value(FLOAT(1e6)).tolist() == [0, 0, 1]


def test_exponential_ends_cleanly():
    exponential = jax.jit(nu.exponential)
    n, one, largest = np.array([2**31 - 1], INT), FLOAT(1), np.finfo(FLOAT).max
    assert exponential(n, one, FLOAT(1e-30), INT(1)) == 0
    slope = jax.jit(jax.jacfwd(lambda r: nu.exponential(n, one, r, INT(1))))
    assert slope(FLOAT(1e-30)) == 0
    assert exponential(n, one, FLOAT(1e30), INT(1)) == largest
    assert exponential(n, -one, FLOAT(1e30), INT(1)) == -largest
    assert exponential(n, FLOAT(0), FLOAT(1e30), INT(1)) == 0
    assert exponential(n, one, one, INT(1)) == 1
    last = np.array([1023 if X64 else 127], INT)
    assert exponential(last, one, FLOAT(2), INT(1)) == FLOAT(2) ** last
    assert exponential(last - 1, one, FLOAT(0.5), INT(1)) == FLOAT(0.5) ** (last - 1)
    assert exponential(2 * last - 1, FLOAT(0.5) ** (last - 1), FLOAT(2), INT(1)) == FLOAT(2) ** last


@pytest.mark.parametrize("constant", [False, True])
def test_divide(constant):
    top = 2**31 - 1
    rng = np.random.default_rng(0)
    drawn = (2.0 ** rng.uniform(0, 31, 4 if constant else 40)).astype(int)
    traced = jax.jit(divide)
    for divisor in [1, 2, 3, 7, 1000, 2**16 + 1, 2**24 + 1, 2**30, top - 1, top, *drawn]:
        multiples = divisor * rng.integers(0, top // divisor + 1, 10**4)
        n = np.concatenate([m + multiples for m in (-1, 0, 1)] + [rng.integers(0, top + 1, 10**4)])
        n = np.append(n, [top, top - 1]).clip(0, top).astype(INT)
        d = INT(divisor)
        quotient, rest = jax.jit(lambda n, d=d: divide(n, d))(n) if constant else traced(n, d)
        assert quotient.dtype == rest.dtype == INT
        np.testing.assert_array_equal(quotient, n // d)
        np.testing.assert_array_equal(rest, n % d)


def test_divide_at_the_edges():
    for kind in (INT, FLOAT):
        n = np.array([-5, 0, 1, 7], kind)
        for d in (0, -3, 1):
            quotient, rest = divide(n, kind(d))
            assert quotient.tolist() == [0, 0, 1, 7] and rest.tolist() == [0, 0, 0, 0]
    n = np.random.default_rng(0).uniform(0, 1e6, 10**4).astype(FLOAT)
    for d in (FLOAT(0.1), FLOAT(2.5), FLOAT(1e5)):
        quotient, rest = map(np.asarray, jax.jit(divide)(n, d))
        assert (quotient == np.floor(quotient)).all()
        assert (rest >= 0).all() and (rest < d).all()
        np.testing.assert_allclose(quotient.astype(LONG) * LONG(d) + rest, n, rtol=2 * EPS)


@pytest.mark.parametrize(
    "knots",
    [
        [2, 2, 4],
        [3, 3],
        [1, 1, 1],
        [2, 4, 4, 6],
        [2, 4, 4],
        [0, 0, 5],
        [2, 2, 2, 5, 5, 9, 9],
        [2.5, 2.5, 7],
    ],
)
@pytest.mark.parametrize("kind", ["linear", "cosine"])
def test_repeated_knots_are_those_of_numpy(knots, kind):
    values = np.array([0.0, 1.0, 0.25, 0.5, 0.125, 0.75, 0.3])[: len(knots)]
    n = np.setdiff1d(np.arange(12), knots)
    exact = np.interp(n, knots, values)
    if kind == "cosine":
        i = np.clip(np.searchsorted(knots, n), 1, len(knots) - 1)
        way = values[i] - values[i - 1]
        share = np.divide(exact - values[i - 1], way, out=np.zeros(len(n)), where=way != 0)
        exact = values[i - 1] + way * (1 - np.cos(np.pi * share)) / 2
    np.testing.assert_allclose(js.Interpolate(knots, values, kind)(n), exact, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(
    "schedule, count, value",
    [
        (js.Exponential(1e-30, 2.0), 150, 1.427247692705959e15),
        (js.Exponential(1e6, 0.5), 130, 7.346839692639297e-34),
        (js.Exponential(-1e-30, 2.0), 150, -1.427247692705959e15),
        (js.InversePower(1e20, 1, 7.0), 10**6, 9.99993000028e-23),
        (js.InverseTime(1e30, 1e30), 10**9, 1e-9),
        (js.Geometric(3e38, 2e-38, 2), 1, 2.449489742783178),
        (js.Linear(2.0, 1.0, 5).restarts(4, gain=1e15), 15, 2e45),
        (js.Linear(2e-30, 1e-30, 5).restarts(4, gain=1e15), 15, 2e15),
        (js.Linear(2e-30, 1e-30, 5).restarts(20, gain=1e4), 75, 2e30),
        (js.Linear(2e38, -2e38, 10), [0, 5, 10], [2e38, 0, -2e38]),
        (js.Cosine(2e38, -2e38, 10), [0, 5, 10], [2e38, 0, -2e38]),
        (js.Power(2e38, -2e38, 10, 2.0), [0, 5, 10], [2e38, 1e38, -2e38]),
    ],
    ids=str,
)
def test_nothing_overflows_before_the_value(schedule, count, value):
    expected = np.clip(value, -np.finfo(FLOAT).max, np.finfo(FLOAT).max)
    np.testing.assert_allclose(schedule(count), expected, rtol=1e-6)


@pytest.mark.skipif(X64, reason="these are float64 numbers")
@pytest.mark.parametrize(
    "make, name",
    [
        (lambda: js.Constant(1e39), "Constant(value=...)"),
        (lambda: js.Cosine(-1e39, 0.0, 10), "Cosine(start=...)"),
        (lambda: js.Linear(0.0, 10**39, 10), "Linear(end=...)"),
        (lambda: js.Linear(0.0, 1.0, 1e39), "Linear(steps=...)"),
        (lambda: js.Table([1.0, 1e39]), "Table(values=...)"),
        (lambda: js.Constant(1.0) * 1e39, "Constant(value=...)"),
        (lambda: js.Linear(1.0, 0.0, 2).restarts(2, gain=1e39), "Restart(gain=...)"),
    ],
)
def test_numbers_beyond_the_float_type_are_refused(make, name):
    with pytest.raises(ValueError) as error:
        make()
    assert f"{name} must be finite in float32, got " in str(error.value)
    assert js.Constant(3.4028235e38)(0) == np.finfo(np.float32).max
