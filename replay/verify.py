"""Whether a generation says what the oracle says, entity by entity, and the live one beside it; what comes out is a certificate.

The log goes on and so do views. The oracle hears the log up to the positions where the generation stands; whatever differs there is
looked at again, beside what the oracle says at every moment while the view was read, until it is right or stays wrong.

Memory holds one bucket of entities at a time, and what is in doubt; nothing here writes to a log or a view.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from events.operations import OperationEvent
from replay.again import LookingAgain, groups_of, said
from replay.certificate import Certificate, Digests, Stood, code_of
from replay.differences import Difference, Event
from replay.operations import discarded
from replay.side import Kept, Side, Sleep, offsets
from replay.spool import BUCKETS
from replay.subjects.catalogue import Judged
from replay.subjects.subject import Entity, Place, Subject, digest
from replay.telling import HeardLog, Telling, Unread
from stores.ports.errors import StoreError
from stores.ports.keys import Keys
from stores.ports.log import LogReader, Partition, Positions

LISTED_COUNT = 100
"""Differences, and events that are parked or cannot be read, that a certificate lists; the others are counted."""
EVENTS_COUNT = 10
"""Of one difference, the latest."""
_POLL_S = 0.2
_IDLE_POLLS_COUNT = 25
"""So long a view may stand still behind the log: then nobody feeds it, and it is judged where it stands."""

Report = Callable[[str, int, int], None]
"""Told what is being done, and how much of how much."""
History = Callable[[], Awaitable[Sequence[OperationEvent]]]
"""Tells what operators did."""


async def nothing_done() -> Sequence[OperationEvent]:
    """No operator has done anything."""
    return ()


@dataclass(frozen=True, slots=True)
class World:
    """Where the log and the keys are, and what operators did. `folder` has room for what does not fit in memory."""

    log: LogReader
    keys: Keys
    folder: Path | None = None
    sleep: Sleep = asyncio.sleep
    history: History = nothing_done


def quiet(doing: str, done: int, total: int) -> None:
    """Nobody is told."""


async def verify(
    judged: Judged,
    world: World,
    generation: Kept,
    live: Kept | None,
    made_at_ms: int,
    report: Report = quiet,
) -> Certificate:
    """Judges `generation`, and tells how `live` differs if that is another one.

    Waits as long as something feeds them until both stand where the log ends now. Raises UnavailableError when a store stays
    away; what cannot be read for another reason is a difference.
    """
    sides = [Side(kept, world.sleep) for kept in (generation, live) if kept is not None]
    with closing(HeardLog(judged, world.log, world.keys, world.folder)) as heard:
        found = _Verification(judged, world, heard, sides, report)
        await found.run()
        return await found.certificate(made_at_ms)


class _Verification:
    def __init__(
        self, judged: Judged, world: World, heard: HeardLog, sides: Sequence[Side], report: Report
    ) -> None:
        self._judged, self._world, self._heard, self._report = judged, world, heard, report
        self._sides = sides
        self._topics = judged.projection.topics
        self._cut: dict[Partition, int] = {}
        self._events_count = self._entities_count = 0
        self._behind_counts: dict[int, int] = {}
        self._oracle = Digests()
        self._located: list[Difference] = []
        self._unread: Sequence[Unread] = ()

    async def run(self) -> None:
        views = {side.kept.number: await side.opened() for side in self._sides}
        readable = [(side, views[side.kept.number]) for side in self._sides if views[side.kept.number]]
        await self._stand(readable)
        await self._hear()
        with closing(await self._heard.tell(self._cut)) as telling:
            for side, view in readable:
                await side.check_positions(self._world.log, await side.positions(view))
                await side.look_through(view, telling)
            await self._compare(readable, telling)
            self._unread = telling.unread
        topics, report = self._topics, partial(self._report, "looking again")
        again = LookingAgain(self._world.log, self._heard, topics, report)
        for side, _ in readable:
            subject = await again.settle(side, telling.subject)
            side.close(lambda entity, subject=subject: said(subject, entity, ()))  # type: ignore[misc]
            self._locate(side, subject)

    async def _stand(self, readable: Sequence[tuple[Side, Any]]) -> None:
        """Find the cut: where the log ends now, or where nobody brings a view any further."""
        ends = await self._world.log.ends(self._topics)
        cut: dict[Partition, int] = {}
        stands: Mapping[int, Positions] = {}
        idle_count = 0
        while cut != ends and idle_count <= _IDLE_POLLS_COUNT:
            stands = {side.kept.number: offsets(await side.positions(view), ends) for side, view in readable}
            least = {at: min([end, *(each[at] for each in stands.values())]) for at, end in ends.items()}
            idle_count = idle_count + 1 if least == cut else 0
            cut = least
            if cut != ends:
                self._report("waiting", _count(cut), _count(ends))
                await self._world.sleep(_POLL_S)
        self._cut = cut
        for side in self._sides:
            stood = stands.get(side.kept.number, {})
            self._behind_counts[side.kept.number] = sum(
                max(0, end - stood.get(at, end)) for at, end in ends.items()
            )

    async def _hear(self) -> None:
        total = _count(self._cut)
        done = 0

        def heard(count: int) -> None:
            nonlocal done
            done += count
            self._report("reading", done, total)

        await self._heard.hear(self._cut, heard)
        self._events_count = self._heard.events_count

    async def _compare(self, readable: Sequence[tuple[Side, Any]], telling: Telling) -> None:
        for bucket in BUCKETS:
            entities = telling.entities(bucket)
            self._entities_count += len(entities)
            asked = sorted(entities.items(), key=lambda item: str(item[0]))
            expected = {entity: said(telling.subject, entity, known.pieces) for entity, known in asked}
            nothing = {entity: said(telling.subject, entity, ()) for entity, _ in asked}
            for entity, value in expected.items():
                if value != nothing[entity]:
                    self._oracle.add(entity, value)
            for side, view in readable:
                actual = await side.read(view, telling.subject, asked)
                for entity, known in asked:
                    side.judge(entity, known, expected[entity], actual[entity], nothing[entity])
            self._report("comparing", bucket + 1, len(BUCKETS))

    def _locate(self, side: Side, subject: Subject) -> None:
        """Say of the first differences which events made them."""
        listed = dict(islice(sorted(side.doubts.items(), key=lambda item: str(item[0])), LISTED_COUNT))
        differing = {entity: doubt.differing() for entity, doubt in listed.items()}
        members = {entity: {m for way in found for m in way.members} for entity, found in differing.items()}
        events: dict[Entity, deque[Event]] = {entity: deque(maxlen=EVENTS_COUNT) for entity in listed}
        for entity, groups in groups_of(subject, listed).items():
            for place, record in self._heard.records(groups):
                if subject.made(entity, members[entity], record):
                    events[entity].append(_event(place, record.id, record.type))
        self._located += [
            Difference(
                generation=side.kept.number,
                kind=entity[0],
                key=digest(str(entity[1])) if entity[0] in subject.PRIVATE else str(entity[1]),
                ways=found,
                events=tuple(events[entity]),
            )
            for entity, found in differing.items()
        ]

    async def certificate(self, made_at_ms: int) -> Certificate:
        mine, *live = self._sides
        names = ("generation", "live")[: len(self._sides)]
        parked, parked_count = await self._parked(mine)
        missed = await missing(self._world, self._unread, self._judged.projection.name, mine.kept.number)
        faults = [
            f"generation {side.kept.number}: {fault}"
            for side in self._sides
            for fault in dict.fromkeys(side.faults)
        ]
        found = Certificate(
            projection=self._judged.projection.name,
            generation=mine.kept.number,
            live=live[0].kept.number if live else None,
            fold_version=mine.kept.version,
            code=code_of(self._judged.projection),
            made_at_ms=made_at_ms,
            positions=tuple([await self._stood(at) for at in sorted(self._cut)]),
            behind_count=self._behind_counts[mine.kept.number],
            events_count=self._events_count,
            entities_count=self._entities_count,
            digests={"oracle": self._oracle.by_bucket()}
            | {name: side.digests.by_bucket() for name, side in zip(names, self._sides, strict=True)},
            faults=tuple(faults),
            parked=parked,
            parked_count=parked_count,
            unreadable=tuple(_event(each.place, each.id, each.type) for each in missed[:LISTED_COUNT]),
            unreadable_count=len(missed),
            differences=tuple(self._located),
            differences_count=mine.differing_count,
            live_differences_count=sum(side.differing_count for side in live),
            live_behind_count=sum(self._behind_counts[side.kept.number] for side in live),
            equal=False,
        )
        return found.model_copy(update={"equal": found.verdict == "equal"}).sealed()

    async def _stood(self, at: Partition) -> Stood:
        offset = self._cut[at]
        found = await self._world.log.read(at, offset, 1) if offset >= 0 else []
        id_ = str(found[0].record.id) if found else None
        return Stood(topic=at[0], partition=at[1], offset=offset, event_id=id_)

    async def _parked(self, side: Side) -> tuple[tuple[Event, ...], int]:
        view = await side.opened()
        if view is None:
            return (), 0
        try:
            with view.answering():
                parked = await view.parked()
        except StoreError as error:
            side.faults.append(f"parked events cannot be read: {error}")
            return (), 0
        listed = [
            _event((*event.partition, event.offset), event.event_id, record.record.type)
            for event in islice(parked, LISTED_COUNT)
            for record in await self._world.log.read(event.partition, event.offset, 1)
        ]
        return tuple(listed), len(parked)


async def missing(
    world: World, unread: Collection[Unread], projection: str, generation: int
) -> Sequence[Unread]:
    """What the oracle could not read, without what operators gave up in this generation."""
    if not unread:
        return ()
    given_up = discarded(await world.history(), projection, generation)
    return [each for each in unread if (each.place[0], each.key, each.id) not in given_up]


def _event(place: Place, event_id: int, type_: str) -> Event:
    topic, partition, offset = place
    return Event(topic=topic, partition=partition, offset=offset, id=str(event_id), type=type_)


def _count(positions: Positions) -> int:
    """Events up to there."""
    return sum(offset + 1 for offset in positions.values())
