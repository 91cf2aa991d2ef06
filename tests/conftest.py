"""Strict JAX for every test here; JAX_ENABLE_X64=1 in the environment runs them all in float64.

HYPOTHESIS_PROFILE=full draws 50 times as many examples, other ones each time: before a release.
"""

import gc
import os
from pathlib import Path

# Most of the time is XLA's: what is compiled is kept, for the workers, for the processes that tests
# start, and for the next run. JAX reads these when it is imported.
os.environ.setdefault(
    "JAX_COMPILATION_CACHE_DIR", str(Path(__file__).parents[1] / ".pytest_cache" / "xla")
)
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")

import hypothesis
import jax
import pytest

from jaxsched.commands import parser

hypothesis.settings.register_profile(
    "same", deadline=None, derandomize=True, database=None, max_examples=20
)
hypothesis.settings.register_profile("full", deadline=None, database=None, max_examples=1000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


def pytest_collection_finish():
    """What is there by now stays; programs and their traces are many objects, and few die."""
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)


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
