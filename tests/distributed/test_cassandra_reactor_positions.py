"""The contract of the positions of reactors on Cassandra."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from stores.cassandra.reactor_positions import TABLES, CassandraReactorPositions
from tests.contract.reactor_positions import ONE, ReactorPositionsContract
from tests.distributed.cassandra import Tables
from tests.distributed.state import emptied_state


@pytest.fixture
def positions(tables: Tables, prepared: dict[str, Any]) -> Iterator[CassandraReactorPositions]:
    for cassandra in emptied_state(tables, prepared, TABLES):
        yield CassandraReactorPositions(cassandra)


class TestCassandraReactorPositions(ReactorPositionsContract):
    async def test_of_many_at_once_the_furthest_stands(self, positions: CassandraReactorPositions) -> None:
        await asyncio.gather(*(positions.advance("sweeping", ONE, offset) for offset in (3, 9, 0, 7, 8)))
        assert await positions.get("sweeping") == {ONE: 9}
