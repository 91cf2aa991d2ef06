"""Strict JAX for every test here; JAX_ENABLE_X64=1 in the environment runs them all in float64."""

import hypothesis
import jax
import pytest

hypothesis.settings.register_profile(
    "same", deadline=None, derandomize=True, database=None, max_examples=20
)
hypothesis.settings.load_profile("same")


@pytest.fixture(autouse=True, scope="module")
def strict():
    """Nothing is promoted or broadcast by accident."""
    with jax.numpy_dtype_promotion("strict"), jax.numpy_rank_promotion("raise"):
        yield
