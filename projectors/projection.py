"""What a projection is: a name, a version, the events it reads, and a pure fold from one event to changes.

Names are for ever. The version rises with the fold: a view made by another version is rebuilt, not mixed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from events.envelope import Envelope

C = TypeVar("C")


@dataclass(frozen=True, slots=True)
class Projection(Generic[C]):
    """`project` is given only events of the types in `events`; it knows no clock, no store and no other event."""

    name: str
    version: int
    events: tuple[type[Envelope], ...]
    project: Callable[[Any], Sequence[C]]

    @property
    def topics(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(event.topic for event in self.events))
