"""Likes in SQLite: a row per like, and per post the size of that set, written together."""

import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from stores.ports.crash import Crash, survive
from stores.ports.likes import LikesChange
from stores.ports.page import Page
from stores.sqlite.database import marks
from stores.sqlite.inspected import member, only
from stores.sqlite.paging import page_of, up_to
from stores.sqlite.remembered import Remembered, RememberedPairs
from stores.sqlite.view import SqliteView

_ADD_TO_COUNT = "INSERT INTO counts VALUES (?1, ?2) ON CONFLICT DO UPDATE SET count = count + ?2"


class SqliteLikes(SqliteView[LikesChange]):
    SCHEMA = """
    CREATE TABLE IF NOT EXISTS likes (
      post_id INTEGER, user_id INTEGER, at_id INTEGER NOT NULL, PRIMARY KEY (post_id, user_id)
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS likes_latest ON likes (post_id, at_id);
    CREATE TABLE IF NOT EXISTS counts (post_id INTEGER PRIMARY KEY, count INTEGER NOT NULL);
    """

    HELD = (
        (member("user"), "SELECT user_id, post_id FROM likes"),
        (only("post"), "SELECT DISTINCT post_id FROM likes"),
        (only("post"), "SELECT post_id FROM counts"),
    )

    def __init__(self, path: Path, crash: Crash = survive) -> None:
        super().__init__(path, crash)
        self._counts = Remembered(self._load_counts, limit=50_000)
        self._liked = RememberedPairs(self._load_liked, limit=200_000)

    def _write(self, connection: sqlite3.Connection, changes: Sequence[LikesChange]) -> None:
        grown: Counter[int] = Counter()
        for change in changes:
            if change.liked:
                insert = "INSERT OR IGNORE INTO likes VALUES (?,?,?)"
                row = (change.post_id, change.user_id, change.at_id)
                grown[change.post_id] += connection.execute(insert, row).rowcount
            else:
                delete = "DELETE FROM likes WHERE post_id = ? AND user_id = ?"
                grown[change.post_id] -= connection.execute(delete, (change.post_id, change.user_id)).rowcount
        connection.executemany(_ADD_TO_COUNT, [item for item in grown.items() if item[1]])

    def _written(self, changes: Sequence[LikesChange]) -> None:
        self._counts.forget(change.post_id for change in changes)
        self._liked.forget((change.user_id, change.post_id) for change in changes)

    async def counts(self, post_ids: Collection[int]) -> Mapping[int, int]:
        return self._counts.get(post_ids)

    async def counted(self, post_ids: Collection[int]) -> Mapping[int, int]:
        return self._load_counts(list(post_ids))

    async def liked(self, user_id: int, post_ids: Collection[int]) -> Collection[int]:
        return self._liked.among(user_id, post_ids)

    async def likers(self, post_id: int, before: int | None, limit: int) -> Page[int]:
        query = """SELECT user_id, at_id FROM likes WHERE post_id = ? AND at_id <= ?
                   ORDER BY at_id DESC LIMIT ?"""
        rows = self._reader.execute(query, (post_id, up_to(before), limit + 1)).fetchall()
        return page_of(rows, limit)

    def _load_counts(self, post_ids: list[int]) -> dict[int, int]:
        """Zero is remembered too: most posts are liked by nobody yet."""
        query = f"SELECT post_id, count FROM counts WHERE post_id IN ({marks(len(post_ids))})"
        return dict.fromkeys(post_ids, 0) | dict(self._reader.execute(query, post_ids))

    def _load_liked(self, user_id: int, post_ids: Sequence[int]) -> Iterable[int]:
        query = f"SELECT post_id FROM likes WHERE user_id = ? AND post_id IN ({marks(len(post_ids))})"
        return (row[0] for row in self._reader.execute(query, (user_id, *post_ids)))
