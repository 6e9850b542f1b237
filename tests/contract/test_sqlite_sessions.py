"""The contracts of sessions and credentials on SQLite, and what only these adapters promise."""

import asyncio
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from stores.ports.sessions import IDLE_MS
from stores.sqlite import credentials as credentials_module
from stores.sqlite import sessions as sessions_module
from stores.sqlite.credentials import SqliteCredentials
from stores.sqlite.database import Database
from stores.sqlite.sessions import SqliteSessions
from tests.contract.credentials import CredentialsContract
from tests.contract.sessions import ADA, NOW_MS, SessionsContract, session, token


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    schema = credentials_module.SCHEMA + sessions_module.SCHEMA
    with closing(Database(tmp_path / "state.db", schema, "FULL")) as opened:
        yield opened


@pytest.fixture
def sessions(database: Database) -> SqliteSessions:
    return SqliteSessions(database)


@pytest.fixture
def credentials(database: Database) -> SqliteCredentials:
    return SqliteCredentials(database)


class TestSqliteCredentials(CredentialsContract):
    pass


class TestSqliteSessions(SessionsContract):
    async def test_sessions_survive_a_restart(self, sessions: SqliteSessions, database: Database) -> None:
        await sessions.open(session(1), token(1))
        again = SqliteSessions(database)
        assert await again.owner(1) == ADA
        assert await again.refresh(token(1), token(2), NOW_MS) is not None

    async def test_a_caller_that_goes_away_leaves_no_living_session_behind(
        self, sessions: SqliteSessions, database: Database
    ) -> None:
        await sessions.open(session(1), token(1))
        assert await sessions.owner(1) == ADA
        with database.transaction():
            going = asyncio.create_task(sessions.end(ADA, 1))
            await asyncio.sleep(0)
            going.cancel()
            with pytest.raises(asyncio.CancelledError):
                await going
        await sessions.open(session(2), token(2))  # waits until the other write is through
        alive = await SqliteSessions(database).owner(1)  # cancelled before it began, it has done nothing
        assert await sessions.owner(1) == alive

    async def test_tokens_of_ended_sessions_are_dropped(
        self, sessions: SqliteSessions, database: Database
    ) -> None:
        await sessions.open(session(1), token(1))
        await sessions.refresh(token(1), token(2), NOW_MS)
        await sessions.end(ADA, 1)
        await sessions.open(session(2), token(3))
        await sessions.open(session(3, at_ms=NOW_MS + IDLE_MS), token(4))
        assert database.reader.execute("SELECT hash FROM refresh_tokens").fetchall() == [(token(4),)]
