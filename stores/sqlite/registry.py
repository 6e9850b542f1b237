"""The registry of generations in the state file."""

from collections.abc import Sequence

from stores.ports.registry import Generation, NotReadyError, State
from stores.sqlite.database import Database

SCHEMA = """
CREATE TABLE IF NOT EXISTS generations (
  projection TEXT, number INTEGER, version INTEGER NOT NULL, state TEXT NOT NULL, PRIMARY KEY (projection, number)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS one_live ON generations (projection) WHERE state = 'live';
"""


class SqliteRegistry:
    def __init__(self, state: Database) -> None:
        self._state = state

    async def generations(self) -> Sequence[Generation]:
        query = "SELECT projection, number, version, state FROM generations ORDER BY projection, number"
        return [Generation(*row) for row in self._state.reader.execute(query)]

    async def begin(self, projection: str, version: int) -> Generation:
        insert = """
        INSERT INTO generations
        SELECT ?1, coalesce(max(number), 0) + 1, ?2, iif(max(state = 'live'), 'building', 'live')
        FROM generations WHERE projection = ?1 RETURNING projection, number, version, state"""
        with self._state.transaction() as connection:
            return Generation(*connection.execute(insert, (projection, version)).fetchall()[0])

    async def switch(self, projection: str, from_number: int, to_number: int) -> bool:
        update = "UPDATE generations SET state = ?1 WHERE projection = ?2 AND number = ?3 AND state = ?4"
        with self._state.transaction() as connection:
            if connection.execute(update, ("ready", projection, from_number, "live")).rowcount == 0:
                return False
            if connection.execute(update, ("live", projection, to_number, "ready")).rowcount == 0:
                raise NotReadyError(f"{projection} has no generation {to_number} that is ready")
        return True

    async def mark(self, projection: str, number: int, state: State) -> None:
        update = "UPDATE generations SET state = ? WHERE projection = ? AND number = ? AND state <> 'live'"
        with self._state.transaction() as connection:
            connection.execute(update, (state, projection, number))
