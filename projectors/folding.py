"""From entries of the log to folded events: opened, folded by the projection, or parked with a reason. Pure."""

from collections.abc import Collection, Mapping, Sequence
from typing import TypeVar

from events.catalogue import BY_TYPE
from events.codec import Unreadable, decode
from events.sealing import Key
from projectors.projection import Projection
from stores.ports.log import Entry
from stores.ports.view import Folded

C = TypeVar("C")

BEHIND = "behind a parked event of its key"


def subjects(projection: Projection[C], entries: Sequence[Entry]) -> set[int]:
    """The users with whose keys these entries are opened."""
    types = _types(projection)
    records = (entry.record for entry in entries if entry.record.type in types)
    return {record.subject_id for record in records if BY_TYPE[record.type].personal}


def folded(
    projection: Projection[C],
    entries: Sequence[Entry],
    keys: Mapping[int, Key],
    parked_keys: Collection[tuple[str, str]],
) -> list[Folded[C]]:
    """Each entry in its order. What is wrong with one parks it, and all later ones of its key with it.

    Raises what a missing key or a broken seal raises: that is no fault of an event.
    """
    types, behind = _types(projection), set(parked_keys)
    events = []
    for entry in entries:
        key = (entry.partition[0], entry.record.key)
        is_behind = key in behind and entry.record.type in types
        event = parked(entry, BEHIND) if is_behind else _folded(projection, types, entry, keys)
        if event.parked is not None:
            behind.add(key)
        events.append(event)
    return events


def parked(entry: Entry, reason: str) -> Folded[C]:
    return Folded(entry.partition, entry.offset, entry.record.id, entry.record.key, parked=reason)


def _folded(
    projection: Projection[C], types: Collection[str], entry: Entry, keys: Mapping[int, Key]
) -> Folded[C]:
    record = entry.record
    if record.type not in types and record.type in BY_TYPE:
        return Folded(entry.partition, entry.offset, record.id, record.key)
    event = decode(record, keys)
    if isinstance(event, Unreadable):
        return parked(entry, event.reason)
    try:
        changes = tuple(projection.project(event))
    except Exception as error:  # noqa: BLE001 - a fold that fails on one event must not hold up the others
        return parked(entry, f"{type(error).__name__}: cannot be folded")
    return Folded(entry.partition, entry.offset, record.id, record.key, changes)


def _types(projection: Projection[C]) -> frozenset[str]:
    return frozenset(event.type for event in projection.events)
