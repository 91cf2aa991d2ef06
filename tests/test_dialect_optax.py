"""The optax dialect: stored values, the library itself and its own published tests, misuse."""

import contextlib
import functools
import importlib
import importlib.util
import inspect
import json
import re
import sys
import unittest
from pathlib import Path
from unittest import mock

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from hypothesis import given, settings, strategies as st
from standins import assert_suggests, required

import jaxsched as js
from jaxsched.dialects import optax as dialect

try:
    from jax import enable_x64
except ImportError:  # before JAX 0.8
    from jax.experimental import enable_x64

HERE = Path(__file__).parent
GOLDEN = json.loads((HERE / "golden/optax.json").read_text())
EXAMPLES = json.loads((Path(js.__file__).parent / "examples/optax.json").read_text())
X64 = jax.config.jax_enable_x64
LONG = 2**31 - 1
NAMES = list(dialect.DIALECT.entries)
WIDTH = 160  # every array of counts is as long: one compilation for many settings
COUNTS = np.array([*range(WIDTH - 7), 200, 999, 1000, 10**5, 10**6 + 3, 10**7, LONG])


def close(got, expected, x64=X64):
    """2e-6 of the value and 2e-7 of the largest one; with x64 1e-9."""
    expected = np.asarray(expected, float)
    relative, absolute = (1e-9, 1e-9) if x64 else (2e-6, 2e-7)
    atol = absolute * np.abs(expected).max()
    np.testing.assert_allclose(np.asarray(got, float), expected, rtol=relative, atol=atol)


def built(module, name, kwargs):
    """One of the schedules, of the dialect or of the library, from plain data."""
    if name == "join_schedules":
        parts = [built(module, part["schedule"], part["kwargs"]) for part in kwargs["schedules"]]
        kwargs = kwargs | {"schedules": parts}
    return getattr(module, name)(**kwargs)


# --- names, stored values ----------------------------------------------------------------------


def test_every_function_of_the_library_is_here():
    functions = dict(inspect.getmembers(optax.schedules, inspect.isfunction))
    assert set(NAMES) == {name for name in functions if not name.startswith("inject_")}


@pytest.mark.parametrize("name", NAMES)
def test_signatures_are_the_library_s(name):
    def parameters(module):
        signature = inspect.signature(getattr(module, name))
        return [(p.name, p.kind, p.default) for p in signature.parameters.values()]

    assert parameters(dialect) == parameters(optax.schedules)


@pytest.mark.parametrize("entry", GOLDEN, ids=lambda entry: entry["schedule"])
def test_golden(entry):
    assert None not in entry["values"]
    schedule = built(dialect, entry["schedule"], entry["kwargs"])
    steps = np.array(entry["steps"])
    close(schedule(np.resize(steps, WIDTH))[: len(steps)], entry["values"])


def test_golden_has_every_entry():
    assert {entry["schedule"] for entry in GOLDEN} >= set(NAMES) - {"join_schedules"}


# --- the library itself -------------------------------------------------------------------------


@contextlib.contextmanager
def lenient():
    """As JAX is by default."""
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        yield


def real(name, kwargs):
    """What the library gives, count by count, in float64."""
    with lenient(), enable_x64(True):
        schedule = built(optax.schedules, name, kwargs)
        return np.asarray(jax.vmap(schedule)(jnp.asarray(COUNTS, jnp.int64)), float)


def numbers(low, high):
    return st.floats(np.float32(low), np.float32(high), width=32)


values = numbers(-2, 2).filter(lambda x: x == 0 or abs(x) > 1e-3)
positive = numbers(2**-10, 2)
lengths = st.integers(1, 120) | st.sampled_from([1000, 10**6 + 3, LONG - 200])
steps = st.integers(-2, 0) | lengths
begins = st.integers(-3, 40)
# smaller ones enlarge the library's own error at the end of a polynomial: 1 - n/T is 1e-16 there
exponents = st.sampled_from([0, 1, 1.0, 2]) | numbers(0.75, 4)
scales = st.none() | st.dictionaries(st.integers(0, 120), numbers(0, 4), max_size=3)
fractions = st.integers(0, 100).map(lambda percent: percent / 100)
factors = numbers(0.5, 100)


def drawn(required, optional=None):
    return st.fixed_dictionaries(required, optional=optional or {})


def warmup_cosine(**optional):
    def whole(kwargs):  # decay_steps includes the warmup
        return kwargs | {"decay_steps": kwargs["warmup_steps"] + kwargs["decay_steps"]}

    required = {"init_value": values, "peak_value": values, "warmup_steps": st.integers(0, 50)}
    required["decay_steps"] = st.integers(1, 100)
    return drawn(required, optional).map(whole)


exponential = {
    "transition_steps": st.integers(-1, 120),
    "decay_rate": st.just(0.0) | numbers(0.25, 1.5),
}
exponential_more = {
    "transition_begin": begins,
    "staircase": st.booleans(),
    "end_value": st.none() | values,
}
line = {"init_value": values, "end_value": values, "transition_steps": steps}
interpolated = {
    "interpolate_type": st.sampled_from(["linear", "cosine"]),
    "init_value": values,
    "boundaries_and_scales": scales,
}
cycle = {"transition_steps": lengths, "peak_value": values}
cycle_more = {"pct_start": fractions, "div_factor": factors, "final_div_factor": factors}


KWARGS = {
    "constant_schedule": drawn({"value": values}),
    "linear_schedule": drawn(line, {"transition_begin": begins}),
    "polynomial_schedule": drawn({**line, "power": exponents}, {"transition_begin": begins}),
    "cosine_decay_schedule": drawn(
        {"init_value": values, "decay_steps": lengths}, {"alpha": values, "exponent": exponents}
    ),
    "exponential_decay": drawn({"init_value": positive, **exponential}, exponential_more),
    "piecewise_constant_schedule": drawn({"init_value": values}, {"boundaries_and_scales": scales}),
    "piecewise_interpolate_schedule": drawn(interpolated),
    "linear_onecycle_schedule": drawn(cycle, {"pct_final": fractions, **cycle_more}),
    "cosine_onecycle_schedule": drawn(cycle, cycle_more),
    "warmup_constant_schedule": drawn(
        {"init_value": values, "peak_value": values, "warmup_steps": steps}
    ),
    "warmup_cosine_decay_schedule": warmup_cosine(end_value=values, exponent=exponents),
    "warmup_exponential_decay_schedule": drawn(
        {
            "init_value": values,
            "peak_value": positive,
            "warmup_steps": st.integers(0, 50),
            **exponential,
        },
        exponential_more,
    ),
    "sgdr_schedule": drawn(
        {"cosine_kwargs": st.lists(warmup_cosine(end_value=values), min_size=1, max_size=3)}
    ),
}
PARTS = {name: KWARGS[name] for name in ("linear_schedule", "warmup_constant_schedule")}
PARTS["exponential_decay"] = drawn({"init_value": positive, **exponential})
KWARGS["join_schedules"] = st.fixed_dictionaries(
    {
        "schedules": st.tuples(
            *(
                st.fixed_dictionaries({"schedule": st.just(name), "kwargs": kwargs})
                for name, kwargs in PARTS.items()
            )
        ),
        "boundaries": st.lists(st.integers(0, 100), min_size=2, max_size=2).map(sorted),
    }
)


def late(staircase=False, transition_steps=1, transition_begin=0, warmup_steps=0, **others):
    """Where the library takes a stair one count late: XLA divides by multiplying with 1 / steps."""
    if not staircase or transition_steps <= 0:
        return np.zeros(len(COUNTS), bool)
    n = np.maximum(np.asarray(COUNTS) - warmup_steps - max(0, transition_begin), 0)
    return np.floor(n * (1 / transition_steps)) != n // transition_steps


@pytest.mark.parametrize("name", NAMES)
def test_against_the_library(name):
    @settings(max_examples=200)
    @given(kwargs=KWARGS[name])
    def check(kwargs):
        got, expected = built(dialect, name, kwargs)(COUNTS), real(name, kwargs)
        known = np.abs(expected) < 1e6  # growth beyond would hide the errors of all other values
        known &= ~late(**kwargs)
        close(np.asarray(got)[known], expected[known])

    check()


@pytest.mark.filterwarnings("ignore")  # of the published tests' own imports
def test_published_tests(monkeypatch):
    """Optax's tests of its schedules, every constructor replaced by the one of this package."""
    if importlib.util.find_spec("sklearn") is None:  # of tests of other modules than the schedules
        monkeypatch.setitem(sys.modules, "sklearn", mock.MagicMock())
    called = set()

    def counted(entry):
        def construct(*args, **kwargs):
            called.add(entry.__name__)
            return entry(*args, **kwargs)

        return construct

    for module in ("_schedule", "_join"):
        module = importlib.import_module(f"optax.schedules.{module}")
        for entry in dialect.DIALECT.entries.values():
            if hasattr(module, entry.__name__):
                monkeypatch.setattr(module, entry.__name__, counted(entry))
    published = ["optax.schedules._schedule_test", "optax.schedules._join_test"]
    suite = unittest.defaultTestLoader.loadTestsFromNames(published)
    with lenient(), enable_x64(False):
        result = unittest.TestResult()
        suite.run(result)
    assert not result.errors + result.failures
    assert result.testsRun - len(result.skipped) >= 60  # optimizers without a schedule are skipped
    no_tests = {"linear_schedule", "warmup_constant_schedule", "warmup_exponential_decay_schedule"}
    assert called == set(NAMES) - no_tests


# --- conventions --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "schedule, end, value",
    [
        (dialect.linear_schedule(1.0, 0.25, 50, 7), 57, 0.25),
        (dialect.polynomial_schedule(1.0, 0.25, 2, 50), 50, 0.25),
        (dialect.cosine_decay_schedule(0.5, 50, 0.5), 50, 0.25),
        (dialect.piecewise_constant_schedule(0.5, {50: 0.5}), 50, 0.25),
        (dialect.piecewise_interpolate_schedule("linear", 0.5, {50: 0.5}), 50, 0.25),
        (dialect.linear_onecycle_schedule(50, 1.0, 0.3, 0.85, 2.0, 2.0), 50, 0.25),
        (dialect.cosine_onecycle_schedule(50, 1.0, 0.3, 2.0, 2.0), 50, 0.25),
        (dialect.warmup_constant_schedule(0.0, 0.25, 50), 50, 0.25),
        (dialect.warmup_cosine_decay_schedule(0.0, 1.0, 9, 50, 0.25), 50, 0.25),
        (dialect.exponential_decay(1.0, 25, 0.5, end_value=0.25), 50, 0.25),
    ],
    ids=repr,
)
def test_the_end_is_reached_at_the_end_and_held(schedule, end, value):
    assert schedule(end - 1) != value
    assert schedule([end, end + 1, end + 1000, LONG]).tolist() == [value] * 4


@pytest.mark.parametrize("name", NAMES)
def test_before_0_is_as_at_0(name):
    """Optax's cosine mirrors there, and its interpolation is 0."""
    entry = next(entry for entry in GOLDEN if entry["schedule"] == name)
    schedule = built(dialect, name, entry["kwargs"])
    assert schedule([-1, -50, -LONG - 1]).tolist() == [schedule(0).item()] * 3


def test_growth_ends_at_the_largest_float():
    largest = np.finfo(jnp.result_type(float)).max
    assert dialect.exponential_decay(1.0, 1, 2.0)([3, 5000, LONG]).tolist() == [8, largest, largest]


def test_more_counts_than_integers_have():
    """As in Optax, a giant length is a float; the published test has 1e10 steps."""
    for schedule in (
        dialect.cosine_decay_schedule(1000.0, 10**10),
        dialect.warmup_cosine_decay_schedule(0.0, 1000.0, 0, 10**10),
    ):
        close(schedule([0, 10**9]), [1000.0, 975.5282581475768])
    line = dialect.linear_schedule(0.0, 1.0, 10**10, 10**10)
    assert line([0, LONG]).tolist() == [0.0, 0.0] if not X64 else [0.0, line(LONG)]


def test_a_boundary_between_two_counts():
    """The clock behind it is that of an integer boundary: exact at large counts."""
    begin = 2.0**24 + 0.5
    counts = [2**24 - 1, 2**24, 2**24 + 1, 2**24 + 3, 2**24 + 4, 2**24 + 5]
    expected = [1.0, 1.0, 0.875, 0.375, 0.125, 0.0]
    close(dialect.linear_schedule(1.0, 0.0, 4, begin)(counts), expected)
    line = dialect.linear_schedule(1.0, 0.0, 4)
    close(dialect.join_schedules([1.0, line], [begin])(counts), expected)


def test_a_join_takes_any_schedule():
    parts = [js.Linear(0.0, 1.0, 2), 0.5, optax.linear_schedule(1.0, 0.0, 4), np.float32(2)]
    schedule = dialect.join_schedules(parts, np.array([2, 4, 6]))
    assert schedule(range(8)).tolist() == [0.0, 0.5, 0.5, 0.5, 1.0, 0.75, 2.0, 2.0]


@pytest.mark.parametrize("name", NAMES)
def test_config(name):
    for entry in [entry for entry in GOLDEN if entry["schedule"] == name]:
        kwargs = dict(entry["kwargs"])
        expected = built(dialect, name, kwargs)
        if name == "join_schedules":
            kwargs["schedules"] = [
                {"kind": f"optax.{part['schedule']}", **part["kwargs"]}
                for part in kwargs["schedules"]
            ]
        schedule = js.from_config({"kind": f"optax.{name}", **kwargs})
        assert repr(schedule) == repr(expected)
        assert repr(js.from_config(js.to_config(schedule))) == repr(schedule)


def test_keys_of_json_are_counts():
    plain, quoted = {5: 0.5, 10: 0.1}, {"10": 0.1, "5": 0.5}
    for make in (
        dialect.piecewise_constant_schedule,
        lambda *args: dialect.piecewise_interpolate_schedule("linear", *args),
    ):
        assert repr(make(1.0, quoted)) == repr(make(1.0, plain))


def test_examples():
    assert [config["kind"] for config in EXAMPLES] == [f"optax.{name}" for name in NAMES]
    for config in EXAMPLES:
        assert np.isfinite(js.from_config(config)(COUNTS)).all()


# --- traced arguments ---------------------------------------------------------------------------

ARGUMENTS = {
    "constant_schedule": {"value": 0.5},
    "linear_schedule": {
        "init_value": 1.0, "end_value": 0.1, "transition_steps": 50, "transition_begin": 7
    },
    "polynomial_schedule": {
        "init_value": 1.0, "end_value": 0.1, "power": 2.0, "transition_steps": 50,
        "transition_begin": 7,
    },
    "cosine_decay_schedule": {
        "init_value": 0.5, "decay_steps": 50, "alpha": 0.1, "exponent": 1.5
    },
    "exponential_decay": {
        "init_value": 0.5, "transition_steps": 9, "decay_rate": 0.5, "transition_begin": 7,
        "end_value": 0.01,
    },
    "piecewise_constant_schedule": {"init_value": 0.5, "boundaries_and_scales": {5: 0.5, 9: 0.1}},
    "piecewise_interpolate_schedule": {
        "interpolate_type": "cosine", "init_value": 0.5, "boundaries_and_scales": {5: 0.5, 9: 0.1}
    },
    "linear_onecycle_schedule": {
        "transition_steps": 100, "peak_value": 0.5, "pct_start": 0.3, "pct_final": 0.85,
        "div_factor": 10.0, "final_div_factor": 100.0,
    },
    "cosine_onecycle_schedule": {
        "transition_steps": 100, "peak_value": 0.5, "pct_start": 0.3, "div_factor": 10.0,
        "final_div_factor": 100.0,
    },
    "warmup_constant_schedule": {"init_value": 0.1, "peak_value": 0.5, "warmup_steps": 9},
    "warmup_cosine_decay_schedule": {
        "init_value": 0.1, "peak_value": 0.5, "warmup_steps": 9, "decay_steps": 50,
        "end_value": 0.05, "exponent": 1.5,
    },
    "warmup_exponential_decay_schedule": {
        "init_value": 0.1, "peak_value": 0.5, "warmup_steps": 9, "transition_steps": 9,
        "decay_rate": 0.5, "transition_begin": 7, "end_value": 0.01,
    },
}  # fmt: skip
VARIED = {
    "transition_steps": [-2, 0, 1, 7, 100],
    "transition_begin": [-3, 0, 4],
    "warmup_steps": [0, 1, 12],
    "decay_steps": [10, 40, 100],
    "decay_rate": [0.0, 0.5, 1.0, 1.5],
    "power": [0.0, 0.5, 1.0, 3.0],
    "exponent": [0.0, 0.5, 1.0, 3.0],
    "pct_start": [0.0, 0.25, 0.3, 0.85, 1.0],
    "pct_final": [0.0, 0.25, 0.3, 0.85, 1.0],
    "peak_value": [0.0, 0.25, 1.5],
    "end_value": [-0.5, 0.0, 0.25, 1.5],
}


def traced_cases():
    """(a function of one number, the numbers) for every numeric argument of every entry."""

    def case(name, argument, make, numbers):
        return pytest.param(make, numbers, id=f"{name}({argument})")

    def with_argument(name, argument):
        kwargs = ARGUMENTS[name]
        return lambda x: getattr(dialect, name)(**kwargs | {argument: x})

    for name, kwargs in ARGUMENTS.items():
        for argument, value in kwargs.items():
            if isinstance(value, int | float):
                numbers = VARIED.get(argument, [0.5 * value, value, 2.0 * value])
                if "onecycle" in name and argument == "transition_steps":
                    numbers = [1, 2, 7, 40, 100]
                yield case(name, argument, with_argument(name, argument), numbers)

    def scaled(*args):
        return lambda x: getattr(dialect, args[0])(*args[1:], 0.5, {5: x, 9: 0.1})

    yield case("piecewise_constant_schedule", "scale", scaled("piecewise_constant_schedule"),
               [0.0, 0.5, 2.0])  # fmt: skip
    yield case(
        "piecewise_interpolate_schedule",
        "scale",
        scaled("piecewise_interpolate_schedule", "linear"),
        [0.0, 0.5, 2.0],
    )
    cycle = ARGUMENTS["warmup_cosine_decay_schedule"]
    for argument in ("peak_value", "decay_steps"):

        def cycles(x, argument=argument):
            return dialect.sgdr_schedule([cycle | {argument: x}, cycle])

        yield case("sgdr_schedule", argument, cycles, VARIED[argument])
    parts = [dialect.linear_schedule(0.0, 1.0, 9), dialect.cosine_decay_schedule(1.0, 50)]
    yield case("join_schedules", "boundary", lambda x: dialect.join_schedules(parts, [x]), [0, 9])
    yield case(
        "join_schedules", "value", lambda x: dialect.join_schedules([x, parts[1]], [9]), [0.5, 2.0]
    )


TRACED = list(traced_cases())


@pytest.mark.parametrize("make, numbers", TRACED)
def test_vmap_is_the_loop(make, numbers):
    counts = np.arange(130)
    loop = [make(x)(counts) for x in numbers]
    close(jax.jit(jax.vmap(lambda x: make(x)(counts)))(jnp.array(numbers)), loop)


@pytest.mark.parametrize("make, numbers", TRACED)
def test_gradients_are_finite(make, numbers):
    slope = jax.vmap(jax.grad(lambda x, n: make(x)(n)), (None, 0))
    slopes = jax.jit(jax.vmap(slope, (0, None)))(jnp.array(numbers, float), np.arange(130))
    assert jnp.isfinite(slopes).all()


@pytest.mark.parametrize(
    "make, numbers, expected",
    [
        (lambda x: dialect.linear_schedule(0.5, 1.0, x, 3), [0, -1], 0.5),
        (lambda x: dialect.polynomial_schedule(0.5, 1.0, 2, x), [0, -1], 0.5),
        (lambda x: dialect.warmup_constant_schedule(0.5, 1.0, x), [0, -1], 0.5),
        (lambda x: dialect.exponential_decay(0.5, x, 0.5, end_value=0.75), [0, -1], 0.5),
        (lambda x: dialect.exponential_decay(0.5, x, 1.5, end_value=0.25), [0, -1], 0.5),
        (lambda x: dialect.exponential_decay(0.5, 9, x, end_value=0.75), [0.0], 0.5),
        (lambda x: dialect.exponential_decay(0.5, 9, x, end_value=0.75), [0.5], 0.75),
        (lambda x: dialect.cosine_decay_schedule(0.5, 9, 0.0, x), [0.0], 0.5),
        (lambda x: dialect.warmup_cosine_decay_schedule(0.0, x, 2, 9, 0.5), [0.0], 0.0),
    ],
)
def test_fallbacks_of_known_and_of_traced_numbers(make, numbers, expected):
    for x in numbers:
        assert make(x)(COUNTS).tolist() == [expected] * WIDTH
        assert jax.jit(make)(x)(COUNTS).tolist() == [expected] * WIDTH


def test_jax_numbers_are_numbers():
    """Known, but arrays: they stay what they are, and a stack of schedules can be made of them."""
    counts = np.arange(130)
    for make, numbers in (
        (lambda x: dialect.linear_schedule(1.0, 0.5, x, x), [-1, 0, 50]),
        (lambda x: dialect.exponential_decay(1.0, 9, x, end_value=0.5), [0.0, 0.5, 1.5]),
        (lambda x: dialect.cosine_onecycle_schedule(x, 1.0), [1, 2, 100]),
        (lambda x: dialect.warmup_cosine_decay_schedule(0.0, x, 9, 50, 0.1), [0.0, 1.0, 2.0]),
    ):
        loop = [make(x)(counts) for x in numbers]
        close([make(jnp.asarray(x))(counts) for x in numbers], loop)
        made = jax.jit(jax.vmap(make))(jnp.array(numbers))
        close(jax.vmap(lambda schedule: schedule(counts))(made), loop)


def test_gradients():
    slope = jax.grad(lambda rate: dialect.exponential_decay(2.0, 1, rate)(3))(0.5)
    close(slope, 2.0 * 3 * 0.5**2)
    slope = jax.grad(lambda peak: dialect.warmup_cosine_decay_schedule(0.0, peak, 10, 90)(50))(1.0)
    close(slope, 0.5)


def test_one_cycles_of_many_lengths():
    """Traced, the knots are as the known ones: also where they fall together or change places."""
    totals, counts = np.array([1, 2, 3, 5, 10, 21, 64, 120]), np.arange(130)

    @jax.jit
    @functools.partial(jax.vmap, in_axes=(0, None, None))
    def traced(total, up, down):
        return dialect.linear_onecycle_schedule(total, 0.5, up, down, 10.0, 4.0)(counts)

    for up, down in ((0.3, 0.85), (0.0, 0.1), (0.5, 1.0), (0.75, 0.25), (1.0, 1.0)):
        known = [
            dialect.linear_onecycle_schedule(total, 0.5, up, down, 10.0, 4.0)(counts)
            for total in totals.tolist()
        ]
        close(traced(totals, up, down), known)


def test_one_cycles_of_the_default_fractions():
    """They have the same knots whether the steps are traced or known."""
    totals = np.arange(1, 20_000)
    for make in (dialect.linear_onecycle_schedule, dialect.cosine_onecycle_schedule):
        fractions = [0.3, 0.85] if make is dialect.linear_onecycle_schedule else [0.3]
        knots = jax.jit(jax.vmap(lambda total, make=make: make(total, 1.0)))(totals).boundaries
        known = [[int(f * total) for f in (0, *fractions, 1)] for total in totals.tolist()]
        assert np.array_equal(knots, known)


# --- what is refused ----------------------------------------------------------------------------

COSINE = {"init_value": 0.0, "peak_value": 1.0, "warmup_steps": 2, "decay_steps": 10}
REFUSED = [
    ("constant_schedule", {"value": "x"}, "constant_schedule(value=...) must be a real number"),
    (
        "constant_schedule",
        {"value": np.nan},
        "constant_schedule(value=...) must be finite, got nan",
    ),
    (
        "linear_schedule",
        {"init_value": None},
        "linear_schedule(init_value=...) must be a real number, got None",
    ),
    (
        "linear_schedule",
        {"transition_steps": "10"},
        "linear_schedule(transition_steps=...) must be a number of counts, got '10'",
    ),
    (
        "linear_schedule",
        {"transition_begin": np.inf},
        "linear_schedule(transition_begin=...) must be finite, got inf",
    ),
    (
        "polynomial_schedule",
        {"power": -1},
        "polynomial_schedule(power=...) must not be negative, got -1.0",
    ),
    *(
        (
            "cosine_decay_schedule",
            {"decay_steps": steps},
            f"cosine_decay_schedule(decay_steps=...) must be positive, got {steps}",
        )
        for steps in (0, -1)
    ),
    (
        "cosine_decay_schedule",
        {"exponent": -1},
        "cosine_decay_schedule(exponent=...) must not be negative, got -1.0",
    ),
    (
        "exponential_decay",
        {"decay_rate": -0.5},
        "exponential_decay(decay_rate=...) must not be negative, got -0.5",
    ),
    (
        "exponential_decay",
        {"staircase": 1},
        "exponential_decay(staircase=...) must be False or True, got 1",
    ),
    (
        "exponential_decay",
        {"end_value": "0"},
        "exponential_decay(end_value=...) must be a real number, got '0'",
    ),
    *(
        (name, {"boundaries_and_scales": wrong}, message.format(name))
        for name in ("piecewise_constant_schedule", "piecewise_interpolate_schedule")
        for wrong, message in (
            ([5], "{}(boundaries_and_scales=...) must be a dict, got [5]"),
            ({5: -3}, "{}(boundaries_and_scales[5]=...) must not be negative, got -3.0"),
            ({5: "a"}, "{}(boundaries_and_scales[5]=...) must be a real number, got 'a'"),
            ({-5: 1}, "the keys of {}(boundaries_and_scales=...) must not be negative, got -5"),
            (
                {"a": 1},
                "the keys of {}(boundaries_and_scales=...) must be a number of counts, got 'a'",
            ),
        )
    ),
    *(
        (
            "piecewise_interpolate_schedule",
            {"interpolate_type": wrong},
            "piecewise_interpolate_schedule(interpolate_type=...) must be linear or cosine, got "
            f"{wrong!r}",
        )
        for wrong in ("linar", "", None)
    ),
    *(
        (name, {argument: wrong}, f"{name}({argument}=...) must {rule}")
        for name in ("linear_onecycle_schedule", "cosine_onecycle_schedule")
        for argument, wrong, rule in (
            ("transition_steps", 0, "be positive, got 0"),
            ("pct_start", -0.1, "not be negative, got -0.1"),
            ("div_factor", 0, "be positive, got 0.0"),
            ("final_div_factor", -1, "be positive, got -1.0"),
        )
    ),
    (
        "warmup_constant_schedule",
        {"peak_value": "x"},
        "warmup_constant_schedule(peak_value=...) must be a real number, got 'x'",
    ),
    *(
        (
            "warmup_cosine_decay_schedule",
            {"decay_steps": steps},
            "warmup_cosine_decay_schedule(decay_steps=...) must be greater than warmup_steps=9, "
            f"got {steps}",
        )
        for steps in (9, 5)
    ),
    (
        "warmup_cosine_decay_schedule",
        {"warmup_steps": -1},
        "warmup_cosine_decay_schedule(warmup_steps=...) must not be negative, got -1",
    ),
    (
        "warmup_exponential_decay_schedule",
        {"warmup_steps": -1},
        "warmup_exponential_decay_schedule(warmup_steps=...) must not be negative, got -1",
    ),
    (
        "sgdr_schedule",
        {"cosine_kwargs": []},
        "sgdr_schedule(cosine_kwargs=...) must hold at least one cycle",
    ),
    (
        "sgdr_schedule",
        {"cosine_kwargs": [COSINE, COSINE | {"warmup": 1}]},
        "sgdr_schedule(cosine_kwargs[1]): warmup_cosine_decay_schedule() has no argument "
        "'warmup'; did you mean 'warmup_steps'?",
    ),
    (
        "sgdr_schedule",
        {"cosine_kwargs": [{"init_value": 0.0, "peak_value": 1.0, "warmup_steps": 2}]},
        "sgdr_schedule(cosine_kwargs[0]): warmup_cosine_decay_schedule: missing a required "
        "argument: 'decay_steps'",
    ),
    (
        "sgdr_schedule",
        {"cosine_kwargs": [COSINE, COSINE | {"decay_steps": 2}]},
        "sgdr_schedule(cosine_kwargs[1]): warmup_cosine_decay_schedule(decay_steps=...) must be "
        "greater than warmup_steps=2, got 2",
    ),
    (
        "join_schedules",
        {"schedules": [0.1, 0.2], "boundaries": []},
        "join_schedules needs one boundary between each two schedules, got 2 schedules and 0 bound",
    ),
    (
        "join_schedules",
        {"schedules": [0.1, 0.2, 0.3], "boundaries": [7, 3]},
        "join_schedules(boundaries=...) must be in order, got [7, 3]",
    ),
    (
        "join_schedules",
        {"schedules": [0.1, 0.2], "boundaries": [-3]},
        "join_schedules(boundaries=...) must not be negative, got -3",
    ),
    (
        "join_schedules",
        {"schedules": [0.1, "x"], "boundaries": [3]},
        "a schedule, a number or a function of a count is expected, got 'x'",
    ),
]


@pytest.mark.parametrize("name, wrong, message", REFUSED)
def test_refused(name, wrong, message):
    with pytest.raises((ValueError, TypeError), match=re.escape(message)) as caught:
        getattr(dialect, name)(**ARGUMENTS.get(name, {}) | wrong)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", NAMES)
def test_an_argument_that_there_is_not(name):
    assert_suggests(getattr(dialect, name))


@pytest.mark.parametrize(
    "name, key",
    [
        *(("linear_schedule", f"transition_{what}") for what in ("steps", "begin")),
        ("cosine_decay_schedule", "decay_steps"),
        ("warmup_constant_schedule", "warmup_steps"),
        ("warmup_cosine_decay_schedule", "warmup_steps"),
        ("linear_onecycle_schedule", "transition_steps"),
    ],
)
def test_a_fraction_is_no_length(name, key):
    make = getattr(dialect, name)
    message = f"{name}({key}=...) must be in counts, not a fraction of the run"
    with pytest.raises(ValueError, match=re.escape(message)):
        make(**required(make, **{key: 0.1}))


def test_a_warmup_and_nothing():
    """Refused as Optax does; where nothing can follow, and traced, the warmup rises."""
    with pytest.raises(ValueError, match="must be greater than warmup_steps=4, got 4"):
        dialect.warmup_cosine_decay_schedule(0.0, 1.0, 4, 4)

    @jax.vmap
    def traced(steps):
        return dialect.warmup_cosine_decay_schedule(0.0, 1.0, 4, steps, 0.5)(np.arange(6))

    rise = [0.0, 0.25, 0.5, 0.75]
    assert traced(jnp.array([4, 5])).tolist() == [[*rise, 0.5, 0.5], [*rise, 1.0, 0.5]]
    for after in ((0, 0.5), (3, 0.0)):  # of no length, and of no decay
        ours = dialect.warmup_exponential_decay_schedule(0.0, 1.0, 4, *after)
        theirs = optax.schedules.warmup_exponential_decay_schedule(0.0, 1.0, 4, *after)
        assert ours(np.arange(6)).tolist() == [float(theirs(n)) for n in range(6)]
        assert ours(np.arange(6)).tolist() == [*rise, 1.0, 1.0]


def test_refused_in_a_config():
    config = {"kind": "optax.linear_schedul", "init_value": 0.0}
    with pytest.raises(ValueError, match="did you mean 'optax.linear_schedule'?"):
        js.from_config(config)
    config = {"kind": "optax.linear_schedule", "init_value": 0.0, "steps": 1}
    with pytest.raises(ValueError, match="optax.linear_schedule has no key 'steps'"):
        js.from_config(config)
