"""Real servers for these tests. One that is missing is a failure, never a skip."""

from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import Any

import pytest
from redis.asyncio import Redis

from stores.cassandra.buckets import BUCKETS_COUNT
from stores.redis.counts import RedisCounts
from tests.distributed.cassandra import Keyspace, MakeServed, Tables, keyspace_of, open_keyspace
from tests.distributed.redis import COUNTS, emptied
from tests.services.addresses import Addresses


def pytest_configure(config: pytest.Config) -> None:
    """Cassandra's driver throws dice in threads of its own, also while hypothesis watches for that."""
    config.addinivalue_line("filterwarnings", "ignore:Do not use the `random` module inside strategies")


@pytest.fixture(scope="session")
def tables(addresses: Addresses) -> Iterator[Tables]:
    session = open_keyspace(addresses.cassandra)
    yield Tables(session)
    session.cluster.shutdown()


@pytest.fixture(scope="session")
def prepared() -> dict[str, Any]:
    """Statements stay prepared from test to test."""
    return {}


@pytest.fixture
async def served(addresses: Addresses, tables: Tables) -> AsyncIterator[MakeServed]:
    async with emptied(addresses, COUNTS) as redis:
        yield partial(_served, redis, tables)


def _served(redis: Redis, tables: Tables, projection: str, generation: int) -> RedisCounts:
    """Nothing is known of views whose tables were emptied."""
    return RedisCounts(redis, f"{projection}:{tables.emptied_at_us}", generation, BUCKETS_COUNT)


@pytest.fixture
def keyspace(tables: Tables, prepared: dict[str, Any], served: MakeServed) -> Iterator[Keyspace]:
    yield from keyspace_of(tables, prepared, served)
