"""Arguments and keys by their names, in the system that they come from."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterable, Mapping
from numbers import Number
from typing import Annotated, Any, NoReturn

import jax
import numpy as np
from jax.typing import ArrayLike

from jaxsched.errors import suggestion
from jaxsched.fields import NumberField


def optional(**held: Any) -> dict[str, inspect.Parameter]:
    """Keys of a config that may be left out, with what each holds."""
    return {
        name: inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=hint)
        for name, hint in held.items()
    }


@dataclasses.dataclass(frozen=True)
class LearningRate(NumberField):
    """A number, where the other system takes the optimizer."""

    def coerce(self, where: str, x: Any) -> Any:
        """`x` as it is stored, or an error that says what is expected instead of an optimizer."""
        if not _is_numeric(x):
            way = "give the learning rate; torch.from_scheduler takes a live scheduler of PyTorch"
            raise TypeError(f"{where}: {way}, got an object of the class {type(x).__name__}")
        return super().coerce(where, x)


Rate = Annotated[ArrayLike, LearningRate()]


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
