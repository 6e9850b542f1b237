"""Fan-out: posts from the topic to full feeds through a Faust worker, against the script that does it in Redis by itself."""

import asyncio
import random
from collections.abc import Iterator, Sequence
from time import perf_counter
from typing import Any

from bench.batches import in_batches
from bench.distributed.bulk import Burst, append, burst, encoded, shares
from bench.distributed.seed import make_keys
from bench.distributed.system import FEED_BUCKETS_COUNT, System, caught_up
from bench.distributed.worker import Worker
from bench.measured import Measured
from events.accounts import AccountSeen
from events.envelope import Envelope
from events.graph import Followed
from events.ids import Ids, system_clock
from events.posts import PostCreated
from producers.command import Command
from projectors.feeds import project
from projectors.step import ALONE_BATCH_COUNT
from runtime.cluster import Cluster
from stores.ports.feeds import FeedsChange
from stores.ports.view import Folded
from stores.redis.client import Script
from stores.redis.feeds import CAP, CELEBRITY_THRESHOLD, RedisFeeds

FOLLOWERS_COUNT = 39
PEOPLE_COUNT = 1_000
_POSTS_COUNT = 8_000
_FILLING_COUNT = (CAP + CAP // 8) // FOLLOWERS_COUNT + 1
"""Posts of each author after which every feed has been cut to its cap at least once."""
_AGO_MS = 6 * 3600 * 1000
_BARE_GENERATION, _EMPTY_GENERATION = 999, 998
"""That no worker knows."""
_PARTITION = ("photolog.posts", 0)


class Crowd:
    """People who each follow and are followed by FOLLOWERS_COUNT others. What they do is made up as it is asked for."""

    def __init__(self, people_count: int) -> None:
        self._ms = system_clock() - _AGO_MS
        self._ids = Ids(2, self._now_ms)
        self.people = tuple(self._ids.next() for _ in range(people_count))
        self._rnd = random.Random(39)

    def _now_ms(self) -> int:
        self._ms += 1
        return self._ms

    def _me(self, user_id: int) -> Command:
        return Command(user_id, self._ms, self._ids.next(), self._ids)

    def edges(self) -> Iterator[Envelope]:
        count = len(self.people)
        for number, user_id in enumerate(self.people):
            yield AccountSeen(**self._me(user_id).stamp(), user_id=user_id)
            for step in range(1, FOLLOWERS_COUNT + 1):
                followed = self.people[(number + step * 7) % count]
                yield Followed(**self._me(user_id).stamp(), follower_id=user_id, followed_id=followed)

    def posts(self, count: int) -> list[Envelope]:
        """By everybody in turn."""
        return [self._post(self.people[number % len(self.people)]) for number in range(count)]

    def _post(self, author_id: int) -> Envelope:
        post_id, media_id = self._ids.next(), self._ids.next()
        stamp = self._me(author_id).stamp()
        return PostCreated(**stamp, post_id=post_id, author_id=author_id, media_ids=(media_id,), caption="")


class _Kept(RedisFeeds):
    """Keeps the calls of its script until they are made all at once."""

    def __init__(self, redis: Any) -> None:
        super().__init__(redis, _BARE_GENERATION, FEED_BUCKETS_COUNT, CAP, CELEBRITY_THRESHOLD)
        self._kept: list[tuple[Script, Sequence[bytes], dict[bytes, list[bytes]]]] = []

    async def _run(self, script: Script, partitions: Sequence[bytes], left: dict[bytes, list[bytes]]) -> None:
        self._kept.append((script, partitions, left))

    async def call(self) -> float:
        """Returns the seconds it took."""
        began = perf_counter()
        for call in self._kept:
            await super()._run(*call)
        seconds, self._kept = perf_counter() - began, []
        return seconds


class _Bare:
    """The same feeds once more."""

    def __init__(self, redis: Any) -> None:
        self._feeds, self._next_offset = _Kept(redis), 0

    async def apply(self, events: Sequence[Envelope]) -> float:
        for some in in_batches(events, ALONE_BATCH_COUNT):
            await self._feeds.apply(list(self._folded(some)))
        return await self._feeds.call()

    def _folded(self, events: Sequence[Envelope]) -> Iterator[Folded[FeedsChange]]:
        yield from _folded(self._next_offset, events)
        self._next_offset += len(events)


def _folded(first: int, events: Sequence[Any]) -> Iterator[Folded[FeedsChange]]:
    for offset, event in enumerate(events, first):
        yield Folded(_PARTITION, offset, event.id, "k", tuple(project(event)))


class _Strangers:
    """Feeds without any follower: what it takes to tell a post to a bucket."""

    def __init__(self, redis: Any) -> None:
        self._feeds = RedisFeeds(redis, _EMPTY_GENERATION, FEED_BUCKETS_COUNT)
        self._next_offset = 0

    async def told_per_second(self, posts: Sequence[Envelope]) -> float:
        """To each bucket, by one process."""
        began = perf_counter()
        for some in in_batches(_folded(self._next_offset, posts), ALONE_BATCH_COUNT):
            await self._feeds.apply(some)
        self._next_offset += len(posts)
        return len(posts) * FEED_BUCKETS_COUNT / (perf_counter() - began)


def measure(system: System, rounds: int, scale: float) -> tuple[list[Measured], tuple[int, ...]]:
    """Also returns the people whose feeds are full now. `scale` is 1 but for trying this out."""
    crowd = Crowd(max(int(PEOPLE_COUNT * scale), FOLLOWERS_COUNT * 8))
    posts_count = int(_POSTS_COUNT * scale)
    with system.working("feeds") as (worker,):
        bursts, limits, told = asyncio.run(_measure(system, worker, crowd, posts_count, rounds))
    what = f"fan-out, mean {FOLLOWERS_COUNT} followers, feeds full at {CAP}"
    ours = [FOLLOWERS_COUNT * b.per_second for b in bursts]
    found = [
        Measured(what, "deliveries/s", ours, "the script by itself, same Redis", limits, "100,000/s; 60 %"),
        *shares("fan-out", bursts),
        Measured("posts told to buckets without followers", "told/s", told),
    ]
    return found, crowd.people


async def _measure(
    system: System, worker: Worker, crowd: Crowd, posts_count: int, rounds: int
) -> tuple[list[Burst], list[float], list[float]]:
    async with system.connected() as cluster:
        bare, strangers = _Bare(cluster.redis), _Strangers(cluster.redis)
        await make_keys(cluster, crowd.people)
        filling = crowd.posts(_FILLING_COUNT * len(crowd.people))
        for some in (list(crowd.edges()), filling):
            await _both(cluster, bare, some)
        bursts, limits, told = [], [], []
        for _ in range(rounds):
            posts = crowd.posts(posts_count)
            told.append(await strangers.told_per_second(posts))
            limits.append(FOLLOWERS_COUNT * posts_count / await bare.apply(posts))
            bursts.append(await burst(cluster, worker, posts))
    return bursts, limits, told


async def _both(cluster: Cluster, bare: _Bare, events: Sequence[Envelope]) -> None:
    await append(cluster, await encoded(cluster, events))
    await bare.apply(events)
    await caught_up(cluster, "feeds")
