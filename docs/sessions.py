"""What a reader copies of a session: its code, without prompts and outputs."""

import doctest
import html
import re

CODE = re.compile(r'<div class="((?:\S+ )*highlight)"><pre>(.*?)</pre>', re.S)


def copied(page: str) -> str:
    """The HTML of a page whose sessions name what Material's copy button takes for their text."""
    return CODE.sub(_named, page)


def _named(block: re.Match[str]) -> str:
    text = html.unescape(re.sub(r"<[^>]*>", "", block[2]))
    if not (examples := doctest.DocTestParser().get_examples(text)):
        return block[0]
    code = html.escape("".join(example.source for example in examples))
    return f'<div class="{block[1]}" data-copy="{code}"><pre>{block[2]}</pre>'
