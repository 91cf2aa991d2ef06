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
from jaxsched.fields import Kind, Part

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


@pytest.mark.parametrize("schedule, name, kind", fields(Kind))
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


@pytest.mark.parametrize("schedule, name, kind", fields(Kind))
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


@pytest.mark.parametrize("schedule, name, kind", fields(Part))
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
        "Interpolate(kind=...) must be linear or cosine, got 'cubic'",
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
    (lambda: LINE.restarts(0), ValueError, "restarts(n=...) must be at least 1, got 0"),
    (
        lambda: LINE.restarts(2.0),
        TypeError,
        "restarts(n=...) must be an int, it is static: got 2.0",
    ),
    (
        lambda: LINE.restarts(True),
        TypeError,
        "restarts(n=...) must be an int, it is static: got Tr",
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
        "must be a known number, it is st",
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
        "lengths must add up to at most 2147483647, got 4294967294",
    ),
    (
        lambda: js.Linear(1.0, 0.0, LONG).restarts(2),
        ValueError,
        "at most 2147483647, got 4294967294",
    ),
    (lambda: js.Linear(1.0, 0.0, LONG).hold(1), ValueError, "at most 2147483647, got 2147483648"),
    (lambda: LINE.restarts(40, growth=2), ValueError, "must be at most 2147483647, got "),
    # recipes
    (
        lambda: js.warmup_cosine(1.0, 10, 5),
        ValueError,
        "warmup_cosine(steps=...) must be at least warmup=10, got 5",
    ),
    (lambda: js.warmup_cosine(1.0, -1, 5), ValueError, "must not be negative, got -1"),
    (
        lambda: js.wsd(1.0, 1, 1, 1, cooldown="quadratic"),
        ValueError,
        "wsd(cooldown=...) must be linear or cosine or sqrt or geometric, got 'quadratic'",
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
    # batches where a scalar is meant
    (
        lambda: js.Cosine([1.0, 2.0], 0.0, 9)(3),
        ValueError,
        "Cosine(start=...) has shape (2,) where",
    ),
    (
        lambda: js.Cosine([1.0, 2.0], 0.0, 9)(np.arange(2)),
        ValueError,
        "a scalar is meant; js.grid and js.stack evaluate many",
    ),
    (lambda: js.Cosine(1.0, 0.0, np.array([1, 2]))(3), ValueError, "as jax.vmap("),
    (
        lambda: js.Table([[1.0, 2.0]])(3),
        ValueError,
        "shape (1, 2) where one sequence is meant; js.grid",
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
