"""The contract of the positions of reactors on SQLite."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from stores.sqlite.reactor_positions import SqliteReactorPositions
from stores.sqlite.state import open_state
from tests.contract.reactor_positions import ReactorPositionsContract


@pytest.fixture
def positions(tmp_path: Path) -> Iterator[SqliteReactorPositions]:
    with closing(open_state(tmp_path / "state.db")) as state:
        yield SqliteReactorPositions(state)


class TestSqliteReactorPositions(ReactorPositionsContract):
    pass
