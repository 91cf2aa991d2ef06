"""Arguments and keys by their names, in the system that they come from."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from numbers import Number
from typing import Any, NoReturn, ParamSpec, TypeVar

import jax
import numpy as np

from jaxsched.errors import suggesting, suggestion
from jaxsched.fields import NumberField
from jaxsched.plain import plain

P = ParamSpec("P")
R = TypeVar("R")
Rule = Callable[[str, Any], Any]  # of where an argument stands and what it is: what to take it for


def optional(**held: Any) -> dict[str, inspect.Parameter]:
    """Keys of a config that may be left out, with what each holds."""
    return {
        name: inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=hint)
        for name, hint in held.items()
    }


def checked(rules: Mapping[str, Rule]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a function whose arguments are plain data that keep the rules of their names.

    Defaults are not checked.
    """

    def decorate(make: Callable[P, R]) -> Callable[P, R]:
        signature, name = inspect.signature(make), make.__name__

        @functools.wraps(make)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                given = signature.bind(*args, **kwargs)
            except TypeError as error:
                raise TypeError(f"{name}: {error}") from None
            for key, x in given.arguments.items():
                if x is not signature.parameters[key].default:
                    x = plain(x)
                    given.arguments[key] = (
                        rules[key](f"{name}({key}=...)", x) if key in rules else x
                    )
            return make(*given.args, **given.kwargs)

        return suggesting(call)

    return decorate


def learning_rate(**rule: Any) -> Rule:
    """A number that keeps the rule, where the other system takes the optimizer."""

    def coerce(where: str, x: Any) -> Any:
        if not _is_numeric(x):
            way = "give the learning rate; torch.from_scheduler takes a live scheduler of PyTorch"
            raise TypeError(f"{where}: {way}, got an object of the class {type(x).__name__}")
        return NumberField(**rule).coerce(where, x)

    return coerce


def _is_numeric(x: Any) -> bool:
    """Whether `x` is at least of a kind with numbers: these, arrays, lists of them, text, None."""
    if isinstance(x, list | tuple):  # while a list of tensors is one of parameters
        return all(isinstance(item, Number | np.ndarray | jax.Array | list | tuple) for item in x)
    return x is None or isinstance(x, Number | str | bytes) or hasattr(type(x), "__array__")


def lookup(
    module: str, known: Iterable[str], absent: Mapping[str, str]
) -> Callable[[str], NoReturn]:
    """The `__getattr__` of a module: why a name is absent, or which one is near."""

    def missing(name: str) -> NoReturn:
        if name in absent:
            raise AttributeError(f"{name} {absent[name]}")
        near = "" if name.startswith("_") else suggestion(name, known)
        raise AttributeError(f"module {module!r} has no attribute {name!r}{near}")

    return missing
