"""The names contract on SQLite."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from stores.sqlite.names import SqliteNames
from tests.contract.names import NamesContract


@pytest.fixture
def view(tmp_path: Path) -> Iterator[SqliteNames]:
    with closing(SqliteNames(tmp_path / "names.db")) as names:
        yield names


class TestSqliteNames(NamesContract):
    pass
