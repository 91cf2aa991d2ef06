"""Every link of the built site, anchors included: `python docs/links.py docs/site`."""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


def broken(site: Path) -> list[str]:
    """Every link that leads nowhere, and everything that is loaded from outside."""
    documents = {path.resolve(): _Document(path) for path in sorted(site.rglob("*.html"))}
    problems = []
    for path, document in documents.items():
        here = path.relative_to(site.resolve())
        problems += [f"{here} loads {x}" for x in document.loaded if _outside(x)]
        for link in document.links + document.loaded:
            if _outside(link):
                continue
            parts = urlsplit(link)
            start = site.resolve() if parts.path.startswith("/") else path.parent
            named = unquote(parts.path).lstrip("/")
            target = (start / named).resolve() if named or parts.path else path
            target = target / "index.html" if target.is_dir() else target
            if not target.is_file():
                problems.append(f"{here}: no file {link}")
            elif target in documents and unquote(parts.fragment) not in documents[target].anchors:
                problems.append(f"{here}: no anchor {link}")
    return problems


class _Document(HTMLParser):
    """The anchors of a page, what it links to, and what it loads."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.anchors = {""}
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.feed(path.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value for name, value in attrs if value is not None}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if "href" in given:
            (self.links if tag == "a" else self.loaded).append(given["href"])
        if "src" in given:
            self.loaded.append(given["src"])


def _outside(link: str) -> bool:
    parts = urlsplit(link)
    return bool(parts.scheme or parts.netloc)


if __name__ == "__main__":
    problems = broken(Path(sys.argv[1]))
    sys.exit("\n".join(problems) or 0)
