"""Likes in SQLite: a row per like, and per post the size of that set, written together."""

import sqlite3
from collections.abc import Collection, Mapping, Sequence

from stores.ports.likes import LikesChange
from stores.ports.page import Page
from stores.sqlite.database import marks
from stores.sqlite.view import SqliteView


class SqliteLikes(SqliteView[LikesChange]):
    SCHEMA = """
    CREATE TABLE IF NOT EXISTS likes (
      post_id INTEGER, user_id INTEGER, at_id INTEGER NOT NULL, PRIMARY KEY (post_id, user_id)
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS likes_latest ON likes (post_id, at_id);
    CREATE TABLE IF NOT EXISTS counts (post_id INTEGER PRIMARY KEY, count INTEGER NOT NULL);
    """

    def _write(self, connection: sqlite3.Connection, changes: Sequence[LikesChange]) -> None:
        for change in changes:
            if change.liked:
                insert = "INSERT OR IGNORE INTO likes VALUES (?,?,?)"
                grown = connection.execute(insert, (change.post_id, change.user_id, change.at_id)).rowcount
            else:
                delete = "DELETE FROM likes WHERE post_id = ? AND user_id = ?"
                grown = -connection.execute(delete, (change.post_id, change.user_id)).rowcount
            if grown:
                count = "INSERT INTO counts VALUES (?1, ?2) ON CONFLICT DO UPDATE SET count = count + ?2"
                connection.execute(count, (change.post_id, grown))

    async def counts(self, post_ids: Collection[int]) -> Mapping[int, int]:
        query = f"SELECT post_id, count FROM counts WHERE post_id IN ({marks(len(post_ids))})"
        return dict(self._reader.execute(query, tuple(post_ids)))

    async def liked(self, user_id: int, post_ids: Collection[int]) -> Collection[int]:
        query = f"SELECT post_id FROM likes WHERE user_id = ? AND post_id IN ({marks(len(post_ids))})"
        return {row[0] for row in self._reader.execute(query, (user_id, *post_ids))}

    async def likers(self, post_id: int, before: int | None, limit: int) -> Page[int]:
        query = """SELECT user_id, at_id FROM likes WHERE post_id = ? AND (?2 IS NULL OR at_id < ?2)
                   ORDER BY at_id DESC LIMIT ?"""
        rows = self._reader.execute(query, (post_id, before, limit)).fetchall()
        return Page(tuple(row[0] for row in rows), rows[-1][1] if len(rows) == limit else None)
