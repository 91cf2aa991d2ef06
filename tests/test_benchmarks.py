"""The benchmarks run, agree with optax before they time anything, and keep what they measured."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import jaxsched as js
from benchmarks import contestants, report, stepping, timing
from benchmarks.__main__ import main

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """The file that a quick run writes: in a process of its own, without this one's settings."""
    folder = tmp_path_factory.mktemp("results") / "made"
    command = [sys.executable, "-m", "benchmarks", "--quick", "--out", str(folder)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr
    (path,) = folder.iterdir()
    assert run.stdout.splitlines()[-1] == str(path)
    document = json.loads(path.read_text())
    assert path.name == f"{report.slug(document['device'])}.json"
    return document


def assert_spread(spread):
    assert list(spread) == ["low", "median", "high"]
    assert 0 < spread["low"] <= spread["median"] <= spread["high"] < np.inf


def test_says_where_and_with_what(results):
    assert set(results["versions"]) == {"jax", "optax", "jaxsched"}
    assert all(results["versions"].values())
    assert results["device"] and results["date"] and results["counts"] == [2**14]


def test_every_piece_is_measured(results):
    names = [row["name"] for row in results["schedules"]]
    assert names == [c.name for c in contestants.contestants(2**14)]
    measured = {type(c.ours) for c in contestants.contestants(2**14)}
    curves = "jaxsched._curves"
    pieces = {x for x in vars(js).values() if getattr(x, "__module__", "") == curves}
    assert pieces | {js.Constant, js.Join, js.Warmup, js.Restart} <= measured


def test_schedules_agree_and_have_numbers(results):
    for row in results["schedules"]:
        assert row["rounds"] >= timing.FEWEST
        assert row["error"]["ours"] <= contestants.OURS_WITHIN, row["name"]
        both = ["ours", "copy"]
        assert_spread(row["to_copy"])
        if row["to_optax"] is not None:
            both.append("optax")
            assert row["error"]["optax"] <= contestants.OPTAX_WITHIN, row["name"]
            assert_spread(row["to_optax"])
            assert row["compile_s"]["optax"] > 0
        assert row["compile_s"]["ours"] > 0
        for name in both:
            assert_spread(row["seconds"][name])


def test_grid_and_eager_calls_agree_and_have_numbers(results):
    grid = results["grid"]
    assert set(grid["seconds"]) == {"ours", "optax", "fill"}
    assert grid["ratios"]["to_optax_compiling"] > 0
    assert len(results["eager"]) == 4
    for row in [grid, *results["eager"]]:
        assert row["error"]["ours"] <= contestants.OURS_WITHIN
        assert row["error"]["optax"] <= contestants.OPTAX_WITHIN
        for spread in row["seconds"].values():
            assert_spread(spread)


def test_grids_and_sweeps_have_numbers(results):
    assert results["build"]["points"] == {"few": 4, "many": 144}
    sweep = results["sweep"]
    assert sweep["points"] == 32 and sweep["error"] <= 1e-5
    assert set(sweep["seconds"]) == {"sweep", "closures", "in turn"}
    spreads = [*results["build"]["seconds"].values(), *sweep["seconds"].values()]
    for spread in [*spreads, sweep["to_closures"], sweep["to_in_turn"]]:
        assert_spread(spread)


def test_stepping_is_measured_where_the_libraries_are(results):
    names = [row["name"] for row in results["stepping"]]
    assert len(names) == (0 if stepping.missing() else 8)
    for row in results["stepping"]:
        assert row["error"] <= stepping.WITHIN and row["steps"] == 1000
        assert row["to_stepped"] > 0 and min(row["seconds"].values()) > 0


def test_what_is_wrong_is_not_timed():
    contestants.require_agreement("Cosine", 1e-7, 1e-5)
    with pytest.raises(ValueError, match="Cosine is 0.01 off"):
        contestants.require_agreement("Cosine", 0.01, None)
    with pytest.raises(ValueError, match="Cosine is nan off"):
        contestants.require_agreement("Cosine", float("nan"), None)
    with pytest.raises(ValueError, match="optax's Cosine is 0.01 off"):
        contestants.require_agreement("Cosine", 0.0, 0.01)


def test_contestants_take_turns(monkeypatch):
    monkeypatch.setattr(timing, "SAMPLE", 0.0)  # no repetition within a turn
    turns = []
    calls = {name: lambda name=name: turns.append(name) for name in "abc"}
    taken = timing.interleaved(calls, rounds=4)
    assert "".join(turns[-12:]) == "abcbcacababc"
    assert [len(times) for times in taken.values()] == [4, 4, 4]


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--counts", "0"], "--counts must be in 4096..1073741824, got 0"),
        (["--counts", "x"], "argument --counts: invalid int value: 'x'"),
        (["--rounds", "0"], "--rounds must be at least 3, got 0"),
        (["--rownds", "5"], "unrecognized arguments: --rownds 5"),
        (["--quick", "--out", __file__], f"cannot write to --out {__file__}: File exists"),
    ],
)
def test_bad_arguments_are_one_line(arguments, message, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert capsys.readouterr().err == f"python -m benchmarks: {message}\n"


def test_a_file_is_replaced_whole(tmp_path):
    path = report.save(tmp_path, {"device": "NVIDIA H200", "a": 1})
    assert path == tmp_path / "nvidia-h200.json"
    with pytest.raises(TypeError):
        report.save(tmp_path, {"device": "NVIDIA H200", "a": object()})
    assert list(tmp_path.iterdir()) == [path]
    assert json.loads(path.read_text())["a"] == 1
