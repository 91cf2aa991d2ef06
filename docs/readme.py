"""Parts of README.md for the pages: what is said there is not said again."""

import os
import re
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

README = Path(__file__).parent.parent / "README.md"
PAGES = "docs/pages/"
LINK = re.compile(r"```.*?\n```|`[^`]*`|\]\(([^)\s]+)\)", re.S)  # or code, which stays as it is


def section(title: str = "") -> str:
    """What stands under a heading; without a title, what stands before the first.

    A paragraph that begins with bold words is a section of the page.
    """
    first, *others = re.split(r"^## ", README.read_text(), flags=re.M)
    bodies = {heading: body for heading, _, body in (text.partition("\n") for text in others)}
    bodies[""] = first.partition("\n")[2]
    if title not in bodies:
        raise ValueError(f"README.md has no section {title!r}, only {', '.join(bodies)}")
    return re.sub(r"(?<=\n\n)\*\*([^*]+)\*\*\s*", _headed, "\n" + bodies[title])


def _headed(words: re.Match[str]) -> str:
    """A question as a heading; a name as a heading too, as the sentence needs it."""
    return f"## {words[1]}\n\n" + ("" if words[1].endswith("?") else words[0])


def moved(markdown: str, uri: str) -> str:
    """The text with its links as they are from the page `uri`."""

    def link(found: re.Match[str]) -> str:
        target = found[1]
        if target is None or urlsplit(target).scheme or target.startswith("#"):
            return found[0]
        return f"]({os.path.relpath(target.removeprefix(PAGES), PurePosixPath(uri).parent)})"

    return LINK.sub(link, markdown)
