"""Feeds in SQLite: the edges, who has a feed, and the feeds' entries, each reader's side by side.

A page that touches neither the floor nor a recently followed author nor a celebrity is one statement here and nothing else; first
pages are remembered until the feed changes. How posts get into feeds is the business of `fan_out`.
"""

import asyncio
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import assert_never

from events.ids import EPOCH_MS, SEQUENCE_BITS, SHARD_BITS, made_at_ms
from stores.ports.crash import Crash, survive
from stores.ports.feeds import FeedFacts, FeedPost, FeedsChange, FeedSlice, ReaderSeen
from stores.ports.graph import FollowSet, GraphCounts
from stores.sqlite.database import marks
from stores.sqlite.fan_out import push, trim
from stores.sqlite.inspected import only
from stores.sqlite.paging import up_to
from stores.sqlite.remembered import Remembered
from stores.sqlite.view import SqliteView

CAP = 800
CELEBRITY_THRESHOLD = 100_000
_FIRST_PAGE_COUNT = 21
"""Entries of a first page of the usual size, and one more that tells whether there are others."""
_REMEMBERED_COUNT = 10_000
_FORGOTTEN_AT_ONCE = 50
"""Feeds dropped in one write, so that projecting is never held up for long."""
_CACHE_KIB = 32 * 1024
"""Fan-out touches a page per reader; with SQLite's 2 MiB most would be read again for every post."""

_FLOOR, _ENTRY, _MERGED = range(3)
_SLICE = f"""
SELECT {_FLOOR}, floor_ms FROM readers WHERE reader_id = ?1
UNION ALL
SELECT {_ENTRY}, post_id FROM (
  SELECT post_id FROM entries WHERE reader_id = ?1 AND post_id <= ?2 ORDER BY post_id DESC LIMIT ?3)
UNION ALL
SELECT {_MERGED}, author_id FROM following WHERE reader_id = ?1 AND since_ms >= coalesce(
  (SELECT (post_id >> {SHARD_BITS + SEQUENCE_BITS}) + {EPOCH_MS} FROM entries
   WHERE reader_id = ?1 AND post_id <= ?2 ORDER BY post_id DESC LIMIT 1 OFFSET ?3 - 1),
  (SELECT floor_ms + 1 FROM readers WHERE reader_id = ?1))
UNION ALL
SELECT {_MERGED}, author_id FROM people INDEXED BY ever_unpushed
CROSS JOIN following ON reader_id = ?1 AND author_id = user_id
WHERE ever_unpushed AND EXISTS (SELECT 1 FROM readers WHERE reader_id = ?1)"""
"""?1 reader, ?2 the greatest id, ?3 limit. One statement, so that all of it is of one moment.

Merged are those followed so late that a post of theirs, not younger than the page's last entry (or the floor, when the page is
not full), may not have been pushed, and those who were celebrities.
"""

_FACTS = """
SELECT
  (SELECT since_ms FROM following WHERE reader_id = ?1 AND author_id = ?3),
  (SELECT floor_ms FROM readers WHERE reader_id = ?1),
  EXISTS (SELECT 1 FROM entries WHERE reader_id = ?1 AND post_id = ?2),
  EXISTS (SELECT 1 FROM people WHERE user_id = ?3 AND unpushed),
  EXISTS (SELECT 1 FROM people WHERE user_id = ?3 AND ever_unpushed)"""

_FOLLOWED = """
INSERT INTO people VALUES (?1, 1, 0, 0, 0) ON CONFLICT DO UPDATE SET followers = followers + 1 RETURNING followers"""
_PUSH_NO_LONGER = "UPDATE people SET unpushed = 1, ever_unpushed = 1 WHERE user_id = ? AND NOT unpushed"
_FOLLOWING = (
    "INSERT INTO people VALUES (?1, 0, ?2, 0, 0) ON CONFLICT DO UPDATE SET following = following + ?2"
)
_UNFOLLOWED = """
UPDATE people SET followers = followers - 1, unpushed = unpushed AND followers - 1 > ?2 / 2 WHERE user_id = ?1"""
_PUSHED_TO = """
SELECT reader_id FROM following INDEXED BY followers WHERE author_id = ?1
AND NOT EXISTS (SELECT 1 FROM people WHERE user_id = ?1 AND unpushed)"""
_SEEN = """
INSERT INTO readers VALUES (?1, ?2, ?3, 0) ON CONFLICT DO UPDATE SET seen_at_ms = max(seen_at_ms, ?3)"""


class SqliteFeeds(SqliteView[FeedsChange]):
    """`filling` is set by the schema of an empty file and cleared by `filled`."""

    SCHEMA = """
    CREATE TABLE IF NOT EXISTS following (
      reader_id INTEGER, author_id INTEGER, since_ms INTEGER NOT NULL, PRIMARY KEY (reader_id, author_id)
    ) WITHOUT ROWID;
    CREATE UNIQUE INDEX IF NOT EXISTS followers ON following (author_id, reader_id);
    CREATE INDEX IF NOT EXISTS following_since ON following (reader_id, since_ms);
    CREATE TABLE IF NOT EXISTS readers (
      reader_id INTEGER PRIMARY KEY, floor_ms INTEGER NOT NULL, seen_at_ms INTEGER NOT NULL,
      at_most INTEGER NOT NULL  -- no more entries than this
    );
    CREATE TABLE IF NOT EXISTS entries (
      reader_id INTEGER, post_id INTEGER, author_id INTEGER NOT NULL, PRIMARY KEY (reader_id, post_id)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS people (
      user_id INTEGER PRIMARY KEY, followers INTEGER NOT NULL, following INTEGER NOT NULL,
      unpushed INTEGER NOT NULL, ever_unpushed INTEGER NOT NULL
    );
    CREATE INDEX IF NOT EXISTS ever_unpushed ON people (user_id) WHERE ever_unpushed;
    CREATE TABLE IF NOT EXISTS state (
      only INTEGER PRIMARY KEY CHECK (only = 1), high_ms INTEGER NOT NULL, filling INTEGER NOT NULL
    );
    INSERT OR IGNORE INTO state VALUES (1, 0, 1);
    """

    HELD = (
        (only("user"), "SELECT user_id FROM people"),
        (only("user"), "SELECT reader_id FROM readers"),
        (only("user"), "SELECT DISTINCT reader_id FROM following"),
        (only("user"), "SELECT DISTINCT author_id FROM following"),
    )

    def __init__(
        self,
        path: Path,
        crash: Crash = survive,
        cap: int = CAP,
        celebrity_threshold: int = CELEBRITY_THRESHOLD,
    ) -> None:
        super().__init__(path, crash)
        self._cap = cap
        self._celebrity_threshold = celebrity_threshold
        self._believed = False
        self._first_pages = Remembered(self._load_first_pages, _REMEMBERED_COUNT)
        self._has_new_celebrity = False
        self._database.writer.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")

    def _write(self, connection: sqlite3.Connection, changes: Sequence[FeedsChange]) -> None:
        self._has_new_celebrity = False
        high_ms = connection.execute("SELECT high_ms FROM state").fetchone()[0]
        for change in changes:
            match change:
                case FeedPost():
                    push(connection, change)
                    high_ms = max(high_ms, made_at_ms(change.post_id))
                case FollowSet(following=True):
                    self._follow(connection, change, high_ms)
                case FollowSet():
                    self._unfollow(connection, change)
                case ReaderSeen():
                    connection.execute(_SEEN, (change.user_id, high_ms, change.seen_at_ms))
                case _:
                    assert_never(change)
        trim(connection, {change.author_id for change in changes if isinstance(change, FeedPost)}, self._cap)
        connection.execute("UPDATE state SET high_ms = ?1 WHERE high_ms < ?1", (high_ms,))

    def _follow(self, connection: sqlite3.Connection, edge: FollowSet, high_ms: int) -> None:
        row = (edge.follower_id, edge.followed_id, high_ms)
        if connection.execute("INSERT OR IGNORE INTO following VALUES (?,?,?)", row).rowcount:
            followers_count = connection.execute(_FOLLOWED, (edge.followed_id,)).fetchone()[0]
            if followers_count > self._celebrity_threshold:
                risen_count = connection.execute(_PUSH_NO_LONGER, (edge.followed_id,)).rowcount
                self._has_new_celebrity |= risen_count > 0
            connection.execute(_FOLLOWING, (edge.follower_id, 1))

    def _unfollow(self, connection: sqlite3.Connection, edge: FollowSet) -> None:
        """The author's entries go at once, so that reading a feed need not ask who is followed."""
        pair = (edge.follower_id, edge.followed_id)
        if connection.execute("DELETE FROM following WHERE reader_id = ? AND author_id = ?", pair).rowcount:
            connection.execute("DELETE FROM entries WHERE reader_id = ? AND author_id = ?", pair)
            connection.execute(_UNFOLLOWED, (edge.followed_id, self._celebrity_threshold))
            connection.execute(_FOLLOWING, (edge.follower_id, -1))

    def _written(self, changes: Sequence[FeedsChange]) -> None:
        if self._has_new_celebrity:  # from now on merged by everybody who follows them
            self._first_pages.forget_all()
        else:
            self._first_pages.forget(self._changed_feeds(changes))

    def _changed_feeds(self, changes: Sequence[FeedsChange]) -> Iterator[int]:
        for change in changes:
            match change:
                case FeedPost():
                    yield from self._pushed_to(change.author_id)
                case FollowSet():
                    yield change.follower_id
                case ReaderSeen():
                    yield change.user_id
                case _:
                    assert_never(change)

    def _pushed_to(self, author_id: int) -> list[int]:
        with self._database.committed() as connection:
            return [row[0] for row in connection.execute(_PUSHED_TO, (author_id,))]

    async def believed(self) -> bool:
        if not self._believed:
            self._believed = not self._reader.execute("SELECT filling FROM state").fetchone()[0]
        return self._believed

    async def slice(self, reader_id: int, before: int | None, limit: int) -> FeedSlice:
        if before is None and limit == _FIRST_PAGE_COUNT:
            return self._first_pages.get((reader_id,))[reader_id]
        return self._slice(reader_id, up_to(before), limit)

    def _load_first_pages(self, reader_ids: list[int]) -> dict[int, FeedSlice]:
        return {reader_id: self._slice(reader_id, up_to(None), _FIRST_PAGE_COUNT) for reader_id in reader_ids}

    def _slice(self, reader_id: int, last: int, limit: int) -> FeedSlice:
        floor_ms = None
        entries = []
        merged = set()
        for kind, value in self._reader.execute(_SLICE, (reader_id, last, limit)):
            if kind == _ENTRY:
                entries.append(value)
            elif kind == _MERGED:
                merged.add(value)
            else:
                floor_ms = value
        return FeedSlice(tuple(entries), floor_ms, tuple(merged))

    async def following(self, reader_id: int) -> Collection[int]:
        query = "SELECT author_id FROM following WHERE reader_id = ?"
        return [row[0] for row in self._reader.execute(query, (reader_id,))]

    async def counts(self, user_ids: Collection[int]) -> Mapping[int, GraphCounts]:
        query = f"SELECT user_id, followers, following FROM people WHERE user_id IN ({marks(len(user_ids))})"
        rows = self._reader.execute(query, tuple(user_ids))
        return {user_id: GraphCounts(followers, following) for user_id, followers, following in rows}

    async def facts(self, reader_id: int, post_id: int, author_id: int) -> FeedFacts:
        row = self._reader.execute(_FACTS, (reader_id, post_id, author_id)).fetchone()
        since_ms, floor_ms, pushed, unpushed, ever_unpushed = row
        return FeedFacts(since_ms, floor_ms, bool(pushed), bool(unpushed), bool(ever_unpushed))

    async def forget_idle(self, seen_before_ms: int) -> int:
        forgotten = 0
        while dropped := await asyncio.to_thread(self._forget_some, seen_before_ms):
            forgotten += dropped
        return forgotten

    def _forget_some(self, seen_before_ms: int) -> int:
        query = "SELECT reader_id FROM readers WHERE seen_at_ms < ? LIMIT ?"
        with self._database.transaction() as connection:
            idle = connection.execute(query, (seen_before_ms, _FORGOTTEN_AT_ONCE)).fetchall()
            connection.executemany("DELETE FROM entries WHERE reader_id = ?", idle)
            connection.executemany("DELETE FROM readers WHERE reader_id = ?", idle)
        self._first_pages.forget(row[0] for row in idle)
        return len(idle)

    async def filled(self) -> None:
        with self._database.transaction() as connection:
            connection.execute("UPDATE state SET filling = 0")
