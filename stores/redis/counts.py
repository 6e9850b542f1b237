"""Served counts in Redis: a hash per post with a field for each part, which holds its stamp and its count, and one for their sum.

It expires by itself, however often it is written: whatever Redis has lost of it is wrong for no longer than that.
"""

from collections.abc import Collection, Mapping

from redis.asyncio import Redis

from stores.ports.counts import CountPart
from stores.redis.client import Script, replies

KEPT_MS = 600_000
_PUT = Script("counts.lua")


class RedisCounts:
    """Counts of one generation of one view that are made of `parts_count` parts a post."""

    def __init__(self, redis: Redis, view: str, generation: int, parts_count: int) -> None:
        self._redis = redis
        self._prefix = f"counts:{view}:{generation}:"
        self._parts_count = parts_count

    async def put(self, parts: Collection[CountPart]) -> None:
        by_post: dict[int, list[int]] = {}
        for part in parts:
            by_post.setdefault(part.post_id, []).extend((part.part, part.stamp, part.count))
        calls = (
            (self._key(post_id), (*flat, self._parts_count, KEPT_MS)) for post_id, flat in by_post.items()
        )
        await _PUT.run_in_parts(self._redis, calls)

    async def get(self, post_ids: Collection[int]) -> Mapping[int, int]:
        pipeline = self._redis.pipeline(transaction=False)
        for post_id in post_ids:
            pipeline.hget(self._key(post_id), "sum")
        sums = await replies(pipeline)
        return {
            post_id: int(count) for post_id, count in zip(post_ids, sums, strict=True) if count is not None
        }

    def _key(self, post_id: int) -> bytes:
        return f"{self._prefix}{post_id}".encode()
