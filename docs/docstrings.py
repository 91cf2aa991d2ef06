"""What the reference makes of the sources: constructors that are not written, and Markdown."""

import importlib
import inspect
import re
from typing import Any

import griffe

import jaxsched as js

FLAG = r"  # doctest: .*$"  # for the tests, not for readers
REWRITTEN = (
    (r"^>>> .*\n(?:.+\n)*", "```pycon\n\\g<0>```\n"),
    (FLAG, ""),
    # an argument's text that begins with a bound would be a quotation
    (r"^( +\w[\w, ]*: )(?=[<>])", r"\1\\"),
    # a list may leave numbers out
    (r"^(\d+)\. .*\n(?:   .*\n)*", "\\g<0>   { value=\\1 }\n"),
    (r"arXiv:(\d+\.\d+)", r"[\g<0>](https://arxiv.org/abs/\1)"),
)


class Docstrings(griffe.Extension):
    """Plain text becomes Markdown, and a schedule is built from its fields."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        if obj.docstring:
            text = f"{obj.docstring.value}\n"
            for pattern, markdown in REWRITTEN:
                text = re.sub(pattern, markdown, text, flags=re.M)
            obj.docstring.value = text

    def on_class(self, *, cls: griffe.Class, **_: Any) -> None:
        made = getattr(importlib.import_module(cls.module.path), cls.name, None)
        if not isinstance(made, type) or not issubclass(made, js.Schedule) or made is js.Schedule:
            return
        parameters = [
            griffe.Parameter(
                given.name,
                annotation=None if given.annotation is given.empty else given.annotation,
                kind=griffe.ParameterKind.positional_or_keyword,
                default=None if given.default is given.empty else repr(given.default),
            )
            for given in inspect.signature(made.__init__).parameters.values()
        ]
        constructor = griffe.Function("__init__", parameters=griffe.Parameters(*parameters))
        cls.set_member("__init__", constructor)
