"""check_laws passes sound schedules of one's own, and names the law that others break."""

import subprocess
import sys

import jax.numpy as jnp
import numpy as np
import pytest

import jaxsched as js
from jaxsched import fields, testing
from jaxsched.testing import check_laws


@pytest.fixture(autouse=True, scope="module")
def strict():
    """Not here: own schedules may promote as JAX does."""


class Parabola(js.Schedule):
    """A sound one, with all kinds of fields."""

    peak: float
    steps: int = fields.length(least=1)
    base: js.Schedule = fields.part(js.as_schedule)
    floor: float | None = None
    shape: str = fields.static(default="up")

    @property
    def duration(self):
        return self.steps

    def at(self, t):
        x = jnp.clip(t, 0, self.steps).astype(float) / self.steps.astype(float)
        value = self.peak * (x * x if self.shape == "up" else 1 - x * x)
        value = value * self.base.at(t - t)
        return value if self.floor is None else jnp.maximum(value, self.floor)


def parabola(n):
    return 2.0 * (min(n, 10) / 10) ** 2


class Plain(js.Schedule):
    """The base of the unsound ones."""

    peak: float
    steps: int = fields.length()

    def at(self, t):
        return self.peak + 0.0 * self.time(t)

    def time(self, t):
        return jnp.minimum(t, self.steps).astype(float)


class DependsOnTheRank(Plain):
    def at(self, t):
        return super().at(t) + t.ndim


class DiesAtTheEnd(Plain):
    def at(self, t):
        return self.peak * jnp.sqrt(1.0 - t.astype(float) / 100.0)


class MovesAfterItsEnd(Plain):
    @property
    def duration(self):
        return self.steps

    def at(self, t):
        return self.peak * t.astype(float)


class HasNoGradient(Plain):
    def at(self, t):
        return jnp.where(t > 0, (self.peak - self.peak) ** 0.5 + 1.0, 0.0)


class PrintsBadly(Plain):
    def __repr__(self):
        return "PrintsBadly(1.5, 10)"


class PicklesBadly(Plain):
    def __reduce__(self):
        return PicklesBadly, (1.5, 10)


def test_sound_schedules_pass():
    check_laws(Parabola(2.0, 10, 1.0), parabola)
    check_laws(Parabola(2.0, 10, js.Linear(1.0, 0.5, 3), 0.5, "down"))
    check_laws(js.Join([Plain(1.0, 10), Parabola(2.0, 10, 1.0)], [5]))


def test_a_local_class_is_not_pickled():
    class Local(Plain):
        pass

    check_laws(Local(1.0, 10), lambda n: 1.0)


@pytest.mark.parametrize(
    "schedule, law",
    [
        (DependsOnTheRank(1.0, 10), r"law 1 \(vmap\)"),
        (DiesAtTheEnd(1.0, 10), r"law (1|3)"),
        (MovesAfterItsEnd(1.0, 10), r"law 3 \(after the end\)"),
        (HasNoGradient(1.0, 10), r"law 3 \(finite gradient of .peak\)"),
        (PrintsBadly(1.0, 10), r"law 7 \(eval of repr\)"),
        (PicklesBadly(1.0, 10), r"law 7 \(pickle\)"),
    ],
    ids=lambda x: type(x).__name__,
)
def test_unsound_schedules_are_told_their_law(schedule, law):
    with pytest.raises(AssertionError, match=law) as caught:
        check_laws(schedule)
    assert repr(schedule) in str(caught.value)


def test_values_that_are_not_finite_are_found_at_their_counts():
    with pytest.raises(AssertionError, match=r"law 3 \(finite values\).*at counts \[1\d\d, "):
        testing.check_any_count(DiesAtTheEnd(1.0, 10), testing.counts_of(Plain(1.0, 150)))


def test_the_reference_is_met_to_the_given_ulps():
    one = js.Constant(1.0)
    near = 1 + 3 * float(np.spacing(jnp.asarray(1.0)))
    check_laws(one, lambda n: near)
    with pytest.raises(
        AssertionError, match=r"law 5 \(the reference\): .* at counts \[0, 1, 2, 3, 4"
    ):
        check_laws(one, lambda n: near, ulps=2)
    check_laws(one, lambda n: near, ulps=2, scale=2.0)


@pytest.mark.parametrize("length", [0, 1, 7, 1000, 2**24 + 1, 2**31 - 1])
def test_counts_are_dense_at_both_ends(length):
    counts = testing.counts_of(js.Linear(1.0, 0.0, length))
    assert len(counts) == len(set(counts.tolist())) == 2048
    near = {n for n in range(length - 9, length + 10) if -3 <= n < 2**31}
    assert set(counts.tolist()) >= near | {-3, -2, -1, *range(10), 2**31 - 1}


def test_the_package_does_not_import_it():
    """What Optax imports itself, which early versions did with chex, does not count."""
    heavy = "{'chex', 'jaxsched.testing', 'matplotlib', 'yaml'}"
    program = (
        "import sys, jax, optax; before = set(sys.modules); import jaxsched; "
        f"assert not ({heavy} & set(sys.modules)) - before"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
