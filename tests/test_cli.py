"""The command line, in this process and, twice, in one of its own."""

import contextlib
import csv
import json
import os
import re
import stat
import subprocess
import sys
import threading
import warnings
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import jaxsched as js
from jaxsched.commands import parser, show
from jaxsched.commands.inputs import load_all
from jaxsched.configs import files
from jaxsched.dialects import kumo, lr_schedule, noether

pytest.importorskip("yaml", reason="the command line reads YAML with pyyaml")

posix = pytest.mark.skipif(os.name != "posix", reason="modes, links and pipes as POSIX has them")
DATA = Path(__file__).parent / "data"
COSINE = {"kind": "Cosine", "start": 1.0, "end": 0.0, "steps": 100}
RUN = """\
model: {type: transformer, layers: 12}
optimizer:
  name: adamw
  learning_rate:
    kind: Warmup
    steps: 10%
    schedule: {kind: Cosine, start: 1.0e-3, end: 0.0, steps: 90%}
phases:
- {name: short, lr: {kind: Constant, value: 0.1}}
- {name: long, lr: {kind: Constant, value: 0.2}}
"""


@pytest.fixture
def run(command):
    """`jaxsched show`."""
    return partial(command, "show")


@pytest.fixture
def file(tmp_path):
    """A file with this text, or this data as JSON."""

    def write(name, content):
        path = tmp_path / name
        if not isinstance(content, str | bytes):
            content = json.dumps(content)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def names(out):
    """The heads of the summaries."""
    return [line for line in out.splitlines()[1:] if line and not line.startswith((" ", "wrote"))]


def rows(path):
    """The values of every schedule in a CSV file, by name, and their counts in order."""
    with path.open(newline="") as file:
        table = list(csv.DictReader(file))
    found = {}
    for row in table:
        values = found.setdefault(row["schedule"], [])
        assert int(row["count"]) == len(values)
        values.append(float(row["value"]))
    return found


# --- what is shown ------------------------------------------------------------------------------


def test_without_a_file_the_examples(run):
    code, out, err = run("--total-steps", "100")
    assert code == 0
    assert out.startswith("13 schedules on ")
    assert names(out)[0] == "lr_schedule[0] constant"
    assert "noether[1].schedule_config StepFixedSchedule" in names(out)
    assert "kumo.lr_scheduler[0] no scheduling" in names(out)
    assert len(names(out)) == 13
    assert len(err.splitlines()) == 1
    assert "cosine_with_warumup_restarts' is read as 'cosine_with_warmup_restarts'" in err


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("lr_schedule.yaml", ["[0] constant", "[1] linear", "[2] cosine_warmup"]),
        ("noether_step_decreasing.yaml", [".schedule_config StepDecreasingSchedule"]),
        ("noether_step_fixed.yaml", [".schedule_config StepFixedSchedule"]),
        (
            "kumo.yaml",
            [
                ".lr_scheduler[0] no scheduling",
                ".lr_scheduler[1] cosine_with_warumup_restarts",
                ".lr_scheduler[2] exponential",
            ],
        ),
        ("native.yaml", [".fast Warmup", ".slow wsd", ".forever Exponential"]),
    ],
)
def test_a_file_of_each_form(run, name, labels):
    code, out, err = run(DATA / name, "--total-steps", "100")
    assert code == 0
    assert names(out) == [f"{DATA / name}{label}" for label in labels]
    assert len(err.splitlines()) == (name == "kumo.yaml")


def test_several_files(run, file):
    one, two = file("one.json", [COSINE, {"type": "linear"}]), file("two.yml", "{type: linear}")
    code, out, _ = run(one, two)
    assert (code, names(out)) == (0, [f"{one}[0] Cosine", f"{one}[1] linear", f"{two} linear"])


def test_a_summary(run, file):
    """Quarters, the peak and where it is, the duration and the shape."""
    path = file("one.json", {"kind": "Warmup", "steps": 25, "schedule": COSINE | {"steps": 75}})
    code, out, err = run(path)
    assert (code, err) == (0, "")
    head, _, name, parsed, shape, quarters, peak = out.splitlines()
    assert head.startswith("1 schedule on ")
    assert name == f"{path} Warmup"
    whole = "Warmup(schedule=Cosine(start=1.0, end=0.0, steps=75), steps=25, start=0.0)"
    assert parsed == f"  {whole}"
    assert quarters == "  0% 0  25% 1  50% 0.75  75% 0.25  100% 0"
    assert peak == "  peak 1 at 25  duration 100  shown to 100"
    bars = shape.strip(" ")
    assert set(bars) <= set(show.BARS)
    assert (bars[0], max(bars)) == ("▁", "█")
    assert len(shape) == 62


def test_what_a_config_leaves_open(run, file):
    configs = [
        {"type": "constant"},
        {"kind": "kumo.constant_with_warmup", "warmup_ratio_or_steps": 0.5},
        {"kind": "noether.LinearDecreasingSchedule", "max_value": 1.0},
        {"kind": "LinearDecreasingSchedule", "max_value": 1.0, "interval": "epoch"},
        {"kind": "Exponential", "start": 1.0, "rate": 0.5},
        {"kind": "lr_schedule.LinearLRSchedule", "initial_value": 1.0, "total_steps": 50},
    ]
    code, out, _ = run(file("open.json", configs), "--total-steps", "2e2", "--base-lr", "0.25",
                       "--steps-per-epoch", "40")  # fmt: skip
    assert code == 0
    sizes = "  where left open: 200 steps, base learning rate 0.25, 40 steps per epoch"
    assert out.splitlines()[1] == sizes
    quarters = re.findall(r"0% .*", out)
    constant, warmup, line, stair, exponential, own = (
        [float(x) for x in re.findall(r"% (\S+)", text)] for text in quarters
    )
    assert constant == [0.25] * 5
    assert warmup == [0.0, 0.125, 0.25, 0.25, 0.25]
    assert line == [1.0, 0.7487, 0.4975, 0.2462, 0.0]
    assert stair == [1.0, 0.799, 0.598, 0.397, 0.0]
    assert exponential[0] == 1.0
    assert own == [1.0, 0.76, 0.5, 0.26, 0.0]
    assert re.findall(r"shown to (\d+)", out) == ["200"] * 5 + ["50"]


def test_a_schedule_ends_where_it_says(run, file):
    code, out, _ = run(file("long.json", COSINE | {"steps": 12345}), "--total-steps", "7")
    assert code == 0
    assert "duration 12345  shown to 12345\n" in out


# --- convert, and JSON for scripts --------------------------------------------------------------


@pytest.fixture
def convert(command):
    """`jaxsched convert`."""
    return partial(command, "convert")


@pytest.mark.parametrize("name", ["lr_schedule", "noether_step_fixed", "kumo", "native"])
@pytest.mark.parametrize("form", [[], ["--json"]], ids=["yaml", "json"])
def test_convert(convert, file, name, form):
    """Native configs of the very schedules that show finds: one, or a list."""
    sizes = ["--total-steps", "150", "--steps-per-epoch", "40"]
    code, out, err = convert(DATA / f"{name}.yaml", *sizes, *form)
    assert (code, len(err.splitlines())) == (0, name == "kumo")
    path = file("native.json" if form else "native.yaml", out)
    run = files.Sizes(150, 1e-3, 40)
    with warnings.catch_warnings(action="ignore"):
        expected = load_all([DATA / f"{name}.yaml"], run)
    found = load_all([path], files.Sizes())  # nothing is left open
    assert [repr(e.schedule) for e in found] == [repr(e.schedule) for e in expected]
    data = files.read(path)
    assert isinstance(data, dict if len(expected) == 1 else list)


def test_convert_to_a_file(convert, file, tmp_path):
    source, target = file("one.json", {"type": "linear", "initial_value": 1.0}), tmp_path / "x.yml"
    code, out, err = convert(source, "--out", target, "--total-steps", "1e3")
    assert (code, out, err) == (0, f"wrote {target}\n", "")
    assert target.read_text() == "{kind: Linear, start: 1.0, end: 0.0, steps: 1000}\n"
    code, out, err = convert(source, "--out", tmp_path / "x.toml")
    rule = "x.toml: .yaml (or .yml) and .json can be written, got '.toml'\n"
    assert (code, out) == (2, "")
    assert err == f"jaxsched convert: {tmp_path / rule}"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.json", "x.yml"]


def test_show_as_json(run, file):
    """One document for scripts, with the numbers that are printed otherwise."""
    warm = {"kind": "Warmup", "steps": 25, "schedule": COSINE | {"steps": 75}}
    forever = {"kind": "Exponential", "start": 1.0, "rate": 0.5, "steps": "10%"}
    path = file("two.json", {"warm": warm, "forever": forever})
    code, out, err = run(path, "--json")
    assert (code, err) == (0, "")
    first, second = json.loads(out)
    assert first == {
        "name": f"{path}.warm Warmup",
        "source": str(path),
        "place": ".warm",
        "schedule": "Warmup(schedule=Cosine(start=1.0, end=0.0, steps=75), steps=25, start=0.0)",
        "duration": 100,
        "steps": 100,
        "quarters": [0.0, 1.0, 0.75, 0.25, 0.0],
        "peak": {"value": 1.0, "count": 25},
    }
    assert (second["duration"], second["steps"], second["place"]) == (None, 1000, ".forever")


def test_sizes_are_shown_where_a_file_used_them(run, file):
    """Those that another system's config left open, and those of units and of what has no end."""
    for config, sizes in [
        (COSINE, ""),
        ([COSINE, {"kind": "Stop", "schedule": 1.0, "steps": "2 epochs"}], "100 steps per epoch"),
        ({"kind": "Stop", "schedule": 1.0, "steps": "5e3 tokens"}, "1000 tokens per step"),
        ({"kind": "Exponential", "start": 1.0, "rate": 0.5}, "1000 steps"),
        ({"type": "linear"}, "1000 steps, base learning rate 0.001"),
        ({"type": "linear", "initial_value": 1.0}, "1000 steps"),
        ({"kind": "kumo.exponential", "gamma": 0.5}, "1000 steps, base learning rate 0.001"),
        (
            [{"name": "exponential", "interval": "epoch", "kwargs": {"gamma": 0.5}}],
            "1000 steps, base learning rate 0.001, 100 steps per epoch",
        ),
        ({"kind": "ConstantSchedule", "value": 0.1}, "1000 steps"),
    ]:
        code, out, err = run(file("a.json", config), "--tokens-per-step", "1e3")
        assert (code, err) == (0, "")
        second = out.splitlines()[1]
        assert second == (f"  where left open: {sizes}" if sizes else "")


def test_a_key_of_a_larger_file(run, convert, file):
    path = file("run.yaml", RUN)
    code, out, err = run(path, "--key", "optimizer.learning_rate", "--total-steps", "1e4")
    assert (code, err) == (0, "")
    assert names(out) == [f"{path}.optimizer.learning_rate Warmup"]
    code, out, err = convert(path, "--key", "phases[1].lr")
    assert (code, out, err) == (0, "{kind: Constant, value: 0.2}\n", "")
    code, out, err = run(path, "--key", "phases[2].lr")
    assert (code, out) == (2, "")
    assert err.startswith(f"jaxsched show: {path}: no key 'phases[2].lr' in the file; did you mean")
    code, out, err = run(path)
    assert (code, out) == (2, "")
    assert err == (
        f"jaxsched show: {path}:3: config.optimizer: no kind, type, schedule_config or "
        "lr_scheduler among the keys name, learning_rate; give the key of one: "
        "'optimizer.learning_rate', 'phases[0].lr', 'phases[1].lr'\n"
    )


def test_units_on_the_command_line(run, file):
    path = file("units.toml", 'kind = "Stop"\nschedule = 1.0\nsteps = "2e6 tokens"\n')
    code, out, _ = run(path, "--tokens-per-step", "1000")
    assert (code, "shown to 2000\n" in out) == (0, True)
    code, out, err = run(path)
    message = f"{path}: config: Stop(steps=...): '2e6 tokens' needs tokens_per_step"
    assert (code, out, err) == (2, "", f"jaxsched show: {message}\n")


@pytest.mark.parametrize("command", ["show", "convert", "schema", "sweep"])
def test_help_has_examples(command, capsys):
    with pytest.raises(SystemExit) as exit:
        parser.main([command, "--help"])
    assert exit.value.code == 0
    assert f"examples:\n  python -m jaxsched {command}" in capsys.readouterr().out


# --- CSV and PNG --------------------------------------------------------------------------------


def test_csv_holds_every_step(run, tmp_path):
    path = tmp_path / "values.csv"
    arguments = ["lr_schedule.yaml", "noether_step_fixed.yaml", "kumo.yaml", "native.yaml"]
    code, out, _ = run(*[DATA / name for name in arguments], "--total-steps", "150",
                       "--steps-per-epoch", "40", "--csv", path)  # fmt: skip
    assert code == 0
    assert out.splitlines()[-1] == f"wrote {path}"
    candidates = kumo.lr_scheduler(
        [
            None,
            {"name": "cosine_with_warmup_restarts", "kwargs": {"warmup_ratio_or_steps": 0.2}},
            {"name": "exponential", "interval": "epoch", "kwargs": {"gamma": 0.9}},
        ],
        base_lr=1e-3,
        num_training_steps=150,
        steps_per_epoch=40,
    )
    warm = {"type": "cosine_warmup", "warmup_fraction": 0.2}
    stairs = noether.StepFixedSchedule(factor=0.1, start_value=1e-3, steps=[0.01, 0.02, 0.03])
    expected = [
        (js.Constant(3e-4), 150),
        (js.Linear(1e-3, 1e-4, 150), 150),
        (lr_schedule.BaseLRSchedule.create(warm).schedule(150), 150),
        (stairs.schedule(150), 150),
        *((candidate, 150) for candidate in candidates),
        (js.Cosine(3e-4, 0.0, 80).warmup(20), 100),
        (js.wsd(1e-3, 50, 100, 50), 200),
        (js.Exponential(1.0, 0.99), 150),
    ]
    found = rows(path)
    assert list(found) == names(out)
    for values, (schedule, steps) in zip(found.values(), expected, strict=True):
        # as short as a float can be written, and yet the very same
        direct = np.asarray(schedule(np.arange(steps + 1)))
        np.testing.assert_array_equal(np.asarray(values, direct.dtype), direct)


def test_csv_in_chunks_is_the_same(run, file, tmp_path, monkeypatch):
    # values without rounding: a compiler may round an array of another length otherwise
    line = {"kind": "Linear", "start": 0.0, "end": 1.0, "steps": 1024}
    path = file("two, with a comma.json", [line, {"kind": "Every", "steps": 3, "schedule": line}])
    assert run(path, "--csv", tmp_path / "whole.csv")[0] == 0
    for size in (7, 64, 1024, 1025):
        monkeypatch.setattr(show, "CHUNK", size)
        assert run(path, "--csv", tmp_path / "parts.csv")[0] == 0
        assert (tmp_path / "parts.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()
    assert [len(values) for values in rows(tmp_path / "whole.csv").values()] == [1025, 1027]


def test_a_long_schedule_in_chunks_is_the_same():
    schedule = js.Cosine(3e-4, 3e-5, 9 * 10**6).warmup(10**6)
    parts = list(show._chunks(schedule, 10**7))
    assert [first for first, _ in parts] == [0, show.CHUNK, 2 * show.CHUNK]
    values = np.concatenate([values for _, values in parts])
    # a compiler may round an array of another length otherwise
    np.testing.assert_array_max_ulp(values, np.asarray(schedule(np.arange(10**7 + 1))), 2)


def test_a_long_schedule_is_shown(run, file):
    """Its peak is found among all the counts, not among samples."""
    boundaries, values = [7654321, 7654322], [0.1, 1.0, 0.1]
    config = {"kind": "PiecewiseConstant", "boundaries": boundaries, "values": values}
    code, out, _ = run(file("long.json", {"kind": "Stop", "steps": 10**7, "schedule": config}))
    assert code == 0
    assert "peak 1 at 7654321  duration 1e07  shown to 10000000\n" in out


@pytest.mark.parametrize("name", ["picture.PNG", "picture"])
def test_plot(run, file, tmp_path, name):
    image = pytest.importorskip("matplotlib.image", reason="--plot draws with matplotlib")
    path = tmp_path / name
    code, out, _ = run(DATA / "native.yaml", file("one.json", COSINE), "--plot", path)
    assert (code, out.splitlines()[-1]) == (0, f"wrote {path}")
    assert path.read_bytes().startswith(b"\x89PNG\r\n")
    with path.open("rb") as file:
        pixels = image.imread(file, format="png")
    assert pixels.shape[0] > 500
    assert pixels.shape[1] > 900
    colours = np.unique(pixels[..., :3].reshape(-1, 3), axis=0)
    assert len(colours) > 50


def test_plot_in_another_format(run, file, tmp_path):
    pytest.importorskip("matplotlib", reason="--plot draws with matplotlib")
    path = tmp_path / "picture.svg"
    assert run(file("one.json", COSINE), "--plot", path)[0] == 0
    assert "<svg" in path.read_text()


def test_an_output_replaces_what_was_there(run, file, tmp_path):
    path = file("values.csv", "old")
    assert run(file("one.json", COSINE), "--csv", path)[0] == 0
    assert list(map(len, rows(path).values())) == [101]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["one.json", "values.csv"]


def test_csv_quotes_labels(run, file, tmp_path):
    """As the csv module does, that reads them back."""
    path = file("quoted.json", {'a"b,c': COSINE, "two\nlines": COSINE})
    assert run(path, "--csv", tmp_path / "x.csv")[0] == 0
    found = rows(tmp_path / "x.csv")
    assert list(found) == [f'{path}.a"b,c Cosine', f"{path}.two\\nlines Cosine"]
    assert list(map(len, found.values())) == [101, 101]


@pytest.fixture
def umask():
    """Another umask than usual."""
    before = os.umask(0o027)
    yield
    os.umask(before)


@posix
def test_what_is_written_has_the_mode_that_it_should(run, file, tmp_path, umask, monkeypatch):
    """Of a file that was there its own, else what the umask leaves; the umask is never set."""
    monkeypatch.setattr(os, "umask", None)
    path, old, new = file("one.json", COSINE), file("old.csv", "old"), tmp_path / "new.csv"
    old.chmod(0o604)
    for target in (old, new):
        assert run(path, "--csv", target)[0] == 0
        assert len(rows(target)) == 1
    assert [stat.S_IMODE(p.stat().st_mode) for p in (old, new)] == [0o604, 0o640]


@posix
def test_links_are_followed(run, file, tmp_path):
    path, target, link = file("one.json", COSINE), file("target.csv", "old"), tmp_path / "link.csv"
    (tmp_path / "folder").mkdir()
    link.symlink_to(target)
    nowhere = tmp_path / "nowhere.csv"
    nowhere.symlink_to("folder/new.csv")
    for name in (link, nowhere):
        assert run(path, "--csv", name)[0] == 0
        assert name.is_symlink()
    assert len(rows(target)) == len(rows(tmp_path / "folder" / "new.csv")) == 1
    assert [p.name for p in (tmp_path / "folder").iterdir()] == ["new.csv"]


@posix
def test_pipes_and_devices_are_written_to(run, file, tmp_path):
    path, pipe = file("one.json", COSINE), tmp_path / "pipe"
    os.mkfifo(pipe)
    received = []
    reader = threading.Thread(target=lambda: received.append(pipe.read_text()))
    reader.start()
    assert run(path, "--csv", pipe)[0] == 0
    reader.join()
    assert received[0].count("\n") == 102
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    with contextlib.suppress(PermissionError):  # only root makes devices
        device = tmp_path / "null"
        os.mknod(device, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
        assert run(path, "--csv", device)[0] == 0
        assert stat.S_ISCHR(device.stat().st_mode)


# --- errors -------------------------------------------------------------------------------------

BAD_FILES = [
    ("empty.yaml", "", "the file is empty"),
    ("empty.json", " \n", "the file is empty"),
    ("bytes.yaml", b"\xff\xfe\x00", "not a text file"),
    ("bad.yaml", "kind: [Cosine", ":1: not YAML: "),
    ("bad.yaml", "kind: Cosine\n\tsteps: 1", ":2: not YAML: "),
    ("bad.yaml", "a: b: c", ":1: not YAML: mapping values are not allowed here"),
    ("bad.yaml", "!!python/object/apply:os.getcwd []", "not YAML: could not determine a constr"),
    ("bad.yaml", "kind: 2026-99-99", ":1: config: unknown kind '2026-99-99'"),
    ("bad.json", "{'kind': 1}", "not JSON: Expecting property name"),
    ("bad.json", "kind: Cosine", "not JSON: Expecting value"),
    ("text.yaml", "Cosine", ": a schedule config is a mapping, a list or a number, got 'Cosine'"),
    ("none.yaml", "null", ": a schedule config is a mapping, a list or a number, got None"),
    ("bool.json", "true", ": a schedule config is a mapping, a list or a number, got True"),
    ("list.json", [], ": a schedule config is a mapping, a list or a number, got []"),
    ("map.json", {}, ": a schedule config is a mapping, a list or a number, got {}"),
    ("keys.json", {"steps": 3, "end": 0}, ": no kind, type, schedule_config or lr_schedule"),
    ("kind.json", {"kind": "Cosin"}, ": unknown kind 'Cosin'; did you mean 'Cosine'?"),
    ("kind.json", [COSINE, {"kind": 3}], "[1]: unknown kind 3; known are "),
    (
        "kind.json",
        {"kind": "noether.core.schedules.StepFixed", "factor": 1},
        ".StepFixed'; did you mean 'noether.StepFixedSchedule'?",
    ),
    (
        "kind.json",
        {"a": [COSINE, {"kind": "Cosin"}]},
        ".a[1]: unknown kind 'Cosin'; did you mean 'Cosine'?",
    ),
    (
        "type.json",
        {"type": "lineer"},
        "did you mean 'lr_schedule.linear'?",
    ),
    ("type.json", {"type": ["linear"]}, "unknown kind \"lr_schedule.['linear']\"; "),
    (
        "name.json",
        {"lr_scheduler": [None, {"name": "exponentail"}]},
        ".lr_scheduler[1]: lr_scheduler: unknown name 'exponentail'; did you mean 'exponential'?",
    ),
    (
        "name.json",
        [None, {"name": "exponentail"}],
        "config[1]: lr_scheduler: unknown name 'exponentail'; did you mean 'exponential'?",
    ),
    ("name.json", {"lr_scheduler": 3}, ": lr_scheduler must be a list of schedulers, got 3"),
    (
        "key.json",
        [COSINE | {"stepz": 1}],
        "[0]: Cosine has no key 'stepz'; did you mean 'steps'?",
    ),
    (
        "key.json",
        {"kind": "Join", "schedules": [1, {"kind": "Cosine"}], "boundaries": [1]},
        ".schedules[1]: Cosine needs start",
    ),
    (
        "key.json",
        {"type": "linear", "initial": 1},
        "; did you mean 'initial_value'?",
    ),
    (
        "key.json",
        {"schedule_config": {"kind": "ConstantSchedule", "valeu": 1}},
        ".schedule_config: noether.ConstantSchedule has no key 'valeu'; did you mean 'value'?",
    ),
    (
        "key.json",
        {"schedule_config": {"kind": "ConstantSchedule"}},
        ".schedule_config: noether.ConstantSchedule needs value",
    ),
    (
        "key.json",
        {"lr_scheduler": [{"name": "exponential"}]},
        ".lr_scheduler[0]: kumo.exponential needs gamma",
    ),
    (
        "parts.json",
        [{"kind": "Constant", "value": [1, 2]}],
        "[0]: Constant(value=...) must be one n",
    ),
    (
        "parts.json",
        {"kind": "Table", "values": [[1], [2]]},
        ": Table(values=...) must be a list of ",
    ),
    ("control.json", {"a\u001b[2J": {"kind": "Cosin"}}, ".a\\x1b[2J: unknown kind 'Cosin'"),
    ("value.json", COSINE | {"steps": -1}, ": Cosine(steps=...) must not be negative, got"),
    ("value.json", {"type": "linear", "initial_value": "x"}, ": LinearLRSchedule: initial_value "),
    (
        "value.yaml",
        "kind: ConstantSchedule\nvalue: ${model.optim.lr}",
        "'${model.optim.lr}' (an interpolation is its config loader's: put a number in its place)",
    ),
]


@pytest.mark.parametrize(("name", "content", "message"), BAD_FILES)
def test_a_bad_file(run, file, tmp_path, name, content, message):
    """Code 2, one line that names the file, nothing shown, nothing written."""
    path = file(name, content)
    code, out, err = run(path, "--csv", tmp_path / "x.csv", "--plot", tmp_path / "x.png")
    assert (code, out) == (2, "")
    assert err.startswith(f"jaxsched show: {path}")
    assert message in err
    assert err[:-1].isprintable()
    assert err.endswith("\n")
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("deep.yaml", "[" * 5000),
        ("deep.json", "[" * 100_000),
    ],
)
def test_a_file_nested_too_deep(run, file, name, content):
    code, out, err = run(file(name, content))
    assert (code, out) == (2, "")
    assert err.startswith("jaxsched show: ")
    assert err.endswith("nested too deep\n")
    assert err.count("\n") == 1


BAD_ARGUMENTS = [
    (["none.yaml"], "none.yaml: No such file or directory"),
    (["."], ".: Is a directory"),
    (["one.json", "none.yaml"], "none.yaml: No such file or directory"),
    (["one.json", "--csv", "none/x.csv"], "none/x.csv: cannot be written: No such file"),
    (["one.json", "--plot", "none/x.png"], "none/x.png: cannot be written: No such file"),
    (["one.json", "--csv", "folder"], "folder: cannot be written: Is a directory"),
    (["one.json", "--csv", "folder", "--plot", "x.png"], "folder: cannot be written: Is a dir"),
    (["one.json", "--plot", "folder"], "folder: cannot be written: Is a directory"),
    (["one.json", "--plot", "x.xyz"], "x.xyz: cannot draw .xyz, only "),
    (["one.json", "--csv", "x.csv", "--plot", "x.xyz"], "x.xyz: cannot draw .xyz, only "),
    (["--total-steps", "0"], "argument --total-steps: must be a positive number, got 0"),
    (["--total-steps", "-3"], "argument --total-steps: must be a positive number, got -3"),
    (
        ["--total-steps", "2147483648"],
        "must be a whole number of at most 2147483647, got 2147483648",
    ),
    (["--total-steps", "1.5"], "must be a whole number of at most 2147483647, got 1.5"),
    (["--total-steps", "x"], "argument --total-steps: must be a positive number, got x"),
    (["--total-steps", "nan"], "argument --total-steps: must be a positive number, got nan"),
    (["--total-steps", "inf"], "argument --total-steps: must be a positive number, got inf"),
    (["--total-steps"], "argument --total-steps: expected one argument"),
    (["--steps-per-epoch", "0"], "argument --steps-per-epoch: must be a positive number, got 0"),
    (["--base-lr", "0"], "argument --base-lr: must be a positive number, got 0"),
    (["--base-lr", "-1"], "argument --base-lr: must be a positive number, got -1"),
    (["--base-lr", "nan"], "argument --base-lr: must be a positive number, got nan"),
    (["--base-lr", "x"], "argument --base-lr: must be a positive number, got x"),
    (["--unknown"], "unrecognized arguments: --unknown"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD_ARGUMENTS)
def test_bad_arguments(run, file, tmp_path, monkeypatch, arguments, message):
    """Code 2, one line, nothing written or half-written."""
    monkeypatch.chdir(tmp_path)
    file("one.json", COSINE)
    (tmp_path / "folder").mkdir()
    code, _, err = run(*arguments)
    assert code == 2
    assert err.startswith("jaxsched")
    assert message in err
    assert err.count("\n") == 1
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["folder", "one.json"]


def test_an_error_while_writing_leaves_what_was_there(run, file, tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    table, picture = file("x.csv", "old"), file("x.png", "old")
    monkeypatch.setattr(show, "sparkline", fail)
    code, _, err = run(file("one.json", COSINE), "--csv", table, "--plot", picture)
    assert (code, err) == (2, "jaxsched show: standard output: No space left on device\n")
    assert table.read_text() == picture.read_text() == "old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["one.json", "x.csv", "x.png"]


def test_the_version(capsys):
    """Of the package, installed or not, and one that its metadata takes from there."""
    with pytest.raises(SystemExit) as exit:
        parser.main(["--version"])
    assert exit.value.code == 0
    assert capsys.readouterr().out == f"jaxsched {js.__version__}\n"
    assert re.fullmatch(r"\d+\.\d+\.\d+", js.__version__)


def test_a_value_that_is_not_finite(run, file, tmp_path):
    """Is said of the first count that has one."""
    line = {"kind": "Linear", "start": 1.0, "end": 0.0, "steps": 10}
    path = file("quotient.json", {"kind": "Quotient", "left": 1.0, "right": line})
    code, _, err = run(path, "--csv", tmp_path / "x.csv")
    assert (code, err) == (2, f"jaxsched show: {path} Quotient: the value at 10 is inf\n")
    assert list(tmp_path.iterdir()) == [path]


def test_control_characters_are_not_printed(run, file):
    path = file("keys.json", {"a\u001b[31mred\u0007": COSINE})
    code, out, _ = run(path)
    assert code == 0
    assert names(out) == [f"{path}.a\\x1b[31mred\\x07 Cosine"]


@pytest.mark.parametrize("arguments", [[], ["shwo"]])
def test_no_command_or_an_unknown_one(arguments, capsys):
    with pytest.raises(SystemExit) as exit:
        parser.main(arguments)
    assert exit.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_list_without_candidates_has_nothing_to_show(run, file):
    path = file("none.json", {"lr_scheduler": []})
    assert run(path) == (2, "", f"jaxsched show: no schedules in {path}\n")


def test_what_reading_gives():
    """YAML 1.1 takes 1e-3 for text; here it is a number."""
    assert files.read(DATA / "lr_schedule.yaml")[0] == 3e-4
    assert files.read(DATA / "kumo.yaml")["lr_scheduler"][0] is None


# --- a process of its own -----------------------------------------------------------------------


def python_m(*arguments):
    command = [sys.executable, "-m", "jaxsched", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8")


def test_a_process_that_works(tmp_path):
    done = python_m("show", DATA / "native.yaml", "--csv", tmp_path / "x.csv")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(names(done.stdout)) == 3
    assert list(map(len, rows(tmp_path / "x.csv").values())) == [101, 201, 1001]


def test_a_process_that_fails(file):
    path = file("bad.json", {"kind": "Cosin"})
    done = python_m("show", path)
    assert (done.returncode, done.stdout) == (2, "")
    message = f"jaxsched show: {path}:1: config: unknown kind 'Cosin'; did you mean 'Cosine'?\n"
    assert done.stderr == message
