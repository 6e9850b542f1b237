"""Feeds in Redis, and what only this adapter promises."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from stores.redis.feeds import RedisFeeds
from tests.contract.feeds import CAP, CELEBRITY_THRESHOLD, FeedsContract
from tests.distributed.redis import FEEDS, emptied
from tests.services.addresses import Addresses


@pytest.fixture
async def redis(addresses: Addresses) -> AsyncIterator[Redis]:
    async with emptied(addresses, FEEDS) as found:
        yield found


class TestRedisFeeds(FeedsContract):
    @pytest.fixture
    def view(self, redis: Redis) -> RedisFeeds:
        return RedisFeeds(redis, 1, 1, cap=CAP, celebrity_threshold=CELEBRITY_THRESHOLD)
