"""The embedded engine: lanes advance separately, a failing one is told of once, and the end is orderly."""

import asyncio
import threading
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from events.topics import ENGAGEMENT
from projectors.engines import embedded
from projectors.engines.embedded import EmbeddedEngine, Lane
from projectors.engines.progress import EmbeddedProgress, GenerationKey
from projectors.likes import LIKES
from projectors.step import Step
from stores.ports.errors import UnavailableError
from stores.ports.log import Partition
from stores.ports.view import Folded
from stores.sqlite.likes import SqliteLikes
from tests.property.stories import Story
from tests.property.worlds import World

LIVE, FRESH = ("likes", 1), ("likes", 2)
LONG_MS = 60_000


class Engine:
    """An engine with one log and generations of the likes, as the embedded system has it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.world = World(folder, LIKES, SqliteLikes, partition_count=1)
        self.progress = EmbeddedProgress({"likes": LIKES.topics})
        self.progress.go_live({"likes": 1})
        self.failures: list[tuple[GenerationKey, BaseException]] = []
        self.failed = threading.Event()
        self.engine = EmbeddedEngine(self.progress, self._tell)
        self.engine.start()
        self.views: list[SqliteLikes] = []

    def lane(self, generation: GenerationKey) -> Lane:
        view = SqliteLikes(self.folder / f"{generation[1]}.db")
        self.views.append(view)
        return Lane(generation, Step(LIKES, view, self.world.log, self.world.keys))

    async def append(self, count: int) -> int:
        """The last offset."""
        events = Story().tell(("like",), [(0, n, n, 1) for n in range(count)])
        positions = await self.world.log.append([await self.world.record(event) for event in events])
        return max(positions.values())

    async def reached(self, offset: int) -> bool:
        return await self.progress.reached(["likes"], {(ENGAGEMENT, 0): offset}, LONG_MS)

    def close(self) -> None:
        self.engine.stop()
        for view in self.views:
            view.close()
        self.world.close()

    def _tell(self, generation: GenerationKey, error: BaseException) -> None:
        self.failures.append((generation, error))
        self.failed.set()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = Engine(tmp_path)
    yield made
    made.close()


async def test_what_is_appended_is_projected_when_it_is_woken(engine: Engine) -> None:
    engine.world.log.on_append(engine.engine.wake)
    engine.engine.feed([engine.lane(LIVE)])
    assert await engine.reached(await engine.append(5))
    assert await engine.reached(await engine.append(5))
    assert engine.failures == []


async def test_what_was_appended_before_is_projected_too(engine: Engine) -> None:
    offset = await engine.append(5)
    engine.engine.feed([engine.lane(LIVE)])
    assert await engine.reached(offset)


async def test_a_generation_that_fails_is_told_of_once_and_delays_no_other(engine: Engine) -> None:
    engine.world.log.on_append(engine.engine.wake)
    broken = engine.lane(FRESH)

    async def fail(owned: Collection[Partition] | None = None, delivered: Collection[Partition] = ()) -> bool:
        raise ZeroDivisionError

    broken.step.catch_up = fail  # type: ignore[method-assign]
    engine.engine.feed([broken, engine.lane(LIVE)])
    assert await engine.reached(await engine.append(5))
    await asyncio.to_thread(engine.failed.wait)
    assert await engine.reached(await engine.append(5))
    assert [(generation, type(error)) for generation, error in engine.failures] == [
        (FRESH, ZeroDivisionError)
    ]


async def test_a_generation_that_is_left_is_fed_no_more(engine: Engine) -> None:
    engine.world.log.on_append(engine.engine.wake)
    engine.engine.feed([engine.lane(LIVE), engine.lane(FRESH)])
    assert await engine.reached(await engine.append(5))
    engine.engine.leave(FRESH)
    assert await engine.reached(await engine.append(5))
    assert (await engine.views[0].positions())[ENGAGEMENT, 0].offset == 9


async def test_a_step_that_waits_for_its_store_does_not_hold_up_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "_GRACE_S", 0.01)
    engine = Engine(tmp_path)
    asked = threading.Event()
    lane = engine.lane(LIVE)

    async def away(events: Sequence[Folded[Any]]) -> None:
        asked.set()
        raise UnavailableError("away")

    lane.step.view.apply = away  # type: ignore[method-assign]
    await engine.append(5)
    engine.engine.feed([lane])
    await asyncio.to_thread(asked.wait)
    await asyncio.to_thread(engine.close)
    assert engine.failures == []
