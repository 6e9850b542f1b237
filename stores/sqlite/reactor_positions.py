"""Positions of reactors in the state file."""

import asyncio

from stores.ports.log import Partition, Positions
from stores.sqlite.database import Database

SCHEMA = """
CREATE TABLE IF NOT EXISTS reactor_positions (
  reactor TEXT, topic TEXT, partition INTEGER, offset INTEGER NOT NULL, PRIMARY KEY (reactor, topic, partition)
) STRICT, WITHOUT ROWID;
"""


class SqliteReactorPositions:
    def __init__(self, state: Database) -> None:
        self._state = state

    async def get(self, reactor: str) -> Positions:
        query = "SELECT topic, partition, offset FROM reactor_positions WHERE reactor = ?"
        return {
            (topic, number): offset for topic, number, offset in self._state.reader.execute(query, (reactor,))
        }

    async def advance(self, reactor: str, partition: Partition, offset: int) -> None:
        """In another thread: nobody's request waits for this fsync."""
        await asyncio.to_thread(self._advance, (reactor, *partition, offset))

    def _advance(self, row: tuple[object, ...]) -> None:
        upsert = """INSERT INTO reactor_positions VALUES (?,?,?,?)
                    ON CONFLICT DO UPDATE SET offset = max(offset, excluded.offset)"""
        with self._state.transaction() as connection:
            connection.execute(upsert, row)
