"""Differences planted in rows and lists of Cassandra and in keys of Redis, and what verifying must say of each."""

import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from struct import Struct
from typing import Any, cast
from zlib import crc32

from cassandra.cluster import Session
from redis.asyncio import Redis

from replay.differences import How
from stores.ports.log import Entry, LogReader, Partition
from stores.redis.batches import partition_name
from tests.distributed.cassandra import delete_rows

_FENCE = Struct(">QQ")
_ADVANCE = """INSERT INTO positions (projection, generation, topic, partition, offset, event_id)
              VALUES (%s, 1, %s, %s, %s, %s)"""


@dataclass(frozen=True)
class Rows:
    """`found` gives one row; `change` is made with its columns. Tables are those of the first generation."""

    name: str
    projection: str
    found: str
    change: str
    kind: str
    way: str
    how: How


IN_CASSANDRA = (
    Rows(
        "a like is not listed", "likes", "SELECT post_id, bucket, at_id FROM likers_1",
        "DELETE FROM likers_1 WHERE post_id = %s AND bucket = %s AND at_id = %s", "post", "likers", "missing",
    ),
    Rows(
        "a like is listed too many", "likes", "SELECT post_id, bucket FROM likers_1",
        "INSERT INTO likers_1 (post_id, bucket, at_id, user_id) VALUES (%s, %s, 5, 777777)", "post", "likers", "too many",
    ),
    Rows(
        "an unknown post is liked", "likes", "SELECT bucket FROM likers_1",
        "INSERT INTO likers_1 (post_id, bucket, at_id, user_id) VALUES (777777, %s, 5, 11)", "post", "likers", "too many",
    ),
    Rows(
        "a user likes it not", "likes", "SELECT user_id, post_id FROM likes_by_user_1",
        "DELETE FROM likes_by_user_1 WHERE user_id = %s AND post_id = %s", "user", "likes", "missing",
    ),
    Rows(
        "a user likes too many", "likes", "SELECT user_id FROM likes_by_user_1",
        "INSERT INTO likes_by_user_1 (user_id, post_id) VALUES (%s, 777777)", "user", "likes", "too many",
    ),
    Rows(
        "a count that is stale", "likes", "SELECT post_id, bucket FROM likes_1 WHERE user_id = 0 ALLOW FILTERING",
        "UPDATE likes_1 SET count = 77 WHERE post_id = %s AND bucket = %s AND user_id = 0", "post", "counted", "stale count",
    ),
    Rows(
        "a comment is missing", "comments",
        "SELECT post_id, bucket, comment_id FROM comments_1 WHERE gone = false ALLOW FILTERING",
        "DELETE FROM comments_1 WHERE post_id = %s AND bucket = %s AND comment_id = %s", "post", "comments", "missing",
    ),
    Rows(
        "a comment says something else", "comments",
        "SELECT post_id, bucket, comment_id FROM comments_1 WHERE gone = false ALLOW FILTERING",
        "UPDATE comments_1 SET text = 'x' WHERE post_id = %s AND bucket = %s AND comment_id = %s",
        "post", "comments.text", "other value",
    ),
    Rows(
        "a save is not listed", "saves", "SELECT user_id, at_id FROM saves_latest_1",
        "DELETE FROM saves_latest_1 WHERE user_id = %s AND at_id = %s", "user", "saves", "missing",
    ),
    Rows(
        "saves in a wrong order", "saves", "SELECT user_id, post_id FROM saves_latest_1",
        "INSERT INTO saves_latest_1 (user_id, at_id, post_id) VALUES (%s, 1, %s)", "user", "saves", "too many",
    ),
    Rows(
        "an unknown user has saved", "saves", "SELECT post_id FROM saves_1",
        "INSERT INTO saves_1 (user_id, post_id, at_id, saved, offset) VALUES (777777, %s, 5, true, 0)",
        "user", "saved", "too many",
    ),
    Rows(
        "a follower is missing", "graph", "SELECT followed_id, bucket, at_id FROM followers_latest_1",
        "DELETE FROM followers_latest_1 WHERE followed_id = %s AND bucket = %s AND at_id = %s", "user", "followers", "missing",
    ),
    Rows(
        "a follower is listed twice", "graph", "SELECT followed_id, bucket, follower_id FROM followers_latest_1",
        "INSERT INTO followers_latest_1 (followed_id, bucket, at_id, follower_id) VALUES (%s, %s, 5, %s)",
        "user", "followers", "too many",
    ),
    Rows(
        "a follow too many", "graph", "SELECT follower_id FROM follows_1",
        "INSERT INTO follows_1 (follower_id, followed_id, at_id, following, offset) VALUES (%s, 777777, 5, true, 1)",
        "user", "following_among", "too many",
    ),
    Rows(
        "an edge is lost", "graph",
        "SELECT follower_id, followed_id FROM follows_1 WHERE following = true ALLOW FILTERING",
        "DELETE FROM follows_1 WHERE follower_id = %s AND followed_id = %s", "user", "following_among", "missing",
    ),
    Rows(
        "a user lacks a name", "names", "SELECT user_id, digest FROM names_of_user_1",
        "DELETE FROM names_of_user_1 WHERE user_id = %s AND digest = %s", "user", "names", "missing",
    ),
    Rows(
        "a name is free", "names", "SELECT digest FROM names_1",
        "DELETE FROM names_1 WHERE digest = %s", "name", "holder", "missing",
    ),
    Rows(
        "another bio", "accounts", "SELECT user_id FROM accounts_1",
        "UPDATE accounts_1 SET bio = 'x' WHERE user_id = %s", "user", "profile.bio", "other value",
    ),
    Rows(
        "nobody is found by the name", "accounts", "SELECT username, user_id FROM usernames_1",
        "DELETE FROM usernames_1 WHERE username = %s AND user_id = %s", "username", "user_id", "other value",
    ),
    Rows(
        "a tag lacks a post", "timelines", "SELECT tag, period, post_id FROM tags_1",
        "DELETE FROM tags_1 WHERE tag = %s AND period = %s AND post_id = %s", "tag", "posts", "missing",
    ),
    Rows(
        "a post is not listed", "timelines",
        "SELECT author_id, post_id FROM timelines_1 WHERE state = 'listed' ALLOW FILTERING",
        "DELETE FROM timelines_1 WHERE author_id = %s AND state = 'listed' AND post_id = %s", "author", "listed", "missing",
    ),
    Rows(
        "a count of posts that is stale", "timelines",
        "SELECT author_id FROM timelines_1 WHERE state = 'count' ALLOW FILTERING",
        "UPDATE timelines_1 SET count = 77 WHERE author_id = %s AND state = 'count' AND post_id = 0",
        "author", "count", "stale count",
    ),
    Rows(
        "a media is not attached", "media", "SELECT attached_id, media_id FROM media_attached_1 "
        "WHERE attached_kind = 'post' ALLOW FILTERING",
        "DELETE FROM media_attached_1 WHERE attached_kind = 'post' AND attached_id = %s AND media_id = %s",
        "post", "attached", "missing",
    ),
    Rows(
        "a media is gone", "media", "SELECT media_id FROM media_1 WHERE gone = false ALLOW FILTERING",
        "UPDATE media_1 SET gone = true WHERE media_id = %s", "media", "media", "missing",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Listed:
    """A list in a table of the first generation. Its order is told by the last column of its key: two rows change their members."""

    projection: str
    table: str
    key: tuple[str, ...]
    member: str
    kind: str
    way: str


IN_LISTS = (
    Listed("likes", "likers_1", ("post_id", "bucket", "at_id"), "user_id", "post", "likers"),
    Listed("saves", "saves_latest_1", ("user_id", "at_id"), "post_id", "user", "saves"),
    Listed("graph", "follows_latest_1", ("follower_id", "at_id"), "followed_id", "user", "following"),
    Listed("graph", "followers_latest_1", ("followed_id", "bucket", "at_id"), "follower_id", "user", "followers"),
)  # fmt: skip
"""Every list that is kept in an order of its own. Others stand in the order of the ids that they hold, which cannot be wrong."""


def swap(session: Session, listed: Listed) -> int:
    """The first and the last of some list change places; returns whose list it is. They may lie in different buckets."""
    rows = session.execute(f"SELECT {', '.join(listed.key)}, {listed.member} FROM {listed.table}").all()
    lists = defaultdict(list)
    for row in rows:
        lists[row[0]].append(tuple(row))
    owner = min(owner for owner, found in lists.items() if len(found) > 1)
    first, *_, last = sorted(lists[owner], key=lambda row: row[-2])
    where = " AND ".join(f"{column} = %s" for column in listed.key)
    change = f"UPDATE {listed.table} SET {listed.member} = %s WHERE {where}"
    for row, other in ((first, last), (last, first)):
        session.execute(change, (other[-1], *row[:-1]))
    return int(owner)


def lose(session: Session, table: str) -> int:
    """All rows at once; returns of how many partitions."""
    return delete_rows(session, table, time.time_ns() // 1000)


async def last_of(log: LogReader, topics: Collection[str]) -> Mapping[Partition, Entry]:
    """The last event of each partition that has any."""
    ends = await log.ends(topics)
    return {at: (await log.read(at, end, 1))[0] for at, end in ends.items() if end >= 0}


def advance(session: Session, projection: str, to: Mapping[Partition, Entry]) -> None:
    """The rows say that the first generation has everything up to these."""
    for (topic, number), last in to.items():
        session.execute(_ADVANCE, (projection, topic, number, last.offset, last.record.id))


async def run_ahead(redis: Redis, buckets: Collection[bytes], to: Mapping[Partition, Entry]) -> None:
    """The fences of these buckets say that they have everything up to these."""
    for bucket in buckets:
        fences = {partition_name(at): _FENCE.pack(last.offset, last.record.id) for at, last in to.items()}
        await cast(Any, redis.hset(cast(Any, bucket + b":fence"), mapping=cast(Any, fences)))


@dataclass(frozen=True)
class Keys:
    """`change` is given a key that matches, and one of its members."""

    name: str
    projection: str
    key: bytes
    change: Callable[[Redis, bytes, bytes], Awaitable[object]]
    kind: str
    way: str
    how: How


BUCKETS_COUNT = 2
_UNKNOWN = (777_777).to_bytes(8)


async def _remove(redis: Redis, key: bytes, member: bytes) -> object:
    return await redis.zrem(key, member)


async def _leave(redis: Redis, key: bytes, member: bytes) -> object:
    return await redis.srem(key, member)


async def _add_unknown(redis: Redis, key: bytes, member: bytes) -> object:
    return await redis.zadd(key, {member[:-8] + _UNKNOWN: 0})


async def _like(redis: Redis, key: bytes, member: bytes) -> object:
    """The oldest post of some term that has others gets likes that nobody gave."""
    terms = [term async for term in redis.scan_iter(match=b"*:date:*") if await redis.zcard(term) > 1]
    term = min(terms)
    post = cast(bytes, (await redis.zrange(term, 0, 0))[0])
    likes = term.partition(b"}")[0] + b"}:likes:" + post
    return await cast(Any, redis.sadd(likes, *(number.to_bytes(8) for number in range(1, 300))))


async def _count_up(redis: Redis, key: bytes, member: bytes) -> object:
    return await redis.hincrby(key, member.decode(), 1)


async def _follow_unknown(redis: Redis, key: bytes, member: bytes) -> object:
    """In the bucket where they would live."""
    bucket = b"{f1.%d}" % (crc32(_UNKNOWN) % BUCKETS_COUNT)
    return await redis.zadd(bucket + b":following:" + _UNKNOWN, {member: 0})


IN_REDIS = (
    Keys("a feed lacks a post", "feeds", b"*:feed:*", _remove, "user", "served", "missing"),
    Keys("a follower is missing", "feeds", b"*:followers:*", _leave, "user", "counts", "stale count"),
    Keys("an edge is missing", "feeds", b"*:following:*", _remove, "user", "following", "missing"),
    Keys("an edge too many", "feeds", b"*:following:*", _add_unknown, "user", "following", "too many"),
    Keys("an edge of an unknown user", "feeds", b"*:following:*", _follow_unknown, "user", "following", "too many"),
    Keys("a term lacks a post", "search", b"*:date:*", _remove, "term", "date", "missing"),
    Keys("a term has a post too many", "search", b"*:date:*", _add_unknown, "term", "date", "too many"),
    Keys("a post has likes too many", "search", b"*:date:*", _like, "term", "likes", "wrong order"),
    Keys("a word of a user is missing", "search", b"*:words", _remove, "word", "users", "missing"),
    Keys("a tag is counted too often", "search", b"*:tag_counts", _count_up, "tag", "count", "stale count"),
)  # fmt: skip
