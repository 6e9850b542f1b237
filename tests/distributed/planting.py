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
from stores.cassandra.buckets import bucket_of
from stores.ports.log import Entry, LogReader, Partition
from stores.redis.batches import partition_name
from tests.distributed.cassandra import delete_rows

_FENCE = Struct(">QQ")
_ADVANCE = """INSERT INTO positions (projection, generation, topic, partition, offset, event_id)
              VALUES (%s, 1, %s, %s, %s, %s)"""


@dataclass(frozen=True)
class Rows:
    """`found` gives one row; `change` is made with its columns. Tables are those of the first generation.

    Found must be: this kind of entity, this way of saying its value, and how it differs.
    """

    name: str
    projection: str
    found: str
    change: str
    kind: str
    way: str
    how: How
    whose: str = "{0}"
    """The entity's key, or the word that it stands for, in which numbers are columns of the row."""
    is_made_by_events: bool = True
    """False for what no event has to do with, such as 777777."""


IN_CASSANDRA = (
    Rows(
        "a like is not listed", "likes", "SELECT post_id, bucket, at_id FROM likers_1",
        "DELETE FROM likers_1 WHERE post_id = %s AND bucket = %s AND at_id = %s", "post", "likers", "missing",
    ),
    Rows(
        "a like is listed too many", "likes", "SELECT post_id, bucket FROM likers_1",
        "INSERT INTO likers_1 (post_id, bucket, at_id, user_id) VALUES (%s, %s, 5, 777777)", "post", "likers", "too many",
        is_made_by_events=False,
    ),
    Rows(
        "an unknown post is liked", "likes", "SELECT bucket FROM likers_1",
        "INSERT INTO likers_1 (post_id, bucket, at_id, user_id) VALUES (777777, %s, 5, 11)", "post", "likers", "too many",
        "777777", False,
    ),
    Rows(
        "a user likes it not", "likes", "SELECT user_id, post_id FROM likes_by_user_1",
        "DELETE FROM likes_by_user_1 WHERE user_id = %s AND post_id = %s", "user", "likes", "missing",
    ),
    Rows(
        "a user likes too many", "likes", "SELECT user_id FROM likes_by_user_1",
        "INSERT INTO likes_by_user_1 (user_id, post_id) VALUES (%s, 777777)", "user", "likes", "too many",
        is_made_by_events=False,
    ),
    Rows(
        "a count that is stale", "likes", "SELECT post_id, bucket FROM likes_1 WHERE user_id = 0 ALLOW FILTERING",
        "UPDATE likes_1 SET count = 77 WHERE post_id = %s AND bucket = %s AND user_id = 0", "post", "counted", "stale count",
    ),
    Rows(
        "a count without its fence", "likes", "SELECT post_id, bucket FROM likes_1 WHERE user_id = 0 ALLOW FILTERING",
        "DELETE fence FROM likes_1 WHERE post_id = %s AND bucket = %s AND user_id = 0", "post", "all", "cannot be read",
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
        "a comment lost its text", "comments",
        "SELECT post_id, bucket, comment_id FROM comments_1 WHERE gone = false ALLOW FILTERING",
        "DELETE text FROM comments_1 WHERE post_id = %s AND bucket = %s AND comment_id = %s", "post", "all", "cannot be read",
    ),
    Rows(
        "a comment too many", "comments", "SELECT post_id FROM comments_1",
        "INSERT INTO comments_1 (post_id, bucket, comment_id, commenter_id, text, created_at_ms, gone) "
        f"VALUES (%s, {bucket_of(777_777)}, 777777, 11, 'x', 5, false)",
        "post", "comments", "too many", is_made_by_events=False,
    ),
    Rows(
        "an unknown post is commented on", "comments", "SELECT commenter_id FROM comments_1 WHERE gone = false ALLOW FILTERING",
        "INSERT INTO comments_1 (post_id, bucket, comment_id, commenter_id, text, created_at_ms, gone) "
        f"VALUES (777777, {bucket_of(888_888)}, 888888, %s, 'x', 5, false)",
        "post", "comments", "too many", "777777", False,
    ),
    Rows(
        "a count of comments that is stale", "comments",
        "SELECT post_id, bucket FROM comments_1 WHERE comment_id = 0 ALLOW FILTERING",
        "UPDATE comments_1 SET count = 77 WHERE post_id = %s AND bucket = %s AND comment_id = 0",
        "post", "counted", "stale count",
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
        "a save too many", "saves", "SELECT user_id FROM saves_1",
        "INSERT INTO saves_1 (user_id, post_id, at_id, saved, offset) VALUES (%s, 777777, 5, true, 0)",
        "user", "saved", "too many", is_made_by_events=False,
    ),
    Rows(
        "an unknown user has saved", "saves", "SELECT post_id FROM saves_1",
        "INSERT INTO saves_1 (user_id, post_id, at_id, saved, offset) VALUES (777777, %s, 5, true, 0)",
        "user", "saved", "too many", "777777", False,
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
        "user", "following_among", "too many", is_made_by_events=False,
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
        "a name too many", "names", "SELECT user_id FROM names_of_user_1",
        "INSERT INTO names_1 (digest, offset, kind, user_id, claim_id, since_ms) "
        f"VALUES ('{'0' * 64}', 0, 'email', %s, 5, 5)",
        "name", "holder", "too many", "0" * 64, False,
    ),
    Rows(
        "another bio", "accounts", "SELECT user_id FROM accounts_1",
        "UPDATE accounts_1 SET bio = 'x' WHERE user_id = %s", "user", "profile.bio", "other value",
    ),
    Rows(
        "an account too many", "accounts", "SELECT email FROM accounts_1",
        "INSERT INTO accounts_1 (user_id, offset, username, email, display_name, bio, location, created_at_ms, seen_at_ms) "
        "VALUES (777777, 0, 'zed', %s, '', '', '', 5, 5)",
        "user", "profile", "too many", "777777", False,
    ),
    Rows(
        "nobody is found by the name", "accounts", "SELECT username, user_id FROM usernames_1",
        "DELETE FROM usernames_1 WHERE username = %s AND user_id = %s", "username", "user_id", "other value",
    ),
    Rows(
        "somebody else is found by the name", "accounts",
        "SELECT username FROM usernames_1 WHERE user_id > 11 ALLOW FILTERING",  # of two, the least is found
        "INSERT INTO usernames_1 (username, user_id) VALUES (%s, 11)", "username", "user_id", "other value",
    ),
    Rows(
        "a tag lacks a post", "timelines", "SELECT tag, period, post_id FROM tags_1",
        "DELETE FROM tags_1 WHERE tag = %s AND period = %s AND post_id = %s", "tag", "posts", "missing",
    ),
    Rows(
        "a tag has a post too many", "timelines", "SELECT tag, period FROM tags_1",
        "INSERT INTO tags_1 (tag, period, post_id) VALUES (%s, %s, 777777)", "tag", "posts", "too many",
        is_made_by_events=False,
    ),
    Rows(
        "a post is gone", "timelines", "SELECT author_id, post_id FROM posts_1 WHERE gone = false ALLOW FILTERING",
        "UPDATE posts_1 SET gone = true, author_id = %s WHERE post_id = %s", "author", "posts", "missing",
    ),
    Rows(
        "another caption", "timelines", "SELECT author_id, post_id FROM posts_1 WHERE gone = false ALLOW FILTERING",
        "UPDATE posts_1 SET caption = 'x', author_id = %s WHERE post_id = %s", "author", "posts.caption", "other value",
    ),
    Rows(
        "a post is not listed", "timelines",
        "SELECT author_id, post_id FROM timelines_1 WHERE state = 'listed' ALLOW FILTERING",
        "DELETE FROM timelines_1 WHERE author_id = %s AND state = 'listed' AND post_id = %s", "author", "listed", "missing",
    ),
    Rows(
        "a post is listed too many", "timelines", "SELECT author_id FROM timelines_1",
        "INSERT INTO timelines_1 (author_id, state, post_id) VALUES (%s, 'listed', 777777)",
        "author", "listed", "too many", is_made_by_events=False,
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
    Rows(
        "a media too many", "media", "SELECT owner_id FROM media_1 WHERE gone = false ALLOW FILTERING",
        "INSERT INTO media_1 (media_id, offset, gone, owner_id, object_key, content_type, size_bytes, sha256, filter, alt_text, "
        "status, renditions, declared_at_ms) "
        "VALUES (777777, 0, false, %s, 'x', 'image/jpeg', 5, 'x', 'none', '', 'pending', '[]', 5)",
        "media", "media", "too many", "777777", False,
    ),
    # A row too many in `media_attached` is not shown: the media has to say the same.
    Rows(
        "a media is attached to something else", "media",
        "SELECT media_id FROM media_1 WHERE attached_kind = 'post' ALLOW FILTERING",
        "UPDATE media_1 SET attached_id = 777777 WHERE media_id = %s", "media", "media.attached", "other value",
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
    """`change` is given a key that matches, and one of its members. `whose` says of these which entity is found: its key, or the
    word that this stands for.
    """

    name: str
    projection: str
    key: bytes
    change: Callable[[Redis, bytes, bytes], Awaitable[object]]
    whose: Callable[[bytes, bytes], str]
    kind: str
    way: str
    how: How
    is_made_by_events: bool = True


BUCKETS_COUNT = 2
_UNKNOWN = (777_777).to_bytes(8)
_UNHEARD = b"unheard"


async def _remove(redis: Redis, key: bytes, member: bytes) -> object:
    return await redis.zrem(key, member)


async def _leave(redis: Redis, key: bytes, member: bytes) -> object:
    return await redis.srem(key, member)


async def _join_unknown(redis: Redis, key: bytes, member: bytes) -> object:
    return await redis.sadd(key, _UNKNOWN)


async def _add_unknown(redis: Redis, key: bytes, member: bytes) -> object:
    return await redis.zadd(key, {member[:-8] + _UNKNOWN: 0})


async def _post_unknown(redis: Redis, key: bytes, member: bytes) -> object:
    return await redis.zadd(key, {_UNKNOWN + member[8:]: 0})


async def _post_of_another(redis: Redis, key: bytes, member: bytes) -> object:
    """From the feed of somebody who follows others."""
    other = max([feed async for feed in redis.scan_iter(match=b"*:feed:*")])
    return await redis.zadd(key, dict(cast(Any, await redis.zrange(other, -1, -1, withscores=True))))


async def _add_what_is_no_entry(redis: Redis, key: bytes, member: bytes) -> object:
    return await redis.zadd(key, {member[1:]: 0})


async def _move_to_the_end(redis: Redis, key: bytes, member: bytes) -> object:
    return await redis.zadd(key, {member: 1})


async def _add_unheard_term(redis: Redis, key: bytes, member: bytes) -> object:
    return await redis.zadd(key.replace(b"harbor", _UNHEARD), {member: 0})


async def _add_unheard_word(redis: Redis, key: bytes, member: bytes) -> object:
    return await redis.zadd(key, {_UNHEARD + b"\0" + member[-8:]: 0})


async def _add_another_user(redis: Redis, key: bytes, member: bytes) -> object:
    """Who is found by other words."""
    words = cast(list[bytes], await redis.zrange(key, 0, -1))
    another = next(word[-8:] for word in words if word[-8:] != member[-8:])
    return await redis.zadd(key, {member[:-8] + another: 0})


async def _count_unheard_tag(redis: Redis, key: bytes, member: bytes) -> object:
    await redis.zadd(key, {_UNHEARD: 0})
    return await cast(
        Any, redis.hset(cast(Any, key.replace(b":tags", b":tag_counts")), _UNHEARD.decode(), "5")
    )


async def _like(redis: Redis, key: bytes, member: bytes) -> object:
    """The oldest post gets likes that nobody gave."""
    (post,) = cast(list[bytes], await redis.zrange(key, 0, 0))
    likes = key.partition(b"}")[0] + b"}:likes:" + post
    return await cast(Any, redis.sadd(likes, *(number.to_bytes(8) for number in range(1, 300))))


async def _count_up(redis: Redis, key: bytes, member: bytes) -> object:
    return await redis.hincrby(key, member.decode(), 1)


async def _follow_unknown(redis: Redis, key: bytes, member: bytes) -> object:
    """In the bucket where they would live."""
    bucket = b"{f1.%d}" % (crc32(_UNKNOWN) % BUCKETS_COUNT)
    return await redis.zadd(bucket + b":following:" + _UNKNOWN, {member: 0})


def _user(key: bytes, member: bytes) -> str:
    return str(int.from_bytes(key[-8:]))


def _unknown(key: bytes, member: bytes) -> str:
    return str(int.from_bytes(_UNKNOWN))


def _term(key: bytes, member: bytes) -> str:
    return key.rpartition(b":")[2].decode()


def _tag(key: bytes, member: bytes) -> str:
    return member.decode()


def _word(key: bytes, member: bytes) -> str:
    return member[: -len(b"\0" + _UNKNOWN)].decode()


def _unheard(key: bytes, member: bytes) -> str:
    return _UNHEARD.decode()


IN_REDIS = (
    Keys("a feed lacks a post", "feeds", b"*:feed:*", _remove, _user, "user", "served", "missing"),
    Keys("a post is in a feed twice", "feeds", b"*:feed:*", _add_unknown, _user, "user", "served", "too many"),
    Keys("a post that nobody made is in a feed", "feeds", b"*:feed:*", _post_unknown, _user, "user", "served", "too many"),
    Keys("a post of somebody else is in a feed", "feeds", b"*:feed:*", _post_of_another, _user, "user", "served", "too many"),
    Keys("a feed in a wrong order", "feeds", b"*:feed:*", _move_to_the_end, _user, "user", "served", "wrong order"),
    Keys("what is no entry is in a feed", "feeds", b"*:feed:*", _add_what_is_no_entry, _user, "user", "all", "cannot be read"),
    Keys("a follower is missing", "feeds", b"*:followers:*", _leave, _user, "user", "counts", "stale count"),
    Keys("a follower too many", "feeds", b"*:followers:*", _join_unknown, _user, "user", "counts", "stale count"),
    Keys("an edge is missing", "feeds", b"*:following:*", _remove, _user, "user", "following", "missing"),
    Keys("an edge too many", "feeds", b"*:following:*", _add_unknown, _user, "user", "following", "too many"),
    Keys("an unknown user's edge", "feeds", b"*:following:*", _follow_unknown, _unknown, "user", "following", "too many", False),
    Keys("a term lacks a post", "search", b"*:date:*", _remove, _term, "term", "date", "missing"),
    Keys("a term has a post too many", "search", b"*:date:*", _add_unknown, _term, "term", "date", "too many", False),
    Keys("an unknown term", "search", b"*:date:harbor", _add_unheard_term, _unheard, "term", "date", "too many", False),
    Keys("a post has likes too many", "search", b"*:date:harbor", _like, _term, "term", "likes", "wrong order"),
    Keys("a word of a user is missing", "search", b"*:words", _remove, _word, "word", "users", "missing"),
    Keys("a word of a user too many", "search", b"*:words", _add_another_user, _word, "word", "users", "too many", False),
    Keys("a word of an unknown user", "search", b"*:words", _add_unknown, _word, "word", "all", "cannot be read"),
    Keys("an unknown word", "search", b"*:words", _add_unheard_word, _unheard, "word", "users", "too many", False),
    Keys("a tag is counted too often", "search", b"*:tag_counts", _count_up, _tag, "tag", "count", "stale count"),
    Keys("a tag is not listed", "search", b"*:tags", _remove, _tag, "tag", "count", "stale count"),
    Keys("an unknown tag", "search", b"*:tags", _count_unheard_tag, _unheard, "tag", "count", "stale count", False),
)  # fmt: skip
