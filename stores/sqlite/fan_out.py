"""Fan-out in SQLite: posts into the feeds of an author's followers, and feeds back to their size.

Knows the tables of `feeds` and nothing of when it is called. A feed's row says how many entries it has at most: counting them for
every post would cost more than pushing it.
"""

import sqlite3
from collections.abc import Iterable

from events.ids import first_id_at, made_at_ms
from stores.ports.feeds import FeedPost

_PUSH = """
INSERT OR IGNORE INTO entries
SELECT f.reader_id, ?1, ?2 FROM following f INDEXED BY followers CROSS JOIN readers r ON r.reader_id = f.reader_id
WHERE f.author_id = ?2 AND r.floor_ms < ?3
  AND NOT EXISTS (SELECT 1 FROM people WHERE user_id = ?2 AND unpushed)"""
_GROW = """
UPDATE readers SET at_most = at_most + 1 WHERE floor_ms < ?2
  AND reader_id IN (SELECT reader_id FROM following INDEXED BY followers WHERE author_id = ?1)"""
_OVERFULL = """
SELECT r.reader_id FROM following f INDEXED BY followers CROSS JOIN readers r ON r.reader_id = f.reader_id
WHERE f.author_id = ? AND r.at_most > ?"""
_HIGHEST_BEYOND = "SELECT post_id FROM entries WHERE reader_id = ? ORDER BY post_id DESC LIMIT 1 OFFSET ?"
_CUT = "DELETE FROM entries WHERE reader_id = ? AND post_id < ?"
_RAISE_FLOOR = "UPDATE readers SET floor_ms = ?2, at_most = ?3 WHERE reader_id = ?1"
_COUNT = """
UPDATE readers SET at_most = (SELECT count(*) FROM entries WHERE reader_id = ?1) WHERE reader_id = ?1"""


def push(connection: sqlite3.Connection, post: FeedPost) -> None:
    """One statement for all followers who have a feed, in the order in which feeds are stored."""
    post_ms = made_at_ms(post.post_id)
    if connection.execute(_PUSH, (post.post_id, post.author_id, post_ms)).rowcount:
        connection.execute(_GROW, (post.author_id, post_ms))


def trim(connection: sqlite3.Connection, author_ids: Iterable[int], cap: int) -> None:
    """Cut the feeds that the authors' posts made too long.

    They may be an eighth longer than the cap, so that a full feed is not cut for every post. That also covers followers who left
    since: their feeds are cut when they grow again.
    """
    bound = cap + cap // 8
    overfull = {
        row[0] for author_id in author_ids for row in connection.execute(_OVERFULL, (author_id, bound))
    }
    for reader_id in sorted(overfull):
        _trim(connection, reader_id, cap)


def _trim(connection: sqlite3.Connection, reader_id: int, cap: int) -> None:
    """Everything of the millisecond that is cut goes: the feed is complete above its floor, and holds nothing else."""
    highest = connection.execute(_HIGHEST_BEYOND, (reader_id, cap)).fetchone()
    if highest is None:
        connection.execute(_COUNT, (reader_id,))
        return
    floor_ms = made_at_ms(highest[0])
    connection.execute(_CUT, (reader_id, first_id_at(floor_ms + 1)))
    connection.execute(_RAISE_FLOOR, (reader_id, floor_ms, cap))
