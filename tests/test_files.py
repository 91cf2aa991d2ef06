"""Schedules in files: the way there and back, units, lines, and what loading refuses."""

import errno
import json
import os
import pickle
import re
import stat
from pathlib import Path

import hypothesis
import numpy as np
import pytest
from hypothesis import given, settings
from test_config import assert_same
from trees import schedules

import jaxsched as js
from jaxsched.configs import files
from jaxsched.configs.kinds import KINDS

yaml = pytest.importorskip("yaml", reason="YAML is read with pyyaml")

DATA = Path(__file__).parent / "data"
COSINE = "kind: Cosine\nstart: 1.0\nend: 0.0\nsteps: "
NAMES = {name: getattr(js, name) for name in dir(js)}


@pytest.fixture
def file(tmp_path):
    """A file with this text."""

    def write(name, text):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


# --- the way there and back ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("trees")


@settings(
    max_examples=10 * settings().max_examples,  # 200, or 10 000 in the full profile
    suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.filter_too_much],
)
@given(schedule=schedules())
def test_a_tree_survives(folder, schedule):
    """Config, file, pickle and repr: the same structure, and leaves of the same bits."""
    assert_same(js.from_config(js.to_config(schedule)), schedule)
    for name in ("tree.yaml", "tree.json"):
        js.save(schedule, folder / name)
        assert_same(js.load(folder / name), schedule)
    assert_same(pickle.loads(pickle.dumps(schedule)), schedule)
    assert_same(eval(repr(schedule), NAMES), schedule)


@pytest.mark.parametrize("kind", KINDS)
def test_a_tree_may_be_of_any_kind(kind):
    """What the test above draws from."""
    first = settings(max_examples=20, derandomize=True, phases=[hypothesis.Phase.generate])
    tree = hypothesis.find(schedules(kind=kind), lambda tree: True, settings=first)
    assert isinstance(tree, js.Schedule)


def test_what_is_written(tmp_path):
    """A key a line, what is not nested on one line, keys in the order of the fields."""
    schedule = js.Cosine(3e-4, 1e-5, 80).warmup(20) * js.PiecewiseConstant([50], [1.0, 0.1])
    js.save(schedule, tmp_path / "a.yaml")
    assert (tmp_path / "a.yaml").read_text() == (
        "kind: Product\n"
        "left:\n"
        "  kind: Warmup\n"
        "  schedule: {kind: Cosine, start: 0.0003, end: 1.0e-05, steps: 80}\n"
        "  steps: 20\n"
        "  start: 0.0\n"
        "right:\n"
        "  kind: PiecewiseConstant\n"
        "  boundaries: [50]\n"
        "  values: [1.0, 0.1]\n"
    )
    js.save(schedule.right, tmp_path / "a.JSON")
    assert (tmp_path / "a.JSON").read_text() == (
        '{\n  "kind": "PiecewiseConstant",\n  "boundaries": [50],\n  "values": [1.0, 0.1]\n}\n'
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.JSON", "a.yaml"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.toml", 'kind = "Warmup"\nsteps = 5\n[schedule]\nkind = "Constant"\nvalue = 0.1\n'),
        ("a.yml", "{kind: Warmup, steps: 5, schedule: 1e-1}"),
        ("a.YAML", "# a comment\nkind: Warmup\nsteps: +5\nschedule: .1\n"),
        ("a.json", '\ufeff{"kind": "Warmup", "steps": 5, "schedule": 0.1}'),
    ],
)
def test_formats(file, name, text):
    assert_same(js.load(file(name, text)), js.Constant(0.1).warmup(5))


def test_numbers_in_yaml(file):
    """Those of YAML 1.2, with 1e-3 and underscores; 010 is ten, and 1:30 is text."""
    text = "kind: Table\nvalues: [1, -1, +3, 010, 1_000, 1.5, 1., .5, 1e3, 1E-3, -1e-3]"
    expected = [1, -1, 3, 10, 1000, 1.5, 1, 0.5, 1000, 0.001, -0.001]
    np.testing.assert_array_equal(js.load(file("a.yaml", text)).values, expected)
    with pytest.raises(ValueError, match="must be a real number, got '1:30'"):
        js.load(file("a.yaml", "kind: Constant\nvalue: 1:30"))


def test_aliases_and_merges(file):
    text = (
        "kind: Join\nboundaries: [5]\nschedules:\n"
        "- &first {kind: Cosine, start: 1.0, end: 0.0, steps: 5}\n- {<<: *first, start: 0.5}\n"
    )
    parts = (js.Cosine(1.0, 0.0, 5), js.Cosine(0.5, 0.0, 5))
    assert_same(js.load(file("a.yaml", text)), js.Join(parts, (5,)))


def test_forms_of_other_systems(file):
    """A single schedule in whatever form `show` reads."""
    assert_same(
        js.load(DATA / "noether_step_fixed.yaml", total_steps=150),
        js.dialects.noether.StepFixedSchedule(
            factor=0.1, start_value=1e-3, steps=[0.01, 0.02, 0.03]
        ).schedule(150),
    )
    line = js.load(file("a.yaml", "type: linear\ninitial_value: 0.1"), total_steps=9)
    assert_same(line, js.Linear(0.1, 0.0, 9))
    warm = file("b.yaml", "schedule:\n- kind: kumo.linear_with_warmup\n  base_lr: 0.1\n")
    expected = js.dialects.kumo.lr_scheduler(
        [{"name": "linear_with_warmup"}], base_lr=0.1, num_training_steps=100
    )[0]
    assert_same(js.load(warm, total_steps=100), expected)


def test_saving_replaces_what_was_there_only_when_it_is_whole(tmp_path, monkeypatch):
    path = tmp_path / "a.yaml"
    js.save(js.Constant(0.1), path)
    before = path.read_text()
    with pytest.raises(ValueError, match="a foreign callable cannot be written"):
        js.save(js.as_schedule(abs), path)

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "replace", fail)
    with pytest.raises(OSError, match="No space left"):
        js.save(js.Constant(0.2), path)
    assert path.read_text() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.yaml"]


def test_what_save_refuses(tmp_path):
    for name in ("a.toml", "a.txt", "a"):
        rule = re.escape(".yaml (or .yml) and .json can be written, got ")
        with pytest.raises(ValueError, match=rule):
            js.save(js.Constant(0.1), tmp_path / name)
    deep = js.Constant(0.1)
    for depth in (150, 500):
        for _ in range(depth):
            deep = deep.clip(high=1.0)
        with pytest.raises(ValueError, match="nested too deep"):
            js.save(deep, tmp_path / "a.json")
    assert list(tmp_path.iterdir()) == []


# --- units --------------------------------------------------------------------------------------

RUN = {"total_steps": 2000, "steps_per_epoch": 30, "tokens_per_step": 2**20}
UNITS = [
    ("500", 500),
    ("500 steps", 500),
    ("1 step", 1),
    ("10%", 200),
    ("12.5 %", 250),
    ("0%", 0),
    ("5 epochs", 150),
    ("1 epoch", 30),
    ("0.5 epochs", 15),
    ("1.55 epochs", 46),  # 46.5: to the even one
    ("1.65epochs", 50),  # 49.5
    ("2e9 tokens", 1907),
    ("1048576 tokens", 1),
    ("524287 tokens", 0),
    ("524289 tokens", 1),
    ("100.00000000000000000000000%", 2000),
]


@pytest.mark.parametrize(("text", "steps"), UNITS)
def test_a_unit(file, text, steps):
    schedule = js.load(file("a.yaml", COSINE + text), **RUN)
    assert_same(schedule, js.Cosine(1.0, 0.0, steps))


def test_units_are_exact():
    """A third in float64 times 2^31 - 1 is not a third of it."""
    config = {"kind": "Stop", "schedule": 1.0, "steps": "33.3333333333333333333333333333%"}
    assert js.from_config(config, total_steps=2**31 - 1).steps == round((2**31 - 1) / 3)
    epochs = {"kind": "Stop", "schedule": 1.0, "steps": "0.1 epochs"}
    assert js.from_config(epochs, steps_per_epoch=15).steps == 2  # 1.5: to the even one
    assert js.from_config(epochs, steps_per_epoch=15.5).steps == 2


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (
            {"kind": "PiecewiseConstant", "boundaries": ["10%", 500], "values": [3, 2, 1]},
            js.PiecewiseConstant([200, 500], [3.0, 2.0, 1.0]),
        ),
        (
            {"kind": "Per", "schedule": {"kind": "Linear", "start": 1, "end": 0, "steps": 9},
             "steps": "1 epoch"},
            js.Linear(1.0, 0.0, 9).per(30),
        ),
        (
            {"kind": "wsd", "peak": 1, "warmup": "5%", "stable": "75%", "decay": "20%"},
            js.wsd(1.0, 100, 1500, 400),
        ),
        (
            {"kind": "torch.MultiStepLR", "base_lr": 0.1, "milestones": ["5 epochs", "50%"]},
            js.dialects.torch.MultiStepLR(0.1, [150, 1000]),
        ),
        (
            {"kind": "optax.cosine_decay_schedule", "init_value": 1, "decay_steps": "100%"},
            js.dialects.optax.cosine_decay_schedule(1.0, 2000),
        ),
        (
            {"kind": "transformers.get_scheduler", "name": "linear", "base_lr": 1,
             "num_warmup_steps": "5%", "num_training_steps": "100%"},
            js.dialects.transformers.get_scheduler("linear", 1.0, 100, 2000),
        ),
        (
            {"kind": "timm.CosineLRScheduler", "base_lr": 1.0, "t_initial": "60 epochs"},
            js.dialects.timm.CosineLRScheduler(1.0, 1800),
        ),
        (
            {"kind": "lr_schedule.linear", "initial_value": 1.0, "total_steps": "50%"},
            js.Linear(1.0, 0.0, 1000),
        ),
        ({"kind": "lr_schedule.linear", "initial_value": 1.0}, js.Linear(1.0, 0.0, 2000)),
        (
            {"kind": "noether.LinearWarmupCosineDecaySchedule", "warmup_steps": "1 epoch"},
            js.dialects.noether.LinearWarmupCosineDecaySchedule(warmup_steps=30).schedule(2000),
        ),
        (
            {"kind": "kumo.exponential", "interval": "epoch", "base_lr": 1.0, "gamma": 0.5},
            js.Exponential(1.0, 0.5).per(30),
        ),
    ],
)  # fmt: skip
def test_wherever_a_length_stands(config, expected):
    assert_same(js.from_config(config, **RUN), expected)
    inside = {"kind": "Product", "left": config, "right": 2.0}
    assert_same(js.from_config(inside, **RUN), expected * 2.0)


WRONG_UNITS = [
    ("10%", {}, "config: Cosine(steps=...): '10%' needs total_steps"),
    ("5 epochs", {"total_steps": 9}, "Cosine(steps=...): '5 epochs' needs steps_per_epoch"),
    ("5 tokens", {"steps_per_epoch": 9}, "Cosine(steps=...): '5 tokens' needs tokens_per_step"),
    ("5 epocs", RUN, "Cosine(steps=...): unknown unit 'epocs' in '5 epocs'; did you mean 'epochs'"),
    ("5 furlongs", RUN, "unknown unit 'furlongs' in '5 furlongs'; known are %, epoch, epochs, "),
    ("-5%", RUN, "Cosine(steps=...) must not be negative, got '-5%'"),
    ("1e10 epochs", RUN, "Cosine(steps=...) must be at most 2147483647"),
    ("'5'", RUN, "Cosine(steps=...) must be a number of counts, got '5'"),
    ("five epochs", RUN, "Cosine(steps=...) must be a number of counts, got 'five epochs'"),
    ("1e999999999 epochs", RUN, "must be a number of counts, got '1e999999999 epochs'"),
    ("1e-999999999 epochs", RUN, "must be a number of counts, got '1e-999999999 epochs'"),
    ("5", {"total_steps": 0}, "total_steps must be at least 1, got 0"),
    ("5", {"total_steps": 1.5}, "total_steps must be a whole number, got 1.5"),
    ("5", {"total_steps": 2**31}, "total_steps must be at most 2147483647"),
    ("5", {"steps_per_epoch": 0}, "steps_per_epoch must be positive, got 0"),
    ("5", {"tokens_per_step": "x"}, "tokens_per_step must be a real number, got 'x'"),
    ("5", {"tokens_per_step": float("nan")}, "tokens_per_step must be finite, got nan"),
]


@pytest.mark.parametrize(("text", "run", "message"), WRONG_UNITS)
def test_a_wrong_unit(file, text, run, message):
    with pytest.raises((ValueError, TypeError), match=re.escape(message)):
        js.load(file("a.yaml", COSINE + text), **run)


COS = {"kind": "Cosine", "start": 1.0, "end": 0.0}
WHOLE = COS | {"steps": "100%"}
TOO_LONG = [
    (COS | {"steps": "150%"}, "config: Cosine(steps=...) must be at most 100%, got '150%'"),
    (COS | {"steps": "100.001%"}, "config: Cosine(steps=...) must be at most 100%, got '100.001%'"),
    ({"kind": "PiecewiseConstant", "boundaries": ["50%", "101%"], "values": [3, 2, 1]}, "'101%'"),
    ({"kind": "torch.StepLR", "base_lr": 1, "step_size": "101%"}, "at most 100%, got '101%'"),
    ({"kind": "Warmup", "steps": "10%", "schedule": WHOLE}, "config: {} 110% of the run"),
    ({"kind": "Delay", "steps": "0.5%", "schedule": WHOLE}, "config: {} 100.5% of the run"),
    ({"kind": "wsd", "peak": 1, "warmup": "10%", "stable": "75%", "decay": "20%"}, "{} 105% of"),
    ({"kind": "Join", "schedules": [0.1, WHOLE], "boundaries": ["20%"]}, "config: {} 120% of the"),
    ({"kind": "Restart", "cycles": 3, "schedule": COS | {"steps": "40%"}}, "config: {} 120% of"),
    (
        {"kind": "Cooldown", "schedule": 1.0, "boundary": "90%", "steps": "20%"},
        "config: {} 110% of the run",
    ),
    (
        {"kind": "Product", "left": 2.0, "right": {"kind": "Warmup", "steps": "9%",
                                                   "schedule": WHOLE}},
        "config.right: {} 109% of the run",
    ),
    (
        {"kind": "Join", "boundaries": [5], "schedules": [0.1, {"kind": "Warmup", "steps": "1%",
                                                                "schedule": WHOLE}]},
        "config.schedules[1]: {} 101% of the run",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("config", "message"), TOO_LONG)
def test_more_than_the_run(file, config, message):
    path = file("a.json", json.dumps(config))
    rule = message.format("lengths that follow one another add up to")
    with pytest.raises(ValueError, match=re.escape(rule)) as caught:
        js.load(path, **RUN)
    assert str(caught.value).startswith(f"{path}:1: ")
    with pytest.raises(ValueError, match=re.escape(rule)):
        js.from_config(config, **RUN)


@pytest.mark.parametrize(
    "config",
    [
        {"kind": "Warmup", "steps": "10%", "schedule": COS | {"steps": "90%"}},
        {"kind": "Warmup", "steps": 10**6, "schedule": WHOLE},  # in counts: a run cut short
        {"kind": "Warmup", "steps": "100 epochs", "schedule": WHOLE},
        {"kind": "Stop", "steps": "100%", "schedule": {"kind": "Delay", "steps": "5%",
                                                       "schedule": WHOLE}},
        {"kind": "Skip", "steps": "5%", "schedule": {"kind": "Delay", "steps": "5%",
                                                     "schedule": WHOLE}},
        {"kind": "Restart", "cycles": 3, "schedule": COS | {"steps": "33.3333333%"}},
        {"kind": "wsd", "peak": 1, "warmup": "33.3%", "stable": "33.3%", "decay": "33.4%"},
        {"kind": "Cooldown", "schedule": WHOLE, "boundary": "80%", "steps": "20%"},
        {"kind": "Product", "left": WHOLE, "right": COS | {"steps": "90%"}},
        {"kind": "Repeat", "schedule": COS | {"steps": "70%"}},
        {"kind": "Exponential", "start": 1.0, "rate": 0.5, "steps": "100%"},
        {"kind": "warmup_cosine", "peak": 1.0, "warmup": "10%", "steps": "100%"},
        {"kind": "optax.warmup_cosine_decay_schedule", "init_value": 0.0, "peak_value": 1.0,
         "warmup_steps": "10%", "decay_steps": "100%"},
        {"kind": "torch.OneCycleLR", "max_lr": 0.1, "total_steps": "100%"},
    ],
)  # fmt: skip
def test_not_more_than_the_run(config):
    assert isinstance(js.from_config(config, **RUN), js.Schedule)


def test_a_cooldown_of_a_file(file):
    """A branch at 80 % of the run, with units, that evaluates what it leaves in the call."""
    text = "kind: Cooldown\nboundary: 80%\nsteps: 20%\nschedule:\n  " + COSINE.replace("\n", "\n  ")
    lr = js.load(file("a.yaml", f"{text}100%\n"), total_steps=1000)
    assert_same(lr, js.Cosine(1.0, 0.0, 1000).cooldown(boundary=800, steps=200))
    path = file("b.yaml", "")
    js.save(lr, path)
    assert_same(js.load(path), lr)


@pytest.mark.parametrize("key", ["start", "exponent"])
def test_no_unit_where_no_length_stands(key):
    config = {"kind": "Cosine", "start": 1.0, "end": 0.0, "steps": 5, key: "10%"}
    with pytest.raises(ValueError, match="must be a real number, got '10%'"):
        js.from_config(config, total_steps=100)


# --- errors -------------------------------------------------------------------------------------

JOIN = """\
kind: Join
boundaries: [5]
schedules:
- kind: Linear
  start: 0.0
  end: 1.0
  steps: 5
- kind: Cosine
  start: 1.0
  end: 0.0
  steps: 5
"""
LINES = [
    (("  steps: 5\n- kind: C", "  stpes: 5\n- kind: C"), 7, "schedules[0]: Linear has no key 'stp"),
    (("end: 1.0\n  steps: 5", "end: 1.0\n  steps: -5"), 7, "schedules[0]: Linear(steps=...) must "),
    (("kind: Cosine", "kind: Cosin"), 8, "schedules[1]: unknown kind 'Cosin'; did you mean 'Cos"),
    (("  end: 0.0\n", ""), 8, "schedules[1]: Cosine needs end"),
    (("- kind: Linear", "- Linear\n- kind: Linear"), 3, "schedules[0] must be a mapping with a "),
    (("boundaries: [5]", "boundaries: [5, 3]"), 1, ": Join(schedules, boundaries) needs one "),
    (("boundaries: [5]", "boundaries: 5"), 2, ": Join(boundaries=...) must be a sequence of "),
    (("boundaries: [5]", "boundaries: ['5 epochs']"), 2, ": Join(boundaries=...): '5 epochs' need"),
    (("kind: Join", "knd: Join"), 1, ": no kind, type, schedule_config or lr_scheduler among "),
    (("start: 1.0", "start: 1.0\n  start: 1.0"), 10, " the key 'start' is there twice"),
    (("  end: 0.0", "\tend: 0.0"), 10, ": not YAML: "),
]


@pytest.mark.parametrize(("change", "line", "message"), LINES)
def test_an_error_names_file_line_and_place(file, change, line, message):
    path = file("a.yaml", JOIN.replace(*change))
    with pytest.raises(ValueError) as caught:
        js.load(path)
    text = str(caught.value)
    assert text.startswith(f"{path}:{line}: ")
    assert message in text


def test_a_rule_beyond_a_declaration_has_the_line_of_its_key(file):
    for kind, key, rule in [
        ("Clip, schedule: 1.0, low: 2.0", "high: 1.0", "high=...) must be at least low=2.0"),
        (
            "Cooldown, schedule: 1.0, shape: geometric, boundary: 2, steps: 3",
            "end: 0.0",
            "positive",
        ),
        ("PiecewiseConstant, values: [1, 2, 3]", "boundaries: [5, 3]", "must be in order"),
        ("Interpolate, values: [1, 2]", "boundaries: [5, 3]", "must be in order"),
        ("Relaxation, start: 1.0, end: 0.0, steps: 9", "ratio: 1.5", "must be less than 1"),
        ("Table", "values: []", "must hold at least one value"),
    ]:
        with pytest.raises(ValueError, match=f"yaml:2: config: .*{re.escape(rule)}"):
            js.load(file("a.yaml", f"{{kind: {kind},\n{key}}}"))


def test_lines_of_json(file):
    text = '{\n"kind": "Warmup",\n"steps": 5,\n"schedule": {\n"kind": "Constant",\n"valeu": 1}\n}'
    with pytest.raises(ValueError, match=r"json:6: config.schedule: Constant has no key 'valeu'"):
        js.load(file("a.json", text))
    with pytest.raises(ValueError, match=r"json:4: the key 'steps' is there twice"):
        js.load(file("a.json", text.replace('"schedule": {', '"steps": 3, "schedule": {')))
    with pytest.raises(ValueError, match=r"json:2: not JSON: Expecting ',' delimiter"):
        js.load(file("a.json", '{"a": 1\n"b": 2}'))


def test_lines_of_toml(file):
    with pytest.raises(ValueError, match=r"toml:2: not TOML: Invalid value"):
        js.load(file("a.toml", 'kind = "Cosine"\nsteps = \n'))
    with pytest.raises(ValueError, match=r"toml: config: Cosine needs start"):
        js.load(file("a.toml", 'kind = "Cosine"\n'))


def test_one_schedule_is_meant(file):
    path = file("a.yaml", "- 0.1\n- 0.2\n")
    rule = f"{path}: one schedule is expected, the file has 2; give the key of one: '[0]', '[1]'"
    with pytest.raises(ValueError, match=re.escape(rule)):
        js.load(path)
    assert_same(js.load(file("a.yaml", "1e-3")), js.Constant(1e-3))


@pytest.mark.parametrize(
    "text",
    [
        "!!python/object/apply:pathlib.Path.touch [!!python/name:here]",
        "kind: !!python/name:os.system\n",
        "kind: Function\nfunction: os.system\n",
        "kind: torch.LambdaLR\nbase_lr: 1\nlr_lambda: os.system\n",
        "kind: torch.LambdaLR\nbase_lr: 1\nlr_lambda: 'lambda n: 1'\n",
        "kind: timm.WSDLRScheduler\nbase_lr: 1\nt_initial: 9\ndecay_t: 3\ndecay_fn: os.system\n",
        "_target_: os.system\ncommand: touch here\n",
        "kind: torch.from_scheduler\nscheduler: os\n",
        "kind: os.system\ncommand: touch here\n",
    ],
)
def test_no_code_is_run(file, text, monkeypatch, tmp_path):
    """References to functions are refused."""
    monkeypatch.chdir(tmp_path)
    path = file("a.yaml", text)
    with pytest.raises(ValueError, match=re.escape(str(path))):
        js.load(path)
    assert list(tmp_path.iterdir()) == [path]


# --- a key of a larger file ---------------------------------------------------------------------

LARGER = """\
seed: 3
optimizer:
  name: adamw
  lr.main:
    kind: Warmup
    steps: 10%
    schedule: {kind: Linear, start: 1.0, end: 0.0, steps: 90%}
  weight_decay: 0.1
phases:
- {name: short, lr: 0.5}
- name: long
  lr: {kind: Cosin, start: 1.0, end: 0.0, steps: 9}
system:
  schedule_config: {kind: ConstantSchedule, value: 0.25}
"""


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("optimizer.lr.main", js.Linear(1.0, 0.0, 90).warmup(10)),
        ("optimizer.lr.main.schedule", js.Linear(1.0, 0.0, 90)),
        ("optimizer.weight_decay", js.Constant(0.1)),
        ("phases[0].lr", js.Constant(0.5)),
        ("system", js.Constant(0.25)),
        ("system.schedule_config", js.Constant(0.25)),
    ],
)
def test_a_key(file, key, expected):
    for name in ("a.yaml", "a.json"):
        data = LARGER if name == "a.yaml" else json.dumps(yaml.safe_load(LARGER))
        assert_same(js.load(file(name, data), key=key, total_steps=100), expected)


GIVE = "; give the key of one: 'optimizer.lr.main', 'system'"


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (None, ":1: config: no kind, type, schedule_config or lr_scheduler among the keys seed, "),
        (None, f"seed, optimizer, phases, system{GIVE}"),
        ("optimizer", f":3: config.optimizer: no kind, type, {GIVE}"),
        (
            "optimizer.lr.man",
            ":3: no key 'optimizer.lr.man' in the file; did you mean 'optimizer.lr",
        ),
        ("lr.main", ":1: no key 'lr.main' in the file; known are optimizer, optimizer.lr.main, "),
        ("optimizer.name", f": config.optimizer.name: a schedule config is a mapping, {GIVE}"),
        ("phases[2].lr", ": no key 'phases[2].lr' in the file; did you mean 'phases[1]'?"),
        ("phases[1].lr", ":12: config.phases[1].lr: unknown kind 'Cosin'; did you mean 'Cosine'?"),
        ("optimizer.lr.main", ":7: config.optimizer.lr.main.schedule: Linear(steps=...): '90%' n"),
        ("zzz", ":1: no key 'zzz' in the file; known are optimizer, "),
    ],
)
def test_a_wrong_key(file, key, message):
    path = file("a.yaml", LARGER)
    with pytest.raises(ValueError) as caught:
        js.load(path, key=key)
    text = str(caught.value)
    begin, between, end = message.partition(GIVE)
    assert text.startswith(f"{path}") and begin in text and "\n" not in text
    assert text.endswith(GIVE) or not between


def test_several_schedules_are_named(file):
    path = file("a.yaml", "fast: {kind: Cosine, start: 1.0, end: 0.0, steps: 5%}\nslow: [0.1, 0.2]")
    rule = "the file has 3; give the key of one: 'fast', 'slow[0]', 'slow[1]'"
    with pytest.raises(ValueError, match=re.escape(rule)):
        js.load(path)  # without total_steps, too
    with pytest.raises(ValueError, match=r"expected, slow has 2; give .*: 'slow\[0\]', "):
        js.load(path, key="slow")
    many = file("b.yaml", f"lr: {[0.1] * 9}")
    with pytest.raises(ValueError, match=r"has 9; .*: 'lr\[0\]', .*, 'lr\[4\]', \.\.\.$"):
        js.load(many)
    with pytest.raises(TypeError, match=r"load\(key=...\) must be a text such as .*, got 3"):
        js.load(path, key=3)


# --- the file system ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind", "code", "text"),
    [
        ("none.yaml", FileNotFoundError, errno.ENOENT, "No such file or directory"),
        (".", IsADirectoryError, errno.EISDIR, "Is a directory"),
        ("a.yaml/b.yaml", NotADirectoryError, errno.ENOTDIR, "Not a directory"),
        ("loop.yaml", OSError, errno.ELOOP, "Too many levels of symbolic links"),
    ],
)
def test_what_cannot_be_opened(file, monkeypatch, name, kind, code, text):
    """An error of the kind that `open` has, in one line that names the file."""
    monkeypatch.chdir(file("a.yaml", "0.1").parent)
    Path("loop.yaml").symlink_to("loop.yaml")
    with pytest.raises(kind) as caught:
        js.load(name)
    assert (str(caught.value), caught.value.errno) == (f"{name}: {text}", code)
    if name != ".":
        with pytest.raises(kind) as caught:
            js.save(js.Constant(0.1), f"{name}/c.yaml" if kind is FileNotFoundError else name)
        assert text in str(caught.value) and ": cannot be written: " in str(caught.value)


def test_swapped_arguments(tmp_path):
    lr = js.Constant(0.1)
    with pytest.raises(
        TypeError, match=r"save\(schedule, path\): the schedule comes first, got 'x.y"
    ):
        js.save("x.yaml", lr)
    with pytest.raises(
        TypeError, match=r"save\(path\) must be the path of a file, got Constant\(va"
    ):
        js.save(lr, lr)
    with pytest.raises(
        TypeError, match=r"load\(path\) must be the path of a file, got Constant\(va"
    ):
        js.load(lr)


def test_a_batch_is_no_file(file):
    """A list is not taken for a number, and none is written."""
    path = file("a.yaml", "kind: Warmup\nsteps: 3\nschedule:\n  kind: Constant\n  value: [1, 2]\n")
    with pytest.raises(ValueError) as caught:
        js.load(path)
    rule = "config.schedule: Constant(value=...) must be one number, got [1, 2]"
    assert str(caught.value) == f"{path}:5: {rule}"
    with pytest.raises(
        ValueError, match=r"save\(schedule\) writes one schedule, got a batch: Const"
    ):
        js.save(js.Constant([1.0, 2.0]), path)


def test_a_mode_is_kept(tmp_path):
    if os.name != "posix":
        pytest.skip("modes as POSIX has them")
    path = tmp_path / "a.yaml"
    path.touch()
    path.chmod(0o600)
    js.save(js.Constant(0.1), path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


# --- Hydra --------------------------------------------------------------------------------------


def test_hydra_instantiates_a_schedule():
    """From `_target_`, nested ones and lists of numbers too; a DictConfig is a config as well.

    A list of schedules needs Hydra's `_convert_`: OmegaConf has no lists of dataclasses like these.
    """
    pytest.importorskip("omegaconf", reason="Hydra's configs")
    instantiate = pytest.importorskip("hydra.utils", reason="Hydra is an extra").instantiate
    from omegaconf import OmegaConf

    cosine = {"_target_": "jaxsched.Cosine", "start": 3e-4, "end": "${end}", "steps": 80}
    conf = OmegaConf.create(
        {
            "end": 1e-5,
            "one": cosine,
            "warm": {"_target_": "jaxsched.Warmup", "schedule": cosine, "steps": 20},
            "join": {
                "_target_": "jaxsched.Join",
                "_convert_": "all",
                "schedules": [{"_target_": "jaxsched.Linear", "start": 0, "end": 1, "steps": 5},
                              cosine],
                "boundaries": [5],
            },
            "recipe": {"_target_": "jaxsched.wsd", "peak": 1, "warmup": 1, "stable": 2, "decay": 3},
            "stairs": {"_target_": "jaxsched.PiecewiseConstant", "boundaries": [1, 2],
                       "values": [3, 2, 1]},
            "config": {"kind": "Join", "schedules": [0.1, {"kind": "Linear", "start": "${end}",
                       "end": 0, "steps": "10%"}], "boundaries": ["5%"]},
        }
    )  # fmt: skip
    expected = js.Cosine(3e-4, 1e-5, 80)
    assert_same(instantiate(conf.one), expected)
    assert_same(instantiate(conf.warm), expected.warmup(20))
    assert_same(instantiate(conf.join), js.Join((js.Linear(0.0, 1.0, 5), expected), (5,)))
    assert_same(instantiate(conf.recipe), js.wsd(1.0, 1, 2, 3))
    assert_same(instantiate(conf.stairs), js.PiecewiseConstant([1, 2], [3.0, 2.0, 1.0]))
    loaded = js.from_config(conf.config, total_steps=100)
    assert_same(loaded, js.Join((0.1, js.Linear(1e-5, 0.0, 10)), (5,)))
