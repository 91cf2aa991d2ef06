"""Every snippet of the README runs as it stands, and its set-up commands are where CI looks."""

import inspect
import re
import subprocess
import sys
from pathlib import Path

import jax
import pytest
from snippets import (
    assert_it_learns,
    blocks,
    docstrings,
    run_script,
    run_session,
    scripts,
    session,
)

import jaxsched as js
from docs import gallery, results

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
PAGES = ROOT / "docs" / "pages"


@pytest.fixture(autouse=True)
def a_readers_settings():
    """JAX as it comes: Optax itself needs implicit promotion."""
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        yield


def test_the_examples_give_what_they_show(tmp_path):
    """One session from top to bottom, as a reader would type it."""
    results = run_session(README, tmp_path)
    assert results.attempted > 10
    assert results.failed == 0


@pytest.mark.parametrize("code", scripts(README))
def test_a_script_runs_when_pasted_into_a_file(code, tmp_path):
    printed = run_script(code, tmp_path)
    assert ("print" in code) == ("loss" in printed)
    assert_it_learns(printed)


def test_the_snippets_pass_a_type_checker(tmp_path):
    """Those of the pages, too."""
    mypy = pytest.importorskip("mypy.api", reason="mypy comes with the extra dev")
    for page in [README, *PAGES.rglob("*.md")]:
        for i, code in enumerate([session(page), *scripts(page)]):
            (tmp_path / f"{page.stem.replace('-', '_')}_of_{page.parent.name}_{i}.py").write_text(
                code
            )
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


def test_it_is_read_in_one_sitting():
    assert len(README.read_text().splitlines()) <= 250


def test_its_links_lead_somewhere():
    text = re.sub(r"`[^`\n]*`", "", README.read_text())  # `schedules[index](n)` is code
    links = re.findall(r"\]\(([^)]+)\)", text)
    assert len(links) > 15
    assert [link for link in links if not (ROOT / link).is_file()] == []


def test_its_tables_have_every_piece_recipe_and_method_with_their_arguments():
    text = README.read_text()
    rows = dict(re.findall(r"^\| `(\w+)\((.*)\)` \|", text, re.M))
    assert rows.keys() == gallery.GALLERY["Pieces"].keys() | gallery.GALLERY["Recipes"].keys()
    for name, arguments in rows.items():
        parameters = inspect.signature(getattr(js, name)).parameters.values()
        for argument, parameter in zip(arguments.split(", "), parameters, strict=True):
            written, _, default = argument.partition("=")
            assert written == parameter.name
            assert parameter.default == (eval(default) if default else parameter.empty)
    methods = {name.removeprefix("Schedule.") for name in gallery.drawable() if "." in name}
    assert methods <= set(re.findall(r"`s\.(\w+)\(", text))


def test_its_figures_are_those_of_the_results_file():
    assert f"\n\n{results.headline()}\n\n" in README.read_text()


def test_the_home_page_begins_with_the_same_example():
    assert scripts(PAGES / "index.md") == scripts(README)[:1]
