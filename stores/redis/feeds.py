"""Feeds in Redis: edges, feeds and their floors, a reader's side by side in one bucket.

What the scripts do is in `feeds.lua`. A post is told to every bucket, which pushes it to those of the author's followers who live
there; an edge or a visit only to the reader's bucket. Ids are 8 bytes here, big-endian; the members of a feed are post and author.
"""

from collections.abc import Collection, Iterable, Mapping
from struct import Struct
from typing import ClassVar, assert_never

from redis.asyncio import Redis

from events.ids import MAX_ID, made_at_ms
from stores.ports.crash import Crash, survive
from stores.ports.feeds import FeedFacts, FeedPost, FeedsChange, FeedSlice, ReaderSeen
from stores.ports.graph import FollowSet, GraphCounts
from stores.redis.client import Script, replies
from stores.redis.inspected import Named, by_id
from stores.redis.view import STATE, RedisView

CAP = 800
CELEBRITY_THRESHOLD = 100_000
_BUCKET_THRESHOLD_LIMIT = 5_000
"""Followers in one bucket to whom one post is pushed at most, in one call of the script."""
_FORGOTTEN_AT_ONCE = 50
"""Feeds dropped in one write, so that Redis answers others meanwhile."""

_SLICE = Script("feeds_slice.lua")
_COUNTS = Script("feeds_counts.lua")
_FORGET = Script("feeds_forget.lua")

_ID = Struct(">Q")
_PAIR = Struct(">QQ")
_POST = Struct(">BQQQ")
_EDGE = Struct(">BQQ")
_SEEN = Struct(">BQQ")
_SETTINGS = Struct(">II")
_POSTED, _FOLLOWED, _UNFOLLOWED, _WAS_SEEN = 1, 2, 3, 4


class RedisFeeds(RedisView[FeedsChange]):
    """Every read says in its own round trip whether its buckets are still what `believed` found them to be."""

    APPLY = Script("view.lua", "feeds.lua", "apply.lua")
    RELEASE = Script("view.lua", "feeds.lua", "release.lua")
    HELD_BY_KEY: ClassVar[Mapping[bytes, Named]] = {
        kind: by_id("user") for kind in (b"following", b"followers", b"feed")
    }
    HELD_BY_INDEX: ClassVar[Mapping[bytes, Named]] = {b"seen": by_id("user")}

    def __init__(
        self,
        redis: Redis,
        generation: int,
        bucket_count: int,
        cap: int = CAP,
        celebrity_threshold: int = CELEBRITY_THRESHOLD,
        crash: Crash = survive,
    ) -> None:
        """`celebrity_threshold` is of all buckets together; each decides for itself by its part of it."""
        super().__init__(redis, f"f{generation}", bucket_count, crash)
        self._every = range(bucket_count)
        bucket_threshold = min(max(celebrity_threshold // bucket_count, 1), _BUCKET_THRESHOLD_LIMIT)
        self._set = _SETTINGS.pack(cap, bucket_threshold)

    def _settings(self) -> bytes:
        return self._set

    def _encode(self, change: FeedsChange) -> tuple[Iterable[int], bytes]:
        match change:
            case FeedPost(post_id, author_id):
                return self._every, _POST.pack(_POSTED, post_id, author_id, made_at_ms(post_id))
            case FollowSet():
                kind = _FOLLOWED if change.following else _UNFOLLOWED
                where = (self._number_of(change.follower_id),)
                return where, _EDGE.pack(kind, change.follower_id, change.followed_id)
            case ReaderSeen(user_id, seen_at_ms):
                return (self._number_of(user_id),), _SEEN.pack(_WAS_SEEN, user_id, seen_at_ms)
            case _:
                assert_never(change)

    async def slice(self, reader_id: int, before: int | None, limit: int) -> FeedSlice:
        last, from_ms = (MAX_ID, "+inf") if before is None else (before - 1, made_at_ms(before))
        found = await _SLICE.run(self._redis, self._bucket_of(reader_id), _ID.pack(reader_id), limit, from_ms)
        state, floor, at, below, late, celebrities = found
        self._check(state)
        entries = [post_id for entry in (*at, *below) if (post_id := _PAIR.unpack(entry)[0]) <= last]
        merged = {_id(author) for author in (*late, *celebrities)}
        return FeedSlice(tuple(entries[:limit]), None if floor is None else int(floor), tuple(merged))

    async def following(self, reader_id: int) -> Collection[int]:
        """The state is read last: it says whether what was read before it was there."""
        bucket = self._bucket_of(reader_id)
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.zrange(_following(bucket, reader_id), 0, -1)
        pipeline.hmget(bucket + b":state", STATE)
        authors, state = await replies(pipeline)
        self._check(state)
        return [_id(author) for author in authors]

    async def counts(self, user_ids: Collection[int]) -> Mapping[int, GraphCounts]:
        arguments = [_ID.pack(user_id) for user_id in user_ids]
        found = await _COUNTS.run_each(self._redis, [(bucket, arguments) for bucket in self.buckets])
        for state, _ in found:
            self._check(state)
        sums = [sum(sizes) for sizes in zip(*(sizes for _, sizes in found), strict=True)]
        return {
            user_id: GraphCounts(followers, following)
            for user_id, followers, following in zip(user_ids, sums[::2], sums[1::2], strict=True)
        }

    async def facts(self, reader_id: int, post_id: int, author_id: int) -> FeedFacts:
        bucket, reader, author = self._bucket_of(reader_id), _ID.pack(reader_id), _ID.pack(author_id)
        pipeline = self._redis.pipeline()
        pipeline.zscore(_following(bucket, reader_id), author)
        pipeline.hget(bucket + b":floors", reader)
        pipeline.zscore(bucket + b":feed:" + reader, _PAIR.pack(post_id, author_id))
        pipeline.smismember(bucket + b":unpushed", [author])
        pipeline.smismember(bucket + b":ever", [author])
        since, floor, score, (unpushed,), (ever,) = await replies(pipeline)
        return FeedFacts(_ms(since), _ms(floor), score is not None, bool(unpushed), bool(ever))

    async def forget_idle(self, seen_before_ms: int) -> int:
        forgotten = 0
        for bucket in self.buckets:
            arguments = (seen_before_ms, _FORGOTTEN_AT_ONCE)
            while dropped := await _FORGET.run(self._redis, bucket, *arguments):
                forgotten += dropped
        return forgotten


def _following(bucket: bytes, reader_id: int) -> bytes:
    return bucket + b":following:" + _ID.pack(reader_id)


def _id(packed: bytes) -> int:
    found: int = _ID.unpack(packed)[0]
    return found


def _ms(stored: float | bytes | None) -> int | None:
    return None if stored is None else int(stored)
