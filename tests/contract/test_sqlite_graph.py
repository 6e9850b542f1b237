"""The graph in SQLite."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from events.topics import GRAPH
from stores.ports.view import Folded
from stores.sqlite.graph import SqliteGraph
from tests.contract.applying import apply
from tests.contract.graph import ADA, BO, GraphContract, follows


class TestSqliteGraph(GraphContract):
    @pytest.fixture
    def view(self, tmp_path: Path) -> Iterator[SqliteGraph]:
        graph = SqliteGraph(tmp_path / "graph.db")
        yield graph
        graph.close()

    async def test_what_a_command_has_discarded_is_seen_by_the_server(
        self, view: SqliteGraph, tmp_path: Path
    ) -> None:
        """The command has a view of its own on the file; the projector of the server looks who is parked every second."""
        await apply(view, follows(ADA, BO, 1))
        await view.apply([Folded((GRAPH, 1), 0, 99, str(ADA), parked="broken")])
        assert await view.parked_keys() == {(GRAPH, str(ADA))}
        assert not await view.following_among(ADA, (BO,))
        command = SqliteGraph(tmp_path / "graph.db")
        await command.release(GRAPH, str(ADA), [Folded((GRAPH, 1), 0, 99, str(ADA))])
        command.close()
        assert not await view.parked_keys()
        assert await view.following_among(ADA, (BO,))
