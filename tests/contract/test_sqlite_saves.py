"""SQLite keeps the contract of the saves view."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stores.sqlite.saves import SqliteSaves
from tests.contract.saves import SavesContract


class TestSqliteSaves(SavesContract):
    @pytest.fixture
    def fresh(self, tmp_path: Path) -> Iterator[Callable[[], SqliteSaves]]:
        opened: list[SqliteSaves] = []

        def make() -> SqliteSaves:
            opened.append(SqliteSaves(tmp_path / f"{len(opened)}.db"))
            return opened[-1]

        yield make
        for view in opened:
            view.close()
