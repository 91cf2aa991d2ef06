"""The JSON Schema of configs: it accepts what `from_config` does, and refuses what it can."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from test_config import COSINE, DIALECTS, NATIVE, RECIPES, REFUSED
from trees import schedules

import jaxsched as js
from jaxsched.commands import parser
from jaxsched.configs import kinds
from jaxsched.configs.schema import schema

jsonschema = pytest.importorskip("jsonschema", reason="validates by the schema")

EXAMPLES = Path(js.__file__).parent / "examples"
SCHEMA = schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def examples():
    """Those of the dialects that are configs with a kind; the others' forms as kinds."""
    for name in ("optax", "timm", "torch", "transformers"):
        yield from json.loads((EXAMPLES / f"{name}.json").read_text())
    for cfg in json.loads((EXAMPLES / "lr_schedule.json").read_text())[1:]:
        yield {"kind": f"lr_schedule.{cfg['type']}", **cfg}
    for entry in json.loads((EXAMPLES / "noether.json").read_text()):
        inside = entry["schedule_config"]
        yield {**inside, "kind": inside["kind"].replace("core.schedules.", "")}
    listed = json.loads((EXAMPLES / "kumo.json").read_text())["lr_scheduler"]
    yield {"kind": "kumo.lr_scheduler", "config": listed}
    yield {"kind": "kumo.exponential", "interval": "epoch", **listed[2]["kwargs"]}


def is_valid(data):
    return VALIDATOR.is_valid(data)


def test_it_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA


def test_the_command_prints_it(capsys):
    assert parser.main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out) == SCHEMA


def test_every_kind_is_in_it():
    known = set(kinds.makers())
    assert set(SCHEMA["$defs"]["schedule"]["properties"]["kind"]["enum"]) == known
    assert set(SCHEMA["$defs"]) == known | {"schedule"}
    assert set(kinds.KINDS) <= known
    for name, dialect in kinds.dialects().items():
        assert {f"{name}.{entry}" for entry in dialect.entries} <= known


def test_the_arguments_are_described():
    properties = SCHEMA["$defs"]["Cosine"]["properties"]
    assert properties["exponent"]["description"] == "> 0; None is 1 without its cost."
    recipe = SCHEMA["$defs"]["wsd"]["properties"]
    assert recipe["stable"]["description"] == "counts of each phase."
    assert recipe["shape"]["enum"] == ["linear", "cosine", "sqrt", "geometric"]
    assert (
        SCHEMA["$defs"]["Cosine"]["title"] == "Half a cosine from `start` to `end`, then constant."
    )
    assert SCHEMA["$defs"]["torch.StepLR"]["required"] == ["kind", "base_lr", "step_size"]


@pytest.mark.parametrize("example", list(examples()), ids=lambda example: example["kind"])
def test_the_examples(example):
    assert is_valid(example)
    assert not is_valid({**example, "knd": example["kind"]})
    assert not is_valid({**example, "kind": example["kind"] + "x"})


def test_what_the_tests_of_configs_accept():
    written = [js.to_config(case.schedule) for case in NATIVE]
    small = [data for data in written if len(json.dumps(data)) < 500][::4]
    assert len(small) > 50
    recipes = [{"kind": name, **arguments} for name, arguments in RECIPES]
    dialects = [data for data, _ in DIALECTS if not data["kind"].startswith("noether.core")]
    for data in (*small, *recipes, *dialects, 0.1, 3):
        assert is_valid(data), data


@settings(max_examples=settings().max_examples, suppress_health_check=list(HealthCheck))
@given(schedule=schedules(depth=2))
def test_what_is_written_is_valid(schedule):
    assert is_valid(js.to_config(schedule))


# what keys have to do with one another, or with the run, is beyond a schema
BEYOND = (
    "must be finite",
    "must be at most 2147483647",
    "must be in order",
    "needs one ",
    "needs total",
    "needs base_lr",
    "needs num_training_steps",
    "schedules, not one",
)


@pytest.mark.parametrize(("data", "message"), REFUSED)
def test_what_from_config_refuses(data, message):
    assert is_valid(data) == any(part in message for part in BEYOND)


@pytest.mark.parametrize(
    ("steps", "valid"),
    [
        (5, True),
        (5.5, True),
        ("10%", True),
        ("5 epochs", True),
        ("1 epoch", True),
        ("2e9 tokens", True),
        ("0.5 epochs", True),
        ("500 steps", True),
        (-1, False),
        ("10", False),
        ("-10%", False),
        ("10 epocs", False),
        ("ten epochs", False),
        (True, False),
        (None, False),
    ],
)
def test_lengths(steps, valid):
    """As `from_config` takes them."""
    data = COSINE | {"steps": steps}
    assert is_valid(data) == valid
    sizes = {"total_steps": 100, "steps_per_epoch": 10, "tokens_per_step": 2**20}
    if valid:
        js.from_config(data, **sizes)
    else:
        with pytest.raises(ValueError, match=r"Cosine\(steps=...\)"):
            js.from_config(data, **sizes)
    stairs = {"kind": "PiecewiseConstant", "boundaries": [steps], "values": [1, 0]}
    assert is_valid(stairs) == valid


def test_no_unit_where_no_length_stands():
    assert not is_valid(COSINE | {"start": "10%"})
    assert not is_valid({"kind": "torch.StepLR", "base_lr": "10%", "step_size": 5})
