"""The integers and the edges of `_numerics`; test_accuracy has what the curves make of the rest."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxsched import _numerics as nu

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
    traced = jax.jit(nu.divide)
    for divisor in [1, 2, 3, 7, 1000, 2**16 + 1, 2**24 + 1, 2**30, top - 1, top, *drawn]:
        multiples = divisor * rng.integers(0, top // divisor + 1, 10**4)
        n = np.concatenate([m + multiples for m in (-1, 0, 1)] + [rng.integers(0, top + 1, 10**4)])
        n = np.append(n, [top, top - 1]).clip(0, top).astype(INT)
        d = INT(divisor)
        quotient, rest = jax.jit(lambda n, d=d: nu.divide(n, d))(n) if constant else traced(n, d)
        assert quotient.dtype == rest.dtype == INT
        np.testing.assert_array_equal(quotient, n // d)
        np.testing.assert_array_equal(rest, n % d)


def test_divide_at_the_edges():
    for kind in (INT, FLOAT):
        n = np.array([-5, 0, 1, 7], kind)
        for d in (0, -3, 1):
            quotient, rest = nu.divide(n, kind(d))
            assert quotient.tolist() == [0, 0, 1, 7] and rest.tolist() == [0, 0, 0, 0]
    n = np.random.default_rng(0).uniform(0, 1e6, 10**4).astype(FLOAT)
    for d in (FLOAT(0.1), FLOAT(2.5), FLOAT(1e5)):
        quotient, rest = map(np.asarray, jax.jit(nu.divide)(n, d))
        assert (quotient == np.floor(quotient)).all()
        assert (rest >= 0).all() and (rest < d).all()
        np.testing.assert_allclose(quotient.astype(LONG) * LONG(d) + rest, n, rtol=2 * EPS)
