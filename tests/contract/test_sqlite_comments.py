"""SQLite keeps the contract of the comments view."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stores.sqlite.comments import SqliteComments
from tests.contract.comments import CommentsContract


class TestSqliteComments(CommentsContract):
    @pytest.fixture
    def fresh(self, tmp_path: Path) -> Iterator[Callable[[], SqliteComments]]:
        opened: list[SqliteComments] = []

        def make() -> SqliteComments:
            opened.append(SqliteComments(tmp_path / f"{len(opened)}.db"))
            return opened[-1]

        yield make
        for view in opened:
            view.close()
