"""Leases of work that one process does at a time."""

from collections.abc import Iterator
from typing import Any

import pytest

from stores.cassandra import leases as module
from stores.cassandra.leases import LEASE_S, TABLES, LeaseHeldError, is_leased, leased
from stores.cassandra.session import Cassandra, Row
from stores.ports.errors import UnavailableError
from tests.distributed.cassandra import Tables
from tests.distributed.state import UnsteadyCassandra, emptied_state

WORK = "replay likes"


@pytest.fixture
def cassandra(tables: Tables, prepared: dict[str, Any]) -> Iterator[Cassandra]:
    yield from emptied_state(tables, prepared, TABLES)


async def held(cassandra: Cassandra) -> list[Row]:
    return await cassandra.rows("SELECT holder, TTL(holder) FROM leases WHERE work = ?", WORK)


async def test_one_is_at_a_piece_of_work_and_the_next_when_that_has_ended(cassandra: Cassandra) -> None:
    assert not await is_leased(cassandra, WORK)
    async with leased(cassandra, WORK):
        assert await is_leased(cassandra, WORK)
        with pytest.raises(LeaseHeldError, match=WORK):
            async with leased(cassandra, WORK):
                raise AssertionError
        async with leased(cassandra, "replay saves"):
            pass
    assert await held(cassandra) == []
    async with leased(cassandra, WORK):
        pass


async def test_that_of_a_process_that_died_runs_out(cassandra: Cassandra) -> None:
    async with leased(cassandra, WORK):
        ((_, left_s),) = await held(cassandra)
    assert 0 < left_s <= LEASE_S


async def test_it_is_renewed_and_taken_again_when_it_ran_out(
    cassandra: Cassandra, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_RENEW_EVERY_S", 0.01)
    async with leased(cassandra, WORK):
        ((holder, _),) = await held(cassandra)
        assert await cassandra.applied("DELETE FROM leases WHERE work = ? IF EXISTS", WORK)
        while not (found := await held(cassandra)):
            pass
        assert found[0][0] == holder


async def test_work_goes_on_while_cassandra_is_away(
    cassandra: Cassandra, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_RENEW_EVERY_S", 0.01)
    unsteady = UnsteadyCassandra(cassandra)
    async with leased(unsteady, WORK):
        unsteady.is_away = True
        await unsteady.refusing(2)
    assert len(await held(cassandra)) == 1
    with pytest.raises(UnavailableError):
        async with leased(unsteady, WORK):
            raise AssertionError
