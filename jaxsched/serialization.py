"""Every class of schedules is made known to `jax.export`, and to Flax where that is imported."""

from __future__ import annotations

import ast
import collections
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from types import ModuleType
from typing import Any

import jax.export

from jaxsched.errors import require_known, shown

_FLAX = "flax.serialization"
_known: dict[type[Any], None] = {}
_named: collections.Counter[str] = collections.Counter()


def register(kind: type[Any]) -> None:
    """Make a class known, which is a pytree already."""
    module = "jaxsched" if kind.__module__.startswith("jaxsched._") else kind.__module__
    name = f"{module}.{kind.__qualname__}"
    _named[name] += 1
    again = f"#{_named[name]}" if _named[name] > 1 else ""  # as in a notebook
    jax.export.register_pytree_node_serialization(
        kind,
        serialized_name=name + again,
        serialize_auxdata=lambda static: _written(static, kind.__name__),
        deserialize_auxdata=lambda text: ast.literal_eval(bytes(text).decode()),
    )
    _known[kind] = None
    if _FLAX in sys.modules:
        _register_with_flax(sys.modules[_FLAX], kind)


def _written(static: tuple[Any, ...], name: str) -> bytes:
    text = repr(static)
    try:
        if ast.literal_eval(text) == static:
            return text.encode()
    except (SyntaxError, ValueError):
        pass
    way = "let the exported function close over the schedule"
    raise ValueError(f"{name} holds what is no plain data, {shown(static)}: {way}")


# --- Flax ---------------------------------------------------------------------------------------


def _register_with_flax(flax: ModuleType, kind: type[Any]) -> None:
    def to_state_dict(schedule: Any) -> dict[str, Any]:
        return {name: flax.to_state_dict(getattr(schedule, name)) for name in schedule._kinds}

    def from_state_dict(schedule: Any, state: dict[str, Any]) -> Any:
        require_known(state, schedule._kinds, kind.__name__)
        missing = [name for name in schedule._kinds if name not in state]
        if missing:
            raise ValueError(f"{kind.__name__}: the state has no {missing[0]}")
        restored = {
            name: flax.from_state_dict(getattr(schedule, name), state[name], name=name)
            for name in schedule._kinds
        }
        return schedule._with(**restored)

    flax.register_serialization_state(kind, to_state_dict, from_state_dict)


class _AfterImport(importlib.abc.MetaPathFinder):
    """Registers all classes once Flax has been imported, which this package never does."""

    def find_spec(
        self, name: str, path: Any, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != _FLAX:
            return None
        sys.meta_path.remove(self)  # it is needed once, and not for the search that follows
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                execute(module)
                for kind in _known:
                    _register_with_flax(module, kind)

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


if _FLAX not in sys.modules:
    sys.meta_path.insert(0, _AfterImport())
