"""The PyTorch dialect: published values, live schedulers and their objects, what is refused."""

import functools
import json
import math
import re
import types
from pathlib import Path

import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from cases.table import X64
from hypothesis import given, settings
from standins import Optimizer, Scheduler, assert_no_learning_rate, assert_suggests, required

import jaxsched as js
from jaxsched import testing
from jaxsched.dialects import torch as dialect
from jaxsched.fields import NumberField

HERE = Path(__file__).parent
GOLDEN = json.loads((HERE / "golden/torch.json").read_text())
ENTRIES = dict(dialect.DIALECT.entries)
COUNTS = np.arange(64)


def close(got, expected):
    """2e-6 of the value and 2e-7 of the largest, or 1e-9 with x64."""
    expected = np.asarray(expected, float)
    relative, absolute = (1e-9, 1e-9) if X64 else (2e-6, 2e-7)
    largest = np.abs(expected).max(initial=0.0)
    np.testing.assert_allclose(np.asarray(got, float), expected, relative, absolute * largest)


def described(name, base_lr, kwargs):
    """As PyTorch is called: the kwargs, and `base_lr` for the optimizer where they have none."""
    return ENTRIES[name](**{"base_lr": base_lr, **kwargs})


# --- the published values -----------------------------------------------------------------------


@pytest.mark.parametrize("name", ENTRIES)
def test_golden(name):
    entries = [entry for entry in GOLDEN if entry["schedule"] == name]
    assert entries or name == "LambdaLR"
    for entry in entries:
        schedule = described(name, entry["base_lr"], entry["kwargs"])
        stream = schedule.momentum if entry["field"] == "momentum" else schedule
        steps = np.resize(np.array(entry["steps"]), 192)  # one length: one compilation for many
        got = np.asarray(stream(steps))[: len(entry["steps"])]
        known = [i for i, value in enumerate(entry["values"]) if value is not None]
        close(got[known], [entry["values"][i] for i in known])
        assert np.isfinite(got).all()
        if known:  # the library stopped at its end, and we hold
            held = got[known[-1] + 1 :]
            expected = entry["base_lr"] if name == "ConstantLR" else got[known[-1]]
            close(held, np.full(len(held), expected))


def test_golden_covers_what_it_covers():
    assert {entry["schedule"] for entry in GOLDEN} == set(ENTRIES) - {"LambdaLR"}
    assert len(GOLDEN) == 95


def test_golden_in_order_of_the_arguments():
    """`base_lr` first, and then PyTorch's arguments in its order."""
    assert repr(dialect.StepLR(0.1, 13, 0.7)) == repr(dialect.StepLR(0.1, step_size=13, gamma=0.7))
    one_cycle = dialect.OneCycleLR(0.1, 0.5, 97, None, None, 0.4, "linear", True, 0.8, 0.9, 10, 99)
    same = dialect.OneCycleLR(
        max_lr=0.5, epochs=97, steps_per_epoch=1, pct_start=0.4, anneal_strategy="linear",
        base_momentum=0.8, max_momentum=0.9, div_factor=10.0, final_div_factor=99.0,
    )  # fmt: skip
    assert repr(one_cycle) == repr(same)
    parts = [dialect.StepLR(0.1, 5), dialect.ExponentialLR(0.1, 0.9)]
    chained = repr(dialect.ChainedScheduler(parts))
    assert chained == repr(dialect.ChainedScheduler(parts, 0.1))
    assert chained == repr(dialect.ChainedScheduler(0.1, parts))
    assert chained == repr(dialect.ChainedScheduler(schedulers=parts))


# --- live ---------------------------------------------------------------------------------------


@functools.cache
def lr_scheduler():
    """PyTorch's module, or a skip of the test."""
    torch = pytest.importorskip("torch", reason="the live reference needs torch")
    return torch, torch.optim.lr_scheduler


def optimizer(base_lr):
    torch, _ = lr_scheduler()
    return torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=base_lr, momentum=0.5)


def build(name, made, kwargs):
    """The live scheduler of a description."""
    _, schedulers = lr_scheduler()
    if "schedulers" in kwargs:
        children = [build(s["schedule"], made, s["kwargs"]) for s in kwargs["schedulers"]]
        if name == "ChainedScheduler":
            return schedulers.ChainedScheduler(children)
        return schedulers.SequentialLR(made, children, kwargs["milestones"])
    return getattr(schedulers, name)(made, **kwargs)


def steps_of(live, steps):
    """Learning rates and momenta of the first group, until the end or an error."""
    group = live.optimizer.param_groups[0]
    live.optimizer.step()  # a scheduler warns when it is the first to step
    lrs, momenta = [], []
    for _ in range(steps):
        lrs.append(group["lr"])
        momenta.append(group["momentum"])
        try:
            live.step()
        except (ValueError, ZeroDivisionError):
            break
    return lrs, momenta


def agree(name, base_lr, kwargs):
    """The constructor's and the object's values are those of PyTorch's steps."""
    schedule = described(name, base_lr, kwargs)
    live = build(name, optimizer(base_lr), kwargs)
    converted = dialect.from_scheduler(live)
    assert isinstance(converted, js.WithMomentum) == isinstance(schedule, js.WithMomentum)
    lrs, momenta = steps_of(live, len(COUNTS))
    for ours in (schedule, converted):
        close(ours(COUNTS)[: len(lrs)], lrs)
        if isinstance(ours, js.WithMomentum):
            close(ours.momentum(COUNTS)[: len(lrs)], momenta)


def floats(low, high):
    return st.floats(low, high, allow_subnormal=False)


def kwargs_of(**given):
    return st.fixed_dictionaries(given)


counts = st.integers(1, 40)
sizes = floats(0.01, 1.0)
momenta = {
    "cycle_momentum": st.just(True),
    "base_momentum": floats(0.5, 0.8),
    "max_momentum": floats(0.8, 0.99),
}
MULTIPLY = {
    "StepLR": kwargs_of(step_size=counts, gamma=floats(0.05, 1.1)),
    "MultiStepLR": kwargs_of(
        milestones=st.lists(st.integers(0, 70), min_size=3, max_size=3), gamma=floats(0.05, 1.1)
    ),
    "ConstantLR": kwargs_of(factor=floats(0.01, 1.0), total_iters=counts),
    "LinearLR": kwargs_of(
        start_factor=floats(0.01, 1.0), end_factor=floats(0.0, 1.0), total_iters=counts
    ),
    "ExponentialLR": kwargs_of(gamma=floats(0.5, 1.05)),
    "PolynomialLR": kwargs_of(total_iters=counts, power=floats(0.3, 4.0)),
}
OVERWRITE = {
    "CosineAnnealingWarmRestarts": kwargs_of(
        # few numbers of cycles: each number is compiled
        T_0=st.sampled_from([1, 5, 9, 30]),
        T_mult=st.integers(1, 3),
        eta_min=floats(0.0, 0.01),
    ),
    "CyclicLR": kwargs_of(
        base_lr=sizes,
        max_lr=sizes,
        step_size_up=counts,
        step_size_down=counts,
        mode=st.sampled_from(["triangular", "triangular2", "exp_range"]),
        gamma=floats(0.8, 1.0),
        **momenta,
    ),
    "OneCycleLR": kwargs_of(
        max_lr=sizes,
        total_steps=st.integers(2, 80),
        pct_start=floats(0.0, 1.0),
        anneal_strategy=st.sampled_from(["cos", "linear"]),
        three_phase=st.booleans(),
        div_factor=floats(1.0, 100.0),
        final_div_factor=floats(1.0, 1e5),
        **momenta,
    ),
}
ALONE = {
    **MULTIPLY,
    **OVERWRITE,
    "CosineAnnealingLR": kwargs_of(T_max=counts, eta_min=floats(0.0, 0.01)),
    "LambdaLR": kwargs_of(lr_lambda=st.sampled_from([lambda k: 0.9**k, lambda k: 1.0 - k // 7])),
}


def sound(name, kwargs):
    """Whether PyTorch does not divide by zero, or by its rounding, where a phase has no length."""
    if name != "OneCycleLR":
        return True
    total = kwargs["total_steps"]
    rise = kwargs.get("pct_start", 0.3) * total
    ends = [0.0, rise - 1, total - 1]
    if kwargs.get("three_phase"):
        ends.insert(2, 2 * rise - 2)
    return all(abs(b - a) > 1e-3 for a, b in zip(ends, ends[1:], strict=False))


@pytest.mark.parametrize("name", ALONE)
def test_live(name):
    lr_scheduler()

    @settings(max_examples=200)
    @given(sizes, ALONE[name])
    def check(base_lr, kwargs):
        if sound(name, kwargs):
            agree(name, base_lr, kwargs)

    check()


def one_of(table):
    pairs = [
        st.tuples(st.just(name), kwargs).filter(lambda pair: sound(*pair))
        for name, kwargs in table.items()
    ]
    return st.one_of(pairs).map(lambda pair: {"schedule": pair[0], "kwargs": pair[1]})


# of few structures: each is compiled
CYCLE = kwargs_of(base_lr=sizes, max_lr=sizes, step_size_up=counts)
ONE_CYCLE = kwargs_of(max_lr=sizes, total_steps=st.integers(80, 99))
FIRST = {"CyclicLR": CYCLE} | {
    name: ALONE[name] for name in ("ConstantLR", "StepLR", "CosineAnnealingLR")
}
SECOND = {"OneCycleLR": ONE_CYCLE} | {
    name: ALONE[name] for name in ("ExponentialLR", "PolynomialLR", "CosineAnnealingLR")
}


def test_live_sequential():
    lr_scheduler()

    @settings(max_examples=200)
    @given(sizes, st.tuples(one_of(FIRST), one_of(SECOND)), st.integers(0, 50))
    def check(base_lr, schedulers, milestone):
        kwargs = {"schedulers": list(schedulers), "milestones": [milestone]}
        agree("SequentialLR", base_lr, kwargs)

    check()


def test_live_sequential_of_many():
    schedulers = [
        {"schedule": "LinearLR", "kwargs": {"start_factor": 0.1, "total_iters": 5}},
        {"schedule": "CyclicLR", "kwargs": {"base_lr": 0.1, "max_lr": 0.2, "step_size_up": 3}},
        {"schedule": "CosineAnnealingWarmRestarts", "kwargs": {"T_0": 3, "T_mult": 2}},
        {"schedule": "OneCycleLR", "kwargs": {"max_lr": 1.0, "total_steps": 30}},
        {"schedule": "MultiStepLR", "kwargs": {"milestones": [2, 5], "gamma": 0.5}},
    ]
    for milestones in ([5, 15, 25, 50], [5, 5, 15, 30], [0, 1, 2, 3]):
        agree("SequentialLR", 0.5, {"schedulers": schedulers, "milestones": milestones})


def test_live_sequential_of_a_cosine_that_starts_elsewhere():
    """OneCycleLR moves the start; the cosine rises again to its own base_lr."""
    cosine = {"schedule": "CosineAnnealingLR", "kwargs": {"T_max": 5, "eta_min": 0.01}}
    other = {"schedule": "OneCycleLR", "kwargs": {"max_lr": 1.0, "total_steps": 40}}
    agree("SequentialLR", 0.1, {"schedulers": [cosine, other], "milestones": [23]})


CHAINED = {
    "product": ["multiply", "multiply"],
    "annealing last": ["multiply", "CosineAnnealingLR"],
    "annealing first": ["CosineAnnealingLR", "multiply"],
    "restarts first": ["CosineAnnealingWarmRestarts", "multiply"],
    "cycles last": ["multiply", "CyclicLR"],
    "one cycle between": ["multiply", "OneCycleLR", "StepLR"],
}


@pytest.mark.parametrize("kind", CHAINED)
def test_live_chained(kind):
    lr_scheduler()
    several = {name: MULTIPLY[name] for name in MULTIPLY if name != "MultiStepLR"}
    own = {**MULTIPLY, "CyclicLR": CYCLE, "OneCycleLR": ONE_CYCLE}
    own["CosineAnnealingLR"] = kwargs_of(T_max=counts)
    own["CosineAnnealingWarmRestarts"] = kwargs_of(T_0=counts)
    parts = [one_of(several if name == "multiply" else {name: own[name]}) for name in CHAINED[kind]]

    @settings(max_examples=40)
    @given(sizes, st.tuples(*parts))
    def check(base_lr, schedulers):
        agree("ChainedScheduler", base_lr, {"schedulers": list(schedulers)})

    check()


def test_live_groups():
    torch, schedulers = lr_scheduler()
    weights = [{"params": [torch.zeros(1, requires_grad=True)], "lr": lr} for lr in (0.1, 0.5)]
    made = torch.optim.AdamW(weights, betas=(0.5, 0.99))
    factors = [lambda k: 1.0 / (k + 1.0), lambda k: 0.5**k]
    several = [
        schedulers.CyclicLR(made, [0.1, 0.2], [1.0, 2.0], 3, scale_fn=lambda cycle: 1.0 / cycle),
        schedulers.LambdaLR(made, factors),
    ]
    for group in (0, 1):
        cyclic, scaled = (dialect.from_scheduler(live, group) for live in several)
        base, peak = [(0.1, 1.0), (0.2, 2.0)][group]
        heights = np.array([0, 1, 2, 3, 2, 1, 0, 0.5, 1]) / 3
        close(cyclic(np.arange(9)), base + (peak - base) * heights)
        close(cyclic.momentum(np.arange(9)), 0.9 - 0.1 * heights)
        close(scaled(np.arange(4)), [[0.1, 0.2][group] * factors[group](k) for k in range(4)])
    with pytest.raises(ValueError, match=r"from_scheduler\(group=...\) must be less than 2, got 2"):
        dialect.from_scheduler(several[0], 2)


def test_live_continues_with_skip():
    _, schedulers = lr_scheduler()
    live = schedulers.PolynomialLR(optimizer(0.1), 30, 2.0)
    lrs, _ = steps_of(live, 12)
    schedule = dialect.from_scheduler(live)
    close(schedule(np.arange(12)), lrs)
    close(schedule.skip(live.last_epoch)(np.arange(9)), steps_of(live, 9)[0])


class Foreign:
    """What from_scheduler goes by: the name of a class."""


def foreign(name, **attributes):
    made = type(name, (Foreign,), {})()
    made.optimizer = type("Optimizer", (), {"param_groups": [{"initial_lr": 0.1}]})()
    made.__dict__.update(attributes)
    return made


@pytest.mark.parametrize(
    ("live", "message"),
    [
        (foreign("ReduceLROnPlateau"), "ReduceLROnPlateau follows a metric: it is no function of"),
        (
            foreign("MultiplicativeLR"),
            "MultiplicativeLR multiplies by a Python function at every count: it is no function of",
        ),
        (
            foreign("MyLR"),
            "from_scheduler cannot convert MyLR; it knows StepLR, MultiStepLR, Const",
        ),
        (None, "from_scheduler cannot convert NoneType; it knows StepLR"),
        (foreign("StepLR"), ("from_scheduler(group=...) must be less than 1, got 1", 1)),
        (
            foreign("SequentialLR", _schedulers=[foreign("StepLR"), foreign("ChainedScheduler")]),
            "PyTorch does not step a SequentialLR of StepLR, ChainedScheduler as it should",
        ),
        (
            foreign("ChainedScheduler", _schedulers=[foreign("SequentialLR")]),
            "PyTorch does not step a ChainedScheduler of SequentialLR as it should",
        ),
    ],
)
def test_from_scheduler_refuses(live, message):
    message, group = message if isinstance(message, tuple) else (message, 0)
    with pytest.raises(ValueError, match=re.escape(message)):
        dialect.from_scheduler(live, group)


# --- past the end, and other edges --------------------------------------------------------------


def test_past_the_end():
    cosine = dialect.CosineAnnealingLR(1.0, 10)
    assert cosine.duration is None
    close(cosine([10, 15, 20, 25, 30, 10**9, 10**9 + 5]), [0.0, 0.5, 1.0, 0.5, 0.0, 1.0, 0.5])
    assert dialect.LinearLR(1.0, 0.5, 0.25, 4)([3, 4, 99]).tolist() == [0.3125, 0.25, 0.25]
    assert dialect.PolynomialLR(1.0, 4)([3, 4, 99]).tolist() == [0.25, 0.0, 0.0]
    assert dialect.ConstantLR(1.0, 0.5, 4)([3, 4, 99]).tolist() == [0.5, 1.0, 1.0]
    for schedule in (dialect.StepLR(1.0, 4), dialect.CyclicLR(0.1, 1.0, 4)):
        assert schedule.duration is None


def test_one_cycle_ends_as_the_library_does_and_is_held_then():
    """At total_steps it swings back (cos) or goes on (linear), and there PyTorch stops."""
    for strategy, last in (("cos", None), ("linear", -1)):
        one = dialect.OneCycleLR(max_lr=1.0, total_steps=50, anneal_strategy=strategy)
        end, beyond, later = one([49, 50, 10**6]).tolist()
        close([1.0, end], [1.0, 1 / 25e4])
        assert beyond == later
        assert (beyond > end) if last is None else (beyond < 0)
        assert one.duration == 50


def test_one_cycle_without_a_phase():
    """Where PyTorch divides by zero, a phase of no length is over at once."""
    assert dialect.OneCycleLR(max_lr=1.0, total_steps=20, pct_start=1.0)([19, 20]).tolist() == [
        1,
        1,
    ]
    close(dialect.OneCycleLR(max_lr=1.0, total_steps=10, pct_start=0.1)([0, 9]), [1.0, 1 / 25e4])
    three = dialect.OneCycleLR(max_lr=1.0, total_steps=9, pct_start=5 / 9, three_phase=True)
    close(three([4, 8, 9, 99]), [1.0, 0.04, 0.04, 0.04])


def test_milestones_may_be_none():
    assert dialect.MultiStepLR(0.5, [])([0, 9]).tolist() == [0.5, 0.5]


def test_restarts_are_exact():
    """Beyond 2^24 too, and where PyTorch's own float logarithm is wrong."""
    schedule = dialect.CosineAnnealingWarmRestarts(1.0, 1, 3)
    begins = [(3**i - 1) // 2 for i in range(1, 20)]
    assert schedule(begins).tolist() == [1.0] * 19
    last = [(1 + math.cos(math.pi * (1 - 3.0**-i))) / 2 for i in range(19)]
    close(schedule([b - 1 for b in begins]), last)
    schedule = dialect.CosineAnnealingWarmRestarts(1.0, 3 * 10**7, 10)
    assert schedule([0, 3 * 10**7, 33 * 10**7]).tolist() == [1.0] * 3
    # the third one ends beyond all counts that there are
    part = (2**31 - 1 - 33 * 10**7) / 3e9
    np.testing.assert_allclose(schedule(2**31 - 1), (1 + math.cos(math.pi * part)) / 2, 1e-6)


def test_a_scale_function_of_cycles_or_iterations():
    for mode in ("cycle", "iterations"):
        schedule = dialect.CyclicLR(0.0, 1.0, 2, scale_fn=lambda x: x, scale_mode=mode)
        expected = [0, 0.5, 1, 0.5, 0, 1, 2] if mode == "cycle" else [0, 0.5, 2, 1.5, 0, 2.5, 6]
        assert schedule(range(7)).tolist() == expected


def test_sequential_takes_schedules_as_they_are():
    """Only descriptions know of the optimizer that OneCycleLR changes."""
    one = {"schedule": "OneCycleLR", "kwargs": {"max_lr": 1.0, "total_steps": 50}}
    line = {"schedule": "LinearLR", "kwargs": {"start_factor": 0.5, "total_iters": 10}}
    close(dialect.SequentialLR(0.1, [line, one], [10])([0, 10]), [0.02, 0.04])
    given = [dialect.LinearLR(0.1, 0.5, total_iters=10), one]
    close(dialect.SequentialLR(0.1, given, [10])([0, 10]), [0.05, 0.04])
    nested = {"schedule": "SequentialLR", "kwargs": {"schedulers": [line, line], "milestones": [3]}}
    close(dialect.SequentialLR(0.1, [nested, one], [10])([0, 3, 10]), [0.05, 0.05, 0.04])


def test_momentum_of_a_sequence_is_held_around_its_part():
    line, cycle = dialect.LinearLR(0.1), dialect.CyclicLR(0.1, 1.0, 4)
    schedule = dialect.SequentialLR(0.1, [line, cycle, line], [10, 12])
    close(schedule.momentum([0, 9, 10, 11, 12, 99]), [0.9, 0.9, 0.9, 0.875, 0.875, 0.875])
    assert not hasattr(dialect.SequentialLR(0.1, [line, line], [10]), "momentum")


def test_a_chain_of_one_is_that_one():
    schedule = dialect.CosineAnnealingLR(0.1, 10, eta_min=0.01)
    assert dialect.ChainedScheduler([schedule]) is schedule


# --- traced arguments ---------------------------------------------------------------------------

LINE = {"schedule": "LinearLR", "kwargs": {"start_factor": 0.5, "total_iters": 9}}
TRACED = [
    ("StepLR", {"step_size": 7, "gamma": 0.5}, ["step_size", "gamma"]),
    ("MultiStepLR", {"milestones": [30, 5, 11], "gamma": 0.5}, ["milestones", "gamma"]),
    ("ConstantLR", {"factor": 0.25, "total_iters": 9}, ["factor", "total_iters"]),
    (
        "LinearLR",
        {"start_factor": 0.25, "end_factor": 0.75, "total_iters": 9},
        ["start_factor", "end_factor", "total_iters"],
    ),
    ("ExponentialLR", {"gamma": 0.875}, ["gamma"]),
    ("PolynomialLR", {"total_iters": 20, "power": 2.0}, ["total_iters", "power"]),
    ("CosineAnnealingLR", {"T_max": 20, "eta_min": 0.125}, ["T_max", "eta_min"]),
    ("CosineAnnealingWarmRestarts", {"T_0": 9, "eta_min": 0.125}, ["T_0", "eta_min"]),
    ("CosineAnnealingWarmRestarts", {"T_0": 3, "T_mult": 5}, ["T_0"]),
    *(
        (
            "CyclicLR",
            {
                "max_lr": 0.75,
                "step_size_up": 9,
                "step_size_down": 4,
                "mode": mode,
                "gamma": 0.875,
                "base_momentum": 0.5,
                "max_momentum": 0.75,
            },
            ["max_lr", "step_size_up", "step_size_down", "gamma", "base_momentum", "max_momentum"],
        )
        for mode in ("triangular2", "exp_range")
    ),
    *(
        (
            "OneCycleLR",
            {
                "max_lr": 0.75,
                "total_steps": 50,
                "pct_start": 0.375,
                "anneal_strategy": strategy,
                "base_momentum": 0.5,
                "max_momentum": 0.75,
                "div_factor": 8.0,
                "final_div_factor": 64.0,
                "three_phase": three,
            },
            [
                *("max_lr", "total_steps", "pct_start", "base_momentum", "max_momentum"),
                *("div_factor", "final_div_factor"),
            ],
        )
        for strategy, three in (("cos", False), ("linear", True))
    ),
    (
        "OneCycleLR",
        {"max_lr": 0.75, "epochs": 5, "steps_per_epoch": 9},
        ["epochs", "steps_per_epoch"],
    ),
    ("LambdaLR", {"lr_lambda": 0.5}, []),
    ("SequentialLR", {"schedulers": [LINE, LINE, LINE], "milestones": [5, 20]}, ["milestones"]),
    ("ChainedScheduler", {"schedulers": [LINE, LINE]}, []),
    (
        "ChainedScheduler",
        {"schedulers": [LINE, {"schedule": "CosineAnnealingLR", "kwargs": {"T_max": 9}}]},
        [],
    ),
]
NUMBERS = [
    pytest.param(name, {"base_lr": 0.5, **kwargs}, argument, id=f"{i}-{name}-{argument}")
    for i, (name, kwargs, arguments) in enumerate(TRACED)
    for argument in ["base_lr", *arguments]
]


@pytest.mark.parametrize(("name", "kwargs", "argument"), NUMBERS)
def test_traced(name, kwargs, argument):
    """vmap over every numeric argument, through the constructor, is the loop."""
    first = kwargs.get(argument, 0.0)
    change = [0, 1, 2] if argument != "pct_start" else [0, 0.25, 0.625]
    if isinstance(first, float) and argument != "pct_start":
        change = [0.0, 0.0625, 0.125]
    batch = [np.asarray(first) + more for more in change]

    def values(x):
        schedule = ENTRIES[name](**{**kwargs, argument: x})
        rates = schedule(COUNTS)
        momentum = schedule.momentum if isinstance(schedule, js.WithMomentum) else schedule
        return jnp.stack([rates, momentum(COUNTS)])

    kind = jnp.result_type(int if np.asarray(first).dtype.kind == "i" else float)
    got = jax.vmap(values)(jnp.asarray(np.stack(batch), kind))
    for row, x in zip(got, batch, strict=True):
        close(row, values(x.tolist()))


def test_traced_lengths_may_be_0():
    for name, kwargs in (("ConstantLR", {"factor": 0.5}), ("LinearLR", {}), ("PolynomialLR", {})):

        def values(n, name=name, kwargs=kwargs):
            return ENTRIES[name](0.5, **kwargs, total_iters=n)(COUNTS)

        for row, n in zip(jax.vmap(values)(jnp.arange(3)), range(3), strict=True):
            close(row, values(n))


def test_traced_annealing_of_another_chain():
    """Half a period inside a chain, and a fraction of a count."""

    def chain(half, gamma):
        parts = [dialect.ExponentialLR(0.5, gamma), dialect.CosineAnnealingLR(0.5, half)]
        return dialect.ChainedScheduler([*parts, dialect.StepLR(0.5, 4, gamma)])(COUNTS)

    halves, gammas = jnp.array([5, 9]), jnp.array([0.75, 0.875])
    for row, half, gamma in zip(
        jax.vmap(chain)(halves, gammas), (5, 9), (0.75, 0.875), strict=True
    ):
        close(row, chain(half, gamma))

    def cosine(half):
        return dialect.CosineAnnealingLR(0.5, half)(COUNTS)

    halves = [5.5, 9.0]
    for row, half in zip(jax.vmap(cosine)(jnp.array(halves)), halves, strict=True):
        np.testing.assert_allclose(row, cosine(half), 2e-6, 4e-7)


def test_gradients_through_the_constructor():
    def value(gamma, base_lr):
        return dialect.StepLR(base_lr, 3, gamma)(7)

    slopes = jax.grad(value, argnums=(0, 1))(0.5, 2.0)
    close(jnp.stack(slopes), [2.0 * 2 * 0.5, 0.25])


# --- as plain data ------------------------------------------------------------------------------

CONFIGS = [
    (name, {"base_lr": 0.5, **kwargs}) for name, kwargs, _ in TRACED if name != "LambdaLR"
] + [("LambdaLR", {"base_lr": 0.5, "lr_lambda": 0.5})]


@pytest.mark.parametrize(("name", "kwargs"), CONFIGS)
def test_config(name, kwargs):
    loaded = js.from_config({"kind": f"torch.{name}", **kwargs})
    assert repr(loaded) == repr(ENTRIES[name](**kwargs))
    assert repr(js.from_config(js.to_config(loaded))) == repr(loaded)


def test_config_of_parts():
    parts = [
        {"kind": "torch.LinearLR", "base_lr": 0.1, "total_iters": 9},
        {"kind": "torch.StepLR", "base_lr": 0.1, "step_size": 9},
    ]
    schedules = [dialect.LinearLR(0.1, total_iters=9), dialect.StepLR(0.1, 9)]
    loaded = js.from_config({"kind": "torch.SequentialLR", "schedulers": parts, "milestones": [5]})
    assert repr(loaded) == repr(dialect.SequentialLR(0.1, schedules, [5]))
    loaded = js.from_config({"kind": "torch.ChainedScheduler", "schedulers": parts})
    assert repr(loaded) == repr(dialect.ChainedScheduler(schedules))
    scaled = {"kind": "torch.LambdaLR", "base_lr": 0.1, "lr_lambda": parts[0]}
    assert repr(js.from_config(scaled)) == repr(dialect.LambdaLR(0.1, schedules[0]))


def test_examples():
    examples = json.loads((Path(js.__file__).parent / "examples/torch.json").read_text())
    assert {example["kind"].removeprefix("torch.") for example in examples} == set(ENTRIES)
    for example in examples:
        assert np.isfinite(js.from_config(example)(np.arange(1000))).all()


# --- what is refused ----------------------------------------------------------------------------

STEP, ANNEALED = dialect.StepLR(0.1, 5), dialect.CosineAnnealingLR(0.1, 5)
RESTARTED = dialect.CosineAnnealingWarmRestarts(0.1, 5)
REFUSED = [
    (lambda: dialect.StepLR(0.1, 0), "StepLR(step_size=...) must be at least 1, got 0"),
    (lambda: dialect.StepLR(0.1, 2.5), "StepLR(step_size=...) must be a whole number, got 2.5"),
    (lambda: dialect.StepLR(0.1, 5, 0.0), "StepLR(gamma=...) must be positive, got 0.0"),
    (lambda: dialect.StepLR(math.nan, 5), "StepLR(base_lr=...) must be finite, got nan"),
    (lambda: dialect.StepLR("x", 5), "StepLR(base_lr=...) must be a real number, got 'x'"),
    (
        lambda: dialect.MultiStepLR(0.1, [5, -1]),
        "MultiStepLR(milestones=...) must not be negative, got -1",
    ),
    (
        lambda: dialect.MultiStepLR(0.1, 5),
        "MultiStepLR(milestones=...) must be a sequence of counts, got 5",
    ),
    (lambda: dialect.ConstantLR(0.1, 1.5), "ConstantLR(factor=...) must be in [0, 1], got 1.5"),
    (lambda: dialect.ConstantLR(0.1, -1), "ConstantLR(factor=...) must be in [0, 1], got -1.0"),
    (
        lambda: dialect.ConstantLR(0.1, 0.5, -1),
        "ConstantLR(total_iters=...) must not be negative, got -1",
    ),
    (lambda: dialect.LinearLR(0.1, 0.0), "LinearLR(start_factor=...) must be positive, got 0.0"),
    (lambda: dialect.LinearLR(0.1, 2), "LinearLR(start_factor=...) must be at most 1, got 2.0"),
    (lambda: dialect.LinearLR(0.1, 1, 2), "LinearLR(end_factor=...) must be in [0, 1], got 2.0"),
    (lambda: dialect.ExponentialLR(0.1, -1), "ExponentialLR(gamma=...) must be positive, got -1.0"),
    (
        lambda: dialect.PolynomialLR(0.1, 5, -1),
        "PolynomialLR(power=...) must not be negative, got -1.0",
    ),
    (
        lambda: dialect.CosineAnnealingLR(0.1, 0),
        "CosineAnnealingLR(T_max=...) must be at least 1, got 0",
    ),
    (
        lambda: dialect.CosineAnnealingWarmRestarts(0.1, 0),
        "CosineAnnealingWarmRestarts(T_0=...) must be at least 1, got 0",
    ),
    (
        lambda: dialect.CosineAnnealingWarmRestarts(0.1, 5, 1.5),
        "CosineAnnealingWarmRestarts(T_mult=...) must be a known int of at least 1, got 1.5",
    ),
    (
        lambda: dialect.CyclicLR(0.1, 1.0, 0),
        "CyclicLR(step_size_up=...) must be positive, got 0",
    ),
    (
        lambda: dialect.CyclicLR(0.1, 1.0, mode="triangle"),
        "CyclicLR(mode=...) must be triangular or triangular2 or exp_range, got 'triangle'",
    ),
    (
        lambda: dialect.CyclicLR(0.1, 1.0, scale_fn=abs, scale_mode="step"),
        "CyclicLR(scale_mode=...) must be cycle or iterations, got 'step'",
    ),
    (
        lambda: dialect.CyclicLR(0.1, 1.0, scale_fn=math.sqrt),
        "CyclicLR(scale_fn=...): sqrt is no function that JAX can trace: take ",
    ),
    (lambda: dialect.OneCycleLR(0.1, total_steps=9), "OneCycleLR needs max_lr"),
    (
        lambda: dialect.OneCycleLR(0.1, 1.0, epochs=9),
        "OneCycleLR needs total_steps, or epochs and steps_per_epoch",
    ),
    (
        lambda: dialect.OneCycleLR(0.1, 1.0, 0),
        "OneCycleLR(total_steps=...) must be at least 1, got 0",
    ),
    (
        lambda: dialect.OneCycleLR(0.1, 1.0, 9, pct_start=1.5),
        "OneCycleLR(pct_start=...) must be in [0, 1], got 1.5",
    ),
    (
        lambda: dialect.OneCycleLR(0.1, 1.0, 9, anneal_strategy="cosine"),
        "OneCycleLR(anneal_strategy=...) must be cos or linear, got 'cosine'",
    ),
    (
        lambda: dialect.OneCycleLR(0.1, 1.0, 9, div_factor=0),
        "OneCycleLR(div_factor=...) must be positive, got 0.0",
    ),
    (
        lambda: dialect.LambdaLR(0.1, lambda k: 1.0 if k < 5 else 0.5),
        "LambdaLR(lr_lambda=...): <lambda> is no function that JAX can trace: take ",
    ),
    (
        lambda: dialect.LambdaLR(0.1, "x"),
        "LambdaLR(lr_lambda=...): a schedule, a number or a function of a count is expected, got",
    ),
    (
        lambda: dialect.SequentialLR(0.1, [], []),
        "SequentialLR needs a list of at least one scheduler, got []",
    ),
    (
        lambda: dialect.SequentialLR(0.1, [STEP, STEP], []),
        "SequentialLR needs one milestone between each two schedulers, got 2 schedulers and 0 mi",
    ),
    (
        lambda: dialect.SequentialLR(0.1, [STEP] * 3, [9, 5]),
        "SequentialLR(milestones=...) must be in order, got [9, 5]",
    ),
    (
        lambda: dialect.SequentialLR(0.1, [STEP, 0.1], [5]),
        'SequentialLR: schedulers[1] must be a schedule or {"schedule": ..., "kwargs": ...}, got',
    ),
    (
        lambda: dialect.SequentialLR(0.1, [{"schedule": "ReduceLROnPlateau"}]),
        "SequentialLR: schedulers[0]: ReduceLROnPlateau follows a metric: it is no function of",
    ),
    (
        lambda: dialect.SequentialLR(0.1, [STEP, {"schedule": "CosineLR"}], [5]),
        "SequentialLR: schedulers[1]: unknown schedule 'CosineLR'",
    ),
    (
        lambda: dialect.SequentialLR(0.1, [STEP, {"schedule": "StepLR", "step_size": 3}], [5]),
        "SequentialLR: schedulers[1] has no key 'step_size'",
    ),
    (
        lambda: dialect.SequentialLR(0.1, [{"schedule": "StepLR", "kwargs": {"size": 3}}]),
        "SequentialLR: schedulers[0]: StepLR() has no argument 'size'; did you mean 'step_size'?",
    ),
    (
        lambda: dialect.ChainedScheduler([{"schedule": "StepLR", "kwargs": {"step_size": 3}}]),
        "ChainedScheduler: schedulers[0] is a description: ChainedScheduler needs base_lr",
    ),
    (
        lambda: dialect.ChainedScheduler(0.1),
        "ChainedScheduler needs a list of at least one scheduler, got None",
    ),
    (
        lambda: dialect.ChainedScheduler([STEP, dialect.StepLR(0.2, 5)]),
        "ChainedScheduler: all schedulers must have the same base_lr, got 0.1 and 0.2",
    ),
    (
        lambda: dialect.ChainedScheduler([STEP, dialect.CosineAnnealingLR(0.1, 5, 0.01)]),
        "ChainedScheduler cannot hold a CosineAnnealingLR with eta_min, whose recursion has no cl",
    ),
    (
        lambda: dialect.ChainedScheduler([ANNEALED, ANNEALED]),
        "ChainedScheduler can hold one CosineAnnealingLR only",
    ),
    (
        lambda: dialect.ChainedScheduler([RESTARTED, ANNEALED]),
        "ChainedScheduler cannot hold a CosineAnnealingLR after a scheduler that overwrites",
    ),
    (
        lambda: dialect.ChainedScheduler([STEP, dialect.SequentialLR(0.1, [STEP, STEP], [5])]),
        "ChainedScheduler cannot hold a SequentialLR, nor a chain with a CosineAnnealingLR",
    ),
]


@pytest.mark.parametrize(("call", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_refused(call, message):
    with pytest.raises((TypeError, ValueError), match=re.escape(message)) as caught:
        call()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ENTRIES)
def test_an_optimizer_is_no_learning_rate(name):
    wrong = [Optimizer(), Scheduler(), {"lr": 0.1}, iter([1.0])]
    if name != "ChainedScheduler":  # whose first argument may be a list
        tensors = [types.SimpleNamespace(requires_grad=True)]
        wrong += [optax.sgd(0.1), tensors, [{"lr": 0.1, "params": tensors}]]
    for x in wrong:
        assert_no_learning_rate(ENTRIES[name], x)


def test_live_optimizers_and_schedulers_are_no_learning_rate():
    live = optimizer(0.1)
    given = dialect.StepLR(0.1, 3)
    scheduler = build("StepLR", live, {"step_size": 3})
    rule = "give the learning rate; torch.from_scheduler takes a live scheduler"
    for call in (
        lambda: dialect.CosineAnnealingLR(live, 900),
        lambda: dialect.CosineAnnealingLR(scheduler, 900),
        lambda: dialect.CosineAnnealingLR([torch_tensor()], 900),
        lambda: dialect.OneCycleLR(live, 0.1, 100),
        lambda: dialect.SequentialLR(live, [given, given], [3]),
        lambda: dialect.ChainedScheduler([given], live),
    ):
        with pytest.raises(TypeError, match=rule) as caught:
            call()
        assert "\n" not in str(caught.value) and "Group" not in str(caught.value)
    rule = (
        r"schedulers\[0\] must be a schedule; torch.from_scheduler takes a live scheduler, got an"
    )
    for call in (
        lambda: dialect.SequentialLR(0.1, [scheduler]),
        lambda: dialect.ChainedScheduler([scheduler]),
    ):
        with pytest.raises(TypeError, match=rule):
            call()


@pytest.mark.parametrize("make", [*dialect.DIALECT.entries.values(), dialect.from_scheduler])
def test_an_argument_that_there_is_not(make):
    assert_suggests(make)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("ReduceLROnPlateau", "ReduceLROnPlateau follows a metric: it is no function of the count"),
        (
            "MultiplicativeLR",
            "MultiplicativeLR multiplies by a Python function at every count: it is no function of "
            "the count alone; LambdaLR takes their product as one",
        ),
        (
            "CosineAnealingLR",
            "module 'jaxsched.dialects.torch' has no attribute 'CosineAnealingLR'; did you mean "
            "'CosineAnnealingLR'?",
        ),
        ("__wrapped__", "module 'jaxsched.dialects.torch' has no attribute '__wrapped__'"),
    ],
)
def test_names_that_are_absent_say_why(name, message):
    with pytest.raises(AttributeError, match=f"^{re.escape(message)}$"):
        getattr(dialect, name)
    assert not hasattr(dialect, name)


FRACTIONS = [
    *((name, {}, key) for name, key in [("StepLR", "step_size"), ("CosineAnnealingLR", "T_max")]),
    *((name, {}, "total_iters") for name in ("ConstantLR", "LinearLR", "PolynomialLR")),
    ("CosineAnnealingWarmRestarts", {}, "T_0"),
    *(("CyclicLR", {}, f"step_size_{way}") for way in ("up", "down")),
    *(("OneCycleLR", {"max_lr": 1.0}, key) for key in ("total_steps",)),
    ("OneCycleLR", {"max_lr": 1.0, "steps_per_epoch": 9}, "epochs"),
]


@pytest.mark.parametrize(("name", "kwargs", "key"), FRACTIONS)
def test_a_fraction_is_no_number_of_counts(name, kwargs, key):
    given = {**required(ENTRIES[name]), **kwargs, key: 0.1}
    message = f"{name}({key}=...) must be in counts, not a fraction of the run"
    with pytest.raises(ValueError, match=re.escape(message)):
        ENTRIES[name](**given)


@pytest.mark.parametrize("milestones", [{3, 5}, {3: 0.1, 5: 0.1}, "35", 3], ids=repr)
def test_milestones_are_in_an_order(milestones):
    with pytest.raises(TypeError, match=r"milestones=...\) must be a sequence of counts, got "):
        dialect.MultiStepLR(0.1, milestones)


# --- a phase of no length -----------------------------------------------------------------------


@pytest.mark.parametrize("warmup", [1, 5])
def test_a_constant_of_no_length_after_a_milestone_is_over(warmup):
    """As PyTorch has it, which keeps the factor where nothing comes before."""
    lines = [js.Linear(0.1, 1.0, warmup)(n).item() for n in range(warmup)]
    expected = [*lines, 1.0, 1.0, 1.0]
    parts = [dialect.LinearLR(1.0, 0.1, 1.0, warmup), dialect.ConstantLR(1.0, 0.5, 0)]
    counts = np.arange(len(expected))
    close(dialect.SequentialLR(1.0, parts, [warmup])(counts), expected)
    described = [
        {"schedule": "LinearLR", "kwargs": {"start_factor": 0.1, "total_iters": warmup}},
        {"schedule": "ConstantLR", "kwargs": {"factor": 0.5, "total_iters": 0}},
    ]
    close(dialect.SequentialLR(1.0, described, [warmup])(counts), expected)

    def traced(total):
        parts[1] = dialect.ConstantLR(1.0, 0.5, total)
        return dialect.SequentialLR(1.0, parts, [warmup])(counts)

    got = jax.vmap(traced)(jnp.array([0, 2]))
    close(got, [expected, [*lines, 0.5, 0.5, 1.0]])
    # another part with one boundary and one level, and the constant where it comes first
    close(dialect.ConstantLR(1.0, 0.5, 0)(counts), np.full(len(counts), 0.5))
    parts[1] = dialect.MultiStepLR(1.0, [0], 0.5)
    close(dialect.SequentialLR(1.0, parts, [warmup])(counts), [*lines, 0.5, 0.5, 0.5])
    first = dialect.SequentialLR(1.0, [parts[0], dialect.ConstantLR(1.0, 0.5, 0)], [0])
    close(first(counts), np.full(len(counts), 0.5))


def test_live_warmup_and_nothing():
    """A run as long as its warmup, wherever PyTorch has a value."""
    nothing = [
        ("ConstantLR", {"factor": 0.5, "total_iters": 0}),
        ("CosineAnnealingLR", {"T_max": 1}),
        ("StepLR", {"step_size": 1}),
    ]
    for name, kwargs in nothing:
        for warmup in (0, 1, 5):
            line = {"schedule": "LinearLR", "kwargs": {"total_iters": warmup}}
            given = {"schedulers": [line, {"schedule": name, "kwargs": kwargs}]}
            agree("SequentialLR", 0.3, {**given, "milestones": [warmup]})


def test_one_cycle_with_a_phase_of_less_than_a_count():
    """Its length is a fraction of a count, which no length of ours is."""
    for kwargs in ({"pct_start": 0.3}, {"pct_start": 0.3, "three_phase": True}):
        for total in (4, 5, 6):
            lr = dialect.OneCycleLR(1.0, 1.0, total, anneal_strategy="linear", **kwargs)
            assert_lengths(lr)
            assert_same(js.from_config(js.to_config(lr)), lr)


def assert_lengths(schedule):
    for s in testing.parts(schedule):
        if not isinstance(s, js.Skip):
            for name, kind in s._kinds.items():
                if isinstance(kind, NumberField) and kind.integral:
                    lengths = np.asarray(getattr(s, name))
                    assert ((lengths == 0) | (lengths >= 1)).all(), (s, name)


def assert_same(one, two):
    assert jax.tree.structure(one) == jax.tree.structure(two)
    assert jax.tree.leaves(one) == jax.tree.leaves(two)


def torch_tensor():
    torch, _ = lr_scheduler()
    return torch.zeros(1, requires_grad=True)
