"""Configuration objects of other libraries, such as OmegaConf's and ml_collections', as plain data.

None of them is imported: what is no dict and no list is taken by what it can do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from jaxsched.errors import shortened


def plain(x: Any) -> Any:
    """`x` with the mappings in it as dicts and the sequences as lists, and all else as it is.

    Dicts, lists and tuples of nothing else are returned themselves: only a configuration object,
    somewhere inside, makes a copy.

    Raises:
        ValueError: for a value that a configuration object cannot give, with what it says.
    """
    if isinstance(x, dict):
        values = list(map(plain, x.values()))
        return x if _same(values, x.values()) else dict(zip(x, values, strict=True))
    if isinstance(x, list | tuple):
        items = list(map(plain, x))
        return x if _same(items, x) else items
    if _is_mapping(x):
        return {key: plain(value) for key, value in _contents(x.items)}
    if isinstance(x, Sequence) and not isinstance(x, str | bytes | memoryview):
        return list(map(plain, _contents(x.__iter__)))
    return x


def _same(these: Iterable[Any], those: Iterable[Any]) -> bool:
    return all(a is b for a, b in zip(these, those, strict=True))


def _is_mapping(x: Any) -> bool:
    if isinstance(x, Mapping):
        return True
    kind = type(x)  # a ConfigDict is no Mapping, and gives its keys as attributes
    methods = ("keys", "items", "to_dict", "__getitem__")
    return all(hasattr(kind, name) for name in methods) and not hasattr(kind, "__array__")


def _contents(contents: Any) -> list[Any]:
    """The items, where an interpolation or a placeholder may turn out to have no value."""
    try:
        return list(contents())
    except Exception as error:  # of a class that is not known here
        raise ValueError(shortened(str(error).split("\n")[0])) from error


class Opaque(dict[str, Any]):
    """Metadata of a field, at which OmegaConf learns that its dataclass is no config.

    It takes every dataclass for one, and Hydra puts what it has instantiated into OmegaConf's
    containers, unless it is told to convert them.
    """

    def get(self, key: Any, default: Any = None) -> Any:
        """What OmegaConf asks for before it reads a field."""
        if key == "omegaconf_ignore":
            raise TypeError(
                "OmegaConf cannot hold a schedule: with Hydra, write `_convert_: partial` beside "
                "the `_target_` that takes a list or mapping of schedules"
            )
        return super().get(key, default)
