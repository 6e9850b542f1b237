"""A Redis database of its own for each kind of test: emptied before every test, never the whole server."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import Redis

from stores.redis.client import connect
from tests.services.addresses import Addresses

FEEDS, SEARCH, LIMITS, COUNTS, UNUSED, EMPTIED, DIFFERING, RESTORED = range(1, 9)
HANDED_OVER, PARKED, OPERATED = range(12, 15)
TWO_RELEASES = 16


@asynccontextmanager
async def opened(addresses: Addresses, database: int) -> AsyncIterator[Redis]:
    url, _, _ = addresses.redis.rpartition("/")
    async with connect(f"{url}/{database}") as redis:
        yield redis


@asynccontextmanager
async def emptied(addresses: Addresses, database: int) -> AsyncIterator[Redis]:
    async with opened(addresses, database) as redis:
        await redis.flushdb()
        yield redis
