"""Parked events as the buckets of a view hold them, each its own, put together to what the view says of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from struct import Struct

from stores.ports.log import Partition
from stores.ports.view import ParkedEvent, Position
from stores.redis.batches import fences_of, partition_of

_ID = Struct(">Q")

At = tuple[Partition, int]
ASKED, _REFUSED = b"1", b"0"


@dataclass(frozen=True, slots=True)
class ParkedHere:
    """What one bucket holds. `retries` says of (topic, key) what was last asked."""

    fences: Mapping[Partition, Position]
    events: Mapping[At, ParkedEvent]
    retries: Mapping[tuple[str, str], bytes]

    def has_released(self, at: At) -> bool:
        partition, offset = at
        return at not in self.events and partition in self.fences and self.fences[partition].offset >= offset


def key_name(topic: str, key: str) -> bytes:
    return b"%s\0%s" % (topic.encode(), key.encode())


def key_of(name: bytes) -> tuple[str, str]:
    topic, _, key = name.decode().partition("\0")
    return topic, key


def parked_here(
    fences: dict[bytes, bytes], events: dict[bytes, bytes], retries: dict[bytes, bytes]
) -> ParkedHere:
    found = [_event(field, value) for field, value in events.items()]
    return ParkedHere(
        fences_of(fences),
        {(event.partition, event.offset): event for event in found},
        {key_of(name): asked for name, asked in retries.items()},
    )


def together(buckets: Sequence[ParkedHere]) -> list[ParkedEvent]:
    """In the order of their offsets."""
    events = {at: event for bucket in reversed(buckets) for at, event in bucket.events.items()}
    return [_with_retry(events[at], at, buckets) for at in sorted(events)]


def _with_retry(event: ParkedEvent, at: At, buckets: Sequence[ParkedHere]) -> ParkedEvent:
    """A release that some bucket has seen is to be completed, unless it was tried and refused."""
    said = [bucket.retries.get((event.partition[0], event.key)) for bucket in buckets]
    is_half_released = _REFUSED not in said and any(bucket.has_released(at) for bucket in buckets)
    retry = ASKED in said or is_half_released
    return ParkedEvent(event.partition, event.offset, event.event_id, event.key, event.reason, retry)


def _event(field: bytes, value: bytes) -> ParkedEvent:
    name, _, offset = field.rpartition(b":")
    key, _, reason = value[_ID.size :].partition(b"\0")
    (event_id,) = _ID.unpack_from(value)
    return ParkedEvent(partition_of(name), int(offset), event_id, key.decode(), reason.decode(), retry=False)
