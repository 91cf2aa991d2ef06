"""Arguments and keys by their names, in the system that they come from."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec

from jaxsched._schedule import Schedule

P = ParamSpec("P")
Rule = Callable[[str, Any], Any]  # of where an argument stands and what it is: what to take it for


def optional(**held: Any) -> dict[str, inspect.Parameter]:
    """Keys of a config that may be left out, with what each holds."""
    return {
        name: inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=hint)
        for name, hint in held.items()
    }


def checked(rules: Mapping[str, Rule]) -> Callable[[Callable[P, Schedule]], Callable[P, Schedule]]:
    """Make a function whose arguments keep the rules of their names; defaults are not checked."""

    def decorate(make: Callable[P, Schedule]) -> Callable[P, Schedule]:
        signature, name = inspect.signature(make), make.__name__

        @functools.wraps(make)
        def call(*args: P.args, **kwargs: P.kwargs) -> Schedule:
            try:
                given = signature.bind(*args, **kwargs)
            except TypeError as error:
                raise TypeError(f"{name}: {error}") from None
            for key, x in given.arguments.items():
                if key in rules and x is not signature.parameters[key].default:
                    given.arguments[key] = rules[key](f"{name}({key}=...)", x)
            return make(*given.args, **given.kwargs)

        return call

    return decorate
