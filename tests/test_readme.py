"""Every snippet of the README runs as it stands, and its set-up commands are where CI looks."""

import contextlib
import doctest
import io
import re
from pathlib import Path

import jax
import pytest

README = Path(__file__).parent.parent / "README.md"
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README.read_text(), re.M | re.S)
SCRIPTS = [code for language, code in BLOCKS if language == "python" and ">>>" not in code]


@pytest.fixture(autouse=True)
def a_readers_settings():
    """JAX as it comes: Optax itself needs implicit promotion."""
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        yield


def test_the_examples_give_what_they_show():
    """One session from top to bottom, as a reader would type it."""
    results = doctest.testfile(str(README), module_relative=False)
    assert results.attempted > 30
    assert results.failed == 0


@pytest.mark.parametrize("code", SCRIPTS)
def test_a_script_runs_when_pasted_into_a_file(code, tmp_path):
    for library in ("flax", "equinox"):
        if f"from {library} " in code or f"import {library} " in code:
            pytest.importorskip(library, reason=f"the recipe for {library} needs it")
    script = tmp_path / "script.py"
    script.write_text(code)
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(compile(code, str(script), "exec"), {"__name__": "__main__"})
    printed = output.getvalue()
    if "'loss'" in printed:  # the best one of a sweep
        assert float(re.search(r"'rank': 1, 'loss': ([\d.e-]+)", printed)[1]) < 0.1
    elif "print" in code:
        losses = [float(x) for x in re.findall(r"loss (\S+)", printed)]
        assert len(losses) > 2 and losses[-1] < losses[0] / 2


def test_the_snippets_pass_a_type_checker(tmp_path):
    mypy = pytest.importorskip("mypy.api", reason="mypy comes with the extra dev")
    session = [e.source for _, code in BLOCKS for e in doctest.DocTestParser().get_examples(code)]
    for i, code in enumerate(["".join(session), *SCRIPTS]):
        (tmp_path / f"snippet_{i}.py").write_text(code)
    settings = ["--config-file=", "--ignore-missing-imports", "--check-untyped-defs"]
    report, _, status = mypy.run([*settings, str(tmp_path)])
    assert status == 0, report


def test_the_first_two_shell_blocks_are_the_set_up():
    first, second = [code for language, code in BLOCKS if language == "sh"][:2]
    assert "-m jaxsched sweep" in first and "-m pytest" in second
