"""The contract of progress on positions that are read while somebody waits, and what only this one promises."""

import asyncio

import pytest

from events.topics import ENGAGEMENT
from projectors.engines.polled import PolledProgress
from stores.ports.errors import UnavailableError
from stores.ports.log import Positions
from tests.contract.progress import LONG_MS, TOPICS, ProgressContract, Reach


class Views:
    """Where live views stand, and how often somebody looked."""

    def __init__(self) -> None:
        self.positions: dict[str, Positions] = {}
        self.readings_count = 0

    async def stands(self, projection: str) -> Positions:
        self.readings_count += 1
        await asyncio.sleep(0)
        return self.positions.get(projection, {})


@pytest.fixture
def views() -> Views:
    return Views()


@pytest.fixture
def progress(views: Views) -> PolledProgress:
    return PolledProgress(TOPICS, views.stands)


@pytest.fixture
def reach(views: Views) -> Reach:
    return views.positions.__setitem__


class TestPolledProgress(ProgressContract):
    async def test_all_who_wait_share_a_reading(self, progress: PolledProgress, views: Views) -> None:
        waiting = [progress.reached(["likes"], {(ENGAGEMENT, 0): 5}, 0) for _ in range(50)]
        assert not any(await asyncio.gather(*waiting))
        assert views.readings_count < 5

    async def test_readings_begin_at_some_distance(
        self, progress: PolledProgress, views: Views, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("projectors.engines.polled._EVERY_S", 3600)
        goal = {(ENGAGEMENT, 0): 5}
        assert not await progress.reached(["likes"], goal, 0)
        waiting = asyncio.create_task(progress.reached(["likes"], goal, LONG_MS))
        for _ in range(10):
            await asyncio.sleep(0)
        assert views.readings_count == 1
        waiting.cancel()

    async def test_who_goes_away_breaks_off_no_one_elses_reading(
        self, progress: PolledProgress, reach: Reach
    ) -> None:
        reach("likes", {(ENGAGEMENT, 0): 5})
        gone, stays = (
            asyncio.create_task(progress.reached(["likes"], {(ENGAGEMENT, 0): 5}, LONG_MS)) for _ in range(2)
        )
        await asyncio.sleep(0)
        gone.cancel()
        assert await stays

    async def test_a_view_out_of_reach_is_said_to_be(self) -> None:
        async def away(projection: str) -> Positions:
            raise UnavailableError

        with pytest.raises(UnavailableError):
            await PolledProgress(TOPICS, away).reached(["likes"], {(ENGAGEMENT, 0): 5}, LONG_MS)
