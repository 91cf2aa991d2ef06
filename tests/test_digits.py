"""`python -m jaxsched sweep`: what it trains, prints and writes."""

import csv
import json
import sys
from functools import partial

import jax
import numpy as np
import pytest

import jaxsched as js
from jaxsched.commands import digits, parser, sweep
from jaxsched.sweeps import program

pytest.importorskip("sklearn", reason="the digits are scikit-learn's")
CONFIGS = [
    {"kind": "Cosine", "start": 0.03, "end": 0.0, "steps": 40},
    {"kind": "Constant", "value": 0.0},
    {"kind": "Constant", "value": 1e30},
    {"type": "linear", "initial_value": 0.01},
]


@pytest.fixture(autouse=True)
def optax_promotes():
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        yield


@pytest.fixture
def run(command):
    """`jaxsched sweep`."""
    return partial(command, "sweep")


@pytest.fixture
def candidates(tmp_path):
    path = tmp_path / "candidates.json"
    path.write_text(json.dumps(CONFIGS))
    return path


def test_a_file_of_candidates(run, candidates, tmp_path):
    out = tmp_path / "deep" / "out"
    code, printed, errors = run(candidates, "--steps", 40, "--out", out)
    assert code == 0
    assert errors == ""  # a bar is for terminals
    rows = list(csv.DictReader((out / "results.csv").read_text().splitlines()))
    assert [row["rank"] for row in rows] == ["1", "2", "3", "4"]
    assert rows[0]["schedule"] == "Cosine(start=0.03, end=0.0, steps=40)"
    assert [row["status"] for row in rows] == ["finished"] * 3 + ["diverged"]
    assert rows[3]["schedule"] == "Constant(value=1e+30)"
    assert float(rows[0]["accuracy"]) > 0.8 > 0.3 > float(rows[2]["accuracy"])
    best = printed.splitlines()[3]
    assert best.split()[:2] == ["1", f"{float(rows[0]['accuracy']):.1%}"]
    assert "4 networks in" in printed
    assert " s, compilation included: " in printed
    for name in ("schedules.png", "losses.png"):
        assert (out / name).read_bytes().startswith(b"\x89PNG")
    assert len(list(out.iterdir())) == 3


def test_the_candidates_without_a_file():
    options = parser.parser().parse_args(["sweep", "--steps", "100"])
    with pytest.warns(UserWarning, match="cosine_with_warmup_restarts"):
        entries = sweep.candidates(options)
    sources = [entry.source for entry in entries]
    assert set(sources) == {"lr_schedule", "noether", "kumo", "jaxsched"}
    assert sources.count("jaxsched") == 64 and len({entry.name for entry in entries}) == 77


@pytest.mark.parametrize("steps", [1, 7])
def test_few_updates_have_fewer_warmups(steps):
    grid = digits.native(steps)
    assert grid.axes["warmup"] == {1: (0,), 7: (0, 1)}[steps]
    assert np.isfinite(grid(np.arange(steps + 2))).all()


def test_the_digits_are_split():
    data = digits.load()
    assert data.images.shape == (1438, 64) and data.held_out_images.shape == (359, 64)
    assert data.images.min() == 0 and data.images.max() == 1
    seen = {row.tobytes() for row in np.asarray(data.images)}
    assert not seen & {row.tobytes() for row in np.asarray(data.held_out_images)}


def test_it_learns():
    result = digits.train(js.warmup_cosine(0.02, 10, 150), digits.load(), 150)
    assert result["accuracy"] > 0.9 and result["losses"].shape == (150,)


def test_an_interrupted_sweep(run, candidates, tmp_path, monkeypatch):
    """What was finished is shown, nothing is written."""
    monkeypatch.setattr(sweep, "CHUNK", 1)
    trained = []

    def fetched(x):
        trained.append(x)
        if len(trained) > 6:  # of three metrics
            raise KeyboardInterrupt
        return np.asarray(x)

    monkeypatch.setattr(program, "_fetched", fetched)
    code, printed, errors = run(candidates, "--steps", 5, "--out", tmp_path / "out")
    assert (code, errors) == (130, "jaxsched sweep: interrupted\n")
    assert printed.count("  missing") == 2
    assert list((tmp_path / "out").iterdir()) == []


def test_bad_arguments(run, candidates, tmp_path, monkeypatch):
    code, _, errors = run(candidates, "--out", candidates)
    assert code == 2 and "jaxsched sweep: " in errors and "File exists" in errors
    code, _, errors = run(tmp_path / "none.json")
    assert (code, errors) == (
        2,
        f"jaxsched sweep: {tmp_path / 'none.json'}: No such file or directory\n",
    )
    code, _, errors = run("--steps", "0")
    assert code == 2 and "must be a positive number, got 0" in errors
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    code, _, errors = run(candidates)
    assert (code, errors) == (
        2,
        "jaxsched sweep: sweep needs scikit-learn: pip install jaxsched[sweep]\n",
    )
