"""The Transformers dialect: recorded and live values, the ends, traced numbers, refusals."""

import inspect
import json
import re
import warnings
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from oracles import transformers as oracle
from standins import Optimizer, Scheduler, assert_no_learning_rate, assert_suggests

import jaxsched as js
from jaxsched.dialects import transformers as hf

HERE = Path(__file__).parent
GOLDEN = json.loads((HERE / "golden/transformers.json").read_text())
LONG = 2**31 - 1
X64 = jax.config.jax_enable_x64
COUNTS = np.arange(256)  # every array of counts is as long: settings share a compilation
FUNCTIONS = {
    "constant": hf.get_constant_schedule,
    "constant_with_warmup": hf.get_constant_schedule_with_warmup,
    "linear": hf.get_linear_schedule_with_warmup,
    "cosine": hf.get_cosine_schedule_with_warmup,
    "cosine_with_restarts": hf.get_cosine_with_hard_restarts_schedule_with_warmup,
    "polynomial": hf.get_polynomial_decay_schedule_with_warmup,
    "inverse_sqrt": hf.get_inverse_sqrt_schedule,
    "cosine_with_min_lr": hf.get_cosine_with_min_lr_schedule_with_warmup,
    "cosine_warmup_with_min_lr": hf.get_cosine_with_min_lr_schedule_with_warmup_lr_rate,
    "warmup_stable_decay": hf.get_wsd_schedule,
}
each_name = pytest.mark.parametrize("name", FUNCTIONS)


def close(got, expected, largest=None):
    """2e-6 of the value and 2e-7 of the largest, or 1e-9 of both in float64."""
    expected = np.asarray(expected, float)
    largest = np.abs(expected).max() if largest is None else largest
    rtol, atol = (1e-9, 1e-9) if X64 else (2e-6, 2e-7)
    np.testing.assert_allclose(np.asarray(got, float), expected, rtol=rtol, atol=atol * largest)


def values(schedule, counts):
    """At a few counts, by the array that is compiled anyway."""
    return np.asarray(schedule(np.resize(np.asarray(counts), COUNTS.shape)))[: len(counts)]


def arguments(name, **given):
    """Those of `given` that the function of a name takes."""
    known = inspect.signature(FUNCTIONS[name]).parameters
    return {key: x for key, x in given.items() if key in known}


def test_entries():
    assert set(hf.DIALECT.entries.values()) == {hf.get_scheduler, *FUNCTIONS.values()}


# --- recorded values ----------------------------------------------------------------------------


@each_name
def test_golden(name):
    entries = [entry for entry in GOLDEN if entry["schedule"] == name]
    assert entries
    for entry in entries:
        steps = np.array(entry["steps"])
        known = np.array([x is not None for x in entry["values"]])
        expected = np.array([x for x in entry["values"] if x is not None])
        own = entry["kwargs"].get("scheduler_specific_kwargs", {})
        got = values(hf.get_scheduler(name, entry["base_lr"], **entry["kwargs"]), steps)
        close(got[known], expected)
        # theirs divides by zero after a polynomial's warmup of all the steps, ours is at its end
        assert known.all() or name == "polynomial"
        close(got[~known], np.full(np.sum(~known), own.get("lr_end", 1e-7)), entry["base_lr"])
        warmup, total = (entry["kwargs"][f"num_{key}_steps"] for key in ("warmup", "training"))
        for n, x in zip(entry["steps"], entry["values"], strict=True):
            if x is not None:
                told = oracle.value(name, n, entry["base_lr"], warmup or 0, total, **own)
                assert told == pytest.approx(x, rel=1e-12, abs=1e-16)


# --- the library itself -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def library():
    """transformers.optimization, and a learning rate's optimizer."""
    why = "the live test needs transformers and torch"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        optimization = pytest.importorskip("transformers.optimization", reason=why)
        torch = pytest.importorskip("torch", reason=why)
    parameter = torch.zeros(1, requires_grad=True)
    return optimization, lambda lr: torch.optim.SGD([parameter], lr=lr)


def theirs(make, base_lr):
    """Their learning rates, NaN where they divide by zero."""

    def rate(lr_lambda, n):
        try:
            return base_lr * lr_lambda(n)
        except ZeroDivisionError:
            return np.nan

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of num_stable_steps beside num_training_steps
        try:
            (lr_lambda,) = make().lr_lambdas
        except ZeroDivisionError:
            return np.full(COUNTS.shape, np.nan)
    return np.array([rate(lr_lambda, n) for n in COUNTS.tolist()])


RATES = st.floats(1e-4, 1.0)
RATIOS = st.floats(0.0, 1.5)
CYCLES = st.sampled_from([0.25, 0.5, 1, 1.5, 2, 3, 1 / 3, 0.7, 1.3]) | st.floats(
    0.125, 4.0, width=32
)


def optional(**strategies):
    return st.fixed_dictionaries({}, optional=strategies)


def either(low, key, ratio_key):
    """A lowest value, or its ratio."""
    return st.builds(lambda x: {key: x}, low) | st.builds(lambda x: {ratio_key: x}, RATIOS)


def merged(*strategies):
    return st.tuples(*strategies).map(
        lambda parts: {k: x for part in parts for k, x in part.items()}
    )


MIN_LR = either(st.floats(-0.1, 0.5), "min_lr", "min_lr_rate")
KINDS = st.sampled_from(["linear", "cosine", "1-sqrt"])
OWN = {
    "cosine": optional(num_cycles=CYCLES),
    "cosine_with_restarts": optional(num_cycles=st.sampled_from([1, 2, 3, 5, 17, 0.5, 2.5])),
    "polynomial": optional(lr_end=st.floats(-0.1, 9e-5), power=st.just(0.0) | st.floats(0.25, 4.0)),
    "inverse_sqrt": optional(timescale=st.integers(1, 300)),
    "cosine_with_min_lr": merged(MIN_LR, optional(num_cycles=CYCLES)),
    "cosine_warmup_with_min_lr": merged(
        MIN_LR, optional(num_cycles=CYCLES, warmup_lr_rate=st.floats(-0.1, 1.5))
    ),
    "warmup_stable_decay": merged(
        st.fixed_dictionaries({"num_decay_steps": st.integers(0, 150)}),
        optional(
            num_stable_steps=st.integers(0, 100),
            warmup_type=KINDS,
            decay_type=KINDS,
            min_lr_ratio=st.floats(-0.1, 1.5),
            num_cycles=CYCLES,
        ),
    ),
}


@pytest.mark.parametrize("entry", hf.DIALECT.entries.values(), ids=lambda entry: entry.__name__)
def test_against_the_library(entry, library):
    optimization, optimizer = library
    own_names = [name for name, function in FUNCTIONS.items() if function is entry]

    @settings(max_examples=200)
    @given(st.data())
    def run(data):
        name = data.draw(st.sampled_from(own_names or list(FUNCTIONS)))
        base_lr, own = data.draw(RATES), data.draw(OWN.get(name, st.just({})))
        steps = {
            "num_warmup_steps": data.draw(st.integers(0, 80)),
            "num_training_steps": data.draw(st.integers(0, 220)),
        }
        if entry is hf.get_scheduler:
            schedule = entry(name, base_lr, **steps, scheduler_specific_kwargs=own)

            def make():
                return optimization.get_scheduler(
                    name, optimizer(base_lr), **steps, scheduler_specific_kwargs=own
                )
        else:
            given = arguments(name, **steps, **own)
            schedule = entry(base_lr, **given)

            def make():
                return getattr(optimization, entry.__name__)(optimizer(base_lr), **given)

        expected, got = theirs(make, base_lr), np.asarray(schedule(COUNTS))
        raised = np.isnan(expected)
        largest = max(base_lr, *np.abs(expected[~raised]), 0.0)
        close(got[~raised], expected[~raised], largest)
        if raised.any():
            assert name == "polynomial"
            assert steps["num_training_steps"] == steps["num_warmup_steps"]
            close(got[raised], np.full(raised.sum(), own.get("lr_end", 1e-7)), largest)

    run()


def test_names_are_theirs(library):
    from transformers.trainer_utils import SchedulerType

    adaptive = {"reduce_lr_on_plateau", "greedy"}
    assert {kind.value for kind in SchedulerType} == {*FUNCTIONS, *adaptive}
    schedule = hf.get_scheduler(SchedulerType.LINEAR, 0.1, 2, 9)
    assert repr(schedule) == repr(hf.get_scheduler("linear", 0.1, 2, 9))


@each_name
def test_arguments_and_defaults_are_theirs(name, library):
    def declared(function, skipped):
        parameters = inspect.signature(function).parameters.items()
        return [(key, x.default) for key, x in list(parameters)[1:] if key not in skipped]

    original = getattr(library[0], FUNCTIONS[name].__name__)
    assert declared(FUNCTIONS[name], ()) == declared(original, ("last_epoch",))


# --- the ends -----------------------------------------------------------------------------------

PAST = {
    "constant": {},
    "constant_with_warmup": {},
    "linear": {},
    "cosine": {"num_cycles": 1.5},
    "cosine_with_restarts": {"num_cycles": 3},
    "polynomial": {"lr_end": 0.01, "power": 2.0},
    "inverse_sqrt": {"timescale": 20},
    "cosine_with_min_lr": {"min_lr": 0.01},
    "cosine_warmup_with_min_lr": {"min_lr_rate": 0.1},
    "warmup_stable_decay": {"num_decay_steps": 30, "decay_type": "1-sqrt", "min_lr_ratio": 0.1},
}


@each_name
@pytest.mark.parametrize("steps", [(10, 100), (0, 60), (40, 40), (90, 60), (0, 0), (1, 7)], ids=str)
def test_past_the_end(name, steps):
    counts = [*range(130), 10**4, 10**6 + 1]
    warmup, total = steps
    schedule = hf.get_scheduler(name, 0.1, warmup, total, PAST[name])
    expected = [oracle.value(name, n, 0.1, warmup, total, **PAST[name]) for n in counts]
    close(values(schedule, counts), expected)


def test_a_cosine_swings_back():
    schedule = hf.get_scheduler("cosine", 1.0, 10, 20)
    assert schedule([0, 10, 15, 20, 25, 30, 40]).tolist() == [0.0, 1.0, 0.5, 0.0, 0.5, 1.0, 0.0]
    assert schedule.duration is None


@pytest.mark.parametrize("steps", [10, 99, 10**8])
def test_restarts_jump_at_the_count_of_float64(steps):
    """Their phase, cycles * (n / steps) in float64, decides."""
    for cycles in (2, 7, 22, 2.5):
        near = {round(i * steps / cycles) + j for i in range(22) for j in (-1, 0, 1)}
        counts = sorted(n for n in near if n >= 0)
        kwargs = {"num_cycles": cycles}
        schedule = hf.get_scheduler("cosine_with_restarts", 1.0, 0, steps, kwargs)
        expected = [
            oracle.value("cosine_with_restarts", n, 1.0, 0, steps, **kwargs) for n in counts
        ]
        close(values(schedule, counts), expected)


@each_name
def test_the_longest(name):
    """2^31 - 1 steps, at both ends."""
    counts = [0, 1, 2, 99, LONG // 3, LONG // 2, LONG - 40, LONG - 2, LONG - 1]
    schedule = hf.get_scheduler(name, 0.1, 100, LONG, PAST[name])
    expected = [oracle.value(name, n, 0.1, 100, LONG, **PAST[name]) for n in counts]
    close(values(schedule, counts), expected)


@pytest.mark.parametrize("cycles", [0.7, 7.3, 33.3])
def test_cycles_are_not_rounded_to_float32(cycles):
    expected = [oracle.value("cosine", n, 1.0, 0, 1000, num_cycles=cycles) for n in COUNTS * 8]
    close(hf.get_cosine_schedule_with_warmup(1.0, 0, 1000, cycles)(COUNTS * 8), expected)


def test_min_lr_with_a_base_lr_of_0():
    """Documented: theirs divides by zero."""
    schedule = hf.get_cosine_with_min_lr_schedule_with_warmup(0.0, 2, 10, min_lr=0.5)
    assert schedule([0, 2, 6, 10]).tolist() == [0.0, 0.0, 0.25, 0.5]


def test_stable_steps_prevail():
    own = {"num_decay_steps": 10, "num_stable_steps": 5}
    both = hf.get_scheduler("warmup_stable_decay", 1.0, 5, 100, own)
    assert repr(both) == repr(hf.get_scheduler("warmup_stable_decay", 1.0, 5, None, own))
    assert both.duration == 20


@pytest.mark.parametrize("name", ["constant", "constant_with_warmup"])
def test_the_constant_ones_ignore_what_they_need_not(name):
    schedule = hf.get_scheduler(name, 0.1, 10, 100, {"num_cycles": 3})
    assert repr(schedule) == repr(hf.get_scheduler(name, 0.1, 10))


def test_whole_floats_are_lengths():
    lengths = repr(hf.get_scheduler("linear", 0.1, 10.0, np.float64(100)))
    assert lengths == repr(hf.get_scheduler("linear", 0.1, 10, 100))


# --- traced numbers -----------------------------------------------------------------------------

MORE = {  # values of every numeric argument; None where there is none
    "base_lr": [0.2, 0.5, 1.0],
    "num_warmup_steps": [0, 7, 50, 130],
    "num_training_steps": [0, 50, 51, 200],
    "num_decay_steps": [0, 20, 150],
    "num_stable_steps": [0, 5, 90],
    "timescale": [1, 7, 300],
    "lr_end": [-0.01, 0.0, 0.05],
    "power": [0.0, 0.5, 1.0, 2.5],
    "min_lr": [-0.05, 0.0, 0.1],
    "min_lr_rate": [-0.05, 0.0, 0.1],
    "warmup_lr_rate": [-0.05, 0.0, 0.5, 1.5],
    "min_lr_ratio": [-0.05, 0.0, 0.5, 1.5],
}
SIZES = {"base_lr": 0.5, "num_warmup_steps": 50, "num_training_steps": 101}
CALLS = [
    *((function, arguments(name, **SIZES, **PAST[name])) for name, function in FUNCTIONS.items()),
    (hf.get_cosine_schedule_with_warmup, SIZES),
    (hf.get_cosine_with_hard_restarts_schedule_with_warmup, SIZES),
    (hf.get_inverse_sqrt_schedule, arguments("inverse_sqrt", **SIZES)),
    (hf.get_cosine_with_min_lr_schedule_with_warmup, {**SIZES, "min_lr_rate": 0.1}),
    (
        hf.get_cosine_with_min_lr_schedule_with_warmup_lr_rate,
        {**SIZES, "min_lr": 0.1, "warmup_lr_rate": 0.2, "num_cycles": 1.3},
    ),
    *(
        (hf.get_wsd_schedule, {**SIZES, "num_decay_steps": 20, "min_lr_ratio": 0.1, **kinds})
        for kinds in (
            {"warmup_type": "1-sqrt", "decay_type": "linear"},
            {"warmup_type": "cosine", "num_cycles": 1.5, "num_stable_steps": 9},
        )
    ),
    *((hf.get_scheduler, {"name": name, **SIZES, "own": PAST[name]}) for name in FUNCTIONS),
]


def structural(kwargs, key):
    """Whether a length decides where restarts begin."""
    restarting = {**kwargs, **own(kwargs)}.get("num_cycles") == 3  # as in PAST
    return restarting and key.endswith("_steps")


def own(kwargs):
    return kwargs.get("own", {})


TRACED = [
    (entry, kwargs, key)
    for entry, kwargs in CALLS
    for key in MORE
    if key in {**kwargs, **own(kwargs)} and not structural(kwargs, key)
]


def call(entry, kwargs, **other):
    """An entry, with other values of some arguments, or of specific ones of `get_scheduler`."""
    kwargs = dict(kwargs)
    if (own := kwargs.pop("own", None)) is not None:
        kwargs["scheduler_specific_kwargs"] = {k: other.pop(k, x) for k, x in own.items()}
    return entry(**{**kwargs, **other})


def test_every_number_is_traced_somewhere():
    traced = {(entry, key) for entry, _, key in TRACED}
    for entry in hf.DIALECT.entries.values():
        numbers = [key for key in inspect.signature(entry).parameters if key in MORE]
        assert not [key for key in numbers if (entry, key) not in traced]


@pytest.mark.parametrize(
    ("entry", "kwargs", "key"), TRACED, ids=[f"{e.__name__}({kw})-{key}" for e, kw, key in TRACED]
)
def test_traced_numbers(entry, kwargs, key):
    some = MORE[key]
    got = jax.vmap(lambda x: call(entry, kwargs, **{key: x})(COUNTS))(jnp.array(some))
    for row, x in zip(got, some, strict=True):
        close(row, call(entry, kwargs, **{key: x})(COUNTS), largest=0.5)
    if isinstance(some[0], float):
        slopes = jax.jacfwd(lambda x: call(entry, kwargs, **{key: x})(COUNTS))(some[1])
        assert np.isfinite(slopes).all()


def test_what_decides_the_structure_must_be_known():
    cosine, restarts = FUNCTIONS["cosine"], FUNCTIONS["cosine_with_restarts"]
    known = re.escape("(num_cycles=...) must be a known number, it decides the structure")
    with pytest.raises(ValueError, match=f"get_cosine_schedule_with_warmup{known}"):
        jax.jit(lambda x: cosine(1.0, 2, 9, x)(3))(2.0)
    with pytest.raises(ValueError, match="must be known numbers unless num_cycles is 1, they dec"):
        jax.jit(lambda n: restarts(1.0, 2, n, 3)(3))(9)
    close(cosine(1.0, 2, 9, jnp.array(2.0))(COUNTS), cosine(1.0, 2, 9, 2.0)(COUNTS))
    close(restarts(1.0, 2, jnp.array(11), 3)(COUNTS), restarts(1.0, 2, 11, 3)(COUNTS))


# --- configs ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("entry", "kwargs"), CALLS)
def test_configs(entry, kwargs):
    given = dict(kwargs)
    if "own" in given:
        given["scheduler_specific_kwargs"] = given.pop("own")
    loaded = js.from_config({"kind": f"transformers.{entry.__name__}", **given})
    assert repr(loaded) == repr(entry(**given))


def test_examples():
    path = Path(hf.__file__).parent.parent / "examples/transformers.json"
    examples = json.loads(path.read_text())
    assert [e["kind"].split(".")[1] for e in examples] == list(hf.DIALECT.entries)
    for example in examples:
        lrs = js.from_config(example)(COUNTS)
        assert np.isfinite(lrs).all() and lrs.max() > 0


# --- what is refused ----------------------------------------------------------------------------

LINEAR, COSINE, MIN = (FUNCTIONS[n] for n in ("linear", "cosine", "cosine_with_min_lr"))
RESTARTS, POLYNOMIAL, WSD = (
    FUNCTIONS[n] for n in ("cosine_with_restarts", "polynomial", "warmup_stable_decay")
)
GET = hf.get_scheduler
REFUSED = [
    (GET, ("cosin", 0.1), {}, "get_scheduler: unknown name 'cosin'; did you mean 'cosine'?"),
    (GET, (None, 0.1), {}, "get_scheduler: unknown name None; "),
    (GET, ("greedy", 0.1), {}, "get_scheduler('greedy') depends on the loss, it is no function"),
    (
        *(GET, ("reduce_lr_on_plateau", 0.1), {}),
        "get_scheduler('reduce_lr_on_plateau') depends on the loss",
    ),
    (GET, ("cosine", 0.1), {}, "get_scheduler('cosine') needs num_warmup_steps"),
    (GET, ("constant_with_warmup", 0.1), {}, "get_scheduler('constant_with_warmup') needs num_w"),
    (GET, ("linear", 0.1, 10), {}, "get_scheduler('linear') needs num_training_steps"),
    (
        *(GET, ("warmup_stable_decay", 0.1, 10, 100), {}),
        "get_scheduler('warmup_stable_decay') needs num_decay_steps",
    ),
    (
        *(GET, ("cosine", 0.1, 1, 9), {"scheduler_specific_kwargs": {"num_cycle": 1}}),
        "get_scheduler('cosine') has no key 'num_cycle'; did you mean 'num_cycles'?",
    ),
    (
        *(GET, ("cosine", 0.1, 1, 9), {"scheduler_specific_kwargs": {"num_warmup_steps": 1}}),
        "get_scheduler('cosine') has no key 'num_warmup_steps'",
    ),
    (
        *(GET, ("cosine", 0.1, 1, 9), {"scheduler_specific_kwargs": 3}),
        "get_scheduler('cosine'): scheduler_specific_kwargs must be a mapping, got 3",
    ),
    (
        *(GET, ("cosine", 0.1, -1, 9), {}),
        "get_scheduler(num_warmup_steps=...) must not be negative, got -1",
    ),
    (LINEAR, ("x", 1, 9), {}, "get_linear_schedule_with_warmup(base_lr=...) must be a real number"),
    (LINEAR, (-0.1, 1, 9), {}, "get_linear_schedule_with_warmup(base_lr=...) must not be negative"),
    (
        *(LINEAR, (0.1, 0.5, 9), {}),
        "get_linear_schedule_with_warmup(num_warmup_steps=...) must be in counts, not a fraction",
    ),
    (
        *(LINEAR, (0.1, 1.5, 9), {}),
        "get_linear_schedule_with_warmup(num_warmup_steps=...) must be a whole number, got 1.5",
    ),
    (
        *(LINEAR, (0.1, 1), {"num_training_steps": None}),
        "get_linear_schedule_with_warmup(num_training_steps=...) must be a number of counts, got N",
    ),
    (
        *(LINEAR, (0.1, 1, 2**31), {}),
        f"(num_training_steps=...) must be at most {LONG} as an int (a float such as ",
    ),
    (
        LINEAR,
        (0.1, 1),
        {},
        "get_linear_schedule_with_warmup: missing a required argument: 'num_training_steps'",
    ),
    (LINEAR, (0.1, 1, 9, -1), {}, "get_linear_schedule_with_warmup: too many positional arguments"),
    (LINEAR, (0.1, 1, 9), {"step": None}, "() has no argument 'step'; known are base_lr, num_tr"),
    (
        *(COSINE, (0.1, 1, 9, 0), {}),
        "get_cosine_schedule_with_warmup(num_cycles=...) must be positive, got 0",
    ),
    (
        *(RESTARTS, (0.1, 1, 9, 10**6), {}),
        "get_cosine_with_hard_restarts_schedule_with_warmup(num_cycles=...) must be at most 4096",
    ),
    (
        *(POLYNOMIAL, (0.1, 1, 9), {"lr_end": 0.1}),
        "get_polynomial_decay_schedule_with_warmup: lr_end=0.1 must be less than base_lr, got 0.1",
    ),
    (
        *(POLYNOMIAL, (0.1, 1, 9), {"power": -1}),
        "get_polynomial_decay_schedule_with_warmup(power=...) must not be negative, got -1",
    ),
    (
        *(FUNCTIONS["inverse_sqrt"], (0.1, 1, 0), {}),
        "get_inverse_sqrt_schedule(timescale=...) must be positive, got 0",
    ),
    (
        *(MIN, (0.1, 1, 9), {}),
        "get_cosine_with_min_lr_schedule_with_warmup needs one of min_lr and min_lr_rate, got neit",
    ),
    (
        *(MIN, (0.1, 1, 9), {"min_lr": 0.01, "min_lr_rate": 0.1}),
        "get_cosine_with_min_lr_schedule_with_warmup needs one of min_lr and min_lr_rate, got both",
    ),
    (MIN, (0.1, 1, 9, 0.5, 0.01), {}, "too many positional arguments"),
    (
        *(FUNCTIONS["cosine_warmup_with_min_lr"], (0.1, 1, 9), {}),
        "with_min_lr_schedule_with_warmup_lr_rate needs one of min_lr and min_lr_rate, got neither",
    ),
    (WSD, (0.1, 1, 9), {}, "get_wsd_schedule needs num_training_steps or num_stable_steps"),
    (
        *(WSD, (0.1, 1, 9, 20), {"decay_type": "sqrt"}),
        "get_wsd_schedule(decay_type=...) must be linear or cosine or 1-sqrt, got 'sqrt'",
    ),
    (
        *(WSD, (0.1, 1, 9, 20), {"warmup_type": None}),
        "get_wsd_schedule(warmup_type=...) must be linear or cosine or 1-sqrt, got None",
    ),
    (
        *(WSD, (0.1, 1, 9), {"num_stable_steps": -1}),
        "get_wsd_schedule(num_stable_steps=...) must not be negative, got -1",
    ),
    (
        *(WSD, (0.1, 1, 9, 20), {"min_lr_ratio": float("nan")}),
        "get_wsd_schedule(min_lr_ratio=...) must be finite, got nan",
    ),
]


@pytest.mark.parametrize(("entry", "positional", "named", "message"), REFUSED)
def test_refused(entry, positional, named, message):
    with pytest.raises((TypeError, ValueError), match=re.escape(message)) as caught:
        entry(*positional, **named)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("entry", hf.DIALECT.entries.values())
def test_an_optimizer_is_no_learning_rate(entry):
    for wrong in (Optimizer(), Scheduler(), {"lr": 0.1}, [{"params": []}]):
        assert_no_learning_rate(entry, wrong)
    assert_suggests(entry)


def test_a_live_optimizer_is_no_learning_rate():
    torch = pytest.importorskip("torch", reason="a live optimizer is PyTorch's")
    live = torch.optim.AdamW([torch.zeros(1, requires_grad=True)], lr=0.1)
    for entry in hf.DIALECT.entries.values():
        assert_no_learning_rate(entry, live)


def test_names_that_are_absent_say_why():
    for name in ("get_reduce_on_plateau_schedule", "get_greedy_schedule"):
        with pytest.raises(AttributeError, match=f"^{name} depends on the loss, it is no function"):
            getattr(hf, name)
    with pytest.raises(AttributeError, match="^get_adafactor_schedule shows the rate that the opt"):
        hf.get_adafactor_schedule  # noqa: B018
    with pytest.raises(AttributeError, match="'get_wsd'; did you mean 'get_wsd_schedule'"):
        hf.get_wsd  # noqa: B018


# --- a decay of no steps ------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["linear", "cosine", "cosine_with_restarts", "cosine_with_min_lr"])
@pytest.mark.parametrize("warmup, total", [(8, 8), (9, 8), (0, 0), (1, 1)])
def test_a_warmup_and_nothing(name, warmup, total, library):
    """A run as long as its warmup rises, as theirs does, traced lengths too."""
    optimization, optimizer = library
    make, own = FUNCTIONS[name], {"min_lr": 0.01} if name == "cosine_with_min_lr" else {}
    live = getattr(optimization, make.__name__)
    expected = theirs(lambda: live(optimizer(0.5), warmup, total, **own), 0.5)
    close(make(0.5, warmup, total, **own)(COUNTS), expected)
    close(expected[:warmup], 0.5 * np.arange(warmup) / max(1, warmup), 0.5)
    traced = jax.vmap(lambda n: make(0.5, warmup, n, **own)(COUNTS))(jnp.array([total, total + 4]))
    close(traced[0], expected)
