"""The benchmarks run, agree with references before they time anything, and keep what they found."""

import doctest
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import benchmarks.__main__ as command
import jaxsched as js
from benchmarks import chart, contestants, report, timing
from benchmarks.sections import SECTIONS, accuracy, stepping, throughput, training

ROOT = Path(__file__).parents[1]
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The file that a quick run writes: in a process of its own, without this one's settings."""
    folder = tmp_path_factory.mktemp("results") / "made"
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick", "--out", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode == 0, run.stderr
    document, picture = sorted(folder.iterdir())
    assert run.stdout.splitlines()[-2:] == [str(document), str(picture)]
    for section in SECTIONS.values():
        assert section.HEAD in run.stdout
    return document


@pytest.fixture(scope="module")
def results(made):
    return json.loads(made.read_text())


@pytest.fixture(scope="module")
def rows(results):
    """The rows of every section."""
    return {name: section["rows"] for name, section in results["sections"].items()}


def spreads(value):
    """Every low, median and high in there, at any depth."""
    if isinstance(value, dict) and "low" in value:
        return [list(value.values())]
    items = value.values() if isinstance(value, dict) else value if type(value) is list else []
    return [found for item in items for found in spreads(item)]


def test_every_section_says_where_and_with_what(made, results):
    assert made.name == report.file_name(results["device"], quick=True)
    assert results["quick"] is True
    assert list(results["sections"]) == list(SECTIONS)
    for name, section in results["sections"].items():
        assert set(section["versions"]) == {"jax", "optax", "numpy", "jaxsched"}
        assert section["date"] and section["platform"] and section["cores"]
        assert section["rows"] or name == "stepping" and stepping.missing()


def test_every_time_is_a_number_and_every_value_agrees(rows):
    measured = np.array(spreads(rows))
    assert len(measured) > 300 and np.isfinite(measured).all() and (measured > 0).all()
    assert (np.diff(measured) >= 0).all()
    compared = [
        row for name in ("throughput", "restarts", "grid", "training") for row in rows[name]
    ]
    for error in [row["error"] for row in compared + rows["latency"]]:
        assert error["ours"] <= contestants.OURS_WITHIN
        assert error.get("optax", 0.0) <= contestants.OPTAX_WITHIN


def test_every_piece_and_recipe_is_measured(rows):
    size = max(row["counts"] for row in rows["throughput"])
    measured = [row["name"] for row in rows["throughput"] if row["counts"] == size]
    there = contestants.contestants(size)
    assert measured == [c.name for c in there]
    of = {name: getattr(x, "__module__", "") for name, x in vars(js).items()}
    recipes = {name for name, module in of.items() if module == "jaxsched.recipes"}
    assert recipes <= set(measured)
    pieces = {vars(js)[name] for name, module in of.items() if module == "jaxsched.curves"}
    assert pieces | {js.Constant, js.Join, js.Warmup, js.Restart} <= {type(c.ours) for c in there}


def test_longer_schedules_are_more(rows):
    names = [{c.name for c in contestants.contestants(n)} for n in (1, 64, 4096)]
    assert names[0] < names[1] < names[2]
    assert set(throughput.FEW) | set(training.NAMES) | set(chart.ACCURATE) <= names[2]


def test_throughput_is_absolute_too(rows):
    for row in rows["throughput"]:
        seconds = row["seconds"]["ours"]["median"]
        assert row["gigabytes_per_s"] == pytest.approx(8e-9 * row["counts"] / seconds, rel=1e-2)
        assert {"ours", "copy", "fill", "numpy"} <= set(row["seconds"])
        assert ("optax" in row["seconds"]) == ("to_optax" in row)


def test_ours_keep_their_digits(rows):
    assert {row["length"] for row in rows["accuracy"]} == {7, 2**31 - 1}
    for row in rows["accuracy"]:
        assert row["ulp"]["ours"]["median"] <= row["ulp"]["ours"]["max"] <= 8, row["name"]
    optax = [row["ulp"]["optax"]["max"] for row in rows["accuracy"] if "optax" in row["ulp"]]
    assert 1e6 < max(optax) <= accuracy.WRONG


def test_a_schedule_adds_a_kernel_or_two_to_a_step(rows):
    for row in rows["training"]:
        assert 0 < row["kernels"]["constant"] <= row["kernels"]["ours"]
        assert row["kernels"]["ours"] <= row["kernels"]["constant"] + 2, row["name"]


def test_nothing_is_kept_but_the_values(rows):
    if rows["memory"][0]["bytes"]["ours"] is None:
        pytest.skip("this device's compiler states no memory")
    # of a long table also the place in it
    most = {row["name"]: 8 if row["name"].endswith(", 1000") else 4.1 for row in rows["memory"]}
    assert all(4 <= row["bytes"]["ours"] <= most[row["name"]] for row in rows["memory"])


def test_stepping_is_measured_where_the_libraries_are(rows):
    assert len(rows["stepping"]) == (0 if stepping.missing() else 8)
    for row in rows["stepping"]:
        assert row["error"] <= stepping.WITHIN and row["steps"] == 1000
        assert row["to_stepped"] > 0


def test_the_chart_is_drawn_from_the_file(made, results, tmp_path, capsys):
    pytest.importorskip("matplotlib", reason="drawing is an extra")
    assert made.with_suffix(".png").read_bytes().startswith(PNG)
    some = tmp_path / "some.json"
    sections = {name: results["sections"][name] for name in ("throughput", "grid")}
    report.save(some, {**results, "sections": sections})
    assert command.main(["--chart", str(some)]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'some.png'}\n"
    assert (tmp_path / "some.png").read_bytes().startswith(PNG)
    panels = chart.figure({**results, "sections": {"grid": sections["grid"]}}).axes
    left_out = [text.get_text() for ax in panels for text in ax.texts]
    assert "accuracy: not measured" in left_out and "grid: not measured" not in left_out


def test_everything_in_the_chart_is_in_a_legend_that_covers_nothing(results):
    pytest.importorskip("matplotlib", reason="drawing is an extra")
    drawn = chart.figure(results)
    drawn.draw_without_rendering()
    for ax in drawn.axes:
        named = [text.get_text() for text in ax.get_legend().get_texts()]
        lines = [line.get_label() for line in ax.lines]
        assert lines and len(set(lines)) == len(lines) and set(lines) <= set(named)
        bars = {bar.get_facecolor() for bar in ax.patches}
        assert len(named) == len(lines) + len(bars)
        assert ax.get_legend().get_window_extent().y1 < ax.bbox.y0


def test_a_section_takes_the_place_of_its_older_one(tmp_path, monkeypatch, capsys):
    def section(*found):
        return SimpleNamespace(
            __doc__="What it is.", HEAD="n", rows=lambda quick: iter(found), line=str
        )

    monkeypatch.setattr(command, "SECTIONS", {"first": section(1), "second": section(2, 3)})
    monkeypatch.setattr(chart, "draw", lambda path: path.with_suffix(".png"))
    assert command.main(["--out", str(tmp_path), "--only", "second"]) == 0
    (path,) = tmp_path.iterdir()
    assert list(json.loads(path.read_text())["sections"]) == ["second"]
    before = json.loads(path.read_text())["sections"]["second"]
    monkeypatch.setitem(command.SECTIONS, "first", section(4))
    assert command.main(["--out", str(tmp_path), "--only", "first"]) == 0
    after = json.loads(path.read_text())["sections"]
    assert list(after) == ["first", "second"]
    assert after["second"] == before and after["first"]["rows"] == [4]
    assert capsys.readouterr().out.splitlines()[-2:] == [str(path), str(path.with_suffix(".png"))]


def test_what_is_wrong_is_not_timed(tmp_path, monkeypatch, capsys):
    contestants.require_agreement("Cosine", 1e-7, 1e-5)
    with pytest.raises(ValueError, match="Cosine is 0.01 off"):
        contestants.require_agreement("Cosine", 0.01)
    with pytest.raises(ValueError, match="Cosine is nan off"):
        contestants.require_agreement("Cosine", float("nan"))
    with pytest.raises(ValueError, match="optax's Cosine is 0.01 off"):
        contestants.require_agreement("Cosine", 0.0, 0.01)

    def wrong(quick):
        raise ValueError("Cosine is 0.01 off")
        yield

    monkeypatch.setattr(SECTIONS["memory"], "rows", wrong)
    assert command.main(["--only", "memory", "--out", str(tmp_path)]) == 1
    assert capsys.readouterr().err == "python -m benchmarks: Cosine is 0.01 off\n"


def test_contestants_take_turns(monkeypatch):
    monkeypatch.setattr(timing, "SAMPLE", 0.0)  # no repetition within a turn
    turns = []
    calls = {name: lambda name=name: turns.append(name) for name in "abc"}
    taken = timing.interleaved(calls, rounds=4)
    assert "".join(turns[-12:]) == "abcbcacababc"
    assert [len(times) for times in taken.values()] == [4, 4, 4]


def test_ulp_are_of_float32_at_the_reference():
    reference = np.array([1.0, 3e-4, 2.0**-20])
    off = np.spacing(reference.astype(np.float32)) * [1.0, -2.5, 0.0]
    assert accuracy.ulps(reference + off, reference) == pytest.approx([1.0, 2.5, 0.0])


def test_kernels_are_the_instructions_that_do_work():
    program = """HloModule jit_step, is_scheduled=true

%inner (param_0: f32[8]) -> f32[8] {
  %param_0 = f32[8]{0} parameter(0)
  ROOT %neg = f32[8]{0} negate(%param_0)
}

ENTRY %main.5 (x: f32[8], n: s32[]) -> (f32[8], s32[]) {
  %x = f32[8]{0:T(8,128)} parameter(0)
  %n = s32[] parameter(1)
  %one = s32[] constant(1)
  %fusion = f32[8]{0:T(8,128)} fusion(%x), kind=kLoop, calls=%inner
  %pair = (f32[8]{0}, s32[]) custom-call(%fusion, %n), custom_call_target="f"
  %first = f32[8]{0} get-tuple-element(%pair), index=0
  ROOT %out = (f32[8]{0}, s32[]) tuple(%first, %one)
}
"""
    assert training.kernels(program) == 2


@pytest.mark.parametrize("module", [report, timing, accuracy, training], ids=lambda m: m.__name__)
def test_examples_hold(module):
    tried = doctest.testmod(module)
    assert tried.attempted and not tried.failed


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--only", "memmory"], "--only has no section 'memmory'; did you mean 'memory'?"),
        (["--only"], "argument --only: expected at least one argument"),
        (["--rounds", "5"], "unrecognized arguments: --rounds 5"),
        (["--chart", "nothing.json"], "nothing.json: No such file or directory"),
        (["--chart", __file__], f"{__file__}: not JSON"),
        (["--quick", "--out", __file__], f"cannot write to --out {__file__}: File exists"),
    ],
)
def test_bad_arguments_are_one_line(arguments, message, capsys):
    with pytest.raises(SystemExit) as stopped:
        command.main(arguments)
    assert stopped.value.code == 2
    assert capsys.readouterr().err == f"python -m benchmarks: {message}\n"


def test_what_is_no_results_file_is_not_merged_into(tmp_path, capsys):
    path = tmp_path / "cpu.json"
    path.write_text('{"device": "cpu", "schedules": []}')
    with pytest.raises(SystemExit) as stopped:
        command.main(["--chart", str(path)])
    assert stopped.value.code == 2
    assert f"{path}: not a results file, which has a device and sections" in capsys.readouterr().err


def test_a_file_is_replaced_whole(tmp_path):
    path = tmp_path / "device.json"
    report.save(path, {"a": 1})
    with pytest.raises(TypeError):
        report.save(path, {"a": object()})
    assert list(tmp_path.iterdir()) == [path]
    assert json.loads(path.read_text())["a"] == 1
