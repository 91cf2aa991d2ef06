"""What MkDocs does besides: parts of pages that are generated, and a last check.

In a page `<!-- gallery -->` stands for the pictures of gallery.py, `<!-- names -->` for the tables
of names.py, `<!-- overview -->`, `<!-- benchmarks -->` and `<!-- errors -->` for those of
results.py, `<!-- help -->` for what the command line says of itself, and `<!-- plot -->` for what
the code above it draws. The copy button of a session copies its code.
"""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))  # for `docs` and `benchmarks`, wherever mkdocs was started

from docs import commands, figures, gallery, links, names, results, sessions  # noqa: E402
from docs.docstrings import FLAG  # noqa: E402

FILES = "benchmarks/results/*"  # what the page of the benchmarks shows and links to
MAKERS: dict[str, Callable[[], str]] = {
    "gallery": gallery.cards,
    "names": names.table,
    "overview": results.overview,
    "benchmarks": results.tables,
    "errors": results.errors,
    "help": commands.helps,
}
COMMENT = re.compile(rf"^<!-- ({'|'.join(MAKERS)}) -->$", re.M)
PLOTTED = re.compile(r"^```python\n((?:(?!```).*\n)*)```\n\n<!-- plot -->$", re.M)


def on_files(files: Files, config: Any) -> None:
    """Put the results of the benchmarks into the site, under the names that they have here."""
    for path in sorted(ROOT.glob(FILES)):
        uri = path.relative_to(ROOT).as_posix()
        files.append(File.generated(config, uri, abs_src_path=str(path)))


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Fill in what the comments of a page ask for."""

    def filled(comment: re.Match[str]) -> str:
        return MAKERS[comment[1]]()

    def with_figure(block: re.Match[str]) -> str:
        return f"```python\n{block[1]}```\n\n{figures.drawn(block[1])}"

    markdown = PLOTTED.sub(with_figure, COMMENT.sub(filled, markdown))
    markdown = re.sub(r"^```python\n>>>", "```pycon\n>>>", markdown, flags=re.M)
    return re.sub(FLAG, "", markdown, flags=re.M)


def on_page_content(html: str, **_: Any) -> str:
    """Let the copy buttons leave out prompts and outputs."""
    return sessions.copied(html)


def on_post_build(config: Any, **_: Any) -> None:
    """Fail where a link leads nowhere or a page loads something from elsewhere."""
    if problems := links.broken(Path(config.site_dir)):
        raise PluginError("\n".join(["broken links:", *problems]))
