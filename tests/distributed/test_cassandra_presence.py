"""Presences of processes and their shard numbers."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from events.ids import SHARD_COUNT
from stores.cassandra import presence as module
from stores.cassandra.presence import LEASE_S, TABLES, Holder, Presence
from stores.cassandra.session import Cassandra, Row
from stores.ports.errors import UnavailableError
from tests.distributed.cassandra import Tables
from tests.distributed.state import UnsteadyCassandra, emptied_state


@pytest.fixture
def cassandra(tables: Tables, prepared: dict[str, Any]) -> Iterator[Cassandra]:
    yield from emptied_state(tables, prepared, TABLES)


async def count_from(cassandra: Cassandra, last: int) -> None:
    assert await cassandra.applied("UPDATE last_shard SET shard = ? WHERE one = 1 IF EXISTS", last)


async def left_s(cassandra: Cassandra, presence: Presence) -> int:
    rows = await cassandra.rows("SELECT TTL(process) FROM shards WHERE shard = ?", presence.shard)
    return int(rows[0][0])


async def test_numbers_are_given_in_turn(cassandra: Cassandra) -> None:
    """One that is free again comes back only after all others."""
    for expected in range(3):
        presence = await Presence.enter(cassandra)
        assert presence.shard == expected
        await presence.leave()


async def test_all_who_enter_at_once_get_numbers_of_their_own(cassandra: Cassandra) -> None:
    entered = await asyncio.gather(*(Presence.enter(cassandra) for _ in range(5)))
    assert len({presence.shard for presence in entered}) == 5


class _Overtaken(UnsteadyCassandra):
    """Between the first read and what follows from it, two others come and go."""

    async def rows(self, cql: str, *values: object) -> list[Row]:
        found = await super().rows(cql, *values)
        for _ in range(2 if not found else 0):
            await (await Presence.enter(self._steady)).leave()
        return found


async def test_who_is_overtaken_does_not_turn_the_numbers_back(cassandra: Cassandra) -> None:
    assert (await Presence.enter(_Overtaken(cassandra))).shard == 2


async def test_after_the_last_number_those_come_that_are_free(cassandra: Cassandra) -> None:
    for _ in range(2):
        await Presence.enter(cassandra)  # these hold 0 and 1
    await count_from(cassandra, SHARD_COUNT - 2)
    assert [(await Presence.enter(cassandra)).shard for _ in range(2)] == [SHARD_COUNT - 1, 2]


async def test_when_too_many_are_held_it_can_be_tried_again(
    cassandra: Cassandra, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_NUMBERS_TRIED", 2)
    for _ in range(3):
        await Presence.enter(cassandra)
    await count_from(cassandra, SHARD_COUNT - 1)
    with pytest.raises(UnavailableError):
        await Presence.enter(cassandra)
    assert (await Presence.enter(cassandra)).shard == 3


async def test_a_process_is_there_until_it_leaves(cassandra: Cassandra) -> None:
    one, other = await Presence.enter(cassandra), await Presence.enter(cassandra)
    assert await other.is_there(one.holder)
    assert not await other.is_there(Holder(one.shard, other.holder.process))
    await one.leave()
    assert not await other.is_there(one.holder)
    assert await one.is_there(other.holder)


async def test_a_process_that_does_not_renew_is_soon_not_there_and_takes_another_number(
    cassandra: Cassandra, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_ENTER", module._ENTER.replace(f"TTL {LEASE_S}", "TTL 1"))
    presence = await Presence.enter(cassandra)
    async with asyncio.timeout(10):
        while await presence.is_there(presence.holder):
            pass
    moved: list[int] = []
    presence.on_move(moved.append)
    await presence.renew()
    assert moved == [presence.shard] == [1]
    assert await presence.is_there(presence.holder)


async def test_a_lease_is_renewed_for_its_whole_time(
    cassandra: Cassandra, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_ENTER", module._ENTER.replace(f"TTL {LEASE_S}", "TTL 30"))
    presence = await Presence.enter(cassandra)
    assert await left_s(cassandra, presence) <= 30
    await presence.renew()
    assert await left_s(cassandra, presence) > 30


async def test_a_number_that_another_got_is_left_to_it(cassandra: Cassandra) -> None:
    late = await Presence.enter(cassandra)
    await cassandra.applied("DELETE FROM shards WHERE shard = ? IF EXISTS", late.shard)
    await count_from(cassandra, SHARD_COUNT - 1)
    now = await Presence.enter(cassandra)
    assert now.shard == late.shard
    await late.renew()
    assert late.shard != now.shard
    await late.leave()
    assert await late.is_there(now.holder)


async def test_it_is_held_through_an_outage(cassandra: Cassandra, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_RENEW_EVERY_S", 0.01)
    unsteady = UnsteadyCassandra(cassandra)
    presence = await Presence.enter(unsteady)
    renewed = asyncio.Queue[bool]()

    async def chore() -> None:
        await renewed.put(True)
        raise UnavailableError  # of no concern to the lease

    presence.after_renewal(chore)
    holding = asyncio.create_task(presence.hold())
    await renewed.get()
    unsteady.is_away = True
    await unsteady.refusing(3)
    unsteady.is_away = False
    while not renewed.empty():
        renewed.get_nowait()
    await renewed.get()
    holding.cancel()
