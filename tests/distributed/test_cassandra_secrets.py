"""Secrets that the system makes for itself."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from stores.cassandra.secrets import TABLES, CassandraSecrets
from stores.cassandra.session import Cassandra
from tests.distributed.cassandra import Tables
from tests.distributed.state import emptied_state


@pytest.fixture
def cassandra(tables: Tables, prepared: dict[str, Any]) -> Iterator[Cassandra]:
    yield from emptied_state(tables, prepared, TABLES)


async def test_all_who_ask_at_once_get_the_same(cassandra: Cassandra) -> None:
    asked = await asyncio.gather(*(CassandraSecrets(cassandra).secret("names") for _ in range(5)))
    assert len(set(asked)) == 1
    assert len(asked[0]) == 32
    assert await CassandraSecrets(cassandra).secret("names") == asked[0]


async def test_each_name_has_its_own(cassandra: Cassandra) -> None:
    secrets = CassandraSecrets(cassandra)
    assert await secrets.secret("names") != await secrets.secret("secret")
