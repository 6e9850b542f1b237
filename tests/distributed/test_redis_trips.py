"""Commands that wait go to Redis together, and yet everybody is answered for itself."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline

from stores.ports.errors import StoreError, UnavailableError
from stores.redis.client import connect, replies
from stores.redis.trips import COMMANDS_COUNT, TRIPS_COUNT
from tests.distributed.redis import COUNTS, emptied
from tests.services.addresses import Addresses
from tests.services.ports import free_block


@pytest.fixture
async def redis(addresses: Addresses) -> AsyncIterator[Redis]:
    async with emptied(addresses, COUNTS) as redis:
        yield redis


@pytest.fixture
def trips(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many commands were on each."""
    counted: list[int] = []
    execute = Pipeline.execute

    async def counting(pipeline: Pipeline, *given: Any, **named: Any) -> Any:
        counted.append(len(pipeline.command_stack))
        return await execute(pipeline, *given, **named)

    monkeypatch.setattr(Pipeline, "execute", counting)
    return counted


async def count(redis: Redis, key: str, times: int = 1) -> list[Any]:
    pipeline = redis.pipeline(transaction=False)
    for _ in range(times):
        pipeline.incr(key)
    return await replies(pipeline)


async def test_what_is_asked_at_once_is_one_trip(redis: Redis, trips: list[int]) -> None:
    found = await asyncio.gather(*(count(redis, f"key{number}", number) for number in range(1, 6)))
    assert found == [list(range(1, number + 1)) for number in range(1, 6)]
    assert trips == [15]


async def test_what_waits_for_trips_under_way_goes_with_the_next(redis: Redis, trips: list[int]) -> None:
    asked = [asyncio.ensure_future(count(redis, "big", COMMANDS_COUNT)) for _ in range(TRIPS_COUNT)]
    asked += [asyncio.ensure_future(count(redis, f"small{number}")) for number in range(30)]
    found = await asyncio.gather(*asked)
    assert found[-30:] == [[1]] * 30
    assert sorted(reply for some in found[:TRIPS_COUNT] for reply in some) == [
        *range(1, TRIPS_COUNT * COMMANDS_COUNT + 1)
    ]
    assert trips == [COMMANDS_COUNT] * TRIPS_COUNT + [30]


async def test_who_asks_for_more_than_a_trip_takes_has_one_alone(redis: Redis, trips: list[int]) -> None:
    many = COMMANDS_COUNT * 2
    found, other = await asyncio.gather(count(redis, "big", many), count(redis, "small"))
    assert (found[-1], other) == (many, [1])
    assert trips == [many, 1]


async def test_an_error_is_told_to_whom_it_concerns(redis: Redis, trips: list[int]) -> None:
    await redis.set("text", "no number")
    asked = [count(redis, key) for key in ("a", "text", "b")]
    good, bad, other = await asyncio.gather(*asked, return_exceptions=True)
    assert [good, other] == [[1], [1]]
    assert isinstance(bad, StoreError)
    assert trips == [3]


async def test_what_has_to_be_one_goes_alone(redis: Redis, trips: list[int]) -> None:
    pipeline = redis.pipeline()
    pipeline.incr("a")
    pipeline.incr("a")
    assert await asyncio.gather(*[replies(pipeline), count(redis, "b")]) == [[1, 2], [1]]
    assert sorted(trips) == [1, 2]


async def test_nothing_is_asked(redis: Redis, trips: list[int]) -> None:
    assert await replies(redis.pipeline(transaction=False)) == []
    assert trips == []


async def test_who_has_gone_before_is_not_carried_out(redis: Redis, trips: list[int]) -> None:
    gone, stays = asyncio.ensure_future(count(redis, "a")), asyncio.ensure_future(count(redis, "b"))
    await asyncio.sleep(0)
    gone.cancel()
    assert await stays == [1]
    assert await redis.get("a") is None
    assert trips == [1]


async def test_who_goes_away_meanwhile_takes_nobody_along(redis: Redis) -> None:
    gone, stays = asyncio.ensure_future(count(redis, "a", 400)), asyncio.ensure_future(count(redis, "b"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)  # it has been sent
    gone.cancel()
    assert await stays == [1]
    with pytest.raises(asyncio.CancelledError):
        await gone


async def test_everybody_is_told_that_nobody_answers() -> None:
    async with connect(f"redis://127.0.0.1:{free_block(1)}/0") as away:
        found = await asyncio.gather(*(count(away, "a") for _ in range(5)), return_exceptions=True)
    assert [type(each) for each in found] == [UnavailableError] * 5
