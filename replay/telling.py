"""The part of the log that the oracle has to hear, put aside by group, and what the oracle says of it at some positions.

Reads the log once, in large parts. Memory holds one bucket of groups at a time; nothing is opened that was sealed until then.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from events.catalogue import BY_TYPE
from events.codec import Record, Unreadable, decode
from events.envelope import Envelope
from replay.past import LogCutError
from replay.spool import BUCKETS, Spool, bucket_of
from replay.subjects.catalogue import Judged
from replay.subjects.subject import Entity, Member, Piece, Place, Subject, Told
from stores.ports.keys import Keys
from stores.ports.log import Entry, LogReader, Partition, Positions

_READ_COUNT = 2_000
_KEYS_AT_ONCE = 500


@dataclass(slots=True)
class Pieces:
    """What is known of an entity: pieces of its value, in no order, the groups they are of, members that some view may have."""

    pieces: list[Piece] = field(default_factory=list)
    groups: set[str] = field(default_factory=set)
    held: set[Member] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Unread:
    """A record of which the oracle tells nothing, since this release cannot read it."""

    place: Place
    key: str
    id: int
    type: str


class Telling:
    """What the oracle said at some positions. `subject` makes values of it, and asks views for them. `only` None: of everything."""

    def __init__(self, subject: Subject, folder: Path | None, only: Collection[Entity] | None = None) -> None:
        self.subject = subject
        self.unread: list[Unread] = []
        self._only = only
        self._facts = Spool(folder)

    def tell(self, entity: Entity, piece: Piece, group: str) -> None:
        self._facts.put(_bucket(entity), (*entity, piece, group))

    def held(self, entity: Entity, member: Member | None) -> None:
        """Some view has rows of it."""
        if self._only is None or entity in self._only:
            self._facts.put(_bucket(entity), (*entity, member))

    def entities(self, bucket: int) -> Mapping[Entity, Pieces]:
        found: dict[Entity, Pieces] = {}
        for kind, key, *rest in self._facts.items(bucket):
            known = found.setdefault((kind, key), Pieces())
            match rest:
                case [list(piece), str(group)]:
                    known.pieces.append(piece)
                    known.groups.add(group)
                case [None]:
                    pass
                case [member]:
                    known.held.add(member)
        return found

    def close(self) -> None:
        self._facts.close()


class HeardLog:
    def __init__(self, judged: Judged, log: LogReader, keys: Keys, folder: Path | None) -> None:
        self._judged, self._log, self._keys, self._folder = judged, log, keys, folder
        self._types = frozenset(event.type for event in judged.events)
        self._passed_over = self._types - {event.type for event in judged.projection.events}
        """The oracle has to hear it, but a projector does not look at it: nobody can set it aside or give it up."""
        self._group_of = judged.begin().group
        self._heard = Spool(folder)
        self.stands: dict[Partition, int] = {}
        self.events_count = 0

    async def hear(self, upto: Positions, report: Callable[[int], None] = lambda count: None) -> set[str]:
        """Read on to these positions. Returns the groups of which there was something. Reports events read."""
        fresh: set[str] = set()
        for partition, end in upto.items():
            while (stands := self.stands.get(partition, -1)) < end:
                entries = await self._log.read(partition, stands + 1, min(_READ_COUNT, end - stands))
                if not entries:
                    raise LogCutError(f"{partition[0]} {partition[1]} ends after {stands}, it went to {end}")
                fresh.update(self._put(entry) for entry in entries if self._concerns(entry.record))
                self.stands[partition] = entries[-1].offset
                self.events_count += len(entries)
                report(len(entries))
        return fresh

    def _concerns(self, record: Record) -> bool:
        """What is of a type that nobody knows may concern everybody: projectors set it aside."""
        return record.type in self._types or record.type not in BY_TYPE

    def _put(self, entry: Entry) -> str:
        record = entry.record
        group = self._group_of(record)
        self._heard.put(bucket_of(group), (group, *entry.partition, entry.offset, _row(record)))
        return group

    async def tell(
        self, upto: Positions, groups: Collection[str] | None = None, of: Collection[Entity] | None = None
    ) -> Telling:
        """What the oracle says when it has heard everything up to these positions, or of some groups and entities only."""
        subject = self._judged.begin()
        wanted = self._judged.only if of is None else of
        telling = Telling(subject, self._folder, wanted)
        with ExitStack() as stack:
            stack.callback(telling.close)
            for bucket in BUCKETS if groups is None else _buckets(groups):
                for group, (told, unread) in (await self._told(bucket, upto, groups)).items():
                    telling.unread += [each for each in unread if each.type not in self._passed_over]
                    for entity, piece in subject.facts(told):
                        if wanted is None or entity in wanted:
                            telling.tell(entity, piece, group)
            stack.pop_all()
        return telling

    def records(self, groups: Collection[str]) -> Iterator[tuple[Place, Record]]:
        """What was heard of these groups, in the order of the log for each."""
        for bucket in _buckets(groups):
            for group, topic, partition, offset, row in self._heard.items(bucket):
                if group in groups:
                    yield (topic, partition, offset), _record(topic, row)

    def close(self) -> None:
        self._heard.close()

    async def _told(
        self, bucket: int, upto: Positions, groups: Collection[str] | None
    ) -> Mapping[str, tuple[Told, Sequence[Unread]]]:
        heard: dict[str, list[tuple[Place, Record]]] = {}
        for group, topic, partition, offset, row in self._heard.items(bucket):
            if (groups is None or group in groups) and offset <= upto.get((topic, partition), -1):
                heard.setdefault(group, []).append(((topic, partition, offset), _record(topic, row)))
        keys = await self._opening(record for records in heard.values() for _, record in records)
        return {group: _opened(records, keys) for group, records in heard.items()}

    async def _opening(self, records: Iterable[Record]) -> Mapping[int, Any]:
        users = sorted({record.subject_id for record in records if _is_personal(record)})
        keys: dict[int, Any] = {}
        for start in range(0, len(users), _KEYS_AT_ONCE):
            keys |= await self._keys.get(users[start : start + _KEYS_AT_ONCE])
        return keys


def _is_personal(record: Record) -> bool:
    return record.type in BY_TYPE and bool(BY_TYPE[record.type].personal)


def _opened(
    records: Iterable[tuple[Place, Record]], keys: Mapping[int, Any]
) -> tuple[Told, Sequence[Unread]]:
    """Of what cannot be read nothing is told but that it is there."""
    events: list[tuple[Place, Envelope]] = []
    unread = []
    for place, record in records:
        match decode(record, keys):
            case Unreadable():
                unread.append(Unread(place, record.key, record.id, record.type))
            case event:
                events.append((place, event))
    return Told([event for _, event in events], {event.id: place for place, event in events}), unread


def _row(r: Record) -> tuple[object, ...]:
    """The value byte by byte, since what is on the log need not be text."""
    ids = (r.actor_id, r.correlation_id, r.causation_id, r.idempotency_key, r.subject_id)
    return (r.key, r.id, r.type, r.version, r.occurred_at_ms, *ids, r.value.decode("latin-1"))


def _record(topic: str, row: Any) -> Record:
    row[-1] = row[-1].encode("latin-1")
    return Record(topic, *row)


def _buckets(groups: Iterable[str]) -> list[int]:
    return sorted({bucket_of(group) for group in groups})


def _bucket(entity: Entity) -> int:
    return bucket_of(f"{entity[0]}/{entity[1]}")
