"""The keys' contract on SQLite."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stores.sqlite import keys as module
from stores.sqlite.database import Database
from stores.sqlite.keys import SCHEMA, SqliteKeys
from tests.contract.keys import Destroy, KeysContract, OpenKeys


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "state.db", SCHEMA, "FULL")
    yield database
    database.close()


@pytest.fixture
def open_keys(state: Database) -> OpenKeys:
    return lambda: SqliteKeys(state)


@pytest.fixture
def destroy(state: Database) -> Destroy:
    def destroy_key(user_id: int) -> None:
        with state.transaction() as connection:
            connection.execute("UPDATE keys SET key = NULL WHERE user_id = ?", (user_id,))

    return destroy_key


class TestSqliteKeys(KeysContract):
    async def test_what_is_forgotten_is_found_again(
        self, open_keys: OpenKeys, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Keys asked for together are all there, however few are remembered."""
        monkeypatch.setattr(module, "_REMEMBERED", 2)
        keys = open_keys()
        for user_id in range(1, 6):
            await keys.create(user_id)
        assert set(await keys.get([1, 2])) == {1, 2}
        assert set(await keys.get([1, 2, 3])) == {1, 2, 3}
        assert set(await keys.get([5, 4, 3, 2, 1])) == {1, 2, 3, 4, 5}
