"""The registry's contract on SQLite."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stores.sqlite.database import Database
from stores.sqlite.registry import SCHEMA, SqliteRegistry
from tests.contract.registry import OpenRegistry, RegistryContract


@pytest.fixture
def open_registry(tmp_path: Path) -> Iterator[OpenRegistry]:
    opened: list[Database] = []

    def open_again() -> SqliteRegistry:
        opened.append(Database(tmp_path / "state.db", SCHEMA, "FULL"))
        return SqliteRegistry(opened[-1])

    yield open_again
    for database in opened:
        database.close()


class TestSqliteRegistry(RegistryContract):
    pass
