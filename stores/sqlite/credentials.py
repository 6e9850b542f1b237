"""Credentials in the state file. Writes sync the disk, so they run beside the server's loop."""

import asyncio

from stores.sqlite.database import Database

SCHEMA = """
CREATE TABLE IF NOT EXISTS credentials (user_id INTEGER PRIMARY KEY, password_hash TEXT NOT NULL) STRICT;
"""


class SqliteCredentials:
    def __init__(self, state: Database) -> None:
        self._state = state

    async def create(self, user_id: int, password_hash: str) -> None:
        await self._changed("INSERT OR IGNORE INTO credentials VALUES (?, ?)", user_id, password_hash)

    async def get(self, user_id: int) -> str | None:
        query = "SELECT password_hash FROM credentials WHERE user_id = ?"
        row = self._state.reader.execute(query, (user_id,)).fetchone()
        return None if row is None else str(row[0])

    async def replace(self, user_id: int, known_hash: str, password_hash: str) -> bool:
        update = "UPDATE credentials SET password_hash = ? WHERE user_id = ? AND password_hash = ?"
        return await self._changed(update, password_hash, user_id, known_hash)

    async def _changed(self, statement: str, *values: object) -> bool:
        def run() -> bool:
            with self._state.transaction() as connection:
                return connection.execute(statement, values).rowcount == 1

        return await asyncio.to_thread(run)
