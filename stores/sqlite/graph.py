"""The graph in SQLite: a row per edge, and per user the sizes of both sets, written together."""

import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from events.topics import GRAPH
from stores.ports.crash import Crash, survive
from stores.ports.graph import GraphChange, GraphCounts
from stores.ports.page import Page
from stores.sqlite.database import marks
from stores.sqlite.inspected import member, only
from stores.sqlite.paging import page_of, up_to
from stores.sqlite.remembered import RememberedPairs
from stores.sqlite.view import SqliteView

_BELIEVED = f"NOT EXISTS (SELECT 1 FROM parked WHERE topic = '{GRAPH}' AND key = CAST(follower_id AS TEXT))"
"""An edge of a follower with parked events may have ended."""
_ADD_TO_COUNTS = """
INSERT INTO counts VALUES (?1, ?2, ?3)
ON CONFLICT DO UPDATE SET followers = followers + ?2, following = following + ?3"""


class SqliteGraph(SqliteView[GraphChange]):
    SCHEMA = """
    CREATE TABLE IF NOT EXISTS follows (
      follower_id INTEGER, followed_id INTEGER, at_id INTEGER NOT NULL, PRIMARY KEY (follower_id, followed_id)
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS follows_by_follower ON follows (follower_id, at_id);
    CREATE INDEX IF NOT EXISTS follows_by_followed ON follows (followed_id, at_id);
    CREATE TABLE IF NOT EXISTS counts (
      user_id INTEGER PRIMARY KEY, followers INTEGER NOT NULL, following INTEGER NOT NULL
    );
    """

    HELD = (
        (member("user"), "SELECT follower_id, followed_id FROM follows"),
        (member("user"), "SELECT followed_id, follower_id FROM follows"),
        (only("user"), "SELECT user_id FROM counts"),
    )

    def __init__(self, path: Path, crash: Crash = survive) -> None:
        super().__init__(path, crash)
        self._followed = RememberedPairs(self._load_followed, limit=200_000)
        self._followers = RememberedPairs(self._load_followers, limit=200_000)

    def _write(self, connection: sqlite3.Connection, changes: Sequence[GraphChange]) -> None:
        followers: Counter[int] = Counter()
        following: Counter[int] = Counter()
        for change in changes:
            if change.following:
                insert = "INSERT OR IGNORE INTO follows VALUES (?,?,?)"
                row = (change.follower_id, change.followed_id, change.at_id)
                grown = connection.execute(insert, row).rowcount
            else:
                delete = "DELETE FROM follows WHERE follower_id = ? AND followed_id = ?"
                grown = -connection.execute(delete, (change.follower_id, change.followed_id)).rowcount
            followers[change.followed_id] += grown
            following[change.follower_id] += grown
        touched = followers.keys() | following.keys()
        connection.executemany(_ADD_TO_COUNTS, [(user, followers[user], following[user]) for user in touched])

    def _written(self, changes: Sequence[GraphChange]) -> None:
        self._followed.forget((change.follower_id, change.followed_id) for change in changes)
        self._followers.forget((change.followed_id, change.follower_id) for change in changes)

    def _parking_changed(self) -> None:
        self._followed.forget_all()
        self._followers.forget_all()

    async def following_among(self, user_id: int, others: Collection[int]) -> Collection[int]:
        return self._followed.among(user_id, others)

    async def followers_among(self, user_id: int, others: Collection[int]) -> Collection[int]:
        return self._followers.among(user_id, others)

    async def followers(self, user_id: int, before: int | None, limit: int) -> Page[int]:
        query = """SELECT follower_id, at_id FROM follows WHERE followed_id = ? AND at_id <= ?
                   ORDER BY at_id DESC LIMIT ?"""
        rows = self._reader.execute(query, (user_id, up_to(before), limit + 1)).fetchall()
        return page_of(rows, limit)

    async def following(self, user_id: int, before: int | None, limit: int) -> Page[int]:
        query = """SELECT followed_id, at_id FROM follows WHERE follower_id = ? AND at_id <= ?
                   ORDER BY at_id DESC LIMIT ?"""
        rows = self._reader.execute(query, (user_id, up_to(before), limit + 1)).fetchall()
        return page_of(rows, limit)

    async def following_count(self, user_id: int) -> int:
        counts = (await self.counts((user_id,))).get(user_id)
        return 0 if counts is None else counts.following

    async def counts(self, user_ids: Collection[int]) -> Mapping[int, GraphCounts]:
        query = f"SELECT user_id, followers, following FROM counts WHERE user_id IN ({marks(len(user_ids))})"
        rows = self._reader.execute(query, tuple(user_ids))
        return {user_id: GraphCounts(followers, following) for user_id, followers, following in rows}

    def _load_followed(self, user_id: int, others: Sequence[int]) -> Iterable[int]:
        query = f"""SELECT followed_id FROM follows WHERE follower_id = ? AND followed_id IN ({marks(len(others))})
                    AND {_BELIEVED}"""
        return (row[0] for row in self._reader.execute(query, (user_id, *others)))

    def _load_followers(self, user_id: int, others: Sequence[int]) -> Iterable[int]:
        query = f"""SELECT follower_id FROM follows WHERE followed_id = ? AND follower_id IN ({marks(len(others))})
                    AND {_BELIEVED}"""
        return (row[0] for row in self._reader.execute(query, (user_id, *others)))
