"""Writes of many partitions go to Cassandra together, and yet each of them succeeds or fails for itself."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from stores.cassandra.session import Cassandra, Row
from stores.cassandra.writes import PARTITIONS_COUNT, REQUESTS_COUNT
from stores.ports.errors import StoreError, UnavailableError
from tests.contract.view import DiedError
from tests.distributed.cassandra import Tables

_PUT = "INSERT INTO together (id, text) VALUES (?,?) USING TIMESTAMP ?"
_ALL = "SELECT id FROM together"
_NO_STAMP = -(2**63)
"""Cassandra refuses it."""


class Counting(Cassandra):
    """Counts its requests; the next one may be given an error."""

    requests_count = 0
    is_full = asyncio.Event()
    error: BaseException | None = None
    go_on: asyncio.Event | None = None
    """Nothing is sent before."""

    async def _sent(self, statement: Any) -> list[Row]:
        self.requests_count += 1
        if self.requests_count == REQUESTS_COUNT:
            self.is_full.set()
        if self.go_on is not None:
            await self.go_on.wait()
        error, self.error = self.error, None
        if error is not None:
            raise error
        return await super()._sent(statement)


@pytest.fixture
def cassandra(tables: Tables) -> Iterator[Counting]:
    tables.session.execute("CREATE TABLE IF NOT EXISTS together (id bigint PRIMARY KEY, text text)")
    yield Counting(tables.session)
    tables.session.execute("TRUNCATE together")


def rows(count: int, text: str = "") -> list[tuple[int, str, int]]:
    return [(number, text, number + 1) for number in range(count)]


async def there(cassandra: Cassandra) -> set[int]:
    return {id_ for (id_,) in await cassandra.rows(_ALL)}


async def test_as_many_go_in_one_request_as_cassandra_likes(cassandra: Counting) -> None:
    await cassandra.many(_PUT, rows(PARTITIONS_COUNT * 3))
    assert cassandra.requests_count == 3
    assert await there(cassandra) == set(range(PARTITIONS_COUNT * 3))


async def test_what_is_large_goes_alone(cassandra: Counting) -> None:
    await cassandra.many(_PUT, rows(4, "x" * 60_000))
    assert cassandra.requests_count == 4
    assert len(await there(cassandra)) == 4


async def test_writers_share_requests(cassandra: Counting) -> None:
    await cassandra.many(_PUT, rows(1))  # from now on the statement is prepared
    cassandra.requests_count = 0
    await asyncio.gather(*(cassandra.many(_PUT, [row]) for row in rows(PARTITIONS_COUNT)))
    assert cassandra.requests_count == 1


async def test_one_that_is_refused_fails_alone(cassandra: Counting) -> None:
    *good, (bad, text, _) = rows(PARTITIONS_COUNT)
    ours, theirs = await asyncio.gather(
        cassandra.many(_PUT, good), cassandra.many(_PUT, [(bad, text, _NO_STAMP)]), return_exceptions=True
    )
    assert ours is None
    assert isinstance(theirs, StoreError)
    assert await there(cassandra) == {id_ for id_, *_ in good}


async def test_a_partition_is_written_whole_or_not_at_all(cassandra: Counting) -> None:
    """Beside others that are."""
    of_one = [(_PUT, (1, "kept", 1)), (_PUT, (1, "refused", _NO_STAMP))]
    others = [[(_PUT, (id_, "", 1))] for id_ in range(2, 6)]
    with pytest.raises(StoreError):
        await cassandra.batches([of_one, *others])
    await cassandra.batches(others)
    assert await there(cassandra) == {2, 3, 4, 5}


@pytest.mark.parametrize("error", [UnavailableError("away"), DiedError()])
async def test_whatever_else_befalls_a_request_is_told_to_everybody(
    cassandra: Counting, error: BaseException
) -> None:
    cassandra.error = error
    with pytest.raises(type(error)):
        await cassandra.many(_PUT, rows(3))
    await cassandra.many(_PUT, rows(3))
    assert await there(cassandra) == {0, 1, 2}


async def test_whose_caller_has_gone_away_is_not_sent_any_more(cassandra: Counting) -> None:
    await cassandra.many(_PUT, rows(1))
    *busy, late = rows(PARTITIONS_COUNT * REQUESTS_COUNT + 1)
    cassandra.requests_count, cassandra.go_on, cassandra.is_full = 0, asyncio.Event(), asyncio.Event()
    writing = asyncio.create_task(cassandra.many(_PUT, busy))
    await cassandra.is_full.wait()
    gone = asyncio.create_task(cassandra.many(_PUT, [late]))
    await asyncio.sleep(0)
    gone.cancel()
    cassandra.go_on.set()
    await writing
    assert await there(cassandra) == {id_ for id_, *_ in busy}
