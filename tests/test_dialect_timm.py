"""The timm dialect: recorded and live values, cycles, the ends, traced numbers, refusals."""

import importlib
import importlib.util
import inspect
import json
import re
import sys
import types
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from oracles import timm as oracle
from standins import Optimizer, Scheduler, assert_no_learning_rate, assert_suggests, required

import jaxsched as js
from jaxsched.dialects import timm

HERE = Path(__file__).parent
GOLDEN = json.loads((HERE / "golden/timm.json").read_text())
LONG = 2**31 - 1
X64 = jax.config.jax_enable_x64
COUNTS = np.arange(176)  # every array of counts is as long: settings share a compilation
CYCLIC = ("CosineLRScheduler", "TanhLRScheduler", "PolyLRScheduler")
SCHEDULERS = (*CYCLIC, "StepLRScheduler", "MultiStepLRScheduler", "WSDLRScheduler")
B = 0.1


def make(name, base_lr=B, **kwargs):
    return getattr(timm, name)(base_lr, **kwargs)


def values(schedule, counts=COUNTS):
    """At a few counts, by the array that is compiled anyway."""
    return np.asarray(schedule(np.resize(np.asarray(counts), COUNTS.shape)))[: len(counts)]


def close(got, expected):
    """2e-6 of the value and 2e-7 of the largest, or 1e-9 of both in float64."""
    expected = np.asarray(expected, float)
    rtol, atol = (1e-9, 1e-9) if X64 else (2e-6, 2e-7)
    largest = np.abs(expected).max()
    np.testing.assert_allclose(np.asarray(got, float), expected, rtol=rtol, atol=atol * largest)


def test_entries():
    assert list(timm.DIALECT.entries) == [*SCHEDULERS, "create_scheduler_v2"]


# --- recorded values ----------------------------------------------------------------------------

# where the library takes the first t of a cycle for the last of the one before
WRONG = {("CosineLRScheduler", 121), ("PolyLRScheduler", 121), ("TanhLRScheduler", 121)}


@pytest.mark.parametrize("name", SCHEDULERS)
def test_golden(name):
    entries = [e for e in GOLDEN if e["schedule"] == name and "noise_range_t" not in e["kwargs"]]
    assert entries
    wrong = set()
    for entry in entries:
        kwargs, base, steps = entry["kwargs"], entry["base_lr"], entry["steps"]
        right = [oracle.value(name, n, base, **kwargs) for n in steps]
        assert None not in entry["values"]
        for n, recorded, value in zip(steps, entry["values"], right, strict=True):
            if value != pytest.approx(recorded, rel=1e-9, abs=1e-15):
                wrong.add((name, n))
                assert kwargs["cycle_mul"] == 3.0
                assert recorded < 0.003 * base and value > 0.999 * base
        close(values(make(name, base, **kwargs), steps), right)
    assert wrong == {known for known in WRONG if known[0] == name}


def test_golden_noise_is_refused():
    (entry,) = [entry for entry in GOLDEN if "noise_range_t" in entry["kwargs"]]
    kwargs = dict(entry["kwargs"])
    with pytest.raises(ValueError, match=r"CosineLRScheduler\(noise_range_t=...\) must be None"):
        make(entry["schedule"], entry["base_lr"], **kwargs)
    start = kwargs.pop("noise_range_t")
    close(make(entry["schedule"], entry["base_lr"], **kwargs)(COUNTS[:start]), entry["values"][:20])


# --- the library itself -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def library():
    """(timm.scheduler, an optimizer of a learning rate): that part of timm needs torch alone."""
    why = "the live test needs timm and torch"
    torch = pytest.importorskip("torch", reason=why)
    found = importlib.util.find_spec("timm")
    if found is None:
        pytest.skip(why)
    parent = types.ModuleType("timm")  # the real one imports torchvision and more
    parent.__path__ = list(found.submodule_search_locations)
    kept = {key: x for key, x in sys.modules.items() if key.split(".")[0] == "timm"}
    for key in kept:
        del sys.modules[key]
    sys.modules["timm"] = parent
    try:
        scheduler = importlib.import_module("timm.scheduler")
        parameter = torch.zeros(1, requires_grad=True)
        yield scheduler, lambda lr: torch.optim.SGD([parameter], lr=lr)
    finally:
        for key in [key for key in sys.modules if key.split(".")[0] == "timm"]:
            del sys.modules[key]
        sys.modules.update(kept)


def theirs(scheduler, t):
    """Its learning rate, None where it cannot compute one."""
    try:
        return scheduler._get_lr(t)[0]
    except (ValueError, TypeError):
        return None  # a logarithm of what is not positive, a power of a time below 0


def check_live(library, name, base, kwargs):
    """Every count, those that the float logarithm mistakes against the exact rule."""
    module, optimizer = library
    scheduler = getattr(module, name)(optimizer(base), **kwargs, t_in_epochs=False)
    expected = np.array([theirs(scheduler, n) for n in COUNTS.tolist()], float)
    replaced = np.isnan(expected)
    warmup = kwargs.get("warmup_t", 0)
    mul, limit = kwargs.get("cycle_mul", 1), kwargs.get("cycle_limit", 1)
    for n in COUNTS.tolist():
        t = n - warmup if kwargs.get("warmup_prefix") else n
        if name in CYCLIC and n >= warmup:
            replaced[n] |= oracle.logarithm_is_wrong(t, kwargs["t_initial"], mul, limit)
    assert mul != 1 or not replaced.any()
    assert mul < 1 or replaced.sum() <= 6
    expected[replaced] = [oracle.value(name, n, base, **kwargs) for n in np.flatnonzero(replaced)]
    close(make(name, base, **kwargs)(COUNTS), expected)


def floats(low, high):
    """Numbers that float32 has: hundreds of cycles or steps multiply their rounding."""
    return st.floats(low, high, width=32)


BASES = floats(0.0078125, 1.0)
WARMUPS = st.fixed_dictionaries(
    {},
    optional={
        "warmup_t": st.sampled_from([0, 1, 5, 12]),
        "warmup_lr_init": floats(0, 0.0625),
        "warmup_prefix": st.booleans(),
    },
)


def cyclic(**own):
    lr_min = st.sampled_from([0.0, 0.03125])
    given = {
        "lr_min": lr_min,
        "cycle_mul": st.sampled_from([1.0, 1.0, 2.0, 3.0, 1.5, 1.25, 1.1, 0.5]),
        "cycle_decay": st.sampled_from([1.0, 0.5, 0.8125]),
        "cycle_limit": st.integers(1, 3),
    }
    return st.fixed_dictionaries({"t_initial": st.integers(1, 60)}, optional={**given, **own})


DRAWN = {
    "CosineLRScheduler": cyclic(k_decay=st.sampled_from([1.0, 0.5, 1.75])),
    "TanhLRScheduler": cyclic(lb=floats(-9, -1), ub=floats(0, 5)),
    "PolyLRScheduler": cyclic(k_decay=st.sampled_from([1.0, 0.5, 1.75]), power=floats(0.25, 3)),
    "StepLRScheduler": st.fixed_dictionaries(
        {
            "decay_t": st.one_of(
                st.integers(1, 40),
                st.sampled_from([2.4, 1.1, 7.5, 1.3, 1.7, 3.6, 2.25, 9.99, 12.34, 30.0]),
                st.integers(10, 500).map(lambda n: n / 10),
            ),
            "decay_rate": floats(0.5, 1.015625),
        }
    ),
    "MultiStepLRScheduler": st.fixed_dictionaries(
        {
            "decay_t": st.lists(st.integers(0, 150), max_size=4).map(sorted),
            "decay_rate": floats(0.125, 1.5),
        }
    ),
    "WSDLRScheduler": st.fixed_dictionaries(
        {"t_initial": st.integers(40, 150), "decay_t": st.integers(1, 40)},
        optional={
            "lr_min": st.sampled_from([0.0, 0.03125]),
            "stable_fn": st.sampled_from(["constant", "rsqrt", "power"]),
            "stable_power": floats(0.25, 2),
            "decay_fn": st.sampled_from(["linear", "1-sqrt", "cosine", "power", "exp"]),
            "decay_power": floats(0.25, 3),
            "decay_ratio": floats(0.0078125, 0.9375),
        },
    ),
}


@pytest.mark.parametrize("name", SCHEDULERS)
def test_against_the_library(library, name):
    @settings(max_examples=200)
    @given(BASES, DRAWN[name], WARMUPS, st.one_of(st.integers(1, 50), floats(1, 50)))
    def check(base, kwargs, warmup, timescale):
        if name == "WSDLRScheduler":
            warmup.pop("warmup_prefix", None)
            kwargs["stable_timescale"] = timescale
        check_live(library, name, base, kwargs | warmup)

    check()


FACTORY = st.fixed_dictionaries(
    {"sched": st.sampled_from([*("cosine tanh poly step multistep constant wsd rsqrt".split())])},
    optional={
        "num_epochs": st.integers(20, 60),
        "decay_epochs": st.sampled_from([0.25, 2.4, 3, 10, 17.0]),
        "decay_milestones": st.sampled_from([[3, 5, 9], [30]]),
        "cooldown_epochs": st.integers(0, 5),
        "decay_rate": st.sampled_from([0.5, 0.75]),
        "min_lr": st.sampled_from([0.0, 0.0009765625]),
        "warmup_lr": floats(0, 0.0078125),
        "warmup_epochs": st.integers(0, 5),
        "warmup_prefix": st.booleans(),
        "cycle_mul": st.sampled_from([1.0, 2.0]),
        "cycle_decay": st.sampled_from([0.5, 1.0]),
        "cycle_limit": st.integers(1, 2),
        "k_decay": st.sampled_from([1.0, 0.5]),
        "decay_fn": st.sampled_from([None, "cosine", "exp"]),
        "stable_timescale": st.sampled_from([4, 7.5]),
    },
)


def test_the_factory_against_the_library(library):
    module, optimizer = library

    @settings(max_examples=200)
    @given(BASES, FACTORY, st.sampled_from([{}, {"step_on_epochs": False, "updates_per_epoch": 3}]))
    def check(base, kwargs, unit):
        if kwargs["sched"] == "step" and kwargs.get("decay_epochs") == 0.25:
            del kwargs["decay_epochs"]  # a step of less than a count
        kwargs = {"stable_timescale": 5, "noise": None, **kwargs, **unit}
        scheduler, _ = module.create_scheduler_v2(optimizer(base), **kwargs)
        expected = [theirs(scheduler, n) for n in COUNTS.tolist()]
        close(timm.create_scheduler_v2(base, **kwargs)(COUNTS), expected)

    check()


def test_a_callable_against_the_library(library):
    kwargs = {"t_initial": 50, "decay_t": 20, "decay_fn": lambda q: 1 - round(q * q, 2)}
    check_live(library, "WSDLRScheduler", B, kwargs)
    check_live(library, "WSDLRScheduler", B, kwargs | {"stable_fn": "rsqrt", "warmup_t": 7})


# --- cycles -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name, mul", [(CYCLIC[0], 2.0), (CYCLIC[1], 3.0), (CYCLIC[2], 10.0)])
def test_a_cycle_begins_exactly_where_it_does(name, mul):
    schedule = make(name, t_initial=1, cycle_mul=mul, cycle_limit=40)
    begins = [sum(int(mul) ** i for i in range(k)) for k in range(2, 31)]
    begins = [n for n in begins if n <= LONG]
    assert len(begins) == {2.0: 29, 3.0: 19, 10.0: 9}[mul]
    top = float(schedule(0))
    assert schedule(np.resize(begins, 32)).tolist() == [np.float64(top)] * 32
    before = np.asarray(schedule(np.resize(begins, 32) - 1))
    assert (before < 0.99 * B).all()


@pytest.mark.parametrize("mul", [1.1, 1.4, 1.8, 0.9, 0.8])
def test_a_cycle_that_ends_on_a_count_but_for_rounding_ends_there(mul):
    schedule = make("CosineLRScheduler", t_initial=10, cycle_mul=mul, cycle_limit=3)
    begin = round(10 * (1 + mul))  # of the third cycle
    assert float(schedule(begin)) == float(np.float32(B)) or X64
    assert float(schedule(begin)) == pytest.approx(B, rel=1e-6)


def test_cycles_without_a_count_are_left_out():
    schedule = make("CosineLRScheduler", t_initial=8, cycle_mul=0.5, cycle_limit=1000)
    assert isinstance(schedule, js.Join) and len(schedule.schedules) == 5
    expected = [
        oracle.value("CosineLRScheduler", n, B, 0, t_initial=8, cycle_mul=0.5, cycle_limit=1000)
        for n in range(16)
    ]
    close(values(schedule, range(16)), expected)
    assert (values(schedule, [16, 17, 1000, LONG]) == 0).all()


def test_equal_cycles_are_one_evaluation_however_many():
    shared = {"t_initial": 7, "cycle_limit": 10**6}
    assert isinstance(make("CosineLRScheduler", **shared), js.Restart)
    endless = make("CosineLRScheduler", t_initial=7, cycle_limit=10**9, cycle_decay=0.5)
    n = np.array([0, 3, 7, 50, 70])
    expected = [
        oracle.value("CosineLRScheduler", k, B, t_initial=7, cycle_limit=10**9, cycle_decay=0.5)
        for k in n.tolist()
    ]
    close(values(endless, n), expected)
    assert endless.duration is None


@pytest.mark.parametrize("steps", [2.4, 1.1, 1.3, 12.34])
def test_a_fractional_decay_steps_where_pythons_floats_do(steps):
    schedule = make("StepLRScheduler", 1.0, decay_t=steps, decay_rate=0.9990234375)
    n = np.arange(3_000)
    power = np.log(np.asarray(schedule(n), float)) / np.log(0.9990234375)
    assert np.round(power).tolist() == [k // steps for k in n.tolist()]


# --- the ends -----------------------------------------------------------------------------------

ENDED = {
    "CosineLRScheduler": {"t_initial": 20, "lr_min": 0.0078125, "cycle_limit": 3},
    "TanhLRScheduler": {"t_initial": 20, "lr_min": 0.0078125, "cycle_limit": 3, "cycle_decay": 0.5},
    "PolyLRScheduler": {"t_initial": 20, "lr_min": 0.0078125, "cycle_mul": 1.0, "cycle_limit": 3},
    "WSDLRScheduler": {"t_initial": 60, "decay_t": 10, "lr_min": 0.0078125, "stable_fn": "rsqrt"},
}


@pytest.mark.parametrize("name", ENDED)
def test_past_the_end(name):
    warmup = {"warmup_t": 7} | ({} if name == "WSDLRScheduler" else {"warmup_prefix": True})
    schedule = make(name, **ENDED[name], **warmup)
    assert schedule.duration == 67
    assert (values(schedule, [67, 68, 100, 10**6, LONG]) == 0.0078125).all()
    assert schedule(66) > 0.0078125


@pytest.mark.parametrize("name", CYCLIC)
def test_without_a_prefix_the_total_is_t_initial(name):
    schedule = make(name, t_initial=50, warmup_t=10)
    assert schedule.duration == 50
    assert values(schedule, [0, 50, LONG]).tolist() == [0, 0, 0]
    body = float(make(name, t_initial=50)(10))
    assert float(schedule(10)) == pytest.approx(body)
    line = 0.9 * (body if name == "TanhLRScheduler" else B)
    assert float(schedule(9)) == pytest.approx(line)


def test_steps_go_on():
    assert make("StepLRScheduler", decay_t=5, decay_rate=0.5).duration is None
    last = make("MultiStepLRScheduler", decay_t=[5], decay_rate=0.5)(LONG)
    assert float(last) == pytest.approx(0.05, rel=1e-6)


def test_epochs_become_updates():
    by_epoch = timm.create_scheduler_v2(B, "step", decay_epochs=2, warmup_epochs=0)
    assert (by_epoch.per(100)(COUNTS * 7) == by_epoch(COUNTS * 7 // 100)).all()


def test_the_factory_returns_the_class_of_the_name():
    assert repr(timm.create_scheduler_v2(B, num_epochs=9)) == "Cosine(start=0.1, end=0.0, steps=9)"
    assert repr(timm.create_scheduler_v2(B, "none", warmup_epochs=3)) == "Constant(value=0.1)"
    wsd = timm.create_scheduler_v2(B, "wsd", num_epochs=100, warmup_epochs=10, decay_fn="linear")
    assert wsd.duration == 100
    assert float(wsd(82)) == pytest.approx(B) and float(wsd(91)) == pytest.approx(B / 2)


# --- traced numbers, configs --------------------------------------------------------------------

WARM = {"warmup_t": 6, "warmup_lr_init": 0.001}
CYCLES = {"t_initial": 20, "lr_min": 0.01, "cycle_decay": 0.5, "cycle_limit": 3, **WARM}
SETTINGS = [
    ("CosineLRScheduler", {**CYCLES, "k_decay": 1.5}),
    ("CosineLRScheduler", {**CYCLES, "cycle_mul": 2.0, "warmup_prefix": True}),
    ("CosineLRScheduler", {**CYCLES, "cycle_mul": 1.5}),
    ("TanhLRScheduler", {**CYCLES, "lb": -6.0, "ub": 4.0}),
    ("TanhLRScheduler", {**CYCLES, "lb": -6.0, "ub": 4.0, "warmup_prefix": True}),
    ("PolyLRScheduler", {**CYCLES, "power": 0.75, "k_decay": 0.75}),
    ("StepLRScheduler", {"decay_t": 7, "decay_rate": 0.5, **WARM}),
    ("StepLRScheduler", {"decay_t": 7.5, "decay_rate": 0.5, **WARM, "warmup_prefix": False}),
    ("MultiStepLRScheduler", {"decay_t": [10, 20, 40], "decay_rate": 0.5, **WARM}),
    *(
        ("WSDLRScheduler", {"t_initial": 60, "decay_t": 20, "lr_min": 0.01, **WARM, **more})
        for more in (
            {"decay_fn": "exp", "decay_ratio": 0.2},
            {"decay_fn": "power", "decay_power": 1.5, "stable_fn": "rsqrt"},
            {"stable_fn": "power", "stable_power": 0.7, "stable_timescale": 9.5},
        )
    ),
    *(
        ("create_scheduler_v2", {"sched": sched, "num_epochs": 60, **more})
        for sched, more in (
            ("cosine", {"min_lr": 0.01, "warmup_lr": 0.001, "warmup_epochs": 5, "k_decay": 1.5}),
            ("poly", {"decay_rate": 0.75, "cycle_decay": 0.5, "cycle_limit": 2}),
            ("step", {"decay_epochs": 9, "decay_rate": 0.5}),
            ("multistep", {"decay_milestones": [9, 20]}),
            ("wsd", {"decay_epochs": 0.25, "warmup_epochs": 5}),
            ("rsqrt", {"decay_epochs": 9, "stable_timescale": 7}),
            ("tanh", {"step_on_epochs": False, "updates_per_epoch": 2, "warmup_epochs": 5}),
        )
    ),
]
STRUCTURE = ("cycle_limit", "cycle_mul")


def others(x):
    """Numbers about x, of its type."""
    if isinstance(x, list):
        return np.array([np.array(x), np.array(x) + 1, np.array(x) + 5])
    return np.array([x, x + 1, x + 4]) if isinstance(x, int) else np.array([x, 0.875 * x, 0.75 * x])


LENGTHS = ("t_initial", "warmup_t", "decay_t", "num_epochs", "warmup_epochs", "decay_epochs")
TRACED = {
    # one setting of each, several of the lengths, which may be whole or not
    (name, key, i if key in LENGTHS else 0): (name, kwargs, key)
    for i, (name, kwargs) in enumerate(SETTINGS)
    for key, x in {"base_lr": B, **kwargs}.items()
    if key not in STRUCTURE and not isinstance(x, str | bool)
}.values()


@pytest.mark.parametrize("name, kwargs, key", TRACED, ids=lambda x: x if type(x) is str else "")
def test_vmap_of_the_constructor_is_the_loop(name, kwargs, key):
    kwargs = {"base_lr": B, **kwargs}

    def value(x):
        return getattr(timm, name)(**{**kwargs, key: x})(COUNTS)

    given = others(kwargs[key])
    together = jax.jit(jax.vmap(value))(jnp.asarray(given))
    for got, x in zip(together, given, strict=True):
        one = x.tolist() if np.ndim(x) else x.item()
        close(got, value(one))


@pytest.mark.parametrize("limit", [1, 3])
@pytest.mark.parametrize("mul", [1.0, 3.0, 1.5])
def test_a_traced_length_restarts_on_the_same_counts(mul, limit):
    shared = {"cycle_mul": mul, "cycle_limit": limit}
    lengths = np.array([1, 10, 15, 100])
    both = [
        jax.vmap(lambda t: make("TanhLRScheduler", t_initial=t, **shared)(COUNTS))(lengths),
        jnp.stack([make("TanhLRScheduler", t_initial=int(t), **shared)(COUNTS) for t in lengths]),
    ]
    close(*both)


def test_a_gradient_of_a_traced_number():
    def value(decay):
        return make("CosineLRScheduler", t_initial=10, cycle_decay=decay, cycle_limit=3)(25)

    assert jax.grad(value)(0.5).item() == pytest.approx(2 * 0.5 * 0.5 * B, rel=1e-5)


@pytest.mark.parametrize("name, kwargs", SETTINGS, ids=lambda x: x if type(x) is str else "")
def test_the_config_door(name, kwargs):
    called = getattr(timm, name)(B, **kwargs)
    loaded = js.from_config(
        json.loads(json.dumps({"kind": f"timm.{name}", "base_lr": B, **kwargs}))
    )
    assert jax.tree.structure(loaded) == jax.tree.structure(called)
    assert all(map(np.array_equal, jax.tree.leaves(loaded), jax.tree.leaves(called)))


def test_the_examples():
    examples = json.loads((HERE.parent / "jaxsched/examples/timm.json").read_text())
    named = [example["kind"].removeprefix("timm.") for example in examples]
    assert set(named) == set(timm.DIALECT.entries)
    for example in examples:
        assert np.isfinite(js.from_config(example)(COUNTS)).all()


# --- refusals -----------------------------------------------------------------------------------

COS, POLY, TANH = "CosineLRScheduler", "PolyLRScheduler", "TanhLRScheduler"
STEP, MULTI, WSD, NEW = *SCHEDULERS[3:], "create_scheduler_v2"
BAD = [
    (COS, {}, "CosineLRScheduler: missing a required argument: 't_initial'"),
    (COS, {"t_inital": 3}, "CosineLRScheduler() has no argument 't_inital'; did you mean 't_i"),
    (COS, {"t_initial": 3, "power": 2}, "CosineLRScheduler() has no argument 'power'; known are "),
    (COS, {"t_initial": 0}, "CosineLRScheduler(t_initial=...) must be positive, got 0"),
    (COS, {"t_initial": LONG + 1}, "CosineLRScheduler(t_initial=...) must be at most 2147483647"),
    (COS, {"t_initial": "9"}, "CosineLRScheduler(t_initial=...) must be a number of counts"),
    (COS, {"t_initial": 9, "base_lr": -1.0}, "CosineLRScheduler(base_lr=...) must not be negative"),
    (COS, {"t_initial": 9, "lr_min": -1.0}, "(lr_min=...) must not be negative, got -1.0"),
    (COS, {"t_initial": 9, "cycle_mul": 0}, "(cycle_mul=...) must be positive, got 0"),
    (COS, {"t_initial": 9, "cycle_decay": 0.0}, "(cycle_decay=...) must be positive, got 0.0"),
    (COS, {"t_initial": 9, "cycle_limit": -1}, "(cycle_limit=...) must not be negative, got -1"),
    (
        COS,
        {"t_initial": 9, "cycle_limit": 1.5},
        "(cycle_limit=...) must be a whole number, got 1.5",
    ),
    (COS, {"t_initial": 9, "warmup_t": -1}, "(warmup_t=...) must not be negative, got -1"),
    (COS, {"t_initial": 9, "warmup_lr_init": float("nan")}, "(warmup_lr_init=...) must be finite"),
    (COS, {"t_initial": 9, "warmup_prefix": 1}, "(warmup_prefix=...) must be False or True, got 1"),
    (COS, {"t_initial": 9, "t_in_epochs": "no"}, "(t_in_epochs=...) must be False or True"),
    (COS, {"t_initial": 9, "k_decay": 0.0}, "(k_decay=...) must be positive, got 0.0"),
    (COS, {"t_initial": 9, "noise_range_t": (1, 2)}, "(noise_range_t=...) must be None: PyTorch"),
    (
        COS,
        {"t_initial": 1000, "cycle_mul": 0.999999, "cycle_limit": 10**4},
        "cycle_limit=10000 with cycle_mul=0.999999 and t_initial=1000 is more than 4096 cycles",
    ),
    (POLY, {"t_initial": 9, "power": -1.0}, "PolyLRScheduler(power=...) must not be negative"),
    (
        TANH,
        {"t_initial": 9, "lb": 3.0},
        "TanhLRScheduler(ub=...) must be greater than lb=3.0, got 3",
    ),
    (STEP, {"decay_t": 0}, "StepLRScheduler(decay_t=...) must be positive, got 0"),
    (STEP, {"decay_t": 9, "decay_rate": 0.0}, "StepLRScheduler(decay_rate=...) must be positive"),
    (
        MULTI,
        {"decay_t": 9},
        "MultiStepLRScheduler(decay_t=...) must be a sequence of numbers, got 9",
    ),
    (MULTI, {"decay_t": [9, 5]}, "MultiStepLRScheduler(decay_t=...) must be in order, got [9, 5]"),
    (WSD, {"t_initial": 9}, "WSDLRScheduler: missing a required argument: 'decay_t'"),
    (
        WSD,
        {"t_initial": 9, "decay_t": 10},
        "WSDLRScheduler(decay_t=...) must be in (0, t_initial=9], got 10",
    ),
    (WSD, {"t_initial": 9, "decay_t": 0}, "WSDLRScheduler(decay_t=...) must be positive, got 0"),
    (
        WSD,
        {"t_initial": 9, "decay_t": 3, "stable_fn": "cos"},
        "WSDLRScheduler(stable_fn=...) must be constant or rsqrt or power, got 'cos'",
    ),
    (
        WSD,
        {"t_initial": 9, "decay_t": 3, "stable_fn": "rsqrt"},
        "WSDLRScheduler(stable_timescale=...), by default warmup_t, must be positive, got 0",
    ),
    (
        WSD,
        {"t_initial": 9, "decay_t": 3, "decay_fn": "sqrt"},
        "WSDLRScheduler(decay_fn=...) must be linear, 1-sqrt, cosine, power, exp or a callable",
    ),
    (WSD, {"t_initial": 9, "decay_t": 3, "decay_ratio": 1.0}, "must be less than 1, got 1.0"),
    (WSD, {"t_initial": 9, "decay_t": 3, "decay_power": 0.0}, "(decay_power=...) must be positive"),
    (
        WSD,
        {"t_initial": 9, "decay_t": 3, "stable_power": 0.0},
        "(stable_power=...) must be positive",
    ),
    (
        WSD,
        {"t_initial": 9, "decay_t": 2.5, "decay_fn": abs},
        "WSDLRScheduler(decay_t=...) must be a whole number, got 2.5",
    ),
    (NEW, {"sched": "plateau"}, "(sched=...) must be a function of the count: 'plateau' follows"),
    (NEW, {"sched": "cosin"}, "got 'cosin'; did you mean 'cosine'?"),
    (NEW, {"noise": 0.5}, "create_scheduler_v2(noise=...) must be None: PyTorch draws the noise"),
    (NEW, {"step_on_epochs": False}, "create_scheduler_v2(updates_per_epoch=...) must be positive"),
    (NEW, {"num_epochs": 0}, "create_scheduler_v2(num_epochs=...) must be positive, got 0"),
    (
        NEW,
        {"sched": "wsd", "num_epochs": 9, "warmup_epochs": 4, "decay_epochs": 6},
        "(decay_epochs=...) must make a decay in (0, num_epochs - warmup_epochs = 5], got 6",
    ),
    (NEW, {"sched": "rsqrt"}, "WSDLRScheduler(stable_timescale=...), by default warmup_t, must be"),
]


@pytest.mark.parametrize("name, kwargs, message", BAD)
def test_refusals(name, kwargs, message):
    with pytest.raises((TypeError, ValueError), match=re.escape(message)) as caught:
        getattr(timm, name)(**{"base_lr": B, **kwargs})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("make", timm.DIALECT.entries.values())
def test_an_optimizer_is_no_learning_rate(make):
    for wrong in (Optimizer(), Scheduler(), {"lr": 0.1}, [{"params": []}]):
        assert_no_learning_rate(make, wrong)
    assert_suggests(make)


def test_a_live_optimizer_is_no_learning_rate(library):
    _, optimizer = library
    for make in timm.DIALECT.entries.values():
        assert_no_learning_rate(make, optimizer(0.1))


def test_a_name_that_is_absent_says_why():
    with pytest.raises(AttributeError, match="PlateauLRScheduler follows a metric: it is no func"):
        timm.PlateauLRScheduler  # noqa: B018
    with pytest.raises(AttributeError, match="'CosineLR'; did you mean 'CosineLRScheduler'"):
        timm.CosineLR  # noqa: B018


@pytest.mark.parametrize("key", ["t_initial", "decay_t", "warmup_t", "stable_timescale"])
def test_a_fraction_is_no_length(key):
    for make in timm.DIALECT.entries.values():
        if key in inspect.signature(make).parameters and make is not timm.create_scheduler_v2:
            given = make is timm.MultiStepLRScheduler and [0.5 if key == "decay_t" else 5]
            message = f"{make.__name__}({key}=...) must be in counts, not a fraction of the run"
            with pytest.raises(ValueError, match=re.escape(message)):
                make(**required(make, **{key: 0.5} | ({"decay_t": given} if given else {})))


def test_a_fraction_of_an_epoch_is_a_length_in_updates():
    """As the factory of timm takes it: half an epoch of 100 updates."""
    made = create_in_updates(warmup_epochs=0.5, num_epochs=1.5, warmup_prefix=True)
    plain = timm.CosineLRScheduler(
        B, t_initial=150, cycle_decay=0.1, warmup_t=50, warmup_lr_init=1e-5, warmup_prefix=True
    )
    assert jax.tree.structure(made) == jax.tree.structure(plain)
    assert jax.tree.leaves(made) == jax.tree.leaves(plain)
    stairs = create_in_updates(sched="multistep", decay_milestones=[0.1, 0.5], decay_rate=0.5)
    np.testing.assert_array_equal(stairs([8, 9, 48, 49]), np.float32([B, B / 2, B / 2, B / 4]))
    with pytest.raises(ValueError, match=r"warmup_t=...\) must be in counts, not a fraction"):
        timm.create_scheduler_v2(B, warmup_epochs=0.5)


def create_in_updates(**kwargs):
    return timm.create_scheduler_v2(B, step_on_epochs=False, updates_per_epoch=100, **kwargs)


def test_cycles_of_less_than_a_count_have_no_such_length():
    """What a file holds of them can be read again."""
    lr = timm.CosineLRScheduler(B, t_initial=9, cycle_mul=0.4, cycle_limit=9, t_in_epochs=False)
    again = js.from_config(js.to_config(lr))
    assert jax.tree.structure(again) == jax.tree.structure(lr)
    assert jax.tree.leaves(again) == jax.tree.leaves(lr)


@pytest.mark.parametrize("prefix", [False, True])
@pytest.mark.parametrize("warmup, total", [(8, 8), (9, 8), (1, 1), (12, 5)])
def test_a_warmup_and_nothing_against_the_library(library, warmup, total, prefix):
    """A run as long as its warmup: what comes after it never begins, or has one t."""
    module, optimizer = library
    ramp = {"warmup_t": warmup, "warmup_lr_init": 0.05, "warmup_prefix": prefix}
    for name in CYCLIC:
        kwargs = {"t_initial": total, "lr_min": 0.01, **ramp}
        scheduler = getattr(module, name)(optimizer(B), t_in_epochs=False, **kwargs)
        expected = [theirs(scheduler, n) for n in range(24)]
        close(values(make(name, **kwargs))[:24], expected)


@pytest.mark.parametrize("key", STRUCTURE)
def test_what_decides_the_structure_must_be_known(key):
    message = f"CosineLRScheduler({key}=...) must be a known number, it decides the structure"
    with pytest.raises(ValueError, match=re.escape(message)):
        jax.jit(lambda x: make("CosineLRScheduler", t_initial=9, **{key: x})(0))(2)
