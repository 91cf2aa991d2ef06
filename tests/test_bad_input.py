"""Law 9: what is wrong raises where it was written, and says the call, the rule and the value."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from cases import CASES

import jaxsched as js
from jaxsched import testing
from jaxsched.fields import NumberField, ScheduleField

NAN, INF, LONG = float("nan"), float("inf"), 2**31 - 1
LINE = js.Linear(1.0, 0.0, 10)
ENDLESS = js.Exponential(1.0, 0.5)
ONE_OF_EACH = {type(part): part for case in CASES for part in testing.parts(case.schedule)}
NO_DURATION = "needs a schedule with a duration, and Exponential has none: give it one with .stop("


def fields(*wanted):
    return [
        pytest.param(s, name, kind, id=f"{type(s).__name__}.{name}")
        for s in ONE_OF_EACH.values()
        for name, kind in s._kinds.items()
        if isinstance(kind, wanted)
    ]


@pytest.mark.parametrize("schedule, name, kind", fields(NumberField))
@pytest.mark.parametrize("bad", [NAN, INF, -INF, "a", None, True, 1j, jnp.array(True)], ids=repr)
def test_every_number_is_checked(schedule, name, kind, bad):
    if bad is None and kind.optional:
        assert getattr(dataclasses.replace(schedule, **{name: None}), name) is None
        return
    error = ValueError if isinstance(bad, float) else TypeError
    given = [bad] if kind.rank and bad is not None and not isinstance(bad, str) else bad
    with pytest.raises(error) as caught:
        dataclasses.replace(schedule, **{name: given})
    message = str(caught.value)
    assert message.startswith(f"{type(schedule).__name__}({name}=...) must be ")
    assert ", got " in message
    assert repr(bad).strip("'") in message


@pytest.mark.parametrize("schedule, name, kind", fields(NumberField))
def test_every_bound_is_checked(schedule, name, kind):
    wrong = []
    if kind.least is not None:
        wrong.append(kind.least - 1)
    if kind.above is not None:
        wrong += [kind.above, kind.above - 1]
    if kind.integral:
        wrong.append(LONG + 1)
    for bad in wrong:
        with pytest.raises(ValueError) as caught:
            dataclasses.replace(schedule, **{name: [bad] if kind.rank else bad})
        message = str(caught.value)
        assert message.startswith(f"{type(schedule).__name__}({name}=...) must ")
        assert str(bad) in message


@pytest.mark.parametrize("schedule, name, kind", fields(ScheduleField))
@pytest.mark.parametrize("bad", ["a", None, True, NAN], ids=repr)
def test_every_part_is_checked(schedule, name, kind, bad):
    with pytest.raises((TypeError, ValueError)) as caught:
        dataclasses.replace(schedule, **{name: (bad,) if kind.several else bad})
    assert str(caught.value).endswith(f"got {bad!r}")


BAD = [
    # construction
    (lambda: js.Cosine(1.0, 0.0, -1), ValueError, "Cosine(steps=...) must not be negative, got -1"),
    (lambda: js.Cosine(1.0, 0.0, NAN), ValueError, "Cosine(steps=...) must be finite, got nan"),
    (lambda: js.Cosine(10**400, 0.0, 1), ValueError, "Cosine(start=...) must be finite, got 1000"),
    (
        lambda: js.Cosine([1.0, NAN], 0.0, 1),
        ValueError,
        "start=...) must be finite, got [1.0, nan]",
    ),
    (lambda: js.Cosine(1.0, 0.0, [3, -4]), ValueError, "must not be negative, got [3, -4]"),
    (lambda: js.Cosine(1.0, 0.0, jnp.int32(-4)), ValueError, "must not be negative, got -4"),
    (
        lambda: js.Cosine([[1.0], [2.0, 3.0]], 0.0, 1),
        TypeError,
        "must be a real number, got [[1.0]",
    ),
    (
        lambda: js.Cosine(LINE, 0.0, 1),
        TypeError,
        "Cosine(start=...) must be a real number, got Lin",
    ),
    (lambda: js.Cosine(1.0, 0.0), TypeError, "steps"),
    (
        lambda: js.Geometric(0.0, 1.0, 5),
        ValueError,
        "Geometric(start=...) must be positive, got 0.0",
    ),
    (lambda: js.Wave(1.0, 0.0, 0), ValueError, "Wave(steps=...) must be at least 1, got 0"),
    # fractions of a run, and arguments in another order
    *[
        (call, ValueError, f"{where} must be in counts, not a fraction of the run (take round(")
        for where, call in {
            "Cosine(steps=...)": lambda: js.Cosine(1.0, 0.0, 0.5),
            "Linear(steps=...)": lambda: js.Linear(1.0, 0.0, np.float32(0.5)),
            "Power(steps=...)": lambda: js.Power(1.0, 0.0, jnp.float32(0.5), 2.0),
            "Exponential(steps=...)": lambda: js.Exponential(1.0, 0.5, 0.9),
            "InverseSqrt(timescale=...)": lambda: js.InverseSqrt(1.0, 0.1),
            "PiecewiseConstant(boundaries=...)": lambda: js.PiecewiseConstant([0.5], [1, 2]),
            "Interpolate(boundaries=...)": lambda: js.Interpolate([0, 0.5, 1], [1, 2, 3]),
            "Join(boundaries=...)": lambda: js.Join([LINE, LINE], [0.5]),
            "Warmup(steps=...)": lambda: LINE.warmup(0.1),
            "Delay(steps=...)": lambda: LINE.delay(0.1),
            "Skip(steps=...)": lambda: LINE.skip(0.1),
            "Stop(steps=...)": lambda: LINE.stop(0.8),
            "Hold(steps=...)": lambda: LINE.hold(0.8),
            "Cooldown(boundary=...)": lambda: LINE.cooldown(0.8, 5),
            "Cooldown(steps=...)": lambda: LINE.cooldown(5, 0.2),
            "warmup_cosine(warmup=...)": lambda: js.warmup_cosine(1.0, 0.1, 100),
            "wsd(decay=...)": lambda: js.wsd(1.0, 5, 10, 0.2),
            "one_cycle(steps=...)": lambda: js.one_cycle(1.0, 0.5),
            "triangular(steps=...)": lambda: js.triangular(0.0, 1.0, 0.5),
        }.items()
    ],
    (lambda: js.Cosine(1.0, 0.0, [5, 0.5]), ValueError, "in a file), got [5.0, 0.5]"),
    *[
        (call, ValueError, "(start, end, steps): start=1000 looks like the length, and steps, got")
        for call in (
            lambda: js.Cosine(1000, 1e-3, 0.0),
            lambda: js.Linear(1000, 1e-3, 0.0),
            lambda: js.Relaxation(1000.0, 1e-3, 0.0, 0.5),
            lambda: js.Geometric(1000, 1e-3, 0.0),
        )
    ],
    *[
        (lambda bad=bad: js.Table(bad), TypeError, "Table(values=...) must be a sequence of numb")
        for bad in ({1: 0.5}, {0.5, 0.1}, frozenset([0.5]), "12", b"12")
    ],
    (lambda: js.Table(["1", "2"]), TypeError, "Table(values=...) must be a real number, got '1'"),
    (lambda: js.Join({LINE}, ()), TypeError, "Join(schedules=...) must be a sequence of schedules"),
    (
        lambda: js.PiecewiseConstant({100: 0.1, 200: 0.1}, [1.0, 0.1, 0.01]),
        TypeError,
        "PiecewiseConstant(boundaries=...) must be a sequence of numbers, got {100: 0.1, 200: 0.1}",
    ),
    # lists
    (lambda: js.PiecewiseConstant([3, 2], [1, 2, 3]), ValueError, "must be in order, got [3, 2]"),
    (
        lambda: js.PiecewiseConstant([1, 2], [1.0, 2.0]),
        ValueError,
        "PiecewiseConstant needs one value more than boundaries, got 2 boundaries and 2 values",
    ),
    (
        lambda: js.PiecewiseConstant([], []),
        ValueError,
        "PiecewiseConstant(values=...) must hold at least one value",
    ),
    (
        lambda: js.PiecewiseConstant(1, [1.0, 2.0]),
        TypeError,
        "PiecewiseConstant(boundaries=...) must be a sequence of numbers, got 1",
    ),
    (lambda: js.Interpolate([5, 0], [1.0, 2.0]), ValueError, "must be in order, got [5, 0]"),
    (
        lambda: js.Interpolate([0, 5], [1.0]),
        ValueError,
        "Interpolate needs as many values as boundaries, got 2 boundaries and 1 values",
    ),
    (
        lambda: js.Interpolate([0, 5], [1.0, 2.0], "cubic"),
        ValueError,
        "Interpolate(shape=...) must be linear or cosine, got 'cubic'",
    ),
    (lambda: js.Interpolate([], []), ValueError, "Interpolate(values=...) must hold at least one"),
    (lambda: js.Table([]), ValueError, "Table(values=...) must hold at least one value"),
    (
        lambda: js.Table("ab"),
        TypeError,
        "Table(values=...) must be a sequence of numbers, got 'ab'",
    ),
    # joins
    (
        lambda: js.Join((LINE, LINE), ()),
        ValueError,
        "Join(schedules, boundaries) needs one boundary between each two schedules, got 2 "
        "schedules and 0 boundaries",
    ),
    (lambda: js.Join((LINE,), (1,)), ValueError, "got 1 schedules and 1 boundaries"),
    (lambda: js.Join((), ()), ValueError, "got 0 schedules and 0 boundaries"),
    (
        lambda: js.Join((LINE,) * 3, (5, 4)),
        ValueError,
        "Join(boundaries=...) must be in order, got",
    ),
    (
        lambda: js.Join(LINE, ()),
        TypeError,
        "Join(schedules=...) must be a sequence of schedules, got",
    ),
    (lambda: js.Join((LINE, LINE), 5), TypeError, "Join(boundaries=...) must be a sequence of num"),
    (lambda: js.Function(3), TypeError, "Function(function=...) must be a hashable callable"),
    # what is no schedule
    (lambda: LINE.then(js.Linear), TypeError, ".then(): an instance is expected, js.Linear is a"),
    (
        lambda: js.Join([js.Linear, LINE], [1]),
        TypeError,
        "Join(schedules=...)[0]: an instance is expected, js.Linear is a class",
    ),
    (lambda: js.Function(js.Linear), TypeError, "an instance is expected, js.Linear is a class"),
    (lambda: LINE + int, TypeError, "Sum(right=...): an instance is expected, int is a class"),
    (lambda: js.as_schedule(optax.adam), TypeError, "adam is no function of one count: it gives n"),
    (lambda: LINE * optax.adam, TypeError, "Product(right=...): adam is no function of one count"),
    (lambda: js.as_schedule(lambda: 0.5), TypeError, "<lambda> is no function of one count: "),
    (
        lambda: js.as_schedule(lambda n: jnp.ones(3)),
        TypeError,
        "<lambda> must give one number at one count, not the shape (3,)",
    ),
    (
        lambda: js.as_schedule(lambda n: 0.1 if n < 5 else 0.2),
        TypeError,
        "<lambda> is no function that JAX can trace: take jnp.where instead of if, and jnp instead",
    ),
    (
        lambda: LINE.then(None),
        TypeError,
        ".then(): a schedule, a number or a function of a count is expected, got None",
    ),
    (lambda: testing.check_laws(js.Cosine), TypeError, "check_laws(schedule): an instance is ex"),
    (lambda: testing.check_laws(0.5), TypeError, "check_laws(schedule) must be a schedule, got 0"),
    # names
    (
        lambda: js.Cosine(1.0, 0.0, step=100),
        TypeError,
        "Cosine() has no argument 'step'; did you mean 'steps'?",
    ),
    (lambda: LINE.warmup(step=5), TypeError, "warmup() has no argument 'step'; did you mean 'ste"),
    (lambda: LINE.cooldown(5, 5, shpae="sqrt"), TypeError, "'shpae'; did you mean 'shape'?"),
    (lambda: js.wsd(1.0, 5, 5, dacay=5), TypeError, "wsd() has no argument 'dacay'; did you mean"),
    (lambda: js.load("a.yaml", total_step=5), TypeError, "load() has no argument 'total_step'; d"),
    (lambda: js.from_config({}, total_step=5), TypeError, "from_config() has no argument 'total_"),
    (lambda: js.sweep(None, None, step=5), TypeError, "sweep() has no argument 'step'; did you"),
    (
        lambda: LINE.repeat(3),
        TypeError,
        "repeat() takes no argument: it goes on forever, .restarts(n) makes n cycles, got 3",
    ),
    # values too long for a line
    (lambda: js.Table([0.5] * 999 + ["a"] * 999), TypeError, "must be a real number, got 'a'"),
    (lambda: js.Interpolate([2, 1] * 999, [1.0] * 1998), ValueError, "2, 1, 2, 1, 2, ..."),
    (lambda: LINE.then("a" * 999), TypeError, "got 'aaaaaaaaaaaaaa"),
    # methods
    (lambda: LINE.warmup(-1), ValueError, "Warmup(steps=...) must not be negative, got -1"),
    (lambda: LINE.warmup(5, NAN), ValueError, "Warmup(start=...) must be finite, got nan"),
    (lambda: LINE.delay(-1), ValueError, "Delay(steps=...) must not be negative, got -1"),
    (lambda: LINE.skip(-1), ValueError, "Skip(steps=...) must not be negative, got -1"),
    (lambda: LINE.stop(-1), ValueError, "Stop(steps=...) must not be negative, got -1"),
    (lambda: LINE.hold(-1), ValueError, "Hold(steps=...) must not be negative, got -1"),
    (lambda: LINE.every(0), ValueError, "Every(steps=...) must be at least 1, got 0"),
    (lambda: LINE.per(0), ValueError, "Per(steps=...) must be at least 1, got 0"),
    (lambda: LINE.clip(2.0, 1.0), ValueError, "Clip(high=...) must be at least low=2.0, got 1.0"),
    (lambda: ENDLESS.then(LINE), ValueError, f".then() {NO_DURATION}"),
    (lambda: ENDLESS.repeat(), ValueError, f"Repeat {NO_DURATION}"),
    (lambda: ENDLESS.hold(3), ValueError, f"Hold {NO_DURATION}"),
    (lambda: ENDLESS.restarts(3), ValueError, f"Restart {NO_DURATION}"),
    (lambda: ENDLESS.restarts(3, growth=2), ValueError, f".restarts() {NO_DURATION}"),
    (lambda: js.Repeat(ENDLESS), ValueError, f"Repeat {NO_DURATION}"),
    (lambda: js.Restart(ENDLESS, 3), ValueError, f"Restart {NO_DURATION}"),
    (lambda: js.Hold(ENDLESS, 3), ValueError, f"Hold {NO_DURATION}"),
    (lambda: js.Constant(1.0).then(LINE), ValueError, "or .hold(steps) for a Constant)"),
    (lambda: LINE.repeat().then(LINE), ValueError, "and Repeat has none"),
    (lambda: LINE.restarts(0), ValueError, "restarts(cycles=...) must be at least 1, got 0"),
    (
        lambda: LINE.restarts(2.0),
        TypeError,
        "restarts(cycles=...) must be a known int, got 2.0",
    ),
    (
        lambda: LINE.restarts(True),
        TypeError,
        "restarts(cycles=...) must be a known int, got True",
    ),
    (lambda: js.Restart(LINE, 0), ValueError, "Restart(cycles=...) must be at least 1, got 0"),
    (
        lambda: js.Restart(js.Linear(1.0, 0.0, 0), 2**31),
        ValueError,
        "Restart(cycles=...) must be at most 2147483647, got 2147483648",
    ),
    (
        lambda: LINE.restarts(3, growth=0.5),
        ValueError,
        "restarts(growth=...) must be >= 1, got 0.5",
    ),
    (
        lambda: LINE.restarts(3, growth=NAN),
        ValueError,
        "restarts(growth=...) must be >= 1, got nan",
    ),
    (
        lambda: LINE.restarts(3, growth="2"),
        TypeError,
        "restarts(growth=...) must be a known number",
    ),
    (
        lambda: LINE.restarts(3, growth=jnp.float32(2)),
        TypeError,
        "must be a known number, which decides how many counts",
    ),
    (lambda: LINE.restarts(3, gain=0), ValueError, "Restart(gain=...) must be positive, got 0.0"),
    (
        lambda: LINE.restarts(3, growth=2, gain=0),
        ValueError,
        "restarts(gain=...) must be positive, got 0.0",
    ),
    (lambda: js.Table([1.0]).restarts(3, growth=2), ValueError, "Table has no lengths to stretch"),
    (
        lambda: js.Function(optax.constant_schedule(1.0)).stop(5).restarts(3, growth=2),
        ValueError,
        "cannot be stretched: it has no lengths to multiply",
    ),
    # too long to be counted
    (
        lambda: js.Linear(1.0, 0.0, LONG).per(2),
        ValueError,
        "must add up to at most 2147483647 as an int (a float such as 2e12, jax_enable",
    ),
    (
        lambda: js.Linear(1.0, 0.0, LONG).restarts(2),
        ValueError,
        "or a coarser unit of counts goes further), got 4294967294",
    ),
    (lambda: js.Linear(1.0, 0.0, LONG).hold(1), ValueError, "goes further), got 2147483648"),
    (lambda: LINE.restarts(40, growth=2), ValueError, "must be at most 2147483647 as an int"),
    # recipes
    (
        lambda: js.warmup_cosine(1.0, 10, 5),
        ValueError,
        "warmup_cosine(steps=...) must be at least warmup=10, got 5",
    ),
    (lambda: js.warmup_cosine(1.0, -1, 5), ValueError, "must not be negative, got -1"),
    (
        lambda: js.wsd(1.0, 1, 1, 1, shape="quadratic"),
        ValueError,
        "wsd(shape=...) must be linear or cosine or sqrt or geometric, got 'quadratic'",
    ),
    (
        lambda: js.wsd(1.0, 1, 1, 1, 0.0, "geometric"),
        ValueError,
        "Geometric(end=...) must be posit",
    ),
    (lambda: js.wsd(1.0, 1, -1, 1), ValueError, "must not be negative, got -1"),
    (
        lambda: js.one_cycle(1.0, 10, 1.5),
        ValueError,
        "one_cycle(warmup_fraction=...) must be at most 1, got 1.5",
    ),
    (lambda: js.one_cycle(1.0, 10, NAN), ValueError, "must be finite, got nan"),
    (lambda: js.one_cycle(1.0, -10), ValueError, "must not be negative, got "),
    (lambda: js.triangular(0.0, 1.0, -4), ValueError, "must not be negative, got "),
    (lambda: js.noam(1.0, 0, 10), ValueError, "noam(width=...) must be positive, got 0"),
    (lambda: js.noam(1.0, 512, 0), ValueError, "noam(warmup=...) must be at least 1, got 0"),
    # batches where a scalar is expected
    (
        lambda: js.Cosine([1.0, 2.0], 0.0, 9)(3),
        ValueError,
        "Cosine(start=...) has shape (2,) where",
    ),
    (
        lambda: js.Cosine([1.0, 2.0], 0.0, 9)(np.arange(2)),
        ValueError,
        "a scalar is expected; js.grid and js.stack evaluate many",
    ),
    (lambda: js.Cosine(1.0, 0.0, np.array([1, 2]))(3), ValueError, "as jax.vmap("),
    (
        lambda: js.Table([[1.0, 2.0]])(3),
        ValueError,
        "shape (1, 2) where one sequence is expected; js.grid",
    ),
    (lambda: LINE.warmup([1, 2])(3), ValueError, "Warmup(steps=...) has shape (2,) where a scalar"),
    # counts
    *[
        (lambda bad=bad: LINE(bad), TypeError, "a count must be an integer or a float, got ")
        for bad in (
            True,
            np.bool_(True),
            jnp.array(True),
            [True],
            "a",
            ["a"],
            None,
            [None],
            1j,
            np.array([1j]),
            jnp.array(1j),
            LINE,
            [1, "a"],
        )
    ],
]


@pytest.mark.parametrize("call, error, message", BAD, ids=[message for _, _, message in BAD])
def test_bad_input(call, error, message):
    with pytest.raises(error) as caught:
        call()
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 260


RECIPES = [
    (js.warmup_cosine, (1.0, 5, 10)),
    (js.wsd, (1.0, 5, 5, 5)),
    (js.one_cycle, (1.0, 10, 0.5)),
    (js.triangular, (0.1, 1.0, 10)),
    (js.noam, (1.0, 512, 10)),
]


@pytest.mark.parametrize("recipe, numbers", RECIPES, ids=[recipe.__name__ for recipe, _ in RECIPES])
def test_recipes_say_where_a_number_is_missing(recipe, numbers):
    for i in range(len(numbers)):
        given = [*numbers[:i], "a", *numbers[i + 1 :]]
        with pytest.raises((TypeError, ValueError), match=r"^\w+\(\w+=\.\.\.\) must .* got 'a'"):
            recipe(*given)


def test_traced_numbers_are_not_checked():
    # a length that is not positive means: already at the end
    values = jax.vmap(lambda n: js.Linear(1.0, 0.5, n)(1))(jnp.array([-5, 0, 1, 2]))
    np.testing.assert_array_equal(values, np.array([0.5, 0.5, 0.5, 0.75]))


def test_schedules_do_not_change():
    with pytest.raises(dataclasses.FrozenInstanceError):
        LINE.start = 2.0


def test_a_field_leaves_jit_its_methods():
    with pytest.raises(TypeError, match="Low: no field may be called lower, it would take"):

        class Low(js.Schedule):
            lower: float

            def at(self, t):
                return self.lower
