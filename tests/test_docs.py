"""The pages of the site: their code runs, and every public name has its place and its picture."""

import itertools
import re
import shlex
from pathlib import Path

import jax
import pytest
from snippets import assert_it_learns, blocks, run_script, run_session, scripts, session

import jaxsched as js
from benchmarks.sections import SECTIONS
from docs import gallery, links, names, results, sessions
from jaxsched import dialects
from jaxsched.commands import parser

PAGES = Path(gallery.__file__).parent / "pages"
EVERY = sorted(PAGES.rglob("*.md"))
TEXT = {page.relative_to(PAGES).as_posix(): page.read_text() for page in EVERY}


@pytest.fixture(autouse=True)
def a_readers_settings():
    """JAX as it comes."""
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        yield


# --- code ---------------------------------------------------------------------------------------


SESSIONS = [page for page in EVERY if session(page)]


@pytest.mark.parametrize("page", SESSIONS, ids=[page.stem for page in SESSIONS])
def test_the_examples_give_what_they_show(page, tmp_path):
    results = run_session(page, tmp_path)
    assert results.attempted > 3
    assert results.failed == 0


SCRIPTS = [(page.stem, code) for page in EVERY for code in scripts(page)]


@pytest.mark.parametrize("code", [code for _, code in SCRIPTS], ids=[name for name, _ in SCRIPTS])
def test_a_script_runs_when_pasted_into_a_file(code, tmp_path):
    assert_it_learns(run_script(code, tmp_path))


COMMANDS = [
    line.removeprefix(".venv/bin/")
    for page in EVERY
    for code in blocks(page, "sh")
    for line in code.replace("\\\n", "").splitlines()
]


@pytest.mark.parametrize("line", [line for line in COMMANDS if "-m jaxsched" in line])
def test_the_commands_are_ours(line):
    command = re.sub(r" [<>|].*", "", line.removeprefix("python -m jaxsched "))
    assert parser.parser().parse_args(shlex.split(command)).command == command.split()[0]


def test_the_sections_of_the_benchmarks_are_theirs():
    named = [line.partition("--only ")[2].split() for line in COMMANDS if "--only " in line]
    assert named and all(set(names) <= SECTIONS.keys() for names in named)


@pytest.mark.parametrize("language", ["", "language-pycon "])
def test_a_copy_button_leaves_out_prompts_and_outputs(language):
    page = (
        f'<p>1</p><div class="{language}highlight"><pre><span></span><code>'
        '<span class="gp">&gt;&gt;&gt; </span><span class="k">if</span> a &lt; "&amp;":\n'
        '<span class="gp">... </span>    a\n<span class="go">&gt; 2</span>\n'
        '<span class="gp">&gt;&gt;&gt; </span>b\n</code></pre></div><p>2</p>'
    )
    code = "if a &lt; &quot;&amp;&quot;:\n    a\nb\n"
    begin = f'<p>1</p><div class="{language}highlight"'
    copied = page.replace(begin, f'{begin} data-copy="{code}"')
    assert sessions.copied(page) == copied
    script = page.replace("&gt;&gt;&gt; ", "").replace("... ", "")
    assert sessions.copied(script) == script


# --- completeness -------------------------------------------------------------------------------


OTHERS = {f"jaxsched.dialects.{name}" for name in dialects.DIALECTS}


def test_every_public_name_is_in_the_reference():
    listed = re.findall(r"^::: (\S+)$", "\n".join(TEXT.values()), re.M)
    public = {name for name, x in vars(js).items() if hasattr(x, "__module__") and name[0] != "_"}
    modules = {
        "jaxsched.configs",
        "jaxsched.fields",
        "jaxsched.testing",
        *OTHERS,
    }
    assert sorted(listed) == sorted({f"jaxsched.{name}" for name in public} | modules)


def test_every_public_schedule_has_a_picture():
    assert gallery.drawable() <= gallery.shown()


def test_a_schedule_without_a_picture_is_noticed(monkeypatch):
    class Extra(js.Constant):
        pass

    monkeypatch.setattr(js, "Extra", Extra, raising=False)
    assert gallery.drawable() - gallery.shown() == {"Extra"}


def test_every_dialect_has_a_page():
    for module in OTHERS:
        assert f"::: {module}" in TEXT[f"reference/dialects/{module.rpartition('.')[2]}.md"]
        assert f"{module}`]" in TEXT["reference/dialects/index.md"]


def test_every_comment_of_a_page_is_filled_in():
    hooks = pytest.importorskip("docs.hooks", reason="mkdocs comes with the extra docs")
    asked = re.findall(r"^<!-- (.*) -->$", "\n".join(TEXT.values()), re.M)
    assert set(asked) == {*hooks.MAKERS, "plot"}


def test_every_name_is_explained_at_a_glance():
    table = names.table()
    for name in itertools.chain(*gallery.GALLERY.values()):
        assert re.search(
            rf"^\| \[`.*`\]\[jaxsched\.{re.escape(name)}\] \| \S.*\w.* \|$", table, re.M
        )


def test_every_room_of_the_house_is_on_its_plan():
    plan = re.search(r"^jaxsched/\n((?:  .*\n)+)", TEXT["contributing.md"], re.M)[1]
    rooms = {path.name + "/" * path.is_dir() for path in Path(js.__file__).parent.iterdir()}
    assert {line.split()[0] for line in plan.splitlines()} == rooms - {"py.typed", "__pycache__/"}


@pytest.mark.parametrize("made", [names.table, results.overview, results.errors])
def test_tables_are_whole(made):
    tables = [text.splitlines() for text in made().split("\n\n") if text.startswith("|")]
    assert tables
    for lines in tables:
        assert len(lines) > 3 and len({line.count("|") for line in lines}) == 1


def test_the_overview_of_the_benchmarks_has_what_it_chose():
    table = results.overview()
    for name in results.CHOSEN:
        assert f"\n| {name} | " in table


# --- links --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body, problem",
    [
        ('<a href="other.html#here">', None),
        ('<a href="#top"><p id="top">', None),
        ('<a href="https://example.org/nowhere">', None),
        ('<a href="missing.html">', "index.html: no file missing.html"),
        ('<a href="other.html#there">', "index.html: no anchor other.html#there"),
        ('<a href="#there">', "index.html: no anchor #there"),
        ('<img src="missing.png">', "index.html: no file missing.png"),
        ('<script src="//example.org/x.js">', "index.html loads //example.org/x.js"),
    ],
)
def test_broken_links_are_found(body, problem, tmp_path):
    (tmp_path / "index.html").write_text(body)
    (tmp_path / "other.html").write_text('<h2 id="here">')
    assert links.broken(tmp_path) == ([problem] if problem else [])
