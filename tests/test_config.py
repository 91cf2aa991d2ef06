"""Schedules as plain data: the way there and back, the dialects' kinds, errors with their place."""

import json
import math
import re

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from cases import CASES
from standins import Attributes, Listed, Mapped, each_container, stood_in

import jaxsched as js
from jaxsched.configs import kinds as config_module
from jaxsched.dialects import kumo, lr_schedule, noether, optax as optax_dialect, timm, torch
from jaxsched.dialects.transformers import get_scheduler
from jaxsched.plain import plain

FOREIGN = ("Function", "as_schedule")
NATIVE = [case for case in CASES if case.name not in FOREIGN]


def assert_same(one, two):
    """One structure, and leaves of the same bits and dtypes."""
    assert jax.tree.structure(one) == jax.tree.structure(two)
    for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(two), strict=True):
        assert np.asarray(a).dtype == np.asarray(b).dtype
        assert np.asarray(a).tobytes() == np.asarray(b).tobytes()


def assert_plain(data):
    """Nothing but what JSON has."""
    if isinstance(data, dict):
        assert all(type(key) is str for key in data)
        data = list(data.values())
    if isinstance(data, list):
        for item in data:
            assert_plain(item)
    else:
        assert type(data) in (str, int, float, bool)


@pytest.mark.parametrize("case", NATIVE, ids=lambda case: case.name)
def test_round_trip(case):
    config = js.to_config(case.schedule)
    assert_plain(config)
    assert_same(js.from_config(config), case.schedule)
    assert_same(js.from_config(json.loads(json.dumps(config))), case.schedule)
    assert js.to_config(js.from_config(config)) == config


def test_every_class_goes_the_way():
    def kinds_in(data):
        if isinstance(data, dict):
            yield from [data["kind"]] * ("kind" in data)
            data = list(data.values())
        for item in data if isinstance(data, list) else []:
            yield from kinds_in(item)

    seen = {kind for case in NATIVE for kind in kinds_in(js.to_config(case.schedule))}
    classes = {name for name, entry in config_module.KINDS.items() if isinstance(entry, type)}
    assert seen == classes
    recipes = {case.entry.__name__ for case in CASES if callable(case.entry)}
    assert set(config_module.KINDS) - classes <= recipes


RECIPES = [
    ("warmup_cosine", {"peak": 1e-3, "warmup": 10, "steps": 100, "end": 1e-5}),
    ("warmup_cosine", {"peak": 1, "warmup": 0, "steps": 100}),
    *(
        ("wsd", {"peak": 1e-3, "warmup": 5, "stable": 7, "decay": 9, "end": 1e-5, "shape": how})
        for how in ("linear", "cosine", "sqrt", "geometric")
    ),
    ("one_cycle", {"peak": 0.1, "steps": 100}),
    ("one_cycle", {"peak": 0.1, "steps": 7, "warmup_fraction": 0.4, "start": 0.0, "end": 0.0}),
    ("triangular", {"low": 0.1, "high": 1.0, "steps": 41}),
    ("noam", {"scale": 1.0, "width": 512, "warmup": 4000}),
]


@pytest.mark.parametrize(("name", "arguments"), RECIPES)
def test_a_recipe_is_a_kind(name, arguments):
    """It is written as what it is made of."""
    schedule = js.from_config({"kind": name, **arguments})
    assert_same(schedule, getattr(js, name)(**arguments))
    assert_same(js.from_config(js.to_config(schedule)), schedule)


def test_every_recipe_is_listed():
    functions = [entry for entry in config_module.KINDS.values() if not isinstance(entry, type)]
    assert {f.__name__ for f in functions} == {name for name, _ in RECIPES}


def test_numbers_stand_for_constants():
    assert_same(js.from_config(0.1), js.Constant(0.1))
    assert_same(js.from_config(3), js.Constant(3.0))
    warm = js.from_config({"kind": "Warmup", "schedule": 0.1, "steps": 5})
    assert_same(warm, js.Constant(0.1).warmup(5))
    joined = js.from_config({"kind": "Join", "schedules": [0.1, 1], "boundaries": [5]})
    assert_same(joined, js.Join((0.1, 1), (5,)))


def test_integers_stay_integers():
    """A length or a boundary is exact to 2^31 - 1, an optional number is left out."""
    long = 2**31 - 1
    config = js.to_config(js.PiecewiseConstant([2**24 + 1, long], [3.0, 2.0, 1.0]))
    assert config["boundaries"] == [2**24 + 1, long]
    config = js.to_config(js.Cosine(1.0, 0.0, long))
    assert config == {"kind": "Cosine", "start": 1.0, "end": 0.0, "steps": long}
    assert type(config["steps"]) is int


def test_the_field_kind_has_another_key():
    schedule = js.Interpolate([0, 5], [1.0, 0.0], "cosine")
    config = js.to_config(schedule)
    assert (config["kind"], config["shape"]) == ("Interpolate", "cosine")
    assert_same(js.from_config(config), schedule)


def test_arrays_are_written_as_lists():
    """Of NumPy and of JAX, a batch of numbers too; the values are those of the array."""
    for array in (np.array([0.1, 0.7]), jnp.array([0.1, 0.7])):
        schedule = js.Linear(array, 0.0, 10)
        config = json.loads(json.dumps(js.to_config(schedule)))
        assert config["start"] == np.asarray(array).tolist()
        again = js.from_config(config)
        assert np.asarray(again.start).tolist() == np.asarray(array).tolist()
        assert jax.tree.structure(again) == jax.tree.structure(schedule)
    assert js.to_config(js.Constant(jnp.array(0.5)))["value"] == 0.5


# --- the dialects -------------------------------------------------------------------------------

STAIRS = {"factor": 0.1, "start_value": 1.0, "steps": [0.25, 0.5]}
WARM = {"name": "linear_with_warmup", "kwargs": {"warmup_ratio_or_steps": 7}}
SIZES = {"base_lr": 0.1, "num_training_steps": 100}
DIALECTS = [
    *(
        (
            {"kind": f"lr_schedule.{name}", "initial_value": 0.3, "total_steps": 100},
            cls({"initial_value": 0.3}).schedule(100),
        )
        for name, cls in lr_schedule.entries().items()
    ),
    (
        {"kind": "lr_schedule.LinearLRSchedule", "type": "linear", "total_steps": 9},
        lr_schedule.LinearLRSchedule({}).schedule(9),
    ),
    *(
        (
            {"kind": kind, "total_steps": 99, **STAIRS},
            noether.StepFixedSchedule(STAIRS).schedule(99),
        )
        for kind in ("noether.StepFixedSchedule", "noether.core.schedules.StepFixedSchedule")
    ),
    (
        {
            "kind": "noether.StepFixedSchedule",
            "interval": "epoch",
            "total_steps": 100,
            "steps_per_epoch": 9,
            **STAIRS,
        },
        noether.StepFixedSchedule(STAIRS, interval="epoch").schedule(100, 9),
    ),
    (
        {"kind": "kumo.linear_with_warmup", "warmup_ratio_or_steps": 7, **SIZES},
        kumo.lr_scheduler([WARM], **SIZES)[0],
    ),
    (
        {
            "kind": "kumo.exponential",
            "gamma": 0.5,
            "interval": "epoch",
            "steps_per_epoch": 9,
            **SIZES,
        },
        kumo.lr_scheduler(
            [{"name": "exponential", "interval": "epoch", "kwargs": {"gamma": 0.5}}],
            steps_per_epoch=9,
            **SIZES,
        )[0],
    ),
    (
        {"kind": "kumo.lr_scheduler", "config": [[WARM, WARM]], **SIZES},
        kumo.lr_scheduler([[WARM, WARM]], **SIZES)[0],
    ),
    ({"kind": "kumo.lr_scheduler", "config": WARM, **SIZES}, kumo.lr_scheduler([WARM], **SIZES)[0]),
    ({"kind": "kumo.lr_scheduler", **SIZES}, js.Constant(0.1)),
]


@pytest.mark.parametrize(("config", "expected"), DIALECTS)
def test_a_dialect_has_kinds(config, expected):
    """Anywhere in a config; it is written as what it is made of."""
    schedule = js.from_config(config)
    assert_same(schedule, expected)
    assert_same(js.from_config(js.to_config(schedule)), schedule)
    inside = {"kind": "Every", "steps": 2, "schedule": config}
    assert_same(js.from_config(inside), expected.every(2))


# --- configuration objects ----------------------------------------------------------------------

DATA = {
    "counts": [3, 6],
    "values": [1.0, 0.5, 0.1],
    "native": {
        "kind": "Join",
        "schedules": [{"kind": "Linear", "start": 0, "end": 1, "steps": "30%"}, 0.5],
        "boundaries": ["30%"],
    },
    "cycles": [{"init_value": 0.0, "peak_value": 1.0, "warmup_steps": 2, "decay_steps": 5}] * 2,
    "scales": {"3": 0.5, "6": 0.1},
    "own": {"num_cycles": 0.7},
    "parts": [
        {"schedule": "LinearLR", "kwargs": {"total_iters": 3}},
        {"schedule": "MultiStepLR", "kwargs": {"milestones": [1, 2]}},
    ],
    "strategies": [{"name": "linear_with_warmup", "kwargs": {"warmup_ratio_or_steps": 3}}, None],
    "stairs": {"kind": "StepFixedSchedule", "factor": 0.1, "steps": [0.25, 0.5]},
    "sequence": [
        {"schedule": {"kind": "ConstantSchedule", "value": 0.3}, "end_step": 4},
        {"schedule": {"kind": "CustomSchedule", "values": [0.2, 0.1]}},
    ],
    "progress": {"type": "polynomial", "initial_value": 0.3, "power": 3.0},
}
TAKEN = {
    "from_config": lambda x: js.from_config(x["native"], total_steps=10),
    "from_config, inside": lambda x: js.from_config(
        {"kind": "Warmup", "steps": 2, "schedule": x["native"]}, total_steps=10
    ),
    "from_config, a list": lambda x: js.from_config(
        {"kind": "PiecewiseConstant", "boundaries": x["counts"], "values": x["values"]}
    ),
    "from_config, a dialect": lambda x: js.from_config(
        {"kind": "torch.SequentialLR", "base_lr": 1.0, "schedulers": x["parts"], "milestones": [3]}
    ),
    "fields": lambda x: js.PiecewiseConstant(x["counts"], x["values"]),
    "a field with a batch": lambda x: js.Linear(x["values"], 0.0, 10),
    "schedules": lambda x: js.Join(x["values"], x["counts"]),
    "torch": lambda x: torch.MultiStepLR(1.0, x["counts"]),
    "torch, parts": lambda x: torch.SequentialLR(1.0, x["parts"], milestones=x["counts"][:1]),
    "torch, a chain": lambda x: torch.ChainedScheduler(1.0, x["parts"]),
    "timm": lambda x: timm.MultiStepLRScheduler(1.0, decay_t=x["counts"], decay_rate=0.1),
    "timm, by name": lambda x: timm.create_scheduler_v2(
        1.0, "multistep", decay_milestones=x["counts"]
    ),
    "transformers": lambda x: get_scheduler(
        "cosine", 1.0, 2, 9, scheduler_specific_kwargs=x["own"]
    ),
    "optax": lambda x: optax_dialect.piecewise_constant_schedule(1.0, x["scales"]),
    "optax, cycles": lambda x: optax_dialect.sgdr_schedule(x["cycles"]),
    "optax, a join": lambda x: optax_dialect.join_schedules(x["values"], x["counts"]),
    "kumo": lambda x: kumo.lr_scheduler(x["strategies"], base_lr=0.5, num_training_steps=9)[0],
    "noether": lambda x: noether.create(x["stairs"]).schedule(9),
    "noether, by class": lambda x: noether.StepFixedSchedule(x["stairs"]).schedule(9),
    "noether, a config": lambda x: noether.StepFixedSchedule(
        noether.StepFixedScheduleConfig(factor=0.1, steps=x["stairs"]["steps"])
    ).schedule(9),
    "noether, a sequence": lambda x: noether.SequentialStepSchedule(x["sequence"]).schedule(9),
    "noether, a keyword": lambda x: noether.SequentialStepSchedule(
        schedule_configs=x["sequence"]
    ).schedule(9),
    "lr_schedule": lambda x: lr_schedule.BaseLRSchedule.create(x["progress"]).schedule(9),
    "lr_schedule, by class": lambda x: lr_schedule.PolynomialLRSchedule(x["progress"]).schedule(9),
}


@each_container
@pytest.mark.parametrize("take", TAKEN.values(), ids=TAKEN)
def test_configuration_objects_are_taken(take, container):
    """Wherever a list or a dict is; what is made of them is the same."""
    assert_same(take(container(DATA)), take(DATA))


@pytest.mark.parametrize("container", [Mapped, Attributes])
def test_a_configuration_object_without_an_order_is_no_sequence(container):
    given = container({"3": 0.1, "6": 0.2})
    for call in (
        lambda: js.PiecewiseConstant(given, [1.0, 0.5, 0.1]),
        lambda: js.Join([1.0, 0.5, 0.1], given),
        lambda: torch.MultiStepLR(1.0, given),
        lambda: timm.MultiStepLRScheduler(1.0, given),
    ):
        with pytest.raises(TypeError, match="must be a sequence of .*got {'3': 0.1, '6': 0.2}$"):
            call()


def test_plain_data_is_not_copied():
    """Files note the lines of their mappings, which a copy would lose."""
    given = {"a": [1, (2, {"b": "c"})], "d": np.ones(3), "e": js.Constant(1.0)}
    assert plain(given) is given
    assert plain([given, Listed([1])]) == [given, [1]]
    assert plain({"a": stood_in({"b": [1, {"c": 2}]})}) == {"a": {"b": [1, {"c": 2}]}}
    assert plain("ab") == "ab" and plain(b"ab") == b"ab" and plain(None) is None


def test_what_a_configuration_object_cannot_give_is_one_line():
    omegaconf = pytest.importorskip("omegaconf", reason="Hydra's configs")
    for wrong, message in (
        (COSINE | {"steps": "???"}, "config: Missing mandatory value: steps"),
        (COSINE | {"steps": "${total}"}, "config: Interpolation key 'total' not found"),
    ):
        with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
            js.from_config(omegaconf.OmegaConf.create(wrong))


HYDRA = {
    "_target_": "jaxsched.Join",
    "schedules": [
        {"_target_": "jaxsched.Linear", "start": 0, "end": 1, "steps": 5},
        {"_target_": "jaxsched.Cosine", "start": 1, "end": 0, "steps": 8},
    ],
    "boundaries": [5],
}


@pytest.fixture
def instantiate():
    pytest.importorskip("omegaconf", reason="Hydra's configs")
    return pytest.importorskip("hydra.utils", reason="Hydra is an extra").instantiate


@pytest.mark.parametrize("convert", ["partial", "object", "all"])
def test_hydra_makes_a_list_of_schedules(instantiate, convert):
    expected = js.Join((js.Linear(0.0, 1.0, 5), js.Cosine(1.0, 0.0, 8)), (5,))
    assert_same(instantiate(HYDRA | {"_convert_": convert}), expected)
    outer = {"_target_": "jaxsched.Warmup", "schedule": HYDRA, "steps": 3, "_convert_": convert}
    assert_same(instantiate(outer), expected.warmup(3))


def test_hydra_makes_a_list_of_configs_without_more(instantiate):
    native = {"_target_": "jaxsched.from_config", "config": DATA["native"], "total_steps": 10}
    assert_same(instantiate(native), js.from_config(DATA["native"], total_steps=10))
    parts = {"base_lr": 1.0, "schedulers": DATA["parts"], "milestones": [3]}
    made = instantiate({"_target_": "jaxsched.dialects.torch.SequentialLR", **parts})
    assert_same(made, torch.SequentialLR(**parts))


def test_hydra_is_told_what_helps(instantiate):
    """OmegaConf takes any dataclass in its containers apart, before we see them."""
    message = "with Hydra, write `_convert_: partial` beside the `_target_` that takes a list or"
    for config in (HYDRA, {"optimizer": {"lr": HYDRA["schedules"][0]}}):
        with pytest.raises(Exception, match=message):
            instantiate(config)


# --- what from_config refuses -------------------------------------------------------------------

COSINE = {"kind": "Cosine", "start": 1.0, "end": 0.0, "steps": 10}


def without(key):
    return {k: v for k, v in COSINE.items() if k != key}


def second(config):
    return {"kind": "Join", "schedules": [COSINE, config], "boundaries": [5]}


REFUSED = [
    *(
        (wrong, f"config must be a mapping with a kind, or a number, got {wrong!r}")
        for wrong in (True, None, "Cosine", [COSINE])
    ),
    (math.nan, "config: Constant(value=...) must be finite, got nan"),
    ({}, "config has no kind; known are Clip, Constant, "),
    ({"type": "linear"}, "config has no kind; known are "),
    ({"name": "Cosine"}, "config has no kind: its key is 'kind', not 'name', as in kind: Cosine"),
    (
        {"name": "cosine"},
        "config has no kind: its key is 'kind', not 'name'; known are Clip, Constant, ",
    ),
    ({"type": "torch.StepLR"}, "its key is 'kind', not 'type', as in kind: torch.StepLR"),
    (
        {"_target_": "jaxsched.Cosine", "start": 1.0},
        "config has no kind: its key is 'kind', not '_target_', as in kind: Cosine",
    ),
    (
        {"_target_": "jaxsched.dialects.torch.StepLR"},
        "config has no kind: its key is 'kind', not '_target_', as in kind: torch.StepLR",
    ),
    (
        {"_target_": "optax.adamw"},
        "config has no kind: its key is 'kind', not '_target_'; known are Clip, ",
    ),
    (
        {"kind": "jaxsched.Cosine"},
        "config: unknown kind 'jaxsched.Cosine'; did you mean 'Cosine'?",
    ),
    (
        {"kind": "torch.ReduceLROnPlateau"},
        "config: torch.ReduceLROnPlateau follows a metric: it is no function of the count",
    ),
    (
        {"kind": "transformers.get_greedy_schedule"},
        "config: transformers.get_greedy_schedule depends on the loss, it is no function of the",
    ),
    ({"kind": "Cosin"}, "config: unknown kind 'Cosin'; did you mean 'Cosine'?"),
    ({"kind": "warmup_cosin"}, "unknown kind 'warmup_cosin'; did you mean 'warmup_cosine'?"),
    ({"kind": "xyz"}, "config: unknown kind 'xyz'; known are Clip, "),
    (
        {"kind": "pytorch.StepLR"},
        "unknown system 'pytorch' in kind 'pytorch.StepLR'; did you mean 'torch'?",
    ),
    ({"kind": "torch.StepLr"}, "config: unknown kind 'torch.StepLr'; did you mean 'torch.StepLR'?"),
    ({"kind": "torch.StepLR", "base_lr": 1.0}, "config: torch.StepLR needs step_size"),
    ({"kind": "Schedule"}, "config: unknown kind 'Schedule'"),
    ({"kind": "Function"}, "config: unknown kind 'Function'"),
    ({"kind": None}, "config: unknown kind None"),
    ({"kind": ["Cosine"]}, "config: unknown kind ['Cosine']"),
    ({"kind": "optax.cosine"}, "config: unknown kind 'optax.cosine'"),
    ({"kind": "_noether_configs.coerce"}, "config: unknown system '_noether_configs'"),
    (COSINE | {"step": 3}, "config: Cosine has no key 'step'; did you mean 'steps'?"),
    (COSINE | {"xyz": 3}, "config: Cosine has no key 'xyz'; known are end, exponent, start, steps"),
    (COSINE | {3: 3}, "config: Cosine has no key 3"),
    *((without(key), f"config: Cosine needs {key}") for key in ("start", "end", "steps")),
    ({"kind": "noam", "scale": 1.0, "width": 4}, "config: noam needs warmup"),
    ({"kind": "noam", "warmpu": 4}, "config: noam has no key 'warmpu'; did you mean 'warmup'?"),
    (COSINE | {"steps": -1}, "config: Cosine(steps=...) must not be negative, got -1"),
    (COSINE | {"steps": "10"}, "config: Cosine(steps=...) must be a number of counts, got '10'"),
    (COSINE | {"steps": True}, "config: Cosine(steps=...) must be a number of counts, got True"),
    (COSINE | {"steps": 2**31}, f"config: Cosine(steps=...) must be at most {2**31 - 1} as an"),
    (COSINE | {"start": True}, "config: Cosine(start=...) must be a real number, got True"),
    (COSINE | {"start": None}, "config: Cosine(start=...) must be a real number, got None"),
    (COSINE | {"start": COSINE}, "config: Cosine(start=...) must be a real number, got {"),
    (COSINE | {"exponent": 0.0}, "config: Cosine(exponent=...) must be positive, got 0.0"),
    (
        {"kind": "Restart", "schedule": COSINE, "cycles": True},
        "config: Restart(cycles=...) must be a known int, got True",
    ),
    (
        {"kind": "Interpolate", "boundaries": [1], "values": [1.0], "shape": "cubic"},
        "config: Interpolate(shape=...) must be linear or cosine, got 'cubic'",
    ),
    (
        {"kind": "Interpolate", "boundaries": [1], "values": [1.0], "shap": "linear"},
        "config: Interpolate has no key 'shap'; did you mean 'shape'?",
    ),
    (
        {"kind": "PiecewiseConstant", "boundaries": [3, 2], "values": [1.0, 2.0, 3.0]},
        "config: PiecewiseConstant(boundaries=...) must be in order, got [3, 2]",
    ),
    (
        {"kind": "wsd", "peak": 1.0, "warmup": 1, "stable": 1, "decay": 1, "shape": "exp"},
        "config: wsd(shape=...) must be linear or cosine or sqrt or geometric, got 'exp'",
    ),
    # deep inside
    (second(COSINE | {"steps": -1}), "config.schedules[1]: Cosine(steps=...) must not be negative"),
    (second({"kind": "Cosin"}), "config.schedules[1]: unknown kind 'Cosin'; did you mean 'Cosine'"),
    (second(without("end")), "config.schedules[1]: Cosine needs end"),
    (second({"steps": 3}), "config.schedules[1] has no kind"),
    (second("Cosine"), "config.schedules[1] must be a mapping with a kind, or a number, got 'Cos"),
    (second(math.inf), "config.schedules[1]: Constant(value=...) must be finite, got inf"),
    (second(True), "config.schedules[1] must be a mapping with a kind, or a number, got True"),
    (
        second({"kind": "Warmup", "steps": 3, "schedule": second({"kind": "x"})}),
        "config.schedules[1].schedule.schedules[1]: unknown kind 'x'",
    ),
    (
        second({"kind": "Product", "left": 2, "right": COSINE | {"stepz": 1}}),
        "config.schedules[1].right: Cosine has no key 'stepz'; did you mean 'steps'?",
    ),
    (second(COSINE) | {"boundaries": [5, 6]}, "config: Join(schedules, boundaries) needs one "),
    (second(COSINE) | {"boundaries": 5}, "config: Join(boundaries=...) must be a sequence"),
    (second(COSINE) | {"schedules": COSINE}, "config.schedules must be a list of configs, got {"),
    (second(COSINE) | {"schedules": "ab"}, "config.schedules must be a list of configs, got 'ab'"),
    # the dialects
    (
        {"kind": "lr_schedule.LinerLRSchedule", "total_steps": 9},
        "'lr_schedule.LinerLRSchedule'; did you mean 'lr_schedule.LinearLRSchedule'?",
    ),
    (
        {"kind": "lr_schedule.LinearLRSchedule"},
        "config: lr_schedule.LinearLRSchedule needs total_steps",
    ),
    (
        {"kind": "lr_schedule.LinearLRSchedule", "total_steps": 9, "initial_value": "x"},
        "config: LinearLRSchedule: initial_value must be a number, got 'x'",
    ),
    ({"kind": "noether.ConstantSchedule", "value": 1.0}, "noether.ConstantSchedule needs total"),
    (
        {"kind": "noether.ConstantSchedul", "value": 1.0, "total_steps": 9},
        "config: unknown kind 'noether.ConstantSchedul'; did you mean 'noether.ConstantSchedule'?",
    ),
    (
        {"kind": "noether.ConstantSchedule", "total_steps": 9},
        "config: noether.ConstantSchedule needs value",
    ),
    (
        {"kind": "noether.ConstantSchedule", "value": 1.0, "valeu": 1.0, "total_steps": 9},
        "config: noether.ConstantSchedule has no key 'valeu'; did you mean 'value'?",
    ),
    ({"kind": "kumo.exponential", "gamma": 0.5}, "config: kumo.exponential needs base_lr"),
    (
        {"kind": "kumo.exponential", "gamma": 0.5, "base_lr": 0.1},
        "config: kumo.exponential needs num_training_steps",
    ),
    ({"kind": "kumo.exponential", **SIZES}, "config: kumo.exponential needs gamma"),
    (
        {"kind": "kumo.exponentail", **SIZES},
        "config: unknown kind 'kumo.exponentail'; did you mean 'kumo.exponential'?",
    ),
    (
        {"kind": "kumo.lr_scheduler", "config": [WARM, WARM], **SIZES},
        "config: kumo.lr_scheduler holds 2 schedules, not one",
    ),
    (
        {"kind": "kumo.lr_scheduler", "confg": [WARM], **SIZES},
        "config: kumo.lr_scheduler has no key 'confg'; did you mean 'config'?",
    ),
    (
        second({"kind": "kumo.exponential", **SIZES}),
        "config.schedules[1]: kumo.exponential needs gamma",
    ),
]


@pytest.mark.parametrize(("config", "message"), REFUSED)
def test_from_config_refuses(config, message):
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        js.from_config(config)
    assert str(caught.value).startswith("config")
    assert "\n" not in str(caught.value)


def test_arguments_that_there_are_not():
    with pytest.raises(TypeError, match="has no argument 'total_step'; did you mean 'total_steps'"):
        js.from_config(COSINE, total_step=3)


# --- what to_config refuses ---------------------------------------------------------------------


class Sawtooth(js.Schedule):
    steps: int = js.fields.length(least=1)

    def at(self, t):
        return (t % self.steps).astype(float)


class Linear(js.Linear):
    """Of a known name, and another class all the same."""


class Inner:
    def __call__(self, count):
        return 0.1 * count


TO_REFUSED = [
    (js.Function(optax.linear_schedule(1.0, 0.0, 5)), "a foreign callable cannot be written"),
    (js.as_schedule(Inner()).warmup(5), "a foreign callable cannot be written as a config: <"),
    (Sawtooth(5), "Sawtooth is not a class of jaxsched, it cannot be written as a config"),
    (Sawtooth(5) * 2.0 + 1.0, "Sawtooth is not a class of jaxsched"),
    (Linear(1.0, 0.0, 5), "Linear is not a class of jaxsched"),
    (js.Join((0.1, Linear(1.0, 0.0, 5)), (5,)), "Linear is not a class of jaxsched"),
    (js.Linear(np.ones((2, 2)), 0.0, 5), "Linear(start=...) is a tracer or a batch"),
    (js.Table(np.ones((2, 2))), "Table(values=...) is a tracer or a batch, it cannot be written"),
]


@pytest.mark.parametrize(("schedule", "message"), TO_REFUSED)
def test_to_config_refuses(schedule, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        js.to_config(schedule)


def test_to_config_refuses_a_tracer():
    def write(start):
        js.to_config(js.Linear(start, 0.0, 5).warmup(3))
        return start

    message = "Linear(start=...) is a tracer or a batch, it cannot be written as a config"
    with pytest.raises(ValueError, match=re.escape(message)):
        jax.jit(write)(1.0)


def test_to_config_refuses_what_is_no_schedule():
    for wrong in (0.1, None, {"kind": "Cosine"}, lr_schedule.LinearLRSchedule({})):
        with pytest.raises(ValueError, match="is not a class of jaxsched"):
            js.to_config(wrong)
