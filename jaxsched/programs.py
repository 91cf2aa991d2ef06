"""Compiled functions of schedules, which keep no foreign function alive."""

from __future__ import annotations

import functools
import types
import weakref
from collections.abc import Callable
from typing import Any

import jax


class Compiled:
    """`jax.jit` of a function of schedules and more; `static` are the places of what is static.

    JAX holds what is static until the process ends, and its programs, too. Foreign functions may
    come by the thousand, each closing over data or tracers: the programs of schedules that hold
    some live no longer than they do, as those of `jax.jit(function)`.
    """

    def __init__(self, value: Callable[..., jax.Array], static: tuple[int, ...] = ()) -> None:
        self._value, self._static = value, static
        self._program = jax.jit(value, inline=True, static_argnums=static)
        self._foreign = _Programs()

    def __call__(self, schedules: Any, *rest: Any, foreign: bool) -> jax.Array:
        """The function's value; `foreign` says whether functions are inside the schedules."""
        program = self._of_foreign if foreign else self._program
        value: jax.Array = program(schedules, *rest)
        return value

    def _of_foreign(self, schedules: Any, *rest: Any) -> Any:
        leaves, tree = jax.tree.flatten(schedules, is_leaf=_is_function)
        functions = [leaf.function for leaf in leaves if _is_function(leaf)]
        found = self._foreign
        try:
            for function in functions:
                found = found.of(function)
        except TypeError:  # of some callables there are no weak references: those stay
            return self._program(schedules, *rest)
        if found.program is None:
            places = [_weakly(function) for function in functions]
            (kind, *_) = {type(leaf) for leaf in leaves if _is_function(leaf)}

            @functools.partial(
                jax.jit, inline=True, static_argnums=(0, *(i + 1 for i in self._static))
            )
            def program(tree: Any, numbers: list[Any], *rest: Any) -> jax.Array:
                known = iter(places)
                leaves = [again(next(known)) if x is None else x for x in numbers]
                return self._value(jax.tree.unflatten(tree, leaves), *rest)

            def again(place: Any) -> Any:
                made = object.__new__(kind)  # without the checks, which have been made
                made.__dict__["function"] = place()
                return made

            found.program = program
        numbers = [None if _is_function(leaf) else leaf for leaf in leaves]
        return found.program(tree, numbers, *rest)


class _Programs:
    """The program of some functions, and those of one function more, by weak references."""

    def __init__(self) -> None:
        self.program: Any = None
        self._further: dict[Any, _Programs] = {}

    def of(self, function: Any) -> _Programs:
        further = self._further
        key = _weakly(function, lambda dead: further.pop(dead, None))
        return further.setdefault(key, _Programs())


def _is_function(x: Any) -> bool:
    """Whether it is a schedule that is nothing but a foreign function."""
    return bool(getattr(x, "_is_function", False))


def _weakly(function: Any, *callback: Any) -> Any:
    """A weak reference; to a method, which is bound anew each time, by its object."""
    if isinstance(function, types.MethodType):
        return weakref.WeakMethod(function, *callback)
    return weakref.ref(function, *callback)
