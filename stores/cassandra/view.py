"""What every Cassandra view is made of: tables of its own for each generation, a row per partition of the log with the position,
and the parked events.

There are no transactions over several partitions here, so the order of the writes is what keeps a view whole: derived rows, then
the facts they are derived from (unless both follow from the events alone), then parked events, the position last. Whoever dies in
between is repaired by applying the same events again, whichever way they are cut into batches. Every cell is stamped with the
offset of the event that made it, so that late and repeated writes lose by themselves: that a partition has one writer saves work,
but nothing rests on it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar
from uuid import UUID, uuid4

from stores.cassandra import positions
from stores.cassandra.session import Cassandra, Row, Statement
from stores.ports.crash import Crash, survive
from stores.ports.inspected import Held
from stores.ports.log import Partition
from stores.ports.view import Folded, ParkedEvent, Position, beyond

C = TypeVar("C")

Rows = tuple[Callable[..., Held], str]
"""What a row of the query says is held."""

SHARED_TABLES = (
    positions.TABLE,
    """CREATE TABLE IF NOT EXISTS parked (
      projection text, generation int, topic text, partition int, offset bigint, event_id bigint, key text, reason text,
      retry boolean, changed uuid static, PRIMARY KEY ((projection, generation), topic, partition, offset))""",
)
"""Of all views and generations together."""
CHANGES = ("ALTER TABLE parked ADD IF NOT EXISTS changed uuid static",)
"""What version 2 of the schema lacks."""

_OF_VIEW = "WHERE projection = ? AND generation = ?"
_ADVANCE = """INSERT INTO positions (projection, generation, topic, partition, offset, event_id) VALUES (?,?,?,?,?,?)
              USING TIMESTAMP ?"""
_PARKED = f"SELECT topic, partition, offset, event_id, key, reason, retry FROM parked {_OF_VIEW}"
_PARK = """INSERT INTO parked (projection, generation, topic, partition, offset, event_id, key, reason, retry)
           VALUES (?,?,?,?,?,?,?,?,false) USING TIMESTAMP ?"""
_SET_RETRY = f"UPDATE parked SET retry = true {_OF_VIEW} AND topic = ? AND partition = ? AND offset = ?"
_REFUSE = (
    f"UPDATE parked SET retry = false, reason = ? {_OF_VIEW} AND topic = ? AND partition = ? AND offset = ?"
)
_RELEASE = f"DELETE FROM parked {_OF_VIEW} AND topic = ? AND partition = ? AND offset = ?"
"""Stamped by the clock, which is far beyond all offsets: whoever parks a released event again, late, parks nothing."""
_CHANGED = f"SELECT DISTINCT projection, generation, changed FROM parked {_OF_VIEW}"
_CHANGE = f"UPDATE parked SET changed = ? {_OF_VIEW} IF changed != ?"
"""A lightweight transaction, so that of two changes the later one stays, whatever the clocks say."""
_FORGOTTEN_AT_ONCE = 1_000
"""A batch of more than 65,535 statements is refused."""


def value_stamp(offset: int) -> int:
    """For what the event at this offset sets."""
    return 2 * offset + 3


def delete_stamp(offset: int) -> int:
    """For what the event at this offset removes: a value of the same event wins over it, and it over all before."""
    return 2 * offset + 2


def only(kind: str) -> Callable[..., Held]:
    """Rows that begin with a key."""
    return lambda key, *_: (kind, key, None)


def member(kind: str) -> Callable[..., Held]:
    """Rows of a key and a member."""
    return lambda key, of_key: (kind, key, of_key)


@dataclass(frozen=True, slots=True)
class _Parking:
    """What was parked when this was the last change of it: (topic, key) of all, and of those that are asked for again."""

    changed: UUID | None
    keys: frozenset[tuple[str, str]]
    asked: frozenset[tuple[str, str]]


class CassandraView(Generic[C]):
    """One generation of one projection. Its tables are made by `create`, once, before anybody opens it.

    Queries name a table as `{name}`. Used in one event loop.
    """

    PROJECTION: ClassVar[str]
    TABLES: ClassVar[Mapping[str, str]]
    """Columns and options by name of the table."""
    HELD: ClassVar[Sequence[Rows]]
    """Queries that find everything of which there are rows."""

    def __init__(self, cassandra: Cassandra, generation: int, crash: Crash = survive) -> None:
        self._cassandra = cassandra
        self._crash = crash
        self._view = (self.PROJECTION, generation)
        self._names = {name: f"{name}_{generation}" for name in self.TABLES}
        self._texts: dict[str, str] = {}
        self._parking: _Parking | None = None

    async def _known(self, events: Sequence[Folded[C]]) -> Any:
        """What has to be read before these are written; some of them may have been applied."""

    async def _write(self, events: Sequence[Folded[C]], known: Any) -> None:
        """Each stamped, in the order that is said above. Applying the same events again has to end the same."""
        raise NotImplementedError

    async def create(self) -> None:
        for name, columns in self.TABLES.items():
            await self._cassandra.define(f"CREATE TABLE IF NOT EXISTS {self._names[name]} {columns}")

    async def drop(self) -> None:
        """The generation with everything it holds."""
        for name in self._names.values():
            await self._cassandra.define(f"DROP TABLE IF EXISTS {name}")
        await self._cassandra.rows(f"DELETE FROM positions {_OF_VIEW}", *self._view)
        await self._cassandra.rows(f"DELETE FROM parked {_OF_VIEW}", *self._view)

    async def held(self) -> AsyncIterator[Sequence[Held]]:
        """Goes through whole tables."""
        for made_of, cql in self.HELD:
            async for rows in self._cassandra.pages(self._named(cql)):
                yield [made_of(*row) for row in rows if row[0] is not None]

    def answering(self) -> AbstractContextManager[None]:
        """They do so by themselves."""
        return nullcontext()

    async def damage(self) -> Sequence[str]:
        """Cassandra checks what it reads."""
        return ()

    async def positions(self) -> dict[Partition, Position]:
        return await positions.positions_of(self._cassandra, self._view)

    async def apply(self, events: Sequence[Folded[C]]) -> None:
        changing = [event for event in events if event.changes]
        stands, known = await asyncio.gather(self.positions(), self._known(changing))
        fresh = beyond(stands, events)
        if not fresh:
            return
        if changing:
            await self._write(changing, known)
        self._crash("view.before_position")
        await self._park(fresh)
        await self._advance(fresh)
        self._crash("view.before_commit")
        self._crash("view.after_commit")

    async def filled(self) -> None:
        """Of no interest to these views."""

    async def is_filled(self) -> bool:
        return True

    async def parked_keys(self) -> Collection[tuple[str, str]]:
        return (await self._parked_now()).keys

    async def is_parked(self, topic: str, key: str) -> bool:
        return (topic, key) in await self.parked_keys()

    async def asked(self) -> Collection[tuple[str, str]]:
        return (await self._parked_now()).asked

    async def parked(self) -> Sequence[ParkedEvent]:
        rows = await self._cassandra.rows(_PARKED, *self._view)
        return [
            ParkedEvent((topic, number), offset, event_id, key, reason, bool(retry))
            for topic, number, offset, event_id, key, reason, retry in rows
            if event_id is not None  # what is left when a flag was set while the event was released
        ]

    async def ask_retry(self, topic: str, key: str) -> None:
        found = await self._parked_of(topic, key)
        await self._cassandra.many(_SET_RETRY, [(*self._view, *e.partition, e.offset) for e in found])
        await self._parking_changed()

    async def refuse_retry(self, topic: str, key: str, reason: str) -> None:
        found = await self._parked_of(topic, key)
        await self._cassandra.many(_REFUSE, [(reason, *self._view, *e.partition, e.offset) for e in found])
        await self._parking_changed()

    async def release(self, topic: str, key: str, events: Sequence[Folded[C]]) -> None:
        """The events are forgotten only after all of them are applied: in between they are applied again, to no effect."""
        if changing := [event for event in events if event.changes]:
            await self._write(changing, await self._known(changing))
        self._crash("release.before_commit")
        forgotten = [(_RELEASE, (*self._view, *e.partition, e.offset)) for e in events]
        for first in range(0, len(forgotten), _FORGOTTEN_AT_ONCE):
            await self._cassandra.batch(forgotten[first : first + _FORGOTTEN_AT_ONCE])
        await self._parking_changed()

    async def _rows(self, cql: str, *values: object) -> list[Row]:
        return await self._cassandra.rows(self._named(cql), *values)

    async def _many(self, cql: str, rows: Iterable[Sequence[object]]) -> None:
        await self._batches([((cql, values),) for values in rows])

    async def _batch(self, statements: Sequence[Statement]) -> None:
        await self._batches([statements])

    async def _batches(self, batches: Iterable[Sequence[Statement]]) -> None:
        """Each of one partition, which is written whole or not at all."""
        await self._cassandra.batches(
            [[(self._named(cql), values) for cql, values in some] for some in batches]
        )

    def _named(self, cql: str) -> str:
        named = self._texts.get(cql)
        if named is None:
            named = self._texts[cql] = cql.format_map(self._names)
        return named

    async def _parked_of(self, topic: str, key: str) -> list[ParkedEvent]:
        return [event for event in await self.parked() if (event.partition[0], event.key) == (topic, key)]

    async def _parked_now(self) -> "_Parking":
        """Read again only when it is another: told by what is read before it, and written after what it tells of."""
        changed = await self._last_change()
        if self._parking is None or self._parking.changed != changed:
            events = await self.parked()
            keys = frozenset((event.partition[0], event.key) for event in events)
            asked = frozenset((event.partition[0], event.key) for event in events if event.retry)
            self._parking = _Parking(changed, keys, asked)
        return self._parking

    async def _last_change(self) -> UUID | None:
        rows = await self._cassandra.rows(_CHANGED, *self._view)
        return rows[0][2] if rows else None

    async def _parking_changed(self) -> None:
        """Whoever remembers what is parked reads it anew."""
        changed = uuid4()
        await self._cassandra.applied(_CHANGE, changed, *self._view, changed)

    async def _park(self, events: Sequence[Folded[C]]) -> None:
        rows = [
            (*self._view, *e.partition, e.offset, e.event_id, e.key, e.parked, value_stamp(e.offset))
            for e in events
            if e.parked is not None
        ]
        if not rows:
            return
        await self._cassandra.many(_PARK, rows)
        if not await self._is_known({(e.partition[0], e.key) for e in events if e.parked is not None}):
            await self._parking_changed()

    async def _is_known(self, keys: set[tuple[str, str]]) -> bool:
        """Events that are parked behind others of their key need not be told of, unless these were released just now: asked after
        the events are parked, so that a release which is told of later is read together with them.
        """
        known = self._parking
        return known is not None and known.keys >= keys and known.changed == await self._last_change()

    async def _advance(self, events: Iterable[Folded[C]]) -> None:
        last = {event.partition: event for event in events}
        rows = [(*self._view, *p, e.offset, e.event_id, value_stamp(e.offset)) for p, e in last.items()]
        await self._cassandra.many(_ADVANCE, rows)
