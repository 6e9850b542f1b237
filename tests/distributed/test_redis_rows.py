"""Rows as Redis serves them: the newest stays, none is older than a minute, and hot ones are asked of many nodes."""

import time
from collections.abc import AsyncIterator
from random import Random

import pytest
from redis.asyncio import Redis

from stores.ports.rows import ServedRow
from stores.redis.rows import COPIES_COUNT, HOT_PER_S, KEPT_MS, RedisRows
from tests.distributed.redis import COUNTS, emptied
from tests.services.addresses import Addresses

KEYS = (7, 8)


@pytest.fixture
async def redis(addresses: Addresses) -> AsyncIterator[Redis]:
    async with emptied(addresses, COUNTS) as redis:
        yield redis


def opened(redis: Redis, generation: int = 1, second: float = 0) -> RedisRows:
    return RedisRows(redis, "timelines", generation, lambda: second)


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def row(stamp: int, key: int = 7) -> ServedRow:
    return ServedRow(key, stamp, b'["%d:%d"]' % (key, stamp))


async def served_copies(rows: RedisRows) -> list[bytes | None]:
    """What is served for a key that is read so often that every copy is."""
    found = [(await rows.get([7])).get(7) for _ in range(HOT_PER_S + COPIES_COUNT)]
    return found[-COPIES_COUNT:]


async def test_whatever_was_put_last_the_newest_is_served(redis: Redis) -> None:
    rows, stamps = opened(redis), list(range(1, 30))
    Random(3).shuffle(stamps)
    for number, stamp in enumerate(stamps):
        await rows.put([row(stamp), row(stamp, key=8)], now_ms())
        newest = max(stamps[: number + 1])
        assert await rows.get(KEYS) == {key: row(newest, key).content for key in KEYS}


async def test_every_copy_is_the_newest(redis: Redis) -> None:
    rows = opened(redis)
    for stamp in (1, 3, 2):
        await rows.put([row(stamp)], now_ms())
    assert await served_copies(rows) == [row(3).content] * COPIES_COUNT


async def test_a_hot_row_is_asked_of_every_copy_and_others_of_the_first(redis: Redis) -> None:
    await opened(redis).put([row(1)], now_ms())
    first, *others = sorted([key async for key in redis.scan_iter()])
    assert len(others) == COPIES_COUNT - 1
    await redis.delete(first)
    assert await opened(redis).get([7]) == {}
    found = await served_copies(opened(redis))
    assert sorted(each is None for each in found) == [False] * len(others) + [True]


async def test_who_misses_a_row_fills_its_copies_only_when_it_is_hot(redis: Redis) -> None:
    rows = opened(redis)
    await rows.get([7])
    await rows.fill([row(1)], now_ms())
    assert len([key async for key in redis.scan_iter()]) == 1
    assert await rows.get([7]) == {7: row(1).content}
    await served_copies(rows)
    await rows.fill([row(2)], now_ms())
    assert len([key async for key in redis.scan_iter()]) == COPIES_COUNT
    assert await served_copies(rows) == [row(2).content] * COPIES_COUNT


async def test_what_is_written_replaces_what_readers_have_filled_in(redis: Redis) -> None:
    rows = opened(redis)
    await rows.put([row(2)], now_ms())
    await rows.fill([row(1)], now_ms())
    assert await served_copies(rows) == [row(2).content] * COPIES_COUNT


async def test_what_was_hot_cools_down(redis: Redis) -> None:
    seconds = [0.0]
    rows = RedisRows(redis, "timelines", 1, lambda: seconds[0])
    await rows.put([row(1)], now_ms())
    await served_copies(rows)
    await redis.delete(*sorted([key async for key in redis.scan_iter()])[1:])
    seconds[0] = 1.0
    assert await rows.get([7]) == {7: row(1).content}


async def test_generations_and_views_are_apart(redis: Redis) -> None:
    await opened(redis, generation=1).put([row(1)], now_ms())
    assert await opened(redis, generation=2).get([7]) == {}
    assert await RedisRows(redis, "media", 1).get([7]) == {}


async def test_nothing_is_kept_for_long(redis: Redis) -> None:
    await opened(redis).put([row(1)], now_ms())
    await opened(redis).put([row(2)], now_ms())
    left = [await redis.pttl(key) async for key in redis.scan_iter()]
    assert len(left) == COPIES_COUNT
    assert all(0 < each <= KEPT_MS for each in left)


async def test_what_was_known_before_anything_that_is_kept_is_not_taken(redis: Redis) -> None:
    """Whoever was frozen for so long may bring what was replaced, and what replaced it is kept no more."""
    rows = opened(redis)
    await rows.put([row(1)], now_ms() - KEPT_MS)
    assert await rows.get([7]) == {}
    await rows.put([row(1)], now_ms() - KEPT_MS + 30_000)
    assert await rows.get([7]) == {7: row(1).content}


async def test_what_comes_too_late_to_be_taken_removes_what_is_older(redis: Redis) -> None:
    """As when the clock of who writes is wrong: nothing is served rather than what was replaced."""
    rows = opened(redis)
    await rows.put([row(2)], now_ms())
    await rows.put([row(1)], now_ms() - KEPT_MS)
    assert await rows.get([7]) == {7: row(2).content}
    await rows.put([row(3)], now_ms() - KEPT_MS)
    assert await served_copies(rows) == [None] * COPIES_COUNT


async def test_many_rows_at_once(redis: Redis) -> None:
    rows, keys = opened(redis), range(1, 400)
    await rows.put([row(key, key=key) for key in keys], now_ms())
    assert await rows.get(keys) == {key: row(key, key=key).content for key in keys}


async def test_nothing_is_asked_and_nothing_is_put(redis: Redis) -> None:
    rows = opened(redis)
    await rows.put([], now_ms())
    assert await rows.get([]) == {}
