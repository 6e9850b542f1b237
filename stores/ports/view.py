"""What every view is to the projectors: a place where folded events are applied together with the position they bring it to.

The view's position is the truth about what it holds. It is stored with the data, it never moves back, and it carries the id of
the event it stands at, so that a view that met another log is noticed.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar, runtime_checkable

from stores.ports.log import Partition

C_co = TypeVar("C_co", covariant=True)
C_contra = TypeVar("C_contra", contravariant=True)
C = TypeVar("C")


@dataclass(frozen=True, slots=True)
class Position:
    """`offset` of the last event applied, and its id."""

    offset: int
    event_id: int


@dataclass(frozen=True, slots=True)
class Folded(Generic[C_co]):
    """One event after its fold: what it changes, or why it is parked. Most events change nothing in most views."""

    partition: Partition
    offset: int
    event_id: int
    key: str
    changes: tuple[C_co, ...] = ()
    parked: str | None = None


@dataclass(frozen=True, slots=True)
class ParkedEvent:
    """An event that was set aside with its reason; `retry` when an operator asked to apply it again."""

    partition: Partition
    offset: int
    event_id: int
    key: str
    reason: str
    retry: bool


class Parking(Protocol):
    """What a view says to those who read it and have to decide something by it."""

    async def is_parked(self, topic: str, key: str) -> bool:
        """Whether an event of this key is parked, so that what is read of it is not what the log says. Waits for no writer."""


class View(Protocol[C_contra]):
    """One generation of one projection, written by one projector at a time.

    Applying is idempotent: an event at or below the position is skipped. It is atomic, or ordered so that a crash between any
    two writes is repaired by applying the same events again.
    """

    async def positions(self) -> dict[Partition, Position]:
        """Where the view stands; partitions of which nothing was applied are absent."""

    async def apply(self, events: Sequence[Folded[C_contra]]) -> None:
        """Apply what lies beyond the position and advance it to the last event of each partition.

        The events of one partition are in order and leave out none; raises GapError when they do not begin where the view
        stands. Raises UnavailableError when the store is away; anything else means that some event in it cannot be applied.
        """

    async def filled(self) -> None:
        """The view has reached the end of the log; called the first time after each opening, and whenever `is_filled` denies it."""

    async def is_filled(self) -> bool:
        """Whether all of it was filled, as is remembered with the data: a part may have gone back to when it was not, while the
        position stands still.
        """

    async def parked_keys(self) -> Collection[tuple[str, str]]:
        """(topic, key) of every parked event: later events of these keys have to be parked too."""

    async def parked(self) -> Sequence[ParkedEvent]:
        """The parked events in the order of their offsets. There may be very many: all that came after one of a popular key."""

    async def asked(self) -> Collection[tuple[str, str]]:
        """(topic, key) of parked events that are to be applied again. Asked every second, as are the keys: what both cost does not
        grow with the events.
        """

    async def ask_retry(self, topic: str, key: str) -> None:
        """Flag the parked events of the key for the partition's owner."""

    async def refuse_retry(self, topic: str, key: str, reason: str) -> None:
        """The retry failed: the key's events stay parked, with this reason, until they are asked for again."""

    async def release(self, topic: str, key: str, events: Sequence[Folded[C_contra]]) -> None:
        """Apply these parked events of the key, given in order, and forget that they were parked, in one write.

        Given without changes they are forgotten as if they had said nothing. The key is free when none of its events is left.
        """

    async def drop(self) -> None:
        """Remove everything that it holds; may be repeated, also after it broke off. Nobody reads it any more, and a projector that
        stood still meanwhile brings nothing of it back.
        """


@runtime_checkable
class InParts(Protocol):
    """What a view has besides whose parts are small views of their own: an empty one is not believed, and is filled from the log by
    its projectors, while the others go on.
    """

    @property
    def parts_count(self) -> int:
        """They are numbered from 0 on."""

    def part_of(self, id_: int) -> int:
        """Where what is of a user or a post lives."""

    async def half_emptied(self) -> Collection[int]:
        """Parts which somebody has begun to empty. They take nothing that is applied until that is ended."""

    async def empty(self, part: int) -> None:
        """Nothing is left of what the part holds, and nothing is lost that is applied meanwhile. May be repeated."""

    async def is_filled(self) -> bool:
        """No part is being filled."""


def offsets_of(positions: Mapping[Partition, Position]) -> dict[Partition, int]:
    return {partition: position.offset for partition, position in positions.items()}


class GapError(Exception):
    """Events were applied to a view that lacks some before them."""


def beyond(positions: Mapping[Partition, Position], events: Iterable[Folded[C]]) -> list[Folded[C]]:
    """The events that were not applied yet; they have to begin where the view stands, else GapError."""
    last = offsets_of(positions)
    fresh = []
    for event in events:
        stands = last.get(event.partition, -1)
        if event.offset <= stands:
            continue
        if event.offset != stands + 1:
            raise GapError(f"{event.partition} stands at {stands}, was given {event.offset}")
        last[event.partition] = event.offset
        fresh.append(event)
    return fresh
