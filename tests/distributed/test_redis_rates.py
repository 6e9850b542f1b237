"""The contract of rates on Redis, and what only this adapter promises."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from stores.ports.errors import UnavailableError
from stores.ports.rates import Allowance
from stores.redis.client import connect
from stores.redis.rates import RedisRates
from tests.contract.rates import TWO, PassMs, RatesContract
from tests.distributed.redis import LIMITS, emptied
from tests.services.addresses import Addresses
from tests.services.ports import free_block


@pytest.fixture
async def redis(addresses: Addresses) -> AsyncIterator[Redis]:
    async with emptied(addresses, LIMITS) as found:
        yield found


@pytest.fixture
def rates(redis: Redis) -> RedisRates:
    return RedisRates(redis)


@pytest.fixture
def pass_ms(redis: Redis) -> PassMs:
    async def bring_ends_nearer(ms: int) -> None:
        for key in await redis.keys():
            await redis.pexpire(key, await redis.pttl(key) - ms)

    return bring_ends_nearer


class TestRedisRates(RatesContract):
    async def test_processes_count_together(self, redis: Redis) -> None:
        counted = [await RedisRates(redis).hit("login@a", TWO) for _ in range(3)]
        assert [verdict.remaining for verdict in counted] == [1, 0, 0]

    async def test_what_is_kept_names_nobody_and_expires(self, rates: RedisRates, redis: Redis) -> None:
        await rates.hit("login@192.0.2.7", TWO)
        (key,) = await redis.keys()
        assert b"192" not in key
        assert 59_000 < await redis.pttl(key) <= 60_000

    async def test_a_window_without_an_end_gets_one(self, rates: RedisRates, redis: Redis) -> None:
        await rates.hit("login@a", TWO)
        (key,) = await redis.keys()
        await redis.persist(key)
        assert (await rates.hit("login@a", TWO)).reset_s in {59, 60}
        assert await redis.pttl(key) > 0

    async def test_a_redis_that_is_away(self) -> None:
        async with connect(f"redis://127.0.0.1:{free_block(1)}/0") as nobody:
            with pytest.raises(UnavailableError):
                await RedisRates(nobody).hit("login@a", Allowance(1, 60))
