"""The lr_schedule dialect: values of the remaining progress and of the count, refusals."""

import math
import random
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from oracles import lr_schedule as oracle

import jaxsched as js
from jaxsched.dialects import lr_schedule
from jaxsched.dialects.lr_schedule import BaseLRSchedule

LONG = 2**31 - 1
CLASSES = {cls.type: cls for cls in lr_schedule.entries().values()}
OWN = {"exponential": "decay_rate", "cosine_warmup": "warmup_fraction", "polynomial": "power"}


def close(got, expected, largest=None):
    """2e-6 of the value, and 2e-7 of the largest."""
    expected = np.asarray(expected, float)
    atol = 2e-7 * (np.abs(expected).max() if largest is None else largest)
    np.testing.assert_allclose(np.asarray(got, float), expected, rtol=2e-6, atol=atol)


def draw(rng, kind):
    """A random cfg of one type."""
    cfg = {"type": kind}
    cfg |= rng.choice([{}, {"initial_value": rng.uniform(1e-4, 2)}])
    cfg |= rng.choice([{}, {"final_value": rng.uniform(0, 2)}])
    drawn = {
        "exponential": rng.choice([1.0, rng.uniform(1e-6, 1)]),
        "cosine_warmup": rng.uniform(0.01, 0.99),
        "polynomial": rng.choice([0.0, 0.5, 1.0, 2.0, rng.uniform(0.1, 6)]),
    }
    return cfg | (rng.choice([{}, {OWN[kind]: drawn[kind]}]) if kind in OWN else {})


# --- of the remaining progress ------------------------------------------------------------------

PROGRESS = np.array(
    [0.0, 1.0, 0.5, 0.1, 0.9, 1e-3, 1e-8, 1e-20, 1e-37, -1e-9, -0.5, -9.0, 1.001, 3.0]
    + np.random.default_rng(0).uniform(0, 1, 50).tolist(),
    np.float32,
)


def test_the_types():
    assert {kind: cls.__name__ for kind, cls in CLASSES.items()} == {
        "constant": "BaseLRSchedule",
        "linear": "LinearLRSchedule",
        "cosine": "CosineAnnealingLRSchedule",
        "exponential": "ExponentialLRSchedule",
        "cosine_warmup": "CosineWarmupLRSchedule",
        "polynomial": "PolynomialLRSchedule",
    }


@pytest.mark.parametrize("kind", CLASSES)
def test_against_the_oracle(kind):
    rng = random.Random(kind)
    for _ in range(30):
        cfg = draw(rng, kind)
        schedule = BaseLRSchedule.create(cfg)
        assert type(schedule) is CLASSES[kind]
        expected = [oracle.value(cfg, p) for p in PROGRESS.tolist()]
        close(schedule(PROGRESS), expected)


@pytest.mark.parametrize(
    ("cfg", "expected"),
    [
        ({"type": "linear", "initial_value": 2.0}, lambda p: 2 * p),
        ({"type": "cosine", "initial_value": 2.0}, lambda p: 2 * math.sin(math.pi * p / 2) ** 2),
        ({"type": "polynomial", "initial_value": 2.0}, lambda p: 2 * p**2),
        ({"type": "polynomial", "initial_value": 2.0, "power": 0.5}, lambda p: 2 * p**0.5),
        (
            {"type": "cosine_warmup", "initial_value": 2.0, "warmup_fraction": 0.5},
            lambda p: 2 * math.sin(math.pi * p) ** 2,
        ),
    ],
)
def test_nothing_cancels_near_the_end(cfg, expected):
    """Relative to the value itself, where 1 - p has lost all of it."""
    tiny = np.array([1e-3, 1e-5, 1e-7, 1e-10, 1e-15], np.float32)
    got = BaseLRSchedule.create(cfg)(tiny)
    np.testing.assert_allclose(got, [expected(p) for p in tiny.tolist()], rtol=2e-6)


@pytest.mark.parametrize("kind", CLASSES)
def test_both_ends_are_exact(kind):
    first, last = BaseLRSchedule.create({"type": kind, "initial_value": 0.3, "final_value": 0.2})(
        np.array([1.0, 0.0])
    ).tolist()
    at = {"exponential": (0.3, 0.03), "cosine_warmup": (0.0, 0.2), "constant": (0.3, 0.3)}
    expected = np.array(at.get(kind, (0.3, 0.2)), jnp.result_type(float))
    close(first, expected[0])
    close(last, expected[1])
    if kind != "exponential":
        assert [first, last] == expected.tolist()


@pytest.mark.parametrize("fraction", [1e-4, 0.05, 0.1, 0.3, 1 / 3, 0.5, 0.7, 0.999])
def test_a_warmup_starts_at_0(fraction):
    """Exactly, and next to it nothing cancels."""
    cfg = {"type": "cosine_warmup", "warmup_fraction": fraction, "initial_value": 0.3}
    schedule = BaseLRSchedule.create(cfg)
    assert schedule(1.0).item() == schedule.schedule(1000)(0).item() == 0.0
    q = 2.0**-24 * np.arange(1, 100)
    relative = np.asarray(schedule(1 - q), float) / (0.3 * q / fraction)
    # the fraction itself is 1 less a rounded number
    np.testing.assert_allclose(relative, 1, rtol=2e-6 + 2.0**-24 / fraction)


def test_outside_it_is_clamped():
    for kind in CLASSES:
        schedule = BaseLRSchedule.create({"type": kind, "final_value": 2e-4})
        values = schedule(np.array([0.0, -0.1, -1e9, -np.inf, 1.0, 1.1, 1e9, np.inf])).tolist()
        assert values == values[:1] * 4 + values[4:5] * 4


NUMBERS = [0.25, np.float32(0.25), np.float64(0.25), np.array(0.25), jnp.array(0.25)]


@pytest.mark.parametrize("p", NUMBERS, ids=lambda p: type(p).__name__)
def test_any_number_as_progress_and_as_a_value(p):
    schedule = BaseLRSchedule.create({"type": "linear", "initial_value": p * 4})
    for got in (schedule(p), schedule.func(p), schedule.func(progress_remaining=p)):
        assert isinstance(got, jax.Array)
        assert (got.shape, got.dtype, got.item()) == ((), jnp.result_type(float), 0.25)


def test_whole_numbers_as_progress():
    schedule = BaseLRSchedule.create({"type": "linear", "initial_value": 3, "final_value": 1})
    assert [schedule(1).item(), schedule(0).item(), schedule(7).item()] == [3.0, 1.0, 3.0]
    assert schedule(np.array([0, 1])).tolist() == [1.0, 3.0]


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0,), (1, 2, 2)])
@pytest.mark.parametrize("kind", CLASSES)
def test_any_shape(kind, shape):
    schedule = BaseLRSchedule.create({"type": kind})
    p = np.linspace(0, 1, math.prod(shape)).reshape(shape)
    values = schedule(p)
    assert values.shape == shape
    close(values.ravel(), [oracle.value({"type": kind}, x) for x in p.ravel().tolist()], 1e-3)


@pytest.mark.parametrize("kind", CLASSES)
def test_jit_and_vmap_over_progress(kind):
    schedule, p = BaseLRSchedule.create({"type": kind}), PROGRESS[:14]
    expected = [oracle.value({"type": kind}, x) for x in p.tolist()]
    close(jax.jit(schedule)(p), expected)
    close(jax.vmap(schedule)(p), expected)


@pytest.mark.parametrize("kind", CLASSES)
def test_vmap_over_the_initial_value(kind):
    batch, p = [0.1, 0.5, 2.0], PROGRESS[:14]

    def values(x):
        schedule = BaseLRSchedule.create({"type": kind, "initial_value": x})
        return schedule(p), schedule.schedule(1000)(np.arange(0, 1001, 100))

    of_progress, of_count = jax.jit(jax.vmap(values))(jnp.array(batch))
    for i, x in enumerate(batch):
        cfg = {"type": kind, "initial_value": x}
        close(of_progress[i], [oracle.value(cfg, p) for p in p.tolist()])
        close(of_count[i], [oracle.value(cfg, 1 - n / 10) for n in range(11)])


@pytest.mark.parametrize("kind", OWN)
def test_vmap_over_the_own_key(kind):
    batch, p = [0.1, 0.5, 0.9], PROGRESS[:14]

    def values(x):
        schedule = BaseLRSchedule.create({"type": kind, OWN[kind]: x, "initial_value": 1.0})
        return schedule(p), schedule.schedule(1000)(np.arange(0, 1001, 50))

    of_progress, of_count = jax.jit(jax.vmap(values))(jnp.array(batch))
    for i, x in enumerate(batch):
        cfg = {"type": kind, OWN[kind]: x, "initial_value": 1.0}
        close(of_progress[i], [oracle.value(cfg, p) for p in p.tolist()])
        close(of_count[i], [oracle.value(cfg, 1 - n / 20) for n in range(21)])


def test_grad_with_respect_to_the_values():
    def value(initial, final):
        cfg = {"type": "linear", "initial_value": initial, "final_value": final}
        return BaseLRSchedule.create(cfg)(0.25)

    slopes = jax.grad(value, argnums=(0, 1))(0.5, 0.1)
    assert [x.item() for x in slopes] == [0.25, 0.75]


# --- of the count -------------------------------------------------------------------------------


@pytest.mark.parametrize("total", [1, 7, 1000, 2**24 + 1, LONG])
@pytest.mark.parametrize("kind", CLASSES)
def test_schedule_is_the_value_at_progress(kind, total):
    """At count n the value at 1 - n / total; past the total the last one."""
    rng = random.Random(f"{kind}{total}")
    drawn = [rng.randint(0, total) for _ in range(60)]
    ends = [n for i in range(4) for n in (i, total - i, total // 10 + i, total + i)]
    counts = [n for n in drawn + ends if 0 <= n <= LONG]
    padded = np.resize(np.array(counts), 80)
    for _ in range(5):
        cfg = draw(rng, kind)
        expected = [oracle.value(cfg, 1 - n / total) for n in padded.tolist()]
        close(BaseLRSchedule.create(cfg).schedule(total)(padded), expected)


@pytest.mark.parametrize("kind", CLASSES)
def test_schedule_of_a_traced_total(kind):
    schedule = BaseLRSchedule.create({"type": kind, "initial_value": 1.0})
    counts = np.arange(0, 1001, 100)
    got = jax.jit(lambda total: schedule.schedule(total)(counts))(1000)
    cfg = {"type": kind, "initial_value": 1.0}
    close(got, [oracle.value(cfg, 1 - n / 10) for n in range(11)])


@pytest.mark.parametrize("total", [1, 2, 3, 7])
@pytest.mark.parametrize("fraction", [0.001, 0.1, 0.5, 0.9, 0.999])
def test_phases_of_less_than_a_count(total, fraction):
    """They have no length that would be a fraction of a count, so that files may hold them."""
    cfg = {"type": "cosine_warmup", "initial_value": 1.0, "final_value": 0.1}
    cfg["warmup_fraction"] = fraction
    schedule = lr_schedule.BaseLRSchedule.create(cfg).schedule(total)
    expected = [oracle.value(cfg, 1 - n / total) for n in range(total + 1)]
    np.testing.assert_allclose(schedule(np.arange(total + 1)), expected, 2e-6, 2e-7)
    again = js.from_config(js.to_config(schedule))
    assert jax.tree.structure(again) == jax.tree.structure(schedule)
    assert jax.tree.leaves(again) == jax.tree.leaves(schedule)


def test_an_argument_that_there_is_not():
    schedule = lr_schedule.BaseLRSchedule(0.1)
    with pytest.raises(TypeError, match="has no argument 'steps'; did you mean 'total_steps'?"):
        schedule.schedule(steps=9)


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("total", [0, -1])
def test_schedule_refuses(kind, total):
    with pytest.raises(ValueError, match=f"total_steps must be at least 1, got {total}"):
        BaseLRSchedule.create({"type": kind}).schedule(total)


# --- cfg ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", CLASSES)
def test_a_bare_number_is_the_initial_value(kind):
    for number in (0.5, np.float32(0.5), np.array(0.5), jnp.array(0.5)):
        schedule = CLASSES[kind](number)
        expected = CLASSES[kind]({"type": kind, "initial_value": 0.5})
        assert float(schedule.initial_value) == 0.5
        assert schedule.final_value == 0.0
        assert schedule(0.25).item() == expected(0.25).item()


def test_create_takes_a_bare_number_for_a_constant():
    for number in (0.5, 1, np.float64(0.5), jnp.array(0.5)):
        schedule = BaseLRSchedule.create(number)
        assert type(schedule) is BaseLRSchedule
        assert schedule(0.7).item() == float(number)
    assert type(BaseLRSchedule.create({})) is BaseLRSchedule
    assert BaseLRSchedule.create({"initial_value": 0.5}).schedule(10)([0, 99]).tolist() == [0.5] * 2


def test_a_traced_bare_number():
    got = jax.jit(lambda x: lr_schedule.LinearLRSchedule(x)(0.25))(2.0)
    assert got.item() == 0.5


def test_create_of_a_subclass_picks_by_type_too():
    assert type(lr_schedule.LinearLRSchedule.create({"type": "cosine"})) is CLASSES["cosine"]


@pytest.mark.parametrize("kind", CLASSES)
def test_attributes_and_defaults(kind):
    defaults = {"exponential": 0.1, "cosine_warmup": 0.1, "polynomial": 2.0}
    schedule = CLASSES[kind]({})
    assert (schedule.initial_value, schedule.final_value) == (0.001, 0.0)
    if kind in OWN:
        assert getattr(schedule, OWN[kind]) == defaults[kind]
        cfg = {OWN[kind]: 0.75, "initial_value": 2.0, "final_value": 0.25, "type": kind}
        schedule = CLASSES[kind](cfg)
        values = (schedule.initial_value, schedule.final_value, getattr(schedule, OWN[kind]))
        assert values == (2.0, 0.25, 0.75)
    name, text = CLASSES[kind].__name__, repr(schedule)
    assert text.startswith(f"{name}({{'type': '{kind}', 'initial_value': ")
    assert repr(eval(text, {name: CLASSES[kind]})) == text


REFUSED = [
    # error, what, message
    *(
        (TypeError, cls, wrong, f"{cls.__name__}(cfg) must be a dict or a number, got {wrong!r}")
        for cls in CLASSES.values()
        for wrong in ("0.1", None, [0.1], True, 1j, np.array([0.1, 0.2]))
    ),
    *(
        (TypeError, cls, {key: wrong}, f"{cls.__name__}: {key} must be a number, got {wrong!r}")
        for cls in CLASSES.values()
        for key in ("initial_value", "final_value", *cls.own)
        for wrong in ("0.1", None, [0.1], False)
    ),
    *(
        (ValueError, cls, {"initial_value": math.nan}, "initial_value must be finite, got nan")
        for cls in CLASSES.values()
    ),
    (ValueError, CLASSES["linear"], math.inf, "LinearLRSchedule(cfg) must be finite, got inf"),
    *(
        (
            ValueError,
            CLASSES["exponential"],
            {"decay_rate": wrong},
            f"ExponentialLRSchedule: decay_rate not in (0, 1], got {wrong}",
        )
        for wrong in (0.0, -0.5, 1.5)
    ),
    *(
        (
            ValueError,
            CLASSES["cosine_warmup"],
            {"warmup_fraction": wrong},
            f"CosineWarmupLRSchedule: warmup_fraction not in (0, 1), got {wrong}",
        )
        for wrong in (0.0, 1.0, -0.5, 1.5)
    ),
    (
        ValueError,
        CLASSES["polynomial"],
        {"power": -0.5},
        "PolynomialLRSchedule: power must not be negative, got -0.5",
    ),
    (
        ValueError,
        CLASSES["linear"],
        {"type": "cosine"},
        "LinearLRSchedule is of type 'linear', got type 'cosine'",
    ),
    (
        ValueError,
        CLASSES["linear"],
        {"initial_valeu": 1.0},
        "the cfg of LinearLRSchedule has no key 'initial_valeu'; did you mean 'initial_value'?",
    ),
    (
        ValueError,
        CLASSES["linear"],
        {"power": 1.0},
        "the cfg of LinearLRSchedule has no key 'power'",
    ),
    (
        ValueError,
        BaseLRSchedule.create,
        {"type": "lineer"},
        "unknown schedule type 'lineer'; did you mean 'linear'?",
    ),
    (ValueError, BaseLRSchedule.create, {"type": "xyz"}, "type 'xyz'; known are constant, cosine"),
    (ValueError, BaseLRSchedule.create, {"type": None}, "unknown schedule type None"),
    (ValueError, BaseLRSchedule.create, {"type": ["linear"]}, "unknown schedule type ['linear']"),
    (TypeError, BaseLRSchedule.create, "linear", "must be a dict or a number, got 'linear'"),
    (TypeError, BaseLRSchedule.create, jnp.ones(2), "must be a dict or a number, got Array"),
]


@pytest.mark.parametrize(("error", "make", "cfg", "message"), REFUSED)
def test_refused(error, make, cfg, message):
    with pytest.raises(error, match=re.escape(message)):
        make(cfg)
