"""Sealing keys in the state file. A key is NULL once it was destroyed: the row is the marker."""

import asyncio
import threading
from collections.abc import Collection, Mapping

from events.sealing import DESTROYED, Key, new_key
from stores.sqlite.database import Database, marks

SCHEMA = "CREATE TABLE IF NOT EXISTS keys (user_id INTEGER PRIMARY KEY, key BLOB) STRICT;"
_REMEMBERED = 100_000
_ASKED_AT_ONCE = 500


class SqliteKeys:
    """Remembers keys it has read; they never change but to be destroyed. Safe to call from several threads."""

    def __init__(self, state: Database) -> None:
        self._state = state
        self._known: dict[int, Key] = {}
        self._lock = threading.Lock()

    async def create(self, user_id: int) -> None:
        """In another thread: nobody's request waits for this fsync."""
        await asyncio.to_thread(self._create, user_id)

    def _create(self, user_id: int) -> None:
        with self._state.transaction() as connection:
            connection.execute("INSERT OR IGNORE INTO keys VALUES (?, ?)", (user_id, new_key()))

    async def get(self, user_ids: Collection[int]) -> Mapping[int, Key]:
        with self._lock:
            found = {user_id: self._known[user_id] for user_id in user_ids if user_id in self._known}
            unknown = [user_id for user_id in user_ids if user_id not in found]
            for start in range(0, len(unknown), _ASKED_AT_ONCE):
                found |= self._load(unknown[start : start + _ASKED_AT_ONCE])
            return found

    def _load(self, user_ids: list[int]) -> dict[int, Key]:
        query = f"SELECT user_id, key FROM keys WHERE user_id IN ({marks(len(user_ids))})"
        rows = self._state.reader.execute(query, user_ids)
        loaded: dict[int, Key] = {user_id: DESTROYED if key is None else key for user_id, key in rows}
        if len(self._known) + len(loaded) > _REMEMBERED:
            self._known.clear()
        self._known |= loaded
        return loaded
