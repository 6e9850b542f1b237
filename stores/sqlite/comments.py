"""Comments in SQLite: a row per comment, which stays as a tombstone, and per post how many are not deleted."""

import sqlite3
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import assert_never

from stores.ports.comments import (
    Comment,
    CommentGone,
    CommentOrder,
    CommentPut,
    CommentsChange,
    CommentTextSet,
)
from stores.ports.crash import Crash, survive
from stores.ports.page import Page
from stores.sqlite.database import marks
from stores.sqlite.inspected import member, only
from stores.sqlite.paging import page_of, up_to
from stores.sqlite.remembered import Remembered
from stores.sqlite.view import SqliteView

_COLUMNS = "comment_id, post_id, commenter_id, text, created_at_ms, edited_at_ms"
_ADD_TO_COUNT = "INSERT INTO counts VALUES (?1, ?2) ON CONFLICT DO UPDATE SET count = count + ?2"


class SqliteComments(SqliteView[CommentsChange]):
    SCHEMA = """
    CREATE TABLE IF NOT EXISTS comments (
      post_id INTEGER, comment_id INTEGER, commenter_id INTEGER, text TEXT, created_at_ms INTEGER,
      edited_at_ms INTEGER, gone INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (post_id, comment_id)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS counts (post_id INTEGER PRIMARY KEY, count INTEGER NOT NULL);
    """

    HELD = (
        (member("post"), "SELECT post_id, comment_id FROM comments WHERE NOT gone"),
        (only("post"), "SELECT post_id FROM counts"),
    )

    def __init__(self, path: Path, crash: Crash = survive) -> None:
        super().__init__(path, crash)
        self._counts = Remembered(self._load_counts, limit=50_000)

    def _write(self, connection: sqlite3.Connection, changes: Sequence[CommentsChange]) -> None:
        grown: Counter[int] = Counter()
        for change in changes:
            match change:
                case CommentPut():
                    grown[change.post_id] += _put(connection, change)
                case CommentTextSet():
                    _set_text(connection, change)
                case CommentGone():
                    grown[change.post_id] -= _bury(connection, change)
                case _:
                    assert_never(change)
        connection.executemany(_ADD_TO_COUNT, [item for item in grown.items() if item[1]])

    def _written(self, changes: Sequence[CommentsChange]) -> None:
        self._counts.forget(change.post_id for change in changes)

    async def counts(self, post_ids: Collection[int]) -> Mapping[int, int]:
        return self._counts.get(post_ids)

    async def counted(self, post_ids: Collection[int]) -> Mapping[int, int]:
        return self._load_counts(list(post_ids))

    async def get(self, post_id: int, comment_id: int) -> Comment | None:
        query = f"SELECT {_COLUMNS} FROM comments WHERE post_id = ? AND comment_id = ? AND NOT gone"
        row = self._reader.execute(query, (post_id, comment_id)).fetchone()
        return None if row is None else Comment(*row)

    async def page(self, post_id: int, order: CommentOrder, after: int | None, limit: int) -> Page[Comment]:
        match order:
            case "oldest":
                where, bound = "comment_id > ? AND NOT gone ORDER BY comment_id", after or 0
            case "newest":
                where, bound = "comment_id <= ? AND NOT gone ORDER BY comment_id DESC", up_to(after)
            case _:
                assert_never(order)
        query = f"SELECT {_COLUMNS} FROM comments WHERE post_id = ? AND {where} LIMIT ?"
        comments = [Comment(*row) for row in self._reader.execute(query, (post_id, bound, limit + 1))]
        return page_of([(comment, comment.comment_id) for comment in comments], limit)

    def _load_counts(self, post_ids: list[int]) -> dict[int, int]:
        """Zero is remembered too: most posts have no comment yet."""
        query = f"SELECT post_id, count FROM counts WHERE post_id IN ({marks(len(post_ids))})"
        return dict.fromkeys(post_ids, 0) | dict(self._reader.execute(query, post_ids))


def _put(connection: sqlite3.Connection, put: CommentPut) -> int:
    """How many comments there are more."""
    insert = f"INSERT OR IGNORE INTO comments ({_COLUMNS}) VALUES (?,?,?,?,?,NULL)"
    row = (put.comment_id, put.post_id, put.commenter_id, put.text, put.created_at_ms)
    return connection.execute(insert, row).rowcount


def _set_text(connection: sqlite3.Connection, edit: CommentTextSet) -> None:
    update = """UPDATE comments SET text = ?, edited_at_ms = ?
                WHERE post_id = ? AND comment_id = ? AND NOT gone"""
    connection.execute(update, (edit.text, edit.edited_at_ms, edit.post_id, edit.comment_id))


def _bury(connection: sqlite3.Connection, gone: CommentGone) -> int:
    """How many comments there are less. The tombstone keeps nothing that anybody wrote."""
    update = """UPDATE comments SET gone = 1, commenter_id = NULL, text = NULL
                WHERE post_id = ? AND comment_id = ? AND NOT gone"""
    buried = connection.execute(update, (gone.post_id, gone.comment_id)).rowcount
    if not buried:
        insert = "INSERT OR IGNORE INTO comments (post_id, comment_id, gone) VALUES (?,?,1)"
        connection.execute(insert, (gone.post_id, gone.comment_id))
    return buried
