"""What was not as the oracle said is looked at again: under traffic a view is ahead of what was heard, or goes on while it is read.

It ends when nothing is in doubt, when the view stood still while the doubtful was read, or after some rounds.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from typing import Any

import orjson

from replay.certificate import canonical
from replay.side import Doubt, Side, offsets
from replay.spool import BUCKETS
from replay.subjects.subject import Entity, Subject, Value
from replay.telling import HeardLog, Pieces
from stores.ports.log import LogReader, Partition, Positions

_ROUNDS_COUNT = 10
_BETWEEN_COUNT = 100
"""Moments while a view was read at which what it said is held against the oracle, a round."""
_POLL_S = 0.2


class LookingAgain:
    def __init__(
        self, log: LogReader, heard: HeardLog, topics: Sequence[str], report: Callable[[int, int], None]
    ) -> None:
        """`report` is told of rounds."""
        self._log, self._heard, self._topics, self._report = log, heard, topics, report
        self._fresh: set[str] = set()
        """Groups of which there was something beyond the cut."""

    async def settle(self, side: Side, subject: Subject) -> Subject:
        """Until nothing is in doubt, or the view stood still while the doubtful was read. Returns the last that was told."""
        stood: Positions = {}
        for number in range(_ROUNDS_COUNT):
            view = await side.opened() if side.doubts else None
            if view is None:
                break
            ends = await self._log.ends(self._topics)
            before = offsets(await side.positions(view), ends)
            self._fresh |= await self._heard.hear(before)
            subject = await self._tell(side, before, subject)  # some answers are made with what it says
            asked = [(entity, doubt.known) for entity, doubt in side.doubts.items()]
            actual = await side.read(view, subject, asked)
            after = offsets(await side.positions(view), ends)
            ends = await self._log.ends(self._topics)
            self._fresh |= await self._heard.hear(ends)
            for entity, value in actual.items():
                side.doubts[entity].read_again(value)
            _hold_against(side, subject)
            for upto in _each_once([*self._between(side, subject, before), after, ends]):
                if side.doubts:
                    subject = await self._tell(side, upto, subject)
                    _hold_against(side, subject)
            self._report(number + 1, _ROUNDS_COUNT)
            if before == after and after in (ends, stood):
                break
            stood = after
            await side.sleep(_POLL_S)
        return subject

    def _between(self, side: Side, subject: Subject, before: Positions) -> list[dict[Partition, int]]:
        """Where the log stood after each event of what is in doubt that came while the view was read, as far as it was heard."""
        groups = set().union(*groups_of(subject, side.doubts).values())
        came = sorted(
            (record.id, (topic, number), offset)
            for (topic, number, offset), record in self._heard.records(groups)
            if offset > before.get((topic, number), -1)
        )
        upto, found = dict(before), []
        for _, at, offset in came[:_BETWEEN_COUNT]:
            upto[at] = max(upto.get(at, -1), offset)
            found.append(dict(upto))
        return found

    async def _tell(self, side: Side, upto: Positions, subject: Subject) -> Subject:
        """What the oracle says of the doubtful at these positions."""
        groups = {
            group
            for entity, doubt in side.doubts.items()
            for group in subject.groups(entity, doubt.known.pieces, doubt.known.groups)
        }
        with closing(await self._heard.tell(upto, groups | self._fresh, side.doubts)) as telling:
            told = {entity: known for bucket in BUCKETS for entity, known in telling.entities(bucket).items()}
        for entity, doubt in side.doubts.items():
            known = told.get(entity, Pieces())
            known.held = doubt.known.held
            doubt.known = known
        return telling.subject


def _hold_against(side: Side, subject: Subject) -> None:
    """Settle what is as the oracle says where it was told last."""
    for entity, doubt in list(side.doubts.items()):
        if doubt.hold_against(said(subject, entity, doubt.known.pieces)):
            side.settle(entity, said(subject, entity, ()))


def said(subject: Subject, entity: Entity, pieces: Sequence[Any]) -> Value:
    """As JSON says it, so that it can be compared."""
    found: Value = orjson.loads(canonical(subject.value(entity, pieces)))
    return found


def groups_of(subject: Subject, doubts: Mapping[Entity, Doubt]) -> Mapping[Entity, set[str]]:
    return {
        entity: set(subject.groups(entity, doubt.known.pieces, doubt.known.groups))
        for entity, doubt in doubts.items()
    }


def _each_once(positions: Iterable[dict[Partition, int]]) -> list[dict[Partition, int]]:
    found: list[dict[Partition, int]] = []
    for each in positions:
        if each not in found:
            found.append(each)
    return found
