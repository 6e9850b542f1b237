"""A build tells how far it is, is held back, and goes on where it was broken off."""

import asyncio
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import orjson
import pytest

from events.codec import encode
from projectors.likes import LIKES
from projectors.step import ALONE_BATCH_COUNT, Step
from replay.rebuild import Reached, Throttle, build
from runtime.commands.replaying.progress import Pace, Shown, duration, in_json, in_words
from stores.ports.registry import Generation
from stores.sqlite.database import MEMORY
from stores.sqlite.keys import SqliteKeys
from stores.sqlite.likes import SqliteLikes
from stores.sqlite.log import SqliteLog
from stores.sqlite.state import open_state
from tests.property.worlds import DiedError
from tests.unit.stepping import acts

FRESH = Generation("likes", 2, 1, "building")


class Time:
    """Passes only while somebody sleeps, or is made to."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.slept_s: list[float] = []

    def __call__(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        self.slept_s.append(round(seconds, 3))
        self.now_s += seconds


class Site:
    """Forty likes of ten posts, and a view that holds none."""

    def __init__(self, folder: Path) -> None:
        self.log = SqliteLog(folder / "log.db")
        self.state = open_state(MEMORY)
        told = [("like", user, post) for user in range(1, 5) for post in range(1, 11)]
        asyncio.run(self.log.append([encode(event, None) for event in acts(*told)]))
        self._path = folder / "likes.db"
        self.view = SqliteLikes(self._path)

    def step(self, batch_count: int = ALONE_BATCH_COUNT) -> Step[Any]:
        return Step(LIKES, self.view, self.log, SqliteKeys(self.state), batch_count=batch_count)

    def close(self) -> None:
        self.view.close()
        self.state.close()
        self.log.close()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with closing(Site(tmp_path)) as made:
        yield made


def test_it_tells_how_far_it_is_from_the_first_moment(site: Site) -> None:
    told: list[Reached] = []
    asyncio.run(build(site.step(10), site.log, told.append))
    assert [reached.applied_count for reached in told] == [0, 10, 20, 30, 40]
    assert {reached.goal_count for reached in told} == {40}
    assert [reached.behind_count for reached in told] == [40, 30, 20, 10, 0]


def test_broken_off_anywhere_it_goes_on_from_there(site: Site) -> None:
    told: list[Reached] = []

    def die(reached: Reached) -> None:
        told.append(reached)
        if reached.applied_count == 20:
            raise DiedError

    with pytest.raises(DiedError):
        asyncio.run(build(site.step(10), site.log, die))
    asyncio.run(build(site.step(10), site.log, told.append))
    assert [reached.applied_count for reached in told] == [0, 10, 20, 20, 30, 40]


async def test_what_was_read_ahead_is_read_again_when_the_view_went_back(site: Site) -> None:
    step = site.step(10)
    assert await step.catch_up()
    with closing(SqliteLikes(MEMORY)) as emptied:
        step.view = emptied
        while await step.catch_up():
            pass
        assert sum(position.offset + 1 for position in (await emptied.positions()).values()) == 40


class _Fickle:
    """A view that turns out to be empty in the middle of a write."""

    def __init__(self, view: SqliteLikes, emptied: SqliteLikes) -> None:
        self._view, self._emptied = view, emptied
        self._writes_count = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._view, name)

    async def apply(self, events: Any) -> None:
        self._writes_count += 1
        if self._writes_count == 4:
            self._view = self._emptied
        await self._view.apply(events)


async def test_it_goes_on_when_the_view_went_back_far_while_it_was_written(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projectors.step.FAR_COUNT", 2)
    with closing(SqliteLikes(MEMORY)) as emptied:
        step: Step[Any] = Step(
            LIKES, cast(Any, _Fickle(site.view, emptied)), site.log, SqliteKeys(site.state), batch_count=10
        )
        await build(step, site.log, lambda reached: None)
        assert sum(position.offset + 1 for position in (await emptied.positions()).values()) == 40


def test_it_is_held_back_to_a_rate(site: Site) -> None:
    time = Time()
    throttle = Throttle(50.0, time, time.sleep)
    assert throttle.batch_count == 10
    asyncio.run(build(site.step(throttle.batch_count), site.log, lambda reached: None, throttle))
    assert time.slept_s == [0.2, 0.2, 0.2, 0.2]


async def test_time_in_which_a_store_was_away_is_not_caught_up_on() -> None:
    time = Time()
    throttle = Throttle(10.0, time, time.sleep)
    time.now_s += 60
    for _ in range(3):
        await throttle.applied(2)
    assert time.slept_s == [0.0, 0.2, 0.2]


@pytest.mark.parametrize(("rate", "batch_count"), [(0.5, 1), (50.0, 10), (1e9, ALONE_BATCH_COUNT)])
def test_the_slower_the_smaller_the_batches(rate: float, batch_count: int) -> None:
    assert Throttle(rate).batch_count == batch_count


def test_the_pace_is_that_of_late_and_leaves_out_what_was_there() -> None:
    time = Time()
    pace = Pace(time)
    assert (pace.events_per_s(), pace.left_s(5)) == (None, None)
    pace.see(1_000)
    assert pace.events_per_s() is None
    for count in (1_100, 1_200, 1_200, 1_200):
        time.now_s += 5
        pace.see(count)
    assert pace.events_per_s() == 0.0
    assert pace.left_s(5) is None
    time.now_s += 5
    pace.see(1_400)
    assert pace.events_per_s() == 20.0
    assert pace.left_s(100) == 5.0


def test_it_is_said_in_words_and_as_json(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    time = Time()
    pace = Pace(time)
    pace.see(0)
    time.now_s += 2
    pace.see(2_400)
    reached = Reached(2_400, 12_000, 9_700)
    assert in_words(reached, pace) == "1,200/s, 0:08 left, 9,700 behind the log"
    assert in_json(FRESH, reached, pace) == {
        "projection": "likes", "generation": 2, "applied": 2_400, "goal": 12_000, "behind": 9_700,
        "events_per_s": 1_200, "left_s": 8,
    }  # fmt: skip
    assert duration(3_725) == "1:02:05"
    monkeypatch.setattr("runtime.commands.replaying.progress.EVERY_S", 0.0)
    shown = Shown()
    with shown.lines(FRESH) as report:
        report(reached)
    assert orjson.loads(capsys.readouterr().err)["applied"] == 2_400
    assert (shown.generation, shown.reached) == (FRESH, reached)
