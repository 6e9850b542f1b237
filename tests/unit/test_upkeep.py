"""What is done to views now and then."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.upkeep import forget_idle
from stores.ports.registry import Registry
from stores.sqlite.registry import SqliteRegistry
from stores.sqlite.state import open_state
from tests.contract.log import record

NOW_MS, DAY_MS = 1_800_000_000_000, 24 * 3600 * 1000


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    state = open_state(tmp_path / "state.db")
    yield SqliteRegistry(state)
    state.close()


class Feeds:
    """What was asked of the generations."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int]] = []

    def open(self, projection: str, number: int) -> "Feeds":
        assert projection == "feeds"
        self._number = number
        return self

    async def forget_idle(self, seen_before_ms: int) -> int:
        self.asked.append((self._number, seen_before_ms))
        return 0


async def test_idle_readers_are_forgotten_by_every_generation_that_grows(registry: Registry) -> None:
    for _ in range(5):
        await registry.begin("feeds", 1)
    await registry.begin("likes", 1)
    for number, state in ((3, "ready"), (4, "retired"), (5, "broken")):
        await registry.mark("feeds", number, state)  # type: ignore[arg-type]
    await registry.switch("feeds", 1, 3, record())
    feeds = Feeds()
    await forget_idle(registry, feeds.open, 30, lambda: NOW_MS)
    assert feeds.asked == [(number, NOW_MS - 30 * DAY_MS) for number in (1, 2, 3)]
