"""The registry of generations in the state file. A dropped generation keeps its row, so that its number is never used again."""

import sqlite3
from collections.abc import Sequence

from events.codec import Record
from stores.ports.registry import Generation, Note, NotReadyError, State, as_text, from_text, marked_from
from stores.sqlite.database import Database

SCHEMA = """
CREATE TABLE IF NOT EXISTS generations (
  projection TEXT, number INTEGER, version INTEGER NOT NULL, state TEXT NOT NULL, PRIMARY KEY (projection, number)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS one_live ON generations (projection) WHERE state = 'live';
CREATE TABLE IF NOT EXISTS notes (
  id INTEGER PRIMARY KEY, projection TEXT NOT NULL, number INTEGER NOT NULL, record TEXT NOT NULL
) STRICT;
"""
_WHICH = "WHERE projection = ? AND number = ?"


class SqliteRegistry:
    def __init__(self, state: Database) -> None:
        self._state = state

    async def generations(self) -> Sequence[Generation]:
        query = """SELECT projection, number, version, state FROM generations WHERE state <> 'dropped'
                   ORDER BY projection, number"""
        return [Generation(*row) for row in self._state.reader.execute(query)]

    async def begin(self, projection: str, version: int) -> Generation:
        insert = """
        INSERT INTO generations
        SELECT ?1, coalesce(max(number), 0) + 1, ?2, iif(max(state = 'live'), 'building', 'live')
        FROM generations WHERE projection = ?1 RETURNING projection, number, version, state"""
        with self._state.transaction() as connection:
            return Generation(*connection.execute(insert, (projection, version)).fetchall()[0])

    async def switch(self, projection: str, from_number: int, to_number: int, note: Record) -> bool:
        leave = f"UPDATE generations SET state = 'replaced' {_WHICH} AND state = 'live'"
        enter = f"UPDATE generations SET state = 'live' {_WHICH} AND state IN ('ready', 'replaced')"
        with self._state.transaction() as connection:
            if connection.execute(leave, (projection, from_number)).rowcount == 0:
                return False
            if connection.execute(enter, (projection, to_number)).rowcount == 0:
                raise NotReadyError(f"{projection} has no generation {to_number} that is ready")
            _note(connection, projection, to_number, note)
        return True

    async def mark(self, projection: str, number: int, state: State, note: Record | None = None) -> bool:
        allowed = marked_from(state)
        update = f"UPDATE generations SET state = ? {_WHICH} AND state IN ({', '.join('?' * len(allowed))})"
        with self._state.transaction() as connection:
            is_marked = connection.execute(update, (state, projection, number, *allowed)).rowcount > 0
            if is_marked and note is not None:
                _note(connection, projection, number, note)
        return is_marked

    async def drop(self, projection: str, number: int, note: Record) -> bool:
        update = f"UPDATE generations SET state = 'dropped' {_WHICH} AND state IN ('retired', 'broken')"
        with self._state.transaction() as connection:
            is_dropped = connection.execute(update, (projection, number)).rowcount > 0
            if is_dropped:
                _note(connection, projection, number, note)
        return is_dropped

    async def note(self, projection: str, number: int, note: Record) -> None:
        with self._state.transaction() as connection:
            _note(connection, projection, number, note)

    async def notes(self) -> Sequence[Note]:
        rows = self._state.reader.execute("SELECT projection, number, record FROM notes ORDER BY id")
        return [Note(projection, number, from_text(record)) for projection, number, record in rows]

    async def forget(self, note: Note) -> None:
        with self._state.transaction() as connection:
            connection.execute("DELETE FROM notes WHERE id = ?", (note.record.id,))


def _note(connection: sqlite3.Connection, projection: str, number: int, note: Record) -> None:
    connection.execute("INSERT INTO notes VALUES (?, ?, ?, ?)", (note.id, projection, number, as_text(note)))
