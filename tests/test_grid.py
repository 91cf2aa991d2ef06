"""Grids: the same as the loop over their points, one program per structure."""

import pickle
import re

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from cases import CASES
from hypothesis import given, strategies as st

import jaxsched as js
from jaxsched import testing
from jaxsched.grids import as_one

COUNTS = np.arange(-3, 120)


def cosines(**axes):
    return js.grid(lambda peak, warmup: js.Cosine(peak, 0.0, 90).warmup(warmup), **axes)


def small():
    return cosines(peak=[0.1, 0.2, 0.4], warmup=[0, 10])


SHAPES = {"line": js.Linear, "cosine": js.Cosine, "root": lambda *a: js.Power(*a, 0.5)}


def mixed():
    return js.grid(
        lambda peak, shape, steps: SHAPES[shape](peak, 0.1 * peak, steps),
        peak=[0.5, 1.0],
        shape=["root", "line", "cosine"],
        steps=[50, 99.5],
    )


def check_equal(values, loop):
    ulps = 2 if values.dtype == np.float32 else 2**12
    np.testing.assert_allclose(values, loop, rtol=ulps * np.finfo(values.dtype).eps, atol=1e-37)


def of_the_core(case):
    return case.entry is None or getattr(case.entry, "__module__", "") == "jaxsched.recipes"


@pytest.mark.parametrize(
    "case",
    list({c.entry or type(c.schedule): c for c in CASES if of_the_core(c)}.values()),
    ids=lambda case: case.name,
)
def test_a_grid_is_the_loop_for_every_public_schedule(case):
    points = [case.schedule, case.schedule * 0.5, testing._varied(case.schedule, 1), case.schedule]
    values = js.stack(points)(COUNTS)
    check_equal(values, np.stack([point(COUNTS) for point in points]))


@pytest.mark.parametrize("make", [small, mixed])
@pytest.mark.parametrize("counts", [7, [1, 2, 3], np.arange(6).reshape(2, 3), np.zeros((0,), int)])
def test_the_shape_is_that_of_the_grid_and_of_the_counts(make, counts):
    grid = make()
    values = grid(counts)
    assert values.shape == grid.shape + np.shape(counts)
    assert values.dtype == jnp.result_type(float)
    loop = np.array([point(counts) for point in grid]).reshape(values.shape)
    check_equal(values, loop)


axis = st.lists(st.floats(1e-3, 1.0), min_size=1, max_size=4, unique=True)


@given(axis, st.lists(st.integers(0, 40), min_size=1, max_size=3, unique=True), st.data())
def test_any_point_is_where_its_record_says(peaks, warmups, data):
    grid = cosines(peak=peaks, warmup=warmups)
    i = data.draw(st.integers(0, len(peaks) - 1))
    j = data.draw(st.integers(0, len(warmups) - 1))
    record = {"peak": peaks[i], "warmup": warmups[j]}
    assert grid.records()[i * len(warmups) + j] == record
    assert grid[i, j] is grid[record]
    check_equal(grid(COUNTS)[i, j], js.Cosine(peaks[i], 0.0, 90).warmup(warmups[j])(COUNTS))


def test_one_trace_per_structure_and_none_for_new_numbers():
    traces = chex.assert_max_traces(lambda peak, n: peak * n, n=2)  # one for each type of `steps`

    class Counted(js.Schedule):
        peak: float
        steps: int = js.fields.length()

        def at(self, t):
            return traces(self.peak, t.astype(self.peak.dtype))

    chex.clear_trace_counter()
    for scale in (1.0, 2.0, 3.0):
        grid = js.grid(lambda p, n, s=scale: Counted(s * p, n), p=[1.0, 2.0], n=[3, 4, 5.5, 6.5])
        assert len(grid.groups) == 2
        assert grid(np.arange(9)).shape == (2, 4, 9)


def test_the_attributes():
    grid = mixed()
    assert grid.shape == (2, 3, 2) and len(grid) == 12
    assert grid.names == ("peak", "shape", "steps")
    assert grid.axes["shape"] == ("root", "line", "cosine")
    assert repr(small()) == "Grid(peak=[0.1, 0.2, 0.4], warmup=[0, 10])"
    # an integer and a fractional length are two structures
    assert len(grid.groups) == 6
    assert sorted(np.concatenate([members for members, _ in grid.groups])) == list(range(12))
    for members, stacked in grid.groups:
        for row, member in enumerate(members):
            one = jax.tree.map(lambda leaf, row=row: leaf[row], stacked)
            testing._check_same_tree(
                "group", list(grid)[member], jax.tree.map(lambda leaf: leaf.item(), one)
            )


def test_indexing():
    grid = mixed()
    assert grid[1, 2, 0] is list(grid)[10]
    assert grid[-1, -1, -1] is list(grid)[-1]
    assert grid[{"peak": 1.0, "shape": "cosine", "steps": 50}] is grid[1, 2, 0]
    part = grid[:, 1:, 0]
    assert part.axes == {"peak": (0.5, 1.0), "shape": ("line", "cosine")}
    check_equal(part(COUNTS), grid(COUNTS)[:, 1:, 0])
    assert grid[1].shape == (3, 2) and grid[..., 1].names == ("peak", "shape")
    assert grid[{"shape": "line"}].axes == {"peak": (0.5, 1.0), "steps": (50, 99.5)}
    assert grid[::-1].axes["peak"] == (1.0, 0.5)
    check_equal(grid[::-1](COUNTS), grid(COUNTS)[::-1])


def test_values_are_plain():
    kinds = []
    js.grid(
        lambda **point: kinds.append([type(v) for v in point.values()]) or js.Constant(1.0),
        a=np.array([0.5, 1.0]),
        b=jnp.arange(2),
        c=(np.float32(x) for x in (1, 2)),
        d=[js.Linear, js.Cosine],
    )
    assert kinds[0] == [float, int, float, type(js.Linear)] and len(kinds) == 16


def test_whole_schedules_may_be_an_axis():
    grid = js.grid(
        lambda decay, warmup: decay.warmup(warmup),
        decay=[js.Linear(1.0, 0.0, 50), js.Cosine(1.0, 0.0, 50)],
        warmup=[5, 10],
    )
    assert grid[1, 1].schedule is grid.axes["decay"][1]
    assert grid[{"decay": grid.axes["decay"][1]}].shape == (2,)


METHODS = {
    "then": lambda s: s.then(0.5),
    "warmup": lambda s: s.warmup(7, start=0.1),
    "delay": lambda s: s.delay(3),
    "skip": lambda s: s.skip(3),
    "stop": lambda s: s.stop(30),
    "hold": lambda s: s.hold(3).then(0.25),
    "restarts": lambda s: s.restarts(3, growth=2, gain=0.5),
    "repeat": lambda s: s.repeat(),
    "every": lambda s: s.every(5),
    "per": lambda s: s.per(2),
    "clip": lambda s: s.clip(0.1, 0.3),
    "2 * s": lambda s: 2 * s,
    "s * 2": lambda s: s * 2,
    "s + s": lambda s: s + s,
    "1 + s": lambda s: np.float32(1) + s,
    "s - 1": lambda s: s - 1,
    "1 - s": lambda s: 1 - s,
    "s / 2": lambda s: s / 2,
    "1 / (s + 1)": lambda s: 1 / (s + 1),
    "-s": lambda s: -s,
    "+s": lambda s: +s,
}


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS.keys())
def test_the_algebra_works_on_a_whole_grid(method):
    grid = mixed()[:, :, 0]
    made = method(grid)
    assert made.axes == grid.axes
    loop = np.stack([method(point)(COUNTS) for point in grid])
    check_equal(made(COUNTS), loop.reshape(2, 3, -1))


def test_every_method_of_a_schedule_is_one_of_a_grid():
    methods = {name for name, f in vars(js.Schedule).items() if callable(f)}
    not_algebra = {"check", "at", "stretched", "traced"}
    lacking = {m for m in methods - not_algebra if not m.startswith("_")} - set(vars(js.Grid))
    assert not lacking


def test_flat_trains_one_model_per_point():
    grid = small()
    values = jax.vmap(lambda s: s(jnp.arange(9)))(grid.flat)
    check_equal(values, grid(np.arange(9)).reshape(6, 9))


def test_flat_names_the_axes_that_change_the_structure():
    with pytest.raises(ValueError, match="6 differ along shape and steps"):
        mixed().flat  # noqa: B018


def test_as_one_structure():
    grid = mixed()
    one = as_one(grid)
    check_equal(jax.vmap(lambda s: s(COUNTS))(one), grid(COUNTS).reshape(12, -1))
    alike = small()
    assert as_one(alike) is alike.flat


def test_a_grid_inside_jit_and_of_traced_numbers():
    def total(peak):
        return js.grid(lambda k: js.Linear(k * peak, 0.0, 10), k=[1.0, 2.0])(np.arange(11)).sum()

    np.testing.assert_allclose(jax.jit(total)(2.0), 33.0, rtol=1e-6)
    np.testing.assert_allclose(jax.grad(total)(2.0), 16.5, rtol=1e-6)


def test_a_grid_can_be_pickled():
    copy = pickle.loads(pickle.dumps(small()))
    assert copy.axes == small().axes
    assert (copy(COUNTS) == small()(COUNTS)).all()


def test_a_grid_of_four_thousand_points():
    grid = cosines(peak=np.linspace(0.1, 1.0, 64), warmup=range(64))
    values = grid(np.arange(100))
    assert values.shape == (64, 64, 100) and len(grid.groups) == 1
    check_equal(values[63, 63], grid[63, 63](np.arange(100)))


def test_stack():
    named = js.stack({"flat": js.Constant(0.5), "line": js.Linear(1.0, 0.0, 9)})
    assert named.axes == {"name": ("flat", "line")}
    assert named[{"name": "line"}].steps == 9
    assert js.stack(iter(named)).records() == [{"name": 0}, {"name": 1}]


# --- Switch ---------------------------------------------------------------------------------------

SEVERAL = (js.Linear(1.0, 0.5, 10), js.Cosine(1.0, 0.0, 20), js.Constant(0.3))


@pytest.mark.parametrize("index", range(3))
def test_choose_is_the_chosen_one(index):
    chosen = js.Switch(SEVERAL, index)
    np.testing.assert_array_equal(chosen(COUNTS), SEVERAL[index](COUNTS))
    assert chosen.duration == SEVERAL[index].duration


def test_choose_by_a_traced_index():
    values = jax.vmap(lambda i: js.Switch(SEVERAL, i)(COUNTS))(jnp.arange(-1, 4))
    for i, value in zip([0, 0, 1, 2, 2], values, strict=True):  # out of range: the nearest
        check_equal(value, SEVERAL[i](COUNTS))
    then = jax.vmap(lambda i: js.Switch(SEVERAL[:2], i).then(0.7)(COUNTS))(jnp.arange(2))
    for s, value in zip(SEVERAL, then, strict=False):
        check_equal(value, s.then(0.7)(COUNTS))
    with pytest.raises(ValueError, match="needs a schedule with a duration"):
        jax.vmap(lambda i: js.Switch(SEVERAL, i).then(0.7)(COUNTS))(jnp.arange(2))


# --- bad input ------------------------------------------------------------------------------------


def raising(**point):
    raise RuntimeError("no luck")


GOOD = {"peak": [0.1], "warmup": [1]}
BAD = {
    "grid(make, ...) needs at least one axis": lambda: js.grid(cosines),
    "grid(peak=...) must hold at least one value": lambda: cosines(peak=[], warmup=[1]),
    "grid(warmup=...) must be a sequence of values, got 5": lambda: cosines(peak=[0.1], warmup=5),
    "grid(peak=...) must be a sequence of values, got 'abc'": lambda: cosines(peak="abc"),
    "make failed at peak=0.1, warmup=-1: Warmup(steps=...) must not be negative": lambda: cosines(
        peak=[0.1], warmup=[3, -1]
    ),
    "grid: make failed at peak=0.1, warmup=1: no luck": lambda: js.grid(raising, **GOOD),
    "make at peak=0.1, warmup=1 must be a schedule (js.as_schedule makes one), got None": (
        lambda: js.grid(lambda **point: None, **GOOD)
    ),
    "unexpected keyword argument 'peek'": lambda: cosines(peek=[0.1], warmup=[1]),
    "stack(schedules) needs at least one schedule": lambda: js.stack([]),
    "stack: schedule 1 must be a schedule": lambda: js.stack([js.Constant(1.0), "cosine"]),
    "did you mean 'peak'?": lambda: small()[{"peek": 0.1}],
    "no peak=0.3 among [0.1, 0.2, 0.4]": lambda: small()[{"peak": 0.3}],
    "grid[...] takes ints, slices and values by name": lambda: small()[[0, 1]],
    "grids of the same axes are expected": lambda: small() * mixed(),
    "index 3 is out of bounds": lambda: small()[3],
    "Switch(schedules=...) must hold at least one schedule": lambda: js.Switch([], 0),
    "Switch(index=...) must be an int from 0 to 2, got 3": lambda: js.Switch(SEVERAL, 3),
    "Switch(index=...) must be a whole number, got 0.5": lambda: js.Switch(SEVERAL, 0.5),
    "Switch(index=...) must not be negative, got -1": lambda: js.Switch(SEVERAL, -1),
    "a count must be an integer or a float": lambda: small()("soon"),
}


ENDLESS_OR_5 = [js.InverseSqrt(1.0, 10), js.Cosine(1.0, 0.0, 5)]


def test_the_chosen_one_decides_what_is_repeated():
    cycle = np.asarray(ENDLESS_OR_5[1](np.arange(5))).tolist()
    chosen = js.Switch(ENDLESS_OR_5, 1)
    assert chosen.repeat()(np.arange(12)).tolist() == (cycle * 3)[:12]
    assert chosen.restarts(2)(np.arange(11)).tolist() == [*cycle, *cycle, 0.0]
    assert chosen.restarts(2, growth=1.0).duration == 10
    assert jax.jit(lambda s, n: s(n))(chosen.delay(2).repeat(), 7 + 3) == cycle[1]


@pytest.mark.parametrize("method", ["repeat", "restarts", "hold", "then"])
def test_a_traced_choice_among_some_that_never_end_is_refused(method):
    given = {"repeat": (), "restarts": (2,), "hold": (3,), "then": (0.5,)}[method]
    with pytest.raises(ValueError, match="needs a schedule with a duration, and Switch has none"):
        jax.eval_shape(lambda i: getattr(js.Switch(ENDLESS_OR_5, i), method)(*given)(3), 1)


@pytest.mark.parametrize("message, bad", BAD.items(), ids=BAD.keys())
def test_bad_input(message, bad):
    with pytest.raises((ValueError, TypeError, LookupError), match=re.escape(message)):
        bad()
