"""SQLite keeps the contract of the likes view."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stores.sqlite.likes import SqliteLikes
from tests.contract.likes import LikesContract


class TestSqliteLikes(LikesContract):
    @pytest.fixture
    def fresh(self, tmp_path: Path) -> Iterator[Callable[[], SqliteLikes]]:
        opened: list[SqliteLikes] = []

        def make() -> SqliteLikes:
            opened.append(SqliteLikes(tmp_path / f"{len(opened)}.db"))
            return opened[-1]

        yield make
        for view in opened:
            view.close()
