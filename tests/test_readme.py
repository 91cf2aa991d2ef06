"""Every snippet of the README runs as it stands, and its set-up commands are where CI looks."""

import re
import subprocess
import sys
from pathlib import Path

import jax
import pytest
from snippets import blocks, docstrings, run_script, run_session, scripts, session

README = Path(__file__).parent.parent / "README.md"


@pytest.fixture(autouse=True)
def a_readers_settings():
    """JAX as it comes: Optax itself needs implicit promotion."""
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        yield


def test_the_examples_give_what_they_show(tmp_path):
    """One session from top to bottom, as a reader would type it."""
    results = run_session(README, tmp_path)
    assert results.attempted > 30
    assert results.failed == 0


@pytest.mark.parametrize("code", scripts(README))
def test_a_script_runs_when_pasted_into_a_file(code, tmp_path):
    printed = run_script(code, tmp_path)
    if "'loss'" in printed:  # the best one of a sweep
        assert float(re.search(r"'rank': 1, 'loss': ([\d.e-]+)", printed)[1]) < 0.1
    elif "print" in code:
        losses = [float(x) for x in re.findall(r"loss (\S+)", printed)]
        assert len(losses) > 2 and losses[-1] < losses[0] / 2


def test_the_snippets_pass_a_type_checker(tmp_path):
    mypy = pytest.importorskip("mypy.api", reason="mypy comes with the extra dev")
    for i, code in enumerate([session(README), *scripts(README)]):
        (tmp_path / f"snippet_{i}.py").write_text(code)
    settings = ["--config-file=", "--ignore-missing-imports", "--check-untyped-defs"]
    report, _, status = mypy.run([*settings, str(tmp_path)])
    assert status == 0, report


@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_the_examples_of_docstrings_pass_strict_type_checkers(checker, tmp_path):
    pytest.importorskip(checker, reason="mypy and pyright come with the extra dev")
    for name, code in docstrings().items():
        (tmp_path / f"example_{name.replace('.', '_')}.py").write_text(code)
    strict = {
        "mypy": ["--strict", "--config-file=", "--ignore-missing-imports"],
        "pyright": ["--pythonpath", sys.executable],
    }
    done = subprocess.run(
        [sys.executable, "-m", checker, *strict[checker], "."],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout


def test_the_first_two_shell_blocks_are_the_set_up():
    first, second = blocks(README, "sh")[:2]
    assert "-m jaxsched sweep" in first and "-m pytest" in second
