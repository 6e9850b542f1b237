"""SQLite keeps the contract of the timelines view."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stores.sqlite.timelines import SqliteTimelines
from tests.contract.timelines import TimelinesContract


class TestSqliteTimelines(TimelinesContract):
    @pytest.fixture
    def fresh(self, tmp_path: Path) -> Iterator[Callable[[], SqliteTimelines]]:
        opened: list[SqliteTimelines] = []

        def make() -> SqliteTimelines:
            opened.append(SqliteTimelines(tmp_path / f"{len(opened)}.db"))
            return opened[-1]

        yield make
        for view in opened:
            view.close()
