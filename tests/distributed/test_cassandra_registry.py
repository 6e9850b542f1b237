"""The registry's contract on Cassandra, and what only this adapter promises."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from stores.cassandra.registry import TABLES, CassandraRegistry
from stores.cassandra.session import Cassandra
from stores.ports.errors import UnavailableError
from stores.ports.registry import Generation
from tests.contract.log import record
from tests.contract.registry import OpenRegistry, RegistryContract, live
from tests.distributed.cassandra import Tables
from tests.distributed.state import UnsteadyCassandra, emptied_state


@pytest.fixture
def cassandra(tables: Tables, prepared: dict[str, Any]) -> Iterator[Cassandra]:
    yield from emptied_state(tables, prepared, TABLES)


@pytest.fixture
def open_registry(cassandra: Cassandra) -> OpenRegistry:
    return lambda: CassandraRegistry(cassandra)


class TestCassandraRegistry(RegistryContract):
    async def test_of_many_that_begin_at_once_one_is_live(self, open_registry: OpenRegistry) -> None:
        begun = await asyncio.gather(*(open_registry().begin("likes", 1) for _ in range(4)))
        assert sorted(generation.number for generation in begun) == [1, 2, 3, 4]
        assert await live(open_registry()) == [1]

    async def test_what_does_not_exist_is_not_marked(self, open_registry: OpenRegistry) -> None:
        await open_registry().begin("likes", 1)
        await open_registry().mark("likes", 2, "ready")
        assert await open_registry().generations() == [Generation("likes", 1, 1, "live")]

    async def test_marking_makes_none_live(self, open_registry: OpenRegistry) -> None:
        for _ in range(2):
            await open_registry().begin("likes", 1)
        with pytest.raises(ValueError, match="switch"):
            await open_registry().mark("likes", 2, "live")
        assert await live(open_registry()) == [1]

    async def test_a_switch_without_an_answer_can_be_asked_again(self, cassandra: Cassandra) -> None:
        unsteady = UnsteadyCassandra(cassandra)
        registry = CassandraRegistry(unsteady)
        await self._two(registry)
        unsteady.answers_are_lost = True
        with pytest.raises(UnavailableError):
            await registry.switch("likes", 1, 2, record())
        unsteady.answers_are_lost = False
        assert not await registry.switch("likes", 1, 2, record())
        assert await live(registry) == [2]
