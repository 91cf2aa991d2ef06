"""The plain data of a YAML, JSON or TOML file, with the lines that it stands in; nothing is run."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from jaxsched.errors import shown

DEEPEST = 100  # mappings and lists inside one another
STDIN = Path("/dev/stdin")  # on systems without one, too
LARGEST = 16_000_000  # bytes of a file
MOST_REPEATED = 10_000  # nodes that the aliases of a YAML file stand for
LONGEST_MESSAGE = 1000  # characters: what a message quotes may be of any size


class Located(dict[Any, Any]):
    """A mapping that knows its line, and those of its keys."""

    def __init__(self, line: int, lines: dict[str, int]) -> None:
        super().__init__()
        self.line, self.lines = line, lines


class ConfigError(ValueError):
    """What is wrong with a config or its file, and in which line if that is known."""

    def __init__(self, message: str, line: int | None = None) -> None:
        message = printable(" ".join(message.splitlines()))
        if len(message) > LONGEST_MESSAGE:
            message = f"{message[:LONGEST_MESSAGE]} ..."
        if "${" in message:
            message += " (an interpolation is its config loader's: put a number in its place)"
        super().__init__(message)
        self.line = line


def printable(text: str) -> str:
    """The text with an escape for each character that would do something to a terminal."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def read(path: Path) -> Any:
    """The data of a file, by its suffix: .yaml or .yml, .json, .toml; of a pipe, by what it holds.

    Raises:
        OSError: for a file that cannot be opened.
        ConfigError: for anything wrong in the file, with the line if it is known.
    """
    if path == STDIN and sys.stdin:
        return _parsed(sys.stdin.buffer, None)
    with path.open("rb") as file:
        return _parsed(file, path.suffix or (path.suffix if path.is_file() else None))


def _parsed(file: IO[bytes], suffix: str | None) -> Any:
    """The data of an open file in the format of this suffix, or in the one that it looks like."""
    content = file.read(LARGEST + 1)  # a device or a pipe has no size to ask for
    require_small(len(content))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError("not a text file") from None
    form = _format(text) if suffix is None else suffix.lower()
    if form not in _READERS:
        raise ConfigError(f"a config file ends in {', '.join(_READERS)}, got {shown(suffix)}")
    if not text.strip():
        raise ConfigError("the file is empty")
    name, reader = _READERS[form]
    try:
        data = reader(text)
    except ConfigError:
        raise
    except RecursionError:
        raise ConfigError("nested too deep") from None
    except Exception as error:  # whatever a reader makes of what it did not expect
        raise ConfigError(f"not {name}: {str(error).split(';')[0]}") from None
    require_shallow(data)
    return data


def require_small(size: int) -> None:
    """Raise for a file of so many bytes that reading it takes minutes, or never ends."""
    if size > LARGEST:
        raise ConfigError(f"a config file has at most {LARGEST // 10**6} MB, this one is larger")


def _format(text: str) -> str:
    """The suffix of the format that a text without a name is in."""
    if re.search(r"^[\w.\"'-]+[ \t]*=", text, re.MULTILINE):
        return ".toml"
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return ".yaml"
    return ".json"


def require_shallow(data: Any) -> None:
    """Raise where mappings and lists are nested deeper than what reads them again can follow."""
    level = [data]
    for _ in range(DEEPEST):
        inside = {id(x): x for item in level for x in _items(item)}
        if not inside:
            return
        level = list(inside.values())
    raise ConfigError("nested too deep")


def _items(data: Any) -> Iterable[Any]:
    if isinstance(data, dict):
        return data.values()
    return data if isinstance(data, list | tuple | set) else ()


# --- JSON ---------------------------------------------------------------------------------------


_JSON_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|[{}:\n]')


def _json(text: str) -> Any:
    made: list[Located] = []
    twice: list[tuple[Located, int]] = []

    def mapping(pairs: list[tuple[str, Any]]) -> Located:
        data = Located(0, {})
        for i, (key, value) in enumerate(pairs):
            if key in data:
                twice.append((data, i))
            data[key] = value
        made.append(data)
        return data

    try:
        whole = json.loads(text, object_pairs_hook=mapping)
    except json.JSONDecodeError as error:
        raise ConfigError(f"not JSON: {error.msg}", error.lineno) from None
    for data, (line, keys) in zip(made, _json_lines(text), strict=True):
        data.line, data.lines = line, dict(keys)
        for other, i in twice:
            if other is data:
                raise ConfigError(f"the key {shown(keys[i][0])} is there twice", keys[i][1])
    return whole


def _json_lines(text: str) -> Iterator[tuple[int, list[tuple[str, int]]]]:
    """The line of each mapping, and its keys with theirs, in the order in which mappings end."""
    line, last = 1, ("", 1)
    inside: list[tuple[int, list[tuple[str, int]]]] = []
    for token in _JSON_TOKENS.findall(text):
        if token == "\n":
            line += 1
        elif token == "{":
            inside.append((line, []))
        elif token == ":":
            inside[-1][1].append((json.loads(last[0]), last[1]))
        elif token == "}":
            yield inside.pop()
        else:
            last = token, line


# --- YAML ---------------------------------------------------------------------------------------

_NUMBERS = {
    "int": r"[-+]?(?:0|[1-9][0-9_]*)",
    "float": r"[-+]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9_]+)(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
}
_RESOLVED = ("int", "float", "timestamp")


def _yaml(text: str) -> Any:
    try:
        import yaml
    except ImportError:
        raise ConfigError("reading YAML needs pyyaml: pip install jaxsched[yaml]") from None

    class Loader(yaml.SafeLoader):
        """Of plain data only; mappings know their lines."""

        def __init__(self, text: str) -> None:
            super().__init__(text)
            self.nodes = self.repeated = 0
            self.sizes: dict[int, int] = {}  # of finished nodes, with all that is inside

        def fetch_flow_collection_start(self, token: Any) -> None:
            """An opening bracket: refused early, as the scanner takes quadratic time."""
            if self.flow_level == DEEPEST:
                raise ConfigError("nested too deep", self.line + 1)
            super().fetch_flow_collection_start(token)

        def compose_node(self, parent: Any, index: Any) -> Any:
            """A node; aliases in it may not stand for more than a file could hold."""
            event, before = self.peek_event(), self.nodes  # type: ignore[no-untyped-call]
            node = super().compose_node(parent, index)
            if isinstance(event, yaml.AliasEvent):
                line = event.start_mark.line + 1 if event.start_mark else None
                if id(node) not in self.sizes:
                    raise ConfigError(f"the alias {event.anchor} stands inside itself", line)
                self.nodes += self.sizes[id(node)]
                self.repeated += self.sizes[id(node)]
                if self.repeated > MOST_REPEATED:
                    rule = f"aliases may stand for {MOST_REPEATED} values at most"
                    raise ConfigError(rule, line)
                return node
            self.nodes += 1
            self.sizes[id(node)] = self.nodes - before
            if isinstance(node, yaml.MappingNode):
                seen = set()
                for key, _ in node.value:
                    if (key.tag, str(key.value)) in seen:
                        line = key.start_mark.line + 1
                        raise ConfigError(f"the key {shown(key.value)} is there twice", line)
                    seen.add((key.tag, str(key.value)))
            return node

        def construct_object(self, node: Any, deep: bool = False) -> Any:
            """The data of a node; what the text of a scalar is not, is said with its line."""
            try:
                return super().construct_object(node, deep)
            except (yaml.YAMLError, ConfigError, RecursionError):
                raise
            except Exception:
                tag = node.tag.rpartition(":")[2]
                line = node.start_mark.line + 1
                raise ConfigError(f"not YAML: {shown(node.value)} is no {tag}", line) from None

    def mapping(loader: Loader, node: Any) -> Any:
        lines = {str(key.value): key.start_mark.line + 1 for key, _ in node.value}
        data = Located(node.start_mark.line + 1, lines)
        yield data
        data.update(loader.construct_mapping(node))

    Loader.add_constructor("tag:yaml.org,2002:map", mapping)
    # the numbers of YAML 1.2, where 1e-3 is one, and 1:30 or 010 are not what they are in 1.1
    Loader.yaml_implicit_resolvers = {
        first: [(tag, form) for tag, form in known if not tag.endswith(_RESOLVED)]
        for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    for name, form in _NUMBERS.items():
        tag = f"tag:yaml.org,2002:{name}"
        Loader.add_implicit_resolver(tag, re.compile(rf"(?:{form})\Z"), list("-+.0123456789"))
    try:
        return yaml.load(text, Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise ConfigError(f"not YAML: {problem}", mark and mark.line + 1) from None


# --- TOML ---------------------------------------------------------------------------------------


def _toml(text: str) -> Any:
    import tomllib

    try:
        return tomllib.loads(text)
    except ValueError as error:
        found = re.fullmatch(r"(.*) \(at line (\d+), column \d+\)", str(error))
        if found:
            raise ConfigError(f"not TOML: {found[1]}", int(found[2])) from None
        raise


_READERS = {
    ".yaml": ("YAML", _yaml),
    ".yml": ("YAML", _yaml),
    ".json": ("JSON", _json),
    ".toml": ("TOML", _toml),
}
