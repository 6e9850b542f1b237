"""Parked events in several buckets: releases that are interrupted, and buckets that go back. Feeds stand for any view."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from redis.asyncio import Redis

from stores.ports.crash import CrashPoint
from stores.ports.errors import StoreError
from stores.ports.view import Folded
from stores.redis.feeds import RedisFeeds
from tests.contract.applying import PARTITION, folded
from tests.contract.feeds import ADA, BO, CY, follows, post_at, seen, unfollows
from tests.contract.view import DiedError, keyed, parked
from tests.distributed.redis import FEEDS, emptied
from tests.distributed.redis_buckets import empty, put_back, snapshot
from tests.services.addresses import Addresses

TOPIC = PARTITION[0]
KEY = "ada"


@pytest.fixture
async def redis(addresses: Addresses) -> AsyncIterator[Redis]:
    async with emptied(addresses, FEEDS) as found:
        yield found


@pytest.fixture
def view(redis: Redis) -> RedisFeeds:
    return RedisFeeds(redis, 1, 3)


@pytest.fixture
async def events(view: RedisFeeds) -> list[Folded[Any]]:
    """Two of a key that are parked first, and one after them."""
    told = await folded(view, seen(ADA), follows(ADA, BO), unfollows(ADA, BO))
    return [keyed(event, KEY) for event in told]


def _away_from(view: RedisFeeds, reader_id: int) -> bytes:
    """A bucket in which the reader does not live."""
    return next(bucket for bucket in view.buckets if bucket != view._bucket_of(reader_id))


async def _retries(view: RedisFeeds) -> list[bool]:
    found = await view.parked()
    assert set(await view.asked()) == {(event.partition[0], event.key) for event in found if event.retry}
    return [event.retry for event in found]


async def test_a_release_that_was_interrupted_is_to_be_completed(
    redis: Redis, view: RedisFeeds, events: list[Folded[Any]]
) -> None:
    await view.apply([parked(event) for event in events[:2]])
    assert await _retries(view) == [False, False]
    passed: list[CrashPoint] = []

    def die(point: CrashPoint) -> None:
        passed.append(point)
        if passed.count("release.before_commit") == 2:
            raise DiedError

    with pytest.raises(DiedError):
        await RedisFeeds(redis, 1, 3, crash=die).release(TOPIC, KEY, events[:2])
    assert await _retries(view) == [True, True]
    assert set(await view.parked_keys()) == {(TOPIC, KEY)}
    await view.release(TOPIC, KEY, events[:2])
    assert await view.parked() == []
    assert set(await view.following(ADA)) == {BO}


async def test_a_bucket_that_went_back_behind_a_release_makes_up_for_it_alone(
    redis: Redis, view: RedisFeeds, events: list[Folded[Any]]
) -> None:
    """The others have gone on since, and must not hear of it again."""
    await view.apply([parked(event) for event in events[:2]])
    other = _away_from(view, ADA)
    taken = await snapshot(redis, other)
    await view.release(TOPIC, KEY, events[:2])
    await view.apply(events[2:])
    await put_back(redis, other, taken)
    assert await _retries(view) == [True, True]
    await view.release(TOPIC, KEY, events[:2])
    assert set(await view.following(ADA)) == set()
    await view.apply(events[2:])
    assert await view.parked() == []
    assert set(await view.following(ADA)) == set()


async def test_what_comes_before_it_is_made_up_for_is_parked_behind(
    redis: Redis, view: RedisFeeds, events: list[Folded[Any]]
) -> None:
    await view.apply([parked(event) for event in events[:2]])
    home = view._bucket_of(ADA)
    taken = await snapshot(redis, home)
    await view.release(TOPIC, KEY, events[:2])
    await view.apply(events[2:])
    await put_back(redis, home, taken)
    await view.apply([parked(events[2], "behind")])
    assert await _retries(view) == [True, True, True]
    await view.release(TOPIC, KEY, events)
    assert await view.parked() == []
    assert set(await view.following(ADA)) == set()


async def test_the_readers_bucket_that_went_back_behind_a_release_makes_up_for_it(
    redis: Redis, view: RedisFeeds, events: list[Folded[Any]]
) -> None:
    await view.apply([parked(event) for event in events[:2]])
    taken = await snapshot(redis, view._bucket_of(ADA))
    await view.release(TOPIC, KEY, events[:2])
    await put_back(redis, view._bucket_of(ADA), taken)
    assert set(await view.following(ADA)) == set()
    assert await _retries(view) == [True, True]
    await view.release(TOPIC, KEY, events[:2])
    assert set(await view.following(ADA)) == {BO}


async def test_a_release_that_was_refused_is_not_asked_for_by_itself(
    redis: Redis, view: RedisFeeds, events: list[Folded[Any]]
) -> None:
    await view.apply([parked(event) for event in events[:2]])
    taken = await snapshot(redis, view.buckets[0])
    await view.release(TOPIC, KEY, events[:2])
    await put_back(redis, view.buckets[0], taken)
    await view.refuse_retry(TOPIC, KEY, "broken again")
    assert [(event.retry, event.reason) for event in await view.parked()] == [(False, "broken again")] * 2
    await view.ask_retry(TOPIC, KEY)
    assert await _retries(view) == [True, True]


async def test_an_event_that_a_bucket_has_not_reached_was_not_released_there(
    redis: Redis, view: RedisFeeds, events: list[Folded[Any]]
) -> None:
    await view.apply([parked(event) for event in events[:2]])
    await empty(redis, view.buckets[1])
    assert await _retries(view) == [False, False]
    await view.apply([replace(events[0], changes=())])
    assert await _retries(view) == [True, False]


async def test_what_cannot_be_applied_yet_stays_parked(
    redis: Redis, view: RedisFeeds, events: list[Folded[Any]]
) -> None:
    """A script that fails has written what it wrote."""
    await view.apply([parked(event) for event in events])
    following = view._bucket_of(ADA) + b":following:" + ADA.to_bytes(8)
    await redis.set(following, "no sorted set")
    with pytest.raises(StoreError):
        await view.release(TOPIC, KEY, events)
    assert {event.offset for event in await view.parked()} >= {1, 2}
    await redis.delete(following)
    await view.release(TOPIC, KEY, events[:2])
    assert set(await view.following(ADA)) == {BO}
    await view.release(TOPIC, KEY, events)
    assert set(await view.following(ADA)) == set()
    assert await view.parked() == []


async def test_a_release_stops_and_goes_on_event_by_event(
    redis: Redis, view: RedisFeeds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stores.redis.view.WORK_COUNT", 1)
    told = await folded(view, seen(ADA), follows(ADA, BO), *(post_at(ms, BO) for ms in range(5, 9)), seen(CY))
    events = [keyed(event, KEY) for event in told]
    await view.apply([parked(event) for event in events])
    await view.release(TOPIC, KEY, events)
    assert await view.parked() == []
    assert await view.parked_keys() == set()
    assert len((await view.slice(ADA, None, 9)).entries) == 4
    assert [key async for key in redis.scan_iter(match="*parked*")] == []
    assert [key async for key in redis.scan_iter(match="*retries*")] == []
