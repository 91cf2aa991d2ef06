"""The code in Markdown files and docstrings: found, and run as a reader would."""

import contextlib
import doctest
import importlib
import io
import pkgutil
import re
from pathlib import Path
from types import ModuleType

import pytest

import jaxsched

# what a reader may not have, and what in a recipe asks for it
OPTIONAL = {
    **{
        name: rf"^(from|import) {name}\b"
        for name in ("equinox", "flax", "hydra", "orbax.checkpoint")
    },
    "flatbuffers": r"\.serialize\(",
}
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)


def blocks(page: Path, language: str) -> list[str]:
    """The code of every block in a language."""
    return [code for name, code in FENCE.findall(page.read_text()) if name == language]


def scripts(page: Path) -> list[str]:
    """The Python blocks that are no sessions: each is a file of its own."""
    return [code for code in blocks(page, "python") if not code.startswith(">>>")]


def session(page: Path) -> str:
    """The statements of all `>>>` examples from top to bottom, without those that raise."""
    examples = _session(page).examples
    return "".join(example.source for example in examples if example.exc_msg is None)


def docstrings() -> dict[str, str]:
    """The examples of every docstring, with imports of what they take from their modules."""
    found = {}
    for info in pkgutil.walk_packages(jaxsched.__path__, "jaxsched."):
        if not info.name.endswith("__main__"):
            found |= _docstrings(importlib.import_module(info.name))
    return found | _docstrings(jaxsched)


def _docstrings(module: ModuleType) -> dict[str, str]:
    found = {}
    for test in doctest.DocTestFinder().find(module):
        # what raises an error may be one for type checkers, too
        code = "".join(example.source for example in test.examples if example.exc_msg is None)
        if code:
            names = set(re.findall(r"\w+", code))
            used = [_imported(module, name) for name in names & vars(module).keys()]
            found[test.name] = "".join(sorted(filter(None, used))) + code
    return found


def _imported(module: ModuleType, name: str) -> str:
    """The statement that imports it from where it is defined; none for what a module is given."""
    value = vars(module)[name]
    if isinstance(value, ModuleType):
        return f"import {value.__name__} as {name}\n"
    home = getattr(value, "__module__", "typing")
    if not hasattr(importlib.import_module(home), name):  # an alias of a type
        home = module.__name__
    return "" if name.startswith("__") else f"from {home} import {name}\n"


def run_session(page: Path, folder: Path) -> doctest.TestResults:
    """Type all examples into one interpreter in the folder; what differs is printed.

    A YAML block is a file there, whose name is in its first line.
    """
    for code in blocks(page, "yaml"):
        (folder / code.split()[1]).write_text(code)
    with contextlib.chdir(folder):
        return doctest.DocTestRunner().run(_session(page))


def _session(page: Path) -> doctest.DocTest:
    def kept(block: re.Match[str]) -> str:
        """The code between empty lines: a fence is no output. A script leaves its lines empty."""
        code = block[2] if block[2].startswith(">>>") else "\n" * block[2].count("\n")
        return f"\n{code}"

    text = FENCE.sub(kept, page.read_text())
    return doctest.DocTestParser().get_doctest(text, {}, page.name, str(page), 0)


def run_script(code: str, folder: Path) -> str:
    """Run it as a file in the folder; what it prints. The test is skipped where a library lacks."""
    for library, use in OPTIONAL.items():
        if re.search(use, code, re.M):
            pytest.importorskip(library, reason=f"the recipe for {library} needs it")
    script = folder / "script.py"
    script.write_text(code)
    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.chdir(folder):
        exec(compile(code, str(script), "exec"), {"__name__": "__main__"})
    return output.getvalue()


def assert_it_learns(printed: str) -> None:
    """Where a script prints the best of a sweep, or losses, they are those of a trained model."""
    if best := re.search(r"'rank': 1, 'loss': ([\d.e-]+)", printed):
        assert float(best[1]) < 0.1
    elif losses := [float(x) for x in re.findall(r"loss (\S+)", printed)]:
        assert len(losses) > 2 and losses[-1] < losses[0] / 2
