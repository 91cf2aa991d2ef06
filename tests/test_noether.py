"""The noether dialect: published values, the float64 oracle, exact boundaries, configs."""

import itertools
import json
import math
import random
import re
import types
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from oracles import noether as oracle

from jaxsched.dialects import noether
from jaxsched.fields import longest

HERE = Path(__file__).parent
GOLDEN = json.loads((HERE / "golden/noether.json").read_text())
LONG = 2**31 - 1
LENGTHS = [1, 2, 3, 7, 97, 1000, 10**6 + 3, 2**24 + 1, 10**9 + 7, LONG]
WIDTH = 192  # every array of steps is as long: one compilation for many configs


def native(name, kwargs):
    """The schedule of an oracle's name and kwargs."""
    config = {"kind": name} | {k: v for k, v in kwargs.items() if k != "total_steps"}
    if "schedule_configs" in config:
        config["schedule_configs"] = [
            {k: v for k, v in part.items() if k not in ("schedule", "kwargs")}
            | {"schedule": native(part["schedule"], part.get("kwargs", {}))}
            for part in kwargs["schedule_configs"]
        ]
    return noether.create(config)


def steps_of(total):
    """All steps where they fit, or both ends and random ones."""
    rng = random.Random(total)
    if total < WIDTH:
        steps = range(total + 1)
    else:
        drawn = [rng.randint(0, total) for _ in range(WIDTH // 2)]
        steps = sorted({*range(40), *drawn, *range(total - 40, total + 1)})
    return np.resize(np.array(steps, np.int64), WIDTH)


def close(got, expected, largest=None):
    """2e-6 of the value, and 2e-7 of the largest."""
    expected = np.asarray(expected, float)
    largest = np.abs(expected).max() if largest is None else largest
    np.testing.assert_allclose(np.asarray(got, float), expected, rtol=2e-6, atol=2e-7 * largest)


def check(name, kwargs, total):
    """get_value and .schedule are the oracle's values, at `steps_of` the total."""
    schedule, steps = native(name, kwargs), steps_of(total)
    expected = [oracle.value(name, kwargs, n, total) for n in steps.tolist()]
    close(schedule.get_value(steps, total), expected)
    close(schedule.schedule(total)(steps), expected)


# --- the published values -----------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted({entry["schedule"] for entry in GOLDEN}))
def test_golden(name):
    """Where the reference raises or extrapolates, ours is the oracle's: progress stops at 1."""
    for entry in GOLDEN:
        if entry["schedule"] != name:
            continue
        kwargs, total = entry["kwargs"], entry["kwargs"]["total_steps"]
        published = zip(entry["steps"], entry["values"], strict=True)
        inside = [(n, value) for n, value in published if n <= total]
        steps = np.array([n for n, _ in inside])
        expected = [
            oracle.value(name, kwargs, n, total)
            if value is None or oracle.extrapolates(name, kwargs, n, total)
            else value
            for n, value in inside
        ]
        assert len(steps) <= WIDTH
        got = native(name, kwargs).get_value(np.resize(steps, WIDTH), total)[: len(steps)]
        close(got, expected)


PAST_THE_END = [
    # extrapolated, each of these would be below 0, above 1, or complex
    ("LinearDecreasingSchedule", {"max_value": 1.0}, 0.0),
    ("LinearDecreasingSchedule", {"max_value": 1.0, "end_value": 0.25}, 0.25),
    ("LinearIncreasingSchedule", {"max_value": 1.0}, 1.0),
    ("CosineDecreasingSchedule", {"max_value": 1.0}, 0.0),
    ("CosineIncreasingSchedule", {"max_value": 1.0}, 1.0),
    ("PolynomialDecreasingSchedule", {"max_value": 1.0, "power": 0.5}, 0.0),
    ("PolynomialIncreasingSchedule", {"max_value": 1.0, "power": 1.7}, 1.0),
    ("CustomSchedule", {"values": [1.0, 0.5]}, 0.5),
]


@pytest.mark.parametrize(("name", "kwargs", "end"), PAST_THE_END)
def test_past_the_end_it_holds(name, kwargs, end):
    assert native(name, kwargs).get_value(10, 10).item() == end
    assert native(name, kwargs).schedule(10)(np.array([9, 10, 11, LONG])).tolist() == [end] * 4


# --- every class against the oracle -------------------------------------------------------------


def draw_overhang(rng):
    return rng.choice(
        [{}, {}, {"overhang_steps": rng.randint(0, 40)}, {"overhang_percent": rng.uniform(0, 0.6)}]
    )


def draw_progress(rng, name):
    low, high = sorted([rng.choice([0.0, rng.uniform(0, 1)]), rng.uniform(0.1, 2)])
    increasing = name.endswith("IncreasingSchedule")
    kwargs = {"max_value": high, "start_value" if increasing else "end_value": low}
    for key in ("exclude_first", "exclude_last"):
        kwargs |= rng.choice([{}, {key: True}])
    if name.startswith("Polynomial"):
        kwargs["power"] = rng.choice([0.0, 0.5, 1.0, 1.7, 2.0, 3.0, rng.uniform(0.2, 6)])
    return kwargs


def draw_steps(rng, name):
    kwargs = {"factor": rng.choice([0.0, 0.1, 0.5, 0.9, 1.0, 1.5])}
    # a few lengths of the lists: each compiles
    interval = rng.choice([0.5, 0.3, 0.2, 0.07, 1 / 3, 0.01])
    if name == "StepDecreasingSchedule":
        return kwargs | draw_progress(rng, name) | {"decreases_interval": interval}
    kwargs["start_value"] = rng.uniform(0.1, 2)
    if name == "StepIntervalSchedule":
        return kwargs | {"update_interval": interval}
    return kwargs | {"steps": [rng.uniform(0.001, 0.999) for _ in range(rng.choice([1, 3, 5]))]}


def draw_part(rng, depth):
    name = rng.choice(["ConstantSchedule", "LinearIncreasingSchedule", "CosineDecreasingSchedule"])
    if depth and rng.random() < 0.2:
        name = rng.choice(["SequentialPercentSchedule", "SequentialStepSchedule"])
    return {"schedule": name, "kwargs": draw(rng, name, depth - 1)}


def draw_sequence(rng, name, depth):
    """Parts with or without gaps, each bound given once, twice or, at the ends, not at all."""
    parts = [draw_part(rng, depth) for _ in range(rng.choice([1, 2, 3]))]
    unit = "percent" if name == "SequentialPercentSchedule" else "step"
    number = rng.random if unit == "percent" else lambda: rng.randint(1, 60)
    bounds = sorted(number() for _ in range(2 * len(parts)))
    for i, part in enumerate(parts):
        start, end = bounds[2 * i : 2 * i + 2]
        if i == 0 and rng.random() < 0.5:
            start = None
        if i and rng.random() < 0.5:
            start = None
        if i == len(parts) - 1 and rng.random() < 0.5:
            end = None
        part |= {f"start_{unit}": start, f"end_{unit}": end}
    return {"schedule_configs": parts}


def draw(rng, name, depth=1):
    """Random kwargs of one class."""
    if name == "ConstantSchedule":
        return {"value": rng.uniform(-1, 2)}
    if name == "CustomSchedule":
        return {"values": [rng.uniform(-1, 2) for _ in range(rng.choice([1, 10, 200]))]}
    if name == "PeriodicBoolSchedule":
        return {
            "initial_state": rng.random() < 0.5,
            "invert": rng.random() < 0.5,
            "on_value": rng.uniform(-1, 2),
            "off_value": rng.uniform(-1, 2),
            "on_duration": rng.randint(1, 5),
            "off_duration": rng.randint(1, 5),
        }
    if name.startswith("Sequential"):
        return draw_sequence(rng, name, depth) | draw_overhang(rng)
    if name == "LinearWarmupCosineDecaySchedule":
        given = rng.choice([("warmup_steps", rng.randint(0, 50)), ("warmup_percent", rng.random())])
        low, high = sorted([rng.choice([0.0, rng.random()]), rng.uniform(0.1, 2)])
        own = dict([given], start_value=low, max_value=high)
        return own | draw_overhang(rng)
    if name.startswith("Step"):
        return draw_steps(rng, name) | draw_overhang(rng)
    return draw_progress(rng, name) | draw_overhang(rng)


def draw_total(rng, kwargs):
    parts = kwargs.get("schedule_configs", [])
    # the reference divides by zero in a step part that the total leaves no room for
    least = max([kwargs.get("warmup_steps") or 0] + [p.get("end_step") or 61 for p in parts]) + 1
    small, large = rng.randint(least, least + 60), rng.choice([1000, 10**6 + 3, 10**9 + 7, LONG])
    return large if rng.random() < 0.2 and not parts else small


@pytest.mark.parametrize("name", sorted(noether.schedules()))
def test_against_the_oracle(name):
    rng = random.Random(name)
    for _ in range(30):
        kwargs = draw(rng, name)
        check(name, kwargs, draw_total(rng, kwargs))


@pytest.mark.parametrize("name", sorted(noether.schedules()))
def test_interval_epoch(name):
    """A stair, over the total rounded down to whole epochs."""
    rng = random.Random(name)
    for _ in range(8):
        kwargs = draw(rng, name)
        total = draw_total(rng, kwargs)
        epoch = rng.randint(1, max(1, total // 2))
        if "schedule_configs" in kwargs or "warmup_steps" in kwargs:
            epoch = 1  # no room is lost that a part needs
        schedule = native(name, kwargs | {"interval": "epoch"})
        steps = steps_of(total)
        expected = [oracle.epoch_value(name, kwargs, n, total, epoch) for n in steps.tolist()]
        close(schedule.schedule(total, epoch)(steps), expected)


def test_interval_epoch_of_a_sequence():
    kwargs = {
        "schedule_configs": [
            {"schedule": "LinearIncreasingSchedule", "kwargs": {"max_value": 1.0}, "end_step": 9},
            {"schedule": "CosineDecreasingSchedule", "kwargs": {"max_value": 1.0}},
        ]
    }
    schedule = native("SequentialStepSchedule", kwargs | {"interval": "epoch"}).schedule(50, 7)
    steps = steps_of(50)
    close(
        schedule(steps),
        [oracle.epoch_value("SequentialStepSchedule", kwargs, n, 50, 7) for n in steps.tolist()],
    )


@pytest.mark.parametrize(
    ("total", "epoch", "message"),
    [
        (10, None, "ConstantSchedule: interval epoch needs steps_per_epoch"),
        (10, 0, "steps_per_epoch must be at least 1, got 0"),
        (10, 2.5, "steps_per_epoch must be a whole number, got 2.5"),
        (10, 11, "total_steps must be at least steps_per_epoch=11, got 10"),
    ],
)
def test_interval_epoch_refuses(total, epoch, message):
    schedule = noether.ConstantSchedule(value=1.0, interval="epoch")
    with pytest.raises(ValueError, match=re.escape(message)):
        schedule.schedule(total, epoch)


# --- boundaries ---------------------------------------------------------------------------------


def changes(level, low, high):
    """The steps in low + 1 ... high whose level is not that of the step before."""
    stack, found = [(low, level(low), high, level(high))], []
    while stack:
        low, at_low, high, at_high = stack.pop()
        if at_low == at_high:  # levels never come back
            continue
        if high - low == 1:
            found.append(high)
            continue
        middle = (low + high) // 2
        at_middle = level(middle)
        stack += [(low, at_low, middle, at_middle), (middle, at_middle, high, at_high)]
    return sorted(found)


def check_boundaries(name, kwargs, total):
    def level(n):
        return oracle.value(name, kwargs, n, total)

    found = changes(level, 0, total)
    near = {0, total} | {b + i for b in found for i in range(-2, 3)}
    steps = sorted(n for n in near if 0 <= n <= total)
    assert len(steps) <= 512
    expected = np.array([level(n) for n in steps], jnp.result_type(float))
    schedule, padded = native(name, kwargs), np.resize(np.array(steps, np.int64), 512)
    for got in (schedule.get_value(padded, total), schedule.schedule(total)(padded)):
        wrong = np.flatnonzero(np.asarray(got)[: len(steps)] != expected)
        assert not wrong.size, f"{schedule} of {total}: steps {[steps[i] for i in wrong[:9]]}"
    return found


# dyadic levels: they are the same in float32 and float64, whatever the order of operations
OVERHANGS = [{}, {"overhang_percent": 0.07}, {"overhang_steps": 5}]
INTERVALS = [0.5, 0.1, 1 / 3, 0.07, 0.021]  # 2^-k down to what 1 - 2^-k still shows
BOUNDARIES = [
    *(
        ("StepFixedSchedule", {"factor": 0.5, "steps": steps} | overhang)
        for steps in ([0.01, 0.02, 0.03], [0.1, 0.2, 0.29, 1 / 3, 0.57, 0.58, 0.7, 0.999999])
        for overhang in OVERHANGS
    ),
    *(
        ("StepIntervalSchedule", {"factor": 0.5, "update_interval": interval} | overhang)
        for interval, overhang in zip(INTERVALS, OVERHANGS * 2, strict=False)
    ),
    *(
        (
            "StepDecreasingSchedule",
            {"factor": 0.5, "max_value": 1.0, "decreases_interval": interval}
            | overhang
            | {"exclude_first": i % 2 == 0, "exclude_last": i == 1},
        )
        for i, (interval, overhang) in enumerate(zip(INTERVALS, OVERHANGS * 2, strict=False))
    ),
]


def constants(unit, bounds, **overhang):
    """One level after another, halved each time; a bound is the start of a part."""
    starts = [None, *bounds]
    parts = [
        {"schedule": "ConstantSchedule", "kwargs": {"value": 0.5**i}, f"start_{unit}": start}
        for i, start in enumerate(starts)
    ]
    return {"schedule_configs": parts} | overhang


@pytest.mark.parametrize("total", LENGTHS)
def test_boundaries_are_exact(total):
    """Where the definition in float64 puts them, with nothing off by one."""
    for name, kwargs in BOUNDARIES:
        found = check_boundaries(name, kwargs, total)
        assert total < 1000 or len(found) >= 1
    fractions = [0.1, 0.29, 1 / 3, 0.58, 0.9999]
    for overhang in OVERHANGS:
        check_boundaries(
            "SequentialPercentSchedule", constants("percent", fractions, **overhang), total
        )
    if total >= 7:
        steps = sorted({1, 2, total // 3, total - 2, total - 1})
        for overhang in OVERHANGS:
            check_boundaries("SequentialStepSchedule", constants("step", steps, **overhang), total)


@pytest.mark.parametrize("total", [7, 97, 10**6 + 3, LONG])
def test_boundaries_of_parts_are_exact(total):
    """A part prolonged by its own overhang counts its own steps."""
    stairs = {"factor": 0.5, "steps": [0.1, 0.5, 0.9], "overhang_percent": 0.25}
    tread = {"factor": 0.5, "max_value": 2**-8, "decreases_interval": 0.3, "exclude_first": True}
    parts = [
        {"schedule": "StepFixedSchedule", "kwargs": stairs, "end_percent": 0.29},
        {"schedule": "StepDecreasingSchedule", "kwargs": tread},
    ]
    check_boundaries("SequentialPercentSchedule", {"schedule_configs": parts}, total)


# --- how values are asked for -------------------------------------------------------------------


def test_get_value_takes_ints_lists_arrays_and_tracers():
    schedule = noether.LinearDecreasingSchedule(max_value=1.0)
    line = [1.0, 0.75, 0.5, 0.25, 0.0, 0.0]
    assert schedule.get_value(1, 5).shape == ()
    assert schedule.get_value(1, total_steps=np.int64(5)).item() == 0.75
    assert schedule.get_value([0, 1, 2, 3, 4, 5], 5).tolist() == line
    assert schedule.get_value(jnp.arange(6), 5).tolist() == line
    assert schedule.get_value(np.arange(6).reshape(2, 3), 5).tolist() == [line[:3], line[3:]]
    assert schedule.get_value(np.array([], int), 5).shape == (0,)
    traced = jax.jit(lambda n: schedule.get_value(n, 5))
    assert traced(jnp.array([-9, 0, 1, 5, 6, LONG])).tolist() == [1.0, 1.0, 0.75, 0.0, 0.0, 0.0]


def test_a_traced_step_past_the_total_is_the_total():
    """Also where the schedule itself goes on."""
    schedule = noether.PeriodicBoolSchedule(initial_state=True)
    traced = jax.jit(lambda n: schedule.get_value(n, 4))
    assert traced(jnp.arange(-2, 9)).tolist() == [1, 1, 1, 0, 1, 0, 1, 1, 1, 1, 1]


@pytest.mark.parametrize("step", [-1, 11, [0, 11], np.array([-1, 3]), jnp.array(11), 2**40])
def test_a_known_step_out_of_range(step):
    schedule = noether.ConstantSchedule(value=1.0)
    message = f"step must be in 0 ... total_steps, got step={step} total_steps=10"
    with pytest.raises(ValueError, match=re.escape(message)):
        schedule.get_value(step, 10)


@pytest.mark.parametrize(
    ("total", "message"),
    [
        (0, "total_steps must be at least 1, got 0"),
        (-3, "total_steps must be at least 1, got -3"),
        (longest() + 1, f"must be at most {longest()} as an int (a float such as 2e12, "),
        (2.5, "total_steps must be a whole number, got 2.5"),
        ("10", "total_steps must be a number of counts, got"),
        (None, "total_steps must be a number of counts, got"),
        (True, "total_steps must be a number of counts, got"),
    ],
)
def test_total_steps_must_be_a_count(total, message):
    schedule = noether.ConstantSchedule(value=1.0)
    for ask in (schedule.schedule, lambda total: schedule.get_value(0, total)):
        with pytest.raises(ValueError, match=re.escape(message)):
            ask(total)


def test_total_steps_must_be_known():
    schedule = noether.ConstantSchedule(value=1.0)
    with pytest.raises(ValueError, match="total_steps must be a known int"):
        jax.jit(lambda total: schedule.get_value(0, total))(10)


# --- hyperparameters ----------------------------------------------------------------------------

TRACED = [
    ("LinearDecreasingSchedule", {"end_value": 0.1}, "max_value"),
    ("LinearIncreasingSchedule", {"max_value": 3.0}, "start_value"),
    ("CosineDecreasingSchedule", {"end_value": 0.1, "exclude_first": True}, "max_value"),
    ("PolynomialIncreasingSchedule", {"power": 1.7}, "max_value"),
    ("PolynomialDecreasingSchedule", {"max_value": 1.0}, "power"),
    ("StepDecreasingSchedule", {"factor": 0.5, "decreases_interval": 0.2}, "max_value"),
    ("StepDecreasingSchedule", {"max_value": 2.0, "decreases_interval": 0.2}, "factor"),
    ("StepFixedSchedule", {"factor": 0.5, "steps": [0.2, 0.7]}, "start_value"),
    ("StepFixedSchedule", {"steps": [0.2, 0.7]}, "factor"),
    ("StepIntervalSchedule", {"factor": 0.5, "update_interval": 0.3}, "start_value"),
    ("StepIntervalSchedule", {"update_interval": 0.3}, "factor"),
    ("ConstantSchedule", {}, "value"),
    ("LinearWarmupCosineDecaySchedule", {"warmup_steps": 5}, "max_value"),
    ("LinearWarmupCosineDecaySchedule", {"warmup_percent": 0.2}, "end_value"),
]


@pytest.mark.parametrize(("name", "kwargs", "key"), TRACED)
def test_vmap_over_a_hyperparameter(name, kwargs, key):
    batch, steps = [0.25, 0.5, 2.0], np.arange(21)

    def values(x):
        return native(name, kwargs | {key: x}).get_value(steps, 20)

    got = jax.jit(jax.vmap(values))(jnp.array(batch))
    for row, x in zip(got, batch, strict=True):
        close(row, [oracle.value(name, kwargs | {key: x}, n, 20) for n in steps.tolist()])


@pytest.mark.parametrize(("name", "kwargs", "key"), TRACED)
def test_gradient(name, kwargs, key):
    """Against a central difference of the oracle, in float64."""
    at, h, steps = 0.5, 1e-6, np.arange(21)
    got = jax.jacobian(lambda x: native(name, kwargs | {key: x}).get_value(steps, 20))(at)
    expected = [
        (
            oracle.value(name, kwargs | {key: at + h}, n, 20)
            - oracle.value(name, kwargs | {key: at - h}, n, 20)
        )
        / (2 * h)
        for n in steps.tolist()
    ]
    # the difference itself is right to some 1e-9
    np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)


def test_grad_of_one_value_with_respect_to_max_value():
    def value(peak):
        return noether.LinearDecreasingSchedule(max_value=peak).get_value(2, 5)

    assert jax.grad(value)(3.0).item() == 0.5


# --- configs ------------------------------------------------------------------------------------

REQUIRED = {
    "LinearDecreasingSchedule": {"max_value": 1.0},
    "LinearIncreasingSchedule": {"max_value": 1.0},
    "CosineDecreasingSchedule": {"max_value": 1.0},
    "CosineIncreasingSchedule": {"max_value": 1.0},
    "PolynomialDecreasingSchedule": {"max_value": 1.0},
    "PolynomialIncreasingSchedule": {"max_value": 1.0},
    "StepDecreasingSchedule": {"max_value": 1.0, "factor": 0.5, "decreases_interval": 0.3},
    "StepFixedSchedule": {"factor": 0.5, "steps": [0.25, 0.5]},
    "StepIntervalSchedule": {"factor": 0.5, "update_interval": 0.25},
    "ConstantSchedule": {"value": 0.5},
    "CustomSchedule": {"values": [1.0, 0.5]},
    "PeriodicBoolSchedule": {"initial_state": True},
    "SequentialPercentSchedule": {
        "schedule_configs": [{"schedule": {"kind": "ConstantSchedule", "value": 1.0}}]
    },
    "SequentialStepSchedule": {
        "schedule_configs": [{"schedule": {"kind": "ConstantSchedule", "value": 1.0}}]
    },
    "LinearWarmupCosineDecaySchedule": {"warmup_steps": 2},
}


def test_every_class_is_listed():
    assert sorted(REQUIRED) == sorted(noether.schedules())


@pytest.mark.parametrize("name", REQUIRED)
def test_a_config_in_every_form(name):
    """A mapping, keywords, the config class, an object with attributes, a kind, dotted or not."""
    kwargs, make = REQUIRED[name], getattr(noether, name)
    dotted = f"noether.core.schedules.{name}"
    forms = [
        make(kwargs),
        make(**kwargs),
        make(types.SimpleNamespace(**kwargs)),
        make(types.SimpleNamespace(kind=dotted, **kwargs)),
        noether.create({"kind": name, **kwargs}),
        noether.create({"kind": dotted, **kwargs}),
        noether.create(types.SimpleNamespace(kind=dotted, **kwargs)),
    ]
    if not name.startswith("Sequential"):
        config = getattr(noether, f"{name}Config")(**kwargs)
        forms += [make(config), noether.create(config)]
        assert forms[-1].config is config
    assert noether.create(forms[0]) is forms[0]
    expected = forms[0].get_value(np.arange(6), 5).tolist()
    for form in forms:
        assert type(form) is make
        assert form.get_value(np.arange(6), 5).tolist() == expected


def test_keywords_beside_a_config():
    """They win, and the fields are attributes of the schedule."""
    config = noether.StepFixedScheduleConfig(factor=0.5, steps=[0.5, 0.25])
    schedule = noether.StepFixedSchedule(config, factor=0.25, start_value=2.0)
    assert (schedule.factor, schedule.start_value, schedule.steps) == (0.25, 2.0, [0.25, 0.5])
    assert schedule.interval == "update"
    assert config.factor == 0.5
    with pytest.raises(AttributeError, match="decreases_interval"):
        _ = schedule.decreases_interval


def test_a_config_of_another_class_lends_its_fields():
    config = noether.LinearDecreasingScheduleConfig(max_value=1.0, exclude_last=True)
    schedule = noether.CosineDecreasingSchedule(config)
    assert schedule.exclude_last is True
    close(schedule.get_value(2, 4), 0.5)


def test_a_sequence_takes_a_bare_list_and_its_part_classes():
    parts = [
        noether.SequentialStepScheduleConfig(noether.ConstantSchedule(value=1.0), end_step=2),
        {"schedule": {"kind": "ConstantSchedule", "value": 0.5}},
        types.SimpleNamespace(schedule=noether.ConstantSchedule(value=0.25), start_step=4),
    ]
    schedule = noether.SequentialStepSchedule(parts)
    assert schedule.get_value(np.arange(7), 6).tolist() == [1.0, 1.0, 0.5, 0.5, 0.25, 0.25, 0.25]
    percent = noether.SequentialPercentSchedule(
        [
            noether.SequentialPercentScheduleConfig(schedule, end_percent=0.5),
            {"schedule": {"kind": "ConstantSchedule", "value": 2.0}},
        ]
    )
    expected = [1.0, 1.0, 0.5, 0.5, 0.25, 0.25, 2.0, 2.0]
    assert percent.get_value(np.arange(8), 14).tolist() == expected


def test_sequences_in_sequences():
    inner = {
        "schedule_configs": [
            {
                "schedule": "LinearIncreasingSchedule",
                "kwargs": {"max_value": 1.0, "overhang_percent": 0.5},
                "end_percent": 0.4,
            },
            {"schedule": "CosineDecreasingSchedule", "kwargs": {"max_value": 1.0}},
        ],
        "overhang_steps": 6,
    }
    kwargs = {
        "schedule_configs": [
            {"schedule": "SequentialPercentSchedule", "kwargs": inner, "start_step": 3},
            {
                "schedule": "SequentialPercentSchedule",
                "kwargs": inner,
                "start_step": 40,
                "end_step": 70,
            },
        ]
    }
    for total in (70, 100, 190):
        check("SequentialStepSchedule", kwargs, total)


def test_periodic_bool():
    """Every combination, all in one table of values."""
    for state, invert, off, on in itertools.product(*[(False, True)] * 2, *[(1, 2, 3)] * 2):
        kwargs = {"initial_state": state, "invert": invert, "off_duration": off, "on_duration": on}
        kwargs |= {"off_value": 0.25, "on_value": 4.0}
        check("PeriodicBoolSchedule", kwargs, 50)
    assert noether.PeriodicBoolSchedule(initial_state=True, on_duration=2).get_value(
        np.arange(6), 5
    ).tolist() == [1.0, 1.0, 0.0, 1.0, 1.0, 0.0]


@pytest.mark.parametrize(
    "kwargs",
    [
        {"overhang_percent": 0.1, "weight_decay": 0.1, "start_percent": 0.1, "end_percent": 0.4},
        {"overhang_steps": 3, "start_step": 2, "end_step": 5, "end_value": 0.5, "kind": None},
    ],
)
def test_base_fields_are_accepted_where_unused(kwargs):
    for name in ("ConstantSchedule", "StepFixedSchedule", "PeriodicBoolSchedule"):
        noether.schedules()[name](REQUIRED[name] | kwargs)


RULES = [
    # class, keys beside the required ones, message after the name of the config
    ("LinearDecreasingSchedule", {"max_value": -1.0}, "max_value must not be negative, got -1.0"),
    ("LinearDecreasingSchedule", {"end_value": -1.0}, "end_value must not be negative, got -1.0"),
    ("LinearDecreasingSchedule", {"end_value": 2.0}, "end_value must be at most max_value=1.0, 2"),
    ("LinearIncreasingSchedule", {"start_value": 2.0}, "start_value at most max_value=1.0, got 2"),
    ("CosineDecreasingSchedule", {"max_value": "1"}, "max_value must be a real number, got '1'"),
    ("CosineDecreasingSchedule", {"max_value": None}, "max_value must be a real number, got None"),
    ("CosineDecreasingSchedule", {"max_value": True}, "max_value must be a real number, got True"),
    ("CosineDecreasingSchedule", {"max_value": math.inf}, "max_value must be finite, got inf"),
    ("CosineIncreasingSchedule", {"max_value": math.nan}, "max_value must be finite, got nan"),
    ("CosineIncreasingSchedule", {"exclude_first": 1}, "exclude_first False or True, got 1"),
    ("CosineIncreasingSchedule", {"exclude_last": "no"}, "exclude_last False or True, got 'no'"),
    ("PolynomialDecreasingSchedule", {"power": -1.0}, "power must not be negative, got -1.0"),
    ("PolynomialIncreasingSchedule", {"power": "2"}, "power must be a real number, got '2'"),
    ("StepDecreasingSchedule", {"factor": -0.5}, "factor must not be negative, got -0.5"),
    *(
        (name, {key: value}, f"{key} must be {rule}, got {value}")
        for name, key in (
            ("StepDecreasingSchedule", "decreases_interval"),
            ("StepIntervalSchedule", "update_interval"),
        )
        for value, rule in ((0.0, "positive"), (1.0, "less than 1"), (-0.5, "positive"))
    ),
    ("StepFixedSchedule", {"factor": -0.5}, "factor must not be negative, got -0.5"),
    ("StepFixedSchedule", {"steps": []}, "steps must be a list that is not empty: []"),
    ("StepFixedSchedule", {"steps": 0.5}, "steps must be a list that is not empty: 0.5"),
    ("StepFixedSchedule", {"steps": "0.5"}, "steps must be a list that is not empty: '0.5'"),
    ("StepFixedSchedule", {"steps": [0.5, 1.0]}, "steps must be less than 1, got 1.0"),
    ("StepFixedSchedule", {"steps": [0.5, 0]}, "steps must be positive, got 0"),
    ("StepFixedSchedule", {"steps": [0.5, "x"]}, "steps must be a real number, got 'x'"),
    ("StepIntervalSchedule", {"factor": -0.5}, "factor must not be negative, got -0.5"),
    ("ConstantSchedule", {"value": "x"}, "value must be a real number, got 'x'"),
    ("CustomSchedule", {"values": []}, "values must hold at least one value"),
    ("CustomSchedule", {"values": 1.0}, "values must be a sequence of numbers, got 1.0"),
    ("CustomSchedule", {"values": [1.0, math.nan]}, "values must be finite, got"),
    ("PeriodicBoolSchedule", {"initial_state": 1}, "initial_state must be False or True, got 1"),
    ("PeriodicBoolSchedule", {"invert": "x"}, "invert must be False or True, got 'x'"),
    ("PeriodicBoolSchedule", {"off_duration": 0}, "off_duration must be at least 1, got 0"),
    ("PeriodicBoolSchedule", {"on_duration": 1.5}, "on_duration must be a whole number, got 1.5"),
    ("LinearWarmupCosineDecaySchedule", {"warmup_steps": None}, "exactly one of warmup_steps"),
    ("LinearWarmupCosineDecaySchedule", {"warmup_percent": 0.1}, "exactly one of warmup_steps"),
    ("LinearWarmupCosineDecaySchedule", {"warmup_steps": -1}, "warmup_steps not be negative, -1"),
    (
        "LinearWarmupCosineDecaySchedule",
        {"warmup_steps": None, "warmup_percent": 1.5},
        "warmup_percent must be at most 1, got 1.5",
    ),
    ("ConstantSchedule", {"start_value": -1.0}, "start_value must not be negative, got -1.0"),
    ("ConstantSchedule", {"end_value": -1.0}, "end_value must not be negative, got -1.0"),
    ("ConstantSchedule", {"interval": "step"}, "interval must be update or epoch, got 'step'"),
    ("ConstantSchedule", {"overhang_percent": 0.1, "overhang_steps": 1}, "only one of overhang_"),
    ("ConstantSchedule", {"overhang_steps": 1.5}, "overhang_steps must be a whole number, got 1.5"),
    ("ConstantSchedule", {"weight_decay": "x"}, "weight_decay must be a real number, got 'x'"),
    ("ConstantSchedule", {"start_percent": 0.1}, "both start_percent and end_percent"),
    ("ConstantSchedule", {"end_step": 3}, "both start_step and end_step, or neither"),
    ("ConstantSchedule", {"start_percent": 0.5, "end_percent": 0.5}, "start_percent than 0.5"),
    ("ConstantSchedule", {"start_step": 5, "end_step": 2}, "start_step less than end_step=2, 5"),
    ("ConstantSchedule", {"start_percent": -0.1, "end_percent": 0.5}, "start_percent negative"),
    ("ConstantSchedule", {"kind": "StepFixedSchedule"}, "kind must name its schedule, got 'StepFi"),
]


@pytest.mark.parametrize(("name", "kwargs", "message"), RULES)
def test_rules(name, kwargs, message):
    """The message names the class, the field, the rule and the value."""
    with pytest.raises(ValueError) as caught:
        getattr(noether, name)(REQUIRED[name] | kwargs)
    text = str(caught.value)
    assert text.startswith(f"{name}Config")
    for word in message.split():
        assert word.rstrip(",") in text, f"{word} is not in {text}"


@pytest.mark.parametrize(
    ("name", "key"),
    [(name, key) for name, kwargs in REQUIRED.items() for key in kwargs if key != "warmup_steps"],
)
def test_a_missing_key(name, key):
    kwargs = {k: v for k, v in REQUIRED[name].items() if k != key}
    config = "SequentialScheduleConfig" if name.startswith("Sequential") else f"{name}Config"
    with pytest.raises(ValueError, match=f"{config} needs {key}"):
        getattr(noether, name)(kwargs)


@pytest.mark.parametrize("name", REQUIRED)
def test_an_argument_that_there_is_not(name):
    """Of a schedule, its config and its methods."""
    schedule = getattr(noether, name)
    with pytest.raises(ValueError, match="has no key 'intervall'; did you mean 'interval'?"):
        schedule(**REQUIRED[name], intervall="update")
    config = schedule.config_type
    message = f"{config.__name__}() has no argument 'intervall'; did you mean 'interval'?"
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        config(**REQUIRED[name], intervall="update")


def test_other_arguments_that_there_are_not():
    part, constant = noether.SequentialStepScheduleConfig, noether.ConstantSchedule(value=1.0)
    with pytest.raises(TypeError, match="has no argument 'endstep'; did you mean 'end_step'?"):
        part(schedule=constant, endstep=3)
    with pytest.raises(TypeError, match="has no argument 'total'; did you mean 'total_steps'?"):
        constant.schedule(total=9)
    with pytest.raises(TypeError, match="has no argument 'total'; did you mean 'total_steps'?"):
        constant.get_value(3, total=9)


@pytest.mark.parametrize("warmup", [4, 7])
def test_a_warmup_and_nothing(warmup):
    """A run as long as its warmup rises; of 4 steps the reference refuses the fall of none."""
    config = {"warmup_steps": warmup, "end_value": 0.01}
    schedule = noether.LinearWarmupCosineDecaySchedule(config)
    rise = np.arange(1, 6) / (warmup + 1)
    np.testing.assert_allclose(schedule.get_value(np.arange(5), 4), rise, 1e-6)
    np.testing.assert_allclose(schedule.schedule(4)(np.arange(5)), rise, 1e-6)


@pytest.mark.parametrize("percent", [0.0, 0.999, 1.0])
def test_a_warmup_of_all_percent(percent):
    config = {"warmup_percent": percent, "end_value": 0.01}
    expected = [oracle.value("LinearWarmupCosineDecaySchedule", config, n, 4) for n in range(5)]
    schedule = noether.LinearWarmupCosineDecaySchedule(config)
    np.testing.assert_allclose(schedule.get_value(np.arange(5), 4), expected, 1e-6)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"kind": "StepFixedSchedul", "factor": 1.0}, "did you mean 'StepFixedSchedule'?"),
        ({"kind": "noether.core.schedules.Cosine"}, "unknown kind 'noether.core.schedules.Cosine'"),
        ({"kind": "ScheduleBase"}, "unknown kind 'ScheduleBase'"),
        ({"value": 1.0}, "a noether config needs a kind"),
        (None, "a noether config needs a kind"),
        (1.0, "a noether config needs a kind"),
        (
            {"kind": "ConstantSchedule", "valeu": 1.0},
            "ConstantScheduleConfig has no key 'valeu'; did you mean 'value'?",
        ),
        (
            {"kind": "StepFixedSchedule", "factor": 0.5, "step": [0.5]},
            "StepFixedScheduleConfig has no key 'step'; did you mean 'steps'?",
        ),
    ],
)
def test_create_refuses(config, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        noether.create(config)


@pytest.mark.parametrize("config", ["x", 1.0, [1.0]])
def test_a_config_is_a_mapping_or_an_object(config):
    with pytest.raises(ValueError, match="ConstantScheduleConfig must be a mapping or an object"):
        noether.ConstantSchedule(config)


ONE = {"kind": "ConstantSchedule", "value": 1.0}
SEQUENCES = [
    ("SequentialStepSchedule", [], "must be a list of parts"),
    ("SequentialStepSchedule", "x", "SequentialScheduleConfig must be a mapping"),
    ("SequentialStepSchedule", [1.0], "must be a mapping"),
    ("SequentialStepSchedule", [{"end_step": 3}], "SequentialStepScheduleConfig needs schedule"),
    ("SequentialStepSchedule", [{"schedule": 1.0}], "a noether config needs a kind"),
    ("SequentialStepSchedule", [{"schedule": ONE}] * 2, "no end_step in part 0, no start_"),
    (
        "SequentialStepSchedule",
        [{"schedule": ONE, "end_step": 5}, {"schedule": ONE, "start_step": 3}],
        "starts and ends out of order, [0, 5, 3]",
    ),
    (
        "SequentialStepSchedule",
        [{"schedule": ONE, "end_steps": 5}],
        "SequentialStepScheduleConfig has no key 'end_steps'; did you mean 'end_step'?",
    ),
    (
        "SequentialStepSchedule",
        [{"schedule": ONE, "end_step": -5}],
        "SequentialStepScheduleConfig(end_step=...) must not be negative, got -5",
    ),
    (
        "SequentialStepSchedule",
        [{"schedule": ONE, "end_step": 2.5}],
        "SequentialStepScheduleConfig(end_step=...) must be a whole number, got 2.5",
    ),
    (
        "SequentialPercentSchedule",
        [{"schedule": ONE, "end_percent": 1.5}],
        "SequentialPercentScheduleConfig(end_percent=...) must be at most 1, got 1.5",
    ),
    (
        "SequentialPercentSchedule",
        [{"schedule": ONE, "end_step": 5}],
        "SequentialPercentScheduleConfig has no key 'end_step'",
    ),
    (
        "SequentialPercentSchedule",
        [{"schedule": {"kind": "ConstantSchedul"}}],
        "unknown kind 'ConstantSchedul'; did you mean 'ConstantSchedule'?",
    ),
]


@pytest.mark.parametrize(("name", "parts", "message"), SEQUENCES)
def test_a_sequence_refuses(name, parts, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        getattr(noether, name)(parts)


@pytest.mark.parametrize("name", ["ScheduleBase", "ProgressSchedule", "DecreasingProgressSchedule"])
def test_a_base_class_has_no_values(name):
    make = getattr(noether, name)
    schedule = make(max_value=1.0) if name.startswith("Decreasing") else make()
    with pytest.raises(NotImplementedError, match=f"{name} is a base class"):
        schedule.schedule(10)


# --- the examples of the page -------------------------------------------------------------------


@pytest.mark.parametrize("total", [100, 1000, 10**6 + 3])
@pytest.mark.parametrize("name", ["step_decreasing", "step_fixed"])
def test_page_example(name, total):
    yaml = pytest.importorskip("yaml", reason="the page's examples are YAML")
    text = (HERE / f"data/noether_{name}.yaml").read_text()
    config = yaml.safe_load(text)["schedule_config"]
    kind = config["kind"].split(".")[-1]
    kwargs = {key: value for key, value in config.items() if key != "kind"}
    steps = steps_of(total)
    expected = [oracle.value(kind, kwargs, n, total) for n in steps.tolist()]
    close(noether.create(config).get_value(steps, total), expected)
