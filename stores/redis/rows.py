"""Served rows in Redis: a string for each copy of a row, which expires by itself, however often it is read.

Copies lie in slots of their own. Who writes writes all of them. Who reads takes the first, or all of them in turn when this process
asks for the row so often that one node would have more to do for it than its share; then a row that is missed fills them all.
"""

import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping

from redis.asyncio import Redis

from stores.ports.rows import ServedRow
from stores.redis.client import Script, replies

KEPT_MS = 60_000
COPIES_COUNT = 4
HOT_PER_S = 100
"""Readings of one row by one process in a second, beyond which it is hot."""
_PUT = Script("rows.lua")


class RedisRows:
    """Rows of one generation of one view. Used in one event loop."""

    def __init__(
        self, redis: Redis, view: str, generation: int, monotonic_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._redis = redis
        self._prefix = f"rows:{view}:{generation}:".encode()
        self._monotonic_s = monotonic_s
        self._read: Counter[int] = Counter()
        self._second = 0

    async def put(self, rows: Collection[ServedRow], read_at_ms: int) -> None:
        await self._put([(row, copy) for row in rows for copy in range(COPIES_COUNT)], read_at_ms)

    async def fill(self, rows: Collection[ServedRow], read_at_ms: int) -> None:
        copies = [(row, copy) for row in rows for copy in range(COPIES_COUNT if self._is_hot(row.key) else 1)]
        await self._put(copies, read_at_ms)

    async def _put(self, copies: Collection[tuple[ServedRow, int]], read_at_ms: int) -> None:
        calls = (
            (self._name(row.key, copy), (row.stamp, row.content, read_at_ms, KEPT_MS)) for row, copy in copies
        )
        await _PUT.run_in_parts(self._redis, calls)

    async def get(self, keys: Collection[int]) -> Mapping[int, bytes]:
        pipeline = self._redis.pipeline(transaction=False)
        for key in keys:
            pipeline.get(self._name(key, self._copy(key)))
        found = zip(keys, await replies(pipeline), strict=True)
        return {key: kept.partition(b":")[2] for key, kept in found if kept is not None}

    def _copy(self, key: int) -> int:
        second = int(self._monotonic_s())
        if second != self._second:
            self._second = second
            self._read.clear()
        self._read[key] += 1
        return self._read[key] % COPIES_COUNT if self._is_hot(key) else 0

    def _is_hot(self, key: int) -> bool:
        return self._read[key] > HOT_PER_S

    def _name(self, key: int, copy: int) -> bytes:
        return b"%s%d:%d" % (self._prefix, key, copy)
