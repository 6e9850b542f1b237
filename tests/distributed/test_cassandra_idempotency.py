"""The idempotency contract on Cassandra, and what only this adapter promises."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from stores.cassandra import idempotency as idempotency_module
from stores.cassandra import presence as presence_module
from stores.cassandra.idempotency import CassandraIdempotencyKeys
from stores.cassandra.presence import Presence
from stores.cassandra.session import Cassandra
from stores.ports.errors import UnavailableError
from stores.ports.idempotency import KEPT_MS, Answered, Mismatch, Reserved, Running
from tests.contract.idempotency import (
    ANSWER,
    NOW_MS,
    OTHER_REQUEST,
    REQUEST,
    SLOT,
    IdempotencyContract,
    OpenKeys,
)
from tests.distributed.cassandra import Tables
from tests.distributed.state import UnsteadyCassandra, emptied_state

END = "DELETE FROM shards WHERE shard = %s IF process = %s"


@pytest.fixture
def cassandra(tables: Tables, prepared: dict[str, Any]) -> Iterator[Cassandra]:
    yield from emptied_state(tables, prepared, presence_module.TABLES + idempotency_module.TABLES)


@pytest.fixture
async def open_keys(cassandra: Cassandra, tables: Tables) -> OpenKeys:
    """The lease of the process before ends with it."""
    free = [await Presence.enter(cassandra) for _ in range(3)]
    used: list[Presence] = []

    def open_again() -> CassandraIdempotencyKeys:
        for presence in used:
            tables.session.execute(END, (presence.shard, presence.holder.process))
        used.append(free.pop())
        return CassandraIdempotencyKeys(cassandra, used[-1])

    return open_again


@dataclass
class Process:
    cassandra: UnsteadyCassandra
    presence: Presence
    keys: CassandraIdempotencyKeys


async def begun(cassandra: Cassandra) -> Process:
    unsteady = UnsteadyCassandra(cassandra)
    presence = await Presence.enter(unsteady)
    return Process(unsteady, presence, CassandraIdempotencyKeys(unsteady, presence))


@pytest.fixture
async def one(cassandra: Cassandra) -> Process:
    return await begun(cassandra)


@pytest.fixture
async def other(cassandra: Cassandra) -> Process:
    return await begun(cassandra)


class TestCassandraIdempotencyKeys(IdempotencyContract):
    async def test_what_another_process_runs_is_running(self, one: Process, other: Process) -> None:
        await one.keys.reserve(SLOT, REQUEST, 7, NOW_MS)
        assert await other.keys.reserve(SLOT, REQUEST, 8, NOW_MS) == Running()
        assert await other.keys.reserve(SLOT, OTHER_REQUEST, 8, NOW_MS) == Mismatch()
        await one.keys.complete(SLOT, ANSWER)
        assert await other.keys.reserve(SLOT, REQUEST, 8, NOW_MS) == Answered(ANSWER)

    async def test_what_a_process_ran_that_has_left_is_idle(self, one: Process, other: Process) -> None:
        await one.keys.reserve(SLOT, REQUEST, 7, NOW_MS)
        await one.presence.leave()
        assert await other.keys.reserve(SLOT, REQUEST, 8, NOW_MS) == Reserved(7)

    async def test_of_many_processes_at_once_one_gets_it(self, cassandra: Cassandra) -> None:
        processes = [await begun(cassandra) for _ in range(4)]
        found = await asyncio.gather(
            *(process.keys.reserve(SLOT, REQUEST, 7 + n, NOW_MS) for n, process in enumerate(processes))
        )
        assert sorted(type(reservation).__name__ for reservation in found) == ["Reserved"] + ["Running"] * 3

    async def test_of_many_processes_at_once_one_takes_over(self, cassandra: Cassandra, one: Process) -> None:
        await one.keys.reserve(SLOT, REQUEST, 7, NOW_MS)
        processes = [await begun(cassandra) for _ in range(4)]
        await one.presence.leave()
        found = await asyncio.gather(
            *(process.keys.reserve(SLOT, REQUEST, 8, NOW_MS) for process in processes)
        )
        assert sorted(type(reservation).__name__ for reservation in found) == ["Reserved"] + ["Running"] * 3
        assert Reserved(7) in found

    async def test_who_was_thought_to_have_ended_disturbs_nobody(self, one: Process, other: Process) -> None:
        await one.keys.reserve(SLOT, REQUEST, 7, NOW_MS)
        await one.presence.leave()
        await other.keys.reserve(SLOT, REQUEST, 8, NOW_MS)
        await one.keys.complete(SLOT, ANSWER)
        assert await one.keys.reserve(SLOT, REQUEST, 9, NOW_MS) == Running()
        await other.keys.release(SLOT)
        assert await one.keys.reserve(SLOT, REQUEST, 9, NOW_MS) == Reserved(7)

    async def test_a_reservation_whose_answer_was_lost_is_idle(self, one: Process, other: Process) -> None:
        one.cassandra.answers_are_lost = True
        with pytest.raises(UnavailableError):
            await one.keys.reserve(SLOT, REQUEST, 7, NOW_MS)
        one.cassandra.answers_are_lost = False
        await one.keys.give_back()
        assert await other.keys.reserve(SLOT, REQUEST, 8, NOW_MS) == Reserved(7)

    async def test_the_same_process_takes_it_again_at_once(self, one: Process) -> None:
        one.cassandra.answers_are_lost = True
        with pytest.raises(UnavailableError):
            await one.keys.reserve(SLOT, REQUEST, 7, NOW_MS)
        one.cassandra.answers_are_lost = False
        assert await one.keys.reserve(SLOT, REQUEST, 8, NOW_MS) == Reserved(7)
        await one.keys.give_back()  # of the attempt before
        await one.keys.complete(SLOT, ANSWER)
        assert await one.keys.reserve(SLOT, REQUEST, 8, NOW_MS) == Answered(ANSWER)

    async def test_while_it_cannot_be_completed_it_does_not_go_on_running(
        self, one: Process, other: Process, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await one.keys.reserve(SLOT, REQUEST, 7, NOW_MS)
        one.cassandra.is_away = True
        with pytest.raises(UnavailableError):
            await one.keys.complete(SLOT, ANSWER)
        await one.keys.give_back()  # to no effect
        one.cassandra.is_away = False
        monkeypatch.setattr(presence_module, "_RENEW_EVERY_S", 0.01)
        holding = asyncio.create_task(one.presence.hold())
        async with asyncio.timeout(10):
            while await other.keys.reserve(SLOT, REQUEST, 8, NOW_MS) != Reserved(7):
                pass
        holding.cancel()

    async def test_when_only_the_answer_was_lost_it_is_answered(self, one: Process, other: Process) -> None:
        await one.keys.reserve(SLOT, REQUEST, 7, NOW_MS)
        one.cassandra.answers_are_lost = True
        with pytest.raises(UnavailableError):
            await one.keys.complete(SLOT, ANSWER)
        one.cassandra.answers_are_lost = False
        await one.keys.give_back()
        assert await other.keys.reserve(SLOT, REQUEST, 8, NOW_MS) == Answered(ANSWER)

    async def test_a_release_is_told_when_the_store_is_back(self, one: Process, other: Process) -> None:
        await one.keys.reserve(SLOT, REQUEST, 7, NOW_MS)
        one.cassandra.is_away = True
        await one.keys.release(SLOT)
        one.cassandra.is_away = False
        await one.keys.give_back()
        assert await other.keys.reserve(SLOT, REQUEST, 8, NOW_MS) == Reserved(7)

    async def test_a_slot_is_given_back_once_for_all_its_attempts(self, one: Process, other: Process) -> None:
        one.cassandra.answers_are_lost = True
        for _ in range(20):
            with pytest.raises(UnavailableError):
                await one.keys.reserve(SLOT, REQUEST, 7, NOW_MS)
        one.cassandra.answers_are_lost = False
        one.cassandra.asked_count = 0
        await one.keys.give_back()
        assert one.cassandra.asked_count == 1
        assert await other.keys.reserve(SLOT, REQUEST, 8, NOW_MS) == Reserved(7)

    async def test_all_that_was_left_is_given_back_after_one_renewal(
        self, one: Process, other: Process, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(idempotency_module, "_GIVEN_BACK_AT_ONCE", 2)
        slots = [bytes([n]) * 32 for n in range(5)]
        one.cassandra.answers_are_lost = True
        for slot in slots:
            with pytest.raises(UnavailableError):
                await one.keys.reserve(slot, REQUEST, 7, NOW_MS)
        one.cassandra.answers_are_lost = False
        await one.keys.give_back()
        assert [await other.keys.reserve(slot, REQUEST, 8, NOW_MS) for slot in slots] == [Reserved(7)] * 5

    async def test_a_store_that_is_away_again_is_not_told_of_the_rest(
        self, one: Process, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(idempotency_module, "_GIVEN_BACK_AT_ONCE", 2)
        one.cassandra.is_away = True
        for n in range(5):
            with pytest.raises(UnavailableError):
                await one.keys.reserve(bytes([n]) * 32, REQUEST, 7, NOW_MS)
        one.cassandra.asked_count = 0
        await one.keys.give_back()
        assert one.cassandra.asked_count == 2

    async def test_a_caller_that_goes_away_leaves_the_slot_idle(self, one: Process, other: Process) -> None:
        gone = asyncio.create_task(one.keys.reserve(SLOT, REQUEST, 7, NOW_MS))
        await asyncio.sleep(0)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        await one.keys.give_back()
        assert isinstance(await other.keys.reserve(SLOT, REQUEST, 8, NOW_MS), Reserved)

    @pytest.mark.parametrize("seen_ms", [NOW_MS, NOW_MS + KEPT_MS])
    async def test_all_of_a_slot_runs_out_at_once(
        self, one: Process, other: Process, tables: Tables, seen_ms: int
    ) -> None:
        await one.keys.reserve(SLOT, REQUEST, 7, NOW_MS)
        tables.session.execute(
            "UPDATE idempotency_keys USING TTL 5 SET fingerprint = %s WHERE slot = %s", (REQUEST, SLOT)
        )
        await one.presence.leave()
        assert isinstance(await other.keys.reserve(SLOT, REQUEST, 8, seen_ms), Reserved)
        await other.keys.complete(SLOT, ANSWER)
        columns = ("fingerprint", "object_id", "reserved_ms", "status", "headers", "body", "position")
        query = ", ".join(f"TTL({column})" for column in columns)
        left_s = tables.session.execute(f"SELECT {query} FROM idempotency_keys").one()
        assert len(set(left_s)) == 1
        assert left_s[0] > KEPT_MS // 1000
