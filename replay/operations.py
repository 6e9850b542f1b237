"""Operations on generations and parked events as the log tells them: how their records are made, and how they get there.

A record is noted in the registry in the same write as what it tells. Whoever may append brings it to the log afterwards: at once,
or after the next start.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from events.codec import Record, decode, encode
from events.envelope import Envelope
from events.ids import Clock, Ids, system_clock
from events.operations import (
    OPERATOR_ID,
    GenerationDropped,
    GenerationRepaired,
    GenerationRetired,
    GenerationRolledBack,
    GenerationSwitched,
    GenerationVerified,
    OperationEvent,
    ParkedDiscarded,
    ParkedRetried,
    PartitionPosition,
)
from events.topics import OPERATIONS
from replay.certificate import Certificate
from stores.ports.log import Log, LogReader, Partition, Positions
from stores.ports.registry import Generation, Registry

Seal = tuple[str, int, str]
"""Of a certificate: the projection, the generation, and the SHA-256 of the findings."""
_READ_COUNT = 500


class Recorder:
    """Makes the records of one operator. `by` is what they chose to leave behind."""

    def __init__(self, ids: Ids, by: str | None, clock: Clock = system_clock) -> None:
        self._ids, self._by, self._clock = ids, by, clock

    def switched(
        self, live: Generation, fresh: Generation, stands: Positions, certificate: str | None
    ) -> Record:
        switch = _switch(live, fresh, stands)
        return encode(GenerationSwitched(**self._about(fresh), **switch, certificate=certificate), None)

    def rolled_back(self, live: Generation, earlier: Generation, stands: Positions) -> Record:
        return encode(GenerationRolledBack(**self._about(earlier), **_switch(live, earlier, stands)), None)

    def verified(self, generation: Generation, certificate: Certificate) -> Record:
        stands = {(each.topic, each.partition): each.offset for each in certificate.positions}
        event = GenerationVerified(
            **self._about(generation),
            fold_version=generation.version,
            positions=_positions(stands),
            differences_count=certificate.differences_count,
            certificate=certificate.seal,
            verdict=certificate.verdict,
        )
        return encode(event, None)

    def repaired(self, generation: Generation, part: int) -> Record:
        event = GenerationRepaired(**self._about(generation), fold_version=generation.version, part=part)
        return encode(event, None)

    def retired(self, generation: Generation) -> Record:
        return encode(GenerationRetired(**self._about(generation), fold_version=generation.version), None)

    def dropped(self, generation: Generation) -> Record:
        return encode(GenerationDropped(**self._about(generation), fold_version=generation.version), None)

    def retried(self, generation: Generation, topic: str, key: str, event_ids: Sequence[int]) -> Record:
        return encode(ParkedRetried(**self._parked(generation, topic, key, event_ids)), None)

    def discarded(self, generation: Generation, topic: str, key: str, event_ids: Sequence[int]) -> Record:
        return encode(ParkedDiscarded(**self._parked(generation, topic, key, event_ids)), None)

    def _parked(
        self, generation: Generation, topic: str, key: str, event_ids: Sequence[int]
    ) -> dict[str, Any]:
        parked = {"parked_topic": topic, "parked_key": key, "event_ids": tuple(event_ids)}
        return self._about(generation) | parked

    def _about(self, generation: Generation) -> dict[str, Any]:
        id_ = self._ids.next()
        return {
            "id": id_,
            "occurred_at": datetime.fromtimestamp(self._clock() / 1000, UTC),
            "actor_id": OPERATOR_ID,
            "correlation_id": id_,
            "projection": generation.projection,
            "generation": generation.number,
            "by": self._by,
        }


def _switch(from_: Generation, to: Generation, stands: Positions) -> dict[str, Any]:
    return {
        "fold_version": to.version,
        "from_generation": from_.number,
        "from_fold_version": from_.version,
        "positions": _positions(stands),
    }


def _positions(stands: Positions) -> tuple[PartitionPosition, ...]:
    return tuple(
        PartitionPosition(topic=topic, partition=number, offset=offset)
        for (topic, number), offset in sorted(stands.items())
    )


async def append_noted(registry: Registry, log: Log) -> None:
    """Bring to the log what is noted. One that dies in between, or two who do this at once, append a record twice."""
    for note in await registry.notes():
        await log.append([note.record])
        await registry.forget(note)


async def history(registry: Registry, log: LogReader) -> Sequence[OperationEvent]:
    """Everything that operators did, in the order of time, also what is only noted so far; what is there twice is told once."""
    records = [note.record for note in await registry.notes()]
    for partition, end in (await log.ends([OPERATIONS])).items():
        first = 0
        while first <= end:
            entries = await log.read(partition, first, _READ_COUNT)
            records += [entry.record for entry in entries]
            first = entries[-1].offset + 1 if entries else end + 1
    return _told(records)


async def latest(registry: Registry, log: LogReader, count: int) -> Sequence[OperationEvent]:
    """The last `count` of the history, read from the ends of the partitions."""
    records = [note.record for note in await registry.notes()]
    for partition, end in (await log.ends([OPERATIONS])).items():
        entries = await log.read(partition, max(0, end + 1 - count), count)
        records += [entry.record for entry in entries]
    return _told(records)[-count:]


class Seals:
    """Of everything that was ever verified. Remembers what it has read, and reads on."""

    def __init__(self, registry: Registry, log: LogReader) -> None:
        self._registry, self._log = registry, log
        self._stands: dict[Partition, int] = {}
        self._known: set[Seal] = set()

    async def known(self) -> Collection[Seal]:
        """The notes are read first: what is appended meanwhile is on the log then."""
        noted = _told([note.record for note in await self._registry.notes()])
        for partition, end in (await self._log.ends([OPERATIONS])).items():
            while (stands := self._stands.get(partition, -1)) < end:
                entries = await self._log.read(partition, stands + 1, _READ_COUNT)
                self._known |= seals(_told([entry.record for entry in entries]))
                self._stands[partition] = entries[-1].offset if entries else end
        return self._known | seals(noted)


def seals(events: Iterable[OperationEvent]) -> set[Seal]:
    return {(e.projection, e.generation, e.certificate) for e in events if isinstance(e, GenerationVerified)}


def discarded(
    events: Iterable[OperationEvent], projection: str, generation: int
) -> Collection[tuple[str, str, int]]:
    """Topic, key and id of what was given up in this generation; another one meets it again."""
    return {
        (event.parked_topic, event.parked_key, id_)
        for event in events
        if isinstance(event, ParkedDiscarded)
        and (event.projection, event.generation) == (projection, generation)
        for id_ in event.event_ids
    }


def outcome(event: GenerationVerified) -> str:
    """What a verification came to, in few words."""
    match event.verdict:
        case "equal":
            return "equal"
        case "different":
            return f"{event.differences_count:,} differences"
        case "behind":
            return "is behind"
        case "incomplete":
            return "lacks events"
        case "faulty":
            return "has faults"
        case None:
            return f"{event.differences_count:,} differences, nothing known of faults"


def _told(records: Sequence[Record]) -> list[OperationEvent]:
    by_id = {record.id: record for record in records}
    events: Sequence[Envelope | object] = [decode(record, {}) for _, record in sorted(by_id.items())]
    return [event for event in events if isinstance(event, OperationEvent)]
