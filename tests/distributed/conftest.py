"""Real servers for these tests. One that is missing is a failure, never a skip."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.distributed.cassandra import Keyspace, Tables, keyspace_of, open_keyspace
from tests.services.addresses import Addresses


@pytest.fixture(scope="session")
def addresses() -> Addresses:
    return Addresses(
        kafka="127.0.0.1:19092",
        cassandra="127.0.0.1:19042",
        redis="redis://127.0.0.1:16379/0",
        s3="http://127.0.0.1:18333",
        s3_access_key="stackadmin",
        s3_secret_key="stacksecret",
    )


@pytest.fixture(scope="session")
def _prepared() -> dict[str, Any]:
    return {}


@pytest.fixture(scope="session")
def _tables(addresses: Addresses) -> Iterator[Tables]:
    session = open_keyspace(addresses.cassandra)
    yield Tables(session)
    session.cluster.shutdown()


@pytest.fixture
def keyspace(_tables: Tables, _prepared: dict[str, Any]) -> Iterator[Keyspace]:
    """Of Cassandra, with views that hold nothing."""
    yield from keyspace_of(_tables, _prepared)
