"""Saves in SQLite: a row per save, under the user who made it."""

import sqlite3
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from stores.ports.crash import Crash, survive
from stores.ports.page import Page
from stores.ports.saves import SavesChange
from stores.sqlite.database import marks
from stores.sqlite.inspected import member
from stores.sqlite.paging import page_of, up_to
from stores.sqlite.remembered import RememberedPairs
from stores.sqlite.view import SqliteView


class SqliteSaves(SqliteView[SavesChange]):
    SCHEMA = """
    CREATE TABLE IF NOT EXISTS saves (
      user_id INTEGER, post_id INTEGER, at_id INTEGER NOT NULL, PRIMARY KEY (user_id, post_id)
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS saves_latest ON saves (user_id, at_id);
    """

    HELD = ((member("user"), "SELECT user_id, post_id FROM saves"),)

    def __init__(self, path: Path, crash: Crash = survive) -> None:
        super().__init__(path, crash)
        self._saved = RememberedPairs(self._load_saved, limit=200_000)

    def _write(self, connection: sqlite3.Connection, changes: Sequence[SavesChange]) -> None:
        for change in changes:
            if change.saved:
                insert = "INSERT OR IGNORE INTO saves VALUES (?,?,?)"
                connection.execute(insert, (change.user_id, change.post_id, change.at_id))
            else:
                delete = "DELETE FROM saves WHERE user_id = ? AND post_id = ?"
                connection.execute(delete, (change.user_id, change.post_id))

    def _written(self, changes: Sequence[SavesChange]) -> None:
        self._saved.forget((change.user_id, change.post_id) for change in changes)

    async def saved(self, user_id: int, post_ids: Collection[int]) -> Collection[int]:
        return self._saved.among(user_id, post_ids)

    async def posts(self, user_id: int, before: int | None, limit: int) -> Page[int]:
        query = """SELECT post_id, at_id FROM saves WHERE user_id = ? AND at_id <= ?
                   ORDER BY at_id DESC LIMIT ?"""
        rows = self._reader.execute(query, (user_id, up_to(before), limit + 1)).fetchall()
        return page_of(rows, limit)

    def _load_saved(self, user_id: int, post_ids: Sequence[int]) -> Iterable[int]:
        query = f"SELECT post_id FROM saves WHERE user_id = ? AND post_id IN ({marks(len(post_ids))})"
        return (row[0] for row in self._reader.execute(query, (user_id, *post_ids)))
