"""The contracts of sessions and credentials on Cassandra, and what only these adapters promise."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from stores.cassandra import credentials as credentials_module
from stores.cassandra import sessions as sessions_module
from stores.cassandra.credentials import CassandraCredentials
from stores.cassandra.session import Cassandra
from stores.cassandra.sessions import OWNER_REMEMBERED_S, CassandraSessions
from stores.ports.errors import UnavailableError
from tests.contract.credentials import CredentialsContract
from tests.contract.sessions import ADA, NOW_MS, SessionsContract, session, token
from tests.distributed.cassandra import Tables
from tests.distributed.state import UnsteadyCassandra, emptied_state


@pytest.fixture
def cassandra(tables: Tables, prepared: dict[str, Any]) -> Iterator[Cassandra]:
    yield from emptied_state(tables, prepared, credentials_module.TABLES + sessions_module.TABLES)


@pytest.fixture
def sessions(cassandra: Cassandra) -> CassandraSessions:
    return CassandraSessions(cassandra)


@pytest.fixture
def credentials(cassandra: Cassandra) -> CassandraCredentials:
    return CassandraCredentials(cassandra)


class TestCassandraCredentials(CredentialsContract):
    pass


class TestCassandraSessions(SessionsContract):
    async def test_what_ends_elsewhere_is_refused_within_a_second(self, cassandra: Cassandra) -> None:
        now_s = 100.0
        here = CassandraSessions(cassandra, lambda: now_s)
        elsewhere = CassandraSessions(cassandra)
        await here.open(session(1), token(1))
        assert await here.owner(1) == ADA
        await elsewhere.end(ADA, 1)
        now_s += OWNER_REMEMBERED_S
        assert OWNER_REMEMBERED_S <= 1
        assert await here.owner(1) is None

    async def test_an_owner_is_remembered_for_a_moment(self, cassandra: Cassandra) -> None:
        """Since every request asks."""
        sessions = CassandraSessions(cassandra, lambda: 100.0)
        await sessions.open(session(1), token(1))
        assert await sessions.owner(1) == ADA
        await CassandraSessions(cassandra).end(ADA, 1)
        assert await sessions.owner(1) == ADA

    async def test_of_two_processes_with_one_token_both_answers_can_go_on(self, cassandra: Cassandra) -> None:
        """As when a client loses an answer and asks another process again."""
        one, other = CassandraSessions(cassandra), CassandraSessions(cassandra)
        await one.open(session(1), token(1))
        served = await asyncio.gather(
            one.refresh(token(1), token(2), NOW_MS), other.refresh(token(1), token(3), NOW_MS)
        )
        assert None not in served
        assert await one.refresh(token(1), token(4), NOW_MS) is None
        assert await other.of_user(ADA, NOW_MS) == []

    async def test_sessions_opened_at_once_keep_to_the_limit(
        self, cassandra: Cassandra, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sessions_module, "SESSIONS_LIMIT", 3)
        opened = [session(number, at_ms=NOW_MS + number) for number in range(1, 10)]
        for each in opened[:3]:
            await CassandraSessions(cassandra).open(each, token(each.session_id))
        await asyncio.gather(
            *(CassandraSessions(cassandra).open(each, token(each.session_id)) for each in opened[3:])
        )
        assert len(await CassandraSessions(cassandra).of_user(ADA, NOW_MS + 10)) == 3

    async def test_what_has_ended_is_listed_no_more(self, cassandra: Cassandra, tables: Tables) -> None:
        sessions = CassandraSessions(cassandra)
        for number in (1, 2, 3):
            await sessions.open(session(number), token(number))
        await sessions.end_others(ADA, 2)
        assert tables.session.execute("SELECT session_id FROM sessions_of_user").all() == [(2,)]

    async def test_a_refresh_without_an_answer_can_be_asked_again(self, cassandra: Cassandra) -> None:
        unsteady = UnsteadyCassandra(cassandra)
        sessions = CassandraSessions(unsteady)
        await sessions.open(session(1), token(1))
        unsteady.answers_are_lost = True
        with pytest.raises(UnavailableError):
            await sessions.refresh(token(1), token(2), NOW_MS)
        unsteady.answers_are_lost = False
        assert await sessions.refresh(token(1), token(3), NOW_MS) is not None
        assert await sessions.refresh(token(3), token(4), NOW_MS) is not None

    async def test_an_end_without_an_answer_is_known_here(self, cassandra: Cassandra) -> None:
        unsteady = UnsteadyCassandra(cassandra)
        sessions = CassandraSessions(unsteady)
        await sessions.open(session(1), token(1))
        assert await sessions.owner(1) == ADA
        unsteady.answers_are_lost = True
        with pytest.raises(UnavailableError):
            await sessions.end(ADA, 1)
        unsteady.answers_are_lost = False
        assert await sessions.owner(1) is None
