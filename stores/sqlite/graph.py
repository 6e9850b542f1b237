"""The graph in SQLite: a row per edge, and per user the sizes of both sets, written together."""

import sqlite3
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from stores.ports.crash import Crash, survive
from stores.ports.graph import GraphChange, GraphCounts
from stores.ports.page import Page
from stores.sqlite.database import marks
from stores.sqlite.paging import page_of, up_to
from stores.sqlite.remembered import Remembered
from stores.sqlite.view import SqliteView

Edge = tuple[int, int]
"""(follower, followed)"""

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

    def __init__(self, path: Path, crash: Crash = survive) -> None:
        super().__init__(path, crash)
        self._edges: Remembered[Edge, bool] = Remembered(self._load_edges, limit=100_000)

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
        self._edges.forget((change.follower_id, change.followed_id) for change in changes)

    async def following_among(self, user_id: int, others: Collection[int]) -> Collection[int]:
        edges = self._edges.get([(user_id, other) for other in others])
        return {followed for (_, followed), there in edges.items() if there}

    async def followers_among(self, user_id: int, others: Collection[int]) -> Collection[int]:
        edges = self._edges.get([(other, user_id) for other in others])
        return {follower for (follower, _), there in edges.items() if there}

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

    async def counts(self, user_ids: Collection[int]) -> Mapping[int, GraphCounts]:
        query = f"SELECT user_id, followers, following FROM counts WHERE user_id IN ({marks(len(user_ids))})"
        rows = self._reader.execute(query, tuple(user_ids))
        return {user_id: GraphCounts(followers, following) for user_id, followers, following in rows}

    def _load_edges(self, edges: list[Edge]) -> dict[Edge, bool]:
        """That there is none is remembered too."""
        query = f"""WITH asked (follower_id, followed_id) AS (VALUES {",".join(["(?,?)"] * len(edges))})
                    SELECT follower_id, followed_id FROM asked CROSS JOIN follows USING (follower_id, followed_id)"""
        numbers = [number for edge in edges for number in edge]
        found: dict[Edge, bool] = dict.fromkeys(self._reader.execute(query, numbers), True)
        return dict.fromkeys(edges, False) | found
