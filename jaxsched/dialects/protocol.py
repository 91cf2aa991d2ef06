"""What a dialect offers: its entries, and where it has one its own form of files."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from jaxsched.fields import NumberField
from jaxsched.schedule import Schedule

Entry = Callable[..., Schedule]


class Stated(NamedTuple):
    """A schedule in a file: where in it, what it calls itself, and its config, which has a kind.

    It is not `sure` where much else might look like it.
    """

    place: str
    label: str
    config: Any
    sure: bool = True


# Of plain data at a place in a file: the configs that it stands for, None where it is in no form
# of that system's own.
Form = Callable[[Any, str], list[Stated] | None]


@dataclasses.dataclass(frozen=True)
class Dialect:
    """Another system's schedules.

    Args:
        entries: what makes them, by the name that they have there; the arguments are declared as
            `fields.declared` has it, so that configs, their units and the schema know them.
        absent: of names that are missing, the reason, as it continues a sentence.
        form: how its own files are read, if it has any.
    """

    entries: Mapping[str, Entry]
    absent: Mapping[str, str] = dataclasses.field(default_factory=dict)
    form: Form | None = None


# what a config may leave open for the run to fill in
BASE_LR = NumberField(size="base_lr")
TOTAL_STEPS = NumberField(integral=True, size="total_steps")
STEPS_PER_EPOCH = NumberField(integral=True, size="steps_per_epoch")


def constructor(
    name: str,
    parameters: Mapping[str, inspect.Parameter],
    make: Callable[[dict[str, Any]], Schedule],
) -> Entry:
    """An entry whose keywords are known as data: each is annotated with its declaration or type."""

    def entry(**given: Any) -> Schedule:
        return make(given)

    entry.__name__ = name
    entry.__signature__ = inspect.Signature(list(parameters.values()))  # type: ignore[attr-defined]
    return entry


def named(*entries: Entry) -> dict[str, Entry]:
    """Entries by their names."""
    return {entry.__name__: entry for entry in entries}
