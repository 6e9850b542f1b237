"""What every SQLite view is made of: one file per generation, with the projection's tables, the position and the parked events.

Data and position change in one transaction, so a crash leaves a view at some event's end and nothing in between. Subclasses say
which tables they have and what a change does to them.
"""

import sqlite3
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import ClassVar, Generic, TypeVar

from stores.ports.crash import Crash, survive
from stores.ports.inspected import Held
from stores.ports.log import Partition
from stores.ports.view import Folded, ParkedEvent, Position, beyond
from stores.sqlite import inspected
from stores.sqlite.database import Database, reading
from stores.sqlite.watching import missed

C = TypeVar("C")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS position (
  topic TEXT, partition INTEGER, offset INTEGER NOT NULL, event_id INTEGER NOT NULL, PRIMARY KEY (topic, partition)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS parked (
  topic TEXT, partition INTEGER, offset INTEGER, event_id INTEGER NOT NULL, key TEXT NOT NULL, reason TEXT NOT NULL,
  retry INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (topic, partition, offset)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS parked_key ON parked (topic, key);
CREATE INDEX IF NOT EXISTS parked_asked ON parked (topic, key) WHERE retry = 1;
"""


class SqliteView(Generic[C]):
    """One generation of one projection. `apply` is called from one thread, readers from one other."""

    SCHEMA: ClassVar[str]
    HELD: ClassVar[Sequence[inspected.Rows]]
    """Queries that find everything of which there are rows."""

    def __init__(self, path: Path, crash: Crash = survive) -> None:
        self._crash = crash
        self._database = Database(path, _SCHEMA + self.SCHEMA, "NORMAL")
        self._parked_keys: set[tuple[str, str]] = set()

    @property
    def _reader(self) -> sqlite3.Connection:
        """For whoever reads beside what is remembered: a watch that is open tells of no change to that, so it is spoiled."""
        missed()
        return self._database.reader

    def _write(self, connection: sqlite3.Connection, changes: Sequence[C]) -> None:
        """Apply the changes in order, inside the transaction that also advances the position."""
        raise NotImplementedError

    def _write_events(self, connection: sqlite3.Connection, events: Sequence[Folded[C]]) -> None:
        """For views that also store where an event stands on the log; the others write the changes alone."""
        self._write(connection, _changes(events))

    def _written(self, changes: Sequence[C]) -> None:
        """Called after the commit: forget what was remembered of the rows that changed."""

    def _parking_changed(self) -> None:
        """Called after the commit when events were parked or released, and when it is seen that an operator's command has released
        some: for views that answer otherwise because of it.
        """

    async def positions(self) -> dict[Partition, Position]:
        with self._database.committed() as connection:
            return _positions(connection)

    async def apply(self, events: Sequence[Folded[C]]) -> None:
        with self._database.transaction() as connection:
            fresh = beyond(_positions(connection), events)
            self._write_events(connection, fresh)
            self._crash("view.before_position")
            _park(connection, fresh)
            _advance(connection, fresh)
            self._crash("view.before_commit")
        self._written(_changes(fresh))
        if any(event.parked is not None for event in fresh):
            self._parking_changed()
        self._crash("view.after_commit")

    async def filled(self) -> None:
        """Of no interest to most views."""

    async def is_filled(self) -> bool:
        """A file is lost or put back as a whole."""
        return True

    async def parked_keys(self) -> Collection[tuple[str, str]]:
        with self._database.committed() as connection:
            keys = set(connection.execute("SELECT DISTINCT topic, key FROM parked"))
        if keys != self._parked_keys:
            self._parked_keys = keys
            self._parking_changed()
        return keys

    async def is_parked(self, topic: str, key: str) -> bool:
        query = "SELECT EXISTS (SELECT 1 FROM parked WHERE topic = ? AND key = ?)"
        return bool(self._reader.execute(query, (topic, key)).fetchone()[0])

    async def parked(self) -> Sequence[ParkedEvent]:
        query = """SELECT topic, partition, offset, event_id, key, reason, retry FROM parked
                   ORDER BY topic, partition, offset"""
        with self._database.committed() as connection:
            rows = connection.execute(query).fetchall()
        return [
            ParkedEvent((topic, number), offset, event_id, key, reason, bool(retry))
            for topic, number, offset, event_id, key, reason, retry in rows
        ]

    async def asked(self) -> Collection[tuple[str, str]]:
        with self._database.committed() as connection:
            return set(connection.execute("SELECT DISTINCT topic, key FROM parked WHERE retry = 1"))

    async def ask_retry(self, topic: str, key: str) -> None:
        with self._database.transaction() as connection:
            connection.execute("UPDATE parked SET retry = 1 WHERE topic = ? AND key = ?", (topic, key))

    async def refuse_retry(self, topic: str, key: str, reason: str) -> None:
        with self._database.transaction() as connection:
            update = "UPDATE parked SET retry = 0, reason = ? WHERE topic = ? AND key = ?"
            connection.execute(update, (reason, topic, key))

    async def release(self, topic: str, key: str, events: Sequence[Folded[C]]) -> None:
        with self._database.transaction() as connection:
            self._write_events(connection, events)
            delete = "DELETE FROM parked WHERE topic = ? AND partition = ? AND offset = ?"
            connection.executemany(delete, [(*event.partition, event.offset) for event in events])
            self._crash("release.before_commit")
        self._written(_changes(events))
        self._parking_changed()

    async def drop(self) -> None:
        self._database.remove()

    def held(self) -> AsyncIterator[Sequence[Held]]:
        return inspected.held(self._database.reader, self._database.path, self.HELD)

    def answering(self) -> AbstractContextManager[None]:
        return reading(self._database.path)

    async def damage(self) -> Sequence[str]:
        return inspected.damage(self._database.reader)

    def close(self) -> None:
        self._database.close()


def _changes(events: Iterable[Folded[C]]) -> list[C]:
    return [change for event in events for change in event.changes]


def _positions(connection: sqlite3.Connection) -> dict[Partition, Position]:
    rows = connection.execute("SELECT topic, partition, offset, event_id FROM position")
    return {(topic, number): Position(offset, event_id) for topic, number, offset, event_id in rows}


def _park(connection: sqlite3.Connection, events: Iterable[Folded[C]]) -> None:
    rows = [(*e.partition, e.offset, e.event_id, e.key, e.parked) for e in events if e.parked is not None]
    if rows:
        insert = "INSERT INTO parked (topic, partition, offset, event_id, key, reason) VALUES (?,?,?,?,?,?)"
        connection.executemany(insert, rows)


def _advance(connection: sqlite3.Connection, events: Iterable[Folded[C]]) -> None:
    last = {event.partition: event for event in events}
    connection.executemany(
        "REPLACE INTO position VALUES (?,?,?,?)", [(*p, e.offset, e.event_id) for p, e in last.items()]
    )
