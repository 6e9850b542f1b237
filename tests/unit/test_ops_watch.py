"""What is seen of a system for the operators' page: within bounds, without harm, and honestly where something is away."""

import sqlite3
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from api.ops_state import Built, OpsState, Standing
from events.ids import Ids
from events.topics import ENGAGEMENT, OPERATIONS
from replay.operations import Recorder, history, latest
from runtime import ops_told
from runtime.ops import EVERY_S, KEPT_S, PARKED_COUNT, Watch, Watched
from stores.ports.errors import StoreError, UnavailableError
from stores.ports.log import Entry, Partition, Positions
from stores.ports.registry import Generation
from stores.ports.view import ParkedEvent, Position
from stores.sqlite.database import MEMORY
from stores.sqlite.log import SqliteLog
from stores.sqlite.registry import SqliteRegistry
from stores.sqlite.state import open_state
from tests.unit.api_app import NOW_MS

LIKES = (ENGAGEMENT, 0)


@dataclass
class Log:
    """Ends where it is told to; nothing can be read of it."""

    end: int = 99
    is_away: bool = False

    async def ends(self, topics: Collection[str]) -> dict[Partition, int]:
        if self.is_away:
            raise UnavailableError("away")
        return {LIKES: self.end} if ENGAGEMENT in topics else {}

    async def read(self, partition: Partition, first: int, limit: int) -> list[Entry]:
        return []


@dataclass
class View:
    """`is_damaged`: its driver fails, as it does before the view says so in words of ours."""

    stands: int = 99
    parked_count: int = 0
    is_away: bool = False
    is_damaged: bool = False
    is_closed: bool = False
    asked_count: int = 0

    @contextmanager
    def answering(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StoreError("damaged") from error

    async def positions(self) -> dict[Partition, Position]:
        self.asked_count += 1
        if self.is_away:
            raise UnavailableError("away")
        if self.is_damaged:
            raise sqlite3.DatabaseError
        return {LIKES: Position(self.stands, 1)}

    async def parked_keys(self) -> Collection[tuple[str, str]]:
        return [(ENGAGEMENT, "7")] if self.parked_count else []

    async def parked(self) -> Sequence[ParkedEvent]:
        return [
            ParkedEvent(LIKES, number, number, "7", "broken", False) for number in range(self.parked_count)
        ]


@dataclass
class Site:
    """A projection with a live generation and one that is being built, and time that passes when it is told to."""

    registry: SqliteRegistry
    log: Log = field(default_factory=Log)
    views: dict[int, View] = field(default_factory=lambda: {1: View(), 2: View(stands=9)})
    unmade: set[int] = field(default_factory=set)
    replayed: set[str] = field(default_factory=set)
    now_s: float = 1_000.0

    def __post_init__(self) -> None:
        self.watch = Watch(
            Watched(self.registry, self.log, self.open_view, self.close_view, self.is_replayed, None),
            lambda: NOW_MS,
            lambda: self.now_s,
        )

    def open_view(self, projection: str, number: int) -> View | None:
        return None if number in self.unmade else self.views[number]

    async def is_replayed(self, projection: str) -> bool:
        return projection in self.replayed

    def close_view(self, view: View) -> None:
        view.is_closed = True

    async def later(self, seconds: float = EVERY_S) -> OpsState:
        self.now_s += seconds
        return await self.watch.state()


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    with closing(open_state(MEMORY)) as state:
        registry = SqliteRegistry(state)
        await registry.begin("likes", 1)
        await registry.begin("likes", 1)
        yield Site(registry)


async def test_generations_with_what_they_have_and_lack(site: Site) -> None:
    site.log.end, site.views[1].parked_count = 104, 3
    state = await site.watch.state()
    assert state.standings == [
        Standing("likes", 1, 1, "live", False, 100, 5, 1),
        Standing("likes", 2, 1, "building", False, 10, 95, 0),
    ]
    assert [(it.offset, it.key, it.reason) for it in state.parked or ()] == [
        (n, "7", "broken") for n in range(3)
    ]


async def test_parked_events_are_counted_and_not_all_shown(site: Site) -> None:
    site.views[1].parked_count = PARKED_COUNT + 50
    state = await site.watch.state()
    assert (len(state.parked or ()), state.parked_count) == (PARKED_COUNT, PARKED_COUNT + 50)


async def test_a_build_has_a_pace_as_soon_as_it_was_seen_twice(site: Site) -> None:
    assert (await site.watch.state()).builds == [Built("likes", 2, "building", False, 10, 90, None, None)]
    site.views[2].stands = 29
    assert (await site.later(10)).builds == [Built("likes", 2, "building", False, 30, 70, 2.0, 35.0)]
    assert (await site.later(10)).builds == [Built("likes", 2, "building", False, 30, 70, 1.0, 70.0)]
    for _ in range(9):
        state = await site.later()
    assert state.builds == [Built("likes", 2, "building", False, 30, 70, 0.0, None)]


async def test_a_build_that_has_no_store_yet(site: Site) -> None:
    site.unmade = {2}
    assert (await site.watch.state()).builds == [Built("likes", 2, "building", False, None, None, None, None)]
    site.unmade = set()
    assert (await site.later()).builds == [Built("likes", 2, "building", False, 10, 90, None, None)]


async def test_a_build_is_told_until_it_is_switched_to(site: Site) -> None:
    site.replayed = {"likes"}
    await site.registry.mark("likes", 2, "ready")
    assert (await site.watch.state()).builds == [Built("likes", 2, "ready", True, 10, 90, None, None)]
    await site.registry.switch("likes", 1, 2, RECORDER.switched(GENERATION, GENERATION, STANDS, None))
    assert (await site.later()).builds == []


async def test_lag_is_kept_over_time_for_an_hour(site: Site) -> None:
    site.log.end = 104
    await site.watch.state()
    site.log.end = 99
    looks = (await site.later()).lag["likes"]
    assert [(look.ago_s, look.behind_count) for look in looks] == [(EVERY_S, 5), (0.0, 0)]
    for _ in range(800):
        site.now_s += EVERY_S
        await site.watch.look()
    looks = (await site.later()).lag["likes"]
    assert len(looks) == KEPT_S / EVERY_S + 1
    assert looks[0].ago_s == KEPT_S


async def test_many_who_look_ask_no_view_more_often_and_keep_no_more(site: Site) -> None:
    for _ in range(100):
        await site.later(0.01)
    assert site.views[1].asked_count <= 2
    for _ in range(100):
        state = await site.later(1.0)
    assert len(state.lag["likes"]) <= 1 + 101 / EVERY_S + 1


async def test_views_are_opened_once_and_left_with_their_generation(site: Site) -> None:
    await site.watch.state()
    await site.registry.mark("likes", 2, "retired")
    state = await site.later()
    assert site.views[2].is_closed
    assert state.standings is not None
    assert state.standings[1] == Standing("likes", 2, 1, "retired", False, None, None, None)
    assert state.builds == []
    await site.watch.close()
    assert site.views[1].is_closed


@pytest.mark.parametrize("lacking", ["is_away", "is_damaged"])
async def test_a_view_that_is_away_is_not_known_and_the_others_are(site: Site, lacking: str) -> None:
    await site.watch.state()
    setattr(site.views[1], lacking, True)
    state = await site.later()
    assert state.standings is not None
    assert state.standings[0] == Standing("likes", 1, 1, "live", False, None, None, None)
    assert state.standings[1].behind_count == 90
    setattr(site.views[1], lacking, False)
    assert [look.ago_s for look in (await site.later()).lag["likes"]] == [2 * EVERY_S, 0.0]


async def test_a_log_that_is_away_is_said(site: Site) -> None:
    site.log.is_away = True
    state = await site.watch.state()
    assert state.standings is not None
    assert (state.standings[0].applied_count, state.standings[0].behind_count) == (100, None)
    assert (state.verified, state.done, state.lag["likes"]) == (None, None, [])


async def test_a_registry_that_is_away_is_said(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away() -> Sequence[Generation]:
        raise UnavailableError("away")

    await site.watch.state()
    monkeypatch.setattr(site.registry, "generations", away)
    state = await site.later()
    assert (state.standings, state.builds, state.parked) == (None, None, None)
    assert [look.ago_s for look in state.lag["likes"]] == [EVERY_S]


async def test_a_rebuild_that_is_due_is_said(site: Site) -> None:
    await site.registry.begin("saves", 9)
    site.unmade = {1}
    standings = (await site.watch.state()).standings
    assert standings is not None
    assert [(it.projection, it.is_rebuild_due) for it in standings] == [
        ("likes", False),
        ("likes", False),
        ("saves", True),
    ]


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SqliteLog]:
    with closing(SqliteLog(tmp_path / "log.db")) as made:
        yield made


RECORDER = Recorder(Ids(1), "release 12", lambda: NOW_MS)
GENERATION = Generation("likes", 2, 1, "live")
STANDS: Positions = {LIKES: 9}


async def test_the_latest_operations_are_the_end_of_the_history(site: Site, log: SqliteLog) -> None:
    for number in range(1, 40):
        await log.append([RECORDER.retired(Generation(f"p{number}", number, 1, "live"))])
    await site.registry.note("likes", 2, RECORDER.switched(GENERATION, GENERATION, STANDS, None))
    every = await history(site.registry, log)
    assert len(every) == 40
    assert await latest(site.registry, log, 7) == every[-7:]
    assert len([at for at in await log.ends([OPERATIONS]) if at[0] == OPERATIONS]) > 1
    done = ops_told.done(every)
    assert (len(done), done[0].what, done[0].by) == (
        ops_told.SHOWN_COUNT,
        "generation switched from 2",
        "release 12",
    )
