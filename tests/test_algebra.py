"""What the methods return: identities, durations, memory, programs, and life inside Optax."""

import itertools
from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from hypothesis import given, strategies as st

import jaxsched as js
from jaxsched import algebra
from jaxsched.fields import longest
from jaxsched.numerics import lookup

COUNTS = np.arange(-3, 200)
LONG = 2**31 - 1
MOST = longest()
HALF = (MOST + 1) // 2
FALL = js.Cosine(1.0, 0.1, 40)
LINE = js.Linear(0.2, 1.0, 30)
# XLA flushes subnormal numbers to zero on some devices
LIMITS = st.floats(0.0, 1.0, width=32, allow_subnormal=False)
lengths = st.integers(0, 60)
units = st.integers(1, 9)


def same(a, b, ulps=0, counts=COUNTS):
    """Both schedules, or a schedule and values, at the counts."""
    a, b = (np.asarray(x(counts) if callable(x) else x) for x in (a, b))
    wrong = np.flatnonzero(~(np.abs(a - b) <= ulps * np.spacing(np.abs(b))))
    assert not wrong.size, (counts[wrong], a[wrong], b[wrong])


@pytest.fixture
def elsewhere(monkeypatch):
    """Sets a threshold of the package, and forgets what was compiled with another."""

    def set_to(module, name, value):
        monkeypatch.setattr(module, name, value)
        jax.clear_caches()

    yield set_to
    monkeypatch.undo()
    jax.clear_caches()


def at(counts):
    """The line's and the cosine's values at given counts."""
    return LINE(np.asarray(counts)), FALL(np.asarray(counts))


# --- joining ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "parts, boundaries",
    [
        ([LINE, FALL], [30]),
        ([LINE, FALL, js.Constant(0.5)], [30, 30]),
        ([FALL, LINE, FALL.warmup(5), js.Exponential(1.0, 0.9)], [0, 10, 100]),
        ([LINE, FALL], [30.5]),
        ([js.Cosine(1.0, 0.1 * i, 3 + i) for i in range(40)], list(range(4, 160, 4))),
        ([LINE], []),
    ],
)
def test_join_is_optax_join_schedules_of_its_children(parts, boundaries):
    joined = optax.join_schedules(parts, boundaries)
    with jax.numpy_dtype_promotion("standard"):
        expected = joined(jnp.asarray(np.maximum(COUNTS, 0)))
    same(js.Join(parts, boundaries), expected, ulps=2)


@given(st.lists(lengths, min_size=1, max_size=4), st.integers(0, 200))
def test_then_starts_each_part_at_the_sum_of_the_lengths_before(steps, n):
    parts = [js.Linear(1.0 + i, 2.0 + i, steps=k) for i, k in enumerate(steps)]
    chain = parts[0]
    for part in parts[1:]:
        chain = chain.then(part)
    ends = list(itertools.accumulate(steps))
    assert chain.duration == ends[-1]
    i = min(sum(end <= n for end in ends), len(parts) - 1)
    assert chain(n) == parts[i](n - ([0, *ends])[i])


def test_then_is_flat():
    chain = LINE.then(FALL).then(LINE)
    assert len(chain.schedules) == 3
    assert chain.boundaries == (30, 70)


def test_many_equal_parts_are_looked_up_with_the_values_of_the_unrolled_join(elsewhere):
    parts = [js.Cosine(1.0 + i, 0.1 * i, 3 + i % 3) for i in range(34)]
    join = js.Join(parts, range(4, 136, 4))
    warm = js.Join([js.Linear(1.0, 0.1 * i, 2).warmup(2) for i in range(34)], range(4, 136, 4))
    looked_up = [np.asarray(join(COUNTS)), np.asarray(warm(COUNTS))]
    elsewhere(algebra, "UNROLLED", 1000)
    assert "gather" not in jax.jit(join).lower(COUNTS).as_text()
    same(join, looked_up[0], ulps=2)
    same(warm, looked_up[1], ulps=2)


def test_unlike_parts_are_joined_however_many():
    parts = [js.Linear(1.0, 0.1, 3 + i) if i % 2 else js.Cosine(1.0, 0.1, 3) for i in range(34)]
    join = js.Join(parts, range(4, 136, 4))
    same(join, [parts[min(max(n, 0) // 4, 33)](n - 4 * min(max(n, 0) // 4, 33)) for n in COUNTS], 2)


SEEN = []


class Watched(js.Schedule):
    """The square root of the count, for ten counts; it remembers the least it was asked for."""

    peak: float

    @property
    def duration(self):
        return 10

    def at(self, t):
        jax.debug.callback(lambda least: SEEN.append(float(least)), jnp.min(t))
        return self.peak * jnp.sqrt(jnp.asarray(t, float))


ONE = Watched(1.0)


@pytest.mark.parametrize(
    "schedule",
    [
        ONE,
        LINE.then(ONE),
        js.Join([LINE, ONE, ONE], [3.5, 7]),
        js.Join([ONE] * 40, range(1, 40)),
        ONE.warmup(5),
        ONE.cooldown(5, 4),
        ONE.restarts(3),
        ONE.restarts(3, growth=2),
        ONE.warmup(3).repeat(),
        ONE.delay(5).skip(2).stop(6),
        ONE.every(3).per(2),
        js.stack([LINE, ONE]),
    ],
    ids=lambda x: repr(x)[:40],
)
def test_no_schedule_is_asked_for_a_count_below_0(schedule):
    SEEN.clear()
    np.asarray(schedule(COUNTS))
    jax.effects_barrier()
    assert SEEN and min(SEEN) >= 0


def test_what_is_not_finite_before_its_beginning_has_finite_gradients():
    rise = js.as_schedule(lambda n: jnp.sqrt(jnp.asarray(n, float)))
    for make in (lambda peak: (peak * rise).warmup(5), lambda peak: LINE.then(peak * rise)):
        gradient = jax.grad(lambda peak, make=make: make(peak)(COUNTS).sum())(1.0)
        assert np.isfinite(gradient)


# --- warmups, waits, stops ----------------------------------------------------------------------


@given(lengths, st.floats(0.0, 2.0, width=32, allow_subnormal=False))
def test_a_warmup_ends_at_the_schedules_own_value(steps, start):
    schedule = FALL.warmup(steps, start)
    assert schedule.duration == steps + 40
    assert schedule(steps) == FALL(0)
    assert schedule(0) == (start if steps else FALL(0))
    expected = js.Join([js.Linear(start, FALL(0), steps), FALL], [steps])
    same(schedule, expected, ulps=1)


@given(lengths)
def test_delay_waits_at_the_first_value(steps):
    same(FALL.delay(steps), FALL(np.maximum(COUNTS - steps, 0)))
    assert FALL.delay(steps).duration == 40 + steps


@given(lengths)
def test_skip_starts_later(steps):
    same(FALL.skip(steps), FALL(np.maximum(COUNTS, 0) + steps))
    assert FALL.skip(steps).duration == max(40 - steps, 0)


@given(lengths)
def test_stop_holds(steps):
    same(FALL.stop(steps), FALL(np.minimum(COUNTS, steps)))
    assert FALL.stop(steps).duration == min(40, steps)
    assert js.Exponential(1.0, 0.9).stop(steps).duration == steps


@given(lengths)
def test_hold_changes_only_the_duration(steps):
    same(FALL.hold(steps), FALL)
    assert FALL.hold(steps).duration == 40 + steps
    assert js.Constant(1.0).hold(steps).duration == steps
    held = FALL.hold(steps).then(LINE)
    assert held(40 + steps) == LINE(0)
    assert held(39 + steps) == (FALL(39 + steps))


@given(lengths, lengths)
def test_skip_undoes_delay(first, second):
    same(FALL.delay(first).skip(first), FALL)
    same(FALL.skip(first).skip(second), FALL.skip(first + second))


def test_skip_saturates():
    schedule = js.InverseSqrt(1.0, 1).skip(LONG)
    top = jnp.iinfo(jnp.result_type(int)).max
    assert schedule(top) == schedule.schedule(top)


@given(units)
def test_every_updates_once_in_k(k):
    schedule = FALL.every(k)
    same(schedule, FALL(np.maximum(COUNTS, 0) // k * k))
    assert schedule.duration == -(-40 // k) * k
    assert schedule(schedule.duration) == FALL(40)


@given(units)
def test_per_counts_units(k):
    same(FALL.per(k), FALL(np.maximum(COUNTS, 0) // k))
    assert FALL.per(k).duration == 40 * k


# --- cycles -------------------------------------------------------------------------------------


@given(st.integers(1, 6))
def test_restarts_count_anew(n):
    index = np.clip(COUNTS // 30, 0, n - 1)
    same(LINE.restarts(n), LINE(np.maximum(COUNTS, 0) - 30 * index))
    assert LINE.restarts(n).duration == 30 * n
    assert LINE.restarts(n)(30 * n) == LINE(30)


@pytest.mark.parametrize(
    "cycle", [FALL, js.Cosine(1.0, 0.1, 7).warmup(3), js.Linear(1.0, 0.1, 2.5)]
)
@pytest.mark.parametrize("n, gain", [(1, None), (3, 0.5), (16, None), (16, 0.9)])
def test_joined_clocks_equal_the_remainder(cycle, n, gain, elsewhere):
    schedule = cycle.restarts(n, gain=gain)
    counts = np.arange(-3, 700)
    joined = np.asarray(schedule(counts))
    elsewhere(algebra, "JOINED_CYCLES", 0)
    # powers of the gain are products on the one side, exponentials on the other
    same(joined, schedule, ulps=0 if gain is None else n, counts=counts)


def test_gain_multiplies_every_cycle_once_more():
    schedule = LINE.restarts(4, gain=0.5)
    gains = 0.5 ** np.clip(COUNTS // 30, 0, 3)
    same(schedule, np.asarray(LINE.restarts(4)(COUNTS)) * gains, ulps=1)


@given(
    st.integers(1, 40),
    st.integers(1, 5),
    st.sampled_from([1, 1.0, 1.25, 1.5, 2, Fraction(4, 3), 1.1]),
)
def test_growing_cycles_have_rounded_lengths(steps, n, growth):
    schedule = js.Linear(0.0, 1.0, steps).restarts(n, growth=growth)
    expected = [round(steps * Fraction(growth) ** i) for i in range(n)]
    assert schedule.duration == sum(expected)
    starts = [0, *itertools.accumulate(expected)][:-1]
    assert all(schedule(start) == 0 for start in starts)
    assert all(0 < schedule(start - 1) or expected[i] == 1 for i, start in enumerate(starts[1:]))


def test_growth_multiplies_the_lengths_inside():
    schedule = js.Cosine(1.0, 0.0, 10).warmup(4).restarts(3, growth=1.5, gain=0.5)
    cycles = [js.Cosine(1.0, 0.0, 10).warmup(4), js.Cosine(0.5, 0.0, 15).warmup(6)]
    cycles.append(js.Cosine(0.25, 0.0, 22).warmup(9))
    same(schedule, js.Join(cycles, [14, 14 + 21]), ulps=2)


@given(st.integers(1, 40))
def test_repeat_is_for_ever(steps):
    schedule = js.Linear(0.0, 1.0, steps)
    same(schedule.repeat(), schedule(np.maximum(COUNTS, 0) % steps))
    assert schedule.repeat().duration is None


@pytest.mark.parametrize("cycles", [1, 16, 17, 1000])
def test_restarts_know_large_counts(cycles):
    steps = LONG // cycles
    schedule = js.Linear(0.0, 1.0, steps).restarts(cycles)
    starts = steps * np.arange(0, cycles, max(1, cycles // 50))
    np.testing.assert_array_equal(schedule(starts), 0)
    assert (np.asarray(schedule(starts[1:] - 1)) > 0.9999).all()
    assert schedule(LONG) == 1


# --- arithmetic ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "two", [2, 2.0, np.float32(2), np.int64(2), jnp.float32(2), js.Constant(2)]
)
def test_numbers_and_schedules_combine_from_both_sides(two):
    line = np.asarray(LINE(COUNTS))
    for schedule, expected in [
        (two * LINE, 2 * line),
        (LINE * two, 2 * line),
        (two + LINE, 2 + line),
        (LINE + two, 2 + line),
        (two - LINE, 2 - line),
        (LINE - two, line - 2),
        (two / LINE, 2 / line),
        (LINE / two, line / 2),
        (-LINE, -line),
        (+LINE, line),
    ]:
        assert isinstance(schedule, js.Schedule)
        assert schedule.duration == 30
        same(schedule, expected, ulps=1)


def test_two_schedules_combine_count_by_count():
    line, fall = at(COUNTS)
    for schedule, expected in [
        (LINE * FALL, line * fall),
        (LINE + FALL, line + fall),
        (LINE - FALL, line - fall),
        (LINE / FALL, line / fall),
    ]:
        assert schedule.duration == 40
        # a product may be fused into a sum
        np.testing.assert_allclose(schedule(COUNTS), expected, rtol=1e-6, atol=2e-7)


def test_a_callable_is_a_schedule():
    closure = optax.cosine_decay_schedule(1.0, 40)
    for schedule in (LINE * closure, LINE.then(closure), js.Join([closure, 0.5], [30])):
        assert isinstance(schedule(COUNTS), jax.Array)
        assert schedule.duration is None
    assert js.as_schedule(closure).function is closure
    assert js.as_schedule(LINE) is LINE


@given(LIMITS, LIMITS)
def test_clip_limits(a, b):
    low, high = sorted((a, b))
    same(LINE.clip(low, high), np.clip(LINE(COUNTS), np.float32(low), np.float32(high)))
    same(LINE.clip(low=low), np.maximum(LINE(COUNTS), np.float32(low)))
    same(LINE.clip(high=high), np.minimum(LINE(COUNTS), np.float32(high)))
    assert LINE.clip(low, high).duration == 30


@pytest.mark.parametrize(
    "schedule, duration",
    [
        (js.Constant(1.0), None),
        (js.Constant(1.0) * 2, None),
        (js.Exponential(1.0, 0.9), None),
        (js.Exponential(1.0, 0.9) * LINE, None),
        (js.PiecewiseConstant([3], [1.0, 2.0]), None),
        (js.Interpolate([3, 9], [1.0, 2.0]), 9),
        (js.Table([1.0, 2.0, 3.0]), 3),
        (LINE * 2 + FALL, 40),
        (LINE.then(js.Constant(1.0)), None),
        (LINE.then(js.Constant(1.0).hold(4)), 34),
        (LINE.warmup(3).delay(2).hold(1).per(2).every(5), 75),
        (LINE.warmup(2.5), 32.5),
        (js.Linear(0.0, 1.0, 2.5).restarts(3), 7.5),
    ],
)
def test_durations(schedule, duration):
    assert schedule.duration == duration
    assert type(schedule.duration) is type(duration)


@pytest.mark.parametrize(
    "make",
    [
        lambda long: long.then(FALL).then(FALL),
        lambda long: long.hold(1),
        lambda long: long.warmup(1).then(FALL),
        lambda long: long.delay(1).repeat(),
        lambda long: long.cooldown(MOST, 1, 0.5).then(FALL),
        lambda long: long.per(2),
        lambda long: long.stop(MOST - 1).every(1750),
        lambda long: js.Table([1.0]).per(MOST - 2).every(1750),
        lambda long: js.Linear(0.0, 1.0, jnp.asarray(HALF)).restarts(4),
        lambda long: js.Linear(0.0, 1.0, jnp.asarray(MOST)).warmup(10).then(FALL),
        lambda long: js.Linear(0.0, 1.0, np.asarray(HALF)).per(jnp.asarray(3)),
        lambda long: long.restarts(2),
        lambda long: js.Linear(1.0, 0.0, HALF).restarts(3, growth=1.5),
        lambda long: FALL.restarts(60, growth=2),
    ],
)
def test_lengths_that_cannot_be_counted_are_refused(make):
    with pytest.raises(ValueError, match=f"at most {MOST} as an int .*, got"):
        make(js.Linear(1.0, 0.0, MOST))


@pytest.mark.parametrize("steps", [LONG, jnp.int32(LONG)], ids=["int", "jax"])
def test_a_part_that_ends_beyond_what_can_be_counted_may_be_cut(steps):
    long = js.Linear(0.0, 1.0, steps).warmup(10)
    assert long.duration == LONG + 10
    assert long.stop(100).duration == 100
    assert long.skip(10).duration == LONG
    assert long.stop(100).then(0.5)([99, 100]).tolist() == [float(long(99)), 0.5]


# --- counts that no int can hold ----------------------------------------------------------------

TOKENS = js.Cosine(3e-4, 3e-5, 2e12 - 2e10).warmup(2e10)


def tokens(n):
    if n < 2e10:
        return 3e-4 * n / 2e10
    return 3e-5 + 2.7e-4 * (1 + np.cos(np.pi * min(1.0, (n - 2e10) / (2e12 - 2e10)))) / 2


@pytest.mark.parametrize(
    "count", [10**10, 10**12, np.int64(10**12), np.uint64(10**12), 2 * 10**12, 10**60, 10**400]
)
def test_beside_float_lengths_large_counts_are_floats(count):
    expected = tokens(float(min(count, 10**60)))
    np.testing.assert_allclose(TOKENS(count), expected, rtol=1e-6)
    np.testing.assert_allclose(TOKENS([count, 7])[0], expected, rtol=1e-6)
    both = js.stack([TOKENS, js.Linear(0.5, 0.25, 10)])([count, 7])[:, 0]
    np.testing.assert_allclose(both, [expected, 0.25], rtol=1e-6)
    np.testing.assert_allclose(TOKENS(np.array([[count]]))[0, 0], expected, rtol=1e-6)


def test_where_all_lengths_are_integers_large_counts_saturate():
    top = int(np.iinfo(jnp.result_type(int)).max)
    for schedule in (js.InverseSqrt(1.0, 10), js.InverseSqrt(1.0, 10).warmup(5)):
        assert schedule(top + 10**6) == schedule(top) == schedule(np.uint64(2**64 - 1))
        assert schedule([top + 1])[0] == schedule(top)
    slow = js.InverseSqrt(1.0, 10.0)
    np.testing.assert_allclose(slow(10**13), (1 + 1e12) ** -0.5, rtol=1e-6)
    assert js.Constant(0.5)(10**400) == 0.5


# --- inside Optax -------------------------------------------------------------------------------


def test_schedules_inside_optax():
    joined = optax.join_schedules([LINE, FALL], [30])
    same(jax.jit(joined)(jnp.asarray(np.maximum(COUNTS, 0))), LINE.then(FALL), ulps=2)
    with jax.numpy_dtype_promotion("standard"):
        scale = optax.scale_by_schedule(LINE)
        state = scale.init(jnp.ones(()))
        for n in range(4):
            update, state = scale.update(jnp.ones(()), state)
            assert update == LINE(n)
        tx = optax.inject_hyperparams(optax.sgd)(learning_rate=LINE, momentum=FALL)
        state = tx.init(jnp.ones(3))
        for n in range(4):
            _, state = tx.update(jnp.ones(3), state)
            assert state.hyperparams["learning_rate"] == LINE(n)
            assert state.hyperparams["momentum"] == FALL(n)


def test_a_schedule_is_an_argument_of_a_jitted_step():
    @jax.jit
    def step(schedule, weights, state):
        update, state = optax.sgd(schedule).update(weights, state)
        return optax.apply_updates(weights, update), state

    with jax.numpy_dtype_promotion("standard"):
        weights, state = jnp.ones(3), optax.sgd(LINE).init(jnp.ones(3))
        weights, state = step(LINE, weights, state)
        assert np.allclose(weights, 1 - LINE(0))


# --- memory and programs ------------------------------------------------------------------------

MANY = 2**20
ARRAY = 4 * MANY


def temporary_bytes(schedule):
    """With the numbers of the schedule as arguments."""
    counts = jnp.zeros(MANY, jnp.int32)
    compiled = jax.jit(lambda s, n: s(n)).lower(schedule, counts).compile()
    return compiled.memory_analysis().temp_size_in_bytes


@pytest.mark.parametrize(
    "schedule",
    [
        LINE,
        FALL,
        js.Polynomial(1.0, 0.1, 100, 1.5),
        js.Geometric(1.0, 0.1, 100),
        js.Exponential(1.0, 0.9),
        js.InverseSqrt(1.0, 10),
        js.Table(np.linspace(0, 1, 1000)),
        js.PiecewiseConstant(range(32), np.linspace(0, 1, 33)),
        js.Interpolate(range(32), np.linspace(0, 1, 32)),
        js.Join([js.Linear(1.0, i, 10) for i in range(32)], range(10, 320, 10)),
        FALL.warmup(10).restarts(16, gain=0.9),
        FALL.restarts(1000, gain=0.9),
        FALL.repeat(),
        FALL.per(7) * LINE,
    ],
    ids=lambda s: type(s).__name__,
)
def test_no_temporary_array_of_the_size_of_the_counts(schedule):
    assert temporary_bytes(schedule) < ARRAY


@pytest.mark.parametrize(
    "schedule",
    [
        js.PiecewiseConstant(range(1000), np.linspace(0, 1, 1001)),
        js.Interpolate(range(1000), np.linspace(0, 1, 1000)),
        js.Join([js.Linear(1.0, i, 10) for i in range(1000)], range(10, 10_000, 10)),
    ],
    ids=lambda s: type(s).__name__,
)
def test_a_long_list_needs_one_array_of_indices(schedule):
    assert temporary_bytes(schedule) < 1.1 * ARRAY


@pytest.mark.parametrize(
    ("schedule", "kernels"),
    [
        (js.Linear(1.0, 0.1, 100), 1),
        (js.Cosine(1.0, 0.1, 100), 1),
        (js.Cosine(1.0, 0.1, 100, exponent=1.5), 1),
        (js.Polynomial(1.0, 0.1, 100, power=1.7), 1),
        (js.Polynomial(1.0, 0.1, 100, power=2.0), 1),
        (js.Power(1.0, 0.1, 100, power=0.5), 1),
        (js.Geometric(1.0, 0.1, 100), 1),
        (js.Exponential(1.0, 0.9, 10, staircase=True), 1),
        (js.PiecewiseConstant([10, 20], [1.0, 0.5, 0.1]), 1),
        (js.warmup_cosine(1.0, 10, 100), 1),
        (js.wsd(1.0, 10, 50, 10), 1),
        (js.one_cycle(1.0, 100), 1),
        (js.Cosine(1.0, 0.1, 100).restarts(10), 1),
        (js.Cosine(1.0, 0.1, 100).restarts(1000), 1),
        # a division or a root is done once, before it is needed for every weight
        (js.InverseSqrt(1.0, 10), 2),
        (js.InverseTime(1.0, 0.1, 10), 2),
        (js.Tanh(1.0, 0.1, 100), 2),
    ],
    ids=lambda x: type(x).__name__ if isinstance(x, js.Schedule) else str(x),
)
def test_a_step_with_a_schedule_is_one_kernel(schedule, kernels):
    step = jax.jit(lambda weights, count: weights - schedule(count) * weights)
    program = step.lower(jnp.ones(8), jnp.int32(5)).compile().as_text()
    entry = program[program.index("\nENTRY ") :]
    assert entry.count(" fusion(") == kernels


def test_the_program_does_not_grow_with_the_cycles():
    def program(n):
        text = jax.jit(lambda s, n: s(n)).lower(FALL.restarts(n, gain=0.9), COUNTS).compile()
        return len(text.as_text().splitlines())

    assert program(1000) < 1.05 * program(17)


def test_an_eager_call_compiles_once():
    traces = []

    class Counted(js.Schedule):
        peak: float
        steps: int = js.fields.length()

        def at(self, t):
            traces.append(t)
            return jnp.where(t < self.steps, self.peak, 0.0)

    for n in range(5):
        Counted(0.1 * n, n)(n)
    assert len(traces) == 1
    for n in (np.int64(3), np.int8(3), np.uint16(3), 2**40, jnp.int32(2)):
        Counted(0.5, 7)(n)
    assert len(traces) <= 2  # int32 under x64
    Counted(0.5, 7).warmup(3)(1)
    Counted(0.7, 8).warmup(4)(2)
    assert len(traces) <= 5


def test_unrolled_lookups_have_no_loop():
    long = js.PiecewiseConstant(range(1000), np.linspace(0, 1, 1001))
    assert "while" not in jax.jit(lambda s, n: s(n)).lower(long, COUNTS).compile().as_text()
    assert len(long.boundaries) > lookup.UNROLLED
