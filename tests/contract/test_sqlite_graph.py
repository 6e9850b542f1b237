"""The graph in SQLite."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stores.sqlite.graph import SqliteGraph
from tests.contract.graph import GraphContract


class TestSqliteGraph(GraphContract):
    @pytest.fixture
    def view(self, tmp_path: Path) -> Iterator[SqliteGraph]:
        graph = SqliteGraph(tmp_path / "graph.db")
        yield graph
        graph.close()
