"""Which entities of a projection concern a user, or a partition of the log, so that only these are judged.

Reads the projection's part of the log from the start. Memory holds the names of the entities that are found, no more.
"""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace

from events.catalogue import BY_TYPE
from events.codec import decode
from events.envelope import Envelope
from replay.past import through
from replay.spool import BUCKETS
from replay.subjects.catalogue import Judged
from replay.subjects.subject import Entity, Subject, Told, mentions
from replay.telling import HeardLog
from replay.verify import World
from stores.ports.log import Entry, Partition

_AT_ONCE = 500
_THEIRS = ("user", "author")
"""Kinds whose keys are users: some view may have rows of one whom no event names."""


async def of_user(judged: Judged, world: World, user_id: int) -> Judged:
    """Judges only what events speak of that name the user: what is theirs, and those whose lists they are in."""
    types = {event.type for event in judged.events}
    found: set[Entity] = {(kind, user_id) for kind in _THEIRS}
    for partition, end in (await world.log.ends(judged.projection.topics)).items():
        mine: list[Entry] = []
        async for entry in through(world.log, partition, end):
            if entry.record.type in types and mentions(entry.record, str(user_id)):
                mine.append(entry)
            if len(mine) == _AT_ONCE:
                found |= await _spoken_of(judged.begin(), world, mine)
                mine = []
        found |= await _spoken_of(judged.begin(), world, mine)
    return replace(judged, only=frozenset(found))


async def is_named(world: World, topic: str, user_id: int) -> bool:
    """Whether some event of the topic names the user."""
    for partition, end in (await world.log.ends((topic,))).items():
        async for entry in through(world.log, partition, end):
            if mentions(entry.record, str(user_id)):
                return True
    return False


async def of_partition(judged: Judged, world: World, partition: Partition) -> Judged:
    """Judges only that of which some event in the partition is needed to say what it must be."""
    found: set[Entity] = set()
    ends = await world.log.ends(judged.projection.topics)
    with closing(HeardLog(judged, world.log, world.keys, world.folder)) as heard:
        here = await heard.hear({partition: ends[partition]})
        await heard.hear(ends)
        with closing(await heard.tell(ends)) as telling:
            for bucket in BUCKETS:
                for entity, known in telling.entities(bucket).items():
                    if not here.isdisjoint(telling.subject.groups(entity, known.pieces, known.groups)):
                        found.add(entity)
    return replace(judged, only=frozenset(found))


async def _spoken_of(subject: Subject, world: World, entries: Sequence[Entry]) -> set[Entity]:
    """What the events say of each is not the whole of it; that it is spoken of is."""
    sealed = {entry.record.subject_id for entry in entries if BY_TYPE[entry.record.type].personal}
    keys = await world.keys.get(sealed) if sealed else {}
    events = [event for entry in entries if isinstance(event := decode(entry.record, keys), Envelope)]
    places = {entry.record.id: (*entry.partition, entry.offset) for entry in entries}
    return {entity for entity, _ in subject.facts(Told(events, places))}
