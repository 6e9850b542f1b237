"""The tables of the state that is not in the log, empty for each test, and clients that see Cassandra on bad days."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

from stores.cassandra.session import Cassandra, Row
from stores.ports.errors import UnavailableError
from tests.distributed.cassandra import RestampingCassandra, Tables


def emptied_state(
    tables: Tables, prepared: dict[str, Any], definitions: Sequence[str]
) -> Iterator[Cassandra]:
    """A client of the test's own event loop. Each definition begins with `CREATE TABLE IF NOT EXISTS <name>`."""
    for definition in definitions:
        tables.use(definition.split()[5], definition)
    yield RestampingCassandra(tables, prepared)
    tables.empty()


class UnsteadyCassandra(Cassandra):
    """While `is_away`, nothing reaches Cassandra. While `answers_are_lost`, everything does, and nobody hears of it."""

    def __init__(self, cassandra: Cassandra) -> None:
        self._steady = cassandra
        self.is_away = False
        self.answers_are_lost = False
        self.asked_count = 0
        self._refusals = asyncio.Semaphore(0)

    async def rows(self, cql: str, *values: object) -> list[Row]:
        self.asked_count += 1
        if self.is_away:
            self._refusals.release()
            raise UnavailableError("away")
        found = await self._steady.rows(cql, *values)
        if self.answers_are_lost:
            raise UnavailableError("no answer")
        return found

    async def refusing(self, count: int) -> None:
        """Until it was asked so often in vain, since the last time this was waited for."""
        for _ in range(count):
            await self._refusals.acquire()
