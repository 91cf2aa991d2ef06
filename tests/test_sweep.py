"""Sweeps: the same as training alone, whatever else is in the program; and what is made of them."""

import csv
import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxsched as js

STEPS = 60
SHAPES = {"line": js.Linear, "cosine": js.Cosine, "root": lambda *a: js.Power(*a, 0.5)}
X = jax.random.normal(jax.random.key(0), (64, 4))
Y = jnp.sin(X @ jnp.arange(4.0))


@pytest.fixture(autouse=True)
def optax_promotes():
    """Adam itself mixes ints and floats."""
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        yield


def train(schedule):
    tx = optax.adamw(schedule)

    def loss(params):
        return jnp.mean((jnp.tanh(X @ params["hidden"]) @ params["out"] - Y) ** 2)

    def update(carry, _):
        params, state = carry
        value, gradient = jax.value_and_grad(loss)(params)
        updates, state = tx.update(gradient, state, params)
        return (optax.apply_updates(params, updates), state), value

    hidden = jax.random.normal(jax.random.key(1), (4, 16))
    params = {"hidden": hidden, "out": jnp.zeros(16)}
    (params, _), losses = jax.lax.scan(update, (params, tx.init(params)), length=STEPS)
    right = jnp.sum((jnp.tanh(X @ params["hidden"]) @ params["out"] > 0) == (Y > 0))
    return {"loss": loss(params), "losses": losses, "right": right}


def mixed():
    return js.grid(
        lambda peak, warmup, shape: SHAPES[shape](peak, 0.0, STEPS - warmup).warmup(warmup),
        peak=[1e-3, 1e-2, 0.1],
        warmup=[0, 10],
        shape=list(SHAPES),
    )


@pytest.fixture(scope="module")
def alone():
    """Every point of `mixed` trained by itself."""
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        runs = [jax.jit(train)(schedule) for schedule in mixed()]
    return jax.tree.map(lambda *leaves: np.stack(leaves).reshape(3, 2, 3, *leaves[0].shape), *runs)


WAYS = {
    "whole": {},
    "table": {"steps": STEPS},
    "chunks": {"chunk": 4},
    "table, chunks": {"steps": STEPS, "chunk": 7},
    "a long chunk": {"chunk": 1000},
}


@pytest.mark.parametrize("options", WAYS.values(), ids=WAYS.keys())
def test_each_model_is_the_one_trained_alone(options, alone):
    result = js.sweep(train, mixed(), progress=False, **options)
    assert jax.tree.structure(result.metrics) == jax.tree.structure(alone)
    losses = result.metrics["losses"]
    assert losses.shape == (3, 2, 3, STEPS) and losses.dtype == alone["losses"].dtype
    np.testing.assert_allclose(losses[..., :20], alone["losses"][..., :20], rtol=1e-5)
    np.testing.assert_allclose(losses, alone["losses"], rtol=1e-3)
    np.testing.assert_allclose(result.metrics["loss"], alone["loss"], rtol=1e-3)
    assert np.abs(result.metrics["right"] - alone["right"]).max() <= len(X) // 100 + 1
    assert not result.missing.any() and not result.diverged.any()


def test_train_is_traced_once_and_not_again_for_the_same_structure():
    traces = []

    def counted(schedule):
        traces.append(1)
        return schedule(jnp.arange(3))

    for chunk in (None, None):
        js.sweep(counted, mixed(), chunk=chunk, progress=False)
    other = mixed()[::-1]
    js.sweep(counted, other, progress=False)
    assert len(traces) == 1
    js.sweep(counted, mixed(), chunk=4, progress=False)
    assert len(traces) == 2


def test_a_list_or_a_mapping_of_schedules_and_a_bare_metric():
    lines = [js.Linear(1.0, 0.0, 9), js.Linear(3.0, 0.0, 9), js.Linear(2.0, 0.0, 9)]
    result = js.sweep(lambda s: s(3), lines, progress=False)
    np.testing.assert_allclose(result.metrics, [2 / 3, 2.0, 4 / 3], rtol=1e-6)
    assert [row["name"] for row in result.leaderboard()] == [0, 2, 1]
    named = js.sweep(lambda s: s(3), {"a": lines[0], "b": lines[1]}, progress=False)
    assert named.best(mode="max")["name"] == "b"
    assert named.best(mode="max")["schedule"] is lines[1]


def test_foreign_schedules_of_which_nothing_is_a_leaf():
    closures = [js.as_schedule(optax.linear_schedule(x, 0.0, 10)) for x in (1.0, 2.0)]
    result = js.sweep(lambda s: s(5), closures, progress=False)
    np.testing.assert_allclose(result.metrics, [0.5, 1.0])
    np.testing.assert_allclose(
        js.sweep(lambda s: s(5), closures[:1] * 3, progress=False).metrics, [0.5] * 3
    )


# --- what is made of the result -------------------------------------------------------------------


def explode(schedule):
    """A point above 1 diverges, one of exactly 2 to NaN."""
    peak = schedule(0)
    curve = jnp.where(jnp.arange(5) < 3, peak, jnp.where(peak > 1, jnp.inf, peak))
    return {"loss": jnp.where(peak == 2, jnp.nan, curve[-1]), "nested": {"curve": curve}}


def exploded(**options):
    peaks = [0.5, 3.0, 0.25, 2.0, 0.75]
    return js.sweep(
        explode,
        js.grid(lambda peak: js.Linear(peak, 0.0, 9), peak=peaks),
        progress=False,
        **options,
    )


@pytest.mark.parametrize("options", WAYS.values(), ids=WAYS.keys())
def test_what_diverges_ranks_last_and_disturbs_no_other(options):
    result = exploded(**options)
    assert result.diverged.tolist() == [False, True, False, True, False]
    board = result.leaderboard("loss")
    assert [row["peak"] for row in board[:3]] == [0.25, 0.5, 0.75]
    assert board[0] == {"rank": 1, "loss": 0.25, "peak": 0.25}
    assert {row["peak"] for row in board[3:]} == {2.0, 3.0}
    assert [row.get("diverged") for row in board] == [None] * 3 + [True] * 2
    best = [row["peak"] for row in result.leaderboard("loss", mode="max")]
    assert best[:3] == [0.75, 0.5, 0.25]
    assert "2 diverged" in repr(result)


def test_leaderboard_and_best(alone):
    result = js.sweep(train, mixed(), progress=False)
    board = result.leaderboard("loss", 5)
    assert [row["rank"] for row in board] == [1, 2, 3, 4, 5]
    np.testing.assert_allclose(
        [row["loss"] for row in board], np.sort(alone["loss"].ravel())[:5], rtol=1e-3
    )
    assert list(board[0]) == ["rank", "loss", "peak", "warmup", "shape"]
    best = result.best("loss")
    assert best["schedule"] is result.grid[{k: board[0][k] for k in ("peak", "warmup", "shape")}]
    assert type(result.leaderboard("right", 1, "max")[0]["right"]) is int
    with pytest.raises(ValueError, match="no point of the sweep came to an end"):
        js.sweep(explode, [js.Constant(2.0)], progress=False).best("loss")


def test_csv(tmp_path):
    path = tmp_path / "results.csv"
    exploded().to_csv(path)
    with path.open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["peak", "status", "loss", "nested.curve[-1]"]
    assert rows[0] == {
        "peak": "0.5",
        "status": "finished",
        "loss": "0.5",
        "nested.curve[-1]": "0.5",
    }
    assert [row["status"] for row in rows].count("diverged") == 2
    assert [p.name for p in tmp_path.iterdir()] == ["results.csv"]


def test_pictures(tmp_path):
    figure = js.sweep(train, mixed(), progress=False).plot("loss")
    curves, heat = figure.axes[:2]
    assert len(curves.lines) == 18 and curves.get_ylabel() == "losses"
    assert heat.images[0].get_array().shape == (3, 2)
    assert heat.get_ylabel() == "peak" and heat.get_xlabel() == "warmup"
    assert "best over shape" in heat.get_title(loc="left")
    bars = exploded().plot("loss").axes[1]
    assert [bar.get_width() for bar in bars.patches] == [0.75, 0.5, 0.25]
    figure.savefig(tmp_path / "sweep.png")


@pytest.fixture
def interrupted(monkeypatch):
    """Ctrl-C as the chunk of this number has been computed."""

    def at(number):
        fetched = []

        def fetch(x):
            fetched.append(x)
            if len(fetched) == number + 1:
                os.kill(os.getpid(), signal.SIGINT)
            return np.asarray(x)

        monkeypatch.setattr("jaxsched.sweeps.program._fetched", fetch)

    # a shell's background process ignores Ctrl-C
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield at
    signal.signal(signal.SIGINT, before)


def numbered():
    return js.grid(js.Constant, value=[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0])


def test_an_interrupt_keeps_the_finished_chunks(interrupted):
    interrupted(2)
    result = js.sweep(lambda s: s(0), numbered(), chunk=2, progress=False)
    assert result.missing.tolist() == [False] * 4 + [True] * 3
    assert not result.diverged.any()
    np.testing.assert_array_equal(result.metrics, [1, 2, 3, 4, np.nan, np.nan, np.nan])
    board = result.leaderboard()
    assert [row.get("missing", False) for row in board] == result.missing.tolist()
    assert "3 missing" in repr(result)


def test_an_interrupt_before_anything_is_finished(interrupted):
    interrupted(0)
    with pytest.raises(KeyboardInterrupt):
        js.sweep(lambda s: s(0), numbered(), progress=False)


def test_the_bar(capsys):
    js.sweep(lambda s: s(0), mixed(), chunk=5)
    assert "18/18" in capsys.readouterr().err
    js.sweep(lambda s: s(0), mixed(), progress=False)
    assert not capsys.readouterr().err


# --- devices and processes ------------------------------------------------------------------------

PROGRAM = Path(__file__).parent / "programs" / "sweep.py"


def started(*arguments):
    environment = {k: v for k, v in os.environ.items() if k != "XLA_FLAGS"}
    command = [sys.executable, str(PROGRAM), *map(str, arguments)]
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def finished(process):
    output, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    return json.loads(output.splitlines()[-1])


@pytest.fixture(scope="module")
def one_process():
    return finished(started(8))


def test_over_eight_devices(one_process):
    assert one_process["devices"] == 8
    losses = np.array(one_process["whole"]["losses"])
    assert losses.shape == (7, 2, 30) and (losses[..., -1] < losses[..., 0]).all()
    for name in ("chunks", "table"):
        np.testing.assert_allclose(one_process[name]["losses"], losses, rtol=1e-4)
    np.testing.assert_allclose(one_process["square"], losses, rtol=1e-4)
    assert one_process["whole"]["best"][0]["rank"] == 1


def test_over_two_processes(one_process):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    processes = [started(2, f"127.0.0.1:{port}", 2, i) for i in range(2)]
    for process in processes:
        found = finished(process)
        assert (found["devices"], found["processes"]) == (4, 2)
        for name in ("whole", "chunks", "table"):
            expected = one_process[name]
            np.testing.assert_allclose(found[name]["losses"], expected["losses"], rtol=1e-4)
            np.testing.assert_allclose(found[name]["w"], expected["w"], rtol=1e-4, atol=1e-6)
            assert found[name]["best"][0]["peak"] == expected["best"][0]["peak"]


# --- bad input ------------------------------------------------------------------------------------


def swept(run=lambda s: s(0), grid=None, **options):
    return js.sweep(run, js.stack([js.Constant(1.0)]) if grid is None else grid, **options)


BAD = {
    "sweep(train, ...) must be a function of a schedule, got 3": lambda: swept(3),
    "sweep(train, grid) must be a grid or a list of schedules, got Constant(value=1.0)": (
        lambda: swept(grid=js.Constant(1.0))
    ),
    "stack(schedules) needs at least one schedule": lambda: swept(grid=[]),
    "stack: schedule 0 must be a schedule": lambda: swept(grid=[0.1]),
    "sweep(chunk=...) must be at least 1, got 0": lambda: swept(chunk=0),
    "sweep(chunk=...) must be a known int, got 2.5": lambda: swept(chunk=2.5),
    "sweep(steps=...) must be at least 1, got 0": lambda: swept(steps=0),
    "sweep(mesh=...) must be a jax.sharding.Mesh, got 8": lambda: swept(mesh=8),
    "train must return its metrics, arrays such as {'loss': ...}, got None": (
        lambda: swept(lambda s: None)
    ),
    "train must return its metrics, arrays such as {'loss': ...}, got {}": (
        lambda: swept(lambda s: {})
    ),
    "train must return arrays only, its metrics['name'] is 'adam'": (
        lambda: swept(lambda s: {"loss": s(0), "name": "adam"})
    ),
    "no metric 'los'; did you mean 'loss'?: loss": lambda: exploded().leaderboard("los"),
    "nested.curve has many values a point": lambda: exploded().leaderboard("nested.curve"),
    "say which metric": lambda: js.sweep(
        lambda s: {"a": s(0), "b": s(1)}, [js.Constant(1.0)], progress=False
    ).best(),
    "leaderboard(mode=...) must be min or max, got 'best'": (
        lambda: exploded().leaderboard("loss", mode="best")
    ),
    "no axis may be called rank or loss": lambda: js.sweep(
        lambda s: {"loss": s(0)},
        js.grid(lambda rank: js.Constant(rank), rank=[1.0]),
        progress=False,
    ).leaderboard("loss"),
}


@pytest.mark.parametrize("message, bad", BAD.items(), ids=BAD.keys())
def test_bad_input(message, bad):
    with pytest.raises((ValueError, TypeError), match=re.escape(message)):
        bad()
