"""Strict JAX forevery test here; JAX_ENABLE_X64=1 in the environment runs them all in float64.

HYPOTHESIS_PROFILE=full draws 50 times as many examples, other ones each time: before a release.
"""

import os

import hypothesis
import jax
import pytest

from jaxsched.commands import parser

hypothesis.settings.register_profile(
    "same", deadline=None, derandomize=True, database=None, max_examples=20
)
hypothesis.settings.register_profile("full", deadline=None, database=None, max_examples=1000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


@pytest.fixture(autouse=True, scope="module")
def strict():
    """Nothing is promoted or broadcast by accident."""
    with jax.numpy_dtype_promotion("strict"), jax.numpy_rank_promotion("raise"):
        yield


@pytest.fixture
def command(capsys):
    """The exit code, stdout and stderr of a `jaxsched` command."""

    def run(*arguments):
        try:
            code = parser.main(list(map(str, arguments)))
        except SystemExit as exit:
            code = exit.code
        return code, *capsys.readouterr()

    return run
