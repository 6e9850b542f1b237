"""Real servers for these tests. One that is missing is a failure, never a skip."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from tests.distributed.cassandra import Keyspace, Served, Tables, keyspace_of, open_keyspace
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
async def served(addresses: Addresses, tables: Tables) -> AsyncIterator[Served]:
    async with emptied(addresses, COUNTS) as redis:
        yield Served(redis, tables)


@pytest.fixture
def keyspace(tables: Tables, prepared: dict[str, Any], served: Served) -> Iterator[Keyspace]:
    yield from keyspace_of(tables, prepared, served)
