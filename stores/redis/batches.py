"""Folded events as the scripts read them (`view.lua` says how). Knows no projection and no key."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from struct import Struct
from typing import TypeVar

from stores.ports.log import Partition
from stores.ports.view import Folded, GapError, Position

C = TypeVar("C")

Encode = Callable[[C], tuple[Iterable[int], bytes]]
"""The numbers of the buckets that a change concerns, and the change; its first byte is not 0."""

Mark = Callable[[Folded[C]], bytes | None]
"""What every bucket is told of an event before its changes; it begins with a byte 0."""

_FENCE = Struct(">QQ")
_RANGE = Struct(">QQQ")
_STAMP = Struct(">HQQ")
_LENGTH = Struct(">I")


@dataclass(slots=True)
class Run:
    """Some partition's events in a batch: the offset of the first, and the last."""

    first: int
    last: Folded[object]


Runs = dict[Partition, Run]
"""In the order in which stamps number the partitions."""


def runs(events: Iterable[Folded[C]]) -> Runs:
    found: Runs = {}
    for event in events:
        run = found.setdefault(event.partition, Run(event.offset, event))
        run.last = max(run.last, event, key=lambda last: last.offset)
    return found


def refuse_gaps(events: Iterable[Folded[C]]) -> None:
    """Raises GapError when some partition's events leave out an offset."""
    last: dict[Partition, int] = {}
    for event in events:
        before = last.get(event.partition, event.offset - 1)
        if event.offset > before + 1:
            raise GapError(f"{event.partition} was given {event.offset} after {before}")
        last[event.partition] = max(before, event.offset)


def ranges(found: Runs) -> list[bytes]:
    """Two arguments for each partition."""
    return [
        argument
        for partition, run in found.items()
        for argument in (
            partition_name(partition),
            _RANGE.pack(run.first, run.last.offset, run.last.event_id),
        )
    ]


def changes(
    events: Iterable[Folded[C]],
    partitions: Iterable[Partition],
    encode: Encode[C],
    mark: Mark[C],
    bucket_count: int,
) -> list[list[bytes]]:
    """For each bucket what concerns it, in the order of the events: stamped with partition, offset and id of the event."""
    found: list[list[bytes]] = [[] for _ in range(bucket_count)]
    number_of = {partition: number for number, partition in enumerate(partitions)}
    for event in events:
        stamp = _STAMP.pack(number_of[event.partition], event.offset, event.event_id)
        marked = mark(event)
        if marked is not None:
            _tell(found, range(bucket_count), marked, stamp)
        for change in event.changes:
            _tell(found, *encode(change), stamp)
    return found


def _tell(buckets: Sequence[list[bytes]], concerned: Iterable[int], what: bytes, stamp: bytes) -> None:
    stamped = stamp + _LENGTH.pack(len(what)) + what
    for number in concerned:
        buckets[number].append(stamped)


def parking(event: Folded[C]) -> bytes | None:
    return None if event.parked is None else b"\0%s\0%s" % (event.key.encode(), event.parked.encode())


def unparking(key: str) -> Mark[object]:
    marked = b"\0" + key.encode()
    return lambda event: marked


def partition_name(partition: Partition) -> bytes:
    return b"%s/%d" % (partition[0].encode(), partition[1])


def partition_of(name: bytes) -> Partition:
    topic, _, number = name.decode().rpartition("/")
    return topic, int(number)


def fences_of(stored: dict[bytes, bytes]) -> dict[Partition, Position]:
    return {partition_of(name): Position(*_FENCE.unpack(fence)) for name, fence in stored.items()}
