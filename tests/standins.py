"""Stand-ins for other libraries' objects: configurations, and an optimizer; and the live ones."""

import inspect
from collections.abc import MutableMapping, MutableSequence

import pytest


class Listed(MutableSequence):
    """A sequence that is no list, as OmegaConf's ListConfig."""

    def __init__(self, items):
        self._items = [stood_in(item) for item in items]

    def __getitem__(self, index):
        return self._items[index]

    def __setitem__(self, index, item):
        self._items[index] = item

    def __delitem__(self, index):
        del self._items[index]

    def __len__(self):
        return len(self._items)

    def insert(self, index, item):
        self._items.insert(index, item)


class Mapped(MutableMapping):
    """A mapping that is no dict and gives its keys as attributes, as OmegaConf's DictConfig."""

    def __init__(self, items):
        self.__dict__["_items"] = {key: stood_in(item) for key, item in items.items()}

    def __getattr__(self, key):
        return self._items.get(key)  # None for one that is not there

    def __getitem__(self, key):
        return self._items[key]

    def __setitem__(self, key, item):
        self._items[key] = item

    def __delitem__(self, key):
        del self._items[key]

    def __iter__(self):
        return iter(self._items)

    def __len__(self):
        return len(self._items)


class Attributes:
    """What is no Mapping and holds dicts as its like, as ml_collections' ConfigDict."""

    def __init__(self, items):
        for key, item in items.items():
            setattr(self, key, Attributes(item) if isinstance(item, dict) else item)

    def __getitem__(self, key):
        return self.__dict__[key]

    def __iter__(self):
        return iter(self.__dict__)

    def keys(self):
        return list(self.__dict__)

    def items(self):
        return list(self.__dict__.items())

    def to_dict(self):
        raise NotImplementedError("it is not needed")


def stood_in(x):
    """Plain data as these objects."""
    if isinstance(x, dict):
        return Mapped(x)
    return Listed(x) if isinstance(x, list) else x


def omegaconf(x):
    return pytest.importorskip("omegaconf", reason="Hydra's configs").OmegaConf.create(x)


def ml_collections(x):
    why = "needs ml_collections, an extra"
    return pytest.importorskip("ml_collections", reason=why).ConfigDict(x)


CONTAINERS = {
    "plain": lambda x: x,
    "Listed and Mapped": stood_in,
    "Attributes": Attributes,
    "omegaconf": omegaconf,
    "ml_collections": ml_collections,
}
each_container = pytest.mark.parametrize("container", CONTAINERS.values(), ids=CONTAINERS)


class Optimizer:
    """What shows its parameters, as PyTorch's and timm's do."""

    param_groups = [{"lr": 0.1}]

    def __repr__(self):
        return "Optimizer (\n" + 99 * "Parameter Group\n" + ")"


class Scheduler:
    optimizer = Optimizer()


def required(make, **given):
    """The arguments without which the function is not called."""
    parameters = inspect.signature(make).parameters.values()
    return {p.name: 10 for p in parameters if p.default is p.empty} | given


def assert_no_learning_rate(make, wrong, **given):
    """It says in one line, without the object, that a learning rate is expected."""
    rule = "give the learning rate; torch.from_scheduler takes a live scheduler of PyTorch"
    with pytest.raises(TypeError) as caught:
        make(**{**required(make), **given, "base_lr": wrong})
    what = f"{make.__name__}(base_lr=...): {rule}, got an object of the class"
    assert str(caught.value) == f"{what} {type(wrong).__name__}"


def assert_suggests(make, **given):
    """An argument that there is not is told from the nearest one that there is."""
    known = list(inspect.signature(make).parameters)[-1]
    with pytest.raises(TypeError) as caught:
        make(**required(make), **given, **{f"x_{known}": 1})
    name = f"{make.__name__}() has no argument 'x_{known}'"
    assert str(caught.value) == f"{name}; did you mean {known!r}?"
