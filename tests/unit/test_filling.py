"""A request that carries a position does not wait for feeds that are being filled from nothing, and does without them."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from api.calls import Answer, Call
from api.filling import readable
from api.routes import Endpoint, Reply
from stores.ports.errors import EmptiedError
from stores.ports.log import Positions
from stores.ports.views import Views
from tests.unit.api_app import ADA, Thing, World

READS = ("feeds", "graph")
PLACE: Positions = {("photolog.engagement", 1): 7}


@dataclass
class Filling(World):
    """Everything has reached the position but the feeds. They are filled, until it was asked so often whether they are."""

    are_feeds_filled: bool = False
    filled_count: int = 0

    async def reached_(self, projections: Collection[str], positions: Positions, within_ms: int) -> bool:
        await super().reached_(projections, positions, within_ms)
        return "feeds" not in projections

    async def look_at_feeds(self) -> bool:
        self.filled_count -= 1
        return self.are_feeds_filled or self.filled_count >= 0

    async def get_feed(self, call: Call) -> Answer:
        return Answer(body={"id": "1", "name": f"without {call.is_without_feeds}"})

    def endpoints(self) -> tuple[Endpoint, ...]:
        thing = {200: Reply("The thing", Thing)}
        return (
            *super().endpoints(),
            Endpoint("GET", "/v1/feed", self.get_feed, "Feed", "things", thing, reads=READS),
        )


async def _asked(world: World) -> tuple[int, Any]:
    async with world.client() as client:
        position = (await client.put("/v1/things/7/like", headers=ADA)).headers["photolog-position"]
        answer = await client.get("/v1/feed", headers=ADA | {"Photolog-Position": position})
    return answer.status_code, answer.json()


async def test_feeds_that_are_being_filled_are_done_without() -> None:
    world = Filling()
    assert await _asked(world) == (200, {"id": "1", "name": "without True"})
    assert world.waited == [(READS, PLACE, 100), (("graph",), PLACE, 100)]


@pytest.mark.parametrize("filled_count", [1, 19])
async def test_feeds_that_are_emptied_while_they_are_waited_for_are_done_without(filled_count: int) -> None:
    world = Filling(filled_count=filled_count)
    assert await _asked(world) == (200, {"id": "1", "name": "without True"})
    assert world.waited == [(READS, PLACE, 100)] * (filled_count + 1) + [(("graph",), PLACE, 100)]


async def test_feeds_that_are_only_late_are_waited_for() -> None:
    world = Filling(are_feeds_filled=True)
    status, told = await _asked(world)
    assert (status, told["code"]) == (503, "not_caught_up")
    assert world.waited == [(READS, PLACE, 100)] * 20


async def test_what_stands_in_for_them_is_waited_for() -> None:
    class Late(Filling):
        async def reached_(self, projections: Collection[str], positions: Positions, within_ms: int) -> bool:
            return await super().reached_(projections, positions, within_ms) and False

    world = Late()
    status, told = await _asked(world)
    assert (status, told["code"]) == (503, "not_caught_up")
    assert {projections for projections, _, _ in world.waited[1:]} == {("graph",)}


async def test_they_are_not_read_when_they_are_filled_a_moment_later() -> None:
    """Since they need not hold what was waited for."""

    class Feeds:
        async def believed(self) -> bool:
            return True

    views = Views(**{name: cast(Any, Feeds()) for name in Views.__dataclass_fields__})
    without = cast(Call, SimpleNamespace(is_without_feeds=True))
    assert readable(views, cast(Call, SimpleNamespace(is_without_feeds=False))) is views
    found = readable(views, without)
    assert found == replace(views, feeds=found.feeds)
    assert not await found.feeds.believed()
    for read in (found.feeds.slice(1, None, 1), found.feeds.following(1), found.feeds.counts([1])):
        with pytest.raises(EmptiedError):
            await read
