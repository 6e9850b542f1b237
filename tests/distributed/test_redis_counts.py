"""Counts as Redis serves them: the newest of each part, summed once all parts are known, and none for long."""

from collections.abc import AsyncIterator
from itertools import pairwise, permutations
from random import Random

import pytest
from redis.asyncio import Redis

from stores.ports.counts import CountPart
from stores.redis.counts import KEPT_MS, RedisCounts
from tests.distributed.redis import COUNTS, emptied
from tests.services.addresses import Addresses

PARTS_COUNT = 3
POST, OTHER = 21, 22


@pytest.fixture
async def redis(addresses: Addresses) -> AsyncIterator[Redis]:
    async with emptied(addresses, COUNTS) as redis:
        yield redis


@pytest.fixture
def counts(redis: Redis) -> RedisCounts:
    return RedisCounts(redis, "likes", 1, PARTS_COUNT)


def parts(post_id: int, *counted: int, stamp: int = 0) -> list[CountPart]:
    return [CountPart(post_id, number, stamp, count) for number, count in enumerate(counted)]


async def test_a_count_is_the_sum_of_its_parts(counts: RedisCounts) -> None:
    await counts.put([*parts(POST, 1, 2, 4), *parts(OTHER, 0, 0, 0)])
    assert await counts.get([POST, OTHER]) == {POST: 7, OTHER: 0}


async def test_what_lacks_a_part_is_not_known(counts: RedisCounts) -> None:
    whole = parts(POST, 1, 2, 4)
    for some in (whole[:1], whole[1:2]):
        await counts.put(some)
        assert await counts.get([POST]) == {}
    await counts.put(whole[2:])
    assert await counts.get([POST]) == {POST: 7}


async def test_of_each_part_the_newest_stays_whatever_came_last(redis: Redis) -> None:
    told = [CountPart(POST, 0, stamp, 10 * stamp) for stamp in (1, 2, 3)]
    for number, order in enumerate(permutations(told)):
        counts = RedisCounts(redis, "likes", number, PARTS_COUNT)
        await counts.put(parts(POST, 0, 2, 4))
        for part in order:
            await counts.put([part])
        assert await counts.get([POST]) == {POST: 36}


async def test_many_parts_at_once_are_as_many_one_by_one(counts: RedisCounts) -> None:
    random = Random(8)
    told = [
        CountPart(POST, random.randrange(PARTS_COUNT), stamp, random.randrange(99)) for stamp in range(1, 50)
    ]
    newest = {part.part: part.count for part in told}
    random.shuffle(told)
    cuts = sorted({0, len(told), *random.sample(range(len(told)), 5)})
    for start, end in pairwise(cuts):
        await counts.put(told[start:end])
    assert await counts.get([POST]) == {POST: sum(newest.values())}


async def test_generations_and_views_are_apart(redis: Redis, counts: RedisCounts) -> None:
    await counts.put(parts(POST, 1, 2, 4))
    assert await RedisCounts(redis, "likes", 2, PARTS_COUNT).get([POST]) == {}
    assert await RedisCounts(redis, "comments", 1, PARTS_COUNT).get([POST]) == {}


async def test_nothing_is_kept_for_long_however_often_it_is_written(
    redis: Redis, counts: RedisCounts
) -> None:
    await counts.put(parts(POST, 1, 2, 4))
    (name,) = [key async for key in redis.scan_iter()]
    assert 0 < await redis.pttl(name) <= KEPT_MS
    await redis.pexpire(name, KEPT_MS // 2)
    await counts.put(parts(POST, 3, 3, 3, stamp=5))
    assert 0 < await redis.pttl(name) <= KEPT_MS // 2
    assert await counts.get([POST]) == {POST: 9}


async def test_nothing_is_put_and_nothing_is_asked(counts: RedisCounts) -> None:
    await counts.put([])
    assert await counts.get([]) == {}
