"""Bad days of home feeds in Redis: buckets that are emptied or go back, workers that are late, or die when only some buckets have a
batch.

The specification is the model of the protocol; here real scripts go through it.
"""

from collections.abc import Sequence
from contextlib import suppress

from redis.asyncio import Redis

from projectors.feeds import FEEDS
from stores.ports.crash import CrashPoint
from stores.ports.errors import EmptiedError, UnavailableError
from stores.ports.log import Partition
from stores.ports.view import GapError
from stores.redis.feeds import RedisFeeds
from tests.distributed.redis_buckets import Snapshot, empty, put_back, snapshot
from tests.property.feed_days import Day, where


class _DiedError(BaseException):
    """The worker died."""


class RedisDay(Day):
    """Rarely, as far as buckets go: a feed that begins anew forgets the troubles it had."""

    HAPPENINGS = (
        *["deliver_to_feeds"] * 4,
        *["deliver_late"] * 2,
        "deliver_together",
        "deliver_to_timelines",
        "forget_idle",
        "die_half_way",
        "remember_a_bucket",
        "put_a_bucket_back",
        "empty_a_bucket",
        "repair_a_bucket",
    )

    def __init__(
        self, redis: Redis, bucket_count: int, authors: Sequence[int], cap: int, celebrity_threshold: int
    ) -> None:
        self._redis = redis
        self._rounds_left: int | None = None
        self._dies_at: CrashPoint | None = None
        self._handed: dict[Partition, int] = {}
        self._snapshots: list[tuple[bytes, Snapshot]] = []
        self._held = RedisFeeds(redis, 1, bucket_count, cap, celebrity_threshold, self._pass)
        super().__init__(authors, self._held)

    async def deliver_late(self, a: int, b: int, c: int) -> None:
        """By a worker who goes on from where it was, and asks where the view stands only when it is refused."""
        partition = where(FEEDS, a)
        first = self._handed.get(partition, 0)
        events = self._folded(FEEDS, partition, first, first + 1 + b)
        self._handed[partition] = first + len(events)
        try:
            await self.feeds.apply(events)
        except GapError:
            await self._deliver(self.feeds, FEEDS, a, 0, len(self.events))

    async def deliver_together(self, a: int, b: int, c: int) -> None:
        """Some of two partitions, in one batch."""
        await self._deliver_two(a, 1 + b, 1 + c)

    async def die_half_way(self, a: int, b: int, c: int) -> None:
        """Some buckets have done more of a batch than others."""
        self._rounds_left = 1 + c % 3
        try:
            await self._deliver_two(a, 1 + 2 * b, 1 + 2 * c)
        except _DiedError:
            return
        finally:
            self._rounds_left = None

    async def look(self, a: int, b: int, c: int) -> None:
        """Served from elsewhere when the bucket was emptied."""
        with suppress(EmptiedError):
            await super().look(a, b, c)

    async def remember_a_bucket(self, a: int, b: int, c: int) -> None:
        bucket = self._bucket(a)
        self._snapshots.append((bucket, await snapshot(self._redis, bucket)))

    async def put_a_bucket_back(self, a: int, b: int, c: int) -> None:
        if self._snapshots and b < 3:
            await put_back(self._redis, *self._snapshots[c % len(self._snapshots)])

    async def empty_a_bucket(self, a: int, b: int, c: int) -> None:
        if (b, c) >= (4, 3):
            await empty(self._redis, self._bucket(a))

    async def repair_a_bucket(self, a: int, b: int, c: int) -> None:
        """Now and then with a delivery in between, which is told to wait and to come again."""
        if b < 3:
            return
        part = a % self._held.parts_count
        self._dies_at = "part.half_emptied" if c % 2 else None
        try:
            await self._held.empty(part)
        except _DiedError:
            self._dies_at = None
            assert await self._held.half_emptied() == [part]
            with suppress(UnavailableError):
                await self._deliver_two(b, 1, 1)
            await self._held.empty(part)
        assert await self._held.half_emptied() == []

    async def _deliver_two(self, partition: int, count: int, other_count: int) -> None:
        stands = await self.feeds.positions()
        batch = []
        for at, many in ((where(FEEDS, partition), count), (where(FEEDS, partition + 1), other_count)):
            first = stands[at].offset + 1 if at in stands else 0
            batch += self._folded(FEEDS, at, first, first + many)
        await self.feeds.apply(batch)

    def _bucket(self, number: int) -> bytes:
        buckets = self._held.buckets
        return buckets[number % len(buckets)]

    def _pass(self, point: CrashPoint) -> None:
        if point == self._dies_at:
            raise _DiedError
        if point != "view.before_commit" or self._rounds_left is None:
            return
        if self._rounds_left == 0:
            raise _DiedError
        self._rounds_left -= 1
