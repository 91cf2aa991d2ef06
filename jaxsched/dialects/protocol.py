"""What a dialect offers: its entries, and where it has one its own form of files."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, Protocol

from jaxsched.schedule import Schedule
from jaxsched.sizes import Sizes

Entry = Callable[..., Schedule]


class Found(NamedTuple):
    """A schedule in a file: where in it, what it calls itself, and how many counts show it."""

    place: str
    label: str
    schedule: Schedule
    steps: int


class Form(Protocol):
    """The files of another system, other than configs with a kind."""

    def marks(self, data: Any) -> bool:
        """Whether plain data says of itself that it is in this form."""

    def found(self, data: Any, place: str, sizes: Sizes) -> Iterator[Found]:
        """The schedules in such data, which stands at a place; sizes fill in what it leaves open.

        Raises:
            TypeError, ValueError: for what is wrong with the data.
        """


@dataclasses.dataclass(frozen=True)
class Dialect:
    """Another system's schedules.

    Args:
        entries: what makes them, by the name that they have there; the arguments are declared as
            `fields.declared` has it, so that configs, their units and the schema know them.
        absent: of names that are missing, the reason, as it continues a sentence.
        form: how its own files look, if it has any.
    """

    entries: Mapping[str, Entry]
    absent: Mapping[str, str] = dataclasses.field(default_factory=dict)
    form: Form | None = None


def named(*entries: Entry) -> dict[str, Entry]:
    """Entries by their names."""
    return {entry.__name__: entry for entry in entries}
