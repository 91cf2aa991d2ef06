"""Hundreds of malformed config files: one clear error each, soon, and nothing run."""

import copy
import itertools
import json
import math
import os
import random
import subprocess
import sys
import threading
import time

import pytest
from test_config import RECIPES

import jaxsched as js
from jaxsched.configs import reading

yaml = pytest.importorskip("yaml", reason="most of the files are YAML")

SOON = 2.0  # seconds: a guard against explosions; what is measured is below 0.2

COSINE = {"kind": "Cosine", "start": 1.0, "end": 0.0, "steps": 10, "exponent": 2.0}
GOOD = [
    COSINE,
    {"kind": "Tanh", "start": 1.0, "end": 0.0, "steps": 10, "low": -7.0, "high": 3.0},
    {"kind": "Exponential", "start": 1.0, "rate": 0.5, "steps": 3, "staircase": True},
    {"kind": "InversePower", "start": 1.0, "timescale": 5, "power": 0.5, "shift": 2},
    {"kind": "PiecewiseConstant", "boundaries": [2, 5], "values": [1.0, 0.5, 0.1]},
    {"kind": "Interpolate", "boundaries": [2, 5], "values": [1.0, 0.5], "shape": "cosine"},
    {"kind": "Join", "schedules": [COSINE, 0.1], "boundaries": [10]},
    {"kind": "Warmup", "schedule": COSINE, "steps": 5, "start": 0.1},
    {"kind": "Restart", "schedule": COSINE, "cycles": 3, "gain": 0.5},
    {"kind": "Clip", "schedule": {"kind": "Every", "schedule": COSINE, "steps": 3}, "high": 0.5},
    {"kind": "Product", "left": 2.0, "right": {"kind": "Delay", "schedule": COSINE, "steps": 2}},
    {"kind": "Switch", "schedules": [COSINE, 0.1], "index": 1},
    *({"kind": name, **arguments} for name, arguments in RECIPES[::2]),
    {"kind": "torch.OneCycleLR", "max_lr": 0.1, "total_steps": 50, "pct_start": 0.5},
    {"kind": "optax.linear_schedule", "init_value": 1.0, "end_value": 0.0, "transition_steps": 5},
    {"kind": "timm.StepLRScheduler", "base_lr": 0.1, "decay_t": 5, "decay_rate": 0.5},
    {"kind": "transformers.get_inverse_sqrt_schedule", "base_lr": 1.0, "num_warmup_steps": 5},
    {"kind": "noether.StepFixedSchedule", "factor": 0.1, "steps": [0.5], "total_steps": 9},
    {"kind": "lr_schedule.polynomial", "initial_value": 0.1, "power": 2.0, "total_steps": 9},
    {"kind": "kumo.exponential", "base_lr": 0.1, "gamma": 0.5, "num_training_steps": 9},
]


def places(data, path=()):
    """Where every value stands: the keys and indices that lead to it."""
    pairs = data.items() if isinstance(data, dict) else enumerate(data)
    for key, value in pairs:
        yield (*path, key)
        if isinstance(value, dict | list):
            yield from places(value, (*path, key))


def parent(data, path):
    for key in path[:-1]:
        data = data[key]
    return data


WRONG = [{"a": 1}, {}, ["x"], "text", "12 parsecs", "-3%", math.nan, math.inf, -math.inf, 10**400]


def mutations():
    """Good configs with one thing wrong."""
    for good in GOOD:
        for path in places(good):
            for wrong in WRONG:
                bad = copy.deepcopy(good)
                parent(bad, path)[path[-1]] = wrong
                yield bad
            if not isinstance(path[-1], str):
                continue
            for rename in (path[-1][1:], path[-1] + "s", path[-1].upper(), f" {path[-1]}"):
                bad = copy.deepcopy(good)
                here = parent(bad, path)
                here[rename] = here.pop(path[-1])
                yield bad
        for wrong in (None, True, "null", "Cosine.", ".Cosine", "torch.", "js.Cosine", "__class__"):
            yield {**good, "kind": wrong}
        yield {key: x for key, x in good.items() if key != "kind"}
        if good["kind"] != "lr_schedule.polynomial":  # which has a default for everything
            yield {"kind": good["kind"]}


def _laughs(form):
    lines = [form.format(i=i, a=", ".join([f"*a{i - 1}"] * 9)) for i in range(1, 30)]
    return "\n".join(["a0: &a0 [x, x, x, x, x, x, x, x, x]", *lines])


TEXTS = [
    ("a.yaml", ""),
    ("a.json", "\n \n"),
    ("a.toml", "# nothing\n"),
    ("a.yaml", "# nothing\n"),
    ("a.yaml", "---\n...\n"),
    ("a.yaml", "null"),
    ("a.json", "null"),
    ("a.json", "true"),
    ("a.yaml", "Cosine"),
    ("a.json", '"Cosine"'),
    ("a.yaml", b"\xff\xfe\x00\x01"),
    ("a.json", bytes(range(256))),
    ("a.yaml", random.Random(0).randbytes(10_000)),
    ("a.yaml", b"kind: \x00Cosine"),
    ("a.yaml", "kind: [Cosine"),
    ("a.yaml", "kind: Cosine\n\tsteps: 1"),
    ("a.yaml", "kind: Cosine\n  steps: 1"),
    ("a.yaml", "{kind: Cosine}\n---\n{kind: Cosine}"),
    ("a.yaml", "kind: Cosine\nkind: Linear"),
    ("a.json", '{"kind": "Cosine", "kind": "Linear"}'),
    ("a.toml", 'kind = "Cosine"\nkind = "Linear"'),
    ("a.json", "{'kind': 'Cosine'}"),
    ("a.json", '{"kind": "Cosine",}'),
    ("a.json", '{"kind": "Constant", "value": 0.1} x'),
    ("a.json", '{"kind": "Constant", "value": NaN}'),
    ("a.json", '{"kind": "Constant", "value": 1e999}'),
    ("a.toml", "kind = Cosine"),
    ("a.toml", 'kind = "Constant"\nvalue = nan'),
    ("a.toml", 'kind = "Constant"\nvalue = 2020-01-01'),
    ("a.yaml", "kind: Constant\nvalue: .nan"),
    ("a.yaml", "kind: Constant\nvalue: -.inf"),
    ("a.yaml", "kind: Constant\nvalue: 2020-01-01"),
    ("a.yaml", "kind: Constant\nvalue: !!binary aGVsbG8="),
    ("a.yaml", "kind: Constant\nvalue: !!set {1, 2}"),
    ("a.yaml", "kind: Constant\nvalue: !!timestamp 2026-99-99"),
    ("a.yaml", "kind: Constant\nvalue: !!int x"),
    ("a.yaml", "kind: Constant\nvalue: !!int ''"),
    ("a.yaml", "kind: Constant\nvalue: !!float ''"),
    ("a.yaml", "kind: Constant\nvalue: !!bool zzz"),
    ("a.yaml", "kind: Constant\nvalue: !!timestamp x"),
    ("a.yaml", "kind: Constant\nvalue: [1, 2]"),
    ("a.toml", 'kind = "Table"\nvalues = [[1.0], [2.0]]'),
    ("a.yaml", "kind: Constant\nvalue: !!float []"),
    ("a.yaml", "kind: !!python/object:os.system {}"),
    ("a.yaml", "!!python/object/apply:os.system ['touch here']"),
    ("a.yaml", "!!python/object/new:subprocess.Popen [['touch', 'here']]"),
    ("a.yaml", "kind: !!python/name:os.system ''"),
    ("a.yaml", "kind: Constant\nvalue: !!python/tuple [1, 2]"),
    ("a.yaml", "kind: Constant\nvalue: !custom 1"),
    ("a.yaml", "%TAG ! tag:yaml.org,2002:python/\n---\n!object/apply:os.getcwd []"),
    ("a.yaml", "? {a: 1}\n: 2"),
    ("a.yaml", "[[1]: 2]"),
    ("a.yaml", "*nowhere"),
    ("a.yaml", "&a [*a]"),
    ("a.yaml", "&a {kind: Every, steps: 2, schedule: *a}"),
    ("a.yaml", "kind: Join\nboundaries: [1]\nschedules: &a [0.1, {kind: Join, schedules: *a}]"),
    ("a.yaml", "&a {<<: *a, kind: Constant}"),
    ("a.yaml", _laughs("a{i}: &a{i} [{a}]")),
    ("a.yaml", _laughs("a{i}: &a{i} {{<<: [{a}]}}")),
    ("a.yaml", _laughs("a{i}: &a{i} {{kind: Join, schedules: [{a}]}}")),
    *(
        (f"a.{suffix}", start + opening * 100_000)
        for suffix, start in (("yaml", ""), ("json", ""), ("toml", "a = "))
        for opening in ("[", "{", '{"a":', "[{")
    ),
    ("a.yaml", "- " * 5000),
    ("a.yaml", "? " * 5000),
    ("a.yaml", "\n".join(" " * i + "a:" for i in range(500))),
    ("a.toml", "[" + ".".join("a" * 5000) + "]\nb = 1"),
    ("a.json", '{"kind": "Every", "steps": 2, "schedule": ' * 99 + '"x"' + "}" * 99),
    *(
        (name, form.format("9" * 100_000))
        for name, form in (
            ("a.yaml", "kind: Constant\nvalue: {}"),
            ("a.json", '{{"kind": "Constant", "value": {}}}'),
            ("a.toml", 'kind = "Constant"\nvalue = {}'),
            ("a.yaml", "kind: Constant\nvalue: 0x{}"),
            ("a.toml", 'kind = "Constant"\nvalue = 0x{}'),
            ("a.yaml", "kind: Constant\nvalue: !!int 0x{}"),
            ("a.yaml", "kind: Constant\nvalue: 1e{}"),
            ("a.yaml", "kind: {}"),
            ("a.yaml", "kind: x{}"),
            ("a.yaml", "kind: torch.{}"),
            ("a.yaml", "kind: Constant\n{}: 1"),
            ("a.yaml", "kind: Stop\nschedule: 1\nsteps: {} epochs"),
            ("a.yaml", "kind: Stop\nschedule: 1\nsteps: 1e{} epochs"),
            ("a.yaml", "kind: Stop\nschedule: 1\nsteps: 0.{}%"),
        )
    ),
    ("a.yaml", "kind: Constant\nvalue: " + ":".join(["59"] * 30_000)),
    ("a.txt", "kind: Constant\nvalue: 1"),
    ("a", "kind: Constant\nvalue: 1"),
]


def files():
    """Some 500 of the mutations as files of either format, and the texts."""
    chosen = list(mutations())
    random.Random(0).shuffle(chosen)
    for bad, name in zip(chosen[:450], itertools.cycle(["a.yaml", "a.json"]), strict=False):
        text = json.dumps(bad) if name == "a.json" else yaml.safe_dump(bad, sort_keys=False)
        yield name, text
    yield from TEXTS


def test_the_good_ones_are_good(tmp_path):
    """Or their mutations would be no test."""
    for good in GOOD:
        (tmp_path / "a.json").write_text(json.dumps(good))
        assert isinstance(js.load(tmp_path / "a.json"), js.Schedule)


def test_malformed_files(tmp_path, monkeypatch):
    """A ValueError of one line that names the file and quotes no more than fits on a screen."""
    monkeypatch.chdir(tmp_path)
    slowest, many = 0.0, 0
    for name, text in files():
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        begin = time.perf_counter()
        with pytest.raises(ValueError) as caught:
            pytest.fail(f"{text[:300]!r} is {js.load(path, total_steps=100, steps_per_epoch=10)}")
        slowest = max(slowest, time.perf_counter() - begin)
        message = str(caught.value)
        assert message.startswith(f"{path}:"), message
        assert "\n" not in message, message
        assert len(message) < len(str(path)) + reading.LONGEST_MESSAGE + 100
        path.unlink()
        many += 1
    assert many >= 500
    assert slowest < SOON
    assert list(tmp_path.iterdir()) == []  # nothing was run


@pytest.mark.parametrize("text", ["!!bool zzz", "!!float ''", "!!int ''", "!!timestamp x"])
def test_a_scalar_that_is_none(tmp_path, text):
    """Of whatever type it says it is: an error with file and line."""
    path = tmp_path / "a.yaml"
    path.write_text(f"kind: Constant\nvalue: {text}\n")
    tag, value = text[2:].split(" ")
    with pytest.raises(ValueError) as caught:
        js.load(path)
    assert str(caught.value) == f"{path}:2: not YAML: {value.strip(chr(39))!r} is no {tag}"


def test_a_file_without_end(tmp_path, monkeypatch):
    """It is read up to a size, and so are pipes."""
    rule = "a config file has at most 16 MB, this one is larger"
    path = tmp_path / "zero.yaml"
    if os.name == "posix":
        path.symlink_to("/dev/zero")
        with pytest.raises(ValueError, match=f"zero.yaml: {rule}"):
            js.load(path)
        path.unlink()
        os.mkfifo(path)
        writer = threading.Thread(target=path.write_text, args=["0.5"])
        writer.start()
        assert js.load(path).value == 0.5
        writer.join()
        path.unlink()
    path = tmp_path / "a.json"
    path.write_bytes(b"0.5" + b" " * (reading.LARGEST - 3))
    assert js.load(path).value == 0.5
    with path.open("ab") as file:
        file.write(b" ")
    with pytest.raises(ValueError, match=f"a.json: {rule}"):
        js.load(path)
    monkeypatch.setattr(reading, "LARGEST", 100)  # what would not be read is not written
    with pytest.raises(ValueError, match="a.json: a config file has at most "):
        js.save(js.Table(range(100)), path)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.yaml", "!!python/object/apply:os.system ['touch here']"),
        ("a.yaml", _laughs("a{i}: &a{i} [{a}]")),
        ("a.json", "[" * 100_000),
        ("a.yaml", b"\xff\xfe\x00\x01"),
        ("a.toml", 'kind = "Cosin"\n'),
    ],
)
def test_as_a_command(tmp_path, name, text):
    """Code 2, one line on stderr, in little memory."""
    if os.name == "posix":
        limited = ["sh", "-c", 'ulimit -v 16000000 && exec "$@"', "sh"]
    else:
        limited = []
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    command = [*limited, sys.executable, "-m", "jaxsched", "convert", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=120)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"jaxsched convert: {path}:")
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == [path]
