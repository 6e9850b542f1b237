"""The idempotency contract on SQLite, and what only this adapter promises."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from stores.ports.errors import UnavailableError
from stores.ports.idempotency import KEPT_MS, Reserved
from stores.sqlite.database import Database
from stores.sqlite.idempotency import SCHEMA, SqliteIdempotencyKeys
from tests.contract.idempotency import ANSWER, NOW_MS, REQUEST, SLOT, IdempotencyContract, OpenKeys


@pytest.fixture
async def open_keys(tmp_path: Path) -> AsyncIterator[OpenKeys]:
    opened: list[SqliteIdempotencyKeys] = []

    def open_again() -> SqliteIdempotencyKeys:
        opened.append(SqliteIdempotencyKeys(tmp_path / "state.db"))
        return opened[-1]

    yield open_again
    for keys in opened:
        await keys.close()


class TestSqliteIdempotencyKeys(IdempotencyContract):
    async def test_old_slots_are_swept_out(self, open_keys: OpenKeys, tmp_path: Path) -> None:
        keys = open_keys()
        for number in range(30):
            await keys.reserve(bytes([number]) * 32, REQUEST, number + 1, NOW_MS)
        for number in range(2):
            await keys.reserve(bytes([100 + number]) * 32, REQUEST, 99, NOW_MS + KEPT_MS)
        with closing(Database(tmp_path / "state.db", SCHEMA, "FULL")) as database:
            assert database.reader.execute("SELECT count(*) FROM idempotency_keys").fetchone() == (2,)

    async def test_a_caller_that_goes_away_leaves_the_slot_idle(self, open_keys: OpenKeys) -> None:
        keys = open_keys()
        gone = asyncio.create_task(keys.reserve(SLOT, REQUEST, 7, NOW_MS))
        await asyncio.sleep(0)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        assert isinstance(await keys.reserve(SLOT, REQUEST, 8, NOW_MS), Reserved)

    async def test_when_the_file_is_locked_the_slot_stays_idle(self, tmp_path: Path) -> None:
        keys = SqliteIdempotencyKeys(tmp_path / "state.db")
        keys._database.writer.execute("PRAGMA busy_timeout = 0")
        with closing(Database(tmp_path / "state.db", SCHEMA, "FULL")) as other:
            await keys.reserve(SLOT, REQUEST, 7, NOW_MS)
            other.writer.execute("BEGIN IMMEDIATE")
            with pytest.raises(UnavailableError):
                await keys.complete(SLOT, ANSWER)
            with pytest.raises(UnavailableError):
                await keys.reserve(b"o" * 32, REQUEST, 8, NOW_MS)
            other.writer.execute("ROLLBACK")
        assert await keys.reserve(SLOT, REQUEST, 9, NOW_MS) == Reserved(7)
        assert await keys.reserve(b"o" * 32, REQUEST, 9, NOW_MS) == Reserved(9)
        await keys.close()
